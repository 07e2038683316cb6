package analysis

import (
	"context"
	"math"

	"contado/geo"
	"contado/geo/coverage"
	"contado/geo/crs"
	"contado/geo/fault"
	"contado/geo/notice"
	"contado/geo/table"
	"contado/geo/travel"
)

// TravelMatrix is the times between places.
type TravelMatrix struct {
	Origins      []TravelPlace     `json:"origins"`
	Destinations []TravelPlace     `json:"destinations"`
	Seconds      [][]float64       `json:"-"` // by origin, then destination; +Inf where there is no way
	Method       string            `json:"method"`
	Inputs       []coverage.Input  `json:"inputs"`
	Notices      []coverage.Notice `json:"notices"`
	Program      coverage.Program  `json:"program"`
}

const (
	maxMatrixRuns  = 2000
	maxMatrixTimes = 5_000_000
)

// TravelMatrix gives the times from each origin to each destination: one run
// for each of whichever are fewer; by public transport one for each
// destination, since its walks are rounded and times found from the other end
// would differ by seconds from those of surfaces and explained journeys. The
// request's own places and service are the destinations; origins are places or
// a service too.
func (e *Engine) TravelMatrix(ctx context.Context, origins, destinations TravelRequest, p Progress) (*TravelMatrix, error) {
	t, err := e.trip(ctx, destinations, p)
	if err != nil {
		return nil, err
	}
	from, err := t.facilitiesFor(ctx, &origins)
	if err != nil {
		return nil, err
	}
	to := t.list
	if len(from) == 0 || len(to) == 0 {
		return nil, fault.Errorf(opTravel, fault.Invalid, "a matrix of %d origins and %d destinations has no times", len(from), len(to))
	}
	_, rides := t.mover.(*transitMover)
	forward := len(from) < len(to) && !rides // from each origin
	runs := len(to)
	if forward {
		runs = len(from)
	}
	if runs > maxMatrixRuns || len(from)*len(to) > maxMatrixTimes {
		return nil, fault.WithHint(fault.Errorf(opTravel, fault.TooLarge, "a matrix of %d × %d places takes %d runs; at most %d, and %d times", len(from), len(to), runs, maxMatrixRuns, maxMatrixTimes),
			"take fewer places, or a raster of times to the nearest")
	}
	out := &TravelMatrix{Origins: placesOf(from), Destinations: placesOf(to), Program: t.run.programOf()}
	out.Method = t.method(&destinations)
	out.Seconds = make([][]float64, len(from))
	for i := range out.Seconds {
		out.Seconds[i] = make([]float64, len(to))
	}
	q := destinations
	q.Direction = travel.ToFacility
	starts, ends := to, from
	set := func(start, end int, s float64) { out.Seconds[end][start] = s }
	if forward {
		q.Direction = travel.FromFacility
		starts, ends = from, to
		set = func(start, end int, s float64) { out.Seconds[start][end] = s }
	}
	cells, err := t.cellsOf(ends)
	if err != nil {
		return nil, err
	}
	if m, ok := t.mover.(*transitMover); ok {
		m.narrow(cells)
	}
	for i := range starts {
		p.tell(0.5+0.5*float64(i)/float64(len(starts)), "times between places")
		m, err := t.move(ctx, starts[i:i+1], &q, nil)
		if err != nil {
			return nil, err
		}
		for k, c := range cells {
			s := math.Inf(1)
			if c >= 0 {
				s = float64(m.seconds[c])
			}
			set(i, k, s)
		}
	}
	out.Inputs, out.Notices = inputsOf(t.setting.run, t.run), t.notes()
	return out, nil
}

// cellsOf are the cells that places stand in, −1 off the ground. Places where
// people cannot walk count at the nearest cell where they can.
func (t *trip) cellsOf(list []facility) ([]int, error) {
	g := t.mover.grid()
	tr, err := crs.New(geo.WGS84, g.CRS)
	if err != nil {
		return nil, err
	}
	inv, ok := g.Transform.Invert()
	if !ok {
		return nil, fault.Errorf(opTravel, fault.Invalid, "the ground's georeference is degenerate")
	}
	out := make([]int, len(list))
	off, moved := 0, 0
	for i, f := range list {
		xs, ys := []float64{f.lon}, []float64{f.lat}
		if err := tr.Points(xs, ys); err != nil {
			return nil, err
		}
		c, r := inv.Apply(xs[0], ys[0])
		out[i] = -1
		if !(c >= 0 && r >= 0 && c < float64(g.Width) && r < float64(g.Height)) {
			off++
			continue
		}
		if out[i], ok = t.cellAt(int(c), int(r)); !ok {
			off++
		} else if out[i] != int(r)*g.Width+int(c) {
			moved++
		}
	}
	if off > 0 {
		t.run.notice("places-off-ground",
			notice.Text("%d [place lies off the ground taken in, or no ground near it can be walked: it has|places lie off the ground taken in, or no ground near them can be walked: they have] no times.", off),
			notice.Italian("%d [luogo è|luoghi sono] fuori dal terreno considerato, o vicino non c'è terreno percorribile: non [ha|hanno] tempi.", off))
	}
	if moved > 0 {
		t.run.notice("places-moved",
			notice.Text("%d [place stands where people cannot walk and counts|places stand where people cannot walk and count] at the nearest cell where they can, at most %g m away.", moved, snapMetres),
			notice.Italian("%d [luogo sta dove non si cammina e conta|luoghi stanno dove non si cammina e contano] nella cella percorribile più vicina, a non più di %g m.", moved, snapMetres))
	}
	return out, nil
}

// cellAt is the cell where people stand who are in one: itself, or the
// nearest that can be walked.
func (t *trip) cellAt(col, row int) (int, bool) {
	g := t.mover.grid()
	if c := row*g.Width + col; t.mover.passable(c) {
		return c, true
	}
	k, ok := footOf(t.mover)
	if !ok {
		return -1, false
	}
	reach := max(1, int(math.Ceil(snapMetres/k.surface.CellW[len(k.surface.CellW)/2])))
	near, ok := travel.NearestPassable(k.surface, col, row, reach)
	if !ok || near.Metres > snapMetres {
		return -1, false
	}
	return near.Row*g.Width + near.Col, true
}

func placesOf(list []facility) []TravelPlace {
	out := make([]TravelPlace, len(list))
	for i, f := range list {
		out[i] = TravelPlace{ID: f.id, Name: f.name, Names: f.names, Lon: f.lon, Lat: f.lat}
	}
	return out
}

// Table is one row a pair of places; no seconds where there is no way.
func (m *TravelMatrix) Table(l table.Locale) *table.Table {
	t := &table.Table{
		Name: "travel-matrix",
		Columns: []table.Column{
			{Name: "from"},
			{Name: "from_name"},
			{Name: "to"},
			{Name: "to_name"},
			{Name: "seconds", Kind: table.Real, Unit: "s", Digits: 1},
			{Name: "minutes", Kind: table.Real, Unit: "min", Digits: 2},
		},
		About: about(l, "Travel times", m.Method, m.Inputs, m.Notices, m.Program),
	}
	if l == table.Italian {
		t.About = about(l, "Tempi di viaggio", m.Method, m.Inputs, m.Notices, m.Program)
	}
	for i, o := range m.Origins {
		for k, d := range m.Destinations {
			row := []any{o.ID, o.in(l), d.ID, d.in(l), nil, nil}
			if s := m.Seconds[i][k]; !math.IsInf(s, 1) {
				row[4], row[5] = math.Round(s*10)/10, math.Round(s/60*100)/100
			}
			t.Rows = append(t.Rows, row)
		}
	}
	return t
}
