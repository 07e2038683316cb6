package atlas_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"contado/geo"
	"contado/geo/atlas"
	"contado/geo/fgb"
	"contado/geo/store/catalog"
	"contado/geo/store/features"
	"contado/geo/store/journal"
	"contado/geo/store/sqlite"
)

// house is a real catalog with its journal, and packed files in a folder.
type house struct {
	paths
	dir string
}

func newHouse(t testing.TB) *house { return &house{dir: t.TempDir()} }

func (h *house) Path(key string) (string, error) {
	return filepath.Join(h.dir, strings.ReplaceAll(key, "/", "-")), nil
}

// stores opens the catalog as one more process would.
func (h *house) stores(t testing.TB) atlas.Stores {
	t.Helper()
	c, err := sqlite.OpenCatalog(t.Context(), filepath.Join(h.dir, "catalog.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return atlas.Stores{Catalog: c, Blobs: h, Journal: c.Journal(), Temporary: h.dir}
}

func (h *house) open(t testing.TB) *atlas.Atlas {
	t.Helper()
	return h.openWith(t, h.stores(t))
}

func (h *house) openWith(t testing.TB, s atlas.Stores) *atlas.Atlas {
	t.Helper()
	a, err := atlas.Open(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	return a
}

// publish makes the next version of a dataset.
func (h *house) publish(t testing.TB, a atlas.Stores, d catalog.Dataset, s geo.Schema, rows []geo.Feature) catalog.Dataset {
	t.Helper()
	expect := d.Version.Number
	key := fmt.Sprintf("datasets/%s/v%d/rows.fgb", d.ID, expect+1)
	path, err := h.Path(key)
	if err != nil {
		t.Fatal(err)
	}
	w, err := fgb.Create(path, s, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range rows {
		if err := w.Write(f); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	d.Kind, d.Version = catalog.Vector, catalog.Version{
		SHA256: fmt.Sprint("sha", expect+1), Files: []catalog.File{{Key: key, SHA256: fmt.Sprint("x", d.ID, expect)}}, CRS: s.CRS,
		Vector: &catalog.VectorInfo{Schema: s, Count: int64(len(rows)), Layer: "rows", Packed: key}, Territory: d.Version.Territory,
	}
	if d.Role == "" {
		d.Role = catalog.OtherRole
	}
	out, err := a.Catalog.Publish(t.Context(), catalog.Publication{Dataset: d, Expect: expect})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

var parcels = geo.Schema{GeometryType: "MultiPolygon", CRS: geo.WGS84, Fields: []geo.Field{
	{Name: "code", Type: geo.String},
	{Name: "floors", Type: geo.Integer},
	{Name: "area", Type: geo.Real},
	{Name: "built", Type: geo.Date},
	{Name: "seen", Type: geo.DateTime},
	{Name: "sold", Type: geo.Boolean},
	{Name: "photo", Type: geo.Binary},
	{Name: "tags", Type: geo.JSON},
}}

func parcel(id int64, x, y float64) geo.Feature {
	return geo.Feature{ID: id, Geometry: orb.MultiPolygon{square(x, y)}, Values: []any{fmt.Sprint("P", id), id, 1.5, nil, nil, nil, nil, nil}}
}

// estate is a house with ten parcels.
func estate(t testing.TB) (*house, *atlas.Atlas) {
	t.Helper()
	h := newHouse(t)
	s := h.stores(t)
	var rows []geo.Feature
	for i := range 10 {
		rows = append(rows, parcel(int64(i+1), float64(2*i), 40))
	}
	h.publish(t, s, catalog.Dataset{ID: "parcels", Title: "Parcels"}, parcels, rows)
	return h, h.openWith(t, s)
}

func layerOf(t testing.TB, a *atlas.Atlas, id string) *atlas.Layer {
	t.Helper()
	l, err := a.Current().Layer(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func apply(t testing.TB, a *atlas.Atlas, edits ...atlas.Edit) []journal.Change {
	t.Helper()
	out, err := a.Apply(t.Context(), "parcels", edits, "anna")
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func ptr[T any](v T) *T { return &v }

func ids(t testing.TB, l *atlas.Layer, q features.Query) []int64 {
	t.Helper()
	out := []int64{}
	if err := l.Scan(t.Context(), q, func(f geo.Feature) bool { out = append(out, f.ID); return true }); err != nil {
		t.Fatal(err)
	}
	return out
}
