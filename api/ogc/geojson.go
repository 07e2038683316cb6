package ogc

import (
	"encoding/json"
	"math"
	"strconv"

	"github.com/paulmach/orb"

	"contado/geo"
)

// coordinates writes geometries as GeoJSON (RFC 7946 §3.1).
type coordinates struct {
	swap bool
	// places are the decimals kept; −1 keeps all, for coordinates as stored.
	places int
}

func (w coordinates) geometry(b []byte, g orb.Geometry) []byte {
	switch g := g.(type) {
	case nil:
		return append(b, "null"...)
	case orb.Collection:
		b = append(b, `{"type":"GeometryCollection","geometries":[`...)
		for i, part := range g {
			b = w.geometry(comma(b, i), part)
		}
		return append(b, "]}"...)
	case orb.Ring:
		return w.geometry(b, orb.Polygon{g})
	case orb.Bound:
		return w.geometry(b, g.ToPolygon())
	}
	b = append(b, `{"type":"`...)
	b = append(b, g.GeoJSONType()...)
	b = append(b, `","coordinates":`...)
	switch g := g.(type) {
	case orb.Point:
		b = w.point(b, g)
	case orb.MultiPoint:
		b = w.line(b, g)
	case orb.LineString:
		b = w.line(b, g)
	case orb.MultiLineString:
		b = append(b, '[')
		for i, l := range g {
			b = w.line(comma(b, i), l)
		}
		b = append(b, ']')
	case orb.Polygon:
		b = w.polygon(b, g)
	case orb.MultiPolygon:
		b = append(b, '[')
		for i, p := range g {
			b = w.polygon(comma(b, i), p)
		}
		b = append(b, ']')
	}
	return append(b, '}')
}

func comma(b []byte, i int) []byte {
	if i > 0 {
		return append(b, ',')
	}
	return b
}

func (w coordinates) polygon(b []byte, p orb.Polygon) []byte {
	b = append(b, '[')
	for i, r := range p {
		b = w.line(comma(b, i), r)
	}
	return append(b, ']')
}

func (w coordinates) line(b []byte, l []orb.Point) []byte {
	b = append(b, '[')
	for i, p := range l {
		b = w.point(comma(b, i), p)
	}
	return append(b, ']')
}

func (w coordinates) point(b []byte, p orb.Point) []byte {
	x, y := p[0], p[1]
	if w.swap {
		x, y = y, x
	}
	b = w.number(append(b, '['), x)
	b = w.number(append(b, ','), y)
	return append(b, ']')
}

func (w coordinates) number(b []byte, v float64) []byte {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return append(b, "null"...)
	}
	if w.places >= 0 {
		scale := math.Pow10(w.places)
		if r := math.Round(v*scale) / scale; !math.IsInf(r, 0) {
			v = r
		}
	}
	return strconv.AppendFloat(b, v, 'f', -1, 64)
}

// properties writes attributes as an object, in the order of the schema.
// Binary attributes are left out; the schema says so.
func properties(b []byte, fields []geo.Field, values []any) ([]byte, error) {
	b = append(b, '{')
	n := 0
	for i, f := range fields {
		if f.Type == geo.Binary || i >= len(values) {
			continue
		}
		name, err := json.Marshal(f.Name)
		if err != nil {
			return nil, err
		}
		b = append(append(comma(b, n), name...), ':')
		n++
		value, err := valueOf(f, values[i])
		if err != nil {
			return nil, err
		}
		b = append(b, value...)
	}
	return append(b, '}'), nil
}

func valueOf(f geo.Field, v any) ([]byte, error) {
	switch v := v.(type) {
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return []byte("null"), nil
		}
	case string:
		if f.Type == geo.JSON && json.Valid([]byte(v)) {
			return []byte(v), nil
		}
	}
	return json.Marshal(v)
}
