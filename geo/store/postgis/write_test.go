package postgis

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/paulmach/orb"
	"pgregory.net/rapid"

	"contado/geo"
	"contado/geo/fault"
	"contado/geo/store/features"
	"contado/geo/store/journal"
	"contado/geo/store/postgis/pgtest"
)

const everything = `
CREATE TYPE mood AS ENUM ('good', 'bad');
CREATE TYPE pair AS (a integer, b text);
CREATE DOMAIN percent AS numeric(5, 2) CHECK (VALUE <= 100);
CREATE TABLE everything (
    fid bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    t text, v varchar(5), c char(3), i2 smallint, i8 bigint, f4 real, f8 double precision, n numeric(10, 3), w numeric(9), o money,
    b boolean, d date, ts timestamp, tz timestamptz, x bytea, j json, jb jsonb, ia integer[], ta text[], m mood, pa pair, pc percent,
    u uuid, iv interval, r int4range, net inet,
    twice bigint GENERATED ALWAYS AS (i8 * 2) STORED, made timestamptz NOT NULL DEFAULT '2020-01-01 00:00:00Z',
    geom geometry(MultiPolygonZ, 32632))`

func openWritable(t testing.TB, url string, o TableOptions) *Table {
	t.Helper()
	d := New(&DriverOptions{Installation: "here"})
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	s, err := d.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	o.Writable = true
	tab, err := s.Table(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return tab
}

func only(t testing.TB, tab *Table, id int64) *geo.Feature {
	t.Helper()
	var out *geo.Feature
	err := tab.Scan(t.Context(), features.Query{IDs: []int64{id}}, func(f geo.Feature) bool { out = &f; return true })
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestWriteTypes: every type of column takes the values that it gives.
func TestWriteTypes(t *testing.T) {
	t.Parallel()
	url := pgtest.Start(t)
	pgtest.Exec(t, url, everything)
	tab := openWritable(t, url, TableOptions{Table: "everything"})
	schema := tab.Schema()
	values := make([]any, len(schema.Fields))
	for name, v := range map[string]any{
		"t": `it's "x"; --`, "v": "abc", "c": "ab", "i2": int64(-7), "i8": int64(1) << 60, "f4": 0.1, "f8": -1e300, "n": 12.345, "w": int64(123456789), "o": 12.5,
		"b": true, "d": "2024-02-29", "ts": "2024-02-29T12:30:15.125Z", "tz": "2024-02-29T12:30:15.125Z", "x": []byte{0, 255, 'x'},
		"j": `{"a":  [1]}`, "jb": `{"a": [1]}`, "ia": "[1,null,3]", "ta": `["a","b \"c\"",null]`, "m": "bad", "pa": `{"a":1,"b":"x"}`, "pc": 99.5,
		"u": "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "iv": "P1DT2H", "r": "[1,5)", "net": "10.0.0.1/32",
	} {
		values[schema.FieldIndex(name)] = v
	}
	polygon := orb.Polygon{{{0, 0}, {4, 0}, {4, 4}, {0, 0}}}
	ids, err := tab.NewIDs(t.Context(), 2)
	if err != nil || !slices.Equal(ids, []int64{1, 2}) {
		t.Fatalf("ids %v, %v", ids, err)
	}
	changes := []journal.Change{
		{Op: journal.Create, Feature: 1, After: &geo.Feature{ID: 1, Values: slices.Clone(values), Geometry: polygon, Z: []float64{1, 2, 3, 1}}},
		{Op: journal.Create, Feature: 2, After: &geo.Feature{ID: 2, Values: make([]any, len(values)), Geometry: orb.MultiPolygon{polygon}}},
	}
	if err := tab.Write(t.Context(), changes); err != nil {
		t.Fatal(err)
	}
	values[schema.FieldIndex("twice")], values[schema.FieldIndex("made")] = int64(1)<<61, "2020-01-01T00:00:00Z"
	values[schema.FieldIndex("net")] = "10.0.0.1/32"
	want := &geo.Feature{ID: 1, Values: values, Geometry: polygon, Z: []float64{1, 2, 3, 1}}
	for _, got := range []*geo.Feature{only(t, tab, 1), changes[0].After} {
		if !Same(got, want) {
			for i, f := range schema.Fields {
				if !sameValue(got.Values[i], want.Values[i]) {
					t.Errorf("%s is %T %v, want %T %v", f.Name, got.Values[i], got.Values[i], want.Values[i], want.Values[i])
				}
			}
			t.Fatalf("geometry %v %v", got.Geometry, got.Z)
		}
	}
	if second := only(t, tab, 2); !slices.Equal(second.Z, []float64{0, 0, 0, 0}) || second.Values[0] != nil {
		t.Errorf("the second row is %v", second)
	}
	// Written back as it was read, nothing changes; each value can go.
	for i, f := range schema.Fields {
		now := only(t, tab, 1)
		next := *now
		next.Values = slices.Clone(now.Values)
		next.Values[i] = nil
		err := tab.Write(t.Context(), []journal.Change{{Op: journal.Replace, Feature: 1, Before: now, After: &next}})
		switch {
		case f.Name == "made":
			if !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "not-null") {
				t.Errorf("made: %v", err)
			}
		case err != nil:
			t.Errorf("%s: %v", f.Name, err)
		case f.Name != "twice" && only(t, tab, 1).Values[i] != nil:
			t.Errorf("%s is still there", f.Name)
		}
	}
	if err := tab.Write(t.Context(), []journal.Change{{Op: journal.Delete, Feature: 2, Before: only(t, tab, 2)}}); err != nil || only(t, tab, 2) != nil {
		t.Errorf("delete: %v", err)
	}
}

func TestWriteWrong(t *testing.T) {
	t.Parallel()
	url := pgtest.Start(t)
	pgtest.Exec(t, url, everything, "INSERT INTO everything (t, ia) VALUES ('a', '{1}')", "CREATE UNIQUE INDEX ON everything (u)",
		"INSERT INTO everything (u) VALUES ('a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11')",
		"CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.t = 'no' THEN RAISE EXCEPTION 'it is not to be'; END IF; IF NEW.t = 'drop' THEN RETURN NULL; END IF; RETURN NEW; END $$",
		"CREATE TRIGGER no BEFORE INSERT OR UPDATE ON everything FOR EACH ROW EXECUTE FUNCTION no()")
	tab := openWritable(t, url, TableOptions{Table: "everything"})
	schema := tab.Schema()
	for name, c := range map[string]struct {
		value any
		says  string
	}{
		"t": {"no", "it is not to be"}, "v": {"too long a text", "too long"}, "i2": {int64(40000), "range"}, "n": {1e9, "overflow"}, "i8": {1.5, "fractions"},
		"d": {"2023-02-29", "2023-02-29"}, "ia": {"[[1]]", "lists of lists"}, "ta": {"5", "lists of lists"}, "m": {"ugly", "ugly"}, "pc": {101.0, "percent_check"},
		"u": {"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "already exists"}, "j": {"{", "json"}, "c": {"a\x00", "no text"},
	} {
		now := only(t, tab, 1)
		next := *now
		next.Values = slices.Clone(now.Values)
		next.Values[schema.FieldIndex(name)] = c.value
		err := tab.Write(t.Context(), []journal.Change{{Op: journal.Replace, Feature: 1, Before: now, After: &next}})
		if !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), "feature 1") {
			t.Errorf("%s = %v: %v (kind %v), want %q", name, c.value, err, fault.KindOf(err), c.says)
		}
	}
	now := only(t, tab, 1)
	row := func(text any) *geo.Feature {
		f := geo.Feature{ID: 1, Values: slices.Clone(now.Values)}
		f.Values[0] = text
		return &f
	}
	for name, c := range map[string]struct {
		change journal.Change
		kind   fault.Kind
	}{
		"there already":  {journal.Change{Op: journal.Create, Feature: 1, After: row("b")}, fault.Conflict},
		"not as before":  {journal.Change{Op: journal.Replace, Feature: 1, Before: row("other"), After: row("b")}, fault.Conflict},
		"nothing there":  {journal.Change{Op: journal.Delete, Feature: 77, Before: row("a")}, fault.Conflict},
		"dropped":        {journal.Change{Op: journal.Replace, Feature: 1, Before: now, After: row("drop")}, fault.Invalid},
		"other columns":  {journal.Change{Op: journal.Replace, Feature: 1, Before: now, After: &geo.Feature{ID: 1}}, fault.Unsupported},
		"wrong geometry": {journal.Change{Op: journal.Replace, Feature: 1, Before: now, After: &geo.Feature{ID: 1, Values: now.Values, Geometry: orb.Point{1, 2}}}, fault.Invalid},
	} {
		// A good change before it is undone with it.
		good := journal.Change{Op: journal.Delete, Feature: 2, Before: only(t, tab, 2)}
		err := tab.Write(t.Context(), []journal.Change{good, c.change})
		if !fault.Is(err, c.kind) {
			t.Errorf("%s: %v (kind %v), want %v", name, err, fault.KindOf(err), c.kind)
		}
		if only(t, tab, 2) == nil {
			t.Fatalf("%s: half of it is done", name)
		}
	}
}

// TestNewIDs: by the sequence, by another default, or after the greatest.
func TestNewIDs(t *testing.T) {
	t.Parallel()
	url := pgtest.Start(t)
	pgtest.Exec(t, url, "CREATE TABLE a (id serial PRIMARY KEY, v text)", "INSERT INTO a (v) VALUES ('x'), ('y')",
		"CREATE SEQUENCE apart START 100", "CREATE TABLE b (id bigint PRIMARY KEY DEFAULT nextval('apart'), v text)",
		"CREATE TABLE c (id integer PRIMARY KEY, v text)", "INSERT INTO c VALUES (41, 'x')", "CREATE TABLE e AS TABLE c", "CREATE VIEW d AS SELECT id, v FROM e")
	for name, want := range map[string][]int64{"a": {3, 4}, "b": {100, 101}, "c": {42, 43}, "d": {42, 43}} {
		tab := openWritable(t, url, TableOptions{Table: name, ID: "id"})
		if got, err := tab.NewIDs(t.Context(), 2); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %v, %v; want %v", name, got, err, want)
		}
		c := []journal.Change{{Op: journal.Create, Feature: want[0], After: &geo.Feature{ID: want[0], Values: []any{"new"}}}}
		if err := tab.Write(t.Context(), c); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestWriteModel makes random changes, and compares the table with a map.
func TestWriteModel(t *testing.T) {
	t.Parallel()
	url := pgtest.Start(t)
	pgtest.Exec(t, url, "CREATE TABLE model (id bigint PRIMARY KEY, s text, n double precision, geom geometry(Geometry, 4326))")
	tab := openWritable(t, url, TableOptions{Table: "model"})
	model := map[int64]*geo.Feature{}
	rapid.Check(t, func(rt *rapid.T) {
		id := rapid.Int64Range(1, 12).Draw(rt, "id")
		next := &geo.Feature{ID: id, Values: []any{rapid.StringMatching(`[a-zè' "\\]{0,5}`).Draw(rt, "s"), rapid.Float64Range(-1e9, 1e9).Draw(rt, "n")}}
		if rapid.Bool().Draw(rt, "point") {
			next.Geometry = orb.Point{rapid.Float64Range(-180, 180).Draw(rt, "x"), rapid.Float64Range(-90, 90).Draw(rt, "y")}
		}
		c := journal.Change{Feature: id, Before: model[id], After: next, Op: journal.Replace}
		switch {
		case model[id] == nil:
			c.Op = journal.Create
		case rapid.Bool().Draw(rt, "delete"):
			c.Op, c.After = journal.Delete, nil
		}
		if err := tab.Write(t.Context(), []journal.Change{c}); err != nil {
			rt.Fatal(err)
		}
		model[id] = c.After
		if c.After == nil {
			delete(model, id)
		}
		n := 0
		err := tab.Scan(t.Context(), features.Query{}, func(f geo.Feature) bool {
			n++
			if model[f.ID] == nil || !Same(&f, model[f.ID]) {
				rt.Errorf("row %v, want %v", f, model[f.ID])
			}
			return true
		})
		if err != nil || n != len(model) {
			rt.Fatalf("%d rows, %v; want %d", n, err, len(model))
		}
	})
}

// TestMarks: a row's mark changes with the row, also that of a view.
func TestMarks(t *testing.T) {
	t.Parallel()
	url := pgtest.Start(t)
	pgtest.Exec(t, url, "CREATE TABLE a (id integer PRIMARY KEY, v text, geom geometry(Point, 4326))", "INSERT INTO a SELECT g, 'v', ST_Point(g, g, 4326) FROM generate_series(1, 20) AS g",
		"CREATE VIEW b AS SELECT * FROM a", "CREATE TABLE p (id integer PRIMARY KEY, v text) PARTITION BY RANGE (id)", "CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (100)",
		"INSERT INTO p SELECT g, 'v' FROM generate_series(1, 20) AS g")
	for _, name := range []string{"a", "b", "p"} {
		tab := openWritable(t, url, TableOptions{Table: name, ID: "id"})
		marks := func() map[int64]int64 {
			out := map[int64]int64{}
			err := tab.Snapshot(t.Context(), func(s *Snapshot) error { return s.Marks(t.Context(), func(m Mark) { out[m.ID] = m.Mark }) })
			if err != nil {
				t.Fatal(err)
			}
			return out
		}
		before := marks()
		pgtest.Exec(t, url, fmt.Sprintf("UPDATE %s SET v = '%s' WHERE id = 7", name, name), fmt.Sprintf("DELETE FROM %s WHERE id = 8", name))
		after := marks()
		for id, m := range before {
			if got, there := after[id]; there == (id == 8) || there && (got != m) != (id == 7) {
				t.Errorf("%s: mark of row %d was %d and is %d", name, id, m, got)
			}
		}
		pgtest.Exec(t, url, fmt.Sprintf("INSERT INTO %s (id, v) VALUES (8, 'v')", name))
	}
}
