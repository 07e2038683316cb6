package atlas_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"

	"contado/geo"
	"contado/geo/atlas"
	"contado/geo/fault"
	"contado/geo/store/catalog"
	"contado/geo/store/features"
	"contado/geo/store/journal"
)

// foreign is a table of another database. It writes codes in capitals, as a
// trigger might, and refuses the code "no".
type foreign struct {
	features.Table
	mu      sync.Mutex
	next    int64
	written []journal.Change
	// noticed is called after a write, before the journal knows of it.
	noticed func([]journal.Change)
}

func (f *foreign) Close() error { return nil }

func (f *foreign) NewIDs(_ context.Context, n int) ([]int64, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []int64
	for range n {
		f.next += 10
		out = append(out, f.next)
	}
	return out, nil
}

func (f *foreign) Write(_ context.Context, changes []journal.Change) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i := range changes {
		if a := changes[i].After; a != nil {
			if a.Values[0] == "no" {
				return fault.Errorf("foreign", fault.Invalid, "the check of column code fails")
			}
			a.Values[0] = strings.ToUpper(a.Values[0].(string))
		}
	}
	f.written = append(f.written, slices.Clone(changes)...)
	if f.noticed != nil {
		f.noticed(changes)
	}
	return nil
}

// annex is a house with a dataset that is a table of others.
func annex(t *testing.T, writable bool) (*house, atlas.Stores, *foreign) {
	t.Helper()
	h := newHouse(t)
	s := h.stores(t)
	d := h.publish(t, s, catalog.Dataset{ID: "parcels", Title: "Parcels"}, parcels, []geo.Feature{parcel(1, 0, 0), parcel(2, 2, 0)})
	v := d.Version
	v.Vector.External = &catalog.External{Connection: "postgres://db/x", Schema: "public", Table: "parcels", ID: "gid", Writable: writable, Watch: "compare"}
	d.Version = v
	if _, err := s.Catalog.Publish(t.Context(), catalog.Publication{Dataset: d, Expect: 1}); err != nil {
		t.Fatal(err)
	}
	f := &foreign{next: 100}
	s.Attached = func(_ context.Context, x catalog.External) (features.Table, error) {
		if x.Table != "parcels" {
			t.Errorf("table %q is opened", x.Table)
		}
		return f, nil
	}
	return h, s, f
}

func TestAttachedTableIsWrittenFirst(t *testing.T) {
	t.Parallel()
	h, s, table := annex(t, true)
	a := h.openWith(t, s)
	row := parcel(0, 5, 5)
	row.Values[0] = "new"
	changes := apply(t, a, atlas.Edit{Op: journal.Create, Row: row}, atlas.Edit{Op: journal.Delete, ID: 2})
	if len(table.written) != 2 || changes[0].Feature != 110 || changes[0].Seq != 1 || changes[0].After.Values[0] != "NEW" {
		t.Errorf("written %+v, changes %+v", table.written, changes)
	}
	f, err := layerOf(t, a, "parcels").Feature(t.Context(), 110)
	if err != nil || f.Values[0] != "NEW" {
		t.Errorf("%v, %v: the row is not as the table keeps it", f, err)
	}
	row.Values[0] = "no"
	if _, err := a.Apply(t.Context(), "parcels", []atlas.Edit{{Op: journal.Create, Row: row}}, ""); !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "check of column") {
		t.Errorf("what the table refuses: %v", err)
	}
	if l := layerOf(t, a, "parcels"); l.Head() != 2 {
		t.Errorf("the journal has %d changes, the table 2", l.Head())
	}
}

// Whoever watches the table may note the row before the edit is in the
// journal: the edit then follows that note.
func TestAttachedTableNoticedMeanwhile(t *testing.T) {
	t.Parallel()
	h, s, table := annex(t, true)
	a := h.openWith(t, s)
	once := sync.OnceFunc(func() {
		old, noted := parcel(1, 0, 0), parcel(1, 9, 9)
		_, err := s.Journal.Append(t.Context(), "parcels", 2, []journal.Change{{Feature: 1, Op: journal.Replace, Origin: "outside", Before: &old, After: &noted}})
		if err != nil {
			t.Error(err)
		}
	})
	table.noticed = func([]journal.Change) { once() }
	changes := apply(t, a, atlas.Edit{Op: journal.Replace, ID: 1, Row: parcel(1, 9, 9)})
	l := layerOf(t, a, "parcels")
	if len(table.written) != 1 || changes[0].Seq != 2 || l.Head() != 2 || l.Revision(1) != 2 {
		t.Errorf("%d writes, change %d, head %d", len(table.written), changes[0].Seq, l.Head())
	}
}

func TestAttachedTableNotWritable(t *testing.T) {
	t.Parallel()
	h, s, table := annex(t, false)
	a := h.openWith(t, s)
	edit := []atlas.Edit{{Op: journal.Delete, ID: 1}}
	if _, err := a.Apply(t.Context(), "parcels", edit, ""); !fault.Is(err, fault.Unsupported) || len(table.written) != 0 {
		t.Errorf("a table that is only read: %v", err)
	}
	h, s, _ = annex(t, true)
	s.Attached = nil
	if _, err := h.openWith(t, s).Apply(t.Context(), "parcels", edit, ""); !fault.Is(err, fault.Unsupported) {
		t.Errorf("no way to the table: %v", err)
	}
}

// A version made of an older one's rows gets the edits that were made while
// it was being made.
func TestCarryOver(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	s := h.stores(t)
	first := h.publish(t, s, catalog.Dataset{ID: "parcels", Title: "Parcels"}, parcels, []geo.Feature{parcel(1, 0, 0), parcel(2, 2, 0), parcel(3, 4, 0)})
	a := h.openWith(t, s)
	apply(t, a, atlas.Edit{Op: journal.Delete, ID: 1})
	made := layerOf(t, a, "parcels")
	var rows []geo.Feature
	if err := made.Scan(t.Context(), features.Query{}, func(f geo.Feature) bool { rows = append(rows, f); return true }); err != nil {
		t.Fatal(err)
	}
	// Meanwhile people go on.
	apply(t, a, atlas.Edit{Op: journal.Create, Row: parcel(0, 7, 7)})
	late := apply(t, a, atlas.Edit{Op: journal.Replace, ID: 2, Row: parcel(2, 8, 8)}, atlas.Edit{Op: journal.Replace, ID: 3, Row: parcel(3, 8, 8)})
	apply(t, a, atlas.Edit{Op: journal.Delete, ID: 4})
	h.publish(t, s, first, parcels, rows)
	if err := a.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	apply(t, a, atlas.Edit{Op: journal.Replace, ID: 3, Row: parcel(3, 1, 1)})
	left, err := a.CarryOver(t.Context(), "parcels", 1, made.Head())
	if err != nil || len(left) != 1 || left[0].Feature != 3 {
		t.Errorf("left %+v, %v", left, err)
	}
	l := layerOf(t, a, "parcels")
	if got := ids(t, l, features.Query{}); l.Stamp() != "2.4" || !slices.Equal(got, []int64{2, 3}) {
		t.Errorf("%s: rows %v", l.Stamp(), got)
	}
	for id, x := range map[int64]float64{2: 8, 3: 1} {
		f, err := l.Feature(t.Context(), id)
		if err != nil || f.Geometry.Bound().Min[0] != x {
			t.Errorf("feature %d lies at %v, %v; want %g", id, f.Geometry.Bound().Min, err, x)
		}
	}
	trail, err := a.Changes(t.Context(), "parcels", 1, 0)
	if err != nil || !slices.ContainsFunc(trail, func(c journal.Change) bool { return c.Feature == 2 && c.At.Equal(late[0].At) && c.Who == "anna" }) {
		t.Errorf("trail %+v, %v", trail, err)
	}
	if left, err := a.CarryOver(t.Context(), "parcels", 2, 0); err == nil {
		t.Errorf("carried over from the current version: %v", left)
	}
}
