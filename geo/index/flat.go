package index

import (
	"math"

	"github.com/paulmach/orb"

	"contado/geo"
)

// Flat is a geometry of points, lines or polygons in one flat form. Its slices
// are only read.
type Flat struct {
	// Dim is 0 for points, 1 for lines, 2 for polygons.
	Dim int
	// XY holds the positions: x0, y0, x1, y1, …
	XY []float64
	// Ends are the ends of lines or rings, in positions; nil for points.
	Ends []uint32
	// Parts are the ends of polygons, in rings; the first ring of each is its
	// outline. nil for points and lines.
	Parts []uint32
}

// run gives the positions of line or ring i; of points, the point i.
func (f *Flat) run(i int) []float64 {
	if f.Dim == 0 {
		return f.XY[2*i : 2*i+2]
	}
	first := uint32(0)
	if i > 0 {
		first = f.Ends[i-1]
	}
	return f.XY[2*first : 2*f.Ends[i]]
}

func (f *Flat) runs() int {
	if f.Dim == 0 {
		return len(f.XY) / 2
	}
	return len(f.Ends)
}

// Flatten gives a geometry its flat form: one for each kind of member of a
// collection, none for nil.
func Flatten(g orb.Geometry) []Flat {
	var out [3]Flat
	flatten(&out, g)
	list := make([]Flat, 0, 1)
	for dim := range out {
		if out[dim].Dim = dim; len(out[dim].XY) > 0 {
			list = append(list, out[dim])
		}
	}
	return list
}

// Geometry makes a geometry of flat forms again; nil when they are empty.
func Geometry(list []Flat) orb.Geometry {
	var all orb.Collection
	for i := range list {
		if g := list[i].geometry(); g != nil {
			all = append(all, g)
		}
	}
	switch len(all) {
	case 0:
		return nil
	case 1:
		return all[0]
	}
	return all
}

func (f *Flat) geometry() orb.Geometry {
	points := func(i int) []orb.Point {
		xy := f.run(i)
		out := make([]orb.Point, len(xy)/2)
		for k := range out {
			out[k] = orb.Point{xy[2*k], xy[2*k+1]}
		}
		return out
	}
	switch {
	case len(f.XY) == 0:
		return nil
	case f.Dim == 0 && len(f.XY) == 2:
		return orb.Point{f.XY[0], f.XY[1]}
	case f.Dim == 0:
		var out orb.MultiPoint
		for i := range f.runs() {
			out = append(out, points(i)...)
		}
		return out
	case f.Dim == 1:
		var out orb.MultiLineString
		for i := range f.Ends {
			out = append(out, points(i))
		}
		if len(out) == 1 {
			return out[0]
		}
		return out
	}
	var out orb.MultiPolygon
	first := 0
	for _, end := range f.Parts {
		var p orb.Polygon
		for ; first < int(end); first++ {
			p = append(p, points(first))
		}
		out = append(out, p)
	}
	if len(out) == 1 {
		return out[0]
	}
	return out
}

func flatten(out *[3]Flat, g orb.Geometry) {
	switch v := g.(type) {
	case orb.Point:
		out[0].XY = append(out[0].XY, v[0], v[1])
	case orb.MultiPoint:
		out[0].add(v)
	case orb.LineString:
		out[1].addRun(v)
	case orb.MultiLineString:
		for _, l := range v {
			out[1].addRun(l)
		}
	case orb.Ring:
		flatten(out, orb.Polygon{v})
	case orb.Bound:
		flatten(out, v.ToPolygon())
	case orb.Polygon:
		out[2].addPolygon(v)
	case orb.MultiPolygon:
		for _, p := range v {
			out[2].addPolygon(p)
		}
	case orb.Collection:
		for _, m := range v {
			flatten(out, m)
		}
	}
}

func (f *Flat) add(points []orb.Point) {
	if f.XY == nil {
		f.XY = make([]float64, 0, 2*len(points))
	}
	for _, p := range points {
		f.XY = append(f.XY, p[0], p[1])
	}
}

func (f *Flat) addRun(points []orb.Point) {
	if len(points) == 0 {
		return
	}
	f.add(points)
	f.Ends = append(f.Ends, uint32(len(f.XY)/2)) //nolint:gosec // positions in memory
}

func (f *Flat) addPolygon(p orb.Polygon) {
	before := len(f.Ends)
	for _, r := range p {
		f.addRun(r)
	}
	if len(f.Ends) > before {
		f.Parts = append(f.Parts, uint32(len(f.Ends))) //nolint:gosec // rings in memory
	}
}

func boxOfRun(xy []float64) geo.BBox {
	b := geo.BBox{MinX: math.Inf(1), MinY: math.Inf(1), MaxX: math.Inf(-1), MaxY: math.Inf(-1)}
	for i := 0; i+1 < len(xy); i += 2 {
		b.MinX, b.MaxX = min(b.MinX, xy[i]), max(b.MaxX, xy[i])
		b.MinY, b.MaxY = min(b.MinY, xy[i+1]), max(b.MaxY, xy[i+1])
	}
	return b
}

// Box is the extent; it is empty when there are no positions.
func (f *Flat) Box() geo.BBox { return boxOfRun(f.XY) }

// turns is the winding number of a closed ring round a point that is not on
// it (Sunday, 2001): 1 inside a ring that runs counter-clockwise.
func turns(ring []float64, x, y float64) int {
	n := 0
	last := len(ring) - 2
	ax, ay := ring[last], ring[last+1]
	for i := 0; i < len(ring); i += 2 {
		bx, by := ring[i], ring[i+1]
		n += step(ax, ay, bx, by, x, y)
		ax, ay = bx, by
	}
	return n
}

// step is what one edge adds to the winding number.
func step(ax, ay, bx, by, x, y float64) int {
	switch {
	case ay <= y && by > y && Orient(ax, ay, bx, by, x, y) > 0:
		return 1
	case by <= y && ay > y && Orient(ax, ay, bx, by, x, y) < 0:
		return -1
	}
	return 0
}

// covers tells whether a point that is on no ring lies inside a polygon.
func (f *Flat) covers(x, y float64) bool {
	if f.Dim != 2 {
		return false
	}
	first := uint32(0)
	for _, end := range f.Parts {
		inside := false
		for i := first; i < end; i++ {
			ring := f.run(int(i))
			if len(ring) == 0 || turns(ring, x, y) == 0 {
				if i == first {
					break
				}
				continue
			}
			if inside = i == first; !inside {
				break // in a hole
			}
		}
		if inside {
			return true
		}
		first = end
	}
	return false
}

// counterClockwise tells how a ring runs, by its signed area; relative to the
// first position, so that large coordinates cost no digits.
func counterClockwise(ring []float64) bool {
	sum := 0.0
	for i := 2; i+3 < len(ring); i += 2 {
		ax, ay := ring[i]-ring[0], ring[i+1]-ring[1]
		bx, by := ring[i+2]-ring[0], ring[i+3]-ring[1]
		sum += ax*by - ay*bx
	}
	return sum > 0
}
