package transit

import (
	"cmp"
	"encoding/binary"
	"slices"
)

// place is where people get on or off: a stop, or a stop as far as one trip or
// route is concerned when rules about changing name it. The first places are
// the stops.
type place struct {
	stop  int32
	trip  int32 // −1: any
	route int32 // −1: any without a place of its own
}

// settle makes the places of the calls, and patterns of equal places.
func (t *Timetable) settle(rules []Transfer) {
	t.rules = slices.Concat(rules, t.seated())
	for i := range t.stops {
		t.places = append(t.places, place{int32(i), -1, -1})
	}
	s := settler{Timetable: t, known: map[place]int32{}}
	s.narrow()
	patterns := map[string]int32{}
	used := map[int32]bool{}
	var key []byte
	for i := range t.templates {
		tp := &t.templates[i]
		key = key[:0]
		calls := t.calls[tp.from:][:tp.n]
		for k := range calls {
			c := &calls[k]
			if c.board >= 0 {
				c.board = s.place(c.stop, tp.trip, true)
			}
			if c.alight >= 0 {
				c.alight = s.place(c.stop, tp.trip, false)
			}
			used[c.stop] = true
			key = binary.LittleEndian.AppendUint32(key, uint32(c.board))
			key = binary.LittleEndian.AppendUint32(key, uint32(c.alight))
		}
		p, ok := patterns[string(key)]
		if !ok {
			p = int32(len(patterns))
			patterns[string(key)] = p
		}
		tp.pattern = p
	}
	t.notes.Runs, t.notes.Stops = len(t.runs), len(used)
}

// seated makes rules of the blocks: who stays in a vehicle that goes on as
// another trip at the same stop, within less time than a change takes, need
// not change. With more time the two are the same.
func (t *Timetable) seated() []Transfer {
	type leg struct {
		block      string
		start, end int32
		template   int32
	}
	var legs []leg
	for _, r := range t.runs {
		tp := &t.templates[r.template]
		if b := t.trips[tp.trip].Block; b != "" {
			calls := t.calls[tp.from:][:tp.n]
			legs = append(legs, leg{b, calls[0].departure + r.shift, calls[tp.n-1].arrival + r.shift, r.template})
		}
	}
	slices.SortFunc(legs, func(a, b leg) int {
		return cmp.Or(cmp.Compare(a.block, b.block), cmp.Compare(a.start, b.start), cmp.Compare(a.template, b.template))
	})
	var out []Transfer
	seen := map[[2]int32]bool{}
	for i := 1; i < len(legs); i++ {
		a, b := legs[i-1], legs[i]
		wait := b.start - a.end
		if a.block != b.block || wait < 0 || wait >= *t.o.Slack {
			continue
		}
		from, to := &t.templates[a.template], &t.templates[b.template]
		last, first := t.calls[from.from+from.n-1].stop, t.calls[to.from].stop
		if key := [2]int32{from.trip, to.trip}; last == first && !seen[key] {
			seen[key] = true
			out = append(out, Transfer{From: last, To: first, FromRoute: -1, ToRoute: -1, FromTrip: from.trip, ToTrip: to.trip, Type: 4})
		}
	}
	return out
}

// settler finds which trips and routes rules name where.
type settler struct {
	*Timetable
	known map[place]int32
	named [2]map[place]bool // alighting, boarding
	// children are the stops of stations.
	children map[int32][]int32
}

// narrow notes the trips and routes that rules name, at the stops that they
// are about. Rules about staying seated need no stops.
func (s *settler) narrow() {
	s.named = [2]map[place]bool{{}, {}}
	ends := map[int32][2]int32{} // of trips: first and last stop
	for i := range s.templates {
		tp := &s.templates[i]
		ends[tp.trip] = [2]int32{s.calls[tp.from].stop, s.calls[tp.from+tp.n-1].stop}
	}
	for i := range s.rules {
		r := &s.rules[i]
		if r.Type >= 4 {
			if e, ok := ends[r.FromTrip]; ok && r.From < 0 {
				r.From = e[1]
			}
			if e, ok := ends[r.ToTrip]; ok && r.To < 0 {
				r.To = e[0]
			}
		}
		for side, p := range [2]place{{r.From, r.FromTrip, r.FromRoute}, {r.To, r.ToTrip, r.ToRoute}} {
			if p.stop < 0 || p.trip < 0 && p.route < 0 {
				continue
			}
			if p.trip >= 0 {
				p.route = -1
			}
			for _, stop := range s.covers(p.stop) {
				s.named[side][place{stop, p.trip, p.route}] = true
			}
		}
	}
}

// covers is a stop, or it and all stops of a station.
func (s *settler) covers(stop int32) []int32 {
	if s.children == nil {
		s.children = map[int32][]int32{}
		for i := range s.stops {
			if p := s.stops[i].Parent; p >= 0 {
				s.children[p] = append(s.children[p], int32(i))
			}
		}
	}
	return append([]int32{stop}, s.children[stop]...)
}

// place is where the riders of a trip get on or off at a stop.
func (s *settler) place(stop, trip int32, board bool) int32 {
	named := s.named[0]
	if board {
		named = s.named[1]
	}
	route := s.trips[trip].Route
	var p place
	switch {
	case named[place{stop, trip, -1}]:
		p = place{stop, trip, route}
	case named[place{stop, -1, route}]:
		p = place{stop, -1, route}
	default:
		return stop
	}
	id, ok := s.known[p]
	if !ok {
		id = int32(len(s.places))
		s.known[p] = id
		s.places = append(s.places, p)
	}
	return id
}
