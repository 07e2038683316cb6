package zonal

import (
	"context"
	"math"
	"slices"

	"contado/geo/fault"
	"contado/geo/grid"
)

// blocksFrom is how many cells of filled squares make it worth while to look
// for their sums: as many as are summed while a piece of a file of block
// statistics is read.
const blocksFrom = 1 << 18

// square sums of one layer over a run of filled squares.
type squareSums struct {
	sums    []BlockSum
	values  []float64 // the classes of the band; nil when they are not needed
	counts  []float64 // [square·len(values) + class]
	buf     []BlockSum
	classes []uint32
}

// takeBlocks adds the sums of filled squares that need not be decoded; the
// others are left in p.fulls.
func (p *pass) takeBlocks(ctx context.Context) error {
	squares := p.takeFulls()
	if slices.Contains(p.blocks, nil) || squares*p.w.side*p.w.side < blocksFrom {
		return nil
	}
	var decode []full
	sums := make([]squareSums, len(p.layers))
	for i := range p.fulls {
		if err := ctx.Err(); err != nil {
			return fault.E("zonal.Apply", fault.Canceled, err)
		}
		f := &p.fulls[i]
		for layer := range p.layers {
			if err := p.readSquares(ctx, layer, f, &sums[layer]); err != nil {
				return wrap("zonal.Apply", err)
			}
		}
		decode = p.addSquares(f, sums, decode)
	}
	p.fulls = decode
	return nil
}

// readSquares reads the sums of a run of filled squares, and the cells of each
// class in them when a table is wanted.
func (p *pass) readSquares(ctx context.Context, layer int, f *full, s *squareSums) error {
	b, band := p.blocks[layer], max(1, p.layers[layer].Band)
	k := p.w.side / b.Side()
	full := grid.Window{Width: (p.w.g.Width + b.Side() - 1) / b.Side(), Height: (p.w.g.Height + b.Side() - 1) / b.Side()}
	win := full.Intersect(grid.Window{Col: int(f.col) * k, Row: int(f.row) * k, Width: int(f.n) * k, Height: k})
	n := int(win.Cells())
	s.buf = slices.Grow(s.buf[:0], n)[:n]
	if err := b.ReadBlocks(ctx, band, win, s.buf); err != nil {
		return err
	}
	s.sums = slices.Grow(s.sums[:0], int(f.n))[:f.n]
	clear(s.sums)
	for i := range s.buf {
		s.sums[i%win.Width/k].Merge(s.buf[i])
	}
	if !p.need.table {
		return nil
	}
	cb := b.(ClassBlocks) // attach has seen to it
	s.values = cb.Classes(band)
	nv := len(s.values)
	s.classes = slices.Grow(s.classes[:0], n*nv)[:n*nv]
	if err := cb.ReadClasses(ctx, band, win, s.classes); err != nil {
		return err
	}
	s.counts = slices.Grow(s.counts[:0], int(f.n)*nv)[:int(f.n)*nv]
	clear(s.counts)
	for i, c := range s.classes {
		s.counts[i%n%win.Width/k*nv+i/n] += float64(c)
	}
	return nil
}

// addSquares adds the squares of f that all layers can sum; the others are
// appended to decode.
func (p *pass) addSquares(f *full, sums []squareSums, decode []full) []full {
	for c := range f.n {
		one := full{row: f.row, col: f.col + c, n: 1, area: f.area}
		win := p.w.window(&one)
		total, level := p.areaOf(win)
		serves := true
		for layer := range sums {
			serves = serves && sums[layer].serve(int(c), float64(win.Cells()), level)
		}
		if serves {
			for layer := range sums {
				p.sum(layer, f.area).squareOf(&sums[layer], int(c), float64(win.Cells()), total)
			}
		} else if n := len(decode); n > 0 && decode[n-1].area == f.area && decode[n-1].row == f.row && decode[n-1].col+decode[n-1].n == one.col {
			decode[n-1].n++
		} else {
			decode = append(decode, one)
		}
	}
	return decode
}

// areaOf is the area of a square in m², and whether all its cells have the
// same; 0 when areas are not wanted.
func (p *pass) areaOf(win grid.Window) (total float64, level bool) {
	if !p.need.area {
		return 0, true
	}
	var sum ksum
	level = true
	first := p.o.CellArea(win.Row)
	for r := range win.Height {
		m2 := p.o.CellArea(win.Row + r)
		level = level && m2 == first
		sum.add(m2 * float64(win.Width))
	}
	return sum.value(), level
}

// serve reports whether the sums of a square say all that is wanted. Where
// cells differ in area it must be valid throughout, or not at all, and of one
// class.
func (s *squareSums) serve(c int, cells float64, level bool) bool {
	b := &s.sums[c]
	if !b.Summable() {
		return false
	}
	if level || b.Count == 0 {
		return true
	}
	nv := len(s.values)
	for _, n := range s.counts[c*nv : (c+1)*nv] {
		if n > 0 && n < cells {
			return false
		}
	}
	return b.Count == cells
}

// squareOf adds a filled square of which only the sums are known; m2 is its
// area.
func (a *acc) squareOf(q *squareSums, c int, cells, m2 float64) {
	s := &q.sums[c]
	a.cells.add(cells)
	if s.Count < cells {
		a.nodata.add(cells - s.Count)
	}
	if s.Count == 0 {
		return
	}
	a.count.add(s.Count)
	a.sum.add(s.Sum)
	a.areaM2.add(m2 * (s.Count / cells))
	a.min, a.max = math.Min(a.min, s.Min), math.Max(a.max, s.Max)
	if a.need.moments {
		mean := s.Sum / s.Count
		if a.n == 0 {
			a.origin = mean
		}
		a.moments(s.Count, mean-a.origin, s.M2)
	}
	nv := len(q.values)
	for i, n := range q.counts[c*nv : (c+1)*nv] {
		if n > 0 {
			a.table.add(q.values[i], n, m2*(n/cells))
		}
	}
}
