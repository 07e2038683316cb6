package attach

import (
	"context"
	"slices"
	"time"

	"contado/geo"
	"contado/geo/fault"
	"contado/geo/layer"
	"contado/geo/store/features"
	"contado/geo/store/journal"
	"contado/geo/store/postgis"
)

func (w *watcher) layer(ctx context.Context) (*layer.Layer, error) {
	l, err := w.o.Atlas.Current().Layer(ctx, w.dataset.ID)
	if err != nil {
		return nil, err
	}
	if l.Dataset().Version.Number != w.version {
		return nil, fault.Errorf("attach.Follow", fault.Conflict, "dataset %s has another version now", w.dataset.ID)
	}
	return l, nil
}

// The bounds of check.
const (
	batch      = 2000
	checkTries = 5
)

// settle is how long an edit of ours may take from the table to the layer.
const settle = 300 * time.Millisecond

// suspect checks rows that differ, if they still do after a while: an edit of
// ours stands in the table a moment before it does in the journal.
func (w *watcher) suspect(ctx context.Context, ids []int64) error {
	if len(ids) == 0 {
		return nil
	}
	if err := w.pause(ctx, settle); err != nil {
		return err
	}
	if err := w.o.Atlas.Refresh(ctx); err != nil {
		return err
	}
	return w.check(ctx, ids)
}

// check looks at rows again and puts what differs from the layer into the
// journal.
func (w *watcher) check(ctx context.Context, ids []int64) error {
	slices.Sort(ids)
	for part := range slices.Chunk(slices.Compact(ids), batch) {
		if err := w.checkPart(ctx, part); err != nil {
			return err
		}
	}
	return nil
}

func (w *watcher) checkPart(ctx context.Context, ids []int64) error {
	for try := 1; ; try++ {
		l, err := w.layer(ctx)
		if err != nil {
			return err
		}
		changes, err := w.changes(ctx, l, ids)
		if err != nil || len(changes) == 0 {
			return err
		}
		_, err = w.o.Journal.Append(ctx, w.dataset.ID, w.version, changes)
		if err == nil {
			w.mu.Lock()
			w.status.Noticed += int64(len(changes))
			w.mu.Unlock()
		}
		conflict := fault.Is(err, fault.Conflict) && try < checkTries
		if err != nil && !conflict {
			return err
		}
		if err := w.o.Atlas.Refresh(ctx); err != nil || !conflict {
			return err
		}
	}
}

// changes are what makes rows of the layer as those of the table are.
func (w *watcher) changes(ctx context.Context, l *layer.Layer, ids []int64) ([]journal.Change, error) {
	rows := make(map[int64]*geo.Feature, len(ids))
	err := w.table.Scan(ctx, features.Query{IDs: ids, Fields: w.fields}, func(f geo.Feature) bool {
		rows[f.ID] = &f
		return true
	})
	if err != nil {
		return nil, err
	}
	var out []journal.Change
	for _, id := range ids {
		c, differs, err := w.change(l, id, rows[id])
		if err != nil {
			return nil, err
		}
		if differs {
			out = append(out, c)
		}
	}
	return out, nil
}

// change is what makes the layer's row as the table's is; row is nil when
// the table has none.
func (w *watcher) change(l *layer.Layer, id int64, row *geo.Feature) (c journal.Change, differs bool, err error) {
	c = journal.Change{Feature: id, Origin: Origin, Expect: l.Revision(id), After: row, Op: journal.Create}
	r, there := l.Find(id)
	if !there {
		return c, row != nil, nil
	}
	before, err := r.Feature(nil)
	if err != nil {
		return c, false, err
	}
	c.Before, c.Op = &before, journal.Replace
	if row == nil {
		c.Op = journal.Delete
		return c, true, nil
	}
	return c, !postgis.Same(&before, row), nil
}
