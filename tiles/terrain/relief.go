package terrain

import (
	"math"

	"contado/geo/fault"
)

// Light says where Hillshade is lit from; nil means the defaults.
type Light struct {
	// Azimuth of the sun in degrees clockwise from north; nil means 315.
	Azimuth *float64
	// Altitude of the sun above the horizon, 0 to 90 degrees; 0 means 45.
	Altitude float64
	// Exaggeration multiplies the heights; 0 means 1.
	Exaggeration float64
	// Multidirectional lights from 225, 270, 315 and 360 degrees at once,
	// weighted by aspect (after Mark 1992, USGS Open-File Report 92-422):
	// ridges along the sun's rays stay visible. Azimuth is not looked at.
	Multidirectional bool
}

type light struct {
	sinAlt, cosAlt, sinAz, cosAz, z float64
}

func (o *Light) resolve() (light, error) {
	azimuth, altitude, z := 315.0, 45.0, 1.0
	if o != nil {
		if o.Azimuth != nil {
			azimuth = *o.Azimuth
		}
		if o.Altitude != 0 {
			altitude = o.Altitude
		}
		if o.Exaggeration != 0 {
			z = o.Exaggeration
		}
	}
	const op = "terrain.Hillshade"
	switch {
	case !(azimuth >= -360 && azimuth <= 720):
		return light{}, fault.Errorf(op, fault.Invalid, "azimuth %g: want degrees clockwise from north, 0 to 360", azimuth)
	case !(altitude > 0 && altitude <= 90):
		return light{}, fault.Errorf(op, fault.Invalid, "altitude %g: want degrees above the horizon, up to 90", altitude)
	case !(z > 0 && z <= 1000):
		return light{}, fault.Errorf(op, fault.Invalid, "exaggeration %g: want above 0, up to 1000", z)
	}
	sa, ca := math.Sincos(altitude * math.Pi / 180)
	sz, cz := math.Sincos(azimuth * math.Pi / 180)
	return light{sinAlt: sa, cosAlt: ca, sinAz: sz, cosAz: cz, z: z}, nil
}

// Hillshade fills dst with how bright each cell is: 1 (in shadow) to 255
// (facing the sun), 1 + 254·max(0, cos of the angle between the normal and
// the sun), as gdaldem does. dst and mask have Width × Height cells; mask is
// 255 where there is a value and 0 where the surface has none.
//
// Errors: Invalid for sizes that do not agree or angles outside their range.
func Hillshade(dst []float32, mask []uint8, s *Surface, o *Light) error {
	l, err := o.resolve()
	if err != nil {
		return err
	}
	if o != nil && o.Multidirectional {
		return s.slopes(dst, mask, l.fromFour)
	}
	return s.slopes(dst, mask, l.fromOne)
}

// fromOne: the normal is (−east, −north, 1)/√(1 + east² + north²).
func (l light) fromOne(east, north float64) (float64, bool) {
	east, north = l.z*east, l.z*north
	c := (l.sinAlt - l.cosAlt*(l.sinAz*east+l.cosAz*north)) / math.Sqrt(1+east*east+north*north)
	return 1 + 254*max(0, c), true
}

// fromFour weights the four directions by cos² of the angle between them and
// the direction in which the cell falls, as gdaldem does; the weights add up
// to 2.
func (l light) fromFour(east, north float64) (float64, bool) {
	east, north = l.z*east, l.z*north
	ee, nn := east*east, north*north
	g := ee + nn
	if g == 0 {
		return 1 + 254*l.sinAlt, true
	}
	w225 := g/2 + east*north
	w315 := g - w225
	const r = math.Sqrt2 / 2
	lit := func(sinAz, cosAz float64) float64 {
		return max(0, l.sinAlt-l.cosAlt*(sinAz*east+cosAz*north))
	}
	sum := w225*lit(-r, -r) + ee*lit(-1, 0) + w315*lit(-r, r) + nn*lit(0, 1)
	return 1 + 127*sum/g/math.Sqrt(1+g), true
}

// Unit is what Slope measures in.
type Unit string

// The units: degrees from the horizontal, or metres risen per 100 metres.
const (
	Degrees Unit = "degrees"
	Percent Unit = "percent"
)

// Slope fills dst with the steepest slope of each cell (Horn 1981) in the
// unit; "" means degrees. Mask and errors are as of Hillshade.
func Slope(dst []float32, mask []uint8, s *Surface, unit Unit) error {
	switch unit {
	case "", Degrees:
		return s.slopes(dst, mask, func(east, north float64) (float64, bool) {
			return math.Atan(math.Sqrt(east*east+north*north)) * (180 / math.Pi), true
		})
	case Percent:
		return s.slopes(dst, mask, func(east, north float64) (float64, bool) {
			return 100 * math.Sqrt(east*east+north*north), true
		})
	}
	return fault.Errorf("terrain.Slope", fault.Invalid, "slope in %q: there are degrees and percent", unit)
}

// Aspect fills dst with the direction that each cell falls to, in degrees
// clockwise from north, 0 ≤ a < 360. Flat cells have none: their mask is 0.
// Mask and errors are else as of Hillshade.
func Aspect(dst []float32, mask []uint8, s *Surface) error {
	return s.slopes(dst, mask, func(east, north float64) (float64, bool) {
		if east == 0 && north == 0 {
			return 0, false
		}
		a := math.Atan2(-east, -north) * (180 / math.Pi)
		if a < 0 {
			a += 360
		}
		if float32(a) >= 360 {
			a = 0
		}
		return a, true
	})
}
