package transit

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"contado/geo/fault"
	"contado/geo/travel"
)

// line is a world of stops a kilometre apart and one trip along them, a minute
// each, that leaves at a time.
func line(stops int, start int32) *world {
	w := &world{}
	var calls []Call
	for i := range stops {
		w.feed.Stops = append(w.feed.Stops, stopAt(10*i, 0))
		calls = append(calls, Call{Stop: int32(i), Arrival: start + int32(60*i), Departure: start + int32(60*i)})
	}
	w.feed.Routes = []Route{{ID: "r", Name: "1", Mode: "bus"}}
	w.feed.Trips = []Trip{{ID: "t"}}
	w.calls = [][]Call{calls}
	return w
}

func load(t *testing.T, f *Feed, day Day, o Options) *Timetable {
	t.Helper()
	tt, err := Load(context.Background(), f, day, o)
	if err != nil {
		t.Fatal(err)
	}
	return tt
}

// arrivals are when each stop is reached from the first, leaving at the first
// departure; −1 when it is not.
func arrivals(tt *Timetable) []int32 {
	ends := &Ends{Seconds: slices.Repeat([]int32{-1}, len(tt.stops)), Facility: make([]int32, len(tt.stops))}
	ends.Seconds[0] = 0
	var out []int32
	for _, list := range tt.forward(tt.sample(0), tt.changes(nil), ends) {
		at := int32(-1)
		if l := find(list, 0); l != never {
			at = l.seconds()
		}
		out = append(out, at)
	}
	return out
}

// TestDays: what runs is of the day asked, of the evening before that goes on
// after midnight, and of the next morning.
func TestDays(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name        string
		start       int32
		runs        Day // the one day of the service, from the day asked
		from, until int32
		want        int32
	}{
		{"the day", 8 * 3600, 0, 7 * 3600, 8 * 3600, 8*3600 + 60},
		{"after midnight of the evening before", 25 * 3600, -1, 0, 3600, 3600 + 60},
		{"the next morning", 6 * 3600, 1, 23 * 3600, 24 * 3600, 30*3600 + 60},
		{"beyond the horizon", 18 * 3600, 1, 23 * 3600, 24 * 3600, -1},
		{"gone", 6 * 3600, 0, 7 * 3600, 8 * 3600, -1},
	} {
		w := line(2, c.start)
		f := w.seal()
		runs := testDay + c.runs
		// A trip of the afternoon runs every day: the timetable is not empty.
		w.feed.Trips = append(w.feed.Trips, Trip{ID: "other", Service: 1})
		w.calls = append(w.calls, []Call{{Stop: 1, Arrival: 15 * 3600, Departure: 15 * 3600}, {Stop: 0, Arrival: 16 * 3600, Departure: 16 * 3600}})
		f.Runs = func(service int32, d Day) bool { return service == 1 || d == runs }
		if got := arrivals(load(t, f, testDay, Options{From: c.from, Until: c.until}))[1]; got != c.want {
			t.Errorf("%s: arrives at %s, want %s", c.name, clock(got), clock(c.want))
		}
	}
}

// TestClocksChange: in the night when clocks go forward the service day begins
// at 23:00 of the day before, so that noon is noon.
func TestClocksChange(t *testing.T) {
	t.Parallel()
	day := DayOf(time.Date(2026, 3, 29, 0, 0, 0, 0, time.UTC)) // Rome: 2:00 becomes 3:00
	w := line(2, 8*3600)
	w.feed.Timezone = "Europe/Rome"
	tt := load(t, w.seal(), day, Options{From: 7 * 3600, Until: 9 * 3600})
	if got := tt.Clock(8 * 3600).Format("15:04 MST"); got != "08:00 CEST" {
		t.Error(got)
	}
	if got := tt.Clock(tt.departure(0)).Format("15:04"); got != "07:00" {
		t.Error(got)
	}
	// Before the change an hour of the clock is an hour more of the service day.
	early := load(t, w.seal(), day, Options{From: 3600, Until: 2 * 3600})
	if early.first != 2*3600 || early.Clock(early.first).Format("15:04 MST") != "01:00 CET" {
		t.Errorf("%d, %v", early.first, early.Clock(early.first))
	}
	if tt.count != 120 || tt.departure(119) != 9*3600-60 {
		t.Errorf("%d departures, the last at %s", tt.count, clock(tt.departure(119)))
	}
}

// TestCalls: nobody gets on or off where the feed says so; calls by phone
// count when asked for; a driver may be asked.
func TestCalls(t *testing.T) {
	t.Parallel()
	w := line(5, 8*3600)
	w.calls[0][1].DropOff = 1
	w.calls[0][2].DropOff = 2
	w.calls[0][3].DropOff = 3
	o := Options{From: 7 * 3600, Until: 8 * 3600}
	tt := load(t, w.seal(), testDay, o)
	if got := arrivals(tt); !slices.Equal(got, []int32{-1, -1, -1, 8*3600 + 180, 8*3600 + 240}) || tt.Notes().ByPhone != 1 {
		t.Error(got, tt.Notes())
	}
	o.OnDemand = true
	if got := arrivals(load(t, w.seal(), testDay, o)); got[2] != 8*3600+120 {
		t.Error(got)
	}
	w.calls[0][0].Pickup = 1
	if got := arrivals(load(t, w.seal(), testDay, o)); got[4] != -1 {
		t.Error(got)
	}
}

// TestWheelchair: only what says that it is accessible; stops ask their
// station; what is not known is counted apart.
func TestWheelchair(t *testing.T) {
	t.Parallel()
	w := line(5, 8*3600)
	w.feed.Stops = append(w.feed.Stops, Stop{ID: "station", Parent: -1, Wheelchair: 1})
	for i, v := range []int8{1, 2, 0, 0, 1} {
		w.feed.Stops[i].Wheelchair = v
	}
	w.feed.Stops[3].Parent = 5
	w.feed.Trips[0].Wheelchair = 1
	for i, v := range []int8{2, 0} { // faster, and no use
		w.feed.Trips = append(w.feed.Trips, Trip{ID: "no", Wheelchair: v})
		w.calls = append(w.calls, []Call{{Stop: 0, Arrival: 7*3600 + 120, Departure: 7*3600 + 120}, {Stop: 4, Arrival: 7*3600 + 300 + int32(i), Departure: 7*3600 + 300 + int32(i)}})
	}
	tt := load(t, w.seal(), testDay, Options{From: 7 * 3600, Until: 8 * 3600, Wheelchair: true})
	if got := arrivals(tt); !slices.Equal(got, []int32{-1, -1, -1, 8*3600 + 180, 8*3600 + 240, -1}) {
		t.Error(got)
	}
	n := tt.Notes()
	if n.Trips != 1 || n.TripsNotAccessible != 1 || n.TripsNotKnown != 1 || n.StopsNotAccessible != 1 || n.StopsNotKnown != 1 || n.ServiceTrips != 3 {
		t.Errorf("%+v", n)
	}
	if got := arrivals(load(t, w.seal(), testDay, Options{From: 7 * 3600, Until: 8 * 3600})); got[4] != 7*3600+300 {
		t.Error(got)
	}
}

// TestStations: a rule about a station holds for its platforms; riders of a
// vehicle that goes on as another trip stay seated.
func TestStations(t *testing.T) {
	t.Parallel()
	second := []Call{{Stop: 2, Arrival: 8*3600 + 150, Departure: 8*3600 + 150}, {Stop: 3, Arrival: 8*3600 + 300, Departure: 8*3600 + 300}}
	make := func() *world {
		w := line(2, 8*3600)
		w.feed.Stops = append(w.feed.Stops, stopAt(10, 0), stopAt(30, 0), Stop{ID: "station", Parent: -1})
		w.feed.Stops[1].Parent, w.feed.Stops[2].Parent = 4, 4
		w.feed.Trips = append(w.feed.Trips, Trip{ID: "u"})
		w.calls = append(w.calls, second)
		return w
	}
	o := Options{From: 7 * 3600, Until: 8 * 3600}
	rule := func(kind int8, minimum int32) Transfer {
		return Transfer{From: 4, To: 4, FromRoute: -1, ToRoute: -1, FromTrip: -1, ToTrip: -1, Type: kind, MinTime: minimum}
	}
	for _, c := range []struct {
		name  string
		rules []Transfer
		want  int32
	}{
		{"no way", nil, -1},
		{"timed", []Transfer{rule(1, -1)}, 8*3600 + 300},
		{"in time", []Transfer{rule(2, 90)}, 8*3600 + 300},
		{"too long", []Transfer{rule(2, 91)}, -1},
		{"not possible", []Transfer{rule(3, -1)}, -1},
		{"narrower wins", []Transfer{rule(3, -1), {From: 1, To: 2, FromRoute: -1, ToRoute: -1, FromTrip: 0, ToTrip: -1, Type: 1}}, 8*3600 + 300},
	} {
		w := make()
		w.feed.Transfers = c.rules
		if got := arrivals(load(t, w.seal(), testDay, o))[3]; got != c.want {
			t.Errorf("%s: arrives at %s, want %s", c.name, clock(got), clock(c.want))
		}
	}
	w := make()
	w.calls[1] = []Call{{Stop: 1, Arrival: 8*3600 + 60, Departure: 8*3600 + 70}, {Stop: 3, Arrival: 8*3600 + 300, Departure: 8*3600 + 300}}
	if got := arrivals(load(t, w.seal(), testDay, o))[3]; got != -1 {
		t.Errorf("a change in ten seconds arrives at %s", clock(got))
	}
	w.feed.Trips[0].Block, w.feed.Trips[1].Block = "b", "b"
	if got := arrivals(load(t, w.seal(), testDay, o))[3]; got != 8*3600+300 {
		t.Errorf("staying seated arrives at %s", clock(got))
	}
}

// TestExactFrequencies: runs at set times, the last before the end.
func TestExactFrequencies(t *testing.T) {
	t.Parallel()
	w := line(2, 12345) // the times of the trip are differences
	w.feed.Frequencies = []Frequency{{Trip: 0, Start: 5*3600 + 7, End: 9 * 3600, Headway: 600, Exact: true}}
	tt := load(t, w.seal(), testDay, Options{From: 7 * 3600, Until: 9 * 3600})
	if got := arrivals(tt)[1]; got != 7*3600+7+600+60 && got != 7*3600+7+60 {
		t.Errorf("arrives at %s", clock(got))
	}
	s := tt.sample(0)
	last := s.departure[len(s.departure)-2]
	if last != 5*3600+7+23*600 || tt.Samples() != 1 {
		t.Errorf("the last run leaves at %s", clock(last))
	}
}

// TestFewerWalks: with room for few walks, times up to Complete stay what they
// are, and none gets shorter.
func TestFewerWalks(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(5, 5))
	w := &world{}
	const side = 30
	for i := range 200 {
		w.feed.Stops = append(w.feed.Stops, stopAt(rng.IntN(side), rng.IntN(side)))
		w.feed.Trips = append(w.feed.Trips, Trip{ID: "t"})
		at := int32(7*3600 + rng.IntN(3600))
		w.calls = append(w.calls, []Call{{Stop: int32(i), Arrival: at, Departure: at}, {Stop: int32(rng.IntN(i + 1)), Arrival: at + 100, Departure: at + 100}})
	}
	w.feed.Routes = make([]Route, 1)
	g := ground(t, side, side, 100, flat(side*side, 1), nil, travel.ToFacility)
	var got [2]*Answer
	var placed [2]Placement
	for k, most := range []int{0, 1} {
		g.MaxWalks = most
		tt := load(t, w.seal(), testDay, Options{From: 7 * 3600, Until: 7*3600 + 1800})
		r, err := NewRouter(context.Background(), tt, g)
		if err != nil {
			t.Fatal(err)
		}
		placed[k] = r.Placement()
		if got[k], err = r.Times(context.Background(), Targets{Sources: []travel.Source{{}}}, []float64{30}); err != nil {
			t.Fatal(err)
		}
	}
	if placed[0].Full != 0 || placed[1].Full == 0 || placed[1].Complete <= 0 || placed[1].Complete >= placed[0].Complete {
		t.Errorf("%+v, %+v", placed[0], placed[1])
	}
	for c, all := range got[0].Seconds[0] {
		few := got[1].Seconds[0][c]
		if few < all || all <= float32(placed[1].Complete) && few != all {
			t.Errorf("cell %d: %g s with few walks, %g with all", c, few, all)
		}
	}
}

// TestBeyond: people ride to a stop off the ground and walk on in a straight
// line, also between stops there.
func TestBeyond(t *testing.T) {
	t.Parallel()
	w := line(2, 8*3600) // stops at columns 0 and 10
	w.feed.Stops = append(w.feed.Stops, stopAt(10, 0), stopAt(40, 0))
	w.feed.Stops[2].Lon += 0.001
	w.feed.Trips = append(w.feed.Trips, Trip{ID: "u"})
	w.calls = append(w.calls, []Call{{Stop: 2, Arrival: 9 * 3600, Departure: 9 * 3600}, {Stop: 3, Arrival: 9*3600 + 600, Departure: 9*3600 + 600}})
	g := ground(t, 5, 1, 1000, flat(5, 1), nil, travel.ToFacility)
	g.Straight = 1
	r, err := NewRouter(context.Background(), load(t, w.seal(), testDay, Options{From: 7 * 3600, Until: 7*3600 + 60}), g)
	if err != nil {
		t.Fatal(err)
	}
	s := w.feed.Stops[3]
	a, err := r.Times(context.Background(), Targets{Beyond: []Beyond{{Lon: s.Lon, Lat: s.Lat + 0.001, Facility: 9}}}, []float64{50})
	if err != nil {
		t.Fatal(err)
	}
	if want := float32(2*3600 + 600 + 112); a.Seconds[0][0] != want || a.Nearest[0] != 9 {
		t.Errorf("%g s to %d, want %g to 9", a.Seconds[0][0], a.Nearest[0], want)
	}
}

func TestElement(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		p float64
		n int
		k int
	}{{0, 5, 0}, {50, 4, 1}, {50, 5, 2}, {100, 5, 4}, {1, 120, 1}, {75, 120, 89}} {
		if got := element(c.p, c.n); got != c.k {
			t.Errorf("percentile %g of %d: element %d, want %d", c.p, c.n, got, c.k)
		}
	}
	rng := rand.New(rand.NewPCG(9, 9))
	for range 200 {
		v := make([]uint64, 1+rng.IntN(400))
		for i := range v {
			v[i] = uint64(rng.IntN(50))
		}
		want := slices.Sorted(slices.Values(v))
		k := rng.IntN(len(v))
		if got := pick(v, k); got != want[k] {
			t.Fatalf("element %d of %d values is %d, want %d", k, len(v), got, want[k])
		}
	}
	if l := makeLabel(-5, 7).later(65); l.seconds() != 60 || l.facility() != 7 || never.later(5) != never || makeLabel(math.MaxInt32>>2, 1) >= never {
		t.Error("labels")
	}
}

func TestLoadErrors(t *testing.T) {
	t.Parallel()
	good := Options{From: 7 * 3600, Until: 9 * 3600}
	slack := int32(-1)
	for i, c := range []struct {
		change func(*Options)
		zone   string
		day    Day
		kind   fault.Kind
	}{
		{func(o *Options) { o.Until = o.From }, "", testDay, fault.Invalid},
		{func(o *Options) { o.From = -1 }, "", testDay, fault.Invalid},
		{func(o *Options) { o.Until = maxHorizon + 1 }, "", testDay, fault.Invalid},
		{func(o *Options) { o.Step = 1 }, "", testDay, fault.Invalid},
		{func(o *Options) { o.Slack = &slack }, "", testDay, fault.Invalid},
		{func(o *Options) { o.MaxRides = 17 }, "", testDay, fault.Invalid},
		{func(o *Options) { o.Samples = -1 }, "", testDay, fault.Invalid},
		{func(o *Options) { o.Horizon = -1 }, "", testDay, fault.Invalid},
		{func(*Options) {}, "Europe/Atlantis", testDay, fault.Invalid},
		{func(*Options) {}, "", testDay + 1, fault.NotExist},
	} {
		w := line(2, 8*3600)
		w.feed.Timezone = c.zone
		f := w.seal()
		f.Runs = func(_ int32, d Day) bool { return d == testDay }
		o := good
		c.change(&o)
		if _, err := Load(context.Background(), f, c.day, o); fault.KindOf(err) != c.kind {
			t.Errorf("case %d: %v", i, err)
		}
	}
	if _, err := ParseDay("2026-02-30"); fault.KindOf(err) != fault.Invalid {
		t.Error(err)
	}
	if d, err := ParseDay("2026-05-06"); err != nil || d != testDay || d.String() != "2026-05-06" {
		t.Error(d, err)
	}
}
