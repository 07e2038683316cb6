package travel

import (
	"context"
	"errors"
	"math"
	"slices"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"contado/geo/fault"
)

// The k nearest are those of one search a facility, sorted.
func TestKNearestOracle(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		s := drawSurface(rt)
		sources, o := drawSources(rt, s), drawOptions(rt)
		if rapid.Bool().Draw(rt, "limited") {
			o.MaxSeconds = 200
		}
		k := rapid.IntRange(1, 5).Draw(rt, "k")
		e, err := Prepare(s)
		if err != nil {
			rt.Fatal(err)
		}
		got, err := e.KNearest(context.Background(), sources, k, o)
		if err != nil {
			rt.Fatal(err)
		}
		want := make([][]uint64, s.Width*s.Height)
		for f := range int32(6) {
			var own []Source
			for _, src := range sources {
				if src.Facility == f {
					own = append(own, src)
				}
			}
			for c, d := range mustCompute(rt, s, own, o).Seconds {
				if !math.IsInf(float64(d), 1) {
					want[c] = append(want[c], labelOf(d, f))
				}
			}
		}
		for c, labels := range want {
			slices.Sort(labels)
			seconds, facilities := got.Of(c)
			for rank := range k {
				label := uint64(unreached)
				if rank < len(labels) {
					label = labels[rank]
				}
				if labelOf(seconds[rank], facilities[rank]) != label {
					rt.Fatalf("cell %d, rank %d: %g s to %d, want %g s to %d", c, rank, seconds[rank], facilities[rank], timeOf(label), facilityOf(label))
				}
			}
		}
	})
}

func TestCatchments(t *testing.T) {
	t.Parallel()
	s := hills(200)
	sources := scatter(s, 12)
	sources = append(sources, Source{Col: 3, Row: 4, Facility: 5}) // a second door
	o := Options{MaxSeconds: 900, Direction: FromFacility}
	e, err := Prepare(s)
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	got := map[int32]map[int32]float32{}
	err = e.Catchments(context.Background(), sources, Options{MaxSeconds: 900, Direction: FromFacility, Workers: 3}, func(f int32, r *Reach) error {
		own := map[int32]float32{}
		for i, c := range r.Cells {
			own[c] = r.Seconds[i]
		}
		mu.Lock()
		defer mu.Unlock()
		if got[f] != nil {
			t.Errorf("facility %d comes twice", f)
		}
		got[f] = own
		return nil
	})
	if err != nil || len(got) != 12 {
		t.Fatalf("%d catchments, %v", len(got), err)
	}
	for f, own := range got {
		var doors []Source
		for _, src := range sources {
			if src.Facility == f {
				doors = append(doors, src)
			}
		}
		r := compute(t, s, doors, o)
		if int64(len(own)) != r.Settled {
			t.Errorf("facility %d: %d cells, want %d", f, len(own), r.Settled)
		}
		for c, d := range own {
			if r.Seconds[c] != d {
				t.Errorf("facility %d, cell %d: %g s, want %g", f, c, d, r.Seconds[c])
			}
		}
	}
	stop := errors.New("stop")
	if err := e.Catchments(context.Background(), sources, o, func(int32, *Reach) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("error %v, want that of the callback", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := e.Catchments(ctx, sources, o, func(int32, *Reach) error { return nil }); !fault.Is(err, fault.Canceled) {
		t.Errorf("canceled: %v", err)
	}
}

func TestComputeEach(t *testing.T) {
	t.Parallel()
	s := hills(120)
	all := scatter(s, 9)
	e, err := Prepare(s)
	if err != nil {
		t.Fatal(err)
	}
	lists := [][]Source{all[:2], all[2:5], all[5:6], nil, all[6:]}
	got, err := e.ComputeEach(context.Background(), lists, Options{Workers: 2})
	if err != nil {
		t.Fatal(err)
	}
	for i, list := range lists {
		want := compute(t, s, list, Options{})
		if !slices.Equal(got[i].Seconds, want.Seconds) || !slices.Equal(got[i].Nearest, want.Nearest) {
			t.Errorf("list %d differs from a search of its own", i)
		}
	}
}

func TestKNearestRefuses(t *testing.T) {
	t.Parallel()
	e, err := Prepare(hills(10))
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range []int{0, -1, MaxNearest + 1} {
		if _, err := e.KNearest(context.Background(), nil, k, Options{}); !fault.Is(err, fault.Invalid) {
			t.Errorf("k = %d: %v", k, err)
		}
	}
	if _, err := e.KNearest(context.Background(), nil, 1, Options{Solver: FastMarching}); !fault.Is(err, fault.Unsupported) {
		t.Errorf("fast marching: %v", err)
	}
}
