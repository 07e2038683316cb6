package analysis

import (
	"context"
	"fmt"
	"math"
	"time"

	"contado/geo/coverage"
	"contado/geo/fault"
	"contado/geo/series"
	"contado/geo/zonal"
)

// SeriesRequest asks how pictures of areas change over time.
type SeriesRequest struct {
	Pictures
	Areas ZonalAreas
	// Stat is what an area is worth on a day: mean (also when ""), median,
	// min, max, sum or std, with the exact share of each cell.
	Stat zonal.Stat
	// MinValid is the least share of an area's cells that must be seen for
	// the day to count in periods, anomalies and trend; 0 means DefaultMinValid.
	MinValid float64
	// Period also gives the means of months, seasons or years; "" gives none.
	Period series.Step
	// BaselineFrom and BaselineTo bound the days that anomalies are measured
	// from, both inclusive; zero means no anomalies.
	BaselineFrom, BaselineTo time.Time
	// Trend also gives the slope of the periods (months when none are asked
	// for) and its significance.
	Trend    bool
	MaxAreas int // 0 = DefaultMaxAreas
}

// DefaultMinValid is the share of an area that must be seen on a day.
const DefaultMinValid = 0.5

// SeriesResult is the answer.
type SeriesResult struct {
	Dataset  string            `json:"dataset"`
	Version  int               `json:"version"`
	Value    string            `json:"value"`
	Unit     string            `json:"unit,omitempty"`
	Mask     string            `json:"mask,omitempty"`
	Stat     string            `json:"stat"`
	MinValid float64           `json:"min_valid"`
	Areas    []SeriesArea      `json:"areas"`
	Inputs   []coverage.Input  `json:"inputs"`
	Method   string            `json:"method"`
	Notices  []coverage.Notice `json:"notices"`
	Program  coverage.Program  `json:"program"`
}

// SeriesArea is the history of one area.
type SeriesArea struct {
	Code string      `json:"code"`
	Name string      `json:"name"`
	Days []SeriesDay `json:"days"`
	// Periods and Trend are there when they were asked for.
	Periods []SeriesPeriod `json:"periods,omitempty"`
	Trend   *SeriesTrend   `json:"trend,omitempty"`
	// TrendNote says why there is no trend: too few values.
	TrendNote string `json:"trend_note,omitempty"`
}

// SeriesDay is one day of one area.
type SeriesDay struct {
	Date time.Time `json:"date"`
	// Value is null when no cell was seen.
	Value *float64 `json:"value"`
	// Valid is the share of the area's cells that were seen, 0 to 1.
	Valid float64  `json:"valid"`
	Items []string `json:"items"`
	// Used says that the day counts: Valid reaches the least share.
	Used bool `json:"used"`
}

// SeriesPeriod is a month, season or year of one area.
type SeriesPeriod struct {
	Start time.Time `json:"start"`
	End   time.Time `json:"end"` // exclusive
	Name  string    `json:"name"`
	// Mean is that of the days used, each by its valid share; null without any.
	Mean *float64 `json:"mean"`
	Days int      `json:"days"`
	// Anomaly is the difference from the baseline of the same time of year,
	// Z the same in its standard deviations; nil without a baseline.
	Anomaly *float64 `json:"anomaly,omitempty"`
	Z       *float64 `json:"z,omitempty"`
}

// SeriesTrend is a monotonic trend.
type SeriesTrend struct {
	// PerYear is the Theil–Sen slope with its 95 % confidence interval.
	PerYear float64 `json:"per_year"`
	Low     float64 `json:"low"`
	High    float64 `json:"high"`
	// P is the two-sided significance of Mann–Kendall; months and seasons are
	// compared with the same time of other years alone.
	P float64 `json:"p"`
	// SerialP is P where months or seasons are taken to depend on each other
	// (Hirsch and Slack 1984): the one to go by. Null where it cannot be had.
	SerialP *float64 `json:"serial_p"`
	Tau     float64  `json:"tau"`
	Method  string   `json:"method"`
	N       int      `json:"n"`
}

const seriesMethod = "for each day with pictures: statistic of the value over the cells seen, each with its exact share of the area; " +
	"valid is the share of the area's cells that were seen; pictures of one day (UTC) are one mosaic"

// TimeSeries computes how areas change.
func (e *Engine) TimeSeries(ctx context.Context, q SeriesRequest, p Progress) (*SeriesResult, error) {
	if err := q.settle(); err != nil {
		return nil, err
	}
	r, err := e.begin(ctx)
	if err != nil {
		return nil, err
	}
	areas, err := r.zonalAreas(ctx, &ZonalRequest{Areas: q.Areas, MaxAreas: q.MaxAreas})
	if err != nil {
		return nil, err
	}
	box := boxOf(areas)
	pics, err := r.find(q.Pictures, &box)
	if err != nil {
		return nil, err
	}
	days, err := pics.days()
	if err != nil {
		return nil, err
	}
	r.used(pics.dataset)
	r.noteClouds(pics)
	out := &SeriesResult{
		Dataset: pics.dataset.ID, Version: pics.dataset.Version.Number, Value: pics.label, Unit: pics.unit,
		Mask: q.Mask, Stat: string(q.Stat), MinValid: q.MinValid, Method: seriesMethod, Areas: make([]SeriesArea, len(areas)),
	}
	for i, a := range areas {
		out.Areas[i] = SeriesArea{Code: a.Code, Name: a.Name, Days: make([]SeriesDay, 0, len(days))}
	}
	if err := r.observe(ctx, &q, pics, days, areas, out, p); err != nil {
		return nil, err
	}
	for i := range out.Areas {
		if err := out.Areas[i].summarise(&q); err != nil {
			return nil, fmt.Errorf("area %s: %w", out.Areas[i].Code, err)
		}
	}
	out.Inputs, out.Notices, out.Program = r.inputs, r.said(), r.programOf()
	return out, nil
}

func (q *SeriesRequest) settle() error {
	const op = "analysis.TimeSeries"
	if q.Stat == "" {
		q.Stat = zonal.Mean
	}
	switch q.Stat {
	case zonal.Mean, zonal.Median, zonal.Min, zonal.Max, zonal.Sum, zonal.Std:
	default:
		return fault.Errorf(op, fault.Invalid, "a series of %q is not made; there are mean, median, min, max, sum and std", q.Stat)
	}
	if q.MinValid == 0 {
		q.MinValid = DefaultMinValid
	}
	if !(q.MinValid > 0 && q.MinValid <= 1) {
		return fault.Errorf(op, fault.Invalid, "the least share of valid cells is above 0 and at most 1, not %g", q.MinValid)
	}
	if q.BaselineFrom.IsZero() != q.BaselineTo.IsZero() || q.BaselineTo.Before(q.BaselineFrom) {
		return fault.Errorf(op, fault.Invalid, "a baseline has a beginning and a later end")
	}
	if !q.BaselineFrom.IsZero() && q.Period == "" {
		q.Period = series.Month
	}
	if q.Trend && q.Period == "" {
		q.Period = series.Month
	}
	if q.Period != "" && q.Period.Cycle() == 0 {
		return fault.Errorf(op, fault.Invalid, "there is no period %.20q; there are month, season and year", q.Period)
	}
	return nil
}

// observe fills in the days of all areas. The cells' shares are the same on
// each day: the areas are laid over one grid.
func (r *run) observe(ctx context.Context, q *SeriesRequest, pics *pictures, days []day, areas []ZonalFeature, out *SeriesResult, p Progress) error {
	box := boxOf(areas)
	g, err := pics.over(&box)
	if err != nil {
		return err
	}
	native, err := reproject(areas, g.CRS)
	if err != nil {
		return err
	}
	o := zonal.Options{Stats: []zonal.Stat{q.Stat, zonal.Count, zonal.Cells, zonal.Inside}}
	w, err := r.weightsOf(ctx, g, native)
	if err != nil {
		return err
	}
	layers := make([]zonal.Layer, len(days))
	for i, d := range days {
		layers[i].Raster = &valueRaster{reader: r.reader, sources: r.sources(d.items), query: pics.query, grid: g, leftOut: r.leftOut}
	}
	take := func(i int, results []zonal.Result) error {
		p.tell(float64(i+1)/float64(len(days)), days[i].date.Format(time.DateOnly))
		for k := range results {
			out.Areas[k].Days = append(out.Areas[k].Days, observation(&results[k], q, days[i]))
		}
		return nil
	}
	if w != nil {
		return w.Each(ctx, layers, o, take)
	}
	for i := range layers { // the shares do not fit into memory: found anew for each day
		results, err := zonal.Compute(ctx, layers[i].Raster, native, o)
		if err != nil {
			return fmt.Errorf("pictures of %s: %w", days[i].date.Format(time.DateOnly), err)
		}
		if err := take(i, results); err != nil {
			return err
		}
	}
	return nil
}

func observation(res *zonal.Result, q *SeriesRequest, d day) SeriesDay {
	s := SeriesDay{Date: d.date, Items: ids(d.items)}
	count, _ := res.Get(string(zonal.Count))
	cells, _ := res.Get(string(zonal.Cells))
	inside, _ := res.Get(string(zonal.Inside))
	if cells > 0 {
		// Cells counts those on the grid; what lies beyond it was not seen either.
		s.Valid = min(count/cells*inside, 1)
	}
	if v, ok := res.Get(string(q.Stat)); ok && count > 0 {
		s.Value = &v
	}
	s.Used = s.Value != nil && s.Valid >= q.MinValid
	return s
}

// summarise adds periods, anomalies and the trend.
func (a *SeriesArea) summarise(q *SeriesRequest) error {
	if q.Period == "" {
		return nil
	}
	var seen []series.Observation
	for _, d := range a.Days {
		if d.Used {
			seen = append(seen, series.Observation{Time: d.Date, Value: *d.Value, Valid: d.Valid})
		}
	}
	if len(seen) == 0 {
		return nil
	}
	composites, err := series.Compose(seen, q.Period, nil)
	if err != nil {
		return err
	}
	var anomalies []series.Anomaly
	if !q.BaselineFrom.IsZero() {
		// Without a value in the baseline there is nothing to differ from.
		anomalies, err = series.Anomalies(composites, series.Baseline{From: q.BaselineFrom, To: q.BaselineTo.Add(1)})
		if err != nil && !fault.Is(err, fault.Invalid) {
			return err
		}
	}
	for i, c := range composites {
		p := SeriesPeriod{Start: c.Period.Start(), End: c.Period.End(), Name: c.Period.String(), Days: c.Used, Mean: finite(c.Value)}
		if anomalies != nil {
			p.Anomaly, p.Z = finite(anomalies[i].Difference), finite(anomalies[i].Z)
		}
		a.Periods = append(a.Periods, p)
	}
	if !q.Trend {
		return nil
	}
	t, err := series.TrendOf(composites, 0.95)
	if fault.Is(err, fault.Invalid) {
		a.TrendNote = err.Error()
		return nil
	}
	if err != nil {
		return err
	}
	method := "Theil–Sen, Mann–Kendall"
	if t.Seasonal {
		method = "seasonal " + method
	}
	a.Trend = &SeriesTrend{PerYear: t.PerYear, Low: t.Low, High: t.High, P: t.Test.P, SerialP: finite(t.Test.SerialP), Tau: t.Test.Tau, N: t.N, Method: method}
	return nil
}

// finite is nil for a value that is not there.
func finite(v float64) *float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return nil
	}
	return &v
}
