package analysis_test

import (
	"context"
	"math"
	"testing"

	"contado/geo/analysis"
	"contado/geo/fault"
	"contado/geo/siting"
	"contado/geo/store/catalog"
)

func sited(t *testing.T, l *land, q analysis.SitingRequest) *analysis.SitingResult {
	t.Helper()
	q.Territory, q.Profile = "9", analysis.Walking
	got, err := l.engine.Siting(context.Background(), q, nil)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// TestSitingIsTheCoverage: what a point is said to add is what coverage counts
// when it is opened.
func TestSitingIsTheCoverage(t *testing.T) {
	t.Parallel()
	l := newLand(t)
	q := analysis.SitingRequest{CoverageRequest: analysis.CoverageRequest{Service: "clinic", Thresholds: []float64{1200}, HideBelow: -1}, Most: 1800}
	got := sited(t, l, q)
	if len(got.Chosen) != 1 || !got.Exact || got.Candidates.Kind != analysis.CandidateSettlements || got.Candidates.Count != 2 || len(got.Alone) != 2 {
		t.Fatalf("%+v", got.Siting)
	}
	now, best := -1.0, 0.0
	for _, p := range got.Alone {
		x := asked("clinic", 1200)
		x.HideBelow = -1
		x.Extra = []analysis.TravelPlace{{ID: "new", Name: "new", Lon: p.Lon, Lat: p.Lat}}
		covered := explore(t, l, x).Report.Coverage[0].Covered
		if now < 0 {
			x.Extra = nil
			now = explore(t, l, x).Report.Coverage[0].Covered
		}
		if math.Abs(covered-now-p.NewlyWithin) > 1e-6 {
			t.Errorf("%s is said to bring %v within; coverage counts %v", p.Name, p.NewlyWithin, covered-now)
		}
		best = math.Max(best, covered-now)
	}
	if math.Abs(got.Covered-now) > 1e-6 || got.Chosen[0].NewlyWithin != best || best == 0 {
		t.Errorf("covered now %v, want %v; the point chosen adds %v, the best %v", got.Covered, now, got.Chosen[0].NewlyWithin, best)
	}
	if s := *got.Chosen[0].CoveredAfter; math.Abs(s-(now+best)/got.Population) > 1e-9 {
		t.Errorf("share after: %v", s)
	}
}

// TestSitingOfBlocks: figures told are of blocks of people, nearly the same in
// sum, and two points close to each other differ by whole blocks or not at all.
func TestSitingOfBlocks(t *testing.T) {
	t.Parallel()
	l := newLand(t)
	exact := analysis.SitingRequest{
		CoverageRequest: analysis.CoverageRequest{Service: "clinic", Thresholds: []float64{900}, HideBelow: -1},
		Objective:       siting.Time, Points: 2, Candidates: analysis.CandidatePeople, SpacingM: 1000,
	}
	told := exact
	told.HideBelow = 0
	a, b := sited(t, l, exact), sited(t, l, told)
	if a.HideBelow != 0 || b.HideBelow != 3 || a.Population != b.Population {
		t.Errorf("%v people by cells, %v by blocks (hidden below %v)", a.Population, b.Population, b.HideBelow)
	}
	for k := range b.Chosen {
		if math.Abs(a.Chosen[k].HoursSaved-b.Chosen[k].HoursSaved) > 0.05*a.Chosen[k].HoursSaved {
			t.Errorf("point %d saves %v h, by blocks %v h", k, a.Chosen[k].HoursSaved, b.Chosen[k].HoursSaved)
		}
	}
	if len(b.Chosen) != 2 || b.Chosen[0].HoursSaved < b.Chosen[1].HoursSaved || b.Candidates.SpacingM != 1000 {
		t.Errorf("%+v", b.Siting)
	}
}

func TestSitingCandidates(t *testing.T) {
	t.Parallel()
	l := newLand(t)
	l.points("halls", catalog.Service, map[string][2]int{"West hall": {20, 20}, "East hall": {70, 50}})
	if err := l.atlas.Refresh(context.Background()); err != nil {
		t.Fatal(err)
	}
	ask := func(change func(q *analysis.SitingRequest)) (*analysis.SitingResult, error) {
		q := analysis.SitingRequest{CoverageRequest: analysis.CoverageRequest{Territory: "9", Profile: analysis.Walking, Service: "clinic", Thresholds: []float64{900}}}
		change(&q)
		return l.engine.Siting(context.Background(), q, nil)
	}
	got, err := ask(func(q *analysis.SitingRequest) { q.Candidates = "halls" })
	if err != nil || got.Chosen[0].Name != "East hall" || got.Candidates.Count != 2 {
		t.Errorf("halls: %+v, %v", got, err)
	}
	got, err = ask(func(q *analysis.SitingRequest) { q.Service, q.Candidates, q.Points = "", "halls", 2 })
	if err != nil || len(got.Chosen) != 2 || got.Covered != 0 || got.Service != "" {
		t.Errorf("a service that does not exist yet: %+v, %v", got, err)
	}
	here := got.Chosen[0]
	got, err = ask(func(q *analysis.SitingRequest) {
		q.Places = []analysis.TravelPlace{{ID: "a", Name: "a", Lon: here.Lon, Lat: here.Lat}}
	})
	if err != nil || got.Candidates.Kind != "places" || len(got.Alone) != 1 {
		t.Errorf("places: %+v, %v", got, err)
	}
	if _, err := ask(func(q *analysis.SitingRequest) { q.Candidates = analysis.CandidateRoads }); !fault.Is(err, fault.Invalid) {
		t.Errorf("no roads: %v", err)
	}
	if _, err := ask(func(q *analysis.SitingRequest) { q.Points = 99 }); !fault.Is(err, fault.Invalid) {
		t.Errorf("99 points: %v", err)
	}
	if _, err := ask(func(q *analysis.SitingRequest) { q.Most = 60 }); !fault.Is(err, fault.Invalid) {
		t.Errorf("longest time below the threshold: %v", err)
	}
}
