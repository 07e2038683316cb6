package fgb

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"
	"pgregory.net/rapid"

	"contado/geo"
	"contado/geo/fault"
)

var everyType = geo.Schema{
	GeometryType: "Geometry", CRS: "EPSG:25832",
	Fields: []geo.Field{
		{Name: "s", Type: geo.String, Alias: "Nome", Description: "Nome del comune"},
		{Name: "i", Type: geo.Integer},
		{Name: "r", Type: geo.Real},
		{Name: "b", Type: geo.Boolean},
		{Name: "d", Type: geo.Date},
		{Name: "t", Type: geo.DateTime},
		{Name: "x", Type: geo.Binary},
		{Name: "j", Type: geo.JSON},
	},
}

func everyKind() []geo.Feature {
	ring := orb.Ring{{0, 0}, {4, 0}, {4, 4}, {0, 4}, {0, 0}}
	hole := orb.Ring{{1, 1}, {1, 2}, {2, 2}, {1, 1}}
	far := orb.Ring{{10, 10}, {12, 10}, {12, 12}, {10, 10}}
	values := []any{"Città 🏛", int64(1) << 60, 0.1, true, "2024-02-29", "2024-02-29T12:30:15.125Z", []byte{0, 1, 255}, `{"a":[1,2]}`}
	empty := []any{"", int64(-5), -1e300, false, "1899-12-31", "1999-12-31T23:59:59Z", []byte{}, `[]`}
	none := make([]any, 8)
	return []geo.Feature{
		{ID: 7, Geometry: orb.Point{1, 2}, Values: values},
		{ID: 3, Geometry: orb.LineString{{0, 0}, {1, 1}, {2, 0}}, Values: empty},
		{ID: 1 << 40, Geometry: orb.Polygon{ring, hole}, Values: none},
		{ID: 9, Geometry: orb.Polygon{ring}, Values: values},
		{ID: -2, Geometry: orb.MultiPoint{{1, 1}, {-3, 5}}, Values: values},
		{ID: 11, Geometry: orb.MultiLineString{{{0, 0}, {1, 1}}, {{5, 5}, {6, 6}, {7, 5}}}, Values: values},
		{ID: 12, Geometry: orb.MultiPolygon{{ring, hole}, {far}}, Values: values},
		{ID: 13, Geometry: orb.MultiPolygon{{far}}, Values: values},
		{ID: 14, Geometry: orb.Collection{orb.Point{1, 2}, orb.MultiPolygon{{ring, hole}, {far}}}, Values: values},
		{ID: 15, Values: values},
	}
}

func write(t testing.TB, s geo.Schema, o *Options, feats []geo.Feature) *File {
	t.Helper()
	path := filepath.Join(t.TempDir(), "layer.fgb")
	writeTo(t, path, s, o, feats)
	return open(t, path)
}

func writeTo(t testing.TB, path string, s geo.Schema, o *Options, feats []geo.Feature) {
	t.Helper()
	w, err := Create(path, s, o)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range feats {
		if err := w.Write(f); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}

func open(t testing.TB, path string) *File {
	t.Helper()
	f, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
	return f
}

// feature reads a row by all ways there are, which must agree.
func feature(t testing.TB, f *File, r Row) geo.Feature {
	t.Helper()
	g, err := r.Geometry()
	if err != nil {
		t.Fatal(err)
	}
	out := geo.Feature{ID: r.ID(), Geometry: g, Values: make([]any, len(f.Schema().Fields))}
	if out.Z, out.M, err = r.ZM(); err != nil {
		t.Fatal(err)
	}
	for i := range out.Values {
		out.Values[i] = r.Value(i)
	}
	all := make([]any, len(out.Values))
	r.Values(nil, all)
	if diff := cmp.Diff(out.Values, all); diff != "" {
		t.Errorf("row %d: Values(nil) (-Value +Values):\n%s", r.ID(), diff)
	}
	var s Shape
	if err := r.Shape(&s); err == nil {
		if got := s.Geometry(); !same(got, g) {
			t.Errorf("row %d: Shape is %v, Geometry %v", r.ID(), got, g)
		}
	} else if !fault.Is(err, fault.Unsupported) {
		t.Error(err)
	}
	box := geo.EmptyBBox()
	if g != nil {
		box = geo.BBoxOf(g.Bound())
	}
	if r.Box() != box {
		t.Errorf("row %d: box %v, want %v", r.ID(), r.Box(), box)
	}
	return out
}

func same(a, b orb.Geometry) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	return orb.Equal(a, b)
}

func TestRowsComeBackAsTheyWereWritten(t *testing.T) {
	t.Parallel()
	f := write(t, everyType, &Options{Title: "Titolo", Description: "Prova"}, everyKind())
	if diff := cmp.Diff(everyType, f.Schema()); diff != "" {
		t.Errorf("schema (-want +got):\n%s", diff)
	}
	if f.Len() != len(everyKind()) || f.Name() != "layer" || f.Title() != "Titolo" || f.Description() != "Prova" {
		t.Errorf("%d rows of %q, %q, %q", f.Len(), f.Name(), f.Title(), f.Description())
	}
	if want := (geo.BBox{MinX: -3, MinY: 0, MaxX: 12, MaxY: 12}); f.Bounds() != want {
		t.Errorf("bounds %v, want %v", f.Bounds(), want)
	}
	for _, want := range everyKind() {
		r, ok := f.ByID(want.ID)
		if !ok {
			t.Errorf("no row %d", want.ID)
			continue
		}
		if diff := cmp.Diff(want, feature(t, f, r)); diff != "" {
			t.Errorf("row %d (-want +got):\n%s", want.ID, diff)
		}
	}
	if _, ok := f.ByID(8); ok {
		t.Error("there is a row 8")
	}
	if err := f.Verify(); err != nil {
		t.Error(err)
	}
	last := f.At(f.Len() - 1)
	if last.ID() != 15 {
		t.Errorf("the last row is %d, want 15, which has no geometry", last.ID())
	}
}

func TestRowsAscendById(t *testing.T) {
	t.Parallel()
	f := write(t, everyType, nil, everyKind())
	for after, want := range map[int64][]int64{
		0:  {-2, 3, 7, 9, 11, 12, 13, 14, 15, 1 << 40},
		12: {13, 14, 15, 1 << 40}, 8: {9, 11, 12, 13, 14, 15, 1 << 40}, 1 << 40: nil, -2: {3, 7, 9, 11, 12, 13, 14, 15, 1 << 40},
	} {
		var got []int64
		f.Ascending(after, func(r Row) bool { got = append(got, r.ID()); return true })
		if !slices.Equal(got, want) {
			t.Errorf("after %d: %v, want %v", after, got, want)
		}
	}
}

func TestHeightsAndMeasures(t *testing.T) {
	t.Parallel()
	s := geo.Schema{GeometryType: "MultiPolygon", HasZ: true, HasM: true}
	ring := orb.Ring{{0, 0}, {4, 0}, {4, 4}, {0, 0}}
	want := geo.Feature{
		ID: 1, Geometry: orb.MultiPolygon{{ring}, {ring}}, Values: []any{},
		Z: []float64{1, 2, 3, 1, 5, 6, 7, 5}, M: []float64{-1, -2, -3, -4, -5, -6, -7, -8},
	}
	f := write(t, s, nil, []geo.Feature{want})
	if got := f.Schema(); !got.HasZ || !got.HasM {
		t.Errorf("schema %+v", got)
	}
	if diff := cmp.Diff(want, feature(t, f, f.At(0))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestSingleGeometriesBecomeMultipleOnes(t *testing.T) {
	t.Parallel()
	ring := orb.Ring{{0, 0}, {4, 0}, {4, 4}, {0, 0}}
	f := write(t, geo.Schema{GeometryType: "MultiPolygon"}, nil, []geo.Feature{{ID: 1, Geometry: orb.Polygon{ring}}})
	if g, _ := f.At(0).Geometry(); !same(g, orb.MultiPolygon{{ring}}) {
		t.Errorf("got %v", g)
	}
	// What no promotion can make fit is kept as it is, and the schema too.
	f = write(t, geo.Schema{GeometryType: "Polygon"}, nil, []geo.Feature{{ID: 1, Geometry: orb.Polygon{ring}}, {ID: 2, Geometry: orb.Point{1, 1}}})
	r, _ := f.ByID(2)
	if g, _ := r.Geometry(); !same(g, orb.Point{1, 1}) || f.Schema().GeometryType != "Polygon" {
		t.Errorf("got %v in a layer of %v", g, f.Schema().GeometryType)
	}
}

func TestStreamsKeepToTheirType(t *testing.T) {
	t.Parallel()
	ring := orb.Ring{{0, 0}, {4, 0}, {4, 4}, {0, 0}}
	encode := func(g orb.Geometry) (*File, error) {
		var b bytes.Buffer
		n := 0
		err := Encode(&b, geo.Schema{GeometryType: "Polygon"}, 1, func() (geo.Feature, bool, error) {
			n++
			return geo.Feature{ID: 1, Geometry: g}, n == 1, nil
		})
		if err != nil {
			return nil, err
		}
		return read("stream", b.Bytes())
	}
	f, err := encode(orb.MultiPolygon{{ring}})
	if err != nil {
		t.Fatal(err)
	}
	if g, _ := f.At(0).Geometry(); !same(g, orb.Polygon{ring}) {
		t.Errorf("got %v", g)
	}
	if _, err := encode(orb.MultiPolygon{{ring}, {ring}}); !fault.Is(err, fault.Invalid) {
		t.Errorf("two polygons in one: %v", err)
	}
	if err := Encode(io.Discard, geo.Schema{}, 2, func() (geo.Feature, bool, error) { return geo.Feature{}, false, nil }); !fault.Is(err, fault.Invalid) {
		t.Errorf("no rows of two: %v", err)
	}
}

func TestTablesWithoutGeometryAndWithoutRows(t *testing.T) {
	t.Parallel()
	s := geo.Schema{Fields: []geo.Field{{Name: "FID", Type: geo.Integer}, {Name: "n", Type: geo.String}}}
	f := write(t, s, nil, []geo.Feature{{ID: 5, Values: []any{int64(1), "a"}}, {ID: 4, Values: []any{nil, "b"}}})
	if diff := cmp.Diff(s, f.Schema()); diff != "" {
		t.Errorf("schema (-want +got):\n%s", diff)
	}
	if r, ok := f.ByID(4); !ok || r.Value(0) != nil || r.Value(1) != "b" {
		t.Errorf("row 4: %v %v %v", ok, r.Value(0), r.Value(1))
	}
	f = write(t, everyType, nil, nil)
	if f.Len() != 0 || !f.Bounds().IsEmpty() {
		t.Errorf("%d rows in %v", f.Len(), f.Bounds())
	}
	f.Search(geo.BBox{MinX: -1e9, MinY: -1e9, MaxX: 1e9, MaxY: 1e9}, func(Row) bool { t.Error("a row"); return true })
	if _, ok := f.ByID(1); ok {
		t.Error("row 1")
	}
}

func TestWhatCannotBeWritten(t *testing.T) {
	t.Parallel()
	s := geo.Schema{GeometryType: "Point", Fields: []geo.Field{{Name: "n", Type: geo.Integer}}}
	inf := math.Inf(1)
	for name, f := range map[string]geo.Feature{
		"value of another type": {ID: 1, Values: []any{"x"}},
		"too few values":        {ID: 1},
		"infinite coordinate":   {ID: 1, Geometry: orb.Point{inf, 0}, Values: []any{nil}},
		"nil in a collection":   {ID: 1, Geometry: orb.Collection{nil}, Values: []any{nil}},
	} {
		dir := t.TempDir()
		w, err := Create(filepath.Join(dir, "x.fgb"), s, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Write(f); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
		if err := w.Close(); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: Close gave %v", name, err)
		}
		if left, _ := filepath.Glob(filepath.Join(dir, "*")); len(left) > 0 {
			t.Errorf("%s: left %v", name, left)
		}
	}
	if _, err := Create(filepath.Join(t.TempDir(), "x.fgb"), geo.Schema{Fields: []geo.Field{{Name: "n", Type: "list"}}}, nil); !fault.Is(err, fault.Invalid) {
		t.Errorf("unknown type: %v", err)
	}
	if _, err := Open(filepath.Join(t.TempDir(), "none.fgb")); !fault.Is(err, fault.NotExist) {
		t.Errorf("no file: %v", err)
	}
}

// parcels makes n small rectangles, some rows without geometry among them.
func parcels(n int, seed uint64) []geo.Feature {
	rnd := rand.New(rand.NewPCG(seed, 1))
	out := make([]geo.Feature, n)
	for i := range out {
		x, y, w, h := rnd.Float64()*1000, rnd.NormFloat64()*100, rnd.Float64()*3, rnd.Float64()*3
		out[i] = geo.Feature{ID: int64(n - i), Values: []any{fmt.Sprint("p", i), rnd.Float64()}}
		if i%97 != 96 {
			out[i].Geometry = orb.Polygon{{{x, y}, {x + w, y}, {x + w, y + h}, {x, y + h}, {x, y}}}
		}
	}
	return out
}

var parcelSchema = geo.Schema{GeometryType: "Polygon", CRS: "EPSG:25832", Fields: []geo.Field{{Name: "code", Type: geo.String}, {Name: "rent", Type: geo.Real}}}

func TestSearchFindsWhatBruteForceFinds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		n := rapid.SampledFrom([]int{1, 2, 15, 16, 17, 255, 256, 257, 300}).Draw(rt, "n")
		feats := parcels(n, rapid.Uint64().Draw(rt, "seed"))
		f := write(t, parcelSchema, nil, feats)
		for range 5 {
			x, y := rapid.Float64Range(-50, 1050).Draw(rt, "x"), rapid.Float64Range(-300, 300).Draw(rt, "y")
			b := geo.BBox{MinX: x, MinY: y, MaxX: x + rapid.Float64Range(0, 400).Draw(rt, "w"), MaxY: y + rapid.Float64Range(0, 200).Draw(rt, "h")}
			want := map[int64]bool{}
			for _, p := range feats {
				if p.Geometry != nil && geo.BBoxOf(p.Geometry.Bound()).Intersects(b) {
					want[p.ID] = true
				}
			}
			got, last := map[int64]bool{}, -1
			f.Search(b, func(r Row) bool {
				if r.Ordinal() <= last {
					rt.Errorf("row %d after %d", r.Ordinal(), last)
				}
				last = r.Ordinal()
				got[r.ID()] = true
				return true
			})
			if diff := cmp.Diff(want, got); diff != "" {
				rt.Errorf("%v (-want +got):\n%s", b, diff)
			}
		}
	})
}

func TestLittleMemoryGivesTheSameFile(t *testing.T) {
	t.Parallel()
	feats := parcels(20_000, 3)
	large := write(t, parcelSchema, nil, feats)
	small := write(t, parcelSchema, &Options{Memory: 1}, feats)
	if !slices.Equal(large.data, small.data) {
		t.Errorf("the files of %d and %d bytes differ", len(large.data), len(small.data))
	}
	near := 0.0
	for i := 1; i < large.Len(); i++ {
		if a, b := large.At(i-1).Box(), large.At(i).Box(); !a.IsEmpty() && !b.IsEmpty() && a.Buffer(30).Intersects(b) {
			near++
		}
	}
	if near < 0.9*float64(large.Len()) {
		t.Errorf("only %v of %d rows lie near the one before", near, large.Len())
	}
	for i := range large.Len() {
		var s Shape
		if err := large.At(i).Shape(&s); err != nil {
			t.Fatal(err)
		}
		if s.xy != nil {
			t.Fatalf("row %d was copied: it is not aligned", i)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(small.path), "*")); len(left) != 1 {
		t.Errorf("files left: %v", left)
	}
}
