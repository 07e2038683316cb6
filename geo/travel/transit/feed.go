package transit

import (
	"context"
	"time"

	"contado/geo/fault"
)

// Feed is a timetable, whatever it was read from. Indices point into its
// slices; −1 stands for none.
type Feed struct {
	Timezone string // name in the tz database; "" = UTC
	// Zones are the time zones of the services where they differ from Timezone
	// (see Merge); nil when all are in it.
	Zones       []string
	Typical     string // a day like most working days, YYYY-MM-DD; "" when not known
	Stops       []Stop
	Routes      []Route
	Trips       []Trip
	Frequencies []Frequency
	Transfers   []Transfer
	// Runs tells whether a service runs on a day.
	Runs func(service int32, d Day) bool
	// Calls yields the calls of trips, in the order of the run; each trip once.
	// The slice is valid during the call.
	Calls func(ctx context.Context, yield func(trip int, calls []Call) (bool, error)) error
}

// Day is a day in days since 1970-01-01.
type Day int32

// DayOf is the day of a time in its own zone.
func DayOf(t time.Time) Day {
	y, m, d := t.Date()
	return Day(time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix() / 86400)
}

// ParseDay reads YYYY-MM-DD. Errors: Invalid.
func ParseDay(s string) (Day, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil || t.Year() < 1900 || t.Year() > 2200 {
		return 0, fault.Errorf("transit.ParseDay", fault.Invalid, "%.40q is no day: write YYYY-MM-DD", s)
	}
	return DayOf(t), nil
}

// String is YYYY-MM-DD.
func (d Day) String() string { return time.Unix(int64(d)*86400, 0).UTC().Format(time.DateOnly) }

// Stop is where people get on and off. Lon and Lat hold when Located.
type Stop struct {
	ID, Name   string
	Lon, Lat   float64
	Located    bool
	Parent     int32 // station
	Wheelchair int8  // 0 not known, 1 yes, 2 no; 0 takes that of the station
}

// Route is a line as riders know it.
type Route struct {
	ID, Name, Mode string
}

// Trip is one run of a vehicle.
type Trip struct {
	ID, Headsign, Block string
	Route, Service      int32
	Wheelchair          int8 // 0 not known, 1 yes, 2 no
}

// Frequency says that a trip runs at Start and every Headway seconds before
// End; when not Exact, at an unknown part of the headway later.
type Frequency struct {
	Trip                int32
	Start, End, Headway int32
	Exact               bool
}

// Transfer is a rule for changing between stops (or all stops of stations);
// routes and trips narrow it. Types are those of GTFS: 0 good, 1 timed, 2
// takes MinTime, 3 not possible, 4 stay seated, 5 not seated.
type Transfer struct {
	From, To           int32
	FromRoute, ToRoute int32
	FromTrip, ToTrip   int32
	Type               int8
	MinTime            int32 // −1 not said
}

// Call is a stop of a trip. Pickup and DropOff: 0 regular, 1 none, 2 by phone,
// 3 ask the driver.
type Call struct {
	Stop               int32
	Arrival, Departure int32
	Pickup, DropOff    int8
}

// Options says how people ride.
type Options struct {
	// From and Until bound the departures: seconds of the day by the clock,
	// [From, Until), one every Step seconds (0 = 60).
	From, Until, Step int32
	// Horizon is how long after Until runs may begin; 0 = 12 hours.
	Horizon int32
	// Slack is how long before it leaves people are at a stop; nil = 60 s.
	Slack *int32
	// MaxRides bounds the vehicles of a journey; 0 = no bound.
	MaxRides int
	// Wheelchair takes only trips and stops that say that they are accessible.
	Wheelchair bool
	// OnDemand takes also calls that must be booked by phone.
	OnDemand bool
	// Samples is the number of timetables made of frequencies that are not
	// exact, made a prime number; 0 = 31. Without such frequencies there is one.
	Samples int
	// Walk bounds walks to and from stops, Transfer those between stops, in
	// seconds; 0 = an hour, and 15 minutes.
	Walk, Transfer int32
}

// Bounds on options.
const (
	DefaultSlack    = 60
	DefaultHorizon  = 12 * 3600
	DefaultSamples  = 31
	DefaultWalk     = 3600
	DefaultTransfer = 900

	maxDepartures = 24 * 60
	maxSamples    = 1000
	maxElements   = 1 << 17 // departures × samples
	maxHorizon    = 48 * 3600
	maxRides      = 16
)

// Notes says what of the feed is in a timetable.
type Notes struct {
	Day   string `json:"day"`
	Trips int    `json:"trips"` // that run in the window or up to the horizon
	Runs  int    `json:"runs"`  // of them, each run of a frequency by itself
	Stops int    `json:"stops"` // where they call
	// ServiceTrips counts the trips of the day by the calendar alone.
	ServiceTrips int `json:"service_trips"`
	// Frequencies counts trips that run by headway at times not exact.
	Frequencies int `json:"frequencies"`
	// NotAccessible and NotKnown count trips left out for wheelchair users: no
	// access, or nothing said; likewise stops.
	TripsNotAccessible int `json:"trips_not_accessible,omitempty"`
	TripsNotKnown      int `json:"trips_access_not_known,omitempty"`
	StopsNotAccessible int `json:"stops_not_accessible,omitempty"`
	StopsNotKnown      int `json:"stops_access_not_known,omitempty"`
	// ByPhone counts calls that must be booked.
	ByPhone int `json:"calls_by_phone,omitempty"`
	// TransferRules are rules used; TransferRulesUnused name stops that are not
	// called at, or of which the walk is not known.
	TransferRules       int `json:"transfer_rules,omitempty"`
	TransferRulesUnused int `json:"transfer_rules_unused,omitempty"`
}
