package demand_test

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"contado/geo/demand"
	"contado/geo/fault"
)

// Parts sum to the whole exactly, in any order; each is within a grain of its
// share; nothing goes where there is no weight.
func TestApportion(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		weights := rapid.SliceOfN(rapid.OneOf(
			rapid.Float64Range(0, 10), rapid.SampledFrom([]float64{0, 1, 1, 1e-300, 1e9, -1, math.NaN(), math.Inf(1)}),
		), 1, 60).Draw(t, "weights")
		total := rapid.OneOf(rapid.Float64Range(0, 1e7), rapid.Map(rapid.IntRange(0, 5000), func(n int) float64 { return float64(n) })).Draw(t, "total")
		grain := rapid.SampledFrom([]float64{demand.Fine, demand.Whole}).Draw(t, "grain")
		dst := make([]float64, len(weights))
		for i := range dst {
			dst[i] = 7 // what was there must not stay
		}
		ok := demand.Apportion(dst, total, weights, grain)
		sum, all := 0.0, 0.0
		for _, w := range weights {
			if w > 0 && !math.IsInf(w, 0) {
				all += w
			}
		}
		order := rand.New(rand.NewPCG(uint64(total), 1)).Perm(len(dst))
		for _, i := range order {
			sum += dst[i]
		}
		if ok != (all > 0 && total > 0) {
			t.Fatalf("Apportion(%g, %v) says %v", total, weights, ok)
		}
		if !ok {
			total = 0
		}
		if sum != total {
			t.Fatalf("parts of %g sum to %g, off by %g", total, sum, sum-total)
		}
		heaviest := slices.Max(dst)
		for i, w := range weights {
			switch {
			case !(w > 0) || math.IsInf(w, 0):
				if dst[i] != 0 {
					t.Fatalf("%g people on a weight of %g", dst[i], w)
				}
			case ok && math.Abs(dst[i]-total*w/all) > 2*grain+1e-9*total && dst[i] != heaviest:
				t.Fatalf("%g of %g for a weight of %g in %g", dst[i], total, w, all)
			}
			if whole := math.Mod(total, 1) == 0; whole && grain == demand.Whole && dst[i] != math.Trunc(dst[i]) {
				t.Fatalf("%g people are not whole", dst[i])
			}
		}
	})
}

// Equal weights and fewer people than cells: they do not crowd on one side.
func TestApportionTakesNoSide(t *testing.T) {
	t.Parallel()
	weights := make([]float64, 1000)
	for i := range weights {
		weights[i] = 1
	}
	dst := make([]float64, len(weights))
	demand.Apportion(dst, 100, weights, demand.Whole)
	quarters := [4]float64{}
	for i, n := range dst {
		quarters[i/250] += n
	}
	for _, q := range quarters {
		if q < 10 || q > 40 {
			t.Errorf("100 people in the quarters %v", quarters)
		}
	}
}

// land is sections over a square raster: blocks of side × side cells of two
// classes, people by class.
func land(rng *rand.Rand, blocks, side int, density [2]float64) (*demand.Pieces, demand.Counts, int) {
	width := blocks * side
	p := &demand.Pieces{}
	c := demand.Counts{Bands: [][]float64{nil}}
	for b := range blocks * blocks {
		share := rng.Float64()
		switch rng.IntN(4) {
		case 0:
			share = 0
		case 1:
			share = 1
		}
		people := 0.0
		for k := range side * side {
			class := int16(0)
			if rng.Float64() < share {
				class = 1
			}
			col, row := b%blocks*side+k%side, b/blocks*side+k/side
			p.Section, p.Cell = append(p.Section, int32(b)), append(p.Cell, int32(row*width+col))
			p.Area, p.Class = append(p.Area, 1), append(p.Class, class)
			p.Amount = append(p.Amount, density[class])
			people += density[class]
		}
		c.Total = append(c.Total, people)
		c.Bands[0] = append(c.Bands[0], math.Floor(people/5))
	}
	return p, c, width
}

// Every method keeps every section's people and bands to the unit.
func TestRunConserves(t *testing.T) {
	t.Parallel()
	p, c, _ := land(rand.New(rand.NewPCG(1, 1)), 8, 6, [2]float64{1, 9})
	c.Total[3], c.Bands[0][3] = 1234.56789, 0.1
	for _, m := range demand.Methods {
		for _, grain := range []float64{demand.Fine, demand.Whole} {
			s, err := demand.Run(context.Background(), p, c, demand.Options{Method: m, Inhabited: []bool{false, true}, Grain: grain})
			if err != nil {
				t.Fatal(err)
			}
			all, old := make([]float64, len(c.Total)), make([]float64, len(c.Total))
			for i, sec := range p.Section {
				all[sec] += s.People[i]
				old[sec] += s.Bands[0][i]
				if s.Bands[0][i] > s.People[i]+grain && sec != 3 {
					t.Fatalf("%s: %g of %g people of a cell are old", m, s.Bands[0][i], s.People[i])
				}
			}
			if !slices.Equal(all, c.Total) || !slices.Equal(old, c.Bands[0]) {
				t.Errorf("%s by %g: sections have %v, want %v", m, grain, all[:5], c.Total[:5])
			}
			if m == demand.Binary && s.Fallback.Sections == 0 {
				t.Error("no section without inhabited land is reported")
			}
		}
	}
}

// Where people do live by class, the densities are found again, sampled or
// not, and sections held out are better foretold than by surface.
func TestClassDensity(t *testing.T) {
	t.Parallel()
	for _, cover := range []float64{0.8, 1e-9} {
		want := [2]float64{1, 9}
		p, c, width := land(rand.New(rand.NewPCG(5, 2)), 12, 8, want)
		o := demand.Options{Method: demand.ClassDensity, Cover: cover}
		if cover < 0.1 { // no class has a section of its own: all by likelihood
			o.Cover = 1
			for i := range p.Class {
				if k := i % 64; k < 4 { // each section gets some of both
					p.Class[i] = int16(k % 2)
				}
			}
			for s := range c.Total {
				c.Total[s] = 0
			}
			for i, s := range p.Section {
				c.Total[s] += want[p.Class[i]]
			}
		}
		d, err := demand.Densities(context.Background(), p, c.Total, o)
		if err != nil {
			t.Fatal(err)
		}
		for k := range want {
			if math.Abs(d[k].PerArea-want[k]) > 0.15*want[k] || (d[k].Samples == 0) == (cover > 0.1) {
				t.Errorf("cover %g: class %d has %+v, want %g", cover, k, d[k], want[k])
			}
		}
		got, err := demand.HeldOut(context.Background(), p, c, o, []demand.Method{demand.AreaWeighted, demand.ClassDensity}, width, 4)
		if err != nil {
			t.Fatal(err)
		}
		if got[0].Sections != 144 || got[0].Merged != 36 || got[1].TAE > 0.3*got[0].TAE {
			t.Errorf("held out: by surface %+v, by class %+v", got[0], got[1])
		}
	}
}

// The errors, worked by hand: two sections of one unit, 30 and 10 people on
// equal surfaces: 20 are put into each.
func TestHeldOutByHand(t *testing.T) {
	t.Parallel()
	p := &demand.Pieces{Section: []int32{0, 1, 2}, Cell: []int32{0, 1, -1}, Area: []float64{2, 2, 1}}
	got, err := demand.HeldOut(context.Background(), p, demand.Counts{Total: []float64{30, 10, 5}}, demand.Options{}, []demand.Method{demand.AreaWeighted}, 2, 2)
	if err != nil {
		t.Fatal(err)
	}
	want := demand.Accuracy{Method: demand.AreaWeighted, Sections: 2, Merged: 1, People: 40, RMSE: 10, MAE: 10, TAE: 20, Share: 0.5}
	if got[0] != want {
		t.Errorf("errors %+v, want %+v", got[0], want)
	}
}

func TestRunRefuses(t *testing.T) {
	t.Parallel()
	good := func() (*demand.Pieces, demand.Counts, demand.Options) {
		return &demand.Pieces{Section: []int32{0, 1}, Cell: []int32{0, 1}, Area: []float64{1, 1}}, demand.Counts{Total: []float64{1, 2}}, demand.Options{Method: demand.AreaWeighted}
	}
	for name, spoil := range map[string]func(*demand.Pieces, *demand.Counts, *demand.Options){
		"columns": func(p *demand.Pieces, _ *demand.Counts, _ *demand.Options) { p.Area = p.Area[:1] },
		"order":   func(p *demand.Pieces, _ *demand.Counts, _ *demand.Options) { p.Section[0] = 1; p.Section[1] = 0 },
		"section": func(p *demand.Pieces, _ *demand.Counts, _ *demand.Options) { p.Section[1] = 2 },
		"surface": func(p *demand.Pieces, _ *demand.Counts, _ *demand.Options) { p.Area[0] = math.NaN() },
		"method":  func(_ *demand.Pieces, _ *demand.Counts, o *demand.Options) { o.Method = "guess" },
		"amounts": func(_ *demand.Pieces, _ *demand.Counts, o *demand.Options) { o.Method = demand.Proportional },
		"class":   func(p *demand.Pieces, _ *demand.Counts, _ *demand.Options) { p.Class = []int16{0, -1} },
		"inhabits": func(p *demand.Pieces, _ *demand.Counts, o *demand.Options) {
			p.Class = []int16{0, 3}
			o.Inhabited = []bool{true}
		},
		"bands": func(_ *demand.Pieces, c *demand.Counts, _ *demand.Options) { c.Bands = [][]float64{{1}} },
		"grain": func(_ *demand.Pieces, _ *demand.Counts, o *demand.Options) { o.Grain = 0.3 },
		"cover": func(_ *demand.Pieces, _ *demand.Counts, o *demand.Options) { o.Cover = 2 },
	} {
		p, c, o := good()
		spoil(p, &c, &o)
		if _, err := demand.Run(context.Background(), p, c, o); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	p, c, o := good()
	c.Total = append(c.Total, 5)
	s, err := demand.Run(context.Background(), p, c, o)
	if err != nil || s.Lost != (demand.Tally{Sections: 1, People: 5}) {
		t.Errorf("a section without a piece: %+v (%v)", s, err)
	}
}

// The nearest ground is that of brute force over all cells.
func TestNearest(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		g := demand.Ground{
			Width: rapid.IntRange(1, 12).Draw(t, "width"), Height: rapid.IntRange(1, 12).Draw(t, "height"),
			CellW: rapid.SampledFrom([]float64{1, 2, 0.7}).Draw(t, "cell width"), CellH: rapid.SampledFrom([]float64{1, 1.5}).Draw(t, "cell height"),
		}
		n := g.Width * g.Height
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		open := make([]bool, n)
		for i := range n {
			open[i] = rng.IntN(6) == 0
			g.Area = append(g.Area, int32(rng.IntN(2)))
		}
		g.Passable = func(c int) bool { return open[c] }
		cell, area, limit := rng.IntN(n), int32(rng.IntN(2)), float64(rng.IntN(8))
		far := func(i int) float64 {
			dx, dy := float64(i%g.Width-cell%g.Width)*g.CellW, float64(i/g.Width-cell/g.Width)*g.CellH
			return dx*dx + dy*dy
		}
		best := math.Inf(1)
		var want []int32
		for i := range n {
			if !open[i] || g.Area[i] != area || far(i) > limit*limit+1e-9 || far(i) > best {
				continue
			}
			if far(i) < best {
				want, best = nil, far(i)
			}
			want = append(want, int32(i))
		}
		got, metres := g.Nearest(nil, cell, area, limit)
		slices.Sort(got)
		if !slices.Equal(got, want) || len(want) > 0 && math.Abs(metres-math.Sqrt(best)) > 1e-12 {
			t.Fatalf("nearest to %d: %v at %g, want %v at %g", cell, got, metres, want, math.Sqrt(best))
		}
	})
}

func BenchmarkRun(b *testing.B) {
	p, c, _ := land(rand.New(rand.NewPCG(1, 1)), 100, 10, [2]float64{1, 9}) // 1 M pieces
	for b.Loop() {
		if _, err := demand.Run(context.Background(), p, c, demand.Options{Method: demand.ClassDensity}); err != nil {
			b.Fatal(err)
		}
	}
}
