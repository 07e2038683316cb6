package transit

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"contado/geo/fault"
	"contado/geo/travel"
)

// TestExplain: the legs of every cell and departure follow on each other, are
// runs of the timetable, and take as long as Times says.
func TestExplain(t *testing.T) {
	t.Parallel()
	rides, feet := 0, 0
	for seed := range uint64(16) {
		rng := rand.New(rand.NewPCG(seed, 23))
		const w, h, cells = 8, 6, 48
		wd := randomWorld(rng)
		for i := range wd.feed.Stops {
			wd.feed.Stops[i] = stopAt(rng.IntN(w), rng.IntN(h))
		}
		wd.feed.Transfers = wd.feed.Transfers[:min(len(wd.feed.Transfers), 2)]
		d := travel.Direction(seed % 2)
		g := ground(t, w, h, 2000, flat(cells, 1), nil, d)
		tt, err := Load(context.Background(), wd.seal(), testDay, Options{From: 7 * 3600, Until: 7*3600 + 900, Step: 180, Horizon: 30 * 3600, MaxRides: int(seed/2) % 4})
		if err != nil {
			t.Fatal(err)
		}
		r, err := NewRouter(context.Background(), tt, g)
		if err != nil {
			t.Fatal(err)
		}
		to := Targets{Sources: []travel.Source{{Col: 1, Row: 1, Facility: 4}, {Col: 6, Row: 4, Facility: 5}}}
		for i := range tt.count {
			one := *tt // the window of one departure
			one.first, one.count = tt.departure(i), 1
			alone := *r
			alone.t = &one
			a, err := alone.Times(context.Background(), to, []float64{50})
			if err != nil {
				t.Fatal(err)
			}
			for cell := range cells {
				j, err := r.Explain(context.Background(), to, cell%w, cell/w, i)
				if err != nil {
					t.Fatal(err)
				}
				same := j.Facility == a.Nearest[cell] || d == travel.FromFacility && (j.Facility == 4 || j.Facility == 5) // equal times there
				if float64(j.Seconds) != math.Ceil(float64(a.Seconds[0][cell])) || !same {
					t.Fatalf("seed %d, cell %d, departure %d: %d s to %d, want %g to %d", seed, cell, i, j.Seconds, j.Facility, a.Seconds[0][cell], a.Nearest[cell])
				}
				rides += j.Rides
				if j.Rides == 0 {
					feet++
				}
				check(t, wd, tt, j)
			}
		}
	}
	if rides < 200 || feet < 200 {
		t.Errorf("%d rides, %d on foot", rides, feet)
	}
}

// check looks whether the legs hold together.
func check(t *testing.T, wd *world, tt *Timetable, j *Journey) {
	t.Helper()
	now, sum, rides := j.Depart, int32(0), 0
	for i, l := range j.Legs {
		if l.Depart != now || l.Arrive < l.Depart || l.Seconds != l.Arrive-l.Depart || i > 0 && l.FromStop != j.Legs[i-1].ToStop {
			t.Fatalf("leg %d of %+v", i, j)
		}
		now = l.Arrive
		sum += l.Seconds
		if l.Kind != RideLeg {
			continue
		}
		rides++
		found := false
		for trip, calls := range wd.calls {
			for a := range calls {
				for b := a + 1; b < len(calls) && wd.feed.Trips[trip].ID == l.Trip; b++ {
					found = found || wd.feed.Stops[calls[a].Stop].ID == l.FromStop && wd.feed.Stops[calls[b].Stop].ID == l.ToStop &&
						(l.Depart-calls[a].Departure)%86400 == 0 && l.Arrive-l.Depart == calls[b].Arrival-calls[a].Departure && l.Calls == b-a
				}
			}
		}
		if !found {
			t.Fatalf("no such ride: %+v", l)
		}
	}
	if now != j.Arrive || sum != j.Seconds || rides != j.Rides || tt.o.MaxRides > 0 && rides > tt.o.MaxRides {
		t.Fatalf("%+v", j)
	}
}

func TestExplainErrors(t *testing.T) {
	t.Parallel()
	wd := randomWorld(rand.New(rand.NewPCG(1, 1)))
	speed := flat(4, 1)
	speed[2] = 0
	g := ground(t, 4, 1, 100, speed, nil, travel.ToFacility)
	tt, err := Load(context.Background(), wd.seal(), testDay, Options{From: 7 * 3600, Until: 8 * 3600})
	if err != nil {
		t.Fatal(err)
	}
	r, err := NewRouter(context.Background(), tt, g)
	if err != nil {
		t.Fatal(err)
	}
	to := Targets{Sources: []travel.Source{{Col: 0}}}
	for _, c := range []struct {
		col, departure int
		kind           fault.Kind
	}{{0, 60, fault.Invalid}, {0, -1, fault.Invalid}, {2, 0, fault.NotExist}, {9, 0, fault.NotExist}, {3, 0, fault.NotExist}} {
		if _, err := r.Explain(context.Background(), to, c.col, 0, c.departure); fault.KindOf(err) != c.kind {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

// TestExplainPercentile: the journey told is one of the window and takes what
// Times says at the percentile, to the bit, by timetable and by headway.
func TestExplainPercentile(t *testing.T) {
	t.Parallel()
	rides, samples, nowhere := 0, 0, 0
	for seed := range uint64(24) {
		rng := rand.New(rand.NewPCG(seed, 29))
		const w, h, cells = 8, 6, 48
		wd := randomWorld(rng)
		for i := range wd.feed.Stops {
			wd.feed.Stops[i] = stopAt(rng.IntN(w), rng.IntN(h))
		}
		wd.feed.Transfers = wd.feed.Transfers[:min(len(wd.feed.Transfers), 2)]
		if seed%2 == seed/2%2 { // some lines by headway, in either direction
			for trip := range int32(2) {
				wd.feed.Frequencies = append(wd.feed.Frequencies, Frequency{Trip: trip, Start: 6 * 3600, End: 9 * 3600, Headway: 900})
			}
		}
		speed := flat(cells, 1)
		if seed%3 == 0 { // two banks
			for r := range h {
				speed[r*w+4] = 0
			}
		}
		d := travel.Direction(seed % 2)
		g := ground(t, w, h, 2000, speed, nil, d)
		tt, err := Load(context.Background(), wd.seal(), testDay, Options{From: 7 * 3600, Until: 7*3600 + 1800, Step: 120, Horizon: 30 * 3600, Samples: 3})
		if err != nil {
			t.Fatal(err)
		}
		r, err := NewRouter(context.Background(), tt, g)
		if err != nil {
			t.Fatal(err)
		}
		to := Targets{Sources: []travel.Source{{Col: 1, Row: 1, Facility: 4}}}
		percentiles := []float64{0, 10, 50, 90, 100}
		a, err := r.Times(context.Background(), to, percentiles)
		if err != nil {
			t.Fatal(err)
		}
		for cell := int(seed) % 3; cell < cells; cell += 3 {
			for k, p := range percentiles {
				want := float64(a.Seconds[k][cell])
				j, err := r.ExplainPercentile(context.Background(), to, cell%w, cell/w, p)
				if math.IsInf(want, 1) {
					nowhere++
					if fault.KindOf(err) != fault.NotExist {
						t.Fatalf("seed %d, cell %d at %g: %v", seed, cell, p, err)
					}
					continue
				}
				if err != nil {
					t.Fatal(err)
				}
				c := j.Choice
				if j.Rides > 0 && float64(j.Seconds) != want || j.Rides == 0 && float64(j.Seconds) != math.Ceil(want) || j.Facility != 4 ||
					j.Depart != tt.departure(c.Departure) || c.Times != a.Elements || c.Sample >= tt.samples ||
					float64(c.Least) > want || float64(c.Most) < want || float32(c.Times-c.Nowhere)/float32(c.Times) != a.Reached[cell] {
					t.Fatalf("seed %d, cell %d at %g: %+v, %+v, want %g", seed, cell, p, j, c, want)
				}
				rides += j.Rides
				samples += c.Sample
				sum := int32(0)
				for _, l := range j.Legs {
					sum += l.Seconds
				}
				if sum != j.Seconds || j.Arrive-j.Depart != sum {
					t.Fatalf("seed %d, cell %d at %g: the legs take %d s of %+v", seed, cell, p, sum, j)
				}
			}
		}
	}
	if rides < 200 || samples == 0 || nowhere == 0 {
		t.Errorf("%d rides, samples %d, %d times nowhere", rides, samples, nowhere)
	}
}
