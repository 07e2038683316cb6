// Package wkb reads and writes well-known binary (OGC 06-103r4 §8, with the
// type codes of ISO 13249-3 for heights and measures) into and out of
// orb's two-dimensional geometries and the heights and measures beside them.
package wkb

import (
	"encoding/binary"
	"math"

	"contado/geo/fault"

	"github.com/paulmach/orb"
)

// The type codes; +1000 with heights, +2000 with measures, +3000 with both.
const (
	point = iota + 1
	lineString
	polygon
	multiPoint
	multiLineString
	multiPolygon
	collection
)

// Flags of the EWKB dialect (PostGIS, older OGR).
const (
	flagZ    = 0x80000000
	flagM    = 0x40000000
	flagSRID = 0x20000000
)

// Append writes a geometry in little-endian ISO WKB. z and m have one number
// a position, in the order of the geometry; nil writes none. A point without
// coordinates is written as NaN NaN.
//
// Errors: fault.Invalid for z or m of another length and for geometries that
// WKB does not know.
func Append(dst []byte, g orb.Geometry, z, m []float64) ([]byte, error) {
	const op = "wkb.Append"
	n := Positions(g)
	if z != nil && len(z) != n || m != nil && len(m) != n {
		return dst, fault.Errorf(op, fault.Invalid, "%d heights and %d measures for %d positions", len(z), len(m), n)
	}
	e := encoder{dst, z, m, 0}
	if err := e.geometry(g); err != nil {
		return dst, err
	}
	return e.b, nil
}

// Positions is the number of positions of a geometry.
func Positions(g orb.Geometry) int {
	n := 0
	switch g := g.(type) {
	case orb.Point:
		return 1
	case orb.MultiPoint:
		return len(g)
	case orb.LineString:
		return len(g)
	case orb.Ring:
		return len(g)
	case orb.Bound:
		return 5
	case orb.MultiLineString:
		for _, l := range g {
			n += len(l)
		}
	case orb.Polygon:
		for _, r := range g {
			n += len(r)
		}
	case orb.MultiPolygon:
		for _, p := range g {
			n += Positions(p)
		}
	case orb.Collection:
		for _, c := range g {
			n += Positions(c)
		}
	}
	return n
}

type encoder struct {
	b    []byte
	z, m []float64
	at   int // next position
}

func (e *encoder) head(code uint32) {
	if e.z != nil {
		code += 1000
	}
	if e.m != nil {
		code += 2000
	}
	e.b = append(e.b, 1)
	e.b = binary.LittleEndian.AppendUint32(e.b, code)
}

func (e *encoder) count(n int) { e.b = binary.LittleEndian.AppendUint32(e.b, uint32(n)) } //nolint:gosec // lengths of slices of 16-byte points

func (e *encoder) f64(v float64) { e.b = binary.LittleEndian.AppendUint64(e.b, math.Float64bits(v)) }

func (e *encoder) point(p orb.Point) {
	e.f64(p[0])
	e.f64(p[1])
	if e.z != nil {
		e.f64(e.z[e.at])
	}
	if e.m != nil {
		e.f64(e.m[e.at])
	}
	e.at++
}

func (e *encoder) points(ps []orb.Point) {
	e.count(len(ps))
	for _, p := range ps {
		e.point(p)
	}
}

func (e *encoder) polygon(p orb.Polygon) {
	e.head(polygon)
	e.count(len(p))
	for _, r := range p {
		e.points(r)
	}
}

func (e *encoder) geometry(g orb.Geometry) error {
	switch g := g.(type) {
	case orb.Point:
		e.head(point)
		e.point(g)
	case orb.LineString:
		e.head(lineString)
		e.points(g)
	case orb.Ring:
		e.polygon(orb.Polygon{g})
	case orb.Polygon:
		e.polygon(g)
	case orb.Bound:
		e.polygon(g.ToPolygon())
	case orb.MultiPoint:
		e.head(multiPoint)
		e.count(len(g))
		for _, p := range g {
			e.head(point)
			e.point(p)
		}
	case orb.MultiLineString:
		e.head(multiLineString)
		e.count(len(g))
		for _, l := range g {
			e.head(lineString)
			e.points(l)
		}
	case orb.MultiPolygon:
		e.head(multiPolygon)
		e.count(len(g))
		for _, p := range g {
			e.polygon(p)
		}
	case orb.Collection:
		e.head(collection)
		e.count(len(g))
		for _, c := range g {
			if err := e.geometry(c); err != nil {
				return err
			}
		}
	default:
		return fault.Errorf("wkb.Append", fault.Invalid, "a geometry of type %T cannot be written", g)
	}
	return nil
}
