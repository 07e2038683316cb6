package zonal

import (
	"context"
	"fmt"
	"math"
	"slices"

	"contado/geo/fault"
	"contado/geo/grid"
)

// worker is the memory of one task at a time.
type worker struct {
	p      *pass
	layer  int
	win    grid.Window
	values []float64 // of win
	table  *table    // of areas that are done in one go
	parts  []areaPart
	slot   []int32 // by area − lo: its place in parts, from 1
	done   int     // areas finished in this task
}

// areaPart is what a task knows of an area that has other parts too.
type areaPart struct {
	area int32
	acc  acc
}

// task reads a window of a layer and sums it.
func (k *worker) task(ctx context.Context, t task32, layer int) error {
	if err := ctx.Err(); err != nil {
		return fault.E("zonal.Apply", fault.Canceled, err)
	}
	p, w := k.p, k.p.w
	k.layer = layer
	k.win = p.window(t)
	n := int(k.win.Cells())
	k.values = slices.Grow(k.values[:0], n)[:n]
	band := max(1, p.layers[layer].Band)
	if err := p.raster.ReadFloat64(ctx, band, k.win, k.values); err != nil {
		return wrap("zonal.Apply", fmt.Errorf("read band %d, cells %v: %w", band, k.win, err))
	}
	for r := t.r0; r < t.r1; r++ {
		from, to := w.partsIn(r, t.c0, t.c1)
		for i := from; i < to; i++ {
			if a := w.parts[i].area; a < p.lo || a >= p.hi {
				continue
			}
			if err := k.part(i); err != nil {
				return err
			}
		}
		for _, f := range p.fullsIn(r) {
			if c0, c1 := max(f.col, t.c0), min(f.col+f.n, t.c1); c0 < c1 {
				k.full(&full{row: r, col: c0, n: c1 - c0, area: f.area})
			}
		}
	}
	return nil
}

// part sums one part; an area that has no other is finished at once.
func (k *worker) part(i int) error {
	p := k.p
	area := p.w.parts[i].area
	if p.w.areas[area].pieces > 1 {
		k.add(k.acc(area), i)
		return nil
	}
	a := newAcc(p.need)
	if p.need.table {
		if k.table == nil {
			k.table = newTable(p.o.MaxDistinct)
		}
		k.table.reset()
		a.table = k.table
	}
	k.add(&a, i)
	k.done++
	return p.finish(k.layer, area, &a)
}

// acc is where the task sums an area that has several parts.
func (k *worker) acc(area int32) *acc {
	at := &k.slot[area-k.p.lo]
	if *at == 0 {
		k.parts = append(k.parts, areaPart{area, newAcc(k.p.need)})
		*at = int32(len(k.parts))
		if k.p.need.table {
			k.parts[*at-1].acc.table = newTable(k.p.o.MaxDistinct)
		}
	}
	return &k.parts[*at-1].acc
}

// merge adds the sums of the task; called in task order, never concurrently.
// The last layer of its last task closes an area for all layers.
func (k *worker) merge() error {
	p := k.p
	for i := range k.parts {
		part := &k.parts[i]
		k.slot[part.area-p.lo] = 0
		p.sum(k.layer, part.area).merge(&part.acc)
		if k.layer < len(p.layers)-1 {
			continue
		}
		if p.left[part.area]--; p.left[part.area] == 0 {
			if err := p.close(part.area); err != nil {
				return err
			}
			k.done += len(p.layers)
		}
	}
	clear(k.parts)
	k.parts = k.parts[:0]
	p.tell(k.done)
	k.done = 0
	return nil
}

// at is where the first cell of a square lies in values.
func (k *worker) at(row, col int32) int {
	w := k.p.w
	return (int(row)<<w.shift-k.win.Row)*k.win.Width + int(col)<<w.shift - k.win.Col
}

// full sums filled squares, row by row.
func (k *worker) full(f *full) {
	a := k.acc(f.area)
	win := k.p.w.window(f)
	var m2 float64
	for r := range win.Height {
		if k.p.need.area {
			m2 = k.p.o.CellArea(win.Row + r)
		}
		from := (win.Row+r-k.win.Row)*k.win.Width + win.Col - k.win.Col
		a.run(k.values[from:from+win.Width], nil, m2)
	}
}

// add sums one part.
func (k *worker) add(a *acc, i int) {
	w := k.p.w
	e0, e1, r0, r1 := w.bounds(i)
	s := square2{values: k.values[k.at(w.parts[i].row, w.parts[i].col):], stride: k.win.Width, shift: w.shift, runs: w.runs[r0:r1], total: w.parts[i].total}
	switch {
	case k.p.need.table || k.p.need.area:
		k.addCells(a, &s, i)
	case w.f64 != nil:
		addFast(a, &s, w.pos[e0:e1], w.f64[e0:e1])
	default:
		addFast(a, &s, w.pos[e0:e1], w.f32[e0:e1])
	}
}

// addCells sums cell by cell what needs more than moments.
func (k *worker) addCells(a *acc, s *square2, i int) {
	w := k.p.w
	e0, e1, _, _ := w.bounds(i)
	top := int(w.parts[i].row) << w.shift
	area := func(int) float64 { return 0 }
	if k.p.need.area {
		area = k.p.o.CellArea
	}
	for e := e0; e < e1; e++ {
		pos := int(w.pos[e])
		a.cell(s.values[s.at(pos)], w.fraction(e), 0, area(top+pos>>w.shift))
	}
	for _, r := range s.runs {
		at := s.at(int(r.pos))
		a.run(s.values[at:at+int(r.n)+1], nil, area(top+int(r.pos)>>w.shift))
	}
}

// square2 is a square of values and the runs of a part in it.
type square2 struct {
	values []float64 // from its first cell on
	stride int
	shift  uint
	runs   []run
	total  float64
}

func (s *square2) at(pos int) int { return pos>>s.shift*s.stride + pos&(1<<s.shift-1) }

// addFast sums count, sum, extremes and moments. Most parts have valid cells
// only: a sum of finite values is finite (but for overflow), so the check is
// made once for all of them.
func addFast[F float32 | float64](a *acc, s *square2, pos []uint16, frac []F) {
	lo, hi := math.Inf(1), math.Inf(-1)
	var edges, inside float64
	values, stride, shift, mask := s.values, s.stride, s.shift&15, 1<<(s.shift&15)-1
	frac = frac[:len(pos)]
	for i, p := range pos {
		v := values[int(p)>>shift*stride+int(p)&mask]
		edges += float64(frac[i]) * v
		if v < lo {
			lo = v
		}
		if v > hi {
			hi = v
		}
	}
	for _, r := range s.runs {
		at := int(r.pos)>>shift*stride + int(r.pos)&mask
		for _, v := range values[at : at+int(r.n)+1] {
			inside += v
			if v < lo {
				lo = v
			}
			if v > hi {
				hi = v
			}
		}
	}
	sum := edges + inside
	if !finite(sum) {
		addGaps(a, s, pos, frac)
		return
	}
	a.cells.add(s.total)
	a.count.add(s.total)
	a.sum.add(sum)
	a.min, a.max = math.Min(a.min, lo), math.Max(a.max, hi)
	if a.need.moments {
		mean := sum / s.total
		d, dd := deviations(s, pos, frac, mean)
		a.spread(s.total, mean, d, dd)
	}
}

// addGaps is addFast where some cells are not valid.
func addGaps[F float32 | float64](a *acc, s *square2, pos []uint16, frac []F) {
	var sum, count, miss float64
	one := func(v, f float64) {
		if !finite(v) {
			miss += f
			return
		}
		count += f
		sum += f * v
		a.min, a.max = math.Min(a.min, v), math.Max(a.max, v)
	}
	for i, p := range pos {
		one(s.values[s.at(int(p))], float64(frac[i]))
	}
	for _, r := range s.runs {
		at := s.at(int(r.pos))
		for _, v := range s.values[at : at+int(r.n)+1] {
			one(v, 1)
		}
	}
	a.cells.add(s.total)
	a.nodata.add(miss)
	if count == 0 {
		return
	}
	a.count.add(count)
	a.sum.add(sum)
	if a.need.moments {
		mean := sum / count
		d, dd := deviations(s, pos, frac, mean)
		a.spread(count, mean, d, dd)
	}
}

// deviations are Σ f·(v−mean) and Σ f·(v−mean)² over the valid cells. Squares
// around the mean itself keep their digits, whatever value stands out.
func deviations[F float32 | float64](s *square2, pos []uint16, frac []F, mean float64) (d, dd float64) {
	values, stride, shift, mask := s.values, s.stride, s.shift&15, 1<<(s.shift&15)-1
	frac = frac[:len(pos)]
	for i, p := range pos {
		if v := values[int(p)>>shift*stride+int(p)&mask] - mean; finite(v) {
			fv := float64(frac[i]) * v
			d += fv
			dd += fv * v
		}
	}
	for _, r := range s.runs {
		at := int(r.pos)>>shift*stride + int(r.pos)&mask
		for _, v := range values[at : at+int(r.n)+1] {
			if v -= mean; finite(v) {
				d += v
				dd += v * v
			}
		}
	}
	return d, dd
}

// spread merges the moments of a group of weight n from its deviations.
func (a *acc) spread(n, mean, d, dd float64) {
	if a.n == 0 {
		a.origin = mean
	}
	a.moments(n, (mean-a.origin)+d/n, math.Max(0, dd-d*d/n))
}
