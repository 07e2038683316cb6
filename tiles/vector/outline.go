package vector

import (
	"math"

	"contado/tiles/tms"
)

// An outline is the ring of a small polygon without holes, kept beside the
// summary: most polygons of a cadastre are such, and a tile of thousands need
// not look for each in the file. The first number counts the corners, pairs of
// offsets from the entry's place follow, in steps, without closing point.

const (
	// stepZoom is the finest zoom at which vertices lie on whole steps of the
	// world, 9 mm at the equator: a quarter unit is 4 of them there. Those of
	// outlines and others are the same then.
	stepZoom = 16
	// mostCorners bounds an outline, mostOutlined the rows of a layer that has
	// them: some 50 MB.
	mostCorners  = 16
	mostOutlined = 2_000_000
)

// outlineBend is the squared length of edges, in the CRS of the layer, that
// may bend in some tile up to stepZoom; 0 when there are to be no outlines.
func outlineBend(w *warp, rows int) float64 {
	if w.jumps || rows > mostOutlined {
		return 0
	}
	return w.bendAt(2 * tms.HalfWorld / (1 << stepZoom))
}

// bendAt is the squared length of edges that may bend in tiles of a side in
// metres.
func (w *warp) bendAt(side float64) float64 {
	switch {
	case w.exact == nil:
		return math.Inf(1)
	case w.maxCurve > 0:
		// The middle of an edge of length l is off by at most curve·l²/8: half
		// a unit is let pass.
		return 4 * (side / extent) / w.maxCurve
	}
	return 0
}

// toStep is the whole step nearest to a place in Web Mercator.
func toStep(x, y float64) (sx, sy float64) {
	return math.Floor((tms.HalfWorld+x)*perMetre + 0.5), math.Floor((tms.HalfWorld-y)*perMetre + 0.5)
}

// outline keeps the only ring of a polygon if it is small. src are its
// positions in the CRS of the layer, xy in Web Mercator.
func (m *summariser) outline(row int, e *entry, src, xy []float64) {
	n := len(xy) / 2
	if n > 1 && xy[0] == xy[2*n-2] && xy[1] == xy[2*n-1] {
		n--
	}
	if n < 3 || n > mostCorners {
		return
	}
	start := len(m.outlines)
	m.outlines = append(m.outlines, int16(n))
	for i := range n {
		before := (i + n - 1) % n
		dx, dy := src[2*i]-src[2*before], src[2*i+1]-src[2*before+1]
		sx, sy := toStep(xy[2*i], xy[2*i+1])
		sx, sy = sx-float64(e.x), sy-float64(e.y)
		if !(dx*dx+dy*dy <= m.bend && math.Abs(sx) <= math.MaxInt16 && math.Abs(sy) <= math.MaxInt16) { // also NaN
			m.outlines = m.outlines[:start]
			return
		}
		m.outlines = append(m.outlines, int16(sx), int16(sy))
	}
	m.outlineAt[row-m.first] = uint32(start + 1)
}

// outlineOf is the outline of a row, nil when it has none.
func (s *summary) outlineOf(row int) []int16 {
	if s.outlineAt == nil || s.outlineAt[row] == 0 {
		return nil
	}
	from := s.outlineAt[row] - 1
	return s.outlines[from+1 : from+1+2*uint32(s.outlines[from])]
}

// outline collects a polygon from its outline; false when it collapses on the
// grid.
func (c *collector) outline(o []int16, e *entry) bool {
	dx, dy := c.v.offset(e.x, e.y)
	k := extent * quarters / float64(c.v.side)
	c.arena, c.rings, c.bad = c.arena[:0], c.rings[:0], false
	for i := 0; i+1 < len(o); i += 2 {
		c.arena = append(c.arena, xy{float64(dx+int64(o[i])) * k, float64(dy+int64(o[i+1])) * k})
	}
	c.rings = append(c.rings, c.arena)
	return c.addPolygon(e)
}
