package transit

import (
	"context"
	"math/rand/v2"
	"slices"
	"testing"

	"contado/geo/fault"
	"contado/geo/travel"
)

// parted deals the trips of a world out to feeds that each have stops of their
// own at the same places.
func parted(rng *rand.Rand, w *world, n int) []*world {
	out := make([]*world, n)
	for i := range out {
		out[i] = &world{feed: Feed{Stops: slices.Clone(w.feed.Stops), Routes: slices.Clone(w.feed.Routes), Typical: testDay.String()}}
	}
	for i, calls := range w.calls {
		p := out[rng.IntN(n)]
		p.feed.Trips, p.calls = append(p.feed.Trips, w.feed.Trips[i]), append(p.calls, calls)
	}
	return out
}

// TestMergedFeedsAreOneTimetable: timetables that know nothing of each other,
// but call at the same places, give what one timetable of all their trips
// gives, for every cell and percentile, in both directions.
func TestMergedFeedsAreOneTimetable(t *testing.T) {
	t.Parallel()
	useful, worse := 0, 0
	for seed := range uint64(40) {
		rng := rand.New(rand.NewPCG(seed, 41))
		const w, h, cells = 9, 8, 72
		wd := randomWorld(rng)
		wd.walks, wd.feed.Transfers = nil, nil
		for i := range wd.feed.Stops {
			wd.feed.Stops[i] = stopAt(rng.IntN(w), rng.IntN(h))
		}
		d := travel.Direction(seed % 2)
		to := Targets{Sources: []travel.Source{{Col: int(seed % w), Row: 2, Facility: 3}}}
		times := func(f *Feed) *Answer {
			t.Helper()
			tt, err := Load(context.Background(), f, testDay, Options{From: 7 * 3600, Until: 7*3600 + 1800, Step: 300, Horizon: 30 * 3600, Walk: 40000, MaxRides: int(seed) % 3})
			if err != nil {
				t.Fatal(err)
			}
			r, err := NewRouter(context.Background(), tt, ground(t, w, h, 200, flat(cells, 0.7), nil, d))
			if err != nil {
				t.Fatal(err)
			}
			a, err := r.Times(context.Background(), to, []float64{0, 50, 100})
			if err != nil {
				t.Fatal(err)
			}
			return a
		}
		var feeds []*Feed
		for _, p := range parted(rng, wd, 2+int(seed%3)) {
			feeds = append(feeds, p.seal())
		}
		merged, err := Merge(feeds...)
		if err != nil {
			t.Fatal(err)
		}
		want, got := times(wd.seal()), times(merged)
		for k := range want.Seconds {
			for cell := range cells {
				if want.Seconds[k][cell] != got.Seconds[k][cell] || want.Useful[cell] != got.Useful[cell] || want.Reached[cell] != got.Reached[cell] {
					t.Fatalf("seed %d, cell %d: %g s together, %g s as one timetable", seed, cell, got.Seconds[k][cell], want.Seconds[k][cell])
				}
			}
		}
		for cell := range cells {
			if got.Useful[cell] > 0 {
				useful++
			}
		}
		// The first alone leaves trips out.
		alone, err := Load(context.Background(), feeds[0], testDay, Options{From: 7 * 3600, Until: 8 * 3600})
		if err != nil || alone.Notes().ServiceTrips < len(wd.calls) {
			worse++
		}
	}
	if useful < 150 || worse < 20 {
		t.Errorf("%d cells with a useful ride, %d worlds in which the first timetable does not have all: too plain", useful, worse)
	}
}

// onDays makes a feed of trips that run on days, from and to one stop each.
func onDays(zone string, typical Day, trips int, days ...Day) *Feed {
	f := &Feed{Timezone: zone, Stops: []Stop{stopAt(1, 1), stopAt(2, 2)}, Routes: []Route{{ID: "r"}}, Frequencies: []Frequency{{Trip: 0, Start: 8 * 3600, End: 9 * 3600, Headway: 600, Exact: true}}}
	if typical != 0 {
		f.Typical = typical.String()
	}
	f.Stops[1].Parent = 0
	for range trips {
		f.Trips = append(f.Trips, Trip{ID: "t", Block: "b"})
	}
	f.Transfers = []Transfer{{From: 0, To: 1, FromRoute: -1, ToRoute: 0, FromTrip: -1, ToTrip: 0, Type: 2, MinTime: 9}}
	f.Runs = func(_ int32, d Day) bool { return slices.Contains(days, d) }
	f.Calls = func(_ context.Context, yield func(int, []Call) (bool, error)) error {
		for i := range f.Trips {
			at := int32(8 * 3600)
			if more, err := yield(i, []Call{{Stop: 0, Arrival: at, Departure: at}, {Stop: 1, Arrival: at + 60, Departure: at + 60}}); !more || err != nil {
				return err
			}
		}
		return nil
	}
	return f
}

// TestMergeKeepsIndices: stops, stations, routes, trips, blocks, rules and
// frequencies of the second feed are its own.
func TestMergeKeepsIndices(t *testing.T) {
	t.Parallel()
	m, err := Merge(onDays("", testDay, 2, testDay), onDays("", 0, 1, testDay))
	if err != nil {
		t.Fatal(err)
	}
	if len(m.Stops) != 4 || m.Stops[1].Parent != 0 || m.Stops[3].Parent != 2 || m.Stops[0].Parent != -1 || m.Trips[2].Route != 1 || m.Trips[2].Service != 1 {
		t.Errorf("stops %+v, trips %+v", m.Stops, m.Trips)
	}
	if m.Trips[0].Block == m.Trips[2].Block || m.Trips[0].Block != m.Trips[1].Block {
		t.Errorf("blocks of two feeds are the same vehicle: %+v", m.Trips)
	}
	want := Transfer{From: 2, To: 3, FromRoute: -1, ToRoute: 1, FromTrip: -1, ToTrip: 2, Type: 2, MinTime: 9}
	if m.Transfers[1] != want || m.Frequencies[1].Trip != 2 {
		t.Errorf("rules %+v, frequencies %+v", m.Transfers, m.Frequencies)
	}
	var trips []int
	var stops []int32
	err = m.Calls(context.Background(), func(trip int, calls []Call) (bool, error) {
		trips, stops = append(trips, trip), append(stops, calls[0].Stop)
		return true, nil
	})
	if err != nil || !slices.Equal(trips, []int{0, 1, 2}) || !slices.Equal(stops, []int32{0, 0, 2}) {
		t.Errorf("trips %v from stops %v, %v", trips, stops, err)
	}
	if err = m.Calls(context.Background(), func(trip int, _ []Call) (bool, error) { trips = []int{trip}; return false, nil }); err != nil || !slices.Equal(trips, []int{0}) {
		t.Errorf("a reading that is ended goes on: %v, %v", trips, err)
	}
}

// TestMergeZones: eight in the morning in London is nine in Rome.
func TestMergeZones(t *testing.T) {
	t.Parallel()
	m, err := Merge(onDays("Europe/Rome", testDay, 1, testDay), onDays("Europe/London", testDay, 1, testDay))
	if err != nil {
		t.Fatal(err)
	}
	m.Frequencies = nil
	tt, err := Load(context.Background(), m, testDay, Options{From: 7 * 3600, Until: 10 * 3600})
	if err != nil {
		t.Fatal(err)
	}
	if len(tt.runs) != 2 || tt.runs[0].shift != 0 || tt.runs[1].shift != 3600 || tt.Notes().ServiceTrips != 2 {
		t.Errorf("%+v, %+v", tt.runs, tt.Notes())
	}
}

// TestMergeTypicalDay: the day on which most timetables run, then that with
// most trips.
func TestMergeTypicalDay(t *testing.T) {
	t.Parallel()
	a, b, c := testDay, testDay+1, testDay+2
	for name, x := range map[string]struct {
		feeds []*Feed
		want  string
	}{
		"both on the second's": {[]*Feed{onDays("", a, 5, a, b), onDays("", b, 1, b)}, b.String()},
		"most trips":           {[]*Feed{onDays("", a, 1, a), onDays("", c, 2, c)}, c.String()},
		"the first":            {[]*Feed{onDays("", a, 2, a), onDays("", c, 2, c)}, a.String()},
		"one has none":         {[]*Feed{onDays("", 0, 2, a), onDays("", c, 2, c)}, c.String()},
		"none has one":         {[]*Feed{onDays("", 0, 2, a), onDays("", 0, 2, c)}, ""},
	} {
		m, err := Merge(x.feeds...)
		if err != nil || m.Typical != x.want {
			t.Errorf("%s: %q, %v; want %q", name, m.Typical, err, x.want)
		}
	}
}

func TestMergeRefuses(t *testing.T) {
	t.Parallel()
	one := onDays("", testDay, 1, testDay)
	two, err := Merge(one, one)
	if err != nil {
		t.Fatal(err)
	}
	if same, err := Merge(one); err != nil || same != one {
		t.Errorf("one timetable: %v", err)
	}
	for name, feeds := range map[string][]*Feed{
		"none": nil, "too many": slices.Repeat([]*Feed{one}, MaxFeeds+1), "an unknown zone": {one, onDays("Europe/Atlantis", testDay, 1)}, "of several": {two, one},
	} {
		if _, err := Merge(feeds...); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
