package road

import "math"

// Nearest is the place on an edge that may be driven, nearest in a straight
// line to a place in longitude and latitude; ok is false when there is none.
// board tells which edges count; nil counts all. It looks at every edge.
func (g *Graph) Nearest(lon, lat float64, board func(edge int) bool) (edge int, along float32, metres float64, ok bool) {
	const equator = 6378137.0 * math.Pi / 180
	kx, ky := equator*math.Cos(lat*math.Pi/180), equator
	best := math.Inf(1)
	for e := range g.edges {
		if !g.Passable(2*e) && !g.Passable(2*e+1) || board != nil && !board(e) {
			continue
		}
		// A bound by an end: no place of the edge is nearer than that less its length.
		at := g.nodes[g.edges[e].from].at.point()
		if math.Hypot((at[0]-lon)*kx, (at[1]-lat)*ky)-1.01*float64(g.edges[e].metres) > best {
			continue
		}
		if d, t := g.nearestOn(e, lon, lat, kx, ky); d < best {
			best, edge, along, ok = d, e, t, true
		}
	}
	return edge, along, best, ok
}

// nearestOn is the least distance to an edge, and where on it.
func (g *Graph) nearestOn(e int, lon, lat, kx, ky float64) (best float64, along float32) {
	line := g.Shape(e, nil)
	best = math.Inf(1)
	total, at := 0.0, 0.0
	for i := 1; i < len(line); i++ {
		ax, ay := (line[i-1][0]-lon)*kx, (line[i-1][1]-lat)*ky
		dx, dy := (line[i][0]-line[i-1][0])*kx, (line[i][1]-line[i-1][1])*ky
		length := math.Hypot(dx, dy)
		t := 0.0
		if length > 0 {
			t = min(max(-(ax*dx+ay*dy)/(length*length), 0), 1)
		}
		if d := math.Hypot(ax+t*dx, ay+t*dy); d < best {
			best, at = d, total+t*length
		}
		total += length
	}
	if total > 0 {
		along = float32(min(at/total, 1))
	}
	return best, along
}
