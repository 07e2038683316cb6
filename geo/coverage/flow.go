package coverage

import (
	"context"
	"math"
	"slices"

	"contado/geo/fault"
)

// flow is the state of an assignment: nodes are facilities by rank and, last,
// nobody, who has room for all at a cost above that of any detour. An arc from
// u to v is to move people of one group there; its cost is that of the group
// that loses least.
type flow struct {
	*groups
	room    []int64 // capacity by node, in units of people
	load    []int64
	amount  []int64   // people by trip
	unkept  []int64   // people by group who are with nobody
	held    [][]int32 // groups that came to a node, ever
	heaps   [][]heap  // by node and node; nil until the node was looked at
	arc     [][]int64 // costs of the tops of heaps, far when there is none
	price   []int64   // shortest distance so far (dual)
	penalty int64     // cost of nobody
	paid    int64     // price of the sink
}

// step is one group that can go from a node to another.
type step struct {
	cost  int32
	group int32
}

func (a step) before(b step) bool { return a.cost < b.cost || (a.cost == b.cost && a.group < b.group) }

func newFlow(g *groups, places []CapacityPlace, scale float64, all int64) *flow {
	m := len(places)
	f := &flow{
		groups: g, room: make([]int64, m+1), load: make([]int64, m+1), amount: make([]int64, len(g.to)),
		unkept: make([]int64, len(g.people)), held: make([][]int32, m+1), heaps: make([][]heap, m+1), arc: make([][]int64, m+1), price: make([]int64, m+1),
	}
	for j, p := range places {
		f.room[g.rank[j]] = all
		if c := math.Floor(p.Capacity * scale); c < float64(all) {
			f.room[g.rank[j]] = int64(c)
		}
	}
	f.room[m] = math.MaxInt64
	longest := int64(0)
	for _, ms := range g.ms {
		longest = max(longest, int64(ms))
	}
	// No path passes a node twice, so it never saves this much time.
	f.penalty = int64(m+2) * (longest + 1)
	for k, p := range g.people {
		best := g.start[k]
		for e := g.start[k] + 1; e < g.start[k+1]; e++ {
			if g.ms[e] < g.ms[best] {
				best = e
			}
		}
		f.amount[best] = p
		f.load[g.to[best]] += p
		f.held[g.to[best]] = append(f.held[g.to[best]], int32(k))
	}
	return f
}

func (f *flow) nobody() int32 { return int32(len(f.room) - 1) }

// trip is the index of the trip of a group to a facility, −1 when none.
func (f *flow) trip(group, to int32) int {
	list := f.to[f.start[group]:f.start[group+1]]
	if int(to) < len(list) && list[to] == to { // every facility is within reach
		return f.start[group] + int(to)
	}
	k, ok := slices.BinarySearch(list, to)
	if !ok {
		return -1
	}
	return f.start[group] + k
}

func (f *flow) at(group, node int32) *int64 {
	if node == f.nobody() {
		return &f.unkept[group]
	}
	return &f.amount[f.trip(group, node)]
}

func (f *flow) solve(ctx context.Context) error {
	s := newPaths(len(f.room))
	for k := 0; f.overloaded(); k++ {
		if k&0xff == 0 && ctx.Err() != nil {
			return fault.E(opAssign, fault.Canceled, ctx.Err())
		}
		f.push(s, f.shortest(s))
	}
	return nil
}

func (f *flow) overloaded() bool {
	for u := range f.load {
		if f.load[u] > f.room[u] {
			return true
		}
	}
	return false
}

// paths is the scratch of one search.
type paths struct {
	dist []int64
	from []int32
	done []bool
}

func newPaths(n int) *paths {
	return &paths{dist: make([]int64, n), from: make([]int32, n), done: make([]bool, n)}
}

const far = math.MaxInt64 / 4

// shortest finds the cheapest way from any overloaded node to any with room
// (Dijkstra on reduced costs, all of them ≥ 0) and moves the prices.
func (f *flow) shortest(s *paths) (target int32) {
	for u := range s.dist {
		s.dist[u], s.from[u], s.done[u] = far, -1, false
		if f.load[u] > f.room[u] {
			s.dist[u] = 0
		}
	}
	target = -1
	best := int64(far)
	for {
		u := int32(-1)
		for v := range s.dist {
			if !s.done[v] && s.dist[v] < far && (u < 0 || s.dist[v] < s.dist[u]) {
				u = int32(v)
			}
		}
		if u < 0 || s.dist[u] >= best {
			break
		}
		s.done[u] = true
		if f.load[u] < f.room[u] {
			if d := s.dist[u] + f.price[u] - f.paid; d < best {
				target, best = u, d
			}
		}
		f.open(u)
		reduced := s.dist[u] + f.price[u]
		for v, cost := range f.arc[u] {
			if cost == far || s.done[v] {
				continue
			}
			if d := reduced + cost - f.price[v]; d < s.dist[v] {
				s.dist[v], s.from[v] = d, u
			}
		}
	}
	for u := range s.dist {
		f.price[u] += min(s.dist[u], best)
	}
	f.paid += best
	return target
}

// drop takes a group that left a node out of the heads of its heaps, and with
// it what else has left under it; so heads are always of groups that are there.
func (f *flow) drop(u, group int32) {
	for v := range f.heaps[u] {
		h := &f.heaps[u][v]
		if len(*h) == 0 || (*h)[0].group != group {
			continue
		}
		for len(*h) > 0 && *f.at((*h)[0].group, u) == 0 {
			h.pop()
		}
		f.head(u, int32(v))
	}
}

// head reads the cost of the arc from u to v off its heap.
func (f *flow) head(u, v int32) {
	h := f.heaps[u][v]
	if len(h) == 0 {
		f.arc[u][v] = far
		return
	}
	cost := int64(h[0].cost)
	switch f.nobody() {
	case v:
		cost += f.penalty
	case u:
		cost -= f.penalty
	}
	f.arc[u][v] = cost
}

// open sorts those who are at a node by what each way on costs them.
func (f *flow) open(u int32) {
	if f.heaps[u] != nil {
		return
	}
	f.heaps[u], f.arc[u] = make([]heap, len(f.room)), make([]int64, len(f.room))
	slices.Sort(f.held[u])
	here := slices.DeleteFunc(slices.Compact(f.held[u]), func(g int32) bool { return *f.at(g, u) == 0 })
	many := make([]int, len(f.room))
	for _, g := range here {
		f.steps(g, u, func(v int32, _ step) { many[v]++ })
	}
	for v, n := range many {
		f.heaps[u][v] = make(heap, 0, n)
	}
	for _, g := range here {
		f.steps(g, u, func(v int32, s step) { f.heaps[u][v] = append(f.heaps[u][v], s) })
	}
	for v := range f.heaps[u] {
		f.heaps[u][v].init()
		f.head(u, int32(v))
	}
	f.held[u] = nil
}

// steps calls add for each way on of a group that is at u.
func (f *flow) steps(g, u int32, add func(int32, step)) {
	here := int32(0)
	if u != f.nobody() {
		here = f.ms[f.trip(g, u)]
		add(f.nobody(), step{-here, g})
	}
	for e := f.start[g]; e < f.start[g+1]; e++ {
		if v := f.to[e]; v != u {
			add(v, step{f.ms[e] - here, g})
		}
	}
}

// push moves as many people as the way to the target can take.
func (f *flow) push(s *paths, target int32) {
	source := target
	many := int64(math.MaxInt64)
	for v := target; s.from[v] >= 0; v = s.from[v] {
		u := s.from[v]
		many = min(many, *f.at(f.heaps[u][v][0].group, u))
		source = u
	}
	many = min(many, f.load[source]-f.room[source], f.room[target]-f.load[target])
	f.load[source] -= many
	f.load[target] += many
	type move struct{ group, from, to int32 }
	var moves []move
	for v := target; s.from[v] >= 0; v = s.from[v] {
		u := s.from[v]
		moves = append(moves, move{f.heaps[u][v][0].group, u, v})
	}
	for _, m := range moves {
		*f.at(m.group, m.from) -= many
	}
	for _, m := range moves {
		here := f.at(m.group, m.to)
		*here += many
		switch {
		case *here != many: // it was there before
		case f.heaps[m.to] == nil:
			f.held[m.to] = append(f.held[m.to], m.group)
		default:
			f.steps(m.group, m.to, func(v int32, s step) {
				f.heaps[m.to][v].push(s)
				f.head(m.to, v)
			})
		}
	}
	for _, m := range moves {
		if *f.at(m.group, m.from) == 0 {
			f.drop(m.from, m.group)
		}
	}
}

// document writes the figures out, facilities and areas in the order given.
func (f *flow) document(areas []Area, area []int32, people []int64, places []CapacityPlace, scale, withinS float64) *Capacity {
	out := &Capacity{WithinS: withinS, Loads: make([]FacilityLoad, len(places)), Areas: make([]CapacityArea, len(areas))}
	total := make([]int64, len(areas))
	assigned, full := make([]int64, len(areas)), make([]int64, len(areas))
	for i, p := range people {
		total[area[i]] += p
	}
	times, longest := make([]compensated, len(places)+1), make([]int32, len(places))
	for g, a := range f.area {
		full[a] += f.unkept[g]
		for e := f.start[g]; e < f.start[g+1]; e++ {
			if n := f.amount[e]; n > 0 {
				assigned[a] += n
				times[f.to[e]].add(float64(n) * float64(f.ms[e]))
				times[len(places)].add(float64(n) * float64(f.ms[e]))
				longest[f.to[e]] = max(longest[f.to[e]], f.ms[e])
			}
		}
	}
	mean := func(sum *compensated, people int64) *float64 {
		if people == 0 {
			return nil
		}
		m := sum.value() / float64(people) / 1000
		return &m
	}
	var capacities compensated
	for j, p := range places {
		r := f.rank[j]
		l := FacilityLoad{ID: p.ID, Name: p.Name, Names: p.Names, Capacity: p.Capacity, Assigned: float64(f.load[r]) / scale, MeanS: mean(&times[r], f.load[r])}
		if f.load[r] > 0 {
			s := float64(longest[r]) / 1000
			l.MaxS = &s
		}
		out.Loads[j] = l
		capacities.add(p.Capacity)
	}
	out.Total = capacities.value()
	var served, noRoom, beyond int64
	for a := range areas {
		rest := total[a] - assigned[a] - full[a]
		served, noRoom, beyond = served+assigned[a], noRoom+full[a], beyond+rest
		out.Areas[a] = CapacityArea{
			Code: areas[a].Code, Name: areas[a].Name, People: float64(total[a]) / scale,
			Assigned: float64(assigned[a]) / scale, Full: float64(full[a]) / scale, Beyond: float64(rest) / scale,
		}
	}
	out.Assigned, out.Full, out.Beyond = float64(served)/scale, float64(noRoom)/scale, float64(beyond)/scale
	out.MeanS = mean(&times[len(places)], served)
	return out
}
