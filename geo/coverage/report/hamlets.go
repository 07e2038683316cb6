package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"contado/geo/coverage"
	data "contado/geo/table"
)

// hamletsListed is how many hamlets a page lists: those where most people are
// left out. The files have all.
const hamletsListed = 40

// hamlets lists the hamlets where people are left out, or may be for all that
// is told; where there are none to list, words say so instead.
func (v *view) hamlets() (*table, string) {
	if len(v.r.Hamlets) == 0 {
		return nil, ""
	}
	l, limit := v.l, v.l.exact(v.limit())
	list := slices.DeleteFunc(slices.Clone(v.r.Hamlets), func(h coverage.Hamlet) bool { return v.leftIn(&h) == 0 })
	n, rest := int64(len(list)), int64(len(v.r.Hamlets)-len(list))
	if n == 0 {
		return nil, l.count("hamlets.none", rest, l.whole(rest), limit)
	}
	said := ""
	if rest > 0 {
		said = l.count("hamlets.rest", rest, l.whole(rest), limit)
	}
	if !slices.ContainsFunc(list, func(h coverage.Hamlet) bool { return v.leftIn(&h) > 0 }) {
		return nil, strings.TrimSpace(l.count("hamlets.secret", n, l.whole(n)) + " " + said + " " + l.hiddenNote(v.r.Disclosure))
	}
	slices.SortStableFunc(list, func(a, b coverage.Hamlet) int {
		return cmp.Or(cmp.Compare(v.leftIn(&b), v.leftIn(&a)), cmp.Compare(a.Name, b.Name))
	})
	t := v.hamletTable(list)
	t.note(said)
	return t, ""
}

// leftIn is how many of a hamlet are beyond the largest threshold, -1 when that
// is hidden.
func (v *view) leftIn(h *coverage.Hamlet) float64 {
	last := len(h.Coverage) - 1
	if h.Suppressed || h.Coverage[last].Suppressed {
		return -1
	}
	return h.Coverage[last].Uncovered + h.Coverage[last].Unreachable
}

// hamletTable has a hamlet a row, as many of the list as there is room for.
func (v *view) hamletTable(list []coverage.Hamlet) *table {
	l := v.l
	word := l.areaWord(v.r.AreaLevel, false)
	t := v.table("t-hamlets", l.t("hamlets.cap", l.exact(v.limit())), text(l.t("col.hamlet")), text(capital(word)), numb(l.t("col.people"))).how(l, "hamlets")
	for _, s := range v.shownThresholds() {
		t.Head = append(t.Head, numb(l.t("col.share-within", l.exact(s))))
	}
	t.Head = append(t.Head, numb(l.t("col.left-out")), numb(l.t("col.median")))
	shown := hamletsListed
	if v.gaps > 0 { // a chapter of a study
		shown = v.gaps
	}
	for i := range list[:min(len(list), shown)] {
		t.Rows = append(t.Rows, row{Cells: v.hamletRow(t, &list[i], v.leftIn(&list[i]))})
	}
	if n := len(list); n > shown {
		t.note(l.t("hamlets.some", l.whole(int64(shown)), l.whole(int64(n))))
	}
	return t
}

// hamletRow says what is told of a hamlet; left is how many are left out, < 0
// when that is hidden.
func (v *view) hamletRow(t *table, h *coverage.Hamlet, left float64) []cell {
	cells := []cell{header(h.Name), text(h.AreaName)}
	if h.Suppressed {
		return append(cells, v.secret(t, len(t.Head)-len(cells))...)
	}
	cells = append(cells, numb(v.l.people(h.Population)))
	for _, c := range h.Coverage[max(0, len(h.Coverage)-sharesShown):] {
		cells = append(cells, v.shareCell(t, &c))
	}
	if left < 0 {
		cells = append(cells, v.secret(t, 1)...)
	} else {
		cells = append(cells, numb(v.l.people(left)))
	}
	return append(cells, v.quantile(t, &h.Figures, h.MedianS))
}

// checkHamlets looks at what is drawn and printed.
func checkHamlets(r *coverage.Report) error {
	if len(r.Hamlets) > maxListed {
		return fmt.Errorf("more than %d hamlets", maxListed)
	}
	for i := range r.Hamlets {
		h := &r.Hamlets[i]
		if err := checkFigures(r.ThresholdsS, &h.Figures); err != nil {
			return fmt.Errorf("hamlet %.60q: %w", h.Name, err)
		}
		if !place(h.Lon, h.Lat) {
			return fmt.Errorf("hamlet %.60q at %v, %v", h.Name, h.Lon, h.Lat)
		}
	}
	return nil
}

// hamlets has a row a hamlet and threshold.
func (x *rowing) hamlets() *data.Table {
	t := &data.Table{Name: "hamlets", Columns: columns("service:t profile:t name:t area_code:t area_name:t lon:r lat:r population:r threshold_s:r covered:r uncovered:r unreachable:r share:s median_s:r p90_s:r suppressed:f")}
	t.Columns[5].Digits, t.Columns[6].Digits = 6, 6
	for _, r := range x.st.Sections {
		for i := range r.Hamlets {
			h := &r.Hamlets[i]
			population, median, p90 := any(h.Population), orNil(h.MedianS), orNil(h.P90S)
			if h.Suppressed {
				population = nil
			}
			if hidden(&h.Figures) {
				median, p90 = nil, nil
			}
			for _, c := range h.Coverage {
				row := []any{r.Service, r.Profile, h.Name, h.AreaCode, h.AreaName, h.Lon, h.Lat, population, c.ThresholdS}
				if h.Suppressed || c.Suppressed {
					row = append(row, nil, nil, nil, nil)
				} else {
					row = append(row, c.Covered, c.Uncovered, unreachableOf(c), orNil(c.Share))
				}
				t.Rows = append(t.Rows, append(row, median, p90, h.Suppressed || c.Suppressed))
			}
		}
	}
	return t
}
