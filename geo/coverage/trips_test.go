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

func TestNewTrips(t *testing.T) {
	t.Parallel()
	trips, err := coverage.NewTrips(3, 2, []coverage.Trip{{2, 1, 50}, {0, 1, 30}, {2, 1, 40}, {0, 0, inf}, {2, 0, 0}})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(trips.Start, []int{0, 1, 1, 3}) || !slices.Equal(trips.Facility, []int32{1, 0, 1}) || !slices.Equal(trips.Seconds, []float32{30, 0, 40}) {
		t.Errorf("%+v; want the fastest of each pair, none of infinite time", trips)
	}
	nan := float32(math.NaN())
	for _, bad := range []coverage.Trip{{3, 0, 1}, {-1, 0, 1}, {0, 2, 1}, {0, -1, 1}, {0, 0, -1}, {0, 0, nan}} {
		if _, err := coverage.NewTrips(3, 2, []coverage.Trip{bad}); !fault.Is(err, fault.Invalid) {
			t.Errorf("%+v: %v, want it refused", bad, err)
		}
	}
}

// TestTripsFromNearest: the k nearest of a full table of times are its trips.
func TestTripsFromNearest(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		cells, places, k := rapid.IntRange(0, 6).Draw(t, "cells"), rapid.IntRange(1, 4).Draw(t, "places"), rapid.IntRange(1, 5).Draw(t, "k")
		nearest, seconds := make([][]int32, k), make([][]float32, k)
		for r := range k {
			nearest[r], seconds[r] = make([]int32, cells), make([]float32, cells)
		}
		want := make([]map[int32]float32, cells)
		for i := range cells {
			type leg struct {
				to int32
				s  float32
			}
			var legs []leg
			for j := range places {
				if s := rapid.SampledFrom([]float32{1, 2, 3, inf}).Draw(t, "seconds"); s < inf {
					legs = append(legs, leg{int32(j), s})
				}
			}
			slices.SortStableFunc(legs, func(a, b leg) int { return int(a.s - b.s) })
			want[i] = map[int32]float32{}
			for r := range k {
				nearest[r][i], seconds[r][i] = -1, inf
				if r < len(legs) {
					nearest[r][i], seconds[r][i] = legs[r].to, legs[r].s
					want[i][legs[r].to] = legs[r].s
				}
			}
		}
		trips, err := coverage.TripsFromNearest(places, nearest, seconds)
		if err != nil || trips.Cells() != cells {
			t.Fatalf("%+v, %v", trips, err)
		}
		for i := range cells {
			if n := trips.Start[i+1] - trips.Start[i]; n != len(want[i]) {
				t.Fatalf("cell %d: %d trips, want %v", i, n, want[i])
			}
			for e := trips.Start[i]; e < trips.Start[i+1]; e++ {
				if trips.Seconds[e] != want[i][trips.Facility[e]] {
					t.Fatalf("cell %d to %d: %v, want %v", i, trips.Facility[e], trips.Seconds[e], want[i])
				}
			}
		}
	})
	if _, err := coverage.TripsFromNearest(1, [][]int32{{0}}, [][]float32{{1, 2}}); !fault.Is(err, fault.Invalid) {
		t.Errorf("arrays that do not fit: %v", err)
	}
}

// TestAccessByArea: the means of areas and of all are those of their people.
func TestAccessByArea(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := drawTown(t)
		w.areas = append(w.areas, coverage.Area{Code: "c", Name: "empty"})
		supply := make([]float64, len(w.places))
		for j, p := range w.places {
			supply[j] = p.Capacity
		}
		m, f, err := coverage.Access(context.Background(), w.d, w.areas, supply, w.trips(t), coverage.AccessParams{Method: coverage.FCA3}, nil, "")
		if err != nil {
			t.Fatal(err)
		}
		held, people := make([]float64, 4), make([]float64, 4)
		for i, p := range w.d.People {
			for _, a := range []int32{w.d.Area[i], 3} {
				held[a] += p * f.Values[i]
				people[a] += p
			}
		}
		for a, v := range []*float64{m.Areas[0].Value, m.Areas[1].Value, m.Areas[2].Value, m.Mean} {
			if (v == nil) != (people[a] == 0) || (v != nil && !near(*v, held[a]/people[a], 1e-12)) {
				t.Fatalf("area %d: %v, want %v / %v", a, v, held[a], people[a])
			}
		}
		if m.Equity.People != people[3] || m.Formula.Source == "" || len(m.Parameters) != 2 {
			t.Fatalf("%+v", m)
		}
	})
}

func TestAssignRefuses(t *testing.T) {
	t.Parallel()
	good := func() *town {
		return &town{
			areas: []coverage.Area{{"a", "A"}}, d: coverage.Demand{Area: []int32{0}, People: []float64{1}},
			places: []coverage.CapacityPlace{{ID: "p", Capacity: 1}}, list: []coverage.Trip{{0, 0, 1}},
		}
	}
	for name, spoil := range map[string]func(w *town, within *float64, trips *coverage.Trips){
		"negative capacity": func(w *town, _ *float64, _ *coverage.Trips) { w.places[0].Capacity = -1 },
		"no area":           func(w *town, _ *float64, _ *coverage.Trips) { w.d.Area[0] = 1 },
		"infinite people":   func(w *town, _ *float64, _ *coverage.Trips) { w.d.People[0] = math.Inf(1) },
		"no limit":          func(_ *town, within *float64, _ *coverage.Trips) { *within = math.Inf(1) },
		"trips elsewhere":   func(_ *town, _ *float64, trips *coverage.Trips) { trips.Facility[0] = 1 },
		"torn trips":        func(_ *town, _ *float64, trips *coverage.Trips) { trips.Start = []int{0, 2} },
	} {
		w, within := good(), 60.0
		trips := w.trips(t)
		spoil(w, &within, trips)
		if _, err := coverage.Assign(context.Background(), w.d, w.areas, w.places, trips, within); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v, want it refused", name, err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	w := good()
	w.places[0].Capacity = 0
	if _, err := coverage.Assign(ctx, w.d, w.areas, w.places, w.trips(t), 60); !fault.Is(err, fault.Canceled) {
		t.Errorf("canceled: %v", err)
	}
}
