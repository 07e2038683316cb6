package report

import (
	"cmp"
	"fmt"
	"slices"

	"contado/geo/coverage"
	data "contado/geo/table"
)

// hamletsListed is how many hamlets a page lists: those where most people are
// left out. The files have all.
const hamletsListed = 40

// hamletTable has a hamlet a row.
func (v *view) hamletTable() *table {
	list := slices.Clone(v.r.Hamlets)
	if len(list) == 0 {
		return nil
	}
	l, last := v.l, len(v.r.ThresholdsS)-1
	left := func(h *coverage.Hamlet) float64 { // those whose number is hidden come last
		if h.Suppressed || h.Coverage[last].Suppressed {
			return -1
		}
		return h.Coverage[last].Uncovered + h.Coverage[last].Unreachable
	}
	slices.SortStableFunc(list, func(a, b coverage.Hamlet) int {
		return cmp.Or(cmp.Compare(left(&b), left(&a)), cmp.Compare(a.Name, b.Name))
	})
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
		t.Rows = append(t.Rows, row{Cells: v.hamletRow(t, &list[i], left(&list[i]))})
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
