package travel

import "math/bits"

// With several labels a cell, of different facilities by rising time, a tile
// holds them in planes: rank j of cell at lies at j·tilePlane + at.
const tilePlane = tileRows * tileStride

// offers has a bit for each of eight cells, by rank and move.
type offers [MaxNearest][nearMoves + farMoves]uint8

// relaxMany offers the cells of a block the moves into them, and those along
// the row until nothing changes.
func (t *tile) relaxMany(at int, weights []float32) (lanes uint32) {
	for moves := t.moves; ; moves = 2 {
		changed := uint32(0)
		if t.fast {
			if offersBlock(&t.seconds[at], &t.near[at], &weights[0], moves, t.ranks, t.limit, &t.offers) != 0 {
				changed = t.takeOffers(at, moves, weights)
			}
		} else {
			changed = t.takeAll(at, moves, weights)
		}
		if changed == 0 {
			return lanes
		}
		lanes |= changed
	}
}

// takeOffers takes what offersBlock found.
func (t *tile) takeOffers(at, moves int, weights []float32) (lanes uint32) {
	for j := range t.ranks {
		for k, some := range t.offers[j][:moves] {
			for ; some != 0; some &= some - 1 {
				lane := bits.TrailingZeros8(some)
				if t.take1(at+lane, j*tilePlane+at+lane+t.from[k], weights[k*tileLane+lane]) {
					lanes |= 1 << lane
				}
			}
		}
	}
	return lanes
}

// takeAll tries all moves.
func (t *tile) takeAll(at, moves int, weights []float32) (lanes uint32) {
	for lane := range tileLane {
		for k, from := range t.from[:moves] {
			for j := range t.ranks {
				if t.take1(at+lane, j*tilePlane+at+lane+from, weights[k*tileLane+lane]) {
					lanes |= 1 << lane
				}
			}
		}
	}
	return lanes
}

// take1 offers cell v the label at u by a move of w seconds.
func (t *tile) take1(v, u int, w float32) bool {
	d := t.seconds[u] + w
	return d <= t.limit && insert(t.seconds[v:], t.near[v:], tilePlane, t.ranks, d, t.near[u])
}

// rankOf is the rank in a list of labels that a label has to make way for it:
// its own facility's, or the last; −1 when the list is as good without it.
// Ranks are step apart.
func rankOf(seconds []float32, near []int32, step, ranks int, d float32, facility int32) int {
	label, last := labelOf(d, facility), ranks-1
	if label >= labelOf(seconds[last*step], near[last*step]) {
		return -1
	}
	for i := range last {
		if near[i*step] == facility {
			if seconds[i*step] <= d {
				return -1
			}
			return i
		}
	}
	return last
}

// insert offers a label to a list.
func insert(seconds []float32, near []int32, step, ranks int, d float32, facility int32) bool {
	i := rankOf(seconds, near, step, ranks, d, facility)
	if i < 0 {
		return false
	}
	for label := labelOf(d, facility); i > 0; i-- {
		before := (i - 1) * step
		if labelOf(seconds[before], near[before]) <= label {
			break
		}
		seconds[i*step], near[i*step] = seconds[before], near[before]
	}
	seconds[i*step], near[i*step] = d, facility
	return true
}
