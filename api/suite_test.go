package api_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geojson"

	"contado/api/apitest"
)

// What OGC's executable test suites assert, method by method, in words of our
// own: so that it is asked every day, without Java and without the suites. A
// chapter names the methods that it stands for.
//
// CONTADO_URL judges a running server instead of the one of the tests.
type chapter struct {
	methods string // of the suite, with spaces between
	run     func(*testing.T, *suite)
}

// suite is what the suites learn of a server before they judge it.
type suite struct {
	*apitest.Client

	doc         map[string]any // the OpenAPI document
	collections []collection
	max         int // of limit
}

type collection struct {
	ID, Title, Description, ItemType string
	Extent                           map[string]any
	CRS                              []string
	StorageCRS                       string `json:"storageCrs"`
	Links                            []link
}

const (
	openAPIMedia = "application/vnd.oai.openapi+json;version=3.0"
	crs84URI     = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
	unsupported  = "http://www.opengis.net/def/crs/0/unsupported"
)

// judge reads what the chapters begin with. It is called before any test runs
// beside others that edit and publish.
func judge(t *testing.T, chapters []chapter) {
	s := &suite{Client: ask}
	if at := os.Getenv("CONTADO_URL"); at != "" {
		u, err := url.Parse(at)
		if err != nil {
			t.Fatal(err)
		}
		s.Client = &apitest.Client{Handler: &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(u)
			r.Out.Host = r.In.Host // links are made of it
		}}}
	}
	var landing struct{ Links []link }
	s.JSON(t, "/", &landing)
	desc, ok := find(landing.Links, "service-desc")
	if !ok || desc.Type != openAPIMedia {
		t.Fatalf("service-desc %+v", desc)
	}
	s.Get(t, path(t, desc.Href), "Accept", openAPIMedia).Read(&s.doc)
	var list struct{ Collections []collection }
	s.JSON(t, "/collections", &list)
	if s.collections = list.Collections; len(s.collections) == 0 {
		t.Fatal("no collections")
	}
	limit := s.parameter(t, "/collections/{id}/items", "limit")
	most, _ := limit["schema"].(map[string]any)["maximum"].(float64)
	s.max = int(most)
	seen := map[string]bool{}
	for _, c := range chapters {
		for method := range strings.FieldsSeq(c.methods) {
			if seen[method] {
				t.Errorf("%s comes twice", method)
			}
			seen[method] = true
		}
		name, _, _ := strings.Cut(c.methods, " ")
		t.Run(name, func(t *testing.T) { c.run(t, s) })
	}
}

// each runs a check for every collection.
func (s *suite) each(t *testing.T, check func(*testing.T, collection)) {
	t.Helper()
	for _, c := range s.collections {
		t.Run(c.ID, func(t *testing.T) {
			t.Parallel()
			check(t, c)
		})
	}
}

// path is an address of the server, without where the server is.
func path(t *testing.T, href string) string {
	t.Helper()
	u, err := url.Parse(href)
	if err != nil || u.Host == "" {
		t.Fatalf("%s is no whole address: %v", href, err)
	}
	return u.RequestURI()
}

// items is the address of the features as GeoJSON.
func (c collection) items(t *testing.T) string {
	t.Helper()
	for _, l := range c.Links {
		if l.Rel == "items" && l.Type == asGeoJSON {
			return path(t, l.Href)
		}
	}
	t.Fatalf("%s has no link to items as GeoJSON", c.ID)
	return ""
}

// with adds parameters to an address, of names and values in turns.
func with(address string, pairs ...string) string {
	q := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		q.Set(pairs[i], pairs[i+1])
	}
	return address + "?" + q.Encode()
}

// parameter finds one of a GET operation, or of its path, following references.
func (s *suite) parameter(t *testing.T, at, name string) map[string]any {
	t.Helper()
	paths, _ := s.doc["paths"].(map[string]any)
	item, _ := paths[at].(map[string]any)
	get, _ := item["get"].(map[string]any)
	both, _ := item["parameters"].([]any)
	own, _ := get["parameters"].([]any)
	for _, v := range slices.Concat(both, own) {
		p, _ := v.(map[string]any)
		if ref, ok := p["$ref"].(string); ok {
			p, _ = s.component(ref).(map[string]any)
		}
		if p["name"] == name {
			return p
		}
	}
	t.Fatalf("%s has no parameter %s", at, name)
	return nil
}

func (s *suite) component(ref string) any {
	var at any = s.doc
	for _, part := range strings.Split(strings.TrimPrefix(ref, "#/"), "/") {
		m, _ := at.(map[string]any)
		at = m[part]
	}
	return at
}

// answer is a page of features, or one feature, as the suites read it.
type answer struct {
	Type           string
	ID             any
	Features       []answerFeature
	Links          []link
	TimeStamp      *time.Time
	NumberMatched  *int
	NumberReturned *int
}

type answerFeature struct {
	ID       any
	Geometry *geojson.Geometry
}

func (f answerFeature) id() string { return fmt.Sprint(f.ID) }

// described checks the links of a document to itself and to itself in other
// forms: HTML is declared, so it is one of them.
func described(t *testing.T, at string, list []link, own string, forms ...string) {
	t.Helper()
	self, ok := find(list, "self")
	if !ok || self.Type != own {
		t.Errorf("%s: self is %+v, want %s", at, self, own)
	}
	for _, form := range forms {
		if form != own && !slices.ContainsFunc(list, func(l link) bool { return l.Rel == "alternate" && l.Type == form }) {
			t.Errorf("%s has no alternate link as %s", at, form)
		}
	}
	for _, l := range list {
		if l.Rel == "" || l.Type == "" || l.Href == "" {
			t.Errorf("%s: link %+v", at, l)
		}
	}
}

// features asks for a page and checks all that the suites ask of every page.
func (s *suite) features(t *testing.T, at string) answer {
	t.Helper()
	var a answer
	r := s.Get(t, at, "Accept", asGeoJSON).Read(&a)
	var members map[string]json.RawMessage
	r.Read(&members)
	if a.Type != "FeatureCollection" || members["features"] == nil || a.Features == nil {
		t.Errorf("%s is a %q", at, a.Type)
	}
	described(t, at, a.Links, asGeoJSON, asGeoJSON, "text/html")
	if a.NumberReturned != nil && *a.NumberReturned != len(a.Features) {
		t.Errorf("%s: numberReturned %d of %d features", at, *a.NumberReturned, len(a.Features))
	}
	world := orb.Bound{Min: orb.Point{-180, -90}, Max: orb.Point{180, 90}}
	for _, f := range a.Features {
		if f.ID == nil {
			t.Errorf("%s: a feature without id", at)
		}
		if f.Geometry != nil && !strings.Contains(at, "&crs=") && !strings.Contains(at, "?crs=") {
			if b := f.Geometry.Geometry().Bound(); !world.Contains(b.Min) || !world.Contains(b.Max) {
				t.Errorf("%s: %s lies at %v, outside CRS84", at, f.id(), b)
			}
		}
	}
	if got := r.Header().Get("Content-Crs"); got == "" {
		t.Errorf("%s has no Content-Crs", at)
	}
	s.counted(t, at, a)
	return a
}

// counted goes through all pages as the suite does: with the largest page.
func (s *suite) counted(t *testing.T, at string, a answer) {
	t.Helper()
	if a.NumberMatched == nil || *a.NumberMatched > 10_000 {
		return
	}
	n := len(a.Features)
	for next, more := find(a.Links, "next"); more; next, more = find(a.Links, "next") {
		u, err := url.Parse(next.Href)
		if err != nil {
			t.Fatal(err)
		}
		q := u.Query()
		q.Set("limit", fmt.Sprint(s.max))
		a = answer{}
		s.Get(t, u.Path+"?"+q.Encode(), "Accept", asGeoJSON).Read(&a)
		if n += len(a.Features); len(a.Features) == 0 {
			break
		}
	}
	var first answer
	s.Get(t, at, "Accept", asGeoJSON).Read(&first)
	if n != *first.NumberMatched {
		t.Errorf("%s: numberMatched %d, %d on all pages", at, *first.NumberMatched, n)
	}
}

// refused asks for what has to be refused.
func (s *suite) refused(t *testing.T, at string, codes ...int) {
	t.Helper()
	r := s.Do(t, apitest.Request{Path: at, Header: map[string]string{"Accept": asGeoJSON}})
	if !slices.Contains(codes, r.Code) {
		t.Errorf("%s: %d, want one of %v", at, r.Code, codes)
	}
}

// declares reports whether a class is among those of the server.
func (s *suite) declares(t *testing.T, class string) bool {
	t.Helper()
	var c struct{ ConformsTo []string }
	s.JSON(t, "/conformance", &c)
	return slices.Contains(c.ConformsTo, "http://www.opengis.net/spec/"+class)
}

var badRequest = []int{http.StatusBadRequest}
