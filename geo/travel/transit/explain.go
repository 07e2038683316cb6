package transit

import (
	"context"
	"math"
	"slices"

	"contado/geo/fault"
	"contado/geo/travel"
)

// LegKind says what happens on a leg.
type LegKind string

// The kinds of legs.
const (
	WalkLeg LegKind = "walk"
	WaitLeg LegKind = "wait"
	RideLeg LegKind = "ride"
)

// Leg is a part of a journey.
type Leg struct {
	Kind LegKind `json:"kind"`
	// From and To are names of stops; "" at the ends of the journey.
	From string `json:"from,omitempty"`
	To   string `json:"to,omitempty"`
	// FromStop and ToStop are their ids.
	FromStop string `json:"from_stop,omitempty"`
	ToStop   string `json:"to_stop,omitempty"`
	// Line, Mode, Headsign and Trip are those of a ride; Calls is the number of
	// stops from getting on to getting off.
	Line     string `json:"line,omitempty"`
	Mode     string `json:"mode,omitempty"`
	Headsign string `json:"headsign,omitempty"`
	Trip     string `json:"trip,omitempty"`
	Calls    int    `json:"calls,omitempty"`
	// Depart and Arrive are seconds of the service day: see Timetable.Clock.
	Depart  int32 `json:"depart_s"`
	Arrive  int32 `json:"arrive_s"`
	Seconds int32 `json:"seconds"`
}

// Journey is one way from leaving to arriving. The legs follow on each other
// without a gap.
type Journey struct {
	Depart   int32 `json:"depart_s"`
	Arrive   int32 `json:"arrive_s"`
	Seconds  int32 `json:"seconds"`
	Rides    int   `json:"rides"` // 0: on foot all the way
	Facility int32 `json:"facility"`
	Legs     []Leg `json:"legs"`
}

// Explain tells the journey between a cell and the nearest of the targets
// that leaves at a departure of the window (its number, from 0): the time is
// that of Times, by the first sample of frequencies.
//
// Errors: Invalid for a departure that is not there, NotExist when the cell is
// not wanted or no target can be reached.
func (r *Router) Explain(ctx context.Context, to Targets, col, row, departure int) (*Journey, error) {
	const op = "transit.Explain"
	if departure < 0 || departure >= r.t.count {
		return nil, fault.Errorf(op, fault.Invalid, "public transport: departure %d; the window has %d", departure, r.t.count)
	}
	cell := r.g.Surface.Cell(col, row)
	if cell < 0 || r.slot[cell] < 0 {
		return nil, fault.Errorf(op, fault.NotExist, "public transport: nobody can start from column %d, row %d", col, row)
	}
	direct, err := r.g.Engine.Compute(ctx, to.Sources, r.g.Options)
	if err != nil {
		return nil, err
	}
	start, finish := r.walksOf(cell), r.ends(direct, to.Beyond)
	if r.g.Options.Direction == travel.FromFacility {
		start, finish = finish, start
	}
	at := r.t.departure(departure)
	rs := r.t.rounds(r.schedules[0], r.changes, true)
	rs.depart(at, start)
	best, place := never, int32(-1)
	for a, l := range rs.arrived[rs.levels-1] {
		if w := finish.Seconds[r.t.places[a].stop]; l != never && w >= 0 {
			if end := l.later(w); place < 0 || end.seconds() < best.seconds() {
				best, place = end, int32(a)
			}
		}
	}
	onFoot := direct.Seconds[cell]
	if place >= 0 && float32(best.seconds()-at) < onFoot {
		j, from := rs.trace(at, place, start, finish)
		if j.Facility = start.Facility[from]; r.g.Options.Direction == travel.ToFacility {
			j.Facility = finish.Facility[r.t.places[place].stop]
		}
		return j, nil
	}
	if math.IsInf(float64(onFoot), 1) {
		return nil, fault.Errorf(op, fault.NotExist, "public transport: nothing can be reached from column %d, row %d", col, row)
	}
	s := whole(onFoot)
	return &Journey{
		Depart: at, Arrive: at + s, Seconds: s, Facility: direct.Nearest[cell],
		Legs: []Leg{{Kind: WalkLeg, Depart: at, Arrive: at + s, Seconds: s}},
	}, nil
}

// walksOf are the walks between a cell and the stops that count for it; the
// facility means nothing.
func (r *Router) walksOf(cell int) *Ends {
	e := &Ends{Seconds: slices.Repeat([]int32{-1}, len(r.t.stops)), Facility: make([]int32, len(r.t.stops))}
	slot := r.slot[cell]
	for _, p := range r.pairs[slot] {
		for _, s := range r.groups[p.group].stops {
			e.Seconds[s] = p.seconds + r.extra[s]
		}
	}
	return e
}

// trace follows the rides back from where people got off last; first is the
// stop where they got on first.
func (r *rounds) trace(at, place int32, start, finish *Ends) (j *Journey, first int32) {
	type hop struct {
		ride
		board, alight int32
		from          origin
	}
	var hops []hop
	for level := int8(r.levels - 1); place >= 0; {
		c := r.came[level][place]
		b := r.s.board[r.s.patterns[c.pattern].places+c.boarded]
		from := r.got[c.level][b]
		hops = append(hops, hop{c, b, place, from})
		place, level = from.place, from.level
	}
	slices.Reverse(hops)
	j = &Journey{Depart: at, Rides: len(hops)}
	w := writer{t: r.t, j: j, now: at}
	for i, h := range hops {
		stop := r.t.places[h.board].stop
		if i == 0 {
			first = stop
			w.walk(-1, stop, start.Seconds[stop])
		} else {
			last := hops[i-1].alight
			to, seconds := r.c.of(last)
			walk := seconds[slices.Index(to, h.board)] - *r.t.o.Slack
			w.walk(r.t.places[last].stop, stop, max(walk, 0))
		}
		p := &r.s.patterns[h.pattern]
		times := p.times + h.run*p.n
		w.ride(r.s.template[p.run+h.run], stop, r.t.places[h.alight].stop, r.s.departure[times+h.boarded], r.s.arrival[times+h.alighted], h.alighted-h.boarded)
	}
	last := r.t.places[hops[len(hops)-1].alight].stop
	w.walk(last, -1, finish.Seconds[last])
	j.Arrive, j.Seconds = w.now, w.now-at
	return j, first
}

// writer writes legs.
type writer struct {
	t   *Timetable
	j   *Journey
	now int32
}

func (w *writer) leg(l Leg, from, to int32) {
	if from >= 0 {
		l.From, l.FromStop = w.t.stops[from].Name, w.t.stops[from].ID
	}
	if to >= 0 {
		l.To, l.ToStop = w.t.stops[to].Name, w.t.stops[to].ID
	}
	l.Seconds = l.Arrive - l.Depart
	w.j.Legs = append(w.j.Legs, l)
	w.now = l.Arrive
}

// walk adds a walk between stops, −1 being the ends; none when one stays at a
// stop.
func (w *writer) walk(from, to, seconds int32) {
	if from != to {
		w.leg(Leg{Kind: WalkLeg, Depart: w.now, Arrive: w.now + seconds}, from, to)
	}
}

// ride adds the wait for a run and the ride.
func (w *writer) ride(template, from, to, departure, arrival, calls int32) {
	if departure > w.now {
		w.leg(Leg{Kind: WaitLeg, Depart: w.now, Arrive: departure}, from, from)
	}
	trip := &w.t.trips[w.t.templates[template].trip]
	route := &w.t.routes[trip.Route]
	w.leg(Leg{
		Kind: RideLeg, Line: route.Name, Mode: route.Mode, Headsign: trip.Headsign, Trip: trip.ID, Calls: int(calls),
		Depart: departure, Arrive: arrival,
	}, from, to)
}
