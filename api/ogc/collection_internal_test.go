package ogc

import (
	"strconv"
	"testing"
	"time"

	"contado/geo"
	"contado/geo/store/catalog"
	"contado/ingest/attach"
)

// The list of all collections shows a bounded number of items and says how
// many there are.
func TestListedItemsAreBounded(t *testing.T) {
	t.Parallel()
	items := make([]catalog.Item, maxListed+7)
	for i := range items {
		items[i].ID = strconv.Itoa(i)
	}
	var o own
	o.addItems(items, catalog.Imagery, maxListed)
	if len(o.Items) != maxListed || *o.ItemsCount != maxListed+7 {
		t.Errorf("%d of %d", len(o.Items), *o.ItemsCount)
	}
}

// What is not noticed any more is said, with the reason and since when.
func TestAttachedTableTellsItsHealth(t *testing.T) {
	t.Parallel()
	since := time.Date(2026, 1, 2, 3, 4, 5, 0, time.FixedZone("", 3600))
	states := map[string]attach.Status{
		"good": {Dataset: "good", Mode: "notify", Checked: since, Noticed: 3},
		"lost": {Dataset: "lost", Mode: "compare", Lost: since, Reason: "connection refused"},
	}
	h := &Handler{Followed: func(id string) (attach.Status, bool) { s, ok := states[id]; return s, ok }}
	if got := h.table(catalog.Dataset{ID: "good"}); got == nil || !got.OK || got.Lost != nil || !got.Checked.Equal(since) || got.Noticed != 3 {
		t.Errorf("%+v", got)
	}
	if got := h.table(catalog.Dataset{ID: "lost"}); got == nil || got.OK || !got.Lost.Equal(since) || got.Reason != "connection refused" || got.Checked != nil {
		t.Errorf("%+v", got)
	}
	if got := h.table(catalog.Dataset{ID: "file"}); got != nil {
		t.Errorf("%+v", got)
	}
	if got := (&Handler{}).table(catalog.Dataset{ID: "good"}); got != nil {
		t.Errorf("%+v", got)
	}
}

// An extent that clients write with seven decimals holds what it held, and one
// that has no more stays as it is.
func TestExtentsAreRoundedOutwards(t *testing.T) {
	t.Parallel()
	for b, want := range map[geo.BBox][4]float64{
		{MinX: 8.96832912, MinY: 46.05312001, MaxX: 8.96832912, MaxY: 46.05312001}: {8.9683291, 46.05312, 8.9683292, 46.0531201},
		{MinX: 9, MinY: 46, MaxX: 9.09, MaxY: 46.05}:                               {9, 46, 9.09, 46.05},
		{MinX: 179.99999999, MinY: -18.00000004, MaxX: -177, MaxY: 89.99999999}:    {179.9999999, -18.0000001, -177, 90},
		{MinX: -180, MinY: -90, MaxX: 180, MaxY: 90}:                               {-180, -90, 180, 90},
	} {
		if got := outward(b); got != want {
			t.Errorf("%v is %v, want %v", b, got, want)
		}
	}
}
