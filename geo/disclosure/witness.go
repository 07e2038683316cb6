package disclosure

import (
	"cmp"
	"math"
	"slices"
)

// move deals step people out otherwise: more at (area, band, class), and at
// the corners of the box up to (area2, band2, class2) less and more in turn.
// −1 for a direction that it does not go.
type move struct{ area, band, class, area2, band2, class2 int }

// hide finds the witness of a target that hides least that is not hidden yet,
// hides that, and returns it.
func (c *cube) hide(t target) move {
	var best move
	least := math.Inf(1)
	c.moves(t, func(m move) bool {
		if cost := c.cost(m, least); cost < least {
			best, least = m, cost
		}
		return least > 0
	})
	c.items(best, func(x item) { *c.flag(x) = true })
	return best
}

// moves calls try with the possible witnesses of a target until it says false:
// those in narrow choices first, then, when there were none, in all.
func (c *cube) moves(t target, try func(move) bool) {
	found := false
	once := func(m move) bool {
		found = true
		return try(m)
	}
	if !c.movesAmong(t, c.partners(t), once) || found {
		return
	}
	all := make([]int, c.areas)
	for a := range all {
		all[a] = a
	}
	if !c.movesAmong(t, all, once) || found {
		return
	}
	// Nobody to change places with: the number itself is all that can change.
	for a := range c.areas {
		for b := range c.bands {
			if c.inside(t, a, b) && !try(move{a, b, t.from, -1, -1, -1}) {
				return
			}
		}
	}
}

func (c *cube) inside(t target, area, band int) bool {
	return (t.area == c.areas || t.area == area) && (t.band == c.bands || t.band == band)
}

// maxPartners bounds the areas that are tried first.
const maxPartners = 24

// partners are the target's own area, then areas that hide something already,
// then others, those with least people first; of those with too few people to
// change places none.
func (c *cube) partners(t target) []int {
	out := make([]int, 0, maxPartners+1)
	if t.area < c.areas {
		out = append(out, t.area)
	}
	ranking := c.ranking()
	for _, wanted := range [2]bool{true, false} {
		for _, a := range ranking {
			if len(out) > maxPartners {
				return out
			}
			if a != t.area && c.anyHidden(c.figure(a, t.band)) == wanted {
				out = append(out, a)
			}
		}
	}
	return out
}

// ranking is the areas that have people enough, those with least first.
func (c *cube) ranking() []int {
	if c.ranked != nil {
		return c.ranked
	}
	people := make([]float64, c.areas)
	c.ranked = []int{}
	for a := range people {
		for _, v := range c.sums(a, c.bands) {
			people[a] += v
		}
		if people[a] >= c.step {
			c.ranked = append(c.ranked, a)
		}
	}
	slices.SortStableFunc(c.ranked, func(a, b int) int { return cmp.Compare(people[a], people[b]) })
	return c.ranked
}

// movesAmong tries witnesses that use only some areas. False: try said stop.
func (c *cube) movesAmong(t target, areas []int, try func(move) bool) bool {
	full := t.from == 0 && t.to == c.classes()-1
	for _, a := range areas {
		for b := range c.bands {
			if !c.inside(t, a, b) {
				continue
			}
			for k := t.from; k <= t.to; k++ {
				from := move{a, b, k, -1, -1, -1}
				if !c.corners(t, from, areas, full, try) {
					return false
				}
			}
		}
	}
	return true
}

// corners tries the boxes that begin at one cell.
func (c *cube) corners(t target, m move, areas []int, full bool, try func(move) bool) bool {
	for ai := -1; ai < len(areas); ai++ {
		if m.area2 = -1; ai >= 0 {
			if m.area2 = areas[ai]; t.area == c.areas || m.area2 == m.area {
				continue
			}
		}
		for m.band2 = -1; m.band2 < c.bands; m.band2++ {
			if m.band2 >= 0 && (t.band == c.bands || m.band2 == m.band) {
				continue
			}
			for m.class2 = -1; m.class2 < c.classes(); m.class2++ {
				if m.class2 >= 0 && (full || (m.class2 >= t.from && m.class2 <= t.to)) {
					continue
				}
				if m.area2 < 0 && m.band2 < 0 && m.class2 < 0 {
					continue // the last resort
				}
				if c.possible(m) && !try(m) {
					return false
				}
			}
		}
	}
	return true
}

// possible: there are enough people wherever there are to be fewer.
func (c *cube) possible(m move) bool {
	for corner := 1; corner < 8; corner++ {
		a, b, k, odd, ok := m.corner(corner)
		if ok && odd && *c.at(a, b, k) < c.step-tiny {
			return false
		}
	}
	return true
}

// corner is one corner of the box by the bits of the directions gone; odd
// corners lose people. Not ok: the move does not go there.
func (m move) corner(bits int) (area, band, class int, odd, ok bool) {
	area, band, class = m.area, m.band, m.class
	for k, to := range [3]int{m.area2, m.band2, m.class2} {
		if bits>>k&1 == 0 {
			continue
		}
		if to < 0 {
			return 0, 0, 0, false, false
		}
		odd = !odd
		switch k {
		case 0:
			area = to
		case 1:
			band = to
		case 2:
			class = to
		}
	}
	return area, band, class, odd, true
}

// affected calls yield for each figure that a move changes: whether its
// population does, and which rows (half-open).
func (c *cube) affected(m move, yield func(figure int, population bool, from, to int) bool) {
	areas, bands := [2]int{m.area, m.area2}, [2]int{m.band, m.band2}
	if m.area2 < 0 {
		areas[1] = c.areas // sums over areas change too
	}
	if m.band2 < 0 {
		bands[1] = c.bands
	}
	population, from, to := m.class2 < 0, 0, c.rows
	switch last := max(m.class, m.class2); {
	case population:
	case last <= c.rows:
		from, to = min(m.class, m.class2), last
	case c.splits: // who is beyond every threshold may be unreachable: no sum within one changes
		from, to = min(m.class, m.class2), c.rows
	}
	for _, a := range areas {
		for _, b := range bands {
			if !yield(c.figure(a, b), population, from, to) {
				return
			}
		}
	}
}

// cost is what a move hides that is not hidden yet; more than limit is as good
// as any.
func (c *cube) cost(m move, limit float64) float64 {
	cost, split := 0.0, c.changesSplit(m)
	c.affected(m, func(figure int, population bool, from, to int) bool {
		if population && !c.population[figure] {
			cost += c.weight(item{figure, ofPopulation})
		}
		if split && !c.split[figure] {
			cost += c.weight(item{figure, ofSplit})
		}
		for j := from; j < to; j++ {
			if !c.row[figure*c.rows+j] {
				cost += c.weight(item{figure, j})
			}
		}
		return cost < limit
	})
	return cost
}

// weight is how much is lost with an item: more of all ages than of a band,
// more of the whole than of an area, more of a population than of a row.
func (c *cube) weight(x item) float64 {
	area, band := x.figure/(c.bands+1), x.figure%(c.bands+1)
	weight := 1.0
	if band == c.bands {
		weight = 30
	}
	if area == c.areas {
		weight *= 1000
	}
	switch {
	case x.row == ofPopulation:
		weight *= 10
	case x.row == ofSplit:
		weight *= 0.3
	case x.row == c.rows-1 && band == c.bands && area < c.areas && c.dear[area]:
		weight *= 4
	}
	return weight
}
