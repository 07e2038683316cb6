package coverage_test

import (
	"context"
	"math"
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"contado/geo/coverage"
)

type town struct {
	d      coverage.Demand
	areas  []coverage.Area
	places []coverage.CapacityPlace
	list   []coverage.Trip
}

func (w *town) trips(t rapid.TB) *coverage.Trips {
	t.Helper()
	trips, err := coverage.NewTrips(len(w.d.People), len(w.places), append([]coverage.Trip(nil), w.list...))
	if err != nil {
		t.Fatal(err)
	}
	return trips
}

func (w *town) assign(t rapid.TB, within float64) *coverage.Capacity {
	t.Helper()
	c, err := coverage.Assign(context.Background(), w.d, w.areas, w.places, w.trips(t), within)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// drawTown is a small world of whole people and seconds.
func drawTown(t *rapid.T) *town {
	w := &town{areas: []coverage.Area{{"a", "A"}, {"b", "B"}}}
	cells := rapid.IntRange(1, 8).Draw(t, "cells")
	places := rapid.IntRange(1, 4).Draw(t, "places")
	for i := range cells {
		w.d.Area = append(w.d.Area, int32(rapid.IntRange(0, 1).Draw(t, "area")))
		w.d.People = append(w.d.People, float64(rapid.IntRange(0, 5).Draw(t, "people")))
		w.d.X, w.d.Y = append(w.d.X, 10+float64(i)/100), append(w.d.Y, 45)
		for j := range places {
			if s := rapid.IntRange(0, 30).Draw(t, "seconds"); s > 0 {
				w.list = append(w.list, coverage.Trip{Cell: int32(i), Facility: int32(j), Seconds: float32(s)})
			}
		}
	}
	for j := range places {
		w.places = append(w.places, coverage.CapacityPlace{ID: string(rune('p' + j)), Capacity: float64(rapid.IntRange(0, 7).Draw(t, "capacity"))})
	}
	return w
}

// bestFlow serves person after person by the shortest augmenting path in the
// graph of single people (Bellman–Ford): slow, and another method altogether.
func (w *town) bestFlow(within float64) (served int, seconds float64) {
	type arc struct {
		from, to, room int
		cost           float64
	}
	cells, places := len(w.d.People), len(w.places)
	source, sink := cells+places, cells+places+1
	var arcs []arc
	add := func(from, to, room int, cost float64) {
		arcs = append(arcs, arc{from, to, room, cost}, arc{to, from, 0, -cost})
	}
	for i, p := range w.d.People {
		add(source, i, int(p), 0)
	}
	for j, p := range w.places {
		add(cells+j, sink, int(p.Capacity), 0)
	}
	for _, t := range w.list {
		if float64(t.Seconds) <= within {
			add(int(t.Cell), cells+int(t.Facility), 1000, float64(t.Seconds))
		}
	}
	for {
		dist, by := make([]float64, sink+1), make([]int, sink+1)
		for v := range dist {
			dist[v], by[v] = math.Inf(1), -1
		}
		dist[source] = 0
		for range dist {
			for k, a := range arcs {
				if a.room > 0 && dist[a.from]+a.cost < dist[a.to] {
					dist[a.to], by[a.to] = dist[a.from]+a.cost, k
				}
			}
		}
		if math.IsInf(dist[sink], 1) {
			return served, seconds
		}
		for v := sink; v != source; v = arcs[by[v]].from {
			arcs[by[v]].room--
			arcs[by[v]^1].room++
		}
		served++
		seconds += dist[sink]
	}
}

func TestAssignIsOptimal(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := drawTown(t)
		within := float64(rapid.IntRange(1, 30).Draw(t, "within"))
		c := w.assign(t, within)
		served, seconds := w.bestFlow(within)
		if c.Assigned != float64(served) {
			t.Fatalf("serves %v, could serve %d", c.Assigned, served)
		}
		if served > 0 && math.Abs(*c.MeanS*c.Assigned-seconds) > 1e-6 {
			t.Fatalf("takes %v s, could take %v", *c.MeanS*c.Assigned, seconds)
		}
		checkCapacity(t, w, c)
	})
}

// checkCapacity tests the sums.
func checkCapacity(t rapid.TB, w *town, c *coverage.Capacity) {
	t.Helper()
	var people, assigned, full, beyond, load float64
	for _, p := range w.d.People {
		people += p
	}
	for _, a := range c.Areas {
		if a.Assigned+a.Full+a.Beyond != a.People {
			t.Fatalf("area %+v does not sum", a)
		}
		assigned, full, beyond = assigned+a.Assigned, full+a.Full, beyond+a.Beyond
	}
	for _, l := range c.Loads {
		if l.Assigned > l.Capacity {
			t.Fatalf("over capacity: %+v", l)
		}
		load += l.Assigned
	}
	if assigned != c.Assigned || full != c.Full || beyond != c.Beyond || load != c.Assigned || assigned+full+beyond != people {
		t.Fatalf("sums: areas %v %v %v, facilities %v, of %v people; document %+v", assigned, full, beyond, load, people, c)
	}
}

func TestAssignHasNoOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := drawTown(t)
		want := w.assign(t, 25)
		cells := rapid.Permutation(indices(len(w.d.People))).Draw(t, "cells")
		places := rapid.Permutation(indices(len(w.places))).Draw(t, "places")
		moved := &town{areas: []coverage.Area{w.areas[1], w.areas[0]}, places: make([]coverage.CapacityPlace, len(places))}
		moved.d = coverage.Demand{
			Area: make([]int32, len(cells)), People: make([]float64, len(cells)), X: make([]float64, len(cells)), Y: make([]float64, len(cells)),
		}
		for i, to := range cells {
			moved.d.Area[to], moved.d.People[to] = 1-w.d.Area[i], w.d.People[i]
			moved.d.X[to], moved.d.Y[to] = w.d.X[i], w.d.Y[i]
		}
		for j, to := range places {
			moved.places[to] = w.places[j]
		}
		for _, trip := range w.list {
			moved.list = append(moved.list, coverage.Trip{Cell: int32(cells[trip.Cell]), Facility: int32(places[trip.Facility]), Seconds: trip.Seconds})
		}
		got := moved.assign(t, 25)
		got.Areas[0], got.Areas[1] = got.Areas[1], got.Areas[0]
		loads := make([]coverage.FacilityLoad, len(places))
		for j, to := range places {
			loads[j] = got.Loads[to]
		}
		got.Loads = loads
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("order matters:\n%+v\n%+v", got, want)
		}
	})
}

func indices(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

// TestAssignNeedsADetour: serving all takes moving one who has a choice.
func TestAssignNeedsADetour(t *testing.T) {
	t.Parallel()
	w := &town{
		areas:  []coverage.Area{{"a", "A"}},
		d:      coverage.Demand{Area: []int32{0, 0, 0}, People: []float64{10, 10, 4}},
		places: []coverage.CapacityPlace{{ID: "near", Capacity: 10}, {ID: "far", Capacity: 12}},
		list:   []coverage.Trip{{0, 0, 60}, {1, 0, 30}, {1, 1, 600}, {2, 0, 1801}},
	}
	c := w.assign(t, 1800)
	if c.Assigned != 20 || c.Beyond != 4 || c.Full != 0 || *c.MeanS != 330 || *c.Loads[1].MaxS != 600 {
		t.Fatalf("%+v", c)
	}
	w.places[1].Capacity = 3.5
	if c = w.assign(t, 1800); c.Assigned != 13.5 || c.Full != 6.5 || math.Abs(*c.MeanS-(6.5*30+3.5*600+3.5*60)/13.5) > 1e-9 {
		t.Fatalf("%+v, mean %v", c, *c.MeanS)
	}
}

func randomWorld(cells, places, each int) *town {
	w := &town{}
	for a := range 8 {
		w.areas = append(w.areas, coverage.Area{Code: string(rune('a' + a))})
	}
	state := uint64(1)
	next := func(n int) int {
		state = state*6364136223846793005 + 1442695040888963407
		return int(state>>33) % n
	}
	total := 0.0
	for i := range cells {
		x, y := next(10000), next(10000)
		people := float64(next(40)) / 4
		total += people
		w.d.Area = append(w.d.Area, int32(x*8/10000))
		w.d.People = append(w.d.People, people)
		w.d.X, w.d.Y = append(w.d.X, float64(x)/1e4), append(w.d.Y, 45+float64(y)/1e4)
		for k := range each {
			j := (next(places/each) + k*(places/each)) % places
			dx, dy := float64(x-(j*7919)%10000), float64(y-(j*104729)%10000)
			w.list = append(w.list, coverage.Trip{Cell: int32(i), Facility: int32(j), Seconds: float32(math.Hypot(dx, dy))})
		}
	}
	for j := range places {
		w.places = append(w.places, coverage.CapacityPlace{ID: string(rune('A' + j)), Capacity: total / float64(places) * (0.5 + float64(next(100))/100)})
	}
	return w
}

func BenchmarkAssign(b *testing.B) {
	w := randomWorld(300_000, 60, 60)
	trips := w.trips(b)
	before := processor()
	for b.Loop() {
		if _, err := coverage.Assign(context.Background(), w.d, w.areas, w.places, trips, 1e5); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric((processor()-before)/float64(b.N), "cpu-s/op")
}
