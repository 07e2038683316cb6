package report

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"contado/geo/coverage"
	"contado/geo/coverage/compare"
	"contado/geo/fault"

	data "contado/geo/table"
)

//go:embed compare.html.tmpl
var compareSource string

// comparePage is what the template of a comparison sees.
type comparePage struct {
	frontPage
	Headline             string
	Sides                *table
	Cautions             []string
	Sections             []compareSection
	Siting               *table
	SitingText           []string
	Inputs, Settings     *table
	OnlyA, OnlyB, NoData string
}

type compareSection struct {
	Title        string
	Rows, Areas  *table
	Unchanged    string // why there is no table of areas
	OnlyA, OnlyB string
}

// T is the text of a key of the catalogue.
func (p *comparePage) T(key string, args ...string) string { return p.l.t(key, args...) }

// CompareJSON writes a comparison indented, its settings also in words.
func CompareJSON(w io.Writer, c *compare.Comparison) error {
	worded, err := worded(c)
	if err != nil {
		return err
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	if err := e.Encode(worded); err != nil {
		return fmt.Errorf("write comparison as JSON: %w", err)
	}
	return nil
}

// CompareCSV writes the rows of a comparison: the whole at each threshold, the
// areas at the largest, and where one more facility would help most.
func CompareCSV(w io.Writer, c *compare.Comparison, l data.Locale) error {
	t := &data.Table{Name: "comparison", Columns: columns("service:t profile:t level:t code:t name:t threshold_s:r covered_a:r covered_b:r covered_change:r share_a:s share_b:s share_change:r " +
		"site_a:t site_b:t newly_within_a:r newly_within_b:r newly_within_change:r")}
	add := func(head, figures, sites []any) {
		t.Rows = append(t.Rows, slices.Concat(head, figures, sites))
	}
	none := make([]any, 5)
	for i := range c.Sections {
		s := &c.Sections[i]
		for _, r := range s.Rows {
			add([]any{s.Service, s.Profile, "territory", c.Territory.Code, c.Territory.Name, r.ThresholdS}, changeCells(r.CoveredA, r.CoveredB, r.ShareA, r.ShareB), none)
		}
		for _, a := range s.Areas {
			add([]any{s.Service, s.Profile, "area", a.Code, a.Name, s.ThresholdS}, changeCells(a.CoveredA, a.CoveredB, a.ShareA, a.ShareB), none)
		}
	}
	for i := range c.Siting {
		s := &c.Siting[i]
		add([]any{s.Service, s.Profile, "siting", c.Territory.Code, c.Territory.Name, s.ThresholdS}, changeCells(nil, nil, s.A.ShareNow, s.B.ShareNow), siteCells(s))
	}
	return t.CSV(w, l)
}

// CautionText says a caution in English or Italian.
func CautionText(c compare.Caution, lang string) (string, error) {
	l, err := languageOf(lang)
	if err != nil {
		return "", err
	}
	return l.t("caution." + string(c)), nil
}

func changeCells(coveredA, coveredB, shareA, shareB *float64) []any {
	out := []any{orNil(coveredA), orNil(coveredB), nil, orNil(shareA), orNil(shareB), nil}
	if coveredA != nil && coveredB != nil {
		out[2] = *coveredB - *coveredA
	}
	if shareA != nil && shareB != nil {
		out[5] = *shareB - *shareA
	}
	return out
}

// CompareHTML writes a comparison as a page in English or Italian.
func CompareHTML(w io.Writer, c *compare.Comparison, lang string) error {
	b, err := compareHTML(c, lang, forScreen)
	if err != nil {
		return err
	}
	if _, err := w.Write(b); err != nil {
		return fmt.Errorf("write comparison as HTML: %w", err)
	}
	return nil
}

// ComparePDF writes the same page as a tagged PDF; see PDF.
func ComparePDF(ctx context.Context, w io.Writer, c *compare.Comparison, lang string, o *PDFOptions) error {
	b, err := compareHTML(c, lang, forPDF)
	if err != nil {
		return err
	}
	return pdfOf(ctx, w, b, o)
}

func compareHTML(c *compare.Comparison, lang string, m medium) ([]byte, error) {
	l, err := languageOf(lang)
	if err != nil {
		return nil, err
	}
	if len(c.Sections) == 0 {
		return nil, fault.Errorf("report.CompareHTML", fault.Invalid, "the comparison has no section")
	}
	return render("compare", compareSource, newComparePage(c, l), m)
}

func newComparePage(c *compare.Comparison, l *language) *comparePage {
	n := &numbering{}
	p := &comparePage{frontPage: newFront(l, l.t("compare.title"), territoryName(c.Territory), c.B.ID, &coverage.Program{})}
	p.Kind, p.Made, p.Subtitle = "single", l.date(c.B.CreatedAt), l.t("compare.subtitle", c.Territory.Name)
	p.Headline = l.changeHeadline(c)
	t := n.table(l, "t-sides", l.t("compare.sides"), text(""), text(l.t("compare.report")), text(l.t("compare.made")), numb(l.t("col.people"))).narrow()
	for _, s := range []struct {
		name string
		side *compare.Side
	}{{"A", &c.A}, {"B", &c.B}} {
		title := s.side.ID
		if s.side.Title != "" {
			title = s.side.Title + " (" + s.side.ID + ")"
		}
		t.Rows = append(t.Rows, row{Cells: []cell{header(s.name), text(title), text(l.date(s.side.CreatedAt)), numb(l.people(s.side.Population))}})
	}
	p.Sides = t
	for _, x := range c.Cautions {
		if text := l.t("caution." + string(x)); x == compare.InventedData {
			p.Invented = text
		} else {
			p.Cautions = append(p.Cautions, text)
		}
	}
	for i := range c.Sections {
		p.Sections = append(p.Sections, l.compareSection(n, c, i))
	}
	p.OnlyA, p.OnlyB = l.names("compare.only-a", c.OnlyA), l.names("compare.only-b", c.OnlyB)
	p.Siting, p.SitingText = l.changedSiting(n, c)
	p.Inputs, p.Settings = l.changedInputs(n, c), l.changedSettings(n, c)
	return p
}

// changeHeadline says what became of the section that changed most.
func (l *language) changeHeadline(c *compare.Comparison) string {
	best, change := -1, 0.0
	for i := range c.Sections {
		r := &c.Sections[i].Rows[len(c.Sections[i].Rows)-1]
		if r.ShareA == nil || r.ShareB == nil {
			continue
		}
		if d := *r.ShareB - *r.ShareA; best < 0 || d*d > change*change {
			best, change = i, d
		}
	}
	if best < 0 {
		return l.t("compare.headline.hidden")
	}
	s := &c.Sections[best]
	r := &s.Rows[len(s.Rows)-1]
	if change == 0 {
		return l.t("compare.headline.same")
	}
	key := "compare.headline.more"
	if change < 0 {
		key = "compare.headline.fewer"
	}
	return l.t(key, l.serviceNamed(s.Service, s.ServiceTitle), l.profile(s.Profile), l.long(r.ThresholdS), l.percent(r.ShareA), l.percent(r.ShareB), l.signed(r.CoveredA, r.CoveredB))
}

// signed prints a change of people with its sign.
func (l *language) signed(a, b *float64) string {
	if a == nil || b == nil {
		return l.t("hidden")
	}
	return l.plus(*b-*a, l.people)
}

func (l *language) plus(d float64, print func(float64) string) string {
	switch {
	case d > 0:
		return "+" + print(d)
	case d < 0:
		return "\u2212" + print(-d)
	}
	return "0"
}

// points prints a change of a share in percentage points.
func (l *language) points(a, b *float64) string {
	if a == nil || b == nil {
		return "–"
	}
	d := (*b - *a) * 100
	if d > -0.05 && d < 0.05 && d != 0 {
		return "~\u00a00"
	}
	return l.plus(d, func(v float64) string { return l.number(v, 1) })
}

func (l *language) orHidden(v *float64) string {
	if v == nil {
		return l.t("hidden")
	}
	return l.people(*v)
}

func (l *language) compareSection(n *numbering, c *compare.Comparison, i int) compareSection {
	s := &c.Sections[i]
	out := compareSection{Title: l.serviceHead(s.Service, s.ServiceTitle)}
	if p := l.profile(s.Profile); p != "" {
		out.Title += ", " + p
	}
	id := fmt.Sprint(i + 1)
	t := n.table(l, "t-rows-"+id, l.t("compare.rows"), text(l.t("col.threshold")), numb(l.t("compare.share", "A")), numb(l.t("compare.share", "B")), numb(l.t("compare.points")),
		numb(l.t("compare.covered", "A")), numb(l.t("compare.covered", "B")), numb(l.t("compare.change"))).narrow()
	for _, r := range s.Rows {
		t.Rows = append(t.Rows, row{Cells: []cell{
			header(l.exact(r.ThresholdS)), numb(l.percent(r.ShareA)), numb(l.percent(r.ShareB)), numb(l.points(r.ShareA, r.ShareB)),
			numb(l.orHidden(r.CoveredA)), numb(l.orHidden(r.CoveredB)), numb(l.signed(r.CoveredA, r.CoveredB)),
		}})
		if r.WithinRange != nil && *r.WithinRange {
			t.note(l.t("compare.within"))
		}
	}
	out.Rows = t
	word := l.areaWord(c.AreaLevel, false)
	switch {
	case len(s.Areas) == 0:
	case !slices.ContainsFunc(s.Areas, func(a compare.Area) bool { g := a.Gain(); return g != nil && *g != 0 || differs(a.ShareA, a.ShareB) }):
		out.Unchanged = l.t("compare.areas.same", word, l.exact(s.ThresholdS))
	default:
		t := n.table(l, "t-areas-"+id, l.t("compare.areas", word, l.exact(s.ThresholdS)), text(capital(word)), numb(l.t("compare.share", "A")), numb(l.t("compare.share", "B")),
			numb(l.t("compare.points")), numb(l.t("compare.change"))).narrow()
		for k := range s.Areas {
			a := &s.Areas[k]
			t.Rows = append(t.Rows, row{Cells: []cell{header(a.Name), numb(l.percent(a.ShareA)), numb(l.percent(a.ShareB)), numb(l.points(a.ShareA, a.ShareB)), numb(l.signed(a.CoveredA, a.CoveredB))}})
		}
		out.Areas = t
	}
	names := func(key string, list []compare.Area) string {
		var all []string
		for _, a := range list {
			all = append(all, a.Name)
		}
		if len(all) == 0 {
			return ""
		}
		return l.t(key, strings.Join(all, ", "))
	}
	out.OnlyA, out.OnlyB = names("compare.only-a", s.OnlyA), names("compare.only-b", s.OnlyB)
	return out
}

func (l *language) names(key string, list []compare.Name) string {
	var all []string
	for _, x := range list {
		all = append(all, strings.TrimSuffix(l.serviceHead(x.Service, x.ServiceTitle)+", "+l.profile(x.Profile), ", "))
	}
	if len(all) == 0 {
		return ""
	}
	return l.t(key, strings.Join(all, "; "))
}

func (l *language) changedInputs(n *numbering, c *compare.Comparison) *table {
	if len(c.Inputs) == 0 {
		return nil
	}
	t := n.table(l, "t-inputs", l.t("compare.inputs"), text(l.t("col.dataset")), text(l.t("col.role")), text("A"), text("B"))
	one := func(version, sum string) cell {
		if version == "" && sum == "" {
			return text("–")
		}
		return cell{Text: version, Detail: sum, Class: "c"}
	}
	for _, in := range c.Inputs {
		t.Rows = append(t.Rows, row{Cells: []cell{header(in.Dataset), text(l.word("role", in.Role)), one(in.VersionA, in.SHA256A), one(in.VersionB, in.SHA256B)}})
	}
	return t
}

func (l *language) changedSettings(n *numbering, c *compare.Comparison) *table {
	if len(c.Settings) == 0 {
		return nil
	}
	t := n.table(l, "t-settings", l.t("compare.settings"), text(l.t("col.parameter")), text(l.t("col.service")), text(l.t("col.profile")), text("A"), text("B"))
	for i := range c.Settings {
		s := &c.Settings[i]
		name, a, b := l.setting(s)
		t.Rows = append(t.Rows, row{Cells: []cell{
			header(name), text(l.serviceHead(s.Service, s.ServiceTitle)), text(l.profile(s.Profile)), text(a), text(b),
		}})
	}
	return t
}
