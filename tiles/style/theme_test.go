package style_test

import (
	"encoding/json"
	"strings"
	"testing"

	"contado/geo"
	"contado/geo/analysis"
	"contado/geo/breaks"
	"contado/geo/fault"
	"contado/geo/store/catalog"
	"contado/tiles/style"
)

func fields() catalog.Dataset {
	return catalog.Dataset{
		ID: "fields", Kind: catalog.Vector, Role: catalog.OtherRole, Title: "Fields",
		Version: catalog.Version{Vector: &catalog.VectorInfo{Schema: geo.Schema{GeometryType: "Polygon"}}},
	}
}

func theme(t *testing.T, a *analysis.Theme, palette string) *style.Theme {
	t.Helper()
	th, err := style.NewTheme(a, palette)
	if err != nil {
		t.Fatal(err)
	}
	return th
}

func paint(t *testing.T, doc *style.Document, layer, property string) string {
	t.Helper()
	for _, l := range doc.Layers {
		if l.ID == layer {
			b, err := json.Marshal(l.Paint[property])
			if err != nil {
				t.Fatal(err)
			}
			return string(b)
		}
	}
	t.Fatalf("no layer %s", layer)
	return ""
}

func TestThemeOfNumbers(t *testing.T) {
	t.Parallel()
	th := theme(t, &analysis.Theme{
		Field: geo.Field{Name: "area", Alias: "Superficie"}, Method: breaks.Jenks, Edges: []float64{0, 1.5, 10}, Counts: []int{1200, 3}, Without: 2,
	}, "viridis")
	doc := style.NewThematic(fields(), th, style.Options{TileJSON: "/x.json"})
	want := `["case",["==",["typeof",["get","area"]],"null"],"#e4e1da",["step",["to-number",["get","area"]],"#440154",1.5,"#fde725"]]`
	for layer, property := range map[string]string{"fields-fill": "fill-color", "fields-line": "line-color", "fields-circle": "circle-color"} {
		if got := paint(t, doc, layer, property); got != want {
			t.Errorf("%s: %s", layer, got)
		}
	}
	l := style.Italian.ThemeLegend(fields(), th)
	if len(l.Entries) != 3 || l.Entries[0].Label != "da 0 a 1,5 (1.200)" || *l.Entries[1].From != 1.5 || l.Entries[2].Label != "senza valore (2)" ||
		l.Title != "Fields: Superficie" || !strings.Contains(l.Notes[0], "Jenks") {
		t.Errorf("%+v", l)
	}
}

func TestThemeOfCategories(t *testing.T) {
	t.Parallel()
	th := theme(t, &analysis.Theme{
		Field: geo.Field{Name: "crop"}, Method: analysis.Categories,
		Values: []analysis.ThemeValue{{Value: "vine", Count: 5}, {Value: int64(3), Count: 4}, {Value: true, Count: 1}}, Others: 7,
	}, "")
	doc := style.NewThematic(fields(), th, style.Options{})
	got := paint(t, doc, "fields-fill", "fill-color")
	if !strings.Contains(got, `["match",["to-string",["get","crop"]],"vine","#`) || !strings.Contains(got, `"3","#`) || !strings.Contains(got, `"true","#`) || !strings.HasSuffix(got, `"#b8b3a8"]]`) {
		t.Error(got)
	}
	marked := style.NewThematic(fields(), th, style.Options{Sprite: "/sprites/contado"})
	if got := paint(t, marked, "fields-pattern", "fill-pattern"); marked.Sprite == "" || got != `["match",["to-string",["get","crop"]],"3","hatch","true","dots","hatch"]` {
		t.Errorf("patterns: %s", got)
	}
	for layer, property := range map[string]string{"fields-icon": "icon-color", "fields-circle": "circle-color"} { // the latter for clients without sprites
		if got := paint(t, marked, layer, property); got != paint(t, doc, "fields-fill", "fill-color") {
			t.Errorf("%s: %s", layer, got)
		}
	}
	l := style.English.ThemeLegend(fields(), th)
	if len(l.Entries) != 4 || l.Entries[0].Label != "vine (5)" || l.Entries[3].Label != "other values (7)" {
		t.Errorf("%+v", l.Entries)
	}
	colours := map[string]bool{}
	for _, e := range l.Entries {
		colours[e.Colour] = true
	}
	if len(colours) != 4 {
		t.Errorf("colours repeat: %v", colours)
	}
	none := style.NewThematic(fields(), theme(t, &analysis.Theme{Field: geo.Field{Name: "crop"}, Method: analysis.Categories}, ""), style.Options{})
	if got := paint(t, none, "fields-fill", "fill-color"); strings.Contains(got, "match") {
		t.Errorf("no values: %s", got)
	}
	if _, err := style.NewTheme(&analysis.Theme{Counts: []int{1, 2}}, "nothing"); !fault.Is(err, fault.Invalid) {
		t.Errorf("unknown palette: %v", err)
	}
}
