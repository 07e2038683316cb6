package atlas

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"

	"contado/geo"
	"contado/geo/fault"
	"contado/geo/store/catalog"
	"contado/geo/store/features"
	"contado/geo/store/journal"
)

// Edit is one change that somebody asks for.
type Edit struct {
	Op journal.Op
	// ID is the row's; 0 in a Create lets the atlas choose.
	ID int64
	// Row is what Create and Replace make of the row; its ID is not looked at.
	Row geo.Feature
	// Patch makes the new row of a Replace from the present one, in place of
	// Row; it may be called more than once. Its argument may be changed, but
	// for the geometry.
	Patch func(now geo.Feature) (geo.Feature, error)
	// Expect is Layer.Revision of the row as the author has seen it; nil
	// edits it whatever it is.
	Expect *int64
	// Version is the dataset's as the author has seen it, whose ids and
	// revisions are meant; 0 is the current one.
	Version int
}

// MaxEdits bounds the edits of one Apply.
const MaxEdits = 10_000

// originAPI marks what was changed through this program.
const originAPI = "api"

// editTries bounds how often an edit is repeated on a newer state.
const editTries = 5

// Apply makes edits of one dataset in one transaction, all or none, and
// returns them as the journal has them, with the ids of new rows. The
// snapshot that Current gives afterwards has them.
//
// Errors: fault.Invalid for rows that do not fit the schema and for geometries
// that are not valid, TooLarge, NotExist for rows that are not there, Exist
// for new ones whose id was taken, Conflict for rows that are not as Expect
// says, Unsupported for datasets that cannot be edited here.
func (a *Atlas) Apply(ctx context.Context, dataset string, edits []Edit, who string) ([]journal.Change, error) {
	const op = "atlas.Apply"
	switch {
	case a.stores.Journal == nil:
		return nil, fault.Errorf(op, fault.Unsupported, "this installation keeps no journal: its datasets cannot be edited")
	case len(edits) == 0:
		return nil, fault.Errorf(op, fault.Invalid, "there is nothing to change")
	case len(edits) > MaxEdits:
		return nil, fault.Errorf(op, fault.TooLarge, "%d edits at once; at most %d are taken", len(edits), MaxEdits)
	}
	if d, err := a.Current().Dataset(dataset); err == nil && a.Veiled(&d) {
		return nil, fault.WithHint(fault.Errorf(op, fault.Unsupported, "dataset %q counts people, and small counts are hidden here: who changed a row would overwrite what they do not see", dataset),
			"ingest a new version of it, or edit where the figures are exact")
	}
	defer a.editing.lock(dataset)()
	for try := 1; ; try++ {
		s := a.Current()
		l, err := s.Layer(ctx, dataset)
		if err != nil {
			return nil, err
		}
		changes, err := a.apply(ctx, l, edits, who)
		if err == nil {
			// The edits are made. If they cannot be shown now, the next Refresh
			// meets the same trouble and tells it.
			_ = a.advance(context.WithoutCancel(ctx), l, changes)
			return changes, nil
		}
		if !fault.Is(err, fault.Conflict) && !fault.Is(err, fault.NotExist) || try == editTries {
			return nil, err
		}
		// Another process may have been first: look at what it did and try again.
		if refreshed := a.Refresh(ctx); refreshed != nil {
			return nil, refreshed
		}
		now, nowErr := a.Current().Layer(ctx, dataset)
		if nowErr != nil || now.Stamp() == l.Stamp() || movedOn(l, now, edits) {
			return nil, err
		}
	}
}

// movedOn tells whether there is a new version now, in which the ids of the
// edits may be those of other rows.
func movedOn(l, now *Layer, edits []Edit) bool {
	return now.Dataset().Version.Number != l.Dataset().Version.Number &&
		slices.ContainsFunc(edits, func(e Edit) bool { return e.ID != 0 })
}

// apply makes the edits on the state that l is.
func (a *Atlas) apply(ctx context.Context, l *Layer, edits []Edit, who string) ([]journal.Change, error) {
	d := l.Dataset()
	var writer features.Writer
	if x := d.Version.Vector.External; x != nil {
		w, err := a.attached(ctx, d, *x)
		if err != nil {
			return nil, err
		}
		defer w.Close() //nolint:errcheck // what it wrote is written
		writer = w
	}
	changes, err := a.prepare(ctx, l, edits, who, writer)
	if err != nil {
		return nil, err
	}
	if writer != nil {
		return a.writeThrough(ctx, l, writer, changes)
	}
	return a.stores.Journal.Append(ctx, d.ID, d.Version.Number, changes)
}

// attached opens the table behind a dataset for writing.
func (a *Atlas) attached(ctx context.Context, d catalog.Dataset, x catalog.External) (features.Writer, error) {
	const op = "atlas.Apply"
	if !x.Writable || a.stores.Attached == nil {
		return nil, fault.WithHint(fault.Errorf(op, fault.Unsupported, "dataset %q is a table of another database that is not to be written to", d.ID),
			"attach it as writable, or edit it there")
	}
	t, err := a.stores.Attached(ctx, x)
	if err != nil {
		return nil, fmt.Errorf("table of dataset %q: %w", d.ID, err)
	}
	w, ok := t.(features.Writer)
	if !ok {
		return nil, fault.Errorf(op, fault.Unsupported, "the table of dataset %q cannot be written to", d.ID)
	}
	return w, nil
}

// writeThrough writes to the table first, which is the truth, and then to the
// journal. Whoever notices outside edits may have noted a row meanwhile: the
// change then follows that one.
func (a *Atlas) writeThrough(ctx context.Context, l *Layer, w features.Writer, changes []journal.Change) ([]journal.Change, error) {
	d := l.Dataset()
	if err := w.Write(ctx, changes); err != nil {
		return nil, fmt.Errorf("write to the table of dataset %q: %w", d.ID, err)
	}
	ctx = context.WithoutCancel(ctx)
	for try := 1; ; try++ {
		out, err := a.stores.Journal.Append(ctx, d.ID, d.Version.Number, changes)
		if err == nil || !fault.Is(err, fault.Conflict) {
			return out, err
		}
		if try == editTries {
			return nil, fault.E("atlas.Apply", fault.Unavailable, fmt.Errorf("the table has the edit, the journal will notice it: %w", err))
		}
		newer, readErr := a.stores.Journal.Changes(ctx, d.ID, d.Version.Number, l.Head(), 0)
		if readErr != nil {
			return nil, readErr
		}
		if l, readErr = l.With(newer); readErr != nil {
			return nil, readErr
		}
		changes = following(l, changes)
	}
}

// following is changes as they follow the newest of their rows.
func following(l *Layer, changes []journal.Change) []journal.Change {
	out := slices.Clone(changes)
	for i := range out {
		c := &out[i]
		c.Expect = l.Revision(c.Feature)
		r, there := l.Find(c.Feature)
		switch {
		case c.Op == journal.Create && there:
			c.Op = journal.Replace
		case c.Op == journal.Replace && !there:
			c.Op, c.Before = journal.Create, nil
		}
		if c.Op != journal.Create && there {
			if f, err := r.Feature(nil); err == nil {
				c.Before = &f
			}
		}
	}
	return out
}

// prepare checks edits and makes them changes.
func (a *Atlas) prepare(ctx context.Context, l *Layer, edits []Edit, who string, w features.Writer) ([]journal.Change, error) {
	ids, err := newIDs(ctx, l, edits, w)
	if err != nil {
		return nil, err
	}
	rules, err := newRules(l.Schema())
	if err != nil {
		return nil, err
	}
	changes := make([]journal.Change, len(edits))
	seen := make(map[int64]bool, len(edits))
	for i := range edits {
		id := edits[i].ID
		if edits[i].Op == journal.Create && id == 0 {
			id, ids = ids[0], ids[1:]
		}
		if seen[id] {
			return nil, fault.Errorf("atlas.Apply", fault.Invalid, "feature %d is edited twice at once", id)
		}
		seen[id] = true
		c, err := prepareOne(l, &edits[i], id, rules)
		if err != nil {
			return nil, err
		}
		c.Who, c.Origin = who, originAPI
		changes[i] = c
	}
	return changes, nil
}

// newIDs are the ids of the rows to be created without one.
func newIDs(ctx context.Context, l *Layer, edits []Edit, w features.Writer) ([]int64, error) {
	n := 0
	for i := range edits {
		if edits[i].Op == journal.Create && edits[i].ID == 0 {
			n++
		}
	}
	if n == 0 {
		return nil, nil
	}
	if num, ok := w.(features.Numberer); ok {
		return num.NewIDs(ctx, n)
	}
	most := l.MaxID()
	for i := range edits {
		most = max(most, edits[i].ID)
	}
	ids := make([]int64, n)
	for i := range ids {
		ids[i] = most + int64(i) + 1
	}
	return ids, nil
}

func prepareOne(l *Layer, e *Edit, id int64, rules *rules) (journal.Change, error) {
	const op = "atlas.Apply"
	c := journal.Change{Feature: id, Op: e.Op, Expect: l.Revision(id)}
	r, there := l.Find(id)
	version := l.Dataset().Version.Number
	switch {
	case e.Version != 0 && e.Version != version:
		return c, fault.WithHint(fault.Errorf(op, fault.Conflict, "dataset %q is at version %d, and the edit is one of version %d", l.Dataset().ID, version, e.Version),
			"read the feature again and repeat the edit on what it is now")
	case e.Op != journal.Create && e.Op != journal.Replace && e.Op != journal.Delete:
		return c, fault.Errorf(op, fault.Invalid, "the operation %.20q is unknown", e.Op)
	case e.Op == journal.Create && id <= 0:
		return c, fault.Errorf(op, fault.Invalid, "a new feature cannot have the id %d: ids are 1 and above", id)
	case e.Op == journal.Create && l.Known(id):
		return c, fault.Errorf(op, fault.Exist, "dataset %q has or had a feature %d: ids are not given twice", l.Dataset().ID, id)
	case e.Op != journal.Create && !there:
		return c, fault.Errorf(op, fault.NotExist, "dataset %q has no feature %d", l.Dataset().ID, id)
	case e.Expect != nil && *e.Expect != c.Expect:
		return c, fault.WithHint(fault.Errorf(op, fault.Conflict, "feature %d of dataset %q has changed meanwhile", id, l.Dataset().ID),
			"read it again and repeat the edit on what it is now")
	}
	row := e.Row
	if e.Op != journal.Create {
		before, err := r.Feature(nil)
		if err != nil {
			return c, err
		}
		c.Before = &before
		if e.Op == journal.Delete {
			return c, nil
		}
		if e.Patch != nil {
			now := before
			now.Values = slices.Clone(before.Values)
			if row, err = e.Patch(now); err != nil {
				return c, err
			}
		}
	}
	row.ID = id
	after, err := rules.fit(row)
	if err != nil {
		return c, err
	}
	c.After = &after
	return c, nil
}

// advance publishes a snapshot in which l's dataset has the changes, and those
// of others between.
func (a *Atlas) advance(ctx context.Context, l *Layer, changes []journal.Change) error {
	a.refresh.Lock()
	defer a.refresh.Unlock()
	s := a.current.Load()
	id := l.Dataset().ID
	st := s.layers[id]
	if st == nil || st.src.dataset.Version.Number != l.Dataset().Version.Number {
		return nil // the next version is here already
	}
	now, err := st.get(ctx)
	if err != nil {
		return err
	}
	if now.Head()+1 < changes[0].Seq {
		if changes, err = st.src.changes(ctx, now.Head(), 0); err != nil {
			return err
		}
	}
	next, err := now.With(changes)
	if err != nil {
		return err
	}
	if next != now {
		heads := maps.Clone(s.heads)
		if heads == nil {
			heads = map[string]int64{}
		}
		heads[id] = next.Head()
		a.current.Store(s.with(map[string]*Layer{id: next}, heads))
	}
	return nil
}

// Changes returns up to limit changes of a dataset's current version after a
// Seq, in order: its audit trail. Limit 0 means all.
func (a *Atlas) Changes(ctx context.Context, dataset string, after int64, limit int) ([]journal.Change, error) {
	d, err := a.Current().Dataset(dataset)
	if err != nil || a.stores.Journal == nil {
		return nil, err
	}
	return a.stores.Journal.Changes(ctx, dataset, d.Version.Number, after, limit)
}

// keyed is a lock for each name.
type keyed struct {
	mu    sync.Mutex
	locks map[string]*keyedLock
}

type keyedLock struct {
	mu    sync.Mutex
	users int
}

// lock waits for the name to be free; the function that it gives frees it.
func (k *keyed) lock(name string) (unlock func()) {
	k.mu.Lock()
	if k.locks == nil {
		k.locks = map[string]*keyedLock{}
	}
	l := k.locks[name]
	if l == nil {
		l = &keyedLock{}
		k.locks[name] = l
	}
	l.users++
	k.mu.Unlock()
	l.mu.Lock()
	return func() {
		l.mu.Unlock()
		k.mu.Lock()
		defer k.mu.Unlock()
		if l.users--; l.users == 0 {
			delete(k.locks, name)
		}
	}
}
