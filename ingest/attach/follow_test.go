package attach

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/paulmach/orb"

	"contado/geo"
	"contado/geo/atlas"
	"contado/geo/fault"
	"contado/geo/store/journal"
	"contado/geo/store/postgis/pgtest"
)

// followed waits until a dataset is followed.
func followed(t *testing.T, f *Followers, dataset string) Status {
	t.Helper()
	until(t, dataset+" to be followed", func() bool { s, ok := f.Status(dataset); return ok && s.Lost.IsZero() })
	s, _ := f.Status(dataset)
	return s
}

// edits are what others do to the towns; the layer is then to be like it.
var edits = []struct {
	sql  string
	seen func(rows map[int64]geo.Feature) bool
}{
	{"UPDATE town SET name = 'Lucca', changed = clock_timestamp() WHERE id = 7", func(r map[int64]geo.Feature) bool { return r[7].Values[0] == "Lucca" }},
	{"INSERT INTO town (name) VALUES ('Prato')", func(r map[int64]geo.Feature) bool {
		return len(r) == 51 && r[51].Values[0] == "Prato" && r[51].Geometry == nil
	}},
	{"UPDATE town SET geom = ST_Multi(ST_MakeEnvelope(0, 0, 1, 1, 32632)), changed = clock_timestamp() WHERE id = 51", func(r map[int64]geo.Feature) bool { return r[51].Geometry != nil }},
	{"DELETE FROM town WHERE id IN (8, 9)", func(r map[int64]geo.Feature) bool { return len(r) == 49 }},
	{"UPDATE town SET id = 1000, changed = clock_timestamp() WHERE id = 10", func(r map[int64]geo.Feature) bool { return r[1000].Values != nil && r[10].Values == nil }},
	{"UPDATE town SET people = 1, changed = clock_timestamp()", func(r map[int64]geo.Feature) bool { return r[1].Values[1] == int64(1) && r[50].Values[1] == int64(1) }},
	{"TRUNCATE town", func(r map[int64]geo.Feature) bool { return len(r) == 0 }},
}

func TestEditsAreNoticed(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]Options{
		"notify": {Watch: Notify}, "column": {Watch: Column, WatchColumn: "changed"}, "compare": {Watch: Compare},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := pgtest.Start(t)
			pgtest.Exec(t, url, towns)
			h := newHome(t)
			o.Dataset = "towns"
			h.attach(t, url, "town", o)
			f, _ := h.follow(t, FollowOptions{})
			if s := followed(t, f, "towns"); s.Mode != o.Watch {
				t.Errorf("mode %q", s.Mode)
			}
			for _, e := range edits {
				pgtest.Exec(t, url, e.sql)
				until(t, e.sql, func() bool { return e.seen(h.rows(t, "towns")) })
			}
			changes, err := h.journal.Changes(t.Context(), "towns", 1, 0, 0)
			if err != nil || len(changes) == 0 {
				t.Fatal(changes, err)
			}
			for _, c := range changes {
				if c.Origin != Origin {
					t.Errorf("%+v", c)
				}
			}
			if c := changes[0]; c.Feature != 7 || c.Op != journal.Replace || c.Before.Values[0] != "town 7" || c.After.Values[0] != "Lucca" {
				t.Errorf("the first change is %+v", c)
			}
		})
	}
}

// TestViewIsCompared: a view has no transaction numbers to tell edits by.
func TestViewIsCompared(t *testing.T) {
	t.Parallel()
	url := pgtest.Start(t)
	pgtest.Exec(t, url, towns, "CREATE VIEW large AS SELECT id, name, geom FROM town WHERE people > 250")
	h := newHome(t)
	d := h.attach(t, url, "large", Options{Dataset: "large", ID: "id", Watch: Notify})
	if !hasNotice(d, "watch-fallback") || d.Version.Vector.External.Watch != Compare {
		t.Errorf("%+v", d.Version)
	}
	f, _ := h.follow(t, FollowOptions{})
	followed(t, f, "large")
	pgtest.Exec(t, url, "UPDATE town SET people = 1 WHERE id = 50", "UPDATE town SET name = 'Siena' WHERE id = 40")
	until(t, "the view's change", func() bool { r := h.rows(t, "large"); return len(r) == 24 && r[40].Values[0] == "Siena" })
}

// TestEditsWhileNobodyLooked are noticed at the start.
func TestEditsWhileNobodyLooked(t *testing.T) {
	t.Parallel()
	url := pgtest.Start(t)
	pgtest.Exec(t, url, towns)
	h := newHome(t)
	h.attach(t, url, "town", Options{Dataset: "towns", Watch: Notify})
	pgtest.Exec(t, url, "DELETE FROM town WHERE id = 3", "UPDATE town SET name = 'Pisa' WHERE id = 4", "INSERT INTO town (name) VALUES ('Massa')")
	f, stop := h.follow(t, FollowOptions{})
	followed(t, f, "towns")
	rows := h.rows(t, "towns")
	if len(rows) != 50 || rows[4].Values[0] != "Pisa" || rows[51].Values[0] != "Massa" {
		t.Errorf("%d rows", len(rows))
	}
	if s := f.Statuses(); len(s) != 1 || s[0].Noticed != 3 {
		t.Errorf("%+v", s)
	}
	stop()
	pgtest.Exec(t, url, "UPDATE town SET name = 'Carrara' WHERE id = 4")
	f, _ = h.follow(t, FollowOptions{})
	followed(t, f, "towns")
	if got := h.rows(t, "towns")[4].Values[0]; got != "Carrara" {
		t.Errorf("after the second start: %v", got)
	}
}

// TestServerRestarts: the mirror stays readable, and tells since when it is
// not followed; what is edited after the restart is noticed.
func TestServerRestarts(t *testing.T) {
	t.Parallel()
	server := pgtest.Own(t)
	url := server.Database(t)
	pgtest.Exec(t, url, towns, "CHECKPOINT")
	h := newHome(t)
	h.attach(t, url, "town", Options{Dataset: "towns", Watch: Notify})
	var mu sync.Mutex
	var reports []string
	f, _ := h.follow(t, FollowOptions{Report: func(dataset string, err error) {
		mu.Lock()
		defer mu.Unlock()
		reports = append(reports, fmt.Sprint(dataset, ": ", err))
	}})
	followed(t, f, "towns")
	if err := server.Stop(); err != nil {
		t.Fatal(err)
	}
	until(t, "the loss to be noticed", func() bool { s, _ := f.Status("towns"); return !s.Lost.IsZero() && s.Reason != "" })
	if rows := h.rows(t, "towns"); len(rows) != 50 {
		t.Errorf("the mirror has %d rows", len(rows))
	}
	if err := server.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	pgtest.Exec(t, url, "UPDATE town SET name = 'Pistoia' WHERE id = 5")
	until(t, "the edit after the restart", func() bool { return h.rows(t, "towns")[5].Values[0] == "Pistoia" })
	followed(t, f, "towns")
	pgtest.Exec(t, url, "UPDATE town SET name = 'Arezzo' WHERE id = 6")
	until(t, "the edit told by the trigger again", func() bool { return h.rows(t, "towns")[6].Values[0] == "Arezzo" })
	mu.Lock()
	defer mu.Unlock()
	for _, r := range reports {
		if strings.Contains(r, pgtest.User+":") {
			t.Errorf("a report has the password: %s", r)
		}
	}
	if len(reports) < 3 { // well, lost, well
		t.Errorf("reports %q", reports)
	}
}

// TestWithoutRights: a user who may only read has rows compared.
func TestWithoutRights(t *testing.T) {
	t.Parallel()
	url := pgtest.Start(t)
	role := "reader_" + strings.ToLower(t.Name())
	pgtest.Exec(t, url, towns, "DROP ROLE IF EXISTS "+role, "CREATE ROLE "+role+" LOGIN PASSWORD 'secret'", "GRANT SELECT ON town TO "+role,
		"CREATE TABLE closed (id integer PRIMARY KEY)")
	h := newHome(t)
	mine := pgtest.As(t, url, role, "secret")
	h.refused(t, mine, "closed", Options{Dataset: "closed"}, fault.Invalid, "GRANT SELECT")
	h.refused(t, mine, "town", Options{Dataset: "towns", Writable: true}, fault.Invalid, "INSERT, UPDATE, DELETE")
	d := h.attach(t, mine, "town", Options{Dataset: "towns", Watch: Notify})
	if !hasNotice(d, "watch-fallback") || d.Version.Vector.External.Watch != Compare {
		t.Errorf("%+v", d.Version)
	}
	f, _ := h.follow(t, FollowOptions{})
	if s := followed(t, f, "towns"); s.Mode != Compare {
		t.Errorf("%+v", s)
	}
	pgtest.Exec(t, url, "UPDATE town SET name = 'Grosseto' WHERE id = 5")
	until(t, "the edit", func() bool { return h.rows(t, "towns")[5].Values[0] == "Grosseto" })
	// Rights that are taken away are told.
	pgtest.Exec(t, url, "REVOKE SELECT ON town FROM "+role)
	until(t, "the loss", func() bool {
		s, _ := f.Status("towns")
		return !s.Lost.IsZero() && strings.Contains(s.Reason, "permission denied")
	})
}

// TestWritable: edits made here stand in the table and once in the journal.
func TestWritable(t *testing.T) {
	t.Parallel()
	for _, watch := range []string{Notify, Compare} {
		t.Run(watch, func(t *testing.T) {
			t.Parallel()
			url := pgtest.Start(t)
			pgtest.Exec(t, url, towns)
			h := newHome(t)
			d := h.attach(t, url, "town", Options{Dataset: "towns", Writable: true, Watch: watch})
			f, _ := h.follow(t, FollowOptions{})
			followed(t, f, "towns")
			db := open(t, url)
			fields := len(d.Version.Vector.Schema.Fields)
			made := 0
			for i := range 10 {
				values := make([]any, fields)
				values[0], values[1] = fmt.Sprint("ours ", i), int64(i)
				row := geo.Feature{Values: values, Geometry: orb.Polygon{{{0, 0}, {4, 0}, {4, float64(i + 1)}, {0, 0}}}}
				changes, err := h.atlas.Apply(t.Context(), "towns", []atlas.Edit{{Op: journal.Create, Row: row}}, "ada")
				if err != nil {
					t.Fatal(err)
				}
				made++
				// The column that has a default got its value.
				id := changes[0].Feature
				if got := h.rows(t, "towns")[id]; got.Values[0] != values[0] || got.Values[2] == nil {
					t.Errorf("row %d is %v", id, got.Values)
				}
				var name string
				var area float64
				if err := db.QueryRowContext(t.Context(), "SELECT name, ST_Area(geom) FROM town WHERE id = $1", id).Scan(&name, &area); err != nil || name != values[0] || area != float64(2*(i+1)) {
					t.Errorf("in the table: %q, %g, %v", name, area, err)
				}
				_, err = h.atlas.Apply(t.Context(), "towns", []atlas.Edit{{Op: journal.Replace, ID: id, Patch: func(now geo.Feature) (geo.Feature, error) {
					now.Values[1] = int64(77)
					return now, nil
				}}}, "ada")
				if err != nil {
					t.Fatal(err)
				}
				made++
			}
			if _, err := h.atlas.Apply(t.Context(), "towns", []atlas.Edit{{Op: journal.Delete, ID: 1}}, "ada"); err != nil {
				t.Fatal(err)
			}
			made++
			// An outside edit in between, to see that nothing else was noted.
			pgtest.Exec(t, url, "UPDATE town SET name = 'theirs' WHERE id = 2")
			until(t, "the outside edit", func() bool { return h.rows(t, "towns")[2].Values[0] == "theirs" })
			changes, err := h.journal.Changes(t.Context(), "towns", 1, 0, 0)
			if err != nil || len(changes) != made+1 {
				t.Errorf("%d changes, %v; want %d of ours and one of theirs", len(changes), err, made)
			}
		})
	}
}

// TestWriteRefused: what the table does not take changes nothing.
func TestWriteRefused(t *testing.T) {
	t.Parallel()
	url := pgtest.Start(t)
	pgtest.Exec(t, url, towns, "ALTER TABLE town ADD CONSTRAINT few CHECK (people < 10000)")
	h := newHome(t)
	d := h.attach(t, url, "town", Options{Dataset: "towns", Writable: true, Watch: Compare})
	n := len(d.Version.Vector.Schema.Fields)
	values := func(name any, people int64) []any { v := make([]any, n); v[0], v[1] = name, people; return v }
	apply := func(e ...atlas.Edit) error {
		_, err := h.atlas.Apply(t.Context(), "towns", e, "ada")
		return err
	}
	for says, e := range map[string]atlas.Edit{
		"few":           {Op: journal.Create, Row: geo.Feature{Values: values("x", 20000)}},
		"null value":    {Op: journal.Create, Row: geo.Feature{Values: values(nil, 1)}},
		"out of range":  {Op: journal.Create, Row: geo.Feature{Values: values("x", 1<<40)}},
		"not-null":      {Op: journal.Replace, ID: 5, Row: geo.Feature{Values: values(nil, 1)}},
		"feature 99999": {Op: journal.Delete, ID: 99999},
	} {
		err := apply(atlas.Edit{Op: journal.Delete, ID: 4}, e)
		if kind := fault.KindOf(err); err == nil || kind != fault.Invalid && kind != fault.NotExist {
			t.Errorf("%s: %v (kind %v)", says, err, kind)
		}
	}
	// Somebody was faster in the table itself.
	pgtest.Exec(t, url, "UPDATE town SET people = 5 WHERE id = 6", "DELETE FROM town WHERE id = 7")
	for _, id := range []int64{6, 7} {
		if err := apply(atlas.Edit{Op: journal.Replace, ID: id, Row: geo.Feature{Values: values("y", 1)}}); !fault.Is(err, fault.Conflict) {
			t.Errorf("edit of row %d, which changed outside: %v (kind %v)", id, err, fault.KindOf(err))
		}
	}
	changes, err := h.journal.Changes(t.Context(), "towns", 1, 0, 0)
	if err != nil || len(changes) != 0 {
		t.Errorf("the journal has %v, %v", changes, err)
	}
	if rows := h.rows(t, "towns"); len(rows) != 50 {
		t.Errorf("%d rows", len(rows))
	}
}

// TestTwoInstallations attach one table: each notices what the other writes.
func TestTwoInstallations(t *testing.T) {
	t.Parallel()
	url := pgtest.Start(t)
	pgtest.Exec(t, url, towns)
	a, b := newHome(t), newHome(t)
	for _, h := range []*home{a, b} {
		h.attach(t, url, "town", Options{Dataset: "towns", Writable: true, Watch: Notify})
		f, _ := h.follow(t, FollowOptions{})
		followed(t, f, "towns")
	}
	_, err := a.atlas.Apply(t.Context(), "towns", []atlas.Edit{{Op: journal.Replace, ID: 5, Patch: func(now geo.Feature) (geo.Feature, error) {
		now.Values[0] = "from a"
		return now, nil
	}}}, "ada")
	if err != nil {
		t.Fatal(err)
	}
	until(t, "the edit of the other", func() bool { return b.rows(t, "towns")[5].Values[0] == "from a" })
}

// TestTableChanges: columns that go away end the following, with a hint.
func TestTableChanges(t *testing.T) {
	t.Parallel()
	url := pgtest.Start(t)
	pgtest.Exec(t, url, towns)
	h := newHome(t)
	h.attach(t, url, "town", Options{Dataset: "towns", Watch: Notify})
	f, _ := h.follow(t, FollowOptions{})
	followed(t, f, "towns")
	pgtest.Exec(t, url, "ALTER TABLE town ADD COLUMN more text", "UPDATE town SET name = 'still' WHERE id = 2")
	until(t, "the edit after a column was added", func() bool { return h.rows(t, "towns")[2].Values[0] == "still" })
	pgtest.Exec(t, url, "ALTER TABLE town DROP COLUMN people", "UPDATE town SET name = 'gone' WHERE id = 2")
	until(t, "the loss", func() bool { s, _ := f.Status("towns"); return strings.Contains(s.Reason, "people") })
	// Attached anew, it is followed again.
	h.attach(t, url, "town", Options{Dataset: "towns", Watch: Notify, Replace: true})
	until(t, "the new version", func() bool {
		s, ok := f.Status("towns")
		return ok && s.Lost.IsZero() && h.rows(t, "towns")[2].Values[0] == "gone"
	})
}
