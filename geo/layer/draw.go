package layer

import (
	"sync/atomic"

	"contado/geo"
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

// HasBase is Has for the row of a layer's base at ordinal; the row is made
// only when it was not judged before.
func (s *Selection) HasBase(l *Layer, ordinal int) bool {
	word, bit := ordinal/64, uint64(1)<<(ordinal%64)
	if atomic.LoadUint64(&s.known[word])&bit != 0 {
		return atomic.LoadUint64(&s.yes[word])&bit != 0
	}
	return s.Has(l.base.at(ordinal))
}
