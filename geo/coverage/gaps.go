package coverage

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"contado/geo/fault"
)

// earthRadiusM is the mean radius (2a+b)/3 of WGS84.
const earthRadiusM = 6371008.8

// offsetM is the way from a to b on a plane that touches the earth between
// them, east and north in metres. Error below 0.5 % for distances to 100 km
// at latitudes up to 70°.
func offsetM(lonA, latA, lonB, latB float64) (east, north float64) {
	const rad = math.Pi / 180
	dlon := math.Remainder(lonB-lonA, 360)
	return dlon * rad * math.Cos((latA+latB)/2*rad) * earthRadiusM, (latB - latA) * rad * earthRadiusM
}

// group is the people left out together; cells are in order of time.
type group struct {
	area  int32
	place int32 // −1 for a cluster
	cells []uint32
}

// gaps lists the groups beyond the largest threshold, most people first.
// The list and what it omits sum to everyone who is not covered, exactly.
func (c *count) gaps(ctx context.Context, d *Demand, areas []Area, places []Place, p *Params) ([]Gap, GapsOmitted, error) {
	finder := newPlaceFinder(places, len(areas))
	groups, err := c.groups(ctx, d, finder, p)
	if err != nil {
		return nil, GapsOmitted{}, err
	}
	list := make([]Gap, len(groups))
	for k, g := range groups {
		list[k] = c.describe(d, g, areas, finder, p)
	}
	slices.SortFunc(list, func(a, b Gap) int {
		return cmp.Or(cmp.Compare(b.Population, a.Population), cmp.Compare(a.AreaCode, b.AreaCode),
			cmp.Compare(a.Name, b.Name), cmp.Compare(a.Lon, b.Lon), cmp.Compare(a.Lat, b.Lat))
	})
	numberParts(list)
	keep := 0
	for keep < len(list) && keep < p.MaxGaps && list[keep].Population >= p.MinGapPeople {
		keep++
	}
	omitted := GapsOmitted{Count: len(list) - keep}
	for _, g := range list[keep:] {
		omitted.Population += g.Population
	}
	return slices.Clip(list[:keep]), omitted, nil
}

func (c *count) groups(ctx context.Context, d *Demand, finder *placeFinder, p *Params) ([]*group, error) {
	type key struct{ area, place int32 }
	byPlace := map[key]*group{}
	var out []*group
	var rest []uint32
	limit := c.thresholds[len(c.thresholds)-1]
	for k, i := range c.order {
		if k&0xffff == 0 && ctx.Err() != nil {
			return nil, fault.E(opCompute, fault.Canceled, ctx.Err())
		}
		if c.people[i] == 0 || float64(c.seconds[i]) <= limit {
			continue
		}
		place := int32(-1)
		if d.Place != nil {
			place = d.Place[i]
		}
		if place < 0 {
			place, _ = finder.nearest(d.Area[i], d.X[i], d.Y[i], p.PlaceRadiusM)
		}
		if place < 0 {
			rest = append(rest, i)
			continue
		}
		g := byPlace[key{d.Area[i], place}]
		if g == nil {
			g = &group{area: d.Area[i], place: place}
			byPlace[key{d.Area[i], place}] = g
			out = append(out, g)
		}
		g.cells = append(g.cells, i)
	}
	return append(out, clusters(d, rest, p.ClusterM)...), nil
}

// clusters joins cells of one area whose squares of the given side touch,
// corners included. The squares lie on one grid for all cells, so that the
// result does not hang on their order; their width is right at the middle
// latitude.
func clusters(d *Demand, cells []uint32, side float64) []*group {
	type square struct {
		area     int32
		col, row int64
	}
	const rad = math.Pi / 180
	south, north := math.Inf(1), math.Inf(-1)
	for _, i := range cells {
		south, north = math.Min(south, d.Y[i]), math.Max(north, d.Y[i])
	}
	high := side / (earthRadiusM * rad)
	wide := high / math.Max(0.01, math.Cos((south+north)/2*rad))
	at := func(i uint32) square {
		return square{d.Area[i], int64(math.Floor(d.X[i] / wide)), int64(math.Floor(d.Y[i] / high))}
	}
	type key struct { // of a square: quicker to hash than three numbers
		place uint64
		area  int32
	}
	keyOf := func(s square) key { return key{uint64(uint32(s.col))<<32 | uint64(uint32(s.row)), s.area} }
	ids := map[key]int32{}
	var squares []square
	idOf := make([]int32, len(cells))
	for k, i := range cells {
		s := at(i)
		id, known := ids[keyOf(s)]
		if !known {
			id = int32(len(squares))
			ids[keyOf(s)] = id
			squares = append(squares, s)
		}
		idOf[k] = id
	}
	groupOf := make([]*group, len(squares))
	var out []*group
	for id, s := range squares {
		if groupOf[id] != nil {
			continue
		}
		g := &group{area: s.area, place: -1}
		out = append(out, g)
		groupOf[id] = g
		for stack := []square{s}; len(stack) > 0; {
			top := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			for n := range 9 {
				next := square{top.area, top.col + int64(n%3) - 1, top.row + int64(n/3) - 1}
				if id, ok := ids[keyOf(next)]; ok && groupOf[id] == nil {
					groupOf[id] = g
					stack = append(stack, next)
				}
			}
		}
	}
	for k, i := range cells { // in order of time, as they came
		g := groupOf[idOf[k]]
		g.cells = append(g.cells, i)
	}
	return out
}

func (c *count) describe(d *Demand, g *group, areas []Area, finder *placeFinder, p *Params) Gap {
	var people, reachable int64
	var east, north float64
	first := g.cells[0]
	byFacility := map[int32]int64{}
	for _, i := range g.cells {
		w := c.people[i]
		people += w
		if !math.IsInf(float64(c.seconds[i]), 1) {
			reachable += w
			if d.Facility != nil && d.Facility[i] >= 0 {
				byFacility[d.Facility[i]] += w
			}
		}
		east += float64(w) * math.Remainder(d.X[i]-d.X[first], 360)
		north += float64(w) * (d.Y[i] - d.Y[first])
	}
	lon, lat := d.X[first]+east/float64(people), d.Y[first]+north/float64(people)
	if g.place < 0 {
		lon, lat = d.memberNearest(g.cells, lon, lat)
	}
	gap := Gap{
		Lon: roundDegrees(math.Remainder(lon, 360)), Lat: roundDegrees(lat),
		Population: c.float(people), Unreachable: c.float(people - reachable),
		AreaCode: areas[g.area].Code, AreaName: areas[g.area].Name,
	}
	var cum int64
	for _, i := range g.cells {
		cum += c.people[i]
		if reachable > 0 && 2*cum >= reachable {
			t := float64(c.seconds[i])
			gap.TimeS = &t
			break
		}
	}
	gap.Facility = mostPeople(byFacility, p.FacilityNames)
	nameGap(&gap, g, finder)
	return gap
}

// memberNearest is the cell of a cluster that is nearest to its centre. A
// cluster may lie all around a place: its centre is where nobody of it lives.
func (d *Demand) memberNearest(cells []uint32, lon, lat float64) (float64, float64) {
	best, at := math.Inf(1), cells[0]
	for _, i := range cells {
		east, north := offsetM(lon, lat, d.X[i], d.Y[i])
		m := math.Round(math.Hypot(east, north)*100) / 100
		if m < best || (m == best && cmp.Or(cmp.Compare(d.Y[i], d.Y[at]), cmp.Compare(d.X[i], d.X[at])) < 0) {
			best, at = m, i
		}
	}
	return d.X[at], d.Y[at]
}

func mostPeople(byFacility map[int32]int64, names []string) string {
	best, most := "", int64(0)
	for f, w := range byFacility {
		if w > most || (w == most && names[f] < best) {
			best, most = names[f], w
		}
	}
	return best
}

func nameGap(gap *Gap, g *group, finder *placeFinder) {
	if g.place >= 0 {
		gap.Kind, gap.Place = GapPlace, finder.places[g.place].Name
		gap.Name = gap.Place
		return
	}
	near, metres := finder.nearest(g.area, gap.Lon, gap.Lat, math.Inf(1))
	if near < 0 {
		gap.Kind, gap.Name = GapArea, gap.AreaName
		return
	}
	pl := finder.places[near]
	gap.Kind, gap.Place, gap.DistanceM = GapNear, pl.Name, math.Round(metres/100)*100
	east, north := offsetM(pl.Lon, pl.Lat, gap.Lon, gap.Lat)
	gap.Bearing = bearing(east, north)
	gap.Name = fmt.Sprintf("near %s (%.1f km %s)", gap.Place, gap.DistanceM/1000, gap.Bearing)
}

func bearing(east, north float64) string {
	eighth := int(math.Round(math.Atan2(east, north)/(math.Pi/4))) & 7
	return [...]string{"N", "NE", "E", "SE", "S", "SW", "W", "NW"}[eighth]
}

// numberParts tells several clusters of one area without places apart.
func numberParts(list []Gap) {
	total, seen := map[string]int{}, map[string]int{}
	for i := range list {
		if list[i].Kind == GapArea {
			total[list[i].AreaCode+"\x00"+list[i].AreaName]++
		}
	}
	for i := range list {
		k := list[i].AreaCode + "\x00" + list[i].AreaName
		if list[i].Kind != GapArea || total[k] < 2 {
			continue
		}
		seen[k]++
		list[i].Part = seen[k]
		list[i].Name = fmt.Sprintf("%s, group %d", list[i].AreaName, seen[k])
	}
}

// roundDegrees keeps a ten-millionth of a degree: a centimetre.
func roundDegrees(v float64) float64 { return math.Round(v*1e7) / 1e7 }

// placeFinder finds the nearest place of an area; places lie by latitude.
type placeFinder struct {
	places []Place
	byArea [][]int32
}

func newPlaceFinder(places []Place, areas int) *placeFinder {
	f := &placeFinder{places: places, byArea: make([][]int32, areas)}
	for i, p := range places {
		f.byArea[p.Area] = append(f.byArea[p.Area], int32(i))
	}
	for _, list := range f.byArea {
		slices.SortStableFunc(list, func(a, b int32) int { return cmp.Compare(places[a].Lat, places[b].Lat) })
	}
	return f
}

// nearest returns the index of the nearest place of the area at most limit
// metres away and its distance, or −1. It walks outwards by latitude and
// stops where latitude alone is farther than the best. Of two places equally
// near the one with the lower index is taken.
func (f *placeFinder) nearest(area int32, lon, lat, limit float64) (int32, float64) {
	list := f.byArea[area]
	mid, _ := slices.BinarySearchFunc(list, lat, func(p int32, l float64) int { return cmp.Compare(f.places[p].Lat, l) })
	best, dist := int32(-1), limit
	try := func(p int32) bool {
		east, north := offsetM(lon, lat, f.places[p].Lon, f.places[p].Lat)
		if math.Abs(north) > dist {
			return false
		}
		if m := math.Hypot(east, north); m < dist || (m == dist && (best < 0 || p < best)) {
			best, dist = p, m
		}
		return true
	}
	for k := mid; k < len(list) && try(list[k]); k++ {
	}
	for k := mid - 1; k >= 0 && try(list[k]); k-- {
	}
	return best, dist
}
