package pmtiles

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"

	"contado/geo"
	"contado/geo/fault"
)

// Options says what an archive to write holds.
type Options struct {
	Type        TileType    // UnknownType means MVT
	Compression Compression // of the tiles put; UnknownCompression means Gzip
	// Bounds are those of the tiles in WGS 84; empty or zero means the world.
	Bounds geo.BBox
	// Center is longitude and latitude, CenterZoom the zoom that a map
	// begins at; zero means the middle of Bounds and the least zoom.
	Center     [2]float64
	CenterZoom int
	// Records bounds the tiles whose places are kept in memory (20 bytes
	// each), and the different tiles that later ones are compared with (50
	// bytes each); 0 means a million.
	Records int
}

// Writer writes an archive. Tiles come in any order and from any goroutine;
// equal ones are stored once. What is written lies in the folder of the
// archive and takes about its size twice until Close.
type Writer struct {
	path  string
	o     Options
	spool *os.File // tiles as they come

	mu    sync.Mutex
	end   uint64 // of the spool
	tiles sorter
	count uint64
	// stored are the tiles in the spool by digest, up to Options.Records.
	stored map[[16]byte]record
	failed error
	done   bool
}

// Create begins an archive at a local path, which is replaced by Close.
// Close it, or Abort it.
func Create(path string, o Options) (*Writer, error) {
	const op = "pmtiles.Create"
	if o.Type == UnknownType {
		o.Type = MVT
	}
	if o.Compression == UnknownCompression {
		o.Compression = Gzip
	}
	if o.Records <= 0 {
		o.Records = 1 << 20
	}
	if o.Bounds.IsEmpty() || o.Bounds == (geo.BBox{}) {
		o.Bounds = geo.BBox{MinX: -180, MinY: -85.0511287, MaxX: 180, MaxY: 85.0511287}
	}
	folder := filepath.Dir(path)
	spool, err := unnamed(folder)
	if err != nil {
		return nil, fault.E(op, fault.Other, err)
	}
	return &Writer{
		path: path, o: o, spool: spool, stored: map[[16]byte]record{},
		tiles: sorter{folder: folder, most: o.Records},
	}, nil
}

// Put adds a tile, compressed as Options say. The bytes are read only. A
// tile without bytes is left out; one that is put twice fails the Close.
func (w *Writer) Put(z, x, y int, data []byte) error {
	const op = "pmtiles.Put"
	id, err := TileID(z, x, y)
	if err != nil || len(data) == 0 {
		return err
	}
	if len(data) > maxTile {
		return fault.Errorf(op, fault.TooLarge, "tile %d/%d/%d has %d bytes, more than %d", z, x, y, len(data), maxTile)
	}
	digest := sha256.Sum256(data)
	r, fresh, err := w.place(id, [16]byte(digest[:16]), uint32(len(data)))
	if err != nil || !fresh {
		return err
	}
	if _, err := w.spool.WriteAt(data, int64(r.offset)); err != nil {
		err = fault.E(op, fault.Other, fmt.Errorf("write tile %d/%d/%d: %w", z, x, y, err))
		w.mu.Lock()
		w.failed = err
		w.mu.Unlock()
		return err
	}
	return nil
}

// place notes a tile, and says whether its bytes have to be written.
func (w *Writer) place(id uint64, digest [16]byte, length uint32) (record, bool, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.done || w.failed != nil {
		return record{}, false, errors.Join(w.failed, fault.Errorf("pmtiles.Put", fault.Invalid, "the archive is closed or has failed"))
	}
	r, known := w.stored[digest]
	if !known {
		r = record{offset: w.end, length: length}
		w.end += uint64(length)
		if len(w.stored) < w.o.Records {
			w.stored[digest] = r
		}
	}
	r.id = id
	w.count++
	if err := w.tiles.add(r); err != nil {
		w.failed = fault.E("pmtiles.Put", fault.Other, fmt.Errorf("note a tile: %w", err))
		return r, false, w.failed
	}
	return r, !known, nil
}

// Abort gives up: nothing is left behind. After Close it does nothing.
func (w *Writer) Abort() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.done {
		return
	}
	w.done = true
	// The files have no names: closing is all there is to do.
	_, _ = w.spool.Close(), w.tiles.close()
}

// Close writes the archive with its JSON metadata (nil means none) in one
// step: temporary file, fsync, rename, fsync of the folder.
func (w *Writer) Close(metadata []byte) (err error) {
	const op = "pmtiles.Close"
	w.mu.Lock()
	failed, done := w.failed, w.done
	w.mu.Unlock()
	if done {
		return fault.Errorf(op, fault.Invalid, "the archive is closed already")
	}
	defer w.Abort()
	if failed != nil {
		return failed
	}
	if w.count == 0 {
		return fault.Errorf(op, fault.Invalid, "an archive without tiles cannot be written: a directory needs an entry")
	}
	tmp, err := os.CreateTemp(filepath.Dir(w.path), ".pmtiles-*.part")
	if err != nil {
		return fault.E(op, fault.Other, err)
	}
	defer func() {
		if err != nil {
			_, _ = tmp.Close(), os.Remove(tmp.Name()) // the first error says more
		}
	}()
	if err = w.assemble(tmp, metadata); err == nil {
		err = tmp.Chmod(0o644)
	}
	if err == nil {
		err = tmp.Sync()
	}
	if err == nil {
		err = tmp.Close()
	}
	if err == nil {
		err = os.Rename(tmp.Name(), w.path)
	}
	if err == nil {
		err = syncFolder(filepath.Dir(w.path))
	}
	return fault.E(op, fault.KindOf(err), err)
}

func syncFolder(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// copyAt copies bytes of the spool to the end of a writer.
func (w *Writer) copyAt(out io.Writer, buffer []byte, s section) error {
	for s.length > 0 {
		n := min(s.length, uint64(len(buffer)))
		if _, err := w.spool.ReadAt(buffer[:n], int64(s.offset)); err != nil {
			return fmt.Errorf("read a tile back: %w", err)
		}
		if _, err := out.Write(buffer[:n]); err != nil {
			return err
		}
		s.offset, s.length = s.offset+n, s.length-n
	}
	return nil
}
