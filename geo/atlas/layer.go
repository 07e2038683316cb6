package atlas

import (
	"context"
	"slices"
	"sync"

	"contado/geo"
	"contado/geo/fault"
	"contado/geo/index"
	"contado/geo/store/catalog"
	"contado/geo/store/features"
)

// Layer is an open vector dataset version with the R-tree of its features.
type Layer struct {
	dataset catalog.Dataset
	table   features.Table
	tree    *index.Tree[int64]
}

// layerHandle opens its layer on first use and shares it. A failed opening is
// not remembered: the next request tries again.
type layerHandle struct {
	stores  Stores
	dataset catalog.Dataset

	mu     sync.Mutex
	layer  *Layer
	closed bool
}

func (h *layerHandle) get(ctx context.Context) (*Layer, error) {
	const op = "atlas.Layer"
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.layer != nil {
		return h.layer, nil
	}
	if h.closed {
		return nil, fault.Errorf(op, fault.Unavailable, "this version of dataset %q has been replaced; ask again", h.dataset.ID)
	}
	v := h.dataset.Version.Vector
	if v == nil {
		return nil, fault.Errorf(op, fault.Other, "dataset %q has no description of its rows", h.dataset.ID)
	}
	path, err := h.stores.Blobs.Path(v.File)
	if err != nil {
		return nil, err
	}
	table, err := h.stores.Features.Open(ctx, path, v.Layer)
	if err != nil {
		return nil, err
	}
	l, err := newLayer(ctx, h.dataset, table)
	if err != nil {
		_ = table.Close() // the first error says more
		return nil, err
	}
	h.layer = l
	return l, nil
}

func (h *layerHandle) close() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	if h.layer == nil {
		return nil
	}
	err := h.layer.table.Close()
	h.layer = nil
	return err
}

func newLayer(ctx context.Context, d catalog.Dataset, t features.Table) (*Layer, error) {
	n := d.Version.Vector.Count
	boxes := make([]geo.BBox, 0, n)
	ids := make([]int64, 0, n)
	err := t.Boxes(ctx, func(b features.Box) bool {
		boxes, ids = append(boxes, b.Box), append(ids, b.ID)
		return true
	})
	if err != nil {
		return nil, err
	}
	return &Layer{dataset: d, table: t, tree: index.Build(boxes, ids)}, nil
}

// Dataset is the dataset, with the version that the layer reads.
func (l *Layer) Dataset() catalog.Dataset { return l.dataset }

// Schema describes the rows.
func (l *Layer) Schema() geo.Schema { return l.table.Schema() }

// idsPerRead bounds the ids named in one read of the table.
const idsPerRead = 5000

// Scan yields the selected rows in ascending id, as features.Table.Scan does;
// a box in the query is answered from the R-tree.
func (l *Layer) Scan(ctx context.Context, q features.Query, yield func(geo.Feature) bool) error {
	if q.BBox == nil || q.IDs != nil {
		return l.table.Scan(ctx, q, yield)
	}
	ids := l.hits(*q.BBox, q.After)
	left := q.Limit
	for len(ids) > 0 {
		part := q
		part.BBox = nil
		part.IDs = ids[:min(idsPerRead, len(ids))]
		part.Limit = left
		ids = ids[len(part.IDs):]
		var n int
		stopped := false
		err := l.table.Scan(ctx, part, func(f geo.Feature) bool {
			n++
			if !yield(f) {
				stopped = true
			}
			return !stopped
		})
		if err != nil || stopped {
			return err
		}
		if q.Limit > 0 {
			if left -= n; left <= 0 {
				return nil
			}
		}
	}
	return nil
}

// Count is the number of selected rows; After and Limit are ignored.
func (l *Layer) Count(ctx context.Context, q features.Query) (int64, error) {
	if q.BBox == nil || q.IDs != nil {
		return l.table.Count(ctx, q)
	}
	ids := l.hits(*q.BBox, 0)
	if len(q.Equal) == 0 {
		return int64(len(ids)), nil
	}
	var n int64
	for len(ids) > 0 {
		part := q
		part.BBox = nil
		part.IDs = ids[:min(idsPerRead, len(ids))]
		ids = ids[len(part.IDs):]
		c, err := l.table.Count(ctx, part)
		if err != nil {
			return 0, err
		}
		n += c
	}
	return n, nil
}

// Feature returns one row by id, or fault.NotExist.
func (l *Layer) Feature(ctx context.Context, id int64) (geo.Feature, error) {
	var out geo.Feature
	found := false
	err := l.table.Scan(ctx, features.Query{IDs: []int64{id}}, func(f geo.Feature) bool {
		out, found = f, true
		return false
	})
	if err != nil {
		return geo.Feature{}, err
	}
	if !found {
		return geo.Feature{}, fault.Errorf("atlas.Feature", fault.NotExist, "dataset %q has no feature %d", l.dataset.ID, id)
	}
	return out, nil
}

// Search calls yield with the box and id of every feature whose box meets b
// (in the dataset's CRS), in no set order, until it returns false.
func (l *Layer) Search(b geo.BBox, yield func(geo.BBox, int64) bool) { l.tree.Search(b, yield) }

// hits returns the ids after a given one whose boxes meet b, ascending.
func (l *Layer) hits(b geo.BBox, after int64) []int64 {
	var ids []int64
	l.tree.Search(b, func(_ geo.BBox, id int64) bool {
		if after == 0 || id > after {
			ids = append(ids, id)
		}
		return true
	})
	slices.Sort(ids)
	return ids
}
