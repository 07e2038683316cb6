package road

// restrict turns restrictions into sequences of arcs that may not follow each
// other. What cannot be told for certain is left out and counted.
func (b *builder) restrict(list []Restriction) {
	n := b.n
	byID := map[int64][]uint32{}
	if len(list) > 0 {
		for w := range n.ways {
			byID[n.ways[w].id] = append(byID[n.ways[w].id], uint32(w))
		}
	}
	n.banAt = []uint32{0}
	for i := range list {
		r := &list[i]
		modes := uint32(0)
		for m := range Foot {
			if !r.Except[m] {
				modes |= 1 << m
			}
		}
		t := turn{b: b, from: byID[r.From], to: byID[r.To]}
		chain := t.overNode(r)
		if len(r.Via) > 0 {
			chain = t.overWays(r, byID)
		}
		if chain == nil || modes == 0 {
			continue
		}
		n.notes.Restricted++
		b.ban(chain, r.Only, modes)
	}
}

// ban forbids a chain of arcs, or all that leave it for elsewhere at its last
// node.
func (b *builder) ban(chain []uint32, only bool, modes uint32) {
	n := b.n
	last := chain[len(chain)-1]
	put := func(arc uint32) {
		n.bans = append(append(n.bans, chain[:len(chain)-1]...), arc)
		n.banAt = append(n.banAt, uint32(len(n.bans)))
		n.banModes = append(n.banModes, modes)
	}
	if !only {
		put(last)
		return
	}
	at := n.tail(last)
	for _, arc := range n.arcs[n.head[at]:n.head[at+1]] {
		if arc != last {
			put(arc)
		}
	}
}

// turn finds the arcs of a restriction.
type turn struct {
	b        *builder
	from, to []uint32 // ways
}

// arcsAt lists the arcs out of a node that belong to ways.
func (t *turn) arcsAt(node uint32, ways []uint32) []uint32 {
	n := t.b.n
	var out []uint32
	for _, arc := range n.arcs[n.head[node]:n.head[node+1]] {
		for _, w := range ways {
			if n.edges[arc>>1].way == w {
				out = append(out, arc)
			}
		}
	}
	return out
}

// overNode is the chain of a restriction with a via node; nil when there is
// none for certain.
func (t *turn) overNode(r *Restriction) []uint32 {
	if len(r.Via) > 0 {
		return nil
	}
	why := &t.b.n.notes.Restriction
	at, ok := t.b.nodeAt[quantize(r.At)]
	if !ok || len(t.from) == 0 || len(t.to) == 0 {
		why.MissingWay++
		return nil
	}
	from, to := t.arcsAt(at, t.from), t.arcsAt(at, t.to)
	switch {
	case len(from) == 0 || len(to) == 0:
		why.Disconnected++
		return nil
	case len(from) > 1 || len(to) > 1:
		why.Ambiguous++
		return nil
	}
	return []uint32{from[0] ^ 1, to[0]}
}

// maxChain bounds the arcs of a restriction over ways.
const maxChain = 32

// overWays is the chain of a restriction over via ways.
func (t *turn) overWays(r *Restriction, byID map[int64][]uint32) []uint32 {
	n := t.b.n
	why := &n.notes.Restriction
	steps := make([][]uint32, 0, len(r.Via)+1)
	for _, id := range r.Via {
		steps = append(steps, byID[id])
	}
	steps = append(steps, t.to)
	for _, ways := range append(steps, t.from) {
		if len(ways) == 0 {
			why.MissingWay++
			return nil
		}
	}
	var found [][]uint32
	for _, w := range t.from {
		for e := t.b.edgesOf[w]; e < t.b.edgesOf[w+1]; e++ {
			for _, arc := range [2]uint32{2 * e, 2*e + 1} {
				t.follow([]uint32{arc}, steps, &found)
			}
		}
	}
	switch len(found) {
	case 0:
		why.Disconnected++
		return nil
	case 1:
		return found[0]
	}
	why.Ambiguous++
	return nil
}

// follow lists the chains that go on from an arc over the ways of the steps,
// each of one arc or more, the last of one.
func (t *turn) follow(chain []uint32, steps [][]uint32, found *[][]uint32) {
	n := t.b.n
	if len(chain) > maxChain || len(*found) > 1 {
		return
	}
	last := chain[len(chain)-1]
	for _, arc := range t.arcsAt(n.tip(last), steps[0]) {
		if arc == last^1 || visits(n, chain, n.tip(arc)) {
			continue
		}
		next := append(chain[:len(chain):len(chain)], arc)
		if len(steps) == 1 {
			*found = append(*found, next)
			continue
		}
		t.follow(next, steps[1:], found)
		t.follow(next, steps, found) // more of the same way
	}
}

// visits reports whether a chain has been at a node, its start left out.
func visits(n *Network, chain []uint32, node uint32) bool {
	for _, arc := range chain {
		if n.tip(arc) == node {
			return true
		}
	}
	return false
}
