package fgb

import (
	"math"

	"contado/geo"
	"contado/geo/fault"
	"contado/geo/index"
)

// Shape is a geometry in one flat form, for Point to MultiPolygon. Its slices
// are views into the file, or into memory that the Shape keeps for the next
// use; they must not be written to, and live until the next use or Close.
type Shape struct {
	// Kind is Unknown for a row without geometry.
	Kind Kind
	// XY holds the positions: x0, y0, x1, y1, …
	XY []float64
	// Ends are the ends of lines or rings, in positions; empty for points.
	Ends []uint32
	// Parts are the ends of polygons, in rings; empty for points and lines.
	Parts []uint32

	xy    []float64
	ends  []uint32
	parts []uint32
	one   [2]uint32
	left  budget
}

// budget is how many bytes the parts of a geometry may still have. A list of
// parts can name the same part again and again, on each level of nesting: what
// a few hundred bytes tell would never end. Honest parts lie side by side, so
// that all of them are no longer than the row.
type budget int

// Ring gives the positions of line or ring i.
func (s *Shape) Ring(i int) []float64 {
	first := uint32(0)
	if i > 0 {
		first = s.Ends[i-1]
	}
	return s.XY[2*first : 2*s.Ends[i]]
}

// Flat is the shape as geo/index takes it: the same views.
func (s *Shape) Flat() index.Flat {
	f := index.Flat{XY: s.XY, Ends: s.Ends, Parts: s.Parts}
	switch s.Kind {
	case LineString, MultiLineString:
		f.Dim = 1
	case Polygon, MultiPolygon:
		f.Dim = 2
	}
	return f
}

// geometryTable is a geometry in a row, with its kind.
type geometryTable struct {
	flatTable
	kind Kind
	row  Row
}

// geometry finds the geometry of the row; has is false when it has none.
func (r Row) geometry() (g geometryTable, has bool, err error) {
	t, ok := rootTable(r.buf)
	if !ok {
		return g, false, r.f.damaged(r.ordinal, "it has no table")
	}
	g.flatTable, has, ok = t.table(featureGeometry)
	if !ok {
		return g, false, r.f.damaged(r.ordinal, "its geometry lies outside it")
	}
	if !has {
		return g, false, nil
	}
	g.kind, g.row = r.f.head.kind, r
	if g.kind == Unknown {
		if g.kind, ok = g.own(); !ok {
			return g, false, r.f.damaged(r.ordinal, "its geometry has no type")
		}
	}
	return g, true, nil
}

// own is the kind that the geometry itself tells.
func (g *geometryTable) own() (Kind, bool) {
	k, ok := g.u8(geometryType, 0)
	return Kind(k), ok
}

func (g *geometryTable) damaged(what string) error { return g.row.f.damaged(g.row.ordinal, what) }

// positions is the list of coordinates as it lies in the file.
func (g *geometryTable) positions() ([]byte, error) {
	start, n, ok := g.vector(geometryXY, 8)
	if !ok || n%2 != 0 {
		return nil, g.damaged("its coordinates are damaged")
	}
	return g.buf[start : start+8*n : start+8*n], nil
}

// rings is the list of ends of lines or rings, checked against n positions.
// It is empty when there is one line only.
func (g *geometryTable) rings(n int) ([]uint32, error) {
	start, k, ok := g.vector(geometryEnds, 4)
	if !ok {
		return nil, g.damaged("its rings are damaged")
	}
	if k == 0 {
		return nil, nil
	}
	ends := counts(g.buf[start : start+4*k])
	last := uint32(0)
	for _, e := range ends {
		if e < last {
			return nil, g.damaged("its rings end before they begin")
		}
		last = e
	}
	if int64(last) != int64(n) {
		return nil, g.damaged("its rings do not end with its coordinates")
	}
	return ends, nil
}

// Shape reads the geometry of the row into s, without a copy where it is of
// one piece in the file (all but polygons of several parts).
//
// Errors: Unsupported for collections and curves; Invalid for a damaged row.
func (r Row) Shape(s *Shape) error {
	s.Kind, s.XY, s.Ends, s.Parts = Unknown, nil, nil, nil
	g, has, err := r.geometry()
	if err != nil || !has {
		return err
	}
	s.left = budget(len(r.buf))
	switch g.kind {
	case MultiPolygon, kindTIN, kindPolyhedral:
		err = s.polygons(&g)
	case Point, LineString, Polygon, MultiPoint, MultiLineString, kindTriangle:
		err = s.simple(&g)
	case Collection:
		err = fault.Errorf("fgb.Shape", fault.Unsupported, "%s: row %d: a geometry collection has no flat form", r.f.path, r.ordinal)
	default:
		err = unsupported(&g)
	}
	if err != nil {
		s.Kind, s.XY, s.Ends, s.Parts = Unknown, nil, nil, nil
	}
	return err
}

func unsupported(g *geometryTable) error {
	return fault.WithHint(fault.Errorf("fgb.Shape", fault.Unsupported, "%s: row %d is a %v", g.row.f.path, g.row.ordinal, g.kind),
		"write it with straight edges: ogr2ogr -nlt CONVERT_TO_LINEAR")
}

// simple reads a geometry without parts.
func (s *Shape) simple(g *geometryTable) error {
	b, err := g.positions()
	if err != nil || len(b) == 0 {
		return err
	}
	n := len(b) / 16
	s.Kind, s.XY = g.kind, s.floats(b)
	switch g.kind {
	case Point:
		if n != 1 {
			return g.damaged("it is a point of several positions")
		}
		if s.XY[0] != s.XY[0] { // the empty point of other writers
			s.Kind, s.XY = Unknown, nil
		}
		return nil
	case MultiPoint:
		return nil
	}
	if s.Ends, err = g.rings(n); err != nil {
		return err
	}
	if g.kind == kindTriangle {
		s.Kind = Polygon
	}
	if len(s.Ends) == 0 || s.Kind == LineString {
		s.one[0] = uint32(n)
		s.Ends = s.one[:1:1]
	}
	if s.Kind == Polygon {
		s.one[1] = uint32(len(s.Ends))
		s.Parts = s.one[1:2:2]
	}
	return nil
}

// floats is a view of coordinates, or a copy in the Shape's own memory where
// they are not aligned.
func (s *Shape) floats(b []byte) []float64 {
	if v, ok := viewFloats(b); ok {
		return v
	}
	s.xy = appendFloats(s.xy[:0], b)
	return s.xy
}

// polygons reads a geometry that is made of polygons.
func (s *Shape) polygons(g *geometryTable) error {
	_, n, ok := g.vector(geometryParts, 4)
	if !ok {
		return g.damaged("its parts lie outside it")
	}
	if n == 0 { // a single polygon, as some writers put it
		sub := *g
		sub.kind = Polygon
		if err := s.simple(&sub); err != nil || s.Kind == Unknown {
			return err
		}
		s.Kind = MultiPolygon
		return nil
	}
	if n == 1 {
		return s.onlyPolygon(g)
	}
	s.xy, s.ends, s.parts = s.xy[:0], s.ends[:0], s.parts[:0]
	err := g.each(&s.left, func(part geometryTable) error { return s.add(&part) })
	if err != nil || len(s.parts) == 0 {
		return err
	}
	s.Kind, s.XY, s.Ends, s.Parts = MultiPolygon, s.xy, s.ends, s.parts
	return nil
}

func (s *Shape) onlyPolygon(g *geometryTable) error {
	err := g.each(&s.left, func(part geometryTable) error {
		part.kind = Polygon
		return s.simple(&part)
	})
	if s.Kind != Unknown {
		s.Kind = MultiPolygon
	}
	return err
}

// add appends a polygon to the Shape's own memory; one without positions is
// left out.
func (s *Shape) add(part *geometryTable) error {
	b, err := part.positions()
	if err != nil || len(b) == 0 {
		return err
	}
	first := uint32(len(s.xy) / 2)
	n := len(b) / 16
	if uint64(first)+uint64(n) > math.MaxUint32 {
		return part.damaged("it has too many positions")
	}
	ends, err := part.rings(n)
	if err != nil {
		return err
	}
	s.xy = appendFloats(s.xy, b)
	if len(ends) == 0 {
		s.ends = append(s.ends, first+uint32(n))
	}
	for _, e := range ends {
		s.ends = append(s.ends, first+e)
	}
	s.parts = append(s.parts, uint32(len(s.ends)))
	return nil
}

// each visits the parts of a geometry.
func (g *geometryTable) each(left *budget, visit func(geometryTable) error) error {
	var err error
	ok := g.tables(geometryParts, func(t flatTable) bool {
		part := geometryTable{flatTable: t, row: g.row}
		var ok bool
		if part.kind, ok = part.own(); !ok {
			return false
		}
		_, numbers, ok := part.vector(geometryXY, 8)
		if *left -= budget(8 + 8*numbers); !ok || *left < 0 {
			return false
		}
		err = visit(part)
		return err == nil
	})
	if err == nil && !ok {
		err = g.damaged("its parts are damaged")
	}
	return err
}

// box is the extent of a geometry, read from its coordinates.
func (g *geometryTable) box(left *budget, depth int) geo.BBox {
	out := geo.EmptyBBox()
	b, err := g.positions()
	if err != nil {
		return out
	}
	for ; len(b) >= 16; b = b[16:] {
		x, y := math.Float64frombits(le.Uint64(b)), math.Float64frombits(le.Uint64(b[8:]))
		if x == x && y == y {
			out = out.ExtendPoint(x, y)
		}
	}
	if depth < maxDepth {
		_ = g.each(left, func(part geometryTable) error { // the file keeps the error
			if p := part.box(left, depth+1); !p.IsEmpty() {
				out = out.Union(p)
			}
			return nil
		})
	}
	return out
}
