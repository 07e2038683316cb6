package blockstats

import (
	"container/list"
	"context"
	"os"
	"sync"
	"time"

	"contado/geo/fault"
)

// DefaultCacheBytes is how much of the statistics a cache keeps: those of a
// scene of 10,980 × 10,980 cells and four bands are 1.5 MB.
const DefaultCacheBytes = 16 << 20

// maxOpened bounds the files whose headers a cache keeps.
const maxOpened = 4096

// Cache keeps statistics of many rasters in memory, those used last, up to a
// number of bytes. It is safe for concurrent use.
type Cache struct {
	max int64

	mu     sync.Mutex
	bytes  int64
	order  *list.List // of *cached, used last first
	tiles  map[tileKey]*list.Element
	opened map[openKey]*opened
}

type tileKey struct {
	s       *Stats
	band, n int
}

type cached struct {
	key  tileKey
	tile *tile
}

type openKey struct{ path, src string }

// opened is a header with the state of the two files that it was read in.
type opened struct {
	stats    *Stats
	own, src state
	used     time.Time
}

type state struct {
	size int64
	at   time.Time
}

// NewCache makes a cache; 0 bytes means DefaultCacheBytes.
func NewCache(bytes int64) *Cache {
	if bytes <= 0 {
		bytes = DefaultCacheBytes
	}
	return &Cache{max: bytes, order: list.New(), tiles: map[tileKey]*list.Element{}, opened: map[openKey]*opened{}}
}

// Open is the function Open with this cache: it reads the header and compares
// the fingerprint once, and again when size or time of a file has changed.
func (c *Cache) Open(ctx context.Context, path string, src Source) (*Stats, error) {
	key := openKey{path, src.Path}
	own, err := stateOf(path)
	if err != nil {
		return nil, err
	}
	of, err := stateOf(src.Path)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	if o := c.opened[key]; o != nil && o.own == own && o.src == of && same(o.stats.grid, src.Grid) {
		o.used = time.Now()
		c.mu.Unlock()
		return o.stats, nil
	}
	c.mu.Unlock()
	s, err := c.load(ctx, path, src)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.opened) >= maxOpened {
		c.forgetOldest()
	}
	c.opened[key] = &opened{stats: s, own: own, src: of, used: time.Now()}
	return s, nil
}

// forgetOldest drops a header; its tiles leave as they age.
func (c *Cache) forgetOldest() {
	var oldest openKey
	var at time.Time
	for k, o := range c.opened {
		if at.IsZero() || o.used.Before(at) {
			oldest, at = k, o.used
		}
	}
	delete(c.opened, oldest)
}

func stateOf(path string) (state, error) {
	if path == "" {
		return state{}, nil
	}
	st, err := os.Stat(path)
	switch {
	case os.IsNotExist(err):
		return state{}, fault.E("blockstats.Open", fault.NotExist, err)
	case err != nil:
		return state{}, fault.E("blockstats.Open", fault.Other, err)
	}
	return state{st.Size(), st.ModTime()}, nil
}

func (c *Cache) get(k tileKey) *tile {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.tiles[k]
	if e == nil {
		return nil
	}
	c.order.MoveToFront(e)
	return e.Value.(*cached).tile
}

func (c *Cache) put(k tileKey, t *tile) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.tiles[k] != nil {
		return
	}
	c.tiles[k] = c.order.PushFront(&cached{k, t})
	c.bytes += t.bytes()
	for c.bytes > c.max && c.order.Len() > 1 {
		e := c.order.Back()
		old := c.order.Remove(e).(*cached)
		delete(c.tiles, old.key)
		c.bytes -= old.tile.bytes()
	}
}

// Bytes is how much the cache holds now.
func (c *Cache) Bytes() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.bytes
}
