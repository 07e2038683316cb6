package transit

import (
	"cmp"
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
	// From and To are names of stops, their ids where they have none; "" at the
	// ends of the journey.
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

	// Start and End are the numbers of the stops, −1 at the ends of the journey;
	// of rides, Stops are all called at, with both ends.
	Start int32   `json:"-"`
	End   int32   `json:"-"`
	Stops []int32 `json:"-"`
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
	// Choice says which of the departures it is; nil when one was asked for.
	Choice *Choice `json:"choice,omitempty"`
}

// Choice is a departure whose time is a percentile of all, and what they are.
type Choice struct {
	Departure int `json:"departure"` // its number in the window, from 0
	Sample    int `json:"sample"`    // of frequencies, from 0
	// Times is how many departures, in all samples, were looked at; Nowhere of
	// them do not arrive. Least and Most are the times of those that do.
	Times   int     `json:"times"`
	Nowhere int     `json:"nowhere"`
	Least   float32 `json:"least_s"`
	Most    float32 `json:"most_s"`
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
	direct, cell, err := r.directTo(ctx, to, col, row)
	if err != nil {
		return nil, err
	}
	return r.tell(cell, direct, r.ends(direct, to.Beyond), departure, 0)
}

// ExplainPercentile tells the journey of the departure whose time is that of
// Times at a percentile: the first such of the first sample that has one.
//
// Errors: Invalid for a percentile that is none, NotExist when the cell is not
// wanted or so many departures arrive nowhere, Canceled.
func (r *Router) ExplainPercentile(ctx context.Context, to Targets, col, row int, percentile float64) (*Journey, error) {
	const op = "transit.Explain"
	if !(percentile >= 0 && percentile <= 100) {
		return nil, fault.Errorf(op, fault.Invalid, "public transport: percentile %g; want 0 to 100", percentile)
	}
	direct, cell, err := r.directTo(ctx, to, col, row)
	if err != nil {
		return nil, err
	}
	ends := r.ends(direct, to.Beyond)
	near, err := r.near(ctx, ends)
	if err != nil {
		return nil, err
	}
	c := counter{r: r, near: near, direct: direct, best: make([]label, r.t.count)}
	c.weigh(cell)
	choice := &Choice{Times: len(c.keys)}
	sorted := slices.Sorted(slices.Values(c.keys))
	for _, k := range sorted {
		if math.IsInf(float64(timeOf(k)), 1) {
			choice.Nowhere++
		} else {
			choice.Most = timeOf(k)
		}
	}
	key := sorted[element(percentile, len(sorted))]
	if math.IsInf(float64(timeOf(key)), 1) {
		return nil, fault.Errorf(op, fault.NotExist, "public transport: from column %d, row %d, %d of %d departures arrive nowhere: there is no journey at percentile %g", col, row, choice.Nowhere, len(sorted), percentile)
	}
	choice.Least = timeOf(sorted[0])
	at := slices.Index(c.keys, key)
	choice.Sample, choice.Departure = at/r.t.count, at%r.t.count
	j, err := r.tell(cell, direct, ends, choice.Departure, choice.Sample)
	if err != nil {
		return nil, err
	}
	j.Choice = choice
	return j, nil
}

// directTo finds a wanted cell, and the ways on foot.
func (r *Router) directTo(ctx context.Context, to Targets, col, row int) (*travel.Result, int, error) {
	cell := r.g.Surface.Cell(col, row)
	if cell < 0 || r.slot[cell] < 0 {
		return nil, 0, fault.Errorf("transit.Explain", fault.NotExist, "public transport: nobody can start from column %d, row %d", col, row)
	}
	direct, err := r.g.Engine.Compute(ctx, to.Sources, r.g.Options)
	return direct, cell, err
}

// tell is the journey of a cell that leaves at a departure, by a sample.
func (r *Router) tell(cell int, direct *travel.Result, ends *Ends, departure, sample int) (*Journey, error) {
	toFacility := r.g.Options.Direction == travel.ToFacility
	start, finish := r.walksOf(cell), ends
	if !toFacility {
		start, finish = finish, start
	}
	at := r.t.departure(departure)
	rs := r.t.rounds(r.schedules[sample], r.changes, true)
	rs.depart(at, start)
	best, place := never, int32(-1)
	for a, l := range rs.arrived[rs.levels-1] {
		stop := r.t.places[a].stop
		w := finish.Seconds[stop]
		if l == never || w < 0 {
			continue
		}
		end := l.later(w)
		if toFacility {
			end = makeLabel(end.seconds(), finish.Facility[stop])
		}
		if end < best {
			best, place = end, int32(a)
		}
	}
	onFoot := direct.Seconds[cell]
	if place >= 0 && float32(best.seconds()-at) < onFoot {
		j, first := rs.trace(at, place, start, finish)
		if j.Facility = best.facility(); !toFacility {
			j.Facility = start.Facility[first]
		}
		return j, nil
	}
	if math.IsInf(float64(onFoot), 1) {
		return nil, fault.Errorf("transit.Explain", fault.NotExist, "public transport: nothing can be reached from column %d, row %d", cell%r.g.Surface.Width, cell/r.g.Surface.Width)
	}
	s := whole(onFoot)
	return &Journey{
		Depart: at, Arrive: at + s, Seconds: s, Facility: direct.Nearest[cell],
		Legs: []Leg{{Kind: WalkLeg, Depart: at, Arrive: at + s, Seconds: s, Start: -1, End: -1}},
	}, nil
}

// Stop is where a stop of a leg is: its position, NaN when it has none, and
// the cell that people walk to and from, −1 when it is off the surface.
func (r *Router) Stop(i int32) (lon, lat float64, cell int) {
	st := &r.t.stops[i]
	if !st.Located {
		return math.NaN(), math.NaN(), int(r.cellOf[i])
	}
	return st.Lon, st.Lat, int(r.cellOf[i])
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
		w.ride(r.s.template[p.run+h.run], stop, r.t.places[h.alight].stop, r.s.departure[times+h.boarded], r.s.arrival[times+h.alighted], h.boarded, h.alighted)
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
	l.Start, l.End = from, to
	if from >= 0 {
		l.From, l.FromStop = w.named(from)
	}
	if to >= 0 {
		l.To, l.ToStop = w.named(to)
	}
	l.Seconds = l.Arrive - l.Depart
	w.j.Legs = append(w.j.Legs, l)
	w.now = l.Arrive
}

// named gives what a stop is called, and its id.
func (w *writer) named(stop int32) (name, id string) {
	s := &w.t.stops[stop]
	return cmp.Or(s.Name, s.ID), s.ID
}

// walk adds a walk between stops, −1 being the ends; none when one stays at a
// stop.
func (w *writer) walk(from, to, seconds int32) {
	if from != to {
		w.leg(Leg{Kind: WalkLeg, Depart: w.now, Arrive: w.now + seconds}, from, to)
	}
}

// ride adds the wait for a run and the ride, between two of its positions.
func (w *writer) ride(template, from, to, departure, arrival, boarded, alighted int32) {
	if departure > w.now {
		w.leg(Leg{Kind: WaitLeg, Depart: w.now, Arrive: departure}, from, from)
	}
	run := &w.t.templates[template]
	trip := &w.t.trips[run.trip]
	route := &w.t.routes[trip.Route]
	l := Leg{
		Kind: RideLeg, Line: route.Name, Mode: route.Mode, Headsign: trip.Headsign, Trip: trip.ID, Calls: int(alighted - boarded),
		Depart: departure, Arrive: arrival,
	}
	for _, c := range w.t.calls[run.from+boarded : run.from+alighted+1] {
		l.Stops = append(l.Stops, c.stop)
	}
	w.leg(l, from, to)
}
