package osm

import (
	"cmp"
	"encoding/binary"
	"math"
	"os"
	"slices"

	"contado/geo/fault"
	"contado/ingest/osm/stream"

	"golang.org/x/sys/unix"
)

// A page holds up to pageNodes nodes in the order of their ids, nodeBytes
// each: the id less the page's first one, longitude, latitude, 32 bits each.
const (
	nodeBytes = 12
	pageNodes = 1 << 16
)

// nodeStore keeps the positions of all nodes: 12 bytes a node and 40 a page
// of 65,536, so 60 million nodes take 720 MB. Pages beyond a bound on memory go to
// a working file that is mapped once it is complete.
type nodeStore struct {
	pages  []page
	cur    []byte // the page being filled
	first  int64  // id of its first node
	last   int64
	count  int64
	memory int64 // bytes left before pages go to the file
	sorted bool
	twice  int64

	path    string
	spilled *os.File
	size    int64 // of the file
	mapped  []byte
	hint    int
}

type page struct {
	first int64
	data  []byte
	at    int64 // place in the working file, or −1
	n     int
}

func newNodeStore(path string, memory int64) *nodeStore {
	return &nodeStore{path: path, memory: memory, sorted: true}
}

// add keeps a node. Nodes come in the order of their ids, or else wait to be
// sorted, for which they must fit into memory.
func (s *nodeStore) add(id int64, at stream.Position) error {
	if s.count > 0 && id <= s.last {
		s.sorted = false
	}
	if len(s.cur) == pageNodes*nodeBytes || len(s.cur) > 0 && (id < s.first || id-s.first > math.MaxUint32) {
		if err := s.flush(); err != nil {
			return err
		}
	}
	if len(s.cur) == 0 {
		s.first = id
		if s.cur == nil {
			s.cur = make([]byte, 0, pageNodes*nodeBytes)
		}
	}
	s.cur = appendNode(s.cur, uint32(id-s.first), at)
	s.last = id
	s.count++
	return nil
}

func appendNode(b []byte, offset uint32, at stream.Position) []byte {
	b = binary.LittleEndian.AppendUint32(b, offset)
	b = binary.LittleEndian.AppendUint32(b, uint32(at.Lon))
	return binary.LittleEndian.AppendUint32(b, uint32(at.Lat))
}

// flush ends the page being filled.
func (s *nodeStore) flush() error {
	if len(s.cur) == 0 {
		return nil
	}
	p := page{first: s.first, at: -1, n: len(s.cur) / nodeBytes}
	if size := int64(len(s.cur)); size > s.memory {
		if err := s.spill(s.cur); err != nil {
			return err
		}
		p.at = s.size
		s.size += size
		s.cur = s.cur[:0]
	} else {
		p.data = slices.Clip(s.cur)
		if len(p.data) < pageNodes*nodeBytes/2 {
			p.data = slices.Clone(p.data)
		}
		s.memory -= int64(len(p.data))
		s.cur = nil
	}
	s.pages = append(s.pages, p)
	return nil
}

func (s *nodeStore) spill(b []byte) error {
	if s.spilled == nil {
		f, err := os.OpenFile(s.path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
		if err != nil {
			return fault.E("osm.Convert", fault.Other, err)
		}
		s.spilled = f
	}
	if _, err := s.spilled.WriteAt(b, s.size); err != nil {
		return fault.E("osm.Convert", fault.Other, err)
	}
	return nil
}

// finish ends the adding: the store can be asked from now on.
func (s *nodeStore) finish() error {
	if err := s.flush(); err != nil {
		return err
	}
	s.cur = nil
	if !s.sorted {
		return s.sort()
	}
	if s.spilled == nil {
		return nil
	}
	m, err := unix.Mmap(int(s.spilled.Fd()), 0, int(s.size), unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		return fault.E("osm.Convert", fault.Other, err)
	}
	s.mapped = m
	for i := range s.pages {
		if p := &s.pages[i]; p.at >= 0 {
			p.data = m[p.at : p.at+int64(p.n)*nodeBytes]
		}
	}
	return nil
}

// sort puts nodes of a file without order into order; the last of several
// with the same id counts.
func (s *nodeStore) sort() error {
	if s.spilled != nil {
		return fault.WithHint(fault.Errorf("osm.Convert", fault.TooLarge, "the nodes are not in the order of their ids, and too many to be sorted in memory"),
			"sort the file with osmium sort first")
	}
	type node struct {
		id int64
		at stream.Position
	}
	all := make([]node, 0, s.count)
	for _, p := range s.pages {
		for i := range p.n {
			off, at := p.node(i)
			all = append(all, node{p.first + int64(off), at})
		}
	}
	slices.SortStableFunc(all, func(a, b node) int { return cmp.Compare(a.id, b.id) })
	sorted := newNodeStore(s.path, math.MaxInt64)
	for i, n := range all {
		if i+1 < len(all) && all[i+1].id == n.id {
			s.twice++
			continue
		}
		if err := sorted.add(n.id, n.at); err != nil {
			return err
		}
	}
	if err := sorted.flush(); err != nil {
		return err
	}
	s.pages, s.count = sorted.pages, sorted.count
	return nil
}

func (p *page) node(i int) (uint32, stream.Position) {
	b := p.data[i*nodeBytes : i*nodeBytes+nodeBytes]
	return binary.LittleEndian.Uint32(b), stream.Position{
		Lon: int32(binary.LittleEndian.Uint32(b[4:])), Lat: int32(binary.LittleEndian.Uint32(b[8:])),
	}
}

// find is the position of a node; false when it is not in the file.
func (s *nodeStore) find(id int64) (stream.Position, bool) {
	// Nodes of a way are often neighbours: the page of the one before first.
	i := s.hint
	if i >= len(s.pages) || id < s.pages[i].first || i+1 < len(s.pages) && id >= s.pages[i+1].first {
		n, found := slices.BinarySearchFunc(s.pages, id, func(p page, id int64) int { return cmp.Compare(p.first, id) })
		if i = n; !found {
			i--
		}
		if i < 0 {
			return stream.Position{}, false
		}
		s.hint = i
	}
	p := &s.pages[i]
	off := id - p.first
	if off > math.MaxUint32 {
		return stream.Position{}, false
	}
	lo, hi := 0, p.n
	for lo < hi {
		mid := int(uint(lo+hi) >> 1)
		if int64(binary.LittleEndian.Uint32(p.data[mid*nodeBytes:])) < off {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	if lo == p.n {
		return stream.Position{}, false
	}
	if o, at := p.node(lo); int64(o) == off {
		return at, true
	}
	return stream.Position{}, false
}

// close gives memory and file back.
func (s *nodeStore) close() {
	s.pages = nil
	if s.mapped != nil {
		_ = unix.Munmap(s.mapped) // cannot fail for what was mapped
		s.mapped = nil
	}
	if s.spilled != nil {
		_ = s.spilled.Close() // only a working file
		_ = os.Remove(s.path)
		s.spilled = nil
	}
}
