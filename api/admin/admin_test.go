package admin_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"contado/api/admin"
	"contado/api/rest"
	"contado/geo/atlas"
	"contado/geo/fault"
	"contado/geo/store/catalog"
	"contado/geo/store/jobs"
	"contado/geo/store/sqlite"
)

// queue is one that answers with an error, or with none.
type queue struct {
	jobs.Driver
	err error
}

func (q queue) List(context.Context, int) ([]jobs.Job, error) { return nil, q.err }

func get(t *testing.T, h *admin.Handler, path string) *httptest.ResponseRecorder {
	t.Helper()
	e := echo.New()
	e.HTTPErrorHandler = rest.ErrorHandler(slog.New(slog.DiscardHandler))
	h.Register(e)
	w := httptest.NewRecorder()
	e.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
	return w
}

// A process that answers is alive whatever its queue does; ready it is only
// with a queue that answers, or without one.
func TestAliveAndReady(t *testing.T) {
	t.Parallel()
	broken := fault.Errorf("jobs", fault.Unavailable, "the database is away")
	for _, c := range []struct {
		queue jobs.Driver
		path  string
		want  int
	}{
		{nil, "/healthz", 200},
		{nil, "/readyz", 200},
		{queue{}, "/readyz", 200},
		{queue{err: broken}, "/readyz", 503},
		{queue{err: broken}, "/healthz", 200},
		{nil, "/healthz?verbose=true", 400},
		{nil, "/readyz?x", 400},
	} {
		w := get(t, &admin.Handler{Jobs: c.queue}, c.path)
		if w.Code != c.want {
			t.Errorf("%s with %v: %d %s", c.path, c.queue, w.Code, w.Body)
		}
		if w.Code == 200 && w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s may be kept: %v", c.path, w.Header())
		}
	}
}

// The state is that of the catalog and of the time, not of when the server began.
func TestStatus(t *testing.T) {
	t.Parallel()
	store, err := sqlite.OpenCatalog(t.Context(), filepath.Join(t.TempDir(), "catalog.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	at, err := atlas.Open(t.Context(), atlas.Stores{Catalog: store})
	if err != nil {
		t.Fatal(err)
	}
	defer at.Close()
	h := &admin.Handler{Atlas: at, Program: "contado 1.2.3", Started: time.Now().Add(-90 * time.Second), Edit: true}
	read := func() (s admin.Status) {
		t.Helper()
		w := get(t, h, "/status")
		if err := json.Unmarshal(w.Body.Bytes(), &s); err != nil || w.Code != http.StatusOK {
			t.Fatalf("%d %s %v", w.Code, w.Body, err)
		}
		return s
	}
	s := read()
	if s.Status != "ok" || s.Program != "contado" || s.Version != "1.2.3" || s.UptimeS < 90 || s.Datasets != 0 || s.Demo || !s.Edit || s.Manage {
		t.Errorf("%+v", s)
	}
	if _, err := store.Publish(t.Context(), catalog.Publication{Dataset: catalog.Dataset{ID: "roads", Kind: catalog.Timetable, Role: catalog.TimetableRole, Title: "Roads", Description: "An invented valley"}}); err != nil {
		t.Fatal(err)
	}
	if err := at.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	if later := read(); later.Datasets != 1 || later.Revision <= s.Revision || !later.Demo {
		t.Errorf("after publishing %+v, before %+v", later, s)
	}
	if w := get(t, h, "/status?f=xml"); w.Code != http.StatusBadRequest {
		t.Errorf("an unknown parameter: %d", w.Code)
	}
}
