package road

import (
	"cmp"
	"context"
	"slices"

	"contado/geo/fault"
	"contado/geo/travel"
)

// maxNearest bounds k and the labels of KNearest.
const (
	maxNearest      = 64
	maxNearestCells = 1 << 31
)

// KNearest gives each node its k best facilities, each once, by rising time
// and then number: k labels a node, Unreached at the end where there are
// fewer. One pass for all seeds. Errors: Invalid, TooLarge, Canceled.
func (g *Graph) KNearest(ctx context.Context, seeds []Seed, k int, o Options) ([]Label, error) {
	r, err := g.Rank(ctx, seeds, k, o)
	if err != nil {
		return nil, err
	}
	out := make([]Label, k*g.states.nodes)
	for node := range g.states.nodes {
		r.node(uint32(node), out[node*k:][:k])
	}
	return out, nil
}

// Rank finds the k best facilities of every place of the network in one pass:
// 8·k bytes a state. Errors: Invalid, TooLarge, Canceled.
func (g *Graph) Rank(ctx context.Context, seeds []Seed, k int, o Options) (*Ranked, error) {
	if k < 1 || k > maxNearest {
		return nil, fault.Errorf(opSearch, fault.Invalid, "road search: the nearest %d facilities; want 1 to %d", k, maxNearest)
	}
	if int64(k)*int64(g.states.count()) > maxNearestCells {
		return nil, fault.Errorf(opSearch, fault.TooLarge, "road search: %d facilities for each of %d nodes", k, g.states.count())
	}
	if err := g.checkSeeds(seeds); err != nil {
		return nil, err
	}
	n := nearest{k: k, labels: make([]Label, k*g.states.count()), count: make([]uint8, g.states.count()), q: &queue{}, limit: o.limit()}
	r := &Ranked{nearest: n, g: g, back: o.Direction == travel.ToFacility, seeds: byPlace(seeds)}
	for i := range seeds {
		g.start(&seeds[i], r.back, n.limit, r.offer)
	}
	links := &g.forward
	if r.back {
		links = &g.reverse
	}
	if err := r.run(ctx, links); err != nil {
		return nil, err
	}
	r.q = nil
	return r, nil
}

// Ranked is the outcome of Rank.
type Ranked struct {
	nearest
	g     *Graph
	back  bool
	seeds []Seed // by edge, then place
}

// At puts the best labels of a place on an edge into best, which has room for
// k: of different facilities, rising, Unreached where there are fewer. The
// first is that of Times.At.
func (r *Ranked) At(edge int, along float32, best []Label) {
	g := r.g
	clearLabels(best)
	first := firstSeed(r.seeds, edge)
	for _, arc := range [2]uint32{uint32(edge) * 2, uint32(edge)*2 + 1} {
		if g.millis[arc] == never {
			continue
		}
		done := g.share(arc, along)
		left := done
		if r.back {
			left = g.millis[arc] - done
		}
		g.behind(arc, r.back, func(state uint32) {
			for _, l := range r.of(state) {
				insert(best, l.add(left, r.limit))
			}
		})
		for i := first; i < len(r.seeds) && r.seeds[i].Edge == int32(edge); i++ {
			s := &r.seeds[i]
			at := g.share(arc, s.Along)
			if r.back && at < done || !r.back && at > done {
				continue
			}
			insert(best, labelOf(s.Millis, s.Facility).add(max(at, done)-min(at, done), r.limit))
		}
	}
}

// node puts the best labels of the states of a node into best.
func (r *Ranked) node(node uint32, best []Label) {
	clearLabels(best)
	for _, l := range r.of(node) {
		insert(best, l)
	}
	if r.back {
		return
	}
	for _, s := range r.g.states.further(node) {
		for _, l := range r.of(s) {
			insert(best, l)
		}
	}
}

// behind calls yield for the states whose labels count on an arc: that behind
// it when back, else those that it can be taken from.
func (g *Graph) behind(arc uint32, back bool, yield func(state uint32)) {
	if back {
		yield(g.entry(arc))
		return
	}
	tail := g.tail(arc)
	yield(tail)
	for _, s := range g.states.further(tail) {
		if !g.states.inner[int(s)-g.states.nodes][arc].banned {
			yield(s)
		}
	}
}

func clearLabels(list []Label) {
	for i := range list {
		list[i] = Unreached
	}
}

// insert offers a label to a rising list of different facilities.
func insert(list []Label, l Label) {
	at := len(list) - 1
	if l >= list[at] {
		return
	}
	for i, have := range list[:at] {
		if have.Facility() == l.Facility() {
			if have <= l {
				return
			}
			at = i
			break
		}
	}
	for ; at > 0 && list[at-1] > l; at-- {
		list[at] = list[at-1]
	}
	list[at] = l
}

// nearest is a search with up to k labels a state.
type nearest struct {
	k      int
	labels []Label
	count  []uint8
	q      *queue
	limit  uint32
}

func (n *nearest) offer(state uint32, l Label) {
	if l != Unreached && !n.full(state, l.Facility()) {
		n.q.push(entry{l.Millis(), state, l.Facility()})
	}
}

// full reports whether a state needs no further label of a facility.
func (n *nearest) full(state uint32, facility int32) bool {
	have := int(n.count[state])
	if have == n.k {
		return true
	}
	for _, l := range n.labels[int(state)*n.k:][:have] {
		if l.Facility() == facility {
			return true
		}
	}
	return false
}

func (n *nearest) run(ctx context.Context, links *links) error {
	var batch []entry
	for settled := 0; ; {
		if batch = n.q.batch(batch[:0]); len(batch) == 0 {
			return nil
		}
		// Lower facilities first: who comes first among equals takes the place.
		slices.SortFunc(batch, func(a, b entry) int {
			return cmp.Or(cmp.Compare(a.facility, b.facility), cmp.Compare(a.state, b.state))
		})
		for _, e := range batch {
			if n.full(e.state, e.facility) {
				continue
			}
			label := labelOf(e.millis, e.facility)
			n.labels[int(e.state)*n.k+int(n.count[e.state])] = label
			n.count[e.state]++
			for _, l := range links.of(e.state) {
				n.offer(l.state, label.add(l.millis, n.limit))
			}
			if settled++; settled%65536 == 0 && ctx.Err() != nil {
				return fault.E(opSearch, fault.Canceled, ctx.Err())
			}
		}
	}
}

func (n *nearest) of(state uint32) []Label {
	return n.labels[int(state)*n.k:][:n.count[state]]
}
