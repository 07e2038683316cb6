package travel

import (
	"context"
	"math"
	"runtime"

	"contado/geo/fault"
)

// MaxWorkers is the largest Options.Workers.
const MaxWorkers = 64

// Source is a facility in a cell. Several may share a cell or a facility
// number.
type Source struct {
	Col, Row int
	Facility int32   // ≥ 0; comes back in Nearest
	Offset   float32 // seconds to add, for example from the road to the door; ≥ 0
}

// Reason says why a source could not be placed.
type Reason string

// The reasons.
const (
	Outside Reason = "outside" // not on the surface
	Barrier Reason = "barrier" // in a cell that cannot be walked: see NearestPassable
	TooLate Reason = "offset"  // its offset is over MaxSeconds
)

// Unplaced is a source that took no part.
type Unplaced struct {
	Source int // index into the sources given
	Reason Reason
}

// Result gives a value for every cell of the surface.
type Result struct {
	Seconds []float32 // +Inf where no facility can be reached
	// Nearest is the facility of the shortest time, the lowest number among
	// equals; −1 where Seconds is +Inf.
	Nearest  []int32
	Settled  int64 // cells reached
	Unplaced []Unplaced
}

// Reach is the outcome of a search as a list of the cells reached, in rising
// order of time up to the shortest move. The slices belong to the
// Workspace and hold until its next use.
type Reach struct {
	Cells    []int32
	Seconds  []float32
	Nearest  []int32
	Unplaced []Unplaced
}

// Workspace is the memory of a search, for reuse: a bounded search then costs
// what its own cells cost. One goroutine at a time.
type Workspace struct {
	labels   []uint64
	queue    queue
	visited  []int32
	seconds  []float32
	nearest  []int32
	unplaced []Unplaced
	heap     []uint64 // of fast marching
	known    []uint64
	exact    []uint64
}

// NewWorkspace makes a workspace; it fits itself to the engine it is used
// with (8 bytes a cell).
func NewWorkspace() *Workspace { return new(Workspace) }

// Compute prepares the surface and computes once. With several searches over
// one surface use Prepare and the Engine's methods.
func Compute(ctx context.Context, s *Surface, sources []Source, o Options) (*Result, error) {
	e, err := Prepare(s)
	if err != nil {
		return nil, err
	}
	return e.Compute(ctx, sources, o)
}

// Compute gives the time of every cell. Cost: little more than one pass over
// the surface, whatever the number of sources; 8 bytes a cell besides the
// engine's, which become the result, and half a megabyte a worker.
// Sources that cannot be placed are listed in the result, not moved. Errors:
// Invalid for options or sources that make no sense, Canceled with ctx.
func (e *Engine) Compute(ctx context.Context, sources []Source, o Options) (*Result, error) {
	if o.Solver == FastMarching {
		return e.marched(ctx, sources, &o)
	}
	if err := o.checkWith(sources); err != nil {
		return nil, err
	}
	workers := e.workers(o.Workers)
	t := newTiling(e.newSearch(&o), 1)
	t.clear(workers)
	unplaced := t.start(sources)
	if err := t.run(ctx, workers); err != nil {
		return nil, err
	}
	return &Result{Seconds: t.times, Nearest: t.nearest, Settled: t.settled, Unplaced: unplaced}, nil
}

// marched is Compute by fast marching.
func (e *Engine) marched(ctx context.Context, sources []Source, o *Options) (*Result, error) {
	ws := e.workspace()
	s, err := e.begin(ws, sources, o)
	if err != nil {
		return nil, err
	}
	if err := s.march(ctx, ws, sources); err != nil {
		return nil, err // ws is dropped as it is
	}
	r := &Result{Unplaced: append([]Unplaced(nil), ws.unplaced...)}
	e.unpack(ws, r)
	e.spare.Put(ws)
	return r, nil
}

// Reach gives the cells reached. Its cost is that of those cells alone once
// the workspace has been used with this engine; set MaxSeconds. Errors as in
// Compute.
func (e *Engine) Reach(ctx context.Context, ws *Workspace, sources []Source, o Options) (*Reach, error) {
	s, err := e.begin(ws, sources, &o)
	if err != nil {
		return nil, err
	}
	ws.visited = ws.visited[:0]
	s.visited = &ws.visited
	if o.Solver == FastMarching {
		err = s.march(ctx, ws, sources)
	} else {
		err = s.run(ctx)
	}
	if err != nil {
		ws.labels = nil // undefined now
		ws.queue = queue{}
		return nil, err
	}
	ws.seconds, ws.nearest = ws.seconds[:0], ws.nearest[:0]
	cells := ws.visited[:0]
	for _, u := range ws.visited {
		label := ws.labels[u]
		if label == unreached {
			continue // listed twice: see search
		}
		ws.labels[u] = unreached
		cells = append(cells, e.cell(u))
		ws.seconds = append(ws.seconds, timeOf(label))
		ws.nearest = append(ws.nearest, facilityOf(label))
	}
	return &Reach{Cells: cells, Seconds: ws.seconds, Nearest: ws.nearest, Unplaced: ws.unplaced}, nil
}

// workspace is a spare one, or new.
func (e *Engine) workspace() *Workspace {
	if ws, ok := e.spare.Get().(*Workspace); ok {
		return ws
	}
	return NewWorkspace()
}

// workersFor is the number of searches to run at once.
func (e *Engine) workersFor(o *Options) int {
	if o.Workers > 0 {
		return o.Workers
	}
	return min(runtime.GOMAXPROCS(0), 8)
}

// canceled is the error of a context that is done.
func canceled(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return fault.E("travel.Compute", fault.Canceled, err)
	}
	return nil
}

// workers is the number of goroutines to use when so many are wanted (0: as
// is fit).
func (e *Engine) workers(wanted int) int {
	if wanted > 0 {
		return wanted
	}
	const most, cellsEach = 8, 1 << 16
	return max(1, min(runtime.GOMAXPROCS(0), most, e.size/cellsEach))
}

// fit makes room for a search over n packed cells, with no cell reached.
func (ws *Workspace) fit(n, workers int) {
	if len(ws.labels) == n {
		return
	}
	ws.labels = make([]uint64, roomFor(n))[:n]
	adviseHuge(ws.labels)
	bands(workers, n, func(_, from, to int) {
		for i := range ws.labels[from:to] {
			ws.labels[from+i] = unreached
		}
	})
}

// bucketShare is the width of a bucket over the shortest move; below 1 by a
// margin for rounding (see search).
const bucketShare = 0.9

// begin checks the request and puts the sources into the queue.
func (e *Engine) begin(ws *Workspace, sources []Source, o *Options) (*search, error) {
	if err := o.checkWith(sources); err != nil {
		return nil, err
	}
	ws.fit(e.size, e.workers(o.Workers))
	s := e.newSearch(o)
	s.labels, s.q = ws.labels, &ws.queue
	s.q.start(e.bucketWidth(s.fastest))
	ws.unplaced = ws.unplaced[:0]
	for i := range sources {
		if why := s.place(&sources[i]); why != "" {
			ws.unplaced = append(ws.unplaced, Unplaced{Source: i, Reason: why})
		}
	}
	return s, nil
}

// bucketWidth is in seconds, for moves of at least that slope factor.
func (e *Engine) bucketWidth(fastest float32) float64 {
	if math.IsInf(float64(e.minPace), 1) {
		return 1 // nothing is passable
	}
	return float64(fastest) * float64(e.minPace) * float64(e.minLength) * bucketShare
}

// newSearch translates options; arrays and queue are still to be set.
func (e *Engine) newSearch(o *Options) *search {
	s := &search{
		e: e, allowed: 1<<nearMoves - 1, relief: e.relief && (o.Slope != Level || o.MaxSlope > 0),
		sign: 1, fastest: 1 - 1e-6, limit: Horizon, progress: o.Progress,
	}
	switch o.Neighbours {
	case 8:
		s.allowed = 1<<firstKnight - 1
	case 32:
		s.allowed = 1<<32 - 1
	}
	if s.relief {
		s.tilted = e.level == nil && o.Slope == Tobler
		s.slope, s.steepest = o.Slope, float32(math.Inf(1))
		s.fastest = o.Slope.fastestFactor()
		s.table = slopeTables[o.Slope]()
	}
	if o.MaxSlope > 0 {
		s.steepest = float32(o.MaxSlope) * (1 + 4e-6) // slopes are rounded
	}
	if o.Direction == ToFacility {
		s.sign = -1
	}
	if o.MaxSeconds > 0 {
		s.limit = min(o.MaxSeconds, Horizon)
	}
	return s
}

// place starts the search at a source, or says why not.
func (s *search) place(src *Source) Reason {
	why := s.refuses(src)
	if why == "" {
		s.offer(s.e.at(src.Col, src.Row), max(src.Offset, 0), src.Facility) // no −0
	}
	return why
}

// refuses says why a source cannot be placed; "" when it can.
func (s *search) refuses(src *Source) Reason {
	e := s.e
	switch {
	case src.Col < 0 || src.Row < 0 || src.Col >= e.width || src.Row >= e.height:
		return Outside
	case math.IsInf(float64(e.pace(e.at(src.Col, src.Row))), 1):
		return Barrier
	case src.Offset > s.limit:
		return TooLate
	}
	return ""
}
