package siting

import (
	"cmp"
	"context"
	"math"
	"slices"

	"contado/geo/fault"
)

const op = "siting.Find"

// Params say what is asked.
type Params struct {
	Objective  Objective
	ThresholdS float64 // seconds, inclusive
	// Most is the longest time that counts, in seconds; at least ThresholdS.
	Most   float64
	Points int // how many to choose, 1 to MaxPoints
}

// Reach are the places that get nearer to a facility through one candidate.
type Reach struct {
	Row     []int32   // places, each once
	Seconds []float32 // to the candidate
}

// Gain is what a set of candidates adds to what there is.
type Gain struct {
	People  float64 // who come within the threshold
	Seconds float64 // person-seconds saved
	// Reached are people who could not get to any facility within Most.
	Reached float64
}

func (g Gain) of(o Objective) float64 {
	if o == Time {
		return g.Seconds
	}
	return g.People
}

// better orders gains by the objective, then by the other measure.
func (p *Params) better(a, b Gain) int {
	other := Time
	if p.Objective == Time {
		other = Cover
	}
	return cmp.Or(cmp.Compare(a.of(p.Objective), b.of(p.Objective)), cmp.Compare(a.of(other), b.of(other)))
}

// Plan is the answer.
type Plan struct {
	// Alone is the gain of each candidate by itself.
	Alone []Gain
	// Chosen are candidates in the order of their choice; Added what each adds
	// to those before it, and Total what all add. They are fewer than asked
	// when no other candidate adds anything.
	Chosen []int
	Added  []Gain
	Total  Gain
	// Exact: no choice of as many candidates has more of the objective. Bound
	// is what no choice exceeds; Total's, when Exact.
	Exact bool
	Bound float64
}

// Find chooses candidates. people and now are those of the places: how many
// live there, and the seconds to the nearest facility there is (+Inf: none).
// Of candidates that do the same, those that come first are chosen.
// Errors: fault.Invalid, fault.TooLarge, fault.Canceled.
func Find(ctx context.Context, people []float64, now []float32, reach []Reach, p Params) (*Plan, error) {
	if err := check(people, now, reach, &p); err != nil {
		return nil, err
	}
	w := &work{p: &p, people: people, now: slices.Clone(now), reach: reach}
	out := &Plan{Alone: make([]Gain, len(reach))}
	for c := range reach {
		if c&0xff == 0 && ctx.Err() != nil {
			return nil, fault.E(op, fault.Canceled, ctx.Err())
		}
		out.Alone[c] = w.gain(c)
	}
	chosen, exact, err := w.choose(ctx, out.Alone)
	if err != nil {
		return nil, err
	}
	w.now = slices.Clone(now)
	out.Chosen, out.Added = chosen, []Gain{}
	for _, c := range w.inOrder(chosen) {
		g := w.gain(c)
		out.Added = append(out.Added, g)
		out.Total = Gain{out.Total.People + g.People, out.Total.Seconds + g.Seconds, out.Total.Reached + g.Reached}
		w.open(c)
	}
	out.Exact, out.Bound = exact || len(chosen) <= 1, out.Total.of(p.Objective)
	if !out.Exact {
		out.Bound = w.bound(out.Bound)
		out.Exact = out.Bound <= out.Total.of(p.Objective)
	}
	return out, nil
}

func check(people []float64, now []float32, reach []Reach, p *Params) error {
	switch {
	case p.Objective != Cover && p.Objective != Time:
		return fault.Errorf(op, fault.Invalid, "objective %.20q: there are cover and time", p.Objective)
	case !(p.ThresholdS > 0) || math.IsInf(p.ThresholdS, 0) || !(p.Most >= p.ThresholdS) || math.IsInf(p.Most, 0):
		return fault.Errorf(op, fault.Invalid, "threshold of %g s and longest time of %g s: want numbers above 0, the longest not less", p.ThresholdS, p.Most)
	case p.Points < 1 || p.Points > MaxPoints:
		return fault.Errorf(op, fault.Invalid, "%d points: want 1 to %d", p.Points, MaxPoints)
	case len(reach) > MaxCandidates:
		return fault.Errorf(op, fault.TooLarge, "%d candidates: at most %d", len(reach), MaxCandidates)
	case len(people) != len(now):
		return fault.Errorf(op, fault.Invalid, "%d places with people, %d with times", len(people), len(now))
	}
	for i, v := range people {
		if !(v >= 0) || math.IsInf(v, 0) || !(now[i] >= 0) {
			return fault.Errorf(op, fault.Invalid, "place %d: %v people, %v s", i, v, now[i])
		}
	}
	for c, r := range reach {
		if len(r.Row) != len(r.Seconds) {
			return fault.Errorf(op, fault.Invalid, "candidate %d: %d places with %d times", c, len(r.Row), len(r.Seconds))
		}
		for k, row := range r.Row {
			if row < 0 || int(row) >= len(people) || !(r.Seconds[k] >= 0) {
				return fault.Errorf(op, fault.Invalid, "candidate %d: %v s from place %d of %d", c, r.Seconds[k], row, len(people))
			}
		}
	}
	return nil
}

type work struct {
	p      *Params
	people []float64
	now    []float32 // with the candidates opened so far
	reach  []Reach
}

// gain is what a candidate adds to what there is now.
func (w *work) gain(c int) (g Gain) {
	r := &w.reach[c]
	for k, row := range r.Row {
		was, is := float64(w.now[row]), float64(r.Seconds[k])
		if is >= was {
			continue
		}
		n := w.people[row]
		if was > w.p.ThresholdS && is <= w.p.ThresholdS {
			g.People += n
		}
		if was > w.p.Most && is <= w.p.Most {
			g.Reached += n
		}
		g.Seconds += n * (math.Min(was, w.p.Most) - math.Min(is, w.p.Most))
	}
	return g
}

func (w *work) open(c int) {
	r := &w.reach[c]
	for k, row := range r.Row {
		w.now[row] = min(w.now[row], r.Seconds[k])
	}
}

// choose finds the candidates, in the order of their index when the choice is
// exact.
func (w *work) choose(ctx context.Context, alone []Gain) (chosen []int, exact bool, err error) {
	useful := make([]int, 0, len(alone))
	for c, g := range alone {
		if g.of(w.p.Objective) > 0 {
			useful = append(useful, c)
		}
	}
	if len(useful) <= w.p.Points {
		return useful, true, nil // all that help
	}
	if w.p.Points > 1 && choices(len(useful), w.p.Points) <= maxChoices {
		chosen, err = w.every(ctx, useful)
		return chosen, true, err
	}
	chosen, err = w.greedy(ctx, useful, alone)
	return chosen, w.p.Points == 1, err
}

// choices is how many ways there are to choose p of n; more than maxChoices is
// as good as any.
func choices(n, p int) int {
	out := 1
	for k := 1; k <= p; k++ {
		if out = out * (n - p + k) / k; out > maxChoices {
			return out
		}
	}
	return out
}

// greedy chooses one after the other. A gain never grows when others are
// chosen, so a candidate is looked at again only when its last gain would win.
func (w *work) greedy(ctx context.Context, useful []int, alone []Gain) ([]int, error) {
	type offer struct {
		c     int
		gain  Gain
		round int
	}
	list := make([]offer, 0, len(useful))
	for _, c := range useful {
		list = append(list, offer{c, alone[c], 0})
	}
	var chosen []int
	for round := 0; round < w.p.Points && len(list) > 0; round++ {
		if err := ctx.Err(); err != nil {
			return nil, fault.E(op, fault.Canceled, err)
		}
		// The second measure may not be submodular beside the first: all with
		// the same best gain are looked at.
		slices.SortStableFunc(list, func(a, b offer) int {
			return cmp.Or(-cmp.Compare(a.gain.of(w.p.Objective), b.gain.of(w.p.Objective)), cmp.Compare(a.c, b.c))
		})
		best := -1
		for i := range list {
			if best >= 0 && list[i].gain.of(w.p.Objective) < list[best].gain.of(w.p.Objective) {
				break
			}
			if list[i].round < round {
				list[i].gain, list[i].round = w.gain(list[i].c), round
			}
			if best < 0 || w.p.better(list[i].gain, list[best].gain) > 0 {
				best = i
			}
		}
		if list[best].gain.of(w.p.Objective) <= 0 {
			break
		}
		w.open(list[best].c)
		chosen = append(chosen, list[best].c)
		list = slices.Delete(list, best, best+1)
	}
	return chosen, nil
}

// every tries all choices.
func (w *work) every(ctx context.Context, useful []int) ([]int, error) {
	var best, at []int
	var top Gain
	tried := 0
	var try func(from int, sum Gain) error
	try = func(from int, sum Gain) error {
		if len(at) == w.p.Points {
			if tried++; tried&0xfff == 0 && ctx.Err() != nil {
				return fault.E(op, fault.Canceled, ctx.Err())
			}
			if best == nil || w.p.better(sum, top) > 0 {
				best, top = slices.Clone(at), sum
			}
			return nil
		}
		for k := from; k <= len(useful)-(w.p.Points-len(at)); k++ {
			g, before := w.gain(useful[k]), w.remember(useful[k])
			w.open(useful[k])
			at = append(at, useful[k])
			err := try(k+1, Gain{sum.People + g.People, sum.Seconds + g.Seconds, sum.Reached + g.Reached})
			at = at[:len(at)-1]
			w.restore(useful[k], before)
			if err != nil {
				return err
			}
		}
		return nil
	}
	err := try(0, Gain{})
	return best, err
}

func (w *work) remember(c int) []float32 {
	r := &w.reach[c]
	out := make([]float32, len(r.Row))
	for k, row := range r.Row {
		out[k] = w.now[row]
	}
	return out
}

func (w *work) restore(c int, before []float32) {
	for k, row := range w.reach[c].Row {
		w.now[row] = before[k]
	}
}

// inOrder puts a choice in the order in which each adds most, in place.
func (w *work) inOrder(chosen []int) []int {
	saved := slices.Clone(w.now)
	for i := range chosen {
		best := i
		for k := i; k < len(chosen); k++ {
			if d := w.p.better(w.gain(chosen[k]), w.gain(chosen[best])); d > 0 || d == 0 && chosen[k] < chosen[best] {
				best = k
			}
		}
		chosen[i], chosen[best] = chosen[best], chosen[i]
		w.open(chosen[i])
	}
	w.now = saved
	return chosen
}

// bound is what no choice of as many candidates exceeds: the value of those
// opened, and the largest gains that others would still add.
func (w *work) bound(value float64) float64 {
	gains := make([]float64, len(w.reach))
	for c := range gains {
		gains[c] = w.gain(c).of(w.p.Objective)
	}
	slices.SortFunc(gains, func(a, b float64) int { return cmp.Compare(b, a) })
	for _, g := range gains[:min(w.p.Points, len(gains))] {
		value += g
	}
	return value
}
