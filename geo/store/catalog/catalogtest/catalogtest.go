// Package catalogtest is the suite that every catalog.Driver passes.
package catalogtest

import (
	"context"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"contado/geo"
	"contado/geo/fault"
	"contado/geo/store/catalog"
)

// RunSuite runs every test on drivers that open makes: each call gives an
// empty catalog, closed by the driver's own t.Cleanup.
func RunSuite(t *testing.T, open func(t *testing.T) catalog.Driver) {
	for name, test := range map[string]func(*testing.T, catalog.Driver){
		"Empty":                 testEmpty,
		"RoundTrip":             testRoundTrip,
		"Defaults":              testDefaults,
		"SecondVersion":         testSecondVersion,
		"Conflict":              testConflict,
		"OneOfManyWins":         testOneOfManyWins,
		"NeverHalf":             testNeverHalf,
		"ItemOrder":             testItemOrder,
		"UnusualBoxes":          testUnusualBoxes,
		"Remove":                testRemove,
		"Keys":                  testKeys,
		"KeyOfOtherContent":     testKeyOfOtherContent,
		"Invalid":               testInvalid,
		"FailureChangesNothing": testFailedPublishChangesNothing,
		"Canceled":              testCanceled,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, open(t))
		})
	}
}

func publish(t testing.TB, d catalog.Driver, p catalog.Publication) catalog.Dataset {
	t.Helper()
	ds, err := d.Publish(t.Context(), p)
	if err != nil {
		t.Fatalf("Publish(%s, expect %d): %v", p.Dataset.ID, p.Expect, err)
	}
	return ds
}

func datasets(t testing.TB, d catalog.Driver) []catalog.Dataset {
	t.Helper()
	got, err := d.Datasets(t.Context())
	if err != nil {
		t.Fatalf("Datasets: %v", err)
	}
	return got
}

func revision(t testing.TB, d catalog.Driver) int64 {
	t.Helper()
	n, err := d.Revision(t.Context())
	if err != nil {
		t.Fatalf("Revision: %v", err)
	}
	return n
}

func wantKind(t testing.TB, what string, err error, kind fault.Kind) {
	t.Helper()
	if !fault.Is(err, kind) {
		t.Errorf("%s: %v (kind %v), want kind %v", what, err, fault.KindOf(err), kind)
	}
}

func same(t testing.TB, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func testEmpty(t *testing.T, d catalog.Driver) {
	if got := datasets(t, d); len(got) != 0 {
		t.Errorf("Datasets = %v", got)
	}
	keys, err := d.Keys(t.Context())
	if err != nil || len(keys) != 0 {
		t.Errorf("Keys = %v, %v", keys, err)
	}
	_, err = d.Items(t.Context(), "none")
	wantKind(t, "Items", err, fault.NotExist)
	_, err = d.Versions(t.Context(), "none")
	wantKind(t, "Versions", err, fault.NotExist)
	before := revision(t, d)
	_, err = d.Remove(t.Context(), "none")
	wantKind(t, "Remove", err, fault.NotExist)
	if after := revision(t, d); after != before {
		t.Errorf("a failed Remove moved the revision from %d to %d", before, after)
	}
}

// noZero fails for any field of the sample without a value: the round trip
// would not notice that a driver loses it.
func noZero(t testing.TB, path string, v reflect.Value) {
	t.Helper()
	if v.Type() == reflect.TypeFor[time.Time]() {
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			noZero(t, path, v.Elem())
			return
		}
	case reflect.Struct:
		for i := range v.NumField() {
			noZero(t, path+"."+v.Type().Field(i).Name, v.Field(i))
		}
		return
	case reflect.Slice:
		if v.Len() > 0 {
			noZero(t, path+"[0]", v.Index(0))
			return
		}
	}
	if v.IsZero() && path != "item.Bands[0].Nodata" { // 0 behind a pointer is a value
		t.Errorf("the sample of the suite has no value for %s: add one", path)
	}
}

func testRoundTrip(t *testing.T, d catalog.Driver) {
	p := full("scene", 0, 3)
	noZero(t, "dataset", reflect.ValueOf(p.Dataset))
	noZero(t, "item", reflect.ValueOf(p.Items[0]))
	published := publish(t, d, p)
	same(t, "Publish", published, p.Dataset)
	same(t, "Datasets", datasets(t, d), []catalog.Dataset{p.Dataset})
	items, err := d.Items(t.Context(), "scene")
	if err != nil {
		t.Fatal(err)
	}
	same(t, "Items", items, p.Items)
	versions, err := d.Versions(t.Context(), "scene")
	if err != nil {
		t.Fatal(err)
	}
	same(t, "Versions", versions, []catalog.Version{p.Dataset.Version})
	for _, at := range []time.Time{published.CreatedAt, datasets(t, d)[0].Version.PublishedAt, *items[0].Datetime} {
		if at.Location() != time.UTC {
			t.Errorf("time %v is not in UTC", at)
		}
	}
}

func testDefaults(t *testing.T, d catalog.Driver) {
	start := time.Now().Add(-time.Second)
	p := small("b-second", 0)
	p.Dataset.Version.Number = 77 // assigned by Publish
	got := publish(t, d, p)
	publish(t, d, small("a-first", 0))
	if got.Version.Number != 1 {
		t.Errorf("first version has number %d", got.Version.Number)
	}
	for _, at := range []time.Time{got.CreatedAt, got.Version.PublishedAt} {
		if at.Before(start) || at.After(time.Now().Add(time.Second)) {
			t.Errorf("time %v is not now", at)
		}
	}
	list := datasets(t, d)
	if len(list) != 2 || list[0].ID != "a-first" {
		t.Fatalf("Datasets = %v", list)
	}
	same(t, "as published and as listed", list[1], got)
	if items, err := d.Items(t.Context(), "a-first"); err != nil || len(items) != 0 {
		t.Errorf("Items = %v, %v", items, err)
	}
}

func testSecondVersion(t *testing.T, d catalog.Driver) {
	first := publish(t, d, full("scene", 0, 3))
	before := revision(t, d)
	p := full("scene", 1, 2)
	p.Dataset.Title, p.Dataset.CreatedAt = "new title", *day(9)
	second := publish(t, d, p)
	if second.Version.Number != 2 || second.Title != "new title" || !second.CreatedAt.Equal(first.CreatedAt) {
		t.Errorf("second = %+v", second)
	}
	if after := revision(t, d); after <= before {
		t.Errorf("revision went from %d to %d", before, after)
	}
	same(t, "Datasets", datasets(t, d), []catalog.Dataset{second})
	versions, err := d.Versions(t.Context(), "scene")
	if err != nil {
		t.Fatal(err)
	}
	same(t, "Versions, newest first", versions, []catalog.Version{second.Version, first.Version})
	items, err := d.Items(t.Context(), "scene")
	if err != nil || len(items) != 2 || items[0].Version != 2 {
		t.Errorf("items of the current version: %v, %v", items, err)
	}
}

func testConflict(t *testing.T, d catalog.Driver) {
	_, err := d.Publish(t.Context(), small("x", 1))
	wantKind(t, "version 2 of nothing", err, fault.Conflict)
	publish(t, d, small("x", 0))
	before := revision(t, d)
	for _, expect := range []int{0, 2} {
		_, err := d.Publish(t.Context(), small("x", expect))
		wantKind(t, fmt.Sprint("expect ", expect, " at version 1"), err, fault.Conflict)
	}
	if after := revision(t, d); after != before {
		t.Errorf("conflicts moved the revision from %d to %d", before, after)
	}
}

func testOneOfManyWins(t *testing.T, d catalog.Driver) {
	var wins, conflicts atomic.Int32
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			_, err := d.Publish(t.Context(), small("x", 0))
			switch {
			case err == nil:
				wins.Add(1)
			case fault.Is(err, fault.Conflict):
				conflicts.Add(1)
			default:
				t.Errorf("Publish: %v", err)
			}
		})
	}
	wg.Wait()
	if wins.Load() != 1 || conflicts.Load() != 7 {
		t.Errorf("%d won, %d met a conflict", wins.Load(), conflicts.Load())
	}
}

// testNeverHalf: version n has n items; readers never see another number.
func testNeverHalf(t *testing.T, d catalog.Driver) {
	publish(t, d, full("x", 0, 1))
	const last = 12
	done := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		defer close(done)
		for n := 1; n < last; n++ {
			if _, err := d.Publish(t.Context(), full("x", n, n+1)); err != nil {
				t.Errorf("Publish: %v", err)
			}
		}
	})
	for range 3 {
		wg.Go(func() {
			for {
				items, err := d.Items(t.Context(), "x")
				if err != nil || len(items) == 0 || items[0].Version != len(items) || items[len(items)-1].Version != len(items) {
					t.Errorf("%d items, %v", len(items), err)
					return
				}
				select {
				case <-done:
					return
				default:
				}
			}
		})
	}
	wg.Wait()
	if got := datasets(t, d)[0].Version.Number; got != last {
		t.Errorf("version %d in the end", got)
	}
}

func testItemOrder(t *testing.T, d catalog.Driver) {
	p := full("x", 0, 6)
	for i, s := range []struct {
		id string
		at *time.Time
	}{{"late", day(5)}, {"none-b", nil}, {"same-b", day(1)}, {"same-a", day(1)}, {"none-a", nil}, {"Upper", day(1)}} {
		p.Items[i].ID, p.Items[i].Datetime = s.id, s.at
	}
	// A whole second sorts before a fraction of it.
	p.Items[0].Datetime = ptr(day(1).Truncate(time.Second))
	publish(t, d, p)
	items, err := d.Items(t.Context(), "x")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, it := range items {
		got = append(got, it.ID)
	}
	if want := []string{"none-a", "none-b", "late", "Upper", "same-a", "same-b"}; !slices.Equal(got, want) {
		t.Errorf("order %q, want %q", got, want)
	}
}

func testUnusualBoxes(t *testing.T, d catalog.Driver) {
	for id, b := range map[string]geo.BBox{
		"no-geometry": geo.EmptyBBox(),
		"fiji":        {MinX: 177, MinY: -19, MaxX: -178, MaxY: -16},
		"tiny":        {MinX: math.SmallestNonzeroFloat64, MinY: -0.1, MaxX: 0.1 + 0.2, MaxY: math.MaxFloat64},
	} {
		p := full(id, 0, 1)
		p.Dataset.Version.BBox, p.Dataset.Version.BBoxWGS84, p.Items[0].BBox = b, b, b
		same(t, id, publish(t, d, p), p.Dataset)
		items, err := d.Items(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		same(t, id, items[0].BBox, b)
	}
	for _, ds := range datasets(t, d) {
		versions, err := d.Versions(t.Context(), ds.ID)
		if err != nil {
			t.Fatal(err)
		}
		same(t, ds.ID, ds.Version, versions[0])
	}
}

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
	orphans, err := d.Remove(t.Context(), "a")
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
	orphans, err = d.Remove(t.Context(), "b")
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
