package coverage_test

import (
	"context"
	"math"
	"testing"

	"pgregory.net/rapid"

	"contado/geo/coverage"
	"contado/geo/fault"
)

func equality(t rapid.TB, values, people, rank []float64) coverage.Equity {
	t.Helper()
	e, err := coverage.Equality("x", values, people, rank, "income")
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestEquityByHand(t *testing.T) {
	t.Parallel()
	ten, ones := make([]float64, 10), make([]float64, 10)
	for i := range ten {
		ten[i], ones[i] = float64(i+1), 1
	}
	e := equality(t, ten, ones, nil)
	if !near(*e.Gini, 0.3, 1e-14) || !near(*e.Palma, 4, 1e-14) { // Gini of 1…n: (n−1)/3n
		t.Errorf("1…10: Gini %v, Palma %v; want 0.3, 4", *e.Gini, *e.Palma)
	}
	e = equality(t, []float64{0, 1}, []float64{3, 1}, []float64{1, 2})
	if !near(*e.Gini, 0.75, 1e-14) || !near(*e.Theil, math.Log(4), 1e-14) || e.Palma != nil {
		t.Errorf("one of four has all: %v, Theil %v; want 0.75, ln 4, no Palma", *e.Gini, *e.Theil)
	}
	if !near(*e.Concentration, 0.75, 1e-14) || !near(*e.Erreygers, 4*0.25*0.75, 1e-14) {
		t.Errorf("concentration %v, Erreygers %v", *e.Concentration, *e.Erreygers)
	}
	// The poorer have more: the sign turns.
	if e = equality(t, []float64{1, 0}, []float64{1, 3}, []float64{1, 2}); !near(*e.Concentration, -0.75, 1e-14) {
		t.Errorf("concentration %v, want -0.75", *e.Concentration)
	}
	if e = equality(t, []float64{5, 5, math.Inf(1), math.NaN()}, []float64{1, 2, 9, 9}, nil); e.People != 3 || *e.Gini != 0 || *e.Theil != 0 || *e.Palma != 1 {
		t.Errorf("all alike: %+v", e)
	}
	if e = equality(t, []float64{0, 0}, []float64{1, 2}, nil); e.Gini != nil || e.Theil != nil || e.People != 3 {
		t.Errorf("a mean of 0: %+v", e)
	}
	if _, err := coverage.Equality("x", []float64{-1}, []float64{1}, nil, ""); !fault.Is(err, fault.Invalid) {
		t.Errorf("negative: %v", err)
	}
	for alpha, want := range map[float64]float64{0: 0.5, 1: 0.25, 2: 0.15625} { // gaps 1, ¾·… of a line of 4
		got, people, err := coverage.FGT([]float64{1, 3, 4, 5}, []float64{1, 1, 1, 1}, 4, alpha)
		if err != nil || people != 4 || !near(got, want, 1e-14) {
			t.Errorf("FGT %v: %v of %v, %v; want %v", alpha, got, people, err, want)
		}
	}
}

// TestGiniIsMeanDifference compares with the definition by pairs, and the
// concentration by the value itself with Gini.
func TestGiniIsMeanDifference(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 30).Draw(t, "n")
		values, people := make([]float64, n), make([]float64, n)
		var total, sum, pairs float64
		for i := range n {
			values[i] = float64(rapid.IntRange(0, 20).Draw(t, "value"))
			people[i] = rapid.Float64Range(0.25, 40).Draw(t, "people")
			total += people[i]
			sum += people[i] * values[i]
		}
		for i := range n {
			for j := range n {
				pairs += people[i] * people[j] * math.Abs(values[i]-values[j])
			}
		}
		e := equality(t, values, people, values)
		if sum == 0 {
			if e.Gini != nil {
				t.Fatalf("Gini of nothing: %v", *e.Gini)
			}
			return
		}
		if want := pairs / (2 * total * sum); !near(*e.Gini, want, 1e-10) || !near(*e.Concentration, want, 1e-10) {
			t.Fatalf("Gini %v, concentration %v; want %v", *e.Gini, *e.Concentration, want)
		}
		order := rapid.Permutation(indices(n)).Draw(t, "order")
		v2, p2 := make([]float64, n), make([]float64, n)
		for i, to := range order {
			v2[to], p2[to] = values[i], people[i]
		}
		if f := equality(t, v2, p2, v2); *f.Gini != *e.Gini || *f.Theil != *e.Theil || *f.Concentration != *e.Concentration {
			t.Fatal("order matters")
		}
	})
}

func TestIsolateAndChoices(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n, k := rapid.IntRange(1, 20).Draw(t, "cells"), rapid.IntRange(1, 4).Draw(t, "services")
		var d coverage.Demand
		seconds := make([][]float32, k)
		names := make([]string, k)
		for s := range seconds {
			names[s] = string(rune('a' + s))
			for range n {
				seconds[s] = append(seconds[s], rapid.SampledFrom([]float32{0, 900, 900.5, 1800, inf}).Draw(t, "seconds"))
			}
		}
		for range n {
			d.People = append(d.People, rapid.Float64Range(0, 10).Draw(t, "people"))
			d.Area = append(d.Area, int32(rapid.IntRange(0, 2).Draw(t, "area")))
		}
		areas := []coverage.Area{{"1", "One"}, {"2", "Two"}, {"3", "Three"}}
		list, err := coverage.Isolate(context.Background(), d, areas, "walking", names, seconds, []float64{900, 1800})
		if err != nil {
			t.Fatal(err)
		}
		for _, iso := range list {
			checkIsolation(t, d, seconds, iso)
		}
		d.Seconds, d.X, d.Y = seconds[0], make([]float64, n), make([]float64, n)
		r := compute(t, d, areas, nil, coverage.Params{Thresholds: []float64{900, 1800}})
		var all float64
		for _, p := range list[0].People {
			all += p
		}
		if all != r.PopulationTotal {
			t.Fatalf("%v people, in the report %v", all, r.PopulationTotal)
		}
		choices, err := coverage.Choices(context.Background(), d, [][]float32{seconds[0]}, []float64{900, 1800})
		if err != nil || len(choices) != 1 || choices[0].K != 1 {
			t.Fatalf("%+v, %v", choices, err)
		}
		for j, row := range choices[0].Coverage {
			if row.Covered != r.Coverage[j].Covered || row.Unreachable != r.Coverage[j].Unreachable {
				t.Fatalf("the nearest alone: %+v, want %+v", row, r.Coverage[j])
			}
		}
	})
}

func checkIsolation(t rapid.TB, d coverage.Demand, seconds [][]float32, iso coverage.Isolation) {
	t.Helper()
	want := make([]float64, len(seconds)+1)
	for i, p := range d.People {
		lacks := 0
		for s := range seconds {
			if float64(seconds[s][i]) > iso.ThresholdS {
				lacks++
			}
		}
		want[lacks] += p
	}
	for k := range want {
		var areas float64
		for _, a := range iso.Areas {
			areas += a.People[k]
		}
		if areas != iso.People[k] || !near(iso.People[k], want[k], 1e-9) {
			t.Fatalf("within %v s, %d lacking: %v, areas %v, want %v", iso.ThresholdS, k, iso.People[k], areas, want[k])
		}
	}
}
