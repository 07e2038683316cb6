// Package layer is what people see of a vector dataset: the immutable rows of
// its version, read in place from the packed file, with the changes of the
// journal laid over them. A Layer is one state and never changes; an edit
// makes the next one, which shares the rows below and whatever was learnt of
// them (orders by attributes, verdicts of filters). So readers never wait,
// and a request that holds a layer sees one state from its beginning to its
// end.
package layer

import (
	"context"
	"errors"
	"strconv"

	"contado/geo"
	"contado/geo/fault"
	"contado/geo/fgb"
	"contado/geo/store/catalog"
	"contado/geo/store/features"
	"contado/geo/store/journal"
)

// Layer is one state of a vector dataset. It is safe for concurrent use.
type Layer struct {
	dataset catalog.Dataset
	base    *base
	over    *overlay
	orders  cache[[]*entry] // the rows of the overlay in an order, by its keys
}

// Open makes the layer of a version, as published, of its packed file, which
// the layer keeps: Close closes it.
//
// Errors: fault.Invalid for a file that has other attributes or another
// number of rows than the version.
func Open(d catalog.Dataset, f *fgb.File) (*Layer, error) {
	if d.Version.Vector == nil {
		return nil, undescribed(d)
	}
	b, err := packedBase(d, f)
	if err != nil {
		return nil, err
	}
	return newLayer(d, b, &overlay{}), nil
}

// Load makes the layer of a version that has no packed file: it reads all
// rows of its table into memory, and does not need the table afterwards.
func Load(ctx context.Context, d catalog.Dataset, t features.Table) (*Layer, error) {
	if d.Version.Vector == nil {
		return nil, undescribed(d)
	}
	b, err := memoryBase(ctx, d, t)
	if err != nil {
		return nil, err
	}
	return newLayer(d, b, &overlay{}), nil
}

func undescribed(d catalog.Dataset) error {
	return fault.Errorf("layer.Open", fault.Other, "dataset %q has no description of its rows", d.ID)
}

func newLayer(d catalog.Dataset, b *base, o *overlay) *Layer {
	return &Layer{dataset: d, base: b, over: o, orders: newCache[[]*entry](maxOrders)}
}

// With is the layer after further changes of the same version's journal, in
// order. The layer itself stays as it is. Changes that it has already are
// left out.
func (l *Layer) With(changes []journal.Change) (*Layer, error) {
	for len(changes) > 0 && changes[0].Seq <= l.over.head {
		changes = changes[1:]
	}
	if len(changes) == 0 {
		return l, nil
	}
	for i := range changes {
		if c := &changes[i]; c.Version != l.dataset.Version.Number || c.Dataset != l.dataset.ID {
			return nil, fault.Errorf("layer.With", fault.Other, "change %d is one of dataset %q, version %d, not of %q, version %d",
				c.Seq, c.Dataset, c.Version, l.dataset.ID, l.dataset.Version.Number)
		}
	}
	l.base.edit.Lock()
	defer l.base.edit.Unlock()
	o, err := l.over.with(l.base, changes)
	if err != nil {
		return nil, err
	}
	return newLayer(l.dataset, l.base, o), nil
}

// Close closes the packed file, which all states of the version share: none
// may be used afterwards, nor any row or shape of them.
func (l *Layer) Close() error {
	if l.base.file == nil {
		return nil
	}
	return l.base.file.Close()
}

// Dataset is the dataset, with the version that the layer reads.
func (l *Layer) Dataset() catalog.Dataset { return l.dataset }

// Described is the layer under what the catalog says of the version now: its
// title, its extras. It must be the same version.
func (l *Layer) Described(d catalog.Dataset) *Layer {
	c := *l
	c.dataset = d
	return &c
}

// Veiled is a layer that was made of another after its change head, to be shown
// instead of it: it names its state as the other does.
func Veiled(l *Layer, head int64) *Layer {
	c := *l
	over := *l.over
	over.head = head
	c.over = &over
	return &c
}

// Schema describes the rows.
func (l *Layer) Schema() geo.Schema { return l.base.schema }

// Bounds is a box that holds all rows, in the CRS of the schema; after
// deletions there may be a smaller one. geo.EmptyBBox when no row has a
// geometry.
func (l *Layer) Bounds() geo.BBox {
	b := l.over.boxes.bounds()
	if base := l.base.bounds(); !base.IsEmpty() {
		b = b.Union(base)
	}
	return b
}

// Len is the number of rows.
func (l *Layer) Len() int { return l.base.len() - l.over.hidden.n + l.over.live }

// BaseLen is the number of rows of the version as published: ordinals of
// rows are less.
func (l *Layer) BaseLen() int { return l.base.len() }

// Packed is the file that the version's rows are read from; nil when they
// are in memory.
func (l *Layer) Packed() *fgb.File { return l.base.file }

// Head is the Seq of the last change that the layer knows; 0 = as published.
func (l *Layer) Head() int64 { return l.over.head }

// Stamp names the state: "3" is version 3 as published, "3.17" that version
// after its change 17.
func (l *Layer) Stamp() string {
	s := strconv.Itoa(l.dataset.Version.Number)
	if l.over.head > 0 {
		s += "." + strconv.FormatInt(l.over.head, 10)
	}
	return s
}

// Revision is the Seq of a feature's last change, deletion included; 0 = as
// published, or never there.
func (l *Layer) Revision(id int64) int64 {
	if e := l.over.byID.get(id); e != nil {
		return e.seq
	}
	return 0
}

// TouchedSince reports whether a change after seq has to do with a row whose
// box, before or after it, meets b (in the dataset's CRS).
func (l *Layer) TouchedSince(seq int64, b geo.BBox) bool { return l.over.touchedSince(seq, b) }

// MaxID is the greatest id that a row has or had, at least 0: new rows are
// numbered from there.
func (l *Layer) MaxID() int64 { return max(l.base.maxID(), l.over.maxID) }

// Find returns the row with an id.
func (l *Layer) Find(id int64) (Row, bool) {
	if e := l.over.byID.get(id); e != nil {
		return l.over.row(e), !e.gone
	}
	return l.base.byID(id)
}

// Known reports whether the layer has or had a row of this id.
func (l *Layer) Known(id int64) bool {
	if l.over.byID.get(id) != nil {
		return true
	}
	_, ok := l.base.byID(id)
	return ok
}

// Feature returns one row by id, or fault.NotExist.
func (l *Layer) Feature(ctx context.Context, id int64) (geo.Feature, error) {
	const op = "layer.Feature"
	if err := ctx.Err(); err != nil {
		return geo.Feature{}, fault.E(op, fault.Canceled, err)
	}
	r, ok := l.Find(id)
	if !ok {
		return geo.Feature{}, fault.Errorf(op, fault.NotExist, "dataset %q has no feature %d", l.dataset.ID, id)
	}
	return r.Feature(nil)
}

// Visit calls yield for every row whose box meets b (closed on all sides, in
// the dataset's CRS), in no set order, until it returns false; nil gives all
// rows, also those without geometry. It makes nothing of a row that is not
// asked for.
func (l *Layer) Visit(b *geo.BBox, yield func(Row) bool) {
	stopped := false
	visit := func(r Row) bool {
		stopped = !yield(r)
		return !stopped
	}
	base := visit
	if hidden := &l.over.hidden; hidden.n > 0 {
		base = func(r Row) bool { return hidden.has(int(r.ordinal)) || visit(r) }
	}
	if b == nil {
		l.base.all(base)
		w := l.over.byID.first()
		for e := l.over.next(w); e != nil && !stopped; e = l.over.next(w) {
			visit(l.over.row(e))
		}
		return
	}
	if b.IsEmpty() {
		return
	}
	l.base.search(*b, base)
	if !stopped {
		l.over.boxes.search(*b, func(e *entry) bool { return visit(l.over.row(e)) })
	}
}

// Err is the first damage of the packed file that any reading has met: Visit
// cannot tell it, Scan and Count do.
func (l *Layer) Err() error {
	if l.base.file == nil {
		return nil
	}
	return l.base.file.Err()
}

// Search calls yield with the box and id of every row whose box meets b, as
// Visit does.
func (l *Layer) Search(b geo.BBox, yield func(geo.BBox, int64) bool) {
	l.Visit(&b, func(r Row) bool { return yield(r.Box(), r.ID()) })
}

// Boxes calls yield with the extent of every row that has a geometry, in no
// set order.
func (l *Layer) Boxes(ctx context.Context, yield func(features.Box) bool) error {
	c := checker{ctx: ctx}
	l.Visit(&everything, func(r Row) bool {
		return c.ok() && yield(features.Box{ID: r.ID(), Box: r.Box()})
	})
	return c.err
}

// checker looks now and then whether the context has ended.
type checker struct {
	ctx context.Context
	n   int
	err error
}

func (c *checker) ok() bool {
	if c.n&63 == 0 && c.err == nil {
		if err := c.ctx.Err(); err != nil {
			c.err = fault.E("layer.Scan", fault.Canceled, errors.Join(err, context.Cause(c.ctx)))
		}
	}
	c.n++
	return c.err == nil
}
