package demoland

import (
	"math"
	"runtime"
	"sync"
)

// field is a square raster of n×n cells, row by row from the north.
type field struct {
	n    int
	cell float64 // metres
	v    []float32
}

func newField(n int, cell float64) *field {
	return &field{n: n, cell: cell, v: make([]float32, n*n)}
}

func (f *field) clone() *field {
	g := newField(f.n, f.cell)
	copy(g.v, f.v)
	return g
}

// rows calls fn for bands of rows on all processors and waits. fn must only
// write what its own rows own, so the result does not depend on scheduling.
func rows(n int, fn func(lo, hi int)) {
	workers := min(runtime.GOMAXPROCS(0), n)
	step := max(1, n/(workers*8))
	next := make(chan int, n/step+1)
	for lo := 0; lo < n; lo += step {
		next <- lo
	}
	close(next)
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for lo := range next {
				fn(lo, min(lo+step, n))
			}
		})
	}
	wg.Wait()
}

// fill sets every cell from its centre, in metres from the field's north-west
// corner (y grows southwards).
func (f *field) fill(fn func(x, y float64) float64) {
	rows(f.n, func(lo, hi int) {
		for r := lo; r < hi; r++ {
			y := (float64(r) + 0.5) * f.cell
			for c := range f.n {
				f.v[r*f.n+c] = float32(fn((float64(c)+0.5)*f.cell, y))
			}
		}
	})
}

// sample interpolates bilinearly at metres from the north-west corner;
// outside it repeats the edge.
func (f *field) sample(x, y float64) float64 {
	fx := clamp(x/f.cell-0.5, 0, float64(f.n-1))
	fy := clamp(y/f.cell-0.5, 0, float64(f.n-1))
	c, r := int(fx), int(fy)
	c1, r1 := min(c+1, f.n-1), min(r+1, f.n-1)
	u, v := float32(fx-float64(c)), float32(fy-float64(r))
	a, b := f.v[r*f.n+c], f.v[r*f.n+c1]
	d, e := f.v[r1*f.n+c], f.v[r1*f.n+c1]
	top, bottom := a+u*(b-a), d+u*(e-d)
	return float64(top + v*(bottom-top))
}

// cubic interpolates with a Catmull-Rom kernel; smoother slopes than sample.
func (f *field) cubic(x, y float64) float64 {
	fx, fy := x/f.cell-0.5, y/f.cell-0.5
	c, r := int(math.Floor(fx)), int(math.Floor(fy))
	wx, wy := catmull(fx-float64(c)), catmull(fy-float64(r))
	var sum float64
	for j := range 4 {
		rr := min(max(r+j-1, 0), f.n-1) * f.n
		var row float64
		for i := range 4 {
			row += wx[i] * float64(f.v[rr+min(max(c+i-1, 0), f.n-1)])
		}
		sum += wy[j] * row
	}
	return sum
}

func catmull(t float64) [4]float64 {
	return [4]float64{
		0.5 * t * (-1 + t*(2-t)), 0.5 * (2 + t*t*(3*t-5)),
		0.5 * t * (1 + t*(4-3*t)), 0.5 * t * t * (t - 1),
	}
}

// refine returns the field at half the cell size.
func (f *field) refine() *field {
	g := newField(f.n*2, f.cell/2)
	g.fill(f.cubic)
	return g
}

// crop returns the inner field without a border of pad cells.
func (f *field) crop(pad int) *field {
	g := newField(f.n-2*pad, f.cell)
	for r := range g.n {
		copy(g.v[r*g.n:(r+1)*g.n], f.v[(r+pad)*f.n+pad:])
	}
	return g
}

// slopes gives the steepest gradient (rise over run) of each cell and the
// gradient's components towards east and south (Horn 1981).
func (f *field) slopes() (slope, gx, gy *field) {
	slope, gx, gy = newField(f.n, f.cell), newField(f.n, f.cell), newField(f.n, f.cell)
	n := f.n
	rows(n, func(lo, hi int) {
		for r := lo; r < hi; r++ {
			up, mid, down := max(r-1, 0)*n, r*n, min(r+1, n-1)*n
			for c := range n {
				l, q := max(c-1, 0), min(c+1, n-1)
				dx := (f.v[up+q] + 2*f.v[mid+q] + f.v[down+q]) - (f.v[up+l] + 2*f.v[mid+l] + f.v[down+l])
				dy := (f.v[down+l] + 2*f.v[down+c] + f.v[down+q]) - (f.v[up+l] + 2*f.v[up+c] + f.v[up+q])
				k := float32(1 / (8 * f.cell))
				gx.v[mid+c], gy.v[mid+c] = dx*k, dy*k
				slope.v[mid+c] = float32(math.Hypot(float64(dx*k), float64(dy*k)))
			}
		}
	})
	return slope, gx, gy
}

// distance gives metres to the nearest cell for which in is true: the 8-cell
// chamfer transform with exact-length weights, error below 8 % (Borgefors
// 1986). Cells further than limit hold limit.
func distance(n int, cell, limit float64, in func(i int) bool) *field {
	f := newField(n, cell)
	for i := range f.v {
		f.v[i] = float32(limit)
		if in(i) {
			f.v[i] = 0
		}
	}
	a, b := float32(cell), float32(cell*math.Sqrt2)
	relax := func(i, r, c, dr, dc int, w float32) {
		if rr, cc := r+dr, c+dc; rr >= 0 && rr < n && cc >= 0 && cc < n {
			f.v[i] = min(f.v[i], f.v[rr*n+cc]+w)
		}
	}
	for i := range f.v {
		r, c := i/n, i%n
		relax(i, r, c, 0, -1, a)
		relax(i, r, c, -1, 0, a)
		relax(i, r, c, -1, -1, b)
		relax(i, r, c, -1, 1, b)
	}
	for i := len(f.v) - 1; i >= 0; i-- {
		r, c := i/n, i%n
		relax(i, r, c, 0, 1, a)
		relax(i, r, c, 1, 0, a)
		relax(i, r, c, 1, 1, b)
		relax(i, r, c, 1, -1, b)
	}
	return f
}
