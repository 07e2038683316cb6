package zonal

import (
	"context"
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"
	"pgregory.net/rapid"

	"contado/geo/fault"
)

func land(seed int) func(col, row int) float64 {
	return func(col, row int) float64 {
		v := (col/3*31 + row/4*17 + seed*(col/9)) % 9
		if v == 5 {
			return math.NaN()
		}
		return float64(v - 4)
	}
}

// TestCrossAgainstSlow: pairs are those of the fractions of clipping, cell by
// cell, and together make the area.
func TestCrossAgainstSlow(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		rng := drawRNG(t)
		w, h := 10+rng.IntN(60), 10+rng.IntN(60)
		a, b := newMem(unit(w, h), land(1)), newMem(unit(w, h), land(3))
		mp := randomArea(rng, float64(w), float64(h))
		areas := []Area{{ID: "x", Geometry: mp}, {ID: "all", Geometry: orb.Bound{Max: orb.Point{float64(w), float64(h)}}}}
		weights, err := NewWeights(t.Context(), a.g, areas, &WeightOptions{Side: 16 << rng.IntN(3), Exact: true})
		if err != nil {
			t.Fatal(err)
		}
		o := CrossOptions{CellArea: cellArea, MaxCells: []int{1, 3000, 0}[rng.IntN(3)]}
		var first []Transitions
		for _, o.Workers = range []int{1, 3} {
			got, err := weights.Cross(t.Context(), Layer{Raster: a}, Layer{Raster: b}, o)
			if err != nil {
				t.Fatal(err)
			}
			if first == nil {
				first = got
			} else if d := cmp.Diff(first, got); d != "" {
				t.Fatalf("workers change the result: %s", d)
			}
		}
		whole := make([]float64, w*h)
		for i := range whole {
			whole[i] = 1
		}
		for i, f := range [][]float64{slowFractions(mp, w, h), whole} {
			checkPairs(t, &first[i], f, a, b)
		}
	})
}

func checkPairs(t *rapid.T, got *Transitions, f []float64, a, b *memRaster) {
	type key struct {
		from, to float64
		gap      string
	}
	want := map[key]Amount{}
	for i, f := range f {
		if f < 1e-11 {
			continue
		}
		k := key{from: a.bands[0][i], to: b.bands[0][i]}
		switch {
		case k.from != k.from && k.to != k.to:
			k = key{gap: "neither"}
		case k.from != k.from:
			k = key{gap: "only to"}
		case k.to != k.to:
			k = key{gap: "only from"}
		}
		s := want[k]
		want[k] = Amount{s.Cells + f, s.M2 + f*cellArea(i/a.g.Width)}
	}
	check := func(k key, s Amount) {
		if w := want[k]; !near(s.Cells, w.Cells, 1e-9) || !near(s.M2, w.M2, 1e-9) {
			t.Fatalf("%s %+v: %+v, want %+v", got.ID, k, s, w)
		}
		delete(want, k)
	}
	for _, p := range got.Pairs {
		check(key{from: p.From, to: p.To}, p.Amount)
	}
	check(key{gap: "only from"}, got.OnlyFrom)
	check(key{gap: "only to"}, got.OnlyTo)
	check(key{gap: "neither"}, got.Neither)
	if len(want) > 0 {
		t.Fatalf("%s: missing %v", got.ID, want)
	}
	if !slices.IsSortedFunc(got.Pairs, func(a, b Pair) int {
		if a.From < b.From || (a.From == b.From && a.To < b.To) {
			return -1
		}
		return 1
	}) {
		t.Fatalf("pairs are not in order: %+v", got.Pairs)
	}
}

// TestHistogramIsClasses: with an edge at each value the bins are the class
// table.
func TestHistogramIsClasses(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		rng := drawRNG(t)
		w, h := 10+rng.IntN(80), 10+rng.IntN(80)
		r := newMem(unit(w, h), land(2))
		areas := someAreas(rng, float64(w), float64(h))
		weights, err := NewWeights(t.Context(), r.g, areas, &WeightOptions{Side: 16, Exact: true})
		if err != nil {
			t.Fatal(err)
		}
		o := Options{Stats: []Stat{Count, Nodata}, Classes: true, CellArea: cellArea}
		want, err := Compute(t.Context(), r, areas, o)
		if err != nil {
			t.Fatal(err)
		}
		edges := []float64{-3, -2, -1, 0, 1, 2, 3}
		got, err := weights.Histogram(t.Context(), Layer{Raster: r}, edges, CrossOptions{CellArea: cellArea})
		if err != nil {
			t.Fatal(err)
		}
		for i := range got {
			var bins [9]Amount // −4 … 4
			for _, c := range want[i].Classes {
				bins[int(c.Value)+4] = Amount{c.Cells, c.Ha * 1e4}
			}
			last := Amount{bins[6].Cells + bins[7].Cells, bins[6].M2 + bins[7].M2}
			nodata, _ := want[i].Get("nodata")
			have := append([]Amount{got[i].Below}, got[i].Bins...)
			have = append(have, got[i].Above)
			for k, b := range []Amount{bins[0], bins[1], bins[2], bins[3], bins[4], bins[5], last, bins[8]} {
				if !near(have[k].Cells, b.Cells, 1e-11) || !near(have[k].M2, b.M2, 1e-11) {
					t.Fatalf("area %s, bin %d: %+v, want %+v", areas[i].ID, k, have[k], b)
				}
			}
			if !near(got[i].Nodata.Cells, nodata, 1e-11) || got[i].ID != areas[i].ID {
				t.Fatalf("area %s: nodata %+v, want %v", got[i].ID, got[i].Nodata, nodata)
			}
		}
	})
}

func TestCrossRefuses(t *testing.T) {
	t.Parallel()
	g := unit(80, 80)
	w, err := NewWeights(t.Context(), g, []Area{{ID: "Maïa", Geometry: orb.Bound{Max: orb.Point{79.5, 80}}}}, &WeightOptions{Side: 16})
	if err != nil {
		t.Fatal(err)
	}
	classes := newMem(g, land(1))
	amounts := newMem(g, func(c, r int) float64 { return float64(80*r + c) })
	area := CrossOptions{CellArea: cellArea}
	for name, c := range map[string]struct {
		from, to Layer
		o        CrossOptions
		kind     fault.Kind
	}{
		"amounts":   {Layer{Raster: amounts}, Layer{Raster: classes}, area, fault.TooLarge},
		"no raster": {Layer{Raster: classes}, Layer{}, area, fault.Invalid},
		"no areas":  {Layer{Raster: classes}, Layer{Raster: classes}, CrossOptions{}, fault.Invalid},
		"other":     {Layer{Raster: classes}, Layer{Raster: newMem(unit(7, 7), value), Band: -1}, area, fault.Invalid},
	} {
		if _, err := w.Cross(t.Context(), c.from, c.to, c.o); !fault.Is(err, c.kind) || (c.kind == fault.TooLarge && !contains(err, "Maïa")) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, edges := range [][]float64{nil, {1}, {1, 1}, {2, 1}, {0, math.NaN()}, {math.Inf(-1), 0}, make([]float64, MaxBins+2)} {
		if _, err := w.Histogram(t.Context(), Layer{Raster: classes}, edges, area); !fault.Is(err, fault.Invalid) {
			t.Errorf("%d edges: %v", len(edges), err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := w.Cross(ctx, Layer{Raster: classes}, Layer{Raster: classes}, area); !fault.Is(err, fault.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}
