package join

import (
	"math"

	"github.com/paulmach/orb"

	"contado/geo/crs"
	"contado/geo/fault"
)

// Projector maps positions in place to longitude and latitude.
type Projector interface {
	Points(x, y []float64) error
}

// Part is what of a geometry lies in an area.
type Part struct {
	// Touches says that they share a point, be it on the boundary.
	Touches bool
	// On says that a point lies on the boundary; always false for lines and polygons.
	On bool
	// Metres is the length of lines inside; along the boundary counts.
	Metres float64
	// SquareMetres is the area of polygons inside.
	SquareMetres float64
	// Points are those of a point or multipoint that lie inside or on the boundary.
	Points int
}

// Measurer measures what of geometries lies in one area. It is for one
// goroutine.
type Measurer struct {
	area    *Outline
	lonLat  Projector
	split   splitter
	x, y    []float64
	scratch []orb.Point
}

// NewMeasurer measures against an area in the same CRS as the geometries;
// lonLat maps that CRS to longitude and latitude.
func NewMeasurer(area *Outline, lonLat Projector) *Measurer {
	return &Measurer{area: area, lonLat: lonLat, split: splitter{o: area}}
}

// Of measures one geometry, which must be valid.
//
// Errors: fault.Invalid when a part has no place on the ellipsoid.
func (m *Measurer) Of(g orb.Geometry) (Part, error) {
	var p Part
	err := m.add(&p, g)
	return p, err
}

func (m *Measurer) add(p *Part, g orb.Geometry) error {
	switch g := g.(type) {
	case nil:
		return nil
	case orb.Point:
		if where := m.area.Locate(g); where != Outside {
			p.Touches, p.Points = true, p.Points+1
			p.On = p.On || where == On
		}
		return nil
	case orb.MultiPoint:
		for _, q := range g {
			if err := m.add(p, q); err != nil {
				return err
			}
		}
		return nil
	case orb.LineString:
		return m.line(p, g)
	case orb.MultiLineString:
		for _, l := range g {
			if err := m.line(p, l); err != nil {
				return err
			}
		}
		return nil
	case orb.Polygon:
		return m.polygon(p, g)
	case orb.MultiPolygon:
		for _, q := range g {
			if err := m.polygon(p, q); err != nil {
				return err
			}
		}
		return nil
	case orb.Collection:
		for _, q := range g {
			if err := m.add(p, q); err != nil {
				return err
			}
		}
		return nil
	}
	return fault.Errorf("join.Of", fault.Unsupported, "a %T cannot be measured", g)
}

// line adds the length of what lies inside. Cuts are collected in pairs, and
// projected at once.
func (m *Measurer) line(p *Part, l orb.LineString) error {
	m.scratch = m.scratch[:0]
	for i := 1; i < len(l); i++ {
		a, b := l[i-1], l[i]
		if a == b {
			p.Touches = p.Touches || m.area.Locate(a) != Outside
			continue
		}
		for _, c := range m.split.split(a, b) {
			if c.side != out {
				m.scratch = append(m.scratch, between(a, b, c.from), between(a, b, c.to))
			} else if !p.Touches {
				p.Touches = m.area.Locate(between(a, b, c.from)) != Outside || m.area.Locate(between(a, b, c.to)) != Outside
			}
		}
	}
	if len(m.scratch) == 0 {
		return nil
	}
	p.Touches = true
	if err := m.project(m.scratch); err != nil {
		return err
	}
	for i := 0; i < len(m.x); i += 2 {
		p.Metres += float64(crs.Distance(m.x[i], m.y[i], m.x[i+1], m.y[i+1]))
	}
	return nil
}

// project puts points into x and y, as longitude and latitude.
func (m *Measurer) project(points []orb.Point) error {
	m.x, m.y = m.x[:0], m.y[:0]
	for _, q := range points {
		m.x, m.y = append(m.x, q[0]), append(m.y, q[1])
	}
	if err := m.lonLat.Points(m.x, m.y); err != nil {
		return err
	}
	for i := range m.x {
		if math.IsNaN(m.x[i]) || math.IsNaN(m.y[i]) {
			return fault.Errorf("join.Of", fault.Invalid, "position %v has no longitude and latitude", points[i])
		}
	}
	return nil
}
