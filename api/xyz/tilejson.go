package xyz

import (
	"net/url"

	"github.com/labstack/echo/v4"

	"contado/api/rest"
	"contado/geo/fault"
	"contado/geo/store/catalog"
	"contado/tiles"
)

// tileJSON describes the tiles of a dataset. Parameters of drawing go into
// the tile addresses, checked here already.
func (h *Handler) tileJSON(c echo.Context) error {
	id, ending, err := cutName(c)
	if err != nil {
		return err
	}
	if ending != "json" {
		return fault.WithHint(fault.Errorf("xyz", fault.NotExist, "there is nothing at %.80s", c.Request().URL.Path),
			"TileJSON is at /xyz/{dataset}.json, tiles at /xyz/{dataset}/{z}/{x}/{y}.png or .mvt")
	}
	state := h.Atlas.Current()
	d, err := state.Dataset(id)
	if err != nil {
		return err
	}
	q := rest.Query(c)
	q.Del("v")
	q.Del("f")
	if _, err := rest.Choose(c, rest.JSONFormat); err != nil {
		return err
	}
	switch d.Kind {
	case catalog.Raster:
		if err := rest.Only(c, append(rasterParams, "f")...); err != nil {
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
		doc := tiles.NewTileJSON(d, src.Items(nil), []string{address(c, d, PNG, q)})
		return rest.JSON(c, rest.MediaJSON, doc)
	case catalog.Vector:
		if err := rest.Only(c, "properties", "v", "f"); err != nil {
			return err
		}
		v := d.Version.Vector
		if v == nil || v.Schema.GeometryType == "" {
			return fault.Errorf("xyz", fault.Invalid, "dataset %s is a table without geometry: it has no tiles", d.ID)
		}
		if _, err := tiles.ParseVectorParams(url.Values{"properties": q["properties"]}, v.Schema); err != nil {
			return err
		}
		return rest.JSON(c, rest.MediaJSON, tiles.NewTileJSON(d, nil, []string{address(c, d, MVT, q)}))
	}
	return fault.Errorf("xyz", fault.Invalid, "dataset %s is %s: it has no tiles", d.ID, d.Kind)
}

// address is the template of tile addresses; the braces stay as they are.
func address(c echo.Context, d catalog.Dataset, format string, q url.Values) string {
	q.Set("v", stamp(d))
	return rest.URL(c, "xyz", d.ID) + "/{z}/{x}/{y}." + format + "?" + q.Encode()
}
