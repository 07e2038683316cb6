package encode

import (
	"encoding/base64"
	"strconv"
	"strings"

	"contado/api/rest"
	"contado/geo/table"
)

// CSV writes RFC 4180 in UTF-8: the id, the attributes, and the geometry as
// well-known text in the last column. Numbers have a decimal point.
type CSV struct{ frame Frame }

// NewCSV makes a writer of CSV.
func NewCSV(f Frame) *CSV { return &CSV{f} }

// Begin writes the line of names.
func (e *CSV) Begin(b []byte) []byte {
	b = append(b, "id"...)
	for _, f := range e.frame.Fields {
		b = appendCell(append(b, ','), f.Name)
	}
	if !e.frame.NoGeometry {
		b = append(b, ",geometry"...)
	}
	return append(b, "\r\n"...)
}

// Row writes a line.
func (e *CSV) Row(b []byte, _ int, r *Row) ([]byte, error) {
	b = strconv.AppendInt(b, r.ID, 10)
	for i := range e.frame.Fields {
		b = appendText(append(b, ','), r.value(i))
	}
	if !e.frame.NoGeometry {
		b = append(b, ',')
		if r.Geometry != nil && r.Geometry.Kind != 0 {
			b = append(b, '"')
			b = appendWKT(b, r.Geometry, e.frame.Swap, e.frame.Places)
			b = append(b, '"')
		}
	}
	return append(b, "\r\n"...), nil
}

// End writes nothing.
func (e *CSV) End(b []byte, _ Tail) ([]byte, error) { return b, nil }

// One writes the names and the line.
func (e *CSV) One(b []byte, r *Row, _ []rest.Link) ([]byte, error) {
	return e.Row(e.Begin(b), 0, r)
}

func appendText(b []byte, v any) []byte {
	switch v := v.(type) {
	case nil:
		return b
	case string:
		return appendCell(b, v)
	case int64:
		return strconv.AppendInt(b, v, 10)
	case float64:
		if v-v != 0 {
			return b
		}
		return appendReal(b, v)
	case bool:
		return strconv.AppendBool(b, v)
	case []byte:
		return base64.StdEncoding.AppendEncode(b, v)
	}
	return b
}

// appendCell writes a text, in quotes where it needs them. Text that a
// spreadsheet would run as a formula gets the sign that stops it.
func appendCell(b []byte, s string) []byte {
	s = table.SafeCell(s)
	if !strings.ContainsAny(s, ",\"\r\n") && s == strings.TrimSpace(s) {
		return append(b, s...)
	}
	b = append(b, '"')
	b = append(b, strings.ReplaceAll(s, `"`, `""`)...)
	return append(b, '"')
}

var wktNames = [...]string{"", "POINT", "LINESTRING", "POLYGON", "MULTIPOINT", "MULTILINESTRING", "MULTIPOLYGON", "GEOMETRYCOLLECTION"}

// appendWKT writes well-known text (06-103r4).
func appendWKT(b []byte, g *Geometry, swap bool, places int) []byte {
	b = append(b, wktNames[g.Kind]...)
	if len(g.Z) > 0 {
		b = append(b, " Z"...)
	}
	b = append(b, ' ')
	w := wkt{positions{g, swap, places}}
	switch g.Kind {
	case Collection:
		b = append(b, '(')
		for i := range g.Members {
			b = appendWKT(comma(b, i), &g.Members[i], swap, places)
		}
		return append(b, ')')
	case MultiPoint:
		b = append(b, '(')
		for i := range g.Len() {
			b = w.line(comma(b, i), i, i+1)
		}
		return append(b, ')')
	case Polygon, MultiLineString:
		return w.rings(b, 0, max(1, len(g.Ends)))
	case MultiPolygon:
		b = append(b, '(')
		n := 0
		for from, to := range g.Polygons {
			b = w.rings(comma(b, n), from, to)
			n++
		}
		return append(b, ')')
	}
	return w.line(b, 0, g.Len())
}

type wkt struct{ positions }

func (w *wkt) rings(b []byte, from, to int) []byte {
	b = append(b, '(')
	for i := from; i < to; i++ {
		a, z := w.g.Span(i)
		b = w.line(comma(b, i-from), a, z)
	}
	return append(b, ')')
}

func (w *wkt) line(b []byte, from, to int) []byte {
	b = append(b, '(')
	for i := from; i < to; i++ {
		x, y := w.g.XY[2*i], w.g.XY[2*i+1]
		if w.swap {
			x, y = y, x
		}
		b = appendNumber(comma(b, i-from), x, w.places)
		b = appendNumber(append(b, ' '), y, w.places)
		if i < len(w.g.Z) {
			b = appendNumber(append(b, ' '), w.g.Z[i], -1)
		}
	}
	return append(b, ')')
}
