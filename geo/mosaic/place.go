package mosaic

import (
	"math"
	"sync"

	"contado/geo"
	"contado/geo/grid"
	"contado/geo/store/catalog"
)

// mercatorWorld is how far Web Mercator goes before it repeats: 2π a.
const mercatorWorld = 2 * math.Pi * 6378137

// slack is how far, in degrees, a box in another datum may lie from where
// its numbers say.
const slack = 0.02

// patch is a part of the target that an item may cover.
type patch struct {
	r rect
	// shift is taken from target x before it is projected, turn from the
	// position after: how often round the earth target and source are apart.
	shift, turn float64
}

// target is a part of the grid that is computed in one go.
type target struct {
	g      grid.Grid
	period float64 // of x, 0 when it does not repeat
	// meshes made so far, by what they are of
	mu     sync.Mutex
	meshes []*projected
}

// projected is a mesh in a reference system.
type projected struct {
	*mesh
	c     geo.CRS
	shift float64
}

func (r *Reader) newTarget(g grid.Grid) (*target, error) {
	period, err := r.period(g.CRS)
	return &target{g: g, period: period}, err
}

// patches are the parts of the target that an item may cover. Nothing is
// computed beyond them, where projections go astray.
func (r *Reader) patches(t *target, it *catalog.Item) ([]patch, error) {
	if t.period > 0 {
		is, err := r.systems.isGeographic(it.Grid.CRS)
		return t.periodic(it, is), err
	}
	var err error
	box := it.Grid.Bounds()
	if it.Grid.CRS != t.g.CRS {
		if box, err = r.systems.box(it.Grid, t.g.CRS); err != nil {
			return nil, err
		}
	}
	whole := rect{0, 0, t.g.Width, t.g.Height}
	area := whole
	if !box.IsEmpty() && finite(box.MinX+box.MinY+box.MaxX+box.MaxY) {
		area = whole.meet(t.cells(box))
	}
	if area.empty() {
		return nil, nil
	}
	period, err := r.period(it.Grid.CRS)
	if err != nil {
		return nil, err
	}
	anchor := 0.0
	if period > 0 {
		if anchor, err = r.anchor(t, it.Grid.CRS); err != nil {
			return nil, err
		}
	}
	var out []patch
	for _, turn := range turns(it, period, anchor) {
		out = append(out, patch{r: area, turn: turn})
	}
	return out, nil
}

// anchor is the x (longitude) in the middle of the target: positions are counted
// from there, so that they do not jump at the antimeridian.
func (r *Reader) anchor(t *target, c geo.CRS) (float64, error) {
	tr, err := r.systems.transformer(t.g.CRS, c)
	if err != nil {
		return 0, err
	}
	b := t.g.Bounds()
	lon, _, ok := tr.Point((b.MinX+b.MaxX)/2, (b.MinY+b.MaxY)/2)
	if !ok {
		return 0, nil
	}
	return lon, nil
}

// turns are the multiples of the period by which a grid is moved to meet x
// within half of it from a middle.
func turns(it *catalog.Item, period, middle float64) []float64 {
	if period == 0 {
		return []float64{0}
	}
	b := it.Grid.Bounds()
	var out []float64
	for _, k := range []float64{0, -1, 1, -2, 2} {
		if k *= period; b.MinX+k < middle+period/2 && b.MaxX+k > middle-period/2 {
			out = append(out, k)
		}
	}
	return out
}

// periodic are the patches on a target whose x are longitudes but for a
// factor: for each copy of the world on it, and each turn of the item.
func (t *target) periodic(it *catalog.Item, geographic bool) []patch {
	b := t.g.Bounds()
	degrees := 360 / t.period
	period := 0.0 // that the item's own x are turned by
	if geographic {
		period = 360
	}
	west, east := b.MinX*degrees, b.MaxX*degrees
	var out []patch
	for m := math.Floor((west + 180) / 360); m*360-180 <= east; m++ {
		for _, turn := range turns(it, period, 0) {
			for _, box := range lonBoxes(it, geographic, turn) {
				lo, hi := box.MinX+m*360, box.MaxX+m*360
				if lo > east || hi < west {
					continue
				}
				y0, y1 := box.MinY, box.MaxY
				if t.period != 360 {
					y0, y1 = mercatorY(y0), mercatorY(y1)
				}
				c := t.cells(geo.BBox{MinX: lo / degrees, MaxX: hi / degrees, MinY: y0, MaxY: y1})
				if c = c.meet(rect{0, 0, t.g.Width, t.g.Height}); !c.empty() {
					out = append(out, patch{r: c, shift: m * t.period, turn: turn})
				}
			}
		}
	}
	return out
}

// lonBoxes are where the item lies in WGS 84 between −180° and 180°, cut at
// the antimeridian.
func lonBoxes(it *catalog.Item, geographic bool, turn float64) []geo.BBox {
	b := it.BBox
	if geographic {
		b = it.Grid.Bounds()
		b.MinX, b.MaxX = b.MinX+turn, b.MaxX+turn
		if it.Grid.CRS != geo.WGS84 {
			b = b.Buffer(slack)
		}
		b.MinX, b.MaxX = math.Max(b.MinX, -180), math.Min(b.MaxX, 180)
	}
	if b.MinX > b.MaxX {
		east, west := b, b
		east.MaxX, west.MinX = 180, -180
		return []geo.BBox{east, west}
	}
	return []geo.BBox{b}
}

func mercatorY(lat float64) float64 {
	lat = math.Max(-89.9, math.Min(89.9, lat))
	return 6378137 * math.Asinh(math.Tan(lat*math.Pi/180))
}

// cells is the rectangle of target cells that a box in the target's system
// meets, two wider; it may run a little over the target.
func (t *target) cells(b geo.BBox) rect {
	g := t.g
	at := func(v float64, n int) int { return int(math.Max(-2, math.Min(float64(n)+2, v))) }
	x, y, w, h := g.Transform[0], g.Transform[3], g.Transform[1], -g.Transform[5]
	left, right := at(math.Floor((b.MinX-x)/w)-2, g.Width), at(math.Ceil((b.MaxX-x)/w)+2, g.Width)
	top, bottom := at(math.Floor((y-b.MaxY)/h)-2, g.Height), at(math.Ceil((y-b.MinY)/h)+2, g.Height)
	return rect{left, top, right - left, bottom - top}
}

// exact brings target cells to a reference system. Where that has longitudes
// they go on where the target does, instead of jumping at ±180°.
func (r *Reader) exact(t *target, c geo.CRS, shift float64) (projection, error) {
	if c == t.g.CRS {
		return func(x, y []float64) error { t.place(x, y, shift); return nil }, nil
	}
	tr, err := r.systems.transformer(t.g.CRS, c)
	if err != nil {
		return nil, err
	}
	period, err := r.period(c)
	if err != nil {
		return nil, err
	}
	if period == 0 {
		return func(x, y []float64) error { t.place(x, y, shift); return tr.Points(x, y) }, nil
	}
	anchor := 0.0
	if t.period == 0 {
		if anchor, err = r.anchor(t, c); err != nil {
			return nil, err
		}
	}
	return func(x, y []float64) error {
		t.place(x, y, shift)
		near := make([]float64, len(x))
		for i := range x {
			if near[i] = anchor; t.period > 0 {
				near[i] = x[i] / t.period * period
			}
		}
		if err := tr.Points(x, y); err != nil {
			return err
		}
		for i := range x {
			x[i] -= period * math.Round((x[i]-near[i])/period)
		}
		return nil
	}, nil
}

// place turns target cells into positions in the target's system, in place.
func (t *target) place(x, y []float64, shift float64) {
	for i := range x {
		x[i], y[i] = t.g.Transform.Apply(x[i], y[i])
		x[i] -= shift
	}
}

// period is by how much x repeats; 0 when it does not.
func (r *Reader) period(c geo.CRS) (float64, error) {
	is, err := r.systems.isGeographic(c)
	switch {
	case err != nil:
		return 0, err
	case is:
		return 360, nil
	case c == geo.WebMercator:
		return mercatorWorld, nil
	}
	return 0, nil
}

// meshFor gives a mesh of a patch that is right for a grid, and the scale
// there. Items of one reference system share it.
func (r *Reader) meshFor(t *target, g grid.Grid, inv grid.Transform, p patch) (*mesh, float64, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, m := range t.meshes {
		if m.c == g.CRS && m.shift == p.shift && m.r.holds(p.r) {
			if s := m.scale(inv, p.r); m.within(inv, tolerance(s)) {
				return m.mesh, s, nil
			}
		}
	}
	exact, err := r.exact(t, g.CRS, p.shift)
	if err != nil {
		return nil, 0, err
	}
	area := p.r
	if whole := (rect{0, 0, t.g.Width, t.g.Height}); area.w*area.h*4 >= whole.w*whole.h {
		// Most likely others lie here too. Where the whole is too much for
		// the projection the patch alone is tried.
		m, s, ok, err := fit(whole, p.r, g, t.g, inv, 8, exact)
		if err != nil {
			return nil, 0, err
		}
		if ok {
			t.meshes = append(t.meshes, &projected{m, g.CRS, p.shift})
			return m, s, nil
		}
	}
	m, s, ok, err := fit(area, area, g, t.g, inv, mostMesh, exact)
	if err == nil && !ok {
		if m, err = newMesh(area, area.w, area.h, exact); err == nil {
			s = m.scale(inv, area)
		}
	}
	if err != nil {
		return nil, 0, err
	}
	t.meshes = append(t.meshes, &projected{m, g.CRS, p.shift})
	return m, s, nil
}

// fit refines a mesh over a rectangle until it is right for a part of it; ok
// is false when it would need more than most cells a side.
func fit(over, part rect, g, onto grid.Grid, inv grid.Transform, most int, exact projection) (m *mesh, s float64, ok bool, err error) {
	n := 4
	if g.CRS == onto.CRS {
		n = 1 // an affine map
	}
	for ; n <= most; n *= 2 {
		if m, err = newMesh(over, min(n, over.w), min(n, over.h), exact); err != nil {
			return nil, 0, false, err
		}
		s = m.scale(inv, part)
		if m.within(inv, tolerance(s)) {
			return m, s, true, nil
		}
		if n >= over.w && n >= over.h {
			return m, s, true, nil
		}
	}
	return nil, 0, false, nil
}

// tolerance is maxError in cells of the source, of which the level read
// holds one for about each target cell.
func tolerance(scale float64) float64 { return maxError * math.Max(1, scale/2) }
