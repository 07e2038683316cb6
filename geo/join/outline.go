// Package join relates the rows of one layer to the areas or rows of another:
// how many, how long and how large what lies inside, where a place lies, what
// is nearest. It computes on geometries; it reads no files.
//
// Predicates are decided without rounding error on the coordinates as given,
// in one plane CRS for both layers; lengths, areas and distances are those on
// the WGS 84 ellipsoid.
package join

import (
	"math"

	"github.com/paulmach/orb"

	"contado/geo"
)

// Place says where a point lies.
type Place int8

// The places of a point against an area.
const (
	Outside Place = iota
	On            // the boundary
	Inside
)

// edge is one side of a ring; the area lies on its left.
type edge struct{ a, b orb.Point }

// Outline is an area prepared for many questions: its edges by strips of y.
// It is immutable and safe for concurrent use.
type Outline struct {
	edges  []edge
	box    geo.BBox
	strips [][]int32 // edges that meet the strip
	height float64   // of a strip
	source orb.MultiPolygon
}

// maxStrips bounds the index; an edge lies in few of them.
const maxStrips = 1 << 14

// NewOutline prepares polygons, which must be valid (rings of one polygon
// neither cross nor overlap). Their rings may run either way.
func NewOutline(mp orb.MultiPolygon) *Outline {
	o := &Outline{box: geo.EmptyBBox(), source: mp}
	for _, p := range mp {
		for i, r := range p {
			o.addRing(r, i == 0)
		}
	}
	o.index()
	return o
}

// addRing adds the edges of a ring with the area on their left: an outline
// counter-clockwise, a hole clockwise.
func (o *Outline) addRing(r orb.Ring, outer bool) {
	n := len(r)
	if n > 1 && r[0] == r[n-1] {
		n--
	}
	if n < 3 {
		return
	}
	turn := signedArea(r[:n]) < 0 == outer
	for i := range n {
		a, b := r[i], r[(i+1)%n]
		if a == b {
			continue
		}
		o.box = o.box.ExtendPoint(a[0], a[1])
		if turn {
			a, b = b, a
		}
		o.edges = append(o.edges, edge{a, b})
	}
}

// signedArea is positive for counter-clockwise rings; relative to the first
// point, so that large coordinates cost no digits.
func signedArea(r []orb.Point) float64 {
	var sum float64
	for i := 2; i < len(r); i++ {
		ax, ay := r[i-1][0]-r[0][0], r[i-1][1]-r[0][1]
		bx, by := r[i][0]-r[0][0], r[i][1]-r[0][1]
		sum += ax*by - ay*bx
	}
	return sum / 2
}

func (o *Outline) index() {
	n := min(max(len(o.edges)/2, 1), maxStrips)
	o.strips = make([][]int32, n)
	o.height = o.box.Height() / float64(n)
	for i, e := range o.edges {
		first, last := o.span(e.a[1], e.b[1])
		for s := first; s <= last; s++ {
			o.strips[s] = append(o.strips[s], int32(i))
		}
	}
}

// strip is the strip of a y within the box.
func (o *Outline) strip(y float64) int {
	if !(o.height > 0) {
		return 0
	}
	return min(max(int((y-o.box.MinY)/o.height), 0), len(o.strips)-1)
}

// span is the first and last strip between two y.
func (o *Outline) span(y1, y2 float64) (first, last int) {
	return o.strip(math.Min(y1, y2)), o.strip(math.Max(y1, y2))
}

// Box is the extent.
func (o *Outline) Box() geo.BBox { return o.box }

// Locate tells where a point lies.
func (o *Outline) Locate(p orb.Point) Place {
	if !(p[0] >= o.box.MinX && p[0] <= o.box.MaxX && p[1] >= o.box.MinY && p[1] <= o.box.MaxY) {
		return Outside
	}
	odd := false
	for _, i := range o.strips[o.strip(p[1])] {
		a, b := o.edges[i].a, o.edges[i].b
		if a[1] > b[1] {
			a, b = b, a
		}
		if p[1] < a[1] || p[1] > b[1] || p[0] > math.Max(a[0], b[0]) {
			continue
		}
		side := 0
		if p[0] >= math.Min(a[0], b[0]) {
			if side = orient(a, b, p); side == 0 {
				return On // within both spans, on the line
			}
		} else {
			side = 1 // left of an edge that runs up
		}
		// The upper end belongs to the next edge.
		if side > 0 && p[1] < b[1] {
			odd = !odd
		}
	}
	if odd {
		return Inside
	}
	return Outside
}
