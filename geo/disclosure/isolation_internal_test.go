package disclosure

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"contado/geo/coverage"
)

// patterns are people of an area by the set of services they lack (bits).
type patterns []int

func (p patterns) sizes(n int) []float64 {
	out := make([]float64, n+1)
	for set, people := range p {
		out[ones(set)] += float64(people)
	}
	return out
}

func (p patterns) lacks(n int) []float64 {
	out := make([]float64, n)
	for set, people := range p {
		for s := range n {
			if set>>s&1 == 1 {
				out[s] += float64(people)
			}
		}
	}
	return out
}

func ones(set int) (n int) {
	for ; set > 0; set &= set - 1 {
		n++
	}
	return n
}

// studyOf is a study of n services at one time over areas of given patterns.
func studyOf(n int, areas []patterns) *coverage.Study {
	s := &coverage.Study{ID: "isolated"}
	services := make([]string, n)
	for k := range services {
		services[k] = fmt.Sprint("service-", k)
		r := &coverage.Report{ID: services[k], Service: services[k], Profile: "walking", ThresholdsS: []float64{900}}
		all := 0.0
		for a, p := range areas {
			lack, people := p.lacks(n)[k], 0.0
			for _, v := range p {
				people += float64(v)
			}
			all += lack
			r.PopulationTotal += people
			r.Areas = append(r.Areas, coverage.AreaResult{Code: fmt.Sprint(a), Figures: coverage.Figures{
				Population: people, Coverage: []coverage.Row{{ThresholdS: 900, Covered: people - lack, Uncovered: lack}},
			}})
		}
		r.Coverage = []coverage.Row{{ThresholdS: 900, Covered: r.PopulationTotal - all, Uncovered: all}}
		s.Sections = append(s.Sections, r)
	}
	i := coverage.Isolation{Profile: "walking", ThresholdS: 900, Services: services, People: make([]float64, n+1)}
	for a, p := range areas {
		sizes := p.sizes(n)
		for k, v := range sizes {
			i.People[k] += v
		}
		i.Areas = append(i.Areas, coverage.IsolationArea{Code: fmt.Sprint(a), People: sizes})
	}
	s.Isolation = []coverage.Isolation{i}
	return s
}

// everySizes are all ways that whole people of an area can lack numbers of
// services, when it is known how many lack each service.
func everySizes(n int, people float64, lack []float64) [][]float64 {
	total := 0.0
	for _, v := range lack {
		total += v
	}
	var out [][]float64
	var deal func(k int, row []float64, left, lacks float64)
	deal = func(k int, row []float64, left, lacks float64) {
		if k == 0 {
			if row[0] = left; lacks == 0 && possibleLacks(row, lack) {
				out = append(out, slices.Clone(row))
			}
			return
		}
		for v := 0.0; v <= left && v*float64(k) <= lacks; v++ {
			row[k] = v
			deal(k-1, row, left-v, lacks-v*float64(k))
		}
	}
	deal(n, make([]float64, n+1), people, total)
	return out
}

// TestPossibleLacks holds the theorem against all patterns of few people.
func TestPossibleLacks(t *testing.T) {
	t.Parallel()
	const n, people = 3, 4
	real := map[string]bool{}
	var deal func(set int, p patterns, left int)
	deal = func(set int, p patterns, left int) {
		if set == 1<<n-1 {
			p[set] = left
			real[fmt.Sprint(p.sizes(n), p.lacks(n))] = true
			return
		}
		for v := range left + 1 {
			p[set] = v
			deal(set+1, p, left-v)
		}
	}
	deal(0, make(patterns, 1<<n), people)
	found := 0
	for a := range people + 1 {
		for b := range people + 1 {
			for c := range people + 1 {
				lack := []float64{float64(a), float64(b), float64(c)}
				for _, row := range everySizes(n, people, lack) {
					found++
					if !real[fmt.Sprint(row, lack)] {
						t.Errorf("%v people lacking %v cannot be, and are said to", row, lack)
					}
				}
			}
		}
	}
	if found != len(real) {
		t.Errorf("%d tables are possible, %d are said to be", len(real), found)
	}
}

// randomPatterns are crumbs of people; a rich area has also enough of them who
// lack up to so many services.
func randomPatterns(rng *rand.Rand, n, crumbs, rich int) patterns {
	p := make(patterns, 1<<n)
	for set := range p {
		p[set] = rng.IntN(crumbs + 1)
		if ones(set) <= rich {
			share := []int{32, 32 / n, 11, 32}[ones(set)]
			if n == 2 && ones(set) == 2 {
				share = 32
			}
			p[set] += share + rng.IntN(4)
		}
	}
	return p
}

// TestIsolationAgainstEveryTable: one who knows all sections and all that is
// published of isolation, and writes down every table that agrees with it,
// cannot tell a small count any better than from the sections alone, to within
// the threshold.
func TestIsolationAgainstEveryTable(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(9, 4))
	const k = 3
	small, told, all := 0, 0, 0
	for range 40 {
		n := 2 + rng.IntN(2)
		areas := []patterns{randomPatterns(rng, n, 1, -1), randomPatterns(rng, n, 2, -1), randomPatterns(rng, n, 1, 1), randomPatterns(rng, n, 3, 2), randomPatterns(rng, n, 2, 2)}
		s := studyOf(n, areas)
		if err := protectStudy(context.Background(), s, nil, k); err != nil {
			continue // too few people in all
		}
		i := s.Isolation[0]
		for a := range i.Areas {
			all += n + 1
			told += len(i.Areas[a].People)
		}
		before := make([][][]float64, len(areas))
		for a, p := range areas {
			sizes := p.sizes(n)
			people := 0.0
			for _, v := range sizes {
				people += v
			}
			before[a] = everySizes(n, people, p.lacks(n))
		}
		after := agreeing(&i, before)
		for a, p := range areas {
			for class, v := range p.sizes(n) {
				if v == 0 || v >= k {
					continue
				}
				small++
				if got, had := rangeOf(after[a], class), rangeOf(before[a], class); got < min(had, k-1) {
					t.Fatalf("areas %v: %v people of area %d lack %d; the sections leave open %v, what is published (%+v) %v", areas, v, a, class, had, i, got)
				}
			}
		}
	}
	if small < 80 || told < all/8 {
		t.Errorf("%d small counts, %d of %d told: this proves little", small, told, all)
	}
	t.Logf("%d small counts; %d of %d told", small, told, all)
}

// agreeing are the rows of each area that belong to some table that agrees
// with the isolation published.
func agreeing(i *coverage.Isolation, rows [][][]float64) [][][]float64 {
	from := i.Most()
	kept := make([][][]float64, len(rows))
	for a := range rows {
		for _, row := range rows[a] {
			if i.Areas[a].Suppressed || slices.Equal(merged(row, from), i.Areas[a].People) {
				kept[a] = append(kept[a], row)
			}
		}
	}
	if i.Suppressed {
		return kept
	}
	// What matters of a row for the whole is its merged counts.
	short := make([][][]float64, len(rows))
	for a := range kept {
		seen := map[string]bool{}
		for _, row := range kept[a] {
			m := merged(row, from)
			if key := fmt.Sprint(m); !seen[key] {
				seen[key] = true
				short[a] = append(short[a], m)
			}
		}
	}
	out := make([][][]float64, len(rows))
	for a := range kept {
		verdict := map[string]bool{}
		for _, row := range kept[a] {
			m := merged(row, from)
			key := fmt.Sprint(m)
			if _, known := verdict[key]; !known {
				left := slices.Clone(i.People)
				for k, v := range m {
					left[k] -= v
				}
				verdict[key] = sumsTo(short, a, 0, left)
			}
			if verdict[key] {
				out[a] = append(out[a], row)
			}
		}
	}
	return out
}

// sumsTo reports whether rows of the areas from at on, without one area, can
// add up to what is left.
func sumsTo(rows [][][]float64, without, at int, left []float64) bool {
	for _, v := range left {
		if v < 0 {
			return false
		}
	}
	if at == without {
		at++
	}
	if at >= len(rows) {
		return slices.Max(left) == 0
	}
	for _, row := range rows[at] {
		rest := slices.Clone(left)
		for k := range rest {
			rest[k] -= row[k]
		}
		if sumsTo(rows, without, at+1, rest) {
			return true
		}
	}
	return false
}

func rangeOf(rows [][]float64, class int) float64 {
	low, high := math.Inf(1), math.Inf(-1)
	for _, row := range rows {
		low, high = min(low, row[class]), max(high, row[class])
	}
	return high - low
}

// TestIsolationOfCrumbs: crumbs of people who lack many services do not take
// the whole table away.
func TestIsolationOfCrumbs(t *testing.T) {
	t.Parallel()
	const n = 3
	var areas []patterns
	for a := range 12 {
		p := make(patterns, 1<<n)
		p[0], p[1], p[2], p[4] = 300+10*a, 60, 40+a, 35
		p[3], p[5], p[6] = 45, 41, 38+a
		p[7] = a % 3 // nobody, one or two lack all
		areas = append(areas, p)
	}
	s := studyOf(n, areas)
	if err := protectStudy(context.Background(), s, nil, 3); err != nil {
		t.Fatal(err)
	}
	i := s.Isolation[0]
	told := 0
	for _, a := range i.Areas {
		if !a.Suppressed {
			told++
		}
	}
	if i.Suppressed || told < 9 {
		t.Errorf("%d of 12 areas are told, the whole hidden: %v (from %d)", told, i.Suppressed, i.MergedFrom)
	}
}
