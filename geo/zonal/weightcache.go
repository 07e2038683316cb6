package zonal

import (
	"container/list"
	"context"
	"sync"

	"contado/geo/fault"
	"contado/geo/grid"
)

// WeightCache keeps the weights used last, up to a number of bytes. Weights of
// 100,000 parcels of ten to sixty cells are some 27 MB and take about a second
// of one processor to make; those of a region on 10 m cells 1 to 3 MB. It is
// safe for concurrent use.
type WeightCache struct {
	max int64

	mu    sync.Mutex
	bytes int64
	order *list.List // of *keptWeights, used last first
	kept  map[weightKey]*keptWeights
}

type weightKey struct {
	areas string
	grid  grid.Grid
	side  int
	exact bool
}

// keptWeights are there or being made: ready is closed then.
type keptWeights struct {
	key   weightKey
	ready chan struct{}
	w     *Weights
	err   error
	at    *list.Element // nil while being made
}

// NewWeightCache makes a cache of at most so many bytes.
func NewWeightCache(bytes int64) *WeightCache {
	return &WeightCache{max: bytes, order: list.New(), kept: map[weightKey]*keptWeights{}}
}

// Get gives the weights of areas on a grid. key names the areas and their
// version: other geometries need another key. areas is called, and the weights
// are made, only when they are not there; many who ask at once wait for one.
// Weights larger than the cache are made and not kept.
func (c *WeightCache) Get(ctx context.Context, key string, g grid.Grid, o *WeightOptions, areas func(context.Context) ([]Area, error)) (*Weights, error) {
	opts, err := o.check()
	if err != nil {
		return nil, err
	}
	k := weightKey{key, g, opts.Side, opts.Exact}
	for {
		e, mine := c.claim(k)
		if mine {
			return c.make(ctx, e, &opts, areas)
		}
		select {
		case <-e.ready:
		case <-ctx.Done():
			return nil, fault.E("zonal.WeightCache", fault.Canceled, ctx.Err())
		}
		// Who made them may have gone away; then it is someone else's turn.
		if e.err == nil || !fault.Is(e.err, fault.Canceled) {
			return e.w, e.err
		}
	}
}

// claim finds an entry, or adds one that the caller has to make.
func (c *WeightCache) claim(k weightKey) (e *keptWeights, mine bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e = c.kept[k]; e != nil {
		if e.at != nil {
			c.order.MoveToFront(e.at)
		}
		return e, false
	}
	e = &keptWeights{key: k, ready: make(chan struct{})}
	c.kept[k] = e
	return e, true
}

func (c *WeightCache) make(ctx context.Context, e *keptWeights, o *WeightOptions, areas func(context.Context) ([]Area, error)) (*Weights, error) {
	e.err = fault.Errorf("zonal.WeightCache", fault.Canceled, "whoever made the weights did not finish") // if areas panics
	defer c.settle(e)
	list, err := areas(ctx)
	if err == nil {
		e.w, err = NewWeights(ctx, e.key.grid, list, o)
	}
	if err != nil {
		e.w = nil
	}
	e.err = err
	return e.w, e.err
}

// settle keeps what is made, if it is, and lets those go that were not used
// for longest.
func (c *WeightCache) settle(e *keptWeights) {
	c.mu.Lock()
	defer c.mu.Unlock()
	close(e.ready)
	if e.err != nil || e.w.Bytes() > c.max {
		delete(c.kept, e.key)
		return
	}
	e.at = c.order.PushFront(e)
	c.bytes += e.w.Bytes()
	for c.bytes > c.max {
		old := c.order.Remove(c.order.Back()).(*keptWeights)
		delete(c.kept, old.key)
		c.bytes -= old.w.Bytes()
	}
}

// Bytes is how much the cache holds now.
func (c *WeightCache) Bytes() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.bytes
}
