package zonal

import (
	"context"
	"math"
	"math/bits"
	"slices"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"contado/geo/fault"
	"contado/geo/grid"
)

// NewWeights finds the covered cells of areas (in the CRS of the grid) once,
// for many rasters on that grid. It refuses what Compute refuses, and
// TooLarge what would not fit into MaxBytes.
func NewWeights(ctx context.Context, g grid.Grid, areas []Area, o *WeightOptions) (*Weights, error) {
	const op = "zonal.NewWeights"
	opts, err := o.check()
	if err != nil {
		return nil, err
	}
	if err := checkGrid(g); err != nil {
		return nil, wrap(op, err)
	}
	w := &Weights{g: g, side: opts.Side, shift: uint(bits.TrailingZeros(uint(opts.Side))), areas: make([]weightArea, len(areas))}
	made, err := w.cover(ctx, areas, &opts)
	if err != nil {
		return nil, wrap(op, err)
	}
	return w, wrap(op, w.assemble(made, opts.Exact))
}

// cover makes the pieces of all areas, batch by batch in their order.
func (w *Weights) cover(ctx context.Context, areas []Area, o *WeightOptions) ([]pieces, error) {
	const batch = 256
	made := make([]pieces, (len(areas)+batch-1)/batch)
	errs := make([]error, len(made))
	var size atomic.Int64
	eg, gctx := errgroup.WithContext(ctx)
	eg.SetLimit(o.Workers)
	for b := range made {
		if gctx.Err() != nil {
			break
		}
		eg.Go(func() error {
			m := builder{w: w, exact: o.Exact, out: &made[b]}
			for i := b * batch; i < min((b+1)*batch, len(areas)); i++ {
				before := m.out.bytes()
				if err := m.add(gctx, i, areas[i]); err != nil {
					errs[b] = err // the first area in order is named, whoever finds out first
					return gctx.Err()
				}
				if size.Add(m.out.bytes()-before) > o.MaxBytes {
					return fault.WithHint(fault.Errorf("zonal.NewWeights", fault.TooLarge,
						"the covered cells of %d areas need more than %d MB", len(areas), o.MaxBytes>>20), "use fewer areas at once")
				}
			}
			return nil
		})
	}
	err := eg.Wait()
	if ctx.Err() != nil {
		return nil, fault.E("zonal.NewWeights", fault.Canceled, ctx.Err())
	}
	if err != nil {
		return nil, err
	}
	for _, e := range errs {
		if e != nil {
			return nil, e
		}
	}
	return made, nil
}

// pieces are the parts and filled squares of a batch of areas.
type pieces struct {
	parts []part32
	pos   []uint16
	frac  []float64
	runs  []run
	fulls []full
}

func (p *pieces) bytes() int64 {
	return int64(len(p.parts))*32 + int64(len(p.pos))*10 + int64(len(p.runs))*4 + int64(len(p.fulls))*16
}

// builder makes pieces; its memory serves for all areas of a batch.
type builder struct {
	w     *Weights
	exact bool
	out   *pieces
	sh    shape
	sweep sweeper
	// One row of squares: its spans, and what falls into each of its squares.
	spans  []Span
	filled []int32 // rows of the square that are covered from side to side
	square []square
}

type square struct {
	pos  []uint16
	frac []float64
	runs []run
}

func (b *builder) add(ctx context.Context, i int, a Area) error {
	name := label{a.ID, i}
	if err := b.sh.load(b.w.g, a, name); err != nil {
		return err
	}
	if err := b.sh.checkOverlap(ctx, name); err != nil {
		return err
	}
	m := &b.sh.meta
	b.w.areas[i] = weightArea{id: a.ID, area: m.area, within: m.within, cells: m.win.Cells()}
	side := b.w.side
	for row := m.win.Row >> b.w.shift; row<<b.w.shift < m.win.Row+m.win.Height; row++ {
		strip := m.win.Intersect(grid.Window{Row: row << b.w.shift, Height: side, Width: b.w.g.Width})
		if err := b.sweep.collect(ctx, &b.sh, strip); err != nil {
			return fault.E("zonal.NewWeights", fault.Canceled, err)
		}
		b.spans = b.spans[:0]
		for r := range strip.Height {
			s, err := b.sweep.spans(r)
			if err != nil {
				return invalidCover(name, err)
			}
			b.spans = append(b.spans, s...)
		}
		b.strip(int32(i), int32(row), strip)
	}
	return nil
}

// strip spreads the spans over the squares of a row.
func (b *builder) strip(area, row int32, win grid.Window) {
	first := win.Col >> b.w.shift
	n := (win.Col+win.Width-1)>>b.w.shift - first + 1
	b.filled = slices.Grow(b.filled[:0], n)[:n]
	clear(b.filled)
	for len(b.square) < n {
		b.square = append(b.square, square{})
	}
	for i := range b.spans {
		if s := &b.spans[i]; s.Fraction == 1 {
			from, to := b.whole(s)
			for c := from; c < to; c++ {
				b.filled[c-first]++
			}
		}
	}
	tall := int32(min(b.w.side, b.w.g.Height-int(row)<<b.w.shift))
	for i := range b.spans {
		b.spread(&b.spans[i], first, tall)
	}
	for c := 0; c < n; c++ {
		col := int32(first + c)
		if b.filled[c] == tall {
			if k := len(b.out.fulls); c > 0 && b.filled[c-1] == tall {
				b.out.fulls[k-1].n++
			} else {
				b.out.fulls = append(b.out.fulls, full{row: row, col: col, n: 1, area: area})
			}
			continue
		}
		if q := &b.square[c]; len(q.pos)+len(q.runs) > 0 {
			b.part(q, part32{row: row, col: col, area: area})
		}
	}
}

// whole is the range of squares that a span crosses from side to side.
func (b *builder) whole(s *Span) (from, to int) {
	from, to = (s.Col+b.w.side-1)>>b.w.shift, (s.Col+s.Width)>>b.w.shift
	if s.Col+s.Width == b.w.g.Width {
		to = (s.Col + s.Width + b.w.side - 1) >> b.w.shift // the last square may be narrow
	}
	return from, to
}

// spread adds a span to the squares that it crosses and that are not filled.
func (b *builder) spread(s *Span, first int, tall int32) {
	mask := b.w.side - 1
	at := uint16(s.Row & mask << b.w.shift)
	for col, end := s.Col, s.Col+s.Width; col < end; {
		c := col >> b.w.shift
		next := min((c+1)<<b.w.shift, end)
		if b.filled[c-first] != tall {
			q := &b.square[c-first]
			if s.Fraction == 1 {
				q.runs = append(q.runs, run{at | uint16(col&mask), uint8(next - col - 1)})
			} else {
				for ; col < next; col++ {
					q.pos = append(q.pos, at|uint16(col&mask))
					q.frac = append(q.frac, s.Fraction)
				}
			}
		}
		col = next
	}
}

// part moves the contents of a square to the pieces.
func (b *builder) part(q *square, p part32) {
	p.edges, p.runs = uint32(len(b.out.pos)), uint32(len(b.out.runs))
	var total ksum
	for i, f := range q.frac {
		if !b.exact {
			f = float64(float32(f))
			q.frac[i] = f
		}
		total.add(f)
	}
	for _, r := range q.runs {
		total.add(float64(r.n) + 1)
	}
	p.total = total.value()
	b.out.parts = append(b.out.parts, p)
	b.out.pos = append(b.out.pos, q.pos...)
	b.out.frac = append(b.out.frac, q.frac...)
	b.out.runs = append(b.out.runs, q.runs...)
	q.pos, q.frac, q.runs = q.pos[:0], q.frac[:0], q.runs[:0]
}

// assemble puts the pieces in the order in which rasters are read.
func (w *Weights) assemble(made []pieces, exact bool) error {
	type place struct {
		part32
		from              *pieces
		edgesEnd, runsEnd int
	}
	var places []place
	var edges, runs, fulls int
	for i := range made {
		m := &made[i]
		edges, runs, fulls = edges+len(m.pos), runs+len(m.runs), fulls+len(m.fulls)
		for k := range m.parts {
			p := place{part32: m.parts[k], from: m, edgesEnd: len(m.pos), runsEnd: len(m.runs)}
			if k+1 < len(m.parts) {
				p.edgesEnd, p.runsEnd = int(m.parts[k+1].edges), int(m.parts[k+1].runs)
			}
			places = append(places, p)
			w.areas[p.area].pieces++
		}
	}
	if edges > maxEntries || runs > maxEntries || len(places) > math.MaxInt32 {
		return fault.Errorf("zonal.NewWeights", fault.TooLarge, "%d boundary cells and %d runs are too many at once", edges, runs)
	}
	slices.SortFunc(places, func(a, b place) int {
		return cmp3(a.row, b.row, a.col, b.col, a.area, b.area)
	})
	w.parts, w.pos, w.runs = make([]part32, len(places)), make([]uint16, 0, edges), make([]run, 0, runs)
	if exact {
		w.f64 = make([]float64, 0, edges)
	} else {
		w.f32 = make([]float32, 0, edges)
	}
	for i := range places {
		p := &places[i]
		e0, r0 := p.edges, p.runs
		p.edges, p.runs = uint32(len(w.pos)), uint32(len(w.runs))
		w.parts[i] = p.part32
		w.pos = append(w.pos, p.from.pos[e0:p.edgesEnd]...)
		w.runs = append(w.runs, p.from.runs[r0:p.runsEnd]...)
		for _, f := range p.from.frac[e0:p.edgesEnd] {
			if exact {
				w.f64 = append(w.f64, f)
			} else {
				w.f32 = append(w.f32, float32(f))
			}
		}
	}
	w.fulls = make([]full, 0, fulls)
	for i := range made {
		w.fulls = append(w.fulls, made[i].fulls...)
		for _, f := range made[i].fulls {
			w.areas[f.area].pieces += f.n
		}
	}
	slices.SortFunc(w.fulls, func(a, b full) int { return cmp3(a.row, b.row, a.col, b.col, a.area, b.area) })
	return nil
}

func cmp3(a0, b0, a1, b1, a2, b2 int32) int {
	switch {
	case a0 != b0:
		return int(a0) - int(b0)
	case a1 != b1:
		return int(a1) - int(b1)
	}
	return int(a2) - int(b2)
}
