package vector

import (
	"math"
	"sync/atomic"

	"contado/geo"
	"contado/geo/fault"
	"contado/tiles/tms"
)

// warp is a projection to Web Mercator made cheap: a mesh of cells over the
// layer, each with a polynomial of degree 3 in x and y. A polynomial is cut
// from the Chebyshev interpolant of degree 5 (Trefethen, "Approximation Theory
// and Approximation Practice", chapters 3 and 4), so what it leaves out is at
// most the sum of the coefficients that were cut; cells where that is more
// than warpError take the projection itself. The mesh is the layer's, not the
// tile's: a vertex has the same image in every tile and at every zoom.
type warp struct {
	exact    Projector // nil: the coordinates are Web Mercator
	box      geo.BBox  // of the mesh, in the layer's CRS
	side     float64   // of a cell
	perSide  float64   // 1 / side
	nx, ny   int
	cells    []atomic.Pointer[patch]
	maxCurve float64 // greatest second derivative, metres a square unit of the CRS
	jumps    bool    // the layer reaches the antimeridian
}

const (
	warpError  = 1e-3 // metres
	warpNodes  = 6    // of the interpolant, each way
	mostCells  = 1 << 18
	warpDegree = 3
)

// patch is the polynomial of a cell, in u and v from −1 to 1:
// c[0] + c[1]u + c[2]v + c[3]u² + c[4]uv + c[5]v² + c[6]u³ + c[7]u²v + c[8]uv² + c[9]v³.
type patch struct {
	good   bool
	x, y   [10]float64
	cx, cy float64
	inv    float64 // 1 / half the side
	bound  float64 // metres
	curve  float64 // greatest second derivative in u or v, metres
}

// newWarp lays the mesh over the layer's box.
func newWarp(p Projector, box geo.BBox) (*warp, error) {
	w := &warp{exact: p, box: box}
	if p == nil {
		w.jumps = false
		return w, nil
	}
	if box.IsEmpty() {
		w.box = geo.BBox{}
	}
	extent := max(w.box.Width(), w.box.Height())
	if extent-extent != 0 {
		return nil, fault.Errorf("vector.newWarp", fault.Invalid, "the layer's box %v is not finite", box)
	}
	// The first size to try is the whole layer; halve until cells at its
	// corners and middle are good, or there would be too many.
	w.side = max(extent, 1e-6)
	for range 24 {
		bad, curve, err := w.probe()
		if err != nil {
			return nil, err
		}
		w.maxCurve = curve
		half := w.side / 2
		if !bad || math.Ceil(w.box.Width()/half+1)*math.Ceil(w.box.Height()/half+1) > mostCells {
			break
		}
		w.side = half
	}
	w.nx, w.ny = int(w.box.Width()/w.side)+1, int(w.box.Height()/w.side)+1
	w.perSide = 1 / w.side
	w.cells = make([]atomic.Pointer[patch], w.nx*w.ny)
	w.jumps = w.reachesSeam()
	return w, nil
}

// probe fits cells over the layer and reports whether one is not good.
func (w *warp) probe() (bad bool, curve float64, err error) {
	const steps = 4
	for i := range steps + 1 {
		for j := range steps + 1 {
			x := w.box.MinX + w.box.Width()*float64(i)/steps
			y := w.box.MinY + w.box.Height()*float64(j)/steps
			p, err := w.fit(x, y)
			if err != nil {
				return false, 0, err
			}
			bad = bad || !p.good
			if p.good {
				curve = max(curve, p.curve*p.inv*p.inv)
			}
		}
	}
	return bad, curve * 1.5, nil
}

func (w *warp) reachesSeam() bool {
	xs := []float64{w.box.MinX, w.box.MaxX, w.box.MinX, w.box.MaxX, (w.box.MinX + w.box.MaxX) / 2}
	ys := []float64{w.box.MinY, w.box.MinY, w.box.MaxY, w.box.MaxY, (w.box.MinY + w.box.MaxY) / 2}
	if err := w.exact.Points(xs, ys); err != nil {
		return true
	}
	lo, hi := math.Inf(1), math.Inf(-1)
	for _, x := range xs {
		if x-x != 0 {
			return true
		}
		lo, hi = min(lo, x), max(hi, x)
	}
	return lo < -0.9*tms.HalfWorld || hi > 0.9*tms.HalfWorld || hi-lo > 0.5*tms.HalfWorld
}

// fit makes the polynomial of the cell centred at cx, cy.
func (w *warp) fit(cx, cy float64) (*patch, error) {
	const n = warpNodes
	var xs, ys [n * n]float64
	h := w.side / 2
	var node [n]float64
	for i := range n {
		node[i] = math.Cos(math.Pi * (float64(i) + 0.5) / n)
	}
	for i := range n {
		for j := range n {
			xs[i*n+j], ys[i*n+j] = cx+h*node[i], cy+h*node[j]
		}
	}
	if err := w.exact.Points(xs[:], ys[:]); err != nil {
		return nil, err
	}
	p := &patch{cx: cx, cy: cy, inv: 1 / h}
	bx, okX := cutSeries(&xs, &p.x)
	by, okY := cutSeries(&ys, &p.y)
	p.bound = 1.5 * math.Hypot(bx, by)
	p.good = okX && okY && p.bound <= warpError
	for _, c := range [2]*[10]float64{&p.x, &p.y} {
		p.curve = max(p.curve, 2*math.Abs(c[3])+math.Abs(c[4])+2*math.Abs(c[5])+
			6*math.Abs(c[6])+4*math.Abs(c[7])+4*math.Abs(c[8])+6*math.Abs(c[9]))
	}
	return p, nil
}

// cutSeries turns values at the Chebyshev nodes into the monomials of total
// degree up to 3, and returns the sum of what it cuts.
func cutSeries(f *[warpNodes * warpNodes]float64, out *[10]float64) (cut float64, ok bool) {
	const n = warpNodes
	var t [n][n]float64 // t[k][i] = T_k at node i
	for k := range n {
		for i := range n {
			t[k][i] = math.Cos(float64(k) * math.Pi * (float64(i) + 0.5) / n)
		}
	}
	var c [n][n]float64
	base := f[0] // differences to one value keep the small coefficients exact
	for a := range n {
		for b := range n {
			sum := 0.0
			for i := range n {
				for j := range n {
					sum += (f[i*n+j] - base) * t[a][i] * t[b][j]
				}
			}
			norm := 4.0
			if a == 0 {
				norm /= 2
			}
			if b == 0 {
				norm /= 2
			}
			c[a][b] = sum * norm / (n * n)
			if a+b > warpDegree {
				cut += math.Abs(c[a][b])
			}
		}
	}
	// T0 = 1, T1 = u, T2 = 2u² − 1, T3 = 4u³ − 3u.
	out[0] = base + c[0][0] - c[2][0] - c[0][2]
	out[1] = c[1][0] - 3*c[3][0] - c[1][2]
	out[2] = c[0][1] - 3*c[0][3] - c[2][1]
	out[3], out[4], out[5] = 2*c[2][0], c[1][1], 2*c[0][2]
	out[6], out[7], out[8], out[9] = 4*c[3][0], 2*c[2][1], 2*c[1][2], 4*c[0][3]
	return cut, cut-cut == 0
}

// cell is the index of the cell of a place, or −1 beyond the mesh.
func (w *warp) cell(x, y float64) int {
	fx, fy := (x-w.box.MinX)*w.perSide, (y-w.box.MinY)*w.perSide
	if !(fx >= 0 && fy >= 0 && fx < float64(w.nx) && fy < float64(w.ny)) {
		return -1
	}
	return int(fy)*w.nx + int(fx)
}

// patch returns the polynomial of a cell, made on first use; nil beyond the
// mesh and where only the projection itself will do.
func (w *warp) patch(cell int) *patch {
	if cell < 0 {
		return nil
	}
	p := w.cells[cell].Load()
	if p == nil {
		var err error
		i, j := cell%w.nx, cell/w.nx
		p, err = w.fit(w.box.MinX+(float64(i)+0.5)*w.side, w.box.MinY+(float64(j)+0.5)*w.side)
		if err != nil {
			p = &patch{}
		}
		w.cells[cell].Store(p)
	}
	if !p.good {
		return nil
	}
	return p
}

func (p *patch) project(x, y float64) (mx, my float64) {
	u, v := (x-p.cx)*p.inv, (y-p.cy)*p.inv
	a, b := &p.x, &p.y
	return a[0] + u*(a[1]+u*(a[3]+u*a[6])+v*(a[4]+u*a[7]+v*a[8])) + v*(a[2]+v*(a[5]+v*a[9])),
		b[0] + u*(b[1]+u*(b[3]+u*b[6])+v*(b[4]+u*b[7]+v*b[8])) + v*(b[2]+v*(b[5]+v*b[9]))
}

// points projects interleaved x, y to dst; what has no image becomes NaN.
// dst and src may be the same.
func (w *warp) points(dst, src []float64) error {
	if w.exact == nil {
		copy(dst, src)
		return nil
	}
	last := -2
	var p *patch
	for i := 0; i+1 < len(src); i += 2 {
		x, y := src[i], src[i+1]
		if c := w.cell(x, y); c != last || c < 0 {
			p, last = w.patch(c), c
		}
		if p == nil {
			px, py := [1]float64{x}, [1]float64{y}
			if err := w.exact.Points(px[:], py[:]); err != nil {
				return err
			}
			dst[i], dst[i+1] = px[0], py[0]
			continue
		}
		dst[i], dst[i+1] = p.project(x, y)
	}
	return nil
}
