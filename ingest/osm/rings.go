package osm

import (
	"cmp"
	"math"
	"slices"

	"contado/ingest/osm/stream"

	"github.com/paulmach/orb"
)

// A chain is a member way of an area: its line and the nodes at its ends.
type chain struct {
	way         int64
	first, last int64
	line        []stream.Position
	inner       bool // the role says so
}

// closed makes rings of chains that are given in any order and direction.
// It walks from chain to chain and cuts a ring off as soon as the walk comes
// back to a node, so that rings that touch are told apart. open are the ways
// that close to no ring.
func closeRings(chains []chain) (rings []ring, open []int64) {
	ends := map[int64][]int{} // chains by the nodes at their ends
	used := make([]bool, len(chains))
	for i, c := range chains {
		if len(c.line) < 2 {
			used[i] = true
			open = append(open, c.way)
			continue
		}
		if c.first == c.last {
			used[i] = true
			rings = append(rings, newRing(slices.Clone(c.line), c.inner))
			continue
		}
		ends[c.first] = append(ends[c.first], i)
		ends[c.last] = append(ends[c.last], i)
	}
	for i := range chains {
		if !used[i] {
			w := walk{chains: chains, used: used, ends: ends, at: map[int64]int{}}
			w.from(chains[i].first)
			rings, open = append(rings, w.rings...), append(open, w.open...)
		}
	}
	return rings, open
}

// walk is a walk along chains: path[k] leads from nodes[k] to nodes[k+1].
type walk struct {
	chains []chain
	used   []bool
	ends   map[int64][]int
	nodes  []int64
	path   []step
	at     map[int64]int // place of a node in nodes
	rings  []ring
	open   []int64 // ways that lead nowhere
}

type step struct {
	chain int
	back  bool // against the direction of the chain
}

// from walks until no chain leads on, and back out of dead ends.
func (w *walk) from(node int64) {
	w.nodes = append(w.nodes, node)
	w.at[node] = 0
	for {
		here := w.nodes[len(w.nodes)-1]
		next, ok := w.leave(here)
		if !ok && len(w.path) == 0 {
			return
		}
		if !ok {
			end := len(w.path) - 1
			w.open = append(w.open, w.chains[w.path[end].chain].way)
			delete(w.at, here)
			w.path, w.nodes = w.path[:end], w.nodes[:end+1]
			continue
		}
		c := &w.chains[next.chain]
		to := c.last
		if next.back {
			to = c.first
		}
		w.path = append(w.path, next)
		if k, seen := w.at[to]; seen {
			w.cut(k)
			continue
		}
		w.at[to] = len(w.nodes)
		w.nodes = append(w.nodes, to)
	}
}

func (w *walk) leave(node int64) (step, bool) {
	list := w.ends[node]
	for len(list) > 0 {
		i := list[0]
		list = list[1:]
		if !w.used[i] {
			w.used[i] = true
			w.ends[node] = list
			return step{i, w.chains[i].first != node}, true
		}
	}
	w.ends[node] = nil
	return step{}, false
}

// cut makes a ring of the path from its k-th node on.
func (w *walk) cut(k int) {
	var line []stream.Position
	inner := true
	for _, s := range w.path[k:] {
		c := &w.chains[s.chain]
		inner = inner && c.inner
		from := len(line)
		line = append(line, c.line...)
		if s.back {
			slices.Reverse(line[from:])
		}
		if from > 0 { // the node between two chains is one position
			line = append(line[:from], line[from+1:]...)
		}
	}
	for _, n := range w.nodes[k+1:] {
		delete(w.at, n)
	}
	w.path, w.nodes = w.path[:k], w.nodes[:k+1]
	w.rings = append(w.rings, newRing(line, inner))
}

// ring is a closed line with what is asked of it often.
type ring struct {
	line  []stream.Position
	area  float64 // in square 1e-7 degrees, positive
	box   [4]int32
	inner bool
}

func newRing(line []stream.Position, inner bool) ring {
	if n := len(line); n > 0 && line[0] != line[n-1] {
		line = append(line, line[0])
	}
	r := ring{line: line, inner: inner, box: [4]int32{math.MaxInt32, math.MaxInt32, math.MinInt32, math.MinInt32}}
	for i, p := range line {
		r.box[0], r.box[1] = min(r.box[0], p.Lon), min(r.box[1], p.Lat)
		r.box[2], r.box[3] = max(r.box[2], p.Lon), max(r.box[3], p.Lat)
		if i > 0 {
			r.area += cross(line[0], line[i-1], p)
		}
	}
	r.area = math.Abs(r.area) / 2
	return r
}

func cross(o, a, b stream.Position) float64 {
	return float64(int64(a.Lon)-int64(o.Lon))*float64(int64(b.Lat)-int64(o.Lat)) - float64(int64(b.Lon)-int64(o.Lon))*float64(int64(a.Lat)-int64(o.Lat))
}

// assemble nests rings by their geometry: what lies in no other or in a hole
// is an outer ring, what lies in an outer ring is a hole. misrole counts rings
// whose role says something else. Rings of no area are left out.
func assemble(rings []ring) (out orb.MultiPolygon, misrole int) {
	rings = slices.DeleteFunc(rings, func(r ring) bool { return len(r.line) < 4 || r.area == 0 })
	slices.SortStableFunc(rings, func(a, b ring) int { return cmp.Compare(b.area, a.area) })
	depth := make([]int, len(rings))
	parent := make([]int, len(rings))
	place := make([]int, len(rings)) // polygon of an outer ring
	for i := range rings {
		parent[i] = -1
		for j := i - 1; j >= 0; j-- { // from the smallest that is larger
			if boxIn(rings[i].box, rings[j].box) && ringIn(&rings[i], &rings[j]) {
				parent[i], depth[i] = j, depth[j]+1
				break
			}
		}
		hole := depth[i]%2 == 1
		if hole != rings[i].inner {
			misrole++
		}
		line := toRing(rings[i].line)
		if hole {
			if line.Orientation() == orb.CCW {
				line.Reverse()
			}
			p := place[parent[i]]
			out[p] = append(out[p], line)
			continue
		}
		if line.Orientation() == orb.CW {
			line.Reverse()
		}
		place[i] = len(out)
		out = append(out, orb.Polygon{line})
	}
	return out, misrole
}

func boxIn(a, b [4]int32) bool {
	return a[0] >= b[0] && a[1] >= b[1] && a[2] <= b[2] && a[3] <= b[3]
}

// ringIn reports whether a, the smaller one, lies in b. Rings of a good area
// do not cross, so one position of a that is not on b tells; when all are on b
// the middles of the edges are asked.
func ringIn(a, b *ring) bool {
	for _, p := range a.line {
		if where := locate(2*int64(p.Lon), 2*int64(p.Lat), b.line); where != 0 {
			return where > 0
		}
	}
	for i := 1; i < len(a.line); i++ {
		p, q := a.line[i-1], a.line[i]
		if where := locate(int64(p.Lon)+int64(q.Lon), int64(p.Lat)+int64(q.Lat), b.line); where != 0 {
			return where > 0
		}
	}
	return false
}

// locate is 1 inside, 0 on and −1 outside of a ring, for a point given in half
// units.
func locate(x, y int64, line []stream.Position) int {
	in := false
	for i := 1; i < len(line); i++ {
		ax, ay := 2*int64(line[i-1].Lon), 2*int64(line[i-1].Lat)
		bx, by := 2*int64(line[i].Lon), 2*int64(line[i].Lat)
		if ay == by && y == ay && x >= min(ax, bx) && x <= max(ax, bx) {
			return 0
		}
		if (ay > y) == (by > y) {
			if x == ax && y == ay || x == bx && y == by {
				return 0
			}
			continue
		}
		side := sign(ax, ay, bx, by, x, y)
		if side == 0 {
			return 0
		}
		if (side > 0) == (by > ay) {
			in = !in
		}
	}
	if in {
		return 1
	}
	return -1
}

// sign tells on which side of the line from a to b a point lies: 1 left, −1
// right, 0 on it. Exact where all differences are below 2^31, which is 107
// degrees.
func sign(ax, ay, bx, by, x, y int64) int {
	dx, dy, ex, ey := bx-ax, by-ay, x-ax, y-ay
	if max(dx, -dx, dy, -dy, ex, -ex, ey, -ey) >= 1<<31 {
		return cmp.Compare(float64(dx)*float64(ey), float64(dy)*float64(ex))
	}
	return cmp.Compare(dx*ey, dy*ex)
}

func degrees(p stream.Position) orb.Point {
	return orb.Point{float64(p.Lon) / 1e7, float64(p.Lat) / 1e7}
}

func toRing(line []stream.Position) orb.Ring {
	return orb.Ring(toLine(line))
}

func toLine(line []stream.Position) orb.LineString {
	out := make(orb.LineString, len(line))
	for i, p := range line {
		out[i] = degrees(p)
	}
	return out
}
