package sqlite

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"contado/geo"
	"contado/geo/store/catalog"
	"contado/geo/store/journal"
	"contado/geo/store/journal/journaltest"
)

func TestJournalSuite(t *testing.T) {
	t.Parallel()
	journaltest.RunSuite(t, func(t *testing.T) (catalog.Driver, journal.Driver) {
		c := openCatalog(t, filepath.Join(t.TempDir(), "catalog.db"))
		return c, c.Journal()
	})
}

// crashBatch is how many changes are appended at once, each with a text that
// takes several pages of the file.
const crashBatch = 25

// childAppend appends batches to the journal of one dataset until it is killed.
func childAppend(ctx context.Context, path string) error {
	c, err := OpenCatalog(ctx, path)
	if err != nil {
		return err
	}
	j := c.Journal()
	heads, err := j.Heads(ctx)
	if err != nil {
		return err
	}
	for n := heads["parcels"]; ; {
		var batch []journal.Change
		for range crashBatch {
			n++
			f := &geo.Feature{ID: n, Values: []any{strings.Repeat(fmt.Sprint(n, " "), 1500)}}
			batch = append(batch, journal.Change{Feature: n, Op: journal.Create, After: f})
		}
		if _, err := j.Append(ctx, "parcels", 1, batch); err != nil {
			return err
		}
	}
}

// TestKilledWhileAppending: whenever the process dies, the journal holds whole
// batches only, none of those that were acknowledged is lost, and the next
// one goes on with the next number.
func TestKilledWhileAppending(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "catalog.db")
	c := openCatalog(t, path)
	_, err := c.Publish(t.Context(), catalog.Publication{Dataset: catalog.Dataset{ID: "parcels", Kind: catalog.Vector, Role: catalog.OtherRole}})
	if err != nil {
		t.Fatal(err)
	}
	j := c.Journal()
	var last int64
	for round := range 8 {
		child := startChild(t, "append", path)
		var seen int64
		for end := time.Now().Add(time.Minute); seen < last+2*crashBatch; time.Sleep(time.Millisecond) {
			heads, err := j.Heads(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if seen = heads["parcels"]; time.Now().After(end) {
				t.Fatal("the other process appends nothing")
			}
		}
		time.Sleep(time.Duration(round) * 700 * time.Microsecond) // hit other moments
		kill(t, child)
		list, err := j.Changes(t.Context(), "parcels", 1, 0, 0)
		if err != nil {
			t.Fatal(err)
		}
		last = int64(len(list))
		if last%crashBatch != 0 || last < seen {
			t.Fatalf("%d changes after the crash, %d before it; batches have %d", last, seen, crashBatch)
		}
		for i, ch := range list {
			n := int64(i + 1)
			if ch.Seq != n || ch.Feature != n || ch.After.Values[0] != strings.Repeat(fmt.Sprint(n, " "), 1500) {
				t.Fatalf("change %d is %d of feature %d", n, ch.Seq, ch.Feature)
			}
		}
	}
}
