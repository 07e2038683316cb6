package raster

import (
	"math"

	"contado/geo/grid"
)

// maxError is how far, in cells of the block that is read, a position that
// was interpolated may lie from the exact one.
const maxError = 0.125

// pixels is a rectangle of a tile's pixels.
type pixels struct{ x, y, w, h int }

// locate gives, for each pixel centre of a rectangle, the fractional column
// and row in the source grid ((0, 0) is the outer corner of its first cell;
// NaN where there is none). exact maps pixel-centre positions in the tile to
// columns and rows, in place. Positions are interpolated from a mesh, which is
// refined until it is right to tolerance cells wherever it is checked.
func locate(r pixels, tolerance float64, exact func(x, y []float64) error) (cols, rows []float64, err error) {
	for n := 4; ; n *= 2 {
		nx, ny := min(n, r.w-1), min(n, r.h-1)
		m, ok, err := newMesh(r, max(nx, 1), max(ny, 1), tolerance, exact)
		if err != nil {
			return nil, nil, err
		}
		if ok {
			cols, rows = m.fill()
			return cols, rows, nil
		}
		if nx == r.w-1 && ny == r.h-1 { // each pixel would be a mesh point
			return everyPixel(r, exact)
		}
		if n >= 32 {
			return everyPixel(r, exact)
		}
	}
}

func everyPixel(r pixels, exact func(x, y []float64) error) (cols, rows []float64, err error) {
	cols, rows = make([]float64, r.w*r.h), make([]float64, r.w*r.h)
	for j := range r.h {
		for i := range r.w {
			cols[j*r.w+i], rows[j*r.w+i] = float64(r.x+i)+0.5, float64(r.y+j)+0.5
		}
	}
	return cols, rows, exact(cols, rows)
}

// mesh holds exact positions at (nx+1) × (ny+1) points spread over the
// pixel centres of a rectangle.
type mesh struct {
	r      pixels
	nx, ny int
	c, v   []float64 // columns and rows of the source
}

func (m *mesh) at(i, j float64) (x, y float64) {
	return float64(m.r.x) + 0.5 + i/float64(m.nx)*float64(m.r.w-1),
		float64(m.r.y) + 0.5 + j/float64(m.ny)*float64(m.r.h-1)
}

func newMesh(r pixels, nx, ny int, tolerance float64, exact func(x, y []float64) error) (*mesh, bool, error) {
	m := &mesh{r: r, nx: nx, ny: ny}
	for j := 0; j <= ny; j++ {
		for i := 0; i <= nx; i++ {
			x, y := m.at(float64(i), float64(j))
			m.c, m.v = append(m.c, x), append(m.v, y)
		}
	}
	if err := exact(m.c, m.v); err != nil {
		return nil, false, err
	}
	// Check in the middle of each mesh cell and of two of its sides.
	var cx, cy, px, py []float64
	for j := 0; j < ny; j++ {
		for i := 0; i < nx; i++ {
			for _, d := range [3][2]float64{{0.5, 0.5}, {0.5, 0}, {0, 0.5}} {
				x, y := m.at(float64(i)+d[0], float64(j)+d[1])
				cx, cy = append(cx, x), append(cy, y)
				c, v := m.interpolate(i, j, d[0], d[1])
				px, py = append(px, c), append(py, v)
			}
		}
	}
	if err := exact(cx, cy); err != nil {
		return nil, false, err
	}
	for i := range cx {
		if !(math.Abs(cx[i]-px[i]) <= tolerance && math.Abs(cy[i]-py[i]) <= tolerance) { // also NaN
			return m, false, nil
		}
	}
	return m, true, nil
}

func (m *mesh) interpolate(i, j int, fx, fy float64) (c, v float64) {
	k := j*(m.nx+1) + i
	l := k + m.nx + 1
	top, bottom := m.c[k]+fx*(m.c[k+1]-m.c[k]), m.c[l]+fx*(m.c[l+1]-m.c[l])
	c = top + fy*(bottom-top)
	top, bottom = m.v[k]+fx*(m.v[k+1]-m.v[k]), m.v[l]+fx*(m.v[l+1]-m.v[l])
	return c, top + fy*(bottom-top)
}

func (m *mesh) fill() (cols, rows []float64) {
	cols, rows = make([]float64, m.r.w*m.r.h), make([]float64, m.r.w*m.r.h)
	for y := range m.r.h {
		j, fy := meshCell(y, m.r.h, m.ny)
		for x := range m.r.w {
			i, fx := meshCell(x, m.r.w, m.nx)
			cols[y*m.r.w+x], rows[y*m.r.w+x] = m.interpolate(i, j, fx, fy)
		}
	}
	return cols, rows
}

func meshCell(p, size, n int) (int, float64) {
	if size == 1 {
		return 0, 0
	}
	f := float64(p) / float64(size-1) * float64(n)
	i := min(int(f), n-1)
	return i, f - float64(i)
}

// plan is what to read for located pixels.
type plan struct {
	window     grid.Window
	outW, outH int
	stepX      float64 // source cells a block cell
	stepY      float64
}

// most is the bound on the cells of one block read for a tile.
const most = 1 << 22

// newPlan chooses the window that holds all pixels that fall on the source,
// and how much to decimate it: by the largest power of two not coarser than
// the tile, so that reads meet overviews and neighbouring tiles the same
// cells. ok is false when no pixel falls on the source.
func newPlan(cols, rows []float64, width, height int, scale float64) (p plan, ok bool) {
	c0, r0, c1, r1 := math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)
	w, h := float64(width), float64(height)
	for i, c := range cols {
		if r := rows[i]; c >= 0 && c < w && r >= 0 && r < h {
			c0, c1 = min(c0, c), max(c1, c)
			r0, r1 = min(r0, r), max(r1, r)
		}
	}
	if c0 > c1 {
		return p, false
	}
	k := 1
	for float64(2*k) <= scale*1.01 && k < 1<<20 {
		k *= 2
	}
	for {
		p.window = aligned(int(c0), int(r0), int(c1), int(r1), k, width, height)
		p.outW, p.outH = (p.window.Width+k-1)/k, (p.window.Height+k-1)/k
		if p.outW*p.outH <= most {
			break
		}
		k *= 2
	}
	p.stepX = float64(p.window.Width) / float64(p.outW)
	p.stepY = float64(p.window.Height) / float64(p.outH)
	return p, true
}

// aligned is the window of cells [c0, c1] × [r0, r1] with a margin of one
// block cell, grown to multiples of k and cut to the source.
func aligned(c0, r0, c1, r1, k, width, height int) grid.Window {
	lo := func(v int) int { return max(0, (v/k-1)*k) }
	hi := func(v, n int) int { return min(n, (v/k+2)*k) }
	w := grid.Window{Col: lo(c0), Row: lo(r0)}
	w.Width, w.Height = hi(c1, width)-w.Col, hi(r1, height)-w.Row
	return w
}

// scaleOf is the number of source cells a pixel covers, on its finer side,
// as the median over the rectangle; 0 when it cannot be told.
func scaleOf(r pixels, exact func(x, y []float64) error) (float64, error) {
	const n = 5
	var x, y []float64
	for j := range n {
		for i := range n {
			px := float64(r.x) + (float64(i)+0.5)/n*float64(r.w)
			py := float64(r.y) + (float64(j)+0.5)/n*float64(r.h)
			x, y = append(x, px-0.5, px+0.5, px, px), append(y, py, py, py-0.5, py+0.5)
		}
	}
	if err := exact(x, y); err != nil {
		return 0, err
	}
	var scales []float64
	for i := 0; i < len(x); i += 4 {
		a := math.Hypot(x[i+1]-x[i], y[i+1]-y[i])
		b := math.Hypot(x[i+3]-x[i+2], y[i+3]-y[i+2])
		if s := min(a, b); !math.IsNaN(s) && !math.IsInf(s, 0) {
			scales = append(scales, s)
		}
	}
	return median(scales), nil
}
