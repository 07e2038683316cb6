package classify

import (
	"math"
	"testing"

	"contado/geo/fault"

	"pgregory.net/rapid"
)

// congalton is the error matrix of Congalton 1991, table 1 (and of Congalton,
// Green 2019, chapter 5): deciduous, conifer, agriculture, shrub.
func congalton() *Confusion {
	return &Confusion{Classes: []uint8{1, 2, 3, 4}, Counts: [][]int64{{65, 4, 22, 24}, {6, 81, 5, 8}, {0, 11, 85, 19}, {4, 7, 3, 90}}}
}

func TestCongalton(t *testing.T) {
	t.Parallel()
	a, err := congalton().Accuracy(0.95)
	if err != nil {
		t.Fatal(err)
	}
	near := func(name string, got, want, tol float64) {
		t.Helper()
		if math.Abs(got-want) > tol {
			t.Errorf("%s is %v, published %v", name, got, want)
		}
	}
	near("samples", float64(a.Samples), 434, 0)
	near("overall", a.Overall, 0.74, 0.005)
	near("kappa", a.Kappa, 0.65, 0.005)
	// Published with θ4's row and column exchanged: 0.0007778 and 23.4.
	near("variance of kappa", a.KappaError*a.KappaError, 0.0007778, 1e-5)
	near("Z of kappa", a.Kappa/a.KappaError, 23.4, 0.2)
	near("variance of kappa by differences", a.KappaError*a.KappaError, kappaVariance(congalton()), 1e-9)
	for i, want := range [][2]float64{{0.87, 0.57}, {0.79, 0.81}, {0.74, 0.74}, {0.64, 0.87}} {
		near("producer's", a.Classes[i].Producers, want[0], 0.0051)
		near("user's", a.Classes[i].Users, want[1], 0.0051)
		p, u := a.Classes[i].Producers, a.Classes[i].Users
		near("F1", a.Classes[i].F1, 2*p*u/(p+u), 1e-12)
	}
	if a.Classes[0].Mapped != 115 || a.Classes[0].True != 75 {
		t.Errorf("%+v", a.Classes[0])
	}
	// Wilson's interval for 321 of 434, by the formula with z = 1.959964.
	near("low", a.Low, 0.69642, 1e-4)
	near("high", a.High, 0.77864, 1e-4)
}

// kappaVariance is the delta method by numeric derivatives of kappa with
// respect to each share: (Σ p·g² − (Σ p·g)²) / n.
func kappaVariance(c *Confusion) float64 {
	k := len(c.Classes)
	p := make([]float64, k*k)
	var n float64
	for i := range k {
		for j := range k {
			p[i*k+j] = float64(c.Counts[i][j])
			n += p[i*k+j]
		}
	}
	for i := range p {
		p[i] /= n
	}
	kappa := func() float64 {
		var po, pe float64
		for i := range k {
			var row, col float64
			for j := range k {
				row += p[i*k+j]
				col += p[j*k+i]
			}
			po += p[i*k+i]
			pe += row * col
		}
		return (po - pe) / (1 - pe)
	}
	var first, second float64
	for i := range p {
		const h = 1e-5
		at := p[i]
		p[i] = at + h
		up := kappa()
		p[i] = at - h
		g := (up - kappa()) / (2 * h)
		p[i] = at
		first += at * g
		second += at * g * g
	}
	return (second - first*first) / n
}

// TestKappaError compares the delta method with the spread of kappa over
// matrices drawn anew from the same shares.
func TestKappaError(t *testing.T) {
	t.Parallel()
	base := congalton()
	want, err := base.Accuracy(0.95)
	if err != nil {
		t.Fatal(err)
	}
	rng := newRand(9)
	var sum, squares float64
	const rounds = 4000
	for range rounds {
		c := NewConfusion(base.Classes)
		for range want.Samples {
			k := rng.Int64N(want.Samples)
			for i := range c.Counts {
				for j := range c.Counts {
					if k -= base.Counts[i][j]; k < 0 {
						c.Counts[i][j]++
						break
					}
				}
				if k < 0 {
					break
				}
			}
		}
		a, err := c.Accuracy(0.95)
		if err != nil {
			t.Fatal(err)
		}
		sum += a.Kappa
		squares += a.Kappa * a.Kappa
	}
	mean := sum / rounds
	if sd := math.Sqrt(squares/rounds - mean*mean); math.Abs(sd/want.KappaError-1) > 0.05 {
		t.Errorf("kappa varies by %v, its error is said to be %v", sd, want.KappaError)
	}
}

func TestConfusionLimits(t *testing.T) {
	t.Parallel()
	c := NewConfusion([]uint8{3, 9})
	if _, err := c.Accuracy(0.95); !fault.Is(err, fault.Invalid) {
		t.Errorf("empty: %v", err)
	}
	if err := c.Add(3, 4); !fault.Is(err, fault.Invalid) {
		t.Errorf("class 4: %v", err)
	}
	for range 10 {
		if err := c.Add(9, 9); err != nil {
			t.Fatal(err)
		}
	}
	a, err := c.Accuracy(0.95)
	if err != nil || a.Overall != 1 || a.High != 1 || math.Abs(a.Low-0.72247) > 1e-4 || !math.IsNaN(a.Kappa) || !math.IsNaN(a.Classes[0].Users) || a.Classes[1].F1 != 1 {
		t.Errorf("ten of ten: %+v, %v", a, err)
	}
	if _, err := c.Accuracy(95); !fault.Is(err, fault.Invalid) {
		t.Errorf("confidence 95: %v", err)
	}
}

// TestKappaBounds: kappa is 1 for a perfect map, about 0 for chance, and
// within [-1, 1]; swapping map and truth swaps the accuracies.
func TestKappaBounds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 6).Draw(t, "classes")
		c, swapped := NewConfusion([]uint8{1, 2, 3, 4, 5, 6}[:n]), NewConfusion([]uint8{1, 2, 3, 4, 5, 6}[:n])
		for i := range n {
			for j := range n {
				v := rapid.Int64Range(0, 50).Draw(t, "n")
				c.Counts[i][j], swapped.Counts[j][i] = v, v
			}
		}
		a, err := c.Accuracy(0.9)
		if err != nil {
			return
		}
		b, err := swapped.Accuracy(0.9)
		if err != nil || a.Overall != b.Overall || a.Low > a.Overall || a.High < a.Overall || a.Low < 0 || a.High > 1 {
			t.Fatalf("%+v %+v %v", a, b, err)
		}
		if !math.IsNaN(a.Kappa) && (a.Kappa > 1 || a.Kappa < -1 || math.Abs(a.Kappa-b.Kappa) > 1e-9) {
			t.Fatalf("kappa %v and %v", a.Kappa, b.Kappa)
		}
		for i := range n {
			if p, u := a.Classes[i].Producers, b.Classes[i].Users; p != u && !(math.IsNaN(p) && math.IsNaN(u)) {
				t.Fatalf("producer's %v, swapped user's %v", p, u)
			}
		}
	})
}
