package fgb

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"contado/geo"
)

// header is what the file says of itself.
type header struct {
	name, title, description string
	schema                   geo.Schema
	kind                     Kind // of all geometries; Unknown: each says its own
	bounds                   geo.BBox
	count                    uint64 // 0 = not told
	nodeSize                 int    // 0 = no index
	columns                  []column
	id                       int // the column that holds the ids, −1 for none
	left                     int // bytes that texts may still have: several columns can name one text
}

// column is one attribute as it lies in the file.
type column struct {
	kind  columnType
	width int
	field int // in the schema, −1 for the column of ids
}

// metadata is the part of the header's JSON that is ours.
type metadata struct {
	IDColumn string `json:"id_column,omitempty"`
	// GeometryType is the schema's, also where the header cannot say it: ""
	// for tables without geometry, and types that not all rows keep to.
	GeometryType *string `json:"geometry_type,omitempty"`
}

// dateMark is the metadata of a column of dates, which the format lacks.
const dateMark = `{"type":"date"}`

var errHeader = errors.New("the header is damaged")

func parseHeader(buf []byte) (*header, error) {
	t, ok := rootTable(buf)
	if !ok {
		return nil, errHeader
	}
	h := &header{bounds: geo.EmptyBBox(), id: -1, left: len(buf)}
	var meta string
	var kind, z, m uint8
	var node uint16
	for _, read := range []func() bool{
		func() (ok bool) { h.name, ok = t.text(headerName); return ok },
		func() (ok bool) { h.title, ok = t.text(headerTitle); return ok },
		func() (ok bool) { h.description, ok = t.text(headerDescription); return ok },
		func() (ok bool) { meta, ok = t.text(headerMetadata); return ok },
		func() (ok bool) { kind, ok = t.u8(headerGeometryType, 0); return ok },
		func() (ok bool) { z, ok = t.u8(headerHasZ, 0); return ok },
		func() (ok bool) { m, ok = t.u8(headerHasM, 0); return ok },
		func() (ok bool) { h.count, ok = t.u64(headerCount, 0); return ok },
		func() (ok bool) { node, ok = t.u16(headerNodeSize, 16); return ok },
	} {
		if !read() {
			return nil, errHeader
		}
	}
	if node == 1 {
		return nil, errors.New("the index has nodes of 1 entry")
	}
	h.kind, h.nodeSize = Kind(kind), int(node)
	h.schema.HasZ, h.schema.HasM = z != 0, m != 0
	h.schema.GeometryType = schemaType(h.kind)
	if err := h.readEnvelope(t); err != nil {
		return nil, err
	}
	if err := h.readCRS(t); err != nil {
		return nil, err
	}
	return h, h.readColumns(t, meta)
}

// schemaType is what Row.Geometry gives for a kind.
func schemaType(k Kind) string {
	switch {
	case k <= Collection:
		return k.String()
	case k == kindCircular || k == kindCompound:
		return LineString.String()
	case k == kindMultiCurve:
		return MultiLineString.String()
	case k == kindMultiSurface:
		return MultiPolygon.String()
	case k == kindCurvePolygon:
		return Polygon.String()
	case k == kindTriangle:
		return Polygon.String()
	case k == kindTIN || k == kindPolyhedral:
		return MultiPolygon.String()
	}
	return Unknown.String()
}

func (h *header) readEnvelope(t flatTable) error {
	start, n, ok := t.vector(headerEnvelope, 8)
	if !ok {
		return errHeader
	}
	if n < 4 { // none, as in a stream
		return nil
	}
	at := func(i int) float64 { return math.Float64frombits(le.Uint64(t.buf[start+8*i:])) }
	// minx, miny, maxx, maxy; with heights, minz and the like follow.
	b := geo.BBox{MinX: at(0), MinY: at(1), MaxX: at(2), MaxY: at(3)}
	if !b.IsEmpty() {
		h.bounds = b
	}
	return nil
}

func (h *header) readCRS(t flatTable) error {
	c, has, ok := t.table(headerCRS)
	if !ok {
		return errHeader
	}
	if !has {
		return nil
	}
	org, ok1 := c.text(crsOrg)
	code, ok2 := c.i32(crsCode, 0)
	text, ok3 := c.text(crsCodeString)
	wkt, ok4 := c.text(crsWKT)
	if !ok1 || !ok2 || !ok3 || !ok4 {
		return errHeader
	}
	if text == "" && code > 0 {
		text = strconv.Itoa(int(code))
	}
	if org == "" {
		org = "EPSG"
	}
	switch {
	case text != "":
		h.schema.CRS = geo.CRS(strings.ToUpper(org + ":" + text))
	case wkt != "":
		h.schema.CRS = geo.CRS(wkt)
	}
	return nil
}

func (h *header) readColumns(t flatTable, meta string) error {
	var m metadata
	if meta != "" {
		// What others keep there need not be an object.
		_ = json.Unmarshal([]byte(meta), &m)
	}
	var err error
	ok := t.tables(headerColumns, func(c flatTable) bool {
		if len(h.columns) == maxColumns {
			err = fmt.Errorf("the file has more than %d columns", maxColumns)
			return false
		}
		err = h.addColumn(c, &m)
		return err == nil
	})
	if err == nil && !ok {
		err = errHeader
	}
	if g := m.GeometryType; g != nil && (*g == "" || *g == Unknown.String() || kindOf(*g) != Unknown) {
		h.schema.GeometryType = *g
	}
	return err
}

func (h *header) addColumn(c flatTable, m *metadata) error {
	name, ok1 := c.text(columnName)
	kind, ok2 := c.u8(columnKind, 0)
	title, ok3 := c.text(columnTitle)
	description, ok4 := c.text(columnDescription)
	mark, ok5 := c.text(columnMetadata)
	if !ok1 || !ok2 || !ok3 || !ok4 || !ok5 {
		return errHeader
	}
	if h.left -= len(name) + len(title) + len(description) + len(mark) + 4; h.left < 0 {
		return errHeader
	}
	k := columnType(kind)
	if k >= typeEnd {
		return fmt.Errorf("column %.100q is of the unknown type %d", name, kind)
	}
	if m.IDColumn != "" && name == m.IDColumn && k == typeLong && h.id < 0 {
		h.id = len(h.columns)
		h.columns = append(h.columns, column{kind: k, width: 8, field: -1})
		return nil
	}
	f := geo.Field{Name: strings.ToValidUTF8(name, "�"), Type: fieldType(k), Alias: title, Description: description}
	if k == typeDateTime && mark == dateMark {
		f.Type = geo.Date
	}
	h.columns = append(h.columns, column{kind: k, width: int(widths[k]), field: len(h.schema.Fields)})
	h.schema.Fields = append(h.schema.Fields, f)
	return nil
}

// fieldType is the type of an attribute by that of its column. Numbers of 64
// bits without a sign may be beyond our integers and are read as real numbers,
// as GDAL does.
func fieldType(k columnType) geo.FieldType {
	switch k {
	case typeBool:
		return geo.Boolean
	case typeByte, typeUByte, typeShort, typeUShort, typeInt, typeUInt, typeLong:
		return geo.Integer
	case typeULong, typeFloat, typeDouble:
		return geo.Real
	case typeJSON:
		return geo.JSON
	case typeDateTime:
		return geo.DateTime
	case typeBinary:
		return geo.Binary
	}
	return geo.String
}

func columnTypeOf(t geo.FieldType) (columnType, bool) {
	switch t {
	case geo.String:
		return typeString, true
	case geo.Integer:
		return typeLong, true
	case geo.Real:
		return typeDouble, true
	case geo.Boolean:
		return typeBool, true
	case geo.Date, geo.DateTime:
		return typeDateTime, true
	case geo.Binary:
		return typeBinary, true
	case geo.JSON:
		return typeJSON, true
	}
	return 0, false
}
