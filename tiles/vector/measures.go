package vector

import (
	"math"

	"contado/geo"
	"contado/tiles/tms"
)

// crossedArea is the area that the even-odd rule fills: more than that of the
// surveyor's formula where rings cross themselves, as a bow-tie does. It is 0
// for more vertices than it looks at.
func crossedArea(flat []float64, ends []uint32, from uint32) float64 {
	const most, grid = 4096, 1 << 20
	if len(flat) > 2*most {
		return 0
	}
	b := geo.EmptyBBox()
	for i := 0; i+1 < len(flat); i += 2 {
		b = b.ExtendPoint(flat[i], flat[i+1])
	}
	k := grid / max(b.Width(), b.Height(), 1e-9)
	var rings [][]xy
	at := from
	for _, end := range ends {
		var r []xy
		for i := at - from; i < end-from; i++ {
			r = append(r, roundXY(xy{(flat[2*i] - b.MinX) * k, (flat[2*i+1] - b.MinY) * k}))
		}
		rings, at = append(rings, r), end
	}
	var rp repairer
	polys, _ := rp.polygonize(rings)
	sum := 0.0
	for _, p := range polys {
		sum += shoelace(p.exterior)
		for _, h := range p.holes {
			sum += shoelace(h)
		}
	}
	return sum / (k * k)
}

// ringArea is the signed area of a ring; the closing point may be there.
func ringArea(xy []float64) float64 {
	if len(xy) < 6 {
		return 0
	}
	sum, ox, oy := 0.0, xy[0], xy[1]
	px, py := 0.0, 0.0
	for i := 2; i+1 < len(xy); i += 2 {
		x, y := xy[i]-ox, xy[i+1]-oy
		sum += px*y - x*py
		px, py = x, y
	}
	return sum / 2
}

func lengthOf(xy []float64, ends []uint32) float64 {
	sum, from := 0.0, uint32(0)
	for _, end := range ends {
		for i := from + 1; i < end; i++ {
			sum += math.Hypot(xy[2*i]-xy[2*i-2], xy[2*i+1]-xy[2*i-1])
		}
		from = end
	}
	return sum
}

// unwrap moves positions by whole worlds to be near the one before:
// projections give longitudes of −180° to 180°, and a line across the
// antimeridian would run round the world.
func unwrap(xy []float64) {
	const world = 2 * tms.HalfWorld
	for i := 2; i+1 < len(xy); i += 2 {
		if d := xy[i] - xy[i-2]; d > tms.HalfWorld || d < -tms.HalfWorld {
			xy[i] -= world * math.Round(d/world)
		}
	}
}
