package atlas

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"contado/geo/fault"
	"contado/geo/store/catalog"
)

// Keep makes a file that belongs to a version (an index, a graph) and keeps it
// beside the version's own files, in place of the one of its kind. name ends
// the file's key; write fills a temporary file. It returns where the file is.
// Two who make the same file at once both succeed.
func (a *Atlas) Keep(ctx context.Context, d catalog.Dataset, e catalog.Extra, name string, write func(path string) error) (string, error) {
	const op = "atlas.Keep"
	err := os.MkdirAll(cmp.Or(a.stores.Temporary, os.TempDir()), 0o755)
	if err != nil {
		return "", fault.E(op, fault.Other, err)
	}
	dir, err := os.MkdirTemp(a.stores.Temporary, "extra-")
	if err != nil {
		return "", fault.E(op, fault.Other, err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "made")
	if err := write(path); err != nil {
		return "", err
	}
	if e.File.SHA256, e.File.Size, err = digest(path); err != nil {
		return "", fault.E(op, fault.Other, err)
	}
	e.File.Key = fmt.Sprintf("datasets/%s/v%d/%s-%s", d.ID, d.Version.Number, e.File.SHA256[:12], name)
	if err := a.stores.Blobs.PutFile(ctx, e.File.Key, path); err != nil {
		return "", err
	}
	orphans, err := a.stores.Catalog.Enrich(ctx, d.ID, d.Version.Number, e)
	if err != nil {
		if fault.Is(err, fault.NotExist) { // the version is gone
			err = errors.Join(err, a.stores.Blobs.Delete(ctx, e.File.Key))
		}
		return "", err
	}
	for _, orphan := range orphans {
		if orphan != e.File.Key {
			err = errors.Join(err, a.stores.Blobs.Delete(ctx, orphan))
		}
	}
	if err != nil {
		return "", err
	}
	return a.stores.Blobs.Path(e.File.Key)
}

// Kept finds the file of a kind that belongs to a version and fits: detail is
// what was written down when it was made.
func (a *Atlas) Kept(d catalog.Dataset, k catalog.ExtraKind, fits func(detail json.RawMessage) bool) (path string, ok bool) {
	e, ok := d.Version.Extra(k)
	if !ok || !fits(e.Detail) {
		return "", false
	}
	path, err := a.stores.Blobs.Path(e.File.Key)
	return path, err == nil
}

func digest(path string) (sum string, size int64, err error) {
	f, err := os.Open(path)
	if err != nil {
		return "", 0, err
	}
	defer f.Close()
	h := sha256.New()
	if size, err = io.Copy(h, f); err != nil {
		return "", 0, err
	}
	return hex.EncodeToString(h.Sum(nil)), size, nil
}
