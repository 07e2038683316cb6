package blockstats

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"contado/geo/gdal"
	"contado/geo/grid"
	"contado/geo/zonal"
)

// scene is a band of a Sentinel-2 tile as we store it: 10,980 × 10,980 UInt16
// in tiles of 512, relief with grain.
func scene(b *testing.B) (path string, g grid.Grid) {
	b.Helper()
	const side = 10980
	g = metres(side, side)
	nodata := 0.0
	path = filepath.Join(b.TempDir(), "scene.tif")
	w, err := gdal.CreateGeoTIFF(path, gdal.RasterSpec{Grid: g, DataType: "uint16", BlockSize: 512, Bands: []gdal.BandSpec{{Name: "B04", Nodata: &nodata}}})
	if err != nil {
		b.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	rows := make([]uint16, 512*side)
	for r := 0; r < side; r += 512 {
		h := min(512, side-r)
		for y := range h {
			fy := math.Cos(float64(r+y) / 170)
			for x := range side {
				rows[y*side+x] = uint16(2500 + 1200*math.Sin(float64(x)/210)*fy + float64(rng.Uint32()>>26))
			}
		}
		if err := w.Write(1, grid.Window{Row: r, Width: side, Height: h}, rows[:h*side]); err != nil {
			b.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		b.Fatal(err)
	}
	return path, g
}

// ragged is a closed line about a centre with as many points as it is told.
func ragged(rng *rand.Rand, x, y, radius float64, points int) orb.Polygon {
	ring := make(orb.Ring, 0, points+1)
	for i := range points {
		a := 2 * math.Pi * float64(i) / float64(points)
		d := radius * (0.8 + 0.15*math.Sin(5*a) + 0.03*rng.Float64())
		ring = append(ring, orb.Point{x + d*math.Cos(a), y + d*math.Sin(a)})
	}
	return orb.Polygon{append(ring, ring[0])}
}

// cpuTime is what the process has used of all processors.
func cpuTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkSide weighs the side of a block: the time to write the statistics,
// their size, and statistics of a region and of municipalities from them. Each
// measurement opens the files anew.
func BenchmarkSide(b *testing.B) {
	path, g := scene(b)
	rng := rand.New(rand.NewPCG(5, 6))
	region := []zonal.Area{{ID: "region", Geometry: ragged(rng, 554900, 4945100, 54000, 20000)}}
	var towns []zonal.Area
	for i := range 100 {
		x, y := 505000+float64(i%10)*11000, 4995000-float64(i/10)*11000
		towns = append(towns, zonal.Area{ID: fmt.Sprint(i), Geometry: ragged(rng, x, y, 5400, 600)})
	}
	for _, side := range []int{0, 64, 128, 256} {
		stats := filepath.Join(b.TempDir(), fmt.Sprintf("%d.tif", side))
		if side > 0 {
			b.Run(fmt.Sprintf("%d/write", side), func(b *testing.B) {
				start := cpuTime(b)
				for b.Loop() {
					if err := WriteFile(b.Context(), stats, path, []Band{{Number: 1}}, &Options{Side: side}); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64((cpuTime(b)-start).Milliseconds())/float64(b.N), "cpu-ms/op")
				st, err := os.Stat(stats)
				if err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(float64(st.Size())/1024, "KB")
			})
		}
		for name, areas := range map[string][]zonal.Area{"region": region, "towns": towns} {
			b.Run(fmt.Sprintf("%d/%s", side, name), func(b *testing.B) { benchmarkZonal(b, path, stats, g, side, areas) })
		}
	}
}

func benchmarkZonal(b *testing.B, path, stats string, g grid.Grid, side int, areas []zonal.Area) {
	start := cpuTime(b)
	for b.Loop() {
		pool := gdal.NewPool(nil)
		src, err := pool.Source(b.Context(), path)
		if err != nil {
			b.Fatal(err)
		}
		o := zonal.Options{Stats: []zonal.Stat{zonal.Count, zonal.Mean, zonal.Std, zonal.Min, zonal.Max}}
		if side > 0 {
			s, err := Open(b.Context(), stats, Source{Grid: g, Path: path})
			if err != nil {
				b.Fatal(err)
			}
			o.Blocks = s
		}
		if _, err := zonal.Compute(b.Context(), src, areas, o); err != nil {
			b.Fatal(err)
		}
		pool.Close()
	}
	b.ReportMetric(float64((cpuTime(b)-start).Milliseconds())/float64(b.N), "cpu-ms/op")
}
