package series

import (
	"math"
	"slices"

	"contado/geo/fault"
)

// Slope is a Theil-Sen line: Value = Intercept + PerYear · Years.
type Slope struct {
	N         int // values
	PerYear   float64
	Intercept float64 // median value less PerYear · median time
	// Low and High bound PerYear with the Confidence; in a series too short
	// for it they are the least and the greatest slope between two values.
	Low, High  float64
	Confidence float64
}

// TheilSen is the median of the slopes between all pairs of values, with the
// rank interval of Sen 1968, Journal of the American Statistical Association
// 63, 1379–1389: the slopes at ranks (N' ∓ z·√Var)/2, Var as in MannKendall.
// Confidence is in (0, 1), such as 0.95. Errors are those of MannKendall.
func TheilSen(points []Point, confidence float64) (Slope, error) {
	return theilSen("series.TheilSen", points, confidence, false)
}

// SeasonalTheilSen takes the slopes between values of the same part of the
// year alone (Hirsch, Slack, Smith 1982), with the interval from the summed
// variance of SeasonalMannKendall.
func SeasonalTheilSen(points []Point, confidence float64) (Slope, error) {
	return theilSen("series.SeasonalTheilSen", points, confidence, true)
}

func theilSen(op string, points []Point, confidence float64, seasonal bool) (Slope, error) {
	if !(confidence > 0 && confidence < 1) {
		return Slope{}, fault.Errorf(op, fault.Invalid, "the confidence is %g; it is a number between 0 and 1, such as 0.95", confidence)
	}
	pts, err := prepare(op, points, seasonal)
	if err != nil {
		return Slope{}, err
	}
	var slopes []float64
	var variance float64
	for part := range parts(pts) {
		k, _ := score(part)
		variance += k.Var
		slopes = appendSlopes(slopes, part)
	}
	if len(slopes) == 0 {
		return Slope{}, fault.Errorf(op, fault.Invalid, "no month or season has two values to compare")
	}
	slices.Sort(slopes)
	s := Slope{N: len(pts), PerYear: median(slopes), Confidence: confidence}
	n := float64(len(slopes))
	c := math.Sqrt2 * math.Erfinv(confidence) * math.Sqrt(math.Max(0, variance))
	s.Low = slopes[max(0, int(math.RoundToEven((n-c)/2))-1)]
	s.High = slopes[min(len(slopes)-1, int(math.RoundToEven((n+c)/2)))]
	x, y := make([]float64, len(pts)), make([]float64, len(pts))
	for i, p := range pts {
		x[i], y[i] = p.Years, p.Value
	}
	slices.Sort(x)
	slices.Sort(y)
	s.Intercept = median(y) - s.PerYear*median(x)
	return s, nil
}

func appendSlopes(slopes []float64, pts []Point) []float64 {
	slopes = slices.Grow(slopes, len(pts)*(len(pts)-1)/2)
	for i := range pts {
		for j := i + 1; j < len(pts); j++ {
			slopes = append(slopes, (pts[j].Value-pts[i].Value)/(pts[j].Years-pts[i].Years))
		}
	}
	return slopes
}

// Trend is a line with its test.
type Trend struct {
	Slope
	Test Kendall
	// Seasonal tells that values were compared within their part of the year.
	Seasonal bool
}

// TrendOf is the trend of composites: of months and seasons by the seasonal
// forms, of years by the plain ones. Errors are those of MannKendall.
func TrendOf(composites []Composite, confidence float64) (Trend, error) {
	pts := make([]Point, 0, len(composites))
	t := Trend{}
	for _, c := range composites {
		pts = append(pts, Point{Years: c.Period.Years(), Part: c.Period.Part, Value: c.Value})
		t.Seasonal = t.Seasonal || c.Period.Part != composites[0].Period.Part
	}
	slope, test := TheilSen, MannKendall
	if t.Seasonal {
		slope, test = SeasonalTheilSen, SeasonalMannKendall
	}
	var err error
	if t.Slope, err = slope(pts, confidence); err != nil {
		return Trend{}, err
	}
	t.Test, err = test(pts)
	return t, err
}
