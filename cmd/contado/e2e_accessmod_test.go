package main

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
)

// AccessMod's demonstration: tables of reviewed figures, and minutes cell by
// cell against GRASS r.cost.
func TestSpearfishAccessMod(t *testing.T) {
	t.Parallel()
	h := newSpearfish(t)
	scenario := h.only(t, filepath.Join("table_model__demo", "*.csv"))
	base := []string{"accessmod", "-t", "zones", "-s", "clinics", "--scenario", scenario}
	run := func(args ...string) { h.must(slices.Concat(base, args)...) }
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }

	run("--within", "30m,60m,120m", "--knight", "--max", "2h", "--capacity", "capacity", "--order", "time:120",
		"-o", at("zones.csv")+","+at("all.json"), "--capacity-out", at("capacity.csv"))
	sameTable(t, at("zones.csv"), filepath.Join("testdata", "spearfish_accessmod_zones.csv"))
	sameTable(t, at("capacity.csv"), filepath.Join("testdata", "spearfish_accessmod_capacity.csv"))
	accessModLaws(t, at("all.json"))

	// The `<` of old counts nobody of the last minute.
	run("--within", "10m", "-o", at("inclusive.csv"))
	run("--within", "10m", "--strict", "-o", at("strict.csv"))
	run("--within", "9m", "-o", at("nine.csv"))
	strict, nine, inclusive := csvRows(t, at("strict.csv")), csvRows(t, at("nine.csv")), csvRows(t, at("inclusive.csv"))
	for i := range strict[1:] {
		if strict[i+1][4] != nine[i+1][4] || strict[i+1][4] == inclusive[i+1][4] {
			t.Errorf("zone %s: strict at 10 minutes %s, inclusive at 9 %s, at 10 %s", strict[i+1][1], strict[i+1][4], nine[i+1][4], inclusive[i+1][4])
		}
	}
	for _, flag := range []string{"", "-k"} {
		compareWithRCost(t, h, scenario, flag, run)
	}
	h.refuse(exitUsage, append(base, "--within", "90s")...)
}

// accessModLaws holds an answer to what must be true of any.
func accessModLaws(t *testing.T, file string) {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var r struct {
		Schema string
		Method struct {
			BridgesClosed int `json:"bridges_closed"`
			Stack         []string
		}
		People   struct{ Total, Unreachable float64 }
		Zones    []struct{ PopTotal, PopTravelTime float64 }
		Capacity []struct {
			Capacity, AmCapacityRealised, AmCapacityResidual, AmPopCoveredPercent float64
		}
		Unplaced []struct{ Name, Reason string }
		Inputs   []struct{ SHA256 string }
	}
	decode(t, b, &r)
	if r.Schema != "contado/accessmod/1" || r.Method.BridgesClosed == 0 || len(r.Method.Stack) != 4 || r.Method.Stack[3] != "landcover" || len(r.Inputs) != 8 {
		t.Errorf("method %+v, %d inputs", r.Method, len(r.Inputs))
	}
	total := 0.0
	for i, z := range r.Zones {
		if i%3 == 0 {
			total += z.PopTotal
		}
		if i%3 > 0 && z.PopTravelTime < r.Zones[i-1].PopTravelTime || z.PopTravelTime > z.PopTotal {
			t.Errorf("zones %+v: fewer people within a longer time, or more than there are", r.Zones)
		}
	}
	closeTo(t, "sum of zones", total, r.People.Total, 1e-12)
	covered := 0.0
	for _, f := range r.Capacity {
		closeTo(t, "realised + residual", f.AmCapacityRealised+f.AmCapacityResidual, f.Capacity, 1e-12)
		if f.AmPopCoveredPercent < covered {
			t.Errorf("a facility lowers the covered from %g to %g %%", covered, f.AmPopCoveredPercent)
		}
		covered = f.AmPopCoveredPercent
	}
	if len(r.Unplaced) != 2 || r.Unplaced[0].Reason != "on a barrier" {
		t.Errorf("unplaced %+v, want the two facilities that stand on barriers", r.Unplaced)
	}
}

// compareWithRCost lets GRASS burn, stack, close bridges and walk. Its lines
// take up slightly fewer cells than ours, which count corners; hence cells of
// a few roads and banks differ.
func compareWithRCost(t *testing.T, h *spearfish, scenario, flag string, run func(args ...string)) {
	t.Helper()
	grass, err := exec.LookPath("grass")
	if err != nil {
		t.Logf("GRASS GIS is not installed (Debian package grass-core): minutes are not compared with r.cost")
		return
	}
	dir := t.TempDir()
	rules := filepath.Join(dir, "rules.txt")
	writeRules(t, rules, scenario)
	script, err := filepath.Abs(filepath.Join("testdata", "accessmod_oracle.sh"))
	if err != nil {
		t.Fatal(err)
	}
	land, people := h.raster(t, "land_cover__demo"), h.raster(t, "population__demo")
	cmd := exec.Command(grass, "--tmp-location", h.raster(t, "DEM"), "--exec", "sh", script, dir, land, people,
		h.shape(t, "road__demo"), h.shape(t, "barrier__demo_river"), h.shape(t, "barrier_restricted_area"),
		h.shape(t, "zone_admin__city"), h.shape(t, "health_facilities__demo"), rules, flag)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "HOME="+dir)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("grass: %v\n%s", err, out)
	}
	ours := filepath.Join(dir, "ours.tif")
	args := []string{"--isotropic", "-o", ours}
	if flag == "-k" {
		args = append(args, "--knight")
	}
	run(args...)
	out, err := exec.Command("/usr/bin/python3", filepath.Join("testdata", "accessmod_compare.py"), ours, filepath.Join(dir, "minutes.tif"), people, "10").Output()
	if err != nil {
		t.Fatalf("accessmod_compare.py: %v", err)
	}
	var got struct {
		Cells, Differ, Reached float64
		People, Ours, Grass    float64
	}
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Logf("r.cost %s: %s", flag, out)
	if got.Reached < 0.85*got.Cells || got.Differ > 0.02*got.Cells || math.Abs(got.Ours-got.Grass) > 0.005*got.People {
		t.Errorf("r.cost %s: %s", flag, out)
	}
}

// writeRules writes the seconds a cell of each class, for r.recode.
func writeRules(t *testing.T, file, scenario string) {
	t.Helper()
	const cell = 30.015797788309637
	text := ""
	for _, row := range csvRows(t, scenario)[1:] {
		kmh, err := strconv.ParseFloat(row[2], 64)
		if err != nil {
			t.Fatal(err)
		}
		text += fmt.Sprintf("%[1]s:%[1]s:%.15[2]g:%.15[2]g\n", row[0], 3.6*cell/kmh)
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func csvRows(t *testing.T, file string) [][]string {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return rows
}

// sameTable compares two CSV files: numbers to nine digits.
func sameTable(t *testing.T, got, want string) {
	t.Helper()
	a, b := csvRows(t, got), csvRows(t, want)
	if len(a) != len(b) {
		t.Fatalf("%s has %d rows, want %d", filepath.Base(got), len(a), len(b))
	}
	for i := range a {
		for k := range a[i] {
			x, errX := strconv.ParseFloat(a[i][k], 64)
			y, errY := strconv.ParseFloat(b[i][k], 64)
			same := a[i][k] == b[i][k] || errX == nil && errY == nil && math.Abs(x-y) <= 1e-9*max(1, math.Abs(y))
			if !same {
				t.Errorf("%s, row %d, %s: %s, reviewed %s", filepath.Base(got), i, b[0][k], a[i][k], b[i][k])
			}
		}
	}
}
