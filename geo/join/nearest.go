package join

import (
	"cmp"
	"context"
	"math"
	"slices"

	"github.com/paulmach/orb"

	"contado/geo"
	"contado/geo/fault"
	"contado/geo/index"
)

// Neighbour is one row near another.
type Neighbour struct {
	Row    int // place in the list given to NewNear
	Metres float64
}

// Near answers what of a list of geometries is near a place. It is immutable
// and safe for concurrent use.
type Near struct {
	shapes []*Shape
	tree   *index.Tree[int]
	extent geo.BBox
}

// NewNear prepares geometries in longitude and latitude; those that are nil
// or empty are near nothing.
func NewNear(geometries []orb.Geometry) *Near {
	n := &Near{shapes: make([]*Shape, len(geometries)), extent: geo.EmptyBBox()}
	var boxes []geo.BBox
	var rows []int
	for i, g := range geometries {
		if n.shapes[i] = NewShape(g); n.shapes[i].Empty() {
			continue
		}
		b := geo.BBoxOf(g.Bound())
		n.extent = n.extent.Union(b)
		boxes, rows = append(boxes, b), append(rows, i)
	}
	n.tree = index.Build(boxes, rows)
	return n
}

// firstRadius is where the search begins, in metres; it doubles from there.
const firstRadius = 500

// Find returns up to k rows nearest to a shape within a distance in metres
// (+Inf: however far), the nearest first, rows at the same distance in the
// order of the list. k ≤ 0 asks for all within the distance, which must be
// finite then.
func (n *Near) Find(ctx context.Context, from *Shape, k int, within float64) ([]Neighbour, error) {
	if k <= 0 && math.IsInf(within, 1) {
		return nil, fault.Errorf("join.Find", fault.Invalid, "say how many neighbours, or how far away they may be")
	}
	if from.Empty() || n.tree.Len() == 0 {
		return nil, nil
	}
	box := geo.EmptyBBox()
	for _, p := range from.points {
		box = box.ExtendPoint(p[0], p[1])
	}
	known := map[int]float64{}
	radius := math.Min(firstRadius, within)
	if k <= 0 {
		radius = within
	}
	for {
		if err := ctx.Err(); err != nil {
			return nil, fault.E("join.Find", fault.Canceled, err)
		}
		search := grow(box, radius)
		n.tree.Search(search, func(_ geo.BBox, row int) bool {
			if _, ok := known[row]; !ok {
				known[row] = Distance(from, n.shapes[row])
			}
			return true
		})
		var found []Neighbour
		for row, d := range known {
			if d <= math.Min(radius, within) {
				found = append(found, Neighbour{row, d})
			}
		}
		all := radius >= within || holds(search, n.extent)
		if !all && len(found) < k {
			radius *= 2
			continue
		}
		if all { // the radius bounds nothing any more
			found = found[:0]
			for row, d := range known {
				if d <= within {
					found = append(found, Neighbour{row, d})
				}
			}
		}
		slices.SortFunc(found, func(a, b Neighbour) int {
			return cmp.Or(cmp.Compare(a.Metres, b.Metres), cmp.Compare(a.Row, b.Row))
		})
		if k > 0 && len(found) > k {
			found = found[:k]
		}
		return found, nil
	}
}

func holds(b, o geo.BBox) bool {
	return b.MinX <= o.MinX && b.MaxX >= o.MaxX && b.MinY <= o.MinY && b.MaxY >= o.MaxY
}

// grow is a box with at least so many metres more on every side. A degree of
// latitude has 110,574 m at the equator, and more elsewhere.
func grow(b geo.BBox, metres float64) geo.BBox {
	up := metres / 110_500
	b.MinY, b.MaxY = b.MinY-up, b.MaxY+up
	shrink := math.Cos(math.Min(math.Max(-b.MinY, b.MaxY), 90) * math.Pi / 180)
	side := 360.0
	if shrink > 1e-3 {
		side = math.Min(metres/(111_319*shrink), 360)
	}
	b.MinX, b.MaxX = b.MinX-side, b.MaxX+side
	return b
}
