package analysis_test

import (
	"context"
	"fmt"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"

	"contado/geo"
	"contado/geo/analysis"
	"contado/geo/store/catalog"
	"contado/geo/travel"
)

// TestManyByRoad: choices and trips by car, on foot and by bicycle, found for
// all facilities at once, are those of a run for each of them; some stand off
// the ground.
func TestManyByRoad(t *testing.T) {
	t.Parallel()
	l := newLand(t)
	var roads []geo.Feature
	for i := range 9 {
		at := float64(10*i+10) * cellSize
		for k, line := range []orb.LineString{
			{{west - 2000, north - at}, {west + at, north - at}, {west + side*cellSize, north - at}},
			{{west + at, north + 500}, {west + at, north - at}, {west + at, north - side*cellSize}},
		} {
			roads = append(roads, geo.Feature{ID: int64(len(roads) + 1), Geometry: line, Values: []any{[]string{"secondary", "residential", "track"}[(i+k)%3], int64(i%3 - 1)}})
		}
	}
	l.vector("roads", catalog.Road, geo.Schema{GeometryType: "LineString", CRS: utm, Fields: []geo.Field{{Name: "class", Type: geo.String}, {Name: "oneway", Type: geo.Integer}}}, roads, nil, nil)
	shops := map[string][2]int{"Beyond": {-15, 20}}
	for i := range 12 {
		shops[fmt.Sprintf("Shop %d", i)] = [2]int{(i*37 + 11) % side, (i*i*7 + 5) % side}
	}
	l.points("shops", catalog.Service, shops)
	l.refresh()
	for _, c := range []struct {
		profile   string
		direction travel.Direction
		within    float64
	}{{"car", travel.ToFacility, 900}, {"car", travel.FromFacility, 1800}, {"bicycle", travel.ToFacility, 1200}, {analysis.Walking, travel.ToFacility, 1800}} {
		q := analysis.CoverageRequest{Territory: "9", Service: "shops", Profile: c.profile, Direction: c.direction}
		near, trips, err := l.engine.BothWays(context.Background(), q, 4, c.within)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(near[1], near[0]); d != "" {
			t.Errorf("%s, direction %d: nearest, one by one (-) and at once (+):\n%.2000s", c.profile, c.direction, d)
		}
		if d := cmp.Diff(trips[1], trips[0]); d != "" {
			t.Errorf("%s, direction %d: trips, one by one (-) and at once (+):\n%.2000s", c.profile, c.direction, d)
		}
		if n := len(trips[0].Seconds); n < 1000 || math.IsInf(float64(near[0][3][0]), 1) {
			t.Errorf("%s, direction %d: %d trips, the fourth nearest %g s away: nothing was tried", c.profile, c.direction, n, near[0][3][0])
		}
	}
}

// TestMotorways: nobody walks over a motorway; people cross where a road does,
// or under its bridges. Wheels keep off steps.
func TestMotorways(t *testing.T) {
	t.Parallel()
	at := func(col, row float64) orb.Point { return orb.Point{west + col*cellSize, north - row*cellSize} }
	s := geo.Schema{GeometryType: "LineString", CRS: utm, Fields: []geo.Field{
		{Name: "class", Type: geo.String}, {Name: "bridge", Type: geo.Boolean}, {Name: "link", Type: geo.Boolean}, {Name: "surface", Type: geo.String},
	}}
	minutes := func(profile string, roads ...geo.Feature) float64 {
		t.Helper()
		l := newLand(t)
		l.vector("roads", catalog.Road, s, roads, nil, nil)
		l.refresh()
		place := func(col int) []analysis.TravelPlace {
			lon, lat := lonLat(t, col, 50)
			return []analysis.TravelPlace{{ID: "x", Name: "x", Lon: lon, Lat: lat}}
		}
		m, err := l.engine.TravelMatrix(context.Background(), analysis.TravelRequest{Places: place(70)}, analysis.TravelRequest{Territory: "9", Places: place(50), Profile: profile}, nil)
		if err != nil {
			t.Fatal(err)
		}
		return m.Seconds[0][0] / 60
	}
	row := func(id int64, a, b orb.Point, values ...any) geo.Feature {
		return geo.Feature{ID: id, Geometry: orb.LineString{a, b}, Values: values}
	}
	motorway := row(1, at(60.5, -10), at(60.5, 110), "motorway", false, false, nil)
	crossing := row(2, at(58.5, 20.5), at(62.5, 20.5), "residential", false, false, nil)
	open := minutes(analysis.Walking, crossing)
	for name, c := range map[string]struct {
		roads []geo.Feature
		free  bool
	}{
		"motorway":    {[]geo.Feature{motorway, crossing}, false},
		"under it":    {[]geo.Feature{row(1, at(60.5, -10), at(60.5, 45), "motorway", false, false, nil), row(3, at(60.5, 45), at(60.5, 55), "motorway", true, false, nil), row(4, at(60.5, 55), at(60.5, 110), "motorway", false, false, nil), crossing}, true},
		"a slip road": {[]geo.Feature{row(1, at(60.5, -10), at(60.5, 110), "motorway", false, true, nil), crossing}, true},
		"no way over": {[]geo.Feature{motorway}, false},
	} {
		got := minutes(analysis.Walking, c.roads...)
		if c.free && got != open || !c.free && got < 2.5*open || (name == "no way over") != math.IsInf(got, 1) {
			t.Errorf("%s: %g minutes, over open ground %g", name, got, open)
		}
	}
	along := func(class string, surface any) geo.Feature {
		return row(5, at(50.5, 50.5), at(70.5, 50.5), class, false, false, surface)
	}
	off := minutes("wheelchair", crossing)
	for _, c := range []struct {
		road geo.Feature
		used bool
	}{{along("residential", nil), true}, {along("residential", "asphalt"), true}, {along("residential", "gravel"), false}, {along("steps", nil), false}, {along("track", nil), false}} {
		if got := minutes("wheelchair", c.road); (got < off) != c.used || !c.used && got != off {
			t.Errorf("a wheelchair along %v takes %g minutes, off the road %g", c.road.Values, got, off)
		}
	}
}
