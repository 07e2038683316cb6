package mosaic

import (
	"math"
	"slices"
	"sync"
)

// mostNetwork is the number of items up to which medians are found by a
// sorting network, a row of cells at a time.
const mostNetwork = 64

// median holds all pieces, and takes the middle value of each output: of an
// even number the mean of the two in the middle.
type median struct {
	c       canvas
	workers int
	pieces  []*piece
}

// leastRows is what is worth a goroutine.
const leastRows = 32

func (m *median) add(_ int, p *piece) int {
	m.pieces = append(m.pieces, p)
	n := 0
	for _, v := range p.valid {
		n += int(v & 1)
	}
	return n
}

func (m *median) finish() map[int]int {
	h := m.c.win.Height
	parts := max(min(m.workers, h/leastRows), 1)
	var g sync.WaitGroup
	for i := range parts {
		from, to := i*h/parts, (i+1)*h/parts
		if i == parts-1 {
			m.finishRows(from, to)
			break
		}
		g.Go(func() { m.finishRows(from, to) })
	}
	g.Wait()
	return nil
}

// finishRows fills rows from up to before to, which nobody else touches.
func (m *median) finishRows(from, to int) {
	s := m.newSorter()
	for y := from; y < to; y++ {
		s.rows = s.rows[:0]
		for _, p := range m.pieces {
			if y >= p.r.y && y < p.r.y+p.r.h {
				s.rows = append(s.rows, p)
			}
		}
		if len(s.rows) == 0 {
			continue
		}
		at := m.c.at(0, y)
		s.tally(y)
		for x, n := range s.count {
			if n > 0 {
				m.c.res.Mask[at+x] = 255
			}
		}
		for k, band := range m.c.res.Bands {
			s.middle(y, k, band[at:at+m.c.win.Width])
		}
	}
}

// sorter finds the medians of a row.
type sorter struct {
	rows    []*piece // those that reach the row
	count   []int32  // of values, by cell
	keys    [][]int32
	network [][][2]uint8 // by number of rows
	values  []float32
}

func (m *median) newSorter() *sorter {
	s := &sorter{count: make([]int32, m.c.win.Width), network: make([][][2]uint8, mostNetwork+1)}
	for range min(len(m.pieces), mostNetwork) {
		s.keys = append(s.keys, make([]int32, m.c.win.Width))
	}
	return s
}

func (s *sorter) tally(y int) {
	clear(s.count)
	for _, p := range s.rows {
		from := (y - p.r.y) * p.r.w
		count := s.count[p.r.x : p.r.x+p.r.w]
		for x, v := range p.valid[from : from+p.r.w] {
			count[x] += int32(v & 1)
		}
	}
}

// key orders floats as integers; of is the way back. It is its own inverse
// but for the type.
func key(v float32) int32 {
	b := int32(math.Float32bits(v))
	return b ^ int32(uint32(b>>31)>>1)
}

func of(k int32) float32 { return math.Float32frombits(uint32(k ^ int32(uint32(k>>31)>>1))) }

func (s *sorter) middle(y, k int, out []float32) {
	n := len(s.rows)
	if n > mostNetwork {
		s.middleOfMany(y, k, out)
		return
	}
	for i, p := range s.rows {
		keys := s.keys[i]
		if p.r.w < len(keys) {
			for x := range keys {
				keys[x] = math.MaxInt32
			}
		}
		from := (y - p.r.y) * p.r.w
		keys = keys[p.r.x : p.r.x+p.r.w]
		values := p.outs[k][from : from+p.r.w]
		for x, v := range p.valid[from : from+p.r.w] {
			if keys[x] = math.MaxInt32; v != 0 {
				keys[x] = key(values[x])
			}
		}
	}
	if s.network[n] == nil {
		s.network[n] = batcher(n)
	}
	for _, c := range s.network[n] {
		a, b := s.keys[c[0]], s.keys[c[1]]
		b = b[:len(a)]
		for x, p := range a {
			q := b[x]
			a[x], b[x] = min(p, q), max(p, q)
		}
	}
	for x, n := range s.count {
		if n == 0 {
			continue
		}
		out[x] = of(s.keys[n/2][x])
		if n%2 == 0 {
			out[x] = mid(of(s.keys[n/2-1][x]), out[x])
		}
	}
}

func mid(a, b float32) float32 { return float32((float64(a) + float64(b)) / 2) }

// middleOfMany sorts cell by cell.
func (s *sorter) middleOfMany(y, k int, out []float32) {
	for x, n := range s.count {
		if n == 0 {
			continue
		}
		s.values = s.values[:0]
		for _, p := range s.rows {
			px := x - p.r.x
			if px < 0 || px >= p.r.w {
				continue
			}
			if i := (y-p.r.y)*p.r.w + px; p.valid[i] != 0 {
				s.values = append(s.values, p.outs[k][i])
			}
		}
		slices.Sort(s.values)
		if out[x] = s.values[n/2]; n%2 == 0 {
			out[x] = mid(s.values[n/2-1], out[x])
		}
	}
}

// batcher is the odd-even merge sort of n rows (Batcher 1968, Sorting
// networks and their applications): the pairs to put in order, one after
// another. A pair with a row beyond n would do nothing, as if the rows up to
// the next power of two were all at the top.
func batcher(n int) [][2]uint8 {
	out := [][2]uint8{}
	for p := 1; p < n; p *= 2 {
		for k := p; k >= 1; k /= 2 {
			for j := k % p; j+k < n; j += 2 * k {
				for i := 0; i < k && i+j+k < n; i++ {
					if (i+j)/(2*p) == (i+j+k)/(2*p) {
						out = append(out, [2]uint8{uint8(i + j), uint8(i + j + k)})
					}
				}
			}
		}
	}
	return out
}
