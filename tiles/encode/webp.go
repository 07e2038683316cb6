package encode

/*
#cgo pkg-config: libwebp
#cgo CFLAGS: -O2 -Wall -Wextra
#include "webp.h"
*/
import "C"

import (
	"unsafe"

	"contado/geo/fault"
)

// WebPOptions tunes WebP; nil and zero fields mean defaults.
type WebPOptions struct {
	// Quality is 1 to 100 for pictures with loss; 0 means 80.
	Quality int
	// Loss says whether colours may change a little; "" means Auto.
	Loss Loss
	// Effort is 0 (fast, the default) to 6 (small).
	Effort int
}

// Loss says whether a file keeps every colour.
type Loss string

// The ways. Auto keeps the colours of classes and masks (palettes of up to
// 64) and of an image that is Exact, and compresses pictures and ramps with
// loss: a noisy ramp without loss is as large as PNG and ten times slower.
// Alpha never suffers a loss.
const (
	Auto     Loss = ""
	Lossless Loss = "lossless"
	Lossy    Loss = "lossy"
)

// fewColours is how many a palette of classes has at most.
const fewColours = 64

// maxWebP is the longest side that the format can say.
const maxWebP = 16383

// WebP returns the image as a WebP file (RFC 9649). The colour of wholly
// transparent pixels is not kept.
//
// Errors: Invalid for what is not an image, or options outside their range.
func WebP(m *Image, o *WebPOptions) ([]byte, error) {
	const op = "encode.WebP"
	if err := m.check(op); err != nil {
		return nil, err
	}
	if o == nil {
		o = &WebPOptions{}
	}
	quality := o.Quality
	if quality == 0 {
		quality = 80
	}
	switch {
	case m.Width > maxWebP || m.Height > maxWebP:
		return nil, fault.Errorf(op, fault.Invalid, "image of %d x %d pixels: WebP has sides up to %d", m.Width, m.Height, maxWebP)
	case quality < 1 || quality > 100:
		return nil, fault.Errorf(op, fault.Invalid, "WebP quality %d: must be 1 to 100", o.Quality)
	case o.Effort < 0 || o.Effort > 6:
		return nil, fault.Errorf(op, fault.Invalid, "WebP effort %d: must be 0 to 6", o.Effort)
	case o.Loss != Auto && o.Loss != Lossless && o.Loss != Lossy:
		return nil, fault.Errorf(op, fault.Invalid, "unknown way of loss %q", o.Loss)
	}
	if m.Exact && o.Loss == Lossy {
		return nil, fault.Errorf(op, fault.Invalid, "the colours of this image are numbers: they bear no loss")
	}
	lossless := o.Loss == Lossless || o.Loss == Auto && (m.Exact || m.Kind == Paletted && len(m.Palette) <= fewColours)
	if lossless && o.Quality == 0 {
		quality = 0 // without loss it means effort
	}
	rgb, channels := m.Pix, m.Kind.channels()
	if m.Kind == Paletted {
		rgb, channels = m.expand()
	}
	return webp(rgb, m.Width, m.Height, channels, quality, lossless, o.Effort)
}

func webp(pix []uint8, width, height, channels, quality int, lossless bool, effort int) ([]byte, error) {
	const op = "encode.WebP"
	flag := C.int(0)
	if lossless {
		flag = 1
	}
	var out *C.uint8_t
	var size C.size_t
	code := C.contado_webp((*C.uint8_t)(unsafe.Pointer(unsafe.SliceData(pix))), C.int(width), C.int(height), C.int(channels),
		C.float(quality), flag, C.int(effort), &out, &size)
	if code != 0 {
		return nil, fault.Errorf(op, fault.Other, "libwebp could not encode an image of %d x %d pixels: error %d", width, height, int(code))
	}
	defer C.contado_webp_free(out)
	return C.GoBytes(unsafe.Pointer(out), C.int(size)), nil
}

// expand turns palette indices into RGB, or RGBA when a colour is not opaque.
func (m *Image) expand() (pix []uint8, channels int) {
	channels = 3
	if !m.opaquePalette() {
		channels = 4
	}
	pix = make([]uint8, len(m.Pix)*channels)
	if channels == 4 {
		for i, v := range m.Pix {
			c := m.Palette[v]
			p := pix[4*i : 4*i+4 : 4*i+4]
			p[0], p[1], p[2], p[3] = c.R, c.G, c.B, c.A
		}
		return pix, channels
	}
	for i, v := range m.Pix {
		c := m.Palette[v]
		p := pix[3*i : 3*i+3 : 3*i+3]
		p[0], p[1], p[2] = c.R, c.G, c.B
	}
	return pix, channels
}

func (m *Image) opaquePalette() bool {
	for _, c := range m.Palette {
		if c.A != 255 {
			return false
		}
	}
	return true
}
