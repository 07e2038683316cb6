package encode

import (
	"encoding/base64"
	"encoding/json"
	"math"
	"strconv"
	"unicode/utf8"
	"unsafe"

	"contado/api/rest"
	"contado/geo"
	"contado/geo/fgb"
)

// GeoJSON writes RFC 7946, or the same in another system.
type GeoJSON struct {
	frame Frame
	keys  [][]byte // `"name":` of each field; nil leaves it out
	// sequence writes features of a text sequence (RFC 8142).
	sequence bool
}

// NewGeoJSON makes a writer of FeatureCollections.
func NewGeoJSON(f Frame) *GeoJSON { return &GeoJSON{frame: f, keys: keysOf(f.Fields)} }

// NewSequence makes a writer of GeoJSON text sequences.
func NewSequence(f Frame) *GeoJSON {
	return &GeoJSON{frame: f, keys: keysOf(f.Fields), sequence: true}
}

func keysOf(fields []geo.Field) [][]byte {
	keys := make([][]byte, len(fields))
	for i, f := range fields {
		keys[i] = append(appendString(nil, f.Name), ':')
	}
	return keys
}

// Begin writes the head.
func (e *GeoJSON) Begin(b []byte) []byte {
	if e.sequence {
		return b
	}
	return append(b, `{"type":"FeatureCollection","features":[`...)
}

// Row writes a feature.
func (e *GeoJSON) Row(b []byte, n int, r *Row) ([]byte, error) {
	if e.sequence {
		b = append(b, 0x1e)
		return append(e.feature(b, r), "}\n"...), nil
	}
	return append(e.feature(comma(b, n), r), '}'), nil
}

// End writes the numbers and the links. There is no timeStamp: the same state
// gives the same bytes, as a strong validator promises.
func (e *GeoJSON) End(b []byte, t Tail) ([]byte, error) {
	if e.sequence {
		return b, nil
	}
	return endCollection(append(b, ']'), t)
}

func endCollection(b []byte, t Tail) ([]byte, error) {
	b = append(b, `,"numberReturned":`...)
	b = strconv.AppendInt(b, t.Returned, 10)
	if t.Matched != nil {
		b = append(b, `,"numberMatched":`...)
		b = strconv.AppendInt(b, *t.Matched, 10)
	}
	b, err := appendLinks(b, t.Links)
	return append(b, '}'), err
}

// One writes a feature with its links.
func (e *GeoJSON) One(b []byte, r *Row, links []rest.Link) ([]byte, error) {
	b, err := appendLinks(e.feature(b, r), links)
	return append(b, '}'), err
}

func appendLinks(b []byte, links []rest.Link) ([]byte, error) {
	list, err := json.Marshal(links)
	if err != nil {
		return nil, err
	}
	return append(append(b, `,"links":`...), list...), nil
}

// feature writes all but the last brace.
func (e *GeoJSON) feature(b []byte, r *Row) []byte {
	b = append(b, `{"type":"Feature","id":`...)
	b = strconv.AppendInt(b, r.ID, 10)
	b = append(b, `,"geometry":`...)
	b = appendGeometry(b, r.Geometry, e.frame.Swap, e.frame.Places)
	return e.properties(b, r)
}

func (e *GeoJSON) properties(b []byte, r *Row) []byte {
	b = append(b, `,"properties":{`...)
	for i, key := range e.keys {
		b = append(comma(b, i), key...)
		if i < len(r.Raw) {
			b = appendRaw(b, e.frame.Fields[i].Type, r.Raw[i])
		} else {
			b = appendValue(b, e.frame.Fields[i].Type, r.value(i))
		}
	}
	return append(b, '}')
}

func comma(b []byte, n int) []byte {
	if n > 0 {
		return append(b, ',')
	}
	return b
}

// Value writes an attribute as JSON. Bytes are base64.
func Value(b []byte, t geo.FieldType, v any) []byte { return appendValue(b, t, v) }

func appendValue(b []byte, t geo.FieldType, v any) []byte {
	switch v := v.(type) {
	case nil:
		return append(b, "null"...)
	case string:
		if t == geo.JSON && json.Valid([]byte(v)) {
			return append(b, v...)
		}
		return appendString(b, v)
	case int64:
		return strconv.AppendInt(b, v, 10)
	case float64:
		return appendReal(b, v)
	case bool:
		return strconv.AppendBool(b, v)
	case []byte:
		b = append(b, '"')
		b = base64.StdEncoding.AppendEncode(b, v)
		return append(b, '"')
	}
	text, err := json.Marshal(v)
	if err != nil {
		return append(b, "null"...)
	}
	return append(b, text...)
}

// appendRaw writes an attribute in place.
func appendRaw(b []byte, t geo.FieldType, v fgb.Raw) []byte {
	if v.IsNull() {
		return append(b, "null"...)
	}
	switch t {
	case geo.String, geo.Date, geo.DateTime:
		if text := v.Bytes(); text != nil {
			// A view: appendString copies out of it and keeps nothing.
			return appendString(b, unsafe.String(unsafe.SliceData(text), len(text)))
		}
	case geo.Integer:
		if n, ok := v.Int(); ok {
			return strconv.AppendInt(b, n, 10)
		}
	case geo.Real:
		if f, ok := v.Float(); ok {
			return appendReal(b, f)
		}
	case geo.Boolean:
		if x, ok := v.Bool(); ok {
			return strconv.AppendBool(b, x)
		}
	}
	return appendValue(b, t, v.Any())
}

// appendReal writes a value of an attribute: the shortest text that reads back
// as the same number, in the form of JavaScript.
func appendReal(b []byte, v float64) []byte {
	if v-v != 0 {
		return append(b, "null"...)
	}
	if a := math.Abs(v); a != 0 && (a < 1e-6 || a >= 1e21) {
		return strconv.AppendFloat(b, v, 'e', -1, 64)
	}
	return appendNumber(b, v, -1)
}

const hex = "0123456789abcdef"

// appendString writes a JSON string; bytes that are no UTF-8 become U+FFFD.
func appendString(b []byte, s string) []byte {
	b = append(b, '"')
	from := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && size == 1 {
				b = append(append(b, s[from:i]...), "\ufffd"...)
				i++
				from = i
				continue
			}
			i += size
			continue
		}
		if c >= 0x20 && c != '"' && c != '\\' {
			i++
			continue
		}
		b = append(b, s[from:i]...)
		switch c {
		case '"', '\\':
			b = append(b, '\\', c)
		case '\n':
			b = append(b, '\\', 'n')
		case '\r':
			b = append(b, '\\', 'r')
		case '\t':
			b = append(b, '\\', 't')
		default:
			b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		}
		i++
		from = i
	}
	return append(append(b, s[from:]...), '"')
}
