package vector

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"contado/geo"
	"contado/geo/fault"
	"contado/geo/gdal"
	"contado/geo/notice"
	"contado/geo/store/catalog"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/planar"
	"pgregory.net/rapid"
)

type quiet struct{}

func (quiet) Stage(string)      {}
func (quiet) Step(int64, int64) {}

// memory is Rows in memory.
type memory struct {
	name   string
	schema geo.Schema
	rows   []geo.Feature
}

func (m *memory) Name() string       { return m.name }
func (m *memory) Schema() geo.Schema { return m.schema }
func (m *memory) Count() int64       { return int64(len(m.rows)) }
func (m *memory) Scan(_ context.Context, _ func(int64, error) error, yield func(geo.Feature) (bool, error)) error {
	for _, f := range m.rows {
		if more, err := yield(f); err != nil || !more {
			return err
		}
	}
	return nil
}

func table(name string, crs geo.CRS, kind string, fields string, rows ...geo.Feature) *memory {
	m := &memory{name: name, schema: geo.Schema{CRS: crs, GeometryType: kind}, rows: rows}
	for f := range strings.FieldsSeq(fields) {
		n, t, ok := strings.Cut(f, ":")
		if !ok {
			t = string(geo.String)
		}
		m.schema.Fields = append(m.schema.Fields, geo.Field{Name: n, Type: geo.FieldType(t)})
	}
	return m
}

func row(g orb.Geometry, values ...any) geo.Feature { return geo.Feature{Geometry: g, Values: values} }

func square(x, y, size float64) orb.Polygon {
	return orb.Polygon{{{x, y}, {x + size, y}, {x + size, y + size}, {x, y + size}, {x, y}}}
}

func write(t testing.TB, o Options, sources ...Rows) (*Result, []geo.Feature, error) {
	t.Helper()
	o.Path, o.Layer, o.Dataset = filepath.Join(t.TempDir(), "out.gpkg"), "out", "out"
	res, err := Write(t.Context(), sources, o, quiet{})
	if err != nil {
		return nil, nil, err
	}
	v, err := gdal.OpenVector(o.Path, []string{"GPKG"})
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	var out []geo.Feature
	err = v.Scan(t.Context(), "", func(f geo.Feature) (bool, error) {
		out = append(out, f)
		return true, nil
	})
	if err != nil || int64(len(out)) != res.Count {
		t.Fatalf("%d rows read back of %d: %v", len(out), res.Count, err)
	}
	return res, out, nil
}

func mustWrite(t testing.TB, o Options, sources ...Rows) (*Result, []geo.Feature) {
	t.Helper()
	res, out, err := write(t, o, sources...)
	if err != nil {
		t.Fatal(err)
	}
	return res, out
}

func find(r *Result, code string) catalog.Notice {
	for _, n := range r.Notices {
		if n.Code == code {
			return n
		}
	}
	return catalog.Notice{}
}

// Invalid polygons come out valid and are named; what is nothing after repair
// loses its geometry, and the row stays.
func TestRepair(t *testing.T) {
	t.Parallel()
	bow := orb.Polygon{{{0, 0}, {1, 1}, {1, 0}, {0, 1}, {0, 0}}}
	flat := orb.Polygon{{{0, 0}, {1, 1}, {0, 0}, {0, 0}}}
	res, out := mustWrite(t, Options{}, table("a", geo.WGS84, "Polygon", "name",
		row(bow, "bow"), row(square(2, 2, 1), "square"), row(flat, "flat"), row(nil, "none"), row(orb.Polygon{{{500, 95}, {501, 95}, {501, 96}, {500, 95}}}, "far")))
	for _, f := range out {
		if ok, why := gdal.IsValid(f.Geometry); !ok {
			t.Errorf("%v: %s", f.Values, why)
		}
	}
	if len(out) != 5 || math.Abs(planar.Area(out[0].Geometry)-0.5) > 1e-12 || out[2].Geometry != nil || out[4].Geometry != nil {
		t.Errorf("%v", out)
	}
	for code, who := range map[string]string{"geometry-repaired": "bow", "geometry-refused": "flat", "geometry-missing": "none", "coordinates-impossible": "far"} {
		n := find(res, code)
		if n.Count != 1 || len(n.Examples) != 1 || !strings.Contains(n.Examples[0], who) {
			t.Errorf("%s: %+v", code, n)
		}
	}
	if res.BBox != (geo.BBox{MinX: 0, MinY: 0, MaxX: 3, MaxY: 3}) {
		t.Error(res.BBox)
	}
}

// Valid squares survive with every value, whatever they are called.
func TestRowsSurvive(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		n := rapid.IntRange(1, 20).Draw(rt, "n")
		src := table("a", "EPSG:32632", "Polygon", "text n:integer r:real b:boolean")
		for i := range n {
			src.rows = append(src.rows, row(square(float64(i)*10, 0, 5), rapid.StringMatching(`[ -~àèü€]{0,20}`).Draw(rt, "s"),
				rapid.Int64().Draw(rt, "i"), rapid.Float64Range(-1e9, 1e9).Draw(rt, "r"), rapid.Bool().Draw(rt, "b")))
		}
		res, out := mustWrite(t, Options{Role: catalog.OtherRole}, src)
		for i, f := range out {
			if d := cmp.Diff(src.rows[i].Values, f.Values); d != "" {
				rt.Fatal(d)
			}
		}
		if res.Count != int64(n) || res.Schema.GeometryType != "MultiPolygon" {
			rt.Errorf("%+v", res)
		}
	})
}

func TestTerritory(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		fields Fields
		src    *memory
		want   *catalog.TerritoryFields // or
		kind   fault.Kind
		phrase string
	}{
		"openpolis": {
			Fields{},
			table("a", geo.WGS84, "Polygon", "name com_istat_code prov_istat_code prov_name reg_istat_code reg_name",
				row(square(0, 0, 1), "Bema", "014008", "014", "Sondrio", "03", "Lombardia")),
			&catalog.TerritoryFields{
				Code: "com_istat_code", Name: "name", Parents: []string{"prov_istat_code", "reg_istat_code"},
				ParentNames: []string{"prov_name", "reg_name"}, ParentLevels: []string{"province", "region"}, LevelName: "municipality",
			}, 0, "",
		},
		"explicit": {
			Fields{Code: "K", Name: "l", Parents: []string{"p"}, LevelName: "hamlet"},
			table("a", geo.WGS84, "Polygon", "id k l p", row(square(0, 0, 1), "1", "x", "y", "z")),
			&catalog.TerritoryFields{Code: "k", Name: "l", Parents: []string{"p"}, ParentNames: []string{""}, ParentLevels: []string{""}, LevelName: "hamlet"}, 0, "",
		},
		"wrong field": {Fields{Code: "kode"}, table("a", geo.WGS84, "Polygon", "id name", row(square(0, 0, 1), "1", "x")), nil, fault.Invalid, "the attributes are: id, name"},
		"missing": {
			Fields{Code: "id"},
			table("a", geo.WGS84, "Polygon", "id name", row(square(0, 0, 1), "1", "x"), row(square(2, 0, 1), nil, "y")),
			nil, fault.Invalid, "1 of 2 rows have no territory code",
		},
		"duplicates": {
			Fields{Code: "id"},
			table("a", geo.WGS84, "Polygon", "id name", row(square(0, 0, 1), "7", "Here"), row(square(2, 0, 1), "7", "There")),
			nil, fault.Invalid, "7: Here and There",
		},
		"overlap": {
			Fields{Code: "id"},
			table("a", geo.WGS84, "Polygon", "id name", row(square(0, 0, 2), "7", "Here"), row(square(1, 1, 2), "7", "Here")),
			nil, fault.Invalid, "overlap",
		},
		"no areas": {Fields{}, table("a", "", "", "id name", row(nil, "1", "x")), nil, fault.Invalid, "areas"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			res, _, err := write(t, Options{Role: catalog.TerritoryRole, Fields: c.fields}, c.src)
			if c.want == nil {
				if !fault.Is(err, c.kind) || !strings.Contains(err.Error(), c.phrase) {
					t.Errorf("got %v, want %v with %q", err, c.kind, c.phrase)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(c.want, res.Territory); d != "" {
				t.Error(d)
			}
		})
	}
}

// Rows of one code and name are parts of one territory; numbers become codes
// with their zeros.
func TestPartsAndPadding(t *testing.T) {
	t.Parallel()
	res, out := mustWrite(t, Options{Role: catalog.TerritoryRole}, table("a", geo.WGS84, "Polygon", "pro_com:integer comune",
		row(square(0, 0, 1), int64(14001), "Albaredo"), row(square(5, 5, 1), int64(14002), "Bema"), row(square(1, 0, 1), int64(14001), "Albaredo")))
	if len(out) != 2 || find(res, "parts-merged").Count != 1 || find(res, "codes-padded").Code == "" {
		t.Fatalf("%v %v", out, res.Notices)
	}
	areas := map[any]float64{}
	for _, f := range out {
		areas[f.Values[0]] = planar.Area(f.Geometry)
	}
	if d := cmp.Diff(map[any]float64{"014001": 2, "014002": 1}, areas); d != "" {
		t.Error(d)
	}
}

// Sources of several files share a schema; another CRS is brought over.
func TestSourcesAreMerged(t *testing.T) {
	t.Parallel()
	a := table("a", geo.WGS84, "Point", "name v:integer", row(orb.Point{9, 45}, "a", int64(1)))
	b := table("b", geo.WebMercator, "Point", "NAME v:real extra", row(orb.Point{1113194.9079327357, 5621521.486192066}, "b", 2.5, "x"))
	res, out := mustWrite(t, Options{}, a, b)
	if d := cmp.Diff([]geo.Field{{Name: "name", Type: geo.String}, {Name: "v", Type: geo.Real}, {Name: "extra", Type: geo.String}}, res.Schema.Fields); d != "" {
		t.Error(d)
	}
	p, ok := out[1].Geometry.(orb.Point)
	if !ok || math.Abs(p[0]-10) > 1e-9 || math.Abs(p[1]-45) > 1e-9 || find(res, "reprojected").Count != 1 {
		t.Errorf("%v %v", out, res.Notices)
	}
	if d := cmp.Diff([]any{"b", 2.5, "x"}, out[1].Values); d != "" {
		t.Error(d)
	}
	_, _, err := write(t, Options{}, a, table("c", "", "", "name", row(nil, "c")))
	if !fault.Is(err, fault.Invalid) {
		t.Error(err)
	}
}

func TestFieldNames(t *testing.T) {
	t.Parallel()
	res, _ := mustWrite(t, Options{}, table("a", geo.WGS84, "Point", "fid Name NAME geom", row(orb.Point{1, 2}, "1", "2", "3", "4")))
	var names []string
	for _, f := range res.Schema.Fields {
		names = append(names, f.Name)
	}
	if d := cmp.Diff([]string{"fid_2", "Name", "NAME_2", "geom_2"}, names); d != "" || find(res, "field-renamed").Count != 3 {
		t.Error(d, res.Notices)
	}
}

func TestPopulation(t *testing.T) {
	t.Parallel()
	res, _ := mustWrite(t, Options{}, table("a", "", "", "procom_t POP21:integer age_0_14:integer eta_80_oltre:integer", row(nil, "014001", int64(10), int64(3), int64(2))))
	want := &catalog.PopulationFields{Code: "procom_t", Total: "POP21", AgeBands: map[string]string{"age_0_14": "age_0_14", "eta_80_oltre": "age_80_plus"}}
	if d := cmp.Diff(want, res.Table); d != "" || res.Role != catalog.Population {
		t.Error(d, res.Role)
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	src := table("a", geo.WGS84, "Polygon", "a b", row(square(0, 0, 1), "x", "y"), row(square(2, 0, 1), "x", "y"))
	for name, l := range map[string]Limits{"features": {Features: 1}, "vertices": {Vertices: 9}, "fields": {Fields: 1}} {
		if _, _, err := write(t, Options{Limits: l}, src); !fault.Is(err, fault.TooLarge) {
			t.Errorf("%s: %v", name, err)
		}
	}
	empty := table("a", geo.WGS84, "Point", "a")
	if _, _, err := write(t, Options{}, empty); !fault.Is(err, fault.Invalid) {
		t.Error(err)
	}
}

func openFile(t *testing.T, name, content string, drivers []string, o OpenOptions) (*Layer, *notice.List, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	o.Dir = t.TempDir()
	notes := &notice.List{}
	l, err := Open(t.Context(), path, name, drivers, o, notes)
	if err == nil {
		t.Cleanup(func() { l.Close() })
	}
	return l, notes, err
}

func TestLatin1(t *testing.T) {
	t.Parallel()
	l, notes, err := openFile(t, "a.geojson", "{\"type\":\"Feature\",\"properties\":{\"n\":\"Citt\xe0\"},\"geometry\":{\"type\":\"Point\",\"coordinates\":[1,2]}}",
		[]string{"GeoJSON"}, OpenOptions{})
	if err != nil {
		t.Fatal(err)
	}
	err = l.Scan(t.Context(), nil, func(f geo.Feature) (bool, error) {
		if f.Values[0] != "Città" {
			t.Errorf("%v", f.Values)
		}
		return true, nil
	})
	if err != nil || notes.Counted("encoding-detected") != 1 {
		t.Errorf("%v %v", err, notes.All())
	}
}

func TestLayersAreListed(t *testing.T) {
	t.Parallel()
	kml := `<?xml version="1.0"?><kml xmlns="http://www.opengis.net/kml/2.2"><Document>` +
		strings.Repeat(`<Folder><name>L%d</name><Placemark><Point><coordinates>1,2</coordinates></Point></Placemark></Folder>`, 2) + `</Document></kml>`
	kml = fmt.Sprintf(kml, 1, 2)
	_, _, err := openFile(t, "a.kml", kml, []string{"LIBKML", "KML"}, OpenOptions{})
	if !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "--layer: L1") || !strings.Contains(err.Error(), "L2") {
		t.Error(err)
	}
	if _, _, err := openFile(t, "a.kml", kml, []string{"LIBKML", "KML"}, OpenOptions{Layer: "L2"}); err != nil {
		t.Error(err)
	}
}

func FuzzGeoJSON(f *testing.F) {
	f.Add(`{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"id":1},"geometry":{"type":"Polygon","coordinates":[[[0,0],[1,1],[1,0],[0,1],[0,0]]]}}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		l, _, err := openFile(t, "a.geojson", text, []string{"GeoJSON"}, OpenOptions{})
		if err != nil {
			return
		}
		o := Options{Path: filepath.Join(t.TempDir(), "o.gpkg"), Layer: "o", Dataset: "o"}
		res, err := Write(t.Context(), []Rows{l}, o, quiet{})
		if err == nil && res.Count == 0 {
			t.Error("nothing was written without an error")
		}
	})
}
