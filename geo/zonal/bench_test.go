package zonal

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geojson"

	"contado/geo/grid"
	"contado/scripts/shareddata"
)

// synthetic is a raster that is made while it is read: one sheet of numbers
// copied over and over, so that a read costs what copying a block costs.
type synthetic struct {
	g     grid.Grid
	sheet []float64
}

const sheetSide = 1 << 15

func newSynthetic(g grid.Grid, f func(i int) float64) *synthetic {
	s := &synthetic{g: g, sheet: make([]float64, 2*sheetSide)}
	for i := range s.sheet {
		s.sheet[i] = f(i)
	}
	return s
}

func (s *synthetic) Grid() grid.Grid { return s.g }

func (s *synthetic) ReadFloat64(_ context.Context, _ int, w grid.Window, dst []float64) error {
	for r := range w.Height {
		from := ((w.Row+r)*7919 + w.Col) % sheetSide
		copy(dst[r*w.Width:(r+1)*w.Width], s.sheet[from:])
	}
	return nil
}

// emiliaRomagna is the 330 municipalities over a raster of 100 M cells.
func emiliaRomagna(b *testing.B) (grid.Grid, []Area) {
	raw, err := os.ReadFile(shareddata.Path(b, "it-boundaries/limits_R_8_municipalities.geojson"))
	if err != nil {
		b.Fatal(err)
	}
	fc, err := geojson.UnmarshalFeatureCollection(raw)
	if err != nil {
		b.Fatal(err)
	}
	bound := orb.Bound{Min: orb.Point{math.Inf(1), math.Inf(1)}, Max: orb.Point{math.Inf(-1), math.Inf(-1)}}
	areas := make([]Area, len(fc.Features))
	for i, f := range fc.Features {
		areas[i] = Area{ID: fmt.Sprint(f.Properties["com_istat_code"]), Geometry: f.Geometry}
		bound = bound.Union(f.Geometry.Bound())
	}
	const w = 15000
	dx := (bound.Max[0] - bound.Min[0]) / w
	h := 100_000_000 / w
	dy := (bound.Max[1] - bound.Min[1]) / float64(h)
	return grid.Grid{Transform: grid.Transform{bound.Min[0], dx, 0, bound.Max[1], 0, -dy}, Width: w, Height: h}, areas
}

func benchmark(b *testing.B, g grid.Grid, areas []Area, r Raster, o Options) {
	b.Helper()
	b.ReportAllocs()
	o.CellArea = cellArea
	var cells float64
	for b.Loop() {
		o.Stats = append([]Stat{Cells}, o.Stats...)
		res, err := Compute(context.Background(), r, areas, o)
		if err != nil {
			b.Fatal(err)
		}
		o.Stats = o.Stats[1:]
		cells = 0
		for i := range res {
			v, _ := res[i].Get("cells")
			cells += v
		}
	}
	per := b.Elapsed().Seconds() / float64(b.N)
	b.ReportMetric(cells/per/1e6, "Mcells/s")
	b.ReportMetric(float64(len(areas))/per, "areas/s")
}

func BenchmarkMunicipalities(b *testing.B) {
	g, areas := emiliaRomagna(b)
	rng := rand.New(rand.NewPCG(1, 1))
	heights := newSynthetic(g, func(int) float64 { return float64(float32(2000 * rng.Float64())) })
	gaps := newSynthetic(g, func(int) float64 {
		if rng.IntN(50) == 0 {
			return math.NaN()
		}
		return 2000 * rng.Float64()
	})
	classes := newSynthetic(g, func(i int) float64 { return float64((i / 9) % 40) })
	sums := []Stat{Count, Sum, Mean}
	for _, c := range []struct {
		name string
		r    Raster
		o    Options
	}{
		{"mean-sum-count", heights, Options{Stats: sums}},
		{"mean-sum-count/workers=1", heights, Options{Stats: sums, Workers: 1}},
		{"mean-sum-count/by-area", heights, Options{Stats: sums, Strategy: ByArea}},
		{"with-gaps", gaps, Options{Stats: sums}},
		{"min-max-std", heights, Options{Stats: []Stat{Mean, Min, Max, Std}}},
		{"classes", classes, Options{Stats: sums, Classes: true}},
		{"median", heights, Options{Stats: []Stat{Median}}},
		{"weighted", heights, Options{Stats: []Stat{WeightedMean}, Weights: classes}},
	} {
		b.Run(c.name, func(b *testing.B) { benchmark(b, g, areas, c.r, c.o) })
	}
}

// BenchmarkParcels: 25,000 parcels of about a hectare on 10 m cells.
func BenchmarkParcels(b *testing.B) {
	g := grid.Grid{Transform: grid.Transform{500000, 10, 0, 5000000, 0, -10}, Width: 10980, Height: 10980}
	rng := rand.New(rand.NewPCG(3, 3))
	areas := make([]Area, 25000)
	for i := range areas {
		areas[i] = Area{ID: fmt.Sprint(i), Geometry: orb.Polygon{star(rng, 501000+100000*rng.Float64(), 4999000-100000*rng.Float64(), 70, 12, 0)}}
	}
	r := newSynthetic(g, func(int) float64 { return 2000 * rng.Float64() })
	benchmark(b, g, areas, r, Options{Stats: []Stat{Count, Mean, Std, Min, Max}})
}

// BenchmarkCover measures fractions alone.
func BenchmarkCover(b *testing.B) {
	g, areas := emiliaRomagna(b)
	b.ReportAllocs()
	spans := 0
	for b.Loop() {
		spans = 0
		for _, a := range areas {
			if err := Cover(context.Background(), g, a, func(Span) bool { spans++; return true }); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(spans)*float64(b.N)/b.Elapsed().Seconds()/1e6, "Mspans/s")
}

func BenchmarkResultJSON(b *testing.B) {
	res, err := Compute(context.Background(), newMem(unit(8, 8), value), []Area{{ID: "a", Geometry: orb.Bound{Max: orb.Point{5, 5}}}}, Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := json.Marshal(res); err != nil {
			b.Fatal(err)
		}
	}
}
