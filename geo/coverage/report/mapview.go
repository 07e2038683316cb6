package report

import (
	"encoding/base64"
	"math"
	"strconv"
	"strings"

	"contado/geo/coverage"
)

// mapBudget is how large the outlines of a map may be as text; beyond it they
// are drawn more coarsely.
const mapBudget = 400 << 10

// gapsOnMap is how many gaps are marked at most.
const gapsOnMap = 15

// cartography draws the maps of a report.
type cartography struct {
	v        *view
	s        *Sketch
	f        *frame
	outlines []outline // parallel to s.Areas
	area     map[string]int
	labels   labels
	symbols  []box // of facilities
	outside  int
	hidden   int
}

func newCartography(v *view, s *Sketch) *cartography {
	f := s.frameOf()
	if f == nil {
		return nil
	}
	c := &cartography{v: v, s: s, f: f, area: map[string]int{}}
	for i := range v.r.Areas {
		c.area[v.r.Areas[i].Code] = i
	}
	raw := make([]outline, len(s.Areas))
	for i, a := range s.Areas {
		raw[i] = f.outlineOf(a.Geometry)
	}
	m := newMesh(raw)
	for tol := 3.0; ; tol *= 1.6 {
		size := 0
		c.outlines = make([]outline, len(raw))
		for i, o := range raw {
			for _, r := range o {
				c.outlines[i] = append(c.outlines[i], m.simplify(r, tol))
			}
			size += len(path(c.outlines[i]))
		}
		if size <= v.budget || tol > 60 {
			return c
		}
	}
}

func (c *cartography) start(id, title, desc string) *drawing {
	c.labels = labels{frame: box{0, 0, c.f.width, c.f.height}}
	c.outside, c.hidden, c.symbols = 0, 0, nil
	d := newDrawing(id, c.f.width, c.f.height, title, desc)
	d.f(`<rect width="%s" height="%s" fill="#fff"/>`, num(c.f.width), num(c.f.height))
	return d
}

// choropleth is the map of shares.
func (c *cartography) choropleth(f figure) figure {
	d := c.start(f.ID, f.Title, f.Desc)
	last := len(c.v.r.ThresholdsS) - 1
	nobody, secret, unmatched := c.shares(d, last)
	c.border(d)
	c.furniture(d)
	c.facilities(d)
	c.gaps(d)
	c.areaLabels(d, last)
	f.SVG = d.html()
	f.Legend = c.legend(nobody, secret)
	f.Notes = c.notes(unmatched)
	return f
}

// shares shades the areas; it tells whether some have nobody, and some are
// hidden, and how many have no outline.
func (c *cartography) shares(d *drawing, last int) (nobody, secret bool, unmatched int) {
	seen := map[string]bool{}
	d.f(`<g transform="scale(.1)" stroke="#a88468" stroke-width="8" stroke-linejoin="round" fill-rule="evenodd">`)
	for i, a := range c.s.Areas {
		k, ok := c.area[a.Code]
		if !ok || len(c.outlines[i]) == 0 {
			continue
		}
		seen[a.Code] = true
		fill, said := nobodyFill, c.v.l.t("map.nobody")
		switch row := &c.v.r.Areas[k].Coverage[last]; {
		case row.Suppressed:
			fill, said, secret = hiddenFill, c.v.l.t("hidden"), true
		case row.Share != nil:
			fill, said = fillOf(classOf(*row.Share)), c.v.l.percent(row.Share)
		default:
			nobody = true
		}
		d.f(`<path fill="%s" d="%s"><title>%s: %s</title></path>`, bigPattern(fill), path(c.outlines[i]), esc(c.v.r.Areas[k].Name), esc(said))
	}
	d.f(`</g>`)
	return nobody, secret, len(c.v.r.Areas) - len(seen)
}

// bigPattern names the pattern for drawing inside the tenfold scale.
func bigPattern(fill string) string {
	if strings.HasPrefix(fill, "url(") {
		return strings.TrimSuffix(fill, ")") + "-x)"
	}
	return fill
}

// surface is the map of travel times.
func (c *cartography) surface(f figure) figure {
	d := c.start(f.ID, f.Title, f.Desc)
	b := c.s.BackdropBounds
	x0, y0 := c.f.at(b.Min[0], b.Max[1])
	x1, y1 := x0+(b.Max[0]-b.Min[0])*c.f.kx, y0+(b.Max[1]-b.Min[1])*c.f.ky
	d.f(`<image x="%s" y="%s" width="%s" height="%s" preserveAspectRatio="none" href="data:image/png;base64,%s"/>`,
		num(x0), num(y0), num(x1-x0), num(y1-y0), base64.StdEncoding.EncodeToString(c.s.Backdrop))
	d.f(`<g transform="scale(.1)" stroke="#333" stroke-width="7" stroke-linejoin="round" fill="none">`)
	for _, o := range c.outlines {
		if len(o) > 0 {
			d.f(`<path d="%s"/>`, path(o))
		}
	}
	d.f(`</g>`)
	c.border(d)
	c.furniture(d)
	c.facilities(d)
	f.SVG = d.html()
	for _, e := range c.s.BackdropLegend {
		f.Legend = append(f.Legend, swatch{square(e.Color), c.v.l.timeClass(e)})
	}
	f.Legend = append(f.Legend, swatch{symbol(facilitySymbol), c.v.l.t("map.facility")})
	if c.outside > 0 {
		f.Notes = append(f.Notes, c.v.l.count("map.outside", int64(c.outside), c.v.l.whole(int64(c.outside))))
	}
	return f
}

func (c *cartography) border(d *drawing) {
	if c.s.Outline == nil {
		return
	}
	o := outline{}
	closed := []bool{}
	for _, r := range rings(c.s.Outline) {
		if s := c.f.snapRing(r); len(s) >= 2 {
			o = append(o, douglasPeucker(s, 5))
			closed = append(closed, len(r) > 2 && r[0] == r[len(r)-1])
		}
	}
	d.f(`<g transform="scale(.1)" fill="none" stroke="#222" stroke-width="16" stroke-linejoin="round">`)
	for i, r := range o {
		p := path(outline{r})
		if !closed[i] {
			p = strings.TrimSuffix(p, "z")
		}
		d.f(`<path d="%s"/>`, p)
	}
	d.f(`</g>`)
}

// furniture draws the scale bar and the north arrow below the map, where they
// hide nothing.
func (c *cartography) furniture(d *drawing) {
	metres := niceBelow(c.f.metresPerPixel() * c.f.width / 5)
	w := metres / c.f.metresPerPixel()
	x, y := 12.0, c.f.height-8
	d.f(`<path d="M%s %sv6h%sv-6" stroke="#222" stroke-width="1.5" fill="none"/>`, num(x), num(y-6), num(w))
	label := c.v.l.distance(metres)
	d.text(x+w+7, y, 12, "start", label)
	nx := x + w + 7 + textWidth(label, 12) + 24
	d.f(`<path d="M%s %sl6 16-6-4-6 4z" fill="#222"/>`, num(nx), num(y-15))
	d.text(nx+9, y, 12, "start", c.v.l.t("map.north"))
	c.labels.take(box{0, c.f.height - mapFoot, c.f.width, c.f.height})
}

func niceBelow(v float64) float64 {
	p := math.Pow(10, math.Floor(math.Log10(v)))
	for _, m := range []float64{5, 2} {
		if m*p <= v {
			return m * p
		}
	}
	return p
}

// facilities draws the symbols, one where several would cover each other.
func (c *cartography) facilities(d *drawing) {
	scale := 1.35
	if n := len(c.s.Facilities); n > 80 {
		scale = math.Max(0.5, 1.35*math.Sqrt(80/float64(n)))
	}
	type cell struct{ x, y int }
	drawn := map[cell]bool{}
	d.f(`<defs><g id="%s-p" transform="scale(%s)">%s</g></defs><g>`, d.id, strconv.FormatFloat(scale, 'f', 2, 64), facilitySymbol)
	for _, p := range c.s.Facilities {
		x, y := c.f.at(p[0], p[1])
		if !c.f.holds(x, y) {
			c.outside++
			continue
		}
		at := cell{int(x / (3 * scale)), int(y / (3 * scale))}
		if drawn[at] {
			continue
		}
		drawn[at] = true
		c.symbols = append(c.symbols, box{x - 5*scale, y - 5*scale, x + 5*scale, y + 5*scale})
		d.f(`<use href="#%s-p" x="%s" y="%s"/>`, d.id, num(x), num(y))
	}
	d.f(`</g>`)
}

// gaps marks the largest groups left out by their rank, with names where
// there is room.
func (c *cartography) gaps(d *drawing) {
	type mark struct {
		x, y float64
		gap  *coverage.Gap
	}
	var marks []mark
	gaps := c.v.r.Gaps[:c.v.gapsShown()]
	for i := range gaps {
		x, y := c.f.at(gaps[i].Lon, gaps[i].Lat)
		b := box{x - 9, y - 9, x + 9, y + 9}
		if len(marks) >= gapsOnMap || !c.labels.free(b) {
			c.hidden++
			continue
		}
		c.labels.take(b)
		marks = append(marks, mark{x, y, &gaps[i]})
		d.f(`<g transform="translate(%s %s)">%s</g>`, num(x), num(y), gapSymbol(strconv.Itoa(i+1)))
	}
	for _, m := range marks {
		name := c.v.l.gapName(m.gap)
		if m.gap.Kind == coverage.GapNear {
			name = c.v.l.t("gap.near-short", m.gap.Place)
		}
		name = cut(name, 13, 200)
		if x, y, anchor, ok := c.labels.beside(m.x, m.y, 8.5, 13, name); ok {
			d.text(x, y, 13, anchor, name)
		}
	}
}

// labelledAreas is how many areas may carry names and shares on the map.
const labelledAreas = 60

// areaLabels writes names and shares into the areas where they fit, unless
// there are so many that they would hide the map.
func (c *cartography) areaLabels(d *drawing, last int) {
	if len(c.v.r.Areas) > labelledAreas {
		return
	}
	c.labels.taken = append(c.labels.taken, c.symbols...)
	for i, a := range c.s.Areas {
		k, ok := c.area[a.Code]
		if !ok || len(c.outlines[i]) == 0 {
			continue
		}
		area := &c.v.r.Areas[k]
		share := c.v.l.percent(area.Coverage[last].Share)
		if area.Coverage[last].Suppressed {
			share = c.v.l.t("hidden")
		}
		c.areaLabel(d, inside(c.outlines[i]), area.Name, share)
	}
}

// areaLabel writes name and share where both fit, else the share alone.
func (c *cartography) areaLabel(d *drawing, runs []run, name, share string) {
	const size = 12.5
	wide := math.Max(textWidth(name, size), textWidth(share, size))
	for _, r := range runs {
		if b := (box{r.x - wide/2, r.y - 14, r.x + wide/2, r.y + 14}); wide <= r.width*0.95 && c.labels.free(b) {
			c.labels.take(b)
			d.text(r.x, r.y-2, size, "middle", name)
			d.text(r.x, r.y+12, size, "middle", share)
			return
		}
	}
	wide = textWidth(share, size)
	for _, r := range runs {
		if b := (box{r.x - wide/2, r.y - 7, r.x + wide/2, r.y + 7}); wide <= r.width*0.95 && c.labels.free(b) {
			c.labels.take(b)
			d.text(r.x, r.y+4, size, "middle", share)
			return
		}
	}
}

func (c *cartography) legend(nobody, secret bool) []swatch {
	pct := c.v.l.roundPercent
	var out []swatch
	for i, k := range shareClasses {
		text := ""
		switch {
		case i == 0:
			text = c.v.l.t("class.from", pct(k.from))
		case k.from == 0:
			text = c.v.l.t("class.under", pct(shareClasses[i-1].from))
		default:
			text = c.v.l.t("class.between", pct(k.from), pct(shareClasses[i-1].from))
		}
		out = append(out, swatch{square(fillOf(i)), text})
	}
	if nobody {
		out = append(out, swatch{square(nobodyFill), c.v.l.t("map.nobody")})
	}
	if secret {
		out = append(out, swatch{square(hiddenFill), c.v.l.t("hidden")})
	}
	if len(c.s.Facilities) > 0 {
		out = append(out, swatch{symbol(facilitySymbol), c.v.l.t("map.facility")})
	}
	if len(c.v.r.Gaps) > 0 {
		out = append(out, swatch{symbol(gapSymbol("1")), c.v.l.t("map.gap")})
	}
	return out
}

func (c *cartography) notes(unmatched int) []string {
	l := c.v.l
	var out []string
	if len(c.v.r.Gaps) > 0 {
		out = append(out, l.t("map.same", l.t("gaps"), l.areaWord(c.v.r.AreaLevel, false)))
	}
	for _, n := range []struct {
		key string
		n   int
	}{{"map.gaps-hidden", c.hidden}, {"map.outside", c.outside}, {"map.unmatched", unmatched}} {
		if n.n > 0 {
			out = append(out, l.count(n.key, int64(n.n), l.whole(int64(n.n))))
		}
	}
	return out
}
