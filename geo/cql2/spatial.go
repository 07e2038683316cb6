package cql2

import (
	"fmt"
	"sync"
	"unicode"

	"github.com/paulmach/orb"
	"github.com/peterstace/simplefeatures/geom"

	"contado/geo"
	"contado/geo/index"
	"contado/geo/wkb"
)

func mark(r rune) bool { return unicode.Is(unicode.Mn, r) }

// shaped is a geometry in the form that comparing it with one of many vertices
// needs, and a way to the full one for relations that this does not settle.
type shaped struct {
	flat []index.Flat
	box  geo.BBox
	full func() (geom.Geometry, error)
	// prepared is there for a literal, which is compared with many.
	prepared func() *index.Prepared
}

func newShape(flat []index.Flat, full func() (geom.Geometry, error)) *shaped {
	s := &shaped{flat: flat, box: geo.EmptyBBox(), full: full}
	for i := range flat {
		s.box = s.box.Union(flat[i].Box())
	}
	return s
}

func shapeOf(g geom.Geometry) (*shaped, error) {
	flat, _, _, err := wkb.Decode(g.AsBinary())
	if err != nil {
		return nil, fmt.Errorf("cql2: %w", err)
	}
	return newShape(index.Flatten(flat), func() (geom.Geometry, error) { return g, nil }), nil
}

func shapeOfOrb(g orb.Geometry) *shaped {
	return newShape(index.Flatten(g), func() (geom.Geometry, error) { return fromOrb(g) })
}

func fromFlat(flat []index.Flat) (geom.Geometry, error) { return fromOrb(index.Geometry(flat)) }

func newLiteral(g geom.Geometry) (*shaped, error) {
	s, err := shapeOf(g)
	if err == nil {
		s.prepared = sync.OnceValue(func() *index.Prepared { return index.Prepare(s.flat...) })
	}
	return s, err
}

// geometry is the box as polygons: two when it crosses the antimeridian.
func (b BBox) geometry() geom.Geometry {
	half := len(b) / 2
	w, s, e, n := b[0], b[1], b[half], b[half+1]
	if w <= e {
		return rectangle(w, s, e, n)
	}
	polys := []geom.Polygon{}
	for _, g := range []geom.Geometry{rectangle(w, s, 180, n), rectangle(-180, s, e, n)} {
		if p, ok := g.AsPolygon(); ok {
			polys = append(polys, p)
		}
	}
	return geom.NewMultiPolygon(polys).AsGeometry()
}

// rectangle is a polygon, or the line or point that is left of one.
func rectangle(w, s, e, n float64) geom.Geometry {
	switch {
	case w == e && s == n:
		return geom.NewPointXY(w, s).AsGeometry()
	case w == e || s == n:
		return geom.NewLineStringXY(w, s, e, n).AsGeometry()
	}
	return geom.NewPolygonXY([]float64{w, s, e, s, e, n, w, n, w, s}).AsGeometry()
}

func fromOrb(g orb.Geometry) (geom.Geometry, error) {
	b, err := wkb.Append(nil, g, nil, nil)
	if err != nil {
		return geom.Geometry{}, fmt.Errorf("cql2: a geometry of the data: %w", err)
	}
	return geom.UnmarshalWKB(b, geom.NoValidate{})
}

// relate is the relation of two geometries in the plane (OGC 06-103r4, DE-9IM).
// Geometries that are not valid can make it fail.
func relate(op string, a, b *shaped) (bool, error) {
	if !a.box.Intersects(b.box) || len(a.flat) == 0 || len(b.flat) == 0 {
		return op == "s_disjoint" || op == "s_equals" && len(a.flat) == 0 && len(b.flat) == 0, nil
	}
	ready, other, otherIsLeft := b, a, true
	if ready.prepared == nil && a.prepared != nil {
		ready, other, otherIsLeft = a, b, false
	}
	var p *index.Prepared
	switch {
	case ready.prepared != nil:
		p = ready.prepared()
	case op == "s_intersects" || op == "s_disjoint":
		p = index.Prepare(ready.flat...)
	default:
		return relateFully(op, a, b)
	}
	r := p.Relate(other.flat...)
	if yes, known := settled(op, r, otherIsLeft); known {
		return yes, nil
	}
	if yes, known := divided(op, p, other, otherIsLeft); known {
		return yes, nil
	}
	return relateFully(op, a, b)
}

// divided tells whether op is true of geometries that meet, where that follows
// from which parts of one lie inside a prepared one of polygons, and which
// outside.
func divided(op string, p *index.Prepared, other *shaped, otherIsLeft bool) (yes, known bool) {
	if len(other.flat) != 1 || !p.Areal() {
		return false, false
	}
	area := other.flat[0].Dim == 2
	if box := p.Box(); area && box == box.Intersect(other.box) && op != "s_touches" && op != "s_crosses" {
		return false, false // the prepared one may lie in the other
	}
	in, out := p.Split(other.flat[0])
	switch op {
	case "s_within", "s_contains":
		// A geometry whose box is no larger holds nothing of the prepared one's.
		return (op == "s_within") == otherIsLeft && in && !out, true
	case "s_touches":
		return !in, true
	case "s_crosses":
		return !area && in && out, true
	case "s_overlaps":
		return area && in && out, true
	case "s_equals":
		return false, true
	}
	return false, false
}

// settled tells whether op is true, where that follows from how one geometry
// lies to the prepared one.
func settled(op string, r index.Relation, otherIsLeft bool) (yes, known bool) {
	switch {
	case r == index.Apart:
		return op == "s_disjoint", true
	case op == "s_intersects":
		return true, true
	case op == "s_disjoint":
		return false, true
	case r == index.Meets:
		return false, false
	}
	// One lies in the inside of the other: none of the remaining relations is
	// true but the one that says so.
	innerIsLeft := otherIsLeft == (r == index.Within)
	return op == "s_within" && innerIsLeft || op == "s_contains" && !innerIsLeft, true
}

func relateFully(op string, a, b *shaped) (yes bool, err error) {
	defer func() {
		if r := recover(); r != nil { // a geometry that the library has no answer for
			err = fmt.Errorf("the geometries cannot be compared: %v", r)
		}
	}()
	p, err := a.full()
	if err != nil {
		return false, err
	}
	q, err := b.full()
	if err != nil {
		return false, err
	}
	switch op {
	case "s_contains":
		return geom.Contains(p, q)
	case "s_within":
		return geom.Within(p, q)
	case "s_equals":
		return geom.Equals(p, q)
	case "s_touches":
		return geom.Touches(p, q)
	case "s_crosses":
		return geom.Crosses(p, q)
	}
	return geom.Overlaps(p, q)
}
