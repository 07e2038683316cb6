package gdal

/*
#include "shim.h"
*/
import "C"

import (
	"container/list"
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"sync"

	"contado/geo/fault"
)

// PoolOptions tunes a Pool; the zero value means defaults.
type PoolOptions struct {
	// MaxOpen bounds the open handles, idle and borrowed; 0 = 64.
	MaxOpen int
	// MaxConcurrent bounds the GDAL calls that run at once, each of which
	// holds an operating system thread; 0 = 2 × GOMAXPROCS, at least 4.
	MaxConcurrent int
	// CacheBytes is GDAL's block cache, which the whole process shares;
	// 0 = 64 MB.
	CacheBytes int64
	// MaxSamples bounds one read; 0 = DefaultMaxSamples.
	MaxSamples int64
}

// Pool keeps open handles of rasters that do not change while they are known
// by their path. A handle has one borrower at a time; several handles of one
// path may be open. When MaxOpen is reached the handle idle for longest is
// closed; when none is idle, borrowers wait.
type Pool struct {
	maxOpen int
	max     int64
	slots   chan struct{}

	mu       sync.Mutex
	open     int
	idle     *list.List // of *handle, most recently used first
	byPath   map[string][]*handle
	borrowed map[*handle]struct{}
	waiters  *list.List // of chan struct{}
	closed   bool
}

type handle struct {
	path  string
	r     *Raster
	at    *list.Element // in idle, nil while borrowed
	stale bool          // forgotten while borrowed
}

// NewPool makes a pool; nil means defaults. It also sets the size of GDAL's
// block cache, for the whole process.
func NewPool(o *PoolOptions) *Pool {
	setup()
	if o == nil {
		o = &PoolOptions{}
	}
	p := &Pool{
		maxOpen: o.MaxOpen, max: o.MaxSamples, idle: list.New(), byPath: map[string][]*handle{},
		borrowed: map[*handle]struct{}{}, waiters: list.New(),
	}
	if p.maxOpen <= 0 {
		p.maxOpen = 64
	}
	n := o.MaxConcurrent
	if n <= 0 {
		n = max(4, 2*runtime.GOMAXPROCS(0))
	}
	p.slots = make(chan struct{}, n)
	cache := o.CacheBytes
	if cache <= 0 {
		cache = defaultCache
	}
	C.ct_set_cache(C.int64_t(cache))
	return p
}

// With lends a handle of the file (GTiff or COG) to fn, which must not keep
// it, nor anything else of the raster's, beyond its return. fn should not
// borrow again while it holds one: with all handles out that would wait for
// itself.
//
// Errors: those of fn; NotExist and Invalid of opening; Unavailable when the
// pool is closed; Canceled when ctx ends while waiting.
func (p *Pool) With(ctx context.Context, path string, fn func(*Raster) error) error {
	h, err := p.borrow(ctx, path)
	if err != nil {
		return err
	}
	defer p.giveBack(h)
	return fn(h.r)
}

func (p *Pool) borrow(ctx context.Context, path string) (*handle, error) {
	const op = "gdal.Pool.With"
	for {
		if err := ctx.Err(); err != nil {
			return nil, fault.E(op, fault.Canceled, err)
		}
		p.mu.Lock()
		if p.closed {
			p.mu.Unlock()
			return nil, fault.Errorf(op, fault.Unavailable, "the raster pool is closed")
		}
		if hs := p.byPath[path]; len(hs) > 0 {
			h := hs[len(hs)-1]
			p.takeIdle(h)
			p.borrowed[h] = struct{}{}
			p.mu.Unlock()
			return h, nil
		}
		var evicted *handle
		if p.open >= p.maxOpen {
			if e := p.idle.Back(); e != nil {
				evicted = e.Value.(*handle)
				p.takeIdle(evicted)
				p.open--
			}
		}
		if p.open < p.maxOpen {
			p.open++
			p.mu.Unlock()
			return p.openNew(path, evicted)
		}
		turn := make(chan struct{}, 1)
		e := p.waiters.PushBack(turn)
		p.mu.Unlock()
		select {
		case <-turn:
		case <-ctx.Done():
			p.leaveQueue(e, turn)
			return nil, fault.E(op, fault.Canceled, ctx.Err())
		}
	}
}

// openNew opens the file in a place already counted.
func (p *Pool) openNew(path string, evicted *handle) (h *handle, err error) {
	defer func() {
		if err != nil || h == nil {
			p.mu.Lock()
			p.open--
			p.wake()
			p.mu.Unlock()
		}
	}()
	p.slots <- struct{}{}
	defer func() { <-p.slots }()
	if evicted != nil {
		// A read-only handle has nothing to lose when it closes.
		_ = evicted.r.Close()
	}
	r, err := OpenRasterWith(path, &RasterOptions{Siblings: sidecars(path), MaxSamples: p.max, Remote: true})
	if err != nil {
		return nil, err
	}
	r.slots = p.slots
	h = &handle{path: path, r: r}
	p.mu.Lock()
	p.borrowed[h] = struct{}{}
	p.mu.Unlock()
	return h, nil
}

// sidecars names the files beside a raster that GDAL should look at, so that
// it need not list the folder.
func sidecars(path string) []string {
	base := filepath.Base(path)
	out := []string{base}
	for _, ext := range []string{".aux.xml", ".ovr", ".msk", ".msk.ovr"} {
		if _, err := os.Stat(path + ext); err == nil {
			out = append(out, base+ext)
		}
	}
	return out
}

func (p *Pool) giveBack(h *handle) {
	p.mu.Lock()
	delete(p.borrowed, h)
	if p.closed || h.stale {
		p.open--
		p.wake()
		p.mu.Unlock()
		_ = h.r.Close()
		return
	}
	h.at = p.idle.PushFront(h)
	p.byPath[h.path] = append(p.byPath[h.path], h)
	p.wake()
	p.mu.Unlock()
}

// takeIdle removes a handle from the idle ones. The lock is held.
func (p *Pool) takeIdle(h *handle) {
	p.idle.Remove(h.at)
	h.at = nil
	hs := p.byPath[h.path]
	for i := range hs {
		if hs[i] == h {
			hs = append(hs[:i], hs[i+1:]...)
			break
		}
	}
	if len(hs) == 0 {
		delete(p.byPath, h.path)
	} else {
		p.byPath[h.path] = hs
	}
}

// wake lets the first waiter try again. The lock is held.
func (p *Pool) wake() {
	if e := p.waiters.Front(); e != nil {
		p.waiters.Remove(e)
		e.Value.(chan struct{}) <- struct{}{}
	}
}

// leaveQueue removes a waiter that gave up; a turn that it got meanwhile goes
// to the next one.
func (p *Pool) leaveQueue(e *list.Element, turn chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-turn:
		p.wake()
	default:
		p.waiters.Remove(e)
	}
}

// Forget closes the handles of a path: those lent out, when they come back.
func (p *Pool) Forget(path string) {
	p.mu.Lock()
	gone := append([]*handle(nil), p.byPath[path]...)
	for _, h := range gone {
		p.takeIdle(h)
		p.open--
		p.wake()
	}
	for h := range p.borrowed {
		if h.path == path {
			h.stale = true
		}
	}
	p.mu.Unlock()
	for _, h := range gone {
		_ = h.r.Close()
	}
}

// Open is the number of open handles, idle and borrowed.
func (p *Pool) Open() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.open
}

// Close closes the idle handles at once and the borrowed ones when they come
// back; whoever waits gets Unavailable.
func (p *Pool) Close() {
	p.mu.Lock()
	p.closed = true
	var gone []*handle
	for e := p.idle.Front(); e != nil; e = p.idle.Front() {
		h := e.Value.(*handle)
		p.takeIdle(h)
		p.open--
		gone = append(gone, h)
	}
	for p.waiters.Len() > 0 {
		p.wake()
	}
	p.mu.Unlock()
	var errs []error
	for _, h := range gone {
		errs = append(errs, h.r.Close())
	}
	_ = errors.Join(errs...) // read-only handles have nothing to lose
}
