package main

import (
	"encoding/binary"
	"encoding/csv"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/clip"
	"github.com/paulmach/orb/geojson"
	"github.com/paulmach/orb/planar"

	"contado/scripts/shareddata"
)

// An island of six municipalities: people, heights and land cover by
// municipality, against a count by polygon clipping and GDAL's own rasters.
func TestSaoMiguel(t *testing.T) {
	t.Parallel()
	dir := shareddata.Path(t, "pt-sao-miguel")
	h := newHouse(t)
	h.must("ingest", filepath.Join(dir, "concelhos.gpkg"), "-d", "concelhos", "--role", "territory", "--code-field", "name")
	h.must("ingest", filepath.Join(dir, "gpw_v411_2020_count_2020.tif"), "-d", "population", "--role", "population", "--published")
	h.must("ingest", filepath.Join(dir, "eu_dem_v11.tif"), "-d", "elevation", "--role", "elevation")
	h.must("ingest", filepath.Join(dir, "clc2018_v2020_20u1.tif"), "-d", "landcover", "--role", "landcover")

	areas := readConcelhos(t, dir)
	if len(areas) != 6 {
		t.Fatalf("%d concelhos, want 6", len(areas))
	}
	people := readENVI(t, filepath.Join(dir, "gpw_v411_2020_count_2020.tif"))
	heights := readENVI(t, filepath.Join(dir, "eu_dem_v11.tif"))
	cover := readENVI(t, filepath.Join(dir, "clc2018_v2020_20u1.tif"))

	sums := zonalCSV(t, h, "population", "sum,count")
	means := zonalCSV(t, h, "elevation", "mean,count,max")
	classes := zonalCSV(t, h, "landcover", "count", "--classes")
	for name, mp := range areas {
		sum, _ := people.clipSum(mp)
		closeTo(t, name+" people", sums[name]["sum"], sum, 1e-9)
		total, count := heights.clipSum(mp)
		closeTo(t, name+" mean height", means[name]["mean"], total/count, 1e-9)
		closeTo(t, name+" height cells", means[name]["count"], count, 1e-9)
		for class, ha := range cover.clipHectares(mp) {
			key := "class_" + strconv.Itoa(class) + "_ha"
			closeTo(t, name+" "+key, classes[name][key], ha, 1e-8)
		}
	}
	gdalAgrees(t, dir, sums)

	// The API answers the same.
	s := h.serve()
	var res struct {
		Areas []map[string]any
	}
	s.execute("zonal-statistics", map[string]any{
		"dataset": "population", "areas": map[string]any{"dataset": "concelhos"}, "stats": []string{"sum"},
	}, &res)
	if len(res.Areas) != 6 {
		t.Fatalf("the API answers for %d areas, want 6", len(res.Areas))
	}
	for _, a := range res.Areas {
		name, _ := a["name"].(string)
		got, _ := a["sum"].(float64)
		closeTo(t, name+" people by API", got, sums[name]["sum"], 1e-12)
	}
	var profile struct {
		AreaKm2    float64 `json:"area_km2"`
		Population struct{ Total float64 }
		LandCover  struct {
			Classes []struct{ Hectares float64 }
		} `json:"landcover"`
	}
	s.json("/territories/Nordeste/profile", &profile)
	closeTo(t, "people in the profile", profile.Population.Total, sums["Nordeste"]["sum"], 1e-9)
	ha := 0.0
	for _, c := range profile.LandCover.Classes {
		ha += c.Hectares
	}
	closeTo(t, "hectares of all classes against the polygon's area", ha/100, profile.AreaKm2, 2e-3)
}

func closeTo(t *testing.T, what string, got, want, rel float64) {
	t.Helper()
	if math.Abs(got-want) > rel*math.Max(1e-6, math.Abs(want)) || math.IsNaN(got) {
		t.Errorf("%s: got %.12g, want %.12g", what, got, want)
	}
}

// zonalCSV runs zonal over the concelhos and returns column → value by name.
func zonalCSV(t *testing.T, h *house, dataset, stats string, more ...string) map[string]map[string]float64 {
	t.Helper()
	out := filepath.Join(t.TempDir(), dataset+".csv")
	h.must(append([]string{"zonal", "--dataset", dataset, "--areas", "concelhos", "--stats", stats, "-o", out}, more...)...)
	return readTable(t, out)
}

// readTable reads a CSV with columns code, name and numbers.
func readTable(t *testing.T, path string) map[string]map[string]float64 {
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
	if len(rows) < 2 || rows[0][0] != "code" || rows[0][1] != "name" {
		t.Fatalf("columns %v, want code, name, …", rows[0])
	}
	table := map[string]map[string]float64{}
	for _, r := range rows[1:] {
		table[r[1]] = map[string]float64{}
		for i := 2; i < len(r); i++ {
			v, err := strconv.ParseFloat(r[i], 64)
			if err != nil && r[i] != "" {
				t.Fatalf("%s of %s is %q", rows[0][i], r[1], r[i])
			}
			table[r[1]][rows[0][i]] = v
		}
	}
	return table
}

func readConcelhos(t *testing.T, dir string) map[string]orb.MultiPolygon {
	t.Helper()
	out, err := exec.Command("ogr2ogr", "-f", "GeoJSON", "-lco", "COORDINATE_PRECISION=15", "/vsistdout/", filepath.Join(dir, "concelhos.gpkg")).Output()
	if err != nil {
		t.Fatalf("ogr2ogr: %v", err)
	}
	fc, err := geojson.UnmarshalFeatureCollection(out)
	if err != nil {
		t.Fatal(err)
	}
	areas := map[string]orb.MultiPolygon{}
	for _, f := range fc.Features {
		name, _ := f.Properties["name"].(string)
		switch g := f.Geometry.(type) {
		case orb.Polygon:
			areas[name] = orb.MultiPolygon{g}
		case orb.MultiPolygon:
			areas[name] = g
		}
	}
	return areas
}

// plain is a raster as GDAL's command line unpacks it.
type plain struct {
	width, height int
	x0, y0, dx    float64
	dy            float64 // positive: rows go down
	nodata        float64
	hasNodata     bool
	values        []float64
}

func readENVI(t *testing.T, path string) *plain {
	t.Helper()
	raw := filepath.Join(t.TempDir(), "raw")
	if out, err := exec.Command("gdal_translate", "-q", "-of", "ENVI", "-ot", "Float64", path, raw).CombinedOutput(); err != nil {
		t.Fatalf("gdal_translate: %v\n%s", err, out)
	}
	info, err := exec.Command("/usr/bin/python3", "-c", `
import sys
from osgeo import gdal
d = gdal.Open(sys.argv[1]); g = d.GetGeoTransform(); n = d.GetRasterBand(1).GetNoDataValue()
print(d.RasterXSize, d.RasterYSize, repr(g[0]), repr(g[3]), repr(g[1]), repr(-g[5]), "none" if n is None else repr(n))`, path).Output()
	if err != nil {
		t.Fatalf("python3: %v", err)
	}
	f := strings.Fields(string(info))
	num := func(i int) float64 {
		v, err := strconv.ParseFloat(f[i], 64)
		if err != nil {
			t.Fatalf("%q: %v", f[i], err)
		}
		return v
	}
	p := &plain{width: int(num(0)), height: int(num(1)), x0: num(2), y0: num(3), dx: num(4), dy: num(5)}
	if f[6] != "none" {
		p.nodata, p.hasNodata = num(6), true
	}
	b, err := os.ReadFile(raw)
	if err != nil {
		t.Fatal(err)
	}
	p.values = make([]float64, p.width*p.height)
	for i := range p.values {
		p.values[i] = math.Float64frombits(binary.LittleEndian.Uint64(b[i*8:]))
	}
	return p
}

func (p *plain) valid(v float64) bool {
	return !math.IsNaN(v) && (!p.hasNodata || float32(v) != float32(p.nodata))
}

// visit calls do with every cell and the share of it within the polygons,
// found by clipping the polygons into ever smaller quarters.
func (p *plain) visit(mp orb.MultiPolygon, do func(col, row int, share float64)) {
	var split func(g orb.MultiPolygon, c0, r0, c1, r1 int)
	split = func(g orb.MultiPolygon, c0, r0, c1, r1 int) {
		box := orb.Bound{
			Min: orb.Point{p.x0 + float64(c0)*p.dx, p.y0 - float64(r1)*p.dy},
			Max: orb.Point{p.x0 + float64(c1)*p.dx, p.y0 - float64(r0)*p.dy},
		}
		g = clip.MultiPolygon(box, g.Clone())
		if len(g) == 0 {
			return
		}
		full := (box.Max[0] - box.Min[0]) * (box.Max[1] - box.Min[1])
		share := math.Abs(planar.Area(g)) / full
		switch {
		case share < 1e-13:
		case share > 1-1e-12:
			for r := r0; r < r1; r++ {
				for c := c0; c < c1; c++ {
					do(c, r, 1)
				}
			}
		case c1-c0 == 1 && r1-r0 == 1:
			do(c0, r0, share)
		case c1-c0 >= r1-r0:
			m := (c0 + c1) / 2
			split(g, c0, r0, m, r1)
			split(g, m, r0, c1, r1)
		default:
			m := (r0 + r1) / 2
			split(g, c0, r0, c1, m)
			split(g, c0, m, c1, r1)
		}
	}
	split(mp, 0, 0, p.width, p.height)
}

func (p *plain) clipSum(mp orb.MultiPolygon) (sum, count float64) {
	p.visit(mp, func(c, r int, share float64) {
		if v := p.values[r*p.width+c]; p.valid(v) {
			sum += share * v
			count += share
		}
	})
	return sum, count
}

// clipHectares integrates the ellipsoid's surface over each class.
func (p *plain) clipHectares(mp orb.MultiPolygon) map[int]float64 {
	area := make([]float64, p.height)
	for r := range area {
		area[r] = ellipsoidStrip(p.y0-float64(r+1)*p.dy, p.y0-float64(r)*p.dy) * p.dx * math.Pi / 180
	}
	ha := map[int]float64{}
	p.visit(mp, func(c, r int, share float64) {
		if v := p.values[r*p.width+c]; p.valid(v) {
			ha[int(v)] += share * area[r] / 1e4
		}
	})
	return ha
}

// ellipsoidStrip is the area in m² between two latitudes (degrees) for one
// radian of longitude, by Simpson's rule over M·N·cos φ on WGS84.
func ellipsoidStrip(lat0, lat1 float64) float64 {
	const a, f = 6378137.0, 1 / 298.257223563
	e2 := f * (2 - f)
	density := func(deg float64) float64 {
		s, c := math.Sincos(deg * math.Pi / 180)
		w := 1 - e2*s*s
		return a * a * (1 - e2) * c / (w * w)
	}
	h := (lat1 - lat0) * math.Pi / 180
	return h / 6 * (density(lat0) + 4*density((lat0+lat1)/2) + density(lat1))
}

// gdalAgrees compares with a count that GDAL makes by burning the polygons
// into a raster of 20 × 20 subcells each: good to the subcells on the border.
func gdalAgrees(t *testing.T, dir string, sums map[string]map[string]float64) {
	t.Helper()
	out, err := exec.Command("/usr/bin/python3", "-c", `
import sys
import numpy as np
from osgeo import gdal, ogr
gdal.UseExceptions()
d = gdal.Open(sys.argv[1]); b = d.GetRasterBand(1)
v = b.ReadAsArray().astype(float); v[v == b.GetNoDataValue()] = 0; v[np.isnan(v)] = 0
k = 20
g = list(d.GetGeoTransform()); g[1] /= k; g[5] /= k
src = ogr.Open(sys.argv[2]); layer = src.GetLayer(0)
for f in layer:
    m = gdal.GetDriverByName("MEM").Create("", d.RasterXSize*k, d.RasterYSize*k, 1, gdal.GDT_Byte)
    m.SetGeoTransform(g); m.SetProjection(d.GetProjection())
    o = ogr.GetDriverByName("Memory").CreateDataSource("m"); l = o.CreateLayer("l", layer.GetSpatialRef())
    n = ogr.Feature(l.GetLayerDefn()); n.SetGeometry(f.GetGeometryRef()); l.CreateFeature(n)
    gdal.RasterizeLayer(m, [1], l, burn_values=[1])
    s = m.ReadAsArray().reshape(d.RasterYSize, k, d.RasterXSize, k).mean(axis=(1, 3))
    print(f.GetField("name") + "|" + repr(float((s*v).sum())))`,
		filepath.Join(dir, "gpw_v411_2020_count_2020.tif"), filepath.Join(dir, "concelhos.gpkg")).Output()
	if err != nil {
		t.Fatalf("python3: %v", err)
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	if len(lines) != 6 {
		t.Fatalf("GDAL counts %d areas, want 6", len(lines))
	}
	for _, line := range lines {
		name, value, _ := strings.Cut(line, "|")
		want, err := strconv.ParseFloat(value, 64)
		if err != nil {
			t.Fatal(err)
		}
		closeTo(t, name+" people by GDAL's subcells", sums[name]["sum"], want, 2e-3)
	}
}
