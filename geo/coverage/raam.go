package coverage

import (
	"context"
	"math"
	"slices"

	"contado/geo/fault"
)

// raamGap is how near to the equilibrium the iteration comes: what people
// could still gain by going elsewhere, as a share of all costs.
const (
	raamGap    = 1e-9
	raamSweeps = 2000
)

// raam finds the equilibrium of travel and crowding. It is the least of the
// convex function Σ x_ij·t_ij/τ + Σ D_j²/(2·ρ·S_j) over all ways x of dealing
// people out, D_j = Σ_i x_ij (Beckmann's form): its crowding is unique, and so
// is the cost of every cell. One cell after another takes its best answer to
// the others, exactly, until the gap is below raamGap; every sweep lowers the
// function. fault.Unsupported when it does not settle.
func raam(ctx context.Context, people, supply []float64, trips *Trips, out *Floated) error {
	r := newCrowd(people, supply, trips, out.Params.TauS)
	for sweep := 0; ; sweep++ {
		if err := ctx.Err(); err != nil {
			return fault.E(opFloating, fault.Canceled, err)
		}
		if gap := r.costs(out.Values); gap <= raamGap {
			break
		} else if sweep == raamSweeps {
			return fault.Errorf(opFloating, fault.Unsupported,
				"raam did not settle in %d rounds: people could still gain %.2g of their costs by going elsewhere", raamSweeps, gap)
		}
		for _, i := range r.cells {
			r.answer(int(i))
		}
		r.recount()
	}
	for j := range supply {
		if r.room[j] > 0 {
			out.Ratios[j] = r.load[j] / r.room[j]
		}
	}
	var unused []float64
	for j, s := range supply {
		if !r.reached[j] {
			unused = append(unused, s)
		}
	}
	slices.Sort(unused)
	out.Unused = sum(unused)
	return nil
}

// crowd is the state of the iteration: share[e] of the people of a cell take
// trip e.
type crowd struct {
	trips   *Trips
	people  []float64
	travel  []float64 // t/τ by trip
	share   []float64 // people by trip
	room    []float64 // ρ·S by facility: people who crowd it by 1
	load    []float64 // D by facility
	reached []bool
	cells   []int32 // with people and a facility in reach
	order   []int   // scratch
}

func newCrowd(people, supply []float64, trips *Trips, tau float64) *crowd {
	r := &crowd{
		trips: trips, people: people, travel: make([]float64, len(trips.Seconds)), share: make([]float64, len(trips.Seconds)),
		room: make([]float64, len(supply)), load: make([]float64, len(supply)), reached: make([]bool, len(supply)),
	}
	all := slices.Clone(people)
	slices.Sort(all)
	offered := slices.Clone(supply)
	slices.Sort(offered)
	if s := sum(offered); s > 0 {
		rho := sum(all) / s
		if rho == 0 {
			rho = 1 // nobody: no crowd either
		}
		for j, v := range supply {
			r.room[j] = rho * v
		}
	}
	for e, s := range trips.Seconds {
		r.travel[e] = float64(s) / tau
	}
	for i, p := range people {
		best := -1
		for e := trips.Start[i]; e < trips.Start[i+1]; e++ {
			if r.room[trips.Facility[e]] > 0 {
				r.reached[trips.Facility[e]] = r.reached[trips.Facility[e]] || p > 0
				if best < 0 || r.travel[e] < r.travel[best] {
					best = e
				}
			}
		}
		if p > 0 && best >= 0 {
			r.cells = append(r.cells, int32(i))
			r.share[best] = p
		}
	}
	r.recount()
	return r
}

// recount adds the loads up anew, so that errors do not pile up.
func (r *crowd) recount() {
	loads := make([]compensated, len(r.load))
	for e, v := range r.share {
		if v > 0 {
			loads[r.trips.Facility[e]].add(v)
		}
	}
	for j := range loads {
		r.load[j] = loads[j].value()
	}
}

func (r *crowd) cost(e int) float64 {
	j := r.trips.Facility[e]
	return r.travel[e] + r.load[j]/r.room[j]
}

// costs writes the least cost of every cell and returns the gap.
func (r *crowd) costs(values []float64) float64 {
	var paid, excess compensated
	for i := range r.people {
		least := math.Inf(1)
		for e := r.trips.Start[i]; e < r.trips.Start[i+1]; e++ {
			if r.room[r.trips.Facility[e]] > 0 {
				least = math.Min(least, r.cost(e))
			}
		}
		values[i] = least
		for e := r.trips.Start[i]; e < r.trips.Start[i+1]; e++ {
			if r.share[e] > 0 {
				paid.add(r.share[e] * r.cost(e))
				excess.add(r.share[e] * (r.cost(e) - least))
			}
		}
	}
	if !(paid.value() > 0) {
		return 0
	}
	return excess.value() / paid.value()
}

// answer deals the people of a cell out anew so that all the trips taken cost
// the same, λ, and no other less: with b the cost without them,
// x = max(0, λ−b)·room, Σ x = people.
func (r *crowd) answer(i int) {
	r.order = r.order[:0]
	for e := r.trips.Start[i]; e < r.trips.Start[i+1]; e++ {
		if j := r.trips.Facility[e]; r.room[j] > 0 {
			r.load[j] = math.Max(0, r.load[j]-r.share[e])
			r.share[e] = 0
			r.order = append(r.order, e)
		}
	}
	slices.SortFunc(r.order, func(a, b int) int {
		switch ca, cb := r.cost(a), r.cost(b); {
		case ca < cb:
			return -1
		case ca > cb:
			return 1
		}
		return 0
	})
	var room, weighed, level float64
	taken := 0
	for _, e := range r.order {
		if b := r.cost(e); taken > 0 && b >= level {
			break
		}
		w := r.room[r.trips.Facility[e]]
		room += w
		weighed += w * r.cost(e)
		level = (r.people[i] + weighed) / room
		taken++
	}
	for _, e := range r.order[:taken] {
		j := r.trips.Facility[e]
		r.share[e] = math.Max(0, level-r.cost(e)) * r.room[j]
		r.load[j] += r.share[e]
	}
}
