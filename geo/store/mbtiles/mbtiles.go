// Package mbtiles reads MBTiles files (github.com/mapbox/mbtiles-spec, 1.3):
// tilesets in SQLite. It only reads.
package mbtiles

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

	"contado/geo/fault"
)

const (
	// MaxZoom is the finest zoom that is read.
	MaxZoom = 31
	// maxTile bounds a stored tile, maxText a value of the metadata, and
	// maxRows the values.
	maxTile = 64 << 20
	maxText = 16 << 20
	maxRows = 1000
)

// Archive is an open file. It is safe for concurrent use.
type Archive struct {
	db   *sql.DB
	tile *sql.Stmt
	meta map[string]string
}

const (
	tileSQL = `SELECT length(tile_data), CASE WHEN length(tile_data) <= 67108864 THEN tile_data END
FROM tiles WHERE zoom_level = ? AND tile_column = ? AND tile_row = ?`
	planSQL  = `EXPLAIN QUERY PLAN SELECT tile_data FROM tiles WHERE zoom_level = 1 AND tile_column = 1 AND tile_row = 1`
	kindSQL  = `SELECT type FROM sqlite_schema WHERE name = 'tiles'`
	metaSQL  = `SELECT name, value, length(value) FROM metadata WHERE length(value) <= 16777216 AND name IS NOT NULL LIMIT 1001`
	zoomsSQL = `SELECT zoom_level, count(*), min(tile_column), max(tile_column), min(tile_row), max(tile_row)
FROM tiles GROUP BY zoom_level ORDER BY zoom_level LIMIT 64`
	someSQL = `SELECT zoom_level, tile_column, tile_row FROM tiles WHERE zoom_level = ? LIMIT ?`
)

// Open opens the file at a local path. No file is fault.NotExist; what is no
// MBTiles, or can only be read by looking at every row of a view, fault.Invalid.
func Open(ctx context.Context, path string) (*Archive, error) {
	const op = "mbtiles.Open"
	info, err := os.Stat(path)
	if err != nil {
		kind := fault.Other
		if errors.Is(err, fs.ErrNotExist) {
			kind = fault.NotExist
		}
		return nil, fault.E(op, kind, err)
	}
	if !info.Mode().IsRegular() {
		return nil, fault.Errorf(op, fault.Invalid, "%s is not a regular file", path)
	}
	if side, err := os.Stat(path + "-wal"); err == nil && side.Size() > 0 {
		return nil, fault.WithHint(fault.Errorf(op, fault.Conflict, "the file %s-wal holds changes that are not in it yet", filepath.Base(path)),
			"close the program that is editing it")
	}
	db, err := openFile(path)
	if err != nil {
		return nil, fault.E(op, fault.Other, err)
	}
	a := &Archive{db: db}
	if err := a.prepare(ctx); err != nil {
		return nil, errors.Join(translate(ctx, op, fmt.Errorf("open %s: %w", filepath.Base(path), err)), a.Close())
	}
	return a, nil
}

// openFile opens without locks: published files are never written.
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
	db.SetMaxIdleConns(4)
	db.SetConnMaxIdleTime(time.Minute)
	return db, nil
}

func (a *Archive) prepare(ctx context.Context) error {
	if err := a.guard(ctx); err != nil {
		return err
	}
	var err error
	if a.meta, err = a.readMeta(ctx); err != nil {
		return err
	}
	a.tile, err = a.db.PrepareContext(ctx, tileSQL)
	return err
}

// guard makes sure that a tile is found without computing: tiles may be a
// view that joins an index with the pictures, and a view may as well run
// without an end.
func (a *Archive) guard(ctx context.Context) error {
	const op = "mbtiles.Open"
	var kind string
	switch err := a.db.QueryRowContext(ctx, kindSQL).Scan(&kind); {
	case errors.Is(err, sql.ErrNoRows):
		return fault.Errorf(op, fault.Invalid, "it is a database without a table of tiles")
	case err != nil:
		return err
	case kind == "table":
		return nil
	case kind != "view":
		return fault.Errorf(op, fault.Invalid, "its tiles are a %.20s", kind)
	}
	rows, err := a.db.QueryContext(ctx, planSQL)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var id, parent, unused int
		var detail string
		if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
			return err
		}
		if !strings.HasPrefix(detail, "SEARCH ") {
			return fault.WithHint(fault.Errorf(op, fault.Invalid, "its tiles are a view that is computed (%.80s)", detail),
				"save the view as a table with an index on zoom_level, tile_column, tile_row")
		}
	}
	return rows.Err()
}

func (a *Archive) readMeta(ctx context.Context) (map[string]string, error) {
	rows, err := a.db.QueryContext(ctx, metaSQL)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	meta := map[string]string{}
	for rows.Next() {
		var name string
		var value sql.NullString
		var size int64
		if err := rows.Scan(&name, &value, &size); err != nil {
			return nil, err
		}
		if len(meta) >= maxRows || len(value.String) > maxText || len(name) > maxText {
			return nil, fault.Errorf("mbtiles.Open", fault.TooLarge, "its metadata has more than %d values, or one of more than %d bytes", maxRows, maxText)
		}
		meta[name] = value.String
	}
	return meta, rows.Err()
}

// Close closes the file.
func (a *Archive) Close() error {
	var err error
	if a.tile != nil {
		err = a.tile.Close()
	}
	return fault.E("mbtiles.Close", fault.Other, errors.Join(err, a.db.Close()))
}

// Metadata are the rows of the metadata table. The map must not be changed.
func (a *Archive) Metadata() map[string]string { return a.meta }

// Tile returns the stored bytes of a tile; ok is false when there is none.
// Rows count from the north, as in web addresses (the file's from the south).
func (a *Archive) Tile(ctx context.Context, z, x, y int) (data []byte, ok bool, err error) {
	const op = "mbtiles.Tile"
	if z < 0 || z > MaxZoom || x < 0 || y < 0 || x >= 1<<z || y >= 1<<z {
		return nil, false, fault.Errorf(op, fault.Invalid, "there is no tile %d/%d/%d", z, x, y)
	}
	var size sql.NullInt64
	switch err := a.tile.QueryRowContext(ctx, z, x, 1<<z-1-y).Scan(&size, &data); {
	case errors.Is(err, sql.ErrNoRows):
		return nil, false, nil
	case err != nil:
		return nil, false, translate(ctx, op, fmt.Errorf("read tile %d/%d/%d: %w", z, x, y, err))
	case size.Int64 > maxTile:
		return nil, false, fault.Errorf(op, fault.TooLarge, "tile %d/%d/%d has %d bytes, more than %d", z, x, y, size.Int64, maxTile)
	}
	return data, len(data) > 0, nil
}

// Zoom is the tiles of one zoom: how many, and the columns and rows (from the
// north) that they lie within, all inclusive.
type Zoom struct {
	Zoom                   int
	Tiles                  int64
	MinX, MinY, MaxX, MaxY int
}

// Zooms counts the tiles. It looks at all of them.
func (a *Archive) Zooms(ctx context.Context) ([]Zoom, error) {
	const op = "mbtiles.Zooms"
	rows, err := a.db.QueryContext(ctx, zoomsSQL)
	if err != nil {
		return nil, translate(ctx, op, err)
	}
	defer rows.Close()
	var out []Zoom
	for rows.Next() {
		var z Zoom
		var south, north int
		if err := rows.Scan(&z.Zoom, &z.Tiles, &z.MinX, &z.MaxX, &south, &north); err != nil {
			return nil, fault.E(op, fault.Invalid, fmt.Errorf("tile addresses: %w", err))
		}
		if z.Zoom < 0 || z.Zoom > MaxZoom || z.MinX < 0 || south < 0 || z.MaxX >= 1<<z.Zoom || north >= 1<<z.Zoom {
			return nil, fault.Errorf(op, fault.Invalid, "zoom %d has tiles outside its grid", z.Zoom)
		}
		z.MinY, z.MaxY = 1<<z.Zoom-1-north, 1<<z.Zoom-1-south
		out = append(out, z)
	}
	return out, translate(ctx, op, rows.Err())
}

// Some returns up to limit addresses (z, x, y from the north) of a zoom.
func (a *Archive) Some(ctx context.Context, zoom, limit int) ([][3]int, error) {
	const op = "mbtiles.Some"
	rows, err := a.db.QueryContext(ctx, someSQL, zoom, limit)
	if err != nil {
		return nil, translate(ctx, op, err)
	}
	defer rows.Close()
	var out [][3]int
	for rows.Next() {
		var z, x, y int
		if err := rows.Scan(&z, &x, &y); err != nil {
			return nil, fault.E(op, fault.Invalid, err)
		}
		out = append(out, [3]int{z, x, 1<<zoom - 1 - y})
	}
	return out, translate(ctx, op, rows.Err())
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
		case sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_ERROR, sqlite3.SQLITE_FORMAT, sqlite3.SQLITE_AUTH:
			return fault.WithHint(fault.E(op, fault.Invalid, err), "the file is not a sound MBTiles")
		}
	}
	return fault.E(op, fault.Other, err)
}
