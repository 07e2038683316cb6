package gtfs

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"contado/geo/fault"
	"contado/geo/notice"
	"contado/geo/store/catalog"
)

// Feed is a timetable. All but the times of calls and the shapes is in memory;
// those are streamed. A Feed may be used by several goroutines.
type Feed struct {
	Agencies    []Agency
	Stops       []Stop
	Routes      []Route
	Trips       []Trip
	Services    []Service
	Shapes      []string // ids
	Frequencies []Frequency
	Transfers   []Transfer
	// Name is the base name of the file.
	Name string

	src   *source
	notes *notice.List
	work  string // folder of working files, made when first needed
	temp  bool   // work is the feed's own

	mu      sync.Mutex // of what follows, and of notes
	calls   *sorter    // once they were asked for
	points  *sorter    // of shapes, likewise
	strings []string   // headsigns of calls

	stopIDs, routeIDs, tripIDs, serviceIDs, shapeIDs map[string]int32
	left                                             map[string]bool // trips that were left out
}

// Open reads a feed from a zip or a folder. What is wrong with single rows is
// repaired or left out; see Notices.
//
// Errors: NotExist, Invalid when files or columns that must be there are not,
// or nothing could run; TooLarge over a limit.
func Open(path string) (*Feed, error) {
	return open(path, "")
}

func open(path, work string) (*Feed, error) {
	src, err := openSource(path)
	if err != nil {
		return nil, err
	}
	f := &Feed{Name: src.name, src: src, notes: &notice.List{}, work: work, left: map[string]bool{}}
	if err := f.load(); err != nil {
		src.close()
		return nil, err
	}
	return f, nil
}

// Close releases the files.
func (f *Feed) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.src.close()
	for _, s := range []*sorter{f.calls, f.points} {
		if s != nil {
			s.close()
		}
	}
	if f.temp {
		return os.RemoveAll(f.work)
	}
	return nil
}

// Notices say what was repaired or left out so far.
func (f *Feed) Notices() []catalog.Notice {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.notes.All())
}

// Timezone is that of the first agency: all times are in it.
func (f *Feed) Timezone() string {
	if len(f.Agencies) == 0 {
		return ""
	}
	return f.Agencies[0].Timezone
}

// folder is where working files go.
func (f *Feed) folder() (string, error) {
	if f.work == "" {
		dir, err := os.MkdirTemp("", "contado-gtfs-")
		if err != nil {
			return "", fault.E("gtfs.Open", fault.Other, err)
		}
		f.work, f.temp = dir, true
	}
	return f.work, nil
}

// file is the path of a new working file.
func (f *Feed) file(name string) (string, error) {
	dir, err := f.folder()
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, name), nil
}

var required = []string{"stops.txt", "routes.txt", "trips.txt", "stop_times.txt"}

func (f *Feed) load() error {
	const op = "gtfs.Open"
	var missing []string
	for _, name := range required {
		if !f.src.has(name) {
			missing = append(missing, name)
		}
	}
	if !f.src.has("calendar.txt") && !f.src.has("calendar_dates.txt") {
		missing = append(missing, "calendar.txt or calendar_dates.txt")
	}
	if len(missing) > 0 {
		return fault.WithHint(fault.Errorf(op, fault.Invalid, "%s is no GTFS feed: it has no %s", f.Name, strings.Join(missing, ", ")), "a feed is a zip with these files in it")
	}
	for _, step := range []func() error{
		f.loadAgencies, f.loadStops, f.loadRoutes, f.loadCalendar, f.loadCalendarDates, f.loadTrips, f.loadFrequencies, f.loadTransfers,
	} {
		if err := step(); err != nil {
			return err
		}
	}
	switch {
	case len(f.Stops) == 0:
		return fault.Errorf(op, fault.Invalid, "%s: stops.txt has no usable row%s", f.Name, f.why())
	case len(f.Trips) == 0:
		return fault.Errorf(op, fault.Invalid, "%s: trips.txt has no usable row%s", f.Name, f.why())
	}
	return nil
}

// why names what was left out, for errors that it has led to.
func (f *Feed) why() string {
	for _, n := range f.notes.All() {
		if n.Severity == catalog.Warning && len(n.Examples) > 0 {
			return fmt.Sprintf(": %s, such as %s", n.Message, n.Examples[0])
		}
	}
	return ""
}

func (f *Feed) warn(code, message, example string) {
	f.notes.Count(catalog.Warning, code, message, example)
}

// Messages that several files share.
const (
	msgIDs     = "rows with an id that another row has already, or none, were left out"
	msgRefs    = "rows that refer to something that is not there were left out"
	msgValues  = "values that are not as the specification says were not used"
	msgUnknown = "columns and files that the specification does not know were not used"
)

// read reads one file and counts what is odd about it as a whole.
func (f *Feed) read(name string, columns []string, begin func(*table), row func(*table) error) error {
	t, err := f.src.each(name, columns, begin, row)
	if err != nil || t == nil {
		return err
	}
	if t.legacy > 0 {
		f.warn("encoding", "files that are not UTF-8 were read as Windows-1252", fmt.Sprintf("%s: %d rows", name, t.legacy))
	}
	if t.long > 0 {
		f.warn("rows-too-long", "rows have more values than there are columns: the last ones were not used", fmt.Sprintf("%s: %d rows", name, t.long))
	}
	if t.odd > 0 {
		f.warn("quotes", "values go on after their closing quote", fmt.Sprintf("%s: %d values", name, t.odd))
	}
	known := knownColumns[name]
	for _, c := range t.columns {
		if c != "" && known != "" && !strings.Contains(" "+known+" ", " "+c+" ") {
			f.notes.Count(catalog.Info, "columns-unknown", msgUnknown, name+": "+c)
		}
	}
	return nil
}

// identify enters a row's id; false, with a notice, when there is none or it
// is taken.
func (f *Feed) identify(ids *map[string]int32, t *table, id string, n int) bool {
	if *ids == nil {
		*ids = map[string]int32{}
	}
	_, twice := (*ids)[id]
	if id == "" || twice {
		f.warn("ids-repeated", msgIDs, t.at(id))
		return false
	}
	(*ids)[id] = int32(n)
	return true
}

// small reads a number of few values; what is wrong counts as def.
func (f *Feed) small(t *table, column int, lo, hi, def int64) int8 {
	v, ok := number(t.value(column), lo, hi, def)
	if !ok {
		f.warn("values-wrong", msgValues, t.at(t.columns[column]+" "+t.value(column)))
	}
	return int8(v)
}

// knownColumns are those of the specification, by file.
var knownColumns = map[string]string{
	"agency.txt":         "agency_id agency_name agency_url agency_timezone agency_lang agency_phone agency_fare_url agency_email cemv_support",
	"stops.txt":          "stop_id stop_code stop_name tts_stop_name stop_desc stop_lat stop_lon zone_id stop_url location_type parent_station stop_timezone wheelchair_boarding level_id platform_code stop_access",
	"routes.txt":         "route_id agency_id route_short_name route_long_name route_desc route_type route_url route_color route_text_color route_sort_order continuous_pickup continuous_drop_off network_id cemv_support",
	"trips.txt":          "route_id service_id trip_id trip_headsign trip_short_name direction_id block_id shape_id wheelchair_accessible bikes_allowed cars_allowed",
	"stop_times.txt":     "trip_id arrival_time departure_time stop_id location_group_id location_id stop_sequence stop_headsign start_pickup_drop_off_window end_pickup_drop_off_window pickup_type drop_off_type continuous_pickup continuous_drop_off shape_dist_traveled timepoint pickup_booking_rule_id drop_off_booking_rule_id",
	"calendar.txt":       "service_id monday tuesday wednesday thursday friday saturday sunday start_date end_date",
	"calendar_dates.txt": "service_id date exception_type",
	"shapes.txt":         "shape_id shape_pt_lat shape_pt_lon shape_pt_sequence shape_dist_traveled",
	"frequencies.txt":    "trip_id start_time end_time headway_secs exact_times",
	"transfers.txt":      "from_stop_id to_stop_id from_route_id to_route_id from_trip_id to_trip_id transfer_type min_transfer_time",
}

// StopTimes yields the calls of every trip that has two or more, trips in the
// order of Trips, calls in the order of the run. The slice is valid during the
// call. false ends the reading.
func (f *Feed) StopTimes(ctx context.Context, yield func(trip int, calls []Call) (bool, error)) error {
	if err := f.prepare(ctx); err != nil {
		return err
	}
	return f.walk(ctx, nil, yield)
}

// prepare sorts the calls when they are first asked for.
func (f *Feed) prepare(ctx context.Context) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.calls != nil {
		return nil
	}
	calls, err := f.sortCalls(ctx)
	if err != nil {
		calls.close()
		return err
	}
	f.calls = calls
	return nil
}
