package coverage_test

import (
	"context"
	"math"
	"syscall"
	"testing"

	"contado/geo/coverage"
)

// region is cells on a plane with a facility in a corner, four age bands.
func region(cells, areas int) (coverage.Demand, []coverage.Area, coverage.Params) {
	d := coverage.Demand{Bands: make([][]float64, 4)}
	state := uint64(7)
	next := func() float64 {
		state = state*6364136223846793005 + 1442695040888963407
		return float64(state>>40) / (1 << 24)
	}
	for range cells {
		x, y := next(), next()
		d.Area = append(d.Area, int32(x*float64(areas)))
		d.Seconds = append(d.Seconds, float32(math.Hypot(x, y)*4000))
		people := 0.0
		for b := range d.Bands {
			v := next() * 3
			d.Bands[b] = append(d.Bands[b], v)
			people += v
		}
		d.People = append(d.People, people)
		d.X, d.Y = append(d.X, 10+x/2), append(d.Y, 45+y/2)
	}
	return d, make([]coverage.Area, areas), coverage.Params{
		Thresholds: []float64{900, 1800, 3600}, BandNames: []string{"0-14", "15-64", "65-79", "80+"},
	}
}

func BenchmarkRegion(b *testing.B) {
	for name, size := range map[string][2]int{"municipality": {300_000, 30}, "region": {2_400_000, 1500}} {
		b.Run(name, func(b *testing.B) {
			d, areas, p := region(size[0], size[1])
			b.ReportAllocs()
			before := processor()
			for b.Loop() {
				if _, err := coverage.Compute(context.Background(), d, areas, nil, p); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric((processor()-before)/float64(b.N), "cpu-s/op")
		})
	}
}

// processor is the processor time of the process so far, in seconds: what a
// benchmark costs on a machine that others use too.
func processor() float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}

// BenchmarkStudy is all that is counted for six services over 300,000 cells:
// reports, equity of times, isolation, the three nearest.
func BenchmarkStudy(b *testing.B) {
	d, areas, p := region(300_000, 30)
	names := []string{"a", "b", "c", "d", "e", "f"}
	seconds := make([][]float32, len(names))
	values := make([]float64, len(d.Seconds))
	for s := range seconds {
		seconds[s] = make([]float32, len(d.Seconds))
		for i, t := range d.Seconds {
			seconds[s][i] = t * (1 + float32((i*7919+s*104729)%1000)/1000)
			values[i] = float64(t)
		}
	}
	b.ReportAllocs()
	before := processor()
	for b.Loop() {
		for s := range seconds {
			d.Seconds = seconds[s]
			if _, err := coverage.Compute(context.Background(), d, areas, nil, p); err != nil {
				b.Fatal(err)
			}
			if _, err := coverage.Equality("time", values, d.People, nil, ""); err != nil {
				b.Fatal(err)
			}
			if _, err := coverage.Choices(context.Background(), d, [][]float32{d.Seconds, d.Seconds, d.Seconds}, p.Thresholds); err != nil {
				b.Fatal(err)
			}
		}
		if _, err := coverage.Isolate(context.Background(), d, areas, "walking", names, seconds, p.Thresholds); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric((processor()-before)/float64(b.N), "cpu-s/op")
}
