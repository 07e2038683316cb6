package style

import (
	"math"
	"strconv"
	"strings"

	"contado/geo/store/catalog"
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
