package analysis

import (
	"context"
	"fmt"
	"slices"

	"contado/geo/fault"
	"contado/geo/siting"
)

// StudySiting asks, within a study, where further points of its services would
// help most: what Engine.Siting answers, of the study's people and ground.
type StudySiting struct {
	Services []string // as the study names them; none = all
	Profile  string   // as the study names it; "" = the first
	Points   int      // of each service; 0 = 1
	// Within and Most are seconds: see SitingRequest. 0 = the largest threshold
	// of the study, and twice that.
	Within, Most float64
	Objective    siting.Objective // "" = Cover
	Candidates   string           // as SitingRequest has it
	SpacingM     float64
}

// Check says what is wrong with it in a study. Errors: Invalid.
func (s *StudySiting) Check(q *StudyRequest) error {
	bad := func(format string, args ...any) error { return fault.Errorf(opSiting, fault.Invalid, format, args...) }
	for i, name := range s.Services {
		if !slices.Contains(q.Services, name) {
			return bad("siting of service %q, which is none of the report's", name)
		}
		if slices.Contains(s.Services[:i], name) {
			return bad("siting of service %q is asked twice", name)
		}
	}
	if s.Profile != "" && !slices.Contains(q.Profiles, s.Profile) {
		return bad("siting by profile %q, which is none of the report's", s.Profile)
	}
	switch s.Candidates {
	case "", CandidateSettlements, CandidateRoads, CandidatePeople:
	default:
		if _, err := ParseService(s.Candidates); err != nil {
			return fmt.Errorf("siting: candidates: %w", err)
		}
	}
	ask := s.request(&q.CoverageRequest)
	return ask.check()
}

// request is the question for points, but for the service.
func (s *StudySiting) request(c *CoverageRequest) SitingRequest {
	q := SitingRequest{CoverageRequest: *c, Objective: s.Objective, Points: s.Points, Most: s.Most, Candidates: s.Candidates, SpacingM: s.SpacingM}
	within := s.Within
	if within == 0 {
		thresholds := c.Thresholds
		if len(thresholds) == 0 {
			thresholds = DefaultThresholds
		}
		within = slices.Max(thresholds)
	}
	q.Thresholds, q.ID, q.Title = []float64{within}, "", ""
	return q
}

// sites finds the points that a study asks for, in the state of the data that
// the study sees.
func (y *study) sites(ctx context.Context, p Progress) error {
	s := y.q.Siting
	if s == nil {
		return nil
	}
	q := s.request(&y.q.CoverageRequest)
	if q.Profile = s.Profile; q.Profile == "" {
		q.Profile = y.sections[0].profile
	}
	if err := q.check(); err != nil {
		return err
	}
	services := s.Services
	if len(services) == 0 {
		services = y.q.Services
	}
	r := y.setting.fork()
	a, err := r.sitings(ctx, &q, services, y.q.OpenAt, p)
	if err != nil {
		return fmt.Errorf("siting: %w", err)
	}
	y.beside = append(y.beside, r, a.way.run)
	for i, c := range a.sections {
		a.found[i].Notices = c.run.said()
		y.doc.Siting = append(y.doc.Siting, *a.found[i])
		y.sited = append(y.sited, c.run)
	}
	return nil
}
