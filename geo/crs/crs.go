// Package crs turns coordinates of one reference system into another, boxes
// and geometries included, and measures on the ellipsoid.
//
// Longitude, latitude, Web Mercator, UTM and the European equal-area system
// have closed forms here; everything else goes through PROJ (contado/geo/gdal).
// Like PROJ, the closed forms hold WGS 84 and ETRS89 for the same: the
// transformation between them is null, which is right to about a metre (they
// drift apart by 2.5 cm a year).
//
// Coordinates are x, y: easting or longitude first. A Transformer is safe for
// concurrent use.
package crs

import (
	"math"
	"sync"

	"contado/geo"
	"contado/geo/fault"
	"contado/geo/gdal"
)

// Transformer turns coordinates of Src into Dst.
type Transformer struct {
	src, dst geo.CRS
	identity bool
	from, to form // closed forms; nil when PROJ does it
	proj     *projPool

	// What the two systems repeat by, in x; 0 when they do not.
	srcPeriod, dstPeriod float64
	srcGeographic        bool
	dstGeographic        bool
	dstUnit              float64 // metres per unit of dst, about

	back struct {
		sync.Once
		t   *Transformer
		err error
	}
}

// New makes a transformer. Ids may be any text that gdal.ParseCRS reads.
//
// Errors: Invalid for a system that cannot be read or is not given,
// Unsupported when PROJ knows no way from one to the other.
func New(src, dst geo.CRS) (*Transformer, error) {
	s, err := resolve(src)
	if err != nil {
		return nil, err
	}
	d, err := resolve(dst)
	if err != nil {
		return nil, err
	}
	t := &Transformer{
		src: s.id, dst: d.id, identity: s.id == d.id, srcPeriod: s.period, dstPeriod: d.period,
		srcGeographic: s.geographic, dstGeographic: d.geographic, dstUnit: d.unit,
	}
	if t.identity {
		return t, nil
	}
	if s.form != nil && d.form != nil {
		t.from, t.to = s.form, d.form
		return t, nil
	}
	t.proj, err = newProjPool(s.id, d.id)
	return t, err
}

// system is what New needs to know of a reference system.
type system struct {
	id         geo.CRS
	form       form
	geographic bool
	period     float64 // in x, 0 = none
	unit       float64 // metres per unit, about
}

func resolve(c geo.CRS) (system, error) {
	if !c.Known() {
		return system{}, fault.Errorf("crs.New", fault.Invalid, "the coordinate reference system is not known")
	}
	if s, ok := known(c); ok {
		return s, nil
	}
	info, err := gdal.DescribeCRS(c)
	if err != nil {
		return system{}, err
	}
	if s, ok := known(info.ID); ok {
		return s, nil
	}
	s := system{id: info.ID, geographic: info.Geographic, unit: info.MetresPerUnit}
	if info.Geographic && info.RadiansPerUnit > 0 {
		s.period = 2 * math.Pi / info.RadiansPerUnit
		s.unit = info.RadiansPerUnit * info.SemiMajor
	}
	if s.unit <= 0 {
		s.unit = 1
	}
	return s, nil
}

// Src is the canonical id of the system that is read.
func (t *Transformer) Src() geo.CRS { return t.src }

// Dst is the canonical id of the system that is written.
func (t *Transformer) Dst() geo.CRS { return t.dst }

// Identity reports whether nothing changes.
func (t *Transformer) Identity() bool { return t.identity }

// Points transforms x[i], y[i] in place. A point outside the domain of either
// system becomes NaN, NaN; that is not an error. Longitudes come out within
// ±180°, as PROJ gives them.
func (t *Transformer) Points(x, y []float64) error {
	const op = "crs.Points"
	if len(x) != len(y) {
		return fault.Errorf(op, fault.Invalid, "%d x for %d y coordinates", len(x), len(y))
	}
	switch {
	case t.identity:
		return nil
	case t.proj != nil:
		return t.proj.apply(x, y)
	}
	for i := range x {
		lon, lat := t.from.inverse(x[i], y[i])
		x[i], y[i] = t.to.forward(wrapDegrees(lon), lat)
		if !(x[i]-x[i] == 0 && y[i]-y[i] == 0) {
			x[i], y[i] = math.NaN(), math.NaN()
		}
	}
	return nil
}

// carries reports whether both systems repeat in x and the one's x is the
// other's but for a factor.
func (t *Transformer) carries() bool {
	return t.from != nil && t.to != nil && t.srcPeriod > 0 && t.dstPeriod > 0
}

// carry is Points for lines and boxes: where x carries over, longitudes are
// left as they are, so that an edge from 170° to 190° stays one, and a pole
// goes to poleLat in Web Mercator.
func (t *Transformer) carry(xs, ys []float64) error {
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

// Point transforms one point; ok is false outside the domain.
func (t *Transformer) Point(x, y float64) (tx, ty float64, ok bool) {
	px, py := [1]float64{x}, [1]float64{y}
	if err := t.Points(px[:], py[:]); err != nil {
		return math.NaN(), math.NaN(), false
	}
	return px[0], py[0], px[0]-px[0] == 0 && py[0]-py[0] == 0
}

// inverse is the way back, made when first asked for.
func (t *Transformer) inverse() (*Transformer, error) {
	t.back.Do(func() { t.back.t, t.back.err = New(t.dst, t.src) })
	return t.back.t, t.back.err
}

// wrapDegrees brings a longitude within ±180; those within stay as they are.
func wrapDegrees(lon float64) float64 {
	if lon >= -180 && lon <= 180 {
		return lon
	}
	return wrap(lon, 360)
}

// wrap brings d within ±period/2.
func wrap(d, period float64) float64 { return d - period*math.Round(d/period) }

// IsGeographic reports whether coordinates are angles.
func IsGeographic(c geo.CRS) (bool, error) {
	s, err := resolve(c)
	return s.geographic, err
}

// Ellipsoid gives the semi-major axis in metres and the inverse flattening,
// which is 0 for a sphere.
func Ellipsoid(c geo.CRS) (a, invF float64, err error) {
	info, err := gdal.DescribeCRS(c)
	if err != nil {
		return 0, 0, err
	}
	return info.SemiMajor, info.InvFlattening, nil
}
