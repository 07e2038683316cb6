package zonal

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"
	"pgregory.net/rapid"

	"contado/geo/fault"
	"contado/geo/grid"
)

var everything = Options{Stats: allStats, Quantiles: []float64{0, 0.05, 0.25, 0.975, 1}, Classes: true, CellArea: cellArea}

func cellArea(row int) float64 { return 100 + float64(row) }

func weight(col, row int) float64 {
	if (col+2*row)%7 == 3 {
		return math.NaN()
	}
	return float64((col*5+row*3)%9) - 1.5
}

// slowStats computes everything from fractions the plain way.
func slowStats(f, v, w []float64, width int, o Options) (map[string]float64, []ClassArea) {
	m := map[string]float64{}
	type fv struct{ f, v float64 }
	var valid []fv
	class := map[float64]*ClassArea{}
	lo, hi := math.Inf(1), math.Inf(-1)
	for i := range f {
		if f[i] < 1e-11 {
			continue
		}
		m["cells"] += f[i]
		if math.IsNaN(v[i]) {
			m["nodata"] += f[i]
			continue
		}
		valid = append(valid, fv{f[i], v[i]})
		m["count"] += f[i]
		m["sum"] += f[i] * v[i]
		lo, hi = math.Min(lo, v[i]), math.Max(hi, v[i])
		ha := f[i] * o.CellArea(i/width) / 1e4
		m["area_ha"] += ha
		c := class[v[i]]
		if c == nil {
			c = &ClassArea{Value: v[i]}
			class[v[i]] = c
		}
		c.Cells += f[i]
		c.Ha += ha
		if math.IsNaN(w[i]) {
			m["weight_nodata"] += f[i]
		} else {
			m["weighted_sum"] += f[i] * v[i] * w[i]
			m["wtot"] += f[i] * w[i]
		}
	}
	m["mean"] = m["sum"] / m["count"]
	ss := 0.0
	for _, x := range valid {
		ss += x.f * (x.v - m["mean"]) * (x.v - m["mean"])
	}
	m["std"] = math.Sqrt(ss / m["count"])
	m["min"], m["max"] = lo, hi
	m["weighted_mean"] = m["weighted_sum"] / m["wtot"]
	slices.SortFunc(valid, func(a, b fv) int { return int(math.Copysign(1, a.v-b.v)) })
	at := func(q float64) float64 {
		sum := 0.0
		for i, x := range valid {
			sum += x.f
			if d := sum - q*m["count"]; d > 1e-9 {
				return x.v
			} else if d > -1e-9 && q > 0 && i+1 < len(valid) {
				return (x.v + valid[i+1].v) / 2
			}
		}
		return hi
	}
	m["median"] = at(0.5)
	for _, q := range o.Quantiles {
		m[quantileName(q)] = at(q)
	}
	var classes []ClassArea
	for _, c := range class {
		c.Share = c.Ha / m["area_ha"]
		classes = append(classes, *c)
	}
	slices.SortFunc(classes, func(a, b ClassArea) int { return int(math.Copysign(1, a.Value-b.Value)) })
	m["variety"] = float64(len(classes))
	most, least := -1.0, math.Inf(1)
	for _, c := range classes {
		if c.Cells > most+1e-9 {
			most, m["majority"] = c.Cells, c.Value
		}
		if c.Cells < least-1e-9 {
			least, m["minority"] = c.Cells, c.Value
		}
	}
	return m, classes
}

func TestComputeAgainstSlow(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		rng := drawRNG(t)
		w, h := 3+rng.IntN(20), 3+rng.IntN(20)
		raster, weights := newMem(unit(w, h), value), newMem(unit(w, h), weight)
		mp := randomArea(rng, float64(w), float64(h))
		f := slowFractions(mp, w, h)
		o := everything
		o.Weights = weights
		res, err := Compute(context.Background(), raster, []Area{{ID: "a", Geometry: mp}}, o)
		if err != nil {
			t.Fatal(err)
		}
		want, classes := slowStats(f, raster.bands[0], weights.bands[0], w, o)
		if want["count"] < 1e-6 {
			return // hardly on the raster: see TestComputeOutside
		}
		want["inside"] = math.Min(1, want["cells"]/shoelaceArea(mp))
		for i, n := range res[0].Names {
			if !near(res[0].Values[i], want[n], 1e-9) {
				t.Fatalf("%s: %v, slow count gives %v", n, res[0].Values[i], want[n])
			}
		}
		if len(classes) != len(res[0].Classes) {
			t.Fatalf("%d classes, want %d", len(res[0].Classes), len(classes))
		}
		for i, c := range res[0].Classes {
			d := classes[i]
			if c.Value != d.Value || !near(c.Cells, d.Cells, 1e-9) || !near(c.Ha, d.Ha, 1e-9) || !near(c.Share, d.Share, 1e-9) {
				t.Fatalf("class %+v, want %+v", c, d)
			}
		}
	})
}

func manyAreas(rng *rand.Rand, n int, w, h float64) []Area {
	areas := make([]Area, n)
	for i := range areas {
		cx, cy := w*rng.Float64(), h*rng.Float64()
		areas[i] = Area{ID: fmt.Sprint(i), Geometry: orb.Polygon{star(rng, cx, cy, 1+10*rng.Float64(), 5+rng.IntN(20), 0)}}
	}
	return areas
}

// TestComputeInvariance: the order of reading, the size of reads and the
// number of workers change results by rounding only, workers not even so.
func TestComputeInvariance(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		rng := drawRNG(t)
		const w, h = 70, 50
		raster, weights := newMem(unit(w, h), value), newMem(unit(w, h), weight)
		areas := manyAreas(rng, 12, w, h)
		o := everything
		o.Weights = weights
		o.Strategy, o.Workers = ByBlock, 1
		want, err := Compute(context.Background(), raster, areas, o)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range []Strategy{Auto, ByArea, ByBlock} {
			o.Strategy = s
			o.MaxCells = []int{1, 7, 64, 300, 1000, 1 << 20}[rng.IntN(6)]
			raster.most, weights.most = o.MaxCells, o.MaxCells
			var one []Result
			for _, o.Workers = range []int{1, 3} {
				got, err := Compute(context.Background(), raster, areas, o)
				if err != nil {
					t.Fatal(err)
				}
				if one == nil {
					one = got
				} else if d := cmp.Diff(mustJSON(one), mustJSON(got)); d != "" {
					t.Fatalf("workers change the result: %s", d)
				}
				for i := range got {
					for k, n := range got[i].Names {
						if !near(got[i].Values[k], want[i].Values[k], 1e-12) {
							t.Fatalf("area %d, %s, strategy %d, %d cells a read: %v, want %v", i, n, s, o.MaxCells, got[i].Values[k], want[i].Values[k])
						}
					}
					for k, c := range got[i].Classes {
						if d := want[i].Classes[k]; c.Value != d.Value || !near(c.Ha, d.Ha, 1e-12) {
							t.Fatalf("class %+v, want %+v", c, d)
						}
					}
				}
			}
		}
	})
}

func mustJSON(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// TestComputeMoved: moving area and raster by whole cells changes nothing.
func TestComputeMoved(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		rng := drawRNG(t)
		dc, dr := rng.IntN(40), rng.IntN(40)
		mp := randomArea(rng, 20, 20)
		for _, p := range mp {
			for _, r := range p {
				for i := range r { // whole 2⁻²⁰ so that the move is exact
					r[i][0], r[i][1] = math.Round(r[i][0]*0x1p20)/0x1p20, math.Round(r[i][1]*0x1p20)/0x1p20
				}
			}
		}
		o := Options{Stats: []Stat{Count, Sum, Mean, Min, Max, Std, Cells, Nodata}}
		clean := func(v float64) float64 {
			if math.IsNaN(v) {
				return 0
			}
			return v
		}
		a, err := Compute(context.Background(), newMem(unit(20, 20), func(c, r int) float64 { return clean(value(c, r)) }), []Area{{Geometry: mp}}, o)
		if err != nil {
			t.Fatal(err)
		}
		moved := mp.Clone()
		for _, p := range moved {
			for _, r := range p {
				for i := range r {
					r[i][0] += float64(dc)
					r[i][1] += float64(dr)
				}
			}
		}
		b, err := Compute(context.Background(), newMem(unit(60, 60), func(c, r int) float64 {
			if c < dc || r < dr || c >= dc+20 || r >= dr+20 {
				return math.NaN()
			}
			return clean(value(c-dc, r-dr))
		}), []Area{{Geometry: moved}}, o)
		if err != nil {
			t.Fatal(err)
		}
		for i, n := range a[0].Names[:6] {
			if !near(a[0].Values[i], b[0].Values[i], 1e-11) {
				t.Fatalf("%s: %v, moved %v", n, a[0].Values[i], b[0].Values[i])
			}
		}
	})
}

// TestComputeWeightGrids: weights that are finer, coarser, shifted by whole
// cells or smaller give what spreading both to the finer grid gives.
func TestComputeWeightGrids(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name       string
		kx, ky     int // cells of the weights in one of the raster, negative: the other way
		x, y, w, h int // corner (in raster cells) and size of the weights
	}{
		{name: "same", kx: 1, ky: 1, w: 24, h: 18},
		{name: "same cells, other extent", kx: 1, ky: 1, x: 3, y: -2, w: 12, h: 40},
		{name: "finer", kx: 3, ky: 2, w: 72, h: 36},
		{name: "finer, smaller", kx: 4, ky: 4, x: 5, y: 6, w: 20, h: 31},
		{name: "coarser", kx: -4, ky: -3, w: 6, h: 6},
		{name: "finer across, coarser down", kx: 2, ky: -3, y: -3, w: 48, h: 6},
		{name: "coarser, shifted", kx: -4, ky: -4, x: -3, y: 1, w: 5, h: 9},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			fx, fy := max(c.kx, 1), max(c.ky, 1)   // finer cells in one of the raster
			sx, sy := max(-c.kx, 1), max(-c.ky, 1) // raster cells in one of the weights
			raster := newMem(unit(24, 18), value)
			wg := grid.Grid{Width: c.w, Height: c.h, Transform: grid.Transform{
				float64(c.x), float64(sx) / float64(fx), 0, float64(c.y), 0, float64(sy) / float64(fy),
			}}
			weights := newMem(wg, weight)
			rng := rand.New(rand.NewPCG(7, uint64(len(c.name))))
			for range 20 {
				mp := randomArea(rng, 24, 18)
				fine := mp.Clone()
				for _, p := range fine {
					for _, r := range p {
						for i := range r {
							r[i][0] *= float64(fx)
							r[i][1] *= float64(fy)
						}
					}
				}
				W, H := 24*fx, 18*fy
				f, v, w := slowFractions(fine, W, H), make([]float64, W*H), make([]float64, W*H)
				for i := range v {
					col, row := i%W, i/W
					v[i] = value(col/fx, row/fy)
					wc := int(math.Floor((float64(col)/float64(fx) - float64(c.x)) * float64(fx) / float64(sx)))
					wr := int(math.Floor((float64(row)/float64(fy) - float64(c.y)) * float64(fy) / float64(sy)))
					w[i] = math.NaN()
					if wc >= 0 && wr >= 0 && wc < c.w && wr < c.h {
						w[i] = weight(wc, wr)
					}
				}
				want, _ := slowStats(f, v, w, W, everything)
				res, err := Compute(context.Background(), raster, []Area{{Geometry: mp}}, Options{
					Weights: weights, MaxCells: 100,
					Stats: []Stat{WeightedSum, Mean, WeightedMean, WeightNodata},
				})
				if err != nil {
					t.Fatal(err)
				}
				if want["count"]-want["weight_nodata"] < 1e-6 {
					want["weighted_sum"], want["weighted_mean"] = math.NaN(), math.NaN()
				}
				want["weight_nodata"] /= float64(fx * fy)
				for i, n := range res[0].Names {
					if !near(res[0].Values[i], want[n], 1e-7) {
						t.Fatalf("%s: %v, want %v", n, res[0].Values[i], want[n])
					}
				}
			}
		})
	}
}

func TestComputeWeightsRefused(t *testing.T) {
	t.Parallel()
	raster := newMem(grid.Grid{CRS: "EPSG:25832", Transform: grid.Transform{0, 10, 0, 0, 0, -10}, Width: 10, Height: 10}, value)
	for name, g := range map[string]grid.Grid{
		"other CRS":      {CRS: "EPSG:25833", Transform: grid.Transform{0, 10, 0, 0, 0, -10}, Width: 10, Height: 10},
		"half shifted":   {CRS: "EPSG:25832", Transform: grid.Transform{5, 10, 0, 0, 0, -10}, Width: 10, Height: 10},
		"odd size":       {CRS: "EPSG:25832", Transform: grid.Transform{0, 15, 0, 0, 0, -15}, Width: 10, Height: 10},
		"upside down":    {CRS: "EPSG:25832", Transform: grid.Transform{0, 10, 0, 0, 0, 10}, Width: 10, Height: 10},
		"turned":         {CRS: "EPSG:25832", Transform: grid.Transform{0, 8, 6, 0, 6, -8}, Width: 10, Height: 10},
		"nearly aligned": {CRS: "EPSG:25832", Transform: grid.Transform{0, 10.01, 0, 0, 0, -10}, Width: 10, Height: 10},
	} {
		_, err := Compute(context.Background(), raster, []Area{{Geometry: orb.Bound{Max: orb.Point{20, 20}}}},
			Options{Stats: []Stat{WeightedMean}, Weights: newMem(g, weight)})
		if !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "first") {
			t.Errorf("%s: %v, want an invalid-error with what to do", name, err)
		}
	}
}

func TestComputeOutside(t *testing.T) {
	t.Parallel()
	raster := newMem(unit(4, 4), func(col, row int) float64 {
		if row == 0 {
			return math.NaN()
		}
		return float64(col)
	})
	box := func(x0, y0, x1, y1 float64) orb.Geometry {
		return orb.Bound{Min: orb.Point{x0, y0}, Max: orb.Point{x1, y1}}
	}
	var progress []int
	res, err := Compute(context.Background(), raster, []Area{
		{ID: "away", Geometry: box(10, 10, 12, 12)},
		{ID: "touching", Geometry: box(4, 0, 6, 4)},
		{ID: "half", Geometry: box(2, 1, 6, 3)},
		{ID: "nodata", Geometry: box(0, 0, 4, 1)},
		{ID: "point", Geometry: box(1, 1, 1, 1)},
	}, Options{
		Stats: []Stat{Count, Cells, Nodata, Inside, Sum, Mean, Min, Std, Median, Majority, AreaHa}, Quantiles: []float64{0.1},
		Classes: true, CellArea: func(int) float64 { return 1e4 }, Progress: func(done, total int) { progress = append(progress, done*10+total) },
	})
	if err != nil {
		t.Fatal(err)
	}
	const null = `"sum":null,"mean":null,"min":null,"std":null,"median":null,"majority":null,"area_ha":0,"p10":null,"classes":[]}`
	want := []string{
		`{"id":"away","count":0,"cells":0,"nodata":0,"inside":0,` + null,
		`{"id":"touching","count":0,"cells":0,"nodata":0,"inside":0,` + null,
		`{"id":"half","count":4,"cells":4,"nodata":0,"inside":0.5,"sum":10,"mean":2.5,"min":2,"std":0.5,"median":2.5,"majority":2,"area_ha":4,"p10":2,"classes":[{"value":2,"cells":2,"area_ha":2,"share":0.5},{"value":3,"cells":2,"area_ha":2,"share":0.5}]}`,
		`{"id":"nodata","count":0,"cells":4,"nodata":4,"inside":1,` + null,
		`{"id":"point","count":0,"cells":0,"nodata":0,"inside":null,` + null,
	}
	for i := range want {
		if d := cmp.Diff(want[i], mustJSON(res[i])); d != "" {
			t.Errorf("%s: %s", res[i].ID, d)
		}
	}
	if d := cmp.Diff([]int{15, 25, 35, 45, 55}, progress); d != "" {
		t.Errorf("progress: %s", d)
	}
}

// TestComputeInfinite: an infinite cell is no value, and says so.
func TestComputeInfinite(t *testing.T) {
	t.Parallel()
	raster := newMem(unit(9, 1), func(col, _ int) float64 {
		return []float64{1, 2, math.Inf(1), 4, 5, math.NaN(), 7, 8, math.Inf(-1)}[col]
	})
	o := everything
	o.Stats = []Stat{Count, Nodata, Sum, Min, Max, Std, Variety, Median}
	o.Quantiles = nil
	res, err := Compute(context.Background(), raster, []Area{{Geometry: orb.Bound{Max: orb.Point{9, 1}}}}, o)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]float64{6, 3, 27, 1, 8, 2.5, 6, 4.5}, res[0].Values); d != "" {
		t.Error(d)
	}
}

// TestComputePrecision: small spreads around large values keep their digits,
// sums of whole numbers are whole.
func TestComputePrecision(t *testing.T) {
	t.Parallel()
	raster := newMem(unit(400, 300), func(col, row int) float64 { return 1e9 + float64((col+row)%2) })
	res, err := Compute(context.Background(), raster, []Area{{Geometry: orb.Bound{Min: orb.Point{0.5, 0.5}, Max: orb.Point{398.5, 298.5}}}},
		Options{Stats: []Stat{Std, Mean}, MaxCells: 1000})
	if err != nil {
		t.Fatal(err)
	}
	if v := res[0].Values; math.Abs(v[0]-0.5) > 1e-12 || math.Abs(v[1]-(1e9+0.5)) > 1e-6 {
		t.Errorf("std and mean %v, want 0.5 and 1e9 + 0.5", v)
	}
	res, err = Compute(context.Background(), raster, []Area{{Geometry: orb.Bound{Max: orb.Point{400, 300}}}}, Options{Stats: []Stat{Sum, Count}})
	if err != nil {
		t.Fatal(err)
	}
	if v := res[0].Values; v[0] != 1e9*120000+60000 || v[1] != 120000 {
		t.Errorf("sum and count %v", v)
	}
}

// TestComputeManyValues: above the limit quantiles keep their stated error,
// and what cannot be told is null or refused.
func TestComputeManyValues(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2))
	vals := make([]float64, 200*200)
	for i := range vals {
		vals[i] = 3000*rng.Float64() - 500
	}
	raster := newMem(unit(200, 200), func(c, r int) float64 { return vals[r*200+c] })
	area := []Area{{ID: "x", Geometry: orb.Bound{Min: orb.Point{0.5, 0}, Max: orb.Point{200, 200}}}}
	o := Options{Stats: []Stat{Median, Majority, Minority, Variety, Min}, Quantiles: []float64{0, 0.01, 0.2, 0.9, 1}}
	exact, err := Compute(context.Background(), raster, area, o)
	if err != nil || exact[0].QuantileError != 0 {
		t.Fatal(err, exact[0].QuantileError)
	}
	for _, limit := range []int{20000, 1000, 16} {
		for _, cells := range []int{1 << 20, 999} {
			o.MaxDistinct, o.MaxCells = limit, cells
			got, err := Compute(context.Background(), raster, area, o)
			if err != nil {
				t.Fatal(err)
			}
			e := got[0].QuantileError
			if e == 0 || (limit == 20000 && e > 0x1p-12) || !strings.Contains(mustJSON(got[0]), `"quantile_error":`) {
				t.Fatalf("limit %d: quantile error %g", limit, e)
			}
			for i, n := range got[0].Names {
				v, x := got[0].Values[i], exact[0].Values[i]
				switch {
				case n == "majority" || n == "minority" || n == "variety":
					if !math.IsNaN(v) {
						t.Errorf("%s is %v, want null", n, v)
					}
				case math.Abs(v-x) > e*math.Max(math.Abs(v), math.Abs(x))+1e-9:
					t.Errorf("limit %d, %s: %v, exact %v, stated error %g", limit, n, v, x, e)
				}
			}
		}
	}
	o.Classes, o.CellArea = true, cellArea
	if _, err := Compute(context.Background(), raster, area, o); !fault.Is(err, fault.TooLarge) || !strings.Contains(err.Error(), `"x"`) {
		t.Errorf("class table of a continuous band: %v", err)
	}
}

func TestComputeRefuses(t *testing.T) {
	t.Parallel()
	raster := newMem(unit(4, 4), value)
	area := []Area{{ID: "a", Geometry: orb.Bound{Max: orb.Point{2, 2}}}}
	for name, o := range map[string]Options{
		"unknown statistic": {Stats: []Stat{"average"}},
		"twice":             {Stats: []Stat{Mean, Mean}},
		"quantile":          {Quantiles: []float64{1.5}},
		"quantile NaN":      {Quantiles: []float64{math.NaN()}},
		"quantile twice":    {Quantiles: []float64{.1, .1}},
		"weights":           {Stats: []Stat{WeightedMean}},
		"cell area":         {Stats: []Stat{AreaHa}},
		"classes":           {Classes: true},
		"band":              {Band: -1},
		"cells":             {MaxCells: -1},
		"workers":           {Workers: -2},
		"distinct":          {MaxDistinct: 3},
	} {
		if _, err := Compute(context.Background(), raster, area, o); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, g := range map[string]grid.Grid{
		"no cells":   {Transform: grid.Transform{0, 1, 0, 0, 0, 1}},
		"flat cells": {Transform: grid.Transform{0, 1, 1, 0, 1, 1}, Width: 1, Height: 1},
		"NaN":        {Transform: grid.Transform{math.NaN(), 1, 0, 0, 0, 1}, Width: 1, Height: 1},
	} {
		if _, err := Compute(context.Background(), &memRaster{g: g}, area, Options{}); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Compute(ctx, raster, area, Options{}); !fault.Is(err, fault.Canceled) {
		t.Errorf("canceled: %v", err)
	}
	huge := &memRaster{g: unit(maxSide, maxSide)}
	if _, err := Compute(context.Background(), huge, []Area{{Geometry: orb.Bound{Max: orb.Point{1e9, 1e9}}}}, Options{MaxCells: 100}); !fault.Is(err, fault.TooLarge) {
		t.Errorf("huge: %v", err)
	}
}

// failing is a raster whose reads fail after some time.
type failing struct {
	*memRaster
	err   error
	after int64
}

func (f *failing) ReadFloat64(ctx context.Context, band int, w grid.Window, dst []float64) error {
	if f.reads.Load() >= f.after {
		return f.err
	}
	return f.memRaster.ReadFloat64(ctx, band, w, dst)
}

func TestComputeReadError(t *testing.T) {
	t.Parallel()
	broken := errors.New("tile 7 is damaged")
	for _, kind := range []fault.Kind{fault.Other, fault.Unavailable} {
		r := &failing{memRaster: newMem(unit(50, 50), value), err: fault.E("gdal.Read", kind, broken), after: 3}
		_, err := Compute(context.Background(), r, manyAreas(rand.New(rand.NewPCG(1, 1)), 9, 50, 50), Options{MaxCells: 200, Workers: 4})
		if !errors.Is(err, broken) || fault.KindOf(err) != kind || !strings.Contains(err.Error(), "band 1") {
			t.Errorf("got %v of kind %v", err, fault.KindOf(err))
		}
	}
}

func TestColumnsAndRows(t *testing.T) {
	t.Parallel()
	o := Options{Stats: []Stat{Mean, Count, Majority}, Quantiles: []float64{0.05, 0.975, 1.0 / 3}, Classes: true, CellArea: func(int) float64 { return 1e4 }}
	cols := Columns(o)
	if d := cmp.Diff([]string{"id", "mean", "count", "majority", "p5", "p97.5", "p33.333333"}, cols); d != "" {
		t.Error(d)
	}
	res, err := Compute(context.Background(), newMem(unit(2, 1), func(c, _ int) float64 { return float64(c) / 2 }),
		[]Area{{ID: `a, "b"`, Geometry: orb.Bound{Max: orb.Point{1.5, 1}}}, {ID: "off", Geometry: orb.Bound{Min: orb.Point{7, 7}, Max: orb.Point{8, 8}}}}, o)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	w := csv.NewWriter(&b)
	for _, row := range [][]string{cols, res[0].Row(), res[1].Row()} {
		if len(row) != len(cols) {
			t.Errorf("row %v has %d fields", row, len(row))
		}
		if err := w.Write(row); err != nil {
			t.Fatal(err)
		}
	}
	w.Flush()
	want := "id,mean,count,majority,p5,p97.5,p33.333333\n\"a, \"\"b\"\"\",0.16666666666666666,1.5,0,0,0.5,0\noff,,0,,,,\n"
	if d := cmp.Diff(want, b.String()); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([][]string{{`a, "b"`, "0", "1", "1", "0.6666666666666666"}, {`a, "b"`, "0.5", "0.5", "0.5", "0.3333333333333333"}}, res[0].ClassRows()); d != "" {
		t.Error(d)
	}
	if len(ClassColumns()) != len(res[0].ClassRows()[0]) {
		t.Error("class columns and rows differ")
	}
	if v, ok := res[0].Get("count"); !ok || v != 1.5 {
		t.Error("Get(count)", v, ok)
	}
	if _, ok := res[1].Get("mean"); ok {
		t.Error("mean of nothing is not null")
	}
	if got := Columns(Options{}); len(got) != 7 || got[2] != "mean" {
		t.Errorf("default columns %v", got)
	}
}

// TestPlanReads: far-apart areas are read one by one, neighbours once.
func TestPlanReads(t *testing.T) {
	t.Parallel()
	raster := newMem(unit(2000, 1000), func(c, r int) float64 { return float64(c) })
	box := func(x, y, s float64) Area {
		return Area{Geometry: orb.Bound{Min: orb.Point{x, y}, Max: orb.Point{x + s, y + s}}}
	}
	run := func(areas ...Area) int64 {
		raster.cells.Store(0)
		if _, err := Compute(context.Background(), raster, areas, Options{}); err != nil {
			t.Fatal(err)
		}
		return raster.cells.Load()
	}
	if n := run(box(5, 5, 10), box(1900, 500, 10)); n != 200 {
		t.Errorf("two far boxes read %d cells, want 200", n)
	}
	if n := run(box(0, 0, 400), box(1, 1, 400), box(2, 2, 400), box(3, 3, 400)); n > 403*403 {
		t.Errorf("four boxes on top of each other read %d cells, want at most %d", n, 403*403)
	}
}

// TestComputePartition: the municipalities of a made-up country sum to it.
func TestComputePartition(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		rng := drawRNG(t)
		const n, side = 4, 30.0
		var knots [n + 1][n + 1]orb.Point // a warped lattice, vertices off the cells
		for i := range knots {
			for j := range knots[i] {
				knots[i][j] = orb.Point{side * (float64(i) + 0.4*rng.Float64()) / (n + 0.5), side * (float64(j) + 0.4*rng.Float64()) / (n + 0.5)}
			}
		}
		var areas []Area
		var rim orb.Ring
		for i := range n {
			for j := range n {
				areas = append(areas, Area{Geometry: orb.Polygon{{knots[i][j], knots[i+1][j], knots[i+1][j+1], knots[i][j+1], knots[i][j]}}})
			}
		}
		for i := range n {
			rim = append(rim, knots[i][0])
		}
		for j := range n {
			rim = append(rim, knots[n][j])
		}
		for i := range n {
			rim = append(rim, knots[n-i][n])
		}
		for j := range n {
			rim = append(rim, knots[0][n-j])
		}
		areas = append(areas, Area{Geometry: orb.Polygon{append(rim, rim[0])}})
		o := Options{Stats: []Stat{Count, Sum, Cells, Nodata, AreaHa}, CellArea: cellArea, MaxCells: 200}
		res, err := Compute(context.Background(), newMem(unit(side, side), value), areas, o)
		if err != nil {
			t.Fatal(err)
		}
		for k, name := range res[0].Names {
			var sum ksum
			for _, r := range res[:n*n] {
				sum.add(r.Values[k])
			}
			if whole := res[n*n].Values[k]; !near(sum.value(), whole, 1e-12) {
				t.Fatalf("%s: parts sum to %v, the whole has %v", name, sum.value(), whole)
			}
		}
	})
}
