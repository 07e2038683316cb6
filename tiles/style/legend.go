package style

import (
	"encoding/xml"
	"fmt"
	"image/color"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"contado/geo/store/catalog"
	"contado/tiles/colormap"
	"contado/tiles/raster"
)

// Legend explains the colours of a map layer.
type Legend struct {
	Title   string  `json:"title"`
	Unit    string  `json:"unit,omitempty"`
	Entries []Entry `json:"entries"`
	// Ramp runs from its first to its last value through evenly spaced
	// colours; set for a band drawn with a colour ramp.
	Ramp *Ramp `json:"ramp,omitempty"`
}

// Kind is how an entry is drawn.
type Kind string

// The kinds.
const (
	Fill   Kind = "fill"
	Line   Kind = "line"
	Circle Kind = "circle"
	Band   Kind = "band" // a channel of a colour composite
)

// Entry is a colour and what it means.
type Entry struct {
	Label  string `json:"label"`
	Colour string `json:"colour"` // #rrggbb
	Kind   Kind   `json:"kind"`
	Value  *int   `json:"value,omitempty"` // of a class
}

// Ramp is a continuous scale.
type Ramp struct {
	Min     float64  `json:"min"`
	Max     float64  `json:"max"`
	Colours []string `json:"colours"`
}

// RasterLegend explains how a raster dataset is drawn.
func RasterLegend(d catalog.Dataset, s *raster.Style) Legend {
	l := Legend{Title: title(d), Unit: s.Unit, Entries: []Entry{}}
	switch s.Mode {
	case raster.ByClass:
		for i, c := range s.Classes {
			name := c.Name
			if name == "" {
				name = strconv.Itoa(c.Value)
			}
			v := c.Value
			l.Entries = append(l.Entries, Entry{Label: name, Colour: hex(colormap.ClassColor(c.Color, i)), Kind: Fill, Value: &v})
		}
	case raster.ByRamp:
		l.Ramp = &Ramp{Min: s.Ranges[0][0], Max: s.Ranges[0][1]}
		for _, c := range colormap.Ramp(s.Colormap, 17) {
			l.Ramp.Colours = append(l.Ramp.Colours, hex(c))
		}
	default:
		for i, colour := range []string{"#d62728", "#2ca02c", "#1f77b4"} {
			l.Entries = append(l.Entries, Entry{
				Label:  fmt.Sprintf("%s (%s – %s)", bandLabel(s, i), number(s.Ranges[i][0]), number(s.Ranges[i][1])),
				Colour: colour, Kind: Band,
			})
		}
	}
	return l
}

func bandLabel(s *raster.Style, i int) string {
	if s.Labels[i] != "" {
		return s.Labels[i]
	}
	return "b" + s.Bands[i]
}

// VectorLegend explains the default style of a vector dataset.
func VectorLegend(d catalog.Dataset) Legend {
	l := Legend{Title: title(d), Entries: []Entry{}}
	add := func(label, colour string, kinds ...Kind) {
		for _, k := range kinds {
			l.Entries = append(l.Entries, Entry{Label: label, Colour: colour, Kind: k})
		}
	}
	switch d.Role {
	case catalog.TerritoryRole:
		add(l.Title, territory, Fill)
		add("Border", border, Line)
	case catalog.Road:
		if classField(d) == "" {
			add(l.Title, "#c08a3e", Line)
			break
		}
		for i := len(roadClasses) - 1; i >= 0; i-- {
			add(roadClasses[i].label, roadClasses[i].colour, Line)
		}
		add("Other road", "#d3cbbd", Line)
	case catalog.Service:
		add(l.Title, service, kindOf(d))
	case catalog.Place:
		add(l.Title, place, kindOf(d))
	case catalog.Barrier:
		add(l.Title, water, kindOf(d))
	case catalog.Hazard:
		add(l.Title, hazard, kindOf(d))
	case catalog.Population:
		add(l.Title, people, kindOf(d))
	default:
		add(l.Title, other, kindOf(d))
	}
	return l
}

func kindOf(d catalog.Dataset) Kind {
	g := ""
	if d.Version.Vector != nil {
		g = d.Version.Vector.Schema.GeometryType
	}
	switch {
	case strings.Contains(g, "Polygon"):
		return Fill
	case strings.Contains(g, "Line"):
		return Line
	}
	return Circle
}

func hex(c color.NRGBA) string { return fmt.Sprintf("#%02x%02x%02x", c.R, c.G, c.B) }

// number is v for people: at most four significant digits and no exponent
// for everyday sizes.
func number(v float64) string {
	if a := math.Abs(v); a >= 1000 && a < 1e7 {
		return strconv.FormatFloat(math.Round(v), 'f', -1, 64)
	}
	return strconv.FormatFloat(v, 'g', 4, 64)
}

// SVG draws the legend; colours always stand beside their text.
func (l Legend) SVG() []byte {
	const row, pad = 22, 10
	width := 260 // or what the longest label takes, at some 7 pixels a letter
	for _, e := range l.Entries {
		width = max(width, 2*pad+30+7*utf8.RuneCountInString(e.Label))
	}
	height := pad*2 + 20 + row*len(l.Entries)
	if l.Ramp != nil {
		height += 42
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" role="img" font-family="system-ui, sans-serif" font-size="12" fill="%s">`, width, height, width, height, ink)
	heading := l.Title
	if l.Unit != "" {
		heading += " (" + l.Unit + ")"
	}
	fmt.Fprintf(&b, `<title>%s</title><rect width="100%%" height="100%%" fill="%s"/>`, escape(heading), paper)
	fmt.Fprintf(&b, `<text x="%d" y="%d" font-weight="600">%s</text>`, pad, pad+12, escape(heading))
	y := pad + 24
	if l.Ramp != nil {
		l.Ramp.svg(&b, pad, y, width-2*pad)
		y += 42
	}
	for _, e := range l.Entries {
		e.svg(&b, pad, y)
		fmt.Fprintf(&b, `<text x="%d" y="%d">%s</text>`, pad+30, y+13, escape(e.Label))
		y += row
	}
	b.WriteString(`</svg>`)
	return []byte(b.String())
}

func (e Entry) svg(b *strings.Builder, x, y int) {
	colour := e.Colour
	if _, ok := colormap.ParseColor(colour); !ok {
		colour = "#808080"
	}
	switch e.Kind {
	case Line:
		fmt.Fprintf(b, `<path d="M%d %dh22" stroke="%s" stroke-width="3" stroke-linecap="round"/>`, x, y+9, colour)
	case Circle:
		fmt.Fprintf(b, `<circle cx="%d" cy="%d" r="5" fill="%s" stroke="%s"/>`, x+11, y+9, colour, ink)
	default:
		fmt.Fprintf(b, `<rect x="%d" y="%d" width="22" height="14" fill="%s" stroke="%s" stroke-opacity="0.4"/>`, x, y+2, colour, ink)
	}
}

func (r *Ramp) svg(b *strings.Builder, x, y, width int) {
	b.WriteString(`<defs><linearGradient id="ramp">`)
	for i, c := range r.Colours {
		fmt.Fprintf(b, `<stop offset="%.4g" stop-color="%s"/>`, float64(i)/float64(max(1, len(r.Colours)-1)), c)
	}
	fmt.Fprintf(b, `</linearGradient></defs><rect x="%d" y="%d" width="%d" height="14" fill="url(#ramp)" stroke="%s" stroke-opacity="0.4"/>`, x, y, width, ink)
	for i, anchor := range []string{"start", "middle", "end"} {
		f := float64(i) / 2
		fmt.Fprintf(b, `<text x="%g" y="%d" text-anchor="%s">%s</text>`, float64(x)+f*float64(width), y+28, anchor, number(r.Min+f*(r.Max-r.Min)))
	}
}

func escape(s string) string {
	var b strings.Builder
	// Writing to a strings.Builder does not fail.
	_ = xml.EscapeText(&b, []byte(s))
	return b.String()
}
