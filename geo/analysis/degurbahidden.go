package analysis

import (
	"context"
	"math"

	"contado/geo/coverage"
	"contado/geo/degurba"
	"contado/geo/disclosure"
	"contado/geo/notice"
)

// hide takes small counts out of a result, with as many others as it takes:
// its table is that of the territory and its areas by class of cells
// (disclosure.Tree).
func (d *degurbaRun) hide(ctx context.Context, out *DegurbaResult, units []degurba.Unit, legend []legendEntry) error {
	if d.from == 0 {
		return nil
	}
	t := &disclosure.Tree{Parent: []int32{-1}, People: [][]float64{nil}}
	codes := []string{d.whole.Code}
	for a := range out.Areas {
		var people []float64
		for _, l := range legend {
			people = append(people, units[a].People[l.class])
		}
		t.Parent, t.People, codes = append(t.Parent, 0), append(t.People, people), append(codes, out.Areas[a].Code)
	}
	elsewhere := func(code string) bool { return d.tree != nil && d.tree.hides(code, "") }
	if d.tree != nil {
		t.Elsewhere = func(node int) bool { return elsewhere(codes[node]) }
	}
	h, err := t.Protect(ctx, d.from)
	if err != nil {
		return err
	}
	out.Disclosure = &coverage.Disclosure{Threshold: d.from}
	for i := range out.Cells {
		d.gone(out.Disclosure, &out.Cells[i].People, h.Band(0, i) || elsewhere(codes[0]))
	}
	for a := range out.Areas {
		area := &out.Areas[a]
		hidden := h.Any(a + 1)
		for k := range area.Cells {
			d.gone(out.Disclosure, &area.Cells[k], h.Band(a+1, k) || elsewhere(area.Code))
		}
		d.gone(out.Disclosure, &area.People, h.All(a+1))
		if hidden {
			area.Urban = nil
			if !d.steady(units[a], legend) {
				area.Level1, area.Level2 = "", ""
			}
		}
	}
	d.saidHidden(out)
	return nil
}

// gone hides a count and tallies it.
func (d *degurbaRun) gone(tally *coverage.Disclosure, count **float64, hidden bool) {
	if !hidden || *count == nil {
		return
	}
	if n := **count; n > 0 && n < d.from {
		tally.Primary++
	} else {
		tally.Secondary++
	}
	*count = nil
}

// steady: an area has the same class however the people that its hidden counts
// leave open are dealt out: threshold − 1 of them in any other class, or more
// of any class.
func (d *degurbaRun) steady(unit degurba.Unit, legend []legendEntry) bool {
	step := math.Max(1, math.Ceil(d.from)-1)
	l1, l2 := degurba.ClassifyUnit(unit, d.rules)
	same := func(from, to degurba.Class, out, in float64) bool {
		other := degurba.Unit{People: map[degurba.Class]float64{}, Land: unit.Land}
		for c, n := range unit.People {
			other.People[c] = n
		}
		other.People[from] -= out
		other.People[to] += in
		a, b := degurba.ClassifyUnit(other, d.rules)
		return a == l1 && b == l2
	}
	for _, x := range legend {
		if !same(x.class, x.class, 0, step) {
			return false
		}
		less := math.Min(step, unit.People[x.class])
		for _, y := range legend {
			if !same(x.class, y.class, less, less) || !same(x.class, x.class, less, 0) {
				return false
			}
		}
	}
	return true
}

func (d *degurbaRun) saidHidden(out *DegurbaResult) {
	if n := out.Disclosure.Primary + out.Disclosure.Secondary; n > 0 {
		d.notice("counts-hidden",
			notice.Text("Counts of people above 0 and below %g are hidden, with as many others as it takes that they cannot be computed: %d [number|numbers] in all.", d.from, n),
			notice.Italian("I conteggi di persone sopra 0 e sotto %g sono nascosti, con gli altri che servono perché non si possano calcolare: %d [numero|numeri] in tutto.", d.from, n))
	}
	d.saidShown()
}

// saidShown says that people are counted as they are shown.
func (d *degurbaRun) saidShown() {
	if d.told != &d.who {
		d.inBlocks(d.from)
	}
}
