package postgis

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/lib/pq"

	"contado/geo"
	"contado/geo/cql2/rows"
	"contado/geo/fault"
	"contado/geo/store/features"
)

// plan is a query made ready to be read in pages.
type plan struct {
	table    *Table
	columns  []column     // read, the asked-for fields first
	asked    int          // of columns
	geometry bool         // read
	hide     bool         // the geometry, which was only read for the filter
	where    string       // without the place in the order, "" when all
	args     args         // of where
	exact    bool         // where selects all that the query does
	filter   *rows.Filter // for the rest

	sort   []sortColumn
	cursor *features.Cursor // of Sort
	from   *int64           // id, without Sort
}

type sortColumn struct {
	column
	at         int // in columns
	descending bool
}

func (t *Table) plan(q *features.Query) (*plan, error) {
	p := &plan{table: t, exact: true, geometry: t.rel.geometry != nil && !q.SkipGeometry}
	if err := p.choose(q); err != nil {
		return nil, err
	}
	if err := p.order(q); err != nil {
		return nil, err
	}
	terms, err := t.conditions(q, &p.args)
	if err != nil {
		return nil, err
	}
	if q.Filter != nil {
		term, err := p.restrict(q)
		if err != nil {
			return nil, err
		}
		if term != "" {
			terms = append(terms, term)
		}
	}
	if len(terms) > 0 {
		p.where = " WHERE " + strings.Join(terms, " AND ")
	}
	return p, nil
}

// choose settles the columns to read.
func (p *plan) choose(q *features.Query) error {
	if q.Fields == nil {
		p.columns = slices.Clone(p.table.rel.columns)
	}
	for _, name := range q.Fields {
		c, err := p.table.column(name)
		if err != nil {
			return err
		}
		p.columns = append(p.columns, *c)
	}
	p.asked = len(p.columns)
	return nil
}

// need is the place of a column among those that are read.
func (p *plan) need(c *column) int {
	if i := slices.IndexFunc(p.columns, func(o column) bool { return o.name == c.name }); i >= 0 {
		return i
	}
	p.columns = append(p.columns, *c)
	return len(p.columns) - 1
}

func (p *plan) order(q *features.Query) error {
	const op = "postgis.Query"
	for _, k := range q.Sort {
		c, err := p.table.column(k.Field)
		if err != nil {
			return err
		}
		if c.order() == "" {
			return fault.Errorf(op, fault.Invalid, "rows cannot be sorted by attribute %q, which is %s", c.name, c.class)
		}
		p.sort = append(p.sort, sortColumn{*c, p.need(c), k.Descending})
	}
	switch {
	case q.Cursor != nil && len(q.Sort) == 0:
		return fault.Errorf(op, fault.Invalid, "a cursor is for sorted rows; others are paged by id")
	case q.Cursor != nil && len(q.Cursor.Values) != len(q.Sort):
		return fault.Errorf(op, fault.Invalid, "the cursor has %d values for %d sort keys", len(q.Cursor.Values), len(q.Sort))
	}
	p.cursor = q.Cursor
	if q.After != 0 && len(q.Sort) == 0 {
		p.from = &q.After
	}
	return nil
}

func (t *Table) column(name string) (*column, error) {
	i := t.rel.layer.FieldIndex(name)
	if i < 0 {
		return nil, fault.WithHint(fault.Errorf("postgis.Query", fault.Invalid, "there is no attribute %.80q", name),
			"the attributes are "+listed(columnNames(t.rel.columns)))
	}
	return &t.rel.columns[i], nil
}

// conditions are the terms of WHERE for all but filter and order.
func (t *Table) conditions(q *features.Query, a *args) ([]string, error) {
	var terms []string
	if q.BBox != nil {
		if q.BBox.IsEmpty() {
			return nil, fault.WithHint(fault.Errorf("postgis.Query", fault.Invalid, "box %v holds no point", *q.BBox),
				"give minimum before maximum; a box across the antimeridian is asked in two halves")
		}
		terms = append(terms, t.meets(*q.BBox, a))
	}
	id := pq.QuoteIdentifier(t.rel.id)
	if q.IDs != nil {
		terms = append(terms, id+" = ANY ("+a.add(pq.Array(q.IDs))+"::bigint[])")
	}
	for _, e := range q.Equal {
		c, err := t.column(e.Field)
		if err != nil {
			return nil, err
		}
		term, err := c.equal(e.Value, a)
		if err != nil {
			return nil, err
		}
		terms = append(terms, term)
	}
	if q.After != 0 && len(q.Sort) > 0 {
		terms = append(terms, id+" > "+a.add(q.After)+"::bigint")
	}
	return terms, nil
}

// meets is true for rows whose box meets b. The operator && knows boxes
// rounded outwards to float32: it finds them by the index, and their own
// sides decide.
func (t *Table) meets(b geo.BBox, a *args) string {
	g := t.rel.geometry
	if g == nil {
		return "FALSE"
	}
	var side [4]string
	for i, v := range []float64{b.MinX, b.MinY, b.MaxX, b.MaxY} {
		side[i] = a.add(v) + "::float8"
	}
	term := fmt.Sprintf("ST_XMax(%[1]s) >= %[2]s AND ST_XMin(%[1]s) <= %[4]s AND ST_YMax(%[1]s) >= %[3]s AND ST_YMin(%[1]s) <= %[5]s",
		g.read, side[0], side[1], side[2], side[3])
	if !g.indexed {
		return term
	}
	return t.near(b, a.add) + " AND " + term
}

// finite is a side that an index knows, which holds float32.
func finite(v float64) float64 { return math.Max(-math.MaxFloat32, math.Min(math.MaxFloat32, v)) }

// sql is the statement of the next page.
func (p *plan) sql(size int) (string, args, error) {
	a := slices.Clone(p.args)
	id := pq.QuoteIdentifier(p.table.rel.id)
	var b strings.Builder
	b.WriteString("SELECT " + id + "::bigint")
	if p.geometry {
		b.WriteString(", ST_AsBinary(" + p.table.rel.geometry.read + ")")
	}
	for _, c := range p.columns {
		b.WriteString(", " + c.read)
	}
	b.WriteString(" FROM " + p.table.rel.full() + p.where)
	place := ""
	switch {
	case p.from != nil:
		place = id + " > " + a.add(*p.from) + "::bigint"
	case p.cursor != nil:
		var err error
		if place, err = p.place(&a); err != nil {
			return "", nil, err
		}
	}
	if place != "" {
		b.WriteString(map[bool]string{true: " WHERE ", false: " AND "}[p.where == ""] + place)
	}
	b.WriteString(" ORDER BY ")
	for _, s := range p.sort {
		b.WriteString(s.order())
		if s.descending {
			b.WriteString(" DESC")
		}
		b.WriteString(" NULLS LAST, ")
	}
	b.WriteString(id + " LIMIT " + a.add(size))
	return b.String(), a, nil
}

// place selects the rows behind the cursor: for each key those that are equal
// in the keys before it and behind in it; at last those with a greater id.
func (p *plan) place(a *args) (string, error) {
	var or []string
	equal := ""
	for i, s := range p.sort {
		expr := s.order()
		if p.cursor.Values[i] == nil { // the last of its key
			equal += expr + " IS NULL AND "
			continue
		}
		v, err := s.orderParam(p.cursor.Values[i], a)
		if err != nil {
			return "", err
		}
		sign := " > "
		if s.descending {
			sign = " < "
		}
		or = append(or, "("+equal+"("+expr+sign+v+" OR "+expr+" IS NULL))")
		equal += expr + " = " + v + " AND "
	}
	or = append(or, "("+equal+pq.QuoteIdentifier(p.table.rel.id)+" > "+a.add(p.cursor.ID)+"::bigint)")
	return "(" + strings.Join(or, " OR ") + ")", nil
}

// after moves the plan behind a row that was read.
func (p *plan) after(f geo.Feature) {
	if len(p.sort) == 0 {
		p.from = &f.ID
		return
	}
	c := &features.Cursor{ID: f.ID}
	for _, s := range p.sort {
		c.Values = append(c.Values, f.Values[s.at])
	}
	p.cursor = c
}

// finish leaves out what was only read for the order and the filter.
func (p *plan) finish(f *geo.Feature) geo.Feature {
	out := *f
	out.Values = f.Values[:p.asked:p.asked]
	if p.hide {
		out.Geometry, out.Z, out.M = nil, nil, nil
	}
	return out
}
