// Package zm deals with the heights and measures that lie beside a geometry
// (geo.Feature.Z and M), one a position, in the order of the geometry.
package zm

import (
	"math"

	"github.com/paulmach/orb"
)

// Each calls fn with every position in order until it returns false, and
// reports whether it came to the end.
func Each(g orb.Geometry, fn func(orb.Point) bool) bool {
	all := func(ps []orb.Point) bool {
		for _, p := range ps {
			if !fn(p) {
				return false
			}
		}
		return true
	}
	switch g := g.(type) {
	case orb.Point:
		return fn(g)
	case orb.MultiPoint:
		return all(g)
	case orb.LineString:
		return all(g)
	case orb.Ring:
		return all(g)
	case orb.MultiLineString:
		for _, l := range g {
			if !all(l) {
				return false
			}
		}
	case orb.Polygon:
		for _, r := range g {
			if !all(r) {
				return false
			}
		}
	case orb.MultiPolygon:
		for _, p := range g {
			if !Each(p, fn) {
				return false
			}
		}
	case orb.Collection:
		for _, c := range g {
			if !Each(c, fn) {
				return false
			}
		}
	}
	return true
}

// Carry finds the heights and measures of from again at the same positions of
// to, a geometry made of it by cutting or repairing; new positions get NaN.
// What from has not stays nil.
func Carry(from orb.Geometry, z, m []float64, to orb.Geometry) (newZ, newM []float64) {
	if z == nil && m == nil || to == nil {
		return nil, nil
	}
	at := map[orb.Point]int{}
	i := 0
	Each(from, func(p orb.Point) bool {
		at[p] = i
		i++
		return true
	})
	pick := func(v []float64, k int, ok bool) float64 {
		if !ok || k >= len(v) {
			return math.NaN()
		}
		return v[k]
	}
	Each(to, func(p orb.Point) bool {
		k, ok := at[p]
		if z != nil {
			newZ = append(newZ, pick(z, k, ok))
		}
		if m != nil {
			newM = append(newM, pick(m, k, ok))
		}
		return true
	})
	return newZ, newM
}
