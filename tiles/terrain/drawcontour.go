package terrain

import (
	"image/color"
	"math"

	"contado/geo/fault"
	"contado/tiles/encode"
)

// Pen says how DrawContours draws; nil and zero fields mean defaults.
type Pen struct {
	Colour      color.NRGBA // of lines; the zero colour means brown
	IndexColour color.NRGBA // of index lines; the zero colour means Colour
	Width       float64     // pixels, up to 32; 0 means 0.9
	IndexWidth  float64     // pixels; 0 means twice Width
}

func (p *Pen) withDefaults() Pen {
	var o Pen
	if p != nil {
		o = *p
	}
	if o.Colour == (color.NRGBA{}) {
		o.Colour = color.NRGBA{0x7a, 0x4a, 0x2b, 0xd0}
	}
	if o.IndexColour == (color.NRGBA{}) {
		o.IndexColour = o.Colour
	}
	if o.Width == 0 {
		o.Width = 0.9
	}
	if o.IndexWidth == 0 {
		o.IndexWidth = 2 * o.Width
	}
	return o
}

func (p *Pen) resolve() (Pen, error) {
	o := p.withDefaults()
	if !(o.Width > 0 && o.Width <= 32) || !(o.IndexWidth > 0 && o.IndexWidth <= 64) {
		return o, fault.Errorf("terrain.DrawContours", fault.Invalid, "lines of %g and %g pixels: want above 0, up to 32", o.Width, o.IndexWidth)
	}
	return o, nil
}

// Colours are those of lines and of index lines, the defaults filled in.
func (p *Pen) Colours() (line, index color.NRGBA) {
	o := p.withDefaults()
	return o.Colour, o.IndexColour
}

// Border is how many cells of border DrawContours needs, for lines at the
// edge to come out as in one big picture.
func (p *Pen) Border() int {
	o, err := p.resolve()
	if err != nil {
		return 1
	}
	return 1 + int(math.Ceil(max(o.Width, o.IndexWidth)/2+0.5))
}

// DrawContours draws contour lines over an image (RGB or RGBA) of the size of
// the surface, anti-aliased: a pixel is covered by how far its centre lies
// within half the width of the nearest line. A pixel depends on the heights
// within Pen.Border cells alone, and not on where the picture begins.
//
// Errors: Invalid for sizes that do not agree or too narrow a border.
func DrawContours(m *encode.Image, s *Surface, l Levels, pen *Pen) error {
	const op = "terrain.DrawContours"
	o, err := pen.resolve()
	if err != nil {
		return err
	}
	if err := s.check(op, pen.Border()); err != nil {
		return err
	}
	if err := l.check(op); err != nil {
		return err
	}
	ch := 3
	if m.Kind == encode.RGBA {
		ch = 4
	}
	if m.Kind == encode.Paletted || m.Width != s.Width || m.Height != s.Height || len(m.Pix) != ch*s.Width*s.Height {
		return fault.Errorf(op, fault.Invalid, "a picture of %d x %d pixels, %d bytes, for a surface of %d x %d cells; want RGB or RGBA of that size", m.Width, m.Height, len(m.Pix), s.Width, s.Height)
	}
	plain, index := newInk(s, o.Width/2), newInk(s, o.IndexWidth/2)
	err = s.march(op, l, func(g segment) {
		if l.index(g.k) {
			index.draw(g)
		} else {
			plain.draw(g)
		}
	})
	if err != nil {
		return err
	}
	plain.blend(m.Pix, ch, o.Colour)
	index.blend(m.Pix, ch, o.IndexColour)
	return nil
}

// ink gathers how much lines cover each pixel, 0 to 1.
type ink struct {
	half          float64
	width, height int
	border        int
	cover         []float32 // nil until the first line
}

func newInk(s *Surface, half float64) *ink {
	return &ink{half: half, width: s.Width, height: s.Height, border: s.Border}
}

// draw takes the distances from the corner of the square: the same numbers
// come out wherever the picture begins.
func (k *ink) draw(g segment) {
	if k.cover == nil {
		k.cover = make([]float32, k.width*k.height)
	}
	col, row := g.col-k.border, g.row-k.border
	dx, dy := g.to[0]-g.from[0], g.to[1]-g.from[1]
	length2 := dx*dx + dy*dy
	if length2 == 0 {
		return
	}
	far := k.half + 0.5
	inverse, most, far2 := 1/length2, min(1, 2*k.half), far*far
	x0, x1 := reach(col, k.width, g.from[0], g.to[0], far)
	y0, y1 := reach(row, k.height, g.from[1], g.to[1], far)
	for y := y0; y <= y1; y++ {
		py := float64(y-row) - g.from[1]
		line := k.cover[y*k.width : (y+1)*k.width]
		for x := x0; x <= x1; x++ {
			px := float64(x-col) - g.from[0]
			f := (px*dx + py*dy) * inverse
			if f < 0 {
				f = 0
			} else if f > 1 {
				f = 1
			}
			ex, ey := px-f*dx, py-f*dy
			d2 := ex*ex + ey*ey
			if d2 >= far2 {
				continue
			}
			if c := float32(min(most, far-math.Sqrt(d2))); c > line[x] {
				line[x] = c
			}
		}
	}
}

// reach is the first and last pixel, within 0 … n−1, whose centre lies within
// far of a stretch from a to b of the square that begins at pixel at.
func reach(at, n int, a, b, far float64) (first, last int) {
	return max(0, at+int(math.Ceil(min(a, b)-far))), min(n-1, at+int(math.Floor(max(a, b)+far)))
}

// blend lays the colour over the picture (Porter and Duff 1984, over).
func (k *ink) blend(pix []uint8, ch int, c color.NRGBA) {
	for i, cover := range k.cover {
		if cover == 0 {
			continue
		}
		a := float64(cover) * float64(c.A) / 255
		p := pix[i*ch : (i+1)*ch : (i+1)*ch]
		under := 1.0
		if ch == 4 {
			under = float64(p[3]) / 255
		}
		out := a + under*(1-a)
		if out == 0 {
			continue
		}
		for n, v := range [3]uint8{c.R, c.G, c.B} {
			p[n] = uint8((a*float64(v)+under*(1-a)*float64(p[n]))/out + 0.5)
		}
		if ch == 4 {
			p[3] = uint8(255*out + 0.5)
		}
	}
}
