package breaks_test

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"contado/geo/breaks"
	"contado/geo/fault"
)

// squares is what Jenks makes least.
func squares(values, edges []float64) float64 {
	n := len(edges) - 1
	sum, count := make([]float64, n), make([]float64, n)
	for _, v := range values {
		c := breaks.Class(edges, v)
		sum[c], count[c] = sum[c]+v, count[c]+1
	}
	var out float64
	for _, v := range values {
		c := breaks.Class(edges, v)
		d := v - sum[c]/count[c]
		out += d * d
	}
	return out
}

// bruteForce tries every division of the different values.
func bruteForce(values []float64, classes int) float64 {
	distinct := slices.Compact(slices.Sorted(slices.Values(values)))
	best := math.Inf(1)
	var try func(edges []float64, from int)
	try = func(edges []float64, from int) {
		if len(edges) == min(classes, len(distinct)) {
			best = math.Min(best, squares(values, append(slices.Clone(edges), distinct[len(distinct)-1])))
			return
		}
		for i := from; i < len(distinct); i++ {
			try(append(slices.Clone(edges), distinct[i]), i+1)
		}
	}
	try([]float64{distinct[0]}, 1)
	return best
}

func TestJenksIsTheBest(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.Map(rapid.IntRange(-30, 30), func(i int) float64 { return float64(i) / 4 }), 2, 14).Draw(t, "values")
		classes := rapid.IntRange(2, 5).Draw(t, "classes")
		edges, err := breaks.Numbers(values, breaks.Jenks, classes)
		if err != nil {
			t.Fatal(err)
		}
		if slices.Min(values) == slices.Max(values) {
			return
		}
		if got, want := squares(values, edges), bruteForce(values, classes); got > want+1e-9 {
			t.Fatalf("%v: %g, the best is %g", edges, got, want)
		}
	})
}

func TestLaws(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.Float64Range(-1e6, 1e6), 1, 300).Draw(t, "values")
		m := rapid.SampledFrom(breaks.Methods).Draw(t, "method")
		classes := rapid.IntRange(2, breaks.MaxClasses).Draw(t, "classes")
		before := slices.Clone(values)
		edges, err := breaks.Numbers(append(values, math.NaN(), math.Inf(1)), m, classes)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(values, before) {
			t.Fatal("the values were changed")
		}
		if len(edges) < 2 || len(edges) > classes+1 || edges[0] != slices.Min(values) || edges[len(edges)-1] != slices.Max(values) || !slices.IsSorted(edges) {
			t.Fatalf("edges %v", edges)
		}
		counts := make([]int, len(edges)-1)
		for _, v := range values {
			counts[breaks.Class(edges, v)]++ // −1 would panic
		}
		distinct := len(slices.Compact(slices.Sorted(slices.Values(values))))
		if m == breaks.Quantiles && distinct == len(values) && len(values) >= classes {
			for _, n := range counts {
				if d := float64(n) - float64(len(values))/float64(classes); math.Abs(d) > 1.000001 {
					t.Fatalf("%v of %d numbers in %d classes", counts, len(values), classes)
				}
			}
		}
		if m == breaks.Jenks && slices.Contains(counts, 0) && len(edges) > 2 {
			t.Fatalf("a class of Jenks is empty: %v, %v", counts, edges)
		}
	})
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		values []float64
		m      breaks.Method
		n      int
		kind   fault.Kind
	}{
		"one class":  {[]float64{1, 2}, breaks.Jenks, 1, fault.Invalid},
		"thirteen":   {[]float64{1, 2}, breaks.Equal, 13, fault.Invalid},
		"method":     {[]float64{1, 2}, "best", 3, fault.Invalid},
		"no numbers": {[]float64{math.NaN()}, breaks.Equal, 3, fault.NotExist},
	} {
		if _, err := breaks.Numbers(c.values, c.m, c.n); !fault.Is(err, c.kind) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got, err := breaks.Numbers([]float64{5, 5}, breaks.Jenks, 4); err != nil || !slices.Equal(got, []float64{5, 5}) || breaks.Class(got, 5) != 0 {
		t.Errorf("equal numbers: %v, %v, class %d", got, err, breaks.Class(got, 5))
	}
}

// A million numbers in seven classes, as for a layer of parcels.
func BenchmarkJenks(b *testing.B) {
	values := make([]float64, 1_000_000)
	for i := range values {
		values[i] = math.Exp(math.Sin(float64(i)) * 3)
	}
	for b.Loop() {
		if _, err := breaks.Numbers(values, breaks.Jenks, 7); err != nil {
			b.Fatal(err)
		}
	}
}
