package analysis

import (
	"context"
	"math"
	"slices"

	"github.com/paulmach/orb"

	"contado/geo"
	"contado/geo/coverage"
	"contado/geo/degurba"
	"contado/geo/disclosure"
	"contado/geo/fault"
	"contado/geo/join"
	"contado/geo/sdg"
	"contado/geo/table"
)

// IndicatorsRequest asks for indicators of the Sustainable Development Goals
// of a territory. What an indicator needs and is not given leaves it without
// a value, and says so.
type IndicatorsRequest struct {
	Territory  string
	Population string // a grid or census sections; "" is the catalog's
	Land       string // of the degree of urbanisation, which tells rural cells
	Rules      string // of the same

	// Roads are the datasets of roads; none = those of the catalog. RoadClasses
	// are the classes open in all seasons; none = AllSeason.
	Roads       []string
	RoadClasses []string

	Stops    string // points of low-capacity transport: buses, trams
	Stations string // points of high-capacity transport: trains, metros, ferries

	// Built-up land at two times, as DATASET or DATASET@TIME, and the people
	// at the first; those at the second are Population.
	BuiltFrom, BuiltTo string
	PeopleFrom         string
	Years              float64 // between the two

	OpenSpaces string // polygons of open space that all may use

	Only []string // ids of sdg; none = all

	// HideBelow is as DegurbaRequest's; inReport too.
	HideBelow float64
	inReport  bool
}

// IndicatorsResult is the indicators of a territory.
type IndicatorsResult struct {
	Territory  coverage.Territory   `json:"territory"`
	Indicators []coverage.Indicator `json:"indicators"`
	Inputs     []coverage.Input     `json:"inputs"`
	Method     string               `json:"method"`
	Notices    []coverage.Notice    `json:"notices"`
	Program    coverage.Program     `json:"program"`
	// Disclosure says what is hidden; nil: nothing had to be looked at.
	Disclosure *coverage.Disclosure `json:"disclosure,omitempty"`
}

// indicatorIDs are those there are, in their order.
var indicatorIDs = []string{sdg.RuralAccess, sdg.PublicTransport, sdg.LandConsumption, sdg.OpenSpace}

// Indicators computes the indicators.
//
// Errors: fault.Invalid for indicators that there are not, fault.NotExist for
// territories and datasets that are not there.
func (e *Engine) Indicators(ctx context.Context, q IndicatorsRequest, p Progress) (*IndicatorsResult, error) {
	for _, id := range q.Only {
		if !slices.Contains(indicatorIDs, id) {
			return nil, fault.Errorf("analysis.Indicators", fault.Invalid, "there is no indicator %.40q (there are %v)", id, indicatorIDs)
		}
	}
	r, err := e.begin(ctx)
	if err != nil {
		return nil, err
	}
	d, err := r.degurba(ctx, &DegurbaRequest{Territory: q.Territory, Population: q.Population, Land: q.Land, Rules: q.Rules, HideBelow: q.HideBelow, inReport: q.inReport}, p.part(0, 0.5))
	if err != nil {
		return nil, err
	}
	s := newSettled(d)
	out := &IndicatorsResult{Territory: coverage.Territory{Code: d.whole.Code, Name: d.whole.Name}, Program: r.programOf()}
	out.Method = "people by cells of 100 m; " + d.how
	for i, step := range []func(context.Context, *settledPeople, *IndicatorsRequest) ([]coverage.Indicator, error){r.ruralAccess, r.publicTransport, r.landConsumption, r.openSpace} {
		if len(q.Only) > 0 && !slices.Contains(q.Only, indicatorIDs[i]) {
			continue
		}
		p.tell(0.5+0.1*float64(i), indicatorIDs[i])
		got, err := step(ctx, s, &q)
		if err != nil {
			return nil, err
		}
		out.Indicators = append(out.Indicators, got...)
	}
	if err := d.hideIndicators(ctx, out); err != nil {
		return nil, err
	}
	out.Inputs, out.Notices = r.inputs, r.said()
	return out, nil
}

// hideIndicators takes what is about few people out.
func (d *degurbaRun) hideIndicators(ctx context.Context, out *IndicatorsResult) error {
	if d.from == 0 || d.q.inReport { // a study protects its own
		return nil
	}
	hidden := map[string]bool{}
	for i := range d.areas {
		hidden[d.areas[i].Code] = d.tree != nil && d.tree.hides(d.areas[i].Code, "")
	}
	var err error
	out.Disclosure, err = disclosure.ProtectIndicators(ctx, out.Indicators, hidden, d.tree != nil && d.tree.hides(d.whole.Code, ""), d.from)
	if err == nil {
		d.saidShown()
	}
	return err
}

// settledPeople are the inhabited cells of 100 m of a territory, one row each.
type settledPeople struct {
	sdg.People
	run      *degurbaRun
	lon, lat []float64
	rural    []bool
	urban    bool // some cell is
}

// newSettled adds up the people that are told by cell: those of 100 m, at
// their middle.
func newSettled(d *degurbaRun) *settledPeople {
	s := &settledPeople{run: d}
	s.Names = d.told.bandNames
	s.Bands = make([][]float64, len(s.Names))
	row := map[int32]int{}
	for i, part := range d.told.cells {
		a := d.area[part]
		if a == noArea {
			continue
		}
		k, ok := row[part]
		if !ok {
			k = len(s.People.People)
			row[part] = k
			s.People.People, s.Area = append(s.People.People, 0), append(s.Area, a)
			s.lon, s.lat = append(s.lon, d.told.X[i]), append(s.lat, d.told.Y[i])
			rural := d.class[d.cellOf(int(part))].Level1() <= degurba.Rural
			s.rural = append(s.rural, rural)
			s.urban = s.urban || !rural
			for b := range s.Bands {
				s.Bands[b] = append(s.Bands[b], 0)
			}
		}
		s.People.People[k] += d.told.People[i]
		for b := range s.Bands {
			s.Bands[b][k] += d.told.Bands[b][i]
		}
	}
	return s
}

// areas are the territory's, in the form of reports.
func (s *settledPeople) areas() []coverage.Area { return coverageAreas(s.run.areas) }

// box is that of the territory with a rim of so many metres, in WGS 84.
func (s *settledPeople) box(metres float64) geo.BBox {
	box := geo.EmptyBBox()
	for i := range s.run.areas {
		box = box.Union(geo.BBoxOf(s.run.areas[i].lonLat.Bound()))
	}
	lat := math.Min(85, math.Max(math.Abs(box.MinY), math.Abs(box.MaxY)))
	return box.Buffer(metres / (111_000 * math.Cos(lat*math.Pi/180)))
}

// distances are the geodesic distances, up to a limit, from the middle of
// each row's cell to the nearest geometry; +Inf beyond. counts tells which
// rows are wanted.
func (s *settledPeople) distances(ctx context.Context, geometries []orb.Geometry, limit float64, counts func(row int) bool) ([]float32, error) {
	out := make([]float32, len(s.lon))
	near := join.NewNear(geometries)
	for i := range out {
		out[i] = float32(math.Inf(1))
		if !counts(i) || len(geometries) == 0 {
			continue
		}
		found, err := near.Find(ctx, join.NewShape(orb.Point{s.lon[i], s.lat[i]}), 1, limit)
		if err != nil {
			return nil, err
		}
		if len(found) > 0 {
			out[i] = float32(found[0].Metres)
		}
	}
	return out, nil
}

// lacking is an indicator that has no value for want of data.
func lacking(id, enTitle, itTitle, unit, en, it string) []coverage.Indicator {
	return []coverage.Indicator{{
		ID: id, Unit: unit, Title: map[string]string{"en": enTitle, "it": itTitle}, Why: map[string]string{"en": en, "it": it},
	}}
}

// Table is one row an indicator for the whole and for each area.
func (r *IndicatorsResult) Table(l table.Locale) *table.Table {
	lang := "en"
	if l == table.Italian {
		lang = "it"
	}
	t := &table.Table{
		Name: "indicators", About: about(l, r.Territory.Name, r.Method, r.Inputs, r.Notices, r.Program),
		Columns: []table.Column{
			{Name: "indicator"}, {Name: "title"}, {Name: "code"}, {Name: "name"}, {Name: "value", Kind: table.Real, Digits: 4}, {Name: "unit"}, {Name: "why"}, {Name: "source"},
		},
	}
	for i := range r.Indicators {
		in := &r.Indicators[i]
		row := func(code, name string, v *float64, why string) {
			t.Rows = append(t.Rows, []any{in.ID, in.Title[lang], code, name, orEmpty(v), in.Unit, why, in.Source})
		}
		row(r.Territory.Code, r.Territory.Name, in.Value, in.Why[lang])
		for _, a := range in.Areas {
			row(a.Code, a.Name, a.Value, "")
		}
	}
	return t
}

// IndicatorIDs lists the indicators that can be asked for.
func IndicatorIDs() []string { return slices.Clone(indicatorIDs) }
