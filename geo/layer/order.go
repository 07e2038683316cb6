package layer

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
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

// item is a row while it is sorted: the beginning of its key, and its id.
type item struct {
	head  uint64 // the bytes after the class
	id    int64
	row   int32
	class byte
	whole bool // head is all of the key but for the id
}

// sorted makes all keys, one after the other in the order of the file, and
// sorts them by their first bytes before it looks at the rest. It makes one
// order at a time: its memory is some 60 bytes a row.
func (b *base) sorted(ctx context.Context, k *keys) (*order, error) {
	b.sorting.Lock()
	defer b.sorting.Unlock()
	items := make([]item, 0, b.len())
	starts := make([]int, 1, b.len()+1) // of the keys, by ordinal, and the end of the last
	arena := make([]byte, 0, 32*b.len())
	c := checker{ctx: ctx}
	b.all(func(r Row) bool {
		arena = k.of(arena, r)
		key := arena[starts[len(items)]:]
		starts = append(starts, len(arena))
		items = append(items, item{
			head: head(key[1:]), id: r.ID(), row: r.ordinal, class: key[0],
			whole: len(k.fields) == 1 && len(key) == numberKey && isWhole(key, k.fields[0].descending),
		})
		return c.ok()
	})
	if c.err != nil {
		return nil, c.err
	}
	slices.SortFunc(items, func(x, y item) int {
		switch {
		case x.class != y.class:
			return int(x.class) - int(y.class)
		case x.head != y.head:
			return cmp.Compare(x.head, y.head)
		case x.whole && y.whole:
			return cmp.Compare(x.id, y.id)
		}
		return bytes.Compare(arena[starts[x.row]:starts[x.row+1]], arena[starts[y.row]:starts[y.row+1]])
	})
	o := &order{keys: k, base: b, rows: make([]int32, len(items))}
	for i := range items {
		o.rows[i] = items[i].row
	}
	return o, nil
}

// numberKey is the length of the key of one number: class, number, residue, id.
const numberKey = 1 + 8 + 8 + 8

// isWhole tells of the key of a number whether its residue is 0.
func isWhole(key []byte, descending bool) bool {
	none := uint64(1) << 63
	if descending {
		none = ^none
	}
	return binary.BigEndian.Uint64(key[9:]) == none
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
