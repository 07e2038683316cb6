package travel

import (
	"math"
	"testing"
)

// Values that their authors, or those who use them, publish.
func TestSlopeFunctionsPublished(t *testing.T) {
	t.Parallel()
	mixed := func(f SlopeFunc) float64 { return (f.Factor(0) + f.Factor(0.3)) / 2 }
	for _, c := range []struct {
		what      string
		got, want float64
		within    float64
	}{
		{"Tobler on level ground, km/h", 6 * math.Exp(-3.5*0.05), 5.036, 1e-3},
		{"Tobler at −5 %: 6 km/h over 5.04", 1 / Tobler.Factor(-0.05), 6 / 5.036, 2e-4},
		{"Tobler, half level and half +30 %: 1.929 × the level time", mixed(Tobler), 1.929, 5e-4},
		{"r.walk: 1 km level, s", 720 * Langmuir.Factor(0), 720, 1e-9},
		{"r.walk: 1 km up 100 m, s", 720 * Langmuir.Factor(0.1), 720 + 6*100, 1e-9},
		{"r.walk: 1 km down 100 m, s", 720 * Langmuir.Factor(-0.1), 720 - 1.9998*100, 1e-9},
		{"r.walk: 1 km down 300 m, s", 720 * Langmuir.Factor(-0.3), 720 + 1.9998*300, 1e-9},
		{"Minetti level, J/kg/m", 2.5 * Minetti.Factor(0), 2.5, 1e-12},
		{"Minetti +10 %, J/kg/m", 2.5 * Minetti.Factor(0.1), 280.5e-5 - 58.7e-4 - 76.8e-3 + 51.9e-2 + 1.96 + 2.5, 1e-9},
		{"Minetti +45 %: 17.33 ± 1.11 J/kg/m measured", 2.5 * Minetti.Factor(0.45), 17.33, 2.3},
		{"Campbell decile 10 level, m/s", campbellSpeed(0), 1.32, 0.005},
		{"bicycle, level, km/h", CyclingSpeed(15, 0), 15, 1e-9},
		{"bicycle, steep down: twice the level speed", CyclingSpeed(15, -0.2), 30, 1e-9},
		{"pedelec, level, km/h", assistedSpeed(0), 25, 1e-9},
	} {
		if !(math.Abs(c.got-c.want) <= c.within) {
			t.Errorf("%s: %.6g, want %g ± %g", c.what, c.got, c.want, c.within)
		}
	}
}

// The balance holds at the speeds found.
func TestCyclingBalance(t *testing.T) {
	t.Parallel()
	for _, flat := range []float64{5, 12, 15, 25} {
		for slope := -0.05; slope <= 0.3; slope += 0.01 {
			v := CyclingSpeed(flat, slope) / 3.6
			if v >= 2*flat/3.6*(1-1e-12) {
				continue
			}
			watts := v * (95*9.8*(slope+0.012) + 0.5*0.445*(1.293-0.00426*20)*math.Exp(-500./7000)*v*v) / 0.9
			if want := cyclingPower(flat / 3.6); math.Abs(watts-want) > 1e-9*want {
				t.Errorf("%g km/h at %.2f: %g W, want %g", flat, slope, watts, want)
			}
		}
	}
}

// The searches' float32 factors are those of Factor, and no slope is faster
// than the bound that searches prune with.
func TestSlopeFactors(t *testing.T) {
	t.Parallel()
	for f := range SlopeFunc(len(slopeNames)) {
		s := (&Engine{relief: true}).newSearch(&Options{Slope: f, Direction: FromFacility})
		if f == Level {
			if s.relief {
				t.Error("Level looks at elevations")
			}
			continue
		}
		worst, least := 0.0, math.Inf(1)
		for i := -200_000; i <= 200_000; i++ {
			x := float32(float64(i) * 3e-5)
			if f == Langmuir && math.Abs(float64(x)+0.2125) < 1e-7 {
				continue // it jumps there
			}
			got, want := float64(s.slopeTime(x)), f.Factor(float64(x))
			worst, least = max(worst, math.Abs(got-want)/want), min(least, got)
			if least < float64(s.fastest) {
				t.Fatalf("%v: %g at slope %g is below the bound %g", f, got, x, s.fastest)
			}
		}
		t.Logf("%v: relative error %.1e, least factor %g, bound %g", f, worst, least, s.fastest)
		if worst > 2e-5 || least > 1.02*float64(s.fastest) {
			t.Errorf("%v: relative error %g; least factor %g, bound %g", f, worst, least, s.fastest)
		}
		if again, err := ParseSlopeFunc(f.String()); err != nil || again != f {
			t.Errorf("%v is read back as %v, %v", f, again, err)
		}
	}
}

// Nobody goes over a step that is too steep, either way, save in cells that
// ignore slope; a slope just at the limit can be made.
func TestMaxSlope(t *testing.T) {
	t.Parallel()
	s := &Surface{Width: 5, Height: 1, CellW: []float64{10}, CellH: []float64{10}, Speed: []float32{1, 1, 1, 1, 1}, Elevation: []float32{0, 0.8, 1.6, 2.5, 2.5}}
	for _, direction := range []Direction{ToFacility, FromFacility} {
		for _, at := range []int{0, 4} {
			r := compute(t, s, []Source{{Col: at}}, Options{Direction: direction, MaxSlope: 0.08, Slope: Level})
			for c, d := range r.Seconds {
				if near := c <= 2 == (at <= 2); near != (d == float32(10*max(c-at, at-c))) {
					t.Errorf("from %d: cell %d takes %g s", at, c, d)
				}
			}
		}
	}
	s.Rules = []SlopeRule{0, 0, SlopeIgnored, SlopeIgnored, 0} // a lift
	if r := compute(t, s, []Source{{}}, Options{MaxSlope: 0.08}); math.IsInf(float64(r.Seconds[4]), 1) {
		t.Errorf("the lift does not help: %v", r.Seconds)
	}
}
