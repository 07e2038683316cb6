// Package dir keeps blobs as plain files below a folder: the key is the path.
package dir

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"contado/geo/fault"
	"contado/geo/store/blob"
)

var _ blob.Driver = (*Store)(nil)

// Store is a blob.Driver on a folder. Files are reached through os.Root, so a
// symbolic link that leads out of the folder is refused. Files being written
// have names that begin with a dot: they are never listed or opened.
type Store struct {
	root *os.Root
	path string // absolute
}

// Open opens the folder and makes it when it is not there.
func Open(root string) (*Store, error) {
	abs, err := filepath.Abs(root)
	if err != nil {
		return nil, fault.E("dir.Open", fault.Invalid, err)
	}
	if err := os.MkdirAll(abs, 0o755); err != nil {
		return nil, translate("dir.Open", fmt.Errorf("make the folder %s: %w", abs, err))
	}
	r, err := os.OpenRoot(abs)
	if err != nil {
		return nil, translate("dir.Open", err)
	}
	return &Store{root: r, path: abs}, nil
}

// Close releases the folder. Objects that are open stay readable.
func (s *Store) Close() error { return s.root.Close() }

// Put implements blob.Driver: temporary file, fsync, rename, fsync of the
// folders.
func (s *Store) Put(ctx context.Context, key string, r io.Reader) error {
	const op = "dir.Put"
	if err := blob.CheckKey(key); err != nil {
		return err
	}
	f, tmp, err := s.createTemp(path.Dir(key))
	if err != nil {
		return translate(op, fmt.Errorf("store %q: %w", key, err))
	}
	_, err = io.Copy(f, contextReader{ctx, r})
	if err == nil {
		err = f.Sync()
	}
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = s.root.Rename(tmp, key)
	}
	if err != nil {
		// The name is random and hidden; the first error is what matters.
		_ = s.root.Remove(tmp)
		return translate(op, fmt.Errorf("store %q: %w", key, err))
	}
	return translate(op, s.syncParents(key))
}

// PutFile implements blob.Driver. It renames, and copies when the file lies
// on another device. The file must be a regular one.
func (s *Store) PutFile(ctx context.Context, key, file string) error {
	const op = "dir.PutFile"
	if err := blob.CheckKey(key); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return fault.E(op, fault.Canceled, err)
	}
	if err := syncFile(file); err != nil {
		return translate(op, fmt.Errorf("store %q: %w", key, err))
	}
	err := s.renameInto(key, file)
	if errors.Is(err, syscall.EXDEV) {
		return s.copyInto(ctx, key, file)
	}
	if err != nil {
		return translate(op, fmt.Errorf("store %q: %w", key, err))
	}
	return translate(op, s.syncParents(key))
}

func (s *Store) renameInto(key, file string) error {
	parent := path.Dir(key)
	return s.inParent(parent, func() error {
		// Root.Stat refuses a parent that a link leads out of the store; the
		// last element itself is replaced by rename, never followed.
		if _, err := s.root.Stat(parent); err != nil {
			return err
		}
		return os.Rename(file, s.local(key))
	})
}

func (s *Store) copyInto(ctx context.Context, key, file string) error {
	f, err := os.Open(file)
	if err != nil {
		return translate("dir.PutFile", err)
	}
	defer f.Close()
	if err := s.Put(ctx, key, f); err != nil {
		return err
	}
	return translate("dir.PutFile", os.Remove(file))
}

// Open implements blob.Driver.
func (s *Store) Open(ctx context.Context, key string) (io.ReadSeekCloser, blob.Info, error) {
	const op = "dir.Open"
	if err := blob.CheckKey(key); err != nil {
		return nil, blob.Info{}, err
	}
	if err := ctx.Err(); err != nil {
		return nil, blob.Info{}, fault.E(op, fault.Canceled, err)
	}
	// Looking before opening keeps a pipe or a device from blocking us.
	if info, err := s.root.Lstat(key); err != nil || !info.Mode().IsRegular() {
		return nil, blob.Info{}, translate(op, fmt.Errorf("open %q: %w", key, missing(err)))
	}
	f, err := s.root.Open(key)
	if err != nil {
		return nil, blob.Info{}, translate(op, fmt.Errorf("open %q: %w", key, err))
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, blob.Info{}, translate(op, err)
	}
	return f, infoOf(key, info), nil
}

// List implements blob.Driver.
func (s *Store) List(ctx context.Context, prefix string) ([]blob.Info, error) {
	const op = "dir.List"
	if err := blob.CheckPrefix(prefix); err != nil {
		return nil, err
	}
	start, _ := path.Split(prefix)
	start = path.Clean(start + ".") // "" becomes "."
	var out []blob.Info
	err := fs.WalkDir(s.root.FS(), start, func(key string, d fs.DirEntry, err error) error {
		if err == nil {
			err = ctx.Err()
		}
		if errors.Is(err, fs.ErrNotExist) {
			return nil // deleted while we walk, or no such prefix
		}
		if err != nil || key == "." {
			return err
		}
		if d.IsDir() {
			return descend(key, prefix)
		}
		if !d.Type().IsRegular() || !strings.HasPrefix(key, prefix) || blob.CheckKey(key) != nil {
			return nil //nolint:nilerr // not an object of ours
		}
		info, err := d.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil //nolint:nilerr // removed since the folder was read
		}
		if err == nil {
			out = append(out, infoOf(key, info))
		}
		return err
	})
	if err != nil {
		return nil, translate(op, fmt.Errorf("list %q: %w", prefix, err))
	}
	slices.SortFunc(out, func(a, b blob.Info) int { return strings.Compare(a.Key, b.Key) })
	return out, nil
}

// descend skips folders that can hold no key of the prefix.
func descend(folder, prefix string) error {
	inside := folder + "/"
	if strings.HasPrefix(path.Base(folder), ".") ||
		!strings.HasPrefix(inside, prefix) && !strings.HasPrefix(prefix, inside) {
		return fs.SkipDir
	}
	return nil
}

// Delete implements blob.Driver and removes the folders that it leaves empty.
func (s *Store) Delete(ctx context.Context, key string) error {
	const op = "dir.Delete"
	if err := blob.CheckKey(key); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return fault.E(op, fault.Canceled, err)
	}
	info, err := s.root.Lstat(key)
	if err == nil && info.IsDir() {
		return nil // a folder is not an object
	}
	if err == nil {
		err = s.root.Remove(key)
	}
	if absent(err) {
		return nil
	}
	if err != nil {
		return translate(op, fmt.Errorf("delete %q: %w", key, err))
	}
	parent := path.Dir(key)
	for ; parent != "."; parent = path.Dir(parent) {
		// rmdir refuses a folder that is not empty, which ends the pruning.
		if err := s.root.Remove(parent); err != nil && !errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	if err := s.syncDir(parent); err != nil && !absent(err) {
		return translate(op, err)
	}
	return nil
}

// Path implements blob.Driver: the absolute path of the file.
func (s *Store) Path(key string) (string, error) {
	if err := blob.CheckKey(key); err != nil {
		return "", err
	}
	if _, err := s.root.Stat(key); err != nil && !absent(err) {
		return "", translate("dir.Path", err)
	}
	return s.local(key), nil
}

func (s *Store) local(key string) string { return filepath.Join(s.path, filepath.FromSlash(key)) }

const maxTries = 100

// createTemp makes a hidden file in the folder where it will be renamed, so
// that the rename stays on one device and Delete cannot prune the folder.
func (s *Store) createTemp(parent string) (*os.File, string, error) {
	name := path.Join(parent, "."+rand.Text()+".part")
	var f *os.File
	err := s.inParent(parent, func() (err error) {
		f, err = s.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
		return err
	})
	return f, name, err
}

// inParent makes the folder and runs fn, again when Delete prunes the folder
// between the two, or while it is made: then it is there at one look and not at
// the next. A fn that finds its own source missing fails at the end, and so
// does a folder whose name an object has.
func (s *Store) inParent(parent string, fn func() error) error {
	for try := 0; ; try++ {
		err := s.root.MkdirAll(parent, 0o755)
		pruned := errors.Is(err, fs.ErrExist)
		if err == nil {
			err = fn()
		}
		if err == nil || try >= maxTries || !pruned && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
}

// syncParents makes the name and the folders above it durable.
func (s *Store) syncParents(key string) error {
	for parent := path.Dir(key); ; parent = path.Dir(parent) {
		if err := s.syncDir(parent); err != nil && !absent(err) {
			return err
		}
		if parent == "." {
			return nil
		}
	}
}

func (s *Store) syncDir(name string) error {
	d, err := s.root.Open(name)
	if err != nil {
		return err
	}
	err = d.Sync()
	if closeErr := d.Close(); err == nil {
		err = closeErr
	}
	return err
}

func syncFile(file string) error {
	info, err := os.Lstat(file)
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return fault.Errorf("dir.PutFile", fault.Invalid, "%s is not a regular file", file)
	}
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	err = f.Sync()
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	return err
}

func infoOf(key string, info fs.FileInfo) blob.Info {
	return blob.Info{Key: key, Size: info.Size(), Modified: info.ModTime().UTC()}
}

// missing is the error for a name that is there and is not an object.
func missing(err error) error {
	if err == nil || absent(err) {
		return fs.ErrNotExist
	}
	return err
}

// absent reports that nothing has the name, also because a part of the path
// is a file.
func absent(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)
}

// translate gives errors of the file system their kind.
func translate(op string, err error) error {
	if err == nil || fault.KindOf(err) != fault.Other {
		return err
	}
	switch {
	case errors.Is(err, syscall.ENOTDIR), errors.Is(err, syscall.EISDIR), errors.Is(err, syscall.ENOTEMPTY), errors.Is(err, fs.ErrExist):
		return fault.WithHint(fault.E(op, fault.Conflict, err), "one object's key cannot be the folder of another")
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return fault.WithHint(fault.E(op, fault.Unavailable, err), "the disk is full: free some space")
	case errors.Is(err, fs.ErrNotExist):
		return fault.E(op, fault.NotExist, err)
	}
	return fault.E(op, fault.Other, err)
}

// contextReader ends a copy when the context ends.
type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (c contextReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}
