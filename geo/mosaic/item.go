package mosaic

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"

	"contado/geo"
	"contado/geo/expr"
	"contado/geo/fault"
	"contado/geo/grid"
	"contado/geo/store/catalog"
)

// piece is what an item gives for a rectangle of the target.
type piece struct {
	r     rect
	outs  [][]float32 // row by row within the rectangle
	rank  []float32   // of Highest, else nil
	valid []uint8
	owned [][]float32 // buffers to give back
}

// given is what came of looking at an item.
type given struct {
	pieces []piece
	skip   string // why it was left out; "" = it was not
	reads  int
	direct bool
}

func (r *Reader) drop(g *given) {
	for i := range g.pieces {
		for _, b := range g.pieces[i].owned {
			r.buffers.putFloats(b)
		}
		r.buffers.putBytes(g.pieces[i].valid)
	}
	g.pieces = nil
}

// evaluate computes the query on one item over a target, where want (row by
// row over the target; nil means everywhere) is not 0.
func (j *job) evaluate(ctx context.Context, t *target, src *Source, want []uint8, area rect) (given, error) {
	var g given
	patches, err := j.r.patches(t, &src.Item)
	if err != nil {
		return g, fmt.Errorf("item %s: %w", src.Item.ID, err)
	}
	var l *layout
	for _, p := range patches {
		if p.r = p.r.meet(area); p.r.empty() {
			continue
		}
		if l == nil {
			if l, g.skip, err = j.layoutOf(&src.Item); err != nil || g.skip != "" {
				return g, err
			}
		}
		err := j.evaluatePatch(ctx, t, src, l, p, want, &g)
		if err == nil {
			continue
		}
		j.r.drop(&g)
		if reason, away := unreachable(err); away {
			return given{skip: reason, reads: g.reads}, nil
		}
		return g, fmt.Errorf("item %s: %w", src.Item.ID, err)
	}
	return g, nil
}

// away marks an error as of a file that is not here.
type away struct{ err error }

func (e *away) Error() string { return e.err.Error() }
func (e *away) Unwrap() error { return e.err }

// layoutOf finds the bands of an item, and the mask's.
func (j *job) layoutOf(it *catalog.Item) (*layout, string, error) {
	if inv, ok := it.Grid.Transform.Invert(); !ok || !finite(inv[0]+inv[3]) {
		return nil, "", fault.Errorf("mosaic.Read", fault.Invalid, "item %s has no usable georeference", it.ID)
	}
	band := 0
	var mask *expr.Mask
	if j.q.Mask != "" {
		var err error
		if mask, err = expr.ParseMask(j.q.Mask, it.Bands); err != nil {
			return nil, fmt.Sprintf("its bands have no such mask: %v", err), nil
		}
		band = mask.Band()
	}
	l := newLayout(it, j.refs, band, j.q.Resampling)
	l.mask = mask
	return &l, l.missing, nil
}

func (j *job) evaluatePatch(ctx context.Context, t *target, src *Source, l *layout, p patch, want []uint8, g *given) error {
	n := p.r.w * p.r.h
	buf := &j.r.buffers
	valid := buf.byte(n)
	if want == nil {
		fill(valid, 255)
	} else {
		for y := range p.r.h {
			at := (p.r.y+y)*t.g.Width + p.r.x
			copy(valid[y*p.r.w:(y+1)*p.r.w], want[at:at+p.r.w])
		}
	}
	pc := piece{r: p.r, valid: valid}
	defer func() { // what has not become part of g goes back
		if pc.valid != nil {
			j.r.drop(&given{pieces: []piece{pc}})
		}
	}()
	slots := make([][]float32, len(j.refs)+1) // the last is the mask's
	for i := range l.units {
		u := &l.units[i]
		if err := j.readUnit(ctx, t, src, u, p, slots, &pc, g); err != nil {
			return err
		}
		if u.masking && slots[len(j.refs)] != nil {
			l.mask.Apply(slots[len(j.refs)], valid)
		}
		if bytes.IndexByte(valid, 255) < 0 {
			return nil // nothing to see
		}
	}
	j.compute(&pc, slots[:len(j.refs)])
	g.pieces = append(g.pieces, pc)
	pc = piece{}
	return nil
}

// compute runs the expressions over a piece.
func (j *job) compute(pc *piece, slots [][]float32) {
	n := len(pc.valid)
	alloc := func(k int) [][]float32 {
		out := make([][]float32, k)
		for i := range out {
			out[i] = j.r.buffers.float(n)
			pc.owned = append(pc.owned, out[i])
		}
		return out
	}
	if j.program == nil {
		pc.outs = slots[:j.outputs]
	} else {
		pc.outs = alloc(j.outputs)
		j.program.Run(pc.outs, pc.valid, slots)
	}
	if j.rank != nil {
		rank := alloc(1)
		j.rank.Run(rank, pc.valid, slots)
		pc.rank = rank[0]
	}
}

// readUnit brings the cells of one unit to the rectangle of a patch, into
// buffers that it makes, and clears valid where there are none.
func (j *job) readUnit(ctx context.Context, t *target, src *Source, u *unit, p patch, slots [][]float32, pc *piece, g *given) error {
	inv, ok := u.asset.Grid.Transform.Invert()
	if !ok {
		return fault.Errorf("mosaic.Read", fault.Invalid, "file %q has no usable georeference", u.asset.Key)
	}
	m, scale, err := j.r.meshFor(t, u.asset.Grid, inv, p)
	if err != nil {
		return err
	}
	// Where the item lies in its full cells.
	full := window{byX: 1, byY: 1}
	reach := m.newLocator(full.placing(inv, p.turn)).reach(p.r)
	if !meets(reach, u.asset.Grid) {
		fill(pc.valid, 0)
		return nil
	}
	if j.r.isEmpty(ctx, src, u, around(reach, scale, u.asset.Grid)) {
		fill(pc.valid, 0)
		return nil
	}
	path, err := src.Path(u.asset)
	if err != nil {
		return awayIfRemote(u, err)
	}
	err = j.r.open(ctx, path, func(rd Raster) error {
		levels := rd.Levels(u.numbers[0])
		if len(levels) == 0 {
			return fault.Errorf("mosaic.Read", fault.Invalid, "%s has no band %d", path, u.numbers[0])
		}
		w, ok := newWindow(levels, reach, scale, u.kernel)
		if !ok {
			fill(pc.valid, 0)
			return nil
		}
		b, err := j.r.readBlock(rd, u, &w)
		if err != nil {
			return err
		}
		defer j.r.freeBlock(b)
		g.reads++
		rows := j.r.buffers.row()
		defer j.r.buffers.putRow(rows)
		s := sampler{
			rows: rows, b: b, l: m.newLocator(w.placing(inv, p.turn)), r: p.r, valid: pc.valid, kernel: u.kernel,
			loU: -w.atX * w.byX, hiU: (float64(levels[0].Width) - w.atX) * w.byX,
			loV: -w.atY * w.byY, hiV: (float64(levels[0].Height) - w.atY) * w.byY,
		}
		for range u.numbers {
			out := j.r.buffers.float(len(pc.valid))
			pc.owned = append(pc.owned, out)
			s.outs = append(s.outs, out)
		}
		for i, slot := range u.slots {
			slots[slot] = s.outs[u.from[i]]
		}
		g.direct = s.run()
		return nil
	})
	return awayIfRemote(u, err)
}

// meets reports whether a box of positions touches the cells of a grid.
func meets(b geo.BBox, g grid.Grid) bool {
	return !b.IsEmpty() && b.MaxX > 0 && b.MaxY > 0 && b.MinX < float64(g.Width) && b.MinY < float64(g.Height)
}

// around is the window of the cells that may decide whether a position in a
// box has a value: those within a cell of an overview of it.
func around(b geo.BBox, scale float64, g grid.Grid) grid.Window {
	m := 2 + 2*math.Min(math.Max(scale, 0), float64(g.Width+g.Height))
	x0, y0 := int(math.Max(b.MinX-m, 0)), int(math.Max(b.MinY-m, 0))
	x1, y1 := int(math.Min(b.MaxX+m, float64(g.Width))), int(math.Min(b.MaxY+m, float64(g.Height)))
	return grid.Window{Col: x0, Row: y0, Width: x1 - x0, Height: y1 - y0}
}

func awayIfRemote(u *unit, err error) error {
	if err == nil || u.asset.Href == "" || u.asset.File != "" {
		return err
	}
	switch fault.KindOf(err) {
	case fault.Unavailable, fault.NotExist:
		return &away{err}
	}
	return err
}

// block is a window of a file in memory.
type block struct {
	w, h     int
	bands    [][]float32
	mask     []uint8
	allValid bool
}

func (r *Reader) readBlock(rd Raster, u *unit, w *window) (*block, error) {
	n := w.outW * w.outH
	b := &block{w: w.outW, h: w.outH, mask: r.buffers.byte(n)}
	fill(b.mask, 255)
	for range u.numbers {
		b.bands = append(b.bands, r.buffers.float(n))
	}
	if err := rd.ReadLevel(b.bands, b.mask, u.numbers, w.level, w.w, w.outW, w.outH, decimation(u.kernel)); err != nil {
		r.freeBlock(b)
		return nil, err
	}
	b.allValid = bytes.IndexByte(b.mask, 0) < 0
	return b, nil
}

func (r *Reader) freeBlock(b *block) {
	for _, v := range b.bands {
		r.buffers.putFloats(v)
	}
	r.buffers.putBytes(b.mask)
}

// unreachable says whether an error is of a file that stays elsewhere and
// cannot be read now, and words for it.
func unreachable(err error) (string, bool) {
	var a *away
	if !errors.As(err, &a) {
		return "", false
	}
	return "its file cannot be reached: " + a.Error(), true
}
