package api_test

import (
	"encoding/json"
	"fmt"
	"html"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geojson"
	"pgregory.net/rapid"

	"contado/api/apitest"
	"contado/geo/fault"
)

// page is a FeatureCollection as clients read it.
type page struct {
	Features       []*geojson.Feature
	NumberReturned int
	NumberMatched  *int
	Links          []link
}

type link struct{ Href, Rel, Type string }

func find(links []link, rel string) (link, bool) {
	for _, l := range links {
		if l.Rel == rel {
			return l, true
		}
	}
	return link{}, false
}

func idOf(f *geojson.Feature) string { return fmt.Sprint(f.ID) }

// walk follows a list to its end and returns the ids of all pages.
func walk(t testing.TB, path string) (ids []string, matched *int, pages int) {
	t.Helper()
	for path != "" {
		if pages++; pages > 200 {
			t.Fatal("the pages do not end")
		}
		var p page
		ask.JSON(t, path, &p)
		if p.NumberReturned != len(p.Features) {
			t.Fatalf("%s: numberReturned %d, %d features", path, p.NumberReturned, len(p.Features))
		}
		if p.NumberMatched != nil {
			if matched != nil && *matched != *p.NumberMatched {
				t.Fatalf("numberMatched changes from %d to %d", *matched, *p.NumberMatched)
			}
			matched = p.NumberMatched
		}
		for _, f := range p.Features {
			ids = append(ids, idOf(f))
		}
		path = ""
		if next, ok := find(p.Links, "next"); ok {
			path = strings.TrimPrefix(next.Href, "http://example.com")
		}
	}
	return ids, matched, pages
}

// Paging yields each feature that matches once, whatever the page size and
// the filter; what matches is known by brute force.
func TestPagingYieldsEachFeatureOnce(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		limit := rapid.IntRange(1, 70).Draw(rt, "limit")
		q := url.Values{"limit": {fmt.Sprint(limit)}}
		match := func(int) bool { return true }
		also := func(f func(int) bool) {
			before := match
			match = func(i int) bool { return before(i) && f(i) }
		}
		if rapid.Bool().Draw(rt, "open") {
			q.Set("open", "true")
			also(func(i int) bool { return i%2 == 0 })
		}
		if rapid.Bool().Draw(rt, "kind") {
			q.Set("kind", "mill")
			also(func(i int) bool { return i%3 == 0 })
		}
		if rapid.Bool().Draw(rt, "box") {
			// On the half lattice, so that no site lies on the border.
			x, y := rapid.IntRange(-1, 9).Draw(rt, "x"), rapid.IntRange(-1, 5).Draw(rt, "y")
			w, h := rapid.IntRange(0, 9).Draw(rt, "w"), rapid.IntRange(0, 5).Draw(rt, "h")
			b := orb.Bound{Min: orb.Point{8.995 + float64(x)/100, 45.995 + float64(y)/100}}
			b.Max = orb.Point{b.Min[0] + float64(w)/100, b.Min[1] + float64(h)/100}
			q.Set("bbox", fmt.Sprintf("%g,%g,%g,%g", b.Min[0], b.Min[1], b.Max[0], b.Max[1]))
			also(func(i int) bool {
				lon, lat := apitest.SiteAt(i)
				return i == apitest.Sites || b.Contains(orb.Point{lon, lat}) // the last has no geometry, and so is in every box
			})
		}
		var want []string
		for i := 1; i <= apitest.Sites; i++ {
			if match(i) {
				want = append(want, fmt.Sprint(i))
			}
		}
		all := len(want)
		if rapid.Bool().Draw(rt, "passing over") {
			n := rapid.IntRange(0, 60).Draw(rt, "offset")
			q.Set("offset", fmt.Sprint(n))
			want = want[min(n, all):]
		}
		got, matched, pages := walk(t, "/collections/sites/items?"+q.Encode())
		if !slices.Equal(got, want) {
			rt.Fatalf("%v: got %v, want %v", q, got, want)
		}
		if matched != nil && *matched != all || matched == nil && q.Get("bbox") == "" {
			rt.Fatalf("%v: numberMatched %v, want %d", q, matched, all)
		}
		if most := max(1, (len(want)+limit-1)/limit); pages > most {
			rt.Fatalf("%v: %d pages for %d features of %d a page", q, pages, len(want), limit)
		}
	})
}

func TestSelecting(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		"/collections/sites/items?number=7":                                                                                                 "7",
		"/collections/sites/items?weight=0.5":                                                                                               "4",
		"/collections/sites/items?kind=chapel %26 tower&limit=2":                                                                            "2 5 8 11 14 17 20 23 26 29 32 35 38 41 44 47 50 53 56",
		"/collections/sites/items?seen=2024-01-05T10:00:00Z":                                                                                "4 32",
		"/collections/sites/items?kind=' OR 1=1 --":                                                                                         "",
		"/collections/sites/items?datetime=2024-01-05":                                                                                      "4 32",
		"/collections/sites/items?datetime=2024-01-05T10:00:00Z":                                                                            "4 32",
		"/collections/sites/items?datetime=2024-01-05T10:00:01Z/..":                                                                         "5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 33 34 35 36 37 38 39 40 41 42 43 44 45 46 47 48 49 50 51 52 53 54 55",
		"/collections/sites/items?datetime=2024-01-02T00:00:00Z/P1D":                                                                        "1 29 57",
		"/collections/sites/items?datetime=0000-01-01T00:00:00Z/2024-01-01":                                                                 "28 56",
		"/collections/sites/items?datetime=2030-01-01/9999-12-31T00:00:00Z":                                                                 "",
		"/collections/sites/items?bbox=9.01,46,9.02,46":                                                                                     "1 2 57",
		"/collections/sites/items?bbox=9.01,46,100,9.02,46,200":                                                                             "1 2 57",
		"/collections/sites/items?bbox=9.010001,46,9.0199999,46":                                                                            "57",
		"/collections/sites/items?bbox=-180,-90,180,90&limit=3&open=true":                                                                   "2 4 6 8 10 12 14 16 18 20 22 24 26 28 30 32 34 36 38 40 42 44 46 48 50 52 54 56",
		"/collections/islands/items?bbox=178,-20,-178,-15":                                                                                  "1 2",
		"/collections/islands/items?bbox=178,-20,182,-15":                                                                                   "1 2",
		"/collections/islands/items?bbox=179.9,-10,-179.9,-9":                                                                               "4",
		"/collections/islands/items?bbox=179.6,-20,-179.6,-15":                                                                              "",
		"/collections/islands/items?bbox=0.2,0.2,0.3,0.3":                                                                                   "3",
		"/collections/islands/items?bbox=-180,80,180,90":                                                                                    "",
		"/collections/municipalities/items?bbox=8.94,46,8.95,46.05":                                                                         "1",
		"/collections/municipalities/items?code=002":                                                                                        "2",
		"/collections/municipalities/items?bbox-crs=http://www.opengis.net/def/crs/EPSG/0/4326&bbox=46,8.94,46.05,8.95":                     "1",
		"/collections/municipalities/items?bbox-crs=http://www.opengis.net/def/crs/EPSG/0/32632&bbox=495001,5095001,495002,5095002":         "1",
		"/collections/municipalities/items?bbox-crs=http://www.opengis.net/def/crs/EPSG/0/32632&bbox=499999,5095001,500001,5095002":         "1 2",
		"/collections/municipalities/items?bbox-crs=http://www.opengis.net/def/crs/EPSG/0/3857&bbox=-20037508,-20037508,-20000000,20037508": "",
		"/collections/sites/items?bbox-crs=http://www.opengis.net/def/crs/EPSG/0/3857&bbox=1002980,5780000,1002990,5790000":                 "1 11 21 31 41 51 57",
	} {
		got, _, _ := walk(t, strings.ReplaceAll(path, " ", "%20"))
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %q, want %q", path, strings.Join(got, " "), want)
		}
	}
}

func TestBadSelectionsAreRefused(t *testing.T) {
	t.Parallel()
	for _, q := range []string{
		"limit=0", "limit=-5", "limit=999999999", "limit=unlimited", "bbox=1,2", "bbox=a,b,c,d", "bbox=1,5,2,4", "bbox=0,0,1,91",
		"datetime=yesterday", "crs=http://www.opengis.net/def/crs/EPSG/0/9999", "bbox-crs=EPSG:4326", "bbox-crs=http://www.opengis.net/def/crs/EPSG/0/31370&bbox=0,0,1,1",
		"number=seven", "open=perhaps", "nokind=x", "after=x", "limit=1&limit=2", "tags=a", "f=xml", "geom=x",
	} {
		r := ask.Do(t, apitest.Request{Path: "/collections/sites/items?" + q})
		if r.Code != http.StatusBadRequest {
			t.Errorf("%s: %d %s", q, r.Code, r.Body)
		}
		var p struct{ Type, Detail string }
		r.Read(&p)
		if p.Type != "/problems/"+fault.Invalid.String() || p.Detail == "" {
			t.Errorf("%s: %+v", q, p)
		}
	}
}

// A feature in every system on offer is the same place, axes in the order of
// the authority.
func TestReferenceSystems(t *testing.T) {
	t.Parallel()
	var c struct {
		CRS        []string
		StorageCRS string `json:"storageCrs"`
	}
	ask.JSON(t, "/collections/municipalities", &c)
	if len(c.CRS) != 19 || c.StorageCRS != "http://www.opengis.net/def/crs/EPSG/0/32632" {
		t.Fatalf("%+v", c)
	}
	corner := func(crs string) orb.Point {
		var p page
		r := ask.JSON(t, "/collections/municipalities/items?limit=1&crs="+url.QueryEscape(crs), &p)
		if got := r.Header().Get("Content-Crs"); got != "<"+crs+">" {
			t.Errorf("Content-Crs %s for %s", got, crs)
		}
		switch g := p.Features[0].Geometry.(type) {
		case orb.Polygon:
			return g[0][0]
		case orb.MultiPolygon:
			return g[0][0][0]
		}
		t.Fatalf("a %T", p.Features[0].Geometry)
		return orb.Point{}
	}
	native := corner(c.StorageCRS)
	if math.Mod(native[0], 100) != 0 || native[0] < 490_000 || native[1] < 5_000_000 {
		t.Errorf("as stored: %v", native)
	}
	a, b, m := corner(c.CRS[0]), corner(c.CRS[1]), corner(c.CRS[2])
	if a[0] != b[1] || a[1] != b[0] || a[0] < 8 || a[0] > 10 {
		t.Errorf("CRS84 %v, EPSG:4326 %v", a, b)
	}
	if x := a[0] / 180 * math.Pi * 6378137; math.Abs(m[0]-x) > 1e-3 {
		t.Errorf("EPSG:3857 %v, want x %g", m, x)
	}
	one := ask.Get(t, "/collections/municipalities/items/1?crs="+url.QueryEscape(c.StorageCRS))
	if one.Header().Get("Content-Crs") != "<"+c.StorageCRS+">" || !strings.Contains(one.Body.String(), "495000") {
		t.Errorf("one item as stored: %s %.200s", one.Header().Get("Content-Crs"), one.Body)
	}
}

func TestFeatureHasItsAttributes(t *testing.T) {
	t.Parallel()
	var f geojson.Feature
	ask.JSON(t, "/collections/sites/items/10", &f)
	want := map[string]any{"kind": "<b>bridge</b>", "number": 10.0, "weight": 1.25, "open": true, "tags": []any{"a", "<b>bridge</b>"}}
	for k, v := range want {
		if fmt.Sprint(f.Properties[k]) != fmt.Sprint(v) {
			t.Errorf("%s is %#v, want %#v", k, f.Properties[k], v)
		}
	}
	if p, ok := f.Geometry.(orb.Point); !ok || math.Abs(p[0]-9) > 1e-12 || math.Abs(p[1]-46.01) > 1e-12 {
		t.Errorf("at %v", f.Geometry)
	}
	if r := ask.Get(t, "/collections/sites/items/57"); !strings.Contains(r.Body.String(), `"geometry":null`) {
		t.Errorf("a feature without geometry: %s", r.Body)
	}
}

func TestRasterItemsAreSTAC(t *testing.T) {
	t.Parallel()
	var all struct {
		Features []struct {
			ID          string
			StacVersion string `json:"stac_version"`
			Collection  string
			BBox        []float64
			Geometry    geojson.Geometry
			Properties  struct {
				Datetime  string
				EPSG      int       `json:"proj:epsg"`
				Shape     []int     `json:"proj:shape"`
				Transform []float64 `json:"proj:transform"`
			}
			Assets map[string]struct{ Href string }
		}
		NumberMatched int
	}
	ask.JSON(t, "/collections/scenes/items", &all)
	if len(all.Features) != 2 || all.NumberMatched != 2 {
		t.Fatalf("%+v", all)
	}
	newest := all.Features[0]
	if newest.Properties.Datetime != "2024-07-01T10:00:00Z" || newest.StacVersion != "1.0.0" || newest.Collection != "scenes" || newest.Properties.EPSG != 32632 {
		t.Errorf("%+v", newest)
	}
	if fmt.Sprint(newest.Properties.Shape, newest.Properties.Transform) != "[100 100] [100 0 495000 0 -100 5.105e+06]" {
		t.Errorf("grid %v %v", newest.Properties.Shape, newest.Properties.Transform)
	}
	ask.Get(t, strings.TrimPrefix(newest.Assets["tiles"].Href, "http://example.com"))
	ask.Get(t, "/collections/scenes/items/"+newest.ID)
	for q, want := range map[string]int{
		"datetime=2024-05-01": 1, "datetime=2024-05-01/2024-08-01": 2, "datetime=2025-01-01/..": 0, "bbox=8.9,46,9.1,46.1": 2, "bbox=20,40,21,41": 0, "limit=1": 2,
	} {
		ids, _, _ := walk(t, "/collections/scenes/items?"+q)
		if len(ids) != want {
			t.Errorf("%s: %v, want %d", q, ids, want)
		}
	}
}

func TestCollectionTellsAll(t *testing.T) {
	t.Parallel()
	var c struct {
		ItemType string
		Extent   struct {
			Temporal *struct{ Interval [][]string }
			Spatial  struct{ BBox [][]float64 }
		}
		Links   []link
		Contado struct {
			Kind, Role string
			Count      int
			ItemsCount int `json:"items_count"`
			Bands      []struct{ Name string }
			Items      []struct{ ID, Datetime string }
			Invented   bool
		}
	}
	ask.JSON(t, "/collections/scenes", &c)
	if c.ItemType != "" || c.Contado.Kind != "raster" || len(c.Contado.Bands) != 3 || c.Contado.ItemsCount != 2 || len(c.Contado.Items) != 2 ||
		c.Extent.Temporal == nil || c.Extent.Temporal.Interval[0][0] != "2024-05-01T00:00:00Z" {
		t.Errorf("scenes: %+v", c)
	}
	ask.JSON(t, "/collections/clinic", &c)
	if c.ItemType != "feature" || c.Contado.Count != 1 || !c.Contado.Invented {
		t.Errorf("clinic: %+v", c)
	}
	for _, l := range c.Links {
		ask.Do(t, apitest.Request{Path: strings.TrimPrefix(l.Href, "http://example.com")}).Want(http.StatusOK)
	}
}

// Links promise self and alternate with their types at every level, and every
// one of them leads somewhere of that type.
func TestLinksHoldWhatTheyPromise(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/", "/conformance", "/collections", "/collections/sites", "/collections/sites/items", "/collections/sites/items/1", "/collections/scenes/items"} {
		var doc struct{ Links []link }
		r := ask.JSON(t, path, &doc)
		self, ok := find(doc.Links, "self")
		if !ok || self.Type != r.Header().Get("Content-Type") {
			t.Errorf("%s: self %+v of %s", path, self, r.Header().Get("Content-Type"))
		}
		if alt, ok := find(doc.Links, "alternate"); !ok || alt.Type != "text/html" {
			t.Errorf("%s: alternate %+v", path, alt)
		}
		if !strings.Contains(strings.Join(r.Header().Values("Link"), ","), `rel="self"`) {
			t.Errorf("%s: Link %q", path, r.Header().Values("Link"))
		}
		for _, l := range doc.Links {
			if !strings.HasPrefix(l.Href, "http://example.com/") || l.Type == "" {
				t.Errorf("%s: link %+v", path, l)
				continue
			}
			got := ask.Get(t, strings.TrimPrefix(l.Href, "http://example.com")).Header().Get("Content-Type")
			if media, _, _ := strings.Cut(got, "; charset"); media != l.Type {
				t.Errorf("%s: %s is %s, promised %s", path, l.Href, got, l.Type)
			}
		}
	}
	var landing struct{ Links []link }
	ask.JSON(t, "/", &landing)
	if l, _ := find(landing.Links, "service-desc"); l.Type != "application/vnd.oai.openapi+json;version=3.0" {
		t.Errorf("service-desc %+v", l)
	}
}

// What the data hold does not become markup.
func TestPagesEscapeData(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/collections?f=html", "/collections/sites?f=html", "/collections/sites/items?f=html&limit=20", "/collections/sites/items/10?f=html"} {
		for lang, must := range map[string]string{"it": `lang="it"`, "en": `lang="en"`} {
			r := ask.Get(t, path+"&lang="+lang)
			body := r.Body.String()
			if strings.Contains(body, "<b>bridge") || strings.Contains(body, "Sites <&>") || !strings.Contains(body, must) {
				t.Errorf("%s is not escaped, or not in %s", path, lang)
			}
			if strings.Contains(path, "items") && !strings.Contains(body, html.EscapeString("<b>bridge</b>")) {
				t.Errorf("%s does not show the attribute", path)
			}
			if policy := r.Header().Get("Content-Security-Policy"); !strings.Contains(policy, "default-src 'none'; style-src 'sha256-") || strings.Contains(body, "<script") {
				t.Errorf("%s: policy %q", path, policy)
			}
		}
	}
}

func TestQueryablesAndSchema(t *testing.T) {
	t.Parallel()
	var q struct {
		Properties map[string]struct {
			Type, Format string
			Role         string `json:"x-ogc-role"`
		}
	}
	r := ask.JSON(t, "/collections/sites/queryables", &q)
	if r.Header().Get("Content-Type") != "application/schema+json" {
		t.Errorf("type %s", r.Header().Get("Content-Type"))
	}
	got, err := json.Marshal(q.Properties)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"geometry":{"Type":"","Format":"geometry-point","x-ogc-role":"primary-geometry"},"kind":{"Type":"string","Format":"","x-ogc-role":""},` +
		`"number":{"Type":"integer","Format":"","x-ogc-role":""},"open":{"Type":"boolean","Format":"","x-ogc-role":""},` +
		`"seen":{"Type":"string","Format":"date-time","x-ogc-role":"primary-instant"},"tags":{"Type":"","Format":"","x-ogc-role":""},"weight":{"Type":"number","Format":"","x-ogc-role":""}}`
	if string(got) != want {
		t.Errorf("queryables\n%s\nwant\n%s", got, want)
	}
	ask.JSON(t, "/collections/sites/schema", &q)
	if _, ok := q.Properties["tags"]; !ok {
		t.Error("the schema has no tags")
	}
}
