package crs

import (
	"fmt"
	"math"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"contado/geo"
)

// oracle transforms points by the gdaltransform tool; NaN where it fails.
func oracle(t *testing.T, src, dst geo.CRS, xs, ys []float64) (ox, oy []float64) {
	t.Helper()
	tool, err := exec.LookPath("gdaltransform")
	if err != nil {
		t.Skip("gdaltransform is not installed")
	}
	var in strings.Builder
	for i := range xs {
		fmt.Fprintf(&in, "%.17g %.17g\n", xs[i], ys[i])
	}
	cmd := exec.Command(tool, "-s_srs", string(src), "-t_srs", string(dst), "-output_xy")
	cmd.Stdin = strings.NewReader(in.String())
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("gdaltransform: %v", err)
	}
	lines := strings.Split(strings.TrimRight(string(out), "\n"), "\n")
	if len(lines) != len(xs) {
		t.Fatalf("gdaltransform gave %d lines for %d points", len(lines), len(xs))
	}
	for _, l := range lines {
		f := strings.Fields(l)
		x, y := math.NaN(), math.NaN()
		if len(f) >= 2 {
			if a, err := strconv.ParseFloat(f[0], 64); err == nil && a-a == 0 {
				if b, err := strconv.ParseFloat(f[1], 64); err == nil && b-b == 0 {
					x, y = a, b
				}
			}
		}
		ox, oy = append(ox, x), append(oy, y)
	}
	return ox, oy
}

func lattice(x0, x1, y0, y1 float64, n int) (xs, ys []float64) {
	for j := 0; j <= n; j++ {
		for i := 0; i <= n; i++ {
			xs = append(xs, x0+(x1-x0)*float64(i)/float64(n))
			ys = append(ys, y0+(y1-y0)*float64(j)/float64(n))
		}
	}
	return xs, ys
}

func clone(s []float64) []float64 { return append([]float64(nil), s...) }

// metresApart turns a difference in the units of dst into metres, about.
func metresApart(tr *Transformer, dx, dy float64) float64 { return math.Hypot(dx, dy) * tr.dstUnit }

func TestAgainstPROJ(t *testing.T) {
	t.Parallel()
	cases := []struct {
		src, dst       geo.CRS
		x0, x1, y0, y1 float64
		tol            float64 // metres
	}{
		{"EPSG:4326", "EPSG:3857", -180, 180, -85, 85, 1e-6},
		{"EPSG:3857", "EPSG:4326", -2e7, 2e7, -2e7, 2e7, 1e-6},
		{"EPSG:4326", "EPSG:32632", 5, 13, -80, 84, 1e-6},
		{"EPSG:4326", "EPSG:32632", -30, 45, -80, 84, 1e-6},
		{"EPSG:32632", "EPSG:4326", 100000, 900000, 0, 9.3e6, 1e-6},
		{"EPSG:4326", "EPSG:32733", 12, 18, -80, 10, 1e-6},
		{"EPSG:32733", "EPSG:4326", 100000, 900000, 1.1e6, 1e7, 1e-6},
		{"EPSG:4258", "EPSG:25832", 0, 20, 30, 80, 1e-6},
		{"EPSG:25832", "EPSG:4258", 200000, 800000, 3.5e6, 7e6, 1e-6},
		{"EPSG:4326", "EPSG:25833", 8, 20, 30, 80, 1e-6},
		{"EPSG:25833", "EPSG:32632", 200000, 800000, 3.5e6, 7e6, 1e-5},
		{"EPSG:4326", "EPSG:3035", -30, 60, 25, 75, 1e-4},
		// PROJ 9.1 inverts the authalic latitude by a series of three terms, off by
		// up to 1.4 mm here; ours is exact (TestInverseUndoesForward).
		{"EPSG:3035", "EPSG:4326", 1.5e6, 7e6, 1.2e6, 6e6, 2e-3},
		{"EPSG:3857", "EPSG:32632", 6e5, 1.4e6, 5e6, 6e6, 1e-6},
		{"EPSG:32601", "EPSG:4326", 100000, 900000, 1e6, 8e6, 1e-6},
		{"EPSG:4326", "EPSG:32660", 170, 190, 10, 70, 1e-6},
		{"EPSG:4326", "EPSG:2056", 6, 10, 46, 48, 1e-6},
		{"EPSG:3003", "EPSG:4326", 1.3e6, 1.7e6, 4.3e6, 5.2e6, 1e-6},
		{"EPSG:4267", "EPSG:4326", -110, -100, 40, 48, 1e-6},
		{"EPSG:26713", "EPSG:4326", 590000, 609000, 4914000, 4928000, 1e-6},
	}
	for _, c := range cases {
		t.Run(fmt.Sprintf("%s to %s from %g", c.src, c.dst, c.x0), func(t *testing.T) {
			t.Parallel()
			tr, err := New(c.src, c.dst)
			if err != nil {
				t.Fatal(err)
			}
			xs, ys := lattice(c.x0, c.x1, c.y0, c.y1, 20)
			wx, wy := oracle(t, c.src, c.dst, xs, ys)
			gx, gy := clone(xs), clone(ys)
			if err := tr.Points(gx, gy); err != nil {
				t.Fatal(err)
			}
			worst := 0.0
			for i := range gx {
				if gx[i] != gx[i] && wx[i] != wx[i] {
					continue
				}
				dx := gx[i] - wx[i]
				if tr.dstGeographic {
					dx = wrap(dx, 360) * math.Cos(wy[i]*degree)
				}
				d := metresApart(tr, dx, gy[i]-wy[i])
				if !(d <= c.tol) {
					t.Fatalf("(%v, %v): got %.10f %.10f, PROJ %.10f %.10f (%g m apart)", xs[i], ys[i], gx[i], gy[i], wx[i], wy[i], d)
				}
				worst = math.Max(worst, d)
			}
			t.Logf("%d points, at most %.3g m apart", len(gx), worst)
		})
	}
}

// The Spearfish data name their datum but no code.
func TestDatumWithoutCode(t *testing.T) {
	t.Parallel()
	const prj = `PROJCS["UTM_Zone_13_Northern_Hemisphere",GEOGCS["GCS_clark66",DATUM["D_North_American_1927",SPHEROID["Clarke_1866",6378206.4,294.9786982]],PRIMEM["Greenwich",0],UNIT["Degree",0.017453292519943295]],PROJECTION["Transverse_Mercator"],PARAMETER["latitude_of_origin",0],PARAMETER["central_meridian",-105],PARAMETER["scale_factor",0.9996],PARAMETER["false_easting",500000],PARAMETER["false_northing",0],UNIT["Meter",1]]`
	tr, err := New(prj, geo.WGS84)
	if err != nil {
		t.Fatal(err)
	}
	xs, ys := lattice(590000, 609000, 4914000, 4928000, 10)
	wx, wy := oracle(t, prj, geo.WGS84, xs, ys)
	gx, gy := clone(xs), clone(ys)
	if err := tr.Points(gx, gy); err != nil {
		t.Fatal(err)
	}
	plain, err := New("EPSG:32613", geo.WGS84)
	if err != nil {
		t.Fatal(err)
	}
	for i := range gx {
		if math.Abs(gx[i]-wx[i]) > 1e-7 || math.Abs(gy[i]-wy[i]) > 1e-7 {
			t.Fatalf("(%v, %v): got %.9f %.9f, PROJ %.9f %.9f", xs[i], ys[i], gx[i], gy[i], wx[i], wy[i])
		}
		px, py, _ := plain.Point(xs[i], ys[i])
		if d := Distance(px, py, gx[i], gy[i]); d < 50 {
			t.Fatalf("the datum shift of NAD27 is missing: %v m from WGS 84 at (%v, %v)", d, xs[i], ys[i])
		}
	}
}
