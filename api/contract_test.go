package api_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"

	"contado/api/apitest"
	"contado/api/openapi"
)

// everything is an address of each kind, with the status that it answers.
var everything = map[string]int{
	"/": 200, "/?f=html": 200, "/conformance": 200, "/functions": 200, "/conformance?f=html&lang=it": 200, "/api": 200, "/api.html?lang=it": 200,
	"/docs": 200, "/docs?lang=it": 200, "/docs/pictures/places.it.webp": 200, "/docs/pictures/nothing.it.webp": 404, "/docs/pictures/..%2fplanner.it.html": 404, "/problems/not-found": 200, "/problems/nothing": 404,
	"/status": 200, "/healthz": 200, "/readyz": 200,
	"/collections": 200, "/collections?f=html": 200,
	"/collections/sites": 200, "/collections/scenes": 200, "/collections/sites?f=html": 200, "/collections/scenes?f=html&lang=it": 200,
	"/collections/municipalities": 200, "/collections/nothing": 404, "/collections/NO..": 404,
	"/collections/sites/items": 200, "/collections/sites/items?f=html": 200, "/collections/scenes/items": 200, "/collections/scenes/items?f=html": 200,
	"/collections/sites/items/1": 200, "/collections/sites/items/57": 200, "/collections/sites/items/1?f=html": 200,
	"/collections/sites/items/999": 404, "/collections/sites/items/x": 404, "/collections/scenes/items/nothing": 404,
	"/collections/sites/queryables": 200, "/collections/scenes/queryables": 200, "/collections/sites/schema": 200, "/collections/scenes/schema": 200,
	"/xyz/sites.json": 200, "/xyz/scenes.json?bands=B04,B03,B02": 200, "/xyz/elevation.json?colormap=viridis&rescale=200,300": 200,
	"/xyz/sites.txt": 404, "/xyz/nothing.json": 404, "/xyz/scenes.json?bands=B99": 400, "/xyz/scenes.json?item=none": 404,
	"/xyz/elevation/10/537/363.png": 200, "/xyz/elevation/10/537/363@2x.png": 200, "/xyz/sites/10/537/364.mvt": 200, "/xyz/sites/3/0/0.mvt": 204,
	"/xyz/sites/10/537/364.png": 400, "/xyz/elevation/10/537/363.mvt": 400, "/xyz/elevation/25/0/0.png": 400, "/xyz/elevation/3/8/0.png": 400,
	"/xyz/nothing/3/0/0.png": 404, "/xyz/elevation/3/0/0.gif": 400, "/xyz/elevation/03/0/0.png": 400, "/xyz/sites/10/537/364@2x.mvt": 400,
	"/tileMatrixSets": 200, "/tileMatrixSets/WebMercatorQuad": 200, "/tileMatrixSets/RDN2008UTM32NEQuad": 200, "/tileMatrixSets/nothing": 404,
	"/collections/scenes/map": 200, "/collections/scenes/map?f=webp&width=200": 200, "/collections/sites/map": 404, "/collections/nothing/map": 404,
	"/collections/scenes/map?bbox=8.95,46.02,9.05,46.08&crs=http://www.opengis.net/def/crs/EPSG/0/3857&height=100&f=jpeg": 200,
	"/collections/scenes/map?bbox=1,2,3": 400, "/collections/scenes/map?crs=EPSG:2154": 400, "/collections/scenes/map?width=5000": 413,
	"/collections/scenes/map?center=9,46.05&scale-denominator=100000&mm-per-pixel=0.5&width=100&height=80&bgcolor=navy": 200,
	"/collections/scenes/map?subset=Lat(46.02:46.06),Lon(9:9.02)&transparent=false":                                     200, "/collections/scenes/map?subset=h(1:2)": 400,
	"/collections/scenes/map?subset=time(2019)": 204, "/collections/elevation/map?subset=time(2019)&width=20": 200,
	"/collections/scenes/map?bbox=8.95,46.02,9.05,46.08&center=9,46": 400, "/collections/scenes/map?bbox=8.95,46.02,9.05,46.08&width=10&scale-denominator=5": 400,
	"/collections/scenes/map/tiles": 200, "/collections/scenes/map/tiles/WebMercatorQuad": 200, "/collections/scenes/map/tiles/nothing": 404,
	"/collections/scenes/map/tiles/EuropeanETRS89_LAEAQuad": 200, "/collections/sites/map/tiles": 404, "/collections/islands/tiles/UTM32WGS84Quad": 200, "/collections/islands/tiles/NoSuchQuad": 404,
	"/collections/scenes/map/tiles/WebMercatorQuad/10/363/537": 200, "/collections/scenes/map/tiles/WebMercatorQuad/10/363/537?f=jpeg&bgcolor=0xff0000": 200,
	"/collections/scenes/map/tiles/WebMercatorQuad/3/8/0": 404, "/collections/scenes/map/tiles/WebMercatorQuad/3/x/0": 400, "/collections/scenes/map/tiles/UTM32WGS84Quad/0/0/0": 404,
	"/collections/sites/tiles": 200, "/collections/sites/tiles/WebMercatorQuad": 200, "/collections/scenes/tiles": 404, "/collections/sites/tiles/WebMercatorQuad/10/364/537": 200,
	"/collections/sites/tiles/WebMercatorQuad/3/0/0": 404, "/collections/sites/tiles/WorldCRS84Quad/3/0/0": 404,
	"/collections/sites/sortables": 200, "/collections/sites/queryables?f=html": 200, "/collections/sites/schema?f=html&lang=it": 200, "/collections/sites/schema?f=xsd": 200, "/collections/scenes/schema?f=xsd": 400, "/collections/scenes/sortables": 200,
	"/collections/sites/changes": 200, "/collections/sites/items?f=jsonfg": 200, "/collections/municipalities/items?f=jsonfg&crs=http://www.opengis.net/def/crs/EPSG/0/32632": 200,
	"/collections/sites/items?f=csv": 200, "/collections/sites/items?f=geojsonseq": 200, "/collections/sites/items?f=fgb": 200, "/collections/sites/items?f=gml": 400,
	"/collections/sites/items?filter=number%3C5&sortby=-number&properties=kind&zoom-level=5": 200, "/collections/scenes/items?filter=a": 400,
	"/collections/sites/items?offset=50&limit=5": 200, "/collections/scenes/items?offset=1": 400,
	"/collections/scenes/items?crs=http://www.opengis.net/def/crs/EPSG/0/6707": 200,
	"/xyz/scenes/preview.png": 200, "/xyz/scenes/preview.tif?max_size=50&dst_crs=EPSG:3857": 200, "/xyz/scenes/preview.gif": 400, "/xyz/scenes/previews.png": 404, "/xyz/sites/preview.png": 400,
	"/xyz/scenes/point/9,46.05": 200, "/xyz/scenes/point/9": 400, "/xyz/scenes/point/500000,5100000?coord_crs=EPSG:32632": 200,
	"/xyz/scenes/bbox/8.95,46.02,9.05,46.08.png": 200, "/xyz/scenes/bbox/8.95,46.02,9.05,46.08/64x48.npy": 200, "/xyz/scenes/bbox/8.95,46.02,9.05,46.08/5000x48.png": 413,
	"/xyz/scenes/bbox/9,46,8,47.png": 200, "/xyz/scenes/bbox/9,46,9,47.png": 400, "/xyz/scenes/bbox/9,46,9.01,46.01/axb.png": 400,
	"/here?lon=9&lat=46.05": 200, "/here?lon=9&lat=46.05&datasets=&radius=0": 200, "/here?lon=9&lat=46.05&datasets=sites,elevation&radius=5000": 200,
	"/here": 400, "/here?lon=200&lat=46": 400, "/here?lon=9&lat=46&radius=5001": 400, "/here?lon=9&lat=46&datasets=nothing": 404, "/here?lon=9&lat=46&datasets=a,,b": 404,
	"/arcgis/rest/info": 200, "/arcgis/rest/services?f=pjson": 200, "/arcgis/rest/services?f=html": 400, "/arcgis/rest/services/sites/VectorTileServer": 200,
	"/arcgis/rest/services/nothing/VectorTileServer": 404, "/arcgis/rest/services/scenes/VectorTileServer": 404, "/arcgis/rest/services/NO../VectorTileServer?f=json": 404,
	"/arcgis/rest/services/sites/VectorTileServer/resources/styles?f=json": 200, "/arcgis/rest/services/sites/VectorTileServer/resources/styles/root.json": 200,
	"/arcgis/rest/services/scenes/VectorTileServer/resources/styles/root.json": 404, "/arcgis/rest/services/sites/VectorTileServer/tile/10/364/537.pbf": 200,
	"/arcgis/rest/services/sites/VectorTileServer/tile/3/0/0.pbf": 204, "/arcgis/rest/services/sites/VectorTileServer/tile/3/8/0.pbf": 400,
	"/arcgis/rest/services/sites/VectorTileServer/tile/10/364/537.png": 404, "/arcgis/rest/services/scenes/VectorTileServer/tile/0/0/0.pbf": 404,
	"/styles/map": 200, "/styles/base": 200, "/styles/base?lang=it": 200, "/styles/base?by=x": 400, "/basemaps": 200, "/styles/sites": 200, "/styles/nothing": 404,
	"/legend/landcover": 200, "/legend/elevation.svg": 200, "/legend/clinic?f=svg": 200, "/legend/municipalities.json": 200, "/legend/sites.gif": 404,
	"/places?q=west": 200, "/places?q=46.05,%209.01&limit=3": 200, "/places?q=place&kind=place,service&bbox=8.9,46,9.1,46.1": 200, "/places": 400, "/places?q=": 400,
	"/places?q=x&limit=51": 400, "/places?q=x&kind=nothing": 400, "/places?q=x&bbox=1,2": 400, "/places?q=%ff": 400,
	"/territories": 200, "/territories?parent=9": 200, "/territories?q=west": 200, "/territories?at=9.01,46.05": 200, "/territories?level=municipality": 200,
	"/territories?parent=nobody": 404, "/territories?parent=9&q=x": 400, "/territories?at=here": 400,
	"/territories/001": 200, "/territories/9?geometry=true": 200, "/territories/nobody": 404, "/territories/9?geometry=perhaps": 400,
	"/territories/9/profile": 200, "/territories/nobody/profile": 404, "/territories?parent=9&people=true": 200, "/territories?people=perhaps": 400,
	"/territories/001/picture": 200, "/territories/nobody/picture": 404,
	"/travel-times/9/268/182.bin?territory=9&service=sites&profile=straight-line": 200, "/travel-times/9/268/182.png?territory=9&service=sites&profile=straight-line&minutes=5,20": 200,
	"/travel-times/9/268/182.bin": 400, "/travel-times/9/268/182.png?territory=9&service=sites&minutes=20,5": 400, "/travel-times/9/268/182.gif?territory=9&service=sites": 400,
	"/travel-times/9/268/0182.bin?territory=9&service=sites": 400, "/travel-times/3/8/0.bin?territory=9&service=sites&profile=straight-line": 404, "/travel-times/9/268/182.bin?territory=nobody&service=sites": 400,
	"/processes": 200, "/processes/coverage-report": 200, "/processes/zonal-statistics": 200, "/processes/none": 404,
	"/jobs": 200, "/jobs/none": 404, "/jobs/none/results": 404, "/reports": 200, "/reports/none.json": 404, "/reports/study.schema.json": 200, "/reports?stale=false&q=west&datetime=2020-01-01/..": 200, "/reports?stale=perhaps": 400,
	"/reports/none/comparison/nothing": 404, "/reports/none/comparison/nothing?f=html": 404, "/reports/none/comparison/nothing?f=pdf": 404, "/reports/none/comparison/nothing?f=xlsx": 400, "/recipes": 200, "/processes/report-again": 200, "/processes/report-verify": 200, "/processes/recipe-report": 200,
	"/reports/none.html": 404,
	"/nothing/here":      404, "/collections/..%2f..%2fetc": 404, "/reports/..%2f..%2fcatalog.json": 404,
}

func TestEveryAddressKeepsTheContract(t *testing.T) {
	t.Parallel()
	for path, want := range everything {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			ask.Do(t, apitest.Request{Path: path}).Want(want)
		})
	}
}

// Every address that answers refuses a parameter that it does not know.
func TestUnknownParametersAreRefused(t *testing.T) {
	t.Parallel()
	for path, want := range everything {
		if want != http.StatusOK {
			continue
		}
		sep := "?"
		if strings.Contains(path, "?") {
			sep = "&"
		}
		r := ask.Do(t, apitest.Request{Path: path + sep + "unheard=of"})
		if r.Code != http.StatusBadRequest || !strings.Contains(r.Body.String(), "unheard") {
			t.Errorf("%s with an unknown parameter: %d %s", path, r.Code, r.Body)
		}
	}
}

// routes are those of the server, as the document writes them.
func routes(t *testing.T) map[string][]string {
	t.Helper()
	e, ok := land.Server.Handler().(*echo.Echo)
	if !ok {
		t.Fatal("the handler is no Echo")
	}
	out := map[string][]string{}
	for _, r := range e.Routes() {
		parts := strings.Split(r.Path, "/")
		for i, p := range parts {
			if name, ok := strings.CutPrefix(p, ":"); ok {
				parts[i] = "{" + name + "}"
			}
		}
		path := strings.Join(parts, "/")
		if strings.HasPrefix(path, "/assets/") || strings.Count(path, "/") == 1 && strings.Contains(path, ".") && path != "/api.html" {
			continue // files of the web page
		}
		out[path] = append(out[path], r.Method)
	}
	return out
}

func TestEveryRouteIsDocumentedAndTheOtherWayRound(t *testing.T) {
	t.Parallel()
	doc, err := openapi.Load()
	if err != nil {
		t.Fatal(err)
	}
	have := routes(t)
	for path, methods := range have {
		item := doc.Paths.Find(path)
		if item == nil {
			t.Errorf("%s is not in the document", path)
			continue
		}
		for _, m := range methods {
			if m == http.MethodHead {
				if !slices.Contains(methods, http.MethodGet) {
					t.Errorf("HEAD without GET at %s", path)
				}
				continue
			}
			if item.GetOperation(m) == nil {
				t.Errorf("%s %s is not in the document", m, path)
			}
			if m == http.MethodGet && !slices.Contains(methods, http.MethodHead) {
				t.Errorf("GET %s has no HEAD", path)
			}
		}
	}
	for path, item := range doc.Paths.Map() {
		for m := range item.Operations() {
			if !slices.Contains(have[path], m) {
				t.Errorf("the document has %s %s, the server not", m, path)
			}
		}
	}
}

// What the Features test suite and Italian rules for interfaces want of the
// document.
func TestDocumentIsAsClientsWant(t *testing.T) {
	t.Parallel()
	doc, err := openapi.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"limit", "bbox", "datetime"} {
		p := doc.Components.Parameters[name].Value
		if p.In != "query" || p.Required || p.Style != "form" || p.Explode == nil || *p.Explode {
			t.Errorf("parameter %s: %+v", name, p)
		}
	}
	limit := doc.Components.Parameters["limit"].Value.Schema.Value
	if limit.Min == nil || limit.Max == nil || *limit.Max != 10000 || fmt.Sprint(limit.Default) != "10" {
		t.Errorf("limit: %+v", limit)
	}
	ids := map[string]bool{}
	for path, item := range doc.Paths.Map() {
		for m, op := range item.Operations() {
			if op.OperationID == "" || ids[op.OperationID] {
				t.Errorf("%s %s: operationId %q is missing or used twice", m, path, op.OperationID)
			}
			ids[op.OperationID] = true
			if op.Summary == "" || len(op.Tags) != 1 {
				t.Errorf("%s %s lacks a summary or a tag", m, path)
			}
			for code, r := range op.Responses.Map() {
				if code[0] != '4' && code[0] != '5' && code != "default" {
					continue
				}
				if len(r.Value.Content) != 1 || r.Value.Content["application/problem+json"] == nil {
					t.Errorf("%s %s: response %s is not problem+json alone", m, path, code)
				}
			}
		}
	}
	if doc.Info.Contact == nil || doc.Info.TermsOfService == "" || doc.Info.Extensions["x-summary"] == nil {
		t.Error("info lacks contact, terms or x-summary")
	}
}

func TestEveryNumberHasAFormat(t *testing.T) {
	t.Parallel()
	var doc map[string]any
	ask.JSON(t, "/api", &doc)
	var walk func(at string, v any)
	walk = func(at string, v any) {
		switch v := v.(type) {
		case map[string]any:
			if kind := v["type"]; (kind == "number" || kind == "integer") && v["format"] == nil {
				t.Errorf("%s: a %s without format", at, kind)
			}
			for k, child := range v {
				walk(at+"/"+k, child)
			}
		case []any:
			for i, child := range v {
				walk(fmt.Sprintf("%s/%d", at, i), child)
			}
		}
	}
	walk("", doc)
	if doc["info"].(map[string]any)["version"] != "0.0.1-test" {
		t.Errorf("info: %v", doc["info"])
	}
	paths := doc["paths"].(map[string]any)
	if paths["/collections/sites/items"] == nil {
		t.Error("the items of sites have no address of their own")
	}
}
