// Package journaltest is the suite that every journal.Driver passes.
package journaltest

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/paulmach/orb"

	"contado/geo"
	"contado/geo/fault"
	"contado/geo/store/catalog"
	"contado/geo/store/journal"
)

// Open makes an empty catalog and the journal of its datasets; both are
// closed by the driver's own t.Cleanup.
type Open func(t *testing.T) (catalog.Driver, journal.Driver)

// RunSuite runs every test on drivers that open makes.
func RunSuite(t *testing.T, open Open) {
	for name, test := range map[string]func(*testing.T, catalog.Driver, journal.Driver){
		"Empty":         testEmpty,
		"RoundTrip":     testRoundTrip,
		"Numbers":       testNumbers,
		"Clock":         testClock,
		"Paging":        testPaging,
		"Conflicts":     testConflicts,
		"AllOrNone":     testAllOrNone,
		"OneOfManyWins": testOneOfManyWins,
		"Versions":      testVersions,
		"Heads":         testHeads,
		"Remove":        testRemove,
		"Invalid":       testInvalid,
		"Canceled":      testCanceled,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, j := open(t)
			test(t, c, j)
		})
	}
}

func publish(t testing.TB, c catalog.Driver, id string, expect int) {
	t.Helper()
	_, err := c.Publish(t.Context(), catalog.Publication{Expect: expect, Dataset: catalog.Dataset{
		ID: id, Kind: catalog.Vector, Role: catalog.OtherRole, Title: id,
	}})
	if err != nil {
		t.Fatalf("publish %s v%d: %v", id, expect+1, err)
	}
}

func mustAppend(t testing.TB, j journal.Driver, id string, version int, changes ...journal.Change) []journal.Change {
	t.Helper()
	out, err := j.Append(t.Context(), id, version, changes)
	if err != nil {
		t.Fatalf("Append(%s v%d): %v", id, version, err)
	}
	return out
}

func changes(t testing.TB, j journal.Driver, id string, version int, after int64, limit int) []journal.Change {
	t.Helper()
	out, err := j.Changes(t.Context(), id, version, after, limit)
	if err != nil {
		t.Fatalf("Changes(%s v%d): %v", id, version, err)
	}
	return out
}

func heads(t testing.TB, j journal.Driver) map[string]int64 {
	t.Helper()
	out, err := j.Heads(t.Context())
	if err != nil {
		t.Fatalf("Heads: %v", err)
	}
	return out
}

func same(t testing.TB, what string, got, want any) {
	t.Helper()
	if d := cmp.Diff(want, got, cmpopts.EquateNaNs()); d != "" {
		t.Errorf("%s (-want +got):\n%s", what, d)
	}
}

func wantKind(t testing.TB, what string, err error, kind fault.Kind) {
	t.Helper()
	if !fault.Is(err, kind) {
		t.Errorf("%s: %v (kind %v), want kind %v", what, err, fault.KindOf(err), kind)
	}
}

func row(id int64, values ...any) *geo.Feature { return &geo.Feature{ID: id, Values: values} }

func created(id int64) journal.Change {
	return journal.Change{Feature: id, Op: journal.Create, After: row(id, "new")}
}

func replaced(id, expect int64) journal.Change {
	return journal.Change{Feature: id, Op: journal.Replace, Expect: expect, Before: row(id, "old"), After: row(id, "new")}
}

func deleted(id, expect int64) journal.Change {
	return journal.Change{Feature: id, Op: journal.Delete, Expect: expect, Before: row(id, "old")}
}

func testEmpty(t *testing.T, c catalog.Driver, j journal.Driver) {
	same(t, "heads", len(heads(t, j)), 0)
	same(t, "changes of nothing", len(changes(t, j, "nothing", 1, 0, 0)), 0)
	_, err := j.Append(t.Context(), "nothing", 1, []journal.Change{created(1)})
	wantKind(t, "a dataset that is not there", err, fault.NotExist)
	publish(t, c, "roads", 0)
	same(t, "heads of datasets without changes", len(heads(t, j)), 0)
	same(t, "changes", len(changes(t, j, "roads", 1, 0, 0)), 0)
}

// odd are rows whose every value is easily lost on the way.
func odd() []*geo.Feature {
	ring := orb.Ring{{0, 0}, {4, 0}, {4, 4}, {0, 0}}
	return []*geo.Feature{
		{
			ID: 1 << 60, Geometry: orb.MultiPolygon{{ring, {{1, 1}, {2, 1}, {2, 2}, {1, 1}}}, {ring}},
			Z: []float64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12.5}, M: []float64{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, math.NaN()},
			Values: []any{"Città dell'Unione\x00\u2028\"<&", int64(math.MaxInt64), 0.1, true, "2024-02-29", "2024-02-29T12:30:15.125Z", []byte{0, 1, 255}, `{"a":[1,2]}`},
		},
		{ID: -5, Geometry: orb.Point{1.0 / 3, -1e-300}, Z: []float64{7}, Values: []any{"", int64(math.MinInt64), 3.0, false, "", "x", []byte{}, "[]"}},
		{ID: 0, Values: []any{nil, nil, nil, nil, nil, nil, nil, nil}},
		{ID: 7, Geometry: orb.Collection{orb.Point{1, 2}, orb.MultiLineString{{{0, 0}, {3, 3}}}}, Values: []any{"bad \xff text", int64(-1), math.NaN(), nil, nil, nil, nil, nil}},
		{ID: 8, Geometry: orb.LineString{{1e15, 5}, {0.1, 0.2}}, M: []float64{1, 2}, Values: []any{strings.Repeat("è", 40000), int64(1)<<53 + 1, math.Inf(-1), nil, nil, nil, nil, nil}},
		{ID: 9, Values: []any{"2", int64(0), math.SmallestNonzeroFloat64, nil, nil, nil, nil, nil}},
		{ID: 10, Values: []any{"10", int64(10), math.MaxFloat64, nil, nil, nil, nil, nil}},
		{ID: 11, Values: []any{}},
	}
}

func testRoundTrip(t *testing.T, c catalog.Driver, j journal.Driver) {
	publish(t, c, "roads", 0)
	rows := odd()
	at := time.Date(2026, 3, 1, 1, 2, 3, 123456000, time.FixedZone("CET", 3600))
	var want []journal.Change
	for i, f := range rows {
		before := *rows[len(rows)-1-i]
		before.ID = f.ID
		switch i % 3 {
		case 0:
			want = append(want, journal.Change{Feature: f.ID, Op: journal.Create, After: f, Who: "anna è", Origin: "api", At: at})
		case 1:
			want = append(want, journal.Change{Feature: f.ID, Op: journal.Replace, Before: &before, After: f, Origin: "outside"})
		case 2:
			want = append(want, journal.Change{Feature: f.ID, Op: journal.Delete, Before: f, Who: "'; DROP TABLE journal; --"})
		}
	}
	start := time.Now().UTC().Add(-time.Second)
	got := mustAppend(t, j, "roads", 1, want...)
	for i := range want {
		w := &want[i]
		w.Dataset, w.Version, w.Seq = "roads", 1, int64(i+1)
		if w.At.IsZero() {
			if got[i].At.Before(start) || got[i].At.Location() != time.UTC {
				t.Errorf("change %d is of %v", i, got[i].At)
			}
			w.At = got[i].At
		}
		w.At = w.At.UTC()
	}
	same(t, "what Append returns", got, want)
	same(t, "what Changes returns", changes(t, j, "roads", 1, 0, 0), want)
}
