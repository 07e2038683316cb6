package analysis

import (
	"context"
	"math"
	"sync"

	"contado/geo/coverage"
	"contado/geo/fault"
	"contado/geo/notice"
	"contado/geo/travel"
)

// maxChoices bounds the nearest facilities of a study's choices.
const maxChoices = 8

// chooser is a mover that tells the k nearest facilities of every cell.
type chooser interface {
	nearest(ctx context.Context, list []facility, k int, o moveOptions) (*travel.Nearest, error)
}

// reacher is a mover that tells the cells within a time of each facility
// alone; do is called from several goroutines.
type reacher interface {
	catchments(ctx context.Context, list []facility, o moveOptions, do func(facility int32, cells []int32, seconds []float32) error) error
}

// capacityFields are attributes that commonly hold how many people a facility
// can serve, best first.
var capacityFields = []string{"capacity", "capienza", "posti", "posti_letto", "beds", "pl_totali", "allievi_sede", "organico_sede", "pupils"}

// deepen adds what a study asks for beside the coverage itself.
func (c *section) deepen(ctx context.Context, q *StudyRequest, p Progress) error {
	e, err := coverage.Equality("time", secondsOf(c.demand.Seconds), c.demand.People, nil, "")
	if err != nil {
		return err
	}
	c.report.Equity = &e
	if q.Ranges {
		p.tell(0, "range of the figures")
		if err := c.ranges(ctx); err != nil {
			return err
		}
	}
	if q.Nearest > 1 {
		p.tell(0.4, "choice of facilities")
		if err := c.choices(ctx, q.Nearest); err != nil {
			return err
		}
	}
	if q.Hamlets {
		if err := c.hamletFigures(ctx); err != nil {
			return err
		}
	}
	if len(q.Access) == 0 && q.Capacity == 0 {
		return nil
	}
	p.tell(0.6, "supply and demand")
	return c.supply(ctx, q)
}

// hamletFigures counts people by named places.
func (c *section) hamletFigures(ctx context.Context) error {
	people, err := c.demand.People, error(nil)
	if c.setting.q.HideBelow >= 0 {
		if people, _, err = c.evenPeople(ctx); err != nil {
			return err
		}
	}
	if len(c.settlements) == 0 {
		c.notice("no-hamlets", "No named places are known here, so people are not counted by hamlet.", "Qui non è noto alcun nome di località, quindi le persone non sono contate per frazione.")
		return nil
	}
	c.report.Hamlets, err = coverage.Hamlets(ctx, c.demand, people, coverageAreas(c.areas), c.settlements, c.setting.q.Thresholds)
	return err
}

func secondsOf(v []float32) []float64 {
	out := make([]float64, len(v))
	for i, s := range v {
		out[i] = float64(s)
	}
	return out
}

// maxAlone bounds the facilities whose times are computed one by one, for
// ways of moving that know no quicker way.
const maxAlone = 500

// alone computes the times to each facility by itself: the cells within
// o.maxSeconds, or all.
func (c *section) alone(ctx context.Context, o moveOptions, do func(facility int32, cells []int32, seconds []float32) error) error {
	if m, ok := c.mover.(reacher); ok && o.maxSeconds > 0 {
		return m.catchments(ctx, c.facilities, o, do)
	}
	if n := len(c.facilities); n > maxAlone {
		return fault.WithHint(fault.Errorf("analysis.alone", fault.TooLarge, "%d facilities of %s: times to each alone are computed for at most %d by the profile %s", n, c.service, maxAlone, c.profile),
			"take a smaller territory, choose facilities with a filter, or go on foot")
	}
	for i := range c.facilities {
		m, err := c.mover.times(ctx, c.facilities[i:i+1], o, nil)
		if err != nil {
			return err
		}
		var cells []int32
		var seconds []float32
		for cell, s := range m.seconds {
			if !math.IsInf(float64(s), 1) && (o.maxSeconds == 0 || s <= o.maxSeconds) {
				cells, seconds = append(cells, int32(cell)), append(seconds, s)
			}
		}
		if err := do(int32(i), cells, seconds); err != nil {
			return err
		}
	}
	return nil
}

// choices counts who has the second, third … facility within reach.
func (c *section) choices(ctx context.Context, k int) error {
	kth, err := c.nearest(ctx, k)
	if err != nil {
		return err
	}
	list, err := coverage.Choices(ctx, c.who.Demand, kth, c.setting.q.Thresholds)
	if err == nil {
		c.report.Choices = list[1:] // the first is the coverage itself
	}
	return err
}

// nearest gives the times of the people's rows to their k nearest facilities,
// by rank.
func (c *section) nearest(ctx context.Context, k int) ([][]float32, error) {
	kth := make([][]float32, k)
	for r := range kth {
		kth[r] = make([]float32, len(c.who.cells))
	}
	if m, ok := c.mover.(chooser); ok {
		near, err := m.nearest(ctx, c.facilities, k, c.moveOptions())
		if err != nil {
			return nil, err
		}
		for r := range kth {
			for i, cell := range c.who.cells {
				kth[r][i] = near.Seconds[int(cell)*near.K+r]
			}
		}
		return kth, nil
	}
	for r := range kth {
		for i := range kth[r] {
			kth[r][i] = float32(math.Inf(1))
		}
	}
	all := make([]float32, c.footing.grid.Cells())
	return kth, c.alone(ctx, c.moveOptions(), func(_ int32, cells []int32, seconds []float32) error {
		for i := range all {
			all[i] = float32(math.Inf(1))
		}
		for i, cell := range cells {
			all[cell] = seconds[i]
		}
		for i, cell := range c.who.cells {
			t := all[cell]
			for r := range kth { // the list of a row stays in order
				if t < kth[r][i] {
					t, kth[r][i] = kth[r][i], t
				}
			}
		}
		return nil
	})
}

// supply weighs facilities' capacities against the people in reach.
func (c *section) supply(ctx context.Context, q *StudyRequest) error {
	places := c.capacities(q.CapacityField)
	within := q.Capacity
	for _, a := range q.Access {
		within = math.Max(within, accessReach(a))
	}
	trips, err := c.trips(ctx, within)
	if err != nil {
		return err
	}
	areas := coverageAreas(c.areas)
	supply := make([]float64, len(places))
	for i, p := range places {
		supply[i] = p.Capacity
	}
	for _, a := range q.Access {
		measure, _, err := coverage.Access(ctx, c.who.Demand, areas, supply, trips, a, nil, "")
		if err != nil {
			return err
		}
		c.report.Access = append(c.report.Access, *measure)
	}
	if q.Capacity > 0 {
		c.report.Capacity, err = coverage.Assign(ctx, c.who.Demand, areas, places, trips, q.Capacity)
	}
	return err
}

// accessReach is how far, in seconds, trips matter to a measure: to the end of
// a step or of bands, else four hours.
func accessReach(a coverage.AccessParams) float64 {
	const far = 4 * 3600
	switch a.Decay.Kind {
	case coverage.DecayStep:
		return a.Decay.Seconds
	case coverage.DecayBands:
		return a.Decay.Bands[len(a.Decay.Bands)-1].WithinS
	case "":
		switch a.Method {
		case coverage.Cumulative, coverage.FCA2, coverage.E2FCA:
			return 1800
		case coverage.FCA3:
			return 3600
		}
	}
	return far
}

// capacities reads how many people each facility serves. One whose capacity is
// not known counts as the mean of the others, or as 1 when none is known.
func (c *section) capacities(field string) []coverage.CapacityPlace {
	names := capacityFields
	if field != "" {
		names = []string{field}
	}
	schema := &c.service.set.Version.Vector.Schema
	out := make([]coverage.CapacityPlace, len(c.facilities))
	var unknown []int
	sum := 0.0
	for i := range c.facilities {
		f := &c.facilities[i]
		out[i] = coverage.CapacityPlace{ID: f.id, Name: f.name, Names: f.names}
		v, err := coverage.ParseCapacity(f.text(schema, names...))
		if err != nil {
			unknown = append(unknown, i)
			continue
		}
		out[i].Capacity = v
		sum += v
	}
	mean := 1.0
	if n := len(out) - len(unknown); n > 0 {
		mean = sum / float64(n)
	}
	for _, i := range unknown {
		out[i].Capacity = mean
	}
	if len(unknown) > 0 {
		c.notice("capacity-unknown",
			notice.Text("The capacity of %d of %d [facility|facilities] is not known; each counts as %.4g.", len(unknown), len(out), mean),
			notice.Italian("La capacità di %d [punto|punti] su %d non è nota; ognuno conta per %.4g.", len(unknown), len(out), mean))
	}
	return out
}

// trips are the times from the people's cells to every facility within so
// many seconds.
func (c *section) trips(ctx context.Context, within float64) (*coverage.Trips, error) {
	rows := map[int32][]int32{} // cell → rows of people who live in it
	for i, cell := range c.who.cells {
		rows[cell] = append(rows[cell], int32(i))
	}
	var mu sync.Mutex
	var list []coverage.Trip
	o := c.moveOptions()
	o.maxSeconds = float32(within)
	err := c.alone(ctx, o, func(f int32, cells []int32, seconds []float32) error {
		var own []coverage.Trip
		for i, cell := range cells {
			for _, row := range rows[cell] {
				own = append(own, coverage.Trip{Cell: row, Facility: f, Seconds: seconds[i]})
			}
		}
		mu.Lock()
		defer mu.Unlock()
		list = append(list, own...)
		if len(list) > coverage.MaxTrips {
			_, err := coverage.NewTrips(0, 0, list) // says how many there may be
			return err
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return coverage.NewTrips(len(c.who.cells), len(c.facilities), list)
}
