package gtfs

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"contado/geo/fault"
	"contado/geo/store/catalog"
	"contado/ingest/notice"
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

func (f *Feed) loadAgencies() error {
	if !f.src.has("agency.txt") {
		f.warn("agency-missing", "there is no agency.txt: the time zone is not known", "")
		return nil
	}
	var id, name, url, zone, lang int
	seen := map[string]bool{}
	return f.read("agency.txt", []string{"agency_name"}, func(t *table) {
		id, name, url, zone, lang = t.column("agency_id"), t.column("agency_name"), t.column("agency_url"), t.column("agency_timezone"), t.column("agency_lang")
	}, func(t *table) error {
		a := Agency{t.value(id), t.value(name), t.value(url), t.value(zone), t.value(lang)}
		if seen[a.ID] {
			f.warn("ids-repeated", msgIDs, t.at(a.ID))
			return nil
		}
		seen[a.ID] = true
		if _, err := time.LoadLocation(a.Timezone); err != nil || a.Timezone == "" {
			f.warn("timezone-unknown", "time zones are not known", t.at(a.Timezone))
		}
		f.Agencies = append(f.Agencies, a)
		return nil
	})
}

func (f *Feed) loadStops() error {
	var c struct{ id, code, name, desc, lat, lon, zone, url, kind, parent, wheel, platform int }
	var parents []string
	var lines []string
	err := f.read("stops.txt", []string{"stop_id"}, func(t *table) {
		c.id, c.code, c.name, c.desc = t.column("stop_id"), t.column("stop_code"), t.column("stop_name"), t.column("stop_desc")
		c.lat, c.lon, c.zone, c.url = t.column("stop_lat"), t.column("stop_lon"), t.column("zone_id"), t.column("stop_url")
		c.kind, c.parent, c.wheel, c.platform = t.column("location_type"), t.column("parent_station"), t.column("wheelchair_boarding"), t.column("platform_code")
	}, func(t *table) error {
		s := Stop{
			ID: t.value(c.id), Code: t.value(c.code), Name: strings.Join(strings.Fields(t.value(c.name)), " "), Description: t.value(c.desc), Zone: t.value(c.zone), URL: t.value(c.url),
			Platform: t.value(c.platform), Parent: -1, line: t.line,
		}
		if !f.identify(&f.stopIDs, t, s.ID, len(f.Stops)) {
			return nil
		}
		s.Type = LocationType(f.small(t, c.kind, 0, 4, 0))
		s.Wheelchair = f.small(t, c.wheel, 0, 2, 0)
		s.Lon, s.Lat, s.Located = position(t.value(c.lon), t.value(c.lat))
		if !s.Located && (s.Type < Node || t.value(c.lon)+t.value(c.lat) != "") {
			f.warn("coordinates-wrong", "stops have no position, or an impossible one", t.at(s.ID+" "+t.value(c.lat)+" "+t.value(c.lon)))
		}
		f.Stops = append(f.Stops, s)
		parents = append(parents, t.value(c.parent))
		lines = append(lines, t.at(""))
		return nil
	})
	if err != nil {
		return err
	}
	for i, p := range parents {
		f.adopt(i, p, lines[i])
	}
	return nil
}

// adopt ties a stop to its station.
func (f *Feed) adopt(i int, parent, at string) {
	s := &f.Stops[i]
	if parent == "" {
		if s.Type >= Entrance {
			f.warn("parents-missing", "entrances, nodes and boarding areas have no station", at+": "+s.ID)
		}
		return
	}
	p, ok := f.stopIDs[parent]
	if !ok || int(p) == i || s.Type == Station {
		f.warn("parents-wrong", "stops name a station that is not there, or that cannot be theirs", at+": "+parent)
		return
	}
	s.Parent = int(p)
	if up := &f.Stops[p]; !s.Located && up.Located {
		s.Lon, s.Lat, s.Located = up.Lon, up.Lat, true
	}
}

func (f *Feed) loadRoutes() error {
	var c struct{ id, agency, short, long, desc, kind, url, color, text int }
	agencies := map[string]int{}
	for i, a := range f.Agencies {
		agencies[a.ID] = i
	}
	return f.read("routes.txt", []string{"route_id", "route_type"}, func(t *table) {
		c.id, c.agency, c.short, c.long = t.column("route_id"), t.column("agency_id"), t.column("route_short_name"), t.column("route_long_name")
		c.desc, c.kind, c.url, c.color, c.text = t.column("route_desc"), t.column("route_type"), t.column("route_url"), t.column("route_color"), t.column("route_text_color")
	}, func(t *table) error {
		r := Route{ID: t.value(c.id), ShortName: t.value(c.short), LongName: t.value(c.long), Description: t.value(c.desc), URL: t.value(c.url), Agency: -1, line: t.line}
		if !f.identify(&f.routeIDs, t, r.ID, len(f.Routes)) {
			return nil
		}
		if a, ok := agencies[t.value(c.agency)]; ok {
			r.Agency = a
		} else if id := t.value(c.agency); id != "" {
			f.warn("agency-unknown", "routes name an agency that is not there", t.at(id))
		} else if len(f.Agencies) == 1 {
			r.Agency = 0
		}
		kind, ok := number(t.value(c.kind), 0, 1799, -1)
		known := false
		if r.Mode, known = Mode(int(kind)); !known || !ok {
			f.warn("route-types-unknown", "route types are not known", t.at(t.value(c.kind)))
		}
		r.Type = int(kind)
		var ok1, ok2 bool
		r.Color, ok1 = color(t.value(c.color))
		if r.TextColor, ok2 = color(t.value(c.text)); !ok1 || !ok2 {
			f.warn("values-wrong", msgValues, t.at("colour "+t.value(c.color)+" "+t.value(c.text)))
		}
		f.Routes = append(f.Routes, r)
		return nil
	})
}

func (f *Feed) loadTrips() error {
	var c struct{ route, service, id, head, short, dir, block, shape, wheel, bikes int }
	return f.read("trips.txt", []string{"trip_id", "route_id", "service_id"}, func(t *table) {
		c.route, c.service, c.id, c.head = t.column("route_id"), t.column("service_id"), t.column("trip_id"), t.column("trip_headsign")
		c.short, c.dir, c.block, c.shape = t.column("trip_short_name"), t.column("direction_id"), t.column("block_id"), t.column("shape_id")
		c.wheel, c.bikes = t.column("wheelchair_accessible"), t.column("bikes_allowed")
	}, func(t *table) error {
		route, ok1 := f.routeIDs[t.value(c.route)]
		service, ok2 := f.serviceIDs[t.value(c.service)]
		id := t.value(c.id)
		if !ok1 || !ok2 {
			f.warn("references-unknown", msgRefs, t.at(fmt.Sprintf("trip %s of route %s on %s", id, t.value(c.route), t.value(c.service))))
			f.left[id] = true
			return nil
		}
		if !f.identify(&f.tripIDs, t, id, len(f.Trips)) {
			return nil
		}
		f.Trips = append(f.Trips, Trip{
			ID: id, Headsign: t.value(c.head), ShortName: t.value(c.short), Block: t.value(c.block), Route: route, Service: service,
			Shape: f.shape(t.value(c.shape)), Direction: f.small(t, c.dir, 0, 1, -1), Wheelchair: f.small(t, c.wheel, 0, 2, 0), Bikes: f.small(t, c.bikes, 0, 2, 0), line: t.line,
		})
		return nil
	})
}

// shape is the index of a shape that trips name; −1 for none.
func (f *Feed) shape(id string) int32 {
	if id == "" {
		return -1
	}
	if i, ok := f.shapeIDs[id]; ok {
		return i
	}
	if f.shapeIDs == nil {
		f.shapeIDs = map[string]int32{}
	}
	i := int32(len(f.Shapes))
	f.shapeIDs[id] = i
	f.Shapes = append(f.Shapes, id)
	return i
}

func (f *Feed) loadFrequencies() error {
	var trip, start, end, headway, exact int
	return f.read("frequencies.txt", []string{"trip_id", "start_time", "end_time", "headway_secs"}, func(t *table) {
		trip, start, end = t.column("trip_id"), t.column("start_time"), t.column("end_time")
		headway, exact = t.column("headway_secs"), t.column("exact_times")
	}, func(t *table) error {
		i, known := f.tripIDs[t.value(trip)]
		if !known {
			f.warn("references-unknown", msgRefs, t.at("trip "+t.value(trip)))
			return nil
		}
		from, ok1 := ParseTime(t.value(start))
		to, ok2 := ParseTime(t.value(end))
		every, ok3 := number(t.value(headway), 1, 24*3600, 0)
		if !ok1 || !ok2 || !ok3 || from < 0 || to <= from || every == 0 {
			f.warn("frequencies-wrong", "rows of frequencies with wrong times were left out", t.at(t.value(start)+" to "+t.value(end)+" every "+t.value(headway)))
			return nil
		}
		f.Frequencies = append(f.Frequencies, Frequency{Trip: i, Start: from, End: to, Headway: int32(every), Exact: t.value(exact) == "1", line: t.line})
		return nil
	})
}

func (f *Feed) loadTransfers() error {
	cols := make([]int, 8)
	return f.read("transfers.txt", nil, func(t *table) {
		for i, name := range []string{"from_stop_id", "to_stop_id", "from_route_id", "to_route_id", "from_trip_id", "to_trip_id", "transfer_type", "min_transfer_time"} {
			cols[i] = t.column(name)
		}
	}, func(t *table) error {
		var refs [6]int32
		for i, ids := range []map[string]int32{f.stopIDs, f.stopIDs, f.routeIDs, f.routeIDs, f.tripIDs, f.tripIDs} {
			refs[i] = -1
			if id := t.value(cols[i]); id != "" {
				n, ok := ids[id]
				if !ok {
					f.warn("references-unknown", msgRefs, t.at(id))
					return nil
				}
				refs[i] = n
			}
		}
		wait, ok := number(t.value(cols[7]), 0, 24*3600, -1)
		if !ok {
			f.warn("values-wrong", msgValues, t.at(t.value(cols[7])))
		}
		f.Transfers = append(f.Transfers, Transfer{refs[0], refs[1], refs[2], refs[3], refs[4], refs[5], f.small(t, cols[6], 0, 5, 0), int32(wait), t.line})
		return nil
	})
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
