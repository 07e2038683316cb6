package raster

import (
	"bytes"
	"image/color"
	"math"

	"contado/geo/fault"
	"contado/geo/mosaic"
	"contado/tiles/colormap"
	"contado/tiles/encode"
)

// painter is what painting needs, made once for a style.
type painter struct {
	ramp    *colormap.Painter
	palette []color.NRGBA // of classes, the first transparent
	index   map[int]int   // of class values
	// curve is the gamma correction of a share of 0 to 1 in 1/4095; nil = none.
	curve []float32
}

// prepare makes the painter. A style whose ranges are yet to come is painted
// by what WithRanges makes of it.
func (s *Style) prepare() error {
	s.paint = painter{}
	if s.Gamma != 1 {
		s.paint.curve = make([]float32, 4096)
		for i := range s.paint.curve {
			s.paint.curve[i] = float32(math.Pow(float64(i)/4095, 1/s.Gamma))
		}
	}
	switch s.Mode {
	case ByRamp:
		var err error
		s.paint.ramp, err = s.Map.Painter(s.Ranges[0][0], s.Ranges[0][1])
		if err != nil {
			return fault.E("raster.Resolve", fault.Invalid, err)
		}
	case ByClass:
		s.paint.index = make(map[int]int, len(s.Classes))
		s.paint.palette = []color.NRGBA{{}}
		for i, c := range s.Classes {
			s.paint.index[c.Value] = len(s.paint.palette)
			s.paint.palette = append(s.paint.palette, colormap.ClassColor(c.Color, i))
		}
	}
	return nil
}

// Drawing is the values that are drawn and, for contour lines and coded
// heights, their picture. Without a border the values are those of the result
// that was drawn.
type Drawing struct {
	Values *mosaic.Result
	// Pixels makes the pixels of the image, which it may have used before;
	// nil means make.
	Pixels func(n int) []uint8
	image  *encode.Image
}

// Draw derives what is drawn from the values of Query on a grid that is
// Border cells wider on every side.
func (s *Style) Draw(res *mosaic.Result) (*Drawing, error) {
	if s.Terrain == nil {
		return &Drawing{Values: res}, nil
	}
	ground, err := s.groundOf(res)
	if err != nil {
		return nil, err
	}
	values, f, err := s.derive(res, ground)
	if err != nil {
		return nil, err
	}
	d := &Drawing{Values: values}
	if s.Mode == ByTerrain && !IsValues(s.Format) && (values.Valid > 0 || s.Terrain.coded()) {
		d.image, err = s.paintTerrain(values, f, ground)
	}
	return d, err
}

// groundOf measures the cells of the picture without its border.
func (s *Style) groundOf(res *mosaic.Result) (Ground, error) {
	g := res.Grid
	n := s.Border()
	g.Transform[0], g.Transform[3] = g.Transform.Apply(float64(n), float64(n))
	return GroundOf(g)
}

// Clip leaves out the cells where keep, row by row, is 0.
func (d *Drawing) Clip(keep []uint8) {
	d.Values.Valid = 0
	for i, k := range keep {
		d.Values.Mask[i] &= k
		d.Values.Valid += int(d.Values.Mask[i] & 1)
		if d.image != nil && d.image.Kind == encode.RGBA && k == 0 {
			clear(d.image.Pix[4*i : 4*i+4])
		}
	}
}

// Exact reports whether colours are numbers, which bear no loss.
func (s *Style) Exact() bool { return s.Terrain != nil && s.Terrain.coded() }

// Paint colours a drawing: a palette for one output, else RGB when all pixels
// have a value and RGBA when not. The image is nil when no pixel has one.
func (s *Style) Paint(d *Drawing) (*encode.Image, error) {
	res := d.Values
	if len(res.Bands) != len(s.Ranges) {
		return nil, fault.Errorf("raster.Paint", fault.Invalid, "%d bands for a style of %d", len(res.Bands), len(s.Ranges))
	}
	if d.image != nil {
		return d.image, nil
	}
	if res.Valid == 0 {
		return nil, nil
	}
	switch s.Mode {
	case ByRamp:
		return s.paintRamp(d), nil
	case ByClass:
		return s.paintClasses(d), nil
	case ByRGB, ByRGBA:
		return s.paintColours(d), nil
	}
	return nil, fault.Errorf("raster.Paint", fault.Invalid, "bands: %d bands have no colours", len(res.Bands))
}

func (d *Drawing) newImage(k encode.Kind, channels int) *encode.Image {
	g := d.Values.Grid
	m := &encode.Image{Width: g.Width, Height: g.Height, Kind: k}
	if n := g.Width * g.Height * channels; d.Pixels == nil {
		m.Pix = make([]uint8, n)
	} else {
		m.Pix = d.Pixels(n)
		clear(m.Pix)
	}
	return m
}

func (s *Style) paintRamp(d *Drawing) *encode.Image {
	res := d.Values
	m := d.newImage(encode.Paletted, 1)
	m.Palette = s.paint.ramp.Palette
	values := res.Bands[0]
	if s.paint.curve != nil {
		lo, hi := s.Ranges[0][0], s.Ranges[0][1]
		bent := make([]float32, len(values))
		for i, v := range values {
			bent[i] = float32(lo + (hi-lo)*float64(s.paint.bend(float32((float64(v)-lo)/(hi-lo)))))
		}
		values = bent
	}
	s.paint.ramp.Index(m.Pix, values, res.Mask)
	if s.Nobody > 0 {
		for i, v := range res.Bands[0] {
			if float64(v) < s.Nobody {
				m.Pix[i] = 0
			}
		}
	}
	return m
}

// bend applies the curve to a share, cut to 0 to 1.
func (p *painter) bend(f float32) float32 {
	switch {
	case !(f > 0):
		return 0
	case f >= 1:
		return 1
	}
	at := f * 4095
	i := int(at)
	a, b := p.curve[i], p.curve[min(i+1, 4095)]
	return a + (at-float32(i))*(b-a)
}

// paintClasses gives each listed value its colour; a value that no class has
// stays transparent.
func (s *Style) paintClasses(d *Drawing) *encode.Image {
	res := d.Values
	palette, index := s.paint.palette, s.paint.index
	if len(palette) <= 256 {
		m := d.newImage(encode.Paletted, 1)
		m.Palette = palette
		for i, v := range res.Bands[0] {
			if res.Mask[i] != 0 && float32(int(v)) == v {
				m.Pix[i] = uint8(index[int(v)])
			}
		}
		return m
	}
	m := d.newImage(encode.RGBA, 4)
	for i, v := range res.Bands[0] {
		if res.Mask[i] != 0 && float32(int(v)) == v {
			c := palette[index[int(v)]]
			m.Pix[4*i], m.Pix[4*i+1], m.Pix[4*i+2], m.Pix[4*i+3] = c.R, c.G, c.B, c.A
		}
	}
	return m
}

func (s *Style) paintColours(d *Drawing) *encode.Image {
	res := d.Values
	kind, ch := encode.RGB, 3
	partial := bytes.IndexByte(res.Mask, 0) >= 0
	if partial || s.Mode == ByRGBA {
		kind, ch = encode.RGBA, 4
	}
	m := d.newImage(kind, ch)
	for b, values := range res.Bands {
		lo := float32(s.Ranges[b][0])
		k := float32(255 / (s.Ranges[b][1] - s.Ranges[b][0]))
		if s.paint.curve != nil && b < 3 {
			s.bendChannel(m.Pix[b:], ch, values, lo, k/255)
			continue
		}
		scaleChannel(m.Pix[b:], ch, values, lo, k)
	}
	if !partial {
		return m
	}
	for i, v := range res.Mask {
		if v == 0 {
			m.Pix[4*i], m.Pix[4*i+1], m.Pix[4*i+2], m.Pix[4*i+3] = 0, 0, 0, 0
		} else if s.Mode == ByRGB {
			m.Pix[4*i+3] = 255
		}
	}
	return m
}

// scaleChannel writes k·(v − lo), rounded and kept within 0 to 255, to every
// step-th byte.
func scaleChannel(pix []uint8, step int, values []float32, lo, k float32) {
	at := 0
	for _, v := range values {
		f := k*(v-lo) + 0.5
		switch {
		case f >= 255:
			pix[at] = 255
		case f > 0:
			pix[at] = uint8(f)
		}
		at += step
	}
}

func (s *Style) bendChannel(pix []uint8, step int, values []float32, lo, k float32) {
	at := 0
	for _, v := range values {
		pix[at] = uint8(255*s.paint.bend(k*(v-lo)) + 0.5)
		at += step
	}
}
