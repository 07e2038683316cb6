// Package encode writes tile images. The PNG writer knows what a map tile is
// — few colours, or photographs that change from pixel to pixel — and picks
// one filter for all rows instead of trying five on each: several times
// faster than image/png for files of about the same size.
package encode

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image/color"
	"io"
	"sync"

	"contado/geo/fault"

	"github.com/klauspost/compress/zlib"
)

// Kind is the pixel layout of an Image.
type Kind uint8

// The layouts.
const (
	Paletted Kind = iota // one byte a pixel: an index into Palette
	RGB                  // three bytes a pixel
	RGBA                 // four bytes a pixel, alpha not premultiplied
)

// channels is the number of bytes of a pixel.
func (k Kind) channels() int { return [...]int{1, 3, 4}[k] }

// Image is a raster of 8-bit samples, row by row from the top, without padding.
type Image struct {
	Width, Height int
	Kind          Kind
	Pix           []uint8
	// Palette holds 1 to 256 colours, transparent ones first for the smallest
	// file; used by Paletted only.
	Palette []color.NRGBA
}

// MaxSide bounds the width and height of an image.
const MaxSide = 1 << 14

func (m *Image) check() error {
	const op = "encode.PNG"
	if m.Width < 1 || m.Height < 1 || m.Width > MaxSide || m.Height > MaxSide {
		return fault.Errorf(op, fault.Invalid, "image of %d x %d pixels: sides must be 1 to %d", m.Width, m.Height, MaxSide)
	}
	if m.Kind > RGBA {
		return fault.Errorf(op, fault.Invalid, "unknown pixel layout %d", m.Kind)
	}
	if want := m.Width * m.Height * m.Kind.channels(); len(m.Pix) != want {
		return fault.Errorf(op, fault.Invalid, "%d bytes of pixels where %d x %d needs %d", len(m.Pix), m.Width, m.Height, want)
	}
	if m.Kind != Paletted {
		return nil
	}
	if n := len(m.Palette); n < 1 || n > 256 {
		return fault.Errorf(op, fault.Invalid, "palette of %d colours: must be 1 to 256", n)
	}
	most := uint8(0)
	for _, v := range m.Pix {
		most = max(most, v)
	}
	if int(most) >= len(m.Palette) {
		return fault.Errorf(op, fault.Invalid, "pixel index %d is outside the palette of %d colours", most, len(m.Palette))
	}
	return nil
}

// Encoder writes images. It keeps compressors to use again and is safe for
// concurrent use. The zero value is ready.
type Encoder struct {
	pool sync.Pool // *scratch
}

type scratch struct {
	z    *zlib.Writer
	row  []byte
	body bytes.Buffer
}

// compression 3 is the fastest level of klauspost/compress at which smooth
// imagery still shrinks as with the standard library's default.
const compression = 3

// PNG returns the image as a PNG file (ISO/IEC 15948): filter Sub for
// colours, None for palette indices, which have no order to predict from.
func (e *Encoder) PNG(m *Image) ([]byte, error) {
	if err := m.check(); err != nil {
		return nil, err
	}
	s, _ := e.pool.Get().(*scratch)
	if s == nil {
		s = new(scratch)
	}
	defer e.pool.Put(s)
	s.body.Reset()
	if err := s.compress(m); err != nil {
		return nil, fault.E("encode.PNG", fault.Other, err)
	}

	out := make([]byte, 0, s.body.Len()+len(m.Palette)*4+128)
	out = append(out, "\x89PNG\r\n\x1a\n"...)
	var ihdr [13]byte
	binary.BigEndian.PutUint32(ihdr[0:], uint32(m.Width))
	binary.BigEndian.PutUint32(ihdr[4:], uint32(m.Height))
	ihdr[8] = 8                             // bits a sample
	ihdr[9] = [...]byte{3, 2, 6}[m.Kind]    // colour type
	out = appendChunk(out, "IHDR", ihdr[:]) // deflate, adaptive filters, not interlaced: zeros
	if m.Kind == Paletted {
		out = appendPalette(out, m.Palette)
	}
	out = appendChunk(out, "IDAT", s.body.Bytes())
	return appendChunk(out, "IEND", nil), nil
}

func appendPalette(out []byte, palette []color.NRGBA) []byte {
	plte := make([]byte, 0, 3*len(palette))
	alpha := make([]byte, 0, len(palette))
	last := 0 // tRNS may stop at the last colour that is not opaque
	for i, c := range palette {
		plte = append(plte, c.R, c.G, c.B)
		alpha = append(alpha, c.A)
		if c.A != 255 {
			last = i + 1
		}
	}
	out = appendChunk(out, "PLTE", plte)
	if last > 0 {
		out = appendChunk(out, "tRNS", alpha[:last])
	}
	return out
}

func appendChunk(out []byte, name string, data []byte) []byte {
	out = binary.BigEndian.AppendUint32(out, uint32(len(data)))
	from := len(out)
	out = append(out, name...)
	out = append(out, data...)
	return binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(out[from:]))
}

func (s *scratch) compress(m *Image) error {
	if s.z == nil {
		z, err := zlib.NewWriterLevel(io.Discard, compression)
		if err != nil {
			return err
		}
		s.z = z
	}
	s.z.Reset(&s.body)
	ch := m.Kind.channels()
	stride := m.Width * ch
	if cap(s.row) < stride+1 {
		s.row = make([]byte, stride+1)
	}
	row := s.row[:stride+1]
	for y := range m.Height {
		src := m.Pix[y*stride : (y+1)*stride]
		if m.Kind == Paletted {
			row[0] = 0
			copy(row[1:], src)
		} else {
			row[0] = 1
			subtractLeft(row[1:], src, ch)
		}
		if _, err := s.z.Write(row); err != nil {
			return err
		}
	}
	return s.z.Close()
}

// subtractLeft is the Sub filter: each byte less the same channel's byte of
// the pixel to the left.
func subtractLeft(dst, src []byte, ch int) {
	dst = dst[:len(src)]
	copy(dst[:ch], src)
	left := src[:len(src)-ch]
	for i, l := range left {
		dst[ch+i] = src[ch+i] - l
	}
}

// transparent holds the empty tiles of 256 and 512 pixels.
var transparent = [2]func() []byte{
	sync.OnceValue(func() []byte { return emptyTile(256) }),
	sync.OnceValue(func() []byte { return emptyTile(512) }),
}

func emptyTile(size int) []byte {
	var e Encoder
	png, err := e.PNG(&Image{
		Width: size, Height: size, Kind: Paletted,
		Pix: make([]uint8, size*size), Palette: []color.NRGBA{{}},
	})
	if err != nil {
		panic("encode: a constant image: " + err.Error())
	}
	return png
}

// Transparent returns the shared empty tile of 256 or 512 pixels a side (any
// other size gives the 256 one). The bytes must not be changed.
func Transparent(size int) []byte {
	if size == 512 {
		return transparent[1]()
	}
	return transparent[0]()
}
