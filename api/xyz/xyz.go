// Package xyz serves map tiles at the addresses that every web map knows, and
// what goes with them: TileJSON, MapLibre styles, legends.
package xyz

import (
	"encoding/hex"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"contado/api/draw"
	"contado/api/rest"
	"contado/api/vtile"
	"contado/geo/analysis"
	"contado/geo/atlas"
	"contado/geo/fault"
	"contado/geo/layer"
	"contado/geo/store/blob"
	"contado/geo/store/catalog"
	"contado/tiles"
)

// Handler serves tiles from the current state of an atlas.
type Handler struct {
	Atlas   *atlas.Atlas
	Tiles   *tiles.Service
	Blobs   blob.Driver
	Engine  *analysis.Engine // divides attributes into classes
	Filter  vtile.Filter     // of the rows of vector tiles
	Basemap *Basemap         // of others; nil: there is none
	Timeout time.Duration
}

// Register adds the routes.
func (h *Handler) Register(r rest.Registrar) {
	t := rest.Within(h.Timeout)
	rest.Get(r, "/xyz/:file", h.tileJSON, t)
	rest.Get(r, TileRoute, h.tile, t)
	rest.Get(r, "/pyramids/:file", h.archive)
	rest.Get(r, "/styles/:id", h.style, t)
	rest.Get(r, "/basemaps", h.basemaps, t)
	rest.Get(r, "/sprites/:file", h.sprite)
	rest.Get(r, "/indices", h.indices, t)
	rest.Get(r, "/colormaps", h.colormaps, t)
	rest.Get(r, "/legend/:file", h.legend, t)
	h.registerArcGIS(r, t)
}

// rasterParams are what a raster tile may be asked with; v is the version in
// addresses that TileJSON gives out.
var rasterParams = append(slices.Clone(tiles.RasterNames), "item", "v")

func (h *Handler) tile(c echo.Context) error {
	var parts [4]string
	for i, name := range []string{"dataset", "z", "x", "file"} {
		var err error
		if parts[i], err = rest.Path(c, name); err != nil {
			return err
		}
	}
	a, err := ParseAddress(parts[0], parts[1], parts[2], parts[3])
	if err != nil {
		return err
	}
	state := h.Atlas.Current()
	if a.Composite() {
		return h.vectorTile(c, state, a)
	}
	d, err := state.Dataset(a.Dataset)
	switch {
	case err != nil:
		return err
	case d.Kind == catalog.TileArchive:
		return h.archivedTile(c, d, a)
	case a.Format == MVT:
		return h.vectorTile(c, state, a)
	}
	return h.rasterTile(c, state, d, a)
}

// dated reads the parameters of drawing. Time is read as everywhere in the
// API, durations included.
func dated(q url.Values) (tiles.RasterParams, error) {
	rest.Drop(q, "item", "v", "f", "lang")
	when, err := rest.Datetime(q.Get("datetime"))
	if err != nil {
		return tiles.RasterParams{}, err
	}
	q.Del("datetime")
	p, err := tiles.ParseRasterParams(q)
	if when != nil {
		p.From, p.To = when.From, when.To
	}
	return p, err
}

func (h *Handler) rasterTile(c echo.Context, state *atlas.Snapshot, d catalog.Dataset, a Address) error {
	if d.Kind != catalog.Raster {
		return fault.WithHint(fault.Errorf("xyz", fault.Invalid, "dataset %s is %s: it has no .%s tiles", d.ID, d.Kind, a.Format), "ask for .mvt")
	}
	if err := rest.Only(c, rasterParams...); err != nil {
		return err
	}
	p, err := dated(rest.Query(c))
	if err != nil {
		return err
	}
	p.Format = drawn[a.Format]
	if a.Double {
		if c.QueryParam("size") == "256" {
			return fault.Errorf("xyz", fault.Invalid, "size=256 and @2x contradict each other")
		}
		p.Size = 512
	}
	src, err := h.source(state, d, c.QueryParam("item"))
	if err != nil {
		return err
	}
	cache := cacheOf(c, d)
	if rest.NotModified(c, tiles.TileETag(src.Dataset(), p, a.Tile), cache) {
		return c.NoContent(http.StatusNotModified)
	}
	t, err := h.Tiles.Raster(c.Request().Context(), src, p, a.Z, a.X, a.Y)
	if err != nil {
		return err
	}
	draw.Tell(c, t)
	return send(c, t, cache)
}

// vectorTile answers with a tile of one dataset, or of several in layers.
func (h *Handler) vectorTile(c echo.Context, state *atlas.Snapshot, a Address) error {
	if c.Request().URL.RawQuery != "" {
		if err := rest.Only(c, append(slices.Clone(vtile.Names), "v")...); err != nil {
			return err
		}
	}
	layers, err := h.layers(c, state, a.Datasets())
	if err != nil {
		return err
	}
	cache := rest.Revalidate
	if c.Request().URL.RawQuery != "" {
		cache = cacheOfRows(c.QueryParam("v"), layers)
	}
	answer := vtile.Answer{Tiles: h.Tiles, Filter: h.Filter, Cache: cache}
	return answer.Send(c, layers, a.Tile)
}

// cacheOfRows is cacheOf for tiles of layers. Their rows may be edited: what
// has the stamp is kept for a minute, not for ever.
func cacheOfRows(v string, layers []*layer.Layer) string {
	if v != "" && v == stampOf(layers) {
		return rest.Shortly
	}
	return rest.Revalidate
}

// layers finds vector datasets.
func (h *Handler) layers(c echo.Context, state *atlas.Snapshot, ids []string) ([]*layer.Layer, error) {
	for _, id := range ids {
		d, err := state.Dataset(id)
		if err != nil {
			return nil, err
		}
		if d.Kind == catalog.TileArchive && len(ids) > 1 {
			return nil, fault.Errorf("xyz", fault.Invalid, "dataset %s is an archive of tiles: it cannot be a layer among others", d.ID)
		}
		if d.Kind != catalog.Vector {
			return nil, fault.WithHint(fault.Errorf("xyz", fault.Invalid, "dataset %s is %s: it has no .mvt tiles", d.ID, d.Kind), "ask for .png")
		}
	}
	return vtile.Layers(c, state, ids)
}

func send(c echo.Context, t tiles.Tile, cache string) error {
	h := c.Response().Header()
	h.Set("X-Contado-Complete", strconv.FormatBool(t.Complete))
	if rest.NotModified(c, t.ETag, cache) {
		return c.NoContent(http.StatusNotModified)
	}
	return vtile.Bytes(c, t)
}

// stamp names a state of a dataset in addresses: other data, other stamp,
// also when a dataset was removed and made again.
func stamp(d catalog.Dataset) string {
	tag := rest.Tag(d.ID, d.Version.SHA256, d.Version.PublishedAt.UTC().Format(time.RFC3339Nano))
	return strconv.Itoa(d.Version.Number) + "-" + hex.EncodeToString([]byte(tag[1:7]))
}

// stampOf names the states of layers.
func stampOf(layers []*layer.Layer) string {
	parts := make([]string, len(layers))
	for i, l := range layers {
		parts[i] = stamp(l.Dataset())
		if seq := l.Head(); seq > 0 {
			parts[i] += "." + strconv.FormatInt(seq, 10)
		}
	}
	return strings.Join(parts, "_")
}

// cacheOf lets an address with the stamp of the current state be kept for
// ever; all others are asked again with their validator.
func cacheOf(c echo.Context, d catalog.Dataset) string {
	if c.Request().URL.RawQuery == "" {
		return rest.Revalidate
	}
	return cacheAt(c.QueryParam("v"), d)
}

func cacheAt(v string, d catalog.Dataset) string {
	if v != "" && v == stamp(d) {
		return rest.Forever
	}
	return rest.Revalidate
}

// cutName splits a file name such as "dem.json" in id and ending.
func cutName(c echo.Context) (id, ending string, err error) {
	name, err := rest.Path(c, "file")
	if err != nil {
		return "", "", err
	}
	id, ending, _ = strings.Cut(name, ".")
	if !catalog.ValidID(id) {
		return "", "", fault.Errorf("xyz", fault.NotExist, "there is no dataset %.80q", id)
	}
	return id, ending, nil
}
