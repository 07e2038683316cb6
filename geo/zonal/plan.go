package zonal

import (
	"slices"

	"contado/geo/fault"
	"contado/geo/grid"
)

// task is one read and the areas that need it.
type task struct {
	win   grid.Window
	areas []int32 // rising
}

// taskCost is the price of a read in cells: opening, seeking, calling.
const taskCost = 1 << 14

// tiling cuts a grid into blocks of at most MaxCells cells. It depends on the
// grid and the options alone: not on areas, nor on the number of workers.
type tiling struct{ cols, rows, across int }

// newTiling makes blocks that follow those of the file: whole rows of them
// when they fit, else as many side by side as do.
func newTiling(g grid.Grid, r Raster, maxCells int) tiling {
	bc, br := 512, 512
	if b, ok := r.(interface{ BlockSize() (cols, rows int) }); ok {
		if c, n := b.BlockSize(); c > 0 && n > 0 {
			bc, br = c, n
		}
	}
	bc, br = min(bc, g.Width, maxCells), min(br, g.Height, maxCells)
	var t tiling
	switch {
	case bc > maxCells/br: // a block alone is too large: strips of its rows
		t.cols = bc
		t.rows = max(1, maxCells/bc)
	case g.Width <= maxCells/br: // whole rows of blocks, several if they fit
		t.cols = g.Width
		t.rows = min(g.Height, maxCells/g.Width/br*br)
		if want := max(512/br*br, br); t.rows > want { // many threads, short bands
			t.rows = want
		}
	default:
		t.rows = br
		t.cols = maxCells / br / bc * bc
	}
	t.across = (g.Width + t.cols - 1) / t.cols
	return t
}

// plan lists the reads in the order in which their sums are merged.
func plan(t tiling, metas []meta, o *Options) ([]task, error) {
	switch o.Strategy {
	case ByArea:
		return planByArea(t, metas, o.MaxCells)
	case ByBlock:
		return planByBlock(t, metas)
	}
	byBlock, errB := planByBlock(t, metas)
	byArea, errA := planByArea(t, metas, o.MaxCells)
	switch {
	case errB != nil:
		return byArea, errA
	case errA != nil:
		return byBlock, nil //nolint:nilerr // one plan is enough
	case o.needs().table && openValues(byBlock, metas, o.MaxDistinct) > maxOpenValues:
		return byArea, nil // areas that lie on each other would all be open at once
	case cost(byBlock) <= cost(byArea):
		return byBlock, nil
	}
	return byArea, nil
}

// maxOpenValues is how many values Auto tells apart at once in all areas that
// are being read, at worst: some 200 MB.
const maxOpenValues = 1 << 22

// openValues is the largest number of values that the areas between their
// first and their last task can hold, with the parts of the running tasks.
func openValues(ts []task, metas []meta, distinct int) (peak int64) {
	last := make([]int, len(metas))
	for i, t := range ts {
		for _, a := range t.areas {
			last[a] = i
		}
	}
	upTo := func(w grid.Window) int64 { return min(w.Cells(), int64(distinct)) }
	held := make([]bool, len(metas))
	var open int64
	for i, t := range ts {
		var parts int64
		for _, a := range t.areas {
			parts += upTo(t.win.Intersect(metas[a].win))
			if !held[a] && last[a] > i {
				held[a] = true
				open += upTo(metas[a].win)
			}
		}
		peak = max(peak, open+parts)
		for _, a := range t.areas {
			if held[a] && last[a] == i {
				open -= upTo(metas[a].win)
			}
		}
	}
	return peak
}

func cost(ts []task) (c int64) {
	for _, t := range ts {
		c += t.win.Cells() + taskCost
	}
	return c
}

// tilesOf lists (tile, area) pairs of one area in tile order.
func tilesOf(t tiling, w grid.Window, area int, dst []pair) ([]pair, error) {
	if w.Empty() {
		return dst, nil
	}
	r0, r1 := w.Row/t.rows, (w.Row+w.Height-1)/t.rows
	c0, c1 := w.Col/t.cols, (w.Col+w.Width-1)/t.cols
	if n := float64(r1-r0+1) * float64(c1-c0+1); n+float64(len(dst)) > MaxTasks {
		return nil, tooMany()
	}
	for r := r0; r <= r1; r++ {
		for c := c0; c <= c1; c++ {
			dst = append(dst, pair{tile: int64(r)*int64(t.across) + int64(c), area: int32(area)})
		}
	}
	return dst, nil
}

func tooMany() error {
	return fault.WithHint(fault.Errorf("zonal.Compute", fault.TooLarge,
		"areas and raster make more than %d blocks to read", MaxTasks),
		"use fewer areas at once, a coarser raster, or a larger MaxCells")
}

type pair struct {
	tile int64
	area int32
}

func (t tiling) window(tile int64) grid.Window {
	r, c := int(tile/int64(t.across)), int(tile%int64(t.across))
	return grid.Window{Col: c * t.cols, Row: r * t.rows, Width: t.cols, Height: t.rows}
}

// planByBlock visits every block that some area touches once, and reads of it
// the box around those areas.
func planByBlock(t tiling, metas []meta) ([]task, error) {
	var pairs []pair
	var err error
	for i := range metas {
		if pairs, err = tilesOf(t, metas[i].win, i, pairs); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(pairs, func(a, b pair) int {
		switch {
		case a.tile < b.tile:
			return -1
		case a.tile > b.tile:
			return 1
		}
		return int(a.area) - int(b.area)
	})
	var tasks []task
	areas := make([]int32, len(pairs))
	for i := 0; i < len(pairs); {
		from, tile := i, t.window(pairs[i].tile)
		var box grid.Window
		for ; i < len(pairs) && pairs[i].tile == pairs[from].tile; i++ {
			areas[i] = pairs[i].area
			box = union(box, tile.Intersect(metas[pairs[i].area].win))
		}
		tasks = append(tasks, task{win: box, areas: areas[from:i:i]})
	}
	return tasks, nil
}

// planByArea reads the box of every area, along the blocks when it is large.
func planByArea(t tiling, metas []meta, maxCells int) ([]task, error) {
	var tasks []task
	var pairs []pair
	var err error
	for i := range metas {
		w := metas[i].win
		if w.Empty() {
			continue
		}
		self := []int32{int32(i)}
		if w.Width <= maxCells/w.Height {
			tasks = append(tasks, task{win: w, areas: self})
			continue
		}
		if pairs, err = tilesOf(t, w, i, pairs[:0]); err != nil {
			return nil, err
		}
		for _, p := range pairs {
			tasks = append(tasks, task{win: t.window(p.tile).Intersect(w), areas: self})
		}
		if len(tasks) > MaxTasks {
			return nil, tooMany()
		}
	}
	return tasks, nil
}

func union(a, b grid.Window) grid.Window {
	if a.Empty() {
		return b
	}
	if b.Empty() {
		return a
	}
	c, r := min(a.Col, b.Col), min(a.Row, b.Row)
	return grid.Window{
		Col: c, Row: r,
		Width:  max(a.Col+a.Width, b.Col+b.Width) - c,
		Height: max(a.Row+a.Height, b.Row+b.Height) - r,
	}
}
