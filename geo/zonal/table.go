package zonal

import (
	"math"
	"math/bits"
	"slices"
)

// table sums covered fractions per distinct value. Up to its limit it is
// exact; when more values come, it keeps fewer bits of them: all values that
// share sign, exponent and leading mantissa bits fall into one bin.
//
// It drops the least number of bits that makes the bins no more than the
// limit. Bins of coarser tables hold whole bins of finer ones, and a part of
// some values never needs coarser bins than all of them: therefore the bins
// depend on the values alone, not on their order nor on how they are split
// into tables that are merged later (TestTableMerges). A value is wrong by at
// most half a bin, relative to itself: what a log-scale sketch promises
// (DDSketch, Masson, Rim and Lee 2019), with the width found from the data.
type table struct {
	slots   []slot
	n       int
	shift   uint // 0 is exact
	limit   int
	last    uint64 // run of equal values not yet written
	pend    float64
	pendM2  float64
	hashBit uint
}

// slot is one bin: its key is the bits of the float64 without the low shift
// ones, free when there is none.
type slot struct {
	key      uint64
	frac, m2 float64
}

const free = ^uint64(0) // a NaN: never a key

func newTable(limit int) *table {
	t := &table{limit: limit, last: free}
	t.alloc(64)
	return t
}

func (t *table) alloc(size int) {
	t.slots = make([]slot, size)
	t.hashBit = uint(64 - bits.TrailingZeros(uint(size)))
	t.n = 0
	for i := range t.slots {
		t.slots[i] = slot{key: free}
	}
}

// reset empties a table for another use.
func (t *table) reset() {
	*t = table{slots: t.slots, hashBit: t.hashBit, limit: t.limit, last: free}
	if len(t.slots) > 1<<10 {
		t.alloc(64)
		return
	}
	for i := range t.slots {
		t.slots[i] = slot{key: free}
	}
}

// value is the value of a bin: itself when exact, else the middle of the bin.
func (t *table) value(key uint64) float64 {
	if t.shift > 0 {
		key |= 1 << (t.shift - 1)
	}
	return math.Float64frombits(key)
}

// hash is where to look for a key first. Floats that are whole numbers differ
// in their high bits alone: those are folded down before the multiplication.
func (t *table) hash(k uint64) uint64 { return (k ^ k>>32) * 0x9E3779B97F4A7C15 >> t.hashBit }

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
	t.in(k, f, m2)
	if t.n > t.limit {
		t.coarsen(t.shift + 1)
	} else if t.n*4 > len(t.slots)*3 {
		t.rehash(2*len(t.slots), t.shift)
	}
}

func (t *table) in(k uint64, f, m2 float64) {
	mask := uint64(len(t.slots) - 1)
	for i := t.hash(k) & mask; ; i = (i + 1) & mask {
		s := &t.slots[i]
		if s.key == free {
			s.key = k
			t.n++
		}
		if s.key == k {
			s.frac += f
			s.m2 += m2
			return
		}
	}
}

// coarsen drops bits of the keys, at least shift of them, until they fit. Above
// 62 bits only the sign is left, so it ends for any limit of two or more.
func (t *table) coarsen(shift uint) {
	for {
		t.rehash(len(t.slots), shift)
		if t.n <= t.limit || shift >= 62 {
			return
		}
		shift = max(shift+1, t.useless()+1)
	}
}

// useless is how many low bits are zero in all keys: dropping no more than
// them joins no bins.
func (t *table) useless() uint {
	var all uint64
	for _, s := range t.slots {
		if s.key != free {
			all |= s.key
		}
	}
	return min(61, uint(bits.TrailingZeros64(all)))
}

func (t *table) rehash(size int, shift uint) {
	old := t.slots
	t.alloc(size)
	t.shift = shift
	for _, s := range old {
		if s.key != free {
			t.in(s.key>>shift<<shift, s.frac, s.m2)
		}
	}
}

// merge adds another table.
func (t *table) merge(o *table) {
	t.flush()
	o.flush()
	if o.shift > t.shift {
		t.coarsen(o.shift)
	}
	for _, s := range o.slots {
		if s.key != free {
			t.put(s.key>>t.shift<<t.shift, s.frac, s.m2)
		}
	}
}

// entry is one distinct value (or bin) of a table.
type entry struct{ value, frac, m2 float64 }

// entries are the values in rising order. Values whose fractions vanished
// by rounding do not occur: every fraction is positive.
func (t *table) entries() []entry {
	t.flush()
	out := make([]entry, 0, t.n)
	for _, s := range t.slots {
		if s.key != free {
			out = append(out, entry{value: t.value(s.key), frac: s.frac, m2: s.m2})
		}
	}
	slices.SortFunc(out, func(a, b entry) int {
		if a.value < b.value { // never NaN
			return -1
		}
		return 1
	})
	return out
}

// errorBound is the largest relative error of a value of the table: half a
// bin. It is 0 when exact, and above 1 when bins span several octaves. Values
// too small for the exponent to carry all bits (below 2⁻¹⁰²²) are not covered
// by it.
func (t *table) errorBound() float64 {
	switch {
	case t.shift == 0:
		return 0
	case t.shift <= 52:
		return math.Ldexp(1, int(t.shift)-53)
	}
	return math.Ldexp(1, 1<<(t.shift-53)) - 1 // the middle over the lower end of 2^(shift−52) octaves
}

// tieEps is the difference, relative to the area, below which two weights are
// equal.
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
	want, eps := q*total.value(), math.Max(minFraction, tieEps*total.value())
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
	total := 0.0
	for _, e := range es {
		total += e.frac
	}
	eps := math.Max(minFraction, tieEps*total)
	best := es[0]
	for _, e := range es[1:] {
		if sign*(e.frac-best.frac) > eps {
			best = e
		}
	}
	return best.value
}
