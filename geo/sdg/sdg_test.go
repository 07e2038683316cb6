package sdg_test

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"contado/geo/coverage"
	"contado/geo/fault"
	"contado/geo/sdg"
)

var (
	inf   = float32(math.Inf(1))
	areas = []coverage.Area{{Code: "1", Name: "One"}, {Code: "2", Name: "Two"}, {Code: "3", Name: "Empty"}}
)

func people() sdg.People {
	return sdg.People{
		People: []float64{100, 50, 50, 200, 7}, Area: []int32{0, 0, 1, 1, -1},
		Bands: [][]float64{{10, 5, 50, 0, 7}}, Names: []string{"age_75_plus"},
	}
}

// Limits are inclusive, towns do not count, nor do those outside.
func TestRoads(t *testing.T) {
	t.Parallel()
	got, err := sdg.Roads(people(), areas, []bool{true, true, true, false, true}, []float32{2000, 2000.5, 10, 10, 10})
	if err != nil {
		t.Fatal(err)
	}
	if *got.Value != 75 || got.Parts["rural_people"] != 200 || got.Parts["within"] != 150 || got.Parts["age_75_plus_people"] != 65 || got.Parts["age_75_plus_within"] != 60 {
		t.Errorf("%v %%, parts %v", *got.Value, got.Parts)
	}
	if v := got.Areas; math.Abs(*v[0].Value-200.0/3) > 1e-9 || *v[1].Value != 100 || v[2].Value != nil {
		t.Errorf("areas %+v", v)
	}
	none, err := sdg.Roads(people(), areas, make([]bool, 5), make([]float32, 5))
	if err != nil || none.Value != nil || none.Why["it"] == "" {
		t.Errorf("nobody rural: %+v (%v)", none, err)
	}
}

// A stop counts within 500 m, a station within 1 km.
func TestStops(t *testing.T) {
	t.Parallel()
	got, err := sdg.Stops(people(), areas, []float32{500, 501, inf, inf, 0}, []float32{inf, inf, 1000, 1001, 0})
	if err != nil {
		t.Fatal(err)
	}
	if *got.Value != 37.5 || got.Parts["people"] != 400 || got.Parts["within"] != 150 {
		t.Errorf("%v %%, parts %v", *got.Value, got.Parts)
	}
	if got, err = sdg.Stops(people(), areas, []float32{500, 501, inf, inf, 0}, nil); err != nil || *got.Value != 25 {
		t.Errorf("without stations %v (%v)", got.Value, err)
	}
}

func TestOpenAccess(t *testing.T) {
	t.Parallel()
	got, err := sdg.OpenAccess(people(), areas, []float32{400, 400.1, 0, inf, 0})
	if err != nil || *got.Value != 37.5 {
		t.Errorf("%+v (%v)", got, err)
	}
}

// The ratio by hand, and what stands in for it where people grow fewer.
func TestConsumption(t *testing.T) {
	t.Parallel()
	got, err := sdg.Consumption(sdg.Growth{Built1: 10e6, Built2: 12e6, People1: 10_000, People2: 11_000, Years: 10})
	if err != nil {
		t.Fatal(err)
	}
	if want := 0.02 / (math.Log(1.1) / 10); math.Abs(*got[0].Value-want) > 1e-12 || math.Abs(*got[1].Value-12e6/11e3) > 1e-9 || math.Abs(got[1].Parts["change"]-(12e6/11e3-1000)) > 1e-9 {
		t.Errorf("%+v, want %g", got, want)
	}
	for name, g := range map[string]sdg.Growth{
		"shrinking": {Built1: 10, Built2: 12, People1: 100, People2: 90, Years: 5},
		"standing":  {Built1: 10, Built2: 12, People1: 100, People2: 100, Years: 5},
		"empty":     {Built1: 10, Built2: 12, People2: 100, Years: 5},
		"unbuilt":   {Built2: 12, People1: 10, People2: 100, Years: 5},
	} {
		got, err := sdg.Consumption(g)
		if err != nil || got[0].Value != nil || got[0].Why["it"] == "" || got[1].Value == nil || math.Abs(*got[1].Value-g.Built2/g.People2) > 1e-12 {
			t.Errorf("%s: %+v (%v)", name, got, err)
		}
	}
	got, err = sdg.Consumption(sdg.Growth{Built1: 10, Built2: 12, People1: 100, Years: 5})
	if err != nil || got[1].Value != nil || got[1].Why["en"] == "" {
		t.Errorf("left by all: %+v (%v)", got, err)
	}
}

func TestOpenShare(t *testing.T) {
	t.Parallel()
	got, err := sdg.OpenShare(sdg.Open{Built: 1000, Spaces: 100, Streets: 150})
	if err != nil || *got.Value != 25 || got.Why != nil {
		t.Errorf("%+v (%v)", got, err)
	}
	if got, err = sdg.OpenShare(sdg.Open{Built: 1000, Spaces: 100, Streets: math.NaN()}); err != nil || *got.Value != 10 || got.Why["it"] == "" {
		t.Errorf("without streets: %+v (%v)", got, err)
	}
	if got, err = sdg.OpenShare(sdg.Open{Spaces: 100}); err != nil || got.Value != nil || got.Why["it"] == "" {
		t.Errorf("nothing built: %+v (%v)", got, err)
	}
}

// A nearer road never lowers the share, and the parts make it.
func TestNearerIsNeverWorse(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 30).Draw(t, "cells")
		p := sdg.People{}
		rural, metres, nearer := make([]bool, n), make([]float32, n), make([]float32, n)
		for i := range n {
			p.People = append(p.People, float64(rapid.IntRange(0, 100).Draw(t, "people")))
			p.Area = append(p.Area, int32(rapid.IntRange(-1, 2).Draw(t, "area")))
			rural[i] = rapid.Bool().Draw(t, "rural")
			metres[i] = rapid.Float32Range(0, 4000).Draw(t, "metres")
			nearer[i] = metres[i] * rapid.Float32Range(0, 1).Draw(t, "nearer")
		}
		a, err := sdg.Roads(p, areas, rural, metres)
		if err != nil {
			t.Fatal(err)
		}
		b, err := sdg.Roads(p, areas, rural, nearer)
		if err != nil {
			t.Fatal(err)
		}
		if (a.Value == nil) != (a.Parts["rural_people"] == 0) || a.Value != nil && (*b.Value < *a.Value || *a.Value < 0 || *a.Value > 100) {
			t.Fatalf("%+v, then nearer %+v", a, b)
		}
	})
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	p := people()
	if _, err := sdg.Roads(p, areas, make([]bool, 4), make([]float32, 5)); !fault.Is(err, fault.Invalid) {
		t.Errorf("short column: %v", err)
	}
	if _, err := sdg.Stops(p, areas, make([]float32, 5), make([]float32, 3)); !fault.Is(err, fault.Invalid) {
		t.Errorf("short stations: %v", err)
	}
	p.Names = nil
	if _, err := sdg.OpenAccess(p, areas, make([]float32, 5)); !fault.Is(err, fault.Invalid) {
		t.Errorf("bands without names: %v", err)
	}
	for _, g := range []sdg.Growth{{Years: 0}, {Years: -1}, {Years: 1, Built1: math.NaN()}, {Years: 1, People2: math.Inf(1)}, {Years: 1, People1: -1}} {
		if _, err := sdg.Consumption(g); !fault.Is(err, fault.Invalid) {
			t.Errorf("%+v: %v", g, err)
		}
	}
	if _, err := sdg.OpenShare(sdg.Open{Built: -1}); !fault.Is(err, fault.Invalid) {
		t.Errorf("%v", err)
	}
}
