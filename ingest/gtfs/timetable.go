package gtfs

import (
	"context"
	"io"

	"contado/geo/travel/transit"
)

// Timetable is the feed as the travel engine takes it. It reads from the feed,
// which must stay open while trips are read.
func (f *Feed) Timetable() *transit.Feed {
	out := &transit.Feed{
		Timezone: f.Timezone(),
		Runs: func(service int32, d transit.Day) bool {
			return f.Services[service].Active(Date(d))
		},
		Calls: f.riding,
	}
	for i := range f.Stops {
		s := &f.Stops[i]
		name := s.Name
		if name == "" {
			name = s.ID
		}
		out.Stops = append(out.Stops, transit.Stop{ID: s.ID, Name: name, Lon: s.Lon, Lat: s.Lat, Located: s.Located, Parent: int32(s.Parent), Wheelchair: s.Wheelchair})
	}
	for i := range f.Routes {
		r := &f.Routes[i]
		out.Routes = append(out.Routes, transit.Route{ID: r.ID, Name: r.Name(), Mode: r.Mode})
	}
	for i := range f.Trips {
		t := &f.Trips[i]
		out.Trips = append(out.Trips, transit.Trip{ID: t.ID, Headsign: t.Headsign, Block: t.Block, Route: t.Route, Service: t.Service, Wheelchair: t.Wheelchair})
	}
	for _, q := range f.Frequencies {
		out.Frequencies = append(out.Frequencies, transit.Frequency{Trip: q.Trip, Start: q.Start, End: q.End, Headway: q.Headway, Exact: q.Exact})
	}
	for _, t := range f.Transfers {
		out.Transfers = append(out.Transfers, transit.Transfer{
			From: t.From, To: t.To, FromRoute: t.FromRoute, ToRoute: t.ToRoute, FromTrip: t.FromTrip, ToTrip: t.ToTrip, Type: t.Type, MinTime: t.MinTime,
		})
	}
	return out
}

// riding yields the calls of trips as riders see them.
func (f *Feed) riding(ctx context.Context, yield func(trip int, calls []transit.Call) (bool, error)) error {
	var out []transit.Call
	return f.StopTimes(ctx, func(trip int, calls []Call) (bool, error) {
		out = out[:0]
		for i := range calls {
			c := &calls[i]
			out = append(out, transit.Call{Stop: c.Stop, Arrival: c.Arrival, Departure: c.Departure, Pickup: c.Pickup, DropOff: c.DropOff})
		}
		return yield(trip, out)
	})
}

// OpenTimetable opens a feed for the travel engine; Typical is the working day
// of its summary, when it has one. The caller closes it when the timetable has
// been loaded.
//
// Errors: as Open.
func OpenTimetable(path string) (*transit.Feed, io.Closer, error) {
	f, err := Open(path)
	if err != nil {
		return nil, nil, err
	}
	t := f.Timetable()
	if f.src.has(summaryFile) {
		s, err := ReadSummary(path)
		if err != nil {
			_ = f.Close() // the first error counts
			return nil, nil, err
		}
		t.Typical = s.Weekday
	}
	return t, f, nil
}
