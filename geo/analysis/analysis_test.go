package analysis_test

import (
	"bytes"
	"context"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"contado/geo"
	"contado/geo/analysis"
	"contado/geo/coverage"
	"contado/geo/fault"
	"contado/geo/store/catalog"
)

// steps is the length, in cells, of the shortest way over open ground with 16
// directions of a step.
func steps(dx, dy int) float64 {
	a, b := math.Abs(float64(dx)), math.Abs(float64(dy))
	if a < b {
		a, b = b, a
	}
	if 2*b <= a {
		return a - 2*b + b*math.Sqrt(5)
	}
	return (a-b)*math.Sqrt(5) + (2*b-a)*math.Sqrt2
}

func TestWalkingCoverageOnAPlain(t *testing.T) {
	t.Parallel()
	l := newLand(t)
	rep, sketch, err := l.engine.Coverage(context.Background(), analysis.CoverageRequest{
		Territory: "9", Service: "clinic", Thresholds: []float64{1805, 3605},
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	// WorldCover grassland: 4.86 km/h; the river bars the ten columns' east.
	speed := 4.86 / 3.6
	var want [2][2]float64 // [threshold][area]
	unreachable := 0.0
	for row := range side {
		for col := range side {
			// Half of the people counted on the river go to each of its banks.
			n := map[int]float64{89: 1.5, 90: 0, 91: 1.5}[col]
			if col < 89 || col > 91 {
				n = 1
			}
			if col >= 90 {
				unreachable += n
				continue
			}
			s := steps(col-25, row-50) * cellSize / speed
			for k, limit := range []float64{1805, 3605} {
				if s <= limit {
					want[k][col/(side/2)] += n
				}
			}
		}
	}
	if rep.PopulationTotal != side*side {
		t.Errorf("population %g, want %d", rep.PopulationTotal, side*side)
	}
	if !slices.ContainsFunc(rep.Notices, func(n coverage.Notice) bool {
		return n.Code == "people-moved" && strings.HasPrefix(n.Text, "100.0 people ") && strings.Contains(n.Text, "at most 100 m") && n.Texts["it"] != ""
	}) {
		t.Errorf("nothing is said of the people on the river: %+v", rep.Notices)
	}
	for k := range rep.Coverage {
		if got, w := rep.Coverage[k].Covered, want[k][0]+want[k][1]; got != w {
			t.Errorf("threshold %g: %g covered, want %g", rep.Coverage[k].ThresholdS, got, w)
		}
		if rep.Coverage[k].Unreachable != unreachable {
			t.Errorf("%g unreachable, want %g", rep.Coverage[k].Unreachable, unreachable)
		}
		for a := range rep.Areas {
			if got := rep.Areas[a].Coverage[k].Covered; got != want[k][a] {
				t.Errorf("area %s: %g covered, want %g", rep.Areas[a].Name, got, want[k][a])
			}
		}
	}
	if rep.Areas[0].Name != "Westland" || rep.AreaLevel != "municipality" || rep.Profile != analysis.Walking {
		t.Errorf("areas %q, level %q, profile %q", rep.Areas[0].Name, rep.AreaLevel, rep.Profile)
	}
	if len(rep.Gaps) == 0 || len(rep.Inputs) < 4 || len(sketch.Areas) != 2 || len(sketch.Facilities) != 1 || len(sketch.Backdrop) == 0 {
		t.Errorf("%d gaps, inputs %+v, %d areas and %d facilities drawn", len(rep.Gaps), rep.Inputs, len(sketch.Areas), len(sketch.Facilities))
	}
	found := false
	for _, g := range rep.Gaps {
		if strings.Contains(g.Name, "Far Side") && g.Unreachable > 100 {
			found = true
		}
	}
	if !found {
		t.Errorf("the hamlet beyond the river is not among the gaps: %+v", rep.Gaps)
	}
}

// Without land cover the same question is answered in a straight line.
func TestStraightLine(t *testing.T) {
	t.Parallel()
	l := newLand(t)
	rep, _, err := l.engine.Coverage(context.Background(), analysis.CoverageRequest{
		Territory: "municipalities", Service: "clinic", Profile: analysis.StraightLine, Thresholds: []float64{1440}, // 2 km at 5 km/h
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := math.Pi * 2000 * 2000 / (cellSize * cellSize)
	if got := rep.Coverage[0].Covered; math.Abs(got-want) > 0.01*want {
		t.Errorf("%g people within 2 km, want about %g", got, want)
	}
	if rep.Coverage[0].Unreachable != 0 {
		t.Errorf("%g unreachable in a straight line", rep.Coverage[0].Unreachable)
	}
}

// A table of people by territory spreads them evenly and loses nobody.
func TestPeopleFromATable(t *testing.T) {
	t.Parallel()
	l := newLand(t)
	s := geo.Schema{Fields: []geo.Field{{Name: "istat", Type: geo.String}, {Name: "pop", Type: geo.Integer}, {Name: "old", Type: geo.Integer}}}
	l.vector("people", catalog.Population, s, []geo.Feature{
		{ID: 1, Values: []any{"001", int64(5000), int64(1000)}},
		{ID: 2, Values: []any{"002", int64(400), int64(399)}},
		{ID: 3, Values: []any{"777", int64(1), int64(1)}},
	}, nil, &catalog.PopulationFields{Code: "istat", Total: "pop", AgeBands: map[string]string{"old": "age_65_plus"}})
	if err := l.atlas.Refresh(context.Background()); err != nil {
		t.Fatal(err)
	}
	q := analysis.CoverageRequest{Territory: "9", Service: "clinic", Population: "people", HideBelow: -1}
	rep, _, err := l.engine.Coverage(context.Background(), q, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []float64{5000, 400} {
		if got := rep.Areas[i].Population; got != want {
			t.Errorf("%s has %g people, want %g", rep.Areas[i].Name, got, want)
		}
	}
	if len(rep.AgeBands) == 0 || math.Abs(rep.AgeBands[0].Population-1399) > 1e-6 {
		t.Errorf("age bands %+v, want 1,399 people of 65 and more", rep.AgeBands)
	}
	// Two population datasets and none named is an ambiguity, not a guess.
	q.Population = ""
	if _, _, err := l.engine.Coverage(context.Background(), q, nil); !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "--population") {
		t.Errorf("two population datasets give %v, want an error that names --population", err)
	}
}

func TestZonalByTerritory(t *testing.T) {
	t.Parallel()
	l := newLand(t)
	res, err := l.engine.Zonal(context.Background(), analysis.ZonalRequest{
		Dataset: "landcover", Areas: analysis.ZonalAreas{Below: "9"}, Stats: []string{"count", "majority"}, Classes: true,
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(res.Areas) != 2 {
		t.Fatalf("%d areas, want 2", len(res.Areas))
	}
	east := res.Areas[1]
	// Edges go to longitude and latitude and back: a tenth of a cell at most.
	for _, c := range east.Classes {
		want := map[float64]float64{30: 4900, 80: 100}[c.Value]
		if math.Abs(c.Hectares-want) > 0.001*5000 {
			t.Errorf("class %g has %g ha, want %g", c.Value, c.Hectares, want)
		}
	}
	var b bytes.Buffer
	if err := res.CSV(&b); err != nil {
		t.Fatal(err)
	}
	if head, _, _ := strings.Cut(b.String(), "\n"); head != "code,name,count,majority,class_30_ha,class_80_ha" {
		t.Errorf("CSV columns %q", head)
	}
}

// A spreadsheet must not take the name or the code of an area for a formula.
func TestZonalCSVHoldsNoFormula(t *testing.T) {
	t.Parallel()
	l := newLand(t)
	res, err := l.engine.Zonal(context.Background(), analysis.ZonalRequest{
		Dataset: "landcover", Areas: analysis.ZonalAreas{Below: "9"}, Stats: []string{"count"},
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	res.Areas[0].Code, res.Areas[0].Name = "=1+1", "@SUM(1)"
	res.Areas[1].Code = "-7"
	var b bytes.Buffer
	if err := res.CSV(&b); err != nil {
		t.Fatal(err)
	}
	rows := strings.Split(b.String(), "\n")
	if !strings.HasPrefix(rows[1], "'=1+1,'@SUM(1),") || !strings.HasPrefix(rows[2], "-7,") {
		t.Errorf("rows %q", rows[1:3])
	}
}

// Facilities that are lines or areas count at their centre, and rows without
// a position do not count: the report says so.
func TestFacilitiesThatAreNoPoints(t *testing.T) {
	t.Parallel()
	l := newLand(t)
	rep, _, err := l.engine.Coverage(context.Background(), analysis.CoverageRequest{Territory: "9", Service: "municipalities"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(rep.Notices, func(n coverage.Notice) bool {
		return n.Code == "facilities-not-points" && strings.HasPrefix(n.Text, "2 of 2 ") && n.Texts["it"] != ""
	}) {
		t.Errorf("notices %+v", rep.Notices)
	}
	for want, notices := range map[int64][]catalog.Notice{
		0: {{Code: "geometry-repaired", Count: 9}},
		5: {{Code: "coordinates-missing", Count: 5}, {Code: "geometry-missing", Count: 5}},
		7: {{Code: "geometry-missing", Count: 4}, {Code: "coordinates-impossible", Count: 3}},
	} {
		if got := analysis.WithoutPosition(catalog.Dataset{Version: catalog.Version{Notices: notices}}); got != want {
			t.Errorf("%d rows without a position, want %d", got, want)
		}
	}
}

func TestProfile(t *testing.T) {
	t.Parallel()
	l := newLand(t)
	p, err := l.engine.Profile(context.Background(), "001")
	if err != nil {
		t.Fatal(err)
	}
	if p.Population == nil || p.Population.Total != side*side/2 {
		t.Errorf("population %+v, want %d", p.Population, side*side/2)
	}
	if math.Abs(p.AreaKm2-50) > 0.1 {
		t.Errorf("%g km², want 50", p.AreaKm2)
	}
	if p.Elevation != nil {
		t.Errorf("elevation %+v out of nothing", p.Elevation)
	}
	if p.LandCover == nil || len(p.LandCover.Classes) != 1 {
		t.Errorf("land cover %+v, want grass alone", p.LandCover)
	}
	if len(p.Services) != 1 || p.Services[0].Count != 1 {
		t.Errorf("services %+v, want the one clinic", p.Services)
	}
}

func TestErrorsSayWhatToDo(t *testing.T) {
	t.Parallel()
	l := newLand(t)
	ctx := context.Background()
	for _, c := range []struct {
		name string
		ask  func() error
		kind fault.Kind
		says string
	}{
		{"unknown territory", func() error {
			_, _, err := l.engine.Coverage(ctx, analysis.CoverageRequest{Territory: "042", Service: "clinic"}, nil)
			return err
		}, fault.NotExist, "leading zeros"},
		{"unknown service", func() error {
			_, _, err := l.engine.Coverage(ctx, analysis.CoverageRequest{Territory: "001", Service: "school"}, nil)
			return err
		}, fault.NotExist, "clinic"},
		{"unknown profile", func() error {
			_, _, err := l.engine.Coverage(ctx, analysis.CoverageRequest{Territory: "001", Service: "clinic", Profile: "rocket"}, nil)
			return err
		}, fault.Invalid, "walking"},
		{"raster as a service", func() error {
			_, _, err := l.engine.Coverage(ctx, analysis.CoverageRequest{Territory: "001", Service: "landcover"}, nil)
			return err
		}, fault.Invalid, "points"},
		{"bad threshold", func() error {
			_, _, err := l.engine.Coverage(ctx, analysis.CoverageRequest{Territory: "001", Service: "clinic", Thresholds: []float64{math.NaN()}}, nil)
			return err
		}, fault.Invalid, "threshold"},
		{"statistics of a vector", func() error {
			_, err := l.engine.Zonal(ctx, analysis.ZonalRequest{Dataset: "clinic", Areas: analysis.ZonalAreas{Below: "9"}}, nil)
			return err
		}, fault.Invalid, "not a raster"},
		{"unknown band", func() error {
			_, err := l.engine.Zonal(ctx, analysis.ZonalRequest{Dataset: "landcover", Band: "nir", Areas: analysis.ZonalAreas{Below: "9"}}, nil)
			return err
		}, fault.Invalid, "class"},
		{"no areas", func() error {
			_, err := l.engine.Zonal(ctx, analysis.ZonalRequest{Dataset: "landcover"}, nil)
			return err
		}, fault.Invalid, "which areas"},
		{"far away", func() error {
			_, err := l.engine.Zonal(ctx, analysis.ZonalRequest{Dataset: "landcover", Areas: analysis.ZonalAreas{Features: []analysis.ZonalFeature{
				{Code: "x", Geometry: orb.Bound{Min: orb.Point{100, 10}, Max: orb.Point{101, 11}}.ToPolygon()},
			}}}, nil)
			return err
		}, fault.NotExist, "no raster over the area"},
		{"areas below an unknown territory", func() error {
			_, err := l.engine.Zonal(ctx, analysis.ZonalRequest{Dataset: "landcover", Areas: analysis.ZonalAreas{Below: "042"}}, nil)
			return err
		}, fault.NotExist, "leading zeros"},
		{"a territory named twice", func() error {
			_, err := l.engine.Zonal(ctx, analysis.ZonalRequest{Dataset: "landcover", Areas: analysis.ZonalAreas{Territories: []string{"001", "002", "001"}}}, nil)
			return err
		}, fault.Invalid, "named twice"},
	} {
		err := c.ask()
		if !fault.Is(err, c.kind) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v (%v), want %v that says %q", c.name, err, fault.KindOf(err), c.kind, c.says)
		}
	}
}

// The report carries what it was made from, so that it can be made again.
func TestReportNamesItsInputs(t *testing.T) {
	t.Parallel()
	l := newLand(t)
	rep, _, err := l.engine.Coverage(context.Background(), analysis.CoverageRequest{Territory: "9", Service: "clinic"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	roles := map[string]bool{}
	for _, in := range rep.Inputs {
		roles[in.Role] = true
		if in.Version != "1" || len(in.SHA256) != 64 {
			t.Errorf("input %+v is not identified", in)
		}
	}
	for _, r := range []catalog.Role{catalog.TerritoryRole, catalog.Service, catalog.LandCover, catalog.Population, catalog.Place} {
		if !roles[string(r)] {
			t.Errorf("no input of role %s among %+v", r, rep.Inputs)
		}
	}
	if rep.Program != (coverage.Program{Name: "contado", Version: "test"}) {
		t.Errorf("program %+v", rep.Program)
	}
}
