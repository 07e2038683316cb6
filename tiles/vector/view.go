package vector

import (
	"math/bits"

	"contado/geo"
	"contado/tiles/tms"
)

// view is where a tile lies, in metres of Web Mercator and in steps of the
// world (see entry).
type view struct {
	tile    tms.Tile
	bounds  geo.BBox
	originX float64
	originY float64
	scale   float64 // quarter units a metre
	x0, y0  int64   // steps: north-west corner
	side    int64   // steps
	unit2   float64 // square steps a square unit
}

func newView(t tms.Tile) view {
	b := tms.WebMercatorQuad().Bounds(t)
	side := int64(worldSize >> t.Z)
	unit := float64(side) / extent
	return view{
		tile: t, bounds: b, originX: b.MinX, originY: b.MaxY, scale: extent * quarters / b.Width(),
		x0: int64(t.X) * side, y0: int64(t.Y) * side, side: side, unit2: unit * unit,
	}
}

// margin is units in steps, rounded up.
func (v *view) margin(units int64) int64 { return (v.side*units + extent - 1) / extent }

// offset is where a place lies from the tile's corner, in steps: of its images
// round the world the one nearest the tile's middle.
func (v *view) offset(x, y uint32) (dx, dy int64) {
	half := v.side / 2
	return int64(int32(x-uint32(v.x0+half))) + half, int64(y) - v.y0
}

// inside reports whether an offset lies in the tile.
func (v *view) inside(dx, dy int64) bool {
	return uint64(dx) < uint64(v.side) && uint64(dy) < uint64(v.side)
}

// at is a place in tile units.
func (v *view) at(x, y uint32) xy {
	dx, dy := v.offset(x, y)
	k := extent / float64(v.side)
	return xy{float64(dx) * k, float64(dy) * k}
}

// along is where a row lies on a Z-order curve over the tile and half its side
// around, in 32 bits.
func (v *view) along(e *entry) uint64 {
	dx, dy := v.offset(e.x, e.y)
	t := spread()
	cell := func(d int64) uint64 {
		c := uint64(max(0, min(d+v.side/2, 2*v.side-1))) << 15 / uint64(v.side)
		return uint64(t[c&(pixelsPerSide-1)]) | uint64(t[c>>pixelBits])<<(2*pixelBits)
	}
	return cell(dx) | cell(dy)<<1
}

// meets reports whether an entry's box, grown by margin, meets the tile.
func (v *view) meets(e *entry, margin int64, reach *[1 << reachBits]int64) bool {
	dx, dy := v.offset(e.x, e.y)
	r := reach[e.far&reachMask] + margin
	return dx >= -r && dx <= v.side+r && dy >= -r && dy <= v.side+r
}

// meetsBlock is meets for a block of rows, whose box may leave the world.
func (v *view) meetsBlock(b *block, margin int64) bool {
	if b.maxY < v.y0-margin || b.minY > v.y0+v.side+margin {
		return false
	}
	lo, hi := v.x0-margin, v.x0+v.side+margin
	for shift := int64(-worldSize); shift <= worldSize; shift += worldSize {
		if b.maxX+shift >= lo && b.minX+shift <= hi {
			return true
		}
	}
	return false
}

// scan calls visit for the rows of a segment that are kept and whose box meets
// the tile with a margin of units round it, in order of the table.
func (v *view) scan(g *segment, units int64, visit func(row int, e *entry)) {
	margin, reach := v.margin(units), reaches()
	s := g.sum
	for i := range s.blocks {
		if !v.meetsBlock(&s.blocks[i], margin) {
			continue
		}
		for word := i * (blockRows / 64); word < (i+1)*(blockRows/64) && 64*word < len(s.entries); word++ {
			entries := s.entries[64*word : min(64*word+64, len(s.entries))]
			hits := uint64(0)
			for k := range entries {
				if e := &entries[k]; e.far >= uint16(pointEntry)<<reachBits && v.meets(e, margin, reach) {
					hits |= 1 << k
				}
			}
			if hits != 0 && g.keep != nil {
				hits = g.keep(word, hits)
			}
			for ; hits != 0; hits &= hits - 1 {
				k := bits.TrailingZeros64(hits)
				visit(64*word+k, &entries[k])
			}
		}
	}
}
