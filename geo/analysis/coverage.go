package analysis

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/paulmach/orb"

	"contado/geo"
	"contado/geo/coverage"
	"contado/geo/coverage/report"
	"contado/geo/disclosure"
	"contado/geo/fault"
	"contado/geo/store/catalog"
	"contado/geo/travel"
)

// The profiles: how people move.
const (
	Walking        = "walking"
	WalkingElderly = "walking-elderly"
	StraightLine   = "straight-line"
)

// Profiles lists them for help texts and errors: the usual ones first, then
// those of the travel engine.
func Profiles() []string {
	return append([]string{Walking, WalkingElderly, StraightLine}, travel.ProfileNames()...)
}

// CoverageRequest asks who of a territory reaches a service. Empty fields
// take what the catalog has for the role.
type CoverageRequest struct {
	Territory  string    // code
	Service    string    // dataset id
	Profile    string    // "" = walking where there is land cover, else straight-line
	Thresholds []float64 // seconds; empty = 15, 30 and 60 minutes

	Direction  travel.Direction
	Neighbours int     // 8 or 16; 0 = 16
	SpeedKmh   float64 // straight-line only; 0 = 5
	// Own are profiles beside those of the program, by their names; they go
	// before these.
	Own []travel.Profile
	// Speeds replaces the table that the program chooses for the land cover.
	Speeds *travel.SpeedTable

	// Transit says when and how people ride, for profiles of public transport.
	Transit TransitWindow

	LandCover, Elevation, Population, Places string
	Roads, Barriers                          []string // "none" for none at all
	// Season closes or slows ground and roads, in the words of season:
	// "snowline:1500", "snow:DATASET@2026-01", "flood:DATASET".
	Season []string

	// HideBelow is the number of people below which counts are hidden, with as
	// many others as it takes that they cannot be computed; 0 is
	// disclosure.DefaultThreshold, below 0 nothing is hidden.
	HideBelow float64

	ID    string // of the report; "" = made from territory and service
	Title string
}

// DefaultThresholds are 15, 30 and 60 minutes.
var DefaultThresholds = []float64{900, 1800, 3600}

const (
	maxThreshold       = 86400.0
	defaultStraightKmh = 5.0
	maxStraightKmh     = 200.0
)

// Coverage computes the report and what is needed to draw it.
func (e *Engine) Coverage(ctx context.Context, q CoverageRequest, p Progress) (*coverage.Report, *report.Sketch, error) {
	s, err := e.setting(ctx, &q)
	if err != nil {
		return nil, nil, err
	}
	service, err := s.service(q.Service)
	if err != nil {
		return nil, nil, err
	}
	p.tell(0.05, "areas")
	w, err := s.way(ctx, q.Profile, p.part(0.05, 0.5))
	if err != nil {
		return nil, nil, err
	}
	sec, err := w.section(ctx, service, p.part(0.5, 1))
	if err != nil {
		return nil, nil, err
	}
	rep := sec.report
	rep.ID, rep.Title = q.ID, q.Title
	if rep.ID == "" {
		rep.ID = reportID(q.Territory, service.String(), w.profile)
	}
	rep.Inputs, rep.Notices = inputsOf(s.run, w.run, sec.run), append(rep.Notices, noticesOf(s.run, w.run, sec.run)...)
	if q.HideBelow >= 0 {
		err = disclosure.ProtectReport(ctx, rep, q.HideBelow)
	}
	return rep, sec.sketch, err
}

// setting is a territory with its areas and people: what all the parts of a
// study share.
type setting struct {
	*run
	q           *CoverageRequest
	whole       geo.Territory
	areas       []area
	box         geo.BBox // of the areas, WGS84
	population  catalog.Dataset
	settlements []coverage.Place

	ground   *ground     // once a way of moving has read it
	standing []*standing // people on the grids used so far
}

// setting resolves what a request says of the territory and its people.
func (e *Engine) setting(ctx context.Context, q *CoverageRequest) (*setting, error) {
	r, err := e.begin(ctx)
	if err != nil {
		return nil, err
	}
	return r.settingOf(ctx, q)
}

// settingOf is setting in the state of the data that a run sees.
func (r *run) settingOf(ctx context.Context, q *CoverageRequest) (*setting, error) {
	const op = "analysis.Coverage"
	s := &setting{run: r, q: q}
	if len(q.Thresholds) == 0 {
		q.Thresholds = DefaultThresholds
	}
	for _, t := range q.Thresholds {
		if !(t > 0 && t <= maxThreshold) {
			return nil, fault.Errorf(op, fault.Invalid, "threshold of %g seconds: want more than 0 and at most %g (a day)", t, maxThreshold)
		}
	}
	if q.SpeedKmh < 0 || q.SpeedKmh > maxStraightKmh || math.IsNaN(q.SpeedKmh) {
		return nil, fault.Errorf(op, fault.Invalid, "speed %g km/h: want 0 to %g", q.SpeedKmh, maxStraightKmh)
	}
	if q.SpeedKmh == 0 {
		q.SpeedKmh = defaultStraightKmh
	}
	var err error
	if s.whole, err = r.territory(q.Territory); err != nil {
		return nil, err
	}
	if s.areas, s.box, err = r.leaves(ctx, q.Territory); err != nil {
		return nil, err
	}
	var found bool
	if s.population, found, err = r.pick(catalog.Population, q.Population, "--population", s.box); err != nil {
		return nil, err
	} else if !found {
		return nil, fault.WithHint(fault.Errorf(op, fault.Invalid, "no dataset of role population covers territory %q", q.Territory),
			"ingest a population grid, or a table of people by territory code, with --role population")
	}
	if err = s.allowed(q.HideBelow); err != nil {
		return nil, err
	}
	s.settlements, err = r.places(ctx, q.Places, s.areas, s.box)
	return s, err
}

// way is one way of moving over a setting, and the people on its cells.
type way struct {
	*setting
	*run    // of this way alone: its inputs and notices
	profile string
	mover   mover
	*standing
}

// way prepares a way of moving; "" is walking where there is land cover, else
// a straight line.
func (s *setting) way(ctx context.Context, profile string, p Progress) (*way, error) {
	w := &way{setting: s, run: s.fork(), profile: profile}
	var err error
	if w.mover, err = w.newMover(ctx, p.part(0, 0.7)); err != nil {
		return nil, err
	}
	p.tell(0.75, "people")
	w.standing, err = s.stand(ctx, w.mover)
	return w, err
}

// section is the answer for one service and one way of moving.
type section struct {
	*way
	*run
	service    chosen
	facilities []facility
	report     *coverage.Report
	sketch     *report.Sketch
	times      *movement
	demand     coverage.Demand // the people with their times
}

// section computes the coverage of a service.
func (w *way) section(ctx context.Context, service chosen, p Progress) (*section, error) {
	return w.sectionAt(ctx, service, nil, p)
}

// moveOptions are those that the request gives.
func (w *way) moveOptions() moveOptions {
	return moveOptions{direction: w.q.Direction, neighbours: w.q.Neighbours}
}

// sectionAt computes the coverage of a service by the facilities open at a
// time of the week; nil for all.
func (w *way) sectionAt(ctx context.Context, service chosen, at *OpenAt, p Progress) (*section, error) {
	c, err := w.reach(ctx, service, at, p.part(0, 0.7))
	if err != nil {
		return nil, err
	}
	return c, c.count(ctx, p.part(0.7, 1))
}

// reach computes the times to a service.
func (w *way) reach(ctx context.Context, service chosen, at *OpenAt, p Progress) (*section, error) {
	c := &section{way: w, run: w.setting.fork(), service: service}
	if err := c.findFacilities(ctx); err != nil {
		return nil, err
	}
	c.open(at)
	p.tell(0, "travel times")
	var err error
	c.times, err = w.mover.times(ctx, c.facilities, w.moveOptions(), p)
	return c, err
}

// count turns times into the figures of a report.
func (c *section) count(ctx context.Context, p Progress) error {
	p.tell(0, "counting")
	c.demand = c.who.to(c.times)
	var err error
	if c.report, err = coverage.Compute(ctx, c.demand, coverageAreas(c.areas), c.settlements, coverage.Params{
		Thresholds: c.q.Thresholds, BandNames: c.who.bandNames, FacilityNames: facilityNames(c.facilities),
	}); err != nil {
		return err
	}
	c.nameGaps()
	c.describe()
	p.tell(0.8, "drawing")
	c.sketch, err = c.draw()
	return err
}

// findFacilities reads the facilities near enough to matter. In a straight
// line every facility can be reached, so then the search widens to all.
func (c *section) findFacilities(ctx context.Context) error {
	var err error
	near := c.box.Buffer(c.degrees(c.mover.reach(c.longest())))
	if c.facilities, err = c.run.facilitiesOf(ctx, c.service, near); err != nil || len(c.facilities) > 0 {
		return err
	}
	if c.profile == StraightLine {
		all := c.service.extent()
		if c.facilities, err = c.run.facilitiesOf(ctx, c.service, all); err != nil || len(c.facilities) > 0 {
			return err
		}
	}
	if c.service.set.Version.Vector.Count == 0 {
		return fault.Errorf("analysis.Coverage", fault.Invalid, "service %q has no facility at all", c.service.set.ID)
	}
	if c.service.Kind != "" {
		if err := c.anyOfKind(ctx); err != nil {
			return err
		}
	}
	c.notice("no-facility-near",
		"No facility of this service lies in the territory or on the ground taken in around it, so everyone counts as unreachable.",
		"Nessun punto di questo servizio si trova nel territorio o nel terreno considerato attorno: tutti risultano non raggiungibili.")
	return nil
}

// anyOfKind is an error when no row at all is of the service's kind: a word
// misspelt rather than a service that is far away.
func (c *section) anyOfKind(ctx context.Context) error {
	list, err := c.facilitiesOf(ctx, c.service, c.service.extent())
	if err != nil || len(list) > 0 {
		return err
	}
	there, err := c.kinds(ctx, c.service)
	if err != nil {
		return err
	}
	return fault.WithHint(fault.Errorf("analysis.Coverage", fault.NotExist, "dataset %q has no facility of kind %q", c.service.set.ID, c.service.Kind), "there are: "+there)
}

// longest is the largest threshold, in seconds.
func (s *setting) longest() float64 {
	longest := 0.0
	for _, t := range s.q.Thresholds {
		longest = math.Max(longest, t)
	}
	return longest
}

// degrees is a distance on the ground in degrees of longitude, the larger
// measure, anywhere in the territory.
func (s *setting) degrees(metres float64) float64 {
	lat := math.Max(math.Abs(s.box.MinY), math.Abs(s.box.MaxY))
	return metres / (111_000 * math.Max(0.1, math.Cos(math.Min(lat, 85)*math.Pi/180)))
}

// describe writes everything but the numbers into the report.
func (c *section) describe() {
	rep := c.report
	model, parameters, formulas := c.mover.method()
	rep.CreatedAt = time.Now().UTC().Truncate(time.Second)
	rep.Territory = coverage.Territory{Code: c.whole.Code, Name: c.whole.Name}
	rep.AreaLevel = c.areas[0].Level
	rep.Service, rep.ServiceTitle, rep.Profile = c.service.String(), c.service.title(), c.profile
	rep.Facilities.Count = len(c.facilities) - len(c.times.unplaced)
	rep.Facilities.Unplaced = append(rep.Facilities.Unplaced, c.times.unplaced...)
	rep.Method.Model = model
	rep.Method.Parameters = append(slices.Clone(parameters), coverage.Parameter{
		Name: "population-spread", Value: c.spreading,
		Label: map[string]string{"en": "People to cells", "it": "Persone sulle celle"},
	})
	rep.Method.Formulas = append(rep.Method.Formulas, formulas...)
	rep.Program = c.run.programOf()
	if rep.Ridership = c.ridership(); rep.Ridership != nil {
		c.saidOfRides(rep.Ridership)
	}
	for _, in := range inputsOf(c.setting.run, c.way.run, c.run) {
		if d, err := c.snapshot.Dataset(in.Dataset); err == nil && Invented(d) {
			rep.Notices = append(rep.Notices, coverage.Notice{Code: coverage.NoticeInventedData, Text: "The data of this report are invented: a demonstration."})
			break
		}
	}
}

// draw is what the report's map shows.
func (c *section) draw() (*report.Sketch, error) {
	s := &report.Sketch{}
	for _, a := range c.areas {
		s.Areas = append(s.Areas, report.AreaShape{Code: a.Code, Geometry: a.lonLat})
	}
	for _, p := range c.facilities {
		s.Facilities = append(s.Facilities, orb.Point{p.lon, p.lat})
	}
	return s, drawTimes(s, &c.footing, c.times, c.box, c.q.Thresholds)
}

// Invented reports whether a dataset says of itself that it is made up.
func Invented(d catalog.Dataset) bool {
	return strings.Contains(strings.ToLower(d.Attribution+" "+d.Description), "invented")
}

// reportID names a report after what it is about; only [a-z0-9-].
func reportID(territory, service, profile string) string {
	clean := func(s string) string {
		return strings.Trim(strings.Map(func(c rune) rune {
			switch {
			case c >= 'a' && c <= 'z', c >= '0' && c <= '9':
				return c
			case c >= 'A' && c <= 'Z':
				return c + 'a' - 'A'
			}
			return '-'
		}, s), "-")
	}
	id := fmt.Sprintf("%s-%s-%s", clean(territory), clean(service), clean(profile))
	return id[:min(len(id), 63)]
}

func coverageAreas(list []area) []coverage.Area {
	out := make([]coverage.Area, len(list))
	for i, a := range list {
		out[i] = coverage.Area{Code: a.Code, Name: a.Name}
	}
	return out
}
