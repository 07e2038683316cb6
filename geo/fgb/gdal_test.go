package fgb

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/wkt"
	"github.com/paulmach/orb/planar"

	"contado/geo"
	"contado/geo/fault"
	"contado/geo/wkb"
	"contado/scripts/shareddata"
)

// dump prints a layer as GDAL reads it.
const dump = `
import json, sys
from osgeo import ogr
ogr.UseExceptions()
ds = ogr.Open(sys.argv[1])
l = ds.GetLayer(0)
if len(sys.argv) > 2:
    l.SetSpatialFilterRect(*map(float, sys.argv[2:6]))
d = l.GetLayerDefn()
srs = l.GetSpatialRef()
out = {"type": ogr.GeometryTypeToName(l.GetGeomType()), "count": l.GetFeatureCount(), "rows": [], "fields": [],
  "crs": srs and srs.GetAuthorityName(None) and srs.GetAuthorityName(None) + ":" + srs.GetAuthorityCode(None),
  "extent": l.GetExtent() if l.GetFeatureCount() else None}
for i in range(d.GetFieldCount()):
    f = d.GetFieldDefn(i)
    out["fields"].append([f.GetName(), f.GetTypeName(), ogr.GetFieldSubTypeName(f.GetSubType()), f.GetAlternativeName()])
for f in l:
    g = f.GetGeometryRef()
    row = {"wkt": g.ExportToIsoWkt() if g else None, "values": []}
    for i in range(d.GetFieldCount()):
        if not f.IsFieldSetAndNotNull(i): v = None
        elif d.GetFieldDefn(i).GetType() == ogr.OFTBinary: v = bytes(f.GetFieldAsBinary(i)).hex()
        elif d.GetFieldDefn(i).GetType() == ogr.OFTDateTime: v = f.GetFieldAsString(i)
        else: v = f.GetField(i)
        row["values"].append(v)
    out["rows"].append(row)
json.dump(out, sys.stdout)
`

type dumped struct {
	Type   string
	Count  int
	CRS    string
	Extent []float64
	Fields [][4]string
	Rows   []struct {
		WKT    *string
		Values []any
	}
}

// pythonWithGDAL finds an interpreter that has osgeo; "" without.
var pythonWithGDAL = sync.OnceValue(func() string {
	for _, name := range []string{"python3", "/usr/bin/python3"} {
		if tool, err := exec.LookPath(name); err == nil && exec.Command(tool, "-c", "from osgeo import ogr").Run() == nil {
			return tool
		}
	}
	return ""
})

func python(t testing.TB, script string, args ...string) []byte {
	t.Helper()
	tool := pythonWithGDAL()
	if tool == "" {
		t.Skip("no python3 with osgeo is installed")
	}
	cmd := exec.CommandContext(t.Context(), tool, append([]string{"-c", script}, args...)...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, stderr.String())
	}
	if stderr.Len() > 0 {
		t.Errorf("GDAL says: %s", stderr.String())
	}
	return out
}

func gdal(t testing.TB, path string, args ...string) dumped {
	t.Helper()
	var d dumped
	dec := json.NewDecoder(bytes.NewReader(python(t, dump, append([]string{path}, args...)...)))
	dec.UseNumber()
	if err := dec.Decode(&d); err != nil {
		t.Fatal(err)
	}
	return d
}

func TestGDALReadsWhatWeWrite(t *testing.T) {
	t.Parallel()
	f := write(t, everyType, nil, everyKind())
	d := gdal(t, f.path)
	want := [][4]string{
		{"fid", "Integer64", "None", ""},
		{"s", "String", "None", "Nome"},
		{"i", "Integer64", "None", ""},
		{"r", "Real", "None", ""},
		{"b", "Integer", "Boolean", ""},
		{"d", "DateTime", "None", ""},
		{"t", "DateTime", "None", ""},
		{"x", "Binary", "None", ""},
		{"j", "String", "None", ""},
	}
	if diff := cmp.Diff(want, d.Fields); diff != "" {
		t.Errorf("fields (-want +got):\n%s", diff)
	}
	if d.Type != "Unknown (any)" || d.CRS != "EPSG:25832" || d.Count != 10 || !slices.Equal(d.Extent, []float64{-3, 12, 0, 12}) {
		t.Errorf("%s %s, %d rows in %v", d.Type, d.CRS, d.Count, d.Extent)
	}
	for i, row := range d.Rows {
		r := f.At(i)
		ours, _ := r.Geometry()
		if ours == nil != (row.WKT == nil) {
			t.Errorf("row %d: %v, want %v", r.ID(), row.WKT, ours)
		} else if ours != nil {
			g, err := wkt.Unmarshal(strings.ReplaceAll(*row.WKT, ",", ", "))
			if err != nil || !orb.Equal(g, ours) {
				t.Errorf("row %d: %s, want %v (%v)", r.ID(), *row.WKT, ours, err)
			}
		}
		var id int64
		if n, ok := row.Values[0].(json.Number); ok {
			id, _ = n.Int64()
		}
		if id != r.ID() {
			t.Errorf("row %d has id %v", r.ID(), row.Values[0])
		}
		if id == 7 {
			want := []any{
				json.Number("7"), "Città 🏛", json.Number("1152921504606846976"), json.Number("0.1"), true,
				"2024/02/29 00:00:00", "2024/02/29 12:30:15.125+00", "0001ff", `{"a":[1,2]}`,
			}
			if diff := cmp.Diff(want, row.Values); diff != "" {
				t.Errorf("values (-want +got):\n%s", diff)
			}
		}
	}
}

func TestGDALSearchesWhatWeWrite(t *testing.T) {
	t.Parallel()
	f := write(t, parcelSchema, nil, parcels(3000, 9))
	for _, b := range []geo.BBox{{MinX: 100, MinY: -50, MaxX: 300, MaxY: 20}, {MinX: -1, MinY: -1000, MaxX: 2000, MaxY: 1000}, {MinX: -10, MinY: 0, MaxX: -5, MaxY: 1}} {
		args := strings.Split(b.String(), ",")
		d := gdal(t, f.path, args...)
		var want, got []string
		f.Search(b, func(r Row) bool { want = append(want, r.Value(0).(string)); return true })
		for _, row := range d.Rows {
			got = append(got, row.Values[1].(string))
		}
		if !slices.Equal(got, want) {
			t.Errorf("%v: GDAL finds %d rows, we %d", b, len(got), len(want))
		}
	}
}

func TestGDALReadsHeightsStreamsAndOtherSystems(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	zm := geo.Schema{GeometryType: "MultiLineString", HasZ: true, HasM: true, CRS: `LOCAL_CS["here",UNIT["metre",1]]`}
	feat := geo.Feature{
		ID: 1, Geometry: orb.MultiLineString{{{0, 0}, {1, 1}}, {{5, 5}, {6, 6}}}, Values: []any{},
		Z: []float64{1, 2, 3, 4}, M: []float64{5, 6, 7, 8},
	}
	path := filepath.Join(dir, "zm.fgb")
	writeTo(t, path, zm, nil, []geo.Feature{feat})
	if d := gdal(t, path); d.Type != "3D Measured Multi Line String" || *d.Rows[0].WKT != "MULTILINESTRING ZM ((0 0 1 5,1 1 2 6),(5 5 3 7,6 6 4 8))" {
		t.Errorf("%s: %s", d.Type, *d.Rows[0].WKT)
	}
	for _, count := range []int64{10, -1} {
		path := filepath.Join(dir, "stream.fgb")
		var b bytes.Buffer
		rest := everyKind()
		err := Encode(&b, everyType, count, func() (geo.Feature, bool, error) {
			if len(rest) == 0 {
				return geo.Feature{}, false, nil
			}
			f := rest[0]
			rest = rest[1:]
			return f, true, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		if d := gdal(t, path); len(d.Rows) != 10 || d.Rows[4].Values[0] != json.Number("-2") {
			t.Errorf("count %d: %d rows", count, len(d.Rows))
		}
		f := open(t, path)
		for i, want := range everyKind() {
			if diff := cmp.Diff(want, feature(t, f, f.At(i))); diff != "" {
				t.Errorf("count %d, row %d (-want +got):\n%s", count, i, diff)
			}
		}
		if f.Indexed() || f.Bounds() != (geo.BBox{MinX: -3, MinY: 0, MaxX: 12, MaxY: 12}) {
			t.Errorf("bounds %v, index %v", f.Bounds(), f.Indexed())
		}
	}
}

// compareWithGDAL reads a file of others by both.
func compareWithGDAL(t *testing.T, path string) {
	t.Helper()
	d := gdal(t, path)
	f := open(t, path)
	if err := f.Verify(); err != nil {
		t.Fatal(err)
	}
	if f.Len() != len(d.Rows) || len(f.Schema().Fields) != len(d.Fields) {
		t.Fatalf("%d rows of %d fields, GDAL %d of %d", f.Len(), len(f.Schema().Fields), len(d.Rows), len(d.Fields))
	}
	if d.CRS != "" && string(f.Schema().CRS) != d.CRS {
		t.Errorf("CRS %.60s, GDAL %s", f.Schema().CRS, d.CRS)
	}
	if len(d.Extent) == 4 && d.Extent[0] != d.Extent[1] {
		want := geo.BBox{MinX: d.Extent[0], MaxX: d.Extent[1], MinY: d.Extent[2], MaxY: d.Extent[3]}
		if f.Bounds() != want {
			t.Errorf("bounds %v, GDAL %v", f.Bounds(), want)
		}
	}
	for i, want := range d.Rows {
		got := feature(t, f, f.At(i))
		if (got.Geometry == nil) != (want.WKT == nil) {
			t.Fatalf("row %d: %v, GDAL %v", i, got.Geometry, want.WKT)
		}
		if got.Geometry != nil {
			text := strings.NewReplacer(",", ", ", " Z ", " ", " ZM ", " ", "TRIANGLE", "POLYGON").Replace(*want.WKT)
			if !f.Schema().HasZ {
				g, err := wkt.Unmarshal(text)
				if err != nil || !near(g, got.Geometry) {
					t.Errorf("row %d: %v, GDAL %s (%v)", i, got.Geometry, text, err)
				}
			}
		}
		for k, v := range got.Values {
			if !agrees(v, want.Values[k], f.Schema().Fields[k].Type) {
				t.Errorf("row %d: %s = %T %v, GDAL %v", i, f.Schema().Fields[k].Name, v, v, want.Values[k])
			}
		}
	}
}

// near allows for the 15 digits of GDAL's text.
func near(a, b orb.Geometry) bool {
	x, y := wkt.MarshalString(a), wkt.MarshalString(b)
	if x == y {
		return true
	}
	ba, bb := a.Bound(), b.Bound()
	const eps = 1e-6
	return a.GeoJSONType() == b.GeoJSONType() && wkb.Positions(a) == wkb.Positions(b) &&
		math.Abs(ba.Min[0]-bb.Min[0]) < eps && math.Abs(ba.Max[1]-bb.Max[1]) < eps
}

func agrees(v, want any, typ geo.FieldType) bool {
	switch x := v.(type) {
	case nil:
		return want == nil
	case string:
		return typ == geo.DateTime || x == want
	case []byte:
		s, ok := want.(string)
		return ok && len(s) == 2*len(x)
	}
	n, ok := want.(json.Number)
	y, _ := n.Float64()
	switch x := v.(type) {
	case int64:
		return ok && n.String() == strconv.FormatInt(x, 10)
	case float64:
		return ok && math.Abs(x-y) <= 1e-6*math.Abs(y)
	}
	return v == want
}

func TestFilesOfOthers(t *testing.T) {
	t.Parallel()
	files, _ := filepath.Glob(filepath.Join(shareddata.Path(t, "vector-variety/flatgeobuf"), "*.fgb"))
	surface, _ := filepath.Glob(filepath.Join(shareddata.Path(t, "vector-variety/flatgeobuf"), "surface", "*.fgb"))
	files = append(append(files, surface...), shareddata.Path(t, "it-milano-census-sections/sezioni.fgb"))
	if len(files) < 12 {
		t.Fatalf("only %d files", len(files))
	}
	for _, path := range files {
		t.Run(filepath.Base(path), func(t *testing.T) {
			t.Parallel()
			if filepath.Base(path) == "topp_states.fgb" { // version 2, as GDAL says too
				if _, err := Open(path); !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "version 2") {
					t.Errorf("got %v", err)
				}
				return
			}
			compareWithGDAL(t, path)
		})
	}
}

// variety writes the layers that GDAL is to write for us.
const variety = `
import sys
from osgeo import ogr, osr
ogr.UseExceptions()
drv = ogr.GetDriverByName("FlatGeobuf")
srs = osr.SpatialReference(); srs.ImportFromEPSG(32632)
cases = {
 "pointz": (ogr.wkbPoint25D, ["POINT Z (1 2 3)", "POINT Z (4 5 6)"]),
 "linem": (ogr.wkbLineStringM, ["LINESTRING M (0 0 1,1 1 2,2 0 3)"]),
 "polyzm": (ogr.wkbPolygonZM, ["POLYGON ZM ((0 0 1 9,4 0 2 8,4 4 3 7,0 0 1 9),(1 0.2 5 5,2 0.2 5 5,2 1 5 5,1 0.2 5 5))"]),
 "mpolyz": (ogr.wkbMultiPolygon25D, ["MULTIPOLYGON Z (((0 0 1,4 0 2,4 4 3,0 0 1)),((10 0 4,14 0 5,14 4 6,10 0 4)))"]),
 "mline": (ogr.wkbMultiLineString, ["MULTILINESTRING ((0 0,1 1),(2 2,3 3,4 2))", "MULTILINESTRING ((0 0,1 1))"]),
 "mpoint": (ogr.wkbMultiPoint, ["MULTIPOINT ((0 0),(1 1))"]),
 "any": (ogr.wkbUnknown, ["POINT (1 2)", "GEOMETRYCOLLECTION (POINT (1 2),LINESTRING (0 0,1 1),POLYGON ((0 0,4 0,4 4,0 0)))"]),
 "tin": (ogr.wkbTINZ, ["TIN Z (((0 0 1,4 0 2,4 4 3,0 0 1)),((0 0 1,4 4 2,0 4 3,0 0 1)))"]),
 "curve": (ogr.wkbCircularString, ["CIRCULARSTRING (0 0,1 1,2 0)"]),
 "compound": (ogr.wkbCompoundCurveZ, ["COMPOUNDCURVE Z (CIRCULARSTRING Z (0 0 1,1 1 2,2 0 3),(2 0 3,5 0 4,5 5 5))"]),
 "curvepolygon": (ogr.wkbCurvePolygon, ["CURVEPOLYGON (COMPOUNDCURVE (CIRCULARSTRING (0 0,5 5,10 0),(10 0,0 0)),(4 1,6 1,5 2,4 1))"]),
 "multicurve": (ogr.wkbMultiCurve, ["MULTICURVE ((0 0,1 1),CIRCULARSTRING (0 0,1 -1,2 0))"]),
 "multisurface": (ogr.wkbMultiSurface, ["MULTISURFACE (CURVEPOLYGON (CIRCULARSTRING (0 0,1 1,2 0,1 -1,0 0)),((5 5,6 5,6 6,5 5)))"]),
}
for name, (typ, geoms) in cases.items():
    for index in ("YES", "NO"):
        ds = drv.CreateDataSource(sys.argv[1] + "/" + name + index + ".fgb")
        l = ds.CreateLayer(name, srs, typ, options=["SPATIAL_INDEX=" + index])
        l.CreateField(ogr.FieldDefn("n", ogr.OFTInteger64))
        l.CreateField(ogr.FieldDefn("s", ogr.OFTString))
        for i, w in enumerate(geoms):
            f = ogr.Feature(l.GetLayerDefn())
            f["n"] = 2**53 + 1 + i
            if i != 1: f["s"] = "è" * (i + 1)
            f.SetGeometry(ogr.CreateGeometryFromWkt(w))
            l.CreateFeature(f)
        if index == "NO":
            f = ogr.Feature(l.GetLayerDefn()); f["s"] = "no geometry"; l.CreateFeature(f)
        ds = None
`

func TestWhatGDALWrites(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	python(t, variety, dir)
	files, _ := filepath.Glob(filepath.Join(dir, "*.fgb"))
	if len(files) != 26 {
		t.Fatalf("%d files", len(files))
	}
	heights := map[string][2][]float64{
		"pointz": {{3}}, "linem": {nil, {1, 2, 3}},
		"polyzm": {{1, 2, 3, 1, 5, 5, 5, 5}, {9, 8, 7, 9, 5, 5, 5, 5}},
		"mpolyz": {{1, 2, 3, 1, 4, 5, 6, 4}}, "tin": {{1, 2, 3, 1, 1, 2, 3, 1}},
	}
	arcs := map[string]struct {
		kind string
		size float64 // length and area
	}{
		"curve": {"LineString", math.Pi}, "compound": {"LineString", math.Pi + 8},
		"curvepolygon": {"Polygon", 5*math.Pi + 10 + 2 + 2*math.Sqrt2 + 12.5*math.Pi - 1},
		"multicurve":   {"MultiLineString", math.Sqrt2 + math.Pi}, "multisurface": {"MultiPolygon", 2*math.Pi + 2 + math.Sqrt2 + math.Pi + 0.5},
	}
	for _, path := range files {
		name := strings.TrimSuffix(strings.TrimSuffix(filepath.Base(path), "YES.fgb"), "NO.fgb")
		f := open(t, path)
		if err := f.Verify(); err != nil {
			t.Errorf("%s: %v", path, err)
		}
		var first Row
		f.Rows(func(r Row) bool {
			if r.Value(0) == int64(1)<<53+1 {
				first = r
			}
			return true
		})
		got := feature(t, f, first)
		if _, ok := arcs[name]; ok {
			heights[name] = [2][]float64{got.Z, got.M}
		}
		if want := heights[name]; !slices.Equal(got.Z, want[0]) || !slices.Equal(got.M, want[1]) {
			t.Errorf("%s: z %v, m %v", path, got.Z, got.M)
		}
		if want, ok := arcs[name]; ok {
			if size := planar.Length(got.Geometry) + planar.Area(got.Geometry); got.Geometry.GeoJSONType() != want.kind || math.Abs(size-want.size) > 2e-3*want.size {
				t.Errorf("%s: a %s of length and area %v, want %v", path, got.Geometry.GeoJSONType(), size, want)
			}
			if got.Z != nil && (len(got.Z) != wkb.Positions(got.Geometry) || !slices.IsSorted(got.Z)) {
				t.Errorf("%s: heights %v", path, got.Z)
			}
			if f.Schema().GeometryType != want.kind {
				t.Errorf("%s: the schema says %s", path, f.Schema().GeometryType)
			}
			continue
		}
		if got.Geometry == nil || got.Values[1] != "è" {
			t.Errorf("%s: %v", path, got)
		}
		if s := f.Schema(); s.CRS != "EPSG:32632" || s.HasZ != (heights[name][0] != nil) || s.HasM != (heights[name][1] != nil) {
			t.Errorf("%s: %+v", path, s)
		}
	}
}
