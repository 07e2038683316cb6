package journaltest

import (
	"testing"

	"contado/geo/fault"
	"contado/geo/store/catalog"
	"contado/geo/store/journal"
)

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
