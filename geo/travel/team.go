package travel

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"

	"contado/geo/fault"
)

// team runs one search on several goroutines.
//
// The cells of a bucket are final and do not depend on each other, so they may
// be expanded at once: a bucket's chunks are shared out, and what its cells
// lead to is offered by compare-and-swap. Labels are the least of what is
// offered (time, then facility), so the outcome is that of one goroutine, to
// the bit, in whatever order they work.
//
// Each member pushes into a queue of its own and takes from there first, so
// that it stays with its part of the wave front; then it helps the others. Who
// finishes the last chunk of a bucket leads: nobody else touches a queue then,
// and it opens the next bucket. Nobody waits for a member that the system
// keeps from running, unless it holds a chunk.
type team struct {
	members  []*member
	share    int          // buckets of fewer chunks are done by the leader alone
	spins    int          // looks for work before going to sleep
	pending  atomic.Int64 // chunks of the open bucket that are not done
	settled  atomic.Int64
	stopped  atomic.Bool // canceled: chunks are dropped
	over     atomic.Bool
	progress func(settled int64)
}

type member struct {
	search
	batch  chunk
	polled int64
	asleep atomic.Bool
	wake   chan struct{}
	_      [64]byte     // the next are written by others
	left   atomic.Int64 // chunks of the open bucket that nobody took
	_      [64]byte
}

// The leader works alone below shareFrom chunks: handing over costs about as
// much as it saves there.
const shareFrom = 4

// spinFor is how often a member looks for work before it sleeps: some ten
// microseconds, about what waking costs.
const spinFor = 4000

// newTeam makes a team for a search that has its sources in the queue of the
// first member.
func newTeam(s *search, queues []*queue) *team {
	t := &team{share: shareFrom, progress: s.progress}
	if runtime.GOMAXPROCS(0) >= len(queues) { // else it would keep others from their work
		t.spins = spinFor
	}
	for _, q := range queues {
		m := &member{search: *s, wake: make(chan struct{}, 1)}
		m.q, m.alone = q, false
		t.members = append(t.members, m)
	}
	return t
}

// run ends when no cell is left or ctx is done; all goroutines have returned
// by then.
func (t *team) run(ctx context.Context) error {
	t.lead(ctx, t.members[0])
	var others sync.WaitGroup
	for i := range t.members[1:] {
		others.Go(func() { t.work(ctx, i+1) })
	}
	t.work(ctx, 0)
	others.Wait()
	if t.stopped.Load() {
		return fault.E("travel.Compute", fault.Canceled, ctx.Err())
	}
	return nil
}

func (t *team) work(ctx context.Context, self int) {
	m := t.members[self]
	next := int64(pollEvery)
	for {
		if !t.take(self) {
			if t.over.Load() {
				return
			}
			t.rest(m)
			continue
		}
		t.expand(ctx, m)
		if self == 0 && t.progress != nil {
			if n := t.settled.Load(); n >= next {
				next = n + pollEvery
				t.progress(n)
			}
		}
		if t.pending.Add(-1) == 0 {
			t.lead(ctx, m)
		}
	}
}

// take copies a chunk of the open bucket to the member's batch.
func (t *team) take(self int) bool {
	for i := range t.members {
		owner := t.members[(self+i)%len(t.members)]
		if owner.left.Load() <= 0 {
			continue
		}
		if n := owner.left.Add(-1); n >= 0 {
			t.members[self].batch = owner.q.open[owner.q.taken[n]]
			return true
		}
	}
	return false
}

// expand does the member's batch.
func (t *team) expand(ctx context.Context, m *member) {
	if t.stopped.Load() {
		return
	}
	before := m.settled
	m.do(&m.batch)
	t.settled.Add(m.settled - before)
	if m.settled >= m.polled {
		m.polled = m.settled + pollEvery
		if ctx.Err() != nil {
			t.stopped.Store(true)
		}
	}
}

// lead opens the next bucket, or ends the work. Only when no chunk is out.
func (t *team) lead(ctx context.Context, m *member) {
	for {
		n := t.advance()
		if n == 0 || t.stopped.Load() {
			t.over.Store(true)
			t.call()
			return
		}
		if n >= t.share {
			// One more than there are chunks, so that nobody else leads before
			// all are open.
			t.pending.Store(int64(n) + 1)
			for _, owner := range t.members {
				owner.left.Store(int64(len(owner.q.taken)))
			}
			t.call()
			if t.pending.Add(-1) > 0 {
				return
			}
			continue
		}
		for _, owner := range t.members {
			for _, c := range owner.q.taken {
				m.batch = owner.q.open[c]
				t.expand(ctx, m)
			}
		}
	}
}

// advance moves all queues to the first bucket that is not empty and takes it
// out; 0 when all is done.
func (t *team) advance() (chunks int) {
	for _, m := range t.members {
		m.q.release()
	}
	for {
		next, found := int64(0), false
		for _, m := range t.members {
			if b, ok := m.q.first(); ok && (!found || b < next) {
				next, found = b, true
			}
		}
		if !found {
			return 0
		}
		for _, m := range t.members {
			m.q.seek(next)
			chunks += m.q.takeAll()
		}
		if chunks > 0 {
			return chunks
		}
	}
}

// rest waits for work, but may return without any.
func (t *team) rest(m *member) {
	for range t.spins {
		if t.open() {
			return
		}
	}
	m.asleep.Store(true)
	if t.open() && m.asleep.Swap(false) {
		return
	}
	<-m.wake
}

// open reports whether there is a reason to be awake.
func (t *team) open() bool {
	for _, m := range t.members {
		if m.left.Load() > 0 {
			return true
		}
	}
	return t.over.Load()
}

// call wakes the members that sleep.
func (t *team) call() {
	for _, m := range t.members {
		if m.asleep.Load() && m.asleep.Swap(false) {
			m.wake <- struct{}{}
		}
	}
}
