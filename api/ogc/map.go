package ogc

import (
	"image/color"
	"math"
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
	"contado/geo/crs"
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

// readPlace reads bbox, center or subset, of which only one may say where.
func (h *Pictures) readPlace(c echo.Context, state *atlas.Snapshot, d catalog.Dataset, lonLat draw.System, r *mapRequest) error {
	boxIn, err := system(c, d, "bbox-crs", lonLat)
	if err != nil {
		return err
	}
	subsetIn, err := system(c, d, "subset-crs", lonLat)
	if err != nil {
		return err
	}
	centreIn, err := system(c, d, "center-crs", lonLat)
	if err != nil {
		return err
	}
	sub, err := parseSubset(c.QueryParams()["subset"])
	if err != nil {
		return err
	}
	r.when = sub.when
	if r.when != nil && c.QueryParam("datetime") != "" {
		return fault.Errorf("ogc", fault.Invalid, "datetime and subset=time(…) contradict each other")
	}
	ways := 0
	for _, said := range []bool{c.QueryParam("bbox") != "", c.QueryParam("center") != "", sub.x != nil || sub.y != nil} {
		if said {
			ways++
		}
	}
	if ways > 1 {
		return fault.Errorf("ogc", fault.Invalid, "bbox, center and subset all say where: give one of them")
	}
	switch {
	case c.QueryParam("bbox") != "":
		b, err := boxIn4(c.QueryParam("bbox"), boxIn)
		if err != nil {
			return err
		}
		return h.place(r, *b, boxIn)
	case c.QueryParam("center") != "":
		return h.readCentre(c.QueryParam("center"), centreIn, r)
	case sub.x != nil || sub.y != nil:
		whole, ok := h.Painter.Bounds(d, subsetIn.CRS, subsetIn.Domain)
		if !ok {
			return fault.Errorf("ogc", fault.Invalid, "collection %s does not lie in %s", d.ID, subsetIn.Name)
		}
		cell := h.Painter.Finest(state, d) / subsetIn.MetresPerUnit()
		b, err := sub.box(whole, cell, subsetIn)
		if err != nil {
			return err
		}
		return h.place(r, b, subsetIn)
	}
	return nil
}

// boxIn4 reads a box in a system: in degrees it may cross the antimeridian,
// and then runs past 180.
func boxIn4(text string, s draw.System) (*geo.BBox, error) {
	if !s.Degrees {
		b, err := rest.PlainBBox(text, s.Swapped)
		if err == nil && (b.MinX >= b.MaxX || b.MinY >= b.MaxY) {
			err = fault.Errorf("ogc", fault.Invalid, "bbox=%.80s has no area", text)
		}
		return b, err
	}
	if s.Swapped {
		var err error
		if text, err = rest.SwapBBox(text); err != nil {
			return nil, err
		}
	}
	b, err := rest.BBox(text)
	if err != nil {
		return nil, err
	}
	if b.MinX > b.MaxX {
		b.MaxX += 360
	}
	if b.MinX == b.MaxX || b.MinY == b.MaxY {
		return nil, fault.Errorf("ogc", fault.Invalid, "bbox=%.80s has no area", text)
	}
	return b, nil
}

// place sets the box of a request from one in another system.
func (h *Pictures) place(r *mapRequest, b geo.BBox, in draw.System) error {
	if in.CRS != r.out.CRS {
		t, err := h.Painter.Transformer(in.CRS, r.out.CRS)
		if err != nil {
			return err
		}
		if in.Degrees && b.MaxX > 180 {
			b.MaxX -= 360
		}
		if b, err = t.BBox(b); err != nil {
			return fault.WithHint(err, "ask for a box that lies within the reach of "+r.out.Name)
		}
		if r.out.Degrees && b.MinX > b.MaxX {
			b.MaxX += 360
		}
	}
	if b.IsEmpty() || !(b.Width() > 0 && b.Height() > 0) {
		return fault.Errorf("ogc", fault.Invalid, "the box %v has no area in %s", b, r.out.Name)
	}
	r.box = &b
	return nil
}

func (h *Pictures) readCentre(text string, in draw.System, r *mapRequest) error {
	parts := strings.Split(text, ",")
	var v [2]float64
	for i, p := range parts {
		n, err := strconv.ParseFloat(strings.TrimSpace(p), 64)
		if len(parts) != 2 || err != nil || math.IsNaN(n) || math.IsInf(n, 0) {
			return fault.Errorf("ogc", fault.Invalid, "center=%.80s: want two numbers", text)
		}
		v[i] = n
	}
	if in.Swapped {
		v[0], v[1] = v[1], v[0]
	}
	if in.CRS != r.out.CRS {
		t, err := h.Painter.Transformer(in.CRS, r.out.CRS)
		if err != nil {
			return err
		}
		x, y, ok := t.Point(v[0], v[1])
		if !ok {
			return fault.Errorf("ogc", fault.Invalid, "center=%.80s lies outside %s", text, r.out.Name)
		}
		v = [2]float64{x, y}
	}
	r.centre = &v
	return nil
}

// complete fills in what a request leaves open, so that the scale is the same
// along both axes on the ground.
func (h *Pictures) complete(state *atlas.Snapshot, d catalog.Dataset, r *mapRequest) error {
	whole, ok := h.Painter.Bounds(d, r.out.CRS, r.out.Domain)
	if r.box == nil && r.centre == nil && !ok {
		return fault.Errorf("ogc", fault.Invalid, "collection %s does not lie in %s: say where with bbox", d.ID, r.out.Name)
	}
	sized := r.width > 0 || r.height > 0
	if r.box == nil && (r.centre != nil || r.metres > 0 && sized) {
		if r.centre == nil {
			r.centre = &[2]float64{(whole.MinX + whole.MaxX) / 2, (whole.MinY + whole.MaxY) / 2}
		}
		if r.metres == 0 {
			r.metres = h.Painter.Finest(state, d)
		}
		return h.around(r)
	}
	if r.box == nil {
		r.box = &whole
	}
	ux, uy, err := h.unit(r.out, (r.box.MinX+r.box.MaxX)/2, (r.box.MinY+r.box.MaxY)/2)
	if err != nil {
		return err
	}
	wide, high := r.box.Width()*ux, r.box.Height()*uy // metres
	switch {
	case r.metres > 0:
		r.width, r.height = count(wide/r.metres), count(high/r.metres)
	case r.width > 0 && r.height > 0:
	case r.width > 0:
		r.height = count(float64(r.width) * high / wide)
	case r.height > 0:
		r.width = count(float64(r.height) * wide / high)
	default:
		longest := math.Max(wide, high)
		r.width, r.height = count(defaultSide*wide/longest), count(defaultSide*high/longest)
	}
	return draw.CheckSize(r.width, r.height)
}

// count is a number of pixels; too large ones stay too large.
func count(v float64) int { return int(math.Min(math.Max(math.Round(v), 1), 1e9)) }

// around makes the box from centre, scale and size.
func (h *Pictures) around(r *mapRequest) error {
	if r.width == 0 && r.height == 0 {
		r.width = defaultSide
	}
	if r.width == 0 {
		r.width = r.height
	}
	if r.height == 0 {
		r.height = r.width
	}
	x, y := r.centre[0], r.centre[1]
	ux, uy, err := h.unit(r.out, x, y)
	if err != nil {
		return err
	}
	dx, dy := r.metres/ux*float64(r.width)/2, r.metres/uy*float64(r.height)/2
	r.box = &geo.BBox{MinX: x - dx, MinY: y - dy, MaxX: x + dx, MaxY: y + dy}
	return draw.CheckSize(r.width, r.height)
}

// unit is the length on the ground, in metres, of a unit along x and along y
// at a place: measured over a thousandth of a degree or a hundred metres.
func (h *Pictures) unit(s draw.System, x, y float64) (ux, uy float64, err error) {
	step := 100.0
	if s.Degrees {
		step = 1e-3
	}
	from, err := h.Painter.Place(s.CRS, x, y)
	if err != nil {
		return 0, 0, err
	}
	for i, to := range [2][2]float64{{x + step, y}, {x, y + step}} {
		if s.Degrees && to[1] > 90 {
			to[1] -= 2 * step
		}
		p, err := h.Painter.Place(s.CRS, to[0], to[1])
		if err != nil {
			return 0, 0, err
		}
		m := float64(crs.Distance(from.Lon, from.Lat, p.Lon, p.Lat)) / step
		if !(m > 1e-9) {
			m = 1e-9
		}
		if i == 0 {
			ux = m
		} else {
			uy = m
		}
	}
	return ux, uy, nil
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
