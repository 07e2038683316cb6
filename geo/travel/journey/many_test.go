package journey_test

import (
	"cmp"
	"context"
	"errors"
	"math"
	"slices"
	"sync"
	"testing"

	"github.com/paulmach/orb"
	"pgregory.net/rapid"

	"contado/geo/fault"
	"contado/geo/travel"
	"contado/geo/travel/journey"
	"contado/geo/travel/road"
)

// drawFacilities puts up to six facilities on the ground, some of several
// places, and one at a road beyond it.
func drawFacilities(t *rapid.T, l *land) (sources []travel.Source, beyond []road.Seed, numbers []int32) {
	for f := range int32(rapid.IntRange(1, 6).Draw(t, "facilities")) {
		numbers = append(numbers, f)
		for range rapid.SampledFrom([]int{1, 1, 2}).Draw(t, "places") {
			sources = append(sources, travel.Source{
				Col: rapid.IntRange(0, l.width-1).Draw(t, "col"), Row: rapid.IntRange(0, l.height-1).Draw(t, "row"), Facility: f,
				Offset: float32(rapid.IntRange(0, 3).Draw(t, "offset")) * 10,
			})
		}
	}
	if edge := rapid.IntRange(-1, l.graph.Edges()-1).Draw(t, "beyond"); edge >= 0 {
		beyond = []road.Seed{{Edge: int32(edge), Along: 0.25, Facility: 9, Millis: 30_000}}
		numbers = append(numbers, 9)
	}
	return sources, beyond, numbers
}

// aloneOf computes the journeys of one facility.
func aloneOf(t *rapid.T, l *land, sources []travel.Source, beyond []road.Seed, number int32, walk travel.Options) *journey.Result {
	var own []travel.Source
	var off []road.Seed
	for _, s := range sources {
		if s.Facility == number {
			own = append(own, s)
		}
	}
	for _, s := range beyond {
		if s.Facility == number {
			off = append(off, s)
		}
	}
	r, err := l.world.Compute(context.Background(), own, journey.Options{Walk: walk, Beyond: off})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func drawWalk(t *rapid.T) travel.Options {
	return travel.Options{
		Direction:  rapid.SampledFrom([]travel.Direction{travel.ToFacility, travel.FromFacility}).Draw(t, "direction"),
		Neighbours: rapid.SampledFrom([]int{8, 16}).Draw(t, "neighbours"),
		MaxSeconds: float32(rapid.SampledFrom([]int{0, 60, 200, 500}).Draw(t, "limit")),
	}
}

// TestKNearestOracle holds the one run for all facilities against a run for
// each of them.
func TestKNearestOracle(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		l := drawLand(rt)
		l.join(rt)
		sources, beyond, numbers := drawFacilities(rt, l)
		walk := drawWalk(rt)
		k := rapid.IntRange(1, 4).Draw(rt, "k")
		got, err := l.world.KNearest(context.Background(), sources, k, journey.Options{Walk: walk, Beyond: beyond})
		if err != nil {
			rt.Fatal(err)
		}
		type label struct {
			seconds  float32
			facility int32
		}
		want := make([][]label, l.width*l.height)
		for _, f := range numbers {
			r := aloneOf(rt, l, sources, beyond, f, walk)
			for c, s := range r.Seconds {
				if r.Nearest[c] >= 0 {
					want[c] = append(want[c], label{s, f})
				}
			}
		}
		for c, list := range want {
			slices.SortFunc(list, func(a, b label) int {
				return cmp.Or(cmp.Compare(a.seconds, b.seconds), cmp.Compare(a.facility, b.facility))
			})
			seconds, near := got.Of(c)
			for i := range k {
				w := label{float32(math.Inf(1)), -1}
				if i < len(list) {
					w = list[i]
				}
				if seconds[i] != w.seconds || (near[i] < 0) != (w.facility < 0) {
					rt.Fatalf("cell %d, rank %d: %g s to %d, want %+v of %+v", c, i, seconds[i], near[i], w, list)
				}
				if near[i] >= 0 && !slices.Contains(list, label{seconds[i], near[i]}) || slices.Contains(near[:i], near[i]) && near[i] >= 0 {
					rt.Fatalf("cell %d, rank %d: %g s to %d, of %+v", c, i, seconds[i], near[i], list)
				}
			}
		}
	})
}

// TestCatchmentsOracle holds bounded catchments against a run over everything,
// cell by cell, to the bit.
func TestCatchmentsOracle(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		l := drawLand(rt)
		l.join(rt)
		sources, beyond, numbers := drawFacilities(rt, l)
		walk := drawWalk(rt)
		walk.Workers = rapid.IntRange(1, 3).Draw(rt, "workers")
		var mu sync.Mutex
		got := map[int32]map[int32]float32{}
		err := l.world.Catchments(context.Background(), sources, journey.Options{Walk: walk, Beyond: beyond}, func(f int32, r *travel.Reach) error {
			mu.Lock()
			defer mu.Unlock()
			if got[f] != nil {
				rt.Errorf("facility %d comes twice", f)
			}
			got[f] = map[int32]float32{}
			for i, c := range r.Cells {
				got[f][c] = r.Seconds[i]
			}
			return nil
		})
		if err != nil {
			rt.Fatal(err)
		}
		if len(got) != len(numbers) {
			rt.Fatalf("%d catchments of %d facilities", len(got), len(numbers))
		}
		for _, f := range numbers {
			r := aloneOf(rt, l, sources, beyond, f, walk)
			for c, s := range r.Seconds {
				have, ok := got[f][int32(c)]
				if ok != (r.Nearest[c] >= 0) || ok && have != s {
					rt.Fatalf("facility %d, cell %d: %g s (%v), alone %g", f, c, have, ok, s)
				}
			}
		}
	})
}

// TestManyEnd: errors of the caller come back, and who gives up is let go.
func TestManyEnd(t *testing.T) {
	t.Parallel()
	l := &land{width: 3, height: 3, speed: slices.Repeat([]float32{1}, 9)}
	l.ways = append(l.ways, road.Way{ID: 1, Line: orb.LineString{{0, 0}, {3 * size, -3 * size}}, Attributes: road.Attributes{Class: "road"}})
	l.join(t)
	sources := []travel.Source{{Facility: 0}, {Col: 2, Row: 2, Facility: 1}}
	ctx, cancel := context.WithCancel(context.Background())
	own := errors.New("enough")
	if err := l.world.Catchments(ctx, sources, journey.Options{}, func(int32, *travel.Reach) error { return own }); !errors.Is(err, own) {
		t.Errorf("%v", err)
	}
	if _, err := l.world.KNearest(ctx, sources, 99, journey.Options{}); fault.KindOf(err) != fault.Invalid {
		t.Errorf("%v", err)
	}
	cancel()
	if err := l.world.Catchments(ctx, sources, journey.Options{}, func(int32, *travel.Reach) error { return nil }); fault.KindOf(err) != fault.Canceled {
		t.Errorf("%v", err)
	}
	if _, err := l.world.KNearest(ctx, sources, 2, journey.Options{}); fault.KindOf(err) != fault.Canceled {
		t.Errorf("%v", err)
	}
}
