package report

import (
	"fmt"
	"html/template"
	"strings"
)

// shareClasses of the map: lower bounds of the share covered, colours from
// the palest (nearly everyone) to the darkest (hardly anyone). Lightness
// falls all the way, so the order survives grey printing and colour vision
// deficiency; the three lowest carry hatching too, each another one.
var shareClasses = [...]struct {
	from  float64
	fill  string
	id    string
	hatch string
}{
	{0.95, "#fff4e2", "c4", ""},
	{0.75, "#fdcf94", "c3", ""},
	{0.50, "#f4954a", "c2", "#dd7a2e"},
	{0.25, "#c8551c", "c1", "#f3bf92"},
	{0, "#6f2407", "c0", "#a4603c"},
}

func classOf(share float64) int {
	for i, c := range shareClasses {
		if share >= c.from {
			return i
		}
	}
	return len(shareClasses) - 1
}

func fillOf(i int) string {
	if shareClasses[i].hatch != "" {
		return "url(#" + shareClasses[i].id + ")"
	}
	return shareClasses[i].fill
}

const (
	nobodyFill = "url(#nobody)"
	hiddenFill = "url(#hidden)"
)

// patterns are the hatchings, shared by all drawings of the page; those with
// "-x" are for drawing in tenths of a pixel.
func patterns() template.HTML {
	return template.HTML(`<svg width="0" height="0" aria-hidden="true" class="defs">` + patternDefs() + `</svg>`) //nolint:gosec // constants only
}

func patternDefs() string {
	var b strings.Builder
	b.WriteString(`<defs>`)
	add := func(id string, size int, turn, inner string) {
		for _, v := range []struct{ id, scale string }{{id, ""}, {id + "-x", "scale(10) "}} {
			fmt.Fprintf(&b, `<pattern id="%s" width="%d" height="%d" patternUnits="userSpaceOnUse" patternTransform="%s%s">%s</pattern>`,
				v.id, size, size, v.scale, turn, inner)
		}
	}
	for i, c := range shareClasses {
		if c.hatch == "" {
			continue
		}
		step, cross, turn := 7, "", "rotate(45)"
		if i == len(shareClasses)-3 {
			turn = "rotate(90)"
		}
		if i == len(shareClasses)-1 {
			step = 5
			cross = `<path d="M0 0h5" stroke="` + c.hatch + `" stroke-width=".7"/>`
		}
		add(c.id, step, turn, fmt.Sprintf(`<rect width="%d" height="%d" fill="%s"/><path d="M0 0v%d" stroke="%s"/>%s`, step, step, c.fill, step, c.hatch, cross))
	}
	add("nobody", 6, "rotate(0)", `<rect width="6" height="6" fill="#f2f2f2"/><circle cx="3" cy="3" r="1" fill="#777"/>`)
	add("hidden", 8, "rotate(0)", `<rect width="8" height="8" fill="#fff"/><path d="M1 4h6M4 1v6" stroke="#777" stroke-width=".8"/>`)
	add("unreachable", 6, "rotate(45)", `<rect width="6" height="6" fill="`+unreachableFill+`"/><path d="M0 0v6" stroke="#d9b9b0" stroke-width="1.4"/>`)
	b.WriteString(`</defs>`)
	return b.String()
}

// swatch is a legend item with a little picture.
type swatch struct {
	Picture template.HTML
	Text    string
}

func square(fill string) template.HTML {
	return template.HTML(`<svg class="swatch" viewBox="0 0 22 14" aria-hidden="true"><rect x=".5" y=".5" width="21" height="13" fill="` + esc(fill) + `" stroke="#555"/></svg>`) //nolint:gosec // escaped
}

const facilitySymbol = `<circle r="4.5" fill="#0b4f8a" stroke="#fff" stroke-width="1.5"/><path d="M-2.2 0h4.4M0-2.2v4.4" stroke="#fff" stroke-width="1.3"/>`

func symbol(inner string) template.HTML {
	return template.HTML(`<svg class="swatch" viewBox="-11 -9 22 18" aria-hidden="true">` + inner + `</svg>`) //nolint:gosec // constants only
}

func gapSymbol(label string) string {
	size, down := "11", "3.8"
	if len(label) > 1 {
		size, down = "9", "3.2"
	}
	return `<circle r="8.5" fill="#111" stroke="#fff" stroke-width="1.5"/><text y="` + down + `" font-size="` + size + `" font-weight="700" fill="#fff" text-anchor="middle">` + esc(label) + `</text>`
}
