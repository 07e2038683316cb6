package ogc

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"math"
	"strconv"

	"contado/geo"
	"contado/geo/fault"
	"contado/geo/store/features"
)

// A page begins after a row: after its id where rows come by id, else after
// its values of the sort keys and then its id. The token of a page says that
// in one word: the id itself, or "c" and base64.

// maxToken bounds tokens. A row whose sort values do not fit is named by its
// id alone, and looked up again.
const maxToken = 1500

// token is what the second kind holds.
type token struct {
	ID     int64  `json:"i"`
	Order  string `json:"o"` // the sort keys that it was made for
	Values []any  `json:"v,omitempty"`
	Lookup bool   `json:"l,omitempty"` // values are to be taken from the row
}

func orderOf(keys []features.SortKey) string {
	var b []byte
	for _, k := range keys {
		sign := byte('+')
		if k.Descending {
			sign = '-'
		}
		b = append(append(b, sign), k.Field...)
		b = append(b, ',')
	}
	return string(b)
}

// tokenAfter names the page after a row.
func (q *query) tokenAfter(id int64, values []any) (string, error) {
	if len(q.sort) == 0 && id > 0 {
		return strconv.FormatInt(id, 10), nil
	}
	t := token{ID: id, Order: orderOf(q.sort), Values: make([]any, len(values))}
	for i, v := range values {
		if f, ok := v.(float64); ok && (math.IsNaN(f) || math.IsInf(f, 0)) {
			v = nil
		}
		t.Values[i] = v
	}
	b, err := json.Marshal(t)
	if err == nil && len(b) > maxToken {
		b, err = json.Marshal(token{ID: id, Order: t.Order, Lookup: true})
	}
	return "c" + base64.RawURLEncoding.EncodeToString(b), err
}

// place is where a page begins.
type place struct {
	given  bool
	id     int64
	values []any
	lookup bool
}

// begin reads the token of a page.
func (q *query) begin(s *geo.Schema) (p place, err error) {
	if q.after == "" {
		return p, nil
	}
	bad := fault.WithHint(fault.Errorf("ogc", fault.Invalid, "after=%.40q is not a page of this list", q.after), "follow the links with rel next")
	p.given = true
	code, opaque := cutByte(q.after, 'c')
	if !opaque {
		if p.id, err = strconv.ParseInt(q.after, 10, 64); err != nil || p.id <= 0 || len(q.sort) > 0 || q.after[0] == '+' {
			return p, bad
		}
		return p, nil
	}
	b, err := base64.RawURLEncoding.DecodeString(code)
	if err != nil || len(b) > 2*maxToken {
		return p, bad
	}
	var t token
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	if err := d.Decode(&t); err != nil || t.Order != orderOf(q.sort) {
		return p, bad
	}
	values := len(q.sort)
	if t.Lookup {
		values = 0
	}
	if len(t.Values) != values {
		return p, bad
	}
	p.id, p.lookup = t.ID, t.Lookup
	for i, v := range t.Values {
		field := s.FieldIndex(q.sort[i].Field)
		if field < 0 {
			return p, bad
		}
		x, ok := typed(s.Fields[field].Type, v)
		if !ok {
			return p, bad
		}
		p.values = append(p.values, x)
	}
	return p, nil
}

func cutByte(s string, c byte) (string, bool) {
	if s != "" && s[0] == c {
		return s[1:], true
	}
	return s, false
}

// typed turns a value of a token into one of an attribute.
func typed(t geo.FieldType, v any) (any, bool) {
	switch v := v.(type) {
	case nil:
		return nil, true
	case bool:
		return v, t == geo.Boolean
	case string:
		return v, t == geo.String || t == geo.Date || t == geo.DateTime || t == geo.JSON
	case json.Number:
		switch t {
		case geo.Integer:
			n, err := v.Int64()
			return n, err == nil
		case geo.Real:
			n, err := v.Float64()
			return n, err == nil
		}
	}
	return nil, false
}
