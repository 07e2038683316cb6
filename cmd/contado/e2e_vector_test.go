package main

import (
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"fmt"
	"io"
	"maps"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"contado/geo/pmtiles"
	"contado/scripts/shareddata"
	"contado/tiles/vector/mvttest"
)

// ofLiechtenstein is a data folder that several tests begin with.
var ofLiechtenstein struct {
	once sync.Once
	dir  string // "" = it could not be made
}

// principality gives a house with Liechtenstein as OpenStreetMap had it: a copy
// of one that is made once.
func principality(t *testing.T) *house {
	t.Helper()
	pbf := shareddata.Path(t, "li-liechtenstein-osm/liechtenstein-latest.osm.pbf")
	ofLiechtenstein.once.Do(func() {
		h := &house{t: t, data: filepath.Join(filepath.Dir(built), "liechtenstein")}
		h.must("-q", "ingest", pbf, "-d", "li")
		ofLiechtenstein.dir = h.data
	})
	if ofLiechtenstein.dir == "" {
		t.Fatal("Liechtenstein was not ingested: another test says why")
	}
	h := newHouse(t)
	if err := os.CopyFS(h.data, os.DirFS(ofLiechtenstein.dir)); err != nil {
		t.Fatal(err)
	}
	return h
}

// What a newcomer brings in, in the forms that it comes in.
func TestVectorIngest(t *testing.T) {
	t.Parallel()
	h := principality(t)
	h.must("-q", "ingest", shareddata.Path(t, "it-prato-gtfs/bus.gtfs"), "-d", "bus")
	h.must("-q", "ingest", shareddata.Path(t, "vector-variety/planetiler/parquet/boston.parquet"), "-d", "boston")
	h.must("-q", "ingest", shareddata.Path(t, "vector-variety/flatgeobuf/countries.fgb"), "-d", "countries", "--role", "territory")
	list := h.must("ls")
	for id, size := range map[string]string{
		"li-roads": "4660 features", "li-buildings": "8994 features", "li-services": "651 features", "li-boundaries": "14 features",
		"bus-stops": "1647 features", "bus-lines": "21 features", "boston": "3 features", "countries": "179 features",
	} {
		if !lineWith(list, id+" ", size) {
			t.Errorf("no %s with %s in\n%s", id, size, list)
		}
	}
	// A table joins a dataset by a key; what it says nothing about stays.
	table := filepath.Join(t.TempDir(), "fees.csv")
	if err := os.WriteFile(table, []byte("landuse;etichetta;fee\nforest;Bosco;1,5\nmeadow;Prato;0,25\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	said := h.must("-q", "ingest", table, "-d", "fees", "--join", "li-landuse", "--join-key", "landuse", "--join-on", "class")
	if !strings.Contains(said, "886 features") || !strings.Contains(said, "says nothing about") {
		t.Errorf("join: %s", said)
	}
	out := filepath.Join(t.TempDir(), "fees.csv")
	h.must("-q", "export", "fees", "-o", out, "--filter", "class = 'forest' OR class = 'meadow'", "--fields", "class,etichetta,fee", "--geometry", "none")
	rows := readCSV(t, out)
	if len(rows) < 50 {
		t.Errorf("%d forests and meadows", len(rows))
	}
	for _, r := range rows {
		if want := map[string]string{"forest": "Bosco 1.5", "meadow": "Prato 0.25"}[r["class"]]; r["etichetta"]+" "+r["fee"] != want {
			t.Fatalf("joined row %v", r)
		}
	}
	h.refuse(1, "-q", "ingest", table, "-d", "worse", "--join", "li-landuse", "--join-key", "landuse", "--join-on", "nothing")
	if said := h.must("doctor", "--deep"); !strings.Contains(said, "healthy") {
		t.Errorf("doctor: %s", said)
	}
}

func lineWith(text string, parts ...string) bool {
	for line := range strings.Lines(text) {
		all := true
		for _, p := range parts {
			all = all && strings.Contains(line, p)
		}
		if all {
			return true
		}
	}
	return false
}

func readCSV(t *testing.T, path string) []map[string]string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	all, err := csv.NewReader(f).ReadAll()
	if err != nil || len(all) == 0 {
		t.Fatalf("%s: %d lines, %v", path, len(all), err)
	}
	var out []map[string]string
	for _, line := range all[1:] {
		row := map[string]string{}
		for i, name := range all[0] {
			row[name] = line[i]
		}
		out = append(out, row)
	}
	return out
}

// towns have every type of attribute, and what formats trip over.
const towns = `{"type":"FeatureCollection","features":[
{"type":"Feature","properties":{"code":"a1","name":"Città di Škofja Lòka","big":9007199254740991,"share":0.1,"open":true,"day":"2024-02-29","at":"2024-05-01T10:30:00Z","note":"line one\nline \"two\"; 1=1"},
 "geometry":{"type":"Polygon","coordinates":[[[9.1,46.1],[9.2,46.1],[9.2,46.2],[9.1,46.2],[9.1,46.1]],[[9.13,46.13],[9.13,46.16],[9.16,46.16],[9.16,46.13],[9.13,46.13]]]}},
{"type":"Feature","properties":{"code":"a2","name":"東京 🏔","big":-3,"share":-1e-7,"open":false,"day":"1969-12-30","at":"1970-01-01T00:00:00Z","note":null},
 "geometry":{"type":"Polygon","coordinates":[[[9.3,46.1],[9.4,46.1],[9.4,46.2],[9.3,46.1]]]}},
{"type":"Feature","properties":{"code":"a3","name":null,"big":null,"share":null,"open":null,"day":null,"at":null,"note":"x"},
 "geometry":{"type":"MultiPolygon","coordinates":[[[[9.5,46.1],[9.6,46.1],[9.6,46.2],[9.5,46.1]]],[[[9.7,46.1],[9.8,46.1],[9.8,46.2],[9.7,46.1]]]]}}]}`

// Every format that rows are exported to is read by GDAL, with the values and
// places of the file that came in.
func TestExportsAreReadByGDAL(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	dir := t.TempDir()
	odd := filepath.Join(dir, "odd.geojson")
	if err := os.WriteFile(odd, []byte(towns), 0o600); err != nil {
		t.Fatal(err)
	}
	sections := shareddata.Path(t, "it-milano-census-sections/sezioni.fgb")
	h.must("-q", "ingest", odd, "-d", "towns")
	h.must("-q", "ingest", sections, "-d", "sections", "--crs", "EPSG:4326")
	for _, c := range []struct {
		dataset, key, source string
		rows, values         int
	}{{"towns", "code", odd, 3, 24}, {"sections", "SEZ21", sections, 7095, 70950}} {
		args := []string{c.key, c.source}
		for _, extension := range []string{"gpkg", "fgb", "geojson", "geojsonl", "csv", "xlsx", "zip"} {
			out := filepath.Join(dir, c.dataset+"."+extension)
			more := []string{"-q", "export", c.dataset, "-o", out}
			if extension == "csv" {
				more = append(more, "--geometry", "wkt")
			}
			h.must(more...)
			args = append(args, out)
		}
		// GDAL of Debian reads no GeoParquet: there and back again.
		h.must("-q", "export", c.dataset, "-o", filepath.Join(dir, c.dataset+".parquet"))
		h.must("-q", "ingest", filepath.Join(dir, c.dataset+".parquet"), "-d", c.dataset+"-again")
		again := filepath.Join(dir, c.dataset+"-again.sqlite.gpkg")
		h.must("-q", "export", c.dataset+"-again", "-o", again)
		var report, back map[string]struct {
			Rows, Values int
			Wrong        []string
		}
		oracle(t, &report, "exports_oracle.py", args...)
		oracle(t, &back, "exports_oracle.py", c.key, c.source, again)
		report["parquet"] = back["gpkg"]
		if len(report) != 8 {
			t.Errorf("%s: %d formats were compared", c.dataset, len(report))
		}
		for format, r := range report {
			if len(r.Wrong) > 0 || r.Rows != c.rows || r.Values != c.values {
				t.Errorf("%s as %s: %+v", c.dataset, format, r)
			}
		}
		if said := h.refuse(1, "-q", "export", c.dataset, "-o", filepath.Join(dir, c.dataset+".gpkg")); !strings.Contains(said, "there already") {
			t.Errorf("a file was written over: %s", said)
		}
	}
}

// Tiles of a territory hold the rows that its other exports hold, also with a
// filter, and no other.
func TestTilesOfATerritory(t *testing.T) {
	t.Parallel()
	h := principality(t)
	dir := t.TempDir()
	for name, flags := range map[string][]string{
		"all":      nil,
		"commune":  {"--areas", filepath.Join(dir, "area.geojson")},
		"filtered": {"--areas", filepath.Join(dir, "area.geojson"), "--filter", "kind = 'bus_stop' AND S_INTERSECTS(geometry,BBOX(9,47,9.55,48))"},
	} {
		area := `{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"code":"x","name":"Vaduz"},"geometry":{"type":"Polygon","coordinates":[[[9.50,47.12],[9.56,47.13],[9.54,47.17],[9.50,47.12]]]}}]}`
		if err := os.WriteFile(filepath.Join(dir, "area.geojson"), []byte(area), 0o600); err != nil {
			t.Fatal(err)
		}
		rows, tiles := filepath.Join(dir, name+".geojson"), filepath.Join(dir, name+".pmtiles")
		h.must(append([]string{"-q", "export", "li-services", "-o", rows}, flags...)...)
		h.must(append([]string{"-q", "export", "li-services", "-o", tiles}, flags...)...)
		want, got := idsOfGeoJSON(t, rows), idsOfTiles(t, tiles, "li-services")
		if len(want) == 0 || len(want) == services != (name == "all") || !maps.Equal(got, want) {
			t.Errorf("%s: %d rows in tiles, want %d", name, len(got), len(want))
		}
	}
	h.refuse(2, "export", "li-services", "-o", filepath.Join(dir, "x.pmtiles"), "--areas", filepath.Join(dir, "area.geojson"), "--clip")
}

func idsOfGeoJSON(t *testing.T, path string) map[uint64]bool {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var c struct{ Features []struct{ ID uint64 } }
	decode(t, b, &c)
	out := map[uint64]bool{}
	for _, f := range c.Features {
		out[f.ID] = true
	}
	return out
}

// idsOfTiles are those of the rows in the tiles of the finest zoom.
func idsOfTiles(t *testing.T, path, layer string) map[uint64]bool {
	t.Helper()
	a, err := pmtiles.OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	out := map[uint64]bool{}
	err = a.Entries(func(e pmtiles.Entry) bool {
		if z, _, _, err := pmtiles.ZXY(e.ID); err != nil || z != a.Header().MaxZoom {
			return true
		}
		b, err := a.Read(e)
		if err != nil {
			t.Fatal(err)
		}
		r, err := gzip.NewReader(bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		if b, err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
		tile, err := mvttest.Decode(b)
		if err != nil {
			t.Fatal(err)
		}
		if l := tile.Layer(layer); l != nil {
			for _, f := range l.Features {
				out[f.ID] = true
			}
		}
		return true
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// Counts in areas, nearest and containing against brute force in Python.
func TestJoinsAgainstBruteForce(t *testing.T) {
	t.Parallel()
	h := principality(t)
	dir := t.TempDir()
	file := func(name string) string { return filepath.Join(dir, name) }
	h.must("-q", "export", "li-services", "-o", file("points.gpkg"))
	h.must("-q", "export", "li-boundaries", "-o", file("areas.gpkg"))
	var want struct {
		Points  int
		Count   map[string]int
		Nearest map[string]float64
	}
	oracle(t, &want, "joins_oracle.py", file("points.gpkg"), file("areas.gpkg"))
	h.must("-q", "join", "summary", "-d", "li-services", "--areas", "li-boundaries", "-o", file("summary.csv"))
	summary := readCSV(t, file("summary.csv"))
	if len(summary) != len(want.Count) || len(summary) != 14 {
		t.Errorf("%d areas, want %d", len(summary), len(want.Count))
	}
	for _, r := range summary {
		if r["count"] != strconv.Itoa(want.Count[r["code"]]) {
			t.Errorf("%s has %s, want %d", r["name"], r["count"], want.Count[r["code"]])
		}
	}
	h.must("-q", "join", "nearest", "--from", "li-services", "--to", "li-services", "--to-filter", "kind = 'pharmacy'", "-o", file("nearest.csv"))
	nearest := readCSV(t, file("nearest.csv"))
	if len(nearest) != want.Points || want.Points != 651 {
		t.Errorf("%d rows have a neighbour, want %d", len(nearest), want.Points)
	}
	for _, r := range nearest {
		got, err := strconv.ParseFloat(r["distance_m"], 64)
		if d := want.Nearest[r["code"]]; err != nil || math.Abs(got-d) > 0.01+1e-5*d {
			t.Errorf("from %s to the next pharmacy: %s m, want %.3f", r["code"], r["distance_m"], d)
		}
	}
	h.must("-q", "join", "containing", "-d", "li-services", "--areas", "li-boundaries", "-o", file("containing.csv"))
	in := map[string]int{}
	for _, r := range readCSV(t, file("containing.csv")) {
		for _, code := range append(strings.Fields(r["other_areas"]), r["area_code"]) {
			in[code]++
		}
	}
	if fmt.Sprint(in) != fmt.Sprint(want.Count) {
		t.Errorf("containing: %v, want %v", in, want.Count)
	}
	for _, e := range []string{"gpkg", "xlsx"} {
		h.must("-q", "join", "summary", "-d", "li-services", "--areas", "li-boundaries", "-o", file("summary."+e))
	}
	var report map[string]struct {
		Rows  int
		Wrong []string
	}
	oracle(t, &report, "exports_oracle.py", "code", file("summary.gpkg"), file("summary.xlsx"))
	// In the spreadsheet two columns have their unit in the heading.
	if r := report["xlsx"]; r.Rows != 14 || strings.Join(r.Wrong, ", ") != "no column area_km2, no column density_per_km2" {
		t.Errorf("the spreadsheet of the summary: %+v", r)
	}
	h.refuse(2, "join", "nearest", "--from", "li-services", "--to", "li-services", "--within", "far", "-o", file("x.csv"))
}

// A pyramid is built, tiles come from it, an edit is seen in them, with its
// trail, and the past stays readable.
func TestEditsAreSeenInTiles(t *testing.T) {
	t.Parallel()
	h := principality(t)
	if said := h.must("-q", "pyramid", "li-services"); !strings.Contains(said, "tiles at zooms 0 to") {
		t.Errorf("pyramid: %s", said)
	}
	s := h.serve("--edit", "--edit-user-header", "X-Remote-User")
	const lon, lat, zoom = 9.5215, 47.1415, 12
	tile := tileAt("/xyz/li-services", lon, lat, zoom)
	res, _ := s.get(tile)
	if got := res.Header.Get("X-Contado-Source"); res.StatusCode != http.StatusOK || got != "pyramid" || res.Header.Get("X-Contado-Version") != "1" {
		t.Fatalf("the tile comes from %q, %s", got, res.Status)
	}
	feature := fmt.Sprintf(`{"type":"Feature","geometry":{"type":"Point","coordinates":[%g,%g]},"properties":{"kind":"pharmacy","name":"Nuova Ünïcode"}}`, lon, lat)
	const items = "/collections/li-services/items"
	if res, body := s.do(http.MethodPost, items, strings.NewReader(feature), "Content-Type", "application/geo+json"); res.StatusCode != http.StatusUnauthorized && res.StatusCode != http.StatusForbidden {
		t.Errorf("nobody in particular creates: %s %s", res.Status, body)
	}
	who := []string{"X-Remote-User", "ada", "Content-Type", "application/geo+json"}
	patch := []string{"X-Remote-User", "grace", "Content-Type", "application/merge-patch+json"}
	res, body := s.do(http.MethodPost, items, strings.NewReader(feature), who...)
	if res.StatusCode != http.StatusCreated {
		t.Fatalf("POST: %s %s", res.Status, body)
	}
	at := strings.TrimPrefix(res.Header.Get("Location"), s.url)
	s.within(t, tile, "Nuova Ünïcode", true)
	state := func() string {
		res, body := s.get(at)
		if res.StatusCode != http.StatusOK {
			t.Fatalf("GET %s: %s %s", at, res.Status, body)
		}
		return res.Header.Get("ETag")
	}
	first := state()
	send := func(method, text, tag string, want int) {
		t.Helper()
		res, body := s.do(method, at, strings.NewReader(text), append([]string{"If-Match", tag}, patch...)...)
		if res.StatusCode != want {
			t.Errorf("%s with %s: %s %s", method, tag, res.Status, body)
		}
	}
	send(http.MethodPatch, `{"properties":{"name":"Altra farmacia"}}`, first, http.StatusNoContent)
	s.within(t, tile, "Altra farmacia", true)
	send(http.MethodPatch, `{"properties":{"name":"Terza"}}`, first, http.StatusPreconditionFailed)
	send(http.MethodDelete, "", first, http.StatusPreconditionFailed)
	send(http.MethodDelete, "", state(), http.StatusNoContent)
	s.within(t, tile, "Altra farmacia", false)
	if res, _ := s.get(at); res.StatusCode != http.StatusNotFound {
		t.Errorf("deleted, it is %s", res.Status)
	}
	checkTrail(t, h, s)
}

// checkTrail checks what is told of the three edits, by the server and by the
// program.
func checkTrail(t *testing.T, h *house, s *server) {
	t.Helper()
	type state struct{ Properties map[string]any }
	var trail struct {
		Changes []struct {
			Op, Who, Origin string
			Seq             int
			Before, After   *state
		}
	}
	s.json("/collections/li-services/changes", &trail)
	var told []string
	for _, c := range trail.Changes {
		before, after := any("-"), any("-")
		if c.Before != nil {
			before = c.Before.Properties["name"]
		}
		if c.After != nil {
			after = c.After.Properties["name"]
		}
		told = append(told, fmt.Sprint(c.Seq, " ", c.Op, " ", c.Who, " ", before, " ", after))
	}
	if got, want := strings.Join(told, "; "), "1 create ada - Nuova Ünïcode; 2 replace grace Nuova Ünïcode Altra farmacia; 3 delete grace Altra farmacia -"; got != want {
		t.Errorf("the trail is %s, want %s", got, want)
	}
	for version, want := range map[string]string{"1": "", "1.1": "Nuova Ünïcode", "1.2": "Altra farmacia", "1.3": ""} {
		out := filepath.Join(t.TempDir(), "then.geojson")
		h.must("-q", "export", "li-services", "-o", out, "--as-of", version, "--filter", "kind = 'pharmacy'")
		written, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		_, served := s.get("/collections/li-services/items?limit=100&kind=pharmacy&version=" + version)
		for how, text := range map[string][]byte{"exported": written, "served": served} {
			var c struct{ Features []state }
			decode(t, text, &c)
			names := map[any]bool{}
			for _, f := range c.Features {
				names[f.Properties["name"]] = true
			}
			if n := len(c.Features); want == "" && n != 3 || want != "" && (n != 4 || !names[want]) {
				t.Errorf("version %s, %s: %v", version, how, names)
			}
		}
	}
	if said := h.must("info", "li-services"); !strings.Contains(said, "3") {
		t.Errorf("info: %s", said)
	}
}

// tileAt is the address of the tile with a place.
func tileAt(prefix string, lon, lat float64, zoom int) string {
	n := math.Exp2(float64(zoom))
	x := int((lon + 180) / 360 * n)
	y := int((1 - math.Asinh(math.Tan(lat*math.Pi/180))/math.Pi) / 2 * n)
	return fmt.Sprintf("%s/%d/%d/%d.mvt", prefix, zoom, x, y)
}

// within waits until a text is in an answer, or no longer is. That takes a
// moment, which the benchmarks measure: no test is about speed.
func (s *server) within(t *testing.T, path, text string, there bool) {
	t.Helper()
	s.eventually(t, path, text, there)
}
