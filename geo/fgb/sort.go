package fgb

import (
	"bufio"
	"cmp"
	"container/heap"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"

	"contado/geo"
	"contado/geo/index"
)

// sorter brings rows into the order of a Hilbert curve over their common
// extent, which is known only at the end: until then they are spooled as they
// come. Then runs that fit in memory are sorted and merged.
type sorter struct {
	limit int64 // bytes of memory
	dir   string
	count uint64
	arena []byte
	items []item
	spool *tempFile // rows in the order of arrival; nil while all fit in memory
	runs  *tempFile
	ends  []int64 // of the runs
}

// item is a row in the arena.
type item struct {
	box       geo.BBox
	key       uint32
	at, bytes int
}

const itemBytes = 56

// hilbertEnd is the key of rows without geometry: they go last.
const hilbertEnd = math.MaxUint32

// full tells whether another row of n bytes would be too much to hold. Half
// the limit is for the rows, since the arena may be half empty when it grows.
func (s *sorter) full(n int) bool {
	return len(s.items) > 0 && int64(len(s.arena)+n+itemBytes*(len(s.items)+1)) > s.limit/2
}

// add takes a row; b is copied.
func (s *sorter) add(box geo.BBox, b []byte) error {
	if s.full(len(b)) {
		if s.spool == nil {
			var err error
			if s.spool, err = newTempFile(s.dir); err != nil {
				return err
			}
		}
		if err := s.spill(s.spool); err != nil {
			return err
		}
	}
	s.hold(box, b)
	s.count++
	return nil
}

func (s *sorter) hold(box geo.BBox, b []byte) {
	s.items = append(s.items, item{box: box, at: len(s.arena), bytes: len(b)})
	s.arena = append(s.arena, b...)
}

// spill writes what is held to a file: key, box, row, where the row begins
// with its own length.
func (s *sorter) spill(to *tempFile) error {
	var head [recordHead]byte
	for i := range s.items {
		it := &s.items[i]
		le.PutUint32(head[:], it.key)
		for k, v := range [...]float64{it.box.MinX, it.box.MinY, it.box.MaxX, it.box.MaxY} {
			le.PutUint64(head[4+8*k:], math.Float64bits(v))
		}
		if err := to.write(head[:]); err != nil {
			return err
		}
		if err := to.write(s.arena[it.at : it.at+it.bytes]); err != nil {
			return err
		}
	}
	s.items, s.arena = s.items[:0], s.arena[:0]
	return nil
}

const recordHead = 4 + 32

// sortHeld sorts what is held; rows with the same key stay in their order.
func (s *sorter) sortHeld(bounds geo.BBox) {
	for i := range s.items {
		s.items[i].key = curveKey(s.items[i].box, bounds)
	}
	slices.SortStableFunc(s.items, func(a, b item) int { return cmp.Compare(a.key, b.key) })
}

// curveKey is the place of a box's centre on a Hilbert curve over bounds.
func curveKey(b, bounds geo.BBox) uint32 {
	if b.IsEmpty() {
		return hilbertEnd
	}
	const side = 1<<16 - 1
	cell := func(lo, hi, from, to float64) uint32 {
		v := ((lo/2 + hi/2) - from) / (to - from) * side
		if !(v > 0) { // also NaN, where the bounds have no width
			return 0
		}
		return uint32(min(v, side))
	}
	return index.Hilbert(cell(b.MinX, b.MaxX, bounds.MinX, bounds.MaxX), cell(b.MinY, b.MaxY, bounds.MinY, bounds.MaxY))
}

// sorted calls yield with all rows in order.
func (s *sorter) sorted(bounds geo.BBox, yield func(geo.BBox, []byte) error) error {
	if s.spool == nil {
		s.sortHeld(bounds)
		for i := range s.items {
			it := &s.items[i]
			if err := yield(it.box, s.arena[it.at:it.at+it.bytes]); err != nil {
				return err
			}
		}
		return nil
	}
	if err := s.makeRuns(bounds); err != nil {
		return err
	}
	return s.merge(yield)
}

// makeRuns turns the spool into sorted runs.
func (s *sorter) makeRuns(bounds geo.BBox) (err error) {
	if err := s.spill(s.spool); err != nil {
		return err
	}
	if s.runs, err = newTempFile(s.dir); err != nil {
		return err
	}
	end := func() error {
		s.sortHeld(bounds)
		err := s.spill(s.runs)
		s.ends = append(s.ends, s.runs.size)
		return err
	}
	r, err := s.spool.reader(0, s.spool.size, 1<<20)
	if err != nil {
		return err
	}
	for n := uint64(0); n < s.count; n++ {
		rec, err := r.next()
		if err != nil {
			return err
		}
		if s.full(len(rec.row)) {
			if err := end(); err != nil {
				return err
			}
		}
		s.hold(rec.box, rec.row)
	}
	if err := end(); err != nil {
		return err
	}
	s.arena, s.items = nil, nil
	err = s.spool.close()
	s.spool = nil
	return err
}

func (s *sorter) merge(yield func(geo.BBox, []byte) error) error {
	buffer := int(min(max(s.limit/2/int64(len(s.ends)), 16<<10), 4<<20))
	q := &mergeQueue{}
	start := int64(0)
	for i, end := range s.ends {
		r, err := s.runs.reader(start, end, buffer)
		if err != nil {
			return err
		}
		start = end
		rec, err := r.next()
		if err != nil {
			return err
		}
		q.list = append(q.list, merged{rec, i, r})
	}
	heap.Init(q)
	for len(q.list) > 0 {
		top := &q.list[0]
		if err := yield(top.rec.box, top.rec.row); err != nil {
			return err
		}
		rec, err := top.from.next()
		if errors.Is(err, io.EOF) {
			heap.Pop(q)
			continue
		}
		if err != nil {
			return err
		}
		top.rec = rec
		heap.Fix(q, 0)
	}
	return nil
}

func (s *sorter) close() {
	for _, f := range []*tempFile{s.spool, s.runs} {
		if f != nil {
			_ = f.close() // it is gone already, and nothing in it is wanted
		}
	}
	s.spool, s.runs, s.arena, s.items = nil, nil, nil, nil
}

// merged is the next row of a run; rows with the same key come in the order of
// the runs, which is that of arrival.
type merged struct {
	rec  record
	run  int
	from *recordReader
}

type mergeQueue struct{ list []merged }

func (q *mergeQueue) Len() int { return len(q.list) }
func (q *mergeQueue) Less(i, j int) bool {
	a, b := &q.list[i], &q.list[j]
	return a.rec.key < b.rec.key || a.rec.key == b.rec.key && a.run < b.run
}
func (q *mergeQueue) Swap(i, j int) { q.list[i], q.list[j] = q.list[j], q.list[i] }
func (q *mergeQueue) Push(v any)    { q.list = append(q.list, v.(merged)) }
func (q *mergeQueue) Pop() any {
	last := q.list[len(q.list)-1]
	q.list = q.list[:len(q.list)-1]
	return last
}

// record is a row in a temporary file.
type record struct {
	key uint32
	box geo.BBox
	row []byte // valid until the next is read
}

// tempFile is a file without a name.
type tempFile struct {
	file *os.File
	out  *bufio.Writer
	size int64
}

func newTempFile(dir string) (*tempFile, error) {
	f, err := os.CreateTemp(dir, ".fgb-*")
	if err != nil {
		return nil, err
	}
	return &tempFile{file: f, out: bufio.NewWriterSize(f, 1<<20)}, nil
}

func (t *tempFile) write(b []byte) error {
	t.size += int64(len(b))
	_, err := t.out.Write(b)
	return err
}

func (t *tempFile) close() error { return errors.Join(t.file.Close(), os.Remove(t.file.Name())) }

func (t *tempFile) reader(from, to int64, buffer int) (*recordReader, error) {
	if err := t.out.Flush(); err != nil {
		return nil, err
	}
	return &recordReader{in: bufio.NewReaderSize(io.NewSectionReader(t.file, from, to-from), buffer)}, nil
}

type recordReader struct {
	in  *bufio.Reader
	buf []byte
}

func (r *recordReader) next() (record, error) {
	var head [recordHead + 4]byte
	if _, err := io.ReadFull(r.in, head[:]); err != nil {
		return record{}, err
	}
	n := int(le.Uint32(head[recordHead:])) + 4
	r.buf = append(r.buf[:0], head[recordHead:]...)
	r.buf = slices.Grow(r.buf, n-4)[:n]
	if _, err := io.ReadFull(r.in, r.buf[4:]); err != nil {
		return record{}, fmt.Errorf("a temporary file: %w", err)
	}
	return record{le.Uint32(head[:]), nodeBox(head[4:]), r.buf}, nil
}
