package series

import (
	"math"
	"time"

	"contado/geo/fault"
)

// Anomaly is a composite beside the normal of its month or season.
type Anomaly struct {
	Composite
	// Normal and StdDev are the mean and the sample standard deviation (n−1)
	// of the baseline's composites of the same part of the year, Years how
	// many there are. Normal is NaN for 0, StdDev for fewer than 2.
	Normal, StdDev float64
	Years          int
	// Difference is Value − Normal; Z is it over StdDev, NaN when the
	// baseline has fewer than MinYears or does not vary. Both are NaN where
	// there is no value.
	Difference, Z float64
}

// Baseline is the time from which normals are taken: periods that lie wholly
// in [From, To).
type Baseline struct {
	From, To time.Time
	// MinYears is the least number of years for a Z; 0 = 3.
	MinYears int
}

// Anomalies compares composites of one step with the normals of the baseline,
// each part of the year with its own. It is fault.Invalid when no composite
// of the baseline has a value.
func Anomalies(composites []Composite, b Baseline) ([]Anomaly, error) {
	const op = "series.Anomalies"
	if b.MinYears < 0 || !b.From.Before(b.To) {
		return nil, fault.Errorf(op, fault.Invalid, "the baseline from %s to %s is empty", b.From.Format(time.DateOnly), b.To.Format(time.DateOnly))
	}
	if b.MinYears == 0 {
		b.MinYears = 3
	}
	var base [12][]float64
	found := false
	for _, c := range composites {
		if c.Period.Step != composites[0].Period.Step {
			return nil, fault.Errorf(op, fault.Invalid, "composites of %ss and %ss are not compared", composites[0].Period.Step, c.Period.Step)
		}
		if c.Used > 0 && !c.Period.Start().Before(b.From) && !c.Period.End().After(b.To) {
			base[c.Period.Part] = append(base[c.Period.Part], c.Value)
			found = true
		}
	}
	if !found && len(composites) > 0 {
		return nil, fault.WithHint(fault.Errorf(op, fault.Invalid, "there is no observation in the baseline from %s to %s",
			b.From.Format(time.DateOnly), b.To.Format(time.DateOnly)), "choose a baseline within the data's years")
	}
	out := make([]Anomaly, len(composites))
	for i, c := range composites {
		out[i] = anomaly(c, base[c.Period.Part], max(b.MinYears, 2))
	}
	return out, nil
}

func anomaly(c Composite, base []float64, minYears int) Anomaly {
	nan := math.NaN()
	a := Anomaly{Composite: c, Normal: nan, StdDev: nan, Years: len(base), Difference: nan, Z: nan}
	n := float64(len(base))
	if n == 0 {
		return a
	}
	a.Normal = 0
	for _, v := range base {
		a.Normal += v / n
	}
	if n >= 2 {
		var ss float64
		for _, v := range base {
			ss += (v - a.Normal) * (v - a.Normal)
		}
		a.StdDev = math.Sqrt(ss / (n - 1))
	}
	if c.Used == 0 {
		return a
	}
	a.Difference = c.Value - a.Normal
	if len(base) >= minYears && a.StdDev > 1e-12*math.Abs(a.Normal) {
		a.Z = a.Difference / a.StdDev
	}
	return a
}
