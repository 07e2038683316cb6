// Package atlas is what the installation knows at this moment: the catalog's
// datasets with R-trees over item footprints, the layers of vector datasets
// with the edits made to them, and territories; immutable. A newer state is
// built beside the old one and swapped in by pointer, so that readers never
// wait and never see half of a change.
package atlas

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"contado/geo"
	"contado/geo/fault"
	"contado/geo/gdal"
	"contado/geo/store/blob"
	"contado/geo/store/catalog"
	"contado/geo/store/features"
	"contado/geo/store/journal"
)

// Stores are the places that the atlas is read from.
type Stores struct {
	Catalog  catalog.Driver
	Features features.Driver
	Blobs    blob.Driver
	// Journal keeps the edits of rows; nil: there are none and none can be made.
	Journal journal.Driver
	// Attached opens the table of another database behind a dataset, to write
	// to it; nil: such datasets are not edited here.
	Attached func(ctx context.Context, x catalog.External) (features.Table, error)
	// Temporary is the folder for copies of large versions that have no packed
	// file; "" is the system's.
	Temporary string
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
	editing keyed // one edit of a dataset at a time
	past    past  // states that are no longer the newest
	veil    Veil  // nil: everything is shown as it is
	twins   twins
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

// Refresh looks whether the catalog has moved on, and whether other processes
// have edited rows, and if so publishes a new snapshot. Layers of unchanged
// versions are carried over, not reopened.
func (a *Atlas) Refresh(ctx context.Context) error {
	const op = "atlas.Refresh"
	a.refresh.Lock()
	defer a.refresh.Unlock()
	rev, err := a.stores.Catalog.Revision(ctx)
	if err != nil {
		return fault.E(op, fault.KindOf(err), err)
	}
	old := a.current.Load()
	next := old
	if old == nil || old.revision != rev {
		if next, err = a.build(ctx, rev, old); err != nil {
			return fault.E(op, fault.KindOf(err), err)
		}
	}
	if next, err = a.follow(ctx, next); err != nil {
		return fault.E(op, fault.KindOf(err), err)
	}
	if next != old {
		a.current.Store(next)
		if old != nil {
			a.retire(old, next)
		}
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
	for _, st := range s.layers {
		if err := st.src.close(); err != nil && first == nil {
			first = err
		}
	}
	for _, src := range a.past.clear() {
		if err := src.close(); err != nil && first == nil {
			first = err
		}
	}
	return first
}

// Path is the name under which GDAL and SQLite open a version's file.
func (a *Atlas) Path(key string) (string, error) { return a.stores.Blobs.Path(key) }

// Locate is the name by which the raster pool opens a file of an item.
func (a *Atlas) Locate(as catalog.Asset) (string, error) {
	if file, ok := strings.CutPrefix(as.File, veiled); ok {
		return a.twin(file)
	}
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
		atlas: a, revision: rev, datasets: sets,
		byID:   make(map[string]int, len(sets)),
		items:  make(map[string]*itemIndex),
		layers: make(map[string]*state),
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
			s.layers[d.ID] = old.carry(a.stores, d)
		}
	}
	return s, a.hideItems(ctx, s)
}

// retire closes, after a while, the layers that next no longer uses.
func (a *Atlas) retire(old, next *Snapshot) {
	var gone []*source
	for id, st := range old.layers {
		if n := next.layers[id]; n == nil || n.src != st.src {
			gone = append(gone, st.src)
		}
	}
	a.closeLater(gone...)
}

// closeLater closes what requests may still read.
func (a *Atlas) closeLater(gone ...*source) {
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
		for _, src := range gone {
			_ = src.close() // read-only: nothing can be lost
		}
	}()
}

// Snapshot is one immutable state of the catalog with its indexes.
type Snapshot struct {
	atlas    *Atlas
	revision int64
	datasets []catalog.Dataset // by id
	byID     map[string]int
	items    map[string]*itemIndex
	layers   map[string]*state
	heads    map[string]int64 // the newest changes of the journals, by dataset

	terrOnce    sync.Mutex
	territories atomic.Pointer[Territories]
}

// Revision is the catalog revision that the snapshot was read at.
func (s *Snapshot) Revision() int64 { return s.revision }

// State names everything that the snapshot shows: it changes with the catalog
// and with every edit, and is the same in all processes that show the same.
func (s *Snapshot) State() string {
	var edits int64
	for _, head := range s.heads {
		edits += head
	}
	return fmt.Sprintf("%d.%d", s.revision, edits)
}

// Stamp names the state of one dataset, as Layer.Stamp does, without opening
// it; "" when there is no such dataset.
func (s *Snapshot) Stamp(dataset string) string {
	i, ok := s.byID[dataset]
	if !ok {
		return ""
	}
	stamp := strconv.Itoa(s.datasets[i].Version.Number)
	if head := s.heads[dataset]; head > 0 {
		stamp += "." + strconv.FormatInt(head, 10)
	}
	return stamp
}

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

// Layer gives a vector dataset as it is now: the rows of its version with the
// edits made since, or what is shown of them behind a veil. It belongs to the
// atlas: do not close it.
func (s *Snapshot) Layer(ctx context.Context, dataset string) (*Layer, error) {
	d, err := s.Dataset(dataset)
	if err != nil {
		return nil, err
	}
	st := s.layers[dataset]
	if st == nil {
		return nil, fault.Errorf("atlas.Layer", fault.Invalid, "dataset %q is a %s dataset, not a vector one", dataset, d.Kind)
	}
	if s.atlas.Veiled(&d) && !isExact(ctx) {
		return st.behind(ctx, s)
	}
	return st.get(ctx)
}
