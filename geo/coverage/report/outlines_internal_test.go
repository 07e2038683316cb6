package report

import (
	"math"
	"slices"
	"strconv"
	"testing"

	"github.com/paulmach/orb"
	"pgregory.net/rapid"
)

// Two squares share a wiggly border, drawn in opposite directions and from
// different starts: after thinning it is the same line in both.
func TestSharedBorderStaysShared(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 80).Draw(t, "vertices")
		border := []pt{{500, 0}}
		for i := 1; i < n; i++ {
			border = append(border, pt{int32(500 + rapid.IntRange(-60, 60).Draw(t, "x")), int32(i * 1000 / n)})
		}
		border = append(border, pt{500, 1000})
		left := append(slices.Clone(border), pt{0, 1000}, pt{0, 0})
		right := slices.Clone(border)
		slices.Reverse(right)
		right = append(right, pt{1000, 0}, pt{1000, 1000})
		turn := rapid.IntRange(0, len(right)-1).Draw(t, "start")
		right = slices.Concat(right[turn:], right[:turn])
		m := newMesh([]outline{{left}, {right}})
		tol := rapid.Float64Range(0, 80).Draw(t, "tolerance")
		a, b := m.simplify(left, tol), m.simplify(right, tol)
		inner := func(ring []pt) []pt {
			var out []pt
			for _, p := range ring {
				if p.x > 0 && p.x < 1000 {
					out = append(out, p)
				}
			}
			slices.SortFunc(out, func(p, q pt) int { return int(p.y) - int(q.y) })
			return out
		}
		if x, y := inner(a), inner(b); !slices.Equal(x, y) {
			t.Fatalf("borders differ: %v and %v", x, y)
		}
	})
}

// No point of the line lies farther from the thinned line than the tolerance.
func TestDouglasPeuckerTolerance(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var line []pt
		for range rapid.IntRange(2, 60).Draw(t, "points") {
			line = append(line, pt{int32(rapid.IntRange(0, 1000).Draw(t, "x")), int32(rapid.IntRange(0, 1000).Draw(t, "y"))})
		}
		tol := rapid.Float64Range(0, 200).Draw(t, "tolerance")
		thin := douglasPeucker(line, tol)
		if thin[0] != line[0] || thin[len(thin)-1] != line[len(line)-1] {
			t.Fatalf("ends moved: %v", thin)
		}
		for _, p := range line {
			near := math.Inf(1)
			for i := 1; i < len(thin); i++ {
				near = math.Min(near, distanceTo(p, thin[i-1], thin[i]))
			}
			if near > tol+1e-9 {
				t.Fatalf("%v is %v from the thinned line, tolerance %v", p, near, tol)
			}
		}
	})
}

func TestFrame(t *testing.T) {
	t.Parallel()
	f := newFrame(orb.Bound{Min: orb.Point{9, 45}, Max: orb.Point{11, 46}})
	x0, y0 := f.at(9, 46)
	x1, y1 := f.at(11, 45)
	if x0 < 0 || y0 < 0 || x1 > f.width || y1 > f.height {
		t.Errorf("corners at %v,%v and %v,%v leave the frame of %v × %v", x0, y0, x1, y1, f.width, f.height)
	}
	// 2° of longitude at 45.5° are 2·cos(45.5°)/1 as wide as 1° of latitude.
	if got, want := (x1-x0)/(y1-y0), 2*math.Cos(45.5*math.Pi/180); math.Abs(got-want) > 1e-9 {
		t.Errorf("aspect %v, want %v", got, want)
	}
	if got, want := f.metresPerPixel()*(y1-y0), metresPerLat; math.Abs(got-want) > 1e-6 {
		t.Errorf("1° of latitude is %v m, want %v", got, want)
	}
}

func TestFrameAcrossTheDateLine(t *testing.T) {
	t.Parallel()
	square := func(x float64) orb.Polygon {
		return orb.Polygon{{{x, -17}, {x + 0.5, -17}, {x + 0.5, -16.5}, {x, -16.5}, {x, -17}}}
	}
	s := &Sketch{Areas: []AreaShape{{"a", square(179.5)}, {"b", square(-180)}}}
	f := s.frameOf()
	a, _ := f.at(179.75, -16.7)
	b, _ := f.at(-179.75, -16.7)
	if !(a < b) || f.metresPerPixel() > 500 {
		t.Errorf("the two halves are at %v and %v, %v m a pixel", a, b, f.metresPerPixel())
	}
}

func TestTinyAreaStaysVisible(t *testing.T) {
	t.Parallel()
	f := newFrame(orb.Bound{Min: orb.Point{9, 45}, Max: orb.Point{11, 46}})
	o := f.outlineOf(orb.Polygon{{{10, 45.5}, {10.000001, 45.5}, {10, 45.500001}, {10, 45.5}}})
	if len(o) != 1 || len(o[0]) != 4 {
		t.Errorf("outline %v, want a small square", o)
	}
}

func TestInsideFindsTheWideRun(t *testing.T) {
	t.Parallel()
	// A thin neck above a wide body: the label goes into the body.
	o := outline{{{450, 0}, {550, 0}, {550, 500}, {1000, 500}, {1000, 1000}, {0, 1000}, {0, 500}, {450, 500}}}
	best := inside(o)[0]
	if best.y < 50 || math.Abs(best.width-100) > 1e-6 || math.Abs(best.x-50) > 1e-6 {
		t.Errorf("run %+v, want the whole width of the body", best)
	}
}

// Colours keep the contrasts that WCAG 2.1 asks for: 4.5 for text, 3 between
// neighbouring parts of a bar and for lines; the map classes darken steadily.
func TestContrast(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		what, a, b string
		least      float64
	}{
		{"text on covered", "#ffffff", coveredFill, 4.5},
		{"covered and uncovered", coveredFill, uncoveredFill, 3},
		{"uncovered and unreachable", uncoveredFill, unreachableFill, 3},
		{"edge of uncovered on the page", uncoveredEdge, "#ffffff", 3},
		{"facility and its ring", "#0b4f8a", "#ffffff", 4.5},
		{"notes", "#4a4a4a", "#ffffff", 4.5},
		{"labels", "#1b5e7a", "#ffffff", 4.5},
		{"banner", "#8f1d14", "#fdeeea", 4.5},
		{"axis", "#444444", "#ffffff", 4.5},
		{"borders on the darkest class", "#a88468", shareClasses[4].fill, 3},
	} {
		if got := contrast(t, c.a, c.b); got < c.least {
			t.Errorf("%s: contrast %.2f, want at least %v", c.what, got, c.least)
		}
	}
	for i := 1; i < len(shareClasses); i++ {
		if got := contrast(t, shareClasses[i-1].fill, shareClasses[i].fill); got < 1.2 || luminance(t, shareClasses[i].fill) >= luminance(t, shareClasses[i-1].fill) {
			t.Errorf("map class %d is not clearly darker than the one before (%.2f)", i, got)
		}
	}
}

func contrast(t *testing.T, a, b string) float64 {
	x, y := luminance(t, a), luminance(t, b)
	return (math.Max(x, y) + 0.05) / (math.Min(x, y) + 0.05)
}

func luminance(t *testing.T, hex string) float64 {
	t.Helper()
	v, err := strconv.ParseUint(hex[1:], 16, 32)
	if err != nil {
		t.Fatal(err)
	}
	linear := func(b uint64) float64 {
		s := float64(b&0xff) / 255
		if s <= 0.03928 {
			return s / 12.92
		}
		return math.Pow((s+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(v>>16) + 0.7152*linear(v>>8) + 0.0722*linear(v)
}
