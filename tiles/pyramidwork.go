package tiles

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"contado/geo/atlas"
	"contado/geo/fault"
	"contado/geo/layer"
	"contado/geo/pmtiles"
	"contado/geo/store/blob"
	"contado/geo/store/catalog"
	"contado/geo/store/jobs"
	"contado/geo/store/journal"
	"contado/tiles/pyramid"
)

// PyramidKind is the kind of the jobs that build pyramids.
const PyramidKind = "pyramid"

// PyramidArgs say which pyramid to build: that of a version of a dataset as
// it is after change Seq of its journal, or later.
type PyramidArgs struct {
	Dataset string `json:"dataset"`
	Version int    `json:"version"`
	Seq     int64  `json:"seq"`
}

// PyramidWork builds the pyramids of vector datasets and says which are due.
// It is safe for concurrent use.
type PyramidWork struct {
	Tiles   *Service
	Atlas   *atlas.Atlas
	Catalog catalog.Driver
	Blobs   blob.Driver
	Journal journal.Driver // nil: datasets are not edited
	// Folder is where archives are written before they are stored, best on
	// the device of the store; "" = the system's folder.
	Folder string

	mu   sync.Mutex
	seen map[string]edits
	told map[PyramidArgs]time.Time
}

// edits is how far the journal of a version was when last looked at.
type edits struct {
	version int
	head    int64
	since   time.Time // that it has been so
}

// When a pyramid is built anew after edits: once nothing has changed for a
// while, or when many tiles may have to be drawn live.
const (
	idleEdits = 30 * time.Second
	manyEdits = 500
	// tellAgain is how long one piece of work is not proposed again: it may
	// wait, run or have failed meanwhile.
	tellAgain = time.Hour
)

// Due lists the pyramids that should be built now: of versions that have
// none, and of those with edits that their pyramid does not know, after 30
// seconds of rest or 500 changes. It does not name the same work twice within
// an hour.
func (w *PyramidWork) Due(ctx context.Context, now time.Time) ([]PyramidArgs, error) {
	heads := map[string]int64{}
	if w.Journal != nil {
		var err error
		if heads, err = w.Journal.Heads(ctx); err != nil {
			return nil, fmt.Errorf("find pyramids to build: %w", err)
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.seen == nil {
		w.seen, w.told = map[string]edits{}, map[PyramidArgs]time.Time{}
	}
	for args, at := range w.told {
		if now.Sub(at) >= tellAgain {
			delete(w.told, args)
		}
	}
	var due []PyramidArgs
	for _, d := range w.Atlas.Current().Datasets() {
		args := PyramidArgs{d.ID, d.Version.Number, heads[d.ID]}
		if _, told := w.told[args]; !told && w.due(&d, heads[d.ID], now) {
			w.told[args] = now
			due = append(due, args)
		}
	}
	return due, nil
}

func (w *PyramidWork) due(d *catalog.Dataset, head int64, now time.Time) bool {
	v := d.Version.Vector
	if d.Kind != catalog.Vector || v == nil || v.Schema.GeometryType == "" || d.CountsPeople() {
		return false
	}
	e, has := d.Version.Extra(catalog.Pyramid)
	last := w.seen[d.ID]
	if last.version != d.Version.Number || last.head != head || last.since.IsZero() {
		last = edits{d.Version.Number, head, now}
		w.seen[d.ID] = last
	}
	switch {
	case head == 0 && (v.Count == 0 || d.Version.BBox.IsEmpty()):
		return false // no row to draw
	case !has:
		return true
	}
	return head-e.Seq > manyEdits || head > e.Seq && now.Sub(last.since) >= idleEdits
}

// Enqueue puts what is due into the queue of jobs.
func (w *PyramidWork) Enqueue(ctx context.Context, q jobs.Driver) error {
	due, err := w.Due(ctx, time.Now())
	if err != nil {
		return err
	}
	for _, args := range due {
		text, err := json.Marshal(args)
		if err == nil {
			_, err = q.Enqueue(ctx, PyramidKind, text)
		}
		if err != nil {
			w.mu.Lock()
			delete(w.told, args)
			w.mu.Unlock()
			return fmt.Errorf("queue the pyramid of dataset %s: %w", args.Dataset, err)
		}
	}
	return nil
}

// pyramidResult is what a job gives back.
type pyramidResult struct {
	Dataset string           `json:"dataset"`
	Version int              `json:"version"`
	Seq     int64            `json:"seq"`
	Skipped string           `json:"skipped,omitempty"` // why nothing was built
	Summary *pyramid.Summary `json:"summary,omitempty"`
}

// Handle is the handler of PyramidKind. It may be run again at any time: what
// is built already is not built again, a version that was replaced meanwhile
// is passed by.
func (w *PyramidWork) Handle(ctx context.Context, text json.RawMessage, progress jobs.Progress) (json.RawMessage, error) {
	const op = "tiles.Pyramid"
	var args PyramidArgs
	if err := json.Unmarshal(text, &args); err != nil || !catalog.ValidID(args.Dataset) {
		return nil, fault.Errorf(op, fault.Invalid, "a pyramid of %.100q: want a dataset and its version", text)
	}
	if err := w.Atlas.Refresh(ctx); err != nil {
		return nil, err
	}
	result, err := w.build(ctx, args, progress)
	if err != nil {
		return nil, err
	}
	out, err := json.Marshal(result)
	return out, fault.E(op, fault.Other, err)
}

func (w *PyramidWork) build(ctx context.Context, args PyramidArgs, progress jobs.Progress) (*pyramidResult, error) {
	skipped := &pyramidResult{Dataset: args.Dataset, Version: args.Version, Seq: args.Seq}
	state := w.Atlas.Current()
	d, err := state.Dataset(args.Dataset)
	if fault.Is(err, fault.NotExist) || err == nil && d.Version.Number != args.Version {
		skipped.Skipped = "the version is not the current one any more"
		return skipped, nil
	}
	if err != nil {
		return nil, err
	}
	l, err := state.Layer(ctx, d.ID)
	if err != nil {
		return nil, err
	}
	if e, ok := d.Version.Extra(catalog.Pyramid); ok && e.Seq >= l.Head() && w.stored(ctx, e) {
		skipped.Skipped, skipped.Seq = "it is there already", e.Seq
		return skipped, nil
	}
	folder, err := os.MkdirTemp(w.Folder, "pyramid-")
	if err != nil {
		return nil, fault.E("tiles.Pyramid", fault.Other, err)
	}
	defer os.RemoveAll(folder)
	path := filepath.Join(folder, "pyramid.pmtiles")
	s, err := w.draw(ctx, l, path, progress)
	if fault.Is(err, fault.NotExist) {
		skipped.Skipped = "no tile shows anything"
		return skipped, nil
	}
	if err != nil {
		return nil, err
	}
	if err := w.publish(ctx, l, path, &s); fault.Is(err, fault.NotExist) {
		skipped.Skipped = "the version went away meanwhile"
		return skipped, nil
	} else if err != nil {
		return nil, err
	}
	return &pyramidResult{Dataset: d.ID, Version: d.Version.Number, Seq: l.Head(), Summary: &s}, nil
}

// stored reports whether the file of a pyramid can be read.
func (w *PyramidWork) stored(ctx context.Context, e catalog.Extra) bool {
	r, info, err := w.Blobs.Open(ctx, e.File.Key)
	if err != nil {
		return false
	}
	return r.Close() == nil && info.Size == e.File.Size
}

// draw builds the archive, from the one before where there is one.
func (w *PyramidWork) draw(ctx context.Context, l *layer.Layer, path string, progress jobs.Progress) (pyramid.Summary, error) {
	o := pyramid.Options{Artist: w.Tiles.artist}
	d := l.Dataset()
	if e, ok := d.Version.Extra(catalog.Pyramid); ok {
		if old, err := w.Blobs.Path(e.File.Key); err == nil {
			// One that cannot be read is built anew.
			if a, err := pmtiles.OpenFile(old); err == nil {
				defer a.Close()
				o.Previous, o.Since = a, e.Seq
			}
		}
	}
	tell := func(done float64, message string) { progress(done*0.98, message) }
	s, err := pyramid.Build(ctx, l, path, o, tell)
	if fault.Is(err, fault.Invalid) && o.Previous != nil { // damaged inside
		o.Previous = nil
		s, err = pyramid.Build(ctx, l, path, o, tell)
	}
	return s, err
}

// publish stores the archive and names it in the catalog.
func (w *PyramidWork) publish(ctx context.Context, l *layer.Layer, path string, s *pyramid.Summary) error {
	d := l.Dataset()
	sum, err := fileDigest(path)
	if err != nil {
		return fault.E("tiles.Pyramid", fault.Other, err)
	}
	key := fmt.Sprintf("datasets/%s/v%d/pyramid-%d-%s.pmtiles", d.ID, d.Version.Number, l.Head(), sum[:12])
	if err := w.Blobs.PutFile(ctx, key, path); err != nil {
		return err
	}
	detail, err := json.Marshal(s)
	if err != nil {
		return fault.E("tiles.Pyramid", fault.Other, err)
	}
	orphans, err := w.Catalog.Enrich(ctx, d.ID, d.Version.Number, catalog.Extra{
		Kind: catalog.Pyramid, File: catalog.File{Key: key, Size: s.Bytes, SHA256: sum}, Seq: l.Head(), Detail: detail,
	})
	if err != nil {
		if fault.Is(err, fault.NotExist) {
			err = errors.Join(err, w.Blobs.Delete(ctx, key))
		}
		return err
	}
	err = w.Atlas.Refresh(ctx)
	for _, orphan := range orphans {
		if orphan != key {
			err = errors.Join(err, w.Blobs.Delete(ctx, orphan))
		}
	}
	return err
}

func fileDigest(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
