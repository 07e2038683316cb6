package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"contado/geo/coverage"
	"contado/geo/travel"
	"contado/geo/travel/road"
	"contado/scripts/shareddata"
)

// The communes of Liechtenstein with their people, from the same extract.
const liPeople = `code,name,population
R1155948,Triesenberg,2634
R1155952,Schaan,5933
R1155945,Triesen,4913
R1155953,Balzers,4539
R1155956,Vaduz,5229
R1155949,Eschen,4284
R1155951,Mauren,4138
R1155950,Ruggell,2065
R1155947,Gamprin,1636
R1155954,Planken,430
R1155946,Schellenberg,1037
`

const (
	liAll = "R1155955"
	liBox = "9.471,47.048,9.636,47.271"
)

// liHouse is Liechtenstein out of one OpenStreetMap file.
func liHouse(t *testing.T) *house {
	t.Helper()
	pbf := shareddata.Path(t, "li-liechtenstein-osm/liechtenstein-latest.osm.pbf")
	h := newHouse(t)
	h.must("ingest", pbf, "--dataset", "osm")
	people := filepath.Join(t.TempDir(), "people.csv")
	if err := os.WriteFile(people, []byte(liPeople), 0o600); err != nil {
		t.Fatal(err)
	}
	h.must("ingest", people, "--dataset", "people", "--role", "population")
	return h
}

// TestLiechtenstein: 11 communes and six services out of one file, on foot and
// by car.
func TestLiechtenstein(t *testing.T) {
	t.Parallel()
	h := liHouse(t)
	t.Run("coverage", func(t *testing.T) { liCoverage(t, h) })
	t.Run("network", func(t *testing.T) { liNetwork(t, h) })
	t.Run("times", func(t *testing.T) { liTimes(t, h) })
	t.Run("journeys", func(t *testing.T) { liJourneys(t, h) })
}

// liReviewed are people within 5, 15 and 30 minutes, spread evenly over their
// communes. Reviewed against the map: the hospital and most pharmacies lie in
// Vaduz and Schaan; half of the country's ground is mountains, so that even
// spread puts many people beyond every road. 200 ways are private or closed to
// walkers, among them some about the hospital: none of them is counted on.
var liReviewed = map[string][3]float64{
	"pharmacy walking":    {279, 2066, 5165},
	"pharmacy car":        {3389, 19406, 27072},
	"hospital walking":    {90, 845, 2418},
	"hospital car":        {1628, 10487, 26222},
	"school walking":      {1106, 7946, 17566},
	"school car":          {9170, 21606, 27788},
	"supermarket walking": {839, 6151, 14585},
	"supermarket car":     {8895, 22328, 29369},
	"post_office walking": {962, 7566, 17320},
	"post_office car":     {10139, 21987, 29038},
	"bus_stop walking":    {8723, 21065, 28133},
	"bus_stop car":        {17251, 25029, 31560},
}

func liCoverage(t *testing.T, h *house) {
	hidden, rows := 0, 0 // of the communes
	for _, service := range []string{"pharmacy", "hospital", "school", "supermarket", "post_office", "bus_stop"} {
		covered := map[string][3]float64{}
		for _, profile := range []string{"walking", "car"} {
			out := filepath.Join(t.TempDir(), service+profile+".json")
			h.must("report", "coverage", "-t", liAll, "-s", "osm-services:"+service, "--profile", profile, "--within", "5m,15m,30m", "-o", out)
			var rep coverage.Report
			body, err := os.ReadFile(out)
			if err != nil {
				t.Fatal(err)
			}
			decode(t, body, &rep)
			var got [3]float64
			for i, row := range rep.Coverage {
				got[i] = row.Covered
				closeTo(t, service+" "+profile+": everyone", row.Covered+row.Uncovered+row.Unreachable, 36838, 1e-9)
			}
			for _, a := range rep.Areas {
				for _, row := range a.Coverage {
					if rows++; row.Suppressed {
						hidden++
					}
				}
			}
			covered[profile] = got
			for i, want := range liReviewed[service+" "+profile] {
				closeTo(t, fmt.Sprintf("%s %s within threshold %d", service, profile, i), got[i], want, 0.01)
			}
		}
		for i := range 3 {
			if covered["car"][i] < covered["walking"][i] {
				t.Errorf("%s: %g by car, %g on foot: those who drive may walk too", service, covered["car"][i], covered["walking"][i])
			}
		}
	}
	// Crumbs of people spread evenly that no way leads to are told with those
	// beyond the time; only rows of which one or two people are hidden.
	if hidden == 0 || hidden > rows/20 {
		t.Errorf("%d of %d rows of communes are hidden", hidden, rows)
	}
}

// liNetwork holds times over the roads against Dijkstra's algorithm over the
// same rows in Python, vertex by vertex.
func liNetwork(t *testing.T, h *house) {
	files, err := filepath.Glob(filepath.Join(h.data, "datasets/osm-roads/v1/*"+road.Extension))
	if err != nil || len(files) != 1 {
		t.Fatalf("graphs kept with the version of the roads: %v %v", files, err)
	}
	net, err := road.Open(files[0])
	if err != nil {
		t.Fatal(err)
	}
	defer net.Close()
	car, err := travel.ProfileByName("car")
	if err != nil {
		t.Fatal(err)
	}
	g, err := net.Weigh(context.Background(), car, &road.WeighOptions{Unheeded: true})
	if err != nil {
		t.Fatal(err)
	}
	start := liStart(net, g)
	from, _ := net.Node(start)
	var seeds []road.Seed
	for e := range net.Edges() {
		a, b := net.Ends(e)
		if a == start {
			seeds = append(seeds, road.Seed{Edge: int32(e), Along: 0})
		}
		if b == start {
			seeds = append(seeds, road.Seed{Edge: int32(e), Along: 1})
		}
	}
	times, err := g.Search(context.Background(), seeds, road.Options{Direction: travel.FromFacility})
	if err != nil {
		t.Fatal(err)
	}
	want := roadsOracle(t, filepath.Join(h.data, "datasets/osm-roads/v1/osm-roads.gpkg"), car, from[0], from[1])
	reached := 0
	for i := range net.Nodes() {
		at, _ := net.Node(i)
		s, ok := want[fmt.Sprintf("%.7f %.7f", at[0], at[1])]
		got := times.Node(i)
		if ok != (got != road.Unreached) {
			t.Errorf("node at %v is reached: %t, by the oracle: %t", at, got != road.Unreached, ok)
			continue
		}
		// A millisecond an edge may be rounded.
		if ok && math.Abs(got.Seconds()-s) > 0.2+1e-5*s {
			t.Errorf("to %v: %g s, the oracle has %g", at, got.Seconds(), s)
		}
		if ok {
			reached++
		}
	}
	if reached < 3000 {
		t.Errorf("only %d of %d nodes are reached", reached, net.Nodes())
	}
}

// liStart is the node nearest to the government building in Vaduz that roads
// for cars leave and reach.
func liStart(net *road.Network, g *road.Graph) int {
	edge, _, _, _ := g.Nearest(9.5209, 47.1392, func(e int) bool { return g.Passable(2*e) && g.Passable(2*e+1) })
	from, _ := net.Ends(edge)
	return from
}

func roadsOracle(t *testing.T, gpkg string, p travel.Profile, lon, lat float64) map[string]float64 {
	t.Helper()
	kmh := map[string]float64{}
	for class := range p.Road.KMH {
		if s, ok := p.Speed(class); ok {
			kmh[class] = s.Mid
		}
	}
	body, err := json.Marshal(map[string]any{"kmh": kmh, "surface": p.Road.Surface, "share": p.Road.MaxspeedShare * p.SpeedFactor})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "profile.json")
	if err := os.WriteFile(file, body, 0o600); err != nil {
		t.Fatal(err)
	}
	var errs bytes.Buffer
	cmd := exec.Command("/usr/bin/python3", "testdata/roads_oracle.py", gpkg, file, fmt.Sprintf("%.7f", lon), fmt.Sprintf("%.7f", lat))
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("roads_oracle.py: %v\n%s", err, errs.String())
	}
	times := map[string]float64{}
	lines := bufio.NewScanner(bytes.NewReader(out))
	for lines.Scan() {
		var x, y, s float64
		if _, err := fmt.Sscan(lines.Text(), &x, &y, &s); err != nil {
			t.Fatal(err)
		}
		times[fmt.Sprintf("%.7f %.7f", x, y)] = s
	}
	return times
}

// liTimes makes the raster, the areas and the matrix, and holds them against
// each other.
func liTimes(t *testing.T, h *house) {
	dir := t.TempDir()
	tif, iso, csvPath := filepath.Join(dir, "t.tif"), filepath.Join(dir, "i.gpkg"), filepath.Join(dir, "m.csv")
	h.must("travel", "time", "-t", liAll, "--to", "osm-services:pharmacy", "--profile", "car", "--within", "60m", "--tif", tif, "--into", "time-to-pharmacy", "-o", filepath.Join(dir, "means.csv"))
	h.must("travel", "isochrone", "-t", liAll, "--to", "osm-services:pharmacy", "--profile", "car", "--within", "5m,15m,60m", "-o", iso)
	h.must("travel", "matrix", "-t", liAll, "--from", "osm-places", "--to", "osm-services:pharmacy", "--profile", "car", "-o", csvPath)
	if out := h.must("ls"); !strings.Contains(out, "time-to-pharmacy") {
		t.Errorf("the raster is no dataset: %s", out)
	}
	f, err := os.Open(csvPath)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil || len(rows) != 1+43*3 {
		t.Fatalf("%d rows of 43 places and 3 pharmacies: %v", len(rows), err)
	}
	// Planken has no pharmacy and lies above Schaan, some 7 minutes away.
	for _, r := range rows {
		if r[1] == "Planken" && r[3] == "Apotheke am Postplatz" {
			var s float64
			if _, err := fmt.Sscan(r[4], &s); err != nil {
				t.Fatal(err)
			}
			closeTo(t, "seconds from Planken to the pharmacy in Schaan", s, 374, 0.02)
		}
	}
	areasFollowTimes(t, tif, iso)
}

// areasFollowTimes looks at the centre of every cell: within the area of a
// limit exactly when its time is.
func areasFollowTimes(t *testing.T, tif, gpkg string) {
	t.Helper()
	out, err := exec.Command("/usr/bin/python3", "-c", `
import sys
from osgeo import gdal, ogr, osr
gdal.UseExceptions()
d = gdal.Open(sys.argv[1]); v = d.ReadAsArray(); g = d.GetGeoTransform()
wgs = osr.SpatialReference(); wgs.ImportFromEPSG(4326); wgs.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
src = osr.SpatialReference(d.GetProjection()); src.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
tr = osr.CoordinateTransformation(wgs, src)
o = ogr.Open(sys.argv[2])
for f in o.GetLayer(0):
    s = f.GetField("seconds"); geom = f.GetGeometryRef().Clone()
    if not geom.IsValid(): print("invalid", s)
    geom.Transform(tr)
    m = gdal.GetDriverByName("MEM").Create("", d.RasterXSize, d.RasterYSize, 1, gdal.GDT_Byte)
    m.SetGeoTransform(g); m.SetProjection(d.GetProjection())
    ds = ogr.GetDriverByName("Memory").CreateDataSource("m"); l = ds.CreateLayer("l", src)
    n = ogr.Feature(l.GetLayerDefn()); n.SetGeometry(geom); l.CreateFeature(n)
    gdal.RasterizeLayer(m, [1], l, burn_values=[1])
    inside = m.ReadAsArray() == 1
    within = (v >= 0) & (v <= s)
    # The raster is cut to the territory's box; areas reach beyond it.
    print(int(s), int(within.sum()), int((inside != within).sum()))`, tif, gpkg).CombinedOutput()
	if err != nil {
		t.Fatalf("python3: %v\n%s", err, out)
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	if len(lines) != 3 {
		t.Fatalf("areas: %s", out)
	}
	for _, line := range lines {
		var limit, within, wrong int
		if _, err := fmt.Sscan(line, &limit, &within, &wrong); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		// The way to degrees and back moves contours by less than a millionth of a cell.
		if within < 1000 || wrong > within/1000 {
			t.Errorf("%d s: %d cells within, %d on the wrong side of the area's outline", limit, within, wrong)
		}
	}
}

// liJourneys tells a journey three ways, and asks the server for the same.
func liJourneys(t *testing.T, h *house) {
	args := []string{"travel", "explain", "--from", "9.5209,47.1410", "--to", "osm-services:hospital", "--profile", "car", "--bbox", liBox}
	out := filepath.Join(t.TempDir(), "j.json")
	h.must(append(args, "-o", out)...)
	body, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	var j struct {
		Seconds float64
		Legs    []struct {
			Kind    string
			Seconds float64
			Name    string
			Source  string `json:"speed_source"`
		}
		Facility struct{ Name string }
	}
	decode(t, body, &j)
	sum, drives := 0.0, 0
	for _, l := range j.Legs {
		sum += l.Seconds
		if l.Kind == "drive" {
			drives++
			if l.Source == "" {
				t.Errorf("the speed on %s has no source", l.Name)
			}
		}
	}
	closeTo(t, "seconds of the legs", sum, j.Seconds, 1e-3)
	if j.Facility.Name != "Liechtensteinisches Landesspital" || drives == 0 {
		t.Errorf("to %q in %d drives", j.Facility.Name, drives)
	}
	if text := h.must(append(args, "--lang", "it")...); !strings.Contains(text, "in auto su") || !strings.Contains(text, "Heiligkreuz") {
		t.Errorf("in Italian:\n%s", text)
	}
	s := h.serve()
	var fc struct {
		Features []struct{ Properties map[string]any }
		About    struct{ Seconds float64 }
	}
	s.execute("travel-explain", map[string]any{"from": []float64{9.5209, 47.1410}, "service": "osm-services:hospital", "profile": "car", "bbox": []float64{9.471, 47.048, 9.636, 47.271}}, &fc)
	closeTo(t, "seconds of the server", fc.About.Seconds, j.Seconds, 1e-9)
	if len(fc.Features) < drives {
		t.Errorf("%d features of %d drives", len(fc.Features), drives)
	}
	var areas struct {
		Features []struct{ Properties map[string]float64 }
	}
	s.execute("isochrone", map[string]any{"territory": liAll, "places": [][]float64{{9.5209, 47.1410}}, "profile": "bicycle", "direction": "from-facility", "within": []any{300, "15m"}}, &areas)
	if len(areas.Features) != 2 || areas.Features[0].Properties["area_km2"] <= areas.Features[1].Properties["area_km2"] {
		t.Errorf("areas of the server: %+v", areas)
	}
	var matrix struct {
		Times []map[string]any
	}
	s.execute("travel-matrix", map[string]any{"bbox": []float64{9.471, 47.048, 9.636, 47.271}, "profile": "car", "from": []any{map[string]any{"lon": 9.5209, "lat": 47.1410, "name": "here"}}, "service": "osm-services:hospital"}, &matrix)
	if len(matrix.Times) != 1 {
		t.Fatalf("times of the server: %+v", matrix)
	}
	seconds, _ := matrix.Times[0]["seconds"].(float64)
	closeTo(t, "the same journey in the matrix", seconds, j.Seconds, 0.001)
}
