package atlas_test

import (
	"slices"
	"testing"
	"time"

	"contado/geo"
	"contado/geo/atlas"
	"contado/geo/fault"
	"contado/geo/store/catalog"
	"contado/geo/store/features"
	"contado/geo/store/journal"
)

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
