// Package shareddata finds the real geodata that some tests read. It lies
// beside the project in a folder that users do not have: such tests skip.
package shareddata

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

// Path returns the path of a file or folder under ../shared/data as seen from
// the repository root (or under $CONTADO_SHARED_DATA), and skips the test
// with a clear message when it is not there.
func Path(t testing.TB, rel string) string {
	t.Helper()
	root := os.Getenv("CONTADO_SHARED_DATA")
	if root == "" {
		_, here, _, ok := runtime.Caller(0)
		if !ok {
			t.Skip("shared test data: cannot tell where the sources are; set CONTADO_SHARED_DATA")
		}
		root = filepath.Join(filepath.Dir(here), "..", "..", "..", "shared", "data")
	}
	path := filepath.Join(root, filepath.FromSlash(rel))
	if _, err := os.Stat(path); err != nil {
		t.Skipf("shared test data %q is not beside the project (set CONTADO_SHARED_DATA to its folder): %v", rel, err)
	}
	return path
}
