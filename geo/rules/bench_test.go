package rules

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"contado/geo/coverage"
)

// BenchmarkEvaluate is the tables of Italy over 300,000 cells, 60 comuni and
// six services of 60 facilities.
func BenchmarkEvaluate(b *testing.B) {
	const n = 300_000
	rng := rand.New(rand.NewPCG(1, 1))
	in := Input{BandNames: []string{"0-14", "15-64", "65-79", "80+"}}
	for range 60 {
		in.Areas = append(in.Areas, Area{KM2: 10})
	}
	d := coverage.Demand{Bands: make([][]float64, 4)}
	seconds := make([]float32, n)
	for i := range n {
		x, y := rng.Float64(), rng.Float64()
		d.Area = append(d.Area, int32(x*60))
		d.People = append(d.People, 4)
		d.X, d.Y = append(d.X, 10+x/2), append(d.Y, 45+y/2)
		for k := range d.Bands {
			d.Bands[k] = append(d.Bands[k], 1)
		}
		seconds[i] = float32(math.Hypot(x, y) * 3600)
	}
	in.Demand = d
	for _, kind := range []string{"pharmacy", "post_office", "school_primary", "kindergarten", "ambulance_station", "emergency_room"} {
		s := Service{Dataset: kind, Kind: kind, Times: []Times{{"car", Car, seconds}, {"bus", Transit, seconds}}}
		for range 60 {
			s.Facilities = append(s.Facilities, Facility{Lon: 10 + rng.Float64()/2, Lat: 45 + rng.Float64()/2, Area: int32(rng.IntN(60))})
		}
		in.Services = append(in.Services, s)
	}
	list, err := Builtin()
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := Evaluate(context.Background(), list, in); err != nil {
			b.Fatal(err)
		}
	}
}
