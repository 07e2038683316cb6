package zonal

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"
	"pgregory.net/rapid"

	"contado/geo/fault"
	"contado/geo/grid"
)

// blocksOf are the sums of the blocks of a raster in memory, found cell by
// cell; asks counts how many were asked for.
type blocksOf struct {
	r    *memRaster
	side int
	asks atomic.Int64
	odd  bool // says of some blocks that their sums cannot be written
}

func (b *blocksOf) Side() int { return b.side }

func (b *blocksOf) ReadBlocks(ctx context.Context, band int, w grid.Window, dst []BlockSum) error {
	if len(dst) != int(w.Cells()) {
		return errors.New("wrong length")
	}
	b.asks.Add(w.Cells())
	for i := range dst {
		col, row := w.Col+i%w.Width, w.Row+i/w.Width
		cells := b.r.g.Full().Intersect(grid.Window{Col: col * b.side, Row: row * b.side, Width: b.side, Height: b.side})
		if cells.Empty() {
			return errors.New("block outside the raster")
		}
		a := newAcc(needs{moments: true, extremes: true})
		for r := cells.Row; r < cells.Row+cells.Height; r++ {
			a.run(b.r.bands[band-1][r*b.r.g.Width+cells.Col:][:cells.Width], nil, 0)
		}
		dst[i] = BlockSum{Count: a.count.value(), Sum: a.sum.value(), M2: a.m2, Min: a.min, Max: a.max}
		if b.odd && (col+row)%3 == 0 && dst[i].Count > 0 {
			dst[i].Sum, dst[i].M2 = math.NaN(), math.NaN()
		}
	}
	return ctx.Err()
}

// classBlocksOf also count the cells of each value.
type classBlocksOf struct {
	blocksOf
	values [][]float64
}

func withClasses(b *blocksOf) *classBlocksOf {
	c := &classBlocksOf{blocksOf: blocksOf{r: b.r, side: b.side, odd: b.odd}}
	for _, band := range b.r.bands {
		seen := map[float64]bool{}
		var values []float64
		for _, v := range band {
			if finite(v) && !seen[v] {
				seen[v] = true
				values = append(values, v)
			}
		}
		slices.Sort(values)
		c.values = append(c.values, values)
	}
	return c
}

func (b *classBlocksOf) Classes(band int) []float64 { return b.values[band-1] }

func (b *classBlocksOf) ReadClasses(_ context.Context, band int, w grid.Window, dst []uint32) error {
	values, n := b.Classes(band), int(w.Cells())
	if len(dst) != n*len(values) {
		return errors.New("wrong length")
	}
	clear(dst)
	for i := range n {
		cells := b.r.g.Full().Intersect(grid.Window{Col: (w.Col + i%w.Width) * b.side, Row: (w.Row + i/w.Width) * b.side, Width: b.side, Height: b.side})
		for r := cells.Row; r < cells.Row+cells.Height; r++ {
			for _, v := range b.r.bands[band-1][r*b.r.g.Width+cells.Col:][:cells.Width] {
				if k, ok := slices.BinarySearch(values, v); ok && finite(v) {
					dst[k*n+i]++
				}
			}
		}
	}
	return nil
}

// blocky is a memRaster that says how it is stored.
type blocky struct {
	*memRaster
	cols, rows int
}

func (b blocky) BlockSize() (cols, rows int) { return b.cols, b.rows }

// someAreas are of all sizes: within a cell, some cells, many squares, with
// holes, beyond the raster, apart from it.
func someAreas(rng *rand.Rand, w, h float64) []Area {
	var out []Area
	for i := range 14 {
		cx, cy := w*rng.Float64(), h*rng.Float64()
		r := math.Pow(10, 2.2*rng.Float64()-0.5)
		p := orb.Polygon{star(rng, cx, cy, r, 5+rng.IntN(30), 0)}
		if rng.IntN(2) == 0 {
			p = append(p, star(rng, cx, cy, r*0.3, 5+rng.IntN(10), 0))
		}
		out = append(out, Area{ID: fmt.Sprint(i), Geometry: p})
	}
	return append(out,
		Area{ID: "all", Geometry: orb.Bound{Min: orb.Point{-5, -5}, Max: orb.Point{w + 5, h + 5}}},
		Area{ID: "most", Geometry: orb.Bound{Min: orb.Point{3.25, 7.5}, Max: orb.Point{w - 2.5, h}}},
		Area{ID: "off", Geometry: orb.Bound{Min: orb.Point{-50, -50}, Max: orb.Point{-40, -40}}})
}

func sameResults(t *rapid.T, what string, got, want []Result, rel float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d results, want %d", what, len(got), len(want))
	}
	for i := range got {
		if got[i].ID != want[i].ID {
			t.Fatalf("%s: area %q, want %q", what, got[i].ID, want[i].ID)
		}
		for k, n := range want[i].Names {
			if !near(got[i].Values[k], want[i].Values[k], rel) {
				t.Fatalf("%s: area %s: %s is %v, want %v", what, got[i].ID, n, got[i].Values[k], want[i].Values[k])
			}
		}
		if len(got[i].Classes) != len(want[i].Classes) {
			t.Fatalf("%s: area %s: %d classes, want %d", what, got[i].ID, len(got[i].Classes), len(want[i].Classes))
		}
		for k, c := range want[i].Classes {
			d := got[i].Classes[k]
			if c.Value != d.Value || !near(c.Cells, d.Cells, rel) || !near(c.Ha, d.Ha, rel) || !near(c.Share, d.Share, rel) {
				t.Fatalf("%s: class %+v, want %+v", what, d, c)
			}
		}
	}
}

// TestApplyIsCompute: with exact fractions the cached weights give what
// Compute gives, whatever the squares, the blocks and the workers; with
// rounded ones they do to 2⁻²³.
func TestApplyIsCompute(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		rng := drawRNG(t)
		w, h := 20+rng.IntN(200), 20+rng.IntN(200)
		a, b := newMem(unit(w, h), value), newMem(unit(w, h), weight)
		a.bands = append(a.bands, b.bands[0])
		areas := someAreas(rng, float64(w), float64(h))
		o := Options{Stats: []Stat{Count, Sum, Mean, Min, Max, Std, Cells, Nodata, AreaHa, Inside}, CellArea: cellArea}
		switch rng.IntN(3) {
		case 0:
			o.Stats = o.Stats[:6]
		case 1:
			o.Stats = append(o.Stats, Median, Majority, Minority, Variety)
			o.Quantiles, o.Classes = []float64{0.1, 0.9}, true
		}
		var want [2][]Result
		for i := range want {
			var err error
			o.Band = i + 1
			if want[i], err = Compute(t.Context(), a, areas, o); err != nil {
				t.Fatal(err)
			}
		}
		wo := WeightOptions{Side: 16 << rng.IntN(5), Exact: rng.IntN(2) == 0, Workers: 1 + rng.IntN(3)}
		weights, err := NewWeights(t.Context(), a.g, areas, &wo)
		if err != nil {
			t.Fatal(err)
		}
		tol := 1e-11
		if !wo.Exact {
			tol = 0x1p-23
			o.Quantiles, o.Stats, o.Classes = nil, o.Stats[:min(len(o.Stats), 10)], false
			for i := range want {
				for k := range want[i] {
					want[i][k].Names, want[i][k].Classes = want[i][k].Names[:len(o.Stats)], nil
				}
			}
		}
		raster := Raster(blocky{a, 1 + rng.IntN(200), 1 + rng.IntN(200)})
		blocks := &blocksOf{r: a, side: max(16, wo.Side>>rng.IntN(3)), odd: rng.IntN(3) == 0}
		layers := []Layer{{Raster: raster, Band: 1}, {Raster: raster, Band: 2}}
		if rng.IntN(2) == 0 {
			layers[0].Blocks, layers[1].Blocks = blocks, blocks
			if rng.IntN(2) == 0 {
				c := withClasses(&blocksOf{r: a, side: blocks.side, odd: blocks.odd})
				layers[0].Blocks, layers[1].Blocks = c, c
			}
		}
		o.MaxCells = []int{wo.Side * wo.Side, 70000, 0}[rng.IntN(3)]
		var first [][]Result
		for _, o.Workers = range []int{1, 3} {
			got, err := weights.Apply(t.Context(), layers, o)
			if err != nil {
				t.Fatal(err)
			}
			sameResults(t, "band 1", got[0], want[0], tol)
			sameResults(t, "band 2", got[1], want[1], tol)
			if first == nil {
				first = got
			} else if d := cmp.Diff(mustJSON(first), mustJSON(got)); d != "" {
				t.Fatalf("workers change the result: %s", d)
			}
		}
	})
}

// TestRunsAreCover: Runs gives each cell that Cover gives, once, with its
// fraction.
func TestRunsAreCover(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		rng := drawRNG(t)
		w, h := 20+rng.IntN(100), 20+rng.IntN(100)
		g := unit(w, h)
		areas := someAreas(rng, float64(w), float64(h))
		exact := rng.IntN(2) == 0
		weights, err := NewWeights(t.Context(), g, areas, &WeightOptions{Side: 16 << rng.IntN(5), Exact: exact})
		if err != nil {
			t.Fatal(err)
		}
		for i := range areas {
			want := make([]float64, w*h)
			if err := Cover(t.Context(), g, areas[i], func(s Span) bool {
				for c := range s.Width {
					want[s.Row*w+s.Col+c] = s.Fraction
				}
				return true
			}); err != nil {
				t.Fatal(err)
			}
			got := make([]float64, w*h)
			for s := range weights.Runs(i) {
				for c := range s.Width {
					if at := s.Row*w + s.Col + c; got[at] != 0 {
						t.Fatalf("cell %d,%d comes twice", s.Col+c, s.Row)
					} else {
						got[at] = s.Fraction
					}
				}
			}
			for k := range want {
				if f := want[k]; got[k] != f && (exact && math.Abs(got[k]-f) > 1e-15 || math.Abs(got[k]-f) > f*0x1p-24+1e-15) {
					t.Fatalf("area %s, cell %d,%d: %v, want %v", areas[i].ID, k%w, k/w, got[k], f)
				}
			}
		}
	})
}

func TestApplyBlocksServe(t *testing.T) {
	t.Parallel()
	g := unit(2000, 1500)
	r := newMem(g, value)
	area := Area{ID: "a", Geometry: orb.Polygon{star(rand.New(rand.NewPCG(1, 2)), 1000, 750, 740, 40, 0)}}
	w, err := NewWeights(t.Context(), g, []Area{area}, nil)
	if err != nil {
		t.Fatal(err)
	}
	o := Options{Stats: []Stat{Count, Sum, Mean, Min, Max, Std}}
	tiled := blocky{r, 128, 128}
	plain, err := w.Apply(t.Context(), []Layer{{Raster: tiled}}, o)
	if err != nil {
		t.Fatal(err)
	}
	all := r.cells.Swap(0)
	blocks := &blocksOf{r: r, side: 64}
	quick, err := w.Apply(t.Context(), []Layer{{Raster: tiled, Blocks: blocks}}, o)
	if err != nil {
		t.Fatal(err)
	}
	_, _, squares := w.Entries()
	if n := blocks.asks.Load(); n != 4*squares || squares < 20 {
		t.Errorf("%d blocks asked for, %d squares are filled", n, squares)
	}
	if now := r.cells.Load(); now > all-16000*squares/2 {
		t.Errorf("%d cells read with block sums, %d without; %d squares of 16,384 are filled", now, all, squares)
	}
	for k, n := range plain[0][0].Names {
		a, b := plain[0][0].Values[k], quick[0][0].Values[k]
		if tol := 1e-12; !near(a, b, tol) || ((n == "min" || n == "max" || n == "count") && n != "count" && a != b) {
			t.Errorf("%s: %v decoded, %v from block sums", n, a, b)
		}
	}
	for _, c := range []struct {
		name string
		l    Layer
		o    Options
	}{
		{"quantiles need cells", Layer{Raster: r, Blocks: blocks}, Options{Stats: []Stat{Median}}},
		{"another extent", Layer{Raster: newMem(unit(1990, 1500), value), Blocks: blocks}, o},
		{"blocks too large", Layer{Raster: r, Blocks: &blocksOf{r: r, side: 256}}, o},
	} {
		blocks.asks.Store(0)
		if _, err := w.Apply(t.Context(), []Layer{c.l}, c.o); err != nil || blocks.asks.Load() > 0 {
			t.Errorf("%s: %v, %d blocks asked for", c.name, err, blocks.asks.Load())
		}
	}
}

// TestComputeByBlocks: Compute with block sums is Compute without.
func TestComputeByBlocks(t *testing.T) {
	t.Parallel()
	const w, h = 2100, 1300
	r := newMem(unit(w, h), func(col, row int) float64 {
		if (col/300+row/200)%4 == 0 && (col+row)%5 < 2 {
			return math.NaN()
		}
		return float64((col/40*7 + row/30*5 + (col*row)%3) % 11)
	})
	rng := rand.New(rand.NewPCG(6, 7))
	areas := []Area{
		{ID: "large", Geometry: orb.Polygon{star(rng, 1000, 650, 640, 60, 0), star(rng, 1000, 650, 100, 12, 0)}},
		{ID: "small", Geometry: orb.Polygon{star(rng, 200, 200, 9, 12, 0)}},
		{ID: "all", Geometry: orb.Bound{Min: orb.Point{-1, -1}, Max: orb.Point{w + 1, h + 1}}},
		{ID: "corner", Geometry: orb.Bound{Min: orb.Point{1400.5, 600.25}, Max: orb.Point{w, h}}},
	}
	level := func(int) float64 { return 250 }
	for name, c := range map[string]struct {
		o       Options
		classes bool
		reads   float64 // share of the cells that is read at most, where it is less
	}{
		"moments":              {Options{Stats: []Stat{Count, Sum, Mean, Min, Max, Std, Cells, Nodata, Inside}}, false, 0.95},
		"areas":                {Options{Stats: []Stat{Mean, AreaHa}, CellArea: level}, false, 0.95},
		"areas of cells":       {Options{Stats: []Stat{Mean, AreaHa}, CellArea: cellArea}, false, 0.99},
		"classes":              {Options{Stats: []Stat{Count, Majority, Variety, Median}, Classes: true, CellArea: level}, true, 0.95},
		"classes, many areas":  {Options{Stats: []Stat{Count, Majority, Variety, Median}, Classes: true, CellArea: cellArea}, true, 1},
		"classes, not counted": {Options{Classes: true, CellArea: level}, false, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			mine := &memRaster{g: r.g, bands: r.bands}
			o := c.o
			want, err := Compute(t.Context(), blocky{mine, 64, 64}, areas, o)
			if err != nil {
				t.Fatal(err)
			}
			plain := mine.cells.Swap(0)
			if o.Blocks = (&blocksOf{r: r, side: 64}); c.classes {
				o.Blocks = withClasses(&blocksOf{r: r, side: 64})
			}
			got, err := Compute(t.Context(), blocky{mine, 64, 64}, areas, o)
			if err != nil {
				t.Fatal(err)
			}
			if now := mine.cells.Load(); c.reads < 1 && float64(now) > c.reads*float64(plain) {
				t.Errorf("%d cells read with block sums, %d without", now, plain)
			}
			for i := range want {
				for k, n := range want[i].Names {
					a, b := got[i].Values[k], want[i].Values[k]
					if !near(a, b, 1e-12) || ((n == "min" || n == "max") && a != b) {
						t.Errorf("%s, %s: %v, decoded %v", areas[i].ID, n, a, b)
					}
				}
				if len(got[i].Classes) != len(want[i].Classes) {
					t.Fatalf("%s: %d classes, decoded %d", areas[i].ID, len(got[i].Classes), len(want[i].Classes))
				}
				for k, b := range want[i].Classes {
					if a := got[i].Classes[k]; a.Value != b.Value || !near(a.Cells, b.Cells, 1e-12) || !near(a.Ha, b.Ha, 1e-12) {
						t.Errorf("%s: class %+v, decoded %+v", areas[i].ID, a, b)
					}
				}
			}
		})
	}
}

// Rasters of other extents and coarser cells serve, as those of Compute's
// weights do.
func TestApplyOtherGrids(t *testing.T) {
	t.Parallel()
	g := unit(60, 40)
	areas := []Area{{ID: "a", Geometry: orb.Polygon{star(rand.New(rand.NewPCG(4, 2)), 30, 20, 18, 20, 0)}}}
	w, err := NewWeights(t.Context(), g, areas, &WeightOptions{Exact: true, Side: 16})
	if err != nil {
		t.Fatal(err)
	}
	coarse := grid.Grid{Transform: grid.Transform{-4, 4, 0, -8, 0, 4}, Width: 13, Height: 20}
	small := newMem(coarse, value)
	spread := newMem(g, func(col, row int) float64 {
		c, r := (col+4)/4, (row+8)/4
		if c >= coarse.Width || r >= coarse.Height {
			return math.NaN()
		}
		return value(c, r)
	})
	got, err := w.Apply(t.Context(), []Layer{{Raster: small}, {Raster: spread}}, everythingButWeights())
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(mustJSON(got[0]), mustJSON(got[1])); d != "" {
		t.Error(d)
	}
	off := coarse
	off.Transform[0] += 0.5
	finer := grid.Grid{Transform: grid.Transform{0, 0.5, 0, 0, 0, 0.5}, Width: 120, Height: 80}
	other := g
	g.CRS, other.CRS = "EPSG:25832", "EPSG:3035"
	if w, err = NewWeights(t.Context(), g, areas, nil); err != nil {
		t.Fatal(err)
	}
	for _, g := range []grid.Grid{off, finer, other} {
		if _, err := w.Apply(t.Context(), []Layer{{Raster: newMem(g, value)}}, Options{}); !fault.Is(err, fault.Invalid) {
			t.Errorf("%v: %v", g.Transform, err)
		}
	}
}

func everythingButWeights() Options {
	o := everything
	o.Stats = nil
	for _, s := range allStats {
		if s != WeightedMean && s != WeightedSum && s != WeightNodata {
			o.Stats = append(o.Stats, s)
		}
	}
	return o
}

func TestApplyRefuses(t *testing.T) {
	t.Parallel()
	g := unit(30, 30)
	areas := []Area{{ID: "a", Geometry: orb.Bound{Max: orb.Point{20, 20}}}}
	w, err := NewWeights(t.Context(), g, areas, nil)
	if err != nil {
		t.Fatal(err)
	}
	r := newMem(g, value)
	if _, err := w.Apply(t.Context(), []Layer{{}}, Options{}); !fault.Is(err, fault.Invalid) {
		t.Errorf("no raster: %v", err)
	}
	if _, err := w.Apply(t.Context(), []Layer{{Raster: r, Band: -1}}, Options{}); !fault.Is(err, fault.Invalid) {
		t.Errorf("band −1: %v", err)
	}
	if _, err := w.Apply(t.Context(), []Layer{{Raster: r}}, Options{Stats: []Stat{WeightedMean}, Weights: r}); !fault.Is(err, fault.Unsupported) {
		t.Errorf("weights: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := w.Apply(ctx, []Layer{{Raster: r}}, Options{}); !fault.Is(err, fault.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if _, err := NewWeights(ctx, g, areas, nil); !fault.Is(err, fault.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if _, err := NewWeights(t.Context(), g, areas, &WeightOptions{Side: 100}); !fault.Is(err, fault.Invalid) {
		t.Errorf("squares of 100: %v", err)
	}
	if _, err := NewWeights(t.Context(), g, areas, &WeightOptions{MaxBytes: 1}); !fault.Is(err, fault.TooLarge) {
		t.Errorf("one byte: %v", err)
	}
	bad := append(areas, Area{ID: "Maïa"}, Area{ID: "later"})
	if _, err := NewWeights(t.Context(), g, bad, nil); !fault.Is(err, fault.Invalid) || !contains(err, "Maïa") {
		t.Errorf("no geometry: %v", err)
	}
	failing := errors.New("disk on fire")
	if _, err := w.Apply(t.Context(), []Layer{{Raster: broken{r, failing}}}, Options{}); !errors.Is(err, failing) {
		t.Errorf("reading fails: %v", err)
	}
}

type broken struct {
	*memRaster
	err error
}

func (b broken) ReadFloat64(context.Context, int, grid.Window, []float64) error { return b.err }

// several is a raster of a kind that == panics for.
type several struct {
	*memRaster
	inputs []Raster
}

func TestApplyAnyRaster(t *testing.T) {
	t.Parallel()
	g := unit(50, 50)
	w, err := NewWeights(t.Context(), g, []Area{{ID: "a", Geometry: orb.Bound{Min: orb.Point{1.5, 2}, Max: orb.Point{40, 40}}}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	r := newMem(g, value)
	odd := several{r, []Raster{r}}
	got, err := w.Apply(t.Context(), []Layer{{Raster: odd}, {Raster: odd}, {Raster: r}}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(mustJSON(got[0]), mustJSON(got[2])); d != "" {
		t.Error(d)
	}
}

func TestApplyProgress(t *testing.T) {
	t.Parallel()
	g := unit(300, 200)
	areas := someAreas(rand.New(rand.NewPCG(8, 8)), 300, 200)
	w, err := NewWeights(t.Context(), g, areas, &WeightOptions{Side: 32})
	if err != nil {
		t.Fatal(err)
	}
	r := newMem(g, value)
	last, total := 0, 0
	o := Options{MaxCells: 5000, Progress: func(done, of int) {
		if done < last {
			t.Errorf("%d after %d", done, last)
		}
		last, total = done, of
	}}
	if _, err := w.Apply(t.Context(), []Layer{{Raster: r}, {Raster: r}, {Raster: newMem(g, weight)}}, o); err != nil {
		t.Fatal(err)
	}
	if total != 3*len(areas) || last != total {
		t.Errorf("%d of %d done, want %d", last, total, 3*len(areas))
	}
}

func contains(err error, text string) bool { return err != nil && strings.Contains(err.Error(), text) }
