package analysis

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"

	"contado/geo/coverage"
	"contado/geo/disclosure"
	"contado/geo/fault"
	"contado/geo/mosaic"
)

// ExploreRequest is a question of someone who looks at a territory: the
// coverage of one service, with what-ifs.
type ExploreRequest struct {
	// CoverageRequest says of whom and how; no Thresholds are ExploreSteps,
	// none may be beyond the last of them. Own and Speeds are refused, ID and
	// Title are not read: nothing is kept under a name.
	CoverageRequest
	// Without are ids of facilities taken as closed, and Extra facilities that
	// are not there, taken as open.
	Without []string
	Extra   []TravelPlace
	// Ranges varies the assumptions behind the shares.
	Ranges bool
	// Rules are tables of standards that the program has, such as ItalianRules.
	Rules []string
}

// ExploreSteps are the times, in seconds, at which explorations count: 5, 10,
// 15, 20, 30, 45, 60 and 90 minutes. Few enough that few numbers have to be
// hidden.
var ExploreSteps = []float64{300, 600, 900, 1200, 1800, 2700, 3600, 5400}

// Limits of an ExploreRequest.
const (
	MaxWithout = 50
	MaxExtra   = 20
	// maxExploreFacilities bounds the facilities that an answer names.
	maxExploreFacilities = 2000
)

const opExplore = "analysis.Explore"

// Exploration is the answer.
type Exploration struct {
	Report *coverage.Report      `json:"report"` // protected
	Rules  []coverage.RuleResult `json:"rules,omitempty"`
	// Facilities are those that the times lead to, and FacilitiesOmitted how
	// many more there are.
	Facilities        []ExploreFacility `json:"facilities"`
	FacilitiesOmitted int               `json:"facilities_omitted,omitempty"`
	Surface           SurfaceInfo       `json:"surface"`
	// Stamp changes with the data that the answer is from.
	Stamp string `json:"stamp"`
}

// ExploreFacility is a facility of an Exploration.
type ExploreFacility struct {
	TravelPlace
	Extra bool `json:"extra,omitempty"` // of the request
}

func (q *ExploreRequest) check() error {
	bad := func(format string, args ...any) error { return fault.Errorf(opExplore, fault.Invalid, format, args...) }
	switch {
	case len(q.Own) > 0 || q.Speeds != nil:
		return bad("explorations take the profiles and speeds of the program alone")
	case len(q.Without) > MaxWithout || len(q.Extra) > MaxExtra:
		return bad("%d facilities without and %d extra; at most %d and %d", len(q.Without), len(q.Extra), MaxWithout, MaxExtra)
	case len(q.Rules) > 8:
		return bad("%d tables of rules; at most 8", len(q.Rules))
	}
	last := ExploreSteps[len(ExploreSteps)-1]
	for _, t := range q.Thresholds {
		if !(t > 0 && t <= last) {
			return bad("threshold of %g seconds: want more than 0 and at most %g", t, last)
		}
	}
	_, err := placesAsFacilities(q.Extra)
	return err
}

// Explore answers a question, with what is kept of earlier ones: the ground,
// the way of moving and the times to a service are computed once for all
// thresholds and people.
func (e *Engine) Explore(ctx context.Context, q ExploreRequest, p Progress) (*Exploration, error) {
	if err := q.check(); err != nil {
		return nil, err
	}
	if len(q.Thresholds) == 0 {
		q.Thresholds = ExploreSteps
	}
	s, err := e.explored.section(ctx, e, &q, p.part(0, 0.8))
	if err != nil {
		return nil, err
	}
	return e.explored.answer(ctx, s, &q, p.part(0.8, 1))
}

// Explored reports whether the times of a question are computed already.
func (e *Engine) Explored(q ExploreRequest) bool {
	return q.check() == nil && e.explored.has(e, &q)
}

// TimeSurface is the surface of the times of a question.
func (e *Engine) TimeSurface(ctx context.Context, q ExploreRequest, p Progress) (*TimeSurface, error) {
	if err := q.check(); err != nil {
		return nil, err
	}
	s, err := e.explored.section(ctx, e, &q, p)
	if err != nil {
		return nil, err
	}
	return s.surface, nil
}

// ExploreJourney tells the journey from a place to the facility that is
// nearest in an exploration: see TravelExplain.
func (e *Engine) ExploreJourney(ctx context.Context, q ExploreRequest, from TravelPlace, p Progress) (*Journey, error) {
	if err := q.check(); err != nil {
		return nil, err
	}
	s, err := e.explored.section(ctx, e, &q, p.part(0, 0.6))
	if err != nil {
		return nil, err
	}
	c := s.section.again(nil)
	if c.profile == StraightLine {
		return nil, fault.WithHint(fault.Errorf(opExplore, fault.Unsupported, "a straight line has no legs to tell"), "choose another way of moving")
	}
	return (&trip{way: c.way, list: c.facilities}).explain(ctx, &TravelRequest{Direction: q.Direction, Neighbours: q.Neighbours}, from, p.part(0.6, 1))
}

// counted is a section with its report, from its times.
func (s *exploredSection) counted(ctx context.Context, q *ExploreRequest) (*section, error) {
	c := s.section.again(q.Thresholds)
	var err error
	if c.report, err = coverage.Compute(ctx, c.demand, coverageAreas(c.areas), c.settlements, coverage.Params{
		Thresholds: q.Thresholds, BandNames: c.who.bandNames, FacilityNames: facilityNames(c.facilities),
	}); err != nil {
		return nil, err
	}
	c.times = &movement{unplaced: s.unplaced, rides: s.rides}
	c.describe()
	c.report.ID = reportID(q.Territory, c.service.String(), c.profile)
	return c, nil
}

// compute answers from the times of a section.
func (s *exploredSection) compute(ctx context.Context, q *ExploreRequest, p Progress) (*Exploration, error) {
	p.tell(0, "counting")
	c, err := s.counted(ctx, q)
	if err != nil {
		return nil, err
	}
	out := &Exploration{Report: c.report, Surface: s.surface.Info(), Stamp: s.stamp, Rules: []coverage.RuleResult{}}
	if q.Ranges {
		p.tell(0.3, "assumptions")
		if err := c.exploreRanges(ctx); err != nil {
			return nil, err
		}
	}
	hidden, err := c.setting.untold(ctx, c.population, c.areas, c.box, c.who.bandNames)
	if err != nil {
		return nil, err
	}
	c.report.Inputs = inputsOf(c.setting.run, c.way.run, c.run)
	c.report.Notices = append(c.report.Notices, noticesOf(c.setting.run, c.way.run, c.run)...)
	p.tell(0.7, "rules and protection of small numbers")
	if err := c.judged(ctx, q, out); err != nil {
		return nil, err
	}
	if hidden != nil {
		disclosure.Untold(out.Report, out.Rules, hidden)
	}
	out.name(c, q)
	return out, nil
}

// exploreRanges varies the assumptions; other layers of people need the times
// of all cells, which are not kept.
func (c *section) exploreRanges(ctx context.Context) error {
	said := c.way.run.said() // the way notes again what it has noted before
	var err error
	if c.times, err = c.mover.times(ctx, c.facilities, c.moveOptions(), nil); err != nil {
		return err
	}
	err = c.ranges(ctx)
	c.way.run.notices = said
	return err
}

// judged evaluates the rules and hides small numbers.
func (c *section) judged(ctx context.Context, q *ExploreRequest, out *Exploration) error {
	if len(q.Rules) == 0 {
		if q.HideBelow < 0 {
			return nil
		}
		return disclosure.ProtectReport(ctx, c.report, q.HideBelow)
	}
	y := &study{
		setting: c.setting, services: []chosen{c.service}, sections: []*section{c},
		q: &StudyRequest{CoverageRequest: q.CoverageRequest, Services: []string{q.Service}, Rules: q.Rules},
	}
	if err := y.judge(ctx); err != nil {
		return err
	}
	doc := y.document()
	if q.HideBelow >= 0 {
		if err := disclosure.ProtectStudy(ctx, doc, q.HideBelow); err != nil {
			return err
		}
	}
	out.Report, out.Rules = doc.Sections[0], doc.Rules
	return nil
}

// name lists the facilities.
func (x *Exploration) name(c *section, q *ExploreRequest) {
	x.Facilities = []ExploreFacility{}
	first := len(c.facilities) - len(q.Extra)
	for i, f := range c.facilities {
		if len(x.Facilities) == maxExploreFacilities {
			x.FacilitiesOmitted = len(c.facilities) - i
			return
		}
		x.Facilities = append(x.Facilities, ExploreFacility{TravelPlace{ID: f.id, Name: f.name, Names: f.names, Lon: f.lon, Lat: f.lat}, i >= first})
	}
}

// suppose takes facilities out and puts others in.
func (c *section) suppose(q *ExploreRequest) error {
	for _, id := range q.Without {
		i := slices.IndexFunc(c.facilities, func(f facility) bool { return f.id == id })
		if i < 0 {
			return fault.Errorf(opExplore, fault.NotExist, "service %s has no facility %.80q here to be left out", c.service, id)
		}
		closed := c.facilities[i]
		c.facilities = slices.Delete(c.facilities, i, i+1)
		c.run.notice("supposed-closed", fmt.Sprintf("Supposed: %s is closed.", closed.name), fmt.Sprintf("Ipotesi: %s è chiuso.", closed.in("it")))
	}
	extra, err := placesAsFacilities(q.Extra)
	if err != nil {
		return err
	}
	for i := range extra {
		extra[i].id = fmt.Sprintf("extra-%d", i+1)
		c.run.notice("supposed-open",
			fmt.Sprintf("Supposed: one more facility, %s, at %.5f, %.5f.", extra[i].name, extra[i].lat, extra[i].lon),
			fmt.Sprintf("Ipotesi: un punto in più, %s, a %.5f, %.5f.", extra[i].name, extra[i].lat, extra[i].lon))
	}
	c.facilities = append(c.facilities, extra...)
	return nil
}

// again is a section whose answers note inputs and notices of their own; the
// original stays as it is. nil thresholds are those it has.
func (c *section) again(thresholds []float64) *section {
	out := *c
	out.run, out.way = c.run.copy(), c.way.again(thresholds)
	return &out
}

func (w *way) again(thresholds []float64) *way {
	s := *w.setting
	s.run, s.standing = w.setting.run.copy(), []*standing{w.standing}
	q := *w.setting.q
	if thresholds != nil {
		q.Thresholds = thresholds
	}
	s.q = &q
	out := *w
	out.setting, out.run = &s, w.run.copy()
	out.mover = moverOf(w.mover, &out)
	return &out
}

// moverOf is a mover that notes what it finds with another way.
func moverOf(m mover, w *way) mover {
	walks := func(k *walk) *walk {
		out := *k
		out.way = w
		return &out
	}
	switch m := m.(type) {
	case onFoot:
		return onFoot{walks(m.walk)}
	case *roadMover:
		out := *m
		out.walk = walks(m.walk)
		return &out
	case *transitMover:
		return m.over(walks(m.walk))
	}
	return m
}

// copy is a run over the same snapshot that has noted the same so far.
func (r *run) copy() *run {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := r.fork()
	out.inputs, out.notices = slices.Clone(r.inputs), slices.Clone(r.notices)
	for k, v := range r.left {
		if out.left == nil {
			out.left = make(map[mosaic.Skip]bool, len(r.left))
		}
		out.left[k] = v
	}
	return out
}

// key is a text for what questions have in common: those with the same key
// share the ground and people, the way of moving, or the times.
func (q *ExploreRequest) keys() (place, way, service, answer string, err error) {
	c := &q.CoverageRequest
	percentile := math.NaN()
	if c.Transit.Percentile != nil {
		percentile = *c.Transit.Percentile
	}
	t := c.Transit
	t.Percentile = nil
	text := func(before string, parts ...any) string {
		if err != nil {
			return ""
		}
		var b []byte
		b, err = json.Marshal(parts)
		return before + string(b)
	}
	place = text("", c.Territory, c.LandCover, c.Elevation, c.Population, c.Places, c.Roads, c.Barriers, c.Season)
	way = text(place, c.Profile, c.Neighbours, c.SpeedKmh, t, fmt.Sprint(percentile))
	service = text(way, c.Service, c.Direction, q.Without, q.Extra)
	answer = text(service, c.Thresholds, c.HideBelow, q.Ranges, q.Rules)
	return place, way, service, answer, err
}
