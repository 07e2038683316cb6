package style

import (
	"testing"

	"contado/geo"
	"contado/geo/store/catalog"
)

func TestDress(t *testing.T) {
	t.Parallel()
	half := 0.5
	d := catalog.Dataset{ID: "d", Kind: catalog.Vector, Role: catalog.OtherRole, Version: catalog.Version{
		Vector: &catalog.VectorInfo{Schema: geo.Schema{GeometryType: "Polygon", Fields: []geo.Field{{Name: "nome", Type: geo.String}, {Name: "altro", Type: geo.String}}}},
	}}
	plain := New(d, Options{TileJSON: "x"})
	d.About.Style = &catalog.Style{Colour: "#123456", Opacity: &half, Label: "altro"}
	doc := New(d, Options{TileJSON: "x"})
	Dress(doc, d)
	for _, l := range doc.Layers {
		switch l.Type {
		case "fill":
			if l.Paint["fill-color"] != "#123456" || l.Paint["fill-opacity"] != 0.5 {
				t.Errorf("%+v", l)
			}
		case "circle":
			if l.Paint["circle-color"] != "#123456" || l.Paint["circle-stroke-color"] == "#123456" {
				t.Errorf("%+v", l)
			}
		}
	}
	if LabelField(d) != "altro" {
		t.Errorf("labels by %q", LabelField(d))
	}
	d.About.Style.Label = "gone"
	if LabelField(d) != "nome" {
		t.Errorf("labels by %q when the attribute is gone", LabelField(d))
	}
	d.About.Style = nil
	Dress(plain, d)
	if plain.Layers[0].Paint["fill-color"] == "#123456" {
		t.Error("dressed without a style")
	}
}
