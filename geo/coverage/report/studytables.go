package report

import (
	"slices"
	"strconv"
	"strings"

	"contado/geo/coverage"
)

// matrix has services in rows, profiles and thresholds in columns.
func (v *studyView) matrix() *table {
	l := v.l
	t := v.n.table(l, "t-matrix", l.t("matrix.cap"), text(l.t("col.service"))).how(l, "coverage")
	t.Class = "matrix"
	t.Groups = []cell{{}}
	columns := map[string][]float64{}
	for _, p := range v.profiles() {
		columns[p] = v.thresholdsOf(p)
		t.Groups = append(t.Groups, cell{Text: capital(l.profile(p)), Span: len(columns[p])})
		for _, s := range columns[p] {
			t.Head = append(t.Head, numb(l.t("col.within", l.exact(s))))
		}
	}
	banded := false
	for _, service := range v.services() {
		cells := []cell{header(service.head)}
		for _, p := range v.profiles() {
			for _, s := range columns[p] {
				c := v.matrixCell(t, v.section(service.id, p), s)
				banded = banded || c.Detail != ""
				cells = append(cells, c)
			}
		}
		t.Rows = append(t.Rows, row{Cells: cells})
	}
	if banded {
		t.note(l.t("matrix.band"))
	}
	return t
}

// matrixColumns is how many thresholds a profile has in the matrix at most:
// the largest ones.
const matrixColumns = 4

func (v *studyView) thresholdsOf(profile string) []float64 {
	var out []float64
	for _, r := range v.st.Sections {
		if r.Profile == profile {
			out = append(out, r.ThresholdsS...)
		}
	}
	slices.Sort(out)
	out = slices.Compact(out)
	most := matrixColumns
	if len(v.profiles()) > 2 {
		most = 2
	}
	return out[max(0, len(out)-most):]
}

func (v *studyView) matrixCell(t *table, s *view, threshold float64) cell {
	if s == nil {
		return numb("")
	}
	j := slices.Index(s.r.ThresholdsS, threshold)
	if j < 0 {
		return numb("")
	}
	c := &s.r.Coverage[j]
	if c.Suppressed {
		return s.secret(t, 1)[0]
	}
	out := numb(v.l.percent(c.Share))
	if c.Share != nil {
		out.Class = "n q" + strconv.Itoa(classOf(*c.Share))
	}
	if r := s.rangeAt(threshold); r != nil && r.Low != nil && r.High != nil {
		out.Detail = v.l.band(r)
	}
	return out
}

// leftOutTable says for each section how many are left out, and where most of
// them live.
func (v *studyView) leftOutTable() *table {
	l := v.l
	t := v.n.table(l, "t-leftout", l.t("leftout.cap"), text(l.t("col.service")), text(l.t("col.profile")), numb(l.t("col.threshold")), numb(l.t("col.left-out")), numb(l.t("col.share")),
		numb(l.t("col.of-which")), text(l.t("col.where-most"))).how(l, "gaps")
	for _, s := range v.views {
		j := len(s.r.Coverage) - 1
		c := s.r.Coverage[j]
		cells := []cell{header(l.serviceHead(s.r.Service, s.r.ServiceTitle)), text(l.profile(s.r.Profile)), numb("> " + l.exact(s.limit()))}
		if c.Suppressed {
			cells = append(cells, s.secret(t, 3)...)
		} else {
			n := s.p.total.uncovered[j] + s.p.total.unreachable
			cells = append(cells, numb(s.few(n, c.Uncovered+c.Unreachable)), numb(l.share(c.Uncovered+c.Unreachable, s.r.PopulationTotal)))
			if c.Merged {
				cells = append(cells, s.secret(t, 1)...)
			} else {
				cells = append(cells, numb(s.few(s.p.total.unreachable, c.Unreachable)))
			}
		}
		t.Rows = append(t.Rows, row{Cells: append(cells, text(s.whereMost(3)))})
	}
	return t
}

// whereMost names the largest gaps.
func (v *view) whereMost(n int) string {
	people, _ := gapPeople(v.r, v.p)
	var out []string
	for i := range v.r.Gaps[:min(n, len(v.r.Gaps))] {
		out = append(out, v.l.gapName(&v.r.Gaps[i])+" ("+v.few(people[i], v.r.Gaps[i].Population)+")")
	}
	if len(out) == 0 {
		return "–"
	}
	return strings.Join(out, "; ")
}

// areaTables have areas in rows and services in columns, one a profile.
func (v *studyView) areaTables() []*table {
	if len(v.st.Sections[0].Areas) < 2 {
		return nil
	}
	l := v.l
	word := l.areaWord(v.st.AreaLevel, false)
	var out []*table
	for _, p := range v.profiles() {
		var list []*view
		for _, s := range v.views {
			if s.r.Profile == p && sameAreas(s.r, v.st.Sections[0]) {
				list = append(list, s)
			}
		}
		if len(list) == 0 {
			continue
		}
		t := v.n.table(l, "t-areas-"+strconv.Itoa(len(out)+1), l.t("areas.cap", word, l.profile(p), l.exact(list[0].limit())),
			text(capital(word)), numb(l.t("col.people"))).how(l, "coverage")
		for _, s := range list {
			t.Head = append(t.Head, numb(l.serviceHead(s.r.Service, s.r.ServiceTitle)))
		}
		for _, i := range list[0].byName() {
			t.Rows = append(t.Rows, row{Cells: v.areaCells(t, list, i)})
		}
		whole := row{Total: true, Cells: []cell{header(l.t("total")), list[0].whole(list[0].p.total.population)}}
		for _, s := range list {
			whole.Cells = append(whole.Cells, s.shareCell(t, &s.r.Coverage[len(s.r.Coverage)-1]))
		}
		t.Rows = append(t.Rows, whole)
		out = append(out, t)
	}
	return out
}

func (v *studyView) areaCells(t *table, list []*view, i int) []cell {
	a := &list[0].r.Areas[i]
	cells := []cell{header(a.Name)}
	if a.Suppressed {
		cells = append(cells, list[0].secret(t, 1)...)
	} else {
		cells = append(cells, list[0].whole(list[0].p.areas[i].population))
	}
	for _, s := range list {
		rows := s.r.Areas[i].Coverage
		cells = append(cells, s.shareCell(t, &rows[len(rows)-1]))
	}
	return cells
}

// shareCell is a share with the shade of its class.
func (v *view) shareCell(t *table, c *coverage.Row) cell {
	if c.Suppressed {
		return v.secret(t, 1)[0]
	}
	out := numb(v.l.percent(c.Share))
	if c.Share != nil {
		out.Class = "n q" + strconv.Itoa(classOf(*c.Share))
	}
	return out
}

func sameAreas(a, b *coverage.Report) bool {
	return slices.EqualFunc(a.Areas, b.Areas, func(x, y coverage.AreaResult) bool { return x.Code == y.Code })
}

// ageTables have services in rows and age bands in columns, one a profile.
func (v *studyView) ageTables() []*table {
	l := v.l
	var out []*table
	for _, p := range v.profiles() {
		var t *table
		var first *view
		for _, s := range v.views {
			if s.r.Profile != p || len(s.r.AgeBands) == 0 {
				continue
			}
			if t == nil {
				first = s
				t = v.n.table(l, "t-ages-"+strconv.Itoa(len(out)+1), l.t("ages.cap", l.profile(p), l.exact(s.limit())), text(l.t("col.service"))).how(l, "coverage")
				t.Class = "bands"
				for i := range s.r.AgeBands {
					t.Head = append(t.Head, numb(bandName(&s.r.AgeBands[i])))
				}
				t.Head = append(t.Head, numb(l.t("total")))
			}
			if !slices.EqualFunc(s.r.AgeBands, first.r.AgeBands, func(x, y coverage.BandResult) bool { return x.Band == y.Band }) {
				continue
			}
			cells := []cell{header(l.serviceHead(s.r.Service, s.r.ServiceTitle))}
			for i := range s.r.AgeBands {
				rows := s.r.AgeBands[i].Coverage
				cells = append(cells, s.shareCell(t, &rows[len(rows)-1]))
			}
			t.Rows = append(t.Rows, row{Cells: append(cells, s.shareCell(t, &s.r.Coverage[len(s.r.Coverage)-1]))})
		}
		if t != nil {
			out = append(out, t)
		}
	}
	return out
}

// isolationPart is one profile and threshold.
type isolationPart struct {
	Text   string
	Hidden string // why there is no table; "" when there is one
	Figure *figure
	Table  *table
}

func (v *studyView) isolation() []isolationPart {
	var out []isolationPart
	for k := range v.st.Isolation {
		i := &v.st.Isolation[k]
		part := isolationPart{Text: v.isolationText(i)}
		if i.Suppressed { // a table of nothing but hidden numbers tells nobody anything
			part.Hidden = v.l.t("isolation.secret") + " " + v.l.hiddenNote(v.st.Disclosure)
		} else {
			part.Figure, part.Table = v.isolationChart(i, k+1), v.isolationTable(i, k+1)
		}
		out = append(out, part)
	}
	return out
}

func (v *studyView) isolationText(i *coverage.Isolation) string {
	var names []string
	for _, s := range i.Services {
		names = append(names, small(v.serviceName(s)))
	}
	return v.l.t("isolation.text", v.l.long(i.ThresholdS), v.l.profile(i.Profile), strings.Join(names, ", "))
}

func (v *studyView) isolationTable(i *coverage.Isolation, n int) *table {
	l := v.l
	word := l.areaWord(v.st.AreaLevel, false)
	t := v.n.table(l, "t-isolation-"+strconv.Itoa(n), l.t("isolation.cap", word, l.exact(i.ThresholdS), l.profile(i.Profile)), text(capital(word))).how(l, "isolation")
	for k := range i.Most() + 1 {
		t.Head = append(t.Head, numb(l.lackingOf(i, k)))
	}
	if i.MergedFrom > 0 {
		t.note(l.t("isolation.merged", l.whole(int64(i.MergedFrom))))
	}
	open := slices.ContainsFunc(i.Areas, func(a coverage.IsolationArea) bool { return !a.Suppressed })
	if len(i.Areas) > 0 && (!open || i.Suppressed) {
		v.views[0].secret(t, 1) // all areas alike: a note says it once
		t.note(l.t("isolation.hidden", l.areaWord(v.st.AreaLevel, true)))
		i = &coverage.Isolation{Profile: i.Profile, ThresholdS: i.ThresholdS, Services: i.Services, People: i.People, MergedFrom: i.MergedFrom, Suppressed: i.Suppressed}
	}
	for a := range i.Areas {
		cells := []cell{header(i.Areas[a].Name)}
		if i.Areas[a].Suppressed || i.Suppressed {
			cells = append(cells, v.views[0].secret(t, i.Most()+1)...)
		} else {
			for _, p := range i.Areas[a].People {
				cells = append(cells, numb(l.people(p)))
			}
		}
		t.Rows = append(t.Rows, row{Cells: cells})
	}
	whole := row{Total: true, Cells: []cell{header(l.t("total"))}}
	shares := row{Cells: []cell{header(l.t("col.share"))}}
	all := sum(i.People)
	if i.Suppressed {
		whole.Cells, shares.Cells = append(whole.Cells, v.views[0].secret(t, i.Most()+1)...), append(shares.Cells, v.views[0].secret(t, i.Most()+1)...)
		t.Rows = append(t.Rows, whole, shares)
		return t
	}
	for _, p := range i.People {
		whole.Cells = append(whole.Cells, numb(l.people(p)))
		shares.Cells = append(shares.Cells, numb(l.share(p, all)))
	}
	t.Rows = append(t.Rows, whole, shares)
	return t
}

// lackingOf is lacking for a class of an isolation, the last of which may be
// of so many or more.
func (l *language) lackingOf(i *coverage.Isolation, k int) string {
	if i.MergedFrom > 0 && k == i.MergedFrom {
		return l.t("isolation.more", l.whole(int64(k)))
	}
	return l.lacking(k, len(i.Services))
}

// lacking says "none", "1", …, "all 6".
func (l *language) lacking(k, of int) string {
	switch k {
	case 0:
		return l.t("isolation.none")
	case of:
		return l.t("isolation.all", l.whole(int64(of)))
	}
	return l.count("isolation.lack", int64(k), l.whole(int64(k)))
}
