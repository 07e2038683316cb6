package classify

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"contado/geo/fault"

	"pgregory.net/rapid"
)

// TestOtsuWorked is the six-level picture that is worked through in many
// courses: 8, 7, 2, 6, 9, 4 cells; the border lies between levels 2 and 3,
// where the variance within the classes is 0.4909.
func TestOtsuWorked(t *testing.T) {
	t.Parallel()
	h := &Histogram{Min: 0, Max: 6, Counts: []uint64{8, 7, 2, 6, 9, 4}}
	th, err := h.Otsu()
	if err != nil {
		t.Fatal(err)
	}
	between := 17. / 36 * 19 / 36 * math.Pow(74./19-11./17, 2)
	if th.Value != 3 || th.Below != 17 || th.Above != 19 || math.Abs(th.MeanBelow-0.5-11./17) > 1e-12 || math.Abs(th.MeanAbove-0.5-74./19) > 1e-12 {
		t.Errorf("%+v", th)
	}
	if within := between/th.Separability - between; math.Abs(within-0.4909) > 1e-4 {
		t.Errorf("variance within the classes: %v", within)
	}
}

// TestOtsuBruteForce compares with the definition in exact fractions.
func TestOtsuBruteForce(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		counts := rapid.SliceOfN(rapid.OneOf(rapid.Just(uint64(0)), rapid.Uint64Range(1, 9), rapid.Uint64Range(0, 1<<32)), 2, 24).Draw(t, "counts")
		h := &Histogram{Min: -3, Max: -3 + float64(len(counts)), Counts: counts}
		best, at := bruteOtsu(counts)
		th, err := h.Otsu()
		if best.Sign() == 0 {
			if !fault.Is(err, fault.Invalid) {
				t.Fatalf("%v: %v", th, err)
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		var below uint64
		for i, c := range counts {
			if float64(i)+0.5 < th.Value+3 {
				below += c
			}
		}
		if below != th.Below {
			t.Fatalf("%d values lie below %v, not %d", below, th.Value, th.Below)
		}
		got := bruteBetween(counts, int(math.Floor(th.Value+3-0.5)))
		if ratio, _ := new(big.Rat).Quo(got, best).Float64(); ratio < 1-1e-13 {
			t.Fatalf("border %v has %v of the greatest variance, which is after bin %d", th.Value, ratio, at)
		}
		if !(th.Separability > 0 && th.Separability <= 1+1e-12) {
			t.Fatalf("separability %v", th.Separability)
		}
	})
}

func bruteOtsu(counts []uint64) (*big.Rat, int) {
	best, at := new(big.Rat), -1
	for k := range counts[:len(counts)-1] {
		if v := bruteBetween(counts, k); v.Cmp(best) > 0 {
			best, at = v, k
		}
	}
	return best, at
}

// bruteBetween is w0·w1·(m1−m0)² of bins up to k and the others.
func bruteBetween(counts []uint64, k int) *big.Rat {
	var n, s [2]big.Rat
	for i, c := range counts {
		side := 0
		if i > k {
			side = 1
		}
		n[side].Add(&n[side], new(big.Rat).SetUint64(c))
		s[side].Add(&s[side], new(big.Rat).SetUint64(c*uint64(i)))
	}
	if n[0].Sign() == 0 || n[1].Sign() == 0 {
		return new(big.Rat)
	}
	d := new(big.Rat).Sub(s[1].Quo(&s[1], &n[1]), s[0].Quo(&s[0], &n[0]))
	d.Mul(d, d).Mul(d, &n[0]).Mul(d, &n[1])
	total := new(big.Rat).Add(&n[0], &n[1])
	return d.Quo(d, total.Mul(total, total))
}

func TestOtsuPartsTwoHeaps(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(5, 6))
	h, err := NewHistogram(-30, 0, 256)
	if err != nil {
		t.Fatal(err)
	}
	values, mask := make([]float32, 20000), make([]uint8, 20000)
	for i := range values { // radar backscatter in decibels: water about −20, land about −9
		mask[i] = 1
		values[i] = float32(-9 + 1.5*rng.NormFloat64())
		if i%4 == 0 {
			values[i] = float32(-20 + 1.5*rng.NormFloat64())
		}
		if i%100 == 7 {
			values[i], mask[i] = 50, 0
		}
	}
	values[0] = float32(math.NaN())
	h.Add(values, mask)
	th, err := h.Otsu()
	if err != nil || math.Abs(th.Value+14.5) > 1 || th.Separability < 0.85 || h.Outside > 3 {
		t.Errorf("%+v, %d outside, %v", th, h.Outside, err)
	}
	if th.Below+th.Above != 20000-200-1 {
		t.Errorf("%d cells are counted", th.Below+th.Above)
	}
	// The gap between two single values is halved.
	g := &Histogram{Min: 0, Max: 10, Counts: []uint64{0, 5, 0, 0, 0, 0, 0, 7, 0, 0}}
	if th, err := g.Otsu(); err != nil || th.Value != 4.5 || math.Abs(th.Separability-1) > 1e-12 {
		t.Errorf("%+v, %v", th, err)
	}
}

func TestHistogramMergeAndEdges(t *testing.T) {
	t.Parallel()
	a, _ := NewHistogram(0, 4, 4)
	b, _ := NewHistogram(0, 4, 4)
	whole, _ := NewHistogram(0, 4, 4)
	v := []float32{0, 0.99, 1, 2.5, 3.999, 4, -1, 5}
	a.Add(v[:3], nil)
	b.Add(v[3:], nil)
	whole.Add(v, nil)
	if err := a.Merge(b); err != nil {
		t.Fatal(err)
	}
	want := []uint64{3, 1, 1, 3}
	for i := range want {
		if a.Counts[i] != want[i] || whole.Counts[i] != want[i] {
			t.Errorf("%v and %v, want %v", a.Counts, whole.Counts, want)
			break
		}
	}
	if a.Outside != 2 {
		t.Errorf("%d outside", a.Outside)
	}
	c, _ := NewHistogram(0, 5, 4)
	if err := a.Merge(c); !fault.Is(err, fault.Invalid) {
		t.Errorf("merge of others: %v", err)
	}
	for _, bad := range [][3]float64{{1, 1, 10}, {2, 1, 10}, {0, 1, 1}, {0, 1, 1 << 20}, {0, math.Inf(1), 5}, {math.NaN(), 1, 5}} {
		if _, err := NewHistogram(bad[0], bad[1], int(bad[2])); !fault.Is(err, fault.Invalid) {
			t.Errorf("%v: %v", bad, err)
		}
	}
}
