package rest

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/labstack/echo/v4"
)

// What lies below /OGCFeatureServer is what lies below the root, and nothing
// else is touched but slashes below /arcgis.
func TestEsriAddresses(t *testing.T) {
	t.Parallel()
	e := echo.New()
	e.Pre(EsriAddresses(func() []string { return []string{"roads", "sites"} }))
	e.GET("/*", func(c echo.Context) error {
		return c.String(http.StatusOK, c.Request().URL.RequestURI()+" "+CollectionID(c, "sites"))
	})
	sites := number("sites")
	for asked, want := range map[string]string{
		"/OGCFeatureServer":                                                     "/ " + sites,
		"/OGCFeatureServer/":                                                    "/ " + sites,
		"/OGCFeatureServer?f=json":                                              "/?f=json " + sites,
		"/OGCFeatureServer/conformance":                                         "/conformance " + sites,
		"/OGCFeatureServer/collections/" + sites:                                "/collections/sites " + sites,
		"/OGCFeatureServer/collections/" + sites + "/items?f=json":              "/collections/sites/items?f=json " + sites,
		"/OGCFeatureServer/collections/sites/items/1":                           "/collections/sites/items/1 " + sites,
		"/OGCFeatureServer/collections/12345":                                   "/collections/12345 " + sites,
		"/OGCFeatureServer/collections/a%2Fb":                                   "/collections/a%2Fb " + sites,
		"/arcgis/rest/services/sites/VectorTileServer/resources/styles/?f=json": "/arcgis/rest/services/sites/VectorTileServer/resources/styles?f=json sites",
		"/collections/":                                                         "/collections/ sites",
		"/OGCFeatureServerx":                                                    "/OGCFeatureServerx sites",
		"/collections/" + sites:                                                 "/collections/" + sites + " sites",
		"/collections/sites/OGCFeatureServer":                                   "/collections/sites/OGCFeatureServer sites",
	} {
		w := httptest.NewRecorder()
		e.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://example.com"+asked, nil))
		if got := w.Body.String(); got != want {
			t.Errorf("%s is answered as %s, want %s", asked, got, want)
		}
	}
	if number("sites") == number("roads") {
		t.Error("one number for two collections")
	}
}
