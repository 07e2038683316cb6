package style

import (
	"encoding/xml"
	"fmt"
	"hash/fnv"
	"strconv"
	"strings"
	"unicode/utf8"

	"contado/tiles/colormap"
)

// Measures of a drawn legend, in pixels. Text is measured by its number of
// letters: the font of the reader is not known.
const (
	rowHeight  = 22
	padding    = 12
	leastWidth = 260
	mostWidth  = 460
	swatch     = 22
	labelAt    = swatch + 10
	letter     = 6.6 // mean width at 12 px, with some room
	small      = 5.8 // and at 10.5 px
	rampHeight = 46
	noteHeight = 15
)

// drawing is the SVG of a legend being written.
type drawing struct {
	strings.Builder
	width, y int
	id       string // of gradients and patterns: pages may hold several legends
}

// SVG draws the legend; colours always stand beside their text. Long labels
// and notes are broken into lines.
func (l Legend) SVG() []byte {
	heading := l.Title
	if l.Unit != "" {
		heading += " (" + l.Unit + ")"
	}
	d := drawing{width: l.svgWidth(heading), y: padding}
	var body drawing
	body.width, body.y, body.id = d.width, d.y, l.id()
	body.lines(padding, heading, 7.2, 16, ` font-weight="600"`)
	body.y += 6
	if l.Ramp != nil {
		body.ramp(l.Ramp, l.lang)
	}
	for _, e := range l.Entries {
		body.entry(e)
	}
	for _, n := range l.footnotes() {
		body.y += 3
		body.lines(padding, n, small, noteHeight, ` font-size="10.5" fill-opacity="0.8"`)
	}
	height := body.y + padding - 4
	fmt.Fprintf(&d, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" role="img" font-family="system-ui, 'DejaVu Sans', sans-serif" font-size="12" fill="%s">`,
		d.width, height, d.width, height, ink)
	fmt.Fprintf(&d, `<title>%s</title><rect width="100%%" height="100%%" fill="%s"/>`, escape(heading), paper)
	d.WriteString(body.String())
	d.WriteString(`</svg>`)
	return []byte(d.String())
}

// id tells the legend from others, by its colours.
func (l Legend) id() string {
	h := fnv.New32a()
	if l.Ramp != nil {
		// Writing to a hash does not fail.
		_, _ = h.Write([]byte(strings.Join(l.Ramp.Colours, "")))
	}
	return strconv.FormatUint(uint64(h.Sum32()), 36)
}

func (l Legend) svgWidth(heading string) int {
	width := float64(leastWidth)
	for _, e := range l.Entries {
		width = max(width, 2*padding+labelAt+letter*float64(utf8.RuneCountInString(e.Label)))
	}
	width = max(width, 2*padding+7.2*float64(utf8.RuneCountInString(heading)))
	return int(min(width, mostWidth))
}

func (l Legend) footnotes() []string {
	var out []string
	if l.Formula != "" {
		out = append(out, l.lang.say(wordFormula)+": "+l.Formula)
	}
	if l.Source != "" {
		out = append(out, l.lang.say(wordSource)+": "+l.Source)
	}
	return append(out, l.Notes...)
}

// lines writes a text broken to the width that is left of x.
func (d *drawing) lines(x int, text string, letter float64, height int, attributes string) {
	for _, line := range wrap(text, int(float64(d.width-padding-x)/letter)) {
		d.y += height
		fmt.Fprintf(d, `<text x="%d" y="%d"%s>%s</text>`, x, d.y-4, attributes, escape(line))
	}
}

// wrap breaks a text into lines of at most n letters, between words where it
// can.
func wrap(text string, n int) []string {
	var out []string
	line := []rune{}
	for _, w := range strings.Fields(text) {
		r := []rune(w)
		if len(line) > 0 && len(line)+1+len(r) > n {
			out, line = append(out, string(line)), line[:0]
		}
		if len(line) > 0 {
			line = append(line, ' ')
		}
		line = append(line, r...)
		for len(line) > n {
			out, line = append(out, string(line[:n])), append([]rune{}, line[n:]...)
		}
	}
	if len(line) > 0 {
		out = append(out, string(line))
	}
	return out
}

func (d *drawing) entry(e Entry) {
	y := d.y
	d.swatch(e, y)
	room := int(float64(d.width-2*padding-labelAt) / letter)
	for k, line := range wrap(e.Label, room) {
		if k > 0 {
			d.y += noteHeight
		}
		fmt.Fprintf(d, `<text x="%d" y="%d">%s</text>`, padding+labelAt, d.y+15, escape(line))
	}
	d.y += rowHeight
}

func (d *drawing) swatch(e Entry, y int) {
	c, ok := colormap.ParseColor(e.Colour)
	if !ok {
		c, _ = colormap.ParseColor("#808080")
	}
	opacity := float64(c.A) / 255
	c.A = 255
	colour := colormap.Hex(c)
	switch e.Kind {
	case Line:
		width := e.Width
		if width == 0 {
			width = 3
		}
		fmt.Fprintf(d, `<path d="M%d %dh%d" stroke="%s" stroke-width="%g" stroke-linecap="round"/>`, padding, y+11, swatch, colour, width)
	case Circle:
		fmt.Fprintf(d, `<circle cx="%d" cy="%d" r="5" fill="%s" stroke="%s"/>`, padding+swatch/2, y+11, colour, ink)
	case Masked:
		fmt.Fprintf(d, `<defs><pattern id="hatch-%s" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><path d="M0 0v6" stroke="%s" stroke-width="2" stroke-opacity="0.45"/></pattern></defs>`, d.id, ink)
		fmt.Fprintf(d, `<rect x="%d.5" y="%d.5" width="%d" height="14" fill="url(#hatch-%s)" stroke="%s" stroke-opacity="0.4"/>`, padding, y+3, swatch-1, d.id, ink)
	default:
		fill := colour + `"`
		if opacity < 1 {
			fill = fmt.Sprintf(`%s" fill-opacity="%.3g"`, colour, opacity)
		}
		fmt.Fprintf(d, `<rect x="%d.5" y="%d.5" width="%d" height="14" fill="%s stroke="%s" stroke-opacity="0.4"/>`, padding, y+3, swatch-1, fill, ink)
	}
}

func (d *drawing) ramp(r *Ramp, lang Lang) {
	width := d.width - 2*padding
	fmt.Fprintf(d, `<defs><linearGradient id="ramp-%s">`, d.id)
	for i, hex := range r.Colours {
		c, ok := colormap.ParseColor(hex)
		if !ok {
			continue
		}
		opacity := ""
		if c.A != 255 {
			opacity = fmt.Sprintf(` stop-opacity="%.3g"`, float64(c.A)/255)
			c.A = 255
		}
		fmt.Fprintf(d, `<stop offset="%.4g" stop-color="%s"%s/>`, float64(i)/float64(max(1, len(r.Colours)-1)), colormap.Hex(c), opacity)
	}
	fmt.Fprintf(d, `</linearGradient></defs><rect x="%d.5" y="%d.5" width="%d" height="15" fill="url(#ramp-%s)" stroke="%s" stroke-opacity="0.4"/>`, padding, d.y, width-1, d.id, ink)
	labels := [3]string{lang.number(r.Min), lang.number((r.Min + r.Max) / 2), lang.number(r.Max)}
	if r.Low != "" || r.High != "" {
		labels = [3]string{r.Low, "", r.High}
	}
	for i, anchor := range [3]string{"start", "middle", "end"} {
		x := float64(padding) + 0.5 + float64(i)/2*float64(width-1)
		fmt.Fprintf(d, `<path d="M%g %dv4" stroke="%s" stroke-opacity="0.6"/>`, x, d.y+16, ink)
		if labels[i] != "" {
			fmt.Fprintf(d, `<text x="%g" y="%d" text-anchor="%s">%s</text>`, x, d.y+32, anchor, escape(labels[i]))
		}
	}
	d.y += rampHeight
}

func escape(s string) string {
	var b strings.Builder
	// Writing to a strings.Builder does not fail.
	_ = xml.EscapeText(&b, []byte(s))
	return b.String()
}
