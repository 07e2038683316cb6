package pmtiles

import (
	"bytes"
	"encoding/binary"
	"io"
	"math"
	"sort"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"contado/geo/fault"
)

// entry is a line of a directory. Run 0 points to a leaf directory whose
// first tile is ID; offsets count from the start of leaves or tile data.
type entry struct {
	id     uint64
	offset uint64
	length uint32
	run    uint32
}

const (
	// maxDirectory bounds a directory once unpacked; a leaf of 4096 entries
	// takes about 25 kB.
	maxDirectory = 32 << 20
	// maxMetadata bounds the metadata once unpacked.
	maxMetadata = 16 << 20
	// maxDepth bounds the directories from root to tile.
	maxDepth = 4
)

// find is the entry that holds or leads to a tile.
func find(dir []entry, id uint64) (entry, bool) {
	i := sort.Search(len(dir), func(i int) bool { return dir[i].id > id })
	if i == 0 {
		return entry{}, false
	}
	e := dir[i-1]
	return e, e.run == 0 || id-e.id < uint64(e.run)
}

// columns reads the four columns of an unpacked directory.
type columns struct {
	b   []byte
	bad bool
}

func (c *columns) next() uint64 {
	v, n := binary.Uvarint(c.b)
	if n <= 0 {
		c.bad = true
		return 0
	}
	c.b = c.b[n:]
	return v
}

// parseDirectory reads an unpacked directory.
func parseDirectory(b []byte) ([]entry, error) {
	const op = "pmtiles.Directory"
	c := columns{b: b}
	n := c.next()
	if c.bad || n == 0 || n > uint64(len(c.b))/4 { // four numbers an entry, a byte each at least
		return nil, corrupt(op, "a directory of %d bytes says that it has %d entries", len(b), n)
	}
	dir := make([]entry, n)
	var id uint64
	for i := range dir {
		delta := c.next()
		if delta > math.MaxInt64-id || (i > 0 && delta == 0) {
			return nil, corrupt(op, "tile ids of a directory do not ascend")
		}
		id += delta
		dir[i].id = id
	}
	for i := range dir {
		v := c.next()
		if v > math.MaxUint32 {
			return nil, corrupt(op, "a tile is repeated %d times", v)
		}
		dir[i].run = uint32(v)
	}
	for i := range dir {
		v := c.next()
		if v > math.MaxUint32 {
			return nil, corrupt(op, "a tile has %d bytes", v)
		}
		dir[i].length = uint32(v)
	}
	for i := range dir {
		switch v := c.next(); {
		case v > 0:
			dir[i].offset = v - 1
		case i == 0:
			return nil, corrupt(op, "the first offset of a directory is not told")
		default:
			dir[i].offset = dir[i-1].offset + uint64(dir[i-1].length)
		}
	}
	if c.bad {
		return nil, corrupt(op, "a directory ends too early")
	}
	return dir, nil
}

// appendDirectory appends a directory, not yet packed.
func appendDirectory(b []byte, dir []entry) []byte {
	b = binary.AppendUvarint(b, uint64(len(dir)))
	var last uint64
	for i := range dir {
		b = binary.AppendUvarint(b, dir[i].id-last)
		last = dir[i].id
	}
	for i := range dir {
		b = binary.AppendUvarint(b, uint64(dir[i].run))
	}
	for i := range dir {
		b = binary.AppendUvarint(b, uint64(dir[i].length))
	}
	for i := range dir {
		if i > 0 && dir[i].offset == dir[i-1].offset+uint64(dir[i-1].length) {
			b = append(b, 0)
		} else {
			b = binary.AppendUvarint(b, dir[i].offset+1)
		}
	}
	return b
}

// Unpack undoes a compression, up to most bytes; more is fault.TooLarge.
func Unpack(b []byte, c Compression, most int64) ([]byte, error) {
	const op = "pmtiles.Unpack"
	var r io.Reader
	switch c {
	case None, UnknownCompression:
		if int64(len(b)) > most {
			return nil, fault.Errorf(op, fault.TooLarge, "PMTiles archive: a part has more than %d bytes", most)
		}
		return b, nil
	case Gzip:
		z, err := gzip.NewReader(bytes.NewReader(b))
		if err != nil {
			return nil, corrupt(op, "%w", err)
		}
		defer z.Close()
		r = z
	case Brotli:
		r = brotli.NewReader(bytes.NewReader(b))
	case Zstd:
		z, err := zstd.NewReader(bytes.NewReader(b), zstd.WithDecoderMaxMemory(uint64(most)+1<<20), zstd.WithDecoderConcurrency(1))
		if err != nil {
			return nil, corrupt(op, "%w", err)
		}
		defer z.Close()
		r = z
	default:
		return nil, fault.Errorf(op, fault.Unsupported, "PMTiles archive: compression %d is unknown", c)
	}
	out, err := io.ReadAll(io.LimitReader(r, most+1))
	if err != nil {
		return nil, corrupt(op, "unpack: %w", err)
	}
	if int64(len(out)) > most {
		return nil, fault.Errorf(op, fault.TooLarge, "PMTiles archive: a part has more than %d bytes when unpacked", most)
	}
	return out, nil
}

// pack is gzip at its best, for directories and metadata.
func pack(b []byte) ([]byte, error) {
	var out bytes.Buffer
	z, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := z.Write(b); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
