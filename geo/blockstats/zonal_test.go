package blockstats

import (
	"math"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"contado/geo/fault"
	"contado/geo/gdal"
	"contado/geo/zonal"
)

// Zonal statistics of files are the same with the statistics of their blocks
// as without: amounts and classes.
func TestZonal(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	m := &memory{g: metres(2000, 1500), bands: make([][]float64, 2)}
	rng := rand.New(rand.NewPCG(7, 8))
	for b := range m.bands {
		m.bands[b] = make([]float64, m.g.Cells())
		for i := range m.bands[b] {
			col, row := i%m.g.Width, i/m.g.Width
			switch {
			case (col/210+row/190)%5 == 0 && rng.IntN(3) > 0:
				m.bands[b][i] = math.NaN()
			case b == 0:
				m.bands[b][i] = 300 + 20*math.Sin(float64(col)/90) + rng.NormFloat64()
			default:
				m.bands[b][i] = float64((col/50*3 + row/40) % 12)
			}
		}
	}
	src, dst := filepath.Join(dir, "a.tif"), filepath.Join(dir, "a.stats.tif")
	save(t, src, m)
	if err := WriteFile(t.Context(), dst, src, []Band{{Number: 1}, {Number: 2, Classes: true}}, &Options{Side: 32}); err != nil {
		t.Fatal(err)
	}
	stats, err := Open(t.Context(), dst, Source{Grid: m.g, Path: src})
	if err != nil {
		t.Fatal(err)
	}
	pool := gdal.NewPool(nil)
	defer pool.Close()
	raster, err := pool.Source(t.Context(), src)
	if err != nil {
		t.Fatal(err)
	}
	areas := []zonal.Area{
		{ID: "large", Geometry: ragged(rng, 510000, 4992500, 7400, 300)},
		{ID: "small", Geometry: ragged(rng, 503000, 4997000, 90, 12)},
	}
	level := func(int) float64 { return 100 }
	for band, o := range map[int]zonal.Options{
		1: {Stats: []zonal.Stat{zonal.Count, zonal.Sum, zonal.Mean, zonal.Std, zonal.Min, zonal.Max, zonal.Nodata, zonal.AreaHa}, CellArea: level},
		2: {Stats: []zonal.Stat{zonal.Count, zonal.Majority, zonal.Minority, zonal.Variety, zonal.Median}, Classes: true, CellArea: level},
	} {
		o.Band = band
		want, err := zonal.Compute(t.Context(), raster, areas, o)
		if err != nil {
			t.Fatal(err)
		}
		o.Blocks = stats
		got, err := zonal.Compute(t.Context(), raster, areas, o)
		if err != nil {
			t.Fatal(err)
		}
		if stats.cache.Bytes() == 0 {
			t.Fatalf("band %d: the block statistics were not read", band)
		}
		for i := range want {
			for k, n := range want[i].Names {
				a, b := got[i].Values[k], want[i].Values[k]
				if exact := n == "min" || n == "max" || n == "majority"; math.Abs(a-b) > 1e-12*math.Abs(b) || (exact && a != b) {
					t.Errorf("band %d, %s, %s: %v, decoded %v", band, areas[i].ID, n, a, b)
				}
			}
			for k, b := range want[i].Classes {
				if a := got[i].Classes[k]; a.Value != b.Value || math.Abs(a.Ha-b.Ha) > 1e-12*b.Ha {
					t.Errorf("class %+v, decoded %+v", a, b)
				}
			}
		}
	}
	// Statistics of a band that they do not describe are an error, not zero.
	o := zonal.Options{Band: 3, Blocks: stats}
	if _, err := zonal.Compute(t.Context(), raster, areas, o); !fault.Is(err, fault.NotExist) && !fault.Is(err, fault.Invalid) {
		t.Errorf("band 3: %v", err)
	}
}
