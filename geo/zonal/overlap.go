package zonal

import (
	"context"
	"math"
	"slices"

	"github.com/paulmach/orb"
	"github.com/peterstace/simplefeatures/geom"

	"contado/geo/fault"
)

// overlapEps is the share of the smaller part that two parts of one area may
// have in common: slivers along an edge that both share and that reprojection
// bent a little differently.
const overlapEps = 1e-6

// part is one polygon of a shape.
type part struct {
	rings                  []ring
	chunks                 []chunk
	minX, minY, maxX, maxY float64
	area                   float64
}

// checkOverlap refuses an area whose parts overlap, because a place in two of
// them would count twice. Fractions alone would not show it where the overlap
// lies within cells that are covered in part.
//
// Only pairs whose boxes overlap are looked at; pairs whose edges meet go
// through an overlay, the others through a point-in-polygon test.
func (s *shape) checkOverlap(ctx context.Context, name label) error {
	parts := s.parts()
	slices.SortFunc(parts, func(a, b part) int {
		if a.minX < b.minX {
			return -1
		}
		return 1
	})
	for i := range parts {
		if err := ctx.Err(); err != nil {
			return fault.E("zonal.Compute", fault.Canceled, err)
		}
		for j := i + 1; j < len(parts) && parts[j].minX < parts[i].maxX; j++ {
			a, b := &parts[i], &parts[j]
			if a.minY >= b.maxY || b.minY >= a.maxY {
				continue
			}
			shared, err := s.sharedArea(a, b)
			if err != nil {
				return fault.Errorf("zonal.Compute", fault.Invalid,
					"%s: cannot tell whether two of its parts overlap: %w", name, err)
			}
			if shared > overlapEps*math.Min(a.area, b.area) {
				return fault.WithHint(fault.Errorf("zonal.Compute", fault.Invalid,
					"%s has parts that overlap (by %.3g cells): what lies there would count twice", name, shared),
					"merge the parts first")
			}
		}
	}
	return nil
}

func (s *shape) parts() []part {
	if len(s.rings) < 2 || s.rings[len(s.rings)-1].part == s.rings[0].part {
		return nil
	}
	var parts []part
	chunkAt := 0
	for from := 0; from < len(s.rings); {
		p := part{minX: math.Inf(1), minY: math.Inf(1), maxX: math.Inf(-1), maxY: math.Inf(-1)}
		to := from
		for ; to < len(s.rings) && s.rings[to].part == s.rings[from].part; to++ {
			r := s.rings[to]
			a := math.Abs(shoelace(s.pts[r.from:r.to]))
			if r.hole {
				a = -a
			}
			p.area += a
		}
		p.rings = s.rings[from:to]
		first := chunkAt
		for ; chunkAt < len(s.chunks) && s.chunks[chunkAt].from < s.rings[to-1].to; chunkAt++ {
			c := &s.chunks[chunkAt]
			p.minX, p.maxX = math.Min(p.minX, c.minX), math.Max(p.maxX, c.maxX)
			p.minY, p.maxY = math.Min(p.minY, c.minY), math.Max(p.maxY, c.maxY)
		}
		p.chunks = s.chunks[first:chunkAt]
		parts = append(parts, p)
		from = to
	}
	return parts
}

// sharedArea is the area, in cells, that two parts have in common.
func (s *shape) sharedArea(a, b *part) (float64, error) {
	if !s.meet(a, b) {
		switch {
		case s.holds(a, s.pts[b.rings[0].from]):
			return b.area, nil
		case s.holds(b, s.pts[a.rings[0].from]):
			return a.area, nil
		}
		return 0, nil
	}
	g, err := geom.Intersection(s.polygon(a), s.polygon(b))
	if err != nil {
		return 0, err
	}
	return g.Area(), nil
}

func (s *shape) polygon(p *part) geom.Geometry {
	rings := make([][]float64, len(p.rings))
	for i, r := range p.rings {
		xy := make([]float64, 0, 2*(r.to-r.from))
		for _, q := range s.pts[r.from:r.to] {
			xy = append(xy, q[0], q[1])
		}
		rings[i] = xy
	}
	return geom.NewPolygonXY(rings...).AsGeometry()
}

// meet reports whether an edge of a touches or crosses an edge of b.
func (s *shape) meet(a, b *part) bool {
	for i := range a.chunks {
		ca := &a.chunks[i]
		if ca.maxX < b.minX || ca.minX > b.maxX || ca.maxY < b.minY || ca.minY > b.maxY {
			continue
		}
		for j := range b.chunks {
			cb := &b.chunks[j]
			if ca.maxX < cb.minX || ca.minX > cb.maxX || ca.maxY < cb.minY || ca.minY > cb.maxY {
				continue
			}
			if s.chunksMeet(ca, cb) {
				return true
			}
		}
	}
	return false
}

func (s *shape) chunksMeet(a, b *chunk) bool {
	for i := a.from; i < a.to; i++ {
		p, q := s.pts[i], s.pts[i+1]
		if math.Max(p[0], q[0]) < b.minX || math.Min(p[0], q[0]) > b.maxX ||
			math.Max(p[1], q[1]) < b.minY || math.Min(p[1], q[1]) > b.maxY {
			continue
		}
		for j := b.from; j < b.to; j++ {
			if edgesMeet(p, q, s.pts[j], s.pts[j+1]) {
				return true
			}
		}
	}
	return false
}

// edgesMeet errs on the side of true: it only decides who goes to the overlay.
func edgesMeet(p, q, r, t orb.Point) bool {
	if math.Max(p[0], q[0]) < math.Min(r[0], t[0]) || math.Max(r[0], t[0]) < math.Min(p[0], q[0]) ||
		math.Max(p[1], q[1]) < math.Min(r[1], t[1]) || math.Max(r[1], t[1]) < math.Min(p[1], q[1]) {
		return false
	}
	return side(p, q, r)*side(p, q, t) <= 0 && side(r, t, p)*side(r, t, q) <= 0
}

// side is the sign of c against the line a→b, 0 when rounding may decide.
func side(a, b, c orb.Point) int {
	l, r := (b[0]-a[0])*(c[1]-a[1]), (b[1]-a[1])*(c[0]-a[0])
	switch d, e := l-r, 1e-14*(math.Abs(l)+math.Abs(r)); {
	case d > e:
		return 1
	case d < -e:
		return -1
	}
	return 0
}

// holds reports whether a point lies in a part (even-odd, half open).
func (s *shape) holds(p *part, q orb.Point) bool {
	in := false
	for i := range p.chunks {
		c := &p.chunks[i]
		if q[1] < c.minY || q[1] >= c.maxY || q[0] > c.maxX {
			continue
		}
		for e := c.from; e < c.to; e++ {
			a, b := s.pts[e], s.pts[e+1]
			if (a[1] > q[1]) != (b[1] > q[1]) && q[0] < a[0]+(q[1]-a[1])/(b[1]-a[1])*(b[0]-a[0]) {
				in = !in
			}
		}
	}
	return in
}
