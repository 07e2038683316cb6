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
	lo := [2]float64{max(s.loU, 0), max(s.loV, 0)}
	hi := [2]float64{min(s.hiU, float64(s.b.w)), min(s.hiV, float64(s.b.h))}
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
				max(u0, lo[0]), min(u1, hi[0]),
				max(v0, lo[1]), min(v1, hi[1]),
			}
			switch {
			case !(b.u0 < b.u1 && b.v0 < b.v1): // also NaN
				s.valid[at+x] = 0
			case s.kernel == grid.Mode:
				s.mode(&t, b, at+x)
			default:
				s.average(&t, b, at+x)
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

// mostSpan bounds the cells of a box along one side: beyond it the block was
// decimated too little, which newWindow does not do.
const mostSpan = 256

// weights fills w with how much of each cell lies in [lo, hi], and returns the
// first cell and their number; n is that of the cells there are.
func weights(lo, hi float64, n int, w *[mostSpan]float32) (first, count int) {
	first = min(int(lo+grace), n-1)
	end := min(int(math.Ceil(hi-grace)), n)
	count = min(max(end-first, 1), mostSpan)
	for i := range count {
		w[i] = 1
	}
	if count == 1 {
		w[0] = float32(hi - lo)
		return first, 1
	}
	w[0] = float32(float64(first+1) - lo)
	w[count-1] = float32(hi - float64(first+count-1))
	return first, count
}

func (s *sampler) average(t *tally, b box, at int) {
	x0, nx := weights(b.u0, b.u1, s.b.w, &t.wx)
	y0, ny := weights(b.v0, b.v1, s.b.h, &t.wy)
	total := float32(0)
	if s.b.allValid {
		for k, band := range s.b.bands {
			sum := float32(0)
			total = 0
			for j, wy := range t.wy[:ny] {
				row := band[(y0+j)*s.b.w+x0:][:nx]
				for i, v := range row {
					w := wy * t.wx[i]
					total += w
					sum += w * v
				}
			}
			s.outs[k][at] = sum / total
		}
		return
	}
	for k, band := range s.b.bands {
		sum := float32(0)
		total = 0
		for j, wy := range t.wy[:ny] {
			from := (y0+j)*s.b.w + x0
			row, mask := band[from:][:nx], s.b.mask[from:][:nx]
			for i, v := range row {
				if mask[i] != 0 {
					w := wy * t.wx[i]
					total += w
					sum += w * v
				}
			}
		}
		if !(total > 0) {
			s.valid[at] = 0
			return
		}
		s.outs[k][at] = sum / total
	}
}

// tally counts values, and holds the weights of a box.
type tally struct {
	wx, wy  [mostSpan]float32
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
	x0, nx := weights(b.u0, b.u1, s.b.w, &t.wx)
	y0, ny := weights(b.v0, b.v1, s.b.h, &t.wy)
	for k, band := range s.b.bands {
		t.reset()
		for j, wy := range t.wy[:ny] {
			from := (y0+j)*s.b.w + x0
			row, mask := band[from:][:nx], s.b.mask[from:][:nx]
			for i, v := range row {
				if mask[i] != 0 {
					t.add(v, wy*t.wx[i])
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
