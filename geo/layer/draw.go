package layer

import (
	"math/bits"
	"sync"
	"sync/atomic"

	"contado/geo"
	"contado/geo/cql2"
)

// What drawing needs beyond Visit: rows of the base by ordinal, without a
// search, and a place to keep what was learnt of them.

// Memo keeps what was made of the rows of the base under a key, shared by all
// states of the version: made once, also when several ask at the same time; a
// failure is not kept.
func (l *Layer) Memo(key string, build func() (any, error)) (any, error) {
	return l.base.memos.get(key, build)
}

// Base is the row of the version as published at 0 ≤ ordinal < BaseLen.
func (l *Layer) Base(ordinal int) Row { return l.base.at(ordinal) }

// Hidden is how many rows of the base were changed or deleted since.
func (l *Layer) Hidden() int { return l.over.hidden.n }

// Hides reports whether the row of the base at ordinal is one of them.
func (l *Layer) Hides(ordinal int) bool { return l.over.hidden.has(ordinal) }

// Changed calls yield for the rows that were created or changed since the
// version was published and whose box meets b (closed, in the dataset's CRS),
// until it returns false.
func (l *Layer) Changed(b geo.BBox, yield func(Row) bool) {
	l.over.boxes.search(b, func(e *entry) bool { return yield(l.over.row(e)) })
}

// Fields are the attributes whose columns make a selection quick.
func (s *Selection) Fields() []int { return s.fields }

// Among gives, of the rows of a layer's base from 64·word on that have their
// bit in want, those that are selected, as Has tells. Rows that were not
// judged before are judged many at once where their columns have been read.
func (s *Selection) Among(l *Layer, word int, want uint64) uint64 {
	known := atomic.LoadUint64(&s.known[word])
	if want&^known != 0 && s.judgeTogether(l.base, word/(batchRows/64)) {
		known = atomic.LoadUint64(&s.known[word])
	}
	out := atomic.LoadUint64(&s.yes[word]) & known & want
	for rest := want &^ known; rest != 0; rest &= rest - 1 {
		if i := bits.TrailingZeros64(rest); s.Has(l.base.at(64*word + i)) {
			out |= 1 << i
		}
	}
	return out
}

var batches = sync.Pool{New: func() any { return &batch{} }}

// judgeTogether judges a batch of rows, once; false when it was judged before
// or there are no columns. Rows that quick tests have no answer for stay open.
func (s *Selection) judgeTogether(base *base, number int) bool {
	mark := uint64(1) << (number % 64)
	if atomic.LoadUint64(&s.together[number/64])&mark != 0 {
		return false
	}
	for _, f := range s.fields {
		if base.columns.of[f].Load() == nil {
			return false
		}
	}
	b, _ := batches.Get().(*batch)
	defer batches.Put(b)
	var answers [batchRows]cql2.Truth
	first := number * batchRows
	out := answers[:min(batchRows, base.len()-first)]
	b.base, b.first, b.depth = base, first, 0
	s.quick.rows(b, out)
	b.base = nil
	for from := 0; from < len(out); from += 64 {
		var known, yes uint64
		for i, v := range out[from:min(from+64, len(out))] {
			if v != ask {
				known |= 1 << i
			}
			if v == cql2.True {
				yes |= 1 << i
			}
		}
		atomic.OrUint64(&s.yes[(first+from)/64], yes)
		atomic.OrUint64(&s.known[(first+from)/64], known) // last: whoever sees it sees the verdict
	}
	atomic.OrUint64(&s.together[number/64], mark)
	return true
}
