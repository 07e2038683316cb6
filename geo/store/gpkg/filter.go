package gpkg

import (
	"math"
	"strings"
	"time"

	"contado/geo"
	"contado/geo/cql2"
	"contado/geo/cql2/rows"
	"contado/geo/fault"
	"contado/geo/store/features"
)

// restrict makes the filter a condition, and keeps it for the rows when that
// is not exact.
func (p *plan) restrict() (term, error) {
	f, err := rows.New(p.layer.schema, p.query.Filter, p.query.FilterCRS, nil)
	if err != nil {
		return term{}, err
	}
	names := rows.NewNames(p.layer.schema)
	sql, err := cql2.ToSQL(f.Expr(), cql2.SQLite, cql2.Columns{
		Find:  func(name string) (cql2.Column, bool) { return p.layer.column(names, name) },
		Known: names.List(),
	})
	if err != nil {
		return term{}, err
	}
	if !sql.Exact {
		for _, name := range f.Fields() {
			if !p.reads(name) {
				p.fields = append(p.fields, p.layer.schema.Fields[p.layer.schema.FieldIndex(name)])
			}
		}
		read := make([]string, len(p.fields))
		for i := range read {
			read[i] = p.fields[i].Name
		}
		if p.filter, err = rows.New(p.layer.schema, p.query.Filter, p.query.FilterCRS, read); err != nil {
			return term{}, err
		}
	}
	return term{"(" + sql.Text + ")", sql.Args}, nil
}

func (p *plan) reads(name string) bool {
	for i := range p.fields {
		if p.fields[i].Name == name {
			return true
		}
	}
	return false
}

// column is where a filter finds a property.
func (l *layer) column(names *rows.Names, name string) (cql2.Column, bool) {
	place, ok := names.Place(name)
	if !ok {
		return cql2.Column{}, false
	}
	kind, _ := names.Type(name)
	switch place {
	case rows.ID:
		return cql2.Column{SQL: quoteIdent(l.id), Type: kind}, true
	case rows.Geometry:
		c := cql2.Column{SQL: quoteIdent(l.geometry), Type: kind}
		if l.rtree != "" {
			c.Meets = l.meets
		}
		return c, true
	}
	return cql2.Column{SQL: quoteIdent(l.schema.Fields[place].Name), Type: kind}, true
}

// maxSortKeys bounds the attributes of one order.
const maxSortKeys = 8

// sortTerm is an attribute to sort by, as SQL that orders as its values do.
type sortTerm struct {
	field      geo.Field
	sql        string
	descending bool
}

// sort sets the order, before that of the ids, and gives the condition of the
// cursor: rows that differ from it first in an attribute that comes after, or
// in the id alone.
func (p *plan) sort() (term, error) {
	const op = "gpkg.Query"
	q := p.query
	switch {
	case q.Cursor != nil && len(q.Sort) == 0:
		return term{}, fault.Errorf(op, fault.Invalid, "a cursor is for rows in an order by attributes; others are paged by id")
	case q.Cursor != nil && len(q.Cursor.Values) != len(q.Sort):
		return term{}, fault.Errorf(op, fault.Invalid, "the cursor has %d values for an order by %d attributes", len(q.Cursor.Values), len(q.Sort))
	case len(q.Sort) > maxSortKeys:
		return term{}, fault.Errorf(op, fault.Invalid, "rows are ordered by %d attributes; at most %d are taken", len(q.Sort), maxSortKeys)
	}
	var order strings.Builder
	var after, equal []term
	for i, k := range q.Sort {
		s, err := p.layer.sortTerm(k)
		if err != nil {
			return term{}, err
		}
		order.WriteString(s.sql + " IS NULL, " + s.sql)
		if s.descending {
			order.WriteString(" DESC")
		}
		order.WriteString(", ")
		if q.Cursor == nil {
			continue
		}
		more, same, err := s.place(q.Cursor.Values[i])
		if err != nil {
			return term{}, err
		}
		if more.text != "" {
			after = append(after, all(append(equal[:len(equal):len(equal)], more)))
		}
		equal = append(equal, same)
	}
	p.order = order.String()
	if q.Cursor == nil {
		return term{}, nil
	}
	equal = append(equal, term{quoteIdent(p.layer.id) + " > ?", []any{q.Cursor.ID}})
	return joined(append(after, all(equal)), " OR "), nil
}

func all(list []term) term { return joined(list, " AND ") }

func joined(list []term, op string) term {
	var out term
	texts := make([]string, len(list))
	for i, t := range list {
		texts[i] = t.text
		out.args = append(out.args, t.args...)
	}
	out.text = "(" + strings.Join(texts, op) + ")"
	return out
}

// isoTime spells a time as UTC to the millisecond, whatever its offset.
const isoTime = "strftime('%Y-%m-%dT%H:%M:%fZ', "

func (l *layer) sortTerm(k features.SortKey) (sortTerm, error) {
	f, err := l.field(k.Field)
	s := sortTerm{f, quoteIdent(f.Name), k.Descending}
	switch f.Type {
	case geo.Binary:
		return s, fault.Errorf("gpkg.Query", fault.Invalid, "attribute %q is binary: rows have no order by it", f.Name)
	case geo.Boolean:
		s.sql = "(" + s.sql + " <> 0)"
	case geo.DateTime:
		s.sql = isoTime + s.sql + ")"
	case geo.String, geo.Date, geo.JSON:
		s.sql += " COLLATE BINARY"
	}
	return s, err
}

// place gives the conditions that a row comes after a value, and that it has
// the same; nothing comes after no value.
func (s *sortTerm) place(v any) (after, same term, err error) {
	if v == nil {
		return term{}, term{text: s.sql + " IS NULL"}, nil
	}
	if !fits(s.field.Type, v) {
		return after, same, fault.Errorf("gpkg.Query", fault.Invalid, "the place in the order of %q is %v, which is no %s", s.field.Name, v, s.field.Type)
	}
	place := "?"
	if s.field.Type == geo.DateTime {
		place = isoTime + "?)"
	}
	op := " > "
	if s.descending {
		op = " < "
	}
	after = term{"(" + s.sql + op + place + " OR " + s.sql + " IS NULL)", []any{v}}
	return after, term{s.sql + " = " + place, []any{v}}, nil
}

// fits tells whether a value can be one of an attribute.
func fits(t geo.FieldType, v any) bool {
	switch x := v.(type) {
	case int64:
		return t == geo.Integer || t == geo.Real
	case float64:
		return (t == geo.Integer || t == geo.Real) && !math.IsNaN(x)
	case bool:
		return t == geo.Boolean
	case string:
		if t == geo.DateTime {
			_, err := time.Parse(time.RFC3339, x)
			return err == nil
		}
		return t == geo.String || t == geo.Date || t == geo.JSON
	}
	return false
}
