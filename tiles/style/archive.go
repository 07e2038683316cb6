package style

import (
	"maps"
	"slices"
	"strings"

	"contado/geo/store/catalog"
	"contado/tiles/colormap"
)

// ofArchive draws tiles made elsewhere: pictures as they are, vectors with a
// colour for each layer that the archive says it has, whatever its geometry.
func ofArchive(doc *Document, d catalog.Dataset, t *catalog.TilesInfo, o Options) {
	if t.Type != "mvt" {
		doc.Sources[d.ID] = Source{Type: "raster", URL: o.TileJSON, TileSize: 256}
		doc.Layers = []Layer{{ID: d.ID, Type: "raster", Source: d.ID}}
		return
	}
	doc.Sources[d.ID] = Source{Type: "vector", URL: o.TileJSON}
	var over, labels []Layer
	for i, l := range t.Layers {
		colour := archiveColour(i)
		add := func(layers ...Layer) {
			for _, one := range layers {
				one.ID, one.Source, one.SourceLayer = d.ID+"-"+l.ID+"-"+one.ID, d.ID, l.ID
				over = append(over, one)
			}
		}
		// Fills of all layers lie below lines and points of all.
		ground := fill(colour, 0.3)
		ground.ID, ground.Source, ground.SourceLayer = d.ID+"-"+l.ID+"-"+ground.ID, d.ID, l.ID
		doc.Layers = append(doc.Layers, ground)
		add(line("line", colour, zoomed(8, 0.6, 14, 1.8)), circle(colour, zoomed(8, 2, 14, 4)))
		if name := archiveName(l); o.Labels && name != "" {
			labels = append(labels, Layer{
				ID: d.ID + "-" + l.ID + "-label", Type: "symbol", Source: d.ID, SourceLayer: l.ID, MinZoom: archiveLabelZoom, Filter: named(name, "Point"),
				Layout: text(name, o, 8, 10, 14, 14), Paint: halo(),
			})
		}
	}
	doc.Layers = slices.Concat(doc.Layers, over, labels)
}

// archiveLabelZoom is where names of points begin whose number nobody knows.
const archiveLabelZoom = 10

// archiveColour is the colour of the i-th layer.
func archiveColour(i int) string { return colormap.Hex(colormap.ClassColor("", i)) }

// archiveName is the attribute of a layer that names its features.
func archiveName(l catalog.TileLayer) string {
	fields := slices.Sorted(maps.Keys(l.Fields))
	for _, n := range nameFields {
		for _, f := range fields {
			if strings.EqualFold(f, n) && (l.Fields[f] == "String" || l.Fields[f] == "") {
				return f
			}
		}
	}
	return ""
}

// archiveLegend names the layers of an archive; pictures explain themselves.
func (lang Lang) archiveLegend(d catalog.Dataset, t *catalog.TilesInfo) Legend {
	l := Legend{Title: title(d), Entries: []Entry{}, lang: lang}
	if t.Type != "mvt" {
		return l
	}
	for i, layer := range t.Layers {
		label := layer.Description
		if label == "" {
			label = strings.ReplaceAll(layer.ID, "_", " ")
		}
		l.Entries = append(l.Entries, Entry{Label: label, Colour: archiveColour(i), Kind: Fill})
	}
	return l
}
