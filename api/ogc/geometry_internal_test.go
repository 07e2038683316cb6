package ogc

import (
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/wkt"
	"github.com/peterstace/simplefeatures/geom"
	"pgregory.net/rapid"

	"contado/api/ogc/encode"
	"contado/geo"
)

// point lies on a small lattice, so that touching is common.
func point(t *rapid.T) orb.Point {
	return orb.Point{float64(rapid.IntRange(0, 8).Draw(t, "x")), float64(rapid.IntRange(0, 8).Draw(t, "y"))}
}

// shape is any kind of valid geometry: polygons are convex hulls of the kind
// "star round a centre", with a hole at times.
func shape(t *rapid.T) orb.Geometry {
	switch rapid.IntRange(0, 5).Draw(t, "kind") {
	case 0:
		return point(t)
	case 1:
		return orb.MultiPoint{point(t), point(t)}
	case 2:
		return line(t)
	case 3:
		return orb.MultiLineString{line(t), line(t)}
	case 4:
		return triangle(t)
	}
	x, y := float64(rapid.IntRange(0, 4).Draw(t, "px")), float64(rapid.IntRange(0, 4).Draw(t, "py"))
	outer := geo.BBox{MinX: x, MinY: y, MaxX: x + 6, MaxY: y + 5}.Bound().ToRing()
	hole := geo.BBox{MinX: x + 1, MinY: y + 1, MaxX: x + 5, MaxY: y + 4}.Bound().ToRing()
	hole.Reverse()
	return orb.Polygon{outer, hole}
}

func line(t *rapid.T) orb.LineString {
	a, b := point(t), point(t)
	if a == b {
		b[0]++
	}
	return orb.LineString{a, b, {b[0] + 1, b[1] + 2}}
}

func triangle(t *rapid.T) orb.Geometry {
	a, b, c := point(t), point(t), point(t)
	if (b[0]-a[0])*(c[1]-a[1]) == (c[0]-a[0])*(b[1]-a[1]) {
		return a
	}
	return orb.Polygon{{a, b, c, a}}
}

func flat(g orb.Geometry) *encode.Geometry {
	out := &encode.Geometry{}
	out.Flatten(g)
	return out
}

// meets against an independent implementation of the OGC predicate.
func TestMeetsIsIntersects(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		g := shape(t)
		x, y := rapid.IntRange(-1, 8).Draw(t, "bx"), rapid.IntRange(-1, 8).Draw(t, "by")
		b := geo.BBox{MinX: float64(x), MinY: float64(y)}
		b.MaxX = b.MinX + float64(rapid.IntRange(1, 6).Draw(t, "w"))
		b.MaxY = b.MinY + float64(rapid.IntRange(1, 6).Draw(t, "h"))
		theirs, err := geom.UnmarshalWKT(wkt.MarshalString(g))
		if err != nil {
			t.Fatal(err)
		}
		box, err := geom.UnmarshalWKT(wkt.MarshalString(b.Bound().ToPolygon()))
		if err != nil {
			t.Fatal(err)
		}
		if want := geom.Intersects(theirs, box); meets(flat(g), b) != want {
			t.Fatalf("%s and box %v: %v, want %v", wkt.MarshalString(g), b, !want, want)
		}
	})
}

func TestMeetsNothing(t *testing.T) {
	t.Parallel()
	b := geo.BBox{MaxX: 1, MaxY: 1}
	for _, g := range []orb.Geometry{nil, orb.MultiPoint{}, orb.LineString{}, orb.Polygon{}, orb.MultiPolygon{}, orb.Collection{}} {
		if meets(flat(g), b) {
			t.Errorf("%T meets a box", g)
		}
	}
	if !meets(flat(orb.Collection{orb.Point{5, 5}, orb.Point{1, 1}}), b) || !meets(flat(orb.Ring{{-1, -1}, {3, -1}, {0, 3}, {-1, -1}}), b) {
		t.Error("a collection or ring is missed")
	}
}
