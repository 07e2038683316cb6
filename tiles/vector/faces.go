package vector

import (
	"cmp"
	"math"
	"slices"
)

// trace walks the boundaries of the inside faces of noded edges, with the
// inside on the left (in x right, y up), and splits walks that come twice to
// a point.
func trace(edges []edge) [][]xy {
	g := newFaces(edges)
	inside := g.insideHalves()
	var rings [][]xy
	for h := range inside {
		if !inside[h] {
			continue
		}
		var walk []xy
		seen := map[xy]int{}
		for inside[h] {
			inside[h] = false
			p := g.from(h)
			if at, again := seen[p]; again {
				rings = appendRing(rings, walk[at:])
				for _, q := range walk[at:] {
					delete(seen, q)
				}
				walk = walk[:at]
			}
			seen[p] = len(walk)
			walk = append(walk, p)
			h = g.next[h]
		}
		rings = appendRing(rings, walk)
	}
	return rings
}

func appendRing(rings [][]xy, r []xy) [][]xy {
	if len(r) < 3 || shoelace(r) == 0 {
		return rings
	}
	return append(rings, slices.Clone(r))
}

// faces is a planar graph of half-edges: 2i runs a→b of edge i, 2i+1 back.
type faces struct {
	edges []edge
	next  []int // the half-edge that follows round the face on the left
	hubs  map[xy][]int
}

func (g *faces) from(h int) xy {
	if h%2 == 0 {
		return g.edges[h/2].a
	}
	return g.edges[h/2].b
}

func (g *faces) angle(h int) float64 {
	p, q := g.from(h), g.from(h^1)
	return math.Atan2(q.y-p.y, q.x-p.x)
}

func newFaces(edges []edge) *faces {
	g := &faces{edges: edges, next: make([]int, 2*len(edges)), hubs: make(map[xy][]int, len(edges))}
	for h := range g.next {
		g.hubs[g.from(h)] = append(g.hubs[g.from(h)], h)
	}
	for _, hub := range g.hubs {
		slices.SortFunc(hub, func(h, k int) int { return cmp.Compare(g.angle(h), g.angle(k)) })
		for i, h := range hub { // arriving by the twin of h, leave by the next clockwise
			g.next[h^1] = hub[(i+len(hub)-1)%len(hub)]
		}
	}
	return g
}

// insideHalves tells for each half-edge whether the even-odd rule fills the
// face on its left. Sides alternate round every point, so one known side per
// connected part decides all of it.
func (g *faces) insideHalves() []bool {
	inside, known := make([]bool, len(g.next)), make([]bool, len(g.next))
	starts := make([]xy, 0, len(g.hubs))
	for p := range g.hubs {
		starts = append(starts, p)
	}
	slices.SortFunc(starts, func(p, q xy) int { return cmp.Or(cmp.Compare(p.x, q.x), cmp.Compare(p.y, q.y)) })
	var todo []int
	for _, p := range starts { // the first point met of a part is its leftmost
		hub := g.hubs[p]
		top := hub[len(hub)-1]
		if known[top] {
			continue
		}
		// The left of the steepest half-edge is the face that holds the part.
		todo = append(todo[:0], top)
		known[top], inside[top] = true, g.crossingsLeftOf(p)%2 == 1
		for len(todo) > 0 {
			h := todo[len(todo)-1]
			todo = todo[:len(todo)-1]
			for _, k := range [2]int{g.next[h], h ^ 1} {
				if !known[k] {
					known[k], inside[k] = true, inside[h] != (k == h^1)
					todo = append(todo, k)
				}
			}
		}
	}
	return inside
}

func (g *faces) crossingsLeftOf(p xy) int {
	n := 0
	for _, e := range g.edges {
		if e.a.x < p.x && (e.a.y <= p.y) != (e.b.y <= p.y) &&
			e.a.x+(p.y-e.a.y)/(e.b.y-e.a.y)*(e.b.x-e.a.x) < p.x {
			n++
		}
	}
	return n
}

// nest orders simple rings that do not cross into polygons by how deep each
// lies in the others, and winds them as the vector tile specification asks.
func nest(rings [][]xy) []polygon {
	if len(rings) == 1 {
		if shoelace(rings[0]) == 0 {
			return nil
		}
		return []polygon{{exterior: wound(rings[0], true)}}
	}
	type info struct {
		ring  []xy
		area  float64
		box   box
		depth int
		poly  int
	}
	all := make([]info, 0, len(rings))
	for _, r := range rings {
		if a := shoelace(r); a != 0 {
			all = append(all, info{ring: r, area: math.Abs(a), box: boundsOf(r)})
		}
	}
	slices.SortStableFunc(all, func(a, b info) int { return cmp.Compare(b.area, a.area) })
	var out []polygon
	for i := range all {
		r := &all[i]
		parent := -1
		mid := xy{(r.ring[0].x + r.ring[1].x) / 2, (r.ring[0].y + r.ring[1].y) / 2}
		for j := range i {
			if o := &all[j]; r.box.within(o.box) && contains(o.ring, mid) {
				r.depth++
				parent = j // the smallest so far
			}
		}
		if r.depth%2 == 0 {
			r.poly = len(out)
			out = append(out, polygon{exterior: wound(r.ring, true)})
		} else {
			r.poly = all[parent].poly
			out[r.poly].holes = append(out[r.poly].holes, wound(r.ring, false))
		}
	}
	return out
}

// wound returns the ring with a positive or negative shoelace.
func wound(r []xy, positive bool) []xy {
	if (shoelace(r) > 0) != positive {
		slices.Reverse(r)
	}
	return r
}

// contains is the even-odd rule, by a ray to the left.
func contains(r []xy, p xy) bool {
	in := false
	a := r[len(r)-1]
	for _, b := range r {
		if (a.y <= p.y) != (b.y <= p.y) && a.x+(p.y-a.y)/(b.y-a.y)*(b.x-a.x) < p.x {
			in = !in
		}
		a = b
	}
	return in
}
