package tiles

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"contado/geo"
	"contado/geo/fault"
	"contado/geo/layer"
	"contado/geo/pmtiles"
	"contado/geo/store/catalog"
	"contado/tiles/live"
	"contado/tiles/pyramid"
	"contado/tiles/tms"
	"contado/tiles/vector"
)

// MaxLayers bounds the layers of a composite tile.
const MaxLayers = 16

// VectorTile is a vector tile that was asked for and can be had; see
// Service.PlanVector. Its validators are known before it is made.
type VectorTile struct {
	s     *Service
	at    tms.Tile
	grid  *tms.TileMatrixSet // nil: WebMercatorQuad
	from  *pyramidFile       // nil: drawn
	parts []live.Part
	tag   string // of the state that it shows, without quotes
	stamp string // the states of the layers, for people
}

// PlanVector finds out where a vector tile of one or more layers comes from:
// from the pyramid of the dataset when nothing but its rows as they are in
// there is asked for, else it is drawn. Its layers are named as the datasets;
// a layer "meta" says what it leaves out.
//
// Errors: fault.Invalid for tiles outside the grid, datasets without geometry
// and what the parameters cannot be.
func (s *Service) PlanVector(ctx context.Context, layers []*layer.Layer, p VectorParams, t tms.Tile) (*VectorTile, error) {
	grid := tms.WebMercatorQuad()
	if p.Grid != nil && p.Grid.ID == grid.ID {
		p.Grid = nil
	}
	if p.Grid != nil {
		grid = p.Grid
	}
	if err := grid.Check(t); err != nil {
		return nil, err
	}
	if err := checkLayers(layers, &p); err != nil {
		return nil, err
	}
	if len(layers) == 1 && p.plain() {
		v, err := s.fromPyramid(ctx, layers[0], t)
		if v != nil || err != nil {
			return v, err
		}
	}
	v := &VectorTile{s: s, at: t, grid: p.Grid, parts: make([]live.Part, len(layers))}
	key, err := p.key()
	if err != nil {
		return nil, err
	}
	names := []string{rendererVersion, "live", key, t.String()}
	for i, l := range layers {
		if v.parts[i], err = p.part(l); err != nil {
			return nil, err
		}
		seq := l.Head()
		if p.Grid == nil {
			if seq, err = s.seq(l, t); err != nil {
				return nil, err
			}
		}
		names = append(names, versionKey(l.Dataset()), strconv.FormatInt(seq, 10))
	}
	v.tag, v.stamp = digest(names...), stampOf(layers)
	return v, nil
}

func checkLayers(layers []*layer.Layer, p *VectorParams) error {
	const op = "tiles.Vector"
	switch {
	case len(layers) == 0 || len(layers) > MaxLayers:
		return fault.Errorf(op, fault.Invalid, "a tile of %d layers: want 1 to %d", len(layers), MaxLayers)
	case len(layers) > 1 && p.Filter != nil:
		return fault.Errorf(op, fault.Invalid, "a filter is for tiles of one layer")
	}
	var schemas []geo.Schema
	for i, l := range layers {
		d, schema := l.Dataset(), l.Schema()
		if d.Kind != catalog.Vector || schema.GeometryType == "" {
			return fault.Errorf(op, fault.Invalid, "dataset %s has no geometry: it has no vector tiles", d.ID)
		}
		for _, other := range layers[:i] {
			if other.Dataset().ID == d.ID {
				return fault.Errorf(op, fault.Invalid, "dataset %s is named twice", d.ID)
			}
		}
		schemas = append(schemas, schema)
	}
	return checkProperties(p.Properties, schemas)
}

// seq is the change that the tile may show last: 0 when none has to do with
// it, so that it is kept when others are edited.
func (s *Service) seq(l *layer.Layer, t tms.Tile) (int64, error) {
	touched, err := s.artist.Touched(l, 0, t)
	if err != nil || !touched {
		return 0, err
	}
	return l.Head(), nil
}

// fromPyramid is the tile when the pyramid has it as it is now, else nil.
func (s *Service) fromPyramid(ctx context.Context, l *layer.Layer, t tms.Tile) (*VectorTile, error) {
	d := l.Dataset()
	f, err := s.archives.pyramid(ctx, &d)
	if err != nil || f == nil || t.Z > f.maxZoom {
		// A pyramid that cannot be read is a loss of speed, not of tiles.
		return nil, nil //nolint:nilerr // drawn live
	}
	touched, err := s.artist.Touched(l, f.seq, t)
	if err != nil || touched {
		return nil, err
	}
	tag := make([]byte, 0, 48)
	tag = appendAt(append(append(tag, f.tag...), '-'), t)
	return &VectorTile{s: s, at: t, from: f, tag: string(tag), stamp: l.Stamp(), parts: []live.Part{{Layer: l}}}, nil
}

// appendAt appends the place of a tile, for validators.
func appendAt(b []byte, t tms.Tile) []byte {
	b = append(strconv.AppendInt(b, int64(t.Z), 10), '.')
	b = append(strconv.AppendInt(b, int64(t.X), 36), '.')
	return strconv.AppendInt(b, int64(t.Y), 36)
}

func stampOf(layers []*layer.Layer) string {
	stamps := make([]string, len(layers))
	for i, l := range layers {
		stamps[i] = l.Stamp()
	}
	return strings.Join(stamps, ",")
}

// Stamp names the states of the layers, as Layer.Stamp.
func (v *VectorTile) Stamp() string { return v.stamp }

// Where vector tiles come from.
const (
	FromPyramid = "pyramid"
	Live        = "live"
)

// Source says where the tile comes from: FromPyramid or Live.
func (v *VectorTile) Source() string {
	if v.from != nil {
		return FromPyramid
	}
	return Live
}

// ETag is the strong validator of a variant of the tile.
func (v *VectorTile) ETag(e Encoding) string { return `"` + v.tag + e.suffix() + `"` }

// Tile makes the tile. Errors: fault.Canceled when the context ends,
// fault.Unavailable when too much is being made already.
func (v *VectorTile) Tile(ctx context.Context, e Encoding) (Tile, error) {
	base, err := v.base(ctx)
	if err != nil || base.Empty {
		base.ETag = v.ETag(e)
		return base, err
	}
	if e == Gzip {
		return base, nil
	}
	return v.s.variant(ctx, base, v.ETag(e), e)
}

// base is the gzip variant, which the others are made of.
func (v *VectorTile) base(ctx context.Context) (Tile, error) {
	if v.from != nil {
		return v.read(ctx)
	}
	return v.s.get(ctx, v.ETag(Gzip), small, v.draw)
}

// maxBuffer bounds the buffers that are kept: larger tiles are rare.
const maxBuffer = 1 << 20

// read takes the tile from the pyramid.
func (v *VectorTile) read(ctx context.Context) (Tile, error) {
	out := Tile{ContentType: MVT, ETag: v.ETag(Gzip), Complete: true, Empty: true, Info: Info{AreaKept: 1}}
	if err := ctx.Err(); err != nil {
		return Tile{}, fault.E("tiles.Vector", fault.Canceled, err)
	}
	buffer := v.s.buffer()
	data, ok, err := v.from.TileInto(*buffer, v.at.Z, v.at.X, v.at.Y)
	if err != nil || !ok {
		v.s.buffers.Put(buffer)
		return out, err
	}
	out.Data = data
	out.hold(buffer, &v.s.buffers)
	stats, ok := pyramid.Figures(data)
	if !ok {
		return out, fault.Errorf("tiles.Vector", fault.Other, "tile %v of the pyramid %s does not say what it holds", v.at, v.from.key)
	}
	out.Empty, out.ContentEncoding = false, Gzip.Name()
	out.tell(&stats)
	return out, nil
}

// draw makes the tile of the rows.
func (v *VectorTile) draw(ctx context.Context) (Tile, error) {
	data, stats, err := v.s.artist.DrawOn(ctx, v.grid, v.at, v.parts...)
	if err != nil {
		return Tile{}, fmt.Errorf("draw tile %v: %w", v.at, err)
	}
	out := Tile{ContentType: MVT, Empty: len(data) == 0}
	out.tell(&stats)
	if out.Empty {
		return out, nil
	}
	out.ContentEncoding = Gzip.Name()
	out.Data, err = v.s.pack.gzip(data)
	return out, err
}

func (t *Tile) tell(s *vector.Stats) {
	t.Complete = s.Complete()
	t.Info = Info{
		Features: s.Features, Tiny: s.Tiny, Dropped: s.Dropped, Invalid: s.Invalid, Level: s.Level, AreaKept: s.AreaKept,
	}
}

// Archived returns a tile of an archive that was made elsewhere, as it is
// stored. Empty says that it has none.
func (s *Service) Archived(ctx context.Context, d catalog.Dataset, t tms.Tile, e Encoding) (Tile, error) {
	a, err := s.archives.other(ctx, &d)
	if err != nil {
		return Tile{}, err
	}
	info := d.Version.Tiles
	out := Tile{ContentType: mediaOf(info.Type), ETag: ArchivedETag(d, t, e), Complete: true, Empty: true}
	if t.Z < info.MinZoom || t.Z > info.MaxZoom {
		return out, nil
	}
	buffer := s.buffer()
	if out.Data, _, err = a.TileInto(ctx, *buffer, t.Z, t.X, t.Y); err != nil {
		s.buffers.Put(buffer)
		return Tile{}, err
	}
	out.hold(buffer, &s.buffers)
	out.Empty = len(out.Data) == 0
	out.ContentEncoding = storedAs(info.Encoding, out.Data)
	if out.Empty || out.ContentEncoding == e.Name() {
		return out, nil
	}
	return s.variant(ctx, out, out.ETag, e)
}

// buffer is one for a tile that is read.
func (s *Service) buffer() *[]byte {
	if b, had := s.buffers.Get().(*[]byte); had {
		return b
	}
	return new([]byte)
}

// hold has Release give the tile's bytes back to the pool as a buffer, unless
// they are so many that they would be kept in vain.
func (t *Tile) hold(buffer *[]byte, pool *sync.Pool) {
	if cap(t.Data) > maxBuffer {
		return
	}
	if cap(t.Data) > 0 {
		*buffer = t.Data
	}
	t.buffer, t.pool = buffer, pool
}

// storedAs is how the bytes of a tile are compressed: archives hold plain
// tiles among others too.
func storedAs(encoding string, data []byte) string {
	if encoding == "gzip" && (len(data) < 2 || data[0] != 0x1f || data[1] != 0x8b) {
		return ""
	}
	return encoding
}

// mediaOf is the media type of tiles by their ending.
func mediaOf(kind string) string {
	for _, t := range []pmtiles.TileType{pmtiles.MVT, pmtiles.PNG, pmtiles.JPEG, pmtiles.WebP, pmtiles.AVIF} {
		if t.String() == kind {
			return t.Media()
		}
	}
	return pmtiles.UnknownType.Media()
}

// ArchivedETag is the validator of a variant of a tile of an archive.
func ArchivedETag(d catalog.Dataset, t tms.Tile, e Encoding) string {
	b := make([]byte, 0, 64)
	b = append(append(b, '"'), d.Version.SHA256[:min(len(d.Version.SHA256), 20)]...)
	b = strconv.AppendInt(append(b, '-'), int64(d.Version.Number), 36)
	b = strconv.AppendInt(append(b, '.'), d.Version.PublishedAt.UnixNano(), 36)
	b = appendAt(append(b, '-'), t)
	return string(append(append(b, e.suffix()...), '"'))
}
