package manage

import (
	"encoding/json"
	"errors"
	"hash/maphash"
	"math"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/labstack/echo/v4"
	"github.com/paulmach/orb"

	"contado/api/rest"
	"contado/geo"
	"contado/geo/fault"
	"contado/geo/store/catalog"
)

// A patch changes what it names, null takes away, and what is no text is
// refused by name.
func TestPatch(t *testing.T) {
	t.Parallel()
	before := catalog.Dataset{ID: "roads", Title: "Roads", Description: "old", License: "CC0-1.0", About: catalog.About{Keywords: []string{"a"}, Contact: "us"}}
	apply := func(text string) (catalog.Dataset, error) {
		d := before
		var p patch
		if err := json.Unmarshal([]byte(text), &p); err != nil {
			t.Fatal(err)
		}
		return d, p.apply(&d)
	}
	for text, change := range map[string]func(*catalog.Dataset){
		`{}`:                            func(*catalog.Dataset) {},
		`{"title":"Strade è"}`:          func(d *catalog.Dataset) { d.Title = "Strade è" },
		`{"license":null,"source":"x"}`: func(d *catalog.Dataset) { d.License, d.About.Source = "", "x" },
		`{"keywords":null}`:             func(d *catalog.Dataset) { d.About.Keywords = nil },
		`{"keywords":[]}`:               func(d *catalog.Dataset) { d.About.Keywords = nil },
		`{"keywords":["b","c"]}`:        func(d *catalog.Dataset) { d.About.Keywords = []string{"b", "c"} },
		`{"role":"road","contact":""}`:  func(d *catalog.Dataset) { d.Role, d.About.Contact = catalog.Road, "" },
	} {
		want := before
		change(&want)
		got, err := apply(text)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%s: %v %s", text, err, diff)
		}
	}
	for text, says := range map[string]string{`{"title":5}`: "title", `{"keywords":"a"}`: "keywords", `{"keywords":[1]}`: "keywords", `{"license":{}}`: "license"} {
		if _, err := apply(text); !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", text, err)
		}
	}
	if b, err := json.Marshal(descriptionOf(catalog.Dataset{ID: "x"})); err != nil || !strings.Contains(string(b), `"keywords":[]`) {
		t.Errorf("%s %v", b, err)
	}
}

// Names of people are for those who may know them.
func TestVersionOf(t *testing.T) {
	t.Parallel()
	v := catalog.Version{
		Number: 2, CRS: "EPSG:32632", Vector: &catalog.VectorInfo{Count: 7}, Made: &catalog.Making{Command: "contado ingest a.gpkg", Who: "ada", Restores: 1},
		Files:   []catalog.File{{Key: "datasets/a/v2/a.gpkg", Size: 5, SHA256: "aa"}, {Key: "datasets/a/v2/a.fgb", Size: 6}},
		Notices: []catalog.Notice{{Severity: catalog.Warning}, {Severity: catalog.Info}, {Severity: catalog.Warning}},
	}
	out := versionOf(v, 2, true)
	if !out.Current || out.Who != "ada" || out.Bytes != 11 || out.Files[1].Name != "a.fgb" || out.Warnings != 2 || *out.Count != 7 || out.Sources == nil || out.CRS != "EPSG:32632" || out.Restores != 1 {
		t.Errorf("%+v", out)
	}
	b, err := json.Marshal(versionOf(v, 3, false))
	if err != nil || strings.Contains(string(b), "ada") || !strings.Contains(string(b), `"current":false`) {
		t.Errorf("%s %v", b, err)
	}
}

// Rows are alike when and only when all of them is: values with their types,
// geometry, heights and measures.
func TestRowsAreTold(t *testing.T) {
	t.Parallel()
	seed := maphash.MakeSeed()
	hash := func(f geo.Feature) uint64 {
		var h maphash.Hash
		h.SetSeed(seed)
		for _, v := range f.Values {
			hashValue(&h, v)
		}
		if err := hashGeometry(&h, f); err != nil {
			t.Fatal(err)
		}
		return h.Sum64()
	}
	rows := []geo.Feature{
		{Values: []any{"ab", "c"}},
		{Values: []any{"a", "bc"}},
		{Values: []any{nil, "abc"}},
		{Values: []any{"", "abc"}},
		{Values: []any{int64(1), nil}},
		{Values: []any{1.0, nil}},
		{Values: []any{"1", nil}},
		{Values: []any{true, nil}},
		{Values: []any{[]byte("1"), nil}},
		{Values: []any{0.0, nil}},
		{Values: []any{math.Copysign(0, -1), nil}},
		{Values: []any{"ab", "c"}, Geometry: orb.Point{1, 2}},
		{Values: []any{"ab", "c"}, Geometry: orb.Point{1, 2}, Z: []float64{3}},
		{Values: []any{"ab", "c"}, Geometry: orb.Point{1, 2}, M: []float64{3}},
		{Values: []any{"ab", "c"}, Geometry: orb.Point{1, 2}, Z: []float64{3}, M: []float64{3}},
		{Values: []any{"ab", "c"}, Geometry: orb.MultiPoint{{1, 2}}},
	}
	seen := map[uint64]int{}
	for i, f := range rows {
		if j, ok := seen[hash(f)]; ok {
			t.Errorf("rows %d and %d are taken for one: %+v, %+v", j, i, rows[j], f)
		}
		seen[hash(f)] = i
		again := f
		again.ID = 99 // the id is not what a row says
		again.Values = slices.Clone(f.Values)
		if hash(again) != hash(f) {
			t.Errorf("row %d is not like itself", i)
		}
	}
}

func TestMissing(t *testing.T) {
	t.Parallel()
	schema := func(names ...string) (s geo.Schema) {
		for _, n := range names {
			s.Fields = append(s.Fields, geo.Field{Name: n})
		}
		return s
	}
	if got := missing(schema("a", "b", "c"), schema("b")); !slices.Equal(got, []string{"a", "c"}) {
		t.Errorf("%v", got)
	}
	if got := missing(schema("b"), schema("a", "b")); got != nil {
		t.Errorf("%v", got)
	}
}

func TestCounter(t *testing.T) {
	t.Parallel()
	c := counter{kind: geo.Real, min: math.Inf(1), max: math.Inf(-1), seen: map[any]int64{}}
	for _, v := range []any{2.5, nil, -1.0, 2.5, math.NaN(), math.Inf(1)} {
		c.add(v)
	}
	a := c.result()
	if a.Filled != 5 || *a.Min != -1 || *a.Max != 2.5 || math.Abs(*a.Mean-4.0/3) > 1e-12 || a.Values[0] != (frequency{2.5, 2}) {
		t.Errorf("%+v", a)
	}
	if _, err := json.Marshal(a); err != nil { // what JSON cannot hold is a text
		t.Error(err)
	}
	dates := counter{kind: geo.Date, seen: map[any]int64{}}
	for _, v := range []any{"2024-02-29", "1999-01-01", nil, "2024-02-28"} {
		dates.add(v)
	}
	if a := dates.result(); a.First != "1999-01-01" || a.Last != "2024-02-29" || a.Min != nil || a.Distinct != 3 || a.Many {
		t.Errorf("%+v", a)
	}
	many := counter{kind: geo.Integer, min: math.Inf(1), max: math.Inf(-1), seen: map[any]int64{}}
	for i := range maxDistinct + 5 {
		many.add(int64(i))
	}
	if a := many.result(); !a.Many || a.Distinct != maxDistinct || a.Filled != maxDistinct+5 || *a.Max != maxDistinct+4 || len(a.Values) != topValues {
		t.Errorf("%+v", a)
	}
	if s := clip(strings.Repeat("è", 200)); len([]rune(s)) != maxShown+1 || !strings.HasSuffix(s, "…") || clip("è") != "è" {
		t.Errorf("%q", s)
	}
}

// What could not be drawn is refused, and what is wrong is named.
func TestCheckStyle(t *testing.T) {
	t.Parallel()
	d := catalog.Dataset{ID: "roads", Kind: catalog.Vector, Version: catalog.Version{Vector: &catalog.VectorInfo{Schema: geo.Schema{GeometryType: "LineString", Fields: []geo.Field{{Name: "class"}}}}}}
	h := &Handler{}
	half, much := 0.5, 1.5
	for _, s := range []catalog.Style{{}, {Label: "class", Colour: "#0072b2", Opacity: &half}} {
		if err := h.checkStyle(t.Context(), d, &s); err != nil {
			t.Errorf("%+v: %v", s, err)
		}
	}
	for says, s := range map[string]catalog.Style{
		"label": {Label: "nothing"}, "opacity": {Opacity: &much}, "colour": {Colour: "red"}, "#0072b2": {Colour: "#0072b2;}"}, "by": {Method: "jenks"}, "classes": {By: "class", Classes: 1},
	} {
		if err := h.checkStyle(t.Context(), d, &s); !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), says) {
			t.Errorf("%+v: %v, want something about %s", s, err, says)
		}
	}
	table := d
	table.Version.Vector = &catalog.VectorInfo{}
	for _, d := range []catalog.Dataset{{ID: "dem", Kind: catalog.Raster}, table} {
		if err := h.checkStyle(t.Context(), d, &catalog.Style{}); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", d.ID, err)
		}
	}
}

// Nobody changes datasets of a server that was not started for it, and no page
// of another site does.
func TestGuard(t *testing.T) {
	t.Parallel()
	status := func(h *Handler, header ...string) int {
		r := httptest.NewRequest(http.MethodPatch, "http://example.com/collections/roads", nil)
		for i := 0; i+1 < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		_, err := h.guard(echo.New().NewContext(r, httptest.NewRecorder()))
		var refusal *rest.Refusal
		switch {
		case err == nil:
			return http.StatusOK
		case errors.As(err, &refusal):
			return refusal.Status
		}
		t.Fatal(err)
		return 0
	}
	open := &Handler{Who: func(*http.Request) (string, error) { return "ada", nil }}
	if got := status(&Handler{}); got != http.StatusForbidden {
		t.Errorf("without --upload: %d", got)
	}
	if got := status(open); got != http.StatusOK {
		t.Errorf("ada: %d", got)
	}
	if got := status(open, "Sec-Fetch-Site", "cross-site"); got != http.StatusForbidden {
		t.Errorf("from another site: %d", got)
	}
	if got := status(open, "Origin", "https://elsewhere.example"); got != http.StatusForbidden {
		t.Errorf("from another origin: %d", got)
	}
}

func TestHealthOfOldAndUndescribed(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	old := now.Add(-stale - time.Hour)
	for _, c := range []struct {
		v    catalog.Version
		code string
	}{
		{catalog.Version{PublishedAt: now}, "published"},
		{catalog.Version{PublishedAt: old}, "stale"},
		{catalog.Version{PublishedAt: now, TimeEnd: &old}, "stale"}, // new to us, and old
		{catalog.Version{PublishedAt: old, TimeEnd: &now}, "dated"},
	} {
		if got := age(catalog.Dataset{Version: c.v}, now); got.Code != c.code || (got.State == warning) != (c.code == "stale") {
			t.Errorf("%+v: %+v", c.v, got)
		}
	}
	if got := described(catalog.Dataset{License: "x", Description: "y"}); len(got) != 1 || got[0].Code != "attribution-missing" {
		t.Errorf("%+v", got)
	}
	if got := crsKnown(catalog.Dataset{Kind: catalog.Raster}); got.State != broken {
		t.Errorf("a raster without a reference system: %+v", got)
	}
	if got := noticed(catalog.Dataset{Version: catalog.Version{Notices: []catalog.Notice{{Severity: catalog.Info}}}}); got.State != fine {
		t.Errorf("%+v", got)
	}
}

// Items are the same when their files are, wherever these lie.
func TestSums(t *testing.T) {
	t.Parallel()
	of := func(sha string) map[string]string {
		v := catalog.Version{Files: []catalog.File{{Key: "datasets/s/v1/a.tif", SHA256: sha}}}
		return sums([]catalog.Item{{ID: "a", File: "datasets/s/v1/a.tif"}, {ID: "b", Assets: []catalog.Asset{{Key: "red", Href: "https://example.org/b.tif", ETag: `"1"`}}}}, v)
	}
	if a, b := of("aa"), of("bb"); a["a"] == b["a"] || a["b"] != b["b"] || len(a) != 2 {
		t.Errorf("%v, %v", a, b)
	}
}
