package raster_test

import (
	"context"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"contado/geo"
	"contado/geo/crs"
	"contado/geo/fault"
	"contado/geo/gdal"
	"contado/geo/grid"
	"contado/geo/mosaic"
	"contado/geo/store/catalog"
	"contado/scripts/shareddata"
	"contado/tiles/encode"
	"contado/tiles/raster"
	"contado/tiles/tms"
)

// source describes a file as ingest would, as far as tiles need it.
func source(t testing.TB, pool *gdal.Pool, path string) mosaic.Source {
	t.Helper()
	var info gdal.RasterInfo
	if err := pool.With(context.Background(), path, func(r *gdal.Raster) error { info = r.Info(); return nil }); err != nil {
		t.Fatal(err)
	}
	s := mosaic.Source{
		Item: catalog.Item{ID: filepath.Base(path), File: path, Grid: info.Grid},
		Path: func(a catalog.Asset) (string, error) { return a.File, nil },
	}
	for _, b := range info.Bands {
		if b.Alpha {
			continue
		}
		s.Item.Bands = append(s.Item.Bands, catalog.Band{Name: b.Name, DataType: b.DataType, Min: 0, Max: 255, P02: 0, P98: 255})
	}
	back, err := crs.New(info.Grid.CRS, geo.WGS84)
	if err != nil {
		t.Fatal(err)
	}
	if s.Item.BBox, err = back.BBox(info.Grid.Bounds()); err != nil {
		t.Fatal(err)
	}
	return s
}

// warped is what gdalwarp makes of the same tile, as raw float32 and validity.
func warped(t testing.TB, path string, tile tms.Tile, size, band int, how string, more ...string) ([]float32, []bool) {
	t.Helper()
	if _, err := exec.LookPath("gdalwarp"); err != nil {
		t.Skip("gdalwarp, the oracle of this test, is not installed")
	}
	b := tms.WebMercatorQuad().Bounds(tile)
	dir := t.TempDir()
	one, out := filepath.Join(dir, "band.vrt"), filepath.Join(dir, "out.tif")
	f := func(v float64) string { return fmt.Sprintf("%.10f", v) }
	run := func(name string, args ...string) {
		if msg, err := exec.Command(name, args...).CombinedOutput(); err != nil {
			t.Fatalf("%s %v: %v\n%s", name, args, err, msg)
		}
	}
	src, err := gdal.OpenRaster(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	if len(src.Info().Bands) == 1 {
		one = path
	} else {
		run("gdal_translate", "-q", "-of", "VRT", "-b", fmt.Sprint(band), path, one)
	}
	args := []string{
		"-q", "-t_srs", "EPSG:3857", "-te", f(b.MinX), f(b.MinY), f(b.MaxX), f(b.MaxY),
		"-ts", fmt.Sprint(size), fmt.Sprint(size), "-r", how, "-et", "0", "-ot", "Float32", "-dstnodata", "-12345",
	}
	run("gdalwarp", append(append(args, more...), one, out)...)
	vals := make([]float32, size*size)
	valid := make([]bool, size*size)
	r, err := gdal.OpenRaster(out, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	block, err := r.Read([]int{1}, r.Grid().Full(), size, size, grid.Nearest)
	if err != nil {
		t.Fatal(err)
	}
	copy(vals, block.Bands[0])
	for i, m := range block.Mask {
		valid[i] = m != 0
	}
	return vals, valid
}

// info says how a tile came to be.
type info struct {
	Items, Reads, Filled int
	Direct               bool
}

// draw reads, derives and paints.
func draw(t testing.TB, pool *gdal.Pool, srcs []mosaic.Source, style *raster.Style, g grid.Grid) (*encode.Image, *mosaic.Result) {
	t.Helper()
	n := style.Border()
	r := mosaic.New(mosaic.FromPool(pool), nil)
	res, err := r.Read(context.Background(), srcs, style.Query(), g.Sub(grid.Window{Col: -n, Row: -n, Width: g.Width + 2*n, Height: g.Height + 2*n}))
	if err != nil {
		t.Fatal(err)
	}
	d, err := style.Draw(res)
	if err != nil {
		t.Fatal(err)
	}
	m, err := style.Paint(d)
	if err != nil {
		t.Fatal(err)
	}
	return m, d.Values
}

// ours draws a tile of the web map's grid.
func ours(t testing.TB, pool *gdal.Pool, srcs []mosaic.Source, tile tms.Tile, size int, p raster.Params) (*encode.Image, info) {
	t.Helper()
	style, err := raster.Resolve(p, srcs[0].Item.Bands, catalog.Imagery)
	if err != nil {
		t.Fatal(err)
	}
	m, res := draw(t, pool, srcs, style, tms.WebMercatorQuad().Grid(tile, size/256))
	return m, info{Items: len(res.Used), Reads: res.Reads, Filled: res.Valid, Direct: res.Direct}
}

type warpCase struct {
	file   string
	lo, hi float64
	zoom   int
	lon    float64
	lat    float64
}

// The files lie in UTM zones north and south of the equator, across the
// antimeridian, in longitude/latitude, in Web Mercator; some have masks,
// nodata values or NaN.
var warpCases = []warpCase{
	{"us-alabama-landsat8/l8_B4.tif", 5000, 30000, 12, -87.48, 30.645},
	{"us-alabama-landsat8/l8_B4.tif", 5000, 30000, 14, -87.49, 30.65},
	{"raster-variety/rio-tiler/cog_nodata.tif", 0, 5000, 9, -58, 73},
	{"raster-variety/rio-tiler/cog_dateline.tif", 0, 8000, 8, 179.9, 52},
	{"raster-variety/rio-tiler/cog_dateline.tif", 0, 8000, 8, -179.9, 52},
	{"raster-variety/rio-tiler/cog_fullearth.tif", 0, 20, 2, 20, 20},
	{"raster-variety/rasterio/rgb1_fake_nir_epsg3857.tif", 0, 255, 17, 0, 0},
	{"br-olinda-landsat7/L7_ETMs.tif", 0, 255, 13, -34.87, -8},
	{"it-vinschgau-dem/elev_vinschgau.tif", 500, 3800, 10, 10.7, 46.65},
	{"raster-variety/rio-tiler/cog_uint8_rgb_mask.tif", 0, 255, 6, 0, 0},
	{"raster-variety/rio-tiler/cog_rgb_mask.tif", 0, 255, 20, 0, 0},
	{"raster-variety/rio-tiler/cog_nodata_nan.tif", 0, 5, 10, 0, 0},
	{"it-trento-dtm", 200, 600, 18, 11.15, 46.06},
}

func TestAgainstGdalwarp(t *testing.T) {
	t.Parallel()
	pool := gdal.NewPool(nil)
	t.Cleanup(pool.Close)
	for _, c := range warpCases {
		for _, how := range []grid.Resampling{grid.Nearest, grid.Bilinear} {
			t.Run(fmt.Sprintf("%s/%d/%s", filepath.Base(c.file), c.zoom, how), func(t *testing.T) {
				t.Parallel()
				path := shareddata.Path(t, c.file)
				if fi, err := os.Stat(path); err == nil && fi.IsDir() {
					m, _ := filepath.Glob(filepath.Join(path, "*.tif"))
					if len(m) == 0 {
						t.Skip("no GeoTIFF in " + c.file)
					}
					path = m[0]
				}
				src := source(t, pool, path)
				lon, lat := c.lon, c.lat
				if b := src.Item.BBox; b.MinX <= b.MaxX && !(b.MinX <= lon && lon <= b.MaxX && b.MinY <= lat && lat <= b.MaxY) {
					lon, lat = (b.MinX+b.MaxX)/2, (b.MinY+b.MaxY)/2
				}
				compareWarp(t, pool, src, tms.AtLonLat(c.zoom, lon, lat), c, how)
			})
		}
	}
}

func compareWarp(t *testing.T, pool *gdal.Pool, src mosaic.Source, tile tms.Tile, c warpCase, how grid.Resampling) {
	const size = 256
	p := raster.Params{Bands: []string{"1"}, Rescale: [][2]float64{{c.lo, c.hi}}, Colormap: "greys", Resampling: how}
	m, info := ours(t, pool, []mosaic.Source{src}, tile, size, p)
	gdalHow := map[grid.Resampling]string{grid.Nearest: "near", grid.Bilinear: "bilinear"}[how]
	want, valid := warped(t, src.Item.File, tile, size, 1, gdalHow)
	if m == nil {
		t.Fatalf("tile %v of %v is empty", tile, src.Item.BBox)
	}
	level := func(v float32) float64 {
		return math.Round(math.Max(0, math.Min(254, 254*(float64(v)-c.lo)/(c.hi-c.lo))))
	}
	differ, mask, n, sum := 0, 0, 0, 0.0
	for i := range want {
		if valid[i] != (m.Pix[i] != 0) {
			mask++
			continue
		}
		if !valid[i] {
			continue
		}
		n++
		d := math.Abs(level(want[i]) - float64(m.Pix[i]) + 1)
		sum += d
		if d > 2 {
			differ++
		}
	}
	scale := tms.WebMercatorQuad().Matrices[tile.Z].CellSize
	t.Logf("%v: %d valid, %d masks differ, %d of %d values differ, mean difference %.3f of 254, %.1f m a pixel, %+v", tile, n, mask, differ, n, sum/float64(max(n, 1)), scale, info)
	if n < 200 {
		t.Fatalf("only %d pixels to compare", n)
	}
	shares := map[grid.Resampling][2]float64{grid.Nearest: {0.005, 0.01}, grid.Bilinear: {0.01, 0.02}}[how]
	if float64(mask) > shares[0]*size*size || float64(differ) > shares[1]*float64(n) {
		t.Errorf("%v: %d masks and %d of %d values differ from gdalwarp's", tile, mask, differ, n)
	}
}

// A tile of 512 pixels is the same picture as the four tiles of 256 under it:
// no seams between tiles, whatever window each of them read.
func TestTilesJoin(t *testing.T) {
	t.Parallel()
	pool := gdal.NewPool(nil)
	t.Cleanup(pool.Close)
	src := source(t, pool, shareddata.Path(t, "us-alabama-landsat8/l8_B5.tif"))
	for _, z := range []int{9, 11, 12, 14} {
		tile := tms.AtLonLat(z, -87.4, 30.72)
		p := raster.Params{Bands: []string{"1"}, Rescale: [][2]float64{{5000, 30000}}, Colormap: "greys"}
		whole, _ := ours(t, pool, []mosaic.Source{src}, tile, 512, p)
		differ := 0
		for i, child := range tile.Children() {
			m, _ := ours(t, pool, []mosaic.Source{src}, child, 256, p)
			for k := range 256 * 256 {
				var a, b uint8
				if m != nil {
					a = m.Pix[k]
				}
				if whole != nil {
					b = whole.Pix[(i/2*256+k/256)*512+i%2*256+k%256]
				}
				if max(a, b)-min(a, b) > 2 {
					differ++
				}
			}
		}
		if whole == nil || differ > 40 {
			t.Errorf("zoom %d: %d of 262144 pixels differ", z, differ)
		}
	}
}

func writeGeoTIFF(t testing.TB, g grid.Grid, v []uint8, args ...string) string {
	t.Helper()
	dir := t.TempDir()
	raw := filepath.Join(dir, "raw.bin")
	if err := os.WriteFile(raw, v, 0o600); err != nil {
		t.Fatal(err)
	}
	vrt := fmt.Sprintf(`<VRTDataset rasterXSize="%d" rasterYSize="%d"><SRS>%s</SRS><GeoTransform>%.10f,%.12f,0,%.10f,0,%.12f</GeoTransform>
<VRTRasterBand dataType="Byte" band="1" subClass="VRTRawRasterBand"><SourceFilename relativeToVRT="1">raw.bin</SourceFilename></VRTRasterBand></VRTDataset>`,
		g.Width, g.Height, g.CRS, g.Transform[0], g.Transform[1], g.Transform[3], g.Transform[5])
	in, out := filepath.Join(dir, "in.vrt"), filepath.Join(dir, "out.tif")
	if err := os.WriteFile(in, []byte(vrt), 0o600); err != nil {
		t.Fatal(err)
	}
	if msg, err := exec.Command("gdal_translate", append(append([]string{"-q"}, args...), in, out)...).CombinedOutput(); err != nil {
		t.Skipf("gdal_translate: %v %s", err, msg)
	}
	return out
}

// Rows that run northwards, and longitudes of 0 to 360, as climate models
// write them.
func TestUnusualGrids(t *testing.T) {
	t.Parallel()
	pool := gdal.NewPool(nil)
	t.Cleanup(pool.Close)
	v := make([]uint8, 360*180)
	for i := range v {
		v[i] = uint8(40 + i%360/3 + i/360)
	}
	for name, tr := range map[string]grid.Transform{"south first": {-180, 1, 0, -90, 0, 1}, "0 to 360": {0, 1, 0, 90, 0, -1}} {
		src := source(t, pool, writeGeoTIFF(t, grid.Grid{CRS: geo.WGS84, Width: 360, Height: 180, Transform: tr}, v))
		for _, tile := range []tms.Tile{{Z: 3, X: 1, Y: 3}, {Z: 3, X: 6, Y: 4}} {
			t.Run(fmt.Sprint(name, tile), func(t *testing.T) {
				compareWarp(t, pool, src, tile, warpCase{lo: 0, hi: 254}, grid.Bilinear)
			})
		}
		whole, info := ours(t, pool, []mosaic.Source{src}, tms.Tile{}, 256, raster.Params{Bands: []string{"1"}})
		if whole == nil || info.Filled != 256*256 {
			t.Errorf("%s: the whole world has %d pixels", name, info.Filled)
		}
	}
}

// A raster on the tile grid comes through cell by cell.
func TestAlignedIsDirect(t *testing.T) {
	t.Parallel()
	pool := gdal.NewPool(nil)
	t.Cleanup(pool.Close)
	tile := tms.Tile{Z: 10, X: 544, Y: 370}
	b := tms.WebMercatorQuad().Bounds(tile)
	cell := b.Width() / 256
	g := grid.Grid{CRS: geo.WebMercator, Width: 512, Height: 512, Transform: grid.Transform{b.MinX - 128*cell, cell, 0, b.MaxY + 128*cell, 0, -cell}}
	v := make([]uint8, 512*512)
	for i := range v {
		v[i] = uint8((i%512)*7 + (i/512)*13)
	}
	src := source(t, pool, writeGeoTIFF(t, g, v))
	m, info := ours(t, pool, []mosaic.Source{src}, tile, 256, raster.Params{Bands: []string{"1"}, Rescale: [][2]float64{{0, 254}}, Colormap: "greys"})
	if !info.Direct || info.Reads != 1 {
		t.Errorf("%+v", info)
	}
	for y := range 256 {
		for x := range 256 {
			if got, want := m.Pix[y*256+x], min(254, v[(y+128)*512+x+128])+1; got != want {
				t.Fatalf("(%d, %d) = %d, want %d", x, y, got, want)
			}
		}
	}
}

// Newer items lie over older ones, holes show what is under, and reading
// stops when nothing is left to see.
func TestMosaic(t *testing.T) {
	t.Parallel()
	pool := gdal.NewPool(nil)
	t.Cleanup(pool.Close)
	tile := tms.Tile{Z: 9, X: 272, Y: 185}
	b := tms.WebMercatorQuad().Bounds(tile)
	cell := b.Width() / 256
	g := grid.Grid{CRS: geo.WebMercator, Width: 256, Height: 256, Transform: grid.Transform{b.MinX, cell, 0, b.MaxY, 0, -cell}}
	fill := func(n uint8, hole bool) mosaic.Source {
		v := make([]uint8, 256*256)
		for i := range v {
			v[i] = n
			if hole && i%256 < 100 {
				v[i] = 0
			}
		}
		return source(t, pool, writeGeoTIFF(t, g, v, "-a_nodata", "0"))
	}
	srcs := []mosaic.Source{fill(10, true), fill(20, false), fill(30, false)}
	m, info := ours(t, pool, srcs, tile, 256, raster.Params{Bands: []string{"1"}, Rescale: [][2]float64{{0, 254}}, Colormap: "greys"})
	if info.Reads != 2 || info.Items != 2 || info.Filled != 256*256 {
		t.Errorf("%+v", info)
	}
	if m.Pix[50] != 21 || m.Pix[99] != 21 || m.Pix[100] != 11 || m.Pix[255] != 11 {
		t.Errorf("row: %v", m.Pix[95:105])
	}
	if far, _ := ours(t, pool, srcs, tms.Tile{Z: 9, X: 1, Y: 1}, 256, raster.Params{}); far != nil {
		t.Error("a tile elsewhere is not empty")
	}
}

func TestClassesAndDefaults(t *testing.T) {
	t.Parallel()
	classes := []catalog.Class{{Value: 1, Color: "#ff0000"}, {Value: 7, Color: "#00ff00"}, {Value: 9}}
	land := []catalog.Band{{Name: "class", DataType: "uint8", Classes: classes, P98: 9}}
	s, err := raster.Resolve(raster.Params{Resampling: grid.Bilinear}, land, catalog.LandCover)
	if err != nil || s.Mode != raster.ByClass || s.Resampling != grid.Nearest {
		t.Errorf("%+v, %v", s, err)
	}
	scene := []catalog.Band{{Name: "B02", CommonName: "blue", P02: 1, P98: 2}, {Name: "B03", CommonName: "green", P02: 3, P98: 4}, {Name: "B04", CommonName: "red", P02: 5, P98: 6}, {Name: "B08", CommonName: "nir", P98: 1}}
	s, err = raster.Resolve(raster.Params{}, scene, catalog.Imagery)
	if err != nil || s.Mode != raster.ByRGB || s.Ranges[0] != [2]float64{5, 6} || s.Labels[2] != "B02" {
		t.Errorf("%+v, %v", s, err)
	}
	dem := []catalog.Band{{Name: "elevation", DataType: "float32", P02: 100, P98: 900}}
	s, err = raster.Resolve(raster.Params{}, dem, catalog.Elevation)
	if err != nil || s.Mode != raster.ByRamp || s.Colormap != "terrain" || s.Ranges[0] != [2]float64{100, 900} {
		t.Errorf("%+v, %v", s, err)
	}
	s, err = raster.Resolve(raster.Params{Bands: []string{"b4"}, Colormap: "rdylgn_r", Rescale: [][2]float64{{0, 1}}}, scene, catalog.Imagery)
	if err != nil || s.Labels[0] != "B08" {
		t.Errorf("%+v, %v", s, err)
	}
	for name, p := range map[string]raster.Params{
		"band": {Bands: []string{"B99"}}, "number": {Bands: []string{"5"}}, "zero": {Bands: []string{"0"}}, "two": {Bands: []string{"1", "2"}},
		"colormap": {Bands: []string{"1"}, Colormap: "jet"}, "colormap of rgb": {Bands: []string{"1", "2", "3"}, Colormap: "greys"},
		"ranges": {Bands: []string{"1", "2", "3"}, Rescale: [][2]float64{{0, 1}, {0, 1}}}, "backwards": {Bands: []string{"1"}, Rescale: [][2]float64{{1, 0}}},
		"nan": {Bands: []string{"1"}, Rescale: [][2]float64{{math.NaN(), 0}}}, "resampling": {Resampling: "lanczos"},
	} {
		if _, err := raster.Resolve(p, scene, catalog.Imagery); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v, want invalid", name, err)
		}
	}
}

func BenchmarkColdTile(b *testing.B) {
	pool := gdal.NewPool(nil)
	defer pool.Close()
	src := source(b, pool, shareddata.Path(b, "us-alabama-landsat8/l8_B4.tif"))
	style, err := raster.Resolve(raster.Params{Bands: []string{"1"}, Rescale: [][2]float64{{5000, 30000}}}, src.Item.Bands, catalog.Imagery)
	if err != nil {
		b.Fatal(err)
	}
	var e encode.Encoder
	g := tms.WebMercatorQuad().Grid(tms.AtLonLat(13, -87.4, 30.72), 1)
	r := mosaic.New(mosaic.FromPool(pool), nil)
	b.ReportAllocs()
	for b.Loop() {
		res, err := r.Read(context.Background(), []mosaic.Source{src}, style.Query(), g)
		if err != nil {
			b.Fatal(err)
		}
		m, err := style.Paint(&raster.Drawing{Values: res})
		if err != nil {
			b.Fatal(err)
		}
		png, err := e.PNG(m)
		if err != nil {
			b.Fatal(err)
		}
		r.Release(res)
		b.ReportMetric(float64(len(png)), "bytes")
	}
}
