// Package encode writes tiles: pictures as PNG, WebP and JPEG, values as
// GeoTIFF and NumPy arrays. The PNG writer knows what a map tile is
// — few colours, or photographs that change from pixel to pixel — and picks
// one filter for all rows instead of trying five on each: several times
// faster than image/png for files of about the same size.
package encode

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image/color"
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
	// Exact says that colours are numbers (coded heights): WebP keeps them
	// whatever the kind, JPEG refuses them.
	Exact bool
	// Palette holds 1 to 256 colours, transparent ones first for the smallest
	// file; used by Paletted only.
	Palette []color.NRGBA
}

// MaxSide bounds the width and height of an image.
const MaxSide = 1 << 14

func (m *Image) check(op string) error {
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
	writers  [2]*zlib.Writer // of matching and of huffman
	filtered []byte
	bodies   [2]bytes.Buffer
}

const (
	// matching is the fastest level of klauspost/compress at which maps and
	// classes shrink as with the standard library's default.
	matching = 3
	// huffman suits photographs: there is nothing to match in them, and
	// level 3 gives up on them and stores them raw.
	huffman = zlib.HuffmanOnly
)

// PNG returns the image as a PNG file (ISO/IEC 15948): filter Sub for
// colours, None for palette indices, which have no order to predict from.
func (e *Encoder) PNG(m *Image) ([]byte, error) {
	if err := m.check("encode.PNG"); err != nil {
		return nil, err
	}
	s, _ := e.pool.Get().(*scratch)
	if s == nil {
		s = new(scratch)
	}
	defer e.pool.Put(s)
	body, err := s.compress(m)
	if err != nil {
		return nil, fault.E("encode.PNG", fault.Other, err)
	}

	out := make([]byte, 0, len(body)+len(m.Palette)*4+128)
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
	out = appendChunk(out, "IDAT", body)
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

// compress returns the zlib stream of the filtered rows; it is valid until
// the scratch is used again. Where pixels often repeat it looks for matches,
// where they seldom do it codes bytes alone, between the two it tries both.
func (s *scratch) compress(m *Image) ([]byte, error) {
	same := s.filter(m)
	var best []byte
	if same > 0.2 {
		b, err := s.deflate(0, matching)
		if err != nil {
			return nil, err
		}
		best = b
	}
	if same < 0.6 {
		b, err := s.deflate(1, huffman)
		if err != nil {
			return nil, err
		}
		if best == nil || len(b) < len(best) {
			best = b
		}
	}
	return best, nil
}

// filter fills s.filtered and returns the share of pixels whose first sample
// is that of the pixel to the left.
func (s *scratch) filter(m *Image) float64 {
	ch := m.Kind.channels()
	stride := m.Width * ch
	if n := (stride + 1) * m.Height; cap(s.filtered) < n {
		s.filtered = make([]byte, 0, n)
	}
	s.filtered = s.filtered[:(stride+1)*m.Height]
	same := 0
	for y := range m.Height {
		src := m.Pix[y*stride : (y+1)*stride]
		row := s.filtered[y*(stride+1) : (y+1)*(stride+1)]
		if m.Kind == Paletted {
			row[0] = 0
			copy(row[1:], src)
			for i := 1; i < len(src); i++ {
				if src[i] == src[i-1] {
					same++
				}
			}
			continue
		}
		row[0] = 1
		subtractLeft(row[1:], src, ch)
		for i := 1 + ch; i < len(row); i += ch { // one colour tells; alpha always repeats
			if row[i] == 0 {
				same++
			}
		}
	}
	return float64(same) / float64(m.Width*m.Height)
}

func (s *scratch) deflate(slot, level int) ([]byte, error) {
	w, body := s.writers[slot], &s.bodies[slot]
	body.Reset()
	if w == nil {
		var err error
		if w, err = zlib.NewWriterLevel(body, level); err != nil {
			return nil, err
		}
		s.writers[slot] = w
	} else {
		w.Reset(body)
	}
	if _, err := w.Write(s.filtered); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return body.Bytes(), nil
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
