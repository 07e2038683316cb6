package analysis

import (
	"context"
	"maps"
	"math"
	"slices"
	"sync"

	"contado/geo"
	"contado/geo/coverage"
	"contado/geo/crs"
	"contado/geo/disclosure"
	"contado/geo/fault"
	"contado/geo/grid"
	"contado/geo/notice"
	"contado/geo/store/catalog"
	"contado/geo/travel/transit"
)

// TransitWindow says when and how people ride. The zero value is the typical
// working day, 7:00 to 9:00, the median of its departures.
type TransitWindow struct {
	// Timetables are dataset ids, ridden together with changes on foot between
	// them; none = all that cover the territory.
	Timetables []string
	Date       string // YYYY-MM-DD; "" = the timetables' typical working day
	// From and Until are seconds of the day by the clock, one departure a
	// minute in [From, Until); both 0 = 7:00 to 9:00.
	From, Until int32
	Percentile  *float64 // of the departures, 0 to 100; nil = 50
	MaxRides    int      // 0 = any number
	// Wheelchair takes only trips and stops known to be accessible.
	Wheelchair bool
	OnDemand   bool // calls to be booked by phone too
}

// The defaults of a TransitWindow.
const (
	DefaultTransitFrom       = 7 * 3600
	DefaultTransitUntil      = 9 * 3600
	DefaultTransitPercentile = 50.0
)

// transitMover walks to stops, rides by a timetable, and walks on.
type transitMover struct {
	*walk
	sets      []catalog.Dataset
	q         TransitWindow
	day       transit.Day
	timetable *transit.Timetable
	inverse   grid.Transform
	tr        *crs.Transformer

	only    map[int]bool // cells that an answer is wanted for; nil for all
	mu      sync.Mutex   // of routers
	routers map[moveOptions]*transit.Router
}

// newTransitMover opens the timetable and loads the window.
func (w *way) newTransitMover(ctx context.Context, k *walk, p Progress) (mover, error) {
	const op = "analysis.transit"
	if w.timetables == nil {
		return nil, fault.Errorf(op, fault.Unsupported, "this program cannot read timetables")
	}
	q := w.q.Transit
	if q.From == 0 && q.Until == 0 {
		q.From, q.Until = DefaultTransitFrom, DefaultTransitUntil
	}
	if q.Percentile == nil {
		median := DefaultTransitPercentile
		q.Percentile = &median
	}
	if !(*q.Percentile >= 0 && *q.Percentile <= 100) {
		return nil, fault.Errorf(op, fault.Invalid, "percentile %g: want 0 to 100", *q.Percentile)
	}
	sets, err := w.timetableSets(q.Timetables)
	if err != nil {
		return nil, err
	}
	m := &transitMover{walk: k, sets: sets, q: q, routers: map[moveOptions]*transit.Router{}}
	p.tell(0, "timetable")
	if err := m.load(ctx); err != nil {
		return nil, err
	}
	if m.tr, err = crs.New(geo.WGS84, k.lattice.CRS); err != nil {
		return nil, err
	}
	var ok bool
	if m.inverse, ok = k.lattice.Transform.Invert(); !ok {
		return nil, fault.Errorf(op, fault.Invalid, "the ground's georeference is degenerate")
	}
	m.remark()
	return m, nil
}

// rideSpeed bounds the reach of facilities, in metres a second: the mean of
// long rides.
const rideSpeed = 50.0 / 3.6

func (m *transitMover) reach(seconds float64) float64 { return reachMetres(seconds, rideSpeed) }

// router walks from the stops once for each way of walking.
func (m *transitMover) router(ctx context.Context, o moveOptions) (*transit.Router, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	o.maxSeconds = 0
	if r := m.routers[o]; r != nil {
		return r, nil
	}
	var wanted func(int) bool
	if m.only != nil {
		wanted = func(cell int) bool { return m.only[cell] }
	} else if m.standing != nil {
		area := m.standing.footing.area
		wanted = func(cell int) bool { return area[cell] != noArea }
	}
	r, err := transit.NewRouter(ctx, m.timetable, transit.Ground{
		Surface: m.surface, Engine: m.engine, Options: m.options(o), Cell: m.cellAt, Wanted: wanted, Straight: walkSpeed,
	})
	if err != nil {
		return nil, err
	}
	m.routers[o] = r
	m.placed(r.Placement())
	return r, nil
}

// narrow has answers for these cells alone; call it before the first question.
func (m *transitMover) narrow(cells []int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.standing != nil || len(m.routers) > 0 {
		return // others ask for more
	}
	m.only = make(map[int]bool, len(cells))
	for _, c := range cells {
		m.only[c] = true
	}
}

// over is the same rides over another walk of the same ground.
func (m *transitMover) over(k *walk) *transitMover {
	m.mu.Lock()
	defer m.mu.Unlock()
	return &transitMover{walk: k, sets: m.sets, q: m.q, day: m.day, timetable: m.timetable, inverse: m.inverse, tr: m.tr, routers: maps.Clone(m.routers)}
}

// cellAt is where a position lies on the ground; far outside when it cannot
// be projected.
func (m *transitMover) cellAt(lon, lat float64) (col, row int) {
	xs, ys := []float64{lon}, []float64{lat}
	if m.tr.Points(xs, ys) != nil || math.IsNaN(xs[0]+ys[0]) {
		return -1, -1
	}
	c, r := m.inverse.Apply(xs[0], ys[0])
	bound := func(v float64) int { return int(math.Floor(math.Max(-1, math.Min(v, 1<<30)))) }
	return bound(c), bound(r)
}

// placed says what became of the stops.
func (m *transitMover) placed(n transit.Placement) {
	if n.Moved > 0 {
		m.notice("stops-moved",
			notice.Text("%d [stop stands in a cell that cannot be walked: it counts|stops stand in cells that cannot be walked: they count] at the nearest that can, at most %.0f m away, with the walk from there.", n.Moved, n.Farthest),
			notice.Italian("%d [fermata sta in una cella non percorribile: conta|fermate stanno in celle non percorribili: contano] nella più vicina percorribile, a non più di %.0f m, con il cammino da lì.", n.Moved, n.Farthest))
	}
	if n.Lost > 0 {
		m.notice("stops-lost",
			notice.Text("%d [stop has|stops have] no position, or no ground near that can be walked: nobody walks [there|to them].", n.Lost),
			notice.Italian("%d [fermata non ha|fermate non hanno] una posizione, o nessun terreno percorribile vicino: nessuno vi arriva a piedi.", n.Lost))
	}
	if n.Full > 0 {
		m.notice("walks-bounded",
			notice.Text("In %d [cell|cells] so many stops are near that only the nearest were looked at: all within %d [minute|minutes] on foot.", n.Full, n.Complete/60),
			notice.Italian("In %d [cella|celle] le fermate vicine sono tante che sono state considerate solo le più vicine: tutte quelle entro %d [minuto|minuti] a piedi.", n.Full, n.Complete/60))
	}
}

// times is one run for all facilities: those on the ground are walked to,
// those beyond it from the stops near them.
func (m *transitMover) times(ctx context.Context, list []facility, o moveOptions, p Progress) (*movement, error) {
	p.tell(0, "stops and ground")
	r, err := m.router(ctx, o)
	if err != nil {
		return nil, err
	}
	out := &movement{}
	to, err := m.targets(list, out)
	if err != nil {
		return nil, err
	}
	p.tell(0.5, "departures")
	a, err := r.Times(ctx, to, []float64{*m.q.Percentile})
	if err != nil {
		return nil, err
	}
	out.seconds, out.nearest, out.rides = a.Seconds[0], a.Nearest, &rides{useful: a.Useful, reached: a.Reached, departures: a.Elements}
	if o.maxSeconds > 0 {
		for c, s := range out.seconds {
			if s > o.maxSeconds {
				out.seconds[c], out.nearest[c] = float32(math.Inf(1)), -1
			}
		}
	}
	return out, nil
}

// targets parts the facilities on the ground from those beyond it.
func (m *transitMover) targets(list []facility, out *movement) (transit.Targets, error) {
	var to transit.Targets
	var near []facility
	var index []int32
	for i, f := range list {
		if col, row := m.cellAt(f.lon, f.lat); m.surface.Cell(col, row) >= 0 {
			near, index = append(near, f), append(index, int32(i))
		} else {
			to.Beyond = append(to.Beyond, transit.Beyond{Lon: f.lon, Lat: f.lat, Facility: int32(i)})
		}
	}
	var err error
	to.Sources, err = m.sources(near, out)
	for i := range to.Sources {
		to.Sources[i].Facility = index[to.Sources[i].Facility]
	}
	return to, err
}

// hideBelow is the least number of people that is told; 0 tells all.
func (s *setting) hideBelow() float64 {
	if s.q.HideBelow == 0 {
		return disclosure.DefaultThreshold
	}
	return max(s.q.HideBelow, 0)
}

// method tells how the times are made.
func (m *transitMover) method() (string, []coverage.Parameter, []coverage.Formula) {
	_, parameters, formulas := m.walk.method()
	label := func(en, it string) map[string]string { return map[string]string{"en": en, "it": it} }
	n, o := m.timetable.Notes(), m.timetable.Options()
	own := []coverage.Parameter{
		{Name: "timetables", Value: m.names(), Label: label("Timetables", "Orari")},
		{Name: "date", Value: n.Day, Label: label("Day of the timetable", "Giorno dell'orario")},
		{Name: "departing", Value: clockText(o.From) + "–" + clockText(o.Until), Label: label("Departures, one a minute", "Partenze, una al minuto")},
		{Name: "percentile", Value: *m.q.Percentile, Label: label("Percentile over departures", "Percentile sulle partenze"), Source: "element ⌈p/100·n⌉ of the n times in ascending order; departures that arrive nowhere count as infinite"},
		{Name: "runs", Value: n.Runs, Label: label("Runs that may be used", "Corse utilizzabili")},
		{Name: "stops", Value: n.Stops, Label: label("Stops called at", "Fermate servite")},
		{Name: "slack", Value: *o.Slack, Unit: "s", Label: label("At the stop before departure", "Anticipo alla fermata")},
		{Name: "walk-to-stop", Value: o.Walk, Unit: "s", Label: label("Walks to stops looked at; the nearest stop however far", "Cammini alle fermate considerati; la più vicina a qualunque distanza")},
		{Name: "walk-change", Value: o.Transfer, Unit: "s", Label: label("Longest walk of a change", "Cammino più lungo per un cambio")},
	}
	if m.timetable.Samples() > 1 {
		own = append(own, coverage.Parameter{Name: "samples", Value: m.timetable.Samples(), Label: label("Timetables made of frequencies", "Orari ricavati dalle frequenze"), Source: "lattice of rank 1 over the unknown parts of headways"})
	}
	return "on foot and by public transport: for each departure the earliest arrival of all journeys by the timetable, walking over the ground to, between and from stops or all the way",
		slices.Concat(own, parameters), append(formulas, coverage.Formula{
			Name: "departures", Text: "t = percentile over departures of min(on foot; walk + wait + ride … + walk)",
			Source: "Dibbelt et al. 2018 (profiles), Delling et al. 2015 (rounds), percentile as in R5",
		})
}
