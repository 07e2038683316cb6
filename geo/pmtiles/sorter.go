package pmtiles

import (
	"bufio"
	"container/heap"
	"encoding/binary"
	"io"
	"os"
	"slices"
)

// record is a tile that was put: its id and its bytes in the spool.
type record struct {
	id     uint64
	offset uint64
	length uint32
}

const recordSize = 20

func (r record) append(b []byte) []byte {
	b = binary.LittleEndian.AppendUint64(b, r.id)
	b = binary.LittleEndian.AppendUint64(b, r.offset)
	return binary.LittleEndian.AppendUint32(b, r.length)
}

func parseRecord(b []byte) record {
	return record{binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[8:]), binary.LittleEndian.Uint32(b[16:])}
}

// sorter puts records in the order of their ids with at most a number of
// them in memory: full buffers are sorted and written out as runs.
type sorter struct {
	folder string
	most   int
	buffer []record
	file   *os.File // the runs, one after the other; nil: none yet
	runs   []section
	end    uint64
}

func (s *sorter) add(r record) error {
	s.buffer = append(s.buffer, r)
	if len(s.buffer) < s.most {
		return nil
	}
	return s.spill()
}

func (s *sorter) sort() {
	slices.SortFunc(s.buffer, func(a, b record) int {
		switch {
		case a.id < b.id:
			return -1
		case a.id > b.id:
			return 1
		}
		return 0
	})
}

func (s *sorter) spill() (err error) {
	if s.file == nil {
		if s.file, err = unnamed(s.folder); err != nil {
			return err
		}
	}
	s.sort()
	w := bufio.NewWriterSize(io.NewOffsetWriter(s.file, int64(s.end)), 1<<18)
	var b [recordSize]byte
	for _, r := range s.buffer {
		if _, err := w.Write(r.append(b[:0])); err != nil {
			return err
		}
	}
	n := uint64(len(s.buffer)) * recordSize
	s.runs = append(s.runs, section{s.end, n})
	s.end += n
	s.buffer = s.buffer[:0]
	return w.Flush()
}

// each calls visit with all records in ascending order of ids.
func (s *sorter) each(visit func(record) error) error {
	s.sort()
	if len(s.runs) == 0 {
		for _, r := range s.buffer {
			if err := visit(r); err != nil {
				return err
			}
		}
		return nil
	}
	var m merge
	for _, r := range s.runs {
		in := bufio.NewReaderSize(io.NewSectionReader(s.file, int64(r.offset), int64(r.length)), 1<<16)
		if err := m.add(in); err != nil {
			return err
		}
	}
	if err := m.add(nil, s.buffer...); err != nil {
		return err
	}
	for len(m) > 0 {
		top := m[0]
		if err := visit(top.head); err != nil {
			return err
		}
		ok, err := top.advance()
		if err != nil {
			return err
		}
		if ok {
			heap.Fix(&m, 0)
		} else {
			heap.Pop(&m)
		}
	}
	return nil
}

func (s *sorter) close() error {
	if s.file == nil {
		return nil
	}
	return s.file.Close()
}

// stream is one sorted run: from a file, or what is still in memory.
type stream struct {
	in   *bufio.Reader
	rest []record
	head record
}

func (s *stream) advance() (bool, error) {
	if s.in == nil {
		if len(s.rest) == 0 {
			return false, nil
		}
		s.head, s.rest = s.rest[0], s.rest[1:]
		return true, nil
	}
	var b [recordSize]byte
	switch _, err := io.ReadFull(s.in, b[:]); err {
	case nil:
		s.head = parseRecord(b[:])
		return true, nil
	case io.EOF:
		return false, nil
	default:
		return false, err
	}
}

// merge is a heap of runs by their next id.
type merge []*stream

func (m *merge) add(in *bufio.Reader, rest ...record) error {
	s := &stream{in: in, rest: rest}
	ok, err := s.advance()
	if ok {
		heap.Push(m, s)
	}
	return err
}

func (m merge) Len() int           { return len(m) }
func (m merge) Less(i, j int) bool { return m[i].head.id < m[j].head.id }
func (m merge) Swap(i, j int)      { m[i], m[j] = m[j], m[i] }
func (m *merge) Push(x any)        { *m = append(*m, x.(*stream)) }

func (m *merge) Pop() any {
	last := len(*m) - 1
	s := (*m)[last]
	*m = (*m)[:last]
	return s
}

// unnamed makes a file that is gone once it is closed, whatever happens.
func unnamed(folder string) (*os.File, error) {
	f, err := os.CreateTemp(folder, ".pmtiles-*.part")
	if err != nil {
		return nil, err
	}
	if err := os.Remove(f.Name()); err != nil {
		_ = f.Close() // the first error says more
		return nil, err
	}
	return f, nil
}
