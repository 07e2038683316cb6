package fgb

import (
	"github.com/paulmach/orb"

	"contado/geo/arc"
)

// The kinds of geometries with arcs.
const (
	kindCircular = 8 + iota
	kindCompound
	kindCurvePolygon
	kindMultiCurve
	kindMultiSurface
)

func (k Kind) curved() bool { return k >= kindCircular && k <= kindMultiSurface }

// straight is a geometry whose arcs have become lines, with its heights and
// measures; these are nil for none.
type straight struct {
	g    orb.Geometry // nil when it is empty
	z, m []float64
}

// straighten reads a geometry with arcs, or a part of one.
func (g *geometryTable) straighten(left *budget, depth int) (straight, error) {
	switch {
	case depth > maxDepth:
		return straight{}, g.damaged("its parts are nested too deep")
	case g.kind == LineString || g.kind == kindCircular || g.kind == Polygon:
		return g.straightPart(left)
	case !g.kind.curved():
		return straight{}, g.damaged("a curve or surface has a part that is a " + g.kind.String())
	}
	var out straight
	var parts []orb.Geometry
	err := g.each(left, func(part geometryTable) error {
		s, err := part.straighten(left, depth+1)
		if err != nil || s.g == nil {
			return err
		}
		if g.kind == kindCompound && len(parts) > 0 {
			s = s.after(parts[len(parts)-1])
		}
		parts = append(parts, s.g)
		out.z, out.m = append(out.z, s.z...), append(out.m, s.m...)
		return nil
	})
	if err != nil || len(parts) == 0 {
		return straight{}, err
	}
	ok := false
	if out.g, ok = assemble(g.kind, parts); !ok {
		return straight{}, g.damaged("a curve or surface has a part of another kind")
	}
	return out, nil
}

// straightPart reads a part without parts of its own.
func (g *geometryTable) straightPart(left *budget) (straight, error) {
	var out straight
	var err error
	if out.z, err = g.numbers(geometryZ); err != nil {
		return straight{}, err
	}
	if out.m, err = g.numbers(geometryM); err != nil {
		return straight{}, err
	}
	s := Shape{left: *left}
	if g.kind != kindCircular {
		err = s.simple(g)
		out.g = s.Geometry()
		return out, err
	}
	b, err := g.positions()
	if err != nil || len(b) == 0 {
		return straight{}, err
	}
	line, z, m, err := arc.Line(points(s.floats(b)), out.z, out.m)
	if err != nil {
		return straight{}, g.damaged(err.Error())
	}
	return straight{orb.LineString(line), z, m}, nil
}

// numbers are the heights or measures of the geometry itself, without those of
// its parts.
func (g *geometryTable) numbers(field int) ([]float64, error) {
	_, xy, ok1 := g.vector(geometryXY, 8)
	start, n, ok2 := g.vector(field, 8)
	if !ok1 || !ok2 || n != 0 && 2*n != xy {
		return nil, g.damaged("it has not one height or measure for each position")
	}
	return appendFloats(nil, g.buf[start:start+8*n]), nil
}

// after leaves the first position out when the line before ends there.
func (s straight) after(before orb.Geometry) straight {
	a, ok1 := before.(orb.LineString)
	b, ok2 := s.g.(orb.LineString)
	if !ok1 || !ok2 || len(a) == 0 || len(b) == 0 || a[len(a)-1] != b[0] {
		return s
	}
	s.g = b[1:]
	if len(s.z) > 0 {
		s.z = s.z[1:]
	}
	if len(s.m) > 0 {
		s.m = s.m[1:]
	}
	return s
}

// assemble puts parts together; ok is false when one is of the wrong kind.
func assemble(kind Kind, parts []orb.Geometry) (g orb.Geometry, ok bool) {
	if kind == kindMultiSurface {
		areas, ok := all[orb.Polygon](parts)
		return orb.MultiPolygon(areas), ok
	}
	lines, ok := all[orb.LineString](parts)
	switch kind {
	case kindCompound:
		var line orb.LineString
		for _, l := range lines {
			line = append(line, l...)
		}
		return line, ok
	case kindCurvePolygon:
		area := make(orb.Polygon, len(lines))
		for i, l := range lines {
			area[i] = orb.Ring(l)
		}
		return area, ok
	}
	return orb.MultiLineString(lines), ok
}

func all[T orb.Geometry](parts []orb.Geometry) ([]T, bool) {
	out := make([]T, 0, len(parts))
	for _, p := range parts {
		v, ok := p.(T)
		if !ok {
			return nil, false
		}
		out = append(out, v)
	}
	return out, true
}
