package coverage

import (
	"context"
	"math"
	"slices"

	"contado/geo/fault"
)

// AccessMethod names a measure of supply within reach.
type AccessMethod string

// The methods. i are cells with P people, j facilities with supply S, w the
// weight of a trip (Decay).
const (
	// Cumulative and Gravity: A_i = Σ_j S_j·w_ij; the first with a step.
	Cumulative AccessMethod = "cumulative"
	Gravity    AccessMethod = "gravity"
	// FCA2 (Luo and Wang 2003) and E2FCA (Luo and Qi 2009):
	// R_j = S_j / Σ_k P_k·w_kj, A_i = Σ_j R_j·w_ij; the first with a step.
	FCA2  AccessMethod = "2sfca"
	E2FCA AccessMethod = "e2sfca"
	// FCA3 (Wan, Zou and Sternberg 2012) lets people choose: with
	// G_ij = w_ij/Σ_j w_ij, G·w stands in place of w in both steps.
	FCA3 AccessMethod = "3sfca"
	// RAAM (Saxon and Snow 2020, Annals AAG 110(1)) is a cost, not a supply:
	// of travel, t/τ, and of crowding, D_j/(ρ·S_j), ρ being all people ÷ all
	// supply, in the equilibrium where nobody gains by going elsewhere.
	RAAM AccessMethod = "raam"
)

// AccessMethods lists them, for help texts and errors.
var AccessMethods = []AccessMethod{Cumulative, Gravity, FCA2, E2FCA, FCA3, RAAM}

// AccessParams choose a measure.
type AccessParams struct {
	Method AccessMethod
	// Decay is the weight of trips; the zero value is the method's own: a
	// step at 30 minutes (cumulative, 2sfca), half-life 15 minutes (gravity),
	// bands 10/20/30 min → 1/.68/.22 (e2sfca), 10/20/30/60 → .962/.704/.377/.042
	// (3sfca). Cumulative and 2sfca take only a step; raam none.
	Decay Decay
	TauS  float64 // raam: τ, seconds of travel that weigh as much as mean crowding; 0 = 3600
}

// Floated is what Floating gives.
type Floated struct {
	// Values has one a cell: A_i, 0 where nothing is within reach; for raam
	// the cost of the equilibrium, +Inf where nothing is.
	Values []float64
	// Ratios has one a facility: R_j, or for raam its crowding D_j/(ρ·S_j).
	Ratios []float64
	// Unused is the supply that has nobody within reach: the law
	// Σ P_i·A_i = Σ S_j holds for 2sfca, e2sfca and 3sfca with it left out.
	Unused float64
	// Params are those used, defaults filled in.
	Params AccessParams
}

const opFloating = "coverage.Floating"

func (p AccessParams) withDefaults() (AccessParams, error) {
	step := p.Method == Cumulative || p.Method == FCA2
	if p.Decay.Kind == "" {
		switch p.Method {
		case Cumulative, FCA2:
			p.Decay = Decay{Kind: DecayStep, Seconds: 1800}
		case Gravity:
			p.Decay = Decay{Kind: DecayHalfLife, Seconds: 900}
		case E2FCA:
			p.Decay = Decay{Kind: DecayBands, Bands: e2sfcaBands}
		case FCA3:
			p.Decay = Decay{Kind: DecayBands, Bands: e3sfcaBands}
		}
	}
	switch {
	case !slices.Contains(AccessMethods, p.Method):
		return p, fault.Errorf(opFloating, fault.Invalid, "unknown access measure %q (measures: %v)", p.Method, AccessMethods)
	case p.Method == RAAM:
		if p.Decay.Kind != "" {
			return p, fault.Errorf(opFloating, fault.Invalid, "raam weighs travel by tau and takes no decay")
		}
		if p.TauS == 0 {
			p.TauS = 3600
		}
		if !(p.TauS > 0) || math.IsInf(p.TauS, 0) {
			return p, fault.Errorf(opFloating, fault.Invalid, "tau of %v s: must be above 0", p.TauS)
		}
		return p, nil
	case step && p.Decay.Kind != DecayStep:
		return p, fault.Errorf(opFloating, fault.Invalid, "%s takes a step, not %s: use %s", p.Method, p.Decay.Kind,
			map[AccessMethod]AccessMethod{Cumulative: Gravity, FCA2: E2FCA}[p.Method])
	}
	return p, p.Decay.Check()
}

// Floating weighs supply within reach against the people who share it. people
// has one a cell of trips, supply one a facility (≥ 0). The result does not
// hang on the order of cells or facilities: people add up in integers, and
// what reaches a cell is summed from the smallest up.
// Errors: fault.Invalid, fault.TooLarge, fault.Canceled.
func Floating(ctx context.Context, people, supply []float64, trips *Trips, p AccessParams) (*Floated, error) {
	p, err := p.withDefaults()
	if err != nil {
		return nil, err
	}
	if err := checkFloating(people, supply, trips); err != nil {
		return nil, err
	}
	out := &Floated{Values: make([]float64, len(people)), Ratios: make([]float64, len(supply)), Params: p}
	switch p.Method {
	case RAAM:
		return out, raam(ctx, people, supply, trips, out)
	case Cumulative, Gravity:
		copy(out.Ratios, supply)
	default:
		out.ratios(people, supply, trips)
	}
	if err := ctx.Err(); err != nil {
		return nil, fault.E(opFloating, fault.Canceled, err)
	}
	weigher := newWeigher(trips, p)
	terms := make([]float64, 0, 64)
	for i := range people {
		terms = terms[:0]
		for e, w := range weigher.of(i) {
			if j := trips.Facility[trips.Start[i]+e]; w > 0 && out.Ratios[j] > 0 {
				terms = append(terms, out.Ratios[j]*w)
			}
		}
		slices.Sort(terms)
		out.Values[i] = sum(terms)
	}
	return out, nil
}

func checkFloating(people, supply []float64, trips *Trips) error {
	for i, v := range people {
		if !(v >= 0) || math.IsInf(v, 0) {
			return fault.Errorf(opFloating, fault.Invalid, "cell %d: %v people", i, v)
		}
	}
	for j, v := range supply {
		if !(v >= 0) || math.IsInf(v, 0) {
			return fault.Errorf(opFloating, fault.Invalid, "facility %d: supply of %v", j, v)
		}
	}
	return trips.check(opFloating, len(people), len(supply))
}

// weigher gives the weights of the trips of one cell at a time.
type weigher struct {
	trips  *Trips
	p      AccessParams
	buffer []float64
	sorted []float64
}

func newWeigher(t *Trips, p AccessParams) *weigher { return &weigher{trips: t, p: p} }

func (w *weigher) of(cell int) []float64 {
	w.buffer = w.buffer[:0]
	for e := w.trips.Start[cell]; e < w.trips.Start[cell+1]; e++ {
		w.buffer = append(w.buffer, w.p.Decay.Weight(float64(w.trips.Seconds[e])))
	}
	if w.p.Method == FCA3 {
		w.sorted = append(w.sorted[:0], w.buffer...)
		slices.Sort(w.sorted)
		if all := sum(w.sorted); all > 0 {
			for k, v := range w.buffer {
				w.buffer[k] = v / all * v
			}
		}
	}
	return w.buffer
}

// ratios are R_j.
func (out *Floated) ratios(people, supply []float64, trips *Trips) {
	demand := newTally(len(supply), sum(people))
	weigher := newWeigher(trips, out.Params)
	for i, v := range people {
		if v == 0 {
			continue
		}
		for e, w := range weigher.of(i) {
			demand.add(int(trips.Facility[trips.Start[i]+e]), v*w)
		}
	}
	var unused []float64
	for j, s := range supply {
		if d := demand.value(j); d > 0 {
			out.Ratios[j] = s / d
		} else {
			unused = append(unused, s)
		}
	}
	slices.Sort(unused)
	out.Unused = sum(unused)
}

// tally adds numbers up in integers, so that their order does not matter: in
// multiples of 2^−k, k such that a sum of most cannot overflow, and what that
// leaves of each, at most half of one, in multiples of 2^−(k+31): room for
// 2^32 of them.
type tally struct {
	scale        float64
	coarse, fine []int64
}

func newTally(n int, most float64) *tally {
	_, exp := math.Frexp(most)
	return &tally{scale: math.Ldexp(1, min(60-exp, 900)), coarse: make([]int64, n), fine: make([]int64, n)}
}

const tallyFine = 1 << 31

func (t *tally) add(j int, v float64) {
	q := math.RoundToEven(v * t.scale)
	t.coarse[j] += int64(q)
	t.fine[j] += int64(math.RoundToEven((v*t.scale - q) * tallyFine))
}

func (t *tally) value(j int) float64 {
	return (float64(t.coarse[j]) + float64(t.fine[j])/tallyFine) / t.scale
}
