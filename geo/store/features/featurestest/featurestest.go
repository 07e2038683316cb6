// Package featurestest is the suite that every features.Driver passes.
package featurestest

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"

	"contado/geo"
	"contado/geo/fault"
	"contado/geo/store/features"
)

// Load makes a table with the rows and opens it; it closes it in t.Cleanup.
// A nil Geometry is NULL; ids and nil values are kept.
type Load func(t testing.TB, name string, schema geo.Schema, feats []geo.Feature) features.Table

// RunSuite runs every test on tables that load makes.
func RunSuite(t *testing.T, load Load) {
	for name, test := range map[string]func(*testing.T, Load){
		"Schema":      testSchema,
		"RoundTrip":   testRoundTrip,
		"Attributes":  testAttributes,
		"Geometries":  testGeometries,
		"BBox":        testBBox,
		"BBoxTouches": testBBoxTouches,
		"Equal":       testEqual,
		"EqualWrong":  testEqualWrong,
		"IDs":         testIDs,
		"Paging":      testPaging,
		"Fields":      testFields,
		"Boxes":       testBoxes,
		"Stops":       testStops,
		"Canceled":    testCanceled,
		"Concurrent":  testConcurrent,
		"Names":       testNames,
		"Empty":       testEmpty,
		"Filter":      testFilter,
		"FilterCRS":   testFilterSystems,
		"FilterWrong": testFilterWrong,
		"Sort":        testSort,
		"SortWrong":   testSortWrong,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, load)
		})
	}
}

var everyType = geo.Schema{
	GeometryType: "Point", CRS: geo.WGS84,
	Fields: []geo.Field{
		{Name: "s", Type: geo.String},
		{Name: "i", Type: geo.Integer},
		{Name: "r", Type: geo.Real},
		{Name: "b", Type: geo.Boolean},
		{Name: "d", Type: geo.Date},
		{Name: "t", Type: geo.DateTime},
		{Name: "x", Type: geo.Binary},
		{Name: "j", Type: geo.JSON},
	},
}

func everyTypeRows() []geo.Feature {
	return []geo.Feature{
		{ID: 2, Geometry: orb.Point{10, 45}, Values: []any{"Città", int64(1) << 60, 0.1, true, "2024-02-29", "2024-02-29T12:30:15Z", []byte{0, 1, 255}, `{"a":[1,2]}`}},
		{ID: 3, Geometry: orb.Point{11, 46}, Values: []any{"it's \"x\"", int64(-5), -1e300, false, "1899-12-31", "1999-12-31T23:59:59.125Z", []byte("x"), `[]`}},
		{ID: 7, Geometry: nil, Values: []any{nil, nil, nil, nil, nil, nil, nil, nil}},
		{ID: 1 << 40, Geometry: orb.Point{-10, -45}, Values: []any{"", int64(0), 0.0, false, "2026-01-01", "2026-01-01T00:00:00Z", []byte("y"), `"text"`}},
	}
}

func collect(t testing.TB, tab features.Table, q features.Query) []geo.Feature {
	t.Helper()
	out := []geo.Feature{}
	if err := tab.Scan(t.Context(), q, func(f geo.Feature) bool { out = append(out, f); return true }); err != nil {
		t.Fatalf("Scan(%+v): %v", q, err)
	}
	return out
}

func scanIDs(t testing.TB, tab features.Table, q features.Query) []int64 {
	t.Helper()
	out := []int64{}
	for _, f := range collect(t, tab, q) {
		out = append(out, f.ID)
	}
	n, err := tab.Count(t.Context(), q)
	if err != nil {
		t.Fatalf("Count(%+v): %v", q, err)
	}
	if q.After == 0 && q.Limit == 0 && n != int64(len(out)) {
		t.Errorf("Count(%+v) = %d, Scan gave %d", q, n, len(out))
	}
	return out
}

func wantKind(t testing.TB, what string, err error, kind fault.Kind) {
	t.Helper()
	if !fault.Is(err, kind) {
		t.Errorf("%s: %v (kind %v), want kind %v", what, err, fault.KindOf(err), kind)
	}
}

// sameRows compares features; datetimes as instants.
func sameRows(t testing.TB, schema geo.Schema, got, want []geo.Feature) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d rows, want %d", len(got), len(want))
	}
	for i := range want {
		g, w := got[i], want[i]
		if g.ID != w.ID {
			t.Errorf("row %d has id %d, want %d", i, g.ID, w.ID)
		}
		if (g.Geometry == nil) != (w.Geometry == nil) || g.Geometry != nil && !orb.Equal(g.Geometry, w.Geometry) {
			t.Errorf("feature %d: geometry %v, want %v", w.ID, g.Geometry, w.Geometry)
		}
		if len(g.Values) != len(w.Values) {
			t.Fatalf("feature %d: %d values, want %d", w.ID, len(g.Values), len(w.Values))
		}
		for k, f := range schema.Fields {
			if !sameValue(f.Type, g.Values[k], w.Values[k]) {
				t.Errorf("feature %d: %s = %T %v, want %T %v", w.ID, f.Name, g.Values[k], g.Values[k], w.Values[k], w.Values[k])
			}
		}
	}
}

func sameValue(t geo.FieldType, got, want any) bool {
	a, okA := got.(string)
	b, okB := want.(string)
	if t == geo.DateTime && okA && okB {
		ta, errA := time.Parse(time.RFC3339, a)
		tb, errB := time.Parse(time.RFC3339, b)
		return errA == nil && errB == nil && ta.Equal(tb)
	}
	return cmp.Equal(got, want)
}

func testSchema(t *testing.T, load Load) {
	tab := load(t, "every_type", everyType, everyTypeRows())
	if diff := cmp.Diff(everyType, tab.Schema()); diff != "" {
		t.Errorf("schema (-want +got):\n%s", diff)
	}
	plain := geo.Schema{Fields: []geo.Field{{Name: "code", Type: geo.String}}}
	rows := []geo.Feature{{ID: 1, Values: []any{"037006"}}, {ID: 2, Values: []any{"037007"}}}
	tab = load(t, "no_geometry", plain, rows)
	if diff := cmp.Diff(plain, tab.Schema()); diff != "" {
		t.Errorf("schema of a plain table (-want +got):\n%s", diff)
	}
	sameRows(t, plain, collect(t, tab, features.Query{}), rows)
	if got := scanIDs(t, tab, features.Query{BBox: &geo.BBox{MaxX: 1, MaxY: 1}}); len(got) != 0 {
		t.Errorf("a box found %v in a table without geometry", got)
	}
	if err := tab.Boxes(t.Context(), func(features.Box) bool { t.Error("a box"); return true }); err != nil {
		t.Error(err)
	}
}

func testRoundTrip(t *testing.T, load Load) {
	rows := everyTypeRows()
	tab := load(t, "round_trip", everyType, rows)
	sameRows(t, everyType, collect(t, tab, features.Query{}), rows)
	without := everyTypeRows()
	for i := range without {
		without[i].Geometry = nil
	}
	sameRows(t, everyType, collect(t, tab, features.Query{SkipGeometry: true}), without)
	// Features may be kept and changed: the next Scan is not disturbed.
	kept := collect(t, tab, features.Query{})
	kept[0].Values[6].([]byte)[0] = 99
	sameRows(t, everyType, collect(t, tab, features.Query{}), rows)
}

func testAttributes(t *testing.T, load Load) {
	schema := geo.Schema{Fields: []geo.Field{{Name: "i", Type: geo.Integer}, {Name: "r", Type: geo.Real}, {Name: "s", Type: geo.String}}}
	rows := []geo.Feature{
		{ID: 1, Values: []any{int64(math.MaxInt64), math.MaxFloat64, strings.Repeat("è", 5000)}},
		{ID: 2, Values: []any{int64(math.MinInt64), math.SmallestNonzeroFloat64, "007"}},
		{ID: 3, Values: []any{int64(1), 3.0, "2024-01-01T00:00:00Z"}},
	}
	tab := load(t, "attributes", schema, rows)
	sameRows(t, schema, collect(t, tab, features.Query{}), rows)
}

var square = orb.Ring{{0, 0}, {4, 0}, {4, 4}, {0, 4}, {0, 0}}

func testGeometries(t *testing.T, load Load) {
	hole := orb.Ring{{1, 1}, {1, 2}, {2, 2}, {2, 1}, {1, 1}}
	var rows []geo.Feature
	for i, g := range []orb.Geometry{
		orb.Point{0.1, -0.2},
		orb.MultiPoint{{1, 2}, {3, 4}},
		orb.LineString{{0, 0}, {1, 1}, {2, 0}},
		orb.MultiLineString{{{0, 0}, {1, 1}}, {{5, 5}, {6, 7}, {8, 9}}},
		orb.Polygon{square, hole},
		orb.MultiPolygon{{square, hole}, {{{10, 10}, {11, 10}, {11, 11}, {10, 10}}}},
		orb.Collection{orb.Point{1, 2}, orb.LineString{{0, 0}, {3, 3}}, orb.MultiPolygon{{square}}},
		nil,
	} {
		rows = append(rows, geo.Feature{ID: int64(i + 1), Geometry: g, Values: []any{fmt.Sprint(i)}})
	}
	schema := geo.Schema{GeometryType: "Geometry", CRS: "EPSG:32632", Fields: []geo.Field{{Name: "n", Type: geo.String}}}
	tab := load(t, "geometries", schema, rows)
	sameRows(t, schema, collect(t, tab, features.Query{}), rows)
}

// boxesTable has rows of random rectangles, some without geometry.
func boxesTable(t testing.TB, load Load, name string, n int) (features.Table, []geo.Feature) {
	rng := rand.New(rand.NewPCG(uint64(n), 17))
	var rows []geo.Feature
	for i := range n {
		f := geo.Feature{ID: int64(i + 1), Values: []any{int64(i % 7)}}
		if i%11 != 0 {
			// Coordinates far from zero: float32 would round them by metres.
			x, y := 5e6+rng.Float64()*1000, -7e6+rng.Float64()*1000
			w, h := rng.Float64()*20, rng.Float64()*20
			f.Geometry = orb.Polygon{{{x, y}, {x + w, y}, {x + w, y + h}, {x, y + h}, {x, y}}}
		}
		rows = append(rows, f)
	}
	schema := geo.Schema{GeometryType: "Polygon", CRS: "EPSG:3857", Fields: []geo.Field{{Name: "k", Type: geo.Integer}}}
	return load(t, name, schema, rows), rows
}

func testBBox(t *testing.T, load Load) {
	tab, rows := boxesTable(t, load, "bbox", 600)
	rng := rand.New(rand.NewPCG(9, 9))
	found := 0
	for range 60 {
		x, y, size := 5e6+rng.Float64()*1000, -7e6+rng.Float64()*1000, rng.Float64()*rng.Float64()*300
		q := features.Query{BBox: &geo.BBox{MinX: x, MinY: y, MaxX: x + size, MaxY: y + size}}
		if rng.IntN(3) == 0 {
			q.Equal = []features.Equal{{Field: "k", Value: "3"}}
		}
		want := []int64{}
		for _, f := range rows {
			if f.Geometry != nil && geo.BBoxOf(f.Geometry.Bound()).Intersects(*q.BBox) && (q.Equal == nil || f.Values[0] == int64(3)) {
				want = append(want, f.ID)
			}
		}
		if got := scanIDs(t, tab, q); !slices.Equal(got, want) {
			t.Errorf("box %v: %v, want %v", q.BBox, got, want)
		}
		q.SkipGeometry, q.Limit = true, 3
		if got := scanIDs(t, tab, q); !slices.Equal(got, want[:min(3, len(want))]) {
			t.Errorf("box %v, limit 3: %v, want the first of %v", q.BBox, got, want)
		}
		found += len(want)
	}
	if found == 0 {
		t.Error("no box met any row: the test tests nothing")
	}
	everywhere := geo.BBox{MinX: math.Inf(-1), MinY: math.Inf(-1), MaxX: math.Inf(1), MaxY: math.Inf(1)}
	if got, want := len(scanIDs(t, tab, features.Query{BBox: &everywhere})), 600-55; got != want {
		t.Errorf("the infinite box found %d, want the %d that have a geometry", got, want)
	}
	for _, b := range []geo.BBox{geo.EmptyBBox(), {MinX: 179, MaxX: -179, MaxY: 1}, {MinX: math.NaN()}} {
		wantKind(t, fmt.Sprint("box ", b), tab.Scan(t.Context(), features.Query{BBox: &b}, nil), fault.Invalid)
	}
}

func testBBoxTouches(t *testing.T, load Load) {
	const x, y = 5000000.1, 1.0 / 3
	schema := geo.Schema{GeometryType: "Point", CRS: "EPSG:3857", Fields: []geo.Field{{Name: "k", Type: geo.Integer}}}
	tab := load(t, "touches", schema, []geo.Feature{{ID: 1, Geometry: orb.Point{x, y}, Values: []any{int64(1)}}})
	next := func(v, to float64) float64 { return math.Nextafter(v, to) }
	for name, c := range map[string]struct {
		box  geo.BBox
		want int
	}{
		"the point itself":  {geo.BBox{MinX: x, MinY: y, MaxX: x, MaxY: y}, 1},
		"corner touches":    {geo.BBox{MinX: x, MinY: y, MaxX: x + 9, MaxY: y + 9}, 1},
		"one float beside":  {geo.BBox{MinX: next(x, 1e9), MinY: y, MaxX: x + 9, MaxY: y + 9}, 0},
		"one float below":   {geo.BBox{MinX: x - 9, MinY: y - 9, MaxX: x, MaxY: next(y, 0)}, 0},
		"ends at the point": {geo.BBox{MinX: x - 9, MinY: y - 9, MaxX: x, MaxY: y}, 1},
	} {
		if got := scanIDs(t, tab, features.Query{BBox: &c.box}); len(got) != c.want {
			t.Errorf("%s: found %d, want %d", name, len(got), c.want)
		}
	}
}

func testBoxes(t *testing.T, load Load) {
	tab, rows := boxesTable(t, load, "boxes", 300)
	want := map[int64]geo.BBox{}
	for _, f := range rows {
		if f.Geometry != nil {
			want[f.ID] = geo.BBoxOf(f.Geometry.Bound())
		}
	}
	got := map[int64]geo.BBox{}
	err := tab.Boxes(t.Context(), func(b features.Box) bool {
		if _, twice := got[b.ID]; twice {
			t.Errorf("box of %d came twice", b.ID)
		}
		got[b.ID] = b.Box
		return true
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("boxes (-want +got):\n%s", diff)
	}
}

func testStops(t *testing.T, load Load) {
	tab, _ := boxesTable(t, load, "stops", 50)
	scans, boxes := 0, 0
	err := tab.Scan(t.Context(), features.Query{}, func(geo.Feature) bool { scans++; return scans < 3 })
	if err != nil || scans != 3 {
		t.Errorf("Scan yielded %d, %v", scans, err)
	}
	err = tab.Boxes(t.Context(), func(features.Box) bool { boxes++; return boxes < 3 })
	if err != nil || boxes != 3 {
		t.Errorf("Boxes yielded %d, %v", boxes, err)
	}
}

func testCanceled(t *testing.T, load Load) {
	tab, _ := boxesTable(t, load, "canceled", 500)
	ctx, cancel := context.WithCancel(t.Context())
	n := 0
	err := tab.Scan(ctx, features.Query{}, func(geo.Feature) bool { n++; cancel(); return true })
	wantKind(t, "Scan", err, fault.Canceled)
	if n == 500 {
		t.Error("all rows came after the context had ended")
	}
	_, err = tab.Count(ctx, features.Query{})
	wantKind(t, "Count", err, fault.Canceled)
	wantKind(t, "Boxes", tab.Boxes(ctx, func(features.Box) bool { return true }), fault.Canceled)
}

func testConcurrent(t *testing.T, load Load) {
	tab, _ := boxesTable(t, load, "concurrent", 200)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			n := 0
			err := tab.Scan(t.Context(), features.Query{}, func(f geo.Feature) bool {
				n++
				if n%50 != 0 {
					return true
				}
				// A query inside a query must not wait for itself.
				c, err := tab.Count(t.Context(), features.Query{IDs: []int64{f.ID}})
				if err != nil || c != 1 {
					t.Errorf("inner Count = %d, %v", c, err)
				}
				return true
			})
			if err != nil || n != 200 {
				t.Errorf("%d rows, %v", n, err)
			}
		})
	}
	wg.Wait()
}

func testNames(t *testing.T, load Load) {
	schema := geo.Schema{GeometryType: "Point", CRS: geo.WGS84, Fields: []geo.Field{
		{Name: `quo"te`, Type: geo.String}, {Name: "select", Type: geo.Integer}, {Name: "con spazio; --", Type: geo.Real}, {Name: "età", Type: geo.Integer},
	}}
	rows := []geo.Feature{{ID: 1, Geometry: orb.Point{1, 2}, Values: []any{"q", int64(2), 3.5, int64(4)}}}
	tab := load(t, `odd "name' – è`, schema, rows)
	sameRows(t, schema, collect(t, tab, features.Query{}), rows)
	for field, v := range map[string]string{`quo"te`: "q", "select": "2", "con spazio; --": "3.5", "età": "4"} {
		if got := scanIDs(t, tab, features.Query{Equal: []features.Equal{{Field: field, Value: v}}}); len(got) != 1 {
			t.Errorf("%s = %s: %v", field, v, got)
		}
	}
	if got := scanIDs(t, tab, features.Query{BBox: &geo.BBox{MaxX: 5, MaxY: 5}}); len(got) != 1 {
		t.Errorf("box: %v", got)
	}
}

func testEmpty(t *testing.T, load Load) {
	tab := load(t, "empty", everyType, nil)
	if got := scanIDs(t, tab, features.Query{}); len(got) != 0 {
		t.Errorf("rows %v", got)
	}
	if got := scanIDs(t, tab, features.Query{BBox: &geo.BBox{MaxX: 1, MaxY: 1}}); len(got) != 0 {
		t.Errorf("rows %v", got)
	}
	if err := tab.Boxes(t.Context(), func(features.Box) bool { t.Error("a box"); return true }); err != nil {
		t.Error(err)
	}
}
