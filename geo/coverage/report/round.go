package report

import (
	"math"
	"slices"

	"contado/geo/coverage"
)

// People are computed as fractions and printed as whole persons. Rounding each
// number by itself would print tables that do not add up; here all numbers of
// the report are rounded together, each to the integer below or above, so
// that rows and columns add up to the printed totals (controlled rounding:
// Cox 1987, "A constructive procedure for unbiased controlled rounding").
//
// The table is a circulation: whole → areas → classes of travel time → age
// bands → whole. Integral bounds give an integral circulation, found by
// pushing fractions around cycles until none is left.

// line is one printed population.
type line struct {
	population  int64
	covered     []int64 // by threshold
	uncovered   []int64
	unreachable int64
}

// printed holds the whole numbers of a report.
type printed struct {
	total     line
	areas     []line
	bands     []line
	areaBands [][]line
}

// unit is one person in the fixed point of the rounding.
const unit = 1 << 20

// classes splits a population into people within the first threshold, between
// each and the next, beyond the last, and unreachable, in 1/unit person.
func classes(f *coverage.Figures) []int64 {
	fixed := func(v float64) int64 { return int64(math.RoundToEven(v * unit)) }
	out := make([]int64, 0, len(f.Coverage)+2)
	var before int64
	for _, r := range f.Coverage {
		c := fixed(r.Covered)
		out = append(out, c-before)
		before = c
	}
	last := f.Coverage[len(f.Coverage)-1]
	return append(out, fixed(last.Uncovered), fixed(last.Unreachable))
}

func lineOf(classes []int64) line {
	k := len(classes) - 2
	l := line{covered: make([]int64, k), uncovered: make([]int64, k), unreachable: classes[k+1]}
	for j, c := range classes {
		l.population += c
		for i := j; i < k; i++ {
			l.covered[i] += c
		}
	}
	for i := range k {
		l.uncovered[i] = l.population - l.covered[i] - l.unreachable
	}
	return l
}

func round(r *coverage.Report) *printed {
	whole := wholeOf(r)
	if anyHidden(r) {
		return roundApart(r, &whole)
	}
	total := classes(&whole)
	areas := make([][]int64, len(r.Areas))
	for i := range r.Areas {
		areas[i] = classes(&r.Areas[i].Figures)
	}
	bands := make([][]int64, len(r.AgeBands))
	for b := range r.AgeBands {
		bands[b] = classes(&r.AgeBands[b].Figures)
	}
	// Parts that do not sum to the whole are rounded by themselves.
	rows, alone := areas, !reconcile(areas, total)
	if alone {
		rows = [][]int64{total}
	}
	if reconcile(bands, total) {
		roundTogether(rows, bands)
	} else {
		roundTogether(rows, nil)
		for _, b := range bands {
			roundTogether([][]int64{b}, nil)
		}
	}
	if alone {
		for _, a := range areas {
			roundTogether([][]int64{a}, nil)
		}
	}
	p := &printed{total: lineOf(addUp(rows, len(total)))}
	for i, a := range areas {
		p.areas = append(p.areas, lineOf(a))
		p.areaBands = append(p.areaBands, roundBands(&r.Areas[i], a))
	}
	for _, b := range bands {
		p.bands = append(p.bands, lineOf(b))
	}
	return p
}

// anyHidden reports whether some number is suppressed: then the visible ones
// cannot add up to the printed totals, and must not.
func anyHidden(r *coverage.Report) bool {
	some := func(f *coverage.Figures) bool {
		return hidden(f) || slices.ContainsFunc(f.Coverage, func(r coverage.Row) bool { return r.Merged })
	}
	if whole := wholeOf(r); some(&whole) {
		return true
	}
	bands := func(list []coverage.BandResult) bool {
		return slices.ContainsFunc(list, func(b coverage.BandResult) bool { return some(&b.Figures) })
	}
	return bands(r.AgeBands) || slices.ContainsFunc(r.Areas, func(a coverage.AreaResult) bool {
		return some(&a.Figures) || bands(a.AgeBands)
	})
}

// roundApart rounds each population by itself; its row still adds up.
func roundApart(r *coverage.Report, whole *coverage.Figures) *printed {
	one := func(f *coverage.Figures) line {
		if hidden(f) {
			return roundPlainly(f)
		}
		c := classes(f)
		roundTogether([][]int64{c}, nil)
		return lineOf(c)
	}
	bands := func(list []coverage.BandResult) []line {
		var out []line
		for i := range list {
			out = append(out, one(&list[i].Figures))
		}
		return out
	}
	p := &printed{total: one(whole), bands: bands(r.AgeBands)}
	for i := range r.Areas {
		p.areas = append(p.areas, one(&r.Areas[i].Figures))
		p.areaBands = append(p.areaBands, bands(r.Areas[i].AgeBands))
	}
	return p
}

func roundPlainly(f *coverage.Figures) line {
	l := line{population: int64(math.Round(f.Population))}
	for _, r := range f.Coverage {
		if !r.Suppressed { // of all thresholds the same
			l.unreachable = int64(math.Round(r.Unreachable))
		}
	}
	if f.Suppressed { // the population is not known
		for _, r := range f.Coverage {
			l.covered, l.uncovered = append(l.covered, int64(math.Round(r.Covered))), append(l.uncovered, int64(math.Round(r.Uncovered)))
		}
		return l
	}
	for _, r := range f.Coverage {
		covered := min(int64(math.Round(r.Covered)), l.population-l.unreachable)
		l.covered = append(l.covered, covered)
		l.uncovered = append(l.uncovered, l.population-l.unreachable-covered)
	}
	return l
}

func wholeOf(r *coverage.Report) coverage.Figures {
	return coverage.Figures{Population: r.PopulationTotal, Coverage: r.Coverage, MedianS: r.MedianS, P90S: r.P90S}
}

func addUp(rows [][]int64, n int) []int64 {
	s := make([]int64, n)
	for _, row := range rows {
		for j, v := range row {
			s[j] += v
		}
	}
	return s
}

// reconcile reports whether the rows sum to the total but for what the fixed
// point cuts off, and gives that rest to the largest entry of each column.
func reconcile(rows [][]int64, total []int64) bool {
	if len(rows) == 0 {
		return false
	}
	for j, s := range addUp(rows, len(total)) {
		rest := total[j] - s
		if slack := int64(len(rows)) + 2 + total[j]/1e9; rest > slack || rest < -slack {
			return false
		}
		largest := 0
		for i := range rows {
			if rows[i][j] > rows[largest][j] {
				largest = i
			}
		}
		if rows[largest][j]+rest < 0 {
			return false
		}
		rows[largest][j] += rest
	}
	return true
}

// roundBands shares the printed classes of an area out to its age bands.
func roundBands(a *coverage.AreaResult, area []int64) []line {
	if len(a.AgeBands) == 0 {
		return nil
	}
	bands := make([][]int64, len(a.AgeBands))
	for b := range bands {
		bands[b] = classes(&a.AgeBands[b].Figures)
	}
	if reconcile(bands, classes(&a.Figures)) {
		column := make([]int64, len(bands))
		for j := range area {
			for b := range bands {
				column[b] = bands[b][j]
			}
			for b, v := range distribute(area[j], column) {
				bands[b][j] = v
			}
		}
	} else {
		for _, b := range bands {
			roundTogether([][]int64{b}, nil)
		}
	}
	out := make([]line, len(bands))
	for b := range bands {
		out[b] = lineOf(bands[b])
	}
	return out
}

// distribute rounds parts (in 1/unit) to integers that sum to total, by the
// largest remainder; of equal remainders the first is taken. Where the whole
// parts alone are more than the total, which the fixed point can bring about,
// those with the smallest remainder give one back.
func distribute(total int64, parts []int64) []int64 {
	out := make([]int64, len(parts))
	left := total
	for i, p := range parts {
		out[i] = p / unit
		left -= out[i]
	}
	taken := make([]bool, len(parts))
	for ; left > 0; left-- {
		best := -1
		for i, p := range parts {
			if !taken[i] && (best < 0 || p%unit > parts[best]%unit) {
				best = i
			}
		}
		if best < 0 {
			clear(taken)
			left++
			if len(parts) == 0 {
				break
			}
			continue
		}
		taken[best] = true
		out[best]++
	}
	for ; left < 0; left++ {
		best := -1
		for i, p := range parts {
			if out[i] > 0 && (best < 0 || p%unit < parts[best]%unit) {
				best = i
			}
		}
		if best < 0 {
			break // the total is negative: nothing to share out
		}
		out[best]--
	}
	return out
}
