package main

import (
	"cmp"
	"encoding/csv"
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"contado/geo/gdal"
	"contado/geo/grid"
	"contado/scripts/shareddata"
)

// peopleRows are the rows of a CSV text by column name.
func peopleRows(t *testing.T, text string) []map[string]string {
	t.Helper()
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil || len(rows) == 0 {
		t.Fatalf("CSV %.200q: %v", text, err)
	}
	var out []map[string]string
	for _, r := range rows[1:] {
		m := map[string]string{}
		for i, name := range rows[0] {
			m[name] = r[i]
		}
		out = append(out, m)
	}
	return out
}

func peopleNumber(t *testing.T, s string) float64 {
	t.Helper()
	v, err := strconv.ParseFloat(s, 64)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// peopleInRaster sums the first band of a raster, cell by cell.
func peopleInRaster(t *testing.T, path string) float64 {
	t.Helper()
	r, err := gdal.OpenRaster(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	g := r.Info().Grid
	values := make([]float64, g.Cells())
	if err := r.ReadFloat64(1, g.Full(), values); err != nil {
		t.Fatal(err)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	return sum
}

// The census sections of Milan, spread over a made map of built-up land: all
// 1,349,930 people are in the grid, whole or not, and the errors are told.
func TestMilanCensusSections(t *testing.T) {
	t.Parallel()
	const people = 1_349_930 // ogrinfo: sum of POP21
	h := newHouse(t)
	h.must("ingest", shareddata.Path(t, "it-milano-census-sections/sezioni.fgb"), "-d", "census", "--role", "population")
	g := grid.Grid{CRS: "EPSG:32632", Transform: grid.Transform{503_000, 50, 0, 5_043_500, 0, -50}, Width: 390, Height: 360}
	built := make([]uint8, g.Cells())
	for i := range built {
		col, row := i%g.Width, i/g.Width
		built[i] = 1
		if far := math.Hypot(float64(col-195), float64(row-180)); (col/3*7+row/3*13)%10 > int(far/20) {
			built[i] = 2
		}
	}
	path := filepath.Join(t.TempDir(), "built.tif")
	w, err := gdal.CreateGeoTIFF(path, gdal.RasterSpec{Grid: g, DataType: "uint8", Bands: []gdal.BandSpec{{Name: "class", Categories: []string{"", "open land", "built-up"}}}})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Write(1, g.Full(), built); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	h.must("ingest", path, "-d", "built", "--role", "landcover")
	tif := filepath.Join(t.TempDir(), "people.tif")
	for _, args := range [][]string{
		{"--ground", "built"}, {"--ground", "built", "--method", "binary", "--inhabited", "2", "--whole", "--cell", "100"}, {"--cell", "250"},
	} {
		table := h.must(append([]string{"population", "spread", "-s", "census", "--tif", tif}, args...)...)
		if got := peopleInRaster(t, tif); got != people {
			t.Errorf("%v: the grid has %g people, want %d", args, got, people)
		}
		_, after, _ := strings.Cut(table, "method,")
		rows := peopleRows(t, "method,"+after)
		if want := map[bool]int{true: 1, false: 3}[args[0] == "--cell"]; len(rows) != want {
			t.Errorf("%v: errors of %d methods, want %d", args, len(rows), want)
		}
		for i, r := range rows {
			if r["sections"] != "7095" || r["merged"] != "1774" || r["people"] != strconv.Itoa(people) {
				t.Errorf("%v: %v", args, r)
			}
			if tae := peopleNumber(t, r["tae"]); i > 0 && tae < peopleNumber(t, rows[i-1]["tae"]) || !(tae > 0) {
				t.Errorf("%v: errors are not in order: %v", args, rows)
			}
		}
	}
	if msg := h.refuse(1, "population", "spread", "-s", "census", "--method", "binary"); !strings.Contains(msg, "--ground") {
		t.Errorf("binary without ground: %s", msg)
	}
}

// The people of Liechtenstein's communes on its buildings: 36,838, and fewer
// in the wrong commune than by surface alone.
func TestLiechtensteinBuildings(t *testing.T) {
	t.Parallel()
	h := principality(t)
	dir := t.TempDir()
	communes, places, people := filepath.Join(dir, "communes.gpkg"), filepath.Join(dir, "places.csv"), filepath.Join(dir, "people.csv")
	h.must("export", "li-boundaries", "-o", communes, "--filter", "admin_level = 8")
	h.must("export", "li-places", "-o", places, "--filter", "population > 0")
	text, err := os.ReadFile(places)
	if err != nil {
		t.Fatal(err)
	}
	lines := []string{"comune,abitanti"}
	for _, r := range peopleRows(t, string(text)) {
		lines = append(lines, r["name"]+","+r["population"])
	}
	if err := os.WriteFile(people, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	h.must("ingest", communes, "-d", "communes", "--role", "other")
	h.must("ingest", people, "-d", "people", "--join", "communes", "--join-key", "comune", "--join-on", "name", "--role", "population", "--population-field", "abitanti")
	tif := filepath.Join(dir, "people.tif")
	out := h.must("population", "spread", "-s", "people", "--buildings", "li-buildings", "--cell", "100", "--whole", "--tif", tif)
	if got := peopleInRaster(t, tif); got != 36_838 { // the communes' own tags, added up
		t.Errorf("%g people, want 36,838", got)
	}
	_, after, _ := strings.Cut(out, "method,")
	rows := peopleRows(t, "method,"+after)
	if len(rows) != 2 || rows[0]["method"] != "proportional" || rows[0]["taken"] != "true" || peopleNumber(t, rows[0]["tae"]) > 0.85*peopleNumber(t, rows[1]["tae"]) {
		t.Errorf("errors %v", rows)
	}
}

// snaiStudy is what the tests of inner areas read of a study.
type snaiStudy struct {
	Population float64 `json:"population_total"`
	Classes    []struct {
		Scheme, Level, Code, Name, Class, Official string
		Value                                      *float64
		OfficialValue                              *float64 `json:"official_value"`
	}
}

// officialStudy joins the official table of inner areas to boundaries, which
// makes people and territories, and reports the way to the poles in a straight
// line. official has the table's rows of the comuni that pass, by code.
func officialStudy(t *testing.T, bounds, territory, poles string, pass func(row map[string]string) bool) (study snaiStudy, official map[string]map[string]string) {
	t.Helper()
	h := newHouse(t)
	table := shareddata.Path(t, "it-snai-aree-interne/mappa-ai-2020-comuni.csv")
	h.must("ingest", shareddata.Path(t, "it-boundaries/"+bounds), "-d", "comuni", "--role", "other")
	for id, role := range map[string]string{"areas": "territory", "people": "population"} {
		h.must("ingest", table, "-d", id, "--join", "comuni", "--join-key", "procom_t", "--join-on", "com_istat_code", "--role", role)
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "poles.csv")
	if err := os.WriteFile(file, []byte("name,lat,lon\n"+poles), 0o600); err != nil {
		t.Fatal(err)
	}
	h.must("ingest", file, "-d", "poles", "--role", "service")
	doc := filepath.Join(dir, "study.json")
	h.must("report", "coverage", "-t", territory, "-s", "poles", "-p", "straight-line", "--speed-kmh", "50", "--poles", "poles", "--within", "30m", "-o", doc)
	data, err := os.ReadFile(doc)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &study); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(table)
	if err != nil {
		t.Fatal(err)
	}
	official = map[string]map[string]string{}
	total := 0.0
	for _, r := range peopleRows(t, string(text)) {
		if pass(r) {
			official[r["procom_t"]] = r
			total += peopleNumber(t, r["pop_res_2020"])
		}
	}
	if math.Abs(study.Population-total) > 1e-6 {
		t.Errorf("%g people, the official table has %g", study.Population, total)
	}
	seen := 0
	for _, c := range study.Classes {
		if c.Scheme != "snai-2020" || c.Level == "hamlet" {
			continue
		}
		r := official[c.Code]
		if r == nil || c.Official != r["cod_ai_2020"] || c.OfficialValue == nil || *c.OfficialValue != peopleNumber(t, r["tempo_medio_min_al_polo"]) {
			t.Errorf("comune %s: official %q at %v, want %v", c.Code, c.Official, c.OfficialValue, r)
		}
		seen++
	}
	if seen != len(official) {
		t.Errorf("%d comuni have a class, want %d", seen, len(official))
	}
	return study, official
}

// Molise: the official class and minutes of all comuni come out beside the
// computed ones.
func TestMoliseOfficialClasses(t *testing.T) {
	t.Parallel()
	poles := "Campobasso,41.5603,14.6627\nIsernia,41.5960,14.2333\nTermoli,42.0003,14.9950\n"
	_, official := officialStudy(t, "limits_R_14_municipalities.geojson", "14", poles, func(r map[string]string) bool { return r["cod_reg"] == "14" })
	if len(official) != 136 {
		t.Errorf("%d comuni, want 136", len(official))
	}
}

// Sondrio: valleys, where the way to the two poles that the official map names
// goes as the valleys do. In a straight line it is shorter, mostly, but the
// comuni keep their order: minutes agree in rank, and the farther the official
// class the farther the computed time, class by class.
func TestSondrioBesideOfficialMinutes(t *testing.T) {
	t.Parallel()
	study, official := officialStudy(t, "limits_P_14_municipalities.geojson", "014", "Sondrio,46.1699,9.8715\nLecco,45.8566,9.3977\n",
		func(r map[string]string) bool { return strings.HasPrefix(r["procom_t"], "014") })
	if len(official) != 77 {
		t.Fatalf("%d comuni, want 77", len(official))
	}
	var ours, theirs []float64
	byClass := map[string][]float64{}
	for _, c := range study.Classes {
		if c.Scheme != "snai-2020" || c.Level == "hamlet" {
			continue
		}
		if c.Value == nil || c.OfficialValue == nil {
			t.Fatalf("%s %s has no minutes: %+v", c.Code, c.Name, c)
		}
		ours, theirs = append(ours, *c.Value), append(theirs, *c.OfficialValue)
		byClass[c.Official] = append(byClass[c.Official], *c.Value)
	}
	// 0.91 by hand, from centroids.
	if r := rankCorrelation(ours, theirs); r < 0.88 {
		t.Errorf("minutes agree in rank by %.3f with the official ones, want 0.88 at least", r)
	}
	last := 0.0
	for _, class := range []string{"C", "D", "E", "F"} {
		list := byClass[class]
		if len(list) == 0 {
			t.Fatalf("no comune of class %s", class)
		}
		slices.Sort(list)
		if m := list[len(list)/2]; m <= last {
			t.Errorf("the median of class %s is %.1f minutes, not above %.1f", class, m, last)
		} else {
			last = m
		}
	}
}

// rankCorrelation is Spearman's, of values without many ties.
func rankCorrelation(a, b []float64) float64 {
	ranks := func(v []float64) []int {
		order := make([]int, len(v))
		for i := range order {
			order[i] = i
		}
		slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(v[i], v[j]) })
		out := make([]int, len(v))
		for rank, i := range order {
			out[i] = rank
		}
		return out
	}
	ra, rb, sum := ranks(a), ranks(b), 0.0
	for i := range ra {
		d := float64(ra[i] - rb[i])
		sum += d * d
	}
	n := float64(len(a))
	return 1 - 6*sum/(n*(n*n-1))
}

// São Miguel: the degree of urbanisation of an island, with the sea as water;
// nobody is lost but those whom the people's raster puts into the sea.
func TestSaoMiguelDegurba(t *testing.T) {
	t.Parallel()
	dir := shareddata.Path(t, "pt-sao-miguel")
	h := newHouse(t)
	h.must("ingest", filepath.Join(dir, "concelhos.gpkg"), "-d", "concelhos", "--role", "territory", "--code-field", "name")
	h.must("ingest", filepath.Join(dir, "gpw_v411_2020_count_2020.tif"), "-d", "population", "--role", "population")
	h.must("ingest", filepath.Join(dir, "clc2018_v2020_20u1.tif"), "-d", "landcover", "--role", "landcover")
	zonal, total := peopleRows(t, h.must("zonal", "-d", "population", "--areas", "concelhos", "--stats", "sum")), 0.0
	for _, r := range zonal {
		total += peopleNumber(t, r["sum"])
	}
	classes := []string{"city", "dense-town", "semi-dense-town", "suburb", "village", "dispersed-rural", "mostly-uninhabited"}
	for _, rules := range []string{"2024-07", "2023", "2021"} {
		sum := 0.0
		for _, r := range peopleRows(t, h.must("report", "degurba", "-t", "concelhos", "--rules", rules)) {
			sum += peopleNumber(t, r["people"])
			if !slices.Contains(classes, r["level_2"]) {
				t.Errorf("rules %s: %v", rules, r)
			}
		}
		if math.Abs(sum-total) > 0.005*total {
			t.Errorf("rules %s: %g people, the raster has %g within the concelhos", rules, sum, total)
		}
	}
	out := h.must("report", "degurba", "-t", "concelhos", "--into", "cells", "--level", "1")
	if !strings.Contains(out, "Ponta Delgada") {
		t.Errorf("table %s", out)
	}
	if cells := h.must("info", "cells"); !strings.Contains(cells, "made from    population") {
		t.Errorf("the map does not say what it was made from: %s", cells)
	}
}

// The command line tells figures of people as they are, and says so: of rows,
// tiles, rasters and statistics; not of what counts nobody, nor where the owner
// has published them.
func TestExactPeopleAreSaid(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	do, file := twoAreas(t, dir), textFiles(t, dir)
	people := filepath.Join(dir, "people.tif")
	g := grid.Grid{CRS: "EPSG:32632", Transform: grid.Transform{580_000, 500, 0, 5_096_000, 0, -500}, Width: 8, Height: 8}
	w, err := gdal.CreateGeoTIFF(people, gdal.RasterSpec{Grid: g, DataType: "float32", Bands: []gdal.BandSpec{{Name: "people"}}})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.Write(1, g.Full(), make([]float32, g.Cells())), w.Close()); err != nil {
		t.Fatal(err)
	}
	ring := `[[[10,46],[10.04,46],[10.04,46.03],[10,46.03],[10,46]]]`
	section := `{"type":"Feature","properties":{"code":"1","population":2},"geometry":{"type":"Polygon","coordinates":` + ring + `}}`
	census := file("census.geojson", collection(section))
	do(0, "ingest", people, "-d", "cells", "--role", "population")
	do(0, "ingest", census, "-d", "census", "--role", "population")
	do(0, "ingest", census, "-d", "known", "--role", "population", "--published")

	const exact, published = "note: Counts of people are exact", "note: Figures of people of known are told as their owner has published them."
	for _, c := range []struct {
		says string
		args []string
	}{
		{exact, []string{"export", "people", "-o", filepath.Join(dir, "rows.csv")}},
		{exact, []string{"export", "census", "-o", filepath.Join(dir, "census.gpkg")}},
		{exact, []string{"export", "census", "-o", filepath.Join(dir, "census.pmtiles")}},
		{exact, []string{"export", "cells", "-o", filepath.Join(dir, "cells.tif")}},
		{exact, []string{"zonal", "-d", "cells", "--areas", "areas"}},
		{published, []string{"export", "known", "-o", filepath.Join(dir, "known.csv")}},
		{"", []string{"export", "areas", "-o", filepath.Join(dir, "areas.gpkg")}},
		{"", []string{"export", "school", "-o", filepath.Join(dir, "school.csv")}},
	} {
		said := do(0, c.args...)
		if c.says != "" && strings.Count(said, c.says) != 1 || c.says != exact && strings.Contains(said, exact) {
			t.Errorf("%v says %q, want %q", c.args, said, c.says)
		}
	}
}
