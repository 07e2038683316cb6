// Package isochrone draws the polygons of what is reached within a time from a
// grid of seconds.
package isochrone

import (
	"math"

	"github.com/paulmach/orb"

	"contado/geo/fault"
	"contado/geo/grid"
)

const op = "isochrone.Polygons"

// MaxLimits bounds the limits of one call.
const MaxLimits = 256

// nudge keeps crossings off the cell centres, as a share of the way between
// two: contours then never touch themselves or each other.
const nudge = 1.0 / 4096

// Polygons gives for each limit (seconds, inclusive) what is reached within
// it, in the grid's CRS. seconds has one value a cell, row by row; +Inf and
// NaN are not reached.
//
// Contours run by marching squares between cell centres: linear between two
// times, half-way where one side is not reached or lies outside the grid. The
// centre of a cell is inside exactly when its time is within the limit. Where
// opposite corners of a square of four cells are within, they are joined when
// the mean of the four is (Lorensen & Cline 1987; ambiguous faces as in
// Nielson & Hamann 1991, by one value for all limits).
//
// Rings are closed and simple and do not touch; outer ones run against the
// clock, holes with it; holes and islands of any size are kept. Polygons of a
// smaller limit lie within those of a larger one, also in their last bit on a
// grid that is not rotated. Memory is that of the contours of one limit (28
// bytes a vertex), the result, and a row.
//
// Errors: Invalid for wrong shapes or limits that are no times, TooLarge for
// over MaxLimits limits or 2^31 vertices.
func Polygons(g grid.Grid, seconds []float32, limits []float64) ([]orb.MultiPolygon, error) {
	if g.Width <= 0 || g.Height <= 0 || int64(len(seconds)) != g.Cells() {
		return nil, fault.Errorf(op, fault.Invalid, "isochrones: %d times for a grid of %d × %d cells", len(seconds), g.Width, g.Height)
	}
	if d := g.Transform.Det(); d == 0 || math.IsNaN(d) || math.IsInf(d, 0) {
		return nil, fault.Errorf(op, fault.Invalid, "isochrones: the grid's transform %v is degenerate", g.Transform)
	}
	if len(limits) > MaxLimits {
		return nil, fault.Errorf(op, fault.TooLarge, "isochrones: %d limits, at most %d", len(limits), MaxLimits)
	}
	out := make([]orb.MultiPolygon, len(limits))
	for i, l := range limits {
		if !(l >= 0) || math.IsInf(l, 0) {
			return nil, fault.Errorf(op, fault.Invalid, "isochrones: limit of %g seconds; want 0 or more", l)
		}
		t := tracer{g: g, seconds: seconds, limit: l}
		if err := t.scan(); err != nil {
			return nil, err
		}
		out[i] = t.polygons()
	}
	return out, nil
}

// none stands for no vertex.
const none = int32(-1)

// tracer finds the contours of one limit. Each edge between two neighbouring
// centres that the contour crosses is a vertex; each square of four centres
// links its vertices, so that the reached side is on the left (y upwards).
type tracer struct {
	g       grid.Grid
	seconds []float32
	limit   float64

	points []orb.Point
	next   []int32 // the vertex that follows
	// left is, of a vertex between two cells of a row, the vertex before it in
	// the row; below −1 for the others.
	left []int32
	// entry says that the row comes into what is reached at the vertex.
	entry []bool
}

// notInRow marks vertices between two cells of a column.
const notInRow = int32(-2)

// at is the time of a cell, +Inf outside the grid.
func (t *tracer) at(col, row int) float64 {
	if col < 0 || row < 0 || col >= t.g.Width || row >= t.g.Height {
		return math.Inf(1)
	}
	return float64(t.seconds[row*t.g.Width+col])
}

// within reports whether a time is; NaN is not.
func (t *tracer) within(v float64) bool { return v <= t.limit }

// share is how far from a centre within (time a) the contour crosses the edge
// to one that is not (time b).
func (t *tracer) share(a, b float64) float64 {
	if math.IsInf(b, 0) || math.IsNaN(b) {
		return 0.5
	}
	return min(max((t.limit-a)/(b-a), nudge), 1-nudge)
}

// crossing is the vertex on the edge between the centres of two cells, none
// when both are on the same side.
func (t *tracer) crossing(c0, r0, c1, r1 int) int32 {
	a, b := t.at(c0, r0), t.at(c1, r1)
	in := t.within(a)
	if in == t.within(b) {
		return none
	}
	var s float64
	if in {
		s = t.share(a, b)
	} else {
		s = 1 - t.share(b, a)
	}
	x, y := t.g.Transform.Apply(float64(c0)+0.5+s*float64(c1-c0), float64(r0)+0.5+s*float64(r1-r0))
	i := int32(len(t.points))
	t.points = append(t.points, orb.Point{x, y})
	t.next = append(t.next, none)
	t.left = append(t.left, notInRow)
	t.entry = append(t.entry, !in)
	return i
}

// scan goes over the squares row by row. Row −1 and row Height, column −1 and
// column Width are outside.
func (t *tracer) scan() error {
	w, h := t.g.Width, t.g.Height
	top, bottom := make([]int32, w+1), make([]int32, w+1)
	for i := range top {
		top[i] = none
	}
	for row := -1; row < h; row++ {
		if len(t.points) > math.MaxInt32-4*(w+2) {
			return fault.Errorf(op, fault.TooLarge, "isochrones: the contour of %g seconds has over %d vertices", t.limit, len(t.points))
		}
		before := none
		for i := range bottom {
			bottom[i] = t.crossing(i-1, row+1, i, row+1)
			if bottom[i] != none {
				t.left[bottom[i]] = before
				before = bottom[i]
			}
		}
		side := none // column −1 is outside
		for i := range top {
			right := t.crossing(i, row, i, row+1)
			t.link(i-1, row, top[i], right, bottom[i], side)
			side = right
		}
		top, bottom = bottom, top
	}
	return nil
}

// link joins the vertices of the square whose upper left centre is (col, row).
func (t *tracer) link(col, row int, top, right, bottom, left int32) {
	tl, tr := t.at(col, row), t.at(col+1, row)
	bl, br := t.at(col, row+1), t.at(col+1, row+1)
	mask := 0
	for i, v := range [4]float64{tl, tr, br, bl} {
		if t.within(v) {
			mask |= 1 << i
		}
	}
	const ul, ur, lr, ll = 1, 2, 4, 8
	switch mask {
	case ul:
		t.next[left] = top
	case ur:
		t.next[top] = right
	case lr:
		t.next[right] = bottom
	case ll:
		t.next[bottom] = left
	case ul | ur:
		t.next[left] = right
	case ur | lr:
		t.next[top] = bottom
	case lr | ll:
		t.next[right] = left
	case ll | ul:
		t.next[bottom] = top
	case ur | lr | ll:
		t.next[top] = left
	case ul | lr | ll:
		t.next[right] = top
	case ul | ur | ll:
		t.next[bottom] = right
	case ul | ur | lr:
		t.next[left] = bottom
	case ul | lr:
		if t.within((tl + tr + br + bl) / 4) {
			t.next[right], t.next[left] = top, bottom
		} else {
			t.next[left], t.next[right] = top, bottom
		}
	case ur | ll:
		if t.within((tl + tr + br + bl) / 4) {
			t.next[top], t.next[bottom] = left, right
		} else {
			t.next[top], t.next[bottom] = right, left
		}
	}
}
