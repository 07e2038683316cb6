package layer

import (
	"bytes"
	"cmp"
	"context"
	"math"
	"slices"
	"sort"
	"strings"

	"contado/geo"
	"contado/geo/cql2"
	"contado/geo/store/features"
)

// clue is a condition on one attribute that every selected row fulfils: in an
// order by that attribute such rows stand together.
type clue struct {
	field int
	parts []part // any of these
	// one says that all rows of the only part have one value, so that they
	// stand in the order of their ids.
	one bool
}

// part is a stretch of an order: from the first key that begins with low (or
// comes after those, when beyond) to the one where high says so.
type part struct{ low, high mark }

type mark struct {
	prefix []byte
	beyond bool
}

// clues finds conditions that all rows fulfil for which the filter is true.
func (n *names) clues(e cql2.Expr) []clue {
	switch x := e.(type) {
	case *cql2.Logic:
		if x.Or {
			return nil
		}
		var out []clue
		for _, a := range x.Args {
			out = append(out, n.clues(a)...)
		}
		return out
	case *cql2.Compare:
		return n.clueOf(x.Op, x.Left, x.Right)
	case *cql2.Between:
		low, high := n.clueOf(">=", x.Value, x.Low), n.clueOf("<=", x.Value, x.High)
		if low == nil || high == nil {
			return append(low, high...)
		}
		low[0].parts[0].high = high[0].parts[0].high
		return low
	case *cql2.In:
		return n.clueIn(x)
	case *cql2.Like:
		field, kind, ok := n.attribute(x.Value)
		pattern, isText := x.Pattern.(cql2.String)
		begin, plain := beginning(string(pattern))
		if !ok || !isText || !plain || kind != geo.String || strings.ContainsRune(begin, 0) {
			return nil
		}
		p := append([]byte{classText}, begin...)
		return []clue{{field: field, parts: []part{{mark{p, false}, mark{p, true}}}}}
	}
	return nil
}

func (n *names) clueIn(x *cql2.In) []clue {
	all := clue{}
	for _, e := range x.List {
		c := n.clueOf("=", x.Value, e)
		if c == nil {
			return nil
		}
		all.field = c[0].field
		all.parts = append(all.parts, c[0].parts...)
	}
	// One after the other, each once.
	slices.SortFunc(all.parts, func(a, b part) int { return bytes.Compare(a.low.prefix, b.low.prefix) })
	all.parts = slices.CompactFunc(all.parts, func(a, b part) bool { return bytes.Equal(a.low.prefix, b.low.prefix) })
	all.one = len(all.parts) == 1
	return []clue{all}
}

func (n *names) clueOf(op string, left, right cql2.Expr) []clue {
	field, kind, ok := n.attribute(left)
	if !ok {
		if field, kind, ok = n.attribute(right); !ok {
			return nil
		}
		right, op = left, flipped[op]
	}
	var class, value []byte
	one := true
	switch want := right.(type) {
	case cql2.Number:
		if kind != geo.Integer && kind != geo.Real || math.IsNaN(float64(want)) {
			return nil
		}
		class = []byte{classNumber}
		value = appendFloat([]byte{classNumber}, float64(want))
		one = math.Abs(float64(want)) < 1<<53 // larger ones stand for several whole numbers
	case cql2.String:
		if kind != geo.String {
			return nil
		}
		class = []byte{classText}
		value = appendText([]byte{classText}, string(want))
	default:
		return nil
	}
	first, last := mark{class, false}, mark{class, true}
	at, past := mark{value, false}, mark{value, true}
	stretch := map[string]part{"=": {at, past}, "<": {first, at}, "<=": {first, past}, ">": {past, last}, ">=": {at, last}}
	p, ok := stretch[op]
	if !ok {
		return nil
	}
	return []clue{{field: field, parts: []part{p}, one: one && op == "="}}
}

// clue is that of an equality, when the order of the values can find it.
func (e *equal) clue() (clue, bool) {
	p := e.prefix()
	return clue{field: e.field, parts: []part{{mark{p, false}, mark{p, true}}}, one: true}, e.exact
}

// place is the first row at or after a mark.
func (o *order) place(m mark) int {
	var buf []byte
	return sort.Search(len(o.rows), func(i int) bool {
		buf = o.keys.of(buf[:0], o.base.at(int(o.rows[i])))
		if bytes.HasPrefix(buf, m.prefix) {
			return !m.beyond
		}
		return bytes.Compare(buf, m.prefix) > 0
	})
}

// found are the rows of the base that a clue leads to.
type found struct {
	rows [][]int32
	n    int
	one  bool
}

// only is the only stretch, if any.
func (f *found) only() []int32 {
	if len(f.rows) == 0 {
		return nil
	}
	return f.rows[0]
}

// follow picks the clue that leads to the fewest rows; nil when there is none.
// An order is made when it is asked for the second time: until then going
// through the rows is faster.
func (s *scan) follow(ctx context.Context) (*found, error) {
	if s.l.base.len() < s.l.base.limits.ordered {
		return nil, nil
	}
	var clues []clue
	for i := range s.equal {
		if c, ok := s.equal[i].clue(); ok {
			clues = append(clues, c)
		}
	}
	if s.where != nil {
		clues = append(clues, s.where.clues...)
	}
	var best *found
	for i := range clues {
		o, err := s.l.base.orderBy(ctx, clues[i].field)
		if err != nil {
			return nil, err
		}
		if o == nil {
			continue
		}
		if f := o.lead(&clues[i]); best == nil || f.n < best.n {
			best = f
		}
	}
	return best, nil
}

func (o *order) lead(c *clue) *found {
	f := &found{one: c.one}
	for _, p := range c.parts {
		if first, end := o.place(p.low), o.place(p.high); first < end {
			f.rows = append(f.rows, o.rows[first:end])
			f.n += end - first
		}
	}
	return f
}

// orderBy gives the order by one attribute; nil when it is not worth making yet.
func (b *base) orderBy(ctx context.Context, field int) (*order, error) {
	k, err := newKeys(&b.schema, []features.SortKey{{Field: b.schema.Fields[field].Name}})
	if err != nil {
		return nil, err
	}
	if !b.orders.has(k.name) && b.asked[field].Add(1) < 2 {
		return nil, nil
	}
	return b.order(ctx, k)
}

// foundHits are the rows found, with all of the overlay.
func (s *scan) foundHits(f *found) []hit {
	out := make([]hit, 0, f.n)
	for _, rows := range f.rows {
		for _, i := range rows {
			if !s.l.over.hidden.has(int(i)) {
				out = append(out, newHit(s.l.base.at(int(i))))
			}
		}
	}
	w := s.l.over.ascending(s.q.After)
	for e := s.l.over.next(w); e != nil; e = s.l.over.next(w) {
		out = append(out, hit{id: e.feature.ID, own: e, ordinal: -1})
	}
	return out
}

// byID goes through rows of the base that stand in the order of their ids,
// with the overlay, from the first after the given id (0: from the first).
func (s *scan) byID(rows []int32, after int64, yield func(Row) bool) {
	if after != 0 {
		rows = rows[sort.Search(len(rows), func(i int) bool { return s.l.base.at(int(rows[i])).ID() > after }):]
	}
	w := s.l.over.ascending(after)
	s.merge(func(visit func(Row) bool) {
		for _, i := range rows {
			if !visit(s.l.base.at(int(i))) {
				return
			}
		}
	}, func() *entry { return s.l.over.next(w) }, lessID, yield)
}

func lessID(a, b Row) bool { return a.ID() < b.ID() }

// walk goes through all rows by id. When a filter turns out to pass few, all
// verdicts are found at once, in the order of the file, which is many times
// faster than in that of the ids; this page and the next ones then go through
// what passes.
func (s *scan) walk(ctx context.Context, yield func(Row) bool) error {
	if s.where == nil || s.l.base.len() < s.l.base.limits.ordered {
		s.ascending(s.q.After, yield)
		return nil
	}
	if list := s.where.list.Load(); list != nil {
		s.byID(*list, s.q.After, yield)
		return nil
	}
	left := s.l.base.len() / 16
	after, more := int64(0), false
	s.ascending(s.q.After, func(r Row) bool {
		if !yield(r) {
			return false
		}
		left--
		after = r.ID()
		more = left <= 0 && after != 0
		return !more
	})
	if !more {
		return nil
	}
	list, err := s.where.complete(ctx, s.l.base)
	switch {
	case err != nil:
		return err
	case list == nil:
		s.ascending(after, yield)
	default:
		s.byID(list, after, yield)
	}
	return nil
}

// complete judges all rows of the base and gives those that pass by id; nil
// when they are too many to be kept.
func (s *Selection) complete(ctx context.Context, b *base) ([]int32, error) {
	c := checker{ctx: ctx}
	var hits []hit
	var err error
	n := 0
	b.all(func(r Row) bool {
		var ok bool
		if ok, err = s.Test(r); ok {
			if n++; n <= b.limits.held {
				hits = append(hits, newHit(r))
			}
		}
		return err == nil && c.ok()
	})
	if err == nil {
		err = c.err
	}
	if err != nil || n > b.limits.held {
		return nil, err
	}
	slices.SortFunc(hits, func(a, b hit) int { return cmp.Compare(a.id, b.id) })
	list := make([]int32, len(hits))
	for i, h := range hits {
		list[i] = h.ordinal
	}
	s.list.Store(&list)
	return list, nil
}
