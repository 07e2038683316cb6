package fgb

import (
	"math"
	"math/bits"

	"contado/geo"
)

// packedTree is the index as it lies in the file: nodes of 40 bytes (minx,
// miny, maxx, maxy, offset), the root first, then level by level down to the
// leaves, which stand in the order of the rows. Where the children of a node
// are follows from its place alone, so what the file says of it is not used.
type packedTree struct {
	data     []byte
	nodeSize int
	levels   []span // from the leaves (0) to the root
}

// span is a range of nodes, half open.
type span struct{ first, end int }

const nodeBytes = 40

// treeLevels is the layout of a tree of n > 0 leaves; ok is false when it
// would not fit in limit bytes.
func treeLevels(n uint64, nodeSize int, limit int64) (levels []span, nodes int, ok bool) {
	if hi, lo := bits.Mul64(n, nodeBytes); hi != 0 || lo > uint64(limit) {
		return nil, 0, false
	}
	sizes := []int{int(n)}
	total := int(n)
	for k := int(n); ; {
		k = (k-1)/nodeSize + 1
		sizes = append(sizes, k)
		total += k
		if k == 1 {
			break
		}
	}
	if int64(total) > limit/nodeBytes {
		return nil, 0, false
	}
	at := total
	for _, size := range sizes {
		levels = append(levels, span{at - size, at})
		at -= size
	}
	return levels, total, true
}

func (t *packedTree) node(i int) []byte {
	return t.data[i*nodeBytes : i*nodeBytes+nodeBytes : i*nodeBytes+nodeBytes]
}

func nodeBox(n []byte) geo.BBox {
	return geo.BBox{
		MinX: math.Float64frombits(le.Uint64(n)), MinY: math.Float64frombits(le.Uint64(n[8:])),
		MaxX: math.Float64frombits(le.Uint64(n[16:])), MaxY: math.Float64frombits(le.Uint64(n[24:])),
	}
}

// leafBox is the box of a row; it holds nothing for a row without geometry.
func (t *packedTree) leafBox(row int) geo.BBox { return nodeBox(t.node(t.levels[0].first + row)) }

// leafOffset is where a row begins, from the first.
func (t *packedTree) leafOffset(row int) uint64 {
	return le.Uint64(t.node(t.levels[0].first + row)[32:])
}

// search calls yield with the number of each row whose box meets b, ascending.
func (t *packedTree) search(b geo.BBox, yield func(row int) bool) {
	s := searcher{t, b, yield}
	top := len(t.levels) - 1
	s.visit(top, t.levels[top].first, t.levels[top].end)
}

type searcher struct {
	*packedTree
	box   geo.BBox
	yield func(int) bool
}

func (s *searcher) visit(level, first, end int) bool {
	leaves := s.levels[0].first
	for i := first; i < end; i++ {
		n := nodeBox(s.node(i))
		// A box that holds nothing (a row without geometry) and one with NaN
		// in it meet nothing.
		if !(n.MinX <= s.box.MaxX && s.box.MinX <= n.MaxX && n.MinY <= s.box.MaxY && s.box.MinY <= n.MaxY) || n.IsEmpty() {
			continue
		}
		if level == 0 {
			if !s.yield(i - leaves) {
				return false
			}
			continue
		}
		below := s.levels[level-1]
		child := below.first + (i-s.levels[level].first)*s.nodeSize
		if !s.visit(level-1, child, min(child+s.nodeSize, below.end)) {
			return false
		}
	}
	return true
}
