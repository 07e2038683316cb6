package zonal

import (
	"context"
	"math"

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
