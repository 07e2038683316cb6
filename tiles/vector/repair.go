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
