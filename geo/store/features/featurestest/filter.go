package featurestest

import (
	"cmp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"
	"pgregory.net/rapid"

	"contado/geo"
	"contado/geo/cql2"
	"contado/geo/cql2/rows"
	"contado/geo/fault"
	"contado/geo/store/features"
)

// passing are the ids of the rows that pass a filter, by the evaluator alone.
func passing(t rapid.TB, schema geo.Schema, list []geo.Feature, e cql2.Expr, from geo.CRS) []int64 {
	t.Helper()
	f, err := rows.New(schema, e, from, nil)
	if err != nil {
		t.Fatalf("%s: %v", cql2.Text(e), err)
	}
	out := []int64{}
	for i := range list {
		ok, err := f.Match(&list[i])
		if err != nil {
			t.Fatalf("%s: %v", cql2.Text(e), err)
		}
		if ok {
			out = append(out, list[i].ID)
		}
	}
	return out
}

// testFilter compares the engine with the evaluator, on filters of all kinds.
func testFilter(t *testing.T, load Load) {
	list := FilterRows(80)
	tab := load(t, "filtered", FilterSchema, list)
	box := geo.BBox{MinX: 2, MinY: 3, MaxX: 9, MaxY: 8}
	rapid.Check(t, func(rt *rapid.T) {
		e := AnyFilter().Draw(rt, "filter")
		want := passing(rt, FilterSchema, list, e, "")
		q := features.Query{Filter: e, Fields: []string{"r"}, SkipGeometry: true}
		got := []int64{}
		err := tab.Scan(t.Context(), q, func(f geo.Feature) bool {
			if len(f.Values) != 1 || f.Geometry != nil {
				rt.Errorf("feature %d has %d values and the geometry %v", f.ID, len(f.Values), f.Geometry)
			}
			got = append(got, f.ID)
			return true
		})
		if err != nil || !slices.Equal(got, want) {
			rt.Fatalf("%s: %v, %v; want %v", cql2.Text(e), got, err, want)
		}
		n, err := tab.Count(t.Context(), q)
		if err != nil || n != int64(len(want)) {
			rt.Fatalf("%s: Count %d, %v; want %d", cql2.Text(e), n, err, len(want))
		}
		q.BBox, q.Limit, q.After = &box, 3, list[10].ID
		got = got[:0]
		if err := tab.Scan(t.Context(), q, func(f geo.Feature) bool { got = append(got, f.ID); return true }); err != nil {
			rt.Fatal(err)
		}
		if some := within(list, want, q); !slices.Equal(got, some) {
			rt.Fatalf("%s in %v after %d: %v, want %v", cql2.Text(e), box, q.After, got, some)
		}
	})
}

// within are the first of the rows that meet the box of a query, after its id.
func within(list []geo.Feature, ids []int64, q features.Query) []int64 {
	out := []int64{}
	for _, f := range list {
		if f.ID > q.After && f.Geometry != nil && slices.Contains(ids, f.ID) && geo.BBoxOf(f.Geometry.Bound()).Intersects(*q.BBox) && len(out) < q.Limit {
			out = append(out, f.ID)
		}
	}
	return out
}

// testFilterSystems has filters in other reference systems than the rows.
func testFilterSystems(t *testing.T, load Load) {
	schema := geo.Schema{GeometryType: "Point", CRS: "EPSG:3857", Fields: []geo.Field{{Name: "n", Type: geo.Integer}}}
	var list []geo.Feature
	for i := range 20 {
		list = append(list, geo.Feature{ID: int64(i + 1), Geometry: orb.Point{float64(i) * 100_000, 5_000_000}, Values: []any{int64(i)}})
	}
	tab := load(t, "mercator", schema, list)
	for _, c := range []struct {
		filter string
		crs    geo.CRS
		want   []int64
	}{
		{"S_INTERSECTS(geom, BBOX(4, 40, 8, 42))", "", []int64{6, 7, 8, 9}}, // 1° is 111,319 m
		{"S_WITHIN(geometry, POLYGON((4 40, 8 40, 8 42, 4 42, 4 40))) AND n <> 6", geo.WGS84, []int64{6, 8, 9}},
		{"S_INTERSECTS(geom, BBOX(450000, 0, 800000, 6000000))", "EPSG:3857", []int64{6, 7, 8, 9}},
		{"NOT S_DISJOINT(geom, BBOX(450000, 0, 800000, 6000000)) OR id = 1", "EPSG:3857", []int64{1, 6, 7, 8, 9}},
	} {
		e, err := cql2.ParseText(c.filter)
		if err != nil {
			t.Fatal(err)
		}
		if got := scanIDs(t, tab, features.Query{Filter: e, FilterCRS: c.crs}); !slices.Equal(got, c.want) {
			t.Errorf("%s in %q: %v, want %v", c.filter, c.crs, got, c.want)
		}
	}
}

func testFilterWrong(t *testing.T, load Load) {
	tab := load(t, "wrong", everyType, everyTypeRows())
	for filter, kind := range map[string]fault.Kind{
		"nope = 1": fault.Invalid, "s > 5": fault.Invalid, "t = 'soon'": fault.Invalid, "S_INTERSECTS(s, POINT(1 1))": fault.Invalid, "f(i) = 5": fault.Unsupported,
	} {
		e, err := cql2.ParseText(filter)
		if err != nil {
			t.Fatal(err)
		}
		wantKind(t, filter, tab.Scan(t.Context(), features.Query{Filter: e}, nil), kind)
		_, err = tab.Count(t.Context(), features.Query{Filter: e})
		wantKind(t, "Count "+filter, err, kind)
	}
}

// inOrder sorts rows as the contract says, by what is in hand.
func inOrder(list []geo.Feature, sort []features.SortKey) []geo.Feature {
	out := slices.Clone(list)
	slices.SortFunc(out, func(a, b geo.Feature) int {
		for _, k := range sort {
			i := FilterSchema.FieldIndex(k.Field)
			x, y := a.Values[i], b.Values[i]
			switch {
			case x == nil && y == nil:
				continue
			case x == nil:
				return 1
			case y == nil:
				return -1
			}
			c := compareValues(FilterSchema.Fields[i].Type, x, y)
			if k.Descending {
				c = -c
			}
			if c != 0 {
				return c
			}
		}
		return cmp.Compare(a.ID, b.ID)
	})
	return out
}

func compareValues(t geo.FieldType, x, y any) int {
	switch a := x.(type) {
	case int64:
		return cmp.Compare(a, y.(int64))
	case float64:
		return cmp.Compare(a, y.(float64))
	case bool:
		n := map[bool]int{true: 1}
		return n[a] - n[y.(bool)]
	case string:
		if t == geo.DateTime {
			p, _ := time.Parse(time.RFC3339, a)
			q, _ := time.Parse(time.RFC3339, y.(string))
			return p.Compare(q)
		}
		return strings.Compare(a, y.(string))
	}
	return 0
}

var sortable = []string{"s", "i", "r", "b", "d", "t", "other text"}

// testSort pages through rows in all kinds of orders: the pages together are
// all rows in order, each page by the place of the last row of the one before.
func testSort(t *testing.T, load Load) {
	list := FilterRows(50)
	tab := load(t, "sorted", FilterSchema, list)
	filter, err := cql2.ParseText("i IS NOT NULL OR s LIKE '%a%'")
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(rt *rapid.T) {
		var q features.Query
		for range rapid.IntRange(1, 3).Draw(rt, "keys") {
			q.Sort = append(q.Sort, features.SortKey{Field: rapid.SampledFrom(sortable).Draw(rt, "key"), Descending: rapid.Bool().Draw(rt, "descending")})
		}
		want := inOrder(list, q.Sort)
		if rapid.Bool().Draw(rt, "filtered") {
			q.Filter = filter
			ids := passing(rt, FilterSchema, list, filter, "")
			want = slices.DeleteFunc(want, func(f geo.Feature) bool { return !slices.Contains(ids, f.ID) })
		}
		q.Limit = rapid.IntRange(12, 40).Draw(rt, "page")
		for len(want) > 0 {
			var page []geo.Feature
			if err := tab.Scan(t.Context(), q, func(f geo.Feature) bool { page = append(page, f); return true }); err != nil {
				rt.Fatal(err)
			}
			if len(page) != min(q.Limit, len(want)) {
				rt.Fatalf("%+v: %d rows, want %d", q, len(page), min(q.Limit, len(want)))
			}
			for i, f := range page {
				if f.ID != want[i].ID {
					rt.Fatalf("%+v: row %d is %d, want %d", q, i, f.ID, want[i].ID)
				}
			}
			last := want[len(page)-1]
			want = want[len(page):]
			q.Cursor = &features.Cursor{ID: last.ID}
			for _, k := range q.Sort {
				q.Cursor.Values = append(q.Cursor.Values, last.Values[FilterSchema.FieldIndex(k.Field)])
			}
		}
		if err := tab.Scan(t.Context(), q, func(f geo.Feature) bool { rt.Errorf("row %d after the last", f.ID); return true }); err != nil {
			rt.Fatal(err)
		}
	})
}

func testSortWrong(t *testing.T, load Load) {
	tab := load(t, "sort_wrong", everyType, everyTypeRows())
	for name, q := range map[string]features.Query{
		"unknown":               {Sort: []features.SortKey{{Field: "nope"}}},
		"binary":                {Sort: []features.SortKey{{Field: "x"}}},
		"cursor without order":  {Cursor: &features.Cursor{ID: 3}},
		"cursor of two":         {Sort: []features.SortKey{{Field: "s"}}, Cursor: &features.Cursor{Values: []any{"a", "b"}}},
		"cursor of nothing":     {Sort: []features.SortKey{{Field: "s"}}, Cursor: &features.Cursor{}},
		"cursor of other types": {Sort: []features.SortKey{{Field: "t"}}, Cursor: &features.Cursor{Values: []any{5.5}}},
	} {
		wantKind(t, name, tab.Scan(t.Context(), q, func(geo.Feature) bool { return true }), fault.Invalid)
	}
}
