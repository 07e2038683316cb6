package transit

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

// world is a small random timetable.
type world struct {
	feed  Feed
	calls [][]Call
	walks []Walk
}

func (w *world) seal() *Feed {
	w.feed.Runs = func(service int32, d Day) bool { return service == 0 || d == testDay }
	w.feed.Calls = func(_ context.Context, yield func(int, []Call) (bool, error)) error {
		for i, c := range w.calls {
			if more, err := yield(i, c); !more || err != nil {
				return err
			}
		}
		return nil
	}
	return &w.feed
}

var testDay = DayOf(time.Date(2026, 5, 6, 0, 0, 0, 0, time.UTC))

// randomWorld draws stops, lines with trips that may overtake each other, calls
// where one may not get on or off, walks and rules.
func randomWorld(rng *rand.Rand) *world {
	w := &world{}
	stops := 3 + rng.IntN(6)
	for i := range stops {
		w.feed.Stops = append(w.feed.Stops, Stop{ID: fmt.Sprint(i), Parent: -1})
	}
	routes := 1 + rng.IntN(3)
	w.feed.Routes = make([]Route, routes)
	for range 2 + rng.IntN(10) {
		n := 2 + rng.IntN(4)
		at := int32(7*3600 + rng.IntN(3600))
		var calls []Call
		for range n {
			c := Call{Stop: int32(rng.IntN(stops)), Arrival: at, Departure: at + int32(rng.IntN(3)*30)}
			if rng.IntN(6) == 0 {
				c.Pickup = 1
			}
			if rng.IntN(6) == 0 {
				c.DropOff = 1
			}
			calls = append(calls, c)
			at = c.Departure + int32(1+rng.IntN(900))
		}
		w.feed.Trips = append(w.feed.Trips, Trip{ID: fmt.Sprint(len(w.calls)), Route: int32(rng.IntN(routes)), Service: int32(rng.IntN(2))})
		w.calls = append(w.calls, calls)
	}
	for range rng.IntN(8) {
		w.walks = append(w.walks, Walk{int32(rng.IntN(stops)), int32(rng.IntN(stops)), int32(rng.IntN(900))})
	}
	maybe := func(n int) int32 {
		if rng.IntN(2) == 0 {
			return -1
		}
		return int32(rng.IntN(n))
	}
	for range rng.IntN(5) {
		w.feed.Transfers = append(w.feed.Transfers, Transfer{
			int32(rng.IntN(stops)), int32(rng.IntN(stops)), maybe(routes), maybe(routes), maybe(len(w.calls)), maybe(len(w.calls)),
			[]int8{0, 1, 2, 3, 4}[rng.IntN(5)], int32(rng.IntN(600)) - 1,
		})
	}
	return w
}

// brute is Dijkstra on the graph of all events: (run, position) on board.
type brute struct {
	*world
	slack    int32
	maxRides int
	runs     [][]Call // of the days about the window
	trip     []int
}

func (w *world) brute(slack int32, maxRides int) *brute {
	b := &brute{world: w, slack: slack, maxRides: maxRides}
	for trip, calls := range w.calls {
		for d := int32(-1); d <= 1; d++ {
			if w.feed.Trips[trip].Service != 0 && d != 0 {
				continue
			}
			var shifted []Call
			for _, c := range calls {
				c.Arrival += d * 86400
				c.Departure += d * 86400
				shifted = append(shifted, c)
			}
			b.runs, b.trip = append(b.runs, shifted), append(b.trip, trip)
		}
	}
	return b
}

// change is how long a change takes, −1 when it is not possible.
func (b *brute) change(tripA int, stopA int32, tripB int, stopB int32) int32 {
	walk := int32(-1)
	if stopA == stopB {
		walk = 0
	}
	for _, w := range b.walks {
		if w.From == stopA && w.To == stopB && stopA != stopB && (walk < 0 || w.Seconds < walk) {
			walk = w.Seconds
		}
	}
	best, weight := -1, -1
	for i, r := range b.feed.Transfers {
		n := 0
		ok := r.From == stopA && r.To == stopB
		check := func(rule int32, value int32, points int) {
			if rule >= 0 {
				n += points
				ok = ok && rule == value
			}
		}
		check(r.FromTrip, int32(tripA), 3)
		if r.FromTrip < 0 {
			check(r.FromRoute, b.feed.Trips[tripA].Route, 1)
		}
		check(r.ToTrip, int32(tripB), 3)
		if r.ToTrip < 0 {
			check(r.ToRoute, b.feed.Trips[tripB].Route, 1)
		}
		if ok && n > weight {
			best, weight = i, n
		}
	}
	if best >= 0 {
		switch r := b.feed.Transfers[best]; {
		case r.Type == 3:
			return -1
		case r.Type == 1 || r.Type == 4:
			return 0
		case r.Type == 2 && r.MinTime >= 0:
			return r.MinTime
		case walk < 0:
			return r.MinTime
		}
	}
	if walk < 0 {
		return -1
	}
	return max(walk+b.slack, 1)
}

const noArrival = int32(1 << 30)

// arrivals are the earliest arrivals at stops of who is at the starts (−1:
// not) at a time plus what the start says, by at least one ride.
func (b *brute) arrivals(at int32, starts []int32) []int32 {
	type state struct{ run, position int }
	rides := map[state]int{} // fewest rides to be on board when leaving a call
	var queue []state
	board := func(run, position, n int) {
		s := state{run, position}
		if old, ok := rides[s]; ok && old <= n || b.maxRides > 0 && n > b.maxRides {
			return
		}
		rides[s] = n
		queue = append(queue, s)
	}
	for run, calls := range b.runs {
		for k, c := range calls[:len(calls)-1] {
			if c.Pickup != 1 && starts[c.Stop] >= 0 && c.Departure >= at+starts[c.Stop]+b.slack {
				board(run, k, 1)
			}
		}
	}
	out := make([]int32, len(b.feed.Stops))
	for i := range out {
		out[i] = noArrival
	}
	for len(queue) > 0 {
		s := queue[0]
		queue = queue[1:]
		n := rides[s]
		for k := s.position + 1; k < len(b.runs[s.run]); k++ {
			c := b.runs[s.run][k]
			if c.DropOff == 1 {
				continue
			}
			out[c.Stop] = min(out[c.Stop], c.Arrival)
			for run, calls := range b.runs {
				for j, d := range calls[:len(calls)-1] {
					if d.Pickup == 1 {
						continue
					}
					if t := b.change(b.trip[s.run], c.Stop, b.trip[run], d.Stop); t >= 0 && d.Departure >= c.Arrival+t {
						board(run, j, n+1)
					}
				}
			}
		}
	}
	return out
}

// TestOracle: profiles and rounds give what brute force gives, for every
// departure and stop.
func TestOracle(t *testing.T) {
	t.Parallel()
	reached := 0
	for seed := range uint64(400) {
		rng := rand.New(rand.NewPCG(seed, 7))
		w := randomWorld(rng)
		slack := []int32{0, 60, 120}[rng.IntN(3)]
		o := Options{From: 7 * 3600, Until: 7*3600 + 1800, Step: 97, Slack: &slack, MaxRides: rng.IntN(4), Horizon: 30 * 3600}
		tt, err := Load(context.Background(), w.seal(), testDay, o)
		if err != nil {
			t.Fatal(err)
		}
		stops := len(w.feed.Stops)
		ends := &Ends{Seconds: make([]int32, stops), Facility: make([]int32, stops)}
		for i := range ends.Seconds {
			if ends.Seconds[i] = int32(rng.IntN(1200)); rng.IntN(3) > 0 {
				ends.Seconds[i] = -1
			}
			ends.Facility[i] = int32(i)
		}
		c, s := tt.changes(w.walks), tt.sample(0)
		b := w.brute(slack, o.MaxRides)
		forward, back := tt.forward(s, c, ends), tt.profile(s, c, ends)
		for i := range tt.count {
			at := tt.departure(i)
			want := b.arrivals(at, ends.Seconds)
			for stop := range stops {
				got := noArrival
				if l := find(forward[stop], int32(i)); l != never {
					got = l.seconds()
					reached++
				}
				if got != want[stop] {
					t.Fatalf("seed %d, leaving at %s: stop %d reached at %s, want %s", seed, clock(at), stop, clock(got), clock(want[stop]))
				}
			}
			for stop := range stops {
				starts := make([]int32, stops)
				for k := range starts {
					starts[k] = -1
				}
				starts[stop] = 0
				want := noArrival
				for k, a := range b.arrivals(at, starts) {
					if a < noArrival && ends.Seconds[k] >= 0 {
						want = min(want, a+ends.Seconds[k])
					}
				}
				got := noArrival
				if l := find(back[stop], at); l != never {
					got = l.seconds()
				}
				if got != want {
					t.Fatalf("seed %d, at stop %d at %s: arrives at %s, want %s", seed, stop, clock(at), clock(got), clock(want))
				}
			}
		}
	}
	if reached < 5000 {
		t.Errorf("only %d arrivals were compared", reached)
	}
}
