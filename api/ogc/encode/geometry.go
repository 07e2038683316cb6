package encode

import (
	"math"

	"github.com/paulmach/orb"
)

// Kind is the kind of a geometry.
type Kind uint8

// The kinds, by their codes in well-known binary.
const (
	Point Kind = iota + 1
	LineString
	Polygon
	MultiPoint
	MultiLineString
	MultiPolygon
	Collection
)

var kindNames = [...]string{"", "Point", "LineString", "Polygon", "MultiPoint", "MultiLineString", "MultiPolygon", "GeometryCollection"}

// String is the name in GeoJSON.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return ""
}

// Geometry is a geometry laid flat. A point is one position; lines and rings
// are cut out of XY by Ends, polygons out of the rings by Parts.
type Geometry struct {
	Kind Kind
	// XY are x0, y0, x1, y1 …
	XY []float64
	// Ends are the ends of lines or rings, in positions. Without any, XY is
	// one line or ring.
	Ends []uint32
	// Parts are the ends of polygons, in rings. Without any, all rings are of
	// one polygon.
	Parts []uint32
	// Z are heights, one a position; nil when there are none.
	Z []float64
	// Members are the parts of a collection, which has nothing else.
	Members []Geometry
}

// Len is the number of positions, those of members not counted.
func (g *Geometry) Len() int { return len(g.XY) / 2 }

// Lines calls yield with the span of each line or ring, in positions.
func (g *Geometry) Lines(yield func(from, to int) bool) {
	if len(g.Ends) == 0 {
		yield(0, g.Len())
		return
	}
	from := 0
	for _, e := range g.Ends {
		if !yield(from, int(e)) {
			return
		}
		from = int(e)
	}
}

// Polygons calls yield with the rings of each polygon, by their positions in
// Ends.
func (g *Geometry) Polygons(yield func(from, to int) bool) {
	if len(g.Parts) == 0 {
		yield(0, max(1, len(g.Ends)))
		return
	}
	from := 0
	for _, e := range g.Parts {
		if !yield(from, int(e)) {
			return
		}
		from = int(e)
	}
}

// Span is the n-th line or ring, in positions.
func (g *Geometry) Span(n int) (from, to int) {
	if len(g.Ends) == 0 {
		return 0, g.Len()
	}
	if n > 0 {
		from = int(g.Ends[n-1])
	}
	return from, int(g.Ends[n])
}

// Reset empties a geometry and keeps its memory.
func (g *Geometry) Reset() {
	*g = Geometry{XY: g.XY[:0], Ends: g.Ends[:0], Parts: g.Parts[:0], Z: g.Z[:0]}
}

// Flatten lays a geometry flat into g, whose memory is used again. ok is false
// for nil, and for a geometry without any position.
func (g *Geometry) Flatten(from orb.Geometry) (ok bool) {
	g.Reset()
	switch from := from.(type) {
	case nil:
		return false
	case orb.Point:
		g.Kind, g.XY = Point, append(g.XY, from[0], from[1])
	case orb.MultiPoint:
		g.Kind = MultiPoint
		g.positions(from)
	case orb.LineString:
		g.Kind = LineString
		g.line(from)
	case orb.MultiLineString:
		g.Kind = MultiLineString
		for _, l := range from {
			g.line(l)
		}
	case orb.Ring:
		g.Kind = Polygon
		g.line(from)
	case orb.Polygon:
		g.Kind = Polygon
		g.polygon(from)
	case orb.MultiPolygon:
		g.Kind = MultiPolygon
		for _, p := range from {
			g.polygon(p)
			g.Parts = append(g.Parts, uint32(len(g.Ends)))
		}
	case orb.Bound:
		return g.Flatten(from.ToPolygon())
	case orb.Collection:
		g.Kind = Collection
		for _, m := range from {
			var member Geometry
			if member.Flatten(m) {
				g.Members = append(g.Members, member)
			}
		}
		return len(g.Members) > 0
	}
	return len(g.XY) > 0
}

func (g *Geometry) positions(ps []orb.Point) {
	for _, p := range ps {
		g.XY = append(g.XY, p[0], p[1])
	}
}

func (g *Geometry) line(ps []orb.Point) {
	g.positions(ps)
	g.Ends = append(g.Ends, uint32(g.Len()))
}

func (g *Geometry) polygon(p orb.Polygon) {
	for _, r := range p {
		g.line(r)
	}
}

// Orb is the geometry as orb has it; without heights.
func (g *Geometry) Orb() orb.Geometry {
	switch g.Kind {
	case Point:
		return orb.Point{g.XY[0], g.XY[1]}
	case MultiPoint:
		return orb.MultiPoint(g.points(0, g.Len()))
	case LineString:
		return orb.LineString(g.points(0, g.Len()))
	case MultiLineString:
		var out orb.MultiLineString
		for from, to := range g.Lines {
			out = append(out, g.points(from, to))
		}
		return out
	case Polygon:
		return g.rings(0, max(1, len(g.Ends)))
	case MultiPolygon:
		var out orb.MultiPolygon
		for from, to := range g.Polygons {
			out = append(out, g.rings(from, to))
		}
		return out
	case Collection:
		var out orb.Collection
		for i := range g.Members {
			out = append(out, g.Members[i].Orb())
		}
		return out
	}
	return nil
}

func (g *Geometry) points(from, to int) []orb.Point {
	out := make([]orb.Point, 0, to-from)
	for i := from; i < to; i++ {
		out = append(out, orb.Point{g.XY[2*i], g.XY[2*i+1]})
	}
	return out
}

func (g *Geometry) rings(from, to int) orb.Polygon {
	var out orb.Polygon
	for i := from; i < to; i++ {
		a, b := g.Span(i)
		out = append(out, g.points(a, b))
	}
	return out
}

// Bounds is the box of the positions, members included.
func (g *Geometry) Bounds() (minX, minY, maxX, maxY float64) {
	minX, minY, maxX, maxY = math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)
	for i := 0; i+1 < len(g.XY); i += 2 {
		x, y := g.XY[i], g.XY[i+1]
		minX, maxX = min(minX, x), max(maxX, x)
		minY, maxY = min(minY, y), max(maxY, y)
	}
	for i := range g.Members {
		a, b, c, d := g.Members[i].Bounds()
		minX, minY, maxX, maxY = min(minX, a), min(minY, b), max(maxX, c), max(maxY, d)
	}
	return minX, minY, maxX, maxY
}
