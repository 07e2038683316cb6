package blockstats

import (
	"math"
	"slices"
	"sync"

	"contado/geo/grid"
)

// add sums the blocks of a window. Windows that run at once share no block.
func (c *collector) add(band int, win grid.Window, cells []float64) {
	n := c.h.Side
	var counts *local
	if c.classes[band] != nil && !c.classes[band].tooMany() {
		counts = &local{}
	}
	for r := 0; r < win.Height; r += n {
		for col := 0; col < win.Width; col += n {
			b := block{cells: cells[r*win.Width+col:], stride: win.Width, cols: min(n, win.Width-col), rows: min(n, win.Height-r)}
			at := (win.Row+r)/n*c.cols + (win.Col+col)/n
			c.sums[band][at] = b.sum()
			if counts != nil {
				b.count(counts)
				c.classes[band].add(at, counts)
			}
		}
	}
}

// block is a block of cells within a window.
type block struct {
	cells              []float64
	stride, cols, rows int
}

func (b *block) row(r int) []float64 { return b.cells[r*b.stride : r*b.stride+b.cols] }

// sum goes over the block twice: differences from the mean itself keep the
// digits of a small spread around a large value, whatever stands out.
func (b *block) sum() Summary {
	s := Summary{Min: math.Inf(1), Max: math.Inf(-1)}
	var sum, comp float64 // compensated (Neumaier 1974)
	n := 0
	for r := range b.rows {
		k, v, lo, hi := sumRow(b.row(r))
		n += k
		s.Min, s.Max = math.Min(s.Min, lo), math.Max(s.Max, hi)
		t := sum + v
		if math.Abs(sum) >= math.Abs(v) {
			comp += (sum - t) + v
		} else {
			comp += (v - t) + sum
		}
		sum = t
	}
	if n == 0 {
		return Summary{Min: math.NaN(), Max: math.NaN()}
	}
	s.Count, s.Sum = float64(n), sum+comp
	if s.Min == s.Max {
		return checked(s)
	}
	mean := s.Sum / s.Count
	var d, dd float64
	for r := range b.rows {
		rd, rdd := squares(b.row(r), mean)
		d += rd
		dd += rdd
	}
	s.M2 = math.Max(0, dd-d*d/s.Count)
	return checked(s)
}

// sumRow counts and sums the finite values of a row. A sum of finite values
// is finite, but for overflow: the check is made once for the row.
func sumRow(vs []float64) (n int, s, lo, hi float64) {
	lo, hi = math.Inf(1), math.Inf(-1)
	var s0, s1 float64
	i := 0
	for ; i+2 <= len(vs); i += 2 {
		a, b := vs[i], vs[i+1]
		s0 += a
		s1 += b
		if a < lo {
			lo = a
		}
		if a > hi {
			hi = a
		}
		if b < lo {
			lo = b
		}
		if b > hi {
			hi = b
		}
	}
	if i < len(vs) {
		s0 += vs[i]
		lo, hi = math.Min(lo, vs[i]), math.Max(hi, vs[i])
	}
	if s = s0 + s1; finite(s) {
		return len(vs), s, lo, hi
	}
	s, lo, hi = 0, math.Inf(1), math.Inf(-1)
	for _, v := range vs {
		if finite(v) {
			n++
			s += v
			lo, hi = math.Min(lo, v), math.Max(hi, v)
		}
	}
	return n, s, lo, hi
}

// squares is Σ (v−k) and Σ (v−k)² over the finite values.
func squares(vs []float64, k float64) (d, dd float64) {
	var d0, d1, q0, q1 float64
	i := 0
	for ; i+2 <= len(vs); i += 2 {
		a, b := vs[i]-k, vs[i+1]-k
		d0 += a
		d1 += b
		q0 += a * a
		q1 += b * b
	}
	if i < len(vs) {
		a := vs[i] - k
		d0 += a
		q0 += a * a
	}
	if d, dd = d0+d1, q0+q1; finite(d) && finite(dd) {
		return d, dd
	}
	d, dd = 0, 0
	for _, v := range vs {
		if finite(v) {
			a := v - k
			d += a
			dd += a * a
		}
	}
	return d, dd
}

// checked puts NaN where float64 cannot hold the sums.
func checked(s Summary) Summary {
	if !finite(s.Sum) || !finite(s.M2) {
		s.Sum, s.M2 = math.NaN(), math.NaN()
	}
	return s
}

// classes are the cells of each value in each block of a band.
type classes struct {
	mu     sync.Mutex
	blocks int
	index  map[float64]int
	planes [][]uint32 // [class][block]; nil when there are too many
	over   bool
}

func newClasses(blocks int) *classes { return &classes{blocks: blocks, index: map[float64]int{}} }

func (c *classes) tooMany() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.over
}

func (c *classes) add(at int, l *local) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.over {
		return
	}
	if l.over {
		c.drop()
		return
	}
	for _, e := range l.entries {
		i, ok := c.index[e.value]
		if !ok {
			if i = len(c.planes); i == MaxClasses {
				c.drop()
				return
			}
			c.index[e.value] = i
			c.planes = append(c.planes, make([]uint32, c.blocks))
		}
		c.planes[i][at] = e.cells
	}
}

func (c *classes) drop() { c.over, c.planes, c.index = true, nil, nil }

// sorted are the values in rising order, whoever met them first.
func (c *classes) sorted() []float64 {
	if c == nil || c.over {
		return nil
	}
	out := make([]float64, 0, len(c.index))
	for v := range c.index {
		out = append(out, v)
	}
	slices.Sort(out)
	return out
}

// local counts the values of one block.
type local struct {
	entries []localEntry
	over    bool
}

type localEntry struct {
	value float64
	cells uint32
}

// count counts equal neighbours together; few values make the search short.
func (b *block) count(l *local) {
	l.entries, l.over = l.entries[:0], false
	last := 0
	for r := range b.rows {
		row := b.row(r)
		for i := 0; i < len(row); {
			v, from := row[i]+0, i // +0 makes −0 into 0
			for i++; i < len(row) && row[i] == v; i++ {
			}
			if !finite(v) {
				continue
			}
			if last >= len(l.entries) || l.entries[last].value != v {
				last = slices.IndexFunc(l.entries, func(e localEntry) bool { return e.value == v })
			}
			if last < 0 {
				if last = len(l.entries); last == MaxClasses {
					l.over = true
					return
				}
				l.entries = append(l.entries, localEntry{value: v})
			}
			l.entries[last].cells += uint32(i - from)
		}
	}
}
