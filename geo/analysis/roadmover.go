package analysis

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"contado/geo"
	"contado/geo/coverage"
	"contado/geo/crs"
	"contado/geo/fault"
	"contado/geo/notice"
	"contado/geo/store/catalog"
	"contado/geo/travel"
	"contado/geo/travel/journey"
	"contado/geo/travel/road"
)

// roadMover walks over the ground to a road, drives or rides along the roads,
// and walks on.
type roadMover struct {
	*walk
	profile travel.Profile
	sets    []catalog.Dataset
	graph   *road.Graph
	world   *journey.World
}

// newRoadMover joins roads to the ground of a walk.
func (w *way) newRoadMover(ctx context.Context, k *walk, prof travel.Profile, p Progress) (mover, error) {
	sets, err := w.all(catalog.Road, w.q.Roads, w.box)
	if err != nil {
		return nil, err
	}
	if len(sets) == 0 {
		return nil, fault.WithHint(fault.Errorf("analysis.roads", fault.Invalid, "profile %q needs roads, and no dataset of role road covers the territory", prof.Name),
			"ingest roads, for example of an OpenStreetMap extract, or use a profile that walks")
	}
	p.tell(0, "road network")
	elevation, err := w.elevation()
	if err != nil {
		return nil, err
	}
	net, err := w.network(ctx, sets, elevation)
	if err != nil {
		return nil, err
	}
	m := &roadMover{walk: k, profile: prof, sets: sets}
	p.tell(0.5, "times of roads")
	tr, err := crs.New(geo.WGS84, k.lattice.CRS)
	if err != nil {
		return nil, err
	}
	if m.graph, err = net.Weigh(ctx, prof, &road.WeighOptions{Open: k.openRoads(net, tr)}); err != nil {
		return nil, err
	}
	p.tell(0.7, "roads and ground")
	m.world, err = journey.Join(ctx, journey.Ground{Grid: k.lattice, Surface: k.surface, Engine: k.engine, FromLonLat: tr.Points}, m.graph, nil)
	if err != nil {
		return nil, err
	}
	m.remark()
	return m, nil
}

// elevation is the dataset of heights, nil for level ground.
func (w *way) elevation() (*catalog.Dataset, error) {
	if w.q.Elevation == "none" {
		return nil, nil
	}
	d, found, err := w.pick(catalog.Elevation, w.q.Elevation, "--elevation", w.box)
	if err != nil || !found || d.Kind != catalog.Raster {
		return nil, err
	}
	return &d, nil
}

// remark says what of the roads did not come in.
func (m *roadMover) remark() {
	n := m.graph.Notes()
	if n.LeftOut > 0 {
		m.notice("roads-left-out",
			notice.Text("%d [line of roads has fewer than two places and was|lines of roads have fewer than two places and were] left out.", n.LeftOut),
			notice.Italian("%d [linea stradale ha meno di due punti ed è stata esclusa|linee stradali hanno meno di due punti e sono state escluse].", n.LeftOut))
	}
	r := n.Restriction
	if lost := r.MissingWay + r.Ambiguous + r.Disconnected; lost > 0 && m.profile.Road.TurnRestrictions {
		m.notice("turns-left-out",
			notice.Text("%d turn [restriction is|restrictions are] not heeded: %d [names|name] roads that are not there, %d [does not tell which turn it means|do not tell which turn they mean], %d [names|name] roads that do not meet. %d [is|are] heeded.", lost, r.MissingWay, r.Ambiguous, r.Disconnected, n.Restricted),
			notice.Italian("%d [divieto di svolta non è considerato|divieti di svolta non sono considerati]: %d [cita|citano] strade assenti, %d non [dice quale svolta intende|dicono quale svolta intendono], %d [cita|citano] strade che non si incontrano. %d [è considerato|sono considerati].", lost, r.MissingWay, r.Ambiguous, r.Disconnected, n.Restricted))
	}
	if !n.HasRelief && m.profile.Slope != travel.Level {
		m.notice("level-roads", "The roads are taken as level: no elevation is known.", "Le strade sono considerate in piano: non è nota l'elevazione.")
	}
}

// motorSpeed bounds the speed on roads for the reach of facilities, in metres
// a second: the mean of long drives.
const motorSpeed = 70.0 / 3.6

// cyclingReach is the same of bicycles.
const cyclingReach = 20.0 / 3.6

func (m *roadMover) reach(seconds float64) float64 {
	if m.profile.Mode == travel.Car {
		return reachMetres(seconds, motorSpeed)
	}
	return reachMetres(seconds, cyclingReach)
}

// times is one run over ground and roads for all facilities.
func (m *roadMover) times(ctx context.Context, list []facility, o moveOptions, p Progress) (*movement, error) {
	out := &movement{}
	res, err := m.journeys(ctx, list, o, out, p)
	if err != nil {
		return nil, err
	}
	out.seconds, out.nearest = res.Seconds, res.Nearest
	return out, nil
}

func (m *roadMover) journeys(ctx context.Context, list []facility, o moveOptions, out *movement, p Progress) (*journey.Result, error) {
	sources, jo, err := m.stands(list, o, out)
	if err != nil {
		return nil, err
	}
	jo.Progress = func(done float64) { p.tell(done, "times over ground and roads") }
	return m.world.Compute(ctx, sources, jo)
}

// nearest gives the k nearest facilities of every cell, in one run.
func (m *roadMover) nearest(ctx context.Context, list []facility, k int, o moveOptions) (*travel.Nearest, error) {
	sources, jo, err := m.stands(list, o, &movement{})
	if err != nil {
		return nil, err
	}
	return m.world.KNearest(ctx, sources, k, jo)
}

// catchments goes from each facility alone, over the ground and the roads
// within the limit.
func (m *roadMover) catchments(ctx context.Context, list []facility, o moveOptions, do func(int32, []int32, []float32) error) error {
	sources, jo, err := m.stands(list, o, &movement{})
	if err != nil {
		return err
	}
	return m.world.Catchments(ctx, sources, jo, func(f int32, r *travel.Reach) error { return do(f, r.Cells, r.Seconds) })
}

// stands places facilities on the ground, and those beyond it on the roads.
func (m *roadMover) stands(list []facility, o moveOptions, out *movement) ([]travel.Source, journey.Options, error) {
	jo := journey.Options{Walk: m.options(o)}
	onGround, beyond, err := m.place(list)
	if err != nil {
		return nil, jo, err
	}
	jo.Beyond = beyond
	near := make([]facility, len(onGround))
	for i, k := range onGround {
		near[i] = list[k]
	}
	sources, err := m.sources(near, out)
	for i := range sources {
		sources[i].Facility = int32(onGround[sources[i].Facility])
	}
	return sources, jo, err
}

// place parts facilities on the ground from those beyond it. The latter are
// reached from the road nearest to them in a straight line, however far that
// is, on foot over open ground.
func (m *roadMover) place(list []facility) (onGround []int, beyond []road.Seed, err error) {
	tr, err := crs.New(geo.WGS84, m.lattice.CRS)
	if err != nil {
		return nil, nil, err
	}
	inv, ok := m.lattice.Transform.Invert()
	if !ok {
		return nil, nil, fault.Errorf("analysis.roads", fault.Invalid, "the ground's georeference is degenerate")
	}
	var outside []int
	for i, f := range list {
		xs, ys := []float64{f.lon}, []float64{f.lat}
		if err := tr.Points(xs, ys); err != nil {
			return nil, nil, err
		}
		c, r := inv.Apply(xs[0], ys[0])
		if m.surface.Cell(int(math.Floor(c)), int(math.Floor(r))) >= 0 {
			onGround = append(onGround, i)
			continue
		}
		outside = append(outside, i)
	}
	for _, i := range outside {
		edge, along, metres, ok := m.graph.Nearest(list[i].lon, list[i].lat, func(e int) bool { return journey.Anywhere(m.graph, e) })
		if !ok {
			onGround = append(onGround, i) // to be listed as left out
			continue
		}
		ms := metres / offPathSpeed / m.walker.SpeedFactor * 1000
		if ms <= road.Horizon {
			beyond = append(beyond, road.Seed{Edge: int32(edge), Along: along, Facility: int32(i), Millis: uint32(math.Round(ms))})
		}
	}
	if len(beyond) > 0 {
		m.notice("facilities-beyond",
			notice.Text("%d [facility lies beyond the ground taken in: it is|facilities lie beyond the ground taken in: they are] reached on foot in a straight line from the nearest road.", len(beyond)),
			notice.Italian("%d [punto di servizio è oltre il terreno considerato: si raggiunge|punti di servizio sono oltre il terreno considerato: si raggiungono] a piedi in linea retta dalla strada più vicina.", len(beyond)))
	}
	return onGround, beyond, nil
}

// offPathSpeed is walking off the paths on the level, in metres a second:
// 0.6 of 5.036 km/h (Tobler 1993).
const offPathSpeed = 3.022 / 3.6

func (m *roadMover) method() (string, []coverage.Parameter, []coverage.Formula) {
	_, parameters, formulas := m.walk.method()
	label := func(en, it string) map[string]string { return map[string]string{"en": en, "it": it} }
	n := m.graph.Notes()
	r := &m.profile.Road
	speeds := []string{}
	for _, class := range slices.Sorted(maps.Keys(r.KMH)) {
		s := r.KMH[class]
		speeds = append(speeds, fmt.Sprintf("%s %g (%g–%g)", class, s.Mid, s.Low, s.High))
	}
	limits := "not used"
	if r.UseMaxspeed {
		limits = fmt.Sprintf("× %g", r.MaxspeedShare)
	}
	parameters = append(parameters,
		coverage.Parameter{Name: "road-edges", Value: n.Edges, Label: label("Stretches of road in the network", "Tratti di strada nella rete")},
		coverage.Parameter{Name: "road-length", Value: math.Round(float64(n.Metres) / 1000), Unit: "km", Label: label("Length of the network", "Lunghezza della rete")},
		coverage.Parameter{Name: "road-doors", Value: m.world.Doors(), Label: label("Places where ground and roads meet", "Punti di contatto fra terreno e strade")},
		coverage.Parameter{Name: "road-speeds", Value: strings.Join(speeds, "; "), Unit: "km/h", Label: label("Speeds by class of road", "Velocità per classe di strada"), Source: m.profile.Assumption},
		coverage.Parameter{Name: "speed-limits", Value: limits, Label: label("Speed limits", "Limiti di velocità")},
		coverage.Parameter{Name: "turn-restrictions", Value: n.Restricted, Label: label("Turn restrictions heeded", "Divieti di svolta considerati")},
	)
	formulas = append(formulas,
		coverage.Formula{Name: "road", Text: "t = Σ d_i / v_i over the pieces of an edge, each with its own slope (" + m.profile.Slope.String() + ")", Source: "harmonic: speeds are never averaged"},
		coverage.Formula{Name: "journey", Text: "walk to a road, ride, walk on: the least of all roads and cells, with no limit on the walk", Source: "three passes of Dijkstra's algorithm: ground, roads, ground"},
	)
	model := "walking over the ground to the roads, by " + m.profile.Mode.String() + " along a directed network of roads (one-way roads, access, turn restrictions), and on foot from there; from every inhabited cell, with no limit"
	return model, parameters, formulas
}
