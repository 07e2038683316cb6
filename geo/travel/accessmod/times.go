package accessmod

import (
	"context"
	"math"

	"contado/geo/fault"
)

// Ground is what is travelled over, row by row.
type Ground struct {
	Width, Height int
	CellW, CellH  float64 // metres
	Codes         []Code
	// Elevation in metres; NaN closes the cell, as in AccessMod; nil is level.
	Elevation []float32
}

// Options of a computation.
type Options struct {
	// Towards facilities; else from them.
	Towards bool
	// Knight adds the eight knight's moves to the eight neighbours.
	Knight bool
	// Isotropic leaves slope out: r.cost on seconds per cell, at the speeds of
	// the codes. (On level ground the bicycle's steps end up to 0.01 % off them.)
	Isotropic bool
	// MaxMinutes bounds the times, inclusive in seconds; 0 = no bound.
	MaxMinutes int
	// RoundDown gives whole minutes rounded down, as AccessMod did before its
	// issue 394.
	RoundDown bool
}

// MaxMinutes is the longest time that AccessMod's int16 rasters hold.
const MaxMinutes = math.MaxInt16

// Timeless marks a cell that is not reached.
const Timeless = -1

// Times are the outcome, one value a cell.
type Times struct {
	Seconds []float64 // +Inf where no facility can be reached
	Nearest []int32   // index of the facility, −1 there
	// OnBarrier lists the facilities in closed cells, which take no part.
	OnBarrier []int
}

// Travel gives the time between every cell and the nearest of the facilities,
// which stand in cells (numbers row by row). Equal times go to the facility
// that comes first. Dijkstra's algorithm in float64 with a binary heap, 24
// bytes a cell. Errors: Invalid, Canceled.
func Travel(ctx context.Context, g *Ground, facilities []int, o Options) (*Times, error) {
	if err := g.check(facilities, &o); err != nil {
		return nil, err
	}
	t := &Times{Seconds: make([]float64, len(g.Codes)), Nearest: make([]int32, len(g.Codes))}
	for i := range t.Seconds {
		t.Seconds[i], t.Nearest[i] = math.Inf(1), -1
	}
	s := search{g: g, o: &o, t: t, limit: math.Inf(1), moves: g.moves(&o)}
	if o.MaxMinutes > 0 {
		s.limit = float64(o.MaxMinutes) * 60
	}
	for i, c := range facilities {
		if g.closed(c) {
			t.OnBarrier = append(t.OnBarrier, i)
			continue
		}
		s.offer(c, 0, int32(i))
	}
	return t, s.run(ctx)
}

func (g *Ground) check(facilities []int, o *Options) error {
	const op = "accessmod.Travel"
	n := g.Width * g.Height
	switch {
	case g.Width <= 0 || g.Height <= 0 || g.Width > math.MaxInt32/g.Height:
		return fault.Errorf(op, fault.Invalid, "accessmod: ground of %d × %d cells", g.Width, g.Height)
	case len(g.Codes) != n || g.Elevation != nil && len(g.Elevation) != n:
		return fault.Errorf(op, fault.Invalid, "accessmod: %d codes and %d elevations for %d cells", len(g.Codes), len(g.Elevation), n)
	case !(g.CellW > 0 && g.CellH > 0):
		return fault.Errorf(op, fault.Invalid, "accessmod: cells of %g × %g m", g.CellW, g.CellH)
	case o.MaxMinutes < 0 || o.MaxMinutes > MaxMinutes:
		return fault.Errorf(op, fault.Invalid, "accessmod: at most %d minutes; want 0 (no bound) to %d", o.MaxMinutes, MaxMinutes)
	}
	for i, c := range facilities {
		if c < 0 || c >= n {
			return fault.Errorf(op, fault.Invalid, "accessmod: facility %d is in cell %d of %d", i, c, n)
		}
	}
	return nil
}

// closed tells that a cell cannot be crossed.
func (g *Ground) closed(c int) bool {
	return g.Codes[c].Mode() == Barrier || g.Elevation != nil && g.Elevation[c] != g.Elevation[c]
}

// move is a step on the grid; over are the cells of a knight's move.
type move struct {
	dc, dr int
	length float64 // metres
	over   [][2]int
}

func (g *Ground) moves(o *Options) []move {
	var out []move
	for dr := -2; dr <= 2; dr++ {
		for dc := -2; dc <= 2; dc++ {
			m := move{dc: dc, dr: dr, length: math.Hypot(float64(dc)*g.CellW, float64(dr)*g.CellH)}
			switch d := dc*dc + dr*dr; {
			case d == 5 && o.Knight && (dc == 2 || dc == -2):
				m.over = [][2]int{{dc / 2, 0}, {dc / 2, dr}}
			case d == 5 && o.Knight:
				m.over = [][2]int{{0, dr / 2}, {dc, dr / 2}}
			case d != 1 && d != 2:
				continue
			}
			out = append(out, m)
		}
	}
	return out
}

type search struct {
	g     *Ground
	o     *Options
	t     *Times
	limit float64
	moves []move
	heap  []entry
}

type entry struct {
	seconds float64
	nearest int32
	cell    int32
}

func (a entry) before(b entry) bool {
	return a.seconds < b.seconds || a.seconds == b.seconds && a.nearest < b.nearest
}

// pollEvery is how many cells are done between looks at the context.
const pollEvery = 1 << 14

func (s *search) run(ctx context.Context) error {
	for n := 0; len(s.heap) > 0; n++ {
		if n%pollEvery == 0 {
			if err := ctx.Err(); err != nil {
				return fault.E("accessmod.Travel", fault.Canceled, err)
			}
		}
		at := s.pop()
		c := int(at.cell)
		if at.seconds == s.t.Seconds[c] && at.nearest == s.t.Nearest[c] {
			s.expand(c, at)
		}
	}
	return nil
}

func (s *search) expand(c int, at entry) {
	g := s.g
	col, row := c%g.Width, c/g.Width
	for i := range s.moves {
		m := &s.moves[i]
		to, r := col+m.dc, row+m.dr
		if to < 0 || r < 0 || to >= g.Width || r >= g.Height {
			continue
		}
		v := r*g.Width + to
		if s.t.Seconds[v] < at.seconds {
			continue
		}
		if d, ok := s.seconds(c, v, m); ok {
			s.offer(v, at.seconds+d, at.nearest)
		}
	}
}

// seconds is the time of a move; ok is false when it is blocked.
func (s *search) seconds(c, v int, m *move) (float64, bool) {
	g := s.g
	if g.closed(v) {
		return 0, false
	}
	speed := Code.KMH
	if g.Elevation != nil && !s.o.Isotropic {
		slope := (float64(g.Elevation[v]) - float64(g.Elevation[c])) / m.length
		if s.o.Towards {
			slope = -slope
		}
		speed = func(at Code) float64 { return at.Speed(slope) }
	}
	parts := 2 + len(m.over)
	pace := 1/speed(g.Codes[c]) + 1/speed(g.Codes[v]) // h/km
	for _, o := range m.over {
		w := c + o[1]*g.Width + o[0]
		if g.closed(w) {
			return 0, false
		}
		pace += 1 / speed(g.Codes[w])
	}
	d := pace * 3.6 * m.length / float64(parts)
	return d, !math.IsInf(d, 1)
}

func (s *search) offer(c int, seconds float64, nearest int32) {
	old := entry{s.t.Seconds[c], s.t.Nearest[c], int32(c)}
	e := entry{seconds, nearest, int32(c)}
	if !(seconds <= s.limit) || !e.before(old) {
		return
	}
	s.t.Seconds[c], s.t.Nearest[c] = seconds, nearest
	s.push(e)
}

func (s *search) push(e entry) {
	s.heap = append(s.heap, e)
	i := len(s.heap) - 1
	for i > 0 {
		up := (i - 1) / 2
		if !e.before(s.heap[up]) {
			break
		}
		s.heap[i] = s.heap[up]
		i = up
	}
	s.heap[i] = e
}

func (s *search) pop() entry {
	top, last := s.heap[0], s.heap[len(s.heap)-1]
	s.heap = s.heap[:len(s.heap)-1]
	n := len(s.heap)
	if n == 0 {
		return top
	}
	i := 0
	for {
		down := 2*i + 1
		if down >= n {
			break
		}
		if down+1 < n && s.heap[down+1].before(s.heap[down]) {
			down++
		}
		if !s.heap[down].before(last) {
			break
		}
		s.heap[i] = s.heap[down]
		i = down
	}
	s.heap[i] = last
	return top
}

// Minutes turns seconds into whole minutes, rounded as asked; Timeless where
// a cell is not reached. Errors: TooLarge over MaxMinutes, which AccessMod's
// rasters cannot hold.
func (t *Times) Minutes(o Options) ([]int16, error) {
	out := make([]int16, len(t.Seconds))
	for c, s := range t.Seconds {
		m := math.Ceil(s / 60)
		if o.RoundDown {
			m = math.Floor(s / 60)
		}
		switch {
		case math.IsInf(s, 1):
			out[c] = Timeless
		case m > MaxMinutes:
			return nil, fault.WithHint(fault.Errorf("accessmod.Minutes", fault.TooLarge,
				"accessmod: cell %d takes %g minutes; its rasters hold at most %d", c, m, MaxMinutes), "bound the time with MaxMinutes")
		default:
			out[c] = int16(m)
		}
	}
	return out, nil
}
