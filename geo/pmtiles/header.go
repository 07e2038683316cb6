// Package pmtiles reads and writes PMTiles archives, version 3: all tiles of
// a tileset in one file, found through directories in Hilbert order
// (github.com/protomaps/PMTiles, spec/v3/spec.md).
package pmtiles

import (
	"encoding/binary"
	"math"

	"contado/geo"
	"contado/geo/fault"
)

// Compression is how a part of an archive is compressed.
type Compression uint8

// The compressions of the specification.
const (
	UnknownCompression Compression = iota
	None
	Gzip
	Brotli
	Zstd
)

// Encoding is the compression as HTTP's Content-Encoding names it; "" for none.
func (c Compression) Encoding() string {
	switch c {
	case Gzip:
		return "gzip"
	case Brotli:
		return "br"
	case Zstd:
		return "zstd"
	}
	return ""
}

// TileType is what the tiles of an archive are.
type TileType uint8

// The types of the specification.
const (
	UnknownType TileType = iota
	MVT
	PNG
	JPEG
	WebP
	AVIF
)

var typeNames = [...]string{"", "mvt", "png", "jpg", "webp", "avif"}

var mediaTypes = [...]string{
	"application/octet-stream", "application/vnd.mapbox-vector-tile", "image/png", "image/jpeg", "image/webp", "image/avif",
}

// String is the ending of addresses of such tiles; "" when not known.
func (t TileType) String() string {
	if int(t) < len(typeNames) {
		return typeNames[t]
	}
	return ""
}

// Media is the media type of such tiles.
func (t TileType) Media() string {
	if int(t) < len(mediaTypes) {
		return mediaTypes[t]
	}
	return mediaTypes[UnknownType]
}

// MediaType is that of an archive.
const MediaType = "application/vnd.pmtiles"

const (
	headerSize = 127
	// rootEnd is where header and root directory have to end.
	rootEnd = 16384
	magic   = "PMTiles"
)

// section is a part of the file: its place and length in bytes.
type section struct{ offset, length uint64 }

// Header says what an archive holds.
type Header struct {
	// Addressed tiles are all of them; Entries are those of the directories,
	// where equal neighbours are one; Contents are different tiles. 0 = not known.
	Addressed, Entries, Contents uint64
	// Clustered says that tiles lie in the order of their ids.
	Clustered bool
	Internal  Compression // of directories and metadata
	Tiles     Compression
	Type      TileType
	MinZoom   int
	MaxZoom   int
	Bounds    geo.BBox // WGS 84
	// Center is longitude, latitude.
	Center     [2]float64
	CenterZoom int

	root, metadata, leaves, data section
}

func corrupt(op, format string, args ...any) error {
	return fault.Errorf(op, fault.Invalid, "PMTiles archive: "+format, args...)
}

// parseHeader reads the first 127 bytes of a file of the given size.
func parseHeader(b []byte, size int64) (Header, error) {
	const op = "pmtiles.Open"
	var h Header
	if len(b) < headerSize || string(b[:2]) != magic[:2] {
		return h, corrupt(op, "the file does not begin as one")
	}
	if string(b[:7]) != magic {
		return h, fault.WithHint(fault.Errorf(op, fault.Unsupported, "PMTiles archive of version %d", b[2]), "convert it to version 3 with 'pmtiles convert'")
	}
	// Some early archives give the version as a character.
	if v := b[7]; v != 3 && v != '3' {
		return h, fault.Errorf(op, fault.Unsupported, "PMTiles archive of version %d; version 3 is read", v)
	}
	u := func(at int) uint64 { return binary.LittleEndian.Uint64(b[at:]) }
	deg := func(at int) float64 { return float64(int32(binary.LittleEndian.Uint32(b[at:]))) / 1e7 }
	h.root, h.metadata = section{u(8), u(16)}, section{u(24), u(32)}
	h.leaves, h.data = section{u(40), u(48)}, section{u(56), u(64)}
	h.Addressed, h.Entries, h.Contents = u(72), u(80), u(88)
	h.Clustered = b[96] == 1
	h.Internal, h.Tiles, h.Type = Compression(b[97]), Compression(b[98]), TileType(b[99])
	h.MinZoom, h.MaxZoom = int(b[100]), int(b[101])
	h.Bounds = geo.BBox{MinX: deg(102), MinY: deg(106), MaxX: deg(110), MaxY: deg(114)}
	h.CenterZoom, h.Center = int(b[118]), [2]float64{deg(119), deg(123)}
	return h, h.check(size)
}

func (h *Header) check(size int64) error {
	const op = "pmtiles.Open"
	for _, s := range []struct {
		name string
		section
	}{{"root directory", h.root}, {"metadata", h.metadata}, {"leaf directories", h.leaves}, {"tile data", h.data}} {
		if s.length == 0 {
			continue
		}
		if s.offset > uint64(size) || s.length > uint64(size)-s.offset {
			return corrupt(op, "the %s (%d bytes at %d) ends beyond the file's %d bytes", s.name, s.length, s.offset, size)
		}
	}
	switch {
	case h.root.length == 0:
		return corrupt(op, "it has no root directory")
	case h.Internal > Zstd || h.Tiles > Zstd:
		return corrupt(op, "compression %d or %d is unknown", h.Internal, h.Tiles)
	case h.MaxZoom > MaxZoom || h.MinZoom > h.MaxZoom:
		return corrupt(op, "zooms %d to %d are not within 0 to %d", h.MinZoom, h.MaxZoom, MaxZoom)
	}
	return nil
}

// append appends the header's 127 bytes.
func (h *Header) append(b []byte) []byte {
	le := binary.LittleEndian
	b = append(b, magic...)
	b = append(b, 3)
	for _, s := range []section{h.root, h.metadata, h.leaves, h.data} {
		b = le.AppendUint64(le.AppendUint64(b, s.offset), s.length)
	}
	b = le.AppendUint64(le.AppendUint64(le.AppendUint64(b, h.Addressed), h.Entries), h.Contents)
	clustered := byte(0)
	if h.Clustered {
		clustered = 1
	}
	b = append(b, clustered, byte(h.Internal), byte(h.Tiles), byte(h.Type), byte(h.MinZoom), byte(h.MaxZoom))
	for _, v := range []float64{h.Bounds.MinX, h.Bounds.MinY, h.Bounds.MaxX, h.Bounds.MaxY} {
		b = le.AppendUint32(b, uint32(e7(v)))
	}
	b = append(b, byte(h.CenterZoom))
	return le.AppendUint32(le.AppendUint32(b, uint32(e7(h.Center[0]))), uint32(e7(h.Center[1])))
}

// e7 is degrees in ten millionths.
func e7(degrees float64) int32 {
	if math.IsNaN(degrees) {
		return 0
	}
	return int32(math.Round(math.Max(-180, math.Min(180, degrees)) * 1e7))
}
