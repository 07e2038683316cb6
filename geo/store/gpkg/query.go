package gpkg

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"time"

	"contado/geo"
	"contado/geo/fault"
	"contado/geo/store/features"
)

// quoteIdent is the only way that a name enters SQL; names come from the
// schema of the file.
func quoteIdent(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// conditions builds the WHERE clause of a query, "" when it selects all. The
// box is only narrowed here: the index has sides rounded outwards to float32,
// so rows are checked again against their own box.
func (l *layer) conditions(q *features.Query) (where string, args []any, err error) {
	if q.Filter != nil || len(q.Sort) > 0 {
		return "", nil, fault.Errorf("gpkg.Query", fault.Unsupported, "rows of a GeoPackage are neither filtered nor sorted yet")
	}
	var terms []string
	add := func(term string, values ...any) {
		terms = append(terms, term)
		args = append(args, values...)
	}
	id := quoteIdent(l.id)
	if q.BBox != nil {
		if q.BBox.IsEmpty() {
			return "", nil, fault.WithHint(fault.Errorf("gpkg.Query", fault.Invalid, "box %v holds no point", *q.BBox),
				"give minimum before maximum; a box across the antimeridian is asked in two halves")
		}
		switch {
		case l.geometry == "":
			add("FALSE")
		case l.rtree != "":
			add(id+" IN (SELECT id FROM "+quoteIdent(l.rtree)+" WHERE maxx >= ? AND minx <= ? AND maxy >= ? AND miny <= ?)",
				q.BBox.MinX, q.BBox.MaxX, q.BBox.MinY, q.BBox.MaxY)
		default:
			add(quoteIdent(l.geometry) + " IS NOT NULL")
		}
	}
	if q.IDs != nil {
		ids, err := json.Marshal(q.IDs)
		if err != nil {
			return "", nil, fault.E("gpkg.Query", fault.Invalid, err)
		}
		add(id+" IN (SELECT value FROM json_each(?))", string(ids))
	}
	for _, e := range q.Equal {
		f, err := l.field(e.Field)
		if err != nil {
			return "", nil, err
		}
		term, value, err := equalTerm(f, e.Value)
		if err != nil {
			return "", nil, err
		}
		add(term, value...)
	}
	if q.After != 0 {
		add(id+" > ?", q.After)
	}
	if len(terms) > 0 {
		where = " WHERE " + strings.Join(terms, " AND ")
	}
	return where, args, nil
}

func (l *layer) field(name string) (geo.Field, error) {
	i := l.schema.FieldIndex(name)
	if i < 0 {
		var known []string
		for _, f := range l.schema.Fields {
			known = append(known, f.Name)
		}
		return geo.Field{}, fault.WithHint(fault.Errorf("gpkg.Query", fault.Invalid, "there is no attribute %.80q", name),
			"the attributes are "+listed(known))
	}
	return l.schema.Fields[i], nil
}

// selected is the fields to read, in order.
func (l *layer) selected(q *features.Query) ([]geo.Field, error) {
	if q.Fields == nil {
		return l.schema.Fields, nil
	}
	out := make([]geo.Field, 0, len(q.Fields))
	for _, name := range q.Fields {
		f, err := l.field(name)
		if err != nil {
			return nil, err
		}
		out = append(out, f)
	}
	return out, nil
}

// equalTerm compares a column with a value given as text, in the column's type.
func equalTerm(f geo.Field, text string) (term string, value []any, err error) {
	column := quoteIdent(f.Name)
	wrong := func(what string) error {
		return fault.Errorf("gpkg.Query", fault.Invalid, "attribute %q is %s, and %.80q is not", f.Name, what, text)
	}
	switch f.Type {
	case geo.Integer, geo.Real:
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			return column + " = ?", []any{n}, nil
		}
		v, err := strconv.ParseFloat(text, 64)
		if err != nil || math.IsNaN(v) {
			return "", nil, wrong("a number")
		}
		return column + " = ?", []any{v}, nil
	case geo.Boolean:
		v, err := strconv.ParseBool(text)
		if err != nil {
			return "", nil, wrong("true or false")
		}
		if v {
			return column + " <> 0", nil, nil
		}
		return column + " = 0", nil, nil
	case geo.Date:
		if _, err := time.Parse(time.DateOnly, text); err != nil {
			return "", nil, wrong("a date (2006-01-02)")
		}
		return column + " = ?", []any{text}, nil
	case geo.DateTime:
		at, err := time.Parse(time.RFC3339, text)
		if err != nil {
			return "", nil, wrong("a time (2006-01-02T15:04:05Z)")
		}
		return "strftime('%Y-%m-%dT%H:%M:%fZ', " + column + ") = ?", []any{at.UTC().Format("2006-01-02T15:04:05.000Z")}, nil
	case geo.Binary:
		return "", nil, fault.Errorf("gpkg.Query", fault.Invalid, "attribute %q is binary and cannot be compared", f.Name)
	}
	return column + " = ? COLLATE BINARY", []any{text}, nil
}

// scanSQL selects id, geometry (when asked for) and the fields. A unary plus
// takes the declared type away, by which the driver would parse times.
func (l *layer) scanSQL(where string, fields []geo.Field, geometry bool) string {
	var b strings.Builder
	b.WriteString("SELECT " + quoteIdent(l.id))
	if geometry {
		b.WriteString(", " + quoteIdent(l.geometry))
	}
	for _, f := range fields {
		b.WriteString(", +" + quoteIdent(f.Name))
	}
	b.WriteString(" FROM " + quoteIdent(l.table) + where + " ORDER BY " + quoteIdent(l.id))
	return b.String()
}

// value gives what SQLite stored the Go type of the field. What does not fit
// its declared type (SQLite does not enforce it) stays as stored.
func value(t geo.FieldType, v any) any {
	switch t {
	case geo.Integer:
		if f, ok := v.(float64); ok && f == math.Trunc(f) && math.Abs(f) < 1<<63 {
			return int64(f)
		}
	case geo.Real:
		if n, ok := v.(int64); ok {
			return float64(n)
		}
	case geo.Boolean:
		if n, ok := v.(int64); ok {
			return n != 0
		}
	case geo.DateTime:
		if s, ok := v.(string); ok {
			return rfc3339(s)
		}
	case geo.Binary:
		if s, ok := v.(string); ok {
			return []byte(s)
		}
	}
	return v
}

// rfc3339 adds what writers leave out: GeoPackage times are UTC (1.3, table
// 1), with the Z or not, and some have a space for the T.
func rfc3339(s string) string {
	for _, layout := range []string{"2006-01-02T15:04:05", "2006-01-02 15:04:05"} {
		if _, err := time.Parse(layout, s); err == nil { // also reads a fraction
			return s[:10] + "T" + s[11:] + "Z"
		}
	}
	return s
}
