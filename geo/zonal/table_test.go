package zonal

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// sortedBins are the bins of a table; equal tables have equal bins but for the
// rounding of their weights.
func sortedBins(t *table) []slot {
	t.flush()
	var out []slot
	for _, s := range t.slots {
		if s.key != free {
			out = append(out, s)
		}
	}
	slices.SortFunc(out, func(a, b slot) int {
		if a.key < b.key {
			return -1
		}
		return 1
	})
	return out
}

func drawValues(rng *rand.Rand, n int) []float64 {
	kind := rng.IntN(5)
	out := make([]float64, n)
	for i := range out {
		switch kind {
		case 0:
			out[i] = 273 + 30*rng.Float64()
		case 1:
			out[i] = float64(float32(rng.NormFloat64()))
		case 2:
			out[i] = float64(rng.IntN(500) - 250)
		case 3:
			out[i] = math.Exp(50 * rng.NormFloat64())
		default:
			out[i] = []float64{0, math.Copysign(0, -1), 5e-324, -1e308, 1e308, 1, -1}[rng.IntN(7)] * float64(rng.IntN(30))
		}
		if !finite(out[i]) {
			out[i] = math.MaxFloat64
		}
	}
	return out
}

// TestTableMerges: the bins depend on the values alone. However they are cut
// into tables, and in whatever order and grouping those are merged, they are
// those of one table that was given them one after the other.
func TestTableMerges(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		rng := drawRNG(t)
		limit := 16 + rng.IntN(200)
		values := drawValues(rng, 1+rng.IntN(2000))
		whole := newTable(limit)
		for _, v := range values {
			whole.add(v, 1, 2)
		}
		want := sortedBins(whole)
		rng.Shuffle(len(values), func(i, j int) { values[i], values[j] = values[j], values[i] })
		var parts []*table
		for len(values) > 0 {
			n := 1 + rng.IntN(len(values))
			p := newTable(limit)
			p.addRun(values[:n], 2)
			parts, values = append(parts, p), values[n:]
		}
		for len(parts) > 1 { // any two become one
			i := rng.IntN(len(parts))
			p := parts[i]
			parts = slices.Delete(parts, i, i+1)
			parts[rng.IntN(len(parts))].merge(p)
		}
		got := sortedBins(parts[0])
		if parts[0].shift != whole.shift || len(got) != len(want) {
			t.Fatalf("%d bins of shift %d, want %d of %d", len(got), parts[0].shift, len(want), whole.shift)
		}
		for i := range got {
			if got[i] != want[i] { // whole numbers: sums are exact
				t.Fatalf("bin %+v, want %+v", got[i], want[i])
			}
		}
	})
}

// TestQuantileError: no quantile is further from that of the values than the
// result says, and the bins are as narrow as the limit allows.
func TestQuantileError(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		rng := drawRNG(t)
		limit := 16 + rng.IntN(500)
		values := drawValues(rng, 500+rng.IntN(1000))
		sketch, exact := newTable(limit), newTable(1<<20)
		for _, v := range values {
			sketch.add(v, 1, 0)
			exact.add(v, 1, 0)
		}
		got, want := sketch.entries(), exact.entries()
		bound := sketch.errorBound()
		if (sketch.shift == 0) != (len(want) <= limit) {
			t.Fatalf("shift %d for %d values and a limit of %d", sketch.shift, len(want), limit)
		}
		for range 20 {
			q := rng.Float64()
			// A step above or below: where weights tie, quantiles are means of two.
			lo, hi := quantile(want, q-1e-9), quantile(want, math.Min(1, q+1e-9))
			g := quantile(got, q)
			tol := bound*math.Max(math.Abs(lo), math.Abs(hi)) + 1e-300
			if !(g >= lo-tol && g <= hi+tol) {
				t.Fatalf("quantile %v is %v, exactly %v…%v, bound %v", q, g, lo, hi, bound)
			}
		}
	})
	tab := newTable(DefaultMaxDistinct)
	for i := range 1 << 20 {
		tab.add(256+float64(i)/(1<<13), 1, 0) // 256…384
	}
	tab.flush()
	if e := tab.errorBound(); e > 0x1p-17 {
		t.Errorf("error %v for values within a factor of two", e)
	}
}
