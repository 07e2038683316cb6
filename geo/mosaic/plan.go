package mosaic

import (
	"math"

	"contado/geo"
	"contado/geo/expr"
	"contado/geo/gdal"
	"contado/geo/grid"
	"contado/geo/store/catalog"
)

// mostBlock bounds the cells of one window read, mostBoxes of one that is
// combined box by box.
const (
	mostBlock = 1 << 23
	mostBoxes = 1 << 22
)

// unit is what is read of an item in one go: bands of one file that are
// resampled alike.
type unit struct {
	asset   catalog.Asset
	kernel  grid.Resampling
	numbers []int // of the bands in the file
	slots   []int // where each goes; several slots may want one band
	from    []int // the index in numbers, by slot
	masking bool  // holds the band that the mask reads
}

// layout is how the bands of an item meet the slots of a query.
type layout struct {
	units   []unit
	missing string // says which band the item does not have
	mask    *expr.Mask
}

// newLayout finds the bands; slot maskSlot, when it is not negative, is read
// from maskBand.
func newLayout(it *catalog.Item, refs []string, maskBand int, amounts grid.Resampling) layout {
	var l layout
	if maskBand > 0 {
		l.add(it, maskBand, len(refs), grid.Nearest, true)
	}
	for slot, ref := range refs {
		n, err := FindBand(it.Bands, ref)
		if err != nil {
			return layout{missing: err.Error()}
		}
		l.add(it, n, slot, kernelOf(&it.Bands[n-1], amounts), false)
	}
	return l
}

func (l *layout) add(it *catalog.Item, n, slot int, kernel grid.Resampling, masking bool) {
	asset, number := it.Locate(n)
	var u *unit
	for i := range l.units {
		if x := &l.units[i]; x.asset.Key == asset.Key && x.asset.File == asset.File && x.kernel == kernel && x.masking == masking {
			u = x
		}
	}
	if u == nil {
		l.units = append(l.units, unit{asset: asset, kernel: kernel, masking: masking})
		u = &l.units[len(l.units)-1]
	}
	at := -1
	for i, have := range u.numbers {
		if have == number {
			at = i
		}
	}
	if at < 0 {
		u.numbers, at = append(u.numbers, number), len(u.numbers)
	}
	u.slots, u.from = append(u.slots, slot), append(u.from, at)
}

// kernelOf is how a band is resampled: no value is made up between classes
// or patterns of bits.
func kernelOf(b *catalog.Band, amounts grid.Resampling) grid.Resampling {
	classes := b.Quantity == catalog.Classes || len(b.Classes) > 0
	switch {
	case b.Quantity == catalog.BitField, b.Flags != "" && !classes:
		return grid.Nearest
	case classes && amounts != grid.Mode:
		return grid.Nearest
	case amounts == "":
		return grid.Bilinear
	}
	return amounts
}

// window is what to read for a rectangle of the target.
type window struct {
	level      int
	w          grid.Window // in cells of the level
	outW, outH int
	// toBlock maps cells of the full level to those of the block:
	// block = (full − at) × by, for columns and rows.
	atX, atY, byX, byY float64
	step               float64 // cells of the full level that one of the block holds
}

// finer is how many cells a side each target cell has at least: what is
// averaged must not have been averaged over other boxes just before, and Mode
// counts values, which overviews have not kept.
func finer(kernel grid.Resampling) float64 {
	switch kernel {
	case grid.Average:
		return 2
	case grid.Mode:
		return 4
	}
	return 1
}

// coarser is by how much a level may be coarser than the target: 1 % for sizes
// that were rounded. Kernels that interpolate take 20 %, as GDAL does when it
// reads: rather that than the next finer level, where they would look at four
// of the cells that lie under a pixel, and skip as many.
func coarser(kernel grid.Resampling) float64 {
	switch kernel {
	case grid.Bilinear, grid.Cubic:
		return 1.2
	}
	return 1.01
}

// levelFor is the coarsest level that still has enough cells for each target
// cell, but for the grace of the kernel.
func levelFor(levels []gdal.Level, scale float64, kernel grid.Resampling) (int, float64) {
	want := scale / finer(kernel)
	best, step := 0, 1.0
	for i, l := range levels {
		s := math.Max(float64(levels[0].Width)/float64(l.Width), float64(levels[0].Height)/float64(l.Height))
		if i > 0 && s > step && s <= want*coarser(kernel) {
			best, step = i, s
		}
	}
	return best, step
}

// newWindow chooses level and window for positions in a box of full cells.
// Where no level is coarse enough the window is decimated further, by a
// power of two from multiples of it, so that neighbours meet the same cells.
// ok is false when the box lies beside the file.
func newWindow(levels []gdal.Level, reach geo.BBox, scale float64, kernel grid.Resampling) (p window, ok bool) {
	full := levels[0]
	if len(levels) == 0 || reach.IsEmpty() || reach.MinX >= float64(full.Width) || reach.MaxX <= 0 || reach.MinY >= float64(full.Height) || reach.MaxY <= 0 {
		return p, false
	}
	var step float64
	p.level, step = levelFor(levels, scale, kernel)
	l := levels[p.level]
	fx, fy := float64(l.Width)/float64(full.Width), float64(l.Height)/float64(full.Height)
	d, most := 1, mostBlock
	if finer(kernel) == 1 {
		for float64(2*d) <= scale/step*1.01 && d < 1<<20 {
			d *= 2
		}
	} else {
		most = mostBoxes // whatever fits is combined here
	}
	for ; ; d *= 2 {
		margin := marginOf(kernel, scale/step/float64(d))
		p.w.Col, p.w.Width = span(reach.MinX*fx, reach.MaxX*fx, d, margin, l.Width)
		p.w.Row, p.w.Height = span(reach.MinY*fy, reach.MaxY*fy, d, margin, l.Height)
		p.outW, p.outH = (p.w.Width+d-1)/d, (p.w.Height+d-1)/d
		if p.outW*p.outH <= most || d >= 1<<20 {
			break
		}
	}
	if p.w.Empty() {
		return p, false
	}
	p.atX, p.atY = float64(p.w.Col)/fx, float64(p.w.Row)/fy
	p.byX = fx * float64(p.outW) / float64(p.w.Width)
	p.byY = fy * float64(p.outH) / float64(p.w.Height)
	p.step = step * float64(d)
	return p, true
}

// marginOf is how many block cells beyond the reach a kernel looks.
func marginOf(kernel grid.Resampling, scale float64) int {
	switch kernel {
	case grid.Bilinear:
		return 1
	case grid.Cubic:
		return 2
	case grid.Average, grid.Mode:
		return 1 + int(math.Min(math.Ceil(scale), mostSpan))
	}
	return 1 // a position on an edge
}

// span is the range of cells [lo, hi] with a margin of block cells, grown to
// multiples of d and cut to n cells.
func span(lo, hi float64, d, margin, n int) (at, size int) {
	most := float64(n)
	from := (int(math.Max(0, math.Min(lo, most)))/d - margin) * d
	to := (int(math.Max(0, math.Min(hi, most)))/d + 1 + margin) * d
	from, to = max(from, 0), min(to, n)
	return from, to - from
}

// decimation is how GDAL combines cells that no overview has combined.
func decimation(kernel grid.Resampling) grid.Resampling {
	switch kernel {
	case grid.Nearest, grid.Mode:
		return kernel
	}
	return grid.Average
}

// placing maps positions in the grid's reference system, less turn, to block
// cells.
func (p *window) placing(inv grid.Transform, turn float64) grid.Transform {
	inv[0] -= turn * inv[1]
	inv[3] -= turn * inv[4]
	return grid.Transform{
		(inv[0] - p.atX) * p.byX, inv[1] * p.byX, inv[2] * p.byX,
		(inv[3] - p.atY) * p.byY, inv[4] * p.byY, inv[5] * p.byY,
	}
}
