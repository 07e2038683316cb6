package gdal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"contado/geo"
	"contado/geo/fault"
	"contado/scripts/shareddata"
	"github.com/paulmach/orb"
	"pgregory.net/rapid"
)

func scanAll(t testing.TB, v *Vector, layer string) (fs []geo.Feature) {
	t.Helper()
	if err := v.Scan(context.Background(), layer, func(f geo.Feature) (bool, error) {
		fs = append(fs, f)
		return true, nil
	}); err != nil {
		t.Fatal(err)
	}
	return fs
}

const ogrScript = `
import sys, json
from osgeo import ogr, gdal
gdal.UseExceptions()
out = {}
for p in sys.argv[1:]:
    ds = gdal.OpenEx(p, gdal.OF_VECTOR)
    layers = []
    for i in range(ds.GetLayerCount()):
        l = ds.GetLayer(i)
        d = l.GetLayerDefn()
        feats = []
        for f in l:
            g = f.GetGeometryRef()
            env = None
            if g is not None and not g.IsEmpty():
                if g.HasCurveGeometry():
                    g = g.GetLinearGeometry()
                env = list(g.GetEnvelope())
            vals = [None if not f.IsFieldSetAndNotNull(k) else f.GetField(k) if d.GetFieldDefn(k).GetType() in (0, 2, 12) else '' for k in range(d.GetFieldCount())]
            feats.append(dict(fid=f.GetFID(), env=env, null=[v is None for v in vals], num=[float(v) if isinstance(v, (int, float)) else None for v in vals]))
        layers.append(dict(name=l.GetName(), fields=[d.GetFieldDefn(k).GetName() for k in range(d.GetFieldCount())], feats=feats))
    out[p] = layers
print(json.dumps(out))
`

func TestScanAgainstGDAL(t *testing.T) {
	t.Parallel()
	var paths []string
	for _, rel := range []string{
		"vector-variety/pyogrio/curve.gpkg", "vector-variety/pyogrio/curvepolygon.gpkg", "vector-variety/pyogrio/line_zm.gpkg",
		"vector-variety/pyogrio/multisurface.gpkg", "vector-variety/pyogrio/test_gpkg_nulls.gpkg", "vector-variety/planetiler/empty-geom.gpkg",
		"vector-variety/flatgeobuf/alldatatypes.fgb", "vector-variety/flatgeobuf/heterogeneous.fgb", "vector-variety/flatgeobuf/countries_nogeo.fgb",
		"vector-variety/flatgeobuf/unknown_feature_count.fgb", "vector-variety/flatgeobuf/empty.fgb", "vector-variety/conveyal-datasource/continents.shp",
		"vector-variety/conveyal-datasource/nl-null-points.shp", "vector-variety/conveyal-datasource/duplicate-fields.shp",
		"vector-variety/conveyal-datasource/hkzones-mixed-geometries.geojson", "vector-variety/conveyal-datasource/hkzones-type-mismatch.geojson",
		"vector-variety/conveyal-datasource/continents.gpkg", "pt-sao-miguel/concelhos.gpkg",
	} {
		paths = append(paths, shareddata.Path(t, rel))
	}
	var want map[string][]struct {
		Name   string
		Fields []string
		Feats  []struct {
			FID  int64
			Env  *[4]float64
			Null []bool
			Num  []*float64
		}
	}
	python(t, ogrScript, &want, paths...)
	for _, p := range paths {
		v, err := OpenVector(p, nil)
		if err != nil {
			t.Errorf("%s: %v", p, err)
			continue
		}
		ls := v.Layers()
		if len(ls) != len(want[p]) {
			t.Errorf("%s: %d layers, want %d", p, len(ls), len(want[p]))
			continue
		}
		for k, l := range ls {
			name, w := filepath.Base(p)+" "+l.Name, want[p][k]
			if len(l.Schema.Fields) != len(w.Fields) {
				t.Errorf("%s: fields %v, want %v", name, l.Schema.Fields, w.Fields)
				continue
			}
			fs := scanAll(t, v, l.Name)
			if len(fs) != len(w.Feats) || (l.Count >= 0 && l.Count != int64(len(fs))) {
				t.Errorf("%s: %d features (count says %d), want %d", name, len(fs), l.Count, len(w.Feats))
				continue
			}
			for i, f := range fs {
				wf := w.Feats[i]
				if f.ID != wf.FID || (f.Geometry == nil) != (wf.Env == nil) {
					t.Errorf("%s: feature %d %T, want %d %v", name, f.ID, f.Geometry, wf.FID, wf.Env)
					continue
				}
				if e := wf.Env; e != nil {
					want := orb.Bound{Min: orb.Point{e[0], e[2]}, Max: orb.Point{e[1], e[3]}}
					if b := f.Geometry.Bound(); b != want {
						t.Errorf("%s: feature %d has the box %v, want %v", name, f.ID, b, want)
					}
				}
				for c, val := range f.Values {
					if (val == nil) != wf.Null[c] {
						t.Errorf("%s: feature %d field %s is %v, null %v", name, f.ID, w.Fields[c], val, wf.Null[c])
					}
					if n := wf.Num[c]; n != nil && val != nil && fmt.Sprint(asFloat(val)) != fmt.Sprint(*n) {
						t.Errorf("%s: feature %d field %s is %v, want %v", name, f.ID, w.Fields[c], val, *n)
					}
				}
			}
		}
		_ = v.Close()
	}
}

func asFloat(v any) float64 {
	switch v := v.(type) {
	case int64:
		return float64(v)
	case float64:
		return v
	case bool:
		if v {
			return 1
		}
		return 0
	}
	return math.NaN()
}

var everyField = []geo.Field{
	{Name: "s", Type: geo.String},
	{Name: "i", Type: geo.Integer},
	{Name: "r", Type: geo.Real},
	{Name: "b", Type: geo.Boolean},
	{Name: "d", Type: geo.Date},
	{Name: "t", Type: geo.DateTime},
	{Name: "x", Type: geo.Binary},
	{Name: "j", Type: geo.JSON},
}

func write(path, driver string, s geo.Schema, fs []geo.Feature) error {
	k := 0
	return WriteVector(context.Background(), path, driver, "layer", s, func() (geo.Feature, bool, error) {
		if k == len(fs) {
			return geo.Feature{}, false, nil
		}
		k++
		return fs[k-1], true, nil
	})
}

func TestGeoPackageKeepsEverything(t *testing.T) {
	t.Parallel()
	n := 0
	dir := t.TempDir()
	rapid.Check(t, func(rt *rapid.T) {
		n++
		opt := func(g *rapid.Generator[any]) *rapid.Generator[any] { return rapid.OneOf(rapid.Just[any](nil), g) }
		coord := rapid.Float64Range(-1e7, 1e7)
		feature := rapid.Custom(func(t *rapid.T) geo.Feature {
			x, y := coord.Draw(t, "x"), coord.Draw(t, "y")
			p := orb.Polygon{{{x, y}, {x + 1, y}, {x + 1, y + 2}, {x, y}}}
			g := rapid.SampledFrom([]orb.Geometry{
				nil,
				orb.Point{x, y},
				orb.LineString{{x, y}, {y, x}},
				p,
				orb.MultiPoint{{x, y}},
				orb.MultiLineString{{{x, y}, {y, x}}},
				orb.MultiPolygon{p, p},
				orb.Collection{orb.Point{x, y}, p},
			}).Draw(t, "g")
			return geo.Feature{Geometry: g, Values: []any{
				opt(rapid.Map(rapid.StringMatching(`[a-zà-ÿ漢 "',;\\]{0,20}`), func(s string) any { return s })).Draw(t, "s"),
				opt(rapid.Map(rapid.Int64(), func(v int64) any { return v })).Draw(t, "i"),
				opt(rapid.Map(rapid.Float64(), func(v float64) any { return v })).Draw(t, "r"),
				opt(rapid.Map(rapid.Bool(), func(v bool) any { return v })).Draw(t, "b"),
				opt(rapid.SampledFrom([]any{"2024-02-29", "1861-03-17"})).Draw(t, "d"),
				opt(rapid.SampledFrom([]any{"2024-02-29T23:59:59Z", "2001-01-01T00:00:00.123Z"})).Draw(t, "t"),
				opt(rapid.SampledFrom([]any{[]byte{}, []byte{0, 1, 255}})).Draw(t, "x"),
				opt(rapid.SampledFrom([]any{`{"a":[1,2]}`, `[]`})).Draw(t, "j"),
			}}
		})
		fs := rapid.SliceOfN(feature, 0, 8).Draw(rt, "features")
		for k := range fs {
			fs[k].ID = int64(k*k*1000 + 5)
		}
		path := filepath.Join(dir, fmt.Sprintf("%d.gpkg", n))
		schema := geo.Schema{Fields: everyField, GeometryType: "Geometry", CRS: "EPSG:25832"}
		if err := write(path, "GPKG", schema, fs); err != nil {
			rt.Fatal(err)
		}
		v, err := OpenVector(path, []string{"GPKG"})
		if err != nil {
			rt.Fatal(err)
		}
		defer v.Close()
		if l := v.Layers()[0]; !reflect.DeepEqual(l.Schema, schema) || l.Name != "layer" || l.Count != int64(len(fs)) {
			rt.Fatalf("%+v", l)
		}
		for k, got := range scanAll(t, v, "") {
			if !reflect.DeepEqual(got, fs[k]) {
				rt.Fatalf("wrote %#v\n read %#v", fs[k], got)
			}
		}
		_ = os.Remove(path)
	})
}

func TestOtherFormatsRoundTrip(t *testing.T) {
	t.Parallel()
	fields := []geo.Field{{Name: "name", Type: geo.String}, {Name: "n", Type: geo.Integer}, {Name: "v", Type: geo.Real}}
	var fs []geo.Feature
	for k := range 200 {
		x := float64(k) / 8 // GeoJSON keeps 15 digits
		fs = append(fs, geo.Feature{
			ID: int64(k + 1), Geometry: orb.Polygon{{{x, 45}, {x + 0.0625, 45}, {x + 0.0625, 46}, {x, 45}}},
			Values: []any{fmt.Sprintf("città %d", k), int64(k) << 33, x},
		})
	}
	fs[7].Values = []any{nil, nil, nil}
	for driver, ext := range map[string]string{"GPKG": "gpkg", "GeoJSON": "geojson", "GeoJSONSeq": "geojsonl", "FlatGeobuf": "fgb", "ESRI Shapefile": "shp"} {
		t.Run(driver, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "layer."+ext)
			schema := geo.Schema{Fields: fields, GeometryType: "MultiPolygon", CRS: geo.WGS84}
			if driver == "ESRI Shapefile" {
				schema.GeometryType = "Polygon"
			}
			if err := write(path, driver, schema, fs); err != nil {
				t.Fatal(err)
			}
			if err := write(path, driver, schema, fs); !fault.Is(err, fault.Exist) {
				t.Errorf("overwriting: %v", err)
			}
			v, err := OpenVector(path, []string{driver})
			if err != nil {
				t.Fatal(err)
			}
			defer v.Close()
			if l := v.Layers()[0]; l.Schema.CRS != geo.WGS84 {
				t.Errorf("%+v", l)
			}
			seen := map[string]bool{}
			for _, f := range scanAll(t, v, "") {
				name, _ := f.Values[0].(string)
				if name == "" {
					if f.Values[1] != nil || f.Values[2] != nil {
						t.Errorf("nulls became %v", f.Values)
					}
					continue
				}
				var k int
				if _, err := fmt.Sscanf(name, "città %d", &k); err != nil {
					t.Fatalf("%q: %v", name, err)
				}
				seen[name] = true
				if f.Geometry.Bound() != fs[k].Geometry.Bound() || asFloat(f.Values[1]) != float64(int64(k)<<33) || math.Abs(asFloat(f.Values[2])-fs[k].Values[2].(float64)) > 1e-9 {
					t.Errorf("%v became %v", fs[k], f)
				}
				if (driver == "GPKG" || driver == "GeoJSON") && f.ID != fs[k].ID {
					t.Errorf("feature %d became %d", fs[k].ID, f.ID)
				}
			}
			if len(seen) != len(fs)-1 {
				t.Errorf("%d names of %d", len(seen), len(fs)-1)
			}
			box := geo.BBox{MinX: 1.01, MinY: 45, MaxX: 1.39, MaxY: 45.1}
			n := 0
			if err := v.ScanWith(context.Background(), "", &ScanOptions{BBox: &box}, func(f geo.Feature) (bool, error) {
				n++
				if !geo.BBoxOf(f.Geometry.Bound()).Intersects(box) {
					t.Errorf("%v does not meet the box", f.Geometry.Bound())
				}
				return true, nil
			}); err != nil || n != 4 {
				t.Errorf("%d features in the box, %v", n, err)
			}
		})
	}
}

func TestGeoPackageHasSpatialIndex(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a.gpkg")
	// Names that GeoPackage would like for itself.
	schema := geo.Schema{Fields: []geo.Field{{Name: "FID", Type: geo.String}, {Name: "geom", Type: geo.Real}}, GeometryType: "Point", CRS: "EPSG:3035"}
	if err := write(path, "GPKG", schema, []geo.Feature{{ID: 42, Geometry: orb.Point{1, 2}, Values: []any{"x", 1.5}}}); err != nil {
		t.Fatal(err)
	}
	var got []string
	python(t, `
import sys, json, sqlite3
c = sqlite3.connect(sys.argv[1])
print(json.dumps([r[0] for r in c.execute("select name from sqlite_master where name like 'rtree_layer_%'")]))`, &got, path)
	if len(got) == 0 {
		t.Error("no spatial index")
	}
	v, err := OpenVector(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	if f := scanAll(t, v, "layer"); len(f) != 1 || f[0].ID != 42 || f[0].Values[0] != "x" {
		t.Errorf("%v", f)
	}
}

func TestWriteVectorRefuses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := geo.Schema{Fields: []geo.Field{{Name: "n", Type: geo.Integer}, {Name: "d", Type: geo.Date}}, GeometryType: "Point", CRS: geo.WGS84}
	ok := geo.Feature{ID: 1, Geometry: orb.Point{1, 2}, Values: []any{int64(1), "2024-01-01"}}
	for name, f := range map[string]geo.Feature{
		"values":   {Values: []any{int64(1)}},
		"text":     {Values: []any{"one", nil}},
		"date":     {Values: []any{nil, "yesterday"}},
		"geometry": {Geometry: orb.LineString{{0, 0}, {1, 1}}, Values: []any{nil, nil}},
		"nan":      {Geometry: orb.Point{math.NaN(), 1}, Values: []any{nil, nil}},
	} {
		if err := write(filepath.Join(dir, name+".gpkg"), "GPKG", s, []geo.Feature{ok, f}); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := write(filepath.Join(dir, "a"), "PostgreSQL", s, nil); !fault.Is(err, fault.Unsupported) {
		t.Errorf("driver: %v", err)
	}
	twice := []geo.Feature{ok, ok}
	if err := write(filepath.Join(dir, "twice.gpkg"), "GPKG", s, twice); err == nil {
		t.Error("one id twice was accepted")
	}
	boom := errors.New("boom")
	err := WriteVector(context.Background(), filepath.Join(dir, "boom.gpkg"), "GPKG", "l", s, func() (geo.Feature, bool, error) { return geo.Feature{}, false, boom })
	if !errors.Is(err, boom) {
		t.Errorf("the source's error became %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	err = WriteVector(ctx, filepath.Join(dir, "c.gpkg"), "GPKG", "l", s, func() (geo.Feature, bool, error) { return ok, true, nil })
	if !fault.Is(err, fault.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestNothingIsCutInSilence(t *testing.T) {
	t.Parallel()
	s := geo.Schema{Fields: []geo.Field{{Name: "a_long_field_name", Type: geo.String}}, GeometryType: "Point", CRS: geo.WGS84}
	f := geo.Feature{Geometry: orb.Point{1, 2}, Values: []any{strings.Repeat("x", 400)}}
	if err := write(filepath.Join(t.TempDir(), "a.shp"), "ESRI Shapefile", s, []geo.Feature{f}); !fault.Is(err, fault.Invalid) {
		t.Errorf("a cut name gave %v", err)
	}
	var heard []string
	left := 1
	err := WriteVectorWith(context.Background(), filepath.Join(t.TempDir(), "a.shp"), "ESRI Shapefile", "a", s,
		&VectorWriteOptions{OnWarning: func(m string) { heard = append(heard, m) }},
		func() (geo.Feature, bool, error) { left--; return f, left >= 0, nil })
	if err != nil || len(heard) != 2 || !strings.Contains(heard[0], "a_long_fie") {
		t.Errorf("heard %q, %v", heard, err)
	}
}

func TestCSVKeepsGeometry(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a.csv")
	if err := write(path, "CSV", geo.Schema{GeometryType: "Point", CRS: geo.WGS84}, []geo.Feature{{Geometry: orb.Point{1, 2}}}); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil || !strings.Contains(string(text), "POINT (1 2)") {
		t.Errorf("%s, %v", text, err)
	}
}

func TestScanReportsProblemsAndGoesOn(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a.gpkg")
	s := geo.Schema{GeometryType: "Geometry", CRS: geo.WGS84}
	if err := write(path, "GPKG", s, []geo.Feature{{ID: 1, Geometry: orb.Point{1, 2}}, {ID: 2, Geometry: orb.Point{3, 4}}, {ID: 3, Geometry: orb.Point{5, 6}}}); err != nil {
		t.Fatal(err)
	}
	var n int
	python(t, `
import sys, json, sqlite3
c = sqlite3.connect(sys.argv[1])
for (name,) in list(c.execute("select name from sqlite_master where type='trigger' and tbl_name='layer'")):
    c.execute('drop trigger "%s"' % name)
c.execute("update layer set geom = substr(geom, 1, 15) where fid = 2")
c.commit()
print(c.execute("select count(*) from layer").fetchone()[0])`, &n, path)
	v, err := OpenVector(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	var bad []int64
	var got []geo.Feature
	err = v.ScanWith(context.Background(), "", &ScanOptions{OnProblem: func(fid int64, problem error) error {
		bad = append(bad, fid)
		return nil
	}}, func(f geo.Feature) (bool, error) {
		got = append(got, f)
		return true, nil
	})
	if err != nil || len(got) != 3 || !reflect.DeepEqual(bad, []int64{2}) || got[1].Geometry != nil || got[2].Geometry == nil {
		t.Errorf("bad %v, got %v, %v", bad, got, err)
	}
	if err := v.Scan(context.Background(), "", func(geo.Feature) (bool, error) { return true, nil }); !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "feature 2") {
		t.Errorf("without OnProblem: %v", err)
	}
	stop := errors.New("stop")
	if err := v.ScanWith(context.Background(), "", &ScanOptions{OnProblem: func(int64, error) error { return stop }}, func(geo.Feature) (bool, error) { return true, nil }); !errors.Is(err, stop) {
		t.Errorf("the callback's error became %v", err)
	}
}

func TestScanStops(t *testing.T) {
	t.Parallel()
	v, err := OpenVector(shareddata.Path(t, "pt-sao-miguel/concelhos.gpkg"), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	n := 0
	if err := v.Scan(context.Background(), "", func(geo.Feature) (bool, error) { n++; return n < 2, nil }); err != nil || n != 2 {
		t.Errorf("%d features, %v", n, err)
	}
	if c, err := v.Count(context.Background(), ""); err != nil || c != 6 {
		t.Errorf("count %d, %v", c, err)
	}
	if err := v.Scan(context.Background(), "none", nil); !fault.Is(err, fault.NotExist) || !strings.Contains(err.Error(), "concelhos") {
		t.Errorf("%v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := v.Scan(ctx, "", func(geo.Feature) (bool, error) { return true, nil }); !fault.Is(err, fault.Canceled) {
		t.Errorf("%v", err)
	}
}

func TestListsBecomeJSON(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a.geojson")
	text := `{"type":"FeatureCollection","features":[{"type":"Feature","geometry":null,"properties":{"i":[1,2],"s":["a","\"b"],"r":[0.5,1],"o":{"k":[1,{"x":null}]},"b":true}}]}`
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	v, err := OpenVector(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	l, f := v.Layers()[0], scanAll(t, v, "")[0]
	for name, want := range map[string]any{"i": []any{1., 2.}, "s": []any{"a", `"b`}, "r": []any{.5, 1.}, "o": map[string]any{"k": []any{1., map[string]any{"x": nil}}}} {
		k := l.Schema.FieldIndex(name)
		var got any
		if l.Schema.Fields[k].Type != geo.JSON || json.Unmarshal([]byte(f.Values[k].(string)), &got) != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v of type %s", name, f.Values[k], l.Schema.Fields[k].Type)
		}
	}
	if f.Values[l.Schema.FieldIndex("b")] != true {
		t.Errorf("%v", f.Values)
	}
}

func TestVectorTranslate(t *testing.T) {
	t.Parallel()
	dst := filepath.Join(t.TempDir(), "a.fgb")
	if err := VectorTranslate(context.Background(), dst, shareddata.Path(t, "pt-sao-miguel/concelhos.gpkg"),
		[]string{"-f", "FlatGeobuf", "-t_srs", "EPSG:3857", "-makevalid", "-nlt", "PROMOTE_TO_MULTI"}); err != nil {
		t.Fatal(err)
	}
	v, err := OpenVector(dst, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	if l := v.Layers()[0]; l.Count != 6 || l.Schema.CRS != "EPSG:3857" {
		t.Errorf("%+v", l)
	}
}

func TestValidity(t *testing.T) {
	t.Parallel()
	bow := orb.Polygon{{{0, 0}, {2, 2}, {2, 0}, {0, 2}, {0, 0}}}
	ok, why := IsValid(bow)
	if ok || !strings.Contains(why, "Self-intersection") || !strings.Contains(why, "1 1") {
		t.Errorf("%v %q", ok, why)
	}
	g, err := MakeValid(bow)
	if err != nil {
		t.Fatal(err)
	}
	if m, isMulti := g.(orb.MultiPolygon); !isMulti || len(m) != 2 {
		t.Errorf("%v", g)
	}
	if ok, why := IsValid(g); !ok || why != "" {
		t.Errorf("repaired: %v %q", ok, why)
	}
	if g, err := MakeValid(orb.Polygon{}); g != nil || err != nil {
		t.Errorf("empty: %v %v", g, err)
	}
	if _, err := MakeValid(orb.Point{math.Inf(1), 0}); !fault.Is(err, fault.Invalid) {
		t.Errorf("infinite: %v", err)
	}
	if ok, why := IsValid(orb.Point{math.NaN(), 0}); ok || why == "" {
		t.Error("NaN is valid")
	}
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(3, 12).Draw(t, "n")
		r := make(orb.Ring, 0, n+1)
		for range n {
			r = append(r, orb.Point{float64(rapid.IntRange(0, 6).Draw(t, "x")), float64(rapid.IntRange(0, 6).Draw(t, "y"))})
		}
		r = append(r, r[0])
		g, err := MakeValid(orb.Polygon{r})
		if err != nil {
			t.Fatal(err)
		}
		if ok, why := IsValid(g); !ok {
			t.Fatalf("%v became %v: %s", r, g, why)
		}
	})
}

func FuzzDecodeRow(f *testing.F) {
	f.Add("a", "2024-01-01T00:00:00+05:45", 1.5, int64(7))
	f.Add("", "0000-01-01T0:00:00+00:01", math.Inf(-1), int64(math.MinInt64))
	f.Fuzz(func(t *testing.T, s, when string, r float64, n int64) {
		w := VectorWriter{schema: geo.Schema{Fields: everyField}}
		for _, v := range []struct {
			f geo.Field
			v any
		}{{everyField[0], s}, {everyField[1], n}, {everyField[2], r}, {everyField[5], when}} {
			before := len(w.row)
			if err := w.putValue(v.f, v.v); err != nil {
				if len(w.row) != before {
					t.Fatalf("%v: half a value was written", err)
				}
				continue
			}
			if v.f.Type == geo.DateTime {
				rd := rowReader{w.row[before+1:]}
				back := rd.datetime(fieldDef{ogrType: oftDateTime})
				if _, _, err := parseTime(back); err != nil && back != "" {
					t.Fatalf("%q became %q: %v", when, back, err)
				}
			}
		}
	})
}
