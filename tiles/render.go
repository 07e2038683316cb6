package tiles

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"image/color"

	"contado/geo"
	"contado/geo/fault"
	"contado/geo/grid"
	"contado/geo/mosaic"
	"contado/geo/store/catalog"
	"contado/tiles/encode"
	"contado/tiles/raster"
	"contado/tiles/tms"

	"github.com/paulmach/orb"
)

// Raster returns the raster tile z/x/y of WebMercatorQuad; see RasterTile.
func (s *Service) Raster(ctx context.Context, src RasterSource, p RasterParams, z, x, y int) (Tile, error) {
	return s.RasterTile(ctx, src, p, tms.WebMercatorQuad(), tms.Tile{Z: z, X: x, Y: y})
}

// RasterTile returns a tile of any tile grid in the format that p asks for.
//
// Errors: Invalid for an address or parameter that cannot be, Unavailable
// when too many wait, Canceled when ctx ends; others come from reading.
func (s *Service) RasterTile(ctx context.Context, src RasterSource, p RasterParams, set *tms.TileMatrixSet, t tms.Tile) (Tile, error) {
	if err := set.Check(t); err != nil {
		return Tile{}, err
	}
	scale := 1
	switch p.Size {
	case 0, 256:
		p.Size = 256
	case 512:
		scale = 2
	default:
		return Tile{}, invalid("size", "%d pixels; there are 256 and 512", p.Size)
	}
	what := fmt.Sprintf("tile %v of %s", t, set.ID)
	return s.draw(ctx, src, p, drawing{what: what, g: set.Grid(t, scale), etag: SetTileETag(src.Dataset(), p, set, t)})
}

// Picture returns any north-up window in any reference system: a preview, a
// box, with clip (in the system of g, nil for none) what lies within polygons:
// cells whose centre is outside have no value.
//
// Errors are as of RasterTile; TooLarge over Options.MaxPixels.
func (s *Service) Picture(ctx context.Context, src RasterSource, p RasterParams, g grid.Grid, clip orb.Geometry) (Tile, error) {
	const op = "tiles.Picture"
	if g.Width < 1 || g.Height < 1 || int64(g.Width) > s.o.MaxPixels || int64(g.Height) > s.o.MaxPixels || g.Cells() > s.o.MaxPixels {
		err := fault.Errorf(op, fault.TooLarge, "%d x %d pixels; the limit is %d", g.Width, g.Height, s.o.MaxPixels)
		if g.Width < 1 || g.Height < 1 {
			err = fault.Errorf(op, fault.Invalid, "%d x %d pixels", g.Width, g.Height)
		}
		return Tile{}, fault.WithHint(err, "ask for fewer pixels")
	}
	within, err := polygons(clip)
	if err != nil {
		return Tile{}, err
	}
	return s.draw(ctx, src, p, drawing{what: "picture", g: g, clip: within, etag: PictureETag(src.Dataset(), p, g, clip)})
}

// polygons are what a picture is clipped to; nil means nothing is.
func polygons(clip orb.Geometry) (orb.MultiPolygon, error) {
	switch c := clip.(type) {
	case nil:
		return nil, nil
	case orb.Polygon:
		return orb.MultiPolygon{c}, nil
	case orb.MultiPolygon:
		return c, nil
	}
	return nil, fault.Errorf("tiles.Picture", fault.Invalid, "a picture is clipped to a polygon, not to a %s", clip.GeoJSONType())
}

// PictureETag is the validator of a picture, known before it is made.
func PictureETag(d catalog.Dataset, p RasterParams, g grid.Grid, clip orb.Geometry) string {
	h := sha256.New()
	fmt.Fprintf(h, "%v %v", g, clip)
	return etag(d, p, "picture "+hex.EncodeToString(h.Sum(nil)))
}

// drawing is what to draw.
type drawing struct {
	what string // for messages
	g    grid.Grid
	clip orb.MultiPolygon
	etag string
}

func (s *Service) draw(ctx context.Context, src RasterSource, p RasterParams, w drawing) (Tile, error) {
	const op = "tiles.Raster"
	d := src.Dataset()
	if d.Kind != catalog.Raster {
		return Tile{}, fault.Errorf(op, fault.Invalid, "dataset %s is %s: it has no raster tiles", d.ID, d.Kind)
	}
	style, err := s.styleOf(ctx, src, p)
	if err != nil {
		return Tile{}, err
	}
	return s.get(ctx, w.etag, weightOf(w.g.Cells()), func(ctx context.Context) (Tile, error) {
		t, err := s.make(ctx, src, p, style, w)
		if err != nil {
			return Tile{}, fmt.Errorf("draw %s of %s: %w", w.what, d.ID, err)
		}
		return t, nil
	})
}

// make reads, derives, clips, paints and encodes.
func (s *Service) make(ctx context.Context, src RasterSource, p RasterParams, style *raster.Style, w drawing) (Tile, error) {
	g := widened(w.g, style.Border())
	sources, err := s.sources(src, p, g)
	if err != nil {
		return Tile{}, err
	}
	res, err := s.mosaics.Read(ctx, sources, style.Query(), g)
	if err != nil {
		return Tile{}, err
	}
	defer s.mosaics.Release(res)
	if w.clip != nil && style.Border() == 0 {
		clipTo(res, w.clip)
	}
	empty := res.Valid == 0
	if w.clip == nil {
		if err := s.surround(ctx, src, p, style, res); err != nil {
			return Tile{}, err
		}
	}
	d, err := style.Draw(res)
	if err != nil {
		return Tile{}, err
	}
	if w.clip != nil && style.Border() > 0 {
		d.Clip(outside(d.Values.Grid, w.clip))
	}
	out := Tile{
		Complete: res.Complete, Items: res.Used, Skipped: res.Skipped, Empty: empty || d.Values.Valid == 0,
		Info: Info{Items: len(res.Used), Reads: res.Reads, Skipped: len(res.Skipped)},
	}
	out.Data, out.ContentType, err = s.encode(style, d)
	return out, err
}

// widened is a grid with n cells more on every side.
func widened(g grid.Grid, n int) grid.Grid {
	if n == 0 {
		return g
	}
	return g.Sub(grid.Window{Col: -n, Row: -n, Width: g.Width + 2*n, Height: g.Height + 2*n})
}

// outside marks the cells of a grid whose centre is in no polygon with 0, the
// others with 255.
func outside(g grid.Grid, within orb.MultiPolygon) []uint8 {
	keep := make([]uint8, g.Cells())
	g.Fill(within, func(row, col0, col1 int) {
		for i := row*g.Width + col0; i < row*g.Width+col1; i++ {
			keep[i] = 255
		}
	})
	return keep
}

func clipTo(res *mosaic.Result, within orb.MultiPolygon) {
	res.Valid = 0
	for i, k := range outside(res.Grid, within) {
		res.Mask[i] &= k
		res.Valid += int(res.Mask[i] & 1)
	}
}

var white = color.NRGBA{R: 255, G: 255, B: 255, A: 255}

// encode writes a drawing in the style's format.
func (s *Service) encode(style *raster.Style, d *raster.Drawing) (data []byte, media string, err error) {
	v := d.Values
	switch style.Format {
	case raster.TIFF:
		data, err = encode.GeoTIFF(v.Bands, v.Mask, v.Grid, style.Labels)
		return data, GeoTIFF, err
	case raster.NPY:
		data, err = encode.NPY(v.Bands, v.Mask, v.Grid.Width, v.Grid.Height)
		return data, NPY, err
	}
	var pix []uint8
	d.Pixels = func(n int) []uint8 { pix = s.pixels.get(n); return pix }
	defer func() { s.pixels.put(pix) }() // encoders keep nothing of an image
	m, err := style.Paint(d)
	if err != nil {
		return nil, "", err
	}
	if m == nil {
		return s.transparent(style.Format, v.Grid)
	}
	return s.picture(style, m)
}

func (s *Service) picture(style *raster.Style, m *encode.Image) (data []byte, media string, err error) {
	switch style.Format {
	case raster.WebP:
		var o *encode.WebPOptions
		if style.Exact() {
			o = &encode.WebPOptions{Loss: encode.Lossless}
		}
		data, err = encode.WebP(m, o)
		return data, WebP, err
	case raster.JPEG:
		data, err = encode.JPEG(m, &encode.JPEGOptions{Background: &white})
		return data, JPEG, err
	}
	data, err = s.encoder.PNG(m)
	return data, PNG, err
}

// transparent is an image of nothing.
func (s *Service) transparent(format raster.Format, g grid.Grid) (data []byte, media string, err error) {
	if format == raster.PNG && g.Width == g.Height && (g.Width == 256 || g.Width == 512) {
		return encode.Transparent(g.Width), PNG, nil
	}
	return s.picture(&raster.Style{Format: format}, &encode.Image{
		Width: g.Width, Height: g.Height, Kind: encode.Paletted,
		Pix: make([]uint8, g.Cells()), Palette: []color.NRGBA{{}},
	})
}

// sources are the items that may lie on a grid.
func (s *Service) sources(src RasterSource, p RasterParams, g grid.Grid) ([]mosaic.Source, error) {
	box, err := s.boxAround(g)
	if err != nil {
		return nil, err
	}
	items := src.Items(box)
	out := make([]mosaic.Source, 0, len(items))
	for i := range items {
		if p.admits(&items[i]) {
			out = append(out, mosaic.Source{Item: items[i], Path: src.Path})
		}
	}
	return out, nil
}

// admits reports whether an item is among those that the request asks for.
func (p *RasterParams) admits(it *catalog.Item) bool {
	if p.CloudCover != nil && (it.CloudCover == nil || *it.CloudCover > *p.CloudCover) {
		return false
	}
	if p.From.IsZero() && p.To.IsZero() {
		return true
	}
	return it.Datetime != nil && (p.From.IsZero() || !it.Datetime.Before(p.From)) && (p.To.IsZero() || !it.Datetime.After(p.To))
}

// boxAround is the WGS 84 box of a grid; nil when there is none, as of a grid
// round a pole.
func (s *Service) boxAround(g grid.Grid) (*geo.BBox, error) {
	b := g.Bounds()
	switch {
	case g.CRS == geo.WebMercator && b.MinX >= -tms.HalfWorld-1 && b.MaxX <= tms.HalfWorld+1:
		var w geo.BBox
		w.MinX, w.MinY = tms.Inverse(b.MinX, b.MinY)
		w.MaxX, w.MaxY = tms.Inverse(b.MaxX, b.MaxY)
		if b.MaxY >= tms.HalfWorld { // the last row of tiles goes on to the pole for an index
			w.MaxY = 90
		}
		if b.MinY <= -tms.HalfWorld {
			w.MinY = -90
		}
		return &w, nil
	case g.CRS == geo.WGS84 && b.MinX >= -180 && b.MaxX <= 180:
		return &b, nil
	}
	t, err := s.toWGS84(g.CRS)
	if err != nil {
		return nil, err
	}
	w, err := t.BBox(b)
	if err != nil || !(w.MinX-w.MinX == 0 && w.MaxX-w.MaxX == 0 && w.MinY-w.MinY == 0 && w.MaxY-w.MaxY == 0) {
		return nil, nil //nolint:nilerr // look at every item
	}
	return &w, nil
}
