package compare_test

import (
	"math"
	"slices"
	"testing"

	"contado/geo/coverage"
	"contado/geo/coverage/compare"
	"contado/geo/coverage/report/studytest"
	"contado/geo/fault"
)

func study(t *testing.T, o studytest.Options) *coverage.Study {
	t.Helper()
	st, _, err := studytest.Make(o)
	if err != nil {
		t.Fatal(err)
	}
	return st
}

var two = studytest.Options{Services: []string{"pharmacy", "school"}, Profiles: []string{"walking"}}

func TestSameReport(t *testing.T) {
	t.Parallel()
	c, err := compare.Studies(study(t, two), study(t, two))
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Sections) != 2 || len(c.Inputs)+len(c.Settings)+len(c.OnlyA)+len(c.OnlyB) != 0 || !slices.Equal(c.Cautions, []compare.Caution{compare.InventedData}) {
		t.Errorf("the same report: %+v", c)
	}
	for _, s := range c.Sections {
		for _, r := range s.Rows {
			if *r.CoveredA != *r.CoveredB || *r.ShareA != *r.ShareB {
				t.Errorf("%s at %g: %g and %g", s.Service, r.ThresholdS, *r.CoveredA, *r.CoveredB)
			}
		}
	}
}

// What areas gain and lose is what the territory does.
func TestChange(t *testing.T) {
	t.Parallel()
	other := two
	other.Seed, other.Plain = 3, true
	base := two
	base.Plain = true
	a, b := study(t, base), study(t, other)
	b.Inputs[1].SHA256, b.Program.Version = "new", "0.2.0"
	b.Sections[0].Method.Parameters[0].Value = 4.0
	c, err := compare.Studies(a, b)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range c.Sections {
		last := s.Rows[len(s.Rows)-1]
		sum := 0.0
		for i := range s.Areas {
			sum += *s.Areas[i].Gain()
		}
		if want := *last.CoveredB - *last.CoveredA; math.Abs(sum-want) > 1e-6 {
			t.Errorf("%s: areas gain %g, the territory %g", s.Service, sum, want)
		}
		if !slices.IsSortedFunc(s.Areas, func(a, b compare.Area) int { return int(math.Copysign(1, *a.Gain()-*b.Gain())) }) {
			t.Errorf("%s: areas are not in the order of their gain", s.Service)
		}
	}
	if len(c.Inputs) != 1 || c.Inputs[0].Dataset != "popolazione" || len(c.Settings) != 1 {
		t.Errorf("inputs %v, settings %v", c.Inputs, c.Settings)
	}
	for _, want := range []compare.Caution{compare.OtherPopulation, compare.OtherProgram, compare.OtherSettings} {
		if !slices.Contains(c.Cautions, want) {
			t.Errorf("no caution %s among %v", want, c.Cautions)
		}
	}
}

func TestRefuses(t *testing.T) {
	t.Parallel()
	a := study(t, two)
	elsewhere := study(t, two)
	elsewhere.Territory.Code = "X"
	bank := two
	bank.Services = []string{"bank", "library"}
	late := study(t, two)
	for _, r := range late.Sections {
		r.ThresholdsS = []float64{1, 2}
	}
	for name, b := range map[string]*coverage.Study{"territory": elsewhere, "services": study(t, bank), "thresholds": late} {
		if _, err := compare.Studies(a, b); !fault.Is(err, fault.Invalid) {
			t.Errorf("other %s: %v", name, err)
		}
	}
}

// Hidden numbers stay hidden.
func TestHidden(t *testing.T) {
	t.Parallel()
	a, b := study(t, two), study(t, two)
	b.Sections[0].Coverage[1].Suppressed = true
	b.Sections[0].Areas[4].Suppressed = true
	c, err := compare.Studies(a, b)
	if err != nil {
		t.Fatal(err)
	}
	r := c.Sections[0].Rows[1]
	if r.CoveredB != nil || r.ShareB != nil || r.LeftOutB != nil || r.CoveredA == nil {
		t.Errorf("row %+v", r)
	}
	for _, x := range c.Sections[0].Areas {
		if x.Code == "005" && (x.CoveredB != nil || x.Gain() != nil) {
			t.Errorf("area %+v", x)
		}
	}
}

// The best place for one more point is compared where both reports ask the
// same, and only there.
func TestSiting(t *testing.T) {
	t.Parallel()
	point := func(name string, lon float64, people float64) []coverage.SitedPoint {
		share := 0.5
		return []coverage.SitedPoint{{Name: name, Lon: lon, Lat: 46, NewlyWithin: people, CoveredAfter: &share}}
	}
	ask := func(service, objective string, chosen []coverage.SitedPoint) coverage.Siting {
		return coverage.Siting{Service: service, Profile: "walking", Objective: objective, ThresholdS: 900, MostS: 3600, Population: 100, Covered: 40, Chosen: chosen, Candidates: coverage.SitingCandidates{Kind: "roads", Count: 7}}
	}
	a, b := study(t, two), study(t, two)
	a.Siting = []coverage.Siting{ask("still", "cover", point("A", 10, 30)), ask("moved", "cover", point("A", 10, 30)), ask("gone", "cover", point("A", 10, 30)), ask("aim", "time", nil), ask("only", "cover", nil)}
	b.Siting = []coverage.Siting{ask("moved", "cover", point("B", 10.01, 42)), ask("still", "cover", point("A", 10.0001, 12)), ask("gone", "cover", nil), ask("aim", "cover", nil)}
	b.Siting[1].Candidates.Count = 9
	c, err := compare.Studies(a, b)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, s := range c.Siting {
		names = append(names, s.Service)
		if *s.A.ShareNow != 0.4 {
			t.Errorf("%s: %g of all are within the time, want 0.4", s.Service, *s.A.ShareNow)
		}
	}
	if !slices.Equal(names, []string{"moved", "still", "gone"}) {
		t.Fatalf("compared %v", names)
	}
	// 0.01 degrees of longitude at 46 degrees north on WGS84: 774.7 m.
	if s := c.Siting[0]; s.Same || s.DistanceM == nil || math.Abs(*s.DistanceM-774.7) > 1 || *s.Gain() != 12 || s.OtherCandidates {
		t.Errorf("moved: %+v", s)
	}
	if s := c.Siting[1]; !s.Same || s.DistanceM != nil || *s.Gain() != -18 || !s.OtherCandidates {
		t.Errorf("still: %+v", s)
	}
	if s := c.Siting[2]; s.Same || s.B.Point != nil || s.A.Point == nil || s.Gain() != nil {
		t.Errorf("gone: %+v", s)
	}
}
