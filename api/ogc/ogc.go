// Package ogc serves datasets as OGC API Features (17-069r4, 18-058r1): the
// landing page, collections, items. Raster datasets give their items as STAC
// items.
package ogc

import (
	"net/http"
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"contado/api/page"
	"contado/api/rest"
	"contado/geo/atlas"
	"contado/ingest/attach"
)

// Handler serves datasets from the current state of an atlas.
type Handler struct {
	Atlas   *atlas.Atlas
	Program string // part of validators: a newer program may answer otherwise
	// Home draws the web page at / for browsers.
	Home    echo.HandlerFunc
	Timeout time.Duration
	// Edit says who makes a request that changes rows, or why it may not; nil:
	// nothing is changed through this API.
	Edit func(*http.Request) (who string, err error)
	// RequireMatch refuses changes that do not say with If-Match which state
	// they are of.
	RequireMatch bool
	// Followed is how an attached table is followed; nil: there is none.
	Followed func(dataset string) (attach.Status, bool)

	values values
}

// Register adds the routes.
func (h *Handler) Register(r rest.Registrar) {
	t := rest.Within(h.Timeout)
	rest.Get(r, "/", h.landing, t)
	rest.Get(r, "/conformance", h.conformance, t)
	rest.Get(r, "/functions", h.functions, t)
	rest.Get(r, "/collections", h.collections, t)
	rest.Get(r, "/collections/:id", h.collection, t)
	rest.Get(r, "/collections/:id/items", h.items, t)
	rest.Get(r, "/collections/:id/items/:fid", h.item, t)
	rest.Get(r, "/collections/:id/changes", h.changes, t)
	r.Add(http.MethodOptions, "/collections/:id/items", h.options(listMethods), t)
	r.Add(http.MethodOptions, "/collections/:id/items/:fid", h.options(itemMethods), t)
	if h.Edit != nil {
		r.Add(http.MethodPost, "/collections/:id/items", h.create, t)
		r.Add(http.MethodPut, "/collections/:id/items/:fid", h.replace, t)
		r.Add(http.MethodPatch, "/collections/:id/items/:fid", h.update, t)
		r.Add(http.MethodDelete, "/collections/:id/items/:fid", h.remove, t)
	}
	for _, k := range schemaKinds {
		rest.Get(r, "/collections/:id/"+k.name, h.schemaOf(k), t)
	}
}

// conforms lists what is true, and nothing else. Processes have the form of
// OGC API Processes 1.0 and claim no class of it: its core has a server fetch
// inputs from addresses in the request (requirement 18 B), which this one does
// not do, so as not to be sent anywhere.
var conforms = []string{
	"http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/core",
	"http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/landing-page",
	"http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/json",
	"http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/html",
	"http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/oas30",
	"http://www.opengis.net/spec/ogcapi-common-2/1.0/conf/collections",
	"http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core",
	"http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/geojson",
	"http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/html",
	"http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/oas30",
	"http://www.opengis.net/spec/ogcapi-features-2/1.0/conf/crs",
	"http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/queryables",
	"http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/queryables-query-parameters",
	"http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/filter",
	"http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/features-filter",
	"http://www.opengis.net/spec/cql2/1.0/conf/cql2-text",
	"http://www.opengis.net/spec/cql2/1.0/conf/cql2-json",
	"http://www.opengis.net/spec/cql2/1.0/conf/basic-cql2",
	"http://www.opengis.net/spec/cql2/1.0/conf/advanced-comparison-operators",
	"http://www.opengis.net/spec/cql2/1.0/conf/case-insensitive-comparison",
	"http://www.opengis.net/spec/cql2/1.0/conf/accent-insensitive-comparison",
	"http://www.opengis.net/spec/cql2/1.0/conf/basic-spatial-functions",
	"http://www.opengis.net/spec/cql2/1.0/conf/basic-spatial-functions-plus",
	"http://www.opengis.net/spec/cql2/1.0/conf/spatial-functions",
	"http://www.opengis.net/spec/cql2/1.0/conf/temporal-functions",
	"http://www.opengis.net/spec/cql2/1.0/conf/array-functions",
	"http://www.opengis.net/spec/cql2/1.0/conf/property-property",
	"http://www.opengis.net/spec/cql2/1.0/conf/arithmetic",
	"http://www.opengis.net/spec/cql2/1.0/conf/functions",
	"http://www.opengis.net/spec/ogcapi-features-5/1.0/conf/schemas",
	"http://www.opengis.net/spec/ogcapi-features-5/1.0/conf/core-roles-features",
	"http://www.opengis.net/spec/ogcapi-features-5/1.0/conf/returnables-and-receivables",
	"http://www.opengis.net/spec/ogcapi-features-5/1.0/conf/queryables",
	"http://www.opengis.net/spec/ogcapi-features-5/1.0/conf/sortables",
	"http://www.opengis.net/spec/ogcapi-common-3/1.0/conf/schemas",
	"http://www.opengis.net/spec/ogcapi-features-8/1.0/conf/sortables",
	"http://www.opengis.net/spec/ogcapi-features-8/1.0/conf/sorting",
	"http://www.opengis.net/spec/ogcapi-features-8/1.0/conf/features-sorting",
	"http://www.opengis.net/spec/json-fg-1/1.0/conf/core",
	"http://www.opengis.net/spec/tms/2.0/conf/tilematrixset",
	"http://www.opengis.net/spec/tms/2.0/conf/json-tilematrixset",
	"http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/core",
	"http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/tileset",
	"http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/tilesets-list",
	"http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/geodata-tilesets",
	"http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/datetime",
	"http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/oas30",
	"http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/mvt",
	"http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/png",
	"http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/jpeg",
	"http://www.opengis.net/spec/ogcapi-maps-1/1.0/conf/core",
	"http://www.opengis.net/spec/ogcapi-maps-1/1.0/conf/collection-map",
	"http://www.opengis.net/spec/ogcapi-maps-1/1.0/conf/tilesets",
	"http://www.opengis.net/spec/ogcapi-maps-1/1.0/conf/scaling",
	"http://www.opengis.net/spec/ogcapi-maps-1/1.0/conf/display-resolution",
	"http://www.opengis.net/spec/ogcapi-maps-1/1.0/conf/spatial-subsetting",
	"http://www.opengis.net/spec/ogcapi-maps-1/1.0/conf/crs",
	"http://www.opengis.net/spec/ogcapi-maps-1/1.0/conf/datetime",
	"http://www.opengis.net/spec/ogcapi-maps-1/1.0/conf/png",
	"http://www.opengis.net/spec/ogcapi-maps-1/1.0/conf/jpeg",
}

// conformsEditing is what is true besides where rows can be changed.
var conformsEditing = []string{
	"http://www.opengis.net/spec/ogcapi-features-4/1.0/conf/create-replace-delete",
	"http://www.opengis.net/spec/ogcapi-features-4/1.0/conf/update",
	"http://www.opengis.net/spec/ogcapi-features-4/1.0/conf/features",
	"http://www.opengis.net/spec/ogcapi-features-4/1.0/req/optimistic-locking-etags",
}

// Conforms lists the conformance classes of the server.
func (h *Handler) Conforms() []string {
	if h.Edit == nil {
		return conforms
	}
	return append(slices.Clone(conforms), conformsEditing...)
}

type landing struct {
	Title       string      `json:"title"`
	Description string      `json:"description"`
	Links       []rest.Link `json:"links"`
}

// landing is the start: links for programs, the web page for people.
func (h *Handler) landing(c echo.Context) error {
	if err := rest.Only(c, "f"); err != nil {
		return err
	}
	format, err := rest.Choose(c, rest.JSONFormat, rest.HTMLFormat)
	if err != nil {
		return err
	}
	if format.Name == rest.HTMLFormat.Name {
		return h.Home(c)
	}
	const rel = rels
	doc := landing{
		Title:       "Contado",
		Description: "Who here is out of reach of which service, and where would one more service point help most: territories, map layers, and the answers computed from them.",
	}
	doc.Links = append(rest.Representations(c, rest.URL(c), format.Name, rest.JSONFormat, rest.HTMLFormat),
		rest.Link{Href: rest.URL(c, "api"), Rel: "service-desc", Type: rest.MediaOpenAPI, Title: "This API as OpenAPI 3.0"},
		rest.Link{Href: rest.URL(c, "api.html"), Rel: "service-doc", Type: "text/html", Title: "This API for people"},
		rest.Link{Href: rest.URL(c, "conformance"), Rel: "conformance", Type: rest.MediaJSON, Title: "What this API conforms to"},
		rest.Link{Href: rest.URL(c, "conformance"), Rel: rel + "conformance", Type: rest.MediaJSON, Title: "What this API conforms to"},
		rest.Link{Href: rest.URL(c, "functions"), Rel: relFunctions, Type: rest.MediaJSON, Title: "Functions that filters may call"},
		rest.Link{Href: rest.URL(c, "collections"), Rel: "data", Type: rest.MediaJSON, Title: "Datasets"},
		rest.Link{Href: rest.URL(c, "stac"), Rel: "related", Type: rest.MediaJSON, Title: "Raster datasets as a STAC API"},
		rest.Link{Href: rest.URL(c, "processes"), Rel: rel + "processes", Type: rest.MediaJSON, Title: "Processes"},
		rest.Link{Href: rest.URL(c, "jobs"), Rel: rel + "job-list", Type: rest.MediaJSON, Title: "Jobs"},
		rest.Link{Href: rest.URL(c, "tileMatrixSets"), Rel: rel + "tiling-schemes", Type: rest.MediaJSON, Title: "Tile grids"},
		rest.Link{Href: rest.URL(c, "wms") + "?SERVICE=WMS&REQUEST=GetCapabilities", Rel: "related", Type: "text/xml", Title: "WMS 1.3.0"},
		rest.Link{Href: rest.URL(c, "wmts", "1.0.0", "WMTSCapabilities.xml"), Rel: "related", Type: "text/xml", Title: "WMTS 1.0.0"},
		rest.Link{Href: rest.URL(c, "territories"), Rel: "related", Type: rest.MediaJSON, Title: "Territories"},
		rest.Link{Href: rest.URL(c, "reports"), Rel: "related", Type: rest.MediaJSON, Title: "Reports"},
		rest.Link{Href: rest.URL(c, "styles", "map"), Rel: "related", Type: rest.MediaJSON, Title: "Map style (MapLibre)"},
		rest.Link{Href: rest.URL(c, "status"), Rel: "status", Type: rest.MediaJSON, Title: "State of the service"},
	)
	rest.AddHeader(c, doc.Links)
	return rest.JSON(c, rest.MediaJSON, doc)
}

func (h *Handler) conformance(c echo.Context) error {
	if err := rest.Only(c, "f", "lang"); err != nil {
		return err
	}
	format, err := rest.Choose(c, rest.JSONFormat, rest.HTMLFormat)
	if err != nil {
		return err
	}
	links := rest.Representations(c, rest.URL(c, "conformance"), format.Name, rest.JSONFormat, rest.HTMLFormat)
	rest.AddHeader(c, links)
	if format.Name == rest.HTMLFormat.Name {
		lang, err := rest.Language(c)
		if err != nil {
			return err
		}
		return page.Render(c, lang, page.Page{
			Name: "conformance", Title: page.Text(lang, "conformance"), Links: links, Data: h.Conforms(), Crumbs: crumbs(c, lang),
		})
	}
	return rest.JSON(c, rest.MediaJSON, struct {
		ConformsTo []string    `json:"conformsTo"`
		Links      []rest.Link `json:"links"`
	}{h.Conforms(), links})
}
