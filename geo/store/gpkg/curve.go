package gpkg

import (
	"errors"
	"fmt"
	"math"

	"github.com/paulmach/orb"
)

// The ISO codes of WKB of geometries with arcs.
const (
	wkbCircularString = 8 + iota
	wkbCompoundCurve
	wkbCurvePolygon
	wkbMultiCurve
	wkbMultiSurface
)

// arcStep is the angle between positions that stand for an arc: as GDAL has
// it, so that both see the same places. The chord stays within 0.06 % of the
// radius of the arc.
const arcStep = 4 * math.Pi / 180

// curved reads the body of a geometry with arcs as one with straight edges.
func (r *wkbReader) curved(kind uint32, depth int) (orb.Geometry, error) {
	switch kind {
	case wkbCircularString:
		return orNil(r.circularString())
	case wkbCompoundCurve:
		return orNil(r.compoundCurve(depth))
	case wkbCurvePolygon:
		return orNil(r.curvePolygon(depth))
	case wkbMultiCurve:
		return orNil(members(r, depth, func(g orb.Geometry) (orb.LineString, bool) { l, ok := g.(orb.LineString); return l, ok }))
	}
	return orNil(members(r, depth, func(g orb.Geometry) (orb.Polygon, bool) { p, ok := g.(orb.Polygon); return p, ok }))
}

// members reads parts each of which tells its own kind, and drops empty ones.
func members[T any](r *wkbReader, depth int, as func(orb.Geometry) (T, bool)) ([]T, error) {
	if depth == maxDepth {
		return nil, fmt.Errorf("geometries are nested more than %d deep", maxDepth)
	}
	n, err := r.count(5 + 4)
	if err != nil {
		return nil, err
	}
	order, z, m := r.order, r.hasZ, r.hasM
	out := make([]T, 0, n)
	for range n {
		g, err := r.geometry(depth + 1)
		if err != nil {
			return nil, err
		}
		if g == nil {
			continue
		}
		part, ok := as(g)
		if !ok {
			return nil, fmt.Errorf("a curve or surface has a member that is a %s", g.GeoJSONType())
		}
		out = append(out, part)
	}
	r.order = order
	r.shape(z, m)
	return out, nil
}

func (r *wkbReader) compoundCurve(depth int) (orb.LineString, error) {
	if depth == maxDepth {
		return nil, fmt.Errorf("geometries are nested more than %d deep", maxDepth)
	}
	n, err := r.count(5 + 4)
	if err != nil {
		return nil, err
	}
	order, z, m := r.order, r.hasZ, r.hasM
	var line orb.LineString
	for range n {
		first := r.n
		g, err := r.geometry(depth + 1)
		if err != nil {
			return nil, err
		}
		part, ok := g.(orb.LineString)
		switch {
		case g == nil:
			continue
		case !ok:
			return nil, fmt.Errorf("a curve has a member that is a %s", g.GeoJSONType())
		case len(line) > 0 && line[len(line)-1] == part[0]: // they share an end
			part = part[1:]
			r.forget(first)
		}
		line = append(line, part...)
	}
	r.order = order
	r.shape(z, m)
	return line, nil
}

// forget drops the height and the measure of a position.
func (r *wkbReader) forget(at int) {
	for _, list := range []*[]float64{&r.z, &r.m} {
		if at < len(*list) {
			*list = append((*list)[:at], (*list)[at+1:]...)
		}
	}
	r.n--
}

func (r *wkbReader) curvePolygon(depth int) (orb.Polygon, error) {
	lines, err := members(r, depth, func(g orb.Geometry) (orb.LineString, bool) { l, ok := g.(orb.LineString); return l, ok })
	if err != nil {
		return nil, err
	}
	poly := make(orb.Polygon, len(lines))
	for i, l := range lines {
		poly[i] = orb.Ring(l)
	}
	return poly, nil
}

// circularString reads arcs, each of three positions, the last of one being
// the first of the next.
func (r *wkbReader) circularString() (orb.LineString, error) {
	first := r.n
	points, err := r.positions()
	if err != nil || len(points) == 0 {
		return nil, err
	}
	if len(points) < 3 || len(points)%2 == 0 {
		return nil, errors.New("a circular string has no whole number of arcs")
	}
	z, m := tail(r.z, first), tail(r.m, first)
	if r.z != nil {
		r.z = r.z[:first]
	}
	if r.m != nil {
		r.m = r.m[:first]
	}
	r.n = first
	var line orb.LineString
	add := func(p orb.Point, i int, f float64) { // f of the way from position i to the next
		line = append(line, p)
		r.z = extended(r.z, r.n, blend(z, i, f), r.hasZ)
		r.m = extended(r.m, r.n, blend(m, i, f), r.hasM)
		r.n++
	}
	add(points[0], 0, 0)
	for i := 0; i+2 < len(points); i += 2 {
		arc := newArc(points[i], points[i+1], points[i+2])
		for half := range 2 {
			steps := arc.steps(half)
			for k := 1; k < steps; k++ {
				f := float64(k) / float64(steps)
				add(arc.at(half, f), i+half, f)
			}
			add(points[i+half+1], i+half+1, 0)
		}
	}
	return line, nil
}

func tail(list []float64, from int) []float64 {
	if from >= len(list) {
		return nil
	}
	return append([]float64(nil), list[from:]...)
}

func blend(list []float64, i int, f float64) float64 {
	switch {
	case i >= len(list):
		return math.NaN()
	case f == 0:
		return list[i]
	}
	return list[i]*(1-f) + list[i+1]*f
}

// arc is a part of a circle through three positions, in two halves; a full
// circle when the first and the last are one (ISO 13249-3: the second is then
// opposite to them). Positions on a line have no circle: the arc is straight.
type arc struct {
	x, y, radius float64
	from         [2]float64 // angles where the halves begin
	turn         [2]float64 // and how far they go, with sign
	straight     bool
}

func newArc(a, b, c orb.Point) arc {
	if a == c {
		mx, my := a[0]/2+b[0]/2, a[1]/2+b[1]/2
		from := math.Atan2(a[1]-my, a[0]-mx)
		radius := math.Hypot(a[0]-mx, a[1]-my)
		return arc{x: mx, y: my, radius: radius, from: [2]float64{from, from + math.Pi}, turn: [2]float64{math.Pi, math.Pi}, straight: radius == 0}
	}
	// The centre is where the bisectors of two chords meet.
	bx, by, cx, cy := b[0]-a[0], b[1]-a[1], c[0]-a[0], c[1]-a[1]
	d := 2 * (bx*cy - by*cx)
	if math.Abs(d) <= 1e-12*(math.Hypot(bx, by)*math.Hypot(cx, cy)) {
		return arc{straight: true}
	}
	b2, c2 := bx*bx+by*by, cx*cx+cy*cy
	ux, uy := (cy*b2-by*c2)/d, (bx*c2-cx*b2)/d
	o := arc{x: a[0] + ux, y: a[1] + uy, radius: math.Hypot(ux, uy)}
	angle := func(p orb.Point) float64 { return math.Atan2(p[1]-o.y, p[0]-o.x) }
	at := [3]float64{angle(a), angle(b), angle(c)}
	for half := range 2 {
		turn := math.Remainder(at[half+1]-at[half], 2*math.Pi)
		if d > 0 && turn < 0 { // counter-clockwise
			turn += 2 * math.Pi
		} else if d < 0 && turn > 0 {
			turn -= 2 * math.Pi
		}
		o.from[half], o.turn[half] = at[half], turn
	}
	return o
}

func (o *arc) steps(half int) int {
	if o.straight {
		return 1
	}
	return max(1, int(math.Ceil(math.Abs(o.turn[half])/arcStep-1e-9)))
}

func (o *arc) at(half int, f float64) orb.Point {
	sin, cos := math.Sincos(o.from[half] + f*o.turn[half])
	return orb.Point{o.x + o.radius*cos, o.y + o.radius*sin}
}
