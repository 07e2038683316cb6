package series

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestSerialCovariance compares with the definition as a triple sum: the
// covariance of S between two parts is (K + Σ sgn(x_j−x_i)·sgn(y_j−y_k)) / 3
// over all i, j, k (Dietz, Killeen 1981), values that are missing giving 0.
func TestSerialCovariance(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(8, 8))
	for range 30 {
		years, seasons := 10+rng.IntN(8), 2+rng.IntN(4)
		table := make([][]float64, seasons)
		var pts []Point
		for g := range table {
			for y := range years {
				v := float64(rng.IntN(6))
				if rng.IntN(6) == 0 && y > 0 {
					v = math.NaN()
				}
				table[g] = append(table[g], v)
				pts = append(pts, Point{Years: 2000 + float64(y) + (float64(g)+0.5)/float64(seasons), Part: g, Value: v})
			}
		}
		var want float64
		for g := range table {
			for h := range table {
				if g == h {
					continue
				}
				x, y := table[g], table[h]
				var k, r float64
				for i := range x {
					for j := range x {
						if i < j {
							k += sign(x[j]-x[i]) * sign(y[j]-y[i])
						}
						for l := range x {
							r += sign(x[j]-x[i]) * sign(y[j]-y[l])
						}
					}
				}
				want += (k + r) / 3
			}
		}
		prepared, err := prepare("test", pts, true)
		if err != nil {
			t.Fatal(err)
		}
		got, ok := covariance(prepared)
		if !ok || math.Abs(got-want) > 1e-6 {
			t.Fatalf("%d years of %d seasons: %v (%v), want %v", years, seasons, got, ok, want)
		}
	}
}

// TestSerialDependence: where each month inherits most of the one before, the
// plain seasonal test finds trends that are none far too often; SerialP does
// so about as often as it says.
func TestSerialDependence(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(21, 4))
	const rounds = 400
	plain, serial := 0, 0
	for range rounds {
		var pts []Point
		last := rng.NormFloat64()
		for p := (Period{Month, 2000, 0}); p.Year < 2020; p = p.Next() {
			last = 0.6*last + 0.8*rng.NormFloat64()
			pts = append(pts, Point{Years: p.Years(), Part: p.Part, Value: last})
		}
		k, err := SeasonalMannKendall(pts)
		if err != nil || math.IsNaN(k.SerialP) {
			t.Fatal(k, err)
		}
		if k.P < 0.05 {
			plain++
		}
		if k.SerialP < 0.05 {
			serial++
		}
	}
	if plain < rounds/6 || serial > rounds/9 {
		t.Errorf("of %d series without trend the plain test finds %d, the serial one %d", rounds, plain, serial)
	}
}

func TestSerialNeedsYears(t *testing.T) {
	t.Parallel()
	var pts []Point
	for p := (Period{Season, 2010, 0}); p.Year < 2019; p = p.Next() {
		pts = append(pts, Point{Years: p.Years(), Part: p.Part, Value: p.Years() + float64(p.Part*p.Part)})
	}
	k, err := SeasonalMannKendall(pts)
	if err != nil || !math.IsNaN(k.SerialP) || k.P > 1e-6 {
		t.Errorf("nine years: %+v, %v", k, err)
	}
	for part := range 4 {
		pts = append(pts, Point{Years: Period{Season, 2019, part}.Years(), Part: part, Value: 2019})
	}
	k, err = SeasonalMannKendall(pts)
	if err != nil || !(k.SerialP > k.P && k.SerialP < 0.01) {
		t.Errorf("ten years: %+v, %v", k, err)
	}
	k, err = SeasonalMannKendall(append(pts, Point{Years: 2019.99, Part: 3, Value: 1}))
	if err != nil || !math.IsNaN(k.SerialP) {
		t.Errorf("two values in one autumn: %+v, %v", k, err)
	}
}
