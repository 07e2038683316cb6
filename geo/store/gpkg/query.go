package gpkg

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"contado/geo"
	"contado/geo/cql2/rows"
	"contado/geo/fault"
	"contado/geo/store/features"
)

// quoteIdent is the only way that a name enters SQL; names come from the
// schema of the file.
func quoteIdent(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// plan is a query made ready.
type plan struct {
	layer    *layer
	query    *features.Query
	fields   []geo.Field // to read: those that are asked for, then those of the filter
	asked    int
	geometry bool // is read
	shapes   bool // is decoded
	where    string
	order    string
	args     []any
	// filter looks at rows again when SQL may have let too many through.
	filter *rows.Filter
}

func (l *layer) plan(q *features.Query) (*plan, error) {
	p := &plan{layer: l, query: q}
	fields, err := l.selected(q)
	if err != nil {
		return nil, err
	}
	p.fields, p.asked = slices.Clip(fields), len(fields)
	terms, err := l.terms(q)
	if err != nil {
		return nil, err
	}
	if q.Filter != nil {
		one, err := p.restrict()
		if err != nil {
			return nil, err
		}
		terms = append(terms, one)
	}
	after, err := p.sort()
	if err != nil {
		return nil, err
	}
	terms = append(terms, after)
	var texts []string
	for _, t := range terms {
		if t.text != "" {
			texts = append(texts, t.text)
			p.args = append(p.args, t.args...)
		}
	}
	if len(texts) > 0 {
		p.where = " WHERE " + strings.Join(texts, " AND ")
	}
	p.shapes = l.geometry != "" && (!q.SkipGeometry || p.filter != nil && p.filter.Geometry())
	p.geometry = p.shapes || l.geometry != "" && q.BBox != nil
	return p, nil
}

// term is a condition with its arguments; "" selects all.
type term struct {
	text string
	args []any
}

// terms are the conditions of a query but for its filter and its cursor. The
// box is only narrowed here: the index has sides rounded outwards to float32,
// so rows are checked again against their own box.
func (l *layer) terms(q *features.Query) (terms []term, err error) {
	add := func(text string, values ...any) { terms = append(terms, term{text, values}) }
	id := quoteIdent(l.id)
	if q.BBox != nil {
		if q.BBox.IsEmpty() {
			return nil, fault.WithHint(fault.Errorf("gpkg.Query", fault.Invalid, "box %v holds no point", *q.BBox),
				"give minimum before maximum; a box across the antimeridian is asked in two halves")
		}
		switch {
		case l.geometry == "":
			add("FALSE")
		case l.rtree != "":
			var t term
			t.text = l.meets(*q.BBox, func(v any) string { t.args = append(t.args, v); return "?" })
			terms = append(terms, t)
		default:
			add(quoteIdent(l.geometry) + " IS NOT NULL")
		}
	}
	if q.IDs != nil {
		ids, err := json.Marshal(q.IDs)
		if err != nil {
			return nil, fault.E("gpkg.Query", fault.Invalid, err)
		}
		add(id+" IN (SELECT value FROM json_each(?))", string(ids))
	}
	for _, e := range q.Equal {
		f, err := l.field(e.Field)
		if err != nil {
			return nil, err
		}
		text, value, err := equalTerm(f, e.Value)
		if err != nil {
			return nil, err
		}
		add(text, value...)
	}
	if q.After != 0 {
		add(id+" > ?", q.After)
	}
	return terms, nil
}

// meets narrows to a box by the spatial index.
func (l *layer) meets(b geo.BBox, arg func(any) string) string {
	return quoteIdent(l.id) + " IN (SELECT id FROM " + quoteIdent(l.rtree) + " WHERE maxx >= " + arg(b.MinX) + " AND minx <= " + arg(b.MaxX) +
		" AND maxy >= " + arg(b.MinY) + " AND miny <= " + arg(b.MaxY) + ")"
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
func (p *plan) scanSQL() string {
	var b strings.Builder
	b.WriteString("SELECT " + quoteIdent(p.layer.id))
	if p.geometry {
		b.WriteString(", " + quoteIdent(p.layer.geometry))
	}
	for _, f := range p.fields {
		b.WriteString(", +" + quoteIdent(f.Name))
	}
	b.WriteString(" FROM " + quoteIdent(p.layer.table) + p.where + " ORDER BY " + p.order + quoteIdent(p.layer.id))
	if p.query.Limit > 0 && p.query.BBox == nil && p.filter == nil { // else rows are dropped after SQL
		fmt.Fprintf(&b, " LIMIT %d", p.query.Limit)
	}
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
