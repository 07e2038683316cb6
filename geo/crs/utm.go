package crs

import "math"

// utm is transverse Mercator by Krüger's series in the third flattening n to
// order 6: Karney (2011), "Transverse Mercator with an accuracy of a few
// nanometers", J. Geodesy 85(8), equations 7–26, 35, 36. Within 3,900 km of
// the central meridian the error is below 5 nm; PROJ uses the same series.
type utm struct {
	lon0        float64 // degrees
	e           float64 // first eccentricity
	scale       float64 // k0·A: metres per radian of rectified latitude
	falseN      float64
	alpha, beta [6]float64
	delta       [6]float64 // from conformal to geodetic latitude
}

const (
	utmScale  = 0.9996
	utmFalseE = 500000.0
	// maxEta bounds the distance from the central meridian, as PROJ does: the
	// series breaks down near the points where the ellipsoid is singular.
	maxEta = 2.623395162778
)

func newUTM(zone int, south bool, invF float64) *utm {
	f := 1 / invF
	n := f / (2 - f)
	n2 := n * n
	n3, n4, n5, n6 := n2*n, n2*n2, n2*n2*n, n2*n2*n2
	u := &utm{
		lon0:  float64(zone*6 - 183),
		e:     math.Sqrt(f * (2 - f)),
		scale: utmScale * semiMajor / (1 + n) * (1 + n2/4 + n4/64 + n6/256),
	}
	if south {
		u.falseN = 10000000
	}
	u.alpha = [6]float64{
		n/2 - 2*n2/3 + 5*n3/16 + 41*n4/180 - 127*n5/288 + 7891*n6/37800,
		13*n2/48 - 3*n3/5 + 557*n4/1440 + 281*n5/630 - 1983433*n6/1935360,
		61*n3/240 - 103*n4/140 + 15061*n5/26880 + 167603*n6/181440,
		49561*n4/161280 - 179*n5/168 + 6601661*n6/7257600,
		34729*n5/80640 - 3418889*n6/1995840,
		212378941 * n6 / 319334400,
	}
	u.beta = [6]float64{
		n/2 - 2*n2/3 + 37*n3/96 - n4/360 - 81*n5/512 + 96199*n6/604800,
		n2/48 + n3/15 - 437*n4/1440 + 46*n5/105 - 1118711*n6/3870720,
		17*n3/480 - 37*n4/840 - 209*n5/4480 + 5569*n6/90720,
		4397*n4/161280 - 11*n5/504 - 830251*n6/7257600,
		4583*n5/161280 - 108847*n6/3991680,
		20648693 * n6 / 638668800,
	}
	// Karney (2024), "On auxiliary latitudes", Survey Review 56(395), equation
	// A8: the next term is below 1e-17 radians.
	u.delta = [6]float64{
		2*n - 2*n2/3 - 2*n3 + 116*n4/45 + 26*n5/45 - 2854*n6/675,
		7*n2/3 - 8*n3/5 - 227*n4/45 + 2704*n5/315 + 2323*n6/945,
		56*n3/15 - 136*n4/35 - 1262*n5/105 + 73814*n6/2835,
		4279*n4/630 - 332*n5/35 - 399572*n6/14175,
		4174*n5/315 - 144838*n6/6237,
		601676 * n6 / 22275,
	}
	return u
}

func (u *utm) forward(lon, lat float64) (x, y float64) {
	if !(lat >= -90 && lat <= 90) {
		return math.NaN(), math.NaN()
	}
	sinL, cosL := math.Sincos(wrapDegrees(lon-u.lon0) * degree)
	tau := math.Tan(lat * degree)
	if math.Abs(lat) == 90 {
		tau = math.Copysign(1e16, lat)
	}
	tauP := u.conformal(tau)
	xi := math.Atan2(tauP, cosL)
	eta := math.Asinh(sinL / math.Sqrt(tauP*tauP+cosL*cosL))
	dxi, deta := series(&u.alpha, xi, eta)
	xi, eta = xi+dxi, eta+deta
	if !(math.Abs(eta) <= maxEta) {
		return math.NaN(), math.NaN()
	}
	return utmFalseE + u.scale*eta, u.falseN + u.scale*xi
}

func (u *utm) inverse(x, y float64) (lon, lat float64) {
	xi, eta := (y-u.falseN)/u.scale, (x-utmFalseE)/u.scale
	if !(math.Abs(eta) <= maxEta) {
		return math.NaN(), math.NaN()
	}
	dxi, deta := series(&u.beta, xi, eta)
	xi, eta = xi-dxi, eta-deta
	sinXi, cosXi := math.Sincos(xi)
	sinhEta, coshEta := sinhCosh(eta)
	h := math.Sqrt(sinhEta*sinhEta + cosXi*cosXi)
	lon = wrapDegrees(u.lon0 + math.Atan2(sinhEta, cosXi)/degree)
	// The conformal latitude, and its sine and cosine at once.
	return lon, (math.Atan2(sinXi, h) + u.aboveConformal(sinXi/coshEta, h/coshEta)) / degree
}

// aboveConformal is by how much the geodetic latitude is larger than the
// conformal one, whose sine and cosine are given: a sum of δ[j]·sin(2jχ).
func (u *utm) aboveConformal(sin, cos float64) float64 {
	c := 2 * (cos - sin) * (cos + sin) // 2·cos(2χ)
	var y0, y1 float64
	for j := 5; j >= 0; j-- {
		y0, y1 = c*y0-y1+u.delta[j], y0
	}
	return 2 * sin * cos * y0
}

// sinhCosh keeps all digits of small arguments, and costs one exponential.
func sinhCosh(x float64) (sinh, cosh float64) {
	m := math.Expm1(x)
	d := m + 1
	return (m + m/d) / 2, 1 + m*m/(2*d)
}

// conformal gives the tangent of the conformal latitude (Karney equation 7).
func (u *utm) conformal(tau float64) float64 {
	h := math.Sqrt(1 + tau*tau)
	sigma := math.Sinh(u.e * math.Atanh(u.e*tau/h))
	return tau*math.Sqrt(1+sigma*sigma) - sigma*h
}

// series sums c[j]·sin(2jξ)cosh(2jη) and c[j]·cos(2jξ)sinh(2jη) by Clenshaw's
// recurrence on complex numbers.
func series(c *[6]float64, xi, eta float64) (dxi, deta float64) {
	s, co := math.Sincos(2 * xi)
	sh, ch := sinhCosh(2 * eta)
	ar, ai := 2*co*ch, -2*s*sh // 2·cos(2ζ)
	var y0r, y0i, y1r, y1i float64
	for j := 5; j >= 0; j-- {
		r, i := ar*y0r-ai*y0i-y1r+c[j], ar*y0i+ai*y0r-y1i
		y1r, y1i = y0r, y0i
		y0r, y0i = r, i
	}
	// sin(2ζ) = sin2ξ·cosh2η + i·cos2ξ·sinh2η
	sr, si := s*ch, co*sh
	return sr*y0r - si*y0i, sr*y0i + si*y0r
}
