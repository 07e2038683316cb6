package travel

import (
	"math"
	"sync"
)

// Engine is a Surface packed for searching. It is immutable and safe for use
// by many goroutines. It keeps 1 byte a cell for the speed where there are at
// most 255 different ones, else 4, and 4 for the elevation where there is any;
// 4 more when some cells ignore slope. Each search takes 8 more.
//
// Rows are packed four by four, so that 2×4 labels or 4×4 elevations share a
// cache line and a search touches few lines about each cell: (col, row) lies at
// (row/4·stride + col)·4 + row mod 4, counted from the corner of the border.
type Engine struct {
	width, height int
	stride        int          // columns of the packed layout
	size          int          // packed cells
	class         []uint8      // of each cell's pace; nil when there are too many
	palette       [256]float32 // pace of each class: see pace
	paces         []float32    // when class is nil
	z             []float32    // elevation in metres; nil when there is none
	level         []float32    // pace in cells that ignore slope, else 0; nil when there is none
	relief        bool
	perRow        bool    // steps differ by row
	steps         []steps // one a row of the packed layout, or of four when alike
	far           []farSteps
	minPace       float32 // of all passable cells; +Inf when there is none
	minLength     float32 // of all moves, metres
	spare         sync.Pool
}

// border is how many cells of barrier surround the surface in the packed
// layout, so that no move needs a range check. The columns after one strip of
// rows serve as those before the next.
const border = 3

// nearMoves is the number of moves of up to two cells: 4 straight, 4 diagonal,
// 8 knight's; 16 far moves of three cells follow (far.go).
const (
	nearMoves     = 16
	firstDiagonal = 4
	firstKnight   = 8
	upTwo         = 12 // (−1, −2)
	downTwo       = 15 // (1, 2)
)

// move is a step on the grid.
type move struct{ dc, dr int }

var allMoves = [nearMoves + farMoves]move{
	{-1, 0},
	{1, 0},
	{0, -1},
	{0, 1},
	{-1, -1},
	{1, -1},
	{-1, 1},
	{1, 1},
	{-2, -1},
	{2, -1},
	{-2, 1},
	{2, 1},
	{-1, -2},
	{1, -2},
	{-1, 2},
	{1, 2},
	{-3, -1},
	{3, -1},
	{-3, 1},
	{3, 1},
	{-1, -3},
	{1, -3},
	{-1, 3},
	{1, 3},
	{-3, -2},
	{3, -2},
	{-3, 2},
	{3, 2},
	{-2, -3},
	{2, -3},
	{-2, 3},
	{2, 3},
}

// between gives the two cells that matter to a move, relative to its start:
// for a knight's move those it passes over, for a diagonal those beside it.
func (m move) between() [2]move {
	switch {
	case m.dc == 2 || m.dc == -2:
		return [2]move{{m.dc / 2, 0}, {m.dc / 2, m.dr}}
	case m.dr == 2 || m.dr == -2:
		return [2]move{{0, m.dr / 2}, {m.dc, m.dr / 2}}
	case m.dc != 0 && m.dr != 0:
		return [2]move{{m.dc, 0}, {0, m.dr}}
	}
	return [2]move{}
}

// step is a move out of a row of the packed layout.
type step struct {
	off  int32    // to the end of the move
	mid  [2]int32 // to the cells of between
	part float32  // metres of it in each cell that it touches
	inv  float32  // 1 / its whole length in metres
}

type steps [nearMoves]step

// strip is the number of rows packed together.
const strip = 4

func strips(height int) int { return (height + 2*border + strip - 1) / strip }

func paddedCells(width, height int) int64 {
	return (int64(stride(width))*int64(strips(height)) + border) * strip
}

// stride avoids multiples of a page, which would put the strips above each
// other into few cache sets.
func stride(width int) int {
	n := width + border
	if n%32 == 0 {
		n += 2
	}
	return n
}

// Prepare checks a surface and packs it. Errors: Invalid for wrong shapes or
// speeds that are negative or above MaxSpeed, TooLarge above MaxCells.
func Prepare(s *Surface) (*Engine, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	e := &Engine{width: s.Width, height: s.Height, stride: stride(s.Width), relief: s.Elevation != nil}
	e.size = int(paddedCells(s.Width, s.Height))
	if err := e.pack(s); err != nil {
		return nil, err
	}
	e.measure(s)
	return e, nil
}

// at is the packed position of (col, row).
func (e *Engine) at(col, row int) int32 {
	row += border
	return int32((row/strip*e.stride+col+border)*strip + row%strip)
}

// place is the inverse of at.
func (e *Engine) place(u int32) (col, row int) {
	column := int(u)/strip - border
	band := column / e.stride
	return column - band*e.stride, band*strip + int(u)%strip - border
}

// cell is the number in the caller's layout of a packed position.
func (e *Engine) cell(u int32) int32 {
	col, row := e.place(u)
	return int32(row*e.width + col)
}

// measure fills the steps. A move between rows of unequal cell width takes
// their mean, so that it is as long there as back.
func (e *Engine) measure(s *Surface) {
	e.perRow = len(s.CellW) > 1 || len(s.CellH) > 1
	n := strip
	if e.perRow {
		n = strips(s.Height) * strip
	}
	e.steps, e.far = make([]steps, n), make([]farSteps, n)
	shortest := math.Inf(1)
	for packedRow := range n {
		row := min(max(packedRow-border, 0), s.Height-1)
		for k, m := range allMoves[:nearMoves] {
			length := s.moveLength(row, m)
			parts := 2.0
			if k >= firstKnight {
				parts = 4
			}
			b := m.between()
			e.steps[packedRow][k] = step{
				off: e.offset(packedRow, m), mid: [2]int32{e.offset(packedRow, b[0]), e.offset(packedRow, b[1])},
				part: float32(length / parts), inv: float32(1 / length),
			}
			shortest = min(shortest, length)
		}
		e.measureFar(s, packedRow, row)
	}
	e.minLength = float32(shortest)
}

// moveLength is the length in metres of a move out of a row.
func (s *Surface) moveLength(row int, m move) float64 {
	other := min(max(row+m.dr, 0), s.Height-1)
	dx := float64(m.dc) * (s.cellW(row) + s.cellW(other)) / 2
	dy := 0.0
	if m.dr != 0 {
		dy = (s.cellH(row) + s.cellH(other)) / 2
		for i := 1; i < max(m.dr, -m.dr); i++ {
			dy += s.cellH(min(max(row+i*sign(m.dr), 0), s.Height-1))
		}
	}
	return math.Hypot(dx, dy)
}

// offset is how far a move leads from a row of the packed layout.
func (e *Engine) offset(packedRow int, m move) int32 {
	r := packedRow%strip + m.dr
	band := 0
	if r < 0 {
		band, r = -1, r+strip
	} else if r >= strip {
		band, r = 1, r-strip
	}
	return int32((band*e.stride+m.dc)*strip + r - packedRow%strip)
}

// stepsFrom gives the near moves out of u.
func (e *Engine) stepsFrom(u int32) *steps { return &e.steps[e.stepRow(u)] }

// stepRow is the index of the steps out of u.
func (e *Engine) stepRow(u int32) uint32 {
	if !e.perRow {
		return uint32(u) % strip
	}
	band := uint32(u) / strip
	return (band-border)/uint32(e.stride)*strip + uint32(u)%strip
}
