package postgis

import (
	"fmt"

	"github.com/lib/pq"

	"contado/geo"
	"contado/geo/cql2"
	"contado/geo/cql2/rows"
	"contado/geo/store/features"
)

// restrict makes the filter a condition, and keeps it for the rows when that
// is not exact.
func (p *plan) restrict(q *features.Query) (term string, err error) {
	schema := p.table.rel.layer
	f, err := rows.New(schema, q.Filter, q.FilterCRS, nil)
	if err != nil {
		return "", err
	}
	names := rows.NewNames(schema)
	sql, err := cql2.ToSQL(f.Expr(), cql2.PostGIS, cql2.Columns{
		Find:  func(name string) (cql2.Column, bool) { return p.table.property(names, name) },
		Known: names.List(), First: len(p.args) + 1,
	})
	if err != nil {
		return "", err
	}
	p.args = append(p.args, sql.Args...)
	term = "(" + sql.Text + ")"
	if sql.Exact {
		return term, nil
	}
	p.exact = false
	for _, name := range f.Fields() {
		c, err := p.table.column(name)
		if err != nil {
			return "", err
		}
		p.need(c)
	}
	if f.Geometry() && !p.geometry {
		p.geometry, p.hide = true, true
	}
	p.filter, err = rows.New(schema, q.Filter, q.FilterCRS, columnNames(p.columns))
	return term, err
}

func (p *plan) matches(f *geo.Feature) (bool, error) {
	if p.filter == nil {
		return true, nil
	}
	return p.filter.Match(f)
}

// property is where a filter finds one.
func (t *Table) property(names *rows.Names, name string) (cql2.Column, bool) {
	place, ok := names.Place(name)
	if !ok {
		return cql2.Column{}, false
	}
	kind, _ := names.Type(name)
	switch place {
	case rows.ID:
		return cql2.Column{SQL: pq.QuoteIdentifier(t.rel.id) + "::bigint", Type: kind}, true
	case rows.Geometry:
		c := cql2.Column{SQL: t.rel.geometry.plain, Type: kind}
		if t.rel.geometry.indexed {
			c.Meets = t.near
		}
		return c, true
	}
	return cql2.Column{SQL: t.rel.columns[place].compared(), Type: kind}, true
}

// near is true for rows whose box meets b, and for some others.
func (t *Table) near(b geo.BBox, arg func(any) string) string {
	g := t.rel.geometry
	var side [4]string
	for i, v := range []float64{b.MinX, b.MinY, b.MaxX, b.MaxY} {
		side[i] = arg(finite(v)) + "::float8"
	}
	return fmt.Sprintf("%s && ST_MakeEnvelope(%s, %s, %s, %s, %d)", g.plain, side[0], side[1], side[2], side[3], g.srid)
}

// compared is SQL of the value as it is read, of a type that filters compare.
func (c *column) compared() string {
	switch c.class {
	case geo.Integer, geo.String:
		return c.read
	case geo.Real, geo.Boolean, geo.Date:
		return c.order()
	case geo.DateTime:
		return c.order() + "::timestamptz" // sessions are in UTC
	}
	return c.quoted()
}
