package gtfs

import (
	"fmt"
	"strings"
	"time"
)

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
