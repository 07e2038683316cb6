// Package report renders a computed coverage report: JSON for machines, CSV
// for spreadsheets, and one self-contained HTML page for people and paper.
//
// The page has no script and asks for nothing from outside: it can be mailed,
// filed and printed as it is. Its pictures are drawn here as SVG, and every
// one of them has a table with the same figures.
package report

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"regexp"
	"strings"

	"contado/geo/coverage"
)

//go:embed page.html.tmpl
var pageSource string

//go:embed style.css
var styleSource string

// page is what the template sees.
type page struct {
	v *view

	Lang, Title, Territory, Made, ID string
	CSP                              string
	Style                            template.CSS
	Patterns                         template.HTML

	Invented string
	Headline string
	Within   []string
	Keys     []keyFigure

	Thresholds                         *table
	Maps                               []figure
	AreaBars, BandBars, Curve          *figure
	AreaNote, CurveNote                string
	Areas, Bands, CurveTable           *table
	Gaps, Inputs, Parameters, Unplaced *table
	GapsNone, Omitted                  string
	AreaWord, FacilityCount            string
	GapMethod, Program, Model          string
	Formulas                           []coverage.Formula
	Notices                            []string
}

// T is the text of a key of the catalogue.
func (p *page) T(key string, args ...string) string { return p.v.l.t(key, args...) }

// HTML writes the report as a page in English ("en") or Italian ("it", "it-IT").
// The sketch may be nil: the page then has no map.
//
// Errors: fault.Invalid when the report's parts do not fit together or the
// sketch is not in degrees, fault.Unsupported for other languages,
// fault.TooLarge for the backdrop.
func HTML(w io.Writer, r *coverage.Report, s *Sketch, lang string) error {
	l, err := languageOf(lang)
	if err != nil {
		return err
	}
	if err := validate("report.HTML", r); err != nil {
		return err
	}
	if s == nil {
		s = &Sketch{}
	}
	if err := s.check(); err != nil {
		return err
	}
	t, err := template.New("page").Parse(pageSource)
	if err != nil {
		return fmt.Errorf("parse the page of coverage reports: %w", err)
	}
	var out bytes.Buffer
	if err := t.Execute(&out, newPage(newView(r, l), s)); err != nil {
		return fmt.Errorf("draw coverage report: %w", err)
	}
	if _, err := w.Write(out.Bytes()); err != nil {
		return fmt.Errorf("write coverage report as HTML: %w", err)
	}
	return nil
}

// ContentSecurityPolicy is the strictest policy under which the page works;
// the page carries a stricter one itself, with the hash of its style.
const ContentSecurityPolicy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"

func newPage(v *view, s *Sketch) *page {
	r, l := v.r, v.l
	style := styleOf(v)
	hash := sha256.Sum256([]byte(style))
	p := &page{
		v: v, Lang: l.code, Title: v.title(), Territory: v.territory(), Made: l.date(r.CreatedAt), ID: r.ID,
		CSP: fmt.Sprintf("default-src 'none'; style-src 'sha256-%s'; img-src data:; base-uri 'none'; form-action 'none'",
			base64.StdEncoding.EncodeToString(hash[:])),
		Style: template.CSS(style), Patterns: patterns(), //nolint:gosec // our own style sheet
		Headline: v.headline(), Within: v.within(), Keys: v.keys(),
		AreaWord:      l.areaWord(r, false),
		FacilityCount: l.count("facilities", int64(r.Facilities.Count), l.whole(int64(r.Facilities.Count))),
		GapMethod:     l.t("method.gaps", l.exact(v.limit())), Model: r.Method.Model, Formulas: r.Method.Formulas,
	}
	for i := range r.Notices {
		if r.Notices[i].Code == coverage.NoticeInventedData {
			p.Invented = l.notice(&r.Notices[i])
			continue
		}
		p.Notices = append(p.Notices, l.notice(&r.Notices[i]))
	}
	if r.Program.Version != "" {
		name := r.Program.Name
		if name == "" {
			name = "Contado"
		}
		p.Program = l.t("program", name, r.Program.Version)
	}
	// In the order of the page: figures and tables are numbered as they come.
	p.Thresholds = v.thresholdTable()
	p.Maps = v.maps(s)
	p.addGaps()
	p.addBars()
	p.addAges()
	p.addCurve()
	p.addProvenance()
	return p
}

func (v *view) maps(s *Sketch) []figure {
	c := newCartography(v, s)
	if c == nil || len(v.r.Areas) == 0 {
		return nil
	}
	l := v.l
	limit, word := l.exact(v.limit()), l.areaWord(v.r, false)
	title := l.t("map.cap", limit, word)
	out := []figure{c.choropleth(v.figure("f-map", title,
		l.t("map.desc", v.territory(), word, limit, l.whole(int64(len(s.Facilities))), word)))}
	if len(s.Backdrop) > 0 {
		out = append(out, c.surface(v.figure("f-surface", l.t("map.surface.cap"), l.t("map.surface.desc", v.territory(), word))))
	}
	return out
}

func (p *page) addBars() {
	v := p.v
	l, r := v.l, v.r
	if len(r.Areas) == 0 {
		return
	}
	word, limit := l.areaWord(r, false), l.exact(v.limit())
	if rows, total := v.areaBars(); len(rows) > 1 {
		f := v.figure("f-areas", l.t("bars.cap", word, limit),
			l.t("bars.desc", l.whole(int64(len(rows))), l.areaWord(r, true), limit, word))
		f = bars(f, l, rows, 220, 190)
		f.Legend = v.groupLegend()
		if len(rows) < total {
			f.Notes = []string{l.t("bars.some", l.whole(int64(len(rows))), l.whole(int64(total)))}
		}
		p.AreaBars = &f
	}
	p.Areas = v.areaTable()
	if n := len(r.ThresholdsS); n > sharesShown {
		p.AreaNote = l.t("by-area.some", l.whole(sharesShown), l.whole(int64(n)))
	}
}

func (p *page) addAges() {
	v := p.v
	if len(v.r.AgeBands) == 0 || v.r.PopulationTotal == 0 {
		return
	}
	limit := v.l.exact(v.limit())
	f := bars(v.figure("f-ages", v.l.t("by-age.chart", limit), v.l.t("by-age.desc", limit)), v.l, v.bandBars(), 150, 190)
	f.Legend = v.groupLegend()
	p.BandBars = &f
	p.Bands = v.bandTable()
}

func (p *page) addCurve() {
	v := p.v
	if len(v.r.Curve) < 2 || v.r.PopulationTotal == 0 {
		return
	}
	var said []string
	for _, c := range v.r.Coverage {
		said = append(said, v.l.t("headline.within", v.l.long(c.ThresholdS), v.l.percent(c.Share)))
	}
	f := v.curve(v.figure("f-curve", v.l.t("curve.cap"), v.l.t("curve.desc", strings.Join(said, " "))))
	p.Curve = &f
	p.CurveTable = v.curveTable()
}

func (p *page) addGaps() {
	v := p.v
	if len(v.r.Gaps) > 0 {
		p.Gaps = v.gapTable()
	} else if v.r.GapsOmitted.Count == 0 {
		p.GapsNone = v.l.t("gaps.none", v.l.exact(v.limit()))
	}
	p.Omitted = v.omitted()
}

func (p *page) addProvenance() {
	v := p.v
	if len(v.r.Inputs) > 0 {
		p.Inputs = v.inputTable()
	}
	if len(v.r.Method.Parameters) > 0 {
		p.Parameters = v.parameterTable()
	}
	if len(v.r.Facilities.Unplaced) > 0 {
		p.Unplaced = v.unplacedTable()
	}
}

var notID = regexp.MustCompile(`[^A-Za-z0-9-]+`)

// styleOf is the style sheet with the footer of printed pages. Only letters,
// digits and hyphens of the id go into it.
func styleOf(v *view) string {
	left := "Contado"
	if id := notID.ReplaceAllString(v.r.ID, ""); id != "" {
		left += " · " + id[:min(len(id), 60)]
	}
	return strings.NewReplacer("@LEFT@", left, "@PAGE@", v.l.t("page")).Replace(styleSource)
}
