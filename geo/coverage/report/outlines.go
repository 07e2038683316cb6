package report

import (
	"cmp"
	"math"
	"slices"

	"github.com/paulmach/orb"
)

// pt is a point of the drawing in tenths of a pixel.
type pt struct{ x, y int32 }

// frame projects longitude and latitude to pixels: equirectangular, true to
// scale along the middle parallel. Over a region of 3° of latitude the scale
// east to west is off by less than 3 % at its edges. Pictures in longitude
// and latitude stay rectangles.
type frame struct {
	west, north   float64
	kx, ky        float64 // pixels per degree
	dx            float64
	width, height float64
	wraps         bool // longitudes below west are 360° farther east
}

const (
	mapWidth     = 900.0
	mapMaxHeight = 480.0
	mapTall      = 640.0 // of a territory much higher than wide
	mapMinWidth  = 420.0
	mapNames     = 90.0 // room beside a tall territory
	mapMargin    = 14.0
	mapFoot      = 20.0 // below the map, for scale and north
	metresPerLat = 111195.08
)

func newFrame(b orb.Bound) *frame {
	f := &frame{west: b.Min[0], north: b.Max[1], width: mapWidth}
	lon, lat := math.Max(b.Max[0]-b.Min[0], 1e-4), math.Max(b.Max[1]-b.Min[1], 1e-4)
	squeeze := math.Max(0.02, math.Cos((b.Min[1]+b.Max[1])/2*math.Pi/180))
	most := mapMaxHeight
	if lat > 1.4*lon*squeeze {
		most = mapTall
	}
	f.ky = math.Min((mapWidth-2*mapMargin)/(lon*squeeze), (most-2*mapMargin)/lat)
	f.kx = f.ky * squeeze
	f.height = math.Max(lat*f.ky+2*mapMargin, 200) + mapFoot
	// A tall territory has a narrow map, with room for names beside it.
	f.width = math.Min(mapWidth, math.Max(lon*f.kx+2*mapMargin+2*mapNames, mapMinWidth))
	f.dx = (f.width - lon*f.kx) / 2
	return f
}

func (f *frame) at(lon, lat float64) (x, y float64) {
	if f.wraps && lon < 0 {
		lon += 360
	}
	return f.dx + (lon-f.west)*f.kx, mapMargin + (f.north-lat)*f.ky
}

func (f *frame) holds(x, y float64) bool { return x >= 0 && x <= f.width && y >= 0 && y <= f.height }

func (f *frame) snap(p orb.Point) pt {
	x, y := f.at(p[0], p[1])
	return pt{int32(math.Round(x * 10)), int32(math.Round(y * 10))}
}

// metresPerPixel is at the middle parallel.
func (f *frame) metresPerPixel() float64 { return metresPerLat / f.ky }

// rings flattens a geometry to its rings and lines; points have none.
func rings(g orb.Geometry) [][]orb.Point {
	switch g := g.(type) {
	case orb.Ring:
		return [][]orb.Point{g}
	case orb.LineString:
		return [][]orb.Point{g}
	case orb.Bound:
		return rings(g.ToPolygon())
	case orb.Polygon:
		return each(g)
	case orb.MultiLineString:
		return each(g)
	case orb.MultiPolygon:
		return each(g)
	case orb.Collection:
		return each(g)
	}
	return nil
}

func each[S ~[]E, E orb.Geometry](parts S) (out [][]orb.Point) {
	for _, p := range parts {
		out = append(out, rings(p)...)
	}
	return out
}

// outline is one shape of the drawing: closed rings, first point not repeated.
type outline [][]pt

// mesh simplifies outlines together: a border that two shapes share is one
// line, cut out once, so no slivers open between neighbours.
type mesh struct {
	links map[pt]*link
}

// link holds the neighbours of a vertex over all rings. With more than two it
// is a junction, where borders meet.
type link struct {
	a, b     pt
	n        uint8
	junction bool
}

func newMesh(shapes []outline) *mesh {
	m := &mesh{links: map[pt]*link{}}
	for _, s := range shapes {
		for _, r := range s {
			for i, p := range r {
				m.join(p, r[(i+1)%len(r)])
				m.join(p, r[(i+len(r)-1)%len(r)])
			}
		}
	}
	return m
}

func (m *mesh) join(p, q pt) {
	l := m.links[p]
	if l == nil {
		l = &link{}
		m.links[p] = l
	}
	switch {
	case l.n > 0 && l.a == q, l.n > 1 && l.b == q:
	case l.n == 0:
		l.a, l.n = q, 1
	case l.n == 1:
		l.b, l.n = q, 2
	default:
		l.junction = true
	}
}

// snapRing projects a ring and drops repeated points, the closing one too.
func (f *frame) snapRing(points []orb.Point) []pt {
	out := make([]pt, 0, len(points))
	for _, p := range points {
		if q := f.snap(p); len(out) == 0 || out[len(out)-1] != q {
			out = append(out, q)
		}
	}
	for len(out) > 1 && out[0] == out[len(out)-1] {
		out = out[:len(out)-1]
	}
	return out
}

func (f *frame) outlineOf(g orb.Geometry) outline {
	var o outline
	for _, r := range rings(g) {
		if s := f.snapRing(r); len(s) >= 3 {
			o = append(o, s)
		}
	}
	if len(o) == 0 { // smaller than a tenth of a pixel: keep it visible
		for _, r := range rings(g) {
			if len(r) > 0 {
				p := f.snap(r[0])
				return outline{{{p.x - 10, p.y - 10}, {p.x + 10, p.y - 10}, {p.x + 10, p.y + 10}, {p.x - 10, p.y + 10}}}
			}
		}
	}
	return o
}

// simplify thins the ring to within tol (tenths of a pixel), arc by arc.
func (m *mesh) simplify(ring []pt, tol float64) []pt {
	start := slices.IndexFunc(ring, func(p pt) bool { return m.links[p].junction })
	if start < 0 {
		start = smallest(ring)
	}
	closed := append(slices.Concat(ring[start:], ring[:start]), ring[start])
	var out []pt
	for from := 0; from < len(closed)-1; {
		to := from + 1
		for to < len(closed)-1 && !m.links[closed[to]].junction {
			to++
		}
		arc := thinArc(closed[from:to+1], tol)
		out = append(out, arc[:len(arc)-1]...)
		from = to
	}
	if len(out) < 3 {
		return ring
	}
	return out
}

func less(a, b pt) bool { return a.x < b.x || (a.x == b.x && a.y < b.y) }

func smallest(ring []pt) int {
	best := 0
	for i, p := range ring {
		if less(p, ring[best]) {
			best = i
		}
	}
	return best
}

// thinArc simplifies in one direction whichever way a ring runs through it.
func thinArc(arc []pt, tol float64) []pt {
	first, last := arc[0], arc[len(arc)-1]
	backwards := less(last, first) || (first == last && len(arc) > 2 && less(arc[len(arc)-2], arc[1]))
	work := arc
	if backwards {
		work = slices.Clone(arc)
		slices.Reverse(work)
	}
	thin := douglasPeucker(work, tol)
	if backwards {
		slices.Reverse(thin)
	}
	return thin
}

// douglasPeucker keeps the ends and every point farther than tol from the
// line that would replace it (Douglas and Peucker 1973). A closed line is
// split at the point farthest from its ends first.
func douglasPeucker(line []pt, tol float64) []pt {
	keep := make([]bool, len(line))
	keep[0], keep[len(line)-1] = true, true
	type span struct{ from, to int }
	for stack := []span{{0, len(line) - 1}}; len(stack) > 0; {
		s := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		best, at := -1.0, -1
		for i := s.from + 1; i < s.to; i++ {
			if d := distanceTo(line[i], line[s.from], line[s.to]); d > best {
				best, at = d, i
			}
		}
		if at >= 0 && best > tol {
			keep[at] = true
			stack = append(stack, span{s.from, at}, span{at, s.to})
		}
	}
	var out []pt
	for i, k := range keep {
		if k {
			out = append(out, line[i])
		}
	}
	return out
}

// distanceTo is from p to the segment a b.
func distanceTo(p, a, b pt) float64 {
	ax, ay := float64(a.x), float64(a.y)
	dx, dy := float64(b.x)-ax, float64(b.y)-ay
	px, py := float64(p.x)-ax, float64(p.y)-ay
	if l := dx*dx + dy*dy; l > 0 {
		t := math.Max(0, math.Min(1, (px*dx+py*dy)/l))
		px, py = px-t*dx, py-t*dy
	}
	return math.Hypot(px, py)
}

// run is a stretch inside an outline on a horizontal line, in pixels: its
// middle and its width.
type run struct{ x, y, width float64 }

// inside finds where a label may fit: the widest run inside the outline on
// each of some horizontal lines, best first. Runs near the middle of the
// height win over slightly wider ones.
func inside(o outline) []run {
	low, high := math.Inf(1), math.Inf(-1)
	for _, r := range o {
		for _, p := range r {
			low, high = math.Min(low, float64(p.y)), math.Max(high, float64(p.y))
		}
	}
	const lines = 15
	var out []run
	var score []float64
	for k := 1; k < lines; k++ {
		at := low + (high-low)*float64(k)/lines + 0.05
		widest := run{y: at / 10}
		cuts := o.cutsAt(at)
		for i := 0; i+1 < len(cuts); i += 2 {
			if w := (cuts[i+1] - cuts[i]) / 10; w > widest.width {
				widest.x, widest.width = (cuts[i]+cuts[i+1])/20, w
			}
		}
		s := widest.width * (1 - math.Abs(float64(k)/lines-0.5))
		place, _ := slices.BinarySearchFunc(score, s, func(have, s float64) int { return cmp.Compare(s, have) })
		out, score = slices.Insert(out, place, widest), slices.Insert(score, place, s)
	}
	return out
}

// cutsAt is where a horizontal line crosses the outline, from west to east.
func (o outline) cutsAt(y float64) []float64 {
	var cuts []float64
	for _, r := range o {
		for i, p := range r {
			q := r[(i+1)%len(r)]
			if (float64(p.y) > y) != (float64(q.y) > y) {
				cuts = append(cuts, float64(p.x)+(y-float64(p.y))/float64(q.y-p.y)*float64(q.x-p.x))
			}
		}
	}
	slices.Sort(cuts)
	return cuts
}
