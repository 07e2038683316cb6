package vector

import "math"

// accumulator keeps the drawn area of polygons too small to draw. Each adds
// its area to a bucket of the tile; when a bucket holds a pixel's worth, a
// one-pixel square is drawn where the last polygon was, with its attributes.
// What is left in the buckets at the end is poured together.
type accumulator struct {
	pixel   float64 // side, in tile units
	buckets [bucketsPerSide * bucketsPerSide]bucket
	taken   []uint64 // bits: pixels that have a square
	perSide int
	drawn   float64 // area of the squares
}

const bucketsPerSide = 16

type bucket struct {
	area float64
	at   xy
	last row // of the last polygon
	used bool
}

func newAccumulator(pixel float64) *accumulator {
	n := int(math.Ceil(extent / pixel))
	return &accumulator{pixel: pixel, perSide: n, taken: make([]uint64, (n*n+63)/64)}
}

func inTile(p xy) bool { return p.x >= 0 && p.x < extent && p.y >= 0 && p.y < extent }

// add pours area (negative for a hole that is not drawn) at a place inside
// the tile and returns how many pixels became full.
func (a *accumulator) add(p xy, area float64, r row) int {
	const side = extent / bucketsPerSide
	b := &a.buckets[int(p.y/side)*bucketsPerSide+int(p.x/side)]
	b.area += area
	if area < 0 {
		return 0
	}
	b.at, b.last, b.used = p, r, true
	n := math.Floor(b.area / (a.pixel * a.pixel))
	if n <= 0 {
		return 0
	}
	b.area -= n * a.pixel * a.pixel
	return int(n)
}

// rest empties the buckets, calling emit for each full pixel.
func (a *accumulator) rest(emit func(p xy, r row)) {
	full := a.pixel * a.pixel
	carry, last := 0.0, bucket{}
	for y := range bucketsPerSide {
		for i := range bucketsPerSide {
			x := i
			if y%2 == 1 { // there and back, so that carries stay near
				x = bucketsPerSide - 1 - i
			}
			b := &a.buckets[y*bucketsPerSide+x]
			carry += b.area
			if b.used {
				last = *b
			}
			for ; last.used && carry >= full; carry -= full {
				emit(last.at, last.last)
			}
			*b = bucket{}
		}
	}
	if last.used && carry >= full/2 {
		emit(last.at, last.last)
	}
}

// square finds a free pixel at p or near and returns it as a ring; ok is
// false when all around is drawn already.
func (a *accumulator) square(p xy) (ring []xy, ok bool) {
	cx, cy := int(p.x/a.pixel), int(p.y/a.pixel)
	const reach = 6
	for r := 0; r <= reach; r++ {
		for dy := -r; dy <= r; dy++ {
			step := 1
			if dy != -r && dy != r {
				step = max(1, 2*r) // only the two ends
			}
			for dx := -r; dx <= r; dx += step {
				x, y := cx+dx, cy+dy
				if x < 0 || y < 0 || x >= a.perSide || y >= a.perSide || !a.take(y*a.perSide+x) {
					continue
				}
				a.drawn += a.pixel * a.pixel
				return a.ringAt(float64(x)*a.pixel, float64(y)*a.pixel), true
			}
		}
	}
	return nil, false
}

func (a *accumulator) take(i int) bool {
	bit := uint64(1) << (i % 64)
	if a.taken[i/64]&bit != 0 {
		return false
	}
	a.taken[i/64] |= bit
	return true
}

func (a *accumulator) ringAt(x, y float64) []xy {
	return []xy{{x, y}, {x + a.pixel, y}, {x + a.pixel, y + a.pixel}, {x, y + a.pixel}}
}
