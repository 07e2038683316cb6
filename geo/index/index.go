// Package index holds boxes in an R-tree that is built once and then only
// read: item footprints, feature boxes, territory polygons.
package index

import (
	"fmt"
	"math"
	"slices"

	"github.com/tidwall/rtree"

	"contado/geo"
)

// Tree finds values by box. It never changes after Build, so any number of
// goroutines may search it at once; a newer state is a new tree, swapped by
// pointer.
//
// It knows plain boxes of one CRS only. A WGS84 box that crosses the
// antimeridian (MinX > MaxX) holds no point as a plain box: split it at ±180
// with Unwrap before Build (one value may stand under several boxes) and
// before Search.
type Tree[T any] struct {
	// The generic form is used directly: RTreeG adds nothing but indirection.
	tree rtree.RTreeGN[float64, T]
}

// Build indexes values[i] under boxes[i]. Boxes are inserted along a Hilbert
// curve through their centres, which keeps the nodes small and square. Boxes
// that hold no point (geo.BBox.IsEmpty, which NaN makes true) can never be
// found and are left out. Infinite sides are allowed. The slices are not
// kept. Build panics when the slices differ in length.
func Build[T any](boxes []geo.BBox, values []T) *Tree[T] {
	if len(boxes) != len(values) {
		panic(fmt.Sprintf("index.Build: %d boxes for %d values", len(boxes), len(values)))
	}
	t := &Tree[T]{}
	for _, e := range hilbertOrder(boxes) {
		b := boxes[e.index]
		t.tree.Insert([2]float64{b.MinX, b.MinY}, [2]float64{b.MaxX, b.MaxY}, values[e.index])
	}
	return t
}

// Search calls yield for every box that shares a point with b (both closed:
// touching counts), in no particular order, until yield returns false.
func (t *Tree[T]) Search(b geo.BBox, yield func(geo.BBox, T) bool) {
	if b.IsEmpty() {
		return
	}
	t.tree.Search([2]float64{b.MinX, b.MinY}, [2]float64{b.MaxX, b.MaxY},
		func(lo, hi [2]float64, value T) bool { return yield(boxOf(lo, hi), value) })
}

// Nearest calls yield from the nearest box to the farthest, with the planar
// distance from (x, y) to the box in units of the CRS (0 inside), until yield
// returns false. Infinite or NaN coordinates find nothing.
func (t *Tree[T]) Nearest(x, y float64, yield func(box geo.BBox, value T, distance float64) bool) {
	if t.tree.Len() == 0 || !finite(x) || !finite(y) {
		return
	}
	t.tree.Nearby(
		func(lo, hi [2]float64, _ T, _ bool) float64 { return distance(x, y, lo, hi) },
		func(lo, hi [2]float64, value T, d float64) bool { return yield(boxOf(lo, hi), value, d) })
}

// Len is the number of boxes that can be found.
func (t *Tree[T]) Len() int { return t.tree.Len() }

// Bounds is the smallest box around all boxes; geo.EmptyBBox when there is none.
func (t *Tree[T]) Bounds() geo.BBox {
	if t.tree.Len() == 0 {
		return geo.EmptyBBox()
	}
	lo, hi := t.tree.Bounds()
	return boxOf(lo, hi)
}

// Unwrap turns a WGS84 box into plain boxes: itself, or the two halves on
// either side of the antimeridian when MinX > MaxX (RFC 7946 §5.2).
func Unwrap(b geo.BBox) []geo.BBox {
	if b.MinX <= b.MaxX {
		return []geo.BBox{b}
	}
	return []geo.BBox{
		{MinX: b.MinX, MinY: b.MinY, MaxX: 180, MaxY: b.MaxY},
		{MinX: -180, MinY: b.MinY, MaxX: b.MaxX, MaxY: b.MaxY},
	}
}

func boxOf(lo, hi [2]float64) geo.BBox {
	return geo.BBox{MinX: lo[0], MinY: lo[1], MaxX: hi[0], MaxY: hi[1]}
}

func distance(x, y float64, lo, hi [2]float64) float64 {
	dx := math.Max(0, math.Max(lo[0]-x, x-hi[0]))
	dy := math.Max(0, math.Max(lo[1]-y, y-hi[1]))
	return math.Hypot(dx, dy)
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

type entry struct {
	key   uint32
	index int
}

// hilbertOrder lists the boxes that are not empty along a Hilbert curve over
// the box of their centres.
func hilbertOrder(boxes []geo.BBox) []entry {
	centres := geo.EmptyBBox()
	for _, b := range boxes {
		if x, y := centre(b); !b.IsEmpty() && finite(x) && finite(y) {
			centres = centres.ExtendPoint(x, y)
		}
	}
	sx, sy := scale(centres.MinX, centres.MaxX), scale(centres.MinY, centres.MaxY)
	order := make([]entry, 0, len(boxes))
	for i, b := range boxes {
		if b.IsEmpty() {
			continue
		}
		x, y := centre(b)
		order = append(order, entry{Hilbert(cell(x, centres.MinX, sx), cell(y, centres.MinY, sy)), i})
	}
	slices.SortFunc(order, func(a, b entry) int {
		if a.key != b.key {
			if a.key < b.key {
				return -1
			}
			return 1
		}
		return a.index - b.index
	})
	return order
}

// centre halves before adding: the sum of two large sides may overflow.
func centre(b geo.BBox) (x, y float64) { return b.MinX/2 + b.MaxX/2, b.MinY/2 + b.MaxY/2 }

const hilbertSide = 1 << 16

// scale is the factor from an offset to curve cells, 0 when the range has no
// usable width.
func scale(lo, hi float64) float64 {
	if s := (hilbertSide - 1) / (hi - lo); finite(s) && s > 0 {
		return s
	}
	return 0
}

// cell clamps, since a box with infinite sides has no centre in the range.
func cell(v, lo, s float64) uint32 {
	c := (v - lo) * s
	if !(c > 0) { // also NaN
		return 0
	}
	return uint32(math.Min(c, hilbertSide-1))
}

// Hilbert is the position of a cell (0 ≤ x, y < 65536) along the Hilbert curve
// of order 16 (Warren, Hacker's Delight, 2nd ed., §16-2, figure 16-8).
func Hilbert(x, y uint32) uint32 {
	var state, s uint32
	for i := 15; i >= 0; i-- {
		row := 4*state | 2*((x>>i)&1) | (y>>i)&1
		s = s<<2 | (0x361E9CB4>>(2*row))&3
		state = (0x8FE65831 >> (2 * row)) & 3
	}
	return s
}
