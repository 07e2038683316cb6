// Package journey computes how long people take who walk over the ground to a
// road, ride along roads, and walk on: ground and roads in one run.
//
// Every cell that a road passes, where people may get on and off, is joined to
// the road at the point of it that is nearest to the cell's centre; the walk
// between the two is at the speed of the cell. There is no limit on how far
// the walk to the road is, and no part of either network is left out. People
// walk, ride and walk, each leg possibly of no length; they do not get off to
// walk to another road. So labels flow one way, and three passes are exact:
//
//  1. over the ground, from the facilities;
//  2. over the roads, from where the ground of pass 1 meets them, with the
//     place on the edge and the directions that may be driven;
//  3. over the ground, from the facilities and from all roads at once.
//
// Cells that no pass reaches have no way out: their time is +Inf.
package journey

import (
	"context"
	"math"
	"slices"
	"sort"
	"sync"

	"contado/geo/fault"
	"contado/geo/grid"
	"contado/geo/travel"
	"contado/geo/travel/road"
)

// Ground is what people cross on foot.
type Ground struct {
	Grid    grid.Grid
	Surface *travel.Surface
	Engine  *travel.Engine // of Surface
	// FromLonLat turns longitudes and latitudes into the grid's CRS, in place.
	FromLonLat func(x, y []float64) error
}

// Boarding says on which edges people get on and off between their ends.
type Boarding func(g *road.Graph, edge int) bool

// Anywhere lets people on and off everywhere but on motorways, ferries and
// slip roads of motorways, and in tunnels and on bridges.
func Anywhere(g *road.Graph, edge int) bool {
	w := g.Way(edge)
	return w.Class != "motorway" && w.Class != "ferry" && !w.Bridge && !w.Tunnel
}

// World is ground and roads joined. It is immutable and safe for concurrent
// use; it keeps 16 bytes for each cell that each edge passes.
type World struct {
	ground Ground
	graph  *road.Graph
	doors  []door // by edge, then place

	sorted sync.Once // sets what follows
	cells  []int32   // the doors by cell
}

// door is where a road can be got on and off from a cell.
type door struct {
	edge, cell int32
	along      float32 // of the edge's line, 0 to 1
	seconds    float32 // from the cell's centre, on foot
}

const op = "journey.Join"

// Join finds where the roads of a graph meet the ground. nil boards Anywhere.
// Errors: Invalid, Canceled, and those of FromLonLat.
func Join(ctx context.Context, ground Ground, g *road.Graph, board Boarding) (*World, error) {
	s := ground.Surface
	inv, ok := ground.Grid.Transform.Invert()
	if !ok || s == nil || ground.Engine == nil || s.Width != ground.Grid.Width || s.Height != ground.Grid.Height {
		return nil, fault.Errorf(op, fault.Invalid, "journeys: the ground has no grid, or one of another size")
	}
	if board == nil {
		board = Anywhere
	}
	w := &World{ground: ground, graph: g}
	j := &joiner{w: w, inv: inv, best: map[int32]int{}}
	for e := range g.Edges() {
		if e%8192 == 0 && ctx.Err() != nil {
			return nil, fault.E(op, fault.Canceled, ctx.Err())
		}
		if !g.Passable(2*e) && !g.Passable(2*e+1) || !board(g, e) {
			continue
		}
		if err := j.edge(e); err != nil {
			return nil, err
		}
		if len(w.doors) > math.MaxInt32-1<<20 {
			return nil, fault.Errorf(op, fault.TooLarge, "journeys: roads pass more than %d cells", math.MaxInt32)
		}
	}
	return w, nil
}

// Doors is how many places there are where roads are got on and off.
func (w *World) Doors() int { return len(w.doors) }

// Graph is the graph of roads.
func (w *World) Graph() *road.Graph { return w.graph }

// Options of Compute. Walk holds the direction of travel, the rules of the
// ground, and the limit, which holds for the whole journey.
type Options struct {
	Walk travel.Options
	// Beyond are facilities off the ground, as places on the roads with the
	// time between the two. Their numbers are among those of the facilities.
	Beyond []road.Seed
	// Progress, when set, hears how far the work is, 0 to 1.
	Progress func(done float64)
}

// Result gives a value for every cell of the ground.
type Result struct {
	Seconds []float32 // +Inf where no facility can be reached
	Nearest []int32   // the facility of the shortest time, −1 where there is none
	// ByRoad counts the cells that go by road at least in part.
	ByRoad   int64
	Unplaced []travel.Unplaced // facilities that could not be placed

	first   *travel.Result  // pass 1
	roads   *road.Times     // pass 2; nil when no facility meets a road
	sources []travel.Source // of pass 3
	last    *travel.Result  // pass 3
	o       travel.Options
	given   []travel.Source
}

// Compute gives the time of every cell to the nearest facility, or from it:
// one run, whatever the number of facilities. Equal times go to the lowest
// facility. Times are exact to the millisecond of roads and the float32 of
// the ground. Memory: some 40 bytes a cell and 16 an edge.
func (w *World) Compute(ctx context.Context, facilities []travel.Source, o Options) (*Result, error) {
	tell := func(done float64) {
		if o.Progress != nil {
			o.Progress(done)
		}
	}
	o.Walk.Progress = nil
	first, err := w.ground.Engine.Compute(ctx, facilities, o.Walk)
	if err != nil {
		return nil, err
	}
	tell(0.4)
	r := &Result{Unplaced: first.Unplaced, first: first, o: o.Walk, given: facilities}
	seeds := append(w.seeds(first), o.Beyond...)
	if len(seeds) == 0 {
		r.Seconds, r.Nearest, r.last, r.sources = first.Seconds, first.Nearest, first, facilities
		return r, nil
	}
	r.roads, err = w.graph.Search(ctx, seeds, road.Options{Direction: o.Walk.Direction, MaxMillis: millis(o.Walk.MaxSeconds)})
	if err != nil {
		return nil, err
	}
	tell(0.6)
	r.sources = append(slices.Clone(facilities), w.exits(first, r.roads)...)
	if r.last, err = w.ground.Engine.Compute(ctx, r.sources, o.Walk); err != nil {
		return nil, err
	}
	r.Seconds, r.Nearest = r.last.Seconds, r.last.Nearest
	for c, s := range r.Seconds {
		if s < first.Seconds[c] {
			r.ByRoad++
		}
	}
	tell(1)
	return r, nil
}

// millis rounds a limit; 0 stays 0, no limit.
func millis(seconds float32) uint32 {
	if !(seconds > 0) {
		return 0
	}
	return uint32(min(math.Round(float64(seconds)*1000), road.Horizon))
}

// seeds are the doors that pass 1 reached.
func (w *World) seeds(first *travel.Result) []road.Seed {
	var out []road.Seed
	for i := range w.doors {
		d := &w.doors[i]
		if s := w.entrance(d, first); s.Facility >= 0 {
			out = append(out, s)
		}
	}
	return out
}

// entrance is a door as a seed; of facility −1 when it is not reached.
func (w *World) entrance(d *door, first *travel.Result) road.Seed {
	return d.entrance(first.Seconds[d.cell], first.Nearest[d.cell])
}

// entrance is a door of a cell with a label as a seed; of facility −1 when the
// cell is not reached.
func (d *door) entrance(cell float32, facility int32) road.Seed {
	seconds := float64(cell) + float64(d.seconds)
	if !(seconds*1000 <= road.Horizon) {
		return road.Seed{Facility: -1}
	}
	return road.Seed{Edge: d.edge, Along: d.along, Facility: facility, Millis: uint32(math.Round(seconds * 1000))}
}

// exits are the cells at roads as sources, one a cell: its best door. Cells
// that the roads bring no gain are left out.
func (w *World) exits(first *travel.Result, times *road.Times) []travel.Source {
	best := map[int32]exit{}
	for i := range w.doors {
		d := &w.doors[i]
		l := times.At(int(d.edge), d.along)
		if l == road.Unreached {
			continue
		}
		e := exit{seconds: float32(l.Seconds() + float64(d.seconds)), facility: l.Facility(), door: i}
		if s := first.Seconds[d.cell]; e.seconds > s || e.seconds == s && e.facility >= first.Nearest[d.cell] {
			continue
		}
		if old, ok := best[d.cell]; !ok || e.before(old) {
			best[d.cell] = e
		}
	}
	cells := make([]int32, 0, len(best))
	for c := range best {
		cells = append(cells, c)
	}
	slices.Sort(cells)
	out := make([]travel.Source, len(cells))
	for i, c := range cells {
		e := best[c]
		out[i] = travel.Source{Col: int(c) % w.ground.Grid.Width, Row: int(c) / w.ground.Grid.Width, Facility: e.facility, Offset: e.seconds}
	}
	return out
}

// exit is what a door brings to its cell.
type exit struct {
	seconds  float32
	facility int32
	door     int
}

func (a exit) before(b exit) bool {
	return a.seconds < b.seconds || a.seconds == b.seconds && a.facility < b.facility
}

// doorsOf are the doors of an edge.
func (w *World) doorsOf(edge int32) []door {
	lo := sort.Search(len(w.doors), func(i int) bool { return w.doors[i].edge >= edge })
	hi := sort.Search(len(w.doors), func(i int) bool { return w.doors[i].edge > edge })
	return w.doors[lo:hi]
}
