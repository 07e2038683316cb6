package osm

import (
	"math"
	"slices"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/planar"
)

// interior is a point inside of an area, for signs and services: its centroid
// when that lies inside, else the middle of the widest stretch inside along
// some horizontal lines. false when the area has no inside.
func interior(m orb.MultiPolygon) (orb.Point, bool) {
	var largest orb.Polygon
	area := 0.0
	for _, p := range m {
		if len(p) == 0 {
			continue
		}
		if a := math.Abs(planar.Area(p)); a > area {
			largest, area = p, a
		}
	}
	if largest == nil {
		return orb.Point{}, false
	}
	if c, _ := planar.CentroidArea(largest); planar.PolygonContains(largest, c) && !onEdge(largest, c) {
		return c, true
	}
	b := largest.Bound()
	best, width := orb.Point{}, 0.0
	for _, t := range [...]float64{0.5, 0.25, 0.75, 0.375, 0.625, 0.125, 0.875, 0.0625, 0.9375} {
		y := b.Min[1] + t*(b.Max[1]-b.Min[1])
		x, w := widest(largest, y)
		if w > width {
			best, width = orb.Point{x, y}, w
		}
	}
	return best, width > 0
}

func onEdge(p orb.Polygon, at orb.Point) bool {
	for _, r := range p {
		for i := 1; i < len(r); i++ {
			if planar.DistanceFromSegmentSquared(r[i-1], r[i], at) == 0 {
				return true
			}
		}
	}
	return false
}

// widest is the middle and the width of the widest stretch of a horizontal
// line inside of a polygon.
func widest(p orb.Polygon, y float64) (mid, width float64) {
	var xs []float64
	for _, r := range p {
		for i := 1; i < len(r); i++ {
			a, b := r[i-1], r[i]
			if (a[1] > y) != (b[1] > y) {
				xs = append(xs, a[0]+(y-a[1])/(b[1]-a[1])*(b[0]-a[0]))
			}
		}
	}
	slices.Sort(xs)
	for i := 1; i < len(xs); i += 2 {
		if w := xs[i] - xs[i-1]; w > width {
			mid, width = (xs[i]+xs[i-1])/2, w
		}
	}
	return mid, width
}
