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

func TestIndicatorsOfFewPeople(t *testing.T) {
	t.Parallel()
	s := town(t)
	percent := func(v float64) *float64 { return &v }
	s.Indicators = []coverage.Indicator{
		{ID: "few", Unit: "%", Value: percent(0.5), Parts: map[string]float64{"people": 202, "within": 1, "65+_people": 40, "65+_within": 1, "years": 2}},
		{
			ID: "band", Unit: "%", Value: percent(50), Parts: map[string]float64{"people": 202, "within": 101, "65+_people": 40, "65+_within": 39, "0-64_people": 162, "0-64_within": 62},
			Areas: []coverage.AreaValue{{Code: "a", Value: percent(99)}, {Code: "b", Value: percent(50)}, {Code: "c", Value: percent(50)}, {Code: "d", Value: percent(100)}},
		},
	}
	if err := disclosure.ProtectStudy(context.Background(), s, 3); err != nil {
		t.Fatal(err)
	}
	few, band := s.Indicators[0], s.Indicators[1]
	if few.Value != nil || few.Why["it"] == "" || len(few.Parts) != 1 {
		t.Errorf("one person within: %+v", few)
	}
	if band.Value == nil || len(band.Parts) != 2 {
		t.Errorf("all but one of 65 and over: %v", band.Parts)
	}
	shown := 0
	for _, a := range band.Areas {
		if a.Value != nil {
			shown++
		}
	}
	if band.Areas[0].Value != nil || band.Areas[3].Value != nil || shown > 1 {
		t.Errorf("areas: one lacks one person: %+v", band.Areas)
	}
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
