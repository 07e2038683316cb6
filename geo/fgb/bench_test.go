package fgb

import (
	"path/filepath"
	"testing"

	"github.com/paulmach/orb"

	"contado/geo"
)

// cadastre is a grid of parcels of 10 positions with 8 attributes.
func cadastre() (geo.Schema, func(int) geo.Feature) {
	s := geo.Schema{GeometryType: "Polygon", CRS: "EPSG:25832", Fields: []geo.Field{
		{Name: "code", Type: geo.String},
		{Name: "town", Type: geo.String},
		{Name: "class", Type: geo.Integer},
		{Name: "area", Type: geo.Real},
		{Name: "rent", Type: geo.Real},
		{Name: "since", Type: geo.Date},
		{Name: "built", Type: geo.Boolean},
		{Name: "use", Type: geo.String},
	}}
	return s, func(i int) geo.Feature {
		x, y := float64(i%1000)*25, float64(i/1000)*25
		return geo.Feature{
			ID: int64(i) + 1,
			Geometry: orb.Polygon{{
				{x, y},
				{x + 8, y},
				{x + 16, y + 1},
				{x + 24, y},
				{x + 24, y + 12},
				{x + 24, y + 24},
				{x + 12, y + 23},
				{x, y + 24},
				{x + 1, y + 12},
				{x, y},
			}},
			Values: []any{"H501A0001", "Roma", int64(i % 7), 576.0, 12.5, "1999-12-31", i%2 == 0, "residential"},
		}
	}
}

func cadastreFile(b *testing.B, n int) *File {
	b.Helper()
	path := filepath.Join(b.TempDir(), "cadastre.fgb")
	s, row := cadastre()
	w, err := Create(path, s, nil)
	if err != nil {
		b.Fatal(err)
	}
	for i := range n {
		if err := w.Write(row(i)); err != nil {
			b.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		b.Fatal(err)
	}
	return open(b, path)
}

func BenchmarkSearchAndShape100k(b *testing.B) {
	f := cadastreFile(b, 200_000)
	b.ReportAllocs()
	var s Shape
	for b.Loop() {
		n, sum := 0, 0.0
		f.Search(geo.BBox{MinX: 0, MinY: 0, MaxX: 25_000, MaxY: 2490}, func(r Row) bool {
			if err := r.Shape(&s); err != nil {
				b.Fatal(err)
			}
			sum += s.XY[0]
			n++
			return true
		})
		if n != 100_000 {
			b.Fatal(n)
		}
	}
}

func BenchmarkRawValue100k(b *testing.B) {
	f := cadastreFile(b, 100_000)
	b.ReportAllocs()
	for b.Loop() {
		sum := int64(0)
		f.Rows(func(r Row) bool {
			v, _ := r.Raw(2).Int()
			sum += v
			return true
		})
		if sum == 0 {
			b.Fatal(sum)
		}
	}
}

func BenchmarkValues(b *testing.B) {
	f := cadastreFile(b, 1000)
	b.ReportAllocs()
	dst := make([]any, 8)
	for b.Loop() {
		f.At(500).Values(nil, dst)
	}
}

func BenchmarkWrite100k(b *testing.B) {
	s, row := cadastre()
	b.ReportAllocs()
	for b.Loop() {
		w, err := Create(filepath.Join(b.TempDir(), "out.fgb"), s, nil)
		if err != nil {
			b.Fatal(err)
		}
		for i := range 100_000 {
			if err := w.Write(row(i)); err != nil {
				b.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkIDTable100k(b *testing.B) {
	f := cadastreFile(b, 100_000)
	for b.Loop() {
		f.ids = idTable{}
		if _, ok := f.ByID(77); !ok {
			b.Fatal("no row 77")
		}
	}
}
