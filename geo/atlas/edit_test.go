package atlas_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"
	"pgregory.net/rapid"

	"contado/geo"
	"contado/geo/atlas"
	"contado/geo/fault"
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

func TestApplyIsSeenAtOnce(t *testing.T) {
	t.Parallel()
	_, a := estate(t)
	before := layerOf(t, a, "parcels")
	if before.Stamp() != "1" || before.Head() != 0 {
		t.Errorf("as published: %s, %d", before.Stamp(), before.Head())
	}
	start := time.Now().Add(-time.Second)
	row := parcel(0, 100, 10)
	changes := apply(t, a,
		atlas.Edit{Op: journal.Create, Row: row},
		atlas.Edit{Op: journal.Replace, ID: 3, Row: parcel(3, 50, 50)},
		atlas.Edit{Op: journal.Delete, ID: 4, Expect: ptr(int64(0))},
		atlas.Edit{Op: journal.Create, Row: row},
	)
	if len(changes) != 4 || changes[0].Feature != 11 || changes[3].Feature != 12 {
		t.Fatalf("changes %+v", changes)
	}
	for i, c := range changes {
		if c.Seq != int64(i+1) || c.Who != "anna" || c.Origin != "api" || c.At.Before(start) || c.Dataset != "parcels" || c.Version != 1 {
			t.Errorf("change %d is %+v", i, c)
		}
	}
	if b := changes[1].Before; b == nil || !cmp.Equal(b.Geometry, parcel(3, 4, 40).Geometry) {
		t.Errorf("before is %+v", changes[1].Before)
	}
	l := layerOf(t, a, "parcels")
	if got := ids(t, l, features.Query{}); !slices.Equal(got, []int64{1, 2, 3, 5, 6, 7, 8, 9, 10, 11, 12}) {
		t.Errorf("rows %v", got)
	}
	if l.Stamp() != "1.4" || l.Revision(3) != 2 || l.Revision(4) != 3 || l.Revision(5) != 0 {
		t.Errorf("stamp %s, revisions %d %d %d", l.Stamp(), l.Revision(3), l.Revision(4), l.Revision(5))
	}
	for _, b := range []geo.BBox{{MinX: 100, MinY: 10, MaxX: 101, MaxY: 11}, {MinX: 4, MinY: 40, MaxX: 5, MaxY: 41}, {MinX: 50, MinY: 50, MaxX: 51, MaxY: 51}} {
		if !l.TouchedSince(0, b) || l.TouchedSince(4, b) {
			t.Errorf("touched %v: %v, %v", b, l.TouchedSince(0, b), l.TouchedSince(4, b))
		}
	}
	if got := ids(t, before, features.Query{}); len(got) != 10 {
		t.Errorf("the layer from before has %v", got)
	}
	trail, err := a.Changes(t.Context(), "parcels", 1, 2)
	if err != nil || !cmp.Equal(trail, changes[1:3]) {
		t.Errorf("trail (%v): %s", err, cmp.Diff(changes[1:3], trail))
	}
}

func TestApplyPatch(t *testing.T) {
	t.Parallel()
	_, a := estate(t)
	floors := parcels.FieldIndex("floors")
	more := func(f geo.Feature) (geo.Feature, error) {
		f.Values[floors] = f.Values[floors].(int64) + 1
		return f, nil
	}
	for range 3 {
		apply(t, a, atlas.Edit{Op: journal.Replace, ID: 2, Patch: more})
	}
	f, err := layerOf(t, a, "parcels").Feature(t.Context(), 2)
	if err != nil || f.Values[floors] != int64(5) || f.Values[0] != "P2" {
		t.Errorf("%v, %v", f.Values, err)
	}
	trail, err := a.Changes(t.Context(), "parcels", 0, 0)
	if err != nil || trail[2].Before.Values[floors] != int64(4) || trail[2].After.Values[floors] != int64(5) {
		t.Errorf("trail %+v, %v", trail, err)
	}
	mine := errors.New("mine")
	_, err = a.Apply(t.Context(), "parcels", []atlas.Edit{{Op: journal.Replace, ID: 2, Patch: func(geo.Feature) (geo.Feature, error) { return geo.Feature{}, mine }}}, "")
	if !errors.Is(err, mine) {
		t.Error(err)
	}
}

// Values come as JSON has them and are kept as the schema has them.
func TestApplyFitsValues(t *testing.T) {
	t.Parallel()
	_, a := estate(t)
	row := parcel(0, 1, 1)
	row.Geometry = square(1, 1) // a single one where the dataset has multiple ones
	row.Values = []any{"è", 3.0, int64(2), "2024-02-29", "2024-02-29T13:30:15.5+01:00", true, []byte{0, 1}, map[string]any{"a": []any{1.0}}}
	apply(t, a, atlas.Edit{Op: journal.Create, Row: row})
	got, err := layerOf(t, a, "parcels").Feature(t.Context(), 11)
	want := geo.Feature{ID: 11, Geometry: orb.MultiPolygon{square(1, 1)}, Values: []any{
		"è", int64(3), 2.0, "2024-02-29", "2024-02-29T12:30:15.5Z", true, []byte{0, 1}, `{"a":[1]}`,
	}}
	if err != nil || !cmp.Equal(got, want) {
		t.Errorf("%v: %s", err, cmp.Diff(want, got))
	}
}

func TestApplyRefuses(t *testing.T) {
	t.Parallel()
	h, a := estate(t)
	with := func(field string, v any) geo.Feature {
		f := parcel(0, 1, 1)
		f.Values[parcels.FieldIndex(field)] = v
		return f
	}
	shape := func(g orb.Geometry) geo.Feature {
		f := parcel(0, 1, 1)
		f.Geometry = g
		return f
	}
	create := func(f geo.Feature) []atlas.Edit { return []atlas.Edit{{Op: journal.Create, Row: f}} }
	bowtie := orb.Polygon{{{0, 0}, {2, 2}, {2, 0}, {0, 2}, {0, 0}}}
	huge := make(orb.Ring, 1<<20+2)
	heights := shape(orb.MultiPolygon{square(0, 0)})
	heights.Z = make([]float64, 5)
	for name, c := range map[string]struct {
		edits []atlas.Edit
		kind  fault.Kind
		says  string
	}{
		"nothing":             {nil, fault.Invalid, "nothing"},
		"too many":            {make([]atlas.Edit, atlas.MaxEdits+1), fault.TooLarge, "10000"},
		"no operation":        {[]atlas.Edit{{ID: 1}}, fault.Invalid, "operation"},
		"twice":               {[]atlas.Edit{{Op: journal.Delete, ID: 1}, {Op: journal.Delete, ID: 1}}, fault.Invalid, "twice"},
		"no such row":         {[]atlas.Edit{{Op: journal.Delete, ID: 99}}, fault.NotExist, "99"},
		"taken":               {[]atlas.Edit{{Op: journal.Create, ID: 1, Row: parcel(1, 1, 1)}}, fault.Exist, "1"},
		"negative id":         {[]atlas.Edit{{Op: journal.Create, ID: -4, Row: parcel(1, 1, 1)}}, fault.Invalid, "-4"},
		"values missing":      {create(geo.Feature{Values: []any{"x"}}), fault.Invalid, "8 attributes"},
		"text for a number":   {create(with("floors", "three")), fault.Invalid, `"floors"`},
		"half a floor":        {create(with("floors", 2.5)), fault.Invalid, `"floors"`},
		"a number too large":  {create(with("floors", 1e30)), fault.Invalid, `"floors"`},
		"no finite number":    {create(with("area", math.Inf(1))), fault.Invalid, `"area"`},
		"a number for a text": {create(with("code", 5.0)), fault.Invalid, `"code"`},
		"no date":             {create(with("built", "29/02/2024")), fault.Invalid, "2006-01-02"},
		"no such day":         {create(with("built", "2023-02-29")), fault.Invalid, "2006-01-02"},
		"no time":             {create(with("seen", "2024-02-29")), fault.Invalid, "15:04:05"},
		"no truth value":      {create(with("sold", "yes")), fault.Invalid, `"sold"`},
		"no JSON":             {create(with("tags", "{")), fault.Invalid, `"tags"`},
		"bad text":            {create(with("code", "a\xff")), fault.Invalid, "UTF-8"},
		"a long text":         {create(with("code", strings.Repeat("x", 1<<20+1))), fault.TooLarge, "1048577"},
		"a point":             {create(shape(orb.Point{1, 2})), fault.Invalid, "Point"},
		"bow tie":             {create(shape(bowtie)), fault.Invalid, "elf-intersection"},
		"open ring":           {create(shape(orb.Polygon{{{0, 0}, {1, 0}, {1, 1}, {0, 1}}})), fault.Invalid, "ring"},
		"short ring":          {create(shape(orb.Polygon{{{0, 0}, {1, 0}, {0, 0}}})), fault.Invalid, "short"},
		"no ring":             {create(shape(orb.MultiPolygon{square(0, 0), {}})), fault.Invalid, "ring"},
		"not a number":        {create(shape(orb.Polygon{{{0, 0}, {math.NaN(), 0}, {1, 1}, {0, 0}}})), fault.Invalid, "position"},
		"axes swapped":        {create(shape(orb.Polygon{{{40, 0}, {40, 140}, {41, 140}, {40, 0}}})), fault.Invalid, "longitude"},
		"too many positions":  {create(shape(orb.Polygon{huge})), fault.TooLarge, "1048578"},
		"heights":             {create(heights), fault.Invalid, "heights"},
	} {
		_, err := a.Apply(t.Context(), "parcels", c.edits, "")
		if !fault.Is(err, c.kind) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v (kind %v), want kind %v and %q", name, err, fault.KindOf(err), c.kind, c.says)
		}
	}
	// All or none: the good one beside a bad one is not made either.
	_, err := a.Apply(t.Context(), "parcels", []atlas.Edit{{Op: journal.Delete, ID: 1}, {Op: journal.Delete, ID: 99}}, "")
	if !fault.Is(err, fault.NotExist) {
		t.Error(err)
	}
	if l := layerOf(t, a, "parcels"); l.Head() != 0 || l.Len() != 10 {
		t.Errorf("after refusals: change %d, %d rows", l.Head(), l.Len())
	}
	if _, err := a.Apply(t.Context(), "nothing", create(parcel(0, 1, 1)), ""); !fault.Is(err, fault.NotExist) {
		t.Errorf("no such dataset: %v", err)
	}
	s := h.stores(t)
	s.Journal = nil
	if _, err := h.openWith(t, s).Apply(t.Context(), "parcels", create(parcel(0, 1, 1)), ""); !fault.Is(err, fault.Unsupported) {
		t.Errorf("without a journal: %v", err)
	}
}

func TestApplyExpect(t *testing.T) {
	t.Parallel()
	_, a := estate(t)
	seen := layerOf(t, a, "parcels").Revision(5)
	apply(t, a, atlas.Edit{Op: journal.Replace, ID: 5, Row: parcel(5, 1, 1), Expect: &seen})
	_, err := a.Apply(t.Context(), "parcels", []atlas.Edit{{Op: journal.Replace, ID: 5, Row: parcel(5, 2, 2), Expect: &seen}}, "")
	if !fault.Is(err, fault.Conflict) || !strings.Contains(err.Error(), "read it again") {
		t.Errorf("an edit of what is no longer so: %v", err)
	}
	apply(t, a, atlas.Edit{Op: journal.Delete, ID: 5, Expect: ptr(int64(1))})
	if _, err := a.Apply(t.Context(), "parcels", []atlas.Edit{{Op: journal.Create, ID: 5, Row: parcel(5, 1, 1)}}, ""); !fault.Is(err, fault.Exist) {
		t.Errorf("an id given twice: %v", err)
	}
}

// Two processes on one installation: each sees what the other does, and no
// edit is lost or made twice.
func TestTwoAtlases(t *testing.T) {
	t.Parallel()
	h, a := estate(t)
	b := h.open(t)
	layerOf(t, b, "parcels") // open before the edit
	apply(t, a, atlas.Edit{Op: journal.Replace, ID: 1, Row: parcel(1, 70, 70)})
	if err := b.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	f, err := layerOf(t, b, "parcels").Feature(t.Context(), 1)
	if err != nil || !cmp.Equal(f.Geometry, parcel(1, 70, 70).Geometry) {
		t.Fatalf("%v, %v", f, err)
	}
	// b has not looked since: its edits build on what a did all the same.
	apply(t, a, atlas.Edit{Op: journal.Delete, ID: 2}, atlas.Edit{Op: journal.Create, Row: parcel(0, 1, 1)})
	got := apply(t, b, atlas.Edit{Op: journal.Create, Row: parcel(0, 2, 2)}, atlas.Edit{Op: journal.Replace, ID: 3, Row: parcel(3, 9, 9)})
	if got[0].Feature != 12 || got[0].Seq != 4 {
		t.Errorf("the second row made is %d by change %d", got[0].Feature, got[0].Seq)
	}
	if _, err := b.Apply(t.Context(), "parcels", []atlas.Edit{{Op: journal.Replace, ID: 2, Row: parcel(2, 1, 1)}}, ""); !fault.Is(err, fault.NotExist) {
		t.Errorf("a row that the other has deleted: %v", err)
	}
	floors := parcels.FieldIndex("floors")
	more := func(f geo.Feature) (geo.Feature, error) {
		f.Values[floors] = f.Values[floors].(int64) + 1
		return f, nil
	}
	var wg sync.WaitGroup
	for _, at := range []*atlas.Atlas{a, b, a, b} {
		wg.Go(func() {
			for done := 0; done < 5; {
				_, err := at.Apply(t.Context(), "parcels", []atlas.Edit{{Op: journal.Replace, ID: 7, Patch: more}}, "")
				switch {
				case err == nil:
					done++
				case !fault.Is(err, fault.Conflict): // lost five times in a row
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	for name, at := range map[string]*atlas.Atlas{"a": a, "b": b} {
		if err := at.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		l := layerOf(t, at, "parcels")
		f, err := l.Feature(t.Context(), 7)
		if err != nil || f.Values[floors] != int64(27) || l.Head() != 25 {
			t.Errorf("%s: %v, %v, change %d; want 27 floors after 25 changes", name, f.Values, err, l.Head())
		}
	}
}

// The name of a state changes with every edit, whoever made it and whether or
// not the layer is open, and is the same in all processes.
func TestStateNamesWhatIsShown(t *testing.T) {
	t.Parallel()
	h, a := estate(t)
	b := h.open(t) // which never opens the layer
	seen := map[string]bool{}
	for range 4 {
		for name, at := range map[string]*atlas.Atlas{"a": a, "b": b} {
			if err := at.Refresh(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got, want := at.Current().Stamp("parcels"), layerOf(t, a, "parcels").Stamp(); got != want {
				t.Errorf("%s: stamp %q, want %q", name, got, want)
			}
		}
		state := a.Current().State()
		if seen[state] || state != b.Current().State() {
			t.Errorf("state %q: seen before is %v, the other's is %q", state, seen[state], b.Current().State())
		}
		seen[state] = true
		apply(t, a, atlas.Edit{Op: journal.Create, Row: parcel(0, 1, 1)})
	}
	// A snapshot shows what was so when it was made, also when it is first
	// asked later.
	old := b.Current()
	if l, err := old.Layer(t.Context(), "parcels"); err != nil || l.Stamp() != "1.3" || old.Stamp("parcels") != "1.3" {
		t.Errorf("the older snapshot shows %s, %v", l.Stamp(), err)
	}
	if got := a.Current().Stamp("nothing"); got != "" {
		t.Errorf("stamp of nothing: %q", got)
	}
}

// An edit made elsewhere is seen without being asked for.
func TestWatchFollowsEdits(t *testing.T) {
	t.Parallel()
	h, a := estate(t)
	b := h.open(t)
	layerOf(t, b, "parcels")
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() { b.Watch(ctx, 5*time.Millisecond, func(err error) { t.Error(err) }) })
	apply(t, a, atlas.Edit{Op: journal.Delete, ID: 1})
	for end := time.Now().Add(time.Minute); layerOf(t, b, "parcels").Head() != 1; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the edit is not seen")
		}
	}
	cancel()
	wg.Wait()
}

func TestLayerAsOf(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	s := h.stores(t)
	first := h.publish(t, s, catalog.Dataset{ID: "parcels", Title: "Parcels"}, parcels, []geo.Feature{parcel(1, 0, 0), parcel(2, 2, 0)})
	a := h.openWith(t, s)
	one := apply(t, a, atlas.Edit{Op: journal.Create, Row: parcel(0, 9, 9)})[0]
	time.Sleep(2 * time.Millisecond)
	two := apply(t, a, atlas.Edit{Op: journal.Delete, ID: 1})[0]
	time.Sleep(2 * time.Millisecond)
	second := h.publish(t, s, first, parcels, []geo.Feature{parcel(2, 2, 0), parcel(3, 9, 9), parcel(4, 1, 1)})
	if err := a.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	apply(t, a, atlas.Edit{Op: journal.Delete, ID: 4})
	for name, c := range map[string]struct {
		at    atlas.AsOf
		stamp string
		ids   []int64
	}{
		"now":                   {atlas.AsOf{}, "2.1", []int64{2, 3}},
		"now by its stamp":      {atlas.AsOf{Version: 2, Seq: 1}, "2.1", []int64{2, 3}},
		"now by the clock":      {atlas.AsOf{Time: time.Now().Add(time.Hour)}, "2.1", []int64{2, 3}},
		"the second":            {atlas.AsOf{Version: 2}, "2", []int64{2, 3, 4}},
		"the second's day":      {atlas.AsOf{Time: second.Version.PublishedAt}, "2", []int64{2, 3, 4}},
		"the first":             {atlas.AsOf{Version: 1}, "1", []int64{1, 2}},
		"after one change":      {atlas.AsOf{Version: 1, Seq: 1}, "1.1", []int64{1, 2, 3}},
		"all of the first":      {atlas.AsOf{Version: 1, Seq: atlas.LastSeq}, "1.2", []int64{2, 3}},
		"all of the second":     {atlas.AsOf{Version: 2, Seq: atlas.LastSeq}, "2.1", []int64{2, 3}},
		"at the first change":   {atlas.AsOf{Time: one.At}, "1.1", []int64{1, 2, 3}},
		"before the second":     {atlas.AsOf{Time: two.At.Add(-time.Nanosecond)}, "1.1", []int64{1, 2, 3}},
		"between the versions":  {atlas.AsOf{Time: second.Version.PublishedAt.Add(-1)}, "1.2", []int64{2, 3}},
		"the first, long after": {atlas.AsOf{Version: 1, Time: time.Now().Add(time.Hour)}, "1.2", []int64{2, 3}},
	} {
		for range 2 { // opened, and from what is kept
			l, err := a.Current().LayerAsOf(t.Context(), "parcels", c.at)
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			if got := ids(t, l, features.Query{}); l.Stamp() != c.stamp || !slices.Equal(got, c.ids) {
				t.Errorf("%s: %s %v, want %s %v", name, l.Stamp(), got, c.stamp, c.ids)
			}
		}
	}
	for name, at := range map[string]atlas.AsOf{
		"no such version": {Version: 3}, "no such change": {Version: 1, Seq: 3}, "before all": {Time: first.Version.PublishedAt.Add(-1)},
	} {
		if _, err := a.Current().LayerAsOf(t.Context(), "parcels", at); !fault.Is(err, fault.NotExist) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for text, want := range map[string]atlas.AsOf{"3": {Version: 3}, "3.17": {Version: 3, Seq: 17}, "0": {}, "3.": {}, "3.0": {}, "-1": {}, "3.1.2": {}, "": {}} {
		if got, ok := atlas.ParseStamp(text); got != want || ok != (want != atlas.AsOf{}) {
			t.Errorf("stamp %q is %+v, %v", text, got, ok)
		}
	}
}

// What is learnt of a version after it was published keeps its layer.
func TestEnrichedVersionKeepsItsLayer(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	s := h.stores(t)
	h.publish(t, s, catalog.Dataset{ID: "parcels", Title: "Parcels"}, parcels, []geo.Feature{parcel(1, 0, 0)})
	a := h.openWith(t, s)
	apply(t, a, atlas.Edit{Op: journal.Create, Row: parcel(0, 9, 9)})
	before := layerOf(t, a, "parcels")
	extra := catalog.Extra{Kind: catalog.Pyramid, Seq: 1, File: catalog.File{Key: "datasets/parcels/v1/tiles.pmtiles", SHA256: "aa"}}
	if _, err := s.Catalog.Enrich(t.Context(), "parcels", 1, extra); err != nil {
		t.Fatal(err)
	}
	if err := a.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	l := layerOf(t, a, "parcels")
	v := l.Dataset().Version
	if got, ok := v.Extra(catalog.Pyramid); !ok || got.Seq != 1 || l.Packed() != before.Packed() || l.Stamp() != "1.1" {
		t.Errorf("extras %+v, stamp %s, the same file: %v", v.Extras, l.Stamp(), l.Packed() == before.Packed())
	}
}

// Territories follow the edits of their rows.
func TestTerritoriesFollowEdits(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	s := h.stores(t)
	schema := areas().schema
	d := territoryDataset("comuni")
	h.publish(t, s, d, schema, areas([4]string{"001", "Beta", "P1", "R"}).rows)
	a := h.openWith(t, s)
	tr, err := a.Current().Territories(t.Context())
	if err != nil || codes(tr.Children("P1")) != "001" {
		t.Fatal(err)
	}
	if _, err := a.Apply(t.Context(), "comuni", []atlas.Edit{{Op: journal.Create, Row: geo.Feature{Geometry: square(5, 5), Values: []any{"002", "Alfa", "P1", "R"}}}}, ""); err != nil {
		t.Fatal(err)
	}
	if tr, err = a.Current().Territories(t.Context()); err != nil || codes(tr.Children("P1")) != "002 001" {
		t.Errorf("children %q, %v", codes(tr.Children("P1")), err)
	}
}

// Readers meanwhile see whole states: each edit moves a parcel and says so in
// another one, and no reader may see the one without the other.
func TestReadersDuringEdits(t *testing.T) {
	t.Parallel()
	_, a := estate(t)
	done := make(chan struct{})
	var readers sync.WaitGroup
	for range 3 {
		readers.Go(func() {
			last := int64(0)
			for {
				select {
				case <-done:
					return
				default:
				}
				l, err := a.Current().Layer(t.Context(), "parcels")
				if err != nil {
					t.Error(err)
					return
				}
				x, _ := l.Find(1)
				y, _ := l.Find(2)
				if x.Value(1) != y.Value(1) && l.Head() > 0 || l.Head() < last || len(ids(t, l, features.Query{Sort: []features.SortKey{{Field: "floors"}}})) != 10 {
					t.Errorf("state %s: %v and %v", l.Stamp(), x.Value(1), y.Value(1))
					return
				}
				last = l.Head()
			}
		})
	}
	for i := range 60 {
		row := func(id int64) geo.Feature {
			f := parcel(id, float64(i), 1)
			f.Values[1] = int64(1000 + i)
			return f
		}
		apply(t, a, atlas.Edit{Op: journal.Replace, ID: 1, Row: row(1)}, atlas.Edit{Op: journal.Replace, ID: 2, Row: row(2)})
	}
	close(done)
	readers.Wait()
}

// Whatever is edited, through whichever atlas: all of them, and one opened
// afterwards, show the rows of a plain map.
func TestEditsAgainstModel(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	s := h.stores(t)
	all := []*atlas.Atlas{h.openWith(t, s), h.open(t)}
	round := 0
	rapid.Check(t, func(rt *rapid.T) {
		round++
		id := fmt.Sprint("parcels-", round)
		model := map[int64]geo.Feature{}
		var rows []geo.Feature
		for i := range int64(10) {
			model[i+1] = parcel(i+1, float64(2*i), 40)
			rows = append(rows, model[i+1])
		}
		h.publish(t, s, catalog.Dataset{ID: id}, parcels, rows)
		for _, at := range all {
			if err := at.Refresh(t.Context()); err != nil {
				rt.Fatal(err)
			}
		}
		for range rapid.IntRange(1, 12).Draw(rt, "edits") {
			editModel(rt, all[rapid.IntRange(0, 1).Draw(rt, "atlas")], id, model)
		}
		fresh, err := atlas.Open(t.Context(), s)
		if err != nil {
			rt.Fatal(err)
		}
		defer fresh.Close()
		for i, at := range append(all, fresh) {
			if err := at.Refresh(t.Context()); err != nil {
				rt.Fatal(err)
			}
			got := map[int64]geo.Feature{}
			if err := layerOf(t, at, id).Scan(t.Context(), features.Query{}, func(f geo.Feature) bool { got[f.ID] = f; return true }); err != nil {
				rt.Fatal(err)
			}
			if d := cmp.Diff(model, got); d != "" {
				rt.Fatalf("atlas %d (-want +got):\n%s", i, d)
			}
		}
	})
}

// editModel makes one edit, and the same in the model.
func editModel(rt *rapid.T, at *atlas.Atlas, dataset string, model map[int64]geo.Feature) {
	id := rapid.Int64Range(1, 14).Draw(rt, "id")
	e := atlas.Edit{ID: id, Op: rapid.SampledFrom([]journal.Op{journal.Create, journal.Replace, journal.Delete}).Draw(rt, "op")}
	e.Row = parcel(id, float64(rapid.IntRange(0, 90).Draw(rt, "x")), 1)
	if e.Op == journal.Create {
		e.ID = 0
	}
	_, there := model[id]
	changes, err := at.Apply(rt.Context(), dataset, []atlas.Edit{e}, "")
	if want := there || e.Op == journal.Create; want != (err == nil) {
		rt.Fatalf("%s %d, which is there: %v; %v", e.Op, id, there, err)
	}
	if err != nil {
		return
	}
	row := e.Row
	row.ID = changes[0].Feature
	if _, taken := model[row.ID]; taken && e.Op == journal.Create {
		rt.Fatalf("id %d was given twice", row.ID)
	}
	model[row.ID] = row
	if e.Op == journal.Delete {
		delete(model, row.ID)
	}
}
