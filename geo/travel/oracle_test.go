package travel

import (
	"container/heap"
	"context"
	"math"
	"math/bits"
	"testing"

	"pgregory.net/rapid"
)

// The oracles are plain Dijkstra with a binary heap on the unpadded grid.
// heapTimes uses float32 and the engine's own time of a move, and must agree
// bit for bit; naiveTimes computes moves anew in float64 from the definition
// in the package comment.

type heapItem struct {
	d    float64
	f    int32
	cell int
}

type minHeap []heapItem

func (h minHeap) Len() int { return len(h) }
func (h minHeap) Less(i, j int) bool {
	if h[i].d != h[j].d {
		return h[i].d < h[j].d
	}
	return h[i].f < h[j].f
}
func (h minHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *minHeap) Push(x any)   { *h = append(*h, x.(heapItem)) }
func (h *minHeap) Pop() any {
	old := *h
	x := old[len(old)-1]
	*h = old[:len(old)-1]
	return x
}

// dijkstra over cells; add gives d plus the time of move k out of a cell.
func dijkstra(s *Surface, sources []Source, n int, add func(cell, k int, d float64) float64) ([]float64, []int32) {
	dist := make([]float64, s.Width*s.Height)
	near := make([]int32, len(dist))
	for i := range dist {
		dist[i], near[i] = math.Inf(1), -1
	}
	h := &minHeap{}
	for _, src := range sources {
		if s.Passable(src.Col, src.Row) {
			heap.Push(h, heapItem{float64(src.Offset), src.Facility, s.Cell(src.Col, src.Row)})
		}
	}
	for h.Len() > 0 {
		it := heap.Pop(h).(heapItem)
		if near[it.cell] >= 0 {
			continue
		}
		dist[it.cell], near[it.cell] = it.d, it.f
		for k := range n {
			v := s.Cell(it.cell%s.Width+allMoves[k].dc, it.cell/s.Width+allMoves[k].dr)
			if v < 0 || near[v] >= 0 {
				continue
			}
			if d := add(it.cell, k, it.d); d <= Horizon {
				heap.Push(h, heapItem{d, it.f, v})
			}
		}
	}
	return dist, near
}

func heapTimes(t testing.TB, s *Surface, sources []Source, o Options) ([]float64, []int32) {
	e, err := Prepare(s)
	if err != nil {
		t.Fatal(err)
	}
	r := e.newSearch(&o)
	return dijkstra(s, sources, bits.Len32(r.allowed), func(cell, k int, d float64) float64 {
		return float64(float32(d) + r.moveSeconds(e.at(cell%s.Width, cell/s.Width), k))
	})
}

func naiveTimes(s *Surface, sources []Source, o Options) []float64 {
	n := 16
	if o.Neighbours != 0 {
		n = o.Neighbours
	}
	dist, _ := dijkstra(s, sources, n, func(cell, k int, d float64) float64 {
		return d + naiveMove(s, cell%s.Width, cell/s.Width, allMoves[k], o)
	})
	return dist
}

// naiveMove walks along the straight line between the two centres and sums
// what it takes in each cell, found by sampling the line finely between its
// crossings: nothing is shared with the engine's tables of moves.
func naiveMove(s *Surface, c0, r0 int, m move, o Options) float64 {
	c1, r1 := c0+m.dc, r0+m.dr
	pass := func(c, r int) bool { return s.Passable(c, r) }
	dy := 0.0
	if m.dr != 0 {
		dy = (s.cellH(r0) + s.cellH(r1)) / 2
		for r := min(r0, r1) + 1; r < max(r0, r1); r++ {
			dy += s.cellH(r)
		}
	}
	length := math.Hypot(float64(m.dc)*(s.cellW(r0)+s.cellW(r1))/2, dy)
	factor := 1.0
	if s.Elevation != nil {
		rise := float64(s.Elevation[s.Cell(c1, r1)]) - float64(s.Elevation[s.Cell(c0, r0)])
		if o.Direction == ToFacility {
			rise = -rise
		}
		if !math.IsNaN(rise) {
			factor = o.Slope.Factor(rise / length)
			if o.MaxSlope > 0 && math.Abs(rise/length) > o.MaxSlope*(1+4e-6) {
				factor = math.Inf(1)
			}
		}
	}
	sum := 0.0
	for _, p := range lineShares(m) {
		if p.share == 0 { // a corner between two cells
			a, b := p.cells[0], p.cells[1]
			if !pass(c0+a.dc, r0+a.dr) && !pass(c0+b.dc, r0+b.dr) {
				return math.Inf(1)
			}
			continue
		}
		c, r := c0+p.cells[0].dc, r0+p.cells[0].dr
		if !pass(c, r) {
			return math.Inf(1)
		}
		i := s.Cell(c, r)
		t := length * p.share / float64(s.Speed[i])
		if s.Rules == nil || s.Rules[i] == SlopeApplies {
			t *= factor
		}
		sum += t
	}
	return sum
}

type lineShare struct {
	cells [2]move
	share float64
}

// lineShares cuts the line from (0, 0) to m at the borders of cells. Exact
// rationals with denominator 120 do for moves of up to three cells.
func lineShares(m move) []lineShare {
	const n = 120
	at := func(i int) move { // cell at the middle of part i; never on a border
		f := func(d int) int { return int(math.Floor(float64(d)*(float64(i)+0.5)/n + 0.5)) }
		return move{f(m.dc), f(m.dr)}
	}
	var out []lineShare
	for i := range n {
		c := at(i)
		if len(out) > 0 && out[len(out)-1].cells[0] == c {
			out[len(out)-1].share += 1.0 / n
			continue
		}
		if len(out) > 0 {
			if b := out[len(out)-1].cells[0]; b.dc != c.dc && b.dr != c.dr {
				out = append(out, lineShare{cells: [2]move{{b.dc, c.dr}, {c.dc, b.dr}}})
			}
		}
		out = append(out, lineShare{cells: [2]move{c}, share: 1.0 / n})
	}
	return out
}

// drawSurface makes small surfaces with barriers, relief, holes in the
// elevation, slope rules and rows of unequal size.
func drawSurface(t *rapid.T) *Surface {
	s := &Surface{Width: rapid.IntRange(1, 14).Draw(t, "width"), Height: rapid.IntRange(1, 14).Draw(t, "height")}
	n := s.Width * s.Height
	speeds := []float32{0, float32(math.NaN()), 0.3, 0.7, 1, 1.4, 1.4, 1.4, 5, 25}
	speeds = speeds[rapid.IntRange(0, 5).Draw(t, "slowest"):]
	s.Speed = rapid.SliceOfN(rapid.SampledFrom(speeds), n, n).Draw(t, "speed")
	if rapid.Bool().Draw(t, "relief") {
		steep := rapid.SampledFrom([]float32{1, 20, 400}).Draw(t, "steep")
		for _, z := range rapid.SliceOfN(rapid.IntRange(0, 20), n, n).Draw(t, "z") {
			if z == 20 {
				s.Elevation = append(s.Elevation, float32(math.NaN()))
			} else {
				s.Elevation = append(s.Elevation, float32(z)*steep/10)
			}
		}
	}
	if rapid.Bool().Draw(t, "rules") {
		s.Rules = rapid.SliceOfN(rapid.SampledFrom([]SlopeRule{SlopeApplies, SlopeIgnored}), n, n).Draw(t, "rule")
	}
	s.CellW, s.CellH = []float64{20}, []float64{20}
	if rapid.Bool().Draw(t, "per row") {
		s.CellW = rapid.SliceOfN(rapid.Float64Range(0.5, 30), s.Height, s.Height).Draw(t, "w")
		s.CellH = rapid.SliceOfN(rapid.Float64Range(10, 30), s.Height, s.Height).Draw(t, "h")
	}
	return s
}

func drawSources(t *rapid.T, s *Surface) []Source {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Source {
		return Source{
			Col: rapid.IntRange(0, s.Width-1).Draw(t, "col"), Row: rapid.IntRange(0, s.Height-1).Draw(t, "row"),
			Facility: int32(rapid.IntRange(0, 5).Draw(t, "facility")),
			Offset:   rapid.SampledFrom([]float32{0, 0, 30, 1e5}).Draw(t, "offset"),
		}
	}), 0, 4).Draw(t, "sources")
}

func drawOptions(t *rapid.T) Options {
	return Options{
		Direction:  rapid.SampledFrom([]Direction{ToFacility, FromFacility}).Draw(t, "direction"),
		Neighbours: rapid.SampledFrom([]int{8, 16, 32}).Draw(t, "neighbours"),
		Slope:      rapid.SampledFrom([]SlopeFunc{Tobler, Tobler, Level, Langmuir, Minetti, Campbell, Cycling, ECycling}).Draw(t, "slope"),
		MaxSlope:   rapid.SampledFrom([]float64{0, 0, 0.083, 0.33}).Draw(t, "steepest"),
	}
}

func compute(t testing.TB, s *Surface, sources []Source, o Options) *Result {
	t.Helper()
	r, err := Compute(context.Background(), s, sources, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

type fataler interface {
	Fatalf(string, ...any)
	Helper()
}

func mustCompute(t fataler, s *Surface, sources []Source, o Options) *Result {
	t.Helper()
	r, err := Compute(context.Background(), s, sources, o)
	if err != nil {
		t.Fatalf("compute: %v", err)
	}
	return r
}

func TestHeapOracle(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		s := drawSurface(rt)
		sources, o := drawSources(rt, s), drawOptions(rt)
		r := mustCompute(rt, s, sources, o)
		want, near := heapTimes(t, s, sources, o)
		naive := naiveTimes(s, sources, o)
		var settled int64
		for i, d := range r.Seconds {
			if float64(d) != want[i] || r.Nearest[i] != near[i] {
				rt.Fatalf("cell %d: %g s from %d, heap says %g s from %d", i, d, r.Nearest[i], want[i], near[i])
			}
			if near[i] >= 0 {
				settled++
			}
			if math.Abs(min(naive[i], float64(d))-Horizon) < 1e-4*Horizon {
				continue // either side of the horizon by rounding
			}
			if math.IsInf(naive[i], 1) != math.IsInf(float64(d), 1) || math.Abs(float64(d)-naive[i]) > 3e-5*naive[i] {
				rt.Fatalf("cell %d: %g s, float64 oracle %g s", i, d, naive[i])
			}
		}
		if r.Settled != settled {
			rt.Fatalf("settled %d cells, %d are reached", r.Settled, settled)
		}
	})
}

func TestReachOracle(t *testing.T) {
	t.Parallel()
	ws := NewWorkspace()
	rapid.Check(t, func(rt *rapid.T) {
		s := drawSurface(rt)
		sources, o := drawSources(rt, s), drawOptions(rt)
		e, err := Prepare(s)
		if err != nil {
			rt.Fatal(err)
		}
		all, err := e.Compute(context.Background(), sources, o)
		if err != nil {
			rt.Fatal(err)
		}
		// A limit that some cell meets exactly, so that inclusion shows.
		o.MaxSeconds = 60
		for _, d := range all.Seconds {
			if d > 0 && d < 1e4 {
				o.MaxSeconds = d
			}
		}
		for range 2 { // the second time on a used workspace
			within, err := e.Reach(context.Background(), ws, sources, o)
			if err != nil {
				rt.Fatal(err)
			}
			got := map[int32]int{}
			for i, c := range within.Cells {
				got[c] = i
			}
			if len(got) != len(within.Cells) {
				rt.Fatalf("a cell is listed twice")
			}
			for c, d := range all.Seconds {
				i, ok := got[int32(c)]
				if ok != (d <= o.MaxSeconds) {
					rt.Fatalf("cell %d at %g s, limit %g: listed %v", c, d, o.MaxSeconds, ok)
				}
				if ok && (within.Seconds[i] != d || within.Nearest[i] != all.Nearest[c]) {
					rt.Fatalf("cell %d: %g s from %d, without limit %g s from %d", c, within.Seconds[i], within.Nearest[i], d, all.Nearest[c])
				}
			}
		}
	})
}
