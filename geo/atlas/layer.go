package atlas

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"sync"

	"contado/geo"
	"contado/geo/fault"
	"contado/geo/fgb"
	"contado/geo/layer"
	"contado/geo/store/catalog"
	"contado/geo/store/features"
	"contado/geo/store/journal"
)

// Layer is a vector dataset as it is at one moment.
type Layer = layer.Layer

// source is the rows of one version. They are opened on first use and shared
// by all its states. A failed opening is not remembered: the next request
// tries again.
type source struct {
	stores  Stores
	dataset catalog.Dataset

	mu     sync.Mutex
	base   *Layer
	also   []*Layer // closed with base
	closed bool

	moments moments
}

// open gives the layer as published.
func (s *source) open(ctx context.Context) (*Layer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.base != nil {
		return s.base, nil
	}
	if s.closed {
		return nil, fault.Errorf("atlas.Layer", fault.Unavailable, "this version of dataset %q has been replaced; ask again", s.dataset.ID)
	}
	v := s.dataset.Version.Vector
	if v == nil {
		return nil, fault.Errorf("atlas.Layer", fault.Other, "dataset %q has no description of its rows", s.dataset.ID)
	}
	var err error
	if v.Packed != "" {
		s.base, err = s.openPacked(v.Packed)
	} else {
		s.base, err = s.openTable(ctx, v)
	}
	return s.base, err
}

func (s *source) openPacked(key string) (*Layer, error) {
	path, err := s.stores.Blobs.Path(key)
	if err != nil {
		return nil, err
	}
	f, err := fgb.Open(path)
	if err != nil {
		return nil, err
	}
	return layerOf(s.dataset, f)
}

func layerOf(d catalog.Dataset, f *fgb.File) (*Layer, error) {
	l, err := layer.Open(d, f)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return l, nil
}

// inMemory is how many rows of a version without a packed file are read into
// memory; more of them are packed into a temporary file.
const inMemory = 20_000

// openTable reads the rows of a version that has no packed file.
func (s *source) openTable(ctx context.Context, v *catalog.VectorInfo) (*Layer, error) {
	path, err := s.stores.Blobs.Path(v.File)
	if err != nil {
		return nil, err
	}
	table, err := s.stores.Features.Open(ctx, path, v.Layer)
	if err != nil {
		return nil, err
	}
	var l *Layer
	if v.Count <= inMemory {
		l, err = layer.Load(ctx, s.dataset, table)
	} else {
		l, err = s.pack(ctx, table)
	}
	if closed := table.Close(); closed != nil && err == nil {
		err = errors.Join(closed, l.Close())
	}
	if err != nil {
		return nil, err
	}
	return l, nil
}

// pack copies a table into a packed file that nobody else sees and that is
// gone when it is closed.
func (s *source) pack(ctx context.Context, t features.Table) (l *Layer, err error) {
	err = s.temporary(func(dir string) error {
		path := filepath.Join(dir, "rows.fgb")
		w, err := fgb.Create(path, t.Schema(), nil)
		if err != nil {
			return err
		}
		var failed error
		err = t.Scan(ctx, features.Query{}, func(f geo.Feature) bool {
			failed = w.Write(f)
			return failed == nil
		})
		if err = errors.Join(failed, err); err != nil {
			w.Abort()
			return err
		}
		if err := w.Close(); err != nil {
			return err
		}
		f, err := fgb.Open(path)
		if err != nil {
			return err
		}
		l, err = layerOf(s.dataset, f)
		return err
	})
	return l, err
}

// temporary runs do in a folder that is gone after it; files that are open
// then stay readable without their names.
func (s *source) temporary(do func(dir string) error) error {
	err := os.MkdirAll(cmp.Or(s.stores.Temporary, os.TempDir()), 0o755)
	var dir string
	if err == nil {
		dir, err = os.MkdirTemp(s.stores.Temporary, "contado-rows-*")
	}
	if err != nil {
		return fault.E("atlas.Layer", fault.Unavailable, fmt.Errorf("copy the rows of dataset %q: %w", s.dataset.ID, err))
	}
	defer os.RemoveAll(dir) //nolint:errcheck // what is left is swept with the folder
	return do(dir)
}

func (s *source) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	var err error
	for _, l := range s.also {
		err = errors.Join(err, l.Close())
	}
	s.also = nil
	if s.base == nil {
		return err
	}
	err = errors.Join(err, s.base.Close())
	s.base = nil
	return err
}

// changes reads the journal of the source's version; limit 0 means all.
func (s *source) changes(ctx context.Context, after int64, limit int) ([]journal.Change, error) {
	if s.stores.Journal == nil {
		return nil, nil
	}
	return s.stores.Journal.Changes(ctx, s.dataset.ID, s.dataset.Version.Number, after, limit)
}

// state is a vector dataset in one snapshot, with the edits that had been made
// when the snapshot was; the layer is opened on first use.
type state struct {
	src     *source
	dataset catalog.Dataset
	head    int64 // the last of the edits

	mu    sync.Mutex
	layer *Layer

	veil  sync.Mutex // apart, as what is shown is made from layer
	shown *Layer     // behind a veil
}

func (st *state) get(ctx context.Context) (*Layer, error) {
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.layer != nil {
		return st.layer, nil
	}
	base, err := st.src.open(ctx)
	if err != nil {
		return nil, err
	}
	l := base
	if st.head > 0 {
		changes, err := st.src.changes(ctx, 0, int(st.head)) // Seq counts from 1
		if err != nil {
			return nil, err
		}
		if l, err = base.With(changes); err != nil {
			return nil, err
		}
	}
	st.layer = l.Described(st.dataset)
	return st.layer, nil
}

// opened is nil as long as nobody has asked for the layer.
func (st *state) opened() *Layer {
	st.mu.Lock()
	defer st.mu.Unlock()
	return st.layer
}

// carry gives the state of a dataset in the snapshot after s: the same, the
// same rows under another description, or a new version.
func (s *Snapshot) carry(stores Stores, d catalog.Dataset) *state {
	var old *state
	if s != nil {
		old = s.layers[d.ID]
	}
	if old == nil || old.dataset.Version.Number != d.Version.Number || old.dataset.Version.SHA256 != d.Version.SHA256 {
		return &state{src: &source{stores: stores, dataset: d}, dataset: d}
	}
	if reflect.DeepEqual(old.dataset, d) {
		return old
	}
	next := &state{src: old.src, dataset: d, head: old.head}
	if l := old.opened(); l != nil {
		next.layer = l.Described(d)
	}
	return next
}

// follow gives s with its open layers as the journals say now; s itself when
// nothing has moved.
func (a *Atlas) follow(ctx context.Context, s *Snapshot) (*Snapshot, error) {
	if a.stores.Journal == nil {
		return s, nil
	}
	heads, err := a.stores.Journal.Heads(ctx)
	if err != nil {
		return nil, err
	}
	moved := map[string]*Layer{}
	maps.DeleteFunc(heads, func(id string, _ int64) bool { return s.layers[id] == nil })
	for id, head := range heads {
		st := s.layers[id]
		l := st.opened()
		if l == nil || l.Head() >= head {
			continue
		}
		changes, err := st.src.changes(ctx, l.Head(), 0)
		if err != nil {
			return nil, fmt.Errorf("journal of dataset %q: %w", id, err)
		}
		if moved[id], err = l.With(changes); err != nil {
			return nil, err
		}
	}
	if len(moved) == 0 && maps.Equal(heads, s.heads) {
		return s, nil
	}
	return s.with(moved, heads), nil
}

// with is the snapshot with newer layers of the same versions, and the heads
// of all journals.
func (s *Snapshot) with(moved map[string]*Layer, heads map[string]int64) *Snapshot {
	next := &Snapshot{
		atlas: s.atlas, revision: s.revision, datasets: s.datasets, byID: s.byID, items: s.items, heads: heads,
		layers: make(map[string]*state, len(s.layers)),
	}
	keep := true
	for id, st := range s.layers {
		next.layers[id] = st
		if l := moved[id]; l != nil {
			next.layers[id] = &state{src: st.src, dataset: st.dataset, head: l.Head(), layer: l}
		} else if heads[id] > st.head {
			next.layers[id] = &state{src: st.src, dataset: st.dataset, head: heads[id]}
		}
		keep = keep && (st.dataset.Role != catalog.TerritoryRole || heads[id] == s.heads[id])
	}
	if keep {
		next.territories.Store(s.territories.Load())
	}
	return next
}
