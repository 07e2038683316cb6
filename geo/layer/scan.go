package layer

import (
	"context"
	"math"
	"slices"

	"contado/geo"
	"contado/geo/cql2/rows"
	"contado/geo/fault"
	"contado/geo/store/features"
)

// scan is a query made ready.
type scan struct {
	l      *Layer
	q      features.Query
	fields []int    // of the answer; nil: all
	box    geo.BBox // that every row must meet, when boxed
	boxed  bool
	near   geo.BBox // one that every row meets: for finding them
	// unplaced lets rows without a geometry through, whatever the box; loose
	// says that they are to be found beside near.
	unplaced, loose bool
	equal           []equal
	where           *Selection
	keys            *keys // nil: by id
	cursor          []byte
}

func (l *Layer) newScan(q features.Query, unplaced bool) (*scan, error) {
	const op = "layer.Scan"
	s := &scan{l: l, q: q, near: everything, unplaced: unplaced}
	if q.BBox != nil {
		if q.BBox.IsEmpty() && !unplaced {
			return nil, fault.WithHint(fault.Errorf(op, fault.Invalid, "box %v holds no point", *q.BBox),
				"give minimum before maximum; a box across the antimeridian is asked in two halves")
		}
		s.box, s.boxed, s.near = *q.BBox, true, *q.BBox
	}
	schema := l.Schema()
	for _, e := range q.Equal {
		one, err := newEqual(&schema, e)
		if err != nil {
			return nil, err
		}
		s.equal = append(s.equal, one)
	}
	if q.Fields != nil {
		s.fields = make([]int, len(q.Fields))
		for k, name := range q.Fields {
			var err error
			if s.fields[k], err = fieldIndex(&schema, name); err != nil {
				return nil, err
			}
		}
	}
	if q.Filter != nil {
		var err error
		if s.where, err = l.Where(q.Filter, q.FilterCRS); err != nil {
			return nil, err
		}
		s.near = rows.Smaller(s.near, s.where.Box())
	}
	// A filter that tells a box is true for no row without a geometry.
	s.loose = s.boxed && unplaced && (s.where == nil || s.where.Box() == everything)
	return s, s.sort(&schema)
}

func (s *scan) sort(schema *geo.Schema) (err error) {
	if len(s.q.Sort) == 0 {
		if s.q.Cursor != nil {
			return fault.Errorf("layer.Scan", fault.Invalid, "a cursor is for rows in an order by attributes; others are paged by id")
		}
		return nil
	}
	if s.keys, err = newKeys(schema, s.q.Sort); err != nil || s.q.Cursor == nil {
		return err
	}
	s.cursor, err = s.keys.cursor(s.q.Cursor)
	return err
}

// match tells whether a row is selected, wherever it came from.
func (s *scan) match(r Row) (bool, error) {
	if s.q.After != 0 && r.ID() <= s.q.After {
		return false, nil
	}
	if s.boxed {
		if b := r.Box(); !meets(b, s.box) && !(s.unplaced && b.IsEmpty()) {
			return false, nil
		}
	}
	for i := range s.equal {
		if !s.equal[i].in(r) {
			return false, nil
		}
	}
	if s.where != nil {
		return s.where.Test(r)
	}
	return true, nil
}

// Scan implements the contract of features.Table: it yields the selected rows
// in ascending id, or in the order of q.Sort, until yield returns false. What
// a page costs does not depend on how deep it is.
func (l *Layer) Scan(ctx context.Context, q features.Query, yield func(geo.Feature) bool) error {
	s, err := l.newScan(q, false)
	if err != nil {
		return err
	}
	var failed error
	err = s.run(ctx, func(r Row) bool {
		var f geo.Feature
		f, failed = r.feature(s.fields, !q.SkipGeometry)
		return failed == nil && yield(f)
	})
	if failed != nil {
		return failed
	}
	return err
}

// run gives the selected rows.
func (s *scan) run(ctx context.Context, yield func(Row) bool) error {
	c := checker{ctx: ctx}
	var failed error
	n := 0
	err := s.rows(ctx, func(r Row) bool {
		if !c.ok() {
			return false
		}
		var ok bool
		if ok, failed = s.match(r); !ok || failed != nil {
			return failed == nil
		}
		n++
		return yield(r) && n != s.q.Limit
	})
	switch {
	case err != nil:
		return err
	case failed != nil:
		return failed
	case c.err != nil:
		return c.err
	}
	return s.l.Err()
}

// feature is the row as a feature that may be kept and changed, but for its
// geometry.
func (r Row) feature(fields []int, withGeometry bool) (geo.Feature, error) {
	f := geo.Feature{ID: r.ID()}
	if r.own == nil {
		n := len(fields)
		if fields == nil {
			n = r.packed.NumFields()
		}
		f.Values = make([]any, n)
		r.packed.Values(fields, f.Values)
		if !withGeometry {
			return f, nil
		}
		var err error
		if f.Geometry, err = r.Geometry(); err != nil || f.Geometry == nil {
			return f, err
		}
		f.Z, f.M, err = r.packed.ZM()
		return f, err
	}
	own := &r.own.feature
	if withGeometry {
		f.Geometry, f.Z, f.M = own.Geometry, own.Z, own.M
	}
	if fields == nil {
		f.Values = slices.Clone(own.Values)
	} else {
		f.Values = make([]any, len(fields))
		for k, i := range fields {
			f.Values[k] = r.Value(i)
		}
	}
	for i, v := range f.Values {
		if b, ok := v.([]byte); ok {
			f.Values[i] = slices.Clone(b)
		}
	}
	return f, nil
}

// rows gives at least the selected rows, in order, from the place where the
// page begins. It picks the way that looks at the fewest.
func (s *scan) rows(ctx context.Context, yield func(Row) bool) error {
	if err := ctx.Err(); err != nil {
		return fault.E("layer.Scan", fault.Canceled, err)
	}
	if s.q.IDs != nil {
		return s.inOrder(s.byIDs(), yield)
	}
	if s.near != everything {
		if s.near.IsEmpty() && !s.loose {
			return nil
		}
		if s.share()*float64(s.l.Len()) <= 4*float64(s.worth(s.q.Limit)) {
			if hits, ok := s.hits(); ok {
				return s.inOrder(hits, yield)
			}
		}
	}
	f, err := s.follow(ctx)
	switch {
	case err != nil:
		return err
	case f != nil && f.one && s.keys == nil:
		s.byID(f.only(), s.q.After, yield)
		return nil
	case f != nil && f.n <= s.worth(s.q.Limit):
		return s.inOrder(s.foundHits(f), yield)
	case s.keys != nil:
		return s.sorted(ctx, yield)
	}
	return s.walk(ctx, yield)
}

// worth is how many rows may be found and put in order rather than going
// through all in order until limit (0: all) of them are met: that looks at
// limit · all ÷ found rows, more than found as long as these are fewer than
// the root of limit · all.
func (s *scan) worth(limit int) int {
	all := s.l.Len()
	if limit <= 0 || limit > all {
		limit = all
	}
	limits := &s.l.base.limits
	return min(max(limits.hits, int(math.Sqrt(float64(limit)*float64(all)))), limits.held)
}

// hit is a row that was found, small enough to hold many.
type hit struct {
	id      int64
	own     *entry // of the overlay
	ordinal int32  // of the base; −1: of the overlay
}

func newHit(r Row) hit {
	h := hit{id: r.ID(), ordinal: r.ordinal}
	if r.ordinal < 0 {
		h.own = r.own
	}
	return h
}

func (s *scan) row(h hit) Row {
	if h.ordinal < 0 {
		return s.l.over.row(h.own)
	}
	return s.l.base.at(int(h.ordinal))
}

// byIDs are the rows named, once each.
func (s *scan) byIDs() []hit {
	ids := slices.Clone(s.q.IDs)
	slices.Sort(ids)
	ids = slices.Compact(ids)
	var out []hit
	for _, id := range ids {
		if r, ok := s.l.Find(id); ok {
			out = append(out, newHit(r))
		}
	}
	return out
}

// share is about how much of the layer lies in near, as if its rows lay evenly.
func (s *scan) share() float64 {
	all := s.l.Bounds()
	part := all.Intersect(s.near)
	if part.IsEmpty() || !(all.Width()*all.Height() > 0) {
		return 0
	}
	return part.Width() * part.Height() / (all.Width() * all.Height())
}
