package series

import (
	"cmp"
	"math"
	"slices"

	"contado/geo/fault"
)

// MaxPoints bounds a series whose pairs are looked at.
const MaxPoints = 4000

// MinPoints is the shortest series that is tested for a trend.
const MinPoints = 4

// exactPoints is up to how many values without ties the exact distribution
// of S is used (Gilbert 1987, section 16.4.1).
const exactPoints = 10

// Point is a value at a time.
type Point struct {
	Years float64 // see Period.Years
	Part  int     // part of the year (0 … 52) that it is compared within; seasonal forms only
	Value float64 // NaN = left out
}

// Kendall is the outcome of a Mann-Kendall test.
type Kendall struct {
	N int // values
	// S is the number of pairs that rise less those that fall, and Var its
	// variance when there is no trend, with the correction for ties.
	S   int64
	Var float64
	// Z is the normal score with the correction for continuity: (|S|−1)/√Var
	// with the sign of S; 0 when Var is.
	Z float64
	// P is the two-sided probability of an S as far from 0 when there is no
	// trend: from Z, or from the exact distribution when Exact is set (a
	// series of up to 10 values without ties).
	P     float64
	Exact bool
	// SerialP is P when what remains of a value beside the trend may last into
	// the other parts of the year, as greenness does: Var with the covariances
	// between the parts. Seasonal form of 10 years or more; NaN otherwise.
	SerialP float64
	// Tau is Kendall's tau-b: S over √(pairs · pairs that are not tied).
	Tau float64
}

// MannKendall tests for a monotonic trend: Mann 1945, Econometrica 13,
// 245–259; Kendall 1975, Rank Correlation Methods; ties as in Gilbert 1987,
// Statistical Methods for Environmental Pollution Monitoring, section 16.4.
// It takes the values as independent but for the trend. Points may come in
// any order; two at one time are fault.Invalid, like fewer than MinPoints
// values, and more than MaxPoints are fault.TooLarge.
func MannKendall(points []Point) (Kendall, error) {
	pts, err := prepare("series.MannKendall", points, false)
	if err != nil {
		return Kendall{}, err
	}
	k, d := score(pts)
	k.finish(d)
	if k.N <= exactPoints && !tied(pts) {
		k.P, k.Exact = exactP(k.N, k.S), true
	}
	return k, nil
}

// SeasonalMannKendall tests for a trend that is common to the parts of the
// year, comparing values of the same part alone: Hirsch, Slack, Smith 1982,
// Water Resources Research 18, 107–121. S, Var and pairs are summed over the
// parts, taking them as independent; SerialP does not take them so. Errors are those of MannKendall; two
// points of one part at one time are an error.
func SeasonalMannKendall(points []Point) (Kendall, error) {
	pts, err := prepare("series.SeasonalMannKendall", points, true)
	if err != nil {
		return Kendall{}, err
	}
	var sum Kendall
	var denominator float64
	for part := range parts(pts) {
		k, d := score(part)
		sum.N += k.N
		sum.S += k.S
		sum.Var += k.Var
		denominator += d
	}
	sum.finish(denominator)
	if c, ok := covariance(pts); ok && sum.Var+c > 0 {
		sum.SerialP = normalP(sum.S, sum.Var+c)
	}
	return sum, nil
}

// prepare gives the points with a value by part (when seasonal) and time.
func prepare(op string, points []Point, seasonal bool) ([]Point, error) {
	pts := make([]Point, 0, len(points))
	for _, p := range points {
		if math.IsNaN(p.Value) || math.IsInf(p.Value, 0) {
			continue
		}
		if math.IsNaN(p.Years) || math.IsInf(p.Years, 0) {
			return nil, fault.Errorf(op, fault.Invalid, "a value has no time")
		}
		if seasonal && (p.Part < 0 || p.Part > 52) {
			return nil, fault.Errorf(op, fault.Invalid, "a value lies in part %d of its year; parts from 0 to 52 are taken", p.Part)
		}
		if !seasonal {
			p.Part = 0
		}
		pts = append(pts, p)
	}
	if len(pts) < MinPoints {
		return nil, fault.Errorf(op, fault.Invalid, "%d values are too few to tell a trend; it takes %d", len(pts), MinPoints)
	}
	if len(pts) > MaxPoints {
		return nil, fault.WithHint(fault.Errorf(op, fault.TooLarge, "%d values are more than the %d that are compared pair by pair", len(pts), MaxPoints),
			"make composites first")
	}
	slices.SortFunc(pts, func(a, b Point) int { return cmp.Or(cmp.Compare(a.Part, b.Part), cmp.Compare(a.Years, b.Years)) })
	for i := 1; i < len(pts); i++ {
		if pts[i].Part == pts[i-1].Part && pts[i].Years == pts[i-1].Years {
			return nil, fault.WithHint(fault.Errorf(op, fault.Invalid, "two values have the same time (year %.4f)", pts[i].Years), "make composites first")
		}
	}
	return pts, nil
}

// parts yields the runs of points of the same part.
func parts(pts []Point) func(func([]Point) bool) {
	return func(yield func([]Point) bool) {
		for len(pts) > 0 {
			n := 1
			for n < len(pts) && pts[n].Part == pts[0].Part {
				n++
			}
			if !yield(pts[:n]) {
				return
			}
			pts = pts[n:]
		}
	}
}

// score gives S and its variance for points in time order, and the
// denominator of tau-b.
func score(pts []Point) (k Kendall, denominator float64) {
	k.N = len(pts)
	for i := range pts {
		for j := i + 1; j < len(pts); j++ {
			switch a, b := pts[i].Value, pts[j].Value; {
			case b > a:
				k.S++
			case b < a:
				k.S--
			}
		}
	}
	n := float64(k.N)
	pairs := n * (n - 1) / 2
	k.Var = n * (n - 1) * (2*n + 5)
	untied := pairs
	for _, t := range ties(pts) {
		k.Var -= t * (t - 1) * (2*t + 5)
		untied -= t * (t - 1) / 2
	}
	k.Var /= 18
	return k, math.Sqrt(pairs * untied)
}

// ties gives the sizes of the groups of equal values.
func ties(pts []Point) []float64 {
	v := make([]float64, len(pts))
	for i, p := range pts {
		v[i] = p.Value
	}
	slices.Sort(v)
	var groups []float64
	for i := 0; i < len(v); {
		j := i
		for j < len(v) && v[j] == v[i] {
			j++
		}
		groups = append(groups, float64(j-i))
		i = j
	}
	return groups
}

func tied(pts []Point) bool { return len(ties(pts)) < len(pts) }

// finish derives Z, P and tau from S and Var.
func (k *Kendall) finish(denominator float64) {
	k.Z = normalScore(k.S, k.Var)
	k.P, k.SerialP = normalP(k.S, k.Var), math.NaN()
	if denominator > 0 {
		k.Tau = float64(k.S) / denominator
	}
}

// normalScore is Z of S.
func normalScore(s int64, variance float64) float64 {
	if variance <= 0 || s == 0 {
		return 0
	}
	return math.Copysign(math.Abs(float64(s))-1, float64(s)) / math.Sqrt(variance)
}

// normalP is the two-sided probability of Z.
func normalP(s int64, variance float64) float64 {
	return math.Erfc(math.Abs(normalScore(s, variance)) / math.Sqrt2)
}

// exactP is the two-sided probability of |S| or more among the n!
// orders of n different values, counted by inversions.
func exactP(n int, s int64) float64 {
	count := []float64{1} // orders by their number of inversions
	for m := 2; m <= n; m++ {
		next := make([]float64, len(count)+m-1)
		for inv, c := range count {
			for k := range m {
				next[inv+k] += c / float64(m)
			}
		}
		count = next
	}
	if s < 0 {
		s = -s
	}
	pairs := int64(n * (n - 1) / 2)
	var p float64
	for inv := int64(0); inv <= (pairs-s)/2; inv++ {
		p += count[inv]
	}
	return math.Min(1, 2*p)
}
