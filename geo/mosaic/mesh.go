package mosaic

import (
	"math"
	"slices"

	"contado/geo"
	"contado/geo/grid"
)

// maxError is how far, in cells of what is read, a position that was
// interpolated may lie from the exact one.
const maxError = 0.125

// mostMesh is the number of mesh cells a side beyond which each pixel becomes
// a mesh cell of its own.
const mostMesh = 32

// rect is a rectangle of target cells.
type rect struct{ x, y, w, h int }

func (r rect) empty() bool { return r.w <= 0 || r.h <= 0 }

func (r rect) meet(o rect) rect {
	x0, y0 := max(r.x, o.x), max(r.y, o.y)
	return rect{x0, y0, min(r.x+r.w, o.x+o.w) - x0, min(r.y+r.h, o.y+o.h) - y0}
}

func (r rect) holds(o rect) bool {
	return o.x >= r.x && o.y >= r.y && o.x+o.w <= r.x+r.w && o.y+o.h <= r.y+r.h
}

// mesh holds positions in a reference system at (nx+1) × (ny+1) points spread
// over a rectangle of target cells, corner to corner; between them positions
// are interpolated.
type mesh struct {
	r      rect
	nx, ny int
	x, y   []float64
	// errX and errY are how far interpolation was seen to be off; +Inf where
	// a position has no image.
	errX, errY float64
}

// projection brings target cells to positions in a reference system, in place.
type projection func(x, y []float64) error

// newMesh makes a mesh with n cells a side, and measures it in the middle of
// each mesh cell and of two of its sides.
func newMesh(r rect, nx, ny int, exact projection) (*mesh, error) {
	m := &mesh{r: r, nx: nx, ny: ny}
	n := (nx + 1) * (ny + 1)
	m.x, m.y = make([]float64, 0, n), make([]float64, 0, n)
	for j := 0; j <= ny; j++ {
		for i := 0; i <= nx; i++ {
			x, y := m.at(float64(i), float64(j))
			m.x, m.y = append(m.x, x), append(m.y, y)
		}
	}
	if err := exact(m.x, m.y); err != nil {
		return nil, err
	}
	if nx == r.w && ny == r.h {
		return m, nil // a point at each corner of each cell
	}
	return m, m.measure(exact)
}

func (m *mesh) measure(exact projection) error {
	n := 3 * m.nx * m.ny
	buf := make([]float64, 4*n)
	cx, cy, px, py := buf[:0:n], buf[n:n:2*n], buf[2*n:2*n:3*n], buf[3*n:3*n:4*n]
	for j := range m.ny {
		for i := range m.nx {
			for _, d := range [3][2]float64{{0.5, 0.5}, {0.5, 0}, {0, 0.5}} {
				x, y := m.at(float64(i)+d[0], float64(j)+d[1])
				cx, cy = append(cx, x), append(cy, y)
				u, v := m.interpolate(i, j, d[0], d[1])
				px, py = append(px, u), append(py, v)
			}
		}
	}
	if err := exact(cx, cy); err != nil {
		return err
	}
	for i := range cx {
		dx, dy := math.Abs(cx[i]-px[i]), math.Abs(cy[i]-py[i])
		if !finite(dx) || !finite(dy) {
			dx, dy = math.Inf(1), math.Inf(1)
		}
		m.errX, m.errY = math.Max(m.errX, dx), math.Max(m.errY, dy)
	}
	return nil
}

// at is the target position of a mesh point.
func (m *mesh) at(i, j float64) (x, y float64) {
	return float64(m.r.x) + i/float64(m.nx)*float64(m.r.w), float64(m.r.y) + j/float64(m.ny)*float64(m.r.h)
}

func (m *mesh) interpolate(i, j int, fx, fy float64) (x, y float64) {
	k := j*(m.nx+1) + i
	l := k + m.nx + 1
	top, bottom := m.x[k]+fx*(m.x[k+1]-m.x[k]), m.x[l]+fx*(m.x[l+1]-m.x[l])
	x = top + fy*(bottom-top)
	top, bottom = m.y[k]+fx*(m.y[k+1]-m.y[k]), m.y[l]+fx*(m.y[l+1]-m.y[l])
	return x, top + fy*(bottom-top)
}

// steps are the lengths of mesh cells along x and along y, for each target
// cell they span, through inv.
func (m *mesh) steps(inv grid.Transform, r rect) []float64 {
	var out []float64
	for j := range m.ny {
		for i := range m.nx {
			x0, y0 := m.at(float64(i), float64(j))
			x1, y1 := m.at(float64(i+1), float64(j+1))
			if x1 < float64(r.x) || y1 < float64(r.y) || x0 > float64(r.x+r.w) || y0 > float64(r.y+r.h) {
				continue
			}
			k := j*(m.nx+1) + i
			l := k + m.nx + 1
			a := length(inv, m.x[k+1]-m.x[k], m.y[k+1]-m.y[k]) / (x1 - x0)
			b := length(inv, m.x[l]-m.x[k], m.y[l]-m.y[k]) / (y1 - y0)
			if s := math.Min(a, b); finite(s) {
				out = append(out, s)
			}
		}
	}
	return out
}

// length is that of a CRS vector in cells.
func length(inv grid.Transform, dx, dy float64) float64 {
	return math.Hypot(dx*inv[1]+dy*inv[2], dx*inv[4]+dy*inv[5])
}

// scale is the number of source cells that a target cell covers on its finer
// side, as the median over a rectangle; 0 when it cannot be told.
func (m *mesh) scale(inv grid.Transform, r rect) float64 {
	s := m.steps(inv, r)
	if len(s) == 0 {
		return 0
	}
	slices.Sort(s)
	return s[len(s)/2]
}

// within reports whether interpolated positions are right to the tolerance in
// cells of a grid.
func (m *mesh) within(inv grid.Transform, tolerance float64) bool {
	return math.Abs(inv[1])*m.errX+math.Abs(inv[2])*m.errY <= tolerance && math.Abs(inv[4])*m.errX+math.Abs(inv[5])*m.errY <= tolerance
}

// locator gives positions in the cells of a block, row by row.
type locator struct {
	r      rect // of the mesh
	nx, ny int
	u, v   []float64 // at mesh points
	// of the row that is being interpolated
	ru, rv []float64
}

// newLocator puts the mesh through an affine map.
func (m *mesh) newLocator(t grid.Transform) *locator {
	n := len(m.x)
	buf := make([]float64, 2*n+2*(m.nx+1))
	l := &locator{r: m.r, nx: m.nx, ny: m.ny, u: buf[:n], v: buf[n : 2*n], ru: buf[2*n : 2*n+m.nx+1], rv: buf[2*n+m.nx+1:]}
	for i := range n {
		l.u[i], l.v[i] = t.Apply(m.x[i], m.y[i])
	}
	return l
}

// row fills us and vs with the positions of points in a row of the target at
// height y (in cells; a cell's centre is at +0.5), the first at x, one cell
// apart.
func (l *locator) row(x, y float64, us, vs []float64) {
	fy := (y - float64(l.r.y)) / float64(l.r.h) * float64(l.ny)
	j := min(max(int(fy), 0), l.ny-1)
	fy -= float64(j)
	k := j * (l.nx + 1)
	top, bottom := l.u[k:k+l.nx+1], l.u[k+l.nx+1:k+2*l.nx+2]
	for i, a := range top {
		l.ru[i] = a + fy*(bottom[i]-a)
	}
	top, bottom = l.v[k:k+l.nx+1], l.v[k+l.nx+1:k+2*l.nx+2]
	for i, a := range top {
		l.rv[i] = a + fy*(bottom[i]-a)
	}
	span := float64(l.r.w) / float64(l.nx) // target cells a mesh cell
	for n := 0; n < len(us); {
		f := (x + float64(n) - float64(l.r.x)) / span
		i := min(max(int(f), 0), l.nx-1)
		f -= float64(i)
		// The points up to the end of the mesh cell.
		count := len(us) - n
		if i < l.nx-1 {
			count = min(count, max(int(math.Ceil((1-f)*span)), 1))
		}
		du, dv := (l.ru[i+1]-l.ru[i])/span, (l.rv[i+1]-l.rv[i])/span
		u0, v0 := l.ru[i]+f*(l.ru[i+1]-l.ru[i]), l.rv[i]+f*(l.rv[i+1]-l.rv[i])
		pu, pv := us[n:n+count], vs[n:n+count]
		for p := range pu {
			pu[p] = u0 + float64(p)*du
			pv[p] = v0 + float64(p)*dv
		}
		n += count
	}
}

// reach is the box of the positions of a rectangle. Positions between mesh
// points are no further out than on the mesh lines and the rectangle's edges.
func (l *locator) reach(r rect) geo.BBox {
	xs := lines(r.x, r.w, l.r.x, l.r.w, l.nx)
	b := geo.EmptyBBox()
	var u, v [1]float64
	for _, y := range lines(r.y, r.h, l.r.y, l.r.h, l.ny) {
		for _, x := range xs {
			l.row(x, y, u[:], v[:])
			if finite(u[0]) && finite(v[0]) {
				b = b.ExtendPoint(u[0], v[0])
			}
		}
	}
	return b
}

// lines are the ends of [at, at+size] and the mesh lines between.
func lines(at, size, from, whole, n int) []float64 {
	out := []float64{float64(at), float64(at + size)}
	for i := range n + 1 {
		p := float64(from) + float64(i)/float64(n)*float64(whole)
		if p > float64(at) && p < float64(at+size) {
			out = append(out, p)
		}
	}
	return out
}
