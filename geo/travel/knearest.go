package travel

import (
	"context"
	"math"
	"math/bits"
	"slices"

	"contado/geo/fault"
)

// MaxNearest is the largest k of KNearest.
const MaxNearest = 32

// Nearest holds the k nearest facilities of every cell: entry cell·K + rank,
// by rising time, equal times by facility number. A facility that has several
// sources counts once, with its shortest time.
type Nearest struct {
	K        int
	Seconds  []float32 // +Inf where there is no such facility
	Facility []int32   // −1 there
	Unplaced []Unplaced
}

// Of gives the times and facilities of one cell, K each.
func (n *Nearest) Of(cell int) ([]float32, []int32) {
	return n.Seconds[cell*n.K:][:n.K], n.Facility[cell*n.K:][:n.K]
}

// KNearest gives the k nearest facilities of every cell in one pass, whatever
// the number of facilities; rank 0 is what Compute gives, to the bit. 8·k+1
// bytes a cell while it runs and 8·k for the result. It works on one
// goroutine; o.Workers is not used. Errors as in Compute, Invalid for k
// outside 1 to MaxNearest, Unsupported for a solver other than Dijkstra's.
func (e *Engine) KNearest(ctx context.Context, sources []Source, k int, o Options) (*Nearest, error) {
	const op = "travel.KNearest"
	if k < 1 || k > MaxNearest {
		return nil, fault.Errorf(op, fault.Invalid, "travel: %d nearest facilities; want 1 to %d", k, MaxNearest)
	}
	if int64(len(e.cells))*int64(k) > math.MaxInt32*8 {
		return nil, fault.Errorf(op, fault.TooLarge, "travel: %d nearest facilities of %d cells are too many", k, len(e.cells))
	}
	if err := o.checkWith(sources); err != nil {
		return nil, err
	}
	if o.Solver != Dijkstra {
		return nil, fault.Errorf(op, fault.Unsupported, "travel: the nearest facilities are found by Dijkstra's algorithm alone")
	}
	m := &manySearch{search: e.newSearch(&o), k: k, done: make([]uint8, len(e.cells)), lists: make([]uint64, len(e.cells)*k)}
	for i := range m.lists {
		m.lists[i] = unreached
	}
	m.q = new(queue)
	m.q.start(e.bucketWidth(m.fastest))
	r := &Nearest{K: k}
	for i := range sources {
		src := &sources[i]
		if why := m.refuses(src); why != "" {
			r.Unplaced = append(r.Unplaced, Unplaced{Source: i, Reason: why})
			continue
		}
		m.insert(e.at(src.Col, src.Row), max(src.Offset, 0), src.Facility)
	}
	if err := m.run(ctx); err != nil {
		return nil, err
	}
	m.unpack(r)
	return r, nil
}

// manySearch keeps up to k labels a cell, of different facilities, sorted.
// Buckets make them final as in search; done counts those of a cell that have
// been expanded, always the first ones.
type manySearch struct {
	*search
	k     int
	lists []uint64
	done  []uint8
}

func (m *manySearch) run(ctx context.Context) error {
	poll := m.settled + pollEvery
	var batch chunk
	for m.q.next(&batch) {
		for _, u := range batch.cells[:batch.n] {
			m.open(u)
		}
		if m.settled < poll {
			continue
		}
		poll = m.settled + pollEvery
		if err := ctx.Err(); err != nil {
			return fault.E("travel.KNearest", fault.Canceled, err)
		}
		if m.progress != nil {
			m.progress(m.settled / int64(m.k))
		}
	}
	return nil
}

// open expands those labels of a cell that lie in the bucket being emptied or
// before and have not been expanded.
func (m *manySearch) open(u int32) {
	for int(m.done[u]) < m.k {
		label := m.lists[int(u)*m.k+int(m.done[u])]
		if label == unreached || int64(float64(timeOf(label))*m.q.inv) > m.q.cur {
			return
		}
		m.done[u]++
		m.settled++
		m.expandMany(u, timeOf(label), facilityOf(label))
	}
}

func (m *manySearch) expandMany(u int32, d float32, facility int32) {
	col, row := m.e.place(u)
	floor := d + float32(m.fastest*(1-1e-6)*m.e.minPace*m.e.minLength)
	for k := range bits.Len32(m.allowed) {
		c, r := col+allMoves[k].dc, row+allMoves[k].dr
		if c < 0 || r < 0 || c >= m.e.width || r >= m.e.height {
			continue
		}
		v := m.e.at(c, r)
		if timeOf(m.lists[(int(v)+1)*m.k-1]) < floor {
			continue
		}
		m.insert(v, d+m.moveSeconds(u, k), facility)
	}
}

// insert offers a label to a cell's list.
func (m *manySearch) insert(v int32, seconds float32, facility int32) {
	if !(seconds <= m.limit) {
		return
	}
	label := labelOf(seconds, facility)
	list := m.lists[int(v)*m.k:][:m.k]
	if label >= list[m.k-1] {
		return
	}
	last := m.k - 1 // what makes way: the facility's own label, else the worst
	for i, old := range list {
		if old != unreached && facilityOf(old) == facility {
			if old <= label {
				return
			}
			last = i
			break
		}
	}
	at, _ := slices.BinarySearch(list[:last], label)
	copy(list[at+1:last+1], list[at:last])
	list[at] = label
	// With moves shorter than the spacing of float32 a label can come in
	// before one that was expanded; it and what follows are done once more.
	m.done[v] = min(m.done[v], uint8(at))
	m.q.push(v, seconds, float32(math.Inf(1)))
}

func (m *manySearch) unpack(r *Nearest) {
	e := m.e
	n := e.width * e.height
	r.Seconds, r.Facility = make([]float32, n*m.k), make([]int32, n*m.k)
	for row := range e.height {
		for col := range e.width {
			from, to := int(e.at(col, row))*m.k, (row*e.width+col)*m.k
			for i, label := range m.lists[from : from+m.k] {
				r.Seconds[to+i], r.Facility[to+i] = timeOf(label), facilityOf(label)
			}
		}
	}
}
