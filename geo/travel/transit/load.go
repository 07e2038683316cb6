package transit

import (
	"context"
	"time"

	"contado/geo/fault"
)

// Timetable is what runs in a window of a day. It is immutable.
type Timetable struct {
	stops  []Stop
	routes []Route
	trips  []Trip
	o      Options
	day    Day
	zone   *time.Location
	first  int32 // departure, in seconds of the service day
	count  int   // of departures
	last   int32 // nothing begins later
	notes  Notes

	templates []template
	calls     []call
	runs      []run
	headways  []headway
	places    []place
	rules     []Transfer
	samples   int
}

// template is a trip with its calls, as often as it runs.
type template struct {
	trip    int32
	from    int32 // first of its calls
	n       int32
	pattern int32 // those of equal places share one
}

// call is a call of a template: board and alight are places, −1 where people
// may not.
type call struct {
	stop               int32
	board, alight      int32
	arrival, departure int32
}

// run is a template that runs shift seconds later than its calls say.
type run struct{ template, shift int32 }

// headway is a template that starts every so many seconds in [start, end), at
// an unknown part of the first.
type headway struct{ template, start, end, every int32 }

const opLoad = "transit.Load"

// Load picks what runs on a day, and on the nights around it, in the window
// of the options.
//
// Errors: Invalid for options that make no sense or a time zone that is not
// known, NotExist when nothing runs on the day, TooLarge, Canceled.
func Load(ctx context.Context, f *Feed, day Day, o Options) (*Timetable, error) {
	t := &Timetable{stops: f.Stops, routes: f.Routes, trips: f.Trips, day: day, zone: time.UTC}
	var err error
	if t.zone, err = zoneOf(f.Timezone); err != nil {
		return nil, err
	}
	if t.o, err = o.checked(); err != nil {
		return nil, err
	}
	t.first = t.seconds(o.From)
	t.count = int((t.o.Until - t.o.From + t.o.Step - 1) / t.o.Step)
	t.last = t.seconds(t.o.Until) + t.o.Horizon
	t.notes.Day = day.String()
	l := loader{Timetable: t, feed: f, frequencies: map[int32][]Frequency{}, services: map[int32]*running{}, looked: map[int32]bool{}}
	for _, q := range f.Frequencies {
		l.frequencies[q.Trip] = append(l.frequencies[q.Trip], q)
	}
	if err := f.Calls(ctx, l.take); err != nil {
		return nil, err
	}
	if t.notes.ServiceTrips == 0 {
		return nil, fault.WithHint(fault.Errorf(opLoad, fault.NotExist, "timetable: no trip runs on %s", day), "ask for a day of the timetable's calendar")
	}
	t.settle(f.Transfers)
	t.samples = 1
	if len(t.headways) > 0 {
		t.samples = prime(t.o.Samples)
	}
	if n := t.count * t.samples; n > maxElements {
		return nil, fault.Errorf(opLoad, fault.TooLarge, "timetable: %d departures with %d samples of frequencies, at most %d together", t.count, t.samples, maxElements)
	}
	return t, nil
}

// checked fills in defaults.
func (o Options) checked() (Options, error) {
	defaults := func(v *int32, d int32) {
		if *v == 0 {
			*v = d
		}
	}
	defaults(&o.Step, 60)
	defaults(&o.Horizon, DefaultHorizon)
	defaults(&o.Walk, DefaultWalk)
	defaults(&o.Transfer, DefaultTransfer)
	if o.Slack == nil {
		slack := int32(DefaultSlack)
		o.Slack = &slack
	}
	if o.Samples == 0 {
		o.Samples = DefaultSamples
	}
	switch {
	case o.From < 0 || o.Until <= o.From || o.Until > maxHorizon:
		return o, fault.Errorf(opLoad, fault.Invalid, "timetable: departures from %s until %s; want a window of the day", clock(o.From), clock(o.Until))
	case o.Step < 0 || (o.Until-o.From+o.Step-1)/o.Step > maxDepartures:
		return o, fault.Errorf(opLoad, fault.Invalid, "timetable: a departure every %d s; want 1 or more, and at most %d departures", o.Step, maxDepartures)
	case o.Horizon < 0 || o.Horizon > maxHorizon:
		return o, fault.Errorf(opLoad, fault.Invalid, "timetable: horizon of %d s; want 0 to %d", o.Horizon, maxHorizon)
	case *o.Slack < 0 || *o.Slack > 3600 || o.Walk < 0 || o.Walk > maxHorizon || o.Transfer < 0 || o.Transfer > 3600:
		return o, fault.Errorf(opLoad, fault.Invalid, "timetable: slack of %d s (0 to 3600), walks of %d s (0 to %d), changes of %d s (0 to 3600)", *o.Slack, o.Walk, maxHorizon, o.Transfer)
	case o.MaxRides < 0 || o.MaxRides > maxRides:
		return o, fault.Errorf(opLoad, fault.Invalid, "timetable: %d rides; want 1 to %d, or 0 for no bound", o.MaxRides, maxRides)
	case o.Samples < 0 || o.Samples > maxSamples:
		return o, fault.Errorf(opLoad, fault.Invalid, "timetable: %d samples of frequencies; want 1 to %d", o.Samples, maxSamples)
	}
	return o, nil
}

// Notes says what there is.
func (t *Timetable) Notes() Notes { return t.notes }

// Departures is the number of departures of the window.
func (t *Timetable) Departures() int { return t.count }

// Samples is the number of timetables made of frequencies; 1 without.
func (t *Timetable) Samples() int { return t.samples }

// Options are those in force, defaults filled in.
func (t *Timetable) Options() Options { return t.o }

// base is the zero of a service day: noon less 12 hours.
func (t *Timetable) base(d Day) int64 { return baseIn(t.zone, d) }

func baseIn(zone *time.Location, d Day) int64 {
	at := time.Unix(int64(d)*86400, 0).UTC()
	return time.Date(at.Year(), at.Month(), at.Day(), 12, 0, 0, 0, zone).Unix() - 12*3600
}

// seconds turns seconds by the clock (7 h = 7:00) into those of the service
// day, which differ before noon when clocks change in the night.
func (t *Timetable) seconds(clock int32) int32 {
	at := time.Unix(int64(t.day)*86400, 0).UTC()
	wall := time.Date(at.Year(), at.Month(), at.Day(), 0, 0, int(clock), 0, t.zone)
	return int32(wall.Unix() - t.base(t.day))
}

// Clock is a time of the service day as people read it there.
func (t *Timetable) Clock(seconds int32) time.Time {
	return time.Unix(t.base(t.day)+int64(seconds), 0).In(t.zone)
}

// departure is the ith departure of the window.
func (t *Timetable) departure(i int) int32 { return t.first + int32(i)*t.o.Step }

// loader reads the trips of a feed into a timetable.
type loader struct {
	*Timetable
	feed        *Feed
	frequencies map[int32][]Frequency
	looked      map[int32]bool // stops
	services    map[int32]*running
}

// running is when a service runs.
type running struct {
	shifts []int32 // seconds from the zero of the day to those of the days on which it runs
	today  bool
}

// look counts the stops of a trip of the day by what is known of them for
// wheelchair users.
func (l *loader) look(calls []Call) {
	if !l.o.Wheelchair {
		return
	}
	for _, c := range calls {
		if l.looked[c.Stop] {
			continue
		}
		l.looked[c.Stop] = true
		switch l.access(c.Stop) {
		case 2:
			l.notes.StopsNotAccessible++
		case 0:
			l.notes.StopsNotKnown++
		}
	}
}

// Trips may run for over a week: so many service days before count.
const daysBefore, daysAfter = 8, 2

func (l *loader) running(service int32) *running {
	r, known := l.services[service]
	if known {
		return r
	}
	r = &running{today: l.feed.Runs(service, l.day)}
	l.services[service] = r
	zero, zone := l.base(l.day), l.zone
	if int(service) < len(l.feed.Zones) && l.feed.Zones[service] != l.feed.Timezone {
		if z, err := zoneOf(l.feed.Zones[service]); err == nil { // Merge has looked
			zone = z
		}
	}
	for k := Day(-daysBefore); k <= daysAfter; k++ {
		if l.feed.Runs(service, l.day+k) {
			r.shifts = append(r.shifts, int32(baseIn(zone, l.day+k)-zero))
		}
	}
	return r
}

// take decides about a trip.
func (l *loader) take(trip int, calls []Call) (bool, error) {
	tr := &l.trips[trip]
	runs := l.running(tr.Service)
	if len(runs.shifts) == 0 || len(calls) < 2 {
		return true, nil
	}
	if runs.today {
		l.notes.ServiceTrips++
		l.look(calls)
	}
	if l.o.Wheelchair && tr.Wheelchair != 1 {
		if tr.Wheelchair == 2 {
			l.notes.TripsNotAccessible++
		} else {
			l.notes.TripsNotKnown++
		}
		return true, nil
	}
	at := int32(len(l.templates))
	before, headways := len(l.runs), len(l.headways)
	first, length := calls[0].Departure, calls[len(calls)-1].Arrival-calls[0].Departure
	for _, s := range runs.shifts {
		list, often := l.frequencies[int32(trip)]
		if !often && first+s <= l.last && first+length+s >= l.first {
			l.runs = append(l.runs, run{at, s})
		}
		for _, q := range list {
			if err := l.frequent(at, q, s, first, length); err != nil {
				return false, err
			}
		}
	}
	if len(l.runs) == before && len(l.headways) == headways {
		return true, nil
	}
	if len(l.headways) > headways {
		l.notes.Frequencies++
	}
	l.templates = append(l.templates, template{trip: int32(trip), from: int32(len(l.calls)), n: int32(len(calls))})
	for _, c := range calls {
		l.calls = append(l.calls, l.call(c))
	}
	l.notes.Trips++
	return true, nil
}

// maxRuns bounds the runs of a window: some 100 M of calls.
const maxRuns = 4 << 20

// frequent adds the runs of a frequency on a day.
func (l *loader) frequent(at int32, q Frequency, shift, first, length int32) error {
	if q.Headway <= 0 || q.End <= q.Start {
		return nil
	}
	start, end := q.Start+shift, q.End+shift
	// Only what may matter; the phase of the frequency stays.
	if skip := (l.first - length - q.Headway - start) / q.Headway; skip > 0 {
		start += skip * q.Headway
	}
	end = min(end, l.last+1)
	if start >= end {
		return nil
	}
	if !q.Exact {
		l.headways = append(l.headways, headway{at, start, end, q.Headway})
		return nil
	}
	for s := start; s < end; s += q.Headway {
		l.runs = append(l.runs, run{at, s - first})
	}
	if len(l.runs) > maxRuns {
		return fault.Errorf(opLoad, fault.TooLarge, "timetable: over %d runs in the window", maxRuns)
	}
	return nil
}

// call reads a call; board and alight are the stop for now.
func (l *loader) call(c Call) call {
	out := call{stop: c.Stop, board: c.Stop, alight: c.Stop, arrival: c.Arrival, departure: max(c.Departure, c.Arrival)}
	may := func(kind int8) bool { return kind != 1 && (kind != 2 || l.o.OnDemand) }
	if c.Pickup == 2 || c.DropOff == 2 {
		l.notes.ByPhone++
	}
	if !may(c.Pickup) {
		out.board = -1
	}
	if !may(c.DropOff) {
		out.alight = -1
	}
	if l.o.Wheelchair && l.access(c.Stop) != 1 {
		out.board, out.alight = -1, -1
	}
	return out
}

// access is what is known of a stop for wheelchair users: itself, else its
// station.
func (t *Timetable) access(stop int32) int8 {
	s := &t.stops[stop]
	if s.Wheelchair == 0 && s.Parent >= 0 {
		return t.stops[s.Parent].Wheelchair
	}
	return s.Wheelchair
}
