package raster

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"contado/geo"
	"contado/geo/fault"
	"contado/geo/gdal"
	"contado/geo/grid"
	"contado/geo/store/catalog"
	"contado/scripts/shareddata"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

type quiet struct{}

func (quiet) Stage(string)      {}
func (quiet) Step(int64, int64) {}

func convert(t testing.TB, o Options, paths ...string) *Result {
	t.Helper()
	r, err := tryConvert(t, o, paths...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func tryConvert(t testing.TB, o Options, paths ...string) (*Result, error) {
	t.Helper()
	if o.Dir == "" {
		o.Dir = t.TempDir()
	}
	if o.Dataset == "" {
		o.Dataset = "it"
	}
	var src []Source
	for _, p := range paths {
		src = append(src, Source{Path: p, Drivers: gdal.RasterDrivers()})
	}
	return Convert(t.Context(), src, nil, o, quiet{})
}

const numpyStats = `
import sys, json, numpy as np
from osgeo import gdal
gdal.UseExceptions()
out = []
d = gdal.Open(sys.argv[1])
for i in range(1, d.RasterCount + 1):
    b = d.GetRasterBand(i)
    a = b.ReadAsArray().astype('float64')
    ok = (b.GetMaskBand().ReadAsArray() != 0) & np.isfinite(a)
    a = a * (b.GetScale() or 1) + (b.GetOffset() or 0)
    v = a[ok]
    out.append([v.min(), v.max(), v.mean(), v.std(), np.percentile(v, 2), np.percentile(v, 98), 100.0 * v.size / a.size])
print(json.dumps(out))
`

func python(t testing.TB, script string, args ...string) []byte {
	t.Helper()
	const py = "/usr/bin/python3"
	if exec.Command(py, "-c", "import numpy, osgeo").Run() != nil {
		t.Skip("python3 with osgeo and numpy is not installed: no oracle")
	}
	out, err := exec.Command(py, append([]string{"-c", script}, args...)...).Output()
	if err != nil {
		t.Fatalf("oracle: %v", err)
	}
	return out
}

// The statistics are numpy's over the source, also with scale, nodata, masks
// and alpha.
func TestStatistics(t *testing.T) {
	t.Parallel()
	for _, rel := range []string{
		"it-vinschgau-dem/elev_vinschgau.tif", "raster-variety/rio-tiler/cog_scale.tif", "raster-variety/rio-tiler/cog_rgb_mask.tif",
		"raster-variety/rio-tiler/cog_nodata_nan.tif", "raster-variety/rasterio/RGB.byte.tif", "br-olinda-landsat7/L7_ETMs.tif",
	} {
		t.Run(filepath.Base(rel), func(t *testing.T) {
			t.Parallel()
			path := shareddata.Path(t, rel)
			var want [][]float64
			if err := json.Unmarshal(python(t, numpyStats, path), &want); err != nil {
				t.Fatal(err)
			}
			for i, b := range convert(t, Options{}, path).Items[0].Bands {
				got := []float64{b.Min, b.Max, b.Mean, b.StdDev, b.P02, b.P98, b.ValidPercent}
				if d := cmp.Diff(want[i], got, cmpopts.EquateApprox(1e-6, 1e-9)); d != "" {
					t.Errorf("band %d: %s", i+1, d)
				}
			}
		})
	}
}

// A tally over any values agrees with sorting them.
func TestTally(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		v := rapid.SliceOfN(rapid.Int16(), 1, 200).Draw(rt, "v")
		small := newTally(gdal.BandInfo{DataType: "int16", Scale: -0.5, Offset: 3})
		wide := newTally(gdal.BandInfo{DataType: "float64", Scale: -0.5, Offset: 3})
		for _, x := range v {
			small.add(float64(x)*-0.5 + 3)
			wide.add(float64(x)*-0.5 + 3)
		}
		var a, b catalog.Band
		small.fill(&a)
		wide.fill(&b)
		if d := cmp.Diff(a, b, cmpopts.EquateApprox(1e-9, 1e-9)); d != "" {
			rt.Error(d)
		}
	})
}

const hashCells = `
import sys, json, hashlib, numpy as np
from osgeo import gdal
d = gdal.Open(sys.argv[1])
a = d.ReadAsArray()
if len(sys.argv) > 2: a = a[::-1]
print(hashlib.sha256(np.ascontiguousarray(a).tobytes()).hexdigest())
`

// Cells come through bit by bit; a turned raster is only turned.
func TestCellsSurvive(t *testing.T) {
	t.Parallel()
	cases := []struct {
		rel, flip string
		o         Options
	}{
		{"us-spearfish-accessmod/DEM/dem__dem.GeoTIFF", "", Options{Role: catalog.Elevation}},
		{"raster-variety/rasterio/RGBA.uint16.tif", "", Options{}},
		{"raster-variety/rio-tiler/cog_fullearth.tif", "", Options{}},
		{"raster-variety/rasterio/float.tif", "flip", Options{CRS: "EPSG:32632"}},
	}
	for _, c := range cases {
		t.Run(filepath.Base(c.rel), func(t *testing.T) {
			t.Parallel()
			path := shareddata.Path(t, c.rel)
			args := []string{path}
			if c.flip != "" {
				args = append(args, c.flip)
			}
			item := convert(t, c.o, path).Items[0]
			if want, got := python(t, hashCells, args...), python(t, hashCells, item.Files[0].Path); string(want) != string(got) {
				t.Error("the cells have changed")
			}
		})
	}
}

// synthetic writes a raster of our own.
func synthetic(t testing.TB, name string, g grid.Grid, dtype string, nodata *float64, cell func(col, row int) float64) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	w, err := gdal.CreateGeoTIFF(path, gdal.RasterSpec{Grid: g, DataType: dtype, Bands: []gdal.BandSpec{{Nodata: nodata}}})
	if err != nil {
		t.Fatal(err)
	}
	data := make([]float64, g.Cells())
	for i := range data {
		data[i] = cell(i%g.Width, i/g.Width)
	}
	if err := w.Write(1, g.Full(), data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func utm(size, cells int) grid.Grid {
	return grid.Grid{CRS: "EPSG:32632", Transform: grid.Transform{600000, float64(size), 0, 5100000, 0, -float64(size)}, Width: cells, Height: cells}
}

// Bands of one scene become one item, in order, each in a file of its own
// cells, the finest first; the cloud cover is that of the scene classes.
func TestScene(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	zero := 0.0
	put := func(name string, g grid.Grid, dtype string, cell func(c, r int) float64) string {
		to := filepath.Join(dir, name)
		if err := os.Rename(synthetic(t, name, g, dtype, &zero, cell), to); err != nil {
			t.Fatal(err)
		}
		return to
	}
	pre := "T32TNS_20230714T101559_"
	paths := []string{
		put(pre+"SCL_20m.tif", utm(20, 20), "uint8", func(c, _ int) float64 { return []float64{4, 9}[c%2] }),
		put(pre+"B11_20m.tif", utm(20, 20), "uint16", func(c, r int) float64 { return float64(1000 + c + r) }),
		put(pre+"B8A_20m.tif", utm(20, 20), "uint16", func(int, int) float64 { return 8 }),
		put(pre+"B08_10m.tif", utm(10, 40), "uint16", func(c, r int) float64 { return float64(1 + c*40 + r) }),
		put(pre+"B02_10m.tif", utm(10, 40), "uint16", func(int, int) float64 { return 2 }),
		put(pre+"B02_20m.tif", utm(20, 20), "uint16", func(int, int) float64 { return 99 }),
	}
	res := convert(t, Options{}, paths...)
	if len(res.Items) != 1 || res.Role != catalog.Imagery {
		t.Fatalf("%d items, role %s", len(res.Items), res.Role)
	}
	it := res.Items[0]
	var names []string
	for _, b := range it.Bands {
		names = append(names, b.Name+"/"+b.CommonName)
	}
	if d := cmp.Diff([]string{"B02/blue", "B08/nir", "B8A/nir08", "B11/swir16", "SCL/"}, names); d != "" {
		t.Error(d)
	}
	if want := time.Date(2023, 7, 14, 10, 15, 59, 0, time.UTC); it.Datetime == nil || !it.Datetime.Equal(want) {
		t.Errorf("time %v, want %v", it.Datetime, want)
	}
	if it.Grid.Width != 40 || it.CloudCover == nil || *it.CloudCover != 50 || it.Bands[0].Max != 2 || it.Bands[1].Max != 1600 {
		t.Errorf("%+v", it)
	}
	for i, want := range []struct {
		key   string
		width int
		max   float64
	}{{"B02", 40, 2}, {"B08", 40, 1600}, {"B8A", 20, 8}, {"B11", 20, 1038}, {"SCL", 20, 9}} {
		as, n := it.Locate(i + 1)
		if as.Key != want.key || as.Grid.Width != want.width || n != 1 || it.Bands[i].Max != want.max {
			t.Errorf("band %d: %+v, max %g, want %+v", i+1, as, it.Bands[i].Max, want)
		}
	}
	if len(it.Files) != 5 || len(it.Assets) != 5 || it.Assets[0].Grid != it.Grid {
		t.Errorf("%d files, assets %+v", len(it.Files), it.Assets)
	}
	classes := it.Bands[4].Classes
	if len(classes) != 2 || classes[0].Name != "vegetation" || classes[1].Value != 9 {
		t.Errorf("classes %v", classes)
	}
}

// Bands of people are not resampled: that would lose count of them.
func TestPeopleAreNotResampled(t *testing.T) {
	t.Parallel()
	a := synthetic(t, "pop_total.tif", utm(10, 4), "float32", nil, func(int, int) float64 { return 1 })
	b := synthetic(t, "pop_age_65_plus.tif", utm(20, 2), "float32", nil, func(int, int) float64 { return 1 })
	_, err := tryConvert(t, Options{Role: catalog.Population}, a, b)
	if !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "losing count") {
		t.Error(err)
	}
	same := synthetic(t, "pop_age_65_plus.tif", utm(10, 4), "float32", nil, func(int, int) float64 { return 0.25 })
	it := convert(t, Options{Role: catalog.Population}, same, a).Items[0]
	if it.Bands[0].Name != "total" || it.Bands[1].Name != "age_65_plus" {
		t.Errorf("%+v", it.Bands)
	}
}

// Overviews of classes hold values that occur; those of amounts are means.
func TestOverviews(t *testing.T) {
	t.Parallel()
	g := utm(10, 1200)
	board := func(c, r int) float64 { return []float64{10, 10, 10, 50}[c%2*2+r%2] }
	path := synthetic(t, "x.tif", g, "uint8", nil, board)
	for _, c := range []struct {
		o    Options
		want float32
	}{
		{Options{Role: catalog.LandCover}, 10},
		{Options{Role: catalog.Elevation}, 20},
		{Options{Role: catalog.Elevation, Resampling: grid.Nearest}, 10},
	} {
		it := convert(t, c.o, path).Items[0]
		r, err := gdal.OpenRaster(it.Files[0].Path, nil)
		if err != nil {
			t.Fatal(err)
		}
		b, err := r.Read([]int{1}, g.Full(), 600, 600, grid.Nearest)
		if err != nil {
			t.Fatal(err)
		}
		if got := b.Bands[0][300*600+300]; got != c.want || it.Overviews < 1 {
			t.Errorf("%+v: overview cell %v of %d overviews, want %v", c.o, got, it.Overviews, c.want)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}
}

// A raster from 0 to 360 degrees comes out from −180, with each cell at its
// place; one beyond 180 is moved; one that crosses is boxed as crossing.
func TestAntimeridian(t *testing.T) {
	t.Parallel()
	world := grid.Grid{CRS: geo.WGS84, Transform: grid.Transform{0, 10, 0, 90, 0, -10}, Width: 36, Height: 18}
	lon := func(c, _ int) float64 { return float64(c*10 + 5) }
	it := convert(t, Options{}, synthetic(t, "w.tif", world, "float32", nil, lon)).Items[0]
	if it.BBox != (geo.BBox{MinX: -180, MinY: -90, MaxX: 180, MaxY: 90}) {
		t.Error(it.BBox)
	}
	buf := make([]float64, 36)
	r, err := gdal.OpenRaster(it.Files[0].Path, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if err := r.ReadFloat64(1, grid.Window{Width: 36, Height: 1}, buf); err != nil {
		t.Fatal(err)
	}
	for c, v := range buf {
		if x, _ := it.Grid.Center(c, 0); math.Mod(x+360, 360) != v {
			t.Fatalf("cell %d at %g holds %g", c, x, v)
		}
	}
	beyond := grid.Grid{CRS: geo.WGS84, Transform: grid.Transform{190, 1, 0, 10, 0, -1}, Width: 5, Height: 5}
	if b := convert(t, Options{}, synthetic(t, "b.tif", beyond, "float32", nil, lon)).Items[0].BBox; b.MinX != -170 || b.MaxX != -165 {
		t.Error(b)
	}
	across := beyond
	across.Transform[0] = 178
	item := convert(t, Options{}, synthetic(t, "c.tif", across, "float32", nil, lon)).Items[0]
	if b := item.BBox; b.MinX != 178 || b.MaxX != -177 {
		t.Error(b)
	}
	first, last := item.Footprint[0], item.Footprint[len(item.Footprint)-1]
	if first != last {
		t.Error("the ring is not closed")
	}
}

// A grid around a pole is boxed by the whole cap.
func TestPole(t *testing.T) {
	t.Parallel()
	g := grid.Grid{CRS: "EPSG:3413", Transform: grid.Transform{-500000, 100000, 0, 500000, 0, -100000}, Width: 10, Height: 10}
	_, b, err := footprint(g)
	if err != nil || b.MaxY != 90 || b.MinX != -180 || b.MaxX != 180 {
		t.Errorf("%v, %v", b, err)
	}
}

// A header that claims far more cells than the file can hold is refused
// before anything is allocated.
func TestLyingHeader(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "lie.tif")
	out, err := exec.Command("gdal_create", "-of", "GTiff", "-outsize", "100000", "100000", "-ot", "Byte", "-co", "SPARSE_OK=TRUE", "-co", "TILED=YES",
		"-co", "BLOCKXSIZE=2048", "-co", "BLOCKYSIZE=2048", "-co", "COMPRESS=LZW", "-a_srs", "EPSG:32632", "-a_ullr", "0", "1", "1", "0", path).CombinedOutput()
	if errors.Is(err, exec.ErrNotFound) {
		t.Skip("gdal_create is not installed")
	}
	if err != nil {
		t.Fatalf("%v %s", err, out)
	}
	_, err = tryConvert(t, Options{}, path)
	if !fault.Is(err, fault.TooLarge) || !strings.Contains(err.Error(), "header is not believed") {
		t.Errorf("%v", err)
	}
	if _, err = tryConvert(t, Options{Limits: Limits{Cells: 1e9}}, path); !fault.Is(err, fault.TooLarge) || !strings.Contains(err.Error(), "limit of 1000 million") {
		t.Errorf("%v", err)
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	path := synthetic(t, "a.tif", utm(10, 20), "uint8", nil, func(int, int) float64 { return 1 })
	if _, err := tryConvert(t, Options{Limits: Limits{Cells: 399}}, path); !fault.Is(err, fault.TooLarge) {
		t.Error(err)
	}
	rgb := shareddata.Path(t, "raster-variety/rasterio/RGB.byte.tif")
	if _, err := tryConvert(t, Options{Limits: Limits{Bands: 2}}, rgb); !fault.Is(err, fault.TooLarge) {
		t.Error(err)
	}
}

func TestSplitBand(t *testing.T) {
	t.Parallel()
	cases := map[string][3]string{
		"l8_B2":                              {"l8", "B2", "0"},
		"l8_B10":                             {"l8", "B10", "0"},
		"l8_BQA":                             {"l8", "BQA", "0"},
		"T32TNS_20230714T101559_B8A_20m":     {"T32TNS_20230714T101559", "B8A", "20"},
		"LC08_L2SP_193028_20230101_SR_B4":    {"LC08_L2SP_193028_20230101", "SR_B4", "0"},
		"LC08_L2SP_193028_20230101_QA_PIXEL": {"LC08_L2SP_193028_20230101", "QA_PIXEL", "0"},
		"S2A2A_20170703_022_X_SCL_10":        {"S2A2A_20170703_022_X", "SCL", "0"},
		"scene_band12":                       {"scene", "band12", "0"},
		"red":                                {"", "red", "0"},
		"pop_age_80_plus":                    {"pop", "age_80_plus", "0"},
		"mob2":                               {"", "", "0"},
		"dem":                                {"", "", "0"},
		"clc2018_v2020_20u1":                 {"", "", "0"},
	}
	for base, want := range cases {
		p, tok, m := splitBand(base)
		if got := [3]string{p, tok, fmt.Sprint(m)}; got != want {
			t.Errorf("%s: got %q, want %q", base, got, want)
		}
	}
}

func TestTimeFromName(t *testing.T) {
	t.Parallel()
	cases := map[string]string{
		"S2B_MSIL2A_20230714T101559_N0509": "2023-07-14T10:15:59Z",
		"LC80200392015216LGN00_B1":         "2015-08-04T00:00:00Z",
		"LC08_L1TP_013032_20180131_2018":   "2018-01-31T00:00:00Z",
		"ortho-2023-07-14":                 "2023-07-14T00:00:00Z",
		"flood_20230231":                   "", // no such day
		"tile_20231301":                    "",
		"gpw_v411_2020_count":              "",
		"x123420230714":                    "",
	}
	for base, want := range cases {
		got := ""
		if at := timeFromName(base); at != nil {
			got = at.Format(time.RFC3339)
		}
		if got != want {
			t.Errorf("%s: got %q, want %q", base, got, want)
		}
	}
}

func TestWider(t *testing.T) {
	t.Parallel()
	types := []string{"uint8", "uint16", "uint32", "int16", "int32", "float32", "float64"}
	limits := map[string][2]float64{
		"uint8": {0, 255}, "uint16": {0, 65535}, "uint32": {0, math.MaxUint32}, "int16": {-32768, 32767},
		"int32": {math.MinInt32, math.MaxInt32}, "float32": {-16777216, 16777216}, "float64": {-1 << 53, 1 << 53},
	}
	for _, a := range types {
		for _, b := range types {
			w := wider(a, b)
			if w != wider(b, a) {
				t.Errorf("%s and %s: not symmetric", a, b)
			}
			for _, in := range []string{a, b} {
				if limits[w][0] > limits[in][0] || limits[w][1] < limits[in][1] {
					t.Errorf("%s and %s give %s, which does not hold %s", a, b, w, in)
				}
			}
		}
	}
}

func FuzzNames(f *testing.F) {
	f.Add("T32TNS_20230714T101559_B02_10m")
	f.Add("LC80200392015216LGN00_B1")
	f.Fuzz(func(t *testing.T, base string) {
		prefix, token, _ := splitBand(base)
		if token != "" && !strings.HasPrefix(base, prefix) {
			t.Errorf("%q: prefix %q", base, prefix)
		}
		timeFromName(base)
		if id := slug(base, "x"); id == "" || len(id) > 100 || strings.Trim(id, "-_.") == "" {
			t.Errorf("%q: id %q", base, id)
		}
	})
}

func FuzzMTL(f *testing.F) {
	f.Add("GROUP = A\n DATE_ACQUIRED = 2015-08-04\n CLOUD_COVER = 10.5\nEND\n")
	f.Add("GROUP = RADIOMETRIC_RESCALING\nREFLECTANCE_MULT_BAND_1 = 2E-05\nREFLECTANCE_ADD_BAND_1 = -0.1\nEND_GROUP\nSUN_ELEVATION = 1e-300")
	f.Fuzz(func(t *testing.T, text string) {
		ms := []mtl{parseMTL(strings.NewReader(text))}
		if m, err := parseMTLJSON(strings.NewReader(text)); err == nil {
			ms = append(ms, m)
		}
		for _, m := range ms {
			p := landsat(m)
			checkProduct(t, p)
		}
	})
}

// checkProduct fails when a product says what cannot be.
func checkProduct(t *testing.T, p *Product) {
	t.Helper()
	if p.cloud != nil && !(*p.cloud >= 0 && *p.cloud <= 100) {
		t.Errorf("cloud cover %v", *p.cloud)
	}
	for token, k := range p.bands {
		if math.IsNaN(k.scale) || math.IsInf(k.scale, 0) || math.IsNaN(k.offset) || math.IsInf(k.offset, 0) {
			t.Errorf("%s: scale %g, offset %g", token, k.scale, k.offset)
		}
	}
	sc := p.scene
	for _, a := range []*float64{sc.SunAzimuth, sc.SunElevation, sc.OffNadir, sc.ViewAzimuth} {
		if a != nil && !(*a >= -90 && *a <= 360) {
			t.Errorf("angle %v", *a)
		}
	}
}
