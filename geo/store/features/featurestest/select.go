package featurestest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"contado/geo"
	"contado/geo/fault"
	"contado/geo/store/features"
)

func testEqual(t *testing.T, load Load) {
	tab := load(t, "equal", everyType, everyTypeRows())
	for _, c := range []struct {
		field, value string
		want         []int64
	}{
		{"s", "Città", []int64{2}},
		{"s", "città", nil},
		{"s", `it's "x"`, []int64{3}},
		{"s", "", []int64{1 << 40}},
		{"s", "' OR 1=1 --", nil},
		{"i", "1152921504606846976", []int64{2}},
		{"i", "1152921504606846977", nil},
		{"i", "-5", []int64{3}},
		{"i", "-5.0", []int64{3}},
		{"i", "-5.5", nil},
		{"i", "0", []int64{1 << 40}},
		{"r", "0.1", []int64{2}},
		{"r", "1e-1", []int64{2}},
		{"r", "-1e300", []int64{3}},
		{"r", "0", []int64{1 << 40}},
		{"b", "true", []int64{2}},
		{"b", "false", []int64{3, 1 << 40}},
		{"b", "1", []int64{2}},
		{"d", "2024-02-29", []int64{2}},
		{"d", "1899-12-31", []int64{3}},
		{"t", "2024-02-29T12:30:15Z", []int64{2}},
		{"t", "2024-02-29T13:30:15+01:00", []int64{2}},
		{"t", "1999-12-31T23:59:59.125Z", []int64{3}},
		{"t", "1999-12-31T23:59:59Z", nil},
	} {
		if got := scanIDs(t, tab, features.Query{Equal: []features.Equal{{Field: c.field, Value: c.value}}}); !slices.Equal(got, c.want) {
			t.Errorf("%s = %q: %v, want %v", c.field, c.value, got, c.want)
		}
	}
	both := []features.Equal{{Field: "b", Value: "false"}, {Field: "i", Value: "0"}}
	if got := scanIDs(t, tab, features.Query{Equal: both}); !slices.Equal(got, []int64{1 << 40}) {
		t.Errorf("two conditions: %v", got)
	}
}

func testEqualWrong(t *testing.T, load Load) {
	tab := load(t, "equal_wrong", everyType, everyTypeRows())
	for _, e := range []features.Equal{
		{Field: "nope", Value: "1"},
		{Field: "S", Value: "1"},
		{Field: `s" OR "1`, Value: "1"},
		{Field: "i", Value: "many"},
		{Field: "i", Value: ""},
		{Field: "r", Value: "NaN"},
		{Field: "b", Value: "maybe"},
		{Field: "d", Value: "29/02/2024"},
		{Field: "d", Value: "2023-02-29"},
		{Field: "t", Value: "2024-02-29"},
		{Field: "x", Value: "x"},
	} {
		q := features.Query{Equal: []features.Equal{e}}
		err := tab.Scan(t.Context(), q, func(geo.Feature) bool { return true })
		wantKind(t, fmt.Sprintf("Scan %v", e), err, fault.Invalid)
		if e.Field == "nope" && !strings.Contains(err.Error(), `"r"`) {
			t.Errorf("the error does not name the attributes there are: %v", err)
		}
		_, err = tab.Count(t.Context(), q)
		wantKind(t, fmt.Sprintf("Count %v", e), err, fault.Invalid)
	}
}

func testIDs(t *testing.T, load Load) {
	tab, _ := boxesTable(t, load, "ids", 50)
	for _, c := range []struct{ ids, want []int64 }{
		{[]int64{30, 2, 2, 999, -1}, []int64{2, 30}},
		{[]int64{}, []int64{}},
	} {
		if got := scanIDs(t, tab, features.Query{IDs: c.ids}); !slices.Equal(got, c.want) {
			t.Errorf("ids %v: %v, want %v", c.ids, got, c.want)
		}
	}
	many := make([]int64, 100_000) // more than an engine allows parameters
	for i := range many {
		many[i] = int64(i)
	}
	if got := scanIDs(t, tab, features.Query{IDs: many}); len(got) != 50 {
		t.Errorf("%d of 50 rows by 100,000 ids", len(got))
	}
}

func testPaging(t *testing.T, load Load) {
	tab, rows := boxesTable(t, load, "paging", 100)
	box := geo.BBox{MinX: 5e6, MinY: -7e6, MaxX: 5e6 + 600, MaxY: -7e6 + 2000}
	for _, base := range []features.Query{{}, {BBox: &box}, {Equal: []features.Equal{{Field: "k", Value: "2"}}}} {
		all := scanIDs(t, tab, base)
		got := []int64{}
		for q, page := base, 0; ; page++ {
			q.Limit = 7
			ids := scanIDs(t, tab, q)
			got = append(got, ids...)
			if len(ids) < 7 || page > len(rows) {
				break
			}
			q.After = ids[len(ids)-1]
			n, err := tab.Count(t.Context(), q)
			if err != nil || n != int64(len(all)) {
				t.Errorf("Count while paging = %d, %v; want %d", n, err, len(all))
			}
		}
		if !slices.Equal(got, all) || !slices.IsSorted(all) {
			t.Errorf("pages %v, all %v", got, all)
		}
	}
}

func testFields(t *testing.T, load Load) {
	tab := load(t, "fields", everyType, everyTypeRows())
	got := collect(t, tab, features.Query{Fields: []string{"r", "s"}, Limit: 1})
	if len(got) != 1 || !cmp.Equal(got[0].Values, []any{0.1, "Città"}) {
		t.Errorf("fields r, s: %v", got)
	}
	if got := collect(t, tab, features.Query{Fields: []string{}, Limit: 1}); len(got) != 1 || len(got[0].Values) != 0 {
		t.Errorf("no fields: %v", got)
	}
	err := tab.Scan(t.Context(), features.Query{Fields: []string{"s", "nope"}}, nil)
	wantKind(t, "unknown field", err, fault.Invalid)
}
