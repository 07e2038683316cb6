package travel

import (
	"math"

	"contado/geo/fault"
)

// MaxSpeed is the largest accepted speed, in metres a second (360 km/h).
// A bound on speed bounds the shortest edge, and so the number of buckets.
const MaxSpeed = 100

// MaxCells is the largest number of cells of a surface, border included.
const MaxCells = math.MaxInt32

// SlopeRule says whether the slope function applies to the part of a move
// that lies in a cell.
type SlopeRule uint8

// The rules. The zero value is the usual one for walking.
const (
	SlopeApplies SlopeRule = iota
	SlopeIgnored           // for example a lift, a ferry, a motor road
)

// Surface is what people walk over. Arrays run row by row, Width·Height
// values each; it is not changed by this package and may be shared.
type Surface struct {
	Width, Height int
	// CellW and CellH are metres per cell along a row and along a column. They
	// hold one value for the whole grid or one a row (geographic grids shrink
	// with latitude).
	CellW, CellH []float64
	// Speed is metres a second on level ground; 0 or NaN is a barrier.
	Speed []float32
	// Rules holds the slope rule of each cell; nil means SlopeApplies.
	Rules []SlopeRule
	// Elevation in metres; nil means flat. NaN is unknown: a move from or to
	// such a cell is taken as level.
	Elevation []float32
}

// Cell is the number of the cell at (col, row), −1 when it lies outside.
func (s *Surface) Cell(col, row int) int {
	if col < 0 || row < 0 || col >= s.Width || row >= s.Height {
		return -1
	}
	return row*s.Width + col
}

// Passable reports whether the cell at (col, row) is inside and no barrier.
func (s *Surface) Passable(col, row int) bool {
	c := s.Cell(col, row)
	return c >= 0 && s.Speed[c] > 0
}

// cellW is the width in metres of a cell of a row.
func (s *Surface) cellW(row int) float64 { return perRow(s.CellW, row) }

// cellH is the height in metres of a cell of a row.
func (s *Surface) cellH(row int) float64 { return perRow(s.CellH, row) }

func perRow(v []float64, row int) float64 {
	if len(v) == 1 {
		return v[0]
	}
	return v[row]
}

// check validates shape and sizes, not the values of each cell.
func (s *Surface) check() error {
	const op = "travel.Prepare"
	if s == nil || s.Width <= 0 || s.Height <= 0 {
		return fault.Errorf(op, fault.Invalid, "travel surface has no cells")
	}
	if s.Width > MaxCells || s.Height > MaxCells || paddedCells(s.Width, s.Height) > MaxCells {
		return fault.WithHint(fault.Errorf(op, fault.TooLarge,
			"travel surface of %d × %d cells is over the limit of %d cells with its border", s.Width, s.Height, MaxCells),
			"use larger cells or a smaller territory")
	}
	n := s.Width * s.Height
	if len(s.Speed) != n {
		return fault.Errorf(op, fault.Invalid, "travel surface of %d × %d cells has %d speeds, want %d", s.Width, s.Height, len(s.Speed), n)
	}
	if s.Elevation != nil && len(s.Elevation) != n {
		return fault.Errorf(op, fault.Invalid, "travel surface has %d elevations, want %d or none", len(s.Elevation), n)
	}
	if s.Rules != nil && len(s.Rules) != n {
		return fault.Errorf(op, fault.Invalid, "travel surface has %d slope rules, want %d or none", len(s.Rules), n)
	}
	return s.checkSize()
}

func (s *Surface) checkSize() error {
	if err := s.checkSizes("width", s.CellW); err != nil {
		return err
	}
	return s.checkSizes("height", s.CellH)
}

// checkSizes wants one size, or one a row, between 1 mm and 1000 km.
func (s *Surface) checkSizes(what string, v []float64) error {
	const op = "travel.Prepare"
	if len(v) != 1 && len(v) != s.Height {
		return fault.Errorf(op, fault.Invalid, "travel surface gives %d cell %ss, want 1 or one a row (%d)", len(v), what, s.Height)
	}
	for row, m := range v {
		if !(m >= 1e-3 && m <= 1e6) {
			return fault.Errorf(op, fault.Invalid, "travel surface: cell %s of row %d is %g m, want 0.001 to 1000000", what, row, m)
		}
	}
	return nil
}
