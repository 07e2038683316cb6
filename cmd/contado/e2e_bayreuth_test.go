package main

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"contado/geo/travel/road"
	"contado/scripts/shareddata"
)

// TestNorthBayreuth: hills across two tiles of elevation, roads and paths of
// OpenStreetMap, no land cover.
func TestNorthBayreuth(t *testing.T) {
	t.Parallel()
	data := shareddata.Path(t, "de-north-bayreuth-osm-dem")
	h := newHouse(t)
	h.must("ingest", filepath.Join(data, "north-bayreuth.osm.gz"), "--dataset", "osm")
	h.must("ingest", filepath.Join(data, "N49E011.hgt.zip"), filepath.Join(data, "N50E011.hgt.zip"), "--dataset", "dem", "--role", "elevation")
	_, said, code := h.run("travel", "time", "--bbox", "11.481,49.972,11.605,50.047", "--to", "osm-services:pharmacy", "--profile", "bicycle", "--tif", filepath.Join(t.TempDir(), "t.tif"))
	if code != 0 || !strings.Contains(said, "walking-open") || strings.Contains(said, "taken as flat") {
		t.Fatalf("exit code %d; it should say that the ground is open, and not that it is flat:\n%s", code, said)
	}
	t.Run("heights", func(t *testing.T) { bayreuthHeights(t, h, data) })
	t.Run("journeys", func(t *testing.T) { bayreuthJourneys(t, h) })
}

// bayreuthHeights holds the heights of the network's nodes against GDAL's
// cells, on both tiles and across their seam.
func bayreuthHeights(t *testing.T, h *house, data string) {
	files, err := filepath.Glob(filepath.Join(h.data, "datasets/osm-roads/v1/*"+road.Extension))
	if err != nil || len(files) != 1 {
		t.Fatalf("graphs kept with the version of the roads: %v %v", files, err)
	}
	net, err := road.Open(files[0])
	if err != nil {
		t.Fatal(err)
	}
	defer net.Close()
	var places bytes.Buffer
	for i := range net.Nodes() {
		at, _ := net.Node(i)
		fmt.Fprintf(&places, "%.7f %.7f\n", at[0], at[1])
	}
	cmd := exec.Command("/usr/bin/python3", "testdata/dem_oracle.py", filepath.Join(data, "N49E011.hgt.zip"), filepath.Join(data, "N50E011.hgt.zip"))
	cmd.Stdin = &places
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("dem_oracle.py: %v", err)
	}
	lines := strings.Fields(string(out))
	if len(lines) != net.Nodes() {
		t.Fatalf("%d heights of %d nodes", len(lines), net.Nodes())
	}
	south, north, seam, deck := 0, 0, 0, 0
	for i, line := range lines {
		at, z := net.Node(i)
		var want float64
		if _, err := fmt.Sscan(line, &want); err != nil {
			t.Fatal(err)
		}
		switch {
		case math.IsNaN(want) || math.Abs(at[1]-50) < 1.0/1200: // the tiles share a row there
			if z != z {
				t.Errorf("the node at %v, on the seam, has no height", at)
			}
			seam++
			continue
		case at[1] < 50:
			south++
		default:
			north++
		}
		if math.Abs(float64(z)-want) > 0.01 {
			deck++ // within a bridge
		}
	}
	if south < 500 || north < 500 || seam == 0 || deck > 20 {
		t.Errorf("heights of %d nodes in the south, %d in the north, %d on the seam; %d are not those of GDAL", south, north, seam, deck)
	}
}

// bayreuthReviewed are journeys between a hill in the north-west and a village
// in the south-east, 63 m lower, minutes: reviewed leg by leg (rides of 15
// km/h on the level, 4 km/h up the 5 % of Bremermühle and 27 down it).
var bayreuthReviewed = map[string]float64{
	"bicycle there": 78.1, "bicycle back": 61.2, "car there": 17.0, "walking there": 98.9,
}

func bayreuthJourneys(t *testing.T, h *house) {
	const hill, village = "11.50,50.02", "11.58,49.985"
	got := map[string]float64{}
	for name, c := range map[string][3]string{
		"bicycle there": {hill, village, "bicycle"}, "bicycle back": {village, hill, "bicycle"}, "e-bike there": {hill, village, "e-bike"},
		"car there": {hill, village, "car"}, "walking there": {hill, village, "walking"},
	} {
		out := filepath.Join(t.TempDir(), "j.json")
		h.must("travel", "explain", "--from", c[0], "--to", c[1], "--profile", c[2], "-o", out)
		body, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		var j struct {
			Seconds float64
			Legs    []struct{ Seconds float64 }
		}
		decode(t, body, &j)
		got[name] = j.Seconds / 60
		sum := 0.0
		for _, l := range j.Legs {
			sum += l.Seconds
		}
		closeTo(t, name+": seconds of the legs", sum, j.Seconds, 1e-3)
	}
	for name, want := range bayreuthReviewed {
		closeTo(t, name+", minutes", got[name], want, 0.01)
	}
	if got["e-bike there"] >= got["bicycle there"] {
		t.Errorf("an e-bike takes %g minutes, a bicycle %g", got["e-bike there"], got["bicycle there"])
	}
	// Without heights the way there and back differ by one-way roads alone.
	flat := h.must("travel", "explain", "--from", hill, "--to", village, "--profile", "bicycle", "--elevation", "none")
	if !strings.Contains(flat, "flat") || strings.Contains(flat, ", up ") {
		t.Errorf("on flat ground:\n%s", flat)
	}
}
