package analysis

import (
	"context"
	"fmt"

	"contado/geo/coverage"
	"contado/geo/disclosure"
	"contado/geo/fault"
)

// MaxIsolationServices bounds the services of one IsolationRequest.
const MaxIsolationServices = 24

const opIsolation = "analysis.Isolation"

// IsolationRequest asks how many of several services people do not reach.
type IsolationRequest struct {
	// ExploreRequest says of whom and how. Service is not read; Without, Extra,
	// Ranges and Rules, which are of one service, are refused. No Thresholds
	// are 30 minutes.
	ExploreRequest
	Services []string // 2 to MaxIsolationServices, each once
}

// IsolationAnswer is the answer, protected.
type IsolationAnswer struct {
	Territory       coverage.Territory `json:"territory"`
	AreaLevel       string             `json:"area_level,omitempty"`
	Profile         string             `json:"profile"`
	PopulationTotal float64            `json:"population_total"`
	Services        []IsolatedService  `json:"services"`
	// Isolation has one entry a threshold.
	Isolation  []coverage.Isolation `json:"isolation"`
	Disclosure *coverage.Disclosure `json:"disclosure,omitempty"`
	Inputs     []coverage.Input     `json:"inputs"`
	Notices    []coverage.Notice    `json:"notices"`
	Program    coverage.Program     `json:"program"`
}

// IsolatedService is one of the services asked about.
type IsolatedService struct {
	Service    string `json:"service"`
	Title      string `json:"title,omitempty"`
	Facilities int    `json:"facilities"`
}

func (q *IsolationRequest) check() error {
	if len(q.Thresholds) == 0 {
		q.Thresholds = []float64{1800}
	}
	if n := len(q.Services); n < 2 || n > MaxIsolationServices {
		return fault.Errorf(opIsolation, fault.Invalid, "%d services; want 2 to %d", n, MaxIsolationServices)
	}
	seen := map[string]bool{}
	for _, s := range q.Services {
		if seen[s] {
			return fault.Errorf(opIsolation, fault.Invalid, "service %.80q is there twice", s)
		}
		seen[s] = true
	}
	if len(q.Without)+len(q.Extra)+len(q.Rules) > 0 || q.Ranges {
		return fault.Errorf(opIsolation, fault.Invalid, "without, extra, ranges and rules are of one service")
	}
	return q.ExploreRequest.check()
}

// Isolation counts people by how many of several services lie beyond a time,
// with what explorations of the same services have kept. Small numbers are
// hidden as in a study of these services.
func (e *Engine) Isolation(ctx context.Context, q IsolationRequest, p Progress) (*IsolationAnswer, error) {
	if err := q.check(); err != nil {
		return nil, err
	}
	y := &study{q: &StudyRequest{CoverageRequest: q.CoverageRequest, Services: q.Services, Profiles: []string{q.Profile}}}
	n, stamp := float64(len(q.Services)), ""
	for i, service := range q.Services {
		one := q.ExploreRequest
		one.Service = service
		part := p.part(0.9*float64(i)/n, 0.9*float64(i+1)/n)
		s, err := e.explored.section(ctx, e, &one, part.part(0, 0.9))
		if err != nil {
			return nil, fmt.Errorf("service %s: %w", service, err)
		}
		if i > 0 && s.stamp != stamp {
			return nil, fault.WithHint(fault.Errorf(opIsolation, fault.Conflict, "the data have changed meanwhile"), "ask again")
		}
		stamp = s.stamp
		part.tell(0.9, "counting")
		c, err := s.counted(ctx, &one)
		if err != nil {
			return nil, fmt.Errorf("service %s: %w", service, err)
		}
		c.report.Inputs = inputsOf(c.setting.run, c.way.run, c.run)
		y.services, y.sections = append(y.services, c.service), append(y.sections, c)
	}
	p.tell(0.9, "rules and protection of small numbers")
	return y.isolated(ctx, q.HideBelow)
}

// isolated answers from the sections of one way of moving.
func (y *study) isolated(ctx context.Context, hideBelow float64) (*IsolationAnswer, error) {
	first := y.sections[0]
	y.setting = first.setting
	if err := y.isolation(ctx, first.way, y.sections); err != nil {
		return nil, err
	}
	hidden, err := first.setting.untold(ctx, first.population, first.areas, first.box, nil)
	if err != nil {
		return nil, err
	}
	doc := y.document()
	if hideBelow >= 0 {
		if err := disclosure.ProtectStudy(ctx, doc, hideBelow); err != nil {
			return nil, err
		}
	}
	if hidden != nil {
		disclosure.UntoldIsolation(doc.Isolation, hidden)
	}
	out := &IsolationAnswer{
		Territory: doc.Territory, AreaLevel: doc.AreaLevel, Profile: first.profile, PopulationTotal: doc.PopulationTotal,
		Isolation: doc.Isolation, Disclosure: doc.Disclosure, Inputs: doc.Inputs, Notices: doc.Notices, Program: doc.Program,
	}
	for i, s := range doc.Sections {
		out.Services = append(out.Services, IsolatedService{Service: y.services[i].String(), Title: s.ServiceTitle, Facilities: s.Facilities.Count})
	}
	return out, nil
}
