package cql2_test

import (
	"math"
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/wkb"
	"github.com/peterstace/simplefeatures/geom"

	"contado/geo/cql2"
)

// star is a polygon of n positions whose radius wavers.
func star(tb testing.TB, n int, radius float64) cql2.Geometry {
	tb.Helper()
	ring := make(orb.Ring, 0, n+1)
	for i := range n {
		a := 2 * math.Pi * float64(i) / float64(n)
		r := radius * (0.8 + 0.2*math.Sin(30*a))
		ring = append(ring, orb.Point{r * math.Cos(a), r * math.Sin(a)})
	}
	b, err := wkb.Marshal(orb.Polygon{append(ring, ring[0])})
	if err != nil {
		tb.Fatal(err)
	}
	g, err := geom.UnmarshalWKB(b, geom.NoValidate{})
	if err != nil {
		tb.Fatal(err)
	}
	return cql2.Geometry{Geometry: g}
}

// BenchmarkManyVertices: 100,000 parcels against a literal of 50,000 vertices.
func BenchmarkManyVertices(b *testing.B) {
	for _, op := range []string{"s_intersects", "s_within"} {
		b.Run(op, func(b *testing.B) {
			f, err := cql2.Compile(&cql2.Spatial{Op: op, Left: &cql2.Property{Name: "geom"}, Right: star(b, 50_000, 1000)}, nil)
			if err != nil {
				b.Fatal(err)
			}
			rows := make([]orb.Geometry, 100_000)
			for i := range rows {
				x, y := float64(i%317)*6.3-1000, float64(i/317)*6.3-1000
				rows[i] = orb.Polygon{{{x, y}, {x + 3, y}, {x + 6, y + 1}, {x + 6, y + 6}, {x, y + 6}, {x, y}}}
			}
			b.ReportAllocs()
			n := 0
			for b.Loop() {
				n = 0
				for _, g := range rows {
					ok, err := f.Match(func(string) any { return g })
					if err != nil {
						b.Fatal(err)
					}
					if ok {
						n++
					}
				}
			}
			b.ReportMetric(float64(n), "rows")
		})
	}
}
