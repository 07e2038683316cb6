package fgb

import (
	"github.com/paulmach/orb"
)

// Geometry is the geometry of the row as an own copy; nil when it has none.
// Surfaces of triangles become polygons, and arcs lines.
//
// Errors: as Shape, but collections and arcs (not within collections) are read.
func (r Row) Geometry() (orb.Geometry, error) {
	g, has, err := r.geometry()
	if err != nil || !has {
		return nil, err
	}
	left := budget(len(r.buf))
	if g.kind.curved() {
		s, err := g.straighten(&left, 0)
		return s.g, err
	}
	return g.orb(&left, 0)
}

func (g *geometryTable) orb(left *budget, depth int) (orb.Geometry, error) {
	if g.kind == Collection {
		return g.collection(left, depth)
	}
	s := Shape{left: *left}
	var err error
	switch g.kind {
	case MultiPolygon, kindTIN, kindPolyhedral:
		err = s.polygons(g)
	case Point, LineString, Polygon, MultiPoint, MultiLineString, kindTriangle:
		err = s.simple(g)
	default:
		err = unsupported(g)
	}
	if *left = s.left; err != nil {
		return nil, err
	}
	return s.Geometry(), nil
}

func (g *geometryTable) collection(left *budget, depth int) (orb.Geometry, error) {
	if depth == maxDepth {
		return nil, g.damaged("its collections are nested too deep")
	}
	var out orb.Collection
	err := g.each(left, func(part geometryTable) error {
		sub, err := part.orb(left, depth+1)
		if err == nil && sub != nil {
			out = append(out, sub)
		}
		return err
	})
	if err != nil || len(out) == 0 {
		return nil, err
	}
	return out, nil
}

// Geometry makes an own copy of the shape; nil for none.
func (s *Shape) Geometry() orb.Geometry {
	switch s.Kind {
	case Point:
		return orb.Point{s.XY[0], s.XY[1]}
	case MultiPoint:
		return orb.MultiPoint(points(s.XY))
	case LineString:
		return orb.LineString(points(s.XY))
	case MultiLineString:
		out := make(orb.MultiLineString, 0, len(s.Ends))
		for _, line := range s.lines(0, len(s.Ends)) {
			out = append(out, orb.LineString(line))
		}
		return out
	case Polygon:
		return s.polygon(0, len(s.Ends))
	case MultiPolygon:
		out := make(orb.MultiPolygon, 0, len(s.Parts))
		first := 0
		for _, end := range s.Parts {
			out = append(out, s.polygon(first, int(end)))
			first = int(end)
		}
		return out
	}
	return nil
}

func (s *Shape) polygon(first, end int) orb.Polygon {
	out := make(orb.Polygon, 0, end-first)
	for _, ring := range s.lines(first, end) {
		out = append(out, orb.Ring(ring))
	}
	return out
}

// lines copies lines or rings; those without positions are left out.
func (s *Shape) lines(first, end int) [][]orb.Point {
	out := make([][]orb.Point, 0, end-first)
	for i := first; i < end; i++ {
		if ring := s.Ring(i); len(ring) > 0 {
			out = append(out, points(ring))
		}
	}
	return out
}

func points(xy []float64) []orb.Point {
	out := make([]orb.Point, len(xy)/2)
	for i := range out {
		out[i] = orb.Point{xy[2*i], xy[2*i+1]}
	}
	return out
}

// ZM are the heights and the measures of the row's positions, in the order in
// which Geometry holds them, as own copies; nil when there are none.
func (r Row) ZM() (z, m []float64, err error) {
	g, has, err := r.geometry()
	if err != nil || !has {
		return nil, nil, err
	}
	n := 0
	left := budget(2 * len(r.buf)) // for both
	if g.kind.curved() {
		s, err := g.straighten(&left, 0)
		return s.z, s.m, err
	}
	if z, n, err = g.extra(geometryZ, &left, 0); err == nil && len(z) != 0 && len(z) != n {
		err = g.damaged("it has not one height for each position")
	}
	if err != nil {
		return nil, nil, err
	}
	if m, n, err = g.extra(geometryM, &left, 0); err == nil && len(m) != 0 && len(m) != n {
		err = g.damaged("it has not one measure for each position")
	}
	return z, m, err
}

// extra collects a list of numbers over all parts, with the number of their
// positions.
func (g *geometryTable) extra(field int, left *budget, depth int) (out []float64, positions int, err error) {
	if depth > maxDepth {
		return nil, 0, g.damaged("its collections are nested too deep")
	}
	_, numbers, ok1 := g.vector(geometryXY, 8)
	positions = numbers / 2
	start, n, ok2 := g.vector(field, 8)
	if !ok1 || !ok2 {
		return nil, 0, g.damaged("its heights or measures lie outside it")
	}
	out = appendFloats(nil, g.buf[start:start+8*n])
	err = g.each(left, func(part geometryTable) error {
		sub, k, err := part.extra(field, left, depth+1)
		out = append(out, sub...)
		positions += k
		return err
	})
	return out, positions, err
}
