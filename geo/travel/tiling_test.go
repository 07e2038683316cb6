package travel

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"contado/geo/fault"
)

var teamSizes = []int{1, 2, 3, 8}

// computeByTime is Compute cell by cell, by rising time, as Reach does it.
func computeByTime(t fataler, s *Surface, sources []Source, o Options) *Result {
	t.Helper()
	e, err := Prepare(s)
	if err != nil {
		t.Fatalf("prepare: %v", err)
	}
	reach, err := e.Reach(context.Background(), NewWorkspace(), sources, o)
	if err != nil {
		t.Fatalf("reach: %v", err)
	}
	n := s.Width * s.Height
	r := &Result{Seconds: make([]float32, n), Nearest: make([]int32, n), Settled: int64(len(reach.Cells))}
	for c := range n {
		r.Seconds[c], r.Nearest[c] = float32(math.Inf(1)), -1
	}
	for i, c := range reach.Cells {
		r.Seconds[c], r.Nearest[c] = reach.Seconds[i], reach.Nearest[i]
	}
	return r
}

// computePlain is Compute without kernels, as on processors that lack them.
func computePlain(t fataler, s *Surface, sources []Source, o Options) *Result {
	t.Helper()
	e, err := Prepare(s)
	if err != nil {
		t.Fatalf("prepare: %v", err)
	}
	tiles := newTiling(e.newSearch(&o), 1)
	tiles.fast, tiles.kernel = false, nil
	tiles.clear(1)
	tiles.start(sources)
	if err := tiles.run(context.Background(), max(o.Workers, 1)); err != nil {
		t.Fatalf("run: %v", err)
	}
	return &Result{Seconds: tiles.times, Nearest: tiles.nearest, Settled: tiles.settled}
}

func sameResult(t fataler, what string, got, want *Result) {
	t.Helper()
	for c, d := range want.Seconds {
		if got.Seconds[c] != d || got.Nearest[c] != want.Nearest[c] {
			t.Fatalf("%s: cell %d at %g s from %d, want %g s from %d", what, c, got.Seconds[c], got.Nearest[c], d, want.Nearest[c])
		}
	}
	if got.Settled != want.Settled {
		t.Fatalf("%s: %d cells settled, want %d", what, got.Settled, want.Settled)
	}
}

// Any number of workers gives what the heap does, to the bit.
func TestWorkersOracle(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		s := drawSurface(rt)
		sources, o := drawSources(rt, s), drawOptions(rt)
		seconds, near := heapTimes(t, s, sources, o)
		want := &Result{Nearest: near}
		for i, d := range seconds {
			want.Seconds = append(want.Seconds, float32(d))
			if near[i] >= 0 {
				want.Settled++
			}
		}
		for _, o.Workers = range teamSizes {
			sameResult(rt, fmt.Sprint(o.Workers, " workers"), mustCompute(rt, s, sources, o), want)
			sameResult(rt, fmt.Sprint(o.Workers, " workers, no kernels"), computePlain(rt, s, sources, o), want)
			sameResult(rt, fmt.Sprint(o.Workers, " workers, all shared"), computeByTime(rt, s, sources, o), want)
		}
	})
}

// Wide wave fronts: even ground, where most times are ties, and hills.
func TestWorkersAgree(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]*Surface{"flat": flat(150, 130), "hills": hills(160)} {
		sources := scatter(s, 40)
		for i := range sources {
			sources[i].Facility = int32(i * 7 % 11)
		}
		for _, o := range []Options{{}, {Neighbours: 8, Direction: FromFacility}, {MaxSeconds: 600}} {
			o.Workers = 1
			want := computeByTime(t, s, sources, o)
			for _, o.Workers = range teamSizes {
				what := fmt.Sprintf("%s, %+v", name, o)
				sameResult(t, what, compute(t, s, sources, o), want)
				sameResult(t, what+", no kernels", computePlain(t, s, sources, o), want)
			}
		}
	}
}

// Moves shorter than the spacing of times after weeks: cells of the bucket
// being emptied improve, and times and facilities are still exact.
func TestMovesOfNoTime(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		s := drawSurface(rt)
		s.CellW, s.CellH = []float64{0.001}, []float64{0.004}
		if rapid.Bool().Draw(rt, "fast") {
			for i := range s.Speed {
				s.Speed[i] *= 4
			}
		}
		sources, o := drawSources(rt, s), drawOptions(rt)
		for i := range sources {
			sources[i].Offset = 6e6 + float32(i%3)/2
		}
		seconds, near := heapTimes(t, s, sources, o)
		for _, o.Workers = range teamSizes {
			for _, r := range []*Result{mustCompute(rt, s, sources, o), computeByTime(rt, s, sources, o)} {
				for i, d := range r.Seconds {
					if float64(d) != seconds[i] || r.Nearest[i] != near[i] {
						rt.Fatalf("%d workers: cell %d: %g s from %d, heap says %g s from %d", o.Workers, i, d, r.Nearest[i], seconds[i], near[i])
					}
				}
			}
		}
	})
}

func TestNegativeZeroOffset(t *testing.T) {
	t.Parallel()
	r := compute(t, flat(3, 1), []Source{{Offset: float32(math.Copysign(0, -1))}}, Options{})
	if !slices.Equal(r.Seconds, []float32{0, 10, 20}) {
		t.Errorf("times %v, want 0, 10, 20", r.Seconds)
	}
}

// A team that is called off has gone when Compute returns. Not parallel: it
// looks at all goroutines.
func TestTeamCancel(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	s := hills(300)
	e, err := Prepare(s)
	if err != nil {
		t.Fatal(err)
	}
	sources := scatter(s, 20)
	want, err := e.Compute(t.Context(), sources, Options{Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	for _, workers := range teamSizes {
		ctx, cancel := context.WithCancel(t.Context())
		last := int64(0)
		_, err := e.Compute(ctx, sources, Options{Workers: workers, Progress: func(n int64) {
			if n <= last {
				t.Errorf("%d workers: progress from %d to %d cells", workers, last, n)
			}
			last = n
			cancel()
		}})
		cancel()
		if last == 0 {
			// The others may leave nothing to report on; then all was done.
			if workers == 1 || err != nil {
				t.Errorf("%d workers: no progress, error %v", workers, err)
			}
		} else if err != nil && (!fault.Is(err, fault.Canceled) || !errors.Is(err, context.Canceled)) {
			t.Errorf("%d workers: error %v, want canceled", workers, err)
		}
		ctx, cancel = context.WithCancel(t.Context())
		cancel()
		if _, err := e.Compute(ctx, sources, Options{Workers: workers}); !fault.Is(err, fault.Canceled) || !errors.Is(err, context.Canceled) {
			t.Errorf("%d workers: error %v, want canceled", workers, err)
		}
		again, err := e.Compute(t.Context(), sources, Options{Workers: workers})
		if err != nil {
			t.Fatal(err)
		}
		sameResult(t, "after a cancel", again, want)
	}
}
