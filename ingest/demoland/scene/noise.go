package scene

import "math"

// hash mixes a seed and two whole numbers into 64 bits (the finaliser of
// SplitMix64, Steele et al. 2014).
func hash(seed uint64, x, y int) uint64 {
	h := seed + uint64(int64(x))*0x9e3779b97f4a7c15 + uint64(int64(y))*0xc2b2ae3d27d4eb4f
	h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
	h = (h ^ h>>27) * 0x94d049bb133111eb
	return h ^ h>>31
}

// jitter is noise without memory, −1…1.
func jitter(seed uint64, x, y int) float32 {
	return float32(hash(seed, x, y)>>40)/float32(1<<23) - 1
}

// lattice is smooth noise, −1…1: random values at whole numbers, eased between.
func lattice(seed uint64, x, y float64) float64 {
	fx, fy := math.Floor(x), math.Floor(y)
	u, v := x-fx, y-fy
	u, v = u*u*u*(u*(6*u-15)+10), v*v*v*(v*(6*v-15)+10)
	i, j := int(fx), int(fy)
	at := func(i, j int) float64 { return float64(jitter(seed, i, j)) }
	top := at(i, j) + u*(at(i+1, j)-at(i, j))
	low := at(i, j+1) + u*(at(i+1, j+1)-at(i, j+1))
	return top + v*(low-top)
}

// fbm adds octaves of smooth noise, each turned, halved in size and strength.
func fbm(seed uint64, x, y float64, octaves int) float64 {
	sum, size, strength := 0.0, 1.0, 0.53
	for o := range octaves {
		sum += strength * lattice(seed+uint64(o)*0x51ed27, x*size, y*size)
		x, y = 0.8*x-0.6*y+17.3, 0.6*x+0.8*y-9.1
		size *= 2.03
		strength *= 0.5
	}
	return sum
}

// nearestPoint is the nearest of points scattered one a unit square: its hash
// and its place.
func nearestPoint(seed uint64, u, v float64, square bool) (id uint64, pu, pv float64) {
	iu, iv := int(math.Floor(u)), int(math.Floor(v))
	best := math.Inf(1)
	for dj := -1; dj <= 1; dj++ {
		for di := -1; di <= 1; di++ {
			h := hash(seed, iu+di, iv+dj)
			a := float64(iu+di) + float64(h&0xffff)/65536
			b := float64(iv+dj) + float64(h>>16&0xffff)/65536
			d := math.Hypot(u-a, v-b)
			if square {
				d = math.Max(math.Abs(u-a), math.Abs(v-b))
			}
			if d < best {
				best, id, pu, pv = d, h>>32, a, b
			}
		}
	}
	return id, pu, pv
}

// fieldAt numbers the field that holds a place (metres): fields are oblong and
// lie alike within a district of some 1.4 km.
func fieldAt(x, y float64) uint64 {
	const district, long, wide = 1400.0, 190.0, 85.0
	d, du, dv := nearestPoint(3, x/district, y/district, false)
	s, c := math.Sincos(float64(d%1000) / 1000 * math.Pi)
	dx, dy := x-du*district, y-dv*district
	id, _, _ := nearestPoint(11+d, (c*dx+s*dy)/long, (c*dy-s*dx)/wide, true)
	return id
}
