package terrain_test

import (
	"encoding/json"
	"image/color"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"contado/geo/fault"
	"contado/tiles/encode"
	"contado/tiles/terrain"

	"pgregory.net/rapid"
)

// A cone's contours are circles, closed, with the top on their left.
func TestContoursOfCone(t *testing.T) {
	t.Parallel()
	const mid = 30.3
	s := surface(60, 60, 1, func(x, y float64) float64 { return 1000 - 10*math.Hypot(x-mid, y-mid) })
	lines, err := terrain.Contours(s, terrain.Levels{Interval: 25, Index: 4})
	if err != nil {
		t.Fatal(err)
	}
	closed := 0
	for _, l := range lines {
		radius := (1000 - l.Level) / 10
		if l.Index != (int(l.Level)%100 == 0) {
			t.Errorf("index at %g: %v", l.Level, l.Index)
		}
		for _, p := range l.Points {
			if d := math.Abs(math.Hypot(p[0]-mid, p[1]-mid) - radius); d > 0.3/max(1, radius/3) {
				t.Fatalf("level %g: %v is %g cells off the circle", l.Level, p, d)
			}
		}
		if !l.Closed {
			continue
		}
		closed++
		if l.Points[0] != l.Points[len(l.Points)-1] {
			t.Errorf("level %g does not end where it begins", l.Level)
		}
		area := 0.0 // of the ring, rows going down: negative when the inside is on the left
		for i, p := range l.Points[1:] {
			q := l.Points[i]
			area += (q[0]*p[1] - p[0]*q[1]) / 2
		}
		if want := -math.Pi * radius * radius; math.Abs(area-want) > 0.02*math.Abs(want)+0.5 {
			t.Errorf("level %g: area %g, want %g", l.Level, area, want)
		}
	}
	if closed != 12 { // 700 to 975: a radius up to 30 lies within the border
		t.Errorf("%d closed lines", closed)
	}
}

// On any heights, each side of a square that a level crosses is on one line:
// lines are closed, or end at the edge of the data.
func TestContoursEndAtEdges(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w, h := rapid.IntRange(1, 9).Draw(t, "w"), rapid.IntRange(1, 9).Draw(t, "h")
		s := &terrain.Surface{Width: w, Height: h, Border: 1}
		n := (w + 2) * (h + 2)
		for range n {
			s.Heights = append(s.Heights, float32(rapid.IntRange(0, 5).Draw(t, "z")))
			s.Mask = append(s.Mask, uint8(min(1, rapid.IntRange(0, 12).Draw(t, "m"))))
		}
		lines, err := terrain.Contours(s, terrain.Levels{Interval: 1, Base: 0.5})
		if err != nil {
			t.Fatal(err)
		}
		seen := map[[3]float64]int{} // places of each level
		for _, l := range lines {
			pts := l.Points
			if l.Closed {
				pts = pts[1:]
			} else if !atEdge(s, pts[0]) || !atEdge(s, pts[len(pts)-1]) {
				t.Fatalf("a line of %g from %v to %v ends in the middle", l.Level, pts[0], pts[len(pts)-1])
			}
			for _, p := range pts {
				seen[[3]float64{l.Level, p[0], p[1]}]++
			}
		}
		for place, n := range seen {
			if n != 1 {
				t.Fatalf("%d lines pass %v", n, place)
			}
		}
		if got, want := len(seen), crossings(s); got != want {
			t.Fatalf("%d crossings on lines, %d by counting", got, want)
		}
	})
}

// has reports whether the square whose first corner is the centre (c, r) of
// the bordered window has four heights.
func has(s *terrain.Surface, c, r int) bool {
	st := s.Width + 2
	if c < 0 || r < 0 || c > s.Width || r > s.Height {
		return false
	}
	i := r*st + c
	return s.Mask[i] != 0 && s.Mask[i+1] != 0 && s.Mask[i+st] != 0 && s.Mask[i+st+1] != 0
}

// atEdge reports whether one of the two squares at a place is missing.
func atEdge(s *terrain.Surface, p [2]float64) bool {
	x, y := p[0]+0.5, p[1]+0.5 // in centres of the bordered window
	if x == math.Floor(x) {    // on a side that goes down
		c, r := int(x), int(math.Floor(y))
		return !has(s, c-1, r) || !has(s, c, r)
	}
	c, r := int(math.Floor(x)), int(y)
	return !has(s, c, r-1) || !has(s, c, r)
}

// crossings counts the sides, of squares that are whole, between whole
// numbers that a half lies between: for each such half.
func crossings(s *terrain.Surface) int {
	n, st := 0, s.Width+2
	for r := range s.Height + 2 {
		for c := range st {
			i := r*st + c
			if c+1 < st && (has(s, c, r) || has(s, c, r-1)) {
				n += int(math.Abs(float64(s.Heights[i] - s.Heights[i+1])))
			}
			if r+1 < s.Height+2 && (has(s, c, r) || has(s, c-1, r)) {
				n += int(math.Abs(float64(s.Heights[i] - s.Heights[i+st])))
			}
		}
	}
	return n
}

// gdal_contour draws the same lines, but for saddles and the outer half cell.
func TestContoursAgainstGDAL(t *testing.T) {
	t.Parallel()
	path, s := dem(t)
	g, _, _ := read(t, path)
	out := filepath.Join(t.TempDir(), "lines.geojson")
	run(t, "gdal_contour", "-a", "z", "-i", "100", "-off", "13.7", path, out)
	text, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Features []struct {
			Properties struct{ Z float64 }
			Geometry   struct{ Coordinates [][2]float64 }
		}
	}
	if err := json.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	inv, _ := g.Transform.Invert()
	theirs := map[float64][][2]float64{}
	for _, f := range doc.Features {
		for _, p := range f.Geometry.Coordinates {
			x, y := inv.Apply(p[0], p[1])
			theirs[f.Properties.Z] = append(theirs[f.Properties.Z], [2]float64{x - 1, y - 1})
		}
	}
	lines, err := terrain.Contours(s, terrain.Levels{Interval: 100, Base: 13.7})
	if err != nil {
		t.Fatal(err)
	}
	ours := map[float64][][2]float64{}
	for _, l := range lines {
		level, _ := strconv.ParseFloat(strconv.FormatFloat(l.Level, 'f', 1, 64), 64)
		ours[level] = append(ours[level], l.Points...)
	}
	far, all := 0, 0
	for level, points := range ours {
		f, n := misses(s, points, theirs[level])
		far, all = far+f, all+n
	}
	back, rest := 0, 0
	for level, points := range theirs {
		f, n := misses(s, points, ours[level])
		back, rest = back+f, rest+n
	}
	if all < 5000 || float64(far) > 0.002*float64(all) || float64(back) > 0.002*float64(rest) {
		t.Errorf("%d of our %d points are not on GDAL's lines, %d of its %d not on ours", far, all, back, rest)
	}
}

// misses counts the points, away from edges and holes, that no point of the
// others is at.
func misses(s *terrain.Surface, points, others [][2]float64) (far, all int) {
	index := map[[2]int][][2]float64{}
	for _, p := range others {
		k := [2]int{int(math.Floor(p[0])), int(math.Floor(p[1]))}
		index[k] = append(index[k], p)
	}
	for _, p := range points {
		c, r := int(math.Floor(p[0]))+1, int(math.Floor(p[1]))+1
		if c < 2 || r < 2 || c > s.Width-2 || r > s.Height-2 || !whole(s, c-1, r-1) || !whole(s, c-2, r-2) || !whole(s, c, r) {
			continue
		}
		all++
		near := false
		for dx := -1; dx <= 1; dx++ {
			for dy := -1; dy <= 1; dy++ {
				near = near || slices.ContainsFunc(index[[2]int{c - 1 + dx, r - 1 + dy}], func(q [2]float64) bool {
					return math.Hypot(p[0]-q[0], p[1]-q[1]) < 0.01
				})
			}
		}
		if !near {
			far++
		}
	}
	return far, all
}

func hills(border int) *terrain.Surface {
	return surface(120, 90, border, func(x, y float64) float64 {
		return 900 + 300*math.Sin(x/19)*math.Cos(y/23) + 60*math.Sin(x/5+y/9)
	})
}

func blank(w, h int, kind encode.Kind) *encode.Image {
	ch := map[encode.Kind]int{encode.RGB: 3, encode.RGBA: 4}[kind]
	m := &encode.Image{Width: w, Height: h, Kind: kind, Pix: make([]uint8, w*h*ch)}
	for i := range m.Pix {
		m.Pix[i] = 235
	}
	return m
}

// Lines of a tile are those of one big picture, to the bit.
func TestDrawnContoursHaveNoSeam(t *testing.T) {
	t.Parallel()
	levels := terrain.Levels{Interval: 20}
	for _, pen := range []*terrain.Pen{nil, {Width: 2.2, IndexWidth: 5, Colour: color.NRGBA{0, 0, 255, 128}}} {
		border := pen.Border()
		all := hills(border)
		rng := rand.New(rand.NewPCG(1, 2))
		all.Mask = make([]uint8, len(all.Heights))
		for i := range all.Mask {
			all.Mask[i] = uint8(255 * min(1, rng.IntN(200)))
		}
		big := blank(120, 90, encode.RGBA)
		if err := terrain.DrawContours(big, all, levels, pen); err != nil {
			t.Fatal(err)
		}
		for _, at := range [][4]int{{0, 0, 60, 45}, {60, 0, 60, 45}, {17, 45, 71, 45}} {
			got := blank(at[2], at[3], encode.RGBA)
			if err := terrain.DrawContours(got, cut(all, at[0], at[1], at[2], at[3], border), levels, pen); err != nil {
				t.Fatal(err)
			}
			for i := range at[2] * at[3] {
				x, y := i%at[2], i/at[2]
				k := (at[1]+y)*120 + at[0] + x
				if string(got.Pix[4*i:4*i+4]) != string(big.Pix[4*k:4*k+4]) {
					t.Fatalf("window %v, pixel (%d, %d): %v, %v in the big picture", at, x, y, got.Pix[4*i:4*i+4], big.Pix[4*k:4*k+4])
				}
			}
		}
	}
}

// A level plane's line of one pixel covers one pixel's worth, wherever it
// runs; over a transparent picture it keeps its colour.
func TestDrawnContourCoverage(t *testing.T) {
	t.Parallel()
	for _, shift := range []float64{0, 0.25, 0.5, 0.9} {
		pen := &terrain.Pen{Width: 1, Colour: color.NRGBA{200, 100, 50, 255}}
		s := surface(21, 5, pen.Border(), func(x, _ float64) float64 { return x + shift })
		m := &encode.Image{Width: 21, Height: 5, Kind: encode.RGBA, Pix: make([]uint8, 4*21*5)}
		if err := terrain.DrawContours(m, s, terrain.Levels{Interval: 1000, Base: 10, Index: -1}, pen); err != nil {
			t.Fatal(err)
		}
		sum := 0.0
		for x := range 21 {
			p := m.Pix[4*(2*21+x):][:4]
			sum += float64(p[3]) / 255
			if p[3] > 0 && (p[0] != 200 || p[1] != 100 || p[2] != 50) {
				t.Errorf("colour %v", p)
			}
			if d := math.Abs(float64(x) + 0.5 + shift - 10); d > 1.01 && p[3] != 0 {
				t.Errorf("shift %g: pixel %d is covered", shift, x)
			}
		}
		if math.Abs(sum-1) > 0.01 {
			t.Errorf("shift %g: %g pixels are covered", shift, sum)
		}
	}
}

func TestContoursRefuse(t *testing.T) {
	t.Parallel()
	s := hills(3)
	for name, err := range map[string]error{
		"interval": terrain.DrawContours(blank(120, 90, encode.RGB), s, terrain.Levels{}, nil),
		"NaN":      terrain.DrawContours(blank(120, 90, encode.RGB), s, terrain.Levels{Interval: math.NaN()}, nil),
		"size":     terrain.DrawContours(blank(12, 90, encode.RGB), s, terrain.Levels{Interval: 10}, nil),
		"palette":  terrain.DrawContours(&encode.Image{Width: 120, Height: 90, Pix: make([]uint8, 120*90)}, s, terrain.Levels{Interval: 10}, nil),
		"pen":      terrain.DrawContours(blank(120, 90, encode.RGB), s, terrain.Levels{Interval: 10}, &terrain.Pen{Width: -1}),
		"border":   terrain.DrawContours(blank(120, 90, encode.RGB), s, terrain.Levels{Interval: 10}, &terrain.Pen{Width: 9}),
	} {
		if !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v, want invalid", name, err)
		}
	}
	if _, err := terrain.Contours(s, terrain.Levels{Interval: 1e-5}); !fault.Is(err, fault.TooLarge) {
		t.Errorf("too many: %v", err)
	}
	s.Heights[500] = 3e38
	if _, err := terrain.Contours(s, terrain.Levels{Interval: 10}); !fault.Is(err, fault.TooLarge) {
		t.Errorf("too high: %v", err)
	}
}

func TestDefaultInterval(t *testing.T) {
	t.Parallel()
	for mpp, want := range map[float64]float64{0.1: 0.5, 0.6: 2, 2.4: 10, 4.8: 20, 9.5: 50, 38: 100, 153: 500, 1000: 5000} {
		if got := terrain.DefaultInterval(mpp); math.Abs(got-want) > 1e-9 {
			t.Errorf("%g m a pixel: every %g m, want %g", mpp, got, want)
		}
	}
}

func BenchmarkDrawContours(b *testing.B) {
	s := surface(256, 256, 3, func(x, y float64) float64 { return 1000 + 300*math.Sin(x/40)*math.Cos(y/60) + 5*math.Sin(x*y/500) })
	m := blank(256, 256, encode.RGB)
	b.ReportAllocs()
	for b.Loop() {
		if err := terrain.DrawContours(m, s, terrain.Levels{Interval: 20}, nil); err != nil {
			b.Fatal(err)
		}
	}
}
