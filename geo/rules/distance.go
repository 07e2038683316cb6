package rules

import (
	"cmp"
	"math"
	"slices"

	"contado/geo/crs"
)

// Radii of curvature of WGS 84 at a latitude, in metres a degree.
func degrees(lat float64) (east, north float64) {
	const a, e2, rad = 6378137.0, 0.0066943799901413165, math.Pi / 180
	s, c := math.Sincos(lat * rad)
	w := math.Sqrt(1 - e2*s*s)
	return a / w * c * rad, a * (1 - e2) / (w * w * w) * rad
}

// byLatitude is a list of facilities to look around in.
type byLatitude []Facility

func newByLatitude(list []Facility) byLatitude {
	out := byLatitude(slices.Clone(list))
	slices.SortFunc(out, func(a, b Facility) int {
		return cmp.Or(cmp.Compare(a.Lat, b.Lat), cmp.Compare(a.Lon, b.Lon), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Area, b.Area))
	})
	return out
}

// leastNorth is less than any degree of latitude has metres; nearly is the
// share by which the plane may be wrong (below 0.5 % within 300 km at
// latitudes up to 70°), so that what is nearly as near is measured exactly.
const (
	leastNorth = 110_500.0
	nearly     = 1.02
)

// plane is how far the plane through the middle latitude of two places is as
// good as the geodesic: within it the error is below 4e-6 of the distance up
// to latitudes of 70° (measured in TestPlane).
const plane = 20_000.0

// between is the distance of two places in metres.
func between(lon, lat float64, f *Facility) float64 {
	east, north := degrees((lat + f.Lat) / 2)
	dx, dy := math.Remainder(f.Lon-lon, 360)*east, (f.Lat-lat)*north
	if d := math.Sqrt(dx*dx + dy*dy); d < plane && math.Abs(lat) < 70 {
		return d
	}
	return float64(crs.Distance(lon, lat, f.Lon, f.Lat))
}

// nearest is the distance to the nearest facility, at most limit.
func (l byLatitude) nearest(lon, lat, limit float64) float64 {
	east, north := degrees(lat)
	best := limit
	try := func(f *Facility) bool {
		dy := math.Abs(f.Lat - lat)
		if dy*leastNorth > best {
			return false
		}
		dx := f.Lon - lon
		if dx > 180 || dx < -180 {
			dx = math.Remainder(dx, 360)
		}
		if dy < 3 && math.Abs(lat) < 70 {
			far := best*nearly + dy*dy*east*math.Abs(dx)/50
			if dx*dx*east*east+dy*dy*north*north > far*far {
				return true
			}
		}
		best = math.Min(best, between(lon, lat, f))
		return true
	}
	mid, _ := slices.BinarySearchFunc(l, lat, func(f Facility, v float64) int { return cmp.Compare(f.Lat, v) })
	// Both ways in turn, so that the search soon narrows.
	up, down := mid, mid-1
	for up < len(l) || down >= 0 {
		if up < len(l) {
			if up++; !try(&l[up-1]) {
				up = len(l)
			}
		}
		if down >= 0 {
			if down--; !try(&l[down+1]) {
				down = -1
			}
		}
	}
	return best
}

// distances are the metres from each cell with people to the nearest facility.
func distances(list []Facility, x, y, people []float64) []float32 {
	near := newByLatitude(list)
	out := make([]float32, len(x))
	for i := range x {
		out[i] = float32(math.Inf(1))
		if people[i] > 0 && len(near) > 0 {
			out[i] = float32(near.nearest(x[i], y[i], math.Inf(1)))
		}
	}
	return out
}

// pair is two facilities near to each other.
type pair struct {
	a, b   string
	metres float64
}

// nearPairs are the pairs nearer than limit, the nearest first, and the least
// distance of any pair; nil when there is none. One of each lies in the
// territory.
func nearPairs(list []Facility, limit float64) (*float64, []pair) {
	sorted := newByLatitude(list)
	least := math.Inf(1)
	var out []pair
	for i, f := range sorted {
		for _, g := range sorted[i+1:] {
			if (g.Lat-f.Lat)*leastNorth > math.Max(limit, least) {
				break
			}
			if f.Area < 0 && g.Area < 0 {
				continue
			}
			metres := float64(crs.Distance(f.Lon, f.Lat, g.Lon, g.Lat))
			least = math.Min(least, metres)
			if metres < limit {
				out = append(out, pair{f.Name, g.Name, metres})
			}
		}
	}
	slices.SortStableFunc(out, func(a, b pair) int { return cmp.Compare(a.metres, b.metres) })
	if math.IsInf(least, 1) {
		return nil, out
	}
	return &least, out
}
