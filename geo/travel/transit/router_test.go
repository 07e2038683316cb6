package transit

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"contado/geo/fault"
	"contado/geo/travel"
)

// ground is a surface of square cells near (0, 0): a cell is 0.01 degrees.
func ground(t testing.TB, w, h int, metres float64, speed []float32, z []float32, d travel.Direction) Ground {
	t.Helper()
	s := &travel.Surface{Width: w, Height: h, CellW: []float64{metres}, CellH: []float64{metres}, Speed: speed, Elevation: z}
	e, err := travel.Prepare(s)
	if err != nil {
		t.Fatal(err)
	}
	return Ground{Surface: s, Engine: e, Options: travel.Options{Direction: d, Neighbours: 8}, Cell: func(lon, lat float64) (int, int) {
		return int(math.Floor(lon * 100)), int(math.Floor(lat * 100))
	}}
}

func stopAt(col, row int) Stop {
	return Stop{ID: fmt.Sprintf("%d-%d", col, row), Lon: (float64(col) + 0.5) / 100, Lat: (float64(row) + 0.5) / 100, Located: true, Parent: -1}
}

func flat(n int, v float32) []float32 { return slices.Repeat([]float32{v}, n) }

// TestRouter: every cell and departure is what brute force over all stops
// gives, both ways, on rough ground with barriers.
func TestRouter(t *testing.T) {
	t.Parallel()
	better, far := 0, 0
	for seed := range uint64(30) {
		rng := rand.New(rand.NewPCG(seed, 11))
		const w, h, cells = 9, 8, 72
		wd := randomWorld(rng)
		wd.walks, wd.feed.Transfers = nil, nil
		speed, z := make([]float32, cells), make([]float32, cells)
		for i := range speed {
			speed[i], z[i] = 0.5+rng.Float32(), rng.Float32()*60
			if rng.IntN(5) == 0 {
				speed[i] = 0
			}
		}
		for i := range wd.feed.Stops {
			s := stopAt(rng.IntN(w), rng.IntN(h))
			s.Lon += 0.002 * rng.Float64()
			speed[int(s.Lat*100)*w+int(s.Lon*100)] = 1
			wd.feed.Stops[i] = s
		}
		d := travel.Direction(seed % 2)
		g := ground(t, w, h, 200, speed, z, d)
		slack := int32(60)
		o := Options{From: 7 * 3600, Until: 7*3600 + 1800, Step: 300, Slack: &slack, Horizon: 30 * 3600, Walk: 40000}
		tt, err := Load(context.Background(), wd.seal(), testDay, o)
		if err != nil {
			t.Fatal(err)
		}
		r, err := NewRouter(context.Background(), tt, g)
		if err != nil {
			t.Fatal(err)
		}
		at := func(i int) int {
			s := wd.feed.Stops[i]
			return int(s.Lat*100)*w + int(s.Lon*100)
		}
		var walk [][]float32 // of each stop: to it, or from it
		for i := range wd.feed.Stops {
			res, err := g.Engine.Compute(context.Background(), []travel.Source{{Col: at(i) % w, Row: at(i) / w}}, g.Options)
			if err != nil {
				t.Fatal(err)
			}
			walk = append(walk, res.Seconds)
		}
		for i := range wd.feed.Stops {
			for k := range wd.feed.Stops {
				s := walk[k][at(i)]
				if at(i) == at(k) {
					a, b := wd.feed.Stops[i], wd.feed.Stops[k]
					s = float32(6371008.8 * math.Pi / 180 * math.Hypot((a.Lon-b.Lon)*math.Cos(a.Lat*math.Pi/180), a.Lat-b.Lat))
				}
				if i == k || !(s <= 900) {
					continue
				}
				wk := Walk{int32(i), int32(k), int32(math.Ceil(float64(s)))}
				if d == travel.FromFacility {
					wk.From, wk.To = wk.To, wk.From
				}
				wd.walks = append(wd.walks, wk)
			}
		}
		b := wd.brute(slack, 0)
		target := at(0)
		percentiles := []float64{0, 20, 50, 100}
		got, err := r.Times(context.Background(), Targets{Sources: []travel.Source{{Col: target % w, Row: target / w, Facility: 3}}}, percentiles)
		if err != nil {
			t.Fatal(err)
		}
		ends := make([]int32, len(wd.feed.Stops)) // walks between stops and the facility
		for i := range ends {
			ends[i] = ceil(walk[0][at(i)])
		}
		for cell := range cells {
			if speed[cell] == 0 {
				continue
			}
			var times []float64
			near := make([]int32, len(walk))
			for i := range near {
				near[i] = ceil(walk[i][cell])
			}
			starts, finish := near, ends
			if d == travel.FromFacility {
				starts, finish = ends, near
			}
			useful := 0
			for i := range tt.count {
				best := float64(walk[0][cell])
				for s, a := range b.arrivals(tt.departure(i), starts) {
					if v := float64(a + finish[s] - tt.departure(i)); a < noArrival && finish[s] >= 0 && v < best {
						best = v
					}
				}
				if best < float64(walk[0][cell]) {
					useful++
				}
				times = append(times, best)
			}
			better += useful
			slices.Sort(times)
			for k, p := range percentiles {
				i := max(int(math.Ceil(p/100*float64(len(times))))-1, 0)
				if float64(got.Seconds[k][cell]) != times[i] {
					t.Fatalf("seed %d, cell %d, percentile %g: %g s, want %g", seed, cell, p, got.Seconds[k][cell], times[i])
				}
			}
			if got.Useful[cell] != float32(useful)/float32(len(times)) {
				t.Fatalf("seed %d, cell %d: useful %g, want %d of %d", seed, cell, got.Useful[cell], useful, len(times))
			}
			if (got.Nearest[cell] == 3) != (times[0] < math.Inf(1)) {
				t.Fatalf("seed %d, cell %d: nearest %d", seed, cell, got.Nearest[cell])
			}
			if math.IsInf(times[0], 1) {
				far++
			}
		}
	}
	if better < 300 || far == 0 {
		t.Errorf("%d useful departures, %d cells out of reach: the worlds are too plain", better, far)
	}
}

func ceil(s float32) int32 {
	if math.IsInf(float64(s), 1) {
		return -1
	}
	return int32(math.Ceil(float64(s)))
}

// TestNearestStop: the nearest stop counts however far, and its walk is in
// the time; a stop in a cell that cannot be walked is moved, and said.
func TestNearestStop(t *testing.T) {
	t.Parallel()
	speed := flat(200, 1)
	speed[150] = 0
	w := &world{calls: [][]Call{{{Stop: 0, Arrival: 9 * 3600, Departure: 9 * 3600}, {Stop: 1, Arrival: 9*3600 + 600, Departure: 9*3600 + 600}}}}
	w.feed.Stops = []Stop{stopAt(50, 0), stopAt(150, 0), {ID: "off", Lon: 5, Lat: 5, Located: true, Parent: -1}}
	w.feed.Routes, w.feed.Trips = make([]Route, 1), []Trip{{ID: "a"}}
	w.calls[0] = append(w.calls[0], Call{Stop: 2, Arrival: 10 * 3600, Departure: 10 * 3600})
	g := ground(t, 200, 1, 100, speed, nil, travel.ToFacility)
	g.Wanted = func(cell int) bool { return cell != 7 }
	tt, err := Load(context.Background(), w.seal(), testDay, Options{From: 7 * 3600, Until: 7*3600 + 60, Walk: 600})
	if err != nil {
		t.Fatal(err)
	}
	r, err := NewRouter(context.Background(), tt, g)
	if err != nil {
		t.Fatal(err)
	}
	p := r.Placement()
	if p.Stops != 2 || p.Moved != 1 || p.Outside != 1 || p.Farthest != 100 || p.NoStop != 49 || p.Far == 0 {
		t.Errorf("%+v", p)
	}
	// The facility stands a hundred metres before the barrier, in the cell of
	// the moved stop.
	a, err := r.Times(context.Background(), Targets{Sources: []travel.Source{{Col: 149}}}, []float64{50})
	if err != nil {
		t.Fatal(err)
	}
	if got := a.Seconds[0][0]; got != 2*3600+600+100 {
		t.Errorf("from the first cell %g s", got)
	}
	if got := a.Seconds[0][149-30]; got != 3000 || a.Useful[149-30] != 0 {
		t.Errorf("on foot %g s", got)
	}
	if a.Nearest[7] != -1 || !math.IsInf(float64(a.Seconds[0][7]), 1) || !math.IsInf(float64(a.Seconds[0][199]), 1) || a.Reached[199] != 0 {
		t.Errorf("cells without an answer have %g, %g", a.Seconds[0][7], a.Seconds[0][199])
	}
	if _, err := r.Times(context.Background(), Targets{}, []float64{101}); fault.KindOf(err) != fault.Invalid {
		t.Error(err)
	}
	if _, err := r.Times(context.Background(), Targets{}, nil); fault.KindOf(err) != fault.Invalid {
		t.Error(err)
	}
}

// desert is a perfect grid of lines, three each way, 10 km apart, with a stop
// every kilometre, two minutes between stops, and a trip each way every twenty
// minutes: phase is when lines to the north leave the south, those to the east
// leave the west on the hour.
func desert(phase int32, often bool) *world {
	const side, step = 21, 120
	w := &world{}
	w.feed.Routes = []Route{{ID: "E"}, {ID: "N"}}
	stop := map[[2]int]int32{}
	at := func(x, y int) int32 {
		k := [2]int{x, y}
		if _, ok := stop[k]; !ok {
			stop[k] = int32(len(w.feed.Stops))
			w.feed.Stops = append(w.feed.Stops, stopAt(2*x, 2*y))
		}
		return stop[k]
	}
	line := func(route int32, start int32, xy func(k int) (int, int)) {
		var calls []Call
		for k := range side {
			x, y := xy(k)
			calls = append(calls, Call{Stop: at(x, y), Arrival: start + int32(k*step), Departure: start + int32(k*step)})
		}
		w.feed.Trips = append(w.feed.Trips, Trip{ID: fmt.Sprint("t", len(w.calls)), Route: route})
		w.calls = append(w.calls, calls)
	}
	for _, at := range []int{0, 10, 20} {
		for _, back := range []bool{false, true} {
			along := func(k int) int {
				if back {
					return side - 1 - k
				}
				return k
			}
			starts := []int32{5 * 3600}
			if !often {
				starts = nil
				for s := int32(5 * 3600); s < 14*3600; s += 1200 {
					starts = append(starts, s)
				}
			}
			for _, s := range starts {
				line(0, s, func(k int) (int, int) { return along(k), at })
				line(1, s+phase, func(k int) (int, int) { return at, along(k) })
			}
		}
	}
	if often {
		for i := range w.feed.Trips {
			w.feed.Frequencies = append(w.feed.Frequencies, Frequency{Trip: int32(i), Start: 5 * 3600, End: 14 * 3600, Headway: 1200})
		}
	}
	return w
}

// TestDesert: analytic distributions on a perfect grid of lines. Five
// kilometres to the east and five to the north are 22 minutes with the minute
// before each departure; a wait of 0 to 20 minutes comes to it, and one of 9
// minutes (timetable) or again 0 to 20 (frequencies): 31 to 51 uniform, 22 to
// 62 triangular. (The cases are those of the SimpsonDesertTests of R5.)
func TestDesert(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name     string
		often    bool
		quantile func(p float64) float64 // minutes
	}{
		{"timetable", false, func(p float64) float64 { return 30 + math.Ceil(20*p) }}, // departures on the minute: 31, 32, … 50
		{"frequencies", true, func(p float64) float64 {
			if p > 0.5 {
				return 62 - 20*math.Sqrt(2*(1-p))
			}
			return 22 + 20*math.Sqrt(2*p)
		}},
	} {
		for _, d := range []travel.Direction{travel.ToFacility, travel.FromFacility} {
			g := ground(t, 41, 41, 500, flat(41*41, 5/3.6), nil, d)
			// Trains to the east are at the crossing 20 minutes after the hour, those
			// to the north leave it 10 minutes later.
			tt, err := Load(context.Background(), desert(1800, c.often).seal(), testDay, Options{From: 7 * 3600, Until: 9 * 3600, Samples: 30})
			if err != nil {
				t.Fatal(err)
			}
			r, err := NewRouter(context.Background(), tt, g)
			if err != nil {
				t.Fatal(err)
			}
			from, to := 2*5, 10*2+41*(2*5)
			if d == travel.FromFacility {
				from, to = to, from
			}
			percentiles := []float64{2, 10, 25, 50, 75, 90, 98}
			a, err := r.Times(context.Background(), Targets{Sources: []travel.Source{{Col: to % 41, Row: to / 41}}}, percentiles)
			if err != nil {
				t.Fatal(err)
			}
			for k, p := range percentiles {
				got, want := float64(a.Seconds[k][from])/60, c.quantile(p/100)
				if math.Abs(got-want) > 0.75 {
					t.Errorf("%s, direction %d: percentile %g is %.2f min, want %.2f", c.name, d, p, got, want)
				}
			}
			if a.Elements != 120*tt.Samples() || (tt.Samples() == 31) != c.often {
				t.Errorf("%s: %d elements of %d samples", c.name, a.Elements, tt.Samples())
			}
		}
	}
}
