package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"contado/geo/recipe"
)

func TestSplitServices(t *testing.T) {
	t.Parallel()
	got := split([]string{"a, b:c", "d[x IN ('1', '2')],e", ""})
	if strings.Join(got, "|") != "a|b:c|d[x IN ('1', '2')]|e" {
		t.Errorf("split: %q", got)
	}
}

// twoAreas is a data folder under dir of areas 1 and 2, with 900 and 1100
// people, one pharmacy and two schools; what it returns runs commands on it.
func twoAreas(t *testing.T, dir string) func(want int, args ...string) string {
	t.Helper()
	file := textFiles(t, dir)
	do := func(want int, args ...string) string {
		t.Helper()
		var out, errs bytes.Buffer
		if code := run(t.Context(), append([]string{"--data", filepath.Join(dir, "data"), "-q"}, args...), &out, &errs); code != want {
			t.Fatalf("%v: code %d, want %d\n%s%s", args, code, want, out.String(), errs.String())
		}
		return out.String() + errs.String()
	}
	square := func(code string, x string, east string) string {
		return `{"type":"Feature","properties":{"code":"` + code + `","name":"Area ` + code + `"},"geometry":{"type":"Polygon","coordinates":[[[` + x + `,46],[` + east + `,46],[` + east + `,46.03],[` + x + `,46.03],[` + x + `,46]]]}}`
	}
	do(0, "ingest", file("areas.geojson", collection(square("1", "10", "10.04"), square("2", "10.04", "10.08"))), "--dataset", "areas", "--role", "territory")
	do(0, "ingest", file("people.csv", "code,name,population\n1,Area 1,900\n2,Area 2,1100\n"), "--dataset", "people", "--role", "population")
	do(0, "ingest", file("pharmacy.geojson", collection(point("10.01,46.01"))), "--dataset", "pharmacy", "--role", "service")
	do(0, "ingest", file("school.geojson", collection(point("10.03,46.02"), point("10.07,46.01"))), "--dataset", "school", "--role", "service")
	return do
}

// textFiles writes files into a folder.
func textFiles(t *testing.T, dir string) func(name, text string) string {
	return func(name, text string) string {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
}

func point(at string) string {
	return `{"type":"Feature","properties":{"name":"P"},"geometry":{"type":"Point","coordinates":[` + at + `]}}`
}

func collection(list ...string) string {
	return `{"type":"FeatureCollection","features":[` + strings.Join(list, ",") + `]}`
}

// A study is computed, verified, compared and made again by its recipe; a
// changed input is told from a changed number.
func TestReportLife(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file, do := textFiles(t, dir), twoAreas(t, dir)

	first := filepath.Join(dir, "first.json")
	recipeFile := file("r.yaml", "recipe: contado/1\nname: prova\nterritories: [\"1\"]\nservices: [pharmacy, school]\nprofiles: [straight-line]\nthresholds: [10m, 20m]\nschedule: monthly\n")
	said := do(0, "report", "coverage", "-t", "1", "-s", "pharmacy,school", "-p", "straight-line", "--within", "10m,20m", "-o", first+","+filepath.Join(dir, "r.html")+","+filepath.Join(dir, "r.zip")+","+filepath.Join(dir, "r.gpkg")+","+filepath.Join(dir, "r.xlsx"))
	if !strings.Contains(said, "900 people") || !strings.Contains(said, "lack") {
		t.Errorf("study: %s", said)
	}
	if said := do(0, "report", "verify", first); !strings.HasPrefix(said, "SAME") {
		t.Errorf("verify: %s", said)
	}
	if said := do(0, "recipe", "check", recipeFile); !strings.Contains(said, "next on") {
		t.Errorf("check: %s", said)
	}
	do(0, "recipe", "run", recipeFile, "--dir", filepath.Join(dir, "out"))
	for lang, words := range map[string][3]string{
		"en": {"(0 people)", "The settings are the same.", "Other"},
		"it": {"(0 persone)", "Le impostazioni sono le stesse.", "Altr"},
	} {
		said := do(0, "report", "compare", first, filepath.Join(dir, "out", "prova.json"), "--lang", lang)
		if !strings.Contains(said, words[0]) || !strings.Contains(said, words[1]) || strings.Contains(said, words[2]) {
			t.Errorf("compare in %s: %s", lang, said)
		}
	}
	if said := do(0, "recipe", "schedule", recipeFile); !strings.Contains(said, "prova: monthly; next on") {
		t.Errorf("schedule: %s", said)
	}
	do(0, "recipe", "schedule", "--remove", "prova")

	b, err := os.ReadFile(first)
	if err != nil {
		t.Fatal(err)
	}
	forged := file("forged.json", strings.Replace(string(b), `"count": 1,`, `"count": 3,`, 1))
	if said := do(1, "report", "verify", forged); !strings.Contains(said, "DIFFERENT") || !strings.Contains(said, "3 in the report, 1 now") {
		t.Errorf("forged: %s", said)
	}
	do(0, "ingest", file("pharmacy.geojson", collection(point("10.01,46.01"), point("10.02,46.02"))), "--dataset", "pharmacy", "--role", "service", "--replace")
	if said := do(1, "report", "verify", first); !strings.Contains(said, "INPUTS CHANGED") || !strings.Contains(said, "pharmacy was") {
		t.Errorf("after new data: %s", said)
	}
}

// The job of a planned recipe is what the process for studies takes.
func TestStudyJob(t *testing.T) {
	t.Parallel()
	r, err := recipe.Parse(strings.NewReader("recipe: contado/1\nname: prova\nterritories: [\"016\"]\nservices: [pharmacy]\nthresholds: [15m]\nschedule: daily\noutputs: {formats: [pdf]}\n"))
	if err != nil {
		t.Fatal(err)
	}
	b, err := studyJob(r, "016", time.Date(2026, 11, 22, 6, 5, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	want := `{"inputs":{"report_id":"prova-261122-0605","services":["pharmacy"],"territory":"016","thresholds":["15m"]},"name":"prova"}`
	if string(b) != want {
		t.Errorf("job %s, want %s", b, want)
	}
}
