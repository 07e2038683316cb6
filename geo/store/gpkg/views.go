package gpkg

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	sqlitedriver "modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"contado/geo/fault"
)

// ViewLimits bounds what the views of a GeoPackage may cost: a view can run
// without an end, and no reader can tell before.
type ViewLimits struct {
	Time  time.Duration // for all views together; 0 = 5 minutes
	Rows  int64         // of one view; 0 = 50 million
	Bytes int64         // by which the copy may grow; 0 = 16 GiB
}

func (l ViewLimits) withDefaults() ViewLimits {
	if l.Time <= 0 {
		l.Time = 5 * time.Minute
	}
	if l.Rows <= 0 {
		l.Rows = 50_000_000
	}
	if l.Bytes <= 0 {
		l.Bytes = 16 << 30
	}
	return l
}

// WithoutViews writes a copy of a GeoPackage in which the views that are
// layers have become tables of their rows, and other views are gone, and
// returns the names of the former. A file without views, or that is no
// database, gives nil, and no copy is made.
//
// Errors: TooLarge when the views run longer, or give more, than they may;
// Invalid for views that cannot be run; Conflict for a file that is being
// written.
func WithoutViews(ctx context.Context, path, dst string, lim ViewLimits) (layers []string, err error) {
	const op = "gpkg.WithoutViews"
	views, err := guarded(ctx, path)
	if err != nil || len(views) == 0 {
		return nil, err
	}
	if err := checkFile(path); err != nil {
		return nil, fault.E(op, kindOfFile(err), err)
	}
	if err := copyTo(path, dst); err != nil {
		return nil, fault.E(op, fault.Other, err)
	}
	lim = lim.withDefaults()
	timed, cancel := context.WithTimeout(ctx, lim.Time)
	defer cancel()
	q := url.Values{"mode": {"rw"}, "_defensive": {"1"}, "_dqs": {"0"}, "_pragma": {"trusted_schema(0)", "journal_mode(off)", "synchronous(off)", "foreign_keys(0)"}}
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: filepath.ToSlash(dst)}).EscapedPath()+"?"+q.Encode())
	if err != nil {
		return nil, fault.E(op, fault.Other, err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	db.SetMaxOpenConns(1) // the limit of pages is the connection's
	v := &viewer{ctx: timed, db: db, lim: lim}
	if err := v.boundValues(); err != nil {
		return nil, fault.E(op, fault.Other, err)
	}
	if layers, err = v.settle(); err != nil {
		return nil, v.explain(ctx, err)
	}
	return layers, nil
}

// guarded lists the views of a file; none when it is no sound database.
func guarded(ctx context.Context, path string) ([]string, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	q := url.Values{"mode": {"ro"}, "_defensive": {"1"}, "_pragma": {"query_only(1)", "trusted_schema(0)"}}
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: filepath.ToSlash(abs)}).EscapedPath()+"?"+q.Encode())
	if err != nil {
		return nil, err
	}
	views, err := texts(ctx, db, viewsSQL)
	if err = errors.Join(err, db.Close()); err != nil {
		return nil, nil //nolint:nilerr // no database, or a damaged one: the opening says so
	}
	return views, nil
}

func copyTo(path, dst string) error {
	in, err := os.Open(path)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(dst, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

type viewer struct {
	ctx  context.Context //nolint:containedctx // ends with WithoutViews
	db   *sql.DB
	lim  ViewLimits
	view string // being run
}

const (
	viewsSQL = `SELECT name FROM sqlite_schema WHERE type = 'view' ORDER BY name LIMIT 1000`

	viewLayersSQL = `SELECT v.name FROM sqlite_schema v JOIN gpkg_contents c ON c.table_name = v.name
WHERE v.type = 'view' AND c.data_type IN ('features', 'attributes') ORDER BY v.name`
)

func (v *viewer) exec(query string, args ...any) error {
	_, err := v.db.ExecContext(v.ctx, query, args...)
	return err
}

// maxValue bounds one value of a view, in bytes, which is held in memory.
const maxValue = 256 << 20

// boundValues sets the bound for the one connection that there is.
func (v *viewer) boundValues() error {
	conn, err := v.db.Conn(v.ctx)
	if err != nil {
		return err
	}
	_, err = sqlitedriver.Limit(conn, sqlite3.SQLITE_LIMIT_LENGTH, int(min(v.lim.Bytes, maxValue)))
	return errors.Join(err, conn.Close())
}

func (v *viewer) settle() ([]string, error) {
	var pages, size int64
	if err := v.db.QueryRowContext(v.ctx, "PRAGMA page_count").Scan(&pages); err != nil {
		return nil, err
	}
	if err := v.db.QueryRowContext(v.ctx, "PRAGMA page_size").Scan(&size); err != nil {
		return nil, err
	}
	if err := v.exec(fmt.Sprintf("PRAGMA max_page_count = %d", pages+v.lim.Bytes/max(size, 512))); err != nil {
		return nil, err
	}
	tables, err := texts(v.ctx, v.db, sqlTables)
	if err != nil {
		return nil, err
	}
	var layers []string
	if slices.Contains(tables, "gpkg_contents") {
		if layers, err = texts(v.ctx, v.db, viewLayersSQL); err != nil {
			return nil, err
		}
	}
	for i, name := range layers { // before any view goes: they may build on each other
		v.view = name
		if err := v.run(name, stagedName(i)); err != nil {
			return nil, err
		}
	}
	views, err := texts(v.ctx, v.db, viewsSQL)
	if err != nil {
		return nil, err
	}
	for _, name := range views {
		if err := v.exec("DROP VIEW " + quoteIdent(name)); err != nil {
			return nil, err
		}
	}
	for i, name := range layers {
		v.view = name
		if err := v.publish(name, stagedName(i)); err != nil {
			return nil, err
		}
	}
	return layers, nil
}

func stagedName(i int) string { return fmt.Sprintf("contado_view_%d", i) }

// run keeps the rows of a view in a table.
func (v *viewer) run(name, staged string) error {
	if err := v.exec(fmt.Sprintf("CREATE TABLE %s AS SELECT * FROM %s LIMIT %d", quoteIdent(staged), quoteIdent(name), v.lim.Rows+1)); err != nil {
		return err
	}
	var n int64
	if err := v.db.QueryRowContext(v.ctx, "SELECT count(*) FROM "+quoteIdent(staged)).Scan(&n); err != nil {
		return err
	}
	if n > v.lim.Rows {
		return fault.Errorf("gpkg.WithoutViews", fault.TooLarge, "view %q gives more than %d rows, the limit", name, v.lim.Rows)
	}
	return nil
}

// keyNames are what the column that identifies a row is called.
var keyNames = []string{"ogc_fid", "fid", "objectid", "id"}

// columns are the names and types of a table's.
func (v *viewer) columns(table string) (names, kinds []string, err error) {
	rows, err := v.db.QueryContext(v.ctx, "SELECT name, type FROM pragma_table_info(?) ORDER BY cid", table)
	if err != nil {
		return nil, nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var n, k string
		if err := rows.Scan(&n, &k); err != nil {
			return nil, nil, err
		}
		names, kinds = append(names, n), append(kinds, k)
	}
	return names, kinds, rows.Err()
}

// publish makes the table of a view's rows a layer: with a key of whole
// numbers, which is the view's own where it is one.
func (v *viewer) publish(name, staged string) error {
	names, kinds, err := v.columns(staged)
	if err != nil {
		return err
	}
	key, err := v.key(names, staged)
	if err != nil {
		return err
	}
	var columns, quoted []string
	if key < 0 {
		columns = append(columns, quoteIdent(free("fid", names))+" INTEGER PRIMARY KEY")
	}
	for i, n := range names {
		column := quoteIdent(n) + " " + declared(kinds[i])
		if i == key {
			column = quoteIdent(n) + " INTEGER PRIMARY KEY"
		}
		columns, quoted = append(columns, column), append(quoted, quoteIdent(n))
	}
	list := strings.Join(quoted, ", ")
	for _, q := range []string{
		fmt.Sprintf("CREATE TABLE %s (%s)", quoteIdent(name), strings.Join(columns, ", ")),
		fmt.Sprintf("INSERT INTO %s (%s) SELECT %s FROM %s", quoteIdent(name), list, list, quoteIdent(staged)),
		"DROP TABLE " + quoteIdent(staged),
	} {
		if err := v.exec(q); err != nil {
			return err
		}
	}
	return nil
}

// declared is a type of a column, as far as GeoPackage knows it.
func declared(kind string) string {
	base, _, _ := strings.Cut(strings.ToUpper(kind), "(")
	base = strings.TrimSpace(base)
	_, known := fieldTypes[base]
	_, geometry := geometryNames[base]
	switch {
	case known || geometry || base == "TEXT":
		return base
	case base == "INT" || base == "NUM":
		return "INTEGER"
	}
	return ""
}

// key is the column whose values are whole numbers, each once; −1 for none.
func (v *viewer) key(names []string, staged string) (int, error) {
	for _, want := range keyNames {
		for i, n := range names {
			if !strings.EqualFold(n, want) {
				continue
			}
			var all, distinct, whole int64
			q := fmt.Sprintf("SELECT count(*), count(DISTINCT %[1]s), coalesce(sum(typeof(%[1]s) = 'integer'), 0) FROM %[2]s", quoteIdent(n), quoteIdent(staged))
			if err := v.db.QueryRowContext(v.ctx, q).Scan(&all, &distinct, &whole); err != nil {
				return -1, err
			}
			if all == distinct && all == whole {
				return i, nil
			}
		}
	}
	return -1, nil
}

func free(name string, taken []string) string {
	out := name
	for n := 1; slices.ContainsFunc(taken, func(s string) bool { return strings.EqualFold(s, out) }); n++ {
		out = fmt.Sprintf("%s_%d", name, n)
	}
	return out
}

// explain gives an error of a view its kind.
func (v *viewer) explain(ctx context.Context, err error) error {
	const op = "gpkg.WithoutViews"
	var e *sqlitedriver.Error
	switch {
	case ctx.Err() != nil:
		return fault.E(op, fault.Canceled, ctx.Err())
	case v.ctx.Err() != nil:
		return fault.WithHint(fault.Errorf(op, fault.TooLarge, "view %q runs longer than %s: it may have no end", v.view, v.lim.Time), "save the view as a table, or remove it")
	case errors.As(err, &e) && (e.Code()&0xff == sqlite3.SQLITE_FULL || e.Code()&0xff == sqlite3.SQLITE_TOOBIG):
		return fault.WithHint(fault.Errorf(op, fault.TooLarge, "view %q gives more than %d MiB, the limit", v.view, v.lim.Bytes>>20), "save the view as a table, or remove it")
	case fault.KindOf(err) != fault.Other:
		return err
	}
	return fault.WithHint(fault.E(op, fault.Invalid, fmt.Errorf("view %q cannot be read: %w", v.view, err)), "save the view as a table, or remove it")
}
