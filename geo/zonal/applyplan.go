package zonal

import (
	"context"
	"slices"
	"sort"

	"contado/geo/fault"
	"contado/geo/grid"
)

// layout is which windows to read for which areas.
type layout struct {
	w        *Weights
	raster   Raster // whose blocks the windows follow
	maxCells int

	// Areas [lo, hi) are looked at; the others have a turn of their own.
	lo, hi int32
	tasks  []task32
	fulls  []full  // filled squares to be decoded
	left   []int32 // tasks to go, by area; direct or closed below zero
}

// What left says of areas that no merge is to close.
const (
	direct = -1 // one part: done where it is summed
	closed = -2
)

// task32 is a window in squares: rows [r0, r1), columns [c0, c1).
type task32 struct{ r0, r1, c0, c1 int32 }

// window is the cells of a task.
func (l *layout) window(t task32) grid.Window {
	return l.w.g.Full().Intersect(grid.Window{
		Col: int(t.c0) << l.w.shift, Row: int(t.r0) << l.w.shift,
		Width: int(t.c1-t.c0) << l.w.shift, Height: int(t.r1-t.r0) << l.w.shift,
	})
}

// plan takes filled squares from block sums where they serve, and lists the
// windows to read for the rest. It looks at fewer areas when all of them
// would hold too many values at once.
func (p *pass) plan(ctx context.Context) error {
	for {
		clear(p.left[p.lo:p.hi])
		if err := p.takeBlocks(ctx); err != nil {
			return err
		}
		p.layOut()
		p.count()
		if !p.need.table || p.hi-p.lo < 2 || p.openValues() <= maxOpenValues {
			return nil
		}
		p.hi = p.lo + (p.hi-p.lo)/2
	}
}

// blocksFrom is how many cells of filled squares make it worth while to look
// for their sums: as many as are summed while a piece of a file of block
// statistics is read.
const blocksFrom = 1 << 18

// takeBlocks adds the sums of filled squares that need not be decoded; the
// others are left in p.fulls.
func (p *pass) takeBlocks(ctx context.Context) error {
	squares := p.takeFulls()
	if slices.Contains(p.blocks, nil) || squares*p.w.side*p.w.side < blocksFrom {
		return nil
	}
	var decode []full
	var buf []BlockSum
	sums := make([][]BlockSum, len(p.layers))
	for i := range p.fulls {
		if err := ctx.Err(); err != nil {
			return fault.E("zonal.Apply", fault.Canceled, err)
		}
		f := &p.fulls[i]
		for layer := range p.layers {
			var err error
			if sums[layer], buf, err = p.squareSums(ctx, layer, f, sums[layer][:0], buf); err != nil {
				return wrap("zonal.Apply", err)
			}
		}
		decode = p.addSquares(f, sums, decode)
	}
	p.fulls = decode
	return nil
}

// takeFulls lists the filled squares.
func (l *layout) takeFulls() (squares int) {
	l.fulls = nil
	for i := range l.w.fulls {
		if f := &l.w.fulls[i]; f.area >= l.lo && f.area < l.hi {
			squares += int(f.n)
			l.fulls = append(l.fulls, *f)
		}
	}
	return squares
}

// squareSums reads the sums of filled squares.
func (p *pass) squareSums(ctx context.Context, layer int, f *full, dst, buf []BlockSum) (out, scratch []BlockSum, err error) {
	b := p.blocks[layer]
	k := p.w.side / b.Side()
	full := grid.Window{Width: (p.w.g.Width + b.Side() - 1) / b.Side(), Height: (p.w.g.Height + b.Side() - 1) / b.Side()}
	win := full.Intersect(grid.Window{Col: int(f.col) * k, Row: int(f.row) * k, Width: int(f.n) * k, Height: k})
	buf = slices.Grow(buf[:0], int(win.Cells()))[:win.Cells()]
	if err := b.ReadBlocks(ctx, max(1, p.layers[layer].Band), win, buf); err != nil {
		return dst, buf, err
	}
	for c := 0; c < int(f.n); c++ {
		var s BlockSum
		for y := range win.Height {
			for x := c * k; x < min((c+1)*k, win.Width); x++ {
				s.Merge(buf[y*win.Width+x])
			}
		}
		dst = append(dst, s)
	}
	return dst, buf, nil
}

// addSquares adds the squares of f that all layers can sum; the others are
// appended to decode.
func (p *pass) addSquares(f *full, sums [][]BlockSum, decode []full) []full {
	for c := range f.n {
		one := full{row: f.row, col: f.col + c, n: 1, area: f.area}
		win := p.w.window(&one)
		serves := true
		for layer := range p.layers {
			serves = serves && sums[layer][c].Summable() && p.areaOf(win, &sums[layer][c]) >= 0
		}
		if !serves {
			if n := len(decode); n > 0 && decode[n-1].area == f.area && decode[n-1].row == f.row && decode[n-1].col+decode[n-1].n == one.col {
				decode[n-1].n++
			} else {
				decode = append(decode, one)
			}
			continue
		}
		for layer := range p.layers {
			s := &sums[layer][c]
			p.sum(layer, f.area).block(s, float64(win.Cells()), p.areaOf(win, s))
		}
	}
	return decode
}

// areaOf is the area in m² of the valid cells of a square, negative when the
// sums do not tell: some cells are not valid, and rows differ.
func (p *pass) areaOf(win grid.Window, s *BlockSum) float64 {
	if !p.need.area || s.Count == 0 {
		return 0
	}
	var total ksum
	first, same := p.o.CellArea(win.Row), true
	for r := range win.Height {
		m2 := p.o.CellArea(win.Row + r)
		same = same && m2 == first
		total.add(m2 * float64(win.Width))
	}
	switch {
	case same:
		return first * s.Count
	case s.Count == float64(win.Cells()):
		return total.value()
	}
	return -1
}

// units is the size in squares of the windows that follow the blocks of the
// raster, within the bound on a read (but never below one square).
func (l *layout) units() (cols, rows int32) {
	bc, br := 512, 512
	if b, ok := l.raster.(interface{ BlockSize() (cols, rows int) }); ok {
		if c, r := b.BlockSize(); c > 0 && r > 0 {
			bc, br = c, r
		}
	}
	squares := max(1, l.maxCells/(l.w.side*l.w.side))
	across, down := l.w.tiles()
	up := func(n, most int) int { return max(1, min((n+l.w.side-1)/l.w.side, most)) }
	r := up(br, min(down, squares))
	return int32(up(bc, min(across, squares/r))), int32(r)
}

// layOut lists the windows to read: of each row of units those that some area
// needs, neighbours together as far as the bound on a read allows.
func (l *layout) layOut() {
	l.tasks = l.tasks[:0]
	uc, ur := l.units()
	boxes := map[int32]task32{}
	var touched []int32
	grow := func(row, col, n int32) {
		for u := col / uc; u <= (col+n-1)/uc; u++ {
			c0, c1 := max(col, u*uc), min(col+n, (u+1)*uc)
			b, ok := boxes[u]
			if !ok {
				touched = append(touched, u)
				b = task32{row, row + 1, c0, c1}
			}
			boxes[u] = task32{min(b.r0, row), max(b.r1, row+1), min(b.c0, c0), max(b.c1, c1)}
		}
	}
	i, j := 0, 0
	for i < len(l.w.parts) || j < len(l.fulls) {
		unit := int32(1 << 30)
		if i < len(l.w.parts) {
			unit = l.w.parts[i].row / ur
		}
		if j < len(l.fulls) {
			unit = min(unit, l.fulls[j].row/ur)
		}
		for ; i < len(l.w.parts) && l.w.parts[i].row/ur == unit; i++ {
			if q := &l.w.parts[i]; q.area >= l.lo && q.area < l.hi {
				grow(q.row, q.col, 1)
			}
		}
		for ; j < len(l.fulls) && l.fulls[j].row/ur == unit; j++ {
			grow(l.fulls[j].row, l.fulls[j].col, l.fulls[j].n)
		}
		slices.Sort(touched)
		l.join(touched, boxes)
		touched = touched[:0]
		clear(boxes)
	}
}

// joinCells bounds the cells of units that are read together: what is summed
// at once is then still in the processor's cache.
const joinCells = 1 << 18

// join makes tasks of the units of one row.
func (l *layout) join(units []int32, boxes map[int32]task32) {
	for i, u := range units {
		b := boxes[u]
		if n := len(l.tasks); i > 0 && units[i-1]+1 == u {
			t := l.tasks[n-1]
			t = task32{min(t.r0, b.r0), max(t.r1, b.r1), t.c0, b.c1}
			apart := l.cells(l.tasks[n-1]) + l.cells(b)
			if all := l.cells(t); all <= joinCells && all <= int64(l.maxCells) && all <= apart+taskCost {
				l.tasks[n-1] = t
				continue
			}
		}
		l.tasks = append(l.tasks, b)
	}
}

func (l *layout) cells(t task32) int64 {
	return int64(t.r1-t.r0) * int64(t.c1-t.c0) << (2 * l.w.shift)
}

// count finds how many tasks each area has.
func (l *layout) count() {
	last := make([]int32, l.hi-l.lo)
	for t := range l.tasks {
		l.each(&l.tasks[t], func(area int32, part bool) {
			switch {
			case part && l.w.areas[area].pieces == 1:
				l.left[area] = direct
			case last[area-l.lo] != int32(t)+1:
				last[area-l.lo] = int32(t) + 1
				l.left[area]++
			}
		})
	}
}

// each calls fn for the area of each part and each run of filled squares.
func (l *layout) each(t *task32, fn func(area int32, part bool)) {
	for r := t.r0; r < t.r1; r++ {
		from, to := l.w.partsIn(r, t.c0, t.c1)
		for i := from; i < to; i++ {
			if a := l.w.parts[i].area; a >= l.lo && a < l.hi {
				fn(a, true)
			}
		}
		for _, f := range l.fullsIn(r) {
			if f.col < t.c1 && f.col+f.n > t.c0 {
				fn(f.area, false)
			}
		}
	}
}

// partsIn are the parts of columns [c0, c1) of a row of squares.
func (w *Weights) partsIn(row, c0, c1 int32) (from, to int) {
	at := func(col int32) int {
		return sort.Search(len(w.parts), func(i int) bool {
			q := &w.parts[i]
			return q.row > row || (q.row == row && q.col >= col)
		})
	}
	return at(c0), at(c1)
}

// fullsIn are the filled squares of a row that have to be decoded.
func (l *layout) fullsIn(row int32) []full {
	from := sort.Search(len(l.fulls), func(i int) bool { return l.fulls[i].row >= row })
	to := from
	for to < len(l.fulls) && l.fulls[to].row == row {
		to++
	}
	return l.fulls[from:to]
}

// openValues is the largest number of values that areas between their first
// and their last task can hold, at worst.
func (p *pass) openValues() (peak int64) {
	left := slices.Clone(p.left[p.lo:p.hi])
	held := make([]bool, len(left))
	seen := make([]int32, len(left))
	upTo := func(i int32) int64 { return min(p.w.areas[i+p.lo].cells, int64(p.o.MaxDistinct)) }
	var open int64
	for t := range p.tasks {
		var over int64
		p.each(&p.tasks[t], func(area int32, _ bool) {
			i := area - p.lo
			if left[i] < 0 || seen[i] == int32(t)+1 {
				return
			}
			seen[i] = int32(t) + 1
			if !held[i] {
				held[i] = true
				open += upTo(i)
			}
			if left[i]--; left[i] == 0 {
				over += upTo(i)
			}
		})
		peak = max(peak, open)
		open -= over
	}
	return peak
}
