package analysis

import (
	"math"
	"slices"

	"contado/geo"
	"contado/geo/crs"
)

// nearest finds the facility nearest to a place: by straight distance through
// the ellipsoid in a k-d tree (Bentley 1975), decided by geodesic distance
// among those that are as near to within chordError.
type nearest struct {
	list []facility
	tree []chordPoint // node i has its children at 2i+1 and 2i+2
}

// chordPoint is a facility in earth-centred coordinates, metres, with the box
// of all that lie below it in the tree: far away cells are told from the box
// alone.
type chordPoint struct {
	at     [3]float64
	lo, hi [3]float64
	idx    int32 // −1 where the tree has no node
}

// chordError bounds, as a share, how far the order of chords may differ from
// the order of geodesics up to some 2,000 km: the arc exceeds the chord by
// s³/24R², and R differs by 0.7 % between directions and latitudes.
const chordError = 1e-4

func newNearest(list []facility) *nearest {
	pts := make([]chordPoint, len(list))
	for i, f := range list {
		pts[i] = chordPoint{at: earthCentred(f.lon, f.lat), idx: int32(i)}
	}
	n := &nearest{list: list}
	n.place(pts, 0, 0)
	return n
}

// place puts the median of the points along an axis into a node.
func (n *nearest) place(pts []chordPoint, node, axis int) {
	if len(pts) == 0 {
		return
	}
	slices.SortFunc(pts, func(a, b chordPoint) int {
		switch {
		case a.at[axis] < b.at[axis]:
			return -1
		case a.at[axis] > b.at[axis]:
			return 1
		}
		return int(a.idx - b.idx)
	})
	for len(n.tree) <= node {
		n.tree = append(n.tree, chordPoint{idx: -1})
	}
	mid := len(pts) / 2
	here := pts[mid]
	here.lo, here.hi = here.at, here.at
	for i := range pts {
		for k, v := range pts[i].at {
			here.lo[k], here.hi[k] = math.Min(here.lo[k], v), math.Max(here.hi[k], v)
		}
	}
	n.tree[node] = here
	n.place(pts[:mid], 2*node+1, (axis+1)%3)
	n.place(pts[mid+1:], 2*node+2, (axis+1)%3)
}

// of returns the nearest facility (−1 when there is none; the first in the
// list among equals) and its geodesic distance.
func (n *nearest) of(lon, lat float64) (int, geo.Metres) {
	if len(n.list) == 0 {
		return -1, geo.Metres(math.Inf(1))
	}
	p := earthCentred(lon, lat)
	best := math.Inf(1)
	n.search(&p, 0, 0, &best, nil)
	limit := best * (1 + 2*chordError) * (1 + 2*chordError)
	var few [8]int32
	near := few[:0]
	n.search(&p, 0, 0, &limit, &near)
	k, d := -1, geo.Metres(math.Inf(1))
	for _, i := range near {
		e := crs.Distance(lon, lat, n.list[i].lon, n.list[i].lat)
		if e < d || (e == d && int(i) < k) {
			k, d = int(i), e
		}
	}
	return k, d
}

// search walks the nodes that may lie within the squared distance limit. With
// found nil it lowers the limit to the nearest; else it collects all within.
func (n *nearest) search(p *[3]float64, node, axis int, limit *float64, found *[]int32) {
	if node >= len(n.tree) || n.tree[node].idx < 0 {
		return
	}
	q := &n.tree[node]
	if q.boxDistance(p) > *limit {
		return
	}
	dx, dy, dz := q.at[0]-p[0], q.at[1]-p[1], q.at[2]-p[2]
	if d := dx*dx + dy*dy + dz*dz; d <= *limit {
		if found != nil {
			*found = append(*found, q.idx)
		} else {
			*limit = d
		}
	}
	first, second := 2*node+1, 2*node+2
	if p[axis] > q.at[axis] {
		first, second = second, first
	}
	next := (axis + 1) % 3
	n.search(p, first, next, limit, found)
	n.search(p, second, next, limit, found)
}

// boxDistance is the squared distance to the box of a node.
func (q *chordPoint) boxDistance(p *[3]float64) float64 {
	sum := 0.0
	for k, v := range p {
		if d := q.lo[k] - v; d > 0 {
			sum += d * d
		} else if d := v - q.hi[k]; d > 0 {
			sum += d * d
		}
	}
	return sum
}

// earthCentred are Cartesian coordinates of a place on the WGS84 ellipsoid.
func earthCentred(lon, lat float64) [3]float64 {
	const a, e2 = 6378137.0, 6.6943799901413165e-3
	sinLat, cosLat := math.Sincos(lat * math.Pi / 180)
	sinLon, cosLon := math.Sincos(lon * math.Pi / 180)
	r := a / math.Sqrt(1-e2*sinLat*sinLat)
	return [3]float64{r * cosLat * cosLon, r * cosLat * sinLon, r * (1 - e2) * sinLat}
}
