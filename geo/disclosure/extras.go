package disclosure

import (
	"context"
	"slices"

	"contado/geo/coverage"
)

// extras protects what a report says beside its figures.
func (t *table) extras(ctx context.Context) error {
	t.gaps()
	t.curve()
	t.ranges()
	for m := range t.r.Access {
		hideValues(t.r.Access[m].Areas, t.hiddenPopulations())
		t.equity(&t.r.Access[m].Equity)
	}
	t.equity(&t.r.Equity)
	if n := t.r.Ridership; n != nil && n.WithoutRide != nil && (t.whole.small(*n.WithoutRide) || t.whole.small(n.People-*n.WithoutRide)) {
		n.WithoutRide = nil
	}
	if err := t.choices(ctx); err != nil {
		return err
	}
	if t.r.Capacity != nil {
		return t.capacity(ctx)
	}
	return nil
}

// hiddenPopulations are the codes of areas with few people.
func (t *table) hiddenPopulations() map[string]bool {
	out := map[string]bool{}
	for a := range t.r.Areas {
		if t.r.Areas[a].Suppressed {
			out[t.r.Areas[a].Code] = true
		}
	}
	return out
}

// hideValues takes out the means of areas where few people live.
func hideValues(list []coverage.AreaValue, hidden map[string]bool) {
	for i := range list {
		if hidden[list[i].Code] {
			list[i].Value = nil
		}
	}
}

// equity goes where the people that it counts tell how few it leaves out.
func (t *table) equity(e **coverage.Equity) {
	if *e == nil {
		return
	}
	left := t.r.PopulationTotal - (*e).People
	if t.whole.small((*e).People) || t.whole.small(left) || (left > tiny && (t.wholeHides() || unreachableHidden(t.r.Coverage))) {
		*e = nil
	}
}

// wholeHides reports whether a row of the whole is hidden.
func (t *table) wholeHides() bool { return anyRowHidden(t.r.Coverage) }

func anyRowHidden(rows []coverage.Row) bool {
	return slices.ContainsFunc(rows, func(r coverage.Row) bool { return r.Suppressed })
}

// unreachableHidden: they are told with those beyond the thresholds.
func unreachableHidden(rows []coverage.Row) bool {
	return slices.ContainsFunc(rows, func(r coverage.Row) bool { return r.Merged })
}

// lastHidden: the people beyond the largest threshold are hidden somewhere.
func lastHidden(f []coverage.Row) bool { return len(f) > 0 && f[len(f)-1].Suppressed }

// gaps keeps the groups of people left out whose number tells nothing that
// was hidden. Where the number of an area is hidden, its groups go; where the
// groups listed leave few others, the smallest goes with them.
func (t *table) gaps() {
	r := t.r
	whole := lastHidden(r.Coverage)
	left := map[string]float64{} // beyond or unreachable, by area, that no group listed has
	hidden := map[string]bool{}
	for a := range r.Areas {
		rows := r.Areas[a].Coverage
		if len(rows) == 0 {
			continue
		}
		hidden[r.Areas[a].Code] = lastHidden(rows)
		left[r.Areas[a].Code] += rows[len(rows)-1].Uncovered + rows[len(rows)-1].Unreachable
	}
	unknown := map[string]bool{} // areas where the unreachable of some group is hidden
	for a := range r.Areas {
		unknown[r.Areas[a].Code] = unreachableHidden(r.Areas[a].Coverage)
	}
	for _, g := range r.Gaps {
		left[g.AreaCode] -= g.Population
		if t.whole.small(g.Unreachable) || t.whole.small(g.Population-g.Unreachable) {
			unknown[g.AreaCode] = true
		}
	}
	kept := r.Gaps[:0]
	drop := func(g coverage.Gap) {
		r.GapsOmitted.Count++
		r.GapsOmitted.Population += g.Population
		left[g.AreaCode] += g.Population
	}
	// From the smallest up: what goes makes the rest of its area larger.
	keep := make([]bool, len(r.Gaps))
	for i := len(r.Gaps) - 1; i >= 0; i-- {
		g := r.Gaps[i]
		keep[i] = !hidden[g.AreaCode] && !t.whole.small(g.Population) && !t.whole.small(left[g.AreaCode])
		if !keep[i] {
			drop(g)
		}
	}
	for i, g := range r.Gaps {
		if keep[i] {
			if unknown[g.AreaCode] {
				g.Unreachable, g.Suppressed = 0, true
			}
			kept = append(kept, g)
		}
	}
	r.Gaps = kept
	if whole || t.whole.small(r.GapsOmitted.Population) {
		r.GapsOmitted.Population, r.GapsOmitted.Suppressed = 0, true
	}
}

// curve leaves only steps of enough people, none at all where the whole hides
// a row: the curve would tell it.
func (t *table) curve() {
	r := t.r
	if t.wholeHides() || unreachableHidden(r.Coverage) {
		r.Curve = []coverage.CurvePoint{}
		return
	}
	kept := r.Curve[:0]
	last := 0.0
	threshold := map[float64]float64{}
	for _, row := range r.Coverage {
		threshold[row.ThresholdS] = row.Covered
	}
	// next is the published count that the curve must keep clear of.
	next := make([]float64, len(r.Curve))
	above := r.PopulationTotal
	if n := len(r.Coverage); n > 0 {
		above -= r.Coverage[n-1].Unreachable
	}
	for i := len(r.Curve) - 1; i >= 0; i-- {
		next[i] = above
		if v, ok := threshold[r.Curve[i].TimeS]; ok {
			above = v
		}
	}
	for i, p := range r.Curve {
		_, published := threshold[p.TimeS]
		if published || (!t.whole.small(p.People-last) && !t.whole.small(next[i]-p.People)) {
			kept = append(kept, p)
			last = p.People
		}
	}
	r.Curve = kept
}

// ranges takes shares out that stand for few people, or for all but few, or
// that differ by few from the headline.
func (t *table) ranges() {
	r := t.r
	total := r.PopulationTotal
	for i := range r.Ranges {
		g := &r.Ranges[i]
		var headline *coverage.Row
		for j := range r.Coverage {
			if r.Coverage[j].ThresholdS == g.ThresholdS {
				headline = &r.Coverage[j]
			}
		}
		hidden := headline == nil || headline.Suppressed
		tells := func(share *float64) bool {
			if share == nil {
				return false
			}
			people := *share * total
			away := people
			if headline != nil {
				away -= headline.Covered
			}
			return hidden || t.whole.small(people) || t.whole.small(total-people) || t.whole.small(away) || t.whole.small(-away)
		}
		for k := range g.Cases {
			if tells(g.Cases[k].Share) {
				g.Cases[k].Share = nil
			}
		}
		if hidden {
			g.Share = nil
		}
		for _, end := range []**float64{&g.Low, &g.High} {
			if tells(*end) {
				*end = nil
			}
		}
	}
}

// choices protects the rows of the k-th nearest as a table of their own; rows
// that the report hides are hidden in all, for the first choice has the same.
func (t *table) choices(ctx context.Context) error {
	for i := range t.r.Choices {
		ch := &t.r.Choices[i]
		c := newCube(1, 1, len(ch.Coverage), t.k)
		c.fill(0, []*coverage.Figures{&ch.Figures})
		if err := c.protect(ctx); err != nil {
			return err
		}
		for j, row := range ch.Coverage {
			for _, main := range t.r.Coverage {
				if main.ThresholdS == row.ThresholdS && main.Suppressed {
					c.row[c.figure(1, 1)*c.rows+j] = true
				}
			}
		}
		c.hideFigures(1, 1, &ch.Figures)
		t.count(c)
	}
	return nil
}

func (t *table) count(c *cube) {
	t.r.Disclosure.Primary += c.primary
	t.r.Disclosure.Secondary += c.secondary
}

// flat is a list of rows with classes that exclude each other, protected as
// areas without bands: which rows to hide, and whether the sums too. Those of
// also are hidden anyhow, so that they are the first to make up for others.
func flat(ctx context.Context, list [][]float64, threshold float64, also []bool) (hidden []bool, whole bool, c *cube, err error) {
	classes := 3 // two would leave no row to hide
	if len(list) > 0 {
		classes = max(classes, len(list[0]))
	}
	c = newCube(max(1, len(list)), 1, classes-2, threshold)
	for a, values := range list {
		for k, v := range values {
			*c.at(a, 0, k) = v
		}
	}
	for a := range also {
		for b := 0; also[a] && b <= 1; b++ {
			f := c.figure(a, b)
			for j := range c.rows {
				c.row[f*c.rows+j] = true
			}
		}
	}
	if err = c.protect(ctx); err != nil {
		return nil, false, nil, err
	}
	hidden = make([]bool, len(list))
	for a := range list {
		hidden[a] = c.anyHidden(c.figure(a, 1)) || (also != nil && also[a])
	}
	return hidden, c.anyHidden(c.figure(c.areas, 1)), c, nil
}

// capacity protects the areas and the facilities of an assignment.
func (t *table) capacity(ctx context.Context) error {
	p := t.r.Capacity
	// Who is beyond reach here may be who is beyond a threshold there.
	rows := map[string]bool{}
	for a := range t.r.Areas {
		rows[t.r.Areas[a].Code] = t.r.Areas[a].Suppressed || anyRowHidden(t.r.Areas[a].Coverage)
	}
	list, also := make([][]float64, len(p.Areas)), make([]bool, len(p.Areas))
	for a, v := range p.Areas {
		list[a], also[a] = []float64{v.Assigned, v.Full, v.Beyond, 0}, rows[v.Code]
	}
	hidden, whole, c, err := flat(ctx, list, t.k, also)
	if err != nil {
		return err
	}
	t.count(c)
	for a := range p.Areas {
		if hidden[a] {
			p.Areas[a] = coverage.CapacityArea{Code: p.Areas[a].Code, Name: p.Areas[a].Name, Suppressed: true}
		}
	}
	loads := make([][]float64, len(p.Loads))
	for j, l := range p.Loads {
		loads[j] = []float64{l.Assigned, 0}
	}
	hidden, wholeLoads, c, err := flat(ctx, loads, t.k, nil)
	if err != nil {
		return err
	}
	t.count(c)
	for j := range p.Loads {
		if l := p.Loads[j]; hidden[j] {
			p.Loads[j] = coverage.FacilityLoad{ID: l.ID, Name: l.Name, Names: l.Names, Capacity: l.Capacity, Suppressed: true}
		}
	}
	if whole || wholeLoads || t.wholeHides() {
		p.Assigned, p.Full, p.Beyond, p.MeanS, p.Suppressed = 0, 0, 0, nil, true
	}
	return nil
}
