package coverage_test

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"contado/geo/coverage"
	"contado/geo/fault"
)

// One degree of latitude is 111.195 km on the mean sphere.
const degree = 111195.08

func gapWorld() (coverage.Demand, []coverage.Area, []coverage.Place) {
	north := func(m float64) float64 { return 46 + m/degree }
	cells := []struct {
		area  int32
		y     float64
		t     float32
		p     float64
		place int32
	}{
		{0, north(0), 100, 50, -1},     // covered
		{0, north(500), 2000, 10, -1},  // Prato, by distance
		{0, north(900), 3000, 5, -1},   // Prato, by distance
		{0, north(1000), inf, 2, -1},   // Prato, unreachable
		{0, north(20000), inf, 30, -1}, // 20 km north of Prato
		{0, north(20400), inf, 1, -1},  // the same cluster
		{0, north(30000), 5000, 4, -1}, // another cluster
		{1, north(600), 4000, 8, -1},   // nearer to Prato, but Prato is in the other area
		{0, north(500), 2500, 3, 1},    // told to be in Colle
	}
	var d coverage.Demand
	for _, c := range cells {
		d.Area, d.Seconds, d.People = append(d.Area, c.area), append(d.Seconds, c.t), append(d.People, c.p)
		d.X, d.Y, d.Place = append(d.X, 10), append(d.Y, c.y), append(d.Place, c.place)
		d.Facility = append(d.Facility, 0)
	}
	return d, []coverage.Area{{"1", "Valle"}, {"2", "Monte"}}, []coverage.Place{
		{Name: "Prato", Lon: 10, Lat: 46, Area: 0}, {Name: "Colle", Lon: 10, Lat: 45.9, Area: 0},
	}
}

func TestGapGroups(t *testing.T) {
	t.Parallel()
	d, areas, places := gapWorld()
	r := compute(t, d, areas, places, coverage.Params{Thresholds: []float64{600, 1800}, FacilityNames: []string{"Farmacia"}})
	want := []struct {
		name, area          string
		people, unreachable float64
		time                float64 // 0 = null
	}{
		{"near Prato (20.0 km N)", "Valle", 31, 31, 0},
		{"Prato", "Valle", 17, 2, 2000},
		{"Monte", "Monte", 8, 0, 4000},
		{"near Prato (30.0 km N)", "Valle", 4, 0, 5000},
		{"Colle", "Valle", 3, 0, 2500},
	}
	if len(r.Gaps) != len(want) {
		t.Fatalf("%d gaps, want %d: %s", len(r.Gaps), len(want), asJSON(t, r.Gaps))
	}
	for k, w := range want {
		g := r.Gaps[k]
		time := 0.0
		if g.TimeS != nil {
			time = *g.TimeS
		}
		if g.Name != w.name || g.AreaName != w.area || g.Population != w.people || g.Unreachable != w.unreachable || time != w.time {
			t.Errorf("gap %d: %s, want %+v", k, asJSON(t, g), w)
		}
	}
	centre := 46 + (10*500.0+5*900+2*1000)/17/degree
	if math.Abs(r.Gaps[1].Lat-centre) > 1e-6 {
		t.Errorf("Prato at %v, want the centre of its people %v", r.Gaps[1].Lat, centre)
	}
	if r.Gaps[1].Facility != "Farmacia" || r.Gaps[0].Facility != "" {
		t.Errorf("facilities %q, %q: those who reach none have none", r.Gaps[1].Facility, r.Gaps[0].Facility)
	}
	if r.GapsOmitted != (coverage.GapsOmitted{}) {
		t.Errorf("omitted %+v, want nothing", r.GapsOmitted)
	}
	wantLat := 46 + 20000/degree // the cell nearest to the centre of the two
	if math.Abs(r.Gaps[0].Lat-wantLat) > 1e-6 || r.Gaps[0].Lon != 10 {
		t.Errorf("centre %v, %v; want 10, %v", r.Gaps[0].Lon, r.Gaps[0].Lat, wantLat)
	}
}

func TestGapsOmittedAreCounted(t *testing.T) {
	t.Parallel()
	d, areas, places := gapWorld()
	r := compute(t, d, areas, places, coverage.Params{Thresholds: []float64{1800}, MaxGaps: 2, FacilityNames: []string{"Farmacia"}})
	if len(r.Gaps) != 2 || r.GapsOmitted != (coverage.GapsOmitted{Count: 3, Population: 15}) {
		t.Errorf("%d gaps, omitted %+v; want 2 and 3 groups of 15 people", len(r.Gaps), r.GapsOmitted)
	}
	r = compute(t, d, areas, places, coverage.Params{Thresholds: []float64{1800}, MinGapPeople: 5, FacilityNames: []string{"Farmacia"}})
	if len(r.Gaps) != 3 || r.GapsOmitted != (coverage.GapsOmitted{Count: 2, Population: 7}) {
		t.Errorf("%d gaps, omitted %+v; want those under 5 people left out", len(r.Gaps), r.GapsOmitted)
	}
}

func TestGapsWithoutPlacesAreNumbered(t *testing.T) {
	t.Parallel()
	d := coverage.Demand{
		Area: []int32{0, 0, 0}, Seconds: []float32{inf, inf, inf}, People: []float64{1, 2, 3},
		X: []float64{10, 10.2, 10.4}, Y: []float64{46, 46, 46},
	}
	r := compute(t, d, []coverage.Area{{"1", "Valle"}}, nil, coverage.Params{Thresholds: []float64{60}})
	for k, want := range []string{"Valle, group 1", "Valle, group 2", "Valle, group 3"} {
		if r.Gaps[k].Name != want || r.Gaps[k].Part != k+1 {
			t.Errorf("gap %d is %q, want %q", k, r.Gaps[k].Name, want)
		}
	}
}

func TestGapAcrossTheDateLine(t *testing.T) {
	t.Parallel()
	d := coverage.Demand{
		Area: []int32{0, 0}, Seconds: []float32{inf, inf}, People: []float64{1, 1},
		X: []float64{179.999, -179.999}, Y: []float64{-17, -17},
	}
	r := compute(t, d, []coverage.Area{{"1", "Taveuni"}}, []coverage.Place{{Name: "Waiyevo", Lon: 179.9999, Lat: -17}},
		coverage.Params{Thresholds: []float64{60}})
	if len(r.Gaps) != 1 || math.Abs(math.Abs(r.Gaps[0].Lon)-180) > 2e-3 {
		t.Errorf("gaps %s, want one at 180°", asJSON(t, r.Gaps))
	}
}

// The search by latitude must find what trying every place finds.
func TestNearestPlaceBruteForce(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t)
		w.p.PlaceRadiusM = rapid.SampledFrom([]float64{500, 5000, 50000}).Draw(t, "radius")
		w.p.MaxGaps = coverage.MaxMaxGaps
		told := w.d
		told.Place = make([]int32, len(w.d.People))
		for i := range told.Place {
			told.Place[i] = -1
			best := w.p.PlaceRadiusM
			for k, pl := range w.places {
				mid := (pl.Lat + w.d.Y[i]) / 2 * math.Pi / 180
				m := math.Hypot((pl.Lon-w.d.X[i])*math.Cos(mid), pl.Lat-w.d.Y[i]) * degree
				if pl.Area == w.d.Area[i] && m < best {
					best, told.Place[i] = m, int32(k)
				}
			}
		}
		a := compute(t, w.d, w.areas, w.places, w.p)
		b := compute(t, told, w.areas, w.places, w.p)
		if x, y := asJSON(t, a.Gaps), asJSON(t, b.Gaps); x != y {
			t.Fatalf("gaps differ from those by trying every place:\n%s\n%s", x, y)
		}
	})
}

func TestPlaceOfUnknownArea(t *testing.T) {
	t.Parallel()
	_, err := coverage.Compute(t.Context(), coverage.Demand{}, nil, []coverage.Place{{Name: "x"}}, coverage.Params{Thresholds: []float64{60}})
	if !fault.Is(err, fault.Invalid) {
		t.Errorf("got %v, want invalid", err)
	}
}
