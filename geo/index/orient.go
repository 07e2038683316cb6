package index

import (
	"math"
	"math/big"
)

// Orient tells on which side of the line from a to b the point c lies: 1 left,
// −1 right, 0 on it, without rounding error. The fast answer is taken where
// Shewchuk's bound (1997, Discrete & Computational Geometry 18, 305–363) proves
// it; the differences of near numbers are mostly exact, and then so are
// products in twice the digits; what is left is computed with big numbers.
func Orient(ax, ay, bx, by, cx, cy float64) int {
	acx, bcx, acy, bcy := ax-cx, bx-cx, ay-cy, by-cy
	left, right := acx*bcy, acy*bcx
	det := left - right
	const bound = (3 + 16*0x1p-53) * 0x1p-53
	if sum := math.Abs(left) + math.Abs(right); sum > tiny && math.Abs(det) > bound*sum {
		return signOf(det)
	}
	if exactDifference(ax, cx, acx) && exactDifference(bx, cx, bcx) && exactDifference(ay, cy, acy) && exactDifference(by, cy, bcy) &&
		fine(acx, bcy, left) && fine(acy, bcx, right) {
		// left + l and right + r are the exact products. Where left and right
		// differ, they differ by more than l and r together can make up, or
		// their difference is exact.
		l, r := math.FMA(acx, bcy, -left), math.FMA(acy, bcx, -right)
		if left == right {
			return signOf(l - r)
		}
		if d := left - right; exactDifference(left, right, d) {
			if e := l - r; exactDifference(l, r, e) {
				return signOf(d + e)
			}
		}
	}
	return bigOrient(ax, ay, bx, by, cx, cy)
}

// signOf is the sign of a sum of two numbers that was rounded: it is right, as
// rounding never passes zero.
func signOf(v float64) int {
	switch {
	case v > 0:
		return 1
	case v < 0:
		return -1
	}
	return 0
}

// exactDifference tells whether d is a − b without rounding (Dekker, Knuth).
func exactDifference(a, b, d float64) bool {
	bb := a - d
	return (a-(d+bb))+(bb-b) == 0
}

// tiny is where products begin to lose digits to the limits of the format.
const tiny = 0x1p-900

// fine tells that the rounding error of the product p of x and y is a number
// too.
func fine(x, y, p float64) bool {
	p = math.Abs(p)
	return x == 0 || y == 0 || p > tiny && p < 0x1p1000
}

func bigOrient(ax, ay, bx, by, cx, cy float64) int {
	sub := func(x, y float64) *big.Float {
		f := exact(x)
		return f.Sub(f, exact(y))
	}
	left, right := sub(ax, cx), sub(ay, cy)
	return left.Mul(left, sub(by, cy)).Cmp(right.Mul(right, sub(bx, cx)))
}

// segmentsMeet tells whether two closed segments, which may be single points,
// share a point.
func segmentsMeet(a, b, c, d [2]float64) bool {
	if math.Min(a[0], b[0]) > math.Max(c[0], d[0]) || math.Min(c[0], d[0]) > math.Max(a[0], b[0]) ||
		math.Min(a[1], b[1]) > math.Max(c[1], d[1]) || math.Min(c[1], d[1]) > math.Max(a[1], b[1]) {
		return false
	}
	// With boxes that meet, they share a point unless one lies strictly on
	// one side of the other.
	o1, o2 := Orient(a[0], a[1], b[0], b[1], c[0], c[1]), Orient(a[0], a[1], b[0], b[1], d[0], d[1])
	if o1*o2 > 0 {
		return false
	}
	o3, o4 := Orient(c[0], c[1], d[0], d[1], a[0], a[1]), Orient(c[0], c[1], d[0], d[1], b[0], b[1])
	return o3*o4 <= 0
}
