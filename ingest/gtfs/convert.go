package gtfs

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"contado/geo"
	"contado/geo/fault"
	"contado/geo/store/catalog"
	"contado/ingest/spool"

	"github.com/paulmach/orb"
)

// Layer is one of the two map layers of a timetable: "stops" and "lines".
type Layer = spool.Layer

// Options steers Convert.
type Options struct {
	// Now is the day against which calendars are judged expired; zero = today.
	Now time.Time
}

// Progress hears how the work goes.
type Progress interface {
	Stage(name string)
	Step(done, total int64)
}

// Result is what a feed became.
type Result struct {
	Layers []Layer
	// Path is the cleaned feed, a zip that Open reads: the file of the
	// timetable's version.
	Path    string
	Summary Summary
	Notices []catalog.Notice
}

// Summary says what a timetable holds.
type Summary struct {
	Agencies  []string `json:"agencies"`
	Timezone  string   `json:"timezone"`
	Stops     int      `json:"stops"`
	Routes    int      `json:"routes"`
	Trips     int      `json:"trips"`
	StopTimes int64    `json:"stop_times"`
	Shapes    int      `json:"shapes"`
	// First and Last are the days with service, YYYY-MM-DD.
	First string `json:"first"`
	Last  string `json:"last"`
	// Weekday, Saturday and Sunday are the typical days that departures are
	// counted on: of all such days that with the median number of runs. ""
	// when nothing runs on any. Runs are those of the weekday.
	Weekday  string `json:"weekday"`
	Saturday string `json:"saturday,omitempty"`
	Sunday   string `json:"sunday,omitempty"`
	Runs     int64  `json:"runs"`
	// BBox is min longitude, min latitude, max longitude, max latitude.
	BBox [4]float64 `json:"bbox"`
}

// Convert validates a feed (a zip or a folder) and makes its layers and the
// cleaned timetable in the folder work, which the caller removes when all has
// been read.
//
// Errors: Invalid when the feed cannot be used (files or columns that must be
// there are not, nothing runs), TooLarge over a limit, Canceled.
func Convert(ctx context.Context, path string, o Options, work string, p Progress) (*Result, error) {
	p.Stage("read timetable")
	f, err := open(path, work)
	if err != nil {
		return nil, err
	}
	defer f.Close() // working files only
	c := &conversion{f: f, work: work, used: make([]bool, len(f.Trips)), shapes: map[int32]orb.LineString{}}
	if err := f.prepare(ctx); err != nil {
		return nil, err
	}
	p.Stage("check timetable")
	out := filepath.Join(work, "timetable.zip")
	w, err := f.newWriter(out)
	if err != nil {
		return nil, err
	}
	defer w.abandon()
	if err := c.tables(ctx, w); err != nil {
		return nil, err
	}
	if err := c.checkUse(ctx, o); err != nil {
		return nil, err
	}
	p.Stage("count departures")
	if err := c.count(ctx); err != nil {
		return nil, err
	}
	c.checkShapes()
	layers, err := c.layers()
	if err != nil {
		return nil, err
	}
	s := c.summary()
	if err := w.finish(s); err != nil {
		return nil, err
	}
	return &Result{Layers: layers, Path: out, Summary: s, Notices: f.Notices()}, nil
}

// conversion is one conversion.
type conversion struct {
	f         *Feed
	work      string
	used      []bool // trips with calls
	shapes    map[int32]orb.LineString
	stopTimes int64
	days      days
	typical   [3]Date // weekday, Saturday, Sunday
	runs      [3]bool // there is such a day
	stops     []stopCount
	lines     map[lineKey]*lineCount
	order     []lineKey
}

// tables writes the tables of the cleaned feed.
func (c *conversion) tables(ctx context.Context, w *writer) (err error) {
	if c.stopTimes, err = w.calls(ctx, c.used); err != nil {
		return err
	}
	if err = w.shapes(ctx, func(shape int, line orb.LineString) { c.shapes[int32(shape)] = line }); err != nil {
		return err
	}
	return w.rest(c.used)
}

// checkUse looks at the feed as a whole: what no trip uses, and when it runs.
func (c *conversion) checkUse(ctx context.Context, o Options) error {
	f := c.f
	routes := make([]bool, len(f.Routes))
	lost := map[int32]bool{}
	trips := 0
	for i := range f.Trips {
		t := &f.Trips[i]
		if !c.used[i] {
			continue
		}
		trips++
		routes[t.Route] = true
		if t.Shape < 0 {
			continue
		}
		if _, ok := c.shapes[t.Shape]; !ok && !lost[t.Shape] {
			lost[t.Shape] = true
			f.warn("shapes-missing", "trips follow shapes that are not there, or have fewer than two points", fmt.Sprintf("trips.txt, line %d: %s", t.line, f.Shapes[t.Shape]))
		}
	}
	if trips == 0 {
		return fault.Errorf("gtfs.Convert", fault.Invalid, "%s: no trip has two calls that can be used%s", f.Name, f.why())
	}
	if err := c.tripless(ctx, trips); err != nil {
		return err
	}
	for i, used := range routes {
		if !used {
			f.notes.Count(catalog.Info, "routes-unused", "routes have no trip", fmt.Sprintf("routes.txt, line %d: %s", f.Routes[i].line, f.Routes[i].ID))
		}
	}
	c.days = f.calendar(c.used)
	if len(c.days.runs) == 0 {
		return fault.Errorf("gtfs.Convert", fault.Invalid, "%s: no trip runs on any day%s", f.Name, f.why())
	}
	if o.Now.IsZero() {
		o.Now = time.Now()
	}
	f.checkCalendar(c.days, DateOf(o.Now))
	for i, fits := range []func(time.Weekday) bool{workday, func(w time.Weekday) bool { return w == time.Saturday }, func(w time.Weekday) bool { return w == time.Sunday }} {
		c.typical[i], c.runs[i] = c.days.typical(fits)
	}
	return nil
}

// tripless counts the trips that have no calls at all; those with too few are
// in the notices already.
func (c *conversion) tripless(ctx context.Context, used int) error {
	f := c.f
	short := int(f.notes.Counted("trips-short") + f.notes.Counted("trips-untimed"))
	if len(f.Trips)-used <= short {
		return nil
	}
	seen := make([]bool, len(f.Trips))
	err := f.calls.each(ctx, func(key uint64, _ []byte) (bool, error) {
		seen[key>>32] = true
		return true, nil
	})
	if err != nil {
		return err
	}
	for i := range f.Trips {
		if !c.used[i] && !seen[i] {
			f.warn("trips-without-calls", "trips without a call were left out", fmt.Sprintf("trips.txt, line %d: %s", f.Trips[i].line, f.Trips[i].ID))
		}
	}
	return nil
}

func (c *conversion) summary() Summary {
	f := c.f
	s := Summary{
		Timezone: f.Timezone(), Stops: len(f.Stops), Routes: len(f.Routes), StopTimes: c.stopTimes, Shapes: len(c.shapes),
		First: c.days.first.String(), Last: c.days.last.String(), Agencies: []string{},
	}
	for _, a := range f.Agencies {
		s.Agencies = append(s.Agencies, a.Name)
	}
	for _, u := range c.used {
		if u {
			s.Trips++
		}
	}
	for i, to := range []*string{&s.Weekday, &s.Saturday, &s.Sunday} {
		if c.runs[i] {
			*to = c.typical[i].String()
		}
	}
	if c.runs[0] {
		s.Runs = c.days.runs[c.typical[0]]
	}
	box := geo.EmptyBBox()
	for i := range f.Stops {
		if st := &f.Stops[i]; st.Located {
			box = box.ExtendPoint(st.Lon, st.Lat)
		}
	}
	if !box.IsEmpty() {
		s.BBox = [4]float64{box.MinX, box.MinY, box.MaxX, box.MaxY}
	}
	return s
}
