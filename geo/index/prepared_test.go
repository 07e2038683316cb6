package index_test

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/wkb"
	"github.com/peterstace/simplefeatures/geom"
	"pgregory.net/rapid"

	"contado/geo/index"
)

func TestOrientIsExact(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		base := rapid.SampledFrom([]float64{0, 0.1, 1, 123456.789, 5e6, 1e-300, 1e150, 3e-160}).Draw(t, "base")
		n := func() float64 {
			v := base + rapid.Float64Range(-2, 2).Draw(t, "v")*math.Abs(base)*rapid.SampledFrom([]float64{0, 1e-16, 1e-9, 1}).Draw(t, "scale")
			if rapid.Bool().Draw(t, "whole") {
				v += float64(rapid.IntRange(-3, 3).Draw(t, "n"))
			}
			return v
		}
		ax, ay, bx, by := n(), n(), n(), n()
		cx, cy := n(), n()
		if rapid.Bool().Draw(t, "near") { // almost on the line
			f := rapid.Float64Range(-1, 2).Draw(t, "f")
			cx, cy = ax+(bx-ax)*f, ay+(by-ay)*f
		}
		r := func(v float64) *big.Rat { return new(big.Rat).SetFloat64(v) }
		sub := func(a, b float64) *big.Rat { return new(big.Rat).Sub(r(a), r(b)) }
		want := new(big.Rat).Mul(sub(ax, cx), sub(by, cy)).Cmp(new(big.Rat).Mul(sub(ay, cy), sub(bx, cx)))
		if got := index.Orient(ax, ay, bx, by, cx, cy); got != want {
			t.Fatalf("%v,%v %v,%v %v,%v: %d, want %d", ax, ay, bx, by, cx, cy, got, want)
		}
	})
}

// onGrid draws valid geometries of whole numbers, which touch each other in
// all ways there are.
func onGrid() *rapid.Generator[orb.Geometry] {
	return rapid.Custom(func(t *rapid.T) orb.Geometry {
		c := func() float64 { return float64(rapid.IntRange(0, 9).Draw(t, "c")) }
		point := func() orb.Point { return orb.Point{c(), c()} }
		box := func(x, y, w, h float64) orb.Ring {
			return orb.Ring{{x, y}, {x + w, y}, {x + w, y + h}, {x, y + h}, {x, y}}
		}
		polygon := func() orb.Polygon {
			x, y := c(), c()
			switch rapid.IntRange(0, 3).Draw(t, "polygon") {
			case 0:
				return orb.Polygon{box(x, y, 6, 5), box(x+1, y+1, 3, 3)}
			case 1:
				return orb.Polygon{box(x-5, y-5, 14, 14), box(x, y, 2, 2)}
			case 2: // clockwise, with a spike inwards
				return orb.Polygon{{{x, y}, {x, y + 6}, {x + 6, y + 6}, {x + 3, y + 3}, {x + 6, y}, {x, y}}}
			}
			return orb.Polygon{box(x, y, 1+c(), 1+c())}
		}
		switch rapid.IntRange(0, 6).Draw(t, "kind") {
		case 0:
			return point()
		case 1:
			return orb.MultiPoint{point(), point()}
		case 2:
			return orb.LineString{point(), {c() + 0.5, c()}, point()}
		case 3:
			return orb.MultiLineString{{point(), {c() + 0.5, c()}}, {point(), {c(), c() + 0.5}}}
		case 4, 5:
			return polygon()
		}
		return orb.MultiPolygon{polygon(), polygon()}
	}).Filter(func(g orb.Geometry) bool { return asGeom(g).Validate() == nil })
}

func asGeom(g orb.Geometry) geom.Geometry {
	b, err := wkb.Marshal(g)
	if err != nil {
		panic(err)
	}
	out, err := geom.UnmarshalWKB(b, geom.NoValidate{})
	if err != nil {
		panic(err)
	}
	return out
}

// inside tells whether a lies in b and touches no boundary of it.
func inside(t *rapid.T, a, b geom.Geometry) bool {
	within, err := geom.Within(a, b)
	if err != nil {
		t.Fatal(err)
	}
	return b.Dimension() == 2 && within && !geom.Intersects(a, b.Boundary())
}

func TestRelateAgreesWithAnotherLibrary(t *testing.T) {
	t.Parallel()
	seen := map[index.Relation]int{}
	rapid.Check(t, func(t *rapid.T) {
		a, b := onGrid().Draw(t, "a"), onGrid().Draw(t, "b")
		p, q := asGeom(a), asGeom(b)
		want := index.Meets
		switch {
		case !geom.Intersects(p, q):
			want = index.Apart
		case inside(t, q, p):
			want = index.Within
		case inside(t, p, q):
			want = index.Around
		}
		seen[want]++
		prepared := index.Prepare(index.Flatten(a)...)
		if got := prepared.Relate(index.Flatten(b)...); got != want {
			t.Fatalf("%s to %s: %d, want %d", q.AsText(), p.AsText(), got, want)
		}
		if prepared.Intersects(index.Flatten(b)...) != (want != index.Apart) {
			t.Fatal("Intersects does not agree with Relate")
		}
	})
	t.Logf("cases by relation: %v", seen)
}

func TestLocateAgreesWithAnotherLibrary(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a := onGrid().Draw(t, "a")
		p := index.Prepare(index.Flatten(a)...)
		g := asGeom(a)
		for range 20 {
			x, y := float64(rapid.IntRange(-1, 30).Draw(t, "x"))/2, float64(rapid.IntRange(-1, 30).Draw(t, "y"))/2
			pt := geom.NewPointXY(x, y).AsGeometry()
			want := index.Outside
			if geom.Intersects(pt, g) {
				want = index.On
				if g.Dimension() == 2 && !geom.Intersects(pt, g.Boundary()) {
					want = index.Inside
				}
			}
			if got := p.Locate(x, y); got != want {
				t.Fatalf("%v,%v in %s: %d, want %d", x, y, g.AsText(), got, want)
			}
		}
	})
}

// star is a ring of n positions whose radius wavers.
func star(n int, cx, cy, radius float64) orb.Polygon {
	rnd := rand.New(rand.NewPCG(uint64(n), 5))
	ring := make(orb.Ring, 0, n+1)
	for i := range n {
		a := 2 * math.Pi * float64(i) / float64(n)
		r := radius * (0.8 + 0.2*math.Sin(30*a) + 0.001*rnd.Float64())
		ring = append(ring, orb.Point{cx + r*math.Cos(a), cy + r*math.Sin(a)})
	}
	return orb.Polygon{append(ring, ring[0])}
}

func TestManyVerticesAndOddInput(t *testing.T) {
	t.Parallel()
	p := index.Prepare(index.Flatten(star(50_000, 0, 0, 1000))...)
	if p.Locate(0, 0) != index.Inside || p.Locate(900, 900) != index.Outside {
		t.Error("the middle is outside or the corner inside")
	}
	square := func(x, y, r float64) []index.Flat {
		return index.Flatten(orb.Bound{Min: orb.Point{x - r, y - r}, Max: orb.Point{x + r, y + r}})
	}
	for _, c := range []struct {
		x, y, r float64
		want    index.Relation
	}{{0, 0, 10, index.Within}, {0, 0, 1100, index.Around}, {900, 900, 10, index.Apart}, {800, 0, 300, index.Meets}} {
		if got := p.Relate(square(c.x, c.y, c.r)...); got != c.want {
			t.Errorf("%v: %d", c, got)
		}
	}
	for name, p := range map[string]*index.Prepared{
		"nothing": index.Prepare(), "an empty polygon": index.Prepare(index.Flatten(orb.Polygon{})...),
		"an empty ring": index.Prepare(index.Flatten(orb.Polygon{{}})...),
	} {
		if p.Relate(square(0, 0, 1)...) != index.Apart || p.Locate(0, 0) != index.Outside || !p.Box().IsEmpty() {
			t.Errorf("%s is somewhere", name)
		}
	}
	if got := p.Relate(); got != index.Apart {
		t.Errorf("nothing: %d", got)
	}
	open := index.Prepare(index.Flat{Dim: 2, XY: []float64{0, 0, 4, 0, 4, 4}, Ends: []uint32{3}, Parts: []uint32{1}})
	if open.Locate(3, 1) != index.Inside || open.Locate(2, 2) != index.On {
		t.Error("a ring left open is not closed")
	}
	collection := orb.Collection{orb.Point{1, 1}, orb.LineString{{5, 5}, {6, 6}}, orb.Polygon{{{10, 10}, {12, 10}, {12, 12}, {10, 10}}}}
	if got := len(index.Flatten(collection)); got != 3 {
		t.Errorf("a collection of three kinds has %d", got)
	}
	if c := index.Prepare(index.Flatten(collection)...); !c.Intersects(square(5.5, 5.5, 0.1)...) || c.Intersects(square(3, 3, 1)...) {
		t.Error("a line of a collection is not met")
	}
}

// A point, a square on the boundary and one inside, against a ring of 50,000.
func BenchmarkRelate(b *testing.B) {
	p := index.Prepare(index.Flatten(star(50_000, 0, 0, 1000))...)
	rnd := rand.New(rand.NewPCG(1, 1))
	list := make([][]index.Flat, 1000)
	for i := range list {
		x, y := rnd.Float64()*2000-1000, rnd.Float64()*2000-1000
		list[i] = index.Flatten(orb.Bound{Min: orb.Point{x, y}, Max: orb.Point{x + 5, y + 5}})
	}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		p.Relate(list[i%len(list)]...)
		i++
	}
}
