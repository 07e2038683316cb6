package xyz

import (
	"cmp"
	"math"
	"net/url"
	"slices"

	"github.com/labstack/echo/v4"

	"contado/api/rest"
	"contado/geo"
	"contado/geo/analysis"
	"contado/geo/fault"
	"contado/geo/index"
	"contado/geo/store/catalog"
	"contado/tiles/style"
	"contado/tiles/tms"
)

// wholeMap is the id of the style of the whole catalog.
const wholeMap = "map"

// order is how layers lie on each other, from the ground up.
var order = []catalog.Role{
	catalog.Imagery, catalog.Elevation, catalog.LandCover, catalog.Population, catalog.OtherRole, catalog.TerritoryRole,
	catalog.Hazard, catalog.Barrier, catalog.Road, catalog.TimetableRole, catalog.Place, catalog.Service,
}

// style answers with the MapLibre style of a dataset, or of everything.
func (h *Handler) style(c echo.Context) error {
	id, err := rest.Path(c, "id")
	if err != nil {
		return err
	}
	if _, err := rest.Choose(c, rest.JSONFormat); err != nil {
		return err
	}
	state := h.Atlas.Current()
	if id == ownBase {
		return h.baseStyle(c, state)
	}
	if err := rest.Only(c, append([]string{"f", "labels"}, themeParams...)...); err != nil {
		return err
	}
	labels, err := labelled(c)
	if err != nil {
		return err
	}
	if id == wholeMap {
		if err := rest.Only(c, "f", "labels"); err != nil {
			return err
		}
		return rest.JSON(c, rest.MediaJSON, mapStyle(c, state.Datasets(), labels))
	}
	d, err := state.Dataset(id)
	if err != nil {
		return err
	}
	if !drawable(d) {
		return fault.Errorf("xyz", fault.Invalid, "dataset %s has nothing to draw on a map", d.ID)
	}
	theme, err := h.theme(c, d)
	if err != nil {
		return err
	}
	o := styleOptions(c, d, labels)
	doc := style.New(d, o)
	if theme != nil {
		o.Sprite = rest.URL(c, "sprites", "contado")
		doc = style.NewThematic(d, theme, o)
	}
	if c.QueryParam("by") == "" { // nobody asks for another way
		style.Dress(doc, d)
	}
	look(doc, d.Version.BBoxWGS84)
	return rest.JSON(c, rest.MediaJSON, doc)
}

// labelled says whether the style is to have names: it has unless labels=false,
// which is for clients that need an address of fonts for any text.
func labelled(c echo.Context) (bool, error) {
	switch v := c.QueryParam("labels"); v {
	case "", "true":
		return true, nil
	case "false":
		return false, nil
	default:
		return false, fault.Errorf("xyz", fault.Invalid, "labels: %.20q is neither true nor false", v)
	}
}

func drawable(d catalog.Dataset) bool {
	return d.Kind == catalog.Raster || d.Kind == catalog.TileArchive && d.Version.Tiles != nil || d.Version.Vector != nil && d.Version.Vector.Schema.GeometryType != ""
}

func styleOptions(c echo.Context, d catalog.Dataset, labels bool) style.Options {
	address := rest.URL(c, "xyz", d.ID+".json")
	o := style.Options{TileJSON: address, Labels: labels}
	if field := style.LabelField(d); field != "" {
		o.LabelTiles = address + "?" + url.Values{"labels": {"true"}, "properties": {field}}.Encode()
	}
	return o
}

// mapStyle lays all datasets over each other. Of rasters only the first of
// the lowest role that helps to find one's way is visible at first.
func mapStyle(c echo.Context, all []catalog.Dataset, labels bool) *style.Document {
	doc := &style.Document{Version: 8, Name: "Contado", Sources: map[string]style.Source{}, Layers: []style.Layer{
		{ID: "background", Type: "background", Paint: map[string]any{"background-color": "#f7f5f0"}},
	}}
	sets := slices.DeleteFunc(slices.Clone(all), func(d catalog.Dataset) bool { return !drawable(d) })
	slices.SortStableFunc(sets, func(a, b catalog.Dataset) int {
		return cmp.Or(cmp.Compare(height(a), height(b)), cmp.Compare(a.ID, b.ID))
	})
	ground := groundOf(sets)
	var names []style.Layer
	for _, d := range sets {
		one := style.New(d, styleOptions(c, d, labels))
		style.Dress(one, d)
		for k, s := range one.Sources {
			doc.Sources[k] = s
		}
		for _, l := range one.Layers {
			if d.Kind == catalog.Raster && d.ID != ground || d.Role == catalog.Population {
				l.Layout = hidden(l.Layout)
			}
			if l.Type == "symbol" {
				names = append(names, l)
			} else {
				doc.Layers = append(doc.Layers, l)
			}
		}
	}
	doc.Layers = append(doc.Layers, names...) // nothing lies over names
	look(doc, boundsOf(sets))
	return doc
}

// boundsOf holds all datasets that can be drawn.
func boundsOf(sets []catalog.Dataset) geo.BBox {
	box := geo.EmptyBBox()
	for _, d := range sets {
		if !drawable(d) {
			continue
		}
		for _, part := range index.Unwrap(d.Version.BBoxWGS84) {
			box = box.Union(part)
		}
	}
	return box
}

func hidden(layout map[string]any) map[string]any {
	out := map[string]any{"visibility": "none"}
	for k, v := range layout {
		out[k] = v
	}
	return out
}

// height is the place of a dataset in the pile: rasters below vectors.
func height(d catalog.Dataset) int {
	i := slices.Index(order, d.Role)
	if d.Kind != catalog.Raster {
		i += len(order)
	}
	return i
}

// groundOf is the raster that is shown first: land cover, else terrain, else
// imagery.
func groundOf(sets []catalog.Dataset) string {
	for _, r := range []catalog.Role{catalog.LandCover, catalog.Elevation, catalog.Imagery} {
		for _, d := range sets {
			if d.Kind == catalog.Raster && d.Role == r {
				return d.ID
			}
		}
	}
	return ""
}

// look centres a style on a box, at the zoom that shows it in about 800 pixels.
func look(doc *style.Document, b geo.BBox) {
	if b.MinX > b.MaxX && !math.IsInf(b.MinX, 0) { // across the antimeridian
		b.MaxX += 360
	}
	if b.IsEmpty() || b == (geo.BBox{}) {
		return
	}
	x0, y0 := tms.Forward(b.MinX, b.MinY)
	x1, y1 := tms.Forward(b.MaxX, b.MaxY)
	lon, lat := tms.Inverse((x0+x1)/2, (y0+y1)/2)
	if lon > 180 {
		lon -= 360
	}
	side := math.Max(math.Max(x1-x0, y1-y0), 100)
	zoom := math.Log2(800 / 512.0 * 2 * tms.HalfWorld / side)
	doc.Center = []float64{round(lon, 1e6), round(lat, 1e6)}
	doc.Zoom = round(math.Min(math.Max(zoom, 0), 18), 100)
}

func round(v, per float64) float64 { return math.Round(v*per) / per }

// legendDocument is a legend as the web page takes it.
type legendDocument struct {
	Dataset  string        `json:"dataset"`
	Title    string        `json:"title"`
	Unit     string        `json:"unit,omitempty"`
	Invented bool          `json:"invented"`
	Entries  []legendEntry `json:"entries"`
	// Formula and Source say how the values are computed and who says so,
	// Notes what to read below.
	Formula string   `json:"formula,omitempty"`
	Source  string   `json:"source,omitempty"`
	Notes   []string `json:"notes,omitempty"`
}

type legendEntry struct {
	Label string     `json:"label"`
	Color string     `json:"color"`
	Kind  style.Kind `json:"kind"`
	Value *int       `json:"value,omitempty"`
	// Stops are the colours of a ramp by value, evenly spaced.
	Stops []legendStop `json:"stops,omitempty"`
}

type legendStop struct {
	Value float64 `json:"value"`
	Color string  `json:"color"`
}

func (h *Handler) legend(c echo.Context) error {
	id, ending, err := cutName(c)
	if err != nil {
		return err
	}
	if ending != "" && ending != "svg" && ending != "json" {
		return fault.Errorf("xyz", fault.NotExist, "a legend ends in .svg or .json, not in .%.20s", ending)
	}
	state := h.Atlas.Current()
	d, err := state.Dataset(id)
	if err != nil {
		return err
	}
	lang, err := rest.Language(c)
	if err != nil {
		return err
	}
	var l style.Legend
	switch {
	case !drawable(d):
		return fault.Errorf("xyz", fault.Invalid, "dataset %s has nothing to draw on a map", d.ID)
	case d.Kind == catalog.Raster:
		if err := rest.Only(c, append(slices.Clone(rasterParams), "f", "lang")...); err != nil {
			return err
		}
		src, err := h.source(state, d, c.QueryParam("item"))
		if err != nil {
			return err
		}
		p, err := dated(rest.Query(c))
		if err != nil {
			return err
		}
		s, err := h.Tiles.Style(src, p)
		if err != nil {
			return err
		}
		l = style.Lang(lang).RasterLegend(d, s)
	default:
		if err := rest.Only(c, append([]string{"f", "v", "lang"}, themeParams...)...); err != nil {
			return err
		}
		theme, err := h.theme(c, d)
		if err != nil {
			return err
		}
		if l = style.Lang(lang).VectorLegend(d); theme != nil {
			l = style.Lang(lang).ThemeLegend(d, theme)
		}
	}
	format := rest.JSONFormat
	if ending == "svg" {
		format = rest.SVGFormat
	} else if format, err = rest.Choose(c, rest.JSONFormat, rest.SVGFormat); err != nil {
		return err
	}
	if format.Name == rest.SVGFormat.Name {
		return rest.Bytes(c, rest.MediaSVG, l.SVG())
	}
	return rest.JSON(c, rest.MediaJSON, legendOf(d, l))
}

func legendOf(d catalog.Dataset, l style.Legend) legendDocument {
	out := legendDocument{Dataset: d.ID, Title: l.Title, Unit: l.Unit, Invented: analysis.Invented(d), Entries: []legendEntry{}, Formula: l.Formula, Source: l.Source, Notes: l.Notes}
	for _, e := range l.Entries {
		out.Entries = append(out.Entries, legendEntry{Label: e.Label, Color: e.Colour, Kind: e.Kind, Value: e.Value})
	}
	if r := l.Ramp; r != nil && len(r.Colours) > 1 {
		e := legendEntry{Label: l.Title, Color: r.Colours[len(r.Colours)/2], Kind: "ramp"}
		for i, colour := range r.Colours {
			v := r.Min + (r.Max-r.Min)*float64(i)/float64(len(r.Colours)-1)
			e.Stops = append(e.Stops, legendStop{Value: v, Color: colour})
		}
		out.Entries = append(out.Entries, e)
	}
	return out
}
