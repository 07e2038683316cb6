// Package spool keeps the rows of layers on disk between the one reading of a
// large file and the repeated readings that publishing needs. A spool lives
// in a working folder, is written once, and is removed with the folder.
package spool

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"time"

	"contado/geo"
	"contado/geo/fault"
	"contado/geo/store/catalog"
	"contado/ingest/vector"
)

// Text is a sentence for people in the two languages of the program.
type Text struct {
	EN, IT string
}

// Layer is one of the layers that a file is taken apart into. Each becomes a
// dataset of its own.
type Layer struct {
	// Name is a short lower-case word: "roads". The dataset's id is the one
	// asked for, a hyphen and this name.
	Name               string
	Title, Description Text
	Role               catalog.Role
	// Fields names the attributes that the role needs (code, name, parents of
	// territories); zero for other roles.
	Fields vector.Fields
	Rows   *Rows // a vector.Rows
	// License and Attribution are what the source demands of all users.
	License, Attribution string
	// Time is when the data were true; nil when the file does not say.
	Time *time.Time
	// Notices are those about this layer alone.
	Notices []catalog.Notice
}

// Schema is that of the rows.
func (l *Layer) Schema() geo.Schema { return l.Rows.schema }

// Writer writes the rows of one layer. It is for one goroutine.
type Writer struct {
	rows *Rows
	f    *os.File
	w    *bufio.Writer
	buf  []byte
	err  error
}

// Create makes the spool file; an existing one is fault.Exist.
func Create(path, name string, s geo.Schema) (*Writer, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, os.ErrExist) {
		return nil, fault.E("spool.Create", fault.Exist, err)
	}
	if err != nil {
		return nil, fault.E("spool.Create", fault.Other, err)
	}
	r := &Rows{path: path, name: name, schema: s, bounds: geo.EmptyBBox()}
	return &Writer{rows: r, f: f, w: bufio.NewWriterSize(f, 1<<18)}, nil
}

// Add writes a row. Values must be as geo.Feature says, one a field; heights
// and measures are not kept.
func (w *Writer) Add(f geo.Feature) error {
	const op = "spool.Add"
	if w.err != nil {
		return w.err
	}
	if len(f.Values) != len(w.rows.schema.Fields) {
		return fault.Errorf(op, fault.Other, "%s: a row has %d values for %d fields", w.rows.name, len(f.Values), len(w.rows.schema.Fields))
	}
	b, err := appendFeature(append(w.buf[:0], 0, 0, 0, 0), &f)
	if err != nil {
		return fault.E(op, fault.Other, err)
	}
	if len(b)-4 > maxRecord {
		return fault.Errorf(op, fault.TooLarge, "%s: a row takes %d MB", w.rows.name, len(b)>>20)
	}
	binary.LittleEndian.PutUint32(b, uint32(len(b)-4))
	w.buf = b
	if _, err := w.w.Write(b); err != nil {
		w.err = fault.E(op, fault.Other, err)
		return w.err
	}
	w.rows.count++
	if f.Geometry != nil {
		if b := f.Geometry.Bound(); !b.IsEmpty() {
			w.rows.bounds = w.rows.bounds.Union(geo.BBoxOf(b))
		}
	}
	return nil
}

// Count is the number of rows so far.
func (w *Writer) Count() int64 { return w.rows.count }

// Close ends the writing and gives the rows to read.
func (w *Writer) Close() (*Rows, error) {
	err := w.err
	if err == nil {
		err = w.w.Flush()
	}
	if cerr := w.f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return nil, fault.E("spool.Close", fault.Other, err)
	}
	return w.rows, nil
}

// Rows are the rows of a spool; it implements vector.Rows. Scans may run side
// by side.
type Rows struct {
	path, name string
	schema     geo.Schema
	count      int64
	bounds     geo.BBox
}

var _ vector.Rows = (*Rows)(nil)

// Name is what people call the source.
func (r *Rows) Name() string { return r.name }

// Schema describes the rows.
func (r *Rows) Schema() geo.Schema { return r.schema }

// Count is the number of rows.
func (r *Rows) Count() int64 { return r.count }

// Bounds is the box of all geometries, empty when there are none.
func (r *Rows) Bounds() geo.BBox { return r.bounds }

// Scan yields the rows in the order in which they were written. problem is
// not used: what could not be decoded was said when the spool was made.
func (r *Rows) Scan(ctx context.Context, _ func(int64, error) error, yield func(geo.Feature) (bool, error)) error {
	const op = "spool.Scan"
	f, err := os.Open(r.path)
	if err != nil {
		return fault.E(op, fault.Other, err)
	}
	defer f.Close()
	in := bufio.NewReaderSize(f, 1<<18)
	var buf []byte
	for n := range r.count {
		if n%1024 == 0 && ctx.Err() != nil {
			return fault.E(op, fault.Canceled, ctx.Err())
		}
		if buf, err = record(in, buf); err != nil {
			return fault.Errorf(op, fault.Other, "%s: row %d of %s: %w", r.name, n+1, r.path, err)
		}
		feature, err := decodeFeature(buf, len(r.schema.Fields))
		if err != nil {
			return fault.Errorf(op, fault.Other, "%s: row %d of %s: %w", r.name, n+1, r.path, err)
		}
		if more, err := yield(feature); err != nil || !more {
			return err
		}
	}
	return nil
}

// record reads one record into buf, which grows as needed.
func record(in io.Reader, buf []byte) ([]byte, error) {
	var head [4]byte
	if _, err := io.ReadFull(in, head[:]); err != nil {
		return buf, err
	}
	n := int(binary.LittleEndian.Uint32(head[:]))
	if n > maxRecord {
		return buf, errDamaged
	}
	if cap(buf) < n {
		buf = make([]byte, n)
	}
	buf = buf[:n]
	_, err := io.ReadFull(in, buf)
	return buf, err
}
