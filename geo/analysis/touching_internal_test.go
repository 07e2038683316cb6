package analysis

import (
	"math"
	"testing"

	"github.com/paulmach/orb"

	"contado/geo/grid"
)

func box(w, s, e, n float64) orb.MultiPolygon {
	return orb.MultiPolygon{{{{w, s}, {e, s}, {e, n}, {w, n}, {w, s}}}}
}

// A degree of latitude is about 111,132 m here, one of longitude about 78,847 m.
func TestBordersMeet(t *testing.T) {
	t.Parallel()
	a := box(7, 45, 7.1, 45.1)
	for name, c := range map[string]struct {
		other orb.MultiPolygon
		want  bool
	}{
		"the same side":               {box(7.1, 45, 7.2, 45.1), true},
		"a corner alone":              {box(7.1, 45.1, 7.2, 45.2), true},
		"part of a side, no corner":   {box(7.1, 44.9, 7.2, 45.3), true},
		"a gap of 16 m":               {box(7.1002, 45.02, 7.2, 45.08), true},
		"a gap of 40 m":               {box(7.1005, 45.02, 7.2, 45.08), false},
		"overlapping by a little":     {box(7.0999, 45.02, 7.2, 45.08), true},
		"far away":                    {box(8, 45, 8.1, 45.1), false},
		"nothing":                     {nil, false},
		"its middle, without a touch": {box(7.04, 45.04, 7.06, 45.06), false},
	} {
		got := newBorder(a).meets(c.other) || newBorder(c.other).meets(a)
		if got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

func TestCoarserCoversTheSameGround(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 255, 256, 257, 1000, 10_000} {
		g := grid.Grid{Transform: grid.Transform{500_000, 10, 0, 5_000_000, 0, -10}, Width: n, Height: n/3 + 1}
		c := coarser(g, 256)
		if c.Width > 256 || c.Height > 256 || c.Width < 1 || c.Height < 1 {
			t.Errorf("%d cells become %d × %d", n, c.Width, c.Height)
		}
		cell := c.Transform[1]
		if b, o := c.Bounds(), g.Bounds(); b.MinX != o.MinX || b.MaxY != o.MaxY || b.MaxX < o.MaxX || b.MaxX-o.MaxX >= cell || math.Abs(o.MinY-b.MinY) >= cell {
			t.Errorf("%d cells: %v is not %v", n, b, o)
		}
	}
}
