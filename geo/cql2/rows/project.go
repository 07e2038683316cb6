package rows

import (
	"fmt"
	"math"

	"github.com/paulmach/orb"
	"github.com/peterstace/simplefeatures/geom"

	"contado/geo"
	"contado/geo/cql2"
	"contado/geo/crs"
	"contado/geo/fault"
	"contado/geo/index"
	"contado/geo/wkb"
)

// Project is the filter with its geometries in another system. Edges are
// drawn as they run in the system that the filter is written in.
func Project(e cql2.Expr, from, to geo.CRS) (cql2.Expr, error) {
	if from == to || !to.Known() {
		return e, nil
	}
	tr, err := crs.New(from, to)
	if err != nil {
		return nil, err
	}
	if tr.Identity() {
		return e, nil
	}
	return rewrite(e, func(g orb.Geometry) (cql2.Expr, error) {
		out, err := tr.Geometry(g, nil)
		if err != nil {
			return nil, fmt.Errorf("a geometry of the filter has no place in %s: %w", to.Short(), err)
		}
		return literal(out)
	}, from)
}

// literal is a geometry as a filter holds it.
func literal(g orb.Geometry) (cql2.Expr, error) {
	b, err := wkb.Append(nil, g, nil, nil)
	if err != nil {
		return nil, err
	}
	lit, err := geom.UnmarshalWKB(b, geom.NoValidate{})
	if err != nil {
		return nil, fault.E("rows.Project", fault.Invalid, err)
	}
	return cql2.Geometry{Geometry: lit}, nil
}

// Meets is the condition that the geometry of a row meets an area, which is in
// the system of the rows.
func (n *Names) Meets(area orb.Geometry) (cql2.Expr, error) {
	for _, name := range []string{GeometryName, GeomName} {
		if at, ok := n.Place(name); ok && at == Geometry {
			lit, err := literal(area)
			return &cql2.Spatial{Op: "s_intersects", Left: &cql2.Property{Name: name}, Right: lit}, err
		}
	}
	return nil, fault.Errorf("rows.Meets", fault.Invalid, "the rows have no geometry, or attributes that are called as it is")
}

// rewrite replaces the geometries in a tree, which stays as it is.
func rewrite(e cql2.Expr, put func(orb.Geometry) (cql2.Expr, error), from geo.CRS) (cql2.Expr, error) {
	switch n := e.(type) {
	case *cql2.Logic:
		out := &cql2.Logic{Or: n.Or, Args: make([]cql2.Expr, len(n.Args))}
		for i, a := range n.Args {
			var err error
			if out.Args[i], err = rewrite(a, put, from); err != nil {
				return nil, err
			}
		}
		return out, nil
	case *cql2.Not:
		arg, err := rewrite(n.Arg, put, from)
		return &cql2.Not{Arg: arg}, err
	case *cql2.Spatial:
		left, err := rewrite(n.Left, put, from)
		if err != nil {
			return nil, err
		}
		right, err := rewrite(n.Right, put, from)
		return &cql2.Spatial{Op: n.Op, Left: left, Right: right}, err
	case cql2.Geometry, cql2.BBox:
		g, err := Literal(n, from)
		if err != nil || g == nil {
			return n, err
		}
		return put(g)
	}
	return e, nil // geometries stand in spatial conditions only
}

// Literal is a geometry of a filter, nil for an empty one; a box across the
// antimeridian is two. system is that of the coordinates.
func Literal(e cql2.Expr, system geo.CRS) (orb.Geometry, error) {
	switch n := e.(type) {
	case cql2.Geometry:
		g, _, _, err := wkb.Decode(n.AsBinary())
		return g, err
	case cql2.BBox:
		half := len(n) / 2
		b := geo.BBox{MinX: n[0], MinY: n[1], MaxX: n[half], MaxY: n[half+1]}
		switch {
		case b.MinX == b.MaxX && b.MinY == b.MaxY:
			return orb.Point{b.MinX, b.MinY}, nil
		case b.MinX == b.MaxX || b.MinY == b.MaxY:
			return orb.LineString{b.Bound().Min, b.Bound().Max}, nil
		case b.MinX < b.MaxX:
			return b.Bound().ToPolygon(), nil
		}
		if geographic, err := crs.IsGeographic(system); err != nil || !geographic {
			return nil, fault.Errorf("rows.Project", fault.Invalid, "the box %v of the filter holds no point", b)
		}
		var out orb.MultiPolygon
		for _, part := range index.Unwrap(b) {
			out = append(out, part.Bound().ToPolygon())
		}
		return out, nil
	}
	return nil, fault.Errorf("rows.Project", fault.Other, "%T is no geometry", e)
}

var everything = geo.BBox{MinX: math.Inf(-1), MinY: math.Inf(-1), MaxX: math.Inf(1), MaxY: math.Inf(1)}

// Box is a box that every row must meet that passes the filter, whose
// geometries are in the system of the rows; an infinite one when the filter
// does not tell.
func (n *Names) Box(e cql2.Expr) geo.BBox {
	switch x := e.(type) {
	case *cql2.Logic:
		if x.Or {
			all := geo.EmptyBBox()
			for _, a := range x.Args {
				all = all.Union(n.Box(a))
			}
			return all
		}
		least := everything
		for _, a := range x.Args {
			least = Smaller(least, n.Box(a))
		}
		return least
	case *cql2.Spatial:
		if x.Op == "s_disjoint" {
			return everything
		}
		return Smaller(spatialBox(x.Left, x.Right, n), spatialBox(x.Right, x.Left, n))
	}
	return everything
}

// Smaller is one of two boxes that a row meets both: it need not meet what
// they share.
func Smaller(a, b geo.BBox) geo.BBox {
	if b.Width()*b.Height() < a.Width()*a.Height() || a == everything {
		return b
	}
	return a
}

// spatialBox is the box of a literal beside the row's geometry. Two that
// share no point are in no relation but disjoint.
func spatialBox(a, b cql2.Expr, n *Names) geo.BBox {
	p, ok := a.(*cql2.Property)
	if !ok || n.places[p.Name] != Geometry {
		return everything
	}
	g, err := Literal(b, n.schema.CRS)
	if err != nil || g == nil {
		return everything
	}
	return geo.BBoxOf(g.Bound())
}
