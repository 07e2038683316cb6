package gtfs

import (
	"fmt"
	"math"

	"github.com/paulmach/orb"
)

// offShape is how far from the shape of its trips a stop may lie, in metres.
const offShape = 500

// checkShapes looks for stops that the shapes of their trips do not reach.
func (c *conversion) checkShapes() {
	said := map[[2]int32]bool{}
	for _, k := range c.order {
		for _, p := range c.lines[k].order {
			if p.shape < 0 {
				continue
			}
			for _, s := range p.stops {
				stop := &c.f.Stops[s]
				key := [2]int32{s, p.shape}
				if !stop.Located || said[key] {
					continue
				}
				if d := distance(orb.Point{stop.Lon, stop.Lat}, c.shapes[p.shape]); d > offShape {
					said[key] = true
					c.f.warn("stops-off-shape", "stops lie more than 500 m from the shape of their trips", fmt.Sprintf("stop %s, shape %s: %.0f m", stop.ID, c.f.Shapes[p.shape], d))
				}
			}
		}
	}
}

// distance is how far a point is from a line in metres, on a plane that
// touches the globe (a sphere of 6371 km) at the point: right to 1 % within 20
// km, farther away large enough.
func distance(p orb.Point, line orb.LineString) float64 {
	const degree = 6371008.8 * math.Pi / 180
	kx := degree * math.Cos(p[1]*math.Pi/180)
	best := math.Inf(1)
	for i := 1; i < len(line); i++ {
		ax, ay := (line[i-1][0]-p[0])*kx, (line[i-1][1]-p[1])*degree
		dx, dy := (line[i][0]-line[i-1][0])*kx, (line[i][1]-line[i-1][1])*degree
		t := 0.0
		if n := dx*dx + dy*dy; n > 0 {
			t = min(max(-(ax*dx+ay*dy)/n, 0), 1)
		}
		best = min(best, math.Hypot(ax+t*dx, ay+t*dy))
	}
	return best
}
