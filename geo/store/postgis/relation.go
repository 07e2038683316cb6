package postgis

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"github.com/lib/pq"

	"contado/geo"
	"contado/geo/fault"
)

// TableOptions says which table is opened, and how.
type TableOptions struct {
	// Schema is the schema of the table; "" finds the only table of the name.
	Schema, Table string
	// ID is the column of whole numbers that identifies a row; "" takes the
	// primary key, else a unique column that is never null. A view has
	// neither, and needs it said.
	ID string
	// Geometry is the geometry of the features when there are several; ""
	// takes the first.
	Geometry string
	// Writable makes sure that rows may be added, changed and deleted.
	Writable bool
}

// relation is what the database says of a table or view.
type relation struct {
	oid      int64
	kind     string // of pg_class: r, p (tables), v, m (views), f (foreign)
	schema   string
	name     string
	id       string
	unique   bool      // an index guards the id
	idAlways bool      // the id is an identity that is only written when told to
	geometry *geometry // nil when there is none
	columns  []column  // of fields, in the order of layer.Fields
	layer    geo.Schema
	rights   rights
	skipped  []string // columns that are not read
	comment  string
}

// rights are what this user may do with a relation.
type rights struct {
	Insert, Update, Delete bool
	// Trigger: may put a trigger on it, and a function in its schema.
	Trigger bool
}

const sqlRelations = `
SELECT c.oid, c.relkind, n.nspname, c.relname,
    has_any_column_privilege(c.oid, 'SELECT') AND has_schema_privilege(n.oid, 'USAGE'),
    has_table_privilege(c.oid, 'INSERT') AND pg_relation_is_updatable(c.oid, true) & 8 <> 0,
    has_table_privilege(c.oid, 'UPDATE') AND pg_relation_is_updatable(c.oid, true) & 4 <> 0,
    has_table_privilege(c.oid, 'DELETE') AND pg_relation_is_updatable(c.oid, true) & 16 <> 0,
    c.relkind IN ('r', 'p') AND has_table_privilege(c.oid, 'TRIGGER') AND has_schema_privilege(n.oid, 'CREATE'),
    coalesce(obj_description(c.oid, 'pg_class'), '')
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relname = $2 AND (n.nspname = $1 OR $1 = '' AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast'))
    AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
ORDER BY n.nspname`

// findRelation finds the table, spelt as asked for, else in lower case, as
// SQL has names without quotes.
func (s *Server) findRelation(ctx context.Context, o TableOptions) (*relation, error) {
	const op = "postgis.Table"
	var found []*relation
	var readable bool
	for _, name := range slices.Compact([]string{o.Table, strings.ToLower(o.Table)}) {
		err := each(ctx, s.db, func(rows *sql.Rows) error {
			r := &relation{}
			found = append(found, r)
			return rows.Scan(&r.oid, &r.kind, &r.schema, &r.name, &readable,
				&r.rights.Insert, &r.rights.Update, &r.rights.Delete, &r.rights.Trigger, &r.comment)
		}, sqlRelations, o.Schema, name)
		if err != nil {
			return nil, err
		}
		if len(found) > 0 {
			break
		}
	}
	switch {
	case len(found) == 0:
		known, err := s.TableNames(ctx)
		if err != nil {
			return nil, err
		}
		return nil, fault.WithHint(fault.Errorf(op, fault.NotExist, "database %s has no table or view %.120q", s.conn.Name(), FormatName(o.Schema, o.Table)),
			"tables and views with geometry: "+listed(known))
	case len(found) > 1:
		var schemas []string
		for _, r := range found {
			schemas = append(schemas, FormatName(r.schema, r.name))
		}
		return nil, fault.WithHint(fault.Errorf(op, fault.Invalid, "several schemas have a table %.120q", o.Table), "name one of "+listed(schemas))
	case !readable:
		return nil, fault.WithHint(fault.Errorf(op, fault.Invalid, "the database user may not read %s", FormatName(found[0].schema, found[0].name)),
			"GRANT USAGE ON SCHEMA and GRANT SELECT ON TABLE to the user")
	}
	return found[0], nil
}

const sqlGeometryTables = `
SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT')
    AND EXISTS (SELECT FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
        WHERE a.attrelid = c.oid AND NOT a.attisdropped AND t.typname IN ('geometry', 'geography'))
ORDER BY 1, 2`

// TableNames lists the tables and views with geometry that may be read, as
// ParseName reads them.
func (s *Server) TableNames(ctx context.Context) ([]string, error) {
	out := []string{}
	err := each(ctx, s.db, func(rows *sql.Rows) error {
		var schema, name string
		err := rows.Scan(&schema, &name)
		out = append(out, FormatName(schema, name))
		return err
	}, sqlGeometryTables)
	return out, translate(ctx, "postgis.TableNames", err)
}

// Domains are followed to the type they stand on.
const sqlColumns = `
WITH RECURSIVE base AS (
    SELECT a.attnum, a.atttypid AS typ, a.atttypmod AS mod FROM pg_attribute a
    WHERE a.attrelid = $1 AND a.attnum > 0 AND NOT a.attisdropped
    UNION ALL
    SELECT b.attnum, t.typbasetype, CASE WHEN b.mod >= 0 THEN b.mod ELSE t.typtypmod END
    FROM base b JOIN pg_type t ON t.oid = b.typ WHERE t.typtype = 'd'
)
SELECT a.attname, t.typname, t.typtype, t.typcategory, b.mod, a.attnotnull,
    a.attgenerated <> '' OR c.relkind = 'v' AND NOT pg_column_is_updatable(a.attrelid, a.attnum, true), a.attidentity = 'a',
    format_type(a.atttypid, a.atttypmod), coalesce(co.collisdeterministic, true), coalesce(col_description(a.attrelid, a.attnum), ''),
    has_column_privilege(a.attrelid, a.attnum, 'SELECT')
FROM base b JOIN pg_type t ON t.oid = b.typ AND t.typtype <> 'd' JOIN pg_attribute a ON a.attrelid = $1 AND a.attnum = b.attnum
    JOIN pg_class c ON c.oid = a.attrelid
    LEFT JOIN pg_collation co ON co.oid = a.attcollation
ORDER BY a.attnum`

const sqlKeys = `
SELECT a.attname FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
WHERE i.indrelid = $1 AND i.indisunique AND i.indisvalid AND i.indnkeyatts = 1 AND i.indpred IS NULL AND i.indexprs IS NULL AND a.attnotnull
ORDER BY i.indisprimary DESC, a.attnum`

// Table opens a table or view.
//
// Errors: fault.NotExist and Invalid with what there is; Unsupported for a
// table whose rows have no whole number to be told apart by, and for
// surfaces that are no polygons.
func (s *Server) Table(ctx context.Context, o TableOptions) (*Table, error) {
	const op = "postgis.Table"
	r, err := s.findRelation(ctx, o)
	if err == nil {
		err = s.describe(ctx, r, o)
	}
	if err != nil {
		return nil, translate(ctx, op, err)
	}
	if o.Writable {
		if err := r.checkWritable(); err != nil {
			return nil, err
		}
	}
	return newTable(s, r), nil
}

func (s *Server) describe(ctx context.Context, r *relation, o TableOptions) error {
	var all []column
	err := each(ctx, s.db, func(rows *sql.Rows) error {
		var c column
		err := rows.Scan(&c.name, &c.base, &c.kind, &c.category, &c.mod, &c.notNull, &c.generated, &c.always,
			&c.declared, &c.deterministic, &c.description, &c.readable)
		all = append(all, c)
		return err
	}, sqlColumns, r.oid)
	if err != nil {
		return err
	}
	keys, err := texts(ctx, s.db, sqlKeys, r.oid)
	if err != nil {
		return err
	}
	if err := r.chooseID(all, keys, o.ID); err != nil {
		return err
	}
	geom, err := r.chooseGeometry(all, o.Geometry)
	if err != nil {
		return err
	}
	for _, c := range all {
		switch {
		case c.name == r.id:
			r.idAlways = c.always
			continue
		case geom != nil && c.name == geom.name:
			continue
		case !c.readable, c.base == "raster":
			r.skipped = append(r.skipped, c.name)
			continue
		}
		c.classify()
		r.columns = append(r.columns, c)
		r.layer.Fields = append(r.layer.Fields, geo.Field{Name: c.name, Type: c.class, Description: c.description})
	}
	if geom == nil {
		return nil
	}
	return s.describeGeometry(ctx, r, *geom)
}

func (r *relation) full() string {
	return pq.QuoteIdentifier(r.schema) + "." + pq.QuoteIdentifier(r.name)
}

func (r *relation) String() string { return FormatName(r.schema, r.name) }

// chooseID settles the column that identifies rows.
func (r *relation) chooseID(all []column, keys []string, wanted string) error {
	const op = "postgis.Table"
	whole := func(name string) bool {
		return slices.ContainsFunc(all, func(c column) bool { return c.name == name && c.isWhole() && c.readable })
	}
	if wanted != "" {
		if !slices.ContainsFunc(all, func(c column) bool { return c.name == wanted }) {
			return fault.WithHint(fault.Errorf(op, fault.Invalid, "%s has no column %.80q", r, wanted), "its columns are "+listed(columnNames(all)))
		}
		if !whole(wanted) {
			return fault.Errorf(op, fault.Unsupported, "column %q of %s cannot identify features: it is not of whole numbers", wanted, r)
		}
		r.id, r.unique = wanted, slices.Contains(keys, wanted)
		return nil
	}
	for _, k := range keys {
		if whole(k) {
			r.id, r.unique = k, true
			return nil
		}
	}
	var candidates []string
	for _, c := range all {
		if c.isWhole() {
			candidates = append(candidates, c.name)
		}
	}
	hint := "add a column: ALTER TABLE … ADD COLUMN fid bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY"
	if len(candidates) > 0 {
		hint = "name the column that identifies a row, if there is one; those of whole numbers are " + listed(candidates)
	}
	return fault.WithHint(fault.Errorf(op, fault.Unsupported, "%s has no primary key of whole numbers to tell its rows apart by", r), hint)
}

func (r *relation) chooseGeometry(all []column, wanted string) (*column, error) {
	const op = "postgis.Table"
	var found []string
	for _, c := range all {
		if !c.isGeometry() || !c.readable {
			continue
		}
		if wanted == "" || c.name == wanted {
			return &c, nil
		}
		found = append(found, c.name)
	}
	if wanted == "" {
		return nil, nil
	}
	return nil, fault.WithHint(fault.Errorf(op, fault.Invalid, "%s has no geometry column %.80q", r, wanted), "its geometry columns are "+listed(found))
}

func (r *relation) checkWritable() error {
	const op = "postgis.Table"
	var lacking []string
	for _, x := range []struct {
		ok   bool
		name string
	}{{r.rights.Insert, "INSERT"}, {r.rights.Update, "UPDATE"}, {r.rights.Delete, "DELETE"}} {
		if !x.ok {
			lacking = append(lacking, x.name)
		}
	}
	if len(lacking) == 0 {
		return nil
	}
	what := "table"
	if r.kind == "v" || r.kind == "m" {
		what = "view"
	}
	return fault.WithHint(fault.Errorf(op, fault.Invalid, "%s %s cannot be written to: it allows no %s", what, r, strings.Join(lacking, ", ")),
		"GRANT INSERT, UPDATE, DELETE to the database user, or attach it read-only (a view must be a simple one to be written through)")
}

// checkUnique makes sure that an id without a unique index tells rows apart.
func (t *Table) checkUnique(ctx context.Context, q rowQuerier) error {
	if t.rel.unique {
		return nil
	}
	id := pq.QuoteIdentifier(t.rel.id)
	var twice sql.NullInt64
	var n, nulls int64
	err := q.QueryRowContext(ctx, fmt.Sprintf(
		"SELECT min(id), count(*), coalesce(sum(n) FILTER (WHERE id IS NULL), 0) FROM (SELECT %s AS id, count(*) AS n FROM %s GROUP BY 1 HAVING count(*) > 1 OR %s IS NULL) AS d",
		id, t.rel.full(), id)).Scan(&twice, &n, &nulls)
	switch {
	case err != nil:
		return err
	case nulls > 0:
		return fault.Errorf("postgis.Table", fault.Unsupported, "column %q of %s cannot identify features: %d rows have no value", t.rel.id, t.rel, nulls)
	case n > 0:
		return fault.Errorf("postgis.Table", fault.Unsupported, "column %q of %s cannot identify features: %d values occur more than once, such as %d",
			t.rel.id, t.rel, n, twice.Int64)
	}
	return nil
}

type rowQuerier interface {
	querier
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

func columnNames(all []column) []string {
	var out []string
	for _, c := range all {
		out = append(out, c.name)
	}
	return out
}

// listed names up to 30 things for an error message.
func listed(names []string) string {
	const most = 30
	if len(names) == 0 {
		return "none"
	}
	if n := len(names); n > most {
		return fmt.Sprintf("%q and %d more", names[:most], n-most)
	}
	return fmt.Sprintf("%q", names)
}
