package terrain

import (
	"math"

	"contado/geo/fault"
	"contado/tiles/encode"
)

// Coding is how a height becomes a colour.
type Coding string

// The codings. Mapbox: height = −10000 + 0.1·(65536·R + 256·G + B), −10,000 m
// to 1,667,721.5 m in steps of 0.1 m. Terrarium: height = 256·R + G + B/256 −
// 32768, to 32,768 m in steps of 1/256 m (Tilezen).
const (
	Mapbox    Coding = "mapbox"
	Terrarium Coding = "terrarium"
)

// Code turns heights into an RGB image that 3-D maps read back. Heights are w
// × h cells without border. Values are rounded to the nearest step and kept
// within the coding's range.
//
// Neither coding has a colour for "no height", and clients do not look at
// alpha: cells without one (mask 0 or NaN) become missing, which should be 0
// (the sea's level) unless something better is known. No transparency, so no
// colour is lost to premultiplied decoding. The image is Exact.
//
// Errors: Invalid for sizes that do not agree.
func Code(c Coding, heights []float32, mask []uint8, w, h int, missing float64) (*encode.Image, error) {
	const op = "terrain.Code"
	if w < 1 || h < 1 || w > MaxSide || h > MaxSide || len(heights) != w*h || mask != nil && len(mask) != w*h {
		return nil, fault.Errorf(op, fault.Invalid, "%d heights and %d of mask for %d x %d cells", len(heights), len(mask), w, h)
	}
	var offset, steps float64
	switch c {
	case Mapbox:
		offset, steps = 10000, 10
	case Terrarium:
		offset, steps = 32768, 256
	default:
		return nil, fault.Errorf(op, fault.Invalid, "terrain coding %q: there are %s and %s", c, Mapbox, Terrarium)
	}
	if math.IsNaN(missing) {
		return nil, fault.Errorf(op, fault.Invalid, "the height of cells without one is not a number")
	}
	m := &encode.Image{Width: w, Height: h, Kind: encode.RGB, Exact: true, Pix: make([]uint8, 3*w*h)}
	for i, v := range heights {
		z := float64(v)
		if z != z || mask != nil && mask[i] == 0 {
			z = missing
		}
		n := uint32(max(0, min(1<<24-1, math.Floor((z+offset)*steps+0.5))))
		p := m.Pix[3*i : 3*i+3 : 3*i+3]
		p[0], p[1], p[2] = uint8(n>>16), uint8(n>>8), uint8(n)
	}
	return m, nil
}
