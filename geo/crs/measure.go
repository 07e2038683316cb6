package crs

import (
	"math"

	"github.com/paulmach/orb"
	karney "github.com/tidwall/geodesic"
)

// Edge measures the geodesic between two places in degrees on the WGS 84
// ellipsoid: its length in metres, and the area in square metres between it
// and the equator, positive for edges that run east north of the equator
// (Karney 2013, Journal of Geodesy 87, 43–55). The areas of the edges of a
// ring add up to its area, negative when it runs counter-clockwise.
func Edge(lon1, lat1, lon2, lat2 float64) (metres, underneath float64) {
	karney.WGS84.GenInverse(lat1, lon1, lat2, lon2, &metres, nil, nil, nil, nil, nil, &underneath)
	return metres, underneath
}

// Length is the length in metres of the lines of a geometry in longitude and
// latitude, along geodesics on the WGS 84 ellipsoid. Points and polygons have
// none.
func Length(g orb.Geometry) float64 {
	switch g := g.(type) {
	case orb.LineString:
		var sum float64
		for i := 1; i < len(g); i++ {
			var d float64
			karney.WGS84.Inverse(g[i-1][1], g[i-1][0], g[i][1], g[i][0], &d, nil, nil)
			sum += d
		}
		return sum
	case orb.MultiLineString:
		var sum float64
		for _, l := range g {
			sum += Length(l)
		}
		return sum
	case orb.Collection:
		var sum float64
		for _, m := range g {
			sum += Length(m)
		}
		return sum
	}
	return 0
}

// Area is the area in square metres of the polygons of a geometry in longitude
// and latitude, with geodesic edges on the WGS 84 ellipsoid. Rings may run
// either way: the first of a polygon is its outline, the others are holes.
// Points and lines have none.
func Area(g orb.Geometry) float64 {
	switch g := g.(type) {
	case orb.Ring:
		return math.Abs(ringArea(g))
	case orb.Polygon:
		var sum float64
		for i, r := range g {
			if a := math.Abs(ringArea(r)); i == 0 {
				sum = a
			} else {
				sum -= a
			}
		}
		return sum
	case orb.MultiPolygon:
		var sum float64
		for _, p := range g {
			sum += Area(p)
		}
		return sum
	case orb.Collection:
		var sum float64
		for _, m := range g {
			sum += Area(m)
		}
		return sum
	}
	return 0
}

// ringArea is the area with its sign, of the side that is less than half of
// the earth.
func ringArea(r orb.Ring) float64 {
	poly := karney.WGS84.PolygonInit(false)
	n := len(r)
	if n > 1 && r[0] == r[n-1] {
		n--
	}
	for _, p := range r[:n] {
		poly.AddPoint(p[1], p[0])
	}
	var area float64
	poly.Compute(false, true, &area, nil)
	return area
}
