package crs

import (
	"math"

	"contado/geo/fault"
	"github.com/paulmach/orb"
)

// DefaultMaxError is how far, in metres, an edge of a transformed geometry
// may stray from the true curve: well below a cell of the finest terrain
// models, and below a quarter of a unit of a vector tile at zoom 16. On a
// geographic target it is turned into degrees of the equator.
const DefaultMaxError = 0.1

// maxDepth bounds the halving of an edge: 2¹² pieces.
const maxDepth = 12

// GeometryOptions tunes Transformer.Geometry.
type GeometryOptions struct {
	// MaxError is in units of the target system; 0 = DefaultMaxError, below 0
	// moves the vertices and adds none.
	MaxError float64
}

// Geometry gives a transformed copy; g is not changed. Vertices are added so
// that straight edges stay within MaxError of the curves that they stand for,
// except after 12 halvings of an edge.
//
// Where the target repeats in x (degrees, Web Mercator) lines stay continuous
// and may pass ±180°; a ring round a pole is closed along the pole. A vertex
// on a pole goes to 89.99° in Web Mercator, far outside its square.
//
// Errors: Invalid when a vertex has no place in the target system; TooLarge
// when the result would have more than 20 million vertices.
func (t *Transformer) Geometry(g orb.Geometry, o *GeometryOptions) (orb.Geometry, error) {
	if g == nil {
		return nil, nil
	}
	if t.identity {
		return orb.Clone(g), nil
	}
	tr := &tracer{t: t, maxDepth: maxDepth, maxError: DefaultMaxError / t.dstUnit}
	if o != nil && o.MaxError != 0 {
		tr.maxError = o.MaxError
	}
	return tr.geometry(g, 0)
}

// maxNesting bounds collections within collections.
const maxNesting = 32

func (tr *tracer) geometry(g orb.Geometry, depth int) (orb.Geometry, error) {
	switch g := g.(type) {
	case orb.Point:
		ps, err := tr.places([]orb.Point{g})
		if err != nil {
			return nil, err
		}
		return ps[0], nil
	case orb.MultiPoint:
		ps, err := tr.places(g)
		return orb.MultiPoint(ps), err
	case orb.LineString:
		vs, err := tr.line(g)
		return orb.LineString(points(vs)), err
	case orb.MultiLineString:
		return each(g, func(l orb.LineString) (orb.LineString, error) {
			vs, err := tr.line(l)
			return points(vs), err
		})
	case orb.Ring:
		p, err := tr.polygon(orb.Polygon{g})
		if err != nil || len(p) == 0 {
			return orb.Ring{}, err
		}
		return p[0], nil
	case orb.Polygon:
		return tr.polygon(g)
	case orb.MultiPolygon:
		return each(g, tr.polygon)
	case orb.Bound:
		return tr.polygon(g.ToPolygon())
	case orb.Collection:
		if depth >= maxNesting {
			return nil, fault.Errorf("crs.Geometry", fault.TooLarge, "collections nested more than %d deep", maxNesting)
		}
		return each(g, func(m orb.Geometry) (orb.Geometry, error) { return tr.geometry(m, depth+1) })
	}
	return nil, fault.Errorf("crs.Geometry", fault.Unsupported, "cannot transform a %T", g)
}

// each transforms the parts of a multi geometry.
func each[S ~[]E, E any](in S, f func(E) (E, error)) (S, error) {
	out := make(S, 0, len(in))
	for _, e := range in {
		v, err := f(e)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}

func (tr *tracer) places(ps []orb.Point) ([]orb.Point, error) {
	if len(ps) == 0 {
		return []orb.Point{}, nil
	}
	vs := make([]vertex, len(ps))
	for i, p := range ps {
		vs[i] = vertex{sx: p[0], sy: p[1]}
	}
	if err := tr.transform(vs); err != nil {
		return nil, err
	}
	return points(vs), nil
}

// polygon transforms the rings. Holes are put on the same turn of the globe
// as the outer ring.
func (tr *tracer) polygon(p orb.Polygon) (orb.Polygon, error) {
	out := make(orb.Polygon, 0, len(p))
	for i, r := range p {
		vs, err := tr.line(r)
		if err != nil {
			return nil, err
		}
		ring := orb.Ring(points(vs))
		if i > 0 && len(ring) > 0 && len(out[0]) > 0 {
			tr.align(ring, out[0])
		}
		out = append(out, tr.closeRing(ring))
	}
	return out, nil
}

// align moves a hole by whole periods towards the middle of its outer ring.
func (tr *tracer) align(hole, outer orb.Ring) {
	period := tr.t.dstPeriod
	if period == 0 || tr.t.carries() {
		return
	}
	a, b := outer.Bound(), hole.Bound()
	shift := math.Round(((a.Min[0]+a.Max[0])-(b.Min[0]+b.Max[0]))/2/period) * period
	if shift == 0 {
		return
	}
	for i := range hole {
		hole[i][0] += shift
	}
}

// closeRing makes the ends of a ring meet. A ring whose ends are a turn apart
// goes round a pole: it is led along the pole.
func (tr *tracer) closeRing(r orb.Ring) orb.Ring {
	n := len(r)
	if n < 2 || r[0] == r[n-1] {
		return r
	}
	period := tr.t.dstPeriod
	if period == 0 || tr.t.carries() || math.Abs(r[n-1][0]-r[0][0]) < period/2 {
		if math.Abs(r[n-1][0]-r[0][0]) <= 1e-9*period && math.Abs(r[n-1][1]-r[0][1]) <= 1e-9*period {
			r[n-1] = r[0] // rounding of the way round
		}
		return r
	}
	var mean float64
	for _, p := range r {
		mean += p[1]
	}
	_, pole := tr.t.pole(mean >= 0)
	return append(r, orb.Point{r[n-1][0], pole}, orb.Point{r[0][0], pole}, r[0])
}

// pole is the y of a pole in a target that repeats in x.
func (t *Transformer) pole(north bool) (x, y float64) {
	lat := poleLat
	if t.dstGeographic {
		lat = t.dstPeriod / 4
	} else {
		_, lat = mercator{}.forward(0, lat)
	}
	if !north {
		lat = -lat
	}
	return 0, lat
}
