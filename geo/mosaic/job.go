package mosaic

import (
	"context"
	"slices"

	"contado/geo/expr"
	"contado/geo/fault"
	"contado/geo/grid"
)

// The bounds of what is computed in one go: cells of the target, and bytes
// of the values of all items, which Median has to hold at once.
const (
	chunkCells  = 1 << 20
	chunkSide   = 1024
	medianBytes = 32 << 20
)

// job is one Read.
type job struct {
	r       *Reader
	q       Query
	order   Selection
	refs    []string // a slot each
	outputs int
	program *expr.Program // nil: outputs are the first slots
	rank    *expr.Program // of Highest
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
	j := &job{r: r, q: q, order: q.Select, used: map[*Source]int{}, skipped: map[string]string{}}
	if err := j.bind(); err != nil {
		return nil, err
	}
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

// bind gives each band reference a slot.
func (j *job) bind() error {
	const op = "mosaic.Read"
	var err error
	if j.q.Expr == nil {
		j.refs, j.outputs = slices.Clone(j.q.Bands), len(j.q.Bands)
	} else {
		j.outputs = j.q.Expr.Outputs()
		if j.program, err = j.q.Expr.Bind(j.slot); err != nil {
			return err
		}
	}
	if len(j.refs) == 0 || len(j.refs) > 64 {
		return fault.Errorf(op, fault.Invalid, "the query names %d bands; want 1 to 64", len(j.refs))
	}
	if (j.q.Select == Highest) != (j.q.Highest != nil) {
		return fault.Errorf(op, fault.Invalid, "the selection highest and the expression that must be highest go together")
	}
	if j.q.Highest == nil {
		return nil
	}
	if n := j.q.Highest.Outputs(); n != 1 {
		return fault.Errorf(op, fault.Invalid, "highest: one expression decides, not %d", n)
	}
	if len(j.q.Highest.Bands()) == 0 {
		return fault.Errorf(op, fault.Invalid, "highest: the expression %s names no band: it is the same everywhere", j.q.Highest)
	}
	j.rank, err = j.q.Highest.Bind(j.slot)
	return err
}

func (j *job) slot(ref string) (int, error) {
	if i := slices.Index(j.refs, ref); i >= 0 {
		return i, nil
	}
	j.refs = append(j.refs, ref)
	return len(j.refs) - 1, nil
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

// over are the items beyond MaxItems that may lie on the target: they are
// left out, which must be said.
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
