package zonal

import (
	"context"
	"slices"
	"sort"

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
		for layer := range p.sums {
			clear(p.sums[layer][p.lo:p.hi])
		}
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
