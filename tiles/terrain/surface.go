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
	for row := range s.Height {
		cx, cy := s.CellX(row), s.CellY(row)
		if !(cx > 0 && cy > 0) || math.IsInf(cx, 0) || math.IsInf(cy, 0) {
			return fault.Errorf(op, fault.Invalid, "row %d has cells of %g x %g metres", row, cx, cy)
		}
		s.row(row, cx, cy, dst[row*s.Width:][:s.Width], mask[row*s.Width:][:s.Width], value)
	}
	return nil
}

func (s *Surface) row(row int, cx, cy float64, dst []float32, mask []uint8, value func(east, north float64) (float64, bool)) {
	stride := s.stride()
	start := (row+s.Border)*stride + s.Border
	kx, ky := 1/(8*cx), 1/(8*cy)
	for col := range dst {
		i := start + col
		dst[col], mask[col] = 0, 0
		if !s.valid(i) {
			continue
		}
		w, whole := s.window(i, stride)
		if !whole {
			s.complete(&w, i, stride)
		}
		east := kx * ((w[2] + 2*w[5] + w[8]) - (w[0] + 2*w[3] + w[6]))
		north := ky * ((w[0] + 2*w[1] + w[2]) - (w[6] + 2*w[7] + w[8]))
		if v, ok := value(east, north); ok {
			dst[col], mask[col] = float32(v), 255
		}
	}
}

// window reads the 3 × 3 cells around i; whole is false when one of them has
// no height.
func (s *Surface) window(i, stride int) (w [9]float64, whole bool) {
	sum, masked := float32(0), false
	for k, at := range [3]int{i - stride - 1, i - 1, i + stride - 1} {
		h := s.Heights[at : at+3 : at+3]
		w[3*k], w[3*k+1], w[3*k+2] = float64(h[0]), float64(h[1]), float64(h[2])
		sum += (h[0] - h[0]) + (h[1] - h[1]) + (h[2] - h[2])
		if s.Mask != nil {
			m := s.Mask[at : at+3 : at+3]
			masked = masked || m[0] == 0 || m[1] == 0 || m[2] == 0
		}
	}
	return w, sum == 0 && !masked // NaN and ∞ less themselves are NaN
}

func (s *Surface) complete(w *[9]float64, i, stride int) {
	var has [9]bool
	for k := range has {
		has[k] = s.valid(i + (k/3-1)*stride + k%3 - 1)
	}
	for k := range has {
		switch {
		case has[k]:
		case has[8-k]:
			w[k] = 2*w[4] - w[8-k]
		default:
			w[k] = w[4]
		}
	}
}
