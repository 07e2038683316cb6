package gdal

import (
	"context"
	"math"
	"os"
	"path/filepath"
	"testing"

	"contado/geo/fault"
	"contado/geo/grid"
	"contado/scripts/shareddata"
)

func ptr(v float64) *float64 { return &v }

func TestGeoTIFFRoundTrip(t *testing.T) {
	t.Parallel()
	g := grid.Grid{CRS: "EPSG:25832", Transform: grid.Transform{6e5, 20, 0, 5.1e6, 0, -20}, Width: 100, Height: 70}
	n := g.Width * g.Height
	cells := map[string]any{}
	u8, u16, i16, i32, f32, f64 := make([]uint8, n), make([]uint16, n), make([]int16, n), make([]int32, n), make([]float32, n), make([]float64, n)
	for i := range n {
		u8[i], u16[i], i16[i], i32[i] = uint8(i), uint16(i*9), int16(i*5-10000), int32(i)*100003-9e8
		f32[i], f64[i] = float32(i)/7, float64(i)/7
	}
	cells["uint8"], cells["uint16"], cells["int16"], cells["int32"], cells["float32"], cells["float64"] = u8, u16, i16, i32, f32, f64
	for dtype, data := range cells {
		for _, compress := range []string{"", "zstd", "NONE"} {
			path := filepath.Join(t.TempDir(), dtype+compress+".tif")
			w, err := CreateGeoTIFF(path, RasterSpec{
				Grid: g, DataType: dtype, Compress: compress, BlockSize: 64, Metadata: map[string]string{"SOURCE": "a = b"},
				Bands: []BandSpec{{Name: "first", Nodata: ptr(7), Unit: "m", Scale: 0.5, Offset: -3}, {Name: "zweiter", Nodata: ptr(7)}},
			})
			if err != nil {
				t.Fatal(err)
			}
			for b := 1; b <= 2; b++ {
				if err := w.Write(b, g.Full(), data); err != nil {
					t.Fatal(err)
				}
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			r, err := OpenRaster(path, nil)
			if err != nil {
				t.Fatal(err)
			}
			i := r.Info()
			if i.Grid != g || i.Metadata["SOURCE"] != "a = b" || i.BlockX != 64 || i.Bands[0].Unit != "m" || i.Bands[0].Scale != 0.5 ||
				i.Bands[0].Offset != -3 || i.Bands[1].Name != "zweiter" || *i.Bands[1].Nodata != 7 || i.Bands[0].DataType != dtype {
				t.Errorf("%s %s: %+v", dtype, compress, i)
			}
			got := make([]float64, n)
			if err := r.ReadFloat64(1, g.Full(), got); err != nil {
				t.Fatal(err)
			}
			for k, v := range got {
				raw := at(data, k)
				if want := raw*0.5 - 3; v != want && !(raw == 7 && v != v) {
					t.Fatalf("%s %s: cell %d is %v, want %v", dtype, compress, k, v, want)
				}
			}
			_ = r.Close()
		}
	}
}

func at(data any, i int) float64 {
	switch d := data.(type) {
	case []uint8:
		return float64(d[i])
	case []uint16:
		return float64(d[i])
	case []int16:
		return float64(d[i])
	case []int32:
		return float64(d[i])
	case []float32:
		return float64(d[i])
	case []float64:
		return d[i]
	}
	panic("no such type")
}

func TestColoursAndCategoriesLiveInOneFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "classes.tif")
	colors := []ColorEntry{{Value: 0, A: 255}, {Value: 1, R: 255, A: 255}, {Value: 2, G: 200, B: 7, A: 255}}
	w, err := CreateGeoTIFF(path, RasterSpec{
		Grid: grid.Grid{Transform: grid.Transform{0, 1, 0, 0, 0, -1}, Width: 20, Height: 20}, DataType: "uint8",
		Bands: []BandSpec{{Colors: colors, Categories: []string{"", "Wald", "città"}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != 1 {
		t.Errorf("%d files, %v", len(files), err)
	}
	r, err := OpenRaster(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	b := r.Info().Bands[0]
	if len(b.Colors) < 3 || b.Colors[2] != colors[2] || len(b.Categories) != 3 || b.Categories[2] != "città" || b.ColorInterp != "palette" {
		t.Errorf("%+v", b)
	}
}

func TestAlphaMasks(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "rgba.tif")
	g := grid.Grid{CRS: "EPSG:3857", Transform: grid.Transform{0, 1, 0, 0, 0, -1}, Width: 32, Height: 32}
	w, err := CreateGeoTIFF(path, RasterSpec{Grid: g, DataType: "uint8", Bands: []BandSpec{
		{ColorInterp: "red"}, {ColorInterp: "green"}, {ColorInterp: "blue"}, {ColorInterp: "alpha"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	cells, alpha := make([]uint8, 1024), make([]uint8, 1024)
	for i := range cells {
		cells[i] = 100
		if i%32 >= 16 {
			alpha[i] = 255
		} else {
			cells[i] = 3
		}
	}
	for b, d := range [][]uint8{cells, cells, cells, alpha} {
		if err := w.Write(b+1, g.Full(), d); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := BuildOverviews(path, grid.Average, []int{2}); err != nil {
		t.Fatal(err)
	}
	r, err := OpenRaster(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if i := r.Info(); !i.Bands[3].Alpha || !i.Bands[0].HasMask {
		t.Fatalf("%+v", i.Bands)
	}
	for _, size := range []int{32, 16, 8, 4} {
		b, err := r.Read([]int{1, 2, 3}, g.Full(), size, size, grid.Average)
		if err != nil {
			t.Fatal(err)
		}
		for i := range b.Mask {
			right := i%size >= size/2
			if (b.Mask[i] == 255) != right || (right && b.Bands[0][i] != 100) {
				t.Fatalf("at %d cells, cell %d: %v mask %d", size, i, b.Bands[0][i], b.Mask[i])
			}
		}
	}
}

func TestWriterRefuses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	g := grid.Grid{Transform: grid.Transform{0, 1, 0, 0, 0, -1}, Width: 8, Height: 8}
	ok := RasterSpec{Grid: g, DataType: "uint8", Bands: []BandSpec{{}}}
	for name, change := range map[string]func(*RasterSpec){
		"type":        func(s *RasterSpec) { s.DataType = "complex" },
		"size":        func(s *RasterSpec) { s.Grid.Width = 0 },
		"bands":       func(s *RasterSpec) { s.Bands = nil },
		"compression": func(s *RasterSpec) { s.Compress = "JPEG2000" },
		"block":       func(s *RasterSpec) { s.BlockSize = 100 },
		"nodata":      func(s *RasterSpec) { s.Bands = []BandSpec{{Nodata: ptr(300)}} },
		"two nodata":  func(s *RasterSpec) { s.Bands = []BandSpec{{Nodata: ptr(3)}, {Nodata: ptr(4)}} },
		"crs":         func(s *RasterSpec) { s.Grid.CRS = "EPSG:0" },
		"interp":      func(s *RasterSpec) { s.Bands = []BandSpec{{ColorInterp: "pink"}} },
	} {
		s := ok
		change(&s)
		if _, err := CreateGeoTIFF(filepath.Join(dir, name+".tif"), s); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	w, err := CreateGeoTIFF(filepath.Join(dir, "a.tif"), ok)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if err := w.Write(1, g.Full(), []float32{float32(math.NaN())}); !fault.Is(err, fault.Invalid) {
		t.Errorf("NaN: %v", err)
	}
	if err := w.Write(1, g.Full(), make([]uint8, 3)); !fault.Is(err, fault.Invalid) {
		t.Errorf("length: %v", err)
	}
	if err := w.Write(1, grid.Window{Col: 1, Width: 8, Height: 1}, make([]uint8, 8)); !fault.Is(err, fault.Invalid) {
		t.Errorf("window: %v", err)
	}
	if err := w.Write(1, g.Full(), make([]string, 64)); !fault.Is(err, fault.Invalid) {
		t.Errorf("slice: %v", err)
	}
	if _, err := CreateGeoTIFF("/vsimem/a.tif", ok); !fault.Is(err, fault.Invalid) {
		t.Errorf("vsimem: %v", err)
	}
}

func TestTranslateAndWarp(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	src := shareddata.Path(t, "it-vinschgau-dem/elev_vinschgau.tif")
	cog := filepath.Join(t.TempDir(), "cog.tif")
	if err := Translate(ctx, cog, src, []string{"-of", "COG", "-co", "COMPRESS=DEFLATE", "-co", "BLOCKSIZE=128"}); err != nil {
		t.Fatal(err)
	}
	r, err := OpenRaster(cog, []string{"COG"})
	if err != nil {
		t.Fatal(err)
	}
	if i := r.Info(); i.ImageStructure["LAYOUT"] != "COG" || i.Bands[0].Overviews == 0 {
		t.Errorf("%+v", i)
	}
	warped := filepath.Join(t.TempDir(), "warped.tif")
	if err := WarpRasters(ctx, warped, []*Raster{r}, []string{"-t_srs", "EPSG:3857", "-r", "bilinear"}); err != nil {
		t.Fatal(err)
	}
	_ = r.Close()
	w, err := OpenRaster(warped, nil)
	if err != nil {
		t.Fatal(err)
	}
	if w.Grid().CRS != "EPSG:3857" {
		t.Errorf("%+v", w.Grid())
	}
	_ = w.Close()
	if err := Translate(ctx, filepath.Join(t.TempDir(), "x.tif"), src, []string{"-no_such_switch"}); err == nil {
		t.Error("an unknown switch was accepted")
	}
	done, cancel := context.WithCancel(ctx)
	cancel()
	if err := Warp(done, filepath.Join(t.TempDir(), "x.tif"), src, nil); !fault.Is(err, fault.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}
