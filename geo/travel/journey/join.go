package journey

import (
	"math"
	"sort"

	"github.com/paulmach/orb"

	"contado/geo/grid"
)

// joiner walks along edges and finds the cells that they pass.
type joiner struct {
	w     *World
	inv   grid.Transform
	line  []orb.Point
	x, y  []float64
	cuts  []float64
	best  map[int32]int // door of a cell, of the edge at hand
	metre [2]float64    // metres a column and a row where the edge is
}

// edge adds the doors of an edge: one a cell, where it comes nearest to the
// cell's centre.
func (j *joiner) edge(e int) error {
	w := j.w
	j.line = w.graph.Shape(e, j.line[:0])
	j.x, j.y = j.x[:0], j.y[:0]
	for _, p := range j.line {
		j.x, j.y = append(j.x, p[0]), append(j.y, p[1])
	}
	if err := w.ground.FromLonLat(j.x, j.y); err != nil {
		return err
	}
	for i := range j.x {
		j.x[i], j.y[i] = j.inv.Apply(j.x[i], j.y[i])
	}
	total := j.measure()
	if !(total >= 0) || math.IsInf(total, 0) {
		return nil // no place of the grid's CRS
	}
	clear(j.best)
	from := len(w.doors)
	done := 0.0
	for i := 1; i < len(j.x); i++ {
		length := j.length(i)
		j.segment(e, i, func(t float64) float32 {
			if total == 0 {
				return 0
			}
			return float32(min((done+t*length)/total, 1))
		})
		done += length
	}
	doors := w.doors[from:]
	sort.Slice(doors, func(a, b int) bool { return doors[a].along < doors[b].along })
	return nil
}

// measure settles how many metres cells are where the edge is, and returns
// the edge's length.
func (j *joiner) measure() float64 {
	s := j.w.ground.Surface
	row := int(min(max(j.y[len(j.y)/2], 0), float64(s.Height-1)))
	at := func(v []float64) float64 {
		if len(v) == 1 {
			return v[0]
		}
		return v[row]
	}
	j.metre = [2]float64{at(s.CellW), at(s.CellH)}
	total := 0.0
	for i := 1; i < len(j.x); i++ {
		total += j.length(i)
	}
	return total
}

// length is that of segment i in metres.
func (j *joiner) length(i int) float64 {
	return math.Hypot((j.x[i]-j.x[i-1])*j.metre[0], (j.y[i]-j.y[i-1])*j.metre[1])
}

// segment adds or improves the doors of the cells that a segment passes.
func (j *joiner) segment(e, i int, along func(t float64) float32) {
	ax, ay, bx, by := j.x[i-1], j.y[i-1], j.x[i], j.y[i]
	width, height := float64(j.w.ground.Grid.Width), float64(j.w.ground.Grid.Height)
	lo, hi, ok := inside(ax, bx, width)
	lo2, hi2, ok2 := inside(ay, by, height)
	lo, hi = max(lo, lo2), min(hi, hi2)
	if !ok || !ok2 || !(lo <= hi) {
		return
	}
	j.cuts = append(j.cuts[:0], lo, hi)
	j.cross(ax, bx, lo, hi)
	j.cross(ay, by, lo, hi)
	sort.Float64s(j.cuts)
	for k := 1; k < len(j.cuts); k++ {
		t0, t1 := j.cuts[k-1], j.cuts[k]
		mid := (t0 + t1) / 2
		col, row := int(ax+mid*(bx-ax)), int(ay+mid*(by-ay))
		if col < 0 || row < 0 || col >= int(width) || row >= int(height) {
			continue
		}
		dx, dy := (bx-ax)*j.metre[0], (by-ay)*j.metre[1]
		cx, cy := (float64(col)+0.5-ax)*j.metre[0], (float64(row)+0.5-ay)*j.metre[1]
		t := t0
		if d := dx*dx + dy*dy; d > 0 {
			t = min(max((cx*dx+cy*dy)/d, t0), t1)
		}
		j.offer(e, row*int(width)+col, along(t), math.Hypot(cx-t*dx, cy-t*dy))
	}
}

// inside is the part of a segment, 0 to 1, between 0 and size in one
// coordinate.
func inside(a, b, size float64) (lo, hi float64, ok bool) {
	if a == b {
		return 0, 1, a >= 0 && a <= size
	}
	lo, hi = -a/(b-a), (size-a)/(b-a)
	if lo > hi {
		lo, hi = hi, lo
	}
	return max(lo, 0), min(hi, 1), true
}

// cross adds where a segment crosses the lines between cells.
func (j *joiner) cross(a, b, lo, hi float64) {
	from, to := a+lo*(b-a), a+hi*(b-a)
	if from > to {
		from, to = to, from
	}
	for v := math.Ceil(from); v <= to && b != a; v++ {
		if t := (v - a) / (b - a); t > lo && t < hi {
			j.cuts = append(j.cuts, t)
		}
	}
}

// offer makes a door of a cell, or moves the one that it has nearer.
func (j *joiner) offer(e, cell int, along float32, metres float64) {
	speed := j.w.ground.Surface.Speed[cell]
	if !(speed > 0) {
		return
	}
	d := door{edge: int32(e), cell: int32(cell), along: along, seconds: float32(metres) / speed}
	i, ok := j.best[int32(cell)]
	switch {
	case !ok:
		j.best[int32(cell)] = len(j.w.doors)
		j.w.doors = append(j.w.doors, d)
	case d.seconds < j.w.doors[i].seconds:
		j.w.doors[i] = d
	}
}
