package coverage

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"contado/geo/fault"
)

// DecayKind names the shape of a Decay.
type DecayKind string

// The shapes, t being the time of a trip and S, F, W the fields Seconds, From
// and Width of Decay. None is cut off: a weight is 0 only where the formula
// says so, and for a trip of infinite time.
const (
	DecayStep        DecayKind = "step"        // 1 for t ≤ S, inclusive; 0 beyond
	DecayLinear      DecayKind = "linear"      // 1 for t ≤ F, then evenly down to 0 at S
	DecayHalfLife    DecayKind = "half-life"   // 2^(−t/S)
	DecayExponential DecayKind = "exponential" // e^(−t/S)
	// DecayLogistic is g(0)/g(t) with g(t) = 1 + e^((t−S)·π/(W·√3)): the
	// survival function of a logistic distribution of mean S and standard
	// deviation W, made 1 at t = 0 (Conveyal R5, LogisticDecayFunction).
	DecayLogistic DecayKind = "logistic"
	DecayGaussian DecayKind = "gaussian" // e^(−t²/(2·S²))
	DecayPower    DecayKind = "power"    // (max(t, S)/S)^(−W)
	DecayBands    DecayKind = "bands"    // the weight of the first band with t ≤ WithinS; 0 beyond the last
)

// Decay says how much a trip counts by its time: 0…1, never rising.
type Decay struct {
	Kind    DecayKind
	Seconds float64     // S, above 0 (not for bands)
	From    float64     // F, 0 ≤ F < S; linear only
	Width   float64     // W, above 0; logistic (seconds) and power (exponent) only
	Bands   []DecayBand // bands only, ascending in WithinS and not rising in Weight
}

// DecayBand is one step of a Decay of bands.
type DecayBand struct{ WithinS, Weight float64 }

// Luo and Qi (2009), Health & Place 15(4): weights of E2SFCA, fast decay.
var e2sfcaBands = []DecayBand{{600, 1}, {1200, 0.68}, {1800, 0.22}}

// Wan, Zou and Sternberg (2012), IJGIS 26(6): Gaussian weights of 3SFCA.
var e3sfcaBands = []DecayBand{{600, 0.962}, {1200, 0.704}, {1800, 0.377}, {3600, 0.042}}

// Weight is the weight of a trip of t seconds, t ≥ 0.
func (d Decay) Weight(t float64) float64 {
	if math.IsInf(t, 1) {
		return 0
	}
	switch d.Kind {
	case DecayStep:
		if t <= d.Seconds {
			return 1
		}
		return 0
	case DecayLinear:
		return math.Min(1, math.Max(0, (d.Seconds-t)/(d.Seconds-d.From)))
	case DecayHalfLife:
		return math.Exp2(-t / d.Seconds)
	case DecayExponential:
		return math.Exp(-t / d.Seconds)
	case DecayLogistic:
		g := func(t float64) float64 { return 1 + math.Exp((t-d.Seconds)*math.Pi/(d.Width*math.Sqrt(3))) }
		return g(0) / g(t)
	case DecayGaussian:
		return math.Exp(-t * t / (2 * d.Seconds * d.Seconds))
	case DecayPower:
		return math.Pow(math.Max(t, d.Seconds)/d.Seconds, -d.Width)
	case DecayBands:
		for _, b := range d.Bands {
			if t <= b.WithinS {
				return b.Weight
			}
		}
	}
	return 0
}

// Check reports what is wrong with the parameters, as fault.Invalid.
func (d Decay) Check() error {
	bad := func(format string, args ...any) error {
		return fault.Errorf("coverage.Decay", fault.Invalid, "decay %s: "+format, append([]any{d.Kind}, args...)...)
	}
	positive := func(v float64) bool { return v > 0 && !math.IsInf(v, 0) }
	switch d.Kind {
	case DecayStep, DecayHalfLife, DecayExponential, DecayGaussian, DecayLinear:
	case DecayLogistic, DecayPower:
		if !positive(d.Width) {
			return bad("width or exponent %v must be above 0", d.Width)
		}
	case DecayBands:
		return d.checkBands(bad)
	default:
		return fault.Errorf("coverage.Decay", fault.Invalid,
			"unknown decay %q (step, linear, half-life, exponential, logistic, gaussian, power, bands)", d.Kind)
	}
	if !positive(d.Seconds) {
		return bad("%v seconds: must be above 0", d.Seconds)
	}
	if d.Kind == DecayLinear && !(d.From >= 0 && d.From < d.Seconds) {
		return bad("full weight up to %v s and none from %v s: the first must be smaller", d.From, d.Seconds)
	}
	return nil
}

func (d Decay) checkBands(bad func(string, ...any) error) error {
	if len(d.Bands) == 0 || len(d.Bands) > MaxThresholds {
		return bad("%d bands; 1 to %d", len(d.Bands), MaxThresholds)
	}
	last := DecayBand{0, 1}
	for _, b := range d.Bands {
		if !(b.WithinS > last.WithinS) || math.IsInf(b.WithinS, 0) || !(b.Weight >= 0 && b.Weight <= last.Weight) {
			return bad("band within %v s of weight %v after one within %v s of %v: times must rise, weights fall from 1 to 0",
				b.WithinS, b.Weight, last.WithinS, last.Weight)
		}
		last = b
	}
	return nil
}

// String is the form that ParseDecay reads.
func (d Decay) String() string {
	s := func(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
	switch d.Kind {
	case DecayLinear:
		return fmt.Sprintf("linear:%ss:%ss", s(d.From), s(d.Seconds))
	case DecayLogistic:
		return fmt.Sprintf("logistic:%ss:%ss", s(d.Seconds), s(d.Width))
	case DecayPower:
		return fmt.Sprintf("power:%ss:%s", s(d.Seconds), s(d.Width))
	case DecayBands:
		parts := make([]string, len(d.Bands))
		for i, b := range d.Bands {
			parts[i] = s(b.WithinS) + "s=" + s(b.Weight)
		}
		return "bands:" + strings.Join(parts, ",")
	}
	return fmt.Sprintf("%s:%ss", d.Kind, s(d.Seconds))
}

const maxDecayText = 1000

// ParseDecay reads "step:30m", "linear:60m" or "linear:10m:60m" (from, to),
// "half-life:15m", "exponential:20m", "logistic:30m:10m" (mean, deviation),
// "gaussian:20m", "power:1m:1" (unit, exponent), "bands:10m=1,20m=0.68".
// Times are as in Go ("90s", "1h30m"). Errors: fault.Invalid.
func ParseDecay(text string) (Decay, error) {
	bad := func(why string) (Decay, error) {
		return Decay{}, fault.Errorf("coverage.ParseDecay", fault.Invalid,
			"decay %.60q: %s (for instance step:30m, logistic:30m:10m, bands:10m=1,20m=0.68)", text, why)
	}
	if len(text) > maxDecayText {
		return bad("too long")
	}
	kind, rest, _ := strings.Cut(strings.TrimSpace(text), ":")
	d := Decay{Kind: DecayKind(kind)}
	var err error
	if d.Kind == DecayBands {
		for part := range strings.SplitSeq(rest, ",") {
			within, weight, _ := strings.Cut(part, "=")
			var b DecayBand
			if b.WithinS, err = decaySeconds(within); err != nil {
				return bad(err.Error())
			}
			if b.Weight, err = strconv.ParseFloat(weight, 64); err != nil {
				return bad("a weight that is no number")
			}
			d.Bands = append(d.Bands, b)
		}
		return d, d.Check()
	}
	args := strings.Split(rest, ":")
	want := map[DecayKind]int{DecayLogistic: 2, DecayPower: 2}[d.Kind]
	if d.Kind == DecayLinear && len(args) == 2 {
		if d.From, err = decaySeconds(args[0]); err != nil {
			return bad(err.Error())
		}
		args = args[1:]
	}
	if len(args) != max(1, want) {
		return bad("wrong number of parameters")
	}
	if d.Seconds, err = decaySeconds(args[0]); err != nil {
		return bad(err.Error())
	}
	switch d.Kind {
	case DecayLogistic:
		d.Width, err = decaySeconds(args[1])
	case DecayPower:
		d.Width, err = strconv.ParseFloat(args[1], 64)
	}
	if err != nil {
		return bad("the second parameter is no number")
	}
	return d, d.Check()
}

func decaySeconds(text string) (float64, error) {
	if number, ok := strings.CutSuffix(text, "s"); ok { // finer than Duration's nanosecond, and as String writes it
		if v, err := strconv.ParseFloat(number, 64); err == nil && v >= 0 {
			return v, nil
		}
	}
	v, err := time.ParseDuration(text)
	if err != nil || v < 0 {
		return 0, fmt.Errorf("%.20q is no time", text)
	}
	return v.Seconds(), nil
}
