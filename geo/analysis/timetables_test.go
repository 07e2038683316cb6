package analysis_test

import (
	"context"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"contado/geo/analysis"
	"contado/geo/coverage"
	"contado/geo/fault"
	"contado/geo/store/catalog"
	"contado/geo/travel"
	"contado/geo/travel/transit"
)

// line is a bus along a row of the plain, from column to column, every so many
// seconds.
type line struct {
	name          string
	row, from, to int
	every         int32
}

// feedOf is a timetable of lines; each calls at six stops, 80 seconds apart.
func feedOf(t *testing.T, lines ...line) *transit.Feed {
	t.Helper()
	f := &transit.Feed{Timezone: "Europe/Rome", Typical: "2026-03-04", Runs: func(_ int32, _ transit.Day) bool { return true }}
	var all [][]transit.Call
	for k, l := range lines {
		f.Routes = append(f.Routes, transit.Route{ID: l.name, Name: l.name, Mode: "bus"})
		first := int32(len(f.Stops))
		for i := range 6 {
			lon, lat := lonLat(t, l.from+(l.to-l.from)*i/5, l.row)
			f.Stops = append(f.Stops, transit.Stop{ID: fmt.Sprintf("%s-%d", l.name, i), Name: fmt.Sprintf("%s %d", l.name, i), Lon: lon, Lat: lat, Located: true, Parent: -1})
		}
		for start := int32(6 * 3600); start < 10*3600; start += l.every {
			var calls []transit.Call
			for i := range int32(6) {
				calls = append(calls, transit.Call{Stop: first + i, Arrival: start + 80*i, Departure: start + 80*i + 20})
			}
			f.Trips = append(f.Trips, transit.Trip{ID: fmt.Sprintf("%s %d", l.name, start), Route: int32(k)})
			all = append(all, calls)
		}
	}
	f.Calls = func(_ context.Context, yield func(int, []transit.Call) (bool, error)) error {
		for i, calls := range all {
			if more, err := yield(i, calls); !more || err != nil {
				return err
			}
		}
		return nil
	}
	return f
}

// timetabled is the plain with timetables of lines, by dataset.
func timetabled(t *testing.T, sets map[string][]line) *land {
	t.Helper()
	l := newLand(t)
	for id := range sets {
		tmp := filepath.Join(t.TempDir(), id)
		if err := os.WriteFile(tmp, []byte(id), 0o600); err != nil {
			t.Fatal(err)
		}
		key := "datasets/" + id + "/v1/" + id + ".gtfs"
		l.publish(id, catalog.Timetable, catalog.TimetableRole, tmp, key, catalog.Version{BBoxWGS84: l.wgs84(landGrid().Bounds())}, nil)
	}
	l.engine.WithTimetables(func(path string) (*transit.Feed, io.Closer, error) {
		id := strings.TrimSuffix(filepath.Base(path), ".gtfs")
		return feedOf(t, sets[id]...), io.NopCloser(strings.NewReader("")), nil
	})
	l.refresh()
	return l
}

var (
	eastward = line{"E", 50, 70, 30, 300} // from the east to near the clinic
	feeder   = line{"F", 52, 88, 71, 300} // from farther east to two cells off the first
)

// Timetables that meet within a walk are ridden together: people change
// between them, and the figures are those of one timetable with all lines.
func TestTimetablesTogether(t *testing.T) {
	t.Parallel()
	q := analysis.CoverageRequest{Territory: "9", Service: "clinic", Profile: "bus-and-walk", Thresholds: []float64{900, 1800}, HideBelow: -1}
	ask := func(l *land, change func(q *analysis.CoverageRequest)) *coverage.Report {
		t.Helper()
		q := q
		if change != nil {
			change(&q)
		}
		rep, _, err := l.engine.Coverage(context.Background(), q, nil)
		if err != nil {
			t.Fatal(err)
		}
		return rep
	}
	two := timetabled(t, map[string][]line{"bus-a": {eastward}, "bus-b": {feeder}})
	one := timetabled(t, map[string][]line{"bus": {eastward, feeder}})
	want, got := ask(one, nil), ask(two, nil)
	for i := range want.Coverage {
		if diff := cmp.Diff(want.Coverage[i], got.Coverage[i]); diff != "" {
			t.Errorf("two timetables instead of one: %s", diff)
		}
	}
	if *want.Ridership.Useful != *got.Ridership.Useful || *want.MedianS != *got.MedianS {
		t.Errorf("rides: %+v, %+v", want.Ridership, got.Ridership)
	}
	inputs := 0
	for _, in := range got.Inputs {
		if in.Dataset == "bus-a" || in.Dataset == "bus-b" {
			inputs++
		}
	}
	if inputs != 2 || !slices.ContainsFunc(got.Method.Parameters, func(p coverage.Parameter) bool { return p.Name == "timetables" && p.Value == "bus-a, bus-b" }) {
		t.Errorf("the report does not say that it rode by both: %+v", got.Inputs)
	}
	named := ask(two, func(q *analysis.CoverageRequest) { q.Transit.Timetables = []string{"bus-b", "bus-a"} })
	alone := ask(two, func(q *analysis.CoverageRequest) { q.Transit.Timetables = []string{"bus-a"} })
	if named.Coverage[1].Covered != got.Coverage[1].Covered || alone.Coverage[1].Covered >= got.Coverage[1].Covered || alone.Ridership.Useful == nil {
		t.Errorf("named: %+v; the first alone: %+v; both: %+v", named.Coverage[1], alone.Coverage[1], got.Coverage[1])
	}
	for _, ids := range [][]string{{"bus-a", "bus-a"}, {"clinic"}} {
		bad := q
		bad.Transit.Timetables = ids
		if _, _, err := two.engine.Coverage(context.Background(), bad, nil); !fault.Is(err, fault.Invalid) {
			t.Errorf("%v: %v", ids, err)
		}
	}
}

// Times of a matrix by bus are those of the journeys told, to the second,
// whatever there is more of: origins or destinations.
func TestMatrixByBusIsTheJourney(t *testing.T) {
	t.Parallel()
	l := timetabled(t, map[string][]line{"bus-a": {eastward}, "bus-b": {feeder}})
	rng := rand.New(rand.NewPCG(3, 5))
	places := func(n int) []analysis.TravelPlace {
		var out []analysis.TravelPlace
		for i := range n {
			lon, lat := lonLat(t, 15+rng.IntN(74), 47+rng.IntN(8))
			id := fmt.Sprintf("p%d", i+1)
			out = append(out, analysis.TravelPlace{ID: id, Name: id, Lon: lon + rng.Float64()/2000, Lat: lat})
		}
		return out
	}
	rides := 0
	for _, size := range [][2]int{{2, 5}, {5, 2}, {1, 4}} {
		from, to := places(size[0]), places(size[1])
		base := analysis.TravelRequest{Territory: "9", Profile: "bus-and-walk"}
		origins, destinations := base, base
		origins.Places, destinations.Places = from, to
		m, err := l.engine.TravelMatrix(context.Background(), origins, destinations, nil)
		if err != nil {
			t.Fatal(err)
		}
		for i := range from {
			for k := range to {
				q := base
				q.Places, q.Direction = to[k:k+1], travel.ToFacility
				j, err := l.engine.TravelExplain(context.Background(), q, from[i], nil)
				if err != nil {
					t.Fatal(err)
				}
				for _, leg := range j.Legs {
					if leg.Kind == "ride" {
						rides++
					}
				}
				if math.Abs(j.Seconds-m.Seconds[i][k]) > 1e-3 {
					t.Errorf("%v, %s to %s: %g s in the matrix, %g s told", size, from[i].ID, to[k].ID, m.Seconds[i][k], j.Seconds)
				}
			}
		}
	}
	if rides < 5 {
		t.Errorf("only %d rides", rides)
	}
}
