// Package catalogtest is the suite that every catalog.Driver passes.
package catalogtest

import (
	"fmt"
	"math"
	"reflect"
	"slices"
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
		"Enrich":                testEnrich,
		"EnrichNothing":         testEnrichNothing,
		"Describe":              testDescribe,
		"DescribeInvalid":       testDescribeInvalid,
		"DescribeTogether":      testDescribeTogether,
		"Acts":                  testActs,
		"VersionItems":          testVersionItems,
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
	_, err = d.Remove(t.Context(), "none", "ada")
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
	// 0 behind a pointer is a value; an asset with a file has no address.
	if path == "dataset.Version.Extras" { // not published with a version: see testEnrich
		return
	}
	remote := []string{"item.Assets[0].Href", "item.Assets[0].Size", "item.Assets[0].ETag", "item.Assets[0].Cells"} // the second asset has them
	if v.IsZero() && path != "item.Bands[0].Nodata" && !slices.Contains(remote, path) {
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
