package zonal

import (
	"cmp"
	"math"
	"math/bits"
	"slices"
)

// table sums covered fractions per distinct value. Up to its limit it is
// exact; when more values come, it keeps fewer bits of them: all values that
// share sign, exponent and leading mantissa bits fall into one bin. Bins of
// coarser tables hold whole bins of finer ones, so tables merge in any order.
type table struct {
	keys    []uint64 // float64 bits without the low shift ones; free is empty
	frac    []float64
	area    []float64 // m²; nil when not asked for
	n       int
	shift   uint // 0 is exact
	limit   int
	last    uint64 // run of equal values not yet written
	pend    float64
	pendM2  float64
	hashBit uint
}

const (
	free       = ^uint64(0) // a NaN: never a key
	firstShift = 42         // leaves 10 of 52 mantissa bits
)

func newTable(limit int, area bool) *table {
	t := &table{limit: limit, last: free}
	t.alloc(64, area)
	return t
}

func (t *table) alloc(size int, area bool) {
	t.keys = make([]uint64, size)
	for i := range t.keys {
		t.keys[i] = free
	}
	t.frac = make([]float64, size)
	if area {
		t.area = make([]float64, size)
	}
	t.hashBit = uint(64 - bits.TrailingZeros(uint(size)))
	t.n = 0
}

// key is the bin of a value; −0 is 0.
func (t *table) key(v float64) uint64 { return math.Float64bits(v+0) >> t.shift << t.shift }

// value is the value of a bin: itself when exact, else the middle of the bin.
func (t *table) value(key uint64) float64 {
	if t.shift > 0 {
		key |= 1 << (t.shift - 1)
	}
	return math.Float64frombits(key)
}

// slot is where to look for a key first. Floats that are whole numbers differ
// in their high bits alone: those are folded down before the multiplication.
func (t *table) slot(k uint64) uint64 { return (k ^ k>>32) * 0x9E3779B97F4A7C15 >> t.hashBit }

// add adds a finite value.
func (t *table) add(v, f, m2 float64) {
	if k := math.Float64bits(v + 0); k != t.last {
		t.flush()
		t.last = k
	}
	t.pend += f
	t.pendM2 += m2
}

// addRun adds whole cells, of m2 square metres each; equal neighbours cost
// one look-up together.
func (t *table) addRun(vs []float64, m2 float64) {
	for i := 0; i < len(vs); {
		v, from := vs[i], i
		for i++; i < len(vs) && vs[i] == v; i++ {
		}
		if finite(v) {
			n := float64(i - from)
			t.add(v, n, n*m2)
		}
	}
}

// flush writes the pending run.
func (t *table) flush() {
	if t.last == free {
		return
	}
	k, f, m2 := t.last>>t.shift<<t.shift, t.pend, t.pendM2
	t.last, t.pend, t.pendM2 = free, 0, 0
	t.put(k, f, m2)
}

func (t *table) put(k uint64, f, m2 float64) {
	mask := uint64(len(t.keys) - 1)
	i := t.slot(k)
	for t.keys[i] != k {
		if t.keys[i] == free {
			t.keys[i] = k
			t.n++
			break
		}
		i = (i + 1) & mask
	}
	t.frac[i] += f
	if t.area != nil {
		t.area[i] += m2
	}
	if t.n > t.limit {
		t.coarsen(max(firstShift, t.shift+1))
	} else if t.n*4 > len(t.keys)*3 {
		t.rehash(2*len(t.keys), t.shift)
	}
}

// coarsen rounds the keys until they fit. Above 62 bits only the sign is
// left, so it ends for any limit of two or more.
func (t *table) coarsen(shift uint) {
	for ; ; shift++ {
		t.rehash(len(t.keys), shift)
		if t.n <= t.limit || shift >= 62 {
			return
		}
	}
}

func (t *table) rehash(size int, shift uint) {
	keys, frac, area := t.keys, t.frac, t.area
	t.alloc(size, area != nil)
	t.shift = shift
	mask := uint64(size - 1)
	for j, k := range keys {
		if k == free {
			continue
		}
		k = k >> shift << shift
		i := t.slot(k)
		for t.keys[i] != k && t.keys[i] != free {
			i = (i + 1) & mask
		}
		if t.keys[i] == free {
			t.keys[i] = k
			t.n++
		}
		t.frac[i] += frac[j]
		if area != nil {
			t.area[i] += area[j]
		}
	}
}

func (t *table) merge(o *table) {
	t.flush()
	o.flush()
	if o.shift > t.shift {
		t.coarsen(o.shift)
	}
	for i, k := range o.keys {
		if k == free {
			continue
		}
		var m2 float64
		if o.area != nil {
			m2 = o.area[i]
		}
		t.put(k>>t.shift<<t.shift, o.frac[i], m2)
	}
}

// entry is one distinct value (or bin) of a table.
type entry struct{ value, frac, m2 float64 }

// entries are the values in rising order. Values whose fractions vanished
// by rounding do not occur: every fraction is positive.
func (t *table) entries() []entry {
	t.flush()
	out := make([]entry, 0, t.n)
	for i, k := range t.keys {
		if k == free {
			continue
		}
		e := entry{value: t.value(k), frac: t.frac[i]}
		if t.area != nil {
			e.m2 = t.area[i]
		}
		out = append(out, e)
	}
	slices.SortFunc(out, func(a, b entry) int { return cmp.Compare(a.value, b.value) })
	return out
}

// errorBound is the largest relative error of a value of the table: half a
// bin. It is 0 when exact. Values too small for the exponent to carry all
// bits (below 2⁻¹⁰²²) are not covered by it.
func (t *table) errorBound() float64 {
	if t.shift == 0 {
		return 0
	}
	return math.Min(1, math.Ldexp(1, int(t.shift)-53))
}

// tieEps is the relative difference below which two weights are equal.
const tieEps = 1e-12

// quantile is the smallest value whose cumulative weight reaches q of the
// total, or the mean of it and the next when it reaches it exactly.
func quantile(es []entry, q float64) float64 {
	if len(es) == 0 {
		return math.NaN()
	}
	var total ksum
	for _, e := range es {
		total.add(e.frac)
	}
	want, eps := q*total.value(), tieEps*total.value()
	if q <= 0 {
		return es[0].value
	}
	var sum ksum
	for i, e := range es {
		sum.add(e.frac)
		switch s := sum.value(); {
		case s > want+eps:
			return e.value
		case s >= want-eps && i+1 < len(es):
			return e.value + (es[i+1].value-e.value)/2
		}
	}
	return es[len(es)-1].value
}

// rank is the value with the largest (sign 1) or smallest (sign −1) weight,
// and the smallest such value on a tie.
func rank(es []entry, sign float64) float64 {
	if len(es) == 0 {
		return math.NaN()
	}
	best := es[0]
	for _, e := range es[1:] {
		if sign*(e.frac-best.frac) > tieEps*math.Max(e.frac, best.frac) {
			best = e
		}
	}
	return best.value
}
