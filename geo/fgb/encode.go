package fgb

import (
	"fmt"
	"math"

	"github.com/paulmach/orb"

	"contado/geo"
	"contado/geo/fault"
	"contado/geo/wkb"
)

// encoder makes the bytes of rows. A row is a FlatBuffer with its length in
// front, both laid out by hand, tables first, in this order: the row, its
// geometry (and, one after another, its parts), the attributes. All begins at
// multiples of 8 from the length on, so that coordinates are aligned in files
// whose header is a multiple of 8 too.
type encoder struct {
	schema  geo.Schema
	kind    Kind // of the schema
	idFirst bool // ids are the first column
	// loose lets geometries through that the schema's type does not cover.
	loose bool
	seen  bool // a geometry that kind does not cover has been there
	buf   []byte
	z, m  []float64 // what is left of the row's
}

func newEncoder(s geo.Schema) *encoder {
	return &encoder{schema: s, kind: kindOf(s.GeometryType), idFirst: true}
}

func bad(f *geo.Feature, format string, args ...any) error {
	return fault.Errorf("fgb.Write", fault.Invalid, "feature %d: %w", f.ID, fmt.Errorf(format, args...))
}

// row encodes a feature into the encoder's buffer, valid until the next call.
// box is empty when the feature has no geometry.
func (e *encoder) row(f *geo.Feature) (b []byte, box geo.BBox, err error) {
	box = geo.EmptyBBox()
	if len(f.Values) != len(e.schema.Fields) {
		return nil, box, bad(f, "it has %d values for %d fields", len(f.Values), len(e.schema.Fields))
	}
	g := f.Geometry
	if g != nil {
		if g, err = e.fit(f); err != nil {
			return nil, box, err
		}
	}
	e.buf = append(e.buf[:0], 0, 0, 0, 0) // the length comes last
	e.u32(4 + 8)                          // to the row's table, past its list of fields
	e.u16(8, 12, 4, 8)
	if g == nil {
		le.PutUint16(e.buf[len(e.buf)-4:], 0)
	}
	table := len(e.buf)
	e.u32(8, 0, 0)
	if g != nil {
		if box, err = e.geometryOf(f, g, table+4); err != nil {
			return nil, box, err
		}
	}
	e.align(4)
	e.point(table + 8)
	at := len(e.buf)
	e.u32(0)
	if err := e.properties(f); err != nil {
		return nil, box, err
	}
	le.PutUint32(e.buf[at:], uint32(len(e.buf)-at-4))
	e.align(8)
	if len(e.buf) > maxFeature {
		return nil, box, fault.Errorf("fgb.Write", fault.TooLarge, "feature %d has %d bytes; the format holds %d", f.ID, len(e.buf), maxFeature)
	}
	le.PutUint32(e.buf, uint32(len(e.buf)-4))
	return e.buf, box, nil
}

// fit makes the geometry one of the schema's type: a single one becomes a
// multiple one of itself.
func (e *encoder) fit(f *geo.Feature) (orb.Geometry, error) {
	g := f.Geometry
	switch v := g.(type) {
	case orb.Ring:
		g = orb.Polygon{v}
	case orb.Bound:
		g = v.ToPolygon()
	}
	if e.schema.GeometryType == "" {
		return nil, bad(f, "it has a geometry, and the layer has none")
	}
	kind := kindOf(g.GeoJSONType())
	if e.kind == Unknown || kind == e.kind {
		return g, nil
	}
	switch v := g.(type) {
	case orb.Point:
		g = orb.MultiPoint{v}
	case orb.LineString:
		g = orb.MultiLineString{v}
	case orb.Polygon:
		g = orb.MultiPolygon{v}
	}
	if kindOf(g.GeoJSONType()) == e.kind {
		return g, nil
	}
	if e.kind == Collection {
		return orb.Collection{f.Geometry}, nil
	}
	if !e.loose {
		if one := only(f.Geometry); one != nil && kindOf(one.GeoJSONType()) == e.kind {
			return one, nil
		}
		return nil, bad(f, "it is a %v in a layer of %v", kind, e.kind)
	}
	e.seen = true
	return f.Geometry, nil
}

// only is the member of a multiple geometry that has one; nil for others.
func only(g orb.Geometry) orb.Geometry {
	switch v := g.(type) {
	case orb.MultiPoint:
		if len(v) == 1 {
			return v[0]
		}
	case orb.MultiLineString:
		if len(v) == 1 {
			return v[0]
		}
	case orb.MultiPolygon:
		if len(v) == 1 {
			return v[0]
		}
	}
	return nil
}

// geometryOf writes the geometry, pointed to from at.
func (e *encoder) geometryOf(f *geo.Feature, g orb.Geometry, at int) (geo.BBox, error) {
	box := geo.EmptyBBox()
	n := wkb.Positions(g)
	e.z, e.m = nil, nil
	if e.schema.HasZ {
		e.z = f.Z
	}
	if e.schema.HasM {
		e.m = f.M
	}
	if (e.z != nil && len(e.z) != n) || (e.m != nil && len(e.m) != n) {
		return box, bad(f, "it has %d heights and %d measures for %d positions", len(f.Z), len(f.M), n)
	}
	if err := e.geometry(g, at, &box, 0); err != nil {
		return box, bad(f, "%w", err)
	}
	return box, nil
}

// geometry writes one table: its list of fields, itself, its lists, its parts.
func (e *encoder) geometry(g orb.Geometry, at int, box *geo.BBox, depth int) error {
	if depth > maxDepth {
		return fmt.Errorf("its collections are nested more than %d deep", maxDepth)
	}
	kind := kindOf(g.GeoJSONType())
	if kind == Unknown {
		return fmt.Errorf("a geometry of type %T", g)
	}
	e.align(4)
	var offsets [geometryFields]uint16
	place := func(field int, on bool) {
		if on {
			offsets[field] = uint16(4 + 4*field)
		}
	}
	own := kind != MultiPolygon && kind != Collection
	place(geometryEnds, lines(g) > 1)
	place(geometryXY, own)
	place(geometryZ, own && e.z != nil)
	place(geometryM, own && e.m != nil)
	place(geometryType, true)
	place(geometryParts, !own)
	const size = 4 + 4*geometryFields
	e.u16(4+2*geometryFields, size)
	e.u16(offsets[:]...)
	e.align(4)
	table := len(e.buf)
	e.point(at)
	e.u32(4 + 2*geometryFields)
	e.buf = append(e.buf, make([]byte, size-4)...)
	e.buf[table+4+4*geometryType] = byte(kind)
	field := func(i int) int { return table + 4 + 4*i }
	if !own {
		return e.parts(g, field(geometryParts), box, depth)
	}
	if lines(g) > 1 {
		e.ends(g, field(geometryEnds))
	}
	return e.coordinates(g, field, box)
}

// lines is the number of lines or rings.
func lines(g orb.Geometry) int {
	switch v := g.(type) {
	case orb.MultiLineString:
		return len(v)
	case orb.Polygon:
		return len(v)
	}
	return 0
}

func (e *encoder) ends(g orb.Geometry, at int) {
	e.point(at)
	e.u32(uint32(lines(g)))
	end := uint32(0)
	switch v := g.(type) {
	case orb.MultiLineString:
		for _, l := range v {
			end += uint32(len(l))
			e.u32(end)
		}
	case orb.Polygon:
		for _, r := range v {
			end += uint32(len(r))
			e.u32(end)
		}
	}
}

func (e *encoder) coordinates(g orb.Geometry, field func(int) int, box *geo.BBox) error {
	n := wkb.Positions(g)
	e.list(field(geometryXY), 2*n)
	finite := true
	put := func(list []orb.Point) {
		for _, p := range list {
			e.buf = le.AppendUint64(e.buf, math.Float64bits(p[0]))
			e.buf = le.AppendUint64(e.buf, math.Float64bits(p[1]))
			box.MinX, box.MaxX = min(box.MinX, p[0]), max(box.MaxX, p[0])
			box.MinY, box.MaxY = min(box.MinY, p[1]), max(box.MaxY, p[1])
			finite = finite && p[0]-p[0] == 0 && p[1]-p[1] == 0
		}
	}
	switch v := g.(type) {
	case orb.Point:
		put([]orb.Point{v})
	case orb.MultiPoint:
		put(v)
	case orb.LineString:
		put(v)
	case orb.MultiLineString:
		for _, l := range v {
			put(l)
		}
	case orb.Polygon:
		for _, r := range v {
			put(r)
		}
	}
	if !finite {
		return fmt.Errorf("a coordinate is no finite number")
	}
	for _, extra := range []struct {
		field int
		left  *[]float64
	}{{geometryZ, &e.z}, {geometryM, &e.m}} {
		if *extra.left == nil {
			continue
		}
		e.list(field(extra.field), n)
		for _, v := range (*extra.left)[:n] {
			e.buf = le.AppendUint64(e.buf, math.Float64bits(v))
		}
		*extra.left = (*extra.left)[n:]
	}
	return nil
}

// list begins a list of n numbers whose first is aligned, pointed to from at.
func (e *encoder) list(at, n int) {
	for (len(e.buf)+4)%8 != 0 {
		e.buf = append(e.buf, 0)
	}
	e.point(at)
	e.u32(uint32(n))
}

// parts writes the members of a geometry that is made of others.
func (e *encoder) parts(g orb.Geometry, at int, box *geo.BBox, depth int) error {
	var members []orb.Geometry
	switch v := g.(type) {
	case orb.MultiPolygon:
		for _, p := range v {
			members = append(members, p)
		}
	case orb.Collection:
		members = v
	}
	e.point(at)
	e.u32(uint32(len(members)))
	first := len(e.buf)
	e.buf = append(e.buf, make([]byte, 4*len(members))...)
	for i, m := range members {
		switch v := m.(type) {
		case nil:
			return fmt.Errorf("a member of a collection is nil")
		case orb.Ring:
			m = orb.Polygon{v}
		case orb.Bound:
			m = v.ToPolygon()
		}
		if err := e.geometry(m, first+4*i, box, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// properties writes the id and the attributes that have a value.
func (e *encoder) properties(f *geo.Feature) error {
	col := uint16(0)
	if e.idFirst {
		e.u16(0)
		e.buf = le.AppendUint64(e.buf, uint64(f.ID))
		col = 1
	}
	for i, v := range f.Values {
		if v == nil {
			continue
		}
		e.u16(col + uint16(i))
		if !e.value(e.schema.Fields[i].Type, v) {
			return bad(f, "field %q of type %s has a value of type %T", e.schema.Fields[i].Name, e.schema.Fields[i].Type, v)
		}
	}
	return nil
}

// value appends an attribute; false when it is not of the type.
func (e *encoder) value(t geo.FieldType, v any) bool {
	switch t {
	case geo.Integer:
		n, ok := v.(int64)
		e.buf = le.AppendUint64(e.buf, uint64(n))
		return ok
	case geo.Real:
		x, ok := v.(float64)
		if n, whole := v.(int64); whole {
			x, ok = float64(n), true
		}
		e.buf = le.AppendUint64(e.buf, math.Float64bits(x))
		return ok
	case geo.Boolean:
		b, ok := v.(bool)
		n := byte(0)
		if b {
			n = 1
		}
		e.buf = append(e.buf, n)
		return ok
	case geo.Binary:
		b, ok := v.([]byte)
		e.u32(uint32(len(b)))
		e.buf = append(e.buf, b...)
		return ok
	}
	s, ok := v.(string)
	e.u32(uint32(len(s)))
	e.buf = append(e.buf, s...)
	return ok
}

// point makes the offset at a place point to the end of what is written.
func (e *encoder) point(at int) { le.PutUint32(e.buf[at:], uint32(len(e.buf)-at)) }

func (e *encoder) align(n int) {
	for len(e.buf)%n != 0 {
		e.buf = append(e.buf, 0)
	}
}

func (e *encoder) u16(v ...uint16) {
	for _, x := range v {
		e.buf = le.AppendUint16(e.buf, x)
	}
}

func (e *encoder) u32(v ...uint32) {
	for _, x := range v {
		e.buf = le.AppendUint32(e.buf, x)
	}
}
