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
// edges are followed in 128 pieces each, and what may stick out between two
// samples is added (a bound from second differences).
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
	out := s.out
	out = geo.BBox{MinX: out.MinX - s.padX, MinY: out.MinY - s.padY, MaxX: out.MaxX + s.padX, MaxY: out.MaxY + s.padY}
	return t.finish(b, out)
}

func finiteBox(b geo.BBox) bool {
	s := b.MinX + b.MinY + b.MaxX + b.MaxY
	return s-s == 0
}

// boxSampler gathers transformed samples. Where the target repeats in x the
// samples of the edges are kept continuous.
type boxSampler struct {
	t          *Transformer
	out        geo.BBox
	padX, padY float64
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
	if err := s.apply(xs, ys); err != nil {
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

// bulge bounds how far the curve leaves its chords: for samples one step
// apart it is an eighth of the second difference, here taken in full for the
// pieces on either side. Corners are no curve.
func (s *boxSampler) bulge(xs, ys []float64) {
	for i := 1; i+1 < len(xs); i++ {
		if i%edgePieces == 0 {
			continue
		}
		dx, dy := math.Abs(xs[i-1]-2*xs[i]+xs[i+1])/8, math.Abs(ys[i-1]-2*ys[i]+ys[i+1])/8
		if dx == dx && dy == dy {
			s.padX, s.padY = math.Max(s.padX, dx), math.Max(s.padY, dy)
		}
	}
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
	if err := s.apply(xs, ys); err != nil {
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

// carries reports whether x carries over by a factor alone.
func (t *Transformer) carries() bool {
	return t.from != nil && t.to != nil && t.srcPeriod > 0 && t.dstPeriod > 0
}

func (s *boxSampler) apply(xs, ys []float64) error {
	t := s.t
	if !t.carries() {
		return t.Points(xs, ys)
	}
	for i := range xs {
		lon, lat := t.from.inverse(xs[i], ys[i])
		if t.dst == geo.WebMercator {
			lat = math.Max(-poleLat, math.Min(poleLat, lat))
		}
		xs[i], ys[i] = t.to.forward(lon, lat)
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
	if !t.dstGeographic || p == 0 || (b.MinX >= -p/2 && b.MaxX <= p/2) {
		return b
	}
	if b.Width() >= p*(1-1e-12) {
		b.MinX, b.MaxX = -p/2, p/2
		return b
	}
	b.MinX, b.MaxX = wrap(b.MinX, p), wrap(b.MaxX, p)
	return b
}
