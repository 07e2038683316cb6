package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"contado/scripts/shareddata"
)

// transitionDocument is what land change writes as JSON.
type transitionDocument struct {
	Classes []struct {
		Value       int
		Name, Color string
	}
	Areas []struct {
		Name     string
		Hectares []float64
		Unseen   float64 `json:"unseen_ha"`
	}
	Details struct {
		From, To []struct {
			Value int
			Name  string
		}
		Total [][]float64
		Areas []struct {
			Name     string
			Hectares [][]float64
		}
	}
}

// What became of each class between two land-cover maps of an island: against
// the count by clipping polygons, then used as a dataset in every other way.
func TestLandChange(t *testing.T) {
	t.Parallel()
	dir := shareddata.Path(t, "pt-sao-miguel")
	before := filepath.Join(dir, "clc2018_v2020_20u1.tif")
	tmp := t.TempDir()
	after, pairs := filepath.Join(tmp, "clc2024_v2020_20u1.tif"), filepath.Join(tmp, "pairs.tif")
	oracle(t, &struct{}{}, "landchange_oracle.py", before, after, pairs)
	h := newHouse(t)
	h.must("ingest", filepath.Join(dir, "concelhos.gpkg"), "-d", "concelhos", "--code-field", "name", "--name-field", "name", "--role", "territory")
	h.must("ingest", before, "-d", "cover", "--role", "landcover", "--datetime", "2018-01-01")
	h.must("ingest", after, "-d", "cover", "--role", "landcover", "--datetime", "2024-01-01", "--append")
	change := []string{"change", "land-cover", "--from", "cover", "--from-time", "2018", "--to-time", "2024", "--areas", "concelhos"}

	out := filepath.Join(tmp, "change.json")
	h.must(append(slices.Clone(change), "--into", "changed", "--title", "Uso del suolo 2018–2024", "-o", out)...)
	var doc transitionDocument
	readJSON(t, out, &doc)
	checkTransitions(t, dir, pairs, &doc)
	checkChanged(t, h, &doc)
	checkFiles(t, h, change, &doc)
}

// checkTransitions compares with the shares of cells found by clipping.
func checkTransitions(t *testing.T, dir, pairs string, doc *transitionDocument) {
	t.Helper()
	both := readENVI(t, pairs)
	total, changed := 0.0, 0.0
	for name, mp := range readConcelhos(t, dir) {
		want := both.clipHectares(mp)
		k := slices.IndexFunc(doc.Details.Areas, func(a struct {
			Name     string
			Hectares [][]float64
		},
		) bool {
			return a.Name == name
		})
		if k < 0 {
			t.Fatalf("no area %s", name)
		}
		for i, from := range doc.Details.From {
			for j, to := range doc.Details.To {
				ha := want[100*from.Value+to.Value]
				closeTo(t, fmt.Sprintf("%s: %s to %s", name, from.Name, to.Name), doc.Details.Areas[k].Hectares[i][j]+1, ha+1, 1e-8)
				total += ha
				if from.Value != to.Value {
					changed += ha
				}
			}
		}
	}
	sum := 0.0
	for _, row := range doc.Details.Total {
		for _, ha := range row {
			sum += ha
		}
	}
	closeTo(t, "hectares in all", sum, total, 1e-9)
	if changed < 100 {
		t.Errorf("the copy changes %g hectares: too few to tell", changed)
	}
	for _, c := range doc.Classes {
		if !strings.Contains(c.Name, " → ") || len(c.Color) != 7 {
			t.Errorf("class %+v", c)
		}
	}
}

// checkChanged uses the map as a dataset: lineage, classes, legend, tiles,
// and the same hectares from its zonal statistics.
func checkChanged(t *testing.T, h *house, doc *transitionDocument) {
	t.Helper()
	d := h.describe("changed")
	l := d.Dataset.Version.Derived
	if l == nil || l.Process != "land-change" || len(l.Inputs) != 1 || l.Inputs[0].Dataset != "cover" || len(l.Inputs[0].Items) != 2 || len(l.Inputs[0].SHA256) != 64 {
		t.Fatalf("lineage %+v", l)
	}
	info := h.must("info", "changed")
	for _, want := range []string{"made by      land-change", "cover version 2, 2 items", "Uso del suolo 2018–2024", "classes"} {
		if !strings.Contains(info, want) {
			t.Errorf("info has no %q:\n%s", want, info)
		}
	}
	names := map[int]string{}
	for _, c := range doc.Classes {
		names[c.Value] = c.Name + " " + c.Color
	}
	for _, c := range d.Items[0].Bands[0].Classes {
		if names[c.Value] != c.Name+" "+c.Color {
			t.Errorf("class %d is %s %s in the catalog, %s in the answer", c.Value, c.Name, c.Color, names[c.Value])
		}
	}
	out := filepath.Join(t.TempDir(), "zonal.csv")
	h.must("zonal", "-d", "changed", "--areas", "concelhos", "--stats", "count", "--classes", "-o", out)
	table := readTable(t, out)
	for _, a := range doc.Areas {
		for i, c := range doc.Classes {
			closeTo(t, a.Name+" "+c.Name, table[a.Name]["class_"+strconv.Itoa(c.Value)+"_ha"]+1, a.Hectares[i]+1, 1e-9)
		}
	}
	s := h.serve()
	x, y := tileOf(-25.5, 37.8, 10)
	res, body := s.get(fmt.Sprintf("/xyz/changed/10/%d/%d.png", x, y))
	if res.StatusCode != http.StatusOK || res.Header.Get("Content-Type") != "image/png" || len(body) < 500 {
		t.Errorf("tile: %s, %d bytes", res.Status, len(body))
	}
	var legend any
	s.json("/legend/changed", &legend)
	text, err := json.Marshal(legend)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range doc.Classes {
		if i := slices.IndexFunc(d.Items[0].Bands[0].Classes, func(o struct {
			Value       int
			Name, Color string
		},
		) bool {
			return o.Value == c.Value
		}); i >= 0 && !strings.Contains(string(text), c.Name) {
			t.Errorf("the legend has no %q", c.Name)
		}
	}
}

// checkFiles reads the spreadsheet, the GeoPackage and the Italian CSV back.
func checkFiles(t *testing.T, h *house, change []string, doc *transitionDocument) {
	t.Helper()
	tmp := t.TempDir()
	xlsx, gpkg, italian := filepath.Join(tmp, "c.xlsx"), filepath.Join(tmp, "c.gpkg"), filepath.Join(tmp, "c.csv")
	h.must(append(slices.Clone(change), "--locale", "it", "-o", xlsx)...)
	h.must(append(slices.Clone(change), "-o", gpkg)...)
	h.must(append(slices.Clone(change), "--locale", "it", "-o", italian)...)
	rows := readRows(t, italian, ';')
	if len(rows) != len(doc.Areas) {
		t.Fatalf("%d rows, want %d", len(rows), len(doc.Areas))
	}
	fromSheet, fromPackage := ogrRows(t, xlsx), ogrRows(t, gpkg)
	decimals := 0
	for i, a := range doc.Areas {
		for k, c := range doc.Classes {
			name := "class_" + strconv.Itoa(c.Value) + "_ha"
			cell, ok := rows[i][name]
			if !ok {
				if a.Hectares[k] != 0 {
					t.Errorf("%s: %g hectares of %s, and no column", a.Name, a.Hectares[k], c.Name)
				}
				continue
			}
			if strings.Contains(cell, ".") {
				t.Errorf("%s: %s is no Italian number", name, cell)
			}
			decimals += strings.Count(cell, ",")
			closeTo(t, a.Name+" "+name+" in Italian", real64(t, strings.ReplaceAll(cell, ",", ".")), a.Hectares[k], 1e-12)
			for format, list := range map[string][]map[string]any{"xlsx": fromSheet, "gpkg": fromPackage} {
				j := slices.IndexFunc(list, func(r map[string]any) bool { return r["name"] == a.Name })
				if j < 0 {
					t.Fatalf("%s has no row %s: %v", format, a.Name, list)
				}
				column := name
				if format == "xlsx" { // where columns say what they hold
					column += " [" + c.Name + "]"
				}
				got, ok := list[j][column].(float64)
				if !ok {
					t.Fatalf("%s has no column %s: %v", format, column, list[j])
				}
				closeTo(t, a.Name+" "+column+" in "+format, got, a.Hectares[k], 1e-9)
			}
		}
	}
	if decimals == 0 {
		t.Error("no decimal comma in the Italian table")
	}
}

// ogrRows reads the first layer of a file with OGR; a spreadsheet's first row
// names the columns.
func ogrRows(t *testing.T, path string) []map[string]any {
	t.Helper()
	out, err := exec.Command("/usr/bin/python3", "-c", `
import json, sys
from osgeo import gdal
gdal.UseExceptions()
gdal.SetConfigOption("OGR_XLSX_HEADERS", "FORCE")
source = gdal.OpenEx(sys.argv[1])
layer = source.GetLayer(0)
rows = []
for f in layer:
    row = f.items()
    g = f.GetGeometryRef()
    row["geometry"] = g and g.GetGeometryName()
    rows.append(row)
json.dump(rows, sys.stdout, default=str)`, path).Output()
	if err != nil {
		t.Fatalf("OGR cannot read %s: %v", filepath.Base(path), err)
	}
	var rows []map[string]any
	decode(t, out, &rows)
	if strings.HasSuffix(path, ".gpkg") {
		for _, r := range rows {
			if r["geometry"] != "MULTIPOLYGON" {
				t.Errorf("%v has geometry %v", r["name"], r["geometry"])
			}
		}
	}
	return rows
}
