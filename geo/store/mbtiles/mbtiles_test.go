package mbtiles_test

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"contado/geo/fault"
	"contado/geo/store/mbtiles"
	"contado/scripts/shareddata"
)

func TestReadsFilesOfOthers(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	path := shareddata.Path(t, "tiles-variety/planetiler/bostonbuildings.mbtiles")
	a, err := mbtiles.Open(ctx, path)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	if a.Metadata()["format"] != "pbf" || !strings.Contains(a.Metadata()["json"], "building") {
		t.Errorf("metadata %v", a.Metadata())
	}
	zooms, err := a.Zooms(ctx)
	if err != nil || len(zooms) == 0 {
		t.Fatalf("zooms %v, %v", zooms, err)
	}
	// Another reader of SQLite tells the same tiles and sizes.
	out, err := exec.Command("python3", "-c", `
import sqlite3,sys
c=sqlite3.connect('file:'+sys.argv[1]+'?mode=ro&immutable=1',uri=True)
for z,x,y,n in c.execute('select zoom_level,tile_column,(1<<zoom_level)-1-tile_row,length(tile_data) from tiles order by 1,2,3 limit 200'): print(z,x,y,n)
`, path).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	n := 0
	for line := range strings.Lines(string(out)) {
		var z, x, y, size int
		if _, err := fmt.Sscan(line, &z, &x, &y, &size); err != nil {
			t.Fatal(err)
		}
		b, ok, err := a.Tile(ctx, z, x, y)
		if !ok || err != nil || len(b) != size || !bytes.HasPrefix(b, []byte("\x1f\x8b")) {
			t.Errorf("tile %d/%d/%d: %d bytes, %t, %v; want %d", z, x, y, len(b), ok, err, size)
		}
		n++
	}
	if n == 0 {
		t.Error("no tile compared")
	}
	last := zooms[len(zooms)-1]
	if _, ok, err := a.Tile(ctx, last.Zoom, 0, 0); ok || err != nil {
		t.Errorf("a tile far away: %t, %v", ok, err)
	}
	if _, _, err := a.Tile(ctx, 3, 8, 0); !fault.Is(err, fault.Invalid) {
		t.Errorf("a tile outside the grid: %v", err)
	}
	some, err := a.Some(ctx, last.Zoom, 3)
	if err != nil || len(some) == 0 {
		t.Fatalf("some %v, %v", some, err)
	}
	for _, s := range some {
		if s[1] < last.MinX || s[1] > last.MaxX || s[2] < last.MinY || s[2] > last.MaxY {
			t.Errorf("tile %v is outside %+v", s, last)
		}
	}
}

func database(t *testing.T, statements ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "x.mbtiles")
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, s := range statements {
		if _, err := db.Exec(s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
	return path
}

const metaTable = `CREATE TABLE metadata (name text, value text)`

// A view over an index and pictures is how many tools write; a view without
// an end is refused before it runs.
func TestViews(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	good := database(t, metaTable,
		`CREATE TABLE map (zoom_level int, tile_column int, tile_row int, tile_id text)`,
		`CREATE UNIQUE INDEX m ON map (zoom_level, tile_column, tile_row)`,
		`CREATE TABLE images (tile_id text PRIMARY KEY, tile_data blob)`,
		`CREATE VIEW tiles AS SELECT zoom_level, tile_column, tile_row, tile_data FROM map JOIN images ON map.tile_id = images.tile_id`,
		`INSERT INTO images VALUES ('a', x'0102')`, `INSERT INTO map VALUES (2, 1, 0, 'a')`,
	)
	a, err := mbtiles.Open(ctx, good)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	if b, ok, err := a.Tile(ctx, 2, 1, 3); !ok || err != nil || !bytes.Equal(b, []byte{1, 2}) {
		t.Errorf("tile %v, %t, %v", b, ok, err)
	}
	endless := database(t, metaTable,
		`CREATE VIEW tiles AS WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n+1 FROM c) SELECT n AS zoom_level, n AS tile_column, n AS tile_row, x'00' AS tile_data FROM c`)
	if _, err := mbtiles.Open(ctx, endless); !fault.Is(err, fault.Invalid) {
		t.Errorf("a view without an end: %v", err)
	}
}

func TestRefuses(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	text := filepath.Join(t.TempDir(), "text.mbtiles")
	if err := os.WriteFile(text, bytes.Repeat([]byte("no database "), 100), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		path string
		kind fault.Kind
	}{
		"nothing":     {filepath.Join(t.TempDir(), "none.mbtiles"), fault.NotExist},
		"text":        {text, fault.Invalid},
		"a folder":    {t.TempDir(), fault.Invalid},
		"no tiles":    {database(t, metaTable), fault.Invalid},
		"no metadata": {database(t, `CREATE TABLE tiles (zoom_level int, tile_column int, tile_row int, tile_data blob)`), fault.Invalid},
		"no columns":  {database(t, metaTable, `CREATE TABLE tiles (a int)`), fault.Invalid},
	} {
		if _, err := mbtiles.Open(ctx, c.path); fault.KindOf(err) != c.kind {
			t.Errorf("%s: %v", name, err)
		}
	}
	outside, err := mbtiles.Open(ctx, database(t, metaTable,
		`CREATE TABLE tiles (zoom_level int, tile_column int, tile_row int, tile_data blob)`, `INSERT INTO tiles VALUES (2, 99, 0, x'00')`))
	if err != nil {
		t.Fatal(err)
	}
	defer outside.Close()
	if _, err := outside.Zooms(ctx); !fault.Is(err, fault.Invalid) {
		t.Errorf("a tile outside the grid: %v", err)
	}
}

// FuzzOpen opens damaged files: whatever is in them, there is an error or a
// tile, and no panic.
func FuzzOpen(f *testing.F) {
	b, err := os.ReadFile(shareddata.Path(f, "tiles-variety/planetiler/jakartabuildings.mbtiles"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(uint32(0), []byte("x"))
	f.Add(uint32(100), []byte{0xff, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, at uint32, with []byte) {
		spoilt := bytes.Clone(b[:32<<10])
		copy(spoilt[int(at)%len(spoilt):], with)
		path := filepath.Join(t.TempDir(), "f.mbtiles")
		if err := os.WriteFile(path, spoilt, 0o600); err != nil {
			t.Fatal(err)
		}
		ctx := context.Background()
		a, err := mbtiles.Open(ctx, path)
		if err != nil {
			return
		}
		defer a.Close()
		_, _ = a.Zooms(ctx)
		_, _, _ = a.Tile(ctx, 13, 6500, 4200)
	})
}
