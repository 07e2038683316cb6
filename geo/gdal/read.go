package gdal

/*
#include "shim.h"
*/
import "C"

import (
	"math"
	"unsafe"

	"contado/geo/fault"
	"contado/geo/grid"
)

// rioAlg numbers of GDALRIOResampleAlg.
var rioAlg = map[grid.Resampling]int{
	grid.Nearest: 0, grid.Bilinear: 1, grid.Cubic: 2, grid.Average: 5, grid.Mode: 6,
}

// Read reads a window of some bands (numbered from 1) into outW × outH cells.
// Values come with scale and offset applied. A cell of the mask is 0 when any
// of the bands is nodata (compared on the stored value), NaN, or masked by an
// alpha or mask band there; the value under it is then unspecified. With a
// resampling other than Nearest invalid cells take no part, and an output
// cell is valid when any cell under its kernel is; Cubic, whose weights are
// negative in part, wants an unbroken run of valid cells there.
//
// A decimated read goes to the coarsest overview that is still at least as
// fine as asked for, and resamples the rest.
//
// Errors: Invalid for a band that is not there, a window not within the
// raster, or an unknown resampling; TooLarge over the bound on samples.
func (r *Raster) Read(bands []int, w grid.Window, outW, outH int, rs grid.Resampling) (*grid.Block, error) {
	const op = "gdal.Raster.Read"
	if err := r.checkRead(op, bands, w, outW, outH); err != nil {
		return nil, err
	}
	if rs == "" {
		rs = grid.Nearest
	}
	alg, ok := rioAlg[rs]
	if !ok {
		return nil, fault.Errorf(op, fault.Invalid, "unknown resampling %q", rs)
	}
	if r.told { // GDAL would mix cells in that are no values
		alg = rioAlg[grid.Nearest]
	}
	n := outW * outH
	out := &grid.Block{Width: outW, Height: outH, Bands: make([][]float32, len(bands)), Mask: make([]uint8, n)}
	for i := range out.Mask {
		out.Mask[i] = 255
	}
	cells := make([]float32, n*len(bands))
	defer r.acquire()()
	for i, no := range bands {
		out.Bands[i] = cells[i*n : (i+1)*n : (i+1)*n]
		if err := r.readBand(op, no, request{w, outW, outH, alg}, out.Bands[i], out.Mask); err != nil {
			return nil, err
		}
	}
	return out, r.applyMasks(op, bands, request{w, outW, outH, alg}, out.Mask)
}

// maxBlockCells bounds the block that GDAL must unpack to give any cell of it.
const maxBlockCells = 256 << 20

// request is a window, the size to read it at, and GDAL's resampling number.
type request struct {
	w          grid.Window
	outW, outH int
	alg        int
}

func (r *Raster) checkRead(op string, bands []int, w grid.Window, outW, outH int) error {
	if r.ds == nil {
		return fault.Errorf(op, fault.Other, "%s is closed", r.path)
	}
	if len(bands) == 0 || len(bands) > 65535 {
		return fault.Errorf(op, fault.Invalid, "%d bands asked for from %s", len(bands), r.path)
	}
	for _, b := range bands {
		if b < 1 || b > len(r.bands) {
			return fault.Errorf(op, fault.Invalid, "%s has no band %d: it has bands 1 to %d", r.path, b, len(r.bands))
		}
	}
	b := &r.bands[bands[0]-1]
	if b.blockCells > maxBlockCells {
		err := fault.Errorf(op, fault.TooLarge, "%s is stored in blocks of %d cells; the limit is %d", r.path, b.blockCells, maxBlockCells)
		return fault.WithHint(err, "rewrite it in tiles")
	}
	if w.Empty() || w.Col < 0 || w.Row < 0 || w.Width > b.cols-w.Col || w.Height > b.rows-w.Row {
		return fault.Errorf(op, fault.Invalid, "window %v is not within %s of %d x %d cells", w, r.path, b.cols, b.rows)
	}
	if outW < 1 || outH < 1 || int64(outW) > r.max || int64(outH) > r.max {
		return fault.Errorf(op, fault.Invalid, "cannot read %s at %d x %d cells", r.path, outW, outH)
	}
	if n := int64(outW) * int64(outH); n > r.max/int64(len(bands)) {
		return fault.Errorf(op, fault.TooLarge, "%d x %d cells of %d bands of %s; the limit is %d samples",
			outW, outH, len(bands), r.path, r.max)
	}
	return nil
}

// pick is the level to read from: the coarsest that still has at least one
// cell for each output cell, with 1 % grace for sizes that were rounded.
func (b *band) pick(q request) level {
	want := math.Min(float64(q.w.Width)/float64(q.outW), float64(q.w.Height)/float64(q.outH))
	best, bestStep := b.level, 1.0
	for _, o := range b.overviews {
		step := math.Max(float64(b.cols)/float64(o.cols), float64(b.rows)/float64(o.rows))
		if step > bestStep && step <= want*1.01 {
			best, bestStep = o, step
		}
	}
	return best
}

// scaleTo gives the window of q in cells of a level, which may be fractional.
func scaleTo(q request, full, l level) (x, y, w, h float64) {
	fx, fy := float64(l.cols)/float64(full.cols), float64(l.rows)/float64(full.rows)
	return float64(q.w.Col) * fx, float64(q.w.Row) * fy, float64(q.w.Width) * fx, float64(q.w.Height) * fy
}

// rasterIO reads a window of a level into buf of the given type.
func (r *Raster) rasterIO(op string, full, l level, q request, buf unsafe.Pointer, dtype int) error {
	x, y, w, h := scaleTo(q, full, l)
	var e C.ct_err
	if C.ct_rasterio(l.h, C.double(x), C.double(y), C.double(w), C.double(h), buf,
		C.int(q.outW), C.int(q.outH), C.int(dtype), C.int(q.alg), &e) != 0 {
		return wrap(op, fault.Invalid, shimError(&e), "read window %v of %s", q.w, r.path)
	}
	return nil
}

// readBand reads one band into dst and clears the mask where it is nodata.
func (r *Raster) readBand(op string, no int, q request, dst []float32, mask []uint8) error {
	b := &r.bands[no-1]
	if isComplex(b.dtype) {
		return fault.Errorf(op, fault.Unsupported, "band %d of %s holds complex numbers", no, r.path)
	}
	if fitsFloat32(b.dtype) {
		if err := r.rasterIO(op, b.level, b.pick(q), q, unsafe.Pointer(&dst[0]), gdtFloat32); err != nil {
			return err
		}
		b.finish32(dst, mask)
		return nil
	}
	// Wide types are compared with nodata before they lose digits.
	if cap(r.scratch) < len(dst) {
		r.scratch = make([]float64, len(dst))
	}
	wide := r.scratch[:len(dst)]
	if err := r.rasterIO(op, b.level, b.pick(q), q, unsafe.Pointer(&wide[0]), gdtFloat64); err != nil {
		return err
	}
	nd, has := b.rawNodata(), b.hasNodata
	for i, v := range wide {
		if (has && v == nd) || v != v {
			mask[i] = 0
		}
		dst[i] = float32(v*b.scale + b.offset)
	}
	if cap(r.scratch) > 1<<20 {
		r.scratch = nil // a pooled handle keeps no large buffer
	}
	return nil
}

func (b *band) finish32(dst []float32, mask []uint8) {
	if b.hasNodata && !math.IsNaN(b.nodata) {
		nd := float32(b.rawNodata())
		for i, v := range dst {
			if v == nd || v != v {
				mask[i] = 0
			}
		}
	} else if b.dtype == gdtFloat32 {
		for i, v := range dst {
			if v != v {
				mask[i] = 0
			}
		}
	}
	if b.scaled {
		for i, v := range dst {
			dst[i] = float32(float64(v)*b.scale + b.offset)
		}
	}
}

// applyMasks clears the mask where an alpha or mask band says so. A mask that
// the whole dataset shares is read once.
func (r *Raster) applyMasks(op string, bands []int, q request, mask []uint8) error {
	shared := false
	for _, no := range bands {
		b := &r.bands[no-1]
		if !b.masked() || (shared && b.maskFlags&gmfPerDataset != 0) {
			continue
		}
		shared = shared || b.maskFlags&gmfPerDataset != 0
		m := make([]uint8, len(mask))
		full, from := r.maskLevels(b, q)
		if err := r.rasterIO(op, full, from, q, unsafe.Pointer(&m[0]), gdtByte); err != nil {
			return err
		}
		for i, v := range m {
			if v == 0 {
				mask[i] = 0
			}
		}
	}
	return nil
}

// maskLevels finds the mask at the resolution of the read. An overview whose
// own mask is of another kind (built without it) cannot be trusted: then the
// full mask is read.
func (r *Raster) maskLevels(b *band, q request) (full, from level) {
	l := b.pick(q)
	if l.h != b.h && l.b.MaskFlags() == b.maskFlags {
		m := l.b.MaskBand()
		return b.level, level{b: m, h: bandHandle(m), cols: l.cols, rows: l.rows}
	}
	m := b.b.MaskBand()
	at := level{b: m, h: bandHandle(m), cols: b.cols, rows: b.rows}
	return at, at
}

// ReadFloat64 reads a window of one band at full resolution into dst, which
// must hold at least w.Cells() values, row by row. Scale and offset are
// applied; cells that are nodata or masked become NaN.
func (r *Raster) ReadFloat64(band int, w grid.Window, dst []float64) error {
	const op = "gdal.Raster.ReadFloat64"
	if err := r.checkRead(op, []int{band}, w, max(w.Width, 1), max(w.Height, 1)); err != nil {
		return err
	}
	n := w.Width * w.Height
	if len(dst) < n {
		return fault.Errorf(op, fault.Invalid, "buffer of %d values for %d cells", len(dst), n)
	}
	dst = dst[:n]
	b := &r.bands[band-1]
	if isComplex(b.dtype) {
		return fault.Errorf(op, fault.Unsupported, "band %d of %s holds complex numbers", band, r.path)
	}
	q := request{w: w, outW: w.Width, outH: w.Height}
	defer r.acquire()()
	if err := r.rasterIO(op, b.level, b.level, q, unsafe.Pointer(&dst[0]), gdtFloat64); err != nil {
		return err
	}
	if b.hasNodata || b.scaled {
		nd := b.rawNodata()
		for i, v := range dst {
			if b.hasNodata && v == nd {
				dst[i] = math.NaN()
			} else {
				dst[i] = v*b.scale + b.offset
			}
		}
	}
	if !b.masked() {
		return nil
	}
	mask := make([]uint8, n)
	if err := r.applyMasksFull(op, b, q, mask); err != nil {
		return err
	}
	for i, v := range mask {
		if v == 0 {
			dst[i] = math.NaN()
		}
	}
	return nil
}

func (r *Raster) applyMasksFull(op string, b *band, q request, mask []uint8) error {
	m := b.b.MaskBand()
	at := level{b: m, h: bandHandle(m), cols: b.cols, rows: b.rows}
	return r.rasterIO(op, at, at, q, unsafe.Pointer(&mask[0]), gdtByte)
}
