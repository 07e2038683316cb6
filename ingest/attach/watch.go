package attach

import (
	"cmp"
	"context"
	"time"

	"contado/geo"
	"contado/geo/fault"
	"contado/geo/layer"
	"contado/geo/store/features"
	"contado/geo/store/postgis"
)

// watcher notices the edits of a table that is open.
type watcher struct {
	*follower
	table  *postgis.Table
	fields []string      // of the version, in its order
	took   time.Duration // to read the marks
}

// ready makes sure that the triggers are there: the table may have been made
// anew. ok is false where they may not be put.
func (w *watcher) ready(ctx context.Context) (ok bool, err error) {
	if ok, err = w.table.HasNotify(ctx); ok || err != nil {
		return ok, err
	}
	err = w.table.AddNotify(ctx)
	if fault.Is(err, fault.Invalid) {
		w.o.Report(w.dataset.ID, fault.E("attach.Follow", fault.Invalid, err))
		return false, nil
	}
	return err == nil, err
}

// safety is how many times Compare passes between comparisons that only make
// sure that nothing was missed.
const safety = 10

// listen notices edits as they are told.
func (w *watcher) listen(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	told := make(chan postgis.Told, 256)
	ended := make(chan struct{})
	var listened error
	go func() {
		defer close(ended)
		listened = w.table.Listen(ctx, func(t postgis.Told) {
			select {
			case told <- t:
			case <-ctx.Done():
			}
		})
	}()
	defer func() {
		cancel()
		<-ended
	}()
	tick := time.NewTicker(safety * w.o.Compare)
	defer tick.Stop()
	for {
		var err error
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ended:
			return cmp.Or(listened, ctx.Err())
		case t := <-told:
			err = w.heard(ctx, t, told)
		case <-tick.C:
			err = w.reconcile(ctx)
		}
		if err != nil {
			return err
		}
	}
}

// heard takes what was told, together with what was told since.
func (w *watcher) heard(ctx context.Context, t postgis.Told, more <-chan postgis.Told) error {
	var ids []int64
	all := false
	for {
		switch {
		case t.Err != nil:
			w.lose(t.Err)
		case t.IDs == nil:
			all = true
		case t.Installation == "" || t.Installation != w.o.Driver.Installation():
			ids = append(ids, t.IDs...)
		}
		select {
		case t = <-more:
			continue
		default:
		}
		break
	}
	if all {
		return w.reconcile(ctx)
	}
	if len(ids) == 0 {
		return nil
	}
	return w.check(ctx, ids)
}

// poll notices edits by a column that grows with them, and deletions by
// comparing.
func (w *watcher) poll(ctx context.Context) error {
	if err := w.table.CheckChangeColumn(w.external.Column); err != nil {
		return err
	}
	if err := w.reconcile(ctx); err != nil {
		return err
	}
	compared := time.Now()
	for {
		if err := w.pause(ctx, w.o.Poll); err != nil {
			return err
		}
		if err := w.look(ctx); err != nil {
			return err
		}
		if time.Since(compared) > w.interval() {
			if err := w.reconcile(ctx); err != nil {
				return err
			}
			compared = time.Now()
		}
	}
}

func (w *watcher) pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// look asks the change column once.
func (w *watcher) look(ctx context.Context) error {
	var ids []int64
	newest := w.newest
	err := w.table.Snapshot(ctx, func(s *postgis.Snapshot) (err error) {
		if newest, err = s.Newest(ctx, w.external.Column); err != nil || newest == "" {
			return err
		}
		if w.newest != "" {
			ids, err = s.ChangedSince(ctx, w.external.Column, w.newest)
		}
		return err
	})
	if err != nil {
		return err
	}
	if err := w.suspect(ctx, ids); err != nil {
		return err
	}
	w.newest = newest
	w.well()
	return nil
}

// compare notices edits by comparing all rows from time to time.
func (w *watcher) compare(ctx context.Context) error {
	for {
		if err := w.reconcile(ctx); err != nil {
			return err
		}
		if err := w.pause(ctx, w.interval()); err != nil {
			return err
		}
	}
}

// costs is how many times longer than a comparison the pause after it is, at
// least: the database has other things to do.
const costs = 20

func (w *watcher) interval() time.Duration { return max(w.o.Compare, costs*w.took) }

// reconcile makes the layer as the table is now: by what has changed since
// the last time, or at first by comparing all rows.
func (w *watcher) reconcile(ctx context.Context) error {
	l, err := w.layer(ctx)
	if err != nil {
		return err
	}
	head := l.Head()
	var ids []int64
	var marks []postgis.Mark
	newest := ""
	err = w.table.Snapshot(ctx, func(s *postgis.Snapshot) error {
		if w.external.Watch == Column {
			if newest, err = s.Newest(ctx, w.external.Column); err != nil {
				return err
			}
		}
		began := time.Now()
		if err := s.Marks(ctx, func(m postgis.Mark) { marks = append(marks, m) }); err != nil {
			return err
		}
		w.took = time.Since(began)
		if w.marks != nil {
			ids = differing(w.marks, marks)
			return nil
		}
		ids, err = w.differing(ctx, s, l)
		return err
	})
	if err != nil {
		return err
	}
	if w.marks != nil {
		// What came and went between two looks at the marks stands in neither.
		edited, err := w.editedSince(ctx, w.head)
		if err != nil {
			return err
		}
		ids = append(ids, edited...)
	}
	if err := w.suspect(ctx, ids); err != nil {
		return err
	}
	w.marks, w.newest, w.head = marks, newest, head
	if w.marks == nil {
		w.marks = []postgis.Mark{} // an empty table was compared too
	}
	w.well()
	return nil
}

// editedSince are the rows that the journal has changes of, after a Seq.
func (w *watcher) editedSince(ctx context.Context, seq int64) ([]int64, error) {
	const page = 1000
	var ids []int64
	for {
		changes, err := w.o.Journal.Changes(ctx, w.dataset.ID, w.version, seq, page)
		if err != nil {
			return nil, err
		}
		for i := range changes {
			ids = append(ids, changes[i].Feature)
			seq = changes[i].Seq
		}
		if len(changes) < page {
			return ids, nil
		}
	}
}

// differing are the ids whose marks are not the same; both ascend.
func differing(old, now []postgis.Mark) []int64 {
	var ids []int64
	for len(old) > 0 || len(now) > 0 {
		switch {
		case len(now) == 0 || len(old) > 0 && old[0].ID < now[0].ID:
			ids, old = append(ids, old[0].ID), old[1:]
		case len(old) == 0 || now[0].ID < old[0].ID:
			ids, now = append(ids, now[0].ID), now[1:]
		default:
			if old[0].Mark != now[0].Mark {
				ids = append(ids, now[0].ID)
			}
			old, now = old[1:], now[1:]
		}
	}
	return ids
}

// differing compares every row with the layer's.
func (w *watcher) differing(ctx context.Context, s *postgis.Snapshot, l *layer.Layer) ([]int64, error) {
	var ids, seen []int64
	var failed error
	err := s.Scan(ctx, features.Query{Fields: w.fields}, func(f geo.Feature) bool {
		seen = append(seen, f.ID)
		_, differs, err := w.change(l, f.ID, &f)
		if err != nil {
			failed = err
			return false
		}
		if differs {
			ids = append(ids, f.ID)
		}
		return true
	})
	if err = cmp.Or(failed, err); err != nil {
		return nil, err
	}
	at := 0
	err = l.Scan(ctx, features.Query{Fields: []string{}, SkipGeometry: true}, func(f geo.Feature) bool {
		for at < len(seen) && seen[at] < f.ID {
			at++
		}
		if at == len(seen) || seen[at] != f.ID {
			ids = append(ids, f.ID)
		}
		return true
	})
	return ids, err
}
