package layer

import (
	"context"

	"contado/geo/fault"
	"contado/geo/store/features"
)

// Count is the number of selected rows; After, Limit, Sort and Cursor are
// ignored.
func (l *Layer) Count(ctx context.Context, q features.Query) (int64, error) {
	return l.tally(ctx, q, false)
}

// CountOrUnplaced is the number of rows that RowsOrUnplaced gives, as Count.
func (l *Layer) CountOrUnplaced(ctx context.Context, q features.Query) (int64, error) {
	return l.tally(ctx, q, true)
}

func (l *Layer) tally(ctx context.Context, q features.Query, unplaced bool) (int64, error) {
	q.After, q.Limit, q.Sort, q.Cursor = 0, 0, nil, nil
	s, err := l.newScan(q, unplaced)
	if err != nil {
		return 0, err
	}
	if err := ctx.Err(); err != nil {
		return 0, fault.E("layer.Count", fault.Canceled, err)
	}
	if q.IDs == nil && !s.boxed && s.where == nil && len(s.equal) == 0 {
		return int64(l.Len()), nil
	}
	c := checker{ctx: ctx}
	var n int64
	var failed error
	count := func(r Row) bool {
		var ok bool
		if ok, failed = s.match(r); ok {
			n++
		}
		return failed == nil && c.ok()
	}
	switch {
	case q.IDs != nil:
		err = s.rows(ctx, count)
	case s.near != everything:
		s.nearby(count)
	default:
		err = s.count(ctx, count)
	}
	for _, e := range []error{err, failed, c.err, l.Err()} {
		if e != nil {
			return 0, e
		}
	}
	return n, nil
}

// count gives all rows that may be selected, in no set order.
func (s *scan) count(ctx context.Context, visit func(Row) bool) error {
	f, err := s.follow(ctx)
	if err != nil {
		return err
	}
	if f == nil {
		s.l.Visit(nil, visit)
		return nil
	}
	for _, h := range s.foundHits(f) {
		if !visit(s.row(h)) {
			break
		}
	}
	return nil
}

// Cheap reports whether Count costs little: without any condition on what the
// rows hold.
func (l *Layer) Cheap(q features.Query) bool {
	return q.Filter == nil && len(q.Equal) == 0
}
