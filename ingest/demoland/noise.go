package demoland

import (
	"hash/fnv"
	"math"
	"math/rand/v2"
)

// stream returns the random stream of one named stage: stages never share a
// stream, so a change in one does not disturb the others.
func stream(seed uint64, stage string) *rand.Rand {
	h := fnv.New64a()
	h.Write([]byte(stage)) // never fails, by hash.Hash's contract
	return rand.New(rand.NewPCG(seed, h.Sum64()))
}

// noise is 2-D gradient noise (Perlin 2002, quintic fade) with period 256.
type noise struct {
	perm   [512]uint8
	gx, gy [256]float32
}

func newNoise(seed uint64, stage string) *noise {
	r := stream(seed, stage)
	var n noise
	for i, v := range r.Perm(256) {
		n.perm[i], n.perm[i+256] = uint8(v), uint8(v)
	}
	for i := range n.gx {
		a := 2 * math.Pi * r.Float64()
		n.gx[i], n.gy[i] = float32(math.Cos(a)), float32(math.Sin(a))
	}
	return &n
}

// at is the noise at (x, y) in units of its wavelength; about −1 to 1.
func (n *noise) at(x, y float64) float64 {
	fx, fy := math.Floor(x), math.Floor(y)
	ix, iy := int(fx)&255, int(fy)&255
	dx, dy := float32(x-fx), float32(y-fy)
	a, b := int(n.perm[ix])+iy, int(n.perm[(ix+1)&255])+iy
	dot := func(h uint8, x, y float32) float32 { return n.gx[h]*x + n.gy[h]*y }
	u := dx * dx * dx * (dx*(dx*6-15) + 10)
	v := dy * dy * dy * (dy*(dy*6-15) + 10)
	g00, g10 := dot(n.perm[a&511], dx, dy), dot(n.perm[b&511], dx-1, dy)
	g01, g11 := dot(n.perm[(a+1)&511], dx, dy-1), dot(n.perm[(b+1)&511], dx-1, dy-1)
	top, bottom := g00+u*(g10-g00), g01+u*(g11-g01)
	return float64((top + v*(bottom-top)) * 1.5)
}

// fbm sums octaves of noise, halving amplitude and wavelength; about −1 to 1.
func (n *noise) fbm(x, y float64, octaves int) float64 {
	sum, amp, norm := 0.0, 1.0, 0.0
	for i := range octaves {
		o := float64(i) * 17.3
		sum += amp * n.at(x+o, y-o)
		norm += amp
		amp *= 0.5
		// Turning each octave hides the lattice's axes.
		x, y = 2.03*(0.8*x-0.6*y), 2.03*(0.6*x+0.8*y)
	}
	return sum / norm * 1.2
}

// ridged is Musgrave's ridged multifractal, scaled to 0…1.
func (n *noise) ridged(x, y float64, octaves int) float64 {
	sum, amp, norm, weight := 0.0, 1.0, 0.0, 1.0
	for range octaves {
		s := 1 - math.Abs(n.at(x, y))
		s *= s * weight
		weight = clamp(s*2, 0, 1)
		sum += amp * s
		norm += amp
		amp *= 0.5
		x, y = 2.11*(0.8*x-0.6*y)+9.7, 2.11*(0.6*x+0.8*y)-4.1
	}
	return sum / norm
}

func clamp(v, lo, hi float64) float64 { return math.Max(lo, math.Min(hi, v)) }

// smoothstep goes from 0 at a to 1 at b without corners; a may exceed b.
func smoothstep(a, b, v float64) float64 {
	t := clamp((v-a)/(b-a), 0, 1)
	return t * t * (3 - 2*t)
}

func lerp(a, b, t float64) float64 { return a + (b-a)*t }
