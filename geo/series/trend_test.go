package series

import (
	"bytes"
	"encoding/json"
	"math"
	"math/rand/v2"
	"os/exec"
	"strconv"
	"testing"

	"contado/geo/fault"

	"pgregory.net/rapid"
)

func format(v float64) string { return strconv.FormatFloat(v, 'f', 4, 64) }

func yearly(values ...float64) []Point {
	pts := make([]Point, len(values))
	for i, v := range values {
		pts[i] = Point{Years: float64(2000 + i), Value: v}
	}
	return pts
}

// TestGilbert is the example of Gilbert 1987, section 16.4.1: the values 10,
// 15, 14, 20 have S = 4, whose one-sided probability in his table A18 is 0.167.
func TestGilbert(t *testing.T) {
	t.Parallel()
	k, err := MannKendall(yearly(10, 15, 14, 20))
	if err != nil || k.S != 4 || !k.Exact || math.Abs(k.P-1./3) > 1e-3 || k.N != 4 {
		t.Errorf("%+v, %v", k, err)
	}
}

// TestExactTable checks one-sided probabilities of the published table of
// the distribution of S (Kendall 1975, table 1; Gilbert 1987, table A18).
func TestExactTable(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		n int
		s int64
		p float64
	}{{4, 0, 0.625}, {4, 2, 0.375}, {4, 6, 0.042}, {5, 2, 0.408}, {5, 10, 0.0083}, {6, 7, 0.136}, {8, 10, 0.138}, {9, 14, 0.090}, {10, 21, 0.036}} {
		if got := exactP(c.n, c.s); math.Abs(got-math.Min(1, 2*c.p)) > 1.2e-3 {
			t.Errorf("n = %d, S = %d: two-sided %v, table %v", c.n, c.s, got, 2*c.p)
		}
	}
}

// TestExactByEnumeration counts all orders.
func TestExactByEnumeration(t *testing.T) {
	t.Parallel()
	for n := 4; n <= 7; n++ {
		counts, total := map[int64]int{}, 0
		v := make([]float64, n)
		var permute func(k int)
		used := make([]bool, n)
		permute = func(k int) {
			if k == n {
				s, _ := score(yearly(v...))
				counts[s.S]++
				total++
				return
			}
			for i := range n {
				if !used[i] {
					used[i], v[k] = true, float64(i)
					permute(k + 1)
					used[i] = false
				}
			}
		}
		permute(0)
		for s := range counts {
			far := 0
			for o, c := range counts {
				if max(o, -o) >= max(s, -s) {
					far += c
				}
			}
			if got, want := exactP(n, s), float64(far)/float64(total); math.Abs(got-want) > 1e-12 {
				t.Errorf("n = %d, S = %d: %v, counted %v", n, s, got, want)
			}
		}
	}
}

// trendOracle reads [[x], [y]] and answers with scipy's numbers.
const trendOracle = `
import json, sys
from scipy import stats
out = []
for x, y in json.load(sys.stdin):
    m, c, lo, hi = stats.theilslopes(y, x, 0.95)
    m9, _, lo9, hi9 = stats.theilslopes(y, x, 0.9)
    tau, p = stats.kendalltau(x, y, method='asymptotic')
    exact = stats.kendalltau(x, y, method='exact')[1] if len(set(y)) == len(y) else -1
    out.append([m, c, lo, hi, lo9, hi9, tau if tau == tau else 0, p if p == p else 1, exact])
json.dump(out, sys.stdout)
`

func TestAgainstSciPy(t *testing.T) {
	t.Parallel()
	const exe = "/usr/bin/python3"
	if err := exec.CommandContext(t.Context(), exe, "-c", "import scipy.stats").Run(); err != nil {
		t.Skipf("scipy is not installed: %v", err)
	}
	rng := rand.New(rand.NewPCG(7, 11))
	var input [][2][]float64
	for i := range 120 {
		n := 4 + rng.IntN(60)
		if i%3 == 0 {
			n = 4 + rng.IntN(7)
		}
		var x, y []float64
		at := 2000.
		for range n {
			at += 0.05 + rng.Float64()
			v := rng.NormFloat64() + 0.05*at*float64(i%3)
			if i%2 == 0 {
				v = math.Round(v * 2) // ties
			}
			x, y = append(x, at), append(y, v)
		}
		input = append(input, [2][]float64{x, y})
	}
	raw, err := json.Marshal(input)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), exe, "-c", trendOracle)
	cmd.Stdin = bytes.NewReader(raw)
	answer, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var want [][9]float64
	if err := json.Unmarshal(answer, &want); err != nil || len(want) != len(input) {
		t.Fatal(err, len(want))
	}
	for i, in := range input {
		compareSciPy(t, in, want[i])
	}
}

func compareSciPy(t *testing.T, in [2][]float64, want [9]float64) {
	t.Helper()
	var pts []Point
	for j := range in[0] {
		pts = append(pts, Point{Years: in[0][j], Value: in[1][j]})
	}
	s, err := TheilSen(pts, 0.95)
	s9, err9 := TheilSen(pts, 0.9)
	k, errK := MannKendall(pts)
	if err != nil || err9 != nil || errK != nil {
		t.Fatal(err, err9, errK)
	}
	// scipy's asymptotic test has no correction for continuity.
	plain := 1.
	if k.Var > 0 {
		plain = math.Erfc(math.Abs(float64(k.S)) / math.Sqrt(k.Var) / math.Sqrt2)
	}
	exact := -1.
	if !tied(pts) {
		exact = exactP(k.N, k.S)
	}
	got := [9]float64{s.PerYear, s.Intercept, s.Low, s.High, s9.Low, s9.High, k.Tau, plain, exact}
	for j, g := range got {
		if math.Abs(g-want[j]) > 1e-9*math.Max(1, math.Abs(want[j])) {
			t.Errorf("n = %d: number %d is %v, scipy %v", k.N, j, g, want[j])
		}
	}
	if k.Exact != (k.N <= 10 && exact >= 0) || k.Exact && k.P != exact {
		t.Errorf("n = %d: exact %v, P %v", k.N, k.Exact, k.P)
	}
	if z := math.Max(0, math.Abs(float64(k.S))-1) / math.Sqrt(k.Var); k.Var > 0 && math.Abs(math.Abs(k.Z)-z) > 1e-12 {
		t.Errorf("Z = %v, want ±%v", k.Z, z)
	}
}

// TestSeasonalBySums: the seasonal forms are the sums over the parts of the
// year, taken from the plain forms where a part is long enough for them.
func TestSeasonalBySums(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		years := rapid.IntRange(4, 12).Draw(t, "years")
		var all []Point
		var s int64
		var variance float64
		var slopes []float64
		for part := range 4 {
			var pts []Point
			for y := range years {
				pts = append(pts, Point{Years: 2000 + float64(y) + float64(part)/4, Part: part, Value: float64(rapid.IntRange(0, 9).Draw(t, "v"))})
			}
			k, err := MannKendall(pts)
			if err != nil {
				t.Fatal(err)
			}
			s += k.S
			variance += k.Var
			for i := range pts {
				for j := range i {
					slopes = append(slopes, (pts[i].Value-pts[j].Value)/(pts[i].Years-pts[j].Years))
				}
			}
			all = append(all, pts...)
		}
		all = rapid.Permutation(all).Draw(t, "order")
		k, err := SeasonalMannKendall(all)
		if err != nil || k.S != s || math.Abs(k.Var-variance) > 1e-9 || k.N != 4*years {
			t.Fatalf("%+v, want S %d, Var %v (%v)", k, s, variance, err)
		}
		sl, err := SeasonalTheilSen(all, 0.95)
		if err != nil {
			t.Fatal(err)
		}
		below, above := 0, 0
		for _, v := range slopes {
			if v < sl.PerYear-1e-12 {
				below++
			}
			if v > sl.PerYear+1e-12 {
				above++
			}
		}
		if 2*below > len(slopes) || 2*above > len(slopes) || sl.Low > sl.PerYear || sl.High < sl.PerYear {
			t.Fatalf("%+v is no median of %d slopes: %d below, %d above", sl, len(slopes), below, above)
		}
	})
}

// TestSeasonsDoNotHideTheTrend: 0.01 a year under a strong yearly wave with
// noise is found by the seasonal test, and a wave alone is no trend.
func TestSeasonsDoNotHideTheTrend(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(3, 4))
	wave := func(rise float64) []Composite {
		var cs []Composite
		for p := (Period{Month, 2010, 0}); p.Year < 2024; p = p.Next() {
			v := 0.5 + 0.3*math.Sin(2*math.Pi*float64(p.Part)/12) + rise*(p.Years()-2010) + 0.03*rng.NormFloat64()
			c := Composite{Period: p, Value: v, Used: 1}
			if p.Part == 11 && p.Year%3 == 0 {
				c.Value, c.Used = math.NaN(), 0 // under snow
			}
			cs = append(cs, c)
		}
		return cs
	}
	tr, err := TrendOf(wave(0.01), 0.95)
	if err != nil || !tr.Seasonal || tr.Test.P > 1e-6 || tr.Low > 0.01 || tr.High < 0.01 || math.Abs(tr.PerYear-0.01) > 0.0015 || tr.N != 14*12-5 {
		t.Errorf("%+v, %v", tr, err)
	}
	flat, err := TrendOf(wave(0), 0.95)
	if err != nil || flat.Test.P < 0.05 || flat.Low > 0 || flat.High < 0 {
		t.Errorf("a wave without trend: %+v, %v", flat, err)
	}
	plain, err := TrendOf([]Composite{
		{Period: Period{Year, 2001, 0}, Value: 1},
		{Period: Period{Year, 2002, 0}, Value: 2},
		{Period: Period{Year, 2003, 0}, Value: 4},
		{Period: Period{Year, 2005, 0}, Value: 5},
	}, 0.9)
	if err != nil || plain.Seasonal || plain.PerYear != 1 || plain.Test.S != 6 || plain.Intercept != 3-2003 {
		t.Errorf("%+v, %v", plain, err)
	}
}

func TestTrendLimits(t *testing.T) {
	t.Parallel()
	k, err := MannKendall(yearly(5, 5, 5, 5, 5))
	if err != nil || k.S != 0 || k.P != 1 || k.Tau != 0 || k.Z != 0 || k.Var != 0 {
		t.Errorf("equal values: %+v, %v", k, err)
	}
	s, err := TheilSen(yearly(5, 5, 5, 5, 5), 0.95)
	if err != nil || s.PerYear != 0 || s.Low != 0 || s.High != 0 || s.Intercept != 5 {
		t.Errorf("equal values: %+v, %v", s, err)
	}
	nan := math.NaN()
	if _, err := MannKendall(yearly(1, nan, 2, nan, 3)); !fault.Is(err, fault.Invalid) {
		t.Errorf("three values: %v", err)
	}
	if _, err := MannKendall(append(yearly(1, 2, 3, 4), Point{Years: 2001, Value: 7})); !fault.Is(err, fault.Invalid) {
		t.Errorf("two values at one time: %v", err)
	}
	if _, err := MannKendall(make([]Point, MaxPoints+1)); !fault.Is(err, fault.TooLarge) {
		t.Errorf("too many: %v", err)
	}
	if _, err := TheilSen([]Point{{2000, 0, 1}, {2000.1, 1, 1}, {2000.2, 2, 1}, {2000.3, 3, 1}}, 0.95); err != nil {
		t.Errorf("the plain form looks at parts: %v", err)
	}
	if _, err := SeasonalTheilSen([]Point{{2000, 0, 1}, {2000.1, 1, 1}, {2000.2, 2, 1}, {2000.3, 3, 1}}, 0.95); !fault.Is(err, fault.Invalid) {
		t.Errorf("nothing to compare: %v", err)
	}
	if _, err := SeasonalMannKendall([]Point{{2000, 0, 1}, {2001, 0, 1}, {2002, 0, 1}, {2003, 53, 1}}); !fault.Is(err, fault.Invalid) {
		t.Errorf("part 53: %v", err)
	}
	for _, c := range []float64{0, 1, 95, nan} {
		if _, err := TheilSen(yearly(1, 2, 3, 4), c); !fault.Is(err, fault.Invalid) {
			t.Errorf("confidence %v: %v", c, err)
		}
	}
}

func BenchmarkTrendOfTenYearsOfMonths(b *testing.B) {
	rng := rand.New(rand.NewPCG(3, 4))
	var cs []Composite
	for p := (Period{Month, 2010, 0}); p.Year < 2020; p = p.Next() {
		cs = append(cs, Composite{Period: p, Value: rng.Float64(), Used: 1})
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := TrendOf(cs, 0.95); err != nil {
			b.Fatal(err)
		}
	}
}
