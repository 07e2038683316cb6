package style

import (
	"fmt"
	"image/color"
	"strconv"

	"contado/geo/analysis"
	"contado/geo/fault"
	"contado/geo/store/catalog"
	"contado/tiles/colormap"
)

// Palettes of themes when none is asked for. Both keep their order, or stay
// apart, for colour-blind readers.
const (
	defaultRamp  = "viridis"
	defaultOther = "#b8b3a8" // values beyond the classes
	defaultNone  = "#e4e1da" // no value
)

// Theme colours the features of a vector dataset by the classes of one of
// their attributes.
type Theme struct {
	classes *analysis.Theme
	colours []string // of each class
}

// NewTheme gives classes the colours of a named map; "" = one that suits.
//
// Errors: fault.Invalid when there is no such map.
func NewTheme(t *analysis.Theme, palette string) (*Theme, error) {
	n := len(t.Counts)
	if t.Method == analysis.Categories {
		n = len(t.Values)
	}
	out := &Theme{classes: t, colours: make([]string, n)}
	if palette == "" && t.Method == analysis.Categories {
		for i := range n {
			out.colours[i] = colormap.Hex(colormap.ClassColor("", i))
		}
		return out, nil
	}
	if palette == "" {
		palette = defaultRamp
	}
	var ramp []color.NRGBA
	if n > 0 {
		if ramp = colormap.Ramp(palette, max(n, 2)); ramp == nil {
			return nil, fault.WithHint(fault.Errorf("style.Theme", fault.Invalid, "there is no colour map %.40q", palette), "the names are at /colormaps")
		}
	}
	for i := range n {
		out.colours[i] = colormap.Hex(ramp[i])
	}
	return out, nil
}

// NewThematic is the style of a vector dataset coloured by a theme.
func NewThematic(d catalog.Dataset, t *Theme, o Options) *Document {
	doc := New(d, o)
	colour := t.expression()
	doc.Name = title(d) + ": " + t.name()
	layers := []Layer{
		{ID: "fill", Type: "fill", Filter: polygonsOnly(), Paint: map[string]any{"fill-color": colour, "fill-opacity": 0.75}},
		{
			ID: "outline", Type: "line", Filter: polygonsOnly(),
			Paint: map[string]any{"line-color": ink, "line-width": zoomed(8, 0.1, 14, 0.8), "line-opacity": 0.6},
		},
		{
			ID: "line", Type: "line", Filter: []any{"==", []any{"geometry-type"}, "LineString"},
			Layout: map[string]any{"line-join": "round", "line-cap": "round"},
			Paint:  map[string]any{"line-color": colour, "line-width": zoomed(8, 1, 14, 3)},
		},
		circle("", zoomed(8, 2.5, 12, 5, 16, 9)),
	}
	layers[3].Paint["circle-color"], layers[3].Paint["circle-stroke-color"] = colour, ink
	layers[3].Paint["circle-stroke-width"] = 0.8
	if o.Sprite != "" && t.classes.Method == analysis.Categories && len(t.classes.Values) > 1 {
		doc.Sprite = o.Sprite
		// Below each shape lies a dot of its colour: clients without sprites
		// (QGIS) would show no point at all.
		layers[3].Paint["circle-radius"] = zoomed(8, 1.5, 12, 2.5, 16, 4)
		layers[3].Paint["circle-stroke-width"] = 0
		layers = append(layers, t.pattern(), t.icon(colour))
	}
	for i := range layers {
		layers[i].ID, layers[i].Source, layers[i].SourceLayer = d.ID+"-"+layers[i].ID, d.ID, d.ID
	}
	for _, l := range doc.Layers {
		if l.Type == "symbol" {
			layers = append(layers, l)
		}
	}
	doc.Layers = layers
	return doc
}

// pointIcons are the shapes that classes of points take, the plainest first.
var pointIcons = []string{"circle", "square", "triangle", "diamond", "plus", "ring", "pentagon", "cross", "hexagon"}

// pattern is a second fill by which classes of polygons differ without colour;
// the most frequent has none.
func (t *Theme) pattern() Layer {
	filter := []any{"in", t.text(), []any{"literal", []any{}}}
	match := []any{"match", t.text()}
	var named []any
	for i, v := range t.classes.Values[1:] {
		if i == len(PatternNames) {
			break
		}
		match = append(match, valueText(v.Value), PatternNames[i])
		named = append(named, valueText(v.Value))
	}
	filter[2] = []any{"literal", named}
	return Layer{
		ID: "pattern", Type: "fill", Filter: []any{"all", polygonsOnly(), filter},
		Paint: map[string]any{"fill-pattern": append(match, PatternNames[0]), "fill-opacity": 0.6},
	}
}

// icon draws points as shapes by class.
func (t *Theme) icon(colour []any) Layer {
	match := []any{"match", t.text()}
	for i, v := range t.classes.Values {
		match = append(match, valueText(v.Value), pointIcons[i%len(pointIcons)])
	}
	return Layer{
		ID: "icon", Type: "symbol", Filter: []any{"==", []any{"geometry-type"}, "Point"},
		Layout: map[string]any{"icon-image": append(match, pointIcons[0]), "icon-size": zoomed(8, 0.5, 12, 0.8, 16, 1.2), "icon-allow-overlap": true},
		Paint:  map[string]any{"icon-color": colour, "icon-halo-color": ink, "icon-halo-width": 1},
	}
}

func (t *Theme) text() []any { return []any{"to-string", []any{"get", t.classes.Field.Name}} }

func (t *Theme) name() string {
	if t.classes.Field.Alias != "" {
		return t.classes.Field.Alias
	}
	return t.classes.Field.Name
}

// expression is the colour of a feature, for MapLibre.
func (t *Theme) expression() []any {
	get := []any{"get", t.classes.Field.Name}
	without := []any{"==", []any{"typeof", get}, "null"}
	if t.classes.Method == analysis.Categories {
		match := []any{"match", []any{"to-string", get}}
		for i, v := range t.classes.Values {
			match = append(match, valueText(v.Value), t.colours[i])
		}
		if len(t.classes.Values) == 0 {
			return []any{"case", without, defaultNone, defaultOther}
		}
		return []any{"case", without, defaultNone, append(match, defaultOther)}
	}
	if len(t.colours) == 1 {
		return []any{"case", without, defaultNone, t.colours[0]}
	}
	step := []any{"step", []any{"to-number", get}, t.colours[0]}
	for i := 1; i < len(t.colours); i++ {
		step = append(step, t.classes.Edges[i], t.colours[i])
	}
	return []any{"case", without, defaultNone, step}
}

// valueText is how MapLibre's to-string writes a value.
func valueText(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return fmt.Sprint(v)
}

// ThemeLegend explains the colours of a theme, with how many rows each has.
func (lang Lang) ThemeLegend(d catalog.Dataset, t *Theme) Legend {
	l := Legend{Title: title(d) + ": " + t.name(), Entries: []Entry{}, lang: lang}
	kind := kindOf(d)
	add := func(label, colour string, n int) *Entry {
		l.Entries = append(l.Entries, Entry{Label: fmt.Sprintf("%s (%s)", label, lang.count(n)), Colour: colour, Kind: kind})
		return &l.Entries[len(l.Entries)-1]
	}
	c := t.classes
	if c.Method == analysis.Categories {
		for i, v := range c.Values {
			add(valueText(v.Value), t.colours[i], v.Count)
		}
		if c.Others > 0 {
			add(lang.say(wordOthers), defaultOther, c.Others)
		}
	} else {
		for i, n := range c.Counts {
			lo, hi := c.Edges[i], c.Edges[i+1]
			e := add(fmt.Sprintf(lang.say(wordFrom), lang.number(lo), lang.number(hi)), t.colours[i], n)
			e.From, e.To = &lo, &hi
		}
		l.Notes = append(l.Notes, lang.say(themeMethods[c.Method]))
	}
	if c.Without > 0 {
		add(lang.say(wordWithout), defaultNone, c.Without)
	}
	return l
}

// count is a whole number with its thousands apart.
func (lang Lang) count(n int) string {
	text, mark := strconv.Itoa(n), ","
	if lang == Italian {
		mark = "."
	}
	for at := len(text) - 3; at > 0; at -= 3 {
		text = text[:at] + mark + text[at:]
	}
	return text
}
