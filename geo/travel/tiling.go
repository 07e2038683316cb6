package travel

import (
	"context"
	"math"
	"sync"

	"contado/geo/fault"
)

// tiling is a search that goes tile by tile.
//
// Exactness. Times and facilities are the least fixed point described at
// search, and offers may come in any order, any number of times. A tile is
// brought to its fixed point for the labels about it; tiles into which a new
// label leads wait to be worked on, the one with the least such time first.
// When none waits every move has been offered the final label of its start.
//
// Tiles that are worked on at the same time do not touch, so that nobody reads
// labels that another writes.
type tiling struct {
	*search
	ranks   int // labels a cell, of different facilities
	times   []float32
	nearest []int32

	moves, reach int    // number of moves, cells that the longest one spans
	low          uint32 // the first reach lanes
	around       [tileSide]uint64
	from         [nearMoves + farMoves]int // to the cell that a move comes from, in a tile
	fast         bool                      // by kernels
	kernel       func(weights, pace, z *float32, rates *rate, law *law, moves int)
	law          *law

	across, down int
	mu           sync.Mutex
	changed      sync.Cond
	waiting      []uint64  // heap of time and tile, as labels; some are outdated
	keys         []float32 // time with which a tile waits, +Inf when it does not
	unknown      []news    // of tiles that wait
	busy         []bool
	running      int
	err          error
}

func newTiling(s *search, ranks int) *tiling {
	e := s.e
	n := e.width * e.height * ranks
	t := &tiling{search: s, ranks: ranks, times: make([]float32, n), nearest: make([]int32, n), moves: nearMoves, reach: 2}
	switch {
	case s.allowed == 1<<firstKnight-1:
		t.moves, t.reach = firstKnight, 1
	case s.allowed>>nearMoves != 0:
		t.moves, t.reach = nearMoves+farMoves, 3
	}
	t.low = 1<<t.reach - 1
	for r := range t.around {
		for i := max(0, r-t.reach); i <= min(tileSide-1, r+t.reach); i++ {
			if i != r {
				t.around[r] |= 1 << i
			}
		}
	}
	for k, m := range allMoves {
		t.from[k] = -m.dr*tileStride - m.dc
	}
	if t.fast = hasKernels; t.fast {
		t.kernel, t.law = kernelOf(s)
	}
	t.changed.L = &t.mu
	t.across, t.down = (e.width+tileSide-1)/tileSide, (e.height+tileSide-1)/tileSide
	t.keys, t.unknown, t.busy = make([]float32, t.across*t.down), make([]news, t.across*t.down), make([]bool, t.across*t.down)
	for i := range t.keys {
		t.keys[i] = float32(math.Inf(1))
	}
	return t
}

// newTile makes the workspace of a worker.
func (t *tiling) newTile() *tile {
	w := &tile{
		tiling: t, weights: make([]float32, tileSide*tileSide*t.moves),
		seconds: make([]float32, tilePlane*t.ranks), near: make([]int32, tilePlane*t.ranks),
	}
	if !t.e.perRow {
		for k := range allMoves {
			w.rates[0][k] = t.e.rate(0, k)
		}
	}
	return w
}

// run ends when no tile waits or ctx is done; all goroutines have returned by
// then.
func (t *tiling) run(ctx context.Context, workers int) error {
	told := t.settled / int64(t.ranks)
	var others sync.WaitGroup
	for range workers - 1 {
		others.Go(func() { t.work(ctx, nil) })
	}
	t.work(ctx, func(settled int64) {
		if settled /= int64(t.ranks); t.progress != nil && settled >= told+pollEvery {
			told = settled
			t.progress(settled)
		}
	})
	others.Wait()
	return t.err
}

// clear leaves all cells unreached.
func (t *tiling) clear(workers int) {
	adviseHuge(t.times)
	adviseHuge(t.nearest)
	bands(workers, len(t.times), func(_, from, to int) {
		for i := from; i < to; i++ {
			t.times[i], t.nearest[i] = float32(math.Inf(1)), -1
		}
	})
}

// start gives the sources their labels, and lists those that it cannot place.
func (t *tiling) start(sources []Source) (unplaced []Unplaced) {
	for i := range sources {
		src := &sources[i]
		if why := t.refuses(src); why != "" {
			unplaced = append(unplaced, Unplaced{Source: i, Reason: why})
			continue
		}
		c := (src.Row*t.e.width + src.Col) * t.ranks
		seconds, near, offset := t.times[c:][:t.ranks], t.nearest[c:][:t.ranks], max(src.Offset, 0) // no −0
		open := int64(uint32(near[t.ranks-1]) >> 31)
		if insert(seconds, near, 1, t.ranks, offset, src.Facility) {
			t.settled += open - int64(uint32(near[t.ranks-1])>>31)
			t.wait(src.Row/tileSide*t.across+src.Col/tileSide, offset, news{inside: true})
		}
	}
	return unplaced
}

// wait has a tile worked on.
func (t *tiling) wait(id int, seconds float32, n news) {
	t.unknown[id].add(n)
	if seconds < t.keys[id] {
		t.keys[id] = seconds
		t.waiting = append(t.waiting, labelOf(seconds, int32(id)))
		up(t.waiting, len(t.waiting)-1)
	}
}

// work does tiles until none waits and nobody can make one wait.
func (t *tiling) work(ctx context.Context, tell func(settled int64)) {
	w := t.newTile()
	for {
		id, news := t.take()
		if id < 0 {
			return
		}
		w.turn(id%t.across*tileSide, id/t.across*tileSide)
		w.begin(news)
		w.settle()
		settled := t.done(ctx, id, w)
		if tell != nil {
			tell(settled)
		}
	}
}

// take gives the tile with the least time of those that touch none that is
// worked on; −1 when all is done.
func (t *tiling) take() (id int, n news) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for {
		if t.err != nil || len(t.waiting) == 0 && t.running == 0 {
			t.changed.Broadcast()
			return -1, n
		}
		if id := t.first(); id >= 0 {
			n, t.unknown[id], t.keys[id] = t.unknown[id], news{}, float32(math.Inf(1))
			t.busy[id] = true
			t.running++
			return id, n
		}
		if t.running > 0 {
			t.changed.Wait()
		}
	}
}

// first takes a tile off the heap; −1 when there is none to be had now.
func (t *tiling) first() int {
	var held []uint64
	found := -1
	for len(t.waiting) > 0 && found < 0 {
		top := pop(&t.waiting)
		id := int(facilityOf(top))
		switch {
		case t.keys[id] != timeOf(top): // outdated
		case t.running > 0 && t.crowded(id):
			held = append(held, top)
		default:
			found = id
		}
	}
	for _, label := range held {
		t.waiting = append(t.waiting, label)
		up(t.waiting, len(t.waiting)-1)
	}
	return found
}

// crowded tells whether a tile touches one that is worked on.
func (t *tiling) crowded(id int) bool {
	for side := range 9 {
		if other := t.beside(id, side); other >= 0 && t.busy[other] {
			return true
		}
	}
	return false
}

// middle is the side of a tile that is itself.
const middle = 4

// beside gives the tile on a side of another, −1 for none.
func (t *tiling) beside(id, side int) int {
	x, y := id%t.across+side%3-1, id/t.across+side/3-1
	if x < 0 || y < 0 || x >= t.across || y >= t.down {
		return -1
	}
	return y*t.across + x
}

// done brings the new labels of a tile back and has its neighbours wait.
func (t *tiling) done(ctx context.Context, id int, w *tile) (settled int64) {
	reached, least := w.store()
	t.mu.Lock()
	defer t.mu.Unlock()
	t.busy[id] = false
	t.running--
	t.settled += reached
	for side, seconds := range least {
		if math.IsInf(float64(seconds), 1) || side == middle {
			continue
		}
		if other := t.beside(id, side); other >= 0 {
			t.wait(other, seconds, w.newsFor(side))
		}
	}
	if t.err == nil && ctx.Err() != nil {
		t.err = fault.E("travel.Compute", fault.Canceled, ctx.Err())
	}
	t.changed.Broadcast()
	return t.settled
}

// up moves an element of a heap to its place.
func up(heap []uint64, i int) {
	for i > 0 && heap[i] < heap[(i-1)/2] {
		heap[i], heap[(i-1)/2] = heap[(i-1)/2], heap[i]
		i = (i - 1) / 2
	}
}

// pop takes the least element off a heap.
func pop(heap *[]uint64) uint64 {
	h := *heap
	least, last := h[0], len(h)-1
	h[0] = h[last]
	h = h[:last]
	for i := 0; ; {
		child := 2*i + 1
		if child >= last {
			break
		}
		if child+1 < last && h[child+1] < h[child] {
			child++
		}
		if h[i] <= h[child] {
			break
		}
		h[i], h[child] = h[child], h[i]
		i = child
	}
	*heap = h
	return least
}
