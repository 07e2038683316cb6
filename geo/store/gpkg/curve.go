package gpkg

import (
	"fmt"

	"github.com/paulmach/orb"

	"contado/geo/arc"
)

// The ISO codes of WKB of geometries with arcs.
const (
	wkbCircularString = 8 + iota
	wkbCompoundCurve
	wkbCurvePolygon
	wkbMultiCurve
	wkbMultiSurface
)

// curved reads the body of a geometry with arcs as one with straight edges.
func (r *wkbReader) curved(kind uint32, depth int) (orb.Geometry, error) {
	switch kind {
	case wkbCircularString:
		return orNil(r.circularString())
	case wkbCompoundCurve:
		return orNil(r.compoundCurve(depth))
	case wkbCurvePolygon:
		return orNil(r.curvePolygon(depth))
	case wkbMultiCurve:
		return orNil(members(r, depth, func(g orb.Geometry) (orb.LineString, bool) { l, ok := g.(orb.LineString); return l, ok }))
	}
	return orNil(members(r, depth, func(g orb.Geometry) (orb.Polygon, bool) { p, ok := g.(orb.Polygon); return p, ok }))
}

// members reads parts each of which tells its own kind, and drops empty ones.
func members[T any](r *wkbReader, depth int, as func(orb.Geometry) (T, bool)) ([]T, error) {
	if depth == maxDepth {
		return nil, fmt.Errorf("geometries are nested more than %d deep", maxDepth)
	}
	n, err := r.count(5 + 4)
	if err != nil {
		return nil, err
	}
	order, z, m := r.order, r.hasZ, r.hasM
	out := make([]T, 0, n)
	for range n {
		g, err := r.geometry(depth + 1)
		if err != nil {
			return nil, err
		}
		if g == nil {
			continue
		}
		part, ok := as(g)
		if !ok {
			return nil, fmt.Errorf("a curve or surface has a member that is a %s", g.GeoJSONType())
		}
		out = append(out, part)
	}
	r.order = order
	r.shape(z, m)
	return out, nil
}

func (r *wkbReader) compoundCurve(depth int) (orb.LineString, error) {
	if depth == maxDepth {
		return nil, fmt.Errorf("geometries are nested more than %d deep", maxDepth)
	}
	n, err := r.count(5 + 4)
	if err != nil {
		return nil, err
	}
	order, z, m := r.order, r.hasZ, r.hasM
	var line orb.LineString
	for range n {
		first := r.n
		g, err := r.geometry(depth + 1)
		if err != nil {
			return nil, err
		}
		part, ok := g.(orb.LineString)
		switch {
		case g == nil:
			continue
		case !ok:
			return nil, fmt.Errorf("a curve has a member that is a %s", g.GeoJSONType())
		case len(line) > 0 && line[len(line)-1] == part[0]: // they share an end
			part = part[1:]
			r.forget(first)
		}
		line = append(line, part...)
	}
	r.order = order
	r.shape(z, m)
	return line, nil
}

// forget drops the height and the measure of a position.
func (r *wkbReader) forget(at int) {
	for _, list := range []*[]float64{&r.z, &r.m} {
		if at < len(*list) {
			*list = append((*list)[:at], (*list)[at+1:]...)
		}
	}
	r.n--
}

func (r *wkbReader) curvePolygon(depth int) (orb.Polygon, error) {
	lines, err := members(r, depth, func(g orb.Geometry) (orb.LineString, bool) { l, ok := g.(orb.LineString); return l, ok })
	if err != nil {
		return nil, err
	}
	poly := make(orb.Polygon, len(lines))
	for i, l := range lines {
		poly[i] = orb.Ring(l)
	}
	return poly, nil
}

// circularString reads arcs, each of three positions, the last of one being
// the first of the next.
func (r *wkbReader) circularString() (orb.LineString, error) {
	first := r.n
	points, err := r.positions()
	if err != nil || len(points) == 0 {
		return nil, err
	}
	line, z, m, err := arc.Line(points, tail(r.z, first), tail(r.m, first))
	if err != nil {
		return nil, err
	}
	r.z, r.m, r.n = replaced(r.z, first, z), replaced(r.m, first, m), first+len(line)
	return line, nil
}

// tail are the numbers of the positions from one on; nil when there are none.
func tail(list []float64, from int) []float64 {
	if list == nil {
		return nil
	}
	return list[from:]
}

func replaced(list []float64, from int, by []float64) []float64 {
	if list == nil {
		return nil
	}
	return append(list[:from:from], by...)
}
