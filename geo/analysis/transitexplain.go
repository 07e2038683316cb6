package analysis

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"strings"

	"github.com/paulmach/orb"

	"contado/geo/crs"
	"contado/geo/fault"
	"contado/geo/notice"
	"contado/geo/travel"
	"contado/geo/travel/journey"
	"contado/geo/travel/transit"
)

// TransitLeg is a walk, a wait or a ride of a journey by public transport.
type TransitLeg struct {
	transit.Leg
	Depart string `json:"depart"` // HH:MM:SS by the clock there
	Arrive string `json:"arrive"`
}

// JourneyDeparture says which of the departures of a window a journey by
// public transport is.
type JourneyDeparture struct {
	Depart string `json:"depart"` // HH:MM:SS by the clock there
	Date   string `json:"date"`
	From   string `json:"from"`  // of the window, HH:MM
	Until  string `json:"until"` // the departures are before it
	// Percentile is the one whose time the journey takes: the time that matrices,
	// surfaces and reports give.
	Percentile float64 `json:"percentile"`
	Departures int     `json:"departures"` // of the window, one a minute
	// Sample of Samples: which of the timetables made of frequencies, from 1.
	Sample  int `json:"sample"`
	Samples int `json:"samples"`
	// Least and Most are the times of the departures that arrive, Nowhere the
	// share of those that do not.
	Least   float64 `json:"least_s"`
	Most    float64 `json:"most_s"`
	Nowhere float64 `json:"nowhere"`
}

// ride is a journey by public transport that is being told.
type ride struct {
	*trip
	m      *transitMover
	router *transit.Router
	to     transit.Targets
	cell   int
	from   TravelPlace
	back   bool // from the facility
	x      *transit.Journey
}

// ridden tells the journey of a cell by public transport: that of the departure
// whose time is the percentile asked for.
func (t *trip) ridden(ctx context.Context, m *transitMover, q *TravelRequest, from TravelPlace, cell int) (*Journey, error) {
	o := moveOptions{direction: q.Direction, neighbours: q.Neighbours}
	r := &ride{trip: t, m: m, cell: cell, from: from, back: q.Direction == travel.FromFacility}
	var err error
	if r.router, err = m.router(ctx, o); err != nil {
		return nil, err
	}
	if r.to, err = m.targets(t.list, &movement{}); err != nil {
		return nil, err
	}
	width := m.lattice.Width
	if r.x, err = r.router.ExplainPercentile(ctx, r.to, cell%width, cell/width, *m.q.Percentile); err != nil {
		return nil, err
	}
	out := &Journey{Profile: t.profile, Seconds: float64(r.x.Seconds), Facility: placesOf(t.list[r.x.Facility : r.x.Facility+1])[0], Program: t.run.programOf(), Departure: r.departure()}
	out.Method, _, _ = t.mover.method()
	if r.x.Rides == 0 {
		err = r.onFoot(ctx, o, out)
	} else {
		err = r.legs(ctx, o, out)
	}
	if err != nil {
		return nil, err
	}
	if q.MaxSeconds > 0 && out.Seconds > q.MaxSeconds {
		return nil, fault.Errorf(opTravel, fault.NotExist, "the journey takes %s, more than the %s asked for", duration(out.Seconds), duration(q.MaxSeconds))
	}
	out.Inputs, out.Notices = inputsOf(t.setting.run, t.run), t.notes()
	return out, nil
}

// departure says which departure it is.
func (r *ride) departure() *JourneyDeparture {
	c, t := r.x.Choice, r.m.timetable
	return &JourneyDeparture{
		Depart: r.clock(r.x.Depart), Date: r.m.day.String(), From: clockText(r.m.q.From), Until: clockText(r.m.q.Until),
		Percentile: *r.m.q.Percentile, Departures: t.Departures(), Sample: c.Sample + 1, Samples: t.Samples(),
		Least: float64(c.Least), Most: float64(c.Most), Nowhere: float64(c.Nowhere) / float64(c.Times),
	}
}

func (r *ride) clock(s int32) string { return r.m.timetable.Clock(s).Format("15:04:05") }

// onFoot is a journey that no ride makes shorter.
func (r *ride) onFoot(ctx context.Context, o moveOptions, out *Journey) error {
	x, err := r.walked(ctx, r.to.Sources, r.m.options(o), r.cell)
	if err != nil {
		return err
	}
	out.Seconds = x.Seconds
	return out.fill(r.trip, x)
}

func (r *ride) walked(ctx context.Context, sources []travel.Source, o travel.Options, cell int) (*journey.Explanation, error) {
	ground := journey.Ground{Grid: r.m.lattice, Surface: r.m.surface, Engine: r.m.engine}
	return journey.OnFoot(ctx, ground, sources, o, cell%r.m.lattice.Width, cell/r.m.lattice.Width)
}

// legs are those that take time, in the order of travel: together they take
// what the journey takes.
func (r *ride) legs(ctx context.Context, o moveOptions, out *Journey) error {
	for i := range r.x.Legs {
		l := &r.x.Legs[i]
		if l.Seconds == 0 && l.Kind != transit.RideLeg {
			continue
		}
		leg := JourneyLeg{
			Kind: string(l.Kind), Seconds: float64(l.Seconds), Name: l.Line,
			Transit: &TransitLeg{Leg: *l, Depart: r.clock(l.Depart), Arrive: r.clock(l.Arrive)},
		}
		a, b := r.end(l.Start, true), r.end(l.End, false)
		if l.Start < 0 {
			leg.Transit.From = a.name
		}
		if l.End < 0 {
			leg.Transit.To = b.name
		}
		switch l.Kind {
		case transit.RideLeg:
			for _, s := range l.Stops {
				if e := r.end(s, true); e.known() {
					leg.Line = append(leg.Line, e.at)
				}
			}
			leg.Metres = lengthOf(leg.Line)
		case transit.WalkLeg:
			if err := r.overGround(ctx, o, &leg, a, b); err != nil {
				return err
			}
		}
		out.Legs = append(out.Legs, leg)
		out.Metres += leg.Metres
	}
	return nil
}

// rideEnd is a stop, or an end of the journey.
type rideEnd struct {
	name string // "" where it has none
	at   orb.Point
	cell int // −1 off the ground
}

func (e *rideEnd) known() bool { return !math.IsNaN(e.at[0] + e.at[1]) }

// end is where a leg begins or ends: at a stop, or where the journey does.
func (r *ride) end(stop int32, first bool) rideEnd {
	if stop >= 0 {
		lon, lat, cell := r.router.Stop(stop)
		return rideEnd{at: orb.Point{lon, lat}, cell: cell}
	}
	if first != r.back {
		return rideEnd{name: ownName(r.from), at: orb.Point{r.from.Lon, r.from.Lat}, cell: r.cell}
	}
	f := placesOf(r.list[r.x.Facility : r.x.Facility+1])[0]
	e := rideEnd{name: ownName(f), at: orb.Point{f.Lon, f.Lat}, cell: -1}
	for _, s := range r.to.Sources {
		if s.Facility == r.x.Facility {
			e.cell = s.Row*r.m.lattice.Width + s.Col
		}
	}
	return e
}

// ownName is the name that somebody gave a place, not the number it was given.
func ownName(p TravelPlace) string {
	if p.Name == p.ID && strings.Trim(p.Name, "0123456789") == "" {
		return ""
	}
	return p.Name
}

// overGround tells what a walk leads over. Its seconds stay those of the
// timetable's walks: whole, and from the stop itself.
func (r *ride) overGround(ctx context.Context, o moveOptions, leg *JourneyLeg, a, b rideEnd) error {
	if a.known() && b.known() {
		leg.Line = orb.LineString{a.at, b.at}
		leg.Metres = lengthOf(leg.Line)
	}
	if a.cell < 0 || b.cell < 0 || a.cell == b.cell {
		return nil
	}
	width := r.m.lattice.Width
	walk := r.m.options(o)
	walk.Direction, walk.MaxSeconds = travel.ToFacility, float32(leg.Seconds)+1
	x, err := r.walked(ctx, []travel.Source{{Col: b.cell % width, Row: b.cell / width}}, walk, a.cell)
	switch {
	case fault.Is(err, fault.NotExist): // a change that the timetable says and the ground does not
		return nil
	case err != nil:
		return err
	}
	k := x.Start
	leg.Metres, leg.Up, leg.Down, leg.Ground = k.Metres, k.Up, k.Down, r.m.groundOf(k.Cells)
	leg.Line, err = r.m.lineOf(k.Cells)
	return err
}

// lengthOf is that of a line in longitudes and latitudes, in metres.
func lengthOf(line orb.LineString) float64 {
	sum := 0.0
	for i := 1; i < len(line); i++ {
		sum += float64(crs.Distance(line[i-1][0], line[i-1][1], line[i][0], line[i][1]))
	}
	return sum
}

// text is a line about the leg.
func (l *TransitLeg) text(w map[string]string) string {
	from, to := cmp.Or(l.From, w["start"]), cmp.Or(l.To, w["end"])
	switch l.Kind {
	case transit.RideLeg:
		name := strings.TrimSpace(l.Mode + " " + l.Line)
		if l.Headsign != "" {
			name += " (" + l.Headsign + ")"
		}
		return fmt.Sprintf("%s–%s  %s: %s → %s, ", l.Depart, l.Arrive, name, from, to) + notice.Text(w["calls"], l.Calls)
	case transit.WaitLeg:
		return fmt.Sprintf("%s–%s  ", l.Depart, l.Arrive) + fmt.Sprintf(w["wait"], from)
	}
	return fmt.Sprintf("%s–%s  ", l.Depart, l.Arrive) + fmt.Sprintf(w["on foot"], from, to)
}

// text says which departure a journey is.
func (d *JourneyDeparture) text(w map[string]string) string {
	clock := strings.TrimSuffix(d.Depart, ":00")
	say := notice.Text
	if w["language"] == "it" {
		say = notice.Italian
	}
	out := say(w["departure"], clock, notice.Day(d.Date), d.Departures, d.From, d.Until)
	if d.Percentile == DefaultTransitPercentile {
		out += w["median"]
	} else {
		out += fmt.Sprintf(w["percentile"], d.Percentile)
	}
	out += fmt.Sprintf(w["spread"], duration(d.Least), duration(d.Most))
	if d.Nowhere > 0 {
		out += fmt.Sprintf(w["nowhere"], 100*d.Nowhere)
	}
	if d.Samples > 1 {
		out += fmt.Sprintf(w["sample"], d.Sample, d.Samples)
	}
	return out
}
