package analysis

import (
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"sync"

	"contado/geo/atlas"
	"contado/geo/coverage"
	"contado/geo/fault"
	"contado/geo/store/catalog"
)

// What explorations keep, at most; the newest of each always stays.
const (
	keptWayCells     = 24 << 20 // some 20 bytes each
	keptSurfaceCells = 96 << 20 // a byte each, and the people with their times
	keptAnswers      = 256
)

// explored is what explorations have computed and others can use: the ways of
// moving over a territory, the times to services, and answers. Everything in
// it is of one state of the data and goes when that has moved on.
type explored struct {
	mu    sync.Mutex
	seen  *atlas.Snapshot
	stamp string
	busy  map[string]chan struct{}
	// place is the setting that was used last: the ways over it share the
	// ground, and one at a time adds to it.
	place   *setting
	placeOf string // its key

	ways     shelf[*way]
	sections shelf[*exploredSection]
	answers  shelf[*Exploration]
}

// exploredSection is the times to a service.
type exploredSection struct {
	key, stamp string
	section    *section // without times, report and sketch
	surface    *TimeSurface
	unplaced   []coverage.UnplacedFacility
	rides      *rides
}

func newExplored() *explored {
	x := &explored{busy: map[string]chan struct{}{}}
	x.clear()
	return x
}

func (x *explored) clear() {
	x.place, x.placeOf = nil, ""
	x.ways, x.sections, x.answers = shelf[*way]{most: keptWayCells}, shelf[*exploredSection]{most: keptSurfaceCells}, shelf[*Exploration]{most: keptAnswers}
}

// current clears what is of another state of the data, and gives the stamp of
// this one.
func (x *explored) current(s *atlas.Snapshot) string {
	x.mu.Lock()
	defer x.mu.Unlock()
	if s == x.seen {
		return x.stamp
	}
	if stamp := stampOf(s); stamp != x.stamp {
		x.clear()
		x.stamp = stamp
	}
	x.seen = s
	return x.stamp
}

// stampOf tells states of the data apart that explorations can tell apart:
// pictures are not among what they use, but masks of snow are.
func stampOf(s *atlas.Snapshot) string {
	h := sha256.New()
	for _, d := range s.Datasets() {
		if d.Role != catalog.Imagery {
			fmt.Fprintf(h, "%s\x00%s\x00%s\x00", d.ID, d.Role, s.Stamp(d.ID))
		}
	}
	return fmt.Sprintf("%x", h.Sum(nil)[:8])
}

// alone waits until nobody else computes what has this key.
func (x *explored) alone(ctx context.Context, key string) (done func(), err error) {
	for {
		x.mu.Lock()
		other, taken := x.busy[key]
		if !taken {
			mine := make(chan struct{})
			x.busy[key] = mine
			x.mu.Unlock()
			return func() {
				x.mu.Lock()
				delete(x.busy, key)
				x.mu.Unlock()
				close(mine)
			}, nil
		}
		x.mu.Unlock()
		select {
		case <-other:
		case <-ctx.Done():
			return nil, fault.E(opExplore, fault.Canceled, ctx.Err())
		}
	}
}

func (x *explored) has(e *Engine, q *ExploreRequest) bool {
	_, _, service, _, err := q.keys()
	if err != nil {
		return false
	}
	x.current(e.atlas.Current())
	_, ok := lookup(x, &x.sections, service)
	return ok
}

// Ready reports whether the way of moving of a question is prepared: then the
// rest is quick.
func (e *Engine) Ready(q ExploreRequest) bool {
	_, key, _, _, err := q.keys()
	if err != nil || q.check() != nil {
		return false
	}
	e.explored.current(e.atlas.Current())
	_, ok := lookup(e.explored, &e.explored.ways, key)
	return ok
}

// Stamp changes with the data that explorations are made from.
func (e *Engine) Stamp() string { return e.explored.current(e.atlas.Current()) }

// section gives the times to the service of a question.
func (x *explored) section(ctx context.Context, e *Engine, q *ExploreRequest, p Progress) (*exploredSection, error) {
	place, way, key, _, err := q.keys()
	if err != nil {
		return nil, fault.E(opExplore, fault.Invalid, err)
	}
	stamp := x.current(e.atlas.Current())
	if s, ok := lookup(x, &x.sections, key); ok {
		return s, nil
	}
	done, err := x.alone(ctx, key)
	if err != nil {
		return nil, err
	}
	defer done()
	if s, ok := lookup(x, &x.sections, key); ok {
		return s, nil
	}
	w, err := x.way(ctx, e, q, place, way, p.part(0, 0.6))
	if err != nil {
		return nil, err
	}
	w = w.again(nil)
	w.q.Direction, w.q.Service = q.Direction, q.Service
	service, err := w.setting.service(q.Service)
	if err != nil {
		return nil, err
	}
	s, err := w.explore(ctx, service, q, p.part(0.6, 1))
	if err != nil {
		return nil, err
	}
	s.key, s.stamp = key, stamp
	keep(x, &x.sections, stamp, key, s, len(s.surface.minutes)+16*len(s.section.demand.Seconds))
	return s, nil
}

// way gives a way of moving, prepared.
func (x *explored) way(ctx context.Context, e *Engine, q *ExploreRequest, place, key string, p Progress) (*way, error) {
	if w, ok := lookup(x, &x.ways, key); ok {
		return w, nil
	}
	done, err := x.alone(ctx, place) // ways of one place share its ground
	if err != nil {
		return nil, err
	}
	defer done()
	if w, ok := lookup(x, &x.ways, key); ok {
		return w, nil
	}
	stamp := x.current(e.atlas.Current())
	s, err := x.settle(ctx, e, q, place)
	if err != nil {
		return nil, err
	}
	w, err := s.way(ctx, q.Profile, p)
	if err != nil {
		return nil, err
	}
	if m, ok := w.mover.(*transitMover); ok { // later, each question has a mover of its own
		if _, err := m.router(ctx, w.moveOptions()); err != nil {
			return nil, err
		}
	}
	keep(x, &x.ways, stamp, key, w, int(w.mover.grid().Cells()))
	return w, nil
}

// settle gives a setting that a way of moving is to be prepared over: its
// ground is read already where an earlier way has done so.
func (x *explored) settle(ctx context.Context, e *Engine, q *ExploreRequest, key string) (*setting, error) {
	c := q.CoverageRequest
	c.Thresholds = ExploreSteps // how far the ground reaches does not hang on the question
	x.mu.Lock()
	kept := x.place
	if x.placeOf != key || kept.snapshot != e.atlas.Current() {
		kept = nil
	}
	x.mu.Unlock()
	var s *setting
	if kept == nil {
		var err error
		if s, err = e.setting(ctx, &c); err != nil {
			return nil, err
		}
		s.shown = s.protected(s.population)
	} else {
		again := *kept
		s = &again
		s.run, s.q = kept.run.copy(), &c
		if c.SpeedKmh == 0 {
			c.SpeedKmh = defaultStraightKmh
		}
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.place, x.placeOf = s, key
	return s, nil
}

// explore computes the times to a service.
func (w *way) explore(ctx context.Context, service chosen, q *ExploreRequest, p Progress) (*exploredSection, error) {
	c := &section{way: w, run: w.setting.fork(), service: service}
	if err := c.findFacilities(ctx); err != nil {
		return nil, err
	}
	if err := c.suppose(q); err != nil {
		return nil, err
	}
	p.tell(0, "travel times")
	times, err := w.mover.times(ctx, c.facilities, w.moveOptions(), p.part(0, 0.9))
	if err != nil {
		return nil, err
	}
	c.demand = c.who.to(times)
	out := &exploredSection{section: c, unplaced: times.unplaced, rides: times.rides}
	p.tell(0.9, "surface")
	out.surface, err = newTimeSurface(&w.footing, times, w.box)
	return out, err
}

// answer gives the answer to a question from the times of its service.
func (x *explored) answer(ctx context.Context, s *exploredSection, q *ExploreRequest, p Progress) (*Exploration, error) {
	_, _, _, key, err := q.keys()
	if err != nil {
		return nil, fault.E(opExplore, fault.Invalid, err)
	}
	if a, ok := lookup(x, &x.answers, key); ok && a.Stamp == s.stamp {
		return a, nil
	}
	done, err := x.alone(ctx, key+"answer")
	if err != nil {
		return nil, err
	}
	defer done()
	if a, ok := lookup(x, &x.answers, key); ok && a.Stamp == s.stamp {
		return a, nil
	}
	a, err := s.compute(ctx, q, p)
	if err != nil {
		return nil, err
	}
	keep(x, &x.answers, s.stamp, key, a, 1)
	return a, nil
}

// shelf keeps values up to a cost, those used last.
type shelf[V any] struct {
	most, cost int
	now        uint64
	list       []shelved[V]
}

type shelved[V any] struct {
	key   string
	value V
	cost  int
	used  uint64
}

func lookup[V any](x *explored, s *shelf[V], key string) (v V, ok bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for i := range s.list {
		if s.list[i].key == key {
			s.now++
			s.list[i].used = s.now
			return s.list[i].value, true
		}
	}
	return v, false
}

// keep puts a value in, unless the data have moved on since it was begun, and
// drops those that have not been used for longest.
func keep[V any](x *explored, s *shelf[V], stamp, key string, v V, cost int) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if stamp != x.stamp {
		return
	}
	s.list = slices.DeleteFunc(s.list, func(o shelved[V]) bool {
		if o.key == key {
			s.cost -= o.cost
		}
		return o.key == key
	})
	s.now++
	s.list = append(s.list, shelved[V]{key, v, cost, s.now})
	s.cost += cost
	slices.SortFunc(s.list, func(a, b shelved[V]) int { return cmp.Compare(b.used, a.used) })
	for len(s.list) > 1 && s.cost > s.most {
		last := len(s.list) - 1
		s.cost -= s.list[last].cost
		s.list[last] = shelved[V]{}
		s.list = s.list[:last]
	}
}
