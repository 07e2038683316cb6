package travel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"contado/geo/travel/grasstest"
)

// TestGrass compares with r.cost of GRASS GIS on an isotropic surface: its
// cost of a move is the mean of the cells' costs times the length of the move
// in cells, so seconds per cell give the same times.
func TestGrass(t *testing.T) {
	t.Parallel()
	const w, h, cell = 120, 90, 20.0
	grass := grasstest.Start(t, w, h, cell)
	rng := rand.New(rand.NewPCG(5, 6))
	s := &Surface{Width: w, Height: h, CellW: []float64{cell}, CellH: []float64{cell}, Speed: make([]float32, w*h)}
	cost := make([]float32, w*h)
	for i := range s.Speed {
		s.Speed[i] = float32(0.4 + rng.Float64())
		cost[i] = float32(cell / float64(s.Speed[i]))
	}
	sources := []Source{{Col: 3, Row: 5}, {Col: 100, Row: 40, Facility: 1}, {Col: 50, Row: 88, Facility: 2}}
	grass.Raster("cost", cost)
	grass.Run(fmt.Sprintf(`for flag in "" -k; do
  r.cost $flag --q --o input=cost output=t start_coordinates=%s
  r.out.bin --q input=t output=t$flag.bin bytes=8 order=little null=-1
done
`, placesOf(grass, sources)))
	for file, n := range map[string]int{"t.bin": 8, "t-k.bin": 16} {
		want := grasstest.Read[float64](grass, file)
		r := compute(t, s, sources, Options{Neighbours: n})
		worst := 0.0
		for c, d := range r.Seconds {
			worst = max(worst, math.Abs(float64(d)-want[c])/(want[c]+1))
		}
		t.Logf("%d neighbours: largest relative difference %.2g", n, worst)
		if worst > 2e-6 {
			t.Errorf("%d neighbours: differs from r.cost by %g of the time", n, worst)
		}
	}
}

func placesOf(s *grasstest.Session, sources []Source) string {
	var cells [][2]int
	for _, src := range sources {
		cells = append(cells, [2]int{src.Col, src.Row})
	}
	return s.Places(cells...)
}
