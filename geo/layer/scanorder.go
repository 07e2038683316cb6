package layer

import (
	"cmp"
	"context"
	"slices"
	"sort"
)

// nearby gives the rows whose box meets near, and where it is asked for those
// without a geometry, in no set order.
func (s *scan) nearby(yield func(Row) bool) {
	more := true
	visit := func(r Row) bool {
		more = yield(r)
		return more
	}
	s.l.Visit(&s.near, visit)
	if s.loose && more {
		s.l.visitUnplaced(visit)
	}
}

// hits are the rows whose box meets near; ok is false when they are so many
// that it is better to go through all rows in order.
func (s *scan) hits() (out []hit, ok bool) {
	limit := s.q.Limit
	if s.where != nil || len(s.equal) > 0 { // nobody knows how many pass
		limit = 0
	}
	most := s.worth(limit)
	ok = true
	s.nearby(func(r Row) bool {
		h := newHit(r)
		if s.q.After != 0 && h.id <= s.q.After {
			return true
		}
		ok = len(out) < most
		out = append(out, h)
		return ok
	})
	return out, ok
}

// inOrder gives rows that were found in the order asked for.
func (s *scan) inOrder(list []hit, yield func(Row) bool) error {
	if s.keys != nil {
		sortBy(s.keys, list, s.row)
	} else {
		slices.SortFunc(list, func(a, b hit) int { return cmp.Compare(a.id, b.id) })
	}
	if s.cursor != nil {
		list = list[sort.Search(len(list), func(i int) bool { return s.isAfter(s.row(list[i])) }):]
	}
	for _, h := range list {
		if !yield(s.row(h)) {
			break
		}
	}
	return nil
}

// isAfter tells whether a row comes after the cursor.
func (s *scan) isAfter(r Row) bool { return string(s.keys.of(nil, r)) > string(s.cursor) }

// ascending goes through all rows by id, from the first after the given one
// (0: from the first).
func (s *scan) ascending(after int64, yield func(Row) bool) {
	o := s.l.over
	w := o.ascending(after)
	s.merge(func(visit func(Row) bool) { s.l.base.ascending(after, visit) },
		func() *entry { return o.next(w) }, lessID, yield)
}

// merge gives the base's rows that still stand and the overlay's, both in the
// same order, in that order.
func (s *scan) merge(base func(func(Row) bool), next func() *entry, less func(a, b Row) bool, yield func(Row) bool) {
	o := s.l.over
	e := next()
	stopped := false
	base(func(r Row) bool {
		if o.hidden.n > 0 && o.hidden.has(int(r.ordinal)) {
			return true
		}
		for e != nil && less(o.row(e), r) {
			if stopped = !yield(o.row(e)); stopped {
				return false
			}
			e = next()
		}
		stopped = !yield(r)
		return !stopped
	})
	for e != nil && !stopped {
		stopped = !yield(o.row(e))
		e = next()
	}
}

// sorted goes through all rows in the order of the keys, from the cursor on.
func (s *scan) sorted(ctx context.Context, yield func(Row) bool) error {
	o, err := s.l.base.order(ctx, s.keys)
	if err != nil {
		return err
	}
	edited, err := s.l.ordered(s.keys)
	if err != nil {
		return err
	}
	rows := o.rows
	if s.cursor != nil {
		rows = rows[o.after(s.cursor):]
		edited = edited[sort.Search(len(edited), func(i int) bool { return s.isAfter(s.l.over.row(edited[i])) }):]
	}
	next := func() *entry {
		if len(edited) == 0 {
			return nil
		}
		e := edited[0]
		edited = edited[1:]
		return e
	}
	s.merge(func(visit func(Row) bool) {
		for _, i := range rows {
			if !visit(s.l.base.at(int(i))) {
				return
			}
		}
	}, next, s.keys.less(), yield)
	return nil
}
