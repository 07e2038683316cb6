package disclosure

import (
	"context"
	"maps"
	"strings"

	"contado/geo/coverage"
	"contado/geo/fault"
)

// ProtectIndicators hides in place what indicators tell of fewer people than
// threshold (0 is DefaultThreshold), when they are told by themselves; in a
// study ProtectStudy does. hidden names the areas whose people are hidden
// elsewhere; whole says that those of all areas together are.
// Errors: fault.Invalid, fault.Canceled.
func ProtectIndicators(ctx context.Context, list []coverage.Indicator, hidden map[string]bool, whole bool, threshold float64) (*coverage.Disclosure, error) {
	k, err := checkThreshold(threshold)
	if err != nil {
		return nil, err
	}
	w := &studyWork{k: k, d: &coverage.Disclosure{Threshold: k}, hidden: &hiddenSet{populations: hidden}, counted: countedOf(list)}
	w.growth = w.growthOfFew(list)
	for i := range list {
		if err := ctx.Err(); err != nil {
			return nil, fault.E(opProtect, fault.Canceled, err)
		}
		if whole {
			w.few(&list[i])
		}
		if err := w.indicator(ctx, &list[i]); err != nil {
			return nil, err
		}
	}
	return w.d, nil
}

// countedOf are the people that indicators count in each area, by id and code.
func countedOf(list []coverage.Indicator) map[string]map[string]float64 {
	out := map[string]map[string]float64{}
	for _, i := range list {
		for _, a := range i.Areas {
			if a.Counted > 0 {
				if out[i.ID] == nil {
					out[i.ID] = map[string]float64{}
				}
				out[i.ID][a.Code] = a.Counted
			}
		}
	}
	return out
}

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
		if known && (w.small(within) || w.small(people-within) || w.small(people)) {
			bands, whole = bands || prefix != "", whole || prefix == ""
		}
	}
	maps.DeleteFunc(i.Parts, func(name string, _ float64) bool { return (bands || whole) && countsPeople(name) && !ofAll(name) })
	if whole || w.growth && growth(i) {
		w.few(i)
	}
	return w.percentages(ctx, i)
}

// growth are the indicators of how people grew in number: they tell the same
// numbers, so that they go together.
func growth(i *coverage.Indicator) bool {
	_, first := i.Parts["people_1"]
	_, change := i.Parts["people_change"]
	return first || change
}

// ofAll are the parts of everyone that is counted.
func ofAll(name string) bool {
	return name == partWithin || name == partPeople || name == "rural_"+partPeople
}

func countsPeople(name string) bool {
	return strings.HasSuffix(name, partWithin) || strings.HasSuffix(name, partPeople)
}

// growthOfFew: few people at one of two times, or few more or less, beside
// built-up land that is known.
func (w *studyWork) growthOfFew(list []coverage.Indicator) bool {
	for _, i := range list {
		for _, name := range []string{"people_1", "people_2", "people_change"} {
			if v, ok := i.Parts[name]; ok && (w.small(v) || w.small(-v)) {
				return true
			}
		}
		if first, ok := i.Parts["people_1"]; ok && (w.small(i.Parts["people_2"]-first) || w.small(first-i.Parts["people_2"])) {
			return true
		}
	}
	return false
}

func (w *studyWork) small(v float64) bool { return v > tiny && v < w.k-tiny }

// few takes an indicator's value and all its counts of people away.
func (w *studyWork) few(i *coverage.Indicator) {
	maps.DeleteFunc(i.Parts, func(name string, _ float64) bool {
		return countsPeople(name) || strings.HasPrefix(name, "people_") || strings.HasPrefix(name, "per_person") || name == "population_growth_rate" || name == "change"
	})
	if i.Value == nil {
		return
	}
	i.Value = nil
	w.d.Primary++
	i.Why = map[string]string{
		"it": "Non mostrato: riguarda poche persone.", "en": "Not shown: it is about few people.",
	}
}

// percentages protects those of areas. In a document whose indicators do not
// tell how many they count, every person of an area is taken for counted.
func (w *studyWork) percentages(ctx context.Context, i *coverage.Indicator) error {
	defer hideValues(i.Areas, w.hidden.populations)
	if i.Unit != "%" {
		return nil
	}
	list, also, at := [][]float64{}, []bool{}, []int{}
	for a, v := range i.Areas {
		people, known := w.counted[i.ID][v.Code]
		if !known {
			people = w.people[v.Code]
		}
		if v.Value != nil && people > 0 {
			within := people * *v.Value / 100
			list, at = append(list, []float64{within, max(0, people-within)}), append(at, a)
			also = append(also, w.hidden.populations[v.Code])
		}
	}
	hidden, whole, c, err := flat(ctx, list, w.k, also)
	if err != nil {
		return err
	}
	w.count(c)
	if whole {
		w.few(i)
	}
	for k, a := range at {
		if hidden[k] {
			i.Areas[a].Value = nil
		}
	}
	return nil
}
