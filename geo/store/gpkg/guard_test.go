package gpkg_test

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"contado/geo/fault"
	"contado/geo/store/gpkg"
)

func TestGuardRefusesViews(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	path := filepath.Join(t.TempDir(), "v.gpkg")
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	exec := func(q string) {
		t.Helper()
		if _, err := db.ExecContext(ctx, q); err != nil {
			t.Fatal(err)
		}
	}
	exec("CREATE TABLE plain (fid INTEGER PRIMARY KEY)")
	if err := gpkg.Guard(ctx, path, "v.gpkg"); err != nil {
		t.Errorf("a table is refused: %v", err)
	}
	exec("CREATE VIEW endless AS WITH RECURSIVE r(x) AS (SELECT 1 UNION ALL SELECT x+1 FROM r) SELECT x AS fid FROM r")
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	err = gpkg.Guard(ctx, path, "v.gpkg")
	if !fault.Is(err, fault.Unsupported) || !strings.Contains(err.Error(), "endless") || !strings.Contains(err.Error(), "tables") {
		t.Errorf("a view without an end gives %v", err)
	}
	junk := filepath.Join(t.TempDir(), "junk.gpkg")
	if err := os.WriteFile(junk, []byte("no database"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := gpkg.Guard(ctx, junk, "junk.gpkg"); err != nil {
		t.Errorf("what is no database is not for the guard to refuse: %v", err)
	}
}
