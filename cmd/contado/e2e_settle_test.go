package main

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Edits become a version: nothing is appended beside them before, old states
// stay readable after.
func TestEditsAreSettled(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	stops := filepath.Join(t.TempDir(), "stops.geojson")
	text := `{"type":"FeatureCollection","features":[
{"type":"Feature","geometry":{"type":"Point","coordinates":[10.4,44.3]},"properties":{"name":"Piazza"}},
{"type":"Feature","geometry":{"type":"Point","coordinates":[10.5,44.4]},"properties":{"name":"Ponte"}}]}`
	if err := os.WriteFile(stops, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	h.must("ingest", stops, "-d", "stops", "--role", "other")
	s := h.serve("--edit")
	res, body := s.do(http.MethodPatch, "/collections/stops/items/1", strings.NewReader(`{"properties":{"name":"Piazza Grande"},"geometry":{"type":"Point","coordinates":[12,45]}}`),
		"Content-Type", "application/merge-patch+json")
	if res.StatusCode != http.StatusNoContent && res.StatusCode != http.StatusOK {
		t.Fatalf("PATCH: %d %s", res.StatusCode, body)
	}
	if said := h.refuse(exitFailed, "ingest", stops, "-d", "stops", "--append"); !strings.Contains(said, "contado settle stops") {
		t.Errorf("appending to an edited dataset: %s", said)
	}
	if out := h.must("info", "stops"); !strings.Contains(out, "1 change since version 1") {
		t.Errorf("info: %s", out)
	}
	h.must("settle", "stops")
	out := h.must("info", "stops")
	if !strings.Contains(out, "version      2") || !strings.Contains(out, "12.00000 45.00000") || strings.Contains(out, "change since") {
		t.Errorf("info after settle: %s", out)
	}
	for asOf, want := range map[string]string{"": "Piazza Grande", "1": "Piazza", "1.1": "Piazza Grande", "2": "Piazza Grande"} {
		file := filepath.Join(t.TempDir(), "stops.csv")
		args := []string{"export", "stops", "-o", file}
		if asOf != "" {
			args = append(args, "--as-of", asOf)
		}
		h.must(args...)
		rows, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(string(rows), "Piazza Grande"); got != (want == "Piazza Grande") {
			t.Errorf("as of %q: %s", asOf, rows)
		}
	}
	if out := h.must("settle", "stops"); !strings.Contains(out, "no edits") {
		t.Errorf("settled twice: %s", out)
	}
	h.must("ingest", stops, "-d", "stops", "--append")
	if said := h.refuse(exitFailed, "detach", "stops", "--yes"); !strings.Contains(said, "not attached") {
		t.Errorf("detach: %s", said)
	}
}
