package analysis

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/paulmach/orb"

	"contado/geo"
	"contado/geo/coverage"
	"contado/geo/crs"
	"contado/geo/fault"
	"contado/geo/join"
	"contado/geo/sdg"
	"contado/geo/store/catalog"
	"contado/geo/store/features"
	"contado/geo/travel"
	"contado/geo/travel/road"
)

// AllSeason are the classes of OpenStreetMap that count as open in all
// seasons when nothing more is known: built roads, no tracks and no paths.
var AllSeason = []string{
	"motorway", "motorway_link", "trunk", "trunk_link", "primary", "primary_link", "secondary", "secondary_link",
	"tertiary", "tertiary_link", "unclassified", "residential", "living_street", "service", "road",
}

const (
	titleRoadEn = "Rural people within 2 km of a road open all seasons"
	titleRoadIt = "Abitanti rurali entro 2 km da una strada percorribile tutto l'anno"
	titleStopEn = "People with convenient access to public transport"
	titleStopIt = "Abitanti con un comodo accesso al trasporto pubblico"
)

// ruralAccess is SDG 9.1.1.
func (r *run) ruralAccess(ctx context.Context, s *settledPeople, q *IndicatorsRequest) ([]coverage.Indicator, error) {
	box := s.box(2 * sdg.RoadMetres)
	sets, err := r.all(catalog.Road, q.Roads, box)
	if err != nil {
		return nil, err
	}
	if len(sets) == 0 {
		return lacking(sdg.RuralAccess, titleRoadEn, titleRoadIt, "%", "No dataset of roads covers the territory.", "Nessun dataset di strade copre il territorio."), nil
	}
	classes := q.RoadClasses
	if len(classes) == 0 {
		classes = AllSeason
	}
	var lines []orb.Geometry
	for _, d := range sets {
		more, err := r.ofClass(ctx, d, box, roadClassFields, classes)
		if err != nil {
			return nil, err
		}
		lines = append(lines, more...)
	}
	metres, err := s.distances(ctx, lines, sdg.RoadMetres, func(i int) bool { return s.rural[i] })
	if err != nil {
		return nil, err
	}
	out, err := sdg.Roads(s.People, s.areas(), s.rural, metres)
	out.Source += fmt.Sprintf("; geodesic distances from the middle of cells of %g m, which are off by %.0f m at most", degurbaPart, degurbaPart/math.Sqrt2)
	return []coverage.Indicator{out}, err
}

// ofClass reads the geometries of a vector dataset in a box (WGS 84) that are
// of some classes, in longitude and latitude. Without an attribute of the
// class, or with no classes asked for, all count.
func (r *run) ofClass(ctx context.Context, d catalog.Dataset, box geo.BBox, fields, classes []string) ([]orb.Geometry, error) {
	if d.Kind != catalog.Vector || d.Version.Vector == nil || d.Version.Vector.Schema.GeometryType == "" {
		return nil, fault.Errorf("analysis.Indicators", fault.Invalid, "dataset %q has no geometry", d.ID)
	}
	r.used(d)
	l, err := r.snapshot.Layer(ctx, d.ID)
	if err != nil {
		return nil, err
	}
	s := l.Schema()
	at := -1
	for _, want := range fields {
		if i := slices.IndexFunc(s.Fields, func(f geo.Field) bool { return strings.EqualFold(f.Name, want) }); at < 0 && i >= 0 {
			at = i
		}
	}
	tr, err := crs.New(s.CRS, geo.WGS84)
	if err != nil {
		return nil, err
	}
	native, err := fromLonLat(box, s.CRS)
	if err != nil {
		return nil, err
	}
	var out []orb.Geometry
	var failed error
	err = l.Scan(ctx, features.Query{BBox: &native}, func(f geo.Feature) bool {
		if f.Geometry == nil || at >= 0 && len(classes) > 0 && !slices.Contains(classes, fieldText(f, at)) {
			return true
		}
		g, err := tr.Geometry(f.Geometry, nil)
		if err != nil {
			failed = fmt.Errorf("feature %d of %s: %w", f.ID, d.ID, err)
			return false
		}
		out = append(out, g)
		return true
	})
	return out, firstError(failed, err)
}

// publicTransport is SDG 11.2.1: distances on foot along the roads and paths,
// and straight from the middle of a cell to the nearest of them.
func (r *run) publicTransport(ctx context.Context, s *settledPeople, q *IndicatorsRequest) ([]coverage.Indicator, error) {
	no := func(en, it string) ([]coverage.Indicator, error) {
		return lacking(sdg.PublicTransport, titleStopEn, titleStopIt, "%", en, it), nil
	}
	if q.Stops == "" && q.Stations == "" {
		return no("No dataset of stops was given.", "Non è stato indicato alcun dataset di fermate.")
	}
	box := s.box(2 * sdg.StationMetres)
	sets, err := r.all(catalog.Road, q.Roads, box)
	if err != nil {
		return nil, err
	}
	if len(sets) == 0 {
		return no("No dataset of roads covers the territory, and distances are those on foot along them.", "Nessun dataset di strade copre il territorio, e le distanze sono quelle a piedi lungo le strade.")
	}
	net, err := r.network(ctx, sets, nil)
	if err != nil {
		return nil, err
	}
	graph, err := net.Weigh(ctx, pacer(), nil)
	if err != nil {
		return nil, err
	}
	streets, err := newStreets(graph, box)
	if err != nil {
		return nil, err
	}
	var stop, station []float32
	for _, c := range []struct {
		id    string
		limit float64
		into  *[]float32
	}{{q.Stops, sdg.StopMetres, &stop}, {q.Stations, sdg.StationMetres, &station}} {
		if *c.into, err = r.onFoot(ctx, s, streets, c.id, box, c.limit); err != nil {
			return nil, err
		}
	}
	out, err := sdg.Stops(s.People, s.areas(), stop, station)
	out.Source += fmt.Sprintf("; along the roads and paths that may be walked, with the straight way from the middle of each cell of %g m to them", degurbaPart)
	return []coverage.Indicator{out}, err
}

// pacer walks every road and path at one metre a second: its times in seconds
// are metres.
func pacer() travel.Profile {
	const kmh = 3.6
	p := travel.Adult()
	p.Name, p.Slope, p.MaxSlope, p.SpeedFactor = "metres", travel.Level, 0, 1
	rules := p.Road
	rules.KMH = map[string]travel.Span{}
	for class := range p.Road.KMH {
		rules.KMH[class] = travel.Span{Low: kmh, Mid: kmh, High: kmh, Source: "a metre a second"}
	}
	rules.Surface, rules.UseMaxspeed, rules.MaxSlope = nil, false, 0
	p.Road = rules
	return p
}

// streets find the place on a network that is nearest to a point.
type streets struct {
	graph *road.Graph
	edges []int
	near  *join.Near
}

func newStreets(g *road.Graph, box geo.BBox) (*streets, error) {
	s := &streets{graph: g}
	var lines []orb.Geometry
	bound := box.Bound()
	for e := range g.Edges() {
		if !g.Passable(2*e) && !g.Passable(2*e+1) {
			continue
		}
		line := orb.LineString(g.Shape(e, nil))
		if len(line) > 1 && line.Bound().Intersects(bound) {
			s.edges, lines = append(s.edges, e), append(lines, line)
		}
	}
	if len(lines) == 0 {
		return nil, fault.Errorf("analysis.Indicators", fault.Invalid, "no road of the territory may be walked")
	}
	s.near = join.NewNear(lines)
	return s, nil
}

// place is the nearest place within a limit in metres.
func (s *streets) place(ctx context.Context, lon, lat, limit float64) (edge int, along float32, metres float64, ok bool, err error) {
	found, err := s.near.Find(ctx, join.NewShape(orb.Point{lon, lat}), 1, limit)
	if err != nil || len(found) == 0 {
		return 0, 0, 0, false, err
	}
	edge = s.edges[found[0].Row]
	return edge, alongLine(s.graph.Shape(edge, nil), lon, lat), found[0].Metres, true, nil
}

// alongLine is where on a line, 0 to 1 by length, a point is nearest; lines
// are short, so a plane scaled at the point does.
func alongLine(line []orb.Point, lon, lat float64) float32 {
	k := math.Cos(lat * math.Pi / 180)
	best, at, total := math.Inf(1), 0.0, 0.0
	for i := 1; i < len(line); i++ {
		ax, ay := (line[i-1][0]-lon)*k, line[i-1][1]-lat
		dx, dy := (line[i][0]-line[i-1][0])*k, line[i][1]-line[i-1][1]
		length := math.Hypot(dx, dy)
		t := 0.0
		if length > 0 {
			t = math.Min(1, math.Max(0, -(ax*dx+ay*dy)/(length*length)))
		}
		if d := math.Hypot(ax+t*dx, ay+t*dy); d < best {
			best, at = d, total+t*length
		}
		total += length
	}
	if total == 0 {
		return 0
	}
	return float32(math.Min(1, at/total))
}

// onFoot are the metres from each row to the nearest point of a dataset along
// the streets; +Inf beyond the limit. nil when no dataset is named.
func (r *run) onFoot(ctx context.Context, s *settledPeople, streets *streets, id string, box geo.BBox, limit float64) ([]float32, error) {
	out := make([]float32, len(s.lon))
	for i := range out {
		out[i] = float32(math.Inf(1))
	}
	if id == "" {
		return out, nil
	}
	d, err := r.snapshot.Dataset(id)
	if err != nil {
		return nil, err
	}
	stops, err := r.facilities(ctx, d, box)
	if err != nil {
		return nil, err
	}
	var seeds []road.Seed
	for i, f := range stops {
		edge, along, metres, ok, err := streets.place(ctx, f.lon, f.lat, limit)
		if err != nil {
			return nil, err
		}
		if ok {
			seeds = append(seeds, road.Seed{Edge: int32(edge), Along: along, Facility: int32(i), Millis: uint32(metres * 1000)})
		}
	}
	if len(seeds) == 0 {
		return out, nil
	}
	times, err := streets.graph.Search(ctx, seeds, road.Options{MaxMillis: uint32(limit * 1000)})
	if err != nil {
		return nil, err
	}
	for i := range out {
		edge, along, metres, ok, err := streets.place(ctx, s.lon[i], s.lat[i], limit)
		if err != nil {
			return nil, err
		}
		if !ok {
			continue
		}
		if label := times.At(edge, along); label != road.Unreached {
			out[i] = float32(float64(label.Millis())/1000 + metres)
		}
	}
	return out, nil
}
