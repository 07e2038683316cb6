package zm_test

import (
	"math"
	"testing"

	"contado/geo/zm"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/paulmach/orb"
)

func TestCarry(t *testing.T) {
	t.Parallel()
	from := orb.LineString{{0, 0}, {1, 0}, {2, 0}}
	z, m := zm.Carry(from, []float64{5, 6, 7}, nil, orb.MultiLineString{{{2, 0}, {1.5, 0}}, {{0, 0}}})
	if d := cmp.Diff([]float64{7, math.NaN(), 5}, z, cmpopts.EquateNaNs()); d != "" || m != nil {
		t.Error(d, m)
	}
	if z, m := zm.Carry(from, nil, nil, from); z != nil || m != nil {
		t.Error(z, m)
	}
}

func TestEachStops(t *testing.T) {
	t.Parallel()
	g := orb.Collection{orb.Point{1, 1}, orb.MultiPolygon{{{{2, 2}, {3, 3}}}}, orb.MultiPoint{{4, 4}}}
	n := 0
	if whole := zm.Each(g, func(orb.Point) bool { n++; return true }); !whole || n != 4 {
		t.Error(whole, n)
	}
	n = 0
	if whole := zm.Each(g, func(p orb.Point) bool { n++; return p[0] < 2 }); whole || n != 2 {
		t.Error(whole, n)
	}
}
