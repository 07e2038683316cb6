package layer_test

import (
	"cmp"
	"context"
	"path/filepath"
	"slices"
	"testing"

	"contado/geo"
	"contado/geo/fgb"
	"contado/geo/layer"
	"contado/geo/store/catalog"
	"contado/geo/store/features"
	"contado/geo/store/journal"
)

// rows is a features.Table in memory that only scans all.
type rows struct {
	schema geo.Schema
	list   []geo.Feature
}

func (r rows) Schema() geo.Schema { return r.schema }
func (r rows) Close() error       { return nil }
func (r rows) Scan(_ context.Context, q features.Query, yield func(geo.Feature) bool) error {
	if q.BBox != nil || q.Filter != nil || q.Limit != 0 {
		panic("the layer asks its table for more than all")
	}
	for _, f := range r.list {
		if !yield(f) {
			break
		}
	}
	return nil
}

func (r rows) Count(context.Context, features.Query) (int64, error) { panic("not used") }

func (r rows) Boxes(context.Context, func(features.Box) bool) error { panic("not used") }

func dataset(s geo.Schema, n int) catalog.Dataset {
	return catalog.Dataset{ID: "rows", Kind: catalog.Vector, Version: catalog.Version{
		Number: 3, CRS: s.CRS, Vector: &catalog.VectorInfo{Schema: s, Count: int64(n), Layer: "rows"},
	}}
}

// maker makes a layer of rows.
type maker func(t testing.TB, s geo.Schema, list []geo.Feature) *layer.Layer

func inMemory(t testing.TB, s geo.Schema, list []geo.Feature) *layer.Layer {
	t.Helper()
	l, err := layer.Load(t.Context(), dataset(s, len(list)), rows{s, list})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func packed(t testing.TB, s geo.Schema, list []geo.Feature) *layer.Layer {
	t.Helper()
	path := filepath.Join(t.TempDir(), "rows.fgb")
	w, err := fgb.Create(path, s, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range list {
		if err := w.Write(f); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	f, err := fgb.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	l, err := layer.Open(dataset(s, len(list)), f)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

// edited makes a layer whose rows came in every way: some published as they
// are, some changed since, some created; and others were there and are gone.
func edited(make maker) maker {
	return func(t testing.TB, s geo.Schema, list []geo.Feature) *layer.Layer {
		t.Helper()
		var first []geo.Feature
		var changes []journal.Change
		change := func(c journal.Change) {
			c.Dataset, c.Version, c.Seq = "rows", 3, int64(len(changes)+1)
			changes = append(changes, c)
		}
		extra := int64(1) << 50
		for i, f := range list {
			extra = max(extra, f.ID+1)
			switch i % 4 {
			case 0, 1:
				first = append(first, f)
			}
			switch i % 4 {
			case 1: // to another one's row, and back
				other := list[(i*7+3)%len(list)]
				other.ID = f.ID
				change(journal.Change{Feature: f.ID, Op: journal.Replace, Before: &f, After: &other})
				change(journal.Change{Feature: f.ID, Op: journal.Replace, Before: &other, After: &f})
			case 2, 3:
				change(journal.Change{Feature: f.ID, Op: journal.Create, After: &f})
			}
		}
		for i := range min(len(list), 20) {
			f := list[i]
			f.ID = extra + int64(i)
			if i%2 == 0 {
				first = append(first, f)
			} else {
				change(journal.Change{Feature: f.ID, Op: journal.Create, After: &f})
			}
			change(journal.Change{Feature: f.ID, Op: journal.Delete, Before: &f})
		}
		slices.SortFunc(first, func(a, b geo.Feature) int { return cmp.Compare(a.ID, b.ID) })
		l := make(t, s, first)
		for part := range slices.Chunk(changes, 7) {
			next, err := l.With(part)
			if err != nil {
				t.Fatal(err)
			}
			l = next
		}
		return l
	}
}

var makers = map[string]maker{
	"memory": inMemory, "packed": packed, "memory edited": edited(inMemory), "packed edited": edited(packed),
}
