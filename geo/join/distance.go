package join

import (
	"math"

	"github.com/paulmach/orb"

	"contado/geo/crs"
)

// vec is a place in metres from the centre of the earth.
type vec [3]float64

func (a vec) sub(b vec) vec     { return vec{a[0] - b[0], a[1] - b[1], a[2] - b[2]} }
func (a vec) dot(b vec) float64 { return a[0]*b[0] + a[1]*b[1] + a[2]*b[2] }
func (a vec) at(d vec, t float64) vec {
	return vec{a[0] + t*d[0], a[1] + t*d[1], a[2] + t*d[2]}
}

// geocentric is the place of a longitude and latitude on the WGS 84 ellipsoid.
func geocentric(p orb.Point) vec {
	const (
		a  = 6378137
		f  = 1 / 298.257223563
		e2 = f * (2 - f)
	)
	sinLat, cosLat := math.Sincos(p[1] * math.Pi / 180)
	sinLon, cosLon := math.Sincos(p[0] * math.Pi / 180)
	n := a / math.Sqrt(1-e2*sinLat*sinLat)
	return vec{n * cosLat * cosLon, n * cosLat * sinLon, n * (1 - e2) * sinLat}
}

// Shape is a geometry in longitude and latitude prepared for distances.
type Shape struct {
	points []orb.Point
	place  []vec
	ends   []int    // of the runs of points that are joined by segments
	area   *Outline // of polygons
}

// NewShape prepares a geometry.
func NewShape(g orb.Geometry) *Shape {
	s := &Shape{}
	var mp orb.MultiPolygon
	s.add(g, &mp)
	if len(mp) > 0 {
		s.area = NewOutline(mp)
	}
	s.place = make([]vec, len(s.points))
	for i, p := range s.points {
		s.place[i] = geocentric(p)
	}
	return s
}

func (s *Shape) add(g orb.Geometry, mp *orb.MultiPolygon) {
	switch g := g.(type) {
	case orb.Point:
		s.run([]orb.Point{g})
	case orb.MultiPoint:
		for _, p := range g {
			s.run([]orb.Point{p})
		}
	case orb.LineString:
		s.run(g)
	case orb.MultiLineString:
		for _, l := range g {
			s.run(l)
		}
	case orb.Polygon:
		for _, r := range g {
			s.run(r)
		}
		*mp = append(*mp, g)
	case orb.MultiPolygon:
		for _, p := range g {
			s.add(p, mp)
		}
	case orb.Collection:
		for _, m := range g {
			s.add(m, mp)
		}
	}
}

func (s *Shape) run(p []orb.Point) {
	if len(p) > 0 {
		s.points = append(s.points, p...)
		s.ends = append(s.ends, len(s.points))
	}
}

// Empty reports whether there is no point at all.
func (s *Shape) Empty() bool { return len(s.points) == 0 }

// segments calls yield with the ends of every segment; a point is a segment
// of no length.
func (s *Shape) segments(yield func(i, j int)) {
	start := 0
	for _, end := range s.ends {
		if end-start == 1 {
			yield(start, start)
		}
		for i := start + 1; i < end; i++ {
			yield(i-1, i)
		}
		start = end
	}
}

// Distance is the length in metres of the shortest geodesic between two
// shapes, 0 when they share a point. The places that it joins are found on
// the chords between vertices, in space, and the geodesic between them is
// measured: the error is of second order in how far edges of some kilometres
// bend away from their chords.
func Distance(a, b *Shape) float64 {
	if a.Empty() || b.Empty() {
		return math.Inf(1)
	}
	if a.holds(b) || b.holds(a) {
		return 0
	}
	best := math.Inf(1)
	var from, to vec
	a.segments(func(i, j int) {
		p, d := a.place[i], a.place[j].sub(a.place[i])
		b.segments(func(k, l int) {
			if best == 0 {
				return
			}
			q, e := b.place[k], b.place[l].sub(b.place[k])
			s, t := closest(p, d, q, e)
			x, y := p.at(d, s), q.at(e, t)
			gap := x.sub(y)
			if g := gap.dot(gap); g < best {
				best, from, to = g, x, y
				if crossing(a.points[i], a.points[j], b.points[k], b.points[l]) {
					best = 0
				}
			}
		})
	})
	if best == 0 {
		return 0
	}
	u, v := from.lonLat(), to.lonLat()
	return float64(crs.Distance(u[0], u[1], v[0], v[1]))
}

// crossing reports whether two segments share a point in the plane of
// longitude and latitude.
func crossing(a, b, c, d orb.Point) bool {
	for i := range 2 {
		if math.Max(a[i], b[i]) < math.Min(c[i], d[i]) || math.Max(c[i], d[i]) < math.Min(a[i], b[i]) {
			return false
		}
	}
	return orient(a, b, c)*orient(a, b, d) <= 0 && orient(c, d, a)*orient(c, d, b) <= 0
}

// lonLat is the longitude and latitude of a place near the ellipsoid (Bowring
// 1976, Survey Review 23(181); exact to far below a millimetre there).
func (a vec) lonLat() orb.Point {
	const (
		major = 6378137
		f     = 1 / 298.257223563
		minor = major * (1 - f)
		e2    = f * (2 - f)
		ep2   = e2 / (1 - e2)
	)
	p := math.Hypot(a[0], a[1])
	sinU, cosU := math.Sincos(math.Atan2(a[2]*major, p*minor))
	lat := math.Atan2(a[2]+ep2*minor*sinU*sinU*sinU, p-e2*major*cosU*cosU*cosU)
	return orb.Point{math.Atan2(a[1], a[0]) * 180 / math.Pi, lat * 180 / math.Pi}
}

// holds reports whether the first point of some part of b lies in a; whatever
// else they share shows as edges that meet.
func (s *Shape) holds(b *Shape) bool {
	if s.area == nil {
		return false
	}
	start := 0
	for _, end := range b.ends {
		if s.area.Locate(b.points[start]) != Outside {
			return true
		}
		start = end
	}
	return false
}

// closest gives the parameters in [0, 1] of the two nearest places of the
// segments p + s·d and q + t·e (Ericson 2005, Real-Time Collision Detection,
// section 5.1.9).
func closest(p, d, q, e vec) (s, t float64) {
	r := p.sub(q)
	a, b, c, f := d.dot(d), d.dot(e), d.dot(r), e.dot(r)
	ee := e.dot(e)
	switch {
	case a == 0 && ee == 0:
		return 0, 0
	case a == 0:
		return 0, clamp(f / ee)
	case ee == 0:
		return clamp(-c / a), 0
	}
	if den := a*ee - b*b; den > 1e-12*a*ee {
		s = clamp((b*f - c*ee) / den)
	}
	t = (b*s + f) / ee
	if t < 0 {
		return clamp(-c / a), 0
	}
	if t > 1 {
		return clamp((b - c) / a), 1
	}
	return s, t
}

func clamp(t float64) float64 { return math.Min(math.Max(t, 0), 1) }
