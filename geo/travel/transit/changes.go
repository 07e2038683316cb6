package transit

// Walk is how long people walk from one stop to another, in whole seconds.
type Walk struct {
	From, To int32 // stops
	Seconds  int32
}

// changes are the ways from where people get off to where they get on, in
// lists by the place of the first.
type changes struct {
	first   []int32 // of each place; one more than there are places
	to      []int32 // places
	seconds []int32 // from getting off until one may get on, slack included
}

// of gives the changes from a place.
func (c *changes) of(place int32) (to, seconds []int32) {
	a, b := c.first[place], c.first[place+1]
	return c.to[a:b], c.seconds[a:b]
}

// sides tells of each place whether people get on and off there.
func (t *Timetable) sides() (boards, alights []bool) {
	boards, alights = make([]bool, len(t.places)), make([]bool, len(t.places))
	for i := range t.calls {
		if p := t.calls[i].board; p >= 0 {
			boards[p] = true
		}
		if p := t.calls[i].alight; p >= 0 {
			alights[p] = true
		}
	}
	return boards, alights
}

// changes puts walks and rules together. Every stop has a walk of 0 to
// itself.
func (t *Timetable) changes(walks []Walk) *changes {
	boards, alights := t.sides()
	at := make([][]int32, len(t.stops)) // places where people get on
	for p, ok := range boards {
		if ok {
			at[t.places[p].stop] = append(at[t.places[p].stop], int32(p))
		}
	}
	near := make([][]Walk, len(t.stops))
	for i := range t.stops {
		near[i] = append(near[i], Walk{int32(i), int32(i), 0})
	}
	for _, w := range walks {
		if w.From != w.To {
			near[w.From] = append(near[w.From], w)
		}
	}
	rules := t.rulesFrom()
	t.addRuled(near, rules)
	c := &changes{first: make([]int32, len(t.places)+1)}
	for p := range t.places {
		if alights[p] {
			from := t.places[p]
			for _, w := range near[from.stop] {
				for _, b := range at[w.To] {
					if s, ok := t.change(&from, &t.places[b], w.Seconds, rules[from.stop]); ok {
						c.to = append(c.to, b)
						c.seconds = append(c.seconds, s)
					}
				}
			}
		}
		c.first[p+1] = int32(len(c.to))
	}
	return c
}

// rulesFrom lists the rules by the stops that they lead from.
func (t *Timetable) rulesFrom() map[int32][]*Transfer {
	out := map[int32][]*Transfer{}
	s := settler{Timetable: t}
	for i := range t.rules {
		r := &t.rules[i]
		if r.From < 0 || r.To < 0 {
			continue
		}
		for _, stop := range s.covers(r.From) {
			out[stop] = append(out[stop], r)
		}
	}
	return out
}

// notWalked is the walk between stops that only a rule connects.
const notWalked = -1

// addRuled adds the pairs of stops that rules connect and no walk does.
func (t *Timetable) addRuled(near [][]Walk, rules map[int32][]*Transfer) {
	s := settler{Timetable: t}
	for from, list := range rules {
		for _, r := range list {
			if r.Type == 3 || r.Type == 5 {
				continue
			}
			for _, to := range s.covers(r.To) {
				known := false
				for _, w := range near[from] {
					known = known || w.To == to
				}
				if !known {
					near[from] = append(near[from], Walk{from, to, notWalked})
				}
			}
		}
	}
}

// change is how long a change takes; false when there is none.
func (t *Timetable) change(from, to *place, walk int32, rules []*Transfer) (int32, bool) {
	var best *Transfer
	weight := -1
	for _, r := range rules {
		if w := t.fits(r, from, to); w > weight {
			best, weight = r, w
		}
	}
	usual := max(walk+*t.o.Slack, 1)
	if best == nil {
		return usual, walk != notWalked
	}
	switch best.Type {
	case 1, 4:
		return 0, true
	case 2:
		if best.MinTime >= 0 {
			return best.MinTime, true
		}
	case 3:
		return 0, false
	}
	if walk == notWalked {
		return best.MinTime, best.MinTime >= 0
	}
	return usual, true
}

// fits says how narrowly a rule fits a change, in the order of the
// specification: both trips, trip and route, one trip, both routes, one route,
// stops; −1 when it does not.
func (t *Timetable) fits(r *Transfer, from, to *place) int {
	if r.To != to.stop && t.stops[to.stop].Parent != r.To {
		return -1
	}
	weight := 0
	for _, side := range [2]struct {
		trip, route int32
		p           *place
	}{{r.FromTrip, r.FromRoute, from}, {r.ToTrip, r.ToRoute, to}} {
		switch {
		case side.trip >= 0:
			if side.trip != side.p.trip {
				return -1
			}
			weight += 3
		case side.route >= 0:
			if side.route != side.p.route {
				return -1
			}
			weight++
		}
	}
	return weight
}
