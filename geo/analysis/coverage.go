package analysis

import (
	"context"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/paulmach/orb"

	"contado/geo"
	"contado/geo/coverage"
	"contado/geo/coverage/report"
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

// Profiles lists them for help texts and errors.
var Profiles = []string{Walking, WalkingElderly, StraightLine}

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
	// Speeds replaces the table that the program chooses for the land cover.
	Speeds *travel.SpeedTable

	LandCover, Elevation, Population, Places string
	Roads, Barriers                          []string // "none" for none at all

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
	r, err := e.begin(ctx)
	if err != nil {
		return nil, nil, err
	}
	c, err := r.prepare(ctx, &q)
	if err != nil {
		return nil, nil, err
	}
	p.tell(0.05, "areas and facilities")
	f, err := c.times(ctx, p)
	if err != nil {
		return nil, nil, err
	}
	p.tell(0.75, "people")
	who, spreading, err := r.demand(ctx, c.population, c.areas, f)
	if err != nil {
		return nil, nil, err
	}
	places, err := r.places(ctx, q.Places, c.areas, c.box)
	if err != nil {
		return nil, nil, err
	}
	p.tell(0.85, "counting")
	rep, err := coverage.Compute(ctx, who.Demand, coverageAreas(c.areas), places, coverage.Params{
		Thresholds: q.Thresholds, BandNames: who.bandNames, FacilityNames: facilityNames(c.facilities),
	})
	if err != nil {
		return nil, nil, err
	}
	c.describe(rep, spreading)
	p.tell(0.95, "drawing")
	sketch, err := c.sketch(f)
	return rep, sketch, err
}

// coverageRun is one coverage question with its inputs resolved.
type coverageRun struct {
	*run
	q          *CoverageRequest
	territory  geo.Territory
	areas      []area
	box        geo.BBox // of the areas, WGS84
	service    catalog.Dataset
	facilities []facility
	landCover  catalog.Dataset
	population catalog.Dataset

	unplaced   []coverage.UnplacedFacility
	parameters []coverage.Parameter
	formulas   []coverage.Formula
	model      string
}

func (r *run) prepare(ctx context.Context, q *CoverageRequest) (*coverageRun, error) {
	const op = "analysis.Coverage"
	c := &coverageRun{run: r, q: q}
	var err error
	if len(q.Thresholds) == 0 {
		q.Thresholds = DefaultThresholds
	}
	for _, t := range q.Thresholds {
		if !(t > 0 && t <= maxThreshold) {
			return nil, fault.Errorf(op, fault.Invalid, "threshold of %g seconds: want more than 0 and at most %g (a day)", t, maxThreshold)
		}
	}
	if c.territory, err = r.territory(q.Territory); err != nil {
		return nil, err
	}
	if c.service, err = r.snapshot.Dataset(q.Service); err != nil {
		return nil, err
	}
	if c.areas, c.box, err = r.leaves(ctx, q.Territory); err != nil {
		return nil, err
	}
	var found bool
	if c.population, found, err = r.pick(catalog.Population, q.Population, "--population", c.box); err != nil {
		return nil, err
	} else if !found {
		return nil, fault.WithHint(fault.Errorf(op, fault.Invalid, "no dataset of role population covers territory %q", q.Territory),
			"ingest a population grid, or a table of people by territory code, with --role population")
	}
	if err := c.chooseProfile(); err != nil {
		return nil, err
	}
	return c, c.findFacilities(ctx)
}

// findFacilities reads the facilities near enough to matter. In a straight
// line every facility can be reached, so then the search widens to all.
func (c *coverageRun) findFacilities(ctx context.Context) error {
	var err error
	if c.facilities, err = c.run.facilities(ctx, c.service, c.box.Buffer(c.reachDegrees())); err != nil || len(c.facilities) > 0 {
		return err
	}
	all := c.service.Version.BBoxWGS84
	if c.q.Profile == StraightLine {
		if c.facilities, err = c.run.facilities(ctx, c.service, all); err != nil || len(c.facilities) > 0 {
			return err
		}
	}
	if c.service.Version.Vector.Count == 0 {
		return fault.Errorf("analysis.Coverage", fault.Invalid, "service %q has no facility at all", c.service.ID)
	}
	c.notice("no-facility-near",
		"No facility of this service lies in the territory or on the ground taken in around it, so everyone counts as unreachable.",
		"Nessun punto di questo servizio si trova nel territorio o nel terreno considerato attorno: tutti risultano non raggiungibili.")
	return nil
}

// chooseProfile settles how people move and with what land cover.
func (c *coverageRun) chooseProfile() error {
	const op = "analysis.Coverage"
	q := c.q
	switch q.Profile {
	case "", Walking, WalkingElderly, StraightLine:
	default:
		return fault.Errorf(op, fault.Invalid, "unknown profile %q (profiles: %s)", q.Profile, strings.Join(Profiles, ", "))
	}
	if q.SpeedKmh < 0 || q.SpeedKmh > maxStraightKmh || math.IsNaN(q.SpeedKmh) {
		return fault.Errorf(op, fault.Invalid, "speed %g km/h: want 0 to %g", q.SpeedKmh, maxStraightKmh)
	}
	if q.SpeedKmh == 0 {
		q.SpeedKmh = defaultStraightKmh
	}
	if q.Profile == StraightLine {
		return nil
	}
	d, found, err := c.pick(catalog.LandCover, q.LandCover, "--landcover", c.box)
	if err != nil {
		return err
	}
	switch {
	case found:
		c.landCover = d
		if q.Profile == "" {
			q.Profile = Walking
		}
	case q.Profile == "":
		q.Profile = StraightLine
		c.notice("straight-line",
			"No land cover is known here, so distances are straight lines at a fixed speed: real walks are longer, and nobody is unreachable.",
			"Qui non è nota la copertura del suolo: le distanze sono in linea d'aria a velocità fissa; i percorsi reali sono più lunghi e nessuno risulta irraggiungibile.")
	default:
		return fault.WithHint(fault.Errorf(op, fault.Invalid, "profile %q needs land cover, and no dataset of role landcover covers the territory", q.Profile),
			"ingest land cover, or use the profile straight-line")
	}
	return nil
}

// reachDegrees is how far round the territory facilities and ground are taken
// in: twice the way that a fast walker makes within the largest threshold, at
// least 5 km. Times beyond it may be overstated; they are over every
// threshold anyhow.
func (c *coverageRun) reachDegrees() float64 {
	longest := 0.0
	for _, t := range c.q.Thresholds {
		longest = math.Max(longest, t)
	}
	speed := 6.0 / 3.6
	if c.q.Profile == StraightLine {
		speed = c.q.SpeedKmh / 3.6
	}
	metres := math.Max(5000, 2*longest*speed)
	metres = math.Min(metres, 100_000)
	lat := math.Max(math.Abs(c.box.MinY), math.Abs(c.box.MaxY))
	return metres / (111_000 * math.Max(0.1, math.Cos(math.Min(lat, 85)*math.Pi/180)))
}

// times computes the field of travel times by the profile chosen.
func (c *coverageRun) times(ctx context.Context, p Progress) (*field, error) {
	if c.q.Profile == StraightLine {
		return c.straightTimes(ctx, p)
	}
	return c.walkingTimes(ctx, p)
}

func (c *coverageRun) straightTimes(ctx context.Context, p Progress) (*field, error) {
	g, err := straightGrid(c.box)
	if err != nil {
		return nil, err
	}
	areaOf, err := areaOfCells(c.areas, g)
	if err != nil {
		return nil, err
	}
	f, err := straightField(ctx, g, areaOf, c.facilities, c.q.SpeedKmh/3.6, func(done float64, stage string) {
		p.tell(0.05+0.7*done, stage)
	})
	if err != nil {
		return nil, err
	}
	c.model = "straight-line distance to the nearest facility, geodesic on WGS84, at a fixed speed"
	c.parameters = append(c.parameters,
		coverage.Parameter{Name: "speed", Value: c.q.SpeedKmh, Unit: "km/h"},
		coverage.Parameter{Name: "cell-size", Value: g.Transform[1], Unit: "m"},
	)
	c.formulas = append(c.formulas, coverage.Formula{Name: "time", Text: "t = d / v", Source: "geodesic d on the WGS84 ellipsoid"})
	return f, nil
}

// describe writes everything but the numbers into the report.
func (c *coverageRun) describe(rep *coverage.Report, spreading string) {
	q := c.q
	rep.ID = q.ID
	if rep.ID == "" {
		rep.ID = reportID(q)
	}
	rep.CreatedAt = time.Now().UTC().Truncate(time.Second)
	rep.Territory = coverage.Territory{Code: c.territory.Code, Name: c.territory.Name}
	rep.AreaLevel = c.areas[0].Level
	rep.Service, rep.ServiceTitle, rep.Profile = q.Service, c.service.Title, q.Profile
	rep.Title = q.Title
	rep.Facilities.Count = len(c.facilities) - len(c.unplaced)
	rep.Facilities.Unplaced = append(rep.Facilities.Unplaced, c.unplaced...)
	rep.Inputs = c.inputs
	rep.Method.Model = c.model
	rep.Method.Parameters = append(c.parameters, coverage.Parameter{
		Name: "population-spread", Value: spreading,
		Label: map[string]string{"en": "People to cells", "it": "Persone sulle celle"},
	})
	rep.Method.Formulas = append(rep.Method.Formulas, c.formulas...)
	for _, in := range c.inputs {
		if d, err := c.snapshot.Dataset(in.Dataset); err == nil && Invented(d) {
			c.notices = append(c.notices, coverage.Notice{Code: coverage.NoticeInventedData, Text: "The data of this report are invented: a demonstration."})
			break
		}
	}
	rep.Notices = append(rep.Notices, c.notices...)
	name, version, _ := strings.Cut(c.program, " ")
	rep.Program = coverage.Program{Name: name, Version: version}
}

// Invented reports whether a dataset says of itself that it is made up.
func Invented(d catalog.Dataset) bool {
	return strings.Contains(strings.ToLower(d.Attribution+" "+d.Description), "invented")
}

// reportID names a report after what it is about; only [a-z0-9-].
func reportID(q *CoverageRequest) string {
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
	id := fmt.Sprintf("%s-%s-%s", clean(q.Territory), clean(q.Service), clean(q.Profile))
	return id[:min(len(id), 63)]
}

func coverageAreas(list []area) []coverage.Area {
	out := make([]coverage.Area, len(list))
	for i, a := range list {
		out[i] = coverage.Area{Code: a.Code, Name: a.Name}
	}
	return out
}

// sketch is what the report's map draws.
func (c *coverageRun) sketch(f *field) (*report.Sketch, error) {
	s := &report.Sketch{}
	for _, a := range c.areas {
		s.Areas = append(s.Areas, report.AreaShape{Code: a.Code, Geometry: a.lonLat})
	}
	for _, p := range c.facilities {
		s.Facilities = append(s.Facilities, orb.Point{p.lon, p.lat})
	}
	return s, drawTimes(s, f, c.box, c.q.Thresholds)
}
