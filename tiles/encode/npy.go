package encode

import (
	"encoding/binary"
	"fmt"
	"math"
	"strings"

	"contado/geo/fault"
)

// MaxSamples bounds an array or GeoTIFF: bands × cells.
const MaxSamples = 64 << 20

// NPY returns values as a NumPy array file (format 1.0): little-endian
// float32 of shape (bands + 1, h, w) in C order, the bands first and the mask
// as the last plane, 255 where a cell is valid and 0 where not, as TiTiler
// does; without a mask (nil) the shape is (bands, h, w). Values under mask 0
// are NaN.
//
// Errors: Invalid when sizes do not agree, TooLarge over MaxSamples.
func NPY(bands [][]float32, mask []uint8, w, h int) ([]byte, error) {
	const op = "encode.NPY"
	if err := checkArray(op, bands, mask, w, h); err != nil {
		return nil, err
	}
	planes := len(bands)
	if mask != nil {
		planes++
	}
	header := fmt.Sprintf("{'descr': '<f4', 'fortran_order': False, 'shape': (%d, %d, %d), }", planes, h, w)
	const prelude = 10 // magic, version, length of the header
	header += strings.Repeat(" ", 63-(prelude+len(header))%64) + "\n"
	n := w * h
	out := make([]byte, prelude+len(header)+4*n*planes)
	copy(out, "\x93NUMPY\x01\x00")
	binary.LittleEndian.PutUint16(out[8:], uint16(len(header)))
	copy(out[prelude:], header)
	body := out[prelude+len(header):]
	for _, band := range bands {
		putFloats(body[:4*n], band, mask)
		body = body[4*n:]
	}
	for i, v := range mask {
		f := float32(0)
		if v != 0 {
			f = 255
		}
		binary.LittleEndian.PutUint32(body[4*i:], math.Float32bits(f))
	}
	return out, nil
}

func putFloats(dst []byte, band []float32, mask []uint8) {
	for i, v := range band {
		binary.LittleEndian.PutUint32(dst[4*i:4*i+4:4*i+4], math.Float32bits(v))
	}
	nan := math.Float32bits(float32(math.NaN()))
	for i, v := range mask {
		if v == 0 {
			binary.LittleEndian.PutUint32(dst[4*i:], nan)
		}
	}
}

func checkArray(op string, bands [][]float32, mask []uint8, w, h int) error {
	if w < 1 || h < 1 || w > MaxSide || h > MaxSide {
		return fault.Errorf(op, fault.Invalid, "array of %d x %d cells: sides must be 1 to %d", w, h, MaxSide)
	}
	if len(bands) == 0 {
		return fault.Errorf(op, fault.Invalid, "an array without bands")
	}
	if n := int64(w) * int64(h) * int64(len(bands)+1); n > MaxSamples {
		return fault.Errorf(op, fault.TooLarge, "%d bands of %d x %d cells are %d values; the limit is %d", len(bands), w, h, n, MaxSamples)
	}
	for i, b := range bands {
		if len(b) != w*h {
			return fault.Errorf(op, fault.Invalid, "band %d has %d values where %d x %d needs %d", i+1, len(b), w, h, w*h)
		}
	}
	if mask != nil && len(mask) != w*h {
		return fault.Errorf(op, fault.Invalid, "a mask of %d cells where %d x %d needs %d", len(mask), w, h, w*h)
	}
	return nil
}
