package join

import (
	"math"
	"slices"

	"github.com/paulmach/orb"
)

// side says how a piece of a line lies to an area.
type side int8

const (
	out     side = iota
	in           // the interior is on both sides
	along        // on the boundary, the area on its left
	against      // on the boundary, the area on its right
)

// piece is a part of a segment between two parameters in [0, 1].
type piece struct {
	from, to float64
	side     side
}

// splitter cuts segments at the boundary of an area. It reuses its buffers
// and is for one goroutine.
type splitter struct {
	o      *Outline
	at     []float64
	shared []piece
	pieces []piece
}

// split gives the pieces of a segment of which the area's boundary does not
// cross any; the slice is valid until the next call.
func (s *splitter) split(a, b orb.Point) []piece {
	s.at, s.shared, s.pieces = append(s.at[:0], 0, 1), s.shared[:0], s.pieces[:0]
	o := s.o
	if math.Max(a[0], b[0]) < o.box.MinX || math.Min(a[0], b[0]) > o.box.MaxX ||
		math.Max(a[1], b[1]) < o.box.MinY || math.Min(a[1], b[1]) > o.box.MaxY {
		return append(s.pieces, piece{0, 1, out})
	}
	first, last := o.span(a[1], b[1])
	for strip := first; strip <= last; strip++ {
		for _, i := range o.strips[strip] {
			e := o.edges[i]
			// An edge of several strips is looked at in the first that both share.
			if f, _ := o.span(e.a[1], e.b[1]); max(f, first) == strip {
				s.cross(a, b, e)
			}
		}
	}
	slices.Sort(s.at)
	s.at = slices.Compact(s.at)
	for i := 1; i < len(s.at); i++ {
		p := piece{from: s.at[i-1], to: s.at[i]}
		p.side = s.sideOf(a, b, p)
		if n := len(s.pieces); n > 0 && s.pieces[n-1].side == p.side {
			s.pieces[n-1].to = p.to
			continue
		}
		s.pieces = append(s.pieces, p)
	}
	return s.pieces
}

// sideOf looks at the middle of a piece.
func (s *splitter) sideOf(a, b orb.Point, p piece) side {
	mid := (p.from + p.to) / 2
	for _, c := range s.shared {
		if c.from <= mid && mid <= c.to {
			return c.side
		}
	}
	switch s.o.Locate(between(a, b, mid)) {
	case Inside:
		return in
	case On: // a piece of no length beside a vertex, or rounding of the middle
		return in
	}
	return out
}

// between is the point of a segment at a parameter.
func between(a, b orb.Point, t float64) orb.Point {
	switch t {
	case 0:
		return a
	case 1:
		return b
	}
	return orb.Point{a[0] + t*(b[0]-a[0]), a[1] + t*(b[1]-a[1])}
}

// cross notes where an edge meets the segment from a to b.
func (s *splitter) cross(a, b orb.Point, e edge) {
	if math.Max(e.a[0], e.b[0]) < math.Min(a[0], b[0]) || math.Min(e.a[0], e.b[0]) > math.Max(a[0], b[0]) ||
		math.Max(e.a[1], e.b[1]) < math.Min(a[1], b[1]) || math.Min(e.a[1], e.b[1]) > math.Max(a[1], b[1]) {
		return
	}
	c, d := orient(a, b, e.a), orient(a, b, e.b)
	if c == 0 && d == 0 {
		s.lieAlong(a, b, e)
		return
	}
	if c*d > 0 {
		return
	}
	f, g := orient(e.a, e.b, a), orient(e.a, e.b, b)
	if f*g > 0 {
		return
	}
	switch {
	case f == 0 || g == 0: // an end lies on the edge: already a cut
	case c == 0:
		s.at = append(s.at, along01(a, b, e.a))
	case d == 0:
		s.at = append(s.at, along01(a, b, e.b))
	default:
		s.at = append(s.at, meet(a, b, e))
	}
}

// lieAlong notes an edge on the same line.
func (s *splitter) lieAlong(a, b orb.Point, e edge) {
	from, to := project(a, b, e.a), project(a, b, e.b)
	p := piece{from, to, along}
	if from > to {
		p = piece{to, from, against}
	}
	if p.to <= 0 || p.from >= 1 {
		return
	}
	p.from, p.to = math.Max(p.from, 0), math.Min(p.to, 1)
	s.at = append(s.at, p.from, p.to)
	s.shared = append(s.shared, p)
}

// project is the parameter of a point that lies on the line through a and b,
// from the coordinate that changes more.
func project(a, b, p orb.Point) float64 {
	i := 0
	if math.Abs(b[1]-a[1]) > math.Abs(b[0]-a[0]) {
		i = 1
	}
	return (p[i] - a[i]) / (b[i] - a[i])
}

func along01(a, b, p orb.Point) float64 { return math.Min(math.Max(project(a, b, p), 0), 1) }

// meet is the parameter at which a segment crosses an edge.
func meet(a, b orb.Point, e edge) float64 {
	ex, ey := e.b[0]-e.a[0], e.b[1]-e.a[1]
	f := ex*(a[1]-e.a[1]) - ey*(a[0]-e.a[0])
	g := ex*(b[1]-e.a[1]) - ey*(b[0]-e.a[0])
	if f == g {
		return 0.5 // as good as parallel: they meet within rounding
	}
	return math.Min(math.Max(f/(f-g), 0), 1)
}
