package tiles

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"

	"contado/geo/fault"
	"contado/geo/pmtiles"
	"contado/geo/store/catalog"
	"contado/geo/tileset"

	"github.com/maypok86/otter/v2"
)

const (
	// openArchives bounds the archives kept open.
	openArchives = 256
	// closeAfter is longer than a tile takes to read.
	closeAfter = time.Minute
)

// archives keeps the archives of tiles open that are in use, one a dataset.
// Files under a key of the blob store never change.
type archives struct {
	locate   func(key string) (string, error)
	pyramids *otter.Cache[string, *pyramidFile]
	others   *otter.Cache[string, *otherFile]
}

// pyramidFile is one of our pyramids.
type pyramidFile struct {
	*pmtiles.Archive
	key     string
	seq     int64 // of the journal, which it knows up to
	maxZoom int
	// tag names its state in validators.
	tag string
}

// otherFile is an archive that was made elsewhere.
type otherFile struct {
	tileset.Archive
	key string
}

func newArchives(locate func(string) (string, error)) (*archives, error) {
	a := &archives{locate: locate}
	var err error
	a.pyramids, err = otter.New(&otter.Options[string, *pyramidFile]{
		MaximumSize: openArchives,
		OnDeletion:  func(e otter.DeletionEvent[string, *pyramidFile]) { closeLater(e.Value) },
	})
	if err != nil {
		return nil, err
	}
	a.others, err = otter.New(&otter.Options[string, *otherFile]{
		MaximumSize: openArchives,
		OnDeletion:  func(e otter.DeletionEvent[string, *otherFile]) { closeLater(e.Value) },
	})
	return a, err
}

// closeLater closes an archive when nobody can be reading from it any more.
func closeLater(c interface{ Close() error }) {
	time.AfterFunc(closeAfter, func() { _ = c.Close() }) // read only: nothing can be lost
}

// pyramid opens the pyramid of a dataset's version; nil when it has none.
func (a *archives) pyramid(ctx context.Context, d *catalog.Dataset) (*pyramidFile, error) {
	e, ok := d.Version.Extra(catalog.Pyramid)
	if !ok || a.locate == nil || d.CountsPeople() { // tiles of people are drawn of what may be shown
		return nil, nil
	}
	if f, ok := a.pyramids.GetIfPresent(d.ID); ok && f.key == e.File.Key {
		return f, nil
	}
	path, err := a.locate(e.File.Key)
	if err != nil {
		return nil, err
	}
	archive, err := pmtiles.OpenFile(path)
	if err != nil {
		return nil, err
	}
	f := &pyramidFile{
		Archive: archive, key: e.File.Key, seq: e.Seq, maxZoom: plannedZoom(archive),
		tag: digest(rendererVersion, "pyramid", versionKey(*d), e.File.Key, e.File.SHA256),
	}
	if err := ctx.Err(); err != nil {
		_ = archive.Close() // read only
		return nil, fault.E("tiles.Vector", fault.Canceled, err)
	}
	a.pyramids.Set(d.ID, f)
	return f, nil
}

// plannedZoom is the finest zoom that a pyramid was made for: tiles that it
// does not have up to there show nothing.
func plannedZoom(a *pmtiles.Archive) int {
	var m struct {
		MaxZoom *int `json:"contado:maxzoom"`
	}
	if meta, err := a.Metadata(); err == nil && json.Unmarshal(meta, &m) == nil && m.MaxZoom != nil {
		return *m.MaxZoom
	}
	return a.Header().MaxZoom
}

// other opens the archive of a dataset that was made elsewhere.
func (a *archives) other(ctx context.Context, d *catalog.Dataset) (tileset.Archive, error) {
	t := d.Version.Tiles
	if t == nil || a.locate == nil {
		return nil, fault.Errorf("tiles.Archive", fault.Unsupported, "dataset %s is no archive of tiles, or this service opens none", d.ID)
	}
	if f, ok := a.others.GetIfPresent(d.ID); ok && f.key == t.File {
		return f, nil
	}
	path, err := a.locate(t.File)
	if err != nil {
		return nil, err
	}
	archive, _, err := tileset.Open(ctx, path)
	if err != nil {
		return nil, err
	}
	f := &otherFile{archive, t.File}
	a.others.Set(d.ID, f)
	return f, nil
}

// digest names things that have these parts together.
func digest(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		_, _ = h.Write([]byte(p + "\n")) // a hash takes everything
	}
	return hex.EncodeToString(h.Sum(nil)[:10])
}
