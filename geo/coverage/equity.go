package coverage

import (
	"cmp"
	"math"
	"slices"

	"contado/geo/fault"
)

const opEquity = "coverage.Equality"

// holding is what people hold of a quantity.
type holding struct{ rank, value, people float64 }

// valueThenPeople orders so that sums do not hang on the order given.
func valueThenPeople(a, b holding) int {
	switch { // as cmp.Or would, without comparing what does not matter
	case a.value < b.value:
		return -1
	case a.value > b.value:
		return 1
	}
	return cmp.Compare(a.people, b.people)
}

// Equality measures how unequally a quantity is spread over people: values[i]
// is held by each of people[i]. Values of NaN or +Inf (nobody knows, cannot be
// reached) are left out with their people. rank, when not nil, orders people
// for the concentration index from the worst off up (income, for instance; NaN
// leaves them out of it); rankedBy is its name. The result does not hang on
// the order of the arrays.
//
// With shares of people s and the mean m of the values a:
//   - Gini = 1 − 2·area under the Lorenz curve, by trapezes (exact for groups);
//   - Palma = mean of the tenth of people with the most ÷ mean of the four
//     tenths with the least, a group on the border counted in part;
//   - Theil T = Σ s·(a/m)·ln(a/m), 0·ln 0 = 0;
//   - Concentration = 2·Σ s·(R−½)·(a−m)/m, R the fractional rank (people of
//     equal rank share the middle of theirs);
//   - Erreygers = 4·m/(max−min)·Concentration (Erreygers 2009, J. Health
//     Economics 28(2)), on the observed range.
//
// Negative values are refused: the measures have no meaning for them.
// Errors: fault.Invalid.
func Equality(of string, values, people, rank []float64, rankedBy string) (Equity, error) {
	out := Equity{Of: of}
	held, err := holdings(values, people, rank)
	if err != nil {
		return out, err
	}
	byValue := slices.Clone(held)
	slices.SortFunc(byValue, valueThenPeople)
	total, sum := totals(byValue)
	out.People = total
	if !(total > 0) || !(sum > 0) {
		return out, nil
	}
	mean := sum / total
	gini, theil := lorenzGini(byValue, total, sum), theilT(byValue, total, mean)
	out.Gini, out.Theil = &gini, &theil
	if poor := tail(byValue, 0.4*total, false); poor > 0 {
		palma := tail(byValue, 0.1*total, true) / poor
		out.Palma = &palma
	}
	if rank != nil {
		out.RankedBy = rankedBy
		out.Concentration, out.Erreygers = concentration(held)
	}
	return out, nil
}

func holdings(values, people, rank []float64) ([]holding, error) {
	if len(values) != len(people) || (rank != nil && len(rank) != len(people)) {
		return nil, fault.Errorf(opEquity, fault.Invalid, "%d values, %d people, %d ranks", len(values), len(people), len(rank))
	}
	var out []holding
	for i, v := range values {
		p := people[i]
		if !(p >= 0) || math.IsInf(p, 0) || v < 0 {
			return nil, fault.Errorf(opEquity, fault.Invalid, "row %d: %v people with a value of %v; neither may be below 0", i, p, v)
		}
		if p == 0 || math.IsNaN(v) || math.IsInf(v, 1) {
			continue
		}
		h := holding{math.NaN(), v, p}
		if rank != nil {
			h.rank = rank[i]
		}
		out = append(out, h)
	}
	return out, nil
}

// totals are the people and what they hold in all.
func totals(list []holding) (people, sum float64) {
	var p, s compensated
	for _, h := range list {
		p.add(h.people)
		s.add(h.people * h.value)
	}
	return p.value(), s.value()
}

func lorenzGini(list []holding, total, sum float64) float64 {
	var area, held compensated
	for _, h := range list {
		before := held.value()
		held.add(h.people * h.value)
		area.add(h.people * (before + held.value()))
	}
	return math.Max(0, 1-area.value()/(total*sum))
}

func theilT(list []holding, total, mean float64) float64 {
	var t compensated
	for _, h := range list {
		if r := h.value / mean; r > 0 {
			t.add(h.people * r * math.Log(r))
		}
	}
	return math.Max(0, t.value()/total)
}

// tail is the mean of the given number of people from one end.
func tail(list []holding, people float64, top bool) float64 {
	var sum compensated
	left := people
	for k := range list {
		h := list[k]
		if top {
			h = list[len(list)-1-k]
		}
		n := math.Min(left, h.people)
		sum.add(n * h.value)
		if left -= n; left <= 0 {
			break
		}
	}
	return sum.value() / people
}

// concentration is plain and after Erreygers; nil where not defined.
func concentration(held []holding) (plain, erreygers *float64) {
	list := slices.DeleteFunc(slices.Clone(held), func(h holding) bool { return math.IsNaN(h.rank) })
	slices.SortFunc(list, func(a, b holding) int {
		return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(a.value, b.value), cmp.Compare(a.people, b.people))
	})
	total, sum := totals(list)
	if !(total > 0) || !(sum > 0) {
		return nil, nil
	}
	mean := sum / total
	low, high := math.Inf(1), math.Inf(-1)
	var index, before compensated
	for k := 0; k < len(list); {
		var people, above compensated
		from := k
		for ; k < len(list) && list[k].rank == list[from].rank; k++ {
			people.add(list[k].people)
			above.add(list[k].people * (list[k].value - mean))
			low, high = math.Min(low, list[k].value), math.Max(high, list[k].value)
		}
		middle := (before.value() + people.value()/2) / total
		index.add((middle - 0.5) * above.value())
		before.add(people.value())
	}
	c := 2 * index.value() / (total * mean)
	plain = &c
	if high > low {
		e := 4 * mean / (high - low) * c
		erreygers = &e
	}
	return plain, erreygers
}

// FGT is the measure of Foster, Greer and Thorbecke (1984), Econometrica
// 52(3): Σ s·((line−a)/line)^alpha over the people with a value below line,
// among all who have one. alpha 0 counts them, 1 weighs how far below they
// are, 2 the square of it. The second result is the people counted.
// Errors: fault.Invalid.
func FGT(values, people []float64, line, alpha float64) (float64, float64, error) {
	if !(line > 0) || math.IsInf(line, 0) || !(alpha >= 0) || math.IsInf(alpha, 0) {
		return 0, 0, fault.Errorf("coverage.FGT", fault.Invalid, "line %v must be above 0, alpha %v at least 0", line, alpha)
	}
	list, err := holdings(values, people, nil)
	if err != nil {
		return 0, 0, err
	}
	slices.SortFunc(list, valueThenPeople)
	total, _ := totals(list)
	var poor compensated
	for _, h := range list {
		if h.value < line {
			poor.add(h.people * math.Pow((line-h.value)/line, alpha))
		}
	}
	if !(total > 0) {
		return 0, 0, nil
	}
	return poor.value() / total, total, nil
}
