package attach

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	_ "github.com/lib/pq"
	"github.com/paulmach/orb"

	"contado/geo"
	"contado/geo/atlas"
	"contado/geo/fault"
	"contado/geo/layer"
	"contado/geo/store/catalog"
	"contado/geo/store/dir"
	"contado/geo/store/features"
	"contado/geo/store/gpkg"
	"contado/geo/store/journal"
	"contado/geo/store/postgis"
	"contado/geo/store/postgis/pgtest"
	"contado/geo/store/sqlite"
	"contado/ingest"
)

// home is an installation.
type home struct {
	folder    string
	stores    ingest.Stores
	catalog   *sqlite.Catalog
	passwords *Passwords
	driver    *postgis.Driver
	atlas     *atlas.Atlas
	journal   journal.Driver
}

func newHome(t *testing.T) *home {
	t.Helper()
	h := &home{folder: t.TempDir()}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	closed := func(close func() error) {
		t.Cleanup(func() {
			if err := close(); err != nil {
				t.Error(err)
			}
		})
	}
	blobs, err := dir.Open(h.folder)
	must(err)
	h.catalog, err = sqlite.OpenCatalog(t.Context(), filepath.Join(h.folder, "catalog.db"))
	must(err)
	closed(h.catalog.Close)
	h.journal = h.catalog.Journal()
	h.stores = ingest.Stores{Catalog: h.catalog, Blobs: blobs, Staging: filepath.Join(h.folder, "staging"), Program: "contado test"}
	h.passwords = OpenPasswords(filepath.Join(h.folder, PasswordsName))
	h.driver = postgis.New(&postgis.DriverOptions{Password: h.passwords.Get, Installation: h.folder})
	closed(h.driver.Close)
	h.atlas, err = atlas.Open(t.Context(), atlas.Stores{
		Catalog: h.catalog, Features: gpkg.New(), Blobs: blobs, Journal: h.journal, Attached: h.driver.Attached,
	})
	must(err)
	closed(h.atlas.Close)
	return h
}

func (h *home) attach(t *testing.T, url, table string, o Options) catalog.Dataset {
	t.Helper()
	res, err := Attach(t.Context(), h.stores, h.driver, h.passwords, url, table, o, nil)
	if err != nil {
		t.Fatalf("attach %s: %v", table, err)
	}
	if err := h.atlas.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	return res.Dataset
}

func (h *home) refused(t *testing.T, url, table string, o Options, kind fault.Kind, says string) {
	t.Helper()
	_, err := Attach(t.Context(), h.stores, h.driver, h.passwords, url, table, o, nil)
	if !fault.Is(err, kind) || !strings.Contains(err.Error(), says) {
		t.Errorf("attach %s: %v (kind %v), want kind %v and %q", table, err, fault.KindOf(err), kind, says)
	}
}

func (h *home) layer(t testing.TB, dataset string) *layer.Layer {
	t.Helper()
	l, err := h.atlas.Current().Layer(t.Context(), dataset)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// rows are the layer's rows by id.
func (h *home) rows(t testing.TB, dataset string) map[int64]geo.Feature {
	t.Helper()
	out := map[int64]geo.Feature{}
	err := h.layer(t, dataset).Scan(context.Background(), features.Query{}, func(f geo.Feature) bool { out[f.ID] = f; return true })
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// follow follows with short pauses, until the test ends or stop is called.
func (h *home) follow(t *testing.T, o FollowOptions) (f *Followers, stop func()) {
	t.Helper()
	o.Atlas, o.Journal, o.Driver = h.atlas, h.journal, h.driver
	if o.Poll == 0 {
		o.Poll = 50 * time.Millisecond
	}
	if o.Compare == 0 {
		o.Compare = 100 * time.Millisecond
	}
	o.Retry = 50 * time.Millisecond
	f = NewFollowers(o)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); f.Run(ctx) }()
	stop = sync.OnceFunc(func() { cancel(); <-done })
	t.Cleanup(stop)
	return f, stop
}

// until waits for something; no test is about speed.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(2 * time.Minute); !ok(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

func open(t *testing.T, url string) *sql.DB {
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

func hasNotice(d catalog.Dataset, code string) bool {
	for _, n := range d.Version.Notices {
		if n.Code == code {
			return true
		}
	}
	return false
}

const towns = `
CREATE TABLE town (id serial PRIMARY KEY, name text NOT NULL, people integer, changed timestamptz NOT NULL DEFAULT clock_timestamp(),
    geom geometry(MultiPolygon, 32632));
CREATE INDEX ON town USING gist (geom);
INSERT INTO town (name, people, geom)
    SELECT 'town ' || g, g * 10, ST_Multi(ST_MakeEnvelope(500000 + g * 10, 5000000, 500008 + g * 10, 5000008, 32632)) FROM generate_series(1, 50) AS g`

func TestTownsAreRead(t *testing.T) {
	t.Parallel()
	url := pgtest.Start(t)
	pgtest.Exec(t, url, towns, "COMMENT ON TABLE town IS 'Places that people live in'")
	h := newHome(t)
	d := h.attach(t, url, "town", Options{Dataset: "towns"})
	x := d.Version.Vector.External
	want := &catalog.External{Connection: x.Connection, Schema: "public", Table: "town", ID: "id", Geometry: "geom", Watch: Compare}
	if diff := cmp.Diff(want, x); diff != "" {
		t.Errorf("external (-want +got):\n%s", diff)
	}
	if d.Version.Vector.Count != 50 || d.Version.CRS != "EPSG:32632" || d.Description != "Places that people live in" || d.Role != catalog.OtherRole {
		t.Errorf("%+v", d)
	}
	if b := d.Version.BBoxWGS84; b.MinX < 8.9 || b.MaxX > 9.1 || b.MinY < 45 || b.MaxY > 45.3 {
		t.Errorf("box %v", b)
	}
	rows := h.rows(t, "towns")
	if len(rows) != 50 || rows[7].Values[0] != "town 7" || rows[7].Values[1] != int64(70) {
		t.Errorf("%d rows, %v", len(rows), rows[7])
	}
	if g := rows[7].Geometry.Bound(); g != (orb.Bound{Min: orb.Point{500070, 5000000}, Max: orb.Point{500078, 5000008}}) {
		t.Errorf("geometry of 7: %v", g)
	}
	h.refused(t, url, "town", Options{Dataset: "towns"}, fault.Exist, "--replace")
	pgtest.Exec(t, url, "DELETE FROM town WHERE id > 5")
	if d := h.attach(t, url, "town", Options{Dataset: "towns", Replace: true}); d.Version.Number != 2 || d.Version.Vector.Count != 5 {
		t.Errorf("%+v", d.Version)
	}
}

// TestPasswordsStayOut: of the catalog, of errors, of files that others read.
func TestPasswordsStayOut(t *testing.T) {
	t.Parallel()
	url := pgtest.Start(t)
	pgtest.Exec(t, url, towns, "CREATE ROLE secretary LOGIN PASSWORD 'hunter2%&/'", "GRANT SELECT ON town TO secretary")
	h := newHome(t)
	address := pgtest.As(t, url, "secretary", "hunter2%&/")
	h.attach(t, address, "town", Options{Dataset: "towns"})
	h.refused(t, pgtest.As(t, url, "secretary", "wrong-one"), "town", Options{Dataset: "other"}, fault.Invalid, "password")
	_, err := Attach(t.Context(), h.stores, h.driver, h.passwords, "postgres://a:hunter2%zz@[", "town", Options{Dataset: "other"}, nil)
	if err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("a broken address: %v", err)
	}
	path := filepath.Join(h.folder, PasswordsName)
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("%v, %v", info, err)
	}
	err = filepath.Walk(h.folder, func(p string, info os.FileInfo, err error) error {
		if err != nil || info.IsDir() || p == path {
			return err
		}
		b, err := os.ReadFile(p)
		if strings.Contains(string(b), "hunter2") {
			t.Errorf("the password stands in %s", p)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	// Another process finds it there.
	d, err := h.catalog.Datasets(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	other := postgis.New(&postgis.DriverOptions{Password: OpenPasswords(path).Get})
	defer other.Close()
	if _, err := other.External(t.Context(), *d[0].Version.Vector.External); err != nil {
		t.Error(err)
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenPasswords(path).Get(postgis.Connection{}); !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("a file that others can read: %v", err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := postgis.ParseConnection(address)
	if err != nil {
		t.Fatal(err)
	}
	if err := h.passwords.Forget(c); err != nil {
		t.Error(err)
	}
	if p, err := h.passwords.Get(c); p != "" || err != nil {
		t.Errorf("after Forget: %v", err)
	}
}

// TestOddTables: names, types, keys and reference systems as others have them.
func TestOddTables(t *testing.T) {
	t.Parallel()
	url := pgtest.Start(t)
	pgtest.Exec(t, url, `CREATE SCHEMA "Odd.Schema"`,
		`CREATE TYPE mood AS ENUM ('good', 'bad')`, `CREATE DOMAIN percent AS numeric(5, 2) CHECK (VALUE <= 100)`,
		`CREATE TABLE "Odd.Schema"."Tab""le è" ("fid ""x""" bigint PRIMARY KEY, "a b" mood, p percent, n numeric(12), u uuid, l integer[], j jsonb,
		    d date, t timestamp, z timestamptz, i interval, r int4range, c char(5), o money, "Geom" geometry(PointZM, 4326), second geometry(Point, 4326))`,
		`INSERT INTO "Odd.Schema"."Tab""le è" VALUES
		    (-5, 'bad', 12.50, 123456789012, 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '{1,2,NULL}', '{"b":1}', '0044-03-15 BC', '2024-02-29 12:00:00.5',
		    '2024-02-29 12:00:00+05:45', '1 day 02:00', '[1,5)', 'ab', 12.34, 'SRID=4326;POINT ZM (11 46 300 7)', 'SRID=4326;POINT (1 2)'),
		    (9007199254740993, NULL, NULL, NULL, NULL, NULL, NULL, 'infinity', NULL, '-infinity', NULL, NULL, NULL, NULL, NULL, NULL)`,
		`CREATE TABLE nokey (name text, geom geometry(Point, 4326))`,
		`CREATE TABLE textkey (code text PRIMARY KEY, number integer, geom geometry(Point, 4326))`,
		`CREATE TABLE plain (id integer PRIMARY KEY, v double precision)`, `INSERT INTO plain VALUES (1, 'NaN'), (2, 1.5), (3, 'Infinity')`)
	h := newHome(t)
	d := h.attach(t, url, `"Odd.Schema"."Tab""le è"`, Options{Dataset: "odd"})
	if d.Version.Vector.External.ID != `fid "x"` || !d.Version.Vector.Schema.HasZ || !d.Version.Vector.Schema.HasM {
		t.Errorf("%+v", d.Version.Vector)
	}
	rows := h.rows(t, "odd")
	f := rows[-5]
	values := map[string]any{}
	for i, field := range d.Version.Vector.Schema.Fields {
		values[field.Name] = f.Values[i]
		if v := rows[9007199254740993].Values[i]; v != nil {
			t.Errorf("%s of the second row is %v", field.Name, v)
		}
	}
	delete(values, "second")
	want := map[string]any{
		"a b": "bad", "p": 12.5, "n": int64(123456789012), "u": "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "l": "[1,2,null]", "j": `{"b": 1}`,
		"d": "-0043-03-15", "t": "2024-02-29T12:00:00.5Z", "z": "2024-02-29T06:15:00Z", "i": "P1DT2H", "r": "[1,5)", "c": "ab", "o": 12.34,
	}
	if diff := cmp.Diff(want, values); diff != "" {
		t.Errorf("values (-want +got):\n%s", diff)
	}
	if f.Geometry != (orb.Point{11, 46}) || !cmp.Equal(f.Z, []float64{300}) || !cmp.Equal(f.M, []float64{7}) {
		t.Errorf("geometry %v %v %v", f.Geometry, f.Z, f.M)
	}
	h.refused(t, url, "nokey", Options{Dataset: "nokey"}, fault.Unsupported, "ADD COLUMN")
	h.refused(t, url, "textkey", Options{Dataset: "textkey"}, fault.Unsupported, `"number"`)
	h.refused(t, url, "nowhere", Options{Dataset: "nowhere"}, fault.NotExist, "nokey")
	h.refused(t, url, "textkey", Options{Dataset: "textkey", ID: "code"}, fault.Unsupported, "whole numbers")
	h.attach(t, url, "PLAIN", Options{Dataset: "plain"})
	if rows := h.rows(t, "plain"); rows[1].Values[0] != nil || rows[2].Values[0] != 1.5 || rows[3].Values[0] != nil {
		t.Errorf("%v", rows)
	}
}

func TestViewsAndSystems(t *testing.T) {
	t.Parallel()
	url := pgtest.Start(t)
	pgtest.Exec(t, url, towns,
		`CREATE VIEW large AS SELECT id, name, ST_Centroid(geom) AS centre FROM town WHERE people > 250`,
		`CREATE VIEW total AS SELECT min(id) AS id, ST_Union(geom)::geometry(MultiPolygon, 32632) AS geom FROM town GROUP BY people % 3`,
		`CREATE VIEW twice AS SELECT 1 AS id, geom FROM town`,
		`CREATE TABLE mixed (id integer PRIMARY KEY, geom geometry)`,
		`INSERT INTO mixed VALUES (1, 'SRID=32632;POINT(500000 5000000)'), (2, 'SRID=4326;POINT(9 45)'), (3, 'SRID=32632;POINT(500001 5000000)'), (4, 'POINT(500002 5000000)')`,
		`CREATE TABLE world (id integer PRIMARY KEY, place geography(Point))`,
		`INSERT INTO world VALUES (1, 'POINT(9 45)'), (2, 'POINT(-170 10)')`,
		`CREATE TABLE nowhere (id integer PRIMARY KEY, geom geometry)`, `INSERT INTO nowhere VALUES (1, 'POINT(1 2)')`,
		`CREATE TABLE curved (id integer PRIMARY KEY, geom geometry(CurvePolygon, 32632))`,
		`INSERT INTO curved VALUES (1, 'SRID=32632;CURVEPOLYGON(CIRCULARSTRING(0 0, 2 0, 0 0))')`,
		`CREATE TABLE tin (id integer PRIMARY KEY, geom geometry(TINZ, 32632))`)
	h := newHome(t)
	h.refused(t, url, "large", Options{Dataset: "large"}, fault.Unsupported, `"id"`)
	h.refused(t, url, "total", Options{Dataset: "total", ID: "id", Writable: true}, fault.Invalid, "view")
	d := h.attach(t, url, "large", Options{Dataset: "large", ID: "id"})
	if d.Version.Vector.Count != 25 || d.Version.Vector.Schema.GeometryType != "Point" || d.Version.CRS != "EPSG:32632" {
		t.Errorf("%+v", d.Version.Vector)
	}
	h.refused(t, url, "twice", Options{Dataset: "twice", ID: "id"}, fault.Unsupported, "more than once")
	d = h.attach(t, url, "mixed", Options{Dataset: "mixed"})
	rows := h.rows(t, "mixed")
	if d.Version.CRS != "EPSG:32632" || !hasNotice(d, "reference-systems-mixed") || len(rows) != 4 {
		t.Errorf("%+v", d.Version)
	}
	// 9° E is the central meridian of the zone, x = 500 km.
	if p := rows[2].Geometry.(orb.Point); p[0] < 499999.99 || p[0] > 500000.01 || p[1] < 4982950 || p[1] > 4982951 {
		t.Errorf("transformed %v", p)
	}
	d = h.attach(t, url, "world", Options{Dataset: "world"})
	if rows := h.rows(t, "world"); d.Version.CRS != geo.WGS84 || rows[2].Geometry != (orb.Point{-170, 10}) {
		t.Errorf("%s, %v", d.Version.CRS, rows)
	}
	h.refused(t, url, "nowhere", Options{Dataset: "nowhere"}, fault.Invalid, "--crs")
	h.attach(t, url, "nowhere", Options{Dataset: "nowhere", CRS: "EPSG:3003"})
	d = h.attach(t, url, "curved", Options{Dataset: "curved"})
	if p, ok := h.rows(t, "curved")[1].Geometry.(orb.Polygon); !ok || len(p[0]) < 60 || d.Version.Vector.Schema.GeometryType != "Polygon" {
		t.Errorf("circle of %d positions", len(p[0]))
	}
	h.refused(t, url, "tin", Options{Dataset: "tin"}, fault.Unsupported, "Tin")
}

func TestManyRows(t *testing.T) {
	t.Parallel()
	url := pgtest.Start(t)
	pgtest.Exec(t, url, `CREATE TABLE parcel AS SELECT g AS id, 'p' || g AS code, ST_MakeEnvelope(x, y, x + 8, y + 8, 32632) AS geom
		FROM (SELECT g, 500000 + (g % 500) * 10 AS x, 5000000 + (g / 500) * 10 AS y FROM generate_series(1, 200000) AS g) AS s`,
		"ALTER TABLE parcel ADD PRIMARY KEY (id)")
	h := newHome(t)
	d := h.attach(t, url, "parcel", Options{Dataset: "parcels", Watch: Notify})
	if d.Version.Vector.Count != 200_000 {
		t.Errorf("%d rows", d.Version.Vector.Count)
	}
	f, _ := h.follow(t, FollowOptions{Report: func(_ string, err error) {
		if err != nil {
			t.Errorf("follow: %v", err)
		}
	}})
	until(t, "the first comparison", func() bool { s, ok := f.Status("parcels"); return ok && s.Lost.IsZero() })
	// Too many to be told one by one: all are compared.
	pgtest.Exec(t, url, "UPDATE parcel SET code = 'new' WHERE id % 40 = 0")
	until(t, "5,000 edits", func() bool { s, _ := f.Status("parcels"); return s.Noticed == 5000 })
	r, ok := h.layer(t, "parcels").Find(80)
	if !ok || fmt.Sprint(r.Value(0)) != "new" {
		t.Errorf("row 80 is %v", r.Value(0))
	}
	if _, err := Attach(t.Context(), h.stores, h.driver, h.passwords, url, "parcel", Options{Dataset: "few", Limit: 1000}, nil); !fault.Is(err, fault.TooLarge) {
		t.Errorf("over the limit: %v", err)
	}
}
