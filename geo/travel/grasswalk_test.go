package travel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"contado/geo/travel/grasstest"
)

// Langmuir's rule on ground of 1/0.72 m/s gives the times of GRASS r.walk
// without friction, away from the facilities, with both neighbourhoods.
func TestGrassWalk(t *testing.T) {
	t.Parallel()
	const w, h, cell = 90, 70, 25.0
	grass := grasstest.Start(t, w, h, cell)
	rng := rand.New(rand.NewPCG(7, 8))
	s := &Surface{Width: w, Height: h, CellW: []float64{cell}, CellH: []float64{cell}, Speed: make([]float32, w*h), Elevation: make([]float32, w*h)}
	for i := range s.Speed {
		s.Speed[i] = 1 / 0.72
		x, y := float64(i%w), float64(i/w)
		s.Elevation[i] = float32(400 + 90*math.Sin(x/9)*math.Cos(y/7) + 6*rng.Float64())
	}
	sources := []Source{{Col: 11, Row: 9}, {Col: 70, Row: 50, Facility: 1}}
	grass.Raster("z", s.Elevation)
	grass.Run(fmt.Sprintf(`r.mapcalc --q "none = 0.0"
for flag in "" -k; do
  r.walk $flag --q --o elevation=z friction=none output=t start_coordinates=%s
  r.out.bin --q input=t output=t$flag.bin bytes=8 order=little null=-1
done
`, placesOf(grass, sources)))
	for file, n := range map[string]int{"t.bin": 8, "t-k.bin": 16} {
		want := grasstest.Read[float64](grass, file)
		r := compute(t, s, sources, Options{Neighbours: n, Slope: Langmuir, Direction: FromFacility})
		worst := 0.0
		for c, d := range r.Seconds {
			worst = max(worst, math.Abs(float64(d)-want[c])/(want[c]+1))
		}
		t.Logf("%d neighbours: largest relative difference %.2g", n, worst)
		if worst > 5e-6 {
			t.Errorf("%d neighbours: differs from r.walk by %g of the time", n, worst)
		}
	}
}
