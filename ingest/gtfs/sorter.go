package gtfs

import (
	"bufio"
	"cmp"
	"container/heap"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"slices"

	"contado/geo/fault"
)

// runBytes is how much a sorter keeps in memory before it writes a run.
const runBytes = 128 << 20

// sorter sorts records of one length by a key of 64 bits, beyond memory. The
// order of records with the same key is kept. After finish it can be read any
// number of times.
type sorter struct {
	path  string // of the working file
	size  int    // of a record, after its key
	limit int    // bytes before a run is written
	keys  []entry
	data  []byte
	file  *os.File
	end   int64
	runs  []run
	count int64
}

type entry struct {
	key uint64
	at  int // in data
}

type run struct{ from, to int64 }

func newSorter(path string, size int) *sorter {
	return &sorter{path: path, size: size, limit: runBytes}
}

// add takes a record, which it copies.
func (s *sorter) add(key uint64, record []byte) error {
	if len(s.data)+len(record)+16*len(s.keys) > s.limit {
		if err := s.spill(); err != nil {
			return err
		}
	}
	s.keys = append(s.keys, entry{key, len(s.data)})
	s.data = append(s.data, record...)
	s.count++
	return nil
}

func (s *sorter) sort() {
	less := func(a, b entry) int { return cmp.Compare(a.key, b.key) }
	if !slices.IsSortedFunc(s.keys, less) {
		slices.SortStableFunc(s.keys, less)
	}
}

// spill writes what is in memory as a run.
func (s *sorter) spill() error {
	const op = "gtfs.StopTimes"
	if s.file == nil {
		f, err := os.OpenFile(s.path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
		if err != nil {
			return fault.E(op, fault.Other, err)
		}
		s.file = f
	}
	s.sort()
	w := bufio.NewWriterSize(io.NewOffsetWriter(s.file, s.end), 1<<18)
	var key [8]byte
	for _, e := range s.keys {
		binary.LittleEndian.PutUint64(key[:], e.key)
		_, _ = w.Write(key[:]) // an error stays with the writer
		_, _ = w.Write(s.data[e.at : e.at+s.size])
	}
	if err := w.Flush(); err != nil {
		return fault.E(op, fault.Other, err)
	}
	to := s.end + int64(len(s.keys))*int64(8+s.size)
	s.runs = append(s.runs, run{s.end, to})
	s.end, s.keys, s.data = to, s.keys[:0], s.data[:0]
	return nil
}

// finish ends the adding.
func (s *sorter) finish() error {
	if len(s.runs) == 0 {
		s.sort()
		return nil
	}
	err := s.spill()
	s.keys, s.data = nil, nil
	return err
}

// each yields the records in the order of their keys. It may be called by
// several goroutines.
func (s *sorter) each(ctx context.Context, yield func(key uint64, record []byte) (bool, error)) error {
	const op = "gtfs.StopTimes"
	if len(s.runs) == 0 {
		for i, e := range s.keys {
			if i%4096 == 0 && ctx.Err() != nil {
				return fault.E(op, fault.Canceled, ctx.Err())
			}
			if more, err := yield(e.key, s.data[e.at:e.at+s.size]); err != nil || !more {
				return err
			}
		}
		return nil
	}
	h := &heads{}
	for i, r := range s.runs {
		in := &head{in: bufio.NewReaderSize(io.NewSectionReader(s.file, r.from, r.to-r.from), 1<<18), run: i, record: make([]byte, s.size)}
		if ok, err := in.next(); err != nil {
			return fault.E(op, fault.Other, err)
		} else if ok {
			*h = append(*h, in)
		}
	}
	heap.Init(h)
	for n := 0; h.Len() > 0; n++ {
		if n%4096 == 0 && ctx.Err() != nil {
			return fault.E(op, fault.Canceled, ctx.Err())
		}
		first := (*h)[0]
		if more, err := yield(first.key, first.record); err != nil || !more {
			return err
		}
		ok, err := first.next()
		switch {
		case err != nil:
			return fault.E(op, fault.Other, err)
		case ok:
			heap.Fix(h, 0)
		default:
			heap.Pop(h)
		}
	}
	return nil
}

// close gives memory and file back.
func (s *sorter) close() {
	if s == nil {
		return
	}
	s.keys, s.data, s.runs = nil, nil, nil
	if s.file != nil {
		_ = s.file.Close() // only a working file
		_ = os.Remove(s.path)
		s.file = nil
	}
}

// head is the front record of a run.
type head struct {
	in     *bufio.Reader
	run    int
	key    uint64
	record []byte
}

func (h *head) next() (bool, error) {
	var key [8]byte
	if _, err := io.ReadFull(h.in, key[:]); errors.Is(err, io.EOF) {
		return false, nil
	} else if err != nil {
		return false, err
	}
	h.key = binary.LittleEndian.Uint64(key[:])
	_, err := io.ReadFull(h.in, h.record)
	return err == nil, err
}

type heads []*head

func (h heads) Len() int { return len(h) }
func (h heads) Less(i, j int) bool {
	return h[i].key < h[j].key || h[i].key == h[j].key && h[i].run < h[j].run
}
func (h heads) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *heads) Push(x any)   { *h = append(*h, x.(*head)) }
func (h *heads) Pop() any {
	old := *h
	x := old[len(old)-1]
	*h = old[:len(old)-1]
	return x
}
