package demoland

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"fmt"
	"math"
	"os"
	"strconv"
	"time"

	"github.com/paulmach/orb"

	"contado/geo"
	"contado/geo/crs"
	"contado/geo/store/catalog"
	"contado/ingest/demoland/settle"
)

// The buses run from the beginning of a school year on, for long enough that
// a demonstration does not grow stale.
const (
	busesFrom  = "20250908"
	busesUntil = "20341231"
)

// timetable writes the buses as a GTFS feed. A land without lines has none.
func (w *writer) timetable(s *settle.Society) error {
	if len(s.Lines) == 0 {
		return nil
	}
	tr, err := crs.New(mapCRS, geo.WGS84)
	if err != nil {
		return err
	}
	f := &feed{s: s, tr: tr, ids: map[orb.Point]string{}}
	if err := f.fill(); err != nil {
		return err
	}
	b, err := f.zip()
	if err != nil {
		return err
	}
	path := w.path("autobus.gtfs.zip")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		return err
	}
	w.add(File{
		Dataset: "bus", Role: catalog.TimetableRole, Title: "Orario degli autobus", Paths: []string{path},
		LayerTitles: map[string]string{"stops": "Fermate dell'autobus", "lines": "Linee dell'autobus"},
	})
	return nil
}

// feed is the timetable while it is written.
type feed struct {
	s     *settle.Society
	tr    *crs.Transformer
	ids   map[orb.Point]string // of stops
	files []feedFile
}

type feedFile struct {
	name string
	rows [][]string
}

func (f *feed) table(name string, head ...string) *feedFile {
	f.files = append(f.files, feedFile{name: name, rows: [][]string{head}})
	return &f.files[len(f.files)-1]
}

func (t *feedFile) add(row ...string) { t.rows = append(t.rows, row) }

func (f *feed) fill() error {
	f.table("agency.txt", "agency_id", "agency_name", "agency_url", "agency_timezone", "agency_lang").
		add("1", "Autolinee del Contado (dati inventati)", "https://example.org/", "Europe/Rome", "it")
	f.table("feed_info.txt", "feed_publisher_name", "feed_publisher_url", "feed_lang", "feed_start_date", "feed_end_date", "feed_version").
		add(attribution, "https://example.org/", "it", busesFrom, busesUntil, "1")
	f.calendar()
	if err := f.stops(); err != nil {
		return err
	}
	routes := f.table("routes.txt", "route_id", "agency_id", "route_short_name", "route_long_name", "route_desc", "route_type")
	for _, l := range f.s.Lines {
		routes.add("L"+l.Number, "1", l.Number, l.Name, invented, "3")
	}
	if err := f.shapes(); err != nil {
		return err
	}
	f.trips()
	return nil
}

// The kinds of days.
const (
	weekday = iota
	saturday
	sunday
	dayKinds
)

var serviceIDs = [dayKinds]string{"feriale", "sabato", "festivo"}

// holidays are the Italian ones that have a fixed date, month and day.
var holidays = [][2]int{{1, 1}, {1, 6}, {4, 25}, {5, 1}, {6, 2}, {8, 15}, {11, 1}, {12, 8}, {12, 25}, {12, 26}}

func (f *feed) calendar() {
	c := f.table("calendar.txt", "service_id", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "start_date", "end_date")
	c.add(serviceIDs[weekday], "1", "1", "1", "1", "1", "0", "0", busesFrom, busesUntil)
	c.add(serviceIDs[saturday], "0", "0", "0", "0", "0", "1", "0", busesFrom, busesUntil)
	c.add(serviceIDs[sunday], "0", "0", "0", "0", "0", "0", "1", busesFrom, busesUntil)
	d := f.table("calendar_dates.txt", "service_id", "date", "exception_type")
	for year := 2025; year <= 2034; year++ {
		for _, h := range holidays {
			day := time.Date(year, time.Month(h[0]), h[1], 0, 0, 0, 0, time.UTC)
			kind := weekday
			switch day.Weekday() {
			case time.Sunday:
				continue
			case time.Saturday:
				kind = saturday
			}
			text := day.Format("20060102")
			if text < busesFrom {
				continue
			}
			d.add(serviceIDs[kind], text, "2")
			d.add(serviceIDs[sunday], text, "1")
		}
	}
}

func (f *feed) stops() error {
	t := f.table("stops.txt", "stop_id", "stop_name", "stop_lat", "stop_lon", "wheelchair_boarding")
	for i, x := range f.s.BusStops() {
		lat, lon, err := f.degrees(x.Point)
		if err != nil {
			return err
		}
		id := fmt.Sprintf("F%03d", i+1)
		f.ids[x.Point] = id
		board := "0" // not known
		if x.Seat {
			board = "1"
		}
		t.add(id, x.Name, lat, lon, board)
	}
	return nil
}

func (f *feed) degrees(p orb.Point) (lat, lon string, err error) {
	x, y, ok := f.tr.Point(p[0], p[1])
	if !ok {
		return "", "", fmt.Errorf("position %v is not on the map", p)
	}
	return strconv.FormatFloat(y, 'f', 6, 64), strconv.FormatFloat(x, 'f', 6, 64), nil
}

// shapes draw each line along its roads, there and back.
func (f *feed) shapes() error {
	t := f.table("shapes.txt", "shape_id", "shape_pt_lat", "shape_pt_lon", "shape_pt_sequence")
	for _, l := range f.s.Lines {
		for back := range 2 {
			for i := range l.Path {
				p := l.Path[i]
				if back == 1 {
					p = l.Path[len(l.Path)-1-i]
				}
				lat, lon, err := f.degrees(p)
				if err != nil {
					return err
				}
				t.add(shapeID(l, back), lat, lon, strconv.Itoa(i+1))
			}
		}
	}
	return nil
}

func shapeID(l settle.Line, back int) string { return fmt.Sprintf("L%s-%d", l.Number, back) }

// trips meet in the town: buses come in ten minutes before the hour and leave
// ten minutes after it.
func (f *feed) trips() {
	f.table("trips.txt", "route_id", "service_id", "trip_id", "trip_headsign", "direction_id", "shape_id", "wheelchair_accessible")
	f.table("stop_times.txt", "trip_id", "arrival_time", "departure_time", "stop_id", "stop_sequence")
	trips, times := &f.files[len(f.files)-2], &f.files[len(f.files)-1]
	for k, l := range f.s.Lines {
		ends := [2]string{l.Stops[len(l.Stops)-1].Hamlet, l.Stops[0].Hamlet}
		for kind := range dayKinds {
			for n, minute := range runs(k < 2, kind) {
				for back := range 2 {
					id := fmt.Sprintf("L%s-%s-%d-%d", l.Number, serviceIDs[kind], back, n+1)
					trips.add("L"+l.Number, serviceIDs[kind], id, ends[back], strconv.Itoa(back), shapeID(l, back), "1")
					for i := range l.Stops {
						x, at := l.Stops[i], minute+10
						late := minutesOf(x.Seconds)
						if back == 1 {
							x = l.Stops[len(l.Stops)-1-i]
							at, late = minute-10, -minutesOf(x.Seconds)
						}
						text := fmt.Sprintf("%02d:%02d:00", (at+late)/60, (at+late)%60)
						times.add(id, text, text, f.ids[x.Point], strconv.Itoa(i+1))
					}
				}
			}
		}
	}
}

// minutesOf rounds up, as printed timetables do.
func minutesOf(seconds int) int { return int(math.Ceil(float64(seconds) / 60)) }

// runs are the minutes of the day at which buses of a line meet in the town:
// main lines every hour, and every half hour when people go to school and
// work; others when people go, and twice between; on Saturdays and holidays
// less.
func runs(main bool, kind int) []int {
	var out []int
	for h := 7; h <= 19; h++ {
		busy := h <= 9 || h == 13 || h == 14 || h == 18 || h == 19
		switch {
		case kind == weekday && main && busy:
			out = append(out, h*60-30, h*60)
		case kind == weekday && (main || busy || h == 11 || h == 16):
			out = append(out, h*60)
		case kind == saturday && (main || h == 8 || h == 10 || h == 13 || h == 18):
			out = append(out, h*60)
		case kind == sunday && main && h%3 == 0:
			out = append(out, h*60)
		}
	}
	return out
}

// zip packs the files; the same rows give the same bytes.
func (f *feed) zip() ([]byte, error) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, t := range f.files {
		h := &zip.FileHeader{Name: t.name, Method: zip.Deflate, Modified: time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)}
		one, err := z.CreateHeader(h)
		if err != nil {
			return nil, err
		}
		if err := csv.NewWriter(one).WriteAll(t.rows); err != nil {
			return nil, err
		}
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
