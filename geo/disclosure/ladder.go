package disclosure

import (
	"context"
	"encoding/json"
	"fmt"

	"contado/geo/coverage"
)

// ProtectReport hides what would show fewer people than threshold (0 is
// DefaultThreshold); see protectReport. Where that would hide the figures of
// the whole territory, which everyone asks for first, ages are left out
// instead: by area, then altogether; a notice says so. Should the whole be
// hidden even then, nothing is left out in vain.
// Errors: fault.Invalid, fault.Canceled; the report is then as it was.
func ProtectReport(ctx context.Context, r *coverage.Report, threshold float64) error {
	return descend(ctx, r, threshold,
		func(r *coverage.Report) error { return protectReport(ctx, r, threshold) },
		func(r *coverage.Report) []*coverage.Report { return []*coverage.Report{r} })
}

// ProtectStudy does the same for all sections of a study together; see
// protectStudy.
func ProtectStudy(ctx context.Context, s *coverage.Study, threshold float64) error {
	counted := countedOf(s.Indicators) // copies do not have them
	return descend(ctx, s, threshold,
		func(s *coverage.Study) error { return protectStudy(ctx, s, counted, threshold) },
		func(s *coverage.Study) []*coverage.Report { return s.Sections })
}

// descend protects a document with less and less detail, until its whole can
// be shown.
func descend[D any](ctx context.Context, doc *D, threshold float64, protect func(*D) error, reports func(*D) []*coverage.Report) error {
	before, err := json.Marshal(doc)
	if err != nil {
		return fmt.Errorf("protect: %w", err)
	}
	var first *D
	for _, detail := range []detail{agesByArea, agesOfAll, noAges} {
		var try D
		if err := json.Unmarshal(before, &try); err != nil {
			return fmt.Errorf("protect: %w", err)
		}
		list := reports(&try)
		ages, err := detail.take(ctx, list, threshold)
		if err != nil {
			return err
		}
		if err := protect(&try); err != nil {
			return err
		}
		if first == nil {
			first = &try
		}
		if !wholeHidden(list) && !wholeHidden(ages) {
			for i, r := range ages {
				list[i].AgeBands = r.AgeBands
				list[i].Disclosure.Primary += r.Disclosure.Primary
				list[i].Disclosure.Secondary += r.Disclosure.Secondary
			}
			*doc = try
			return nil
		}
	}
	*doc = *first
	return nil
}

// detail is how much is said of ages.
type detail uint8

const (
	agesByArea detail = iota
	agesOfAll
	noAges
)

// take takes ages out of reports. For agesOfAll it gives reports of the whole
// by age alone, protected: what they publish and what the reports of the areas
// publish have the sums of the whole in common and nothing else, so that any
// way of dealing out the hidden people of the one goes with any of the other.
func (d detail) take(ctx context.Context, list []*coverage.Report, threshold float64) ([]*coverage.Report, error) {
	if d == agesByArea {
		return nil, nil
	}
	var ages []*coverage.Report
	for _, r := range list {
		if d == agesOfAll && len(r.AgeBands) > 0 {
			whole := coverage.AreaResult{Code: "whole", Figures: coverage.Figures{Population: r.PopulationTotal, Coverage: r.Coverage, MedianS: r.MedianS, P90S: r.P90S}, AgeBands: r.AgeBands}
			ages = append(ages, &coverage.Report{
				ID: r.ID, ThresholdsS: r.ThresholdsS, PopulationTotal: r.PopulationTotal, Coverage: r.Coverage, AgeBands: r.AgeBands, Areas: []coverage.AreaResult{whole},
			})
		}
		if len(r.AgeBands) > 0 {
			text := leftOut[d]
			r.Notices = append(r.Notices, coverage.Notice{Code: "ages-left-out", Text: text[0], Texts: map[string]string{"it": text[1]}})
		}
		r.AgeBands = []coverage.BandResult{}
		for i := range r.Areas {
			r.Areas[i].AgeBands = nil
		}
	}
	if len(ages) != len(list) {
		return nil, nil // no ages at all
	}
	k, err := checkThreshold(threshold)
	if err != nil {
		return nil, err
	}
	ages, err = cloned(ages)
	if err != nil {
		return nil, err
	}
	return ages, protectAll(ctx, ages, k)
}

// cloned are copies that share nothing.
func cloned(list []*coverage.Report) ([]*coverage.Report, error) {
	b, err := json.Marshal(list)
	if err != nil {
		return nil, fmt.Errorf("protect: %w", err)
	}
	var out []*coverage.Report
	if err := json.Unmarshal(b, &out); err != nil {
		return nil, fmt.Errorf("protect: %w", err)
	}
	return out, nil
}

// leftOut says which ages are not given, in English and Italian.
var leftOut = map[detail][2]string{
	agesOfAll: {
		"Ages are not given by area: with few people in some, the figures of the whole could not be shown.",
		"Le età non sono indicate per area: con poche persone in alcune, non si potrebbero mostrare le cifre dell'insieme.",
	},
	noAges: {
		"Ages are not given: with few people of some, the figures of the whole could not be shown.",
		"Le età non sono indicate: con poche persone di alcune, non si potrebbero mostrare le cifre dell'insieme.",
	},
}

// wholeHidden reports whether a row of all people of the territory is hidden.
func wholeHidden(list []*coverage.Report) bool {
	for _, r := range list {
		for _, row := range r.Coverage {
			if row.Suppressed {
				return true
			}
		}
	}
	return false
}
