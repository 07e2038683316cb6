package zonal

import (
	"encoding/json"
	"math"
	"strconv"

	"contado/geo/fault"
)

// Result holds the statistics of one area.
type Result struct {
	ID string
	// Names are the columns without the id, shared by all results of a call;
	// Values run parallel to them. NaN is "no value" (null in JSON, empty in
	// CSV): of an area without a valid cell all but the sums and counts.
	Names  []string
	Values []float64
	// Classes is the class table by rising value, when asked for.
	Classes []ClassArea
	// QuantileError is the largest relative error of the quantiles; 0 when
	// they are exact. See Options.MaxDistinct.
	QuantileError float64
}

// ClassArea is one line of the class table.
type ClassArea struct {
	Value float64 `json:"value"`
	Cells float64 `json:"cells"` // Σ f
	Ha    float64 `json:"area_ha"`
	Share float64 `json:"share"` // of the valid area: Ha / Σ Ha
}

// Columns are the names of the columns in order: id, then the statistics,
// then the quantiles as p5, p97.5.
func Columns(o Options) []string {
	o = o.withDefaults()
	cols := make([]string, 0, 1+len(o.Stats)+len(o.Quantiles))
	cols = append(cols, "id")
	for _, s := range o.Stats {
		cols = append(cols, string(s))
	}
	for _, q := range o.Quantiles {
		cols = append(cols, quantileName(q))
	}
	return cols
}

func quantileName(q float64) string {
	return "p" + strconv.FormatFloat(math.Round(q*1e8)/1e6, 'f', -1, 64)
}

// ClassColumns are the columns of ClassRows.
func ClassColumns() []string { return []string{"id", "value", "cells", "area_ha", "share"} }

// Get is the value of a column; ok is false when it is null or not there.
func (r *Result) Get(name string) (v float64, ok bool) {
	for i, n := range r.Names {
		if n == name {
			return r.Values[i], finite(r.Values[i])
		}
	}
	return math.NaN(), false
}

// Row is the line of the result for CSV, parallel to Columns.
func (r *Result) Row() []string {
	row := make([]string, 0, 1+len(r.Values))
	row = append(row, r.ID)
	for _, v := range r.Values {
		row = append(row, number(v))
	}
	return row
}

// ClassRows are the lines of the class table for CSV.
func (r *Result) ClassRows() [][]string {
	rows := make([][]string, len(r.Classes))
	for i, c := range r.Classes {
		rows[i] = []string{r.ID, number(c.Value), number(c.Cells), number(c.Ha), number(c.Share)}
	}
	return rows
}

func number(v float64) string {
	if !finite(v) {
		return ""
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}

// MarshalJSON writes one flat object: id, the columns in order, classes.
func (r Result) MarshalJSON() ([]byte, error) {
	id, err := json.Marshal(r.ID)
	if err != nil {
		return nil, err
	}
	b := append([]byte(`{"id":`), id...)
	for i, n := range r.Names {
		b = append(b, ',')
		b = strconv.AppendQuote(b, n) // names are ASCII
		b = append(b, ':')
		if s := number(r.Values[i]); s != "" {
			b = append(b, s...)
		} else {
			b = append(b, "null"...)
		}
	}
	if r.QuantileError > 0 {
		b = append(b, `,"quantile_error":`...)
		b = append(b, number(r.QuantileError)...)
	}
	if r.Classes != nil {
		c, err := json.Marshal(r.Classes)
		if err != nil {
			return nil, err
		}
		b = append(b, `,"classes":`...)
		b = append(b, c...)
	}
	return append(b, '}'), nil
}

// finish turns the sums of an area into its result.
func finish(id string, names []string, a *acc, m meta, o *Options) (Result, error) {
	r := Result{Names: names, Values: make([]float64, len(names))}
	return r, r.fill(id, a, m, o)
}

// fill writes the sums of an area into a result whose columns are there.
func (r *Result) fill(id string, a *acc, m meta, o *Options) error {
	r.ID = id
	var es []entry
	exact := true
	if a.table != nil {
		es = a.table.entries()
		exact = a.table.shift == 0
		if a.need.extremes && !exact {
			r.QuantileError = a.table.errorBound()
		}
	}
	for i, s := range o.Stats {
		r.Values[i] = a.stat(s, m, es, exact)
	}
	for i, q := range o.Quantiles {
		r.Values[len(o.Stats)+i] = a.quantile(es, q)
	}
	if !o.Classes {
		return nil
	}
	if limit := min(o.MaxDistinct, MaxClasses); !exact || len(es) > limit {
		return fault.WithHint(fault.Errorf("zonal.Compute", fault.TooLarge,
			"area %q has more than %d distinct values: the band does not hold classes", id, limit),
			"leave the class table out, or ask for quantiles")
	}
	r.Classes = make([]ClassArea, len(es))
	for i, e := range es {
		r.Classes[i] = ClassArea{Value: e.value, Cells: e.frac, Ha: e.m2 / 1e4, Share: ratio(e.m2, a.areaM2.value())}
	}
	return nil
}

func (a *acc) stat(s Stat, m meta, es []entry, exact bool) float64 {
	nan, count := math.NaN(), a.count.value()
	switch s {
	case Count:
		return count
	case Cells:
		return a.cells.value()
	case Nodata:
		return a.nodata.value()
	case AreaHa:
		return a.areaM2.value() / 1e4
	case Inside:
		if m.within && m.area > 0 {
			return 1
		}
		return math.Min(1, ratio(a.cells.value(), m.area))
	case WeightNodata:
		return a.wmiss.value()
	}
	if count <= 0 {
		return nan
	}
	switch s {
	case Sum:
		return a.sum.value()
	case Mean:
		return a.sum.value() / count
	case Std:
		return math.Sqrt(math.Max(0, a.m2) / a.n)
	case Min:
		return a.min
	case Max:
		return a.max
	case Median:
		return a.quantile(es, 0.5)
	case WeightedSum, WeightedMean:
		return a.weighted(s)
	}
	if !exact {
		return nan
	}
	switch s {
	case Majority:
		return rank(es, 1)
	case Minority:
		return rank(es, -1)
	case Variety:
		return float64(len(es))
	}
	return nan
}

func (a *acc) weighted(s Stat) float64 {
	switch {
	case s == WeightNodata:
		return a.wmiss.value()
	case a.count.value()-a.wmiss.value() <= tieEps*a.count.value():
		return math.NaN() // no cell has both
	case s == WeightedMean:
		return ratio(a.wsum.value(), a.wtot.value())
	}
	return a.wsum.value()
}

// quantile of a coarse table is the middle of a bin, which may lie beyond the
// values that fell into it.
func (a *acc) quantile(es []entry, q float64) float64 {
	if len(es) == 0 {
		return math.NaN()
	}
	return math.Min(math.Max(quantile(es, q), a.min), a.max)
}

// setWeighted takes the weighted statistics from a pass on the finer grid.
func (r *Result) setWeighted(a *acc, cells float64) {
	for i, n := range r.Names {
		switch s := Stat(n); s {
		case WeightedSum, WeightedMean:
			r.Values[i] = a.weighted(s)
		case WeightNodata:
			r.Values[i] = a.wmiss.value() / cells
		}
	}
}

// ratio is a/b, NaN when b is zero.
func ratio(a, b float64) float64 {
	if b == 0 {
		return math.NaN()
	}
	return a / b
}
