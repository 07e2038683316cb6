package coverage_test

import (
	"context"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"contado/geo/coverage"
	"contado/geo/fault"
)

func near(a, b, tolerance float64) bool {
	return a == b || math.Abs(a-b) <= tolerance*math.Max(1, math.Max(math.Abs(a), math.Abs(b)))
}

func TestDecay(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]map[float64]float64{
		"step:30m":                          {0: 1, 1800: 1, 1800.001: 0},
		"linear:60m":                        {0: 1, 1800: 0.5, 3600: 0, 4000: 0},
		"linear:10m:60m":                    {600: 1, 2100: 0.5, 3600: 0},
		"half-life:15m":                     {0: 1, 900: 0.5, 1800: 0.25, 9000: math.Exp2(-10)},
		"exponential:20m":                   {1200: 1 / math.E, 12000: math.Exp(-10)},
		"gaussian:20m":                      {1200: math.Exp(-0.5), 2400: math.Exp(-2)},
		"power:1m:2":                        {0: 1, 60: 1, 120: 0.25},
		"bands:10m=1,20m=0.68,30m=0.22":     {600: 1, 600.1: 0.68, 1200: 0.68, 1800: 0.22, 1801: 0},
		"logistic:30m:10m":                  {0: 1, 1800: (1 + math.Exp(-3*math.Pi/math.Sqrt(3))) / 2},
		"bands:600s=0.962,3600s=0.04200001": {3600: 0.04200001},
	} {
		d, err := coverage.ParseDecay(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		for at, w := range want {
			if got := d.Weight(at); !near(got, w, 1e-14) {
				t.Errorf("%s at %v s: %v, want %v", text, at, got, w)
			}
		}
		if d.Weight(math.Inf(1)) != 0 {
			t.Errorf("%s: what cannot be reached counts", text)
		}
		if again, err := coverage.ParseDecay(d.String()); err != nil || again.String() != d.String() {
			t.Errorf("%s writes itself as %s, read as %v, %v", text, d, again, err)
		}
	}
	for _, text := range []string{"", "step", "step:0s", "step:-1m", "linear:60m:10m", "logistic:30m", "bands:10m=1,5m=1", "bands:10m=2", "cliff:1m", "step:1m:2m"} {
		if d, err := coverage.ParseDecay(text); !fault.Is(err, fault.Invalid) {
			t.Errorf("%q: %v, %v; want it refused", text, d, err)
		}
	}
}

func FuzzParseDecay(f *testing.F) {
	for _, s := range []string{"step:30m", "linear:10m:60m", "logistic:30m:10m", "bands:10m=1,20m=0.68", "power:1m:2"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, err := coverage.ParseDecay(text)
		if err != nil {
			return
		}
		last := 1.0
		for s := 0.0; s < 1e5; s = s*1.5 + 1 {
			w := d.Weight(s)
			if !(w >= 0 && w <= last) {
				t.Fatalf("%s: weight %v at %v s after %v", d, w, s, last)
			}
			last = w
		}
	})
}

func floating(t rapid.TB, people, supply []float64, list []coverage.Trip, p coverage.AccessParams) *coverage.Floated {
	t.Helper()
	trips, err := coverage.NewTrips(len(people), len(supply), slices.Clone(list))
	if err != nil {
		t.Fatal(err)
	}
	f, err := coverage.Floating(context.Background(), people, supply, trips, p)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// TestHospitals: three tracts of 100, 50 and 10 people with 15, 20 and 100
// doctors, from the tests of PySAL's access (test_hospital_example.py); the
// expected values are what access 1.1.10.post3 (PyPI) answers, which its tests
// hold against a formula of their own. Its 3SFCA agrees where nothing lies
// beyond the 60 minutes: else it lets people prefer what they cannot reach.
func TestHospitals(t *testing.T) {
	t.Parallel()
	people, doctors := []float64{100, 50, 10}, []float64{15, 20, 100}
	inverse := coverage.Decay{Kind: coverage.DecayPower, Seconds: 60, Width: 1}
	for _, c := range []struct {
		method                  coverage.AccessMethod
		inbound, outward, cross float32
		want                    [3]float64
	}{
		{coverage.E2FCA, 40, 40, 80, [3]float64{0.331444116980, 0.579828132067, 7.286418169863}},
		{coverage.E2FCA, 20, 40, 80, [3]float64{0.435340220876, 0.683724235963, 5.727976611421}},
		{coverage.E2FCA, 40, 20, 80, [3]float64{0.331071913161, 0.577857785779, 7.299991939492}},
		{coverage.E2FCA, 20, 20, 40, [3]float64{0.442568395399, 0.666758279966, 5.740524646185}},
		{coverage.FCA3, 20, 20, 40, [3]float64{0.174802148080, 0.424035508557, 9.631800976419}},
	} {
		times := [3][3]float32{{1, c.cross, c.inbound}, {c.cross, 1, c.inbound}, {c.outward, c.outward, 1}}
		var list []coverage.Trip
		for i := range times {
			for j, minutes := range times[i] {
				if minutes <= 60 {
					list = append(list, coverage.Trip{Cell: int32(i), Facility: int32(j), Seconds: 60 * minutes})
				}
			}
		}
		f := floating(t, people, doctors, list, coverage.AccessParams{Method: c.method, Decay: inverse})
		for i, want := range c.want {
			if !near(f.Values[i], want, 1e-11) {
				t.Errorf("%s %v/%v/%v: tract %d has %v, want %v", c.method, c.inbound, c.outward, c.cross, i, f.Values[i], want)
			}
		}
	}
}

// TestSupplyIsConserved is the law Σ P·A = Σ S, with what nobody reaches
// counted apart, and that order does not matter, to the last bit.
func TestSupplyIsConserved(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		people := rapid.SliceOfN(rapid.OneOf(rapid.Just(0.0), rapid.Float64Range(1e-9, 900)), 1, 12).Draw(t, "people")
		supply := rapid.SliceOfN(rapid.Float64Range(0, 50), 1, 5).Draw(t, "supply")
		var list []coverage.Trip
		for i := range people {
			for j := range supply {
				if s := rapid.Float32Range(0, 4000).Draw(t, "seconds"); s > 400 {
					list = append(list, coverage.Trip{Cell: int32(i), Facility: int32(j), Seconds: s})
				}
			}
		}
		method := rapid.SampledFrom([]coverage.AccessMethod{coverage.FCA2, coverage.E2FCA, coverage.FCA3}).Draw(t, "method")
		f := floating(t, people, supply, list, coverage.AccessParams{Method: method})
		var given, offered float64
		for i, p := range people {
			given += p * f.Values[i]
		}
		for _, s := range supply {
			offered += s
		}
		if !near(given+f.Unused, offered, 1e-9) {
			t.Fatalf("%s gives %v and leaves %v of %v", method, given, f.Unused, offered)
		}
		cells := rapid.Permutation(indices(len(people))).Draw(t, "cells")
		places := rapid.Permutation(indices(len(supply))).Draw(t, "places")
		people2, supply2 := make([]float64, len(people)), make([]float64, len(supply))
		for i, to := range cells {
			people2[to] = people[i]
		}
		for j, to := range places {
			supply2[to] = supply[j]
		}
		moved := slices.Clone(list)
		for k, trip := range list {
			moved[k] = coverage.Trip{Cell: int32(cells[trip.Cell]), Facility: int32(places[trip.Facility]), Seconds: trip.Seconds}
		}
		again := floating(t, people2, supply2, moved, coverage.AccessParams{Method: method})
		for i, to := range cells {
			if again.Values[to] != f.Values[i] {
				t.Fatalf("%s: cell %d has %v, in another order %v", method, i, f.Values[i], again.Values[to])
			}
		}
	})
}

func TestCumulativeAndGravity(t *testing.T) {
	t.Parallel()
	list := []coverage.Trip{{0, 0, 900}, {0, 1, 1800}, {0, 2, 1801}}
	supply := []float64{3, 5, 7}
	if f := floating(t, []float64{1}, supply, list, coverage.AccessParams{Method: coverage.Cumulative}); f.Values[0] != 8 {
		t.Errorf("within 30 minutes: %v, want 8 (inclusive)", f.Values[0])
	}
	f := floating(t, []float64{1}, supply, list, coverage.AccessParams{Method: coverage.Gravity})
	if want := 3*0.5 + 5*0.25 + 7*math.Exp2(-1801.0/900); !near(f.Values[0], want, 1e-14) {
		t.Errorf("gravity: %v, want %v", f.Values[0], want)
	}
	if _, err := coverage.Floating(context.Background(), []float64{1}, supply, &coverage.Trips{Start: []int{0, 0}},
		coverage.AccessParams{Method: coverage.FCA2, Decay: coverage.Decay{Kind: coverage.DecayGaussian, Seconds: 1}}); !fault.Is(err, fault.Invalid) {
		t.Errorf("2SFCA with a Gaussian: %v, want it refused", err)
	}
}

// TestRAAM: the equilibrium of one town between two doctors, by hand, and the
// law of Wardrop on random towns: nobody can do better elsewhere.
func TestRAAM(t *testing.T) {
	t.Parallel()
	// ρ = 100/20 = 5, room 50 each; cost 0 + D0/50 = 0.5 + D1/50 with D0 + D1 = 100.
	f := floating(t, []float64{100}, []float64{10, 10}, []coverage.Trip{{0, 0, 0}, {0, 1, 1800}}, coverage.AccessParams{Method: coverage.RAAM})
	if !near(f.Values[0], 1.25, 1e-8) || !near(f.Ratios[0], 1.25, 1e-8) || !near(f.Ratios[1], 0.75, 1e-8) {
		t.Errorf("cost %v, crowding %v; want 1.25, [1.25 0.75]", f.Values[0], f.Ratios)
	}
	rapid.Check(t, func(t *rapid.T) {
		w := drawTown(t)
		supply := make([]float64, len(w.places))
		var room, people float64
		for j, p := range w.places {
			supply[j] = p.Capacity
			room += p.Capacity
		}
		for i := range w.list {
			w.list[i].Seconds *= 200
		}
		f := floating(t, w.d.People, supply, w.list, coverage.AccessParams{Method: coverage.RAAM})
		reach := map[int32]bool{}
		for _, trip := range w.list {
			cost := float64(trip.Seconds)/3600 + f.Ratios[trip.Facility]
			if supply[trip.Facility] == 0 {
				continue
			}
			reach[trip.Cell] = true
			if f.Values[trip.Cell] > cost+1e-6 {
				t.Fatalf("cell %d pays %v, could pay %v", trip.Cell, f.Values[trip.Cell], cost)
			}
		}
		var dealt float64
		for i, p := range w.d.People {
			people += p
			if !reach[int32(i)] != math.IsInf(f.Values[i], 1) {
				t.Fatalf("cell %d: cost %v", i, f.Values[i])
			}
			if reach[int32(i)] {
				dealt += p
			}
		}
		if room == 0 || people == 0 {
			return
		}
		for j, r := range f.Ratios {
			dealt -= r * supply[j] * people / room
		}
		if math.Abs(dealt) > 1e-6*people {
			t.Fatalf("%v people got lost", dealt)
		}
	})
}
