package report

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"contado/geo/coverage"
)

func (v *view) thresholdTable() *table {
	l := v.l
	caption := l.t("by-threshold.cap", l.service(v.r), l.profile(v.r.Profile))
	t := v.table("t-thresholds", strings.TrimSuffix(caption, ", "),
		text(l.t("col.threshold")), numb(l.t("col.people")), numb(l.t("col.within", "T")), numb(l.t("col.share"))).narrow().how(l, "coverage")
	banded := len(v.r.Ranges) > 0
	if banded {
		t.Head = append(t.Head, numb(l.t("col.band")+"\u00a0*"))
		t.note("* " + l.t("band.note"))
	}
	t.Head = append(t.Head, numb(l.t("col.needs-longer")), numb(l.t("col.unreachable")))
	p := &v.p.total
	for j, c := range v.r.Coverage {
		cells := []cell{header("T\u00a0=\u00a0" + l.exact(c.ThresholdS)), v.whole(p.population)}
		if c.Suppressed {
			t.Rows = append(t.Rows, row{Cells: append(cells, v.secret(t, len(t.Head)-2)...)})
			continue
		}
		cells = append(cells, v.whole(p.covered[j]), numb(l.percent(c.Share)))
		if banded {
			cells = append(cells, numb(l.band(v.rangeAt(c.ThresholdS))))
		}
		t.Rows = append(t.Rows, row{Cells: append(cells, v.whole(p.uncovered[j]), v.unreachable(t, &c, p))})
	}
	return t
}

// secret are n cells whose numbers are hidden, with the reason below the table.
func (v *view) secret(t *table, n int) []cell {
	t.note(v.l.hiddenNote(v.r.Disclosure))
	out := make([]cell, n)
	for i := range out {
		out[i] = cell{Text: v.l.t("hidden"), Class: "n h"}
	}
	return out
}

// unreachable is how many cannot reach any facility, hidden where they are
// told with those who need longer.
func (v *view) unreachable(t *table, c *coverage.Row, p *line) cell {
	if c.Merged {
		t.note(v.l.t("merged.note"))
		return v.secret(t, 1)[0]
	}
	return v.whole(p.unreachable)
}

// sharesShown is how many thresholds an area table has room for.
const sharesShown = 4

// figuresTable has one row a population: people and shares by threshold, then
// the three groups at the largest threshold, then the quantiles.
func (v *view) figuresTable(id, caption, first string) *table {
	l := v.l
	t := v.table(id, caption, text(first), numb(l.t("col.people")))
	t.how(l, "quantiles")
	for _, s := range v.shownThresholds() {
		t.Head = append(t.Head, numb(l.t("col.share-within", l.exact(s))))
	}
	limit := l.exact(v.limit())
	t.Head = append(t.Head, numb(l.t("col.within", limit)), numb(l.t("col.beyond", limit)), numb(l.t("col.unreachable")),
		numb(l.t("col.median")), numb(l.t("col.p90")))
	return t
}

func (v *view) shownThresholds() []float64 {
	t := v.r.ThresholdsS
	return t[max(0, len(t)-sharesShown):]
}

func (v *view) figuresRow(t *table, name string, f *coverage.Figures, p *line) []cell {
	l := v.l
	last := len(f.Coverage) - 1
	cells := []cell{header(name)}
	if f.Suppressed {
		return append(cells, v.secret(t, len(t.Head)-1)...)
	}
	cells = append(cells, v.whole(p.population))
	for _, c := range f.Coverage[max(0, len(f.Coverage)-sharesShown):] {
		if c.Suppressed {
			cells = append(cells, v.secret(t, 1)...)
			continue
		}
		cells = append(cells, numb(l.percent(c.Share)))
	}
	if f.Coverage[last].Suppressed {
		cells = append(cells, v.secret(t, 3)...)
	} else {
		cells = append(cells, v.whole(p.covered[last]), v.whole(p.uncovered[last]), v.unreachable(t, &f.Coverage[last], p))
	}
	return append(cells, v.quantile(t, f, f.MedianS), v.quantile(t, f, f.P90S))
}

// quantile is a time of a population. Where those who cannot reach a facility
// are told with those who need longer, one beyond all thresholds is not told:
// nobody should read that it is out of reach.
func (v *view) quantile(t *table, f *coverage.Figures, seconds *float64) cell {
	merged := slices.ContainsFunc(f.Coverage, func(r coverage.Row) bool { return r.Merged })
	if hidden(f) || merged && seconds == nil && f.Population > 0 {
		return v.secret(t, 1)[0]
	}
	return numb(v.l.quantile(seconds, f.Population))
}

// hidden reports figures of which some row is suppressed.
func hidden(f *coverage.Figures) bool {
	return f.Suppressed || slices.ContainsFunc(f.Coverage, func(r coverage.Row) bool { return r.Suppressed })
}

func (v *view) totalRow(t *table) row {
	whole := wholeOf(v.r)
	return row{Total: true, Cells: v.figuresRow(t, v.l.t("total"), &whole, &v.p.total)}
}

func (v *view) areaTable() *table {
	l := v.l
	t := v.figuresTable("t-areas", l.t("by-area.cap", l.areaWord(v.r.AreaLevel, false)), capital(l.areaWord(v.r.AreaLevel, false)))
	for _, i := range v.byName() {
		t.Rows = append(t.Rows, row{Cells: v.figuresRow(t, v.r.Areas[i].Name, &v.r.Areas[i].Figures, &v.p.areas[i])})
	}
	t.Rows = append(t.Rows, v.totalRow(t))
	return t
}

func (v *view) bandTable() *table {
	l := v.l
	t := v.figuresTable("t-ages", l.t("by-age.cap", l.exact(v.limit())), l.t("col.age"))
	t.Class = "ages"
	for i := range v.r.AgeBands {
		t.Rows = append(t.Rows, row{Cells: v.figuresRow(t, strings.ReplaceAll(bandName(&v.r.AgeBands[i]), " ", "\u00a0"), &v.r.AgeBands[i].Figures, &v.p.bands[i])})
	}
	t.Rows = append(t.Rows, v.totalRow(t))
	return t
}

func (v *view) gapTable() *table {
	l := v.l
	t := v.table("t-gaps", l.t("gaps.cap", l.exact(v.limit())), numb(l.t("col.rank")), text(l.t("col.group")), text(capital(l.areaWord(v.r.AreaLevel, false))),
		numb(l.t("col.left-out")), numb(l.t("col.of-which")), numb(l.t("col.time"))).how(l, "gaps")
	named := false
	for _, g := range v.r.Gaps {
		named = named || g.Facility != ""
	}
	if named {
		t.Head = append(t.Head, text(l.t("col.facility")))
	}
	t.Head = append(t.Head, text(l.t("col.position")))
	people, _ := gapPeople(v.r, v.p)
	for i, g := range v.r.Gaps[:v.gapsShown()] {
		time := "–"
		if g.TimeS != nil {
			time = l.short(*g.TimeS)
		}
		cells := []cell{
			numb(strconv.Itoa(i + 1)), header(l.gapName(&g)), text(g.AreaName), numb(v.few(people[i], g.Population)),
			numb(v.few(min(people[i], int64(g.Unreachable+0.5)), g.Unreachable)), numb(time),
		}
		if g.Suppressed {
			cells[4] = v.secret(t, 1)[0]
		}
		if named {
			cells = append(cells, text(l.nameOf(g.Facility, g.FacilityNames)))
		}
		cells = append(cells, cell{Text: l.position(g.Lon, g.Lat), Class: "p"})
		t.Rows = append(t.Rows, row{Cells: cells})
	}
	return t
}

// gapsShown is how many gaps the table lists.
func (v *view) gapsShown() int {
	if v.gaps > 0 {
		return min(v.gaps, len(v.r.Gaps))
	}
	return len(v.r.Gaps)
}

// few prints a count of persons, and never 0 for some part of a person.
func (v *view) few(n int64, exact float64) string {
	if n == 0 && exact > 0 {
		return "<\u00a01"
	}
	return v.l.whole(n)
}

// omitted says what the table of gaps leaves out.
func (v *view) omitted() string {
	list, people := gapPeople(v.r, v.p)
	exact, shown := v.r.GapsOmitted.Population, v.gapsShown()
	for i := shown; i < len(list); i++ {
		people += list[i]
		exact += v.r.Gaps[i].Population
	}
	n := int64(v.r.GapsOmitted.Count + len(list) - shown)
	if n > 0 && v.r.GapsOmitted.Suppressed {
		return v.l.count("gaps.omitted-hidden", n, v.l.whole(n))
	}
	if n == 0 {
		return ""
	}
	return v.l.count("gaps.omitted", n, v.l.whole(n), v.few(people, exact))
}

// curveTable gives the curve at its round times, with the rest.
func (v *view) curveTable() *table {
	l := v.l
	t := v.table("t-curve", l.t("curve.table"), text(l.t("col.threshold")), numb(l.t("col.people")), numb(l.t("col.share"))).narrow()
	end := v.r.Curve[len(v.r.Curve)-1].TimeS
	wanted := map[float64]bool{end: true}
	for _, s := range ticks(end) {
		wanted[s] = s > 0
	}
	for _, s := range v.r.ThresholdsS {
		wanted[s] = true
	}
	at := map[float64]int{}
	for j, s := range v.r.ThresholdsS {
		at[s] = j
	}
	add := func(name string, n int64, people float64) {
		share := people / v.r.PopulationTotal
		t.Rows = append(t.Rows, row{Cells: []cell{header(name), numb(v.few(n, people)), numb(l.percent(&share))}})
	}
	last, lastExact := int64(0), 0.0
	for _, c := range v.r.Curve {
		if !wanted[c.TimeS] {
			continue
		}
		n := min(max(last, int64(c.People+0.5)), v.p.total.population-v.p.total.unreachable)
		if j, ok := at[c.TimeS]; ok {
			n = v.p.total.covered[j]
		}
		last, lastExact = n, c.People
		add(l.t("legend.covered", l.exact(c.TimeS)), n, c.People)
	}
	reachable := v.r.PopulationTotal - v.r.Coverage[0].Unreachable
	if rest := reachable - lastExact; rest > 0 {
		add(l.t("curve.rest"), v.p.total.population-v.p.total.unreachable-last, rest)
	}
	if v.r.Coverage[0].Unreachable > 0 {
		add(l.t("curve.never"), v.p.total.unreachable, v.r.Coverage[0].Unreachable)
	}
	return t
}

// inputTable lists datasets with their checksums.
func (n *numbering) inputTable(l *language, id string, list []coverage.Input) *table {
	t := n.table(l, id, l.t("inputs.cap"), text(l.t("col.dataset")), text(l.t("col.role")), text(l.t("col.version")), text(l.t("col.sha256")))
	for _, in := range list {
		name := in.Dataset
		if in.Title != "" && in.Title != in.Dataset {
			name = in.Title + " (" + in.Dataset + ")"
		}
		if in.Attribution != "" {
			name += ". " + in.Attribution
		}
		t.Rows = append(t.Rows, row{Cells: []cell{header(name), text(l.word("role", in.Role)), text(in.Version), {Text: in.SHA256, Class: "c"}}})
	}
	return t
}

func (v *view) parameterTable(list []coverage.Parameter) *table {
	return v.fillParameters(v.table("t-parameters", v.l.t("method.parameters.cap")).narrow(), list)
}

// fillParameters gives the table a row for each setting.
func (v *view) fillParameters(t *table, list []coverage.Parameter) *table {
	l := v.l
	t.Head = []cell{text(l.t("col.parameter")), text(l.t("col.value")), text(l.t("col.source"))}
	for i := range list {
		p := &list[i]
		t.Rows = append(t.Rows, row{Cells: []cell{header(v.parameterName(p)), text(v.value(p)), text(l.sentence(p.Source))}})
	}
	return t
}

// parameterName is what people call a setting.
func (v *view) parameterName(p *coverage.Parameter) string {
	name := p.Label[v.l.code]
	if name == "" {
		name = v.l.word("parameter", strings.ReplaceAll(p.Name, "_", "-"))
	}
	if name == p.Name && p.Label[English] != "" {
		name = p.Label[English]
	}
	return name
}

// value prints a setting in the form of the language.
func (v *view) value(p *coverage.Parameter) string {
	s := ""
	switch x := p.Value.(type) {
	case nil:
		return "–"
	case string:
		if day := v.l.day(x); day != x {
			return day
		}
		s = v.l.sentence(v.l.word("value", x))
	case bool:
		s = v.l.t("value." + strconv.FormatBool(x))
	case float64:
		s = v.l.number(x, 6)
		if p.Unit == "s" && x >= 60 && x < 1e9 {
			return s + "\u00a0s (" + v.l.exact(x) + ")"
		}
	case float32:
		s = v.l.number(float64(x), 6)
	case int:
		s = v.l.whole(int64(x))
	case int64:
		s = v.l.whole(x)
	default:
		b, err := json.Marshal(x)
		if err != nil {
			return fmt.Sprint(x)
		}
		s = string(b)
	}
	if p.Unit != "" {
		s += "\u00a0" + p.Unit
	}
	return s
}

func (v *view) unplacedTable() *table {
	l := v.l
	t := v.table("t-unplaced", l.t("unplaced.cap"), text(l.t("col.name")), text(l.t("col.reason"))).narrow()
	for _, f := range v.r.Facilities.Unplaced {
		t.Rows = append(t.Rows, row{Cells: []cell{header(cmp.Or(l.nameOf(f.Name, f.Names), f.ID)), text(l.nameOf(f.Reason, f.Reasons))}})
	}
	return t
}

func capital(s string) string {
	if s == "" {
		return s
	}
	r := []rune(s)
	return strings.ToUpper(string(r[:1])) + string(r[1:])
}

// small starts a name that stands within a sentence; one of capitals stays.
func small(s string) string {
	r := []rune(s)
	if len(r) > 1 && strings.ToUpper(string(r[1])) == string(r[1]) {
		return s
	}
	if len(r) == 0 {
		return s
	}
	return strings.ToLower(string(r[:1])) + string(r[1:])
}
