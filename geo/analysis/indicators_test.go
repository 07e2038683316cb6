package analysis_test

import (
	"context"
	"math"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"contado/geo"
	"contado/geo/analysis"
	"contado/geo/coverage"
	"contado/geo/fault"
	"contado/geo/sdg"
	"contado/geo/store/catalog"
	"contado/geo/table"
)

// Distances to one straight road and along a street, on the plain with one
// person a cell: strips and diamonds of known surface.
func TestIndicators(t *testing.T) {
	t.Parallel()
	l := newLand(t)
	ctx := context.Background()
	at := func(col, row float64) orb.Point { return orb.Point{west + col*cellSize, north - row*cellSize} }
	roads := geo.Schema{CRS: utm, GeometryType: "LineString", Fields: []geo.Field{{Name: "class", Type: geo.String}}}
	l.vector("roads", catalog.Road, roads, []geo.Feature{
		{ID: 1, Geometry: orb.LineString{at(50, 0), at(50, 100)}, Values: []any{"secondary"}},
		{ID: 2, Geometry: orb.LineString{at(0, 50), at(50, 50)}, Values: []any{"track"}},
	}, nil, nil)
	l.points("stops", catalog.Service, map[string][2]int{"Stop": {50, 20}})
	park := geo.Schema{CRS: utm, GeometryType: "Polygon", Fields: []geo.Field{{Name: "key", Type: geo.String}, {Name: "class", Type: geo.String}}}
	l.vector("green", catalog.OtherRole, park, []geo.Feature{
		{ID: 1, Geometry: block(10, 10, 12, 12), Values: []any{"leisure", "park"}},
		{ID: 2, Geometry: block(60, 10, 92, 92), Values: []any{"landuse", "forest"}},
	}, nil, nil)
	before, after, fewer := make([]uint8, side*side), make([]uint8, side*side), make([]uint8, side*side)
	for i := range before {
		before[i], after[i] = 1, 1
		if i < 1000 {
			before[i] = 2
		}
		if i < 1500 {
			after[i] = 2
		}
		if i%2 == 0 {
			fewer[i] = 1
		}
	}
	classes := catalog.Band{Name: "class", Quantity: catalog.Classes, Classes: []catalog.Class{{Value: 1, Name: "open"}, {Value: 2, Name: "built-up"}}}
	l.raster("before", catalog.OtherRole, before, classes)
	l.raster("after", catalog.OtherRole, after, classes)
	l.raster("fewer", catalog.OtherRole, fewer, catalog.Band{Name: "total"})
	if err := l.atlas.Refresh(ctx); err != nil {
		t.Fatal(err)
	}
	res, err := l.engine.Indicators(ctx, analysis.IndicatorsRequest{
		Territory: "9", Population: "population", Stops: "stops", OpenSpaces: "green", BuiltFrom: "before", BuiltTo: "after", PeopleFrom: "fewer", Years: 10,
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]*coverage.Indicator{}
	for i := range res.Indicators {
		got[res.Indicators[i].ID] = &res.Indicators[i]
	}
	near := func(id string, want, within float64) {
		t.Helper()
		in := got[id]
		if in == nil || in.Value == nil || math.Abs(*in.Value-want) > within {
			t.Errorf("%s: %+v, want %g", id, in, want)
			return
		}
		if in.Title["it"] == "" || in.Title["en"] == "" || in.Source == "" || in.Unit == "" {
			t.Errorf("%s has no title, source or unit: %+v", id, in)
		}
	}
	// 4 of 10 km lie within 2 km of the road; everyone is rural.
	near(sdg.RuralAccess, 40, 1)
	// The stop is on the road at row 20.5: |dx| + |dy| ≤ 500 m along the road
	// and straight to it: a diamond of 0.5 km², half of a person a hectare.
	near(sdg.PublicTransport, 0.5, 0.1)
	// Built 10 → 15 km², people 5,000 → 10,000 in 10 years.
	near(sdg.LandConsumption, 0.05/(math.Log(2)/10), 0.02)
	near(sdg.BuiltPerPerson, 1500, 15)
	// A park of 4 ha beside 1,500 ha built up; people within 400 m of it: the
	// square of 10 × 10 cells without its corners.
	near(sdg.OpenSpace, 100*4/1504.0, 0.01)
	near(sdg.OpenSpaceAccess, (4+4*2*4+math.Pi*16)/100, 0.08)
	if p := got[sdg.RuralAccess].Parts; math.Abs(p["rural_people"]-side*side) > 20 || len(got[sdg.RuralAccess].Areas) != 2 {
		t.Errorf("parts %v, areas %v", p, got[sdg.RuralAccess].Areas)
	}
	var csv strings.Builder
	if err := res.Table(table.Italian).CSV(&csv, table.Italian); err != nil || !strings.Contains(csv.String(), "Abitanti rurali") {
		t.Errorf("table %q (%v)", csv.String(), err)
	}
}

// What is lacking leaves an indicator without a value, with the reason.
func TestIndicatorsWithoutData(t *testing.T) {
	t.Parallel()
	l := newLand(t)
	ctx := context.Background()
	res, err := l.engine.Indicators(ctx, analysis.IndicatorsRequest{Territory: "9", Population: "population"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(res.Indicators) != 4 {
		t.Fatalf("%d indicators", len(res.Indicators))
	}
	for _, in := range res.Indicators {
		if in.Value != nil || in.Why["it"] == "" || in.Why["en"] == "" || in.Title["it"] == "" {
			t.Errorf("%s: %+v, want no value and why", in.ID, in)
		}
	}
	one, err := l.engine.Indicators(ctx, analysis.IndicatorsRequest{Territory: "9", Population: "population", Only: []string{sdg.LandConsumption}}, nil)
	if err != nil || len(one.Indicators) != 1 {
		t.Errorf("%+v (%v), want one", one, err)
	}
	if _, err := l.engine.Indicators(ctx, analysis.IndicatorsRequest{Territory: "9", Only: []string{"sdg-1"}}, nil); !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "sdg-9.1.1") {
		t.Errorf("sdg-1: %v", err)
	}
}
