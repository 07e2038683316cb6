package gpkg

import (
	"context"
	"database/sql"
	"errors"
	"net/url"
	"path/filepath"
	"strings"

	"contado/geo/fault"
)

// Guard refuses a GeoPackage from outside whose content is computed rather
// than stored: a view may run for ever (a recursive query without an end),
// and no reader can tell before. A file that is no database passes: whoever
// opens it says what it is.
func Guard(ctx context.Context, path, label string) error {
	abs, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	q := url.Values{"mode": {"ro"}, "_defensive": {"1"}, "_pragma": {"query_only(1)", "trusted_schema(0)"}}
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: filepath.ToSlash(abs)}).EscapedPath()+"?"+q.Encode())
	if err != nil {
		return err
	}
	views, err := viewsOf(ctx, db)
	if err = errors.Join(err, db.Close()); err != nil {
		return nil //nolint:nilerr // no database, or a damaged one: the opening says so
	}
	if len(views) == 0 {
		return nil
	}
	return fault.WithHint(
		fault.Errorf("gpkg.Guard", fault.Unsupported, "%s holds views (%s), and a view can run without an end", label, strings.Join(views, ", ")),
		"save the views as tables, or remove them")
}

const viewsSQL = `SELECT substr(name, 1, 80) FROM sqlite_schema WHERE type = 'view' ORDER BY name LIMIT 10`

func viewsOf(ctx context.Context, db *sql.DB) ([]string, error) {
	rows, err := db.QueryContext(ctx, viewsSQL)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, err
		}
		out = append(out, name)
	}
	return out, rows.Err()
}
