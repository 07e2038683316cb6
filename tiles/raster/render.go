// Package raster draws raster tiles from the Cloud-Optimized GeoTIFFs of a
// dataset: it reads the right window at the right overview, brings it to the
// tile grid, lays newer items over older ones, and colours the values.
package raster

import (
	"context"
	"math"
	"slices"

	"contado/geo"
	"contado/geo/fault"
	"contado/geo/grid"
	"contado/geo/store/catalog"
	"contado/tiles/encode"
	"contado/tiles/tms"
)

// Reader reads cells of an open raster; *gdal.Raster is one.
type Reader interface {
	Read(bands []int, w grid.Window, outW, outH int, rs grid.Resampling) (*grid.Block, error)
}

// Open lends the raster at a path to fn, which must not keep it.
type Open func(ctx context.Context, path string, fn func(Reader) error) error

// Projector maps x and y in place; points that have no image become NaN.
type Projector interface {
	Points(x, y []float64) error
}

// Source is one item to draw from.
type Source struct {
	Item catalog.Item
	Path string
	// FromMercator maps EPSG:3857 to the CRS of the item; nil when it is that.
	FromMercator Projector
	// Geographic says that the item's x are degrees, which go on at ±180.
	Geographic bool
}

// MaxItems bounds the items that one tile looks into.
const MaxItems = 1000

// Info says how a tile came to be.
type Info struct {
	Items   int // that gave pixels
	Reads   int
	Skipped int  // items left out: without the bands asked for, or over MaxItems
	Filled  int  // pixels with a value
	Direct  bool // the last read lay on the tile's own grid
}

// Complete reports whether nothing was left out.
func (i *Info) Complete() bool { return i.Skipped == 0 }

// Render draws a tile of size × size pixels from items, the first on top.
// The image is nil when no item has a valid cell there.
func Render(ctx context.Context, open Open, sources []Source, s *Style, t tms.Tile, size int) (*encode.Image, Info, error) {
	const op = "raster.Render"
	if err := tms.WebMercatorQuad().Check(t); err != nil {
		return nil, Info{}, err
	}
	if size < 16 || size > 2048 {
		return nil, Info{}, fault.Errorf(op, fault.Invalid, "tiles of %d pixels are not drawn", size)
	}
	c := newCanvas(s, t, size)
	for i := range sources {
		if c.left == 0 {
			break
		}
		if i == MaxItems {
			c.info.Skipped += len(sources) - MaxItems
			break
		}
		if err := ctx.Err(); err != nil {
			return nil, Info{}, fault.E(op, fault.Canceled, err)
		}
		if err := c.drawItem(ctx, open, &sources[i]); err != nil {
			return nil, Info{}, err
		}
	}
	c.info.Filled = size*size - c.left
	if c.info.Filled == 0 {
		return nil, c.info, nil
	}
	return c.paint(), c.info, nil
}

// canvas gathers values; colours come at the end.
type canvas struct {
	style  *Style
	bounds geo.BBox // of the tile, EPSG:3857
	wgs84  geo.BBox
	size   int
	pixel  float64 // metres
	bands  [][]float32
	filled []bool
	left   int
	info   Info
}

func newCanvas(s *Style, t tms.Tile, size int) *canvas {
	b := tms.WebMercatorQuad().Bounds(t)
	c := &canvas{
		style: s, bounds: b, wgs84: t.BoundsWGS84(), size: size, pixel: b.Width() / float64(size),
		filled: make([]bool, size*size), left: size * size,
	}
	for range s.Bands {
		c.bands = append(c.bands, make([]float32, size*size))
	}
	return c
}

func (c *canvas) drawItem(ctx context.Context, open Open, src *Source) error {
	var numbers []int
	for _, ref := range c.style.Bands {
		n, ok := FindBand(src.Item.Bands, ref)
		if !ok {
			c.info.Skipped++
			return nil
		}
		numbers = append(numbers, n)
	}
	inv, ok := src.Item.Grid.Transform.Invert()
	if !ok {
		return fault.Errorf("raster.Render", fault.Invalid, "item %s has no usable georeference", src.Item.ID)
	}
	gave := false
	for _, turn := range turns(src) {
		for _, box := range c.boxes(src, turn) {
			r := c.pixelsOf(box)
			if r.w <= 0 || r.h <= 0 {
				continue
			}
			n, err := c.drawPart(ctx, open, src, numbers, r, turn, inv)
			if err != nil {
				return err
			}
			gave = gave || n > 0
		}
	}
	if gave {
		c.info.Items++
	}
	return nil
}

// turns are the multiples of 360° by which a geographic grid is moved to
// meet longitudes of −180 to 180.
func turns(src *Source) []float64 {
	if !src.Geographic {
		return []float64{0}
	}
	b := src.Item.Grid.Bounds()
	var out []float64
	for _, k := range []float64{0, -360, 360, -720, 720} {
		if b.MinX+k < 180 && b.MaxX+k > -180 {
			out = append(out, k)
		}
	}
	return out
}

// boxes are where the item lies in WGS 84, cut at the antimeridian. Nothing
// is drawn beyond them, where projections go astray.
func (c *canvas) boxes(src *Source, turn float64) []geo.BBox {
	b := src.Item.BBox
	if src.Geographic {
		b = src.Item.Grid.Bounds()
		b.MinX, b.MaxX = max(b.MinX+turn, -180), min(b.MaxX+turn, 180)
	}
	if b.MinX > b.MaxX {
		east, west := b, b
		east.MaxX, west.MinX = 180, -180
		return []geo.BBox{east, west}
	}
	return []geo.BBox{b}
}

// pixelsOf is the rectangle of pixels that a WGS 84 box meets, two wider.
func (c *canvas) pixelsOf(b geo.BBox) pixels {
	x0, y0 := tms.Forward(b.MinX, b.MaxY)
	x1, y1 := tms.Forward(b.MaxX, b.MinY)
	at := func(v float64) int { return int(math.Max(-2, math.Min(float64(c.size)+2, v))) }
	left, right := at(math.Floor((x0-c.bounds.MinX)/c.pixel)-2), at(math.Ceil((x1-c.bounds.MinX)/c.pixel)+2)
	top, bottom := at(math.Floor((c.bounds.MaxY-y0)/c.pixel)-2), at(math.Ceil((c.bounds.MaxY-y1)/c.pixel)+2)
	left, top = max(left, 0), max(top, 0)
	return pixels{left, top, min(right, c.size) - left, min(bottom, c.size) - top}
}

func (c *canvas) drawPart(ctx context.Context, open Open, src *Source, bands []int, r pixels, turn float64, inv grid.Transform) (int, error) {
	exact := func(x, y []float64) error {
		for i := range x {
			x[i], y[i] = c.bounds.MinX+x[i]*c.pixel, c.bounds.MaxY-y[i]*c.pixel
		}
		if src.FromMercator != nil {
			if err := src.FromMercator.Points(x, y); err != nil {
				return err
			}
		}
		for i := range x {
			x[i], y[i] = inv.Apply(x[i]-turn, y[i])
		}
		return nil
	}
	scale, err := scaleOf(r, exact)
	if err != nil {
		return 0, err
	}
	cols, rows, err := locate(r, maxError*math.Max(1, scale/2), exact)
	if err != nil {
		return 0, err
	}
	c.dropFilled(r, cols)
	p, ok := newPlan(cols, rows, src.Item.Grid.Width, src.Item.Grid.Height, scale)
	if !ok {
		return 0, nil
	}
	how := grid.Nearest
	if p.stepX > 1 && c.style.Resampling != grid.Nearest {
		how = grid.Average
	}
	n := 0
	err = open(ctx, src.Path, func(rd Reader) error {
		block, err := rd.Read(bands, p.window, p.outW, p.outH, how)
		if err != nil {
			return err
		}
		c.info.Reads++
		n = c.sample(block, &p, r, cols, rows, src.Item.Grid)
		return nil
	})
	return n, err
}

// dropFilled makes pixels that have a value already be nowhere.
func (c *canvas) dropFilled(r pixels, cols []float64) {
	if c.left == c.size*c.size {
		return
	}
	for y := range r.h {
		for x := range r.w {
			if c.filled[(r.y+y)*c.size+r.x+x] {
				cols[y*r.w+x] = math.NaN()
			}
		}
	}
}

// sample gives pixels their values from the block and returns how many.
func (c *canvas) sample(b *grid.Block, p *plan, r pixels, cols, rows []float64, g grid.Grid) int {
	w, h := float64(g.Width), float64(g.Height)
	c.info.Direct = onGrid(p, r, cols, rows)
	linear := c.style.Resampling == grid.Bilinear && !c.info.Direct
	n := 0
	for y := range r.h {
		for x := range r.w {
			i := y*r.w + x
			if !(cols[i] >= 0 && cols[i] < w && rows[i] >= 0 && rows[i] < h) {
				continue
			}
			u := (cols[i] - float64(p.window.Col)) / p.stepX
			v := (rows[i] - float64(p.window.Row)) / p.stepY
			bx, by := min(max(int(u), 0), b.Width-1), min(max(int(v), 0), b.Height-1)
			if b.Mask[by*b.Width+bx] == 0 {
				continue
			}
			at := (r.y+y)*c.size + r.x + x
			if linear {
				c.bilinear(b, u-0.5, v-0.5, at)
			} else {
				for k := range c.bands {
					c.bands[k][at] = b.Bands[k][by*b.Width+bx]
				}
			}
			c.filled[at] = true
			n++
		}
	}
	c.left -= n
	return n
}

// bilinear weighs the four cells round (u, v), in cells from the centre of
// the first; invalid ones take no part.
func (c *canvas) bilinear(b *grid.Block, u, v float64, at int) {
	fx, fy := math.Floor(u), math.Floor(v)
	x0, y0 := min(max(int(fx), 0), b.Width-1), min(max(int(fy), 0), b.Height-1)
	x1, y1 := min(max(int(fx)+1, 0), b.Width-1), min(max(int(fy)+1, 0), b.Height-1)
	dx, dy := float32(u-fx), float32(v-fy)
	cells := [4]int{y0*b.Width + x0, y0*b.Width + x1, y1*b.Width + x0, y1*b.Width + x1}
	weights := [4]float32{(1 - dx) * (1 - dy), dx * (1 - dy), (1 - dx) * dy, dx * dy}
	total := float32(0)
	for i, k := range cells {
		if b.Mask[k] == 0 {
			weights[i] = 0
		}
		total += weights[i]
	}
	for k, band := range b.Bands {
		sum := float32(0)
		for i, cell := range cells {
			if weights[i] != 0 {
				sum += weights[i] * band[cell]
			}
		}
		c.bands[k][at] = sum / total
	}
}

// onGrid reports whether each pixel's centre is that of a block cell: then
// nothing needs to be resampled.
func onGrid(p *plan, r pixels, cols, rows []float64) bool {
	const eps = 1e-4
	centred := func(v float64) bool { return math.Abs(v-math.Floor(v)-0.5) < eps }
	for _, i := range [4]int{0, r.w - 1, (r.h - 1) * r.w, r.w*r.h - 1} {
		u, v := (cols[i]-float64(p.window.Col))/p.stepX, (rows[i]-float64(p.window.Row))/p.stepY
		if !centred(u) || !centred(v) {
			return false
		}
	}
	u := (cols[r.w-1] - cols[0]) / p.stepX
	v := (rows[(r.h-1)*r.w] - rows[0]) / p.stepY
	return math.Abs(u-float64(r.w-1)) < eps && math.Abs(v-float64(r.h-1)) < eps
}

func median(v []float64) float64 {
	if len(v) == 0 {
		return 0
	}
	slices.Sort(v)
	return v[len(v)/2]
}
