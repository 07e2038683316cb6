// Package studytest makes up coverage studies for tests: every part of the
// document is there, and its numbers fit together.
package studytest

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/paulmach/orb"

	"contado/geo/coverage"
	"contado/geo/coverage/report"
)

// Options choose what is made. The zero value is six services on foot and by
// car over nine municipalities.
type Options struct {
	Services, Profiles []string
	Areas              int // squares side by side
	// Plain leaves out all that Compute does not give.
	Plain bool
	// Seed changes the people and facilities; the same options give the same
	// study.
	Seed uint64
}

func (o Options) withDefaults() Options {
	if o.Services == nil {
		o.Services = []string{"pharmacy", "school", "doctor", "post-office", "supermarket", "hospital"}
	}
	if o.Profiles == nil {
		o.Profiles = []string{"walking", "car"}
	}
	if o.Areas == 0 {
		o.Areas = 9
	}
	return o
}

// land is the made-up territory: squares with a town each.
type land struct {
	areas  []coverage.Area
	shapes []report.AreaShape
	places []coverage.Place
	x, y   []float64
	area   []int32
	people []float64
	bands  [][]float64
}

var names = []string{"Alba Vecchia", "Borgo San Lorenzo", "Castelvecchio", "Dolceacqua", "Erbonne", "Forni di Sotto", "Gradisca", "Isola del Piano", "Lozzo", "Montefiore", "Nughedu", "Orta"}

const side = 0.06

func newLand(o Options) *land {
	rnd := rand.New(rand.NewPCG(11, o.Seed)) //nolint:gosec // the same numbers each time are the point
	l := &land{bands: make([][]float64, 4)}
	for i := range o.Areas {
		west, south := 9.4+side*float64(i%3)*1.3, 47.0+side*float64(i/3)
		name := names[i%len(names)]
		if i >= len(names) {
			name = fmt.Sprintf("%s %d", name, i/len(names)+1)
		}
		l.areas = append(l.areas, coverage.Area{Code: fmt.Sprintf("%03d", i+1), Name: name})
		east, north := west+side*1.3, south+side
		l.shapes = append(l.shapes, report.AreaShape{Code: l.areas[i].Code, Geometry: orb.Polygon{{{west, south}, {east, south}, {east, north}, {west, north}, {west, south}}}})
		town := orb.Point{west + side*(0.3+0.6*rnd.Float64()), south + side*(0.3+0.4*rnd.Float64())}
		l.places = append(l.places, coverage.Place{Name: name, Lon: town[0], Lat: town[1], Area: int32(i)}, //nolint:gosec // few areas
			coverage.Place{Name: "Ca’ Alta", Lon: west + 0.01, Lat: north - 0.01, Area: int32(i)}) //nolint:gosec // few areas
		size := 60 + 500*rnd.Float64()*rnd.Float64()
		for x := west + side/24; x < east; x += side / 12 {
			for y := south + side/24; y < north; y += side / 12 {
				l.cell(x, y, int32(i), size*math.Exp(-math.Hypot((x-town[0])*0.7, y-town[1])/0.009)+rnd.Float64(), rnd.Float64()) //nolint:gosec // few areas
			}
		}
	}
	return l
}

func (l *land) cell(x, y float64, area int32, people, age float64) {
	l.x, l.y, l.area, l.people = append(l.x, x), append(l.y, y), append(l.area, area), append(l.people, people)
	old := 0.15 + 0.2*age
	for k, share := range []float64{0.14, 0.86 - old, old * 0.65, old * 0.35} {
		l.bands[k] = append(l.bands[k], people*share)
	}
}

// Make makes a study and a sketch a section.
func Make(o Options) (*coverage.Study, []*report.Sketch, error) {
	o = o.withDefaults()
	l := newLand(o)
	st := &coverage.Study{
		Schema: coverage.StudySchema, ID: "studio-di-prova", CreatedAt: time.Date(2026, 11, 22, 9, 5, 0, 0, time.UTC),
		Territory: coverage.Territory{Code: "LT-1", Name: "Val di Prova"}, AreaLevel: "municipality",
		Program: coverage.Program{Name: "contado", Version: "0.1.0"},
		Notices: []coverage.Notice{{Code: coverage.NoticeInventedData, Text: "Invented data."}},
		Inputs: []coverage.Input{
			{Dataset: "comuni", Version: "v2", Role: "territory", SHA256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", Attribution: "Istat, CC BY 4.0"},
			{Dataset: "popolazione", Version: "v1", Role: "population", SHA256: "60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752"},
		},
		Recipe: "recipe: contado/1\nname: prova\nterritories: [LT-1]\n",
	}
	var sketches []*report.Sketch
	lacks := map[string][][]bool{}
	for _, profile := range o.Profiles {
		for k, service := range o.Services {
			r, s, seconds, err := l.section(o, service, profile, k)
			if err != nil {
				return nil, nil, err
			}
			st.Sections = append(st.Sections, r)
			sketches = append(sketches, s)
			st.PopulationTotal = r.PopulationTotal
			far := make([]bool, len(seconds))
			for c, t := range seconds {
				far[c] = float64(t) > 1800
			}
			lacks[profile] = append(lacks[profile], far)
		}
	}
	if !o.Plain {
		l.extend(st, o, lacks)
	}
	return st, sketches, nil
}

func (l *land) section(o Options, service, profile string, k int) (*coverage.Report, *report.Sketch, []float32, error) {
	rnd := rand.New(rand.NewPCG(uint64(k+1), o.Seed)) //nolint:gosec // see newLand
	s := &report.Sketch{Areas: l.shapes}
	n := max(1, len(l.areas)*(len(o.Services)-k)/(len(o.Services)+1))
	for _, i := range rnd.Perm(len(l.areas))[:n] {
		p := l.places[2*i]
		s.Facilities = append(s.Facilities, orb.Point{p.Lon, p.Lat})
	}
	speed := map[string]float64{"car": 11, "bicycle": 3.5}[profile]
	if speed == 0 {
		speed = 1.2
	}
	seconds := make([]float32, len(l.x))
	facility := make([]int32, len(l.x))
	for c := range l.x {
		best := math.Inf(1)
		for f, p := range s.Facilities {
			if d := math.Hypot((l.x[c]-p[0])*0.69, l.y[c]-p[1]) * 111195 * 1.3; d/speed < best {
				best, facility[c] = d/speed, int32(f) //nolint:gosec // few facilities
			}
		}
		if c%97 == 5 && profile != "car" {
			best = math.Inf(1)
		}
		seconds[c] = float32(best)
	}
	facilityNames := make([]string, n)
	for f := range facilityNames {
		facilityNames[f] = fmt.Sprintf("%s %d", service, f+1)
	}
	d := coverage.Demand{Area: l.area, Seconds: seconds, People: l.people, X: l.x, Y: l.y, Facility: facility, Bands: l.bands}
	r, err := coverage.Compute(context.Background(), d, l.areas, l.places, coverage.Params{
		Thresholds: []float64{900, 1800}, BandNames: []string{"age_0_14", "age_15_64", "age_65_79", "age_80_plus"}, FacilityNames: facilityNames, PlaceRadiusM: 2500,
	})
	if err != nil {
		return nil, nil, nil, fmt.Errorf("make section %s, %s: %w", service, profile, err)
	}
	describe(r, service, profile, n)
	if !o.Plain {
		if r.Hamlets, err = coverage.Hamlets(context.Background(), d, l.people, l.areas, l.places, r.ThresholdsS); err != nil {
			return nil, nil, nil, fmt.Errorf("make hamlets: %w", err)
		}
		l.extras(r, s, facilityNames)
	}
	return r, s, seconds, nil
}

func describe(r *coverage.Report, service, profile string, facilities int) {
	r.ID, r.CreatedAt = service+"-"+profile, time.Date(2026, 11, 22, 9, 5, 0, 0, time.UTC)
	r.Territory, r.AreaLevel = coverage.Territory{Code: "LT-1", Name: "Val di Prova"}, "municipality"
	r.Service, r.Profile, r.Facilities.Count = service, profile, facilities
	r.Facilities.Unplaced = []coverage.UnplacedFacility{{ID: "77", Name: service + " del Passo", Reason: "12.4 km from the nearest way"}}
	r.Inputs = append(r.Inputs, coverage.Input{Dataset: service, Version: "v1", Role: "service", SHA256: "fcde2b2edba56bf408601fb721fe9b5c338d10ee429ea04fae5511b68fbf8fb9"})
	r.Method.Model = "walking over ground and roads"
	r.Method.Parameters = append(r.Method.Parameters, coverage.Parameter{Name: "walking_speed", Value: 5.04, Unit: "km/h", Source: "Tobler 1993"},
		coverage.Parameter{Name: "direction", Value: "to-facility"})
	r.Method.Formulas = append(r.Method.Formulas, coverage.Formula{Name: "Tobler", Text: "v = 6 · exp(−3.5 · |S + 0.05|) km/h", Source: "Tobler, W. (1993)"})
	r.Program = coverage.Program{Name: "contado", Version: "0.1.0"}
}

// extras are made up from the shares, so that they fit them.
func (l *land) extras(r *coverage.Report, s *report.Sketch, facilityNames []string) {
	ptr := func(v float64) *float64 { return &v }
	for _, c := range r.Coverage {
		low, high := *c.Share*0.93, math.Min(1, *c.Share*1.06)
		r.Ranges = append(r.Ranges, coverage.Range{ThresholdS: c.ThresholdS, Low: &low, Share: c.Share, High: &high, Cases: []coverage.RangeCase{
			{Name: "speeds-low", Share: &low},
			{Name: "speeds-high", Share: &high},
			{Name: "walker-slow", Share: ptr(*c.Share * 0.95)},
			{Name: "population:ghsl", Share: ptr(*c.Share * 0.99)},
		}})
	}
	for k := 2; k <= 3; k++ {
		f := coverage.Figures{Population: r.PopulationTotal}
		for _, c := range r.Coverage {
			share := *c.Share / float64(k)
			covered := share * r.PopulationTotal
			f.Coverage = append(f.Coverage, coverage.Row{ThresholdS: c.ThresholdS, Covered: covered, Uncovered: r.PopulationTotal - covered, Share: &share})
		}
		r.Choices = append(r.Choices, coverage.Choice{K: k, Figures: f})
	}
	access := coverage.AccessMeasure{
		Method: "e2sfca", Unit: map[string]string{"en": "per 1,000 people", "it": "ogni 1.000 persone"}, Mean: ptr(0.834),
		Parameters: []coverage.Parameter{{Name: "max_time", Value: 1800.0, Unit: "s"}},
		Equity:     &coverage.Equity{Of: "e2sfca", People: r.PopulationTotal, Gini: ptr(0.314), Palma: ptr(2.41), Theil: ptr(0.171)},
	}
	for i := range r.Areas {
		access.Areas = append(access.Areas, coverage.AreaValue{Code: r.Areas[i].Code, Name: r.Areas[i].Name, Value: ptr(0.2 + 0.13*float64(i))})
	}
	r.Access = []coverage.AccessMeasure{access}
	r.Equity = &coverage.Equity{Of: "time", People: r.PopulationTotal - r.Coverage[0].Unreachable, Gini: ptr(0.4312), Palma: ptr(3.918), Theil: ptr(0.3071)}
	c := &coverage.Capacity{WithinS: 1800, MeanS: ptr(611)}
	c.Total = r.Coverage[1].Covered * 0.9
	c.Assigned, c.Full, c.Beyond = c.Total, r.Coverage[1].Covered-c.Total, r.Coverage[1].Uncovered+r.Coverage[1].Unreachable
	for _, name := range facilityNames {
		n := c.Total / float64(len(facilityNames))
		c.Loads = append(c.Loads, coverage.FacilityLoad{Name: name, Capacity: n, Assigned: n, MeanS: ptr(611), MaxS: ptr(1740)})
	}
	for i := range r.Areas {
		row := r.Areas[i].Coverage[1]
		c.Areas = append(c.Areas, coverage.CapacityArea{
			Code: r.Areas[i].Code, Name: r.Areas[i].Name, People: r.Areas[i].Population,
			Assigned: row.Covered * 0.9, Full: row.Covered * 0.1, Beyond: row.Uncovered + row.Unreachable,
		})
	}
	if len(s.Facilities)%2 == 0 {
		r.Capacity = c
	}
}

// extend adds what a study has beside its sections.
func (l *land) extend(st *coverage.Study, o Options, lacks map[string][][]bool) {
	for _, profile := range o.Profiles {
		if len(o.Services) < 2 {
			break
		}
		i := coverage.Isolation{Profile: profile, ThresholdS: 1800, Services: o.Services, People: make([]float64, len(o.Services)+1)}
		for _, a := range l.areas {
			i.Areas = append(i.Areas, coverage.IsolationArea{Code: a.Code, Name: a.Name, People: make([]float64, len(o.Services)+1)})
		}
		for c, people := range l.people {
			k := 0
			for _, far := range lacks[profile] {
				if far[c] {
					k++
				}
			}
			i.People[k] += people
			i.Areas[l.area[c]].People[k] += people
		}
		st.Isolation = append(st.Isolation, i)
	}
	l.judge(st)
	l.site(st)
	// A small group is hidden in one area of the first section.
	st.Disclosure = &coverage.Disclosure{Threshold: 3, Primary: 1, Secondary: 1}
	r := st.Sections[0]
	r.Disclosure = st.Disclosure
	for _, k := range []int{1, 2} {
		if k < len(r.Areas) {
			r.Areas[k].Coverage = slices.Clone(r.Areas[k].Coverage)
			r.Areas[k].Coverage[0] = coverage.Row{ThresholdS: r.ThresholdsS[0], Suppressed: true}
		}
	}
	st.ByClass = coverage.ByClass(st)
}

// site makes up further points of the first service, at places of the land.
func (l *land) site(st *coverage.Study) {
	r := st.Sections[0]
	c := r.Coverage[1]
	s := coverage.Siting{
		Service: r.Service, Profile: r.Profile, Objective: "cover", ThresholdS: c.ThresholdS, MostS: 2 * c.ThresholdS, Population: r.PopulationTotal, Covered: c.Covered,
		MeanS: 1200, Candidates: coverage.SitingCandidates{Kind: "settlements", Count: len(l.places)}, ShareOfBest: 0.94, BlocksOf: 3,
		Notices: []coverage.Notice{{Code: "facilities-moved", Text: "One facility was moved.", Texts: map[string]string{"it": "Un punto di servizio è stato spostato."}}},
	}
	left, covered := c.Uncovered+c.Unreachable, c.Covered
	point := func(k int, share float64) coverage.SitedPoint {
		p := l.places[(2*k+1)%len(l.places)]
		gain := left * share
		after := (covered + gain) / r.PopulationTotal
		a := l.areas[p.Area]
		return coverage.SitedPoint{
			ID: fmt.Sprintf("settlement-%d", k+1), Name: p.Name, Lon: p.Lon, Lat: p.Lat, AreaCode: a.Code, AreaName: a.Name,
			NewlyWithin: gain, NewlyReached: gain / 8, HoursSaved: gain / 3, CoveredAfter: &after,
		}
	}
	for k := range 12 {
		s.Alone = append(s.Alone, point(k, 0.4/float64(k+1)))
	}
	for k := range 3 {
		s.Chosen = append(s.Chosen, point(k, 0.4/float64(k+1)))
		covered += s.Chosen[k].NewlyWithin
	}
	st.Siting = []coverage.Siting{s}
}

func (l *land) judge(st *coverage.Study) {
	ptr := func(v float64) *float64 { return &v }
	yes, no := true, false
	st.Rules = []coverage.RuleResult{
		{ID: "it-pharmacy-3300", Table: "it-services/2026.1", Title: map[string]string{"en": "One pharmacy for every 3,300 inhabitants", "it": "Una farmacia ogni 3.300 abitanti"}, Service: "pharmacy", Source: "DL 1/2012, art. 11", Status: "law", Date: "2012-01-24", Met: &yes, Value: ptr(2890), Required: ptr(3300), Unit: "people"},
		{ID: "it-school-walk", Table: "it-services/2026.1", Title: map[string]string{"en": "Primary school within 500 m on foot", "it": "Scuola primaria entro 500 m a piedi"}, Service: "school", Profile: "walking", Source: "DM 18/12/1975", Status: "law", Date: "1975-12-18", Met: &no, Value: ptr(0.412), Required: ptr(1), Unit: "share", People: 5123, Areas: []coverage.RuleArea{{Code: l.areas[0].Code, Name: l.areas[0].Name, Met: &no, Value: ptr(0.31), People: 812}}},
		{ID: "it-ambulance", Table: "it-services/2026.1", Title: map[string]string{"en": "Ambulance within 18 minutes (75th percentile)", "it": "Ambulanza entro 18 minuti (75° percentile)"}, Source: "D09Z", Status: "official-indicator", Date: "2019-03-12", Unit: "min", Required: ptr(18), Why: map[string]string{"en": "No dataset of ambulance stations.", "it": "Manca un dataset delle postazioni di ambulanza."}},
	}
	for i, a := range l.areas {
		st.Classes = append(st.Classes, coverage.AreaClass{
			Scheme: "snai-2020", Level: "municipality", Code: a.Code, Name: a.Name, Class: string(rune('C' + i%3)),
			Label: map[string]string{"en": "belt", "it": "cintura"}, Value: ptr(18.4 + float64(i)*7), Official: string(rune('C' + (i+i/4)%3)), OfficialValue: ptr(19 + float64(i)*7),
		})
	}
	st.Indicators = []coverage.Indicator{
		{ID: "sdg-9.1.1", Title: map[string]string{"en": "Rural access index", "it": "Indice di accesso rurale"}, Value: ptr(0.873), Unit: "share", Parts: map[string]float64{"rural_people": 8211, "within_2km": 7168}, Source: "UN SDG 9.1.1"},
		{ID: "sdg-11.3.1", Title: map[string]string{"en": "Land consumption to population growth", "it": "Consumo di suolo e crescita della popolazione"}, Unit: "ratio", Source: "UN SDG 11.3.1", Why: map[string]string{"en": "The population falls.", "it": "La popolazione cala."}},
	}
	st.Checks = []coverage.Check{
		{Code: "outside-municipality", Severity: coverage.SeverityError, Dataset: "pharmacy", Feature: "12", Name: "Farmacia Rossi", Lon: ptr(9.51), Lat: ptr(47.03), Text: map[string]string{"en": "Lies in Dolceacqua, but says Erbonne.", "it": "Si trova in Dolceacqua, ma dichiara Erbonne."}},
		{Code: "duplicate", Severity: coverage.SeverityWarning, Dataset: "school", Feature: "3", Name: "Scuola Manzoni", Text: map[string]string{"en": "Shares its position with another.", "it": "Condivide la posizione con un’altra."}},
		{Code: "data-age", Severity: coverage.SeverityNote, Dataset: "popolazione", Text: map[string]string{"en": "The data are of 2021.", "it": "I dati sono del 2021."}},
	}
}
