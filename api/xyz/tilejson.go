package xyz

import (
	"net/url"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"contado/api/rest"
	"contado/api/vtile"
	"contado/geo/atlas"
	"contado/geo/fault"
	"contado/geo/store/catalog"
	"contado/tiles"
	"contado/tiles/tms"
)

// tileJSON describes the tiles of a dataset, or of several vector datasets in
// layers. Parameters of drawing go into the tile addresses, checked here already.
func (h *Handler) tileJSON(c echo.Context) error {
	name, err := rest.Path(c, "file")
	if err != nil {
		return err
	}
	ids, ending, _ := strings.Cut(name, ".")
	if ending != "json" {
		return fault.WithHint(fault.Errorf("xyz", fault.NotExist, "there is nothing at %.80s", c.Request().URL.Path),
			"TileJSON is at /xyz/{dataset}.json, tiles at /xyz/{dataset}/{z}/{x}/{y}.png or .mvt")
	}
	if !validIDs(ids) {
		return fault.Errorf("xyz", fault.NotExist, "there is no dataset %.80q", ids)
	}
	state := h.Atlas.Current()
	list := strings.Split(ids, ",")
	d, err := state.Dataset(list[0])
	if err != nil {
		return err
	}
	if _, err := rest.Choose(c, rest.JSONFormat); err != nil {
		return err
	}
	switch {
	case d.Kind == catalog.Vector || len(list) > 1:
		return h.vectorTileJSON(c, state, list)
	case d.Kind == catalog.TileArchive:
		if err := rest.Only(c, "v", "f"); err != nil {
			return err
		}
		return rest.JSON(c, rest.MediaJSON, tiles.NewTileJSON(d, nil, []string{address(c, d.ID, d.Version.Tiles.Type, stamp(d), url.Values{})}))
	case d.Kind == catalog.Raster:
		return h.rasterTileJSON(c, state, d)
	}
	return fault.Errorf("xyz", fault.Invalid, "dataset %s is %s: it has no tiles", d.ID, d.Kind)
}

// asked are the parameters of a request that go into the tile addresses.
func asked(c echo.Context) url.Values {
	q := rest.Query(c)
	rest.Drop(q, "v", "f")
	return q
}

func (h *Handler) rasterTileJSON(c echo.Context, state *atlas.Snapshot, d catalog.Dataset) error {
	if err := rest.Only(c, append(slices.Clone(rasterParams), "f")...); err != nil {
		return err
	}
	src, err := h.source(state, d, c.QueryParam("item"))
	if err != nil {
		return err
	}
	p, err := dated(rest.Query(c))
	if err != nil {
		return err
	}
	if _, err := h.Tiles.Style(src, p); err != nil {
		return err
	}
	doc := tiles.NewTileJSON(d, src.Items(nil), []string{address(c, d.ID, PNG, stamp(d), asked(c))})
	return rest.JSON(c, rest.MediaJSON, doc)
}

func (h *Handler) vectorTileJSON(c echo.Context, state *atlas.Snapshot, ids []string) error {
	if err := rest.Only(c, append(slices.Clone(vtile.Names), "v", "f")...); err != nil {
		return err
	}
	layers, err := h.layers(c, state, ids)
	if err != nil {
		return err
	}
	answer := vtile.Answer{Tiles: h.Tiles, Filter: h.Filter}
	p, err := answer.Params(c, layers)
	if err != nil {
		return err
	}
	// What a tile would be refused for is told here.
	if _, err := h.Tiles.PlanVector(c.Request().Context(), layers, p, tms.Tile{}); err != nil {
		return err
	}
	sets := make([]catalog.Dataset, len(layers))
	for i, l := range layers {
		sets[i] = l.Dataset()
	}
	doc := tiles.NewVectorTileJSON(sets, p, []string{address(c, strings.Join(ids, ","), MVT, stampOf(layers), asked(c))})
	return rest.JSON(c, rest.MediaJSON, doc)
}

// address is the template of tile addresses; the braces stay as they are.
func address(c echo.Context, ids, format, stamp string, q url.Values) string {
	q.Set("v", stamp)
	return rest.URL(c, "xyz") + "/" + ids + "/{z}/{x}/{y}." + format + "?" + q.Encode()
}
