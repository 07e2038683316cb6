// Package sdg computes indicators of the Sustainable Development Goals from
// arrays: people and distances by cell, surfaces of built-up land. It knows
// no files and no projections. Definitions are those of the metadata of the
// UN Statistics Division; each Indicator names its own.
package sdg

import (
	"math"

	"contado/geo/coverage"
	"contado/geo/fault"
)

// Ids of the indicators.
const (
	RuralAccess     = "sdg-9.1.1"
	PublicTransport = "sdg-11.2.1"
	LandConsumption = "sdg-11.3.1"
	BuiltPerPerson  = "sdg-11.3.1-built-up-per-person"
	OpenSpace       = "sdg-11.7.1"
	OpenSpaceAccess = "sdg-11.7.1-access"
)

// Limits, inclusive, in metres.
const (
	RoadMetres        = 2000.0 // 9.1.1: to a road that is open all seasons
	StopMetres        = 500.0  // 11.2.1: on foot along the network, to a stop of buses
	StationMetres     = 1000.0 // 11.2.1: to a stop of trains, metros, ferries
	OpenSpaceMetres   = 400.0  // 11.7.1: on foot to public open space
	sourceRAI         = "UN SDG 9.1.1; S. Mikou, A. Rozenberg and others (World Bank, 2019), Rural Access Index: rural people within 2 km of an all-season road"
	sourceTransport   = "UN SDG 11.2.1 metadata: 500 m along the network to low-capacity and 1 km to high-capacity transport"
	sourceConsumption = "UN SDG 11.3.1 metadata: LCR = (V2 − V1) / (V1·t), PGR = ln(P2 / P1) / t, ratio LCR / PGR"
	sourceOpenSpace   = "UN SDG 11.7.1 metadata: (open public space + land of streets) / built-up area; access within 400 m on foot"
)

// People are cells with people, in parallel columns.
type People struct {
	People []float64
	Area   []int32     // index of the cell's area, below 0 outside all
	Bands  [][]float64 // [band][cell]: ages and sexes
	Names  []string    // of the bands
}

func (p *People) check(op string, columns ...int) error {
	n := len(p.People)
	for _, c := range append(columns, len(p.Area)) {
		if c != n {
			return fault.Errorf(op, fault.Invalid, "a column of %d cells beside %d of people", c, n)
		}
	}
	if len(p.Names) != len(p.Bands) {
		return fault.Errorf(op, fault.Invalid, "%d names for %d bands", len(p.Names), len(p.Bands))
	}
	for _, b := range p.Bands {
		if len(b) != n {
			return fault.Errorf(op, fault.Invalid, "a band of %d cells beside %d of people", len(b), n)
		}
	}
	return nil
}

// tally counts those who count and those within the limit.
type tally struct{ all, within float64 }

func (t *tally) add(n float64, in bool) {
	t.all += n
	if in {
		t.within += n
	}
}

// percent is nil where nobody counts.
func (t *tally) percent() *float64 {
	if !(t.all > 0) {
		return nil
	}
	v := 100 * t.within / t.all
	return &v
}

// shareWithin is the percentage of the people that count for whom near holds.
func shareWithin(p *People, areas []coverage.Area, counts, near func(cell int) bool) (whole tally, by []coverage.AreaValue, bands []tally) {
	each := make([]tally, len(areas))
	bands = make([]tally, len(p.Bands))
	for i, n := range p.People {
		a := p.Area[i]
		if a < 0 || int(a) >= len(areas) || !counts(i) {
			continue
		}
		in := near(i)
		whole.add(n, in)
		each[a].add(n, in)
		for b := range bands {
			bands[b].add(p.Bands[b][i], in)
		}
	}
	for a := range areas {
		by = append(by, coverage.AreaValue{Code: areas[a].Code, Name: areas[a].Name, Value: each[a].percent(), Counted: each[a].all})
	}
	return whole, by, bands
}

// Roads is SDG 9.1.1, the Rural Access Index: the percentage of rural people
// whose cell's centre lies within RoadMetres of an all-season road. metres
// are those distances, +Inf where there is no road; rural tells which cells
// count. Parts hold rural people and those within.
func Roads(p People, areas []coverage.Area, rural []bool, metres []float32) (coverage.Indicator, error) {
	if err := p.check("sdg.Roads", len(rural), len(metres)); err != nil {
		return coverage.Indicator{}, err
	}
	whole, by, bands := shareWithin(&p, areas, func(i int) bool { return rural[i] }, func(i int) bool { return metres[i] <= RoadMetres })
	out := coverage.Indicator{
		ID: RuralAccess, Unit: "%", Source: sourceRAI, Value: whole.percent(), Areas: by,
		Title: map[string]string{"en": "Rural people within 2 km of a road open all seasons", "it": "Abitanti rurali entro 2 km da una strada percorribile tutto l'anno"},
		Parts: map[string]float64{"rural_people": whole.all, "within": whole.within},
	}
	if out.Value == nil {
		out.Why = map[string]string{"en": "Nobody lives in rural cells here.", "it": "Qui nessuno abita in celle rurali."}
	}
	bandParts(out.Parts, p.Names, bands)
	return out, nil
}

// bandParts adds the people and those within of each band.
func bandParts(parts map[string]float64, names []string, bands []tally) {
	for b, t := range bands {
		parts[names[b]+"_people"], parts[names[b]+"_within"] = t.all, t.within
	}
}

// Stops is SDG 11.2.1: the percentage of people with a stop of low-capacity
// transport within StopMetres, or one of high-capacity within StationMetres,
// on foot along the network. stop and station are those distances of each
// cell, +Inf where there is no way; station may be nil.
func Stops(p People, areas []coverage.Area, stop, station []float32) (coverage.Indicator, error) {
	columns := []int{len(stop)}
	if station != nil {
		columns = append(columns, len(station))
	}
	if err := p.check("sdg.Stops", columns...); err != nil {
		return coverage.Indicator{}, err
	}
	near := func(i int) bool { return stop[i] <= StopMetres || station != nil && station[i] <= StationMetres }
	whole, by, bands := shareWithin(&p, areas, func(int) bool { return true }, near)
	out := coverage.Indicator{
		ID: PublicTransport, Unit: "%", Source: sourceTransport, Value: whole.percent(), Areas: by,
		Title: map[string]string{"en": "People with convenient access to public transport", "it": "Abitanti con un comodo accesso al trasporto pubblico"},
		Parts: map[string]float64{"people": whole.all, "within": whole.within},
	}
	if out.Value == nil {
		out.Why = map[string]string{"en": "Nobody lives here.", "it": "Qui non abita nessuno."}
	}
	bandParts(out.Parts, p.Names, bands)
	return out, nil
}

// Growth is built-up land and people at two times.
type Growth struct {
	Built1, Built2   float64 // m²
	People1, People2 float64
	Years            float64 // between the two, more than 0
}

// Consumption is SDG 11.3.1 with its companion for places that shrink: the
// ratio of land consumption to population growth, which has no meaning where
// people do not grow in number, and built-up land per person at the end with
// its change, which always has.
func Consumption(g Growth) ([]coverage.Indicator, error) {
	for _, v := range [...]float64{g.Built1, g.Built2, g.People1, g.People2} {
		if !(v >= 0) || math.IsInf(v, 0) {
			return nil, fault.Errorf("sdg.Consumption", fault.Invalid, "built-up land %g and %g m², people %g and %g: want finite numbers, not below 0", g.Built1, g.Built2, g.People1, g.People2)
		}
	}
	if !(g.Years > 0) || math.IsInf(g.Years, 0) {
		return nil, fault.Errorf("sdg.Consumption", fault.Invalid, "%g years between the two times: want more than 0", g.Years)
	}
	ratio := coverage.Indicator{
		ID: LandConsumption, Unit: "1", Source: sourceConsumption,
		Title: map[string]string{"en": "Land consumption rate over population growth rate", "it": "Consumo di suolo rispetto alla crescita della popolazione"},
		Parts: map[string]float64{"built_m2_1": g.Built1, "built_m2_2": g.Built2, "people_1": g.People1, "people_2": g.People2, "years": g.Years},
	}
	lcr, pgr := math.NaN(), math.NaN()
	if g.Built1 > 0 {
		lcr = (g.Built2 - g.Built1) / (g.Built1 * g.Years)
		ratio.Parts["land_consumption_rate"] = lcr
	}
	if g.People1 > 0 && g.People2 > 0 {
		pgr = math.Log(g.People2/g.People1) / g.Years
		ratio.Parts["population_growth_rate"] = pgr
	}
	switch {
	case math.IsNaN(lcr):
		ratio.Why = map[string]string{"en": "There was no built-up land at the first time.", "it": "All'inizio non c'era suolo costruito."}
	case math.IsNaN(pgr):
		ratio.Why = map[string]string{"en": "Nobody lived here at one of the two times.", "it": "A una delle due date non abitava nessuno."}
	case pgr <= 0:
		ratio.Why = map[string]string{
			"en": "The population did not grow, so the ratio has no meaning: see built-up land per person.",
			"it": "La popolazione non è cresciuta, quindi il rapporto non ha significato: si veda il suolo costruito per abitante.",
		}
	default:
		v := lcr / pgr
		ratio.Value = &v
	}
	return []coverage.Indicator{ratio, perPerson(g)}, nil
}

func perPerson(g Growth) coverage.Indicator {
	out := coverage.Indicator{
		ID: BuiltPerPerson, Unit: "m²", Source: sourceConsumption,
		Title: map[string]string{"en": "Built-up land per person", "it": "Suolo costruito per abitante"},
		Parts: map[string]float64{"built_change_m2": g.Built2 - g.Built1, "people_change": g.People2 - g.People1},
	}
	if !(g.People2 > 0) {
		out.Why = map[string]string{"en": "Nobody lived here at the second time.", "it": "Alla seconda data non abitava nessuno."}
		return out
	}
	v := g.Built2 / g.People2
	out.Value = &v
	if g.People1 > 0 {
		out.Parts["per_person_1"], out.Parts["change"] = g.Built1/g.People1, v-g.Built1/g.People1
	}
	return out
}

// Open is what SDG 11.7.1 is made of, in m².
type Open struct {
	Built   float64 // built-up area of the place
	Spaces  float64 // open space that all may use, within it
	Streets float64 // land of streets, within it; NaN when not known
}

// OpenShare is the first part of SDG 11.7.1: the percentage of the built-up
// area that is open space for public use. Without streets it is a lower
// bound, and says so.
func OpenShare(o Open) (coverage.Indicator, error) {
	if !(o.Built >= 0) || !(o.Spaces >= 0) || o.Streets < 0 || math.IsInf(o.Built+o.Spaces, 0) || math.IsInf(o.Streets, 0) {
		return coverage.Indicator{}, fault.Errorf("sdg.OpenShare", fault.Invalid, "%g m² built up, %g open, %g of streets: want finite numbers, not below 0", o.Built, o.Spaces, o.Streets)
	}
	out := coverage.Indicator{
		ID: OpenSpace, Unit: "%", Source: sourceOpenSpace,
		Title: map[string]string{"en": "Built-up area that is open space for public use", "it": "Area urbanizzata che è spazio pubblico aperto"},
		Parts: map[string]float64{"built_m2": o.Built, "open_space_m2": o.Spaces},
	}
	if o.Built == 0 {
		out.Why = map[string]string{"en": "There is no built-up area here.", "it": "Qui non c'è area urbanizzata."}
		return out, nil
	}
	sum := o.Spaces
	if math.IsNaN(o.Streets) {
		out.Why = map[string]string{
			"en": "The land of streets is not known and not counted: the share is at least this.",
			"it": "La superficie delle strade non è nota e non è contata: la quota è almeno questa.",
		}
	} else {
		out.Parts["street_m2"] = o.Streets
		sum += o.Streets
	}
	v := 100 * sum / o.Built
	out.Value = &v
	return out, nil
}

// OpenAccess is the second part of SDG 11.7.1: the percentage of people within
// OpenSpaceMetres of open space for public use. metres is +Inf where there is
// none.
func OpenAccess(p People, areas []coverage.Area, metres []float32) (coverage.Indicator, error) {
	if err := p.check("sdg.OpenAccess", len(metres)); err != nil {
		return coverage.Indicator{}, err
	}
	whole, by, bands := shareWithin(&p, areas, func(int) bool { return true }, func(i int) bool { return metres[i] <= OpenSpaceMetres })
	out := coverage.Indicator{
		ID: OpenSpaceAccess, Unit: "%", Source: sourceOpenSpace, Value: whole.percent(), Areas: by,
		Title: map[string]string{"en": "People within 400 m of public open space", "it": "Abitanti entro 400 m da uno spazio pubblico aperto"},
		Parts: map[string]float64{"people": whole.all, "within": whole.within},
	}
	if out.Value == nil {
		out.Why = map[string]string{"en": "Nobody lives here.", "it": "Qui non abita nessuno."}
	}
	bandParts(out.Parts, p.Names, bands)
	return out, nil
}
