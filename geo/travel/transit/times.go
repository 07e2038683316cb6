package transit

import (
	"context"
	"math"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"

	"contado/geo/fault"
	"contado/geo/travel"
)

// Answer gives a value for every cell of the surface. Cells that are not
// wanted, and barriers, are +Inf and −1.
type Answer struct {
	// Seconds are the times at each percentile asked for, +Inf where so many
	// departures arrive nowhere.
	Seconds [][]float32
	// Nearest is the facility of the first percentile, −1 where none.
	Nearest []int32
	// OnFoot is the time on foot all the way, +Inf where there is no way.
	OnFoot []float32
	// Useful is the share of departures for which a ride saves time, 0 to 1.
	Useful []float32
	// Reached is the share of departures that arrive, 0 to 1.
	Reached []float32
	// Elements is the number of times behind a percentile.
	Elements int
	Unplaced []travel.Unplaced
}

// Targets are the facilities: on the surface, and beyond it.
type Targets struct {
	Sources []travel.Source
	Beyond  []Beyond
}

// Times answers for all wanted cells: the times between them and the nearest
// of the targets, at percentiles (0 to 100) of the departures. Cost: one
// search over the ground, a profile for each sample of the timetable, and for
// each cell the entries of the stops near it.
//
// Errors: Invalid, Canceled.
func (r *Router) Times(ctx context.Context, to Targets, percentiles []float64) (*Answer, error) {
	const op = "transit.Times"
	if len(percentiles) == 0 {
		return nil, fault.Errorf(op, fault.Invalid, "public transport: no percentile is asked for")
	}
	for _, p := range percentiles {
		if !(p >= 0 && p <= 100) {
			return nil, fault.Errorf(op, fault.Invalid, "public transport: percentile %g; want 0 to 100", p)
		}
	}
	direct, err := r.g.Engine.Compute(ctx, to.Sources, r.g.Options)
	if err != nil {
		return nil, err
	}
	near, err := r.near(ctx, r.ends(direct, to.Beyond))
	if err != nil {
		return nil, err
	}
	n := len(r.slot)
	a := &Answer{
		Nearest: make([]int32, n), OnFoot: direct.Seconds, Useful: make([]float32, n), Reached: make([]float32, n),
		Elements: r.t.count * r.t.samples, Unplaced: direct.Unplaced,
	}
	for range percentiles {
		a.Seconds = append(a.Seconds, make([]float32, n))
	}
	const rows = 1 << 12 // cells of a piece of work
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	for from := 0; from < n; from += rows {
		g.Go(func() error {
			if err := ctx.Err(); err != nil {
				return fault.E(op, fault.Canceled, err)
			}
			c := counter{r: r, near: near, direct: direct, percentiles: percentiles, out: a, keys: make([]uint64, 0, a.Elements), best: make([]label, r.t.count)}
			for cell := from; cell < min(from+rows, n); cell++ {
				c.cell(cell)
			}
			return nil
		})
	}
	return a, g.Wait()
}

// ends are the walks between stops and the nearest facility.
func (r *Router) ends(direct *travel.Result, beyond []Beyond) *Ends {
	e := &Ends{Seconds: make([]int32, len(r.cellOf)), Facility: make([]int32, len(r.cellOf))}
	for i, c := range r.cellOf {
		e.Seconds[i] = -1
		if c >= 0 && direct.Nearest[c] >= 0 {
			e.Seconds[i], e.Facility[i] = whole(direct.Seconds[c])+r.extra[i], direct.Nearest[c]
		}
	}
	r.toBeyond(e, beyond)
	return e
}

// near gives the entries of each group, by sample: profiles to the facilities
// or from them.
func (r *Router) near(ctx context.Context, ends *Ends) ([][][]entry, error) {
	out := make([][][]entry, len(r.schedules))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	for k, s := range r.schedules {
		g.Go(func() error {
			if err := ctx.Err(); err != nil {
				return fault.E("transit.Times", fault.Canceled, err)
			}
			var stops [][]entry
			if r.g.Options.Direction == travel.ToFacility {
				stops = r.t.profile(s, r.changes, ends)
			} else {
				stops = r.t.forward(s, r.changes, ends)
			}
			out[k] = r.grouped(stops)
			return nil
		})
	}
	return out, g.Wait()
}

// grouped puts the entries of the stops of each cell together, with what it
// takes from the cell to the stop.
func (r *Router) grouped(stops [][]entry) [][]entry {
	out := make([][]entry, len(r.groups))
	var all []entry
	for k := range r.groups {
		all = all[:0]
		for _, s := range r.groups[k].stops {
			for _, e := range stops[s] {
				if r.g.Options.Direction == travel.ToFacility {
					e.at -= r.extra[s]
				} else {
					e.to = e.to.later(r.extra[s])
				}
				all = append(all, e)
			}
		}
		slices.SortFunc(all, func(a, b entry) int {
			if a.at != b.at {
				return int(b.at) - int(a.at)
			}
			if a.to < b.to {
				return -1
			}
			return 1
		})
		for _, e := range all {
			push(&out[k], e)
		}
	}
	return out
}

// counter makes the values of one cell after the other.
type counter struct {
	r           *Router
	near        [][][]entry
	direct      *travel.Result
	percentiles []float64
	out         *Answer
	keys        []uint64 // seconds and facility of each element
	best        []label  // of the departures of one sample
}

// cell makes the values of a cell.
func (c *counter) cell(cell int) {
	r, a := c.r, c.out
	inf := float32(math.Inf(1))
	for k := range a.Seconds {
		a.Seconds[k][cell] = inf
	}
	a.Nearest[cell] = -1
	if r.slot[cell] < 0 {
		return
	}
	useful := c.weigh(cell)
	n := len(c.keys)
	a.Useful[cell] = float32(useful) / float32(n)
	reached := 0
	for _, k := range c.keys {
		if !math.IsInf(float64(timeOf(k)), 1) {
			reached++
		}
	}
	a.Reached[cell] = float32(reached) / float32(n)
	for k, p := range c.percentiles {
		key := pick(c.keys, element(p, n))
		a.Seconds[k][cell] = timeOf(key)
		if k == 0 && timeOf(key) < inf {
			a.Nearest[cell] = int32(uint32(key))
		}
	}
}

// weigh finds the time and the facility of each departure of a wanted cell, by
// sample; useful counts those for which a ride saves time.
func (c *counter) weigh(cell int) (useful int) {
	onFoot := keyOf(c.direct.Seconds[cell], c.direct.Nearest[cell])
	walks := c.r.pairs[c.r.slot[cell]]
	c.keys = c.keys[:0]
	for _, groups := range c.near {
		c.sample(walks, groups, c.direct.Seconds[cell])
		for i, l := range c.best {
			key := onFoot
			if l != never {
				if k := keyOf(float32(l.seconds()-c.r.t.departure(i)), l.facility()); k>>32 < key>>32 {
					key = k
					useful++
				}
			}
			c.keys = append(c.keys, key)
		}
	}
	return useful
}

// keyOf packs a time and a facility so that they compare in this order: times
// are not negative.
func keyOf(seconds float32, facility int32) uint64 {
	return uint64(math.Float32bits(seconds))<<32 | uint64(uint32(facility))
}

func timeOf(key uint64) float32 { return math.Float32frombits(uint32(key >> 32)) }

// element is the place of a percentile among n values in ascending order,
// from 0: see the package comment.
func element(percentile float64, n int) int {
	return max(int(math.Ceil(percentile/100*float64(n)))-1, 0)
}

// sample finds the arrival of each departure with a ride or more, by the
// walks of a cell. Walks longer than the way on foot are of no use.
func (c *counter) sample(walks []pair, groups [][]entry, onFoot float32) {
	t := c.r.t
	for i := range c.best {
		c.best[i] = never
	}
	to := c.r.g.Options.Direction == travel.ToFacility
	for _, w := range walks {
		if float32(w.seconds) >= onFoot {
			break
		}
		list := groups[w.group]
		if !to {
			for _, e := range list {
				c.best[e.at] = min(c.best[e.at], e.to.later(w.seconds))
			}
			continue
		}
		last := t.departure(t.count-1) + w.seconds
		// Of the entries that all departures are in time for, the last is best.
		from := 0
		for lo, hi := 0, len(list); lo < hi; from = lo {
			if mid := (lo + hi) / 2; list[mid].at >= last {
				lo = mid + 1
			} else {
				hi = mid
			}
		}
		for _, e := range list[max(from-1, 0):] {
			late := e.at - w.seconds - t.first
			if late < 0 {
				break
			}
			i := min(int(late/t.o.Step), t.count-1)
			c.best[i] = min(c.best[i], e.to)
		}
	}
	// Who leaves earlier may wait.
	for i := len(c.best) - 2; i >= 0; i-- {
		c.best[i] = min(c.best[i], c.best[i+1])
	}
}

// pick is the kth value in ascending order; it moves the values about.
func pick(v []uint64, k int) uint64 {
	lo, hi := 0, len(v)-1
	for hi-lo > 64 {
		a, b, c := v[lo], v[(lo+hi)/2], v[hi]
		pivot := max(min(a, b), min(max(a, b), c))
		i, j := lo, hi
		for i <= j {
			for v[i] < pivot {
				i++
			}
			for v[j] > pivot {
				j--
			}
			if i <= j {
				v[i], v[j] = v[j], v[i]
				i++
				j--
			}
		}
		switch {
		case k <= j:
			hi = j
		case k >= i:
			lo = i
		default:
			return v[k]
		}
	}
	slices.Sort(v[lo : hi+1])
	return v[k]
}
