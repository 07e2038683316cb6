package main

import (
	"archive/zip"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"contado/geo/analysis"
	"contado/geo/coverage"
	"contado/scripts/shareddata"
)

// Reviewed figures of TestPratoByBus.
const (
	pratoWithoutRide = 3249
	pratoWithinHour  = 131711
)

// TestPratoByBus: the province of Prato by its real timetable. No land cover
// is known, so the ground is open; people are those of the municipalities,
// spread evenly; the hospital stands where it is, about.
func TestPratoByBus(t *testing.T) {
	t.Parallel()
	bounds := shareddata.Path(t, "it-boundaries/limits_P_100_municipalities.geojson")
	table := shareddata.Path(t, "it-snai-aree-interne/mappa-ai-2020-comuni.csv")
	feed := shareddata.Path(t, "it-prato-gtfs/bus.gtfs")
	h := newHouse(t)
	hospital := filepath.Join(t.TempDir(), "hospital.geojson")
	if err := os.WriteFile(hospital, []byte(`{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"name":"Ospedale Santo Stefano"},"geometry":{"type":"Point","coordinates":[11.0672,43.8688]}}]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	h.must("ingest", bounds, "-d", "prato", "--role", "territory")
	h.must("ingest", table, "-d", "people", "--role", "population")
	h.must("ingest", hospital, "-d", "hospital", "--role", "service")
	if said := h.refuse(1, "report", "coverage", "-t", "100", "-s", "hospital", "-p", "bus-and-walk"); !strings.Contains(said, "timetable") {
		t.Errorf("without a timetable: %s", said)
	}
	h.must("ingest", feed, "-d", "bus")

	ask := func(args ...string) *coverage.Report {
		t.Helper()
		out := filepath.Join(t.TempDir(), "report.json")
		h.must(append([]string{"report", "coverage", "-t", "100", "-s", "hospital", "--within", "15m,30m,60m,90m", "-o", out}, args...)...)
		b, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		var r coverage.Report
		if err := json.Unmarshal(b, &r); err != nil {
			t.Fatal(err)
		}
		for _, row := range r.Coverage {
			if row.Covered+row.Uncovered+row.Unreachable != r.PopulationTotal {
				t.Errorf("%v: somebody is lost: %+v of %g", args, row, r.PopulationTotal)
			}
		}
		return &r
	}
	day := []string{"-p", "bus-and-walk", "--date", "2016-05-04", "--departing", "07:00-09:00"}
	foot, bus := ask("-p", "walking"), ask(day...)
	bad := ask(append(day, "--percentile", "90")...)
	night := ask(append(day, "--departing", "01:00-02:00")...)
	chair := ask(append(day, "--wheelchair")...)
	known := snaiPeople(t, table)
	if len(bus.Areas) != 7 || bus.PopulationTotal != foot.PopulationTotal {
		t.Errorf("%d municipalities, %g people", len(bus.Areas), bus.PopulationTotal)
	}
	for _, a := range bus.Areas {
		closeTo(t, a.Name+" people", a.Population, known[a.Code], 1e-6)
	}
	n := bus.Ridership
	if n == nil || n.Date != "2016-05-04" || n.From != "07:00" || n.Until != "09:00" || n.Percentile != 50 || n.Departures != 120 || n.Samples != 1 || n.Useful == nil {
		t.Fatalf("%+v", n)
	}
	if foot.Ridership != nil || n.People != bus.PopulationTotal || n.WithoutRide == nil || *n.WithoutRide <= 0 || *n.WithoutRide >= n.People/2 || *n.Useful < 0.4 || *n.Useful > 0.99 {
		t.Errorf("%+v, %g of departures", n, *n.Useful)
	}
	for i := range bus.Coverage {
		f, b, w := foot.Coverage[i], bus.Coverage[i], bad.Coverage[i]
		if b.Covered < f.Covered || w.Covered < f.Covered || w.Covered > b.Covered || b.Unreachable > f.Unreachable {
			t.Errorf("within %g s: %g on foot, %g by bus, %g at nine departures of ten", f.ThresholdS, f.Covered, b.Covered, w.Covered)
		}
		if chair.Coverage[i].Covered != f.Covered {
			t.Errorf("the feed says of no trip that it is accessible, yet %g are covered, %g on foot", chair.Coverage[i].Covered, f.Covered)
		}
	}
	// Reviewed: by the timetable of that Wednesday, on open ground.
	closeTo(t, "people without a useful ride", *n.WithoutRide, pratoWithoutRide, 0.02)
	closeTo(t, "people within an hour by bus", bus.Coverage[2].Covered, pratoWithinHour, 0.02)
	if *night.Ridership.Useful > 0.1 {
		t.Errorf("between one and two at night a ride helps at %g of departures", *night.Ridership.Useful)
	}
	codes := map[string]bool{}
	for _, n := range append(bus.Notices, chair.Notices...) {
		codes[n.Code] = true
	}
	for _, want := range []string{"open-ground", "rides", "wheelchair"} {
		if !codes[want] {
			t.Errorf("no notice %q in %v", want, codes)
		}
	}
	// Home by bus, on the typical day.
	home := ask("-p", "bus-and-walk", "--direction", "from-facility", "--departing", "13:00-14:00")
	if home.Ridership.Date == "" || home.Coverage[2].Covered < foot.Coverage[2].Covered {
		t.Errorf("home: %+v, %+v", home.Ridership, home.Coverage)
	}
	pratoJourneys(t, h, day)
	pratoInTwo(t, h, feed, bus, ask, append([]string{}, day...))
	day = append(day, "--timetable", "bus")
	out := h.must(append([]string{"report", "coverage", "-t", "100", "-s", "hospital"}, day...)...)
	if !strings.Contains(out, "have no useful ride at any departure") {
		t.Errorf("headline: %s", out)
	}
	for _, c := range [][]string{{"--date", "2030-01-01", "--timetable", "bus"}, {"--departing", "7"}, {"--percentile", "101"}, {"--date", "yesterday"}, {"--timetable", "hospital"}} {
		if out, errs, code := h.run(append([]string{"report", "coverage", "-t", "100", "-s", "hospital", "-p", "bus-and-walk"}, c...)...); code == 0 || strings.Contains(errs, "internal") {
			t.Errorf("%v: exit code %d, %s%s", c, code, out, errs)
		}
	}
}

// pratoInTwo: the lines dealt out to two timetables that know nothing of each
// other, ridden together, give the figures of the one timetable.
func pratoInTwo(t *testing.T, h *house, feed string, want *coverage.Report, ask func(args ...string) *coverage.Report, day []string) {
	t.Helper()
	parts := splitFeed(t, feed)
	h.must("ingest", parts[0], "-d", "lines-a")
	h.must("ingest", parts[1], "-d", "lines-b")
	both := ask(append(day, "--timetable", "lines-a,lines-b")...)
	for i, row := range want.Coverage {
		if got := both.Coverage[i]; got != row && (got.Covered != row.Covered || got.Unreachable != row.Unreachable) {
			t.Errorf("two timetables: %+v, one: %+v", got, row)
		}
	}
	if *both.Ridership.Useful != *want.Ridership.Useful || *both.MedianS != *want.MedianS {
		t.Errorf("two timetables: %+v, one: %+v", both.Ridership, want.Ridership)
	}
}

// splitFeed deals the routes of a GTFS feed out to two.
func splitFeed(t *testing.T, path string) [2]string {
	t.Helper()
	in, err := zip.OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	routeSide, tripSide := map[string]int{}, map[string]int{}
	var out [2]string
	var zips [2]*zip.Writer
	for i := range out {
		out[i] = filepath.Join(t.TempDir(), fmt.Sprintf("lines-%c.gtfs", 'a'+i))
		f, err := os.Create(out[i])
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		zips[i] = zip.NewWriter(f)
	}
	for _, name := range []string{"routes.txt", "trips.txt", "stop_times.txt", "agency.txt", "stops.txt", "calendar_dates.txt"} {
		f, err := in.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		rows, err := csv.NewReader(f).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		column := func(name string) int { return slices.Index(rows[0], name) }
		side := func([]string) int { return -1 } // both
		switch route, trip := column("route_id"), column("trip_id"); name {
		case "routes.txt":
			side = func(r []string) int {
				if _, known := routeSide[r[route]]; !known {
					routeSide[r[route]] = len(routeSide) % 2
				}
				return routeSide[r[route]]
			}
		case "trips.txt":
			side = func(r []string) int { tripSide[r[trip]] = routeSide[r[route]]; return tripSide[r[trip]] }
		case "stop_times.txt":
			side = func(r []string) int { return tripSide[r[trip]] }
		}
		for i, z := range zips {
			w, err := z.Create(name)
			if err != nil {
				t.Fatal(err)
			}
			c := csv.NewWriter(w)
			own := [][]string{rows[0]}
			for _, r := range rows[1:] {
				if s := side(r); s == i || s < 0 {
					own = append(own, r)
				}
			}
			if err := c.WriteAll(own); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, z := range zips {
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// pratoJourneys: what is told of a journey by bus is what the matrix says of it,
// at the median and at another percentile, to the second.
func pratoJourneys(t *testing.T, h *house, day []string) {
	t.Helper()
	const hospital = "Ospedale=11.0672,43.8688"
	const vaiano = "Vaiano=11.1236,43.9677"
	rides := 0
	for percentile, said := range map[string]string{"50": "mediana", "90": "percentile 90"} {
		who := append([]string{"-t", "100", "--to", hospital, "--percentile", percentile}, day...)
		table, file := filepath.Join(t.TempDir(), "matrix.csv"), filepath.Join(t.TempDir(), "journey.json")
		h.must(append([]string{"travel", "matrix", "--from", vaiano, "--from", "Carmignano=11.0150,43.8110", "-o", table}, who...)...)
		h.must(append([]string{"travel", "explain", "--from", vaiano, "-o", file}, who...)...)
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var j analysis.Journey
		decode(t, b, &j)
		rows := csvRows(t, table)
		if len(rows) != 3 || rows[1][1] != "Vaiano" {
			t.Fatalf("matrix %v", rows)
		}
		rides += pratoJourney(t, "at "+percentile, &j, rows[1][4])
		// One origin and two destinations: the same journey, to the second.
		wide := filepath.Join(t.TempDir(), "wide.csv")
		h.must(append([]string{"travel", "matrix", "--from", vaiano, "--to", "Poggio=11.0563,43.8151", "-o", wide}, who...)...)
		for _, row := range csvRows(t, wide)[1:] {
			if row[3] == "Ospedale" && row[4] != rows[1][4] {
				t.Errorf("at %s: %s s with two destinations, %s with one", percentile, row[4], rows[1][4])
			}
		}
		text := j.Text("it")
		for _, want := range []string{"Parte alle " + j.Departure.Depart[:5], "di 120 partenze dalle 07:00 alle 09:00", said, "a piedi: Vaiano → ", "→ Ospedale", "fermate"} {
			if !strings.Contains(text, want) {
				t.Errorf("no %q in\n%s", want, text)
			}
		}
		for _, never := range []string{"•", "→ \n", " 0 m ", " 0 s "} {
			if strings.Contains(text, never) {
				t.Errorf("%q in\n%s", never, text)
			}
		}
	}
	if rides < 2 {
		t.Errorf("%d rides in two journeys", rides)
	}
}

// pratoJourney holds a journey together: its legs follow on each other, have
// names, take time and length, and take together what the matrix says.
func pratoJourney(t *testing.T, name string, j *analysis.Journey, matrix string) (rides int) {
	t.Helper()
	sum, metres, last := 0.0, 0.0, j.Departure.Depart
	for i, l := range j.Legs {
		sum += l.Seconds
		metres += l.Metres
		if l.Seconds <= 0 || l.Kind != "wait" && l.Metres <= 0 {
			t.Errorf("%s: leg %d takes %g s for %g m", name, i, l.Seconds, l.Metres)
		}
		if l.Transit == nil {
			continue
		}
		if l.Transit.From == "" || l.Transit.To == "" || l.Transit.Depart != last {
			t.Errorf("%s: leg %d from %q to %q at %s, after %s", name, i, l.Transit.From, l.Transit.To, l.Transit.Depart, last)
		}
		last = l.Transit.Arrive
		if l.Kind == "ride" {
			rides++
		}
	}
	if want := fmt.Sprintf("%.1f", j.Seconds); sum != j.Seconds && rides > 0 || strings.TrimSuffix(want, ".0") != strings.TrimSuffix(matrix, ".0") {
		t.Errorf("%s: the legs take %g s, the journey %g, the matrix says %s", name, sum, j.Seconds, matrix)
	}
	d := j.Departure
	if d.Departures != 120 || d.Least > j.Seconds || d.Most < j.Seconds || d.Depart < "07:00:00" || d.Depart >= "09:00:00" || metres != j.Metres {
		t.Errorf("%s: %+v, %g m of legs, %g in all", name, d, metres, j.Metres)
	}
	return rides
}
