package atlas_test

import (
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"contado/geo"
	"contado/geo/atlas"
	"contado/geo/store/features"
	"contado/geo/store/journal"
)

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
	h, a := estate(t)
	s := h.stores(t)
	all := []*atlas.Atlas{a, h.openWith(t, s)}
	model := map[int64]geo.Feature{} // goes on from one check to the next, as the dataset does
	for i := range int64(10) {
		model[i+1] = parcel(i+1, float64(2*i), 40)
	}
	rapid.Check(t, func(rt *rapid.T) {
		for range rapid.IntRange(1, 8).Draw(rt, "edits") {
			editModel(rt, all[rapid.IntRange(0, 1).Draw(rt, "atlas")], "parcels", model)
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
			if err := layerOf(t, at, "parcels").Scan(t.Context(), features.Query{}, func(f geo.Feature) bool { got[f.ID] = f; return true }); err != nil {
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
	id := rapid.Int64Range(1, int64(len(model))+4).Draw(rt, "id")
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
