package layer

import (
	"bytes"
	"context"
	"slices"
	"sort"
)

// Bounds on what a layer keeps beside its rows: four bytes a row for an
// order, two bits a row for a filter.
const (
	maxOrders     = 12
	maxSelections = 64
)

// order is the base's rows in an order, by their ordinals.
type order struct {
	keys *keys
	base *base
	rows []int32
}

// order gives the base in an order; it is made on first use.
func (b *base) order(ctx context.Context, k *keys) (*order, error) {
	return b.orders.get(k.name, func() (*order, error) { return b.sorted(ctx, k) })
}

// sorted makes all keys, one after the other, and sorts them by their first
// bytes before it looks at the rest.
func (b *base) sorted(ctx context.Context, k *keys) (*order, error) {
	type item struct {
		head  uint64
		start uint64 // in arena
		row   int32
	}
	items := make([]item, b.len(), b.len()+1)
	arena := make([]byte, 0, 32*b.len())
	c := checker{ctx: ctx}
	for i := range items {
		if !c.ok() {
			return nil, c.err
		}
		start := len(arena)
		arena = k.of(arena, b.at(i))
		items[i] = item{head(arena[start+1:]), uint64(start), int32(i)} //nolint:gosec // checked when opened
	}
	// The class byte is not in the head: it is compared first.
	ends := make([]uint64, len(items))
	for i := range items {
		if i+1 < len(items) {
			ends[i] = items[i+1].start
		} else {
			ends[i] = uint64(len(arena))
		}
	}
	slices.SortFunc(items, func(x, y item) int {
		if cx, cy := arena[x.start], arena[y.start]; cx != cy {
			return int(cx) - int(cy)
		}
		return before(x.head, arena[x.start:ends[x.row]], y.head, arena[y.start:ends[y.row]])
	})
	o := &order{keys: k, base: b, rows: make([]int32, len(items))}
	for i, it := range items {
		o.rows[i] = it.row
	}
	return o, nil
}

// after is the place of the first row whose key is greater than key.
func (o *order) after(key []byte) int {
	var buf []byte
	return sort.Search(len(o.rows), func(i int) bool {
		buf = o.keys.of(buf[:0], o.base.at(int(o.rows[i])))
		return bytes.Compare(buf, key) > 0
	})
}

// ordered gives the overlay's rows in an order; it is made once for a state.
func (l *Layer) ordered(k *keys) ([]*entry, error) {
	return l.orders.get(k.name, func() ([]*entry, error) {
		var out []*entry
		w := l.over.byID.first()
		for e := l.over.next(w); e != nil; e = l.over.next(w) {
			out = append(out, e)
		}
		sortBy(k, out, l.over.row)
		return out, nil
	})
}

// sortBy sorts what stands for rows.
func sortBy[T any](k *keys, list []T, row func(T) Row) {
	type item struct {
		key []byte
		v   T
	}
	items := make([]item, len(list))
	for i, v := range list {
		items[i] = item{k.of(nil, row(v)), v}
	}
	slices.SortFunc(items, func(a, b item) int { return bytes.Compare(a.key, b.key) })
	for i := range items {
		list[i] = items[i].v
	}
}
