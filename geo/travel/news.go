package travel

import (
	"math"
	"math/bits"
	"slices"
)

// news is what a tile does not know yet.
type news struct {
	left, right uint64 // rows into whose first or last block new labels lead
	top, bottom uint64 // bit b+1: block b of the first or last rows
	inside      bool   // labels of its own lead on
}

func (n *news) add(m news) {
	n.left |= m.left
	n.right |= m.right
	n.top |= m.top
	n.bottom |= m.bottom
	n.inside = n.inside || m.inside
}

const allBlocks = 1<<(tileBlocks+1) - 2

// begin marks the blocks that the news lead into.
func (t *tile) begin(n news) {
	for r := range tileSide {
		blocks := n.left>>r&1<<1 | n.right>>r&1<<tileBlocks
		if r < t.reach {
			blocks |= n.top
		} else if r >= tileSide-t.reach {
			blocks |= n.bottom
		}
		if blocks != 0 {
			t.dirty[r+tileHalo] |= blocks
			t.active |= 1 << r
		}
	}
	if !n.inside {
		return
	}
	for r := range tileSide {
		t.surround(r)
		for b := range tileBlocks {
			if slices.Max(t.near[t.at(r, b*tileLane):][:tileLane]) >= 0 {
				t.mark(r, b, 1<<tileLane-1)
				t.dirty[r+tileHalo] |= 7 << b
				t.active |= 1 << r
			}
		}
	}
}

// newsFor tells the tile on a side (0 to 8, row by row) what is new to it.
func (t *tile) newsFor(side int) (n news) {
	// Rows near the corners lead into the rows beyond, too.
	spread := func(rows uint64) uint64 {
		all := rows
		for i := 1; i <= t.reach; i++ {
			all |= rows<<i | rows>>i
		}
		return all
	}
	first, last := uint64(t.low), uint64(t.low)<<(tileSide-t.reach)
	switch side {
	case 0:
		n.right = last
	case 2:
		n.left = last
	case 6:
		n.right = first
	case 8:
		n.left = first
	case 3:
		n.right = spread(t.left)
	case 5:
		n.left = spread(t.right)
	case 1, 7:
		rows := t.touched[:t.reach]
		if side == 7 {
			rows = t.touched[tileSide-t.reach:]
		}
		blocks := uint64(0)
		for _, m := range rows {
			blocks |= m | m<<1 | m>>1
		}
		if blocks &= allBlocks; side == 1 {
			n.bottom = blocks
		} else {
			n.top = blocks
		}
	}
	return n
}

// store brings new labels back. It counts the labels where there was none, and gives
// the least time of those that each neighbour must know of.
func (t *tile) store() (reached int64, least [9]float32) {
	e := t.e
	for i := range least {
		least[i] = float32(math.Inf(1))
	}
	for r, m := range t.touched[:min(tileSide, e.height-t.row)] {
		for ; m != 0; m &= m - 1 {
			b := bits.TrailingZeros64(m) - 1
			c := t.col + b*tileLane
			n := min(tileLane, e.width-c)
			if n <= 0 {
				break
			}
			news, soonest := t.storeLabels(t.at(r, b*tileLane), (t.row+r)*e.width+c, n)
			reached += news
			t.tell(&least, r, b, soonest)
		}
	}
	return reached, least
}

// storeLabels brings those of n cells of a block to cell c and those after it.
// least is the least time that is new, or of all where none is: those of
// sources were known.
func (t *tile) storeLabels(at, c, n int) (reached int64, least float32) {
	least = float32(math.Inf(1))
	for j := range t.ranks {
		for i := range n {
			from, to := j*tilePlane+at+i, (c+i)*t.ranks+j
			d, f, was := t.seconds[from], t.near[from], t.nearest[to]
			if d != t.times[to] || f != was {
				reached += int64(uint32(was)>>31) - int64(uint32(f)>>31)
				t.times[to], t.nearest[to] = d, f
				least = min(least, d)
			}
		}
	}
	if math.IsInf(float64(least), 1) {
		least = slices.Min(t.seconds[at:][:n])
	}
	return reached, least
}

// tell notes the least time of a block for the neighbours that it leads into.
func (t *tile) tell(all *[9]float32, r, b int, least float32) {
	x, y := 1, 1
	switch {
	case r < t.reach:
		y = 0
	case r >= tileSide-t.reach:
		y = 2
	}
	if b == 0 && t.left>>r&1 != 0 {
		x = 0
	} else if b == tileBlocks-1 && t.right>>r&1 != 0 {
		x = 2
	}
	if x == 1 && y == 1 {
		return
	}
	for j := min(y, 1); j <= max(y, 1); j++ {
		for i := min(x, 1); i <= max(x, 1); i++ {
			all[j*3+i] = min(all[j*3+i], least)
		}
	}
}
