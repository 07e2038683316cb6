package crs

import (
	"math"
	"strconv"
	"strings"

	"contado/geo"
)

// form is a closed form between a projection and longitude, latitude in
// degrees on its ellipsoid. What is outside its domain gives NaN.
type form interface {
	forward(lon, lat float64) (x, y float64)
	inverse(x, y float64) (lon, lat float64)
}

// Ellipsoids, EPSG dataset: 7030 (WGS 84) and 7019 (GRS 1980).
const (
	semiMajor  = 6378137.0
	invFWGS84  = 298.257223563
	invFGRS80  = 298.257222101
	degree     = math.Pi / 180
	mercWorld  = math.Pi * semiMajor // half the width of the Web Mercator square, in metres
	worldWidth = 2 * mercWorld
)

// known gives the systems with closed forms. Geographic WGS 84 and ETRS89 are
// one (see the package comment).
func known(c geo.CRS) (system, bool) {
	auth, text, ok := strings.Cut(string(c), ":")
	code, err := strconv.Atoi(text)
	if !ok || auth != "EPSG" || err != nil || strconv.Itoa(code) != text {
		return system{}, false
	}
	s := system{id: c, unit: 1}
	switch {
	case code == 4326 || code == 4258:
		s.form, s.geographic, s.period, s.unit = lonLat{}, true, 360, semiMajor*degree
	case code == 3857:
		s.form, s.period = mercator{}, worldWidth
	case code == 3035:
		s.form = laeaEurope
	case code > 32600 && code <= 32660:
		s.form = newUTM(code-32600, false, invFWGS84)
	case code > 32700 && code <= 32760:
		s.form = newUTM(code-32700, true, invFWGS84)
	case code >= 25828 && code <= 25838:
		s.form = newUTM(code-25800, false, invFGRS80)
	default:
		return system{}, false
	}
	return s, true
}

// lonLat is the geographic system itself.
type lonLat struct{}

func (lonLat) forward(lon, lat float64) (x, y float64) {
	if !(lat >= -90 && lat <= 90) {
		return math.NaN(), math.NaN()
	}
	return lon, lat
}

func (l lonLat) inverse(x, y float64) (lon, lat float64) { return l.forward(x, y) }

// mercator is EPSG:3857: spherical formulas on the ellipsoid's coordinates
// (EPSG Guidance Note 7-2, method 1024). The poles are at infinity.
type mercator struct{}

func (mercator) forward(lon, lat float64) (x, y float64) {
	if !(lat > -90+1e-10/degree && lat < 90-1e-10/degree) {
		return math.NaN(), math.NaN()
	}
	return lon * degree * semiMajor, semiMajor * math.Asinh(math.Tan(lat*degree))
}

func (mercator) inverse(x, y float64) (lon, lat float64) {
	return x / semiMajor / degree, math.Atan(math.Sinh(y/semiMajor)) / degree
}
