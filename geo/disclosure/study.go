package disclosure

import (
	"context"
	"maps"
	"strings"

	"contado/geo/coverage"
	"contado/geo/fault"
)

// protectStudy hides in place what would show few people, as protectReport
// does, in all sections together and in what the study makes of them: a
// population that is hidden in one section is hidden in all; isolation and
// rules hide the areas whose rows a section hides, for their sums would tell.
// Errors as protectReport's.
func protectStudy(ctx context.Context, s *coverage.Study, counted map[string]map[string]float64, threshold float64) error {
	k, err := checkThreshold(threshold)
	if err != nil {
		return err
	}
	if s.Disclosure != nil {
		return fault.Errorf(opProtect, fault.Invalid, "study %q is protected already", s.ID)
	}
	people := map[string]float64{}
	for _, r := range s.Sections {
		for _, a := range r.Areas {
			people[a.Code] = a.Population
		}
	}
	lacking := lackingOf(s)
	if err := protectAll(ctx, s.Sections, k); err != nil {
		return err
	}
	d := &coverage.Disclosure{Threshold: k}
	for _, r := range s.Sections {
		d.Primary += r.Disclosure.Primary
		d.Secondary += r.Disclosure.Secondary
	}
	w := &studyWork{s: s, k: k, d: d, people: people, lacking: lacking, hidden: hiddenAreas(s), counted: counted}
	if err := w.isolations(ctx); err != nil {
		return err
	}
	for i := range s.Rules {
		if err := w.rule(ctx, &s.Rules[i]); err != nil {
			return err
		}
	}
	w.growth = w.growthOfFew(s.Indicators)
	for i := range s.Indicators {
		if err := w.indicator(ctx, &s.Indicators[i]); err != nil {
			return err
		}
	}
	s.Disclosure = d
	return nil
}

type studyWork struct {
	s      *coverage.Study
	k      float64
	d      *coverage.Disclosure
	people map[string]float64 // of areas, before anything was hidden
	// counted are the people that indicators count, by id and area.
	counted map[string]map[string]float64
	growth  bool // the growth of people is one of few
	// lacking are the people beyond a time from each service, as the sections
	// had them before anything was hidden: by profile and time, then by area.
	lacking map[string]map[string][]float64
	hidden  *hiddenSet
}

// hiddenSet is what sections hide of the people of all ages.
type hiddenSet struct {
	populations map[string]bool            // areas
	rows        map[string]map[string]bool // by service: areas ("" is the whole) with a hidden row
	at          map[string]map[string]bool // the same by profile and threshold, of any service
}

func hiddenAreas(s *coverage.Study) *hiddenSet {
	h := &hiddenSet{map[string]bool{}, map[string]map[string]bool{}, map[string]map[string]bool{}}
	for _, r := range s.Sections {
		note := func(code string, rows []coverage.Row) {
			for _, row := range rows {
				if row.Suppressed {
					mark(h.rows, r.Service, code)
					mark(h.at, momentKey(r.Profile, row.ThresholdS), code)
				}
			}
		}
		note("", r.Coverage)
		for _, a := range r.Areas {
			note(a.Code, a.Coverage)
			if a.Suppressed {
				h.populations[a.Code] = true
			}
		}
	}
	return h
}

func mark(m map[string]map[string]bool, key, code string) {
	if m[key] == nil {
		m[key] = map[string]bool{}
	}
	m[key][code] = true
}

func (w *studyWork) count(c *cube) {
	w.d.Primary += c.primary
	w.d.Secondary += c.secondary
}

func (w *studyWork) rule(ctx context.Context, r *coverage.RuleResult) error {
	shut := map[string]bool{} // areas where a section on a service of the rule hides a row
	for service := range strings.SplitSeq(r.Service, ",") {
		maps.Copy(shut, w.hidden.rows[service])
	}
	list, also := make([][]float64, len(r.Areas)), make([]bool, len(r.Areas))
	for a, v := range r.Areas {
		rest := w.people[v.Code] - v.People // what anyone can work out
		if rest < tiny {
			rest = 0
		}
		list[a], also[a] = []float64{v.People, rest}, shut[v.Code] || w.hidden.populations[v.Code]
	}
	hidden, whole, c, err := flat(ctx, list, w.k, also)
	if err != nil {
		return err
	}
	w.count(c)
	if whole || shut[""] || (r.People > tiny && r.People < w.k-tiny) {
		r.People, r.Value, r.Suppressed = 0, nil, true
	}
	for a := range r.Areas {
		if hidden[a] {
			r.Areas[a].People, r.Areas[a].Value, r.Areas[a].Suppressed = 0, nil, true
		}
	}
	return nil
}
