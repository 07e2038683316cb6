package atlas_test

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"contado/geo"
	"contado/geo/atlas"
	"contado/geo/fault"
	"contado/geo/store/blob"
	"contado/geo/store/catalog"
	"contado/geo/store/features"
)

// shelf is a catalog and its tables in memory.
type shelf struct {
	mu       sync.Mutex
	revision int64
	sets     map[string]catalog.Dataset
	items    map[string][]catalog.Item
	tables   map[string]*table
	opened   int
}

func newShelf() *shelf {
	return &shelf{sets: map[string]catalog.Dataset{}, items: map[string][]catalog.Item{}, tables: map[string]*table{}}
}

func (s *shelf) put(d catalog.Dataset, items []catalog.Item, tb *table) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.revision++
	d.Version.Number = s.sets[d.ID].Version.Number + 1
	if tb != nil {
		key := fmt.Sprintf("%s/v%d", d.ID, d.Version.Number)
		d.Kind = catalog.Vector
		d.Version.Vector = &catalog.VectorInfo{Schema: tb.schema, Count: int64(len(tb.rows)), Layer: d.ID, File: key}
		s.tables[key] = tb
	}
	s.sets[d.ID], s.items[d.ID] = d, items
}

func (s *shelf) Datasets(context.Context) ([]catalog.Dataset, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []catalog.Dataset
	for _, d := range s.sets {
		out = append(out, d)
	}
	slices.SortFunc(out, func(a, b catalog.Dataset) int { return strings.Compare(a.ID, b.ID) })
	return out, nil
}

func (s *shelf) Items(_ context.Context, id string) ([]catalog.Item, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.items[id], nil
}

func (s *shelf) Revision(context.Context) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.revision, nil
}

func (s *shelf) Open(_ context.Context, source, _ string) (features.Table, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.opened++
	t := s.tables[source]
	if t == nil {
		return nil, fault.Errorf("test", fault.NotExist, "no table %q", source)
	}
	return t, nil
}

// The rest of the drivers is not used by the atlas.
func (s *shelf) Publish(context.Context, catalog.Publication) (catalog.Dataset, error) {
	panic("not used")
}
func (s *shelf) Versions(context.Context, string) ([]catalog.Version, error) { panic("not used") }
func (s *shelf) Enrich(context.Context, string, int, catalog.Extra) ([]string, error) {
	panic("not used")
}
func (s *shelf) Remove(context.Context, string, string) ([]string, error) { panic("not used") }

func (s *shelf) VersionItems(context.Context, string, int) ([]catalog.Item, error) {
	panic("not used")
}

func (s *shelf) Describe(context.Context, string, string, func(*catalog.Dataset) error) (catalog.Dataset, error) {
	panic("not used")
}

func (s *shelf) Acts(context.Context, string, int64, int) ([]catalog.Act, error) {
	panic("not used")
}

func (s *shelf) Keys(context.Context) (map[string]catalog.File, error) { panic("not used") }
func (s *shelf) Close() error                                          { return nil }

type paths struct{}

func (paths) Path(key string) (string, error)                   { return key, nil }
func (paths) Put(context.Context, string, io.Reader) error      { panic("not used") }
func (paths) PutFile(context.Context, string, string) error     { panic("not used") }
func (paths) List(context.Context, string) ([]blob.Info, error) { panic("not used") }
func (paths) Delete(context.Context, string) error              { panic("not used") }
func (paths) Open(context.Context, string) (io.ReadSeekCloser, blob.Info, error) {
	panic("not used")
}

// table holds rows in memory.
type table struct {
	schema geo.Schema
	rows   []geo.Feature
}

func (t *table) Schema() geo.Schema { return t.schema }
func (t *table) Close() error       { return nil }

func (t *table) Scan(_ context.Context, q features.Query, yield func(geo.Feature) bool) error {
	n := 0
	for _, f := range t.rows {
		if (q.IDs != nil && !slices.Contains(q.IDs, f.ID)) || f.ID <= q.After {
			continue
		}
		if q.Limit > 0 && n == q.Limit {
			return nil
		}
		n++
		if !yield(f) {
			return nil
		}
	}
	return nil
}

func (t *table) Count(_ context.Context, q features.Query) (int64, error) {
	if q.IDs != nil {
		return int64(len(q.IDs)), nil
	}
	return int64(len(t.rows)), nil
}

func (t *table) Boxes(_ context.Context, yield func(features.Box) bool) error {
	for _, f := range t.rows {
		if f.Geometry != nil && !yield(features.Box{ID: f.ID, Box: geo.BBoxOf(f.Geometry.Bound())}) {
			return nil
		}
	}
	return nil
}

func square(x, y float64) orb.Polygon {
	return orb.Bound{Min: orb.Point{x, y}, Max: orb.Point{x + 1, y + 1}}.ToPolygon()
}

func open(t *testing.T, s *shelf) *atlas.Atlas {
	t.Helper()
	a, err := atlas.Open(context.Background(), atlas.Stores{Catalog: s, Features: s, Blobs: paths{}})
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

func points(n int) *table {
	tb := &table{schema: geo.Schema{GeometryType: "Point", CRS: geo.WGS84, Fields: []geo.Field{{Name: "name", Type: geo.String}}}}
	for i := range n {
		tb.rows = append(tb.rows, geo.Feature{ID: int64(i + 1), Geometry: orb.Point{float64(i % 100), float64(i / 100)}, Values: []any{fmt.Sprint("p", i)}})
	}
	return tb
}

func TestRefreshSwapsSnapshots(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s := newShelf()
	s.put(catalog.Dataset{ID: "a"}, nil, points(10))
	s.put(catalog.Dataset{ID: "b"}, nil, points(20))
	a := open(t, s)
	before := a.Current()
	layerA, err := before.Layer(ctx, "a")
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Refresh(ctx); err != nil || a.Current() != before {
		t.Fatalf("a refresh without a change gives a new snapshot (%v)", err)
	}
	s.put(catalog.Dataset{ID: "b"}, nil, points(30))
	if err := a.Refresh(ctx); err != nil {
		t.Fatal(err)
	}
	after := a.Current()
	if d, _ := before.Dataset("b"); d.Version.Vector.Count != 20 {
		t.Error("the old snapshot has changed")
	}
	if d, _ := after.Dataset("b"); d.Version.Vector.Count != 30 {
		t.Error("the new snapshot has not changed")
	}
	if again, err := after.Layer(ctx, "a"); err != nil || again != layerA {
		t.Errorf("the layer of an unchanged version was opened anew (%v)", err)
	}
	if _, err := after.Dataset("zzz"); !fault.Is(err, fault.NotExist) || !strings.Contains(err.Error(), "a, b") {
		t.Errorf("unknown dataset: %v", err)
	}
}

// Readers never wait for, nor see half of, a refresh.
func TestReadersDuringRefresh(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	s := newShelf()
	s.put(catalog.Dataset{ID: "a"}, nil, points(1))
	a := open(t, s)
	var watchers, readers sync.WaitGroup
	watchers.Add(1)
	go func() {
		defer watchers.Done()
		a.Watch(ctx, time.Millisecond, func(err error) { t.Error(err) })
	}()
	for range 4 {
		readers.Add(1)
		go func() {
			defer readers.Done()
			last := int64(0)
			for range 300 {
				snap := a.Current()
				l, err := snap.Layer(ctx, "a")
				if err != nil {
					t.Error(err)
					return
				}
				d, _ := snap.Dataset("a")
				n, err := l.Count(ctx, features.Query{})
				if err != nil || n != d.Version.Vector.Count || n < last {
					t.Errorf("%d rows, the catalog says %d, before %d (%v)", n, d.Version.Vector.Count, last, err)
				}
				last = n
			}
		}()
	}
	for i := range 50 {
		s.put(catalog.Dataset{ID: "a"}, nil, points(i+2))
		time.Sleep(time.Millisecond)
	}
	readers.Wait()
	cancel()
	watchers.Wait()
}

func TestScanByBoxEqualsScanOfAll(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s := newShelf()
	s.put(catalog.Dataset{ID: "a"}, nil, points(12_000))
	l, err := open(t, s).Current().Layer(ctx, "a")
	if err != nil {
		t.Fatal(err)
	}
	box := geo.BBox{MinX: -1, MinY: -1, MaxX: 99.5, MaxY: 70.5}
	for _, limit := range []int{0, 1, 4999, 5000, 5001, 7000} {
		var got []int64
		if err := l.Scan(ctx, features.Query{BBox: &box, Limit: limit}, func(f geo.Feature) bool {
			got = append(got, f.ID)
			return true
		}); err != nil {
			t.Fatal(err)
		}
		want := 7100
		if limit > 0 {
			want = min(want, limit)
		}
		if len(got) != want || !slices.IsSorted(got) {
			t.Errorf("limit %d: %d rows, want %d, sorted %v", limit, len(got), want, slices.IsSorted(got))
		}
	}
	// Paging by id visits each row once.
	seen, after := 0, int64(0)
	for {
		page := 0
		if err := l.Scan(ctx, features.Query{BBox: &box, Limit: 1000, After: after}, func(f geo.Feature) bool {
			if f.ID <= after {
				t.Fatalf("row %d comes after %d", f.ID, after)
			}
			after = f.ID
			page++
			return true
		}); err != nil {
			t.Fatal(err)
		}
		if seen += page; page == 0 {
			break
		}
	}
	if seen != 7100 {
		t.Errorf("%d rows over all pages, want 7100", seen)
	}
}

func TestItemsByPlace(t *testing.T) {
	t.Parallel()
	day := func(d int) *time.Time {
		v := time.Date(2025, 1, d, 0, 0, 0, 0, time.UTC)
		return &v
	}
	s := newShelf()
	s.put(catalog.Dataset{ID: "r", Kind: catalog.Raster}, []catalog.Item{
		{ID: "undated", BBox: geo.BBox{MinX: 0, MinY: 0, MaxX: 1, MaxY: 1}},
		{ID: "old", BBox: geo.BBox{MinX: 0, MinY: 0, MaxX: 1, MaxY: 1}, Datetime: day(1)},
		{ID: "new", BBox: geo.BBox{MinX: 1, MinY: 0, MaxX: 2, MaxY: 1}, Datetime: day(2)},
		{ID: "dateline", BBox: geo.BBox{MinX: 179, MinY: 0, MaxX: -179, MaxY: 1}, Datetime: day(3)},
	}, nil)
	snap := open(t, s).Current()
	for _, c := range []struct {
		name string
		box  *geo.BBox
		want string
	}{
		{"all", nil, "dateline new old undated"},
		{"west", &geo.BBox{MinX: 0.1, MinY: 0.1, MaxX: 0.2, MaxY: 0.2}, "old undated"},
		{"touching", &geo.BBox{MinX: 1, MinY: 0, MaxX: 1, MaxY: 1}, "new old undated"},
		{"east of the dateline", &geo.BBox{MinX: -180, MinY: 0, MaxX: -179.5, MaxY: 1}, "dateline"},
		{"across the dateline", &geo.BBox{MinX: 179.5, MinY: 0, MaxX: -179.5, MaxY: 1}, "dateline"},
		{"nowhere", &geo.BBox{MinX: 50, MinY: 50, MaxX: 51, MaxY: 51}, ""},
	} {
		var ids []string
		for _, it := range snap.Items("r", c.box) {
			ids = append(ids, it.ID)
		}
		if got := strings.Join(ids, " "); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// A large version without a packed file is packed into one of its own.
func TestLargeTableIsPacked(t *testing.T) {
	t.Parallel()
	s := newShelf()
	tb := points(20_001)
	s.put(catalog.Dataset{ID: "a"}, nil, tb)
	l, err := open(t, s).Current().Layer(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	if l.Packed() == nil || l.Len() != len(tb.rows) {
		t.Fatalf("packed: %v, %d rows", l.Packed() != nil, l.Len())
	}
	i := 0
	if err := l.Scan(t.Context(), features.Query{}, func(f geo.Feature) bool {
		if w := tb.rows[i]; f.ID != w.ID || !orb.Equal(f.Geometry, w.Geometry) || f.Values[0] != w.Values[0] {
			t.Fatalf("row %d is %+v, want %+v", i, f, w)
		}
		i++
		return true
	}); err != nil || i != len(tb.rows) {
		t.Errorf("%d rows, %v", i, err)
	}
}
