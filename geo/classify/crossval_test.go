package classify

import (
	"context"
	"math"
	"reflect"
	"strings"
	"testing"

	"contado/geo/fault"

	"pgregory.net/rapid"
)

func TestCrossValidate(t *testing.T) {
	t.Parallel()
	s := scene(4, 4, 5, 200)
	for _, method := range []Method{MaximumLikelihood, NearestNeighbours} {
		r, err := CrossValidate(t.Context(), s, &Options{Method: method}, nil)
		if err != nil {
			t.Fatal(err)
		}
		tested := 0
		for _, f := range r.Folds {
			tested += f.Tested
			if f.Tested+f.Trained+f.LeftOut != s.Len() || f.LeftOut != 0 || f.Areas != 8 || f.Unlearnt != nil {
				t.Errorf("%s: %+v", method, f)
			}
		}
		a := r.Accuracy
		if tested != s.Len() || a.Samples != int64(s.Len()) || len(r.Folds) != 5 || r.Areas != 40 {
			t.Errorf("%s: %d samples tested in %d folds of %d areas", method, tested, len(r.Folds), r.Areas)
		}
		if a.Overall < 0.9 || a.Low > a.Overall || a.High < a.Overall || a.Kappa < 0.85 || r.Effective > float64(s.Len()) {
			t.Errorf("%s: %+v", method, a)
		}
		again, err := CrossValidate(t.Context(), s, &Options{Method: method}, nil)
		if err != nil || !reflect.DeepEqual(r, again) {
			t.Errorf("%s: the second time is another: %v", method, err)
		}
	}
}

// TestAreasAreNotLearntByHeart: each area has values of its own that say
// nothing of its class. Samples dealt singly would be known from their
// neighbours; dealt by areas they cannot be.
func TestAreasAreNotLearntByHeart(t *testing.T) {
	t.Parallel()
	rng := newRand(12)
	s, single := &Samples{Bands: 3}, &Samples{Bands: 3}
	for area := range 60 {
		own := []float64{rng.Float64() * 1000, rng.Float64() * 1000, rng.Float64() * 1000}
		for i := range 20 {
			v := make([]float32, 3)
			for j := range v {
				v[j] = float32(own[j] + rng.NormFloat64())
			}
			s.Add(uint8(1+area%2), area, 0, 0, v)
			single.Add(uint8(1+area%2), area*100+i, 0, 0, v)
		}
	}
	o := &Options{Method: NearestNeighbours}
	byArea, err := CrossValidate(t.Context(), s, o, nil)
	if err != nil {
		t.Fatal(err)
	}
	naive, err := CrossValidate(t.Context(), single, o, nil)
	if err != nil {
		t.Fatal(err)
	}
	if naive.Accuracy.Overall < 0.99 || byArea.Accuracy.Overall > 0.75 {
		t.Errorf("by areas %v, singly %v", byArea.Accuracy.Overall, naive.Accuracy.Overall)
	}
	// Areas are all right or all wrong: 60 of them are worth about 60 samples.
	if byArea.Effective > 90 || byArea.Effective < 30 || byArea.Accuracy.Low > 0.5 && byArea.Accuracy.Overall < 0.55 {
		t.Errorf("%v independent samples, interval %v to %v", byArea.Effective, byArea.Accuracy.Low, byArea.Accuracy.High)
	}
}

// TestFoldLaws: no area is parted, and each class is tested and trained.
func TestFoldLaws(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := &Samples{Bands: 1}
		classes := rapid.IntRange(2, 4).Draw(t, "classes")
		group := 0
		for c := range classes {
			for range rapid.IntRange(2, 9).Draw(t, "areas") {
				group += rapid.IntRange(1, 50).Draw(t, "step")
				for range rapid.IntRange(1, 30).Draw(t, "samples") {
					s.Add(uint8(c+1), group, 0, 0, []float32{0})
				}
			}
		}
		folds := rapid.IntRange(2, 8).Draw(t, "folds")
		of, _, err := deal(s, folds)
		if err != nil {
			t.Fatal(err)
		}
		area := map[int]int{}
		held := map[uint8]map[int]bool{}
		for i, g := range s.Groups {
			if f, ok := area[g]; ok && f != of[i] {
				t.Fatalf("area %d lies in folds %d and %d", g, f, of[i])
			}
			area[g] = of[i]
			if held[s.Labels[i]] == nil {
				held[s.Labels[i]] = map[int]bool{}
			}
			held[s.Labels[i]][of[i]] = true
			if of[i] < 0 || of[i] >= folds {
				t.Fatalf("fold %d of %d", of[i], folds)
			}
		}
		for c, in := range held {
			if len(in) < 2 {
				t.Fatalf("class %d is in one fold alone", c)
			}
		}
	})
}

// TestBuffer: no training sample within the buffer of a test sample stays,
// none farther than 1.65 times goes.
func TestBuffer(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		rng := newRand(rapid.Uint64().Draw(t, "seed"))
		s := &Samples{Bands: 1}
		n := rapid.IntRange(2, 120).Draw(t, "n")
		for i := range n {
			s.Add(1, i, 500000+rng.Float64()*1000, rng.Float64()*1000-500, []float32{0})
		}
		var train, test []int
		for i := range n {
			if rng.IntN(3) == 0 {
				test = append(test, i)
			} else {
				train = append(train, i)
			}
		}
		buffer := rapid.Float64Range(1, 300).Draw(t, "buffer")
		kept := map[int]bool{}
		for _, i := range apart(s, append([]int(nil), train...), test, buffer) {
			kept[i] = true
		}
		for _, i := range train {
			nearest := math.Inf(1)
			for _, j := range test {
				nearest = math.Min(nearest, math.Hypot(s.X[i]-s.X[j], s.Y[i]-s.Y[j]))
			}
			if nearest <= buffer && kept[i] || nearest > 1.65*buffer && !kept[i] {
				t.Fatalf("a sample at %v of a buffer of %v: kept %v", nearest, buffer, kept[i])
			}
		}
	})
}

func TestBufferedValidation(t *testing.T) {
	t.Parallel()
	// Areas 1 km apart in a row: a buffer of 1.2 km drops the neighbours.
	s := scene(4, 3, 4, 200)
	r, err := CrossValidate(t.Context(), s, nil, &Validation{Folds: 5, Buffer: 1200, Confidence: 0.9})
	if err != nil {
		t.Fatal(err)
	}
	left := 0
	for _, f := range r.Folds {
		left += f.LeftOut
		if f.Tested+f.Trained+f.LeftOut > s.Len() {
			t.Errorf("%+v", f)
		}
	}
	if left == 0 || r.Accuracy.Overall < 0.9 || r.Accuracy.Confidence != 0.9 {
		t.Errorf("%d left out, %+v", left, r.Accuracy)
	}
}

func TestValidationRefuses(t *testing.T) {
	t.Parallel()
	s := scene(4, 3, 4, 60)
	for name, c := range map[string]struct {
		change func(*Samples)
		v      Validation
		want   string
	}{
		"one fold":     {func(*Samples) {}, Validation{Folds: 1}, "2 to 50 folds"},
		"NaN buffer":   {func(*Samples) {}, Validation{Buffer: math.NaN()}, "buffer"},
		"no positions": {func(s *Samples) { s.X, s.Y = nil, nil }, Validation{Buffer: 5}, "position"},
		"one area":     {func(s *Samples) { s.Labels[0] = 99 }, Validation{}, "class 99 has 1 training area"},
		"confidence":   {func(*Samples) {}, Validation{Confidence: 2}, "confidence"},
		"all near":     {func(*Samples) {}, Validation{Buffer: 1e9}, "fold 1"},
	} {
		bad := s.subset(seq(s.Len()))
		bad.X, bad.Y = append([]float64(nil), s.X...), append([]float64(nil), s.Y...)
		c.change(bad)
		if _, err := CrossValidate(t.Context(), bad, nil, &c.v); !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := CrossValidate(ctx, s, nil, nil); !fault.Is(err, fault.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func seq(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

func TestBlocks(t *testing.T) {
	t.Parallel()
	got, err := Blocks([]float64{0, 99, 100, -1, 50}, []float64{0, 99, 0, 0, 150}, 100)
	if err != nil || !reflect.DeepEqual(got, []int{1, 1, 2, 3, 4}) {
		t.Errorf("%v, %v", got, err)
	}
	if _, err := Blocks([]float64{0}, []float64{0}, 0); !fault.Is(err, fault.Invalid) {
		t.Error(err)
	}
}
