package vector

import (
	"math"
	"sync"

	"contado/geo/fgb"
)

// A row of very many vertices is not gone through for each tile. Its rings and
// lines are divided into strips, each with its box, and strips into larger
// ones. Where a strip lies on the far side of one of the tile's borders, the
// straight line between its ends does too: what the tile shows is the same
// with the line in its place. Where a strip is smaller than half a unit, which
// is within what simplification may leave out, its end stands for it.

const (
	// manyVertices is from where a row has strips.
	manyVertices = 4096
	stripEdges   = 8 // of the smallest strips
	stripFan     = 8 // strips in a larger one
	// mostStripped bounds the strips that a summary keeps, in vertices of some
	// five bytes.
	mostStripped = 8 << 20
)

// strips are the boxes of the strips of a row, in steps of the world: by ring
// or line, by level from the smallest.
type strips struct {
	rings    [][][]box
	vertices int
}

// stripCache keeps the strips of rows that were asked for.
type stripCache struct {
	mu       sync.Mutex
	kept     map[int]*strips
	vertices int
}

// stripsOf makes the strips of a row, or remembers them.
func (s *summary) stripsOf(row int, shape *fgb.Shape) (*strips, error) {
	c := &s.strips
	c.mu.Lock()
	defer c.mu.Unlock()
	if p := c.kept[row]; p != nil {
		return p, nil
	}
	p, err := newStrips(s.warp, shape)
	if err != nil {
		return nil, err
	}
	if c.vertices += p.vertices; c.kept == nil || c.vertices > mostStripped {
		c.kept, c.vertices = map[int]*strips{}, p.vertices
	}
	c.kept[row] = p
	return p, nil
}

func newStrips(w *warp, s *fgb.Shape) (*strips, error) {
	p := &strips{vertices: len(s.XY)/2 + 64*len(s.Ends)}
	from := uint32(0)
	for _, to := range s.Ends {
		levels, err := stripRing(w, s.XY[2*from:2*to])
		if err != nil {
			return nil, err
		}
		p.rings = append(p.rings, levels)
		from = to
	}
	return p, nil
}

// stripRing gives the boxes of the strips of a ring or line. Those of the
// smallest hold stripEdges edges.
func stripRing(w *warp, at []float64) ([][]box, error) {
	edges := len(at)/2 - 1
	var xy [2 * (stripEdges + 1)]float64
	var level []box
	for first := 0; first < edges; first += stripEdges {
		end := min(first+stripEdges, edges)
		part := xy[:2*(end-first+1)]
		if err := w.points(part, at[2*first:2*end+2]); err != nil {
			return nil, err
		}
		b := box{math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)}
		for i := 0; i < len(part); i += 2 {
			x, y := toStep(part[i], part[i+1])
			if !(math.Abs(x) < 1e15 && math.Abs(y) < 1e15) { // no place: look at each
				x, y = math.NaN(), math.NaN()
			}
			b.minX, b.minY = min(b.minX, x), min(b.minY, y) // NaN stays
			b.maxX, b.maxY = max(b.maxX, x), max(b.maxY, y)
		}
		level = append(level, b)
	}
	levels := [][]box{level}
	for len(level) > 1 {
		up := make([]box, 0, (len(level)+stripFan-1)/stripFan)
		for i := 0; i < len(level); i += stripFan {
			b := level[i]
			for _, o := range level[i+1 : min(i+stripFan, len(level))] {
				b.minX, b.minY = min(b.minX, o.minX), min(b.minY, o.minY)
				b.maxX, b.maxY = max(b.maxX, o.maxX), max(b.maxY, o.maxY)
			}
			up = append(up, b)
		}
		levels, level = append(levels, up), up
	}
	return levels, nil
}

// stripWalker goes along a ring and takes the vertices that a tile needs.
type stripWalker struct {
	near  box     // that the tile draws, in steps
	fine  float64 // steps that make no difference
	at    []float64
	out   []float64
	chord []bool // by vertex of out: the edge before it stands for others

	levels  [][]box
	edges   int
	beyond  uint8 // borders of near that the strips up to pending lie beyond; 0: none
	pending int   // vertex
}

// ring takes what is needed of a ring or line.
func (w *stripWalker) ring(at []float64, levels [][]box) {
	w.at, w.levels, w.edges, w.beyond = at, levels, len(at)/2-1, 0
	if w.edges < 0 {
		return
	}
	w.take(0, false)
	if w.edges == 0 {
		return
	}
	top := len(levels) - 1
	for i := range levels[top] {
		w.strip(top, i)
	}
	w.flush()
}

func (w *stripWalker) take(i int, chord bool) {
	w.out = append(w.out, w.at[2*i], w.at[2*i+1])
	w.chord = append(w.chord, chord)
}

func (w *stripWalker) flush() {
	if w.beyond != 0 {
		w.beyond = 0
		w.take(w.pending, true)
	}
}

func (w *stripWalker) strip(level, i int) {
	b := &w.levels[level][i]
	size := stripEdges
	for range level {
		size *= stripFan
	}
	end := min((i+1)*size, w.edges)
	beyond := uint8(0)
	for k, out := range [4]bool{b.maxX < w.near.minX, b.minX > w.near.maxX, b.maxY < w.near.minY, b.minY > w.near.maxY} {
		if out {
			beyond |= 1 << k
		}
	}
	switch {
	case beyond != 0:
		if w.beyond&beyond == 0 {
			w.flush()
			w.beyond = beyond
		}
		w.beyond &= beyond
		w.pending = end
	case b.maxX-b.minX <= w.fine && b.maxY-b.minY <= w.fine:
		w.flush()
		w.take(end, false)
	case level > 0:
		below := w.levels[level-1]
		for k := i * stripFan; k < min((i+1)*stripFan, len(below)); k++ {
			w.strip(level-1, k)
		}
	default:
		w.flush()
		for k := i*size + 1; k <= end; k++ {
			w.take(k, false)
		}
	}
}

// thin leaves of the shape that was read what the tile needs.
func (c *collector) thin(p *strips) {
	margin := float64(c.v.margin(coarse + 1))
	w := &c.walker
	w.near = box{
		float64(c.v.x0) - margin, float64(c.v.y0) - margin,
		float64(c.v.x0+c.v.side) + margin, float64(c.v.y0+c.v.side) + margin,
	}
	w.fine = float64(c.v.side) / (2 * extent)
	w.out, w.chord = w.out[:0], w.chord[:0]
	ends := c.thinEnds[:0]
	from := uint32(0)
	for i, to := range c.flat.Ends {
		w.ring(c.flat.XY[2*from:2*to], p.rings[i])
		ends = append(ends, uint32(len(w.out)/2))
		from = to
	}
	c.thinEnds = ends
	c.flat.XY, c.flat.Ends, c.chord = w.out, ends, w.chord
	w.at, w.levels = nil, nil
}
