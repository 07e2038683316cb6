package travel

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
)

// SlopeFunc names the function that turns slope into speed. All are scaled to
// the speed on level ground, which is that of the cell: they give the factor
// by which a slope lengthens the time of a move.
type SlopeFunc uint8

// The slope functions. S is rise over run in the direction of travel.
const (
	// Tobler's hiking function scaled to 1 on level ground:
	// f = exp(−3.5·(|S+0.05| − 0.05)) (Tobler 1993; the scaled form is that of
	// AccessMod). Fastest, 1.191, at −5 %.
	Tobler SlopeFunc = iota
	// Level ignores elevation.
	Level
	// Langmuir's rule as GRASS r.walk has it, per metre of run:
	// T = a + b·S uphill, a + c·S down to −0.2125, a + d·S below, with a = 0.72,
	// b = 6, c = 1.9998, d = −1.9998 s (Aitken 1977, Langmuir 1984). On ground
	// of 1/0.72 m/s it gives the times of r.walk without friction.
	Langmuir
	// Minetti's energy cost of walking C(S) = 280.5S⁵ − 58.7S⁴ − 76.8S³ +
	// 51.9S² + 19.6S + 2.5 J/kg/m at constant power: the factor is C(S)/C(0)
	// (Minetti et al.
	// 2002, measured for |S| ≤ 0.45; in proportion to the rise beyond).
	Minetti
	// Campbell's tenth percentile of tracked hikers (Campbell et al. 2019):
	// v = c/(πb[1+((θ−a)/b)²]) + d + eθ m/s, θ in degrees, a = −1.568, b =
	// 13.328, c = 38.892, d = 0.404, e = −0.003; fitted to |θ| ≤ 30°, held beyond.
	Campbell
	// Cycling by power balance at the power that gives 15 km/h on level
	// ground: see CyclingSpeed.
	Cycling
	// ECycling adds the 250 W that a pedelec may give up to 25 km/h
	// (Regulation (EU) 168/2013, article 2) to the rider of Cycling.
	ECycling
)

var slopeNames = []string{"tobler", "level", "langmuir", "minetti", "campbell", "cycling", "e-cycling"}

// String is the name in profile files.
func (f SlopeFunc) String() string {
	if int(f) < len(slopeNames) {
		return slopeNames[f]
	}
	return "unknown"
}

// ParseSlopeFunc is the inverse of String; "" is Tobler.
func ParseSlopeFunc(name string) (SlopeFunc, error) {
	if name == "" {
		return Tobler, nil
	}
	i := slices.Index(slopeNames, name)
	if i < 0 {
		return 0, fmt.Errorf("slope function is %q; want one of %s", name, strings.Join(slopeNames, ", "))
	}
	return SlopeFunc(i), nil
}

// Factor is by how much the slope s lengthens the time of a move: 1 on level
// ground, +Inf where nobody goes. The searches use float32 approximations of
// it, with relative errors below 2e-6 (2e-5 for wheels;
// TestSlopeFactors).
func (f SlopeFunc) Factor(s float64) float64 {
	switch f {
	case Tobler:
		return math.Exp(3.5 * (math.Abs(s+0.05) - 0.05))
	case Langmuir:
		return langmuirTime(s)
	case Minetti:
		return minettiCost(s) / minettiFlat
	case Campbell:
		return campbellSpeed(0) / campbellSpeed(s)
	case Cycling:
		return cyclingFlat / CyclingSpeed(cyclingFlat, max(-wheelsMost, min(s, wheelsMost)))
	case ECycling:
		return assistedSpeed(0) / assistedSpeed(max(-wheelsMost, min(s, wheelsMost)))
	default:
		return 1
	}
}

// The parameters of GRASS r.walk.
const (
	langmuirA     = 0.72
	langmuirB     = 6.0
	langmuirC     = 1.9998
	langmuirD     = -1.9998
	langmuirSteep = -0.2125
)

func langmuirTime[F float32 | float64](s F) F {
	switch {
	case s >= 0:
		s *= langmuirB / langmuirA
	case s >= langmuirSteep:
		s *= langmuirC / langmuirA
	default:
		s *= langmuirD / langmuirA
	}
	return 1 + F(s) //nolint:unconvert // rounds the product, as the kernels do
}

// minettiMost is the steepest slope that was measured.
const (
	minettiMost = 0.45
	minettiFlat = 2.5 // J/kg/m on level ground
)

// The coefficients of Minetti's polynomial, from S⁵ down.
const (
	minetti5 = 280.5
	minetti4 = -58.7
	minetti3 = -76.8
	minetti2 = 51.9
	minetti1 = 19.6
)

// minettiCost is in J/kg per metre of run; beyond what was measured it grows
// in proportion to the rise.
func minettiCost[F float32 | float64](s F) F {
	at := max(-minettiMost, min(s, minettiMost))
	c := F(at*minetti5) + minetti4 //nolint:unconvert // rounds the product, as the kernels do
	c = F(at*c) + minetti3         //nolint:unconvert // likewise
	c = F(at*c) + minetti2         //nolint:unconvert // likewise
	c = F(at*c) + minetti1         //nolint:unconvert // likewise
	c = F(at*c) + minettiFlat      //nolint:unconvert // likewise
	if s != at {
		c *= s / at
	}
	return c
}

// campbellMost is the steepest slope in degrees of the fit, campbellSteep its
// rise over run.
const (
	campbellMost  = 30
	campbellSteep = 0.5773502691896257
)

// campbellSpeed is in m/s.
func campbellSpeed(s float64) float64 {
	const a, b, c, d, e = -1.568, 13.328, 38.892, 0.404, -0.003
	theta := max(-campbellMost, min(math.Atan(s)*180/math.Pi, campbellMost))
	x := (theta - a) / b
	return c/(math.Pi*b*(1+x*x)) + d + e*theta
}

// toblerFastest is a little under 1/f at −5 %, the smallest time factor that
// a move can have (exp(−0.175) = 0.83946): the search prunes with it, so it
// must not be above what toblerTime gives.
const toblerFastest = 0.8394

// fastestFactor is a lower bound of Factor over all slopes, by a margin for
// rounding.
func (f SlopeFunc) fastestFactor() float32 {
	switch f {
	case Tobler:
		return toblerFastest
	case Langmuir:
		return 0.4097 // at −0.2125: 0.40976
	case Minetti:
		return 0.3741 // at −15.3 %: 0.37420
	case Campbell:
		return 0.986 // at −1.6°: 0.9867
	case Cycling:
		return 0.4999 // downhill the speed is held at twice that on the flat
	case ECycling:
		return 0.8333
	default:
		return 1 - 1e-6
	}
}

// slopeTable is a slope function by linear interpolation, for those without a
// short formula: first, held to 1 or more and to second at most where there is
// one, and never below floor. Slopes beyond ±most count as those.
type slopeTable struct {
	first, second []float32
	most, scale   float32 // slope of the ends; entries a unit of slope
	floor         float32
}

// tableParts is the number of steps of a table.
const tableParts = 1 << 16

// slopeTables gives the table of each slope function, made when first wanted;
// nil for those that are computed.
var slopeTables = func() (all [7]func() *slopeTable) {
	for f := range all {
		all[f] = func() *slopeTable { return nil }
	}
	rider := cyclingPower(cyclingFlat / 3.6)
	all[Campbell] = sync.OnceValue(func() *slopeTable {
		t := newSlopeTable(campbellSteep)
		t.first = t.fill(Campbell.Factor)
		return t
	})
	all[Cycling] = sync.OnceValue(func() *slopeTable {
		t := newSlopeTable(wheelsMost)
		t.floor = 1.0 / cyclingMost
		t.first = t.fill(func(s float64) float64 { return cyclingFlat / 3.6 / powerSpeed(rider, s) })
		return t
	})
	all[ECycling] = sync.OnceValue(func() *slopeTable {
		t := newSlopeTable(wheelsMost)
		t.floor = pedelecMost / (cyclingMost * cyclingFlat)
		t.first = t.fill(func(s float64) float64 { return pedelecMost / 3.6 / powerSpeed(rider+pedelecWatts, s) })
		t.second = t.fill(func(s float64) float64 { return pedelecMost / 3.6 / powerSpeed(rider, s) })
		return t
	})
	return all
}()

func newSlopeTable(most float64) *slopeTable {
	return &slopeTable{most: float32(most), scale: float32(tableParts / (2 * most))}
}

// fill gives one entry more than there are steps, for the upper end.
func (t *slopeTable) fill(f func(float64) float64) []float32 {
	v := make([]float32, tableParts+2)
	for i := range v {
		v[i] = float32(f(float64(min(i, tableParts))/tableParts*2*float64(t.most) - float64(t.most)))
	}
	return v
}

func (t *slopeTable) at(s float32) float32 {
	x := (max(-t.most, min(s, t.most)) + t.most) * t.scale
	i := min(int(x), tableParts)
	part := x - float32(i)
	f := t.first[i] + float32((t.first[i+1]-t.first[i])*part)
	if t.second != nil {
		f = min(max(f, 1), t.second[i]+float32((t.second[i+1]-t.second[i])*part))
	}
	return max(f, t.floor)
}

// toblerPower is the power of two by which Tobler's time grows a unit of slope.
const toblerPower = 3.5 * math.Log2E

// The Taylor series of 2^f, from f¹ to f⁶.
const (
	power1 = math.Ln2
	power2 = power1 * math.Ln2 / 2
	power3 = power2 * math.Ln2 / 3
	power4 = power3 * math.Ln2 / 4
	power5 = power4 * math.Ln2 / 5
	power6 = power5 * math.Ln2 / 6
)

// toblerTime is 1/f: by how much the slope s lengthens the time of a move.
// Relative error against float64 below 2e-6 for |s| ≤ 5 (TestToblerTime);
// exactly 1 on level ground; +Inf on slopes above 25, where nobody walks. The
// kernels do the same, step by step.
func toblerTime(s float32) float32 {
	if s += 0.05; s < 0 {
		s = -s
	}
	// y ≥ −0.26, so truncation of y+0.5 rounds to nearest.
	y := toblerPower * (s - 0.05)
	if !(y < 126) {
		return float32(math.Inf(1))
	}
	n := int32(y + 0.5)
	f := y - float32(n)
	// 2^f on [−½, ½]: the remainder is below 2e-8.
	p := float32(power6)
	p = float32(p*f) + power5
	p = float32(p*f) + power4
	p = float32(p*f) + power3
	p = float32(p*f) + power2
	p = float32(p*f) + power1
	p = float32(p*f) + 1
	return p * math.Float32frombits(uint32(n+127)<<23)
}
