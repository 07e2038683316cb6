package analysis_test

import (
	"context"
	"encoding/json"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"contado/geo/analysis"
	"contado/geo/coverage/verify"
	"contado/geo/fault"
	"contado/geo/siting"
	"contado/geo/store/catalog"
)

// The points of a study are those that the question for points alone finds, of
// the same people and by the same rule of disclosure; asked again they are the
// same, and a changed one is found out.
func TestStudySiting(t *testing.T) {
	t.Parallel()
	l := newLand(t)
	l.points("school", catalog.Service, map[string][2]int{"School": {10, 10}})
	l.refresh()
	q := analysis.StudyRequest{
		CoverageRequest: analysis.CoverageRequest{Territory: "9", Thresholds: []float64{600, 1200}},
		Services:        []string{"clinic", "school"}, Profiles: []string{analysis.Walking, analysis.StraightLine},
		Hamlets: true,
		Siting:  &analysis.StudySiting{Points: 2, Objective: siting.Cover, Candidates: analysis.CandidatePeople, SpacingM: 1500},
	}
	study, _, err := l.engine.Study(context.Background(), q, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(study.Siting) != 2 {
		t.Fatalf("points of %d services", len(study.Siting))
	}
	for i, s := range study.Siting {
		alone := sited(t, l, analysis.SitingRequest{
			CoverageRequest: analysis.CoverageRequest{Service: q.Services[i], Thresholds: []float64{1200}},
			Objective:       siting.Cover, Points: 2, Candidates: analysis.CandidatePeople, SpacingM: 1500,
		})
		if s.Service != q.Services[i] || s.Profile != analysis.Walking || s.ThresholdS != 1200 || s.MostS != 2400 || s.BlocksOf != 3 || len(s.Chosen) != 2 || len(s.Notices) == 0 {
			t.Errorf("%+v", s)
		}
		s.Notices = nil
		if diff := cmp.Diff(alone.Siting, s); diff != "" {
			t.Errorf("%s: alone, in the study: %s", s.Service, diff)
		}
	}
	// Two places lie in the east; those of the west have none of theirs.
	for _, r := range study.Sections {
		sum := 0.0
		for _, h := range r.Hamlets {
			sum += h.Population
		}
		if len(r.Hamlets) != 2 || math.Abs(sum-r.Areas[1].Population) > 1 || r.Hamlets[0].AreaCode != "002" {
			t.Errorf("%s: hamlets %+v", r.Service, r.Hamlets)
		}
	}
	again, _, err := l.engine.Study(context.Background(), q, nil)
	if err != nil {
		t.Fatal(err)
	}
	if v, err := verify.Compare(study, again); err != nil || v.Outcome != verify.Same {
		t.Errorf("asked again: %+v, %v", v, err)
	}
	again.Siting[1].Chosen[0].NewlyWithin++
	if v, err := verify.Compare(study, again); err != nil || v.Outcome != verify.Different || v.Differences[0].Path != "siting[1].chosen[0].newly_within" {
		t.Errorf("with one more person: %+v, %v", v, err)
	}
	if b, err := json.Marshal(study); err != nil || len(b) == 0 {
		t.Error(err)
	}

	q.HideBelow = -1
	q.Siting = &analysis.StudySiting{Services: []string{"school"}, Profile: analysis.StraightLine, Within: 900, Most: 1800, Objective: siting.Time}
	if study, _, err = l.engine.Study(context.Background(), q, nil); err != nil {
		t.Fatal(err)
	}
	if s := study.Siting; len(s) != 1 || s[0].Profile != analysis.StraightLine || s[0].ThresholdS != 900 || s[0].MostS != 1800 || s[0].BlocksOf != 0 || s[0].Objective != "time" || s[0].Candidates.Kind != analysis.CandidateSettlements {
		t.Errorf("%+v", s)
	}
}

func TestStudySitingRefuses(t *testing.T) {
	t.Parallel()
	l := newLand(t)
	for name, s := range map[string]analysis.StudySiting{
		"another service": {Services: []string{"school"}}, "twice": {Services: []string{"clinic", "clinic"}}, "another profile": {Profile: "car"},
		"many points": {Points: 99}, "an objective that is none": {Objective: "fame"}, "too short a time": {Most: 60}, "strange places": {Candidates: "a[b ="},
		"close": {SpacingM: 1},
	} {
		q := analysis.StudyRequest{CoverageRequest: analysis.CoverageRequest{Territory: "9"}, Services: []string{"clinic"}, Profiles: []string{analysis.Walking}, Siting: &s}
		if _, _, err := l.engine.Study(context.Background(), q, nil); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
