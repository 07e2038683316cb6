package gtfs

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"contado/geo"
	"contado/geo/fault"
	"contado/geo/store/catalog"
	"contado/ingest/vector"
	"contado/scripts/shareddata"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"
	orbgeo "github.com/paulmach/orb/geo"
	"go.uber.org/goleak"
	"pgregory.net/rapid"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type quiet struct{}

func (quiet) Stage(string)      {}
func (quiet) Step(int64, int64) {}

// a day when the feeds of the collection ran
var then = time.Date(2008, 3, 5, 12, 0, 0, 0, time.UTC)

func convert(t testing.TB, path string) (*Result, map[string]catalog.Notice, map[string][]map[string]any) {
	t.Helper()
	r, err := Convert(context.Background(), path, Options{Now: then}, t.TempDir(), quiet{})
	if err != nil {
		t.Fatal(err)
	}
	notices := map[string]catalog.Notice{}
	for _, n := range r.Notices {
		notices[n.Code] = n
	}
	layers := map[string][]map[string]any{}
	for _, l := range r.Layers {
		seen := map[int64]bool{}
		s := l.Schema()
		err := l.Rows.Scan(context.Background(), nil, func(f geo.Feature) (bool, error) {
			if seen[f.ID] || f.ID <= 0 || f.ID >= 1<<53 {
				t.Errorf("%s: id %d", l.Name, f.ID)
			}
			seen[f.ID] = true
			row := map[string]any{"geometry": f.Geometry}
			for i, v := range f.Values {
				row[s.Fields[i].Name] = v
			}
			layers[l.Name] = append(layers[l.Name], row)
			return true, nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return r, notices, layers
}

func find(rows []map[string]any, key string, value any) map[string]any {
	for _, r := range rows {
		if r[key] == value {
			return r
		}
	}
	return map[string]any{}
}

// TestPrato: the published counts of a real feed.
func TestPrato(t *testing.T) {
	t.Parallel()
	path := shareddata.Path(t, "it-prato-gtfs/bus.gtfs")
	r, notices, layers := convert(t, path)
	s := r.Summary
	if s.Stops != 1647 || s.Routes != 23 || s.Trips != 4401 || s.StopTimes != 107752 || s.First != "2016-04-07" || s.Last != "2016-12-31" || s.Timezone != "Europe/Rome" {
		t.Errorf("%+v", s)
	}
	if len(layers["stops"]) != 1647 || len(notices) != 2 || notices["routes-unused"].Count != 2 || notices["calendar-future"].Message == "" {
		t.Errorf("%d stops, %v", len(layers["stops"]), notices)
	}
	points := 0
	f, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.ShapeLines(context.Background(), func(_ int, line orb.LineString, _ []float64) (bool, error) {
		points += len(line)
		return true, nil
	}); err != nil {
		t.Fatal(err)
	}
	if points < 101_000 || points > 101_999 { // points that repeat the one before are dropped
		t.Errorf("%d points of shapes", points)
	}
	if b := s.BBox; math.Abs(b[1]-43.768) > 0.01 || math.Abs(b[3]-44.143) > 0.01 || math.Abs(b[0]-10.983) > 0.01 || math.Abs(b[2]-11.250) > 0.01 {
		t.Errorf("%v", b)
	}
	departures, trips := int64(0), int64(0)
	for _, row := range layers["stops"] {
		departures += row["departures"].(int64)
	}
	for _, row := range layers["lines"] {
		trips += row["trips"].(int64)
	}
	if trips != s.Runs || departures != brute(t, f, s.Weekday) {
		t.Errorf("%d trips of %d, %d departures of %d", trips, s.Runs, departures, brute(t, f, s.Weekday))
	}
}

// brute counts the departures of a day from the rows as they are.
func brute(t *testing.T, f *Feed, day string) int64 {
	t.Helper()
	d, err := time.Parse(time.DateOnly, day)
	if err != nil {
		t.Fatal(err)
	}
	date := d.Format("20060102")
	rows := func(name string) []map[string]string {
		var out []map[string]string
		_, err := f.src.each(name, nil, nil, func(t *table) error {
			m := map[string]string{}
			for i, c := range t.columns {
				m[c] = t.value(i)
			}
			out = append(out, m)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	services, trips := map[string]bool{}, map[string]bool{}
	for _, r := range rows("calendar_dates.txt") {
		if r["date"] == date && r["exception_type"] == "1" {
			services[r["service_id"]] = true
		}
	}
	for _, r := range rows("trips.txt") {
		if services[r["service_id"]] {
			trips[r["trip_id"]] = true
		}
	}
	n, used := int64(0), map[string]bool{}
	for _, r := range rows("stop_times.txt") {
		if trips[r["trip_id"]] {
			n++
			used[r["trip_id"]] = true
		}
	}
	return n - int64(len(used)) // no departure at the last stop
}

// TestSampleFeed: departures counted by hand on the feed of the specification.
// On a Wednesday FULLW, WEEK and WEEK_SUN run.
func TestSampleFeed(t *testing.T) {
	t.Parallel()
	r, notices, layers := convert(t, shareddata.Path(t, "us-beatty-gtfs-osm/sample-feed"))
	if s := r.Summary; s.Stops != 11 || s.Routes != 10 || s.Trips != 19 || s.StopTimes != 45 || s.First != "2007-01-01" || s.Last != "2010-12-31" || s.Weekday == "" {
		t.Errorf("%+v", s)
	}
	for stop, want := range map[string]string{
		// STBA 32 runs; CITY1 32/2 … : 6–8 every 30 min 4, 8–10 every 10 min 12, 10–16 12, 16–19 18, 19–22 6: 52
		"STAGECOACH": "84 84 84 06:00:00 21:30:00",
		// of FULLW AB1, AB3, ABBFC1, ABBFC3, of STBA 32 (06:30 to 22:00), of WEEK_SUN FUNNY_BLOCK_AB; on Saturday and Sunday AAMV1 and AAMV3 too
		"BEATTY_AIRPORT": "37 38 39 06:30:00 22:00:00",
		// BFC1, BFC3, AB2, of WEEK FUNNY_BLOCK_BFC1
		"BULLFROG": "4 3 3 08:20:00 19:00:00",
		// BFC2 and FUNNY_BLOCK_FCAMV1
		"FUR_CREEK_RES": "2 2 2 11:00:00 21:00:00",
		"EMSI":          "52 52 52 06:00:00 21:30:00",
		"NADAV":         "104 105 104 06:14:00 21:44:00",
		"AMV":           "0 2 2 <nil> <nil>",
		"HASNOROUTES":   "0 0 0 <nil> <nil>",
	} {
		row := find(layers["stops"], "stop_id", stop)
		got := fmt.Sprint(row["departures"], " ", row["departures_saturday"], " ", row["departures_sunday"], " ", row["first_departure"], " ", row["last_departure"])
		if got != want {
			t.Errorf("%s: %s, want %s", stop, got, want)
		}
	}
	if row := find(layers["lines"], "route_id", "STBA"); row["trips"] != int64(32) || row["direction"] != nil || row["stops"] != int64(2) || row["mode"] != "bus" {
		t.Errorf("%v", row)
	}
	if len(layers["lines"]) != 14 {
		t.Errorf("%d lines", len(layers["lines"]))
	}
	for code, example := range map[string]string{"parents-missing": "stops.txt, line 12: BOARDING_AREA", "columns-unknown": "stop_times.txt: drop_off_time", "stops-unused": "HASNOROUTES A stop with no routes"} {
		if n := notices[code]; n.Count != 1 || n.Examples[0] != example {
			t.Errorf("%s: %+v", code, n)
		}
	}
	if len(notices) != 3 {
		t.Errorf("%v", notices)
	}
}

func TestOtherFeeds(t *testing.T) {
	t.Parallel()
	r, _, layers := convert(t, shareddata.Path(t, "us-beatty-gtfs-osm/another-sample-feed"))
	if s := r.Summary; s.Stops != 6 || s.Routes != 2 || s.Trips != 3 || s.StopTimes != 7 {
		t.Errorf("%+v", s)
	}
	// a station has the departures of its stops
	if row := find(layers["stops"], "stop_id", "PARENT_OF_MUSEUM"); row["departures"] != int64(1) || row["location_type"] != "station" || row["routes"] != "C2M" {
		t.Errorf("%v", row)
	}
	if row := find(layers["stops"], "stop_id", "MUSEUM"); row["parent"] != "PARENT_OF_MUSEUM" {
		t.Errorf("%v", row)
	}
	r, _, layers = convert(t, shareddata.Path(t, "us-beatty-gtfs-osm/another-sample-feed-extended-route-type.zip"))
	if row := layers["lines"][0]; r.Summary.Trips != 1 || row["route_type"] != int64(201) || row["mode"] != "coach" {
		t.Errorf("%+v %v", r.Summary, row)
	}
}

// TestCleanedFeed: what is written reads without a notice and says the same,
// and writing it again gives the same bytes.
func TestCleanedFeed(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"it-prato-gtfs/bus.gtfs", "us-beatty-gtfs-osm/another-sample-feed"} {
		path := shareddata.Path(t, name)
		first, _, _ := convert(t, path)
		if s, err := ReadSummary(first.Path); err != nil || !cmp.Equal(s, first.Summary) {
			t.Errorf("%v %+v", err, s)
		}
		a, b := calls(t, path), calls(t, first.Path)
		if d := cmp.Diff(a, b); d != "" || len(a) == 0 {
			t.Errorf("%s: %.2000s", name, d)
		}
		second, notices, _ := convert(t, first.Path)
		for code, n := range notices {
			if n.Severity == catalog.Warning {
				t.Errorf("%s: %+v", code, n)
			}
		}
		one, two := bytesOf(t, first.Path), bytesOf(t, second.Path)
		if !bytes.Equal(one, two) {
			t.Errorf("%s: %d and %d bytes", name, len(one), len(two))
		}
	}
}

func bytesOf(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// calls are the trips of a feed as text.
func calls(t testing.TB, path string) map[string]string {
	t.Helper()
	f, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	out := map[string]string{}
	last := -1
	err = f.StopTimes(context.Background(), func(trip int, calls []Call) (bool, error) {
		if trip <= last {
			t.Errorf("trip %d after %d", trip, last)
		}
		last = trip
		var b strings.Builder
		for _, c := range calls {
			fmt.Fprintf(&b, "%s %s-%s %v;", f.Stops[c.Stop].ID, FormatTime(c.Arrival), FormatTime(c.Departure), c.Distance)
		}
		out[f.Trips[trip].ID] = b.String()
		return true, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestPublish: the layers go through the door of vector ingest as they are.
func TestPublish(t *testing.T) {
	t.Parallel()
	r, err := Convert(context.Background(), shareddata.Path(t, "it-prato-gtfs/bus.gtfs"), Options{}, t.TempDir(), quiet{})
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range r.Layers {
		res, err := vector.Write(context.Background(), []vector.Rows{l.Rows}, vector.Options{Dataset: l.Name, Role: l.Role, Path: filepath.Join(t.TempDir(), "x.gpkg"), Layer: l.Name}, quiet{})
		if err != nil || res.Count != l.Rows.Count() || res.Schema.GeometryType != l.Schema().GeometryType || len(res.Notices) > 0 {
			t.Errorf("%s: %v %+v", l.Name, err, res)
		}
	}
}

// TestSorter compares with a plain stable sort, in memory and in runs.
func TestSorter(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	n := 0
	rapid.Check(t, func(t *rapid.T) {
		n++
		s := newSorter(filepath.Join(dir, fmt.Sprint(n)), 4)
		defer s.close()
		s.limit = rapid.SampledFrom([]int{1, 100, 1000, 1 << 20}).Draw(t, "limit")
		type rec struct {
			key uint64
			val uint32
		}
		var want []rec
		for i := range rapid.IntRange(0, 200).Draw(t, "count") {
			r := rec{rapid.Uint64Range(0, 30).Draw(t, "key"), uint32(i)}
			want = append(want, r)
			if err := s.add(r.key, []byte{byte(r.val), byte(r.val >> 8), 0, 0}); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.finish(); err != nil {
			t.Fatal(err)
		}
		slices.SortStableFunc(want, func(a, b rec) int { return int(a.key) - int(b.key) })
		for range 2 {
			i := 0
			err := s.each(context.Background(), func(key uint64, b []byte) (bool, error) {
				if i == len(want) || key != want[i].key || uint32(b[0])|uint32(b[1])<<8 != want[i].val {
					t.Fatalf("record %d: key %d", i, key)
				}
				i++
				return true, nil
			})
			if err != nil || i != len(want) {
				t.Fatalf("%d of %d, %v", i, len(want), err)
			}
		}
	})
}

// FuzzFeed puts anything into one of the files.
func FuzzFeed(f *testing.F) {
	names := []string{"agency.txt", "stops.txt", "routes.txt", "trips.txt", "stop_times.txt", "calendar.txt", "shapes.txt", "calendar_dates.txt", "frequencies.txt", "transfers.txt"}
	for i, name := range names {
		f.Add(byte(i), small()[name])
	}
	f.Add(byte(7), "service_id,date,exception_type\nW,20080107,2\n")
	f.Add(byte(8), "trip_id,start_time,end_time,headway_secs\nT1,06:00:00,25:00:00,1\n")
	f.Fuzz(func(t *testing.T, which byte, text string) {
		files := small()
		files[names[int(which)%len(names)]] = text
		r, err := Convert(context.Background(), folder(t, files), Options{Now: then}, t.TempDir(), quiet{})
		if err != nil {
			if k := fault.KindOf(err); k != fault.Invalid && k != fault.TooLarge {
				t.Fatalf("%v: %v", k, err)
			}
			return
		}
		if r.Summary.Trips < 1 || r.Summary.StopTimes < 2 {
			t.Fatalf("%+v", r.Summary)
		}
		if got := calls(t, r.Path); len(got) != r.Summary.Trips {
			t.Fatalf("%d trips, said to be %d", len(got), r.Summary.Trips)
		}
	})
}

// TestDistance compares with the haversine formula along the line.
func TestDistance(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		at := func(r float64) orb.Point {
			return orb.Point{9 + rapid.Float64Range(-r, r).Draw(t, "x"), 45 + rapid.Float64Range(-r, r).Draw(t, "y")}
		}
		p, line := at(0.1), orb.LineString{at(0.1), at(0.1), at(0.1)}
		want := math.Inf(1)
		for i := 1; i < len(line); i++ {
			for k := 0.0; k <= 1000; k++ {
				q := orb.Point{line[i-1][0] + (line[i][0]-line[i-1][0])*k/1000, line[i-1][1] + (line[i][1]-line[i-1][1])*k/1000}
				want = min(want, orbgeo.DistanceHaversine(p, q))
			}
		}
		if got := distance(p, line); math.Abs(got-want) > 20+want/100 {
			t.Fatalf("%v, want %v", got, want)
		}
	})
}
