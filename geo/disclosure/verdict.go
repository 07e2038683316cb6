package disclosure

import (
	"strconv"

	"contado/geo/coverage"
)

// Verdict is what a protected report hides, so that tiles and exports hide
// the same. It is read from the report alone: one kept on disk gives the
// verdict that it was published with. A nil Verdict hides nothing.
type Verdict struct {
	threshold float64
	hidden    map[verdictKey]bool
	rows      int
}

type verdictKey struct {
	area, band string // "" is all
	row        int    // −1 is the population, −2 who is unreachable
}

func momentKey(profile string, seconds float64) string {
	return profile + "\x00" + strconv.FormatFloat(seconds, 'g', -1, 64)
}

// VerdictOf is the verdict of a report; nil when it was never protected.
func VerdictOf(r *coverage.Report) *Verdict {
	if r.Disclosure == nil {
		return nil
	}
	v := &Verdict{threshold: r.Disclosure.Threshold, hidden: map[verdictKey]bool{}, rows: len(r.Coverage)}
	v.note("", "", &coverage.Figures{Coverage: r.Coverage})
	for i := range r.AgeBands {
		v.note("", r.AgeBands[i].Band, &r.AgeBands[i].Figures)
	}
	for a := range r.Areas {
		v.note(r.Areas[a].Code, "", &r.Areas[a].Figures)
		for i := range r.Areas[a].AgeBands {
			v.note(r.Areas[a].Code, r.Areas[a].AgeBands[i].Band, &r.Areas[a].AgeBands[i].Figures)
		}
	}
	return v
}

func (v *Verdict) note(area, band string, f *coverage.Figures) {
	if f.Suppressed {
		v.hidden[verdictKey{area, band, -1}] = true
	}
	for j, row := range f.Coverage {
		if row.Suppressed {
			v.hidden[verdictKey{area, band, j}] = true
		}
		if row.Merged {
			v.hidden[verdictKey{area, band, ofSplit}] = true
		}
	}
}

// Row reports whether the counts and the share of an area ("" is the whole)
// and an age band ("" is all) at the j-th threshold are hidden.
func (v *Verdict) Row(area, band string, j int) bool {
	return v != nil && v.hidden[verdictKey{area, band, j}]
}

// Population reports whether the number of people is hidden; all that is
// computed from it alone (medians, means) is hidden then too.
func (v *Verdict) Population(area, band string) bool {
	return v != nil && v.hidden[verdictKey{area, band, -1}]
}

// Any reports whether anything of the figures is hidden: medians then are.
func (v *Verdict) Any(area, band string) bool {
	if v == nil {
		return false
	}
	for j := ofSplit; j < v.rows; j++ {
		if v.hidden[verdictKey{area, band, j}] {
			return true
		}
	}
	return false
}

// Cell reports whether a single count outside of the report's tables, such as
// the people of one cell of a tile, is too small to show.
func (v *Verdict) Cell(people float64) bool {
	return v != nil && people > tiny && people < v.threshold-tiny
}
