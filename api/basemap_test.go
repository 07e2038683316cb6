package api_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"contado/api"
	"contado/api/xyz"
)

// A base map of others is offered, and let through by the page's policy, only
// when whoever runs the server has named one.
func TestOutsideBasemapOnlyWhenNamed(t *testing.T) {
	t.Parallel()
	b := &xyz.Basemap{Tiles: "https://tile.example.org/{z}/{x}/{-y}.png", Attribution: "© Example", Title: "Example"}
	for _, named := range []bool{false, true} {
		deps := land.Deps
		if named {
			deps.Basemap, deps.Outside = b, []string{b.Origin()}
		}
		s, err := api.New(deps)
		if err != nil {
			t.Fatal(err)
		}
		get := func(path, accept string) *httptest.ResponseRecorder {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil)
			r.Header.Set("Accept", accept)
			w := httptest.NewRecorder()
			s.Handler().ServeHTTP(w, r)
			return w
		}
		var doc struct {
			Basemaps []struct {
				ID, Style, Scheme, Attribution string
				Tiles                          []string
				Outside                        bool
			}
		}
		if err := json.Unmarshal(get("/basemaps", "application/json").Body.Bytes(), &doc); err != nil {
			t.Fatal(err)
		}
		if len(doc.Basemaps) == 0 || doc.Basemaps[0].ID != "base" || doc.Basemaps[0].Outside || !strings.HasSuffix(doc.Basemaps[0].Style, "/styles/base") {
			t.Fatalf("the own one is not first: %+v", doc.Basemaps)
		}
		if got := len(doc.Basemaps) == 2; got != named {
			t.Fatalf("named %v: %+v", named, doc.Basemaps)
		}
		if named {
			o := doc.Basemaps[1]
			if !o.Outside || len(o.Tiles) != 1 || o.Tiles[0] != "https://tile.example.org/{z}/{x}/{y}.png" || o.Scheme != "tms" || o.Attribution != "© Example" {
				t.Errorf("%+v", o)
			}
		}
	}
}
