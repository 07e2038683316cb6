package analysis

import (
	"context"
	"fmt"
	"math"
	"sync"

	"contado/geo/coverage"
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
	if len(q.Access) == 0 && q.Capacity == 0 {
		return nil
	}
	p.tell(0.6, "supply and demand")
	return c.supply(ctx, q)
}

func secondsOf(v []float32) []float64 {
	out := make([]float64, len(v))
	for i, s := range v {
		out[i] = float64(s)
	}
	return out
}

// cannot notes that a measure is not made for a way of moving.
func (c *section) cannot(en, it string) {
	c.notice("measure-not-made",
		fmt.Sprintf("%s is not computed for the profile %s.", en, c.profile),
		fmt.Sprintf("%s non si calcola per il profilo %s.", it, c.profile))
}

// choices counts who has the second, third … facility within reach.
func (c *section) choices(ctx context.Context, k int) error {
	m, ok := c.mover.(chooser)
	if !ok {
		c.cannot("The choice among several facilities", "La scelta tra più punti di servizio")
		return nil
	}
	near, err := m.nearest(ctx, c.facilities, k, c.moveOptions())
	if err != nil {
		return err
	}
	kth := make([][]float32, k)
	for r := range kth {
		kth[r] = make([]float32, len(c.who.cells))
		for i, cell := range c.who.cells {
			kth[r][i] = near.Seconds[int(cell)*near.K+r]
		}
	}
	list, err := coverage.Choices(ctx, c.who.Demand, kth, c.setting.q.Thresholds)
	if err == nil {
		c.report.Choices = list[1:] // the first is the coverage itself
	}
	return err
}

// supply weighs facilities' capacities against the people in reach.
func (c *section) supply(ctx context.Context, q *StudyRequest) error {
	m, ok := c.mover.(reacher)
	if !ok {
		c.cannot("Supply against demand", "Il rapporto tra offerta e domanda")
		return nil
	}
	places := c.capacities(q.CapacityField)
	within := q.Capacity
	for _, a := range q.Access {
		within = math.Max(within, accessReach(a))
	}
	trips, err := c.trips(ctx, m, within)
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
		out[i] = coverage.CapacityPlace{ID: f.id, Name: f.name}
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
			fmt.Sprintf("The capacity of %d of %d facilities is not known; each counts as %.4g.", len(unknown), len(out), mean),
			fmt.Sprintf("La capacità di %d punti su %d non è nota; ognuno conta per %.4g.", len(unknown), len(out), mean))
	}
	return out
}

// trips are the times from the people's cells to every facility within so
// many seconds.
func (c *section) trips(ctx context.Context, m reacher, within float64) (*coverage.Trips, error) {
	rows := map[int32][]int32{} // cell → rows of people who live in it
	for i, cell := range c.who.cells {
		rows[cell] = append(rows[cell], int32(i))
	}
	var mu sync.Mutex
	var list []coverage.Trip
	o := c.moveOptions()
	o.maxSeconds = float32(within)
	err := m.catchments(ctx, c.facilities, o, func(f int32, cells []int32, seconds []float32) error {
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
