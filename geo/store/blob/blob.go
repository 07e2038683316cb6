// Package blob keeps files under keys: COGs, GeoPackages, reports. It holds
// the portable interface; a Driver keeps the bytes (see dir), and blobtest is
// the suite that every driver passes.
package blob

import (
	"context"
	"io"
	"time"
)

// Info describes a stored object.
type Info struct {
	Key      string
	Size     int64
	Modified time.Time
}

// Driver keeps objects. Keys pass CheckKey, else fault.Invalid. Objects are
// immutable once seen except that Put replaces a whole object atomically. All
// methods are safe for concurrent use.
type Driver interface {
	// Put stores the bytes of r under key: readers see all of them or the old
	// object.
	Put(ctx context.Context, key string, r io.Reader) error
	// PutFile moves a local file into the store (rename where possible).
	PutFile(ctx context.Context, key, path string) error
	// Open reads an object; fault.NotExist when there is none.
	Open(ctx context.Context, key string) (io.ReadSeekCloser, Info, error)
	// List returns the objects whose key begins with prefix (a plain string
	// prefix that passes CheckPrefix), by key in byte order.
	List(ctx context.Context, prefix string) ([]Info, error)
	// Delete removes an object; deleting what is not there is no error.
	Delete(ctx context.Context, key string) error
	// Path is the name under which GDAL and SQLite can open the object: a
	// local path here, /vsis3/… elsewhere. It does not check existence.
	Path(key string) (string, error)
}
