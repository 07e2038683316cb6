package analysis

import (
	"cmp"
	"context"
	"math"
	"slices"

	"github.com/paulmach/orb"

	"contado/geo"
	"contado/geo/coverage"
	"contado/geo/crs"
	"contado/geo/fault"
	"contado/geo/travel"
	"contado/geo/travel/journey"
	"contado/geo/travel/road"
)

// Journey is one journey, leg by leg in the direction of travel.
type Journey struct {
	Profile  string       `json:"profile"`
	Seconds  float64      `json:"seconds"`
	Metres   float64      `json:"metres"`
	Facility TravelPlace  `json:"facility"`
	Legs     []JourneyLeg `json:"legs"`
	// Departure is there on journeys by public transport.
	Departure *JourneyDeparture `json:"departure,omitempty"`
	Method    string            `json:"method"`
	Inputs    []coverage.Input  `json:"inputs"`
	Notices   []coverage.Notice `json:"notices"`
	Program   coverage.Program  `json:"program"`
}

// JourneyLeg is a walk over the ground, a stretch of one road, a wait, or a ride
// by timetable (its metres are those from stop to stop). All take time; together
// they take what the journey takes.
type JourneyLeg struct {
	Kind    string  `json:"kind"` // walk, drive, ride, ferry, wait
	Seconds float64 `json:"seconds"`
	Metres  float64 `json:"metres"`
	Up      float64 `json:"up_m"`
	Down    float64 `json:"down_m"`
	// Of walks: what they lead over, the longest part first.
	Ground []GroundPart `json:"ground,omitempty"`
	// Of roads.
	Name   string  `json:"name,omitempty"`
	Ref    string  `json:"ref,omitempty"`
	Class  string  `json:"class,omitempty"`
	KMH    float64 `json:"kmh,omitempty"` // on the level
	Source string  `json:"speed_source,omitempty"`
	Way    int64   `json:"way,omitempty"` // its number in the data

	Line orb.LineString `json:"-"` // longitude, latitude
	// Transit is there on journeys by public transport.
	Transit *TransitLeg `json:"transit,omitempty"`
}

// GroundPart is how much of a walk leads over one class of ground.
type GroundPart struct {
	Class int32   `json:"class"`
	Label string  `json:"label"`
	Share float64 `json:"share"` // of the cells
	KMH   float64 `json:"kmh"`   // on the level, the mean of the cells by time
}

// footOf is the walk that a mover has, or is.
func footOf(m mover) (*walk, bool) {
	switch m := m.(type) {
	case onFoot:
		return m.walk, true
	case *roadMover:
		return m.walk, true
	case *transitMover:
		return m.walk, true
	}
	return nil, false
}

// TravelExplain tells the journey from a place to the nearest facility (or
// back): why it takes as long as it does. Errors: NotExist when there is no
// way out of there.
func (e *Engine) TravelExplain(ctx context.Context, q TravelRequest, from TravelPlace, p Progress) (*Journey, error) {
	if q.Territory == "" && q.BBox == nil {
		b := geo.BBox{MinX: from.Lon - 0.05, MinY: from.Lat - 0.05, MaxX: from.Lon + 0.05, MaxY: from.Lat + 0.05}
		for _, place := range q.Places {
			b = b.ExtendPoint(place.Lon, place.Lat)
		}
		q.BBox = &b
	}
	t, err := e.trip(ctx, q, p)
	if err != nil {
		return nil, err
	}
	return t.explain(ctx, &q, from, p.part(0.5, 1))
}

// explain tells the journey from a place to the nearest of the facilities.
func (t *trip) explain(ctx context.Context, q *TravelRequest, from TravelPlace, p Progress) (*Journey, error) {
	if q.AnyDirection {
		return nil, fault.WithHint(fault.Errorf(opTravel, fault.Unsupported, "times in any direction have no legs to tell"), "ask for steps in 32 directions")
	}
	start, err := placesAsFacilities([]TravelPlace{from})
	if err != nil {
		return nil, err
	}
	cells, err := t.cellsOf(start)
	if err != nil {
		return nil, err
	}
	if cells[0] < 0 {
		return nil, fault.Errorf(opTravel, fault.NotExist, "the place %g, %g is not on ground that can be walked", from.Lon, from.Lat)
	}
	p.tell(0, "travel times")
	if m, ok := t.mover.(*transitMover); ok {
		m.narrow(cells)
		return t.ridden(ctx, m, q, from, cells[0])
	}
	x, err := t.explained(ctx, q, cells[0])
	if err != nil {
		return nil, err
	}
	out := &Journey{Profile: t.profile, Seconds: x.Seconds, Facility: placesOf(t.list[x.Facility : x.Facility+1])[0], Program: t.run.programOf()}
	out.Method, _, _ = t.mover.method()
	if err := out.fill(t, x); err != nil {
		return nil, err
	}
	out.Inputs, out.Notices = inputsOf(t.setting.run, t.run), t.notes()
	return out, nil
}

// explained computes the journey of a cell.
func (t *trip) explained(ctx context.Context, q *TravelRequest, cell int) (*journey.Explanation, error) {
	o := moveOptions{direction: q.Direction, neighbours: q.Neighbours, maxSeconds: float32(q.MaxSeconds)}
	var left movement
	switch m := t.mover.(type) {
	case *roadMover:
		res, err := m.journeys(ctx, t.list, o, &left, nil)
		if err != nil {
			return nil, err
		}
		return m.world.Explain(res, cell%m.lattice.Width, cell/m.lattice.Width)
	case onFoot:
		return m.explain(ctx, t.list, o, cell)
	}
	return nil, fault.Errorf(opTravel, fault.Unsupported, "journeys of profile %q are not explained", t.profile)
}

// explain is a journey on foot alone.
func (w *walk) explain(ctx context.Context, list []facility, o moveOptions, cell int) (*journey.Explanation, error) {
	var left movement
	sources, err := w.sources(list, &left)
	if err != nil {
		return nil, err
	}
	ground := journey.Ground{Grid: w.lattice, Surface: w.surface, Engine: w.engine}
	return journey.OnFoot(ctx, ground, sources, w.options(o), cell%w.lattice.Width, cell/w.lattice.Width)
}

func (j *Journey) fill(t *trip, x *journey.Explanation) error {
	if err := j.walked(t, x.Start); err != nil {
		return err
	}
	if x.Ride != nil {
		kind := "ride"
		if rm, ok := t.mover.(*roadMover); ok && rm.profile.Mode == travel.Car {
			kind = "drive"
		}
		for i := range x.Ride.Legs {
			j.Legs = append(j.Legs, roadLeg(kind, &x.Ride.Legs[i]))
		}
		if err := j.walked(t, x.End); err != nil {
			return err
		}
	}
	for i := range j.Legs {
		j.Metres += j.Legs[i].Metres
	}
	return nil
}

func roadLeg(kind string, l *road.Leg) JourneyLeg {
	if l.Way.Class == "ferry" {
		kind = "ferry"
	}
	class := l.Way.Class
	if l.Way.Link {
		class += "_link"
	}
	return JourneyLeg{
		Kind: kind, Seconds: l.Seconds, Metres: l.Metres, Up: l.Up, Down: l.Down, Name: l.Way.Name, Ref: l.Way.Ref, Class: class,
		KMH: math.Round(l.Speed.KMH*10) / 10, Source: l.Speed.Source, Way: l.Way.ID, Line: l.Line,
	}
}

// walked adds a walk, unless it has no length.
func (j *Journey) walked(t *trip, w *journey.Walk) error {
	if w == nil || w.Seconds < 0.05 && w.Metres < 0.05 {
		return nil
	}
	leg := JourneyLeg{Kind: "walk", Seconds: w.Seconds, Metres: w.Metres, Up: w.Up, Down: w.Down}
	if k, ok := footOf(t.mover); ok {
		leg.Ground = k.groundOf(w.Cells)
		var err error
		if leg.Line, err = k.lineOf(w.Cells); err != nil {
			return err
		}
	}
	j.Legs = append(j.Legs, leg)
	return nil
}

// lineOf joins the centres of cells, in longitudes and latitudes.
func (w *walk) lineOf(cells []int32) (orb.LineString, error) {
	tr, err := crs.New(w.lattice.CRS, geo.WGS84)
	if err != nil {
		return nil, err
	}
	xs, ys := make([]float64, len(cells)), make([]float64, len(cells))
	for i, c := range cells {
		xs[i], ys[i] = w.lattice.Center(int(c)%w.lattice.Width, int(c)/w.lattice.Width)
	}
	if err := tr.Points(xs, ys); err != nil {
		return nil, err
	}
	line := make(orb.LineString, len(cells))
	for i := range line {
		line[i] = orb.Point{xs[i], ys[i]}
	}
	return line, nil
}

// groundOf tells what cells are made of.
func (w *walk) groundOf(cells []int32) []GroundPart {
	type part struct{ cells, pace float64 }
	parts := map[string]*part{}
	classes := map[string]int32{}
	for _, c := range cells {
		class, label := int32(noClass), groundOpen
		if w.classes != nil {
			class = w.classes[c]
			label = groundUnknown
			if s, listed, _ := w.table.LandCover(class); listed {
				label = s.Label
			}
		}
		v := float64(w.surface.Speed[c])
		if s, _, ok := w.table.LandCover(class); !ok || math.Abs(s.KMH/3.6*w.walker.SpeedFactor-v) > 1e-3 {
			label = groundRoad
		}
		if parts[label] == nil {
			parts[label] = &part{}
			classes[label] = class
		}
		parts[label].cells++
		parts[label].pace += 1 / v
	}
	out := make([]GroundPart, 0, len(parts))
	for label, p := range parts {
		g := GroundPart{Label: label, Share: p.cells / float64(len(cells)), KMH: math.Round(36*p.cells/p.pace) / 10}
		if g.Class = classes[label]; g.Class == noClass {
			g.Class = 0
		}
		out = append(out, g)
	}
	slices.SortFunc(out, func(a, b GroundPart) int { return cmp.Or(cmp.Compare(b.Share, a.Share), cmp.Compare(a.Label, b.Label)) })
	return out
}
