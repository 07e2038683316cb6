package postgis

import (
	"bytes"
	"math"
	"slices"

	"github.com/paulmach/orb"

	"contado/geo"
)

// Same reports whether two rows are one and the same to people: a single
// geometry and a multiple one of it alone do not differ, nor do NaNs.
func Same(a, b *geo.Feature) bool {
	return len(a.Values) == len(b.Values) && slices.EqualFunc(a.Values, b.Values, sameValue) && sameGeometry(a, b)
}

func sameValue(a, b any) bool {
	switch x := a.(type) {
	case []byte:
		y, ok := b.([]byte)
		return ok && bytes.Equal(x, y)
	case float64:
		y, ok := b.(float64)
		return ok && sameFloat(x, y)
	}
	if _, ok := b.([]byte); ok {
		return false
	}
	return a == b
}

func sameFloat(x, y float64) bool { return x == y || math.IsNaN(x) && math.IsNaN(y) }

func sameGeometry(a, b *geo.Feature) bool {
	if a.Geometry == nil || b.Geometry == nil {
		return a.Geometry == nil && b.Geometry == nil
	}
	return orb.Equal(single(a.Geometry), single(b.Geometry)) &&
		slices.EqualFunc(a.Z, b.Z, sameFloat) && slices.EqualFunc(a.M, b.M, sameFloat)
}

// single is a multiple geometry's only member.
func single(g orb.Geometry) orb.Geometry {
	switch x := g.(type) {
	case orb.MultiPoint:
		if len(x) == 1 {
			return x[0]
		}
	case orb.MultiLineString:
		if len(x) == 1 {
			return x[0]
		}
	case orb.MultiPolygon:
		if len(x) == 1 {
			return x[0]
		}
	}
	return g
}
