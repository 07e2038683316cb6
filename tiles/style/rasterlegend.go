package style

import (
	"fmt"
	"strconv"
	"strings"

	"contado/tiles/colormap"
	"contado/tiles/terrain"
)

// Heading is what a legend says above and below its colours.
type Heading struct {
	Title string
	Unit  string
	// Formula and Source of the values, when they are computed.
	Formula, Source string
	Lang            Lang
}

func (h Heading) legend() Legend {
	return Legend{Title: h.Title, Unit: h.Unit, Formula: h.Formula, Source: h.Source, Entries: []Entry{}, lang: h.Lang}
}

// MapLegend explains values drawn with a colour map: a band, an expression
// or an index. lo and hi are the range shown, which stops at values, classes
// and intervals bring themselves. names are words for classes by value; nil
// or missing ones show the value.
func MapLegend(h Heading, m colormap.Map, lo, hi float64, names map[int]string) Legend {
	l := h.legend()
	switch m.Form() {
	case colormap.Classes:
		for _, c := range m.Classes() {
			name, v := names[c.Value], c.Value
			if name == "" {
				name = strconv.Itoa(v)
			}
			l.Entries = append(l.Entries, Entry{Label: name, Colour: colormap.Hex(c.Colour), Kind: Fill, Value: &v})
		}
	case colormap.Intervals:
		for _, c := range m.Intervals() {
			label := fmt.Sprintf(h.Lang.say(wordFrom), h.Lang.number(c.Lo), h.Lang.number(c.Hi))
			from, to := c.Lo, c.Hi
			l.Entries = append(l.Entries, Entry{Label: label, Colour: colormap.Hex(c.Colour), Kind: Fill, From: &from, To: &to})
		}
	default:
		if a, b, ok := m.Range(); ok {
			lo, hi = a, b
		}
		l.Ramp = &Ramp{Min: lo, Max: hi}
		for _, c := range m.Colours(33) {
			l.Ramp.Colours = append(l.Ramp.Colours, colormap.Hex(c))
		}
	}
	return l
}

// Channel is a band or expression drawn as one of the primary colours.
type Channel struct {
	Label  string
	Lo, Hi float64 // the range shown
	// Words stand for Lo and Hi when they are not known; "" = the numbers.
	Words [2]string
}

// CompositeLegend explains a picture of three channels (red, green, blue) or
// four (and opacity).
func CompositeLegend(h Heading, channels []Channel) Legend {
	l := h.legend()
	colours := []string{"#d62728", "#2ca02c", "#1f77b4", "#8c8c8c"}
	for i, c := range channels[:min(len(channels), len(colours))] {
		l.Entries = append(l.Entries, Entry{
			Label:  fmt.Sprintf("%s: %s (%s – %s)", h.Lang.say(wordRed+word(i)), c.Label, h.Lang.number(c.Lo), h.Lang.number(c.Hi)),
			Colour: colours[i], Kind: Band,
		})
	}
	return l
}

// Masks adds what is left out of the picture ("cloud", "cloud shadow").
func (l *Legend) Masks(names ...string) {
	if len(names) > 0 {
		l.Entries = append(l.Entries, Entry{
			Label:  fmt.Sprintf(l.lang.say(wordMasked), strings.Join(names, ", ")),
			Colour: "#ffffff", Kind: Masked,
		})
	}
}

// ReliefLegend explains shaded relief.
func ReliefLegend(h Heading, o *terrain.Light) Legend {
	if h.Title == "" {
		h.Title = h.Lang.say(wordRelief)
		if o != nil && o.Multidirectional {
			h.Title = h.Lang.say(wordReliefMulti)
		}
	}
	l := h.legend()
	l.Ramp = &Ramp{Min: 0, Max: 255, Colours: []string{"#000000", "#ffffff"}, Low: h.Lang.say(wordShadow), High: h.Lang.say(wordLit)}
	return l
}

// SlopeLegend explains slopes up to most, in the unit.
func SlopeLegend(h Heading, m colormap.Map, unit terrain.Unit, most float64) Legend {
	if h.Title == "" {
		h.Title = h.Lang.say(wordSlope)
	}
	if h.Unit = h.Lang.say(wordDegrees); unit == terrain.Percent {
		h.Unit = "%"
	}
	return MapLegend(h, m, 0, most, nil)
}

// AspectLegend explains aspects drawn with a cyclic map over 0 to 360
// degrees: the colours of the four winds.
func AspectLegend(h Heading, m colormap.Map) Legend {
	if h.Title == "" {
		h.Title = h.Lang.say(wordAspect)
	}
	l := h.legend()
	p, err := m.Painter(0, 360)
	if err != nil {
		return l // cannot be: the range is right
	}
	for i := range 4 {
		l.Entries = append(l.Entries, Entry{Label: h.Lang.say(wordNorth + word(i)), Colour: colormap.Hex(p.Colour(float32(90 * i))), Kind: Fill})
	}
	return l
}

// ContourLegend explains contour lines; an interval of 0 means that it
// depends on the scale of the map.
func ContourLegend(h Heading, levels terrain.Levels, pen *terrain.Pen) Legend {
	if h.Title == "" {
		h.Title = h.Lang.say(wordContours)
	}
	l := h.legend()
	colour, index := pen.Colours()
	colour.A, index.A = 255, 255 // thin lines on white
	each, every := h.Lang.say(wordContourAny), h.Lang.say(wordIndexAny)
	n := levels.Every()
	if levels.Interval > 0 {
		each = fmt.Sprintf(h.Lang.say(wordContour), h.Lang.number(levels.Interval))
		every = fmt.Sprintf(h.Lang.say(wordIndexContour), h.Lang.number(float64(n)*levels.Interval))
	} else {
		every = fmt.Sprintf(every, n)
	}
	l.Entries = append(l.Entries, Entry{Label: each, Colour: colormap.Hex(colour), Kind: Line, Width: 1.2})
	if n > 0 {
		l.Entries = append(l.Entries, Entry{Label: every, Colour: colormap.Hex(index), Kind: Line, Width: 2.6})
	}
	return l
}

// CodeLegend explains heights coded in colours: there is nothing to see but
// the rule.
func CodeLegend(h Heading, c terrain.Coding) Legend {
	if h.Title == "" {
		h.Title = h.Lang.say(wordCoded)
	}
	l := h.legend()
	w := wordCodedMapbox
	if c == terrain.Terrarium {
		w = wordCodedTerrarium
	}
	l.Notes = append(l.Notes, h.Lang.say(w))
	return l
}

// number is number with the comma of the language.
func (lang Lang) number(v float64) string {
	s := number(v)
	if lang == Italian {
		s = strings.Replace(s, ".", ",", 1)
	}
	return strings.Replace(s, "-", "−", 1)
}
