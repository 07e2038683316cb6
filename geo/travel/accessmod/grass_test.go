package accessmod

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"contado/geo/travel/grasstest"
)

// AccessMod's isotropic times are those of GRASS r.cost on seconds per cell:
// ours are the same to the minute, barriers, leaks between them and knight's
// moves included.
func TestMinutesOfRCost(t *testing.T) {
	t.Parallel()
	const w, h, cell = 120, 90, 100.0
	grass := grasstest.Start(t, w, h, cell)
	rng := rand.New(rand.NewPCG(9, 10))
	g := &Ground{Width: w, Height: h, CellW: cell, CellH: cell, Codes: make([]Code, w*h)}
	cost := make([]float32, w*h)
	for c := range g.Codes {
		cost[c] = -1
		if rng.IntN(4) > 0 {
			g.Codes[c] = []Code{1_002_000, 1_005_000, 2_010_000, 3_080_000}[rng.IntN(4)]
			cost[c] = float32(3.6 * cell / g.Codes[c].KMH())
		}
	}
	starts := []int{17*w + 30, 70*w + 95}
	var places [][2]int
	for _, c := range starts {
		g.Codes[c], cost[c] = 1_005_000, 72
		places = append(places, [2]int{c % w, c / w})
	}
	grass.Raster("cost", cost)
	grass.Run(fmt.Sprintf(`for flag in "" -k; do
  r.cost $flag --q --o input=cost output=t start_coordinates=%s
  r.mapcalc --q --o "m = if(isnull(t), -1, int(ceil(t / 60.0 - 0.00001)))"
  r.out.bin -i --q input=m output=m$flag.bin bytes=4 order=little null=-1
done
`, grass.Places(places...)))
	for file, knight := range map[string]bool{"m.bin": false, "m-k.bin": true} {
		want := grasstest.Read[int32](grass, file)
		times, err := Travel(context.Background(), g, starts, Options{Knight: knight, Isotropic: true})
		if err != nil {
			t.Fatal(err)
		}
		differ, unreached := 0, 0
		for c, s := range times.Seconds {
			m := int32(math.Ceil(s/60 - 1e-5))
			if math.IsInf(s, 1) {
				m = Timeless
				unreached++
			}
			if m != want[c] {
				differ++
			}
		}
		// r.cost keeps float32 here: a time that close to a whole minute may fall
		// on either side.
		if differ > 0 || unreached == 0 || unreached > w*h/2 {
			t.Errorf("knight's moves %v: %d cells differ, %d of %d are not reached", knight, differ, unreached, w*h)
		}
	}
}
