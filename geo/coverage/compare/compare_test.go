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
