package travel

import (
	"math"
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
	rates    [tileRows][nearMoves + farMoves]rate // by row moved to, or the first for all

	seconds []float32 // labels: a plane for each rank
	near    []int32
	offers  offers
	pace, z [tileRows * tileStride]float32

	here        [tileRows]bool   // rows that are loaded
	ignores     [tileRows]bool   // rows of them with cells that ignore slope
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
		for k, m := range allMoves {
			from := t.row + r - m.dr + border
			t.rates[r][k] = t.e.rate(max(0, min(from, len(t.e.steps)-1)), k)
		}
	}
}

// rate of move k out of a row of the packed layout.
func (e *Engine) rate(row, k int) rate {
	if k >= nearMoves {
		st := &e.far[row][k-nearMoves]
		return rate{st.length, st.inv}
	}
	st := &e.steps[row][k]
	return rate{st.part, st.inv}
}

// loadRow brings a row of the workspace in.
func (t *tile) loadRow(r int) {
	e := t.e
	at, y := r*tileStride+tilePad-tileHalo, t.row+r-tileHalo
	from, to := max(0, t.col-tileHalo), min(e.width, t.col+tileSide+tileHalo)
	inside := y >= 0 && y < e.height
	for j := range t.ranks {
		seconds, near := t.seconds[j*tilePlane+at:][:tileSpan], t.near[j*tilePlane+at:][:tileSpan]
		if !inside || to-from < tileSpan {
			for i := range seconds {
				seconds[i], near[i] = float32(math.Inf(1)), -1
			}
		}
		if inside {
			t.loadLabels(seconds[from-(t.col-tileHalo):], near[from-(t.col-tileHalo):], y*e.width+from, to-from, j)
		}
	}
	have := 0
	t.ignores[r] = false
	if inside {
		have = min(tileSpan, e.width+border-(t.col-tileHalo))
	}
	pace, z := t.pace[at:][:tileSpan], t.z[at:][:tileSpan]
	if have > 0 {
		u := e.at(t.col-tileHalo, y)
		t.unpackRow(u, pace[:have], z)
		t.ignores[r] = e.level != nil && e.ignored(u, have)
	}
	for i := have; i < tileSpan; i++ {
		pace[i], z[i] = float32(math.Inf(1)), 0
	}
}

// loadLabels brings the labels of a rank of n cells from cell c on.
func (t *tile) loadLabels(seconds []float32, near []int32, c, n, rank int) {
	if t.ranks == 1 {
		copy(seconds, t.times[c:][:n])
		copy(near, t.nearest[c:][:n])
		return
	}
	for i := range n {
		seconds[i], near[i] = t.times[(c+i)*t.ranks+rank], t.nearest[(c+i)*t.ranks+rank]
	}
}

// unpackRow brings paces and elevations of cells from packed cell u on.
func (t *tile) unpackRow(u int32, pace, z []float32) {
	e, n := t.e, len(pace)*strip-strip+1
	if e.class != nil {
		class := e.class[u:][:n]
		for i := range pace {
			pace[i] = e.palette[class[i*strip]]
		}
	} else {
		paces := e.paces[u:][:n]
		for i := range pace {
			pace[i] = paces[i*strip]
		}
	}
	if t.relief {
		packed := e.z[u:][:n]
		for i := range pace {
			z[i] = packed[i*strip]
		}
	}
}

// ignored tells whether any of n cells of a row from packed cell u on ignores
// slope.
func (e *Engine) ignored(u int32, n int) bool {
	for i := range n {
		if e.level[int(u)+i*strip] != 0 {
			return true
		}
	}
	return false
}

// weigh computes the times of the moves into a block.
func (t *tile) weigh(r, b int) {
	t.weighed[r] |= 2 << b
	weights := t.weights[(r*tileBlocks+b)*t.moves*tileLane:][:t.moves*tileLane]
	if t.kernel == nil || slices.Contains(t.ignores[r+tileHalo-t.reach:][:2*t.reach+1], true) {
		for k := range t.moves {
			t.weighPlain(weights[k*tileLane:], t.row+r, t.col+b*tileLane, k)
		}
		return
	}
	at, row := t.at(r, b*tileLane), 0
	if t.e.perRow {
		row = r
	}
	t.kernel(&weights[0], &t.pace[at], &t.z[at], &t.rates[row][0], t.law, t.moves)
}

// weighPlain does it one by one for move k.
func (t *tile) weighPlain(weights []float32, row, col, k int) {
	e, m := t.e, allMoves[k]
	for lane := range tileLane {
		x, y := col+lane, row
		u, v := x-m.dc, y-m.dr
		weights[lane] = float32(math.Inf(1))
		if x < e.width && y < e.height && u >= 0 && v >= 0 && u < e.width && v < e.height {
			weights[lane] = t.moveSeconds(e.at(u, v), k)
		}
	}
}
