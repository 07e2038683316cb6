package journal

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"contado/geo"
	"contado/geo/fault"
	"contado/geo/wkb"
)

// EncodeRow gives the two parts in which drivers keep a row: its geometry as
// ISO WKB with heights and measures (nil when it has none), and its values as
// a JSON array. Whole numbers have neither point nor exponent, others do, and
// what JSON cannot hold is an object: {"binary": base64}, {"number": "NaN"},
// {"text": base64} for text that is not UTF-8.
func EncodeRow(f *geo.Feature) (geometry, values []byte, err error) {
	const op = "journal.EncodeRow"
	if f.Geometry != nil {
		if geometry, err = wkb.Append(nil, f.Geometry, f.Z, f.M); err != nil {
			return nil, nil, fmt.Errorf("feature %d: %w", f.ID, err)
		}
	}
	values = append(values, '[')
	for i, v := range f.Values {
		if i > 0 {
			values = append(values, ',')
		}
		if values, err = appendValue(values, v); err != nil {
			return nil, nil, fault.E(op, fault.Invalid, fmt.Errorf("feature %d, value %d: %w", f.ID, i, err))
		}
	}
	return geometry, append(values, ']'), nil
}

// The keys of values that JSON cannot hold.
const (
	binaryKey = "binary"
	numberKey = "number"
	textKey   = "text"
)

func appendValue(b []byte, v any) ([]byte, error) {
	odd := func(key, text string) []byte {
		return append(append(append(append(append(b, `{"`...), key...), `":"`...), text...), `"}`...)
	}
	switch v := v.(type) {
	case nil:
		return append(b, "null"...), nil
	case bool:
		return strconv.AppendBool(b, v), nil
	case int64:
		return strconv.AppendInt(b, v, 10), nil
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return odd(numberKey, strconv.FormatFloat(v, 'g', -1, 64)), nil
		}
		return strconv.AppendFloat(b, v, 'e', -1, 64), nil
	case []byte:
		return odd(binaryKey, base64.StdEncoding.EncodeToString(v)), nil
	case string:
		if !utf8.ValidString(v) {
			return odd(textKey, base64.StdEncoding.EncodeToString([]byte(v))), nil
		}
		text, err := json.Marshal(v)
		return append(b, text...), err
	}
	return nil, fmt.Errorf("a value of type %T cannot be kept", v)
}

// DecodeRow is the inverse of EncodeRow. The bytes may be hostile: errors are
// fault.Invalid.
func DecodeRow(id int64, geometry, values []byte) (*geo.Feature, error) {
	const op = "journal.DecodeRow"
	f := &geo.Feature{ID: id}
	var err error
	if geometry != nil {
		if f.Geometry, f.Z, f.M, err = wkb.Decode(geometry); err != nil {
			return nil, fault.E(op, fault.Invalid, fmt.Errorf("feature %d: %w", id, err))
		}
	}
	dec := json.NewDecoder(bytes.NewReader(values))
	dec.UseNumber()
	var list []any
	if err := dec.Decode(&list); err != nil {
		return nil, fault.E(op, fault.Invalid, fmt.Errorf("values of feature %d: %w", id, err))
	}
	if dec.More() {
		return nil, fault.Errorf(op, fault.Invalid, "values of feature %d go on after their end", id)
	}
	for i, v := range list {
		if list[i], err = plainValue(v); err != nil {
			return nil, fault.E(op, fault.Invalid, fmt.Errorf("feature %d, value %d: %w", id, i, err))
		}
	}
	f.Values = list
	return f, nil
}

func plainValue(v any) (any, error) {
	switch v := v.(type) {
	case nil, bool, string:
		return v, nil
	case json.Number:
		if strings.ContainsAny(string(v), ".eE") {
			return strconv.ParseFloat(string(v), 64)
		}
		return strconv.ParseInt(string(v), 10, 64)
	case map[string]any:
		return oddValue(v)
	}
	return nil, fmt.Errorf("%T is no value", v)
}

func oddValue(m map[string]any) (any, error) {
	if len(m) == 1 {
		for key, v := range m {
			text, ok := v.(string)
			switch {
			case !ok:
			case key == binaryKey:
				return base64.StdEncoding.DecodeString(text)
			case key == textKey:
				b, err := base64.StdEncoding.DecodeString(text)
				return string(b), err
			case key == numberKey && (text == "NaN" || text == "+Inf" || text == "-Inf"):
				return strconv.ParseFloat(text, 64)
			}
		}
	}
	return nil, fmt.Errorf("an object of %d members is no value", len(m))
}
