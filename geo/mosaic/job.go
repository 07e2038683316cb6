package mosaic

import (
	"context"
	"slices"
	"sync"

	"contado/geo/expr"
	"contado/geo/fault"
	"contado/geo/grid"
)

// The bounds of what is computed in one go: cells of the target, and bytes
// of the values of all items, which Median has to hold at once.
const (
	chunkCells  = 1 << 20
	chunkSide   = 1024
	medianBytes = 16 << 20
	maxRefs     = 64
)

// job is one Read.
type job struct {
	r     *Reader
	q     Query
	order Selection
	*bound
	items   []*Source
	res     *Result
	used    map[*Source]int
	skipped map[string]string
	skips   []string // items in the order they were left out
}

// newJob checks the query and compiles it.
func (r *Reader) newJob(q Query, g grid.Grid) (*job, error) {
	const op = "mosaic.Read"
	if q.Select == "" {
		q.Select = Newest
	}
	if !slices.Contains(Selections, q.Select) {
		return nil, fault.Errorf(op, fault.Invalid, "there is no selection %q; there are %v", q.Select, Selections)
	}
	if q.Resampling != "" && !q.Resampling.Valid() {
		return nil, fault.Errorf(op, fault.Invalid, "there is no resampling %q; there are nearest, bilinear, cubic, average and mode", q.Resampling)
	}
	if q.MaxItems <= 0 {
		q.MaxItems = DefaultMaxItems
	}
	if (q.Select == Highest) != (q.Highest != nil) {
		return nil, fault.Errorf(op, fault.Invalid, "the selection highest and the expression that must be highest go together")
	}
	b, err := r.bind(&q)
	if err != nil {
		return nil, err
	}
	j := &job{r: r, q: q, order: q.Select, bound: b, used: map[*Source]int{}, skipped: map[string]string{}}
	if err := r.checkGrid(g, j.outputs); err != nil {
		return nil, err
	}
	j.res = &Result{Grid: g, Mask: r.buffers.byte(g.Width * g.Height)}
	fill(j.res.Mask, 0)
	for range j.outputs {
		b := r.buffers.float(g.Width * g.Height)
		clear(b)
		j.res.Bands = append(j.res.Bands, b)
	}
	return j, nil
}

// bound is a query's expressions with a slot for each band reference.
type bound struct {
	refs    []string
	outputs int
	program *expr.Program // nil: outputs are the first slots
	rank    *expr.Program // of Highest
}

// bindings remembers what expressions compile to, by the expressions
// themselves: they are asked for again with every tile.
type bindings struct {
	mu sync.Mutex
	by map[[2]*expr.Expr]*bound
}

// bind gives each band reference a slot.
func (r *Reader) bind(q *Query) (*bound, error) {
	const op = "mosaic.Read"
	key := [2]*expr.Expr{q.Expr, q.Highest}
	if q.Expr != nil {
		r.bindings.mu.Lock()
		b := r.bindings.by[key]
		r.bindings.mu.Unlock()
		if b != nil {
			return b, nil
		}
	}
	b := &bound{}
	var err error
	if q.Expr == nil {
		b.refs, b.outputs = slices.Clone(q.Bands), len(q.Bands)
	} else {
		b.outputs = q.Expr.Outputs()
		if b.program, err = q.Expr.Bind(b.slot); err != nil {
			return nil, err
		}
	}
	if q.Highest != nil {
		if n := q.Highest.Outputs(); n != 1 || len(q.Highest.Bands()) == 0 {
			return nil, fault.Errorf(op, fault.Invalid, "highest: want one expression that names a band, not %s", q.Highest)
		}
		if b.rank, err = q.Highest.Bind(b.slot); err != nil {
			return nil, err
		}
	}
	if len(b.refs) == 0 || len(b.refs) > maxRefs {
		return nil, fault.Errorf(op, fault.Invalid, "the query names %d bands; want 1 to %d", len(b.refs), maxRefs)
	}
	if q.Expr != nil {
		r.bindings.mu.Lock()
		defer r.bindings.mu.Unlock()
		if r.bindings.by == nil || len(r.bindings.by) >= 256 {
			r.bindings.by = map[[2]*expr.Expr]*bound{}
		}
		r.bindings.by[key] = b
	}
	return b, nil
}

func (b *bound) slot(ref string) (int, error) {
	if i := slices.Index(b.refs, ref); i >= 0 {
		return i, nil
	}
	b.refs = append(b.refs, ref)
	return len(b.refs) - 1, nil
}

// run computes the target part by part, so that memory is bounded whatever
// its size.
func (j *job) run(ctx context.Context) error {
	g := j.res.Grid
	w, h := j.chunk()
	for row := 0; row < g.Height; row += h {
		for col := 0; col < g.Width; col += w {
			win := grid.Window{Col: col, Row: row, Width: min(w, g.Width-col), Height: min(h, g.Height-row)}
			t, err := j.r.newTarget(g.Sub(win))
			if err != nil {
				return err
			}
			if err := j.part(ctx, t, canvas{j.res, win}); err != nil {
				return err
			}
		}
	}
	j.finish()
	return nil
}

// chunk is the size of the parts.
func (j *job) chunk() (w, h int) {
	w, h = j.res.Grid.Width, j.res.Grid.Height
	if w*h > chunkCells {
		w, h = min(w, chunkSide), min(h, chunkSide)
	}
	if j.q.Select == Median {
		per := min(len(j.items), j.q.MaxItems) * (4*j.outputs + 1)
		if most := medianBytes / max(per, 1); w*h > most {
			h = max(most/w, 1)
		}
	}
	return w, h
}

// part computes one part of the target.
func (j *job) part(ctx context.Context, t *target, c canvas) error {
	var err error
	switch j.q.Select {
	case Newest, Oldest, LeastCloudy:
		err = j.stack(ctx, t, c)
	default:
		err = j.combine(ctx, t, c, j.combiner(c))
	}
	return err
}

// leaveOut says of items beyond MaxItems that may lie on the target that they
// are left out.
func (j *job) leaveOut(t *target, items []*Source) error {
	for _, it := range items {
		p, err := j.r.patches(t, &it.Item)
		if err != nil {
			return err
		}
		if len(p) > 0 {
			j.skip(it, "more items than are looked into")
		}
	}
	return nil
}

func (j *job) within() (looked, over []*Source) {
	n := min(len(j.items), j.q.MaxItems)
	return j.items[:n], j.items[n:]
}

func (j *job) skip(src *Source, reason string) {
	if _, ok := j.skipped[src.Item.ID]; !ok {
		j.skips = append(j.skips, src.Item.ID)
		j.skipped[src.Item.ID] = reason
	}
}

func (j *job) finish() {
	for _, src := range j.items {
		if n := j.used[src]; n > 0 {
			j.res.Used = append(j.res.Used, Use{Item: src.Item.ID, Datetime: src.Item.Datetime, Pixels: n})
		}
	}
	for _, id := range j.skips {
		j.res.Skipped = append(j.res.Skipped, Skip{Item: id, Reason: j.skipped[id]})
	}
	j.res.Complete = len(j.skips) == 0
	for _, m := range j.res.Mask {
		j.res.Valid += int(m & 1)
	}
}

// canvas is a window of the result.
type canvas struct {
	res *Result
	win grid.Window
}

// at is the index of a cell of the window in the result.
func (c canvas) at(col, row int) int {
	return (c.win.Row+row)*c.res.Grid.Width + c.win.Col + col
}

// cells is the number of cells of the window.
func (c canvas) cells() int { return c.win.Width * c.win.Height }
