package xyz

import (
	"bytes"
	"encoding/json"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geojson"

	"contado/api/draw"
	"contado/api/rest"
	"contado/geo"
	"contado/geo/atlas"
	"contado/geo/fault"
	"contado/geo/store/catalog"
)

// Crops serves windows of raster datasets that are no tiles, at the addresses
// that users of TiTiler know: a preview, a box, a polygon, a point. As there,
// coordinates are always x first.
type Crops struct {
	Painter *draw.Painter
	Timeout time.Duration
}

// Register adds the routes.
func (h *Crops) Register(r rest.Registrar) {
	t := rest.Within(h.Timeout)
	rest.Get(r, "/xyz/:dataset/:file", h.preview, t)
	r.Add(http.MethodPost, "/xyz/:dataset/:file", h.feature, t)
	rest.Get(r, "/xyz/:dataset/point/:place", h.point, t)
	rest.Get(r, "/xyz/:dataset/bbox/:file", h.box, t)
	rest.Get(r, "/xyz/:dataset/bbox/:box/:file", h.box, t)
}

const (
	defaultCrop = 1024 // pixels of the longer side
	maxVertices = 100_000
)

// sizeParams say how large a crop is to be, dst_crs in which system.
var sizeParams = []string{"max_size", "width", "height", "dst_crs"}

// crop is what all crops have in common.
type crop struct {
	state   *atlas.Snapshot
	dataset catalog.Dataset
	out     draw.System
	format  draw.Format
	one     draw.One
	width   int // 0: by the box
	height  int
	most    int // of the longer side
}

// read reads what all crops have in common; more are further parameters.
func (h *Crops) read(c echo.Context, ending string, more ...string) (crop, error) {
	k := crop{state: h.Painter.Atlas.Current(), most: defaultCrop}
	id, err := rest.Path(c, "dataset")
	if err != nil {
		return k, err
	}
	if k.dataset, err = draw.Layer(k.state, id); err != nil {
		return k, err
	}
	if err := rest.Only(c, slices.Concat(draw.Names, sizeParams, more)...); err != nil {
		return k, err
	}
	var ok bool
	if k.format, ok = draw.ByEnding(ending); !ok {
		return k, fault.Errorf("xyz", fault.Invalid, "a crop ends in .png, .jpg, .webp, .tif or .npy, not in .%.20s", ending)
	}
	if k.out, err = systemOf(c, k.dataset, "dst_crs"); err != nil {
		return k, err
	}
	for _, p := range []struct {
		name string
		into *int
	}{{"width", &k.width}, {"height", &k.height}, {"max_size", &k.most}} {
		text := c.QueryParam(p.name)
		if text == "" {
			continue
		}
		if *p.into, err = strconv.Atoi(text); err != nil || *p.into < 1 {
			return k, fault.Errorf("xyz", fault.Invalid, "%s=%.40s: want a whole number above 0", p.name, text)
		}
		if err := draw.CheckSize(*p.into, 1); err != nil {
			return k, err
		}
	}
	k.one, err = h.Painter.One(k.state, k.dataset, c.QueryParams())
	return k, err
}

// systemOf is the system that a parameter names; without it that of the
// dataset for dst_crs, degrees for all else.
func systemOf(c echo.Context, d catalog.Dataset, param string) (draw.System, error) {
	text := c.QueryParam(param)
	if text == "" {
		if own, ok := draw.Native(d); ok && param == "dst_crs" {
			return own, nil
		}
		return draw.Systems()[0], nil
	}
	s, ok := draw.FindSystem(draw.SystemsOf(d), text)
	if !ok {
		return s, fault.Errorf("xyz", fault.Invalid, "%s=%.80s is not on offer for %s; its collection lists what is", param, text, d.ID)
	}
	return s, nil
}

func (h *Crops) preview(c echo.Context) error {
	name, ending, err := fileOf(c)
	if err != nil {
		return err
	}
	if name != "preview" {
		return fault.WithHint(fault.Errorf("xyz", fault.NotExist, "there is nothing at %.80s", c.Request().URL.Path), "a crop is at preview.png, bbox/…, point/…, or by POST at feature.png")
	}
	k, err := h.read(c, ending)
	if err != nil {
		return err
	}
	b, ok := h.Painter.Bounds(k.dataset, k.out.CRS, k.out.Domain)
	if !ok {
		return fault.Errorf("xyz", fault.Invalid, "dataset %s does not lie in %s", k.dataset.ID, k.out.Name)
	}
	return h.send(c, k, b, nil)
}

// fileOf splits the last part of an address in name and ending.
func fileOf(c echo.Context) (name, ending string, err error) {
	file, err := rest.Path(c, "file")
	if err != nil {
		return "", "", err
	}
	i := strings.LastIndexByte(file, '.')
	if i < 0 {
		return file, "", nil
	}
	return file[:i], file[i+1:], nil
}

// numbersOf reads coordinates.
func numbersOf(text string, n int) ([]float64, error) {
	parts := strings.Split(text, ",")
	bad := fault.Errorf("xyz", fault.Invalid, "%.80q: want %d numbers with commas", text, n)
	if len(parts) != n {
		return nil, bad
	}
	out := make([]float64, n)
	for i, p := range parts {
		v, err := strconv.ParseFloat(p, 64)
		if err != nil || math.IsNaN(v) || math.Abs(v) > 1e9 {
			return nil, bad
		}
		out[i] = v
	}
	return out, nil
}

func (h *Crops) box(c echo.Context) error {
	name, ending, err := fileOf(c)
	if err != nil {
		return err
	}
	k, err := h.read(c, ending, "coord_crs")
	if err != nil {
		return err
	}
	text := name
	if c.Param("box") != "" {
		if text, err = rest.Path(c, "box"); err != nil {
			return err
		}
		w, hh, ok := strings.Cut(name, "x")
		width, err := whole(w)
		height, err2 := whole(hh)
		if !ok || err != nil || err2 != nil {
			return fault.Errorf("xyz", fault.Invalid, "%.40q is no size: want 512x256", name)
		}
		if k.width != 0 || k.height != 0 {
			return fault.Errorf("xyz", fault.Invalid, "the size is said twice")
		}
		if err := draw.CheckSize(width, height); err != nil {
			return err
		}
		k.width, k.height = width, height
	}
	v, err := numbersOf(text, 4)
	if err != nil {
		return err
	}
	in, err := systemOf(c, k.dataset, "coord_crs")
	if err != nil {
		return err
	}
	b := geo.BBox{MinX: v[0], MinY: v[1], MaxX: v[2], MaxY: v[3]}
	if in.Degrees && b.MinX > b.MaxX {
		b.MaxX += 360 // across the antimeridian
	}
	if b.MinX >= b.MaxX || b.MinY >= b.MaxY || in.Degrees && (b.MinY < -90 || b.MaxY > 90 || b.Width() > 360 || b.MinX < -360) {
		return fault.Errorf("xyz", fault.Invalid, "the box %.80s is none: want minx,miny,maxx,maxy", text)
	}
	if c.QueryParam("dst_crs") == "" {
		k.out = in
	}
	if in.CRS != k.out.CRS {
		t, err := h.Painter.Transformer(in.CRS, k.out.CRS)
		if err != nil {
			return err
		}
		if b, err = t.BBox(b); err != nil {
			return err
		}
		if k.out.Degrees && b.MinX > b.MaxX {
			b.MaxX += 360
		}
	}
	return h.send(c, k, b, nil)
}

// send draws a window: its size is as asked for, else by the dataset's own
// cells, at most the longer side allowed.
func (h *Crops) send(c echo.Context, k crop, b geo.BBox, clip orb.Geometry) error {
	if !(b.Width() > 0 && b.Height() > 0) {
		return fault.Errorf("xyz", fault.Invalid, "the window %v has no area", b)
	}
	width, height := k.width, k.height
	switch {
	case width > 0 && height > 0:
	case width > 0:
		height = atLeast1(float64(width) * b.Height() / b.Width())
	case height > 0:
		width = atLeast1(float64(height) * b.Width() / b.Height())
	default:
		cell := h.cell(k, b)
		wide, high := b.Width()/cell, b.Height()/cell
		if longest := math.Max(wide, high); longest > float64(k.most) {
			wide, high = wide*float64(k.most)/longest, high*float64(k.most)/longest
		}
		width, height = atLeast1(wide), atLeast1(high)
	}
	if err := draw.CheckSize(width, height); err != nil {
		return err
	}
	r, err := h.Painter.Draw(c.Request().Context(), draw.Request{
		Layers: []draw.One{k.one}, Grid: draw.Grid(k.out.CRS, b, width, height), Clip: clip, Format: k.format,
	})
	if err != nil {
		return err
	}
	c.Response().Header().Set("Content-Crs", "<"+k.out.URI+">")
	return draw.Send(c, r, rest.Revalidate)
}

func atLeast1(v float64) int { return int(math.Min(math.Max(math.Round(v), 1), 1e9)) }

// cell is the size of the dataset's finest cells in the system of a crop: its
// own where it is that system, else by their size in metres.
func (h *Crops) cell(k crop, b geo.BBox) float64 {
	least := math.Inf(1)
	for _, it := range k.one.Source.Items(nil) {
		if g := it.Grid; g.CRS == k.out.CRS {
			least = math.Min(least, math.Hypot(g.Transform[1], g.Transform[4]))
		}
	}
	if !math.IsInf(least, 1) {
		return least
	}
	metres := h.Painter.Finest(k.state, k.dataset)
	if k.out.Degrees {
		return metres / k.out.MetresPerUnit()
	}
	if k.out.CRS == geo.WebMercator { // whose metres grow with the latitude
		if p, err := h.Painter.Place(k.out.CRS, (b.MinX+b.MaxX)/2, (b.MinY+b.MaxY)/2); err == nil {
			metres /= math.Max(math.Cos(p.Lat*math.Pi/180), 0.01)
		}
	}
	return metres
}

func (h *Crops) feature(c echo.Context) error {
	name, ending, err := fileOf(c)
	if err != nil {
		return err
	}
	if name != "feature" {
		return fault.Errorf("xyz", fault.NotExist, "there is nothing to send to at %.80s: a polygon goes to feature.png", c.Request().URL.Path)
	}
	k, err := h.read(c, ending)
	if err != nil {
		return err
	}
	g, err := polygonOf(c)
	if err != nil {
		return err
	}
	t, err := h.Painter.Transformer(geo.WGS84, k.out.CRS)
	if err != nil {
		return err
	}
	if g, err = t.Geometry(g, nil); err != nil {
		return err
	}
	return h.send(c, k, geo.BBoxOf(g.Bound()), g)
}

// polygonOf reads a polygon in longitude and latitude: a GeoJSON feature or
// geometry.
func polygonOf(c echo.Context) (orb.Geometry, error) {
	var raw struct {
		Type     string          `json:"type"`
		Geometry json.RawMessage `json:"geometry"`
	}
	var body bytes.Buffer
	if _, err := body.ReadFrom(c.Request().Body); err != nil {
		return nil, err
	}
	text := body.Bytes()
	bad := fault.Errorf("xyz", fault.Invalid, "the body is no GeoJSON feature or geometry with a polygon")
	if err := json.Unmarshal(text, &raw); err != nil {
		return nil, bad
	}
	if raw.Type == "Feature" {
		text = raw.Geometry
	}
	parsed, err := geojson.UnmarshalGeometry(text)
	if err != nil {
		return nil, bad
	}
	var all orb.MultiPolygon
	switch g := parsed.Geometry().(type) {
	case orb.Polygon:
		all = orb.MultiPolygon{g}
	case orb.MultiPolygon:
		all = g
	default:
		return nil, bad
	}
	n := 0
	for _, p := range all {
		for _, ring := range p {
			if n += len(ring); n > maxVertices {
				return nil, fault.Errorf("xyz", fault.TooLarge, "the polygon has more than %d vertices", maxVertices)
			}
			if len(ring) < 4 || ring[0] != ring[len(ring)-1] {
				return nil, fault.Errorf("xyz", fault.Invalid, "a ring of the polygon is not closed, or has fewer than four points")
			}
			for _, v := range ring {
				if !(math.Abs(v[0]) <= 540 && math.Abs(v[1]) <= 90) {
					return nil, fault.Errorf("xyz", fault.Invalid, "the point %v is no longitude and latitude", v)
				}
			}
		}
	}
	if n == 0 {
		return nil, bad
	}
	return all, nil
}
