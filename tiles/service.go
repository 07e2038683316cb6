package tiles

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"contado/geo"
	"contado/geo/blockstats"
	"contado/geo/crs"
	"contado/geo/fault"
	"contado/geo/grid"
	"contado/geo/mosaic"
	"contado/geo/store/catalog"
	"contado/tiles/encode"
	"contado/tiles/live"
	"contado/tiles/raster"
	"contado/tiles/tms"

	"github.com/maypok86/otter/v2"
	"golang.org/x/sync/singleflight"
)

// rendererVersion is part of every ETag: raise it when the same data and
// parameters come to give other bytes.
const rendererVersion = "4"

// Media types of tiles and pictures.
const (
	PNG     = "image/png"
	WebP    = "image/webp"
	JPEG    = "image/jpeg"
	GeoTIFF = "image/tiff; application=geotiff"
	NPY     = "application/x-npy"
	MVT     = "application/vnd.mapbox-vector-tile"
)

// weight says how much memory work takes.
type weight bool

// Large work is done one at a time.
const (
	small weight = false
	large weight = true
)

// largePicture is the number of pixels above which a picture is large.
const largePicture = 1 << 20

func weightOf(pixels int64) weight { return weight(pixels > largePicture) }

// Options tunes a Service; zero values mean defaults.
type Options struct {
	// CacheBytes bounds the tiles kept in memory; 0 = 48 MB, below 0 = none.
	CacheBytes int64
	// Renders bounds the renderings that go on at once; 0 = GOMAXPROCS.
	Renders int
	// Queue bounds the renderings that wait for their turn; 0 = 32 × Renders.
	Queue int
	// Timeout bounds one rendering with its wait; 0 = 30 s.
	Timeout time.Duration
	// Budget is the most bytes of a vector tile before compression; 0 = 500 kB.
	Budget int
	// MaxPixels bounds a picture; 0 = 3072 × 3072.
	MaxPixels int64
	// Workers bounds the items that are read at once for one rendering; 0 = GOMAXPROCS.
	Workers int
	// Blocks opens block statistics, from which empty windows are told
	// without reading; nil means FromBlockStats.
	Blocks func(ctx context.Context, path string, g grid.Grid) (mosaic.Blocks, error)
	// Locate gives the local path of a file of the blob store: of pyramids and
	// archives of tiles. nil: all tiles are drawn, and no archives are served.
	Locate func(key string) (string, error)
}

// Tile is a finished tile. Data is shared and must not be changed.
type Tile struct {
	Data            []byte
	ContentType     string
	ContentEncoding string // "" or "gzip"
	// ETag is a strong validator with its quotes.
	ETag string
	// Empty says that nothing is there: a transparent image, or no bytes.
	Empty bool
	// Complete says that nothing was left out that this zoom can show.
	Complete bool
	// Items are those that a raster tile was made of, in the order of the
	// selection; Skipped those left out, and why.
	Items   []mosaic.Use
	Skipped []mosaic.Skip
	Info    Info

	// buffer holds Data when nobody else does.
	buffer *[]byte
	pool   *sync.Pool
}

// Release gives back the memory of a tile that is not used any more, for the
// next one. It need not be called; Data must not be read afterwards.
func (t *Tile) Release() {
	if t.buffer != nil {
		t.pool.Put(t.buffer)
		t.buffer, t.Data = nil, nil
	}
}

// bytes is about how much memory the tile takes.
func (t *Tile) bytes() int {
	n := len(t.Data) + 256 + 80*len(t.Items)
	for _, s := range t.Skipped {
		n += 64 + len(s.Item) + len(s.Reason)
	}
	return n
}

// Info says how a tile came to be, for headers and logs.
type Info struct {
	// of vector tiles
	Features, Tiny, Dropped, Invalid, Level int
	AreaKept                                float64
	// of raster tiles
	Items, Reads, Skipped int
	// Render is how long it took to make, without waiting.
	Render time.Duration
}

// Service makes and keeps tiles. It is safe for concurrent use.
type Service struct {
	mosaics  *mosaic.Reader
	o        Options
	cache    *otter.Cache[string, Tile] // nil when there is none
	flight   singleflight.Group
	turns    chan struct{}
	large    chan struct{}
	waiting  atomic.Int64
	profiles *otter.Cache[string, []catalog.Band]
	styles   *otter.Cache[string, *raster.Style]
	around   *otter.Cache[string, surroundings]
	artist   *live.Artist
	archives *archives
	asked    *otter.Cache[string, struct{}] // variants that were asked for once
	pack     packer
	buffers  sync.Pool // of tiles that are read from pyramids
	encoder  encode.Encoder
	pixels   pixels
	renders  atomic.Int64
}

// pixels keeps buffers of tiles' images to use again.
type pixels struct{ pool sync.Pool }

// maxPixels bounds the buffers that are kept: a large picture is rare.
const maxPixels = 4 << 20

func (p *pixels) get(n int) []uint8 {
	if b, ok := p.pool.Get().(*[]uint8); ok && cap(*b) >= n {
		return (*b)[:n]
	}
	return make([]uint8, n)
}

func (p *pixels) put(b []uint8) {
	if cap(b) > 0 && cap(b) <= maxPixels {
		p.pool.Put(&b)
	}
}

// New makes a service that reads rasters with open; nil options mean defaults.
func New(open mosaic.Open, o *Options) (*Service, error) {
	s := &Service{large: make(chan struct{}, 1)}
	if o != nil {
		s.o = *o
	}
	if s.o.CacheBytes == 0 {
		s.o.CacheBytes = 48 << 20
	}
	if s.o.Renders <= 0 {
		s.o.Renders = runtime.GOMAXPROCS(0)
	}
	if s.o.Queue <= 0 {
		s.o.Queue = 32 * s.o.Renders
	}
	if s.o.Timeout <= 0 {
		s.o.Timeout = 30 * time.Second
	}
	if s.o.MaxPixels <= 0 {
		s.o.MaxPixels = 3072 * 3072
	}
	if s.o.Blocks == nil {
		s.o.Blocks = FromBlockStats(blockstats.NewCache(0))
	}
	s.turns = make(chan struct{}, s.o.Renders)
	s.mosaics = mosaic.New(open, &mosaic.Options{Workers: s.o.Workers, Blocks: s.o.Blocks})
	return s, s.makeCaches()
}

func (s *Service) makeCaches() (err error) {
	const op = "tiles.New"
	if s.o.CacheBytes > 0 {
		s.cache, err = otter.New(&otter.Options[string, Tile]{
			MaximumWeight: uint64(s.o.CacheBytes),
			Weigher:       func(k string, t Tile) uint32 { return uint32(len(k) + t.bytes()) },
		})
		if err != nil {
			return fault.E(op, fault.Other, err)
		}
	}
	if s.profiles, err = otter.New(&otter.Options[string, []catalog.Band]{MaximumSize: 1024}); err != nil {
		return fault.E(op, fault.Other, err)
	}
	if s.styles, err = otter.New(&otter.Options[string, *raster.Style]{MaximumSize: 1024}); err != nil {
		return fault.E(op, fault.Other, err)
	}
	if s.around, err = otter.New(&otter.Options[string, surroundings]{MaximumSize: 8}); err != nil { // 1 MB each
		return fault.E(op, fault.Other, err)
	}
	if s.asked, err = otter.New(&otter.Options[string, struct{}]{MaximumSize: 8192}); err != nil {
		return fault.E(op, fault.Other, err)
	}
	if s.archives, err = newArchives(s.o.Locate); err != nil {
		return fault.E(op, fault.Other, err)
	}
	s.artist, err = live.New(s.o.Budget)
	return err
}

// Renders is how many tiles have been made since the start.
func (s *Service) Renders() int64 { return s.renders.Load() }

// keyed is RasterParams.
type keyed interface{ key() string }

// TileETag is the validator of a tile of WebMercatorQuad, known before it is
// made: it depends on the version of the dataset, the parameters, the address
// and the renderer.
func TileETag[P keyed](d catalog.Dataset, p P, t tms.Tile) string { return etag(d, p, t.String()) }

// SetTileETag is TileETag for any tile grid.
func SetTileETag[P keyed](d catalog.Dataset, p P, set *tms.TileMatrixSet, t tms.Tile) string {
	if set.ID == tms.WebMercatorQuad().ID {
		return TileETag(d, p, t)
	}
	return etag(d, p, set.ID+" "+t.String())
}

func etag[P keyed](d catalog.Dataset, p P, address string) string {
	h := sha256.New()
	fmt.Fprintf(h, "%s\n%T\n%s\n%s\n%s", rendererVersion, p, versionKey(d), p.key(), address)
	return `"` + hex.EncodeToString(h.Sum(nil)[:12]) + `"`
}

// get returns the tile from the cache, or makes it: once for all who ask
// meanwhile, and to the end even when they leave, for the next one to find.
func (s *Service) get(ctx context.Context, etag string, size weight, make func(context.Context) (Tile, error)) (Tile, error) {
	const op = "tiles.Service"
	if s.cache != nil {
		if t, ok := s.cache.GetIfPresent(etag); ok {
			return t, nil
		}
	}
	if err := ctx.Err(); err != nil {
		return Tile{}, fault.E(op, fault.Canceled, err)
	}
	v, err := s.once(ctx, etag, size, func(ctx context.Context) (any, error) {
		// Who looked before the last maker had put it there comes too late to join.
		if s.cache != nil {
			if t, ok := s.cache.GetIfPresent(etag); ok {
				return t, nil
			}
		}
		start := time.Now()
		s.renders.Add(1)
		t, err := make(ctx)
		if err != nil {
			return nil, err
		}
		t.ETag, t.Info.Render = etag, time.Since(start)
		if s.cache != nil {
			s.cache.Set(etag, t)
		}
		return t, nil
	})
	if err != nil {
		return Tile{}, err
	}
	return v.(Tile), nil
}

// once does work under a name, in its turn: once for all who ask meanwhile,
// and to the end even when they leave.
func (s *Service) once(ctx context.Context, name string, size weight, work func(context.Context) (any, error)) (any, error) {
	const op = "tiles.Service"
	done := s.flight.DoChan(name, func() (any, error) {
		own, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.o.Timeout)
		defer cancel()
		v, err := s.turn(own, size, work)
		if err != nil && errors.Is(own.Err(), context.DeadlineExceeded) {
			return nil, fault.WithHint(fault.Errorf(op, fault.Unavailable, "the tile took longer than %v: %w", s.o.Timeout, err), "try again, or zoom in")
		}
		return v, err
	})
	select {
	case r := <-done:
		return r.Val, r.Err
	case <-ctx.Done():
		return nil, fault.E(op, fault.Canceled, ctx.Err())
	}
}

// turn waits for a turn and works. A panic becomes an error: it would
// otherwise end the program from a goroutine that nobody can guard.
func (s *Service) turn(ctx context.Context, size weight, work func(context.Context) (any, error)) (v any, err error) {
	const op = "tiles.Service"
	if n := s.waiting.Add(1); n > int64(s.o.Queue+s.o.Renders) {
		s.waiting.Add(-1)
		return nil, fault.WithHint(fault.Errorf(op, fault.Unavailable, "%d tiles are being made or wait already", n-1), "try again in a few seconds")
	}
	defer s.waiting.Add(-1)
	if size == large { // before the turn, which small ones may need meanwhile
		select {
		case s.large <- struct{}{}:
			defer func() { <-s.large }()
		case <-ctx.Done():
			return nil, fault.E(op, fault.Unavailable, ctx.Err())
		}
	}
	select {
	case s.turns <- struct{}{}:
	case <-ctx.Done():
		return nil, fault.E(op, fault.Unavailable, ctx.Err())
	}
	defer func() { <-s.turns }()
	defer func() {
		if r := recover(); r != nil {
			err = fault.Errorf(op, fault.Other, "panic while making a tile: %v\n%s", r, debug.Stack())
		}
	}()
	return work(ctx)
}

// toWGS84 and fromWGS84 are the ways between a CRS and degrees.
func (s *Service) toWGS84(c geo.CRS) (*crs.Transformer, error) {
	return s.mosaics.Transformer(c, geo.WGS84)
}

func (s *Service) fromWGS84(c geo.CRS) (*crs.Transformer, error) {
	return s.mosaics.Transformer(geo.WGS84, c)
}
