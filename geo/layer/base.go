package layer

import (
	"cmp"
	"context"
	"math"
	"slices"
	"sort"
	"sync"
	"sync/atomic"

	"contado/geo"
	"contado/geo/fault"
	"contado/geo/fgb"
	"contado/geo/index"
	"contado/geo/store/catalog"
	"contado/geo/store/features"
)

// base is the rows of a version as it was published: of a packed file, or in
// memory. It is shared by all states of a layer, with what was learnt of it:
// orders and the verdicts of filters.
type base struct {
	schema geo.Schema
	file   *fgb.File
	rows   []entry            // by ascending id; when there is no file
	tree   *index.Tree[int32] // of rows
	maxID  func() int64       // the greatest id, 0 when there is none
	// unplaced are the rows without a geometry, found when they are asked for
	// first.
	unplaced func() []int32
	orders   cache[*order]     // by their keys
	wheres   cache[*Selection] // by their text
	memos    cache[any]        // what others made of the rows
	columns  *columns
	limits   limits
	asked    []atomic.Int32 // how often filters would have used an order by a field
	sorting  sync.Mutex     // one order at a time
	edit     sync.Mutex     // one new state at a time
}

func packedBase(d catalog.Dataset, f *fgb.File) (*base, error) {
	v := d.Version.Vector
	if f.Len() > math.MaxInt32 {
		return nil, fault.Errorf("layer.Open", fault.TooLarge, "dataset %q has %d rows; at most %d are read", d.ID, f.Len(), math.MaxInt32)
	}
	same := slices.EqualFunc(v.Schema.Fields, f.Schema().Fields, func(a, b geo.Field) bool { return a.Name == b.Name })
	if !same || v.Count != int64(f.Len()) {
		return nil, fault.WithHint(fault.Errorf("layer.Open", fault.Invalid, "the packed file of dataset %q, version %d, has other rows than the catalog says", d.ID, d.Version.Number),
			"ingest the dataset again")
	}
	b := newBase(v.Schema)
	b.file = f
	b.maxID = sync.OnceValue(func() int64 {
		most := int64(0)
		f.Rows(func(r fgb.Row) bool { most = max(most, r.ID()); return true })
		return most
	})
	return b, nil
}

// limits decide which way a query goes; what it finds does not depend on them.
type limits struct {
	ordered int // rows that make it worth to keep an order for finding values
	hits    int // rows in a box that are looked at before going through all in order
	held    int // rows that are held at once, at most
}

func newBase(s geo.Schema) *base {
	b := &base{
		schema: s, orders: newCache[*order](maxOrders), wheres: newCache[*Selection](maxSelections), memos: newCache[any](maxOrders),
		limits: limits{ordered: 10_000, hits: 4096, held: 1 << 18}, asked: make([]atomic.Int32, len(s.Fields)),
		columns: newColumns(len(s.Fields)),
	}
	b.unplaced = sync.OnceValue(func() (out []int32) {
		b.all(func(r Row) bool {
			if r.Box().IsEmpty() {
				out = append(out, r.ordinal)
			}
			return true
		})
		return out
	})
	return b
}

// memoryBase reads all rows of a table.
func memoryBase(ctx context.Context, d catalog.Dataset, t features.Table) (*base, error) {
	b := newBase(t.Schema())
	err := t.Scan(ctx, features.Query{}, func(f geo.Feature) bool {
		b.rows = append(b.rows, *newEntry(f, 0))
		return true
	})
	if err != nil {
		return nil, err
	}
	if len(b.rows) > math.MaxInt32 {
		return nil, fault.Errorf("layer.Load", fault.TooLarge, "dataset %q has %d rows; at most %d are read", d.ID, len(b.rows), math.MaxInt32)
	}
	slices.SortFunc(b.rows, func(x, y entry) int { return cmp.Compare(x.feature.ID, y.feature.ID) })
	boxes, places := make([]geo.BBox, 0, len(b.rows)), make([]int32, 0, len(b.rows))
	for i := range b.rows {
		if !b.rows[i].box.IsEmpty() {
			boxes, places = append(boxes, b.rows[i].box), append(places, int32(i)) //nolint:gosec // checked above
		}
	}
	b.tree = index.Build(boxes, places)
	b.maxID = func() int64 {
		if len(b.rows) == 0 {
			return 0
		}
		return max(0, b.rows[len(b.rows)-1].feature.ID)
	}
	return b, nil
}

func (b *base) len() int {
	if b.file != nil {
		return b.file.Len()
	}
	return len(b.rows)
}

func (b *base) bounds() geo.BBox {
	if b.file != nil {
		return b.file.Bounds()
	}
	return b.tree.Bounds()
}

func (b *base) at(i int) Row {
	if b.file != nil {
		return Row{packed: b.file.At(i), ordinal: int32(i)} //nolint:gosec // checked when opened
	}
	return Row{own: &b.rows[i], ordinal: int32(i)} //nolint:gosec // checked when opened
}

func (b *base) byID(id int64) (Row, bool) {
	if b.file != nil {
		r, ok := b.file.ByID(id)
		return packedRow(r), ok
	}
	i, ok := b.place(id)
	if !ok {
		return Row{}, false
	}
	return b.at(i), true
}

// place is where id is or would be in rows.
func (b *base) place(id int64) (int, bool) {
	return slices.BinarySearchFunc(b.rows, id, func(e entry, id int64) int { return cmp.Compare(e.feature.ID, id) })
}

func packedRow(r fgb.Row) Row {
	return Row{packed: r, ordinal: int32(r.Ordinal())} //nolint:gosec // checked when opened
}

// all goes through the rows in the order of the file.
func (b *base) all(yield func(Row) bool) {
	if b.file != nil {
		b.file.Rows(func(r fgb.Row) bool { return yield(packedRow(r)) })
		return
	}
	for i := range b.rows {
		if !yield(b.at(i)) {
			return
		}
	}
}

// search gives the rows whose box meets box.
func (b *base) search(box geo.BBox, yield func(Row) bool) {
	if b.file == nil {
		b.tree.Search(box, func(_ geo.BBox, i int32) bool { return yield(b.at(int(i))) })
		return
	}
	indexed := b.file.Indexed()
	b.file.Search(box, func(r fgb.Row) bool {
		if !indexed && !meets(r.Box(), box) {
			return true
		}
		return yield(packedRow(r))
	})
}

// meets tells whether two boxes share a point, also when one is empty and the
// other infinite.
func meets(a, b geo.BBox) bool { return !a.IsEmpty() && a.Intersects(b) }

// ascending goes through the rows by id, from the first greater than after;
// 0 begins at the first.
func (b *base) ascending(after int64, yield func(Row) bool) {
	if b.file != nil {
		b.file.Ascending(after, func(r fgb.Row) bool { return yield(packedRow(r)) })
		return
	}
	first := 0
	if after != 0 {
		first = sort.Search(len(b.rows), func(i int) bool { return b.rows[i].feature.ID > after })
	}
	for i := first; i < len(b.rows); i++ {
		if !yield(b.at(i)) {
			return
		}
	}
}

// cache keeps the values used last. What is made for a key is made once,
// also when several ask for it at the same time; a failure is not kept.
type cache[V any] struct {
	mu   *sync.Mutex
	most int
	kept map[string]*cached[V]
	tick *int64
}

type cached[V any] struct {
	mu   sync.Mutex
	done bool
	v    V
	used int64
}

func newCache[V any](most int) cache[V] {
	return cache[V]{mu: new(sync.Mutex), most: most, kept: map[string]*cached[V]{}, tick: new(int64)}
}

func (c cache[V]) get(key string, build func() (V, error)) (V, error) {
	e := c.entry(key)
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.done {
		return e.v, nil
	}
	v, err := build()
	if err == nil {
		e.v, e.done = v, true
	}
	return v, err
}

// has tells whether a key has its value already.
func (c cache[V]) has(key string) bool {
	c.mu.Lock()
	e := c.kept[key]
	c.mu.Unlock()
	if e == nil || !e.mu.TryLock() { // being made: not yet
		return false
	}
	defer e.mu.Unlock()
	return e.done
}

// entry finds or makes the place of a key, and drops the one not used longest.
func (c cache[V]) entry(key string) *cached[V] {
	c.mu.Lock()
	defer c.mu.Unlock()
	*c.tick++
	e := c.kept[key]
	if e == nil {
		if len(c.kept) >= c.most {
			oldest, at := "", int64(math.MaxInt64)
			for k, o := range c.kept {
				if o.used < at {
					oldest, at = k, o.used
				}
			}
			delete(c.kept, oldest)
		}
		e = &cached[V]{}
		c.kept[key] = e
	}
	e.used = *c.tick
	return e
}
