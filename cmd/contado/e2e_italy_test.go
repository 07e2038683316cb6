package main

import (
	"encoding/csv"
	"math"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geojson"
	"github.com/paulmach/orb/planar"

	"contado/scripts/shareddata"
)

// Two real territories without land cover: pharmacies in a straight line,
// people by municipality from the official table.
func TestItalyStraightLine(t *testing.T) {
	t.Parallel()
	bounds := shareddata.Path(t, "it-boundaries")
	people := shareddata.Path(t, "it-snai-aree-interne/mappa-ai-2020-comuni.csv")
	pharmacies := shareddata.Path(t, "it-lombardia-services/Elenco_Completo_Farmacie_20260215.csv")
	h := newHouse(t)
	h.must("ingest", filepath.Join(bounds, "limits_R_14_municipalities.geojson"), "-d", "molise", "--role", "territory")
	h.must("ingest", filepath.Join(bounds, "limits_P_16_municipalities.geojson"), "-d", "bergamo", "--role", "territory")
	h.must("ingest", people, "-d", "people", "--role", "population")
	said := h.must("ingest", pharmacies, "-d", "pharmacy", "--role", "service")
	if !strings.Contains(said, "3042 features") {
		t.Errorf("ingest of 3,042 pharmacies says: %s", said)
	}

	bergamo := h.report(t, "-t", "016", "-s", "pharmacy", "--within", "15m,30m")
	if bergamo.Profile != "straight-line" {
		t.Errorf("profile %q, want straight-line: there is no land cover", bergamo.Profile)
	}
	known := snaiPeople(t, people)
	if len(bergamo.Areas) != 243 {
		t.Errorf("%d municipalities, want 243", len(bergamo.Areas))
	}
	for _, a := range bergamo.Areas {
		closeTo(t, a.Code+" "+a.Name+" people", a.Population, known[a.Code], 1e-6)
	}
	want := withinByHaversine(t, filepath.Join(bounds, "limits_P_16_municipalities.geojson"), pharmacies, known, 900*5/3.6)
	closeTo(t, "people of Bergamo within 15 minutes", bergamo.Coverage[0].Covered, want, 0.005)

	// Molise is 400 km from the nearest pharmacy of this register: nobody is
	// covered, nobody is lost, and the region is known by its parts alone.
	molise := h.report(t, "-t", "14", "-s", "pharmacy", "--within", "30m")
	if molise.Territory.Name != "Molise" || len(molise.Areas) != 136 {
		t.Errorf("territory %q with %d municipalities, want Molise with 136", molise.Territory.Name, len(molise.Areas))
	}
	total := 0.0
	for _, a := range molise.Areas {
		total += known[a.Code]
	}
	closeTo(t, "people of Molise", molise.Population, total, 1e-9)
	if c := molise.Coverage[0]; c.Covered != 0 || c.Unreachable != 0 {
		t.Errorf("Molise: %+v, want everyone not covered", c)
	}

	html := filepath.Join(t.TempDir(), "bergamo.html")
	h.must("report", "coverage", "-t", "016", "-s", "pharmacy", "-o", html+","+strings.TrimSuffix(html, "html")+"csv", "--lang", "it")
	b, err := os.ReadFile(html)
	if err != nil {
		t.Fatal(err)
	}
	for _, must := range []string{`lang="it"`, "<svg", "Bergamo", "Valbondione"} {
		if !strings.Contains(string(b), must) {
			t.Errorf("the HTML report lacks %q", must)
		}
	}
	for _, never := range []string{"<script", "http-equiv=\"refresh\"", "src=\"http", "url(http"} {
		if strings.Contains(string(b), never) {
			t.Errorf("the HTML report holds %q: it must stand alone", never)
		}
	}
}

// snaiPeople reads residents by municipality code.
func snaiPeople(t *testing.T, path string) map[string]float64 {
	t.Helper()
	people := map[string]float64{}
	for _, row := range records(t, path) {
		v, err := strconv.ParseFloat(row["pop_res_2020"], 64)
		if err != nil {
			t.Fatal(err)
		}
		people[row["procom_t"]] = v
	}
	return people
}

func records(t *testing.T, path string) []map[string]string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var out []map[string]string
	for _, r := range rows[1:] {
		m := map[string]string{}
		for i, k := range rows[0] {
			m[k] = r[i]
		}
		out = append(out, m)
	}
	return out
}

// withinByHaversine counts people within a distance of any pharmacy with
// points on a lattice in each municipality and distances on the sphere.
func withinByHaversine(t *testing.T, areas, pharmacies string, people map[string]float64, metres float64) float64 {
	t.Helper()
	b, err := os.ReadFile(areas)
	if err != nil {
		t.Fatal(err)
	}
	fc, err := geojson.UnmarshalFeatureCollection(b)
	if err != nil {
		t.Fatal(err)
	}
	var points []orb.Point
	for _, row := range records(t, pharmacies) {
		lon, err1 := strconv.ParseFloat(strings.Replace(row["LONGITUDINE"], ",", ".", 1), 64)
		lat, err2 := strconv.ParseFloat(strings.Replace(row["LATITUDINE"], ",", ".", 1), 64)
		if err1 == nil && err2 == nil {
			points = append(points, orb.Point{lon, lat})
		}
	}
	sort.Slice(points, func(i, j int) bool { return points[i][1] < points[j][1] })
	within := 0.0
	for _, f := range fc.Features {
		code, _ := f.Properties["com_istat_code"].(string)
		inside, near := 0, 0
		box := f.Geometry.Bound()
		step := math.Max(box.Max[0]-box.Min[0], box.Max[1]-box.Min[1]) / 60
		for lat := box.Min[1] + step/2; lat < box.Max[1]; lat += step {
			for lon := box.Min[0] + step/2; lon < box.Max[0]; lon += step {
				p := orb.Point{lon, lat}
				if !contains(f.Geometry, p) {
					continue
				}
				inside++
				from := sort.Search(len(points), func(i int) bool { return points[i][1] > lat-0.02 })
				for _, q := range points[from:] {
					if q[1] > lat+0.02 {
						break
					}
					if haversine(p, q) <= metres {
						near++
						break
					}
				}
			}
		}
		within += people[code] * float64(near) / float64(inside)
	}
	return within
}

func contains(g orb.Geometry, p orb.Point) bool {
	switch g := g.(type) {
	case orb.Polygon:
		return planar.PolygonContains(g, p)
	case orb.MultiPolygon:
		return planar.MultiPolygonContains(g, p)
	}
	return false
}

func haversine(a, b orb.Point) float64 {
	const radius, deg = 6371008.8, math.Pi / 180
	dLat, dLon := (b[1]-a[1])*deg/2, (b[0]-a[0])*deg/2
	h := math.Pow(math.Sin(dLat), 2) + math.Cos(a[1]*deg)*math.Cos(b[1]*deg)*math.Pow(math.Sin(dLon), 2)
	return 2 * radius * math.Asin(math.Sqrt(h))
}

// Heights of the municipalities of South Tyrol from a grid in UTM that covers
// only some of them, against GDAL's own warp and mask.
func TestVinschgauHeights(t *testing.T) {
	t.Parallel()
	dem := shareddata.Path(t, "it-vinschgau-dem/elev_vinschgau.tif")
	areas := shareddata.Path(t, "it-boundaries/limits_P_21_municipalities.geojson")
	h := newHouse(t)
	h.must("ingest", dem, "-d", "dem", "--role", "elevation")
	h.must("ingest", areas, "-d", "comuni", "--role", "territory")
	out := filepath.Join(t.TempDir(), "heights.csv")
	h.must("zonal", "--dataset", "dem", "--areas", "comuni", "--stats", "count,mean,min,max,inside,area_ha", "-o", out)
	table := readTable(t, out)
	if len(table) != 116 {
		t.Fatalf("%d municipalities, want 116", len(table))
	}
	grid := readENVI(t, dem)
	inside, outside := 0, 0
	for name, v := range table {
		switch {
		case v["inside"] == 0:
			outside++
			if v["count"] != 0 {
				t.Errorf("%s lies outside and counts %g cells", name, v["count"])
			}
		case v["inside"] > 0.999999:
			inside++
			if v["min"] > v["mean"] || v["mean"] > v["max"] {
				t.Errorf("%s: min %g, mean %g, max %g", name, v["min"], v["mean"], v["max"])
			}
		}
	}
	if inside < 10 || outside < 50 {
		t.Errorf("%d municipalities wholly inside, %d outside: not what the map shows", inside, outside)
	}
	// The valley's own municipality, clipped apart from the program.
	schlanders := warpedArea(t, areas, "Silandro")
	sum, count := grid.clipSum(schlanders)
	for name, v := range table {
		if strings.HasPrefix(name, "Silandro") {
			closeTo(t, name+" mean height", v["mean"], sum/count, 1e-5)
			closeTo(t, name+" cells", v["count"], count, 1e-5)
			return
		}
	}
	t.Error("Silandro/Schlanders is not in the table")
}

// warpedArea is a municipality's polygons in UTM 32 N by GDAL.
func warpedArea(t *testing.T, path, prefix string) orb.MultiPolygon {
	t.Helper()
	out := filepath.Join(t.TempDir(), "utm.geojson")
	runTool(t, "ogr2ogr", "-f", "GeoJSON", "-lco", "RFC7946=NO", "-lco", "COORDINATE_PRECISION=9", "-t_srs", "EPSG:32632", "-segmentize", "0.0005", "-nlt", "MULTIPOLYGON", out, path)
	b, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	fc, err := geojson.UnmarshalFeatureCollection(b)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range fc.Features {
		if name, _ := f.Properties["name"].(string); strings.HasPrefix(name, prefix) {
			if mp, ok := f.Geometry.(orb.MultiPolygon); ok {
				return mp
			}
		}
	}
	t.Fatalf("no municipality %s…", prefix)
	return nil
}

// tileOf is the web map tile that holds a position.
func tileOf(lon, lat float64, z int) (x, y int) {
	n := math.Exp2(float64(z))
	r := lat * math.Pi / 180
	x = int((lon + 180) / 360 * n)
	y = int((1 - math.Log(math.Tan(r)+1/math.Cos(r))/math.Pi) / 2 * n)
	return x, y
}
