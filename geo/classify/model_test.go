package classify

import (
	"bytes"
	"encoding/json"
	"math"
	"math/rand/v2"
	"os/exec"
	"slices"
	"sync"
	"testing"

	"contado/geo/fault"

	"pgregory.net/rapid"
)

func newRand(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 77)) }

// scene draws samples of classes with their own mean and correlated bands, in
// areas of 20 samples that lie 1 km apart.
func scene(seed uint64, classes, bands, perClass int) *Samples {
	rng := newRand(seed)
	s := &Samples{Bands: bands}
	values := make([]float32, bands)
	for c := range classes {
		for i := range perClass {
			common := rng.NormFloat64()
			for j := range values {
				values[j] = float32(1000 + 300*math.Sin(float64(c*7+j*3)) + 60*common + float64(20+10*c)*rng.NormFloat64())
			}
			area := c*1000 + i/20
			s.Add(uint8(10*c+5), area, float64(area)*1000+rng.Float64()*100, rng.Float64()*100, values)
		}
	}
	return s
}

// columns turns samples into band rows.
func columns(s *Samples) [][]float32 {
	bands := make([][]float32, s.Bands)
	for i := range s.Len() {
		for j, v := range s.row(i) {
			bands[j] = append(bands[j], v)
		}
	}
	return bands
}

// gaussOracle is scipy's density with the covariances that the package
// describes, in the bands' own units.
const gaussOracle = `
import json, sys
import numpy as np
from scipy.stats import multivariate_normal
d = json.load(sys.stdin)
x, y, q = np.array(d['x']), np.array(d['y']), np.array(d['q'])
n, k = x.shape
classes = sorted(set(y))
sd = x.std(axis=0)
pooled = sum((len(x[y == c]) - 1) * np.cov(x[y == c].T) for c in classes) / (n - len(classes))
logs = []
for c in classes:
    xc = x[y == c]
    g = k / (len(xc) + k)
    cov = (1 - g) * np.cov(xc.T) + g * pooled + np.diag(1e-6 * sd ** 2)
    logs.append(multivariate_normal(xc.mean(axis=0), cov).logpdf(q))
logs = np.array(logs)
p = np.exp(logs - logs.max(axis=0))
p /= p.sum(axis=0)
json.dump(dict(c=[int(classes[i]) for i in p.argmax(axis=0)], p=p.max(axis=0).tolist()), sys.stdout)
`

func TestMaximumLikelihoodAgainstSciPy(t *testing.T) {
	t.Parallel()
	const exe = "/usr/bin/python3"
	if err := exec.CommandContext(t.Context(), exe, "-c", "import scipy.stats").Run(); err != nil {
		t.Skipf("scipy is not installed: %v", err)
	}
	for _, perClass := range []int{6, 200} {
		s, q := scene(1, 5, 6, perClass), scene(2, 5, 6, 300)
		m, err := Train(s, nil)
		if err != nil {
			t.Fatal(err)
		}
		rows := func(s *Samples) (out [][]float32) {
			for i := range s.Len() {
				out = append(out, s.row(i))
			}
			return out
		}
		labels := make([]int, s.Len())
		for i, l := range s.Labels {
			labels[i] = int(l)
		}
		raw, err := json.Marshal(map[string]any{"x": rows(s), "y": labels, "q": rows(q)})
		if err != nil {
			t.Fatal(err)
		}
		cmd := exec.CommandContext(t.Context(), exe, "-c", gaussOracle)
		cmd.Stdin = bytes.NewReader(raw)
		answer, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		var want struct {
			C []uint8
			P []float64
		}
		var loose struct {
			C []int     `json:"c"`
			P []float64 `json:"p"`
		}
		if err := json.Unmarshal(answer, &loose); err != nil {
			t.Fatal(err)
		}
		want.P = loose.P
		for _, c := range loose.C {
			want.C = append(want.C, uint8(c))
		}
		got, conf, plain := make([]uint8, q.Len()), make([]float32, q.Len()), make([]uint8, q.Len())
		m.Predict(got, conf, nil, columns(q))
		m.Predict(plain, nil, nil, columns(q))
		for i := range got {
			if got[i] != want.C[i] || plain[i] != got[i] || math.Abs(float64(conf[i])-want.P[i]) > 1e-5 {
				t.Fatalf("%d a class, cell %d: class %d (%d without confidence) at %v, scipy %d at %v", perClass, i, got[i], plain[i], conf[i], want.C[i], want.P[i])
			}
		}
	}
}

// TestNearestBruteForce compares with all distances, on values with many ties.
func TestNearestBruteForce(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		rng := newRand(rapid.Uint64().Draw(t, "seed"))
		s := &Samples{Bands: rapid.IntRange(1, 4).Draw(t, "bands")}
		n, levels := rapid.IntRange(3, 150).Draw(t, "n"), rapid.IntRange(1, 40).Draw(t, "levels")
		values := make([]float32, s.Bands)
		draw := func() {
			for j := range values {
				values[j] = float32(rng.IntN(levels))
			}
		}
		for i := range n {
			draw()
			s.Add(uint8(1+(i+rng.IntN(2))%3), i, 0, 0, values)
		}
		s.Labels[0], s.Labels[1] = 1, 2
		k := rapid.IntRange(1, 9).Draw(t, "k")
		m, err := Train(s, &Options{Method: NearestNeighbours, Neighbours: k})
		if err != nil {
			t.Fatal(err)
		}
		q := &Samples{Bands: s.Bands}
		for range 60 {
			draw()
			q.Add(1, 0, 0, 0, values)
		}
		dst, conf := make([]uint8, q.Len()), make([]float32, q.Len())
		m.Predict(dst, conf, nil, columns(q))
		tree := m.classifier.(*nearest)
		for i := range q.Len() {
			want, share := bruteNearest(tree, s, m.Classes(), q.row(i))
			if dst[i] != want || conf[i] != share {
				t.Fatalf("cell %v: class %d with %v, by all distances %d with %v", q.row(i), dst[i], conf[i], want, share)
			}
		}
	})
}

func bruteNearest(t *nearest, s *Samples, classes []uint8, x []float32) (uint8, float32) {
	type candidate struct {
		d float64
		i int
	}
	var all []candidate
	for i := range s.Len() {
		var e [4]float32
		for j, v := range s.row(i) {
			e[j] = t.scale(v, j) - t.scale(x[j], j)
			e[j] *= e[j]
		}
		d := e[0] + e[1] + e[2]
		if s.Bands == 4 { // the order of the sum decides on ties
			d = e[0] + e[1] + (e[2] + e[3])
		}
		all = append(all, candidate{float64(d), i})
	}
	slices.SortStableFunc(all, func(a, b candidate) int {
		switch {
		case a.d < b.d:
			return -1
		case a.d > b.d:
			return 1
		}
		return 0
	})
	votes, sums := map[uint8]int{}, map[uint8]float64{}
	for _, c := range all[:t.k] {
		votes[s.Labels[c.i]]++
		sums[s.Labels[c.i]] += c.d
	}
	best := classes[0]
	for _, c := range classes[1:] {
		if votes[c] > votes[best] || (votes[c] == votes[best] && sums[c] < sums[best]) {
			best = c
		}
	}
	return best, float32(votes[best]) / float32(t.k)
}

// TestPredictionIsOfTheCellAlone: any order and any cut of the cells, several
// at once, give the same classes; cells left out are class 0.
func TestPredictionIsOfTheCellAlone(t *testing.T) {
	t.Parallel()
	s, q := scene(1, 4, 5, 200), scene(8, 4, 5, 500)
	for _, method := range []Method{MaximumLikelihood, NearestNeighbours} {
		m, err := Train(s, &Options{Method: method})
		if err != nil {
			t.Fatal(err)
		}
		n := q.Len()
		bands := columns(q)
		want := make([]uint8, n)
		m.Predict(want, nil, nil, bands)
		var wg sync.WaitGroup
		for seed := range uint64(4) {
			wg.Go(func() {
				perm := newRand(seed).Perm(n)
				mixed := make([][]float32, s.Bands)
				for j := range mixed {
					for _, i := range perm {
						mixed[j] = append(mixed[j], bands[j][i])
					}
				}
				got, mask := make([]uint8, n), slices.Repeat([]uint8{255}, n)
				mask[3] = 0
				mixed[1][5] = float32(math.NaN())
				half := func(b [][]float32, lo, hi int) (out [][]float32) {
					for _, r := range b {
						out = append(out, r[lo:hi])
					}
					return out
				}
				m.Predict(got[:n/3], nil, mask[:n/3], half(mixed, 0, n/3))
				m.Predict(got[n/3:], nil, mask[n/3:], half(mixed, n/3, n))
				for k, i := range perm {
					w := want[i]
					if k == 3 || k == 5 {
						w = 0
					}
					if got[k] != w || (mask[k] == 0) != (w == 0) {
						t.Errorf("%s: cell %d is class %d with mask %d, want %d", method, i, got[k], mask[k], w)
						return
					}
				}
			})
		}
		wg.Wait()
		right := 0
		for i, c := range want {
			if c == q.Labels[i] {
				right++
			}
		}
		if share := float64(right) / float64(n); share < 0.9 {
			t.Errorf("%s: %v of plain classes are right", method, share)
		}
	}
}

func TestTrainRefuses(t *testing.T) {
	t.Parallel()
	good := func() *Samples { return scene(1, 3, 2, 30) }
	for name, c := range map[string]struct {
		change func(*Samples)
		o      *Options
		kind   fault.Kind
	}{
		"one class":     {func(s *Samples) { clear(s.Labels[:0]); s.Labels = slices.Repeat([]uint8{5}, s.Len()) }, nil, fault.Invalid},
		"class 0":       {func(s *Samples) { s.Labels[4] = 0 }, nil, fault.Invalid},
		"lengths":       {func(s *Samples) { s.Values = s.Values[1:] }, nil, fault.Invalid},
		"no bands":      {func(s *Samples) { s.Bands = 0 }, nil, fault.Invalid},
		"a NaN":         {func(s *Samples) { s.Values[7] = float32(math.NaN()) }, nil, fault.Invalid},
		"one sample":    {func(s *Samples) { s.Labels[0] = 99 }, nil, fault.Invalid},
		"method":        {func(*Samples) {}, &Options{Method: "random-forest"}, fault.Invalid},
		"40 neighbours": {func(*Samples) {}, &Options{Method: NearestNeighbours, Neighbours: 40}, fault.Invalid},
		"2 samples":     {func(*Samples) {}, &Options{Method: NearestNeighbours, MaxSamples: 2}, fault.Invalid},
	} {
		s := good()
		c.change(s)
		if _, err := Train(s, c.o); !fault.Is(err, c.kind) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestHardTraining: constant bands, bands that repeat each other and values
// far from 0 train.
func TestHardTraining(t *testing.T) {
	t.Parallel()
	rng := newRand(3)
	s := &Samples{Bands: 4}
	for i := range 60 {
		v := float32(1e6 + float64(i%2)*10 + rng.NormFloat64())
		s.Add(uint8(1+i%2), i, 0, 0, []float32{v, v, 7, float32(i%2) * 1e-6})
	}
	for _, method := range []Method{MaximumLikelihood, NearestNeighbours} {
		m, err := Train(s, &Options{Method: method})
		if err != nil {
			t.Fatal(err)
		}
		dst, conf := make([]uint8, s.Len()), make([]float32, s.Len())
		m.Predict(dst, conf, nil, columns(s))
		for i, c := range dst {
			if c != s.Labels[i] || !(conf[i] > 0.5 && conf[i] <= 1) {
				t.Fatalf("%s: sample %d of class %d is mapped as %d with %v", method, i, s.Labels[i], c, conf[i])
			}
		}
	}
}

func TestThinningIsEven(t *testing.T) {
	t.Parallel()
	s := &Samples{Bands: 1}
	for i := range 1000 {
		label := uint8(1)
		if i%10 == 0 {
			label = 2
		}
		if i%100 == 1 {
			label = 3
		}
		s.Add(label, i, 0, 0, []float32{float32(i)})
	}
	m, err := Train(s, &Options{Method: NearestNeighbours, MaxSamples: 150})
	if err != nil || m.Used() != 150 {
		t.Fatalf("%d samples are used, %v", m.Used(), err)
	}
	count := [3]int{}
	for _, l := range m.classifier.(*nearest).labels {
		count[l]++
	}
	if count != [3]int{70, 70, 10} {
		t.Errorf("%v of the classes are kept", count)
	}
}

func benchmarkPredict(b *testing.B, o *Options, bands int) {
	s, q := scene(1, 8, bands, 1000), scene(2, 8, bands, 8192)
	m, err := Train(s, o)
	if err != nil {
		b.Fatal(err)
	}
	rows := columns(q)
	dst, mask := make([]uint8, q.Len()), slices.Repeat([]uint8{255}, q.Len())
	b.ReportAllocs()
	for b.Loop() {
		m.Predict(dst, nil, mask, rows)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(q.Len()), "ns/cell")
}

func BenchmarkPredict(b *testing.B) {
	b.Run("maximum-likelihood-6-bands", func(b *testing.B) { benchmarkPredict(b, nil, 6) })
	b.Run("maximum-likelihood-10-bands", func(b *testing.B) { benchmarkPredict(b, nil, 10) })
	b.Run("nearest-neighbours-4-bands", func(b *testing.B) { benchmarkPredict(b, &Options{Method: NearestNeighbours}, 4) })
	b.Run("nearest-neighbours-10-bands", func(b *testing.B) { benchmarkPredict(b, &Options{Method: NearestNeighbours}, 10) })
}
