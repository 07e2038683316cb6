package travel

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/paulmach/orb"

	"contado/geo/grid"
)

// burn calls mark for the cells of a geometry in the grid's CRS; a cell may
// come more than once. Lines mark every cell they pass; polygons as the
// input's rule says.
func (b *builder) burn(g orb.Geometry, mark func(cell int)) error {
	switch g := g.(type) {
	case nil:
		return fmt.Errorf("it has no geometry")
	case orb.Point:
		return b.burnLine(orb.LineString{g, g}, mark)
	case orb.LineString:
		return b.burnLine(g, mark)
	case orb.Ring:
		return b.burnPolygon(orb.Polygon{g}, mark)
	case orb.Polygon:
		return b.burnPolygon(g, mark)
	case orb.Bound:
		return b.burnPolygon(g.ToPolygon(), mark)
	case orb.MultiPoint:
		return burnAll(b, g, mark)
	case orb.MultiLineString:
		return burnAll(b, g, mark)
	case orb.MultiPolygon:
		return burnAll(b, g, mark)
	case orb.Collection:
		return burnAll(b, g, mark)
	}
	return fmt.Errorf("geometry %s cannot be burnt into a grid", g.GeoJSONType())
}

func burnAll[G orb.Geometry](b *builder, parts []G, mark func(cell int)) error {
	for _, p := range parts {
		if err := b.burn(p, mark); err != nil {
			return err
		}
	}
	return nil
}

// maxOffset is how far from the grid a vertex may lie, in cells.
const maxOffset = 1e12

// toCells gives vertices as fractional (col, row).
func (b *builder) toCells(line []orb.Point) ([]orb.Point, error) {
	out := make([]orb.Point, len(line))
	for i, p := range line {
		x, y := b.toRow.Apply(p[0], p[1])
		if !(math.Abs(x) <= maxOffset && math.Abs(y) <= maxOffset) {
			return nil, fmt.Errorf("vertex %d (%g %g) is no place", i, p[0], p[1])
		}
		out[i] = orb.Point{x, y}
	}
	return out, nil
}

func (b *builder) burnLine(line []orb.Point, mark func(cell int)) error {
	points, err := b.toCells(line)
	if err != nil {
		return err
	}
	if len(points) == 1 {
		points = append(points, points[0])
	}
	for i := 1; i < len(points); i++ {
		superCover(points[i-1], points[i], b.s.Width, b.s.Height, func(col, row int) { mark(row*b.s.Width + col) })
	}
	return nil
}

// superCover visits the cells that a segment in (col, row) coordinates passes
// in a grid of w × h cells, in order; where it goes through a corner, all
// four cells there. The cells form a chain joined by sides. A segment along
// the side of two cells counts for the one with the higher column or row,
// inside the grid (grid traversal: Amanatides and Woo 1987).
func superCover(a, b orb.Point, w, h int, visit func(col, row int)) {
	a, b, ok := clipSegment(a, b, float64(w), float64(h))
	if !ok {
		return
	}
	at := func(v float64, n int) int { return min(max(int(v), 0), n-1) }
	col, row := at(a[0], w), at(a[1], h)
	endCol, endRow := at(b[0], w), at(b[1], h)
	x := newAxis(a[0], b[0], col, endCol)
	y := newAxis(a[1], b[1], row, endRow)
	visit(col, row)
	for x.left > 0 || y.left > 0 {
		switch {
		case y.left == 0 || (x.left > 0 && x.next < y.next):
			col += x.advance()
		case x.left == 0 || y.next < x.next:
			row += y.advance()
		default: // through the corner
			visit(col+x.sign, row)
			visit(col, row+y.sign)
			col += x.advance()
			row += y.advance()
		}
		visit(col, row)
	}
}

// axis steps along one coordinate of a segment.
type axis struct {
	sign, left  int     // direction and number of cell sides still to cross
	next, delta float64 // parameter in [0, 1] of the next side, and between sides
}

func newAxis(from, to float64, cell, last int) axis {
	switch {
	case last > cell:
		return axis{1, last - cell, (float64(cell+1) - from) / (to - from), 1 / (to - from)}
	case last < cell:
		return axis{-1, cell - last, (from - float64(cell)) / (from - to), 1 / (from - to)}
	}
	return axis{}
}

func (a *axis) advance() int {
	a.left--
	a.next += a.delta
	return a.sign
}

// clipSegment cuts a segment to [0, w] × [0, h] (Liang and Barsky 1984).
func clipSegment(a, b orb.Point, w, h float64) (orb.Point, orb.Point, bool) {
	t0, t1 := 0.0, 1.0
	d := orb.Point{b[0] - a[0], b[1] - a[1]}
	for i, size := range [2]float64{w, h} {
		if d[i] == 0 {
			if a[i] < 0 || a[i] > size {
				return a, b, false
			}
			continue
		}
		enter, leave := -a[i]/d[i], (size-a[i])/d[i]
		if enter > leave {
			enter, leave = leave, enter
		}
		t0, t1 = max(t0, enter), min(t1, leave)
	}
	if !(t0 <= t1) {
		return a, b, false
	}
	cut := func(t float64) orb.Point {
		switch t {
		case 0:
			return a
		case 1:
			return b
		}
		return orb.Point{a[0] + t*d[0], a[1] + t*d[1]}
	}
	return cut(t0), cut(t1), true
}

// edge is a side of a polygon that crosses rows [first, end) at their middle.
type edge struct {
	first, end int
	p, q       orb.Point
}

// col is where the edge crosses the middle of a row.
func (e *edge) col(row int) float64 {
	t := min(max((float64(row)+0.5-e.p[1])/(e.q[1]-e.p[1]), 0), 1)
	return e.p[0] + t*(e.q[0]-e.p[0])
}

// burnPolygon marks the cells whose centre is inside (even-odd over all
// rings), and with the rule Touched those that the rings pass.
func (b *builder) burnPolygon(p orb.Polygon, mark func(cell int)) error {
	var edges []edge
	for _, ring := range p {
		points, err := b.toCells(ring)
		if err != nil {
			return err
		}
		for i := range points {
			if e, ok := b.edge(points[i], points[(i+1)%len(points)]); ok {
				edges = append(edges, e)
			}
		}
		if b.in.Polygons == Touched && len(ring) > 0 {
			closed := append(slices.Clone([]orb.Point(ring)), ring[0])
			if err := b.burnLine(closed, mark); err != nil {
				return err
			}
		}
	}
	b.fill(edges, mark)
	return nil
}

// edge prepares a side for fill; ok is false when it crosses no row's middle.
func (b *builder) edge(p, q orb.Point) (edge, bool) {
	if p[1] > q[1] {
		p, q = q, p
	}
	row := func(y float64) int { return int(math.Ceil(min(max(y-0.5, 0), float64(b.s.Height)))) }
	e := edge{first: row(p[1]), end: row(q[1]), p: p, q: q}
	return e, e.first < e.end
}

// fill marks the cells whose centres lie between pairs of edges.
func (b *builder) fill(edges []edge, mark func(cell int)) {
	slices.SortFunc(edges, func(a, c edge) int { return cmp.Compare(a.first, c.first) })
	var active []edge
	var xs []float64
	for row, next := 0, 0; next < len(edges) || len(active) > 0; row++ {
		if len(active) == 0 {
			row = edges[next].first
		}
		for ; next < len(edges) && edges[next].first == row; next++ {
			active = append(active, edges[next])
		}
		active = slices.DeleteFunc(active, func(e edge) bool { return e.end <= row })
		xs = xs[:0]
		for i := range active {
			xs = append(xs, active[i].col(row))
		}
		slices.Sort(xs)
		for i := 0; i+1 < len(xs); i += 2 {
			col := func(x float64) int { return int(math.Ceil(min(max(x-0.5, 0), float64(b.s.Width)))) }
			for c := col(xs[i]); c < col(xs[i+1]); c++ {
				mark(row*b.s.Width + c)
			}
		}
	}
}

// Cells calls mark for the cells of g that a geometry in its CRS takes up, as
// BuildSurface sees it: every cell that a line passes, corners too; those of
// polygons as the rule says. A cell may come more than once. The grid must
// not be rotated. Errors: what is wrong with the geometry.
func Cells(g grid.Grid, geometry orb.Geometry, rule PolygonRule, mark func(cell int)) error {
	inv, ok := g.Transform.Invert()
	if !ok || g.Transform[2] != 0 || g.Transform[4] != 0 {
		return fmt.Errorf("the grid's transform %v is degenerate or rotated", g.Transform)
	}
	b := &builder{in: &SurfaceInput{Grid: g, Polygons: rule}, s: &Surface{Width: g.Width, Height: g.Height}, toRow: inv}
	return b.burn(geometry, mark)
}
