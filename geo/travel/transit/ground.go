package transit

import (
	"cmp"
	"context"
	"math"
	"runtime"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"contado/geo/fault"
	"contado/geo/travel"
)

// Ground is what people walk over.
type Ground struct {
	Surface *travel.Surface
	Engine  *travel.Engine // of the surface
	// Options of the walks: neighbours, slope, steepest move, and the direction
	// of the whole journey.
	Options travel.Options
	// Cell is where a position (longitude, latitude) lies; it may be outside.
	Cell func(lon, lat float64) (col, row int)
	// Wanted says which cells shall have an answer; nil for all. Only these
	// cost memory: 8 bytes for each stop within Options.Walk.
	Wanted func(cell int) bool
	// Straight is the speed, in metres a second, of walks off the surface, which
	// go in straight lines: between stops, and to facilities there. 0 = none.
	Straight float64
}

// Placement says what became of the stops on the ground.
type Placement struct {
	Stops    int     // with a place on the ground
	Cells    int     // that they lie in
	Moved    int     // out of cells that cannot be walked, to the nearest that can
	Farthest float64 // metres that one was moved at most
	// Outside are off the surface, Lost have no ground within reach or no
	// position: rides go through them, nobody walks over the ground to or from
	// them.
	Outside, Lost int
	// Far counts the wanted cells that have no stop within Options.Walk: for
	// them the nearest counts. NoStop cannot walk to any.
	Far, NoStop int
}

// Router answers questions of a timetable and a ground in one direction. It
// is immutable and may be used by several goroutines.
type Router struct {
	t         *Timetable
	g         Ground
	cellOf    []int32 // of stops, −1 when they have none
	extra     []int32 // seconds from there to the stop
	groups    []group
	changes   *changes
	schedules []*schedule
	placement Placement

	// pairs of each wanted cell, in lists
	slot      []int32 // of each cell, −1 when not wanted
	pairFirst []int32
	pairs     []pair
}

// group are the stops of a cell.
type group struct {
	cell  int32
	stops []int32
}

// pair is a walk between a cell and the cell of a group.
type pair struct{ group, seconds int32 }

// maxPairs bounds the walks kept: 3 GB of them.
const maxPairs = 400 << 20

// snapCells is how many cells away a stop in a cell that cannot be walked
// looks for one that can.
const snapCells = 100

// NewRouter walks from all stops. Cost: a bounded search for each cell with
// stops, and one over all ground when there are cells without one near.
// Errors: Invalid, TooLarge, Canceled.
func NewRouter(ctx context.Context, t *Timetable, g Ground) (*Router, error) {
	const op = "transit.NewRouter"
	n := g.Surface.Width * g.Surface.Height
	r := &Router{t: t, g: g, slot: make([]int32, n), cellOf: make([]int32, len(t.stops)), extra: make([]int32, len(t.stops))}
	wanted := 0
	for c := range r.slot {
		r.slot[c] = -1
		if g.Surface.Speed[c] > 0 && (g.Wanted == nil || g.Wanted(c)) {
			r.slot[c] = int32(wanted)
			wanted++
		}
	}
	r.place()
	walks, found, err := r.reach(ctx)
	if err != nil {
		return nil, err
	}
	total := 0
	for _, list := range found {
		total += len(list)
	}
	if total > maxPairs {
		return nil, fault.WithHint(fault.Errorf(op, fault.TooLarge, "public transport: %d walks between cells and stops, at most %d", total, maxPairs), "take larger cells, a smaller territory or shorter walks")
	}
	if err := r.pair(ctx, wanted, found); err != nil {
		return nil, err
	}
	r.changes = t.changes(append(walks, r.beyond()...))
	for k := range t.samples {
		r.schedules = append(r.schedules, t.sample(k))
	}
	return r, nil
}

// Placement says where the stops are.
func (r *Router) Placement() Placement { return r.placement }

// Timetable is the one asked.
func (r *Router) Timetable() *Timetable { return r.t }

// place finds the cells of the stops that are called at.
func (r *Router) place() {
	used := r.used()
	byCell := map[int32]int{}
	for i := range r.t.stops {
		r.cellOf[i] = -1
		if !used[i] {
			continue
		}
		c, ok := r.locate(i)
		if !ok {
			continue
		}
		r.cellOf[i] = c
		r.placement.Stops++
		k, known := byCell[c]
		if !known {
			k = len(r.groups)
			byCell[c] = k
			r.groups = append(r.groups, group{cell: c})
		}
		r.groups[k].stops = append(r.groups[k].stops, int32(i))
	}
	r.placement.Cells = len(r.groups)
}

// locate finds the cell of a stop, the nearest that can be walked.
func (r *Router) locate(i int) (int32, bool) {
	s, st := r.g.Surface, &r.t.stops[i]
	if !st.Located {
		r.placement.Lost++
		return 0, false
	}
	col, row := r.g.Cell(st.Lon, st.Lat)
	c := s.Cell(col, row)
	if c < 0 {
		r.placement.Outside++
		return 0, false
	}
	if s.Passable(col, row) {
		return int32(c), true
	}
	to, ok := travel.NearestPassable(s, col, row, snapCells)
	if !ok {
		r.placement.Lost++
		return 0, false
	}
	c = s.Cell(to.Col, to.Row)
	r.placement.Moved++
	r.placement.Farthest = max(r.placement.Farthest, to.Metres)
	r.extra[i] = int32(math.Ceil(to.Metres / float64(s.Speed[c])))
	return int32(c), true
}

// walked is a walk between a wanted cell (its slot) and a group.
type walked struct{ slot, group, seconds int32 }

// reach walks from every group, as far as walks to stops and changes go.
func (r *Router) reach(ctx context.Context) ([]Walk, [][]walked, error) {
	at := make(map[int32]int32, len(r.groups)) // group of a cell
	for k := range r.groups {
		at[r.groups[k].cell] = int32(k)
	}
	workers := min(runtime.GOMAXPROCS(0), max(1, len(r.groups)))
	walks, pairs := make([][]Walk, workers), make([][]walked, workers)
	var next sync.Mutex
	todo := 0
	g, ctx := errgroup.WithContext(ctx)
	for w := range workers {
		g.Go(func() error {
			ws := travel.NewWorkspace()
			for {
				next.Lock()
				k := todo
				todo++
				next.Unlock()
				if k >= len(r.groups) {
					return nil
				}
				if err := r.reachFrom(ctx, ws, int32(k), at, &walks[w], &pairs[w]); err != nil {
					return err
				}
			}
		})
	}
	if err := g.Wait(); err != nil {
		return nil, nil, err
	}
	all := slices.Concat(walks...)
	slices.SortFunc(all, func(a, b Walk) int { return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To)) })
	return all, pairs, nil
}

// reachFrom walks from one group, or to it: the walks between its stops and
// others, and those between it and the wanted cells.
func (r *Router) reachFrom(ctx context.Context, ws *travel.Workspace, k int32, at map[int32]int32, walks *[]Walk, pairs *[]walked) error {
	o := r.g.Options
	o.MaxSeconds = float32(max(r.t.o.Walk, r.t.o.Transfer))
	g := &r.groups[k]
	w := r.g.Surface.Width
	res, err := r.g.Engine.Reach(ctx, ws, []travel.Source{{Col: int(g.cell) % w, Row: int(g.cell) / w}}, o)
	if err != nil {
		return err
	}
	for i, c := range res.Cells {
		seconds := whole(res.Seconds[i])
		if slot := r.slot[c]; slot >= 0 && seconds <= r.t.o.Walk {
			*pairs = append(*pairs, walked{slot, k, seconds})
		}
		if other, ok := at[c]; ok && seconds <= r.t.o.Transfer {
			r.between(g, &r.groups[other], seconds, walks)
		}
	}
	return nil
}

// whole rounds seconds up.
func whole(s float32) int32 { return int32(math.Ceil(float64(s))) }

// between adds the walks between the stops of two groups: towards the first
// when people walk towards facilities, else away from it.
func (r *Router) between(near, far *group, seconds int32, walks *[]Walk) {
	for _, a := range near.stops {
		for _, b := range far.stops {
			if a == b {
				continue
			}
			s := seconds + r.extra[a] + r.extra[b]
			if near == far {
				s = r.within(a, b)
			}
			if s > r.t.o.Transfer {
				continue
			}
			if r.g.Options.Direction == travel.ToFacility {
				*walks = append(*walks, Walk{b, a, s})
			} else {
				*walks = append(*walks, Walk{a, b, s})
			}
		}
	}
}

// within is the walk between two stops of one cell: straight, at its speed.
func (r *Router) within(a, b int32) int32 {
	x, y := &r.t.stops[a], &r.t.stops[b]
	return int32(math.Ceil(metres(x.Lon, x.Lat, y.Lon, y.Lat) / float64(r.g.Surface.Speed[r.cellOf[a]])))
}

// pair sorts the walks of cells into lists, and finds the nearest stop for
// cells that have none near.
func (r *Router) pair(ctx context.Context, wanted int, found [][]walked) error {
	r.pairFirst = make([]int32, wanted+1)
	for _, list := range found {
		for _, p := range list {
			r.pairFirst[p.slot+1]++
		}
	}
	far := 0
	for _, n := range r.pairFirst[1:] {
		if n == 0 {
			far++
		}
	}
	if far > 0 && len(r.groups) > 0 {
		more, err := r.nearest(ctx)
		if err != nil {
			return err
		}
		r.placement.Far = len(more)
		for _, p := range more {
			r.pairFirst[p.slot+1]++
		}
		found = append(found, more)
	}
	r.placement.NoStop = far - r.placement.Far
	for i := range wanted {
		r.pairFirst[i+1] += r.pairFirst[i]
	}
	r.pairs = make([]pair, r.pairFirst[wanted])
	at := slices.Clone(r.pairFirst[:wanted])
	for _, list := range found {
		for _, p := range list {
			r.pairs[at[p.slot]] = pair{p.group, p.seconds}
			at[p.slot]++
		}
	}
	for i := range wanted {
		slices.SortFunc(r.pairs[r.pairFirst[i]:r.pairFirst[i+1]], func(a, b pair) int {
			return cmp.Or(cmp.Compare(a.seconds, b.seconds), cmp.Compare(a.group, b.group))
		})
	}
	return nil
}

// nearest finds the nearest group of wanted cells without one within reach.
func (r *Router) nearest(ctx context.Context) ([]walked, error) {
	w := r.g.Surface.Width
	sources := make([]travel.Source, len(r.groups))
	for k, g := range r.groups {
		sources[k] = travel.Source{Col: int(g.cell) % w, Row: int(g.cell) / w, Facility: int32(k)}
	}
	res, err := r.g.Engine.Compute(ctx, sources, r.g.Options)
	if err != nil {
		return nil, err
	}
	var out []walked
	for c, slot := range r.slot {
		if slot >= 0 && r.pairFirst[slot+1] == 0 && res.Nearest[c] >= 0 {
			out = append(out, walked{slot, res.Nearest[c], whole(res.Seconds[c])})
		}
	}
	return out, nil
}
