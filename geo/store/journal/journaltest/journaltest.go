// Package journaltest is the suite that every journal.Driver passes.
package journaltest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"
	"sync/atomic"
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

func testNumbers(t *testing.T, c catalog.Driver, j journal.Driver) {
	publish(t, c, "roads", 0)
	publish(t, c, "rivers", 0)
	for i := range 5 {
		got := mustAppend(t, j, "roads", 1, created(int64(2*i+1)), created(int64(2*i+2)))
		same(t, "first Seq", got[0].Seq, int64(2*i+1))
		same(t, "second Seq", got[1].Seq, int64(2*i+2))
	}
	same(t, "each dataset counts its own", mustAppend(t, j, "rivers", 1, created(1))[0].Seq, int64(1))
}

// testClock: times that Append gives never run backwards.
func testClock(t *testing.T, c catalog.Driver, j journal.Driver) {
	publish(t, c, "roads", 0)
	ahead := created(1)
	ahead.At = time.Now().Add(time.Hour).UTC().Truncate(time.Millisecond)
	mustAppend(t, j, "roads", 1, ahead)
	if got := mustAppend(t, j, "roads", 1, created(2))[0].At; got.Before(ahead.At) {
		t.Errorf("a change of %v follows one of %v", got, ahead.At)
	}
}

func testPaging(t *testing.T, c catalog.Driver, j journal.Driver) {
	publish(t, c, "roads", 0)
	for i := range 25 {
		mustAppend(t, j, "roads", 1, created(int64(i)))
	}
	var got []int64
	for after := int64(0); ; {
		page := changes(t, j, "roads", 1, after, 7)
		for _, ch := range page {
			got = append(got, ch.Seq)
			after = ch.Seq
		}
		if len(page) < 7 {
			break
		}
	}
	var want []int64
	for i := range 25 {
		want = append(want, int64(i+1))
	}
	same(t, "pages", got, want)
	same(t, "after the last", len(changes(t, j, "roads", 1, 25, 0)), 0)
}

func testConflicts(t *testing.T, c catalog.Driver, j journal.Driver) {
	publish(t, c, "roads", 0)
	mustAppend(t, j, "roads", 1, created(1), replaced(2, 0), deleted(3, 0)) // 1, 2, 3
	mustAppend(t, j, "roads", 1, replaced(2, 2))                            // 4
	mustAppend(t, j, "roads", 1, deleted(1, 1))                             // 5
	for name, ch := range map[string]journal.Change{
		"created already":                  created(2),
		"created already, and deleted":     created(1),
		"deleted when published":           created(3),
		"replaced as published":            replaced(2, 0),
		"replaced as it was before":        replaced(2, 2),
		"replaced as of a time to come":    replaced(2, 9),
		"an unchanged one as of a change":  replaced(8, 1),
		"deleted as it was before":         deleted(2, 2),
		"deleted already":                  deleted(3, 0),
		"deleted already, and seen so":     deleted(3, 3),
		"replaced though deleted":          replaced(1, 5),
		"created with another's change":    {Feature: 2, Op: journal.Create, Expect: 4, After: row(2, "x")},
		"created as of an expected change": {Feature: 9, Op: journal.Create, Expect: 1, After: row(9, "x")},
	} {
		_, err := j.Append(t.Context(), "roads", 1, []journal.Change{ch})
		wantKind(t, name, err, fault.Conflict)
	}
	same(t, "changes after conflicts", len(changes(t, j, "roads", 1, 0, 0)), 5)
	// A table of others may give an id again, and whoever notices it knows.
	again := created(1)
	again.Expect = 5
	mustAppend(t, j, "roads", 1, again)
	mustAppend(t, j, "roads", 1, deleted(1, 6), replaced(2, 4), deleted(8, 0))
}

func testAllOrNone(t *testing.T, c catalog.Driver, j journal.Driver) {
	publish(t, c, "roads", 0)
	mustAppend(t, j, "roads", 1, created(1))
	_, err := j.Append(t.Context(), "roads", 1, []journal.Change{created(2), created(3), replaced(1, 0)})
	wantKind(t, "a conflict at the end", err, fault.Conflict)
	same(t, "changes", len(changes(t, j, "roads", 1, 0, 0)), 1)
	same(t, "head", heads(t, j), map[string]int64{"roads": 1})
	same(t, "no number is lost", mustAppend(t, j, "roads", 1, created(2))[0].Seq, int64(2))
}

// testOneOfManyWins: of those who edit what they all saw, one does.
func testOneOfManyWins(t *testing.T, c catalog.Driver, j journal.Driver) {
	publish(t, c, "roads", 0)
	const rounds, editors = 8, 6
	for round := range rounds {
		var wins, conflicts atomic.Int64
		var wg sync.WaitGroup
		for range editors {
			wg.Go(func() {
				_, err := j.Append(t.Context(), "roads", 1, []journal.Change{replaced(5, int64(round))})
				switch {
				case err == nil:
					wins.Add(1)
				case fault.Is(err, fault.Conflict):
					conflicts.Add(1)
				default:
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if wins.Load() != 1 || conflicts.Load() != editors-1 {
			t.Fatalf("round %d: %d won, %d conflicts", round, wins.Load(), conflicts.Load())
		}
	}
	// Those who edit different rows all do, and the numbers have no gap.
	var wg sync.WaitGroup
	for i := range editors {
		wg.Go(func() {
			for k := range 5 {
				if _, err := j.Append(t.Context(), "roads", 1, []journal.Change{created(int64(100 + 10*i + k))}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	for i, ch := range changes(t, j, "roads", 1, 0, 0) {
		if ch.Seq != int64(i+1) {
			t.Fatalf("change %d has Seq %d", i, ch.Seq)
		}
	}
	same(t, "head", heads(t, j)["roads"], int64(rounds+5*editors))
}

func testVersions(t *testing.T, c catalog.Driver, j journal.Driver) {
	publish(t, c, "roads", 0)
	mustAppend(t, j, "roads", 1, created(1))
	_, err := j.Append(t.Context(), "roads", 2, []journal.Change{created(2)})
	wantKind(t, "a version to come", err, fault.Conflict)
	publish(t, c, "roads", 1)
	_, err = j.Append(t.Context(), "roads", 1, []journal.Change{created(2)})
	wantKind(t, "an old version", err, fault.Conflict)
	same(t, "the new version starts afresh", mustAppend(t, j, "roads", 2, created(1))[0].Seq, int64(1))
	same(t, "the old one stays", len(changes(t, j, "roads", 1, 0, 0)), 1)
}

func testHeads(t *testing.T, c catalog.Driver, j journal.Driver) {
	for _, id := range []string{"a", "b", "c"} {
		publish(t, c, id, 0)
	}
	mustAppend(t, j, "a", 1, created(1), created(2))
	mustAppend(t, j, "c", 1, created(1))
	same(t, "heads", heads(t, j), map[string]int64{"a": 2, "c": 1})
	publish(t, c, "a", 1)
	same(t, "heads of current versions", heads(t, j), map[string]int64{"c": 1})
	mustAppend(t, j, "a", 2, created(1))
	same(t, "heads", heads(t, j), map[string]int64{"a": 1, "c": 1})
}

// testRemove: a journal ends with its dataset.
func testRemove(t *testing.T, c catalog.Driver, j journal.Driver) {
	publish(t, c, "roads", 0)
	mustAppend(t, j, "roads", 1, created(1))
	if _, err := c.Remove(t.Context(), "roads", ""); err != nil {
		t.Fatal(err)
	}
	same(t, "heads", len(heads(t, j)), 0)
	same(t, "changes", len(changes(t, j, "roads", 1, 0, 0)), 0)
	publish(t, c, "roads", 0)
	same(t, "another dataset of that name", mustAppend(t, j, "roads", 1, created(1))[0].Seq, int64(1))
}

func testInvalid(t *testing.T, c catalog.Driver, j journal.Driver) {
	publish(t, c, "roads", 0)
	wrongID := created(1)
	wrongID.After = row(2, "x")
	badValue := created(1)
	badValue.After = row(1, struct{}{})
	badZ := created(1)
	badZ.After = &geo.Feature{ID: 1, Geometry: orb.Point{1, 2}, Z: []float64{1, 2}}
	late := created(1)
	late.At = time.Date(12000, 1, 1, 0, 0, 0, 0, time.UTC)
	for name, list := range map[string][]journal.Change{
		"nothing":                {},
		"one feature twice":      {created(1), replaced(1, 0)},
		"no operation":           {{Feature: 1, After: row(1)}},
		"create with a before":   {{Feature: 1, Op: journal.Create, Before: row(1), After: row(1)}},
		"replace with no before": {{Feature: 1, Op: journal.Replace, After: row(1)}},
		"replace with no after":  {{Feature: 1, Op: journal.Replace, Before: row(1)}},
		"delete with an after":   {{Feature: 1, Op: journal.Delete, Before: row(1), After: row(1)}},
		"another row's id":       {wrongID},
		"a negative Expect":      {replaced(1, -1)},
		"a value of no type":     {badValue},
		"heights of other":       {badZ},
		"a time out of range":    {late},
	} {
		_, err := j.Append(t.Context(), "roads", 1, list)
		wantKind(t, name, err, fault.Invalid)
	}
	many := make([]journal.Change, journal.MaxChanges+1)
	for i := range many {
		many[i] = created(int64(i))
	}
	_, err := j.Append(t.Context(), "roads", 1, many)
	wantKind(t, "too many", err, fault.TooLarge)
	same(t, "changes", len(changes(t, j, "roads", 1, 0, 0)), 0)
}

func testCanceled(t *testing.T, c catalog.Driver, j journal.Driver) {
	publish(t, c, "roads", 0)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, appendErr := j.Append(ctx, "roads", 1, []journal.Change{created(1)})
	_, changesErr := j.Changes(ctx, "roads", 1, 0, 0)
	_, headsErr := j.Heads(ctx)
	for what, err := range map[string]error{"Append": appendErr, "Changes": changesErr, "Heads": headsErr} {
		wantKind(t, what, err, fault.Canceled)
		if !errors.Is(err, context.Canceled) {
			t.Error(fmt.Errorf("%s hides the cause: %w", what, err))
		}
	}
	same(t, "changes", len(changes(t, j, "roads", 1, 0, 0)), 0)
}
