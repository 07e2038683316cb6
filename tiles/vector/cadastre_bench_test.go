package vector_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"

	"contado/geo"
	"contado/geo/cql2"
	"contado/geo/crs"
	"contado/geo/layer"
	"contado/tiles/tms"
	"contado/tiles/vector"
	"contado/tiles/vector/cadastre"

	"github.com/paulmach/orb/planar"
)

// territory is the made cadastre with a million parcels, 300,000 roads and
// 200,000 points, written once a run.
type territory struct {
	parcels, roads, points *layer.Layer
	irrigated              *layer.Selection
	bounds                 geo.BBox // Web Mercator
	area                   float64  // of the parcels, square metres of Web Mercator
}

var million = sync.OnceValues(func() (*territory, error) { return makeTerritory(1_000_000) })

func makeTerritory(n int) (*territory, error) {
	dir, err := os.MkdirTemp("", "cadastre")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir) // what is mapped stays
	t := &territory{}
	tr, err := crs.New(cadastre.CRS, geo.WebMercator)
	if err != nil {
		return nil, err
	}
	if n <= 50_000 { // the truth, by the projection itself
		cadastre.Parcels(n).Rows(func(f geo.Feature) bool {
			g, err := tr.Geometry(f.Geometry, nil)
			if err == nil {
				t.area += planar.Area(g)
			}
			return err == nil
		})
	}
	open := func(d *cadastre.Dataset) (*layer.Layer, error) {
		path := filepath.Join(dir, d.Name+".fgb")
		if err := d.Write(path); err != nil {
			return nil, err
		}
		return d.Open(context.Background(), path)
	}
	if t.parcels, err = open(cadastre.Parcels(n)); err != nil {
		return nil, err
	}
	if t.roads, err = open(cadastre.Roads(n*3/10, n)); err != nil {
		return nil, err
	}
	if t.points, err = open(cadastre.Points(n/5, n)); err != nil {
		return nil, err
	}
	e, err := cql2.ParseText("year < 2020 AND use <> 'water'")
	if err != nil {
		return nil, err
	}
	if t.irrigated, err = t.parcels.Where(e, ""); err != nil {
		return nil, err
	}
	t.bounds, err = tr.BBox(cadastre.Bounds(n))
	return t, err
}

// utm is the projection of the made cadastre.
func utm(t testing.TB) vector.Projector {
	t.Helper()
	tr, err := crs.New(cadastre.CRS, geo.WebMercator)
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

// somewhere is a tile of a zoom in the territory.
func (t *territory) somewhere(z int, rng *rand.Rand) tms.Tile {
	x := t.bounds.MinX + (0.1+0.8*rng.Float64())*t.bounds.Width()
	y := t.bounds.MinY + (0.1+0.8*rng.Float64())*t.bounds.Height()
	return tms.WebMercatorQuad().At(z, x, y)
}

// cpu is the milliseconds that the process has taken of the processors: on a
// shared machine the clock on the wall tells of others.
func cpu() float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return math.NaN()
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e6
}

func BenchmarkDraw(b *testing.B) {
	t, err := million()
	if err != nil {
		b.Fatal(err)
	}
	roads := vector.LayerRequest{Layer: t.roads, Drawing: vector.Drawing{
		MergeBelow: 13, MergeBy: []int{0}, Rank: &vector.Rank{Field: 0, Order: cadastre.Classes},
	}}
	for _, c := range []struct {
		name   string
		layers []vector.LayerRequest
	}{
		{"parcels", []vector.LayerRequest{{Layer: t.parcels}}},
		{"filtered", []vector.LayerRequest{{Layer: t.parcels, Where: t.irrigated}}},
		{"roads", []vector.LayerRequest{roads}},
		{"points", []vector.LayerRequest{{Layer: t.points}}},
		{"all", []vector.LayerRequest{{Layer: t.parcels, Where: t.irrigated}, roads, {Layer: t.points}}},
	} {
		for _, z := range []int{0, 5, 8, 10, 11, 12, 13, 14, 15, 16} {
			b.Run(fmt.Sprintf("%s/z%d", c.name, z), func(b *testing.B) {
				rng := rand.New(rand.NewPCG(1, uint64(z)))
				draw := func() ([]byte, vector.Stats) {
					data, stats, err := vector.Draw(context.Background(), vector.Request{Tile: t.somewhere(z, rng), Layers: c.layers})
					if err != nil {
						b.Fatal(err)
					}
					return data, stats
				}
				draw()
				b.ReportAllocs()
				bytes, features := 0.0, 0.0
				least, most := math.Inf(1), 0.0
				from := cpu()
				for b.Loop() {
					data, s := draw()
					bytes, features = bytes+float64(len(data)), features+float64(s.Features)
					least, most = min(least, s.AreaKept), max(most, s.AreaKept)
				}
				b.ReportMetric((cpu()-from)/float64(b.N), "cpu-ms")
				b.ReportMetric(bytes/float64(b.N), "bytes")
				b.ReportMetric(features/float64(b.N), "features")
				b.ReportMetric(least, "least")
				b.ReportMetric(most, "most")
			})
		}
	}
}

// BenchmarkFirstDraw is the pass over all rows that the first tile waits for.
func BenchmarkFirstDraw(b *testing.B) {
	d := cadastre.Parcels(1_000_000)
	path := filepath.Join(b.TempDir(), "parcels.fgb")
	if err := d.Write(path); err != nil {
		b.Fatal(err)
	}
	from := cpu()
	for b.Loop() {
		l, err := d.Open(context.Background(), path)
		if err != nil {
			b.Fatal(err)
		}
		if err := vector.FirstDraw(context.Background(), vector.LayerRequest{Layer: l}); err != nil {
			b.Fatal(err)
		}
		if err := l.Close(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric((cpu()-from)/float64(b.N), "cpu-ms")
}
