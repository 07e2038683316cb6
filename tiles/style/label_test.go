package style_test

import (
	"encoding/json"
	"strings"
	"testing"

	"contado/geo"
	"contado/geo/store/catalog"
	"contado/tiles/style"
)

var labelled = style.Options{TileJSON: "/xyz/d-1.json", Labels: true, LabelTiles: "/xyz/d-1.json?labels=true"}

func symbols(doc *style.Document) (out []style.Layer) {
	for _, l := range doc.Layers {
		if l.Type == "symbol" {
			out = append(out, l)
		}
	}
	return out
}

// Names come where the features are: beside points, along lines, inside
// polygons from tiles that hold one point for each.
func TestLabels(t *testing.T) {
	t.Parallel()
	for geometry, want := range map[string]string{
		"Point": "d-1-label", "MultiPoint": "d-1-label", "LineString": "d-1-label-along", "MultiPolygon": "d-1-label-inside",
		"Geometry": "d-1-label-along d-1-label-inside d-1-label",
	} {
		doc := style.New(dataset(catalog.OtherRole, geometry, "id", "NOME"), labelled)
		var ids []string
		for _, l := range symbols(doc) {
			ids = append(ids, l.ID)
			b := string(must(json.Marshal(l)))
			if !strings.Contains(b, `"text-field":["to-string",["get","NOME"]]`) || !strings.Contains(b, `["!=",["to-string",["get","NOME"]],""]`) || l.MinZoom < 3 || l.Paint["text-halo-width"] == nil {
				t.Errorf("%s: %s", geometry, b)
			}
			inside := l.ID == "d-1-label-inside"
			if (l.SourceLayer == "d-1_labels") != inside || (l.Source == "d-1:labels") != inside || (l.Layout["symbol-placement"] == "line") != (l.ID == "d-1-label-along") {
				t.Errorf("%s: %s", geometry, b)
			}
		}
		if got := strings.Join(ids, " "); got != want || doc.Glyphs != "" {
			t.Errorf("%s: %s, want %s; glyphs %q", geometry, got, want, doc.Glyphs)
		}
		if doc.Layers[len(doc.Layers)-1].Type != "symbol" {
			t.Errorf("%s: something lies over the names", geometry)
		}
	}
	for name, d := range map[string]catalog.Dataset{"nothing is a name": dataset(catalog.OtherRole, "Point", "id", "area"), "no schema": {ID: "d-1", Kind: catalog.Vector}} {
		if l := symbols(style.New(d, labelled)); len(l) > 0 {
			t.Errorf("%s: %v", name, l)
		}
	}
	if l := symbols(style.New(dataset(catalog.OtherRole, "Polygon", "name"), style.Options{Labels: true})); len(l) > 0 {
		t.Errorf("polygons without tiles of labels: %v", l)
	}
	number := dataset(catalog.OtherRole, "Point", "name")
	number.Version.Vector.Schema.Fields[0].Type = geo.Integer
	if l := symbols(style.New(number, labelled)); len(l) > 0 {
		t.Errorf("a number is no name: %v", l)
	}
}

// Many features begin to have names at a finer zoom than few, and whatever is
// known of them, at one that maps have.
func TestLabelZoom(t *testing.T) {
	t.Parallel()
	at := func(n int64, b geo.BBox) float64 {
		d := dataset(catalog.Place, "Point", "name")
		d.Version.Vector.Count, d.Version.BBoxWGS84 = n, b
		return symbols(style.New(d, labelled))[0].MinZoom
	}
	italy := geo.BBox{MinX: 6.6, MinY: 36.6, MaxX: 18.5, MaxY: 47.1}
	if few, some, many := at(20, italy), at(8000, italy), at(5_000_000, italy); few >= some || some >= many || some < 6 || some > 9 {
		t.Errorf("zooms %g, %g, %g", few, some, many)
	}
	if z := at(10, geo.BBox{MinX: 179, MinY: -18, MaxX: -179, MaxY: -16}); z < 3 || z > 8 {
		t.Errorf("across the antimeridian: zoom %g", z)
	}
	for _, b := range []geo.BBox{{}, {MinX: 9, MinY: 46, MaxX: 9, MaxY: 46}, geo.EmptyBBox()} {
		if z := at(10, b); z != 10 {
			t.Errorf("%v: zoom %g", b, z)
		}
	}
	for _, n := range []int64{0, -1} {
		if z := at(n, italy); z != 10 {
			t.Errorf("%d features: zoom %g", n, z)
		}
	}
}

// Of places the large ones have their names first.
func TestLabelOrder(t *testing.T) {
	t.Parallel()
	d := dataset(catalog.Place, "Point", "name", "place", "population")
	key := func() string {
		return string(must(json.Marshal(symbols(style.New(d, labelled))[0].Layout["symbol-sort-key"])))
	}
	if k := key(); !strings.HasPrefix(k, `["match",["get","place"],"city",0`) {
		t.Error(k)
	}
	d.Version.Vector.Schema.Fields[2].Type = geo.Integer
	if k := key(); k != `["-",0,["to-number",["get","population"],0]]` {
		t.Error(k)
	}
}

// Archives of others are drawn and explained by the layers that they say they
// have.
func TestArchives(t *testing.T) {
	t.Parallel()
	d := catalog.Dataset{ID: "base", Kind: catalog.TileArchive, Title: "Base"}
	d.Version.Tiles = &catalog.TilesInfo{Type: "mvt", Layers: []catalog.TileLayer{
		{ID: "water", Fields: map[string]string{"class": "String"}}, {ID: "place_label", Description: "Names", Fields: map[string]string{"Name": "String", "rank": "Number"}}, {ID: "odd", Fields: map[string]string{"name": "Number"}},
	}}
	doc := style.New(d, style.Options{TileJSON: "/xyz/base.json", Labels: true})
	count := map[string]int{}
	ids := map[string]bool{}
	for i, l := range doc.Layers {
		count[l.Type]++
		if l.Source != "base" || l.SourceLayer == "" || ids[l.ID] || (l.Type == "fill") != (i < 3) {
			t.Errorf("%d: %+v", i, l)
		}
		ids[l.ID] = true
	}
	if count["fill"] != 3 || count["line"] != 3 || count["circle"] != 3 || count["symbol"] != 1 || doc.Sources["base"].Type != "vector" {
		t.Errorf("%v, %v", count, doc.Sources)
	}
	legend := style.VectorLegend(d)
	if len(legend.Entries) != 3 || legend.Entries[0].Label != "water" || legend.Entries[1].Label != "Names" || legend.Entries[0].Colour == legend.Entries[1].Colour {
		t.Errorf("%+v", legend)
	}
	if fill := doc.Layers[1].Paint["fill-color"]; fill != legend.Entries[1].Colour {
		t.Errorf("the legend has %s for %s", legend.Entries[1].Colour, fill)
	}
	d.Version.Tiles.Type = "webp"
	if doc := style.New(d, style.Options{TileJSON: "/xyz/base.json"}); len(doc.Layers) != 1 || doc.Layers[0].Type != "raster" || doc.Sources["base"].Type != "raster" {
		t.Errorf("%+v", doc)
	}
	if l := style.VectorLegend(d); len(l.Entries) != 0 {
		t.Errorf("%+v", l)
	}
}
