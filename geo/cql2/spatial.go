package cql2

import (
	"fmt"
	"sync"
	"unicode"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/wkb"
	"github.com/peterstace/simplefeatures/geom"
)

func mark(r rune) bool { return unicode.Is(unicode.Mn, r) }

// shaped is a geometry with its box and, for a literal, with what makes
// comparing it with many others cheap.
type shaped struct {
	g       geom.Geometry
	box     geom.Envelope
	prepare func() (geom.PreparedGeometry, error) // nil for geometries of the data
}

func newShape(g geom.Geometry) *shaped { return &shaped{g: g, box: g.Envelope()} }

func newLiteral(g geom.Geometry) *shaped {
	s := newShape(g)
	s.prepare = sync.OnceValues(func() (geom.PreparedGeometry, error) { return geom.Prepare(g) })
	return s
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
	b, err := wkb.Marshal(g)
	if err != nil {
		return geom.Geometry{}, fmt.Errorf("cql2: a geometry of the data: %w", err)
	}
	return geom.UnmarshalWKB(b, geom.NoValidate{})
}

// relate is the relation of two geometries in the plane (OGC 06-103r4, DE-9IM).
// Geometries that are not valid can make it fail.
func relate(op string, a, b *shaped) (yes bool, err error) {
	defer func() {
		if r := recover(); r != nil { // a geometry that the library has no answer for
			err = fmt.Errorf("the geometries cannot be compared: %v", r)
		}
	}()
	if !a.box.Intersects(b.box) || a.g.IsEmpty() || b.g.IsEmpty() {
		return op == "s_disjoint" || op == "s_equals" && a.g.IsEmpty() && b.g.IsEmpty(), nil
	}
	switch op {
	case "s_intersects":
		return meets(a, b)
	case "s_disjoint":
		yes, err = meets(a, b)
		return !yes, err
	case "s_contains":
		return geom.Contains(a.g, b.g)
	case "s_within":
		return geom.Within(a.g, b.g)
	case "s_equals":
		return geom.Equals(a.g, b.g)
	case "s_touches":
		return geom.Touches(a.g, b.g)
	case "s_crosses":
		return geom.Crosses(a.g, b.g)
	}
	return geom.Overlaps(a.g, b.g)
}

// meets goes through the prepared form of the literal, if one is.
func meets(a, b *shaped) (bool, error) {
	if b.prepare == nil {
		a, b = b, a
	}
	if b.prepare == nil {
		return geom.Intersects(a.g, b.g), nil
	}
	p, err := b.prepare()
	if err != nil {
		return false, err
	}
	return p.Intersects(a.g)
}
