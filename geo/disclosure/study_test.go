package disclosure_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"contado/geo/coverage"
	"contado/geo/disclosure"
)

// town is a study of two services over four areas, one of them tiny.
func town(t *testing.T) *coverage.Study {
	t.Helper()
	areas := []coverage.Area{{Code: "a", Name: "Alta"}, {Code: "b", Name: "Bassa"}, {Code: "c", Name: "Capo"}, {Code: "d", Name: "Deserta"}}
	people := []float64{100, 60, 40, 2}
	pharmacy := [][]float32{{600, 1500}, {600, 1500}, {600, inf}, {1500, inf}}
	post := [][]float32{{600, 1500}, {600, 600}, {1500, inf}, {600, 600}}
	s := &coverage.Study{ID: "town"}
	var seconds [2][]float32
	for n, times := range [][][]float32{pharmacy, post} {
		var d coverage.Demand
		for a := range areas {
			for k := range 2 {
				d.Area = append(d.Area, int32(a))
				d.People = append(d.People, people[a]/2)
				d.Seconds = append(d.Seconds, times[a][k])
				d.X, d.Y = append(d.X, 10+float64(a)), append(d.Y, 45)
			}
		}
		seconds[n] = d.Seconds
		r, err := coverage.Compute(context.Background(), d, areas, nil, coverage.Params{Thresholds: []float64{900, 1800}})
		if err != nil {
			t.Fatal(err)
		}
		r.Service, r.Profile = []string{"pharmacy", "post"}[n], "walking"
		s.Sections = append(s.Sections, r)
		s.PopulationTotal = r.PopulationTotal
		if n == 1 {
			s.Isolation, err = coverage.Isolate(context.Background(), d, areas, "walking", []string{"pharmacy", "post"}, seconds[:], []float64{900, 1800})
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	met := true
	s.Rules = []coverage.RuleResult{{ID: "r", Service: "pharmacy", Met: &met, People: 52, Areas: []coverage.RuleArea{
		{Code: "a", People: 50}, {Code: "b", People: 0}, {Code: "c", People: 0}, {Code: "d", People: 2},
	}}}
	return s
}

func TestStudyHidesAlike(t *testing.T) {
	t.Parallel()
	s := town(t)
	if err := disclosure.ProtectStudy(context.Background(), s, 0); err != nil {
		t.Fatal(err)
	}
	if s.Disclosure.Threshold != 3 || s.Disclosure.Primary == 0 || s.Disclosure.Secondary == 0 {
		t.Errorf("disclosure %+v", s.Disclosure)
	}
	for _, r := range s.Sections {
		hidden := 0
		for _, a := range r.Areas {
			if a.Suppressed {
				hidden++
			}
		}
		if !r.Areas[3].Suppressed || hidden < 2 {
			t.Errorf("%s: the area of two people is hidden: %v, with %d others (one would be computed)", r.Service, r.Areas[3].Suppressed, hidden-1)
		}
		for a := range r.Areas {
			if r.Areas[a].Suppressed != s.Sections[0].Areas[a].Suppressed {
				t.Errorf("population of %s is hidden in one section only", r.Areas[a].Code)
			}
		}
	}
	for _, i := range s.Isolation {
		for a, row := range i.Areas {
			for _, r := range s.Sections {
				for _, c := range r.Areas[a].Coverage {
					if c.ThresholdS == i.ThresholdS && c.Suppressed && !row.Suppressed {
						t.Errorf("isolation of %s within %v s tells what a section hides", row.Code, i.ThresholdS)
					}
				}
			}
		}
	}
	for a, row := range s.Rules[0].Areas {
		if s.Sections[0].Areas[a].Suppressed && !row.Suppressed {
			t.Errorf("the rule tells of %s", row.Code)
		}
	}
	text, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	for _, few := range []string{`:2,`, `:2}`, `[2,`, `:1,`, `,2]`} {
		for _, name := range []string{"population", "covered", "uncovered", "unreachable", "people_not_met"} {
			if strings.Contains(string(text), fmt.Sprintf("%q%s", name, few)) {
				t.Errorf("the study has %q%s", name, few)
			}
		}
	}
	if err := disclosure.ProtectStudy(context.Background(), s, 0); err == nil {
		t.Error("protected twice")
	}
}
