package travel

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// slack is what rounding along another route may cost.
func slack(d float32) float32 { return d*1e-5 + 1e-4 }

// noSlower checks that no time rose.
func noSlower(t *rapid.T, what string, before, after *Result) {
	t.Helper()
	for c, d := range before.Seconds {
		if after.Seconds[c] > d+slack(d) {
			t.Fatalf("%s: cell %d went from %g to %g s", what, c, d, after.Seconds[c])
		}
	}
}

func TestMoreIsNoSlower(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		s := drawSurface(rt)
		sources, o := drawSources(rt, s), drawOptions(rt)
		before := mustCompute(rt, s, sources, o)
		more := append(slices.Clone(sources), Source{
			Col: rapid.IntRange(0, s.Width-1).Draw(rt, "new col"), Row: rapid.IntRange(0, s.Height-1).Draw(rt, "new row"), Facility: 9,
		})
		added := mustCompute(rt, s, more, o)
		for c, d := range before.Seconds {
			if added.Seconds[c] > d {
				rt.Fatalf("another facility: cell %d went from %g to %g s", c, d, added.Seconds[c])
			}
		}
		faster := *s
		faster.Speed = slices.Clone(s.Speed)
		i := rapid.IntRange(0, len(s.Speed)-1).Draw(rt, "cell")
		faster.Speed[i] = max(0.3, 2*s.Speed[i])
		if s.Speed[i] != s.Speed[i] {
			faster.Speed[i] = 1
		}
		noSlower(rt, "faster cell", before, mustCompute(rt, &faster, sources, o))
		o8 := o
		o8.Neighbours = 8
		o.Neighbours = 16
		noSlower(rt, "more neighbours", mustCompute(rt, s, sources, o8), mustCompute(rt, s, sources, o))
	})
}

// Walking to the facility is walking from it on the surface upside down.
func TestDirectionIsSlopeReversed(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		s := drawSurface(rt)
		sources, o := drawSources(rt, s), drawOptions(rt)
		o.Direction = ToFacility
		a := mustCompute(rt, s, sources, o)
		down := *s
		down.Elevation = slices.Clone(s.Elevation)
		for i := range down.Elevation {
			down.Elevation[i] *= -1
		}
		o.Direction = FromFacility
		b := mustCompute(rt, &down, sources, o)
		if !slices.Equal(a.Seconds, b.Seconds) || !slices.Equal(a.Nearest, b.Nearest) {
			rt.Fatalf("to the facility %v, from it upside down %v", a.Seconds, b.Seconds)
		}
	})
}

func TestMirror(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		s := drawSurface(rt)
		sources, o := drawSources(rt, s), drawOptions(rt)
		flip := rapid.SampledFrom([]func(c, r int) (int, int){
			func(c, r int) (int, int) { return s.Width - 1 - c, r },
			func(c, r int) (int, int) { return c, s.Height - 1 - r },
		}).Draw(rt, "flip")
		m := &Surface{Width: s.Width, Height: s.Height, CellW: slices.Clone(s.CellW), CellH: slices.Clone(s.CellH)}
		if _, r := flip(0, 0); r != 0 {
			slices.Reverse(m.CellW)
			slices.Reverse(m.CellH)
		}
		at := func(c int) int { return m.Cell(flip(c%s.Width, c/s.Width)) }
		m.Speed = mirrored(s.Speed, at)
		m.Elevation = mirrored(s.Elevation, at)
		m.Rules = mirrored(s.Rules, at)
		var moved []Source
		for _, src := range sources {
			src.Col, src.Row = flip(src.Col, src.Row)
			moved = append(moved, src)
		}
		a, b := mustCompute(rt, s, sources, o), mustCompute(rt, m, moved, o)
		for c, d := range a.Seconds {
			if e := b.Seconds[at(c)]; d != e && !(math.Abs(float64(d-e)) <= float64(slack(d))) {
				rt.Fatalf("cell %d: %g s, in the mirror %g s", c, d, e)
			}
		}
	})
}

func mirrored[T any](v []T, at func(int) int) []T {
	if v == nil {
		return nil
	}
	out := make([]T, len(v))
	for c, x := range v {
		out[at(c)] = x
	}
	return out
}

// Times obey every move: no cell is later than a neighbour plus the move.
func TestTriangle(t *testing.T) {
	t.Parallel()
	s := hills(150)
	o := Options{Direction: FromFacility}
	r := compute(t, s, scatter(s, 3), o)
	for c, d := range r.Seconds {
		if math.IsInf(float64(d), 1) {
			continue
		}
		for _, m := range allMoves[:nearMoves] {
			v := s.Cell(c%s.Width+m.dc, c/s.Width+m.dr)
			if v < 0 {
				continue
			}
			if most := float64(d) + naiveMove(s, c%s.Width, c/s.Width, m, o); float64(r.Seconds[v]) > most*(1+1e-5) {
				t.Fatalf("cell %d at %g s, but %g s over cell %d", v, r.Seconds[v], most, c)
			}
		}
	}
}
