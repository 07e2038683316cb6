package report

import (
	"strconv"

	"contado/geo/coverage"
)

// marks of the profiles in the chart of ranges: shapes, not only colours.
var marks = [...]struct{ fill, shape string }{
	{coveredFill, `<circle r="5.5"/>`},
	{"#a3480b", `<path d="M-5.5-5.5h11v11h-11z"/>`},
	{"#54190f", `<path d="M0-7l6.5 12h-13z"/>`},
	{"#555", `<path d="M0-7l6 7-6 7-6-7z"/>`},
}

func mark(i int) string {
	m := marks[i%len(marks)]
	return `<g fill="` + m.fill + `" stroke="#fff" stroke-width="1.2">` + m.shape + `</g>`
}

// rangeChart shows the share of each service with its range, a mark a
// profile, at the largest threshold.
func (v *studyView) rangeChart() *figure {
	l := v.l
	services, profiles := v.services(), v.profiles()
	if len(v.views) < 2 {
		return nil
	}
	f := v.n.figure(l, "f-range", l.t("range.chart.cap"), l.t("range.chart.desc", v.st.Territory.Name, l.whole(int64(len(services)))))
	const right, top = 40.0, 26.0
	left := 120.0 // as much as the longest name needs, up to half of the chart
	for _, service := range services {
		left = min(max(left, textWidth(service.head, 13)+20), mapWidth/2)
	}
	lane := 17.0
	band := lane*float64(len(profiles)) + 12
	height := top + band*float64(len(services)) + 8
	d := newDrawing(f.ID, mapWidth, height, f.Title, f.Desc)
	x := func(share float64) float64 { return left + (mapWidth-left-right)*share }
	for k := 0; k <= 4; k++ {
		at := x(float64(k) / 4)
		d.f(`<path d="M%s %sV%s" stroke="#c9c9c9"/>`, num(at), num(top-6), num(height-6))
		d.f(`<text x="%s" y="13" font-size="12" text-anchor="middle" fill="#444">%s</text>`, num(at), esc(l.roundPercent(float64(k)/4)))
	}
	for i, service := range services {
		y0 := top + band*float64(i)
		if i > 0 {
			d.f(`<path d="M0 %sH%s" stroke="#e4e4e4"/>`, num(y0-3), num(mapWidth))
		}
		d.f(`<text x="%s" y="%s" font-size="13" text-anchor="end" fill="#1a1a1a">%s</text>`, num(left-14), num(y0+band/2), esc(cut(service.head, 13, left-20)))
		for k, p := range profiles {
			if s := v.section(service.id, p); s != nil {
				v.rangeMark(d, s, k, x, y0+lane*(float64(k)+0.5)+2)
			}
		}
	}
	f.SVG, f.How = d.html(), "range"
	for k, p := range profiles {
		f.Legend = append(f.Legend, swatch{symbol(mark(k)), l.profile(p) + ", " + l.t("legend.covered", l.exact(v.limitOf(p)))})
	}
	f.Notes = []string{l.t("range.chart.note")}
	return &f
}

func (v *studyView) limitOf(profile string) float64 {
	most := 0.0
	for _, s := range v.views {
		if s.r.Profile == profile {
			most = max(most, s.limit())
		}
	}
	return most
}

func (*studyView) rangeMark(d *drawing, s *view, k int, x func(float64) float64, y float64) {
	c := &s.r.Coverage[len(s.r.Coverage)-1]
	if c.Suppressed || c.Share == nil {
		return
	}
	start, end := x(*c.Share), x(*c.Share)
	if r := s.rangeAt(s.limit()); r != nil && r.Low != nil && r.High != nil {
		a, b := x(*r.Low), x(*r.High)
		d.f(`<path d="M%s %sH%sM%s %sv8M%s %sv8" stroke="%s" stroke-width="2" fill="none"/>`, num(a), num(y), num(b), num(a), num(y-4), num(b), num(y-4), marks[k%len(marks)].fill)
		start, end = a, b
	}
	d.f(`<g transform="translate(%s %s)">%s</g>`, num(x(*c.Share)), num(y), mark(k))
	label := s.l.percent(c.Share)
	if w := textWidth(label, 11.5); end+12+w < mapWidth {
		d.text(end+12, y+4, 11.5, "start", label)
	} else {
		d.text(start-12, y+4, 11.5, "end", label)
	}
}

// isolationFills go from lacking nothing to lacking most; the last is hatched.
var isolationFills = [...]string{"#1b5e7a", "#7fb0c4", "#fff4e2", "#fdcf94", "#f0a63c", "#c8551c", "#8f2f0b"}

func isolationFill(k, n int) string {
	switch k {
	case n:
		return "url(#unreachable)"
	case 0:
		return isolationFills[0]
	}
	return isolationFills[1+(k-1)*(len(isolationFills)-2)/max(1, n-1)]
}

// isolationChart is one bar a count of services lacked.
func (v *studyView) isolationChart(i *coverage.Isolation, n int) *figure {
	l := v.l
	all := sum(i.People)
	if all == 0 || i.Suppressed {
		return nil
	}
	f := v.n.figure(l, "f-isolation-"+strconv.Itoa(n), l.t("isolation.chart.cap", l.exact(i.ThresholdS), l.profile(i.Profile)),
		l.t("isolation.chart.desc", l.whole(int64(len(i.Services)))))
	const left, right, thick, step = 210.0, 190.0, 18.0, 26.0
	height := 8 + step*float64(len(i.People))
	d := newDrawing(f.ID, mapWidth, height, f.Title, f.Desc)
	most := 0.0
	for _, p := range i.People {
		most = max(most, p)
	}
	for k, p := range i.People {
		y := 4 + step*float64(k)
		w := (mapWidth - left - right) * p / most
		d.f(`<text x="%s" y="%s" font-size="13" text-anchor="end" fill="#1a1a1a">%s</text>`, num(left-10), num(y+thick-4.5), esc(l.lackingOf(i, k)))
		if p > 0 {
			d.f(`<rect x="%s" y="%s" width="%s" height="%s" fill="%s" stroke="#555" stroke-width=".7"/>`, num(left), num(y), num(max(w, 1)), num(thick), isolationFill(k, len(i.Services)))
		}
		d.f(`<text x="%s" y="%s" font-size="12" fill="#333">%s</text>`, num(left+max(w, 1)+8), num(y+thick-4.5), esc(l.count("key.people", int64(p+0.5), l.people(p))+" ("+l.share(p, all)+")"))
	}
	f.SVG, f.How = d.html(), "isolation"
	return &f
}
