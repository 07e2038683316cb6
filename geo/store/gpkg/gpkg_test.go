package gpkg

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"contado/geo"
	"contado/geo/fault"
	"contado/geo/store/features"
	"contado/geo/store/features/featurestest"
)

func TestSuite(t *testing.T) {
	t.Parallel()
	for _, w := range []writer{{true, true}, {true, false}, {false, true}, {false, false}} {
		t.Run(w.String(), func(t *testing.T) {
			t.Parallel()
			featurestest.RunSuite(t, w.load)
		})
	}
}

var pointSchema = geo.Schema{GeometryType: "Point", CRS: geo.WGS84, Fields: []geo.Field{{Name: "n", Type: geo.Integer}}}

// fixture writes one point and lets edit change the file before it is opened.
func fixture(t *testing.T, edit ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a b?c#d%41.gpkg")
	plain := filepath.Join(filepath.Dir(path), "plain.gpkg")
	writer{rtree: true}.write(t, plain, "pts", pointSchema, []geo.Feature{{ID: 1, Geometry: orb.Point{1, 2}, Values: []any{int64(5)}}})
	db, err := sql.Open("sqlite", plain)
	if err != nil {
		t.Fatal(err)
	}
	for _, statement := range edit {
		run(t, db, statement)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(plain, path); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestOpenOddPathAndOnlyLayer(t *testing.T) {
	t.Parallel()
	tab := open(t, fixture(t), "")
	if n, err := tab.Count(t.Context(), features.Query{}); n != 1 || err != nil {
		t.Errorf("Count = %d, %v", n, err)
	}
}

func TestOpenErrors(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	text := filepath.Join(dir, "text.gpkg")
	if err := os.WriteFile(text, []byte(strings.Repeat("not a database ", 100)), 0o644); err != nil {
		t.Fatal(err)
	}
	none := filepath.Join(dir, "none.gpkg")
	for name, c := range map[string]struct {
		path, layer string
		kind        fault.Kind
		says        string
	}{
		"no file":           {none, "pts", fault.NotExist, "none.gpkg"},
		"folder":            {dir, "pts", fault.Invalid, "regular"},
		"text":              {text, "pts", fault.Invalid, "text.gpkg"},
		"no layer":          {fixture(t), "roads", fault.NotExist, `"pts"`},
		"table, no layer":   {fixture(t), "gpkg_contents", fault.NotExist, `"pts"`},
		"no gpkg_contents":  {fixture(t, "DROP TABLE gpkg_contents"), "pts", fault.Invalid, "gpkg_contents"},
		"odd gpkg_contents": {fixture(t, "ALTER TABLE gpkg_contents RENAME COLUMN data_type TO other"), "pts", fault.Invalid, "sound"},
		"unknown CRS":       {fixture(t, "UPDATE gpkg_geometry_columns SET srs_id = 5"), "pts", fault.Invalid, "srs_id 5"},
		"no geometry":       {fixture(t, "UPDATE gpkg_geometry_columns SET column_name = 'g'"), "pts", fault.Invalid, `"g"`},
		"no table":          {fixture(t, "DROP TABLE pts"), "pts", fault.NotExist, "pts"},
		"no key": {
			fixture(t, "CREATE TABLE k (a TEXT)", "INSERT INTO gpkg_contents VALUES ('k', 'attributes', 'k', 0)"),
			"k", fault.Unsupported, "primary key",
		},
		"two keys": {
			fixture(t, "CREATE TABLE k (a INTEGER, b INTEGER, PRIMARY KEY (a, b))", "INSERT INTO gpkg_contents VALUES ('k', 'attributes', 'k', 0)"),
			"k", fault.Unsupported, "primary key",
		},
		"WAL": {fixture(t), "pts", fault.Conflict, "-wal"},
	} {
		if name == "WAL" {
			if err := os.WriteFile(c.path+"-wal", []byte("x"), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		tab, err := New().Open(t.Context(), c.path, c.layer)
		if err == nil {
			t.Errorf("%s: opened", name)
			tab.Close()
			continue
		}
		if !fault.Is(err, c.kind) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v (kind %v), want kind %v and %q", name, err, fault.KindOf(err), c.kind, c.says)
		}
	}
	if _, err := os.Stat(none); !os.IsNotExist(err) {
		t.Errorf("opening made a file: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := New().Open(ctx, fixture(t), "pts"); !fault.Is(err, fault.Canceled) {
		t.Errorf("ended context: %v", err)
	}
}

func TestCRS(t *testing.T) {
	t.Parallel()
	for id, want := range map[string]geo.CRS{
		"4326": "EPSG:4326", "3857": "EPSG:3857", "0": "", "-1": "", "100001": `PROJCRS["two"]`, "100002": `PROJCS["one"]`,
	} {
		tab := open(t, fixture(t, "UPDATE gpkg_geometry_columns SET srs_id = "+id), "pts")
		if got := tab.Schema().CRS; got != want {
			t.Errorf("srs_id %s: %q, want %q", id, got, want)
		}
	}
	tab := open(t, fixture(t, "ALTER TABLE gpkg_spatial_ref_sys DROP COLUMN definition_12_063", "UPDATE gpkg_geometry_columns SET srs_id = 100001"), "pts")
	if got := tab.Schema().CRS; got != `PROJCS["one"]` {
		t.Errorf("without the extension: %q", got)
	}
}

func TestFieldTypes(t *testing.T) {
	t.Parallel()
	for declared, want := range map[string]geo.FieldType{
		"TEXT": geo.String, "text(20)": geo.String, "INTEGER": geo.Integer, "INT": geo.Integer, "MEDIUMINT": geo.Integer, "TINYINT": geo.Integer,
		"DOUBLE": geo.Real, "FLOAT": geo.Real, "REAL": geo.Real, "BOOLEAN": geo.Boolean, "DATE": geo.Date, "DATETIME": geo.DateTime,
		"BLOB": geo.Binary, "BLOB(10)": geo.Binary, "POINT": geo.Binary, "VARCHAR(3)": geo.String, "": geo.String,
	} {
		if got := fieldType(declared); got != want {
			t.Errorf("%q: %s, want %s", declared, got, want)
		}
	}
}

func TestIdZeroAndBelowAreRead(t *testing.T) {
	t.Parallel()
	tab := open(t, fixture(t, "INSERT INTO pts VALUES (0, NULL, 1)", "INSERT INTO pts VALUES (-3, NULL, 1)"), "pts")
	var got []int64
	if err := tab.Scan(t.Context(), features.Query{}, func(f geo.Feature) bool { got = append(got, f.ID); return true }); err != nil {
		t.Fatal(err)
	}
	if len(got) != 3 || got[0] != -3 {
		t.Errorf("ids %v", got)
	}
}

func TestBrokenGeometryIsAnErrorThatNamesTheFeature(t *testing.T) {
	t.Parallel()
	tab := open(t, fixture(t, "UPDATE pts SET geom = x'47500001FFFF'"), "pts")
	err := tab.Scan(t.Context(), features.Query{}, func(geo.Feature) bool { return true })
	if !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "feature 1") {
		t.Errorf("%v (kind %v)", err, fault.KindOf(err))
	}
	if err := tab.Boxes(t.Context(), func(features.Box) bool { return true }); !fault.Is(err, fault.Invalid) {
		t.Errorf("Boxes: %v", err)
	}
}

func TestNothingIsWritten(t *testing.T) {
	t.Parallel()
	path := fixture(t)
	if err := os.Chmod(filepath.Dir(path), 0o555); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Chmod(filepath.Dir(path), 0o755) })
	tab := open(t, path, "pts")
	if _, err := tab.Count(t.Context(), features.Query{}); err != nil {
		t.Error(err)
	}
	if _, err := tab.(*Table).db.ExecContext(t.Context(), "DELETE FROM pts"); err == nil {
		t.Error("the file could be written")
	}
}

func TestDateTimesBecomeRFC3339(t *testing.T) {
	t.Parallel()
	for stored, want := range map[string]string{
		"2024-02-29T12:30:15.125Z": "2024-02-29T12:30:15.125Z", "2024-02-29T12:30:15": "2024-02-29T12:30:15Z",
		"2024-02-29 12:30:15.5": "2024-02-29T12:30:15.5Z", "2024-02-29T12:30:15+02:00": "2024-02-29T12:30:15+02:00", "soon": "soon",
	} {
		if got := value(geo.DateTime, stored); got != want {
			t.Errorf("%q becomes %q, want %q", stored, got, want)
		}
	}
}

// A value that is not of the type of its column is the file's fault.
func TestTextForANumber(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "t.gpkg")
	writer{}.write(t, path, "a", geo.Schema{GeometryType: "Point", CRS: geo.WGS84}, nil)
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	run(t, db, "UPDATE gpkg_spatial_ref_sys SET organization_coordsys_id = 'GEOGCS'")
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := New().Open(t.Context(), path, "a"); !fault.Is(err, fault.Invalid) {
		t.Errorf("%v, want Invalid", err)
	}
}
