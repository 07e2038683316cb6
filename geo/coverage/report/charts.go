package report

import (
	"cmp"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"

	"contado/geo/coverage"
)

// Colours of the three groups in bars: neighbours differ by more than 3:1 in
// luminance, with a white line between, and unreachable is hatched.
const (
	coveredFill     = "#1b5e7a"
	uncoveredFill   = "#f0a63c"
	uncoveredEdge   = "#8a5a00"
	unreachableFill = "#54190f"
)

// barsShown is how many bars a chart holds: what fits on one page.
const barsShown = 36

// bar is one row of a chart of stacked bars.
type bar struct {
	name string
	row  coverage.Row
	pop  float64
	note string // at the right end
}

// bars draws a figure of stacked bars, each 100 % wide.
func bars(f figure, l *language, rows []bar, left, right float64) figure {
	const rowHeight, thick, top = 24.0, 16.0, 22.0
	width := mapWidth
	height := top + rowHeight*float64(len(rows)) + 6
	d := newDrawing(f.ID, width, height, f.Title, f.Desc)
	x0, x1 := left, width-right
	for k := 0; k <= 4; k++ {
		x := x0 + (x1-x0)*float64(k)/4
		d.f(`<path d="M%s %sV%s" stroke="#c9c9c9"/>`, num(x), num(top-4), num(height-4))
		d.f(`<text x="%s" y="12" font-size="11" text-anchor="middle" fill="#444">%s</text>`, num(x), esc(l.roundPercent(float64(k)/4)))
	}
	for i, b := range rows {
		y := top + rowHeight*float64(i)
		d.f(`<text x="%s" y="%s" font-size="12.5" text-anchor="end" fill="#1a1a1a"><title>%s</title>%s</text>`,
			num(x0-8), num(y+thick-3.5), esc(b.name), esc(cut(b.name, 12.5, left-14)))
		if b.pop > 0 {
			stack(d, b, x0, x1, y, thick, l)
		}
		d.f(`<text x="%s" y="%s" font-size="11.5" fill="#333">%s</text>`, num(x1+8), num(y+thick-3.5), esc(b.note))
	}
	f.SVG = d.html()
	return f
}

func stack(d *drawing, b bar, x0, x1, y, thick float64, l *language) {
	x := x0
	for _, part := range []struct {
		people       float64
		fill, stroke string
	}{{b.row.Covered, coveredFill, coveredFill}, {b.row.Uncovered, uncoveredFill, uncoveredEdge}, {b.row.Unreachable, "url(#unreachable)", unreachableFill}} {
		w := (x1 - x0) * part.people / b.pop
		if part.people > 0 {
			d.f(`<rect x="%s" y="%s" width="%s" height="%s" fill="%s" stroke="%s" stroke-width=".8"/>`,
				num(x+0.5), num(y), num(math.Max(w-1, 0.8)), num(thick), part.fill, part.stroke)
		}
		x += w
	}
	if text := l.percent(b.row.Share); (x1-x0)*b.row.Covered/b.pop > textWidth(text, 11)+10 {
		d.f(`<text x="%s" y="%s" font-size="11" fill="#fff">%s</text>`, num(x0+6), num(y+thick-4), esc(text))
	}
}

// areaBars are the areas with the most people left out, that is at most
// barsShown of them; those where nobody is left out come last, by name.
func (v *view) areaBars() ([]bar, int) {
	last := len(v.r.ThresholdsS) - 1
	order := make([]int, 0, len(v.r.Areas))
	for i := range v.r.Areas {
		if f := &v.r.Areas[i].Figures; f.Population > 0 && !f.Coverage[last].Suppressed {
			order = append(order, i)
		}
	}
	leftOut := func(i int) int64 { return v.p.areas[i].uncovered[last] + v.p.areas[i].unreachable }
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(leftOut(b), leftOut(a)), cmp.Compare(v.rank[a], v.rank[b]))
	})
	total := len(order)
	if len(order) > barsShown {
		order = order[:barsShown]
	}
	rows := make([]bar, len(order))
	for k, i := range order {
		a := &v.r.Areas[i]
		n := leftOut(i)
		rows[k] = bar{name: a.Name, row: a.Coverage[last], pop: a.Population, note: v.l.count("bars.left", n, v.l.whole(n))}
	}
	return rows, total
}

// someLeft reports whether bars tell anything: where nobody is left out, all
// are full.
func someLeft(rows []bar) bool {
	return slices.ContainsFunc(rows, func(b bar) bool { return b.row.Uncovered+b.row.Unreachable > 0 })
}

func (v *view) bandBars() []bar {
	last := len(v.r.ThresholdsS) - 1
	var rows []bar
	for i := range v.r.AgeBands {
		b := &v.r.AgeBands[i]
		if b.Coverage[last].Suppressed {
			continue
		}
		n := v.p.bands[i].uncovered[last] + v.p.bands[i].unreachable
		rows = append(rows, bar{name: bandName(b), row: b.Coverage[last], pop: b.Population, note: v.l.count("bars.left", n, v.l.whole(n))})
	}
	return rows
}

var ageBand = regexp.MustCompile(`^age_(\d{1,3})_(?:(\d{1,3})|plus)$`)

// bandName is what people read: the band's own label, else "65–79" or "80+"
// for age_65_79 and age_80_plus, which every language writes alike.
func bandName(b *coverage.BandResult) string {
	if b.Label != "" {
		return b.Label
	}
	m := ageBand.FindStringSubmatch(b.Band)
	switch {
	case m == nil:
		return b.Band
	case m[2] == "":
		return m[1] + "+"
	}
	return m[1] + "–" + m[2]
}

func (v *view) groupLegend() []swatch {
	t := v.l.exact(v.limit())
	return []swatch{
		{square(coveredFill), v.l.t("legend.covered", t)},
		{square(uncoveredFill), v.l.t("legend.beyond", t)},
		{square("url(#unreachable)"), v.l.t("legend.unreachable")},
	}
}

// curveFrame is the plot of the curve.
type curveFrame struct {
	x0, x1, y0, y1, end float64
}

func (c *curveFrame) x(t float64) float64 { return c.x0 + (c.x1-c.x0)*math.Min(1, t/c.end) }
func (c *curveFrame) y(s float64) float64 { return c.y1 - (c.y1-c.y0)*s }

// curve draws the people reached within a travel time.
func (v *view) curve(f figure) figure {
	points := v.r.Curve
	c := &curveFrame{x0: 64, x1: mapWidth - 24, y0: 34, y1: 286, end: points[len(points)-1].TimeS}
	reach := points[len(points)-1].People / v.r.PopulationTotal
	d := newDrawing(f.ID, mapWidth, 332, f.Title, f.Desc)
	v.curveAxes(d, c)
	var line strings.Builder
	for i, p := range points {
		fmt.Fprintf(&line, "%c%s %s", "ML"[min(i, 1)], num(c.x(p.TimeS)), num(c.y(p.People/v.r.PopulationTotal)))
	}
	d.f(`<path d="%sV%sH%sz" fill="#1b5e7a" fill-opacity=".12"/>`, line.String(), num(c.y1), num(c.x0))
	d.f(`<path d="%s" fill="none" stroke="%s" stroke-width="2.5" stroke-linejoin="round"/>`, line.String(), coveredFill)
	room := labels{frame: box{0, 0, mapWidth, c.y1}}
	for j, t := range v.r.ThresholdsS {
		row := v.r.Coverage[j]
		x, y := c.x(t), c.y(row.Covered/v.r.PopulationTotal)
		d.f(`<path d="M%s %sV%s" stroke="#222" stroke-dasharray="4 3"/><circle cx="%s" cy="%s" r="4.5" fill="#222" stroke="#fff" stroke-width="1.5"/>`,
			num(x), num(c.y1), num(y), num(x), num(y))
		room.take(box{x - 5, y - 5, x + 5, y + 5})
	}
	for j := len(v.r.ThresholdsS) - 1; j >= 0; j-- {
		row := v.r.Coverage[j]
		x, y := c.x(row.ThresholdS), c.y(row.Covered/v.r.PopulationTotal)
		text := v.l.exact(row.ThresholdS) + ": " + v.l.percent(row.Share)
		// The curve rises: below it to the right and above it to the left is room.
		w := textWidth(text, 12.5)
		tx, ty, anchor, b := x+8, y+19, "start", box{x + 8, y + 7, x + 8 + w, y + 23}
		if b.x1 > c.x1 {
			tx, ty, anchor, b = x-8, y-8, "end", box{x - 8 - w, y - 20, x - 8, y - 4}
		}
		if room.free(b) {
			room.take(b)
			d.text(tx, ty, 12.5, anchor, text)
		}
	}
	if all := 1 - v.r.Coverage[0].Unreachable/v.r.PopulationTotal; all < 1 {
		y := c.y(all)
		d.f(`<path d="M%s %sH%s" stroke="%s" stroke-width="1.5" stroke-dasharray="2 3"/>`, num(c.x0), num(y), num(c.x1), unreachableFill)
		text := v.l.t("curve.reachable", v.l.percent(&all))
		below := y + 15
		if reach > all-0.06 {
			below = y - 5
		}
		w := textWidth(text, 12)
		if b := (box{c.x1 - w, below - 11, c.x1, below + 3}); room.free(b) {
			d.text(c.x1-4, below, 12, "end", text)
		} else {
			d.text(c.x0+8, y-5, 12, "start", text)
		}
	}
	f.SVG = d.html()
	return f
}

func (v *view) curveAxes(d *drawing, c *curveFrame) {
	for k := 0; k <= 4; k++ {
		share := float64(k) / 4
		y := c.y(share)
		d.f(`<path d="M%s %sH%s" stroke="#d5d5d5"/>`, num(c.x0), num(y), num(c.x1))
		d.f(`<text x="%s" y="%s" font-size="12" text-anchor="end" fill="#333">%s</text>`, num(c.x0-8), num(y+4), esc(v.l.roundPercent(share)))
	}
	for _, t := range ticks(c.end) {
		x := c.x(t)
		d.f(`<path d="M%s %sv5" stroke="#333"/>`, num(x), num(c.y1))
		d.f(`<text x="%s" y="%s" font-size="12" text-anchor="middle" fill="#333">%s</text>`, num(x), num(c.y1+19), esc(v.l.exact(t)))
	}
	d.f(`<path d="M%s %sH%s" stroke="#333"/>`, num(c.x0), num(c.y1), num(c.x1))
	d.f(`<text x="%s" y="%s" font-size="12" text-anchor="middle" fill="#333">%s</text>`, num((c.x0+c.x1)/2), num(c.y1+39), esc(v.l.t("curve.x")))
	d.f(`<text x="8" y="14" font-size="12" fill="#333">%s</text>`, esc(v.l.t("curve.y")))
}

// ticks are at most nine round times from 0 to end.
func ticks(end float64) []float64 {
	step := 60.0
	for _, s := range []float64{5, 10, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400} {
		if step = s; end/s <= 9 {
			break
		}
	}
	for end/step > 9 {
		step *= 2
	}
	var out []float64
	for t := 0.0; t <= end; t += step {
		out = append(out, t)
	}
	return out
}
