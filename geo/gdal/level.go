package gdal

/*
#include <stdint.h>

// Values of stored cells, and their mask. Compilers make vectors of these
// loops; Go's does not. dst, mask and src do not overlap.
#define CT_VALUES(name, type)                                                                                        \
  __attribute__((optimize("O3"))) static void name(const type *restrict src, float *restrict dst,                     \
                                                   uint8_t *restrict mask, int n, int has, type nodata, int scaled,  \
                                                   double scale, double offset) {                                     \
    if (has)                                                                                                         \
      for (int i = 0; i < n; i++) mask[i] = src[i] == nodata ? 0 : mask[i];                                          \
    if (!scaled) {                                                                                                   \
      for (int i = 0; i < n; i++) dst[i] = (float)src[i];                                                            \
      return;                                                                                                        \
    }                                                                                                                \
    for (int i = 0; i < n; i++) dst[i] = (float)((double)src[i] * scale + offset);                                   \
  }

CT_VALUES(ct_values8, uint8_t)
CT_VALUES(ct_values16, uint16_t)
*/
import "C"

import (
	"sync"
	"unsafe"

	"contado/geo/fault"
	"contado/geo/grid"
)

// Level is one resolution at which a raster can be read.
type Level struct{ Width, Height int }

// Levels are the resolutions of a band (from 1): the full one, then its
// overviews as the file has them; nil when there is no such band.
func (r *Raster) Levels(band int) []Level {
	if band < 1 || band > len(r.bands) {
		return nil
	}
	b := &r.bands[band-1]
	out := make([]Level, 0, 1+len(b.overviews))
	out = append(out, Level{b.cols, b.rows})
	for _, o := range b.overviews {
		out = append(out, Level{o.cols, o.rows})
	}
	return out
}

// ReadLevel reads a window of one level, in cells of that level, into buffers
// of the caller's: dst[i] takes outW × outH values of bands[i], scale and
// offset applied. mask must come filled with 255; it is cleared as Read
// clears that of a Block. With outW × outH as large as the window nothing is
// resampled.
//
// Errors are those of Read.
func (r *Raster) ReadLevel(dst [][]float32, mask []uint8, bands []int, level int, w grid.Window, outW, outH int, rs grid.Resampling) error {
	const op = "gdal.Raster.ReadLevel"
	alg, err := r.checkLevel(op, dst, mask, bands, level, w, outW, outH, rs)
	if err != nil {
		return err
	}
	q := request{w, outW, outH, alg}
	defer r.acquire()()
	shared := false
	for i, no := range bands {
		b := &r.bands[no-1]
		at := b.at(level)
		if err := r.readLevelBand(op, no, at, q, dst[i], mask); err != nil {
			return err
		}
		if !b.masked() || (shared && b.maskFlags&gmfPerDataset != 0) {
			continue
		}
		shared = shared || b.maskFlags&gmfPerDataset != 0
		if err := r.applyLevelMask(op, b, at, q, mask); err != nil {
			return err
		}
	}
	return nil
}

// at is a level of the band: 0 is the full one.
func (b *band) at(n int) level {
	if n == 0 {
		return b.level
	}
	return b.overviews[n-1]
}

func (r *Raster) checkLevel(op string, dst [][]float32, mask []uint8, bands []int, level int, w grid.Window, outW, outH int, rs grid.Resampling) (int, error) {
	if err := r.checkRead(op, bands, grid.Window{Width: 1, Height: 1}, outW, outH); err != nil {
		return 0, err
	}
	if rs == "" {
		rs = grid.Nearest
	}
	alg, ok := rioAlg[rs]
	if !ok {
		return 0, fault.Errorf(op, fault.Invalid, "unknown resampling %q", rs)
	}
	n := outW * outH
	if len(dst) != len(bands) || len(mask) < n {
		return 0, fault.Errorf(op, fault.Invalid, "buffers of %d bands and %d cells for %d bands of %d", len(dst), len(mask), len(bands), n)
	}
	for i, no := range bands {
		b := &r.bands[no-1]
		if level < 0 || level > len(b.overviews) {
			return 0, fault.Errorf(op, fault.Invalid, "band %d of %s has no level %d", no, r.path, level)
		}
		at := b.at(level)
		if w.Empty() || w.Col < 0 || w.Row < 0 || w.Width > at.cols-w.Col || w.Height > at.rows-w.Row {
			return 0, fault.Errorf(op, fault.Invalid, "window %v is not within level %d of %s, of %d x %d cells", w, level, r.path, at.cols, at.rows)
		}
		if len(dst[i]) < n {
			return 0, fault.Errorf(op, fault.Invalid, "buffer of %d values for %d cells", len(dst[i]), n)
		}
	}
	return alg, nil
}

func (r *Raster) readLevelBand(op string, no int, at level, q request, dst []float32, mask []uint8) error {
	b := &r.bands[no-1]
	n := q.outW * q.outH
	if isComplex(b.dtype) {
		return fault.Errorf(op, fault.Unsupported, "band %d of %s holds complex numbers", no, r.path)
	}
	whole := q.outW == q.w.Width && q.outH == q.w.Height // else averages have fractions
	switch {
	case whole && b.dtype == gdtByte:
		return readStored[uint8](r, op, b, at, q, gdtByte, dst[:n], mask[:n], &stored8)
	case whole && b.dtype == gdtUInt16:
		return readStored[uint16](r, op, b, at, q, gdtUInt16, dst[:n], mask[:n], &stored16)
	}
	if fitsFloat32(b.dtype) {
		if err := r.rasterIO(op, at, at, q, unsafe.Pointer(&dst[0]), gdtFloat32); err != nil {
			return err
		}
		b.finish32(dst[:n], mask[:n])
		return nil
	}
	if cap(r.scratch) < n {
		r.scratch = make([]float64, n)
	}
	wide := r.scratch[:n]
	if err := r.rasterIO(op, at, at, q, unsafe.Pointer(&wide[0]), gdtFloat64); err != nil {
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

// stored8 and stored16 keep buffers of cells as they are stored.
var stored8, stored16 sync.Pool // of *[]uint8, *[]uint16

// readStored reads the cells as they are stored, which GDAL does by copying
// them, and turns them into values in one pass.
func readStored[T uint8 | uint16](r *Raster, op string, b *band, at level, q request, dtype int, dst []float32, mask []uint8, pool *sync.Pool) error {
	p, _ := pool.Get().(*[]T)
	if p == nil || cap(*p) < len(dst) {
		s := make([]T, len(dst))
		p = &s
	}
	cells := (*p)[:len(dst)]
	defer func() {
		if cap(*p) <= 1<<21 {
			pool.Put(p)
		}
	}()
	if err := r.rasterIO(op, at, at, q, unsafe.Pointer(&cells[0]), dtype); err != nil {
		return err
	}
	nodata, has, scaled := T(b.nodata), 0, 0
	if b.hasNodata && float64(nodata) == b.nodata {
		has = 1
	}
	if b.scaled {
		scaled = 1
	}
	to, m, n := (*C.float)(&dst[0]), (*C.uint8_t)(&mask[:len(cells)][0]), C.int(len(cells))
	if dtype == gdtByte {
		C.ct_values8((*C.uint8_t)(unsafe.Pointer(&cells[0])), to, m, n, C.int(has), C.uint8_t(nodata), C.int(scaled), C.double(b.scale), C.double(b.offset))
	} else {
		C.ct_values16((*C.uint16_t)(unsafe.Pointer(&cells[0])), to, m, n, C.int(has), C.uint16_t(nodata), C.int(scaled), C.double(b.scale), C.double(b.offset))
	}
	return nil
}

// applyLevelMask clears cells that the mask of a level leaves out; see
// maskLevels for the masks of overviews.
func (r *Raster) applyLevelMask(op string, b *band, at level, q request, mask []uint8) error {
	m := make([]uint8, q.outW*q.outH)
	from := b.b.MaskBand()
	own := level{b: from, h: bandHandle(from), cols: b.cols, rows: b.rows}
	if at.h != b.h && at.b.MaskFlags() == b.maskFlags {
		from = at.b.MaskBand()
		own = level{b: from, h: bandHandle(from), cols: at.cols, rows: at.rows}
	}
	if err := r.rasterIO(op, at, own, q, unsafe.Pointer(&m[0]), gdtByte); err != nil {
		return err
	}
	for i, v := range m {
		if v == 0 {
			mask[i] = 0
		}
	}
	return nil
}
