package crs

import (
	"math"

	"contado/geo"
	"contado/geo/fault"
)

// Sampling of a box: pieces of each edge, and of an inner grid that finds
// what the edges do not show (a pole inside, edges outside the domain).
const (
	edgePieces = 128
	innerSteps = 24
)

// BBox gives a box of the target system that holds the transformed box: the
// edges are followed in 128 pieces each, and the tops of the curves between
// samples are added.
//
// A source box in degrees with MinX > MaxX crosses the antimeridian. A result
// in degrees has MinX > MaxX when it crosses; it has all longitudes, and ends
// at the pole, when a pole lies inside. A result in Web Mercator is cut at the
// top and bottom of its square, and runs past ±20,037,508 m instead of having
// MinX > MaxX. Parts of the box that have no place in the target are left
// out; Invalid when nothing has.
func (t *Transformer) BBox(b geo.BBox) (geo.BBox, error) {
	const op = "crs.BBox"
	if t.srcGeographic && t.srcPeriod > 0 && b.MinX > b.MaxX {
		b.MaxX += t.srcPeriod
	}
	if b.IsEmpty() || !finiteBox(b) {
		return geo.BBox{}, fault.Errorf(op, fault.Invalid, "the box %v is empty or not finite", b)
	}
	if t.identity {
		return t.turn(b), nil
	}
	s := &boxSampler{t: t, out: geo.EmptyBBox()}
	if err := s.edges(b); err != nil {
		return geo.BBox{}, err
	}
	if err := s.inside(b); err != nil {
		return geo.BBox{}, err
	}
	if s.out.IsEmpty() {
		return geo.BBox{}, fault.Errorf(op, fault.Invalid, "the box %v of %s has no place in %s", b, t.src.Short(), t.dst.Short())
	}
	return t.finish(b, s.out)
}

func finiteBox(b geo.BBox) bool {
	s := b.MinX + b.MinY + b.MaxX + b.MaxY
	return s-s == 0
}

// boxSampler gathers transformed samples. Where the target repeats in x the
// samples of the edges are kept continuous.
type boxSampler struct {
	t   *Transformer
	out geo.BBox
}

// edges follows the four edges as one closed line.
func (s *boxSampler) edges(b geo.BBox) error {
	corners := [5][2]float64{{b.MinX, b.MinY}, {b.MaxX, b.MinY}, {b.MaxX, b.MaxY}, {b.MinX, b.MaxY}, {b.MinX, b.MinY}}
	xs, ys := make([]float64, 0, 4*edgePieces+1), make([]float64, 0, 4*edgePieces+1)
	for k := range 4 {
		p, q := corners[k], corners[k+1]
		for i := range edgePieces {
			f := float64(i) / edgePieces
			xs = append(xs, p[0]+(q[0]-p[0])*f)
			ys = append(ys, p[1]+(q[1]-p[1])*f)
		}
	}
	xs, ys = append(xs, corners[4][0]), append(ys, corners[4][1])
	if err := s.t.carry(xs, ys); err != nil {
		return err
	}
	last := math.NaN()
	for i := range xs {
		if xs[i] != xs[i] {
			continue
		}
		if p := s.t.dstPeriod; p > 0 && last == last && !s.t.carries() {
			xs[i] = last + wrap(xs[i]-last, p)
		}
		last = xs[i]
		s.out = s.out.ExtendPoint(xs[i], ys[i])
	}
	s.bulge(xs, ys)
	return nil
}

// bulge adds the tops of the curves between samples: a parabola through each
// three samples of an edge gives them to the third order of the step.
func (s *boxSampler) bulge(xs, ys []float64) {
	for i := 1; i+1 < len(xs); i++ {
		if i%edgePieces == 0 || s.out.IsEmpty() {
			continue // corners are no curve
		}
		if x := vertexOf(xs[i-1], xs[i], xs[i+1]); x == x {
			s.out = s.out.ExtendPoint(x, ys[i])
		}
		if y := vertexOf(ys[i-1], ys[i], ys[i+1]); y == y && xs[i] == xs[i] {
			s.out = s.out.ExtendPoint(xs[i], y)
		}
	}
}

// vertexOf is the extreme value of the parabola through a, b, c at −1, 0, 1,
// or NaN when it lies outside.
func vertexOf(a, b, c float64) float64 {
	d2 := a - 2*b + c
	if u := (a - c) / 2; !(math.Abs(u) <= math.Abs(d2)) || d2 == 0 {
		return math.NaN()
	}
	return b - (a-c)*(a-c)/(8*d2)
}

// inside samples a grid within the box.
func (s *boxSampler) inside(b geo.BBox) error {
	var xs, ys []float64
	for j := 1; j < innerSteps; j++ {
		for i := 1; i < innerSteps; i++ {
			xs = append(xs, b.MinX+b.Width()*float64(i)/innerSteps)
			ys = append(ys, b.MinY+b.Height()*float64(j)/innerSteps)
		}
	}
	if err := s.t.carry(xs, ys); err != nil {
		return err
	}
	for i := range xs {
		if xs[i] != xs[i] {
			continue
		}
		x := xs[i]
		if p := s.t.dstPeriod; p > 0 && !s.out.IsEmpty() && !s.t.carries() {
			mid := (s.out.MinX + s.out.MaxX) / 2
			x = mid + wrap(x-mid, p)
		}
		s.out = s.out.ExtendPoint(x, ys[i])
	}
	return nil
}

// finish puts the poles and the turn of the globe right.
func (t *Transformer) finish(src, out geo.BBox) (geo.BBox, error) {
	if t.dst == geo.WebMercator {
		out.MinY, out.MaxY = clamp(out.MinY, mercWorld), clamp(out.MaxY, mercWorld)
		return out, nil
	}
	if !t.dstGeographic || t.dstPeriod == 0 {
		return out, nil
	}
	top := t.dstPeriod / 4
	out.MinY, out.MaxY = clamp(out.MinY, top), clamp(out.MaxY, top)
	if !t.srcGeographic {
		for _, north := range [2]bool{true, false} {
			in, err := t.holdsPole(src, north)
			if err != nil {
				return geo.BBox{}, err
			}
			if in {
				out.MinX, out.MaxX = -2*top, 2*top
				if north {
					out.MaxY = top
				} else {
					out.MinY = -top
				}
			}
		}
	}
	return t.turn(out), nil
}

func clamp(v, limit float64) float64 { return math.Max(-limit, math.Min(limit, v)) }

// holdsPole reports whether a pole lies within the source box.
func (t *Transformer) holdsPole(src geo.BBox, north bool) (bool, error) {
	back, err := t.inverse()
	if err != nil {
		return false, err
	}
	_, lat := t.pole(north)
	x, y, ok := back.Point(0, lat)
	if !ok || !(src.MinX <= x && x <= src.MaxX && src.MinY <= y && y <= src.MaxY) {
		return false, nil
	}
	// Some projections put the pole's image where it is not the pole.
	_, again, ok := t.Point(x, y)
	return ok && math.Abs(again-lat) < 1e-6*math.Abs(lat), nil
}

// turn brings a box in degrees to the turn of the globe that people use.
func (t *Transformer) turn(b geo.BBox) geo.BBox {
	p := t.dstPeriod
	if !t.dstGeographic || p == 0 {
		return b
	}
	// What passes ±180° by rounding alone ends there.
	if eps := 1e-11 * p; b.MinX < -p/2 && b.MinX >= -p/2-eps {
		b.MinX = -p / 2
	}
	if eps := 1e-11 * p; b.MaxX > p/2 && b.MaxX <= p/2+eps {
		b.MaxX = p / 2
	}
	if b.MinX >= -p/2 && b.MaxX <= p/2 {
		return b
	}
	if b.Width() >= p*(1-1e-12) {
		b.MinX, b.MaxX = -p/2, p/2
		return b
	}
	b.MinX, b.MaxX = wrap(b.MinX, p), wrap(b.MaxX, p)
	return b
}
