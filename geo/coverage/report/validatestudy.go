package report

import (
	"encoding/json"
	"fmt"
	"io"
	"math"

	"contado/geo/coverage"
	"contado/geo/fault"
)

// MaxSections is the most sections that a study may have.
const MaxSections = 60

// maxListed is the most entries of a list of a study.
const maxListed = 200_000

// StudyJSON writes the study indented, fields in a fixed order.
func StudyJSON(w io.Writer, st *coverage.Study) error {
	if err := validateStudy("report.StudyJSON", st); err != nil {
		return err
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	if err := e.Encode(st); err != nil {
		return fmt.Errorf("write coverage study as JSON: %w", err)
	}
	return nil
}

// ReadStudy reads a JSON study back. A report of one service becomes a study
// of one section, so that whoever reads kept reports need not tell them apart.
// A document whose parts do not fit together is fault.Invalid.
func ReadStudy(src io.Reader) (*coverage.Study, error) {
	const op = "report.ReadStudy"
	b, err := io.ReadAll(io.LimitReader(src, MaxReport+1))
	if err != nil {
		return nil, fmt.Errorf("read coverage study: %w", err)
	}
	if len(b) > MaxReport {
		return nil, fault.Errorf(op, fault.TooLarge, "coverage study of more than %d MiB", MaxReport>>20)
	}
	var head struct {
		Schema   string            `json:"schema"`
		Sections []json.RawMessage `json:"sections"`
	}
	if err := json.Unmarshal(b, &head); err != nil {
		return nil, fault.E(op, fault.Invalid, fmt.Errorf("coverage study: %w", err))
	}
	if head.Schema == "" && head.Sections == nil {
		var r coverage.Report
		if err := json.Unmarshal(b, &r); err != nil {
			return nil, fault.E(op, fault.Invalid, fmt.Errorf("coverage report: %w", err))
		}
		if err := validate(op, &r); err != nil {
			return nil, err
		}
		return StudyOf(&r), nil
	}
	if head.Schema != coverage.StudySchema {
		return nil, fault.WithHint(fault.Errorf(op, fault.Unsupported, "this is a document of schema %.80q, not %s", head.Schema, coverage.StudySchema),
			"use the version of the program that wrote it")
	}
	var st coverage.Study
	if err := json.Unmarshal(b, &st); err != nil {
		return nil, fault.E(op, fault.Invalid, fmt.Errorf("coverage study: %w", err))
	}
	return &st, validateStudy(op, &st)
}

// StudyOf is a study of one report; it shares the report's parts.
func StudyOf(r *coverage.Report) *coverage.Study {
	return &coverage.Study{
		Schema: coverage.StudySchema, ID: r.ID, Title: r.Title, CreatedAt: r.CreatedAt, Territory: r.Territory, AreaLevel: r.AreaLevel,
		PopulationTotal: r.PopulationTotal, Sections: []*coverage.Report{r}, Disclosure: r.Disclosure, Inputs: r.Inputs, Notices: r.Notices, Program: r.Program,
		Recipe: r.Recipe, Attached: r.Attached, Renews: r.Renews,
	}
}

func validateStudy(op string, st *coverage.Study) error {
	if st == nil {
		return fault.Errorf(op, fault.Invalid, "no coverage study")
	}
	if err := checkStudy(st); err != nil {
		return fault.E(op, fault.Invalid, fmt.Errorf("coverage study: %w", err))
	}
	return nil
}

func checkStudy(st *coverage.Study) error {
	if n := len(st.Sections); n == 0 || n > MaxSections {
		return fmt.Errorf("%d sections, want 1 to %d", n, MaxSections)
	}
	if !people(st.PopulationTotal) {
		return fmt.Errorf("%v people", st.PopulationTotal)
	}
	if err := coverage.CheckAttached(st.Attached); err != nil {
		return err
	}
	for i, r := range st.Sections {
		if r == nil {
			return fmt.Errorf("section %d is null", i+1)
		}
		if err := check(r); err != nil {
			return fmt.Errorf("section %d (%s, %s): %w", i+1, r.Service, r.Profile, err)
		}
	}
	if len(st.Isolation)+len(st.Rules)+len(st.Classes)+len(st.Indicators)+len(st.Checks)+len(st.Siting)+len(st.ByClass) > maxListed {
		return fmt.Errorf("more than %d entries of lists", maxListed)
	}
	for i := range st.Isolation {
		if err := checkIsolation(&st.Isolation[i]); err != nil {
			return fmt.Errorf("isolation %d: %w", i+1, err)
		}
	}
	for i := range st.ByClass {
		c := &st.ByClass[i]
		if !people(c.Population) || len(c.Coverage) == 0 {
			return fmt.Errorf("class %.40q of %.40q: %v people, %d thresholds", c.Class, c.Scheme, c.Population, len(c.Coverage))
		}
		for _, r := range c.Coverage {
			if !(r.ThresholdS > 0) || r.ThresholdS > 1e9 || !people(r.Covered) || !people(r.Uncovered) || !people(r.Unreachable) {
				return fmt.Errorf("class %.40q of %.40q: %+v", c.Class, c.Scheme, r)
			}
		}
	}
	for i := range st.Siting {
		if err := checkSiting(&st.Siting[i]); err != nil {
			return fmt.Errorf("siting %d (%.60q): %w", i+1, st.Siting[i].Service, err)
		}
	}
	return nil
}

// checkSiting looks at what is drawn and printed.
func checkSiting(s *coverage.Siting) error {
	if !(s.ThresholdS > 0) || !(s.MostS >= s.ThresholdS) || s.MostS > 1e9 {
		return fmt.Errorf("threshold of %v s, longest time of %v s", s.ThresholdS, s.MostS)
	}
	if !people(s.Population) || !people(s.Covered) || len(s.Chosen)+len(s.Alone) > maxListed {
		return fmt.Errorf("%v of %v people, %d points", s.Covered, s.Population, len(s.Chosen)+len(s.Alone))
	}
	for _, list := range [][]coverage.SitedPoint{s.Chosen, s.Alone} {
		for i := range list {
			p := &list[i]
			if !(math.Abs(p.Lon) <= 360 && math.Abs(p.Lat) <= 90) || !people(p.NewlyWithin) || !people(p.NewlyReached) || !people(p.HoursSaved) {
				return fmt.Errorf("point %d: at %v, %v: %v people newly within, %v newly reached, %v hours", i+1, p.Lon, p.Lat, p.NewlyWithin, p.NewlyReached, p.HoursSaved)
			}
		}
	}
	return nil
}

func checkIsolation(i *coverage.Isolation) error {
	if i.MergedFrom < 0 || i.MergedFrom >= max(1, len(i.Services)) {
		return fmt.Errorf("classes merged from %d of %d services", i.MergedFrom, len(i.Services))
	}
	want := i.Most() + 1
	if want < 2 || (len(i.People) != want && !i.Suppressed) {
		return fmt.Errorf("%d counts for %d services", len(i.People), want-1)
	}
	if !(i.ThresholdS > 0) || i.ThresholdS > 1e9 {
		return fmt.Errorf("threshold of %v s", i.ThresholdS)
	}
	lists := [][]float64{i.People}
	for a := range i.Areas {
		if i.Areas[a].Suppressed || i.Suppressed {
			continue
		}
		if len(i.Areas[a].People) != want {
			return fmt.Errorf("area %q has %d counts for %d services", i.Areas[a].Code, len(i.Areas[a].People), want-1)
		}
		lists = append(lists, i.Areas[a].People)
	}
	for _, list := range lists {
		for _, p := range list {
			if !people(p) {
				return fmt.Errorf("%v people", p)
			}
		}
	}
	return nil
}
