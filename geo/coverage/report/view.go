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

	tables, figures int // numbered so far
}

func newView(r *coverage.Report, l *language) *view {
	v := &view{r: r, l: l, p: round(r), rank: make([]int, len(r.Areas))}
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
	SVG             template.HTML
	Legend          []swatch
	Notes           []string
}

func (v *view) figure(id, title, desc string) figure {
	v.figures++
	return figure{ID: id, Title: title, Desc: desc, Label: v.l.t("figure", v.l.whole(int64(v.figures)))}
}

// table is a table with its heading cells.
type table struct {
	ID, Caption string
	Label       string // "Table 1"
	Class       string
	Head        []cell
	Rows        []row
}

type row struct {
	Total bool
	Cells []cell
}

// cell is one cell; Class "n" aligns numbers, "c" is for checksums.
type cell struct {
	Text, Class string
	Header      bool
}

func (v *view) table(id, caption string, head ...cell) *table {
	v.tables++
	return &table{ID: id, Caption: caption, Label: v.l.t("table", v.l.whole(int64(v.tables))), Head: head}
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
	s := l.count("headline.covered", t.covered[last], l.whole(t.population), l.whole(t.covered[last]),
		l.percent(v.r.Coverage[last].Share), l.service(v.r), l.profile(v.r.Profile), l.long(v.limit()))
	s = strings.ReplaceAll(s, "  ", " ")
	for _, part := range []struct {
		key string
		n   int64
	}{{"headline.uncovered", t.uncovered[last]}, {"headline.unreachable", t.unreachable}} {
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
		out = append(out, v.l.t("headline.within", v.l.long(v.r.ThresholdsS[j]), v.l.percent(v.r.Coverage[j].Share)))
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
	out := []keyFigure{
		{l.percent(last.Share), l.t("key.covered", l.exact(v.limit())), n(t.covered[j]), "k-covered"},
		{of(last.Uncovered), l.t("key.uncovered"), n(t.uncovered[j]), "k-uncovered"},
		{of(last.Unreachable), l.t("key.unreachable"), n(t.unreachable), "k-unreachable"},
	}
	if v.r.MedianS != nil {
		return append(out, keyFigure{l.short(*v.r.MedianS), l.t("key.median"), "", "k-median"})
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
func (v *view) territory() string {
	switch t := v.r.Territory; {
	case t.Name == "":
		return t.Code
	case t.Code == "":
		return t.Name
	default:
		return t.Name + " (" + t.Code + ")"
	}
}
