package road

import (
	"cmp"
	"slices"
)

// states are what a search settles: one a node, and further ones for what was
// driven last where a turn restriction asks for it.
//
// Forbidden sequences of arcs are put into an automaton that knows the longest
// end of the way driven that begins one of them (Aho and Corasick 1975): its
// inner states are the states after the nodes. To go on along an arc from a
// state is to follow the automaton; where that completes a sequence, the turn
// may not be made.
type states struct {
	nodes int
	at    []uint32 // the node of each further state
	// next, banned say where an arc leads from the root and from further states.
	root   map[uint32]uint32 // arc → state
	inner  []map[uint32]target
	byNode []uint32 // further states by their node
}

type target struct {
	state  uint32
	banned bool
}

func (s *states) count() int { return s.nodes + len(s.at) }

// node is the node that a state is at.
func (s *states) node(state uint32) uint32 {
	if int(state) < s.nodes {
		return state
	}
	return s.at[int(state)-s.nodes]
}

// trie is a node of the automaton while it is made.
type trie struct {
	next map[uint32]int
	fail int
	arc  uint32
	end  bool
}

// split makes the states of a mode.
func (n *Network) split(m Mode, heed bool) states {
	s := states{nodes: len(n.nodes), root: map[uint32]uint32{}}
	if !heed || m >= Foot {
		return s
	}
	t := []trie{{next: map[uint32]int{}}}
	for i, modes := range n.banModes {
		if modes&(1<<m) != 0 {
			t = grow(t, n.bans[n.banAt[i]:n.banAt[i+1]])
		}
	}
	order := failures(t)
	// States for prefixes that are no ends.
	state := make([]uint32, len(t))
	for _, i := range order {
		if !t[i].end {
			state[i] = uint32(s.count())
			s.at = append(s.at, n.tip(t[i].arc))
		}
	}
	for arc, i := range t[0].next {
		s.root[arc] = state[i] // sequences have two arcs or more: never an end
	}
	for i := range s.at {
		s.byNode = append(s.byNode, uint32(s.nodes+i))
	}
	slices.SortStableFunc(s.byNode, func(a, b uint32) int { return cmp.Compare(s.at[int(a)-s.nodes], s.at[int(b)-s.nodes]) })
	s.inner = make([]map[uint32]target, len(s.at))
	for _, i := range order {
		if t[i].end {
			continue
		}
		out := map[uint32]target{}
		at := n.tip(t[i].arc)
		for _, arc := range n.arcs[n.head[at]:n.head[at+1]] {
			j := follow(t, i, arc)
			switch {
			case t[j].end:
				out[arc] = target{banned: true}
			case j != 0:
				out[arc] = target{state: state[j]}
			default:
				out[arc] = target{state: n.tip(arc)}
			}
		}
		s.inner[int(state[i])-s.nodes] = out
	}
	return s
}

func grow(t []trie, chain []uint32) []trie {
	at := 0
	for _, arc := range chain {
		next, ok := t[at].next[arc]
		if !ok {
			next = len(t)
			t = append(t, trie{next: map[uint32]int{}, arc: arc})
			t[at].next[arc] = next
		}
		at = next
	}
	t[at].end = true
	return t
}

// failures sets for each prefix the longest end of it that is a prefix too,
// and returns all but the root by depth.
func failures(t []trie) []int {
	order := sorted(t[0].next)
	for k := 0; k < len(order); k++ {
		i := order[k]
		for _, j := range sorted(t[i].next) {
			t[j].fail = follow(t, t[i].fail, t[j].arc)
			t[j].end = t[j].end || t[t[j].fail].end
			order = append(order, j)
		}
	}
	return order
}

// sorted gives the values by key, so that states always come out alike.
func sorted(m map[uint32]int) []int {
	keys := make([]uint32, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	out := make([]int, len(keys))
	for i, k := range keys {
		out[i] = m[k]
	}
	return out
}

func follow(t []trie, i int, arc uint32) int {
	for {
		if j, ok := t[i].next[arc]; ok {
			return j
		}
		if i == 0 {
			return 0
		}
		i = t[i].fail
	}
}

// links are the arcs that may be taken between states, by one of their ends.
type links struct {
	at   []uint32 // first link of each state, and one more
	list []link
}

type link struct {
	state  uint32 // the other end
	millis uint32
	arc    uint32
}

// of lists the links of a state.
func (l *links) of(state uint32) []link { return l.list[l.at[state]:l.at[state+1]] }

// entry is the state in which one comes out of an arc that one started on.
func (g *Graph) entry(arc uint32) uint32 {
	if s, ok := g.states.root[arc]; ok {
		return s
	}
	return g.tip(arc)
}

// each calls yield for the arcs that may be taken out of a state.
func (g *Graph) each(state uint32, yield func(arc, to uint32)) {
	at := g.states.node(state)
	var inner map[uint32]target
	if k := int(state) - g.states.nodes; k >= 0 {
		inner = g.states.inner[k]
	}
	for _, arc := range g.arcs[g.head[at]:g.head[at+1]] {
		if g.millis[arc] == never {
			continue
		}
		if inner == nil {
			yield(arc, g.entry(arc))
		} else if t := inner[arc]; !t.banned {
			yield(arc, t.state)
		}
	}
}

// link lists the arcs between states both ways.
func (g *Graph) link() {
	n := g.states.count()
	g.forward.at, g.reverse.at = make([]uint32, n+1), make([]uint32, n+1)
	for s := range n {
		g.each(uint32(s), func(_, to uint32) {
			g.forward.at[s+1]++
			g.reverse.at[to+1]++
		})
	}
	for s := range n {
		g.forward.at[s+1] += g.forward.at[s]
		g.reverse.at[s+1] += g.reverse.at[s]
	}
	g.forward.list, g.reverse.list = make([]link, g.forward.at[n]), make([]link, g.forward.at[n])
	next := append([]uint32(nil), g.reverse.at...)
	for s := range n {
		k := g.forward.at[s]
		g.each(uint32(s), func(arc, to uint32) {
			g.forward.list[k] = link{to, g.millis[arc], arc}
			k++
			g.reverse.list[next[to]] = link{uint32(s), g.millis[arc], arc}
			next[to]++
		})
	}
}
