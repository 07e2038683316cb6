package vector

import (
	"math"
	"strconv"
	"unsafe"

	"contado/geo"
	"contado/geo/fault"
	"contado/geo/fgb"
	"contado/geo/layer"

	"github.com/paulmach/orb"
)

// table is the rows of a layer by their place, from 0.
type table interface {
	len() int
	at(row int) handle
}

// handle is a row, found.
type handle struct {
	packed fgb.Row // when own and odd are nil
	own    *memoryRow
	odd    *layer.Row
}

func (h *handle) id() int64 {
	switch {
	case h.own != nil:
		return h.own.id
	case h.odd != nil:
		return h.odd.ID()
	}
	return h.packed.ID()
}

// shape reads the geometry of a row. Those that have no flat form are
// fault.Unsupported.
func (h *handle) shape(s *fgb.Shape) error {
	switch {
	case h.own != nil:
		*s = h.own.shape
		return nil
	case h.odd != nil:
		return h.odd.Shape(s)
	}
	return h.packed.Shape(s)
}

// value is an attribute without a copy of its text.
type value struct {
	kind valueKind
	bits uint64
	text []byte
}

type valueKind uint8

const (
	noValue valueKind = iota
	textValue
	intValue
	floatValue
	boolValue
)

func valueOf(v any) value {
	switch v := v.(type) {
	case string:
		return value{kind: textValue, text: unsafe.Slice(unsafe.StringData(v), len(v))}
	case int64:
		return value{kind: intValue, bits: uint64(v)}
	case float64:
		return floatOf(v)
	case bool:
		if v {
			return value{kind: boolValue, bits: 1}
		}
		return value{kind: boolValue}
	}
	return value{}
}

// String is the value as text.
func (v value) String() string {
	switch v.kind {
	case textValue:
		return string(v.text)
	case intValue:
		return strconv.FormatInt(int64(v.bits), 10)
	case floatValue:
		return strconv.FormatFloat(math.Float64frombits(v.bits), 'g', -1, 64)
	case boolValue:
		return strconv.FormatBool(v.bits != 0)
	}
	return ""
}

// floatOf has no value for what has no form in a tile.
func floatOf(v float64) value {
	if v-v != 0 {
		return value{}
	}
	return value{kind: floatValue, bits: math.Float64bits(v)}
}

// layerTable is the rows of a layer's base.
type layerTable struct {
	l    *layer.Layer
	file *fgb.File // nil: the rows are in memory
}

func newLayerTable(l *layer.Layer) layerTable { return layerTable{l, l.Packed()} }

func (t layerTable) len() int { return t.l.BaseLen() }

func (t layerTable) at(row int) handle {
	if t.file != nil {
		return handle{packed: t.file.At(row)}
	}
	r := t.l.Base(row)
	return handle{odd: &r}
}

func rawValue(r fgb.Raw, t geo.FieldType) value {
	if r.IsNull() {
		return value{}
	}
	switch t {
	case geo.Integer:
		if v, ok := r.Int(); ok {
			return value{kind: intValue, bits: uint64(v)}
		}
	case geo.Real:
		if v, ok := r.Float(); ok {
			return floatOf(v)
		}
	case geo.Boolean:
		if v, ok := r.Bool(); ok {
			return valueOf(v)
		}
	case geo.String, geo.Date, geo.DateTime, geo.JSON:
		if b := r.Bytes(); b != nil {
			return value{kind: textValue, text: b}
		}
	}
	return value{}
}

// memoryTable is rows in memory: of a Builder, and changes over a packed file.
type memoryTable struct {
	rows []memoryRow
}

// memoryRow is one geometry of a feature. A collection has up to three.
type memoryRow struct {
	id     int64
	shape  fgb.Shape
	values []any
}

func (t *memoryTable) len() int          { return len(t.rows) }
func (t *memoryTable) at(row int) handle { return handle{own: &t.rows[row]} }

// deepest bounds nested collections.
const deepest = 16

// add appends a feature: its points, lines and polygons become up to three
// rows with one id.
func (t *memoryTable) add(f geo.Feature) error {
	var parts [3]fgb.Shape
	if err := flatten(f.Geometry, &parts, 0); err != nil {
		return err
	}
	for _, s := range parts {
		if s.Kind != fgb.Unknown {
			t.rows = append(t.rows, memoryRow{f.ID, s, f.Values})
		}
	}
	return nil
}

// flatten adds a geometry to the shapes of points, lines and polygons.
func flatten(g orb.Geometry, out *[3]fgb.Shape, depth int) error {
	if depth > deepest {
		return fault.Errorf("vector.flatten", fault.Invalid, "collections are nested too deep")
	}
	switch g := g.(type) {
	case orb.Collection:
		for _, m := range g {
			if err := flatten(m, out, depth+1); err != nil {
				return err
			}
		}
	case orb.Point:
		addPoints(&out[0], orb.MultiPoint{g})
	case orb.MultiPoint:
		addPoints(&out[0], g)
	case orb.LineString:
		addLine(&out[1], g)
	case orb.MultiLineString:
		for _, l := range g {
			addLine(&out[1], l)
		}
	case orb.Ring:
		addPolygon(&out[2], orb.Polygon{g})
	case orb.Polygon:
		addPolygon(&out[2], g)
	case orb.MultiPolygon:
		for _, p := range g {
			addPolygon(&out[2], p)
		}
	case orb.Bound:
		addPolygon(&out[2], g.ToPolygon())
	}
	return nil
}

func addPoints(s *fgb.Shape, ps orb.MultiPoint) {
	if len(ps) == 0 {
		return
	}
	s.Kind = fgb.MultiPoint
	s.XY = appendXY(s.XY, ps)
}

func appendXY(xy []float64, ps []orb.Point) []float64 {
	for _, p := range ps {
		xy = append(xy, p[0], p[1])
	}
	return xy
}

func addLine(s *fgb.Shape, l orb.LineString) {
	if len(l) == 0 {
		return
	}
	s.Kind = fgb.MultiLineString
	s.XY = appendXY(s.XY, l)
	s.Ends = append(s.Ends, uint32(len(s.XY)/2))
}

func addPolygon(s *fgb.Shape, p orb.Polygon) {
	if len(p) == 0 || len(p[0]) == 0 {
		return
	}
	s.Kind = fgb.MultiPolygon
	for _, r := range p {
		s.XY = appendXY(s.XY, r)
		if n := len(r); n > 1 && r[0] != r[n-1] {
			s.XY = append(s.XY, r[0][0], r[0][1])
		}
		s.Ends = append(s.Ends, uint32(len(s.XY)/2))
	}
	s.Parts = append(s.Parts, uint32(len(s.Ends)))
}
