package rules

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"contado/geo/coverage"
	"contado/geo/fault"
	"contado/geo/notice"
)

const opEvaluate = "rules.Evaluate"

// Evaluate judges a territory by tables, rule after rule in their order. What
// cannot be judged has no Met and says in Why what is missing; a caveat and
// the note of the rule stand in Why too. People count in binary fractions
// small enough that sums are exact and do not hang on the order of cells.
// Errors: fault.Invalid for an input that does not fit together,
// fault.Canceled.
func Evaluate(ctx context.Context, tables []*Table, in Input) ([]coverage.RuleResult, error) {
	j, err := newJudge(&in)
	if err != nil {
		return nil, err
	}
	var out []coverage.RuleResult
	for _, t := range tables {
		for i := range t.Rules {
			if err := ctx.Err(); err != nil {
				return nil, fault.E(opEvaluate, fault.Canceled, err)
			}
			out = append(out, j.judge(t, &t.Rules[i]))
		}
	}
	return out, nil
}

// judge is an input made ready.
type judge struct {
	in     *Input
	people []float64 // by cell, everyone, rounded so that sums are exact
	byArea []float64
	scale  float64
	metres map[string][]float32 // straight lines by kinds of service, as asked
}

func newJudge(in *Input) (*judge, error) {
	bad := func(format string, args ...any) (*judge, error) {
		return nil, fault.Errorf(opEvaluate, fault.Invalid, format, args...)
	}
	d := &in.Demand
	n := len(d.People)
	if len(d.Area) != n || len(d.X) != n || len(d.Y) != n || len(d.Bands) != len(in.BandNames) {
		return bad("cells: people %d, area %d, x %d, y %d; age bands %d with %d names", n, len(d.Area), len(d.X), len(d.Y), len(d.Bands), len(in.BandNames))
	}
	total := 0.0
	for i, p := range d.People {
		if !(p >= 0) || math.IsInf(p, 0) || d.Area[i] < 0 || int(d.Area[i]) >= len(in.Areas) {
			return bad("cell %d: %v people in area %d of %d", i, p, d.Area[i], len(in.Areas))
		}
		total += p
	}
	for b, band := range d.Bands {
		if len(band) != n {
			return bad("age band %q has %d cells of %d", in.BandNames[b], len(band), n)
		}
		for i, p := range band {
			if !(p >= 0) || math.IsInf(p, 0) {
				return bad("age band %q: %v people in cell %d", in.BandNames[b], p, i)
			}
		}
	}
	for _, s := range in.Services {
		for _, t := range s.Times {
			if len(t.Seconds) != n {
				return bad("service %q, profile %q: %d times for %d cells", s.Dataset, t.Profile, len(t.Seconds), n)
			}
		}
		for k, f := range s.Facilities {
			if !(math.Abs(f.Lon) <= 360) || !(math.Abs(f.Lat) <= 90) || f.Area < -1 || int(f.Area) >= len(in.Areas) {
				return bad("service %q: facility %d (%q) at %v, %v in area %d", s.Dataset, k, f.Name, f.Lon, f.Lat, f.Area)
			}
		}
	}
	_, exp := math.Frexp(total)
	j := &judge{in: in, scale: math.Ldexp(1, min(51-exp, 40)), byArea: make([]float64, len(in.Areas)), metres: map[string][]float32{}}
	j.people = j.exact(d.People)
	for i, p := range j.people {
		j.byArea[d.Area[i]] += p
	}
	return j, nil
}

func (j *judge) exact(v []float64) []float64 {
	out := make([]float64, len(v))
	for i, x := range v {
		out[i] = math.RoundToEven(x*j.scale) / j.scale
	}
	return out
}

// text is a sentence in both languages.
type text struct{ it, en string }

func (t text) with(args ...any) text {
	return text{notice.Italian(t.it, args...), notice.Text(t.en, args...)}
}

// question is a rule about to be judged.
type question struct {
	*judge
	table  *Table
	rule   *Rule
	result *coverage.RuleResult
	people []float64 // those of the ages asked, by cell
	aged   bool      // they are of these ages
	areas  []bool    // that it applies to
	why    []text
	named  []*Service
}

func (j *judge) judge(t *Table, r *Rule) coverage.RuleResult {
	res := coverage.RuleResult{
		ID: r.ID, Table: t.Name(), Title: r.Title, Source: r.Source, Status: string(r.Status), Date: r.Date, Unit: r.Unit,
	}
	q := &question{judge: j, table: t, rule: r, result: &res, areas: make([]bool, len(j.in.Areas))}
	q.population()
	applies := false
	for a, people := range j.byArea {
		q.areas[a] = people >= r.AppliesTo.PeopleMin && (r.AppliesTo.PeopleMax == 0 || people <= r.AppliesTo.PeopleMax)
		applies = applies || q.areas[a]
	}
	if q.findServices(); len(q.why) == 0 && !applies {
		q.say(text{"Nessuna area ha il numero di abitanti a cui si applica.", "No area has the number of people that it applies to."})
	}
	if len(q.why) == 0 {
		q.measure()
	}
	if !q.aged && r.AppliesTo.Ages != "" && res.Met != nil {
		q.say(text{
			"Conta tutti gli abitanti: i dati di popolazione non distinguono l'età %s.",
			"Counts everyone: the population data do not tell ages %s.",
		}.with(r.AppliesTo.Ages))
	}
	if titled(r.Note) {
		q.say(text{r.Note["it"], r.Note["en"]})
	}
	if len(q.why) > 0 {
		var it, en []string
		for _, w := range q.why {
			it, en = append(it, w.it), append(en, w.en)
		}
		res.Why = map[string]string{"it": strings.Join(it, " "), "en": strings.Join(en, " ")}
	}
	return res
}

func (q *question) say(t text) { q.why = append(q.why, t) }

// findServices names the datasets of the kinds that the rule is about.
func (q *question) findServices() {
	if q.rule.Measure == Figure {
		return
	}
	var ids []string
	for i := range q.in.Services {
		if s := &q.in.Services[i]; slices.Contains(q.rule.Services, s.Kind) {
			q.named = append(q.named, s)
			ids = append(ids, s.Dataset)
		}
	}
	q.result.Service = strings.Join(ids, ",")
	if len(q.named) == 0 {
		q.say(text{
			"Manca un insieme di dati di tipo «%s».", "A dataset of the kind “%s” is missing.",
		}.with2(q.table.words(q.rule.Services...)))
	}
}

// population picks the people of the ages asked, everyone where the age bands
// do not tell them.
func (q *question) population() {
	q.people = q.judge.people
	bands, ok := bandsOf(q.in.BandNames, q.rule.AppliesTo.Ages)
	if !ok {
		return
	}
	q.aged = true
	q.people = make([]float64, len(q.judge.people))
	for _, b := range bands {
		for i, p := range q.exact(q.in.Demand.Bands[b]) {
			q.people[i] += p
		}
	}
}

// bandsOf are the bands that tile an age range exactly.
func bandsOf(names []string, ages string) ([]int, bool) {
	low, high, ok := ageRange(ages)
	if !ok {
		return nil, false
	}
	type band struct {
		index     int
		low, high float64
	}
	var list []band
	for i, name := range names {
		if l, h, ok := ageRange(strings.TrimSpace(name)); ok && l >= low && h <= high {
			list = append(list, band{i, l, h})
		}
	}
	slices.SortFunc(list, func(a, b band) int { return int(math.Copysign(1, a.low-b.low)) })
	var out []int
	next := low
	for _, b := range list {
		if b.low != next {
			return nil, false
		}
		next = b.high + 1
		out = append(out, b.index)
	}
	return out, len(out) > 0 && next == high+1
}

func (q *question) measure() {
	switch q.rule.Measure {
	case WithinDistance:
		q.share(q.straight(), q.rule.Threshold)
	case WithinTime, TimePercentile:
		seconds := q.times()
		switch {
		case seconds == nil:
			q.say(text{"Mancano i tempi di viaggio %s.", "Travel times %s are missing."}.with2(modeNames[q.rule.Mode]))
		case q.rule.Measure == WithinTime:
			q.share(seconds, q.rule.Threshold*60)
		default:
			q.percentile(seconds)
		}
	case PeoplePerFacility:
		q.perFacility()
	case Apart:
		q.apart()
	case AreasServed:
		q.served()
	case Figure:
		q.figure()
	}
}

var modeNames = map[Mode]text{
	Foot: {"a piedi", "on foot"}, Bicycle: {"in bicicletta", "by bicycle"}, Car: {"in auto", "by car"}, Transit: {"con i mezzi pubblici", "by public transport"},
}

func (t text) with2(word text) text {
	return text{fmt.Sprintf(t.it, word.it), fmt.Sprintf(t.en, word.en)}
}

// times are the least over the services of the rule; nil when one of them has
// none by the mode asked.
func (q *question) times() []float32 {
	var out []float32
	for _, s := range q.named {
		k := slices.IndexFunc(s.Times, func(t Times) bool { return t.Mode == q.rule.Mode })
		if k < 0 {
			return nil
		}
		q.result.Profile = s.Times[k].Profile
		if out == nil {
			out = s.Times[k].Seconds
			continue
		}
		least := slices.Clone(out)
		for i, v := range s.Times[k].Seconds {
			least[i] = min(least[i], v)
		}
		out = least
	}
	return out
}

// straight are the metres to the nearest facility, of whatever service.
func (q *question) straight() []float32 {
	key := q.result.Service
	if out, ok := q.metres[key]; ok {
		return out
	}
	var all []Facility
	for _, s := range q.named {
		all = append(all, s.Facilities...)
	}
	out := distances(all, q.in.Demand.X, q.in.Demand.Y, q.judge.people)
	q.metres[key] = out
	return out
}
