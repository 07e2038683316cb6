package api_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"contado/api/apitest"
	"contado/tiles/vector/mvttest"
)

// probe is what shows that a conformance class holds. Each asks what its
// class requires at its core; the tests of the package go deeper.
type probe func(*testing.T)

// ids of the sites that a query selects are those wanted, without regard to
// their order.
func selects(q, want string) probe {
	return func(t *testing.T) {
		ids, _, _ := walk(t, "/collections/sites/items?limit=1000&"+q)
		if got := strings.Join(ids, " "); got != want {
			t.Errorf("%s: %q, want %q", q, got, want)
		}
	}
}

// filters is selects with filters in CQL2 text, and what each selects.
func filters(pairs ...string) probe {
	return func(t *testing.T) {
		for i := 0; i < len(pairs); i += 2 {
			selects("filter="+url.QueryEscape(pairs[i]), pairs[i+1])(t)
		}
	}
}

// all puts probes together.
func all(list ...probe) probe {
	return func(t *testing.T) {
		for _, p := range list {
			p(t)
		}
	}
}

// answers asks for addresses, each followed by the beginning of its media type.
func answers(pairs ...string) probe {
	return func(t *testing.T) {
		for i := 0; i < len(pairs); i += 2 {
			r := ask.Get(t, pairs[i])
			if got := r.Header().Get("Content-Type"); !strings.HasPrefix(got, pairs[i+1]) {
				t.Errorf("%s is %s, want %s", pairs[i], got, pairs[i+1])
			}
		}
	}
}

// refuses asks for addresses that are wrong.
func refuses(paths ...string) probe {
	return func(t *testing.T) {
		for _, p := range paths {
			ask.Do(t, apitest.Request{Path: p}).Want(http.StatusBadRequest)
		}
	}
}

// links looks for relations in a document.
func links(path string, rels ...string) probe {
	return func(t *testing.T) {
		var doc struct{ Links []link }
		ask.JSON(t, path, &doc)
		for _, rel := range rels {
			l, ok := find(doc.Links, rel)
			if !ok {
				t.Errorf("%s links no %s", path, rel)
				continue
			}
			if !strings.Contains(l.Href, "{") {
				ask.Get(t, strings.TrimPrefix(l.Href, "http://example.com"))
			}
		}
	}
}

// properties looks for attributes in a JSON Schema.
func properties(path string, names ...string) probe {
	return func(t *testing.T) {
		var doc struct {
			Schema     string                     `json:"$schema"`
			ID         string                     `json:"$id"`
			Properties map[string]json.RawMessage `json:"properties"`
		}
		ask.JSON(t, path, &doc)
		if !strings.HasPrefix(doc.Schema, "https://json-schema.org/draft/2020-12/schema") && !strings.HasPrefix(doc.Schema, "https://json-schema.org/draft/2019-09/schema") {
			t.Errorf("%s is of schema %q", path, doc.Schema)
		}
		for _, n := range names {
			if doc.Properties[n] == nil {
				t.Errorf("%s has no %s", path, n)
			}
		}
	}
}

const (
	relOGC   = "http://www.opengis.net/def/rel/ogc/1.0/"
	crs4326  = "http://www.opengis.net/def/crs/EPSG/0/4326"
	mapOf    = "/collections/elevation/map"
	tilesOf  = "/collections/sites/tiles/WebMercatorQuad"
	first3   = "number<4 AND "
	atLake   = "POLYGON((9.005 45.99,9.025 45.99,9.025 46.005,9.005 46.005,9.005 45.99))" // sites 1 and 2
	through1 = "LINESTRING(9.01 45.9,9.01 46.005)"                                        // site 1
)

// proofs hold the proof of each class that is declared.
var proofs = map[string]probe{
	"ogcapi-common-1/1.0/conf/core":         all(links("/", "service-desc", "conformance"), refuses("/?unheard=of")),
	"ogcapi-common-1/1.0/conf/landing-page": links("/", "service-desc", "service-doc", "conformance", "data", "self", "alternate"),
	"ogcapi-common-1/1.0/conf/json":         answers("/?f=json", "application/json", "/conformance", "application/json", "/collections", "application/json"),
	"ogcapi-common-1/1.0/conf/html":         answers("/conformance?f=html", "text/html", "/collections?f=html", "text/html"),
	"ogcapi-common-1/1.0/conf/oas30":        openAPI,
	"ogcapi-common-2/1.0/conf/collections":  all(links("/collections", "self"), links("/collections/sites", "self", "items")),

	"ogcapi-features-1/1.0/conf/core": all(
		selects("bbox=9.01,46,9.02,46", "1 2 57"), selects("datetime=2024-01-05", "4 32"), links("/collections/sites/items?limit=5", "self", "alternate", "next"),
		refuses("/collections/sites/items?limit=0", "/collections/sites/items?unheard=of"),
	),
	"ogcapi-features-1/1.0/conf/geojson": answers("/collections/sites/items", "application/geo+json", "/collections/sites/items/1", "application/geo+json"),
	"ogcapi-features-1/1.0/conf/html":    answers("/collections/sites/items?f=html", "text/html", "/collections/sites/items/1?f=html", "text/html", "/collections/sites?f=html", "text/html"),
	"ogcapi-features-1/1.0/conf/oas30":   openAPI,
	"ogcapi-features-2/1.0/conf/crs":     systems,

	"ogcapi-features-3/1.0/conf/queryables":                  all(links("/collections/sites", relOGC+"queryables"), properties("/collections/sites/queryables", "kind", "number", "weight", "open", "seen")),
	"ogcapi-features-3/1.0/conf/queryables-query-parameters": all(selects("number=7", "7"), selects("kind=mill&number=9", "9")),
	"ogcapi-features-3/1.0/conf/filter": all(
		filters("number=7", "7"), refuses("/collections/sites/items?filter=unheard=1", "/collections/sites/items?filter=number%3D1&filter-lang=sql"),
	),
	"ogcapi-features-3/1.0/conf/features-filter": all(
		selects("filter=number%3C9&kind=mill", "3 6"), selects("filter=number%3C9&bbox=9.01,46,9.02,46", "1 2"),
		selects("filter="+url.QueryEscape("S_INTERSECTS(geometry,BBOX(46,9.01,46,9.02))")+"&filter-crs="+url.QueryEscape(crs4326), "1 2"),
	),

	"cql2/1.0/conf/cql2-text": filters("number=7 OR NOT number<>9", "7 9"),
	"cql2/1.0/conf/cql2-json": selects("filter-lang=cql2-json&filter="+url.QueryEscape(`{"op":"in","args":[{"property":"number"},[7,9]]}`), "7 9"),
	"cql2/1.0/conf/basic-cql2": filters(
		"number>=7 AND number<=8", "7 8", "number<2 OR number=7", "1 7", "NOT number>2", "1 2", "geometry IS NULL", "57", "number<3 AND geometry IS NOT NULL", "1 2",
		"seen=TIMESTAMP('2024-01-05T10:00:00Z')", "4 32", "number<5 AND open=true", "2 4", "kind='mill' AND number<5", "3",
	),
	"cql2/1.0/conf/advanced-comparison-operators": filters("number BETWEEN 7 AND 8", "7 8", "number IN (7,9)", "7 9", first3+"kind LIKE 'mi__'", "3", first3+"kind NOT LIKE 'm%'", "1 2", "number NOT BETWEEN 3 AND 99", "1 2"),
	"cql2/1.0/conf/case-insensitive-comparison":   filters(first3+"CASEI(kind)=CASEI('MILL')", "3", first3+"CASEI(kind) LIKE CASEI('MIL%')", "3", first3+"CASEI(kind) IN (CASEI('MILL'))", "3"),
	"cql2/1.0/conf/accent-insensitive-comparison": filters(first3+"ACCENTI(kind)=ACCENTI('mìll')", "3", first3+"ACCENTI(kind)=ACCENTI('Mìll')", "", first3+"ACCENTI(CASEI(kind))=ACCENTI(CASEI('MÌLL'))", "3"),
	"cql2/1.0/conf/basic-spatial-functions":       filters("S_INTERSECTS(geometry,BBOX(9.01,46,9.02,46.005))", "1 2", "S_INTERSECTS(geometry,POINT(9.01 46))", "1"),
	"cql2/1.0/conf/basic-spatial-functions-plus": filters(
		"S_INTERSECTS(geometry,"+atLake+")", "1 2", "S_INTERSECTS(geometry,"+through1+")", "1", "S_INTERSECTS(geometry,MULTIPOINT((9.01 46),(9.02 46)))", "1 2",
		"S_INTERSECTS(geometry,GEOMETRYCOLLECTION(POINT(9.03 46),"+through1+"))", "1 3",
	),
	"cql2/1.0/conf/spatial-functions": filters(
		"S_WITHIN(geometry,"+atLake+")", "1 2", first3+"S_DISJOINT(geometry,"+through1+")", "2 3", "S_EQUALS(geometry,POINT(9.03 46))", "3", "S_CONTAINS(geometry,POINT(9.03 46))", "3",
		"S_TOUCHES(geometry,LINESTRING(9.01 46,9.015 46.005))", "1", "S_CROSSES(geometry,"+through1+")", "", "S_OVERLAPS(geometry,POINT(9.01 46))", "",
	),
	"cql2/1.0/conf/temporal-functions": filters(
		"T_AFTER(seen,TIMESTAMP('2024-01-28T09:00:00Z'))", "27 55", first3+"T_BEFORE(seen,DATE('2024-01-03'))", "1", "T_DURING(seen,INTERVAL('2024-01-05T09:00:00Z','2024-01-05T11:00:00Z'))", "4 32",
		"T_EQUALS(seen,TIMESTAMP('2024-01-05T10:00:00Z'))", "4 32", "T_INTERSECTS(seen,INTERVAL('2024-01-28T00:00:00Z','..'))", "27 55",
	),
	"cql2/1.0/conf/array-functions": filters(
		first3+"A_CONTAINS(tags,('a','mill'))", "3", first3+"A_CONTAINEDBY(tags,('a','mill','x'))", "3", first3+"A_OVERLAPS(tags,('mill','x'))", "3", first3+"A_EQUALS(tags,('a','mill'))", "3",
	),
	"cql2/1.0/conf/property-property": filters("number=weight", "", first3+"number>weight", "1 2 3", first3+"(7=number OR 'mill'=kind)", "3"),
	"cql2/1.0/conf/arithmetic":        filters("number+1=8", "7", "number*2-weight*8=9", "9", "number=2^3+1", "9", "number % 30 = 7", "7 37", "number div 8 = 1 AND number<10", "8 9", "weight=number/8 AND number<3", "1 2"),
	"cql2/1.0/conf/functions":         functionsHold,

	"ogcapi-features-5/1.0/conf/schemas":                     all(links("/collections/sites", relOGC+"schema"), properties("/collections/sites/schema", "kind", "number", "geometry")),
	"ogcapi-features-5/1.0/conf/core-roles-features":         roles,
	"ogcapi-features-5/1.0/conf/returnables-and-receivables": properties("/collections/sites/schema", "id", "geometry", "kind"),
	"ogcapi-features-5/1.0/conf/queryables":                  properties("/collections/sites/queryables", "kind"),
	"ogcapi-features-5/1.0/conf/sortables":                   properties("/collections/sites/sortables", "kind"),
	"ogcapi-common-3/1.0/conf/schemas":                       properties("/collections/sites/schema", "kind"),
	"ogcapi-features-8/1.0/conf/sortables":                   links("/collections/sites", relOGC+"sortables"),
	"ogcapi-features-8/1.0/conf/sorting":                     refuses("/collections/sites/items?sortby=unheard", "/collections/sites/items?sortby="),
	"ogcapi-features-8/1.0/conf/features-sorting":            all(selects("filter=number%3C4&sortby=-number", "3 2 1"), selects("filter=number%3C5&sortby=open,-number", "3 1 4 2")),
	"json-fg-1/1.0/conf/core":                                all(answers("/collections/sites/items?f=jsonfg", "application/fg+json"), isJSONFG),

	"ogcapi-features-4/1.0/conf/create-replace-delete":   edits,
	"ogcapi-features-4/1.0/conf/update":                  edits,
	"ogcapi-features-4/1.0/conf/features":                edits,
	"ogcapi-features-4/1.0/req/optimistic-locking-etags": edits,

	"tms/2.0/conf/tilematrixset":            grids,
	"tms/2.0/conf/json-tilematrixset":       grids,
	"ogcapi-tiles-1/1.0/conf/core":          answers(tilesOf+"/10/364/537", "application/vnd.mapbox-vector-tile"),
	"ogcapi-tiles-1/1.0/conf/tileset":       links(tilesOf, "self", "item", relOGC+"tiling-scheme"),
	"ogcapi-tiles-1/1.0/conf/tilesets-list": tilesets,
	"ogcapi-tiles-1/1.0/conf/geodata-tilesets": all(
		links("/collections/sites", relOGC+"tilesets-vector"), links("/collections/elevation", relOGC+"tilesets-map"),
	),
	"ogcapi-tiles-1/1.0/conf/datetime": datedTiles,
	"ogcapi-tiles-1/1.0/conf/oas30":    openAPI,
	"ogcapi-tiles-1/1.0/conf/mvt":      answers(tilesOf+"/10/364/537?f=mvt", "application/vnd.mapbox-vector-tile"),
	"ogcapi-tiles-1/1.0/conf/png":      answers(mapOf+"/tiles/WebMercatorQuad/10/363/537?f=png", "image/png"),
	"ogcapi-tiles-1/1.0/conf/jpeg":     answers(mapOf+"/tiles/WebMercatorQuad/10/363/537?f=jpeg", "image/jpeg"),

	"ogcapi-maps-1/1.0/conf/core":               answers(mapOf, "image/png"),
	"ogcapi-maps-1/1.0/conf/collection-map":     links("/collections/elevation", relOGC+"map"),
	"ogcapi-maps-1/1.0/conf/tilesets":           links("/collections/elevation", relOGC+"tilesets-map"),
	"ogcapi-maps-1/1.0/conf/scaling":            answers(mapOf+"?width=50&height=40", "image/png", mapOf+"?scale-denominator=50000", "image/png"),
	"ogcapi-maps-1/1.0/conf/display-resolution": answers(mapOf+"?scale-denominator=50000&mm-per-pixel=0.5", "image/png"),
	"ogcapi-maps-1/1.0/conf/spatial-subsetting": answers(mapOf+"?bbox=9,46,9.05,46.05", "image/png", mapOf+"?subset=Lon(9:9.05),Lat(46:46.05)", "image/png", mapOf+"?center=9.02,46.02&width=20&height=20&scale-denominator=50000", "image/png"),
	"ogcapi-maps-1/1.0/conf/crs":                answers(mapOf+"?crs="+url.QueryEscape(utm32), "image/png"),
	"ogcapi-maps-1/1.0/conf/datetime":           answers("/collections/scenes/map?datetime=2024-05-01", "image/png"),
	"ogcapi-maps-1/1.0/conf/png":                answers(mapOf+"?f=png", "image/png"),
	"ogcapi-maps-1/1.0/conf/jpeg":               answers(mapOf+"?f=jpeg", "image/jpeg"),
}

// Every class that is declared has its proof, and nothing is proved in vain.
func TestEveryDeclaredClass(t *testing.T) {
	t.Parallel()
	var c struct{ ConformsTo []string }
	ask.JSON(t, "/conformance", &c)
	declared := map[string]bool{}
	for _, class := range c.ConformsTo {
		name, ok := strings.CutPrefix(class, "http://www.opengis.net/spec/")
		if !ok || declared[name] {
			t.Errorf("%s is declared twice, or is no class of OGC", class)
		}
		declared[name] = true
		p := proofs[name]
		if p == nil {
			t.Errorf("%s is declared without a proof", class)
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p(t)
		})
	}
	for name := range proofs {
		if !declared[name] {
			t.Errorf("%s holds and is not declared", name)
		}
	}
}

func openAPI(t *testing.T) {
	var doc struct {
		Openapi string
		Paths   map[string]any
	}
	ask.JSON(t, "/api", &doc)
	for _, path := range []string{"/collections/{id}/items", "/collections/{id}/tiles/{tileMatrixSetId}/{tileMatrix}/{tileRow}/{tileCol}", "/conformance"} {
		if doc.Paths[path] == nil {
			t.Errorf("the document lacks %s", path)
		}
	}
	if !strings.HasPrefix(doc.Openapi, "3.0") {
		t.Errorf("OpenAPI %s", doc.Openapi)
	}
}

func systems(t *testing.T) {
	for query, want := range map[string]string{"": "http://www.opengis.net/def/crs/OGC/1.3/CRS84", "&crs=" + url.QueryEscape(crs4326): crs4326} {
		r := ask.Get(t, "/collections/sites/items/1?f=json"+query)
		var f struct {
			Geometry struct{ Coordinates []float64 }
		}
		r.Read(&f)
		x := f.Geometry.Coordinates
		if want == crs4326 {
			x[0], x[1] = x[1], x[0] // north first
		}
		if got := r.Header().Get("Content-Crs"); got != "<"+want+">" || x[0] != 9.01 || x[1] != 46 {
			t.Errorf("%q: %s at %v", query, got, x)
		}
	}
	selects("bbox=46,9.01,46,9.02&bbox-crs="+url.QueryEscape(crs4326), "1 2 57")(t)
	refuses("/collections/sites/items?crs=nothing", "/collections/sites/items?bbox=1,2,3,4&bbox-crs=nothing")(t)
}

// Each function that is listed can be called with what the list says, and has
// the meaning that its name says, in several conditions.
func functionsHold(t *testing.T) {
	var doc struct {
		Functions []struct {
			Name      string
			Arguments []struct{ Type []string }
			Returns   struct{ Type []string }
		}
	}
	ask.JSON(t, "/functions", &doc)
	links("/", relOGC+"functions")(t)
	cases := map[string][]string{
		"abs": {"abs(number-10)=1", "9 11", "abs(number - 20) < 1.5", "19 20 21"}, "ceil": {"ceil(weight)=1", "1 2 3 4 5 6 7 8", "ceil(weight) IN (0,8) AND number<58", "57"},
		"concat": {first3 + "concat(kind,'!')='mill!'", "3", first3 + "concat(kind,'!') LIKE 'm%!'", "3"}, "day": {"day(seen)=5", "4 32", "day(seen) BETWEEN 27 AND 28 AND number<28", "26 27"},
		"floor": {"floor(weight)=1 AND number<10", "8 9", "floor(weight)>6", "56 57"}, "length": {first3 + "length(kind)=4", "3", first3 + "length(kind)>length('mill')", "1 2"},
		"lower": {first3 + "lower('MILL')=kind", "3", first3 + "lower(kind) LIKE 'mill'", "3"}, "month": {"month(seen)=2", "", first3 + "month(seen)<2", "1 2 3"},
		"round": {"round(weight)=1", "4 5 6 7 8 9 10 11", "round(number/57)>1", ""}, "trim": {first3 + "trim(' mill ')=kind", "3", first3 + "trim(kind) IN ('mill')", "3"},
		"upper": {first3 + "upper(kind)='MILL'", "3", first3 + "upper(trim(kind))>='MILL'", "3"}, "year": {first3 + "year(seen)=2024", "1 2 3", "year(seen)<>2024", ""},
	}
	for _, f := range doc.Functions {
		conditions := cases[f.Name]
		if conditions == nil {
			t.Errorf("%s is listed without a test", f.Name)
		}
		delete(cases, f.Name)
		filters(conditions...)(t)
		if len(f.Returns.Type) == 0 || len(f.Arguments) == 0 || len(f.Arguments[0].Type) == 0 {
			t.Errorf("%s has no types", f.Name)
		}
		wrong := strings.Repeat(",1", len(f.Arguments)) // one too many
		refuses("/collections/sites/items?filter=" + url.QueryEscape(f.Name+"(1"+wrong+")=1"))(t)
	}
	for name := range cases {
		t.Errorf("%s is not listed", name)
	}
	ask.Do(t, apitest.Request{Path: "/collections/sites/items?filter=" + url.QueryEscape("unheard(number)=1")}).Want(http.StatusNotImplemented)
}

func roles(t *testing.T) {
	var s struct {
		Properties map[string]struct {
			Role string `json:"x-ogc-role"`
		}
	}
	ask.JSON(t, "/collections/sites/schema", &s)
	if s.Properties["id"].Role != "id" || s.Properties["geometry"].Role != "primary-geometry" || s.Properties["seen"].Role != "primary-instant" {
		t.Errorf("%+v", s.Properties)
	}
}

func isJSONFG(t *testing.T) {
	var doc struct {
		ConformsTo []string
		Features   []struct {
			Time  map[string]any
			Place map[string]any
		}
	}
	ask.JSON(t, "/collections/sites/items?f=jsonfg&limit=1&crs="+url.QueryEscape(utm32), &doc)
	if len(doc.ConformsTo) == 0 || len(doc.Features) != 1 || doc.Features[0].Time == nil || doc.Features[0].Place == nil {
		t.Errorf("%+v", doc)
	}
}

// edits goes once through the life of a row.
func edits(t *testing.T) {
	at := well(t, "of "+t.Name(), 504_000, 5_104_000)
	tag := ask.Get(t, at).Header().Get("ETag")
	send(t, http.MethodPatch, at, asPatch, `{"properties":{"count":5}}`, "If-Match", tag).Want(http.StatusNoContent)
	send(t, http.MethodPatch, at, asPatch, `{"properties":{"count":6}}`, "If-Match", tag).Want(http.StatusPreconditionFailed)
	send(t, http.MethodPut, at, asGeoJSON, `{"type":"Feature","geometry":null,"properties":{"name":"replaced"}}`).Want(http.StatusNoContent)
	var f struct{ Properties map[string]any }
	ask.JSON(t, at, &f)
	if f.Properties["name"] != "replaced" || f.Properties["count"] != nil {
		t.Errorf("%v", f.Properties)
	}
	if allow := ask.Do(t, apitest.Request{Method: http.MethodOptions, Path: at}).Header().Get("Allow"); !strings.Contains(allow, "PATCH") {
		t.Errorf("Allow %s", allow)
	}
	send(t, http.MethodDelete, at, "", "").Want(http.StatusNoContent)
	ask.Do(t, apitest.Request{Path: at}).Want(http.StatusNotFound)
}

func grids(t *testing.T) {
	var list struct {
		TileMatrixSets []struct{ ID, URI string }
	}
	ask.JSON(t, "/tileMatrixSets", &list)
	for _, s := range list.TileMatrixSets {
		var doc struct {
			ID           string
			CRS          any
			TileMatrices []struct {
				ID                                               string
				ScaleDenominator, CellSize                       float64
				PointOfOrigin                                    []float64
				TileWidth, TileHeight, MatrixWidth, MatrixHeight int
			}
		}
		ask.JSON(t, "/tileMatrixSets/"+s.ID, &doc)
		for _, m := range doc.TileMatrices {
			if doc.CRS == nil || m.ID == "" || m.ScaleDenominator <= 0 || m.CellSize <= 0 || len(m.PointOfOrigin) != 2 || m.TileWidth <= 0 || m.TileHeight <= 0 || m.MatrixWidth <= 0 || m.MatrixHeight <= 0 {
				t.Errorf("%s: %+v", s.ID, m)
			}
		}
	}
	if len(list.TileMatrixSets) < 5 {
		t.Errorf("%v", list)
	}
}

func tilesets(t *testing.T) {
	var list struct {
		Tilesets []struct {
			DataType, CRS string
			Links         []link
		}
	}
	ask.JSON(t, "/collections/sites/tiles", &list)
	for _, s := range list.Tilesets {
		self, ok := find(s.Links, "self")
		if !ok || s.DataType != "vector" || s.CRS == "" {
			t.Errorf("%+v", s)
		}
		ask.Get(t, strings.TrimPrefix(self.Href, "http://example.com"))
	}
	if len(list.Tilesets) == 0 {
		t.Error("no tilesets")
	}
}

// Tiles hold what was there at the time, whatever form the time has.
func datedTiles(t *testing.T) {
	for when, want := range map[string]int{"2024-01-05T10:00:00Z": 2, "2024-01-05": 2, "2024-01-27T00:00:00Z/..": 4, "../2024-01-02T23:00:00Z": 4} {
		r := ask.Get(t, tilesOf+"/10/364/537?datetime="+when)
		tile, err := mvttest.Decode(r.Body.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		if got := len(tile.Layer("sites").Features); got != want {
			t.Errorf("%s: %d sites, want %d", when, got, want)
		}
	}
	refuses(tilesOf+"/10/364/537?datetime=never", "/collections/scenes/map/tiles/WebMercatorQuad/10/363/537?datetime=never")(t)
	seen := map[string]bool{}
	for _, when := range []string{"2024-05-01", "2024-07-01T00:00:00Z/..", "2024-05-01/2024-07-02"} {
		r := ask.Get(t, "/collections/scenes/map/tiles/WebMercatorQuad/10/363/537?datetime="+when)
		seen[fmt.Sprint(r.Header().Get("ETag"))] = true
	}
	if len(seen) != 3 {
		t.Error("the time of a map tile makes no difference")
	}
}
