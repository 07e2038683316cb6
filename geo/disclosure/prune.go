package disclosure

import (
	"cmp"
	"context"
	"math"
	"slices"

	"contado/geo/fault"
)

// item is what is hidden or shown at a time: a row of a figure, its population
// (row −1), or the split of its rows (row −2).
type item struct{ figure, row int }

const (
	ofPopulation = -1
	ofSplit      = -2
)

// items calls yield for each item that a witness needs hidden.
func (c *cube) items(m move, yield func(item)) {
	split := c.changesSplit(m)
	c.affected(m, func(figure int, population bool, from, to int) bool {
		if population {
			yield(item{figure, ofPopulation})
		}
		if split {
			yield(item{figure, ofSplit})
		}
		for j := from; j < to; j++ {
			yield(item{figure, j})
		}
		return true
	})
}

// changesSplit reports whether a move changes how many are unreachable, where
// that may be told apart.
func (c *cube) changesSplit(m move) bool {
	return c.splits && (m.class == c.rows+1 || m.class2 == c.rows+1)
}

// flag is where an item is marked as hidden.
func (c *cube) flag(x item) *bool {
	switch x.row {
	case ofPopulation:
		return &c.population[x.figure]
	case ofSplit:
		return &c.split[x.figure]
	}
	return &c.row[x.figure*c.rows+x.row]
}

// maxPruned bounds the tables that are pruned: above it the time it takes is
// not worth the few rows.
const maxPruned = 20_000

// prune shows again what no target needs hidden: an item, dearest first, whose
// targets all have another witness among what is hidden besides. Small numbers
// were hidden one by one, and a later choice often makes an earlier one vain.
// Afterwards nothing can be shown alone.
func (c *cube) prune(ctx context.Context, targets []target, witness []move) error {
	if len(targets) > maxPruned {
		return nil
	}
	users := map[item][]int32{}
	use := func(k int32) {
		c.items(witness[k], func(x item) { users[x] = append(users[x], k) })
	}
	for k := range targets {
		use(int32(k))
	}
	list := make([]item, 0, len(users))
	for x := range users {
		list = append(list, x)
	}
	slices.SortFunc(list, func(x, y item) int {
		return cmp.Or(cmp.Compare(c.weight(y), c.weight(x)), cmp.Compare(x.figure, y.figure), cmp.Compare(x.row, y.row))
	})
	for n, x := range list {
		if n&0x3f == 0 && ctx.Err() != nil {
			return fault.E(opProtect, fault.Canceled, ctx.Err())
		}
		*c.flag(x) = false
		again, ok := c.others(x, users[x], targets, witness)
		if !ok {
			*c.flag(x) = true
			continue
		}
		for k, m := range again {
			witness[k] = m
		}
		for _, k := range users[x] {
			if _, changed := again[k]; changed {
				use(k)
			}
		}
	}
	return nil
}

// others are witnesses, within what is hidden, for the targets whose own one
// needs an item that was just shown; not ok: one has none.
func (c *cube) others(x item, users []int32, targets []target, witness []move) (again map[int32]move, ok bool) {
	again = map[int32]move{}
	for _, k := range users {
		if _, done := again[k]; done || !c.needs(witness[k], x) {
			continue
		}
		m, found := c.covered(targets[k])
		if !found {
			return nil, false
		}
		again[k] = m
	}
	return again, true
}

func (c *cube) needs(m move, x item) bool {
	found := false
	c.items(m, func(y item) { found = found || x == y })
	return found
}

// covered finds a witness that needs nothing hidden that is shown.
func (c *cube) covered(t target) (out move, found bool) {
	c.moves(t, func(m move) bool {
		found = c.cost(m, math.SmallestNonzeroFloat64) == 0
		if found {
			out = m
		}
		return !found
	})
	return out, found
}
