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
	if k < 1 || k > maxNearest {
		return nil, fault.Errorf(opSearch, fault.Invalid, "road search: the nearest %d facilities; want 1 to %d", k, maxNearest)
	}
	if int64(k)*int64(g.states.count()) > maxNearestCells {
		return nil, fault.Errorf(opSearch, fault.TooLarge, "road search: %d facilities for each of %d nodes", k, g.states.count())
	}
	if err := g.checkSeeds(seeds); err != nil {
		return nil, err
	}
	n := &nearest{k: k, labels: make([]Label, k*g.states.count()), count: make([]uint8, g.states.count()), q: &queue{}, limit: o.limit()}
	back := o.Direction == travel.ToFacility
	for i := range seeds {
		g.start(&seeds[i], back, n.limit, n.offer)
	}
	links := &g.forward
	if back {
		links = &g.reverse
	}
	if err := n.run(ctx, links); err != nil {
		return nil, err
	}
	return n.byNode(g, back), nil
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

// byNode joins the labels of the states of each node.
func (n *nearest) byNode(g *Graph, back bool) []Label {
	out := make([]Label, n.k*g.states.nodes)
	var all []Label
	for node := range g.states.nodes {
		all = append(all[:0], n.of(uint32(node))...)
		if !back {
			for _, s := range g.states.further(uint32(node)) {
				all = append(all, n.of(s)...)
			}
		}
		slices.Sort(all)
		row := out[node*n.k:][:n.k]
		have := 0
		for _, l := range all {
			if have < n.k && !slices.ContainsFunc(row[:have], func(o Label) bool { return o.Facility() == l.Facility() }) {
				row[have] = l
				have++
			}
		}
		for i := have; i < n.k; i++ {
			row[i] = Unreached
		}
	}
	return out
}

func (n *nearest) of(state uint32) []Label {
	return n.labels[int(state)*n.k:][:n.count[state]]
}
