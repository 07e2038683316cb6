package transit

import (
	"cmp"
	"hash/fnv"
	"slices"
)

// schedule is a timetable with all runs at set times, in compact arrays.
type schedule struct {
	patterns []pattern
	// board and alight are the places of each position of the patterns.
	board, alight []int32
	// arrival and departure are the times by pattern, run and position.
	arrival, departure []int32
	template           []int32 // of each run
	// visits of each place where people get on, in lists.
	visitFirst []int32
	visits     []visit
	hops       []hop // from the last departure to the first
}

// pattern is a list of runs over the same places, none of which overtakes
// another: they rise at every position.
type pattern struct {
	places int32 // first position
	n      int32 // positions
	run    int32 // first run
	runs   int32
	times  int32 // first time; run r, position k is at times + r·n + k
}

type visit struct{ pattern, position int32 }

// hop is a ride from one call of a run to the next.
type hop struct {
	departure, arrival int32
	board, alight      int32 // places, −1 where people may not
	run                int32
	position           int32 // of the departure
}

// sample makes the schedule of sample k.
func (t *Timetable) sample(k int) *schedule {
	runs := slices.Clone(t.runs)
	for i, h := range t.headways {
		tp := &t.templates[h.template]
		first := t.calls[tp.from].departure
		for s := h.start + t.offset(i, k); s < h.end; s += h.every {
			runs = append(runs, run{h.template, s - first})
		}
	}
	slices.SortFunc(runs, func(a, b run) int {
		x, y := &t.templates[a.template], &t.templates[b.template]
		return cmp.Or(cmp.Compare(x.pattern, y.pattern), cmp.Compare(t.calls[x.from].departure+a.shift, t.calls[y.from].departure+b.shift),
			cmp.Compare(t.calls[x.from+x.n-1].arrival+a.shift, t.calls[y.from+y.n-1].arrival+b.shift), cmp.Compare(a.template, b.template))
	})
	s := &schedule{}
	for len(runs) > 0 {
		n := 1
		for n < len(runs) && t.templates[runs[n].template].pattern == t.templates[runs[0].template].pattern {
			n++
		}
		for _, list := range t.rising(runs[:n]) {
			s.add(t, list)
		}
		runs = runs[n:]
	}
	s.index(len(t.places))
	return s
}

// offset is the part of the headway that passes before the first run: points
// of a lattice of rank 1 with a generator of its own for each of the first
// samples−1 frequencies (samples is a prime), from a place drawn by the trip.
func (t *Timetable) offset(i, k int) int32 {
	h := &t.headways[i]
	key := fnv.New64a()
	_, _ = key.Write([]byte(t.trips[t.templates[h.template].trip].ID)) // never fails
	m := t.samples
	step := 1
	if m > 1 {
		step += i % (m - 1)
	}
	at := (k*step + int(key.Sum64()%uint64(m))) % m
	return int32((float64(at) + 0.5) / float64(m) * float64(h.every))
}

// prime is the least prime number not below n.
func prime(n int) int {
	for ; ; n++ {
		ok := n > 1
		for d := 2; d*d <= n; d++ {
			ok = ok && n%d != 0
		}
		if ok {
			return n
		}
	}
}

// rising parts runs of equal places, sorted by departure, into lists in which
// none overtakes another.
func (t *Timetable) rising(runs []run) [][]run {
	var out [][]run
next:
	for _, r := range runs {
		for i, list := range out {
			if t.follows(list[len(list)-1], r) {
				out[i] = append(list, r)
				continue next
			}
		}
		out = append(out, []run{r})
	}
	return out
}

// follows tells whether b is nowhere before a.
func (t *Timetable) follows(a, b run) bool {
	x, y := &t.templates[a.template], &t.templates[b.template]
	if x == y {
		return a.shift <= b.shift
	}
	for k := range x.n {
		c, d := &t.calls[x.from+k], &t.calls[y.from+k]
		if d.arrival+b.shift < c.arrival+a.shift || d.departure+b.shift < c.departure+a.shift {
			return false
		}
	}
	return true
}

// add makes a pattern and its hops.
func (s *schedule) add(t *Timetable, runs []run) {
	first := &t.templates[runs[0].template]
	p := pattern{places: int32(len(s.board)), n: first.n, run: int32(len(s.template)), runs: int32(len(runs)), times: int32(len(s.arrival))}
	s.patterns = append(s.patterns, p)
	for _, c := range t.calls[first.from:][:first.n] {
		s.board = append(s.board, c.board)
		s.alight = append(s.alight, c.alight)
	}
	for _, r := range runs {
		tp := &t.templates[r.template]
		calls := t.calls[tp.from:][:tp.n]
		id := int32(len(s.template))
		s.template = append(s.template, r.template)
		for k, c := range calls {
			s.arrival = append(s.arrival, c.arrival+r.shift)
			s.departure = append(s.departure, c.departure+r.shift)
			if k > 0 {
				b := &calls[k-1]
				s.hops = append(s.hops, hop{b.departure + r.shift, c.arrival + r.shift, b.board, c.alight, id, int32(k - 1)})
			}
		}
	}
}

// index sorts the hops and lists the visits of places.
func (s *schedule) index(places int) {
	slices.SortFunc(s.hops, func(a, b hop) int {
		return cmp.Or(cmp.Compare(b.departure, a.departure), cmp.Compare(b.arrival, a.arrival), cmp.Compare(b.position, a.position), cmp.Compare(a.run, b.run))
	})
	s.visitFirst = make([]int32, places+1)
	each := func(yield func(place int32, v visit)) {
		for i, p := range s.patterns {
			for k := range p.n - 1 { // nobody gets on at the end
				if b := s.board[p.places+k]; b >= 0 {
					yield(b, visit{int32(i), k})
				}
			}
		}
	}
	each(func(b int32, _ visit) { s.visitFirst[b+1]++ })
	for i := range places {
		s.visitFirst[i+1] += s.visitFirst[i]
	}
	s.visits = make([]visit, s.visitFirst[places])
	at := slices.Clone(s.visitFirst[:places])
	each(func(b int32, v visit) {
		s.visits[at[b]] = v
		at[b]++
	})
}
