package postgis

import (
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/lib/pq"
	"github.com/paulmach/orb"

	"contado/geo"
	"contado/geo/cql2"
	"contado/geo/store/features"
	"contado/geo/store/features/featurestest"
	"contado/geo/store/journal"
	"contado/geo/store/postgis/pgtest"
	"contado/geo/wkb"
)

func testDB(t testing.TB, url string) *sql.DB {
	t.Helper()
	db, err := sql.Open("postgres", url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func run(t testing.TB, db *sql.DB, query string, args ...any) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), query, args...); err != nil {
		t.Fatalf("%.300s: %v", query, err)
	}
}

var declaredTypes = map[geo.FieldType]string{
	geo.String: "text", geo.Integer: "bigint", geo.Real: "double precision", geo.Boolean: "boolean",
	geo.Date: "date", geo.DateTime: "timestamptz", geo.Binary: "bytea", geo.JSON: "json",
}

// typed spells the type of a geometry column.
func typed(kind string, srid int) string { return fmt.Sprintf("geometry(%s, %d)", kind, srid) }

// makeTable makes a table with the rows, as others would.
func makeTable(t testing.TB, db *sql.DB, name string, schema geo.Schema, feats []geo.Feature, declare func(kind string, srid int) string) {
	t.Helper()
	table := "public." + pq.QuoteIdentifier(name)
	columns := []string{"fid bigint PRIMARY KEY"}
	srid := map[geo.CRS]int{"EPSG:4326": 4326, "EPSG:3857": 3857, "EPSG:32632": 32632}[schema.CRS]
	if schema.GeometryType != "" {
		columns = append(columns, "geom "+declare(schema.GeometryType, srid))
	}
	for _, f := range schema.Fields {
		columns = append(columns, pq.QuoteIdentifier(f.Name)+" "+declaredTypes[f.Type])
	}
	run(t, db, "CREATE TABLE "+table+" ("+strings.Join(columns, ", ")+")")
	if schema.GeometryType != "" {
		run(t, db, "CREATE INDEX ON "+table+" USING gist (geom)")
	}
	for _, f := range feats {
		a := args{f.ID}
		values := []string{"$1"}
		if schema.GeometryType != "" {
			v := "NULL"
			if f.Geometry != nil {
				b, err := wkb.Append(nil, f.Geometry, f.Z, f.M)
				if err != nil {
					t.Fatal(err)
				}
				v = fmt.Sprintf("ST_GeomFromWKB(%s::bytea, %d)", a.add(b), srid)
			}
			values = append(values, v)
		}
		for _, v := range f.Values {
			values = append(values, a.add(v))
		}
		run(t, db, "INSERT INTO "+table+" VALUES ("+strings.Join(values, ", ")+")", a...)
	}
}

func openTable(t testing.TB, url, layer string) *Table {
	t.Helper()
	d := New(nil)
	tab, err := d.Open(t.Context(), url, layer)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return tab.(*Table)
}

func TestSuite(t *testing.T) {
	t.Parallel()
	for name, declare := range map[string]func(kind string, srid int) string{
		"typed": typed, "untyped": func(string, int) string { return "geometry" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := pgtest.Start(t)
			db := testDB(t, url)
			featurestest.RunSuite(t, func(t testing.TB, name string, schema geo.Schema, feats []geo.Feature) features.Table {
				makeTable(t, db, name, schema, feats, declare)
				return openTable(t, url, pq.QuoteIdentifier(name))
			})
		})
	}
}

// TestPostGISElsewhere: its functions are found in whatever schema they are.
func TestPostGISElsewhere(t *testing.T) {
	t.Parallel()
	url := pgtest.Start(t)
	pgtest.Exec(t, url, "DROP EXTENSION postgis", `CREATE SCHEMA "Gis è"`, `CREATE EXTENSION postgis SCHEMA "Gis è"`,
		`CREATE TABLE a (id integer PRIMARY KEY, g "Gis è".geometry, h "Gis è".geography(Polygon))`,
		`INSERT INTO a SELECT i, "Gis è".ST_Point(i, i, 4326) FROM generate_series(1, 9) AS i`)
	tab := openWritable(t, url, TableOptions{Table: "a"})
	filter, err := cql2.ParseText("S_INTERSECTS(geometry, BBOX(2, 2, 5, 5)) AND id <> 3")
	if err != nil {
		t.Fatal(err)
	}
	q := features.Query{BBox: &geo.BBox{MinX: 3, MinY: 0, MaxX: 9, MaxY: 9}, Filter: filter}
	var ids []int64
	err = tab.Scan(t.Context(), q, func(f geo.Feature) bool { ids = append(ids, f.ID); return true })
	if err != nil || !slices.Equal(ids, []int64{4, 5}) {
		t.Errorf("%v, %v", ids, err)
	}
	c := []journal.Change{{Op: journal.Create, Feature: 10, After: &geo.Feature{ID: 10, Geometry: orb.Point{1, 2}, Values: []any{nil}}}}
	if err := tab.Write(t.Context(), c); err != nil {
		t.Error(err)
	}
	if err := tab.Snapshot(t.Context(), func(s *Snapshot) error { _, _, err := s.Invalid(t.Context(), 5); return err }); err != nil {
		t.Error(err)
	}
	if err := tab.AddNotify(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestWithoutPostGIS: plain tables are read all the same.
func TestWithoutPostGIS(t *testing.T) {
	t.Parallel()
	url := pgtest.Start(t)
	pgtest.Exec(t, url, "DROP EXTENSION postgis", "CREATE TABLE people (code text, n integer, id integer UNIQUE NOT NULL)", "INSERT INTO people VALUES ('001', 5, 2), ('002', 6, 1)")
	tab := openTable(t, url, "people")
	got := []any{}
	err := tab.Scan(t.Context(), features.Query{Equal: []features.Equal{{Field: "n", Value: "5"}}}, func(f geo.Feature) bool {
		got = append(got, f.ID, f.Values[0])
		return true
	})
	if err != nil || fmt.Sprint(got) != "[2 001]" || tab.Schema().GeometryType != "" {
		t.Errorf("%v, %v, %+v", got, err, tab.Schema())
	}
}

// TestBigRows: pages shrink with the size of rows, and no row is lost or comes twice.
func TestBigRows(t *testing.T) {
	t.Parallel()
	url := pgtest.Start(t)
	pgtest.Exec(t, url, "CREATE TABLE big (id integer PRIMARY KEY, v text)",
		"INSERT INTO big SELECT g, CASE WHEN g % 10 = 0 THEN repeat('x', 200000) ELSE 'y' END FROM generate_series(1, 1500) AS g")
	tab := openTable(t, url, "big")
	for _, q := range []features.Query{{}, {Sort: []features.SortKey{{Field: "v", Descending: true}}}} {
		seen, last := map[int64]bool{}, strings.Repeat("z", 10)
		err := tab.Scan(t.Context(), q, func(f geo.Feature) bool {
			if v := f.Values[0].(string); q.Sort != nil && v > last {
				t.Errorf("row %d is out of order", f.ID)
			} else {
				last = v
			}
			seen[f.ID] = true
			return true
		})
		if err != nil || len(seen) != 1500 {
			t.Errorf("%d rows, %v", len(seen), err)
		}
	}
}
