package expr

import (
	"fmt"
	"math"
	"sync"
)

// chunk is how many cells an instruction handles at a time: a few rows of
// 2 KB each stay in the first-level cache.
const chunk = 512

// instr is one loop over a chunk: row out = kernel(rows in).
type instr struct {
	kernel kernel
	out    uint16
	in     [3]uint16
}

// Program is an expression bound to band rows. It is immutable and safe for
// concurrent use.
type Program struct {
	code   []instr
	bands  []int     // slot of each band register
	consts []float32 // of the registers after them
	rows   int       // working rows after those
	outs   []uint16
	pool   sync.Pool // of *machine
}

// machine is the registers of one run.
type machine struct {
	regs [][]float32
}

func (p *Program) machine() *machine {
	if m, ok := p.pool.Get().(*machine); ok {
		return m
	}
	m := &machine{regs: make([][]float32, len(p.bands)+len(p.consts)+p.rows)}
	buf := make([]float32, chunk*(len(p.consts)+p.rows))
	for i := range len(p.consts) + p.rows {
		m.regs[len(p.bands)+i] = buf[i*chunk : (i+1)*chunk]
	}
	for i, k := range p.consts {
		row := m.regs[len(p.bands)+i]
		for j := range row {
			row[j] = k
		}
	}
	return m
}

// Outputs is the number of rows that Run writes.
func (p *Program) Outputs() int { return len(p.outs) }

// Run computes every cell. dst has one row for each output and bands one for
// each slot that Bind named, all of the same length; dst may be the bands'
// own rows. mask is of that length (0 = leave the cell out): it is cleared
// where an output has no value, and such cells, like those left out, become 0
// in all outputs. With a nil mask cells without a value become NaN. Rows of
// wrong number or length are a mistake of the caller: Run panics.
func (p *Program) Run(dst [][]float32, mask []uint8, bands [][]float32) {
	n := p.check(dst, mask, bands)
	m := p.machine()
	for lo := 0; lo < n; lo += chunk {
		hi := min(lo+chunk, n)
		if mask != nil && blank(mask[lo:hi]) {
			for _, d := range dst {
				clear(d[lo:hi])
			}
			continue
		}
		for i, s := range p.bands {
			m.regs[i] = bands[s][lo:hi]
		}
		for i := range p.code {
			c := &p.code[i]
			c.kernel(m.regs[c.out][:hi-lo], m.regs[c.in[0]], m.regs[c.in[1]], m.regs[c.in[2]])
		}
		p.finish(m, dst, mask, lo, hi)
	}
	for i := range p.bands {
		m.regs[i] = nil // the pool keeps no caller's rows
	}
	p.pool.Put(m)
}

// check gives the number of cells.
func (p *Program) check(dst [][]float32, mask []uint8, bands [][]float32) int {
	if len(dst) != len(p.outs) {
		panic(fmt.Sprintf("expr: %d rows for %d outputs", len(dst), len(p.outs)))
	}
	n := len(dst[0])
	for _, d := range dst {
		if len(d) != n {
			panic(fmt.Sprintf("expr: output rows of %d and %d cells", n, len(d)))
		}
	}
	if mask != nil && len(mask) != n {
		panic(fmt.Sprintf("expr: mask of %d cells, rows of %d", len(mask), n))
	}
	for _, s := range p.bands {
		if s >= len(bands) || len(bands[s]) != n {
			panic(fmt.Sprintf("expr: no band row %d of %d cells", s, n))
		}
	}
	return n
}

func blank(mask []uint8) bool {
	for _, m := range mask {
		if m != 0 {
			return false
		}
	}
	return true
}

// finish clears the mask of cells without a value and writes the outputs,
// which may be the rows that the bands were read from.
func (p *Program) finish(m *machine, dst [][]float32, mask []uint8, lo, hi int) {
	if mask == nil {
		for k, o := range p.outs {
			finite(dst[k][lo:hi], m.regs[o], nil, nil)
		}
		return
	}
	mask = mask[lo:hi]
	if len(p.outs) == 1 {
		settleRow(dst[0][lo:hi], m.regs[p.outs[0]], mask)
		return
	}
	for _, o := range p.outs {
		for i, v := range m.regs[o][:len(mask)] {
			if v-v != 0 {
				mask[i] = 0
			}
		}
	}
	for k, o := range p.outs {
		d := dst[k][lo:hi]
		r, mask := m.regs[o][:len(d)], mask[:len(d)]
		for i := range d {
			u := math.Float32bits(r[i])
			if mask[i] == 0 {
				u = 0
			}
			d[i] = math.Float32frombits(u)
		}
	}
}

// settleRow is finish for one output.
func settleRow(d, r []float32, mask []uint8) {
	r, mask = r[:len(d)], mask[:len(d)]
	for i := range d {
		u, m := math.Float32bits(r[i]), mask[i]
		if u&0x7f800000 == 0x7f800000 {
			m = 0
		}
		mask[i] = m
		if m == 0 {
			u = 0
		}
		d[i] = math.Float32frombits(u)
	}
}
