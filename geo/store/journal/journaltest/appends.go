package journaltest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"contado/geo"
	"contado/geo/fault"
	"contado/geo/store/catalog"
	"contado/geo/store/journal"
)

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
