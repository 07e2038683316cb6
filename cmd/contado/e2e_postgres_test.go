package main

import (
	"net/http"
	"os/exec"
	"strings"
	"testing"
	"time"

	"contado/geo/store/postgis/pgtest"
	"contado/scripts/shareddata"
)

// A table of others is attached: what they change is seen in tiles, and what
// is changed here stands in their table.
func TestAttachedTable(t *testing.T) {
	t.Parallel()
	db := pgtest.Start(t)
	pgtest.Exec(t, db,
		`CREATE TABLE farmacie (gid serial PRIMARY KEY, nome text, aperta boolean, posti bigint, geom geometry(Point, 4326))`,
		`INSERT INTO farmacie (nome, aperta, posti, geom) SELECT 'farmacia ' || i, i % 2 = 0, 9007199254740000 + i, ST_SetSRID(ST_MakePoint(11 + i / 1000.0, 46), 4326) FROM generate_series(1, 50) i`)
	h := newHouse(t)
	if said := h.must("-q", "attach", db, "--table", "public.farmacie", "-d", "farmacie", "--role", "service", "--writable"); !strings.Contains(said, "50 features") {
		t.Errorf("attach: %s", said)
	}
	if said := h.refuse(1, "-q", "attach", db, "--table", "nothing", "-d", "nothing"); !strings.Contains(said, "nothing") {
		t.Errorf("a table that is not there: %s", said)
	}
	s := h.serve("--edit")
	tile := tileAt("/xyz/farmacie", 11.010, 46, 12)
	s.eventually(t, tile, "farmacia 10", true)
	pgtest.Exec(t, db, `UPDATE farmacie SET nome = 'chiusa per ferie' WHERE gid = 10`)
	s.eventually(t, tile, "chiusa per ferie", true)
	pgtest.Exec(t, db, `DELETE FROM farmacie WHERE gid = 10`)
	s.eventually(t, tile, "chiusa per ferie", false)
	pgtest.Exec(t, db, `INSERT INTO farmacie (nome, geom) VALUES ('nuova', ST_SetSRID(ST_MakePoint(11.011, 46), 4326))`)
	s.eventually(t, tile, "nuova", true)
	// The other way round.
	res, body := s.do(http.MethodPatch, "/collections/farmacie/items/11", strings.NewReader(`{"properties":{"nome":"rinominata","posti":9007199254740993}}`), "Content-Type", "application/merge-patch+json")
	if res.StatusCode != http.StatusNoContent {
		t.Fatalf("PATCH: %s %s", res.Status, body)
	}
	s.within(t, tile, "rinominata", true)
	if got := psql(t, db, "SELECT nome, posti, aperta FROM farmacie WHERE gid = 11"); got != "rinominata|9007199254740993|f" {
		t.Errorf("the table has %q", got)
	}
	editsOfTable(t, s, db, tile)
	var trail struct{ Changes []struct{ Op, Origin string } }
	s.json("/collections/farmacie/changes", &trail)
	var told []string
	for _, c := range trail.Changes {
		told = append(told, c.Op+" "+c.Origin)
	}
	if got, want := strings.Join(told, ", "), "replace outside, delete outside, create outside, replace api, create api, replace api, delete api"; got != want {
		t.Errorf("the trail is %s, want %s", got, want)
	}
	var c struct{ NumberMatched int }
	s.json("/collections/farmacie/items?limit=1", &c)
	if c.NumberMatched != 50 {
		t.Errorf("%d rows, want 50", c.NumberMatched)
	}
}

// editsOfTable goes through the life of a row of the attached table, as of any
// other (OGC API Features, Part 4).
func editsOfTable(t *testing.T, s *server, db, tile string) {
	t.Helper()
	const items = "/collections/farmacie/items"
	send := func(method, at, text string, want int, header ...string) *http.Response {
		t.Helper()
		res, body := s.do(method, at, strings.NewReader(text), append([]string{"Content-Type", "application/geo+json"}, header...)...)
		if res.StatusCode != want {
			t.Fatalf("%s %s: %s %s", method, at, res.Status, body)
		}
		return res
	}
	row := func(name string) string {
		return `{"type":"Feature","geometry":{"type":"Point","coordinates":[11.012,46]},"properties":{"nome":"` + name + `","aperta":true}}`
	}
	if allow := send(http.MethodOptions, items, "", http.StatusNoContent).Header.Get("Allow"); !strings.Contains(allow, "POST") {
		t.Errorf("Allow %s", allow)
	}
	at := strings.TrimPrefix(send(http.MethodPost, items, row("appena aperta"), http.StatusCreated).Header.Get("Location"), s.url)
	s.within(t, tile, "appena aperta", true)
	id := at[strings.LastIndex(at, "/")+1:]
	res, _ := s.get(at)
	tag := res.Header.Get("ETag")
	send(http.MethodPut, at, row("sostituita"), http.StatusNoContent, "If-Match", tag)
	s.within(t, tile, "sostituita", true)
	if got := psql(t, db, "SELECT nome, posti IS NULL, ST_X(geom) FROM farmacie WHERE gid = "+id); got != "sostituita|t|11.012" {
		t.Errorf("the table has %q", got)
	}
	send(http.MethodPut, at, row("troppo tardi"), http.StatusPreconditionFailed, "If-Match", tag)
	send(http.MethodDelete, at, "", http.StatusPreconditionFailed, "If-Match", tag)
	send(http.MethodDelete, at, "", http.StatusNoContent)
	s.within(t, tile, "sostituita", false)
	if got := psql(t, db, "SELECT count(*) FROM farmacie WHERE gid = "+id); got != "0" {
		t.Errorf("the table still has row %s", id)
	}
}

// psql is the one line that a query gives.
func psql(t *testing.T, url, query string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "psql", "-X", "-A", "-t", "-c", query, url).CombinedOutput()
	if err != nil {
		t.Fatalf("psql: %v\n%s", err, out)
	}
	return strings.TrimSpace(string(out))
}

// eventually waits for what others have done: it is noticed within moments, of
// which no test states how long they are on a busy machine.
func (s *server) eventually(t *testing.T, path, text string, there bool) {
	t.Helper()
	end := time.Now().Add(30 * time.Second)
	for {
		_, body := s.get(path)
		if strings.Contains(string(body), text) == there {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%q in %s is never %v", text, path, there)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// The catalog, edits and jobs lie in PostgreSQL: two servers over one database
// and one folder see each other's work.
func TestCatalogInPostgreSQL(t *testing.T) {
	t.Parallel()
	db := pgtest.Start(t)
	h := newHouse(t)
	h.env = []string{"CONTADO_DATABASE_URL=" + db}
	h.must("-q", "ingest", shareddata.Path(t, "vector-variety/flatgeobuf/countries.fgb"), "-d", "countries", "--role", "territory", "--code-field", "id", "--name-field", "name")
	h.must("-q", "ingest", shareddata.Path(t, "it-vinschgau-dem/elev_vinschgau.tif"), "-d", "dem")
	if said := h.must("ls"); !lineWith(said, "countries", "179 features") || !lineWith(said, "dem", "raster") {
		t.Errorf("ls: %s", said)
	}
	one, two := h.serve("--edit"), h.serve()
	res, body := one.do(http.MethodPatch, "/collections/countries/items/1", strings.NewReader(`{"properties":{"name":"Prima"}}`), "Content-Type", "application/merge-patch+json")
	if res.StatusCode != http.StatusNoContent {
		t.Fatalf("PATCH: %s %s", res.Status, body)
	}
	one.within(t, "/collections/countries/items/1", "Prima", true)
	two.eventually(t, "/collections/countries/items/1", "Prima", true)
	// A job asked of one is done by either, and both know how it went.
	res, body = two.do(http.MethodPost, "/processes/summary/execution",
		strings.NewReader(`{"inputs":{"dataset":"countries","areas":{"dataset":"countries"}}}`), "Content-Type", "application/json", "Prefer", "respond-async")
	if res.StatusCode != http.StatusCreated {
		t.Fatalf("job: %s %s", res.Status, body)
	}
	job := strings.TrimPrefix(res.Header.Get("Location"), two.url)
	one.eventually(t, job, `"successful"`, true)
	if got := psql(t, db, "SELECT count(*) > 0 FROM information_schema.tables WHERE table_name = 'river_job'"); got != "t" {
		t.Errorf("the queue is not in the database")
	}
	if said := h.must("doctor"); !strings.Contains(said, "healthy") {
		t.Errorf("doctor: %s", said)
	}
	// Without the database there is nothing: it is not in the folder.
	alone := &house{t: t, data: h.data}
	if said := alone.must("ls"); strings.Contains(said, "countries") {
		t.Errorf("without the database: %s", said)
	}
}
