package encode

import (
	"bytes"
	"encoding/binary"
	"encoding/xml"
	"fmt"
	"math"
	"strings"

	"contado/geo/fault"
	"contado/geo/grid"

	"github.com/klauspost/compress/zlib"
)

// tiff writes a classic little-endian TIFF 6.0 of float32 bands, one after
// the other in strips, with the tags of OGC GeoTIFF 1.1 (19-008r4). Values
// are at most MaxSamples, so that offsets fit 32 bits.
type tiff struct {
	bands [][]float32
	mask  []uint8
	g     grid.Grid
	names []string
	key   crsKey

	rows    int // of a strip
	out     bytes.Buffer
	strips  []uint32 // where they begin
	lengths []uint32
	tags    []tiffTag
}

type tiffTag struct {
	id    uint16
	kind  uint16 // 2 text, 3 uint16, 4 uint32, 12 float64
	count uint32
	data  []byte
}

// The types of a tag's values.
const (
	tiffText   = 2
	tiffShort  = 3
	tiffLong   = 4
	tiffDouble = 12
)

func newTIFF(bands [][]float32, mask []uint8, g grid.Grid, names []string, key crsKey) *tiff {
	const samples = 64 << 10 // of a strip, or one row
	return &tiff{bands: bands, mask: mask, g: g, names: names, key: key, rows: min(g.Height, max(1, samples/g.Width))}
}

func (t *tiff) encode() ([]byte, error) {
	t.out.Grow(2 * t.g.Width * t.g.Height * len(t.bands)) // about half of the cells
	t.out.WriteString("II*\x00\x00\x00\x00\x00")
	if err := t.data(); err != nil {
		return nil, fault.E("encode.GeoTIFF", fault.Other, err)
	}
	t.describe()
	t.directory()
	return t.out.Bytes(), nil
}

// data writes the strips.
func (t *tiff) data() error {
	// Higher levels make noisy reflectances smaller by 0.1 %.
	w, err := zlib.NewWriterLevel(&t.out, 1)
	if err != nil {
		return err
	}
	width := t.g.Width
	strip := make([]byte, 4*width*t.rows)
	for _, band := range t.bands {
		for row := 0; row < t.g.Height; row += t.rows {
			n := min(t.rows, t.g.Height-row)
			for r := range n {
				at := (row + r) * width
				var mask []uint8
				if t.mask != nil {
					mask = t.mask[at : at+width]
				}
				predict(strip[4*r*width:4*(r+1)*width], band[at:at+width], mask)
			}
			from := t.out.Len()
			w.Reset(&t.out)
			if _, err := w.Write(strip[:4*n*width]); err != nil {
				return err
			}
			if err := w.Close(); err != nil {
				return err
			}
			t.strips = append(t.strips, uint32(from))
			t.lengths = append(t.lengths, uint32(t.out.Len()-from))
		}
	}
	return nil
}

// predict is the floating-point predictor (Adobe Photoshop TIFF Technical
// Note 3): the bytes of a row by significance, the highest first, each less
// the one before.
func predict(dst []byte, row []float32, mask []uint8) {
	n := len(row)
	b3, b2, b1, b0 := dst[:n], dst[n:2*n], dst[2*n:3*n], dst[3*n:4*n]
	nan := math.Float32bits(float32(math.NaN()))
	for i, v := range row {
		u := math.Float32bits(v)
		if mask != nil && mask[i] == 0 {
			u = nan
		}
		b3[i], b2[i], b1[i], b0[i] = byte(u>>24), byte(u>>16), byte(u>>8), byte(u)
	}
	last := byte(0)
	for i, v := range dst[:4*n] {
		dst[i] = v - last
		last = v
	}
}

// describe lists the tags, in the order of their numbers.
func (t *tiff) describe() {
	n := len(t.bands)
	t.long(256, uint32(t.g.Width))
	t.long(257, uint32(t.g.Height))
	t.shorts(258, repeat(32, n)...) // bits
	t.shorts(259, 8)                // deflate
	t.shorts(262, 1)                // black is zero
	t.longs(273, t.strips)
	t.shorts(277, uint16(n))
	t.long(278, uint32(t.rows))
	t.longs(279, t.lengths)
	t.shorts(284, 2) // band by band
	t.shorts(317, 3) // floating-point predictor
	if n > 1 {
		t.shorts(338, repeat(0, n-1)...) // further bands are just data
	}
	t.shorts(339, repeat(3, n)...) // floats
	m := t.g.Transform
	t.doubles(33550, m[1], -m[5], 0)         // pixel scale
	t.doubles(33922, 0, 0, 0, m[0], m[3], 0) // tie point: the outer corner
	if t.key.code != 0 {
		t.shorts(34735, t.geoKeys()...)
	}
	if text := t.metadata(); text != "" { //
		t.text(42112, text) // GDAL's metadata: names of bands
	}
	t.text(42113, "nan") // GDAL's nodata
}

func (t *tiff) geoKeys() []uint16 {
	const area = 1 // cells are areas, so that corners are corners
	if t.key.geographic {
		return []uint16{1, 1, 1, 3, 1024, 0, 1, 2, 1025, 0, 1, area, 2048, 0, 1, uint16(t.key.code)}
	}
	return []uint16{1, 1, 1, 3, 1024, 0, 1, 1, 1025, 0, 1, area, 3072, 0, 1, uint16(t.key.code)}
}

func (t *tiff) metadata() string {
	var b strings.Builder
	for i, name := range t.names {
		if name == "" {
			continue
		}
		fmt.Fprintf(&b, `<Item name="DESCRIPTION" sample="%d" role="description">`, i)
		b.WriteString(escape(escape(name))) // GDAL takes the marks away twice
		b.WriteString("</Item>")
	}
	if b.Len() == 0 {
		return ""
	}
	return "<GDALMetadata>" + b.String() + "</GDALMetadata>"
}

func escape(s string) string {
	var b strings.Builder
	// Writing to a strings.Builder does not fail; what XML cannot hold
	// becomes U+FFFD.
	_ = xml.EscapeText(&b, []byte(s))
	return b.String()
}

func repeat(v uint16, n int) []uint16 {
	out := make([]uint16, n)
	for i := range out {
		out[i] = v
	}
	return out
}

func (t *tiff) shorts(id uint16, v ...uint16) {
	var data []byte
	for _, n := range v {
		data = binary.LittleEndian.AppendUint16(data, n)
	}
	t.tags = append(t.tags, tiffTag{id, tiffShort, uint32(len(v)), data})
}

func (t *tiff) long(id uint16, v uint32) { t.longs(id, []uint32{v}) }

func (t *tiff) longs(id uint16, v []uint32) {
	var data []byte
	for _, n := range v {
		data = binary.LittleEndian.AppendUint32(data, n)
	}
	t.tags = append(t.tags, tiffTag{id, tiffLong, uint32(len(v)), data})
}

func (t *tiff) doubles(id uint16, v ...float64) {
	var data []byte
	for _, n := range v {
		data = binary.LittleEndian.AppendUint64(data, math.Float64bits(n))
	}
	t.tags = append(t.tags, tiffTag{id, tiffDouble, uint32(len(v)), data})
}

func (t *tiff) text(id uint16, s string) {
	t.tags = append(t.tags, tiffTag{id, tiffText, uint32(len(s) + 1), append([]byte(s), 0)})
}

// directory writes what tags hold, the directory, and where it is.
func (t *tiff) directory() {
	dir := binary.LittleEndian.AppendUint16(nil, uint16(len(t.tags)))
	for _, tag := range t.tags {
		dir = binary.LittleEndian.AppendUint16(dir, tag.id)
		dir = binary.LittleEndian.AppendUint16(dir, tag.kind)
		dir = binary.LittleEndian.AppendUint32(dir, tag.count)
		if len(tag.data) <= 4 {
			dir = append(dir, tag.data...)
			dir = append(dir, make([]byte, 4-len(tag.data))...)
			continue
		}
		t.even()
		dir = binary.LittleEndian.AppendUint32(dir, uint32(t.out.Len()))
		t.out.Write(tag.data)
	}
	t.even()
	binary.LittleEndian.PutUint32(t.out.Bytes()[4:], uint32(t.out.Len()))
	t.out.Write(dir)
	t.out.Write(make([]byte, 4)) // no further image
}

func (t *tiff) even() {
	if t.out.Len()%2 == 1 {
		t.out.WriteByte(0)
	}
}
