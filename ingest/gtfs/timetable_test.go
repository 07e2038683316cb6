package gtfs

import (
	"context"
	"math"
	"path/filepath"
	"slices"
	"syscall"
	"testing"

	"contado/geo/travel"
	"contado/geo/travel/transit"
	"contado/scripts/shareddata"
)

// plain100 is flat ground of cells of 100 m about a box, walked at 5.04 km/h.
type plain100 struct {
	lon, lat   float64 // of the upper left corner
	dlon, dlat float64 // of a cell
	w, h       int
}

func flatGround(t testing.TB, f *transit.Feed, metres float64) (transit.Ground, plain100) {
	t.Helper()
	p := plain100{lon: 180, lat: -90}
	right, bottom := -180.0, 90.0
	for _, s := range f.Stops {
		p.lon, p.lat, right, bottom = min(p.lon, s.Lon), max(p.lat, s.Lat), max(right, s.Lon), min(bottom, s.Lat)
	}
	const degree = 6371008.8 * math.Pi / 180
	p.dlat, p.dlon = metres/degree, metres/degree/math.Cos((p.lat+bottom)/2*math.Pi/180)
	p.lon, p.lat = p.lon-20*p.dlon, p.lat+20*p.dlat
	p.w, p.h = int((right-p.lon)/p.dlon)+20, int((p.lat-bottom)/p.dlat)+20
	s := &travel.Surface{Width: p.w, Height: p.h, CellW: []float64{metres}, CellH: []float64{metres}, Speed: slices.Repeat([]float32{1.4}, p.w*p.h)}
	e, err := travel.Prepare(s)
	if err != nil {
		t.Fatal(err)
	}
	return transit.Ground{Surface: s, Engine: e, Cell: p.cell}, p
}

func (p *plain100) cell(lon, lat float64) (col, row int) {
	return int(math.Floor((lon - p.lon) / p.dlon)), int(math.Floor((p.lat - lat) / p.dlat))
}

func window(t testing.TB, path, day string, o transit.Options) (*transit.Feed, *transit.Timetable) {
	t.Helper()
	f, c, err := OpenTimetable(path)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	d, err := transit.ParseDay(day)
	if err != nil {
		t.Fatal(err)
	}
	tt, err := transit.Load(context.Background(), f, d, o)
	if err != nil {
		t.Fatal(err)
	}
	return f, tt
}

// TestPratoJourneys: a real network. Vernio in the valley and the centre of
// Prato lie 19 km apart: hours on foot, about three quarters of an hour by bus.
func TestPratoJourneys(t *testing.T) {
	t.Parallel()
	path := shareddata.Path(t, "it-prato-gtfs/bus.gtfs")
	o := transit.Options{From: 7 * 3600, Until: 8 * 3600, Walk: 1200, Transfer: 600}
	f, tt := window(t, path, "2016-05-04", o)
	n := tt.Notes()
	if n.ServiceTrips < 500 || n.Trips == 0 || n.Stops < 1000 || n.Frequencies != 0 || tt.Samples() != 1 {
		t.Errorf("%+v", n)
	}
	g, p := flatGround(t, f, 200)
	r, err := transit.NewRouter(context.Background(), tt, g)
	if err != nil {
		t.Fatal(err)
	}
	col, row := p.cell(11.0968, 43.8808) // Piazza del Duomo
	to := transit.Targets{Sources: []travel.Source{{Col: col, Row: row}}}
	a, err := r.Times(context.Background(), to, []float64{0, 50, 90})
	if err != nil {
		t.Fatal(err)
	}
	col, row = p.cell(11.1505, 44.0400) // San Quirico di Vernio
	cell := row*p.w + col
	if walk := a.OnFoot[cell]; walk < 3.3*3600 || walk > 4.3*3600 {
		t.Errorf("%g s on foot", walk)
	}
	if best, usual, bad := a.Seconds[0][cell], a.Seconds[1][cell], a.Seconds[2][cell]; best < 1800 || best > usual || usual > bad || usual > 2*3600 || a.Useful[cell] != 1 {
		t.Errorf("by bus %g, %g, %g s, useful at %g of departures", best, usual, bad, a.Useful[cell])
	}
	j, err := r.Explain(context.Background(), to, col, row, 0)
	if err != nil {
		t.Fatal(err)
	}
	if j.Rides == 0 || j.Depart != 7*3600 || tt.Clock(j.Depart).Format("15:04 MST") != "07:00 CEST" {
		t.Errorf("%+v", j)
	}
	now := j.Depart
	for _, l := range j.Legs {
		if l.Depart != now || l.Kind == transit.RideLeg && (l.Line == "" || l.From == "" || l.To == "" || l.Mode != "bus") {
			t.Errorf("%+v", l)
		}
		now = l.Arrive
	}
	// On a Sunday there is less, never more than the calendar says.
	_, sunday := window(t, path, "2016-05-08", o)
	if s := sunday.Notes(); s.ServiceTrips == 0 || s.ServiceTrips >= n.ServiceTrips {
		t.Errorf("Sunday has %d trips, Wednesday %d", s.ServiceTrips, n.ServiceTrips)
	}
}

// TestBeatty: the sample feed of the specification, by hand. The city bus of
// Beatty runs by headway (STBA every 30 minutes, CITY every 30, 10, 30, 10 and
// 30), so its waits are spread evenly over the headway.
func TestBeatty(t *testing.T) {
	t.Parallel()
	path := filepath.Join(shareddata.Path(t, "us-beatty-gtfs-osm"), "sample-feed")
	slack := int32(0)
	f, tt := window(t, path, "2007-01-03", transit.Options{From: 12 * 3600, Until: 13 * 3600, Slack: &slack, Samples: 29})
	if n := tt.Notes(); n.Frequencies == 0 || tt.Samples() != 29 {
		t.Fatalf("%+v, %d samples", n, tt.Samples())
	}
	if got := tt.Clock(12 * 3600).Format("15:04 MST"); got != "12:00 PST" {
		t.Error(got)
	}
	g, p := flatGround(t, f, 500)
	r, err := transit.NewRouter(context.Background(), tt, g)
	if err != nil {
		t.Fatal(err)
	}
	at := func(id string) (int, int) {
		i := slices.IndexFunc(f.Stops, func(s transit.Stop) bool { return s.ID == id })
		return p.cell(f.Stops[i].Lon, f.Stops[i].Lat)
	}
	col, row := at("BEATTY_AIRPORT")
	to := transit.Targets{Sources: []travel.Source{{Col: col, Row: row}}}
	a, err := r.Times(context.Background(), to, []float64{0, 50, 100})
	if err != nil {
		t.Fatal(err)
	}
	col, row = at("STAGECOACH")
	cell := row*p.w + col
	// STBA takes 20 minutes and leaves every 30.
	for k, want := range []float32{20, 35, 50} {
		if got := a.Seconds[k][cell] / 60; math.Abs(float64(got-want)) > 1.1 {
			t.Errorf("percentile %d: %g minutes, want %g", []int{0, 50, 100}[k], got, want)
		}
	}
}

// processor reports the processor time of an operation: that of the clock says
// little on a busy machine.
func processor(b *testing.B) func() {
	used := func() float64 {
		var u syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
			b.Fatal(err)
		}
		return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e6
	}
	before := used()
	return func() { b.ReportMetric((used()-before)/float64(b.N), "cpu-ms/op") }
}

func BenchmarkPratoTimes(b *testing.B) {
	path := shareddata.Path(b, "it-prato-gtfs/bus.gtfs")
	f, tt := window(b, path, "2016-05-04", transit.Options{From: 7 * 3600, Until: 9 * 3600})
	g, p := flatGround(b, f, 100)
	col, row := p.cell(11.0968, 43.8808)
	to := transit.Targets{Sources: []travel.Source{{Col: col, Row: row}}}
	b.Run("walks", func(b *testing.B) {
		defer processor(b)()
		for b.Loop() {
			if _, err := transit.NewRouter(context.Background(), tt, g); err != nil {
				b.Fatal(err)
			}
		}
	})
	for _, d := range []travel.Direction{travel.ToFacility, travel.FromFacility} {
		g.Options.Direction = d
		r, err := transit.NewRouter(context.Background(), tt, g)
		if err != nil {
			b.Fatal(err)
		}
		b.Run([]string{"to", "from"}[d], func(b *testing.B) {
			defer processor(b)()
			for b.Loop() {
				if _, err := r.Times(context.Background(), to, []float64{50}); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(p.w*p.h), "cells")
		})
	}
}
