package stac

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"

	"contado/geo/cql2"
	"contado/geo/fault"
	"contado/geo/store/catalog"
)

// FuzzBody: any body is a search or a fault of the client's, never a failure
// of ours.
func FuzzBody(f *testing.F) {
	for _, s := range []string{
		`{}`, `{"bbox":[1,2,3,4],"datetime":"2024-01-01/..","limit":5,"ids":["a"],"collections":["b"]}`,
		`{"intersects":{"type":"Point","coordinates":[1,2]},"sortby":[{"field":"id","direction":"desc"}],"fields":{"include":["id","properties.x"],"exclude":["assets.a.href"]}}`,
		`{"filter":{"op":"=","args":[{"property":"id"},"x"]},"filter-lang":"cql2-json","token":"eyJrIjpbbnVsbF0sImMiOiJhIiwiaSI6ImIifQ"}`,
		`{"filter":"eo:cloud_cover < 10 AND S_INTERSECTS(geometry, BBOX(170,0,-170,5))"}`,
	} {
		f.Add(s)
	}
	e := echo.New()
	d := catalog.Dataset{ID: "a", Kind: catalog.Raster}
	it := catalog.Item{ID: "x", Footprint: [][2]float64{{0, 0}, {1, 0}, {1, 1}, {0, 0}}}
	f.Fuzz(func(t *testing.T, s string) {
		c := e.NewContext(httptest.NewRequest(http.MethodPost, "/stac/search", strings.NewReader(s)), httptest.NewRecorder())
		q, err := parseBody(c)
		if err != nil {
			if k := fault.KindOf(err); k != fault.Invalid && k != fault.TooLarge {
				t.Fatalf("%q: %v (%v)", s, err, k)
			}
			return
		}
		if q.limit < 1 || q.limit > 10_000 {
			t.Fatalf("limit %d", q.limit)
		}
		q.around()
		if e := q.condition(); e != nil {
			if filter, err := cql2.Compile(e, typeOf); err == nil {
				_, _ = filter.Match(getter(d, &it))
			}
		}
		doc := &Item{Type: "Feature", ID: "x", Collection: "a", Properties: propertiesOf(d, it), Assets: map[string]Asset{"a": {Href: "h"}}}
		out, err := q.fields.apply(doc)
		if err != nil {
			t.Fatal(err)
		}
		b, err := json.Marshal(out)
		if err != nil || !strings.Contains(string(b), `"id":"x"`) {
			t.Fatalf("%s %v", b, err)
		}
		keys := q.sort
		if len(keys) == 0 {
			keys = []sortKey{{"datetime", true}}
		}
		_, _ = after([]hit{{d, it, sortValues(getter(d, &it), keys)}}, q)
	})
}

func TestTokenIsAPlace(t *testing.T) {
	t.Parallel()
	keys := []sortKey{{"eo:cloud_cover", true}, {"id", false}}
	hits := []hit{}
	for _, v := range []struct {
		id    string
		cloud any
	}{{"a", 90.0}, {"b", 90.0}, {"c", 5.0}, {"d", nil}, {"e", nil}} {
		hits = append(hits, hit{catalog.Dataset{ID: "x"}, catalog.Item{ID: v.id}, []any{v.cloud, v.id}})
	}
	for i := range hits {
		token, err := tokenOf(hits[i])
		if err != nil {
			t.Fatal(err)
		}
		rest, err := after(hits, query{token: token, sort: keys})
		if err != nil || len(rest) != len(hits)-i-1 {
			t.Errorf("after %s: %d left, %v", hits[i].item.ID, len(rest), err)
		}
		// Its item gone, the page begins at the same place.
		without := append(append([]hit{}, hits[:i]...), hits[i+1:]...)
		if rest, err = after(without, query{token: token, sort: keys}); err != nil || len(rest) != len(hits)-i-1 {
			t.Errorf("without %s: %d left, %v", hits[i].item.ID, len(rest), err)
		}
	}
	for _, q := range []query{{token: "?"}, {token: "e30"}, {token: "eyJrIjpbMV0sImMiOiJhIiwiaSI6ImIifQ"}, {token: "eyJrIjpbe31dLCJjIjoiYSIsImkiOiJiIn0"}} {
		if _, err := after(hits, q); !fault.Is(err, fault.Invalid) {
			t.Errorf("%q: %v", q.token, err)
		}
	}
}
