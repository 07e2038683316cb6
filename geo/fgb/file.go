package fgb

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"sync/atomic"

	"contado/geo"
	"contado/geo/fault"
	"contado/geo/mmap"
)

// File is an open file. It is safe for concurrent use; no row and no view of
// it may be used after Close.
type File struct {
	path   string
	data   []byte
	unmap  func() error
	head   *header
	fields []int // column by field
	rows   []byte
	n      int
	tree   *packedTree // nil without an index
	starts []int64     // where rows begin in a file without an index
	bounds geo.BBox
	ids    idTable
	damage atomic.Pointer[error]
}

// Open maps a file into memory and checks its header, its index and its size.
// A file without an index is walked once, to find its rows.
//
// Errors: NotExist, Invalid (no FlatGeobuf 3, or a damaged one).
func Open(path string) (*File, error) {
	const op = "fgb.Open"
	data, unmap, err := mmap.File(path)
	if err != nil {
		kind := fault.KindOf(err)
		if errors.Is(err, fs.ErrNotExist) {
			kind = fault.NotExist
		}
		return nil, fault.E(op, kind, fmt.Errorf("open FlatGeobuf file: %w", err))
	}
	f, err := read(path, data)
	if err != nil {
		return nil, errors.Join(fault.E(op, fault.Invalid, fmt.Errorf("%s: %w", path, err)), unmap())
	}
	f.unmap = unmap
	return f, nil
}

// read makes a File of the bytes of one.
func read(path string, data []byte) (*File, error) {
	rest, h, err := readStart(data)
	if err != nil {
		return nil, err
	}
	f := &File{path: path, data: data, head: h, bounds: h.bounds, unmap: func() error { return nil }}
	f.fields = make([]int, len(h.schema.Fields))
	for i, c := range h.columns {
		if c.field >= 0 {
			f.fields[c.field] = i
		}
	}
	f.rows = rest
	if h.count > 0 && h.nodeSize > 0 {
		return f, f.readIndex(rest)
	}
	return f, f.walk()
}

// readStart reads magic and header, and gives what follows.
func readStart(data []byte) (rest []byte, h *header, err error) {
	const fixed = len(magic) + 1 + 4
	if len(data) < fixed || string(data[:3]) != magic[:3] {
		return nil, nil, errors.New("it is no FlatGeobuf file")
	}
	if data[3] != magic[3] || string(data[4:7]) != magic[4:7] {
		return nil, nil, fmt.Errorf("it is FlatGeobuf of version %d, and only version 3 can be read", data[3])
	}
	size := int64(le.Uint32(data[fixed-4:]))
	if size > maxHeader || size > int64(len(data)-fixed) {
		return nil, nil, fmt.Errorf("the header of %d bytes is larger than the file or than %d bytes", size, maxHeader)
	}
	h, err = parseHeader(data[fixed : fixed+int(size)])
	if err != nil {
		return nil, nil, err
	}
	return data[fixed+int(size):], h, nil
}

func (f *File) readIndex(rest []byte) error {
	levels, nodes, ok := treeLevels(f.head.count, f.head.nodeSize, int64(len(rest)))
	if !ok {
		return fmt.Errorf("the file is cut short: it has no room for the index of %d rows", f.head.count)
	}
	f.n = int(f.head.count)
	f.tree = &packedTree{data: rest[:nodes*nodeBytes], nodeSize: f.head.nodeSize, levels: levels}
	f.rows = rest[nodes*nodeBytes:]
	if last := f.tree.leafOffset(f.n - 1); last > uint64(len(f.rows)) {
		return fmt.Errorf("the file is cut short: its last row would begin at byte %d of %d", last, len(f.rows))
	}
	if f.bounds.IsEmpty() {
		f.bounds = nodeBox(f.tree.node(0))
	}
	return nil
}

// walk finds the rows of a file without an index.
func (f *File) walk() error {
	for at := int64(0); at < int64(len(f.rows)); {
		if f.head.count > 0 && uint64(len(f.starts)) == f.head.count {
			break
		}
		rest := f.rows[at:]
		if len(rest) < 4 || int64(le.Uint32(rest)) > int64(len(rest)-4) {
			return fmt.Errorf("the file is cut short in row %d", len(f.starts))
		}
		f.starts = append(f.starts, at)
		at += 4 + int64(le.Uint32(rest))
	}
	f.n = len(f.starts)
	if f.head.count > uint64(f.n) {
		return fmt.Errorf("the file is cut short: it has %d rows of %d", f.n, f.head.count)
	}
	if f.bounds.IsEmpty() {
		for i := range f.n {
			if b := f.At(i).Box(); !b.IsEmpty() {
				f.bounds = f.bounds.Union(b)
			}
		}
	}
	return nil
}

// Close frees the map; a second call does nothing.
func (f *File) Close() error {
	unmap := f.unmap
	f.unmap = func() error { return nil }
	if err := unmap(); err != nil {
		return fault.E("fgb.Close", fault.Other, fmt.Errorf("%s: %w", f.path, err))
	}
	return nil
}

// Schema describes the rows, without the column of ids. The geometry type is
// "" for a table that was written without geometry.
func (f *File) Schema() geo.Schema {
	s := f.head.schema
	s.Fields = slices.Clone(s.Fields)
	return s
}

// Len is the number of rows.
func (f *File) Len() int { return f.n }

// Bounds is the box of all rows as the file tells it; geo.EmptyBBox when no
// row has a geometry.
func (f *File) Bounds() geo.BBox { return f.bounds }

// Indexed tells whether the file has an R-tree; without, Search gives all rows.
func (f *File) Indexed() bool { return f.tree != nil }

// Name is what the header calls the layer.
func (f *File) Name() string { return f.head.name }

// Title is the layer's name for people; may be "".
func (f *File) Title() string { return f.head.title }

// Description says more of the layer; may be "".
func (f *File) Description() string { return f.head.description }

// Err is the first damage that any call has met, nil when there was none.
func (f *File) Err() error {
	if p := f.damage.Load(); p != nil {
		return *p
	}
	return nil
}

// damaged makes the error of a row that cannot be read, and keeps the first.
func (f *File) damaged(row int, what string) error {
	err := fault.WithHint(fault.Errorf("fgb.Row", fault.Invalid, "%s: row %d: %s", f.path, row, what), "the file is damaged")
	f.damage.CompareAndSwap(nil, &err)
	return err
}

// Verify reads the whole file and tells the first damage: rows and attributes
// that cannot be read, coordinates that are no finite numbers. It is for files
// of others, before they are trusted.
//
// Errors: Invalid; Unsupported for geometries that Row.Geometry cannot give.
func (f *File) Verify() error {
	var s Shape
	var err error
	values := make([]any, len(f.fields))
	f.Rows(func(r Row) bool {
		err = r.verify(&s)
		r.Values(nil, values)
		if err == nil {
			err = f.Err()
		}
		return err == nil
	})
	return err
}

func (r Row) verify(s *Shape) error {
	err := r.Shape(s)
	if err == nil {
		for _, v := range s.XY {
			if v-v != 0 { // NaN or infinite
				return r.f.damaged(r.ordinal, "a coordinate is no finite number")
			}
		}
		return nil
	}
	if !fault.Is(err, fault.Unsupported) {
		return err
	}
	g, err := r.Geometry() // it may have no flat form only
	if err != nil || g == nil {
		return err
	}
	if b := geo.BBoxOf(g.Bound()); b.Width()-b.Width() != 0 || b.Height()-b.Height() != 0 {
		return r.f.damaged(r.ordinal, "a coordinate is no finite number")
	}
	return nil
}
