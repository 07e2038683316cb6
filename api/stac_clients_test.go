package api_test

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"contado/api/rest"
	"contado/api/stac"
	"contado/geo"
	"contado/geo/grid"
	"contado/geo/store/catalog"
)

// stacTool finds a tool for the tests of STAC, in the folder that scripts/setup fills
// ($CONTADO_CLIENTS, else .cache/tools/clients).
func stacTool(t *testing.T, rel string) string {
	t.Helper()
	root := os.Getenv("CONTADO_CLIENTS")
	if root == "" {
		root = filepath.Join("..", ".cache", "tools", "clients")
	}
	path, err := filepath.Abs(filepath.Join(root, rel))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Skipf("%s is not installed (scripts/setup installs it): %v", rel, err)
	}
	return path
}

// validator is stac-node-validator with the schemas that are at hand: those
// of the core out of pystac, those of the extensions in our own words. With
// CONTADO_STAC_SCHEMAS=network it fetches the published ones instead.
func validator(t *testing.T) func(files ...string) (string, error) {
	t.Helper()
	cli := stacTool(t, "node_modules/stac-node-validator/bin/cli.js")
	if _, err := exec.LookPath("node"); err != nil {
		t.Skip("node is not installed: ", err)
	}
	args := []string{cli}
	if os.Getenv("CONTADO_STAC_SCHEMAS") != "network" {
		core := stacTool(t, "core/pystac/validation/jsonschemas")
		schemas := map[string]string{}
		for folder, names := range map[string][]string{
			"item-spec": {"item", "basics", "datetime", "instrument", "licensing", "provider"}, "catalog-spec": {"catalog"}, "collection-spec": {"collection"},
		} {
			for _, n := range names {
				schemas["https://schemas.stacspec.org/v1.0.0/"+folder+"/json-schema/"+n+".json"] = filepath.Join(core, "stac-spec", "v1.0.0", n+".json")
			}
		}
		for _, n := range []string{"Feature", "Geometry"} {
			schemas["https://geojson.org/schema/"+n+".json"] = filepath.Join(core, "geojson", n+".json")
		}
		for n, v := range map[string]string{"eo": "v1.1.0", "raster": "v1.1.0", "projection": "v1.2.0", "view": "v1.0.0", "file": "v2.1.0", "classification": "v1.1.0", "sat": "v1.0.0"} {
			abs, err := filepath.Abs(filepath.Join("testdata", "stac", n+".json"))
			if err != nil {
				t.Fatal(err)
			}
			schemas["https://stac-extensions.github.io/"+n+"/"+v+"/schema.json"] = abs
		}
		b, err := json.Marshal(map[string]any{"schemaMap": schemas})
		if err != nil {
			t.Fatal(err)
		}
		config := filepath.Join(t.TempDir(), "config.json")
		if err := os.WriteFile(config, b, 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, "--config", config)
	}
	return func(files ...string) (string, error) {
		out, err := exec.Command("node", append(args, files...)...).CombinedOutput() //nolint:gosec // a fixed tool
		return string(out), err
	}
}

// scene writes an item with all that an item can say.
func scene(t *testing.T, dir string) string {
	t.Helper()
	number := func(v float64) *float64 { return &v }
	orbit, when := 22, time.Date(2024, 5, 6, 10, 20, 30, 0, time.UTC)
	g := grid.Grid{CRS: "EPSG:32632", Transform: grid.Transform{500000, 10, 0, 5000000, 0, -10}, Width: 200, Height: 100}
	coarse := g
	coarse.Transform[1], coarse.Transform[5], coarse.Width, coarse.Height = 20, -20, 100, 50
	it := catalog.Item{
		ID: "S2A one", Dataset: "scenes", Version: 3, Datetime: &when, File: "datasets/scenes/v3/red.tif", Grid: g, CloudCover: number(12.5),
		BBox:      geo.BBox{MinX: 179.9, MinY: 45, MaxX: -179.9, MaxY: 45.1},
		Assets:    []catalog.Asset{{Key: "red", File: "datasets/scenes/v3/red.tif", Grid: g}, {Key: "scl", Href: "https://example.org/scl.tif", Size: 5, Grid: coarse}, {Key: "thumbnail", File: "datasets/scenes/v3/t.tif", Grid: coarse}},
		Footprint: [][2]float64{{179.9, 45}, {180.1, 45}, {180.1, 45.1}, {179.9, 45.1}, {179.9, 45}},
		Bands: []catalog.Band{
			{Name: "red", CommonName: "red", Wavelength: 0.665, Width: 0.038, DataType: "uint16", Scale: 0.0001, Offset: -0.1, Nodata: number(0), Min: 0, Max: 1, Mean: 0.5, StdDev: 0.1, ValidPercent: 99},
			{Name: "scl", Asset: 1, Number: 1, DataType: "uint8", Scale: 1, Classes: []catalog.Class{{Value: 0, Name: "No data", Color: "#000000"}, {Value: 4, Name: "Vegetation"}, {Value: -1}}},
			{Name: "dB", CommonName: "of our own", Asset: 2, Number: 1, DataType: "int128", NaN: true, Scale: 1, Nodata: nil, Unit: "dB", Mean: math.NaN(), ValidPercent: 1},
		},
		Scene: &catalog.Scene{
			Platform: "sentinel-2a", Constellation: "sentinel-2", Instruments: []string{"msi"}, Product: "S2A_X", Level: "L2A", Baseline: "05.09",
			SunAzimuth: number(150.5), SunElevation: number(40), OffNadir: number(3), ViewAzimuth: number(400), RelativeOrbit: &orbit, OrbitState: "descending",
		},
	}
	d := catalog.Dataset{ID: "scenes", Title: "Scenes", Kind: catalog.Raster, Version: catalog.Version{Number: 3, PublishedAt: when, Files: []catalog.File{{Key: it.File, Size: 7, SHA256: strings.Repeat("ab", 32)}}}}
	var doc []byte
	e := echo.New()
	e.Use(rest.SetBase("https://example.org"))
	e.GET("/", func(c echo.Context) (err error) {
		doc, err = json.Marshal(stac.ItemOf(c, d, it))
		return err
	})
	e.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil))
	for _, ext := range []string{"eo/v1", "raster/v1", "projection/v1", "view/v1", "file/v2", "classification/v1", "sat/v1", `"thumbnail"`, `"contado-thumbnail"`, "MultiPolygon", `"minimum":1000`} {
		if !strings.Contains(string(doc), ext) {
			t.Fatalf("no %s in %s", ext, doc)
		}
	}
	path := filepath.Join(dir, "full.json")
	if err := os.WriteFile(path, doc, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestStacNodeValidator(t *testing.T) {
	t.Parallel()
	validate := validator(t)
	dir := t.TempDir()
	files := append([]string{scene(t, dir)}, writeStac(t, dir)...)
	out, err := validate(files...)
	if err != nil || !strings.Contains(out, "Invalid: 0") || !strings.Contains(out, "Skipped: 0") {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Logf("%d documents are valid", len(files))
	// It does see what is wrong.
	good, err := os.ReadFile(files[len(files)-2])
	if err != nil {
		t.Fatal(err)
	}
	var wrong []string
	for what, edit := range map[string][2]string{
		"core": {`"type":"Feature"`, `"type":"Thing"`}, "projection": {`"proj:shape":[`, `"proj:shape":["a",`}, "raster": {`"data_type":"`, `"data_type":"very `},
		"file": {`"file:checksum":"12`, `"file:checksum":"XY`},
	} {
		if !strings.Contains(string(good), edit[0]) {
			t.Fatalf("the item has no %s", edit[0])
		}
		bad := filepath.Join(t.TempDir(), what+".json")
		if err := os.WriteFile(bad, []byte(strings.Replace(string(good), edit[0], edit[1], 1)), 0o600); err != nil {
			t.Fatal(err)
		}
		wrong = append(wrong, bad)
	}
	if out, err := validate(wrong...); err == nil || !strings.Contains(out, fmt.Sprintf("Invalid: %d", len(wrong))) {
		t.Errorf("wrong items pass\n%s", out)
	}
}

func TestPystacClient(t *testing.T) {
	t.Parallel()
	python := stacTool(t, "venv/bin/python")
	server := httptest.NewServer(land.Server.Handler())
	defer server.Close()
	const script = `
import sys, warnings
warnings.simplefilter("error", UserWarning)
from pystac_client import Client, ConformanceClasses
import pystac
root = sys.argv[1] + "/stac"
c = Client.open(root)
for k in (ConformanceClasses.CORE, ConformanceClasses.COLLECTIONS, ConformanceClasses.FEATURES, ConformanceClasses.ITEM_SEARCH, ConformanceClasses.FILTER, ConformanceClasses.SORT, ConformanceClasses.FIELDS):
    assert c.conforms_to(k), k
names = sorted(x.id for x in c.get_collections())
assert "scenes" in names and "elevation" in names and "sites" not in names, names
scenes = c.get_collection("scenes")
assert sorted(i.id for i in scenes.get_items()) == ["scene_a", "scene_b"]
assert scenes.extent.temporal.intervals[0][0].year == 2024
for method in ("GET", "POST"):
    s = c.search(method=method, limit=2)
    pages = list(s.pages())
    items = [i for p in pages for i in p.items]
    assert s.matched() == len(items) > 4 and len(pages) == (len(items) + 1) // 2, (method, s.matched(), len(pages))
    assert len({(i.collection_id, i.id) for i in items}) == len(items)
    s = c.search(method=method, collections=["scenes"], datetime="2024-06-01/2024-08-01", bbox=[8, 45, 10, 47])
    assert [i.id for i in s.items()] == ["scene_b"]
    s = c.search(method=method, collections=["scenes"], intersects={"type": "Point", "coordinates": [9.0, 46.05]}, sortby=[{"field": "datetime", "direction": "asc"}])
    assert [i.id for i in s.items()] == ["scene_a", "scene_b"]
    s = c.search(method=method, ids=["scene_a"], max_items=1)
    assert [i.id for i in s.items()] == ["scene_a"]
    s = c.search(method=method, collections=["scenes"], fields={"include": ["properties.datetime"], "exclude": ["assets"]})
    assert sorted(s.items_as_dicts().__next__()) == ["collection", "id", "properties", "type"]
s = c.search(filter={"op": "and", "args": [{"op": "=", "args": [{"property": "collection"}, "scenes"]}, {"op": "t_after", "args": [{"property": "datetime"}, {"date": "2024-06-01"}]}]}, filter_lang="cql2-json")
assert [i.id for i in s.items()] == ["scene_b"]
s = c.search(method="GET", filter="collection = 'scenes' AND id LIKE '%_a'", filter_lang="cql2-text")
assert [i.id for i in s.items()] == ["scene_a"]
assert "datetime" in scenes.get_queryables()["properties"]
item = scenes.get_item("scene_a")
assert "32632" in str(item.properties.get("proj:code", item.properties.get("proj:epsg"))), item.properties
assert item.get_collection().id == "scenes"
again = pystac.read_file(item.get_self_href())
assert again.id == "scene_a" and pystac.read_file(again.get_single_link("root").get_absolute_href()).id == "contado"
print(next(a.href for a in item.assets.values() if a.media_type.startswith("image/tiff")))
`
	out, err := exec.Command(python, "-c", script, server.URL).CombinedOutput() //nolint:gosec // a fixed tool
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	href := strings.TrimSpace(string(out))
	// GDAL reads the file where it is, in parts.
	info, err := exec.Command("gdalinfo", "-json", "/vsicurl/"+href).CombinedOutput() //nolint:gosec // a fixed tool
	if err != nil {
		t.Fatalf("gdalinfo /vsicurl/%s: %v\n%s", href, err, info)
	}
	var about struct {
		Size             []int
		Bands            []struct{ Type string }
		CoordinateSystem struct{ WKT string }
	}
	if err := json.Unmarshal(info, &about); err != nil || len(about.Size) != 2 || about.Size[0] != 100 || len(about.Bands) == 0 || !strings.Contains(about.CoordinateSystem.WKT, "32632") {
		t.Fatalf("%v\n%s", err, info)
	}
}
