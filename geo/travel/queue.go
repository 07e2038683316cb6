package travel

import "math"

// queue is a bucket queue (Dial 1969) over a sliding window: bucket i holds
// the cells whose time lies in [i·width, (i+1)·width), for i in
// [cur, cur+len). Cells further ahead wait in far until the window gets there.
//
// Entries are never removed early: a cell whose time improves is pushed
// again, and the search skips entries of cells that are settled already.
type queue struct {
	inv     float64 // 1/width
	cur     int64   // bucket being emptied
	pending int     // entries in the window
	buckets [][]int32
	far     []farEntry
	farMin  int64 // smallest bucket in far
}

type farEntry struct {
	bucket int64
	cell   int32
}

// window is the number of buckets ahead; a power of two. With the buckets of
// a walking surface of 20 m cells it spans about seven hours.
const window = 4096

func (q *queue) start(width float64) {
	if q.buckets == nil {
		q.buckets = make([][]int32, window)
	}
	q.inv, q.cur, q.pending, q.farMin = 1/width, 0, 0, math.MaxInt64
	q.far = q.far[:0]
}

func (q *queue) push(cell int32, seconds float32) {
	i := int64(float64(seconds) * q.inv)
	if i-q.cur >= window {
		q.pushFar(cell, i)
		return
	}
	b := &q.buckets[i&(window-1)]
	*b = append(*b, cell)
	q.pending++
}

func (q *queue) pushFar(cell int32, bucket int64) {
	q.far = append(q.far, farEntry{bucket, cell})
	q.farMin = min(q.farMin, bucket)
}

// next moves to the first bucket with entries; false when all is done.
func (q *queue) next() bool {
	for {
		if q.pending == 0 {
			if len(q.far) == 0 {
				return false
			}
			q.cur = q.farMin
		}
		if q.cur == q.farMin {
			q.fetch()
		}
		if len(q.buckets[q.cur&(window-1)]) > 0 {
			return true
		}
		q.cur++
	}
}

// fetch moves the entries of far that lie in the window into it. It runs at
// most once in window buckets: what stays in far is beyond the window.
func (q *queue) fetch() {
	kept := q.far[:0]
	q.farMin = math.MaxInt64
	for _, f := range q.far {
		if f.bucket-q.cur < window {
			b := &q.buckets[f.bucket&(window-1)]
			*b = append(*b, f.cell)
			q.pending++
			continue
		}
		kept = append(kept, f)
		q.farMin = min(q.farMin, f.bucket)
	}
	q.far = kept
}

// done empties the current bucket.
func (q *queue) done() {
	b := &q.buckets[q.cur&(window-1)]
	q.pending -= len(*b)
	*b = (*b)[:0]
	q.cur++
}

// drop forgets everything, after a search that was broken off.
func (q *queue) drop() {
	for i := range q.buckets {
		q.buckets[i] = q.buckets[i][:0]
	}
	q.far = q.far[:0]
}
