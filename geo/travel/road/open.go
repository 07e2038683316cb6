package road

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"math"
	"unsafe"

	"contado/geo/fault"
	"contado/geo/mmap"
)

// Open maps a file that Create wrote into memory. All of it is checked, so
// that no file, whatever bytes it holds, makes a search go wrong later. Close
// the network after use. Errors: Invalid for damaged files, Unsupported for
// other versions.
func Open(path string) (*Network, error) {
	data, unmap, err := mmap.File(path)
	if err != nil {
		return nil, err
	}
	n, err := decode(data)
	if err != nil {
		if e := unmap(); e != nil {
			return nil, e
		}
		return nil, fmt.Errorf("road network %s: %w", path, err)
	}
	n.unmap = unmap
	return n, nil
}

func damaged(format string, args ...any) error {
	return fault.WithHint(fault.Errorf("road.Open", fault.Invalid, "the file is damaged: "+format, args...), "remove it: it is made again when it is wanted")
}

// decode makes a network of the bytes of a file, without a copy.
func decode(data []byte) (*Network, error) {
	if !littleEndian() {
		return nil, fault.Errorf("road.Open", fault.Unsupported, "road networks are read on little-endian machines only")
	}
	if len(data) < headerBytes || string(data[:8]) != magic {
		return nil, damaged("it does not begin as a road network does")
	}
	if uintptr(unsafe.Pointer(&data[0]))%8 != 0 {
		data = aligned(data)
	}
	if v := binary.LittleEndian.Uint32(data[8:]); v != version {
		return nil, fault.Errorf("road.Open", fault.Unsupported, "the road network has version %d, this program reads %d", v, version)
	}
	n := &Network{}
	var notes []byte
	list := n.sections(&notes)
	if err := readTable(data, list); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(notes, &n.notes); err != nil {
		return nil, damaged("notes: %w", err)
	}
	return n, n.check()
}

// aligned is a copy that begins at a multiple of 8.
func aligned(data []byte) []byte {
	words := make([]uint64, (len(data)+7)/8)
	out := bytesOf(words)[:len(data)]
	copy(out, data)
	return out
}

func readTable(data []byte, list []section) error {
	size := uint64(len(data))
	tableEnd := headerBytes + len(list)*entryBytes
	if binary.LittleEndian.Uint32(data[12:]) != uint32(len(list)) || len(data) < tableEnd {
		return damaged("it has another number of sections")
	}
	if binary.LittleEndian.Uint64(data[16:]) != size {
		return damaged("it has %d bytes, and should have %d", size, binary.LittleEndian.Uint64(data[16:]))
	}
	table := data[headerBytes:tableEnd]
	if crc32.Checksum(table, castagnoli) != binary.LittleEndian.Uint32(data[24:]) {
		return damaged("its table does not fit its check")
	}
	for i, s := range list {
		e := table[i*entryBytes:]
		offset, length := binary.LittleEndian.Uint64(e[8:]), binary.LittleEndian.Uint64(e[16:])
		switch {
		case binary.LittleEndian.Uint32(e) != uint32(s.entry) || length%uint64(s.entry) != 0:
			return damaged("section %d has entries of another size", i)
		case offset%alignment != 0 || offset > size || length > size-offset:
			return damaged("section %d lies outside", i)
		}
		part := data[offset : offset+length]
		if crc32.Checksum(part, castagnoli) != binary.LittleEndian.Uint32(e[4:]) {
			return damaged("section %d does not fit its check", i)
		}
		s.set(part)
	}
	return nil
}

// check tells whether all numbers of a network lead somewhere.
func (n *Network) check() error {
	nodes, edges := len(n.nodes), len(n.edges)
	if nodes > 2*maxEdges || edges > maxEdges || edges == 0 {
		return damaged("%d nodes and %d edges", nodes, edges)
	}
	for what, ok := range map[string]bool{
		"shapes":       rising(n.shapeAt, edges, len(n.shape)),
		"heights":      rising(n.sampleAt, edges, len(n.samples)),
		"arcs":         rising(n.head, nodes, len(n.arcs)) && len(n.arcs) == 2*edges,
		"texts":        len(n.textAt) >= 2 && n.textAt[1] == 0 && rising(n.textAt, len(n.textAt)-1, len(n.text)),
		"restrictions": rising(n.banAt, len(n.banModes), len(n.bans)),
	} {
		if !ok {
			return damaged("the index of its %s is wrong", what)
		}
	}
	if err := n.checkEdges(); err != nil {
		return err
	}
	return n.checkBans()
}

// rising reports whether an index of n things runs from 0 up to end.
func rising(at []uint32, n, end int) bool {
	if len(at) != n+1 || at[0] != 0 || uint64(at[n]) != uint64(end) {
		return false
	}
	for i := range n {
		if at[i] > at[i+1] {
			return false
		}
	}
	return true
}

func (n *Network) checkEdges() error {
	nodes, ways, texts := uint32(len(n.nodes)), uint32(len(n.ways)), uint32(len(n.textAt)-1)
	for i, e := range n.edges {
		if e.from >= nodes || e.to >= nodes || e.way >= ways || !(e.metres >= 0 && e.metres <= math.MaxInt32) {
			return damaged("edge %d", i)
		}
	}
	for i := range n.ways {
		w := &n.ways[i]
		if max(w.name, w.ref, w.class, w.surface, w.track) >= texts || !finite(w.maxForward, w.maxBackward, w.seconds, w.metres) {
			return damaged("way %d", i)
		}
		for _, a := range w.access {
			if a >= uint8(accessKinds) {
				return damaged("way %d", i)
			}
		}
	}
	seen := make([]uint64, len(n.edges)/32+1)
	for i := range nodes {
		for _, arc := range n.arcs[n.head[i]:n.head[i+1]] {
			if int(arc>>1) >= len(n.edges) || n.tail(arc) != i || seen[arc/64]&(1<<(arc%64)) != 0 {
				return damaged("arcs of node %d", i)
			}
			seen[arc/64] |= 1 << (arc % 64)
		}
	}
	return nil
}

// finite reports whether all are numbers from 0 to 1e9.
func finite(list ...float32) bool {
	for _, v := range list {
		if !(v >= 0 && v <= 1e9) {
			return false
		}
	}
	return true
}

func (n *Network) checkBans() error {
	for i := range n.banModes {
		chain := n.bans[n.banAt[i]:n.banAt[i+1]]
		if len(chain) < 2 || len(chain) > maxChain+2 {
			return damaged("restriction %d", i)
		}
		for k, arc := range chain {
			if int(arc>>1) >= len(n.edges) || k > 0 && n.tip(chain[k-1]) != n.tail(arc) {
				return damaged("restriction %d", i)
			}
		}
	}
	return nil
}
