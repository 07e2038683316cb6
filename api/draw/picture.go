package draw

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	stddraw "image/draw"
	"image/png"
	"slices"
	"strings"

	"github.com/paulmach/orb"

	"contado/api/rest"
	"contado/geo"
	"contado/geo/fault"
	"contado/geo/grid"
	"contado/tiles"
	"contado/tiles/encode"
	"contado/tiles/raster"
	"contado/tiles/tms"
)

// Format is a kind of image.
type Format struct {
	Name, Media string
	Alpha       bool // can be transparent
	Values      bool // gives values, not colours
}

// Formats are those of pictures.
var Formats = []Format{
	{Name: "png", Media: "image/png", Alpha: true},
	{Name: "jpeg", Media: "image/jpeg"},
	{Name: "webp", Media: "image/webp", Alpha: true},
}

// Values are the formats of crops that hold values instead of colours.
var Values = []Format{
	{Name: raster.TIFF, Media: tiles.GeoTIFF, Values: true},
	{Name: raster.NPY, Media: tiles.NPY, Values: true},
}

// ByEnding finds a format, values included, by the ending of an address.
func ByEnding(ending string) (Format, bool) {
	switch ending {
	case "jpg":
		ending = "jpeg"
	case "tiff":
		ending = raster.TIFF
	}
	for _, f := range append(slices.Clone(Formats), Values...) {
		if f.Name == ending {
			return f, true
		}
	}
	return Format{}, false
}

// ByMedia finds a format by its media type, with or without parameters
// ("image/png; mode=8bit").
func ByMedia(media string) (Format, bool) {
	media, _, _ = strings.Cut(strings.ToLower(strings.TrimSpace(media)), ";")
	for _, f := range Formats {
		if f.Media == strings.TrimSpace(media) || f.Name == "jpeg" && media == "image/jpg" {
			return f, true
		}
	}
	return Format{}, false
}

// One is a dataset with how it is to be drawn.
type One struct {
	Source tiles.RasterSource
	Params tiles.RasterParams
}

// Request asks for a picture.
type Request struct {
	Layers []One // the first at the bottom
	// Grid is the window, north up; or a tile of a set.
	Grid   grid.Grid
	Set    *tms.TileMatrixSet
	Tile   tms.Tile
	Clip   orb.Geometry // in the CRS of the grid; nil = all
	Format Format
	// Background lies under the layers; nil = transparent, white where the
	// format has no transparency.
	Background *color.NRGBA
}

// Result is a picture; of several layers, Items, Skipped and Info.Items are
// those of all.
type Result struct{ tiles.Tile }

// Grid is the raster of width × height pixels over a box.
func Grid(c geo.CRS, b geo.BBox, width, height int) grid.Grid {
	return grid.Grid{
		CRS: c, Width: width, Height: height,
		Transform: grid.Transform{b.MinX, b.Width() / float64(width), 0, b.MaxY, 0, -b.Height() / float64(height)},
	}
}

// CheckSize refuses pictures that are too large, or nothing.
func CheckSize(width, height int) error {
	if width < 1 || height < 1 {
		return fault.Errorf("draw", fault.Invalid, "a picture of %d × %d pixels: want at least 1 × 1", width, height)
	}
	if width > MaxSide || height > MaxSide {
		return fault.Errorf("draw", fault.TooLarge, "a picture of %d × %d pixels is too large: at most %d a side", width, height, MaxSide)
	}
	return nil
}

// Draw makes a picture.
func (p *Painter) Draw(ctx context.Context, r Request) (Result, error) {
	if len(r.Layers) == 1 && r.Background == nil { // the service puts white under JPEG
		t, err := p.render(ctx, r, r.Layers[0], r.Format.Name)
		return Result{t}, err
	}
	var stack []image.Image
	out := Result{tiles.Tile{Complete: true, Empty: true, ContentType: r.Format.Media}}
	tag := fmt.Sprint(r.Format.Name, r.Background)
	for _, l := range r.Layers {
		t, err := p.render(ctx, r, l, "png")
		if err != nil {
			return out, err
		}
		out.Complete, out.Empty = out.Complete && t.Complete, out.Empty && t.Empty
		out.Info.Items += t.Info.Items
		out.Items, out.Skipped = append(out.Items, t.Items...), append(out.Skipped, t.Skipped...)
		tag += "\n" + t.ETag
		m, err := png.Decode(bytes.NewReader(t.Data))
		if err != nil {
			return out, fault.Errorf("draw", fault.Other, "a picture of our own cannot be read: %w", err)
		}
		stack = append(stack, m)
	}
	out.ETag = rest.Tag(tag)
	var err error
	out.Data, err = p.encode(compose(stack, r.Background), r.Format)
	return out, err
}

func (p *Painter) render(ctx context.Context, r Request, l One, format string) (tiles.Tile, error) {
	l.Params = withFormat(l.Params, format)
	if r.Set != nil {
		return p.Renderer.RasterTile(ctx, l.Source, l.Params, r.Set, r.Tile)
	}
	return p.Renderer.Picture(ctx, l.Source, l.Params, r.Grid, r.Clip)
}

func (p *Painter) encode(m *encode.Image, f Format) ([]byte, error) {
	switch f.Name {
	case "jpeg":
		return encode.JPEG(m, &encode.JPEGOptions{Background: &color.NRGBA{R: 255, G: 255, B: 255, A: 255}})
	case "webp":
		return encode.WebP(m, nil)
	}
	return p.encoder.PNG(m)
}

// compose lays pictures of one size over each other, over a background.
func compose(stack []image.Image, background *color.NRGBA) *encode.Image {
	if m, ok := stack[0].(*image.Paletted); ok && len(stack) == 1 && background != nil {
		return repaint(m, *background)
	}
	b := stack[0].Bounds()
	canvas := image.NewNRGBA(image.Rect(0, 0, b.Dx(), b.Dy()))
	if background != nil {
		stddraw.Draw(canvas, canvas.Bounds(), image.NewUniform(*background), image.Point{}, stddraw.Src)
	}
	for _, m := range stack {
		stddraw.Draw(canvas, canvas.Bounds(), m, m.Bounds().Min, stddraw.Over)
	}
	out := &encode.Image{Width: b.Dx(), Height: b.Dy(), Kind: encode.RGBA, Pix: canvas.Pix}
	if canvas.Opaque() {
		out.Kind, out.Pix = encode.RGB, make([]uint8, 3*b.Dx()*b.Dy())
		for i, j := 0, 0; i < len(canvas.Pix); i, j = i+4, j+3 {
			copy(out.Pix[j:j+3], canvas.Pix[i:i+3])
		}
	}
	return out
}

// repaint lays a background under a picture of few colours by its palette.
func repaint(m *image.Paletted, background color.NRGBA) *encode.Image {
	b := m.Bounds()
	out := &encode.Image{Width: b.Dx(), Height: b.Dy(), Kind: encode.Paletted, Pix: make([]uint8, 0, b.Dx()*b.Dy())}
	for y := range b.Dy() {
		out.Pix = append(out.Pix, m.Pix[y*m.Stride:y*m.Stride+b.Dx()]...)
	}
	for _, c := range m.Palette {
		out.Palette = append(out.Palette, over(color.NRGBAModel.Convert(c).(color.NRGBA), background))
	}
	return out
}

// over is a colour seen upon another.
func over(top, under color.NRGBA) color.NRGBA {
	cell := image.NewNRGBA(image.Rect(0, 0, 1, 1))
	cell.SetNRGBA(0, 0, under)
	stddraw.Draw(cell, cell.Bounds(), image.NewUniform(top), image.Point{}, stddraw.Over)
	return cell.NRGBAAt(0, 0)
}
