package sqlite

import (
	"path/filepath"
	"testing"

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
