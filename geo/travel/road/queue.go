package road

import "math/bits"

// queue is a monotone priority queue (radix heap, Ahuja et al. 1990): what is
// pushed is never before what was popped last.
type queue struct {
	last    uint32
	buckets [33][]entry
	filled  uint64 // bit i: bucket i has entries
}

type entry struct {
	millis, state uint32
	facility      int32
}

func (q *queue) push(e entry) {
	i := bits.Len32(e.millis ^ q.last)
	q.buckets[i] = append(q.buckets[i], e)
	q.filled |= 1 << i
}

// pop takes an entry of the least time out; order among equals is not told.
func (q *queue) pop() (entry, bool) {
	if q.filled == 0 {
		return entry{}, false
	}
	if i := bits.TrailingZeros64(q.filled); i > 0 {
		q.spread(i)
	}
	b := q.buckets[0]
	e := b[len(b)-1]
	q.buckets[0] = b[:len(b)-1]
	if len(b) == 1 {
		q.filled &^= 1
	}
	return e, true
}

// spread moves the entries of the first bucket that has any to those before
// it; the least of them go to bucket 0.
func (q *queue) spread(i int) {
	from := q.buckets[i]
	least := from[0].millis
	for _, e := range from {
		least = min(least, e.millis)
	}
	q.last = least
	q.buckets[i] = from[:0]
	q.filled &^= 1 << i
	for _, e := range from {
		k := bits.Len32(e.millis ^ least)
		q.buckets[k] = append(q.buckets[k], e)
		q.filled |= 1 << k
	}
}

// batch takes all entries of the least time out and appends them to dst.
func (q *queue) batch(dst []entry) []entry {
	e, ok := q.pop()
	if !ok {
		return dst
	}
	dst = append(append(dst, e), q.buckets[0]...)
	q.buckets[0] = q.buckets[0][:0]
	q.filled &^= 1
	return dst
}
