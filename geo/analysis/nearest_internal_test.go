package analysis

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"contado/geo"
	"contado/geo/crs"
)

// The tree finds what looking at every facility finds, near and far.
func TestNearestAgainstAll(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		spread := rapid.SampledFrom([]float64{0.01, 1, 8}).Draw(t, "spread")
		var list []facility
		for range rapid.IntRange(1, 60).Draw(t, "n") {
			list = append(list, facility{
				lon: 10 + rapid.Float64Range(-spread, spread).Draw(t, "lon"),
				lat: 45 + rapid.Float64Range(-spread, spread).Draw(t, "lat"),
			})
		}
		lon, lat := 10+rapid.Float64Range(-9, 9).Draw(t, "x"), 45+rapid.Float64Range(-9, 9).Draw(t, "y")
		k, d := newNearest(list).of(lon, lat)
		best := geo.Metres(math.Inf(1))
		for _, f := range list {
			best = min(best, crs.Distance(lon, lat, f.lon, f.lat))
		}
		if d != best || crs.Distance(lon, lat, list[k].lon, list[k].lat) != best {
			t.Fatalf("facility %d at %.6f m, the nearest is at %.6f m", k, d, best)
		}
	})
}

func TestNearestOfNone(t *testing.T) {
	t.Parallel()
	if k, d := newNearest(nil).of(10, 45); k != -1 || !math.IsInf(float64(d), 1) {
		t.Errorf("nothing is at %d, %g m", k, d)
	}
}
