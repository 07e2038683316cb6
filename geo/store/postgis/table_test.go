package postgis

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"

	"github.com/lib/pq"

	"contado/geo"
	"contado/geo/store/features"
	"contado/geo/store/features/featurestest"
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

// makeTable makes a table with the rows, as others would.
func makeTable(t testing.TB, db *sql.DB, name string, schema geo.Schema, feats []geo.Feature) {
	t.Helper()
	table := "public." + pq.QuoteIdentifier(name)
	columns := []string{"fid bigint PRIMARY KEY"}
	srid := map[geo.CRS]int{"EPSG:4326": 4326, "EPSG:3857": 3857, "EPSG:32632": 32632}[schema.CRS]
	if schema.GeometryType != "" {
		columns = append(columns, fmt.Sprintf("geom geometry(%s, %d)", schema.GeometryType, srid))
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
	url := pgtest.Start(t)
	db := testDB(t, url)
	featurestest.RunSuite(t, func(t testing.TB, name string, schema geo.Schema, feats []geo.Feature) features.Table {
		makeTable(t, db, name, schema, feats)
		return openTable(t, url, pq.QuoteIdentifier(name))
	})
}
