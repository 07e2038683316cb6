package accessmod

import (
	"context"
	"math"
	"slices"

	"contado/geo/fault"
)

// Facility is a service point with room for so many people.
type Facility struct {
	ID       string
	Name     string
	Cell     int // row by row
	Capacity float64
	Rank     float64 // for ByField
}

// Order is what facilities are taken by.
type Order uint8

// The orders.
const (
	ByField      Order = iota // Facility.Rank
	ByTravelTime              // people within OrderMinutes of each alone
	ByDistance                // people within OrderMetres of each in a straight line
)

// CapacityOptions of a capacity analysis.
type CapacityOptions struct {
	Options
	Order        Order
	Ascending    bool // else from the greatest down; equals stay in their order
	OrderMinutes int
	OrderMetres  float64
	// Unlimited takes all people within MaxMinutes, whatever the capacity.
	Unlimited bool
}

// CapacityRow is a row of the capacity table; names as in AccessMod.
type CapacityRow struct {
	ID, Name string
	Rank     int     // amRankComputed, from 1
	Order    float64 // amRankValues: what it was ranked by

	TravelTimeMax       int     // amTravelTimeMax
	PopTravelTimeMax    float64 // amPopTravelTimeMax: people left within that time
	CorrPopTime         float64 // amCorrPopTime: of minutes and people by ring; NaN with fewer than two rings
	Capacity            float64
	TravelTimeCatchment int     // amTravelTimeCatchment: the outermost ring that people come from
	PopCatchmentTotal   float64 // amPopCatchmentTotal
	CapacityRealised    float64 // amCapacityRealised
	CapacityResidual    float64 // amCapacityResidual
	PopCatchmentDiff    float64 // amPopCatchmentDiff: in the catchment, without room
	PopCoveredPercent   float64 // amPopCoveredPercent: of all people, by this facility and those before
	OnBarrier           bool    // it stands in a closed cell and serves nobody
}

// Capacity takes the facilities one by one in the order asked for. Each serves
// the people that are left within MaxMinutes, ring of minutes by ring, until
// its capacity is used up: rings wholly served are emptied, and the ring in
// which it runs out is reduced in proportion. left gives the people that are
// left in each cell in the end; people on barriers cannot be served and are
// not in it. The outcome depends on the order. Errors: Invalid, Canceled.
func Capacity(ctx context.Context, g *Ground, people []float64, list []Facility, o CapacityOptions) (rows []CapacityRow, left []float64, err error) {
	if o.MaxMinutes <= 0 || len(people) != len(g.Codes) {
		return nil, nil, fault.Errorf("accessmod.Capacity", fault.Invalid, "accessmod: %d cells of people for %d of ground, at most %d minutes (want 1 or more)", len(people), len(g.Codes), o.MaxMinutes)
	}
	a := &capacity{ctx: ctx, g: g, o: &o, list: list, left: make([]float64, len(people))}
	for c, p := range people {
		if p > 0 {
			a.all += p
			if !g.closed(c) {
				a.left[c] = p
			}
		}
	}
	order, by, err := a.order()
	if err != nil {
		return nil, nil, err
	}
	for rank, i := range order {
		row, err := a.serve(i)
		if err != nil {
			return nil, nil, err
		}
		row.Rank, row.Order = rank+1, by[i]
		rows = append(rows, row)
	}
	return rows, a.left, nil
}

type capacity struct {
	ctx  context.Context
	g    *Ground
	o    *CapacityOptions
	list []Facility
	left []float64 // people not served yet
	all  float64   // people at first, on barriers too
}

// order gives the facilities in the order to take them, and by what.
func (a *capacity) order() (order []int, by []float64, err error) {
	by = make([]float64, len(a.list))
	for i, f := range a.list {
		order = append(order, i)
		switch a.o.Order {
		case ByTravelTime:
			by[i], err = a.within(f.Cell)
		case ByDistance:
			by[i] = a.around(f.Cell)
		default:
			by[i] = f.Rank
		}
		if err != nil {
			return nil, nil, err
		}
	}
	slices.SortStableFunc(order, func(i, j int) int {
		switch {
		case by[i] == by[j]:
			return 0
		case by[i] < by[j] == a.o.Ascending:
			return -1
		}
		return 1
	})
	return order, by, nil
}

// within counts the people within OrderMinutes of a cell.
func (a *capacity) within(cell int) (people float64, err error) {
	o := a.o.Options
	o.MaxMinutes = a.o.OrderMinutes
	t, err := Travel(a.ctx, a.g, []int{cell}, o)
	if err != nil {
		return 0, err
	}
	for c, s := range t.Seconds {
		if !math.IsInf(s, 1) {
			people += a.left[c]
		}
	}
	return people, nil
}

// around counts the people within OrderMetres of a cell.
func (a *capacity) around(cell int) (people float64) {
	col, row := cell%a.g.Width, cell/a.g.Width
	for c, p := range a.left {
		dx, dy := float64(c%a.g.Width-col)*a.g.CellW, float64(c/a.g.Width-row)*a.g.CellH
		if p > 0 && math.Hypot(dx, dy) <= a.o.OrderMetres {
			people += p
		}
	}
	return people
}

// ring is the people left at so many minutes.
type ring struct {
	minutes int
	people  float64
	sum     float64 // with all rings within
}

// serve lets one facility take its people.
func (a *capacity) serve(i int) (CapacityRow, error) {
	f := &a.list[i]
	row := CapacityRow{ID: f.ID, Name: f.Name, TravelTimeMax: a.o.MaxMinutes, Capacity: f.Capacity, CapacityResidual: f.Capacity, CorrPopTime: math.NaN()}
	t, err := Travel(a.ctx, a.g, []int{f.Cell}, a.o.Options)
	if err != nil {
		return row, err
	}
	if row.OnBarrier = len(t.OnBarrier) > 0; row.OnBarrier {
		row.PopCoveredPercent = a.covered()
		return row, nil
	}
	minutes, err := t.Minutes(a.o.Options)
	if err != nil {
		return row, err
	}
	rings := a.rings(minutes)
	row.PopTravelTimeMax = rings[len(rings)-1].sum
	row.CorrPopTime = correlation(rings)
	if a.o.Unlimited {
		row.Capacity = row.PopTravelTimeMax
	}
	share := a.fill(&row, rings)
	for c, m := range minutes {
		switch {
		case m < 0 || int(m) > row.TravelTimeCatchment:
		case int(m) == row.TravelTimeCatchment && share < 1:
			a.left[c] -= a.left[c] * share
		default:
			a.left[c] = 0
		}
	}
	row.PopCoveredPercent = a.covered()
	return row, nil
}

// rings counts the people left by minutes; the cell of the facility is always
// in one.
func (a *capacity) rings(minutes []int16) []ring {
	people, seen := make([]float64, a.o.MaxMinutes+1), make([]bool, a.o.MaxMinutes+1)
	for c, m := range minutes {
		if m >= 0 {
			people[m] += a.left[c]
			seen[m] = true
		}
	}
	var out []ring
	sum := 0.0
	for m, p := range people {
		if seen[m] {
			sum += p
			out = append(out, ring{m, p, sum})
		}
	}
	return out
}

// fill finds the rings that a facility has room for; share is what it takes of
// the outermost.
func (a *capacity) fill(row *CapacityRow, rings []ring) (share float64) {
	inner := 0 // rings wholly served
	for inner < len(rings) && rings[inner].sum <= row.Capacity {
		inner++
	}
	served, share := 0.0, 1.0
	if inner > 0 {
		served = rings[inner-1].sum
	}
	switch {
	case a.o.Unlimited || inner == len(rings) && served < row.Capacity:
		row.TravelTimeCatchment, row.CapacityResidual = a.o.MaxMinutes, row.Capacity-served
	case inner > 0 && served == row.Capacity:
		row.TravelTimeCatchment, row.CapacityResidual = rings[inner-1].minutes, 0
	default:
		row.TravelTimeCatchment, row.CapacityResidual = rings[inner].minutes, 0
		share = (row.Capacity - served) / rings[inner].people
	}
	row.CapacityRealised = row.Capacity - row.CapacityResidual
	for _, r := range rings {
		if r.minutes <= row.TravelTimeCatchment {
			row.PopCatchmentTotal = r.sum
		}
	}
	row.PopCatchmentDiff = math.Round((row.PopCatchmentTotal-row.CapacityRealised)*1e6) / 1e6
	return share
}

// covered is the percentage of all people that is served so far; AccessMod
// counts those on barriers as served, since it starts without them.
func (a *capacity) covered() float64 {
	left := 0.0
	for _, p := range a.left {
		left += p
	}
	if a.all == 0 {
		return math.NaN()
	}
	return (a.all - left) / a.all * 100
}

// correlation is Pearson's, of minutes and people by ring.
func correlation(rings []ring) float64 {
	n := float64(len(rings))
	if n < 2 {
		return math.NaN()
	}
	var x, y, xx, yy, xy float64
	for _, r := range rings {
		x += float64(r.minutes) / n
		y += r.people / n
	}
	for _, r := range rings {
		dx, dy := float64(r.minutes)-x, r.people-y
		xx += dx * dx
		yy += dy * dy
		xy += dx * dy
	}
	return xy / math.Sqrt(xx*yy)
}
