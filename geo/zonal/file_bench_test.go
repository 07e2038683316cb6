package zonal_test

import (
	"context"
	"fmt"
	"math"
	"path/filepath"
	"testing"

	"github.com/paulmach/orb"

	"contado/geo/gdal"
	"contado/geo/grid"
	"contado/geo/zonal"
)

// BenchmarkFile reads a tiled, compressed GeoTIFF: 36 M cells, 2,500 areas
// that tile it. It shows what share of the time is reading (see -cpuprofile).
func BenchmarkFile(b *testing.B) {
	const side, n = 6000, 50
	g := grid.Grid{CRS: "EPSG:25832", Transform: grid.Transform{500000, 10, 0, 5000000, 0, -10}, Width: side, Height: side}
	path := filepath.Join(b.TempDir(), "dem.tif")
	w, err := gdal.CreateGeoTIFF(path, gdal.RasterSpec{Grid: g, DataType: "float32", Bands: []gdal.BandSpec{{Name: "z"}}})
	if err != nil {
		b.Fatal(err)
	}
	row := make([]float32, side*256)
	for r := 0; r < side; r += 256 {
		h := min(256, side-r)
		for i := range row[:side*h] {
			row[i] = float32(int(10*(1000+500*math.Sin(float64(i%side)/300)*math.Cos(float64(r+i/side)/200)))) / 10
		}
		if err := w.Write(1, grid.Window{Row: r, Width: side, Height: h}, row[:side*h]); err != nil {
			b.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		b.Fatal(err)
	}
	pool := gdal.NewPool(nil)
	defer pool.Close()
	src, err := pool.Source(context.Background(), path)
	if err != nil {
		b.Fatal(err)
	}
	var areas []zonal.Area
	at := func(i, j int) orb.Point { // a warped lattice
		x, y := float64(i)*side/n, float64(j)*side/n
		return orb.Point{500000 + 10*(x+17*math.Sin(y/90)), 5000000 - 10*(y+13*math.Cos(x/70))}
	}
	for i := range n {
		for j := range n {
			areas = append(areas, zonal.Area{ID: fmt.Sprint(i, j), Geometry: orb.Polygon{{at(i, j), at(i+1, j), at(i+1, j+1), at(i, j+1), at(i, j)}}})
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := zonal.Compute(context.Background(), src, areas, zonal.Options{}); err != nil {
			b.Fatal(err)
		}
	}
	per := b.Elapsed().Seconds() / float64(b.N)
	b.ReportMetric(side*side/per/1e6, "Mcells/s")
	b.ReportMetric(n*n/per, "areas/s")
}
