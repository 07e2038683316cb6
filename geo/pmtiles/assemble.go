package pmtiles

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"contado/geo/fault"
)

// layout is where things go in the archive that is being written.
type layout struct {
	entries *os.File // finished entries with the places of their tiles in the spool
	count   uint64   // entries
	leaves  *os.File // packed leaf directories, one after the other
	root    []byte
	h       Header
}

// lineSize is that of an entry in layout.entries: the entry, and where in the
// spool its bytes lie plus one; 0 when an earlier entry brings them.
const lineSize = 32

func (w *Writer) assemble(out *os.File, metadata []byte) error {
	folder := filepath.Dir(w.path)
	l := layout{h: Header{
		Clustered: true, Internal: Gzip, Tiles: w.o.Compression, Type: w.o.Type, Bounds: w.o.Bounds,
		Center: w.o.Center, CenterZoom: w.o.CenterZoom,
	}}
	var err error
	if l.entries, err = unnamed(folder); err != nil {
		return err
	}
	defer l.entries.Close()
	if l.leaves, err = unnamed(folder); err != nil {
		return err
	}
	defer l.leaves.Close()
	if err := w.settle(&l); err != nil {
		return err
	}
	if err := l.directories(); err != nil {
		return err
	}
	if metadata == nil {
		metadata = []byte("{}")
	}
	if metadata, err = pack(metadata); err != nil {
		return err
	}
	l.place(uint64(len(metadata)))
	buffered := bufio.NewWriterSize(out, 1<<20)
	head := append(l.h.append(nil), l.root...)
	for _, part := range [][]byte{head, metadata} {
		if _, err := buffered.Write(part); err != nil {
			return err
		}
	}
	if _, err := io.Copy(buffered, io.NewSectionReader(l.leaves, 0, int64(l.h.leaves.length))); err != nil {
		return err
	}
	if err := w.copyTiles(buffered, &l); err != nil {
		return err
	}
	return buffered.Flush()
}

// place puts the sections one after the other.
func (l *layout) place(metadata uint64) {
	if b := l.h.Bounds; l.h.Center == [2]float64{} && l.h.CenterZoom == 0 {
		l.h.Center = [2]float64{(b.MinX + b.MaxX) / 2, (b.MinY + b.MaxY) / 2}
	}
	l.h.CenterZoom = min(max(l.h.CenterZoom, l.h.MinZoom), l.h.MaxZoom)
	l.h.root = section{headerSize, uint64(len(l.root))}
	l.h.metadata = section{headerSize + l.h.root.length, metadata}
	l.h.leaves.offset = l.h.metadata.offset + metadata
	l.h.data.offset = l.h.leaves.offset + l.h.leaves.length
}

// settle gives every tile its entry and its place in the archive: in the
// order of ids, equal neighbours as a run, equal tiles at one place.
func (w *Writer) settle(l *layout) error {
	out := bufio.NewWriterSize(l.entries, 1<<18)
	// Only tiles that later ones were compared with can come again.
	places := make(map[uint64]uint64, len(w.stored))
	for _, r := range w.stored {
		places[r.offset] = 0
	}
	clear(w.stored)
	var open entry
	var source uint64 // of the open entry, plus one
	flush := func() error {
		if open.run == 0 {
			return nil
		}
		l.count++
		var b [lineSize]byte
		_, err := out.Write(appendLine(b[:0], open, source))
		return err
	}
	var spoolOf uint64
	var last record
	err := w.tiles.each(func(r record) error {
		switch {
		case l.h.Addressed > 0 && r.id == last.id:
			z, x, y, err := ZXY(r.id)
			return errors.Join(fault.Errorf("pmtiles.Close", fault.Invalid, "tile %d/%d/%d was put twice", z, x, y), err)
		case open.run > 0 && r.offset == spoolOf && r.id == last.id+1:
			open.run++
		default:
			if err := flush(); err != nil {
				return err
			}
			open, source, spoolOf = l.entryOf(r, places)
		}
		last = r
		l.h.Addressed++
		return l.noteZoom(r.id)
	})
	if err == nil {
		err = flush()
	}
	if err != nil {
		return err
	}
	l.h.Entries = l.count
	return out.Flush()
}

// entryOf begins an entry. places holds, for tiles that may come again, where
// they lie in the archive plus one; 0 means that they have not come yet.
func (l *layout) entryOf(r record, places map[uint64]uint64) (e entry, source, spoolOf uint64) {
	e = entry{id: r.id, length: r.length, run: 1}
	at, shared := places[r.offset]
	if shared && at > 0 {
		e.offset = at - 1
		return e, 0, r.offset
	}
	e.offset = l.h.data.length
	if shared {
		places[r.offset] = e.offset + 1
	}
	l.h.data.length += uint64(r.length)
	l.h.Contents++
	return e, r.offset + 1, r.offset
}

func (l *layout) noteZoom(id uint64) error {
	z, _, _, err := ZXY(id)
	if l.h.Addressed == 1 {
		l.h.MinZoom = z
	}
	l.h.MaxZoom = z // ids ascend
	return err
}

func appendLine(b []byte, e entry, source uint64) []byte {
	le := binary.LittleEndian
	b = le.AppendUint64(le.AppendUint64(b, e.id), e.offset)
	return le.AppendUint64(le.AppendUint32(le.AppendUint32(b, e.length), e.run), source)
}

// lines reads the finished entries again.
func (l *layout) lines(visit func(e entry, source uint64) error) error {
	in := bufio.NewReaderSize(io.NewSectionReader(l.entries, 0, int64(l.count)*lineSize), 1<<18)
	var b [lineSize]byte
	le := binary.LittleEndian
	for range l.count {
		if _, err := io.ReadFull(in, b[:]); err != nil {
			return fmt.Errorf("read the directory back: %w", err)
		}
		e := entry{id: le.Uint64(b[:]), offset: le.Uint64(b[8:]), length: le.Uint32(b[16:]), run: le.Uint32(b[20:])}
		if err := visit(e, le.Uint64(b[24:])); err != nil {
			return err
		}
	}
	return nil
}

const (
	// leafSize is the entries of a leaf: about 10 kB packed.
	leafSize = 4096
	// rootLines are the entries that a root surely holds within rootEnd.
	rootLines = 2000
)

// directories makes the root, and leaves when it would not fit the first 16
// kB of the file otherwise.
func (l *layout) directories() error {
	if l.count <= 4*leafSize {
		dir := make([]entry, 0, l.count)
		if err := l.lines(func(e entry, _ uint64) error { dir = append(dir, e); return nil }); err != nil {
			return err
		}
		root, err := pack(appendDirectory(nil, dir))
		if err != nil {
			return err
		}
		if len(root) <= rootEnd-headerSize {
			l.root = root
			return nil
		}
	}
	for size := max(leafSize, int(l.count/rootLines)+1); ; size += size / 2 {
		root, err := l.split(size)
		if err != nil {
			return err
		}
		if len(root) <= rootEnd-headerSize {
			l.root = root
			return nil
		}
	}
}

// split writes leaves of a size, and returns the packed root over them.
func (l *layout) split(size int) ([]byte, error) {
	l.h.leaves.length = 0
	out := bufio.NewWriterSize(io.NewOffsetWriter(l.leaves, 0), 1<<18)
	leaf := make([]entry, 0, size)
	var root []entry
	flush := func() error {
		if len(leaf) == 0 {
			return nil
		}
		b, err := pack(appendDirectory(nil, leaf))
		if err != nil {
			return err
		}
		root = append(root, entry{id: leaf[0].id, offset: l.h.leaves.length, length: uint32(len(b))})
		l.h.leaves.length += uint64(len(b))
		leaf = leaf[:0]
		_, err = out.Write(b)
		return err
	}
	err := l.lines(func(e entry, _ uint64) error {
		if leaf = append(leaf, e); len(leaf) < size {
			return nil
		}
		return flush()
	})
	if err == nil {
		err = flush()
	}
	if err != nil {
		return nil, err
	}
	if err := out.Flush(); err != nil {
		return nil, err
	}
	return pack(appendDirectory(nil, root))
}

// copyTiles writes the tiles in the order of their first entries.
func (w *Writer) copyTiles(out io.Writer, l *layout) error {
	buffer := make([]byte, 1<<18)
	return l.lines(func(e entry, source uint64) error {
		if source == 0 {
			return nil
		}
		return w.copyAt(out, buffer, section{source - 1, uint64(e.length)})
	})
}
