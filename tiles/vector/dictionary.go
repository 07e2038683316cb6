package vector

import (
	"bytes"
	"encoding/binary"
	"hash/maphash"
	"slices"
)

// dictionary numbers the values of a layer: open addressing over their
// encoded form, and in front of it a small cache for each column.
type dictionary struct {
	values []byte   // Value messages with their tags, as in the layer
	ends   []uint32 // of each in values
	hashes []uint32 // of each
	n      uint32
	slots  []uint32 // number + 1; 0 is free
	log    []uint32 // slots taken by the feature being written
	grown  bool     // so that the log no longer holds

	columns [][cachedValues]cachedValue
	scratch []byte
}

// cachedValue is a value met lately.
type cachedValue struct {
	value
	index uint32 // + 1; 0: none
}

const cachedValues = 32

func (d *dictionary) reset(columns int) {
	d.values, d.ends, d.hashes, d.n = d.values[:0], d.ends[:0], d.hashes[:0], 0
	if d.slots == nil {
		d.slots = make([]uint32, 1024)
	} else {
		clear(d.slots)
	}
	if cap(d.columns) < columns {
		d.columns = make([][cachedValues]cachedValue, columns)
		return
	}
	d.columns = d.columns[:columns]
	clear(d.columns)
}

// cached is index, for a column whose values repeat. The text of v must live
// until reset.
func (d *dictionary) cached(column int, v value) uint32 {
	key := v.bits
	if n := len(v.text); n >= 8 {
		key = binary.LittleEndian.Uint64(v.text) ^ binary.LittleEndian.Uint64(v.text[n-8:])<<1 ^ uint64(n)
	} else {
		for _, c := range v.text {
			key = key<<8 | uint64(c)
		}
	}
	c := &d.columns[column][key*0x9e3779b97f4a7c15>>59]
	if c.index != 0 && c.kind == v.kind && c.bits == v.bits && bytes.Equal(c.text, v.text) {
		return c.index - 1
	}
	i := d.index(v)
	*c = cachedValue{v, i + 1}
	return i
}

// index finds or adds a value.
func (d *dictionary) index(v value) uint32 {
	m := appendValue(d.scratch[:0], v)
	d.scratch = m
	return d.put(m, hashOf(m))
}

// seed is the same for all dictionaries, so that hashes can be kept, and
// another in each process, so that nobody can choose values that collide.
var seed = maphash.MakeSeed()

func hashOf(m []byte) uint32 { return uint32(maphash.Bytes(seed, m)) }

// put finds or adds an encoded value by its hash.
func (d *dictionary) put(m []byte, h uint32) uint32 {
	mask := uint32(len(d.slots) - 1)
	i := h & mask
	for ; d.slots[i] != 0; i = (i + 1) & mask {
		if k := d.slots[i] - 1; d.hashes[k] == h && bytes.Equal(d.at(k), m) {
			return k
		}
	}
	d.values = append(d.values, m...)
	d.ends = append(d.ends, uint32(len(d.values)))
	d.hashes = append(d.hashes, h)
	d.n++
	d.slots[i] = d.n
	d.log = append(d.log, i)
	if int(d.n)*3 > len(d.slots)*2 {
		d.grow()
	}
	return d.n - 1
}

func (d *dictionary) at(i uint32) []byte {
	from := uint32(0)
	if i > 0 {
		from = d.ends[i-1]
	}
	return d.values[from:d.ends[i]]
}

func (d *dictionary) grow() {
	d.slots = make([]uint32, 2*len(d.slots))
	d.fill()
	d.grown = true
}

// fill puts all values into free slots.
func (d *dictionary) fill() {
	mask := uint32(len(d.slots) - 1)
	for k, h := range d.hashes {
		i := h & mask
		for d.slots[i] != 0 {
			i = (i + 1) & mask
		}
		d.slots[i] = uint32(k) + 1
	}
}

// back forgets the values added since there were n.
func (d *dictionary) back(bytes int, n uint32) {
	if d.n == n {
		return
	}
	d.values, d.ends, d.hashes, d.n = d.values[:bytes], d.ends[:n], d.hashes[:n], n
	for i := range d.columns {
		for k := range d.columns[i] {
			if c := &d.columns[i][k]; c.index > n {
				c.index = 0
			}
		}
	}
	if d.grown {
		clear(d.slots)
		d.fill()
		return
	}
	for _, i := range slices.Backward(d.log) { // the last taken first: no chain breaks
		d.slots[i] = 0
	}
}
