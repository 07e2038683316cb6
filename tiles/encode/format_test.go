package encode_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"image/color"
	"image/jpeg"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"contado/geo"
	"contado/geo/fault"
	"contado/geo/grid"
	"contado/tiles/encode"

	"pgregory.net/rapid"
)

var pythonWithGDAL = sync.OnceValue(func() string {
	for _, name := range []string{"python3", "/usr/bin/python3"} {
		if tool, err := exec.LookPath(name); err == nil && exec.Command(tool, "-c", "import osgeo.gdal, numpy").Run() == nil {
			return tool
		}
	}
	return ""
})

// python runs a script with osgeo and numpy as an oracle: its JSON output is
// decoded into out.
func python(t *testing.T, script string, out any, args ...string) {
	t.Helper()
	tool := pythonWithGDAL()
	if tool == "" {
		t.Skip("no python3 with osgeo and numpy is installed")
	}
	text, err := exec.Command(tool, append([]string{"-c", script}, args...)...).Output()
	if err != nil {
		var e *exec.ExitError
		if errors.As(err, &e) {
			t.Fatalf("python oracle: %v: %s", err, e.Stderr)
		}
		t.Fatalf("python oracle: %v", err)
	}
	if err := json.Unmarshal(text, out); err != nil {
		t.Fatalf("python oracle said %.200s: %v", text, err)
	}
}

func save(t *testing.T, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

const pixels = `
import sys, json, numpy as np
from osgeo import gdal
gdal.UseExceptions()
out = []
for p in sys.argv[1:]:
    a = gdal.Open(p).ReadAsArray()
    a = a[None] if a.ndim == 2 else a
    out.append(dict(shape=a.shape, pix=np.moveaxis(a, 0, -1).ravel().tolist()))
print(json.dumps(out))
`

// small is a random picture of w × h.
func small(rng *rand.Rand, w, h int, kind encode.Kind, colours int) *encode.Image {
	m := &encode.Image{Width: w, Height: h, Kind: kind, Pix: make([]uint8, w*h*[]int{1, 3, 4}[kind])}
	for range colours {
		m.Palette = append(m.Palette, color.NRGBA{uint8(rng.Int()), uint8(rng.Int()), uint8(rng.Int()), uint8(255 - 255*(len(m.Palette)%3%2))})
	}
	for i := range m.Pix {
		if m.Pix[i] = uint8(rng.Int()); kind == encode.Paletted {
			m.Pix[i] %= uint8(colours)
		}
	}
	return m
}

// WebP without loss: GDAL reads the same pixels.
func TestWebPWithoutLoss(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(7, 8))
	exact := small(rng, 19, 31, encode.RGB, 0)
	exact.Exact = true
	images := []*encode.Image{
		small(rng, 33, 17, encode.Paletted, 11), small(rng, 1, 1, encode.Paletted, 1), patches(),
		small(rng, 64, 3, encode.RGB, 0), small(rng, 20, 20, encode.RGBA, 0), exact,
	}
	var paths []string
	for _, m := range images {
		o := &encode.WebPOptions{}
		if m.Kind != encode.Paletted && !m.Exact {
			o.Loss = encode.Lossless
		}
		data, err := encode.WebP(m, o)
		if err != nil {
			t.Fatal(err)
		}
		paths = append(paths, save(t, "out.webp", data))
	}
	var got []struct {
		Shape [3]int
		Pix   []uint16 // not uint8: JSON would be base64
	}
	python(t, pixels, &got, paths...)
	for n, m := range images {
		ch := got[n].Shape[0]
		if got[n].Shape[1] != m.Height || got[n].Shape[2] != m.Width || ch != 3 && ch != 4 {
			t.Fatalf("image %d: shape %v", n, got[n].Shape)
		}
		for i := range m.Width * m.Height {
			p := got[n].Pix[i*ch : (i+1)*ch]
			c := color.NRGBA{uint8(p[0]), uint8(p[1]), uint8(p[2]), 255}
			if ch == 4 {
				c.A = uint8(p[3])
			}
			want := at(m, i%m.Width, i/m.Width)
			if c != want && (c.A != 0 || want.A != 0) {
				t.Fatalf("image %d, pixel %d: %v, want %v", n, i, c, want)
			}
		}
	}
}

// psnr of two pictures' colours where the second is opaque, in decibels.
func psnr(a, b func(i int) [3]float64, n int) float64 {
	sum := 0.0
	for i := range n {
		x, y := a(i), b(i)
		for k := range 3 {
			sum += (x[k] - y[k]) * (x[k] - y[k])
		}
	}
	return 10 * math.Log10(255*255*3*float64(n)/max(sum, 1e-9))
}

func TestWebPWithLossKeepsAlpha(t *testing.T) {
	t.Parallel()
	m := imagery(encode.RGBA)
	holes(m)
	for i := 3; i < len(m.Pix)/4; i += 4 { // some half transparent rows
		if m.Pix[i] != 0 {
			m.Pix[i] = uint8(i / 400)
		}
	}
	data, err := encode.WebP(m, nil)
	if err != nil {
		t.Fatal(err)
	}
	ramp := imagery(encode.Paletted)
	lossy, err := encode.WebP(ramp, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(lossy) > 20000 {
		t.Errorf("a ramp of 256 colours takes %d bytes: is it without loss?", len(lossy))
	}
	var got []struct {
		Shape [3]int
		Pix   []uint16
	}
	python(t, pixels, &got, save(t, "a.webp", data), save(t, "b.webp", lossy))
	if got[0].Shape != [3]int{4, 256, 256} {
		t.Fatalf("shape %v", got[0].Shape)
	}
	for i := 3; i < len(m.Pix); i += 4 {
		if got[0].Pix[i] != uint16(m.Pix[i]) {
			t.Fatalf("alpha of pixel %d: %d, want %d", i/4, got[0].Pix[i], m.Pix[i])
		}
	}
	at := func(i int) [3]float64 { // of the last quarter, which is opaque
		i = 4 * (i + 3*65536/4)
		return [3]float64{float64(m.Pix[i]), float64(m.Pix[i+1]), float64(m.Pix[i+2])}
	}
	of := func(i int) [3]float64 {
		i = 4 * (i + 3*65536/4)
		return [3]float64{float64(got[0].Pix[i]), float64(got[0].Pix[i+1]), float64(got[0].Pix[i+2])}
	}
	if db := psnr(at, of, 65536/4); db < 30 {
		t.Errorf("%.1f dB", db)
	}
}

func TestJPEG(t *testing.T) {
	t.Parallel()
	opaque := imagery(encode.RGB)
	data, err := encode.JPEG(opaque, nil)
	if err != nil {
		t.Fatal(err)
	}
	got, err := jpeg.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	rgb := func(i int) [3]float64 {
		r, g, b, _ := got.At(i%256, i/256).RGBA()
		return [3]float64{float64(r >> 8), float64(g >> 8), float64(b >> 8)}
	}
	want := func(i int) [3]float64 {
		c := at(opaque, i%256, i/256)
		return [3]float64{float64(c.R), float64(c.G), float64(c.B)}
	}
	if db := psnr(rgb, want, 65536); db < 30 {
		t.Errorf("%.1f dB", db)
	}

	holed := imagery(encode.RGBA)
	holes(holed)
	if _, err := encode.JPEG(holed, nil); !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "background") {
		t.Errorf("a picture with holes: %v", err)
	}
	data, err = encode.JPEG(holed, &encode.JPEGOptions{Quality: 95, Background: &color.NRGBA{200, 30, 60, 0}})
	if err != nil {
		t.Fatal(err)
	}
	if got, err = jpeg.Decode(bytes.NewReader(data)); err != nil {
		t.Fatal(err)
	}
	if r, g, b, _ := got.At(20, 20).RGBA(); math.Abs(float64(r>>8)-200) > 4 || math.Abs(float64(g>>8)-30) > 4 || math.Abs(float64(b>>8)-60) > 4 {
		t.Errorf("the hole is %d %d %d", r>>8, g>>8, b>>8)
	}
	if _, err := encode.JPEG(patches(), nil); !fault.Is(err, fault.Invalid) {
		t.Errorf("classes with holes: %v", err)
	}
}

func TestFormatsRefuse(t *testing.T) {
	t.Parallel()
	ok := &encode.Image{Width: 1, Height: 1, Kind: encode.RGB, Pix: make([]uint8, 3), Exact: true}
	loose := &encode.Image{Width: 1, Height: 1, Kind: encode.RGB, Pix: make([]uint8, 3)}
	nan := grid.Grid{Width: 1, Height: 1, Transform: grid.Transform{math.NaN(), 1, 0, 0, 0, -1}}
	one := [][]float32{{1}}
	for name, fn := range map[string]func() error{
		"empty webp":        func() error { _, err := encode.WebP(&encode.Image{}, nil); return err },
		"empty jpeg":        func() error { _, err := encode.JPEG(&encode.Image{}, nil); return err },
		"heights as jpeg":   func() error { _, err := encode.JPEG(ok, nil); return err },
		"heights with loss": func() error { _, err := encode.WebP(ok, &encode.WebPOptions{Loss: encode.Lossy}); return err },
		"webp quality":      func() error { _, err := encode.WebP(loose, &encode.WebPOptions{Quality: 101}); return err },
		"webp effort":       func() error { _, err := encode.WebP(loose, &encode.WebPOptions{Effort: 7}); return err },
		"webp loss":         func() error { _, err := encode.WebP(loose, &encode.WebPOptions{Loss: "some"}); return err },
		"jpeg quality":      func() error { _, err := encode.JPEG(loose, &encode.JPEGOptions{Quality: -1}); return err },
		"long webp": func() error {
			_, err := encode.WebP(&encode.Image{Width: 16384, Height: 1, Kind: encode.RGB, Pix: make([]uint8, 3*16384)}, nil)
			return err
		},
		"no bands":   func() error { _, err := encode.NPY(nil, nil, 1, 1); return err },
		"short band": func() error { _, err := encode.NPY(one, nil, 2, 1); return err },
		"short mask": func() error { _, err := encode.NPY(one, []uint8{}, 1, 1); return err },
		"names": func() error {
			_, err := encode.GeoTIFF(one, nil, grid.Grid{Width: 1, Height: 1}, []string{"a", "b"})
			return err
		},
		"transform": func() error { _, err := encode.GeoTIFF(one, nil, nan, nil); return err },
		"unknown CRS": func() error {
			g := grid.Grid{CRS: "EPSG:1", Width: 1, Height: 1, Transform: grid.Transform{0, 1, 0, 0, 0, -1}}
			_, err := encode.GeoTIFF(one, nil, g, nil)
			return err
		},
	} {
		if err := fn(); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v, want invalid", name, err)
		}
	}
	if _, err := encode.NPY(make([][]float32, 1<<20), nil, 1000, 1000); !fault.Is(err, fault.TooLarge) {
		t.Errorf("huge: %v", err)
	}
}

const loadNPY = `
import sys, json, numpy as np
a = np.load(sys.argv[1], allow_pickle=False)
print(json.dumps(dict(dtype=a.dtype.str, shape=a.shape, c=bool(a.flags['C_CONTIGUOUS']), v=[None if np.isnan(x) else float(x) for x in a.ravel()])))
`

func TestNPY(t *testing.T) {
	t.Parallel()
	bands := [][]float32{{1.5, 2, float32(math.NaN()), 4, 5, 6}, {-1, -2, -3, -4, -5, -6.25}}
	mask := []uint8{255, 255, 0, 255, 0, 255}
	for name, c := range map[string]struct {
		mask  []uint8
		shape [3]int
		want  []float64
	}{
		"mask":    {mask, [3]int{3, 2, 3}, []float64{1.5, 2, -99, 4, -99, 6, -1, -2, -99, -4, -99, -6.25, 255, 255, 0, 255, 0, 255}},
		"no mask": {nil, [3]int{2, 2, 3}, []float64{1.5, 2, -99, 4, 5, 6, -1, -2, -3, -4, -5, -6.25}},
	} {
		data, err := encode.NPY(bands, c.mask, 3, 2)
		if err != nil {
			t.Fatal(err)
		}
		var got struct {
			Dtype string
			Shape [3]int
			C     bool
			V     []*float64
		}
		python(t, loadNPY, &got, save(t, "a.npy", data))
		if got.Dtype != "<f4" || got.Shape != c.shape || !got.C || len(got.V) != len(c.want) {
			t.Fatalf("%s: %+v", name, got)
		}
		for i, v := range got.V {
			if (v == nil) != (c.want[i] == -99) || v != nil && *v != c.want[i] {
				t.Errorf("%s: value %d is %v, want %g", name, i, v, c.want[i])
			}
		}
	}
}

const loadTIFF = `
import sys, json, numpy as np
from osgeo import gdal, osr
gdal.UseExceptions()
out = []
for p in sys.argv[1:]:
    ds = gdal.OpenEx(p, gdal.OF_RASTER, allowed_drivers=['GTiff'])
    a = ds.ReadAsArray().astype('f4')
    a = a[None] if a.ndim == 2 else a
    srs = ds.GetSpatialRef()
    same = None if srs is None else bool(srs.IsSame(osr.SpatialReference(srs.ExportToWkt())))
    out.append(dict(gt=ds.GetGeoTransform(), code=None if srs is None else srs.GetAuthorityCode(None), name=None if srs is None else srs.GetName(),
        type=[gdal.GetDataTypeName(ds.GetRasterBand(i+1).DataType) for i in range(ds.RasterCount)],
        nan=[bool(np.isnan(ds.GetRasterBand(i+1).GetNoDataValue())) for i in range(ds.RasterCount)],
        names=[ds.GetRasterBand(i+1).GetDescription() for i in range(ds.RasterCount)],
        area=ds.GetMetadataItem('AREA_OR_POINT'), shape=a.shape, bits=a.view('u4').ravel().tolist()))
print(json.dumps(out))
`

type tiffRead struct {
	GT    grid.Transform
	Code  *string
	Name  *string
	Type  []string
	Nan   []bool
	Names []string
	Area  string
	Shape [3]int
	Bits  []uint32
}

// What GDAL reads is what was written, to the bit, with our own writer (EPSG
// codes, north up) and through GDAL (all else).
func TestGeoTIFF(t *testing.T) {
	t.Parallel()
	tr := grid.Transform{1000.25, 10.5, 0, 5000.75, 0, -20.25}
	const lambert = `PROJCS["mine",GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563]],PRIMEM["Greenwich",0],UNIT["degree",0.0174532925199433]],PROJECTION["Lambert_Azimuthal_Equal_Area"],PARAMETER["latitude_of_center",42.5],PARAMETER["longitude_of_center",12.5],PARAMETER["false_easting",0],PARAMETER["false_northing",0],UNIT["metre",1]]`
	cases := []struct {
		g     grid.Grid
		bands int
		names []string
		code  string
	}{
		{grid.Grid{CRS: "EPSG:32632", Transform: tr, Width: 7, Height: 5}, 1, []string{"ndvi"}, "32632"},
		{grid.Grid{CRS: "EPSG:3035", Transform: tr, Width: 300, Height: 513}, 2, []string{`a & <b> "c"`, ""}, "3035"},
		{grid.Grid{CRS: geo.WGS84, Transform: grid.Transform{10, 0.1, 0, 45, 0, -0.1}, Width: 1, Height: 1}, 3, nil, "4326"},
		{grid.Grid{CRS: geo.WebMercator, Transform: tr, Width: 256, Height: 256}, 4, []string{"r", "g", "b", "à"}, "3857"},
		{grid.Grid{CRS: "EPSG:3003", Transform: tr, Width: 2, Height: 2}, 1, nil, "3003"},
		{grid.Grid{CRS: "EPSG:6708", Transform: tr, Width: 2, Height: 2}, 1, nil, "6708"},
		{grid.Grid{Transform: tr, Width: 9, Height: 1}, 1, nil, ""},
		{grid.Grid{CRS: lambert, Transform: tr, Width: 70, Height: 3}, 2, []string{"x", "y"}, ""},
		{grid.Grid{CRS: "EPSG:32632", Transform: grid.Transform{100, 10, 2, 200, 1, -10}, Width: 70, Height: 3}, 1, nil, "32632"},
	}
	rng := rand.New(rand.NewPCG(9, 10))
	var paths []string
	var want [][]uint32
	for _, c := range cases {
		bands := make([][]float32, c.bands)
		mask := make([]uint8, c.g.Cells())
		for i := range mask {
			mask[i] = uint8(255 * rng.IntN(2))
		}
		var bits []uint32
		for b := range bands {
			bands[b] = make([]float32, len(mask))
			for i := range bands[b] {
				bands[b][i] = float32(rng.NormFloat64() * 1000)
				v := bands[b][i]
				if mask[i] == 0 {
					v = float32(math.NaN())
				}
				bits = append(bits, math.Float32bits(v))
			}
		}
		data, err := encode.GeoTIFF(bands, mask, c.g, c.names)
		if err != nil {
			t.Fatal(err)
		}
		paths, want = append(paths, save(t, "a.tif", data)), append(want, bits)
	}
	var got []tiffRead
	python(t, loadTIFF, &got, paths...)
	for i, c := range cases {
		compareTIFF(t, c.g, c.code, c.names, got[i], want[i])
	}
	if got[7].Name == nil || *got[7].Name != "mine" {
		t.Errorf("a system of its own is called %v", got[7].Name)
	}
}

func compareTIFF(t *testing.T, g grid.Grid, code string, names []string, got tiffRead, want []uint32) {
	t.Helper()
	n := len(want) / (g.Width * g.Height)
	if got.GT != g.Transform || got.Shape != [3]int{n, g.Height, g.Width} || g.CRS.Known() && got.Area != "Area" {
		t.Errorf("%s: transform %v, shape %v, %s; want %+v", code, got.GT, got.Shape, got.Area, g)
	}
	if code != "" && (got.Code == nil || *got.Code != code) {
		t.Errorf("%s: code %v", code, got.Code)
	}
	if !g.CRS.Known() && got.Name != nil {
		t.Errorf("a grid without a system has got %s", *got.Name)
	}
	for b := range n {
		if got.Type[b] != "Float32" || !got.Nan[b] {
			t.Errorf("%s: band %d is %s, nodata NaN %v", code, b+1, got.Type[b], got.Nan[b])
		}
		if names != nil && got.Names[b] != names[b] {
			t.Errorf("%s: band %d is called %q, want %q", code, b+1, got.Names[b], names[b])
		}
	}
	for i, bits := range want {
		same := got.Bits[i] == bits || math.IsNaN(float64(math.Float32frombits(bits))) && math.IsNaN(float64(math.Float32frombits(got.Bits[i])))
		if !same {
			t.Errorf("%s: value %d is %08x, want %08x", code, i, got.Bits[i], bits)
			return
		}
	}
}

// Any image goes through every format without an error or a crash.
func TestEveryFormatTakesEveryImage(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		kind := encode.Kind(rapid.IntRange(0, 2).Draw(t, "kind"))
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		m := small(rng, rapid.IntRange(1, 80).Draw(t, "w"), rapid.IntRange(1, 40).Draw(t, "h"), kind, rapid.IntRange(1, 255).Draw(t, "colours"))
		o := &encode.WebPOptions{
			Quality: rapid.IntRange(0, 100).Draw(t, "quality"), Effort: rapid.IntRange(0, 1).Draw(t, "effort"),
			Loss: rapid.SampledFrom([]encode.Loss{encode.Auto, encode.Lossless, encode.Lossy}).Draw(t, "loss"),
		}
		webp, err := encode.WebP(m, o)
		if err != nil || !bytes.HasPrefix(webp, []byte("RIFF")) || string(webp[8:12]) != "WEBP" {
			t.Fatalf("webp: %v", err)
		}
		data, err := encode.JPEG(m, &encode.JPEGOptions{Quality: o.Quality, Background: &color.NRGBA{}})
		if err != nil {
			t.Fatal(err)
		}
		if c, err := jpeg.DecodeConfig(bytes.NewReader(data)); err != nil || c.Width != m.Width || c.Height != m.Height {
			t.Fatalf("jpeg: %v %v", c, err)
		}
	})
}
