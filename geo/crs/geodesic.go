package crs

import (
	"math"

	"contado/geo"
)

// Distance is the length in metres of the shortest line on the WGS 84
// ellipsoid between two places in degrees. Vincenty (1975), Survey Review
// 23(176), to 0.1 mm; where his iteration does not settle (points nearly
// opposite each other) the geodesic is found by Karney's condition on the
// longitude (see antipodal), to about a micrometre. NaN for coordinates that
// are not finite or latitudes beyond a pole.
func Distance(lon1, lat1, lon2, lat2 float64) geo.Metres {
	if !(math.Abs(lat1) <= 90 && math.Abs(lat2) <= 90) {
		return geo.Metres(math.NaN())
	}
	dlon := math.Abs(wrap(lon2-lon1, 360)) * degree
	if !(dlon <= math.Pi) {
		return geo.Metres(math.NaN())
	}
	const f = 1 / invFWGS84
	// Reduced latitudes.
	b1, b2 := reduced(lat1, f), reduced(lat2, f)
	if d, ok := vincenty(b1, b2, dlon, f); ok {
		return geo.Metres(d)
	}
	return geo.Metres(antipodal(b1, b2, dlon, f))
}

func reduced(lat, f float64) float64 {
	if math.Abs(lat) == 90 {
		return math.Copysign(math.Pi/2, lat)
	}
	return math.Atan((1 - f) * math.Tan(lat*degree))
}

// vincenty is his inverse formula on reduced latitudes and a difference of
// longitude in [0, π], in radians.
func vincenty(b1, b2, dlon, f float64) (float64, bool) {
	s1, c1 := math.Sincos(b1)
	s2, c2 := math.Sincos(b2)
	lambda := dlon
	for range 100 {
		sl, cl := math.Sincos(lambda)
		sinS := math.Hypot(c2*sl, c1*s2-s1*c2*cl)
		if sinS == 0 {
			return 0, cl > 0 // one place, or opposite ones
		}
		cosS := s1*s2 + c1*c2*cl
		sigma := math.Atan2(sinS, cosS)
		sinA := c1 * c2 * sl / sinS
		cos2A := 1 - sinA*sinA
		cos2M := 0.0
		if cos2A > 1e-15 {
			cos2M = cosS - 2*s1*s2/cos2A
		}
		c := f / 16 * cos2A * (4 + f*(4-3*cos2A))
		next := dlon + (1-c)*f*sinA*(sigma+c*sinS*(cos2M+c*cosS*(2*cos2M*cos2M-1)))
		if math.Abs(next) > math.Pi {
			return 0, false
		}
		if math.Abs(next-lambda) > 1e-12 {
			lambda = next
			continue
		}
		b := semiMajor * (1 - f)
		u2 := cos2A * (semiMajor*semiMajor - b*b) / (b * b)
		ka := 1 + u2/16384*(4096+u2*(-768+u2*(320-175*u2)))
		kb := u2 / 1024 * (256 + u2*(-128+u2*(74-47*u2)))
		ds := kb * sinS * (cos2M + kb/4*(cosS*(2*cos2M*cos2M-1)-
			kb/6*cos2M*(4*sinS*sinS-3)*(4*cos2M*cos2M-3)))
		return b * ka * (sigma - ds), true
	}
	return 0, false
}

// antipodal solves the inverse problem for any two points: Karney (2013),
// "Algorithms for geodesics", J. Geodesy 87(1), §4. With the southern, more
// extreme latitude first, the longitude that the geodesic of azimuth α1
// reaches at the second latitude grows with α1, so bisection finds it. The
// two integrals (equations 7 and 8) are taken by Gauss–Legendre quadrature,
// whose error is below rounding for these nearly constant integrands.
func antipodal(b1, b2, dlon, f float64) float64 {
	if math.Abs(b1) < math.Abs(b2) {
		b1, b2 = b2, b1
	}
	if b1 > 0 {
		b1, b2 = -b1, -b2
	}
	b1 = math.Min(b1, -1e-200) // on the equator too the line comes from the south
	lo, hi := 0.0, math.Pi
	for range 60 {
		mid := (lo + hi) / 2
		if l, _ := geodesic(b1, b2, mid, f); l < dlon {
			lo = mid
		} else {
			hi = mid
		}
	}
	_, s := geodesic(b1, b2, (lo+hi)/2, f)
	return s
}

// geodesic gives the difference of longitude and the length of the geodesic
// that leaves b1 at azimuth a1 and reaches b2 going north.
func geodesic(b1, b2, a1, f float64) (lon, length float64) {
	s1, c1 := math.Sincos(b1)
	s2, c2 := math.Sincos(b2)
	c1, c2 = math.Max(c1, 1e-20), math.Max(c2, 1e-20)
	sa, ca := math.Sincos(a1)
	sinA0 := sa * c1
	cosA0 := math.Hypot(ca, sa*s1)
	// cos α2 from Clairaut's relation; the root is never negative since
	// |b2| ≤ |b1|.
	ca2 := math.Sqrt(math.Max(0, ca*ca*c1*c1+(c2-c1)*(c2+c1))) / c2
	sig1, sig2 := math.Atan2(s1, ca*c1), math.Atan2(s2, ca2*c2)
	om1 := math.Atan2(sinA0*math.Sin(sig1), math.Cos(sig1))
	om2 := math.Atan2(sinA0*math.Sin(sig2), math.Cos(sig2))
	ep2 := f * (2 - f) / ((1 - f) * (1 - f))
	k2 := ep2 * cosA0 * cosA0
	var i1, i3 float64
	half, centre := (sig2-sig1)/2, (sig2+sig1)/2
	for i, x := range gaussX {
		for _, sign := range [2]float64{-1, 1} {
			s := math.Sin(centre + sign*half*x)
			r := math.Sqrt(1 + k2*s*s)
			i1 += gaussW[i] * r
			i3 += gaussW[i] * (2 - f) / (1 + (1-f)*r)
		}
	}
	d := om2 - om1
	if d < 0 {
		d += 2 * math.Pi
	}
	return d - f*sinA0*i3*half, semiMajor * (1 - f) * i1 * half
}

// Nodes and weights of the 16-point Gauss–Legendre rule (Abramowitz and
// Stegun, table 25.4).
var (
	gaussX = [8]float64{
		0.0950125098376374402, 0.2816035507792589132, 0.4580167776572273863, 0.6178762444026437484,
		0.7554044083550030339, 0.8656312023878317439, 0.9445750230732325761, 0.9894009349916499326,
	}
	gaussW = [8]float64{
		0.1894506104550684963, 0.1826034150449235889, 0.1691565193950025382, 0.1495959888165767321,
		0.1246289712555338721, 0.0951585116824927848, 0.0622535239386478929, 0.0271524594117540949,
	}
)
