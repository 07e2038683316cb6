package pmtiles

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/maypok86/otter/v2"

	"contado/geo/fault"
)

// maxTile bounds a stored tile.
const maxTile = 64 << 20

// leafCache bounds the leaf directories kept unpacked, in entries of 24 bytes.
const leafCache = 700_000

// Archive is an open archive. It is safe for concurrent use. Nothing in the
// file is believed: what does not fit is fault.Invalid.
type Archive struct {
	r      io.ReaderAt
	closer io.Closer // nil: not ours
	size   int64
	h      Header
	root   []entry
	leaves *otter.Cache[uint64, []entry]
}

// Open reads the header and the root directory of an archive of size bytes.
// The reader stays in use. What is no archive is fault.Invalid, one of an
// older version fault.Unsupported.
func Open(r io.ReaderAt, size int64) (*Archive, error) {
	const op = "pmtiles.Open"
	head := make([]byte, min(rootEnd, max(size, 0)))
	if n, err := r.ReadAt(head, 0); err != nil && (n < len(head) || !errors.Is(err, io.EOF)) {
		return nil, fault.E(op, fault.Other, fmt.Errorf("read the header: %w", err))
	}
	h, err := parseHeader(head, size)
	if err != nil {
		return nil, err
	}
	a := &Archive{r: r, size: size, h: h}
	if a.root, err = a.directory(h.root); err != nil {
		return nil, err
	}
	a.leaves, err = otter.New(&otter.Options[uint64, []entry]{
		MaximumWeight: leafCache, Weigher: func(_ uint64, d []entry) uint32 { return uint32(len(d)) + 8 },
	})
	return a, fault.E(op, fault.Other, err)
}

// OpenFile opens the archive at a local path. Close it.
func OpenFile(path string) (*Archive, error) {
	const op = "pmtiles.Open"
	f, err := os.Open(path)
	if err != nil {
		kind := fault.Other
		if errors.Is(err, os.ErrNotExist) {
			kind = fault.NotExist
		}
		return nil, fault.E(op, kind, err)
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is not a regular file", path)
	}
	var a *Archive
	if err == nil {
		a, err = Open(f, info.Size())
	}
	if err != nil {
		_ = f.Close() // nothing was written
		return nil, err
	}
	a.closer = f
	return a, nil
}

// Close closes the file that OpenFile opened.
func (a *Archive) Close() error {
	if a.closer == nil {
		return nil
	}
	return a.closer.Close()
}

// Header says what the archive holds.
func (a *Archive) Header() Header { return a.h }

// Size is the length of the file in bytes.
func (a *Archive) Size() int64 { return a.size }

// Metadata is the JSON metadata; "{}" when there is none.
func (a *Archive) Metadata() ([]byte, error) {
	if a.h.metadata.length == 0 {
		return []byte("{}"), nil
	}
	return a.part(a.h.metadata, maxMetadata)
}

// Tile returns the stored bytes of a tile, compressed as Header.Tiles says;
// ok is false when there is none. The bytes are the caller's.
func (a *Archive) Tile(z, x, y int) (data []byte, ok bool, err error) {
	id, err := TileID(z, x, y)
	if err != nil {
		return nil, false, err
	}
	e, ok, err := a.lookup(id)
	if !ok || err != nil {
		return nil, false, err
	}
	data, err = a.read(e)
	return data, err == nil, err
}

// TileInto is Tile into buffer, when that is long enough: for who reads many
// tiles one after the other.
func (a *Archive) TileInto(buffer []byte, z, x, y int) (data []byte, ok bool, err error) {
	id, err := TileID(z, x, y)
	if err != nil {
		return nil, false, err
	}
	e, ok, err := a.lookup(id)
	if !ok || err != nil {
		return nil, false, err
	}
	data, err = a.readInto(buffer, e)
	return data, err == nil, err
}

// Has reports whether there is a tile.
func (a *Archive) Has(z, x, y int) (bool, error) {
	id, err := TileID(z, x, y)
	if err != nil {
		return false, err
	}
	_, ok, err := a.lookup(id)
	return ok, err
}

func (a *Archive) lookup(id uint64) (entry, bool, error) {
	dir := a.root
	for range maxDepth {
		e, ok := find(dir, id)
		if !ok || (e.run > 0 && e.length == 0) {
			return entry{}, false, nil
		}
		if e.run > 0 {
			return e, true, nil
		}
		var err error
		if dir, err = a.leaf(e); err != nil {
			return entry{}, false, err
		}
	}
	return entry{}, false, corrupt("pmtiles.Tile", "directories are nested more than %d deep", maxDepth)
}

// read reads the tile of an entry.
func (a *Archive) read(e entry) ([]byte, error) { return a.readInto(nil, e) }

func (a *Archive) readInto(b []byte, e entry) ([]byte, error) {
	const op = "pmtiles.Tile"
	if e.offset > a.h.data.length || uint64(e.length) > a.h.data.length-e.offset {
		return nil, corrupt(op, "tile %d lies outside the tile data", e.id)
	}
	if e.length > maxTile {
		return nil, fault.Errorf(op, fault.TooLarge, "PMTiles archive: tile %d has %d bytes, more than %d", e.id, e.length, maxTile)
	}
	if uint64(cap(b)) < uint64(e.length) {
		b = make([]byte, e.length)
	}
	b = b[:e.length]
	if n, err := a.r.ReadAt(b, int64(a.h.data.offset+e.offset)); n < len(b) {
		return nil, fault.E(op, fault.Other, fmt.Errorf("read tile %d: %w", e.id, err))
	}
	return b, nil
}

// leaf is the leaf directory of an entry.
func (a *Archive) leaf(e entry) ([]entry, error) {
	if dir, ok := a.leaves.GetIfPresent(e.offset); ok {
		return dir, nil
	}
	if e.offset > a.h.leaves.length || uint64(e.length) > a.h.leaves.length-e.offset {
		return nil, corrupt("pmtiles.Tile", "a leaf directory lies outside the leaf directories")
	}
	dir, err := a.directory(section{a.h.leaves.offset + e.offset, uint64(e.length)})
	if err != nil {
		return nil, err
	}
	a.leaves.Set(e.offset, dir)
	return dir, nil
}

func (a *Archive) directory(s section) ([]entry, error) {
	b, err := a.part(s, maxDirectory)
	if err != nil {
		return nil, err
	}
	return parseDirectory(b)
}

// part reads and unpacks a part of the file, up to most bytes either way.
func (a *Archive) part(s section, most int64) ([]byte, error) {
	const op = "pmtiles.Open"
	if s.length > uint64(most) {
		return nil, fault.Errorf(op, fault.TooLarge, "PMTiles archive: a part has %d bytes, more than %d", s.length, most)
	}
	b := make([]byte, s.length)
	if n, err := a.r.ReadAt(b, int64(s.offset)); n < len(b) {
		return nil, fault.E(op, fault.Other, fmt.Errorf("read %d bytes at %d: %w", s.length, s.offset, err))
	}
	return Unpack(b, a.h.Internal, most)
}

// Entry is a tile, or a run of tiles with the same bytes, in an archive.
type Entry struct {
	ID    uint64 // of the first; see ZXY
	Run   uint32 // how many tiles, at least 1
	Bytes uint32 // stored
	// Offset tells entries with the same bytes: it is theirs together.
	Offset uint64
}

// Entries yields all entries in ascending order of their ids until yield
// returns false.
func (a *Archive) Entries(yield func(Entry) bool) error {
	next := uint64(0) // the least id that may still come
	_, err := a.walk(a.root, 1, &next, yield)
	return err
}

// walk goes through a directory. Ids have to ascend over all directories,
// which bounds the walk whatever leaves point to.
func (a *Archive) walk(dir []entry, depth int, next *uint64, yield func(Entry) bool) (bool, error) {
	const op = "pmtiles.Entries"
	for _, e := range dir {
		if e.id < *next {
			return false, corrupt(op, "tile ids do not ascend from one directory to the next")
		}
		if e.run > 0 {
			*next = e.id + uint64(e.run)
			if e.length > 0 && !yield(Entry{ID: e.id, Run: e.run, Bytes: e.length, Offset: e.offset}) {
				return false, nil
			}
			continue
		}
		if depth >= maxDepth {
			return false, corrupt(op, "directories are nested more than %d deep", maxDepth)
		}
		leaf, err := a.leaf(e)
		if err != nil {
			return false, err
		}
		if more, err := a.walk(leaf, depth+1, next, yield); !more || err != nil {
			return false, err
		}
	}
	return true, nil
}

// Read returns the stored bytes of an entry of this archive.
func (a *Archive) Read(e Entry) ([]byte, error) {
	return a.read(entry{id: e.ID, offset: e.Offset, length: e.Bytes, run: e.Run})
}
