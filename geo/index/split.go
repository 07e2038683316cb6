package index

import (
	"cmp"
	"math"
	"math/big"
	"slices"

	"contado/geo"
)

// Areal tells whether the geometry is of polygons alone.
func (p *Prepared) Areal() bool {
	return len(p.runs) > 0 && !slices.ContainsFunc(p.runs, func(r run) bool { return r.dim != 2 })
}

// Split tells whether parts of the inside of f (all of a point or a line but
// its ends) lie in the inside of a prepared geometry that is Areal, and whether
// parts lie outside of it. Neither is true of a line along its boundary.
func (p *Prepared) Split(f Flat) (in, out bool) {
	if f.Dim == 0 {
		for i := range f.runs() {
			switch xy := f.run(i); p.Locate(xy[0], xy[1]) {
			case Inside:
				in = true
			case Outside:
				out = true
			}
		}
		return in, out
	}
	own := Prepare(f)
	for i := range own.segments {
		s := own.segments[i]
		if s.a == s.b {
			continue
		}
		if p.pieces(own.point(s.a), own.point(s.b), own.runs[s.run].sign, f.Dim == 2, &in, &out); in && out {
			return in, out
		}
	}
	if f.Dim < 2 {
		return in, out
	}
	// A boundary of p in the inside of f has the inside on one side of it and
	// the outside on the other.
	p.tree.search(own.box, func(i int) bool {
		s := p.segments[i]
		crossed, beyond := false, false
		if own.pieces(p.point(s.a), p.point(s.b), 1, false, &crossed, &beyond); crossed {
			in, out = true, true
		}
		return !crossed
	})
	return in, out
}

// pieces cuts an edge where boundaries of p touch it, and tells where the
// pieces lie. Of a ring (with sign as that of a run), a piece along a boundary
// lies inside when both rings have their area on the same side.
func (p *Prepared) pieces(a, b [2]float64, sign int, ring bool, in, out *bool) {
	if a == b {
		return
	}
	box := geo.BBox{MinX: min(a[0], b[0]), MinY: min(a[1], b[1]), MaxX: max(a[0], b[0]), MaxY: max(a[1], b[1])}
	var cuts [][2]float64
	var along []int
	p.tree.search(box, func(i int) bool {
		s := p.segments[i]
		c, d := p.point(s.a), p.point(s.b)
		if c == d || !segmentsMeet(a, b, c, d) {
			return true
		}
		o1, o2 := Orient(a[0], a[1], b[0], b[1], c[0], c[1]), Orient(a[0], a[1], b[0], b[1], d[0], d[1])
		o3, o4 := Orient(c[0], c[1], d[0], d[1], a[0], a[1]), Orient(c[0], c[1], d[0], d[1], b[0], b[1])
		if o1*o2 < 0 && o3*o4 < 0 {
			*in, *out = true, true // the edge goes through
			return false
		}
		if o1 == 0 && o2 == 0 {
			along = append(along, i)
		}
		for _, v := range [][2]float64{c, d} {
			if inBox(box, v) && Orient(a[0], a[1], b[0], b[1], v[0], v[1]) == 0 {
				cuts = append(cuts, v)
			}
		}
		// An end of the edge on a boundary.
		if o3 == 0 && between(a, c, d) {
			cuts = append(cuts, a)
		}
		if o4 == 0 && between(b, c, d) {
			cuts = append(cuts, b)
		}
		return true
	})
	if *in && *out {
		return
	}
	// Where the pieces end. Those that are in cuts lie on a boundary.
	on := map[[2]float64]bool{}
	for _, c := range cuts {
		on[c] = true
	}
	cuts = append(cuts, a, b)
	axis := 0
	if math.Abs(b[1]-a[1]) > math.Abs(b[0]-a[0]) {
		axis = 1
	}
	slices.SortFunc(cuts, func(x, y [2]float64) int { return cmp.Compare(x[axis], y[axis]) })
	cuts = slices.Compact(cuts)
	for i := 1; i < len(cuts) && (!*in || !*out); i++ {
		p.piece(cuts[i-1], cuts[i], axis, on, along, edge{b[axis] > a[axis], sign, ring}, in, out)
	}
}

// edge is what a piece needs to know of the edge that it is of.
type edge struct {
	up   bool // runs along its axis
	sign int
	ring bool
}

func (p *Prepared) piece(x, y [2]float64, axis int, on map[[2]float64]bool, along []int, e edge, in, out *bool) {
	for _, i := range along {
		s := p.segments[i]
		c, d := p.point(s.a), p.point(s.b)
		if min(c[axis], d[axis]) <= x[axis] && max(c[axis], d[axis]) >= y[axis] {
			if !e.ring {
				return
			}
			// Both run the same way round their areas: these are on one side.
			if (d[axis] > c[axis] == e.up) == (e.sign == p.runs[s.run].sign) {
				*in = true
			} else {
				*out = true
			}
			return
		}
	}
	var at Place
	switch {
	case !on[x]:
		at = p.Locate(x[0], x[1])
	case !on[y]:
		at = p.Locate(y[0], y[1])
	default:
		at = p.locateMiddle(x, y)
	}
	if at == Inside {
		*in = true
	} else {
		*out = true
	}
}

func inBox(b geo.BBox, v [2]float64) bool {
	return v[0] >= b.MinX && v[0] <= b.MaxX && v[1] >= b.MinY && v[1] <= b.MaxY
}

// between tells whether a point on the line through c and d lies between them.
func between(v, c, d [2]float64) bool {
	return v[0] >= min(c[0], d[0]) && v[0] <= max(c[0], d[0]) && v[1] >= min(c[1], d[1]) && v[1] <= max(c[1], d[1])
}

// locateMiddle tells whether the point halfway between two lies inside. It is
// on no boundary, and need not be a pair of float64 numbers: it is computed
// with exactly.
func (p *Prepared) locateMiddle(a, b [2]float64) Place {
	m := middle{a, b}
	x, y := a[0]/2+b[0]/2, a[1]/2+b[1]/2
	ray := geo.BBox{
		MinX: math.Nextafter(x, math.Inf(-1)), MaxX: math.Inf(1),
		MinY: math.Nextafter(y, math.Inf(-1)), MaxY: math.Nextafter(y, math.Inf(1)),
	}
	n := 0
	p.tree.search(ray, func(i int) bool {
		s := p.segments[i]
		c, d := p.point(s.a), p.point(s.b)
		r := &p.runs[s.run]
		below, above := m.compare(1, c[1]) >= 0, m.compare(1, d[1]) >= 0 // c or d not above it
		if r.dim != 2 || below == above {
			return true
		}
		switch side := m.side(c, d); {
		case below && side > 0:
			n += r.sign
		case above && side < 0:
			n -= r.sign
		}
		return true
	})
	if n > 0 {
		return Inside
	}
	return Outside
}

// middle is the point halfway between two.
type middle struct{ a, b [2]float64 }

// compare is the sign of its coordinate less v.
func (m middle) compare(axis int, v float64) int {
	s := exact(m.a[axis])
	s.Add(s, exact(m.b[axis]))
	return s.Cmp(exact(2 * v))
}

// side is Orient of it against the line from c to d.
func (m middle) side(c, d [2]float64) int {
	diff := func(v [2]float64, axis int) *big.Float {
		s := exact(2 * v[axis])
		s.Sub(s, exact(m.a[axis]))
		return s.Sub(s, exact(m.b[axis]))
	}
	left, right := diff(c, 0), diff(c, 1)
	return left.Mul(left, diff(d, 1)).Cmp(right.Mul(right, diff(d, 0)))
}

// exact is a number with as many bits as sums, differences and products of
// finite coordinates can need.
func exact(v float64) *big.Float { return new(big.Float).SetPrec(4200).SetFloat64(v) }
