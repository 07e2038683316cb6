package travel

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// drawWide makes surfaces of several tiles, with all that kernels must mind:
// holes and cliffs in the elevation, barriers that touch by corners, rows of
// unequal size, many speeds or few.
func drawWide(t *rapid.T) *Surface {
	s := &Surface{Width: rapid.IntRange(1, 3*tileSide).Draw(t, "width"), Height: rapid.IntRange(1, 3*tileSide).Draw(t, "height")}
	rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
	n := s.Width * s.Height
	barriers, speeds := rapid.SampledFrom([]float64{0, 0.05, 0.35}).Draw(t, "barriers"), rapid.SampledFrom([]int{3, 3, 100000}).Draw(t, "speeds")
	relief := rapid.Bool().Draw(t, "relief")
	for range n {
		v := float32(0.5 + float64(rng.IntN(speeds))/float64(speeds))
		if rng.Float64() < barriers {
			v = 0
		}
		s.Speed = append(s.Speed, v)
		if !relief {
			continue
		}
		z := float32(rng.Float64() * 8)
		switch rng.IntN(200) {
		case 0:
			z = float32(math.NaN())
		case 1:
			z = 1e5
		case 2:
			z = float32(math.Inf(1))
		}
		s.Elevation = append(s.Elevation, z)
	}
	s.CellW, s.CellH = []float64{20}, []float64{20}
	if rapid.Bool().Draw(t, "per row") {
		s.CellW, s.CellH = make([]float64, s.Height), make([]float64, s.Height)
		for r := range s.Height {
			s.CellW[r], s.CellH[r] = 10+rng.Float64()*10, 15+rng.Float64()
		}
	}
	if rapid.IntRange(0, 3).Draw(t, "rules") == 0 {
		s.Rules = make([]SlopeRule, n)
		for i := range s.Rules {
			s.Rules[i] = SlopeRule(rng.IntN(2))
		}
	}
	return s
}

// Kernels give the times of moves to the bit.
func TestWeights(t *testing.T) {
	t.Parallel()
	if !hasKernels {
		t.Skip("no kernels on this processor")
	}
	rapid.Check(t, func(rt *rapid.T) {
		s, o := drawWide(rt), drawOptions(rt)
		e, err := Prepare(s)
		if err != nil {
			rt.Fatal(err)
		}
		tiles := newTiling(e.newSearch(&o), 1)
		tiles.clear(1)
		w := tiles.newTile()
		x, y := rapid.IntRange(0, tiles.across-1).Draw(rt, "x"), rapid.IntRange(0, tiles.down-1).Draw(rt, "y")
		w.turn(x*tileSide, y*tileSide)
		want := make([]float32, tileLane)
		for range 20 {
			r, b := rapid.IntRange(0, tileSide-1).Draw(rt, "r"), rapid.IntRange(0, tileBlocks-1).Draw(rt, "b")
			w.surround(r)
			w.weigh(r, b)
			got := w.weights[(r*tileBlocks+b)*w.moves*tileLane:]
			for k := range w.moves {
				w.weighPlain(want, w.row+r, w.col+b*tileLane, k)
				if !slices.Equal(got[k*tileLane:][:tileLane], want) {
					rt.Fatalf("%+v: move %d into row %d, block %d: %v, want %v", o, k, r, b, got[k*tileLane:][:tileLane], want)
				}
			}
		}
	})
}

// Tiles, whoever works on them, give what a search cell by cell does.
func TestTilesOracle(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		s, o := drawWide(rt), drawOptions(rt)
		var sources []Source
		for i := range rapid.IntRange(1, 12).Draw(rt, "sources") {
			sources = append(sources, Source{
				Col: rapid.IntRange(0, s.Width-1).Draw(rt, "col"), Row: rapid.IntRange(0, s.Height-1).Draw(rt, "row"),
				Facility: int32(i * 7 % 5), Offset: rapid.SampledFrom([]float32{0, 0, 40, 700}).Draw(rt, "offset"),
			})
		}
		o.MaxSeconds = rapid.SampledFrom([]float32{0, 0, 300, 2000}).Draw(rt, "limit")
		want := computeByTime(rt, s, sources, o)
		o.Workers = rapid.SampledFrom(teamSizes).Draw(rt, "workers")
		what := fmt.Sprintf("%+v", o)
		sameResult(rt, what, mustCompute(rt, s, sources, o), want)
		sameResult(rt, what+", no kernels", computePlain(rt, s, sources, o), want)
	})
}

// The nearest across tiles are those of a search for each facility alone.
func TestKNearestTiles(t *testing.T) {
	t.Parallel()
	s := hills(150)
	sources := scatter(s, 6)
	sources[5].Facility = 2 // a second door
	e, err := Prepare(s)
	if err != nil {
		t.Fatal(err)
	}
	all := make([][]uint64, s.Width*s.Height)
	for f := range int32(5) {
		own := slices.DeleteFunc(slices.Clone(sources), func(src Source) bool { return src.Facility != f })
		for c, d := range computeByTime(t, s, own, Options{Neighbours: 8}).Seconds {
			if !math.IsInf(float64(d), 1) {
				all[c] = append(all[c], labelOf(d, f))
			}
		}
	}
	for _, workers := range teamSizes {
		got, err := e.KNearest(context.Background(), sources, 3, Options{Neighbours: 8, Workers: workers})
		if err != nil {
			t.Fatal(err)
		}
		for c, labels := range all {
			slices.Sort(labels)
			seconds, facilities := got.Of(c)
			for rank := range 3 {
				want := uint64(unreached)
				if rank < len(labels) {
					want = labels[rank]
				}
				if labelOf(seconds[rank], facilities[rank]) != want {
					t.Fatalf("%d workers, cell %d, rank %d: %g s to %d, want %g s to %d", workers, c, rank, seconds[rank], facilities[rank], timeOf(want), facilityOf(want))
				}
			}
		}
	}
}

// The packed engine has the paces of the surface, with many speeds and few.
func TestPaces(t *testing.T) {
	t.Parallel()
	for _, speeds := range []int{1, mostSpeeds, mostSpeeds + 1, 5000} {
		s := flat(130, 90)
		for i := range s.Speed {
			s.Speed[i] = 0.5 + float32(i*31%speeds)/float32(speeds)
		}
		s.Speed[7], s.Speed[400] = 0, float32(math.NaN())
		e, err := Prepare(s)
		if err != nil {
			t.Fatal(err)
		}
		if got := e.class != nil; got != (speeds <= mostSpeeds) {
			t.Errorf("%d speeds: in classes %v", speeds, got)
		}
		inside := 0
		for u := range int32(e.size) {
			col, row := e.place(u)
			want := float32(math.Inf(1))
			if c := s.Cell(col, row); c >= 0 && e.at(col, row) == u {
				inside++
				if s.Speed[c] > 0 {
					want = 1 / s.Speed[c]
				}
			}
			if got := e.pace(u); got != want {
				t.Fatalf("%d speeds: pace %g at column %d, row %d, want %g", speeds, got, col, row, want)
			}
		}
		if inside != len(s.Speed) {
			t.Errorf("%d cells inside, want %d", inside, len(s.Speed))
		}
	}
}
