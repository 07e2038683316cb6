package transit

import (
	"context"
	"math"
	"time"

	"contado/geo/fault"
)

// MaxFeeds is how many timetables Merge takes.
const MaxFeeds = 16

// Merge is one timetable of several: the stops, trips and rules of all, each by
// its own calendar and in its own time zone. Feeds know nothing of each
// other's stops: people change between them on foot, as between any stops that
// lie apart. The days of the result are those of the first feed's zone, and
// Typical is the typical day of one of them on which most of the feeds run, of
// equal ones that with most trips, of equal ones the first.
//
// Errors: Invalid for no feeds, or too many; TooLarge; for time zones that are
// not known, Invalid.
func Merge(feeds ...*Feed) (*Feed, error) {
	const op = "transit.Merge"
	if len(feeds) == 0 || len(feeds) > MaxFeeds {
		return nil, fault.Errorf(op, fault.Invalid, "%d timetables together: want 1 to %d", len(feeds), MaxFeeds)
	}
	if len(feeds) == 1 {
		return feeds[0], nil
	}
	m := &merger{out: &Feed{Timezone: feeds[0].Timezone}}
	for _, f := range feeds {
		if f.Zones != nil {
			return nil, fault.Errorf(op, fault.Invalid, "a timetable that is one of several already")
		}
		if _, err := zoneOf(f.Timezone); err != nil {
			return nil, err
		}
		if err := m.add(f); err != nil {
			return nil, err
		}
	}
	m.out.Runs, m.out.Calls = m.runs, m.calls
	m.out.Typical = m.typical()
	return m.out, nil
}

// merger puts feeds one behind the other.
type merger struct {
	out   *Feed
	parts []part
}

// part is a feed and where its stops, routes, trips and services begin.
type part struct {
	*Feed
	stop, route, trip, service int32
	services                   int32 // how many
}

func (m *merger) add(f *Feed) error {
	o := m.out
	p := part{Feed: f, stop: int32(len(o.Stops)), route: int32(len(o.Routes)), trip: int32(len(o.Trips)), service: int32(len(o.Zones))}
	for i := range f.Trips {
		p.services = max(p.services, f.Trips[i].Service+1)
	}
	if len(o.Stops)+len(f.Stops) > math.MaxInt32 || len(o.Trips)+len(f.Trips) > math.MaxInt32 || len(o.Zones)+int(p.services) > math.MaxInt32 {
		return fault.Errorf("transit.Merge", fault.TooLarge, "the timetables together have more stops or trips than can be counted")
	}
	moved := func(i, by int32) int32 { // an index, −1 for none
		if i < 0 {
			return i
		}
		return i + by
	}
	for _, s := range f.Stops {
		s.Parent = moved(s.Parent, p.stop)
		o.Stops = append(o.Stops, s)
	}
	o.Routes = append(o.Routes, f.Routes...)
	for _, t := range f.Trips {
		t.Route, t.Service = moved(t.Route, p.route), t.Service+p.service
		if t.Block != "" { // blocks of different feeds are different vehicles
			t.Block = string(rune('a'+len(m.parts))) + " " + t.Block
		}
		o.Trips = append(o.Trips, t)
	}
	for _, q := range f.Frequencies {
		q.Trip += p.trip
		o.Frequencies = append(o.Frequencies, q)
	}
	for _, r := range f.Transfers {
		r.From, r.To = moved(r.From, p.stop), moved(r.To, p.stop)
		r.FromRoute, r.ToRoute = moved(r.FromRoute, p.route), moved(r.ToRoute, p.route)
		r.FromTrip, r.ToTrip = moved(r.FromTrip, p.trip), moved(r.ToTrip, p.trip)
		o.Transfers = append(o.Transfers, r)
	}
	for range p.services {
		o.Zones = append(o.Zones, f.Timezone)
	}
	m.parts = append(m.parts, p)
	return nil
}

// of is the feed of a service.
func (m *merger) of(service int32) *part {
	for i := range m.parts {
		if p := &m.parts[i]; service >= p.service && service < p.service+p.services {
			return p
		}
	}
	return nil
}

func (m *merger) runs(service int32, d Day) bool {
	p := m.of(service)
	return p != nil && p.Runs(service-p.service, d)
}

// calls yields the trips of one feed after the other.
func (m *merger) calls(ctx context.Context, yield func(trip int, calls []Call) (bool, error)) error {
	var moved []Call
	for i := range m.parts {
		p, more := &m.parts[i], true
		err := p.Calls(ctx, func(trip int, calls []Call) (ok bool, err error) {
			moved = moved[:0]
			for _, c := range calls {
				c.Stop += p.stop
				moved = append(moved, c)
			}
			more, err = yield(trip+int(p.trip), moved)
			return more, err
		})
		if err != nil || !more {
			return err
		}
	}
	return nil
}

// typical chooses among the typical days of the feeds.
func (m *merger) typical() string {
	best, feeds, trips := "", 0, 0
	for i := range m.parts {
		day, err := ParseDay(m.parts[i].Typical)
		if err != nil {
			continue
		}
		f, t := 0, 0
		for k := range m.parts {
			if n := m.parts[k].TripsOn(day); n > 0 {
				f, t = f+1, t+n
			}
		}
		if f > feeds || f == feeds && t > trips {
			best, feeds, trips = m.parts[i].Typical, f, t
		}
	}
	return best
}

// TripsOn counts the trips that the calendar has on a day.
func (f *Feed) TripsOn(d Day) int {
	n, runs := 0, map[int32]bool{}
	for i := range f.Trips {
		s := f.Trips[i].Service
		is, known := runs[s]
		if !known {
			is = f.Runs(s, d)
			runs[s] = is
		}
		if is {
			n++
		}
	}
	return n
}

// zoneOf loads a time zone; "" is UTC.
func zoneOf(name string) (*time.Location, error) {
	if name == "" {
		return time.UTC, nil
	}
	z, err := time.LoadLocation(name)
	if err != nil {
		return nil, fault.Errorf(opLoad, fault.Invalid, "timetable: the time zone %q is not known", name)
	}
	return z, nil
}
