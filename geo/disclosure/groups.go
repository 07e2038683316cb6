package disclosure

import (
	"context"
	"math"

	"contado/geo/fault"
)

// Places are where people live, with the counts of a raster or a table.
type Places struct {
	Area  []int32   // index of the area of each place
	X, Y  []float64 // degrees
	Areas int
	// Columns are counts of people by place, of bands that exclude each other
	// and hold everybody; Apart says that they are not: then no sum of several
	// is looked at.
	Columns [][]float64
	Apart   bool
	// Whole, if given, are the counts of everybody: only these are looked at,
	// over the squares that the columns lie in. Such blocks are parts of those
	// of the same places without Whole, where everybody is told.
	Whole []float64
	// Hidden tells that a column of an area, or everybody (column =
	// len(Columns)), is hidden altogether, because the published tables hide
	// it; nil: nothing is.
	Hidden func(area, column int) bool
}

// Groups are places put together into blocks of at least threshold people:
// what is computed from the sums of blocks alone, whatever it is and whoever
// compares the answers, is about nobody less than a block. They are the blocks
// of Partition: squares of an area, cut in two as long as every column has
// nobody or at least threshold people in either part.
type Groups struct {
	Of []int32 // block of each place; −1: nobody lives there, or the area has too few people
	N  int     // blocks
	// Left are areas whose people are in no block.
	Left []bool
}

// NewGroups puts places together. threshold 0 is DefaultThreshold.
// Errors: fault.Invalid, fault.Canceled.
func NewGroups(ctx context.Context, p Places, threshold float64) (*Groups, error) {
	const op = "disclosure.NewGroups"
	k, err := checkThreshold(threshold)
	if err != nil {
		return nil, err
	}
	n := len(p.Area)
	if len(p.X) != n || len(p.Y) != n || len(p.Columns) == 0 || p.Whole != nil && len(p.Whole) != n {
		return nil, fault.Errorf(op, fault.Invalid, "arrays of different lengths, or no column")
	}
	byArea := make([][]int32, p.Areas)
	for i, a := range p.Area {
		if a < 0 || int(a) >= p.Areas || !(math.Abs(p.X[i]) <= 360) || !(math.Abs(p.Y[i]) <= 90) {
			return nil, fault.Errorf(op, fault.Invalid, "place %d: in area %d at %v, %v", i, a, p.X[i], p.Y[i])
		}
		some := false
		for c := range p.Columns {
			if len(p.Columns[c]) != n || !(p.Columns[c][i] >= 0) || math.IsInf(p.Columns[c][i], 0) {
				return nil, fault.Errorf(op, fault.Invalid, "column %d has no count of people at place %d", c, i)
			}
			some = some || p.Columns[c][i] > 0
		}
		if some {
			byArea[a] = append(byArea[a], int32(i))
		}
	}
	out := &Groups{Of: make([]int32, n), Left: make([]bool, p.Areas)}
	for i := range out.Of {
		out.Of[i] = -1
	}
	for a, list := range byArea {
		if err := ctx.Err(); err != nil {
			return nil, fault.E(op, fault.Canceled, err)
		}
		if len(list) == 0 {
			continue
		}
		c := halves{x: p.X, y: p.Y, count: p.counter(a, list, k), safe: func(v []float64) bool { return allSafe(v, k) }}
		if !c.safe(c.count(list)) {
			out.Left[a] = true
			continue
		}
		c.cut(list, c.square(list), 0, func(cells []int32, _, _ float64) {
			for _, i := range cells {
				out.Of[i] = int32(out.N)
			}
			out.N++
		})
	}
	return out, nil
}

// counter gives the sums of an area's cells that blocks tell: of every column
// shown, of everybody, and, by subtraction, of the columns hidden. Hidden
// columns that have too few people in the whole area are told by the tables of
// areas anyhow.
func (p *Places) counter(area int, all []int32, k float64) func(cells []int32) []float64 {
	if p.Whole != nil {
		return func(cells []int32) []float64 { return []float64{sumOf(p.Whole, cells)} }
	}
	var shown, hidden []int
	for c := range p.Columns {
		if p.Hidden != nil && p.Hidden(area, c) {
			hidden = append(hidden, c)
		} else {
			shown = append(shown, c)
		}
	}
	total := !p.Apart && (p.Hidden == nil || !p.Hidden(area, len(p.Columns)))
	rest := total && len(hidden) > 0 && allSafe([]float64{p.sum(hidden, all)}, k)
	return func(cells []int32) []float64 {
		out := make([]float64, 0, len(shown)+2)
		for _, c := range shown {
			out = append(out, p.sum([]int{c}, cells))
		}
		if total {
			out = append(out, p.sum(shown, cells)+p.sum(hidden, cells))
		}
		if rest {
			out = append(out, p.sum(hidden, cells))
		}
		return out
	}
}

func (p *Places) sum(columns []int, cells []int32) (out float64) {
	for _, c := range columns {
		out += sumOf(p.Columns[c], cells)
	}
	return out
}

// sumOf adds cells up in whole parts of a person, so that their order does not
// matter.
func sumOf(column []float64, cells []int32) float64 {
	const scale = 1 << 20
	var units int64
	for _, i := range cells {
		units += int64(math.RoundToEven(column[i] * scale))
	}
	return float64(units) / scale
}

func allSafe(v []float64, k float64) bool {
	for _, n := range v {
		if n > tiny && n < k-tiny {
			return false
		}
	}
	return true
}

// Even deals the people of each block out evenly over its places where anyone
// of any column lives: what may be published cell by cell. Places of no block
// get left.
func (g *Groups) Even(column []float64, left float64) []float64 {
	sums, members := make([]float64, g.N), make([]float64, g.N)
	for i, b := range g.Of {
		if b >= 0 {
			sums[b] += column[i]
			members[b]++
		}
	}
	out := make([]float64, len(column))
	for i, b := range g.Of {
		switch {
		case b >= 0:
			out[i] = sums[b] / members[b]
		case column[i] > 0:
			out[i] = left
		}
	}
	return out
}

// Along deals the people of each block out over its places in proportion to
// weights that are told anyhow, such as everybody as shown by smaller blocks;
// evenly where those of a block are 0. Places of no block get left.
func (g *Groups) Along(column, weights []float64, left float64) []float64 {
	sums, whole := make([]float64, g.N), make([]float64, g.N)
	for i, b := range g.Of {
		if b >= 0 {
			sums[b] += column[i]
			whole[b] += weights[i]
		}
	}
	out := g.Even(column, left)
	for i, b := range g.Of {
		if b >= 0 && whole[b] > 0 {
			out[i] = sums[b] * weights[i] / whole[b]
		}
	}
	return out
}

// halves cuts rectangles in two, by longitude and by latitude in turn, as long
// as both parts are safe.
type halves struct {
	x, y  []float64
	count func(cells []int32) []float64
	safe  func([]float64) bool
}

// rectangle is a part of the plane in degrees: its south-west corner and sides.
type rectangle struct{ x, y, width, height float64 }

// square is the square around cells.
func (c *halves) square(cells []int32) rectangle {
	minX, minY, maxX, maxY := c.box(cells)
	side := math.Max(math.Max(maxX-minX, maxY-minY), 1e-9) * (1 + 1e-9)
	return rectangle{minX, minY, side, side}
}

func (c *halves) box(cells []int32) (minX, minY, maxX, maxY float64) {
	minX, minY, maxX, maxY = math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)
	for _, i := range cells {
		minX, maxX = math.Min(minX, c.x[i]), math.Max(maxX, c.x[i])
		minY, maxY = math.Min(minY, c.y[i]), math.Max(maxY, c.y[i])
	}
	return minX, minY, maxX, maxY
}

// cut deals the cells of a rectangle out to its halves, if both are safe, and
// calls block with the cells and centre of each rectangle that is not cut.
func (c *halves) cut(cells []int32, r rectangle, depth int, block func(cells []int32, x, y float64)) {
	if depth < maxDepth && len(cells) > 1 {
		near, far := r, r
		at, line := c.x, r.x+r.width/2
		if depth%2 == 0 {
			near.width, far.width, far.x = r.width/2, r.width/2, line
		} else {
			at, line = c.y, r.y+r.height/2
			near.height, far.height, far.y = r.height/2, r.height/2, line
		}
		var parts [2][]int32
		for _, i := range cells {
			if at[i] >= line {
				parts[1] = append(parts[1], i)
			} else {
				parts[0] = append(parts[0], i)
			}
		}
		if c.safe(c.count(parts[0])) && c.safe(c.count(parts[1])) {
			for k, r := range [2]rectangle{near, far} {
				if len(parts[k]) > 0 {
					c.cut(parts[k], r, depth+1, block)
				}
			}
			return
		}
	}
	block(cells, r.x+r.width/2, r.y+r.height/2)
}
