package vector

import (
	"math"
	"sync"

	"contado/geo/fgb"
	"contado/tiles/tms"
)

const (
	quarters = 4   // steps of a tile unit in collected geometry
	coarse   = 320 // units round the tile that collected geometry keeps
	buffer   = 64  // units round the tile that a tile holds
)

var (
	coarseBox = box{-coarse * quarters, -coarse * quarters, (extent + coarse) * quarters, (extent + coarse) * quarters}
	finalBox  = box{-buffer, -buffer, extent + buffer, extent + buffer}
)

// shape is what a candidate draws: all its lines, or one of its polygons.
type shape struct {
	clipped    bool // rings were cut, and no longer are exterior and holes
	within     bool // all of it lies in the tile
	parts, end int32
	entry      *entry
}

// part is a run of vertices: a ring without its closing point, or a line.
type part struct {
	from, to int32
	area     float64 // of a ring, square units, without sign
	at       entry   // of a ring that may be a hole: its place and size
}

// collector turns geometries into vertices on a grid of quarter units, cut to
// the surroundings of the tile.
type collector struct {
	v    *view
	warp *warp
	bend float64 // squared length, in the layer's CRS, of edges that may bend
	most int     // vertices

	shapes    []shape
	parts     []part
	vertices  []vertex
	fixed     []bool   // by vertex: a junction
	slots     []uint32 // by vertex: of junctions
	junctions junctions

	flat  fgb.Shape
	xy    []float64
	arena []xy
	rings [][]xy
	bad   bool // some of the current geometry has no place

	walker   stripWalker
	thinEnds []uint32
	chord    []bool // by vertex of flat: the edge before it stands for others; nil: none does
}

var collectorPool = sync.Pool{New: func() any { return &collector{} }}

func newCollector(v *view, w *warp, most int) *collector {
	c := collectorPool.Get().(*collector)
	c.v, c.warp, c.most, c.bend = v, w, most, w.bendAt(v.bounds.Width())
	return c
}

func (c *collector) free() {
	c.shapes, c.parts, c.vertices = c.shapes[:0], c.parts[:0], c.vertices[:0]
	c.flat, c.warp, c.v, c.chord = fgb.Shape{}, nil, nil, nil
	const most = 1 << 20
	if cap(c.vertices) > most || cap(c.xy) > most || cap(c.walker.out) > most {
		return // for the garbage: the next tile will need less
	}
	collectorPool.Put(c)
}

// load reads and projects a geometry: afterwards xy are quarter units.
func (c *collector) load(g *segment, ref int32) error {
	row, sum := int(ref)-g.first, g.sum
	h := g.table.at(row)
	if err := h.shape(&c.flat); err != nil {
		return err
	}
	c.chord = nil
	if len(c.flat.XY) >= 2*manyVertices && len(c.flat.Ends) > 0 && !c.warp.jumps {
		p, err := sum.stripsOf(row, &c.flat)
		if err != nil {
			return err
		}
		c.thin(p)
	}
	n := len(c.flat.XY)
	if cap(c.xy) < n {
		c.xy = make([]float64, 2*n)
	}
	c.xy = c.xy[:n]
	if err := c.warp.points(c.xy, c.flat.XY); err != nil {
		return err
	}
	if c.warp.jumps {
		unwrap(c.xy)
		c.bringNear()
	}
	v := c.v
	if v.tile.Z <= stepZoom {
		k := extent * quarters / float64(v.side)
		for i := 0; i+1 < n; i += 2 {
			sx, sy := toStep(c.xy[i], c.xy[i+1])
			c.xy[i], c.xy[i+1] = (sx-float64(v.x0))*k, (sy-float64(v.y0))*k
		}
		return nil
	}
	for i := 0; i+1 < n; i += 2 {
		c.xy[i] = (c.xy[i] - v.originX) * v.scale
		c.xy[i+1] = (v.originY - c.xy[i+1]) * v.scale
	}
	return nil
}

// bringNear moves the geometry by whole worlds to be near the tile.
func (c *collector) bringNear() {
	lo, hi := math.Inf(1), math.Inf(-1)
	for i := 0; i+1 < len(c.xy); i += 2 {
		lo, hi = min(lo, c.xy[i]), max(hi, c.xy[i])
	}
	const world = 2 * tms.HalfWorld
	middle := c.v.originX + c.v.bounds.Width()/2
	k := math.Round((middle - (lo+hi)/2) / world)
	if k == 0 || hi-lo > 0.9*world || k-k != 0 {
		return
	}
	for i := 0; i+1 < len(c.xy); i += 2 {
		c.xy[i] += k * world
	}
}

// run is positions from to end of the current geometry as points, bent where
// the straight line of the layer's CRS is not straight in the tile. It lives
// until the next load.
func (c *collector) run(from, to uint32) []xy {
	start := len(c.arena)
	last := -1
	for i := int(from); i < int(to); i++ {
		p := xy{c.xy[2*i], c.xy[2*i+1]}
		if !(math.Abs(p.x) < 1e15 && math.Abs(p.y) < 1e15) { // also NaN
			c.bad = true
			continue
		}
		if last == i-1 && last >= int(from) {
			x, y := c.flat.XY[2*i]-c.flat.XY[2*i-2], c.flat.XY[2*i+1]-c.flat.XY[2*i-1]
			if x*x+y*y > c.bend && (c.chord == nil || !c.chord[i]) {
				a, b := [2]float64{c.flat.XY[2*i-2], c.flat.XY[2*i-1]}, [2]float64{c.flat.XY[2*i], c.flat.XY[2*i+1]}
				c.bent(a, b, c.arena[len(c.arena)-1], p, 0)
			}
		}
		c.arena = append(c.arena, p)
		last = i
	}
	return c.arena[start:len(c.arena):len(c.arena)]
}

// bent appends points between a and b (drawn at p and q) where the tile shows
// the bend: by more than half a unit, and near. The same for b and a.
func (c *collector) bent(a, b [2]float64, p, q xy, depth int) {
	const deepest = 20
	length := math.Hypot(q.x-p.x, q.y-p.y)
	if length < 16*quarters || depth > deepest {
		return
	}
	if !boundsOf([]xy{p, q}).buffer(length / 4).meets(coarseBox) {
		return
	}
	m := [2]float64{(a[0] + b[0]) / 2, (a[1] + b[1]) / 2}
	at := [2]float64{}
	if err := c.warp.points(at[:], m[:]); err != nil {
		return
	}
	if c.warp.jumps {
		world := 2 * tms.HalfWorld
		at[0] -= world * math.Round((at[0]-c.v.originX-p.x/c.v.scale)/world)
	}
	mid := xy{(at[0] - c.v.originX) * c.v.scale, (c.v.originY - at[1]) * c.v.scale}
	off := math.Hypot(mid.x-(p.x+q.x)/2, mid.y-(p.y+q.y)/2)
	if !(off > quarters/2) || math.IsInf(off, 0) { // also NaN
		return
	}
	c.bent(a, m, p, mid, depth+1)
	c.arena = append(c.arena, mid)
	c.bent(m, b, mid, q, depth+1)
}

// reach is half the side of an entry's box in quarter units.
func (c *collector) reach(e *entry) float64 {
	return float64(reaches()[e.far&reachMask]) / float64(c.v.side) * extent * quarters
}

// inBox reports whether an entry's box lies in a box of quarter units.
func (c *collector) inBox(e *entry, b box) bool {
	p, r := c.v.at(e.x, e.y), c.reach(e)
	x, y := p.x*quarters, p.y*quarters
	return x-r >= b.minX && x+r <= b.maxX && y-r >= b.minY && y+r <= b.maxY
}

var tileBox = box{0, 0, extent * quarters, extent * quarters}

// lines collects the lines of the current geometry; false when nothing of it
// is near.
func (c *collector) lines(e *entry) bool {
	first := len(c.parts)
	c.arena = c.arena[:0]
	c.bad = false
	whole := c.inBox(e, coarseBox)
	from := uint32(0)
	for _, to := range c.flat.Ends {
		at := c.run(from, to)
		from = to
		switch {
		case len(at) < 2:
		case whole || boundsOf(at).within(coarseBox):
			c.appendPart(at, 2)
		default:
			clipLine(at, coarseBox, func(run []xy) { c.appendPart(run, 2) })
		}
	}
	if len(c.parts) == first {
		return false
	}
	c.shapes = append(c.shapes, shape{parts: int32(first), end: int32(len(c.parts)), entry: e})
	return true
}

// polygon collects part number n of the current geometry, whose entry is e;
// false when it collapses on the grid.
func (c *collector) polygon(n int, e *entry) bool {
	ring := 0
	if n > 0 {
		ring = int(c.flat.Parts[n-1])
	}
	ends := c.flat.Ends[ring:c.flat.Parts[n]]
	from := uint32(0)
	if ring > 0 {
		from = c.flat.Ends[ring-1]
	}
	c.arena, c.rings, c.bad = c.arena[:0], c.rings[:0], false
	for _, to := range ends {
		at := c.run(from, to)
		if n := len(at); n > 1 && at[0] == at[n-1] {
			at = at[:n-1]
		}
		if len(at) >= 3 {
			c.rings = append(c.rings, at)
		} else if len(c.rings) == 0 {
			return false
		}
		from = to
	}
	return c.addPolygon(e)
}

// addPolygon collects the polygon that c.rings bound; false when it collapses
// on the grid.
func (c *collector) addPolygon(e *entry) bool {
	first, mark := len(c.parts), len(c.vertices)
	s := shape{parts: int32(first), entry: e, within: c.inBox(e, tileBox)}
	rings := c.rings
	if !s.within {
		for _, r := range rings {
			if !boundsOf(r).within(coarseBox) {
				s.clipped = true
				rings = clipRings(rings, coarseBox)
				break
			}
		}
	}
	for i, r := range rings {
		if !c.appendPart(r, 3) && i == 0 && !s.clipped {
			c.parts, c.vertices = c.parts[:first], c.vertices[:mark]
			return false
		}
		if i > 0 && !s.clipped && len(c.parts) > first+1 {
			c.placeHole(&c.parts[len(c.parts)-1], r)
		}
	}
	s.end = int32(len(c.parts))
	if s.end > s.parts {
		c.shapes = append(c.shapes, s)
	}
	return true
}

// placeHole notes where a hole is, should it be too small to draw.
func (c *collector) placeHole(p *part, r []xy) {
	b := boundsOf(r)
	step := float64(c.v.side) / (extent * quarters)
	p.at.x = uint32(c.v.x0 + int64((b.minX+b.maxX)/2*step))
	p.at.y = uint32(c.v.y0 + int64((b.minY+b.maxY)/2*step))
	p.at.size = float32(p.area * c.v.unit2)
}

func quantise(p xy) vertex { return vertex{int32(math.Floor(p.x + 0.5)), int32(math.Floor(p.y + 0.5))} }

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
	p := part{from: int32(from), to: int32(len(c.vertices))}
	if least == 3 {
		p.area = math.Abs(shoelace(at)) / (quarters * quarters)
	}
	c.parts = append(c.parts, p)
	return true
}

// findJunctions looks where borders part.
func (c *collector) findJunctions() {
	n := len(c.vertices)
	c.junctions.reset(n)
	if cap(c.fixed) < n {
		c.fixed, c.slots = make([]bool, cap(c.vertices)), make([]uint32, cap(c.vertices))
	}
	c.fixed, c.slots = c.fixed[:n], c.slots[:n]
	for i := range c.parts {
		p := &c.parts[i]
		c.junctions.addRing(c.slots[p.from:p.to], c.vertices[p.from:p.to])
	}
	for i := range c.parts {
		p := &c.parts[i]
		fixed := c.fixed[p.from:p.to]
		for k, slot := range c.slots[p.from:p.to] {
			fixed[k] = c.junctions.slots[slot].pair == 1
		}
	}
}
