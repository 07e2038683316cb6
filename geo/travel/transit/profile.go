package transit

// label is an arrival and the facility arrived at (or left from); labels
// compare as times do, and equal times as facilities: see makeLabel.
type label uint64

// never is the label of what is not reached.
const never = label(1)<<63 - 1

// makeLabel packs seconds of the day, which may be negative, and a facility.
func makeLabel(seconds, facility int32) label {
	return label(uint64(int64(seconds)+1<<30)<<32 | uint64(uint32(facility)))
}

func (l label) seconds() int32  { return int32(int64(l>>32) - 1<<30) }
func (l label) facility() int32 { return int32(uint32(l)) }

// later moves the time of a label; never stays.
func (l label) later(seconds int32) label {
	if l == never {
		return never
	}
	return l + label(uint64(int64(seconds)<<32))
}

// Ends are walks between stops and the facilities: Seconds of each stop, −1
// where there is none, and the nearest facility.
type Ends struct {
	Seconds  []int32
	Facility []int32
}

// entry says that who is at a place at the moment at, or before, arrives by
// the label.
type entry struct {
	at int32
	to label
}

// profile gives for each stop the entries by falling at and falling arrival:
// be there by at (slack included), and be at a facility by to, riding at least
// once.
//
// The scan goes over all hops from the last departure to the first and keeps
// for each run what it leads to when one stays seated, and for each place what
// boarding there leads to; with a bound on rides, one of each for every number
// of rides left.
func (t *Timetable) profile(s *schedule, c *changes, ends *Ends) [][]entry {
	levels := max(t.o.MaxRides, 1)
	p := profiler{t: t, c: c, ends: ends, levels: levels, seated: make([]label, levels*len(s.template)), boarding: make([][]entry, levels*len(t.places))}
	for i := range p.seated {
		p.seated[i] = never
	}
	out := make([][]entry, len(t.stops))
	slack := *t.o.Slack
	for i := range s.hops {
		h := &s.hops[i]
		for k := range levels {
			best := p.best(h, k)
			if best == never {
				continue
			}
			p.seated[k*len(s.template)+int(h.run)] = best
			if h.board < 0 {
				continue
			}
			push(&p.boarding[k*len(t.places)+int(h.board)], entry{h.departure, best})
			if k == levels-1 {
				push(&out[t.places[h.board].stop], entry{h.departure - slack, best})
			}
		}
	}
	return out
}

// push adds an entry that leaves no later than those before it, when it
// arrives earlier.
func push(list *[]entry, e entry) {
	n := len(*list)
	if n > 0 {
		last := &(*list)[n-1]
		if last.to <= e.to {
			return
		}
		if last.at == e.at {
			last.to = e.to
			return
		}
	}
	*list = append(*list, e)
}

type profiler struct {
	t        *Timetable
	c        *changes
	ends     *Ends
	levels   int
	seated   []label   // by level and run
	boarding [][]entry // by level and place, slack not included
}

// best is where a hop leads with k further rides (any number when there is
// one level).
func (p *profiler) best(h *hop, k int) label {
	runs := len(p.seated) / p.levels
	best := p.seated[k*runs+int(h.run)]
	if h.alight < 0 {
		return best
	}
	stop := p.t.places[h.alight].stop
	if w := p.ends.Seconds[stop]; w >= 0 {
		best = min(best, makeLabel(h.arrival+w, p.ends.Facility[stop]))
	}
	if p.t.o.MaxRides > 0 {
		if k == 0 {
			return best
		}
		k--
	}
	places := len(p.boarding) / p.levels
	to, seconds := p.c.of(h.alight)
	for i, b := range to {
		list := p.boarding[k*places+int(b)]
		// What is last arrives first of all: most changes end here.
		if n := len(list); n == 0 || list[n-1].to >= best {
			continue
		}
		best = min(best, find(list, h.arrival+seconds[i]))
	}
	return best
}

// find is the earliest arrival of who is there at a time.
func find(list []entry, at int32) label {
	lo, hi := 0, len(list) // entries before lo leave at or after it
	for lo < hi {
		if mid := (lo + hi) / 2; list[mid].at >= at {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	if lo == 0 {
		return never
	}
	return list[lo-1].to
}
