package wmts

import (
	"net/url"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"contado/api/draw"
	"contado/api/ows"
	"contado/api/rest"
	"contado/geo/atlas"
	"contado/geo/fault"
	"contado/geo/store/catalog"
	"contado/tiles/tms"
)

// anyTime is the time of a layer over all its items, the newest on top.
const anyTime = "current"

// place is a tile of a dataset.
type place struct {
	state   *atlas.Snapshot
	dataset catalog.Dataset
	one     draw.One
	set     *tms.TileMatrixSet
	tile    tms.Tile
}

// find reads what GetTile and GetFeatureInfo have in common.
func (h *Handler) find(q ows.Params) (place, error) {
	p := place{state: h.Painter.Atlas.Current()}
	id, err := q.Need("LAYER")
	if err != nil {
		return p, err
	}
	if p.dataset, err = draw.Layer(p.state, id); err != nil {
		return p, &ows.Exception{Code: ows.Invalid, Locator: "Layer", Err: fault.Errorf("wmts", fault.NotExist, "there is no layer %q", ows.Clip(id))}
	}
	if p.one, err = h.one(p.state, q, p.dataset); err != nil {
		return p, err
	}
	if id, err = q.Need("TILEMATRIXSET"); err != nil {
		return p, err
	}
	if p.set, err = tms.Get(id); err != nil {
		return p, &ows.Exception{Code: ows.Invalid, Locator: "TileMatrixSet", Err: err}
	}
	matrix, err := q.Need("TILEMATRIX")
	if err != nil {
		return p, err
	}
	// Some clients put the identifier of the set before that of the matrix.
	if p.tile.Z, err = p.set.Zoom(strings.TrimPrefix(matrix, p.set.ID+":")); err != nil {
		return p, &ows.Exception{Code: ows.Invalid, Locator: "TileMatrix", Err: err}
	}
	m := &p.set.Matrices[p.tile.Z]
	for _, part := range []struct {
		name, locator string
		most          int
		into          *int
	}{{"TILEROW", "TileRow", m.Rows - 1, &p.tile.Y}, {"TILECOL", "TileCol", m.Columns - 1, &p.tile.X}} {
		text, err := q.Need(part.name)
		if err != nil {
			return p, err
		}
		n, err := strconv.Atoi(text)
		if err != nil {
			return p, ows.Bad(ows.Invalid, part.locator, "%s=%s is no whole number", part.locator, ows.Clip(text))
		}
		if n < 0 || n > part.most {
			return p, &ows.Exception{Code: outOfRange, Locator: part.locator, Err: fault.Errorf("wmts", fault.NotExist,
				"%s=%d is outside 0 to %d of matrix %s", part.locator, n, part.most, m.ID)}
		}
		*part.into = n
	}
	return p, nil
}

func (h *Handler) one(state *atlas.Snapshot, q ows.Params, d catalog.Dataset) (draw.One, error) {
	s, ok := h.Painter.FindStyle(state, d, q["STYLE"])
	if !ok {
		return draw.One{}, &ows.Exception{Code: ows.Invalid, Locator: "Style", Err: fault.Errorf("wmts", fault.NotExist,
			"layer %s has no style %q", d.ID, ows.Clip(q["STYLE"]))}
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
	if t := q["TIME"]; t != "" && t != anyTime {
		if _, err := draw.Time(t); err != nil {
			return draw.One{}, ows.Bad(ows.Invalid, "Time", "%v", err)
		}
		own.Set("datetime", t)
	}
	return h.Painter.One(state, d, own)
}

func (h *Handler) tile(c echo.Context, q ows.Params) error {
	p, err := h.find(q)
	if err != nil {
		return err
	}
	text, err := q.Need("FORMAT")
	if err != nil {
		return err
	}
	format, ok := draw.ByMedia(text)
	if !ok {
		return ows.Bad(ows.Invalid, "Format", "FORMAT=%s: there are image/png, image/jpeg, image/webp", ows.Clip(text))
	}
	r, err := h.Painter.Draw(c.Request().Context(), draw.Request{Layers: []draw.One{p.one}, Set: p.set, Tile: p.tile, Format: format})
	if err != nil {
		return err
	}
	return draw.Send(c, r, rest.Revalidate)
}

func (h *Handler) featureInfo(c echo.Context, q ows.Params) error {
	p, err := h.find(q)
	if err != nil {
		return err
	}
	m := &p.set.Matrices[p.tile.Z]
	i, err := q.Int("I", 0, m.TileWidth-1, badPoint)
	if err != nil {
		return err
	}
	j, err := q.Int("J", 0, m.TileHeight-1, badPoint)
	if err != nil {
		return err
	}
	x, y := p.set.Grid(p.tile, 1).Center(i, j)
	at, err := h.Painter.Place(p.set.CRS, x, y)
	if err != nil {
		return ows.Bad(badPoint, "I", "%v", err)
	}
	if err := h.Painter.Sample(c.Request().Context(), p.one, p.dataset, at, 10); err != nil {
		return err
	}
	switch media, _, _ := strings.Cut(q["INFOFORMAT"], ";"); strings.TrimSpace(media) {
	case "application/json", "application/geo+json", "":
		return rest.JSON(c, rest.MediaJSON, at.GeoJSON())
	case "text/html":
		b, err := at.HTML()
		if err != nil {
			return err
		}
		return rest.Bytes(c, rest.MediaHTML, b)
	case "text/plain":
		return rest.Bytes(c, "text/plain; charset=utf-8", at.Text())
	}
	return ows.Bad(ows.Invalid, "InfoFormat", "INFOFORMAT=%s: there are %s", ows.Clip(q["INFOFORMAT"]), strings.Join(infoFormats, ", "))
}

// names are the parameters that parts of an address stand for.
var names = map[string]string{
	"layer": "LAYER", "style": "STYLE", "time": "TIME", "set": "TILEMATRIXSET", "matrix": "TILEMATRIX",
	"row": "TILEROW", "col": "TILECOL", "j": "J", "file": "FILE",
}

// addressed turns an address into the parameters that it stands for.
func addressed(c echo.Context) (ows.Params, error) {
	q, err := ows.Read(c.QueryParams())
	if err != nil {
		return nil, err
	}
	for _, part := range c.ParamNames() {
		v, err := rest.Path(c, part)
		if err != nil {
			return nil, err
		}
		q[names[part]] = v
	}
	return q, nil
}

func (h *Handler) byAddress(c echo.Context) error {
	q, err := addressed(c)
	if err != nil {
		return err
	}
	col, ending, _ := strings.Cut(q["FILE"], ".")
	media, ok := map[string]string{"png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "webp": "image/webp"}[ending]
	if !ok {
		return &ows.Exception{Code: ows.Invalid, Locator: "Format", Err: fault.Errorf("wmts", fault.NotExist,
			"a tile ends in .png, .jpg or .webp, not in %q", ows.Clip(ending))}
	}
	q["TILECOL"], q["FORMAT"] = col, media
	return h.tile(c, q)
}

func (h *Handler) infoByAddress(c echo.Context) error {
	q, err := addressed(c)
	if err != nil {
		return err
	}
	i, ending, _ := strings.Cut(q["FILE"], ".")
	media, ok := map[string]string{"json": "application/json", "html": "text/html", "txt": "text/plain"}[ending]
	if !ok {
		return &ows.Exception{Code: ows.Invalid, Locator: "InfoFormat", Err: fault.Errorf("wmts", fault.NotExist,
			"an answer ends in .json, .html or .txt, not in %q", ows.Clip(ending))}
	}
	q["I"], q["INFOFORMAT"] = i, media
	return h.featureInfo(c, q)
}
