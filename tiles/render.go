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
	"contado/tiles/encode"
	"contado/tiles/raster"
	"contado/tiles/tms"
	"contado/tiles/vector"

	"github.com/klauspost/compress/gzip"
)

// Raster returns the raster tile z/x/y of WebMercatorQuad, as PNG.
//
// Errors: Invalid for an address or parameter that cannot be, Unavailable
// when too many wait, Canceled when ctx ends; others come from reading.
func (s *Service) Raster(ctx context.Context, src RasterSource, p RasterParams, z, x, y int) (Tile, error) {
	const op = "tiles.Raster"
	t := tms.Tile{Z: z, X: x, Y: y}
	if err := tms.WebMercatorQuad().Check(t); err != nil {
		return Tile{}, err
	}
	if p.Size == 0 {
		p.Size = 256
	}
	if p.Size != 256 && p.Size != 512 {
		return Tile{}, invalid("size", "%d pixels; there are 256 and 512", p.Size)
	}
	d := src.Dataset()
	if d.Kind != catalog.Raster {
		return Tile{}, fault.Errorf(op, fault.Invalid, "dataset %s is %s: it has no raster tiles", d.ID, d.Kind)
	}
	style, err := s.Style(src, p)
	if err != nil {
		return Tile{}, err
	}
	return s.get(ctx, TileETag(d, p, t), func(ctx context.Context) (Tile, error) {
		sources, err := s.sources(src, p, t)
		if err != nil {
			return Tile{}, err
		}
		m, info, err := raster.Render(ctx, s.open, sources, style, t, p.Size)
		if err != nil {
			return Tile{}, fmt.Errorf("draw tile %v of %s: %w", t, d.ID, err)
		}
		out := Tile{
			ContentType: PNG, Complete: info.Complete(),
			Info: Info{Items: info.Items, Reads: info.Reads, Skipped: info.Skipped},
		}
		if m == nil {
			out.Data, out.Empty = encode.Transparent(p.Size), true
			return out, nil
		}
		out.Data, err = s.encoder.PNG(m)
		return out, err
	})
}

// Style is how a raster dataset is drawn with the parameters, with the
// defaults filled in: for legends.
func (s *Service) Style(src RasterSource, p RasterParams) (*raster.Style, error) {
	d := src.Dataset()
	bands, err := s.profile(src, d)
	if err != nil {
		return nil, err
	}
	return raster.Resolve(p.Params, bands, d.Role)
}

// profile is the statistics of the bands over the whole dataset.
func (s *Service) profile(src RasterSource, d catalog.Dataset) ([]catalog.Band, error) {
	key := fmt.Sprintf("%s\n%d\n%s\n%d", d.ID, d.Version.Number, d.Version.SHA256, d.Version.PublishedAt.UnixNano())
	if bands, ok := s.profiles.GetIfPresent(key); ok {
		return bands, nil
	}
	bands := raster.Profile(src.Items(nil), d.Role)
	if len(bands) == 0 {
		return nil, fault.Errorf("tiles.Raster", fault.NotExist, "dataset %s has no items to draw", d.ID)
	}
	s.profiles.Set(key, bands)
	return bands, nil
}

// sources are the items to draw from, newest first.
func (s *Service) sources(src RasterSource, p RasterParams, t tms.Tile) ([]raster.Source, error) {
	box := t.BoundsWGS84()
	if t.Y == 0 { // the last row of tiles goes on to the pole for an index
		box.MaxY = 90
	}
	items := slices.DeleteFunc(slices.Clone(src.Items(&box)), func(it catalog.Item) bool {
		if p.From.IsZero() && p.To.IsZero() {
			return false
		}
		return it.Datetime == nil || !p.From.IsZero() && it.Datetime.Before(p.From) || !p.To.IsZero() && it.Datetime.After(p.To)
	})
	slices.SortStableFunc(items, newestFirst)
	out := make([]raster.Source, 0, len(items))
	for _, it := range items {
		path, err := src.Path(it)
		if err != nil {
			return nil, err
		}
		r := raster.Source{Item: it, Path: path}
		if it.Grid.CRS != geo.WebMercator {
			sys, err := s.system(it.Grid.CRS)
			if err != nil {
				return nil, fmt.Errorf("item %s: %w", it.ID, err)
			}
			r.FromMercator, r.Geographic = sys.from, sys.geographic
		}
		out = append(out, r)
	}
	return out, nil
}

// newestFirst orders items by time, those without time last, then by id from
// the end: of two scenes named by number the later one lies on top.
func newestFirst(a, b catalog.Item) int {
	switch {
	case a.Datetime != nil && b.Datetime != nil:
		if c := b.Datetime.Compare(*a.Datetime); c != 0 {
			return c
		}
	case a.Datetime != nil:
		return -1
	case b.Datetime != nil:
		return 1
	}
	return cmp.Compare(b.ID, a.ID)
}

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
	tile, err := s.get(ctx, TileETag(d, plain, t), func(ctx context.Context) (Tile, error) {
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
