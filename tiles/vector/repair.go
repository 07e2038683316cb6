package vector

import (
	"cmp"
	"math"
	"slices"
)

// Valid polygons on the integer grid. Snapping to the grid can make a ring
// touch or cross itself; polygonize gives back what the even-odd rule fills,
// as rings without self-crossing or self-touching.

// polygon is an exterior ring (positive shoelace) and its holes (negative).
// Rings have no closing point.
type polygon struct {
	exterior []xy
	holes    [][]xy
}

// repairer keeps scratch space between calls. For one goroutine.
type repairer struct {
	edges  []edge
	points []uint64
	active []int
}

// polygonize turns rings on the integer grid into valid polygons; it uses up
// the rings. ok is false when the crossings cannot be resolved on the grid.
func (rp *repairer) polygonize(rings [][]xy) (out []polygon, ok bool) {
	kept := rings[:0]
	for _, r := range rings {
		if r = dropRepeats(r); len(r) >= 3 {
			kept = append(kept, r)
		}
	}
	if len(kept) == 0 {
		return nil, true
	}
	if !rp.simple(kept) {
		edges, ok := rp.node(slices.Clone(rp.edges))
		if !ok {
			return nil, false
		}
		kept = trace(edges)
	}
	return nest(kept), true
}

// dropRepeats removes repeated points in place, also between end and start.
func dropRepeats(r []xy) []xy {
	out := r[:0]
	for i, p := range r {
		if i == 0 || p != out[len(out)-1] {
			out = append(out, p)
		}
	}
	for len(out) > 1 && out[0] == out[len(out)-1] {
		out = out[:len(out)-1]
	}
	return out
}

// edge is undirected; a is less than b.
type edge struct{ a, b xy }

func newEdge(p, q xy) edge {
	if q.less(p) {
		return edge{q, p}
	}
	return edge{p, q}
}

func compareEdges(e, f edge) int {
	switch {
	case e.a != f.a:
		if e.a.less(f.a) {
			return -1
		}
		return 1
	case e.b != f.b:
		if e.b.less(f.b) {
			return -1
		}
		return 1
	}
	return 0
}

// simple reports whether the rings use each point once and their edges meet
// only at ends. It fills rp.edges.
func (rp *repairer) simple(rings [][]xy) bool {
	rp.edges, rp.points = rp.edges[:0], rp.points[:0]
	for _, r := range rings {
		prev := r[len(r)-1]
		for _, p := range r {
			rp.edges = append(rp.edges, newEdge(prev, p))
			rp.points = append(rp.points, uint64(uint32(int32(p.x)))<<32|uint64(uint32(int32(p.y))))
			prev = p
		}
	}
	slices.Sort(rp.points)
	for i := 1; i < len(rp.points); i++ {
		if rp.points[i] == rp.points[i-1] {
			return false
		}
	}
	simple := true
	rp.sweep(rp.edges, func(i, j int) bool {
		simple = !meet(rp.edges[i], rp.edges[j])
		return simple
	})
	return simple
}

// sweep sorts the edges and calls pair for those whose boxes meet, until it
// returns false.
func (rp *repairer) sweep(edges []edge, pair func(i, j int) bool) {
	slices.SortFunc(edges, compareEdges)
	active := rp.active[:0]
	for i, e := range edges {
		lo, hi := min(e.a.y, e.b.y), max(e.a.y, e.b.y)
		n := 0
		for _, j := range active {
			f := &edges[j]
			if f.b.x < e.a.x {
				continue
			}
			active[n] = j
			n++
			if min(f.a.y, f.b.y) <= hi && max(f.a.y, f.b.y) >= lo && !pair(j, i) {
				return
			}
		}
		active = append(active[:n], i)
	}
	rp.active = active
}

// side is twice the signed area of a, b, p: exact for tile coordinates.
func side(a, b, p xy) float64 {
	return (b.x-a.x)*(p.y-a.y) - (b.y-a.y)*(p.x-a.x)
}

// between reports whether p, on the line of e, lies strictly inside e.
func between(e edge, p xy) bool { return e.a.less(p) && p.less(e.b) }

// meet reports whether two edges share more than one common end.
func meet(e, f edge) bool {
	s1, s2 := side(e.a, e.b, f.a), side(e.a, e.b, f.b)
	if s1 == 0 && s2 == 0 { // on one line
		return e == f || between(e, f.a) || between(e, f.b) || between(f, e.a) || between(f, e.b)
	}
	t1, t2 := side(f.a, f.b, e.a), side(f.a, f.b, e.b)
	if s1*s2 < 0 && t1*t2 < 0 {
		return true
	}
	return s1 == 0 && between(e, f.a) || s2 == 0 && between(e, f.b) ||
		t1 == 0 && between(f, e.a) || t2 == 0 && between(f, e.b)
}

// node splits edges where they meet, with crossings rounded to the grid,
// until they meet at ends only. Edges that lie on one another cancel in pairs
// (even-odd). Each round moves an edge by less than a grid unit.
func (rp *repairer) node(edges []edge) ([]edge, bool) {
	const rounds = 32
	for range rounds {
		edges = cancelPairs(edges)
		cuts := map[int][]xy{}
		cut := func(i int, p xy) {
			if p != edges[i].a && p != edges[i].b {
				cuts[i] = append(cuts[i], p)
			}
		}
		rp.sweep(edges, func(i, j int) bool {
			e, f := edges[i], edges[j]
			if !meet(e, f) {
				return true
			}
			s1, s2 := side(e.a, e.b, f.a), side(e.a, e.b, f.b)
			t1, t2 := side(f.a, f.b, e.a), side(f.a, f.b, e.b)
			if s1*s2 < 0 && t1*t2 < 0 {
				k := s1 / (s1 - s2)
				p := xy{math.Round(f.a.x + k*(f.b.x-f.a.x)), math.Round(f.a.y + k*(f.b.y-f.a.y))}
				cut(i, p)
				cut(j, p)
				return true
			}
			for _, c := range [4]struct {
				i int
				s float64
				p xy
			}{{i, s1, f.a}, {i, s2, f.b}, {j, t1, e.a}, {j, t2, e.b}} {
				if c.s == 0 && between(edges[c.i], c.p) {
					cut(c.i, c.p)
				}
			}
			return true
		})
		if len(cuts) == 0 {
			return edges, true
		}
		edges = splitEdges(edges, cuts)
	}
	return nil, false
}

func splitEdges(edges []edge, cuts map[int][]xy) []edge {
	out := make([]edge, 0, len(edges)+2*len(cuts))
	for i, e := range edges {
		pts, ok := cuts[i]
		if !ok {
			out = append(out, e)
			continue
		}
		dx, dy := e.b.x-e.a.x, e.b.y-e.a.y
		along := func(p xy) float64 { return (p.x-e.a.x)*dx + (p.y-e.a.y)*dy }
		slices.SortFunc(pts, func(p, q xy) int {
			return cmp.Or(cmp.Compare(along(p), along(q)), cmp.Compare(p.x, q.x), cmp.Compare(p.y, q.y))
		})
		prev := e.a
		for _, p := range append(pts, e.b) {
			if p != prev {
				out = append(out, newEdge(prev, p))
			}
			prev = p
		}
	}
	return out
}

// cancelPairs sorts the edges and keeps one of those that occur an odd
// number of times.
func cancelPairs(edges []edge) []edge {
	slices.SortFunc(edges, compareEdges)
	out := edges[:0]
	for i := 0; i < len(edges); {
		j := i
		for j < len(edges) && edges[j] == edges[i] {
			j++
		}
		if (j-i)%2 == 1 {
			out = append(out, edges[i])
		}
		i = j
	}
	return out
}

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
