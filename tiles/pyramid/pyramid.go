// Package pyramid draws all tiles of a vector dataset ahead of time into a
// PMTiles archive: in parallel, with bounded memory, only those that hold
// something; or only those that changed since an earlier archive.
package pyramid

import (
	"context"
	"encoding/json"
	"math"
	"runtime"
	"sync"
	"time"

	"contado/geo"
	"contado/geo/fault"
	"contado/geo/pmtiles"
	"contado/tiles/tms"
	"contado/tiles/vector"
)

// Presence says what rows lie near a tile by their boxes.
type Presence int

// A row whose box is larger than the tile may have nothing in it: whether it
// has, drawing tells.
const (
	Nothing Presence = iota
	Large            // only rows with boxes larger than the tile
	Small            // surely some of a row
)

// Source is what tiles are drawn of. It is safe for concurrent use.
type Source interface {
	// Draw makes a tile of WebMercatorQuad, without compression; nil when it
	// shows nothing.
	Draw(ctx context.Context, t tms.Tile) ([]byte, vector.Stats, error)
	// Near says whether rows lie in the tile or its buffer.
	Near(t tms.Tile) Presence
}

// Plan says which tiles to make and what the archive says of itself.
type Plan struct {
	MinZoom, MaxZoom int      // inclusive
	Bounds           geo.BBox // WGS 84
	// Metadata is the archive's JSON metadata; the summary is added to it.
	Metadata map[string]any
	// Workers bounds the tiles drawn at once; 0 means GOMAXPROCS.
	Workers int
	// Previous is an earlier archive of the same source and zooms, of which
	// the tiles that Touched denies are copied; nil means none.
	Previous *pmtiles.Archive
	Touched  func(tms.Tile) bool
}

// Progress hears how far the work is, done in [0, 1], from one goroutine at a
// time.
type Progress func(done float64, message string)

// Summary says what a pyramid holds.
type Summary struct {
	Tiles   int64  `json:"tiles"`
	Copied  int64  `json:"copied,omitempty"` // of Tiles, from the archive before
	Bytes   int64  `json:"bytes"`            // of the archive
	MinZoom int    `json:"minzoom"`
	MaxZoom int    `json:"maxzoom"`
	Zooms   []Zoom `json:"zooms"`
	// Seconds is how long it took.
	Seconds float64 `json:"seconds"`
}

// Zoom is the tiles of one zoom.
type Zoom struct {
	Zoom  int   `json:"zoom"`
	Tiles int64 `json:"tiles"`
	Bytes int64 `json:"bytes"` // compressed
	// Largest is the most bytes of a tile before compression; 0 when copied.
	Largest int `json:"largest,omitempty"`
	// AreaMin and AreaMax bound the drawn over the true area of the polygons
	// of a tile.
	AreaMin float64 `json:"area_min"`
	AreaMax float64 `json:"area_max"`
	// Incomplete tiles left something out, Dropped features in all.
	Incomplete int64 `json:"incomplete,omitempty"`
	Dropped    int64 `json:"dropped,omitempty"`
}

func (z *Zoom) add(s vector.Stats, raw, packed int) {
	if z.Tiles == 0 {
		z.AreaMin, z.AreaMax = s.AreaKept, s.AreaKept
	}
	z.Tiles++
	z.Bytes += int64(packed)
	z.Largest = max(z.Largest, raw)
	z.AreaMin, z.AreaMax = math.Min(z.AreaMin, s.AreaKept), math.Max(z.AreaMax, s.AreaKept)
	if !s.Complete() {
		z.Incomplete++
	}
	z.Dropped += int64(s.Dropped)
}

// Write draws the tiles of a source into an archive at a local path, which
// appears when all is done. A source of which no tile shows anything is
// fault.NotExist.
func Write(ctx context.Context, src Source, path string, p Plan, progress Progress) (Summary, error) {
	const op = "pyramid.Write"
	start := time.Now()
	if p.MinZoom < 0 || p.MaxZoom < p.MinZoom || p.MaxZoom > tms.MaxZoom {
		return Summary{}, fault.Errorf(op, fault.Invalid, "zooms %d to %d: want them within 0 to %d", p.MinZoom, p.MaxZoom, tms.MaxZoom)
	}
	if p.Workers <= 0 {
		p.Workers = runtime.GOMAXPROCS(0)
	}
	if progress == nil {
		progress = func(float64, string) {}
	}
	w, err := pmtiles.Create(path, pmtiles.Options{Bounds: p.Bounds})
	if err != nil {
		return Summary{}, err
	}
	defer w.Abort()
	b := &builder{src: src, p: p, out: w, progress: progress, zooms: make([]Zoom, p.MaxZoom+1)}
	b.wake.L = &b.mu
	if p.Previous != nil {
		if err := b.copyOld(ctx); err != nil {
			return Summary{}, err
		}
	}
	if err := b.run(ctx); err != nil {
		return Summary{}, err
	}
	s := b.summary()
	if s.Tiles == 0 {
		return s, fault.Errorf(op, fault.NotExist, "no tile of the dataset shows anything")
	}
	meta, err := metadata(p.Metadata, s)
	if err != nil {
		return s, err
	}
	if err := w.Close(meta); err != nil {
		return s, err
	}
	if s.Bytes, err = sizeOf(path); err != nil {
		return s, err
	}
	s.Seconds = time.Since(start).Seconds()
	return s, nil
}

func metadata(m map[string]any, s Summary) ([]byte, error) {
	all := map[string]any{"contado:summary": s}
	for k, v := range m {
		all[k] = v
	}
	b, err := json.Marshal(all)
	return b, fault.E("pyramid.Write", fault.Other, err)
}

// builder walks down the tiles from the top with several workers.
type builder struct {
	src      Source
	p        Plan
	out      *pmtiles.Writer
	progress Progress
	zip      zippers

	mu     sync.Mutex
	wake   sync.Cond
	stack  []task
	busy   int
	failed error
	done   float64
	told   time.Time
	tiles  int64
	copied int64
	zooms  []Zoom
}

// task is a tile to look at, with its part of the whole work.
type task struct {
	tms.Tile
	weight float64
}

// run draws until nothing is left to do.
func (b *builder) run(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() { b.fail(fault.E("pyramid.Write", fault.Canceled, ctx.Err())) })
	defer stop()
	b.stack = append(b.stack, task{weight: 1})
	var workers sync.WaitGroup
	for range b.p.Workers {
		workers.Go(func() {
			for {
				t, ok := b.next()
				if !ok {
					return
				}
				b.finish(b.visit(ctx, t))
			}
		})
	}
	workers.Wait()
	return b.failed
}

// next waits for a task; ok is false when there are none any more.
func (b *builder) next() (task, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for len(b.stack) == 0 && b.busy > 0 && b.failed == nil {
		b.wake.Wait()
	}
	if len(b.stack) == 0 || b.failed != nil {
		return task{}, false
	}
	t := b.stack[len(b.stack)-1]
	b.stack = b.stack[:len(b.stack)-1]
	b.busy++
	return t, true
}

// finish ends a task, of which done is the part of the work that is over.
func (b *builder) finish(done float64, err error) {
	if err != nil {
		b.fail(err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.busy--
	b.done += done
	if len(b.stack) == 0 && b.busy == 0 {
		b.wake.Broadcast()
	}
	if now := time.Now(); now.Sub(b.told) > 200*time.Millisecond && b.failed == nil {
		b.told = now
		b.progress(math.Min(b.done, 1), tilesText(b.tiles))
	}
}

func (b *builder) fail(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.failed == nil {
		b.failed = err
	}
	b.wake.Broadcast()
}

// push adds the children of a tile.
func (b *builder) push(t tms.Tile, weight float64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, c := range t.Children() {
		b.stack = append(b.stack, task{c, weight / 4})
	}
	b.wake.Broadcast()
}

// visit draws a tile and hands on its children; it returns the part of the
// work that is over by that.
func (b *builder) visit(ctx context.Context, t task) (float64, error) {
	if b.p.Previous != nil && !b.p.Touched(t.Tile) {
		return t.weight, nil // copied with all below
	}
	near := b.src.Near(t.Tile)
	if near == Nothing {
		return t.weight, nil
	}
	// Every zoom draws all of the data once: they take about the same.
	own := t.weight / float64(b.p.MaxZoom-t.Z+1)
	below := t.weight - own
	if t.Z < b.p.MaxZoom && near == Small {
		b.push(t.Tile, below)
	}
	shows := true
	if t.Z >= b.p.MinZoom {
		var err error
		if shows, err = b.draw(ctx, t.Tile); err != nil {
			return 0, err
		}
	}
	switch {
	case t.Z == b.p.MaxZoom, near == Small:
		return own, nil
	case shows:
		b.push(t.Tile, below)
		return own, nil
	}
	return t.weight, nil
}

// draw makes a tile and puts it into the archive; it says whether any row has
// something in it, drawn or not.
func (b *builder) draw(ctx context.Context, t tms.Tile) (bool, error) {
	data, stats, err := b.src.Draw(ctx, t)
	if err != nil {
		return false, err
	}
	if len(data) == 0 {
		return stats.Features+stats.Tiny+stats.Dropped+stats.Invalid > 0, nil
	}
	packed, err := b.zip.seal(data, stats)
	if err != nil {
		return false, err
	}
	if err := b.out.Put(t.Z, t.X, t.Y, packed); err != nil {
		return false, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.tiles++
	b.zooms[t.Z].add(stats, len(data), len(packed))
	return true, nil
}

func (b *builder) summary() Summary {
	s := Summary{Tiles: b.tiles, Copied: b.copied, MinZoom: b.p.MinZoom, MaxZoom: b.p.MaxZoom}
	for z := b.p.MinZoom; z <= b.p.MaxZoom; z++ {
		b.zooms[z].Zoom = z
		s.Zooms = append(s.Zooms, b.zooms[z])
	}
	return s
}
