package fgb

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"contado/geo"
	"contado/geo/fault"
)

// Options tunes Create; nil means defaults.
type Options struct {
	// Memory is about how many bytes the writer may hold; 0 = 128 MB. What is
	// beyond goes to temporary files beside the file: about twice its size.
	Memory int64
	// Name of the layer; "" = the file's name without its ending.
	Name string
	// Title and Description are for people.
	Title, Description string
	// WKT is the text of the schema's CRS, for readers that do not know its
	// code; "" = left out.
	WKT string
}

const (
	defaultMemory = 128 << 20
	minMemory     = 64 << 10
	nodeSize      = 16
)

// Writer writes one file. It belongs to one goroutine at a time.
type Writer struct {
	path    string
	options Options
	enc     *encoder
	sort    sorter
	bounds  geo.BBox
	err     error // what a Write has met
	closed  bool
}

// Create begins a file; it is there, whole, after Close and not before.
//
// The rows' ids go into a first column of integers named in the header's
// metadata: "fid" unless a field has that name. Single geometries become
// multiple ones where the schema says so. Rows without geometry stand last.
//
// Errors: Invalid for a schema that cannot be written; those of the disk.
func Create(path string, s geo.Schema, o *Options) (*Writer, error) {
	w := &Writer{path: path, enc: newEncoder(s), bounds: geo.EmptyBBox()}
	w.enc.loose = true
	if o != nil {
		w.options = *o
	}
	if w.options.Memory <= 0 {
		w.options.Memory = defaultMemory
	}
	if w.options.Name == "" {
		w.options.Name = strings.TrimSuffix(filepath.Base(path), filepath.Ext(path))
	}
	w.sort.limit = max(w.options.Memory, minMemory)
	w.sort.dir = filepath.Dir(path)
	if _, err := w.header(0).encode(); err != nil { // what it says of the schema is said now
		return nil, err
	}
	return w, nil
}

func (w *Writer) header(count uint64) *head {
	h := &head{schema: &w.enc.schema, options: w.options, kind: w.enc.kind, bounds: w.bounds, count: count}
	if w.enc.seen {
		h.kind = Unknown
	}
	if count > 0 && w.enc.schema.GeometryType != "" {
		h.nodeSize = nodeSize
	}
	return h
}

// Write adds a row. The feature is not kept. After an error the writer only
// takes Close, which then leaves no file.
//
// Errors: Invalid for a feature that is not of the schema; TooLarge for one of
// more than 2 GB; those of the disk.
func (w *Writer) Write(f geo.Feature) error {
	const op = "fgb.Write"
	if w.closed {
		return fault.Errorf(op, fault.Other, "%s is closed", w.path)
	}
	if w.err != nil {
		return w.err
	}
	b, box, err := w.enc.row(&f)
	if err == nil {
		w.bounds = w.bounds.Union(box)
		err = w.sort.add(box, b)
	}
	if err != nil {
		w.err = fault.E(op, fault.KindOf(err), fmt.Errorf("write %s: %w", w.path, err))
	}
	return w.err
}

// Close sorts what was written and puts the file in place. After an error of
// Write it removes what there is and gives that error.
func (w *Writer) Close() error {
	if w.closed {
		return nil
	}
	w.closed = true
	defer w.sort.close()
	if w.err != nil {
		return w.err
	}
	if err := w.finish(); err != nil {
		return fault.E("fgb.Close", fault.KindOf(err), fmt.Errorf("write %s: %w", w.path, err))
	}
	return nil
}

// Abort gives the file up: nothing of it stays.
func (w *Writer) Abort() {
	if !w.closed {
		w.closed = true
		w.sort.close()
	}
}

func (w *Writer) finish() (err error) {
	out, err := os.CreateTemp(w.sort.dir, "."+filepath.Base(w.path)+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, ignoreClosed(out.Close()), os.Remove(out.Name()))
		}
	}()
	if err := w.fill(out); err != nil {
		return err
	}
	if err := out.Chmod(0o644); err != nil {
		return err
	}
	if err := out.Sync(); err != nil {
		return err
	}
	if err := out.Close(); err != nil {
		return err
	}
	if err := os.Rename(out.Name(), w.path); err != nil {
		return err
	}
	return syncDir(w.sort.dir)
}

func ignoreClosed(err error) error {
	if errors.Is(err, os.ErrClosed) {
		return nil
	}
	return err
}

// syncDir makes the new name last.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// fill writes header, index and rows.
func (w *Writer) fill(out *os.File) error {
	h := w.header(w.sort.count)
	start, err := h.encode()
	if err != nil {
		return err
	}
	if _, err := out.Write(start); err != nil {
		return err
	}
	at := int64(len(start))
	var index *treeWriter
	if h.nodeSize > 0 {
		if index, err = newTreeWriter(out, at, h.count, int(h.nodeSize)); err != nil {
			return err
		}
		at = index.end()
	}
	if _, err := out.Seek(at, io.SeekStart); err != nil {
		return err
	}
	rows := bufio.NewWriterSize(out, 1<<20)
	offset := uint64(0)
	err = w.sort.sorted(w.bounds, func(box geo.BBox, b []byte) error {
		if index != nil {
			if err := index.add(0, box, offset); err != nil {
				return err
			}
		}
		offset += uint64(len(b))
		_, err := rows.Write(b)
		return err
	})
	if err != nil {
		return err
	}
	if err := rows.Flush(); err != nil {
		return err
	}
	if index != nil {
		return index.close()
	}
	return nil
}

// Encode writes a FlatGeobuf file to a stream: in the order of next, without
// an index. count is the number of rows, −1 when it is not known. The id goes
// into a column as in Create. A row without geometry has none in the file
// either: GDAL reads it so, and flatgeobuf.js 4.5 stops there. next tells by false that there are no more rows.
//
// Errors: those of w and next; Invalid for a feature that is not of the schema,
// or when there are not count rows.
func Encode(w io.Writer, s geo.Schema, count int64, next func() (geo.Feature, bool, error)) error {
	const op = "fgb.Encode"
	e := newEncoder(s)
	h := head{schema: &e.schema, kind: e.kind, bounds: geo.EmptyBBox(), count: uint64(max(count, 0)), options: Options{Name: "features"}}
	start, err := h.encode()
	if err != nil {
		return err
	}
	out := bufio.NewWriterSize(w, 64<<10)
	if _, err := out.Write(start); err != nil {
		return err
	}
	n := int64(0)
	for {
		f, ok, err := next()
		if err != nil {
			return err
		}
		if !ok {
			break
		}
		b, _, err := e.row(&f)
		if err != nil {
			return err
		}
		if _, err := out.Write(b); err != nil {
			return err
		}
		n++
	}
	if err := out.Flush(); err != nil {
		return err
	}
	if count >= 0 && n != count {
		return fault.Errorf(op, fault.Invalid, "%d rows were written of %d that were told", n, count)
	}
	return nil
}
