package analysis_test

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"contado/geo"
	"contado/geo/analysis"
	"contado/geo/coverage"
	"contado/geo/coverage/report"
	"contado/geo/crs"
	"contado/geo/fault"
	"contado/geo/store/catalog"
)

func (l *land) refresh() {
	l.t.Helper()
	if err := l.atlas.Refresh(context.Background()); err != nil {
		l.t.Fatal(err)
	}
}

func cellCentre(col, row int) orb.Point {
	x, y := landGrid().Center(col, row)
	return orb.Point{x, y}
}

func TestParseService(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]analysis.Service{
		"clinic":                       {Dataset: "clinic"},
		" osm-services:post_office ":   {Dataset: "osm-services", Kind: "post_office"},
		"schools[level = 'primary']":   {Dataset: "schools"},
		"osm:school[pupils > 20]":      {Dataset: "osm", Kind: "school"},
		"osm[name LIKE 'A:b%']":        {Dataset: "osm"},
		"s[a IN ('x]','y') AND b = 1]": {Dataset: "s"},
	} {
		got, err := analysis.ParseService(text)
		if err != nil || got.Dataset != want.Dataset || got.Kind != want.Kind || (got.Filter != nil) != strings.Contains(text, "[") || got.String() != strings.TrimSpace(text) {
			t.Errorf("%q: %+v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", ":kind", "a[b = 1", "a[b ==]", "[a = 1]"} {
		if _, err := analysis.ParseService(text); !fault.Is(err, fault.Invalid) {
			t.Errorf("%q: error %v, want invalid", text, err)
		}
	}
}

// A study's sections are the reports of each service and way of moving alone,
// and what it adds holds beside them.
func TestStudy(t *testing.T) {
	t.Parallel()
	l := newLand(t)
	s := geo.Schema{
		GeometryType: "Point", CRS: utm,
		Fields: []geo.Field{{Name: "name", Type: geo.String}, {Name: "kind", Type: geo.String}, {Name: "comune", Type: geo.String}, {Name: "capacity", Type: geo.String}, {Name: "opening_hours", Type: geo.String}},
	}
	row := func(id int64, col, line int, values ...any) geo.Feature {
		return geo.Feature{ID: id, Geometry: cellCentre(col, line), Values: values}
	}
	l.vector("many", catalog.Service, s, []geo.Feature{
		row(1, 20, 20, "School A", "school", "Westland", "120", "Mo-Fr 08:00-14:00"),
		row(2, 20, 80, "School B", "school", "Westland", "80 posti", "Mo-Fr 08:00-14:00"),
		row(3, 30, 50, "Shop", "shop;pharmacy", "Eastland", nil, nil),
	}, nil, nil)
	l.refresh()
	q := analysis.StudyRequest{
		CoverageRequest: analysis.CoverageRequest{Territory: "municipalities", Thresholds: []float64{900, 3600}},
		Services:        []string{"many:school", "many:pharmacy", "clinic"}, Profiles: []string{analysis.Walking, analysis.StraightLine},
		Ranges: true, Nearest: 2, Capacity: 3600, Access: []coverage.AccessParams{{Method: coverage.FCA2}},
		Registered: map[string]int{"clinic": 5},
	}
	study, sketches, err := l.engine.Study(context.Background(), q, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(study.Sections) != 6 || len(sketches) != 6 || len(study.Isolation) != 4 {
		t.Fatalf("%d sections, %d sketches, %d isolations", len(study.Sections), len(sketches), len(study.Isolation))
	}
	for i, sec := range study.Sections {
		one := q.CoverageRequest
		one.Service, one.Profile = sec.Service, sec.Profile
		alone, _, err := l.engine.Coverage(context.Background(), one, nil)
		if err != nil {
			t.Fatal(err)
		}
		for k := range alone.Coverage {
			if alone.Coverage[k].Covered != sec.Coverage[k].Covered || alone.Coverage[k].Unreachable != sec.Coverage[k].Unreachable {
				t.Errorf("section %d, %s by %s: %+v, alone %+v", i, sec.Service, sec.Profile, sec.Coverage[k], alone.Coverage[k])
			}
		}
		if len(sec.Ranges) != 2 || sec.Equity == nil || sec.Equity.Gini == nil {
			t.Fatalf("section %d: %d ranges, equity %+v", i, len(sec.Ranges), sec.Equity)
		}
		for _, r := range sec.Ranges {
			if *r.Low > *r.Share || *r.High < *r.Share || len(r.Cases) < 2 {
				t.Errorf("section %d: range %+v", i, r)
			}
		}
	}
	checkIsolation(t, study)
	checkSupply(t, study)
	if !slices.ContainsFunc(study.Checks, func(c coverage.Check) bool { return c.Code == "outside-declared-area" && c.Name == "Shop" }) {
		t.Errorf("the shop that declares the other municipality is not noticed: %+v", study.Checks)
	}
	if !slices.ContainsFunc(study.Checks, func(c coverage.Check) bool { return c.Code == "differs-from-register" && c.Dataset == "clinic" }) {
		t.Errorf("the register is not compared: %+v", study.Checks)
	}
}

// checkIsolation: who lacks no service is within reach of the one that fewest
// reach, and every row sums to everyone.
func checkIsolation(t *testing.T, study *coverage.Study) {
	t.Helper()
	for _, iso := range study.Isolation {
		sum, least := 0.0, math.Inf(1)
		for _, n := range iso.People {
			sum += n
		}
		for _, sec := range study.Sections {
			if sec.Profile != iso.Profile {
				continue
			}
			for _, row := range sec.Coverage {
				if row.ThresholdS == iso.ThresholdS {
					least = math.Min(least, row.Covered)
				}
			}
		}
		if sum != study.PopulationTotal || iso.People[0] > least || len(iso.People) != 4 {
			t.Errorf("isolation by %s at %g: %v of %g people, at most %g lack nothing", iso.Profile, iso.ThresholdS, iso.People, study.PopulationTotal, least)
		}
	}
}

func checkSupply(t *testing.T, study *coverage.Study) {
	t.Helper()
	school := study.Sections[0]
	if school.Capacity == nil || school.Capacity.Total != 200 || school.Capacity.Assigned > 200 || school.Capacity.Assigned == 0 {
		t.Errorf("capacity of the schools: %+v", school.Capacity)
	}
	if c := school.Capacity; c.Assigned+c.Full+c.Beyond != study.PopulationTotal {
		t.Errorf("assigned %g + full %g + beyond %g are not %g", c.Assigned, c.Full, c.Beyond, study.PopulationTotal)
	}
	if len(school.Choices) != 1 || school.Choices[0].K != 2 || school.Choices[0].Coverage[1].Covered > school.Coverage[1].Covered {
		t.Errorf("the second school: %+v", school.Choices)
	}
	if len(school.Access) != 1 || school.Access[0].Mean == nil {
		t.Errorf("access to schools: %+v", school.Access)
	}
	// In a straight line nothing stops people: at least as many have a second
	// school within reach, and everyone has one at all.
	straight := study.Sections[3]
	if straight.Capacity == nil || straight.Capacity.Beyond > school.Capacity.Beyond || straight.Choices[0].Coverage[1].Unreachable != 0 {
		t.Errorf("in a straight line: capacity %+v, choices %+v", straight.Capacity, straight.Choices)
	}
}

// Shut facilities do not count at the time asked; unknown hours do, and are
// counted aloud.
func TestOpenAt(t *testing.T) {
	t.Parallel()
	l := newLand(t)
	s := geo.Schema{GeometryType: "Point", CRS: utm, Fields: []geo.Field{{Name: "opening_hours", Type: geo.String}}}
	l.vector("post", catalog.Service, s, []geo.Feature{
		{ID: 1, Geometry: cellCentre(20, 20), Values: []any{"Mo-Fr 08:00-14:00"}},
		{ID: 2, Geometry: cellCentre(20, 80), Values: []any{nil}},
	}, nil, nil)
	l.refresh()
	q := analysis.StudyRequest{CoverageRequest: analysis.CoverageRequest{Territory: "municipalities"}, Services: []string{"post"}, OpenAt: &analysis.OpenAt{Day: 0, Minute: 600}}
	study, _, err := l.engine.Study(context.Background(), q, nil)
	if err != nil {
		t.Fatal(err)
	}
	if n := study.Sections[0].Facilities.Count; n != 1 {
		t.Errorf("%d facilities on Sunday, want the one of unknown hours", n)
	}
	if !slices.ContainsFunc(study.Sections[0].Notices, func(n coverage.Notice) bool {
		return n.Code == "opening-hours" && strings.Contains(n.Texts["it"], "domenica alle 10:00")
	}) {
		t.Errorf("nothing is said of hours: %+v", study.Sections[0].Notices)
	}
}

// A kind that no row has is an error that says which there are.
func TestUnknownKind(t *testing.T) {
	t.Parallel()
	l := newLand(t)
	s := geo.Schema{GeometryType: "Point", CRS: utm, Fields: []geo.Field{{Name: "kind", Type: geo.String}}}
	l.vector("osm", catalog.Service, s, []geo.Feature{{ID: 1, Geometry: cellCentre(20, 20), Values: []any{"pharmacy"}}}, nil, nil)
	l.refresh()
	_, _, err := l.engine.Coverage(context.Background(), analysis.CoverageRequest{Territory: "municipalities", Service: "osm:farmacy"}, nil)
	if !fault.Is(err, fault.NotExist) || !strings.Contains(err.Error(), "pharmacy") {
		t.Errorf("error %v", err)
	}
}

// Rules are judged for the services of the study alone, by what their ids or
// kinds say they are; and areas are classed by the time to the poles.
func TestStudyRulesAndClasses(t *testing.T) {
	t.Parallel()
	l := newLand(t)
	l.points("farmacie", catalog.Service, map[string][2]int{"Farmacia": {25, 50}})
	l.points("poles", catalog.Service, map[string][2]int{"Hospital": {10, 50}})
	l.refresh()
	study, _, err := l.engine.Study(context.Background(), analysis.StudyRequest{
		CoverageRequest: analysis.CoverageRequest{Territory: "municipalities"},
		Services:        []string{"farmacie"}, Rules: []string{analysis.ItalianRules}, Poles: "poles",
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	judged := 0
	for _, r := range study.Rules {
		if !strings.HasPrefix(r.ID, "pharmac") && r.ID != "home-care-10-percent" { // the latter is of no service
			t.Errorf("rule %s is about another service", r.ID)
		}
		if r.Met != nil {
			judged++
		}
	}
	if judged == 0 {
		t.Errorf("no rule was judged: %+v", study.Rules)
	}
	classes := map[string]string{}
	for _, c := range study.Classes {
		if c.Scheme == "snai-2020" {
			classes[c.Level+" "+c.Name] = c.Class
		}
	}
	// Westland holds the pole; Far Side lies beyond the river, which nobody crosses.
	if classes["municipality Westland"] != "A" || classes["hamlet Far Side"] != "F" || classes["municipality Eastland"] == "" {
		t.Errorf("classes %v", classes)
	}
	if !slices.ContainsFunc(study.Notices, func(n coverage.Notice) bool { return n.Code == "classes-not-by-car" }) {
		t.Errorf("nothing is said of walking to the poles: %+v", study.Notices)
	}
}

// The people of drawn polygons come in whole blocks: two polygons that differ
// by one cell never differ by few people.
func TestCoverageOf(t *testing.T) {
	t.Parallel()
	l := newLand(t)
	toLonLat, err := crs.New(utm, geo.WGS84)
	if err != nil {
		t.Fatal(err)
	}
	square := func(code string, east float64) analysis.ZonalFeature {
		g, err := toLonLat.Geometry(orb.Bound{Min: orb.Point{west + 500, north - 6000}, Max: orb.Point{west + east, north - 500}}.ToPolygon(), nil)
		if err != nil {
			t.Fatal(err)
		}
		return analysis.ZonalFeature{Code: code, Geometry: g}
	}
	var drawn []analysis.ZonalFeature
	for i := range 20 {
		drawn = append(drawn, square(fmt.Sprint(i), 3000+20*float64(i)))
	}
	res, err := l.engine.CoverageOf(context.Background(), analysis.CoverageRequest{Territory: "municipalities", Service: "clinic"}, drawn, nil)
	if err != nil {
		t.Fatal(err)
	}
	last := res.Areas[0].People
	if math.Abs(last-25*55) > 0.2*25*55 { // one person a cell of 100 m
		t.Errorf("%g people in 2.5 × 5.5 km, want about %d", last, 25*55)
	}
	for _, a := range res.Areas[1:] {
		if d := a.People - last; d != 0 && d < 3 {
			t.Errorf("area %s has %g people more than the one before", a.Code, d)
		}
		last = a.People
		for _, row := range a.Coverage {
			if row.Covered+row.Uncovered+row.Unreachable != a.People {
				t.Errorf("area %s: %+v of %g people", a.Code, row, a.People)
			}
		}
	}
	point := []analysis.ZonalFeature{{Code: "p", Geometry: orb.Point{9, 46}}}
	if _, err := l.engine.CoverageOf(context.Background(), analysis.CoverageRequest{Territory: "municipalities", Service: "clinic"}, point, nil); !fault.Is(err, fault.Invalid) {
		t.Errorf("a point as a polygon: %v", err)
	}
}

// What the program says of its method is Italian in an Italian report.
func TestMethodInItalian(t *testing.T) {
	t.Parallel()
	l := newLand(t)
	for _, profile := range []string{analysis.Walking, analysis.StraightLine} {
		rep, sketch, err := l.engine.Coverage(context.Background(), analysis.CoverageRequest{Territory: "municipalities", Service: "clinic", Profile: profile}, nil)
		if err != nil {
			t.Fatal(err)
		}
		var page strings.Builder
		if err := report.HTML(&page, rep, sketch, report.Italian); err != nil {
			t.Fatal(err)
		}
		for _, english := range []string{rep.Method.Model, "in the direction of walking", "speeds of the table", "people of each", "geodesic", "harmonic"} {
			if strings.Contains(page.String(), english) {
				t.Errorf("%s: %q is English", profile, english)
			}
		}
	}
}

// A snow line where no elevation is known does nothing, and that is said.
func TestSnowLineWithoutElevation(t *testing.T) {
	t.Parallel()
	rep, _, err := newLand(t).engine.Coverage(context.Background(), analysis.CoverageRequest{Territory: "municipalities", Service: "clinic", Season: []string{"snowline:500"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(rep.Notices, func(n coverage.Notice) bool { return n.Code == "snow-line-unused" && n.Texts["it"] != "" }) {
		t.Errorf("nothing is said of the snow line: %+v", rep.Notices)
	}
}
