package layer

import (
	"math"
	"strconv"
	"time"

	"contado/geo"
	"contado/geo/fault"
	"contado/geo/store/features"
)

// equal is one condition of a query: an attribute has a value.
type equal struct {
	field int
	kind  geo.FieldType
	want  any  // int64, float64, string, bool; of a DateTime its milliseconds
	exact bool // a row has the value exactly when its key begins with that of want
}

// newEqual reads the value as the attribute's type has it.
func newEqual(s *geo.Schema, q features.Equal) (equal, error) {
	i, err := fieldIndex(s, q.Field)
	if err != nil {
		return equal{}, err
	}
	f := s.Fields[i]
	e := equal{field: i, kind: f.Type, exact: true}
	wrong := func(what string) error {
		return fault.Errorf("layer.Scan", fault.Invalid, "attribute %q is %s, and %.80q is not", f.Name, what, q.Value)
	}
	switch f.Type {
	case geo.Integer, geo.Real:
		if n, err := strconv.ParseInt(q.Value, 10, 64); err == nil {
			e.want = n
			break
		}
		v, err := strconv.ParseFloat(q.Value, 64)
		if err != nil || math.IsNaN(v) {
			return e, wrong("a number")
		}
		e.want = v
		if n := int64(v); float64(n) == v && math.Abs(v) < 1<<63 {
			e.want = n
		}
	case geo.Boolean:
		v, err := strconv.ParseBool(q.Value)
		if err != nil {
			return e, wrong("true or false")
		}
		e.want = v
	case geo.Date:
		if _, err := time.Parse(time.DateOnly, q.Value); err != nil {
			return e, wrong("a date (2006-01-02)")
		}
		e.want = q.Value
	case geo.DateTime:
		at, err := time.Parse(time.RFC3339, q.Value)
		if err != nil {
			return e, wrong("a time (2006-01-02T15:04:05Z)")
		}
		e.want, e.exact = at.UnixMilli(), false
	case geo.Binary:
		return e, fault.Errorf("layer.Scan", fault.Invalid, "attribute %q is binary and cannot be compared", f.Name)
	default:
		e.want = q.Value
	}
	return e, nil
}

// holds tells whether a value is the one wanted; no value never is.
func (e *equal) holds(v any) bool {
	switch x := v.(type) {
	case int64:
		switch w := e.want.(type) {
		case int64:
			return x == w
		case float64:
			return float64(x) == w && residue(x) == 0
		}
	case float64:
		switch w := e.want.(type) {
		case int64:
			return x == float64(w) && residue(w) == 0
		case float64:
			return x == w
		}
	case bool:
		return v == e.want
	case string:
		if e.kind == geo.DateTime {
			at, err := time.Parse(time.RFC3339, x)
			return err == nil && at.UnixMilli() == e.want
		}
		return v == e.want
	}
	return false
}

// in tells it of a row, in place where that can be.
func (e *equal) in(r Row) bool {
	if r.own == nil {
		v := r.packed.Raw(e.field)
		switch w := e.want.(type) {
		case string:
			if b := v.Bytes(); b != nil {
				return string(b) == w
			}
		case int64:
			if n, ok := v.Int(); ok && e.kind != geo.DateTime {
				return n == w
			}
		}
	}
	return e.holds(r.Value(e.field))
}

// prefix is how the keys of the rows begin that have the value, in an order
// by the attribute alone.
func (e *equal) prefix() []byte {
	want := e.want
	if w, ok := want.(int64); ok && e.kind == geo.Real && residue(w) == 0 {
		want = float64(w) // the same key, and the type of the rows
	}
	return sortField{field: e.field, kind: e.kind}.append(nil, want)
}
