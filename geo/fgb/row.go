package fgb

import (
	"math"

	"contado/geo"
)

// Row is one row of a file: a small value, valid until the file is closed.
type Row struct {
	f       *File
	buf     []byte // the row's FlatBuffer; nil when it is damaged
	ordinal int
}

// At is the row at a place, 0 ≤ ordinal < Len; other places panic.
func (f *File) At(ordinal int) Row {
	if ordinal < 0 || ordinal >= f.n {
		panic("fgb: row out of range")
	}
	var at uint64
	if f.tree != nil {
		at = f.tree.leafOffset(ordinal)
	} else {
		at = uint64(f.starts[ordinal])
	}
	r := Row{f: f, ordinal: ordinal}
	if size := uint64(len(f.rows)); at < size && size-at >= 4 {
		rest := f.rows[at:]
		if n := uint64(le.Uint32(rest)); n <= uint64(len(rest)-4) {
			r.buf = rest[4 : 4+n : 4+n]
			return r
		}
	}
	_ = f.damaged(ordinal, "it lies outside the file") // kept for Err; the row's own calls tell it again
	return r
}

// Rows calls yield for each row in the order of the file, until it returns
// false.
func (f *File) Rows(yield func(Row) bool) {
	for i := range f.n {
		if !yield(f.At(i)) {
			return
		}
	}
}

// Search calls yield for each row whose box meets b (both closed), in the
// order of the file, until it returns false. Without an index it gives all
// rows. Rows without geometry are not found.
func (f *File) Search(b geo.BBox, yield func(Row) bool) {
	if f.tree == nil {
		f.Rows(yield)
		return
	}
	if b.IsEmpty() {
		return
	}
	f.tree.search(b, func(row int) bool { return yield(f.At(row)) })
}

// Ordinal is the row's place in the file, from 0.
func (r Row) Ordinal() int { return r.ordinal }

// ID is the row's id: of the file's column of ids, else its place counted
// from 1 (0 is no id, in a query's After).
func (r Row) ID() int64 {
	if r.f.head.id < 0 {
		return int64(r.ordinal) + 1
	}
	if v := r.find(r.f.head.id); len(v) == 8 {
		return int64(le.Uint64(v))
	}
	return 0
}

// Box is the extent of the row; it is empty (geo.BBox.IsEmpty) for a row
// without geometry.
func (r Row) Box() geo.BBox {
	if r.f.tree != nil {
		return r.f.tree.leafBox(r.ordinal)
	}
	g, has, err := r.geometry()
	if err != nil || !has {
		return geo.EmptyBBox()
	}
	left := budget(len(r.buf))
	if g.kind.curved() { // arcs reach beyond their positions
		if s, err := g.straighten(&left, 0); err == nil && s.g != nil {
			return geo.BBoxOf(s.g.Bound())
		}
		return geo.EmptyBBox()
	}
	return g.box(&left, 0)
}

// properties is the list of (column, value) of the row.
func (r Row) properties() []byte {
	t, ok := rootTable(r.buf)
	if !ok {
		_ = r.f.damaged(r.ordinal, "it has no table")
		return nil
	}
	p, ok := t.bytes(featureProperties)
	if !ok {
		_ = r.f.damaged(r.ordinal, "its attributes lie outside it")
	}
	return p
}

// next is the first entry of a list of properties, and what follows it; ok is
// false when it is damaged.
func (r Row) next(p []byte) (col int, value, rest []byte, ok bool) {
	if len(p) < 2 {
		return 0, nil, nil, false
	}
	col = int(le.Uint16(p))
	if col >= len(r.f.head.columns) {
		return 0, nil, nil, false
	}
	p = p[2:]
	w := r.f.head.columns[col].width
	if w == 0 {
		if len(p) < 4 {
			return 0, nil, nil, false
		}
		w = int(le.Uint32(p))
		p = p[4:]
	}
	if w < 0 || w > len(p) {
		return 0, nil, nil, false
	}
	return col, p[:w:w], p[w:], true
}

// find is the value of a column as it lies in the file, nil when there is none.
func (r Row) find(column int) []byte {
	for p := r.properties(); len(p) > 1; { // some writers leave a byte too many
		col, v, rest, ok := r.next(p)
		if !ok {
			_ = r.f.damaged(r.ordinal, "its attributes are damaged")
			return nil
		}
		if col == column {
			return v
		}
		p = rest
	}
	return nil
}

// Raw is the value of an attribute where it lies in the file: a view, valid
// until Close. The zero value is no value.
type Raw struct {
	kind columnType
	data []byte // not nil when there is a value
}

// Raw finds the value of a field of the schema without making a copy of it.
// It looks through the row's attributes from the first: for several fields of
// a row use RawValues.
func (r Row) Raw(field int) Raw {
	col := r.f.fields[field]
	if v := r.find(col); v != nil {
		return Raw{r.f.head.columns[col].kind, v}
	}
	return Raw{}
}

// RawValues finds all values of the row in one pass: dst[i] becomes that of
// field i of the schema. dst must have a place for each.
func (r Row) RawValues(dst []Raw) {
	clear(dst[:len(r.f.fields)])
	r.each(func(field int, v Raw) { dst[field] = v })
}

func (r Row) each(visit func(field int, v Raw)) {
	for p := r.properties(); len(p) > 1; { // some writers leave a byte too many
		col, v, rest, ok := r.next(p)
		if !ok {
			_ = r.f.damaged(r.ordinal, "its attributes are damaged")
			return
		}
		if c := &r.f.head.columns[col]; c.field >= 0 {
			visit(c.field, Raw{c.kind, v})
		}
		p = rest
	}
}

// Value is the value of a field of the schema, as geo.Feature has it: nil,
// string, int64, float64, bool or []byte, all copied.
func (r Row) Value(field int) any { return r.Raw(field).Any() }

// Values is Value for several fields in one pass: dst[i] becomes the value of
// fields[i]; nil means all fields of the schema.
func (r Row) Values(fields []int, dst []any) {
	if fields == nil {
		clear(dst[:len(r.f.fields)])
		r.each(func(field int, v Raw) { dst[field] = v.Any() })
		return
	}
	if len(fields) == 1 {
		dst[0] = r.Value(fields[0])
		return
	}
	clear(dst[:len(fields)])
	r.each(func(field int, v Raw) {
		for i, f := range fields {
			if f == field {
				dst[i] = v.Any()
			}
		}
	})
}

// IsNull tells whether there is no value.
func (v Raw) IsNull() bool { return v.data == nil }

// Bytes is a text or a binary value in place; nil for other types.
func (v Raw) Bytes() []byte {
	if v.data == nil || v.kind < typeString {
		return nil
	}
	return v.data
}

// Int is a whole number.
func (v Raw) Int() (int64, bool) {
	if v.data == nil {
		return 0, false
	}
	switch v.kind {
	case typeByte:
		return int64(int8(v.data[0])), true
	case typeUByte:
		return int64(v.data[0]), true
	case typeShort:
		return int64(int16(le.Uint16(v.data))), true
	case typeUShort:
		return int64(le.Uint16(v.data)), true
	case typeInt:
		return int64(int32(le.Uint32(v.data))), true
	case typeUInt:
		return int64(le.Uint32(v.data)), true
	case typeLong:
		return int64(le.Uint64(v.data)), true
	}
	return 0, false
}

// Float is a number of any kind.
func (v Raw) Float() (float64, bool) {
	if v.data == nil {
		return 0, false
	}
	switch v.kind {
	case typeDouble:
		return math.Float64frombits(le.Uint64(v.data)), true
	case typeFloat:
		return float64(math.Float32frombits(le.Uint32(v.data))), true
	case typeULong:
		return float64(le.Uint64(v.data)), true
	}
	n, ok := v.Int()
	return float64(n), ok
}

// Bool is a truth value.
func (v Raw) Bool() (value, ok bool) {
	if v.data == nil || v.kind != typeBool {
		return false, false
	}
	return v.data[0] != 0, true
}

// Any is the value as geo.Feature has it, copied.
func (v Raw) Any() any {
	if v.data == nil {
		return nil
	}
	switch v.kind {
	case typeBool:
		return v.data[0] != 0
	case typeString, typeJSON, typeDateTime:
		return string(v.data)
	case typeBinary:
		return append([]byte{}, v.data...)
	case typeULong, typeFloat, typeDouble:
		f, _ := v.Float()
		return f
	}
	n, _ := v.Int()
	return n
}

// NumFields is the number of fields of the schema.
func (r Row) NumFields() int { return len(r.f.fields) }
