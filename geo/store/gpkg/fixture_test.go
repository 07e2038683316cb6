package gpkg

import (
	"bytes"
	"database/sql"
	"encoding/binary"
	"fmt"
	"math"
	"path/filepath"
	"strings"
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/wkb"

	"contado/geo"
	"contado/geo/store/features"
)

const fixtureTables = `
PRAGMA application_id = 1196444487;
PRAGMA user_version = 10300;
CREATE TABLE gpkg_spatial_ref_sys (srs_name TEXT NOT NULL, srs_id INTEGER PRIMARY KEY, organization TEXT NOT NULL,
  organization_coordsys_id INTEGER NOT NULL, definition TEXT NOT NULL, description TEXT, definition_12_063 TEXT);
INSERT INTO gpkg_spatial_ref_sys VALUES
  ('undefined', -1, 'NONE', -1, 'undefined', NULL, NULL), ('undefined', 0, 'NONE', 0, 'undefined', NULL, NULL),
  ('WGS 84', 4326, 'EPSG', 4326, 'GEOGCS["WGS 84"]', NULL, NULL), ('Mercator', 3857, 'epsg', 3857, 'PROJCS["x"]', NULL, NULL),
  ('UTM 32', 32632, 'EPSG', 32632, 'PROJCS["x"]', NULL, NULL),
  ('ours', 100001, 'NONE', 100001, 'PROJCS["one"]', NULL, 'PROJCRS["two"]'),
  ('ours', 100002, 'NONE', 100002, 'PROJCS["one"]', NULL, 'undefined');
CREATE TABLE gpkg_contents (table_name TEXT NOT NULL PRIMARY KEY, data_type TEXT NOT NULL, identifier TEXT, srs_id INTEGER);
CREATE TABLE gpkg_geometry_columns (table_name TEXT NOT NULL, column_name TEXT NOT NULL, geometry_type_name TEXT NOT NULL,
  srs_id INTEGER NOT NULL, z TINYINT NOT NULL, m TINYINT NOT NULL);
CREATE TABLE gpkg_extensions (table_name TEXT, column_name TEXT, extension_name TEXT NOT NULL, definition TEXT NOT NULL, scope TEXT NOT NULL);
CREATE TABLE gpkg_data_columns (table_name TEXT NOT NULL, column_name TEXT NOT NULL, name TEXT, title TEXT, description TEXT,
  mime_type TEXT, constraint_name TEXT);`

var declaredTypes = map[geo.FieldType]string{
	geo.String: "TEXT(50)", geo.Integer: "MEDIUMINT", geo.Real: "DOUBLE", geo.Boolean: "BOOLEAN",
	geo.Date: "DATE", geo.DateTime: "DATETIME", geo.Binary: "BLOB", geo.JSON: "TEXT",
}

// writer makes GeoPackage files for tests, with or without a spatial index
// and envelopes.
type writer struct {
	rtree, envelope bool
}

func run(t testing.TB, db *sql.DB, query string, args ...any) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), query, args...); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

func (w writer) write(t testing.TB, path, name string, schema geo.Schema, feats []geo.Feature) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=synchronous(0)")
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	defer db.Close()
	run(t, db, fixtureTables)
	columns := []string{"fid INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL"}
	dataType := "attributes"
	if schema.GeometryType != "" {
		dataType = "features"
		srs := map[geo.CRS]int{"EPSG:4326": 4326, "EPSG:3857": 3857, "EPSG:32632": 32632}[schema.CRS]
		columns = append(columns, "geom "+strings.ToUpper(schema.GeometryType))
		run(t, db, "INSERT INTO gpkg_geometry_columns VALUES (?, 'geom', ?, ?, 0, 0)", name, strings.ToUpper(schema.GeometryType), srs)
	}
	for _, f := range schema.Fields {
		columns = append(columns, quoteIdent(f.Name)+" "+declaredTypes[f.Type])
		if f.Type == geo.JSON {
			run(t, db, "INSERT INTO gpkg_data_columns (table_name, column_name, mime_type) VALUES (?, ?, 'application/json')", name, f.Name)
		}
	}
	run(t, db, "INSERT INTO gpkg_contents VALUES (?, ?, ?, 0)", name, dataType, name)
	run(t, db, "CREATE TABLE "+quoteIdent(name)+" ("+strings.Join(columns, ", ")+")")
	rtree := quoteIdent("rtree_" + name + "_geom")
	if w.rtree && dataType == "features" {
		run(t, db, "CREATE VIRTUAL TABLE "+rtree+" USING rtree(id, minx, maxx, miny, maxy)")
		run(t, db, "INSERT INTO gpkg_extensions VALUES (?, 'geom', 'gpkg_rtree_index', '', 'write-only')", name)
	}
	run(t, db, "BEGIN")
	for _, f := range feats {
		args := []any{f.ID}
		if dataType == "features" {
			args = append(args, w.encode(t, f.Geometry))
			if b := geo.EmptyBBox(); w.rtree && f.Geometry != nil {
				b = geo.BBoxOf(f.Geometry.Bound())
				run(t, db, "INSERT INTO "+rtree+" VALUES (?, ?, ?, ?, ?)", f.ID, b.MinX, b.MaxX, b.MinY, b.MaxY)
			}
		}
		args = append(args, f.Values...)
		run(t, db, "INSERT INTO "+quoteIdent(name)+" VALUES (?"+strings.Repeat(", ?", len(args)-1)+")", args...)
	}
	run(t, db, "COMMIT")
}

// encode makes the GeoPackage form of a geometry, big-endian header for even
// lengths so that both orders are read.
func (w writer) encode(t testing.TB, g orb.Geometry) any {
	t.Helper()
	if g == nil {
		return nil
	}
	body, err := wkb.Marshal(g)
	if err != nil {
		t.Fatal(err)
	}
	var order binary.AppendByteOrder = binary.LittleEndian
	flags := byte(1)
	if len(body)%2 == 0 {
		order, flags = binary.BigEndian, 0
	}
	_, point := g.(orb.Point)
	envelope := w.envelope && !point
	if envelope {
		flags |= 1 << 1
	}
	out := order.AppendUint32([]byte{'G', 'P', 0, flags}, 4326)
	if envelope {
		b := g.Bound()
		for _, v := range []float64{b.Min[0], b.Max[0], b.Min[1], b.Max[1]} {
			out = order.AppendUint64(out, math.Float64bits(v))
		}
	}
	return bytes.Join([][]byte{out, body}, nil)
}

func (w writer) load(t testing.TB, name string, schema geo.Schema, feats []geo.Feature) features.Table {
	t.Helper()
	path := filepath.Join(t.TempDir(), "fixture.gpkg")
	w.write(t, path, name, schema, feats)
	return open(t, path, name)
}

func open(t testing.TB, path, layer string) features.Table {
	t.Helper()
	tab, err := New().Open(t.Context(), path, layer)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := tab.Close(); err != nil {
			t.Error(err)
		}
	})
	return tab
}

func (w writer) String() string { return fmt.Sprintf("rtree=%t,envelope=%t", w.rtree, w.envelope) }
