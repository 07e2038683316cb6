package atlas

import (
	"slices"
	"sort"

	"contado/geo"
	"contado/geo/index"
	"contado/geo/store/catalog"
)

// itemIndex is the R-tree over the footprints of one dataset's items.
type itemIndex struct {
	items []catalog.Item // newest first
	tree  *index.Tree[int]
}

func newItemIndex(items []catalog.Item) *itemIndex {
	items = slices.Clone(items)
	sort.SliceStable(items, func(i, j int) bool {
		a, b := items[i].Datetime, items[j].Datetime
		if a == nil || b == nil {
			return a != nil
		}
		return a.After(*b)
	})
	boxes := make([]geo.BBox, 0, len(items))
	values := make([]int, 0, len(items))
	for i, it := range items {
		for _, b := range index.Unwrap(it.BBox) {
			boxes, values = append(boxes, b), append(values, i)
		}
	}
	return &itemIndex{items: items, tree: index.Build(boxes, values)}
}

func (ix *itemIndex) search(within *geo.BBox) []catalog.Item {
	if within == nil {
		return slices.Clone(ix.items)
	}
	var hits []int
	for _, b := range index.Unwrap(*within) {
		ix.tree.Search(b, func(_ geo.BBox, i int) bool {
			hits = append(hits, i)
			return true
		})
	}
	slices.Sort(hits)
	hits = slices.Compact(hits)
	out := make([]catalog.Item, len(hits))
	for k, i := range hits {
		out[k] = ix.items[i]
	}
	return out
}
