package settle

import (
	"slices"

	"github.com/paulmach/orb"
	"github.com/peterstace/simplefeatures/geom"

	"contado/geo/fault"
)

// outside is the label beyond the land.
const outside = -1

// arc is a border between two labels from junction to junction (or a closed
// ring), in corner coordinates: the label left of it (walking along the
// points, y down) is left, the other right.
type arc struct {
	left, right int32
	points      []orb.Point
	fixed       bool // along the land's edge: straight by nature
}

// traceArcs follows the sides between blocks of different labels.
func (s *settler) traceArcs() []arc {
	w := s.m + 1
	at := func(c, r int) int32 {
		if c < 0 || r < 0 || c >= s.m || r >= s.m {
			return outside
		}
		return s.label[r*s.m+c]
	}
	// sides(corner, k): labels left and right of the side that leaves the
	// corner eastwards (0), southwards (1), westwards (2), northwards (3).
	sides := func(c, r, k int) (left, right int32, ok bool) {
		switch k {
		case 0:
			left, right = at(c, r-1), at(c, r)
			ok = c < s.m
		case 1:
			left, right = at(c, r), at(c-1, r)
			ok = r < s.m
		case 2:
			left, right = at(c-1, r), at(c-1, r-1)
			ok = c > 0
		default:
			left, right = at(c-1, r-1), at(c, r-1)
			ok = r > 0
		}
		return left, right, ok && left != right
	}
	degree := func(c, r int) int {
		n := 0
		for k := range 4 {
			if _, _, ok := sides(c, r, k); ok {
				n++
			}
		}
		return n
	}
	dc, dr := [4]int{1, 0, -1, 0}, [4]int{0, 1, 0, -1}
	used := make([]bool, w*w*4)
	var out []arc
	follow := func(c, r, k int) {
		left, right, _ := sides(c, r, k)
		a := arc{left: left, right: right, fixed: left == outside || right == outside}
		a.points = append(a.points, orb.Point{float64(c), float64(r)})
		c0, r0 := c, r
		for {
			used[(r*w+c)*4+k] = true
			c, r = c+dc[k], r+dr[k]
			used[(r*w+c)*4+(k+2)%4] = true
			a.points = append(a.points, orb.Point{float64(c), float64(r)})
			if degree(c, r) != 2 || (c == c0 && r == r0) {
				break
			}
			for turn := range 4 {
				if turn == (k+2)%4 {
					continue
				}
				if _, _, ok := sides(c, r, turn); ok {
					k = turn
					break
				}
			}
		}
		out = append(out, a)
	}
	for _, junctions := range []bool{true, false} {
		for r := range w {
			for c := range w {
				if (degree(c, r) > 2) != junctions {
					continue
				}
				for k := range 4 {
					if _, _, ok := sides(c, r, k); ok && !used[(r*w+c)*4+k] {
						follow(c, r, k)
					}
				}
			}
		}
	}
	return out
}

// smooth rounds the steps of an arc; its ends stay. A ring stays where it
// begins.
func (a *arc) smooth(passes int) {
	if a.fixed || passes == 0 {
		return
	}
	for range passes {
		old := slices.Clone(a.points)
		for i := 1; i+1 < len(a.points); i++ {
			for k := range 2 {
				a.points[i][k] = (old[i-1][k] + 2*old[i][k] + old[i+1][k]) / 4
			}
		}
	}
	if len(a.points) < 8 {
		return
	}
	thin := a.points[:1:1]
	for i := 1; i < len(a.points)-1; i++ {
		if i%2 == 0 {
			thin = append(thin, a.points[i])
		}
	}
	a.points = append(thin, a.points[len(a.points)-1])
}

// rings joins the arcs around an area into polygons in map coordinates.
func (s *settler) rings(arcs []arc, of func(int32) int32, id int32) (orb.MultiPolygon, error) {
	group := func(l int32) int32 {
		if l == outside {
			return outside
		}
		return of(l)
	}
	next := map[orb.Point][][]orb.Point{}
	count := 0
	for _, a := range arcs {
		l, r := group(a.left), group(a.right)
		if l == r || (l != id && r != id) {
			continue
		}
		pts := a.points
		if r == id { // keep the area on the left
			pts = slices.Clone(pts)
			slices.Reverse(pts)
		}
		next[pts[0]] = append(next[pts[0]], pts)
		count++
	}
	var closed []orb.Ring
	for _, a := range arcs { // in their order, not the map's
		for _, start := range []orb.Point{a.points[0], a.points[len(a.points)-1]} {
			for len(next[start]) > 0 {
				ring := orb.Ring{start}
				for at := start; ; {
					list := next[at]
					if len(list) == 0 {
						return nil, fault.Errorf("settle.Settle", fault.Other, "the border of area %d does not close", id)
					}
					next[at] = list[1:]
					ring = append(ring, list[0][1:]...)
					if at = ring[len(ring)-1]; at == start {
						break
					}
				}
				closed = append(closed, s.onMap(ring))
			}
		}
	}
	return nest(closed), nil
}

// onMap turns corner coordinates into map coordinates.
func (s *settler) onMap(ring orb.Ring) orb.Ring {
	out := make(orb.Ring, len(ring))
	for i, p := range ring {
		out[i] = orb.Point{s.land.X0 + p[0]*blockSide, s.land.Y0 - p[1]*blockSide}
	}
	return out
}

// nest puts shells first: rings that turn the other way than the largest one
// are holes in it. (An area is connected by its sides, so it has one shell.)
func nest(rings []orb.Ring) orb.MultiPolygon {
	slices.SortStableFunc(rings, func(a, b orb.Ring) int {
		switch x, y := area(a), area(b); {
		case x*x > y*y:
			return -1
		case x*x < y*y:
			return 1
		}
		return 0
	})
	var out orb.MultiPolygon
	for _, r := range rings {
		if len(out) == 0 || (area(r) > 0) == (area(out[0][0]) > 0) {
			out = append(out, orb.Polygon{r})
			continue
		}
		out[0] = append(out[0], r)
	}
	for _, p := range out {
		if p[0].Orientation() != orb.CCW {
			for _, r := range p {
				r.Reverse()
			}
		}
	}
	return out
}

func area(r orb.Ring) float64 {
	sum := 0.0
	for i := range len(r) - 1 {
		sum += (r[i][0] - r[0][0]) * (r[i+1][1] - r[0][1])
		sum -= (r[i+1][0] - r[0][0]) * (r[i][1] - r[0][1])
	}
	return sum / 2
}

// valid reports whether no border crosses itself.
func (s *settler) valid() bool {
	for _, list := range [][]Area{s.out.Municipalities, s.out.Unions, {s.out.Province}} {
		for _, a := range list {
			for _, p := range a.Polygon {
				if !validPolygon(p) {
					return false
				}
			}
		}
	}
	return true
}

func validPolygon(p orb.Polygon) bool {
	var rings []geom.LineString
	for _, r := range p {
		flat := make([]float64, 0, 2*len(r))
		for _, v := range r {
			flat = append(flat, v[0], v[1])
		}
		rings = append(rings, geom.NewLineString(geom.NewSequence(flat, geom.DimXY)))
	}
	return geom.NewPolygon(rings).Validate() == nil
}
