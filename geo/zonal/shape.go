package zonal

import (
	"math"
	"slices"

	"github.com/paulmach/orb"

	"contado/geo/fault"
	"contado/geo/grid"
)

// maxFar is how many cells from the raster's corner a vertex may lie: beyond
// it float64 no longer resolves a thousandth of a cell.
const maxFar = 1e12

// chunkEdges is how many consecutive edges share one box.
const chunkEdges = 64

// minFraction is what rounding may leave in a cell that no area covers: heights
// are multiples of 2⁻⁵⁰.
const minFraction = 16 * 0x1p-50

// meta is what planning needs to know of an area.
type meta struct {
	win    grid.Window // cells of the grid that the area may touch; may be empty
	area   float64     // in cells, holes taken off
	within bool        // the whole area lies on the grid
	minF   float64     // smaller fractions are rounding
}

// shape is an area in cell space: x is the column, y the row.
type shape struct {
	meta
	pts    []orb.Point
	rings  []ring
	chunks []chunk
	single [1]orb.Polygon // a polygon as a multipolygon of one
	// one is set when the whole area lies in the single cell of win.
	one bool
}

// ring is a closed run of points; sign makes left edges of the covered side
// count +1 with y downwards, whatever way the ring turns.
type ring struct {
	from, to int // pts[from:to], last equal to first
	part     int // index of the polygon it belongs to
	hole     bool
	sign     float64
}

// chunk is a run of edges pts[i]→pts[i+1] for i in [from, to) of one ring.
type chunk struct {
	from, to               int
	sign                   float64
	minX, minY, maxX, maxY float64
}

// newShape maps an area to cell space; errors name the area.
func newShape(g grid.Grid, a Area, name label) (*shape, error) {
	s := new(shape)
	return s, s.load(g, a, name)
}

// load makes s the shape of an area and reuses its memory.
func (s *shape) load(g grid.Grid, a Area, name label) error {
	polys, err := s.polygons(a.Geometry, name)
	if err != nil {
		return err
	}
	n, rings := 0, 0
	for _, p := range polys {
		rings += len(p)
		for _, r := range p {
			n += len(r)
		}
	}
	s.meta, s.one = meta{}, false
	s.pts, s.rings, s.chunks = slices.Grow(s.pts[:0], n), slices.Grow(s.rings[:0], rings), s.chunks[:0]
	m := newMapper(g.Transform)
	for pi, p := range polys {
		for ri, r := range p {
			if err := s.addRing(m, r, pi, ri > 0, name); err != nil {
				return err
			}
		}
	}
	if s.area < 0 {
		return fault.Errorf("zonal.Compute", fault.Invalid,
			"%s: its holes are larger than its shells; repair the geometry", name)
	}
	s.minF = math.Max(minFraction, math.Min(1e-12, 1e-6*s.area))
	s.index(g)
	return nil
}

func (s *shape) polygons(g orb.Geometry, name label) (orb.MultiPolygon, error) {
	const op = "zonal.Compute"
	mp := orb.MultiPolygon(s.single[:])
	switch t := g.(type) {
	case nil:
		return nil, fault.Errorf(op, fault.Invalid, "%s has no geometry", name)
	case orb.Polygon:
		mp[0] = t
	case orb.MultiPolygon:
		mp = t
	case orb.Ring:
		mp[0] = orb.Polygon{t}
	case orb.Bound:
		mp[0] = t.ToPolygon()
	default:
		return nil, fault.Errorf(op, fault.Invalid, "%s is a %s: only polygons have cells inside", name, g.GeoJSONType())
	}
	for _, p := range mp {
		if len(p) > 0 {
			return mp, nil
		}
	}
	return nil, fault.Errorf(op, fault.Invalid, "%s is an empty polygon", name)
}

func (s *shape) addRing(m mapper, r orb.Ring, part int, hole bool, name label) error {
	const op = "zonal.Compute"
	if len(r) < 4 {
		return fault.Errorf(op, fault.Invalid, "%s has a ring of %d points: a ring needs four or more", name, len(r))
	}
	if !finite(r[0][0]) || !finite(r[0][1]) {
		return fault.Errorf(op, fault.Invalid, "%s has a coordinate that is not a number (%v)", name, r[0])
	}
	if r[0] != r[len(r)-1] {
		return fault.Errorf(op, fault.Invalid, "%s has a ring that is not closed: it starts at %v and ends at %v", name, r[0], r[len(r)-1])
	}
	from := len(s.pts)
	for _, p := range r {
		q := m.cell(p)
		if !finite(q[0]) || !finite(q[1]) {
			return fault.Errorf(op, fault.Invalid, "%s has a coordinate that is not a number (%v)", name, p)
		}
		if math.Abs(q[0]) > maxFar || math.Abs(q[1]) > maxFar {
			return fault.Errorf(op, fault.Invalid, "%s has the coordinate %v, absurdly far from the raster: is it in the raster's CRS?", name, p)
		}
		s.pts = append(s.pts, q)
	}
	a := shoelace(s.pts[from:])
	sign := -1.0
	if a < 0 {
		sign = 1
	}
	if hole {
		sign = -sign
		s.area -= math.Abs(a)
	} else {
		s.area += math.Abs(a)
	}
	s.rings = append(s.rings, ring{from: from, to: len(s.pts), part: part, hole: hole, sign: sign})
	return nil
}

// shoelace is the signed area of a closed ring, relative to its first point
// so that small rings far from the origin keep their digits.
func shoelace(p []orb.Point) float64 {
	var a ksum
	o := p[0]
	for i := 1; i+1 < len(p); i++ {
		ax, ay := p[i][0]-o[0], p[i][1]-o[1]
		bx, by := p[i+1][0]-o[0], p[i+1][1]-o[1]
		a.add(ax*by - bx*ay)
	}
	return a.value() / 2
}

// index builds the chunks and the window.
func (s *shape) index(g grid.Grid) {
	s.chunks = slices.Grow(s.chunks, len(s.pts)/chunkEdges+len(s.rings))
	inf := math.Inf(1)
	minX, minY, maxX, maxY := inf, inf, -inf, -inf
	for _, r := range s.rings {
		for from := r.from; from < r.to-1; from += chunkEdges {
			c := chunk{from: from, to: min(from+chunkEdges, r.to-1), sign: r.sign, minX: inf, minY: inf, maxX: -inf, maxY: -inf}
			for _, p := range s.pts[c.from : c.to+1] {
				c.minX, c.maxX = math.Min(c.minX, p[0]), math.Max(c.maxX, p[0])
				c.minY, c.maxY = math.Min(c.minY, p[1]), math.Max(c.maxY, p[1])
			}
			minX, maxX = math.Min(minX, c.minX), math.Max(maxX, c.maxX)
			minY, maxY = math.Min(minY, c.minY), math.Max(maxY, c.maxY)
			s.chunks = append(s.chunks, c)
		}
	}
	w, h := float64(g.Width), float64(g.Height)
	s.within = minX >= 0 && minY >= 0 && maxX <= w && maxY <= h
	c0, c1 := math.Floor(math.Max(minX, 0)), math.Ceil(math.Min(maxX, w))
	r0, r1 := math.Floor(math.Max(minY, 0)), math.Ceil(math.Min(maxY, h))
	if c1 > c0 && r1 > r0 {
		s.win = grid.Window{Col: int(c0), Row: int(r0), Width: int(c1 - c0), Height: int(r1 - r0)}
	}
	s.one = s.within && s.win.Width == 1 && s.win.Height == 1
}

// mapper maps CRS coordinates to cell space. It subtracts the origin before
// it divides, which keeps digits that the inverse transform would lose, and
// puts a coordinate that is within its own rounding of a cell line onto it,
// so that areas drawn along cell lines have no slivers beyond them.
type mapper struct {
	t        grid.Transform
	det      float64
	straight bool
}

func newMapper(t grid.Transform) mapper {
	return mapper{t: t, det: t.Det(), straight: t[2] == 0 && t[4] == 0}
}

func (m mapper) cell(p orb.Point) orb.Point {
	t := &m.t
	dx, dy := p[0]-t[0], p[1]-t[3]
	const ulps = 4 * 0x1p-52
	ex, ey := ulps*math.Max(math.Abs(p[0]), math.Abs(t[0])), ulps*math.Max(math.Abs(p[1]), math.Abs(t[3]))
	if m.straight {
		return orb.Point{snap(dx/t[1], math.Abs(ex/t[1])), snap(dy/t[5], math.Abs(ey/t[5]))}
	}
	return orb.Point{
		snap((dx*t[5]-dy*t[2])/m.det, (ex*math.Abs(t[5])+ey*math.Abs(t[2]))/math.Abs(m.det)),
		snap((dy*t[1]-dx*t[4])/m.det, (ey*math.Abs(t[1])+ex*math.Abs(t[4]))/math.Abs(m.det)),
	}
}

func snap(v, tol float64) float64 {
	if r := math.Round(v); math.Abs(v-r) <= math.Min(tol, 1e-6) {
		return r
	}
	return v
}

// finite is false for NaN and ±Inf.
func finite(v float64) bool { return v-v == 0 }
