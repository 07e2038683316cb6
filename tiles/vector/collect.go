package vector

import (
	"math"

	"contado/geo"
	"contado/tiles/tms"

	"github.com/paulmach/orb"
)

const (
	quarters    = 4   // steps of a tile unit in collected geometry
	coarse      = 320 // units round the tile that collected geometry keeps
	buffer      = 64  // units round the tile that a tile holds
	densifyFrom = 64  // units: shorter edges bend by less than half a unit
)

var (
	coarseBox = box{-coarse * quarters, -coarse * quarters, (extent + coarse) * quarters, (extent + coarse) * quarters}
	finalBox  = box{-buffer, -buffer, extent + buffer, extent + buffer}
	coreBox   = box{0, 0, extent, extent}
)

// row is a feature's identity and attributes.
type row struct {
	id     int64
	values []any
}

type shapeKind uint8

const (
	pointShape shapeKind = iota + 1
	lineShape
	polygonShape
	tinyShape // a pixel's worth of polygons at one place
)

// shape is what one feature draws of one kind: all its points, all its
// lines, one of its polygons.
type shape struct {
	kind       shapeKind
	clipped    bool // rings were cut, and no longer are exterior and holes
	row        int32
	parts, end int32 // in collector.parts
	area       float64
	box        box // units, before any cut
}

func (s *shape) centre() xy {
	return xy{(s.box.minX + s.box.maxX) / 2, (s.box.minY + s.box.maxY) / 2}
}

// part is a run of vertices: a ring without its closing point, a line, or
// points.
type part struct {
	from, to int32
	area     float64 // of a ring, square units, without sign
	at       xy      // centre of its box, units
}

// collector turns features into vertices on a grid of quarter units, cut to
// the surroundings of the tile.
type collector struct {
	project  Projector
	straight bool // edges stay straight when projected
	wraps    bool // what it gives jumps at the antimeridian
	originX  float64
	originY  float64
	scale    float64 // quarter units a metre
	most     int     // vertices

	rows     []row
	shapes   []shape
	parts    []part
	vertices []vertex
	tiny     *accumulator
	source   float64 // area that went to tiny
	stats    Stats

	xs, ys []float64
	arena  []xy // placed points of the current feature

	// of the current feature:
	seen bool // it has a row
	bad  bool // some of it cannot be drawn
	lost bool // some of it did not find room
}

func newCollector(t tms.Tile, p Projector, most int) *collector {
	b := tms.WebMercatorQuad().Bounds(t)
	_, degrees := p.(FromWGS84) // longitudes as they are: no jumps
	return &collector{
		project: p, straight: p == nil, wraps: p != nil && !degrees,
		originX: b.MinX, originY: b.MaxY, scale: extent * quarters / b.Width(),
		most: most, tiny: newAccumulator(basePixel),
	}
}

// add collects a feature: its points, lines and polygons become up to three
// features of the tile with the same id.
func (c *collector) add(f geo.Feature) error {
	c.seen, c.bad, c.lost = false, false, false
	c.arena = c.arena[:0]
	for _, kind := range [3]shapeKind{pointShape, lineShape, polygonShape} {
		if err := c.walk(f.Geometry, kind, &f, 0); err != nil {
			return err
		}
	}
	if c.bad {
		c.stats.Invalid++
	}
	if c.lost {
		c.stats.Dropped++
	}
	return nil
}

func (c *collector) walk(g orb.Geometry, kind shapeKind, f *geo.Feature, depth int) error {
	const deepest = 16
	if depth > deepest {
		c.bad = true
		return nil
	}
	switch g := g.(type) {
	case orb.Collection:
		for _, m := range g {
			if err := c.walk(m, kind, f, depth+1); err != nil {
				return err
			}
		}
	case orb.Point:
		if kind == pointShape {
			return c.points(orb.MultiPoint{g}, f)
		}
	case orb.MultiPoint:
		if kind == pointShape {
			return c.points(g, f)
		}
	case orb.LineString:
		if kind == lineShape {
			return c.lines(orb.MultiLineString{g}, f)
		}
	case orb.MultiLineString:
		if kind == lineShape {
			return c.lines(g, f)
		}
	case orb.Ring:
		if kind == polygonShape {
			return c.polygon(orb.Polygon{g}, f)
		}
	case orb.Polygon:
		if kind == polygonShape {
			return c.polygon(g, f)
		}
	case orb.MultiPolygon:
		if kind == polygonShape {
			for _, p := range g {
				if err := c.polygon(p, f); err != nil {
					return err
				}
			}
		}
	case orb.Bound:
		if kind == polygonShape {
			return c.polygon(g.ToPolygon(), f)
		}
	}
	return nil
}

// row returns the index of the current feature's row.
func (c *collector) row(f *geo.Feature) int32 {
	if !c.seen {
		c.rows = append(c.rows, row{f.ID, f.Values})
		c.seen = true
	}
	return int32(len(c.rows) - 1)
}

// place projects points to quarter units. Points that cannot be projected
// are left out, and bad tells so.
func (c *collector) place(ps []orb.Point) (out []xy, bad bool, err error) {
	n := len(ps)
	if cap(c.xs) < n {
		c.xs, c.ys = make([]float64, n*2), make([]float64, n*2)
	}
	xs, ys := c.xs[:n], c.ys[:n]
	for i, p := range ps {
		xs[i], ys[i] = p[0], p[1]
	}
	if c.project != nil && n > 0 {
		if err := c.project.Points(xs, ys); err != nil {
			return nil, false, err
		}
	}
	if cap(c.arena)-len(c.arena) < n+n/4 {
		c.arena = make([]xy, 0, max(2*cap(c.arena), 2*n, 256))
	}
	used := len(c.arena)
	out = c.arena[used:used:cap(c.arena)]
	from := -1 // index in ps of the last of out
	for i := range n {
		p := xy{(xs[i] - c.originX) * c.scale, (c.originY - ys[i]) * c.scale}
		if c.wraps {
			p.x = c.unwrap(p.x, out)
		}
		if !(math.Abs(p.x) < 1e15 && math.Abs(p.y) < 1e15) { // also NaN
			bad = true
			continue
		}
		if !c.straight && from == i-1 && from >= 0 {
			if out, err = c.bend(out, ps[from], ps[i], out[len(out)-1], p, 0); err != nil {
				return nil, false, err
			}
			xs, ys = c.xs[:n], c.ys[:n]
		}
		out = append(out, p)
		from = i
	}
	if used+len(out) <= cap(c.arena) { // else bends made it grow elsewhere
		c.arena = c.arena[:used+len(out)]
	}
	return out, bad, nil
}

// unwrap moves x by whole worlds to be near the point before it, or near the
// tile when it is the first: projections give longitudes of −180° to 180°,
// and a line across the antimeridian would run round the world.
func (c *collector) unwrap(x float64, before []xy) float64 {
	near := float64(extent*quarters) / 2
	if n := len(before); n > 0 {
		near = before[n-1].x
	}
	world := 2 * tms.HalfWorld * c.scale
	return x - world*math.Round((x-near)/world)
}

// bend appends points between a and b (drawn at p and q) where the straight
// line between them in the dataset's CRS is not straight in the tile: off by
// more than half a unit, and near the tile. The same for b and a.
func (c *collector) bend(out []xy, a, b orb.Point, p, q xy, depth int) ([]xy, error) {
	const deepest = 20
	length := math.Hypot(q.x-p.x, q.y-p.y)
	if length < densifyFrom*quarters || depth > deepest {
		return out, nil
	}
	if !boundsOf([]xy{p, q}).buffer(length / 4).meets(coarseBox) {
		return out, nil
	}
	m := orb.Point{(a[0] + b[0]) / 2, (a[1] + b[1]) / 2}
	x, y := []float64{m[0]}, []float64{m[1]}
	if err := c.project.Points(x, y); err != nil {
		return nil, err
	}
	mid := xy{(x[0] - c.originX) * c.scale, (c.originY - y[0]) * c.scale}
	if c.wraps {
		mid.x = c.unwrap(mid.x, []xy{p})
	}
	off := math.Hypot(mid.x-(p.x+q.x)/2, mid.y-(p.y+q.y)/2)
	if !(off > quarters/2) || math.IsInf(off, 0) { // also NaN
		return out, nil
	}
	out, err := c.bend(out, a, m, p, mid, depth+1)
	if err != nil {
		return nil, err
	}
	return c.bend(append(out, mid), m, b, mid, q, depth+1)
}

func (c *collector) points(ps orb.MultiPoint, f *geo.Feature) error {
	straight := c.straight
	c.straight = true // points have no edges to bend
	at, bad, err := c.place(ps)
	c.straight = straight
	if err != nil {
		return err
	}
	c.bad = c.bad || bad
	from := int32(len(c.vertices))
	keep := box{finalBox.minX * quarters, finalBox.minY * quarters, finalBox.maxX * quarters, finalBox.maxY * quarters}
	for _, p := range at {
		if (box{p.x, p.y, p.x, p.y}).within(keep) && c.room(1) {
			c.vertices = append(c.vertices, quantise(p))
		}
	}
	if int(from) == len(c.vertices) {
		return nil
	}
	c.parts = append(c.parts, part{from: from, to: int32(len(c.vertices))})
	c.push(shape{kind: pointShape, row: c.row(f)}, len(c.parts)-1)
	return nil
}

func (c *collector) lines(ls orb.MultiLineString, f *geo.Feature) error {
	first := len(c.parts)
	all := box{math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)}
	for _, l := range ls {
		at, bad, err := c.place(l)
		if err != nil {
			return err
		}
		c.bad = c.bad || bad
		b := boundsOf(at)
		if len(at) < 2 || !b.meets(coarseBox) || !c.room(len(at)) {
			continue
		}
		all = box{min(all.minX, b.minX), min(all.minY, b.minY), max(all.maxX, b.maxX), max(all.maxY, b.maxY)}
		if b.within(coarseBox) {
			c.appendPart(at, 2)
		} else {
			clipLine(at, coarseBox, func(run []xy) { c.appendPart(run, 2) })
		}
	}
	if len(c.parts) > first {
		c.push(shape{kind: lineShape, row: c.row(f), box: units(all)}, first)
	}
	return nil
}

func units(b box) box {
	return box{b.minX / quarters, b.minY / quarters, b.maxX / quarters, b.maxY / quarters}
}

func (c *collector) push(s shape, firstPart int) {
	s.parts, s.end = int32(firstPart), int32(len(c.parts))
	c.shapes = append(c.shapes, s)
}

// room reports whether n more vertices may be kept; when not, the feature
// counts as dropped.
func (c *collector) room(n int) bool {
	if len(c.vertices)+n <= c.most {
		return true
	}
	c.lost = true
	return false
}

func quantise(p xy) vertex { return vertex{int32(math.Round(p.x)), int32(math.Round(p.y))} }

// appendPart stores a line or ring on the grid, without repeated points;
// false when fewer than least are left.
func (c *collector) appendPart(at []xy, least int) bool {
	from := len(c.vertices)
	for _, p := range at {
		if v := quantise(p); len(c.vertices) == from || c.vertices[len(c.vertices)-1] != v {
			c.vertices = append(c.vertices, v)
		}
	}
	if least == 3 { // a ring
		for len(c.vertices)-from > 1 && c.vertices[len(c.vertices)-1] == c.vertices[from] {
			c.vertices = c.vertices[:len(c.vertices)-1]
		}
	}
	if len(c.vertices)-from < least {
		c.vertices = c.vertices[:from]
		return false
	}
	b := boundsOf(at)
	c.parts = append(c.parts, part{
		from: int32(from), to: int32(len(c.vertices)),
		area: math.Abs(shoelace(at)) / (quarters * quarters),
		at:   xy{(b.minX + b.maxX) / 2 / quarters, (b.minY + b.maxY) / 2 / quarters},
	})
	return true
}
