package report

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"

	"contado/geo/coverage"
	"contado/geo/fault"
)

// MaxReport is the most bytes of a JSON report that Read takes.
const MaxReport = 64 << 20

// MaxAreas is the most areas that a report may have.
const MaxAreas = 20_000

// JSON writes the report indented, fields in a fixed order: the same report
// gives the same bytes.
func JSON(w io.Writer, r *coverage.Report) error {
	if err := validate("report.JSON", r); err != nil {
		return err
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	if err := e.Encode(r); err != nil {
		return fmt.Errorf("write coverage report as JSON: %w", err)
	}
	return nil
}

// Read reads a JSON report back, for instance to draw it in another language.
// A document whose parts do not fit together is fault.Invalid.
func Read(src io.Reader) (*coverage.Report, error) {
	const op = "report.Read"
	b, err := io.ReadAll(io.LimitReader(src, MaxReport+1))
	if err != nil {
		return nil, fmt.Errorf("read coverage report: %w", err)
	}
	if len(b) > MaxReport {
		return nil, fault.Errorf(op, fault.TooLarge, "coverage report of more than %d MiB", MaxReport>>20)
	}
	var r coverage.Report
	if err := json.Unmarshal(b, &r); err != nil {
		return nil, fault.E(op, fault.Invalid, fmt.Errorf("coverage report: %w", err))
	}
	if err := validate(op, &r); err != nil {
		return nil, err
	}
	return &r, nil
}

// mostPeople keeps the fixed point of the rounding inside 63 bits.
const mostPeople = 1e11

func validate(op string, r *coverage.Report) error {
	if r == nil {
		return fault.Errorf(op, fault.Invalid, "no coverage report")
	}
	if err := check(r); err != nil {
		return fault.E(op, fault.Invalid, fmt.Errorf("coverage report: %w", err))
	}
	return nil
}

func check(r *coverage.Report) error {
	t := r.ThresholdsS
	if len(t) == 0 || len(t) > coverage.MaxThresholds {
		return fmt.Errorf("%d thresholds, want 1 to %d", len(t), coverage.MaxThresholds)
	}
	for j, s := range t {
		if !(s > 0) || s > 1e9 || (j > 0 && s <= t[j-1]) {
			return fmt.Errorf("thresholds %v: must rise, above 0 s", t)
		}
	}
	if len(r.Areas) > MaxAreas || len(r.AgeBands) > coverage.MaxBands || len(r.Gaps) > coverage.MaxMaxGaps {
		return fmt.Errorf("%d areas, %d age bands, %d gaps: over the limit", len(r.Areas), len(r.AgeBands), len(r.Gaps))
	}
	whole := wholeOf(r)
	if err := checkFigures(t, &whole); err != nil {
		return err
	}
	if err := checkBands(t, r.AgeBands); err != nil {
		return err
	}
	sum := 0.0
	for i := range r.Areas {
		a := &r.Areas[i]
		if sum += a.Population; sum > 2*mostPeople {
			return fmt.Errorf("areas hold more than %g people together", 2*mostPeople)
		}
		if err := errors.Join(checkFigures(t, &a.Figures), checkBands(t, a.AgeBands)); err != nil {
			return fmt.Errorf("area %q: %w", a.Code, err)
		}
	}
	if err := checkHamlets(r); err != nil {
		return err
	}
	for i, g := range r.Gaps {
		if !people(g.Population) || !people(g.Unreachable) || g.Unreachable > g.Population || !place(g.Lon, g.Lat) || !seconds(g.TimeS) {
			return fmt.Errorf("gap %d (%q): %v people, %v unreachable, at %v, %v", i+1, g.Name, g.Population, g.Unreachable, g.Lon, g.Lat)
		}
	}
	if !people(r.GapsOmitted.Population) {
		return fmt.Errorf("gaps omitted with %v people", r.GapsOmitted.Population)
	}
	for i, c := range r.Curve {
		if !people(c.People) || !(c.TimeS >= 0) || c.TimeS > 1e9 || (i > 0 && (c.TimeS <= r.Curve[i-1].TimeS || c.People < r.Curve[i-1].People)) {
			return fmt.Errorf("curve point %d: %v people within %v s", i, c.People, c.TimeS)
		}
	}
	return nil
}

func checkBands(t []float64, bands []coverage.BandResult) error {
	sum := 0.0
	for b := range bands {
		if sum += bands[b].Population; sum > 2*mostPeople {
			return fmt.Errorf("age bands hold more than %g people together", 2*mostPeople)
		}
		if err := checkFigures(t, &bands[b].Figures); err != nil {
			return fmt.Errorf("age band %q: %w", bands[b].Band, err)
		}
	}
	return nil
}

func checkFigures(t []float64, f *coverage.Figures) error {
	if !people(f.Population) || !seconds(f.MedianS) || !seconds(f.P90S) {
		return fmt.Errorf("%v people", f.Population)
	}
	if len(f.Coverage) != len(t) {
		return fmt.Errorf("%d rows of coverage for %d thresholds", len(f.Coverage), len(t))
	}
	before := 0.0
	for j, r := range f.Coverage {
		if r.Suppressed { // its numbers mean nothing
			if r.ThresholdS != t[j] {
				return fmt.Errorf("row %d is for %v s, want %v s", j, r.ThresholdS, t[j])
			}
			continue
		}
		off := r.Covered + r.Uncovered + r.Unreachable - f.Population
		switch {
		case !people(r.Covered) || !people(r.Uncovered) || !people(r.Unreachable) || (!f.Suppressed && math.Abs(off) > 1e-6*(1+f.Population)):
			return fmt.Errorf("at %g s %v covered, %v not, %v unreachable of %v people", t[j], r.Covered, r.Uncovered, r.Unreachable, f.Population)
		case r.ThresholdS != t[j]:
			return fmt.Errorf("row %d is for %v s, want %v s", j, r.ThresholdS, t[j])
		case r.Covered < before:
			return fmt.Errorf("fewer people covered at %g s than before", t[j])
		case r.Share != nil && !(*r.Share >= 0 && *r.Share <= 1):
			return fmt.Errorf("share %v at %g s", *r.Share, t[j])
		}
		before = r.Covered
	}
	return nil
}

func people(v float64) bool { return v >= 0 && v <= mostPeople }

func seconds(v *float64) bool { return v == nil || (*v >= 0 && *v <= 1e9) }

func place(lon, lat float64) bool { return lon >= -360 && lon <= 360 && lat >= -90 && lat <= 90 }
