package compare

import (
	"contado/geo/coverage"
	"contado/geo/crs"
)

// samePlaceM is how far two positions may lie apart that are one place.
const samePlaceM = 50

// Siting is where one more facility of a service would help most, in each of
// the two reports.
type Siting struct {
	Name
	Objective  string    `json:"objective"`
	ThresholdS float64   `json:"threshold_s"`
	A          BestPoint `json:"a"`
	B          BestPoint `json:"b"`
	// Same: it is the same place. DistanceM lies between two that are not.
	Same      bool     `json:"same"`
	DistanceM *float64 `json:"distance_m,omitempty"`
	// OtherCandidates: not the same places were tried.
	OtherCandidates bool `json:"other_candidates,omitempty"`
}

// BestPoint is the best point of one report.
type BestPoint struct {
	// ShareNow is who is within the time without it, 0…1; nil where nobody
	// counts.
	ShareNow *float64 `json:"share_now"`
	// Point is nil where no candidate adds anything.
	Point *coverage.SitedPoint `json:"point"`
}

// siting compares the questions that both reports ask: of the same service and
// way of moving, with the same aim and times.
func (c *Comparison) siting(a, b *coverage.Study) {
	for i := range b.Siting {
		y := &b.Siting[i]
		for k := range a.Siting {
			x := &a.Siting[k]
			if x.Service == y.Service && x.Profile == y.Profile && x.Objective == y.Objective && x.ThresholdS == y.ThresholdS && x.MostS == y.MostS {
				c.Siting = append(c.Siting, sited(x, y))
				break
			}
		}
	}
}

func sited(x, y *coverage.Siting) Siting {
	s := Siting{
		Name: Name{y.Service, y.ServiceTitle, y.Profile}, Objective: y.Objective, ThresholdS: y.ThresholdS,
		A: bestOf(x), B: bestOf(y), OtherCandidates: x.Candidates != y.Candidates,
	}
	if p, q := s.A.Point, s.B.Point; p != nil && q != nil {
		d := float64(crs.Distance(p.Lon, p.Lat, q.Lon, q.Lat))
		if s.Same = d <= samePlaceM; !s.Same {
			s.DistanceM = &d
		}
	}
	return s
}

func bestOf(s *coverage.Siting) BestPoint {
	var out BestPoint
	if s.Population > 0 {
		share := min(1, s.Covered/s.Population)
		out.ShareNow = &share
	}
	if len(s.Chosen) > 0 {
		out.Point = &s.Chosen[0]
	}
	return out
}

// Gain is how many more people the best point of B would bring within the time
// than that of A; nil when one has none.
func (s *Siting) Gain() *float64 {
	if s.A.Point == nil || s.B.Point == nil {
		return nil
	}
	return difference(&s.A.Point.NewlyWithin, &s.B.Point.NewlyWithin)
}
