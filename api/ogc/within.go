package ogc

import (
	"contado/api/ogc/encode"
	"contado/geo"
)

// meets reports whether a geometry and a closed box share a point, exactly as
// far as float64 goes. Polygons are taken with their inside.
func meets(g *encode.Geometry, b geo.BBox) bool {
	minX, minY, maxX, maxY := g.Bounds()
	if !(minX <= b.MaxX && b.MinX <= maxX && minY <= b.MaxY && b.MinY <= maxY) {
		return false
	}
	if minX >= b.MinX && maxX <= b.MaxX && minY >= b.MinY && maxY <= b.MaxY {
		return true
	}
	switch g.Kind {
	case encode.Point, encode.MultiPoint:
		for i := 0; i+1 < len(g.XY); i += 2 {
			if inside(g.XY[i], g.XY[i+1], b) {
				return true
			}
		}
	case encode.LineString, encode.MultiLineString:
		for from, to := range g.Lines {
			if lineMeets(g.XY[2*from:2*to], b) {
				return true
			}
		}
	case encode.Polygon, encode.MultiPolygon:
		return polygonsMeet(g, b)
	case encode.Collection:
		for i := range g.Members {
			if meets(&g.Members[i], b) {
				return true
			}
		}
	}
	return false
}

func inside(x, y float64, b geo.BBox) bool {
	return x >= b.MinX && x <= b.MaxX && y >= b.MinY && y <= b.MaxY
}

func lineMeets(xy []float64, b geo.BBox) bool {
	if len(xy) == 2 {
		return inside(xy[0], xy[1], b)
	}
	for i := 2; i+1 < len(xy); i += 2 {
		if segmentMeets(xy[i-2], xy[i-1], xy[i], xy[i+1], b) {
			return true
		}
	}
	return false
}

// polygonsMeet: a border meets the box, or the box lies wholly inside one.
func polygonsMeet(g *encode.Geometry, b geo.BBox) bool {
	for from, to := range g.Lines {
		if lineMeets(g.XY[2*from:2*to], b) {
			return true
		}
	}
	for from, to := range g.Polygons {
		in := false
		for ring := from; ring < to; ring++ {
			a, z := g.Span(ring)
			if crossings(g.XY[2*a:2*z], b.MinX, b.MinY)%2 == 1 {
				in = !in
			}
		}
		if in {
			return true
		}
	}
	return false
}

// crossings counts the edges of a ring that a ray eastwards from a point, that
// lies on none of them, crosses.
func crossings(xy []float64, x, y float64) (n int) {
	for i := 2; i+1 < len(xy); i += 2 {
		ax, ay, bx, by := xy[i-2], xy[i-1], xy[i], xy[i+1]
		if (ay > y) != (by > y) && x < ax+(y-ay)/(by-ay)*(bx-ax) {
			n++
		}
	}
	return n
}

// segmentMeets clips a segment by the four sides (Liang and Barsky 1984).
func segmentMeets(px, py, qx, qy float64, b geo.BBox) bool {
	t0, t1 := 0.0, 1.0
	dx, dy := qx-px, qy-py
	for _, s := range [4][2]float64{{-dx, px - b.MinX}, {dx, b.MaxX - px}, {-dy, py - b.MinY}, {dy, b.MaxY - py}} {
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
