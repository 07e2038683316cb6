package mmap_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"contado/geo/mmap"
)

func TestFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, want := range [][]byte{nil, []byte("a"), bytes.Repeat([]byte("contado"), 10_000)} {
		path := filepath.Join(dir, "f")
		if err := os.WriteFile(path, want, 0o600); err != nil {
			t.Fatal(err)
		}
		got, unmap, err := mmap.File(path)
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%d bytes came back as %d: %v", len(want), len(got), err)
			continue
		}
		if err := unmap(); err != nil {
			t.Error(err)
		}
	}
	for _, path := range []string{dir, filepath.Join(dir, "none")} {
		if _, _, err := mmap.File(path); err == nil {
			t.Errorf("%s was mapped", path)
		}
	}
}
