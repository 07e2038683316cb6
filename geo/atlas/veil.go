package atlas

import (
	"context"
	"path/filepath"
	"strings"
	"sync"

	"contado/geo/fault"
	"contado/geo/fgb"
	"contado/geo/layer"
	"contado/geo/store/catalog"
)

// Veil shows datasets that count people in a form in which they may be told.
// With one, everything that is read of such a dataset, by whatever way (tiles,
// pictures, values, rows, files, statistics), is read of that form, and only
// those who say Exact read the figures themselves.
type Veil interface {
	// Covers reports whether a dataset is shown behind the veil.
	Covers(d *catalog.Dataset) bool
	// Cells makes the rasters that are shown instead of the files of items, by
	// the files' keys. s reads without the veil.
	Cells(ctx context.Context, s *Snapshot, d *catalog.Dataset, items []catalog.Item) (map[string]string, error)
	// Rows writes the rows that are shown instead of a layer's to a packed file.
	Rows(ctx context.Context, s *Snapshot, l *Layer, path string) error
}

type exactKey struct{}

// Exact is a context in which figures of people are read as they are. It is
// for computations that protect what they tell themselves.
func Exact(ctx context.Context) context.Context { return context.WithValue(ctx, exactKey{}, true) }

func isExact(ctx context.Context) bool { return ctx.Value(exactKey{}) != nil }

// veiled begins the names of files that are shown in another form.
const veiled = "veil:"

// twins are the rasters shown instead of files, by key.
type twins struct {
	mu   sync.Mutex
	path map[string]string
	err  map[string]error
}

// Hide puts a veil before the datasets that it covers; nil takes it away. It
// is to be called before anything is answered.
func (a *Atlas) Hide(ctx context.Context, v Veil) error {
	const op = "atlas.Hide"
	a.refresh.Lock()
	defer a.refresh.Unlock()
	a.veil = v
	old := a.current.Load()
	next, err := a.build(ctx, old.revision, old)
	if err == nil {
		next, err = a.follow(ctx, next)
	}
	if err != nil {
		return fault.E(op, fault.KindOf(err), err)
	}
	a.current.Store(next)
	a.retire(old, next)
	return nil
}

// Hides reports whether there is a veil at all.
func (a *Atlas) Hides() bool { return a.veil != nil }

// Veiled reports whether a dataset is shown behind a veil.
func (a *Atlas) Veiled(d *catalog.Dataset) bool { return a.veil != nil && a.veil.Covers(d) }

// hideItems replaces the items of rasters behind the veil. What cannot be
// made is told to those who ask for it; the rest of the catalog is shown.
func (a *Atlas) hideItems(ctx context.Context, s *Snapshot) error {
	if a.veil == nil {
		return nil
	}
	for i := range s.datasets {
		d := &s.datasets[i]
		if d.Kind != catalog.Raster || !a.veil.Covers(d) {
			continue
		}
		items := s.items[d.ID].search(nil)
		made, err := a.veil.Cells(Exact(ctx), s, d, items)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		for k := range items {
			items[k] = a.hidden(items[k], made, err)
		}
		s.items[d.ID] = newItemIndex(items)
	}
	return nil
}

// hidden is an item with other files, and without the sums of their blocks.
func (a *Atlas) hidden(it catalog.Item, made map[string]string, err error) catalog.Item {
	a.twins.mu.Lock()
	defer a.twins.mu.Unlock()
	if a.twins.path == nil {
		a.twins.path, a.twins.err = map[string]string{}, map[string]error{}
	}
	name := func(file string) string {
		delete(a.twins.err, file)
		if a.twins.path[file] = made[file]; made[file] == "" {
			a.twins.err[file] = err
		}
		return veiled + file
	}
	assets := make([]catalog.Asset, len(it.Assets))
	for k, as := range it.Assets {
		as.File, as.Stats, as.Href = name(as.File), "", ""
		assets[k] = as
	}
	it.File, it.Stats = name(it.File), ""
	if it.Assets != nil {
		it.Assets = assets
	}
	return it
}

// twin is the file that is shown instead of another.
func (a *Atlas) twin(file string) (string, error) {
	a.twins.mu.Lock()
	defer a.twins.mu.Unlock()
	if path := a.twins.path[file]; path != "" {
		return path, nil
	}
	return "", fault.WithHint(fault.E("atlas.Locate", fault.Unsupported, a.twins.err[file]),
		"these figures of people cannot be shown cell by cell; reports and the process people count them")
}

// LocateIn is Locate; in an Exact context it names the file itself.
func (a *Atlas) LocateIn(ctx context.Context, as catalog.Asset) (string, error) {
	if file, ok := strings.CutPrefix(as.File, veiled); ok && isExact(ctx) {
		as.File = file
	}
	return a.Locate(as)
}

// behind is the layer of a state as it is shown.
func (st *state) behind(ctx context.Context, s *Snapshot) (*Layer, error) {
	exact, err := st.get(ctx)
	if err != nil {
		return nil, err
	}
	st.veil.Lock()
	defer st.veil.Unlock()
	if st.shown != nil {
		return st.shown, nil
	}
	var out *Layer
	err = st.src.temporary(func(dir string) error {
		path := filepath.Join(dir, "rows.fgb")
		if err := s.atlas.veil.Rows(Exact(ctx), s, exact, path); err != nil {
			return err
		}
		f, err := fgb.Open(path)
		if err != nil {
			return err
		}
		d, rows := st.dataset, *st.dataset.Version.Vector
		rows.Count = int64(exact.Len())
		d.Version.Vector = &rows
		out, err = layerOf(d, f)
		return err
	})
	if err != nil {
		return nil, err
	}
	if !st.src.keep(out) {
		return nil, fault.Errorf("atlas.Layer", fault.Unavailable, "this version of dataset %q has been replaced; ask again", st.dataset.ID)
	}
	st.shown = layer.Veiled(out.Described(st.dataset), st.head)
	return st.shown, nil
}

// keep has a layer closed with the source; false: it is closed already.
func (s *source) keep(l *Layer) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		_ = l.Close() // read only: nothing can be lost
		return false
	}
	s.also = append(s.also, l)
	return true
}
