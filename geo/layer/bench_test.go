package layer_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"syscall"
	"testing"

	"github.com/paulmach/orb"

	"contado/geo"
	"contado/geo/cql2"
	"contado/geo/fgb"
	"contado/geo/layer"
	"contado/geo/store/features"
	"contado/geo/store/journal"
)

// cadastre is n parcels of about 600 m² in an order that has nothing to do
// with their place, and some thousand edits of them.
func cadastre(b *testing.B, n int) *layer.Layer {
	b.Helper()
	s := geo.Schema{GeometryType: "Polygon", CRS: "EPSG:32632", Fields: []geo.Field{
		{Name: "code", Type: geo.String}, {Name: "area", Type: geo.Real}, {Name: "class", Type: geo.Integer}, {Name: "owner", Type: geo.String},
	}}
	rng := rand.New(rand.NewPCG(1, 2))
	side := int(math.Sqrt(float64(n)))
	var list []geo.Feature
	for i, at := range rng.Perm(n) {
		x, y := 500000+25*float64(at%side), 5000000+25*float64(at/side)
		ring := orb.Ring{}
		for k := range 12 {
			a := 2 * math.Pi * float64(k) / 12
			ring = append(ring, orb.Point{x + 12*math.Cos(a), y + 12*math.Sin(a)})
		}
		ring = append(ring, ring[0])
		list = append(list, geo.Feature{ID: int64(i + 1), Geometry: orb.Polygon{ring}, Values: []any{
			fmt.Sprintf("P%07d", rng.IntN(n)), 600 + rng.NormFloat64(), int64(rng.IntN(20)), fmt.Sprint("owner ", rng.IntN(5000)),
		}})
	}
	l := packed(b, s, list)
	var changes []journal.Change
	for i := range 2000 {
		f := list[rng.IntN(n)]
		f.Values = []any{"edited", 1.0, int64(3), nil}
		changes = append(changes, journal.Change{Dataset: "rows", Version: 3, Seq: int64(i + 1), Feature: f.ID, Op: journal.Replace, Before: &f, After: &f})
	}
	l, err := l.With(changes)
	if err != nil {
		b.Fatal(err)
	}
	return l
}

func BenchmarkLayer(b *testing.B) {
	const n = 200_000
	l := cadastre(b, n)
	for name, q := range map[string]features.Query{
		"first page":          {Limit: 1000},
		"deep page":           {Limit: 1000, After: n - 2000},
		"box of 2,000":        {Limit: 1000, BBox: &geo.BBox{MinX: 504000, MinY: 5004000, MaxX: 505100, MaxY: 5005100}},
		"box of half":         {Limit: 1000, BBox: &geo.BBox{MinX: 500000, MinY: 5000000, MaxX: 505500, MaxY: 6000000}},
		"sorted":              {Limit: 1000, Sort: []features.SortKey{{Field: "code"}}},
		"sorted deep":         {Limit: 1000, Sort: []features.SortKey{{Field: "code"}}, Cursor: &features.Cursor{Values: []any{"P0190000"}, ID: 0}},
		"sorted by two":       {Limit: 1000, Sort: []features.SortKey{{Field: "class", Descending: true}, {Field: "area"}}},
		"equal":               {Limit: 1000, Equal: []features.Equal{{Field: "class", Value: "7"}}},
		"equal to one":        {Limit: 1000, Equal: []features.Equal{{Field: "owner", Value: "owner 77"}}},
		"filter":              {Limit: 1000, Filter: filter(b, "class = 7 AND area > 599")},
		"filter deep":         {Limit: 1000, After: n / 2, Filter: filter(b, "class = 7 AND area > 599")},
		"filter that is rare": {Limit: 1000, Filter: filter(b, "area > 604")},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			once := func() {
				rows := 0
				if err := l.Scan(b.Context(), q, func(geo.Feature) bool { rows++; return true }); err != nil {
					b.Fatal(err)
				}
				if rows == 0 {
					b.Fatal("no rows")
				}
			}
			once() // what is made on first use
			once()
			defer cpu(b)()
			for b.Loop() {
				once()
			}
		})
	}
	b.Run("page in place", func(b *testing.B) {
		var raw [4]fgb.Raw
		var shape fgb.Shape
		defer cpu(b)()
		for b.Loop() {
			if err := l.Rows(b.Context(), features.Query{Limit: 1000, After: n / 2}, func(r layer.Row) bool {
				if !r.RawValues(raw[:]) {
					return r.Value(0) != nil
				}
				return r.Shape(&shape) == nil
			}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("visit 80,000", func(b *testing.B) {
		box := geo.BBox{MinX: 500000, MinY: 5000000, MaxX: 500000 + 25*283, MaxY: 5000000 + 25*283}
		rows := 0
		defer cpu(b)()
		for b.Loop() {
			rows = 0
			l.Visit(&box, func(r layer.Row) bool { rows++; return r.Box().MinX > 0 })
		}
		b.ReportMetric(float64(rows), "rows")
	})
	b.Run("edit", func(b *testing.B) {
		now := l
		for b.Loop() {
			f, err := now.Feature(b.Context(), 1+now.Head()*7%n)
			if err != nil {
				b.Fatal(err)
			}
			if now, err = now.With([]journal.Change{{Dataset: "rows", Version: 3, Seq: now.Head() + 1, Feature: f.ID, Op: journal.Replace, After: &f}}); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// cpu reports the processor's time: others may be using the machine.
func cpu(b *testing.B) (done func()) {
	b.Helper()
	spent := func() int64 {
		var u syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
			b.Fatal(err)
		}
		return u.Utime.Nano() + u.Stime.Nano()
	}
	start := spent()
	return func() { b.ReportMetric(float64(spent()-start)/float64(b.N), "cpu-ns/op") }
}

func filter(t testing.TB, text string) cql2.Expr {
	t.Helper()
	e, err := cql2.ParseText(text)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// BenchmarkJournal is the opening of a layer with a long journal.
func BenchmarkJournal(b *testing.B) {
	const n, edits = 100_000, 100_000
	s := geo.Schema{GeometryType: "Point", CRS: "EPSG:32632", Fields: []geo.Field{{Name: "n", Type: geo.Integer}}}
	var list []geo.Feature
	for i := range n {
		list = append(list, geo.Feature{ID: int64(i + 1), Geometry: orb.Point{float64(i % 317), float64(i / 317)}, Values: []any{int64(i)}})
	}
	l := packed(b, s, list)
	rng := rand.New(rand.NewPCG(3, 4))
	var changes []journal.Change
	for i := range edits {
		f := list[rng.IntN(n)]
		changes = append(changes, journal.Change{Dataset: "rows", Version: 3, Seq: int64(i + 1), Feature: f.ID, Op: journal.Replace, After: &f})
	}
	b.ReportAllocs()
	defer cpu(b)()
	for b.Loop() {
		if _, err := l.With(changes); err != nil {
			b.Fatal(err)
		}
	}
}
