package report_test

import (
	"bytes"
	"context"
	"hash/fnv"
	"image"
	"image/color"
	"image/png"
	"math"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geojson"
	"github.com/paulmach/orb/planar"

	"contado/geo/coverage"
	"contado/geo/coverage/report"
	"contado/scripts/shareddata"
)

// shape is one area of a sample.
type shape struct {
	code, name string
	g          orb.Geometry
}

// province reads real municipalities, at most n of them.
func province(t testing.TB, file string, n int) []shape {
	t.Helper()
	b, err := os.ReadFile(shareddata.Path(t, "it-boundaries/"+file))
	if err != nil {
		t.Fatal(err)
	}
	fc, err := geojson.UnmarshalFeatureCollection(b)
	if err != nil {
		t.Fatal(err)
	}
	var out []shape
	for _, f := range fc.Features[:min(n, len(fc.Features))] {
		out = append(out, shape{f.Properties.MustString("com_istat_code"), f.Properties.MustString("name"), f.Geometry})
	}
	return out
}

// checkers are squares side by side, for tests that need no real borders.
func checkers(n int) []shape {
	var out []shape
	for i := range n {
		x, y := 10+0.05*float64(i%6), 46+0.04*float64(i/6)
		out = append(out, shape{
			string(rune('A'+i%26)) + string(rune('a'+i/26)), "Comune " + string(rune('A'+i%26)) + string(rune('a'+i/26)),
			orb.Polygon{{{x, y}, {x + 0.05, y}, {x + 0.05, y + 0.04}, {x, y + 0.04}, {x, y}}},
		})
	}
	return out
}

// sample invents people, facilities and times for real or made-up areas. The
// same areas give the same sample.
func sample(t testing.TB, shapes []shape, thresholds ...float64) (*coverage.Report, *report.Sketch) {
	t.Helper()
	rnd := rand.New(rand.NewPCG(7, uint64(len(shapes))))
	s := &report.Sketch{}
	var areas []coverage.Area
	var places []coverage.Place
	var towns []orb.Point
	for i, a := range shapes {
		areas = append(areas, coverage.Area{Code: a.code, Name: a.name})
		s.Areas = append(s.Areas, report.AreaShape{Code: a.code, Geometry: a.g})
		c, _ := planar.CentroidArea(a.g)
		towns = append(towns, c)
		places = append(places, coverage.Place{Name: a.name + " centro", Lon: c[0], Lat: c[1], Area: int32(i)})
		b := a.g.Bound()
		for k := range 3 {
			p := orb.Point{b.Min[0] + rnd.Float64()*(b.Max[0]-b.Min[0]), b.Min[1] + rnd.Float64()*(b.Max[1]-b.Min[1])}
			if within(a.g, p) {
				places = append(places, coverage.Place{Name: []string{"Ca’ di Sopra", "San Martino", "Malga Alta"}[k], Lon: p[0], Lat: p[1], Area: int32(i)})
			}
		}
		if rnd.Float64() < 0.5 {
			s.Facilities = append(s.Facilities, orb.Point{c[0] + 0.004*rnd.NormFloat64(), c[1] + 0.004*rnd.NormFloat64()})
		}
	}
	s.Facilities = append(s.Facilities, orb.Point{towns[0][0], towns[0][1]})
	d := cells(shapes, towns, s.Facilities, rnd)
	r, err := coverage.Compute(context.Background(), d, areas, places, coverage.Params{
		Thresholds: thresholds, BandNames: []string{"0-14", "15-64", "65+"}, BandLabels: []string{"0–14", "15–64", "65 +"},
		FacilityNames: []string{"Farmacia Dott. Rossi", "Farmacia comunale"}, PlaceRadiusM: 2500,
	})
	if err != nil {
		t.Fatal(err)
	}
	provenance(r, len(s.Facilities))
	return r, s
}

func within(g orb.Geometry, p orb.Point) bool {
	switch g := g.(type) {
	case orb.Polygon:
		return planar.PolygonContains(g, p)
	case orb.MultiPolygon:
		return planar.MultiPolygonContains(g, p)
	}
	return false
}

func cells(shapes []shape, towns, facilities []orb.Point, rnd *rand.Rand) coverage.Demand {
	var d coverage.Demand
	d.Bands = make([][]float64, 3)
	const step = 0.006
	for i, a := range shapes {
		b := a.g.Bound()
		for x := b.Min[0]; x < b.Max[0]; x += step {
			for y := b.Min[1]; y < b.Max[1]; y += step {
				p := orb.Point{x, y}
				if !within(a.g, p) {
					continue
				}
				far := math.Hypot((x-towns[i][0])*0.7, y-towns[i][1])
				people := 400*math.Exp(-far/0.008) + 8*rnd.Float64()
				if rnd.Float64() < 0.3 {
					continue
				}
				nearest := math.Inf(1)
				for _, f := range facilities {
					nearest = math.Min(nearest, math.Hypot((x-f[0])*0.7, y-f[1]))
				}
				seconds := nearest * 111195 / 1.1 * (1 + 0.4*rnd.Float64())
				if rnd.Float64() < 0.02 && far > 0.02 {
					seconds = math.Inf(1)
				}
				d.Area, d.Seconds, d.People = append(d.Area, int32(i)), append(d.Seconds, float32(seconds)), append(d.People, people)
				d.X, d.Y, d.Facility = append(d.X, x), append(d.Y, y), append(d.Facility, int32(len(d.X)%2))
				old := 0.2 + 0.2*rnd.Float64()
				for k, share := range []float64{0.12, 0.88 - old, old} {
					d.Bands[k] = append(d.Bands[k], people*share)
				}
			}
		}
	}
	return d
}

func provenance(r *coverage.Report, facilities int) {
	r.ID, r.CreatedAt = "cov-0f3a", time.Date(2026, 11, 22, 9, 5, 0, 0, time.UTC)
	r.Territory = coverage.Territory{Code: "IT-DEMO", Name: "Val Fortana"}
	r.AreaLevel, r.Service, r.Profile = "municipality", "pharmacy", "walking"
	r.Facilities.Count = facilities
	r.Facilities.Unplaced = []coverage.UnplacedFacility{{ID: "77", Name: "Farmacia del Passo", Reason: "12.4 km from the nearest way"}}
	for _, name := range []string{"territories", "population-100m", "pharmacies", "elevation"} {
		h := fnv.New64a()
		h.Write([]byte(name))
		r.Inputs = append(r.Inputs, coverage.Input{
			Dataset: name, Version: "v3", Role: map[string]string{
				"territories":     "territory",
				"population-100m": "population", "pharmacies": "service", "elevation": "elevation",
			}[name],
			SHA256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
		})
	}
	r.Method.Parameters = []coverage.Parameter{
		{Name: "cell_size", Value: 100.0, Unit: "m"},
		{Name: "walking_speed", Value: 5.04, Unit: "km/h", Source: "Tobler 1993"},
		{Name: "direction", Value: "to-facility"},
		{Name: "max_time", Value: 7200.0, Unit: "s"},
	}
	r.Method.Formulas = []coverage.Formula{{Name: "Tobler", Text: "v = 6 · exp(−3.5 · |S + 0.05|) km/h", Source: "Tobler, W. (1993), Three presentations on geographical analysis and modeling, NCGIA 93-1"}}
	r.Notices = append(r.Notices,
		coverage.Notice{Code: coverage.NoticeInventedData, Text: "Invented data."},
		coverage.Notice{Code: coverage.NoticeUnplaced, Text: "1 facility left out.", Values: map[string]float64{"count": 1}})
	r.Program = coverage.Program{Name: "Contado", Version: "0.1.0"}
}

// surface is a picture of times as a backdrop.
func surface(t testing.TB, s *report.Sketch) {
	t.Helper()
	b := s.Areas[0].Geometry.Bound()
	for _, a := range s.Areas {
		b = b.Union(a.Geometry.Bound())
	}
	m := image.NewPaletted(image.Rect(0, 0, 240, 200), color.Palette{color.White, color.RGBA{68, 119, 170, 255}, color.RGBA{150, 190, 220, 255}, color.RGBA{238, 221, 136, 255}})
	for y := range 200 {
		for x := range 240 {
			lon, lat := b.Min[0]+(b.Max[0]-b.Min[0])*float64(x)/240, b.Max[1]-(b.Max[1]-b.Min[1])*float64(y)/200
			d := math.Inf(1)
			for _, f := range s.Facilities {
				d = math.Min(d, math.Hypot((lon-f[0])*0.7, lat-f[1]))
			}
			m.SetColorIndex(x, y, uint8(1+min(2, int(d/0.02))))
		}
	}
	var out bytes.Buffer
	if err := png.Encode(&out, m); err != nil {
		t.Fatal(err)
	}
	s.Backdrop, s.BackdropBounds = out.Bytes(), b
	s.BackdropLegend = []report.LegendEntry{{Color: "#4477aa", Seconds: 900}, {Color: "#96bedc", Seconds: 1800}, {Color: "#eedd88", Label: "> 30 min"}}
}
