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
	// Hidden tells that a column of an area, or everybody (column =
	// len(Columns)), is hidden altogether, because the published tables hide
	// it; nil: nothing is.
	Hidden func(area, column int) bool
}

// Groups are places put together into blocks of at least threshold people:
// what is computed from the sums of blocks alone, whatever it is and whoever
// compares the answers, is about nobody less than a block. They are the blocks
// of Partition: squares of an area, cut in four as long as every column has
// nobody or at least threshold people in each part.
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
	if len(p.X) != n || len(p.Y) != n || len(p.Columns) == 0 {
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
		c := quarters{x: p.X, y: p.Y, count: p.counter(a, list, k), safe: func(v []float64) bool { return allSafe(v, k) }}
		if !c.safe(c.count(list)) {
			out.Left[a] = true
			continue
		}
		x, y, side := c.square(list)
		c.cut(list, x, y, side, 0, func(cells []int32, _, _ float64) {
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

// sum adds columns up in whole parts of a person, so that the order of cells
// does not matter.
func (p *Places) sum(columns []int, cells []int32) float64 {
	const scale = 1 << 20
	var units int64
	for _, c := range columns {
		for _, i := range cells {
			units += int64(math.RoundToEven(p.Columns[c][i] * scale))
		}
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

// quarters cuts squares in four as long as every part is safe.
type quarters struct {
	x, y  []float64
	count func(cells []int32) []float64
	safe  func([]float64) bool
}

// square is the square around cells: its south-west corner and side.
func (c *quarters) square(cells []int32) (x, y, side float64) {
	minX, minY, maxX, maxY := c.box(cells)
	return minX, minY, math.Max(math.Max(maxX-minX, maxY-minY), 1e-9) * (1 + 1e-9)
}

func (c *quarters) box(cells []int32) (minX, minY, maxX, maxY float64) {
	minX, minY, maxX, maxY = math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)
	for _, i := range cells {
		minX, maxX = math.Min(minX, c.x[i]), math.Max(maxX, c.x[i])
		minY, maxY = math.Min(minY, c.y[i]), math.Max(maxY, c.y[i])
	}
	return minX, minY, maxX, maxY
}

// cut deals the cells of a square out to its quarters, if all are safe, and
// calls block with the cells and centre of each square that is not cut.
func (c *quarters) cut(cells []int32, x, y, side float64, depth int, block func(cells []int32, x, y float64)) {
	half := side / 2
	var parts [4][]int32
	if depth < maxDepth && len(cells) > 1 {
		for _, i := range cells {
			q := 0
			if c.x[i] >= x+half {
				q++
			}
			if c.y[i] >= y+half {
				q += 2
			}
			parts[q] = append(parts[q], i)
		}
		ok := true
		for _, part := range parts {
			ok = ok && c.safe(c.count(part))
		}
		if ok {
			for q, part := range parts {
				if len(part) > 0 {
					c.cut(part, x+half*float64(q&1), y+half*float64(q>>1), half, depth+1, block)
				}
			}
			return
		}
	}
	block(cells, x+half, y+half)
}
