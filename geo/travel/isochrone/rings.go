package isochrone

import (
	"slices"

	"github.com/paulmach/orb"
)

// polygons makes polygons of the linked vertices. Vertices are numbered row
// by row from the left, those in a row before those below it: the first of a
// ring that lies in a row is the ring's uppermost left one. There the row
// comes into what is reached when the ring is an outer one; when it is a hole,
// the vertex before it in the row is on the outer ring about the hole, or on a
// hole of the same polygon that begins further up or to the left.
func (t *tracer) polygons() orb.MultiPolygon {
	ring := make([]int32, len(t.points)) // of each vertex
	for i := range ring {
		ring[i] = none
	}
	var out orb.MultiPolygon
	var polygon []int32 // of each ring
	for first := range t.points {
		if t.left[first] == notInRow || ring[first] != none {
			continue
		}
		id := int32(len(polygon))
		r := t.follow(int32(first), id, ring)
		if t.entry[first] {
			polygon = append(polygon, int32(len(out)))
			out = append(out, orb.Polygon{r})
			continue
		}
		p := polygon[ring[t.left[first]]]
		polygon = append(polygon, p)
		out[p] = append(out[p], r)
	}
	return out
}

// follow takes a ring from a vertex on.
func (t *tracer) follow(first, id int32, ring []int32) orb.Ring {
	n := 1
	for i := t.next[first]; i != first; i = t.next[i] {
		n++
	}
	r := make(orb.Ring, 0, n+1)
	i := first
	for range n {
		ring[i] = id
		r = append(r, t.points[i])
		i = t.next[i]
	}
	r = append(r, r[0])
	if t.g.Transform.Det() > 0 { // rows run upwards: left and right change sides
		slices.Reverse(r)
	}
	return r
}
