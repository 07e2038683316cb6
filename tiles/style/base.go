package style

import (
	"cmp"
	"net/url"
	"slices"
	"strings"

	"contado/geo/store/catalog"
)

// Colours of the base map: quiet, so that what lies over it is read first.
const (
	baseGround   = "#f4f2ec"
	baseWater    = "#8db8d4"
	baseWaterInk = "#3d6f91"
	baseCasing   = "#c3bbab"
	baseMajor    = "#fbe6b8"
	baseMinor    = "#ffffff"
	basePath     = "#a99c86"
	baseBuilding = "#dcd4c8"
	baseBorder   = "#8b7f92"
)

// BaseOptions say how a base map is made.
type BaseOptions struct {
	// TileJSON gives the address of a dataset's TileJSON document.
	TileJSON func(dataset string) string
	// Lang is the language whose names are preferred, where the data have them.
	Lang Lang
}

// Base is a quiet map of the ground, made of the catalog's own datasets: land
// cover, shaded relief, water, buildings, roads, borders, names. Its sources
// and layers are called base:… and base-…, so that it goes below others.
// Datasets that help nobody to find the way are not in it.
func Base(sets []catalog.Dataset, o BaseOptions) *Document {
	b := &base{o: o, doc: &Document{Version: 8, Name: "Contado", Sources: map[string]Source{}, Layers: []Layer{
		{ID: "base-ground", Type: "background", Paint: map[string]any{"background-color": baseGround}},
	}}}
	b.rasters(sets)
	for _, d := range sets {
		if drawnBy(d, isWater) {
			b.water(d)
		}
	}
	for _, d := range sets {
		if drawnBy(d, isBuildings) {
			b.vector(d)
			b.add(d, "buildings", Layer{Type: "fill", MinZoom: 13, Filter: polygonsOnly(), Paint: map[string]any{"fill-color": baseBuilding, "fill-opacity": zoomed(13, 0.4, 15, 1)}})
		}
	}
	for _, d := range sets {
		if drawnBy(d, func(d catalog.Dataset) bool { return d.Role == catalog.Road }) {
			b.roads(d)
		}
	}
	b.borders(sets)
	b.names(sets)
	return b.doc
}

// base is a base map that is being made.
type base struct {
	o   BaseOptions
	doc *Document
}

func drawnBy(d catalog.Dataset, is func(catalog.Dataset) bool) bool {
	return d.Kind == catalog.Vector && d.Version.Vector != nil && d.Version.Vector.Schema.GeometryType != "" && is(d)
}

// waterWords are parts of ids and titles of layers of water.
var waterWords = []string{"river", "water", "stream", "lake", "fium", "torrent", "acque", "laghi", "idrograf", "canal", "gewässer", "vode"}

func isWater(d catalog.Dataset) bool {
	switch d.Role {
	case catalog.Barrier, catalog.OtherRole, catalog.Hazard:
	default:
		return false
	}
	if fieldNamed(d, "waterway", "strahler") != "" {
		return true
	}
	text := strings.ToLower(d.ID + " " + d.Title)
	return d.Role != catalog.Hazard && slices.ContainsFunc(waterWords, func(w string) bool { return strings.Contains(text, w) })
}

func isBuildings(d catalog.Dataset) bool {
	id := strings.ToLower(d.ID)
	return d.Role == catalog.OtherRole && (strings.HasSuffix(id, "buildings") || strings.HasSuffix(id, "edifici"))
}

func sourceName(d catalog.Dataset) string { return "base:" + d.ID }

// add adds a layer of a dataset.
func (b *base) add(d catalog.Dataset, id string, l Layer) {
	l.ID, l.Source = "base-"+d.ID+"-"+id, sourceName(d)
	if l.SourceLayer == "" {
		l.SourceLayer = d.ID
	}
	b.doc.Layers = append(b.doc.Layers, l)
}

func (b *base) vector(d catalog.Dataset) {
	b.doc.Sources[sourceName(d)] = Source{Type: "vector", URL: b.o.TileJSON(d.ID)}
}

// rasters put the first land cover and the first heights at the bottom.
func (b *base) rasters(sets []catalog.Dataset) {
	of := func(r catalog.Role) *catalog.Dataset {
		for i := range sets {
			if sets[i].Kind == catalog.Raster && sets[i].Role == r {
				return &sets[i]
			}
		}
		return nil
	}
	if d := of(catalog.LandCover); d != nil {
		b.doc.Sources[sourceName(*d)] = Source{Type: "raster", URL: b.o.TileJSON(d.ID), TileSize: 256}
		b.doc.Layers = append(b.doc.Layers, Layer{ID: "base-landcover", Type: "raster", Source: sourceName(*d), Paint: map[string]any{
			"raster-resampling": "nearest", "raster-saturation": -0.1, "raster-brightness-min": 0.25, "raster-opacity": zoomed(8, 0.55, 14, 0.45),
		}})
	}
	if d := of(catalog.Elevation); d != nil {
		b.doc.Sources[sourceName(*d)] = Source{
			Type: "raster-dem", URL: b.o.TileJSON(d.ID) + "?" + url.Values{"terrain": {"terrarium"}}.Encode(), TileSize: 256, Encoding: "terrarium",
		}
		b.doc.Layers = append(b.doc.Layers, Layer{ID: "base-relief", Type: "hillshade", Source: sourceName(*d), Paint: map[string]any{
			"hillshade-exaggeration": zoomed(7, 0.14, 14, 0.3), "hillshade-shadow-color": "#6e6757", "hillshade-highlight-color": "#ffffff", "hillshade-accent-color": "#7d7462",
		}})
	}
}

func (b *base) water(d catalog.Dataset) {
	b.vector(d)
	b.add(d, "area", Layer{Type: "fill", Filter: polygonsOnly(), Paint: map[string]any{"fill-color": baseWater}})
	width := zoomed(7, 0.4, 10, 0.9, 14, 2, 18, 6)
	if f := fieldNamed(d, "strahler"); f != "" {
		order := []any{"to-number", []any{"get", f}, 1}
		width = zoomed(7, []any{"*", 0.22, order}, 11, []any{"*", 0.45, order}, 15, []any{"*", 1.3, order})
	}
	b.add(d, "line", Layer{
		Type: "line", Filter: []any{"==", []any{"geometry-type"}, "LineString"},
		Layout: map[string]any{"line-join": "round", "line-cap": "round"}, Paint: map[string]any{"line-color": baseWater, "line-width": width},
	})
}

// roads are drawn in three layers, whatever their number of classes: edges,
// the roads, paths.
func (b *base) roads(d catalog.Dataset) {
	b.vector(d)
	round := map[string]any{"line-join": "round", "line-cap": "round"}
	field := classField(d)
	if field == "" {
		b.add(d, "edge", Layer{Type: "line", MinZoom: 8, Layout: round, Paint: map[string]any{"line-color": baseCasing, "line-width": zoomed(8, 0.4, 14, 3)}})
		b.add(d, "road", Layer{Type: "line", MinZoom: 11, Layout: round, Paint: map[string]any{"line-color": baseMinor, "line-width": zoomed(11, 0.4, 14, 2)}})
		return
	}
	class := []any{"get", field}
	carriage := roadClasses[1:]
	shown := []any{"any"}
	for _, c := range carriage {
		shown = append(shown, []any{"all", []any{">=", []any{"zoom"}, c.from - 0.5}, []any{"in", class, []any{"literal", c.values}}})
	}
	widths := func(factor, more float64) []any {
		m := []any{"match", class}
		for _, c := range carriage {
			m = append(m, c.values, c.width*factor+more)
		}
		return append(m, factor+more)
	}
	colour := []any{"match", class}
	for _, c := range roadClasses[4:] {
		colour = append(colour, c.values, baseMajor)
	}
	colour = append(colour, baseMinor)
	b.add(d, "path", Layer{
		Type: "line", MinZoom: 12.5, Filter: []any{"in", class, []any{"literal", roadClasses[0].values}}, Layout: map[string]any{"line-join": "round"},
		Paint: map[string]any{"line-color": basePath, "line-width": zoomed(12, 0.6, 16, 1.4), "line-dasharray": []any{3, 1.5}, "line-opacity": 0.8},
	})
	b.add(d, "edge", Layer{
		Type: "line", Filter: shown, Layout: round,
		Paint: map[string]any{"line-color": baseCasing, "line-width": zoomed(6, widths(0.2, 0.2), 10, widths(0.5, 0.7), 14, widths(1.1, 1.6), 18, widths(3.2, 2.4))},
	})
	b.add(d, "road", Layer{
		Type: "line", MinZoom: 9, Filter: shown, Layout: round,
		Paint: map[string]any{"line-color": colour, "line-width": zoomed(9, widths(0.3, 0), 10, widths(0.5, 0), 14, widths(1.1, 0), 18, widths(3.2, 0))},
	})
}

// borders outline territories: the larger the area, the stronger the line.
func (b *base) borders(sets []catalog.Dataset) {
	areas := slices.Clone(sets)
	areas = slices.DeleteFunc(areas, func(d catalog.Dataset) bool {
		return !drawnBy(d, func(d catalog.Dataset) bool { return d.Role == catalog.TerritoryRole })
	})
	slices.SortStableFunc(areas, func(x, y catalog.Dataset) int { return cmp.Compare(y.Version.Vector.Count, x.Version.Vector.Count) })
	for i, d := range areas {
		b.vector(d)
		strong := 0.8 + 0.5*float64(min(i, 3))
		b.add(d, "border", Layer{
			Type: "line", MinZoom: []float64{8, 6, 0, 0}[min(i, 3)], Layout: map[string]any{"line-join": "round"},
			Paint: map[string]any{"line-color": baseBorder, "line-opacity": 0.75, "line-width": zoomed(6, strong*0.5, 14, strong*1.4), "line-dasharray": []any{4, 1.5, 1, 1.5}},
		})
	}
}
