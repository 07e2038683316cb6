package coverage

import (
	"cmp"
	"slices"
)

// ClassCoverage is the coverage of a service over all areas of one class: of
// one degree of urbanisation, of one class of inner areas.
type ClassCoverage struct {
	Scheme  string            `json:"scheme"`
	Class   string            `json:"class"`
	Label   map[string]string `json:"label,omitempty"`
	Service string            `json:"service"`
	Profile string            `json:"profile"`
	Areas   int               `json:"areas"` // of the class

	Population float64 `json:"population"`
	// Coverage has one row a threshold of the section.
	Coverage []Row `json:"coverage"`
	// Suppressed: the population of some area of the class is hidden, and so
	// is that of the class.
	Suppressed bool `json:"suppressed,omitempty"`
}

// ByClass sums the areas of each section by their classes, the schemes in the
// order of the study's classes, classes by their code. It adds what the areas'
// rows show, and hides the sum where one of them is hidden: it tells nothing
// that they do not. Call it when small counts have been hidden. Areas without
// a class are left out.
func ByClass(st *Study) []ClassCoverage {
	type key struct{ scheme, class string }
	var order []key
	areas, labels := map[key]map[string]bool{}, map[key]map[string]string{}
	schemes := map[string]int{}
	for i := range st.Classes {
		c := &st.Classes[i]
		if c.Class == "" || c.Level != "" && c.Level != st.AreaLevel {
			continue
		}
		if _, known := schemes[c.Scheme]; !known {
			schemes[c.Scheme] = len(schemes)
		}
		k := key{c.Scheme, c.Class}
		if areas[k] == nil {
			order, areas[k], labels[k] = append(order, k), map[string]bool{}, c.Label
		}
		areas[k][c.Code] = true
	}
	slices.SortFunc(order, func(a, b key) int {
		return cmp.Or(cmp.Compare(schemes[a.scheme], schemes[b.scheme]), cmp.Compare(a.class, b.class))
	})
	var out []ClassCoverage
	for _, k := range order {
		for _, r := range st.Sections {
			if c := sumOf(r, areas[k]); c.Areas > 0 {
				c.Scheme, c.Class, c.Label = k.scheme, k.class, labels[k]
				out = append(out, c)
			}
		}
	}
	return out
}

// sumOf adds areas of a section, by their codes.
func sumOf(r *Report, codes map[string]bool) ClassCoverage {
	out := ClassCoverage{Service: r.Service, Profile: r.Profile}
	for _, s := range r.ThresholdsS {
		out.Coverage = append(out.Coverage, Row{ThresholdS: s})
	}
	for i := range r.Areas {
		a := &r.Areas[i]
		if !codes[a.Code] {
			continue
		}
		out.Areas++
		out.Suppressed = out.Suppressed || a.Suppressed
		out.Population += a.Population
		for j := range out.Coverage {
			sum, row := &out.Coverage[j], &a.Coverage[j]
			sum.Suppressed = sum.Suppressed || row.Suppressed || a.Suppressed
			sum.Merged = sum.Merged || row.Merged
			sum.Covered, sum.Uncovered, sum.Unreachable = sum.Covered+row.Covered, sum.Uncovered+row.Uncovered, sum.Unreachable+row.Unreachable
		}
	}
	for j := range out.Coverage {
		row := &out.Coverage[j]
		if row.Suppressed {
			*row = Row{ThresholdS: row.ThresholdS, Suppressed: true}
			continue
		}
		if row.Merged { // some areas tell them together
			row.Uncovered, row.Unreachable = row.Uncovered+row.Unreachable, 0
		}
		if out.Population > 0 {
			share := row.Covered / out.Population
			row.Share = &share
		}
	}
	if out.Suppressed {
		out.Population = 0
	}
	return out
}
