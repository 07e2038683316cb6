package layer

import (
	"bytes"
	"encoding/binary"
	"math"
	"strings"
	"time"

	"contado/geo"
	"contado/geo/fault"
	"contado/geo/fgb"
	"contado/geo/store/features"
)

// keys is what rows are ordered by. The place of a row in an order is a key:
// bytes whose order is the order of the rows, its id last. So rows, cursors
// and edited rows are all compared in one way.
type keys struct {
	fields []sortField
	name   string // the same for the same order
}

type sortField struct {
	field      int
	kind       geo.FieldType
	descending bool
}

// maxSortKeys bounds the attributes of one order.
const maxSortKeys = 8

func newKeys(s *geo.Schema, sort []features.SortKey) (*keys, error) {
	const op = "layer.Scan"
	if len(sort) > maxSortKeys {
		return nil, fault.Errorf(op, fault.Invalid, "rows are ordered by %d attributes; at most %d are taken", len(sort), maxSortKeys)
	}
	k := &keys{}
	var name strings.Builder
	for _, one := range sort {
		i, err := fieldIndex(s, one.Field)
		if err != nil {
			return nil, err
		}
		f := s.Fields[i]
		if f.Type == geo.Binary {
			return nil, fault.Errorf(op, fault.Invalid, "attribute %q is binary: rows have no order by it", f.Name)
		}
		k.fields = append(k.fields, sortField{i, f.Type, one.Descending})
		sign := byte('+')
		if one.Descending {
			sign = '-'
		}
		name.WriteByte(sign)
		name.WriteString(f.Name)
		name.WriteByte(0)
	}
	k.name = name.String()
	return k, nil
}

func fieldIndex(s *geo.Schema, name string) (int, error) {
	i := s.FieldIndex(name)
	if i < 0 {
		known := make([]string, len(s.Fields))
		for k, f := range s.Fields {
			known[k] = `"` + f.Name + `"`
		}
		return 0, fault.WithHint(fault.Errorf("layer.Scan", fault.Invalid, "there is no attribute %.80q", name),
			"the attributes are "+strings.Join(known, ", "))
	}
	return i, nil
}

// of appends the key of a row.
func (k *keys) of(dst []byte, r Row) []byte {
	for _, f := range k.fields {
		if r.own == nil {
			dst = f.appendRaw(dst, r.packed.Raw(f.field))
		} else {
			dst = f.append(dst, r.own.value(f.field))
		}
	}
	return appendInt(dst, r.ID())
}

// cursor is the key of the row that a cursor stands for.
func (k *keys) cursor(c *features.Cursor) ([]byte, error) {
	const op = "layer.Scan"
	if len(c.Values) != len(k.fields) {
		return nil, fault.Errorf(op, fault.Invalid, "the cursor has %d values for an order by %d attributes", len(c.Values), len(k.fields))
	}
	var key []byte
	for i, f := range k.fields {
		v, ok := comparable(f.kind, c.Values[i])
		if !ok {
			return nil, fault.Errorf(op, fault.Invalid, "value %d of the cursor is no %s", i+1, f.kind)
		}
		key = f.append(key, v)
	}
	return appendInt(key, c.ID), nil
}

// comparable reports whether a value can be one of an attribute's type, and
// gives whole numbers their type, which JSON takes from them.
func comparable(kind geo.FieldType, v any) (any, bool) {
	switch x := v.(type) {
	case nil:
		return nil, true
	case int64:
		return v, kind == geo.Integer || kind == geo.Real
	case float64:
		return v, kind == geo.Integer || kind == geo.Real
	case bool:
		return v, kind == geo.Boolean
	case string:
		if kind == geo.DateTime {
			_, ok := instant(x)
			return v, ok
		}
		return v, kind == geo.String || kind == geo.Date || kind == geo.JSON
	}
	return nil, false
}

// The first byte of a value in a key: its class, in the order of SQLite
// (numbers, then text), and no value last in either direction.
const (
	classNumber byte = 1 + iota
	classText
	classBytes
	classNone byte = 0xFF
)

// appendRaw is append of a value where it lies in the file.
func (f sortField) appendRaw(dst []byte, v fgb.Raw) []byte {
	start := len(dst)
	switch f.kind {
	case geo.String, geo.Date, geo.JSON:
		if b := v.Bytes(); b != nil {
			return f.turn(appendText(append(dst, classText), b), start)
		}
	case geo.Integer:
		if n, ok := v.Int(); ok {
			return f.turn(appendNumber(dst, float64(n), residue(n)), start)
		}
	case geo.Real:
		if x, ok := v.Float(); ok && x == x {
			return f.turn(appendNumber(dst, x, 0), start)
		}
	}
	return f.append(dst, v.Any())
}

// turn turns what was written round when the order goes down.
func (f sortField) turn(dst []byte, start int) []byte {
	if f.descending {
		for i := start; i < len(dst); i++ {
			dst[i] = ^dst[i]
		}
	}
	return dst
}

func appendNumber(dst []byte, v float64, residue int64) []byte {
	return appendInt(appendFloat(append(dst, classNumber), v), residue)
}

// append writes a value so that the order of the bytes is that of the values;
// downwards all bytes are turned round, but for those of no value.
func (f sortField) append(dst []byte, v any) []byte {
	start := len(dst)
	switch x := v.(type) {
	case int64:
		dst = appendNumber(dst, float64(x), residue(x))
	case float64:
		if math.IsNaN(x) {
			return append(dst, classNone)
		}
		dst = appendNumber(dst, x, 0)
	case bool:
		n := 0.0
		if x {
			n = 1
		}
		dst = appendNumber(dst, n, 0)
	case string:
		if f.kind == geo.DateTime {
			if t, ok := instant(x); ok {
				x = t
			}
		}
		dst = appendText(append(dst, classText), x)
	case []byte:
		dst = appendText(append(dst, classBytes), x)
	default:
		return append(dst, classNone)
	}
	return f.turn(dst, start)
}

// residue is what a whole number loses as a float64: with it, numbers of both
// types have one exact order.
func residue(v int64) int64 {
	f := float64(v)
	if f == 1<<63 {
		return v - math.MaxInt64 - 1
	}
	return v - int64(f)
}

// appendFloat writes the bits of a number so that they sort as it does; −0
// is 0.
func appendFloat(dst []byte, v float64) []byte {
	b := math.Float64bits(v + 0)
	if b>>63 == 1 {
		b = ^b
	} else {
		b |= 1 << 63
	}
	return binary.BigEndian.AppendUint64(dst, b)
}

func appendInt(dst []byte, v int64) []byte {
	return binary.BigEndian.AppendUint64(dst, uint64(v)^1<<63) //nolint:gosec // the bits
}

// appendText ends a text so that none is the beginning of another: a zero
// byte is written as 0 FF, the end as 0 0.
func appendText[T string | []byte](dst []byte, s T) []byte {
	for i := range len(s) {
		dst = append(dst, s[i])
		if s[i] == 0 {
			dst = append(dst, 0xFF)
		}
	}
	return append(dst, 0, 0)
}

// fixedTime has a fixed width, so that text order is time order.
const fixedTime = "2006-01-02T15:04:05.000000000"

func instant(s string) (string, bool) {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return "", false
	}
	return t.UTC().Format(fixedTime), true
}

// head is the first bytes of a key as a number that sorts as it does.
func head(key []byte) uint64 {
	var b [8]byte
	copy(b[:], key)
	return binary.BigEndian.Uint64(b[:])
}

// less compares rows by their keys; it belongs to one goroutine.
func (k *keys) less() func(a, b Row) bool {
	var x, y []byte
	return func(a, b Row) bool {
		x, y = k.of(x[:0], a), k.of(y[:0], b)
		return bytes.Compare(x, y) < 0
	}
}
