package road

import (
	"cmp"
	"context"
	"math"
	"slices"
	"sort"

	"contado/geo/fault"
	"contado/geo/travel"
)

// Seed is a place on an edge from which (or to which) times count.
type Seed struct {
	Edge     int32
	Along    float32 // where on the edge's line, 0 to 1 by length
	Facility int32   // ≥ 0; the lowest wins among equal times
	Millis   uint32  // to add: the time from there to the facility, or back
}

// Options of a search.
type Options struct {
	// Direction is ToFacility for times from everywhere to the seeds, else
	// from the seeds to everywhere.
	Direction travel.Direction
	// MaxMillis ends the search, inclusive; 0 means Horizon.
	MaxMillis uint32
	// Progress, when set, hears now and then how many states are settled.
	Progress func(settled int64)
}

func (o *Options) limit() uint32 {
	if o.MaxMillis == 0 || o.MaxMillis > Horizon {
		return Horizon
	}
	return o.MaxMillis
}

// Label is a time and the facility that it is to or from; labels compare as
// (time, facility).
type Label uint64

// Unreached is the label of what no facility reaches.
const Unreached = Label(math.MaxUint64)

func labelOf(millis uint32, facility int32) Label {
	return Label(millis)<<32 | Label(uint32(facility))
}

// Millis is the time in milliseconds.
func (l Label) Millis() uint32 { return uint32(l >> 32) }

// Seconds is the time in seconds, +Inf for Unreached.
func (l Label) Seconds() float64 {
	if l == Unreached {
		return math.Inf(1)
	}
	return float64(l.Millis()) / 1000
}

// Facility is the facility, −1 for Unreached.
func (l Label) Facility() int32 {
	if l == Unreached {
		return -1
	}
	return int32(uint32(l))
}

// add is a label later by so many milliseconds, Unreached beyond the limit.
func (l Label) add(millis, limit uint32) Label {
	if l == Unreached || uint64(l.Millis())+uint64(millis) > uint64(limit) {
		return Unreached
	}
	return l + Label(millis)<<32
}

// Times is the outcome of a search: the time of every place of the network.
type Times struct {
	Settled int64
	g       *Graph
	limit   uint32
	back    bool // ToFacility
	labels  []Label
	ends    []Label // of each arc: at its tip when back, else where it starts; nil to look it up
	seeds   []Seed  // by edge, then place
	q       *queue
	touched *[]uint32 // hears of states that come to have a label
}

const opSearch = "road.Search"

// Search gives every place of the network its time to the best of the seeds,
// or from it. Each seed is reached along its edge in the directions that may
// be driven, and starts there without any turn behind it. Errors: Invalid for
// seeds that are no places of the network, Canceled.
func (g *Graph) Search(ctx context.Context, seeds []Seed, o Options) (*Times, error) {
	if err := g.checkSeeds(seeds); err != nil {
		return nil, err
	}
	t := &Times{g: g, limit: o.limit(), back: o.Direction == travel.ToFacility, seeds: byPlace(seeds)}
	t.labels = make([]Label, g.states.count())
	clearLabels(t.labels)
	if err := t.run(ctx, o.Progress); err != nil {
		return nil, err
	}
	t.finish()
	return t, nil
}

// byPlace is a copy of seeds by edge, then place.
func byPlace(seeds []Seed) []Seed {
	out := slices.Clone(seeds)
	slices.SortFunc(out, func(a, b Seed) int {
		return cmp.Or(cmp.Compare(a.Edge, b.Edge), cmp.Compare(a.Along, b.Along))
	})
	return out
}

func (g *Graph) checkSeeds(seeds []Seed) error {
	for i, s := range seeds {
		if s.Edge < 0 || int(s.Edge) >= len(g.edges) || !(s.Along >= 0 && s.Along <= 1) || s.Facility < 0 {
			return fault.Errorf(opSearch, fault.Invalid, "road search: seed %d (edge %d, at %g, facility %d) is no place of the network", i, s.Edge, s.Along, s.Facility)
		}
	}
	return nil
}

// start offers a seed to the ends of its edge.
func (g *Graph) start(s *Seed, back bool, limit uint32, offer func(state uint32, l Label)) {
	for _, arc := range [2]uint32{uint32(s.Edge) * 2, uint32(s.Edge)*2 + 1} {
		if g.millis[arc] == never {
			continue
		}
		from := labelOf(s.Millis, s.Facility)
		done := g.share(arc, s.Along)
		if !back {
			offer(g.entry(arc), from.add(g.millis[arc]-done, limit))
			continue
		}
		label := from.add(done, limit)
		tail := g.tail(arc)
		offer(tail, label)
		for _, state := range g.states.further(tail) {
			if x := g.states.inner[int(state)-g.states.nodes][arc]; !x.banned {
				offer(state, label)
			}
		}
	}
}

// share is the time of an arc from where it starts to a place on its edge.
func (g *Graph) share(arc uint32, along float32) uint32 {
	if arc&1 == 1 {
		along = 1 - along
	}
	return uint32(math.Round(float64(g.millis[arc]) * float64(along)))
}

func (t *Times) offer(state uint32, l Label) {
	if old := t.labels[state]; l < old {
		t.labels[state] = l
		if old == Unreached && t.touched != nil {
			*t.touched = append(*t.touched, state)
		}
		t.q.push(entry{l.Millis(), state, 0})
	}
}

// run is Dijkstra's algorithm: arcs take a millisecond at least, so a label is
// final with its facility when its time is reached.
func (t *Times) run(ctx context.Context, progress func(int64)) error {
	t.q = &queue{}
	for i := range t.seeds {
		t.g.start(&t.seeds[i], t.back, t.limit, t.offer)
	}
	links := t.links()
	for {
		e, ok := t.q.pop()
		if !ok {
			t.q = nil
			return nil
		}
		label := t.labels[e.state]
		if label.Millis() != e.millis {
			continue
		}
		t.Settled++
		if t.Settled%65536 == 0 {
			if err := ctx.Err(); err != nil {
				return fault.E(opSearch, fault.Canceled, err)
			}
			if progress != nil {
				progress(t.Settled)
			}
		}
		for _, l := range links.of(e.state) {
			t.offer(l.state, label.add(l.millis, t.limit))
		}
	}
}

// links are those that labels go along.
func (t *Times) links() *links {
	if t.back {
		return &t.g.reverse
	}
	return &t.g.forward
}

// finish keeps for each arc the label that counts on it: the best of the
// states that it can be taken from, or that of the state behind it.
func (t *Times) finish() {
	g := t.g
	t.ends = make([]Label, len(g.millis))
	for i := range t.ends {
		t.ends[i] = Unreached
	}
	for state := range t.labels {
		for _, l := range g.forward.of(uint32(state)) {
			if !t.back {
				t.ends[l.arc] = min(t.ends[l.arc], t.labels[state])
			}
		}
	}
	if t.back {
		for arc := range t.ends {
			if g.millis[arc] != never {
				t.ends[arc] = t.labels[g.entry(uint32(arc))]
			}
		}
	}
}

// Node is the time of a node: the best with any arc behind it.
func (t *Times) Node(i int) Label {
	best := t.labels[i]
	for _, s := range t.g.states.further(uint32(i)) {
		if !t.back {
			best = min(best, t.labels[s])
		}
	}
	return best
}

// At is the time of a place on an edge.
func (t *Times) At(edge int, along float32) Label {
	best, _, _ := t.trace(edge, along)
	return best
}

// trace also tells by which arc, and the index of the seed on the same edge
// that it leads to (−1 when it goes over the edge's end).
func (t *Times) trace(edge int, along float32) (best Label, via uint32, seed int) {
	g := t.g
	best, seed = Unreached, -1
	first := firstSeed(t.seeds, edge)
	for _, arc := range [2]uint32{uint32(edge) * 2, uint32(edge)*2 + 1} {
		if g.millis[arc] == never {
			continue
		}
		done := g.share(arc, along)
		left := done
		if t.back {
			left = g.millis[arc] - done
		}
		if l := t.end(arc).add(left, t.limit); l < best {
			best, via, seed = l, arc, -1
		}
		for i := first; i < len(t.seeds) && t.seeds[i].Edge == int32(edge); i++ {
			s := &t.seeds[i]
			at := g.share(arc, s.Along)
			if t.back && at < done || !t.back && at > done {
				continue
			}
			if l := labelOf(s.Millis, s.Facility).add(max(at, done)-min(at, done), t.limit); l < best {
				best, via, seed = l, arc, i
			}
		}
	}
	return best, via, seed
}

// end is the label that counts on an arc: see finish.
func (t *Times) end(arc uint32) Label {
	if t.ends != nil {
		return t.ends[arc]
	}
	best := Unreached
	t.g.behind(arc, t.back, func(state uint32) { best = min(best, t.labels[state]) })
	return best
}

// firstSeed is the index of the first seed on an edge, or where it would be.
func firstSeed(seeds []Seed, edge int) int {
	return sort.Search(len(seeds), func(i int) bool { return seeds[i].Edge >= int32(edge) })
}

// further lists the states of a node besides its own.
func (s *states) further(node uint32) []uint32 {
	if len(s.at) == 0 {
		return nil
	}
	lo, _ := slices.BinarySearchFunc(s.byNode, node, func(st, n uint32) int {
		at := s.at[int(st)-s.nodes]
		switch {
		case at < n:
			return -1
		case at > n:
			return 1
		}
		return 0
	})
	hi := lo
	for hi < len(s.byNode) && s.at[int(s.byNode[hi])-s.nodes] == node {
		hi++
	}
	return s.byNode[lo:hi]
}
