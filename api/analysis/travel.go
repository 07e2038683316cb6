package analysis

import (
	"context"
	"encoding/json"
	"fmt"
	"math"

	"github.com/paulmach/orb/geojson"

	"contado/api/territory"
	"contado/geo"
	"contado/geo/analysis"
	"contado/geo/table"
	"contado/geo/travel/isochrone"
)

// Ids of the processes of travel.
const (
	TravelTime    = "travel-time"
	Isochrone     = "isochrone"
	TravelMatrix  = "travel-matrix"
	TravelExplain = "travel-explain"
)

// travellerInputs are what all processes of travel take. Places are written as
// [longitude, latitude] or {"lon", "lat", "name"}.
type travellerInputs struct {
	Territory  string       `json:"territory"`
	Service    string       `json:"service"`
	Places     []placeInput `json:"places"`
	Profile    string       `json:"profile"`
	Direction  string       `json:"direction"`
	Neighbours int          `json:"neighbours"`
	AnyWay     bool         `json:"any_direction"`
	LandCover  string       `json:"landcover"`
	Elevation  string       `json:"elevation"`
	Roads      []string     `json:"roads"`
	Barriers   []string     `json:"barriers"`
	Season     []string     `json:"season"`
	transitInputs
}

// placeInput is a place.
type placeInput analysis.TravelPlace

// UnmarshalJSON reads [lon, lat] or {"lon": …, "lat": …, "name": …}.
func (p *placeInput) UnmarshalJSON(b []byte) error {
	var pair []float64
	if json.Unmarshal(b, &pair) == nil {
		if len(pair) != 2 {
			return fmt.Errorf("a place is [longitude, latitude], not %d numbers", len(pair))
		}
		p.Lon, p.Lat = pair[0], pair[1]
		return nil
	}
	var named struct {
		Lon  *float64 `json:"lon"`
		Lat  *float64 `json:"lat"`
		ID   string   `json:"id"`
		Name string   `json:"name"`
	}
	if err := strict(b, &named); err != nil {
		return fmt.Errorf("a place: %w", err)
	}
	if named.Lon == nil || named.Lat == nil || len(named.Name) > 300 || len(named.ID) > 300 {
		return fmt.Errorf("a place wants lon and lat, and a name of at most 300 bytes")
	}
	*p = placeInput{ID: named.ID, Name: named.Name, Lon: *named.Lon, Lat: *named.Lat}
	return nil
}

// maxPlaces bounds the places of one request.
const maxPlaces = 10_000

func placesIn(name string, list []placeInput) ([]analysis.TravelPlace, error) {
	if len(list) > maxPlaces {
		return nil, invalid("%s: %d places; at most %d", name, len(list), maxPlaces)
	}
	var out []analysis.TravelPlace
	for i, p := range list {
		if !(math.Abs(p.Lon) <= 180 && math.Abs(p.Lat) < 85) {
			return nil, invalid("%s: %g, %g is not longitude, latitude in degrees (latitudes within 85)", name, p.Lon, p.Lat)
		}
		if p.ID == "" {
			p.ID = fmt.Sprint(i + 1)
		}
		if p.Name == "" {
			p.Name = p.ID
		}
		out = append(out, analysis.TravelPlace(p))
	}
	return out, nil
}

// request checks the inputs; bbox may stand for a territory.
func (in *travellerInputs) request(bbox *geo.BBox) (analysis.TravelRequest, error) {
	q := analysis.TravelRequest{
		Territory: in.Territory, BBox: bbox, Service: in.Service, Profile: in.Profile, Neighbours: in.Neighbours, AnyDirection: in.AnyWay,
		LandCover: in.LandCover, Elevation: in.Elevation, Roads: in.Roads, Barriers: in.Barriers,
	}
	if in.Territory != "" {
		if err := territory.CheckCode(in.Territory); err != nil {
			return q, invalid("territory: %w", err)
		}
	}
	if in.Service != "" {
		if _, err := analysis.ParseService(in.Service); err != nil {
			return q, invalid("service: %w", err)
		}
	}
	if len(in.Season) > maxSeason {
		return q, invalid("season: %d words; at most %d", len(in.Season), maxSeason)
	}
	q.Season = in.Season
	var err error
	if q.Transit, err = in.window(); err != nil {
		return q, err
	}
	if q.Direction, err = moving(in.Profile, in.Direction, in.Neighbours); err != nil {
		return q, err
	}
	if q.Places, err = placesIn("places", in.Places); err != nil {
		return q, err
	}
	if (q.Service == "") == (len(q.Places) == 0) {
		return q, invalid("want either a service or places")
	}
	named := coverageInputs{LandCover: in.LandCover, Elevation: in.Elevation, Roads: in.Roads, Barriers: in.Barriers}
	return q, named.checkDatasets()
}

// checkTravel refuses what names territories or services that are not there.
func checkTravel(ctx context.Context, h *Handler, list ...*analysis.TravelRequest) error {
	state := h.Atlas.Current()
	for _, q := range list {
		if q.Service != "" {
			s, err := analysis.ParseService(q.Service)
			if err != nil {
				return err
			}
			if _, err := state.Dataset(s.Dataset); err != nil {
				return asInvalid("service", err)
			}
		}
		if q.Territory != "" {
			if err := checkTerritories(ctx, state, q.Territory); err != nil {
				return asInvalid("territory", err)
			}
		}
	}
	return nil
}

// travelTimeInputs are those of travel-time.
type travelTimeInputs struct {
	travellerInputs
	mapInputs
	Within period `json:"within"`
}

// travelTimeWork is a raster of times to be made.
type travelTimeWork struct {
	*mapWork
	q analysis.TravelRequest
}

func parseTravelTime(raw json.RawMessage) (work, error) {
	var in travelTimeInputs
	if err := inputsOf(raw, &in); err != nil {
		return nil, err
	}
	m, err := in.work()
	if err != nil {
		return nil, err
	}
	w := &travelTimeWork{mapWork: m}
	if w.q, err = in.request(m.where.BBox); err != nil {
		return nil, err
	}
	if (w.q.Territory == "") == (w.q.BBox == nil) {
		return nil, invalid("want either a territory or a bbox")
	}
	if in.Within < 0 || in.Within > 86400 {
		return nil, invalid("within: %g s; want more than 0 and at most a day", float64(in.Within))
	}
	w.q.MaxSeconds = float64(in.Within)
	m.where.BBox = nil
	m.compute = func(ctx context.Context, e *analysis.Engine, to analysis.MapWhere, p analysis.Progress) (*analysis.Map, error) {
		return e.TravelTime(ctx, w.q, to, p)
	}
	return w, nil
}

func (w *travelTimeWork) check(ctx context.Context, h *Handler) error {
	if err := checkTravel(ctx, h, &w.q); err != nil {
		return err
	}
	return w.mapWork.check(ctx, h)
}

// isochroneInputs are those of isochrone.
type isochroneInputs struct {
	travellerInputs
	BBox   []float64 `json:"bbox"`
	Within []period  `json:"within"`
}

type isochroneWork struct {
	q      analysis.TravelRequest
	limits []float64
}

func parseIsochrone(raw json.RawMessage) (work, error) {
	var in isochroneInputs
	if err := inputsOf(raw, &in); err != nil {
		return nil, err
	}
	w := &isochroneWork{}
	box, err := boxIn(in.BBox)
	if err != nil {
		return nil, err
	}
	if w.q, err = in.request(box); err != nil {
		return nil, err
	}
	if (w.q.Territory == "") == (w.q.BBox == nil) {
		return nil, invalid("want either a territory or a bbox")
	}
	if len(in.Within) > isochrone.MaxLimits {
		return nil, invalid("within: %d times; at most %d", len(in.Within), isochrone.MaxLimits)
	}
	for i, t := range in.Within {
		if !(t > 0 && t <= 86400) || i > 0 && t <= in.Within[i-1] {
			return nil, invalid("within: %g s; want rising times of more than 0 and at most a day", float64(t))
		}
		w.limits = append(w.limits, float64(t))
	}
	if len(w.limits) == 0 {
		w.limits = analysis.DefaultThresholds
	}
	return w, nil
}

func (w *isochroneWork) check(ctx context.Context, h *Handler) error {
	return checkTravel(ctx, h, &w.q)
}

func (w *isochroneWork) run(ctx context.Context, h *Handler, p analysis.Progress) (*output, error) {
	res, err := h.Engine.Isochrones(ctx, w.q, w.limits, p)
	if err != nil {
		return nil, err
	}
	return featured(analysis.IsochroneSchema(), res.Features(), res)
}

// featured is an output of features, with what they were made from beside
// them.
func featured(s geo.Schema, rows []geo.Feature, about any) (*output, error) {
	fc := geojson.NewFeatureCollection()
	for _, r := range rows {
		f := geojson.NewFeature(r.Geometry)
		f.ID = r.ID
		for i, v := range r.Values {
			f.Properties[s.Fields[i].Name] = v
		}
		fc.Append(f)
	}
	fc.ExtraMembers = geojson.Properties{"about": about}
	out := &output{}
	var err error
	out.document, err = json.Marshal(fc)
	return out, err
}

// matrixInputs are those of travel-matrix: service and places are the
// destinations.
type matrixInputs struct {
	travellerInputs
	BBox    []float64    `json:"bbox"`
	From    []placeInput `json:"from"`
	Origins string       `json:"origins"`
	Locale  string       `json:"locale"`
}

type matrixWork struct {
	from, to analysis.TravelRequest
	locale   table.Locale
}

func parseMatrix(raw json.RawMessage) (work, error) {
	var in matrixInputs
	if err := inputsOf(raw, &in); err != nil {
		return nil, err
	}
	w := &matrixWork{}
	box, err := boxIn(in.BBox)
	if err != nil {
		return nil, err
	}
	if w.locale, err = table.ParseLocale(in.Locale); err != nil {
		return nil, invalid("locale: %w", err)
	}
	if in.Direction != "" {
		return nil, invalid("direction: a matrix goes from its origins to its destinations")
	}
	if w.to, err = in.request(box); err != nil {
		return nil, err
	}
	if (w.to.Territory == "") == (box == nil) {
		return nil, invalid("want either a territory or a bbox")
	}
	in.Service, in.Places = in.Origins, in.From
	if w.from, err = in.request(box); err != nil {
		return nil, fmt.Errorf("origins: %w", err)
	}
	return w, nil
}

func (w *matrixWork) check(ctx context.Context, h *Handler) error {
	return checkTravel(ctx, h, &w.from, &w.to)
}

func (w *matrixWork) run(ctx context.Context, h *Handler, p analysis.Progress) (*output, error) {
	m, err := h.Engine.TravelMatrix(ctx, w.from, w.to, p)
	if err != nil {
		return nil, err
	}
	t := m.Table(w.locale)
	doc := struct {
		*analysis.TravelMatrix
		Times *table.Table `json:"times"`
	}{m, t}
	return tabled(doc, t, w.locale)
}

// explainInputs are those of travel-explain.
type explainInputs struct {
	travellerInputs
	BBox []float64  `json:"bbox"`
	From placeInput `json:"from"`
}

type explainWork struct {
	q    analysis.TravelRequest
	from analysis.TravelPlace
}

func parseExplain(raw json.RawMessage) (work, error) {
	var in explainInputs
	if err := inputsOf(raw, &in); err != nil {
		return nil, err
	}
	box, err := boxIn(in.BBox)
	if err != nil {
		return nil, err
	}
	w := &explainWork{}
	if w.q, err = in.request(box); err != nil {
		return nil, err
	}
	if w.q.Territory != "" && box != nil {
		return nil, invalid("want a territory or a bbox, not both")
	}
	if w.q.Service != "" && w.q.Territory == "" && box == nil {
		return nil, invalid("a service is looked for in a territory or a bbox")
	}
	from, err := placesIn("from", []placeInput{in.From})
	if err != nil {
		return nil, err
	}
	w.from = from[0]
	return w, nil
}

func (w *explainWork) check(ctx context.Context, h *Handler) error {
	return checkTravel(ctx, h, &w.q)
}

func (w *explainWork) run(ctx context.Context, h *Handler, p analysis.Progress) (*output, error) {
	j, err := h.Engine.TravelExplain(ctx, w.q, w.from, p)
	if err != nil {
		return nil, err
	}
	return journeyOutput(j)
}

// journeyOutput is a journey as features, with its text.
func journeyOutput(j *analysis.Journey) (*output, error) {
	doc := struct {
		*analysis.Journey
		Text map[string]string `json:"text"`
	}{j, map[string]string{"en": j.Text("en"), "it": j.Text("it")}}
	return featured(analysis.JourneySchema(), j.Features(), doc)
}
