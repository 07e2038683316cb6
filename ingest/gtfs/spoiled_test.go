package gtfs

import (
	"archive/zip"
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"contado/geo/fault"
	"contado/geo/store/catalog"

	"github.com/paulmach/orb"
)

// small is a good feed to spoil.
func small() map[string]string {
	return map[string]string{
		"agency.txt":     "agency_id,agency_name,agency_url,agency_timezone\nA,Ente,http://x.it,Europe/Rome\n",
		"stops.txt":      "stop_id,stop_name,stop_lat,stop_lon\nS1,Uno,45.0,9.0\nS2,Due,45.1,9.0\nS3,Tre,45.2,9.0\nS4,Quattro,45.3,9.0\n",
		"routes.txt":     "route_id,agency_id,route_short_name,route_type,route_color\nR,A,1,3,FF0000\n",
		"trips.txt":      "route_id,service_id,trip_id,direction_id,shape_id\nR,W,T1,0,X\nR,W,T2,1,\n",
		"stop_times.txt": "trip_id,arrival_time,departure_time,stop_id,stop_sequence,shape_dist_traveled\nT1,08:00:00,08:00:00,S1,1,0\nT1,,,S2,2,1\nT1,08:30:00,08:30:00,S3,3,3\nT2,23:50:00,23:50:00,S3,1,\nT2,24:10:00,24:10:00,S1,2,\n",
		"calendar.txt":   "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date\nW,1,1,1,1,1,0,0,20080101,20081231\n",
		"shapes.txt":     "shape_id,shape_pt_lat,shape_pt_lon,shape_pt_sequence\nX,45.0,9.0,1\nX,45.1,9.001,3\nX,45.2,9.0,7\n",
	}
}

func folder(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestInterpolation(t *testing.T) {
	t.Parallel()
	r, notices, layers := convert(t, folder(t, small()))
	if len(notices) != 1 || notices["stops-unused"].Count != 1 {
		t.Errorf("%v", notices)
	}
	if got := calls(t, r.Path)["T1"]; got != "S1 08:00:00-08:00:00 0;S2 08:10:00-08:10:00 1;S3 08:30:00-08:30:00 3;" {
		t.Error(got)
	}
	if row := find(layers["stops"], "stop_id", "S3"); row["last_departure"] != "23:50:00" || row["departures"] != int64(1) {
		t.Errorf("%v", row)
	}
	if l := layers["lines"]; len(l) != 2 || len(l[0]["geometry"].(orb.MultiLineString)[0]) != 3 || len(l[1]["geometry"].(orb.MultiLineString)[0]) != 2 || l[0]["color"] != "#ff0000" {
		t.Errorf("%v", l)
	}
}

// TestNotices spoils the feed in one place each: the place is named.
func TestNotices(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ file, text, code, example string }{
		{"stops.txt", "S1,Again,45,9\n", "ids-repeated", "stops.txt, line 6: S1"},
		{"stops.txt", "S5,Nowhere,,\n", "coordinates-wrong", "stops.txt, line 6: S5"},
		{"stops.txt", "S5,Null island,0,0\n", "coordinates-wrong", "stops.txt, line 6: S5 0 0"},
		{"stops.txt", "S5,North,95,9\n", "stops-unplaced", "S5 North"},
		{"routes.txt", "R2,B,2,3,\n", "agency-unknown", "routes.txt, line 3: B"},
		{"routes.txt", "R2,A,2,4000,\n", "route-types-unknown", "routes.txt, line 3: 4000"},
		{"routes.txt", "R2,A,2,3,red\n", "values-wrong", "routes.txt, line 3: colour red"},
		{"routes.txt", "R2,A,2,3,\n", "routes-unused", "routes.txt, line 3: R2"},
		{"trips.txt", "R9,W,T3,0,\n", "references-unknown", "trips.txt, line 4: trip T3 of route R9 on W"},
		{"trips.txt", "R,W,T3,0,\n", "trips-without-calls", "trips.txt, line 4: T3"},
		{"trips.txt", "R,W,T3,7,\n", "values-wrong", "trips.txt, line 4: direction_id 7"},
		{"stop_times.txt", "T9,08:00:00,08:00:00,S1,1,\n", "references-unknown", "stop_times.txt, line 7: trip T9, stop S1"},
		{"stop_times.txt", "T2,24:20:00,24:20:00,S9,3,\n", "references-unknown", "stop_times.txt, line 7: trip T2, stop S9"},
		{"stop_times.txt", "T2,24:05:00,24:05:00,S2,3,\n", "times-decreasing", "stop_times.txt, line 7: trip T2: 24:05:00 after 24:10:00"},
		{"stop_times.txt", "T2,24:20:00,24:15:00,S2,3,\n", "departures-early", "stop_times.txt, line 7: 24:20:00 24:15:00"},
		{"stop_times.txt", "T2,24:20:00,24:20:00,S2,2,\n", "sequences-repeated", "stop_times.txt, line 7: trip T2, sequence 2"},
		{"stop_times.txt", "T2,24:20:00,24:20:00,S2,x,\n", "sequences-wrong", "stop_times.txt, line 7: x"},
		{"stop_times.txt", "T2,later,later,S2,3,\n", "times-wrong", "stop_times.txt, line 7: later later"},
		{"stop_times.txt", "T2,,,S2,3,\n", "trips-untimed", "stop_times.txt, line 5: trip T2"},
		{"stop_times.txt", "T2,24:10:01,24:10:01,S4,3,\n", "travel-too-fast", "stop_times.txt, line 5: trip T2: 33.4 km from S1 to S4 in 1 s"},
		{"calendar.txt", "V,1,1,1,1,1,0,0,20081231,20080101\n", "dates-wrong", "calendar.txt, line 3: 20081231 to 20080101"},
		{"calendar.txt", "V,0,0,0,0,0,0,0,20080101,20081231\n", "services-empty", "service V"},
		{"shapes.txt", "Y,45,9,1\n", "shapes-unused", "shapes.txt, line 5: Y"},
		{"shapes.txt", "X,95,9,9\n", "shape-points-wrong", "shapes.txt, line 5: 95 9 9"},
		{"stop_times.txt", "T1,08:50:00,08:50:00,S4,4,4\n", "stops-off-shape", "stop S4, shape X: 11120 m"},
		{"frequencies.txt", "trip_id,start_time,end_time,headway_secs\nT1,08:00:00,07:00:00,600\n", "frequencies-wrong", "frequencies.txt, line 2: 08:00:00 to 07:00:00 every 600"},
		{"transfers.txt", "from_stop_id,to_stop_id,transfer_type\nS1,S9,0\n", "references-unknown", "transfers.txt, line 2: S9"},
		{"stops.txt", "S5,Citt\xe0,45,9\n", "encoding", "stops.txt: 1 rows"},
		{"stops.txt", "S5,a,45,9,9\n", "rows-too-long", "stops.txt: 1 rows"},
	} {
		files := small()
		files[c.file] += c.text
		_, notices, _ := convert(t, folder(t, files))
		n := notices[c.code]
		if n.Count != 1 || !strings.HasPrefix(n.Examples[0], c.example) {
			t.Errorf("%s %q: %+v", c.file, c.text, notices)
		}
	}
}

// TestUnusable: faults that say what is missing.
func TestUnusable(t *testing.T) {
	t.Parallel()
	set := func(name, text string) func(map[string]string) {
		return func(m map[string]string) { m[name] = text }
	}
	for says, spoil := range map[string]func(map[string]string){
		"no stop_times.txt":                    func(m map[string]string) { delete(m, "stop_times.txt") },
		"no calendar.txt or calendar_dates":    func(m map[string]string) { delete(m, "calendar.txt") },
		"stops.txt has no column stop_id":      set("stops.txt", "id,name\n1,2\n"),
		"routes.txt is empty":                  set("routes.txt", ""),
		"stops.txt has no usable row":          set("stops.txt", "stop_id\n"),
		"such as trips.txt, line 2: trip T1":   set("calendar.txt", "service_id,start_date,end_date\nV,20080101,20081231\n"),
		"no trip runs on any day":              set("calendar.txt", "service_id,start_date,end_date\nW,20080101,20081231\n"),
		"no trip has two calls":                set("stop_times.txt", "trip_id,arrival_time,departure_time,stop_id,stop_sequence\nT1,08:00:00,08:00:00,S1,1\n"),
		"trips.txt, line 2: a quote is not cl": set("trips.txt", "route_id,service_id,trip_id\nR,W,\"T1\n"),
	} {
		files := small()
		spoil(files)
		_, err := Convert(context.Background(), folder(t, files), Options{Now: then}, t.TempDir(), quiet{})
		if !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), says) {
			t.Errorf("%v, want %q", err, says)
		}
	}
	if _, err := Open(filepath.Join(t.TempDir(), "no.zip")); !fault.Is(err, fault.NotExist) {
		t.Error(err)
	}
	path := filepath.Join(t.TempDir(), "x.zip")
	if err := os.WriteFile(path, []byte("hello"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(path); !fault.Is(err, fault.Invalid) {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Convert(ctx, folder(t, small()), Options{}, t.TempDir(), quiet{}); !fault.Is(err, fault.Canceled) {
		t.Error(err)
	}
}

func TestExpired(t *testing.T) {
	t.Parallel()
	r, err := Convert(context.Background(), folder(t, small()), Options{Now: time.Date(2009, 1, 1, 0, 0, 0, 0, time.UTC)}, t.TempDir(), quiet{})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(r.Notices, func(n catalog.Notice) bool {
		return n.Code == "calendar-expired" && n.Severity == catalog.Warning && strings.Contains(n.Message, "2008-12-31")
	}) {
		t.Errorf("%v", r.Notices)
	}
}

// TestNestedZip: files in a folder of the zip, with Apple's leftovers.
func TestNestedZip(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for name, text := range small() {
		for _, prefix := range []string{"feed/", "__MACOSX/feed/._"} {
			e, err := w.Create(prefix + strings.ToUpper(name[:1]) + name[1:])
			if err != nil {
				t.Fatal(err)
			}
			_, _ = e.Write([]byte(text))
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "x.zip")
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := calls(t, path); len(got) != 2 {
		t.Errorf("%v", got)
	}
}
