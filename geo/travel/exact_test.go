package travel

import (
	"math"
	"math/big"
	"testing"

	"pgregory.net/rapid"
)

// exactTimes relaxes every move until nothing changes, with sums and
// comparisons of rationals: no rounding but that of each move's own time.
func exactTimes(s *Surface, sources []Source, o Options) []*big.Rat {
	n := o.Neighbours
	d := make([]*big.Rat, s.Width*s.Height)
	for _, src := range sources {
		if !s.Passable(src.Col, src.Row) {
			continue
		}
		c, at := s.Cell(src.Col, src.Row), new(big.Rat).SetFloat64(float64(src.Offset))
		if d[c] == nil || at.Cmp(d[c]) < 0 {
			d[c] = at
		}
	}
	for again := true; again; {
		again = false
		for c := range d {
			if d[c] == nil {
				continue
			}
			for _, m := range allMoves[:n] {
				v := s.Cell(c%s.Width+m.dc, c/s.Width+m.dr)
				if v < 0 {
					continue
				}
				t := naiveMove(s, c%s.Width, c/s.Width, m, o)
				if math.IsInf(t, 1) {
					continue
				}
				sum := new(big.Rat).SetFloat64(t)
				if sum.Add(sum, d[c]); d[v] == nil || sum.Cmp(d[v]) < 0 {
					d[v], again = sum, true
				}
			}
		}
	}
	return d
}

func TestExactOracle(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		s := drawSurface(rt)
		if s.Width > 6 || s.Height > 6 {
			s.Width, s.Height = min(s.Width, 6), min(s.Height, 6)
			n := s.Width * s.Height
			s.Speed = s.Speed[:n]
			if s.Elevation != nil {
				s.Elevation = s.Elevation[:n]
			}
			if s.Rules != nil {
				s.Rules = s.Rules[:n]
			}
			s.CellW, s.CellH = s.CellW[:min(len(s.CellW), s.Height)], s.CellH[:min(len(s.CellH), s.Height)]
		}
		o := drawOptions(rt)
		var sources []Source
		for _, src := range drawSources(rt, s) {
			if s.Cell(src.Col, src.Row) >= 0 {
				sources = append(sources, src)
			}
		}
		r := mustCompute(rt, s, sources, o)
		for c, want := range exactTimes(s, sources, o) {
			got := float64(r.Seconds[c])
			if want == nil {
				if !math.IsInf(got, 1) {
					rt.Fatalf("cell %d: %g s, want never", c, got)
				}
				continue
			}
			w, _ := want.Float64()
			if math.Abs(min(w, got)-Horizon) < 1e-4*Horizon || w > Horizon && math.IsInf(got, 1) {
				continue
			}
			if math.Abs(got-w) > 3e-5*w {
				rt.Fatalf("cell %d: %g s, exactly %g", c, got, w)
			}
		}
	})
}

// On level ground a way takes as long there as back, whatever the speeds.
func TestThereAndBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		s := drawSurface(rt)
		s.Elevation = nil
		o := drawOptions(rt)
		place := func(name string) (int, int) {
			return rapid.IntRange(0, s.Width-1).Draw(rt, name+" col"), rapid.IntRange(0, s.Height-1).Draw(rt, name+" row")
		}
		c0, r0 := place("a")
		c1, r1 := place("b")
		there := mustCompute(rt, s, []Source{{Col: c0, Row: r0}}, o).Seconds[s.Cell(c1, r1)]
		back := mustCompute(rt, s, []Source{{Col: c1, Row: r1}}, o).Seconds[s.Cell(c0, r0)]
		o.Direction = ToFacility + FromFacility - o.Direction
		other := mustCompute(rt, s, []Source{{Col: c0, Row: r0}}, o).Seconds[s.Cell(c1, r1)]
		if there != other {
			rt.Fatalf("%g s one way, %g s asked the other way", there, other)
		}
		if there != back && !(math.Abs(float64(there-back)) <= float64(slack(there))) {
			rt.Fatalf("%g s there, %g s back", there, back)
		}
	})
}
