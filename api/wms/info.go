package wms

import (
	"strings"

	"github.com/labstack/echo/v4"

	"contado/api/draw"
	"contado/api/ows"
	"contado/api/rest"
)

var (
	infoFormats   = []string{"application/json", "text/html", "text/plain"}
	legendFormats = []string{"image/png", "image/svg+xml", "application/json"}
)

func (h *Handler) featureInfo(c echo.Context, q ows.Params) error {
	state := h.Painter.Atlas.Current()
	sets, err := layersOf(state, q, "QUERY_LAYERS")
	if err != nil {
		return err
	}
	w, err := windowOf(q, sets)
	if err != nil {
		return err
	}
	i, j := "I", "J"
	if strings.HasPrefix(q["VERSION"], "1.1") {
		i, j = "X", "Y"
	}
	col, err := q.Int(i, 0, w.grid.Width-1, "InvalidPoint")
	if err != nil {
		return err
	}
	row, err := q.Int(j, 0, w.grid.Height-1, "InvalidPoint")
	if err != nil {
		return err
	}
	most := 10
	if q["FEATURE_COUNT"] != "" {
		if most, err = q.Int("FEATURE_COUNT", 1, 1000, ows.Invalid); err != nil {
			return err
		}
	}
	// The styles are those of LAYERS; a layer that is asked without being
	// drawn has its default.
	styled := map[string]string{}
	if styles := q.List("STYLES"); len(styles) > 0 {
		for k, name := range q.List("LAYERS") {
			if k < len(styles) {
				styled[name] = styles[k]
			}
		}
	}
	x, y := w.grid.Center(col, row)
	place, err := h.Painter.Place(w.system.CRS, x, y)
	if err != nil {
		return ows.Bad("InvalidPoint", "i", "%v", err)
	}
	times, err := timesOf(q)
	if err != nil {
		return err
	}
	if len(times)*len(sets) > draw.MaxLayers {
		return ows.Bad(ows.Invalid, "query_layers", "more than %d layers and times at once", draw.MaxLayers)
	}
	for _, d := range sets {
		for _, at := range times {
			one, err := h.one(state, q, d, styled[d.ID], at)
			if err != nil {
				return err
			}
			if err := h.Painter.Sample(c.Request().Context(), one, d, place, most); err != nil {
				return err
			}
		}
	}
	return sendInfo(c, q["INFO_FORMAT"], place)
}

func sendInfo(c echo.Context, media string, place *draw.Place) error {
	media, _, _ = strings.Cut(media, ";")
	switch strings.TrimSpace(media) {
	case "application/json", "application/geo+json", "application/geojson":
		return rest.JSON(c, "application/json", place.GeoJSON())
	case "text/html":
		b, err := place.HTML()
		if err != nil {
			return err
		}
		return rest.Bytes(c, rest.MediaHTML, b)
	case "text/plain", "":
		return rest.Bytes(c, "text/plain; charset=utf-8", place.Text())
	}
	return ows.Bad("InvalidFormat", "info_format", "INFO_FORMAT=%s: there are %s", ows.Clip(media), strings.Join(infoFormats, ", "))
}

func (h *Handler) legendGraphic(c echo.Context, q ows.Params) error {
	state := h.Painter.Atlas.Current()
	sets, err := layersOf(state, q, "LAYER")
	if err != nil {
		return err
	}
	if len(sets) != 1 {
		return ows.Bad(ows.Invalid, "layer", "LAYER: want one layer")
	}
	one, err := h.one(state, q, sets[0], q["STYLE"], "")
	if err != nil {
		return err
	}
	l, err := h.Painter.Legend(sets[0], one)
	if err != nil {
		return err
	}
	format, err := q.Need("FORMAT")
	if err != nil {
		return err
	}
	switch media, _, _ := strings.Cut(format, ";"); strings.TrimSpace(media) {
	case "image/png":
		b, err := h.Painter.LegendPNG(l)
		if err != nil {
			return err
		}
		return rest.Bytes(c, "image/png", b)
	case "image/svg+xml":
		return rest.Bytes(c, rest.MediaSVG, l.SVG())
	case "application/json":
		return rest.JSON(c, "application/json", map[string]any{"Legend": []any{l}})
	}
	return ows.Bad("InvalidFormat", "format", "FORMAT=%s: there are %s", ows.Clip(format), strings.Join(legendFormats, ", "))
}
