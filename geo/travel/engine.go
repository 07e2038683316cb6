package travel

import (
	"math"
	"sync"

	"contado/geo/fault"
)

// Engine is a Surface packed for searching. It is immutable and safe for use
// by many goroutines; it keeps 8 bytes a cell (12 when some cells ignore
// slope) and each search 8 more.
type Engine struct {
	width, height int
	stride        int // cells from one row to the next in the packed layout
	cells         []packed
	level         []float32 // pace in cells that ignore slope, else 0; nil when there is none
	relief        bool
	rows          []moves // one, or one a row
	off           [moveCount]int32
	mid           [moveCount][2]int32 // cells between (knight) or beside (diagonal)
	minPace       float32             // of all passable cells; +Inf when there is none
	minLength     float32             // of all moves, metres
	spare         sync.Pool           // *Workspace of this size
}

// packed is what a search reads of a cell: pace in seconds a metre (+Inf at
// barriers and in the border) and elevation in metres.
type packed struct{ pace, z float32 }

// border is how many cells of barrier surround the surface in the packed
// layout, so that no move needs a range check. The cells after one row serve
// as those before the next.
const border = 2

// moveCount is the number of moves: 4 straight, 4 diagonal, 8 knight's.
const (
	moveCount     = 16
	firstDiagonal = 4
	firstKnight   = 8
)

// move is a step on the grid.
type move struct{ dc, dr int }

var allMoves = [moveCount]move{
	{-1, 0}, {1, 0}, {0, -1}, {0, 1},
	{-1, -1}, {1, -1}, {-1, 1}, {1, 1},
	{-2, -1}, {2, -1}, {-2, 1}, {2, 1},
	{-1, -2}, {1, -2}, {-1, 2}, {1, 2},
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

// reach is the part of a move's length spent in each cell it touches, in
// metres, and the reciprocal of the whole length.
type reach struct{ part, inv float32 }

// moves holds the lengths of all moves out of one row.
type moves [moveCount]reach

func paddedCells(width, height int) int64 {
	return int64(stride(width))*int64(height+2*border) + border
}

// stride avoids a power of two, which would put a column of cells into few
// cache sets.
func stride(width int) int {
	n := width + border
	if n%128 == 0 {
		n += 8
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
	if err := e.pack(s); err != nil {
		return nil, err
	}
	for k, m := range allMoves {
		e.off[k] = e.offset(m)
		b := m.between()
		e.mid[k] = [2]int32{e.offset(b[0]), e.offset(b[1])}
	}
	e.measure(s)
	return e, nil
}

func (e *Engine) offset(m move) int32 { return int32(m.dr*e.stride + m.dc) }

// at is the packed position of (col, row).
func (e *Engine) at(col, row int) int32 { return int32((row+border)*e.stride + col + border) }

// place is the inverse of at.
func (e *Engine) place(u int32) (col, row int) {
	v := int(u) - border
	row = v / e.stride
	return v - row*e.stride, row - border
}

// cell is the number in the caller's layout of a packed position.
func (e *Engine) cell(u int32) int32 {
	col, row := e.place(u)
	return int32(row*e.width + col)
}

func (e *Engine) pack(s *Surface) error {
	inf := float32(math.Inf(1))
	e.cells = make([]packed, paddedCells(s.Width, s.Height))
	adviseHuge(e.cells)
	for i := range e.cells {
		e.cells[i].pace = inf
	}
	slowest := inf
	for row := range s.Height {
		first := row * s.Width
		line := e.cells[e.at(0, row):][:s.Width]
		for col, v := range s.Speed[first : first+s.Width] {
			if v == 0 || v != v {
				continue
			}
			if v < 0 || v > MaxSpeed {
				return fault.Errorf("travel.Prepare", fault.Invalid,
					"travel surface: speed %g m/s at column %d, row %d; want 0 (barrier) to %d", v, col, row, MaxSpeed)
			}
			line[col].pace = 1 / v
			slowest = min(slowest, 1/v)
		}
		if s.Elevation != nil {
			for col, z := range s.Elevation[first : first+s.Width] {
				line[col].z = z
			}
		}
	}
	e.minPace = slowest
	e.packRules(s)
	return nil
}

// packRules keeps the pace of cells that ignore slope, when there are any.
func (e *Engine) packRules(s *Surface) {
	for c, rule := range s.Rules {
		if rule != SlopeIgnored || !(s.Speed[c] > 0) {
			continue
		}
		if e.level == nil {
			e.level = make([]float32, len(e.cells))
		}
		u := e.at(c%s.Width, c/s.Width)
		e.level[u] = e.cells[u].pace
	}
}

// measure fills the lengths of moves. A move between rows of unequal cell
// width takes their mean, so that it is as long there as back.
func (e *Engine) measure(s *Surface) {
	n := s.Height
	if len(s.CellW) == 1 && len(s.CellH) == 1 {
		n = 1
	}
	e.rows = make([]moves, n)
	shortest := math.Inf(1)
	for row := range n {
		for k, m := range allMoves {
			other := min(max(row+m.dr, 0), s.Height-1)
			middle := (row + other) / 2
			dx := float64(m.dc) * (s.cellW(row) + s.cellW(other)) / 2
			dy := (s.cellH(row) + s.cellH(other)) / 2
			if m.dr == 0 {
				dy = 0
			} else if m.dr == 2 || m.dr == -2 {
				dy += s.cellH(middle)
			}
			length := math.Hypot(dx, dy)
			parts := 2.0
			if k >= firstKnight {
				parts = 4
			}
			e.rows[row][k] = reach{part: float32(length / parts), inv: float32(1 / length)}
			shortest = min(shortest, length)
		}
	}
	e.minLength = float32(shortest)
}

// moves out of the row of u.
func (e *Engine) movesFrom(u int32) *moves {
	if len(e.rows) == 1 {
		return &e.rows[0]
	}
	return &e.rows[int(uint32(u-border)/uint32(e.stride))-border]
}
