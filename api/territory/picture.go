package territory

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"contado/api/rest"
	"contado/geo/analysis"
)

type picture struct {
	*analysis.ClearPicture
	Links []rest.Link `json:"links"`
}

// pictureWidth is that of the picture which is linked to.
const pictureWidth = 800

// picture answers with the last clear satellite picture of a territory.
func (h *Handler) picture(c echo.Context) error {
	if err := rest.Only(c, "f"); err != nil {
		return err
	}
	if _, err := rest.Choose(c, rest.JSONFormat); err != nil {
		return err
	}
	code, err := code(c)
	if err != nil {
		return err
	}
	state := h.Atlas.Current()
	tag := rest.Tag("picture", h.Program, rest.Base(c), code, state.State())
	ctx := c.Request().Context()
	tree, err := state.Territories(ctx)
	if err != nil {
		return err
	}
	if _, err := tree.Get(code); err != nil {
		return err
	}
	if rest.HasTag(c, tag, rest.Revalidate) {
		return c.NoContent(http.StatusNotModified)
	}
	p, err := h.Engine.ClearPicture(ctx, code)
	if err != nil {
		return err
	}
	out := picture{p, []rest.Link{
		{Href: rest.URL(c, "territories", code, "picture"), Rel: "self", Type: rest.MediaJSON},
		{Href: rest.URL(c, "territories", code), Rel: "up", Type: rest.MediaJSON},
		{Href: rest.With(rest.URL(c, "collections", p.Dataset, "map"), pictureQuery(p)), Rel: "preview", Type: "image/jpeg", Title: p.Title},
	}}
	if h.Atlas.Current() != state { // the data moved on meanwhile: the validator would be wrong
		return rest.JSON(c, rest.MediaJSON, out)
	}
	return tagged(c, tag, out)
}

// pictureQuery asks for the picture of a day over the territory.
func pictureQuery(p *analysis.ClearPicture) url.Values {
	box := make([]string, len(p.BBox))
	for i, v := range p.BBox {
		box[i] = strconv.FormatFloat(v, 'f', 6, 64)
	}
	return url.Values{
		"bbox": {strings.Join(box, ",")}, "datetime": {p.Date.Format(time.DateOnly)}, "width": {strconv.Itoa(pictureWidth)}, "f": {"jpeg"},
		"crs": {"http://www.opengis.net/def/crs/EPSG/0/3857"},
	}
}
