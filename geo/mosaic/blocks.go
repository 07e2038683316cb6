package mosaic

import (
	"context"
	"sync"

	"contado/geo/grid"
	"contado/geo/store/catalog"
)

// blockMemo remembers opened block statistics by path.
type blockMemo struct {
	mu sync.Mutex
	by map[string]Blocks
}

// isEmpty answers from block statistics whether a window has no valid cell
// in some band: then the unit has none. Statistics that cannot be read are
// none: they save reading and nothing else.
func (r *Reader) isEmpty(ctx context.Context, src *Source, u *unit, w grid.Window) bool {
	if r.o.Blocks == nil || u.asset.Stats == "" {
		return false
	}
	b := r.statsOf(ctx, src, u)
	if b == nil {
		return false
	}
	for _, n := range u.numbers {
		if empty, err := b.Empty(ctx, n, w); err == nil && empty {
			return true
		}
	}
	return false
}

func (r *Reader) statsOf(ctx context.Context, src *Source, u *unit) Blocks {
	path, err := src.Path(catalog.Asset{Key: u.asset.Key, File: u.asset.Stats})
	if err != nil {
		return nil
	}
	r.blocks.mu.Lock()
	b, ok := r.blocks.by[path]
	r.blocks.mu.Unlock()
	if ok {
		return b
	}
	if b, err = r.o.Blocks(ctx, path, u.asset.Grid); err != nil {
		if ctx.Err() != nil {
			return nil // not its fault
		}
		b = nil
	}
	r.blocks.mu.Lock()
	defer r.blocks.mu.Unlock()
	if r.blocks.by == nil || len(r.blocks.by) >= maxMemo {
		r.blocks.by = map[string]Blocks{}
	}
	r.blocks.by[path] = b
	return b
}
