package travel

import "math/bits"

// relax offers the cells of a block the moves into them.
func (t *tile) relax(r, b int) (lanes uint32) {
	if t.weighed[r]>>(b+1)&1 == 0 {
		if t.open>>r&1 == 0 {
			t.surround(r)
		}
		t.weigh(r, b)
	}
	at := t.at(r, b*tileLane)
	weights := t.weights[(r*tileBlocks+b)*t.moves*tileLane:][:t.moves*tileLane]
	if !t.fast || t.ranks > 1 {
		return t.relaxMany(at, weights)
	}
	return relaxBlock(&t.seconds[at], &t.near[at], &weights[0], t.moves, t.limit)
}

// mark notes the cells of a block that have new labels.
func (t *tile) mark(r, b int, lanes uint32) {
	bit := uint64(2) << b
	t.touched[r] |= bit
	blocks := bit
	if lanes&t.low != 0 {
		blocks |= bit >> 1
	}
	if lanes&(t.low<<(tileLane-t.reach)) != 0 {
		blocks |= bit << 1
	}
	t.left |= blocks & 1 << r
	t.right |= blocks >> (tileBlocks + 1) << r
	for i := 1; i <= t.reach; i++ {
		t.dirty[r+tileHalo-i] |= blocks
		t.dirty[r+tileHalo+i] |= blocks
	}
	t.active |= t.around[r]
}

// sweepRow relaxes the dirty blocks of a row.
func (t *tile) sweepRow(r int) {
	dirty := &t.dirty[r+tileHalo]
	t.active &^= 1 << r
	for *dirty &= allBlocks; *dirty != 0; {
		b := bits.TrailingZeros64(*dirty) - 1
		*dirty &= *dirty - 1
		lanes := t.relax(r, b)
		if lanes == 0 {
			continue
		}
		t.mark(r, b, lanes)
		// Along the row a block settles by itself; its neighbours follow when
		// the cell beside them leads on.
		if lanes>>(tileLane-1) != 0 && b < tileBlocks-1 && t.leads(r, b*tileLane+tileLane-1, 1) {
			*dirty |= 4 << b
		}
		if lanes&1 != 0 && b > 0 && t.leads(r, b*tileLane, -1) {
			*dirty |= 1 << b
		}
	}
}

// leads tells whether a cell improves the one in column c+dc of its row.
func (t *tile) leads(r, c, dc int) bool {
	at, b := t.at(r, c), (c+dc)/tileLane
	if t.weighed[r]>>(b+1)&1 == 0 {
		return true
	}
	k := (dc + 1) / 2
	w := t.weights[((r*tileBlocks+b)*t.moves+k)*tileLane+(c+dc)%tileLane]
	for u := at; u < len(t.seconds); u += tilePlane {
		d := t.seconds[u] + w
		if !(d <= t.limit) {
			return false
		}
		if rankOf(t.seconds[at+dc:], t.near[at+dc:], tilePlane, t.ranks, d, t.near[u]) >= 0 {
			return true
		}
	}
	return false
}

// settle relaxes dirty blocks until there are none, rows downwards and upwards
// in turn.
func (t *tile) settle() {
	for t.active != 0 {
		for r := 0; r < tileSide && t.active>>r != 0; r++ {
			r += bits.TrailingZeros64(t.active >> r)
			t.sweepRow(r)
		}
		for r := tileSide - 1; r >= 0 && t.active<<(tileSide-1-r) != 0; r-- {
			r -= bits.LeadingZeros64(t.active << (tileSide - 1 - r))
			t.sweepRow(r)
		}
	}
}
