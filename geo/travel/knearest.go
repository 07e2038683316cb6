package travel

import (
	"context"
	"math"

	"contado/geo/fault"
)

// MaxNearest is the largest k of KNearest.
const MaxNearest = 32

// Nearest holds the k nearest facilities of every cell: entry cell·K + rank,
// by rising time, equal times by facility number. A facility that has several
// sources counts once, with its shortest time.
type Nearest struct {
	K        int
	Seconds  []float32 // +Inf where there is no such facility
	Facility []int32   // −1 there
	Unplaced []Unplaced
}

// Of gives the times and facilities of one cell, K each.
func (n *Nearest) Of(cell int) ([]float32, []int32) {
	return n.Seconds[cell*n.K:][:n.K], n.Facility[cell*n.K:][:n.K]
}

// KNearest gives the k nearest facilities of every cell in one pass, whatever
// the number of facilities; rank 0 is what Compute gives, to the bit. 8·k
// bytes a cell, which become the result. Errors as in Compute, Invalid for k
// outside 1 to MaxNearest, Unsupported for a solver other than Dijkstra's.
func (e *Engine) KNearest(ctx context.Context, sources []Source, k int, o Options) (*Nearest, error) {
	const op = "travel.KNearest"
	if k < 1 || k > MaxNearest {
		return nil, fault.Errorf(op, fault.Invalid, "travel: %d nearest facilities; want 1 to %d", k, MaxNearest)
	}
	if int64(e.size)*int64(k) > math.MaxInt32*8 {
		return nil, fault.Errorf(op, fault.TooLarge, "travel: %d nearest facilities of %d cells are too many", k, e.size)
	}
	if err := o.checkWith(sources); err != nil {
		return nil, err
	}
	if o.Solver != Dijkstra {
		return nil, fault.Errorf(op, fault.Unsupported, "travel: the nearest facilities are found by Dijkstra's algorithm alone")
	}
	workers := e.workers(o.Workers)
	t := newTiling(e.newSearch(&o), k)
	t.clear(workers)
	unplaced := t.start(sources)
	if err := t.run(ctx, workers); err != nil {
		return nil, err
	}
	return &Nearest{K: k, Seconds: t.times, Facility: t.nearest, Unplaced: unplaced}, nil
}
