package travel

import (
	"context"
	"slices"

	"golang.org/x/sync/errgroup"
)

// Catchments walks from each facility alone, several at once: do is called
// once a facility with the cells that reach it (or that it reaches, after
// o.Direction), from several goroutines at the same time and in any order; r
// holds until do returns. Sources with the same facility number are one
// facility. Set o.MaxSeconds: the cost is then that of the cells within,
// besides 8 bytes a cell for each of o.Workers (0: one a processor).
//
// The first error of do ends the work and is returned. Errors as in Compute.
func (e *Engine) Catchments(ctx context.Context, sources []Source, o Options, do func(facility int32, r *Reach) error) error {
	if err := o.checkWith(sources); err != nil {
		return err
	}
	byFacility := slices.Clone(sources)
	slices.SortStableFunc(byFacility, func(a, b Source) int { return int(a.Facility) - int(b.Facility) })
	workers := e.workersFor(&o)
	o.Workers, o.Progress = 1, nil
	g, inner := errgroup.WithContext(ctx)
	g.SetLimit(workers)
	for len(byFacility) > 0 && inner.Err() == nil {
		n := 1
		for n < len(byFacility) && byFacility[n].Facility == byFacility[0].Facility {
			n++
		}
		own := byFacility[:n]
		byFacility = byFacility[n:]
		g.Go(func() error {
			ws := e.workspace()
			r, err := e.Reach(inner, ws, own, o)
			if err != nil {
				return err
			}
			if err := do(own[0].Facility, r); err != nil {
				return err
			}
			e.spare.Put(ws)
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	return canceled(ctx)
}

// ComputeEach is Compute for several lists of sources, such as services, a few
// at a time on one goroutine each: as many as o.Workers (0: one a processor),
// each with 8 bytes a cell while it runs and 8 for its result. Results are in
// the order of the lists. Errors as in Compute.
func (e *Engine) ComputeEach(ctx context.Context, lists [][]Source, o Options) ([]*Result, error) {
	workers := e.workersFor(&o)
	one := o
	one.Progress = nil
	one.Workers = 1
	if len(lists) == 1 {
		one = o
	}
	out := make([]*Result, len(lists))
	g, inner := errgroup.WithContext(ctx)
	g.SetLimit(workers)
	for i, sources := range lists {
		g.Go(func() (err error) {
			out[i], err = e.Compute(inner, sources, one)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	return out, canceled(ctx)
}
