package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"contado/geo/coverage"
)

// A report says where further points would help most: on the command line, in
// all its files, by a recipe, and when it is confirmed; the same as the command
// that answers this alone.
func TestReportSiting(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file, do := textFiles(t, dir), twoAreas(t, dir)

	out := func(name string) string { return filepath.Join(dir, name) }
	said := do(0, "report", "coverage", "-t", "2", "-s", "pharmacy,school", "-p", "straight-line", "--within", "10m,20m", "--siting", "2", "--siting-service", "pharmacy", "--siting-candidates", "people",
		"-o", strings.Join([]string{out("r.json"), out("r.html"), out("r.zip"), out("r.gpkg"), out("r.xlsx")}, ","))
	if !strings.Contains(said, "further points, pharmacy, straight-line:") || !strings.Contains(said, "    2. Area 2") || !strings.Contains(said, "people newly within 20 min") {
		t.Errorf("said: %s", said)
	}
	var st coverage.Study
	decodeFile(t, out("r.json"), &st)
	if len(st.Siting) != 1 || len(st.Siting[0].Chosen) != 2 || st.Siting[0].ThresholdS != 1200 || st.Siting[0].Chosen[0].NewlyWithin < 100 || st.Siting[0].BlocksOf != 3 {
		t.Fatalf("%+v", st.Siting)
	}
	if said := do(0, "report", "verify", out("r.json")); !strings.HasPrefix(said, "SAME") {
		t.Errorf("verify: %s", said)
	}
	do(0, "siting", "-t", "2", "-s", "pharmacy", "-p", "straight-line", "--within", "20m", "-n", "2", "--candidates", "people", "-o", out("s.json"))
	var alone coverage.Siting
	decodeFile(t, out("s.json"), &alone)
	for i, p := range st.Siting[0].Chosen {
		if q := alone.Chosen[i]; p.NewlyWithin != q.NewlyWithin || p.HoursSaved != q.HoursSaved || p.ID != q.ID || p.Lon != q.Lon {
			t.Errorf("point %d is %+v, by the command alone %+v", i, p, q)
		}
	}
	b, err := os.ReadFile(out("r.html"))
	if err != nil || !strings.Contains(string(b), "Dove un punto in più aiuterebbe di più") {
		t.Errorf("the page does not say where: %v", err)
	}
	rows, err := exec.CommandContext(t.Context(), "ogrinfo", "-q", "-ro", out("r.gpkg"), "-sql", "SELECT COUNT(*) AS n FROM siting WHERE list = 'chosen' AND ST_X(geom) > 10.04").CombinedOutput()
	if err != nil || !strings.Contains(string(rows), "= 2") {
		t.Errorf("GeoPackage: %s, %v", rows, err)
	}

	recipeFile := file("r.yaml", "recipe: contado/1\nname: punti\nterritories: [\"2\"]\nservices: [pharmacy, school]\nprofiles: [straight-line]\nthresholds: [10m, 20m]\nsiting: {services: [pharmacy], points: 2, candidates: people}\noutputs: {formats: [json, csv]}\n")
	do(0, "recipe", "run", recipeFile, "--dir", out("out"))
	var again coverage.Study
	decodeFile(t, filepath.Join(out("out"), "punti.json"), &again)
	if len(again.Siting) != 1 || again.Siting[0].Chosen[0].NewlyWithin != st.Siting[0].Chosen[0].NewlyWithin {
		t.Errorf("by the recipe: %+v", again.Siting)
	}
	if said := do(0, "report", "verify", filepath.Join(out("out"), "punti.json")); !strings.HasPrefix(said, "SAME") {
		t.Errorf("verify what the recipe made: %s", said)
	}
	for _, bad := range [][]string{{"--siting", "99"}, {"--siting", "-1"}, {"--siting-service", "bakery"}, {"--siting", "1", "--siting-within", "soon"}, {"--siting", "1", "--siting-candidates", "a[b ="}} {
		do(2, append([]string{"report", "coverage", "-t", "2", "-s", "pharmacy,school", "-p", "straight-line"}, bad...)...)
	}
}

func decodeFile(t *testing.T, path string, into any) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, into); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}
