package vector

import (
	"context"
	"math"
	"math/bits"
	"sync"
	"sync/atomic"

	"contado/geo"
	"contado/geo/crs"
	"contado/geo/fault"
	"contado/geo/fgb"
	"contado/geo/layer"
	"contado/tiles/tms"
)

// source is the rows of a layer for one tile, in segments one after the other:
// the packed file with the summary that all tiles share, its rows that have no
// flat form, and rows that were changed since.
type source struct {
	schema   geo.Schema
	stamp    string
	warp     *warp
	segments []segment
	invalid  int // rows that cannot be drawn, of changes
}

// segment is rows of one table. A row's ref is first plus its place.
type segment struct {
	table   table
	sum     *summary
	first   int
	keep    keeper        // nil: all
	columns []*fgb.Column // by field, nil where there is none; nil: none at all
	codes   []*codes      // of columns, nil where there are none
	ids     []int64       // of the rows; nil: ask them
}

// keeper tells which rows are there and pass the filter: of those from 64·word
// on that have their bit in want.
type keeper func(word int, want uint64) uint64

func (s *source) push(t table, sum *summary, keep keeper) *segment {
	first := 0
	if n := len(s.segments); n > 0 {
		first = s.segments[n-1].first + s.segments[n-1].table.len()
	}
	s.segments = append(s.segments, segment{table: t, sum: sum, first: first, keep: keep})
	return &s.segments[len(s.segments)-1]
}

// of finds the segment of a ref.
func (s *source) of(ref int32) *segment {
	for i := len(s.segments) - 1; i > 0; i-- {
		if int(ref) >= s.segments[i].first {
			return &s.segments[i]
		}
	}
	return &s.segments[0]
}

func (s *source) at(ref int32) handle {
	g := s.of(ref)
	return g.table.at(int(ref) - g.first)
}

func (s *source) entry(ref int32) *entry {
	g := s.of(ref)
	return &g.sum.entries[int(ref)-g.first]
}

// outline is that of a row, nil when it has none.
func (s *source) outline(ref int32) []int16 {
	g := s.of(ref)
	return g.sum.outlineOf(int(ref) - g.first)
}

func (s *source) id(ref int32) int64 {
	g := s.of(ref)
	if g.ids != nil {
		return g.ids[int(ref)-g.first]
	}
	h := g.table.at(int(ref) - g.first)
	return h.id()
}

// prepared is what is made of a layer's base once.
type prepared struct {
	warp   *warp
	sum    *summary
	odd    *memoryTable // rows without a flat form
	oddRow []int        // their places in the base
	oddSum *summary
	back   *crs.Transformer // from Web Mercator; nil: unknown, or a plain formula
	drawn  atomic.Bool      // a tile, at least
	codes  sync.Map         // *codes by field
}

// codesOf is a column with its values encoded; nil for one without codes.
func (p *prepared) codesOf(field int, c *fgb.Column, t geo.FieldType) *codes {
	if c.Distinct() == nil {
		return nil
	}
	if e, ok := p.codes.Load(field); ok {
		return e.(*codes) //nolint:forcetypeassert // nothing else is in it
	}
	e, _ := p.codes.LoadOrStore(field, newCodes(c, t))
	return e.(*codes) //nolint:forcetypeassert // nothing else is in it
}

// FirstDraw makes what Draw needs of a layer and keeps it with the layer's
// base: a pass over all rows that the first Draw would have to wait for.
func FirstDraw(ctx context.Context, l LayerRequest) error {
	p, err := prepareOnce(ctx, &l)
	if err != nil {
		return err
	}
	p.drawn.Store(true)
	return p.readColumns(ctx, &l)
}

// readColumns has the columns of what is written and asked for read. The very
// first tile, which someone waits for, does without.
func (p *prepared) readColumns(ctx context.Context, l *LayerRequest) error {
	if !p.drawn.Swap(true) {
		return nil
	}
	fields, err := fieldsOf(l.Layer.Schema().Fields, l.Fields)
	if err != nil {
		return err
	}
	if l.Where != nil {
		fields = append(fields, l.Where.Fields()...)
	}
	_, err = l.Layer.ReadColumns(ctx, fields)
	return err
}

func prepareOnce(ctx context.Context, l *LayerRequest) (*prepared, error) {
	memo := "contado/tiles/vector"
	if l.plane != nil {
		memo += " on " + l.plane.set.ID
	}
	made, err := l.Layer.Memo(memo, func() (any, error) { return prepare(ctx, l) })
	if err != nil {
		return nil, err
	}
	p, ok := made.(*prepared)
	if !ok {
		return nil, fault.Errorf("vector.Draw", fault.Other, "the memo of dataset %s is of another kind", l.Layer.Dataset().ID)
	}
	return p, nil
}

func prepare(ctx context.Context, l *LayerRequest) (*prepared, error) {
	project, back, err := projectorOf(l)
	if err != nil {
		return nil, err
	}
	w, err := newWarp(project, l.Layer.Bounds())
	if err != nil {
		return nil, err
	}
	p := &prepared{warp: w, back: back}
	if p.sum, err = summarise(ctx, newLayerTable(l.Layer), w); err != nil || len(p.sum.odd) == 0 {
		return p, err
	}
	p.odd = &memoryTable{}
	for _, row := range p.sum.odd {
		f, err := l.Layer.Base(row).Feature(nil)
		if err == nil {
			err = p.odd.add(f)
		}
		if err != nil {
			p.sum.invalid++
			continue
		}
		for len(p.oddRow) < p.odd.len() {
			p.oddRow = append(p.oddRow, row)
		}
	}
	p.oddSum, err = summarise(ctx, p.odd, w)
	return p, err
}

// projectorOf is the way to Web Mercator, and back where that takes more than
// a formula.
func projectorOf(l *LayerRequest) (Projector, *crs.Transformer, error) {
	c := l.Layer.Schema().CRS
	switch {
	case l.plane != nil:
		p, err := l.plane.projector(c)
		return p, nil, err
	case l.Project != nil:
		return l.Project, nil, nil
	case c == geo.WebMercator:
		return nil, nil, nil
	case c == geo.WGS84:
		return FromWGS84{}, nil, nil
	}
	t, err := crs.New(c, geo.WebMercator)
	if err != nil {
		return nil, nil, err
	}
	if t.Identity() {
		return nil, nil, nil
	}
	back, err := crs.New(geo.WebMercator, c)
	return t, back, err
}

// openLayer gets a layer ready to be drawn in a view.
func openLayer(ctx context.Context, l *LayerRequest, v *view) (*source, error) {
	p, err := prepareOnce(ctx, l)
	if err != nil {
		return nil, err
	}
	if err := p.readColumns(ctx, l); err != nil {
		return nil, err
	}
	s := &source{schema: l.Layer.Schema(), stamp: l.Layer.Stamp(), warp: p.warp}
	keep := keeperOf(l)
	g := s.push(newLayerTable(l.Layer), p.sum, keep)
	if g.ids = l.Layer.IDs(); g.ids != nil {
		g.columns, g.codes = make([]*fgb.Column, len(s.schema.Fields)), make([]*codes, len(s.schema.Fields))
		for i := range g.columns {
			if g.columns[i] = l.Layer.Column(i); g.columns[i] != nil {
				g.codes[i] = p.codesOf(i, g.columns[i], s.schema.Fields[i].Type)
			}
		}
	}
	if p.odd != nil {
		s.push(p.odd, p.oddSum, keep.through(p.oddRow))
	}
	if l.Layer.Head() == 0 {
		return s, nil
	}
	changed := &memoryTable{}
	l.Layer.Changed(p.window(v), func(r layer.Row) bool {
		if l.Where != nil && !l.Where.Has(r) {
			return true
		}
		f, err := r.Feature(nil)
		if err == nil {
			err = changed.add(f)
		}
		if err != nil {
			s.invalid++
		}
		return true
	})
	if changed.len() > 0 {
		sum, err := summarise(ctx, changed, p.warp)
		if err != nil {
			return nil, err
		}
		s.invalid += sum.invalid
		s.push(changed, sum, nil)
	}
	return s, nil
}

// keeperOf tells the rows of the base that are there and pass the filter.
func keeperOf(l *LayerRequest) keeper {
	where := l.Where
	if l.Layer.Hidden() == 0 {
		if where == nil {
			return nil
		}
		return func(word int, want uint64) uint64 { return where.Among(l.Layer, word, want) }
	}
	return func(word int, want uint64) uint64 {
		for rest := want; rest != 0; rest &= rest - 1 {
			if i := bits.TrailingZeros64(rest); l.Layer.Hides(64*word + i) {
				want &^= 1 << i
			}
		}
		if where == nil || want == 0 {
			return want
		}
		return where.Among(l.Layer, word, want)
	}
}

// through is the keeper of rows that stand for others.
func (k keeper) through(rows []int) keeper {
	if k == nil {
		return nil
	}
	return func(word int, want uint64) (out uint64) {
		for rest := want; rest != 0; rest &= rest - 1 {
			i := bits.TrailingZeros64(rest)
			if row := rows[64*word+i]; k(row/64, 1<<(row%64)) != 0 {
				out |= 1 << i
			}
		}
		return out
	}
}

// window is a box, in the layer's CRS, that holds all that a view shows.
func (p *prepared) window(v *view) geo.BBox {
	all := geo.BBox{MinX: math.Inf(-1), MinY: math.Inf(-1), MaxX: math.Inf(1), MaxY: math.Inf(1)}
	b := v.bounds.Buffer(v.bounds.Width() * coarse / extent)
	switch {
	case p.warp.exact == nil:
		return b
	case p.back == nil:
		if _, ok := p.warp.exact.(FromWGS84); !ok || p.warp.jumps {
			return all
		}
		var out geo.BBox
		out.MinX, out.MinY = tms.Inverse(b.MinX, b.MinY)
		out.MaxX, out.MaxY = tms.Inverse(b.MaxX, b.MaxY)
		return out
	}
	if v.tile.Z < 6 || p.warp.jumps { // the projection need not hold for so much
		return all
	}
	out, err := p.back.BBox(b)
	if err != nil || out.IsEmpty() {
		return all
	}
	return out
}
