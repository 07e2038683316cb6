package report

import (
	"html/template"
	"slices"
	"strings"

	"golang.org/x/text/collate"
	xlanguage "golang.org/x/text/language"

	"contado/geo/coverage"
)

// view is a report on its way to the page.
type view struct {
	r    *coverage.Report
	l    *language
	p    *printed
	rank []int // place of each area by name

	n      *numbering
	prefix string // of ids, where a page holds several reports
	budget int    // bytes of the outlines of a map
	gaps   int    // most gaps listed; 0 = all that the report has
}

// numbering counts the tables and figures of a page.
type numbering struct{ tables, figures int }

func newView(r *coverage.Report, l *language) *view {
	v := &view{r: r, l: l, p: round(r), rank: make([]int, len(r.Areas)), n: &numbering{}, budget: mapBudget}
	for place, i := range v.byName() {
		v.rank[i] = place
	}
	return v
}

// byName are the areas in the order of the language's alphabet.
func (v *view) byName() []int {
	order := make([]int, len(v.r.Areas))
	keys := make([]string, len(order))
	buf := &collate.Buffer{}
	c := collate.New(xlanguage.Make(v.l.code))
	for i := range order {
		order[i] = i
		keys[i] = string(c.KeyFromString(buf, v.r.Areas[i].Name))
		buf.Reset()
	}
	slices.SortStableFunc(order, func(a, b int) int { return strings.Compare(keys[a], keys[b]) })
	return order
}

// limit is the largest threshold, the one that gaps, map and bars are about.
func (v *view) limit() float64 { return v.r.ThresholdsS[len(v.r.ThresholdsS)-1] }

// figure is a picture with its legend.
type figure struct {
	ID, Title, Desc string
	Label           string // "Figure 1"
	Class           string // "map", or none
	SVG             template.HTML
	Legend          []swatch
	Notes           []string
	How             string // id of the explanation
}

func (v *view) figure(id, title, desc string) figure {
	return v.n.figure(v.l, v.prefix+id, title, desc)
}

func (n *numbering) figure(l *language, id, title, desc string) figure {
	n.figures++
	return figure{ID: id, Title: title, Desc: desc, Label: l.t("figure", l.whole(int64(n.figures)))}
}

// table is a table with its heading cells.
type table struct {
	ID, Caption string
	Label       string // "Table 1"
	Class       string // "narrow", or none
	Groups      []cell // heads over several columns each; may be none
	Head        []cell
	Rows        []row
	Notes       []string
	How         string // id of the explanation
	HowText     string
}

// Short reports whether a printed table stays on one page: one of few rows, none
// of them tall.
func (t *table) Short() bool {
	const rows, letters = 12, 110
	return len(t.Rows) <= rows && !slices.ContainsFunc(t.Rows, func(r row) bool {
		return slices.ContainsFunc(r.Cells, func(c cell) bool { return len(c.Text)+len(c.Detail) > letters })
	})
}

// how links the table to the explanation of its figures.
func (t *table) how(l *language, id string) *table {
	t.How, t.HowText = id, l.t("how")
	return t
}

// note adds a line below the table, once.
func (t *table) note(s string) {
	if s != "" && !slices.Contains(t.Notes, s) {
		t.Notes = append(t.Notes, s)
	}
}

type row struct {
	Total bool
	Cells []cell
}

// cell is one cell; Class "n" aligns numbers, "c" is for checksums.
type cell struct {
	Text, Class string
	Detail      string // a second line, smaller
	Header      bool
	Span        int // columns of a head over several
}

func (v *view) table(id, caption string, head ...cell) *table {
	return v.n.table(v.l, v.prefix+id, caption, head...)
}

func (n *numbering) table(l *language, id, caption string, head ...cell) *table {
	n.tables++
	return &table{ID: id, Caption: caption, Label: l.t("table", l.whole(int64(n.tables))), Head: head}
}

// narrow tables are as wide as their text.
func (t *table) narrow() *table {
	t.Class = "narrow"
	return t
}

func text(s string) cell   { return cell{Text: s} }
func header(s string) cell { return cell{Text: s, Header: true} }
func numb(s string) cell   { return cell{Text: s, Class: "n"} }

func (v *view) whole(n int64) cell { return numb(v.l.whole(n)) }

// headline is the result in one sentence.
func (v *view) headline() string {
	l, t := v.l, v.p.total
	if v.r.PopulationTotal == 0 {
		return l.t("headline.nobody")
	}
	last := len(v.r.Coverage) - 1
	if v.r.Coverage[last].Suppressed {
		return l.t("headline.hidden", l.service(v.r), l.profile(v.r.Profile), l.long(v.limit()))
	}
	s := l.count("headline.covered", t.covered[last], l.whole(t.population), l.whole(t.covered[last]),
		l.percent(v.r.Coverage[last].Share), l.service(v.r), l.profile(v.r.Profile), l.long(v.limit()))
	s = strings.ReplaceAll(s, "  ", " ")
	longer := "headline.uncovered"
	if v.r.Coverage[last].Merged {
		longer = "headline.merged"
	}
	for _, part := range []struct {
		key string
		n   int64
	}{{longer, t.uncovered[last]}, {"headline.unreachable", t.unreachable}} {
		if part.n > 0 {
			s += "; " + l.count(part.key, part.n, l.whole(part.n))
		}
	}
	if t.uncovered[last]+t.unreachable == 0 {
		s += "; " + l.t("headline.all")
	}
	return s + "."
}

// within says the shares at the smaller thresholds.
func (v *view) within() []string {
	var out []string
	if v.r.PopulationTotal == 0 {
		return nil
	}
	for j := range v.r.Coverage[:len(v.r.Coverage)-1] {
		if !v.r.Coverage[j].Suppressed {
			out = append(out, v.l.t("headline.within", v.l.long(v.r.ThresholdsS[j]), v.l.percent(v.r.Coverage[j].Share)))
		}
	}
	return out
}

// keyFigure is a large number with words under it.
type keyFigure struct{ Value, Text, Detail, Class string }

func (v *view) keys() []keyFigure {
	l, t := v.l, v.p.total
	if v.r.PopulationTotal == 0 {
		return nil
	}
	last := v.r.Coverage[len(v.r.Coverage)-1]
	j := len(v.r.Coverage) - 1
	of := func(people float64) string { s := people / v.r.PopulationTotal; return l.percent(&s) }
	n := func(k int64) string { return l.count("key.people", k, l.whole(k)) }
	if last.Suppressed {
		return nil
	}
	out := []keyFigure{
		{l.percent(last.Share), l.t("key.covered", l.exact(v.limit())), n(t.covered[j]), "k-covered"},
		{of(last.Uncovered), l.t("key.uncovered"), n(t.uncovered[j]), "k-uncovered"},
	}
	if last.Merged {
		out[1].Text = l.t("key.merged")
	} else {
		out = append(out, keyFigure{of(last.Unreachable), l.t("key.unreachable"), n(t.unreachable), "k-unreachable"})
	}
	if v.r.MedianS != nil {
		return append(out, keyFigure{l.short(*v.r.MedianS), l.t("key.median"), "", "k-median"})
	}
	if hidden(&coverage.Figures{Coverage: v.r.Coverage}) {
		return out // what half of all people need is hidden too
	}
	return append(out, keyFigure{"–", l.t("key.median.none"), "", "k-median"})
}

// title is the given title, or one made from service and profile.
func (v *view) title() string {
	if v.r.Title != "" {
		return v.r.Title
	}
	if p := v.l.profile(v.r.Profile); p != "" {
		return v.l.t("title.profile", v.l.service(v.r), p)
	}
	return v.l.t("title", v.l.service(v.r))
}

// territory is its name with the code.
func (v *view) territory() string { return territoryName(v.r.Territory) }

func territoryName(t coverage.Territory) string {
	switch {
	case t.Name == "":
		return t.Code
	case t.Code == "":
		return t.Name
	default:
		return t.Name + " (" + t.Code + ")"
	}
}
