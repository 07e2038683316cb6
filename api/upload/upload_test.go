package upload

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"contado/geo/fault"
	"contado/geo/store/dir"
	"contado/geo/store/sqlite"
	"contado/ingest"
)

const place = `{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"name":"Alpe"},"geometry":{"type":"Point","coordinates":[9,46]}}]}`

func handler(t *testing.T) *Handler {
	t.Helper()
	root := t.TempDir()
	blobs, err := dir.Open(root)
	if err != nil {
		t.Fatal(err)
	}
	cat, err := sqlite.OpenCatalog(t.Context(), filepath.Join(root, "catalog.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(cat.Close(), blobs.Close()); err != nil {
			t.Error(err)
		}
	})
	h := &Handler{
		Stores: ingest.Stores{Catalog: cat, Blobs: blobs, Staging: filepath.Join(root, "staging"), Program: "contado test"},
		Blobs:  blobs, Dir: filepath.Join(root, "uploads"), Who: func(*http.Request) (string, error) { return "ada", nil },
	}
	h.Limits = Limits{Keep: time.Hour}.withDefaults()
	return h
}

// planned is an upload whose file has come and whose job may begin.
func planned(t *testing.T, h *Handler) (*folder, json.RawMessage) {
	t.Helper()
	r := &record{Who: "ada", Created: time.Now(), Files: []file{{"a.geojson", int64(len(place))}}, Plan: &plan{Dataset: "d"}, Run: "run"}
	f, err := h.make(r)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(f.path(filesName, "a.geojson"), []byte(place), 0o600); err != nil {
		t.Fatal(err)
	}
	args, err := json.Marshal(jobArgs{f.id, "run"})
	if err != nil {
		t.Fatal(err)
	}
	return f, args
}

func silent(float64, string) {}

// A job that is canceled, or begun anew over what a kill left, ends with one
// whole draft or with none.
func TestWorkBeginsAnew(t *testing.T) {
	t.Parallel()
	h := handler(t)
	f, args := planned(t, h)
	ctx, cancel := context.WithCancel(t.Context())
	stop := func(_ float64, stage string) {
		if stage == "inspect" {
			cancel()
		}
	}
	if _, err := h.work(ctx, args, stop); !fault.Is(err, fault.Canceled) {
		t.Fatalf("canceled: %v", err)
	}
	if _, err := ingest.ReadDraft(f.draft()); !fault.Is(err, fault.NotExist) {
		t.Fatalf("a draft after a cancel: %v", err)
	}
	// What a kill leaves: half of a folder, without draft.json.
	if err := errors.Join(os.MkdirAll(filepath.Join(f.draft(), "work"), 0o755), os.WriteFile(filepath.Join(f.draft(), "0-0.gpkg"), []byte("half"), 0o600)); err != nil {
		t.Fatal(err)
	}
	if _, err := h.work(t.Context(), args, silent); err != nil {
		t.Fatal(err)
	}
	d, err := ingest.ReadDraft(f.draft())
	if err != nil || len(d.Datasets) != 1 || d.Datasets[0].Version.Made.Who != "ada" || len(d.Datasets[0].Version.Made.Files[0].SHA256) != 64 {
		t.Fatalf("%+v, %v", d, err)
	}
	if sets, err := h.Stores.Catalog.Datasets(t.Context()); err != nil || len(sets) != 0 {
		t.Errorf("published by itself: %v, %v", sets, err)
	}
	other, err := json.Marshal(jobArgs{f.id, "another run"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.work(t.Context(), other, silent); !fault.Is(err, fault.Invalid) {
		t.Errorf("an attempt that was given up: %v", err)
	}
}

// What nobody touches is thrown away, with what a crash left without a record,
// but not what a job works on.
func TestSweep(t *testing.T) {
	t.Parallel()
	h := handler(t)
	old, _ := planned(t, h)
	busy, _ := planned(t, h)
	fresh, _ := planned(t, h)
	stray := &folder{strings.Repeat("a", 26), filepath.Join(h.Dir, strings.Repeat("a", 26))}
	if err := os.MkdirAll(stray.dir, 0o700); err != nil {
		t.Fatal(err)
	}
	release, err := busy.hold(workName)
	if err != nil {
		t.Fatal(err)
	}
	long := time.Now().Add(-2 * time.Hour)
	for _, f := range []*folder{old, busy, stray} {
		err := filepath.WalkDir(f.dir, func(p string, _ os.DirEntry, err error) error { return errors.Join(err, os.Chtimes(p, long, long)) })
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := h.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	for f, want := range map[*folder]bool{old: false, stray: false, busy: true, fresh: true} {
		if _, err := os.Stat(f.dir); (err == nil) != want {
			t.Errorf("%s is there: %v, want %v", f.id, err == nil, want)
		}
	}
	if err := release(); err != nil {
		t.Error(err)
	}
}

// Whatever name passes is that of one file in one folder.
func TestNames(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{"", ".", "..", "../a", "a/b", `a\b`, ".a", "a\x00", "a\nb", " a", "C:a", strings.Repeat("é", 101), "\xff"} {
		if checkName(bad) == nil {
			t.Errorf("%q is taken", bad)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.String().Draw(t, "name")
		if checkName(s) != nil {
			return
		}
		if p := filepath.Join("/up/files", s); filepath.Dir(p) != "/up/files" || filepath.Base(p) != s {
			t.Fatalf("%q leads to %s", s, p)
		}
	})
}

func TestSizes(t *testing.T) {
	t.Parallel()
	p := &stages{progress: func(done float64, _ string) {
		if done < 0 || done >= 1 {
			t.Errorf("progress %v", done)
		}
	}}
	last := -1.0
	for range 50 {
		p.Stage("x")
		p.Step(5, 3)
		p.Step(1, 0)
		if p.lo < last {
			t.Errorf("progress goes back from %v to %v", last, p.lo)
		}
		last = p.lo
	}
}
