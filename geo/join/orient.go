package join

import (
	"github.com/paulmach/orb"

	"contado/geo/index"
)

// orient tells on which side of the line from a to b the point c lies: 1 left,
// −1 right, 0 on it, without rounding error.
func orient(a, b, c orb.Point) int { return index.Orient(a[0], a[1], b[0], b[1], c[0], c[1]) }
