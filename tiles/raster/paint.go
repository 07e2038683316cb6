package raster

import (
	"image/color"

	"contado/tiles/encode"
)

// paint colours the values: a palette for one band, else RGB when all pixels
// have a value and RGBA when not.
func (c *canvas) paint() *encode.Image {
	switch c.style.Mode {
	case ByRamp:
		return c.paintRamp()
	case ByClass:
		return c.paintClasses()
	}
	return c.paintColours()
}

func (c *canvas) image(k encode.Kind, channels int) *encode.Image {
	return &encode.Image{Width: c.size, Height: c.size, Kind: k, Pix: make([]uint8, c.size*c.size*channels)}
}

func (c *canvas) paintRamp() *encode.Image {
	m := c.image(encode.Paletted, 1)
	m.Palette = c.style.rampPalette()
	lo := c.style.Ranges[0][0]
	k := 254 / (c.style.Ranges[0][1] - lo)
	for i, v := range c.bands[0] {
		if c.filled[i] {
			m.Pix[i] = 1 + to(k*(float64(v)-lo), 254)
		}
	}
	return m
}

// to rounds v to 0 … most.
func to(v float64, most uint8) uint8 {
	if !(v > 0) {
		return 0
	}
	if v >= float64(most) {
		return most
	}
	return uint8(v + 0.5)
}

// paintClasses gives each listed value its colour; a value that no class has
// stays transparent.
func (c *canvas) paintClasses() *encode.Image {
	index := make(map[int]int, len(c.style.Classes))
	palette := []color.NRGBA{{}}
	for i, cl := range c.style.Classes {
		index[cl.Value] = len(palette)
		palette = append(palette, ClassColor(cl.Color, i))
	}
	if len(palette) <= 256 {
		m := c.image(encode.Paletted, 1)
		m.Palette = palette
		for i, v := range c.bands[0] {
			if c.filled[i] && float32(int(v)) == v {
				m.Pix[i] = uint8(index[int(v)])
			}
		}
		return m
	}
	m := c.image(encode.RGBA, 4)
	for i, v := range c.bands[0] {
		if c.filled[i] && float32(int(v)) == v {
			p := palette[index[int(v)]]
			copy(m.Pix[4*i:], []uint8{p.R, p.G, p.B, p.A})
		}
	}
	return m
}

func (c *canvas) paintColours() *encode.Image {
	kind, ch := encode.RGB, 3
	if c.left > 0 || c.style.Mode == ByRGBA {
		kind, ch = encode.RGBA, 4
	}
	m := c.image(kind, ch)
	for b, band := range c.bands {
		lo := c.style.Ranges[b][0]
		k := 255 / (c.style.Ranges[b][1] - lo)
		for i, v := range band {
			if c.filled[i] {
				m.Pix[i*ch+b] = to(k*(float64(v)-lo), 255)
			}
		}
	}
	if ch == 4 && c.style.Mode == ByRGB {
		for i, full := range c.filled {
			if full {
				m.Pix[i*4+3] = 255
			}
		}
	}
	return m
}
