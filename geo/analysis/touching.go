package analysis

import (
	"context"
	"slices"
	"strings"

	"github.com/paulmach/orb"

	"contado/geo"
	"contado/geo/crs"
	"contado/geo/index"
)

// borderGap is how far apart, in metres, outlines of neighbours may lie:
// borders that were drawn twice do not meet exactly.
const borderGap = 25.0

// maxNeighbours bounds how many are listed.
const maxNeighbours = 64

// neighbours are the territories of the same level and dataset whose outlines
// come within borderGap of a territory's own, by name.
func (r *run) neighbours(ctx context.Context, t geo.Territory) ([]geo.Territory, error) {
	if t.FeatureID == 0 {
		return nil, nil
	}
	near := t.BBox.Buffer(0.001)
	own, err := r.tree.Geometry(ctx, t.Code)
	if err != nil {
		return nil, err
	}
	border := newBorder(own)
	var out []geo.Territory
	for _, o := range r.tree.All() {
		if o.Code == t.Code || o.FeatureID == 0 || o.Level != t.Level || o.Dataset != t.Dataset || !o.BBox.Intersects(near) {
			continue
		}
		g, err := r.tree.Geometry(ctx, o.Code)
		if err != nil {
			return nil, err
		}
		// A side of one may run along a corner of the other, so both are asked.
		if border.meets(g) || newBorder(g).meets(own) {
			out = append(out, o)
		}
		if len(out) == maxNeighbours {
			break
		}
	}
	slices.SortFunc(out, func(a, b geo.Territory) int { return strings.Compare(a.Name, b.Name) })
	return out, nil
}

// border is an outline to measure from.
type border struct{ tree *index.Tree[[2]orb.Point] }

func newBorder(mp orb.MultiPolygon) border {
	var boxes []geo.BBox
	var sides [][2]orb.Point
	for _, p := range mp {
		for _, ring := range p {
			for i := 1; i < len(ring); i++ {
				boxes = append(boxes, geo.BBoxOf(orb.LineString{ring[i-1], ring[i]}.Bound()))
				sides = append(sides, [2]orb.Point{ring[i-1], ring[i]})
			}
		}
	}
	return border{index.Build(boxes, sides)}
}

// meets reports whether a corner of the other outline lies within borderGap
// of a side.
func (b border) meets(mp orb.MultiPolygon) bool {
	const reach = 0.0005 // degrees: more than borderGap up to latitude 60
	all := b.tree.Bounds().Buffer(reach)
	for _, p := range mp {
		for _, ring := range p {
			for _, v := range ring {
				at := geo.BBox{MinX: v[0], MinY: v[1], MaxX: v[0], MaxY: v[1]}
				if !all.Intersects(at) {
					continue
				}
				close := false
				b.tree.Search(at.Buffer(reach), func(_ geo.BBox, s [2]orb.Point) bool {
					near := nearestOn(s, v)
					close = crs.Distance(v[0], v[1], near[0], near[1]) <= borderGap
					return !close
				})
				if close {
					return true
				}
			}
		}
	}
	return false
}

// nearestOn is the point of a short side that is nearest to another point,
// in degrees: near enough for borderGap.
func nearestOn(s [2]orb.Point, p orb.Point) orb.Point {
	dx, dy := s[1][0]-s[0][0], s[1][1]-s[0][1]
	n := dx*dx + dy*dy
	if n == 0 {
		return s[0]
	}
	f := min(max(((p[0]-s[0][0])*dx+(p[1]-s[0][1])*dy)/n, 0), 1)
	return orb.Point{s[0][0] + f*dx, s[0][1] + f*dy}
}
