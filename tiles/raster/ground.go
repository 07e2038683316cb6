package raster

import (
	"math"

	"contado/geo"
	"contado/geo/gdal"
	"contado/geo/grid"
)

// Ground is the size of a grid's cells in metres on the ground.
type Ground struct {
	// X and Y are those of the cells of a row: from west to east, and from
	// north to south.
	X, Y func(row int) float64
	// Nominal does not depend on where on the grid: cells as the reference
	// system counts them (degrees as on the equator).
	Nominal float64
}

// The WGS 84 ellipsoid.
const (
	semiMajor    = 6378137.0
	eccentricity = 0.0066943799901413165 // e²
)

// radii are those of curvature, across the meridian and along it (Snyder
// 1987, Map Projections, USGS Professional Paper 1395, 4-20 and 4-18).
func radii(lat float64) (normal, meridian float64) {
	sin := math.Sin(lat)
	w := 1 - eccentricity*sin*sin
	return semiMajor / math.Sqrt(w), semiMajor * (1 - eccentricity) / (w * math.Sqrt(w))
}

// GroundOf measures the cells of a north-up grid. Projected systems other
// than Web Mercator are taken to be true to scale: UTM is to 0.1 %.
func GroundOf(g grid.Grid) (Ground, error) {
	dx, dy := g.Transform[1], -g.Transform[5]
	y := func(row int) float64 { return g.Transform[3] - (float64(row)+0.5)*dy }
	if g.CRS == geo.WebMercator {
		lat := func(row int) float64 { return math.Atan(math.Sinh(y(row) / semiMajor)) }
		return Ground{
			X: func(row int) float64 {
				l := lat(row)
				n, _ := radii(l)
				return dx * n * math.Cos(l) / semiMajor
			},
			Y: func(row int) float64 {
				l := lat(row)
				_, m := radii(l)
				return dy * m * math.Cos(l) / semiMajor
			},
			Nominal: dx,
		}, nil
	}
	info, err := gdal.DescribeCRS(g.CRS)
	if err != nil {
		return Ground{}, err
	}
	if !info.Geographic {
		unit := info.MetresPerUnit
		return Ground{
			X:       func(int) float64 { return dx * unit },
			Y:       func(int) float64 { return dy * unit },
			Nominal: dx * unit,
		}, nil
	}
	rad := info.RadiansPerUnit
	return Ground{
		X: func(row int) float64 {
			lat := y(row) * rad
			n, _ := radii(lat)
			return math.Max(dx*rad*n*math.Cos(lat), 1e-3)
		},
		Y: func(row int) float64 {
			_, m := radii(y(row) * rad)
			return dy * rad * m
		},
		Nominal: dx * rad * semiMajor,
	}, nil
}
