// Package gtfs reads public transport timetables in the General Transit Feed
// Specification (gtfs.org/documentation/schedule/reference): it validates
// them, makes map layers of stops and lines, and gives an engine streaming
// access to trips.
//
// Times are seconds since noon less 12 hours of the service day, and may lie
// beyond 24 hours. Indices point into the slices of Feed, −1 stands for none.
package gtfs

// Agency is who runs routes.
type Agency struct {
	ID, Name, URL, Timezone, Lang string
}

// LocationType says what a stop is.
type LocationType int8

// The location types.
const (
	Platform LocationType = iota
	Station
	Entrance
	Node
	BoardingArea
)

// String is the name of the type.
func (l LocationType) String() string {
	if l < 0 || int(l) >= 5 {
		return "stop"
	}
	return [...]string{"stop", "station", "entrance", "node", "boarding_area"}[l]
}

// Stop is a place where people get on and off, or a part or a group of such
// places. Located says that Lon and Lat are known.
type Stop struct {
	ID, Code, Name, Description, Zone, URL, Platform string
	Lon, Lat                                         float64
	Located                                          bool
	Type                                             LocationType
	Parent                                           int  // stop
	Wheelchair                                       int8 // 0 not known, 1 yes, 2 no
	line                                             int
}

// Route is a line as riders know it.
type Route struct {
	ID, ShortName, LongName, Description, URL string
	Agency                                    int
	Type                                      int
	Mode                                      string // of Type
	Color, TextColor                          string // "#rrggbb" or ""
	line                                      int
}

// Name is the short name, else the long one, else the id.
func (r *Route) Name() string {
	switch {
	case r.ShortName != "":
		return r.ShortName
	case r.LongName != "":
		return r.LongName
	}
	return r.ID
}

// Trip is one run of a vehicle, on the days of its service.
type Trip struct {
	ID, Headsign, ShortName, Block string
	Route, Service                 int32
	Shape                          int32
	Direction                      int8 // 0, 1; −1 not known
	Wheelchair, Bikes              int8 // 0 not known, 1 yes, 2 no
	line                           int
}

// Frequency says that a trip runs again and again: at Start, and every Headway
// seconds before End. The times of its calls are then only differences.
type Frequency struct {
	Trip                int32
	Start, End, Headway int32
	Exact               bool
	line                int
}

// Runs is how many runs there are.
func (f *Frequency) Runs() int64 {
	if f.End <= f.Start {
		return 0
	}
	return (int64(f.End-f.Start) + int64(f.Headway) - 1) / int64(f.Headway)
}

// Transfer is a rule for changing between stops. Routes and trips narrow it.
type Transfer struct {
	From, To           int32 // stops
	FromRoute, ToRoute int32
	FromTrip, ToTrip   int32
	Type               int8  // 0 good, 1 timed, 2 takes MinTime, 3 not possible, 4 and 5 stay seated or not
	MinTime            int32 // seconds; −1 not said
	line               int
}

// Call is a stop of a trip.
type Call struct {
	Stop               int32
	Arrival, Departure int32
	Sequence           uint32
	// Interpolated says that the times were estimated between those given.
	Interpolated    bool
	Pickup, DropOff int8    // 0 regular, 1 none, 2 phone, 3 ask the driver
	Distance        float64 // along the shape, in units of the feed; NaN when not given
	Headsign        string  // "" = that of the trip
}
