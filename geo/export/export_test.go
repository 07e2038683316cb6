package export_test

import (
	"archive/zip"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"contado/geo"
	"contado/geo/export"
	"contado/geo/fault"
	"contado/geo/parquet"
	"contado/geo/store/catalog"
	"contado/geo/table"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/planar"
)

const python = "/usr/bin/python3"

// towns are rows with every type of attribute, values that are missing, and
// what formats trip over.
func towns() (geo.Schema, []geo.Feature) {
	s := geo.Schema{GeometryType: "MultiPolygon", CRS: "EPSG:32632", Fields: []geo.Field{
		{Name: "name", Type: geo.String, Alias: "Nome del comune"},
		{Name: "number", Type: geo.Integer},
		{Name: "share", Type: geo.Real},
		{Name: "sure", Type: geo.Boolean},
		{Name: "day", Type: geo.Date},
		{Name: "when", Type: geo.DateTime},
		{Name: "bytes", Type: geo.Binary},
		{Name: "list", Type: geo.JSON},
		{Name: "città è lunga davvero", Type: geo.String, Description: "a name that is long"},
	}}
	square := func(x, y, d float64) orb.MultiPolygon {
		return orb.MultiPolygon{{{{x, y}, {x + d, y}, {x + d, y + d}, {x, y + d}, {x, y}}}}
	}
	return s, []geo.Feature{
		{ID: 3, Geometry: square(600000, 5100000, 1000), Values: []any{"Forlì, \"e\" Cesena", int64(math.MaxInt64), 0.1, true, "2024-02-29", "2024-07-09T10:15:59.123Z", []byte{0, 255, 7}, `[1,"due",null]`, "東京"}},
		{ID: 7, Geometry: square(601000, 5100000, 500), Values: []any{"", int64(-1), -1e-9, false, "1900-01-01", "2024-07-09T12:00:00Z", []byte{}, `{"a":{"b":1}}`, "=1+1"}},
		{ID: 8, Geometry: nil, Values: []any{nil, nil, nil, nil, nil, nil, nil, nil, nil}},
		{ID: 900, Geometry: square(700000, 5200000, 250), Values: []any{"L'Aquila\nseconda", int64(1 << 53), 1e300, true, "2099-12-31", "1969-12-31T23:59:59Z", []byte("x"), `null`, strings.Repeat("è", 200)}},
	}
}

func rowsOf(fs []geo.Feature) export.Rows {
	return func(yield func(geo.Feature) bool) error {
		for _, f := range fs {
			if !yield(f) {
				return nil
			}
		}
		return nil
	}
}

func write(t *testing.T, id string, s geo.Schema, fs []geo.Feature, o export.Options) (string, []catalog.Notice) {
	t.Helper()
	f, ok := export.Find(id, "")
	if !ok {
		t.Fatalf("no format %s", id)
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "towns"+f.Extension)
	notes, err := export.Write(t.Context(), path, f, s, rowsOf(fs), o)
	if err != nil {
		t.Fatalf("%s: %v", id, err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Fatalf("%s: beside the file there is %v, %v", id, entries, err)
	}
	return path, notes
}

func codes(notes []catalog.Notice) []string {
	var out []string
	for _, n := range notes {
		out = append(out, n.Code)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// dump reads a file with GDAL's own Python: the oracle.
const dump = `
import sys, json, base64
from osgeo import ogr, gdal
ogr.UseExceptions()
out = []
ds = gdal.OpenEx(sys.argv[1], gdal.OF_VECTOR)
for i in range(ds.GetLayerCount()):
    l = ds.GetLayer(i)
    d = l.GetLayerDefn()
    srs = l.GetSpatialRef()
    layer = {"name": l.GetName(), "type": ogr.GeometryTypeToName(l.GetGeomType()), "fid": l.GetFIDColumn(),
      "crs": None if srs is None else srs.GetAuthorityCode(None),
      "fields": [[d.GetFieldDefn(k).GetName(), d.GetFieldDefn(k).GetTypeName(), d.GetFieldDefn(k).GetSubType(), d.GetFieldDefn(k).GetAlternativeName()] for k in range(d.GetFieldCount())], "rows": []}
    for f in l:
        v = []
        for k in range(d.GetFieldCount()):
            if not f.IsFieldSetAndNotNull(k): v.append(None)
            elif d.GetFieldDefn(k).GetType() == ogr.OFTBinary: v.append("base64:" + base64.b64encode(f.GetFieldAsBinary(k)).decode())
            elif d.GetFieldDefn(k).GetType() in (ogr.OFTReal,): v.append(repr(f.GetFieldAsDouble(k)))
            elif d.GetFieldDefn(k).GetType() in (ogr.OFTInteger64, ogr.OFTInteger): v.append(str(f.GetFieldAsInteger64(k)))
            else: v.append(f.GetFieldAsString(k))
        g = f.GetGeometryRef()
        layer["rows"].append({"fid": f.GetFID(), "values": v, "wkt": None if g is None or g.IsEmpty() else g.ExportToIsoWkt()})
    out.append(layer)
json.dump(out, sys.stdout)
`

type dumped struct {
	Name, Type, FID string
	CRS             *string
	Fields          [][]any
	Rows            []struct {
		FID    int64
		Values []*string
		WKT    *string
	}
}

func oracle(t *testing.T, path string) []dumped {
	t.Helper()
	if exec.Command(python, "-c", "import osgeo").Run() != nil {
		t.Skip("python3 with osgeo is not installed: no oracle")
	}
	cmd := exec.Command(python, "-c", dump, path)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("GDAL cannot read %s: %v\n%s", path, err, stderr.String())
	}
	var d []dumped
	if err := json.Unmarshal(out, &d); err != nil {
		t.Fatal(err)
	}
	return d
}

func show(v *string) string {
	if v == nil {
		return "<null>"
	}
	return *v
}

func values(d dumped) [][]string {
	var out [][]string
	for _, r := range d.Rows {
		var line []string
		for _, v := range r.Values {
			line = append(line, show(v))
		}
		out = append(out, line)
	}
	return out
}

func TestGeoPackage(t *testing.T) {
	t.Parallel()
	s, fs := towns()
	path, notes := write(t, "gpkg", s, fs, export.Options{Title: "Comuni", Description: "prova"})
	if len(notes) != 0 {
		t.Errorf("notices %v", notes)
	}
	d := oracle(t, path)[0]
	if d.Name != "towns" || show(d.CRS) != "32632" || d.FID != "fid" {
		t.Errorf("%+v", d)
	}
	want := [][]string{
		{"Forlì, \"e\" Cesena", "9223372036854775807", "0.1", "1", "2024/02/29", "2024/07/09 10:15:59.123+00", "base64:AP8H", `[1,"due",null]`, "東京"},
		{"", "-1", "-1e-09", "0", "1900/01/01", "2024/07/09 12:00:00+00", "base64:", `{"a":{"b":1}}`, "=1+1"},
		{"<null>", "<null>", "<null>", "<null>", "<null>", "<null>", "<null>", "<null>", "<null>"},
		{"L'Aquila\nseconda", "9007199254740992", "1e+300", "1", "2099/12/31", "1969/12/31 23:59:59+00", "base64:eA==", "null", strings.Repeat("è", 200)},
	}
	if diff := cmp.Diff(want, values(d)); diff != "" {
		t.Error(diff)
	}
	if d.Rows[3].FID != 900 || d.Rows[2].WKT != nil || !strings.HasPrefix(show(d.Rows[0].WKT), "MULTIPOLYGON (((600000 5100000,601000 5100000") {
		t.Errorf("%+v", d.Rows)
	}
	out, err := exec.Command(python, "-c", `import sqlite3,sys
print(sqlite3.connect(sys.argv[1]).execute("SELECT column_name, title, description FROM gpkg_data_columns ORDER BY column_name").fetchall())`, path).Output()
	if err != nil || !strings.Contains(string(out), "('città è lunga davvero', None, 'a name that is long')") || !strings.Contains(string(out), "('name', 'Nome del comune', None)") {
		t.Errorf("%s %v", out, err)
	}
}

func TestFlatGeobuf(t *testing.T) {
	t.Parallel()
	s, fs := towns()
	path, notes := write(t, "fgb", s, fs, export.Options{})
	d := oracle(t, path)[0]
	if len(notes) != 0 || len(d.Rows) != 4 || show(d.CRS) != "32632" {
		t.Errorf("%v %v", notes, d)
	}
	all := fmt.Sprint(values(d))
	for _, want := range []string{"9223372036854775807", "Forlì", "東京", `{"a":{"b":1}}`, "base64:AP8H"} {
		if !strings.Contains(all, want) {
			t.Errorf("%q is lost in %s", want, all)
		}
	}
}

func TestGeoJSON(t *testing.T) {
	t.Parallel()
	s, fs := towns()
	for _, id := range []string{"geojson", "geojsonseq"} {
		path, notes := write(t, id, s, fs, export.Options{})
		if diff := cmp.Diff([]string{"binary-as-text"}, codes(notes)); diff != "" {
			t.Errorf("%s: %s", id, diff)
		}
		d := oracle(t, path)[0]
		if len(d.Rows) != 4 || show(d.CRS) != "4326" {
			t.Fatalf("%s: %+v", id, d)
		}
		got := values(d)
		if got[0][1] != "9223372036854775807" || got[0][2] != "0.1" || got[3][2] != "1e+300" || got[0][8] != "東京" || got[2][0] != "<null>" || d.Rows[0].FID != 3 {
			t.Errorf("%s: %v", id, got)
		}
		if !strings.Contains(show(d.Rows[0].WKT), "(((10.29") {
			t.Errorf("%s: %s", id, show(d.Rows[0].WKT))
		}
		b, err := os.ReadFile(path)
		if err != nil || !strings.Contains(string(b), `"list":[1,"due",null]`) || id == "geojson" && !json.Valid(b) {
			t.Errorf("%s: %v %s", id, err, b)
		}
	}
}

// Rings run counterclockwise outside, as RFC 7946 wants, heights stay with
// their positions, and another system is said.
func TestGeoJSONDetails(t *testing.T) {
	t.Parallel()
	s := geo.Schema{GeometryType: "Polygon", CRS: geo.WGS84, HasZ: true}
	ring := orb.Ring{{0, 0}, {0, 1}, {1, 1}, {0, 0}} // clockwise
	path, _ := write(t, "geojson", s, []geo.Feature{{ID: 1, Geometry: orb.Polygon{ring}, Z: []float64{10, 11, 12, 10}}}, export.Options{})
	b, err := os.ReadFile(path)
	if err != nil || !strings.Contains(string(b), "[[[0,0,10],[1,1,12],[0,1,11],[0,0,10]]]") {
		t.Errorf("%s %v", b, err)
	}
	path, notes := write(t, "geojson", s, []geo.Feature{{ID: 1, Geometry: orb.Polygon{ring}}}, export.Options{CRS: "EPSG:3857"})
	if d := oracle(t, path)[0]; show(d.CRS) != "3857" || !slices.Contains(codes(notes), "not-rfc7946") {
		t.Errorf("%v %v", show(d.CRS), notes)
	}
}

func TestParquet(t *testing.T) {
	t.Parallel()
	s, fs := towns()
	path, notes := write(t, "parquet", s, fs, export.Options{})
	if len(notes) != 0 {
		t.Errorf("%v", notes)
	}
	f, err := parquet.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if diff := cmp.Diff(s, f.Schema()); diff != "" {
		t.Error(diff)
	}
	i := 0
	err = f.Rows(t.Context(), nil, func(got geo.Feature) (bool, error) {
		if diff := cmp.Diff([]any{fs[i].Geometry, fs[i].Values}, []any{got.Geometry, got.Values}); diff != "" {
			t.Error(diff)
		}
		i++
		return true, nil
	})
	if err != nil || i != len(fs) {
		t.Error(err, i)
	}
}

func TestShapefile(t *testing.T) {
	t.Parallel()
	s, fs := towns()
	path, notes := write(t, "shp", s, fs, export.Options{})
	want := []string{"aliases-dropped", "binary-dropped", "boolean-as-number", "digits-lost", "names-cut", "null-is-empty", "numbers-dropped", "text-cut", "time-as-text"}
	if diff := cmp.Diff(want, codes(notes)); diff != "" {
		t.Errorf("%s\n%v", diff, notes)
	}
	dir := unzip(t, path)
	if cpg, err := os.ReadFile(filepath.Join(dir, "towns.cpg")); err != nil || string(cpg) != "UTF-8" {
		t.Errorf("%q %v", cpg, err)
	}
	d := oracle(t, filepath.Join(dir, "towns.shp"))[0]
	got := values(d)
	if len(got) != 4 || show(d.CRS) != "32632" || got[0][0] != "Forlì, \"e\" Cesena" || got[0][4] != "2024/02/29" || got[0][5] != "2024-07-09T10:15:59.123Z" || got[0][7] != "東京" {
		t.Errorf("%v", got)
	}
	if len(got[3][7]) != 254 || strings.Trim(got[3][7], "è") != "" {
		t.Errorf("cut to %d bytes: %q", len(got[3][7]), got[3][7])
	}
	if got[3][2] != "<null>" || got[0][2] != "0.1" || got[1][2] != "-1e-09" || got[3][1] != "9007199254740992.0" {
		t.Errorf("numbers: %v", got)
	}
}

func unzip(t *testing.T, path string) string {
	t.Helper()
	dir := t.TempDir()
	z, err := zip.OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	for _, e := range z.File {
		r, err := e.Open()
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, e.Name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// Rows of mixed geometries go into a file a kind; nothing is lost in silence.
func TestShapefileSplits(t *testing.T) {
	t.Parallel()
	s := geo.Schema{GeometryType: "Geometry", CRS: geo.WGS84, Fields: []geo.Field{{Name: "very long name one", Type: geo.String}, {Name: "very long name two", Type: geo.String}}}
	fs := []geo.Feature{
		{ID: 1, Geometry: orb.Point{1, 2}, Values: []any{"a", "b"}},
		{ID: 2, Geometry: orb.LineString{{1, 2}, {3, 4}}, Values: []any{"c", "d"}},
		{ID: 3, Geometry: orb.Polygon{{{0, 0}, {1, 0}, {1, 1}, {0, 0}}}, Values: []any{"e", "f"}},
		{ID: 4, Geometry: nil, Values: []any{"g", "h"}},
		{ID: 5, Geometry: orb.Collection{orb.Point{1, 2}}, Values: []any{"i", "j"}},
	}
	path, notes := write(t, "shp", s, fs, export.Options{})
	if c := codes(notes); !slices.Contains(c, "split-by-geometry") || !slices.Contains(c, "collections-dropped") {
		t.Errorf("%v", notes)
	}
	dir := unzip(t, path)
	for name, n := range map[string]int{"towns_points.shp": 1, "towns_lines.shp": 1, "towns_areas.shp": 1, "towns_rows.dbf": 2} {
		d := oracle(t, filepath.Join(dir, name))[0]
		if len(d.Rows) != n || d.Fields[0][0] != "very long" || d.Fields[1][0] != "very lon_1" {
			t.Errorf("%s: %+v", name, d)
		}
	}
}

func TestTables(t *testing.T) {
	t.Parallel()
	s := geo.Schema{GeometryType: "Point", CRS: geo.WGS84, HasZ: true, Fields: []geo.Field{{Name: "codice", Type: geo.String}, {Name: "valore", Type: geo.Real}, {Name: "longitude", Type: geo.Boolean}}}
	fs := []geo.Feature{
		{ID: 1, Geometry: orb.Point{11.25, 46.5}, Z: []float64{250.5}, Values: []any{"001272", 1234.5, true}},
		{ID: 2, Values: []any{"=x", nil, nil}},
	}
	path, notes := write(t, "csv", s, fs, export.Options{})
	b, err := os.ReadFile(path)
	want := "codice,valore,longitude,longitude_2,latitude,height\n001272,1234.5,true,11.25,46.5,250.5\n'=x,,,,,\n"
	if err != nil || string(b) != want || !slices.Contains(codes(notes), "cells-guarded") {
		t.Errorf("%q %v %v", b, err, notes)
	}
	path, _ = write(t, "csv", s, fs, export.Options{Locale: table.Italian, Geometry: "wkt"})
	b, err = os.ReadFile(path)
	want = "\ufeffcodice;valore;longitude;geometry\n001272;1234,5;sì;POINT Z (11.25 46.5 250.5)\n'=x;;;\n"
	if err != nil || string(b) != want {
		t.Errorf("%q %v", b, err)
	}
	path, _ = write(t, "xlsx", s, fs, export.Options{})
	d := oracle(t, path)[0]
	if got := values(d); len(got) != 2 || got[0][0] != "001272" || got[0][1] != "1234.5" || got[0][3] != "11.25" {
		t.Errorf("%v %v", d.Fields, got)
	}
	areas, rows := towns()
	path, _ = write(t, "csv", areas, rows, export.Options{})
	if b, err = os.ReadFile(path); err != nil || !strings.Contains(string(b), `"MULTIPOLYGON(((600000 5100000`) {
		t.Errorf("%s %v", b, err)
	}
	path, notes = write(t, "xlsx", areas, rows, export.Options{})
	if !slices.Contains(codes(notes), "geometry-dropped") || !slices.Contains(codes(notes), "digits-as-text") {
		t.Errorf("%v", notes)
	}
	if got := values(oracle(t, path)[0]); got[0][1] != "9223372036854775807" || got[3][1] != "9007199254740992" {
		t.Errorf("long numbers: %v", got)
	}
}

// An area keeps what meets it; cutting keeps what lies within.
func TestArea(t *testing.T) {
	t.Parallel()
	s, fs := towns()
	half := orb.Polygon{{{600000, 5100000}, {600500, 5100000}, {600500, 5101000}, {600000, 5101000}, {600000, 5100000}}}
	read := func(o export.Options) []geo.Feature {
		path, _ := write(t, "parquet", s, fs, o)
		f, err := parquet.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		var out []geo.Feature
		if err := f.Rows(t.Context(), nil, func(f geo.Feature) (bool, error) { out = append(out, f); return true, nil }); err != nil {
			t.Fatal(err)
		}
		return out
	}
	whole := read(export.Options{Area: half})
	if len(whole) != 1 || math.Abs(planar.Area(whole[0].Geometry)-1e6) > 1 {
		t.Errorf("%v", whole)
	}
	cut := read(export.Options{Area: half, Clip: true})
	if len(cut) != 1 || math.Abs(planar.Area(cut[0].Geometry)-5e5) > 1 {
		t.Errorf("%v", cut)
	}
}

func TestRefuses(t *testing.T) {
	t.Parallel()
	s, fs := towns()
	gj, _ := export.Find("", "a.geojson")
	path := filepath.Join(t.TempDir(), "a.geojson")
	if _, err := export.Write(t.Context(), path, export.Format{ID: "dwg"}, s, rowsOf(fs), export.Options{}); !fault.Is(err, fault.Unsupported) {
		t.Error(err)
	}
	if _, err := export.Write(t.Context(), path, gj, s, rowsOf(fs), export.Options{Clip: true}); !fault.Is(err, fault.Invalid) {
		t.Error(err)
	}
	broken := func(yield func(geo.Feature) bool) error {
		yield(fs[0])
		return fault.Errorf("rows", fault.Conflict, "the base went away")
	}
	for _, f := range export.Formats() {
		p := path + f.Extension
		if _, err := export.Write(t.Context(), p, f, s, broken, export.Options{}); !fault.Is(err, fault.Conflict) {
			t.Errorf("%s: %v", f.ID, err)
		}
		if _, err := os.Stat(p); !os.IsNotExist(err) {
			t.Errorf("%s: a broken export left %v", f.ID, err)
		}
	}
	if entries, _ := os.ReadDir(filepath.Dir(path)); len(entries) != 0 {
		t.Errorf("left over: %v", entries)
	}
	if _, err := export.Write(t.Context(), path, gj, s, rowsOf(fs), export.Options{}); err != nil {
		t.Fatal(err)
	}
	if _, err := export.Write(t.Context(), path, gj, s, rowsOf(fs), export.Options{}); !fault.Is(err, fault.Exist) {
		t.Error(err)
	}
	if _, err := export.Write(t.Context(), path, gj, s, rowsOf(fs[:1]), export.Options{Replace: true}); err != nil {
		t.Error(err)
	}
}
