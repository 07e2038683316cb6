package style

import (
	"fmt"
	"math"
	"strconv"
	"strings"

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
	// Formula and Source say how the values are computed and who says so.
	Formula string `json:"formula,omitempty"`
	Source  string `json:"source,omitempty"`
	// Notes are sentences to read below: what is left out, and why.
	Notes []string `json:"notes,omitempty"`
	lang  Lang
}

// Kind is how an entry is drawn.
type Kind string

// The kinds.
const (
	Fill   Kind = "fill"
	Line   Kind = "line"
	Circle Kind = "circle"
	Band   Kind = "band" // a channel of a colour composite
	Masked Kind = "mask" // left out: nothing is drawn there
)

// Entry is a colour and what it means.
type Entry struct {
	Label  string `json:"label"`
	Colour string `json:"colour"` // #rrggbb
	Kind   Kind   `json:"kind"`
	// Width of a line in pixels; 0 means 3.
	Width float64 `json:"width,omitempty"`
	Value *int    `json:"value,omitempty"` // of a class
	// From and To are the values of an interval, from ≤ v < to.
	From *float64 `json:"from,omitempty"`
	To   *float64 `json:"to,omitempty"`
}

// Ramp is a continuous scale.
type Ramp struct {
	Min     float64  `json:"min"`
	Max     float64  `json:"max"`
	Colours []string `json:"colours"`
	// Low and High are words for the two ends; "" means their numbers.
	Low  string `json:"low,omitempty"`
	High string `json:"high,omitempty"`
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
			l.Entries = append(l.Entries, Entry{Label: name, Colour: colormap.Hex(colormap.ClassColor(c.Color, i)), Kind: Fill, Value: &v})
		}
	case raster.ByRamp:
		l.Ramp = &Ramp{Min: s.Ranges[0][0], Max: s.Ranges[0][1]}
		for _, c := range colormap.Ramp(s.Colormap, 17) {
			l.Ramp.Colours = append(l.Ramp.Colours, colormap.Hex(c))
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

// number is v for people: at most four significant digits and no exponent
// for everyday sizes.
func number(v float64) string {
	if a := math.Abs(v); a >= 1000 && a < 1e7 {
		return strconv.FormatFloat(math.Round(v), 'f', -1, 64)
	}
	return strconv.FormatFloat(v, 'g', 4, 64)
}
