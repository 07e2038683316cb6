package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"contado/scripts/shareddata"
)

// Programs that people use, on a server as they find it: QGIS, GDAL, OWSLib,
// MapLibre and OpenLayers. Each is skipped, by name, where it is not installed.
func TestRealClients(t *testing.T) {
	t.Parallel()
	h := principality(t)
	h.must("-q", "ingest", shareddata.Path(t, "it-vinschgau-dem/elev_vinschgau.tif"), "-d", "dem")
	s := h.serve()
	t.Run("QGIS", func(t *testing.T) { qgis(t, s) })
	t.Run("GDAL", func(t *testing.T) { gdalFeatures(t, s); gdalTiles(t, s) })
	t.Run("OWSLib", func(t *testing.T) { owslib(t, s) })
	t.Run("web maps", func(t *testing.T) { webMaps(t, s) })
}

// pharmacies of Liechtenstein, and how many services there are.
const services = 651

var pharmacies = []string{"Apotheke am Postplatz", "Schloss Apotheke", "TopPharm Apotheke"}

// client runs a program that answers with a line of JSON at the end.
func client(t *testing.T, into any, name string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Env = append(os.Environ(), "no_proxy=127.0.0.1", "XDG_RUNTIME_DIR="+t.TempDir(), "HOME="+t.TempDir())
	var errs strings.Builder
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s\n%s", args[0], err, out, errs.String())
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	decode(t, []byte(lines[len(lines)-1]), into)
}

// drawing is what a client says of a picture that it has made.
type drawing struct {
	Valid           bool
	Error           string
	Drawn, Colours  int // pixels that are not white, and colours
	Features, Tiles int
	Errors, Wrong   []string
}

// needs skips a test without a Python module.
func needs(t *testing.T, module string) {
	t.Helper()
	if out, err := exec.CommandContext(t.Context(), "/usr/bin/python3", "-c", "import "+module).CombinedOutput(); err != nil {
		t.Skipf("/usr/bin/python3 has no %s (scripts/setup installs it): %s", module, out)
	}
}

// QGIS of Debian 12 adds the server's layers, filters and draws them.
func qgis(t *testing.T, s *server) {
	needs(t, "qgis.core")
	var r struct {
		Version, CRS    string
		Fields          map[string]string
		Rows            int
		InMiddle        int `json:"in middle"`
		Middle, Extent  []float64
		Names           []string
		Style, Theme    struct{ Loaded bool }
		Features, Tiles drawing
		Styled, Themed  drawing
		WMTS, XYZ       drawing
		RasterExtent    []float64 `json:"raster extent"`
	}
	client(t, &r, "/usr/bin/python3", filepath.Join("testdata", "qgis_client.py"), s.url, "li-services", "dem", `"kind" = 'pharmacy'`, t.TempDir())
	if r.Rows != services || !slices.Equal(r.Names, pharmacies) || r.Fields["name"] != "String" || r.CRS != "EPSG:4326" {
		t.Errorf("QGIS %s reads %d rows in %s, finds %v; fields %v", r.Version, r.Rows, r.CRS, r.Names, r.Fields)
	}
	var in struct{ NumberMatched int }
	s.json("/collections/li-services/items?limit=1&bbox="+strings.Trim(strings.ReplaceAll(fmt.Sprint(r.Middle), " ", ","), "[]"), &in)
	if r.InMiddle != in.NumberMatched || in.NumberMatched == 0 {
		t.Errorf("in the middle QGIS finds %d, the server %d", r.InMiddle, in.NumberMatched)
	}
	if !r.Style.Loaded || !r.Theme.Loaded {
		t.Error("QGIS does not take the styles")
	}
	if len(r.RasterExtent) != 4 || r.RasterExtent[0] < 10 || r.RasterExtent[3] > 47 {
		t.Errorf("the raster lies at %v", r.RasterExtent)
	}
	for name, d := range map[string]drawing{"features": r.Features, "tiles": r.Tiles, "styled": r.Styled, "themed": r.Themed, "wmts": r.WMTS, "xyz": r.XYZ} {
		least := 3000 // of 160,000 pixels: points and their outlines
		if name == "wmts" || name == "xyz" {
			least = 100_000
		}
		if !d.Valid || d.Drawn < least || d.Colours < 50 || len(d.Errors) > 0 {
			t.Errorf("QGIS draws %s: %+v", name, d)
		}
	}
}

// gdalTool runs ogrinfo or another of GDAL's programs.
func gdalTool(t *testing.T, name string, args ...string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("%s is not installed", name)
	}
	cmd := exec.CommandContext(t.Context(), path, args...)
	cmd.Env = append(os.Environ(), "GDAL_HTTP_TIMEOUT=60", "no_proxy=127.0.0.1", "GDAL_DEFAULT_WMS_CACHE_PATH="+t.TempDir())
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

func gdalFeatures(t *testing.T, s *server) {
	address := "OAPIF:" + s.url + "/"
	for id, n := range map[string]int{"li-roads": 4660, "li-services": services} {
		// Many pages, each row once.
		all := gdalTool(t, "ogrinfo", "-ro", "-q", "-al", "-fields=NO", "-geom=NO", address, id)
		seen := map[string]bool{}
		for line := range strings.Lines(all) {
			if strings.HasPrefix(line, "OGRFeature(") {
				seen[line] = true
			}
		}
		if len(seen) != n || strings.Contains(all, "ERROR") {
			t.Errorf("GDAL reads %d rows of %s, want %d", len(seen), id, n)
		}
	}
	// Numbers of 64 bits that the first page has none of.
	big := gdalTool(t, "ogrinfo", "-ro", "-q", "-al", "-where", "osm_id > 2147483647", address, "li-services")
	if n := strings.Count(big, "OGRFeature("); n != 42 || !strings.Contains(big, "osm_id (Integer64) = 3622547158") {
		t.Errorf("GDAL finds %d rows with an id of more than 32 bits, want 42\n%.2000s", n, big)
	}
	some := gdalTool(t, "ogrinfo", "-ro", "-q", "-al", "-where", "kind = 'pharmacy'", address, "li-services")
	for _, name := range pharmacies {
		if !strings.Contains(some, "  name (String) = "+name+"\n") {
			t.Errorf("GDAL does not find %s in\n%.2000s", name, some)
		}
	}
	if n := strings.Count(some, "OGRFeature("); n != len(pharmacies) {
		t.Errorf("GDAL finds %d pharmacies", n)
	}
}

func gdalTiles(t *testing.T, s *server) {
	about := "METADATA_FILE=" + s.url + "/xyz/li-services.json"
	rows := gdalTool(t, "ogrinfo", "-ro", "-q", "-al", "-oo", "TILE_EXTENSION=mvt", "-oo", about,
		"-spat", "1055000", "5951000", "1071000", "5983000", "MVT:"+s.url+"/xyz/li-services/12", "li-services")
	if n := strings.Count(rows, "OGRFeature("); n != services {
		t.Errorf("GDAL reads %d points from tiles, want %d", n, services)
	}
	for _, name := range pharmacies {
		if !strings.Contains(rows, "  name (String) = "+name+"\n") {
			t.Errorf("%s is not in the tiles", name)
		}
	}
	out := filepath.Join(t.TempDir(), "out.tif")
	gdalTool(t, "gdal_translate", "-q", "-projwin_srs", "EPSG:4326", "-projwin", "10.4", "46.8", "11.0", "46.5", "-outsize", "200", "0",
		"WMTS:"+s.url+"/wmts/1.0.0/WMTSCapabilities.xml,layer=dem,tilematrixset=WebMercatorQuad", out)
	info := gdalTool(t, "gdalinfo", "-stats", out)
	if !strings.Contains(info, "Band 4") || !strings.Contains(info, "STATISTICS_VALID_PERCENT=100") || strings.Count(info, "STATISTICS_STDDEV=0\n") > 1 {
		t.Errorf("GDAL reads by WMTS\n%s", info)
	}
}

// OWSLib reads features as a program does.
func owslib(t *testing.T, s *server) {
	needs(t, "owslib.ogcapi.features")
	var r struct {
		Collections, Queryables []string
		Title, OpenAPI          string
		Classes, Matched        int
		Filtered, One           int
		InBox                   int `json:"in box"`
		IDs                     []int
	}
	client(t, &r, "/usr/bin/python3", filepath.Join("testdata", "owslib_client.py"), s.url, "li-services")
	if !slices.Contains(r.Collections, "li-roads") || r.Title != "Services" || !strings.HasPrefix(r.OpenAPI, "3.0") || r.Classes < 20 || !slices.Contains(r.Queryables, "kind") {
		t.Errorf("OWSLib says of the service: %+v", r)
	}
	want := make([]int, 20)
	for i := range want {
		want[i] = i + 1
	}
	if r.Matched != services || r.Filtered != len(pharmacies) || r.InBox == 0 || r.InBox >= services || r.One != 7 || !slices.Equal(r.IDs, want) {
		t.Errorf("OWSLib says of the features: %+v", r)
	}
}

// clientModules is the folder that scripts/setup fills.
func clientModules(t *testing.T) string {
	t.Helper()
	root := os.Getenv("CONTADO_CLIENTS")
	if root == "" {
		root = filepath.Join("..", "..", ".cache", "tools", "clients")
	}
	return absolute(t, filepath.Join(root, "node_modules"))
}

func absolute(t *testing.T, path string) string {
	t.Helper()
	abs, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	return abs
}

// MapLibre and OpenLayers draw styles, tiles of all kinds and features on a
// page of another origin.
func webMaps(t *testing.T, s *server) {
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("node is not installed")
	}
	chromium := os.Getenv("CHROMIUM")
	if chromium == "" {
		chromium = "/usr/bin/chromium"
	}
	web, clients := absolute(t, filepath.Join("..", "..", "api", "web", "node_modules")), clientModules(t)
	for _, file := range []string{chromium, filepath.Join(web, "maplibre-gl"), filepath.Join(web, "playwright-core"), filepath.Join(clients, "ol")} {
		if _, err := os.Stat(file); err != nil {
			t.Skipf("%s is not installed (scripts/setup installs it)", file)
		}
	}
	var r map[string]drawing
	client(t, &r, node, filepath.Join("testdata", "web_clients.mjs"), s.url, "li-landuse", "dem", t.TempDir(), web, clients, chromium)
	for name, least := range map[string]drawing{
		"maplibre":              {Features: 100, Drawn: 10_000, Colours: 100},
		"maplibre-names":        {Features: 3, Drawn: 300, Colours: 20},
		"openlayers-tilejson":   {Features: 100, Drawn: 8_000, Colours: 100, Tiles: 1},
		"openlayers-ogc-vector": {Features: 100, Drawn: 8_000, Colours: 100, Tiles: 1},
		"openlayers-geojson":    {Features: 886, Drawn: 8_000, Colours: 10},
		"openlayers-ogc-map":    {Drawn: 200_000, Colours: 500, Tiles: 4},
		"openlayers-wmts":       {Drawn: 200_000, Colours: 500, Tiles: 4},
	} {
		d, ok := r[name]
		if !ok || d.Features < least.Features || d.Drawn < least.Drawn || d.Colours < least.Colours || d.Tiles < least.Tiles || len(d.Wrong) > 0 {
			t.Errorf("%s: %+v, want at least %+v", name, d, least)
		}
	}
}
