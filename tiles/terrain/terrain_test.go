package terrain_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"contado/geo/fault"
	"contado/geo/gdal"
	"contado/geo/grid"
	"contado/scripts/shareddata"
	"contado/tiles/terrain"

	"pgregory.net/rapid"
)

func constant(v float64) func(int) float64 { return func(int) float64 { return v } }

// surface makes a bordered surface from a function of (column, row) of cell
// centres, without the border: the first cell's is (0.5, 0.5).
func surface(w, h, border int, f func(x, y float64) float64) *terrain.Surface {
	s := &terrain.Surface{Width: w, Height: h, Border: border, CellX: constant(10), CellY: constant(10)}
	for r := -border; r < h+border; r++ {
		for c := -border; c < w+border; c++ {
			s.Heights = append(s.Heights, float32(f(float64(c)+0.5, float64(r)+0.5)))
		}
	}
	return s
}

func run(t *testing.T, name string, args ...string) {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		t.Skipf("%s is not installed", name)
	}
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
}

// read is the whole first band of a file.
func read(t *testing.T, path string) (grid.Grid, []float32, []uint8) {
	t.Helper()
	r, err := gdal.OpenRaster(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	g := r.Grid()
	b, err := r.Read([]int{1}, g.Full(), g.Width, g.Height, grid.Nearest)
	if err != nil {
		t.Fatal(err)
	}
	return g, b.Bands[0], b.Mask
}

// dem is a corner of a real elevation model with a hole in it, as a file and
// as a surface whose border are the file's outermost cells.
func dem(t *testing.T) (string, *terrain.Surface) {
	t.Helper()
	src := shareddata.Path(t, "it-vinschgau-dem/elev_vinschgau.tif")
	g, heights, mask := read(t, src)
	win := grid.Window{Col: 30, Row: 20, Width: 202, Height: 162}
	g = g.Sub(win)
	full, err := gdal.OpenRaster(src, nil)
	if err != nil {
		t.Fatal(err)
	}
	width := full.Grid().Width
	_ = full.Close()
	s := &terrain.Surface{Width: win.Width - 2, Height: win.Height - 2, Border: 1, CellX: constant(g.Transform[1]), CellY: constant(-g.Transform[5])}
	for r := range win.Height {
		for c := range win.Width {
			i := (win.Row+r)*width + win.Col + c
			s.Heights = append(s.Heights, heights[i])
			m := mask[i]
			if d := math.Hypot(float64(c-60), float64(r-70)); d < 12 || c == 150 && r == 20 {
				m = 0
			}
			s.Mask = append(s.Mask, m)
		}
	}
	nodata := -9999.0
	path := filepath.Join(t.TempDir(), "dem.tif")
	w, err := gdal.CreateGeoTIFF(path, gdal.RasterSpec{Grid: g, DataType: "float32", Bands: []gdal.BandSpec{{Nodata: &nodata}}})
	if err != nil {
		t.Fatal(err)
	}
	values := append([]float32(nil), s.Heights...)
	for i, m := range s.Mask {
		if m == 0 {
			values[i] = -9999
		}
	}
	if err := errors.Join(w.Write(1, g.Full(), values), w.Close()); err != nil {
		t.Fatal(err)
	}
	return path, s
}

// against compares with what gdaldem made of the same file, on cells whose
// nine heights are all there; without its border our cells are GDAL's from
// (1, 1). flat says that GDAL gives no value where we have none.
func against(t *testing.T, s *terrain.Surface, ours []float32, mask []uint8, path string, tolerance, cycle float64) {
	t.Helper()
	g, want, valid := read(t, path)
	compared := 0
	for r := range s.Height {
		for c := range s.Width {
			i, k := r*s.Width+c, (r+1)*g.Width+c+1
			if whole(s, c, r) && (mask[i] != 0) != (valid[k] != 0) {
				t.Fatalf("(%d, %d): mask %d, GDAL %d", c, r, mask[i], valid[k])
			}
			if valid[k] == 0 {
				continue
			}
			d := math.Abs(float64(ours[i]) - float64(want[k]))
			if cycle > 0 {
				d = min(d, cycle-d)
			}
			if !(d <= tolerance) {
				t.Fatalf("(%d, %d): %g, GDAL %g", c, r, ours[i], want[k])
			}
			compared++
		}
	}
	if compared < s.Width*s.Height/2 {
		t.Fatalf("only %d cells compared", compared)
	}
}

func whole(s *terrain.Surface, c, r int) bool {
	for dr := range 3 {
		for dc := range 3 {
			if s.Mask != nil && s.Mask[(r+dr)*(s.Width+2)+c+dc] == 0 {
				return false
			}
		}
	}
	return true
}

func TestAgainstGDAL(t *testing.T) {
	t.Parallel()
	path, s := dem(t)
	n := s.Width * s.Height
	az := func(v float64) *float64 { return &v }
	for _, c := range []struct {
		name             string
		args             []string
		fill             func(dst []float32, mask []uint8) error
		tolerance, cycle float64
	}{
		{"hillshade", []string{"hillshade"}, func(d []float32, m []uint8) error { return terrain.Hillshade(d, m, s, nil) }, 0.51, 0},
		{
			"hillshade-light",
			[]string{"hillshade", "-az", "120", "-alt", "30", "-z", "2.5"},
			func(d []float32, m []uint8) error {
				return terrain.Hillshade(d, m, s, &terrain.Light{Azimuth: az(120), Altitude: 30, Exaggeration: 2.5})
			},
			0.51, 0,
		},
		{
			"hillshade-north",
			[]string{"hillshade", "-az", "0", "-alt", "60"},
			func(d []float32, m []uint8) error {
				return terrain.Hillshade(d, m, s, &terrain.Light{Azimuth: az(0), Altitude: 60})
			},
			0.51, 0,
		},
		{
			"multidirectional",
			[]string{"hillshade", "-multidirectional", "-alt", "40"},
			func(d []float32, m []uint8) error {
				return terrain.Hillshade(d, m, s, &terrain.Light{Altitude: 40, Multidirectional: true})
			},
			0.51, 0,
		},
		{"slope", []string{"slope"}, func(d []float32, m []uint8) error { return terrain.Slope(d, m, s, terrain.Degrees) }, 1e-4, 0},
		{"percent", []string{"slope", "-p"}, func(d []float32, m []uint8) error { return terrain.Slope(d, m, s, terrain.Percent) }, 1e-3, 0},
		{"aspect", []string{"aspect"}, func(d []float32, m []uint8) error { return terrain.Aspect(d, m, s) }, 0.05, 360}, // GDAL adds in float32
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			out := filepath.Join(t.TempDir(), "out.tif")
			run(t, "gdaldem", append([]string{c.args[0], path, out}, c.args[1:]...)...)
			dst, mask := make([]float32, n), make([]uint8, n)
			if err := c.fill(dst, mask); err != nil {
				t.Fatal(err)
			}
			against(t, s, dst, mask, out, c.tolerance, c.cycle)
		})
	}
}

// A plane has one slope and one aspect, up to the edge of the data and with
// cells that are not square; so has its mirror image in light.
func TestPlane(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		east := float64(rapid.IntRange(-300, 300).Draw(t, "east")) / 100
		north := float64(rapid.IntRange(-300, 300).Draw(t, "north")) / 100
		cx, cy := float64(rapid.IntRange(1, 50).Draw(t, "cx")), float64(rapid.IntRange(1, 50).Draw(t, "cy"))
		s := surface(9, 7, 1, func(x, y float64) float64 { return 1000 + east*cx*x - north*cy*y })
		s.CellX, s.CellY = constant(cx), constant(cy)
		s.Mask = make([]uint8, len(s.Heights))
		cut := rapid.IntRange(1, 7).Draw(t, "cut") // data only east of a column: an edge along cells
		for i := range s.Mask {
			if i%11 >= cut {
				s.Mask[i] = 255
			}
		}
		n := 63
		slope, aspect, shade := make([]float32, n), make([]float32, n), make([]float32, n)
		sm, am, hm := make([]uint8, n), make([]uint8, n), make([]uint8, n)
		for _, err := range []error{terrain.Slope(slope, sm, s, terrain.Percent), terrain.Aspect(aspect, am, s), terrain.Hillshade(shade, hm, s, nil)} {
			if err != nil {
				t.Fatal(err)
			}
		}
		g := math.Hypot(east, north)
		wantAspect := math.Mod(math.Atan2(-east, -north)*180/math.Pi+360, 360)
		sun := [3]float64{math.Sin(-math.Pi/4) * math.Sqrt2 / 2, math.Cos(-math.Pi/4) * math.Sqrt2 / 2, math.Sqrt2 / 2}
		wantShade := 1 + 254*max(0, (-east*sun[0]-north*sun[1]+sun[2])/math.Sqrt(1+g*g))
		for i := range n {
			// columns cut−1+1 … of the inner window have their own height
			has := i%9+1 >= cut
			if (sm[i] != 0) != has || (hm[i] != 0) != has {
				t.Fatalf("cell %d: mask %d, cut %d", i, sm[i], cut)
			}
			if !has {
				continue
			}
			if math.Abs(float64(slope[i])-100*g) > 0.01+1e-4*100*g || math.Abs(float64(shade[i])-wantShade) > 0.05 {
				t.Fatalf("cell %d: slope %g, want %g; shade %g, want %g", i, slope[i], 100*g, shade[i], wantShade)
			}
			if g > 0.1 {
				if d := math.Abs(float64(aspect[i]) - wantAspect); am[i] == 0 || min(d, 360-d) > 0.1 {
					t.Fatalf("cell %d: aspect %g, want %g", i, aspect[i], wantAspect)
				}
			}
		}
	})
}

// A cone falls away from its top: aspect is the bearing from there, the slope
// the same all round.
func TestCone(t *testing.T) {
	t.Parallel()
	const mid, steep = 40.5, 0.7
	s := surface(81, 81, 1, func(x, y float64) float64 { return 5000 - 10*steep*math.Hypot(x-mid, y-mid) })
	n := 81 * 81
	aspect, slope, am, sm := make([]float32, n), make([]float32, n), make([]uint8, n), make([]uint8, n)
	if err := errors.Join(terrain.Aspect(aspect, am, s), terrain.Slope(slope, sm, s, "")); err != nil {
		t.Fatal(err)
	}
	want := math.Atan(steep) * 180 / math.Pi
	for i := range n {
		dx, dy := float64(i%81)+0.5-mid, mid-float64(i/81)-0.5
		if math.Hypot(dx, dy) < 10 {
			continue
		}
		bearing := math.Mod(math.Atan2(dx, dy)*180/math.Pi+360, 360)
		if d := math.Abs(float64(aspect[i]) - bearing); min(d, 360-d) > 0.3 || am[i] == 0 || math.Abs(float64(slope[i])-want) > 0.3 {
			t.Fatalf("cell %d: aspect %g, want %g; slope %g, want %g", i, aspect[i], bearing, slope[i], want)
		}
	}
	if am[40*81+40] != 0 {
		t.Error("the top of the cone has an aspect")
	}
}

// Cells grow towards the equator: the slope follows the size of the row.
func TestCellsByRow(t *testing.T) {
	t.Parallel()
	s := surface(3, 4, 1, func(x, _ float64) float64 { return 10 * x })
	s.CellX = func(row int) float64 { return float64(10 * (row + 1)) }
	dst, mask := make([]float32, 12), make([]uint8, 12)
	if err := terrain.Slope(dst, mask, s, terrain.Percent); err != nil {
		t.Fatal(err)
	}
	for i, v := range dst {
		if want := 100 / float64(i/3+1); math.Abs(float64(v)-want) > 1e-3 {
			t.Errorf("row %d: %g %%, want %g", i/3, v, want)
		}
	}
}

// Two tiles agree with one big picture, to the bit.
func TestReliefHasNoSeam(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2))
	whole := surface(64, 40, 1, func(x, y float64) float64 { return 500 + 90*math.Sin(x/5)*math.Cos(y/7) + rng.Float64() })
	whole.Mask = make([]uint8, len(whole.Heights))
	for i := range whole.Mask {
		whole.Mask[i] = uint8(255 * min(1, rng.IntN(20)))
	}
	big, bm := make([]float32, 64*40), make([]uint8, 64*40)
	if err := terrain.Hillshade(big, bm, whole, nil); err != nil {
		t.Fatal(err)
	}
	part := cut(whole, 20, 10, 31, 17, 1)
	got, gm := make([]float32, 31*17), make([]uint8, 31*17)
	if err := terrain.Hillshade(got, gm, part, nil); err != nil {
		t.Fatal(err)
	}
	for i := range got {
		k := (10+i/31)*64 + 20 + i%31
		if got[i] != big[k] || gm[i] != bm[k] {
			t.Fatalf("cell %d: %g, %g in the big picture", i, got[i], big[k])
		}
	}
}

// cut is a window of a surface, with a border of its own.
func cut(s *terrain.Surface, col, row, w, h, border int) *terrain.Surface {
	out := &terrain.Surface{Width: w, Height: h, Border: border, CellX: s.CellX, CellY: s.CellY}
	stride := s.Width + 2*s.Border
	for r := row - border; r < row+h+border; r++ {
		from := (r+s.Border)*stride + col - border + s.Border
		out.Heights = append(out.Heights, s.Heights[from:from+w+2*border]...)
		if s.Mask != nil {
			out.Mask = append(out.Mask, s.Mask[from:from+w+2*border]...)
		}
	}
	return out
}

func TestRefuses(t *testing.T) {
	t.Parallel()
	ok := func() *terrain.Surface { return surface(4, 4, 1, func(x, _ float64) float64 { return x }) }
	dst, mask := make([]float32, 16), make([]uint8, 16)
	with := func(edit func(s *terrain.Surface)) *terrain.Surface { s := ok(); edit(s); return s }
	nan := math.NaN()
	for name, err := range map[string]error{
		"no border":    terrain.Slope(dst, mask, with(func(s *terrain.Surface) { s.Border = 0 }), ""),
		"short":        terrain.Slope(dst, mask, with(func(s *terrain.Surface) { s.Heights = s.Heights[1:] }), ""),
		"short mask":   terrain.Slope(dst, mask, with(func(s *terrain.Surface) { s.Mask = make([]uint8, 3) }), ""),
		"no size":      terrain.Slope(dst, mask, &terrain.Surface{Border: 1}, ""),
		"huge":         terrain.Slope(dst, mask, &terrain.Surface{Width: 1 << 40, Height: 1 << 40, Border: 1}, ""),
		"no room":      terrain.Slope(dst[1:], mask, ok(), ""),
		"no cells":     terrain.Slope(dst, mask, with(func(s *terrain.Surface) { s.CellX = nil }), ""),
		"cells of 0":   terrain.Slope(dst, mask, with(func(s *terrain.Surface) { s.CellY = constant(0) }), ""),
		"unit":         terrain.Slope(dst, mask, ok(), "gradians"),
		"altitude":     terrain.Hillshade(dst, mask, ok(), &terrain.Light{Altitude: 91}),
		"azimuth":      terrain.Hillshade(dst, mask, ok(), &terrain.Light{Azimuth: &nan}),
		"exaggeration": terrain.Hillshade(dst, mask, ok(), &terrain.Light{Exaggeration: -1}),
	} {
		if !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v, want invalid", name, err)
		}
	}
}

// What clients compute from the colours is the height, to half a step.
func TestCodes(t *testing.T) {
	t.Parallel()
	heights := []float32{0, -0.04, 0.05, 4810.06, -430.5, 8848.86, -10000, -20000, 2e6, float32(math.NaN()), 17, 0.001953}
	mask := []uint8{1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 1}
	mapbox, err := terrain.Code(terrain.Mapbox, heights, mask, 4, 3, 0)
	if err != nil {
		t.Fatal(err)
	}
	terrarium, err := terrain.Code(terrain.Terrarium, heights, mask, 4, 3, -5)
	if err != nil {
		t.Fatal(err)
	}
	for i, h := range heights {
		m, e := mapbox.Pix[3*i:], terrarium.Pix[3*i:]
		gotM := -10000 + 0.1*(65536*float64(m[0])+256*float64(m[1])+float64(m[2]))
		gotE := 256*float64(e[0]) + float64(e[1]) + float64(e[2])/256 - 32768
		wantM, wantE := float64(h), float64(h)
		switch i {
		case 7:
			wantM = -10000
		case 8:
			wantM, wantE = -10000+0.1*(1<<24-1), 32768-1.0/256
		case 9, 10:
			wantM, wantE = 0, -5
		}
		if math.Abs(gotM-wantM) > 0.0501 || math.Abs(gotE-wantE) > 0.5001/256 {
			t.Errorf("%g m: Mapbox %g, Terrarium %g", h, gotM, gotE)
		}
	}
	if !mapbox.Exact || !mapbox.Opaque() {
		t.Error("coded heights may be compressed with loss, or have holes")
	}
	for name, fn := range map[string]func() error{
		"coding": func() error { _, err := terrain.Code("png", heights, nil, 4, 3, 0); return err },
		"size":   func() error { _, err := terrain.Code(terrain.Mapbox, heights, nil, 4, 4, 0); return err },
		"NaN":    func() error { _, err := terrain.Code(terrain.Mapbox, heights, nil, 4, 3, math.NaN()); return err },
	} {
		if err := fn(); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func BenchmarkRelief(b *testing.B) {
	s := surface(256, 256, 3, func(x, y float64) float64 { return 1000 + 300*math.Sin(x/40)*math.Cos(y/60) + 5*math.Sin(x*y) })
	dst, mask := make([]float32, 65536), make([]uint8, 65536)
	for name, fn := range map[string]func() error{
		"hillshade":        func() error { return terrain.Hillshade(dst, mask, s, nil) },
		"multidirectional": func() error { return terrain.Hillshade(dst, mask, s, &terrain.Light{Multidirectional: true}) },
		"slope":            func() error { return terrain.Slope(dst, mask, s, "") },
		"aspect":           func() error { return terrain.Aspect(dst, mask, s) },
		"contours":         func() error { _, err := terrain.Contours(s, terrain.Levels{Interval: 20}); return err },
		"mapbox":           func() error { _, err := terrain.Code(terrain.Mapbox, dst, mask, 256, 256, 0); return err },
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := fn(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
