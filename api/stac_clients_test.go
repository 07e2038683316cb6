package api_test

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// stacTool finds a tool for the tests of STAC, in the folder that scripts/setup fills
// ($CONTADO_STAC_TOOLS, else .cache/tools/stac).
func stacTool(t *testing.T, rel string) string {
	t.Helper()
	root := os.Getenv("CONTADO_STAC_TOOLS")
	if root == "" {
		root = filepath.Join("..", ".cache", "tools", "stac")
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

func TestStacNodeValidator(t *testing.T) {
	t.Parallel()
	validate := validator(t)
	files := writeStac(t, t.TempDir())
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
