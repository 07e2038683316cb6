package gtfs

import (
	"cmp"
	"hash/fnv"
	"path/filepath"
	"slices"
	"strings"

	"contado/geo"
	"contado/geo/store/catalog"
	"contado/ingest/spool"

	"github.com/paulmach/orb"
)

func text(name, alias, description string) geo.Field {
	return geo.Field{Name: name, Type: geo.String, Alias: alias, Description: description}
}

func whole(name, alias, description string) geo.Field {
	return geo.Field{Name: name, Type: geo.Integer, Alias: alias, Description: description}
}

// stopSchema is that of the layer "stops".
var stopSchema = geo.Schema{GeometryType: "Point", CRS: geo.WGS84, Fields: []geo.Field{
	text("stop_id", "Stop id", ""), text("name", "Name", ""), text("code", "Code", "as riders see it"), text("description", "Description", ""),
	text("kind", "Kind", "bus_stop, tram_stop, railway_station, … by what calls here"), text("location_type", "Type", "stop, station, entrance, node, boarding_area"),
	text("parent", "Station", "stop_id of the station"), text("platform", "Platform", ""), text("zone", "Fare zone", ""),
	{Name: "wheelchair", Type: geo.Boolean, Alias: "Wheelchair", Description: "boarding with a wheelchair; none = not known"},
	whole("departures", "Departures on a weekday", "on the typical working day; of a station: of all its stops"), whole("departures_saturday", "Departures on Saturday", ""), whole("departures_sunday", "Departures on Sunday", ""),
	text("first_departure", "First departure", "of the weekday, HH:MM:SS, beyond 24 after midnight"), text("last_departure", "Last departure", ""),
	text("routes", "Lines", "short names, parted by ;"), text("modes", "Means of transport", "parted by ;"), text("url", "Web page", ""),
}}

// lineSchema is that of the layer "lines".
var lineSchema = geo.Schema{GeometryType: "MultiLineString", CRS: geo.WGS84, Fields: []geo.Field{
	text("route_id", "Route id", ""), whole("direction", "Direction", "0 or 1; none = not told apart"), text("name", "Line", "short name"), text("long_name", "Long name", ""),
	text("headsign", "Destination", "the most frequent"), text("from_stop", "From", "first stop of the most used pattern"), text("to_stop", "To", "last stop of the most used pattern"),
	text("agency", "Operator", ""), whole("route_type", "Route type", "as in the feed, basic or extended"), text("mode", "Means of transport", "bus, rail, tram, …"),
	text("color", "Colour", "#rrggbb"), text("text_color", "Colour of text", "#rrggbb"),
	whole("trips", "Runs on a weekday", "on the typical working day"), whole("trips_saturday", "Runs on Saturday", ""), whole("trips_sunday", "Runs on Sunday", ""),
	text("first_departure", "First departure", "from the first stop, on the weekday"), text("last_departure", "Last departure", ""),
	whole("trips_total", "Trips in the feed", ""), whole("stops", "Stops", "different ones"), whole("patterns", "Patterns", "different sequences of stops, or shapes"),
	{Name: "length", Type: geo.Real, Alias: "Length", Description: "metres, of the most used pattern"},
}}

func (c *conversion) layers() ([]Layer, error) {
	stops, err := c.stopLayer()
	if err != nil {
		return nil, err
	}
	lines, err := c.lineLayer()
	if err != nil {
		return nil, err
	}
	by := c.f.attribution()
	out := []Layer{
		{
			Name: "stops", Role: catalog.Service, Rows: stops, Attribution: by,
			Title:       spool.Text{EN: "Stops", IT: "Fermate"},
			Description: spool.Text{EN: "Stops and stations of public transport, with departures on typical days", IT: "Fermate e stazioni del trasporto pubblico, con le partenze nei giorni tipici"},
		},
		{
			Name: "lines", Role: catalog.OtherRole, Rows: lines, Attribution: by,
			Title:       spool.Text{EN: "Lines", IT: "Linee"},
			Description: spool.Text{EN: "Lines of public transport by direction, with runs on typical days", IT: "Linee del trasporto pubblico per direzione, con le corse nei giorni tipici"},
		},
	}
	return slices.DeleteFunc(out, func(l Layer) bool { return l.Rows.Count() == 0 }), nil
}

func (f *Feed) attribution() string {
	var names []string
	for _, a := range f.Agencies {
		if a.Name != "" && !slices.Contains(names, a.Name) && len(names) < 5 {
			names = append(names, a.Name)
		}
	}
	return strings.Join(names, ", ")
}

// ids makes numbers of ids that stay the same from feed to feed: 53 bits, as
// JSON can carry.
type ids map[int64]bool

func (m ids) of(key string) int64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(key)) // never fails
	n := int64(h.Sum64()>>11) | 1
	for m[n] {
		n = (n+2)&(1<<53-1) | 1
	}
	m[n] = true
	return n
}

func orNil(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func (c *conversion) stopLayer() (*spool.Rows, error) {
	f := c.f
	w, err := spool.Create(filepath.Join(c.work, "gtfs-stops.rows"), f.Name, stopSchema)
	if err != nil {
		return nil, err
	}
	c.gather()
	used := make([]bool, len(f.Stops)) // itself, or as a station
	for i := range f.Stops {
		if c.stops[i].calls > 0 {
			used[i] = true
			if p := f.Stops[i].Parent; p >= 0 {
				used[p] = true
			}
		}
	}
	id := ids{}
	for i := range f.Stops {
		s := &f.Stops[i]
		if !used[i] && s.Type <= Station {
			f.notes.Count(catalog.Info, "stops-unused", "no trip calls at some stops: they were kept", s.at())
		}
		if !s.Located {
			f.warn("stops-unplaced", "stops without a position are not on the map", s.at())
			continue
		}
		if err := w.Add(geo.Feature{ID: id.of(s.ID), Geometry: orb.Point{s.Lon, s.Lat}, Values: c.stopValues(i)}); err != nil {
			_, _ = w.Close() // the work has ended with another error
			return nil, err
		}
	}
	return w.Close()
}

func (s *Stop) at() string { return s.ID + " " + s.Name }

// gather adds what happens at stops to their stations.
func (c *conversion) gather() {
	for i := range c.f.Stops {
		p := c.f.Stops[i].Parent
		if p < 0 || c.f.Stops[p].Type != Station || c.stops[i].calls == 0 {
			continue
		}
		from, to := &c.stops[i], &c.stops[p]
		for d := range to.departures {
			to.departures[d] += from.departures[d]
		}
		if from.first != NoTime {
			to.first, to.last = widen(to.first, to.last, from.first, from.last)
		}
		for _, r := range from.routes {
			if !slices.Contains(to.routes, r) {
				to.routes = append(to.routes, r)
			}
		}
	}
}

// kinds are the kinds of stops by what calls there, in order of weight.
var kinds = []struct{ mode, kind string }{
	{"rail", "railway_station"},
	{"subway", "urban_rail_station"},
	{"monorail", "urban_rail_station"},
	{"air", "airport"},
	{"ferry", "ferry_terminal"},
	{"aerial_lift", "cable_car_station"},
	{"funicular", "cable_car_station"},
	{"tram", "tram_stop"},
	{"cable_tram", "tram_stop"},
	{"trolleybus", "bus_stop"},
	{"coach", "bus_stop"},
	{"bus", "bus_stop"},
	{"taxi", "taxi_stop"},
}

func kindOf(modes []string) any {
	for _, k := range kinds {
		if slices.Contains(modes, k.mode) {
			return k.kind
		}
	}
	return nil
}

func (c *conversion) stopValues(i int) []any {
	s, n := &c.f.Stops[i], &c.stops[i]
	var names, modes []string
	slices.Sort(n.routes)
	for _, r := range n.routes {
		route := &c.f.Routes[r]
		if name := route.Name(); !slices.Contains(names, name) {
			names = append(names, name)
		}
		if !slices.Contains(modes, route.Mode) {
			modes = append(modes, route.Mode)
		}
	}
	slices.Sort(modes)
	parent := any(nil)
	if s.Parent >= 0 {
		parent = c.f.Stops[s.Parent].ID
	}
	wheelchair := any(nil)
	if s.Wheelchair > 0 {
		wheelchair = s.Wheelchair == 1
	}
	v := []any{
		s.ID, orNil(s.Name), orNil(s.Code), orNil(s.Description), kindOf(modes), s.Type.String(), parent, orNil(s.Platform), orNil(s.Zone), wheelchair,
		n.departures[0], n.departures[1], n.departures[2], orNil(FormatTime(n.first)), orNil(FormatTime(n.last)),
		orNil(strings.Join(names, ";")), orNil(strings.Join(modes, ";")), orNil(s.URL),
	}
	return v
}

func (c *conversion) lineLayer() (*spool.Rows, error) {
	f := c.f
	w, err := spool.Create(filepath.Join(c.work, "gtfs-lines.rows"), f.Name, lineSchema)
	if err != nil {
		return nil, err
	}
	id := ids{}
	for _, k := range c.order {
		l := c.lines[k]
		line, length := c.geometry(l)
		if line == nil {
			f.warn("lines-unplaced", "lines of which no two stops have a position are not on the map", f.Routes[k.route].ID)
			continue
		}
		key := f.Routes[k.route].ID + "\x00" + string(rune('1'+k.direction))
		if err := w.Add(geo.Feature{ID: id.of(key), Geometry: line, Values: c.lineValues(k, l, length)}); err != nil {
			_, _ = w.Close() // the work has ended with another error
			return nil, err
		}
	}
	return w.Close()
}

func (c *conversion) lineValues(k lineKey, l *lineCount, length float64) []any {
	r := &c.f.Routes[k.route]
	direction, agency := any(nil), any(nil)
	if k.direction >= 0 {
		direction = int64(k.direction)
	}
	if r.Agency >= 0 {
		agency = orNil(c.f.Agencies[r.Agency].Name)
	}
	main := l.order[0].stops
	return []any{
		r.ID, direction, r.Name(), orNil(r.LongName), orNil(l.headsign()), orNil(c.f.Stops[main[0]].Name), orNil(c.f.Stops[main[len(main)-1]].Name),
		agency, int64(r.Type), r.Mode, orNil(r.Color), orNil(r.TextColor), l.trips[0], l.trips[1], l.trips[2],
		orNil(FormatTime(l.first)), orNil(FormatTime(l.last)), l.total, int64(len(l.stops)), int64(len(l.order)), length,
	}
}

// headsign is the most frequent one.
func (l *lineCount) headsign() string {
	names := make([]string, 0, len(l.headsigns))
	for h := range l.headsigns {
		names = append(names, h)
	}
	slices.Sort(names)
	slices.SortStableFunc(names, func(a, b string) int { return cmp.Compare(l.headsigns[b], l.headsigns[a]) })
	return names[0]
}
