package grid_test

import (
	"math"
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/planar"
	"pgregory.net/rapid"

	"contado/geo"
	"contado/geo/grid"
)

func TestWindowOf(t *testing.T) {
	t.Parallel()
	g := grid.Grid{Transform: grid.Transform{100, 10, 0, 500, 0, -10}, Width: 20, Height: 30}
	for _, c := range []struct {
		name string
		box  geo.BBox
		want grid.Window
	}{
		{"whole", geo.BBox{MinX: 100, MinY: 200, MaxX: 300, MaxY: 500}, g.Full()},
		{"cell aligned", geo.BBox{MinX: 110, MinY: 470, MaxX: 130, MaxY: 490}, grid.Window{Col: 1, Row: 1, Width: 2, Height: 2}},
		{"within a cell", geo.BBox{MinX: 111, MinY: 481, MaxX: 112, MaxY: 482}, grid.Window{Col: 1, Row: 1, Width: 1, Height: 1}},
		{"beyond", geo.BBox{MinX: -1e9, MinY: -1e9, MaxX: 1e9, MaxY: 1e9}, g.Full()},
		{"apart", geo.BBox{MinX: 1000, MinY: 1000, MaxX: 1100, MaxY: 1100}, grid.Window{}},
		{"empty", geo.EmptyBBox(), grid.Window{}},
	} {
		if got := g.WindowOf(c.box); got != c.want {
			t.Errorf("%s: WindowOf = %v, want %v", c.name, got, c.want)
		}
	}
}

func TestTransformInverts(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		f := rapid.Float64Range(-1000, 1000)
		tr := grid.Transform{f.Draw(t, "x0"), f.Draw(t, "a"), f.Draw(t, "b"), f.Draw(t, "y0"), f.Draw(t, "c"), f.Draw(t, "d")}
		if math.Abs(tr.Det()) < 1 {
			t.Skip("degenerate")
		}
		inv, ok := tr.Invert()
		if !ok {
			t.Fatal("Invert refused a regular transform")
		}
		c, r := f.Draw(t, "col"), f.Draw(t, "row")
		c2, r2 := inv.Apply(tr.Apply(c, r))
		if math.Abs(c-c2) > 1e-4 || math.Abs(r-r2) > 1e-4 {
			t.Fatalf("(%g, %g) came back as (%g, %g)", c, r, c2, r2)
		}
	})
	if _, ok := (grid.Transform{}).Invert(); ok {
		t.Error("Invert accepted a transform without extent")
	}
}

// Each cell is filled exactly when its centre lies in the polygon.
func TestFillMatchesPointInPolygon(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		g := grid.Grid{
			Transform: grid.Transform{3, 0.7, 0, 40, 0, -1.3},
			Width:     rapid.IntRange(1, 30).Draw(t, "w"), Height: rapid.IntRange(1, 30).Draw(t, "h"),
		}
		coord := rapid.Float64Range(-5, 45)
		ring := orb.Ring{}
		for range rapid.IntRange(3, 9).Draw(t, "n") {
			ring = append(ring, orb.Point{coord.Draw(t, "x"), coord.Draw(t, "y")})
		}
		ring = append(ring, ring[0])
		mp := orb.MultiPolygon{{ring}}
		got := map[[2]int]bool{}
		g.Fill(mp, func(row, c0, c1 int) {
			for c := c0; c < c1; c++ {
				if got[[2]int{c, row}] {
					t.Fatalf("cell %d,%d filled twice", c, row)
				}
				got[[2]int{c, row}] = true
			}
		})
		for row := range g.Height {
			for col := range g.Width {
				x, y := g.Center(col, row)
				want := planar.RingContains(ring, orb.Point{x, y})
				if got[[2]int{col, row}] != want && !onEdge(ring, x, y) {
					t.Fatalf("cell %d,%d: filled %v, centre inside %v", col, row, got[[2]int{col, row}], want)
				}
			}
		}
	})
}

// Two polygons that share an edge fill each cell of their union once.
func TestFillSharesEdges(t *testing.T) {
	t.Parallel()
	g := grid.Grid{Transform: grid.Transform{0, 1, 0, 10, 0, -1}, Width: 10, Height: 10}
	mid := []orb.Point{{5, 0}, {4.5, 3}, {5.5, 5.5}, {4.5, 7}, {5, 10}}
	left := orb.Ring{{0, 0}}
	right := orb.Ring{{10, 0}}
	left, right = append(left, mid...), append(right, mid...)
	left, right = append(left, orb.Point{0, 10}, orb.Point{0, 0}), append(right, orb.Point{10, 10}, orb.Point{10, 0})
	seen := map[[2]int]int{}
	for _, r := range []orb.Ring{left, right} {
		g.Fill(orb.MultiPolygon{{r}}, func(row, c0, c1 int) {
			for c := c0; c < c1; c++ {
				seen[[2]int{c, row}]++
			}
		})
	}
	if len(seen) != 100 {
		t.Fatalf("%d cells filled, want 100", len(seen))
	}
	for cell, n := range seen {
		if n != 1 {
			t.Errorf("cell %v filled %d times", cell, n)
		}
	}
}

func onEdge(ring orb.Ring, x, y float64) bool {
	for i := range len(ring) - 1 {
		if planar.DistanceFromSegment(ring[i], ring[i+1], orb.Point{x, y}) < 1e-9 {
			return true
		}
	}
	return false
}
