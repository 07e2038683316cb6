package analysis_test

import (
	"context"
	"encoding/json"
	"math"
	"testing"

	"contado/geo/analysis"
	"contado/geo/fault"
	"contado/geo/store/catalog"
)

// TestIsolationIsTheStudys: the look at several services has the figures of a
// study of them, hidden and not, and in all as many people as there are.
func TestIsolationIsTheStudys(t *testing.T) {
	t.Parallel()
	l := newLand(t)
	l.points("post", catalog.Service, map[string][2]int{"Post": {60, 20}, "Post two": {10, 80}})
	l.points("school", catalog.Service, map[string][2]int{"School": {20, 30}})
	if err := l.atlas.Refresh(context.Background()); err != nil {
		t.Fatal(err)
	}
	services := []string{"clinic", "post", "school"}
	written := func(v any) string {
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	for _, below := range []float64{-1, 0} {
		q := analysis.IsolationRequest{ExploreRequest: asked("", 900, 1800), Services: services}
		q.HideBelow = below
		got, err := l.engine.Isolation(context.Background(), q, nil)
		if err != nil {
			t.Fatal(err)
		}
		study := analysis.StudyRequest{CoverageRequest: q.CoverageRequest, Services: services, Profiles: []string{analysis.Walking}}
		want, _, err := l.engine.Study(context.Background(), study, nil)
		if err != nil {
			t.Fatal(err)
		}
		if a, b := written(got.Isolation), written(want.Isolation); a != b {
			t.Errorf("hidden below %g:\n%s, of the study\n%s", below, a, b)
		}
		if len(got.Services) != 3 || got.Services[1].Service != "post" || got.Services[1].Facilities != 2 || got.PopulationTotal != want.PopulationTotal {
			t.Errorf("%+v, %g people; of the study %g", got.Services, got.PopulationTotal, want.PopulationTotal)
		}
		if below >= 0 {
			continue
		}
		for _, i := range got.Isolation {
			sum := 0.0
			for _, n := range i.People {
				sum += n
			}
			if len(i.People) != 4 || math.Abs(sum-got.PopulationTotal) > 1e-6 {
				t.Errorf("within %g s: %v, together %g of %g", i.ThresholdS, i.People, sum, got.PopulationTotal)
			}
		}
	}
}

func TestIsolationRefuses(t *testing.T) {
	t.Parallel()
	l := newLand(t)
	for name, change := range map[string]func(*analysis.IsolationRequest){
		"one service":   func(q *analysis.IsolationRequest) { q.Services = []string{"clinic"} },
		"twice the one": func(q *analysis.IsolationRequest) { q.Services = []string{"clinic", "clinic"} },
		"without":       func(q *analysis.IsolationRequest) { q.Without = []string{"x"} },
		"two hours":     func(q *analysis.IsolationRequest) { q.Thresholds = []float64{7200} },
	} {
		q := analysis.IsolationRequest{ExploreRequest: asked("", 1800), Services: []string{"clinic", "post"}}
		change(&q)
		if _, err := l.engine.Isolation(context.Background(), q, nil); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	q := analysis.IsolationRequest{ExploreRequest: asked("", 1800), Services: []string{"clinic", "nothing"}}
	if _, err := l.engine.Isolation(context.Background(), q, nil); !fault.Is(err, fault.NotExist) {
		t.Errorf("a service that is not there: %v", err)
	}
}
