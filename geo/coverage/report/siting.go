package report

import (
	_ "embed"
	"slices"
	"strconv"
	"strings"

	"contado/geo/coverage"
	data "contado/geo/table"
)

//go:embed siting.html.tmpl
var sitingSource string

// sitingBest is how many of the best candidates by themselves a page lists;
// the files have more.
const sitingBest = 8

// sitingPart is where further points of one service would help most.
type sitingPart struct {
	ID, Title     string
	Text          []string
	Map           *figure
	Chosen, Alone *table
	Notices       []string
}

// sitingTable has the best point of each service.
func (v *studyView) sitingTable() *table {
	if len(v.st.Siting) == 0 {
		return nil
	}
	l := v.l
	t := v.n.table(l, "t-siting", l.t("siting.cap"), text(l.t("col.service")), text(l.t("col.site")), numb(l.t("col.newly-within")), numb(l.t("col.hours-saved")),
		numb(l.t("col.share-now")), numb(l.t("col.share-then"))).how(l, "siting")
	for i := range v.st.Siting {
		s := &v.st.Siting[i]
		name := header(v.sitedName(s))
		if len(s.Chosen) == 0 {
			t.Rows = append(t.Rows, row{Cells: []cell{name, text(l.t("siting.none")), numb("–"), numb("–"), numb(l.share(s.Covered, s.Population)), numb("–")}})
			continue
		}
		p := &s.Chosen[0]
		t.Rows = append(t.Rows, row{Cells: []cell{
			name, text(l.siteName(p)), numb(l.people(p.NewlyWithin)), numb(l.number(p.HoursSaved, 0)), numb(l.share(s.Covered, s.Population)), numb(l.percent(p.CoveredAfter)),
		}})
	}
	return t
}

// sitedName is "Pharmacy, on foot, within 30 min".
func (v *studyView) sitedName(s *coverage.Siting) string {
	return v.l.t("siting.name", v.l.serviceHead(s.Service, s.ServiceTitle), v.l.profile(s.Profile), v.l.exact(s.ThresholdS))
}

// siteName is the place, with its area where that is another word.
func (l *language) siteName(p *coverage.SitedPoint) string {
	name := l.nameOf(p.Name, p.Names)
	switch {
	case name == "":
		return p.AreaName
	case p.AreaName == "" || strings.HasSuffix(name, p.AreaName):
		return name
	}
	return name + " (" + p.AreaName + ")"
}

// sitingParts are the parts of the annex, one a service.
func (v *studyView) sitingParts(sketches []*Sketch) []sitingPart {
	var out []sitingPart
	for i := range v.st.Siting {
		s := &v.st.Siting[i]
		id := strconv.Itoa(i + 1)
		p := sitingPart{ID: "p" + id + "-s", Title: v.sitedName(s), Text: v.sitingText(s)}
		if len(s.Chosen) > 0 {
			p.Map = v.sitingMap(s, id, sketches)
			p.Chosen = v.sitesTable("t-sites-"+id, v.l.t("siting.chosen.cap", p.Title), s.Chosen)
			p.Chosen.note(v.l.t("siting.within.note", v.l.exact(s.ThresholdS), v.l.exact(s.MostS)))
		}
		if n := min(len(s.Alone), sitingBest); n > 1 {
			p.Alone = v.sitesTable("t-candidates-"+id, v.l.t("siting.alone.cap", p.Title), s.Alone[:n])
		}
		for k := range s.Notices {
			if n := &s.Notices[k]; n.Code != "people-in-blocks" { // the method says so, once
				p.Notices = append(p.Notices, v.l.notice(n))
			}
		}
		out = append(out, p)
	}
	return out
}

// sitingText says in words what the best point does, and how sure that is.
func (v *studyView) sitingText(s *coverage.Siting) []string {
	l := v.l
	within := l.long(s.ThresholdS)
	out := []string{l.t("siting.now", l.people(s.Covered), l.people(s.Population), l.share(s.Covered, s.Population), l.serviceNamed(s.Service, s.ServiceTitle), l.profile(s.Profile), within)}
	if len(s.Chosen) == 0 {
		return append(out, l.t("siting.none")+" "+v.candidatesText(s))
	}
	p := &s.Chosen[0]
	best := "siting.best.cover"
	if s.Objective == "time" {
		best = "siting.best.time"
	}
	text := l.t(best, l.siteName(p), l.people(p.NewlyWithin), within, l.number(p.HoursSaved, 0), l.percent(p.CoveredAfter))
	if p.NewlyReached >= 0.5 {
		text += " " + l.t("siting.reached", l.people(p.NewlyReached), l.long(s.MostS))
	}
	if n := len(s.Chosen); n > 1 {
		text += " " + l.t("siting.several", l.whole(int64(n)), l.percent(s.Chosen[n-1].CoveredAfter), within)
	}
	out = append(out, text)
	sure := v.candidatesText(s)
	switch n := int64(len(s.Chosen)); {
	case s.Exact:
		sure += " " + l.count("siting.exact", n, l.whole(n))
	default:
		sure += " " + l.t("siting.share", l.percent(&s.ShareOfBest))
	}
	return append(out, sure)
}

// candidatesText says which places were tried.
func (v *studyView) candidatesText(s *coverage.Siting) string {
	l, c := v.l, &s.Candidates
	key := "siting.tried." + c.Kind
	if !l.has(key) {
		return l.t("siting.tried.dataset", l.whole(int64(c.Count)), c.Kind)
	}
	return l.t(key, l.whole(int64(c.Count)), l.distance(c.SpacingM))
}

// sitesTable has a point a row.
func (v *studyView) sitesTable(id, caption string, list []coverage.SitedPoint) *table {
	l := v.l
	t := v.n.table(l, id, caption, numb(l.t("col.rank")), text(l.t("col.site")), numb(l.t("col.newly-within")), numb(l.t("col.newly-reached")), numb(l.t("col.hours-saved")),
		numb(l.t("col.share-then"))).how(l, "siting")
	for i := range list {
		p := &list[i]
		t.Rows = append(t.Rows, row{Cells: []cell{
			numb(strconv.Itoa(i + 1)), header(l.siteName(p)), numb(l.people(p.NewlyWithin)), numb(l.people(p.NewlyReached)), numb(l.number(p.HoursSaved, 1)), numb(l.percent(p.CoveredAfter)),
		}})
	}
	return t
}

// sitingMap is the map of shares as they are, with the points chosen on it;
// nil when there is nothing to draw on.
func (v *studyView) sitingMap(s *coverage.Siting, id string, sketches []*Sketch) *figure {
	for k, r := range v.st.Sections {
		if r.Service != s.Service || r.Profile != s.Profile || k >= len(sketches) || sketches[k] == nil || len(r.Areas) == 0 {
			continue
		}
		own := *v.views[k]
		own.prefix = "p" + id + "-"
		c := newCartography(&own, sketches[k])
		if c == nil {
			return nil
		}
		at := slices.Index(r.ThresholdsS, s.ThresholdS) // the time of the points, else the longest
		if at < 0 {
			at = len(r.ThresholdsS) - 1
		}
		l, word, within := v.l, v.l.areaWord(r.AreaLevel, false), v.l.exact(r.ThresholdsS[at])
		f := c.sites(own.figure("f-map", l.t("siting.map.cap", v.sectionName(r), within, word),
			l.t("siting.map.desc", own.territory(), word, within, l.whole(int64(len(s.Chosen))))), s.Chosen, at)
		f.Class, f.How = c.class(), "siting"
		return &f
	}
	return nil
}

// sites is the map of shares at a threshold, with further points instead of
// those left out.
func (c *cartography) sites(f figure, points []coverage.SitedPoint, threshold int) figure {
	l := c.v.l
	d := c.start(f.ID, f.Title, f.Desc)
	nobody, secret, unmatched := c.shares(d, threshold)
	c.border(d)
	c.furniture(d)
	c.facilities(d)
	outside := 0
	type mark struct {
		x, y float64
		name string
	}
	var marks []mark
	for i := len(points) - 1; i >= 0; i-- { // the first on top
		x, y := c.f.at(points[i].Lon, points[i].Lat)
		if !c.f.holds(x, y) {
			outside++
			continue
		}
		c.labels.take(box{x - 10, y - 10, x + 10, y + 10})
		marks = append(marks, mark{x, y, l.nameOf(points[i].Name, points[i].Names)})
		d.f(`<g transform="translate(%s %s)">%s</g>`, num(x), num(y), siteSymbol(strconv.Itoa(i+1)))
	}
	for _, m := range marks {
		name := cut(m.name, 12, 190)
		if x, y, anchor, ok := c.labels.beside(m.x, m.y, 10, 12, name); ok {
			d.text(x, y, 12, anchor, name)
		}
	}
	c.areaLabels(d, threshold)
	f.SVG = d.html()
	for _, s := range c.legend(nobody, secret) {
		if s.Picture != symbol(gapSymbol("1")) {
			f.Legend = append(f.Legend, s)
		}
	}
	f.Legend = append(f.Legend, swatch{symbol(siteSymbol("1")), l.t("map.site")})
	for _, n := range []struct {
		key string
		n   int
	}{{"map.outside", c.outside + outside}, {"map.unmatched", unmatched}} {
		if n.n > 0 {
			f.Notes = append(f.Notes, l.count(n.key, int64(n.n), l.whole(int64(n.n))))
		}
	}
	return f
}

// siteSymbol is the sign of a further point: a shape of its own, so that it is
// told from others without colours.
func siteSymbol(label string) string {
	return `<path d="M0-9.5l9.5 9.5-9.5 9.5-9.5-9.5z" fill="#0b6e4f" stroke="#fff" stroke-width="1.5"/><text y="3.6" font-size="10" font-weight="700" fill="#fff" text-anchor="middle">` + esc(label) + `</text>`
}

// siting has a row a point: those chosen in their order, then the best
// candidates by themselves.
func (x *rowing) siting() *data.Table {
	t := &data.Table{Name: "siting", Columns: columns("service:t profile:t threshold_s:r most_s:r list:t rank:i name:t area_code:t area_name:t newly_within:r newly_reached:r person_hours_saved:r share_after:s lon:r lat:r")}
	for k := range t.Columns {
		if n := t.Columns[k].Name; n == "lon" || n == "lat" {
			t.Columns[k].Digits = 6
		}
	}
	for i := range x.st.Siting {
		s := &x.st.Siting[i]
		add := func(list string, points []coverage.SitedPoint) {
			for k, p := range points {
				t.Rows = append(t.Rows, []any{
					s.Service, s.Profile, s.ThresholdS, s.MostS, list, k + 1, p.Name, p.AreaCode, p.AreaName,
					p.NewlyWithin, p.NewlyReached, p.HoursSaved, orNil(p.CoveredAfter), p.Lon, p.Lat,
				})
			}
		}
		add("chosen", s.Chosen)
		add("alone", s.Alone)
	}
	return t
}
