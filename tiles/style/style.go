// Package style draws datasets with good defaults: a MapLibre style by role,
// and legends as JSON and SVG.
package style

import (
	"strings"

	"contado/geo"
	"contado/geo/store/catalog"
)

// Document is a MapLibre style (specification version 8).
type Document struct {
	Version int               `json:"version"`
	Name    string            `json:"name"`
	Glyphs  string            `json:"glyphs,omitempty"`
	Sprite  string            `json:"sprite,omitempty"`
	Center  []float64         `json:"center,omitempty"`
	Zoom    float64           `json:"zoom,omitempty"`
	Sources map[string]Source `json:"sources"`
	Layers  []Layer           `json:"layers"`
}

// Source is where a style gets tiles: a TileJSON document.
type Source struct {
	Type     string `json:"type"` // vector, raster or raster-dem
	URL      string `json:"url"`
	TileSize int    `json:"tileSize,omitempty"`
	// Encoding is how raster-dem tiles code heights.
	Encoding string `json:"encoding,omitempty"`
}

// Layer is one layer of a style.
type Layer struct {
	ID          string         `json:"id"`
	Type        string         `json:"type"`
	Source      string         `json:"source,omitempty"`
	SourceLayer string         `json:"source-layer,omitempty"`
	MinZoom     float64        `json:"minzoom,omitempty"`
	Filter      []any          `json:"filter,omitempty"`
	Layout      map[string]any `json:"layout,omitempty"`
	Paint       map[string]any `json:"paint,omitempty"`
}

// Options says where a style finds what it names.
type Options struct {
	// TileJSON is the address of the dataset's TileJSON document.
	TileJSON string
	// Labels asks for names beside the features. Clients write them in fonts
	// of their machine unless Glyphs is the address of others, with {fontstack}
	// and {range}; Font is a font stack there.
	Labels bool
	Glyphs string
	Font   string
	// LabelTiles is the TileJSON document of tiles with a point inside each
	// polygon (labels=true); without it polygons have no names.
	LabelTiles string
	// Sprite is the address of the sprite sheet without its ending; without it
	// classes differ by colour alone.
	Sprite string
}

// Palette of the defaults. Hues follow Okabe and Ito 2008, which colour-blind
// readers can tell apart.
const (
	ink       = "#33302b"
	paper     = "#ffffff"
	territory = "#e8dcc4"
	border    = "#8a6d3b"
	service   = "#0072b2"
	place     = "#5b5347"
	water     = "#56b4e9"
	hazard    = "#d55e00"
	people    = "#cc79a7"
	barrier   = "#7a4a2b"
	other     = "#009e73"
)

// New is the default style of a dataset.
func New(d catalog.Dataset, o Options) *Document {
	doc := &Document{Version: 8, Name: title(d), Sources: map[string]Source{}, Layers: []Layer{}}
	if o.Labels {
		doc.Glyphs = o.Glyphs
	}
	if t := d.Version.Tiles; d.Kind == catalog.TileArchive && t != nil {
		ofArchive(doc, d, t, o)
		return doc
	}
	if d.Kind == catalog.Raster {
		doc.Sources[d.ID] = Source{Type: "raster", URL: o.TileJSON, TileSize: 256}
		how := "linear"
		if d.Role == catalog.LandCover {
			how = "nearest"
		}
		doc.Layers = []Layer{{ID: d.ID, Type: "raster", Source: d.ID, Paint: map[string]any{"raster-resampling": how}}}
		return doc
	}
	doc.Sources[d.ID] = Source{Type: "vector", URL: o.TileJSON}
	doc.Layers = vectorLayers(d)
	for i := range doc.Layers {
		doc.Layers[i].Source, doc.Layers[i].SourceLayer = d.ID, d.ID
		doc.Layers[i].ID = d.ID + "-" + doc.Layers[i].ID
	}
	if o.Labels {
		addLabels(doc, d, o)
	}
	return doc
}

func title(d catalog.Dataset) string {
	if d.Title != "" {
		return d.Title
	}
	return d.ID
}

func vectorLayers(d catalog.Dataset) []Layer {
	var layers []Layer
	switch d.Role {
	case catalog.TerritoryRole:
		layers = []Layer{
			fill(territory, 0.45),
			line("border", border, zoomed(5, 0.4, 10, 1.2, 14, 2.4)),
		}
	case catalog.Road:
		layers = roadLayers(d)
	case catalog.Service:
		layers = append(byGeometry(service, 0.35), circle(service, zoomed(8, 2.5, 12, 5, 16, 9)))
	case catalog.Place:
		layers = append(byGeometry(place, 0.2), circle(place, zoomed(8, 1.5, 12, 3, 16, 5)))
	case catalog.Barrier:
		layers = barrierLayers()
	case catalog.Hazard:
		layers = append(byGeometry(hazard, 0.35), circle(hazard, zoomed(8, 2, 14, 5)))
	case catalog.Population:
		layers = append(byGeometry(people, 0.3), circle(people, zoomed(8, 2, 14, 5)))
	default:
		layers = append(byGeometry(other, 0.3), circle(other, zoomed(8, 2, 14, 5)))
	}
	return layers
}

func polygonsOnly() []any { return []any{"==", []any{"geometry-type"}, "Polygon"} }

func fill(colour string, opacity float64) Layer {
	return Layer{ID: "fill", Type: "fill", Filter: polygonsOnly(), Paint: map[string]any{"fill-color": colour, "fill-opacity": opacity}}
}

func line(id, colour string, width any) Layer {
	return Layer{
		ID: id, Type: "line",
		Filter: []any{"in", []any{"geometry-type"}, []any{"literal", []any{"LineString", "Polygon"}}},
		Layout: map[string]any{"line-join": "round", "line-cap": "round"},
		Paint:  map[string]any{"line-color": colour, "line-width": width},
	}
}

func circle(colour string, radius any) Layer {
	return Layer{
		ID: "circle", Type: "circle", Filter: []any{"==", []any{"geometry-type"}, "Point"},
		Paint: map[string]any{"circle-color": colour, "circle-radius": radius, "circle-stroke-color": paper, "circle-stroke-width": 1.2},
	}
}

func byGeometry(colour string, opacity float64) []Layer {
	return []Layer{fill(colour, opacity), line("line", colour, zoomed(8, 0.6, 14, 1.8))}
}

// zoomed interpolates between zoom, value pairs.
func zoomed(stops ...any) []any {
	return append([]any{"interpolate", []any{"linear"}, []any{"zoom"}}, stops...)
}

// fieldNamed is the first attribute that is called one of the names.
func fieldNamed(d catalog.Dataset, names ...string) string {
	if d.Version.Vector == nil {
		return ""
	}
	for _, n := range names {
		for _, f := range d.Version.Vector.Schema.Fields {
			if strings.EqualFold(f.Name, n) && f.Type != geo.Binary {
				return f.Name
			}
		}
	}
	return ""
}
