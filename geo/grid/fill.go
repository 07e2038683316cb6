package grid

import (
	"math"
	"slices"

	"github.com/paulmach/orb"
)

// Fill calls run for each stretch of cells [col0, col1) of a row whose centres
// lie inside the polygons (even-odd rule, so holes and either winding are
// right; a centre exactly on a left or upper edge is inside, so that polygons
// which share an edge never both take a cell). Rows come in ascending order.
// The polygons are in the grid's CRS; vertices that are not finite are
// skipped.
func (g Grid) Fill(mp orb.MultiPolygon, run func(row, col0, col1 int)) {
	inv, ok := g.Transform.Invert()
	if !ok || g.Width <= 0 || g.Height <= 0 {
		return
	}
	edges, r0, r1 := g.edges(mp, inv)
	if len(edges) == 0 {
		return
	}
	slices.SortFunc(edges, func(a, b edge) int { return a.first - b.first })
	var active []edge
	var xs []float64
	next := 0
	for row := r0; row < r1; row++ {
		for next < len(edges) && edges[next].first <= row {
			active = append(active, edges[next])
			next++
		}
		active = slices.DeleteFunc(active, func(e edge) bool { return e.last <= row })
		xs = xs[:0]
		y := float64(row) + 0.5
		for _, e := range active {
			xs = append(xs, e.x+(y-e.y)*e.slope)
		}
		slices.Sort(xs)
		for i := 0; i+1 < len(xs); i += 2 {
			c0, c1 := firstCentre(xs[i], g.Width), firstCentre(xs[i+1], g.Width)
			if c0 < c1 {
				run(row, c0, c1)
			}
		}
	}
}

// firstCentre is the first column whose centre is at or right of x, within
// 0…width.
func firstCentre(x float64, width int) int {
	c := math.Ceil(x - 0.5)
	return int(math.Max(0, math.Min(c, float64(width))))
}

// edge is a ring's edge in cell coordinates, met by row centres first ≤ r < last.
type edge struct {
	first, last int
	x, y, slope float64
}

func (g Grid) edges(mp orb.MultiPolygon, inv Transform) (out []edge, r0, r1 int) {
	r0, r1 = g.Height, 0
	for _, p := range mp {
		for _, ring := range p {
			for i := range ring {
				a, b := ring[i], ring[(i+1)%len(ring)]
				ax, ay := inv.Apply(a[0], a[1])
				bx, by := inv.Apply(b[0], b[1])
				if ay == by || !finite(ax) || !finite(ay) || !finite(bx) || !finite(by) {
					continue
				}
				if ay > by {
					ax, ay, bx, by = bx, by, ax, ay
				}
				first, last := firstCentre(ay, g.Height), firstCentre(by, g.Height)
				if first >= last {
					continue
				}
				out = append(out, edge{first: first, last: last, x: ax, y: ay, slope: (bx - ax) / (by - ay)})
				r0, r1 = min(r0, first), max(r1, last)
			}
		}
	}
	return out, r0, r1
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }
