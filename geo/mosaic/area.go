package mosaic

import (
	"math"

	"contado/geo/grid"
)

// boxes resamples by what lies under each target cell: the box in block cells
// between the positions of its upper left and lower right corner, cells
// weighed by how much of them is inside. us and vs of the next row of corners
// go into below.
func (s *sampler) boxes(belowU, belowV []float64) {
	s.l.row(float64(s.r.x), float64(s.r.y), s.us, s.vs)
	var t tally
	for y := range s.r.h {
		at := y * s.r.w
		s.l.row(float64(s.r.x), float64(s.r.y+y+1), belowU, belowV)
		for x := range s.r.w {
			if s.valid[at+x] == 0 {
				continue
			}
			u0, u1 := minmax(s.us[x], belowU[x+1])
			v0, v1 := minmax(s.vs[x], belowV[x+1])
			b := box{
				math.Max(u0, math.Max(s.loU, 0)), math.Min(u1, math.Min(s.hiU, float64(s.b.w))),
				math.Max(v0, math.Max(s.loV, 0)), math.Min(v1, math.Min(s.hiV, float64(s.b.h))),
			}
			switch {
			case !(b.u0 < b.u1 && b.v0 < b.v1): // also NaN
				s.valid[at+x] = 0
			case s.kernel == grid.Mode:
				s.mode(&t, b, at+x)
			default:
				s.average(b, at+x)
			}
		}
		copy(s.us, belowU)
		copy(s.vs, belowV)
	}
}

func minmax(a, b float64) (lo, hi float64) {
	if b < a {
		return b, a
	}
	return a, b
}

// box is a part of a block, in its cells.
type box struct{ u0, u1, v0, v1 float64 }

// grace is the part of a cell that rounding may leave in or out of a box.
const grace = 1e-6

func (b box) cells() (x0, x1, y0, y1 int) {
	x0, y0 = int(b.u0+grace), int(b.v0+grace)
	x1, y1 = int(math.Ceil(b.u1-grace)), int(math.Ceil(b.v1-grace))
	return x0, max(x1, x0+1), y0, max(y1, y0+1)
}

// inside is how much of cell i lies in [lo, hi].
func inside(i int, lo, hi float64) float32 {
	return float32(math.Min(hi, float64(i+1)) - math.Max(lo, float64(i)))
}

func (s *sampler) average(b box, at int) {
	x0, x1, y0, y1 := b.cells()
	x1, y1 = min(x1, s.b.w), min(y1, s.b.h)
	total := float32(0)
	for k := range s.outs {
		s.outs[k][at] = 0
	}
	for y := y0; y < y1; y++ {
		wy := inside(y, b.v0, b.v1)
		for x := x0; x < x1; x++ {
			i := y*s.b.w + x
			if s.b.mask[i] == 0 {
				continue
			}
			weight := wy * inside(x, b.u0, b.u1)
			total += weight
			for k, band := range s.b.bands {
				s.outs[k][at] += weight * band[i]
			}
		}
	}
	if !(total > 0) {
		s.valid[at] = 0
		return
	}
	for k := range s.outs {
		s.outs[k][at] /= total
	}
}

// tally counts values.
type tally struct {
	values  []float32
	weights []float32
	last    int
}

func (t *tally) reset() { t.values, t.weights, t.last = t.values[:0], t.weights[:0], 0 }

func (t *tally) add(v, weight float32) {
	if t.last < len(t.values) && t.values[t.last] == v { // values come in runs
		t.weights[t.last] += weight
		return
	}
	for i, have := range t.values {
		if have == v {
			t.weights[i] += weight
			t.last = i
			return
		}
	}
	t.last = len(t.values)
	t.values, t.weights = append(t.values, v), append(t.weights, weight)
}

// most is the value with the largest weight; of several the first that was met.
func (t *tally) most() float32 {
	best := 0
	for i, w := range t.weights {
		if w > t.weights[best]*(1+1e-5) {
			best = i
		}
	}
	return t.values[best]
}

// mode takes the value that covers most of the box, each band for itself.
func (s *sampler) mode(t *tally, b box, at int) {
	x0, x1, y0, y1 := b.cells()
	x1, y1 = min(x1, s.b.w), min(y1, s.b.h)
	for k, band := range s.b.bands {
		t.reset()
		for y := y0; y < y1; y++ {
			wy := inside(y, b.v0, b.v1)
			for x := x0; x < x1; x++ {
				if i := y*s.b.w + x; s.b.mask[i] != 0 {
					t.add(band[i], wy*inside(x, b.u0, b.u1))
				}
			}
		}
		if len(t.values) == 0 {
			s.valid[at] = 0
			return
		}
		s.outs[k][at] = t.most()
	}
}
