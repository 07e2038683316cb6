package crs_test

import (
	"math"
	"testing"

	"github.com/paulmach/orb"

	"contado/geo/crs"
)

// Values of GeographicLib's own tools: a geodesic of its test data, and the
// octant of the WGS 84 ellipsoid, an eighth of 510065621724088.44 m².
func TestMeasureKnownValues(t *testing.T) {
	t.Parallel()
	m, _ := crs.Edge(0, 0, 90, 0)
	if want := math.Pi / 2 * 6378137; math.Abs(m-want) > 1e-6 {
		t.Errorf("a quarter of the equator is %.9f m, want %.9f", m, want)
	}
	octant := orb.Polygon{{{0, 0}, {90, 0}, {0, 90}, {0, 0}}}
	if got, want := crs.Area(octant), 510065621724088.44/8; math.Abs(got-want) > 1 {
		t.Errorf("an octant has %.2f m², want %.2f", got, want)
	}
	if got := crs.Length(orb.MultiLineString{{{0, 0}, {90, 0}}, {{0, 0}, {0, 90}}}); math.Abs(got-math.Pi/2*6378137-10001965.729312) > 1e-5 {
		t.Errorf("a quarter of the equator and one of a meridian are %.6f m", got)
	}
}

func TestMeasureHolesAndKinds(t *testing.T) {
	t.Parallel()
	outer := orb.Ring{{11, 44}, {11.1, 44}, {11.1, 44.1}, {11, 44.1}, {11, 44}}
	hole := orb.Ring{{11.02, 44.02}, {11.02, 44.04}, {11.04, 44.04}, {11.04, 44.02}, {11.02, 44.02}}
	whole, out, in := crs.Area(orb.Polygon{outer, hole}), crs.Area(outer), crs.Area(hole)
	if math.Abs(whole-(out-in)) > 1e-9*whole || in <= 0 {
		t.Errorf("%g with the hole, %g without, hole %g", whole, out, in)
	}
	open := outer[:4]
	if got := crs.Area(open); math.Abs(got-out) > 1e-9*out {
		t.Errorf("not closed: %g, closed %g", got, out)
	}
	all := orb.Collection{orb.Point{1, 2}, orb.Polygon{outer}, orb.MultiPolygon{{hole}}, orb.LineString(outer)}
	if got := crs.Area(all); math.Abs(got-out-in) > 1e-9*out {
		t.Errorf("area of a collection is %g, want %g", got, out+in)
	}
	if crs.Length(orb.Polygon{outer}) != 0 || crs.Area(orb.LineString(outer)) != 0 {
		t.Error("a polygon has a length, or a line an area")
	}
}

// The areas under the edges of a ring add up to its area.
func TestEdgesAddUp(t *testing.T) {
	t.Parallel()
	ring := orb.Ring{{11, 44}, {11.001, 44.0002}, {11.0012, 44.001}, {11, 44.0011}, {11, 44}}
	var sum float64
	for i := 1; i < len(ring); i++ {
		_, a := crs.Edge(ring[i-1][0], ring[i-1][1], ring[i][0], ring[i][1])
		sum += a
	}
	want := crs.Area(ring)
	if math.Abs(-sum-want) > 1e-9*want {
		t.Errorf("edges add up to %g, want %g", -sum, want)
	}
}
