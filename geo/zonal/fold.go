package zonal

import (
	"context"
	"fmt"
	"slices"

	"contado/geo/fault"
	"contado/geo/grid"
)

// tally is what a fold knows of one area.
type tally[T any] interface {
	// add takes neighbouring cells of one row, each covered by f: their values
	// in each raster, and the area of a whole cell in m².
	add(values [][]float64, f, m2 float64) error
	merge(o T) error
}

// fold goes over the covered cells of several rasters at once.
type fold[T tally[T]] struct {
	layout
	rasters  []Raster // on the grid of the weights
	bands    []int
	workers  int
	cellArea func(row int) float64
	progress func(done, total int)
	empty    func() T
	finish   func(area int, t T) error

	sums []T
	some []bool // sums[area] is there
	done int
}

// attachLayers puts layers onto the grid of the weights.
func (f *fold[T]) attachLayers(layers []Layer) error {
	for _, l := range layers {
		if l.Raster == nil || l.Band < 0 {
			return fault.Errorf("zonal.Apply", fault.Invalid, "a layer has no raster, or a band below 1")
		}
		r, err := onGrid(f.w.g, l.Raster)
		if err != nil {
			return err
		}
		f.rasters = append(f.rasters, r)
		f.bands = append(f.bands, max(1, l.Band))
	}
	f.raster = f.rasters[0]
	f.maxCells = max(1, f.maxCells/len(layers))
	return nil
}

func (f *fold[T]) run(ctx context.Context) error {
	n := len(f.w.areas)
	f.hi = int32(n)
	f.left, f.sums, f.some = make([]int32, n), make([]T, n), make([]bool, n)
	f.takeFulls()
	f.layOut()
	f.count()
	err := inOrder(ctx, len(f.tasks), f.workers,
		func() *folder[T] {
			return &folder[T]{f: f, values: make([][]float64, len(f.rasters)), slot: make([]int32, n)}
		},
		func(ctx context.Context, k *folder[T], i int) error { return k.task(ctx, f.tasks[i]) },
		(*folder[T]).merge)
	if err != nil {
		return err
	}
	for a := range f.left {
		if f.left[a] == 0 {
			if err := f.finish(a, f.empty()); err != nil {
				return err
			}
			f.done++
		}
	}
	f.tell()
	return nil
}

func (f *fold[T]) tell() {
	if f.progress != nil {
		f.progress(f.done, len(f.w.areas))
	}
}

// folder is the worker of a fold.
type folder[T tally[T]] struct {
	f      *fold[T]
	win    grid.Window
	values [][]float64
	views  [][]float64
	areas  []int32
	sums   []T
	slot   []int32 // by area: its place in areas, from 1
	done   int
}

func (k *folder[T]) task(ctx context.Context, t task32) error {
	f, w := k.f, k.f.w
	if err := ctx.Err(); err != nil {
		return fault.E("zonal.Apply", fault.Canceled, err)
	}
	k.win = f.window(t)
	n := int(k.win.Cells())
	for i, r := range f.rasters {
		k.values[i] = slices.Grow(k.values[i][:0], n)[:n]
		if err := r.ReadFloat64(ctx, f.bands[i], k.win, k.values[i]); err != nil {
			return wrap("zonal.Apply", fmt.Errorf("read band %d, cells %v: %w", f.bands[i], k.win, err))
		}
	}
	for r := t.r0; r < t.r1; r++ {
		from, to := w.partsIn(r, t.c0, t.c1)
		for i := from; i < to; i++ {
			if err := k.part(i); err != nil {
				return err
			}
		}
		for _, q := range f.fullsIn(r) {
			if c0, c1 := max(q.col, t.c0), min(q.col+q.n, t.c1); c0 < c1 {
				if err := k.full(&full{row: r, col: c0, n: c1 - c0, area: q.area}); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// sum is where the task sums an area.
func (k *folder[T]) sum(area int32) T {
	at := &k.slot[area]
	if *at == 0 {
		k.areas, k.sums = append(k.areas, area), append(k.sums, k.f.empty())
		*at = int32(len(k.areas))
	}
	return k.sums[*at-1]
}

func (k *folder[T]) part(i int) error {
	f, w := k.f, k.f.w
	p := &w.parts[i]
	var t T
	alone := w.areas[p.area].pieces == 1
	if alone {
		t = f.empty()
	} else {
		t = k.sum(p.area)
	}
	e0, e1, r0, r1 := w.bounds(i)
	row, col, mask := int(p.row)<<w.shift, int(p.col)<<w.shift, w.side-1
	for e := e0; e < e1; e++ {
		pos := int(w.pos[e])
		if err := k.cells(t, row+pos>>w.shift, col+pos&mask, 1, w.fraction(e)); err != nil {
			return k.named(p.area, err)
		}
	}
	for _, r := range w.runs[r0:r1] {
		pos := int(r.pos)
		if err := k.cells(t, row+pos>>w.shift, col+pos&mask, int(r.n)+1, 1); err != nil {
			return k.named(p.area, err)
		}
	}
	if !alone {
		return nil
	}
	k.done++
	return f.finish(int(p.area), t)
}

func (k *folder[T]) full(q *full) error {
	t := k.sum(q.area)
	win := k.f.w.window(q)
	for r := range win.Height {
		if err := k.cells(t, win.Row+r, win.Col, win.Width, 1); err != nil {
			return k.named(q.area, err)
		}
	}
	return nil
}

func (k *folder[T]) cells(t T, row, col, n int, fraction float64) error {
	at := (row-k.win.Row)*k.win.Width + col - k.win.Col
	k.views = k.views[:0]
	for i := range k.values {
		k.views = append(k.views, k.values[i][at:at+n])
	}
	m2 := 0.0
	if k.f.cellArea != nil {
		m2 = k.f.cellArea(row)
	}
	return t.add(k.views, fraction, m2)
}

func (k *folder[T]) named(area int32, err error) error {
	return fault.E("zonal.Apply", fault.KindOf(err), fmt.Errorf("%v: %w", label{k.f.w.areas[area].id, int(area)}, err))
}

func (k *folder[T]) merge() error {
	f := k.f
	for i, area := range k.areas {
		k.slot[area] = 0
		if !f.some[area] {
			f.some[area], f.sums[area] = true, k.sums[i]
		} else if err := f.sums[area].merge(k.sums[i]); err != nil {
			return k.named(area, err)
		}
		if f.left[area]--; f.left[area] > 0 {
			continue
		}
		f.left[area] = closed
		k.done++
		if err := f.finish(int(area), f.sums[area]); err != nil {
			return err
		}
		f.sums[area] = *new(T)
	}
	clear(k.sums)
	k.areas, k.sums = k.areas[:0], k.sums[:0]
	if f.done += k.done; k.done > 0 {
		f.tell()
	}
	k.done = 0
	return nil
}
