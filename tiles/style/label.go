package style

import (
	"math"
	"strings"

	"contado/geo"
	"contado/geo/store/catalog"
	"contado/tiles/vector"
)

// localFonts are tried by clients that write with the fonts of their machine:
// MapLibre GL JS from 5.11 on does, where a style has no address of glyphs,
// and QGIS always.
var localFonts = []any{"Noto Sans", "Liberation Sans", "Arial"}

// labelSource is the second source of a style. No dataset is called so.
func labelSource(d catalog.Dataset) string { return d.ID + ":labels" }

// addLabels puts names over a vector dataset that has an attribute for them:
// beside points, along lines, inside polygons.
func addLabels(doc *Document, d catalog.Dataset, o Options) {
	name := LabelField(d)
	if name == "" {
		return
	}
	kinds := d.Version.Vector.Schema.GeometryType
	mixed := kinds == "" || kinds == "Geometry" || kinds == "GeometryCollection"
	if mixed || strings.Contains(kinds, "Line") {
		doc.Layers = append(doc.Layers, lineLabel(d, name, o))
	}
	if o.LabelTiles != "" && (mixed || strings.Contains(kinds, "Polygon")) {
		doc.Sources[labelSource(d)] = Source{Type: "vector", URL: o.LabelTiles}
		l := pointLabel(d, name, o)
		l.ID, l.Source, l.SourceLayer = d.ID+"-label-inside", labelSource(d), d.ID+vector.LabelsSuffix
		delete(l.Layout, "text-offset")
		l.Layout["text-anchor"] = "center"
		doc.Layers = append(doc.Layers, l)
	}
	if mixed || strings.Contains(kinds, "Point") {
		doc.Layers = append(doc.Layers, pointLabel(d, name, o))
	}
}

// named leaves out what has no name, for which there is an empty label else.
func named(field string, geometry string) []any {
	has := []any{"!=", []any{"to-string", []any{"get", field}}, ""} // what is not there is ""
	if geometry == "" {
		return has
	}
	return []any{"all", []any{"==", []any{"geometry-type"}, geometry}, has}
}

func text(field string, o Options, size ...any) map[string]any {
	font := localFonts
	if o.Glyphs != "" {
		font = []any{"Noto Sans Regular"}
		if o.Font != "" {
			font = []any{o.Font}
		}
	}
	return map[string]any{
		"text-field": []any{"to-string", []any{"get", field}}, "text-font": font, "text-size": zoomed(size...), "text-max-width": 8,
	}
}

func halo() map[string]any {
	return map[string]any{"text-color": ink, "text-halo-color": paper, "text-halo-width": 1.4}
}

func pointLabel(d catalog.Dataset, name string, o Options) Layer {
	l := Layer{
		ID: d.ID + "-label", Type: "symbol", Source: d.ID, SourceLayer: d.ID, MinZoom: labelZoom(d), Filter: named(name, "Point"),
		Layout: text(name, o, 8, 10, 14, 14), Paint: halo(),
	}
	l.Layout["text-anchor"], l.Layout["text-offset"] = "top", []any{0, 0.7}
	if key := importance(d); key != nil {
		l.Layout["symbol-sort-key"] = key
	}
	return l
}

func lineLabel(d catalog.Dataset, name string, o Options) Layer {
	l := Layer{
		ID: d.ID + "-label-along", Type: "symbol", Source: d.ID, SourceLayer: d.ID, MinZoom: max(labelZoom(d), leastLineZoom), Filter: named(name, "LineString"),
		Layout: text(name, o, 11, 10, 16, 13), Paint: halo(),
	}
	l.Layout["symbol-placement"] = "line"
	return l
}

const (
	// leastLineZoom is where streets are long enough for their names.
	leastLineZoom = 12
	// labelRoom is the side of the square, in pixels, that a feature has on
	// average where names begin; what is still too close then is for clients
	// to leave out.
	labelRoom = 24
	// metresOfPixel0 is how long a pixel is on the equator at zoom 0, with tiles
	// of 512 pixels.
	metresOfPixel0 = 40075016.686 / 512
)

// labelZoom is where features are far enough apart for their names.
func labelZoom(d catalog.Dataset) float64 {
	const least, most, unknown = 3, 15, 10
	b, n := d.Version.BBoxWGS84, d.Version.Vector.Count
	width := b.Width()
	if width < 0 {
		width += 360
	}
	middle := math.Cos((b.MinY + b.MaxY) / 2 * math.Pi / 180)
	side := math.Sqrt(width*middle*b.Height()/float64(n)) * metresOfDegree
	if n <= 0 || !(side > 0) || math.IsInf(side, 0) {
		return unknown
	}
	return min(max(math.Round(math.Log2(metresOfPixel0*middle*labelRoom/side)), least), most)
}

const metresOfDegree = 111320

// importance puts the names first that are wanted first where there is not
// room for all: the smallest key.
func importance(d catalog.Dataset) any {
	schema := &d.Version.Vector.Schema
	for _, n := range []string{"population", "popolazione", "residents", "abitanti"} {
		if f := fieldNamed(d, n); f != "" {
			if t := schema.Fields[schema.FieldIndex(f)].Type; t == geo.Integer || t == geo.Real {
				return []any{"-", 0, []any{"to-number", []any{"get", f}, 0}}
			}
		}
	}
	if f := fieldNamed(d, "place"); d.Role == catalog.Place && f != "" {
		return []any{"match", []any{"get", f}, "city", 0, "town", 1, "village", 2, "suburb", 3, "hamlet", 4, 5}
	}
	return nil
}

// nameFields are what attributes with names are called, the likeliest first.
var nameFields = []string{
	"name", "nome", "denominazione", "denominaz", "denom", "comune", "den_com", "den_uts", "den_prov", "den_reg", "nom", "nombre", "toponimo", "toponym",
	"name_it", "name_en", "titolo", "title", "label", "etichetta",
}

// LabelField is the attribute that names the features of a vector dataset; ""
// for none.
func LabelField(d catalog.Dataset) string {
	if k := d.About.Style; k != nil && k.Label != "" && d.Version.Vector != nil && d.Version.Vector.Schema.FieldIndex(k.Label) >= 0 {
		return k.Label
	}
	if t := d.Version.Territory; t != nil && t.Name != "" {
		return t.Name
	}
	f := fieldNamed(d, nameFields...)
	if f == "" {
		return ""
	}
	schema := &d.Version.Vector.Schema
	if schema.Fields[schema.FieldIndex(f)].Type != geo.String {
		return ""
	}
	return f
}
