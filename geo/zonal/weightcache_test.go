package zonal

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/paulmach/orb"

	"contado/geo/fault"
)

func TestWeightCache(t *testing.T) {
	t.Parallel()
	g := unit(40, 40)
	var made atomic.Int64
	areas := func(context.Context) ([]Area, error) {
		made.Add(1)
		return []Area{{ID: "a", Geometry: orb.Bound{Min: orb.Point{0.5, 0.5}, Max: orb.Point{30.5, 30}}}}, nil
	}
	one, err := NewWeightCache(1<<20).Get(t.Context(), "x", g, nil, areas)
	if err != nil {
		t.Fatal(err)
	}
	made.Store(0)
	c := NewWeightCache(2*one.Bytes() + 1)
	get := func(key string) *Weights {
		w, err := c.Get(t.Context(), key, g, nil, areas)
		if err != nil {
			t.Error(err)
		}
		return w
	}
	var wg sync.WaitGroup
	all := make([]*Weights, 8)
	for i := range all {
		wg.Go(func() { all[i] = get("a@1") })
	}
	wg.Wait()
	for _, w := range all {
		if w != all[0] {
			t.Fatal("made more than once")
		}
	}
	get("b@1")
	get("a@1") // used after b
	if get("c@1"); made.Load() != 3 || c.Bytes() != 2*one.Bytes() {
		t.Errorf("made %d times, %d bytes", made.Load(), c.Bytes())
	}
	get("a@1")
	if get("b@1"); made.Load() != 4 {
		t.Errorf("made %d times: want b again, not a", made.Load())
	}
	other := g
	other.Transform[0]++
	if w, err := c.Get(t.Context(), "b@1", other, nil, areas); err != nil || made.Load() != 5 || w.Grid() != other {
		t.Errorf("another grid: %v, made %d times", err, made.Load())
	}
	if w, err := c.Get(t.Context(), "b@1", other, &WeightOptions{Exact: true}, areas); err != nil || made.Load() != 6 || w.f64 == nil {
		t.Errorf("exact: %v, made %d times", err, made.Load())
	}
}

func TestWeightCacheFailures(t *testing.T) {
	t.Parallel()
	g := unit(40, 40)
	c := NewWeightCache(1 << 20)
	broken := errors.New("no such areas")
	for range 2 { // errors are not kept
		if _, err := c.Get(t.Context(), "a", g, nil, func(context.Context) ([]Area, error) { return nil, broken }); !errors.Is(err, broken) {
			t.Error(err)
		}
	}
	// Who makes them goes away: who waits makes them.
	ctx, cancel := context.WithCancel(t.Context())
	started := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		_, err := c.Get(ctx, "b", g, nil, func(ctx context.Context) ([]Area, error) {
			close(started)
			<-ctx.Done()
			return nil, fmt.Errorf("read: %w", ctx.Err())
		})
		if !fault.Is(err, fault.Canceled) {
			t.Errorf("first: %v", err)
		}
	})
	<-started
	wg.Go(func() {
		w, err := c.Get(t.Context(), "b", g, nil, func(context.Context) ([]Area, error) { return nil, nil })
		if err != nil || w == nil || w.Len() != 0 {
			t.Errorf("second: %v", err)
		}
	})
	cancel()
	wg.Wait()
	small := NewWeightCache(1)
	if _, err := small.Get(t.Context(), "a", g, nil, func(context.Context) ([]Area, error) {
		return []Area{{Geometry: orb.Bound{Max: orb.Point{9, 9}}}}, nil
	}); err != nil || small.Bytes() != 0 || len(small.kept) != 0 {
		t.Errorf("larger than the cache: %v, %d bytes", err, small.Bytes())
	}
}
