package vector

import (
	"context"
	"math"
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/paulmach/orb"
	"pgregory.net/rapid"

	"contado/geo"
	"contado/tiles/tms"
)

// crooked is a closed ring of Web Mercator that goes round a centre, near and
// far.
func crooked(r *rand.Rand, n int, radius, jitter float64) orb.Ring {
	ring := make(orb.Ring, 0, n+1)
	for i := range n {
		at := 2 * math.Pi * float64(i) / float64(n)
		d := radius * (0.7 + 0.1*math.Sin(7*at) + jitter*r.Float64())
		ring = append(ring, orb.Point{1e6 + d*math.Cos(at), 5e6 + d*math.Sin(at)})
	}
	return append(ring, ring[0])
}

// What lies within a box of a ring is the same, whether strips stand for what
// lies beyond or not.
func TestStripsShowTheSame(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		n := rapid.IntRange(3, 3000).Draw(rt, "vertices")
		ring := crooked(rand.New(rand.NewPCG(uint64(n), rapid.Uint64().Draw(rt, "seed"))), n, 1000, 0.1)
		var at []float64
		var whole []xy
		for _, p := range ring {
			at = append(at, p[0], p[1])
			x, y := toStep(p[0], p[1])
			whole = append(whole, xy{x, y})
		}
		levels, err := stripRing(&warp{}, at)
		if err != nil {
			rt.Fatal(err)
		}
		x, y := toStep(1e6+rapid.Float64Range(-1200, 1200).Draw(rt, "x"), 5e6+rapid.Float64Range(-1200, 1200).Draw(rt, "y"))
		half := rapid.Float64Range(1, 1500).Draw(rt, "half") * perMetre
		w := stripWalker{near: box{x - half, y - half, x + half, y + half}, fine: -1}
		w.ring(at, levels)
		var thin []xy
		for i := 0; i < len(w.out); i += 2 {
			x, y := toStep(w.out[i], w.out[i+1])
			thin = append(thin, xy{x, y})
		}
		if len(w.chord) != len(thin) || thin[0] != whole[0] || thin[len(thin)-1] != whole[len(whole)-1] {
			rt.Fatalf("%d vertices of %d: the ring is not closed", len(thin), len(whole))
		}
		area := func(r []xy) (sum float64) {
			for _, c := range clipRings([][]xy{r[:len(r)-1]}, w.near) {
				sum += math.Abs(shoelace(c))
			}
			return sum
		}
		if a, b := area(whole), area(thin); math.Abs(a-b) > 1e-6*(1+a) {
			rt.Fatalf("%d vertices of %d draw an area of %g, not %g", len(thin), len(whole), b, a)
		}
	})
}

// A polygon of very many vertices costs what is seen of it, and is drawn whole.
func TestHugePolygon(t *testing.T) {
	t.Parallel()
	const n = 300_000
	ring := crooked(rand.New(rand.NewPCG(1, 2)), n, 50_000, 2e-5)
	var table memoryTable
	if err := table.add(geo.Feature{ID: 1, Geometry: orb.Polygon{ring}}); err != nil {
		t.Fatal(err)
	}
	sum, err := summarise(context.Background(), &table, &warp{})
	if err != nil {
		t.Fatal(err)
	}
	src := &source{warp: &warp{}}
	g := src.push(&table, sum, nil)
	for z := range 17 {
		tile := tms.WebMercatorQuad().At(z, 1e6+30_000, 5e6)
		v := newView(tile)
		c := newCollector(&v, src.warp, DefaultMaxVertices)
		if err := c.load(g, 0); err != nil {
			t.Fatal(err)
		}
		if got := len(c.flat.XY) / 2; got > n/4 {
			t.Errorf("zoom %d: %d vertices of %d are gone through", z, got, n)
		}
		c.free()
		p := newPainting(tile, 0)
		if err := p.add("huge", src, nil, Drawing{}); err != nil {
			t.Fatal(err)
		}
		_, stats, err := p.paint(context.Background())
		if err != nil || stats.AreaKept < 0.9 || stats.AreaKept > 1.1 {
			t.Errorf("zoom %d: area %v, %v", z, stats.AreaKept, err)
		}
	}
	if len(sum.strips.kept) != 1 {
		t.Error("strips are not remembered")
	}
}

// BenchmarkHugePolygon draws tiles at the border of a polygon of a million
// vertices.
func BenchmarkHugePolygon(b *testing.B) {
	var table memoryTable
	if err := table.add(geo.Feature{ID: 1, Geometry: orb.Polygon{crooked(rand.New(rand.NewPCG(1, 2)), 1_000_000, 50_000, 2e-5)}}); err != nil {
		b.Fatal(err)
	}
	sum, err := summarise(context.Background(), &table, &warp{})
	if err != nil {
		b.Fatal(err)
	}
	src := &source{warp: &warp{}}
	src.push(&table, sum, nil)
	for _, z := range []int{4, 7, 9, 12, 16} {
		b.Run(strconv.Itoa(z), func(b *testing.B) {
			for b.Loop() {
				p := newPainting(tms.WebMercatorQuad().At(z, 1e6+35_000, 5e6), 0)
				if err := p.add("huge", src, nil, Drawing{}); err != nil {
					b.Fatal(err)
				}
				if _, _, err := p.paint(context.Background()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
