package tiles

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"sync/atomic"
	"time"

	"contado/geo"
	"contado/geo/crs"
	"contado/geo/fault"
	"contado/geo/store/catalog"
	"contado/tiles/encode"
	"contado/tiles/raster"
	"contado/tiles/tms"

	"github.com/maypok86/otter/v2"
	"golang.org/x/sync/singleflight"
)

// rendererVersion is part of every ETag: raise it when the same data and
// parameters come to give other bytes.
const rendererVersion = "1"

// Media types of tiles.
const (
	PNG = "image/png"
	MVT = "application/vnd.mapbox-vector-tile"
)

// Options tunes a Service; zero values mean defaults.
type Options struct {
	// CacheBytes bounds the tiles kept in memory; 0 = 64 MB, below 0 = none.
	CacheBytes int64
	// Renders bounds the renderings that go on at once; 0 = GOMAXPROCS.
	Renders int
	// Queue bounds the renderings that wait for their turn; 0 = 32 × Renders.
	Queue int
	// Timeout bounds one rendering with its wait; 0 = 30 s.
	Timeout time.Duration
	// Budget is the most bytes of a vector tile before compression; 0 = 500 kB.
	Budget int
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
	Info     Info
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
	open     raster.Open
	o        Options
	cache    *otter.Cache[string, Tile] // nil when there is none
	flight   singleflight.Group
	turns    chan struct{}
	waiting  atomic.Int64
	profiles *otter.Cache[string, []catalog.Band]
	systems  *otter.Cache[geo.CRS, *system]
	encoder  encode.Encoder
	renders  atomic.Int64
}

// system is what tiles need to know of a CRS.
type system struct {
	to, from   *crs.Transformer // to and from Web Mercator
	geographic bool
}

// New makes a service that reads rasters with open; nil options mean defaults.
func New(open raster.Open, o *Options) (*Service, error) {
	s := &Service{open: open}
	if o != nil {
		s.o = *o
	}
	if s.o.CacheBytes == 0 {
		s.o.CacheBytes = 64 << 20
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
	s.turns = make(chan struct{}, s.o.Renders)
	var err error
	if s.o.CacheBytes > 0 {
		s.cache, err = otter.New(&otter.Options[string, Tile]{
			MaximumWeight: uint64(s.o.CacheBytes),
			Weigher:       func(k string, t Tile) uint32 { return uint32(len(k) + len(t.Data) + 256) },
		})
		if err != nil {
			return nil, fault.E("tiles.New", fault.Other, err)
		}
	}
	if s.profiles, err = otter.New(&otter.Options[string, []catalog.Band]{MaximumSize: 1024}); err != nil {
		return nil, fault.E("tiles.New", fault.Other, err)
	}
	if s.systems, err = otter.New(&otter.Options[geo.CRS, *system]{MaximumSize: 256}); err != nil {
		return nil, fault.E("tiles.New", fault.Other, err)
	}
	return s, nil
}

// Renders is how many tiles have been made since the start.
func (s *Service) Renders() int64 { return s.renders.Load() }

// keyed is RasterParams or VectorParams.
type keyed interface{ key() string }

// TileETag is the validator of a tile, known before it is made: it depends on
// the version of the dataset, the parameters, the address and the renderer.
func TileETag[P keyed](d catalog.Dataset, p P, t tms.Tile) string {
	h := sha256.New()
	fmt.Fprintf(h, "%s\n%T\n%s\n%d\n%s\n%d\n%s\n%v", rendererVersion, p, d.ID, d.Version.Number,
		d.Version.SHA256, d.Version.PublishedAt.UnixNano(), p.key(), t)
	return `"` + hex.EncodeToString(h.Sum(nil)[:12]) + `"`
}

// get returns the tile from the cache, or makes it: once for all who ask
// meanwhile, and to the end even when they leave, for the next one to find.
func (s *Service) get(ctx context.Context, etag string, make func(context.Context) (Tile, error)) (Tile, error) {
	const op = "tiles.Service"
	if s.cache != nil {
		if t, ok := s.cache.GetIfPresent(etag); ok {
			return t, nil
		}
	}
	if err := ctx.Err(); err != nil {
		return Tile{}, fault.E(op, fault.Canceled, err)
	}
	done := s.flight.DoChan(etag, func() (any, error) {
		own, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.o.Timeout)
		defer cancel()
		t, err := s.render(own, make)
		if err != nil {
			if errors.Is(own.Err(), context.DeadlineExceeded) {
				return nil, fault.WithHint(fault.Errorf(op, fault.Unavailable, "the tile took longer than %v: %w", s.o.Timeout, err), "try again, or zoom in")
			}
			return nil, err
		}
		t.ETag = etag
		if s.cache != nil {
			s.cache.Set(etag, t)
		}
		return t, nil
	})
	select {
	case r := <-done:
		if r.Err != nil {
			return Tile{}, r.Err
		}
		return r.Val.(Tile), nil
	case <-ctx.Done():
		return Tile{}, fault.E(op, fault.Canceled, ctx.Err())
	}
}

// render waits for a turn and makes a tile. A panic becomes an error: it
// would otherwise end the program from a goroutine that nobody can guard.
func (s *Service) render(ctx context.Context, make func(context.Context) (Tile, error)) (t Tile, err error) {
	const op = "tiles.Service"
	if n := s.waiting.Add(1); n > int64(s.o.Queue+s.o.Renders) {
		s.waiting.Add(-1)
		return Tile{}, fault.WithHint(fault.Errorf(op, fault.Unavailable, "%d tiles are being made or wait already", n-1), "try again in a few seconds")
	}
	defer s.waiting.Add(-1)
	select {
	case s.turns <- struct{}{}:
	case <-ctx.Done():
		return Tile{}, fault.E(op, fault.Unavailable, ctx.Err())
	}
	defer func() { <-s.turns }()
	defer func() {
		if r := recover(); r != nil {
			err = fault.Errorf(op, fault.Other, "panic while making a tile: %v\n%s", r, debug.Stack())
		}
	}()
	s.renders.Add(1)
	start := time.Now()
	t, err = make(ctx)
	t.Info.Render = time.Since(start)
	return t, err
}

// system finds out about a CRS once.
func (s *Service) system(c geo.CRS) (*system, error) {
	if sys, ok := s.systems.GetIfPresent(c); ok {
		return sys, nil
	}
	var sys system
	var err error
	if sys.geographic, err = crs.IsGeographic(c); err != nil {
		return nil, err
	}
	if sys.to, err = crs.New(c, geo.WebMercator); err != nil {
		return nil, err
	}
	if sys.from, err = crs.New(geo.WebMercator, c); err != nil {
		return nil, err
	}
	s.systems.Set(c, &sys)
	return &sys, nil
}
