package gdal

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"contado/geo"
	"contado/geo/fault"
	"contado/geo/grid"
	"contado/scripts/shareddata"
	"pgregory.net/rapid"
)

// number reads JSON numbers and the words that JSON has no number for.
type number float64

func (n *number) UnmarshalJSON(b []byte) error {
	s := strings.Trim(string(b), `"`)
	switch s {
	case "nan", "NaN", "null":
		*n = number(math.NaN())
		return nil
	case "inf", "Infinity":
		*n = number(math.Inf(1))
		return nil
	case "-inf", "-Infinity":
		*n = number(math.Inf(-1))
		return nil
	}
	var v float64
	err := json.Unmarshal([]byte(s), &v)
	*n = number(v)
	return err
}

const infoScript = `
import sys, json, math
from osgeo import gdal, osr
gdal.UseExceptions()
out = {}
for p in sys.argv[1:]:
    ds = gdal.OpenEx(p, gdal.OF_RASTER, allowed_drivers=['GTiff'])
    gt = ds.GetGeoTransform(can_return_null=True)
    bands = []
    for i in range(ds.RasterCount):
        b = ds.GetRasterBand(i + 1)
        nd = b.GetNoDataValue()
        f = b.GetMaskFlags()
        ct = b.GetColorTable()
        bands.append(dict(type=gdal.GetDataTypeName(b.DataType).lower().replace('byte', 'uint8'), nodata=None if nd is None else repr(nd),
            scale=b.GetScale() or 1, offset=b.GetOffset() or 0, unit=b.GetUnitType(), desc=b.GetDescription(),
            interp=gdal.GetColorInterpretationName(b.GetColorInterpretation()).lower(),
            mask=(f & 1) == 0 and (f & 8) == 0, ovr=b.GetOverviewCount(), colors=0 if ct is None else ct.GetCount(),
            cats=b.GetCategoryNames() or [], block=b.GetBlockSize()))
    out[p] = dict(w=ds.RasterXSize, h=ds.RasterYSize, gt=gt, gcps=ds.GetGCPCount(), bands=bands, wkt=ds.GetProjection() or ds.GetGCPProjection())
print(json.dumps(out))
`

func varietyTIFFs(t testing.TB) []string {
	t.Helper()
	var out []string
	for _, dir := range []string{"rio-tiler", "rasterio", "stars"} {
		found, err := filepath.Glob(filepath.Join(shareddata.Path(t, "raster-variety/"+dir), "*.tif"))
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range found {
			if filepath.Base(p) != "corrupt.tif" {
				out = append(out, p)
			}
		}
	}
	return out
}

func TestInfoAgainstGDAL(t *testing.T) {
	t.Parallel()
	paths := varietyTIFFs(t)
	var want map[string]struct {
		W, H, GCPs int
		GT         []float64
		WKT        string
		Bands      []struct {
			Type, Unit, Desc, Interp string
			Nodata                   *string
			Scale, Offset            float64
			Mask                     bool
			Ovr, Colors              int
			Cats                     []string
			Block                    []int
		}
	}
	python(t, infoScript, &want, paths...)
	for _, p := range paths {
		r, err := OpenRaster(p, nil)
		if err != nil {
			t.Errorf("%s: %v", p, err)
			continue
		}
		i, w, name := r.Info(), want[p], filepath.Base(p)
		if err := r.Close(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if i.Grid.Width != w.W || i.Grid.Height != w.H || i.GCPs != w.GCPs || i.HasTransform != (w.GT != nil) || len(i.Bands) != len(w.Bands) {
			t.Errorf("%s: %+v, want %+v", name, i, w)
			continue
		}
		if w.GT != nil && i.Grid.Transform != grid.Transform(w.GT) {
			t.Errorf("%s: transform %v, want %v", name, i.Grid.Transform, w.GT)
		}
		if i.Grid.CRS.Known() != (w.WKT != "" && i.CRSError == "") {
			t.Errorf("%s: CRS %q (%s) of %q", name, i.Grid.CRS, i.CRSError, w.WKT)
		}
		for k, b := range i.Bands {
			wb := w.Bands[k]
			if b.DataType != wb.Type || b.Unit != wb.Unit || b.Name != wb.Desc || b.ColorInterp != wb.Interp || b.Scale != wb.Scale ||
				b.Offset != wb.Offset || b.HasMask != wb.Mask || b.Overviews != wb.Ovr || len(b.Colors) != wb.Colors || len(b.Categories) != len(wb.Cats) {
				t.Errorf("%s band %d: %+v, want %+v", name, k+1, b, wb)
			}
			if (wb.Nodata == nil) != (b.NodataText == "") {
				t.Errorf("%s band %d: nodata %q, want %v", name, k+1, b.NodataText, wb.Nodata)
			} else if wb.Nodata != nil {
				var n number
				if err := n.UnmarshalJSON([]byte(*wb.Nodata)); err != nil {
					t.Fatal(err)
				}
				if b.NaN != math.IsNaN(float64(n)) || (b.Nodata != nil && *b.Nodata != float64(n)) {
					t.Errorf("%s band %d: nodata %v %v, want %v", name, k+1, b.NaN, b.Nodata, n)
				}
			}
		}
	}
}

func TestInfoCRS(t *testing.T) {
	t.Parallel()
	for rel, want := range map[string]string{
		"raster-variety/rio-tiler/cog.tif":                   "EPSG:32621",
		"raster-variety/rasterio/RGB.byte.tif":               "EPSG:32618",
		"raster-variety/rasterio/world.rgb.tif":              "EPSG:4326",
		"it-vinschgau-dem/elev_vinschgau.tif":                "EPSG:32632",
		"br-olinda-landsat7/olinda_dem_utm25s.tif":           "",
		"us-alabama-landsat8/LC80200392015216LGN00_B4.TIF":   "EPSG:32616",
		"raster-variety/rasterio/rgb1_fake_nir_epsg3857.tif": "EPSG:3857",
	} {
		t.Run(filepath.Base(rel), func(t *testing.T) {
			t.Parallel()
			r, err := OpenRaster(shareddata.Path(t, rel), nil)
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			got := r.Grid().CRS
			if want == "" {
				if !got.Known() {
					t.Error("no CRS")
				}
				return
			}
			if string(got) != want {
				t.Errorf("CRS %q, want %q", got, want)
			}
		})
	}
}

const readScript = `
import sys, json
import numpy as np
from osgeo import gdal
gdal.UseExceptions()
out = {}
for p in sys.argv[1:]:
    ds = gdal.OpenEx(p, gdal.OF_RASTER, allowed_drivers=['GTiff'])
    w, h = min(37, ds.RasterXSize), min(29, ds.RasterYSize)
    x, y = (ds.RasterXSize - w) // 2, (ds.RasterYSize - h) // 2
    bands = []
    for i in range(ds.RasterCount):
        b = ds.GetRasterBand(i + 1)
        if gdal.DataTypeIsComplex(b.DataType):
            bands.append(None)
            continue
        a = b.ReadAsArray(x, y, w, h).astype('float64')
        m = b.GetMaskBand().ReadAsArray(x, y, w, h)
        a = a * (b.GetScale() or 1) + (b.GetOffset() or 0)
        a[m == 0] = np.nan
        bands.append([repr(float(v)) for v in a.ravel()])
    out[p] = dict(win=[x, y, w, h], bands=bands)
print(json.dumps(out))
`

func TestReadAgainstGDAL(t *testing.T) {
	t.Parallel()
	paths := varietyTIFFs(t)
	var want map[string]struct {
		Win   []int
		Bands [][]number
	}
	python(t, readScript, &want, paths...)
	for _, p := range paths {
		r, err := OpenRaster(p, nil)
		if err != nil {
			t.Errorf("%s: %v", p, err)
			continue
		}
		w := want[p]
		win := grid.Window{Col: w.Win[0], Row: w.Win[1], Width: w.Win[2], Height: w.Win[3]}
		for k, vals := range w.Bands {
			if vals == nil {
				if _, err := r.Read([]int{k + 1}, win, win.Width, win.Height, grid.Nearest); !fault.Is(err, fault.Unsupported) {
					t.Errorf("%s: complex band gave %v", p, err)
				}
				continue
			}
			compareRead(t, r, k+1, win, vals)
		}
		_ = r.Close()
	}
}

func compareRead(t *testing.T, r *Raster, band int, win grid.Window, want []number) {
	t.Helper()
	name := filepath.Base(r.Path())
	got := make([]float64, win.Cells())
	if err := r.ReadFloat64(band, win, got); err != nil {
		t.Errorf("%s: %v", name, err)
		return
	}
	blk, err := r.Read([]int{band}, win, win.Width, win.Height, grid.Nearest)
	if err != nil {
		t.Errorf("%s: %v", name, err)
		return
	}
	for i, v := range want {
		w := float64(v)
		if got[i] != w && (got[i] == got[i] || w == w) {
			t.Errorf("%s band %d cell %d: ReadFloat64 %v, GDAL %v", name, band, i, got[i], w)
			return
		}
		if (blk.Mask[i] == 0) != (w != w) {
			t.Errorf("%s band %d cell %d: mask %d, GDAL %v", name, band, i, blk.Mask[i], w)
			return
		}
		if w == w && blk.Bands[0][i] != float32(w) {
			t.Errorf("%s band %d cell %d: Read %v, GDAL %v", name, band, i, blk.Bands[0][i], w)
			return
		}
	}
}

// ramp writes a float32 raster whose cell (col, row) is col + 1000·row, with
// overviews of averages.
func ramp(t testing.TB, w, h int, levels []int, nodata *float64) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ramp.tif")
	g := grid.Grid{CRS: "EPSG:32632", Transform: grid.Transform{5e5, 10, 0, 5e6, 0, -10}, Width: w, Height: h}
	rw, err := CreateGeoTIFF(path, RasterSpec{Grid: g, DataType: "float32", Bands: []BandSpec{{Name: "ramp", Nodata: nodata}}, BlockSize: 64})
	if err != nil {
		t.Fatal(err)
	}
	data := make([]float32, w*h)
	for i := range data {
		data[i] = float32(i%w) + 1000*float32(i/w)
	}
	if err := rw.Write(1, g.Full(), data); err != nil {
		t.Fatal(err)
	}
	if err := rw.Close(); err != nil {
		t.Fatal(err)
	}
	if len(levels) > 0 {
		if err := BuildOverviews(path, grid.Average, levels); err != nil {
			t.Fatal(err)
		}
	}
	return path
}

func TestDecimatedReadIsPlacedRight(t *testing.T) {
	t.Parallel()
	r, err := OpenRaster(ramp(t, 512, 512, []int{2, 4, 8}, nil), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if n := r.Info().Bands[0].Overviews; n != 3 {
		t.Fatalf("%d overviews", n)
	}
	rapid.Check(t, func(t *rapid.T) {
		w := grid.Window{Col: rapid.IntRange(0, 300).Draw(t, "col"), Row: rapid.IntRange(0, 300).Draw(t, "row")}
		w.Width, w.Height = rapid.IntRange(40, 512-w.Col).Draw(t, "w"), rapid.IntRange(40, 512-w.Row).Draw(t, "h")
		outW, outH := rapid.IntRange(4, 60).Draw(t, "outW"), rapid.IntRange(4, 60).Draw(t, "outH")
		rs := rapid.SampledFrom([]grid.Resampling{grid.Nearest, grid.Bilinear, grid.Average}).Draw(t, "rs")
		b, err := r.Read([]int{1}, w, outW, outH, rs)
		if err != nil {
			t.Fatal(err)
		}
		// The mean of a plane over an output cell is its value in the middle;
		// sampling may be off by one source cell of the overview used.
		sx, sy := float64(w.Width)/float64(outW), float64(w.Height)/float64(outH)
		for _, i := range []int{outW + 1, outW*(outH/2) + outW/2, outW*(outH-2) + outW - 2} {
			col := float64(w.Col) + (float64(i%outW)+0.5)*sx - 0.5
			row := float64(w.Row) + (float64(i/outW)+0.5)*sy - 0.5
			v := float64(b.Bands[0][i])
			gotRow := math.Floor((v + 250) / 1000)
			slack := math.Max(sx, 1) + 0.5
			slackRow := math.Max(sy, 1) + 1
			if math.Abs(gotRow-row) > slackRow || (rs != grid.Nearest && math.Abs(v-(col+1000*row)) > slack+1000*slackRow) {
				t.Fatalf("%v of %v at %dx%d, cell %d: %v, want about column %v row %v", rs, w, outW, outH, i, v, col, row)
			}
		}
	})
}

func TestOverviewIsPicked(t *testing.T) {
	t.Parallel()
	path := ramp(t, 512, 512, nil, nil)
	r, err := OpenRaster(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	b := &r.bands[0]
	for _, size := range []int{256, 128, 64} {
		b.overviews = append(b.overviews, level{cols: size, rows: size})
	}
	for _, c := range []struct{ in, out, want int }{
		{512, 512, 512},
		{512, 300, 512},
		{512, 257, 256},
		{512, 260, 512},
		{512, 256, 256},
		{512, 200, 256},
		{512, 128, 128},
		{512, 10, 64},
		{100, 50, 256},
		{100, 51, 512},
		{100, 60, 512},
		{64, 256, 512},
	} {
		q := request{w: grid.Window{Width: c.in, Height: c.in}, outW: c.out, outH: c.out}
		if got := b.pick(q).cols; got != c.want {
			t.Errorf("%d cells at %d: level of %d cells, want %d", c.in, c.out, got, c.want)
		}
	}
	b.overviews = nil
	_ = r.Close()
}

func TestResamplingKnowsNodata(t *testing.T) {
	t.Parallel()
	nd := -9999.0
	path := filepath.Join(t.TempDir(), "holes.tif")
	g := grid.Grid{CRS: "EPSG:32632", Transform: grid.Transform{0, 1, 0, 0, 0, -1}, Width: 64, Height: 64}
	for _, dtype := range []string{"float32", "int16", "int32", "float64"} {
		w, err := CreateGeoTIFF(path, RasterSpec{Grid: g, DataType: dtype, Bands: []BandSpec{{Nodata: &nd, Scale: 0.5, Offset: 3}}})
		if err != nil {
			t.Fatal(err)
		}
		data := make([]float64, 64*64)
		for i := range data {
			data[i] = 10
			if i%64 < 32 || i%2 == 1 {
				data[i] = math.NaN()
			}
		}
		if err := w.Write(1, g.Full(), data); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		r, err := OpenRaster(path, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, rs := range []grid.Resampling{grid.Average, grid.Bilinear, grid.Cubic, grid.Mode} {
			b, err := r.Read([]int{1}, g.Full(), 8, 8, rs)
			if err != nil {
				t.Fatal(err)
			}
			for i := range b.Mask {
				if col := i % 8; col >= 5 && rs != grid.Cubic && (b.Mask[i] != 255 || math.Abs(float64(b.Bands[0][i])-8) > 1e-5) {
					t.Errorf("%s %s: cell %d = %v mask %d, want 10·0.5+3", dtype, rs, i, b.Bands[0][i], b.Mask[i])
				} else if col < 3 && b.Mask[i] != 0 {
					t.Errorf("%s %s: cell %d of a hole is valid", dtype, rs, i)
				}
			}
		}
		_ = r.Close()
	}
}

func TestReadRefuses(t *testing.T) {
	t.Parallel()
	r, err := OpenRasterWith(ramp(t, 100, 80, nil, nil), &RasterOptions{MaxSamples: 10000})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	full := r.Grid().Full()
	for name, c := range map[string]struct {
		bands      []int
		w          grid.Window
		outW, outH int
		rs         grid.Resampling
		kind       fault.Kind
	}{
		"no bands":       {nil, full, 10, 10, grid.Nearest, fault.Invalid},
		"band 0":         {[]int{0}, full, 10, 10, grid.Nearest, fault.Invalid},
		"band 2":         {[]int{2}, full, 10, 10, grid.Nearest, fault.Invalid},
		"outside":        {[]int{1}, grid.Window{Col: 90, Width: 11, Height: 1}, 10, 10, grid.Nearest, fault.Invalid},
		"negative":       {[]int{1}, grid.Window{Col: -1, Width: 5, Height: 5}, 10, 10, grid.Nearest, fault.Invalid},
		"overflow":       {[]int{1}, grid.Window{Col: 1, Width: math.MaxInt, Height: 1}, 10, 10, grid.Nearest, fault.Invalid},
		"empty":          {[]int{1}, grid.Window{}, 10, 10, grid.Nearest, fault.Invalid},
		"no output":      {[]int{1}, full, 0, 10, grid.Nearest, fault.Invalid},
		"too large":      {[]int{1}, full, 101, 100, grid.Nearest, fault.TooLarge},
		"too many bands": {[]int{1, 1}, full, 100, 51, grid.Nearest, fault.TooLarge},
		"resampling":     {[]int{1}, full, 10, 10, "best", fault.Invalid},
	} {
		if _, err := r.Read(c.bands, c.w, c.outW, c.outH, c.rs); !fault.Is(err, c.kind) {
			t.Errorf("%s: %v, want %v", name, err, c.kind)
		}
	}
	if err := r.ReadFloat64(1, full, make([]float64, 10)); !fault.Is(err, fault.Invalid) {
		t.Errorf("short buffer: %v", err)
	}
}

func TestCorruptFileIsAnError(t *testing.T) {
	t.Parallel()
	path := shareddata.Path(t, "raster-variety/rasterio/corrupt.tif")
	r, err := OpenRaster(path, nil)
	if err != nil {
		if !fault.Is(err, fault.Invalid) {
			t.Errorf("open: %v of kind %v", err, fault.KindOf(err))
		}
		return
	}
	defer r.Close()
	g := r.Grid()
	_, err = r.Read([]int{1}, g.Full(), g.Width, g.Height, grid.Nearest)
	if !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), path) {
		t.Errorf("read: %v of kind %v", err, fault.KindOf(err))
	}
}

func TestOpenErrors(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	text := filepath.Join(dir, "a.tif")
	if err := os.WriteFile(text, []byte("not a raster"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenRaster(text, nil); !fault.Is(err, fault.Invalid) {
		t.Errorf("text: %v", err)
	}
	if _, err := OpenRaster(filepath.Join(dir, "none.tif"), nil); !fault.Is(err, fault.NotExist) {
		t.Errorf("missing: %v", err)
	}
	// A format that is not allowed stays closed, whatever the file is called.
	if _, err := OpenRaster(shareddata.Path(t, "raster-variety/rasterio/white-gemini-iv.vrt"), nil); !fault.Is(err, fault.Invalid) {
		t.Errorf("VRT: %v", err)
	}
}

func TestSubdatasets(t *testing.T) {
	t.Parallel()
	r, err := OpenRaster(shareddata.Path(t, "raster-variety/rasterio/two-subs.h5"), RasterDrivers())
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	subs := r.Info().Subdatasets
	if len(subs) != 2 {
		t.Fatalf("subdatasets %v", subs)
	}
	for _, s := range subs {
		if _, err := OpenRaster(s.Name, RasterDrivers()); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s opened without being asked for: %v", s.Name, err)
		}
		sub, err := OpenRasterWith(s.Name, &RasterOptions{Drivers: RasterDrivers(), Subdataset: true})
		if err != nil {
			t.Errorf("%s: %v", s.Name, err)
			continue
		}
		if sub.Grid().Width == 0 {
			t.Errorf("%s has no cells", s.Name)
		}
		_ = sub.Close()
	}
}

func TestZip(t *testing.T) {
	t.Parallel()
	path := shareddata.Path(t, "raster-variety/rasterio/N10W110.hgt.zip")
	name := "/vsizip/" + path + "/N10W110.hgt"
	if _, err := OpenRaster(name, RasterDrivers()); !fault.Is(err, fault.Invalid) {
		t.Errorf("zip without being asked for: %v", err)
	}
	r, err := OpenRasterWith(name, &RasterOptions{Drivers: RasterDrivers(), Zip: true})
	if err != nil {
		t.Fatal(err)
	}
	if r.Grid().CRS != geo.WGS84 {
		t.Errorf("grid %+v", r.Grid())
	}
	_ = r.Close()
}

// Control points come back as they were written, to the last bit.
func TestControlPoints(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "gcps.tif")
	want := []ControlPoint{{0, 0, 10.25, 46.5, 100}, {8, 0, 10.5, 46.5625, 0}, {0, 8, 10.125, 46.25, 7}, {8, 8, 10.375, 46.125, 0}}
	w, err := CreateGeoTIFF(path, RasterSpec{Grid: grid.Grid{CRS: geo.WGS84, Width: 8, Height: 8}, ControlPoints: want, DataType: "float32", Bands: []BandSpec{{}}})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	r, err := OpenRaster(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if i := r.Info(); i.HasTransform || i.GCPs != 4 || i.Grid.CRS != geo.WGS84 {
		t.Errorf("%+v", i)
	}
	got := r.ControlPoints()
	if len(got) != len(want) {
		t.Fatalf("%d points", len(got))
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("%d: %+v, want %+v", i, got[i], want[i])
		}
	}
}
