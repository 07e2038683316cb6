package catalogtest

import (
	"context"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"contado/geo/fault"
	"contado/geo/store/catalog"
)

func testRemove(t *testing.T, d catalog.Driver) {
	shared := catalog.File{Key: "shared/dem.tif", Size: 1, SHA256: "ab"}
	for _, id := range []string{"a", "b"} {
		p := small(id, 0)
		p.Dataset.Version.Files = append(p.Dataset.Version.Files, shared)
		publish(t, d, p)
	}
	second := small("a", 1)
	second.Dataset.Version.Files = append(second.Dataset.Version.Files, file("a", 1, "rows.gpkg"))
	publish(t, d, second)

	before := revision(t, d)
	orphans, err := d.Remove(t.Context(), "a", "ada")
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(orphans)
	if want := []string{"datasets/a/v1/rows.gpkg", "datasets/a/v2/rows.gpkg"}; !slices.Equal(orphans, want) {
		t.Errorf("orphans %q, want %q", orphans, want)
	}
	if after := revision(t, d); after <= before {
		t.Errorf("revision went from %d to %d", before, after)
	}
	if got := datasets(t, d); len(got) != 1 || got[0].ID != "b" {
		t.Errorf("left: %v", got)
	}
	_, err = d.Items(t.Context(), "a")
	wantKind(t, "Items of what was removed", err, fault.NotExist)
	orphans, err = d.Remove(t.Context(), "b", "ada")
	if err != nil || len(orphans) != 2 {
		t.Errorf("orphans of the last reference: %q, %v", orphans, err)
	}
	if keys, err := d.Keys(t.Context()); err != nil || len(keys) != 0 {
		t.Errorf("Keys = %v, %v", keys, err)
	}
	publish(t, d, small("a", 0))
}

func testKeys(t *testing.T, d catalog.Driver) {
	want := map[string]catalog.File{}
	for n := range 3 {
		p := full("x", n, 2)
		for _, f := range p.Dataset.Version.Files {
			want[f.Key] = f
		}
		publish(t, d, p)
	}
	got, err := d.Keys(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	same(t, "Keys", got, want)
}

func testKeyOfOtherContent(t *testing.T, d catalog.Driver) {
	publish(t, d, small("a", 0))
	p := small("b", 0)
	p.Dataset.Version.Files = []catalog.File{file("a", 1, "rows.gpkg")}
	publish(t, d, p) // the same content may be shared
	p = small("c", 0)
	p.Dataset.Version.Files = []catalog.File{file("a", 1, "rows.gpkg")}
	p.Dataset.Version.Files[0].SHA256 = strings.Repeat("f", 64)
	_, err := d.Publish(t.Context(), p)
	wantKind(t, "other content under a key", err, fault.Conflict)
}

func testInvalid(t *testing.T, d catalog.Driver) {
	for name, spoil := range map[string]func(*catalog.Publication){
		"id":               func(p *catalog.Publication) { p.Dataset.ID = "Not An Id" },
		"no id":            func(p *catalog.Publication) { p.Dataset.ID = "" },
		"kind":             func(p *catalog.Publication) { p.Dataset.Kind = "film" },
		"role":             func(p *catalog.Publication) { p.Dataset.Role = "" },
		"expect":           func(p *catalog.Publication) { p.Expect = -1 },
		"NaN box":          func(p *catalog.Publication) { p.Dataset.Version.BBox.MinX = math.NaN() },
		"NaN WGS84 box":    func(p *catalog.Publication) { p.Dataset.Version.BBoxWGS84.MaxY = math.NaN() },
		"NaN item box":     func(p *catalog.Publication) { p.Items[0].BBox.MinX = math.NaN() },
		"NaN statistic":    func(p *catalog.Publication) { p.Items[0].Bands[0].Mean = math.NaN() },
		"year":             func(p *catalog.Publication) { p.Items[0].Datetime = ptr(time.Date(12026, 1, 1, 0, 0, 0, 0, time.UTC)) },
		"file key":         func(p *catalog.Publication) { p.Dataset.Version.Files[0].Key = "../x" },
		"file twice":       func(p *catalog.Publication) { p.Dataset.Version.Files[1] = p.Dataset.Version.Files[0] },
		"no item id":       func(p *catalog.Publication) { p.Items[0].ID = "" },
		"item twice":       func(p *catalog.Publication) { p.Items[1].ID = p.Items[0].ID },
		"item elsewhere":   func(p *catalog.Publication) { p.Items[0].Dataset = "other" },
		"item without COG": func(p *catalog.Publication) { p.Items[0].File = "datasets/x/v1/unknown.tif" },
	} {
		p := full("x", 0, 2)
		spoil(&p)
		_, err := d.Publish(t.Context(), p)
		wantKind(t, name, err, fault.Invalid)
	}
	if got := datasets(t, d); len(got) != 0 {
		t.Errorf("invalid publications left %v", got)
	}
}

// testFailedPublishChangesNothing: the failure comes late in the transaction.
func testFailedPublishChangesNothing(t *testing.T, d catalog.Driver) {
	first := publish(t, d, full("x", 0, 2))
	before := revision(t, d)
	p := full("x", 1, 2)
	clash := first.Version.Files[0]
	clash.Size++
	p.Dataset.Version.Files = append(p.Dataset.Version.Files, clash)
	_, err := d.Publish(t.Context(), p)
	wantKind(t, "clash in the last file", err, fault.Conflict)
	same(t, "Datasets", datasets(t, d), []catalog.Dataset{first})
	if after := revision(t, d); after != before {
		t.Errorf("revision went from %d to %d", before, after)
	}
	if versions, err := d.Versions(t.Context(), "x"); err != nil || len(versions) != 1 {
		t.Errorf("%d versions, %v", len(versions), err)
	}
}

func testCanceled(t *testing.T, d catalog.Driver) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := d.Publish(ctx, small("x", 0))
	wantKind(t, "Publish", err, fault.Canceled)
	_, err = d.Datasets(ctx)
	wantKind(t, "Datasets", err, fault.Canceled)
	_, err = d.Revision(ctx)
	wantKind(t, "Revision", err, fault.Canceled)
	if got := datasets(t, d); len(got) != 0 {
		t.Errorf("a canceled Publish left %v", got)
	}
}
