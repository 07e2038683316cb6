// Package series turns the observations of one territory over time into
// what people ask of them: composites by month and season (Compose),
// departures from a normal (Anomalies), and trends with their significance
// (TheilSen, MannKendall and their seasonal forms). It computes only; times
// are read in UTC.
package series

import (
	"fmt"
	"math"
	"slices"
	"time"

	"contado/geo/fault"
)

// Observation is one date of a territory.
type Observation struct {
	Time time.Time
	// Value is what was measured; NaN when nothing was valid.
	Value float64
	// Valid is the share (0 … 1) of the territory with valid cells.
	Valid float64
}

// Step is the length of a period.
type Step string

// The steps. Seasons are the meteorological ones of three whole months.
const (
	Month  Step = "month"
	Season Step = "season"
	Year   Step = "year"
)

// Cycle is how many periods of the step make a year; 0 for what is no step.
func (s Step) Cycle() int {
	switch s {
	case Month:
		return 12
	case Season:
		return 4
	case Year:
		return 1
	}
	return 0
}

var seasonNames = [4]string{"DJF", "MAM", "JJA", "SON"}

// Period is a calendar month, a season or a year.
type Period struct {
	Step Step
	// Year is the calendar year; of a winter (DJF) that of its January.
	Year int
	// Part counts within the year from 0: January, or DJF, MAM, JJA, SON.
	Part int
}

// PeriodOf is the period in which a time lies: December belongs to the winter
// of the following year.
func PeriodOf(step Step, t time.Time) Period {
	t = t.UTC()
	month := int(t.Month()) - 1
	switch step {
	case Month:
		return Period{Month, t.Year(), month}
	case Season:
		return Period{Season, t.Year() + (month+1)/12, (month + 1) / 3 % 4}
	}
	return Period{Year, t.Year(), 0}
}

// String is "2018-07", "2018-DJF" or "2018".
func (p Period) String() string {
	switch p.Step {
	case Month:
		return fmt.Sprintf("%04d-%02d", p.Year, p.Part+1)
	case Season:
		return fmt.Sprintf("%04d-%s", p.Year, seasonNames[p.Part%4])
	}
	return fmt.Sprintf("%04d", p.Year)
}

// Start is the first instant of the period.
func (p Period) Start() time.Time {
	month := 1
	switch p.Step {
	case Month:
		month += p.Part
	case Season:
		month += 3*p.Part - 1
	}
	return time.Date(p.Year, time.Month(month), 1, 0, 0, 0, 0, time.UTC)
}

// End is the first instant after the period.
func (p Period) End() time.Time { return p.Next().Start() }

// Next is the period that follows.
func (p Period) Next() Period {
	if p.Part++; p.Part >= p.Step.Cycle() {
		p.Part = 0
		p.Year++
	}
	return p
}

// Years is the period's middle on an even scale of years, on which all
// periods of a step are equally far apart: 2018-01 is 2018 + 1/24.
func (p Period) Years() float64 {
	n := float64(p.Step.Cycle())
	mid := (float64(p.Part) + 0.5) / n
	if p.Step == Season {
		mid -= 1. / 12
	}
	return float64(p.Year) + mid
}

// Method is how the observations of a period become one value.
type Method string

// The methods. Mean weighs each observation by its valid share; the others
// take the values as they are.
const (
	Mean   Method = "mean"
	Median Method = "median"
	Min    Method = "min"
	Max    Method = "max"
)

// Composite is the value of one period.
type Composite struct {
	Period Period
	// Value is NaN when Used is 0.
	Value float64
	// Used are the observations that made the value, LeftOut those whose
	// valid share was too small or that had no value.
	Used, LeftOut int
	// Valid is the mean valid share of those used.
	Valid float64
	// First and Last are the dates of those used; zero when there are none.
	First, Last time.Time
}

// ComposeOptions tunes Compose; nil means the defaults.
type ComposeOptions struct {
	Method Method // "" = Mean
	// MinValid is the least valid share (0 … 1) of an observation to be used.
	// Whatever it is, an observation without valid cells is left out.
	MinValid float64
}

// Compose makes one value for each period from the first to the last
// observation, without gaps: a period without a usable observation is there,
// with Used = 0. Observations may come in any order.
func Compose(obs []Observation, step Step, o *ComposeOptions) ([]Composite, error) {
	const op = "series.Compose"
	if o == nil {
		o = &ComposeOptions{}
	}
	reduce, ok := map[Method]func([]Observation) float64{"": mean, Mean: mean, Median: middle, Min: least, Max: most}[o.Method]
	switch {
	case !ok:
		return nil, fault.Errorf(op, fault.Invalid, "there is no composite %q; there are mean, median, min, max", o.Method)
	case step != Month && step != Season && step != Year:
		return nil, fault.Errorf(op, fault.Invalid, "there is no step %q; there are month, season, year", step)
	case !(o.MinValid >= 0 && o.MinValid <= 1):
		return nil, fault.Errorf(op, fault.Invalid, "the least valid share is %g; it is a number from 0 to 1", o.MinValid)
	}
	if len(obs) == 0 {
		return nil, nil
	}
	obs = slices.Clone(obs)
	slices.SortStableFunc(obs, func(a, b Observation) int { return a.Time.Compare(b.Time) })
	if y0, y1 := obs[0].Time.UTC().Year(), obs[len(obs)-1].Time.UTC().Year(); y0 < 1 || y1 > 9998 {
		return nil, fault.Errorf(op, fault.Invalid, "observations are dated from %d to %d; years from 1 to 9998 are read", y0, y1)
	}
	var out []Composite
	last := PeriodOf(step, obs[len(obs)-1].Time)
	for p := PeriodOf(step, obs[0].Time); ; p = p.Next() {
		n := 0
		for n < len(obs) && PeriodOf(step, obs[n].Time) == p {
			n++
		}
		out = append(out, composite(p, obs[:n], o.MinValid, reduce))
		obs = obs[n:]
		if p == last {
			return out, nil
		}
	}
}

// composite reduces the observations of one period, which are in time order.
func composite(p Period, obs []Observation, least float64, reduce func([]Observation) float64) Composite {
	c := Composite{Period: p, Value: math.NaN()}
	var used []Observation
	for _, ob := range obs {
		if math.IsNaN(ob.Value) || math.IsInf(ob.Value, 0) || !(ob.Valid > 0) || ob.Valid < least {
			c.LeftOut++
			continue
		}
		used = append(used, ob)
		c.Valid += ob.Valid
	}
	if c.Used = len(used); c.Used > 0 {
		c.Value = reduce(used)
		c.Valid /= float64(c.Used)
		c.First, c.Last = used[0].Time, used[c.Used-1].Time
	}
	return c
}

func mean(obs []Observation) float64 {
	var sum, weight float64
	for _, ob := range obs {
		sum += ob.Value * ob.Valid
		weight += ob.Valid
	}
	return sum / weight
}

func middle(obs []Observation) float64 {
	v := make([]float64, len(obs))
	for i, ob := range obs {
		v[i] = ob.Value
	}
	slices.Sort(v)
	return median(v)
}

func least(obs []Observation) float64 {
	v := math.Inf(1)
	for _, ob := range obs {
		v = math.Min(v, ob.Value)
	}
	return v
}

func most(obs []Observation) float64 {
	v := math.Inf(-1)
	for _, ob := range obs {
		v = math.Max(v, ob.Value)
	}
	return v
}

// median of sorted values: the mean of the two in the middle when they are even.
func median(v []float64) float64 {
	n := len(v)
	if n == 0 {
		return math.NaN()
	}
	if n%2 == 1 {
		return v[n/2]
	}
	return v[n/2-1] + (v[n/2]-v[n/2-1])/2
}

// YearsOf is a time as a decimal year of 365.2425 days since the start of
// 1970: an even scale for observations that are not made into composites.
func YearsOf(t time.Time) float64 {
	const year = 365.2425 * 86400
	return 1970 + (float64(t.Unix())+float64(t.Nanosecond())*1e-9)/year
}
