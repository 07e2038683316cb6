package disclosure_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"contado/geo/coverage"
	"contado/geo/disclosure"
)

// BenchmarkProtect is a report with four age bands and three thresholds.
func BenchmarkProtect(b *testing.B) {
	for _, areas := range []int{30, 1500} {
		b.Run(fmt.Sprint(areas, " areas"), func(b *testing.B) {
			rng := rand.New(rand.NewPCG(1, 1))
			d := coverage.Demand{Bands: make([][]float64, 4)}
			for i := range areas * 40 {
				d.Area = append(d.Area, int32(i%areas))
				d.Seconds = append(d.Seconds, float32(rng.ExpFloat64()*1200))
				people := 0.0
				for k := range d.Bands {
					n := float64(rng.IntN(6))
					d.Bands[k] = append(d.Bands[k], n)
					people += n
				}
				d.People = append(d.People, people)
				d.X, d.Y = append(d.X, 10+rng.Float64()), append(d.Y, 45+rng.Float64())
			}
			list := make([]coverage.Area, areas)
			for a := range list {
				list[a].Code = fmt.Sprint(a)
			}
			open, err := coverage.Compute(context.Background(), d, list, nil, coverage.Params{Thresholds: []float64{900, 1800, 3600}, BandNames: []string{"a", "b", "c", "d"}})
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				b.StopTimer()
				r := clone(b, open)
				b.StartTimer()
				if err := disclosure.ProtectReport(context.Background(), r, 3); err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(float64(r.Disclosure.Primary), "primary")
				b.ReportMetric(float64(r.Disclosure.Secondary), "secondary")
			}
		})
	}
}
