package rules

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"contado/geo/coverage"
)

// slack is what rounding may take off a share that is met exactly.
const slack = 1e-12

// tally is the people of an area, or of all, and those of them within a limit.
type tally struct{ people, within float64 }

func (t tally) share() *float64 {
	if !(t.people > 0) {
		return nil
	}
	v := t.within / t.people
	return &v
}

// share judges the share of people with a value of at most limit.
func (q *question) share(values []float32, limit float64) {
	areas := make([]tally, len(q.areas))
	for i, p := range q.people {
		a := &areas[q.in.Demand.Area[i]]
		a.people += p
		if float64(values[i]) <= limit {
			a.within += p
		}
	}
	var whole tally
	met := true
	for a, t := range areas {
		if !q.areas[a] {
			continue
		}
		whole.people += t.people
		whole.within += t.within
		row := q.area(a)
		row.Value, row.People = t.share(), t.people-t.within
		if row.Value != nil && q.rule.Per == "area" {
			ok := *row.Value >= q.rule.Share-slack
			row.Met, met = &ok, met && ok
		}
		q.result.Areas = append(q.result.Areas, row)
	}
	q.conclude(whole.share(), q.rule.Share, whole.people-whole.within)
	if q.result.Value == nil {
		q.nobody()
		return
	}
	if q.rule.Per == "territory" {
		met = *q.result.Value >= q.rule.Share-slack
	}
	q.result.Met = &met
	q.result.Unit = "share"
}

func (q *question) area(a int) coverage.RuleArea {
	return coverage.RuleArea{Code: q.in.Areas[a].Code, Name: q.in.Areas[a].Name}
}

func (q *question) conclude(value *float64, required, people float64) {
	q.result.Value, q.result.Required, q.result.People = value, &required, people
}

func (q *question) nobody() {
	q.say(text{"Non vi abita nessuno a cui si applichi.", "Nobody lives there whom it applies to."})
}

// percentile judges the least time within which a share of people are.
func (q *question) percentile(seconds []float32) {
	n := len(q.areas)
	total, beyond, times := q.leastTimes(seconds)
	judged := func(a int) *bool {
		if total[a] == 0 {
			return nil
		}
		ok := times[a] != nil && *times[a] <= q.rule.Threshold
		return &ok
	}
	all := true
	for a := range n {
		if !q.areas[a] {
			continue
		}
		row := q.area(a)
		row.Value, row.People = times[a], beyond[a]
		if q.rule.Per == "area" {
			row.Met = judged(a)
			all = all && (row.Met == nil || *row.Met)
		}
		q.result.Areas = append(q.result.Areas, row)
	}
	q.conclude(times[n], q.rule.Threshold, beyond[n])
	if q.result.Met = judged(n); q.result.Met == nil {
		q.nobody()
	} else if q.rule.Per == "area" {
		q.result.Met = &all
	}
}

// leastTimes are, by area and last for all, the people, those beyond the
// threshold and the least minutes within which the percentile of them are.
func (q *question) leastTimes(seconds []float32) (total, beyond []float64, times []*float64) {
	order := make([]int32, len(seconds))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(a, b int32) int { return cmp.Compare(seconds[a], seconds[b]) })
	n := len(q.areas)
	total, beyond, times = make([]float64, n+1), make([]float64, n+1), make([]*float64, n+1)
	reached := make([]float64, n+1)
	for i, p := range q.people {
		a := q.in.Demand.Area[i]
		if !q.areas[a] {
			continue
		}
		total[a] += p
		total[n] += p
		if float64(seconds[i]) > q.rule.Threshold*60 {
			beyond[a] += p
			beyond[n] += p
		}
	}
	for _, i := range order {
		area := int(q.in.Demand.Area[i])
		if math.IsInf(float64(seconds[i]), 1) {
			break
		}
		if !q.areas[area] {
			continue
		}
		for _, a := range [2]int{area, n} {
			reached[a] += q.people[i]
			if times[a] == nil && total[a] > 0 && reached[a]*100 >= q.rule.Percentile*total[a] {
				t := float64(seconds[i]) / 60
				times[a] = &t
			}
		}
	}
	return total, beyond, times
}

// facilities counts those of the rule by area.
func (q *question) facilities() []float64 {
	out := make([]float64, len(q.areas))
	for _, s := range q.named {
		for _, f := range s.Facilities {
			if f.Area >= 0 {
				out[f.Area]++
			}
		}
	}
	return out
}

// due is how many facilities there should be for people and land.
func (q *question) due(people, km2 float64) float64 {
	lots := people / q.rule.Threshold
	n := math.Ceil(lots)
	if q.rule.Rounding == RoundEx {
		n = math.Floor(lots)
		if lots-n > 0.5 {
			n++
		}
	}
	if q.rule.KM2 > 0 {
		n = math.Max(n, math.Ceil(km2/q.rule.KM2))
	}
	return n
}

func (q *question) perFacility() {
	there := q.facilities()
	var all, due, people, km2 float64
	lacking, met := 0.0, true
	for a, n := range there {
		if !q.areas[a] {
			continue
		}
		if q.rule.KM2 > 0 && q.in.Areas[a].KM2 == 0 {
			q.say(text{"Manca la superficie di %s.", "The surface of %s is missing."}.with(q.in.Areas[a].Name))
			return
		}
		row := q.area(a)
		value, need := n, q.due(q.byArea[a], q.in.Areas[a].KM2)
		row.Value = &value
		if q.rule.Per == "area" {
			ok := n >= need
			if row.Met, met = &ok, met && ok; !ok {
				row.People = q.byArea[a]
				lacking += row.People
			}
			due += need
		}
		all, people, km2 = all+n, people+q.byArea[a], km2+q.in.Areas[a].KM2
		q.result.Areas = append(q.result.Areas, row)
	}
	if q.rule.Per == "territory" {
		due = q.due(people, km2)
		if met = all >= due; !met {
			lacking = people
		}
	}
	q.conclude(&all, due, lacking)
	q.result.Met, q.result.Unit = &met, "facilities"
}

func (q *question) served() {
	var there, areas float64
	for a, n := range q.facilities() {
		if !q.areas[a] {
			continue
		}
		row := q.area(a)
		value, ok := n, n > 0
		row.Value, row.Met = &value, &ok
		areas++
		if ok {
			there++
		} else {
			row.People = q.byArea[a]
			q.result.People += row.People
		}
		q.result.Areas = append(q.result.Areas, row)
	}
	value := there / areas
	met := value >= q.rule.Share-slack
	q.conclude(&value, q.rule.Share, q.result.People)
	q.result.Met = &met
}

func (q *question) figure() {
	n, ok := q.in.Figures[q.rule.Figure]
	switch {
	case !ok:
		q.say(text{"Manca il dato «%s».", "The figure “%s” is missing."}.with2(q.table.words(q.rule.Figure)))
		return
	case q.rule.AppliesTo.Ages != "" && !q.aged:
		q.say(text{
			"I dati di popolazione non distinguono l'età %s.", "The population data do not tell ages %s.",
		}.with(q.rule.AppliesTo.Ages))
		return
	}
	people := 0.0
	for i, p := range q.people {
		if q.areas[q.in.Demand.Area[i]] {
			people += p
		}
	}
	if !(people > 0) {
		q.nobody()
		return
	}
	value := n / people
	met := value >= q.rule.Share-slack
	q.conclude(&value, q.rule.Share, math.Max(0, q.rule.Share*people-n))
	q.result.Met = &met
}

// apart looks for pairs nearer than the threshold; at least one of a pair is
// in the territory.
func (q *question) apart() {
	var all []Facility
	for _, s := range q.named {
		all = append(all, s.Facilities...)
	}
	least, pairs := nearPairs(all, q.rule.Threshold)
	q.conclude(least, q.rule.Threshold, 0)
	if len(pairs) == 0 {
		met := true
		q.result.Met = &met
		return
	}
	list := ""
	for _, p := range pairs[:min(len(pairs), 5)] {
		list += fmt.Sprintf("; %s – %s (%.0f m)", p.a, p.b, p.metres)
	}
	q.say(text{
		"%d [coppia è più vicina in linea d'aria e va misurata|coppie sono più vicine in linea d'aria e vanno misurate] a piedi%s.",
		"%d [pair is nearer in a straight line and has|pairs are nearer in a straight line and have] to be measured on foot%s.",
	}.with(len(pairs), list))
}
