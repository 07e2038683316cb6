package zonal

import (
	"context"
	"math"
	"strings"
	"testing"

	"github.com/paulmach/orb"
	"pgregory.net/rapid"

	"contado/geo/fault"
	"contado/geo/grid"
)

// The hand-computed cases: fractions row by row.
func TestCoverByHand(t *testing.T) {
	t.Parallel()
	sq := func(x0, y0, x1, y1 float64) orb.Ring {
		return orb.Ring{{x0, y0}, {x1, y0}, {x1, y1}, {x0, y1}, {x0, y0}}
	}
	for _, c := range []struct {
		name string
		geom orb.Geometry
		w, h int
		want []float64
	}{
		{"triangle in one cell", orb.Polygon{{{1.2, 1.2}, {1.8, 1.2}, {1.2, 1.6}, {1.2, 1.2}}}, 3, 2, []float64{0, 0, 0, 0, 0.12, 0}},
		{"the cell itself", sq(1, 0, 2, 1), 3, 1, []float64{0, 1, 0}},
		{"half cells all round", sq(0.5, 0.5, 2.5, 2.5), 3, 3, []float64{.25, .5, .25, .5, 1, .5, .25, .5, .25}},
		{"diagonal through corners", orb.Polygon{{{0, 0}, {3, 3}, {0, 3}, {0, 0}}}, 3, 3, []float64{.5, 0, 0, 1, .5, 0, 1, 1, .5}},
		{"hole of one cell", orb.Polygon{sq(0, 0, 3, 3), sq(1, 1, 2, 2)}, 3, 3, []float64{1, 1, 1, 1, 0, 1, 1, 1, 1}},
		{"hole of half a cell", orb.Polygon{sq(0, 0, 3, 1), sq(1.5, 0, 2, 1)}, 3, 1, []float64{1, .5, 1}},
		{"larger than the raster", sq(-100, -1e6, 50, 77), 2, 2, []float64{1, 1, 1, 1}},
		{"frame around the raster", orb.Polygon{sq(-9, -9, 9, 9), sq(-1, -1, 5, 5)}, 2, 2, []float64{0, 0, 0, 0}},
		{"enters from the left", orb.Polygon{{{-2, 1}, {2, 0}, {2, 2}, {-2, 1}}}, 3, 2, []float64{.625, .875, 0, .625, .875, 0}},
		{"leaves at the right", orb.Polygon{{{0, 1}, {4, 0}, {4, 2}, {0, 1}}}, 2, 2, []float64{.125, .375, .125, .375}},
		{
			"touches itself, hole by touching",
			orb.Polygon{{{0, 0}, {3, 0}, {3, 3}, {0, 3}, {0, 0}, {1, 1}, {1, 2}, {2, 2}, {2, 1}, {1, 1}, {0, 0}}},
			3, 3,
			[]float64{1, 1, 1, 1, 0, 1, 1, 1, 1},
		},
		{"spike out and back", orb.Polygon{{{0, 0}, {1, 0}, {1, .5}, {3, .7}, {1, .5}, {1, 1}, {0, 1}, {0, 0}}}, 3, 1, []float64{1, 0, 0}},
		{"parts that touch", orb.MultiPolygon{{sq(0, 0, 1.5, 1)}, {sq(1.5, 0, 3, 1)}}, 3, 1, []float64{1, 1, 1}},
		{"island in a hole", orb.MultiPolygon{{sq(0, 0, 5, 1), sq(1, 0, 4, 1)}, {sq(2, 0, 3, 1)}}, 5, 1, []float64{1, 0, 1, 0, 1}},
		{"repeated points", orb.Polygon{{{0, 0}, {0, 0}, {2, 0}, {2, 1}, {2, 1}, {0, 1}, {0, 0}}}, 2, 1, []float64{1, 1}},
		{"no area at all", orb.Polygon{{{0, 0}, {1, 1}, {2, 2}, {0, 0}}}, 2, 2, []float64{0, 0, 0, 0}},
		{"bound", orb.Bound{Min: orb.Point{0, 0}, Max: orb.Point{.5, 1}}, 1, 1, []float64{.5}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := fractions(t, unit(c.w, c.h), c.geom)
			for i := range got {
				if math.Abs(got[i]-c.want[i]) > 1e-15 {
					t.Fatalf("got %v, want %v", got, c.want)
				}
			}
		})
	}
}

func TestCoverAgainstClipping(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		rng := drawRNG(t)
		w, h := 3+rng.IntN(20), 3+rng.IntN(20)
		mp := randomArea(rng, float64(w), float64(h))
		want := slowFractions(mp, w, h)
		got := make([]float64, w*h)
		err := Cover(context.Background(), unit(w, h), Area{Geometry: mp}, func(s Span) bool {
			for i := range s.Width {
				got[s.Row*w+s.Col+i] = s.Fraction
			}
			return true
		})
		if err != nil {
			t.Fatal(err)
		}
		for i := range got {
			if math.Abs(got[i]-want[i]) > 1e-12 {
				t.Fatalf("cell %d,%d: %v, clipping gives %v", i%w, i/w, got[i], want[i])
			}
		}
	})
}

// TestCoverTransforms: the same polygon under any affine transform has the
// same fractions, and their sum is its area.
func TestCoverTransforms(t *testing.T) {
	t.Parallel()
	for name, tr := range map[string]grid.Transform{
		"north up, metres":  {500000, 10, 0, 5000000, 0, -10},
		"south up":          {500000, 10, 0, 4900000, 0, 10},
		"degrees":           {11.25, 1.0 / 3600, 0, 46.5, 0, -1.0 / 3600},
		"rotated":           {500000, 8, 6, 5000000, 6, -8},
		"sheared, mirrored": {0, -3, 1, 0, 0.5, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(t *rapid.T) {
				rng := drawRNG(t)
				g := grid.Grid{Transform: tr, Width: 24, Height: 17}
				mp := randomArea(rng, 24, 17)
				want := slowFractions(mp, 24, 17)
				for _, p := range mp {
					for _, r := range p {
						for i := range r {
							r[i][0], r[i][1] = tr.Apply(r[i][0], r[i][1])
						}
					}
				}
				n := 0
				err := Cover(context.Background(), g, Area{Geometry: mp}, func(s Span) bool {
					for i := range s.Width {
						n++
						if w := want[s.Row*24+s.Col+i]; math.Abs(s.Fraction-w) > 1e-7 {
							t.Fatalf("cell %d,%d: %v, want %v", s.Col+i, s.Row, s.Fraction, w)
						}
					}
					return true
				})
				if err != nil {
					t.Fatal(err)
				}
				for _, w := range want {
					if w > 1e-6 {
						n--
					}
				}
				if n < 0 {
					t.Fatal("covered cells are missing")
				}
			})
		})
	}
}

// TestCoverArea: Σ fractions is the shoelace area, also far from the corner
// of a large raster and for polygons far smaller than a cell.
func TestCoverArea(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		rng := drawRNG(t)
		r := math.Pow(10, 5*rng.Float64()-2.5)
		ring := star(rng, 50000+rng.Float64(), 70000+rng.Float64(), r, 5+rng.IntN(200), 0)
		mp := orb.MultiPolygon{{ring}}
		var sum ksum
		err := Cover(context.Background(), unit(100000, 100000), Area{Geometry: mp}, func(s Span) bool {
			sum.add(s.Fraction * float64(s.Width))
			return true
		})
		if err != nil {
			t.Fatal(err)
		}
		if a := shoelaceArea(mp); math.Abs(sum.value()-a) > 1e-9*a {
			t.Fatalf("fractions sum to %v, area is %v (radius %g)", sum.value(), a, r)
		}
	})
}

// TestCoverPartition: cutting a star into wedges loses and doubles nothing,
// cell by cell, and turning or rolling a ring changes nothing.
func TestCoverPartition(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		rng := drawRNG(t)
		const w, h = 19, 23
		c := orb.Point{9.3 + rng.Float64(), 11.1 + rng.Float64()}
		ring := star(rng, c[0], c[1], 12, 7+rng.IntN(30), 0)
		cover := func(r orb.Ring) []float64 {
			f := make([]float64, w*h)
			if err := Cover(context.Background(), unit(w, h), Area{Geometry: orb.Polygon{r}}, func(s Span) bool {
				for i := range s.Width {
					f[s.Row*w+s.Col+i] = s.Fraction
				}
				return true
			}); err != nil {
				t.Fatal(err)
			}
			return f
		}
		whole := cover(ring)
		n := len(ring) - 1
		rolled := append(append(orb.Ring{}, ring[n/2:n]...), ring[:n/2+1]...)
		rolled.Reverse()
		sums := make([]float64, w*h)
		for i := 0; i < n; i += 2 {
			wedge := orb.Ring{c}
			wedge = append(wedge, ring[i:min(i+3, n+1)]...)
			for k, f := range cover(append(wedge, c)) {
				sums[k] += f
			}
		}
		turned := cover(rolled)
		for k := range whole {
			if math.Abs(whole[k]-turned[k]) > 1e-14 || math.Abs(whole[k]-sums[k]) > 1e-12 {
				t.Fatalf("cell %d,%d: whole %v, turned %v, parts %v", k%w, k/w, whole[k], turned[k], sums[k])
			}
		}
	})
}

func TestCoverRefuses(t *testing.T) {
	t.Parallel()
	sq := func(x0, y0, x1, y1 float64) orb.Ring {
		return orb.Ring{{x0, y0}, {x1, y0}, {x1, y1}, {x0, y1}, {x0, y0}}
	}
	nan := math.NaN()
	for name, c := range map[string]struct {
		geom orb.Geometry
		want string
	}{
		"nothing":              {nil, "no geometry"},
		"empty":                {orb.MultiPolygon{}, "empty"},
		"line":                 {orb.LineString{{0, 0}, {1, 1}}, "LineString"},
		"not closed":           {orb.Polygon{{{0, 0}, {1, 0}, {1, 1}, {0, 1}}}, "not closed"},
		"short ring":           {orb.Polygon{{{0, 0}, {1, 0}, {0, 0}}}, "3 points"},
		"NaN":                  {orb.Polygon{{{0, 0}, {nan, 0}, {1, 1}, {0, 0}}}, "not a number"},
		"NaN first":            {orb.Polygon{{{nan, 0}, {1, 0}, {1, 1}, {nan, 0}}}, "not a number"},
		"infinite":             {orb.Polygon{{{0, 0}, {math.Inf(1), 0}, {1, 1}, {0, 0}}}, "not a number"},
		"absurd":               {orb.Polygon{{{0, 0}, {1e300, 0}, {1, 1}, {0, 0}}}, "far from the raster"},
		"twice the same":       {orb.MultiPolygon{{sq(.1, .1, .4, .4)}, {sq(.1, .1, .4, .4)}}, "overlap"},
		"overlap in a cell":    {orb.MultiPolygon{{sq(.1, .1, .4, .4)}, {sq(.3, .3, .6, .6)}}, "overlap"},
		"part within a part":   {orb.MultiPolygon{{sq(0, 0, 4, 4)}, {sq(1.2, 1.2, 1.4, 1.4)}}, "overlap"},
		"part around a part":   {orb.MultiPolygon{{sq(1.2, 1.2, 1.4, 1.4)}, {sq(0, 0, 4, 4)}}, "overlap"},
		"bow tie":              {orb.Polygon{{{0, 0}, {4, 4}, {4, 0}, {0, 5}, {0, 0}}}, "less than not at all"},
		"twice round":          {orb.Polygon{append(sq(0, 0, 3, 3), sq(0, 0, 3, 3)...)}, "more than once"},
		"hole outside":         {orb.Polygon{sq(0, 0, 2, 2), sq(3, 3, 4, 4)}, "less than not at all"},
		"hole larger than all": {orb.Polygon{sq(1, 1, 2, 2), sq(0, 0, 4, 4)}, "larger than its shells"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := Compute(context.Background(), newMem(unit(6, 6), value),
				[]Area{{ID: "ok", Geometry: sq(0, 0, 1, 1)}, {ID: "Maïa", Geometry: c.geom}}, Options{})
			if !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "Maïa") {
				t.Fatalf("got %v, want an invalid-error that names the area and says %q", err, c.want)
			}
			if err := Cover(context.Background(), unit(6, 6), Area{Geometry: c.geom}, func(Span) bool { return true }); !fault.Is(err, fault.Invalid) {
				t.Fatalf("Cover: %v", err)
			}
		})
	}
}

// TestCoverWinding: a ring with many turns within few cells is compacted and
// still right.
func TestCoverWinding(t *testing.T) {
	t.Parallel()
	var ring orb.Ring
	const teeth = 200000
	for i := range teeth { // a comb over four rows, teeth thinner than a cell
		x := 10 * float64(i) / teeth
		ring = append(ring, orb.Point{x, 0.5}, orb.Point{x + 5.0/teeth, 3.5})
	}
	ring = append(ring, orb.Point{10, 4}, orb.Point{0, 4}, ring[0])
	f := fractions(t, unit(10, 4), orb.Polygon{ring})
	sum := 0.0
	for _, v := range f {
		sum += v
	}
	if a := ringArea(ring[:len(ring)-1]); math.Abs(sum-a) > 1e-9*a {
		t.Fatalf("fractions sum to %v, area is %v", sum, a)
	}
}
