package postgis

import (
	"context"
	"database/sql"
	"fmt"
	"math"
	"slices"

	"github.com/lib/pq"

	"contado/geo"
	"contado/geo/store/features"
	"contado/geo/wkb"
)

// Table is an open table or view. It is safe for concurrent use.
type Table struct {
	server *Server
	rel    *relation
}

func newTable(s *Server, r *relation) *Table { return &Table{server: s, rel: r} }

// Schema implements features.Table.
func (t *Table) Schema() geo.Schema {
	s := t.rel.layer
	s.Fields = slices.Clone(s.Fields)
	return s
}

// Name is the table's schema and name.
func (t *Table) Name() (schema, table string) { return t.rel.schema, t.rel.name }

// Columns are the columns of id and geometry, which is "" when there is none.
func (t *Table) Columns() (id, geometry string) {
	if t.rel.geometry != nil {
		geometry = t.rel.geometry.name
	}
	return t.rel.id, geometry
}

// Rights are what the database user may do with the table.
func (t *Table) Rights() (insert, update, remove, trigger bool) {
	r := t.rel.rights
	return r.Insert, r.Update, r.Delete, r.Trigger
}

// Comment is what the database says of the table, for people.
func (t *Table) Comment() string { return t.rel.comment }

// IsView reports whether it is a view, or a table of another server: one
// whose rows have no place in this database.
func (t *Table) IsView() bool { return t.rel.kind != "r" && t.rel.kind != "p" }

// Skipped are the columns that are not read: rasters, and those that the
// database user may not read.
func (t *Table) Skipped() []string { return slices.Clone(t.rel.skipped) }

// Mixed are the reference systems of rows that are not in the schema's, to
// which they are transformed; 0 is none, taken for the schema's.
func (t *Table) Mixed() []int64 {
	if t.rel.geometry == nil {
		return nil
	}
	return slices.Clone(t.rel.geometry.Mixed)
}

// Close implements features.Table. The connections are the server's.
func (t *Table) Close() error { return nil }

// Pages of rows are read whole, so that no connection waits for who takes
// them; their size follows that of the rows.
const (
	firstPage = 500
	mostRows  = 20_000
	pageBytes = 8 << 20
)

// Scan implements features.Table.
func (t *Table) Scan(ctx context.Context, q features.Query, yield func(geo.Feature) bool) error {
	return translate(ctx, "postgis.Scan", t.scan(ctx, t.server.db, q, yield))
}

func (t *Table) scan(ctx context.Context, db querier, q features.Query, yield func(geo.Feature) bool) error {
	p, err := t.plan(&q)
	if err != nil {
		return err
	}
	for left, size := q.Limit, firstPage; ; {
		if q.Limit > 0 && p.exact {
			size = min(size, left)
		}
		page, bytes, err := p.page(ctx, db, size)
		if err != nil {
			return err
		}
		for i := range page {
			if err := ctx.Err(); err != nil {
				return err
			}
			ok, err := p.matches(&page[i])
			if err != nil {
				return err
			}
			if !ok {
				continue
			}
			left--
			if !yield(p.finish(&page[i])) || q.Limit > 0 && left == 0 {
				return nil
			}
		}
		if len(page) < size {
			return nil
		}
		p.after(page[len(page)-1])
		size = min(mostRows, max(16, pageBytes/(bytes/len(page)+1)))
	}
}

// page reads the next rows of a plan, at most size, and tells their bytes.
func (p *plan) page(ctx context.Context, db querier, size int) ([]geo.Feature, int, error) {
	text, args, err := p.sql(size)
	if err != nil {
		return nil, 0, err
	}
	page := make([]geo.Feature, 0, min(size, 1024))
	bytes := 0
	row := newRow(p)
	err = each(ctx, db, func(rows *sql.Rows) error {
		f, n, err := row.read(rows)
		page, bytes = append(page, f), bytes+n
		return err
	}, text, args...)
	return page, bytes, err
}

// row is the space that rows are scanned into.
type row struct {
	plan     *plan
	id       int64
	geometry sql.RawBytes
	values   []any
	targets  []any
}

func newRow(p *plan) *row {
	r := &row{plan: p, values: make([]any, len(p.columns))}
	r.targets = append(r.targets, &r.id)
	if p.geometry {
		r.targets = append(r.targets, &r.geometry)
	}
	for i := range r.values {
		r.targets = append(r.targets, &r.values[i])
	}
	return r
}

func (r *row) read(rows *sql.Rows) (f geo.Feature, bytes int, err error) {
	if err := rows.Scan(r.targets...); err != nil {
		return f, 0, err
	}
	f.ID = r.id
	if len(r.geometry) > 0 {
		if f.Geometry, f.Z, f.M, err = wkb.Decode(r.geometry); err != nil {
			return f, 0, fmt.Errorf("feature %d: %w", r.id, err)
		}
	}
	bytes = len(r.geometry) + 64
	f.Values = make([]any, len(r.values))
	for i, c := range r.plan.columns {
		f.Values[i] = c.value(r.values[i])
		switch v := f.Values[i].(type) {
		case string:
			bytes += len(v)
		case []byte:
			bytes += len(v)
		}
		bytes += 16
	}
	return f, bytes, nil
}

// Count implements features.Table.
func (t *Table) Count(ctx context.Context, q features.Query) (int64, error) {
	const op = "postgis.Count"
	q.After, q.Limit, q.Sort, q.Cursor = 0, 0, nil, nil
	p, err := t.plan(&q)
	if err != nil {
		return 0, err
	}
	var n int64
	if !p.exact {
		err := t.scan(ctx, t.server.db, q, func(geo.Feature) bool { n++; return true })
		return n, translate(ctx, op, err)
	}
	err = t.server.db.QueryRowContext(ctx, "SELECT count(*) FROM "+t.rel.full()+p.where, p.args...).Scan(&n)
	return n, translate(ctx, op, err)
}

// Boxes implements features.Table.
func (t *Table) Boxes(ctx context.Context, yield func(features.Box) bool) error {
	const op = "postgis.Boxes"
	if t.rel.geometry == nil {
		return nil
	}
	id, g := pq.QuoteIdentifier(t.rel.id), t.rel.geometry.read
	text := fmt.Sprintf("SELECT id, ST_XMin(b), ST_YMin(b), ST_XMax(b), ST_YMax(b) FROM (SELECT %s AS id, Box3D(%s) AS b FROM %s WHERE %s >= $1) AS t WHERE b IS NOT NULL ORDER BY id LIMIT %d",
		id, g, t.rel.full(), id, mostRows)
	for from := int64(math.MinInt64); ; {
		var page []features.Box
		err := each(ctx, t.server.db, func(rows *sql.Rows) error {
			var b features.Box
			err := rows.Scan(&b.ID, &b.Box.MinX, &b.Box.MinY, &b.Box.MaxX, &b.Box.MaxY)
			page = append(page, b)
			return err
		}, text, from)
		if err != nil {
			return translate(ctx, op, err)
		}
		for _, b := range page {
			if ctx.Err() != nil {
				return translate(ctx, op, ctx.Err())
			}
			if !yield(b) {
				return nil
			}
		}
		if len(page) < mostRows || page[len(page)-1].ID == math.MaxInt64 {
			return nil
		}
		from = page[len(page)-1].ID + 1
	}
}

// sqlNoHurry lets the statements of a transaction that read all rows run for
// as long as they take.
const sqlNoHurry = `SET LOCAL statement_timeout = 0`

// Snapshot is a table as it was at one moment.
type Snapshot struct {
	table *Table
	tx    *sql.Tx
}

// Snapshot runs fn on the table as it is now, however long that takes and
// whatever others change meanwhile.
func (t *Table) Snapshot(ctx context.Context, fn func(*Snapshot) error) error {
	o := &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true}
	err := inTx(ctx, t.server.db, o, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, sqlNoHurry); err != nil {
			return err
		}
		return fn(&Snapshot{table: t, tx: tx})
	})
	return translate(ctx, "postgis.Snapshot", err)
}

// Scan is Table.Scan of the moment.
func (s *Snapshot) Scan(ctx context.Context, q features.Query, yield func(geo.Feature) bool) error {
	return translate(ctx, "postgis.Scan", s.table.scan(ctx, s.tx, q, yield))
}

// CheckID makes sure that the id tells the rows apart, where no index does;
// the error is fault.Unsupported.
func (s *Snapshot) CheckID(ctx context.Context) error {
	return translate(ctx, "postgis.CheckID", s.table.checkUnique(ctx, s.tx))
}

// Invalid counts the rows whose geometry is not valid by OGC rules, and names
// up to most of their ids.
func (s *Snapshot) Invalid(ctx context.Context, most int) (n int64, ids []int64, err error) {
	const op = "postgis.Invalid"
	g := s.table.rel.geometry
	if g == nil {
		return 0, nil, nil
	}
	id := pq.QuoteIdentifier(s.table.rel.id)
	err = each(ctx, s.tx, func(rows *sql.Rows) error {
		var one int64
		err := rows.Scan(&one, &n)
		ids = append(ids, one)
		return err
	}, fmt.Sprintf("SELECT %s, count(*) OVER () FROM %s WHERE NOT ST_IsValid(%s) ORDER BY 1 LIMIT %d", id, s.table.rel.full(), g.plain, most))
	return n, ids, translate(ctx, op, err)
}

// Mark is a number that changes with a row.
type Mark struct{ ID, Mark int64 }

// Marks yields the mark of every row in ascending id: of tables the number
// of the transaction that wrote the row, of views a hash of its values.
func (s *Snapshot) Marks(ctx context.Context, yield func(Mark)) error {
	t := s.table
	mark := "xmin::text::bigint"
	if t.IsView() || t.rel.kind == "p" {
		mark = t.hash()
	}
	text := fmt.Sprintf("SELECT %s, %s FROM %s ORDER BY 1", pq.QuoteIdentifier(t.rel.id), mark, t.rel.full())
	err := each(ctx, s.tx, func(rows *sql.Rows) error {
		var m Mark
		err := rows.Scan(&m.ID, &m.Mark)
		yield(m)
		return err
	}, text)
	return translate(ctx, "postgis.Marks", err)
}

// hash is SQL of a hash over what is read of a row.
func (t *Table) hash() string {
	parts := "''"
	if g := t.rel.geometry; g != nil {
		parts = "coalesce(encode(ST_AsEWKB(" + g.plain + "), 'hex'), '-')"
	}
	for _, c := range t.rel.columns {
		parts += " || ',' || coalesce(quote_literal(" + c.quoted() + "::text), '-')"
	}
	return "hashtextextended(" + parts + ", 0)"
}
