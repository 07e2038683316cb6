package analysis_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/paulmach/orb"

	"contado/geo"
	"contado/geo/analysis"
	"contado/geo/grid"
	"contado/geo/store/catalog"
)

// BenchmarkStudy times a whole study: land cover, relief, people of four age
// bands, six services, three thresholds, ranges and isolation.
func BenchmarkStudy(b *testing.B) {
	for _, size := range []struct {
		name           string
		side, areas    int // of the square; municipalities along a side
		cell           float64
		facilitiesEach int
	}{
		{"municipality-300k-cells", 548, 3, 25, 12},
		{"region-2.4M-cells-1521-municipalities", 1550, 39, 100, 300},
	} {
		b.Run(size.name, func(b *testing.B) {
			l := emptyLand(b)
			services := bigLand(l, size.side, size.areas, size.cell, size.facilitiesEach)
			q := analysis.StudyRequest{
				CoverageRequest: analysis.CoverageRequest{Territory: "municipalities", Profile: analysis.Walking, Thresholds: []float64{900, 1800, 3600}},
				Services:        services, Profiles: []string{analysis.Walking},
			}
			b.ResetTimer()
			for b.Loop() {
				s, _, err := l.engine.Study(context.Background(), q, nil)
				if err != nil {
					b.Fatal(err)
				}
				if len(s.Sections) != len(services) {
					b.Fatalf("%d sections", len(s.Sections))
				}
			}
		})
	}
}

// bigLand publishes a hilly land of side × side cells with areas × areas
// municipalities and six services, and names these.
func bigLand(l *land, side, areas int, cell float64, facilities int) []string {
	g := grid.Grid{CRS: utm, Transform: grid.Transform{west, cell, 0, north, 0, -cell}, Width: side, Height: side}
	r := rand.New(rand.NewPCG(1, 2))
	n := side * side
	cover, total, height := make([]uint8, n), make([]uint8, n), make([]uint8, n)
	ages := make([][]uint8, 4)
	for k := range ages {
		ages[k] = make([]uint8, n)
	}
	for i := range n {
		x, y := float64(i%side), float64(i/side)
		cover[i] = []uint8{10, 30, 40, 50, 60, 20}[int(x/17+math.Sin(y/29)*3+100)%6]
		height[i] = uint8(120 + 60*math.Sin(x/40) + 60*math.Cos(y/33))
		for k := range ages {
			ages[k][i] = uint8(r.IntN(3))
			total[i] += ages[k][i]
		}
	}
	l.rasterOn("landcover", catalog.LandCover, g, [][]uint8{cover}, []catalog.Band{{Name: "class"}})
	l.rasterOn("dem", catalog.Elevation, g, [][]uint8{height}, []catalog.Band{{Name: "z"}})
	l.rasterOn("population", catalog.Population, g, append([][]uint8{total}, ages...), []catalog.Band{
		{Name: "total"}, {Name: "age_0_14"}, {Name: "age_15_64"}, {Name: "age_65_79"}, {Name: "age_80_plus"},
	})
	bigTerritories(l, float64(side)*cell, areas)
	var names []string
	for k := range 6 {
		s := geo.Schema{GeometryType: "Point", CRS: utm, Fields: []geo.Field{{Name: "name", Type: geo.String}}}
		var fs []geo.Feature
		for i := range facilities {
			x, y := g.Center(r.IntN(side), r.IntN(side))
			fs = append(fs, geo.Feature{ID: int64(i + 1), Geometry: orb.Point{x, y}, Values: []any{fmt.Sprint("point ", i)}})
		}
		id := fmt.Sprint("service-", k)
		l.vector(id, catalog.Service, s, fs, nil, nil)
		names = append(names, id)
	}
	l.refresh()
	return names
}

func bigTerritories(l *land, metres float64, areas int) {
	s := geo.Schema{GeometryType: "Polygon", CRS: utm, Fields: []geo.Field{{Name: "code", Type: geo.String}, {Name: "name", Type: geo.String}, {Name: "prov", Type: geo.String}}}
	step := metres / float64(areas)
	var fs []geo.Feature
	for i := range areas * areas {
		x, y := west+float64(i%areas)*step, north-float64(i/areas)*step
		fs = append(fs, geo.Feature{
			ID: int64(i + 1), Geometry: orb.Bound{Min: orb.Point{x, y - step}, Max: orb.Point{x + step, y}}.ToPolygon(),
			Values: []any{fmt.Sprintf("%06d", i+1), fmt.Sprint("Comune ", i+1), "9"},
		})
	}
	l.vector("municipalities", catalog.TerritoryRole, s, fs,
		&catalog.TerritoryFields{Code: "code", Name: "name", Parents: []string{"prov"}, ParentLevels: []string{"province"}, LevelName: "municipality"}, nil)
}
