package journey

import (
	"cmp"
	"context"
	"math"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"

	"contado/geo/fault"
	"contado/geo/travel"
	"contado/geo/travel/road"
)

// KNearest gives the k nearest facilities of every cell, walking and riding,
// each with its shortest journey: the three passes of Compute, with k labels
// of different facilities instead of one, whatever the number of facilities.
// The times of rank 0 are those of Compute, to the bit. Memory: 16·k bytes a
// cell, and 8·k a node of the roads. Errors as in Compute, and Invalid for k
// outside 1 to travel.MaxNearest.
func (w *World) KNearest(ctx context.Context, facilities []travel.Source, k int, o Options) (*travel.Nearest, error) {
	o.Walk.Progress = nil
	e := w.ground.Engine
	first, err := e.KNearest(ctx, facilities, k, o.Walk)
	if err != nil {
		return nil, err
	}
	seeds := slices.Clone(o.Beyond)
	for i := range w.doors {
		d := &w.doors[i]
		seconds, near := first.Of(int(d.cell))
		for j := range near {
			s := d.entrance(seconds[j], near[j])
			if s.Facility < 0 {
				break
			}
			seeds = append(seeds, s)
		}
	}
	if len(seeds) == 0 {
		return first, nil
	}
	roads, err := w.graph.Rank(ctx, seeds, k, road.Options{Direction: o.Walk.Direction, MaxMillis: millis(o.Walk.MaxSeconds)})
	if err != nil {
		return nil, err
	}
	last, err := e.KNearest(ctx, append(slices.Clone(facilities), w.rankedExits(first, roads, o.Walk.MaxSeconds)...), k, o.Walk)
	if err != nil {
		return nil, err
	}
	last.Unplaced = first.Unplaced
	return last, nil
}

// rankedExits are what the roads bring to their cells: of each cell the k best
// facilities of its doors, those that are better than what is reached on foot.
func (w *World) rankedExits(first *travel.Nearest, roads *road.Ranked, limit float32) []travel.Source {
	k := first.K
	best, exits := make([]road.Label, k), make([]exit, 0, 4*k)
	var out []travel.Source
	order := w.byCell()
	for from := 0; from < len(order); {
		cell := w.doors[order[from]].cell
		exits = exits[:0]
		worst := exitOf(first, int(cell), k-1)
		for ; from < len(order) && w.doors[order[from]].cell == cell; from++ {
			d := &w.doors[order[from]]
			roads.At(int(d.edge), d.along, best)
			for _, l := range best {
				if l == road.Unreached {
					break
				}
				e := exit{seconds: float32(l.Seconds() + float64(d.seconds)), facility: l.Facility()}
				if e.before(worst) && (limit == 0 || e.seconds <= limit) {
					exits = append(exits, e)
				}
			}
		}
		slices.SortFunc(exits, func(a, b exit) int {
			return cmp.Or(cmp.Compare(a.seconds, b.seconds), cmp.Compare(a.facility, b.facility))
		})
		given := len(out)
		for i := 0; i < len(exits) && len(out)-given < k; i++ {
			if e := exits[i]; !slices.ContainsFunc(exits[:i], func(o exit) bool { return o.facility == e.facility }) {
				out = append(out, w.source(cell, e))
			}
		}
	}
	return out
}

// exitOf is a label of a cell that is reached on foot; after all others where
// there is none.
func exitOf(first *travel.Nearest, cell, rank int) exit {
	seconds, near := first.Of(cell)
	if near[rank] < 0 {
		return exit{seconds: float32(math.Inf(1)), facility: math.MaxInt32}
	}
	return exit{seconds: seconds[rank], facility: near[rank]}
}

// source is an exit as a source of the last pass.
func (w *World) source(cell int32, e exit) travel.Source {
	width := w.ground.Grid.Width
	return travel.Source{Col: int(cell) % width, Row: int(cell) / width, Facility: e.facility, Offset: e.seconds}
}

// byCell are the doors in the order of their cells.
func (w *World) byCell() []int32 {
	w.sorted.Do(func() {
		w.cells = make([]int32, len(w.doors))
		for i := range w.cells {
			w.cells[i] = int32(i)
		}
		slices.SortFunc(w.cells, func(a, b int32) int {
			return cmp.Or(cmp.Compare(w.doors[a].cell, w.doors[b].cell), cmp.Compare(a, b))
		})
	})
	return w.cells
}

// at are the doors of a cell.
func (w *World) at(order []int32, cell int32) []int32 {
	i, _ := slices.BinarySearchFunc(order, cell, func(d, c int32) int { return cmp.Compare(w.doors[d].cell, c) })
	n := 0
	for i+n < len(order) && w.doors[order[i+n]].cell == cell {
		n++
	}
	return order[i:][:n]
}

// Catchments gives the cells of each facility alone, walking and riding within
// o.Walk.MaxSeconds: do is called once a facility, from several goroutines at
// the same time and in any order; r holds until do returns. Times are those of
// Compute for that facility, to the bit. The cost is that of the ground and
// the roads within, besides 8 bytes a cell and a node for each of
// o.Walk.Workers (0: one a processor).
//
// The first error of do ends the work and is returned. Errors as in Compute.
func (w *World) Catchments(ctx context.Context, facilities []travel.Source, o Options, do func(facility int32, r *travel.Reach) error) error {
	alone := map[int32]*facility{}
	var order []*facility
	of := func(number int32) *facility {
		if alone[number] == nil {
			alone[number] = &facility{number: number}
			order = append(order, alone[number])
		}
		return alone[number]
	}
	for _, s := range facilities {
		f := of(s.Facility)
		f.sources = append(f.sources, s)
	}
	for _, s := range o.Beyond {
		f := of(s.Facility)
		f.beyond = append(f.beyond, s)
	}
	workers := o.Walk.Workers
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	o.Walk.Workers, o.Walk.Progress = 1, nil
	spare := make(chan *catcher, workers)
	g, inner := errgroup.WithContext(ctx)
	g.SetLimit(workers)
	for _, f := range order {
		if inner.Err() != nil {
			break
		}
		g.Go(func() error {
			var c *catcher
			select {
			case c = <-spare:
			default:
				c = &catcher{World: w, o: &o, ground: travel.NewWorkspace(), roads: w.graph.NewFinder()}
			}
			r, err := c.catch(inner, f)
			if err == nil {
				err = do(f.number, r)
			}
			spare <- c
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return fault.E("journey.Catchments", fault.Canceled, err)
	}
	return nil
}

// facility is where one facility lies.
type facility struct {
	number  int32
	sources []travel.Source
	beyond  []road.Seed
}

// catcher finds one catchment after the other in the same memory.
type catcher struct {
	*World
	o      *Options
	ground *travel.Workspace
	roads  *road.Finder
}

// catch goes the three passes of Compute for one facility.
func (c *catcher) catch(ctx context.Context, f *facility) (*travel.Reach, error) {
	e, walk := c.World.ground.Engine, c.o.Walk
	first, err := e.Reach(ctx, c.ground, f.sources, walk)
	if err != nil {
		return nil, err
	}
	order, seeds := c.byCell(), slices.Clone(f.beyond)
	for i, cell := range first.Cells {
		for _, d := range c.at(order, cell) {
			if s := c.doors[d].entrance(first.Seconds[i], f.number); s.Facility >= 0 {
				seeds = append(seeds, s)
			}
		}
	}
	if len(seeds) == 0 {
		return first, nil
	}
	unplaced := slices.Clone(first.Unplaced) // the next pass takes its place
	times, err := c.roads.Search(ctx, seeds, road.Options{Direction: walk.Direction, MaxMillis: millis(walk.MaxSeconds)})
	if err != nil {
		return nil, err
	}
	sources := slices.Clone(f.sources)
	for _, edge := range c.roads.Edges() {
		for _, d := range c.doorsOf(edge) {
			if l := times.At(int(edge), d.along); l != road.Unreached {
				sources = append(sources, c.source(d.cell, exit{seconds: float32(l.Seconds() + float64(d.seconds)), facility: f.number}))
			}
		}
	}
	last, err := e.Reach(ctx, c.ground, sources, walk)
	if err != nil {
		return nil, err
	}
	last.Unplaced = unplaced
	return last, nil
}
