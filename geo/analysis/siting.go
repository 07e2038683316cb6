package analysis

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sync"

	"contado/geo/coverage"
	"contado/geo/disclosure"
	"contado/geo/fault"
	"contado/geo/notice"
	"contado/geo/siting"
)

// SitingRequest asks where further points of a service would help most.
type SitingRequest struct {
	// CoverageRequest says of whom and how. Service "" is a service that does
	// not exist yet. Of Thresholds the first counts; none is 30 minutes.
	CoverageRequest
	Objective siting.Objective // "" = Cover
	Points    int              // 0 = 1
	// Most is the longest time that counts, in seconds; 0 = twice the threshold.
	Most float64

	// Candidates are the places to try: CandidateSettlements, CandidateRoads,
	// CandidatePeople, or a service as ParseService reads it (schools, empty
	// shops …); "" is settlements where they are known, else people. Places
	// are candidates of one's own, in their stead.
	Candidates string
	Places     []TravelPlace
	// SpacingM thins roads and people: one candidate in a square of this side;
	// 0 = 500, or as much as keeps the candidates few enough.
	SpacingM float64
}

// The kinds of candidates.
const (
	CandidateSettlements = "settlements"
	CandidateRoads       = "roads"
	CandidatePeople      = "people"
	candidatePlaces      = "places"
)

// Limits of a SitingRequest.
const (
	MaxSitingPoints = siting.MaxPoints
	maxSited        = 3000 // candidates; ways of moving that search one by one take fewer
	minSpacing      = 50.0
	maxSpacing      = 50_000.0
	defaultSpacing  = 500.0
	// aloneListed are the best candidates by themselves that are told.
	aloneListed = 20
)

const opSiting = "analysis.Siting"

// SitingResult is the answer.
type SitingResult struct {
	Territory coverage.Territory `json:"territory"`
	coverage.Siting
	// HideBelow is the least number of people that a figure can be about; 0 =
	// figures are exact.
	HideBelow float64           `json:"hide_below"`
	Inputs    []coverage.Input  `json:"inputs"`
	Method    string            `json:"method"`
	Notices   []coverage.Notice `json:"notices"`
	Program   coverage.Program  `json:"program"`
}

func (q *SitingRequest) check() error {
	bad := func(format string, args ...any) error { return fault.Errorf(opSiting, fault.Invalid, format, args...) }
	if q.Objective == "" {
		q.Objective = siting.Cover
	}
	if q.Points == 0 {
		q.Points = 1
	}
	if len(q.Thresholds) == 0 {
		q.Thresholds = []float64{1800}
	}
	if q.Most == 0 {
		q.Most = math.Min(2*q.Thresholds[0], maxThreshold)
	}
	switch {
	case q.Objective != siting.Cover && q.Objective != siting.Time:
		return bad("objective %.20q: there are cover and time", q.Objective)
	case q.Points < 1 || q.Points > MaxSitingPoints:
		return bad("%d points: want 1 to %d", q.Points, MaxSitingPoints)
	case len(q.Thresholds) > 1:
		return bad("%d times within which a facility counts as near: want one", len(q.Thresholds))
	case !(q.Most >= q.Thresholds[0] && q.Most <= maxThreshold):
		return bad("longest time of %g seconds: want at least the threshold of %g and at most %g", q.Most, q.Thresholds[0], maxThreshold)
	case q.SpacingM != 0 && !(q.SpacingM >= minSpacing && q.SpacingM <= maxSpacing):
		return bad("spacing of %g m: want %g to %g", q.SpacingM, minSpacing, maxSpacing)
	case len(q.Places) > maxSited:
		return fault.Errorf(opSiting, fault.TooLarge, "%d candidates: at most %d", len(q.Places), maxSited)
	}
	_, err := placesAsFacilities(q.Places)
	return err
}

// Siting finds the candidates that bring most people within the time of a
// service, or save most time. Figures are those of blocks of people (see
// disclosure.Groups) unless HideBelow is negative: however many candidates are
// tried and compared, none tells who lives between them.
//
// Errors: those of Coverage; TooLarge for too many candidates.
func (e *Engine) Siting(ctx context.Context, q SitingRequest, p Progress) (*SitingResult, error) {
	if err := q.check(); err != nil {
		return nil, err
	}
	r, err := e.begin(ctx)
	if err != nil {
		return nil, err
	}
	a, err := r.sitings(ctx, &q, []string{q.Service}, nil, p)
	if err != nil {
		return nil, err
	}
	w, c := a.way, a.sections[0]
	out := &SitingResult{
		Territory: coverage.Territory{Code: w.whole.Code, Name: w.whole.Name}, Siting: *a.found[0], HideBelow: a.found[0].BlocksOf,
		Inputs: inputsOf(w.setting.run, w.run, c.run), Notices: noticesOf(w.setting.run, w.run, c.run), Program: w.setting.programOf(),
	}
	model, _, _ := w.mover.method()
	out.Method = model + "; " + siteMethod(&q)
	return out, nil
}

// sited are the answers for several services, and what they were computed with.
type sited struct {
	way      *way
	sections []*section
	found    []*coverage.Siting
}

// sitings answers a request that has been checked for each of the services, by
// the facilities open at a time of the week; nil for all.
func (r *run) sitings(ctx context.Context, q *SitingRequest, services []string, at *OpenAt, p Progress) (*sited, error) {
	threshold := q.Thresholds[0]
	q.Thresholds = []float64{threshold, q.Most} // the ground taken in is that of the longest time
	if q.Most == threshold {
		q.Thresholds = q.Thresholds[:1]
	}
	s, err := r.settingOf(ctx, &q.CoverageRequest)
	if err != nil {
		return nil, err
	}
	out := &sited{}
	if out.way, err = s.way(ctx, q.Profile, p.part(0, 0.3)); err != nil {
		return nil, err
	}
	n := float64(len(services))
	for i, service := range services {
		p := p.part(0.3+0.7*float64(i)/n, 0.3+0.7*float64(i+1)/n)
		c, err := out.way.asItIs(ctx, service, at, p.part(0, 0.2))
		if err != nil {
			return nil, fmt.Errorf("service %s: %w", service, err)
		}
		site, err := c.site(ctx, q, service != "", threshold, p.part(0.2, 1))
		if err != nil {
			return nil, err
		}
		c.times = nil // many, and not needed again
		out.sections, out.found = append(out.sections, c), append(out.found, site)
	}
	return out, nil
}

func siteMethod(q *SitingRequest) string {
	text := "every candidate is tried: people who come within the time (maximal covering, Church and ReVelle 1974), and person-hours saved with times counted up to the longest (p-median, Hakimi 1964)"
	if q.Points > 1 {
		text += "; several points exactly while the choices are few, else one after the other, which reaches at least 63 % of the best choice (Nemhauser, Wolsey and Fisher 1978) and is told more closely (Minoux 1978)"
	}
	return text
}

// asItIs is the section of a service without figures: who is how far from it.
// "" is a service of which there is nothing yet.
func (w *way) asItIs(ctx context.Context, service string, at *OpenAt, p Progress) (*section, error) {
	if service != "" {
		chosen, err := w.setting.service(service)
		if err != nil {
			return nil, err
		}
		c, err := w.reach(ctx, chosen, at, p)
		if err != nil {
			return nil, err
		}
		c.demand = c.who.to(c.times)
		return c, nil
	}
	c := &section{way: w, run: w.setting.fork()}
	c.demand = c.who.Demand
	c.demand.Seconds = make([]float32, len(c.who.cells))
	for i := range c.demand.Seconds {
		c.demand.Seconds[i] = float32(math.Inf(1))
	}
	return c, nil
}

// site tries the candidates; there tells a service that exists.
func (c *section) site(ctx context.Context, q *SitingRequest, there bool, threshold float64, p Progress) (*coverage.Siting, error) {
	people, err := c.shownPeople(ctx)
	if err != nil {
		return nil, err
	}
	list, about, err := c.candidates(ctx, q, people)
	if err != nil {
		return nil, err
	}
	p.tell(0.05, "travel times")
	reach, err := c.improved(ctx, list, q.Most, p.part(0.05, 0.9))
	if err != nil {
		return nil, err
	}
	p.tell(0.9, "choosing")
	plan, err := siting.Find(ctx, people, c.demand.Seconds, reach, siting.Params{
		Objective: q.Objective, ThresholdS: threshold, Most: q.Most, Points: q.Points,
	})
	if err != nil {
		return nil, err
	}
	out := &coverage.Siting{Profile: c.profile, Objective: string(q.Objective), ThresholdS: threshold, MostS: q.Most, Candidates: about}
	if q.HideBelow >= 0 {
		out.BlocksOf = c.hideBelow()
	}
	if there {
		out.Service, out.ServiceTitle = c.service.String(), c.service.title()
	}
	c.asNow(out, people)
	c.tellPlan(out, plan, list, q)
	return out, nil
}

// shownPeople are the people of the rows, dealt out evenly within blocks of
// enough people, so that what is computed from them may be told.
func (c *section) shownPeople(ctx context.Context) ([]float64, error) {
	if c.q.HideBelow < 0 {
		c.notice("counts-exact", exactText[0], exactText[1])
		return c.demand.People, nil
	}
	people, left, err := c.evenPeople(ctx)
	if err != nil {
		return nil, err
	}
	if left > 0 {
		c.notice("areas-not-counted",
			notice.Text("Areas with too few people to be counted: %d.", left),
			notice.Italian("Aree con troppo poche persone per essere contate: %d.", left))
	}
	c.inBlocks(c.hideBelow())
	return people, nil
}

// evenPeople are the people of the rows as shown, and the number of areas with
// too few to be shown.
func (c *section) evenPeople(ctx context.Context) (people []float64, left int, err error) {
	g, err := disclosure.NewGroups(ctx, disclosure.Places{
		Area: c.demand.Area, X: c.demand.X, Y: c.demand.Y, Areas: len(c.areas), Columns: [][]float64{c.demand.People},
	}, c.hideBelow())
	if err != nil {
		return nil, 0, err
	}
	for _, is := range g.Left {
		if is {
			left++
		}
	}
	return g.Even(c.demand.People, 0), left, nil
}

// exactText says that small counts are told.
var exactText = [2]string{
	"Counts of people are exact, small ones too: do not publish them as they are.",
	"I numeri di persone sono esatti, anche quelli piccoli: non pubblicarli così come sono.",
}

// improved are the places that get nearer through each candidate, within most
// seconds.
func (c *section) improved(ctx context.Context, list []facility, most float64, p Progress) ([]siting.Reach, error) {
	head, next := make([]int32, c.footing.grid.Cells()), make([]int32, len(c.who.cells))
	for i := range head {
		head[i] = -1
	}
	for i, cell := range c.who.cells { // rows of a cell, as a chain
		next[i], head[cell] = head[cell], int32(i)
	}
	out := make([]siting.Reach, len(list))
	var mu sync.Mutex
	trips, done := 0, 0
	o := c.moveOptions()
	o.maxSeconds = float32(most)
	there := *c
	there.facilities = list
	err := there.alone(ctx, o, func(f int32, cells []int32, seconds []float32) error {
		var r siting.Reach
		for k, cell := range cells {
			for row := head[cell]; row >= 0; row = next[row] {
				if seconds[k] < c.demand.Seconds[row] && float64(seconds[k]) <= most {
					r.Row, r.Seconds = append(r.Row, row), append(r.Seconds, seconds[k])
				}
			}
		}
		r.Row, r.Seconds = slices.Clip(r.Row), slices.Clip(r.Seconds)
		mu.Lock()
		defer mu.Unlock()
		out[f] = r
		done++
		p.tell(float64(done)/float64(len(list)), "travel times")
		if trips += len(r.Row); trips > siting.MaxTrips {
			return fault.WithHint(fault.Errorf(opSiting, fault.TooLarge, "the %d candidates reach more than %d inhabited cells in all", len(list), siting.MaxTrips),
				"try fewer candidates (a larger spacing), a shorter longest time or a smaller territory")
		}
		return nil
	})
	return out, err
}

// asNow fills in how things are without any candidate.
func (c *section) asNow(out *coverage.Siting, people []float64) {
	seconds := 0.0
	for i, n := range people {
		t := float64(c.demand.Seconds[i])
		out.Population += n
		if t <= out.ThresholdS {
			out.Covered += n
		}
		seconds += n * math.Min(t, out.MostS)
	}
	if out.Population > 0 {
		out.MeanS = seconds / out.Population
	}
	out.Population, out.Covered = thousandths(out.Population), thousandths(out.Covered)
}

// thousandths rounds what sums of fractions leave.
func thousandths(v float64) float64 { return math.Round(v*1000) / 1000 }

// tellPlan fills in the points.
func (c *section) tellPlan(out *coverage.Siting, plan *siting.Plan, list []facility, q *SitingRequest) {
	point := func(i int, g siting.Gain, covered float64) coverage.SitedPoint {
		f := list[i]
		p := coverage.SitedPoint{
			ID: f.id, Name: f.name, Names: f.names, Lon: f.lon, Lat: f.lat,
			NewlyWithin: thousandths(g.People), NewlyReached: thousandths(g.Reached), HoursSaved: thousandths(g.Seconds / 3600),
		}
		if a := areaAt(c.areas, f.lon, f.lat); a >= 0 {
			p.AreaCode, p.AreaName = c.areas[a].Code, c.areas[a].Name
		}
		if out.Population > 0 {
			share := math.Min(1, covered/out.Population)
			p.CoveredAfter = &share
		}
		return p
	}
	out.Chosen, out.Alone = []coverage.SitedPoint{}, []coverage.SitedPoint{}
	covered := out.Covered
	for k, i := range plan.Chosen {
		covered += plan.Added[k].People
		out.Chosen = append(out.Chosen, point(i, plan.Added[k], covered))
	}
	value := func(g siting.Gain) float64 {
		if q.Objective == siting.Time {
			return g.Seconds
		}
		return g.People
	}
	order := make([]int, 0, len(list))
	for i, g := range plan.Alone {
		if value(g) > 0 {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch d := value(plan.Alone[b]) - value(plan.Alone[a]); {
		case d > 0:
			return 1
		case d < 0:
			return -1
		}
		return 0
	})
	for _, i := range order[:min(aloneListed, len(order))] {
		out.Alone = append(out.Alone, point(i, plan.Alone[i], out.Covered+plan.Alone[i].People))
	}
	out.Exact, out.ShareOfBest = plan.Exact, 1
	if !plan.Exact && plan.Bound > 0 {
		out.ShareOfBest = value(plan.Total) / plan.Bound
	}
	if len(out.Chosen) < q.Points {
		c.notice("fewer-points",
			notice.Text("Fewer points than asked: no other candidate adds anything to the %d [point|points] found.", len(out.Chosen)),
			notice.Italian("Meno punti di quelli chiesti: trovati %d [punto|punti], nessun altro candidato aggiunge qualcosa.", len(out.Chosen)))
	}
}
