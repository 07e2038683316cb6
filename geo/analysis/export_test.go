package analysis

import (
	"context"
	"errors"

	"contado/geo/coverage"
)

// WithoutPosition is withoutPosition, for tests of this package alone.
var WithoutPosition = withoutPosition

// plain hides what a mover knows besides times to the nearest.
type plain struct{ mover }

// BothWays gives the times of the people's cells to the k nearest facilities,
// and the trips within a time: as the way of moving finds them for all
// facilities at once, and by a run for each facility.
func (e *Engine) BothWays(ctx context.Context, q CoverageRequest, k int, within float64) (near [2][][]float32, trips [2]*coverage.Trips, err error) {
	s, err := e.setting(ctx, &q)
	if err != nil {
		return near, trips, err
	}
	w, err := s.way(ctx, q.Profile, nil)
	if err != nil {
		return near, trips, err
	}
	service, err := s.service(q.Service)
	if err != nil {
		return near, trips, err
	}
	for i := range near {
		if i == 1 {
			w.mover = plain{w.mover}
		} else if _, ok := w.mover.(chooser); !ok {
			return near, trips, errors.New("no quicker way is known")
		}
		c, err := w.reach(ctx, service, nil, nil)
		if err != nil {
			return near, trips, err
		}
		if near[i], err = c.nearest(ctx, k); err != nil {
			return near, trips, err
		}
		if trips[i], err = c.trips(ctx, within); err != nil {
			return near, trips, err
		}
	}
	return near, trips, nil
}
