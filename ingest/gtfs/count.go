package gtfs

import (
	"cmp"
	"context"
	"hash/fnv"
	"slices"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geo"
)

// stopCount is what happens at a stop on typical days.
type stopCount struct {
	departures  [3]int64 // weekday, Saturday, Sunday
	first, last int32    // departures of the weekday, NoTime when none
	routes      []int32
	calls       int64 // in the whole feed
}

type lineKey struct {
	route     int32
	direction int8
}

// lineCount is one route in one direction.
type lineCount struct {
	trips       [3]int64
	total       int64 // trips in the feed
	first, last int32 // departures of the weekday from the first stop
	patterns    map[patternKey]*pattern
	order       []*pattern
	headsigns   map[string]int64
	stops       map[int32]bool
}

// patternKey tells patterns apart: by shape, else by the stops called at.
type patternKey struct {
	shape int32
	stops uint64
}

type pattern struct {
	shape int32 // −1: along the stops
	stops []int32
	trips int64
}

// departure is one run of a trip: how many times, and when the first and the
// last begin, relative to the times of the calls.
type departures struct {
	runs        int64
	first, last int32
}

// repeats gives, for each trip, how often it runs and when.
func (f *Feed) repeats() []departures {
	out := make([]departures, len(f.Trips))
	for i := range out {
		out[i].runs = 1
	}
	seen := map[int32]bool{}
	for i := range f.Frequencies {
		q := &f.Frequencies[i]
		last := q.Start + int32(q.Runs()-1)*q.Headway
		d := &out[q.Trip]
		if !seen[q.Trip] {
			seen[q.Trip] = true
			*d = departures{q.Runs(), q.Start, last}
			continue
		}
		d.runs += q.Runs()
		d.first, d.last = min(d.first, q.Start), max(d.last, last)
	}
	for t := range seen {
		out[t].runs = max(out[t].runs, 1)
	}
	return out
}

// count goes through all calls once more and counts departures on the typical
// days. A departure is a call where people may get on that is not the last of
// its trip.
func (c *conversion) count(ctx context.Context) error {
	f := c.f
	c.stops = make([]stopCount, len(f.Stops))
	for i := range c.stops {
		c.stops[i].first, c.stops[i].last = NoTime, NoTime
	}
	c.lines = map[lineKey]*lineCount{}
	active := make([][3]bool, len(f.Services))
	for i := range f.Services {
		for d := range c.typical {
			active[i][d] = c.runs[d] && f.Services[i].Active(c.typical[d])
		}
	}
	repeats := f.repeats()
	frequent := make([]bool, len(f.Trips))
	for i := range f.Frequencies {
		frequent[f.Frequencies[i].Trip] = true
	}
	err := f.walk(ctx, nil, func(trip int, calls []Call) (bool, error) {
		t := &f.Trips[trip]
		r := repeats[trip]
		if frequent[trip] { // times of calls are differences to the first
			r.first, r.last = r.first-calls[0].Departure, r.last-calls[0].Departure
		}
		c.countStops(t, calls, r, active[t.Service])
		c.countLine(t, calls, r, active[t.Service])
		return true, nil
	})
	c.order = c.order[:0]
	for k := range c.lines {
		c.order = append(c.order, k)
	}
	slices.SortFunc(c.order, func(a, b lineKey) int {
		return cmp.Or(cmp.Compare(a.route, b.route), cmp.Compare(a.direction, b.direction))
	})
	return err
}

func (c *conversion) countStops(t *Trip, calls []Call, r departures, active [3]bool) {
	for i := range calls {
		call := &calls[i]
		s := &c.stops[call.Stop]
		s.calls++
		if !slices.Contains(s.routes, t.Route) {
			s.routes = append(s.routes, t.Route)
		}
		if i == len(calls)-1 || call.Pickup == 1 {
			continue
		}
		for d, yes := range active {
			if yes {
				s.departures[d] += r.runs
			}
		}
		if active[0] {
			s.first, s.last = widen(s.first, s.last, call.Departure+r.first, call.Departure+r.last)
		}
	}
}

// widen grows a span of times; NoTime is an empty one.
func widen(first, last, from, to int32) (a, b int32) {
	if first == NoTime || from < first {
		first = from
	}
	return first, max(last, to)
}

func (c *conversion) countLine(t *Trip, calls []Call, r departures, active [3]bool) {
	key := lineKey{t.Route, t.Direction}
	l := c.lines[key]
	if l == nil {
		l = &lineCount{first: NoTime, last: NoTime, patterns: map[patternKey]*pattern{}, headsigns: map[string]int64{}, stops: map[int32]bool{}}
		c.lines[key] = l
	}
	l.total++
	for d, yes := range active {
		if yes {
			l.trips[d] += r.runs
		}
	}
	if active[0] {
		l.first, l.last = widen(l.first, l.last, calls[0].Departure+r.first, calls[0].Departure+r.last)
	}
	l.headsigns[t.Headsign] += r.runs
	k := patternKey{shape: -1}
	if _, ok := c.shapes[t.Shape]; ok && t.Shape >= 0 {
		k.shape = t.Shape
	}
	h := fnv.New64a()
	for i := range calls {
		l.stops[calls[i].Stop] = true
		s := uint32(calls[i].Stop)
		_, _ = h.Write([]byte{byte(s), byte(s >> 8), byte(s >> 16), byte(s >> 24)}) // never fails
	}
	k.stops = h.Sum64()
	p := l.patterns[k]
	if p == nil {
		p = &pattern{shape: k.shape, stops: make([]int32, len(calls))}
		for i := range calls {
			p.stops[i] = calls[i].Stop
		}
		l.patterns[k] = p
		l.order = append(l.order, p)
	}
	p.trips += r.runs
}

// line is where a pattern runs: its shape, else straight from stop to stop.
func (c *conversion) line(p *pattern) orb.LineString {
	if p.shape >= 0 {
		return c.shapes[p.shape]
	}
	var out orb.LineString
	for _, s := range p.stops {
		st := &c.f.Stops[s]
		at := orb.Point{st.Lon, st.Lat}
		if st.Located && (len(out) == 0 || out[len(out)-1] != at) {
			out = append(out, at)
		}
	}
	if len(out) < 2 {
		return nil
	}
	return out
}

// geometry is the different lines of a route in one direction, the most used
// first, and the length of that one in metres.
func (c *conversion) geometry(l *lineCount) (orb.MultiLineString, float64) {
	slices.SortStableFunc(l.order, func(a, b *pattern) int { return cmp.Compare(b.trips, a.trips) })
	var out orb.MultiLineString
	drawn := map[int32]bool{}
	for _, p := range l.order {
		if p.shape >= 0 && drawn[p.shape] {
			continue
		}
		drawn[p.shape] = p.shape >= 0
		if line := c.line(p); line != nil {
			out = append(out, line)
		}
	}
	if len(out) == 0 {
		return nil, 0
	}
	return out, geo.LengthHaversine(out[0])
}
