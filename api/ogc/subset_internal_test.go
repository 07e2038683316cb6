package ogc

import (
	"math"
	"testing"

	"contado/api/draw"
	"contado/geo"
)

func TestSubset(t *testing.T) {
	t.Parallel()
	whole := geo.BBox{MinX: 8, MinY: 45, MaxX: 10, MaxY: 47}
	lonLat := draw.Systems()[0]
	for text, want := range map[string]geo.BBox{
		"Lat(45.5:46)":              {MinX: 8, MinY: 45.5, MaxX: 10, MaxY: 46},
		"Lon(9:9.5),Lat(46:46.5)":   {MinX: 9, MinY: 46, MaxX: 9.5, MaxY: 46.5},
		"x(9:*),y(*:46)":            {MinX: 9, MinY: 45, MaxX: 10, MaxY: 46},
		"Longitude(170:-170)":       {MinX: 170, MinY: 45, MaxX: 190, MaxY: 47},
		"E(9)":                      {MinX: 8.75, MinY: 45, MaxX: 9.25, MaxY: 47},
		`Lat(46:46.5),time("2024")`: {MinX: 8, MinY: 46, MaxX: 10, MaxY: 46.5},
	} {
		s, err := parseSubset([]string{text})
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if b, err := s.box(whole, 0.5, lonLat); err != nil || b != want {
			t.Errorf("%s: %v (%v), want %v", text, b, err, want)
		}
	}
	for _, bad := range []string{"Lat", "Lat(", "Lat(1:2", "Lat(1:2)Lon(3:4)", "Lat(1:2),", "h(1:2)", "Lat(a:b)", "Lat(1:2),Lat(3:4)", "time(x)", "Lat()", "Lat(NaN:1)", "(1:2)"} {
		if s, err := parseSubset([]string{bad}); err == nil {
			t.Errorf("%s is read as %+v", bad, s)
		}
	}
	for text, want := range map[string]string{
		`time("2024-05-01":"2024-06-01T10:00:00Z")`: "2024-05-01T00:00:00Z/2024-06-01T10:00:00Z",
		`time("2024-05-01":*)`:                      "2024-05-01T00:00:00Z/..",
		`t(2024-05-01)`:                             "2024-05-01T00:00:00Z/2024-05-01T23:59:59.999999999Z",
		`time(*:2024-05-01)`:                        "../2024-05-01T23:59:59.999999999Z",
	} {
		s, err := parseSubset([]string{text})
		if err != nil || formatInterval(*s.when) != want {
			t.Errorf("%s: %+v (%v), want %s", text, s.when, err, want)
		}
	}
}

func FuzzSubset(f *testing.F) {
	for _, s := range []string{"Lat(45:46),Lon(9:10)", `time("2024":*)`, "E(1)", "x(*:*)", "((", "Lat(1e308:1e309)"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := parseSubset([]string{text})
		if err != nil {
			return
		}
		b, err := s.box(geo.BBox{MinX: 8, MinY: 45, MaxX: 10, MaxY: 47}, 0.5, draw.Systems()[0])
		if err == nil && (math.IsNaN(b.MinX+b.MaxX+b.MinY+b.MaxY) || b.MinY > b.MaxY || b.MinX > b.MaxX) {
			t.Errorf("%q: %v", text, b)
		}
	})
}
