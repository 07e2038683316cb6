package transit

// rounds is a search from the facilities, or from anywhere, forward in time:
// in each round people ride once more. Labels stay from one departure to the
// next, which leaves earlier: what does not arrive earlier too is of no use.
type rounds struct {
	t      *Timetable
	s      *schedule
	c      *changes
	boards [][]int32 // places of each stop where people get on
	levels int
	// ready is when people may get on at a place, arrived when they get off,
	// after so many rides or fewer: one level when rides are not bounded.
	ready, arrived [][]label
	// got and came say how, when the way is to be told: by level and place.
	got  [][]origin
	came [][]ride

	marked   []int32 // places to board at in this round
	isMarked []bool
	off      []int32 // places got off at in this round
	isOff    []bool
	start    []int32 // of each pattern: first position to look at, −1
	queue    []int32 // patterns
	news     []int32 // places with a new arrival at the last level
	isNews   []bool
}

// origin is where people come from to get on: a place that they got off at,
// −1 when they walked from the start.
type origin struct {
	level int8
	place int32
}

// ride is how people came to a place.
type ride struct {
	level             int8 // of ready
	pattern, run      int32
	boarded, alighted int32 // positions
}

func (t *Timetable) rounds(s *schedule, c *changes, tell bool) *rounds {
	n := len(t.places)
	r := &rounds{
		t: t, s: s, c: c, levels: max(t.o.MaxRides, 1), boards: make([][]int32, len(t.stops)),
		isMarked: make([]bool, n), isOff: make([]bool, n), isNews: make([]bool, n), start: make([]int32, len(s.patterns)),
	}
	boards, _ := t.sides()
	for p, ok := range boards {
		if ok {
			r.boards[t.places[p].stop] = append(r.boards[t.places[p].stop], int32(p))
		}
	}
	for i := range r.start {
		r.start[i] = -1
	}
	for range r.levels {
		ready, arrived := make([]label, n), make([]label, n)
		for i := range ready {
			ready[i], arrived[i] = never, never
		}
		r.ready, r.arrived = append(r.ready, ready), append(r.arrived, arrived)
		if tell {
			r.got, r.came = append(r.got, make([]origin, n)), append(r.came, make([]ride, n))
		}
	}
	return r
}

// depart finds what is reached by leaving at a time; r.news are the places
// with an earlier arrival than before.
func (r *rounds) depart(at int32, ends *Ends) {
	for _, p := range r.news {
		r.isNews[p] = false
	}
	r.news = r.news[:0]
	slack := *r.t.o.Slack
	for stop, w := range ends.Seconds {
		if w < 0 {
			continue
		}
		for _, b := range r.boards[stop] {
			r.board(0, b, makeLabel(at+w+slack, ends.Facility[stop]), origin{0, -1})
		}
	}
	for k := 0; len(r.marked) > 0; k++ {
		level := min(k, r.levels-1)
		r.collect()
		for _, p := range r.queue {
			r.ride(level, p, r.start[p])
			r.start[p] = -1
		}
		r.queue = r.queue[:0]
		last := r.t.o.MaxRides > 0 && k+1 == r.t.o.MaxRides
		for _, a := range r.off {
			r.isOff[a] = false
			if last {
				continue
			}
			to, seconds := r.c.of(a)
			for i, b := range to {
				r.board(min(k+1, r.levels-1), b, r.arrived[level][a].later(seconds[i]), origin{int8(level), a})
			}
		}
		r.off = r.off[:0]
	}
}

// board offers a label to a place where people get on.
func (r *rounds) board(level int, b int32, l label, from origin) {
	if l >= r.ready[level][b] {
		return
	}
	for k := level; k < r.levels && l < r.ready[k][b]; k++ {
		r.ready[k][b] = l
		if r.got != nil {
			r.got[k][b] = from
		}
	}
	if !r.isMarked[b] {
		r.isMarked[b] = true
		r.marked = append(r.marked, b)
	}
}

// collect queues the patterns that stop at marked places.
func (r *rounds) collect() {
	for _, b := range r.marked {
		r.isMarked[b] = false
		for _, v := range r.s.visits[r.s.visitFirst[b]:r.s.visitFirst[b+1]] {
			switch at := r.start[v.pattern]; {
			case at < 0:
				r.start[v.pattern] = v.position
				r.queue = append(r.queue, v.pattern)
			case v.position < at:
				r.start[v.pattern] = v.position
			}
		}
	}
	r.marked = r.marked[:0]
}

// ride goes along a pattern, on the earliest run that can be had.
func (r *rounds) ride(level int, id, from int32) {
	s := r.s
	p := &s.patterns[id]
	run, facility, boarded := p.runs, int32(0), int32(0) // p.runs: none
	ready, arrived := r.ready[level], r.arrived[level]
	for k := from; k < p.n; k++ {
		if a := s.alight[p.places+k]; a >= 0 && run < p.runs {
			if l := makeLabel(s.arrival[p.times+run*p.n+k], facility); l < arrived[a] {
				r.arrive(level, a, l, ride{int8(level), id, run, boarded, k})
			}
		}
		b := s.board[p.places+k]
		if b < 0 || ready[b] == never {
			continue
		}
		if next := r.earliest(p, k, ready[b].seconds(), run); next < run {
			run, facility, boarded = next, ready[b].facility(), k
		}
	}
}

// earliest is the first run of those before limit that leaves a position at
// or after a time; limit when there is none.
func (r *rounds) earliest(p *pattern, position, at, limit int32) int32 {
	lo, hi := int32(0), limit
	for lo < hi {
		if mid := (lo + hi) / 2; r.s.departure[p.times+mid*p.n+position] < at {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo
}

// arrive notes a better arrival.
func (r *rounds) arrive(level int, a int32, l label, how ride) {
	for k := level; k < r.levels && l < r.arrived[k][a]; k++ {
		r.arrived[k][a] = l
		if r.came != nil {
			r.came[k][a] = how
		}
	}
	if !r.isOff[a] {
		r.isOff[a] = true
		r.off = append(r.off, a)
	}
	if r.arrived[r.levels-1][a] == l && !r.isNews[a] {
		r.isNews[a] = true
		r.news = append(r.news, a)
	}
}

// forward gives for each stop the entries by falling departure of the window
// (its number) and falling arrival at the stop, after one ride or more.
func (t *Timetable) forward(s *schedule, c *changes, ends *Ends) [][]entry {
	r := t.rounds(s, c, false)
	out := make([][]entry, len(t.stops))
	for i := t.count - 1; i >= 0; i-- {
		r.depart(t.departure(i), ends)
		for _, a := range r.news {
			push(&out[t.places[a].stop], entry{int32(i), r.arrived[r.levels-1][a]})
		}
	}
	return out
}
