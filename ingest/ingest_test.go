package ingest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"contado/geo/fault"
	"contado/geo/store/catalog"
	"contado/geo/store/dir"
	"contado/geo/store/sqlite"
)

// stores opens an installation in a folder.
func stores(t testing.TB, root string) Stores {
	t.Helper()
	st, done, err := openStores(t.Context(), root)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := done(); err != nil {
			t.Error(err)
		}
	})
	return st
}

func openStores(ctx context.Context, root string) (Stores, func() error, error) {
	c, err := sqlite.OpenCatalog(ctx, filepath.Join(root, "catalog.db"))
	if err != nil {
		return Stores{}, nil, err
	}
	b, err := dir.Open(root)
	if err != nil {
		return Stores{}, nil, err
	}
	done := func() error {
		if err := c.Close(); err != nil {
			return err
		}
		return b.Close()
	}
	return Stores{Catalog: c, Blobs: b, Staging: filepath.Join(root, "staging"), Program: "contado test"}, done, nil
}

// mustRun ingests or ends the test.
func mustRun(t testing.TB, st Stores, o Options, paths ...string) catalog.Dataset {
	t.Helper()
	res, err := Run(t.Context(), st, paths, o, nil)
	if err != nil {
		t.Fatal(err)
	}
	return res.Dataset
}

// wantClean fails the test when anything is left over.
func wantClean(t testing.TB, st Stores) {
	t.Helper()
	f, err := Doctor(t.Context(), st, DoctorOptions{Deep: true})
	if err != nil {
		t.Fatal(err)
	}
	if !f.Healthy() || f.Live != 0 {
		t.Errorf("left over: %+v", f)
	}
	entries, err := os.ReadDir(st.Staging)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.Name() != publishLock {
			t.Errorf("staging holds %s", e.Name())
		}
	}
}

// wantFault fails the test unless err is of the kind and has the phrase.
func wantFault(t testing.TB, err error, kind fault.Kind, phrase string) {
	t.Helper()
	if !fault.Is(err, kind) || !strings.Contains(fmt.Sprint(err), phrase) {
		t.Errorf("got %v error %q, want %v with %q", fault.KindOf(err), fmt.Sprint(err), kind, phrase)
	}
}

func hasNotice(d catalog.Dataset, code string) bool {
	for _, n := range d.Version.Notices {
		if n.Code == code {
			return true
		}
	}
	return false
}

func writeFile(t testing.TB, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}
