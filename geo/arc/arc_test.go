package arc_test

import (
	"math"
	"testing"

	"github.com/paulmach/orb"
	"pgregory.net/rapid"

	"contado/geo/arc"
)

func TestArcsLieOnTheirCircle(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		x, y := rapid.Float64Range(-1e6, 1e6).Draw(t, "x"), rapid.Float64Range(-1e6, 1e6).Draw(t, "y")
		r := rapid.Float64Range(1, 1e4).Draw(t, "radius")
		from, first, second := rapid.Float64Range(-4, 4).Draw(t, "from"), rapid.Float64Range(0.1, 3).Draw(t, "first"), rapid.Float64Range(0.1, 3).Draw(t, "second")
		if rapid.Bool().Draw(t, "clockwise") {
			first, second = -first, -second
		}
		at := func(a float64) orb.Point { return orb.Point{x + r*math.Cos(a), y + r*math.Sin(a)} }
		points := []orb.Point{at(from), at(from + first), at(from + first + second)}
		line, z, m, err := arc.Line(points, []float64{0, 1, 2}, nil)
		if err != nil || len(z) != len(line) || m != nil {
			t.Fatal(len(line), len(z), len(m), err)
		}
		length := 0.0
		for i, p := range line {
			if d := math.Hypot(p[0]-x, p[1]-y); math.Abs(d-r) > 1e-6*r+1e-7 {
				t.Fatalf("position %d is %v from the centre, not %v", i, d, r)
			}
			if i > 0 {
				length += math.Hypot(p[0]-line[i-1][0], p[1]-line[i-1][1])
				if z[i] < z[i-1] {
					t.Fatalf("heights %v", z)
				}
			}
		}
		if want := r * math.Abs(first+second); math.Abs(length-want) > 1e-3*want {
			t.Fatalf("length %v, want %v", length, want)
		}
		if line[0] != points[0] || line[len(line)-1] != points[2] || z[len(z)-1] != 2 {
			t.Fatal("the ends have moved")
		}
	})
}

func TestOddArcs(t *testing.T) {
	t.Parallel()
	straight := []orb.Point{{0, 0}, {1, 1}, {2, 2}}
	if line, _, _, err := arc.Line(straight, nil, nil); err != nil || len(line) != 3 {
		t.Errorf("on a line: %v, %v", line, err)
	}
	same := []orb.Point{{5, 5}, {5, 5}, {5, 5}}
	if line, _, _, err := arc.Line(same, nil, nil); err != nil || len(line) != 3 {
		t.Errorf("one place: %v, %v", line, err)
	}
	circle, _, _, err := arc.Line([]orb.Point{{0, 0}, {4, 0}, {0, 0}}, nil, nil)
	if err != nil || len(circle) != 91 || circle[0] != circle[90] || math.Abs(circle[22][1]+2) > 0.01 {
		t.Errorf("a circle of %d positions, %v", len(circle), err)
	}
	if line, _, _, err := arc.Line(nil, nil, nil); err != nil || line != nil {
		t.Errorf("nothing: %v, %v", line, err)
	}
	for _, n := range []int{1, 2, 4} {
		if _, _, _, err := arc.Line(make([]orb.Point, n), nil, nil); err == nil {
			t.Errorf("%d positions are arcs", n)
		}
	}
	if _, _, _, err := arc.Line(straight, []float64{1}, nil); err == nil {
		t.Error("one height for three positions")
	}
}
