package transit

import (
	"cmp"
	"context"
	"math"
	"runtime"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

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
	// Wanted says which cells shall have an answer; nil for all.
	Wanted func(cell int) bool
	// MaxWalks bounds the walks between wanted cells and cells with stops that
	// are kept, 8 bytes each; when they are more, only the shortest of each cell
	// count: see Placement.Full. 0 = DefaultMaxWalks.
	MaxWalks int
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
	// Full counts the wanted cells with more stops within Options.Walk than
	// there was room for; all walks up to Complete seconds count everywhere.
	Full     int
	Complete int32
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

	slot  []int32  // of each cell, −1 when not wanted
	pairs [][]pair // of each slot, by rising time
	most  int      // pairs of a slot
	full  []int32  // of each slot: the shortest walk that found no room
}

// group are the stops of a cell.
type group struct {
	cell  int32
	stops []int32
}

// pair is a walk between a cell and the cell of a group.
type pair struct{ group, seconds int32 }

// DefaultMaxWalks of Ground.MaxWalks: half a gigabyte.
const DefaultMaxWalks = 64 << 20

// leastPairs is how many walks every cell may have.
const leastPairs = 32

// snapCells is how many cells away a stop in a cell that cannot be walked
// looks for one that can.
const snapCells = 100

// NewRouter walks from all stops. Cost: a bounded search for each cell with
// stops, and one over all ground when there are cells without one near.
// Errors: Invalid, Canceled.
func NewRouter(ctx context.Context, t *Timetable, g Ground) (*Router, error) {
	if g.MaxWalks <= 0 {
		g.MaxWalks = DefaultMaxWalks
	}
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
	r.pairs, r.full = make([][]pair, wanted), slices.Repeat([]int32{math.MaxInt32}, wanted)
	r.most = max(leastPairs, g.MaxWalks/max(wanted, 1))
	r.place()
	walks, err := r.reach(ctx)
	if err != nil {
		return nil, err
	}
	if err := r.finish(ctx); err != nil {
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

// reach walks from every group, as far as walks to stops and changes go, and
// fills the pairs.
func (r *Router) reach(ctx context.Context) ([]Walk, error) {
	at := make(map[int32]int32, len(r.groups)) // group of a cell
	for k := range r.groups {
		at[r.groups[k].cell] = int32(k)
	}
	var walks []Walk
	var mu sync.Mutex // of what follows, walks and pairs
	next := 0
	g, ctx := errgroup.WithContext(ctx)
	for range min(runtime.GOMAXPROCS(0), max(1, len(r.groups))) {
		g.Go(func() error {
			ws := travel.NewWorkspace()
			for {
				mu.Lock()
				k := next
				next++
				mu.Unlock()
				if k >= len(r.groups) {
					return nil
				}
				res, err := r.reachFrom(ctx, ws, &r.groups[k])
				if err != nil {
					return err
				}
				mu.Lock()
				r.keep(int32(k), res, at, &walks)
				mu.Unlock()
			}
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	slices.SortFunc(walks, func(a, b Walk) int { return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To)) })
	return walks, nil
}

// reachFrom walks from one group, or to it.
func (r *Router) reachFrom(ctx context.Context, ws *travel.Workspace, g *group) (*travel.Reach, error) {
	o := r.g.Options
	o.MaxSeconds = float32(max(r.t.o.Walk, r.t.o.Transfer))
	w := r.g.Surface.Width
	return r.g.Engine.Reach(ctx, ws, []travel.Source{{Col: int(g.cell) % w, Row: int(g.cell) / w}}, o)
}

// keep takes the walks between the stops of a group and others, and those
// between it and the wanted cells.
func (r *Router) keep(k int32, res *travel.Reach, at map[int32]int32, walks *[]Walk) {
	for i, c := range res.Cells {
		seconds := whole(res.Seconds[i])
		if slot := r.slot[c]; slot >= 0 && seconds <= r.t.o.Walk {
			r.offer(slot, pair{k, seconds})
		}
		if other, ok := at[c]; ok && seconds <= r.t.o.Transfer {
			r.between(&r.groups[k], &r.groups[other], seconds, walks)
		}
	}
}

// offer adds a walk to those of a cell; when they are full, the longest goes.
// Full lists are heaps with the longest first.
func (r *Router) offer(slot int32, p pair) {
	list := r.pairs[slot]
	if len(list) < r.most {
		r.pairs[slot] = append(list, p)
		if len(list)+1 == r.most {
			slices.SortFunc(r.pairs[slot], func(a, b pair) int { return b.compare(a) }) // a heap too
		}
		return
	}
	if p.compare(list[0]) >= 0 {
		r.full[slot] = min(r.full[slot], p.seconds)
		return
	}
	r.full[slot] = min(r.full[slot], list[0].seconds)
	i := 0
	for {
		child := 2*i + 1
		if child >= len(list) {
			break
		}
		if child+1 < len(list) && list[child+1].compare(list[child]) > 0 {
			child++
		}
		if p.compare(list[child]) >= 0 {
			break
		}
		list[i] = list[child]
		i = child
	}
	list[i] = p
}

func (p pair) compare(o pair) int {
	return cmp.Or(cmp.Compare(p.seconds, o.seconds), cmp.Compare(p.group, o.group))
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

// finish sorts the walks of cells, and finds the nearest stop for cells that
// have none near.
func (r *Router) finish(ctx context.Context) error {
	far := 0
	r.placement.Complete = r.t.o.Walk
	for slot, list := range r.pairs {
		if len(list) == 0 {
			far++
		}
		slices.SortFunc(list, pair.compare)
		if r.full[slot] < math.MaxInt32 {
			r.placement.Full++
			r.placement.Complete = min(r.placement.Complete, r.full[slot])
		}
	}
	if far > 0 && len(r.groups) > 0 {
		if err := r.nearest(ctx); err != nil {
			return err
		}
	}
	r.placement.NoStop = far - r.placement.Far
	return nil
}

// nearest finds the nearest group of wanted cells without one within reach.
func (r *Router) nearest(ctx context.Context) error {
	w := r.g.Surface.Width
	sources := make([]travel.Source, len(r.groups))
	for k, g := range r.groups {
		sources[k] = travel.Source{Col: int(g.cell) % w, Row: int(g.cell) / w, Facility: int32(k)}
	}
	res, err := r.g.Engine.Compute(ctx, sources, r.g.Options)
	if err != nil {
		return err
	}
	for c, slot := range r.slot {
		if slot >= 0 && len(r.pairs[slot]) == 0 && res.Nearest[c] >= 0 {
			r.pairs[slot] = []pair{{res.Nearest[c], whole(res.Seconds[c])}}
			r.placement.Far++
		}
	}
	return nil
}
