package zonal

import (
	"context"
	"math"
	"math/bits"

	"contado/geo/fault"
	"contado/geo/grid"
)

// BlockSum is what is known of the valid cells of one block of a raster.
// Where Count is 0 the others mean nothing. Sum and M2 are NaN where they
// cannot be written as numbers (values near the largest float64): such a
// block must be decoded.
type BlockSum struct {
	Count    float64 // valid cells, whole
	Sum      float64 // Σ v
	M2       float64 // Σ (v − mean)²
	Min, Max float64
}

// Summable reports whether the block need not be decoded.
func (b *BlockSum) Summable() bool { return b.Count == 0 || (finite(b.Sum) && finite(b.M2)) }

// Merge adds another block (Chan, Golub and LeVeque 1983, equation 2.1).
func (b *BlockSum) Merge(o BlockSum) {
	switch {
	case o.Count == 0:
		return
	case b.Count == 0:
		*b = o
		return
	}
	n := b.Count + o.Count
	d := o.Sum/o.Count - b.Sum/b.Count
	b.M2 += o.M2 + d*d*(b.Count*o.Count/n)
	b.Count, b.Sum = n, b.Sum+o.Sum
	b.Min, b.Max = math.Min(b.Min, o.Min), math.Max(b.Max, o.Max)
}

// Blocks are sums of whole blocks of a raster, known without decoding it:
// block (i, j) is the cells [i·Side, (i+1)·Side) × [j·Side, (j+1)·Side) that
// lie on the grid. It must be safe for concurrent use.
type Blocks interface {
	// Side is the side of a block in cells.
	Side() int
	// ReadBlocks fills dst, row by row, with the sums of a window of blocks.
	ReadBlocks(ctx context.Context, band int, blocks grid.Window, dst []BlockSum) error
}

// ClassBlocks are Blocks of bands that hold classes: they know how many cells
// of each value are in a block, so that class tables need not decode it.
type ClassBlocks interface {
	Blocks
	// Classes are the values counted, rising; all valid cells of the band have
	// one of them. nil when they are not counted.
	Classes(band int) []float64
	// ReadClasses fills dst[class·blocks.Cells() + block], blocks row by row.
	ReadClasses(ctx context.Context, band int, blocks grid.Window, dst []uint32) error
}

// sumsSuffice reports whether block sums tell what is needed of a band.
func (n needs) sumsSuffice(b Blocks, band int) bool {
	if n.weights || !n.table {
		return !n.weights
	}
	c, ok := b.(ClassBlocks)
	return ok && len(c.Classes(band)) > 0
}

// blockWeights bounds the covered cells that Compute keeps to use block sums.
const blockWeights = 24 << 20

// blocksServe reports whether block sums can spare Compute much decoding: the
// statistics need no more than sums, and areas are large enough.
func (o *Options) blocksServe(g grid.Grid, areas []Area) bool {
	if o.Blocks == nil || o.Strategy != Auto || !o.needs().sumsSuffice(o.Blocks, o.Band) {
		return false
	}
	side := o.Blocks.Side()
	if side < 16 || side > 256 || bits.OnesCount(uint(side)) != 1 || side*side > o.MaxCells {
		return false
	}
	var cells int64
	for i := range areas {
		if areas[i].Geometry == nil {
			return false // Compute says what is wrong
		}
		b := areas[i].Geometry.Bound()
		w := shapeWindow(g, [4][2]float64{{b.Min[0], b.Min[1]}, {b.Max[0], b.Min[1]}, {b.Max[0], b.Max[1]}, {b.Min[0], b.Max[1]}})
		if w.Width >= 2*side && w.Height >= 2*side {
			cells += w.Cells()
		}
	}
	return cells >= 4*blocksFrom
}

// shapeWindow is the window around some points, clipped to the grid.
func shapeWindow(g grid.Grid, points [4][2]float64) grid.Window {
	m := newMapper(g.Transform)
	x0, y0, x1, y1 := math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)
	for _, p := range points {
		q := m.cell(p)
		x0, x1 = math.Min(x0, q[0]), math.Max(x1, q[0])
		y0, y1 = math.Min(y0, q[1]), math.Max(y1, q[1])
	}
	c0, c1 := math.Floor(math.Max(x0, 0)), math.Ceil(math.Min(x1, float64(g.Width)))
	r0, r1 := math.Floor(math.Max(y0, 0)), math.Ceil(math.Min(y1, float64(g.Height)))
	if !(c1 > c0 && r1 > r0) {
		return grid.Window{}
	}
	return grid.Window{Col: int(c0), Row: int(r0), Width: int(c1 - c0), Height: int(r1 - r0)}
}

// computeByBlocks is Compute by way of weights that are used once. It is
// TooLarge for areas whose boundaries are too long for that.
func computeByBlocks(ctx context.Context, r Raster, areas []Area, o Options) ([]Result, error) {
	w, err := NewWeights(ctx, r.Grid(), areas, &WeightOptions{
		Side: o.Blocks.Side(), Exact: true, Workers: o.Workers, MaxBytes: blockWeights,
	})
	if err != nil {
		return nil, err
	}
	res, err := w.Apply(ctx, []Layer{{Raster: r, Band: o.Band, Blocks: o.Blocks}}, o)
	if err != nil {
		return nil, fault.E("zonal.Compute", fault.KindOf(err), err)
	}
	return res[0], nil
}
