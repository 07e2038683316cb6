package vector

import (
	"math"

	"contado/geo"

	"github.com/paulmach/orb"
)

// polygon collects one polygon: small ones go to the accumulator, the rest
// is stored, cut to the surroundings of the tile.
func (c *collector) polygon(p orb.Polygon, f *geo.Feature) error {
	var rings [][]xy
	var area float64
	var outer, reach box // of the exterior, and of all rings
	for i, r := range p {
		at, bad, err := c.place(r)
		if err != nil {
			return err
		}
		c.bad = c.bad || bad
		if n := len(at); n > 1 && at[0] == at[n-1] {
			at = at[:n-1]
		}
		if i == 0 {
			outer = boundsOf(at)
			reach = outer
			if len(at) < 3 || !outer.meets(coarseBox) {
				return nil
			}
		}
		if len(at) < 3 {
			continue
		}
		a := math.Abs(shoelace(at)) / (quarters * quarters)
		if i == 0 {
			area = a
		} else {
			area -= a
			b := boundsOf(at)
			reach = box{min(reach.minX, b.minX), min(reach.minY, b.minY), max(reach.maxX, b.maxX), max(reach.maxY, b.maxY)}
		}
		rings = append(rings, at)
	}
	if len(rings) == 0 {
		return nil
	}
	s := shape{kind: polygonShape, area: area, box: units(outer)}
	if area < basePixel*basePixel {
		c.pour(s.centre(), area, f)
		return nil
	}
	c.store(s, rings, reach, f)
	return nil
}

// pour adds a small polygon's area to the accumulator; when a pixel is full
// it becomes a shape of the feature that filled it.
func (c *collector) pour(at xy, area float64, f *geo.Feature) {
	if !inTile(at) || !(area > 0) {
		return
	}
	c.source += area
	c.stats.Tiny++
	for range c.tiny.add(at, area, row{f.ID, f.Values}) {
		c.push(pixelAt(at, c.row(f)), len(c.parts))
	}
}

func pixelAt(at xy, r int32) shape {
	return shape{kind: tinyShape, row: r, area: basePixel * basePixel, box: box{at.x, at.y, at.x, at.y}}
}

// settle empties the accumulator into shapes, after the last feature. They
// carry the attributes of the last feature of their bucket, and no id: that
// feature may have been drawn already.
func (c *collector) settle() {
	c.tiny.rest(func(at xy, r row) {
		c.rows = append(c.rows, row{-1, r.values})
		c.push(pixelAt(at, int32(len(c.rows)-1)), len(c.parts))
	})
}

func (c *collector) store(s shape, rings [][]xy, reach box, f *geo.Feature) {
	first, mark := len(c.parts), len(c.vertices)
	if !reach.within(coarseBox) {
		s.clipped = true
		rings = clipRings(rings, coarseBox)
	}
	total := 0
	for _, r := range rings {
		total += len(r)
	}
	if !c.room(total) {
		return
	}
	for i, r := range rings {
		if i > 0 && !s.clipped {
			if a := math.Abs(shoelace(r)) / (quarters * quarters); a < basePixel*basePixel {
				c.fillHole(centreOf(r), a)
				continue
			}
		}
		if !c.appendPart(r, 3) && i == 0 && !s.clipped {
			c.parts, c.vertices = c.parts[:first], c.vertices[:mark]
			c.pour(s.centre(), s.area, f)
			return
		}
	}
	if len(c.parts) > first {
		s.row = c.row(f)
		c.push(s, first)
	}
}

// fillHole drops a hole too small to draw and takes its area from what the
// accumulator will draw near.
func (c *collector) fillHole(at xy, area float64) {
	if inTile(at) {
		c.source -= area
		c.tiny.add(at, -area, row{})
	}
}

func centreOf(r []xy) xy {
	b := boundsOf(r)
	return xy{(b.minX + b.maxX) / 2 / quarters, (b.minY + b.maxY) / 2 / quarters}
}
