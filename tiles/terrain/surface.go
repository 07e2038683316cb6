// Package terrain draws heights: shaded relief, slope, aspect, contour lines
// and heights coded in colours for 3-D maps. Every result depends on the
// cells nearby alone, so that neighbouring tiles with enough border agree to
// the bit.
package terrain

import (
	"math"

	"contado/geo/fault"
)

// MaxSide bounds the width and height of a surface, without its border.
const MaxSide = 1 << 14

// Surface is a window of heights with a border of cells on every side, so
// that each cell within has neighbours.
type Surface struct {
	// Heights in metres and Mask (0 = no value; nil = all valid), row by row
	// from the north, of (Width + 2·Border) × (Height + 2·Border) cells.
	Heights []float32
	Mask    []uint8
	// Width and Height are in cells, without the border.
	Width, Height int
	Border        int // at least 1
	// CellX and CellY are the size in metres of a cell of the row (from 0,
	// without the border; of Mercator tiles it changes from row to row).
	// Contours and codes do not need them.
	CellX, CellY func(row int) float64
}

func (s *Surface) check(op string, border int) error {
	if s.Width < 1 || s.Height < 1 || s.Width > MaxSide || s.Height > MaxSide {
		return fault.Errorf(op, fault.Invalid, "surface of %d x %d cells: sides must be 1 to %d", s.Width, s.Height, MaxSide)
	}
	if s.Border < border || s.Border > 64 {
		return fault.Errorf(op, fault.Invalid, "a border of %d cells: must be %d to 64", s.Border, border)
	}
	n := s.stride() * (s.Height + 2*s.Border)
	if len(s.Heights) != n {
		return fault.Errorf(op, fault.Invalid, "%d heights where %d x %d cells with a border of %d need %d", len(s.Heights), s.Width, s.Height, s.Border, n)
	}
	if s.Mask != nil && len(s.Mask) != n {
		return fault.Errorf(op, fault.Invalid, "a mask of %d cells for %d heights", len(s.Mask), n)
	}
	return nil
}

func (s *Surface) stride() int { return s.Width + 2*s.Border }

// valid reports whether the cell of the bordered window has a height.
func (s *Surface) valid(i int) bool {
	v := s.Heights[i]
	return (s.Mask == nil || s.Mask[i] != 0) && v-v == 0
}

// slopes calls yield with the gradient of each cell that has a height, by
// Horn 1981 (Hill shading and the reflectance map, Proc. IEEE 69, p. 18):
// weights 1 2 1 over the 3 × 3 neighbourhood. east is ∂h/∂x, positive where
// it rises to the east, north ∂h/∂y; metres a metre. Cells without a height
// are not called for.
//
// A neighbour without a height is taken from the one opposite by a straight
// line through the middle (a plane stays a plane up to the edge of the
// data); without that one too, from the middle.
func (s *Surface) slopes(dst []float32, mask []uint8, value func(east, north float64) (float64, bool)) error {
	const op = "terrain"
	if err := s.check(op, 1); err != nil {
		return err
	}
	n := s.Width * s.Height
	switch {
	case len(dst) != n || len(mask) != n:
		return fault.Errorf(op, fault.Invalid, "room for %d values and %d of mask where %d x %d cells need %d", len(dst), len(mask), s.Width, s.Height, n)
	case s.CellX == nil || s.CellY == nil:
		return fault.Errorf(op, fault.Invalid, "the size of the cells is not given")
	}
	var rows [3][]float64 // above, within and below; NaN where there is no height
	for i := range rows {
		rows[i] = make([]float64, s.Width+2)
		s.load(rows[i], i-2)
	}
	for row := range s.Height {
		cx, cy := s.CellX(row), s.CellY(row)
		if !(cx > 0 && cy > 0) || math.IsInf(cx, 0) || math.IsInf(cy, 0) {
			return fault.Errorf(op, fault.Invalid, "row %d has cells of %g x %g metres", row, cx, cy)
		}
		rows[0], rows[1], rows[2] = rows[1], rows[2], rows[0]
		s.load(rows[2], row+1)
		k := scale{1 / (8 * cx), 1 / (8 * cy)}
		k.row(rows, dst[row*s.Width:][:s.Width], mask[row*s.Width:][:s.Width], value)
	}
	return nil
}

// load reads a row of the surface (−1 and Height are of the border) with one
// cell of border at each end.
func (s *Surface) load(dst []float64, row int) {
	if row < -1 {
		return
	}
	from := (row+s.Border)*s.stride() + s.Border - 1
	for i, v := range s.Heights[from : from+len(dst)] {
		if v-v != 0 {
			v = float32(math.NaN()) // infinite
		}
		dst[i] = float64(v)
	}
	if s.Mask == nil {
		return
	}
	for i, m := range s.Mask[from : from+len(dst)] {
		if m == 0 {
			dst[i] = math.NaN()
		}
	}
}

// scale turns weighted differences into slopes.
type scale struct{ x, y float64 }

func (k scale) row(rows [3][]float64, dst []float32, mask []uint8, value func(east, north float64) (float64, bool)) {
	n := len(dst) + 2
	up, mid, down := rows[0][:n], rows[1][:n], rows[2][:n]
	for i := range dst {
		dst[i], mask[i] = 0, 0
		east := (up[i+2] + 2*mid[i+2] + down[i+2]) - (up[i] + 2*mid[i] + down[i])
		north := (up[i] + 2*up[i+1] + up[i+2]) - (down[i] + 2*down[i+1] + down[i+2])
		if mid[i+1] != mid[i+1] {
			continue
		}
		if east+north != east+north { // a neighbour is missing
			east, north = incomplete(up[i:i+3], mid[i:i+3], down[i:i+3])
		}
		if v, ok := value(k.x*east, k.y*north); ok {
			dst[i], mask[i] = float32(v), 255
		}
	}
}

// incomplete are the weighted differences where neighbours are missing.
func incomplete(up, mid, down []float64) (east, north float64) {
	has := [9]float64{up[0], up[1], up[2], mid[0], mid[1], mid[2], down[0], down[1], down[2]}
	w := has
	for i, v := range has {
		opposite := has[8-i]
		switch {
		case v == v:
		case opposite == opposite:
			w[i] = 2*has[4] - opposite
		default:
			w[i] = has[4]
		}
	}
	east = (w[2] + 2*w[5] + w[8]) - (w[0] + 2*w[3] + w[6])
	north = (w[0] + 2*w[1] + w[2]) - (w[6] + 2*w[7] + w[8])
	return east, north
}
