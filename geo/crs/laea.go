package crs

import "math"

// laea is the ellipsoidal oblique Lambert azimuthal equal-area projection:
// Snyder (1987), "Map Projections: A Working Manual", equations 3-11, 3-12,
// 24-17 to 24-30. The authalic latitude is inverted by Newton's method on
// q(φ) rather than by Snyder's series, so forward and back agree to rounding.
type laea struct {
	lon0, lat0     float64 // degrees
	falseE, falseN float64
	e, e2          float64
	qp, rq, d      float64
	sinB, cosB     float64
}

// laeaEurope is EPSG:3035, ETRS89-extended / LAEA Europe.
var laeaEurope = newLAEA(10, 52, 4321000, 3210000, invFGRS80)

func newLAEA(lon0, lat0, falseE, falseN, invF float64) *laea {
	f := 1 / invF
	l := &laea{lon0: lon0, lat0: lat0, falseE: falseE, falseN: falseN, e2: f * (2 - f)}
	l.e = math.Sqrt(l.e2)
	l.qp = l.q(1)
	l.rq = semiMajor * math.Sqrt(l.qp/2)
	s, c := math.Sincos(lat0 * degree)
	l.sinB = l.q(s) / l.qp
	l.cosB = math.Sqrt(1 - l.sinB*l.sinB)
	l.d = semiMajor * c / math.Sqrt(1-l.e2*s*s) / (l.rq * l.cosB)
	return l
}

// q of equation 3-12, of the sine of the latitude.
func (l *laea) q(sin float64) float64 {
	return (1 - l.e2) * (sin/(1-l.e2*sin*sin) + math.Atanh(l.e*sin)/l.e)
}

func (l *laea) forward(lon, lat float64) (x, y float64) {
	if !(lat >= -90 && lat <= 90) {
		return math.NaN(), math.NaN()
	}
	sinL, cosL := math.Sincos(wrapDegrees(lon-l.lon0) * degree)
	sb := l.q(math.Sin(lat*degree)) / l.qp
	cb := math.Sqrt(math.Max(0, 1-sb*sb))
	den := 1 + l.sinB*sb + l.cosB*cb*cosL
	if den < 1e-10 {
		return math.NaN(), math.NaN() // the antipode of the centre is a circle
	}
	b := l.rq * math.Sqrt(2/den)
	return l.falseE + b*l.d*cb*sinL, l.falseN + b/l.d*(l.cosB*sb-l.sinB*cb*cosL)
}

func (l *laea) inverse(x, y float64) (lon, lat float64) {
	x, y = (x-l.falseE)/l.d, (y-l.falseN)*l.d
	rho := math.Hypot(x, y)
	if !(rho <= 2*l.rq) {
		return math.NaN(), math.NaN()
	}
	if rho == 0 {
		return l.lon0, l.lat0
	}
	sinC, cosC := math.Sincos(2 * math.Asin(rho/(2*l.rq)))
	sb := cosC*l.sinB + y*sinC*l.cosB/rho
	lon = l.lon0 + math.Atan2(x*sinC, rho*l.cosB*cosC-y*l.sinB*sinC)/degree
	return wrapDegrees(lon), l.geodetic(l.qp*sb) / degree
}

// geodetic inverts q (it stands for equation 3-16), in radians.
func (l *laea) geodetic(q float64) float64 {
	if math.Abs(q) >= l.qp {
		return math.Copysign(math.Pi/2, q)
	}
	sin := q / 2
	for range 20 {
		w := 1 - l.e2*sin*sin
		// dq/dsin = 2(1−e²)/(1−e²sin²)²
		d := (q - l.q(sin)) * w * w / (2 * (1 - l.e2))
		sin = math.Max(-1, math.Min(1, sin+d))
		if math.Abs(d) < 1e-16 {
			break
		}
	}
	return math.Asin(sin)
}
