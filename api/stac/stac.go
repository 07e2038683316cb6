// Package stac serves the raster datasets as a STAC API 1.0.0: collections
// and items with the extensions eo, raster, projection, view, sat, file and
// classification, item search by GET and POST with filter (CQL2), sort and
// fields, and the files themselves, whole or in parts.
package stac

import (
	"encoding/json"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"contado/api/rest"
	"contado/geo/atlas"
	"contado/geo/fault"
	"contado/geo/store/blob"
	"contado/geo/store/catalog"
)

// Handler serves the current state of an atlas.
type Handler struct {
	Atlas   *atlas.Atlas
	Blobs   blob.Driver
	Timeout time.Duration
}

// Register adds the routes.
func (h *Handler) Register(r rest.Registrar) {
	t := rest.Within(h.Timeout)
	rest.Get(r, "/stac", h.landing, t)
	rest.Get(r, "/stac/conformance", h.conformance, t)
	rest.Get(r, "/stac/queryables", h.queryables, t)
	rest.Get(r, "/stac/search", h.searchByAddress, t)
	r.Add(http.MethodPost, "/stac/search", h.searchByBody, t)
	rest.Get(r, "/stac/collections", h.collections, t)
	rest.Get(r, "/stac/collections/:id", h.collection, t)
	rest.Get(r, "/stac/collections/:id/queryables", h.queryables, t)
	rest.Get(r, "/stac/collections/:id/items", h.items, t)
	rest.Get(r, "/stac/collections/:id/items/:item", h.item, t)
	// A download takes the time that it takes.
	rest.Get(r, "/stac/collections/:id/items/:item/assets/:file", h.asset)
}

// conforms lists what is true.
var conforms = []string{
	"https://api.stacspec.org/v1.0.0/core",
	"https://api.stacspec.org/v1.0.0/collections",
	"https://api.stacspec.org/v1.0.0/ogcapi-features",
	"https://api.stacspec.org/v1.0.0/ogcapi-features#fields",
	"https://api.stacspec.org/v1.0.0/ogcapi-features#sort",
	"https://api.stacspec.org/v1.0.0/item-search",
	"https://api.stacspec.org/v1.0.0/item-search#fields",
	"https://api.stacspec.org/v1.0.0/item-search#sort",
	"https://api.stacspec.org/v1.0.0/item-search#filter",
	"http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core",
	"http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/geojson",
	"http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/oas30",
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
}

// link is a STAC link, which may say how it is to be followed.
type link struct {
	rest.Link
	Method string          `json:"method,omitempty"`
	Body   json.RawMessage `json:"body,omitempty"`
	Merge  *bool           `json:"merge,omitempty"`
}

func links(ls ...rest.Link) []link {
	out := make([]link, len(ls))
	for i, l := range ls {
		out[i].Link = l
	}
	return out
}

func (h *Handler) landing(c echo.Context) error {
	if err := plain(c); err != nil {
		return err
	}
	root := rest.URL(c, "stac")
	list := links(
		rest.Link{Href: root, Rel: "self", Type: rest.MediaJSON, Title: "This catalogue"},
		rest.Link{Href: root, Rel: "root", Type: rest.MediaJSON, Title: "This catalogue"},
		rest.Link{Href: rest.URL(c, "api"), Rel: "service-desc", Type: rest.MediaOpenAPI, Title: "This API as OpenAPI 3.0"},
		rest.Link{Href: rest.URL(c, "api.html"), Rel: "service-doc", Type: "text/html", Title: "This API for people"},
		rest.Link{Href: root + "/conformance", Rel: "conformance", Type: rest.MediaJSON, Title: "What this API conforms to"},
		rest.Link{Href: root + "/collections", Rel: "data", Type: rest.MediaJSON, Title: "Collections"},
		rest.Link{Href: root + "/queryables", Rel: relQueryables, Type: rest.MediaSchema, Title: "What can be asked for"},
	)
	for _, m := range []string{http.MethodGet, http.MethodPost} {
		list = append(list, link{Link: rest.Link{Href: root + "/search", Rel: "search", Type: rest.MediaGeoJSON, Title: "Search"}, Method: m})
	}
	for _, d := range rasters(h.Atlas.Current()) {
		list = append(list, links(rest.Link{Href: rest.URL(c, "stac", "collections", d.ID), Rel: "child", Type: rest.MediaJSON, Title: d.Title})...)
	}
	return rest.JSON(c, rest.MediaJSON, struct {
		Type        string   `json:"type"`
		StacVersion string   `json:"stac_version"`
		Extensions  []string `json:"stac_extensions"`
		ID          string   `json:"id"`
		Title       string   `json:"title"`
		Description string   `json:"description"`
		ConformsTo  []string `json:"conformsTo"`
		Links       []link   `json:"links"`
	}{"Catalog", Version, []string{}, "contado", "Contado", "The raster datasets of this installation: imagery, elevation, land cover, population.", conforms, list})
}

// plain refuses parameters other than the format, which is JSON.
func plain(c echo.Context, more ...string) error {
	if err := rest.Only(c, append(more, "f")...); err != nil {
		return err
	}
	_, err := rest.Choose(c, rest.JSONFormat)
	return err
}

func (h *Handler) conformance(c echo.Context) error {
	if err := plain(c); err != nil {
		return err
	}
	return rest.JSON(c, rest.MediaJSON, map[string][]string{"conformsTo": conforms})
}

func (h *Handler) collections(c echo.Context) error {
	if err := plain(c); err != nil {
		return err
	}
	state := h.Atlas.Current()
	list := []*Collection{}
	for _, d := range rasters(state) {
		list = append(list, CollectionOf(c, state, d))
	}
	root := rest.URL(c, "stac")
	return rest.JSON(c, rest.MediaJSON, struct {
		Collections []*Collection `json:"collections"`
		Links       []rest.Link   `json:"links"`
	}{list, []rest.Link{
		{Href: root + "/collections", Rel: "self", Type: rest.MediaJSON},
		{Href: root, Rel: "root", Type: rest.MediaJSON},
		{Href: root, Rel: "parent", Type: rest.MediaJSON},
	}})
}

// named is the dataset in the address.
func (h *Handler) named(c echo.Context) (*atlas.Snapshot, catalog.Dataset, error) {
	id, err := rest.Path(c, "id")
	if err != nil {
		return nil, catalog.Dataset{}, err
	}
	state := h.Atlas.Current()
	d, err := dataset(state, id)
	return state, d, err
}

func (h *Handler) collection(c echo.Context) error {
	if err := plain(c); err != nil {
		return err
	}
	state, d, err := h.named(c)
	if err != nil {
		return err
	}
	return rest.JSON(c, rest.MediaJSON, CollectionOf(c, state, d))
}

// one is the item in the address.
func (h *Handler) one(c echo.Context) (catalog.Dataset, catalog.Item, error) {
	state, d, err := h.named(c)
	if err != nil {
		return d, catalog.Item{}, err
	}
	id, err := rest.Path(c, "item")
	if err != nil {
		return d, catalog.Item{}, err
	}
	for _, it := range state.Items(d.ID, nil) {
		if it.ID == id {
			return d, it, nil
		}
	}
	return d, catalog.Item{}, fault.Errorf("stac", fault.NotExist, "collection %s has no item %.80q", d.ID, id)
}

func (h *Handler) item(c echo.Context) error {
	if err := plain(c, "fields"); err != nil {
		return err
	}
	d, it, err := h.one(c)
	if err != nil {
		return err
	}
	f, err := parseFields(c.QueryParam("fields"))
	if err != nil {
		return err
	}
	doc, err := f.apply(ItemOf(c, d, it))
	if err != nil {
		return err
	}
	return rest.JSON(c, rest.MediaGeoJSON, doc)
}
