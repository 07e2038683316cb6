package join

import (
	"math"
	"math/big"

	"github.com/paulmach/orb"
)

// orient tells on which side of the line from a to b the point c lies: 1 left,
// −1 right, 0 on it, without rounding error. The fast answer is taken where
// Shewchuk's bound (1997, Discrete & Computational Geometry 18, 305–363) proves
// it, the exact one otherwise.
func orient(a, b, c orb.Point) int {
	left := (a[0] - c[0]) * (b[1] - c[1])
	right := (a[1] - c[1]) * (b[0] - c[0])
	det := left - right
	const bound = (3 + 16*0x1p-53) * 0x1p-53
	if math.Abs(det) > bound*(math.Abs(left)+math.Abs(right)) {
		if det > 0 {
			return 1
		}
		return -1
	}
	return exactOrient(a, b, c)
}

// exactOrient computes with as many bits as differences and products of
// finite coordinates of like size can need.
func exactOrient(a, b, c orb.Point) int {
	n := func(v float64) *big.Float { return new(big.Float).SetPrec(4200).SetFloat64(v) }
	sub := func(x, y float64) *big.Float { return new(big.Float).SetPrec(4200).Sub(n(x), n(y)) }
	mul := func(x, y *big.Float) *big.Float { return new(big.Float).SetPrec(4200).Mul(x, y) }
	left := mul(sub(a[0], c[0]), sub(b[1], c[1]))
	return left.Cmp(mul(sub(a[1], c[1]), sub(b[0], c[0])))
}
