package ogc

import (
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/planar"

	"contado/geo"
)

// meets reports whether a geometry and a closed box share a point, exactly as
// far as float64 goes. Polygons are taken with their inside.
func meets(g orb.Geometry, b geo.BBox) bool {
	if g == nil || !b.Intersects(geo.BBoxOf(g.Bound())) {
		return false
	}
	switch g := g.(type) {
	case orb.Point:
		return inside(g, b)
	case orb.MultiPoint:
		for _, p := range g {
			if inside(p, b) {
				return true
			}
		}
	case orb.LineString:
		return lineMeets(g, b)
	case orb.Ring:
		return polygonMeets(orb.Polygon{g}, b)
	case orb.Polygon:
		return polygonMeets(g, b)
	case orb.MultiLineString:
		for _, l := range g {
			if lineMeets(l, b) {
				return true
			}
		}
	case orb.MultiPolygon:
		for _, p := range g {
			if polygonMeets(p, b) {
				return true
			}
		}
	case orb.Collection:
		for _, part := range g {
			if meets(part, b) {
				return true
			}
		}
	case orb.Bound:
		return true
	}
	return false
}

func inside(p orb.Point, b geo.BBox) bool {
	return p[0] >= b.MinX && p[0] <= b.MaxX && p[1] >= b.MinY && p[1] <= b.MaxY
}

func lineMeets(l []orb.Point, b geo.BBox) bool {
	if len(l) == 1 {
		return inside(l[0], b)
	}
	for i := 1; i < len(l); i++ {
		if segmentMeets(l[i-1], l[i], b) {
			return true
		}
	}
	return false
}

// polygonMeets: the border meets the box, or the box lies wholly inside.
func polygonMeets(p orb.Polygon, b geo.BBox) bool {
	for _, r := range p {
		if lineMeets(r, b) {
			return true
		}
	}
	return planar.PolygonContains(p, orb.Point{b.MinX, b.MinY})
}

// segmentMeets clips a segment by the four sides (Liang and Barsky 1984).
func segmentMeets(p, q orb.Point, b geo.BBox) bool {
	t0, t1 := 0.0, 1.0
	dx, dy := q[0]-p[0], q[1]-p[1]
	for _, s := range [4][2]float64{{-dx, p[0] - b.MinX}, {dx, b.MaxX - p[0]}, {-dy, p[1] - b.MinY}, {dy, b.MaxY - p[1]}} {
		switch d, e := s[0], s[1]; {
		case d == 0 && e < 0:
			return false
		case d < 0:
			t0 = max(t0, e/d)
		case d > 0:
			t1 = min(t1, e/d)
		}
	}
	return t0 <= t1
}
