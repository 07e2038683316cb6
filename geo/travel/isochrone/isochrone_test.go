package isochrone

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/planar"
	"pgregory.net/rapid"

	"contado/geo/fault"
	"contado/geo/gdal"
	"contado/geo/grid"
	"contado/geo/wkb"
)

var inf = float32(math.Inf(1))

func northUp(w, h int) grid.Grid {
	return grid.Grid{CRS: "EPSG:32632", Transform: grid.Transform{600000, 100, 0, 5100000, 0, -100}, Width: w, Height: h}
}

func one(t testing.TB, g grid.Grid, seconds []float32, limit float64) orb.MultiPolygon {
	t.Helper()
	out, err := Polygons(g, seconds, []float64{limit})
	if err != nil {
		t.Fatal(err)
	}
	return out[0]
}

// TestSmall: worlds whose contours are known.
func TestSmall(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name          string
		w, h          int
		seconds       []float32
		polygons      int
		holes         int
		area          float64 // of 100 m cells
		containsFirst bool
	}{
		{"one cell", 1, 1, []float32{0}, 1, 0, 0.5, true},
		{"nothing", 2, 1, []float32{inf, 2000}, 0, 0, 0, false},
		{"hole", 3, 3, []float32{0, 0, 0, 0, inf, 0, 0, 0, 0}, 1, 1, 9 - 4.0/8 - 0.5, true},
		{"corner only", 2, 2, []float32{0, inf, inf, 0}, 2, 0, 1, true},
		{"linear half", 2, 1, []float32{0, 2000}, 1, 0, 0.5, true},
		// the mean, 550, is within: joined; two bevels of 1/11 in the middle, and outside two corners and four sides
		{"joined corners", 2, 2, []float32{0, 1100, 1100, 0}, 1, 0, 1 - 1.0/121 + 2.0/8 + 4*0.25*10/11, true},
		{"nan", 2, 1, []float32{0, float32(math.NaN())}, 1, 0, 0.5, true},
	} {
		got := one(t, northUp(c.w, c.h), c.seconds, 1000)
		holes := 0
		for _, p := range got {
			holes += len(p) - 1
			for i, r := range p {
				if (r.Orientation() == orb.CCW) != (i == 0) {
					t.Errorf("%s: ring %d turns %v", c.name, i, r.Orientation())
				}
			}
		}
		area := planar.Area(got) / 10000
		if len(got) != c.polygons || holes != c.holes || math.Abs(area-c.area) > 1e-3 {
			t.Errorf("%s: %d polygons, %d holes, area %g; want %d, %d, %g", c.name, len(got), holes, area, c.polygons, c.holes, c.area)
		}
		x, y := northUp(c.w, c.h).Center(0, 0)
		if planar.MultiPolygonContains(got, orb.Point{x, y}) != c.containsFirst {
			t.Errorf("%s: the first centre", c.name)
		}
	}
}

// world draws times of many kinds: noise, plateaus at the limits, islands.
func world(t *rapid.T) (grid.Grid, []float32) {
	g := northUp(rapid.IntRange(1, 12).Draw(t, "w"), rapid.IntRange(1, 12).Draw(t, "h"))
	switch rapid.IntRange(0, 3).Draw(t, "grid") {
	case 1:
		g.Transform = grid.Transform{9.5, 0.001, 0, 47, 0, -0.0007}
	case 2:
		g.Transform[5], g.Transform[3] = 100, 5090000 // south up
	}
	v := rapid.SliceOfN(rapid.SampledFrom([]float32{0, 10, 299.99997, 300, 300.00003, 450, 600, 601, 900, 1e6, inf}), g.Width*g.Height, g.Width*g.Height).Draw(t, "seconds")
	return g, v
}

var limits = []float64{0, 300, 300, 600, 900}

// TestLaws: valid rings; a centre is inside exactly when its time is within.
func TestLaws(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		g, v := world(t)
		out, err := Polygons(g, v, limits)
		if err != nil {
			t.Fatal(err)
		}
		for k, mp := range out {
			if ok, why := gdal.IsValid(mp); len(mp) > 0 && !ok {
				t.Fatalf("limit %g: %s\n%v", limits[k], why, mp)
			}
			for i, s := range v {
				x, y := g.Center(i%g.Width, i/g.Width)
				if planar.MultiPolygonContains(mp, orb.Point{x, y}) != (float64(s) <= limits[k]) {
					t.Fatalf("limit %g: cell %d of %g s", limits[k], i, s)
				}
			}
			for _, p := range mp {
				for i, r := range p {
					if (r.Orientation() == orb.CCW) != (i == 0) {
						t.Fatalf("ring %d turns %v", i, r.Orientation())
					}
				}
			}
		}
	})
}

func python(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"/usr/bin/python3", "python3"} {
		if exec.Command(name, "-c", "import osgeo.ogr, numpy").Run() == nil {
			return name
		}
	}
	t.Skip("no python3 with osgeo and numpy is installed")
	return ""
}

func hexWKB(t testing.TB, mp orb.MultiPolygon) string {
	t.Helper()
	b, err := wkb.Append(nil, mp, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	return hex.EncodeToString(b)
}

// TestNested: GEOS says that each smaller limit is covered by the larger one,
// to the last bit.
func TestNested(t *testing.T) {
	t.Parallel()
	tool := python(t)
	rng := rand.New(rand.NewPCG(1, 2))
	var text strings.Builder
	values := []float32{0, 100, 299.99997, 300, 300.00003, 310, 450, 599, 600, 601, 900, 1e5, inf}
	for range 300 {
		g := northUp(1+rng.IntN(9), 1+rng.IntN(9))
		g.Transform[1], g.Transform[5] = 30.000123, -29.99987
		v := make([]float32, g.Cells())
		for i := range v {
			v[i] = values[rng.IntN(len(values))]
			if rng.IntN(2) == 0 {
				v[i] = rng.Float32() * 1000
			}
		}
		out, err := Polygons(g, v, []float64{250, 300, 301, 600, 950})
		if err != nil {
			t.Fatal(err)
		}
		for _, mp := range out {
			text.WriteString(hexWKB(t, mp) + " ")
		}
		text.WriteString("\n")
	}
	cmd := exec.Command(tool, "-c", `
import sys
from osgeo import ogr
ogr.UseExceptions()
bad = 0
for n, line in enumerate(sys.stdin):
    g = [ogr.CreateGeometryFromWkb(bytes.fromhex(h)) for h in line.split()]
    for a, b in zip(g, g[1:]):
        if a.IsEmpty(): continue
        if not b.Contains(a): bad += 1; print("not nested", n, a.ExportToWkt()[:300], b.ExportToWkt()[:300])
print("bad", bad, "lines", n + 1)`)
	cmd.Stdin = strings.NewReader(text.String())
	got, err := cmd.CombinedOutput()
	if err != nil || !strings.HasSuffix(strings.TrimSpace(string(got)), "bad 0 lines 300") {
		t.Fatalf("%v\n%.2000s", err, got)
	}
}

// hills is a smooth field of times with a lake that is not reached.
func hills(w, h int) []float32 {
	v := make([]float32, w*h)
	for i := range v {
		c, r := float64(i%w), float64(i/w)
		v[i] = float32(700 + 600*math.Sin(c/7)*math.Cos(r/5) + 3*c)
		if math.Hypot(c-20, r-30) < 6 {
			v[i] = inf
		}
	}
	return v
}

// TestContour: gdal_contour -p draws the same where all is reached, and the
// area is that of the cells within a cell's perimeter.
func TestContour(t *testing.T) {
	t.Parallel()
	tool := python(t)
	if _, err := exec.LookPath("gdal_contour"); err != nil {
		t.Skip("gdal_contour is not installed")
	}
	dir := t.TempDir()
	g := northUp(60, 50)
	v := hills(60, 50)
	for i, s := range v {
		if s == inf {
			v[i] = 2500
		}
	}
	raster := filepath.Join(dir, "t.tif")
	w, err := gdal.CreateGeoTIFF(raster, gdal.RasterSpec{Grid: g, DataType: "float32", Bands: []gdal.BandSpec{{Name: "s"}}})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Write(1, g.Full(), v); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("gdal_contour", "-q", "-p", "-amin", "lo", "-amax", "hi", "-fl", "500", "900", "1300", "-f", "GPKG", raster, filepath.Join(dir, "c.gpkg")).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	limits := []float64{500, 900, 1300}
	ours, err := Polygons(g, v, limits)
	if err != nil {
		t.Fatal(err)
	}
	args := []string{"-c", `
import sys, json
from osgeo import ogr
ds = ogr.Open(sys.argv[1]); out = []
for k, limit in enumerate([500, 900, 1300]):
    u = ogr.Geometry(ogr.wkbMultiPolygon)
    for f in ds.GetLayer(0):
        if f["hi"] is not None and f["hi"] <= limit + 1e-6:
            u = u.Union(f.GetGeometryRef().Buffer(0))
    g = ogr.CreateGeometryFromWkb(bytes.fromhex(sys.argv[2 + k]))
    box = ogr.CreateGeometryFromWkt("POLYGON((600050 5099950,605950 5099950,605950 5095050,600050 5095050,600050 5099950))")
    out.append([u.Intersection(box).Area(), g.Intersection(box).SymDifference(u.Intersection(box)).Area()])
print(json.dumps(out))`, filepath.Join(dir, "c.gpkg")}
	for _, mp := range ours {
		args = append(args, hexWKB(t, mp))
	}
	text, err := exec.Command(tool, args...).Output()
	if err != nil {
		t.Fatal(err)
	}
	var got [][2]float64
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	for k, limit := range limits {
		if got[k][0] < 1e5 || got[k][1] > 1e-3*got[k][0] {
			t.Errorf("limit %g: GDAL has %.0f m², %.1f m² differ", limit, got[k][0], got[k][1])
		}
	}
}

// TestArea: the area within is that of the cells within, give or take half a
// cell along the contour.
func TestArea(t *testing.T) {
	t.Parallel()
	g, v := northUp(60, 50), hills(60, 50)
	for _, limit := range []float64{300, 700, 1200} {
		mp := one(t, g, v, limit)
		cells, length := 0, 0.0
		for _, s := range v {
			if float64(s) <= limit {
				cells++
			}
		}
		for _, p := range mp {
			for _, r := range p {
				length += planar.Length(orb.LineString(r))
			}
		}
		if d := math.Abs(planar.Area(mp) - float64(cells)*10000); d > length*50 {
			t.Errorf("limit %g: area differs by %g m² for %g m of contour", limit, d, length)
		}
	}
}

// TestHoles: many islands within lakes within land keep their places.
func TestHoles(t *testing.T) {
	t.Parallel()
	const n = 41
	v := make([]float32, n*n)
	for i := range v {
		d := max(abs(i%n-n/2), abs(i/n-n/2)) // rings about the middle
		if d%2 == 1 {
			v[i] = inf
		}
	}
	mp := one(t, northUp(n, n), v, 60)
	if len(mp) != 11 {
		t.Fatalf("%d polygons, want 11 rings of land", len(mp))
	}
	for _, p := range mp[:10] {
		if len(p) != 2 || !planar.RingContains(p[0], p[1][0]) {
			t.Errorf("polygon of %d rings", len(p))
		}
	}
}

func abs(v int) int { return max(v, -v) }

// TestDisc: on open ground the circle's area comes out.
func TestDisc(t *testing.T) {
	t.Parallel()
	const n = 201
	v := make([]float32, n*n)
	for i := range v {
		v[i] = float32(math.Hypot(float64(i%n-n/2), float64(i/n-n/2)) * 100)
	}
	got := planar.Area(one(t, northUp(n, n), v, 8000))
	if want := math.Pi * 8000 * 8000; math.Abs(got/want-1) > 2e-4 {
		t.Errorf("area %g, a disc has %g", got, want)
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	g := northUp(2, 2)
	v := make([]float32, 4)
	flat := g
	flat.Transform = grid.Transform{}
	for i, c := range []struct {
		g      grid.Grid
		v      []float32
		limits []float64
		kind   fault.Kind
	}{
		{g, v[:3], []float64{1}, fault.Invalid},
		{flat, v, []float64{1}, fault.Invalid},
		{g, v, []float64{math.NaN()}, fault.Invalid},
		{g, v, []float64{-1}, fault.Invalid},
		{g, v, []float64{math.Inf(1)}, fault.Invalid},
		{g, v, make([]float64, MaxLimits+1), fault.TooLarge},
	} {
		if _, err := Polygons(c.g, c.v, c.limits); fault.KindOf(err) != c.kind {
			t.Errorf("case %d: %v", i, err)
		}
	}
}

func BenchmarkPolygons(b *testing.B) {
	v := hills(2000, 1000)
	g := northUp(2000, 1000)
	b.ReportAllocs()
	b.SetBytes(int64(len(v)))
	for b.Loop() {
		if _, err := Polygons(g, v, []float64{900}); err != nil {
			b.Fatal(err)
		}
	}
}

func ExamplePolygons() {
	g := grid.Grid{CRS: "EPSG:32632", Transform: grid.Transform{0, 100, 0, 100, 0, -100}, Width: 2, Height: 1}
	mp, _ := Polygons(g, []float32{0, 2000}, []float64{1000})
	fmt.Fprintln(os.Stdout, mp[0])
	// Output: [[[[0 50] [50 0] [100 50] [50 100] [0 50]]]]
}
