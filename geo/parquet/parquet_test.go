package parquet_test

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"contado/geo"
	"contado/geo/fault"
	"contado/geo/parquet"
	"contado/scripts/shareddata"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"
	"pgregory.net/rapid"
)

func readAll(t testing.TB, path string) (geo.Schema, []geo.Feature) {
	t.Helper()
	f, err := parquet.Open(path)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	defer f.Close()
	var out []geo.Feature
	err = f.Rows(t.Context(), nil, func(ft geo.Feature) (bool, error) {
		out = append(out, ft)
		return true, nil
	})
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	if int64(len(out)) != f.Len() {
		t.Errorf("%s: %d rows of %d", path, len(out), f.Len())
	}
	return f.Schema(), out
}

// The same buildings in every compression, with another name of the geometry,
// and in GeoArrow's layout, which knows Multi alone.
func TestBoston(t *testing.T) {
	t.Parallel()
	s, want := readAll(t, shareddata.Path(t, "vector-variety/planetiler/parquet/boston.none.parquet"))
	if len(want) != 3 || s.GeometryType != "Polygon" || s.CRS != geo.WGS84 {
		t.Fatalf("%d rows, %+v", len(want), s)
	}
	for _, name := range []string{"gzip", "lz4hadoop", "lz4raw", "snappy", "zstd", "customgeometryname", "geoarrow_from_gdal"} {
		s, got := readAll(t, shareddata.Path(t, "vector-variety/planetiler/parquet/boston."+name+".parquet"))
		if s.CRS != geo.WGS84 || len(got) != 3 {
			t.Errorf("%s: %d rows, CRS %s", name, len(got), s.CRS)
		}
		for i := range got {
			g := want[i].Geometry
			if name == "geoarrow_from_gdal" {
				g = orb.MultiPolygon{g.(orb.Polygon)}
			}
			if d := cmp.Diff(g, got[i].Geometry); d != "" {
				t.Errorf("%s: row %d: %s", name, i, d)
			}
			if name != "geoarrow_from_gdal" {
				if d := cmp.Diff(want[i].Values, got[i].Values); d != "" {
					t.Errorf("%s: row %d: %s", name, i, d)
				}
			}
		}
	}
}

func TestAllDataTypes(t *testing.T) {
	t.Parallel()
	s, rows := readAll(t, shareddata.Path(t, "vector-variety/planetiler/parquet/all_data_types.parquet"))
	want := map[string]any{
		"bigint": int64(math.MaxInt64), "blob": []byte("1011"), "boolean": true, "date": "2000-01-01", "decimal": "123456.789", "double": 123456.789,
		"interval": "P1M2DT3S", "time": "05:30:10.123", "timestamp_with_timezone": "2000-01-01T10:30:10.123456Z", "timestamp": "2000-01-01T10:30:10.123456",
		"ubigint": "9223372036854775807", "uinteger": int64(123), "uuid": "606362d9-012a-4949-b91a-1ab439951671", "varchar": "string",
		"list_of_items": "[1,2,3,4]", "map": `[{"key":1,"value":"one"},{"key":2,"value":"two"},{"key":3,"value":"three"}]`,
		"struct": `{"i":42,"j":"a"}`, "complex": `[{"a":[],"b":[{"i":43,"j":"a"},{"i":43,"j":"b"}]}]`,
	}
	for name, v := range want {
		i := s.FieldIndex(name)
		if i < 0 || !cmp.Equal(v, rows[0].Values[i]) {
			t.Errorf("%s: %v, want %v", name, rows[0].Values[max(i, 0)], v)
		}
	}
	// A geometry that no metadata speaks of is found by its content; where it
	// lies nothing says.
	if d := cmp.Diff(orb.Point{1, 2}, rows[0].Geometry); d != "" || s.CRS != "" {
		t.Errorf("%s, CRS %q", d, s.CRS)
	}
	s, rows = readAll(t, shareddata.Path(t, "vector-variety/pyogrio/list_field_values_file.parquet"))
	if i := s.FieldIndex("list_string_with_null"); s.Fields[i].Type != geo.JSON || rows[0].Values[i] != `["string1",null]` {
		t.Errorf("%v %v", s.Fields[i], rows[0].Values[i])
	}
}

var everyField = []geo.Field{
	{Name: "text", Type: geo.String, Alias: "Testo", Description: "più parole"},
	{Name: "n", Type: geo.Integer},
	{Name: "x", Type: geo.Real},
	{Name: "yes", Type: geo.Boolean},
	{Name: "day", Type: geo.Date},
	{Name: "utc", Type: geo.DateTime},
	{Name: "local", Type: geo.DateTime},
	{Name: "raw", Type: geo.Binary},
	{Name: "città", Type: geo.JSON},
	{Name: "geometry", Type: geo.String},
	{Name: "bbox", Type: geo.Real},
}

func anyRow(t *rapid.T, id int64) geo.Feature {
	f := geo.Feature{ID: id}
	null := func(v any) any {
		if rapid.IntRange(0, 3).Draw(t, "null") == 0 {
			return nil
		}
		return v
	}
	second := rapid.Int64Range(-2e9, 4e9).Draw(t, "s")
	f.Values = []any{
		null(rapid.String().Draw(t, "text")), null(rapid.Int64().Draw(t, "n")), null(rapid.Float64().Draw(t, "x")), null(rapid.Bool().Draw(t, "b")),
		null(day(second)), null(instant(second, "Z")), null(instant(second, "")), null(rapid.SliceOf(rapid.Byte()).Draw(t, "raw")),
		null(`{"a":[1,null,"è"]}`), null(rapid.String().Draw(t, "geometry")), null(1.5),
	}
	if b, ok := f.Values[7].([]byte); ok && b == nil {
		f.Values[7] = []byte{}
	}
	c := rapid.Float64Range(-1e6, 1e6)
	x, y := c.Draw(t, "x"), c.Draw(t, "y")
	switch rapid.IntRange(0, 4).Draw(t, "kind") {
	case 0:
		f.Geometry = orb.Point{x, y}
	case 1:
		f.Geometry = orb.LineString{{x, y}, {x + 1, y + 1}}
	case 2:
		f.Geometry = orb.MultiPolygon{{{{x, y}, {x + 1, y}, {x, y + 1}, {x, y}}}}
	case 3:
		f.Geometry = orb.Collection{orb.Point{x, y}, orb.MultiPoint{{x, x}, {y, y}}}
	}
	return f
}

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	n := 0
	rapid.Check(t, func(rt *rapid.T) {
		n++
		path := filepath.Join(dir, fmt.Sprint(n))
		s := geo.Schema{Fields: everyField, GeometryType: "Geometry", CRS: rapid.SampledFrom([]geo.CRS{geo.WGS84, "EPSG:25832", ""}).Draw(rt, "crs")}
		o := &parquet.Options{GroupRows: int64(rapid.IntRange(4, 30).Draw(rt, "group")), Compression: rapid.SampledFrom([]string{"", "snappy", "gzip", "lz4", "brotli", "none"}).Draw(rt, "codec")}
		var want []geo.Feature
		for i := range rapid.IntRange(0, 25).Draw(rt, "rows") {
			want = append(want, anyRow(rt, int64(i+1)))
		}
		write(rt, path, s, o, want)
		got, rows := readAll(t, path)
		types := map[string]bool{}
		for _, f := range want {
			if f.Geometry != nil {
				types[f.Geometry.GeoJSONType()] = true
			}
		}
		s.GeometryType = got.GeometryType // the tighter one
		if len(types) > 1 && got.GeometryType != "Geometry" {
			rt.Fatalf("type %s for %v", got.GeometryType, types)
		}
		if d := cmp.Diff(s, got); d != "" {
			rt.Fatal(d)
		}
		if d := cmp.Diff(want, rows); d != "" {
			rt.Fatal(d)
		}
	})
}

type fataler interface{ Fatal(...any) }

func write(t fataler, path string, s geo.Schema, o *parquet.Options, rows []geo.Feature) {
	w, err := parquet.Create(path, s, o)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range rows {
		if err := w.Write(f); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}

// Heights and measures stay with the positions.
func TestHeights(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "z.parquet")
	want := []geo.Feature{{ID: 1, Geometry: orb.LineString{{1, 2}, {3, 4}}, Z: []float64{5, 6}, M: []float64{7, 8}, Values: []any{}}, {ID: 2, Geometry: orb.LineString{{1, 2}, {3, 4}}, Values: []any{}}}
	write(t, path, geo.Schema{GeometryType: "LineString", CRS: geo.WGS84, HasZ: true, HasM: true}, nil, want)
	s, got := readAll(t, path)
	if d := cmp.Diff(want, got); d != "" || !s.HasZ || s.GeometryType != "LineString" {
		t.Errorf("%s %+v", d, s)
	}
}

// A box skips row groups, and rows of the others.
func TestBox(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "b.parquet")
	var all []geo.Feature
	for i := range 100 {
		all = append(all, geo.Feature{ID: int64(i + 1), Geometry: orb.Point{float64(i), 0}, Values: []any{}})
	}
	all[50].Geometry = nil
	write(t, path, geo.Schema{GeometryType: "Point", CRS: geo.WGS84}, &parquet.Options{GroupRows: 10}, all)
	f, err := parquet.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var ids []int64
	err = f.Rows(t.Context(), &parquet.ScanOptions{BBox: &geo.BBox{MinX: 47.5, MinY: -1, MaxX: 52, MaxY: 1}}, func(f geo.Feature) (bool, error) {
		ids = append(ids, f.ID)
		return true, nil
	})
	if d := cmp.Diff([]int64{49, 50, 52, 53}, ids); d != "" || err != nil {
		t.Error(d, err)
	}
	if d := cmp.Diff(&geo.BBox{MinX: 0, MaxX: 99}, f.Bounds()); d != "" {
		t.Error(d)
	}
}

// Times with a zone and without one do not mix in silence.
func TestZones(t *testing.T) {
	t.Parallel()
	s := geo.Schema{Fields: []geo.Field{{Name: "t", Type: geo.DateTime}}}
	rows := []geo.Feature{{ID: 1, Values: []any{"2024-07-09T12:00:00+02:00"}}, {ID: 2, Values: []any{"2024-07-09T12:00:00"}}}
	w, err := parquet.Create(filepath.Join(t.TempDir(), "a"), s, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range rows {
		err = w.Write(f)
	}
	if err == nil {
		err = w.Close()
	}
	if !fault.Is(err, fault.Invalid) {
		t.Error(err)
	}
	path := filepath.Join(t.TempDir(), "b")
	lost := 0
	write(t, path, s, &parquet.Options{OnLoss: func(string, string) { lost++ }}, rows)
	_, got := readAll(t, path)
	if lost != 1 || got[0].Values[0] != "2024-07-09T10:00:00" || got[1].Values[0] != "2024-07-09T12:00:00" {
		t.Errorf("%d %v", lost, got)
	}
}

// pyarrow is a Python with the library of Apache Arrow: the oracle.
func pyarrow(t *testing.T) string {
	t.Helper()
	for _, p := range []string{"../../.cache/tools/venv/bin/python3", "python3", "/usr/bin/python3"} {
		if exec.Command(p, "-c", "import pyarrow.parquet").Run() == nil {
			return p
		}
	}
	t.Skip("no python3 with pyarrow: no oracle")
	return ""
}

// Apache Arrow reads what is written, with the types that were meant.
func TestArrowReads(t *testing.T) {
	t.Parallel()
	py := pyarrow(t)
	path := filepath.Join(t.TempDir(), "a.parquet")
	write(t, path, geo.Schema{Fields: everyField, GeometryType: "MultiPolygon", CRS: "EPSG:25832"}, nil, []geo.Feature{
		{ID: 1, Geometry: orb.MultiPolygon{{{{1, 2}, {3, 2}, {3, 4}, {1, 2}}}}, Values: []any{"è", int64(math.MinInt64), 0.25, true, "2024-02-29", "2024-07-09T10:15:59.123456Z", "1969-07-20T20:17:40", []byte{1}, "[1]", "g", 2.5}},
		{ID: 2, Values: make([]any, len(everyField))},
	})
	out, err := exec.Command(py, "-c", `
import sys, json, pyarrow.parquet as pq
t = pq.read_table(sys.argv[1])
m = json.loads(pq.ParquetFile(sys.argv[1]).metadata.metadata[b"geo"])
print(json.dumps({"schema": {f.name: str(f.type) for f in t.schema}, "rows": [{k: str(v) for k, v in r.items() if k != "geometry_1"} for r in t.to_pylist()], "version": m["version"], "column": m["primary_column"],
  "meta": {k: v for k, v in m["columns"]["geometry_1"].items() if k != "crs"}, "crs": m["columns"]["geometry_1"]["crs"]["id"]}))`, path).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	var got struct {
		Schema  map[string]string
		Rows    []map[string]string
		Version string
		Column  string
		Meta    map[string]any
		CRS     map[string]any
	}
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for name, kind := range map[string]string{
		"text": "string", "n": "int64", "x": "double", "yes": "bool", "day": "date32[day]", "utc": "timestamp[us, tz=UTC]", "local": "timestamp[us]", "raw": "binary",
		"bbox_1": "struct<xmin: double not null, ymin: double not null, xmax: double not null, ymax: double not null>", "geometry_1": "binary",
	} {
		if got.Schema[name] != kind {
			t.Errorf("%s is %q, want %s", name, got.Schema[name], kind)
		}
	}
	r := got.Rows[0]
	if r["n"] != "-9223372036854775808" || r["day"] != "2024-02-29" || r["utc"] != "2024-07-09 10:15:59.123456+00:00" || r["local"] != "1969-07-20 20:17:40" ||
		r["bbox_1"] != "{'xmin': 1.0, 'ymin': 2.0, 'xmax': 3.0, 'ymax': 4.0}" || got.Rows[1]["text"] != "None" || got.Rows[1]["bbox_1"] != "None" {
		t.Errorf("%v", got.Rows)
	}
	if got.Version != "1.1.0" || got.Column != "geometry_1" || fmt.Sprint(got.CRS["code"]) != "25832" || fmt.Sprint(got.Meta["geometry_types"]) != "[MultiPolygon]" ||
		!strings.Contains(fmt.Sprint(got.Meta["covering"]), "xmax:[bbox_1 xmax]") || fmt.Sprint(got.Meta["bbox"]) != "[1 2 3 4]" {
		t.Errorf("%+v", got)
	}
}

// arrowWrites makes files in GeoArrow's layouts: with a leaf an axis, and with
// positions as lists, as old versions of GDAL wrote them.
const arrowWrites = `
import sys, json, pyarrow as pa, pyarrow.parquet as pq
rows = json.loads(sys.argv[2])
def xy(p): return dict(zip("xyz", p))
def deep(v, d, f): return None if v is None else f(v) if d == 0 else [deep(w, d - 1, f) for w in v]
for name, (depth, values) in rows.items():
    z = any("[[" not in json.dumps(v) and 0 for v in values)
    dims = 3 if name.endswith("_z") else 2
    kind = name[:-2] if name.endswith("_z") else name
    coord = pa.struct([pa.field(a, pa.float64(), nullable=False) for a in "xyz"[:dims]])
    fixed = pa.list_(pa.float64(), dims)
    for style, t, f in (("struct", coord, xy), ("list", fixed, list)):
        for _ in range(depth): t = pa.list_(t)
        col = pa.array([deep(v, depth, f) for v in values], type=t)
        meta = {"version": "1.1.0", "primary_column": "g", "columns": {"g": {"encoding": kind if style == "struct" else "geoarrow." + kind, "geometry_types": []}}}
        table = pa.table({"g": col, "id": pa.array(range(len(values)), type=pa.int64())}).replace_schema_metadata({"geo": json.dumps(meta)})
        pq.write_table(table, sys.argv[1] + "/" + name + "." + style + ".parquet")
`

func TestGeoArrow(t *testing.T) {
	t.Parallel()
	py := pyarrow(t)
	rows := `{
	"point": [0, [[1,2], null, [3,4]]],
	"point_z": [0, [[1,2,9], [3,4,8]]],
	"linestring": [1, [[[1,2],[3,4]], [], null, [[5,6],[7,8],[9,9]]]],
	"linestring_z": [1, [[[1,2,3],[3,4,5]]]],
	"polygon": [2, [[[[0,0],[4,0],[4,4],[0,0]],[[1,1],[2,1],[2,2],[1,1]]], null, [], [[[5,5],[6,5],[6,6],[5,5]]]]],
	"multipoint": [1, [[[1,2],[3,4]], [[5,6]]]],
	"multilinestring": [2, [[[[1,2],[3,4]],[[5,6],[7,8]]], [[[0,0],[1,1]]]]],
	"multipolygon": [3, [[[[[0,0],[4,0],[4,4],[0,0]],[[1,1],[2,1],[2,2],[1,1]]],[[[9,9],[10,9],[10,10],[9,9]]]], null, [[[[5,5],[6,5],[6,6],[5,5]]]], []]]
	}`
	dir := t.TempDir()
	if out, err := exec.Command(py, "-c", arrowWrites, dir, rows).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	hole := orb.Polygon{{{0, 0}, {4, 0}, {4, 4}, {0, 0}}, {{1, 1}, {2, 1}, {2, 2}, {1, 1}}}
	small := orb.Polygon{{{5, 5}, {6, 5}, {6, 6}, {5, 5}}}
	want := map[string][]orb.Geometry{
		"point":           {orb.Point{1, 2}, nil, orb.Point{3, 4}},
		"point_z":         {orb.Point{1, 2}, orb.Point{3, 4}},
		"linestring":      {orb.LineString{{1, 2}, {3, 4}}, nil, nil, orb.LineString{{5, 6}, {7, 8}, {9, 9}}},
		"linestring_z":    {orb.LineString{{1, 2}, {3, 4}}},
		"polygon":         {hole, nil, nil, small},
		"multipoint":      {orb.MultiPoint{{1, 2}, {3, 4}}, orb.MultiPoint{{5, 6}}},
		"multilinestring": {orb.MultiLineString{{{1, 2}, {3, 4}}, {{5, 6}, {7, 8}}}, orb.MultiLineString{{{0, 0}, {1, 1}}}},
		"multipolygon":    {orb.MultiPolygon{hole, {{{9, 9}, {10, 9}, {10, 10}, {9, 9}}}}, nil, orb.MultiPolygon{small}, nil},
	}
	for name, geometries := range want {
		for _, style := range []string{"struct", "list"} {
			_, got := readAll(t, filepath.Join(dir, name+"."+style+".parquet"))
			var have []orb.Geometry
			for i, f := range got {
				have = append(have, f.Geometry)
				if f.Values[0] != int64(i) {
					t.Errorf("%s %s: row %d has id %v", name, style, i, f.Values)
				}
			}
			if d := cmp.Diff(geometries, have); d != "" {
				t.Errorf("%s %s: %s", name, style, d)
			}
			if name == "point_z" && !slices.Equal(got[0].Z, []float64{9}) || name == "linestring_z" && !slices.Equal(got[0].Z, []float64{3, 5}) {
				t.Errorf("%s %s: heights %v", name, style, got[0].Z)
			}
		}
	}
}

func TestRefuses(t *testing.T) {
	t.Parallel()
	good, err := os.ReadFile(shareddata.Path(t, "vector-variety/planetiler/parquet/boston.snappy.parquet"))
	if err != nil {
		t.Fatal(err)
	}
	foot := int(uint32(good[len(good)-8]) | uint32(good[len(good)-7])<<8)
	huge := slices.Clone(good)
	huge[len(huge)-5] = 0x7f
	scrambled := slices.Clone(good)
	for i := len(good) - 8 - foot; i < len(good)-8; i += 3 {
		scrambled[i] ^= 0x5a
	}
	encrypted := slices.Clone(good)
	copy(encrypted, "PARE")
	for name, c := range map[string]struct {
		bytes []byte
		kind  fault.Kind
	}{
		"empty": {nil, fault.Invalid}, "short": {good[:100], fault.Invalid}, "huge footer": {huge, fault.Invalid},
		"scrambled": {scrambled, fault.Invalid}, "encrypted": {encrypted, fault.Unsupported}, "no end": {good[:len(good)-1], fault.Invalid},
	} {
		path := filepath.Join(t.TempDir(), "a.parquet")
		if err := os.WriteFile(path, c.bytes, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := parquet.Open(path); !fault.Is(err, c.kind) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := parquet.Open("nowhere.parquet"); !fault.Is(err, fault.NotExist) {
		t.Error(err)
	}
	s := geo.Schema{Fields: []geo.Field{{Name: "a", Type: geo.Integer}}}
	for name, o := range map[string]*parquet.Options{"codec": {Compression: "rar"}} {
		if _, err := parquet.Create(filepath.Join(t.TempDir(), "x"), s, o); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	w, err := parquet.Create(filepath.Join(t.TempDir(), "x"), s, nil)
	if err != nil {
		t.Fatal(err)
	}
	err = w.Write(geo.Feature{Values: []any{"text"}})
	if cerr := w.Close(); err == nil {
		err = cerr
	}
	if !fault.Is(err, fault.Invalid) {
		t.Error(err)
	}
}

// Whatever the bytes: an error with a kind, or rows; no panic, no more memory
// than pages may take.
func FuzzOpen(f *testing.F) {
	dir := f.TempDir()
	for i, o := range []*parquet.Options{nil, {Compression: "snappy"}, {Compression: "none"}} {
		path := filepath.Join(dir, fmt.Sprint(i))
		write(f, path, geo.Schema{Fields: everyField[:5], GeometryType: "Point", CRS: geo.WGS84}, o, []geo.Feature{
			{ID: 1, Geometry: orb.Point{1, 2}, Values: []any{"a", int64(1), 1.5, true, "2024-01-01"}}, {ID: 2, Values: make([]any, 5)},
		})
		b, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		path := filepath.Join(t.TempDir(), "a.parquet")
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		file, err := parquet.Open(path)
		if err != nil {
			if k := fault.KindOf(err); k == fault.Other {
				t.Fatalf("an error without a kind: %v", err)
			}
			return
		}
		defer file.Close()
		n := 0
		err = file.Rows(t.Context(), nil, func(geo.Feature) (bool, error) {
			n++
			return n < 10000, nil
		})
		if err != nil && fault.KindOf(err) == fault.Other {
			t.Fatalf("an error without a kind: %v", err)
		}
	})
}
