package fgb

import (
	"fmt"
	"math"
	"os"

	"contado/geo"
)

// treeWriter writes a packed tree while its leaves arrive: of each level it
// holds one open node and a few finished ones that wait to be written.
type treeWriter struct {
	out      *os.File
	at       int64 // where the tree begins
	nodeSize int
	levels   []levelWriter
}

// levelWriter writes the nodes of one level, one after another.
type levelWriter struct {
	span
	next int // the node that comes next
	buf  []byte
	// The open node of this level: the box, the number and the first of its
	// children so far.
	box   geo.BBox
	n     int
	child int
}

const levelBuffer = 1000 * nodeBytes

func newTreeWriter(out *os.File, at int64, count uint64, nodeSize int) (*treeWriter, error) {
	spans, _, ok := treeLevels(count, nodeSize, math.MaxInt64/2)
	if !ok {
		return nil, fmt.Errorf("fgb: %d rows are too many", count)
	}
	t := &treeWriter{out: out, at: at, nodeSize: nodeSize, levels: make([]levelWriter, len(spans))}
	for i, s := range spans {
		t.levels[i] = levelWriter{span: s, next: s.first, box: geo.EmptyBBox()}
	}
	return t, nil
}

// end is where the tree ends in the file.
func (t *treeWriter) end() int64 { return t.at + int64(t.levels[0].end)*nodeBytes }

// add appends a node to a level, and what is full above it.
func (t *treeWriter) add(level int, box geo.BBox, offset uint64) error {
	l := &t.levels[level]
	if l.next == l.end {
		return fmt.Errorf("fgb: level %d of the index has more than %d nodes", level, l.end-l.first)
	}
	for _, v := range [...]float64{box.MinX, box.MinY, box.MaxX, box.MaxY} {
		l.buf = le.AppendUint64(l.buf, math.Float64bits(v))
	}
	l.buf = le.AppendUint64(l.buf, offset)
	node := l.next
	l.next++
	if len(l.buf) >= levelBuffer {
		if err := t.flush(l); err != nil {
			return err
		}
	}
	if level+1 == len(t.levels) {
		return nil
	}
	up := &t.levels[level+1]
	if up.n == 0 {
		up.child = node
	}
	up.box = up.box.Union(box)
	up.n++
	if up.n == t.nodeSize {
		return t.shut(level + 1)
	}
	return nil
}

// shut finishes the open node of a level.
func (t *treeWriter) shut(level int) error {
	l := &t.levels[level]
	box, child := l.box, l.child
	l.box, l.n = geo.EmptyBBox(), 0
	return t.add(level, box, uint64(child))
}

func (t *treeWriter) flush(l *levelWriter) error {
	first := l.next - len(l.buf)/nodeBytes
	_, err := t.out.WriteAt(l.buf, t.at+int64(first)*nodeBytes)
	l.buf = l.buf[:0]
	return err
}

// close writes what is open.
func (t *treeWriter) close() error {
	for i := range t.levels {
		l := &t.levels[i]
		if l.n > 0 {
			if err := t.shut(i); err != nil {
				return err
			}
		}
		if err := t.flush(l); err != nil {
			return err
		}
		if l.next != l.end {
			return fmt.Errorf("fgb: level %d of the index has %d nodes of %d", i, l.next-l.first, l.end-l.first)
		}
	}
	return nil
}
