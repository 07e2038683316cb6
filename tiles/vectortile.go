package tiles

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"slices"

	"contado/geo"
	"contado/geo/fault"
	"contado/geo/store/catalog"
	"contado/geo/store/features"
	"contado/tiles/tms"
	"contado/tiles/vector"

	"github.com/klauspost/compress/gzip"
)

// Vector returns the vector tile z/x/y of WebMercatorQuad. Its layer is
// named as the dataset; a layer "meta" says what it leaves out.
//
// Errors are as of Raster.
func (s *Service) Vector(ctx context.Context, src VectorSource, p VectorParams, z, x, y int) (Tile, error) {
	const op = "tiles.Vector"
	t := tms.Tile{Z: z, X: x, Y: y}
	if err := tms.WebMercatorQuad().Check(t); err != nil {
		return Tile{}, err
	}
	d := src.Dataset()
	schema := src.Schema()
	if d.Kind != catalog.Vector || schema.GeometryType == "" {
		return Tile{}, fault.Errorf(op, fault.Invalid, "dataset %s has no geometry: it has no vector tiles", d.ID)
	}
	if err := checkProperties(p.Properties, schema); err != nil {
		return Tile{}, err
	}
	plain := p
	plain.Gzip = false
	tile, err := s.get(ctx, TileETag(d, plain, t), small, func(ctx context.Context) (Tile, error) {
		return s.drawVector(ctx, src, d, schema, p, t)
	})
	if err != nil || !p.Gzip || tile.Empty {
		return tile, err
	}
	return s.zipped(TileETag(d, p, t), tile)
}

// zipped is the gzip variant of a tile, from the cache when it is there.
func (s *Service) zipped(etag string, t Tile) (Tile, error) {
	if s.cache != nil {
		if z, ok := s.cache.GetIfPresent(etag); ok {
			return z, nil
		}
	}
	var buf bytes.Buffer
	w := gzip.NewWriter(&buf)
	if _, err := w.Write(t.Data); err != nil {
		return Tile{}, fault.E("tiles.Vector", fault.Other, err)
	}
	if err := w.Close(); err != nil {
		return Tile{}, fault.E("tiles.Vector", fault.Other, err)
	}
	t.Data, t.ContentEncoding, t.ETag = buf.Bytes(), "gzip", etag
	if s.cache != nil {
		s.cache.Set(etag, t)
	}
	return t, nil
}

func (s *Service) drawVector(ctx context.Context, src VectorSource, d catalog.Dataset, schema geo.Schema, p VectorParams, t tms.Tile) (Tile, error) {
	out := Tile{ContentType: MVT, Complete: true, Empty: true, Info: Info{AreaKept: 1}}
	q := features.Query{Fields: wanted(schema, p)}
	o := vector.Options{
		Tile: t, Layer: d.ID, Budget: s.o.Budget,
		Version: fmt.Sprintf("%s v%d", d.ID, d.Version.Number),
	}
	for _, name := range q.Fields {
		o.Fields = append(o.Fields, schema.Fields[schema.FieldIndex(name)])
	}
	var near bool
	var err error
	if q.BBox, o.Project, near, err = s.place(d, schema.CRS, t); err != nil || !near {
		return out, err
	}
	b, err := vector.NewBuilder(o)
	if err != nil {
		return Tile{}, err
	}
	var failed error
	err = src.Scan(ctx, q, func(f geo.Feature) bool {
		if failed = b.Add(f); failed == nil {
			failed = ctx.Err()
		}
		return failed == nil
	})
	if err = cmp.Or(failed, err); err != nil {
		return Tile{}, fmt.Errorf("draw tile %v of %s: %w", t, d.ID, err)
	}
	data, stats, err := b.Encode(ctx)
	if err != nil {
		return Tile{}, err
	}
	out.Data, out.Empty, out.Complete = data, len(data) == 0, stats.Complete()
	out.Info = Info{
		Features: stats.Features, Tiny: stats.Tiny, Dropped: stats.Dropped, Invalid: stats.Invalid,
		Level: stats.Level, AreaKept: stats.AreaKept,
	}
	return out, nil
}

// wanted names the attributes that go into the tile: never binary ones.
func wanted(schema geo.Schema, p VectorParams) []string {
	names := []string{} // not nil, which would read all
	for _, f := range schema.Fields {
		if f.Type != geo.Binary && (p.Properties == nil || slices.Contains(p.Properties, f.Name)) {
			names = append(names, f.Name)
		}
	}
	return names
}

// place gives the box of the tile with its buffer in the dataset's CRS, and
// the way from that CRS to Web Mercator; near is false when the dataset lies
// elsewhere. Where the tile is larger than the dataset, the dataset's own box
// is asked for: a projection need not hold for the whole world.
func (s *Service) place(d catalog.Dataset, c geo.CRS, t tms.Tile) (*geo.BBox, vector.Projector, bool, error) {
	b := tms.WebMercatorQuad().Bounds(t)
	b = b.Buffer(b.Width() * 80 / 4096) // 64 units, and some for rounding
	if c == geo.WebMercator {
		return &b, nil, true, nil
	}
	w := geo.BBox{}
	w.MinX, w.MinY = tms.Inverse(b.MinX, b.MinY)
	w.MaxX, w.MaxY = tms.Inverse(b.MaxX, b.MaxY)
	if c == geo.WGS84 {
		return &w, vector.FromWGS84{}, true, nil
	}
	sys, err := s.system(c)
	if err != nil {
		return nil, nil, false, fmt.Errorf("dataset %s: %w", d.ID, err)
	}
	if home := d.Version.BBoxWGS84; !home.IsEmpty() && home != (geo.BBox{}) {
		home = home.Buffer(1e-3)
		if !home.Intersects(w) {
			return nil, nil, false, nil
		}
		w = w.Intersect(home)
		w.MinY, w.MaxY = max(w.MinY, -85), min(w.MaxY, 85)
		b.MinX, b.MinY = tms.Forward(w.MinX, w.MinY)
		b.MaxX, b.MaxY = tms.Forward(w.MaxX, w.MaxY)
	}
	native, err := sys.from.BBox(b)
	if err != nil || native.IsEmpty() { // no box there: look at every row
		return nil, sys.to, true, nil //nolint:nilerr // a filter less, not a tile less
	}
	native = native.Buffer((native.Width() + native.Height()) * 1e-3)
	return &native, sys.to, true, nil
}
