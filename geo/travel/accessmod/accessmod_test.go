package accessmod

import (
	"context"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"contado/geo/fault"
	"contado/geo/travel"
)

func code(t testing.TB, m Mode, kmh float64) Code {
	t.Helper()
	c, err := NewCode(m, kmh)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestCodes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		mode Mode
		kmh  float64
		want Code
	}{{Walking, 2, 1_002_000}, {Bicycling, 20, 2_020_000}, {Motorized, 80, 3_080_000}, {Walking, 4.86, 1_004_860}, {Motorized, 0, 0}, {Barrier, 5, 0}} {
		got := code(t, c.mode, c.kmh)
		if got != c.want {
			t.Errorf("%v at %g km/h is %d, want %d", c.mode, c.kmh, got, c.want)
		}
		if got != 0 && (got.Mode() != c.mode || got.KMH() != c.kmh) {
			t.Errorf("%d is read as %v at %g km/h", got, got.Mode(), got.KMH())
		}
	}
	for _, kmh := range []float64{-1, 1000, math.NaN(), math.Inf(1)} {
		if _, err := NewCode(Walking, kmh); !fault.Is(err, fault.Invalid) {
			t.Errorf("%g km/h: %v", kmh, err)
		}
	}
}

// The formulas: 5 km/h on foot is 5.96 at −5 %; a motor knows no slope; the
// bicycle's balance is the exact one to the tolerance of its ten steps.
func TestSpeeds(t *testing.T) {
	t.Parallel()
	walk, motor := code(t, Walking, 5), code(t, Motorized, 80)
	if v := walk.Speed(-0.05); math.Abs(v-5.956) > 1e-3 {
		t.Errorf("on foot at −5 %%: %g km/h, want 5.956", v)
	}
	if v := walk.Speed(0); math.Abs(v-5) > 1e-12 {
		t.Errorf("on foot on level ground: %g km/h", v)
	}
	if v := motor.Speed(0.4); v != 80 {
		t.Errorf("motorized uphill: %g km/h", v)
	}
	for _, flat := range []float64{10, 12, 15, 20} {
		c := code(t, Bicycling, flat)
		for s := -0.03; s <= 0.1; s += 0.005 {
			if got, want := c.Speed(s), travel.CyclingSpeed(flat, s); math.Abs(got-want) > 0.05*3.6 {
				t.Errorf("bicycle of %g km/h at %.3f: %g, exact %g", flat, s, got, want)
			}
		}
	}
}

// naive relaxes every move until nothing changes, with times from the formulas
// as published, written out.
func naive(g *Ground, starts []int, o Options) []float64 {
	d := make([]float64, len(g.Codes))
	for i := range d {
		d[i] = math.Inf(1)
	}
	shut := func(c int) bool { return g.Codes[c] == 0 || g.Elevation != nil && math.IsNaN(float64(g.Elevation[c])) }
	for _, s := range starts {
		if !shut(s) {
			d[s] = 0
		}
	}
	speed := func(c int, slope float64) float64 {
		v := float64(g.Codes[c]%1_000_000) / 1000
		if o.Isotropic || g.Elevation == nil {
			return v
		}
		switch g.Codes[c] / 1_000_000 {
		case 1:
			return v / math.Exp(-0.175) * math.Exp(-3.5*math.Abs(slope+0.05))
		case 2:
			return bicycle(v, slope)
		}
		return v
	}
	for again := true; again; {
		again = false
		for c := range d {
			for dr := -2; dr <= 2; dr++ {
				for dc := -2; dc <= 2; dc++ {
					n := dc*dc + dr*dr
					col, row := c%g.Width+dc, c/g.Width+dr
					if n != 1 && n != 2 && (n != 5 || !o.Knight) || col < 0 || row < 0 || col >= g.Width || row >= g.Height {
						continue
					}
					cells := []int{c, row*g.Width + col}
					if n == 5 && dc*dc == 4 {
						cells = append(cells, c+dc/2, c+dc/2+dr*g.Width)
					} else if n == 5 {
						cells = append(cells, c+dr/2*g.Width, c+dr/2*g.Width+dc)
					}
					dist := math.Hypot(float64(dc)*g.CellW, float64(dr)*g.CellH)
					slope := 0.0
					if g.Elevation != nil && !o.Isotropic {
						slope = float64(g.Elevation[cells[1]]-g.Elevation[c]) / dist
					}
					if o.Towards {
						slope = -slope
					}
					sum := d[c]
					for _, w := range cells {
						if shut(w) {
							sum = math.Inf(1)
							break
						}
						sum += 3600 * dist / 1000 / float64(len(cells)) / speed(w, slope)
					}
					if sum < d[cells[1]]*(1-1e-12) {
						d[cells[1]], again = sum, true
					}
				}
			}
		}
	}
	if o.MaxMinutes > 0 {
		for c, s := range d {
			if s > float64(o.MaxMinutes)*60 {
				d[c] = math.Inf(1)
			}
		}
	}
	return d
}

func TestTravelOracle(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		g := &Ground{Width: rapid.IntRange(1, 9).Draw(rt, "width"), Height: rapid.IntRange(1, 9).Draw(rt, "height"), CellW: 30, CellH: rapid.SampledFrom([]float64{30, 29.9, 45}).Draw(rt, "h")}
		n := g.Width * g.Height
		g.Codes = rapid.SliceOfN(rapid.SampledFrom([]Code{0, 1_002_000, 1_005_000, 2_010_000, 2_015_000, 3_080_000}), n, n).Draw(rt, "codes")
		if rapid.Bool().Draw(rt, "relief") {
			for _, z := range rapid.SliceOfN(rapid.IntRange(0, 20), n, n).Draw(rt, "z") {
				g.Elevation = append(g.Elevation, float32(z))
				if z == 20 {
					g.Elevation[len(g.Elevation)-1] = float32(math.NaN())
				}
			}
		}
		o := Options{
			Towards: rapid.Bool().Draw(rt, "towards"), Knight: rapid.Bool().Draw(rt, "knight"), Isotropic: rapid.Bool().Draw(rt, "isotropic"),
			MaxMinutes: rapid.SampledFrom([]int{0, 0, 1, 3}).Draw(rt, "limit"),
		}
		starts := rapid.SliceOfN(rapid.IntRange(0, n-1), 0, 3).Draw(rt, "starts")
		got, err := Travel(context.Background(), g, starts, o)
		if err != nil {
			rt.Fatal(err)
		}
		for c, want := range naive(g, starts, o) {
			if s := got.Seconds[c]; s != want && !(math.Abs(s-want) <= 1e-9*want) {
				rt.Fatalf("cell %d: %g s, want %g", c, s, want)
			}
			if (got.Nearest[c] < 0) != math.IsInf(want, 1) {
				rt.Fatalf("cell %d at %g s belongs to %d", c, want, got.Nearest[c])
			}
		}
	})
}

// row is a line of cells that take a minute each on foot.
func row(codes ...Code) *Ground {
	return &Ground{Width: len(codes), Height: 1, CellW: 60, CellH: 60, Codes: codes}
}

func minutesOf(t *testing.T, g *Ground, start int, o Options) []int16 {
	t.Helper()
	times, err := Travel(context.Background(), g, []int{start}, o)
	if err != nil {
		t.Fatal(err)
	}
	m, err := times.Minutes(o)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestMinutes(t *testing.T) {
	t.Parallel()
	w, slow := Code(1_003_600), Code(1_001_800)
	g := row(w, w, slow, 0, w)
	if got := minutesOf(t, g, 0, Options{}); !slices.Equal(got, []int16{0, 1, 3, -1, -1}) { // 0, 60, 150 s
		t.Errorf("rounded up: %v", got)
	}
	if got := minutesOf(t, g, 0, Options{RoundDown: true}); !slices.Equal(got, []int16{0, 1, 2, -1, -1}) {
		t.Errorf("rounded down: %v", got)
	}
	far := &Times{Seconds: []float64{0, MaxMinutes * 60}}
	if m, err := far.Minutes(Options{}); err != nil || m[1] != MaxMinutes {
		t.Errorf("the longest time there is: %v %v", m, err)
	}
	far.Seconds[1]++
	if _, err := far.Minutes(Options{}); !fault.Is(err, fault.TooLarge) {
		t.Errorf("beyond int16: %v", err)
	}
}

func TestMergeAndBridges(t *testing.T) {
	t.Parallel()
	const x = NoClass
	land := Layer{Name: "land", Classes: []int32{1, 1, 1, 1, 1, 1, 1, 1, x}}
	river := Layer{Name: "river", Barrier: true, Classes: []int32{x, 7, x, 7, 7, x, x, x, x}}
	road := Layer{Name: "road", Road: true, Classes: []int32{x, x, x, x, 1001, 1001, x, x, x}}
	for _, c := range []struct {
		stack   []Layer
		want    []int32
		bridges []int
	}{
		{[]Layer{road, river, land}, []int32{1, x, 1, x, 1001, 1001, 1, 1, x}, []int{4}},
		{[]Layer{river, road, land}, []int32{1, x, 1, x, x, 1001, 1, 1, x}, []int{5}},
		{[]Layer{land, river, road}, []int32{1, 1, 1, 1, 1, 1, 1, 1, x}, nil},
	} {
		got, err := Merge(c.stack)
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("merged %v, %v; want %v", got, err, c.want)
		}
		if found := Bridges(got, 3, c.stack); !slices.Equal(found, c.bridges) {
			t.Errorf("bridges %v, want %v", found, c.bridges)
		}
	}
	// The four forms, road in the middle of 3 × 3.
	for _, open := range []int{0, 2, 6, 8} {
		merged := slices.Repeat([]int32{x}, 9)
		merged[4], merged[open] = 1001, 1
		stack := []Layer{{Road: true, Classes: []int32{x, x, x, x, 1001, x, x, x, x}}}
		if CloseBridges(merged, 3, stack) != 1 || merged[4] != x || merged[open] != 1 {
			t.Errorf("a leak to cell %d stays: %v", open, merged)
		}
	}
	if _, err := Merge([]Layer{land, {Classes: []int32{1}}}); !fault.Is(err, fault.Invalid) {
		t.Errorf("layers of unequal size: %v", err)
	}
}

func TestZonal(t *testing.T) {
	t.Parallel()
	nan := math.NaN()
	rows, err := Zonal([]int16{0, 59, 60, 61, -1, 10}, []float64{1, 2, 4, 8, 16, nan}, []int32{0, 0, 0, 0, 0, 1}, 3, []int{60, 120}, false)
	if err != nil {
		t.Fatal(err)
	}
	strict, err := Zonal([]int16{0, 59, 60, 61, -1, 10}, []float64{1, 2, 4, 8, 16, nan}, []int32{0, 0, 0, 0, 0, 1}, 3, []int{60, 120}, true)
	if err != nil {
		t.Fatal(err)
	}
	if rows[0].PopTotal != 31 || rows[0].PopTravelTime != 7 || rows[1].PopTravelTime != 15 || strict[0].PopTravelTime != 3 {
		t.Errorf("inclusive %+v, strict %+v", rows[:2], strict[0])
	}
	if math.Abs(rows[0].PopCoveredPercent-700.0/31) > 1e-12 || !math.IsNaN(rows[2].PopCoveredPercent) || !math.IsNaN(rows[4].PopCoveredPercent) {
		t.Errorf("shares %+v", rows)
	}
	if _, err := Zonal([]int16{0}, []float64{1}, []int32{5}, 3, []int{1}, false); !fault.Is(err, fault.Invalid) {
		t.Errorf("unknown zone: %v", err)
	}
}

// The four cases of a capacity of 10 with 4 minutes: it runs out in a ring
// (A), in the first ring (B), nowhere (C), or just at the end of one (D).
func TestCapacityCases(t *testing.T) {
	t.Parallel()
	w := Code(1_003_600)
	for _, c := range []struct {
		name                            string
		people                          []float64
		catchment                       int
		realised, residual, total, diff float64
		left                            []float64
	}{
		{"A", []float64{1, 2, 2, 4, 6}, 4, 10, 0, 15, 5, []float64{0, 0, 0, 0, 5}},
		{"B", []float64{11, 2, 7, 5, 25}, 0, 10, 0, 11, 1, []float64{1, 2, 7, 5, 25}},
		{"C", []float64{1, 2, 1, 1, 1}, 4, 6, 4, 6, 0, []float64{0, 0, 0, 0, 0}},
		{"D", []float64{2, 2, 5, 1, 1}, 3, 10, 0, 10, 0, []float64{0, 0, 0, 0, 1}},
	} {
		rows, left, err := Capacity(context.Background(), row(w, w, w, w, w), c.people, []Facility{{ID: c.name, Capacity: 10}},
			CapacityOptions{Options: Options{MaxMinutes: 4}})
		if err != nil {
			t.Fatal(err)
		}
		r := rows[0]
		if r.TravelTimeCatchment != c.catchment || r.CapacityRealised != c.realised || r.CapacityResidual != c.residual || r.PopCatchmentTotal != c.total || r.PopCatchmentDiff != c.diff {
			t.Errorf("%s: %+v", c.name, r)
		}
		for i, p := range left {
			if math.Abs(p-c.left[i]) > 1e-12 {
				t.Errorf("%s: %v people left, want %v", c.name, left, c.left)
				break
			}
		}
	}
}

// Each order gives its own outcome, people are conserved, and a facility on a
// barrier serves nobody.
func TestCapacityOrders(t *testing.T) {
	t.Parallel()
	w := Code(1_003_600)
	g := row(w, w, w, w, w, w, w, 0)
	people := []float64{5, 1, 1, 4, 1, 1, 1, 9}
	list := []Facility{{ID: "a", Cell: 1, Capacity: 6, Rank: 1}, {ID: "b", Cell: 4, Capacity: 8, Rank: 2}, {ID: "c", Cell: 7, Capacity: 100, Rank: 3}}
	for _, c := range []struct {
		o    CapacityOptions
		want string
	}{
		{CapacityOptions{Order: ByField}, "cba"},
		{CapacityOptions{Order: ByField, Ascending: true}, "abc"},
		{CapacityOptions{Order: ByTravelTime, OrderMinutes: 1}, "abc"},                  // 7, 6, 0
		{CapacityOptions{Order: ByTravelTime, OrderMinutes: 3, Ascending: true}, "cba"}, // 12, 9, 0
		{CapacityOptions{Order: ByDistance, OrderMetres: 60, Ascending: true}, "cba"},   // 7, 6, 1
	} {
		c.o.MaxMinutes = 3
		rows, left, err := Capacity(context.Background(), g, people, list, c.o)
		if err != nil {
			t.Fatal(err)
		}
		order, served, remain := "", 0.0, 0.0
		for i, r := range rows {
			order += r.ID
			served += r.CapacityRealised
			if r.Rank != i+1 || r.OnBarrier != (r.ID == "c") {
				t.Errorf("%+v", r)
			}
		}
		for _, p := range left {
			remain += p
		}
		if order != c.want || math.Abs(served+remain-14) > 1e-12 {
			t.Errorf("%+v: order %s, want %s; %g served and %g left of 14", c.o, order, c.want, served, remain)
		}
	}
}

func TestScenario(t *testing.T) {
	t.Parallel()
	s, err := ParseScenario(strings.NewReader("class,label,speed,mode\n\"1\",Grass,\"2\",WALKING\n1001,road,80,motorized\n1,again,9,WALKING\n7,none,0,BICYCLING\n"), "demo")
	if err != nil {
		t.Fatal(err)
	}
	codes, unlisted := s.Codes([]int32{1, 1001, 7, 8, NoClass})
	if !slices.Equal(codes, []Code{1_002_000, 3_080_000, 0, 0, 0}) || len(unlisted) != 1 || unlisted[8] != 1 {
		t.Errorf("codes %v, unlisted %v", codes, unlisted)
	}
	for _, bad := range []string{"", "class,speed\n1,2\n", "class,speed,mode\nx,2,WALKING\n", "class,speed,mode\n1,fast,WALKING\n", "class,speed,mode\n1,2,FLYING\n", "class,speed,mode\n1,-2,WALKING\n", "class,speed,mode\n"} {
		if _, err := ParseScenario(strings.NewReader(bad), "bad"); !fault.Is(err, fault.Invalid) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func FuzzParseScenario(f *testing.F) {
	f.Add("class,label,speed,mode\n\"1\",Grass,\"2\",WALKING\n")
	f.Add("class;speed;mode\n1;2,5;MOTORIZED\n")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := ParseScenario(strings.NewReader(text), "fuzz")
		if err != nil {
			if k := fault.KindOf(err); k != fault.Invalid && k != fault.TooLarge {
				t.Fatalf("kind %v of %v", k, err)
			}
			return
		}
		for _, c := range s.Classes() {
			if v := c.Code.KMH(); !(v >= 0 && v <= maxKMH) {
				t.Fatalf("class %d at %g km/h", c.Class, v)
			}
		}
	})
}
