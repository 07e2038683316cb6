package tiles

import (
	"bytes"
	"context"
	"io"
	"sync"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"

	"contado/geo/fault"
	"contado/geo/pmtiles"
)

// Encoding is a variant of a vector tile.
type Encoding uint8

// The variants.
const (
	Identity Encoding = iota
	Gzip
	Brotli
)

// Name is the variant as Content-Encoding has it; "" for none.
func (e Encoding) Name() string { return [...]string{"", "gzip", "br"}[e] }

// suffix tells the validators of variants.
func (e Encoding) suffix() string { return [...]string{"", "-gz", "-br"}[e] }

// How hard tiles are compressed that someone waits for: gzip gives up 6 % of
// size for three times the speed, brotli stays near its best. Large tiles are
// mostly attributes that repeat, which a faster level packs nearly as well; of
// those mostly of coordinates it makes little, and they are packed again.
const (
	gzipLevel   = 4
	gzipFast    = 2
	gzipLarge   = 64 << 10
	brotliLevel = 5
	// maxVariant bounds a tile that is unpacked.
	maxVariant = 64 << 20
)

// packer compresses; its writers are used again.
type packer struct {
	gzips, fast, brotlis sync.Pool
}

func (p *packer) gzip(data []byte) ([]byte, error) {
	if len(data) >= gzipLarge {
		out, err := gzipAt(&p.fast, gzipFast, data)
		if err != nil || len(out) <= len(data)/3*2 {
			return out, err
		}
	}
	return gzipAt(&p.gzips, gzipLevel, data)
}

func gzipAt(pool *sync.Pool, level int, data []byte) ([]byte, error) {
	var out bytes.Buffer
	out.Grow(len(data)/2 + 64)
	z, ok := pool.Get().(*gzip.Writer)
	if ok {
		z.Reset(&out)
	} else {
		var err error
		if z, err = gzip.NewWriterLevel(&out, level); err != nil {
			return nil, fault.E("tiles.Vector", fault.Other, err)
		}
	}
	defer pool.Put(z)
	return finish(&out, z, data)
}

func (p *packer) brotli(data []byte) ([]byte, error) {
	var out bytes.Buffer
	out.Grow(len(data)/2 + 64)
	z, ok := p.brotlis.Get().(*brotli.Writer)
	if ok {
		z.Reset(&out)
	} else {
		z = brotli.NewWriterLevel(&out, brotliLevel)
	}
	defer p.brotlis.Put(z)
	return finish(&out, z, data)
}

func finish(out *bytes.Buffer, z io.WriteCloser, data []byte) ([]byte, error) {
	if _, err := z.Write(data); err != nil {
		return nil, fault.E("tiles.Vector", fault.Other, err)
	}
	if err := z.Close(); err != nil {
		return nil, fault.E("tiles.Vector", fault.Other, err)
	}
	return out.Bytes(), nil
}

// variant is another form of a stored tile, from the cache when it is there.
func (s *Service) variant(ctx context.Context, t Tile, etag string, e Encoding) (Tile, error) {
	made, err := s.get(ctx, etag, small, func(context.Context) (Tile, error) {
		raw, err := unpacked(t)
		if err != nil {
			return Tile{}, err
		}
		out := t
		out.buffer, out.pool = nil, nil
		out.Data, out.ContentEncoding = raw, e.Name()
		switch e {
		case Gzip:
			out.Data, err = s.pack.gzip(raw)
		case Brotli:
			out.Data, err = s.pack.brotli(raw)
		}
		return out, err
	})
	return made, err
}

func unpacked(t Tile) ([]byte, error) {
	c := pmtiles.None
	switch t.ContentEncoding {
	case "gzip":
		c = pmtiles.Gzip
	case "br":
		c = pmtiles.Brotli
	case "zstd":
		c = pmtiles.Zstd
	}
	return pmtiles.Unpack(t.Data, c, maxVariant)
}

// Choose picks the variant for a client by the weights that it gives to gzip
// and brotli, 0 to 1. One that takes both alike gets brotli when that is at
// hand: it is made for tiles that are asked for again, beside the answer.
func (v *VectorTile) Choose(gzip, brotli float64) Encoding {
	switch {
	case brotli > gzip:
		return Brotli
	case gzip <= 0:
		return Identity
	case brotli < gzip || v.s.cache == nil:
		return Gzip
	}
	tag := v.ETag(Brotli)
	if _, ok := v.s.cache.GetIfPresent(tag); ok {
		return Brotli
	}
	if _, again := v.s.asked.GetIfPresent(tag); !again {
		v.s.asked.Set(tag, struct{}{})
		return Gzip
	}
	v.prepare(tag)
	return Gzip
}

// AtHand reports whether a variant needs no work but reading it.
func (v *VectorTile) AtHand(e Encoding) bool {
	if v.from != nil && e == Gzip {
		return true
	}
	if v.s.cache == nil {
		return false
	}
	_, ok := v.s.cache.GetIfPresent(v.ETag(e))
	return ok
}

// prepare makes the brotli variant for those who come later, unless others
// wait for their turn.
func (v *VectorTile) prepare(tag string) {
	if v.s.waiting.Load() > 0 {
		return
	}
	v.s.flight.DoChan(tag, func() (any, error) {
		ctx, cancel := context.WithTimeout(context.Background(), v.s.o.Timeout)
		defer cancel()
		return v.s.turn(ctx, small, func(ctx context.Context) (any, error) {
			base, err := v.base(ctx)
			if err != nil || base.Empty {
				return nil, err
			}
			raw, err := unpacked(base)
			if err != nil {
				return nil, err
			}
			base.buffer, base.pool = nil, nil
			base.Data, err = v.s.pack.brotli(raw)
			base.ContentEncoding, base.ETag = Brotli.Name(), tag
			if err == nil {
				v.s.cache.Set(tag, base)
			}
			return base, err
		})
	})
}
