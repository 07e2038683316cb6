package report

import (
	"html/template"
	"slices"
	"strconv"
	"strings"

	"contado/geo/coverage"
)

// body is what a page says of one report: the whole of a page of one service,
// one chapter of a study.
type body struct {
	v     *view
	level int // of the headings of its parts

	Headline, Band string
	Rides          string
	Within         []string
	Keys           []keyFigure

	Thresholds, RangeCases     *table
	Maps                       []figure
	AreaBars, BandBars, Curve  *figure
	AreaNote, CurveNote        string
	Areas, Bands, CurveTable   *table
	Gaps, Parameters, Unplaced *table
	GapsNone, Omitted          string
	Choices, Equity            *table
	Hamlets                    *table
	HamletsNone                string // why there is no table of them
	Access, AccessAreas        *table
	Loads, LoadAreas           *table
	CapacityText               string
	CapacityHidden             string // what there is no table of, and why
	AreaWord, FacilityCount    string
	Model                      string
	Formulas                   []coverage.Formula
}

// newBody draws all parts but the settings, in the order of the page.
func newBody(v *view, s *Sketch, level int) *body {
	l, r := v.l, v.r
	b := &body{
		v: v, level: level, Headline: v.headline(), Within: v.within(), Keys: v.keys(), Band: v.bandSentence(), Rides: v.rides(),
		AreaWord:      l.areaWord(r.AreaLevel, false),
		FacilityCount: l.count("facilities", int64(r.Facilities.Count), l.whole(int64(r.Facilities.Count))),
		Model:         l.statement(r.Method.Model), Formulas: l.formulas(r.Method.Formulas),
	}
	b.Thresholds = v.thresholdTable()
	b.RangeCases = v.rangeTable()
	b.Maps = v.maps(s)
	b.addGaps()
	b.addBars()
	b.Hamlets, b.HamletsNone = v.hamlets()
	b.addAges()
	b.addCurve()
	b.Choices = v.choiceTable()
	b.Access, b.AccessAreas = v.accessTable(), v.accessAreaTable()
	b.addCapacity()
	b.Equity = v.equityTable()
	return b
}

// fillSettings draws the settings, which come at the end of a page of one
// report, and at the end of a chapter of a study.
func (b *body) fillSettings() {
	if len(b.v.r.Method.Parameters) > 0 {
		b.Parameters = b.v.parameterTable(b.v.r.Method.Parameters)
	}
	if len(b.v.r.Facilities.Unplaced) > 0 {
		b.Unplaced = b.v.unplacedTable()
	}
}

// H is a heading of a part.
func (b *body) H(key string, args ...string) template.HTML {
	tag := "h" + strconv.Itoa(b.level)
	return template.HTML("<" + tag + ">" + esc(b.v.l.t(key, args...)) + "</" + tag + ">") //nolint:gosec // escaped
}

// SID is the id of a part.
func (b *body) SID(id string) string { return b.v.prefix + id }

// T is the text of a key of the catalogue.
func (b *body) T(key string, args ...string) string { return b.v.l.t(key, args...) }

// contents lists the parts that there are.
func (b *body) contents() []section {
	var out []section
	for _, p := range []struct {
		there    bool
		id, text string
	}{
		{true, "s-times", b.T("by-threshold")},
		{len(b.Maps) > 0, "s-map", b.T("map")},
		{true, "s-gaps", b.T("gaps")},
		{b.Areas != nil, "s-areas", b.T("by-area", b.AreaWord)},
		{b.Hamlets != nil || b.HamletsNone != "", "s-hamlets", b.T("hamlets")},
		{b.Bands != nil, "s-ages", b.T("by-age")},
		{b.Curve != nil, "s-curve", b.T("curve")},
		{b.Choices != nil, "s-choices", b.T("choices")},
		{b.Access != nil, "s-access", b.T("access")},
		{b.CapacityText != "", "s-capacity", b.T("capacity")},
		{b.Equity != nil, "s-equity", b.T("equity")},
	} {
		if p.there {
			out = append(out, section{ID: b.SID(p.id), Text: p.text})
		}
	}
	return out
}

// tallMap is the share of the full width below which a map is not stretched.
const tallMap = 0.75

func (v *view) maps(s *Sketch) []figure {
	c := newCartography(v, s)
	if c == nil || len(v.r.Areas) == 0 {
		return nil
	}
	l := v.l
	limit, word := l.exact(v.limit()), l.areaWord(v.r.AreaLevel, false)
	title := l.t("map.cap", limit, word)
	out := []figure{c.choropleth(v.figure("f-map", title,
		l.t("map.desc", v.territory(), word, limit, l.whole(int64(len(s.Facilities))), word)))}
	if len(s.Backdrop) > 0 {
		out = append(out, c.surface(v.figure("f-surface", l.t("map.surface.cap"), l.t("map.surface.desc", v.territory(), word))))
	}
	for i := range out {
		out[i].Class, out[i].How = c.class(), "coverage"
	}
	return out
}

// class says to the style sheet what shape the map has.
func (c *cartography) class() string {
	if c.f.width < tallMap*mapWidth {
		return "map tall"
	}
	return "map"
}

func (b *body) addBars() {
	v := b.v
	l, r := v.l, v.r
	if len(r.Areas) == 0 {
		return
	}
	word, limit := b.AreaWord, l.exact(v.limit())
	if rows, total := v.areaBars(); len(rows) > 1 && someLeft(rows) {
		f := v.figure("f-areas", l.t("bars.cap", word, limit),
			l.t("bars.desc", l.whole(int64(len(rows))), l.areaWord(r.AreaLevel, true), limit, word))
		f = bars(f, l, rows, 220, 190)
		f.Legend = v.groupLegend()
		if len(rows) < total {
			f.Notes = []string{l.t("bars.some", l.whole(int64(len(rows))), l.whole(int64(total)))}
		}
		b.AreaBars = &f
	}
	b.Areas = v.areaTable()
	if n := len(r.ThresholdsS); n > sharesShown {
		b.AreaNote = l.t("by-area.some", l.whole(sharesShown), l.whole(int64(n)))
	}
}

func (b *body) addAges() {
	v := b.v
	if len(v.r.AgeBands) == 0 || v.r.PopulationTotal == 0 {
		return
	}
	limit := v.l.exact(v.limit())
	if rows := v.bandBars(); someLeft(rows) {
		f := bars(v.figure("f-ages", v.l.t("by-age.chart", limit), v.l.t("by-age.desc", limit)), v.l, rows, 150, 190)
		f.Legend = v.groupLegend()
		b.BandBars = &f
	}
	b.Bands = v.bandTable()
}

func (b *body) addCurve() {
	v := b.v
	if len(v.r.Curve) < 2 || v.r.PopulationTotal == 0 || hidden(&coverage.Figures{Coverage: v.r.Coverage}) {
		return
	}
	var said []string
	for _, c := range v.r.Coverage {
		said = append(said, v.l.t("headline.within", v.l.long(c.ThresholdS), v.l.percent(c.Share)))
	}
	f := v.curve(v.figure("f-curve", v.l.t("curve.cap"), v.l.t("curve.desc", strings.Join(said, " "))))
	f.How = "coverage"
	b.Curve = &f
	b.CurveTable = v.curveTable()
}

func (b *body) addGaps() {
	v := b.v
	if len(v.r.Gaps) > 0 {
		b.Gaps = v.gapTable()
	} else if v.r.GapsOmitted.Count == 0 {
		b.GapsNone = v.l.t("gaps.none", v.l.exact(v.limit()))
	}
	b.Omitted = v.omitted()
}

func (b *body) addCapacity() {
	c := b.v.r.Capacity
	if c == nil {
		return
	}
	b.CapacityText = b.v.capacityText(c)
	l := b.v.l
	var secret []string
	if slices.ContainsFunc(c.Loads, func(f coverage.FacilityLoad) bool { return !f.Suppressed }) {
		b.Loads = b.v.loadTable(c)
	} else if len(c.Loads) > 0 {
		secret = append(secret, l.t("capacity.secret.loads"))
	}
	if slices.ContainsFunc(c.Areas, func(a coverage.CapacityArea) bool { return !a.Suppressed }) {
		b.LoadAreas = b.v.loadAreaTable(c)
	} else if len(c.Areas) > 0 {
		secret = append(secret, l.t("capacity.secret.areas", b.AreaWord))
	}
	if len(secret) > 0 { // a table of nothing but hidden numbers tells nobody anything
		b.CapacityHidden = strings.Join(append(secret, l.hiddenNote(b.v.r.Disclosure)), " ")
	}
}
