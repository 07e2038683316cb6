package ogc

import (
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"contado/api/draw"
	"contado/api/rest"
	"contado/geo/fault"
	"contado/geo/store/catalog"
	"contado/tiles/tms"
)

// address is the tile that a request names. What lies outside the grid is
// not there.
func address(c echo.Context) (*tms.TileMatrixSet, tms.Tile, error) {
	var t tms.Tile
	s, err := setOf(c)
	if err != nil {
		return nil, t, err
	}
	var parts [3]string
	for i, name := range []string{"tileMatrix", "tileRow", "tileCol"} {
		if parts[i], err = rest.Path(c, name); err != nil {
			return nil, t, err
		}
	}
	if t.Z, err = s.Zoom(parts[0]); err != nil {
		return nil, t, err
	}
	m := &s.Matrices[t.Z]
	for _, p := range []struct {
		name, text string
		most       int
		into       *int
	}{{"row", parts[1], m.Rows - 1, &t.Y}, {"column", parts[2], m.Columns - 1, &t.X}} {
		n, err := strconv.Atoi(p.text)
		if err != nil || len(p.text) > 10 {
			return nil, t, fault.Errorf("ogc", fault.Invalid, "%s %.20q of the tile: want a whole number", p.name, p.text)
		}
		if n < 0 || n > p.most {
			return nil, t, fault.Errorf("ogc", fault.NotExist, "%s %d is outside 0 to %d of matrix %s", p.name, n, p.most, m.ID)
		}
		*p.into = n
	}
	return s, t, nil
}

// beyond is the answer for a tile outside the limits that its tileset declares
// (20-057 /req/core/tc-error).
func beyond(d catalog.Dataset, s *tms.TileMatrixSet, t tms.Tile, k kind) error {
	return fault.WithHint(fault.Errorf("ogc", fault.NotExist, "tile %v lies outside the limits of the tileset", t),
		"the limits are in /collections/"+d.ID+"/"+strings.Join(k.path, "/")+"/"+s.ID)
}

func (h *Pictures) mapTile(c echo.Context) error {
	state, d, err := h.dataset(c, mapTiles)
	if err != nil {
		return err
	}
	if err := rest.Only(c, slices.Concat(draw.Names, []string{"f", "transparent", "bgcolor"})...); err != nil {
		return err
	}
	format, err := formatOf(c)
	if err != nil {
		return err
	}
	s, t, err := address(c)
	if err != nil {
		return err
	}
	if !within(h.Painter.Limits(state, d, s), t) {
		return beyond(d, s, t, mapTiles)
	}
	bg, err := backgroundOf(c)
	if err != nil {
		return err
	}
	one, err := h.Painter.One(state, d, c.QueryParams())
	if err != nil {
		return err
	}
	r, err := h.Painter.Draw(c.Request().Context(), draw.Request{Layers: []draw.One{one}, Set: s, Tile: t, Format: format, Background: bg})
	if err != nil {
		return err
	}
	c.Response().Header().Set("Content-Crs", "<"+s.CRSURI+">")
	return draw.Send(c, r, rest.Revalidate)
}
