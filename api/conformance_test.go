package api_test

import (
	"encoding/csv"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"slices"
	"sort"
	"strconv"
	"strings"
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geojson"
	"pgregory.net/rapid"

	"contado/api/apitest"
)

// What OGC's executable test suite of Features asks, beyond what other tests
// here do (ets-ogcapi-features10, as of 1.9).
func TestFeaturesSuite(t *testing.T) {
	t.Parallel()
	var landing struct{ Links []link }
	ask.JSON(t, "/", &landing)
	desc, ok := find(landing.Links, "service-desc")
	if !ok || desc.Type != "application/vnd.oai.openapi+json;version=3.0" {
		t.Fatalf("service-desc %+v", desc)
	}
	var doc struct {
		Openapi string
		Paths   map[string]struct {
			Get *struct{ Parameters []map[string]any }
		}
		Components struct {
			Parameters map[string]map[string]any
		}
	}
	ask.JSON(t, strings.TrimPrefix(desc.Href, "http://example.com"), &doc)
	if !strings.HasPrefix(doc.Openapi, "3.0") {
		t.Errorf("OpenAPI %s", doc.Openapi)
	}
	for _, id := range []string{"sites", "wells", "islands", "municipalities"} {
		get := doc.Paths["/collections/"+id+"/items"].Get
		if get == nil {
			t.Errorf("the document has no items of %s", id)
			continue
		}
		for _, name := range []string{"limit", "bbox", "datetime"} {
			p := named(get.Parameters, doc.Components.Parameters, name)
			if p == nil || p["in"] != "query" || p["style"] != "form" || p["explode"] != false || p["required"] == true {
				t.Errorf("%s: parameter %s is %v", id, name, p)
			}
		}
		for _, q := range []string{
			"datetime=2024-01-05T10:00:00Z", "datetime=2024-01-01/2024-02-01", "datetime=2024-01-01T00:00:00Z/..", "datetime=../2024-02-01T00:00:00Z",
			"datetime=/2024-02-01", "datetime=2024-01-01/", "datetime=2020-01-01/P2D", "datetime=2020-01-01T00:00:00Z/P1DT2H",
			"datetime=0000-01-01T00:00:00Z/2024-01-01T00:00:00Z", "datetime=2024-01-01T00:00:00Z/9999-12-31T00:00:00Z",
			"bbox=177,65,-177,70", "bbox=-180,85,180,90", "bbox=-180,-90,180,-85", "bbox=-180,-90,180,90", "bbox=5.1,45.04999999999999716,10,50",
			"limit=1", "limit=10000",
		} {
			ask.Get(t, "/collections/"+id+"/items?"+q)
		}
		for _, q := range []string{"limit=unlimited", "bbox=1,2,3", "unheard=of", "crs=x", "bbox-crs=x", "datetime=2024-02-01/2024-01-01"} {
			ask.Do(t, apitest.Request{Path: "/collections/" + id + "/items?" + q}).Want(http.StatusBadRequest)
		}
	}
	limit, ok := doc.Components.Parameters["limit"]["schema"].(map[string]any)
	if !ok || limit["type"] != "integer" || limit["minimum"] != 1.0 || limit["default"] != 10.0 || limit["maximum"] != 10000.0 {
		t.Errorf("limit: %v", limit) // its maximum is the page size of QGIS
	}
	for _, path := range []string{"/collections/dUmmYColLection", "/collections/dUmmYColLection/items", "/collections/sites/items/nobody", "/collections/dUmmYColLection/schema"} {
		ask.Do(t, apitest.Request{Path: path}).Want(http.StatusNotFound)
	}
	for _, path := range []string{"/conformance?lang=xx", "/collections?lang=xx", "/collections/sites?lang=xx", "/collections/sites/items?lang=xx", "/collections/sites/items/1?lang=xx", "/collections/sites/items?after=-1", "/collections/sites/items?after=+5", "/jobs?after=-1"} {
		ask.Do(t, apitest.Request{Path: path}).Want(http.StatusBadRequest)
	}
}

// named finds a parameter of an operation, following the reference.
func named(list []map[string]any, components map[string]map[string]any, name string) map[string]any {
	for _, p := range list {
		if ref, ok := p["$ref"].(string); ok {
			p = components[ref[strings.LastIndex(ref, "/")+1:]]
		}
		if p["name"] == name {
			return p
		}
	}
	return nil
}

// A box made of what a client has read holds what it was read from: boxes are
// closed and compared at full precision, in every system.
func TestBoxesHoldWhatWasRead(t *testing.T) {
	t.Parallel()
	for _, id := range []string{"wells", "sites"} {
		var c struct{ CRS []string }
		ask.JSON(t, "/collections/"+id, &c)
		for _, uri := range c.CRS {
			var p page
			ask.JSON(t, "/collections/"+id+"/items?version=1&limit=4&crs="+url.QueryEscape(uri), &p)
			for _, f := range p.Features {
				var at orb.Point
				switch g := f.Geometry.(type) {
				case orb.Point:
					at = g
				default:
					at = ringOf(t, g)[0]
				}
				x, y := strconv.FormatFloat(at[0], 'f', -1, 64), strconv.FormatFloat(at[1], 'f', -1, 64)
				q := url.Values{"version": {"1"}, "bbox": {x + "," + y + "," + x + "," + y}, "bbox-crs": {uri}, "limit": {"50"}}
				if ids, _, _ := walk(t, "/collections/"+id+"/items?"+q.Encode()); !slices.Contains(ids, idOf(f)) {
					t.Errorf("%s %s at %s,%s of %s is not in that box, but %v", id, idOf(f), x, y, uri, ids)
				}
			}
		}
	}
}

// Coordinates in every system on offer, in the axis order of the authority,
// against PROJ by way of GDAL.
func TestCoordinatesAgainstPROJ(t *testing.T) {
	t.Parallel()
	var c struct{ CRS []string }
	ask.JSON(t, "/collections/wells", &c)
	var codes []string
	for _, uri := range c.CRS[1:] {
		codes = append(codes, uri[strings.LastIndex(uri, "/")+1:])
	}
	for _, must := range strings.Fields("3035 4258 4326 6706 6707 6708 6875 3857 25832 25833 32632 32633 7791 7792 7794 3003 3004 23032") {
		if !slices.Contains(codes, must) {
			t.Errorf("EPSG:%s is not on offer", must)
		}
	}
	var native page
	ask.JSON(t, "/collections/wells/items?version=1&limit=1&crs="+utm32, &native)
	at := ringOf(t, native.Features[0].Geometry)[0]
	out := python(t, "osgeo", `
import sys
from osgeo import osr
osr.UseExceptions()
src = osr.SpatialReference(); src.ImportFromEPSG(32632)
for code in sys.argv[3:]:
    dst = osr.SpatialReference(); dst.ImportFromEPSG(int(code))
    p = osr.CoordinateTransformation(src, dst).TransformPoint(float(sys.argv[1]), float(sys.argv[2]))
    print(code, repr(p[0]), repr(p[1]))`, append([]string{fmt.Sprint(at[0]), fmt.Sprint(at[1])}, codes...)...)
	for line := range strings.Lines(out) {
		var code string
		var a, b float64
		if _, err := fmt.Sscan(line, &code, &a, &b); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		var p page
		ask.JSON(t, "/collections/wells/items?version=1&limit=1&crs=http://www.opengis.net/def/crs/EPSG/0/"+code, &p)
		got := ringOf(t, p.Features[0].Geometry)[0]
		tolerance := 2e-3
		if math.Abs(a) < 180 && math.Abs(b) < 180 {
			tolerance = 2e-8
		}
		if math.Abs(got[0]-a) > tolerance || math.Abs(got[1]-b) > tolerance {
			t.Errorf("EPSG:%s: %v, PROJ has %.9g, %.9g", code, got, a, b)
		}
	}
	var doc struct {
		Contado struct {
			Conversions []struct {
				CRS       string
				AccuracyM float64 `json:"accuracy_m"`
			}
		}
	}
	ask.JSON(t, "/collections/wells", &doc)
	if len(doc.Contado.Conversions) != 3 || doc.Contado.Conversions[0].AccuracyM < 4 {
		t.Errorf("accuracy of conversions: %+v", doc.Contado.Conversions)
	}
}

// site is what is known of a site by its number.
type site struct {
	number int
	lon    float64
}

// condition is a filter and what it means.
type condition struct {
	text, json string
	holds      func(site) bool
}

func drawCondition(rt *rapid.T, depth int) condition {
	kinds := 6
	if depth == 0 {
		kinds = 4
	}
	n := rapid.IntRange(0, 60).Draw(rt, "n")
	switch rapid.IntRange(0, kinds-1).Draw(rt, "condition") {
	case 0:
		return condition{fmt.Sprintf("number > %d", n), fmt.Sprintf(`{"op":">","args":[{"property":"number"},%d]}`, n), func(s site) bool { return s.number > n }}
	case 1:
		kind := []string{"mill", "<b>bridge</b>", "chapel & tower"}[n%3]
		return condition{"kind = '" + kind + "'", fmt.Sprintf(`{"op":"=","args":[{"property":"kind"},%q]}`, kind), func(s site) bool { return s.number%3 == n%3 }}
	case 2:
		return condition{
			fmt.Sprintf("weight BETWEEN 1 AND %d", n), fmt.Sprintf(`{"op":"between","args":[{"property":"weight"},1,%d]}`, n),
			func(s site) bool { return s.number >= 8 && s.number <= 8*n },
		}
	case 3:
		east := 9 + float64(n%10)/100 + 0.005
		return condition{
			fmt.Sprintf("S_INTERSECTS(geometry,BBOX(8,45,%g,47))", east), fmt.Sprintf(`{"op":"s_intersects","args":[{"property":"geometry"},{"bbox":[8,45,%g,47]}]}`, east),
			func(s site) bool { return s.lon < east && s.number != apitest.Sites },
		}
	case 4:
		a, b := drawCondition(rt, depth-1), drawCondition(rt, depth-1)
		if rapid.Bool().Draw(rt, "or") {
			return condition{"(" + a.text + " OR " + b.text + ")", `{"op":"or","args":[` + a.json + "," + b.json + "]}", func(s site) bool { return a.holds(s) || b.holds(s) }}
		}
		return condition{"(" + a.text + " AND " + b.text + ")", `{"op":"and","args":[` + a.json + "," + b.json + "]}", func(s site) bool { return a.holds(s) && b.holds(s) }}
	}
	a := drawCondition(rt, depth-1)
	return condition{"NOT (" + a.text + ")", `{"op":"not","args":[` + a.json + "]}", func(s site) bool { return !a.holds(s) }}
}

// Filters in both encodings, orders and pages, against brute force.
func TestFiltersAndOrders(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		c := drawCondition(rt, 2)
		base := url.Values{"limit": {fmt.Sprint(rapid.IntRange(1, 40).Draw(rt, "limit"))}, "bbox": {"8,45,10,47"}}
		if rapid.Bool().Draw(rt, "as JSON") {
			base.Set("filter", `{"op":"and","args":[`+c.json+`,{"op":"not","args":[{"op":"isNull","args":[{"property":"geometry"}]}]}]}`)
			base.Set("filter-lang", "cql2-json")
		} else {
			base.Set("filter", "("+c.text+") AND geometry IS NOT NULL")
		}
		var want []int
		for i := 1; i < apitest.Sites; i++ { // the last has no geometry
			lon, _ := apitest.SiteAt(i)
			if c.holds(site{i, lon}) {
				want = append(want, i)
			}
		}
		switch rapid.IntRange(0, 3).Draw(rt, "order") {
		case 1:
			base.Set("sortby", "-number")
			slices.Reverse(want)
		case 2:
			base.Set("sortby", "+kind,-number")
			kind := func(i int) string { return []string{"mill", "<b>bridge</b>", "chapel & tower"}[i%3] }
			sort.SliceStable(want, func(a, b int) bool {
				if x, y := kind(want[a]), kind(want[b]); x != y {
					return x < y
				}
				return want[a] > want[b]
			})
		case 3:
			base.Set("sortby", "open")
			sort.SliceStable(want, func(a, b int) bool { return want[a]%2 == 1 && want[b]%2 == 0 })
		}
		ids, matched, _ := walk(t, "/collections/sites/items?"+base.Encode())
		if got := strings.Join(ids, " "); got != strings.Trim(fmt.Sprint(want), "[]") {
			rt.Fatalf("%v: %s, want %v", base, got, want)
		}
		if matched != nil && *matched != len(want) {
			rt.Fatalf("%v: numberMatched %d, want %d", base, *matched, len(want))
		}
	})
}

func TestFilterParameters(t *testing.T) {
	t.Parallel()
	get := func(q string) string {
		ids, _, _ := walk(t, "/collections/sites/items?"+q)
		return strings.Join(ids, " ")
	}
	esc := url.QueryEscape
	for q, want := range map[string]string{
		"filter=" + esc("number<4"):                                         "1 2 3",
		"filter=" + esc("number<4 AND geometry IS NOT NULL") + "&open=true": "2",
		"filter=" + esc("S_INTERSECTS(geometry,BBOX(46,9.01,46,9.02))") + "&filter-crs=" + esc("http://www.opengis.net/def/crs/EPSG/0/4326"):                                             "1 2",
		"filter=" + esc("S_WITHIN(geometry,POLYGON((45.9 9.005,45.9 9.025,46.005 9.025,46.005 9.005,45.9 9.005)))") + "&filter-crs=" + esc("http://www.opengis.net/def/crs/EPSG/0/4326"): "1 2",
		"filter=" + esc("T_AFTER(seen,TIMESTAMP('2024-01-28T09:00:00Z'))"):                                                                                                               "27 55",
		"filter=" + esc("CASEI(kind) LIKE CASEI('MILL%')") + "&limit=3&sortby=number":                                                                                                    "3 6 9 12 15 18 21 24 27 30 33 36 39 42 45 48 51 54 57",
		"filter=" + esc("number = 57 OR number = 1") + "&datetime=2024-01-02":                                                                                                            "1 57",
	} {
		if got := get(q); got != want {
			t.Errorf("%s: %q, want %q", q, got, want)
		}
	}
	for _, q := range []string{
		"filter=" + esc("nothing=1"), "filter=" + esc("number >"), "filter=", "filter-lang=cql", "filter-crs=x", "filter=" + esc("number=1") + "&filter-lang=cql2-json",
		"sortby=nothing", "sortby=tags", "sortby=number,-number", "properties=nothing", "properties=kind,kind", "skipGeometry=maybe", "zoom-level=x", "zoom-level=-1", "after=cXXXX", "sortby=number&after=5", "offset=-1", "offset=x", "offset=1&after=5",
		"filter=" + esc("number = 'seven'"), "filter=" + esc("frobnicate(number) = 1"),
	} {
		r := ask.Do(t, apitest.Request{Path: "/collections/sites/items?" + q})
		if r.Code != http.StatusBadRequest && r.Code != http.StatusNotImplemented {
			t.Errorf("%s: %d %.200s", q, r.Code, r.Body)
		}
	}
}

// What is told of each row can be chosen.
func TestShapeOfAnswers(t *testing.T) {
	t.Parallel()
	var p page
	ask.JSON(t, "/collections/sites/items?properties=kind,number&skipGeometry=true&limit=1", &p)
	if f := p.Features[0]; len(f.Properties) != 2 || f.Properties["number"] != 1.0 || f.Geometry != nil {
		t.Errorf("%+v", f)
	}
	ask.JSON(t, "/collections/sites/items?properties=&bbox=9.01,46,9.02,46&skipGeometry=true", &p)
	if len(p.Features) != 3 || len(p.Features[0].Properties) != 0 || p.Features[0].Geometry != nil {
		t.Errorf("%+v", p.Features)
	}
	var f geojson.Feature
	ask.JSON(t, "/collections/municipalities/items/1?zoom-level=3", &f)
	if r := ringOf(t, f.Geometry); len(r) != 5 {
		t.Errorf("at zoom 3 %v", r)
	}
	for format, media := range map[string]string{
		"json": "application/geo+json", "jsonfg": "application/fg+json", "csv": "text/csv", "geojsonseq": "application/geo+json-seq", "fgb": "application/flatgeobuf", "html": "text/html",
	} {
		for _, path := range []string{"/collections/sites/items?limit=5&f=" + format, "/collections/sites/items/3?f=" + format} {
			got := ask.Get(t, path).Header().Get("Content-Type")
			if !strings.HasPrefix(got, media) {
				t.Errorf("%s is %s", path, got)
			}
		}
		if got := ask.Get(t, "/collections/sites/items?limit=1", "Accept", media).Header().Get("Content-Type"); !strings.HasPrefix(got, media) {
			t.Errorf("Accept %s gives %s", media, got)
		}
	}
	if got := ask.Get(t, "/collections/sites/items", "Accept", "*/*").Header().Get("Content-Type"); got != "application/geo+json" { // OWSLib
		t.Errorf("Accept */* gives %s", got)
	}
	if b := ask.Get(t, "/collections/wells/items?f=fgb&version=1").Body.Bytes(); string(b[:3]) != "fgb" {
		t.Errorf("no FlatGeobuf: % x", b[:8])
	}
	// Formats without a place for links are paged by the header.
	rows := 0
	for path := "/collections/sites/items?f=csv&limit=10&sortby=-weight"; path != ""; {
		r := ask.Get(t, path)
		lines, err := csv.NewReader(r.Body).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		rows += len(lines) - 1
		path = ""
		for _, l := range r.Header().Values("Link") {
			if strings.Contains(l, `rel="next"`) {
				path = strings.TrimPrefix(l[1:strings.Index(l, ">")], "http://example.com")
			}
		}
	}
	if rows != apitest.Sites {
		t.Errorf("%d lines of CSV over all pages, want %d", rows, apitest.Sites)
	}
}

// A pair of attributes for begin and end dates the rows.
func TestIntervals(t *testing.T) {
	t.Parallel()
	for q, want := range map[string]string{"1941-06-01": "1", "1946-01-01": "1 2 3 4 5", "1900-01-01/1940-12-31": "", "1962-01-01/..": "17 18 19 20", "1966-01-01/..": ""} {
		ids, _, _ := walk(t, wellsURL+"?version=1&limit=9&datetime="+q)
		if got := strings.Join(ids, " "); got != want {
			t.Errorf("datetime=%s: %q, want %q", q, got, want)
		}
	}
	var s struct {
		Properties map[string]struct {
			Role string `json:"x-ogc-role"`
			Enum []string
		}
		Required []string
	}
	ask.JSON(t, "/collections/wells/schema", &s)
	if s.Properties["built_from"].Role != "primary-interval-start" || s.Properties["built_to"].Role != "primary-interval-end" || s.Properties["id"].Role != "id" || s.Properties["geometry"].Role != "primary-geometry" {
		t.Errorf("%+v", s.Properties)
	}
	ask.JSON(t, "/collections/sites/queryables", &s)
	if got := s.Properties["kind"].Enum; !slices.Equal(got, []string{"<b>bridge</b>", "chapel & tower", "mill"}) {
		t.Errorf("kinds of sites: %q", got)
	}
	s.Properties = nil
	ask.JSON(t, "/collections/sites/sortables", &s)
	if _, ok := s.Properties["geometry"]; ok {
		t.Error("geometries are no order")
	}
}

// QGIS sends filters only where all four of these are declared, and what is
// declared for editing is there.
func TestDeclaredClasses(t *testing.T) {
	t.Parallel()
	var c struct{ ConformsTo []string }
	ask.JSON(t, "/conformance", &c)
	for _, class := range []string{
		"ogcapi-features-3/1.0/conf/filter", "ogcapi-features-3/1.0/conf/features-filter", "cql2/1.0/conf/cql2-text", "cql2/1.0/conf/basic-cql2",
		"cql2/1.0/conf/basic-spatial-functions", "ogcapi-features-4/1.0/conf/create-replace-delete", "ogcapi-features-5/1.0/conf/schemas",
	} {
		if !slices.Contains(c.ConformsTo, "http://www.opengis.net/spec/"+class) {
			t.Errorf("%s is not declared", class)
		}
	}
	for _, path := range []string{"/collections/nothing", "/collections/sites/items?limit=0"} {
		if got := ask.Do(t, apitest.Request{Path: path}).Header().Get("Access-Control-Allow-Origin"); got != "*" {
			t.Errorf("%s: pages cannot read the error", path)
		}
	}
}
