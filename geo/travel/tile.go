package travel

import (
	"math"
	"math/bits"
	"slices"
)

// A tile is a square of the surface that is worked on as a whole, so that what
// it needs stays in the cache of one processor. Its cells are handled in
// blocks of eight along a row: the moves into a block are weighed once while
// the tile is loaded, and the block is relaxed whenever a cell that leads into
// it has a new label.
const (
	tileSide   = 64
	tileLane   = 8
	tileBlocks = tileSide / tileLane
	tileHalo   = 3 // longest move
	tilePad    = 8
	tileStride = tileSide + 2*tilePad
	tileRows   = tileSide + 2*tileHalo
	tileSpan   = tileSide + 2*tileHalo
)

// rate is what a move needs besides its cells: see step.
type rate struct{ part, inv float32 }

// tile is the workspace of one worker.
type tile struct {
	*tiling
	col, row int // of the first cell
	weights  []float32
	rates    [tileRows][nearMoves]rate // by row moved to, or the first for all

	seconds, pace, z [tileRows * tileStride]float32
	near             [tileRows * tileStride]int32

	here        [tileRows]bool   // rows that are loaded
	open        uint64           // rows whose surroundings are
	weighed     [tileSide]uint64 // bit b+1: the moves into block b are
	dirty       [tileRows]uint64 // bit b+1: block b is to be relaxed
	active      uint64           // rows with dirty blocks
	touched     [tileSide]uint64 // bit b+1: block b has a new label
	left, right uint64           // rows with a new label near that side
}

// at is the place of a cell of the tile.
func (t *tile) at(r, c int) int { return (r+tileHalo)*tileStride + tilePad + c }

// turn makes the workspace that of another tile, without its cells.
func (t *tile) turn(col, row int) {
	t.col, t.row = col, row
	clear(t.here[:])
	clear(t.weighed[:])
	clear(t.dirty[:])
	clear(t.touched[:])
	t.open, t.active, t.left, t.right = 0, 0, 0, 0
	if t.e.perRow {
		t.loadRates()
	}
}

// surround loads what the moves into a row need.
func (t *tile) surround(r int) {
	t.open |= 1 << r
	for i := r + tileHalo - t.reach; i <= r+tileHalo+t.reach; i++ {
		if !t.here[i] {
			t.here[i] = true
			t.loadRow(i)
		}
	}
}

// loadRates finds the rates of the moves into each row.
func (t *tile) loadRates() {
	for r := range tileSide {
		for k := range nearMoves {
			from := t.row + r - allMoves[k].dr + border
			if from >= 0 && from < len(t.e.steps) {
				st := &t.e.steps[from][k]
				t.rates[r][k] = rate{st.part, st.inv}
			}
		}
	}
}

// loadRow brings a row of the workspace in.
func (t *tile) loadRow(r int) {
	e := t.e
	at, y := r*tileStride+tilePad-tileHalo, t.row+r-tileHalo
	from, to := max(0, t.col-tileHalo), min(e.width, t.col+tileSide+tileHalo)
	seconds, near := t.seconds[at:][:tileSpan], t.near[at:][:tileSpan]
	inside := y >= 0 && y < e.height
	if !inside || to-from < tileSpan {
		for i := range seconds {
			seconds[i], near[i] = float32(math.Inf(1)), -1
		}
	}
	have := 0
	if inside {
		skip := from - (t.col - tileHalo)
		copy(seconds[skip:], t.times[y*e.width:][from:to])
		copy(near[skip:], t.nearest[y*e.width:][from:to])
		have = min(tileSpan, e.width+border-(t.col-tileHalo))
	}
	pace, z := t.pace[at:][:tileSpan], t.z[at:][:tileSpan]
	if have > 0 {
		cells := e.cells[e.at(t.col-tileHalo, y):][:have*strip-strip+1]
		for i := range have {
			c := &cells[i*strip]
			pace[i], z[i] = c.pace, c.z
		}
	}
	for i := have; i < tileSpan; i++ {
		pace[i], z[i] = float32(math.Inf(1)), 0
	}
}

// weigh computes the times of the moves into a block.
func (t *tile) weigh(r, b int) {
	t.weighed[r] |= 2 << b
	weights := t.weights[(r*tileBlocks+b)*t.moves*tileLane:][:t.moves*tileLane]
	if t.kernel == nil {
		t.weighPlain(weights, t.row+r, t.col+b*tileLane)
		return
	}
	at, row := t.at(r, b*tileLane), 0
	if t.e.perRow {
		row = r
	}
	t.kernel(&weights[0], &t.pace[at], &t.z[at], &t.rates[row][0], t.law, t.moves)
}

// weighPlain does it one by one.
func (t *tile) weighPlain(weights []float32, row, col int) {
	e := t.e
	for k := range t.moves {
		m := allMoves[k]
		for lane := range tileLane {
			x, y := col+lane, row
			u, v := x-m.dc, y-m.dr
			w := float32(math.Inf(1))
			if x < e.width && y < e.height && u >= 0 && v >= 0 && u < e.width && v < e.height {
				w = t.moveSeconds(e.at(u, v), k)
			}
			weights[k*tileLane+lane] = w
		}
	}
}

// relaxPlain does what relaxBlock does.
func (t *tile) relaxPlain(at int, weights []float32) (lanes uint32) {
	for again := true; again; {
		again = false
		for lane := range tileLane {
			seconds, near := t.seconds[at+lane], t.near[at+lane]
			best := labelOf(seconds, near)
			old := best
			for k, from := range t.from[:t.moves] {
				u := at + lane + from
				if d := t.seconds[u] + weights[k*tileLane+lane]; d <= timeOf(best) && d <= t.limit {
					best = min(best, labelOf(d, t.near[u]))
				}
			}
			if best != old {
				t.seconds[at+lane], t.near[at+lane] = timeOf(best), facilityOf(best)
				lanes |= 1 << lane
				again = true
			}
		}
	}
	return lanes
}

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
	if !hasKernels || t.moves > nearMoves {
		return t.relaxPlain(at, weights)
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
	d := t.seconds[at] + t.weights[((r*tileBlocks+b)*t.moves+k)*tileLane+(c+dc)%tileLane]
	return d <= t.limit && labelOf(d, t.near[at]) < labelOf(t.seconds[at+dc], t.near[at+dc])
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

// store brings new labels back. It counts the cells that had none, and gives
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
			at := t.at(r, b*tileLane)
			seconds, near := t.seconds[at:][:n], t.near[at:][:n]
			was := t.nearest[(t.row+r)*e.width+c:][:n]
			for i, f := range was {
				reached += int64(uint32(f)>>31) - int64(uint32(near[i])>>31)
			}
			copy(was, near)
			copy(t.times[(t.row+r)*e.width+c:][:n], seconds)
			t.tell(&least, r, b, seconds)
		}
	}
	return reached, least
}

// tell notes the times of a block for the neighbours that it leads into.
func (t *tile) tell(all *[9]float32, r, b int, seconds []float32) {
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
	least := slices.Min(seconds)
	for j := min(y, 1); j <= max(y, 1); j++ {
		for i := min(x, 1); i <= max(x, 1); i++ {
			all[j*3+i] = min(all[j*3+i], least)
		}
	}
}
