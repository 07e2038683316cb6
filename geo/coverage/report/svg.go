package report

import (
	"fmt"
	"html"
	"html/template"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// drawing builds one SVG picture. It styles by attributes only: a strict
// content security policy forbids style attributes, and none is needed.
type drawing struct {
	b             strings.Builder
	id            string
	width, height float64
}

func newDrawing(id string, width, height float64, title, desc string) *drawing {
	d := &drawing{id: id, width: width, height: height}
	d.f(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %s %s" font-family="%s" role="img" aria-labelledby="%s-t %s-d">`, num(width), num(height), pictureFonts, id, id)
	d.f(`<title id="%s-t">%s</title><desc id="%s-d">%s</desc>`, id, esc(title), id, esc(desc))
	return d
}

// pictureFonts are those of the page: a picture on its own has no style sheet.
const pictureFonts = "system-ui, 'Segoe UI', Roboto, 'Noto Sans', 'Liberation Sans', 'DejaVu Sans', sans-serif"

func (d *drawing) f(format string, args ...any) { fmt.Fprintf(&d.b, format, args...) }

func (d *drawing) html() template.HTML {
	d.b.WriteString("</svg>")
	return template.HTML(d.b.String()) //nolint:gosec // every text in it went through esc
}

func esc(s string) string { return html.EscapeString(s) }

// num prints a coordinate with one decimal at most.
func num(v float64) string {
	return strconv.FormatFloat(math.Round(v*10)/10, 'f', -1, 64)
}

// textWidth is about how wide a text is drawn, on the generous side.
func textWidth(s string, size float64) float64 {
	return float64(utf8.RuneCountInString(s)) * size * 0.6
}

// cut shortens a text to a width, with an ellipsis.
func cut(s string, size, width float64) string {
	if textWidth(s, size) <= width {
		return s
	}
	keep := max(1, int(width/(size*0.6))-1)
	runes := []rune(s)
	return strings.TrimRight(string(runes[:min(keep, len(runes))]), " ") + "…"
}

// text draws dark text with a light halo, legible on any ground. The halo is
// a text of its own: not every program that draws SVG knows paint-order.
func (d *drawing) text(x, y, size float64, anchor, s string) {
	for _, paint := range [...]string{`fill="#fff" stroke="#fff" stroke-width="4.5" stroke-linejoin="round"`, `fill="#111"`} {
		d.f(`<text x="%s" y="%s" font-size="%s" text-anchor="%s" %s>%s</text>`, num(x), num(y), num(size), anchor, paint, esc(s))
	}
}

// path writes outlines as relative moves in tenths of a pixel.
func path(o outline) string {
	var b []byte
	for _, r := range o {
		b = append(b, 'M')
		b = strconv.AppendInt(b, int64(r[0].x), 10)
		b = append(b, ' ')
		b = strconv.AppendInt(b, int64(r[0].y), 10)
		b = append(b, 'l')
		for i := 1; i < len(r); i++ {
			b = appendStep(b, int64(r[i].x-r[i-1].x), i == 1)
			b = appendStep(b, int64(r[i].y-r[i-1].y), false)
		}
		b = append(b, 'z')
	}
	return string(b)
}

func appendStep(b []byte, v int64, first bool) []byte {
	if v >= 0 && !first {
		b = append(b, ' ')
	}
	return strconv.AppendInt(b, v, 10)
}

// box is a rectangle taken up on a drawing.
type box struct{ x0, y0, x1, y1 float64 }

func (a box) meets(b box) bool { return a.x0 < b.x1 && b.x0 < a.x1 && a.y0 < b.y1 && b.y0 < a.y1 }

// labels keeps texts of a drawing off each other.
type labels struct {
	taken []box
	frame box
}

func (l *labels) free(b box) bool {
	if b.x0 < l.frame.x0 || b.y0 < l.frame.y0 || b.x1 > l.frame.x1 || b.y1 > l.frame.y1 {
		return false
	}
	for _, t := range l.taken {
		if b.meets(t) {
			return false
		}
	}
	return true
}

func (l *labels) take(b box) { l.taken = append(l.taken, b) }

// beside finds room for a text around a dot of radius r: right, left, above,
// below, then the corners. It returns the anchor, the base line and true.
func (l *labels) beside(x, y, r, size float64, s string) (tx, ty float64, anchor string, ok bool) {
	w := textWidth(s, size)
	gap := r + 3
	for _, c := range []struct {
		dx, dy float64
		anchor string
	}{
		{gap, size * 0.35, "start"},
		{-gap, size * 0.35, "end"},
		{0, -gap - 1, "middle"},
		{0, gap + size*0.8, "middle"},
		{gap * 0.8, -gap * 0.6, "start"},
		{gap * 0.8, gap*0.6 + size*0.7, "start"},
		{-gap * 0.8, -gap * 0.6, "end"},
		{-gap * 0.8, gap*0.6 + size*0.7, "end"},
	} {
		tx, ty = x+c.dx, y+c.dy
		left := tx
		switch c.anchor {
		case "end":
			left -= w
		case "middle":
			left -= w / 2
		}
		b := box{left, ty - size*0.85, left + w, ty + size*0.3}
		if l.free(b) {
			l.take(b)
			return tx, ty, c.anchor, true
		}
	}
	return 0, 0, "", false
}
