package encode

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"

	"contado/geo/fault"
)

// JPEGOptions tunes JPEG; nil and zero fields mean defaults.
type JPEGOptions struct {
	// Quality is 1 to 100; 0 means 85.
	Quality int
	// Background shows through where the image is not opaque; its own alpha
	// is ignored. nil refuses such images: JPEG has no transparency, and a
	// colour that nobody chose would look like data.
	Background *color.NRGBA
}

// JPEG returns the image as a JPEG file (baseline, 4:2:0).
//
// Errors: Invalid for what is not an image, a quality outside its range, or
// an image that is not opaque when there is no background.
func JPEG(m *Image, o *JPEGOptions) ([]byte, error) {
	const op = "encode.JPEG"
	if err := m.check(op); err != nil {
		return nil, err
	}
	if o == nil {
		o = &JPEGOptions{}
	}
	quality := o.Quality
	if quality == 0 {
		quality = 85
	}
	if quality < 1 || quality > 100 {
		return nil, fault.Errorf(op, fault.Invalid, "JPEG quality %d: must be 1 to 100", o.Quality)
	}
	if o.Background == nil && !m.Opaque() {
		return nil, fault.WithHint(fault.Errorf(op, fault.Invalid, "the image has transparent pixels, and JPEG has no transparency"),
			"give a background colour, or ask for PNG or WebP")
	}
	if m.Exact {
		return nil, fault.WithHint(fault.Errorf(op, fault.Invalid, "the colours of this image are numbers, and JPEG changes them"), "ask for PNG, or WebP, which keeps them")
	}
	var background color.NRGBA
	if o.Background != nil {
		background = *o.Background
	}
	var out bytes.Buffer
	err := jpeg.Encode(&out, m.flatten(background), &jpeg.Options{Quality: quality})
	return out.Bytes(), fault.E(op, fault.Other, err)
}

// Opaque reports whether no pixel lets anything through.
func (m *Image) Opaque() bool {
	switch m.Kind {
	case Paletted:
		if m.opaquePalette() {
			return true
		}
		for _, v := range m.Pix {
			if m.Palette[v].A != 255 {
				return false
			}
		}
	case RGBA:
		for i := 3; i < len(m.Pix); i += 4 {
			if m.Pix[i] != 255 {
				return false
			}
		}
	}
	return true
}

// flatten is the image over a colour, in the layout that image/jpeg is
// fastest at.
func (m *Image) flatten(background color.NRGBA) *image.RGBA {
	pix, channels := m.Pix, m.Kind.channels()
	if m.Kind == Paletted {
		pix, channels = m.expand()
	}
	out := &image.RGBA{Pix: make([]uint8, 4*m.Width*m.Height), Stride: 4 * m.Width, Rect: image.Rect(0, 0, m.Width, m.Height)}
	under := [3]uint8{background.R, background.G, background.B}
	for i, j := 0, 0; i < len(pix); i, j = i+channels, j+4 {
		p := out.Pix[j : j+4 : j+4]
		p[0], p[1], p[2], p[3] = pix[i], pix[i+1], pix[i+2], 255
		if channels == 4 && pix[i+3] != 255 {
			a := uint32(pix[i+3])
			for k := range 3 {
				p[k] = uint8((uint32(pix[i+k])*a + uint32(under[k])*(255-a) + 127) / 255)
			}
		}
	}
	return out
}
