package pmtiles

import (
	"math/bits"

	"contado/geo/fault"
)

// MaxZoom is the finest zoom whose tile ids fit 63 bits.
const MaxZoom = 31

// before is the number of tiles of all zooms coarser than z: (4^z − 1) / 3.
func before(z int) uint64 { return (uint64(1)<<(2*z) - 1) / 3 }

// TileID is the place of a tile on the Hilbert curves that go through the
// zooms one after the other. Tiles outside the grid are fault.Invalid.
func TileID(z, x, y int) (uint64, error) {
	if z < 0 || z > MaxZoom || x < 0 || y < 0 || x >= 1<<z || y >= 1<<z {
		return 0, fault.Errorf("pmtiles.TileID", fault.Invalid, "there is no tile %d/%d/%d", z, x, y)
	}
	return tileID(z, uint32(x), uint32(y)), nil
}

// tileID walks down the curve's quadrants, turning the tile's place in each
// as the curve turns there (Hilbert curve as of Wikipedia, "xy2d").
func tileID(z int, x, y uint32) uint64 {
	id := before(z)
	for a := z - 1; a >= 0; a-- {
		s := uint32(1) << a
		rx, ry := (x>>a)&1, (y>>a)&1
		id += uint64((3*rx)^ry) << (2 * a)
		x, y = x&(s-1), y&(s-1)
		if ry == 0 {
			if rx == 1 {
				x, y = s-1-x, s-1-y
			}
			x, y = y, x
		}
	}
	return id
}

// ZXY is the tile of an id, the inverse of TileID. Ids beyond MaxZoom are
// fault.Invalid.
func ZXY(id uint64) (z, x, y int, err error) {
	if id >= before(MaxZoom+1) {
		return 0, 0, 0, fault.Errorf("pmtiles.ZXY", fault.Invalid, "there is no tile %d", id)
	}
	// 3·id + 1 lies in [4^z, 4^(z+1)).
	z = (bits.Len64(3*id+1) - 1) / 2
	t := id - before(z)
	var px, py uint64
	for a := range z {
		s := uint64(1) << a
		rx := (t >> 1) & 1
		ry := (t ^ rx) & 1
		if ry == 0 {
			if rx == 1 {
				px, py = s-1-px, s-1-py
			}
			px, py = py, px
		}
		px, py = px|rx<<a, py|ry<<a
		t >>= 2
	}
	return z, int(px), int(py), nil
}
