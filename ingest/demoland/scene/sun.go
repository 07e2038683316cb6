package scene

import (
	"math"
	"time"
)

// sun is where the light comes from.
type sun struct {
	elevation float64    // radians
	azimuth   float64    // radians clockwise from north
	dir       [3]float64 // towards the sun: east, north, up
}

// sunAt is the position of the sun at the overpass: declination by Cooper
// (1969), right to about half a degree.
func sunAt(t time.Time) sun {
	const deg = math.Pi / 180
	declination := 23.45 * deg * math.Sin(2*math.Pi*float64(284+t.YearDay())/365)
	hour := (overpass - 12) * 15 * deg
	lat := latitude * deg
	up := math.Sin(lat)*math.Sin(declination) + math.Cos(lat)*math.Cos(declination)*math.Cos(hour)
	s := sun{elevation: math.Asin(up)}
	north := (math.Sin(declination) - math.Sin(lat)*up) / (math.Cos(lat) * math.Cos(s.elevation))
	s.azimuth = math.Acos(math.Max(-1, math.Min(1, north)))
	if hour > 0 {
		s.azimuth = 2*math.Pi - s.azimuth
	}
	s.dir = [3]float64{math.Cos(s.elevation) * math.Sin(s.azimuth), math.Cos(s.elevation) * math.Cos(s.azimuth), up}
	return s
}

// height is the elevation of a cell, those outside being like the border.
func (p *painter) height(col, row int) float64 {
	n := p.g.N
	col, row = max(0, min(n-1, col)), max(0, min(n-1, row))
	return float64(p.g.Elevation[row*n+col])
}

// illumination is the light on a cell relative to level ground: direct light
// by the angle to the sun, dimmed where relief throws a shadow, and the sky.
func (p *painter) illumination(col, row int) float32 {
	if p.g.Cover[row*p.g.N+col] == 80 {
		return 1
	}
	dx := (p.height(col+1, row) - p.height(col-1, row)) / (2 * p.g.Cell)
	dy := (p.height(col, row-1) - p.height(col, row+1)) / (2 * p.g.Cell)
	norm := math.Sqrt(1 + dx*dx + dy*dy)
	cos := (-dx*p.sun.dir[0] - dy*p.sun.dir[1] + p.sun.dir[2]) / norm
	direct := math.Max(0, cos) / p.sun.dir[2]
	if direct > 0 {
		direct *= p.unshaded(col, row)
	}
	const sky = 0.24
	return float32(math.Min(1.75, sky+(1-sky)*direct))
}

// unshaded is 1 where the sun is seen over the relief, falling to 0 where it
// is hidden by more than some metres.
func (p *painter) unshaded(col, row int) float64 {
	rise := math.Tan(p.sun.elevation)
	z := p.height(col, row)
	sx, sy := math.Sin(p.sun.azimuth), -math.Cos(p.sun.azimuth)
	clear := math.Inf(1)
	const highest = 2900.0
	for step := 2.0; step < 220; step *= 1.13 {
		d := step * p.g.Cell
		line := z + d*rise
		if line > highest {
			break
		}
		c, r := col+int(math.Round(sx*step)), row+int(math.Round(sy*step))
		if c < 0 || r < 0 || c >= p.g.N || r >= p.g.N {
			break
		}
		clear = math.Min(clear, line-p.height(c, r))
	}
	return math.Max(0, math.Min(1, (clear+10)/20))
}
