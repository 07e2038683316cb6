package travel

import (
	"cmp"
	"math"
	"slices"
	"sync"

	"contado/geo/fault"
)

// Engine is a Surface packed for searching. It is immutable and safe for use
// by many goroutines; it keeps 8 bytes a cell (12 when some cells ignore
// slope) and each search 8 more.
//
// Rows are packed four by four, so that 2×4 labels or cells share a cache
// line and a search touches few lines about each cell: (col, row) lies at
// (row/4·stride + col)·4 + row mod 4, counted from the corner of the border.
type Engine struct {
	width, height int
	stride        int // columns of the packed layout
	cells         []packed
	level         []float32 // pace in cells that ignore slope, else 0; nil when there is none
	relief        bool
	perRow        bool    // steps differ by row
	steps         []steps // one a row of the packed layout, or of four when alike
	far           []farSteps
	minPace       float32 // of all passable cells; +Inf when there is none
	minLength     float32 // of all moves, metres
	spare         sync.Pool
}

// packed is what a search reads of a cell: pace in seconds a metre (+Inf at
// barriers and in the border) and elevation in metres.
type packed struct{ pace, z float32 }

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

func (e *Engine) pack(s *Surface) error {
	inf := float32(math.Inf(1))
	e.cells = make([]packed, paddedCells(s.Width, s.Height))
	adviseHuge(e.cells)
	workers := e.workers(0)
	least, errs := make([]float32, workers), make([]error, workers)
	bands(workers, strips(s.Height), func(part, from, to int) {
		least[part] = inf
		for i := from; i < to && errs[part] == nil; i++ {
			var pace float32
			pace, errs[part] = e.packStrip(s, i)
			least[part] = min(least[part], pace)
		}
	})
	for i := len(e.cells) - border*strip; i < len(e.cells); i++ {
		e.cells[i].pace = inf
	}
	if err := cmp.Or(errs...); err != nil {
		return err
	}
	e.minPace = slices.Min(least)
	e.packRules(s)
	return nil
}

// packStrip fills a strip of rows in and gives its least pace.
func (e *Engine) packStrip(s *Surface, i int) (least float32, err error) {
	least = float32(math.Inf(1))
	size := e.stride * strip
	cells := e.cells[i*size:][:size]
	// Barrier everywhere, then the rows of the strip while it is at hand.
	for i := range cells {
		cells[i].pace = least
	}
	for r := range strip {
		row := i*strip + r - border
		if row < 0 || row >= s.Height {
			continue
		}
		pace, err := packRow(cells[border*strip+r:], s, row)
		if err != nil {
			return 0, err
		}
		least = min(least, pace)
	}
	return least, nil
}

// packRow fills a row of the surface in and gives its least pace.
func packRow(cells []packed, s *Surface, row int) (least float32, err error) {
	least = float32(math.Inf(1))
	speeds := s.Speed[row*s.Width:][:s.Width]
	for col, v := range speeds {
		if v == 0 || v != v {
			continue
		}
		if v < 0 || v > MaxSpeed {
			return 0, fault.Errorf("travel.Prepare", fault.Invalid,
				"travel surface: speed %g m/s at column %d, row %d; want 0 (barrier) to %d", v, col, row, MaxSpeed)
		}
		pace := 1 / v
		cells[col*strip].pace = pace
		least = min(least, pace)
	}
	if s.Elevation != nil {
		for col, z := range s.Elevation[row*s.Width:][:s.Width] {
			cells[col*strip].z = z
		}
	}
	return least, nil
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
