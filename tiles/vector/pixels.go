package vector

import (
	"math"
	"math/bits"
	"sync"
)

// pixels keeps the drawn area of polygons too small to draw. Each adds its
// area to the pixel that holds its middle. Pixels are then taken along a
// Z-order curve and their areas added up; where the sum reaches half a pixel
// one square is drawn and its area taken off. So in each aligned square of the
// tile, of any size, what is drawn differs from the truth by less than a
// pixel; the last square is made smaller or another added so that the whole
// tile is exact. All of it depends on the set of polygons, not on their order.
//
// A square takes the attributes of one of its polygons, drawn by lot in
// proportion to area (Efraimidis & Spirakis 2006, "Weighted random sampling
// with a reservoir"), where the lot is a hash of its place: shares of classes
// are kept on average.
type pixels struct {
	cells [pixelCells]pixel
	used  [pixelCells / 64]uint64
	count int // polygons
	total int64
}

type pixel struct {
	area int64   // in fullPixel-ths of a pixel; holes count less than nothing
	key  float32 // of the representative: the least
	row  int32   // −1: none yet
}

const (
	pixelsPerSide = extent / basePixel
	pixelBits     = 9 // pixelsPerSide = 2⁹
	pixelCells    = pixelsPerSide * pixelsPerSide
	fullPixel     = 1 << 40
	finestPixel   = 0
	coarsestPixel = 12 // doublings of the pixel's area
)

var pixelPool = sync.Pool{New: func() any {
	p := &pixels{}
	for i := range p.cells {
		p.cells[i].row = -1
	}
	return p
}}

func newPixels() *pixels { return pixelPool.Get().(*pixels) }

// free empties the pixels for the next tile.
func (p *pixels) free() {
	p.clear()
	pixelPool.Put(p)
}

func (p *pixels) clear() {
	for i, word := range p.used {
		for ; word != 0; word &= word - 1 {
			p.cells[i*64+bits.TrailingZeros64(word)] = pixel{row: -1}
		}
		p.used[i] = 0
	}
	p.count, p.total = 0, 0
}

// spread puts zeros between the bits of 9-bit numbers.
var spread = sync.OnceValue(func() *[pixelsPerSide]uint32 {
	var t [pixelsPerSide]uint32
	for i := range t {
		for b := range pixelBits {
			t[i] |= uint32(i>>b&1) << (2 * b)
		}
	}
	return &t
})

// pourer adds polygons to pixels of one view.
type pourer struct {
	*pixels
	v     *view
	zs    *[pixelsPerSide]uint32
	mask  uint32  // of places: those of a group that is drawn together are one
	shift int     // steps to pixels
	full  float64 // fullPixel-ths a square step
}

func newPourer(p *pixels, v *view) pourer {
	return pourer{
		pixels: p, v: v, zs: spread(), mask: math.MaxUint32, shift: 32 - v.tile.Z - pixelBits,
		full: fullPixel / (v.unit2 * basePixel * basePixel),
	}
}

// coarsen says that squares will not be smaller than of a level: what is
// poured from now on is put together, so that it lies near.
func (p *pourer) coarsen(level int) { p.mask = math.MaxUint32 << level }

// pour adds a polygon of size square steps with its middle at an offset
// inside the tile. A negative row is a hole: its size is taken off.
func (p *pourer) pour(dx, dy int64, e *entry, row int32) {
	x, y := dx>>max(p.shift, 0), dy>>max(p.shift, 0)
	if p.shift < 0 {
		x, y = dx<<-p.shift, dy<<-p.shift
	}
	i := (p.zs[x&(pixelsPerSide-1)] | p.zs[y&(pixelsPerSide-1)]<<1) & p.mask
	c := &p.cells[i]
	area := int64(float64(e.size)*p.full + 0.5)
	p.used[i/64] |= 1 << (i % 64)
	if row < 0 {
		c.area -= area
		p.total -= area
		return
	}
	c.area += area
	p.total += area
	p.count++
	key := lot(e) / e.size
	if c.row < 0 || key < c.key {
		c.key, c.row = key, row
	}
}

// lot is −log₂ of a number from 0 to 1 that depends on the place alone, with
// an error of 0.01.
func lot(e *entry) float32 {
	h := mix(uint64(e.x)<<32|uint64(e.y)) ^ uint64(math.Float32bits(e.size))
	f := math.Float32bits(float32(mix(h)>>40 | 1))
	m := math.Float32frombits(f&0x7fffff | 0x3f800000) // 1 to 2
	return 24 - float32(int(f>>23)-127) - (m-1)*(1.3465554-0.3465554*(m-1))
}

// square is what stands for polygons of a pixel: tile units, and the row whose
// attributes it takes.
type square struct {
	row        int32
	x, y, w, h int16
}

// each calls visit for the pixels that hold something, along the curve.
func (p *pixels) each(visit func(*pixel)) {
	for i, word := range p.used {
		for ; word != 0; word &= word - 1 {
			visit(&p.cells[i*64+bits.TrailingZeros64(word)])
		}
	}
}

// squares draws the pixels, each of 2^level base pixels.
func (p *pixels) squares(out []square, level int) []square {
	d := squareDrawer{out: out, level: level, full: int64(fullPixel) << level, group: -1, pending: -1}
	for i, word := range p.used {
		for ; word != 0; word &= word - 1 {
			cell := i*64 + bits.TrailingZeros64(word)
			d.add(cell>>level, &p.cells[cell])
		}
	}
	d.close(pixelCells >> level)
	d.finish()
	return d.out
}

// squareDrawer goes along the curve.
type squareDrawer struct {
	out   []square
	level int
	full  int64
	carry int64
	last  int32 // the last representative

	group int // being added up; −1 before the first
	area  int64
	key   float32
	row   int32

	pending int // group of the last square, which finish may cut; −1 none
	spare   int // a group near that has no square; −1 none
}

func (d *squareDrawer) add(group int, c *pixel) {
	if group != d.group {
		d.close(group)
		d.group, d.area, d.row = group, 0, -1
	}
	d.area += c.area
	if c.row >= 0 && (d.row < 0 || c.key < d.key) {
		d.key, d.row = c.key, c.row
	}
}

// close draws the group if its turn has come; groups up to next are empty.
func (d *squareDrawer) close(next int) {
	if d.group < 0 {
		d.last = -1
		d.spare = -1
		return
	}
	d.carry += d.area
	if d.row < 0 {
		d.spare = d.group
		return
	}
	d.last, d.spare = d.row, d.group
	if 2*d.carry >= d.full {
		d.emit(d.group)
		d.spare = -1
	}
	// Polygons that lie on one another need more than their pixel: the free
	// ones that follow on the curve are near.
	const reach = 24
	g := d.group + 1
	for ; g < min(next, d.group+reach) && d.carry >= d.full; g++ {
		d.emit(g)
	}
	if d.spare < 0 && g < next {
		d.spare = g
	}
}

func (d *squareDrawer) emit(group int) {
	w, h := basePixel<<((d.level+1)/2), basePixel<<(d.level/2)
	x, y := unspread(uint32(group)<<d.level), unspread(uint32(group)<<d.level>>1)
	d.out = append(d.out, square{d.last, int16(x * basePixel), int16(y * basePixel), int16(w), int16(h)})
	d.carry -= d.full
	d.pending = len(d.out) - 1
}

// finish makes the sum exact to half a square unit.
func (d *squareDrawer) finish() {
	if d.group < 0 || d.last < 0 {
		return
	}
	const unit = fullPixel / (basePixel * basePixel)
	if d.carry < 0 && d.pending >= 0 {
		s := &d.out[d.pending]
		s.w, s.h = rectangle(int(s.w)*int(s.h)+int((d.carry-unit/2)/unit), int(s.w), int(s.h))
		return
	}
	left := int((d.carry + unit/2) / unit)
	if left <= 0 {
		return
	}
	if d.spare < 0 {
		d.spare = d.group
	}
	keep := d.carry
	d.emit(d.spare)
	d.carry = keep
	s := &d.out[len(d.out)-1]
	s.w, s.h = rectangle(min(left, int(s.w)*int(s.h)), int(s.w), int(s.h))
}

// rectangle is the sides of the rectangle within w × h that comes nearest to
// an area, and of those the nearest to a square.
func rectangle(area, w, h int) (int16, int16) {
	area = max(1, area)
	best, bw, bh := math.MaxInt, 1, 1
	for a := 1; a <= w; a++ {
		b := min(h, max(1, (area+a/2)/a))
		if cost := 16*abs(area-a*b) + abs(a-b); cost < best {
			best, bw, bh = cost, a, b
		}
	}
	return int16(bw), int16(bh)
}

func abs(v int) int {
	if v < 0 {
		return -v
	}
	return v
}

// unspread takes the even bits.
func unspread(z uint32) int {
	n := 0
	for b := range pixelBits {
		n |= int(z>>(2*b)&1) << b
	}
	return n
}
