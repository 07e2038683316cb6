// Package gpkg reads GeoPackage files (OGC 12-128r18) as features.Table. It
// only reads: version files never change once published.
package gpkg

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	sqlitedriver "modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"contado/geo"
	"contado/geo/fault"
	"contado/geo/store/features"
)

var (
	_ features.Driver = (*Driver)(nil)
	_ features.Table  = (*Table)(nil)
)

// Driver opens layers of GeoPackage files.
type Driver struct{}

// New returns the driver. It holds nothing: tables are closed one by one.
func New() *Driver { return &Driver{} }

// Open implements features.Driver. An empty layer name opens the only layer.
// No file and no layer are fault.NotExist; a file that is not a GeoPackage is
// fault.Invalid.
func (*Driver) Open(ctx context.Context, source, layer string) (features.Table, error) {
	const op = "gpkg.Open"
	if err := checkFile(source); err != nil {
		return nil, fault.E(op, kindOfFile(err), fmt.Errorf("open %s: %w", source, err))
	}
	db, err := openFile(source)
	if err != nil {
		return nil, fault.E(op, fault.Other, err)
	}
	l, err := readLayer(ctx, db, layer)
	if err != nil {
		return nil, errors.Join(translate(ctx, op, fmt.Errorf("open %s: %w", source, err)), db.Close())
	}
	return &Table{db: db, layer: l}, nil
}

// checkFile makes sure that immutable=1 is right: with a journal or a WAL
// beside it the file alone is not the whole database, and SQLite would not
// look.
func checkFile(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return fault.Errorf("gpkg.Open", fault.Invalid, "it is not a regular file")
	}
	for _, suffix := range []string{"-wal", "-journal"} {
		if side, err := os.Stat(path + suffix); err == nil && side.Size() > 0 {
			return fault.WithHint(fault.Errorf("gpkg.Open", fault.Conflict, "the file %s%s holds changes that are not in it yet",
				filepath.Base(path), suffix), "close the program that is editing it")
		}
	}
	return nil
}

func kindOfFile(err error) fault.Kind {
	if errors.Is(err, fs.ErrNotExist) {
		return fault.NotExist
	}
	return fault.KindOf(err)
}

const idleConnections = 4

// openFile opens without locks (immutable): safe because published files are
// never written, and needed for files in WAL mode in folders we may only read.
func openFile(path string) (*sql.DB, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	q := url.Values{
		"mode": {"ro"}, "immutable": {"1"}, "_dqs": {"0"}, "_defensive": {"1"},
		"_pragma": {"query_only(1)", "trusted_schema(0)"}, // the file may be hostile
	}
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: filepath.ToSlash(abs)}).EscapedPath()+"?"+q.Encode())
	if err != nil {
		return nil, err
	}
	// Open connections have no limit: a Scan inside the yield of a Scan must
	// not wait for itself.
	db.SetMaxIdleConns(idleConnections)
	db.SetConnMaxIdleTime(time.Minute)
	return db, nil
}

// translate gives errors of SQLite their kind, by result code.
func translate(ctx context.Context, op string, err error) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return fault.E(op, fault.Canceled, errors.Join(ctx.Err(), err))
	}
	if fault.KindOf(err) != fault.Other {
		return err
	}
	var e *sqlitedriver.Error
	if errors.As(err, &e) {
		switch e.Code() & 0xff {
		case sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_ERROR, sqlite3.SQLITE_FORMAT:
			return fault.WithHint(fault.E(op, fault.Invalid, err), "the file is not a sound GeoPackage")
		case sqlite3.SQLITE_CANTOPEN:
			return fault.E(op, fault.NotExist, err)
		}
	}
	// database/sql has no type for it: a value is not of the type of its column.
	if strings.Contains(err.Error(), "sql: Scan error") {
		return fault.WithHint(fault.E(op, fault.Invalid, err), "the file is not a sound GeoPackage")
	}
	return fault.E(op, fault.Other, err)
}

// Table is one open layer. It is safe for concurrent use.
type Table struct {
	db    *sql.DB
	layer *layer
}

// Schema implements features.Table.
func (t *Table) Schema() geo.Schema { return t.layer.schema }

// Close implements features.Table.
func (t *Table) Close() error { return fault.E("gpkg.Close", fault.Other, t.db.Close()) }

// Scan implements features.Table.
func (t *Table) Scan(ctx context.Context, q features.Query, yield func(geo.Feature) bool) error {
	const op = "gpkg.Scan"
	p, err := t.layer.plan(&q)
	if err != nil {
		return err
	}
	rows, err := t.db.QueryContext(ctx, p.scanSQL(), p.args...)
	if err != nil {
		return translate(ctx, op, err)
	}
	defer rows.Close()
	row := newRow(p.fields, p.geometry)
	// The end of a context reaches rows only some time later: look each time.
	for n := 0; ctx.Err() == nil && rows.Next(); {
		f, ok, err := row.read(rows, p)
		if err != nil {
			return translate(ctx, op, fmt.Errorf("layer %q: %w", t.layer.table, err))
		}
		if !ok {
			continue
		}
		n++
		if !yield(f) || n == q.Limit {
			return nil
		}
	}
	return translate(ctx, op, errors.Join(ctx.Err(), rows.Err()))
}

// row is the space that rows are scanned into.
type row struct {
	fields   []geo.Field
	id       int64
	geometry sql.RawBytes
	values   []any
	targets  []any
}

func newRow(fields []geo.Field, withGeometry bool) *row {
	r := &row{fields: fields, values: make([]any, len(fields))}
	r.targets = append(r.targets, &r.id)
	if withGeometry {
		r.targets = append(r.targets, &r.geometry)
	}
	for i := range r.values {
		r.targets = append(r.targets, &r.values[i])
	}
	return r
}

// read makes a feature of the current row; ok is false when its box is apart
// from the query's, or its filter is not true.
func (r *row) read(rows *sql.Rows, p *plan) (f geo.Feature, ok bool, err error) {
	q := p.query
	if err := rows.Scan(r.targets...); err != nil {
		return f, false, err
	}
	if q.BBox != nil {
		if len(r.geometry) == 0 {
			return f, false, nil
		}
		box, has, err := boxOf(r.geometry)
		if err != nil {
			return f, false, fmt.Errorf("feature %d: %w", r.id, err)
		}
		if !has || !box.Intersects(*q.BBox) {
			return f, false, nil
		}
	}
	f.ID = r.id
	f.Values = make([]any, len(r.fields))
	for i, field := range r.fields {
		f.Values[i] = value(field.Type, r.values[i])
	}
	if p.shapes && len(r.geometry) > 0 {
		if f.Geometry, f.Z, f.M, err = decodeGeometry(r.geometry); err != nil {
			return f, false, fmt.Errorf("feature %d: %w", r.id, err)
		}
	}
	if p.filter != nil {
		if ok, err := p.filter.Match(&f); !ok || err != nil {
			return f, false, err
		}
	}
	if q.SkipGeometry {
		f.Geometry = nil
	}
	if q.SkipGeometry || !p.layer.schema.HasZ {
		f.Z = nil
	}
	if q.SkipGeometry || !p.layer.schema.HasM {
		f.M = nil
	}
	f.Values = f.Values[:p.asked:p.asked]
	return f, true, nil
}

// Count implements features.Table.
func (t *Table) Count(ctx context.Context, q features.Query) (int64, error) {
	q.After, q.Limit, q.Cursor, q.Sort = 0, 0, nil, nil
	q.Fields, q.SkipGeometry = []string{}, true
	p, err := t.layer.plan(&q)
	if err != nil {
		return 0, err
	}
	var n int64
	switch {
	case p.filter != nil:
		err = t.Scan(ctx, q, func(geo.Feature) bool { n++; return true })
	case q.BBox == nil || t.layer.geometry == "":
		err = t.db.QueryRowContext(ctx, "SELECT count(*) FROM "+quoteIdent(t.layer.table)+p.where, p.args...).Scan(&n)
	default:
		err = t.boxes(ctx, p.where, p.args, func(b features.Box) bool {
			if b.Box.Intersects(*q.BBox) {
				n++
			}
			return true
		})
	}
	return n, translate(ctx, "gpkg.Count", err)
}

// Boxes implements features.Table.
func (t *Table) Boxes(ctx context.Context, yield func(features.Box) bool) error {
	if t.layer.geometry == "" {
		return nil
	}
	where := " WHERE " + quoteIdent(t.layer.geometry) + " IS NOT NULL"
	return translate(ctx, "gpkg.Boxes", t.boxes(ctx, where, nil, yield))
}

// boxPrefix is how many bytes hold a header with an envelope, or a point.
const boxPrefix = 64

// boxes reads the extents of the selected rows from the first bytes of their
// geometries; the few that have no envelope there are read whole afterwards.
func (t *Table) boxes(ctx context.Context, where string, args []any, yield func(features.Box) bool) error {
	id, geom, table := quoteIdent(t.layer.id), quoteIdent(t.layer.geometry), quoteIdent(t.layer.table)
	var whole []int64
	stopped, err := t.scanBoxes(ctx, yield, func(id int64, prefix []byte) bool {
		h, err := readHeader(prefix)
		if err != nil || h.empty || h.hasBox || len(prefix) < boxPrefix {
			return true
		}
		whole = append(whole, id)
		return false
	}, fmt.Sprintf("SELECT %s, substr(%s, 1, %d) FROM %s%s", id, geom, boxPrefix, table, where), args...)
	if err != nil || stopped {
		return err
	}
	const chunk = 1000
	for len(whole) > 0 {
		n := min(chunk, len(whole))
		p, err := t.layer.plan(&features.Query{IDs: whole[:n]})
		if err != nil {
			return err
		}
		whole = whole[n:]
		stopped, err := t.scanBoxes(ctx, yield, func(int64, []byte) bool { return true },
			fmt.Sprintf("SELECT %s, %s FROM %s%s", id, geom, table, p.where), p.args...)
		if err != nil || stopped {
			return err
		}
	}
	return nil
}

// scanBoxes yields the boxes of rows (id, geometry) that ready accepts.
func (t *Table) scanBoxes(ctx context.Context, yield func(features.Box) bool, ready func(int64, []byte) bool,
	query string, args ...any,
) (stopped bool, err error) {
	rows, err := t.db.QueryContext(ctx, query, args...)
	if err != nil {
		return false, err
	}
	defer rows.Close()
	for ctx.Err() == nil && rows.Next() {
		var id int64
		var geometry sql.RawBytes
		if err := rows.Scan(&id, &geometry); err != nil {
			return false, err
		}
		if len(geometry) == 0 || !ready(id, geometry) {
			continue
		}
		box, ok, err := boxOf(geometry)
		if err != nil {
			return false, fmt.Errorf("feature %d: %w", id, err)
		}
		if ok && !yield(features.Box{ID: id, Box: box}) {
			return true, nil
		}
	}
	return false, errors.Join(ctx.Err(), rows.Err())
}
