package mosaic

import (
	"context"
	"runtime/debug"

	"contado/geo/fault"
)

// combiner takes in items one after another, in the order of the selection,
// and writes the result at the end.
type combiner interface {
	// add takes a piece of the item with this number and returns how many
	// cells it took. It may keep the piece's buffers when keep says so.
	add(item int, p *piece) int
	// finish fills the canvas; pixels, when not nil, is by item how many cells
	// it gave in the end.
	finish() (pixels map[int]int)
}

func (j *job) combiner(c canvas) combiner {
	n := c.cells()
	switch j.q.Select {
	case Median:
		return &median{c: c, workers: j.r.o.Workers}
	case Mean:
		m := &mean{c: c, count: make([]int32, n)}
		for range j.outputs {
			m.sums = append(m.sums, make([]float64, n))
		}
		return m
	case Highest:
		h := &highest{c: c, rank: j.r.buffers.float(n), item: make([]int32, n)}
		return h
	case Max:
		return &extreme{c: c, sign: 1}
	}
	return &extreme{c: c, sign: -1}
}

// answer is what a worker found out about an item.
type answer struct {
	done chan struct{}
	g    given
	err  error
}

// combine evaluates items, several at once, and adds them in order.
func (j *job) combine(ctx context.Context, t *target, c canvas, comb combiner) error {
	looked, over := j.within()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	queue := make(chan *answer, max(j.r.o.Workers-2, 0)) // one is being waited for, one is about to be queued
	go j.dispatch(ctx, t, looked, queue, rect{0, 0, c.win.Width, c.win.Height})
	var failed error
	var keep []given // of pieces that the median holds on to
	used := map[int]int{}
	i := 0
	for a := range queue {
		<-a.done
		src := looked[i]
		i++
		if failed == nil {
			failed = a.err
		}
		if failed != nil {
			cancel()
			j.r.drop(&a.g)
			continue
		}
		j.res.Reads += a.g.reads
		if a.g.skip != "" {
			j.skip(src, a.g.skip)
			continue
		}
		for k := range a.g.pieces {
			used[i-1] += comb.add(i-1, &a.g.pieces[k])
			j.res.Direct = a.g.direct
		}
		if j.q.Select == Median {
			keep = append(keep, a.g)
		} else {
			j.r.drop(&a.g)
		}
	}
	if failed == nil && i < len(looked) {
		failed = fault.E("mosaic.Read", fault.Canceled, context.Cause(ctx))
	}
	if failed == nil {
		if final := comb.finish(); final != nil {
			used = final
		}
		for n, pixels := range used {
			j.used[looked[n]] += pixels
		}
		failed = j.leaveOut(t, over)
	}
	for n := range keep {
		j.r.drop(&keep[n])
	}
	if h, ok := comb.(*highest); ok {
		j.r.buffers.putFloats(h.rank)
	}
	return failed
}

// dispatch starts a worker an item, as many at once as the queue lets, and
// closes the queue after the last.
func (j *job) dispatch(ctx context.Context, t *target, items []*Source, queue chan<- *answer, area rect) {
	defer close(queue)
	for _, src := range items {
		a := &answer{done: make(chan struct{})}
		work := func() {
			defer close(a.done)
			defer func() {
				if p := recover(); p != nil {
					a.err = fault.Errorf("mosaic.Read", fault.Other, "panic while reading item %s: %v\n%s", src.Item.ID, p, debug.Stack())
				}
			}()
			if err := ctx.Err(); err != nil {
				a.err = fault.E("mosaic.Read", fault.Canceled, err)
				return
			}
			a.g, a.err = j.evaluate(ctx, t, src, nil, area)
		}
		if j.r.o.Workers > 1 {
			go work()
		} else {
			work()
		}
		queue <- a // the reader drains the queue to its end
	}
}

// mean adds up in the order of items, so that rounding is the same each time.
type mean struct {
	c     canvas
	sums  [][]float64
	count []int32
}

func (m *mean) add(_ int, p *piece) int {
	n := 0
	for y := range p.r.h {
		from, here := y*p.r.w, (p.r.y+y)*m.c.win.Width+p.r.x
		valid := p.valid[from : from+p.r.w]
		count := m.count[here : here+p.r.w]
		for x, v := range valid {
			if v != 0 {
				count[x]++
				n++
			}
		}
		for k, b := range p.outs {
			sum, b := m.sums[k][here:here+p.r.w], b[from:from+p.r.w]
			for x, v := range valid {
				if v != 0 {
					sum[x] += float64(b[x])
				}
			}
		}
	}
	return n
}

func (m *mean) finish() map[int]int {
	for y := range m.c.win.Height {
		for x := range m.c.win.Width {
			i, at := y*m.c.win.Width+x, m.c.at(x, y)
			if n := m.count[i]; n > 0 {
				m.c.res.Mask[at] = 255
				for k := range m.sums {
					m.c.res.Bands[k][at] = float32(m.sums[k][i] / float64(n))
				}
			}
		}
	}
	return nil
}

// extreme keeps the greatest (sign 1) or least (−1) value of each output.
type extreme struct {
	c    canvas
	sign float32
}

func (e *extreme) add(_ int, p *piece) int {
	n := 0
	res := e.c.res
	for y := range p.r.h {
		from, at := y*p.r.w, e.c.at(p.r.x, p.r.y+y)
		valid, mask := p.valid[from:from+p.r.w], res.Mask[at:at+p.r.w]
		for k, b := range p.outs {
			out, b := res.Bands[k][at:at+p.r.w], b[from:from+p.r.w]
			for x, v := range valid {
				if v != 0 && (mask[x] == 0 || e.sign*b[x] > e.sign*out[x]) {
					out[x] = b[x]
				}
			}
		}
		for x, v := range valid {
			if v != 0 {
				mask[x] = 255
				n++
			}
		}
	}
	return n
}

func (e *extreme) finish() map[int]int { return nil }

// highest keeps the outputs of the item that ranks highest, the first of
// those that rank alike.
type highest struct {
	c    canvas
	rank []float32
	item []int32
}

func (h *highest) add(item int, p *piece) int {
	res := h.c.res
	for y := range p.r.h {
		from, here := y*p.r.w, (p.r.y+y)*h.c.win.Width+p.r.x
		at := h.c.at(p.r.x, p.r.y+y)
		for x := range p.r.w {
			if p.valid[from+x] == 0 || res.Mask[at+x] != 0 && !(p.rank[from+x] > h.rank[here+x]) {
				continue
			}
			res.Mask[at+x], h.rank[here+x], h.item[here+x] = 255, p.rank[from+x], int32(item)
			for k, b := range p.outs {
				res.Bands[k][at+x] = b[from+x]
			}
		}
	}
	return 0
}

func (h *highest) finish() map[int]int {
	n := map[int]int{}
	for y := range h.c.win.Height {
		for x := range h.c.win.Width {
			if h.c.res.Mask[h.c.at(x, y)] != 0 {
				n[int(h.item[y*h.c.win.Width+x])]++
			}
		}
	}
	return n
}
