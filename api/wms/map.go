package wms

import (
	"image/color"
	"net/url"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"contado/api/draw"
	"contado/api/ows"
	"contado/api/rest"
	"contado/geo/atlas"
	"contado/geo/grid"
	"contado/geo/store/catalog"
)

// window is the part of a request that says where.
type window struct {
	system draw.System
	grid   grid.Grid
}

// windowOf reads CRS, BBOX, WIDTH and HEIGHT for some layers, of which each
// must be on offer in the system.
func windowOf(q ows.Params, sets []catalog.Dataset) (window, error) {
	var w window
	name, old := "CRS", strings.HasPrefix(q["VERSION"], "1.1")
	if old {
		name = "SRS"
	}
	text, err := q.Need(name)
	if err != nil {
		return w, err
	}
	for _, d := range sets {
		var ok bool
		if w.system, ok = draw.FindSystem(draw.SystemsOf(d), text); !ok {
			return w, ows.Bad("InvalidCRS", strings.ToLower(name), "layer %s is not on offer in %s", d.ID, ows.Clip(text))
		}
	}
	v, err := q.Numbers("BBOX", 4)
	if err != nil {
		return w, err
	}
	s := w.system
	if old {
		s.Swapped = false
	}
	b := s.Box([4]float64(v))
	if b.MinX >= b.MaxX || b.MinY >= b.MaxY {
		return w, ows.Bad(ows.Invalid, "bbox", "BBOX=%s: a minimum is not below its maximum", ows.Clip(q["BBOX"]))
	}
	width, err := q.Int("WIDTH", 1, draw.MaxSide, ows.Invalid)
	if err != nil {
		return w, err
	}
	height, err := q.Int("HEIGHT", 1, draw.MaxSide, ows.Invalid)
	if err != nil {
		return w, err
	}
	w.grid = draw.Grid(s.CRS, b, width, height)
	return w, nil
}

// layersOf finds the datasets that a parameter names.
func layersOf(state *atlas.Snapshot, q ows.Params, param string) ([]catalog.Dataset, error) {
	if _, err := q.Need(param); err != nil {
		return nil, err
	}
	names := q.List(param)
	if len(names) > draw.MaxLayers {
		return nil, ows.Bad(ows.Invalid, strings.ToLower(param), "%d layers at once are too many: at most %d", len(names), draw.MaxLayers)
	}
	var out []catalog.Dataset
	for _, name := range names {
		d, err := draw.Layer(state, name)
		if err != nil {
			return nil, ows.Bad("LayerNotDefined", strings.ToLower(param), "there is no layer %q", ows.Clip(name))
		}
		out = append(out, d)
	}
	return out, nil
}

// stackOf gives the layers with their styles and the parameters of drawing.
func (h *Handler) stackOf(state *atlas.Snapshot, q ows.Params, sets []catalog.Dataset) ([]draw.One, error) {
	styles := q.List("STYLES")
	if len(styles) != 0 && len(styles) != len(sets) {
		return nil, ows.Bad("StyleNotDefined", "styles", "%d styles for %d layers", len(styles), len(sets))
	}
	var out []draw.One
	for i, d := range sets {
		name := ""
		if len(styles) > 0 {
			name = styles[i]
		}
		times, err := timesOf(q)
		if err != nil {
			return nil, err
		}
		for _, at := range times {
			one, err := h.one(state, q, d, name, at)
			if err != nil {
				return nil, err
			}
			if out = append(out, one); len(out) > draw.MaxLayers {
				return nil, ows.Bad(ows.Invalid, "layers", "more than %d layers and times at once", draw.MaxLayers)
			}
		}
	}
	return out, nil
}

// timesOf are the values of TIME, the latest on top; "" where it says nothing
// or the time of now, which is the newest there is of everything.
func timesOf(q ows.Params) ([]string, error) {
	list := q.List("TIME")
	if len(list) == 0 || len(list) == 1 && list[0] == "current" {
		return []string{""}, nil
	}
	for _, text := range list {
		if _, err := draw.Time(text); err != nil || text == "" {
			return nil, ows.Bad("InvalidDimensionValue", "time", "TIME=%s: want times as the capabilities list them, or an interval of two", ows.Clip(text))
		}
	}
	slices.Sort(list)
	return list, nil
}

// one is a layer with a style, at a time of timesOf.
func (h *Handler) one(state *atlas.Snapshot, q ows.Params, d catalog.Dataset, style, at string) (draw.One, error) {
	s, ok := h.Painter.FindStyle(state, d, style)
	if !ok {
		return draw.One{}, ows.Bad("StyleNotDefined", "styles", "layer %s has no style %q", d.ID, ows.Clip(style))
	}
	own := url.Values{}
	for k, v := range s.Query {
		own[k] = v
	}
	for _, name := range draw.Names {
		if v := q[strings.ToUpper(name)]; v != "" {
			own.Set(name, v)
		}
	}
	own.Del("datetime")
	if at != "" {
		own.Set("datetime", at)
	}
	return h.Painter.One(state, d, own)
}

// backgroundOf is the background, nil when it is transparent.
func backgroundOf(q ows.Params, format draw.Format) (*color.NRGBA, error) {
	switch {
	case strings.EqualFold(q["TRANSPARENT"], "TRUE"):
		if format.Alpha {
			return nil, nil
		}
	case q["TRANSPARENT"] != "" && !strings.EqualFold(q["TRANSPARENT"], "FALSE"):
		return nil, ows.Bad(ows.Invalid, "transparent", "TRANSPARENT=%s: want TRUE or FALSE", ows.Clip(q["TRANSPARENT"]))
	}
	bg := color.NRGBA{R: 255, G: 255, B: 255, A: 255}
	if text := q["BGCOLOR"]; text != "" {
		var err error
		if bg, err = draw.Colour(text); err != nil {
			return nil, ows.Bad(ows.Invalid, "bgcolor", "BGCOLOR: %v", err)
		}
		bg.A = 255
	}
	return &bg, nil
}

func (h *Handler) getMap(c echo.Context, q ows.Params) error {
	if v := q["VERSION"]; v != "" && v != "1.3.0" && !strings.HasPrefix(v, "1.1") {
		return ows.Bad(ows.Invalid, "version", "VERSION=%s: this is WMS 1.3.0", ows.Clip(v))
	}
	state := h.Painter.Atlas.Current()
	sets, err := layersOf(state, q, "LAYERS")
	if err != nil {
		return err
	}
	stack, err := h.stackOf(state, q, sets)
	if err != nil {
		return err
	}
	w, err := windowOf(q, sets)
	if err != nil {
		return err
	}
	text, err := q.Need("FORMAT")
	if err != nil {
		return err
	}
	format, ok := draw.ByMedia(text)
	if !ok {
		return ows.Bad("InvalidFormat", "format", "FORMAT=%s: there are %s", ows.Clip(text), strings.Join(mapFormats(), ", "))
	}
	bg, err := backgroundOf(q, format)
	if err != nil {
		return err
	}
	r, err := h.Painter.Draw(c.Request().Context(), draw.Request{Layers: stack, Grid: w.grid, Format: format, Background: bg})
	if err != nil {
		return err
	}
	return draw.Send(c, r, rest.Revalidate)
}
