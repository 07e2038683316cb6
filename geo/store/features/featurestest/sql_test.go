package featurestest

import (
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"testing"

	_ "modernc.org/sqlite"
	"pgregory.net/rapid"

	"contado/geo"
	"contado/geo/cql2"
	"contado/geo/cql2/rows"
	"contado/geo/store/postgis/pgtest"
	"contado/geo/wkb"
)

// engine is a database with a table of FilterSchema, read by SQL alone.
type engine struct {
	dialect cql2.Dialect
	db      *sql.DB
	column  func(name string, t cql2.Type) cql2.Column
	// exact counts the conditions that need no second look.
	exact, all int
}

// check compares the rows that a condition selects with those that pass: the
// same when it says that it is exact, else at least these.
func (e *engine) check(t *rapid.T, x cql2.Expr, list []geo.Feature) {
	names := rows.NewNames(FilterSchema)
	cond, err := cql2.ToSQL(x, e.dialect, cql2.Columns{
		Find: func(name string) (cql2.Column, bool) {
			kind, ok := names.Type(name)
			return e.column(name, kind), ok
		},
		Known: names.List(),
	})
	if err != nil {
		t.Fatalf("%s: %v", cql2.Text(x), err)
	}
	got := ids(t, e.db, "SELECT id FROM rows WHERE "+cond.Text+" ORDER BY id", cond.Args)
	want := passing(t, FilterSchema, list, x, "")
	missing := slices.ContainsFunc(want, func(id int64) bool { return !slices.Contains(got, id) })
	if missing || cond.Exact && len(got) != len(want) {
		t.Fatalf("%s\n%s\n%v\nexact %v: %v, want %v", cql2.Text(x), cond.Text, cond.Args, cond.Exact, got, want)
	}
	e.all++
	if cond.Exact {
		e.exact++
	}
}

// ids runs a query of ids.
func ids(t *rapid.T, db *sql.DB, query string, args []any) []int64 {
	found, err := db.QueryContext(t.Context(), query, args...)
	if err != nil {
		t.Fatalf("%s\n%v: %v", query, args, err)
	}
	defer found.Close()
	out := []int64{}
	for found.Next() {
		var id int64
		if err := found.Scan(&id); err != nil {
			t.Fatal(err)
		}
		out = append(out, id)
	}
	if err := found.Err(); err != nil {
		t.Fatalf("%s\n%v: %v", query, args, err)
	}
	return out
}

func (e *engine) run(t *testing.T, list []geo.Feature) {
	t.Helper()
	rapid.Check(t, func(rt *rapid.T) { e.check(rt, AnyFilter().Draw(rt, "filter"), list) })
	for i, atom := range atoms { // each kind alone: more of them are exact
		rapid.Check(t, func(rt *rapid.T) {
			x := atom.Draw(rt, "atom")
			if rapid.Bool().Draw(rt, "not") {
				x = &cql2.Not{Arg: x}
			}
			e.check(rt, x, list)
		})
		if t.Failed() {
			t.Fatalf("conditions of kind %d", i)
		}
	}
	t.Logf("%d of %d conditions are exact", e.exact, e.all)
	if 5*e.exact < e.all {
		t.Errorf("only %d of %d conditions are exact", e.exact, e.all)
	}
}

func TestConditionsOfSQLite(t *testing.T) {
	t.Parallel()
	db, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { _ = db.Close() })
	list := FilterRows(80)
	must(t, db, `CREATE TABLE rows (id INTEGER PRIMARY KEY, geometry BLOB, s TEXT COLLATE NOCASE, "other text" TEXT, i INTEGER, r REAL,
		b BOOLEAN, d DATE, t DATETIME, j TEXT, x BLOB)`)
	must(t, db, "CREATE VIRTUAL TABLE boxes USING rtree(id, minx, maxx, miny, maxy)")
	for _, f := range list {
		must(t, db, "INSERT INTO rows VALUES (?"+strings.Repeat(", ?", 10)+")", append([]any{f.ID, binary(t, f)}, f.Values...)...)
		if f.Geometry != nil {
			b := f.Geometry.Bound()
			must(t, db, "INSERT INTO boxes VALUES (?, ?, ?, ?, ?)", f.ID, b.Min[0], b.Max[0], b.Min[1], b.Max[1])
		}
	}
	e := &engine{dialect: cql2.SQLite, db: db, column: func(name string, kind cql2.Type) cql2.Column {
		if kind == cql2.GeometryType {
			return cql2.Column{SQL: "geometry", Type: kind, Meets: func(b geo.BBox, arg func(any) string) string {
				return "id IN (SELECT id FROM boxes WHERE maxx >= " + arg(b.MinX) + " AND minx <= " + arg(b.MaxX) +
					" AND maxy >= " + arg(b.MinY) + " AND miny <= " + arg(b.MaxY) + ")"
			}}
		}
		return cql2.Column{SQL: `"` + name + `"`, Type: kind}
	}}
	e.run(t, list)
	// What its type says no column holds, as SQLite lets it be.
	odd := []geo.Feature{
		{ID: 1, Values: []any{[]byte("a"), nil, "abc", "x", int64(5), "2024-02-30", "noon", nil, nil}},
		{ID: 2, Values: []any{"a\x00b", "a", 2.5, int64(3), int64(0), int64(5), "2024-02-29t12:30:15z", nil, nil}},
		{ID: 3, Values: []any{"\xff", nil, nil, nil, nil, "2024-02-29T12:30:15Z", "2024-02-29", nil, nil}},
	}
	must(t, db, "DELETE FROM rows")
	for i, f := range odd {
		must(t, db, "INSERT INTO rows VALUES (?"+strings.Repeat(", ?", 10)+")", append([]any{f.ID, nil}, f.Values...)...)
		if odd[i].Values[4] != nil {
			odd[i].Values[4] = f.Values[4] != int64(0)
		}
	}
	e.exact, e.all = 0, 0
	e.run(t, odd)
}

// postgis is a table of rows in PostGIS.
func postgis(t *testing.T, list []geo.Feature) *sql.DB {
	t.Helper()
	db, err := sql.Open("postgres", pgtest.Start(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	must(t, db, `CREATE TABLE rows (id BIGINT PRIMARY KEY, geometry geometry(Geometry, 4326), s TEXT, "other text" TEXT, i BIGINT, r FLOAT8,
		b BOOLEAN, d DATE, t TIMESTAMPTZ, j TEXT, x BYTEA)`)
	places := make([]string, 11)
	for i := range places {
		places[i] = fmt.Sprintf("$%d", i+1)
	}
	places[1] = "ST_SetSRID(ST_GeomFromWKB($2), 4326)"
	for _, f := range list {
		must(t, db, "INSERT INTO rows VALUES ("+strings.Join(places, ", ")+")", append([]any{f.ID, binary(t, f)}, f.Values...)...)
	}
	return db
}

// TestRelationsOfPostGIS compares the evaluator's relations with those of
// PostGIS, both ways round.
func TestRelationsOfPostGIS(t *testing.T) {
	t.Parallel()
	list := FilterRows(80)
	db := postgis(t, list)
	rapid.Check(t, func(rt *rapid.T) {
		x, ok := spatial(rt).(*cql2.Spatial)
		if !ok {
			rt.Fatal("no spatial condition")
		}
		literal, property := x.Right, true
		if _, ok := x.Left.(*cql2.Property); !ok {
			literal, property = x.Left, false
		}
		var where string
		var args []any
		switch n := literal.(type) {
		case cql2.Geometry:
			where, args = "ST_GeomFromWKB($1, 4326)", []any{n.AsBinary()}
		case cql2.BBox:
			if n[0] > n[2] {
				rt.Skip("across the antimeridian")
			}
			where, args = "ST_MakeEnvelope($1, $2, $3, $4, 4326)", []any{n[0], n[1], n[2], n[3]}
		}
		if where = "geometry, " + where; !property {
			where = strings.TrimPrefix(where, "geometry, ") + ", geometry"
		}
		name := "ST_" + strings.TrimPrefix(x.Op, "s_")
		got := ids(rt, db, "SELECT id FROM rows WHERE "+name+"("+where+") ORDER BY id", args)
		if want := passing(rt, FilterSchema, list, x, ""); !slices.Equal(got, want) {
			rt.Fatalf("%s: PostGIS finds %v, the evaluator %v", cql2.Text(x), got, want)
		}
	})
}

func TestConditionsOfPostGIS(t *testing.T) {
	t.Parallel()
	list := FilterRows(80)
	db := postgis(t, list)
	e := &engine{dialect: cql2.PostGIS, db: db, column: func(name string, kind cql2.Type) cql2.Column {
		if kind == cql2.GeometryType {
			return cql2.Column{SQL: "geometry", Type: kind, Meets: func(b geo.BBox, arg func(any) string) string {
				return "geometry && ST_MakeEnvelope(" + arg(b.MinX) + ", " + arg(b.MinY) + ", " + arg(b.MaxX) + ", " + arg(b.MaxY) + ", 4326)"
			}}
		}
		return cql2.Column{SQL: `"` + name + `"`, Type: kind}
	}}
	e.run(t, list)
}

func must(t *testing.T, db *sql.DB, query string, args ...any) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), query, args...); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

func binary(t *testing.T, f geo.Feature) any {
	t.Helper()
	if f.Geometry == nil {
		return nil
	}
	b, err := wkb.Append(nil, f.Geometry, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
