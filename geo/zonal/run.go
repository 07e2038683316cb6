package zonal

import (
	"context"
	"fmt"
	"sync"

	"golang.org/x/sync/errgroup"

	"contado/geo/fault"
	"contado/geo/grid"
)

// engine runs one pass over a raster (and its weights, on the same grid).
type engine struct {
	raster  Raster
	weights Raster // nil without; already on grid
	grid    grid.Grid
	areas   []Area
	o       *Options
	need    needs
	// check is set for the pass that looks for overlapping parts.
	check bool
	// finish takes the sums of an area when the last of its blocks is in.
	finish func(area int, a *acc, m meta) error

	metas  []meta
	states []state
}

// state is what an area holds between its first and its last block.
type state struct {
	once  sync.Once
	shape *shape
	err   error
	tasks int // that need the area
	left  int // tasks to go; used by the merging side only
	sum   *acc
}

// scratch is the memory of one worker.
type scratch struct {
	values, weights []float64
	sweep           sweeper
	shape           shape // of an area that lies in one block
	parts           []acc
}

func newScratch(cells int, weights bool) *scratch {
	s := &scratch{values: make([]float64, cells)}
	if weights {
		s.weights = make([]float64, cells)
	}
	return s
}

func (e *engine) run(ctx context.Context) error {
	if err := e.measure(ctx); err != nil {
		return err
	}
	tasks, err := plan(newTiling(e.grid, e.raster, e.o.MaxCells), e.metas, e.o)
	if err != nil {
		return err
	}
	e.states = make([]state, len(e.areas))
	for _, t := range tasks {
		for _, a := range t.areas {
			e.states[a].tasks++
			e.states[a].left++
		}
	}
	done := 0
	for i := range e.states { // areas off the raster have no task
		if e.states[i].left == 0 {
			empty := newAcc(e.need)
			if err := e.close(i, &empty, &done); err != nil {
				return err
			}
		}
	}
	return e.execute(ctx, tasks, &done)
}

// measure checks every area and finds its window.
func (e *engine) measure(ctx context.Context) error {
	e.metas = make([]meta, len(e.areas))
	g, ctx := errgroup.WithContext(ctx)
	const batch = 64
	errs := make([]error, (len(e.areas)+batch-1)/batch)
	g.SetLimit(e.o.Workers)
	for b := range errs {
		g.Go(func() error {
			var sh shape
			for i := b * batch; i < min((b+1)*batch, len(e.areas)); i++ {
				if err := ctx.Err(); err != nil {
					return fault.E("zonal.Compute", fault.Canceled, err)
				}
				err := sh.load(e.grid, e.areas[i], e.label(i))
				if err == nil && e.check {
					err = sh.checkOverlap(ctx, e.label(i))
				}
				if err != nil {
					errs[b] = err // the first area in order is named, whoever finds out first
					return nil    //nolint:nilerr // it is kept in errs
				}
				e.metas[i] = sh.meta
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// execute runs the tasks on the workers and merges their sums in task order:
// each task waits for the one before it, and the limit on running tasks
// bounds how many sums wait.
func (e *engine) execute(ctx context.Context, tasks []task, done *int) error {
	g, ctx := errgroup.WithContext(ctx)
	workers := max(1, min(e.o.Workers, len(tasks)))
	g.SetLimit(workers)
	free := make(chan *scratch, workers)
	largest := 0
	for i := range tasks {
		largest = max(largest, tasks[i].win.Width*tasks[i].win.Height)
	}
	for range workers {
		free <- newScratch(largest, e.weights != nil)
	}
	before := make(chan struct{})
	close(before)
	for i := range tasks {
		if ctx.Err() != nil {
			break
		}
		prev, mine := before, make(chan struct{})
		before = mine
		g.Go(func() error {
			s := <-free
			defer func() { free <- s }()
			if err := e.process(ctx, &tasks[i], s); err != nil {
				return err
			}
			select {
			case <-prev:
			case <-ctx.Done():
				return fault.E("zonal.Compute", fault.Canceled, ctx.Err())
			}
			if err := e.merge(&tasks[i], s, done); err != nil {
				return err
			}
			close(mine)
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil && *done < len(e.areas) {
		return fault.E("zonal.Compute", fault.Canceled, err)
	}
	return nil
}

// process reads one window and sums it for its areas into s.parts.
func (e *engine) process(ctx context.Context, t *task, s *scratch) error {
	if err := ctx.Err(); err != nil {
		return fault.E("zonal.Compute", fault.Canceled, err)
	}
	n := t.win.Width * t.win.Height
	if err := e.raster.ReadFloat64(ctx, e.o.Band, t.win, s.values[:n]); err != nil {
		return wrap("zonal.Compute", fmt.Errorf("read band %d, cells %v: %w", e.o.Band, t.win, err))
	}
	if e.weights != nil {
		if err := e.weights.ReadFloat64(ctx, e.o.WeightBand, t.win, s.weights[:n]); err != nil {
			return wrap("zonal.Compute", fmt.Errorf("read the weights, band %d, cells %v: %w", e.o.WeightBand, t.win, err))
		}
	}
	if cap(s.parts) < len(t.areas) {
		s.parts = make([]acc, len(t.areas))
	}
	s.parts = s.parts[:len(t.areas)]
	for i, area := range t.areas {
		s.parts[i] = newAcc(e.need)
		if err := e.processArea(ctx, t, int(area), s, &s.parts[i]); err != nil {
			return err
		}
	}
	return nil
}

// shape is an area in cell space: kept for all tasks that share it, in the
// worker's memory when there is only one.
func (e *engine) shape(area int, s *scratch) (*shape, error) {
	st := &e.states[area]
	if st.tasks == 1 {
		return &s.shape, s.shape.load(e.grid, e.areas[area], e.label(area))
	}
	st.once.Do(func() { st.shape, st.err = newShape(e.grid, e.areas[area], e.label(area)) })
	return st.shape, st.err
}

func (e *engine) processArea(ctx context.Context, t *task, area int, s *scratch, a *acc) error {
	name := e.label(area)
	sh, err := e.shape(area, s)
	if err != nil {
		return err
	}
	win := t.win.Intersect(sh.win)
	if win.Empty() {
		return nil
	}
	if e.need.table {
		a.table = newTable(e.o.MaxDistinct)
	}
	if err := s.sweep.collect(ctx, sh, win); err != nil {
		return fault.E("zonal.Compute", fault.Canceled, err)
	}
	for r := 0; r < win.Height; r++ {
		spans, err := s.sweep.spans(r)
		if err != nil {
			return invalidCover(name, err)
		}
		if len(spans) == 0 {
			continue
		}
		var m2 float64
		if e.need.area {
			m2 = e.o.CellArea(win.Row + r)
		}
		base := (win.Row+r-t.win.Row)*t.win.Width - t.win.Col
		for i := range spans {
			sp := &spans[i]
			at := base + sp.Col
			switch {
			case sp.Fraction == 1 && e.weights != nil:
				a.run(s.values[at:at+sp.Width], s.weights[at:at+sp.Width], m2)
			case sp.Fraction == 1:
				a.run(s.values[at:at+sp.Width], nil, m2)
			default:
				for k := at; k < at+sp.Width; k++ {
					w := 0.0
					if e.weights != nil {
						w = s.weights[k]
					}
					a.cell(s.values[k], sp.Fraction, w, m2)
				}
			}
		}
	}
	return nil
}

// merge adds the sums of a task to their areas; called in task order, never
// concurrently.
func (e *engine) merge(t *task, s *scratch, done *int) error {
	for i, area := range t.areas {
		st := &e.states[area]
		part := &s.parts[i]
		switch {
		case st.tasks == 1:
			st.sum = part
		case st.sum == nil:
			st.sum = new(acc)
			*st.sum = *part
		default:
			st.sum.merge(part)
		}
		if st.left--; st.left > 0 {
			*part = acc{}
			continue
		}
		if err := e.close(int(area), st.sum, done); err != nil {
			return err
		}
		*part = acc{}
		st.sum, st.shape = nil, nil // give the memory back early
	}
	return nil
}

func (e *engine) label(area int) label { return label{e.areas[area].ID, area} }

func (e *engine) close(area int, a *acc, done *int) error {
	if err := e.finish(area, a, e.metas[area]); err != nil {
		return err
	}
	*done++
	if e.o.Progress != nil {
		e.o.Progress(*done, len(e.areas))
	}
	return nil
}
