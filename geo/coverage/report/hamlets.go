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
	left := func(h *coverage.Hamlet) float64 { return h.Coverage[last].Uncovered + h.Coverage[last].Unreachable }
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
		h := &list[i]
		cells := []cell{header(h.Name), text(h.AreaName), numb(l.people(h.Population))}
		for _, c := range h.Coverage[max(0, len(h.Coverage)-sharesShown):] {
			cells = append(cells, v.shareCell(t, &c))
		}
		t.Rows = append(t.Rows, row{Cells: append(cells, numb(l.people(left(h))), numb(l.quantile(h.MedianS, h.Population)))})
	}
	if n := len(list); n > shown {
		t.note(l.t("hamlets.some", l.whole(int64(shown)), l.whole(int64(n))))
	}
	return t
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
	t := &data.Table{Name: "hamlets", Columns: columns("service:t profile:t name:t area_code:t area_name:t lon:r lat:r population:r threshold_s:r covered:r uncovered:r unreachable:r share:s median_s:r p90_s:r")}
	t.Columns[5].Digits, t.Columns[6].Digits = 6, 6
	for _, r := range x.st.Sections {
		for i := range r.Hamlets {
			h := &r.Hamlets[i]
			for _, c := range h.Coverage {
				t.Rows = append(t.Rows, []any{
					r.Service, r.Profile, h.Name, h.AreaCode, h.AreaName, h.Lon, h.Lat, h.Population, c.ThresholdS, c.Covered, c.Uncovered, c.Unreachable,
					orNil(c.Share), orNil(h.MedianS), orNil(h.P90S),
				})
			}
		}
	}
	return t
}
