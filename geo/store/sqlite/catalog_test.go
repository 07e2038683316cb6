package sqlite

import (
	"path/filepath"
	"testing"

	"contado/geo/store/catalog"
	"contado/geo/store/catalog/catalogtest"
)

func openCatalog(t testing.TB, path string) *Catalog {
	t.Helper()
	c, err := OpenCatalog(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

func TestCatalogSuite(t *testing.T) {
	t.Parallel()
	catalogtest.RunSuite(t, func(t *testing.T) catalog.Driver {
		return openCatalog(t, filepath.Join(t.TempDir(), "catalog.db"))
	})
}
