package disclosure

import (
	"context"
	"maps"
	"strings"

	"contado/geo/coverage"
)

// The parts of an indicator that count people: how many there are, and how
// many of them are within. A name before them is that of an age band.
const (
	partPeople = "people"
	partWithin = "within"
)

// indicator protects an indicator: a share of few people, or of all but few,
// goes with its parts; the parts of age bands go together, for they sum up; the
// percentages of areas go as the counts of people that they stand for, with as
// many others as it takes.
func (w *studyWork) indicator(ctx context.Context, i *coverage.Indicator) error {
	small := func(v float64) bool { return v > tiny && v < w.k-tiny }
	bands, whole := false, false
	for name, within := range i.Parts {
		prefix, ok := strings.CutSuffix(name, partWithin)
		if !ok {
			continue
		}
		people, known := i.Parts[prefix+partPeople]
		if prefix == "" && !known {
			people, known = i.Parts["rural_"+partPeople]
		}
		if known && (small(within) || small(people-within) || small(people)) {
			bands, whole = bands || prefix != "", whole || prefix == ""
		}
	}
	gone := func(name string, _ float64) bool {
		base := name == partWithin || name == partPeople || name == "rural_"+partPeople
		counts := strings.HasSuffix(name, partWithin) || strings.HasSuffix(name, partPeople)
		return counts && ((whole && base) || ((bands || whole) && !base))
	}
	maps.DeleteFunc(i.Parts, gone)
	if whole {
		i.Value = nil
		i.Why = map[string]string{
			"it": "Non mostrato: riguarda poche persone.", "en": "Not shown: it is about few people.",
		}
	}
	return w.percentages(ctx, i)
}

// percentages takes every person of an area for counted, for how many are is
// not told: where fewer are, the area may be hidden for less than it needs,
// never shown for more.
func (w *studyWork) percentages(ctx context.Context, i *coverage.Indicator) error {
	hideValues(i.Areas, w.hidden.populations)
	if i.Unit != "%" {
		return nil
	}
	list, at := [][]float64{}, []int{}
	for a, v := range i.Areas {
		if people := w.people[v.Code]; v.Value != nil && people > 0 {
			within := people * *v.Value / 100
			list, at = append(list, []float64{within, max(0, people-within)}), append(at, a)
		}
	}
	hidden, _, c, err := flat(ctx, list, w.k, nil)
	if err != nil {
		return err
	}
	w.count(c)
	for k, a := range at {
		if hidden[k] {
			i.Areas[a].Value = nil
		}
	}
	return nil
}
