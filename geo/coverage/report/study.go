package report

import (
	"cmp"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strconv"
	"strings"

	"contado/geo/coverage"
)

// studyPage is what the template of a study sees.
type studyPage struct {
	frontPage
	v *studyView

	Headline, Isolated string
	Keys               []keyFigure
	Facts              []fact
	Contents           []section

	Brief   brief
	annexes map[string]string // headings by id

	Matrix                   *table
	Isolation                []isolationPart
	AreaTables, AgeTables    []*table
	Rules                    []rulePart
	RuleSummary              *table
	Classes                  []classPart
	Indicators               *table
	IndicatorAreas           []*table
	Checks                   *table
	ChecksText               string
	Chapters                 []*chapter
	SitingTable              *table
	Siting                   []sitingPart
	Settings                 []settingsPart
	Inputs                   *table
	Recipe                   string
	AreaWord, DisclosureText string
}

// T is the text of a key of the catalogue.
func (p *studyPage) T(key string, args ...string) string { return p.l.t(key, args...) }

// chapter is one service and profile.
type chapter struct {
	body
	ID, Title string
	Notices   []string
}

// Sub is a heading one below those of the parts.
func (b *body) Sub(key string, args ...string) template.HTML {
	below := body{v: b.v, level: b.level + 1}
	return below.H(key, args...)
}

// StudyHTML writes a study as a page in English ("en") or Italian ("it").
// sketches has one a section, or is nil: a section whose sketch is nil has no
// map. Errors are those of HTML.
func StudyHTML(w io.Writer, st *coverage.Study, sketches []*Sketch, lang string) error {
	b, err := studyHTML(st, sketches, lang, forScreen)
	if err != nil {
		return err
	}
	if _, err := w.Write(b); err != nil {
		return fmt.Errorf("write coverage study as HTML: %w", err)
	}
	return nil
}

func studyHTML(st *coverage.Study, sketches []*Sketch, lang string, m medium) ([]byte, error) {
	l, err := languageOf(lang)
	if err != nil {
		return nil, err
	}
	if err := validateStudy("report.StudyHTML", st); err != nil {
		return nil, err
	}
	for _, s := range sketches {
		if s != nil {
			if err := s.check(); err != nil {
				return nil, err
			}
		}
	}
	return render("study", studySource, newStudyPage(newStudyView(st, l), sketches), m)
}

// studyView is a study on its way to the page.
type studyView struct {
	st    *coverage.Study
	l     *language
	n     *numbering
	views []*view // of the sections
}

// studyGaps is how many gaps each chapter lists; the files of the study have
// all.
const studyGaps = 12

// studyMaps is about how large all outlines of a study may be together.
const studyMaps = 2400 << 10

func newStudyView(st *coverage.Study, l *language) *studyView {
	v := &studyView{st: st, l: l, n: &numbering{}}
	for i, r := range st.Sections {
		s := newView(r, l)
		s.n, s.gaps, s.prefix = v.n, studyGaps, "c"+strconv.Itoa(i+1)+"-"
		s.budget = max(40<<10, min(mapBudget, studyMaps/(2*len(st.Sections))))
		v.views = append(v.views, s)
	}
	return v
}

func newStudyPage(v *studyView, sketches []*Sketch) *studyPage {
	st, l := v.st, v.l
	title := st.Title
	if title == "" {
		title = l.t("study.title")
	}
	p := &studyPage{frontPage: newFront(l, title, territoryName(st.Territory), st.ID, &st.Program), v: v, annexes: map[string]string{}}
	p.Kind, p.Made, p.Subtitle = "study", l.date(st.CreatedAt), l.t("study.subtitle", st.Territory.Name)
	p.addNotices(v.notices())
	p.AreaWord = l.areaWord(st.AreaLevel, false)
	p.Headline, p.Isolated, p.Keys, p.Facts = v.headline(), v.isolated(), v.keys(), v.facts()
	// In the order of the page: figures and tables are numbered as they come.
	p.Matrix = v.matrix()
	p.Brief = newBrief(v, sketches)
	p.SitingTable = v.sitingTable()
	p.AreaTables, p.AgeTables = v.areaTables(), v.ageTables()
	p.Siting = v.sitingParts(sketches)
	p.Isolation = v.isolation()
	p.RuleSummary = v.ruleTable()
	p.Rules = v.ruleParts()
	p.Classes = v.classes()
	p.Indicators, p.IndicatorAreas = v.indicatorTable(), v.indicatorAreas()
	p.Checks, p.ChecksText = v.checkTable(), v.checksText()
	p.Settings = v.settings()
	if len(st.Inputs) > 0 {
		p.Inputs = v.n.inputTable(l, "t-inputs", st.Inputs)
	}
	for i, s := range v.views {
		var sketch *Sketch
		if i < len(sketches) {
			sketch = sketches[i]
		}
		if sketch == nil {
			sketch = &Sketch{}
		}
		c := &chapter{body: *newBody(s, sketch, 3), ID: s.prefix + "s", Title: v.sectionName(st.Sections[i])}
		v.ownSettings(c, s.r.Profile)
		for k := range st.Sections[i].Notices {
			if n := &st.Sections[i].Notices[k]; n.Code != coverage.NoticeInventedData {
				c.Notices = append(c.Notices, l.notice(n))
			}
		}
		p.Chapters = append(p.Chapters, c)
	}
	p.Recipe = st.Recipe
	p.How = v.explanations()
	p.Hidden, p.DisclosureText = l.hiddenNote(st.Disclosure), l.disclosureText(st.Disclosure)
	p.Contents = p.contents()
	return p
}

// notices are those of the study; those of all its sections alike are said
// once.
func (v *studyView) notices() []coverage.Notice {
	out := slices.Clone(v.st.Notices)
	for _, r := range v.st.Sections {
		for _, n := range r.Notices {
			if n.Code == coverage.NoticeInventedData && !slices.ContainsFunc(out, func(o coverage.Notice) bool { return o.Code == n.Code }) {
				out = append(out, n)
			}
		}
	}
	return out
}

// sectionName is "Pharmacy, on foot".
func (v *studyView) sectionName(r *coverage.Report) string {
	name := v.l.serviceHead(r.Service, r.ServiceTitle)
	if p := v.l.profile(r.Profile); p != "" {
		name += ", " + p
	}
	return name
}

// hardest is the place of the section that fewest people reach within its
// largest threshold, among those of the first profile; -1 when all are hidden.
func (v *studyView) hardest() int {
	out, least := -1, 2.0
	for i, s := range v.views {
		c := s.r.Coverage[len(s.r.Coverage)-1]
		if s.r.Profile != v.views[0].r.Profile || c.Suppressed || c.Share == nil {
			continue
		}
		if *c.Share < least {
			out, least = i, *c.Share
		}
	}
	return out
}

// headline is the study in one sentence.
func (v *studyView) headline() string {
	l := v.l
	if v.st.PopulationTotal == 0 {
		return l.t("headline.nobody")
	}
	k := v.hardest()
	if k < 0 {
		return l.t("study.headline.hidden", l.people(v.st.PopulationTotal), v.st.Territory.Name)
	}
	s := v.views[k]
	last := len(s.r.Coverage) - 1
	band := ""
	if r := s.rangeAt(s.limit()); r != nil && r.Low != nil && r.High != nil {
		band = l.t("study.headline.band", l.percent(r.Low), l.percent(r.High))
	}
	key := "study.headline"
	if len(v.services()) == 1 {
		key = "study.headline.single"
	}
	text := l.t(key, l.whole(s.p.total.population), v.st.Territory.Name, l.whole(s.p.total.covered[last]),
		l.percent(s.r.Coverage[last].Share), band, l.service(s.r), l.profile(s.r.Profile), l.long(s.limit()))
	return strings.ReplaceAll(text, "  ", " ")
}

// isolated says how many lack some services, and how many all.
func (v *studyView) isolated() string {
	i := v.mainIsolation()
	if i == nil || v.st.PopulationTotal == 0 || i.Suppressed {
		return ""
	}
	l, k := v.l, len(i.Services)
	all := sum(i.People)
	if m := i.MergedFrom; m > 0 { // how many lack all is not told apart
		return l.t("study.isolated.more", l.people(all-i.People[0]), l.share(all-i.People[0], all), l.whole(int64(k)),
			l.long(i.ThresholdS), l.profile(i.Profile), l.people(i.People[m]), l.share(i.People[m], all), l.whole(int64(m)))
	}
	return l.t("study.isolated", l.people(all-i.People[0]), l.share(all-i.People[0], all), l.whole(int64(k)),
		l.long(i.ThresholdS), l.profile(i.Profile), l.people(i.People[k]), l.share(i.People[k], all))
}

// mainIsolation is that of the first profile at its largest threshold.
func (v *studyView) mainIsolation() *coverage.Isolation {
	var out *coverage.Isolation
	for k := range v.st.Isolation {
		i := &v.st.Isolation[k]
		if i.Profile == v.st.Isolation[0].Profile && (out == nil || i.ThresholdS > out.ThresholdS) {
			out = i
		}
	}
	return out
}

func sum(list []float64) (s float64) {
	for _, v := range list {
		s += v
	}
	return s
}

func (v *studyView) keys() []keyFigure {
	l := v.l
	if v.st.PopulationTotal == 0 {
		return nil
	}
	out := []keyFigure{{Value: l.people(v.st.PopulationTotal), Text: l.t("study.key.people"), Class: "k-median"}}
	if i := v.mainIsolation(); i != nil && !i.Suppressed {
		k, all := len(i.Services), sum(i.People)
		last, most := i.People[i.Most()], l.t("study.key.none")
		if i.MergedFrom > 0 {
			most = l.t("isolation.more", l.whole(int64(i.MergedFrom)))
		}
		persons := func(n float64) string { return l.people(n) + " " + l.t("unit.people") }
		out = append(out,
			keyFigure{l.share(i.People[0], all), l.t("study.key.all", l.whole(int64(k)), l.exact(i.ThresholdS), l.profile(i.Profile)), persons(i.People[0]), "k-covered"},
			keyFigure{l.share(all-i.People[0], all), l.t("study.key.some"), persons(all - i.People[0]), "k-uncovered"},
			keyFigure{l.share(last, all), most, persons(last), "k-unreachable"})
	}
	if len(v.services()) == 1 {
		out = append(out, v.reached()...)
	}
	if met, judged := v.rulesMet(); judged > 0 {
		out = append(out, keyFigure{Value: l.t("study.key.of", l.whole(int64(met)), l.whole(int64(judged))), Text: l.t("study.key.rules"), Class: "k-median"})
	}
	return out
}

// reached are the shares of a study of one service: a figure a profile, of
// the first ones.
func (v *studyView) reached() []keyFigure {
	var out []keyFigure
	for _, s := range v.views[:min(3, len(v.views))] {
		j := len(s.r.Coverage) - 1
		if c := &s.r.Coverage[j]; !c.Suppressed && c.Share != nil {
			n := s.p.total.covered[j]
			text := strings.TrimSpace(v.l.t("key.covered", v.l.exact(s.limit())) + " " + v.l.profile(s.r.Profile))
			out = append(out, keyFigure{v.l.percent(c.Share), text, v.l.count("key.people", n, v.l.whole(n)), "k-covered"})
		}
	}
	return out
}

// named is a service with its name at the head of a row.
type named struct{ id, title, head string }

func (v *studyView) services() []named {
	var out []named
	for _, r := range v.st.Sections {
		if !slices.ContainsFunc(out, func(n named) bool { return n.id == r.Service }) {
			out = append(out, named{r.Service, r.ServiceTitle, v.l.serviceHead(r.Service, r.ServiceTitle)})
		}
	}
	return out
}

func (v *studyView) profiles() []string {
	var out []string
	for _, r := range v.st.Sections {
		if !slices.Contains(out, r.Profile) {
			out = append(out, r.Profile)
		}
	}
	return out
}

// thresholds are all that some section has.
func (v *studyView) thresholds() []float64 {
	var out []float64
	for _, r := range v.st.Sections {
		out = append(out, r.ThresholdsS...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// section is the view of a service and profile; nil when there is none.
func (v *studyView) section(service, profile string) *view {
	for _, s := range v.views {
		if s.r.Service == service && s.r.Profile == profile {
			return s
		}
	}
	return nil
}

// serviceName is the head of a service by its id, also of one that has no
// section.
func (v *studyView) serviceName(id string) string {
	for _, s := range v.services() {
		if s.id == id {
			return s.head
		}
	}
	return cmp.Or(v.l.serviceHead(id, ""), id)
}
