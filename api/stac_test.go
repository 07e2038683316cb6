package api_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"contado/api/apitest"
)

type stacPage struct {
	Features []struct {
		ID, Collection string
		BBox           []float64
		Geometry       json.RawMessage
		Properties     map[string]any
		Assets         map[string]struct {
			Href, Type string
			Size       int64  `json:"file:size"`
			Checksum   string `json:"file:checksum"`
		}
		Links []struct{ Rel, Href string }
	}
	NumberMatched, NumberReturned int
	Links                         []struct {
		Rel, Href, Method string
		Body              json.RawMessage
	}
}

func (p *stacPage) ids() []string {
	out := []string{}
	for _, f := range p.Features {
		out = append(out, f.ID)
	}
	return out
}

func (p *stacPage) next() (method, path string, body []byte) {
	for _, l := range p.Links {
		if l.Rel == "next" {
			return l.Method, strings.TrimPrefix(l.Href, "http://example.com"), l.Body
		}
	}
	return "", "", nil
}

func search(t *testing.T, q url.Values) stacPage {
	t.Helper()
	var p stacPage
	ask.JSON(t, "/stac/search?"+q.Encode(), &p)
	return p
}

func TestStacAddresses(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]int{
		"/stac": 200, "/stac?f=json": 200, "/stac?f=html": 400, "/stac/conformance": 200, "/stac/queryables": 200, "/stac/collections": 200,
		"/stac/collections/scenes": 200, "/stac/collections/sites": 404, "/stac/collections/nothing": 404, "/stac/collections/scenes/queryables": 200,
		"/stac/collections/scenes/items": 200, "/stac/collections/scenes/items/scene_a": 200, "/stac/collections/scenes/items/none": 404,
		"/stac/collections/elevation/items": 200, "/stac/collections/scenes/items?limit=0": 400, "/stac/collections/scenes/items?collections=scenes": 200,
		"/stac/search": 200, "/stac/search?limit=10000": 200, "/stac/search?limit=10001": 400, "/stac/search?bbox=1,2,3": 400, "/stac/search?datetime=soon": 400,
		"/stac/search?bbox=8,45,10,47&intersects=%7B%7D": 400, "/stac/search?intersects=x": 400, "/stac/search?token=x": 400, "/stac/search?token=e30": 400,
		"/stac/search?filter=nothing%3D1": 400, "/stac/search?filter=id%3D": 400, "/stac/search?filter=f(id)%3D1": 400, "/stac/search?filter=id%3D1": 400,
		"/stac/search?filter=id%3D'x'&filter-lang=cql-text": 400, "/stac/search?filter-crs=http://www.opengis.net/def/crs/EPSG/0/4326": 400,
		"/stac/search?sortby=nothing": 400, "/stac/search?sortby=-datetime,%2Bid": 200, "/stac/search?sortby=properties.eo:cloud_cover": 200, "/stac/search?sortby=geometry": 400,
		"/stac/search?query=x": 400, "/stac/search?fields=id,-geometry": 200,
	} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			ask.Do(t, apitest.Request{Path: path}).Want(want)
		})
	}
}

func TestStacSearch(t *testing.T) {
	t.Parallel()
	polygon := `{"type":"Polygon","coordinates":[[[8.9,46],[9.1,46],[9,46.2],[8.9,46]]]}`
	for name, tc := range map[string]struct {
		q    url.Values
		want []string
	}{
		"all scenes":     {url.Values{"collections": {"scenes"}}, []string{"scene_b", "scene_a"}},
		"oldest first":   {url.Values{"collections": {"scenes"}, "sortby": {"+datetime"}}, []string{"scene_a", "scene_b"}},
		"by id":          {url.Values{"ids": {"scene_a,none"}}, []string{"scene_a"}},
		"here":           {url.Values{"collections": {"scenes"}, "bbox": {"9,46,9.01,46.01"}}, []string{"scene_b", "scene_a"}},
		"elsewhere":      {url.Values{"collections": {"scenes"}, "bbox": {"20,46,21,47"}}, []string{}},
		"far round":      {url.Values{"collections": {"scenes"}, "bbox": {"170,46,8.95,47"}}, []string{"scene_b", "scene_a"}},
		"shape":          {url.Values{"collections": {"scenes"}, "intersects": {polygon}}, []string{"scene_b", "scene_a"}},
		"a day":          {url.Values{"collections": {"scenes"}, "datetime": {"2024-05-01"}}, []string{"scene_a"}},
		"since":          {url.Values{"collections": {"scenes"}, "datetime": {"2024-06-01T00:00:00Z/.."}}, []string{"scene_b"}},
		"filter":         {url.Values{"filter": {"collection = 'scenes' AND datetime > TIMESTAMP('2024-06-01T00:00:00Z')"}}, []string{"scene_b"}},
		"filter by day":  {url.Values{"filter": {"id LIKE 'scene%' AND T_BEFORE(datetime, DATE('2024-06-01'))"}}, []string{"scene_a"}},
		"filter by code": {url.Values{"filter": {`"proj:epsg" = 32632 AND CASEI(collection) = CASEI('SCENES') AND NOT id = 'scene_a'`}}, []string{"scene_b"}},
		"prefix":         {url.Values{"collections": {"scenes"}, "filter": {`properties.datetime IS NOT NULL AND eo:cloud_cover IS NULL`}}, []string{"scene_b", "scene_a"}},
		"shape filter":   {url.Values{"collections": {"scenes"}, "filter": {`S_INTERSECTS(geometry, POINT(9 46.05)) AND S_WITHIN(geometry, BBOX(8,45,10,47))`}}, []string{"scene_b", "scene_a"}},
		"JSON":           {url.Values{"filter-lang": {"cql2-json"}, "filter": {`{"op":"=","args":[{"property":"id"},"scene_b"]}`}}, []string{"scene_b"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := search(t, tc.q)
			if !slices.Equal(got.ids(), tc.want) || got.NumberMatched != len(tc.want) {
				t.Errorf("%v (%d), want %v", got.ids(), got.NumberMatched, tc.want)
			}
			// The same by POST.
			body := map[string]any{}
			for k, v := range tc.q {
				switch k {
				case "collections", "ids":
					body[k] = strings.Split(v[0], ",")
				case "bbox":
					body[k] = json.RawMessage("[" + v[0] + "]")
				case "intersects":
					body[k] = json.RawMessage(v[0])
				case "sortby":
					body[k] = []map[string]string{{"field": "properties.datetime", "direction": "asc"}}
				case "filter":
					body[k] = v[0]
					if tc.q.Has("filter-lang") {
						body[k] = json.RawMessage(v[0])
					}
				default:
					body[k] = v[0]
				}
			}
			raw, err := json.Marshal(body)
			if err != nil {
				t.Fatal(err)
			}
			var p stacPage
			ask.Do(t, apitest.Request{Method: http.MethodPost, Path: "/stac/search", Body: string(raw)}).Want(200).Read(&p)
			if !slices.Equal(p.ids(), tc.want) {
				t.Errorf("by POST: %v, want %v", p.ids(), tc.want)
			}
		})
	}
	for body, words := range map[string]string{
		`{"bbox":[1,2]}`: "bbox", `{"limit":0}`: "limit", `{"query":{}}`: "query", `[]`: "body", `{"sortby":[{"field":"id","direction":"up"}]}`: "direction",
		`{} {}`: "more than one", `{"filter":5}`: "filter", `{"intersects":{"type":"Feature"}}`: "intersects", `{"filter":{"op":"=","args":[{"property":"x"},1]}}`: "no property",
		`{"filter-lang":"cql2-text","filter":{}}`: "string", `{"filter-lang":"x","filter":"id='a'"}`: "filter-lang", `{"fields":{"include":[""]}}`: "fields",
	} {
		r := ask.Do(t, apitest.Request{Method: http.MethodPost, Path: "/stac/search", Body: body}).Want(400)
		if !strings.Contains(r.Body.String(), words) {
			t.Errorf("%s: %s", body, r.Body)
		}
	}
}

// Paging to the end gives each item once, in order, by either method.
func TestStacPaging(t *testing.T) {
	t.Parallel()
	var all stacPage
	ask.JSON(t, "/stac/search?limit=1000", &all)
	if len(all.Features) < 5 {
		t.Fatal(all.ids())
	}
	for _, sort := range []string{"", "-datetime", "collection,id", "-proj:epsg,-id", "eo:cloud_cover"} {
		var want stacPage
		by := ""
		if sort != "" {
			by = "&sortby=" + url.QueryEscape(sort)
		}
		ask.JSON(t, "/stac/search?limit=1000"+by, &want)
		for _, limit := range []int{1, 2, 3} {
			got := []string{}
			path := fmt.Sprintf("/stac/search?limit=%d%s", limit, by)
			for n := 0; path != ""; n++ {
				var p stacPage
				ask.JSON(t, path, &p)
				got = append(got, p.ids()...)
				if p.NumberMatched != len(all.Features) || p.NumberReturned != len(p.Features) || n > 20 {
					t.Fatalf("%s: %d of %d", path, p.NumberReturned, p.NumberMatched)
				}
				_, path, _ = p.next()
			}
			if !slices.Equal(got, want.ids()) {
				t.Errorf("sort %q by %d: %v, want %v", sort, limit, got, want.ids())
			}
		}
	}
	body, got := map[string]any{"limit": 2, "sortby": []map[string]string{{"field": "id", "direction": "desc"}}}, []string{}
	for n := 0; n < 20; n++ {
		raw, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		var p stacPage
		ask.Do(t, apitest.Request{Method: http.MethodPost, Path: "/stac/search", Body: string(raw)}).Want(200).Read(&p)
		got = append(got, p.ids()...)
		method, _, more := p.next()
		if method == "" {
			break
		}
		var merge map[string]any
		if err := json.Unmarshal(more, &merge); err != nil || method != http.MethodPost {
			t.Fatal(method, err)
		}
		for k, v := range merge {
			body[k] = v
		}
	}
	want := all.ids()
	slices.Sort(want)
	slices.Reverse(want)
	if !slices.Equal(got, want) {
		t.Errorf("by POST: %v, want %v", got, want)
	}
}

func TestStacFields(t *testing.T) {
	t.Parallel()
	members := func(path string) []string {
		var p struct{ Features []map[string]any }
		ask.JSON(t, path, &p)
		var out []string
		for k, v := range p.Features[0] {
			out = append(out, k)
			if m, ok := v.(map[string]any); ok && k == "properties" {
				for k := range m {
					out = append(out, "properties."+k)
				}
			}
		}
		slices.Sort(out)
		return out
	}
	if got := members("/stac/search?ids=scene_a&fields=properties.datetime,bbox"); !slices.Equal(got, []string{"bbox", "collection", "id", "properties", "properties.datetime", "type"}) {
		t.Error(got)
	}
	if got := members("/stac/search?ids=scene_a&fields=datetime"); !slices.Equal(got, []string{"collection", "id", "properties", "properties.datetime", "type"}) {
		t.Error(got)
	}
	got := members("/stac/search?ids=scene_a&fields=-geometry,-properties.proj:transform,-id,-links")
	if slices.Contains(got, "geometry") || slices.Contains(got, "properties.proj:transform") || slices.Contains(got, "links") || !slices.Contains(got, "id") || !slices.Contains(got, "assets") {
		t.Error(got)
	}
}

func TestStacAssets(t *testing.T) {
	t.Parallel()
	p := search(t, url.Values{"ids": {"scene_a"}})
	var whole []byte
	for key, a := range p.Features[0].Assets {
		path := strings.TrimPrefix(a.Href, "http://example.com")
		r := ask.Get(t, path)
		if !strings.HasPrefix(a.Type, "image/tiff") {
			continue
		}
		whole = r.Body.Bytes()
		if int64(len(whole)) != a.Size || !bytes.HasPrefix(whole, []byte("II*\x00")) || r.Header().Get("Content-Type") != a.Type {
			t.Errorf("%s: %d bytes of %d, %q", key, len(whole), a.Size, r.Header().Get("Content-Type"))
		}
		tag := r.Header().Get("ETag")
		part := ask.Do(t, apitest.Request{Path: path, Header: map[string]string{"Range": "bytes=10-19", "If-Range": tag}}).Want(206)
		if !bytes.Equal(part.Body.Bytes(), whole[10:20]) || part.Header().Get("Content-Range") != fmt.Sprintf("bytes 10-19/%d", len(whole)) {
			t.Errorf("%q %q", part.Body, part.Header().Get("Content-Range"))
		}
		ask.Do(t, apitest.Request{Path: path, Header: map[string]string{"Range": "bytes=10-19", "If-Range": `"another"`}}).Want(200)
		ask.Do(t, apitest.Request{Path: path, Header: map[string]string{"If-None-Match": tag}}).Want(304)
		ask.Do(t, apitest.Request{Path: path, Header: map[string]string{"If-Match": `"another"`}}).Want(412)
		ask.Do(t, apitest.Request{Path: path, Header: map[string]string{"Range": "bytes=99999999-"}}).Want(416)
		head := ask.Do(t, apitest.Request{Method: http.MethodHead, Path: path}).Want(200)
		if head.Header().Get("Content-Length") != fmt.Sprint(len(whole)) || head.Header().Get("Accept-Ranges") != "bytes" {
			t.Errorf("HEAD: %v", head.Header())
		}
	}
	if whole == nil {
		t.Fatal("no file among the assets")
	}
	for _, path := range []string{"none.tif", "data", "..%2f..%2fcatalog.db", "data.tif?x=1", "data.stats.tif"} {
		if r := ask.Do(t, apitest.Request{Path: "/stac/collections/scenes/items/scene_a/assets/" + path}); r.Code != 404 && r.Code != 400 {
			t.Errorf("%s: %d", path, r.Code)
		}
	}
}

// write puts the landing page, each collection and each item into files.
func writeStac(t *testing.T, dir string) []string {
	t.Helper()
	var out []string
	put := func(name, path string) {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, ask.Get(t, path).Body.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		out = append(out, file)
	}
	put("catalog.json", "/stac")
	var all stacPage
	ask.JSON(t, "/stac/search?limit=1000", &all)
	seen := map[string]bool{}
	for _, f := range all.Features {
		put(f.Collection+"-"+f.ID+".json", "/stac/collections/"+f.Collection+"/items/"+f.ID)
		if !seen[f.Collection] {
			seen[f.Collection] = true
			put(f.Collection+".json", "/stac/collections/"+f.Collection)
		}
	}
	return out
}
