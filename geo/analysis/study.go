package analysis

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"contado/geo/coverage"
	"contado/geo/coverage/report"
	"contado/geo/disclosure"
	"contado/geo/fault"
)

// StudyRequest asks for a report on several services and ways of moving.
type StudyRequest struct {
	// CoverageRequest is what all sections share; its Service and Profile are
	// not read.
	CoverageRequest
	Services []string // as ParseService reads them; at least one
	Profiles []string // none = one, chosen as in Coverage

	// Ranges varies the assumptions behind each headline.
	Ranges bool
	// Nearest is the number of nearest facilities for the choice that people
	// have; 0 and 1 for none.
	Nearest int
	// Hamlets counts people also by the named place nearest to them.
	Hamlets bool
	// Access are measures of supply against demand; CapacityField is the
	// attribute of facilities that holds their supply, "" for the usual names.
	Access        []coverage.AccessParams
	CapacityField string
	// Capacity assigns people to facilities of limited capacity within so many
	// seconds; 0 for none.
	Capacity float64
	// OpenAt counts facilities open at a time of the week alone.
	OpenAt *OpenAt
	// Registered is the number of facilities in the territory by an official
	// register, by service as asked.
	Registered map[string]int
	// Rules are tables of standards by id or path, such as ItalianRules.
	Rules []string
	// Figures are numbers that rules ask for and no map tells, by name.
	Figures map[string]float64
	// Poles is the service of the poles of the strategy for inner areas (as
	// ParseService reads it): areas and hamlets are classed by the time to
	// them. "" for none.
	Poles string
	// Degurba adds the degree of urbanisation of the areas.
	Degurba bool
	// Indicators are those of the Sustainable Development Goals to add, by id
	// (see geo/sdg), with what they need in IndicatorData.
	Indicators    []string
	IndicatorData IndicatorsRequest // Territory, Population and Only are not read
	// Siting asks where further points would help most; nil for nothing.
	Siting *StudySiting
	// Recipe is the text that the request was made from, kept in the study.
	Recipe string
}

// ItalianRules is the table of Italian standards.
const ItalianRules = "it-standards"

// OpenAt is a time of the week.
type OpenAt struct {
	Day    time.Weekday
	Minute int // of the day, 0 to 1439
}

// Limits of a study.
const (
	MaxStudyServices = 32
	MaxStudyProfiles = 12
)

func (q *StudyRequest) check() error {
	const op = "analysis.Study"
	switch {
	case len(q.Services) == 0 || len(q.Services) > MaxStudyServices:
		return fault.Errorf(op, fault.Invalid, "%d services: want 1 to %d", len(q.Services), MaxStudyServices)
	case len(q.Profiles) > MaxStudyProfiles:
		return fault.Errorf(op, fault.Invalid, "%d profiles: want at most %d", len(q.Profiles), MaxStudyProfiles)
	case q.Nearest < 0 || q.Nearest > maxChoices:
		return fault.Errorf(op, fault.Invalid, "the %d nearest facilities: want at most %d", q.Nearest, maxChoices)
	case !(q.Capacity >= 0 && q.Capacity <= maxThreshold):
		return fault.Errorf(op, fault.Invalid, "capacity within %g seconds: want at most %g", q.Capacity, maxThreshold)
	}
	for i, s := range q.Services {
		if slices.Contains(q.Services[:i], s) {
			return fault.Errorf(op, fault.Invalid, "service %q is asked twice", s)
		}
	}
	for i, p := range q.Profiles {
		if slices.Contains(q.Profiles[:i], p) {
			return fault.Errorf(op, fault.Invalid, "profile %q is asked twice", p)
		}
	}
	if q.Siting != nil {
		return q.Siting.Check(q)
	}
	return nil
}

// Study computes a study and a sketch for each of its sections.
func (e *Engine) Study(ctx context.Context, q StudyRequest, p Progress) (*coverage.Study, []*report.Sketch, error) {
	if err := q.check(); err != nil {
		return nil, nil, err
	}
	s, err := e.setting(ctx, &q.CoverageRequest)
	if err != nil {
		return nil, nil, err
	}
	y := &study{setting: s, q: &q}
	if err := y.resolve(ctx); err != nil {
		return nil, nil, err
	}
	profiles := q.Profiles
	if len(profiles) == 0 {
		profiles = []string{""}
	}
	times := 0.85 // share of the work
	if q.Siting != nil {
		times = 0.55
	}
	for i, name := range profiles {
		n := float64(len(profiles))
		if err := y.profile(ctx, name, p.part(0.05+times*float64(i)/n, 0.05+times*float64(i+1)/n)); err != nil {
			return nil, nil, err
		}
	}
	if err := y.sites(ctx, p.part(0.05+times, 0.9)); err != nil {
		return nil, nil, err
	}
	p.tell(0.9, "checks and rules")
	if err := y.finish(ctx); err != nil {
		return nil, nil, err
	}
	doc := y.document()
	if q.HideBelow >= 0 {
		if err := disclosure.ProtectStudy(ctx, doc, q.HideBelow); err != nil {
			return nil, nil, err
		}
	}
	doc.ByClass = coverage.ByClass(doc)
	return doc, y.sketches, nil
}

// study is a study under construction.
type study struct {
	*setting
	q        *StudyRequest
	services []chosen
	sections []*section
	sketches []*report.Sketch
	beside   []*run // of what was computed beside the sections
	sited    []*run // of the services whose points were looked for
	doc      coverage.Study
}

// resolve finds what the study is about, and refuses what could only fail after
// all the work.
func (y *study) resolve(ctx context.Context) error {
	if y.q.Degurba || len(y.q.Indicators) > 0 {
		if err := tellsWhere(y.population); err != nil {
			return err
		}
	}
	for _, text := range y.q.Services {
		c, err := y.service(text)
		if err != nil {
			return err
		}
		y.services = append(y.services, c)
	}
	return ctx.Err()
}

// profile computes the sections of one way of moving. Times use all
// processors, one service after the other; the counting of one service goes on
// beside the times of the next.
func (y *study) profile(ctx context.Context, name string, p Progress) error {
	w, err := y.way(ctx, name, p.part(0, 0.3))
	if err != nil {
		return err
	}
	sections := make([]*section, len(y.services))
	counting, inner := errgroup.WithContext(ctx)
	counting.SetLimit(2)
	n := float64(len(y.services))
	for i, service := range y.services {
		part := p.part(0.3+0.7*float64(i)/n, 0.3+0.7*float64(i+1)/n)
		c, err := w.reach(inner, service, y.q.OpenAt, part.part(0, 0.7))
		if err != nil {
			return cmp.Or(counting.Wait(), fmt.Errorf("service %s: %w", service, err))
		}
		sections[i] = c
		counting.Go(func() error {
			if err := y.section(inner, c, part.part(0.7, 1)); err != nil {
				return fmt.Errorf("service %s: %w", service, err)
			}
			return nil
		})
	}
	if err := counting.Wait(); err != nil {
		return err
	}
	y.sections = append(y.sections, sections...)
	return y.isolation(ctx, w, sections)
}

// section counts one service, with all that is asked beside its coverage.
func (y *study) section(ctx context.Context, c *section, p Progress) error {
	if err := c.count(ctx, p.part(0, 0.7)); err != nil {
		return err
	}
	if err := c.deepen(ctx, y.q, p.part(0.7, 1)); err != nil {
		return err
	}
	c.report.ID = reportID(y.q.Territory, c.service.String(), c.profile)
	c.report.Inputs = inputsOf(y.run, c.way.run, c.run)
	c.report.Notices = append(c.report.Notices, c.run.said()...)
	c.times = nil // the cells' times are many, and are not needed again
	return nil
}

// isolation counts people by how many of the services they lack.
func (y *study) isolation(ctx context.Context, w *way, sections []*section) error {
	if len(sections) < 2 {
		return nil
	}
	seconds, services := make([][]float32, len(sections)), make([]string, len(sections))
	for i, c := range sections {
		seconds[i], services[i] = c.demand.Seconds, c.service.String()
	}
	list, err := coverage.Isolate(ctx, w.who.Demand, coverageAreas(y.areas), w.profile, services, seconds, y.q.Thresholds)
	y.doc.Isolation = append(y.doc.Isolation, list...)
	return err
}

// document is the study with all that was found.
func (y *study) document() *coverage.Study {
	d := &y.doc
	d.Schema = coverage.StudySchema
	d.Title, d.Recipe = y.q.Title, y.q.Recipe
	d.ID = y.q.ID
	if d.ID == "" {
		d.ID = reportID(y.q.Territory, "study", strings.Join(y.q.Profiles, "-"))
	}
	d.CreatedAt = time.Now().UTC().Truncate(time.Second)
	d.Territory = coverage.Territory{Code: y.whole.Code, Name: y.whole.Name}
	d.AreaLevel = y.areas[0].Level
	d.PopulationTotal = y.sections[0].report.PopulationTotal
	d.Program = y.programOf()
	runs := []*run{y.run}
	var seen []*way
	for _, c := range y.sections {
		d.Sections, y.sketches = append(d.Sections, c.report), append(y.sketches, c.sketch)
		if !slices.Contains(seen, c.way) {
			seen, runs = append(seen, c.way), append(runs, c.way.run)
		}
	}
	d.Notices = noticesOf(append(slices.Clone(runs), y.beside...)...)
	for _, c := range y.sections {
		runs = append(runs, c.run)
	}
	d.Inputs = inputsOf(slices.Concat(runs, y.beside, y.sited)...)
	return d
}
