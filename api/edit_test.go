package api_test

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geojson"

	"contado/api/apitest"
)

// send asks as somebody who may edit.
func send(t testing.TB, method, path, media, body string, header ...string) *apitest.Response {
	t.Helper()
	h := map[string]string{apitest.WhoHeader: "ada", "Content-Type": media}
	for i := 0; i+1 < len(header); i += 2 {
		h[header[i]] = header[i+1]
	}
	return ask.Do(t, apitest.Request{Method: method, Path: path, Body: body, Header: h})
}

const (
	asGeoJSON = "application/geo+json"
	asPatch   = "application/merge-patch+json"
	wellsURL  = "/collections/wells/items"
	utm32     = "http://www.opengis.net/def/crs/EPSG/0/32632"
)

// well makes a well in the system of the dataset and returns its address.
func well(t testing.TB, name string, x, y float64) string {
	t.Helper()
	body := fmt.Sprintf(`{"type":"Feature","id":99,"geometry":{"type":"Polygon","coordinates":[[[%[2]g,%[3]g],[%[4]g,%[3]g],[%[4]g,%[5]g],[%[2]g,%[5]g],[%[2]g,%[3]g]]]},
		"properties":{"name":%[1]q,"depth":12.5,"count":3,"dry":true,"built_from":"1999-05-01"}}`, name, x, y, x+10, y+10)
	r := send(t, http.MethodPost, wellsURL, asGeoJSON, body, "Content-Crs", "<"+utm32+">").Want(http.StatusCreated)
	var doc struct{ IDs []int64 }
	r.Read(&doc)
	location := strings.TrimPrefix(r.Header().Get("Location"), "http://example.com")
	if len(doc.IDs) != 1 || location != fmt.Sprintf("%s/%d", wellsURL, doc.IDs[0]) {
		t.Fatalf("%s for %v", location, doc.IDs)
	}
	return location
}

// ringOf is the first ring of a polygon or of several.
func ringOf(t testing.TB, g orb.Geometry) orb.Ring {
	t.Helper()
	switch g := g.(type) {
	case orb.Polygon:
		return g[0]
	case orb.MultiPolygon:
		return g[0][0]
	}
	t.Fatalf("a %T", g)
	return nil
}

func TestCreateChangeDelete(t *testing.T) {
	t.Parallel()
	at := well(t, "deep", 500_500, 5_100_500)
	read := func() (f geojson.Feature, tag string) {
		r := ask.JSON(t, at+"?crs="+utm32, &f)
		return f, r.Header().Get("ETag")
	}
	f, tag := read()
	ring := ringOf(t, f.Geometry)
	if f.Properties["name"] != "deep" || f.Properties["depth"] != 12.5 || f.Properties["built_to"] != nil || ring[0] != (orb.Point{500_500, 5_100_500}) {
		t.Fatalf("%+v %v", f.Properties, ring)
	}
	ask.Do(t, apitest.Request{Path: at + "?crs=" + utm32, Header: map[string]string{"If-None-Match": tag}}).Want(http.StatusNotModified)

	// Parts, then all of it.
	send(t, http.MethodPatch, at, asPatch, `{"properties":{"depth":20,"name":null}}`, "If-Match", tag).Want(http.StatusNoContent)
	send(t, http.MethodPatch, at, asPatch, `{"properties":{"depth":21}}`, "If-Match", tag).Want(http.StatusPreconditionFailed)
	f, tag = read()
	if f.Properties["depth"] != 20.0 || f.Properties["name"] != nil || f.Properties["count"] != 3.0 || ringOf(t, f.Geometry)[0] != ring[0] {
		t.Fatalf("after PATCH %+v", f.Properties)
	}
	// In longitude and latitude, as it comes without asking.
	body := `{"type":"Feature","geometry":{"type":"Polygon","coordinates":[[[9.001,46.05],[9.002,46.05],[9.002,46.051],[9.001,46.05]]]},"properties":{"name":"new","count":1e3}}`
	send(t, http.MethodPut, at, "application/json", body, "If-Match", `W/"nonsense", `+tag).Want(http.StatusNoContent)
	f, tag = read()
	if f.Properties["depth"] != nil || f.Properties["count"] != 1000.0 || ringOf(t, f.Geometry)[0][0] < 500_000 {
		t.Fatalf("after PUT %+v %v", f.Properties, f.Geometry)
	}
	var back geojson.Feature
	ask.JSON(t, at, &back)
	if p := ringOf(t, back.Geometry)[0]; math.Abs(p[0]-9.001) > 1e-8 || math.Abs(p[1]-46.05) > 1e-8 {
		t.Errorf("sent to 9.001, 46.05; it is at %v", p)
	}
	send(t, http.MethodDelete, at, "", "", "If-Match", tag).Want(http.StatusNoContent)
	ask.Do(t, apitest.Request{Path: at}).Want(http.StatusNotFound)
	send(t, http.MethodDelete, at, "", "").Want(http.StatusNotFound)
	ask.Do(t, apitest.Request{Method: http.MethodOptions, Path: at}).Want(http.StatusNotFound)
}

// A collection is added whole or not at all.
func TestCreateMany(t *testing.T) {
	t.Parallel()
	one := func(name, properties string) string {
		return `{"type":"Feature","geometry":null,"properties":{"name":"` + name + `"` + properties + `}}`
	}
	r := send(t, http.MethodPost, wellsURL, asGeoJSON, `{"type":"FeatureCollection","features":[`+one("many", "")+","+one("many", `,"dry":false`)+`]}`).Want(http.StatusCreated)
	var doc struct{ IDs []int64 }
	r.Read(&doc)
	if ids, _, _ := walk(t, wellsURL+"?name=many"); len(ids) != 2 || fmt.Sprint(doc.IDs) != "["+strings.Join(ids, " ")+"]" {
		t.Errorf("%v, found %v", doc.IDs, ids)
	}
	bad := send(t, http.MethodPost, wellsURL, asGeoJSON, `{"type":"FeatureCollection","features":[`+one("half", "")+","+one("half", `,"colour":"red"`)+`]}`).Want(http.StatusBadRequest)
	if s := bad.Body.String(); !strings.Contains(s, "features/1") || !strings.Contains(s, "colour") {
		t.Errorf("which of them? %s", s)
	}
	if ids, _, _ := walk(t, wellsURL+"?name=half"); len(ids) != 0 {
		t.Errorf("half of it is there: %v", ids)
	}
}

// What is refused says which attribute and which value.
func TestBadEdits(t *testing.T) {
	t.Parallel()
	square := `{"type":"Polygon","coordinates":[[[9,46],[9.1,46],[9.1,46.1],[9,46]]]}`
	feature := func(geometry, properties string) string {
		return `{"type":"Feature","geometry":` + geometry + `,"properties":` + properties + `}`
	}
	for _, c := range []struct {
		method, path, media, body string
		status                    int
		says                      string
	}{
		{"POST", wellsURL, asGeoJSON, feature(square, `{"depth":"deep"}`), 400, "depth"},
		{"POST", wellsURL, asGeoJSON, feature(square, `{"count":1.5}`), 400, "1.5"},
		{"POST", wellsURL, asGeoJSON, feature(square, `{"built_from":"yesterday"}`), 400, "yesterday"},
		{"POST", wellsURL, asGeoJSON, feature(square, `{"dry":"yes"}`), 400, "dry"},
		{"POST", wellsURL, asGeoJSON, feature(square, `{"nothing":1}`), 400, "nothing"},
		{"POST", wellsURL, asGeoJSON, feature(`{"type":"Point","coordinates":[9,46]}`, `{}`), 400, "Point"},
		{"POST", wellsURL, asGeoJSON, feature(`{"type":"Polygon","coordinates":[[[9,46],[9.1,46.1],[9.1,46],[9,46.1],[9,46]]]}`, `{}`), 400, "valid"},
		{"POST", wellsURL, asGeoJSON, feature(`{"type":"Polygon","coordinates":[[[9,46,1],[9.1,46,1],[9.1,46.1,1],[9,46,1]]]}`, `{}`), 400, "height"},
		{"POST", wellsURL, asGeoJSON, feature(`{"type":"Polygon","coordinates":[[9,46]]}`, `{}`), 400, "Polygon"},
		{"POST", wellsURL, asGeoJSON, feature(`{"type":"Circle","coordinates":[9,46]}`, `{}`), 400, "Circle"},
		{"POST", wellsURL, asGeoJSON, feature(`{"type":"Polygon"}`, `{}`), 400, "Polygon"},
		{"POST", wellsURL, asGeoJSON, `{"type":"Feature"`, 400, "JSON"},
		{"POST", wellsURL, asGeoJSON, `[]`, 400, "JSON"},
		{"POST", wellsURL, asGeoJSON, `null`, 400, "type"},
		{"POST", wellsURL, asGeoJSON, `{"type":"FeatureCollection","features":[]}`, 400, "no feature"},
		{"POST", wellsURL, asGeoJSON, feature(square, `{}`) + "x", 400, "after"},
		{"POST", wellsURL, "text/plain", feature(square, `{}`), 415, "application/geo+json"},
		{"POST", wellsURL + "?f=json", asGeoJSON, feature(square, `{}`), 400, "parameter"},
		{"PUT", wellsURL + "/1", asPatch, feature(square, `{}`), 415, "application/geo+json"},
		{"PUT", wellsURL + "/4711", asGeoJSON, feature(square, `{}`), 404, "4711"},
		{"PUT", wellsURL + "/x", asGeoJSON, feature(square, `{}`), 404, "whole numbers"},
		{"PATCH", wellsURL + "/1", "application/json", `{"properties":{"depth":1}}`, 415, "merge-patch"},
		{"PATCH", wellsURL + "/1", asPatch, `{"id":5}`, 400, "id"},
		{"PATCH", wellsURL + "/1", asPatch, `{"colour":5}`, 400, "colour"},
		{"PATCH", wellsURL + "/1", asPatch, `null`, 400, "null"},
		{"DELETE", wellsURL + "/4711", "", "", 404, "4711"},
		{"POST", "/collections/scenes/items", asGeoJSON, feature(square, `{}`), 405, "cannot be edited"},
		{"POST", "/collections/nothing/items", asGeoJSON, feature(square, `{}`), 404, "nothing"},
	} {
		r := send(t, c.method, c.path, c.media, c.body)
		if r.Code != c.status || !strings.Contains(r.Body.String(), c.says) {
			t.Errorf("%s %s %s: %d %s\nwant %d and %q", c.method, c.path, c.body, r.Code, r.Body, c.status, c.says)
		}
	}
	r := send(t, "POST", wellsURL, asGeoJSON, feature(square, `{}`), "Content-Crs", "<http://www.opengis.net/def/crs/EPSG/0/31370>").Want(http.StatusBadRequest)
	if !strings.Contains(r.Body.String(), "Content-Crs") {
		t.Errorf("%s", r.Body)
	}
}

// Only who is let in may edit, and no page of another site.
func TestWhoMayEdit(t *testing.T) {
	t.Parallel()
	body := `{"properties":{"depth":1}}`
	for _, h := range []map[string]string{
		{apitest.WhoHeader: ""},
		{apitest.WhoHeader: "ada", "Origin": "https://elsewhere.example"},
		{apitest.WhoHeader: "ada", "Sec-Fetch-Site": "cross-site"},
	} {
		h["Content-Type"] = asPatch
		r := ask.Do(t, apitest.Request{Method: http.MethodPatch, Path: wellsURL + "/2", Body: body, Header: h}).Want(http.StatusForbidden)
		if r.Header().Get("Access-Control-Allow-Origin") != "*" {
			t.Error("an error that pages cannot read")
		}
	}
	send(t, http.MethodPatch, wellsURL+"/2", asPatch, body, "Origin", "http://example.com").Want(http.StatusNoContent)
}

// Axes of what is sent are in the order of the authority.
func TestContentCrs(t *testing.T) {
	t.Parallel()
	at := well(t, "axes", 501_000, 5_101_000)
	for _, uri := range []string{
		"http://www.opengis.net/def/crs/OGC/1.3/CRS84", "http://www.opengis.net/def/crs/EPSG/0/4326", "http://www.opengis.net/def/crs/EPSG/0/3035",
		"http://www.opengis.net/def/crs/EPSG/0/6707", "http://www.opengis.net/def/crs/EPSG/0/7791", "http://www.opengis.net/def/crs/EPSG/0/3003", utm32,
	} {
		var f struct {
			Geometry   json.RawMessage `json:"geometry"`
			Properties json.RawMessage `json:"properties"`
		}
		ask.JSON(t, at+"?crs="+uri, &f)
		send(t, http.MethodPatch, at, asPatch, `{"geometry":`+string(f.Geometry)+`}`, "Content-Crs", "<"+uri+">").Want(http.StatusNoContent)
		var now geojson.Feature
		ask.JSON(t, at+"?crs="+utm32, &now)
		if p := ringOf(t, now.Geometry)[0]; math.Hypot(p[0]-501_000, p[1]-5_101_000) > 2e-3 {
			t.Errorf("there and back by %s it is at %v", uri, p)
		}
	}
}

// The audit trail tells who, when, before and after, and the states of the
// past stay readable.
func TestChangesAndPastStates(t *testing.T) {
	t.Parallel()
	at := well(t, "first name", 502_000, 5_102_000)
	id := at[strings.LastIndex(at, "/")+1:]
	middle := time.Now().UTC()
	time.Sleep(20 * time.Millisecond)
	send(t, http.MethodPatch, at, asPatch, `{"properties":{"name":"second name"}}`, apitest.WhoHeader, "grace").Want(http.StatusNoContent)
	send(t, http.MethodDelete, at, "", "").Want(http.StatusNoContent)
	type state struct {
		Properties map[string]any
		Geometry   *geojson.Geometry
	}
	type entry struct {
		Seq, Feature  int64
		Op, Who       string
		At            time.Time
		Before, After *state
	}
	var mine []entry
	for path := "/collections/wells/changes?limit=3"; path != ""; {
		var doc struct {
			Changes []entry
			Links   []link
			Version int
		}
		ask.JSON(t, path, &doc)
		for _, e := range doc.Changes {
			if fmt.Sprint(e.Feature) == id {
				mine = append(mine, e)
			}
		}
		next, _ := find(doc.Links, "next")
		path = strings.TrimPrefix(next.Href, "http://example.com")
	}
	if len(mine) != 3 || mine[0].Op != "create" || mine[1].Op != "replace" || mine[2].Op != "delete" || mine[0].Who != "ada" || mine[1].Who != "grace" ||
		mine[0].Before != nil || mine[1].Before.Properties["name"] != "first name" || mine[1].After.Properties["name"] != "second name" || mine[2].After != nil ||
		mine[2].Before.Geometry == nil || mine[0].At.IsZero() || mine[2].Seq <= mine[1].Seq {
		t.Fatalf("%+v", mine)
	}
	name := func(state string) any {
		var f geojson.Feature
		ask.JSON(t, at+"?"+state, &f)
		return f.Properties["name"]
	}
	if got := name("as-of=" + middle.Format(time.RFC3339Nano)); got != "first name" {
		t.Errorf("between creation and change it was %v", got)
	}
	if got := name(fmt.Sprintf("version=1.%d", mine[1].Seq)); got != "second name" {
		t.Errorf("after its second change it was %v", got)
	}
	ask.Do(t, apitest.Request{Path: at + "?version=1"}).Want(http.StatusNotFound)
	ask.Do(t, apitest.Request{Path: at}).Want(http.StatusNotFound)
	if ids, matched, _ := walk(t, wellsURL+"?version=1&limit=7"); len(ids) != apitest.Wells || *matched != apitest.Wells {
		t.Errorf("as published there were %d, matched %v", len(ids), matched)
	}
	for _, q := range []string{"version=0", "version=x", "version=1.0", "version=-1", "as-of=yesterday", "version=1&as-of=2026-01-01T00:00:00Z"} {
		ask.Do(t, apitest.Request{Path: wellsURL + "?" + q}).Want(http.StatusBadRequest)
	}
	for _, q := range []string{"version=9", "version=1.99999", "as-of=2001-01-01T00:00:00Z"} {
		ask.Do(t, apitest.Request{Path: wellsURL + "?" + q}).Want(http.StatusNotFound)
	}
	for _, q := range []string{"after=-1", "after=x", "limit=0", "crs=x", "f=csv"} {
		ask.Do(t, apitest.Request{Path: "/collections/wells/changes?" + q}).Want(http.StatusBadRequest)
	}
	if html := ask.Get(t, "/collections/wells/changes?f=html&lang=it&limit=1000").Body.String(); !strings.Contains(html, "second name") || !strings.Contains(html, "eliminato") {
		t.Errorf("the page of changes:\n%.2000s", html)
	}
	ask.Do(t, apitest.Request{Path: "/collections/scenes/changes"}).Want(http.StatusNotFound)
}

// Of many who edit the same state one comes through.
func TestOneOfManyComesThrough(t *testing.T) {
	t.Parallel()
	at := well(t, "contested", 503_000, 5_103_000)
	tag := ask.Get(t, at).Header().Get("ETag")
	var mu sync.Mutex
	count := map[int]int{}
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			r := send(t, http.MethodPatch, at, asPatch, fmt.Sprintf(`{"properties":{"count":%d}}`, i), "If-Match", tag)
			mu.Lock()
			count[r.Code]++
			mu.Unlock()
		})
	}
	wg.Wait()
	if count[http.StatusNoContent] != 1 || count[http.StatusPreconditionFailed] != 7 {
		t.Errorf("statuses %v", count)
	}
}

// OPTIONS tells the truth, which is how QGIS finds out what it may do.
func TestOptionsTellWhatCanBeDone(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		wellsURL:                            "GET, HEAD, OPTIONS, POST",
		wellsURL + "/3":                     "GET, HEAD, OPTIONS, PUT, PATCH, DELETE",
		"/collections/scenes/items":         "GET, HEAD, OPTIONS",
		"/collections/scenes/items/x":       "GET, HEAD, OPTIONS",
		"/collections/municipalities/items": "GET, HEAD, OPTIONS, POST",
	} {
		r := ask.Do(t, apitest.Request{Method: http.MethodOptions, Path: path}).Want(http.StatusNoContent)
		if got := r.Header().Get("Allow"); got != want {
			t.Errorf("%s: Allow %q, want %q", path, got, want)
		}
	}
	for path, want := range map[string]string{wellsURL: asGeoJSON + ", application/json", wellsURL + "/3": "", "/collections/scenes/items": ""} {
		if got := ask.Do(t, apitest.Request{Method: http.MethodOptions, Path: path}).Header().Get("Accept-Post"); got != want {
			t.Errorf("%s: Accept-Post %q, want %q", path, got, want)
		}
	}
	if got := ask.Do(t, apitest.Request{Method: http.MethodOptions, Path: wellsURL + "/3"}).Header().Get("Accept-Patch"); got != asPatch {
		t.Errorf("Accept-Patch %q", got)
	}
}
