package travel

import "unsafe"

// The labels of a search become its result where they lie: a search needs no
// more than its labels at the end, 8 bytes a cell. Rows are brought together
// first, each label then parted into time and facility within blocks, and the
// blocks put in order, all times before all facilities.

// partBlock is the number of cells parted at once; two blocks fit the
// first-level cache.
const partBlock = 2048

// roomFor is the number of labels to allocate for n packed cells: whole blocks.
func roomFor(n int) int { return (n + partBlock - 1) / partBlock * partBlock }

// unpack turns the labels into the result; the workspace loses them.
func (e *Engine) unpack(ws *Workspace, r *Result) {
	labels := ws.labels
	ws.labels = nil
	n := e.width * e.height
	rows := make([]uint64, strip*e.width)
	for i := range strips(e.height) {
		r.Settled += e.joinRows(labels, rows, i)
	}
	size := min(partBlock, n)
	blocks := (n + size - 1) / size
	labels = labels[:blocks*size]
	words := unsafe.Slice((*uint32)(unsafe.Pointer(unsafe.SliceData(labels))), 2*len(labels))
	part(labels, words, size)
	gather(words, size, blocks)
	r.Seconds = unsafe.Slice((*float32)(unsafe.Pointer(&words[0])), n)
	r.Nearest = unsafe.Slice((*int32)(unsafe.Pointer(&words[blocks*size])), n)
}

// joinRows brings the rows of strip i to their places row by row, which never
// lie behind what is still to be read, and counts the cells reached.
func (e *Engine) joinRows(labels, rows []uint64, i int) (settled int64) {
	packed := labels[(i*e.stride+border)*strip:][:strip*e.width]
	for at, label := range packed {
		rows[at%strip*e.width+at/strip] = label
		settled += int64(^uint32(label) >> 31)
	}
	for k := range strip {
		row := i*strip + k - border
		if row >= 0 && row < e.height {
			copy(labels[row*e.width:], rows[k*e.width:][:e.width])
		}
	}
	return settled
}

// part puts the times of each block of labels before its facilities.
func part(labels []uint64, words []uint32, size int) {
	times, facilities := make([]uint32, size), make([]uint32, size)
	for at := 0; at < len(labels); at += size {
		for i, label := range labels[at:][:size] {
			times[i], facilities[i] = uint32(label>>32), uint32(label)
		}
		copy(words[2*at:], times)
		copy(words[2*at+size:], facilities)
	}
}

// gather moves the even ones of 2·blocks half blocks before the odd ones,
// along the cycles of that permutation.
func gather(words []uint32, size, blocks int) {
	block := func(i int) []uint32 { return words[i*size:][:size] }
	from := func(i int) int { // which half block belongs at i
		if i < blocks {
			return 2 * i
		}
		return 2*(i-blocks) + 1
	}
	done, kept := make([]bool, 2*blocks), make([]uint32, size)
	for first := range done {
		if done[first] {
			continue
		}
		copy(kept, block(first))
		at := first
		for done[at] = true; from(at) != first; done[at] = true {
			copy(block(at), block(from(at)))
			at = from(at)
		}
		copy(block(at), kept)
	}
}
