package disclosure

import (
	"cmp"
	"context"
	"math"
	"slices"

	"contado/geo/fault"
)

// cube is the table behind a report: people by area, age band and class of
// time. With K thresholds there are K+2 classes: within the first, between
// one and the next, beyond the last, unreachable. What is published are
// figures: each area and all, by each band and all; of a figure its
// population, and a row a threshold with three sums of classes. Where splits
// is true, rows may tell the unreachable together with those beyond the
// threshold: the split of a figure is hidden then.
//
// The proof of safety is a witness. A number q that has to be hidden is safe
// when some of the hidden people could be dealt out otherwise so that q is
// larger by step and every number still published is the same, as is that no
// count is below 0. Then q has at least step+1 whole values that nobody can
// tell apart, whatever they solve. A witness moves step people along one, two
// or all of the three directions and back: with a direction, sums over it do
// not change. Hiding more never breaks a witness.
type cube struct {
	areas, bands, rows int // rows is K
	n                  []float64
	threshold, step    float64

	population []bool // by figure: hidden
	row        []bool // by figure and threshold: hidden
	splits     bool
	split      []bool // by figure: hidden
	// dear says that the last row of an area should be hidden last.
	dear []bool

	ranked []int // areas by people, once asked for
	// changes tells the areas (and the whole, last) of which some witness
	// changes the figures of all bands.
	changes []bool

	primary, secondary int
}

func newCube(areas, bands, rows int, threshold float64) *cube {
	figures := (areas + 1) * (bands + 1)
	return &cube{
		areas: areas, bands: bands, rows: rows, n: make([]float64, areas*bands*(rows+2)),
		threshold: threshold, step: math.Max(1, math.Ceil(threshold)-1),
		population: make([]bool, figures), row: make([]bool, figures*rows), split: make([]bool, figures), dear: make([]bool, areas),
	}
}

func (c *cube) classes() int { return c.rows + 2 }

func (c *cube) at(area, band, class int) *float64 {
	return &c.n[(area*c.bands+band)*c.classes()+class]
}

// figure is the index of an area's figure by band; area = c.areas and band =
// c.bands stand for all.
func (c *cube) figure(area, band int) int { return area*(c.bands+1) + band }

// sums are the people of a figure by class.
func (c *cube) sums(area, band int) []float64 {
	out := make([]float64, c.classes())
	span := func(i, n int) (int, int) {
		if i == n {
			return 0, n
		}
		return i, i + 1
	}
	a, lastArea := span(area, c.areas)
	first, lastBand := span(band, c.bands)
	for ; a < lastArea; a++ {
		for b := first; b < lastBand; b++ {
			for k := range out {
				out[k] += *c.at(a, b, k)
			}
		}
	}
	return out
}

// tiny tells counts from what is left of sums of fractions.
const tiny = 1e-6

func (c *cube) small(v float64) bool { return v > tiny && v < c.threshold-tiny }

// target is a number to be hidden: the classes from to up to (inclusive) of a
// figure.
type target struct{ area, band, from, to int }

// protect hides what has to be hidden, until every small number has a witness,
// and then shows again what none of them needs.
func (c *cube) protect(ctx context.Context) error {
	targets := c.targets()
	witness := make([]move, len(targets))
	for k, t := range targets {
		if k&0xff == 0 && ctx.Err() != nil {
			return fault.E(opProtect, fault.Canceled, ctx.Err())
		}
		witness[k] = c.hide(t)
	}
	if err := c.prune(ctx, targets, witness); err != nil {
		return err
	}
	c.changes = make([]bool, c.areas+1)
	for _, m := range witness {
		c.items(m, func(x item) {
			if x.figure%(c.bands+1) == c.bands {
				c.changes[x.figure/(c.bands+1)] = true
			}
		})
	}
	c.countHidden()
	return nil
}

// targets are all small sums of neighbouring classes: the published ones, and
// differences of published ones. Wholes come before parts.
func (c *cube) targets() []target {
	var out []target
	for a := c.areas; a >= 0; a-- {
		for b := c.bands; b >= 0; b-- {
			sums := c.sums(a, b)
			for from := range sums {
				v := 0.0
				for to := from; to < len(sums); to++ {
					if v += sums[to]; c.small(v) {
						out = append(out, target{a, b, from, to})
					}
				}
			}
		}
	}
	level := func(t target) int {
		l := 0
		if t.area < c.areas {
			l++
		}
		if t.band < c.bands {
			l += 2
		}
		return l
	}
	slices.SortStableFunc(out, func(x, y target) int {
		return cmp.Or(cmp.Compare(level(x), level(y)), cmp.Compare(y.to-y.from, x.to-x.from))
	})
	return out
}

// countHidden counts hidden figures and rows: primary when the number, or a
// difference that the row makes, is small itself.
func (c *cube) countHidden() {
	c.primary, c.secondary = 0, 0
	for a := range c.areas + 1 {
		for b := range c.bands + 1 {
			f := c.figure(a, b)
			sums := c.sums(a, b)
			total := 0.0
			for _, v := range sums {
				total += v
			}
			if c.population[f] {
				c.tallyHidden(c.small(total))
			}
			if c.split[f] {
				c.tallyHidden(c.small(sums[c.rows+1]))
			}
			within := 0.0
			for j := range c.rows {
				within += sums[j]
				unreachable := sums[c.rows+1]
				if c.row[f*c.rows+j] {
					left := total - within
					few := c.small(within) || c.small(left) || c.small(sums[j]) || j+1 < c.rows && c.small(sums[j+1])
					if !c.splits {
						few = few || c.small(left-unreachable) || c.small(unreachable) || c.small(sums[j+1])
					}
					c.tallyHidden(few)
				}
			}
		}
	}
}

func (c *cube) tallyHidden(small bool) {
	if small {
		c.primary++
	} else {
		c.secondary++
	}
}

// anyHidden reports whether a figure hides anything.
func (c *cube) anyHidden(figure int) bool {
	return c.population[figure] || c.split[figure] || slices.Contains(c.row[figure*c.rows:(figure+1)*c.rows], true)
}
