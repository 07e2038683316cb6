package road

import (
	"github.com/paulmach/orb"

	"contado/geo/fault"
)

// Leg is a stretch of a route along one way at one speed.
type Leg struct {
	Way       Way
	Metres    float64
	Seconds   float64
	Up, Down  float64 // metres climbed and gone down
	Speed     Speed   // on the level; of ferries none
	Line      orb.LineString
	firstEdge int
}

// Route is a way over the network, in the direction of travel.
type Route struct {
	Facility int32
	Seconds  float64 // of the legs, without what the seed adds
	Seed     Seed    // where it leaves or enters the network at the facility's side
	Legs     []Leg
}

// part is a stretch of an arc, from and to by its line (0 to 1).
type part struct {
	arc      uint32
	from, to float32
}

// Route gives the way between a place and its best seed. Errors: NotExist when
// the place is not reached.
func (t *Times) Route(edge int, along float32) (*Route, error) {
	if edge < 0 || edge >= len(t.g.edges) || !(along >= 0 && along <= 1) {
		return nil, fault.Errorf(opSearch, fault.Invalid, "road route: edge %d at %g is no place of the network", edge, along)
	}
	label, via, seed := t.trace(edge, along)
	if label == Unreached {
		return nil, fault.Errorf(opSearch, fault.NotExist, "road route: no facility can be reached from edge %d at %g", edge, along)
	}
	var parts []part
	if seed >= 0 {
		parts = []part{t.stretch(via, along, t.seeds[seed].Along)}
	} else {
		parts, seed = t.follow(via, along)
	}
	if !t.back { // gathered from the place to the seed
		for i, j := 0, len(parts)-1; i < j; i, j = i+1, j-1 {
			parts[i], parts[j] = parts[j], parts[i]
		}
	}
	r := &Route{Facility: label.Facility(), Seed: t.seeds[seed]}
	for _, p := range parts {
		t.g.addLeg(r, p)
	}
	return r, nil
}

// stretch is the part of an arc between a place and a seed, in the direction
// of travel.
func (t *Times) stretch(arc uint32, place, seed float32) part {
	if t.back {
		return part{arc, place, seed}
	}
	return part{arc, seed, place}
}

// follow goes from state to state until a seed's edge, by labels alone: that
// of a state is what it has from one of its links or seeds, to the
// millisecond.
func (t *Times) follow(via uint32, along float32) ([]part, int) {
	g := t.g
	end, start := float32(1-via&1), float32(via&1)
	var state uint32
	var parts []part
	if t.back {
		state, parts = g.entry(via), []part{{via, along, end}}
	} else {
		state, parts = t.origin(via), []part{{via, start, along}}
	}
	links := &g.reverse
	if t.back {
		links = &g.forward
	}
	for {
		if p, seed, ok := t.home(state); ok {
			return append(parts, p), seed
		}
		label := t.labels[state]
		for _, l := range links.of(state) {
			if before := t.labels[l.state]; before != Unreached && before.add(l.millis, t.limit) == label {
				parts = append(parts, part{l.arc, float32(l.arc & 1), float32(1 - l.arc&1)})
				state = l.state
				break
			}
		}
		if t.labels[state] == label {
			return parts, 0 // cannot be: labels fall along links
		}
	}
}

// origin is the state that an arc was taken from.
func (t *Times) origin(arc uint32) uint32 {
	tail := t.g.tail(arc)
	if t.labels[tail] == t.end(arc) {
		return tail
	}
	for _, s := range t.g.states.further(tail) {
		if t.labels[s] == t.end(arc) && !t.g.states.inner[int(s)-t.g.states.nodes][arc].banned {
			return s
		}
	}
	return tail
}

// home finds a seed on an edge at a state that gives it its label.
func (t *Times) home(state uint32) (p part, seed int, ok bool) {
	g := t.g
	at := g.states.node(state)
	for _, out := range g.arcs[g.head[at]:g.head[at+1]] {
		arc := out // leads towards the seed when back; else the seed's arc leads here
		if !t.back {
			arc = out ^ 1
		}
		if g.millis[arc] == never || !t.mayStart(state, arc) {
			continue
		}
		for i := firstSeed(t.seeds, int(arc>>1)); i < len(t.seeds) && t.seeds[i].Edge == int32(arc>>1); i++ {
			s := &t.seeds[i]
			done := g.share(arc, s.Along)
			node := float32(arc & 1)
			if !t.back {
				done, node = g.millis[arc]-done, 1-node
			}
			if labelOf(s.Millis, s.Facility).add(done, t.limit) == t.labels[state] {
				return t.stretch(arc, node, s.Along), i, true
			}
		}
	}
	return part{}, 0, false
}

// mayStart reports whether a seed on an arc counts for a state.
func (t *Times) mayStart(state, arc uint32) bool {
	g := t.g
	if !t.back {
		return g.entry(arc) == state
	}
	k := int(state) - g.states.nodes
	return k < 0 || !g.states.inner[k][arc].banned
}

// addLeg adds a part to a route, joining it to the leg before when both are
// the same road at the same speed.
func (g *Graph) addLeg(r *Route, p part) {
	share := p.to - p.from
	if share < 0 {
		share = -share
	}
	if share == 0 {
		return
	}
	edge := int(p.arc >> 1)
	leg := Leg{
		Way: g.Way(edge), Metres: g.Metres(edge) * float64(share), Seconds: float64(g.share(p.arc, p.to)-g.share(p.arc, p.from)) / 1000,
		Line: g.cut(p), firstEdge: edge,
	}
	up, down := g.Climb(edge)
	if p.arc&1 == 1 {
		up, down = down, up
	}
	leg.Up, leg.Down = up*float64(share), down*float64(share)
	if leg.Way.Class != ferry {
		leg.Speed, _ = g.speed(p.arc)
	}
	r.Seconds += leg.Seconds
	if n := len(r.Legs); n > 0 && sameRoad(&r.Legs[n-1], &leg) {
		last := &r.Legs[n-1]
		last.Metres, last.Seconds, last.Up, last.Down = last.Metres+leg.Metres, last.Seconds+leg.Seconds, last.Up+leg.Up, last.Down+leg.Down
		last.Line = append(last.Line, leg.Line[1:]...)
		return
	}
	r.Legs = append(r.Legs, leg)
}

func sameRoad(a, b *Leg) bool {
	return a.Way.Name == b.Way.Name && a.Way.Ref == b.Way.Ref && a.Way.Class == b.Way.Class && a.Speed == b.Speed &&
		a.Way.Bridge == b.Way.Bridge && a.Way.Tunnel == b.Way.Tunnel
}

// cut is the line of a part, in the direction of travel.
func (g *Graph) cut(p part) orb.LineString {
	line := orb.LineString(g.Shape(int(p.arc>>1), nil))
	lo, hi := min(p.from, p.to), max(p.from, p.to)
	total := 0.0
	for i := 1; i < len(line); i++ {
		total += lengthOf(quantize(line[i-1]), quantize(line[i]))
	}
	from, to := float64(lo)*total, float64(hi)*total
	out := orb.LineString{}
	done := 0.0
	for i := 1; i < len(line); i++ {
		d := lengthOf(quantize(line[i-1]), quantize(line[i]))
		place := func(at float64) orb.Point {
			t := min(max((at-done)/max(d, 1e-9), 0), 1)
			return orb.Point{line[i-1][0] + t*(line[i][0]-line[i-1][0]), line[i-1][1] + t*(line[i][1]-line[i-1][1])}
		}
		if done+d >= from && len(out) == 0 {
			out = append(out, place(from))
		}
		if len(out) > 0 {
			if done+d >= to || i == len(line)-1 {
				out = append(out, place(to))
				break
			}
			out = append(out, line[i])
		}
		done += d
	}
	if p.from > p.to {
		out.Reverse()
	}
	return out
}
