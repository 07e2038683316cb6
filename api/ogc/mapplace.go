package ogc

import (
	"math"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"contado/api/draw"
	"contado/api/rest"
	"contado/geo"
	"contado/geo/atlas"
	"contado/geo/crs"
	"contado/geo/fault"
	"contado/geo/store/catalog"
)

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
