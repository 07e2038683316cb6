package coverage

import (
	"cmp"
	"context"
	"math"
	"slices"

	"contado/geo/fault"
)

// CapacityPlace is a facility of limited capacity.
type CapacityPlace struct {
	ID, Name string
	Names    map[string]string // by language, where it has no name of its own
	Capacity float64           // people, ≥ 0
}

// MaxAssignTrips bounds the trips within reach of one assignment (about 50
// bytes each).
const MaxAssignTrips = 1 << 26

const opAssign = "coverage.Assign"

// Assign deals people out to facilities within withinS seconds (inclusive) so
// that as many as can be are served and, among all such ways, the total time
// is least. It is exact: times count in whole milliseconds, people in the
// integers of Compute; a cell may be split. The figures do not hang on the
// order of cells or facilities: among equally good ways one is chosen by the
// ids, names and capacities of facilities and the codes of areas.
//
// Of d, people, areas and bands (for the rounding) are read. Cells of one area
// with the same times are one group. The method is successive shortest paths
// over facilities (Ahuja, Magnanti, Orlin 1993, §9.7): people start at their
// nearest, and each step moves some from a full facility, by way of others,
// to where there is room, at the least cost that there is; work is about
// moves × facilities².
//
// assigned + in_reach_but_full + beyond = people, in each area and in all.
// Errors: fault.Invalid, fault.TooLarge, fault.Canceled.
func Assign(ctx context.Context, d Demand, areas []Area, places []CapacityPlace, trips *Trips, withinS float64) (*Capacity, error) {
	if err := checkAssign(&d, areas, places, trips, withinS); err != nil {
		return nil, err
	}
	scale, _, _, err := units(&d)
	if err != nil {
		return nil, err
	}
	people := quantise(d.People, scale)
	g, err := newGroups(&d, areas, places, people, trips, withinS)
	if err != nil {
		return nil, err
	}
	var all int64
	for _, p := range people {
		all += p
	}
	f := newFlow(g, places, scale, all)
	if err := f.solve(ctx); err != nil {
		return nil, err
	}
	return f.document(areas, d.Area, people, places, scale, withinS), nil
}

func checkAssign(d *Demand, areas []Area, places []CapacityPlace, trips *Trips, withinS float64) error {
	bad := func(format string, args ...any) error {
		return fault.Errorf(opAssign, fault.Invalid, format, args...)
	}
	if !(withinS > 0) || withinS > math.MaxInt32/1000 {
		return bad("within %v s: must be above 0 and at most %d", withinS, math.MaxInt32/1000)
	}
	if len(d.Area) != len(d.People) {
		return bad("%d areas for %d cells", len(d.Area), len(d.People))
	}
	for i, p := range d.People {
		if d.Area[i] < 0 || int(d.Area[i]) >= len(areas) || !(p >= 0) || math.IsInf(p, 0) {
			return bad("cell %d: %v people in area %d of %d", i, p, d.Area[i], len(areas))
		}
	}
	for j, p := range places {
		if !(p.Capacity >= 0) || math.IsInf(p.Capacity, 0) {
			return bad("facility %d (%q): capacity of %v", j, p.Name, p.Capacity)
		}
	}
	return trips.check(opAssign, len(d.People), len(places))
}

// groups are cells of one area with the same times, in an order that does not
// hang on that of the input; facilities go by rank, alike.
type groups struct {
	rank   []int32 // of each place
	start  []int   // trips of group g: start[g] to start[g+1]
	to     []int32 // rank, ascending in a group
	ms     []int32
	area   []int32
	people []int64
}

func newGroups(d *Demand, areas []Area, places []CapacityPlace, people []int64, trips *Trips, withinS float64) (*groups, error) {
	near := 0
	for _, s := range trips.Seconds {
		if float64(s) <= withinS {
			near++
		}
	}
	if near > MaxAssignTrips {
		return nil, fault.WithHint(fault.Errorf(opAssign, fault.TooLarge, "%d trips within %g s; the limit is %d", near, withinS, MaxAssignTrips),
			"ask for a shorter time, or keep the nearest facilities of each cell")
	}
	g := &groups{rank: rankPlaces(d, places, people, trips)}
	cells := g.collect(people, trips, withinS)
	order := make([]int32, len(cells.cell))
	for k := range order {
		order[k] = int32(k)
	}
	areaRank := rankAreas(areas)
	key := make([]uint64, len(order))
	for k, i := range cells.cell {
		h := mix(uint64(areaRank[d.Area[i]]))
		for e := cells.start[k]; e < cells.start[k+1]; e++ {
			h = mix(h ^ uint64(cells.to[e])<<32 ^ uint64(uint32(cells.ms[e])))
		}
		key[k] = h
	}
	compare := func(a, b int32) int {
		if c := cmp.Compare(key[a], key[b]); c != 0 {
			return c
		}
		return cmp.Or(
			cmp.Compare(areaRank[d.Area[cells.cell[a]]], areaRank[d.Area[cells.cell[b]]]),
			slices.Compare(cells.to[cells.start[a]:cells.start[a+1]], cells.to[cells.start[b]:cells.start[b+1]]),
			slices.Compare(cells.ms[cells.start[a]:cells.start[a+1]], cells.ms[cells.start[b]:cells.start[b+1]]))
	}
	slices.SortFunc(order, compare)
	g.start = []int{0}
	for k, o := range order {
		if k > 0 && compare(order[k-1], o) == 0 {
			g.people[len(g.people)-1] += people[cells.cell[o]]
			continue
		}
		g.to = append(g.to, cells.to[cells.start[o]:cells.start[o+1]]...)
		g.ms = append(g.ms, cells.ms[cells.start[o]:cells.start[o+1]]...)
		g.start = append(g.start, len(g.to))
		g.area = append(g.area, d.Area[cells.cell[o]])
		g.people = append(g.people, people[cells.cell[o]])
	}
	return g, nil
}

// nearCells are the cells with people and a facility within reach.
type nearCells struct {
	cell   []int32
	start  []int
	to, ms []int32
}

func (g *groups) collect(people []int64, trips *Trips, withinS float64) nearCells {
	out := nearCells{start: []int{0}}
	type leg struct{ to, ms int32 }
	var legs []leg
	for i, p := range people {
		if p == 0 {
			continue
		}
		legs = legs[:0]
		for e := trips.Start[i]; e < trips.Start[i+1]; e++ {
			if s := float64(trips.Seconds[e]); s <= withinS {
				legs = append(legs, leg{g.rank[trips.Facility[e]], int32(math.Round(s * 1000))})
			}
		}
		if len(legs) == 0 {
			continue
		}
		slices.SortFunc(legs, func(a, b leg) int { return cmp.Compare(a.to, b.to) })
		for _, l := range legs {
			out.to = append(out.to, l.to)
			out.ms = append(out.ms, l.ms)
		}
		out.cell = append(out.cell, int32(i))
		out.start = append(out.start, len(out.to))
	}
	return out
}

// rankPlaces orders facilities by id, name and capacity, and those alike in
// these by who lives how far from them.
func rankPlaces(d *Demand, places []CapacityPlace, people []int64, trips *Trips) []int32 {
	seen := make([]uint64, len(places))
	for i, p := range people {
		for e := trips.Start[i]; p > 0 && e < trips.Start[i+1]; e++ {
			h := mix(uint64(math.Float32bits(trips.Seconds[e])) ^ mix(uint64(p)))
			if d.X != nil && d.Y != nil {
				h = mix(h ^ mix(math.Float64bits(d.X[i])^mix(math.Float64bits(d.Y[i]))))
			}
			seen[trips.Facility[e]] += h
		}
	}
	return ranks(len(places), func(a, b int32) int {
		return cmp.Or(cmp.Compare(places[a].ID, places[b].ID), cmp.Compare(places[a].Name, places[b].Name),
			cmp.Compare(places[a].Capacity, places[b].Capacity), cmp.Compare(seen[a], seen[b]))
	})
}

func rankAreas(areas []Area) []int32 {
	return ranks(len(areas), func(a, b int32) int {
		return cmp.Or(cmp.Compare(areas[a].Code, areas[b].Code), cmp.Compare(areas[a].Name, areas[b].Name))
	})
}

func ranks(n int, compare func(a, b int32) int) []int32 {
	order := make([]int32, n)
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortStableFunc(order, compare)
	out := make([]int32, n)
	for r, i := range order {
		out[i] = int32(r)
	}
	return out
}

// mix is the finaliser of SplitMix64 (Steele, Lea, Flood 2014).
func mix(z uint64) uint64 {
	z += 0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}
