package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"contado/scripts/shareddata"
)

// coverageJSON is the part of a report that tools rely on.
type coverageJSON struct {
	Territory  struct{ Code, Name string }
	Service    string
	Profile    string
	Thresholds []float64 `json:"thresholds_s"`
	Population float64   `json:"population_total"`
	Coverage   []coverageRow
	Areas      []struct {
		Code, Name string
		Population float64
		Coverage   []coverageRow
		MedianS    *float64 `json:"median_s"`
		P90S       *float64 `json:"p90_s"`
	}
	Gaps []struct {
		Name       string
		Lon, Lat   float64
		Population float64
		TimeS      *float64 `json:"time_s"`
	}
	Inputs []struct {
		Dataset, Version, Role, SHA256 string
	}
	Method  map[string]any
	Program struct{ Version string }
	Notices []struct{ Code, Text string }
}

type coverageRow struct {
	Threshold                       float64 `json:"threshold_s"`
	Covered, Uncovered, Unreachable float64
	Share                           *float64
}

// checkSums holds every report to its law: nobody is lost.
func (r *coverageJSON) checkSums(t *testing.T) {
	t.Helper()
	check := func(what string, rows []coverageRow, people float64) {
		if len(rows) != len(r.Thresholds) {
			t.Errorf("%s has %d rows of coverage, want %d", what, len(rows), len(r.Thresholds))
		}
		for _, c := range rows {
			if sum := c.Covered + c.Uncovered + c.Unreachable; sum != people {
				t.Errorf("%s at %g s: covered + uncovered + unreachable = %.9g, population %.9g", what, c.Threshold, sum, people)
			}
		}
	}
	check("the territory", r.Coverage, r.Population)
	total := 0.0
	for _, a := range r.Areas {
		check(a.Name, a.Coverage, a.Population)
		total += a.Population
	}
	closeTo(t, "sum of areas", total, r.Population, 1e-12)
	if len(r.Inputs) == 0 || r.Program.Version == "" || len(r.Method) == 0 {
		t.Errorf("the report does not say what it was made from: inputs %v, program %q", r.Inputs, r.Program.Version)
	}
	for _, in := range r.Inputs {
		if len(in.SHA256) != 64 || in.Version == "" || in.Role == "" {
			t.Errorf("input %+v is not identified", in)
		}
	}
}

// report runs a coverage report and reads its JSON.
func (h *house) report(t *testing.T, args ...string) *coverageJSON {
	t.Helper()
	out := filepath.Join(t.TempDir(), "report.json")
	h.must(append([]string{"report", "coverage", "-o", out, "--hide-below", "0"}, args...)...) // the laws are about every number
	b, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	var r coverageJSON
	decode(t, b, &r)
	r.checkSums(t)
	return &r
}

const spearfishSpeeds = `# Walking speeds of the demonstration scenario (km/h).
kind,class,label,speed_kmh,slope,source
landcover,1,Grasslands,2,yes,demonstration scenario
landcover,2,Urban,5,yes,demonstration scenario
landcover,3,Sand,2,yes,demonstration scenario
landcover,4,Forest dense,3,yes,demonstration scenario
landcover,5,Forest sparse,4,yes,demonstration scenario
landcover,6,Shrubland,4,yes,demonstration scenario
road,1001,interstate,5,yes,demonstration scenario
road,1002,primary highway,5,yes,demonstration scenario
road,1003,secondary highway,5,yes,demonstration scenario
road,1004,light duty road,5,yes,demonstration scenario
road,1005,unimproved road,5,yes,demonstration scenario
`

// spearfish is the demonstration scenario of AccessMod, ingested.
type spearfish struct {
	*house
	dir string
}

func newSpearfish(t *testing.T) *spearfish {
	t.Helper()
	h := &spearfish{house: newHouse(t), dir: shareddata.Path(t, "us-spearfish-accessmod")}
	h.must("ingest", h.raster(t, "DEM"), "-d", "dem", "--role", "elevation")
	h.must("ingest", h.raster(t, "land_cover__demo"), "-d", "landcover", "--role", "landcover")
	h.must("ingest", h.raster(t, "population__demo"), "-d", "population", "--role", "population")
	h.must("ingest", h.shape(t, "zone_admin__city"), "-d", "zones", "--role", "territory", "--code-field", "cat", "--name-field", "zone")
	h.must("ingest", h.shape(t, "health_facilities__demo"), "-d", "clinics", "--role", "service")
	h.must("ingest", h.shape(t, "road__demo"), "-d", "roads", "--role", "road")
	h.must("ingest", h.shape(t, "barrier__demo_river"), "-d", "rivers", "--role", "barrier")
	h.must("ingest", h.shape(t, "barrier_restricted_area"), "-d", "restricted", "--role", "barrier")
	return h
}

func (h *spearfish) raster(t *testing.T, folder string) string {
	return h.only(t, filepath.Join(folder, "*.GeoTIFF"))
}

func (h *spearfish) shape(t *testing.T, folder string) string {
	return h.only(t, filepath.Join(folder, "*", "*.shp"))
}

func (h *spearfish) only(t *testing.T, pattern string) string {
	t.Helper()
	list, err := filepath.Glob(filepath.Join(h.dir, pattern))
	if err != nil || len(list) != 1 {
		t.Fatalf("%s: %v %v", pattern, list, err)
	}
	return list[0]
}

// Walking to six health facilities within 120 minutes, by zone, on a grid of
// an old datum (NAD27), against Dijkstra by SciPy over the same cells.
func TestSpearfish(t *testing.T) {
	t.Parallel()
	h := newSpearfish(t)
	speeds := filepath.Join(t.TempDir(), "speeds.csv")
	if err := os.WriteFile(speeds, []byte(spearfishSpeeds), 0o600); err != nil {
		t.Fatal(err)
	}
	base := []string{"-t", "zones", "-s", "clinics", "--within", "120m,30m", "--speeds", speeds, "--neighbours", "8"}
	open := h.report(t, append(base, "--roads", "none", "--barriers", "none")...)
	compareWithSciPy(t, open, h.raster(t, "DEM"), h.raster(t, "land_cover__demo"), h.raster(t, "population__demo"),
		h.shape(t, "zone_admin__city"), h.shape(t, "health_facilities__demo"))

	// Roads only help, barriers only hinder; 16 directions are never slower.
	roads := h.report(t, append(base, "--barriers", "none")...)
	fenced := h.report(t, base...)
	finer := h.report(t, append(base[:len(base)-2:len(base)-2], "--neighbours", "16", "--roads", "none", "--barriers", "none")...)
	for i, row := range open.Coverage {
		if roads.Coverage[i].Covered < row.Covered {
			t.Errorf("at %g s roads lower the covered from %g to %g", row.Threshold, row.Covered, roads.Coverage[i].Covered)
		}
		if fenced.Coverage[i].Covered > roads.Coverage[i].Covered {
			t.Errorf("at %g s barriers raise the covered from %g to %g", row.Threshold, roads.Coverage[i].Covered, fenced.Coverage[i].Covered)
		}
		if finer.Coverage[i].Covered < row.Covered {
			t.Errorf("at %g s 16 directions lower the covered from %g to %g", row.Threshold, row.Covered, finer.Coverage[i].Covered)
		}
	}
	if fenced.Coverage[0].Covered == roads.Coverage[0].Covered && fenced.Coverage[1].Covered == roads.Coverage[1].Covered {
		t.Error("rivers and restricted areas change nothing")
	}
}

// compareWithSciPy counts the same question with NumPy and SciPy: cells by
// GDAL, people and zones by cell centre, times by csgraph's Dijkstra.
func compareWithSciPy(t *testing.T, got *coverageJSON, files ...string) {
	t.Helper()
	out, err := exec.Command("/usr/bin/python3", append([]string{filepath.Join("testdata", "walking_oracle.py")}, files...)...).Output()
	if err != nil {
		t.Fatalf("walking_oracle.py: %v", err)
	}
	var want map[string]struct {
		People, Low30, High30, Low120, High120, Unreachable float64
	}
	if err := json.Unmarshal(out, &want); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if len(got.Areas) != 3 || len(want) != 3 {
		t.Fatalf("%d zones, oracle %d, want 3", len(got.Areas), len(want))
	}
	for _, a := range got.Areas {
		w, ok := want[a.Code]
		if !ok {
			t.Errorf("zone %q is not in the oracle", a.Code)
			continue
		}
		closeTo(t, a.Name+" people", a.Population, w.People, 1e-9)
		between(t, a.Name+" within 30 min", a.Coverage[0].Covered, w.Low30, w.High30)
		between(t, a.Name+" within 120 min", a.Coverage[1].Covered, w.Low120, w.High120)
		closeTo(t, a.Name+" unreachable", a.Coverage[1].Unreachable, w.Unreachable, 1e-9)
	}
}

// between allows for cells whose time is the threshold to within rounding.
func between(t *testing.T, what string, got, low, high float64) {
	t.Helper()
	if got < low || got > high || high-low > 0.001*high {
		t.Errorf("%s: got %g, want %g to %g", what, got, low, high)
	}
}
