package analysis

import (
	"cmp"
	"context"
	"fmt"
	"math"

	"github.com/paulmach/orb"

	"contado/geo"
	"contado/geo/coverage"
	"contado/geo/fault"
	"contado/geo/notice"
	"contado/geo/travel"
)

// TravelRequest says between where, by whom and over what people travel. The
// ground taken in is that of the territory or the box, and some of its
// surroundings.
type TravelRequest struct {
	Territory string    // code; or
	BBox      *geo.BBox // longitudes and latitudes
	// Service names the facilities ("pharmacies", "osm-services:pharmacy"); or
	// Places are the facilities themselves.
	Service string
	Places  []TravelPlace

	Profile    string // "" = walking
	Direction  travel.Direction
	Neighbours int
	// AnyDirection crosses the ground in any direction, by fast marching, instead
	// of by steps: times are nearer to those of open ground, and have no legs.
	AnyDirection bool
	MaxSeconds   float64 // 0 = no limit
	SpeedKmh     float64 // of straight lines; 0 = 5
	Speeds       *travel.SpeedTable
	Own          []travel.Profile // profiles of one's own, by their names
	Season       []string         // as CoverageRequest.Season
	Transit      TransitWindow    // for public transport

	LandCover, Elevation string
	Roads, Barriers      []string
}

// TravelPlace is a place with a name, in longitude and latitude.
type TravelPlace struct {
	ID   string `json:"id"`
	Name string `json:"name,omitempty"`
	// Names are what a facility without a name of its own is called, by
	// language; Name is then the English one.
	Names map[string]string `json:"names,omitempty"`
	Lon   float64           `json:"lon"`
	Lat   float64           `json:"lat"`
}

const opTravel = "analysis.Travel"

// maxTravelPlaces bounds the places of one request.
const maxTravelPlaces = 100_000

// trip is a way of moving prepared for a request, and its facilities.
type trip struct {
	*way
	list []facility
}

// trip prepares a request.
func (e *Engine) trip(ctx context.Context, q TravelRequest, p Progress) (*trip, error) {
	if q.MaxSeconds < 0 || q.MaxSeconds > maxThreshold || math.IsNaN(q.MaxSeconds) {
		return nil, fault.Errorf(opTravel, fault.Invalid, "at most %g seconds: want more than 0 and at most %g (a day)", q.MaxSeconds, maxThreshold)
	}
	r, err := e.begin(ctx)
	if err != nil {
		return nil, err
	}
	c := &CoverageRequest{
		Territory: q.Territory, Profile: q.Profile, Direction: q.Direction, Neighbours: q.Neighbours, SpeedKmh: q.SpeedKmh, Speeds: q.Speeds,
		LandCover: q.LandCover, Elevation: q.Elevation, Roads: q.Roads, Barriers: q.Barriers, Thresholds: []float64{q.MaxSeconds}, Transit: q.Transit,
		Own: q.Own, Season: q.Season,
	}
	if q.MaxSeconds == 0 {
		c.Thresholds = DefaultThresholds
	}
	if c.SpeedKmh == 0 {
		c.SpeedKmh = defaultStraightKmh
	}
	s := &setting{run: r, q: c}
	if err := s.whereTo(ctx, &q); err != nil {
		return nil, err
	}
	profile := q.Profile
	if profile == "" {
		profile = Walking
	}
	t := &trip{way: &way{setting: s, run: s.fork(), profile: profile}}
	if t.mover, err = t.newMover(ctx, p.part(0, 0.5)); err != nil {
		return nil, err
	}
	t.list, err = t.facilitiesFor(ctx, &q)
	return t, err
}

// whereTo settles the box of a request.
func (s *setting) whereTo(ctx context.Context, q *TravelRequest) error {
	switch {
	case (q.Territory == "") == (q.BBox == nil):
		return fault.WithHint(fault.Errorf(opTravel, fault.Invalid, "want either a territory or a box of longitudes and latitudes"), "say --territory or --bbox")
	case q.BBox != nil:
		b := *q.BBox
		if !(b.MinX >= -180 && b.MaxX <= 180 && b.MinY > -85 && b.MaxY < 85 && b.MinX < b.MaxX && b.MinY < b.MaxY) {
			return fault.Errorf(opTravel, fault.Invalid, "the box %s is no box of longitudes and latitudes (latitudes within 85)", b)
		}
		s.box = b
		s.areas = []area{{lonLat: orb.MultiPolygon{b.Bound().ToPolygon()}}}
		return nil
	}
	var err error
	if s.whole, err = s.territory(q.Territory); err != nil {
		return err
	}
	s.areas, s.box, err = s.leaves(ctx, q.Territory)
	return err
}

// facilitiesFor are the places that times are to or from.
func (t *trip) facilitiesFor(ctx context.Context, q *TravelRequest) ([]facility, error) {
	if (q.Service == "") == (len(q.Places) == 0) {
		return nil, fault.Errorf(opTravel, fault.Invalid, "want either a service or places to travel to")
	}
	if len(q.Places) > 0 {
		return placesAsFacilities(q.Places)
	}
	service, err := t.run.service(q.Service)
	if err != nil {
		return nil, err
	}
	near := t.box.Buffer(t.degrees(t.mover.reach(t.longest())))
	list, err := t.run.facilitiesOf(ctx, service, near)
	if err == nil && len(list) == 0 {
		t.run.notice("no-facility-near",
			"No facility of this service lies on the ground taken in, so nothing is reached.",
			"Nessun punto di questo servizio si trova nel terreno considerato: nulla è raggiungibile.")
	}
	return list, err
}

func placesAsFacilities(places []TravelPlace) ([]facility, error) {
	if len(places) > maxTravelPlaces {
		return nil, fault.Errorf(opTravel, fault.TooLarge, "%d places; at most %d", len(places), maxTravelPlaces)
	}
	out := make([]facility, len(places))
	for i, p := range places {
		if !(math.Abs(p.Lon) <= 180 && math.Abs(p.Lat) < 90) {
			return nil, fault.Errorf(opTravel, fault.Invalid, "place %s (%g, %g) is not longitude, latitude in degrees", p.ID, p.Lon, p.Lat)
		}
		out[i] = facility{id: p.ID, name: p.Name, lon: p.Lon, lat: p.Lat}
		if out[i].name == "" {
			out[i].name = p.ID
		}
	}
	return out, nil
}

// move is one run for all facilities.
func (t *trip) move(ctx context.Context, list []facility, q *TravelRequest, p Progress) (*movement, error) {
	o := moveOptions{direction: q.Direction, neighbours: q.Neighbours, anyWay: q.AnyDirection, maxSeconds: float32(q.MaxSeconds)}
	m, err := t.mover.times(ctx, list, o, p)
	if err != nil {
		return nil, err
	}
	for i, u := range m.unplaced {
		if i == maxLeftOut {
			t.run.notice("facilities-left-out", notice.Text("%d more [facility|facilities] could not be placed.", len(m.unplaced)-i), notice.Italian("In più, %d [punto non si è potuto|punti non si sono potuti] collocare.", len(m.unplaced)-i))
			break
		}
		t.run.notice("facility-left-out", fmt.Sprintf("%s was left out: %s.", u.Name, u.Reason), fmt.Sprintf("%s è stato escluso: %s.", cmp.Or(u.Names["it"], u.Name), cmp.Or(u.Reasons["it"], u.Reason)))
	}
	return m, nil
}

// method says how the times are made.
func (t *trip) method(q *TravelRequest) string {
	model, _, _ := t.mover.method()
	if q.AnyDirection && t.profile != StraightLine {
		model += "; over the ground in any direction, by fast marching of second order (Sethian 1996, 1999)"
	}
	return model
}

// notes are all notices of the trip.
func (t *trip) notes() []coverage.Notice { return noticesOf(t.setting.run, t.run) }
