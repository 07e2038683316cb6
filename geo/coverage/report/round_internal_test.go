package report

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"contado/geo/coverage"
)

// drawReport invents a report whose parts sum to the whole, in fractions.
func drawReport(t *rapid.T) *coverage.Report {
	areas, bands := rapid.IntRange(1, 12).Draw(t, "areas"), rapid.IntRange(1, 5).Draw(t, "bands")
	k := rapid.IntRange(1, 4).Draw(t, "thresholds")
	value := rapid.OneOf(rapid.Float64Range(0, 40), rapid.Just(0.0), rapid.Float64Range(0, 1), rapid.SampledFrom([]float64{0.5, 1, 2.5, 1.0 / 3}))
	r := &coverage.Report{Areas: make([]coverage.AreaResult, areas), AgeBands: make([]coverage.BandResult, bands)}
	for j := range k {
		r.ThresholdsS = append(r.ThresholdsS, float64(600*(j+1)))
	}
	blank := func() coverage.Figures { return coverage.Figures{Coverage: make([]coverage.Row, k)} }
	whole := blank()
	for b := range r.AgeBands {
		r.AgeBands[b].Figures = blank()
	}
	add := func(f *coverage.Figures, class int, v float64) {
		f.Population += v
		for j := range f.Coverage {
			row := &f.Coverage[j]
			row.ThresholdS = r.ThresholdsS[j]
			switch {
			case class == k+1:
				row.Unreachable += v
			case class <= j:
				row.Covered += v
			default:
				row.Uncovered += v
			}
		}
	}
	for i := range r.Areas {
		a := &r.Areas[i]
		a.Figures = blank()
		for b := range bands {
			a.AgeBands = append(a.AgeBands, coverage.BandResult{Figures: blank()})
			for class := range k + 2 {
				v := value.Draw(t, "people")
				for _, f := range []*coverage.Figures{&whole, &a.Figures, &a.AgeBands[b].Figures, &r.AgeBands[b].Figures} {
					add(f, class, v)
				}
			}
		}
	}
	r.PopulationTotal, r.Coverage = whole.Population, whole.Coverage
	return r
}

// holds checks one line; cumulated numbers are sums of classes, each of them
// less than one person off, hence the slack.
func holds(t *rapid.T, what string, l line, f *coverage.Figures, slack float64) {
	near := func(name string, n int64, exact float64) {
		if math.Abs(float64(n)-exact) >= slack {
			t.Fatalf("%s: %s printed %d, is %v", what, name, n, exact)
		}
	}
	near("population", l.population, f.Population)
	near("unreachable", l.unreachable, f.Coverage[0].Unreachable)
	before := int64(0)
	for j, c := range f.Coverage {
		if l.covered[j]+l.uncovered[j]+l.unreachable != l.population {
			t.Fatalf("%s: %d + %d + %d is not %d", what, l.covered[j], l.uncovered[j], l.unreachable, l.population)
		}
		if l.covered[j] < before || l.uncovered[j] < 0 || l.unreachable < 0 {
			t.Fatalf("%s: covered %v, uncovered %v", what, l.covered, l.uncovered)
		}
		before = l.covered[j]
		near("covered", l.covered[j], c.Covered)
	}
}

// Printed numbers add up in every row and column, and none is far off.
func TestPrintedNumbersAddUp(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := drawReport(t)
		p := round(r)
		k := len(r.ThresholdsS)
		slack := float64(k+2) + 1e-6
		whole := wholeOf(r)
		holds(t, "whole", p.total, &whole, slack)
		if math.Abs(float64(p.total.population)-whole.Population) > 0.5+1e-6 {
			t.Fatalf("total printed %d, is %v: must be the nearest", p.total.population, whole.Population)
		}
		sum := func(lines []line) []int64 {
			s := make([]int64, k+2)
			for _, l := range lines {
				s[0] += l.population
				s[1] += l.unreachable
				for j := range k {
					s[2+j] += l.covered[j]
				}
			}
			return s
		}
		for j := range r.Areas {
			holds(t, "area", p.areas[j], &r.Areas[j].Figures, slack)
			bands, area := sum(p.areaBands[j]), sum(p.areas[j:j+1])
			for i := range bands {
				if bands[i] != area[i] {
					t.Fatalf("bands of area %d: %v, area %v", j, bands, area)
				}
			}
		}
		for b := range r.AgeBands {
			holds(t, "band", p.bands[b], &r.AgeBands[b].Figures, slack)
		}
		total, areas, bands := sum([]line{p.total}), sum(p.areas), sum(p.bands)
		for i := range total {
			if areas[i] != total[i] || bands[i] != total[i] {
				t.Fatalf("total %v, areas %v, bands %v", total, areas, bands)
			}
		}
	})
}

// Every class of every row is rounded to the integer below or above it.
func TestRoundTogetherMovesLessThanOne(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		rows, n := rapid.IntRange(1, 9).Draw(t, "rows"), rapid.IntRange(1, 6).Draw(t, "columns")
		table, exact := make([][]int64, rows), make([][]int64, rows)
		for i := range table {
			for range n {
				v := rapid.Int64Range(0, 5*unit).Draw(t, "v")
				table[i], exact[i] = append(table[i], v), append(exact[i], v)
			}
		}
		sums := addUp(exact, n)
		roundTogether(table, nil)
		for i := range table {
			var got, want int64
			for j := range n {
				if d := table[i][j]*unit - exact[i][j]; d <= -unit || d >= unit {
					t.Fatalf("%d became %d", exact[i][j], table[i][j])
				}
				got, want = got+table[i][j], want+exact[i][j]
			}
			if d := got*unit - want; d <= -unit || d >= unit {
				t.Fatalf("row sum %d became %d", want, got)
			}
		}
		for j, s := range addUp(table, n) {
			if d := s*unit - sums[j]; d <= -unit || d >= unit {
				t.Fatalf("column sum %d became %d", sums[j], s)
			}
		}
	})
}

func TestDistribute(t *testing.T) {
	t.Parallel()
	got := distribute(10, []int64{unit*3 + unit/2, unit*3 + unit/4, unit*3 + unit/4})
	if got[0] != 4 || got[1] != 3 || got[2] != 3 {
		t.Errorf("got %v, want the largest remainder first", got)
	}
	if got := distribute(0, nil); len(got) != 0 {
		t.Errorf("nothing to distribute gave %v", got)
	}
}

// The fixed point can leave an area a hair under a whole number that its bands
// reach exactly: the bands then follow the area.
func TestDistributeTakesBack(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		total       int64
		parts, want []int64
	}{
		{7, []int64{2 * unit, 6 * unit}, []int64{1, 6}},
		{7, []int64{2*unit + 5, 6*unit + 4}, []int64{2, 5}},
		{0, []int64{unit, 0}, []int64{0, 0}},
		{3, []int64{unit / 2, 2*unit + unit/2}, []int64{1, 2}},
	} {
		if got := distribute(c.total, c.parts); !slices.Equal(got, c.want) {
			t.Errorf("%d in %v is %v, want %v", c.total, c.parts, got, c.want)
		}
	}
}
