package layer

import (
	"fmt"

	"github.com/paulmach/orb"

	"contado/geo"
	"contado/geo/fault"
	"contado/geo/fgb"
)

// Row is one row of a layer: a view into the packed file, or a row that was
// edited. It is valid as long as its layer.
type Row struct {
	packed  fgb.Row
	own     *entry // nil: packed
	ordinal int32  // −1: not of the base
}

// entry is a row in memory.
type entry struct {
	feature geo.Feature
	box     geo.BBox // empty without geometry
	seq     int64    // of its last change
	gone    bool     // deleted: only id, seq mean something
}

func newEntry(f geo.Feature, seq int64) *entry {
	e := &entry{feature: f, box: geo.EmptyBBox(), seq: seq}
	if f.Geometry != nil {
		e.box = geo.BBoxOf(f.Geometry.Bound())
	}
	return e
}

// ID identifies the row within its dataset version.
func (r Row) ID() int64 {
	if r.own != nil {
		return r.own.feature.ID
	}
	return r.packed.ID()
}

// Box is the extent in the CRS of the dataset; empty without geometry.
func (r Row) Box() geo.BBox {
	if r.own != nil {
		return r.own.box
	}
	return r.packed.Box()
}

// Ordinal is the place of the row in the base, 0 to Layer.BaseLen−1; ok is
// false for rows that were created or changed since.
func (r Row) Ordinal() (i int, ok bool) { return int(r.ordinal), r.ordinal >= 0 }

// Value is the value of a field, by its place in the schema, as
// geo.Feature.Values has it. It must not be changed.
func (r Row) Value(field int) any {
	if r.own == nil {
		return r.packed.Value(field)
	}
	return r.own.value(field)
}

func (e *entry) value(field int) any {
	if field < len(e.feature.Values) {
		return e.feature.Values[field]
	}
	return nil
}

// Geometry is nil when the row has none. It is shared and must not be changed.
func (r Row) Geometry() (orb.Geometry, error) {
	if r.own != nil {
		return r.own.feature.Geometry, nil
	}
	g, err := r.packed.Geometry()
	if err != nil {
		return nil, fmt.Errorf("geometry of feature %d: %w", r.ID(), err)
	}
	return g, nil
}

// Shape fills s with the positions, without a copy where it can: they are
// valid as long as the layer and must not be written to. A row without
// geometry gives an empty shape. A collection is fault.Unsupported: Geometry
// reads it.
func (r Row) Shape(s *fgb.Shape) error {
	if r.own == nil {
		return r.packed.Shape(s)
	}
	return flatten(r.own.feature.Geometry, s)
}

// Feature is the row as a feature of its own, with the named fields (places
// in the schema) as its values; nil gives all.
func (r Row) Feature(fields []int) (geo.Feature, error) { return r.feature(fields, true) }

// flatten writes a geometry in the flat form. It never reuses the slices of
// s, which may be views into a file.
func flatten(g orb.Geometry, s *fgb.Shape) error {
	s.Kind, s.XY, s.Ends, s.Parts = fgb.Unknown, nil, nil, nil
	switch g := g.(type) {
	case nil:
	case orb.Point:
		s.Kind = fgb.Point
		flat(s, g)
	case orb.MultiPoint:
		s.Kind = fgb.MultiPoint
		flat(s, g...)
	case orb.LineString:
		s.Kind = fgb.LineString
		flatPart(s, g)
	case orb.MultiLineString:
		s.Kind = fgb.MultiLineString
		for _, l := range g {
			flatPart(s, l)
		}
	case orb.Ring:
		s.Kind = fgb.Polygon
		flatPolygon(s, orb.Polygon{g})
	case orb.Polygon:
		s.Kind = fgb.Polygon
		flatPolygon(s, g)
	case orb.Bound:
		s.Kind = fgb.Polygon
		flatPolygon(s, g.ToPolygon())
	case orb.MultiPolygon:
		s.Kind = fgb.MultiPolygon
		for _, p := range g {
			flatPolygon(s, p)
		}
	default:
		return fault.Errorf("layer.Shape", fault.Unsupported, "a geometry of type %s has no flat form", g.GeoJSONType())
	}
	return nil
}

func flat(s *fgb.Shape, ps ...orb.Point) {
	for _, p := range ps {
		s.XY = append(s.XY, p[0], p[1])
	}
}

func flatPart[P ~[]orb.Point](s *fgb.Shape, ps P) {
	flat(s, ps...)
	s.Ends = append(s.Ends, uint32(len(s.XY)/2)) //nolint:gosec // positions in memory
}

func flatPolygon(s *fgb.Shape, p orb.Polygon) {
	for _, r := range p {
		flatPart(s, r)
	}
	s.Parts = append(s.Parts, uint32(len(s.Ends))) //nolint:gosec // rings in memory
}
