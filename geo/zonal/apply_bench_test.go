package zonal

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"runtime/metrics"
	"syscall"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"contado/geo/grid"
)

// sentinel is the grid of a Sentinel-2 tile of 10 m cells.
var sentinel = grid.Grid{CRS: "EPSG:32632", Transform: grid.Transform{600000, 10, 0, 4960000, 0, -10}, Width: 10980, Height: 10980}

// parcels are n fields of about ten to sixty cells, each a quadrilateral of a
// warped lattice that covers most of the tile, in no order.
func parcels(n int) []Area {
	rng := rand.New(rand.NewPCG(11, 12))
	side := int(math.Ceil(math.Sqrt(float64(n))))
	step := 109000.0 / float64(side)
	out := make([]Area, 0, n)
	for i := range n {
		cx, cy := 600400+step*(float64(i%side)+0.5), 4959600-step*(float64(i/side)+0.5)
		w, h, a := 15+25*rng.Float64(), 15+25*rng.Float64(), math.Pi*rng.Float64()
		ring := make(orb.Ring, 0, 5)
		for _, c := range [4][2]float64{{-1, -1}, {1, -1}, {1, 1}, {-1, 1}} {
			x, y := w*c[0]*(0.9+0.1*rng.Float64()), h*c[1]*(0.9+0.1*rng.Float64())
			ring = append(ring, orb.Point{cx + x*math.Cos(a) - y*math.Sin(a), cy + x*math.Sin(a) + y*math.Cos(a)})
		}
		out = append(out, Area{ID: fmt.Sprint(i), Geometry: orb.Polygon{append(ring, ring[0])}})
	}
	rng.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	return out
}

// reflectances cost what copying a window costs.
func reflectances() *synthetic {
	rng := rand.New(rand.NewPCG(1, 7))
	return newSynthetic(sentinel, func(int) float64 { return float64(rng.IntN(10000)) })
}

var five = []Stat{Count, Mean, Std, Min, Max}

func BenchmarkNewWeights(b *testing.B) {
	areas := parcels(100_000)
	b.ReportAllocs()
	var w *Weights
	for b.Loop() {
		var err error
		if w, err = NewWeights(b.Context(), sentinel, areas, nil); err != nil {
			b.Fatal(err)
		}
	}
	edges, runs, squares := w.Entries()
	b.ReportMetric(float64(w.Bytes())/float64(w.Len()), "B/area")
	b.ReportMetric(float64(edges)/float64(w.Len()), "boundary/area")
	b.ReportMetric(float64(runs)/float64(w.Len()), "runs/area")
	b.ReportMetric(float64(squares), "squares")
}

// BenchmarkApply is a new date for 100,000 parcels from cached weights: the
// raster is a copy from memory, so that this is the product alone.
func BenchmarkApply(b *testing.B) {
	w, err := NewWeights(b.Context(), sentinel, parcels(100_000), nil)
	if err != nil {
		b.Fatal(err)
	}
	r := reflectances()
	for _, c := range []struct {
		name string
		o    Options
	}{
		{"count-mean-std-min-max", Options{Stats: five}},
		{"count-mean-std-min-max/workers=1", Options{Stats: five, Workers: 1}},
		{"mean", Options{Stats: []Stat{Count, Mean}}},
		{"max18", Options{Stats: five, MaxCells: 1 << 18}},
		{"max19", Options{Stats: five, MaxCells: 1 << 19}},
		{"max20", Options{Stats: five, MaxCells: 1 << 20}},
		{"max16", Options{Stats: five, MaxCells: 1 << 16}},
		{"median", Options{Stats: []Stat{Median}}},
		{"area", Options{Stats: []Stat{Count, Mean, AreaHa}, CellArea: cellArea}},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			start := cpuTime(b)
			for b.Loop() {
				if _, err := w.Apply(b.Context(), []Layer{{Raster: r}}, c.o); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64((cpuTime(b)-start).Milliseconds())/float64(b.N), "cpu-ms/op")
			b.ReportMetric(float64(w.Len())*float64(b.N)/b.Elapsed().Seconds(), "areas/s")
		})
	}
}

// cpuTime is what the process has used of all processors: it tells more than
// the clock on a machine that others use too.
func cpuTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkRegion is one polygon of a region over a Sentinel-2 tile: what Go
// holds at most beyond what it held before, whatever reads the raster.
func BenchmarkRegion(b *testing.B) {
	rng := rand.New(rand.NewPCG(3, 4))
	ring := make(orb.Ring, 0, 50001)
	wander := 0.0
	for i := range 50000 {
		a := 2 * math.Pi * float64(i) / 50000
		wander = 0.999*wander + 30*rng.NormFloat64()
		d := 45000 + 4000*math.Sin(7*a) + wander
		ring = append(ring, orb.Point{654900 + d*math.Cos(a), 4905100 + d*math.Sin(a)})
	}
	areas := []Area{{ID: "region", Geometry: orb.Polygon{append(ring, ring[0])}}}
	r := reflectances()
	w, err := NewWeights(b.Context(), sentinel, areas, nil)
	if err != nil {
		b.Fatal(err)
	}
	edges, runs, squares := w.Entries()
	for _, c := range []struct {
		name string
		do   func() error
	}{
		{"compute", func() error {
			_, err := Compute(b.Context(), r, areas, Options{Stats: five})
			return err
		}},
		{"weights", func() error {
			_, err := NewWeights(b.Context(), sentinel, areas, nil)
			return err
		}},
		{"apply", func() error {
			_, err := w.Apply(b.Context(), []Layer{{Raster: r}}, Options{Stats: five})
			return err
		}},
		{"apply/median", func() error {
			_, err := w.Apply(b.Context(), []Layer{{Raster: r}}, Options{Stats: []Stat{Median}})
			return err
		}},
	} {
		b.Run(c.name, func(b *testing.B) {
			start := cpuTime(b)
			peak := peakHeap(func() {
				for b.Loop() {
					if err := c.do(); err != nil {
						b.Fatal(err)
					}
				}
			})
			b.ReportMetric(float64((cpuTime(b)-start).Milliseconds())/float64(b.N), "cpu-ms/op")
			b.ReportMetric(float64(peak)/(1<<20), "peak-MB")
			b.ReportMetric(float64(w.Bytes())/1024, "weights-KB")
			b.ReportMetric(float64(edges), "boundary")
			b.ReportMetric(float64(runs), "runs")
			b.ReportMetric(float64(squares), "squares")
		})
	}
}

// peakHeap is how much the heap grows at most while fn runs, looked at every
// millisecond.
func peakHeap(fn func()) uint64 {
	s := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	look := func() uint64 { metrics.Read(s); return s[0].Value.Uint64() }
	runtime.GC()
	base, peak := look(), uint64(0)
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-stop:
				return
			case <-time.After(time.Millisecond):
				peak = max(peak, look())
			}
		}
	}()
	fn()
	close(stop)
	<-done
	return peak - min(base, peak)
}

// BenchmarkCross is the transitions of 330 municipalities between two land
// cover maps of 100 M cells, from cached weights; rasters are copies from
// memory.
func BenchmarkCross(b *testing.B) {
	g, areas := emiliaRomagna(b)
	w, err := NewWeights(b.Context(), g, areas, nil)
	if err != nil {
		b.Fatal(err)
	}
	before := newSynthetic(g, func(i int) float64 { return float64((i / 13) % 11) })
	after := newSynthetic(g, func(i int) float64 { return float64((i / 17) % 11) })
	o := CrossOptions{CellArea: cellArea}
	b.ReportAllocs()
	start := cpuTime(b)
	for b.Loop() {
		if _, err := w.Cross(b.Context(), Layer{Raster: before}, Layer{Raster: after}, o); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64((cpuTime(b)-start).Milliseconds())/float64(b.N), "cpu-ms/op")
	b.ReportMetric(float64(w.Bytes())/(1<<20), "weights-MB")
}
