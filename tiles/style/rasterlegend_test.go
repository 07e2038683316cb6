package style_test

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"contado/tiles/colormap"
	"contado/tiles/style"
	"contado/tiles/terrain"

	"pgregory.net/rapid"
)

func parsed(t *testing.T, text string) colormap.Map {
	t.Helper()
	m, err := colormap.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// every is a legend of each kind.
func every(t *testing.T, lang style.Lang) map[string]style.Legend {
	t.Helper()
	head := func(title string) style.Heading { return style.Heading{Title: title, Lang: lang} }
	index := style.Heading{Title: "NDVI", Formula: "(nir - red) / (nir + red)", Source: "Rouse et al. 1974 <NASA>", Lang: lang}
	out := map[string]style.Legend{
		"index":     style.MapLegend(index, parsed(t, "ndvi"), -0.2, 0.9, nil),
		"values":    style.MapLegend(head("h"), parsed(t, "0:#2f7d4f,3000:#ffffff80"), 1, 2, nil),
		"classes":   style.MapLegend(head("c"), parsed(t, `{"3":"#00aa00","-1":"#ff000080"}`), 0, 0, map[int]string{3: "Bosco & <macchia>"}),
		"intervals": style.MapLegend(head("i"), parsed(t, `[[[12.5,90],"#800026"],[[0,5],"#ffffcc"]]`), 0, 0, nil),
		"composite": style.CompositeLegend(head("rgb"), []style.Channel{{Label: "B04", Hi: 0.3}, {Label: "B03", Hi: 0.3}, {Label: "B02", Lo: -1, Hi: 0.3}, {Label: "a", Hi: 255}}),
		"relief":    style.ReliefLegend(head(""), nil),
		"relief4":   style.ReliefLegend(head(""), &terrain.Light{Multidirectional: true}),
		"slope":     style.SlopeLegend(head(""), parsed(t, "ylorrd"), terrain.Percent, 100),
		"aspect":    style.AspectLegend(head(""), parsed(t, "phase")),
		"contours":  style.ContourLegend(head(""), terrain.Levels{Interval: 2.5}, nil),
		"plain":     style.ContourLegend(head(""), terrain.Levels{Interval: 20, Index: -1}, nil),
		"mapbox":    style.CodeLegend(head(""), terrain.Mapbox),
		"terrarium": style.CodeLegend(head(""), terrain.Terrarium),
	}
	for name, l := range out {
		l.Masks("cloud", "ombra")
		out[name] = l
	}
	return out
}

func TestRasterLegends(t *testing.T) {
	t.Parallel()
	for _, lang := range []style.Lang{style.English, style.Italian} {
		for name, l := range every(t, lang) {
			svg := l.SVG()
			if err := wellFormed(svg); err != nil {
				t.Errorf("%s: %v\n%s", name, err, svg)
			}
			if l.Title == "" || l.Ramp == nil && len(l.Entries)+len(l.Notes) == 0 {
				t.Errorf("%s explains nothing: %+v", name, l)
			}
			for _, e := range l.Entries {
				if _, ok := colormap.ParseColor(e.Colour); !ok || e.Label == "" {
					t.Errorf("%s: %+v", name, e)
				}
			}
			if text, err := json.Marshal(l); err != nil || !strings.Contains(string(text), `"entries":[`) {
				t.Errorf("%s: %s %v", name, text, err)
			}
			if !strings.Contains(string(svg), "cloud, ombra") {
				t.Errorf("%s does not say what is left out", name)
			}
		}
	}
}

func TestRasterLegendsSayWhatIsDrawn(t *testing.T) {
	t.Parallel()
	en, it := every(t, style.English), every(t, style.Italian)
	if r := en["values"].Ramp; r.Min != 0 || r.Max != 3000 || r.Colours[0] != "#2f7d4f" || r.Colours[32] != "#ffffff80" {
		t.Errorf("stops at values: %+v", r)
	}
	if r := en["index"].Ramp; r.Min != -0.2 || r.Max != 0.9 || len(r.Colours) != 33 {
		t.Errorf("index: %+v", r)
	}
	if c := en["classes"].Entries; *c[0].Value != -1 || c[0].Label != "-1" || c[1].Label != "Bosco & <macchia>" || c[1].Colour != "#00aa00" {
		t.Errorf("classes: %+v", c)
	}
	if c := it["intervals"].Entries; c[0].Label != "da 0 a 5" || c[1].Label != "da 12,5 a 90" || *c[1].From != 12.5 || *c[1].To != 90 {
		t.Errorf("intervals: %+v", c)
	}
	if c := en["composite"].Entries; c[2].Label != "Blue: B02 (−1 – 0.3)" || len(c) != 5 {
		t.Errorf("composite: %+v", c)
	}
	if c := it["contours"].Entries; c[0].Label != "ogni 2,5 m" || !strings.Contains(c[1].Label, "12,5") || c[1].Width <= c[0].Width {
		t.Errorf("contours: %+v", c)
	}
	if len(en["plain"].Entries) != 2 { // lines, and what is left out
		t.Errorf("%+v", en["plain"].Entries)
	}
	if c := en["aspect"].Entries; c[0].Label != "North" || c[3].Label != "West" || c[0].Colour == c[2].Colour {
		t.Errorf("aspect: %+v", c)
	}
	if it["slope"].Title != "Pendenza" || it["slope"].Unit != "%" {
		t.Errorf("%+v", it["slope"])
	}
}

var gradient = regexp.MustCompile(`url\(#(ramp-[a-z0-9]+)\)`)

// Two legends on one page do not take each other's colours.
func TestGradientsHaveNamesOfTheirOwn(t *testing.T) {
	t.Parallel()
	all := every(t, style.English)
	a, b := gradient.FindSubmatch(all["index"].SVG()), gradient.FindSubmatch(all["slope"].SVG())
	if a == nil || b == nil || string(a[1]) == string(b[1]) {
		t.Errorf("%s and %s", a, b)
	}
	if !strings.Contains(string(all["index"].SVG()), `id="`+string(a[1])+`"`) {
		t.Error("the gradient is not there")
	}
}

// Whatever people write, the drawing is XML, holds no markup of theirs, and
// no line leaves the picture by much.
func TestLegendsHoldAnyText(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.Just(`"><script>alert(1)</script>`), rapid.Just("\x00\x1b"), rapid.StringN(0, 300, -1))
		l := style.Legend{
			Title: text.Draw(t, "title"), Unit: text.Draw(t, "unit"), Formula: text.Draw(t, "formula"), Source: text.Draw(t, "source"),
			Notes:   []string{text.Draw(t, "note")},
			Entries: []style.Entry{{Label: text.Draw(t, "label"), Colour: text.Draw(t, "colour"), Kind: style.Kind(text.Draw(t, "kind"))}},
			Ramp:    &style.Ramp{Colours: []string{"#000000", text.Draw(t, "stop")}, Low: text.Draw(t, "low")},
		}
		svg := l.SVG()
		if err := wellFormed(svg); err != nil {
			t.Fatalf("%v\n%s", err, svg)
		}
		if strings.Contains(string(svg), "<script") {
			t.Fatalf("%s", svg)
		}
	})
}
