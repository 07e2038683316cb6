package ogc

import (
	"image/color"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"contado/api/draw"
	"contado/api/rest"
	"contado/geo"
	"contado/geo/atlas"
	"contado/geo/fault"
	"contado/geo/store/catalog"
)

// mapParams are those of OGC API Maps.
var mapParams = []string{
	"bbox", "bbox-crs", "subset", "subset-crs", "center", "center-crs", "crs", "width", "height", "scale-denominator", "mm-per-pixel",
	"transparent", "bgcolor", "f",
}

const (
	defaultSide = 1024 // pixels of the longer side
	// metresOfPixel is the size of a pixel that scales speak of.
	metresOfPixel = 0.00028
)

// mapRequest is where and how large a map is to be.
type mapRequest struct {
	out           draw.System
	box           *geo.BBox   // in out; nil: not said
	centre        *[2]float64 // in out
	width, height int         // 0: not said
	metres        float64     // on the ground a pixel; 0: not said
	when          *rest.Interval
}

func (h *Pictures) collectionMap(c echo.Context) error {
	state, d, err := h.dataset(c, mapTiles)
	if err != nil {
		return err
	}
	if err := onlyBut(c, "subset", slices.Concat(mapParams, draw.Names)...); err != nil {
		return err
	}
	format, err := formatOf(c)
	if err != nil {
		return err
	}
	bg, err := backgroundOf(c)
	if err != nil {
		return err
	}
	r, err := h.readMap(c, state, d)
	if err != nil {
		return err
	}
	if err := h.complete(state, d, &r); err != nil {
		return err
	}
	q := rest.Query(c)
	if r.when != nil {
		if !r.when.Overlaps(d.Version.TimeStart, d.Version.TimeEnd) {
			c.Response().Header().Set("Cache-Control", "no-cache") // a picture of that time may come
			return c.NoContent(http.StatusNoContent)               // 20-058, /req/datetime/subset-definition
		}
		q.Set("datetime", formatInterval(*r.when))
	} else if r.when, err = draw.Time(q.Get("datetime")); err != nil {
		return err
	}
	one, err := h.Painter.One(state, d, q)
	if err != nil {
		return err
	}
	p, err := h.Painter.Draw(c.Request().Context(), draw.Request{
		Layers: []draw.One{one}, Grid: draw.Grid(r.out.CRS, *r.box, r.width, r.height), Format: format, Background: bg,
	})
	if err != nil {
		return err
	}
	hd := c.Response().Header()
	hd.Set("Content-Crs", "<"+r.out.URI+">")
	hd.Set("Content-Bbox", numbers(r.out.Ordered(*r.box)))
	if text := contentTime(d, r.when); text != "" {
		hd.Set("Content-Datetime", text)
	}
	return draw.Send(c, p, rest.Revalidate)
}

// onlyBut is rest.Only with one parameter that may come several times.
func onlyBut(c echo.Context, several string, allowed ...string) error {
	q := c.QueryParams()
	values := q[several]
	if len(values) > 1 {
		q[several] = values[:1]
		defer func() { q[several] = values }()
	}
	return rest.Only(c, allowed...)
}

func numbers(v [4]float64) string {
	parts := make([]string, len(v))
	for i, n := range v {
		parts[i] = strconv.FormatFloat(n, 'f', -1, 64)
	}
	return strings.Join(parts, ",")
}

// formatOf is the image format asked for.
func formatOf(c echo.Context) (draw.Format, error) {
	offers := make([]rest.Format, len(draw.Formats))
	for i, f := range draw.Formats {
		offers[i] = rest.Format{Name: f.Name, Media: f.Media, Title: f.Name}
	}
	chosen, err := rest.Choose(c, offers...)
	if err != nil {
		return draw.Format{}, err
	}
	f, _ := draw.ByMedia(chosen.Media)
	return f, nil
}

// backgroundOf is the background: transparent unless a colour or
// transparent=false says otherwise (20-058, /req/background).
func backgroundOf(c echo.Context) (*color.NRGBA, error) {
	text := c.QueryParam("bgcolor")
	transparent := text == ""
	switch v := c.QueryParam("transparent"); v {
	case "":
	case "true", "TRUE":
		transparent = true
	case "false", "FALSE":
		transparent = false
	default:
		return nil, fault.Errorf("ogc", fault.Invalid, "transparent=%.20s: want true or false", v)
	}
	bg := color.NRGBA{R: 255, G: 255, B: 255, A: 255}
	if text != "" {
		var err error
		if bg, err = draw.Colour(text); err != nil {
			return nil, err
		}
	}
	if transparent {
		return nil, nil
	}
	return &bg, nil
}

// system reads a parameter that names a reference system.
func system(c echo.Context, d catalog.Dataset, param string, otherwise draw.System) (draw.System, error) {
	text := c.QueryParam(param)
	if text == "" {
		return otherwise, nil
	}
	list := draw.SystemsOf(d)
	s, ok := draw.FindSystem(list, text)
	if !ok {
		names := make([]string, len(list))
		for i, s := range list {
			names[i] = s.URI
		}
		return s, fault.WithHint(fault.Errorf("ogc", fault.Invalid, "%s=%.120s is not on offer for %s", param, text, d.ID), "there are "+strings.Join(names, ", "))
	}
	return s, nil
}

func positive(c echo.Context, param string) (float64, error) {
	text := c.QueryParam(param)
	if text == "" {
		return 0, nil
	}
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || !(v > 0) || v > 1e12 {
		return 0, fault.Errorf("ogc", fault.Invalid, "%s=%.40s: want a number above 0", param, text)
	}
	return v, nil
}

func pixels(c echo.Context, param string) (int, error) {
	text := c.QueryParam(param)
	if text == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		return 0, fault.Errorf("ogc", fault.Invalid, "%s=%.40s: want a whole number above 0", param, text)
	}
	return n, draw.CheckSize(n, 1)
}

// readMap reads the parameters that say where and how large.
func (h *Pictures) readMap(c echo.Context, state *atlas.Snapshot, d catalog.Dataset) (r mapRequest, err error) {
	// Collections of rasters name no storageCrs, so that maps are in CRS84
	// unless crs says otherwise: GDAL takes them for that in any case.
	lonLat := draw.Systems()[0]
	if r.out, err = system(c, d, "crs", lonLat); err != nil {
		return r, err
	}
	if r.width, err = pixels(c, "width"); err != nil {
		return r, err
	}
	if r.height, err = pixels(c, "height"); err != nil {
		return r, err
	}
	scale, err := positive(c, "scale-denominator")
	if err != nil {
		return r, err
	}
	pixel, err := positive(c, "mm-per-pixel")
	if err != nil {
		return r, err
	}
	if pixel == 0 {
		pixel = metresOfPixel * 1000
	}
	r.metres = scale * pixel / 1000
	if err := h.readPlace(c, state, d, lonLat, &r); err != nil {
		return r, err
	}
	if r.box != nil && r.metres > 0 && (r.width > 0 || r.height > 0) {
		return r, fault.Errorf("ogc", fault.Invalid, "a box, a scale and a size contradict each other: leave one of them out")
	}
	return r, nil
}

// contentTime is the stretch of time that a map shows; "" without times.
func contentTime(d catalog.Dataset, asked *rest.Interval) string {
	from, to := d.Version.TimeStart, d.Version.TimeEnd
	if from == nil || to == nil {
		return ""
	}
	show := rest.Interval{From: *from, To: *to}
	if asked != nil {
		if asked.From.After(show.From) {
			show.From = asked.From
		}
		if !asked.To.IsZero() && asked.To.Before(show.To) {
			show.To = asked.To
		}
	}
	return formatInterval(show)
}

func formatInterval(i rest.Interval) string {
	end := func(t time.Time) string {
		if t.IsZero() {
			return ".."
		}
		return t.UTC().Format(time.RFC3339Nano)
	}
	if i.From.Equal(i.To) {
		return end(i.From)
	}
	return end(i.From) + "/" + end(i.To)
}
