package layer

import (
	"math"

	"github.com/tidwall/rtree"

	"contado/geo"
	"contado/geo/fault"
	"contado/geo/store/journal"
)

// overlay is what the journal makes of the base. It never changes: the next
// one shares all that stays the same.
type overlay struct {
	head    int64 // Seq of the last change
	byID    *node // every feature that was changed, also the deleted
	live    int   // of byID, those that are not deleted
	boxes   boxes[*entry]
	touched boxes[int64] // Seq by the box before and the box after
	hidden  bitset       // rows of the base that were changed or deleted
	maxID   int64        // the greatest id that was ever created
}

// boxes is an R-tree whose copies share what stays the same.
type boxes[T any] struct {
	tree *rtree.RTreeGN[float64, T]
}

// copy is safe while others search, not while others copy.
func (b boxes[T]) copy() boxes[T] {
	if b.tree == nil {
		return boxes[T]{&rtree.RTreeGN[float64, T]{}}
	}
	return boxes[T]{b.tree.Copy()}
}

func (b boxes[T]) insert(box geo.BBox, v T) {
	if !box.IsEmpty() {
		b.tree.Insert([2]float64{box.MinX, box.MinY}, [2]float64{box.MaxX, box.MaxY}, v)
	}
}

func (b boxes[T]) remove(box geo.BBox, v T) {
	if !box.IsEmpty() {
		b.tree.Delete([2]float64{box.MinX, box.MinY}, [2]float64{box.MaxX, box.MaxY}, v)
	}
}

func (b boxes[T]) search(box geo.BBox, yield func(T) bool) {
	if b.tree == nil || box.IsEmpty() {
		return
	}
	b.tree.Search([2]float64{box.MinX, box.MinY}, [2]float64{box.MaxX, box.MaxY},
		func(_, _ [2]float64, v T) bool { return yield(v) })
}

func (b boxes[T]) bounds() geo.BBox {
	if b.tree == nil || b.tree.Len() == 0 {
		return geo.EmptyBBox()
	}
	lo, hi := b.tree.Bounds()
	return geo.BBox{MinX: lo[0], MinY: lo[1], MaxX: hi[0], MaxY: hi[1]}
}

// with is the overlay after further changes, which must follow in order.
func (o *overlay) with(b *base, changes []journal.Change) (*overlay, error) {
	next := *o
	next.boxes, next.touched = o.boxes.copy(), o.touched.copy()
	hidden := o.hidden.edit()
	for i := range changes {
		c := &changes[i]
		if c.Seq <= next.head {
			return nil, fault.Errorf("layer.With", fault.Other, "change %d of dataset %q does not follow change %d", c.Seq, c.Dataset, next.head)
		}
		if err := next.apply(b, hidden, c); err != nil {
			return nil, err
		}
	}
	next.hidden = hidden.bitset
	return &next, nil
}

func (o *overlay) apply(b *base, hidden *bitsetEditor, c *journal.Change) error {
	before := geo.EmptyBBox()
	if old := o.byID.get(c.Feature); old != nil {
		if !old.gone {
			before = old.box
			o.boxes.remove(old.box, old)
			o.live--
		}
	} else if r, ok := b.byID(c.Feature); ok {
		before = r.Box()
		hidden.add(int(r.ordinal))
	}
	e := &entry{feature: geo.Feature{ID: c.Feature}, box: geo.EmptyBBox(), seq: c.Seq, gone: true}
	if c.Op != journal.Delete {
		if c.After == nil || len(c.After.Values) != len(b.schema.Fields) {
			return fault.Errorf("layer.With", fault.Invalid, "change %d of dataset %q has no row with the %d attributes of the version", c.Seq, c.Dataset, len(b.schema.Fields))
		}
		e = newEntry(*c.After, c.Seq)
		e.feature.ID = c.Feature
		o.boxes.insert(e.box, e)
		o.live++
	}
	o.byID = o.byID.put(e)
	o.touched.insert(before, c.Seq)
	if e.box != before {
		o.touched.insert(e.box, c.Seq)
	}
	o.head = c.Seq
	if c.Op == journal.Create {
		o.maxID = max(o.maxID, c.Feature)
	}
	return nil
}

func (o *overlay) row(e *entry) Row { return Row{own: e, ordinal: -1} }

// ascending goes through the live rows by id, from the first greater than
// after; 0 begins at the first.
func (o *overlay) ascending(after int64) *walker {
	if after == 0 {
		return o.byID.first()
	}
	return o.byID.from(after)
}

// next skips what was deleted.
func (o *overlay) next(w *walker) *entry {
	for e := w.next(); e != nil; e = w.next() {
		if !e.gone {
			return e
		}
	}
	return nil
}

// touchedSince tells whether a change after seq has to do with box.
func (o *overlay) touchedSince(seq int64, box geo.BBox) (found bool) {
	if seq >= o.head {
		return false
	}
	o.touched.search(box, func(at int64) bool {
		found = at > seq
		return !found
	})
	return found
}

// everything is a box that meets all boxes.
var everything = geo.BBox{MinX: math.Inf(-1), MinY: math.Inf(-1), MaxX: math.Inf(1), MaxY: math.Inf(1)}
