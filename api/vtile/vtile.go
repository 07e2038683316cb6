// Package vtile answers requests for vector tiles, which come at the
// addresses of web maps and at those of OGC API Tiles.
package vtile

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"contado/api/rest"
	"contado/geo"
	"contado/geo/atlas"
	"contado/geo/cql2"
	"contado/geo/layer"
	"contado/geo/store/catalog"
	"contado/tiles"
	"contado/tiles/tms"
)

// Filter reads from a request which rows of a dataset are wanted, and the
// system of the coordinates in that; nil and "" when it does not say.
type Filter func(c echo.Context, d catalog.Dataset) (cql2.Expr, geo.CRS, error)

// Names are the parameters of vector tiles.
var Names = append([]string{"filter", "filter-lang", "filter-crs", "datetime"}, tiles.VectorNames...)

// Answer makes a vector tile of datasets.
type Answer struct {
	Tiles  *tiles.Service
	Filter Filter
	// Grid that the tiles are of; nil is WebMercatorQuad.
	Grid *tms.TileMatrixSet
	// Cache is the Cache-Control of the answer.
	Cache string
}

// Layers finds the layers that a list of dataset ids names.
func Layers(c echo.Context, state *atlas.Snapshot, ids []string) ([]*layer.Layer, error) {
	out := make([]*layer.Layer, len(ids))
	for i, id := range ids {
		l, err := state.Layer(c.Request().Context(), id)
		if err != nil {
			return nil, err
		}
		out[i] = l
	}
	return out, nil
}

// Params reads what the request wants of the tile.
func (a *Answer) Params(c echo.Context, layers []*layer.Layer) (tiles.VectorParams, error) {
	if c.Request().URL.RawQuery == "" {
		return tiles.VectorParams{}, nil
	}
	q := url.Values{}
	given := c.QueryParams()
	for _, name := range tiles.VectorNames {
		if v, ok := given[name]; ok {
			q[name] = v
		}
	}
	schemas := make([]geo.Schema, len(layers))
	for i, l := range layers {
		schemas[i] = l.Schema()
	}
	p, err := tiles.ParseVectorParams(q, schemas...)
	if err != nil {
		return p, err
	}
	if given.Has("filter") || given.Has("filter-crs") || given.Has("filter-lang") || given.Has("datetime") {
		p.Filter, p.FilterCRS, err = a.Filter(c, layers[0].Dataset())
	}
	return p, err
}

// Send answers with the tile; what shows nothing is 204.
func (a *Answer) Send(c echo.Context, layers []*layer.Layer, t tms.Tile) error {
	p, err := a.Params(c, layers)
	if err != nil {
		return err
	}
	p.Grid = a.Grid
	ctx := c.Request().Context()
	v, err := a.Tiles.PlanVector(ctx, layers, p, t)
	if err != nil {
		return err
	}
	rest.Vary(c, "Accept-Encoding")
	gzip, brotli := Weights(c.Request().Header.Get("Accept-Encoding"))
	variant := v.Choose(gzip, brotli)
	h := c.Response().Header()
	h.Set("X-Contado-Version", v.Stamp())
	if rest.NotModified(c, v.ETag(variant), a.Cache) || held(c, v) {
		return c.NoContent(http.StatusNotModified)
	}
	out, err := v.Tile(ctx, variant)
	if err != nil {
		return err
	}
	h.Set("X-Contado-Source", v.Source())
	h.Set("X-Contado-Complete", strconv.FormatBool(out.Complete))
	h.Set("X-Contado-Dropped", strconv.Itoa(out.Info.Dropped))
	h.Set("X-Contado-Area-Kept", strconv.FormatFloat(out.Info.AreaKept, 'f', 4, 64))
	defer out.Release() // net/http has written it, or copied it, by then
	return Bytes(c, out)
}

// held reports whether the client has another variant of the tile, which is
// as good as the one that it would get now.
func held(c echo.Context, v *tiles.VectorTile) bool {
	match := c.Request().Header.Get("If-None-Match")
	if match == "" {
		return false
	}
	for _, e := range []tiles.Encoding{tiles.Brotli, tiles.Gzip} {
		if tag := v.ETag(e); strings.Contains(match, tag) {
			c.Response().Header().Set("ETag", tag)
			return true
		}
	}
	return false
}

// Bytes answers with the bytes of a tile, 204 when it has none.
func Bytes(c echo.Context, t tiles.Tile) error {
	if len(t.Data) == 0 {
		return c.NoContent(http.StatusNoContent)
	}
	h := c.Response().Header()
	if t.ContentEncoding != "" {
		h.Set("Content-Encoding", t.ContentEncoding)
	}
	h.Set("Content-Length", strconv.Itoa(len(t.Data)))
	return c.Blob(http.StatusOK, t.ContentType, t.Data)
}

// Variant is the form of a tile that a client takes, of tiles that are not
// chosen by what is at hand.
func Variant(c echo.Context) tiles.Encoding {
	rest.Vary(c, "Accept-Encoding")
	return VariantFor(c.Request().Header.Get("Accept-Encoding"))
}

// VariantFor is Variant by the value of Accept-Encoding.
func VariantFor(accept string) tiles.Encoding {
	switch gzip, brotli := Weights(accept); {
	case gzip > 0 && gzip >= brotli:
		return tiles.Gzip
	case brotli > 0:
		return tiles.Brotli
	}
	return tiles.Identity
}

// Weights are how much a client likes gzip and brotli, 0 to 1 (RFC 9110,
// 12.5.3).
func Weights(accept string) (gzip, brotli float64) {
	switch accept { // what clients say mostly
	case "gzip", "gzip, deflate":
		return 1, 0
	case "gzip, deflate, br", "gzip, deflate, br, zstd":
		return 1, 1
	}
	star := 0.0
	var named [2]bool
	for part := range strings.SplitSeq(accept, ",") {
		name, params, _ := strings.Cut(part, ";")
		q := 1.0
		if v, ok := strings.CutPrefix(strings.ToLower(strings.ReplaceAll(params, " ", "")), "q="); ok {
			n, err := strconv.ParseFloat(v, 64)
			if err != nil || !(n >= 0 && n <= 1) {
				continue
			}
			q = n
		}
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "gzip", "x-gzip":
			gzip, named[0] = q, true
		case "br":
			brotli, named[1] = q, true
		case "*":
			star = q
		}
	}
	if !named[0] {
		gzip = star
	}
	if !named[1] {
		brotli = star
	}
	return gzip, brotli
}
