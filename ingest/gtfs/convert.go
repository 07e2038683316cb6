package gtfs

import (
	"context"
	"time"

	"contado/geo/fault"
	"contado/geo/store/catalog"
	"contado/ingest/spool"
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
	// Weekday is the typical working day that departures are counted on, with
	// its number of runs.
	Weekday string `json:"weekday"`
	Runs    int64  `json:"runs"`
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
	return nil, fault.Errorf("gtfs.Convert", fault.Unsupported, "timetables are not read by this version")
}
