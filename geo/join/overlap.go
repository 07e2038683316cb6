package join

import (
	"math"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/wkb"
	"github.com/peterstace/simplefeatures/geom"

	"contado/geo"
	"contado/geo/crs"
	"contado/geo/fault"
)

// polygon adds the area that a polygon shares with the outline.
//
// The boundary of the shared part is made of what of either boundary lies in
// the other area, and an area is a sum over its boundary: no overlay has to be
// built. Where rounding leaves that boundary open, it is.
func (m *Measurer) polygon(p *Part, g orb.Polygon) error {
	f := NewOutline(orb.MultiPolygon{g})
	if len(f.edges) == 0 {
		return nil
	}
	if !m.area.near(f.box) {
		// No edge of the area is near: all of the polygon lies on one side.
		if m.area.Locate(f.edges[0].a) == Outside {
			return nil
		}
		a, err := m.whole(f)
		p.Touches, p.SquareMetres = true, p.SquareMetres+a
		return err
	}
	touches := m.boundary(f)
	if len(m.scratch) == 0 {
		p.Touches = p.Touches || touches
		return nil
	}
	p.Touches = true
	closed := m.closes(f.box)
	if closed {
		if err := m.project(m.scratch); err != nil {
			return err
		}
		a := sumArea(m.x, m.y)
		whole, err := m.whole(f)
		if err != nil {
			return err
		}
		if a >= -1e-9*whole && a <= whole*(1+1e-9) {
			p.SquareMetres += math.Min(math.Max(a, 0), whole)
			return nil
		}
	}
	a, err := m.overlay(g)
	p.SquareMetres += a
	return err
}

// near reports whether the box of an edge meets a box.
func (o *Outline) near(b geo.BBox) bool {
	if !o.box.Intersects(b) {
		return false
	}
	first, last := o.span(b.MinY, b.MaxY)
	for s := first; s <= last; s++ {
		for _, i := range o.strips[s] {
			if o.edges[i].meets(b) {
				return true
			}
		}
	}
	return false
}

func (e edge) meets(b geo.BBox) bool {
	return math.Max(e.a[0], e.b[0]) >= b.MinX && math.Min(e.a[0], e.b[0]) <= b.MaxX &&
		math.Max(e.a[1], e.b[1]) >= b.MinY && math.Min(e.a[1], e.b[1]) <= b.MaxY
}

// boundary collects the boundary of the shared part in scratch, as pairs of
// points with the shared part on the left, and tells whether the two
// boundaries touch at all.
func (m *Measurer) boundary(f *Outline) (touches bool) {
	m.scratch = m.scratch[:0]
	for _, e := range f.edges {
		for _, c := range m.split.split(e.a, e.b) {
			switch c.side {
			case in, along:
				m.scratch = append(m.scratch, between(e.a, e.b, c.from), between(e.a, e.b, c.to))
			case against:
				touches = true
			default:
				touches = touches || m.area.Locate(between(e.a, e.b, c.from)) == On || m.area.Locate(between(e.a, e.b, c.to)) == On
			}
		}
	}
	other := splitter{o: f}
	first, last := m.area.span(f.box.MinY, f.box.MaxY)
	for s := first; s <= last; s++ {
		for _, i := range m.area.strips[s] {
			e := m.area.edges[i]
			if f0, _ := m.area.span(e.a[1], e.b[1]); max(f0, first) != s || !e.meets(f.box) {
				continue
			}
			for _, c := range other.split(e.a, e.b) {
				if c.side == in {
					m.scratch = append(m.scratch, between(e.a, e.b, c.from), between(e.a, e.b, c.to))
				}
			}
		}
	}
	return touches || len(m.scratch) > 0
}

// closes reports whether the collected boundary is one without gaps: its
// steps add up to nothing.
func (m *Measurer) closes(b geo.BBox) bool {
	var dx, dy float64
	for i := 0; i < len(m.scratch); i += 2 {
		dx += m.scratch[i+1][0] - m.scratch[i][0]
		dy += m.scratch[i+1][1] - m.scratch[i][1]
	}
	const open = 1e-7 // of the polygon's size
	return math.Abs(dx)+math.Abs(dy) <= open*(b.Width()+b.Height())
}

// sumArea is the area in square metres left of edges given as pairs of
// positions in longitude and latitude. Areas are counted from the parallel of
// the first position, so that gaps of rounding weigh nothing.
func sumArea(lon, lat []float64) float64 {
	q := authalic(lat[0])
	var sum float64
	for i := 0; i < len(lon); i += 2 {
		_, under := crs.Edge(lon[i], lat[i], lon[i+1], lat[i+1])
		sum -= under - q*math.Remainder(lon[i+1]-lon[i], 360)*math.Pi/180
	}
	return sum
}

// authalic is the area in square metres between the equator and a parallel,
// per radian of longitude (Snyder 1987, Map Projections, eq. 3-12).
func authalic(lat float64) float64 {
	const (
		f  = 1 / 298.257223563
		e2 = f * (2 - f)
		b  = 6378137 * (1 - f)
	)
	e, s := math.Sqrt(e2), math.Sin(lat*math.Pi/180)
	return b * b / 2 * (s/(1-e2*s*s) + math.Atanh(e*s)/e)
}

// whole is the area of an outline.
func (m *Measurer) whole(f *Outline) (float64, error) {
	pairs := make([]orb.Point, 0, 2*len(f.edges))
	for _, e := range f.edges {
		pairs = append(pairs, e.a, e.b)
	}
	if err := m.project(pairs); err != nil {
		return 0, err
	}
	return sumArea(m.x, m.y), nil
}

// overlay is the shared area by building it.
func (m *Measurer) overlay(g orb.Polygon) (float64, error) {
	box := geo.BBoxOf(g.Bound())
	var mine orb.MultiPolygon
	for _, p := range m.area.source {
		if geo.BBoxOf(p.Bound()).Intersects(box) {
			mine = append(mine, p)
		}
	}
	shared, err := intersection(g, mine)
	if err != nil {
		return 0, fault.Errorf("join.Of", fault.Invalid, "two polygons cannot be laid over each other: %w", err)
	}
	var sum float64
	for _, d := range shared.Dump() {
		if !d.IsPolygon() {
			continue
		}
		w, err := m.outlineOf(d)
		if err != nil {
			return 0, err
		}
		sum += w
	}
	return sum, nil
}

// outlineOf is the area of a polygon of the overlay.
func (m *Measurer) outlineOf(g geom.Geometry) (float64, error) {
	o, err := wkb.Unmarshal(g.AsBinary())
	if err != nil {
		return 0, fault.E("join.Of", fault.Other, err)
	}
	p, ok := o.(orb.Polygon)
	if !ok {
		return 0, nil
	}
	return m.whole(NewOutline(orb.MultiPolygon{p}))
}

func intersection(a, b orb.Geometry) (geom.Geometry, error) {
	var g [2]geom.Geometry
	for i, o := range []orb.Geometry{a, b} {
		data, err := wkb.Marshal(o)
		if err != nil {
			return geom.Geometry{}, err
		}
		if g[i], err = geom.UnmarshalWKB(data); err != nil {
			return geom.Geometry{}, err
		}
	}
	return geom.Intersection(g[0], g[1])
}
