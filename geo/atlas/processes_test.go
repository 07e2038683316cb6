package atlas_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"contado/geo"
	"contado/geo/atlas"
	"contado/geo/fault"
	"contado/geo/store/journal"
)

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

// An edit is one of the rows of a version: it is not made to those of the next.
func TestEditsDoNotMoveToANewVersion(t *testing.T) {
	t.Parallel()
	h, a := estate(t)
	b := h.open(t)
	layerOf(t, b, "parcels")
	d, err := a.Current().Dataset("parcels")
	if err != nil {
		t.Fatal(err)
	}
	h.publish(t, h.stores(t), d, parcels, []geo.Feature{parcel(1, 60, 60)}) // not the same parcel any more
	_, err = b.Apply(t.Context(), "parcels", []atlas.Edit{{Op: journal.Delete, ID: 1}}, "")
	if !fault.Is(err, fault.Conflict) {
		t.Errorf("an edit of the version before: %v", err)
	}
	if _, err := b.Apply(t.Context(), "parcels", []atlas.Edit{{Op: journal.Delete, ID: 1, Version: 1}}, ""); !fault.Is(err, fault.Conflict) {
		t.Errorf("an edit of a version that is named: %v", err)
	}
	// A new row is one of whichever version there is.
	if got := apply(t, a, atlas.Edit{Op: journal.Create, Row: parcel(0, 1, 1)}); got[0].Version != 2 || got[0].Feature != 2 {
		t.Errorf("created %+v", got[0])
	}
	apply(t, b, atlas.Edit{Op: journal.Delete, ID: 1, Version: 2})
}
