package demoland

import "math"

// Land-cover classes: the codes and names of ESA WorldCover.
const (
	coverTree   = 10
	coverShrub  = 20
	coverGrass  = 30
	coverCrop   = 40
	coverBuilt  = 50
	coverBare   = 60
	coverSnow   = 70
	coverWater  = 80
	coverWet    = 90
	coverMoss   = 100
	treeLine    = 1540.0 // metres
	glacierLine = 2480.0
)

// coverClasses have calmer colours than WorldCover's own: the map lies below
// other layers.
var coverClasses = []struct {
	value   uint8
	name    string
	r, g, b uint8
}{
	{coverTree, "Tree cover", 70, 120, 74},
	{coverShrub, "Shrubland", 158, 160, 92},
	{coverGrass, "Grassland", 188, 207, 138},
	{coverCrop, "Cropland", 230, 217, 163},
	{coverBuilt, "Built-up", 186, 88, 78},
	{coverBare, "Bare or sparse vegetation", 184, 178, 168},
	{coverSnow, "Snow and ice", 243, 247, 250},
	{coverWater, "Permanent water bodies", 82, 146, 196},
	{coverWet, "Herbaceous wetland", 128, 182, 174},
	{coverMoss, "Moss and lichen", 216, 210, 176},
}

// naturalCover is the land before people: belts by height that waver with
// aspect and chance, rock where it is steep, meadows on gentle ground.
func naturalCover(o Options, h *hydrology) []uint8 {
	slope, _, gy := h.z.slopes()
	belts, patches, fine := newNoise(o.Seed, "belts"), newNoise(o.Seed, "patches"), newNoise(o.Seed, "fine")
	n := h.z.n
	out := make([]uint8, n*n)
	near := distance(n, h.z.cell, 400, func(i int) bool { return h.km2[i] >= 8 })
	rows(n, func(lo, hi int) {
		for i := lo * n; i < hi*n; i++ {
			x, y := float64(i%n)*h.z.cell/1000, float64(i/n)*h.z.cell/1000
			s := site{
				z: float64(h.z.v[i]), slope: float64(slope.v[i]), south: clamp(-2*float64(gy.v[i]), -1, 1),
				hand: float64(h.hand[i]), bank: float64(near.v[i]),
				belt: belts.fbm(x/2.6, y/2.6, 5), patch: patches.fbm(x/0.75, y/0.75, 4), fine: fine.fbm(x/0.16, y/0.16, 3),
			}
			out[i] = s.class()
			if h.water[i] {
				out[i] = coverWater
			}
		}
	})
	return out
}

// site is what decides the natural cover of a cell.
type site struct {
	z, slope, south   float64 // south: 1 on slopes that face the noon sun
	hand, bank        float64 // metres above and from the stream
	belt, patch, fine float64 // chance, −1…1
}

func (s *site) class() uint8 {
	z := s.z - 90*s.south + 170*s.belt + 40*s.fine
	switch {
	case z > glacierLine && s.slope < 0.75:
		return coverSnow
	case s.slope > 0.98+0.25*s.patch || z > 2080+120*s.patch:
		return coverBare
	case z > treeLine+170:
		if s.patch > 0.32 {
			return coverMoss
		}
		return coverGrass
	case z > treeLine-40+60*s.patch:
		return coverShrub
	case s.hand < 2.2 && s.slope < 0.05 && s.bank < 260 && s.patch > 0.46:
		return coverWet
	case s.bank < 45+30*s.fine:
		return coverTree // alder and willow along the streams
	}
	return s.forestOrMeadow()
}

func (s *site) forestOrMeadow() uint8 {
	gentle := math.Max(0, 1-s.slope/0.62)
	floor := s.slope < 0.10 && s.hand < 60
	high := smoothstep(900, treeLine, s.z) // pastures towards the tree line
	switch {
	case floor && s.patch+0.4*s.fine < 0.42:
		if s.z < 900 {
			return coverCrop
		}
		return coverGrass
	case s.patch+0.25*s.fine+0.35*s.belt > 0.62-0.42*gentle-0.16*s.south-0.22*high:
		return coverGrass // clearings and mountain pastures
	case s.patch < -0.62 && s.south > 0.2:
		return coverShrub
	}
	return coverTree
}
