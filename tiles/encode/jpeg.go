package encode

/*
#cgo pkg-config: libjpeg
#include "jpegc.h"
#include <stdlib.h>
*/
import "C"

import (
	"image/color"
	"unsafe"

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
	return jpeg(m.flatten(background), m.Width, m.Height, quality)
}

func jpeg(rgb []uint8, width, height, quality int) ([]byte, error) {
	var out *C.uchar
	var size C.ulong
	var message [200]C.char
	code := C.contado_jpeg((*C.uint8_t)(unsafe.Pointer(unsafe.SliceData(rgb))), C.int(width), C.int(height), C.int(quality), &out, &size, &message[0])
	if code != 0 {
		return nil, fault.Errorf("encode.JPEG", fault.Other, "libjpeg could not encode an image of %d x %d pixels: %s", width, height, C.GoString(&message[0]))
	}
	defer C.free(unsafe.Pointer(out))
	return C.GoBytes(unsafe.Pointer(out), C.int(size)), nil
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

// flatten is the image over a colour as RGB; its own pixels when it is that
// already.
func (m *Image) flatten(background color.NRGBA) []uint8 {
	pix, channels := m.Pix, m.Kind.channels()
	if m.Kind == Paletted {
		pix, channels = m.expand()
	}
	if channels == 3 {
		return pix
	}
	out := make([]uint8, 3*m.Width*m.Height)
	under := [3]uint8{background.R, background.G, background.B}
	for i, j := 0, 0; i < len(pix); i, j = i+4, j+3 {
		p, q := pix[i:i+4:i+4], out[j:j+3:j+3]
		q[0], q[1], q[2] = p[0], p[1], p[2]
		if p[3] != 255 {
			a := uint32(p[3])
			for k := range q {
				q[k] = uint8((uint32(p[k])*a + uint32(under[k])*(255-a) + 127) / 255)
			}
		}
	}
	return out
}
