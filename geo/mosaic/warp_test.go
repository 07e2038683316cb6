package mosaic_test

import (
	"context"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"contado/geo"
	"contado/geo/gdal"
	"contado/geo/grid"
	"contado/geo/mosaic"
	"contado/scripts/shareddata"
)

// warp is what gdalwarp makes of a file on a grid, with NaN where there is
// nothing.
func warp(t testing.TB, path string, g grid.Grid, how string, more ...string) []float32 {
	t.Helper()
	if _, err := exec.LookPath("gdalwarp"); err != nil {
		t.Skip("gdalwarp, the oracle of this test, is not installed")
	}
	out := filepath.Join(t.TempDir(), "out.tif")
	b := g.Bounds()
	f := func(v float64) string { return fmt.Sprintf("%.12f", v) }
	args := append([]string{
		"-q", "-t_srs", string(g.CRS), "-te", f(b.MinX), f(b.MinY), f(b.MaxX), f(b.MaxY), "-ts", fmt.Sprint(g.Width), fmt.Sprint(g.Height),
		"-r", how, "-et", "0", "-ot", "Float32", "-dstnodata", "nan", "-ovr", "NONE",
	}, more...)
	if msg, err := exec.Command("gdalwarp", append(args, path, out)...).CombinedOutput(); err != nil {
		t.Fatalf("gdalwarp: %v\n%s", err, msg)
	}
	r, err := gdal.OpenRaster(out, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	block, err := r.Read([]int{1}, r.Grid().Full(), g.Width, g.Height, grid.Nearest)
	if err != nil {
		t.Fatal(err)
	}
	for i, m := range block.Mask {
		if m == 0 {
			block.Bands[0][i] = nan
		}
	}
	return block.Bands[0]
}

// save writes a raster in memory as a GeoTIFF with -999 for NaN.
func save(t testing.TB, m *memory) string {
	t.Helper()
	nodata := -999.0
	spec := gdal.RasterSpec{Grid: m.g, DataType: "float32", BlockSize: 64}
	for range m.bands {
		spec.Bands = append(spec.Bands, gdal.BandSpec{Nodata: &nodata})
	}
	path := filepath.Join(t.TempDir(), "in.tif")
	w, err := gdal.CreateGeoTIFF(path, spec)
	if err != nil {
		t.Fatal(err)
	}
	for b, v := range m.bands {
		v = append([]float32(nil), v...)
		for i := range v {
			if v[i] != v[i] {
				v[i] = -999
			}
		}
		if err := w.Write(b+1, m.g.Full(), v); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// hills are smooth values with a few holes.
func hills(g grid.Grid, holes bool) *memory {
	return filled(g, 1, func(_, c, r int) float32 {
		if holes && (c-90)*(c-90)+(r-70)*(r-70) < 300 || holes && c%37 == 5 && r%41 == 7 {
			return nan
		}
		return float32(500 + 300*math.Sin(float64(c)/9)*math.Cos(float64(r)/7) + float64(c) - 0.5*float64(r))
	})
}

// blocks are classes in patches.
func patches(g grid.Grid) *memory {
	return filled(g, 1, func(_, c, r int) float32 {
		return float32((uint32(c/5)*2654435761 ^ uint32(r/4)*2246822519) >> 7 % 5)
	})
}

// compared is how far two pictures are apart.
type compared struct {
	cells, mask, differ int
	worst               float64
}

func compare(res *mosaic.Result, want []float32, tolerance float64) (c compared) {
	for i, v := range want {
		valid := v == v
		if valid != (res.Mask[i] != 0) {
			c.mask++
			continue
		}
		if !valid {
			continue
		}
		c.cells++
		d := math.Abs(float64(v - res.Bands[0][i]))
		c.worst = math.Max(c.worst, d)
		if d > tolerance {
			c.differ++
		}
	}
	return c
}

// Every kernel gives the values of gdalwarp's, at a fraction of a cell beside
// the source's grid and at several scales. Values run over about 1000.
func TestKernelsAgainstGdalwarp(t *testing.T) {
	t.Parallel()
	pool := gdal.NewPool(nil)
	t.Cleanup(pool.Close)
	r := mosaic.New(mosaic.FromPool(pool), nil)
	g := utm(500000, 5000000, 200, 180)
	smooth, holes, classes := save(t, hills(g, false)), save(t, hills(g, true)), save(t, patches(g))
	for _, c := range []struct {
		how       grid.Resampling
		gdal      string
		path      string
		cell      float64 // of the target, in metres
		tolerance float64
		differ    int // cells: of several values that cover as much any is right
	}{
		{grid.Nearest, "near", holes, 7.3, 0, 0},
		{grid.Nearest, "near", holes, 17.3, 0, 0},
		{grid.Bilinear, "bilinear", smooth, 7.3, 0.01, 0},
		{grid.Cubic, "cubic", smooth, 7.3, 0.01, 0},
		{grid.Average, "average", smooth, 17.3, 0.02, 0},
		{grid.Average, "average", holes, 17.3, 0.02, 0},
		{grid.Average, "average", holes, 10, 0.02, 0},
		{grid.Mode, "mode", classes, 33, 0, 400},
		{grid.Mode, "mode", classes, 57, 0, 120},
		{grid.Average, "average", smooth, 43, 0.02, 0},
	} {
		t.Run(fmt.Sprintf("%s/%g/%s", c.how, c.cell, filepath.Base(filepath.Dir(c.path))), func(t *testing.T) {
			t.Parallel()
			// Beyond the source on all sides.
			n := int(2200 / c.cell)
			to := grid.Grid{CRS: g.CRS, Width: n, Height: n, Transform: grid.Transform{499963.7, c.cell, 0, 5000041.1, 0, -c.cell}}
			res, err := r.Read(context.Background(), []mosaic.Source{source(t, pool, c.path)}, mosaic.Query{Bands: []string{"1"}, Resampling: c.how}, to)
			if err != nil {
				t.Fatal(err)
			}
			want := warp(t, c.path, to, c.gdal)
			if c.how == grid.Average || c.how == grid.Mode {
				inner(res, want, g) // at the edge gdalwarp leaves out boxes that reach beyond it
			}
			got := compare(res, want, c.tolerance)
			t.Logf("%+v", got)
			if got.cells < n*n/2 || got.mask > 0 || got.differ > c.differ {
				t.Errorf("%+v", got)
			}
		})
	}
}

// inner forgets cells that are not wholly within the source.
func inner(res *mosaic.Result, want []float32, g grid.Grid) {
	in := g.Bounds().Buffer(-1e-6)
	for row := range res.Grid.Height {
		for col := range res.Grid.Width {
			b := res.Grid.WindowBounds(grid.Window{Col: col, Row: row, Width: 1, Height: 1})
			if b.Intersect(in) != b {
				i := row*res.Grid.Width + col
				want[i], res.Mask[i] = nan, 0
			}
		}
	}
}

// Averages and modes are what a count of the parts of cells in each box
// gives, right to the edges of the source and of holes.
func TestBoxesAgainstCounting(t *testing.T) {
	t.Parallel()
	s := shelf{}
	g := utm(500000, 5000000, 60, 50)
	smooth, classes := s.add("smooth", hills(g, true), "v"), s.add("classes", patches(g), "v")
	r := mosaic.New(s.open, nil)
	for _, cell := range []float64{3.7, 10, 14.9, 41, 133} {
		to := grid.Grid{CRS: g.CRS, Width: int(700/cell) + 2, Height: int(600/cell) + 2, Transform: grid.Transform{499963.7, cell, 0, 5000041.1, 0, -cell}}
		for how, src := range map[grid.Resampling]mosaic.Source{grid.Average: smooth, grid.Mode: classes} {
			res, err := r.Read(context.Background(), []mosaic.Source{src}, mosaic.Query{Bands: []string{"v"}, Resampling: how}, to)
			if err != nil {
				t.Fatal(err)
			}
			for row := range to.Height {
				for col := range to.Width {
					b := to.WindowBounds(grid.Window{Col: col, Row: row, Width: 1, Height: 1})
					weights := count(s[src.Item.ID], b)
					i := row*to.Width + col
					if (res.Mask[i] != 0) != (len(weights) > 0) {
						t.Fatalf("%s at %g m, cell %d, %d: mask %d, %d values", how, cell, col, row, res.Mask[i], len(weights))
					}
					if len(weights) == 0 {
						continue
					}
					sum, total, most := 0.0, 0.0, 0.0
					for v, w := range weights {
						sum, total, most = sum+float64(v)*w, total+w, max(most, w)
					}
					got := res.Bands[0][i]
					if how == grid.Average && math.Abs(float64(got)-sum/total) > 0.01 || how == grid.Mode && weights[got] < most*(1-1e-3) {
						t.Fatalf("%s at %g m, cell %d, %d: %g of %v", how, cell, col, row, got, weights)
					}
				}
			}
		}
	}
}

// count is how much of a box, in cells, each value covers.
func count(m *memory, b geo.BBox) map[float32]float64 {
	out := map[float32]float64{}
	w := m.g.WindowOf(b)
	for row := w.Row; row < w.Row+w.Height; row++ {
		for col := w.Col; col < w.Col+w.Width; col++ {
			c := m.g.WindowBounds(grid.Window{Col: col, Row: row, Width: 1, Height: 1}).Intersect(b)
			if v := m.bands[0][row*m.g.Width+col]; v == v && c.Width() > 1e-5 && c.Height() > 1e-5 {
				out[v] += c.Width() * c.Height() / 100
			}
		}
	}
	return out
}

// Beside holes bilinear and cubic take the valid cells alone, as gdalwarp
// does; a cell whose centre lies in a hole has no value, where gdalwarp still
// takes one from its neighbours.
func TestHoles(t *testing.T) {
	t.Parallel()
	pool := gdal.NewPool(nil)
	t.Cleanup(pool.Close)
	r := mosaic.New(mosaic.FromPool(pool), nil)
	g := utm(500000, 5000000, 200, 180)
	path := save(t, hills(g, true))
	to := grid.Grid{CRS: g.CRS, Width: 220, Height: 200, Transform: grid.Transform{500031.7, 7.3, 0, 4999901.1, 0, -7.3}}
	near := warp(t, path, to, "near")
	for how, name := range map[grid.Resampling]string{grid.Bilinear: "bilinear", grid.Cubic: "cubic"} {
		res, err := r.Read(context.Background(), []mosaic.Source{source(t, pool, path)}, mosaic.Query{Bands: []string{"1"}, Resampling: how}, to)
		if err != nil {
			t.Fatal(err)
		}
		want := warp(t, path, to, name)
		for i, v := range near {
			if v != v {
				want[i] = nan
			}
		}
		if got := compare(res, want, 0.01); got.mask > 0 || got.differ > 0 || got.cells < 30000 {
			t.Errorf("%s: %+v", how, got)
		}
	}
}

// Real and made rasters in several reference systems onto others, against
// gdalwarp without its own approximation.
func TestReferenceSystemsAgainstGdalwarp(t *testing.T) {
	t.Parallel()
	pool := gdal.NewPool(nil)
	t.Cleanup(pool.Close)
	r := mosaic.New(mosaic.FromPool(pool), nil)
	at := func(c geo.CRS, x, y, cell float64) grid.Grid {
		return grid.Grid{CRS: c, Width: 256, Height: 200, Transform: grid.Transform{x, cell, 0, y, 0, -cell}}
	}
	made := save(t, hills(utm(500000, 5000000, 200, 180), true))
	dem := shareddata.Path(t, "it-vinschgau-dem/elev_vinschgau.tif")
	for name, c := range map[string]struct {
		path string
		g    grid.Grid
	}{
		"UTM to equal area":       {made, at("EPSG:3035", 4321000-320000+320000, 2448000, 9)},
		"UTM to degrees":          {made, at(geo.WGS84, 8.9995, 45.1525, 0.00011)},
		"UTM to the next zone":    {made, at("EPSG:32633", 27500, 5013500, 8.7)},
		"UTM to Gauss-Boaga":      {made, at("EPSG:3003", 1500000, 5000050, 8.7)},
		"degrees to UTM":          {dem, at("EPSG:32632", 620000, 5180000, 80)},
		"degrees to RDN2008 zone": {dem, at("EPSG:6707", 620000, 5180000, 80)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			src := source(t, pool, c.path)
			if c.path == dem && src.Item.Grid.CRS == c.g.CRS {
				t.Skip("the same system")
			}
			// The middle of the source in the middle of the target.
			c.g = onto(t, c.g, src.Item.BBox)
			res, err := r.Read(context.Background(), []mosaic.Source{src}, mosaic.Query{Bands: []string{"1"}, Resampling: grid.Bilinear}, c.g)
			if err != nil {
				t.Fatal(err)
			}
			want, near := warp(t, c.path, c.g, "bilinear"), warp(t, c.path, c.g, "near")
			for i, v := range near {
				if v != v {
					want[i] = nan
				}
			}
			got := compare(res, want, 8) // an eighth of a cell on slopes of about 60 a cell
			t.Logf("%s: %+v", src.Item.Grid.CRS, got)
			if got.cells < 10000 || got.mask > 200 || float64(got.differ) > 0.002*float64(got.cells) {
				t.Errorf("%+v", got)
			}
		})
	}
}

// Two bands of 10 m and one of 20 m in files of their own make one picture;
// the block statistics of a file save reading it.
func TestSeveralFilesAnItem(t *testing.T) {
	t.Parallel()
	s := shelf{}
	g := utm(500000, 5000000, 40, 40)
	coarse := g
	coarse.Width, coarse.Height, coarse.Transform[1], coarse.Transform[5] = 20, 20, 20, -20
	src := several(s, g, coarse)
	r := mosaic.New(s.open, nil)
	w := grid.Window{Col: 3, Row: 5, Width: 30, Height: 25}
	res, err := r.Read(context.Background(), []mosaic.Source{src}, mosaic.Query{Expr: parse(t, "red*1000+nir; swir16"), Resampling: grid.Nearest}, g.Sub(w))
	if err != nil || !res.Complete || res.Reads != 2 {
		t.Fatalf("%+v, %v", res, err)
	}
	for y := range w.Height {
		for x := range w.Width {
			c, row := x+w.Col, y+w.Row
			i := y*w.Width + x
			hole := (c/2+row/2)%7 == 0
			if hole != (res.Mask[i] == 0) {
				t.Fatalf("cell %d, %d: mask %d", c, row, res.Mask[i])
			}
			if !hole && (res.Bands[0][i] != float32(c*1000+row) || res.Bands[1][i] != float32(c/2*100+row/2)) {
				t.Fatalf("cell %d, %d: %g %g", c, row, res.Bands[0][i], res.Bands[1][i])
			}
		}
	}
	empty := mosaic.New(s.open, &mosaic.Options{Blocks: func(_ context.Context, path string, gg grid.Grid) (mosaic.Blocks, error) {
		if path != "stats" || gg != coarse {
			return nil, os.ErrNotExist
		}
		return blank{}, nil
	}})
	res, err = empty.Read(context.Background(), []mosaic.Source{src}, mosaic.Query{Bands: []string{"swir16", "red"}}, g.Sub(w))
	if err != nil || !res.Complete || res.Reads != 0 || res.Valid != 0 {
		t.Errorf("with block statistics: %+v, %v", res, err)
	}
}

// A large target is computed in parts; they join without a seam.
func TestPartsJoin(t *testing.T) {
	t.Parallel()
	s := shelf{}
	g := utm(500000, 5000000, 400, 300)
	src := s.add("a", hills(g, true), "a")
	r := mosaic.New(s.open, nil)
	to := grid.Grid{CRS: geo.WebMercator, Width: 1400, Height: 1300, Transform: grid.Transform{1001600, 4, 0, 5645100, 0, -4}}
	to = onto(t, to, src.Item.BBox)
	for _, sel := range []mosaic.Selection{mosaic.Newest, mosaic.Median} {
		q := mosaic.Query{Bands: []string{"a"}, Select: sel, Resampling: grid.Cubic}
		whole, err := r.Read(context.Background(), []mosaic.Source{src}, q, to)
		if err != nil {
			t.Fatal(err)
		}
		w := grid.Window{Col: 900, Row: 900, Width: 250, Height: 250}
		part, err := r.Read(context.Background(), []mosaic.Source{src}, q, to.Sub(w))
		if err != nil {
			t.Fatal(err)
		}
		if whole.Valid < 1000000 || part.Valid < 50000 {
			t.Fatalf("%d and %d cells", whole.Valid, part.Valid)
		}
		for y := range w.Height {
			for x := range w.Width {
				i, at := y*w.Width+x, (y+w.Row)*to.Width+x+w.Col
				if d := math.Abs(float64(part.Bands[0][i] - whole.Bands[0][at])); part.Mask[i] != whole.Mask[at] && !nearHole(whole, at) || part.Mask[i]&whole.Mask[at] != 0 && d > 1 {
					t.Fatalf("%s: cell %d, %d: %g and %g", sel, x, y, part.Bands[0][i], whole.Bands[0][at])
				}
			}
		}
	}
}
