package attach

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"contado/geo/atlas"
	"contado/geo/fault"
	"contado/geo/store/catalog"
	"contado/geo/store/journal"
	"contado/geo/store/postgis"
)

// Origin marks the changes in journals that were noticed in attached tables.
const Origin = "outside"

// FollowOptions says what is followed. The first three are needed.
type FollowOptions struct {
	Atlas   *atlas.Atlas
	Journal journal.Driver
	Driver  *postgis.Driver
	// Poll is how often a change column is looked at. Default 2 s.
	Poll time.Duration
	// Compare is how often rows are compared where nothing better tells of
	// edits; less often when comparing takes long. Default 1 min.
	Compare time.Duration
	// Retry is the pause before a database that was lost is tried again; it
	// grows to Compare. Default 1 s.
	Retry time.Duration
	// Report hears what went wrong, and that it is well again (nil); it may
	// be called by several goroutines at once. nil: nobody does.
	Report func(dataset string, err error)
}

func (o FollowOptions) withDefaults() FollowOptions {
	o.Poll = cmp.Or(o.Poll, 2*time.Second)
	o.Compare = cmp.Or(o.Compare, time.Minute)
	o.Retry = cmp.Or(o.Retry, time.Second)
	if o.Report == nil {
		o.Report = func(string, error) {}
	}
	return o
}

// Status is how the following of a dataset stands.
type Status struct {
	Dataset string
	// Mode is how edits are noticed in truth: Notify, Column or Compare.
	Mode string
	// Lost is since when edits are not noticed, zero while they are; Reason
	// says why.
	Lost   time.Time
	Reason string
	// Checked is when the mirror was last known to be as the table is.
	Checked time.Time
	// Noticed counts the edits since the program began.
	Noticed int64
}

// Followers follows all attached datasets of an atlas.
type Followers struct {
	o  FollowOptions
	mu sync.Mutex
	// running are the followers by dataset.
	running map[string]*follower
}

// NewFollowers returns followers that do nothing before Run.
func NewFollowers(o FollowOptions) *Followers {
	return &Followers{o: o.withDefaults(), running: map[string]*follower{}}
}

// lookAround is how often datasets that come and go are noticed.
const lookAround = 500 * time.Millisecond

// Run follows all attached datasets, as they come and go, until the context
// ends; then it waits for what is under way.
func (f *Followers) Run(ctx context.Context) {
	var wait sync.WaitGroup
	defer wait.Wait()
	tick := time.NewTicker(lookAround)
	defer tick.Stop()
	for {
		f.look(ctx, &wait)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// look starts followers for attached versions, and ends those of versions
// that are no longer current.
func (f *Followers) look(ctx context.Context, wait *sync.WaitGroup) {
	f.mu.Lock()
	defer f.mu.Unlock()
	current := map[string]bool{}
	for _, d := range f.o.Atlas.Current().Datasets() {
		if d.Version.Vector == nil || d.Version.Vector.External == nil {
			continue
		}
		current[d.ID] = true
		old := f.running[d.ID]
		if old != nil && old.version == d.Version.Number && old.dataset.CreatedAt.Equal(d.CreatedAt) {
			continue
		}
		if old != nil {
			old.stop()
		}
		one := newFollower(f.o, d)
		runCtx, stop := context.WithCancel(ctx)
		one.stop = stop
		f.running[d.ID] = one
		wait.Go(func() { one.run(runCtx) })
	}
	for id, one := range f.running {
		if !current[id] {
			one.stop()
			delete(f.running, id)
		}
	}
}

// Status is how the following of a dataset stands; ok is false for one that
// is not attached.
func (f *Followers) Status(dataset string) (s Status, ok bool) {
	f.mu.Lock()
	one := f.running[dataset]
	f.mu.Unlock()
	if one == nil {
		return Status{}, false
	}
	return one.state(), true
}

// Statuses are those of all attached datasets, by id.
func (f *Followers) Statuses() []Status {
	f.mu.Lock()
	all := make([]*follower, 0, len(f.running))
	for _, one := range f.running {
		all = append(all, one)
	}
	f.mu.Unlock()
	out := make([]Status, len(all))
	for i, one := range all {
		out[i] = one.state()
	}
	slices.SortFunc(out, func(a, b Status) int { return cmp.Compare(a.Dataset, b.Dataset) })
	return out
}

// follower follows one version.
type follower struct {
	o        FollowOptions
	dataset  catalog.Dataset
	external catalog.External
	version  int
	stop     context.CancelFunc

	marks  []postgis.Mark // of the rows as last compared, nil = not yet
	newest string         // of the change column
	head   int64          // of the journal when the marks were read, or before

	mu     sync.Mutex
	status Status
}

func newFollower(o FollowOptions, d catalog.Dataset) *follower {
	x := *d.Version.Vector.External
	return &follower{
		o: o, dataset: d, external: x, version: d.Version.Number,
		// Nothing is known of the time between mirror and now.
		status: Status{Dataset: d.ID, Mode: x.Watch, Lost: d.Version.PublishedAt, Reason: "the database has not been reached yet"},
	}
}

func (f *follower) state() Status {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.status
}

// well notes that the mirror is as the table is.
func (f *follower) well() {
	f.mu.Lock()
	was := f.status.Lost
	f.status.Lost, f.status.Reason, f.status.Checked = time.Time{}, "", time.Now().UTC()
	f.mu.Unlock()
	if !was.IsZero() {
		f.o.Report(f.dataset.ID, nil)
	}
}

// lose notes that edits are not noticed.
func (f *follower) lose(err error) {
	f.mu.Lock()
	first := f.status.Lost.IsZero() || f.status.Reason != err.Error()
	if f.status.Lost.IsZero() {
		f.status.Lost = time.Now().UTC()
	}
	f.status.Reason = err.Error()
	f.mu.Unlock()
	if first {
		f.o.Report(f.dataset.ID, err)
	}
}

func (f *follower) mode(m string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.status.Mode = m
}

// run follows until the context ends; what goes wrong is tried again.
func (f *follower) run(ctx context.Context) {
	for pause := f.o.Retry; ctx.Err() == nil; pause = min(2*pause, max(f.o.Compare, f.o.Retry)) {
		began := time.Now()
		err := f.follow(ctx)
		if ctx.Err() != nil {
			return
		}
		if time.Since(began) > f.o.Compare {
			pause = f.o.Retry // it was well for a while
		}
		f.lose(err)
		f.o.Driver.Forget(f.external)
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
}

// follow opens the table and notices edits until something goes wrong.
func (f *follower) follow(ctx context.Context) error {
	t, err := f.o.Driver.External(ctx, f.external)
	if err != nil {
		return err
	}
	w := &watcher{follower: f, table: t}
	for _, field := range f.dataset.Version.Vector.Schema.Fields {
		if now := t.Schema(); now.FieldIndex(field.Name) < 0 {
			return fault.WithHint(fault.Errorf("attach.Follow", fault.Conflict, "%s has no column %q any more", postgis.FormatName(t.Name()), field.Name),
				"attach the table again (--replace)")
		}
		w.fields = append(w.fields, field.Name)
	}
	switch f.external.Watch {
	case Notify:
		ok, err := w.ready(ctx)
		if err != nil {
			return err
		}
		if ok {
			f.mode(Notify)
			return w.listen(ctx)
		}
	case Column:
		f.mode(Column)
		return w.poll(ctx)
	}
	f.mode(Compare)
	return w.compare(ctx)
}
