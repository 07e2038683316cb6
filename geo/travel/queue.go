package travel

import "math"

// queue is a bucket queue (Dial 1969) over a sliding window: bucket i holds
// the cells whose time lies in [i·width, (i+1)·width), for i in
// [cur, cur+window). Cells further ahead wait in far until the window gets
// there.
//
// Entries are never removed early: a cell whose time improves is pushed
// again, and the search skips entries of cells that are settled already.
//
// A bucket is a list of chunks out of one pool, last in first out: the pool
// stays as small as the wave front, and warm in the cache.
type queue struct {
	inv     float64 // 1/width
	cur     int64   // bucket being emptied
	pending int     // chunks in the window
	heads   []int32 // first chunk of each bucket, 0 for none
	chunks  []chunk // chunks[0] is a full one that nobody owns
	free    int32   // first free chunk, 0 for none
	far     []farEntry
	farMin  int64 // smallest bucket in far
}

type chunk struct {
	next, n int32
	cells   [chunkCells]int32
}

// chunkCells makes a chunk four cache lines long.
const chunkCells = 62

type farEntry struct {
	bucket int64
	cell   int32
}

// window is the number of buckets ahead; a power of two. With the buckets of
// a walking surface of 20 m cells it spans about twelve hours.
const window = 4096

func (q *queue) start(width float64) {
	if q.heads == nil {
		q.heads = make([]int32, window)
		q.chunks = []chunk{{n: chunkCells}}
	}
	q.inv, q.cur, q.farMin = 1/width, 0, math.MaxInt64
}

// push lists a cell whose time fell from old to seconds. Nothing is to be done
// when it is listed in that bucket already, unless the bucket is being emptied.
func (q *queue) push(cell int32, seconds, old float32) {
	i := int64(float64(seconds) * q.inv)
	if i > q.cur && float64(old)*q.inv < float64(i+1) {
		return
	}
	if i-q.cur >= window {
		q.far = append(q.far, farEntry{i, cell})
		q.farMin = min(q.farMin, i)
		return
	}
	q.add(cell, i)
}

func (q *queue) add(cell int32, bucket int64) {
	c := &q.chunks[q.heads[bucket&(window-1)]]
	if c.n == chunkCells {
		c = q.grow(bucket)
	}
	c.cells[c.n&63] = cell
	c.n++
}

// grow puts an empty chunk in front of a bucket.
func (q *queue) grow(bucket int64) *chunk {
	i := q.free
	if i != 0 {
		q.free = q.chunks[i].next
	} else {
		i = int32(len(q.chunks))
		q.chunks = append(q.chunks, chunk{})
	}
	slot := bucket & (window - 1)
	c := &q.chunks[i]
	c.n, c.next = 0, q.heads[slot]
	q.heads[slot] = i
	q.pending++
	return c
}

// next takes a chunk out of the first bucket that has one; false when all is
// done. The cells are copied, since pushes may move the pool.
func (q *queue) next(dst *chunk) bool {
	for q.heads[q.cur&(window-1)] == 0 || q.cur == q.farMin {
		i, ok := q.first()
		if !ok {
			return false
		}
		q.seek(i)
	}
	slot := q.cur & (window - 1)
	i := q.heads[slot]
	c := &q.chunks[i]
	*dst = *c
	q.heads[slot] = c.next
	q.pending--
	c.next, q.free = q.free, i
	return true
}

// first gives the first bucket that holds anything; false when none does.
func (q *queue) first() (int64, bool) {
	if q.pending == 0 {
		return q.farMin, len(q.far) > 0
	}
	i := q.cur
	for i < q.farMin && q.heads[i&(window-1)] == 0 {
		i++
	}
	return i, true
}

// seek goes to a bucket; those before it are empty.
func (q *queue) seek(bucket int64) {
	q.cur = bucket
	if q.cur == q.farMin {
		q.fetch()
	}
}

// fetch moves the entries of far that lie in the window into it. It runs at
// most once in window buckets: what stays in far is beyond the window.
func (q *queue) fetch() {
	kept := q.far[:0]
	q.farMin = math.MaxInt64
	for _, f := range q.far {
		if f.bucket-q.cur < window {
			q.add(f.cell, f.bucket)
			continue
		}
		kept = append(kept, f)
		q.farMin = min(q.farMin, f.bucket)
	}
	q.far = kept
}
