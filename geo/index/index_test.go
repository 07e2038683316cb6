package index

import (
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"contado/geo"
)

func search(t *Tree[int], b geo.BBox) []int {
	got := []int{}
	t.Search(b, func(_ geo.BBox, v int) bool { got = append(got, v); return true })
	slices.Sort(got)
	return got
}

func bruteForce(boxes []geo.BBox, q geo.BBox) []int {
	want := []int{}
	for i, b := range boxes {
		if !b.IsEmpty() && !q.IsEmpty() && b.Intersects(q) {
			want = append(want, i)
		}
	}
	return want
}

func ids(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

// coordinate draws from few values, so that boxes touch, repeat and nest.
func coordinate() *rapid.Generator[float64] {
	return rapid.OneOf(
		rapid.Map(rapid.IntRange(-6, 6), func(i int) float64 { return float64(i) }),
		rapid.Float64Range(-1e6, 1e6),
		rapid.SampledFrom([]float64{0, math.Copysign(0, -1), math.Inf(1), math.Inf(-1), math.NaN(), math.MaxFloat64, -math.MaxFloat64}),
	)
}

func drawBox(t *rapid.T, label string) geo.BBox {
	c := coordinate()
	b := geo.BBox{MinX: c.Draw(t, label), MinY: c.Draw(t, label), MaxX: c.Draw(t, label), MaxY: c.Draw(t, label)}
	if rapid.IntRange(0, 9).Draw(t, "order") > 0 {
		b.MinX, b.MaxX = min(b.MinX, b.MaxX), max(b.MinX, b.MaxX)
		b.MinY, b.MaxY = min(b.MinY, b.MaxY), max(b.MinY, b.MaxY)
	}
	return b
}

func TestSearchEqualsBruteForce(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 300).Draw(t, "n")
		boxes := make([]geo.BBox, n)
		for i := range boxes {
			boxes[i] = drawBox(t, "box")
		}
		tree := Build(boxes, ids(n))
		if want := len(bruteForce(boxes, geo.BBox{MinX: math.Inf(-1), MinY: math.Inf(-1), MaxX: math.Inf(1), MaxY: math.Inf(1)})); tree.Len() != want {
			t.Fatalf("Len = %d, want %d", tree.Len(), want)
		}
		for range 8 {
			q := drawBox(t, "query")
			if got, want := search(tree, q), bruteForce(boxes, q); !slices.Equal(got, want) {
				t.Fatalf("Search(%v) = %v, want %v", q, got, want)
			}
		}
		want := geo.EmptyBBox()
		for _, b := range boxes {
			if !b.IsEmpty() {
				want = want.Union(b)
			}
		}
		if got := tree.Bounds(); got != want {
			t.Fatalf("Bounds = %v, want %v", got, want)
		}
	})
}

func TestSearchManyRandomBoxes(t *testing.T) {
	t.Parallel()
	boxes := randomBoxes(20_000)
	tree := Build(boxes, ids(len(boxes)))
	rng := rand.New(rand.NewPCG(3, 4))
	for range 50 {
		x, y := rng.Float64()*1000, rng.Float64()*1000
		q := geo.BBox{MinX: x, MinY: y, MaxX: x + rng.Float64()*100, MaxY: y + rng.Float64()*100}
		if got, want := search(tree, q), bruteForce(boxes, q); !slices.Equal(got, want) {
			t.Fatalf("Search(%v): %d found, want %d", q, len(got), len(want))
		}
	}
}

func TestSearchTouchesAndStops(t *testing.T) {
	t.Parallel()
	tree := Build([]geo.BBox{{MaxX: 1, MaxY: 1}, {MinX: 1, MinY: 1, MaxX: 2, MaxY: 2}}, []int{0, 1})
	if got := search(tree, geo.BBox{MinX: 1, MinY: 1, MaxX: 1, MaxY: 1}); !slices.Equal(got, []int{0, 1}) {
		t.Errorf("touching corner found %v, want both", got)
	}
	calls := 0
	tree.Search(tree.Bounds(), func(geo.BBox, int) bool { calls++; return false })
	if calls != 1 {
		t.Errorf("yield was called %d times after it said stop", calls)
	}
}

func TestNearestEqualsBruteForce(t *testing.T) {
	t.Parallel()
	boxes := randomBoxes(3_000)
	tree := Build(boxes, ids(len(boxes)))
	rng := rand.New(rand.NewPCG(5, 6))
	for range 20 {
		x, y := rng.Float64()*1000, rng.Float64()*1000
		var got []float64
		tree.Nearest(x, y, func(_ geo.BBox, _ int, d float64) bool {
			got = append(got, d)
			return len(got) < 50
		})
		var want []float64
		for _, b := range boxes {
			dx := max(0, b.MinX-x, x-b.MaxX)
			dy := max(0, b.MinY-y, y-b.MaxY)
			want = append(want, math.Hypot(dx, dy))
		}
		slices.Sort(want)
		if !slices.Equal(got, want[:50]) {
			t.Fatalf("Nearest(%g, %g) distances %v, want %v", x, y, got, want[:50])
		}
	}
	tree.Nearest(math.NaN(), 0, func(geo.BBox, int, float64) bool { t.Error("NaN found something"); return false })
}

func TestUnwrap(t *testing.T) {
	t.Parallel()
	fiji := geo.BBox{MinX: 177, MinY: -19, MaxX: -178, MaxY: -16}
	boxes := Unwrap(fiji)
	tree := Build(boxes, make([]int, len(boxes)))
	for _, tc := range []struct {
		name string
		x    float64
		want int
	}{{"west of the line", 179, 1}, {"east of the line", -179, 1}, {"Greenwich", 0, 0}} {
		q := geo.BBox{MinX: tc.x, MinY: -17, MaxX: tc.x, MaxY: -17}
		if got := len(search(tree, q)); got != tc.want {
			t.Errorf("%s: %d found, want %d", tc.name, got, tc.want)
		}
	}
	if got := Unwrap(geo.BBox{MinX: 1, MaxX: 2}); len(got) != 1 {
		t.Errorf("plain box became %v", got)
	}
}

func TestHilbertVisitsEveryCellOnceAndMovesByOne(t *testing.T) {
	t.Parallel()
	const side = 64
	at := make(map[uint32][2]int, side*side)
	for x := range side {
		for y := range side {
			at[Hilbert(uint32(x), uint32(y))] = [2]int{x, y}
		}
	}
	if len(at) != side*side {
		t.Fatalf("%d positions for %d cells", len(at), side*side)
	}
	for d := uint32(1); d < side*side; d++ {
		a, b := at[d-1], at[d]
		if abs(a[0]-b[0])+abs(a[1]-b[1]) != 1 {
			t.Fatalf("step %d goes from %v to %v", d, a, b)
		}
	}
}

func abs(i int) int { return max(i, -i) }

func TestManyReaders(t *testing.T) {
	t.Parallel()
	boxes := randomBoxes(2_000)
	tree := Build(boxes, ids(len(boxes)))
	q := geo.BBox{MinX: 100, MinY: 100, MaxX: 600, MaxY: 400}
	want := bruteForce(boxes, q)
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			for range 20 {
				if got := search(tree, q); !slices.Equal(got, want) {
					t.Errorf("%d found, want %d", len(got), len(want))
				}
				tree.Nearest(5, 5, func(geo.BBox, int, float64) bool { return false })
			}
		})
	}
	wg.Wait()
}

func TestBuildRefusesUnequalSlices(t *testing.T) {
	t.Parallel()
	defer func() {
		if recover() == nil {
			t.Error("no panic for 1 box and 0 values")
		}
	}()
	Build([]geo.BBox{{}}, []int{})
}

func randomBoxes(n int) []geo.BBox {
	rng := rand.New(rand.NewPCG(1, 2))
	boxes := make([]geo.BBox, n)
	for i := range boxes {
		x, y := rng.Float64()*1000, rng.Float64()*1000
		boxes[i] = geo.BBox{MinX: x, MinY: y, MaxX: x + rng.Float64()*3, MaxY: y + rng.Float64()*3}
	}
	return boxes
}

func BenchmarkBuild1e6(b *testing.B) {
	boxes, values := randomBoxes(1_000_000), ids(1_000_000)
	b.ReportAllocs()
	for b.Loop() {
		Build(boxes, values)
	}
}

func BenchmarkSearch1e6(b *testing.B) {
	boxes := randomBoxes(1_000_000)
	tree := Build(boxes, ids(len(boxes)))
	rng := rand.New(rand.NewPCG(7, 8))
	found := 0
	b.ReportAllocs()
	for b.Loop() {
		x, y := rng.Float64()*1000, rng.Float64()*1000
		tree.Search(geo.BBox{MinX: x, MinY: y, MaxX: x + 8, MaxY: y + 8}, func(geo.BBox, int) bool { found++; return true })
	}
	b.ReportMetric(float64(found)/float64(b.N), "found/op")
}
