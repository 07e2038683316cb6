package disclosure

import "contado/geo/coverage"

// Untold marks, in place, what a document that was computed from the people
// shown (see Groups) does not count: hidden tells which areas, or which bands
// of an area ("" is all), are hidden wherever their people are told. Without
// the mark their figures would read as nobody.
func Untold(r *coverage.Report, rules []coverage.RuleResult, hidden func(area, band string) bool) {
	gone := func(f *coverage.Figures) {
		f.Population, f.Suppressed, f.MedianS, f.P90S = 0, true, nil, nil
		for j := range f.Coverage {
			f.Coverage[j] = coverage.Row{ThresholdS: f.Coverage[j].ThresholdS, Suppressed: true}
		}
	}
	whole := map[string]bool{}
	for a := range r.Areas {
		area := &r.Areas[a]
		if whole[area.Code] = hidden(area.Code, ""); whole[area.Code] {
			gone(&area.Figures)
		}
		for b := range area.AgeBands {
			if whole[area.Code] || hidden(area.Code, area.AgeBands[b].Band) {
				gone(&area.AgeBands[b].Figures)
			}
		}
	}
	for i := range rules {
		for a := range rules[i].Areas {
			if v := &rules[i].Areas[a]; whole[v.Code] {
				v.People, v.Value, v.Suppressed = 0, nil, true
			}
		}
	}
}

// UntoldIsolation does the same for counts of people by services they lack.
func UntoldIsolation(list []coverage.Isolation, hidden func(area, band string) bool) {
	for i := range list {
		for a := range list[i].Areas {
			if v := &list[i].Areas[a]; hidden(v.Code, "") {
				v.People, v.Suppressed = nil, true
			}
		}
	}
}
