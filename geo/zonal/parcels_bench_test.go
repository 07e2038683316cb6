package zonal_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"contado/geo/gdal"
	"contado/geo/grid"
	"contado/geo/zonal"
)

// sceneFile is a band of a Sentinel-2 tile as we store it: 10,980 × 10,980
// UInt16 in tiles of 512, relief with grain.
func sceneFile(b *testing.B) (path string, g grid.Grid) {
	b.Helper()
	const side = 10980
	g = grid.Grid{CRS: "EPSG:32632", Transform: grid.Transform{600000, 10, 0, 4960000, 0, -10}, Width: side, Height: side}
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

func cpu(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkFileParcels is a new date for 100,000 parcels from a compressed
// file: with the weights at hand, with them made first, by Compute, and the
// reading of all cells alone. Every turn opens the file anew.
func BenchmarkFileParcels(b *testing.B) {
	path, g := sceneFile(b)
	const n, across = 100_000, 317
	rng := rand.New(rand.NewPCG(11, 12))
	areas := make([]zonal.Area, n)
	const step = 109000.0 / across
	for i := range areas {
		cx, cy := 600400+step*(float64(i%across)+0.5), 4959600-step*(float64(i/across)+0.5)
		w, h, a := 15+25*rng.Float64(), 15+25*rng.Float64(), math.Pi*rng.Float64()
		ring := make(orb.Ring, 0, 5)
		for _, c := range [4][2]float64{{-1, -1}, {1, -1}, {1, 1}, {-1, 1}} {
			x, y := w*c[0], h*c[1]
			ring = append(ring, orb.Point{cx + x*math.Cos(a) - y*math.Sin(a), cy + x*math.Sin(a) + y*math.Cos(a)})
		}
		areas[i] = zonal.Area{ID: fmt.Sprint(i), Geometry: orb.Polygon{append(ring, ring[0])}}
	}
	o := zonal.Options{Stats: []zonal.Stat{zonal.Count, zonal.Mean, zonal.Std, zonal.Min, zonal.Max}}
	weights, err := zonal.NewWeights(b.Context(), g, areas, nil)
	if err != nil {
		b.Fatal(err)
	}
	for name, do := range map[string]func(src *gdal.Source) error{
		"cached weights": func(src *gdal.Source) error {
			_, err := weights.Apply(b.Context(), []zonal.Layer{{Raster: src}}, o)
			return err
		},
		"weights made": func(src *gdal.Source) error {
			w, err := zonal.NewWeights(b.Context(), g, areas, nil)
			if err == nil {
				_, err = w.Apply(b.Context(), []zonal.Layer{{Raster: src}}, o)
			}
			return err
		},
		"compute": func(src *gdal.Source) error {
			_, err := zonal.Compute(b.Context(), src, areas, o)
			return err
		},
		"reading alone": func(src *gdal.Source) error {
			buf := make([]float64, 512*512)
			for r := 0; r < g.Height; r += 512 {
				for c := 0; c < g.Width; c += 512 {
					w := g.Full().Intersect(grid.Window{Col: c, Row: r, Width: 512, Height: 512})
					if err := src.ReadFloat64(b.Context(), 1, w, buf[:w.Cells()]); err != nil {
						return err
					}
				}
			}
			return nil
		},
	} {
		b.Run(name, func(b *testing.B) {
			start := cpu(b)
			for b.Loop() {
				pool := gdal.NewPool(nil)
				src, err := pool.Source(b.Context(), path)
				if err != nil {
					b.Fatal(err)
				}
				if err := do(src); err != nil {
					b.Fatal(err)
				}
				pool.Close()
			}
			b.ReportMetric(float64((cpu(b)-start).Milliseconds())/float64(b.N), "cpu-ms/op")
		})
	}
}
