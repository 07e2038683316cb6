package gpkg

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"contado/geo"
	"contado/geo/fault"
	"contado/geo/store/features"
)

// smallFile is a GeoPackage of few and short pages, with a layer "a" of
// points, an R-tree, and a view that is a layer.
func smallFile(f *testing.F, statements ...string) []byte {
	f.Helper()
	path := filepath.Join(f.TempDir(), "a.gpkg")
	db, err := sql.Open("sqlite", path)
	if err != nil {
		f.Fatal(err)
	}
	run(f, db, "PRAGMA page_size = 1024")
	run(f, db, "VACUUM")
	if err := db.Close(); err != nil {
		f.Fatal(err)
	}
	writer{rtree: true, envelope: true}.write(f, path, "a", geo.Schema{
		GeometryType: "LineString", CRS: geo.WGS84, Fields: []geo.Field{{Name: "n", Type: geo.Integer}, {Name: "s", Type: geo.String}},
	}, []geo.Feature{
		{ID: 1, Geometry: orb.LineString{{1, 2}, {3, 4}}, Values: []any{int64(1), "one"}},
		{ID: 2, Geometry: orb.LineString{{5, 6}, {7, 8}, {9, 9}}, Values: []any{nil, strings.Repeat("long ", 300)}}, // overflows its page
		{ID: 3, Values: []any{int64(3), nil}},
	})
	if db, err = sql.Open("sqlite", path); err != nil {
		f.Fatal(err)
	}
	for _, s := range statements {
		run(f, db, s)
	}
	if err := db.Close(); err != nil {
		f.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	return b
}

var asLayer = []string{
	"INSERT INTO gpkg_contents VALUES ('v', 'features', 'v', 4326)",
	"INSERT INTO gpkg_geometry_columns VALUES ('v', 'geom', 'LINESTRING', 4326, 0, 0)",
}

// readAll reads a layer in each way there is; every error names its kind.
func readAll(t *testing.T, path, layer string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	table, err := New().Open(ctx, path, layer)
	if err != nil {
		known(t, err)
		return
	}
	defer table.Close()
	n := 0
	few := func() bool { n++; return n < 1000 }
	known(t, table.Scan(ctx, features.Query{}, func(geo.Feature) bool { return few() }))
	known(t, table.Scan(ctx, features.Query{BBox: &geo.BBox{MinX: 0, MinY: 0, MaxX: 4, MaxY: 4}}, func(geo.Feature) bool { return few() }))
	known(t, table.Boxes(ctx, func(features.Box) bool { return few() }))
	_, err = table.Count(ctx, features.Query{})
	known(t, err)
}

func known(t *testing.T, err error) {
	t.Helper()
	if k := fault.KindOf(err); err != nil && (k == fault.Other || k == fault.Canceled) {
		t.Fatalf("an error without a kind, or a reading without an end: %v", err)
	}
}

// FuzzFile changes bytes of a GeoPackage: headers of the file and its pages,
// the schema, rows, geometries, the R-tree.
func FuzzFile(f *testing.F) {
	sound := smallFile(f, append([]string{"CREATE VIEW v AS SELECT * FROM a"}, asLayer...)...)
	f.Add(uint32(0), []byte("SQLite format 4"))
	f.Add(uint32(16), []byte{0xff, 0xff})               // size of pages
	f.Add(uint32(28), []byte{0xff, 0xff, 0xff, 0xff})   // number of pages
	f.Add(uint32(100), []byte{2})                       // kind of the first page
	f.Add(uint32(len(sound)-40), []byte{0xff, 0, 0xff}) // last rows
	for at := 0; at < len(sound); at += 997 {
		f.Add(uint32(at), []byte{0x80, 0xff, 0x7f, 0})
	}
	f.Fuzz(func(t *testing.T, at uint32, with []byte) {
		b := append([]byte(nil), sound...)
		copy(b[int(at)%len(b):], with)
		path := filepath.Join(t.TempDir(), "a.gpkg")
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		for _, layer := range []string{"", "a"} {
			readAll(t, path, layer)
		}
		without(t, path)
	})
}

// without has views turned into tables, and reads what comes out.
func without(t *testing.T, path string) {
	t.Helper()
	dst := filepath.Join(t.TempDir(), "b.gpkg")
	began := time.Now()
	lim := ViewLimits{Time: 200 * time.Millisecond, Rows: 1000, Bytes: 1 << 20}
	layers, err := WithoutViews(t.Context(), path, dst, lim)
	if time.Since(began) > 20*time.Second {
		t.Fatal("a view ran without an end")
	}
	if err != nil {
		known(t, err)
		return
	}
	info, err := os.Stat(dst)
	if err != nil {
		return // no views: no copy
	}
	if before, err := os.Stat(path); err != nil || info.Size() > before.Size()+lim.Bytes+65536 {
		t.Fatalf("%d bytes became %d, %v", before.Size(), info.Size(), err)
	}
	db, err := openFile(dst)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	views, err := texts(t.Context(), db, viewsSQL)
	if err != nil { // a damaged page stays damaged in the copy, and whoever opens it says so
		known(t, translate(t.Context(), "copy", err))
	}
	if len(views) > 0 {
		t.Fatalf("views are left: %q", views)
	}
	for _, l := range layers {
		readAll(t, dst, l)
	}
}

// FuzzView runs views of any definition.
func FuzzView(f *testing.F) {
	for _, s := range []string{
		"SELECT * FROM a",
		"SELECT fid, geom, upper(s) AS s FROM a WHERE n > 1",
		"SELECT a.fid, b.geom FROM a, a b, a c, a d",
		"WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT x AS fid, NULL AS geom FROM c",
		"SELECT 1 AS fid, zeroblob(100000000) AS geom",
		"SELECT 1 AS fid, zeroblob(40) AS geom UNION ALL SELECT 1, randomblob(40)",
		"SELECT 'x' AS id, geom, fid, fid, 2 AS fid_1 FROM a",
		"SELECT hex(hex(hex(zeroblob(10000000)))) AS geom",
		"SELECT * FROM v",
		"SELECT load_extension('x') AS geom",
		"SELECT id, geom FROM rtree_a_geom JOIN a ON fid = id",
		"SELECT writefile('x', geom) AS geom FROM a",
		"SELECT 1; DROP TABLE a",
		"VALUES (1, x'47500001E6100000010100000000000000000000000000000000000000')",
	} {
		f.Add(s)
	}
	sound := smallFile(f, asLayer...)
	f.Fuzz(func(t *testing.T, definition string) {
		path := filepath.Join(t.TempDir(), "a.gpkg")
		if err := os.WriteFile(path, sound, 0o600); err != nil {
			t.Fatal(err)
		}
		db, err := sql.Open("sqlite", path)
		if err != nil {
			t.Fatal(err)
		}
		// One statement, which makes a view and nothing else.
		_, err = db.ExecContext(t.Context(), "CREATE VIEW v AS SELECT * FROM ("+strings.ReplaceAll(definition, ";", " ")+")")
		if cerr := db.Close(); err != nil || cerr != nil {
			return
		}
		without(t, path)
	})
}
