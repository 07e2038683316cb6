package coverage_test

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"contado/geo/coverage"
)

// Everybody is in the hamlet that brute force finds nearest, and the hamlets of
// an area sum to it.
func TestHamlets(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(7, 9))
	areas := []coverage.Area{{Code: "1", Name: "One"}, {Code: "2", Name: "Two"}, {Code: "3", Name: "Three"}}
	var places []coverage.Place
	for i := range 12 {
		places = append(places, coverage.Place{Name: string(rune('a' + i)), Lon: 9 + rng.Float64()/10, Lat: 46 + rng.Float64()/10, Area: int32(i % 2)})
	}
	places = append(places, coverage.Place{Name: "nobody", Lon: 30, Lat: 10, Area: 0})
	var d coverage.Demand
	want := map[string][3]float64{} // people, covered, unreachable
	all := make([]float64, len(areas))
	for range 4000 {
		a, s, n := int32(rng.IntN(3)), float32(rng.IntN(2400)), float64(1+rng.IntN(5))
		if rng.IntN(20) == 0 {
			s = float32(math.Inf(1))
		}
		x, y := 9+rng.Float64()/10, 46+rng.Float64()/10
		d.Area, d.Seconds, d.People, d.X, d.Y = append(d.Area, a), append(d.Seconds, s), append(d.People, n), append(d.X, x), append(d.Y, y)
		all[a] += n
		best, name := math.Inf(1), ""
		for _, p := range places {
			if m := math.Hypot((p.Lon-x)*math.Cos(46.05*math.Pi/180), p.Lat-y); p.Area == a && m < best {
				best, name = m, p.Name
			}
		}
		if name == "" {
			continue
		}
		v := want[name]
		v[0] += n
		if s <= 1200 {
			v[1] += n
		}
		if math.IsInf(float64(s), 1) {
			v[2] += n
		}
		want[name] = v
	}
	got, err := coverage.Hamlets(context.Background(), d, d.People, areas, places, []float64{1200})
	if err != nil || len(got) != 12 {
		t.Fatalf("%d hamlets, %v", len(got), err)
	}
	sums := map[string]float64{}
	for i, h := range got {
		w := want[h.Name]
		row := h.Coverage[0]
		// A cell between two places may fall to either: the plane is another.
		if math.Abs(h.Population-w[0]) > 0.01*w[0]+5 || math.Abs(row.Covered-w[1]) > 0.01*w[0]+5 || math.Abs(row.Unreachable-w[2]) > 0.01*w[0]+5 || row.Covered+row.Uncovered+row.Unreachable != h.Population {
			t.Errorf("%s: %g people, %+v; want %v", h.Name, h.Population, row, w)
		}
		sums[h.AreaCode] += h.Population
		if i > 0 && (got[i-1].AreaCode > h.AreaCode || got[i-1].AreaCode == h.AreaCode && got[i-1].Name >= h.Name) {
			t.Errorf("%s after %s", h.Name, got[i-1].Name)
		}
	}
	if sums["1"] != all[0] || sums["2"] != all[1] || sums["3"] != 0 {
		t.Errorf("areas %v, of their hamlets %v", all, sums)
	}
}
