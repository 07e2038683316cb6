// Package atlas is what the installation knows at this moment: the catalog's
// datasets with R-trees over item footprints, features and territories, in
// memory and immutable. A newer state is built beside the old one and swapped
// in by pointer, so that readers never wait and never see half of a change.
package atlas

import (
	"context"
	"fmt"
	"slices"
	"sort"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"contado/geo"
	"contado/geo/fault"
	"contado/geo/gdal"
	"contado/geo/index"
	"contado/geo/store/blob"
	"contado/geo/store/catalog"
	"contado/geo/store/features"
)

// Stores are the places that the atlas is read from.
type Stores struct {
	Catalog  catalog.Driver
	Features features.Driver
	Blobs    blob.Driver
}

// graceBeforeClose is how long a replaced layer stays open for the requests
// that still hold the old snapshot; longer than any request may run.
const graceBeforeClose = 10 * time.Minute

// Atlas holds the current snapshot. It is safe for concurrent use.
type Atlas struct {
	stores  Stores
	current atomic.Pointer[Snapshot]
	refresh sync.Mutex // one builder at a time
	closers sync.WaitGroup
	done    chan struct{}
	once    sync.Once
}

// Open reads the catalog and returns the atlas of it.
func Open(ctx context.Context, s Stores) (*Atlas, error) {
	a := &Atlas{stores: s, done: make(chan struct{})}
	if err := a.Refresh(ctx); err != nil {
		return nil, err
	}
	return a, nil
}

// Current returns the newest snapshot. It stays valid and unchanged for as
// long as a request reasonably holds it.
func (a *Atlas) Current() *Snapshot { return a.current.Load() }

// Refresh looks whether the catalog has moved on and, if so, publishes a new
// snapshot. Layers of unchanged versions are carried over, not reopened.
func (a *Atlas) Refresh(ctx context.Context) error {
	const op = "atlas.Refresh"
	a.refresh.Lock()
	defer a.refresh.Unlock()
	rev, err := a.stores.Catalog.Revision(ctx)
	if err != nil {
		return fault.E(op, fault.KindOf(err), err)
	}
	old := a.current.Load()
	if old != nil && old.revision == rev {
		return nil
	}
	next, err := a.build(ctx, rev, old)
	if err != nil {
		return fault.E(op, fault.KindOf(err), err)
	}
	a.current.Store(next)
	if old != nil {
		a.retire(old, next)
	}
	return nil
}

// Watch refreshes every so often until the context ends, telling report of
// what went wrong; the old snapshot stays in use meanwhile.
func (a *Atlas) Watch(ctx context.Context, every time.Duration, report func(error)) {
	t := time.NewTicker(every)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
			if err := a.Refresh(ctx); err != nil && ctx.Err() == nil {
				report(err)
			}
		}
	}
}

// Close closes all layers. No snapshot may be used afterwards.
func (a *Atlas) Close() error {
	a.once.Do(func() { close(a.done) })
	a.closers.Wait()
	s := a.current.Load()
	var first error
	for _, h := range s.layers {
		if err := h.close(); err != nil && first == nil {
			first = err
		}
	}
	return first
}

// Path is the name under which GDAL and SQLite open a version's file.
func (a *Atlas) Path(key string) (string, error) { return a.stores.Blobs.Path(key) }

// Locate is the name by which the raster pool opens a file of an item.
func (a *Atlas) Locate(as catalog.Asset) (string, error) {
	if as.File == "" {
		return gdal.RemoteName(gdal.Remote{Href: as.Href, Size: as.Size, ETag: as.ETag, Cells: (*gdal.Cells)(as.Cells)})
	}
	return a.Path(as.File)
}

func (a *Atlas) build(ctx context.Context, rev int64, old *Snapshot) (*Snapshot, error) {
	sets, err := a.stores.Catalog.Datasets(ctx)
	if err != nil {
		return nil, err
	}
	s := &Snapshot{
		revision: rev, datasets: sets,
		byID:   make(map[string]int, len(sets)),
		items:  make(map[string]*itemIndex),
		layers: make(map[string]*layerHandle),
	}
	for i, d := range sets {
		s.byID[d.ID] = i
		switch d.Kind {
		case catalog.Raster:
			items, err := a.stores.Catalog.Items(ctx, d.ID)
			if err != nil {
				return nil, fmt.Errorf("items of dataset %q: %w", d.ID, err)
			}
			s.items[d.ID] = newItemIndex(items)
		case catalog.Vector:
			if h := old.handle(d); h != nil {
				s.layers[d.ID] = h
				continue
			}
			s.layers[d.ID] = &layerHandle{stores: a.stores, dataset: d}
		}
	}
	return s, nil
}

// retire closes, after a while, the layers that next no longer uses.
func (a *Atlas) retire(old, next *Snapshot) {
	var gone []*layerHandle
	for id, h := range old.layers {
		if next.layers[id] != h {
			gone = append(gone, h)
		}
	}
	if len(gone) == 0 {
		return
	}
	a.closers.Add(1)
	go func() {
		defer a.closers.Done()
		select {
		case <-time.After(graceBeforeClose):
		case <-a.done:
		}
		for _, h := range gone {
			_ = h.close() // read-only: nothing can be lost
		}
	}()
}

// Snapshot is one immutable state of the catalog with its indexes.
type Snapshot struct {
	revision int64
	datasets []catalog.Dataset // by id
	byID     map[string]int
	items    map[string]*itemIndex
	layers   map[string]*layerHandle

	terrOnce    sync.Mutex
	territories atomic.Pointer[Territories]
}

// Revision is the catalog revision that the snapshot was read at.
func (s *Snapshot) Revision() int64 { return s.revision }

// Datasets returns all datasets by id. The slice must not be changed.
func (s *Snapshot) Datasets() []catalog.Dataset { return s.datasets }

// Dataset returns one dataset, or fault.NotExist with the ids that exist.
func (s *Snapshot) Dataset(id string) (catalog.Dataset, error) {
	if i, ok := s.byID[id]; ok {
		return s.datasets[i], nil
	}
	err := fault.Errorf("atlas.Dataset", fault.NotExist, "there is no dataset %q", id)
	return catalog.Dataset{}, fault.WithHint(err, s.known())
}

func (s *Snapshot) known() string {
	if len(s.datasets) == 0 {
		return "the catalog is empty: ingest something first"
	}
	ids := make([]string, 0, 12)
	for i, d := range s.datasets {
		if i == 12 {
			ids = append(ids, fmt.Sprintf("… %d more", len(s.datasets)-i))
			break
		}
		ids = append(ids, d.ID)
	}
	return "datasets here: " + strings.Join(ids, ", ")
}

// ByRole returns the datasets of a role, by id.
func (s *Snapshot) ByRole(r catalog.Role) []catalog.Dataset {
	var out []catalog.Dataset
	for _, d := range s.datasets {
		if d.Role == r {
			out = append(out, d)
		}
	}
	return out
}

// Items returns the items of a raster dataset whose box meets the WGS84 box
// (nil: all), newest first; items without time come last.
func (s *Snapshot) Items(dataset string, within *geo.BBox) []catalog.Item {
	ix := s.items[dataset]
	if ix == nil {
		return nil
	}
	return ix.search(within)
}

// Layer opens a vector dataset with its index of feature boxes. The layer
// belongs to the atlas: do not close it.
func (s *Snapshot) Layer(ctx context.Context, dataset string) (*Layer, error) {
	d, err := s.Dataset(dataset)
	if err != nil {
		return nil, err
	}
	h := s.layers[dataset]
	if h == nil {
		return nil, fault.Errorf("atlas.Layer", fault.Invalid, "dataset %q is a %s dataset, not a vector one", dataset, d.Kind)
	}
	return h.get(ctx)
}

func (s *Snapshot) handle(d catalog.Dataset) *layerHandle {
	if s == nil {
		return nil
	}
	h := s.layers[d.ID]
	if h == nil || h.dataset.Version.Number != d.Version.Number || h.dataset.Version.SHA256 != d.Version.SHA256 {
		return nil
	}
	return h
}

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
